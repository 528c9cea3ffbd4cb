//! Tables as text: what the Azure portal, Log Analytics and PowerShell write as CSV.
//!
//! A header line names the columns, and each row becomes an object of texts. `;` and tab separate
//! cells too (regional settings decide), Windows PowerShell 5.1 puts a `#TYPE` line first
//! (<https://learn.microsoft.com/powershell/module/microsoft.powershell.utility/export-csv>),
//! and cells such as claims span lines.

use std::io::BufRead;
use std::ops::ControlFlow;
use std::sync::Arc;

use csv::ByteRecord;
use csv::ReaderBuilder;

use crate::container::ContainerError;
use crate::container::Sink;
use crate::container::Summary;
use crate::container::csv::split::RowEnd;
use crate::container::csv::split::Splitter;
use crate::container::rows::Rows;
use crate::container::rows::push_string;
use crate::error::RejectReason;

mod split;

/// Bytes of whole rows that are taken apart at a time.
const BATCH_BYTES: usize = 256 << 10;
/// A header longer than this is no header.
const HEADER_BYTES_MAX: usize = 1 << 20;

/// Reads a table as text, its byte order mark removed, and hands on its rows as JSON objects.
///
/// Column names are trimmed, their inner white space is made one space and `’` becomes `'`; a
/// name met again gets ` (2)`. Every cell is a text, an empty one too. A row with more or fewer
/// cells than the header is damaged ([`RejectReason::Syntax`]), as is one that is no UTF-8, ends
/// inside a quoted cell (`CutShort`) or is too large. A header that comes again, as in files put
/// one after the other, is no row. `Span::offset` is the row's first byte in the text.
/// Memory: one row, and a batch of [`BATCH_BYTES`].
///
/// # Errors
/// [`ContainerError::NotATable`] for text without a header of at least two columns, and
/// [`ContainerError::Read`] when the stream breaks; whole rows before that are handed on, the one
/// it breaks in is not.
pub fn read_csv(
    file: &Arc<str>,
    reader: &mut dyn BufRead,
    sink: &mut Sink<'_>,
) -> Result<Summary, ContainerError> {
    let mut splitter = Splitter::new(reader);
    let header = read_header(&mut splitter)?;
    splitter.set_delimiter(header.delimiter);
    let mut table = Table { rows: Rows::new(file, sink), header, batch: Batch::default() };
    let mut row = Vec::new();
    loop {
        row.clear();
        let end = match splitter.next_row(&mut row) {
            Ok(end) => end,
            Err(error) => {
                // The trouble itself is what gets reported; what is whole still counts.
                let _ = table.flush();
                table.rows.finish();
                return Err(ContainerError::Read(error));
            }
        };
        let flow = match end {
            RowEnd::Whole(offset) => table.add(offset, &row),
            RowEnd::Cut(offset) => table.add_damaged(offset, RejectReason::CutShort, &row),
            RowEnd::TooLarge(offset) => table.add_damaged(offset, RejectReason::TooLarge, &row),
            RowEnd::NoMore => {
                let _ = table.flush();
                break;
            }
        };
        if flow.is_break() {
            break;
        }
    }
    Ok(table.rows.finish())
}

struct Header {
    delimiter: u8,
    raw: Vec<u8>,
    /// `"name":` of each column.
    keys: Vec<Vec<u8>>,
}

fn read_header(splitter: &mut Splitter<'_>) -> Result<Header, ContainerError> {
    let mut line = Vec::new();
    let mut stated = None;
    loop {
        line.clear();
        splitter.next_line(&mut line, HEADER_BYTES_MAX).map_err(ContainerError::Read)?;
        if let Some(rest) = line.strip_prefix(b"sep=") {
            // Spreadsheets put the separator itself on the first line.
            stated = rest.first().copied().filter(|it| b",;\t|".contains(it));
        } else if !line.starts_with(b"#TYPE ") {
            break;
        }
    }
    let text = std::str::from_utf8(&line).map_err(|_| ContainerError::NotATable)?;
    let is_markup = text.trim_start().starts_with(['{', '[', '<']);
    if is_markup || text.contains('\0') {
        return Err(ContainerError::NotATable);
    }
    let delimiter = stated.or_else(|| likely_delimiter(&line)).ok_or(ContainerError::NotATable)?;
    let mut cells = ByteRecord::new();
    let is_read = builder(delimiter).from_reader(line.as_slice()).read_byte_record(&mut cells);
    if !matches!(is_read, Ok(true)) || cells.len() < 2 || cells.iter().all(<[u8]>::is_empty) {
        return Err(ContainerError::NotATable);
    }
    Ok(Header { delimiter, keys: keys_of(&cells), raw: line })
}

fn builder(delimiter: u8) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(BATCH_BYTES);
    builder
}

/// The separator met most often outside quotes; a comma before a semicolon before a tab.
fn likely_delimiter(line: &[u8]) -> Option<u8> {
    let mut counts = [(0_usize, b','), (0, b';'), (0, b'\t')];
    let mut is_quoted = false;
    for byte in line {
        is_quoted ^= *byte == b'"';
        if let Some((count, _)) = counts.iter_mut().find(|(_, it)| it == byte && !is_quoted) {
            *count += 1;
        }
    }
    let most = counts.iter().map(|(count, _)| *count).max().filter(|most| *most > 0)?;
    counts.iter().find(|(count, _)| *count == most).map(|(_, delimiter)| *delimiter)
}

fn keys_of(cells: &ByteRecord) -> Vec<Vec<u8>> {
    let mut names: Vec<String> = Vec::with_capacity(cells.len());
    for (index, cell) in cells.iter().enumerate() {
        let text = String::from_utf8_lossy(cell).replace('\u{2019}', "'");
        let words: Vec<&str> = text.split_whitespace().collect();
        let name = match words.join(" ") {
            name if name.is_empty() => format!("column {}", index + 1),
            name => name,
        };
        let mut unique = name.clone();
        let mut copies = 1;
        while names.contains(&unique) {
            copies += 1;
            unique = format!("{name} ({copies})");
        }
        names.push(unique);
    }
    let key = |name: &String| {
        let mut key = Vec::with_capacity(name.len() + 3);
        push_string(&mut key, name.as_bytes());
        key.push(b':');
        key
    };
    names.iter().map(key).collect()
}

/// Whole rows that wait to be taken apart together.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// Where each row starts in `bytes`, and in the text.
    starts: Vec<(usize, u64)>,
}

struct Table<'a, 's> {
    rows: Rows<'a, 's>,
    header: Header,
    batch: Batch,
}

impl Table<'_, '_> {
    fn add(&mut self, offset: u64, row: &[u8]) -> ControlFlow<()> {
        if row.strip_prefix(b"\xef\xbb\xbf").unwrap_or(row) == self.header.raw {
            return ControlFlow::Continue(());
        }
        if std::str::from_utf8(row).is_err() {
            return self.add_damaged(offset, RejectReason::InvalidUtf8, row);
        }
        self.batch.starts.push((self.batch.bytes.len(), offset));
        self.batch.bytes.extend_from_slice(row);
        self.batch.bytes.push(b'\n');
        if self.batch.bytes.len() >= BATCH_BYTES { self.flush() } else { ControlFlow::Continue(()) }
    }

    fn add_damaged(&mut self, offset: u64, reason: RejectReason, row: &[u8]) -> ControlFlow<()> {
        self.flush()?;
        self.rows.damaged(offset, reason, row)
    }

    /// Takes the waiting rows apart.
    fn flush(&mut self) -> ControlFlow<()> {
        let batch = std::mem::take(&mut self.batch);
        let mut cells = ByteRecord::new();
        let mut reader = builder(self.header.delimiter).from_reader(batch.bytes.as_slice());
        let ends = batch.starts.iter().skip(1).map(|(start, _)| *start);
        let ends = ends.chain([batch.bytes.len()]);
        for ((start, offset), end) in batch.starts.iter().zip(ends) {
            let is_read = matches!(reader.read_byte_record(&mut cells), Ok(true));
            let is_here = cells.position().is_some_and(|place| place.byte() == *start as u64);
            if is_read && is_here && cells.len() == self.header.keys.len() {
                self.write_object(&cells);
                self.rows.end(*offset)?;
            } else {
                let raw = &batch.bytes[*start..end - 1];
                self.rows.damaged(*offset, RejectReason::Syntax, raw)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn write_object(&mut self, cells: &ByteRecord) {
        let text = self.rows.text();
        for (index, (key, cell)) in self.header.keys.iter().zip(cells).enumerate() {
            text.push(if index == 0 { b'{' } else { b',' });
            text.extend_from_slice(key);
            push_string(text, cell);
        }
        text.push(b'}');
    }
}

#[cfg(test)]
mod tests;
