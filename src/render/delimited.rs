//! Rows with a delimiter between cells, for `csv` and `tsv`.
//!
//! A text that a spreadsheet would run as a formula gets a leading `'`; numbers, times and
//! truth values are typed, so their signs are left alone.

use std::borrow::Cow;
use std::io;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::thread;

use arrow_array::RecordBatch;
use csv::{ErrorKind, Writer, WriterBuilder};

use crate::text::sanitised;

use super::cell::{Cell, Column};
use super::{Page, Style};

/// Rows that a thread writes in one go, where there are more.
const BLOCK_ROWS: usize = 4096;

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
    let manner = Manner { delimiter, on_terminal: style.width.is_some() };
    let mut out = BufWriter::new(out);
    for (index, page) in pages.iter().enumerate() {
        if index > 0 {
            out.write_all(b"\n")?;
        }
        manner.header(page, &mut out)?;
        for batch in &page.batches {
            manner.batch(batch, style.threads, &mut out)?;
        }
    }
    out.flush()
}

/// How cells are written.
#[derive(Debug, Clone, Copy)]
struct Manner {
    delimiter: u8,
    on_terminal: bool,
}

impl Manner {
    fn writer<W: Write>(self, out: W) -> Writer<W> {
        WriterBuilder::new().delimiter(self.delimiter).from_writer(out)
    }

    fn header(self, page: &Page, out: &mut impl Write) -> io::Result<()> {
        let mut writer = self.writer(out);
        let names =
            page.schema.fields().iter().map(|field| guarded(field.name(), self.on_terminal));
        writer.write_record(names.map(Cow::into_owned)).map_err(told)?;
        writer.flush()
    }

    /// Writes the rows of a batch, several blocks of them at once.
    fn batch(self, batch: &RecordBatch, threads: usize, out: &mut impl Write) -> io::Result<()> {
        let columns = Column::of(batch)?;
        let end = |start: usize| (start + BLOCK_ROWS).min(batch.num_rows());
        let starts = (0..batch.num_rows()).step_by(BLOCK_ROWS);
        let blocks: Vec<Range<usize>> = starts.map(|start| start..end(start)).collect();
        for at_once in blocks.chunks(threads.max(1)) {
            let [first, others @ ..] = at_once else { continue };
            thread::scope(|scope| {
                let write_block = |rows: &Range<usize>| {
                    let mut text = Vec::new();
                    self.rows(&columns, rows.clone(), &mut text).map(|()| text)
                };
                let spawn =
                    |rows| thread::Builder::new().spawn_scoped(scope, move || write_block(rows));
                let others = others.iter().map(spawn).collect::<io::Result<Vec<_>>>()?;
                self.rows(&columns, first.clone(), &mut *out)?;
                for text in others {
                    let broke_off = |_| io::Error::other("a worker broke off");
                    out.write_all(&text.join().map_err(broke_off)??)?;
                }
                Ok::<(), io::Error>(())
            })?;
        }
        Ok(())
    }

    fn rows(
        self,
        columns: &[Column<'_>],
        rows: Range<usize>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let mut writer = self.writer(out);
        for row in rows {
            for column in columns {
                match column.cell(row) {
                    Cell::Text(text) => {
                        let text = guarded(text, self.on_terminal);
                        writer.write_field(text.as_bytes()).map_err(told)?;
                    }
                    cell => writer.write_field(cell.text().as_bytes()).map_err(told)?,
                }
            }
            writer.write_record(None::<&[u8]>).map_err(told)?;
        }
        writer.flush()
    }
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
