//! Where rows of a CSV text end, found without taking them apart.
//!
//! Splitting first keeps a row's own bytes at hand when it is damaged, and keeps memory bounded
//! when a quote is never closed. The rules are those of the `csv` library, which reads the cells:
//! a quote opens a cell only at its start; after the closing one, text goes on unquoted.

use std::io;
use std::io::BufRead;

use crate::limits::RECORD_BYTES_MAX;
use crate::limits::REJECT_BYTES_MAX;

/// How a row ended; offsets are those of its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowEnd {
    /// At the end of a line, or of the text.
    Whole(u64),
    /// At the end of the text, inside a quoted cell.
    Cut(u64),
    /// Past the limit; only its first bytes are kept.
    TooLarge(u64),
    /// There is no further row.
    NoMore,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted cell: the cell's end, or half of a quote that is meant.
    AfterQuote,
}

/// Cuts a text into rows.
pub(super) struct Splitter<'r> {
    reader: &'r mut dyn BufRead,
    delimiter: u8,
    offset: u64,
    state: State,
}

impl<'r> Splitter<'r> {
    /// Cuts what `reader` gives, commas separating cells unless told otherwise.
    pub(super) fn new(reader: &'r mut dyn BufRead) -> Self {
        Self { reader, delimiter: b',', offset: 0, state: State::CellStart }
    }

    /// Says what separates cells from here on.
    pub(super) fn set_delimiter(&mut self, delimiter: u8) {
        self.delimiter = delimiter;
    }

    /// Appends the next line that is not blank, without its end, whatever separates its cells.
    ///
    /// A line end between two quotes is part of the line. Stops at `bytes_max`.
    pub(super) fn next_line(&mut self, line: &mut Vec<u8>, bytes_max: usize) -> io::Result<()> {
        let mut is_quoted = false;
        while line.len() < bytes_max {
            let block = fill(self.reader)?;
            if block.is_empty() {
                return Ok(());
            }
            let mut taken = 0;
            let mut is_ended = false;
            for byte in block {
                taken += 1;
                is_quoted ^= *byte == b'"';
                let is_end = matches!(*byte, b'\n' | b'\r') && !is_quoted;
                if !is_end {
                    line.push(*byte);
                } else if !line.is_empty() {
                    is_ended = true;
                    break;
                }
            }
            self.reader.consume(taken);
            self.offset += taken as u64;
            if is_ended {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Appends the next row that is not blank, without its line end.
    pub(super) fn next_row(&mut self, row: &mut Vec<u8>) -> io::Result<RowEnd> {
        let mut start = self.offset;
        let mut is_too_large = false;
        self.state = State::CellStart;
        loop {
            let block = fill(self.reader)?;
            let is_at_end = block.is_empty();
            let end = line_end(&mut self.state, self.delimiter, block);
            let taken = end.unwrap_or(block.len());
            if row.len() + taken > RECORD_BYTES_MAX {
                is_too_large = true;
            }
            let kept =
                if is_too_large { REJECT_BYTES_MAX.saturating_sub(row.len()) } else { taken };
            row.extend_from_slice(&block[..kept.min(taken)]);
            self.reader.consume(taken);
            self.offset += taken as u64;
            if end.is_none() && !is_at_end {
                continue;
            }
            while matches!(row.last(), Some(b'\n' | b'\r')) && self.state != State::Quoted {
                row.pop();
            }
            return Ok(match (row.is_empty(), is_at_end) {
                (true, true) => RowEnd::NoMore,
                (true, false) => {
                    start = self.offset;
                    continue;
                }
                _ if is_too_large => RowEnd::TooLarge(start),
                (_, true) if self.state == State::Quoted => RowEnd::Cut(start),
                _ => RowEnd::Whole(start),
            });
        }
    }
}

fn fill(reader: &mut dyn BufRead) -> io::Result<&[u8]> {
    loop {
        match reader.fill_buf() {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    // The block is there already: this reads nothing.
    reader.fill_buf()
}

/// Bytes up to and with the line end that ends the row, if it is in `block`.
fn line_end(state: &mut State, delimiter: u8, block: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(byte) = block.get(at) {
        match *state {
            State::Quoted => {
                at = memchr::memchr(b'"', &block[at..]).map_or(block.len(), |found| {
                    *state = State::AfterQuote;
                    at + found + 1
                });
            }
            State::CellStart | State::AfterQuote if *byte == b'"' => {
                *state = State::Quoted;
                at += 1;
            }
            State::CellStart | State::AfterQuote | State::Plain => {
                let rest = &block[at..];
                let Some(found) = memchr::memchr3(delimiter, b'\n', b'\r', rest) else {
                    *state = State::Plain;
                    return None;
                };
                at += found + 1;
                *state = State::CellStart;
                if rest[found] != delimiter {
                    return Some(at);
                }
            }
        }
    }
    None
}
