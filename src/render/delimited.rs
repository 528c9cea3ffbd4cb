//! Rows with a delimiter between cells, for `csv` and `tsv`.
//!
//! A text that a spreadsheet would run as a formula gets a leading `'`; numbers, times and
//! truth values are typed, so their signs are left alone.

use std::borrow::Cow;
use std::io;
use std::io::{BufWriter, Write};

use csv::{ErrorKind, Writer, WriterBuilder};

use crate::text::sanitised;

use super::cell::{Cell, Column};
use super::{Page, Style};

/// Writes the pages with a header row each; an empty line stands between two pages.
///
/// Text is made harmless for a terminal when `style` says that it goes to one.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_pages(
    pages: &[Page],
    delimiter: u8,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    for (index, page) in pages.iter().enumerate() {
        if index > 0 {
            out.write_all(b"\n")?;
        }
        let mut writer = WriterBuilder::new().delimiter(delimiter).from_writer(&mut out);
        write_page(page, style.width.is_some(), &mut writer)?;
        writer.flush()?;
    }
    out.flush()
}

fn write_page<W: Write>(page: &Page, on_terminal: bool, writer: &mut Writer<W>) -> io::Result<()> {
    writer
        .write_record(
            page.schema
                .fields()
                .iter()
                .map(|field| guarded(field.name(), on_terminal).into_owned()),
        )
        .map_err(told)?;
    for batch in &page.batches {
        let columns = Column::of(batch)?;
        for row in 0..batch.num_rows() {
            for column in &columns {
                match column.cell(row) {
                    Cell::Text(text) => {
                        writer.write_field(guarded(text, on_terminal).as_bytes()).map_err(told)?;
                    }
                    cell => writer.write_field(cell.text().as_bytes()).map_err(told)?,
                }
            }
            writer.write_record(None::<&[u8]>).map_err(told)?;
        }
    }
    Ok(())
}

/// The trouble of the output itself: a broken pipe has to be known for one, and the conversion that
/// comes with the library says no more than that something went wrong.
fn told(error: csv::Error) -> io::Error {
    if !error.is_io_error() {
        return io::Error::other(error);
    }
    match error.into_kind() {
        ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    }
}

/// A text that no spreadsheet takes for a formula and, if it goes there, no terminal obeys.
///
/// # Source
/// <https://owasp.org/www-community/attacks/CSV_Injection>: leading `=`, `+`, `-`, `@`, tab,
/// carriage return and line feed, and the full-width forms of the four signs.
fn guarded(text: &str, on_terminal: bool) -> Cow<'_, str> {
    const STARTS: &[char] =
        &['=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
    let text = if on_terminal { sanitised(text) } else { Cow::Borrowed(text) };
    // What nearly every text starts with.
    if text.bytes().next().is_none_or(|first| first.is_ascii_alphanumeric() || first == b'/') {
        return text;
    }
    if text.starts_with(STARTS) { Cow::Owned(format!("'{text}")) } else { text }
}
