//! Showing a page: one renderer per file, none knows another.

use std::io;
use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::error::Accounting;

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
    /// The rows.
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
