//! The chunks of one input that rest on guesses nobody has proven yet.

use std::collections::{BTreeMap, VecDeque};

use super::run::Derailed;
use crate::extract::chunk::Chunk;
use crate::limits::PADDING_BYTES;

/// Keeps what was handed over until all that was guessed before it is proven: of its texts the
/// stream can be read again from where a guess was wrong.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    /// By number of the chunk within the input.
    chunks: BTreeMap<usize, Draft>,
}

/// A chunk that may be void.
#[derive(Debug, Default)]
struct Draft {
    /// Its bytes, once nobody extracts it.
    bytes: Option<Vec<u8>>,
    derailed: Option<Derailed>,
}

/// What is to be framed again.
#[derive(Debug)]
pub struct Redo {
    pub(super) derailed: Derailed,
    /// The text that was read from the start of the derailed chunk on, and handed over.
    pub(super) texts: VecDeque<Vec<u8>>,
}

impl Drafts {
    /// Notes that a chunk is handed over.
    pub(crate) fn hand_over(&mut self, number: usize, chunk: &Chunk) {
        if chunk.run.is_some() || !self.chunks.is_empty() {
            self.chunks.insert(number, Draft::default());
        }
    }

    /// Whether a chunk rests on a guess that was wrong.
    pub(crate) fn is_void(&self, number: usize) -> bool {
        self.chunks.range(..number).any(|(_, draft)| draft.derailed.is_some())
    }

    /// Whether a guess was wrong.
    pub(crate) fn is_derailed(&self) -> bool {
        self.chunks.values().any(|draft| draft.derailed.is_some())
    }

    /// How many chunks are kept; none when everything is proven.
    pub(crate) fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Takes the bytes of a chunk that was extracted, or is void, and gives those that nobody
    /// needs any more to `free`.
    pub(crate) fn done(
        &mut self,
        number: usize,
        bytes: Vec<u8>,
        derailed: Option<Derailed>,
        mut free: impl FnMut(Vec<u8>),
    ) {
        let Some(draft) = self.chunks.get_mut(&number) else { return free(bytes) };
        *draft = Draft { bytes: Some(bytes), derailed };
        while let Some(first) = self.chunks.first_entry()
            && first.get().derailed.is_none()
            && first.get().bytes.is_some()
        {
            first.remove().bytes.into_iter().for_each(&mut free);
        }
    }

    /// What is to be framed again, and the number of the chunk behind which: once nobody works on
    /// any of it, nor on what stands before it.
    pub(crate) fn redo(&mut self) -> Option<(usize, Redo)> {
        let first = self.chunks.first_key_value();
        let (number, derailed) =
            first.and_then(|(number, draft)| Some((*number, draft.derailed?)))?;
        if self.chunks.values().any(|draft| draft.bytes.is_none()) {
            return None;
        }
        let bytes = std::mem::take(&mut self.chunks).into_values().filter_map(|draft| draft.bytes);
        let texts = bytes.map(|mut bytes| {
            bytes.truncate(bytes.len().saturating_sub(PADDING_BYTES));
            bytes
        });
        Some((number, Redo { derailed, texts: texts.collect() }))
    }
}
