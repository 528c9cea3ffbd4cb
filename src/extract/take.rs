//! From a chunk to its records.

use super::chunk::{Chunk, Span};
use super::frame::may_be_envelope;
use super::frame::run::{Derailed, Rest, Run};
use super::{Extractor, Record, describe};
use crate::error::RejectReason;
use crate::json::byte_at;
use crate::json::scan::skip_whitespace;

impl Extractor {
    /// Takes the records of a chunk; says so if framing did not lead where it had been guessed to.
    pub(super) fn take(&mut self, chunk: &Chunk) -> Option<Derailed> {
        let text = simdutf8::basic::from_utf8(&chunk.bytes).ok();
        let Some(run) = &chunk.run else {
            self.spans(chunk, text);
            return None;
        };
        let (mut at, mut rest) = (run.start, None);
        if let Some(text) = text {
            loop {
                at = self.run((chunk, run), text, at);
                if at >= run.border || byte_at(text.as_bytes(), at) != b']' {
                    break;
                }
                let rest = rest.get_or_insert_with(|| run.rest(chunk));
                let Some(next) = rest.next_array(at) else {
                    at = rest.at();
                    break;
                };
                at = next;
            }
        }
        if at == run.border && rest.as_ref().is_none_or(Rest::stands_as_before) {
            self.spans(chunk, text);
            return None;
        }
        let (exact, derailed) = rest.unwrap_or_else(|| run.rest(chunk)).frame(at);
        self.spans(&exact, simdutf8::basic::from_utf8(&exact.bytes).ok());
        derailed
    }

    /// Takes element after element of an array, or line after line, from `at` on, each where the last one
    /// ends; gives the position where there is none, or none that is sound.
    fn run(&mut self, (chunk, run): (&Chunk, &Run), text: &str, mut at: usize) -> usize {
        let (bytes, base, are_lines) = (text.as_bytes(), run.base(), run.are_lines());
        while at < run.border && byte_at(bytes, at) == b'{' {
            if are_lines && may_be_envelope(bytes, at) {
                return at;
            }
            let (walker, _) =
                self.readers.of(self.guess, &self.wanted.formats, &self.wanted.others);
            let Ok(end) = walker.walk(text, at) else { return at };
            let next = if are_lines { next_line(bytes, end, run.border) } else { None };
            if are_lines && next.is_none() {
                return at;
            }
            let offset = base + at as u64;
            let record = Record { file: &chunk.file, text, start: at, end, offset, nesting: 0 };
            self.walked(record, at);
            at = next.unwrap_or_else(|| skip_whitespace(bytes, end));
            if !are_lines {
                if byte_at(bytes, at) != b',' {
                    return at;
                }
                at = skip_whitespace(bytes, at + 1);
            }
        }
        at
    }

    /// The spans of a chunk; `text` is the chunk, where that is UTF-8.
    fn spans(&mut self, chunk: &Chunk, text: Option<&str>) {
        for span in &chunk.records {
            if let Some(text) = text {
                self.span(chunk, text, span, 0);
                continue;
            }
            let bytes = span_bytes(chunk, span);
            match simdutf8::compat::from_utf8(bytes) {
                Ok(text) => self.span(chunk, text, span, span.start as usize),
                Err(error) => {
                    let detail = format!("byte {} of the record is not UTF-8", error.valid_up_to());
                    let at = span.offset + error.valid_up_to() as u64;
                    self.reject((&chunk.file, at), RejectReason::InvalidUtf8, detail, bytes);
                }
            }
        }
    }

    /// One span of a chunk; `base` is where `text` begins in the chunk.
    fn span(&mut self, chunk: &Chunk, text: &str, span: &Span, base: usize) {
        if let Some(reason) = span.damage {
            let detail = describe(reason).to_owned();
            self.reject((&chunk.file, span.offset), reason, detail, span_bytes(chunk, span));
            return;
        }
        self.record(Record {
            file: &chunk.file,
            text,
            start: span.start as usize - base,
            end: span.end as usize - base,
            offset: span.offset,
            nesting: 0,
        });
    }
}

/// Start of the next line behind an object that ends its own; the next one begins with an object or is
/// at the border.
fn next_line(bytes: &[u8], end: usize, border: usize) -> Option<usize> {
    let feed = if byte_at(bytes, end) == b'\r' { end + 1 } else { end };
    let next = feed + 1;
    let is_whole =
        byte_at(bytes, feed) == b'\n' && (next == border || byte_at(bytes, next) == b'{');
    is_whole.then_some(next)
}

fn span_bytes<'a>(chunk: &'a Chunk, span: &Span) -> &'a [u8] {
    chunk.bytes.get(span.start as usize..span.end as usize).unwrap_or_default()
}
