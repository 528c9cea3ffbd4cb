//! Showing a page: one renderer per file, none knows another.
//!
//! A file with a `pub const RENDERER` is a renderer and stands in the roster, which a test keeps;
//! adding one is adding its file. The other files serve several renderers: [`cell`] turns values
//! into text, `object` writes JSON, `delimited` rows with delimiters, `fit` makes columns fit a
//! terminal, `tone` says what a value means, `chart` what of a page is worth a picture, `balance`
//! the words about a run, `share` has threads share what there is to do. Snapshots of every renderer
//! are in `snapshots/`.

use std::io;
use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::error::Accounting;

mod balance;
pub mod cell;
mod chart;
mod delimited;
mod fit;
mod object;
mod share;
#[cfg(test)]
mod tests;
mod tone;

pub use self::arrow::write_stream;
pub use self::object::{accounting as accounting_json, metadata};
pub use self::parquet::write_table;

// roster:begin
pub mod arrow;
pub mod csv;
pub mod html;
pub mod json;
pub mod md;
pub mod ndjson;
pub mod parquet;
pub mod table;
pub mod tsv;
pub mod xlsx;
/// Every renderer, by file name.
#[rustfmt::skip]
pub static ALL: &[&dyn Renderer] = &[
    arrow::RENDERER,
    csv::RENDERER,
    html::RENDERER,
    json::RENDERER,
    md::RENDERER,
    ndjson::RENDERER,
    parquet::RENDERER,
    table::RENDERER,
    tsv::RENDERER,
    xlsx::RENDERER,
];
// roster:end

/// The result of one report, ready to be shown.
#[derive(Debug, Clone)]
pub struct Page {
    /// Report id, `by-user`.
    pub id: String,
    /// Title for a person.
    pub title: String,
    /// What the report answers, one or two sentences.
    pub about: String,
    /// What one row is.
    pub grain: String,
    /// One note per column, in column order; empty where the header has none.
    pub column_notes: Vec<String>,
    /// Positions of the integer columns whose total makes sense in a footer.
    pub totals: Vec<usize>,
    /// Columns: `Utf8View`, `Int64`, `Float64`, `Boolean`, `Date32`, `Timestamp(us, UTC)`.
    pub schema: SchemaRef,
    /// The rows. Texts may be numbered: dictionaries of `Utf8View`.
    pub batches: Vec<RecordBatch>,
    /// Rows that exist beyond those shown (cut by `--top`).
    pub rows_left_out: u64,
    /// First and last event time of the input, or the asked-for window; UTC microseconds.
    pub window: (Option<i64>, Option<i64>),
    /// The balance of the run that made the page.
    pub accounting: Accounting,
}

/// How to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; `None` when the output is no terminal: nothing is cut then.
    pub width: Option<usize>,
    /// Whether colours may be used.
    pub color: bool,
    /// Threads that long pages may be written with; the bytes are the same for any number.
    pub threads: usize,
}

/// One way of showing pages.
pub trait Renderer: Sync {
    /// Name in `--format`.
    fn name(&self) -> &'static str;
    /// File extensions it is guessed from, without the dot.
    fn extensions(&self) -> &'static [&'static str];
    /// Whether its bytes should be kept off a terminal.
    fn is_binary(&self) -> bool {
        false
    }
    /// Whether several pages may share one output.
    fn takes_several(&self) -> bool {
        true
    }
    /// Writes the pages to `out`.
    ///
    /// # Errors
    /// Those of `out`, and [`io::ErrorKind::InvalidInput`] for a page that the format cannot hold.
    fn render(&self, pages: &[Page], style: &Style, out: &mut dyn Write) -> io::Result<()>;
}

/// The renderer called `name` in `--format`.
pub fn by_name(name: &str) -> Option<&'static dyn Renderer> {
    ALL.iter().copied().find(|renderer| renderer.name() == name)
}

/// The renderer for a file extension without its dot, in any case.
pub fn by_extension(extension: &str) -> Option<&'static dyn Renderer> {
    ALL.iter().copied().find(|renderer| {
        renderer.extensions().iter().any(|known| known.eq_ignore_ascii_case(extension))
    })
}

/// The one page of a format that holds one.
fn single(pages: &[Page]) -> io::Result<&Page> {
    if let [page] = pages {
        return Ok(page);
    }
    let message = format!("the format holds one report, not {}", pages.len());
    Err(io::Error::new(io::ErrorKind::InvalidInput, message))
}
