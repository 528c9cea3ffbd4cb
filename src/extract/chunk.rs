//! What framing hands to extraction: the records of one input, in order, as JSON texts.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::error::RejectReason;
use crate::extract::frame::drafts::Redo;
use crate::extract::frame::run::Run;
use crate::limits::PADDING_BYTES;

/// Some records of one input, in input order.
///
/// Containers that are not JSON (CSV, Avro, Parquet, query tables) write their records as JSON
/// objects into `bytes`, so that every export shape goes through one extraction.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Name of the input.
    pub file: Arc<str>,
    /// The texts, followed by [`PADDING_BYTES`] zero bytes (see [`Chunk::seal`]).
    pub bytes: Vec<u8>,
    /// Elements of an array that stand before them, and were not framed one by one.
    pub(crate) run: Option<Box<Run>>,
    /// Where each record stands in `bytes`.
    pub records: Vec<Span>,
}

/// One record of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte in the chunk.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
    /// Bytes from the start of the unpacked input; for a row of a table, to the row's start.
    pub offset: u64,
    /// Set when framing already knows that the record is damaged.
    pub damage: Option<RejectReason>,
}

impl Chunk {
    /// An empty chunk of `file`.
    pub fn new(file: Arc<str>) -> Self {
        Self { file, bytes: Vec::new(), run: None, records: Vec::new() }
    }

    /// Appends the padding; call once, when the last record is in.
    pub fn seal(&mut self) {
        self.bytes.resize(self.bytes.len() + PADDING_BYTES, 0);
    }

    /// Bytes of records, padding left out; 0 before [`Chunk::seal`].
    pub fn text_len(&self) -> usize {
        self.bytes.len().saturating_sub(PADDING_BYTES)
    }
}

/// Takes chunks in input order.
pub trait ChunkSink {
    /// Takes the next chunk; `Break` ends the reading.
    fn take(&mut self, chunk: Chunk) -> ControlFlow<()>;

    /// A buffer for the next chunk, one that was used before if there is one, with what it held:
    /// memory that is new to the process has to be cleared by the system first, and what lies
    /// behind the end of a vector by whoever reads into it.
    fn spare(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Whether chunks may rest on guesses. Whoever extracts them then has to see to it that
    /// [`ChunkSink::redo`] tells of guesses that were wrong.
    fn may_guess(&self) -> bool {
        false
    }

    /// What has to be framed again because a guess was wrong: the chunk with it is good, those
    /// behind it are void. At the end of a stream, waits until nothing is open.
    fn redo(&mut self, is_at_end: bool) -> Option<Redo> {
        let _ = is_at_end;
        None
    }
}

impl<F: FnMut(Chunk) -> ControlFlow<()>> ChunkSink for F {
    fn take(&mut self, chunk: Chunk) -> ControlFlow<()> {
        self(chunk)
    }
}
