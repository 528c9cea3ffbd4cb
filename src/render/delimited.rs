//! Rows with a delimiter between cells, for `csv` and `tsv`.
//!
//! A text that a spreadsheet would run as a formula gets a leading `'`; numbers, times and
//! truth values are typed, so their signs are left alone.

use std::borrow::Cow;
use std::io;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::sync::mpsc::sync_channel;
use std::thread;

use arrow_array::RecordBatch;
use csv::{ErrorKind, Writer, WriterBuilder};

use crate::text::sanitised;

use super::cell::{Cell, Column};
use super::{Page, Style};

/// Rows that a thread writes in one go, where there are more: of some hundred bytes each, so that the
/// allocator keeps the memory of their text for the next ones.
const BLOCK_ROWS: usize = 1024;

/// Rows of which the texts are fetched before they are written. Texts lie all over the memory: one by
/// one each would be waited for, while many are fetched at the same time.
const AHEAD_ROWS: usize = 128;

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
        manner.batches(&page.batches, style.threads, &mut out)?;
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

    /// Writes the rows of some batches. Long ones are made into text by several threads, each of which
    /// is never more than a block ahead of what is written.
    fn batches(
        self,
        batches: &[RecordBatch],
        threads: usize,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let columns = batches.iter().map(Column::of).collect::<io::Result<Vec<_>>>()?;
        let blocks: Vec<(&[Column<'_>], Range<usize>)> = batches
            .iter()
            .zip(&columns)
            .flat_map(|(batch, columns)| {
                let end = move |start: usize| (start + BLOCK_ROWS).min(batch.num_rows());
                let starts = (0..batch.num_rows()).step_by(BLOCK_ROWS);
                starts.map(move |start| (columns.as_slice(), start..end(start)))
            })
            .collect();
        let threads = threads.min(blocks.len());
        if threads <= 1 {
            return blocks
                .into_iter()
                .try_for_each(|(columns, rows)| self.rows(columns, rows, out));
        }
        thread::scope(|scope| {
            let spawn = |first: usize| {
                let (sender, texts) = sync_channel(0);
                let own = blocks.iter().skip(first).step_by(threads);
                let work = move || {
                    for (columns, rows) in own {
                        let mut text = Vec::new();
                        let done = self.rows(columns, rows.clone(), &mut text).map(|()| text);
                        // Nobody waits for it any more once writing has failed.
                        if sender.send(done).is_err() {
                            return;
                        }
                    }
                };
                let worker = thread::Builder::new().spawn_scoped(scope, work)?;
                Ok((worker, texts))
            };
            let workers = (0..threads).map(spawn).collect::<io::Result<Vec<_>>>()?;
            let broke_off = || io::Error::other("a worker broke off");
            let mut turns = workers.iter().cycle().take(blocks.len());
            let written = turns
                .try_for_each(|(_, texts)| out.write_all(&texts.recv().map_err(|_| broke_off())??));
            for (worker, texts) in workers {
                drop(texts);
                worker.join().map_err(|_| broke_off())?;
            }
            written
        })
    }

    fn rows(
        self,
        columns: &[Column<'_>],
        rows: Range<usize>,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let mut writer = self.writer(out);
        let mut needs_look = vec![[false; AHEAD_ROWS]; columns.len()];
        let mut shown = String::new();
        for start in rows.clone().step_by(AHEAD_ROWS) {
            let end = (start + AHEAD_ROWS).min(rows.end);
            for (column, needs_look) in columns.iter().zip(&mut needs_look) {
                column.fetch(start..end);
                for (row, needs_look) in (start..end).zip(needs_look) {
                    let is_odd = |text| self.on_terminal || !begins_harmless(text);
                    *needs_look = matches!(column.cell(row), Cell::Text(text) if is_odd(text));
                }
            }
            for row in start..end {
                for (column, needs_look) in columns.iter().zip(&needs_look) {
                    let written = match column.cell(row) {
                        Cell::Text(text) if needs_look[row - start] => {
                            writer.write_field(guarded(text, self.on_terminal).as_bytes())
                        }
                        Cell::Text(text) => writer.write_field(text),
                        cell => {
                            shown.clear();
                            cell.push_to(&mut shown);
                            writer.write_field(&shown)
                        }
                    };
                    written.map_err(told)?;
                }
                writer.write_record(None::<&[u8]>).map_err(told)?;
            }
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
    if text.starts_with(STARTS) { Cow::Owned(format!("'{text}")) } else { text }
}

/// Whether a text starts with what nearly every text starts with, and no formula.
fn begins_harmless(text: &str) -> bool {
    text.bytes().next().is_none_or(|first| first.is_ascii_alphanumeric() || first == b'/')
}
