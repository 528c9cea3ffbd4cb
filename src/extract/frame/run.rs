//! Elements of an array that framing leaves to extraction.
//!
//! To balance the brackets of an element costs as much as a fifth of all that is done with it, and
//! the walk that checks it finds its end anyway. So framing only guesses where the last element of
//! a block begins, and goes on from there; extraction goes from element to element and sees
//! whether it comes out there. Where it does not, framing begins again where it left off.

use std::sync::Arc;

use super::{Around, Balance, Bounds, Framer};
use crate::extract::chunk::Chunk;

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

/// Elements of an array, one after the other, at the beginning of a chunk.
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
    /// Bytes of the input before the chunk.
    pub(crate) fn base(&self) -> u64 {
        self.before.offset - self.start as u64
    }

    /// Frames the rest of the chunk from `at` on, where an element or what stands between two is
    /// due. Says where that leads, unless it is where the guess did.
    pub(crate) fn frame_from(&self, chunk: &Chunk, at: usize) -> (Chunk, Option<Derailed>) {
        let text = chunk.bytes.get(..chunk.text_len()).unwrap_or_default();
        let mut framer = Framer::new(self.bounds, Arc::clone(&chunk.file));
        framer.buffer = [text, &self.behind].concat();
        framer.filled = framer.buffer.len();
        let base = self.base();
        let read = base + framer.filled as u64;
        framer.stand(self.before);
        (framer.base, framer.at) = (base, at);
        framer.scan();
        let after = framer.standing();
        let derailed = (after != self.after).then_some(Derailed { after, base, read });
        framer.buffer.truncate(framer.at);
        let mut exact = Chunk::new(framer.file);
        (exact.bytes, exact.records) = (framer.buffer, framer.spans);
        exact.seal();
        (exact, derailed)
    }
}
