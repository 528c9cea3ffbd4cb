//! Rows on their way into chunks, and values on their way into JSON text.

use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::container::Sink;
use crate::container::Summary;
use crate::error::RejectReason;
use crate::error::Warning;
use crate::extract::chunk::Chunk;
use crate::extract::chunk::Span;
use crate::limits::BLOCK_BYTES;
use crate::limits::RECORD_BYTES_MAX;
use crate::limits::REJECT_BYTES_MAX;
use crate::text::HEXADECIMAL;

/// Collects rows and hands them on in chunks of about [`BLOCK_BYTES`].
///
/// A row is written to [`Rows::text`] and then ended with [`Rows::end`], or given up with
/// [`Rows::give_up`].
pub(super) struct Rows<'a, 's> {
    chunk: Chunk,
    row_start: usize,
    sink: &'a mut Sink<'s>,
    summary: Summary,
}

impl<'a, 's> Rows<'a, 's> {
    /// Rows of the input called `file`.
    pub(super) fn new(file: &Arc<str>, sink: &'a mut Sink<'s>) -> Self {
        Self {
            chunk: Chunk::new(Arc::clone(file)),
            row_start: 0,
            sink,
            summary: Summary::default(),
        }
    }

    /// Where the text of the row under way is appended.
    pub(super) fn text(&mut self) -> &mut Vec<u8> {
        &mut self.chunk.bytes
    }

    /// Bytes of the row under way.
    pub(super) fn row_len(&self) -> usize {
        self.chunk.bytes.len() - self.row_start
    }

    /// Ends the row under way, which began at `offset` of the container.
    pub(super) fn end(&mut self, offset: u64) -> ControlFlow<()> {
        if self.row_len() > RECORD_BYTES_MAX {
            self.mark(offset, RejectReason::TooLarge)
        } else {
            self.push(offset, None)
        }
    }

    /// Forgets what was written of the row under way.
    pub(super) fn give_up(&mut self) {
        self.chunk.bytes.truncate(self.row_start);
    }

    /// Puts a damaged row in place of the row under way, with the bytes that it has.
    pub(super) fn damaged(
        &mut self,
        offset: u64,
        reason: RejectReason,
        raw: &[u8],
    ) -> ControlFlow<()> {
        self.give_up();
        self.chunk.bytes.extend_from_slice(&raw[..raw.len().min(REJECT_BYTES_MAX)]);
        self.push(offset, Some(reason))
    }

    /// Ends the row under way as a damaged one, with the text it has.
    pub(super) fn mark(&mut self, offset: u64, reason: RejectReason) -> ControlFlow<()> {
        self.chunk.bytes.truncate(self.row_start + self.row_len().min(REJECT_BYTES_MAX));
        self.push(offset, Some(reason))
    }

    /// Counts a row that holds no record by design.
    pub(super) fn skip(&mut self, count: u64) {
        self.summary.skipped += count;
    }

    /// Notes something that a reader of the figures has to know.
    pub(super) fn warn(&mut self, message: String, hint: Option<String>) {
        self.summary.warnings.push(Warning { message, hint });
    }

    fn push(&mut self, offset: u64, damage: Option<RejectReason>) -> ControlFlow<()> {
        let (start, end) = (self.row_start, self.chunk.bytes.len());
        let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) else {
            unreachable!("a chunk is flushed past a block, and no row is larger than a record");
        };
        self.chunk.records.push(Span { start, end, offset, damage });
        self.row_start = self.chunk.bytes.len();
        self.summary.records += 1;
        if self.row_start >= BLOCK_BYTES { self.flush() } else { ControlFlow::Continue(()) }
    }

    fn flush(&mut self) -> ControlFlow<()> {
        self.give_up();
        if self.chunk.records.is_empty() {
            return ControlFlow::Continue(());
        }
        let next = Chunk::new(Arc::clone(&self.chunk.file));
        let mut full = mem::replace(&mut self.chunk, next);
        self.row_start = 0;
        full.seal();
        (self.sink)(full)
    }

    /// Hands on what is left and tells what it all came to.
    pub(super) fn finish(mut self) -> Summary {
        // Whether or not the sink wants more, there is no more.
        let _ = self.flush();
        self.summary
    }
}

/// Appends `text` as a JSON string. Bytes that are no UTF-8 go through unchanged.
pub(super) fn push_string(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    let mut copied = 0;
    for (place, byte) in text.iter().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..0x20 => b'u',
            _ => continue,
        };
        out.extend_from_slice(&text[copied..place]);
        copied = place + 1;
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            out.extend_from_slice(b"00");
            out.extend_from_slice(&HEXADECIMAL[usize::from(*byte)]);
        }
    }
    out.extend_from_slice(&text[copied..]);
    out.push(b'"');
}

#[cfg(test)]
pub(super) mod collect {
    //! What tests of every container look at: the rows that came out.

    use std::ops::ControlFlow;
    use std::sync::Arc;

    use crate::container::ContainerError;
    use crate::container::Sink;
    use crate::container::Summary;
    use crate::error::RejectReason;
    use crate::limits::PADDING_BYTES;

    /// One row: its text, its offset, its damage.
    pub(in crate::container) type Row = (String, u64, Option<RejectReason>);

    /// Runs a reader and collects its rows, checking what every chunk must keep.
    pub(in crate::container) fn rows_of(
        read: impl FnOnce(&Arc<str>, &mut Sink<'_>) -> Result<Summary, ContainerError>,
    ) -> (Vec<Row>, Result<Summary, ContainerError>) {
        let mut rows = Vec::new();
        let outcome = read(&Arc::from("file"), &mut |chunk| {
            assert!(chunk.bytes.ends_with(&[0; PADDING_BYTES]));
            for span in &chunk.records {
                assert!(span.start <= span.end && span.end as usize <= chunk.text_len());
                let text = &chunk.bytes[span.start as usize..span.end as usize];
                rows.push((String::from_utf8_lossy(text).into_owned(), span.offset, span.damage));
            }
            ControlFlow::Continue(())
        });
        if let Ok(summary) = &outcome {
            assert_eq!(summary.records, rows.len() as u64);
        }
        (rows, outcome)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Arc;

    use super::{Rows, push_string};

    #[test]
    fn strings_survive_a_json_reader() {
        let text: String =
            (0..0x250_u32).filter_map(char::from_u32).chain("数🦀".chars()).collect();
        let mut out = Vec::new();
        push_string(&mut out, text.as_bytes());
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn chunks_are_cut_at_about_a_block_and_a_sink_that_has_enough_is_heard() {
        let mut sizes = Vec::new();
        let mut sink = |chunk: crate::extract::chunk::Chunk| {
            sizes.push(chunk.text_len());
            ControlFlow::Break(())
        };
        let mut rows = Rows::new(&Arc::from("x"), &mut sink);
        let mut row_count = 0;
        loop {
            rows.text().extend_from_slice(&[b' '; 1000]);
            row_count += 1;
            if rows.end(0).is_break() {
                break;
            }
        }
        assert_eq!(rows.finish().records, row_count);
        assert_eq!(sizes, [1_049_000]);
    }
}
