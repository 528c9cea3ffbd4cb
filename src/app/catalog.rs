//! What the program knows: its reports, formats and tables, as pages.

use std::path::Path;

use crate::app::error::Error;
use crate::render::Page;

/// One row per report.
///
/// # Errors
/// A file in `queries_dir` that is no report.
pub fn reports(_queries_dir: Option<&Path>) -> Result<Page, Error> {
    Err(missing())
}

/// What a report's header says, as help, and its SQL; ends with a line feed.
///
/// # Errors
/// [`Error::UnknownReport`], and a file in `queries_dir` that is no report.
pub fn report_help(name: &str, _queries_dir: Option<&Path>) -> Result<String, Error> {
    Err(Error::UnknownReport { name: name.to_owned(), nearest: None })
}

/// One row per export shape.
///
/// # Errors
/// None that an input could cause.
pub fn formats() -> Result<Page, Error> {
    Err(missing())
}

/// One row per column of every table.
///
/// # Errors
/// None that an input could cause.
pub fn schema() -> Result<Page, Error> {
    Err(missing())
}

fn missing() -> Error {
    Error::NothingReadable { inputs: "the catalog".into(), detail: "it is empty".into() }
}
