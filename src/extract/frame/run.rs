//! Elements of an array, or lines, that framing leaves to extraction.
//!
//! To balance the brackets of an element costs as much as a fifth of all that is done with it, and
//! the walk that checks it finds its end anyway. So framing only guesses where the last element of
//! a block begins, and goes on from there; extraction goes from element to element and sees
//! whether it comes out there. Between two pages the little that stands there is framed on the way.
//! Where extraction does not come out at the border, framing begins again where it left off.

use std::sync::Arc;

use super::{Around, Balance, Bounds, Framer, Step};
use crate::extract::chunk::Chunk;
use crate::json::scan::skip_whitespace;

/// Where framing stands: what it finds from here on depends on nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Byte of the input.
    pub(super) offset: u64,
    pub(super) around: Around,
    pub(super) is_array: bool,
    pub(super) next_link: bool,
    /// In a record that is too large to keep.
    pub(super) skipping: Option<Balance>,
}

/// Elements of an array or lines, one after the other, at the beginning of a chunk.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Start of the first element in the chunk.
    pub(crate) start: usize,
    /// Start of the element behind them, in the chunk: a guess.
    pub(crate) border: usize,
    pub(super) bounds: Bounds,
    /// At the first element.
    pub(super) before: Standing,
    /// Behind the chunk, if the guess is right.
    pub(super) after: Standing,
    /// What was read and stands behind the chunk.
    pub(super) behind: Vec<u8>,
}

/// Framing that did not lead where it had been guessed to: the chunks behind are void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Derailed {
    /// Behind the records of the chunk.
    pub(super) after: Standing,
    /// Bytes of the input before the chunk, and those read when it was framed.
    pub(super) base: u64,
    pub(super) read: u64,
}

impl Run {
    /// Whether they are no elements of an array but objects, each of which takes exactly its line.
    pub(crate) fn are_lines(&self) -> bool {
        self.before.around == Around::Nothing
    }

    /// Bytes of the input before the chunk.
    pub(crate) fn base(&self) -> u64 {
        self.before.offset - self.start as u64
    }

    /// What there is to frame behind the elements that extraction finds by itself.
    pub(crate) fn rest(&self, chunk: &Chunk) -> Rest<'_> {
        let text = chunk.bytes.get(..chunk.text_len()).unwrap_or_default();
        let mut framer = Framer::new(self.bounds, Arc::clone(&chunk.file));
        framer.buffer = [text, &self.behind].concat();
        framer.filled = framer.buffer.len();
        framer.stand(self.before);
        (framer.base, framer.at) = (self.base(), self.start);
        Rest { run: self, framer }
    }
}

/// Framing of a chunk, from where extraction has come to.
pub(crate) struct Rest<'r> {
    run: &'r Run,
    framer: Framer,
}

impl Rest<'_> {
    /// Position in the chunk.
    pub(crate) fn at(&self) -> usize {
        self.framer.at
    }

    /// Goes from the end of an array at `at` to the first element of the next one: over the rest of
    /// its page, and what the next page begins with. None where anything else follows; the position
    /// is before that then.
    pub(crate) fn next_array(&mut self, at: usize) -> Option<usize> {
        let framer = &mut self.framer;
        framer.at = at;
        loop {
            let start = skip_whitespace(framer.text(), framer.at);
            if start >= framer.filled {
                return None;
            }
            if framer.is_element(start) {
                framer.at = start;
                return Some(start);
            }
            let before = framer.standing();
            let Step::To(at) = framer.step(start) else {
                // Framing takes that step anew.
                (framer.around, framer.next_link) = (before.around, before.next_link);
                return None;
            };
            framer.at = at;
        }
    }

    /// Whether the same stands around the position as around the first element: then what was
    /// framed behind the border holds.
    pub(crate) fn stands_as_before(&self) -> bool {
        let before = self.run.before;
        Standing { offset: before.offset, ..self.framer.standing() } == before
    }

    /// Frames the rest of the chunk from `at` on. Says where that leads, unless it is where the
    /// guess did.
    pub(crate) fn frame(self, at: usize) -> (Chunk, Option<Derailed>) {
        let Self { run, mut framer } = self;
        let (base, read) = (framer.base, framer.base + framer.filled as u64);
        framer.at = at;
        framer.scan();
        let after = framer.standing();
        let derailed = (after != run.after).then_some(Derailed { after, base, read });
        framer.buffer.truncate(framer.at);
        let mut exact = Chunk::new(framer.file);
        (exact.bytes, exact.records) = (framer.buffer, framer.spans);
        exact.seal();
        (exact, derailed)
    }
}
