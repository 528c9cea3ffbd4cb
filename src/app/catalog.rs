//! What the program knows: its reports, formats and tables, as pages.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringViewArray};
use arrow_schema::{DataType, Field, Schema};

use crate::app::error::Error;
use crate::app::report::library;
use crate::error::Accounting;
use crate::extract::format::Kind;
use crate::format::FORMATS;
use crate::render::Page;
use crate::schema::TABLES;

/// One row per report.
///
/// # Errors
/// A file in `queries_dir` that is no report.
pub fn reports(queries_dir: Option<&Path>) -> Result<Page, Error> {
    let library = library(queries_dir)?;
    let rows = library
        .reports()
        .map(|report| vec![report.id.clone(), report.title.clone(), report.grain.clone()]);
    page("reports", "Reports", &["report", "title", "one row per"], &rows.collect::<Vec<_>>())
}

/// What a report's header says, as help, and its SQL; ends with a line feed.
///
/// # Errors
/// [`Error::Report`] for an unknown id, and for a file in `queries_dir` that is no report.
pub fn report_help(name: &str, queries_dir: Option<&Path>) -> Result<String, Error> {
    let library = library(queries_dir)?;
    let report = library.find(name)?;
    let mut help = format!(
        "{}: {}\n\n{}\n\nOne row per: {}\n",
        report.id, report.title, report.about, report.grain
    );
    if let Some(worth) = &report.worth {
        let _ = writeln!(help, "Worth:       {worth}");
    }
    for source in &report.sources {
        let _ = writeln!(help, "Source:      {source}");
    }
    help.push_str("\nColumns:\n");
    let width = report.columns.iter().map(|column| column.name.len()).max().unwrap_or(0);
    for column in &report.columns {
        let heading =
            column.heading.as_ref().map_or_else(String::new, |text| format!("\"{text}\": "));
        let (name, kind) = (&column.name, column.kind.name());
        let line = format!("  {name:width$}  {kind:9}  {heading}{}", column.note);
        let _ = writeln!(help, "{}", line.trim_end());
    }
    for param in &report.params {
        let _ = writeln!(help, "  :{}  {}  {}", param.name, param.kind.name(), param.note);
    }
    let _ = write!(help, "\nSQL:\n{}\n", report.sql.trim());
    Ok(help)
}

/// One row per export shape.
///
/// # Errors
/// None that an input could cause.
pub fn formats() -> Result<Page, Error> {
    let rows = FORMATS.all.iter().map(|format| {
        let kind = match format.kind {
            Kind::Activity => "read",
            Kind::Row(shape, _) => shape.table,
            Kind::OtherLog(_) => "ignored, counted",
            Kind::Envelope(_) | Kind::Tables => "opened",
        };
        vec![
            format.name.to_owned(),
            kind.to_owned(),
            format.title.to_owned(),
            format.cannot_tell.to_owned(),
        ]
    });
    page(
        "formats",
        "Export shapes",
        &["format", "is", "what", "cannot tell"],
        &rows.collect::<Vec<_>>(),
    )
}

/// One row per column of every table.
///
/// # Errors
/// None that an input could cause.
pub fn schema() -> Result<Page, Error> {
    let rows = TABLES.iter().flat_map(|table| {
        table.columns.iter().map(|column| {
            vec![
                table.name.to_owned(),
                column.name.to_owned(),
                column.kind.name().to_owned(),
                column.meaning.to_owned(),
            ]
        })
    });
    page(
        "schema",
        "Tables and columns",
        &["table", "column", "type", "meaning"],
        &rows.collect::<Vec<_>>(),
    )
}

fn page(id: &str, title: &str, names: &[&str], rows: &[Vec<String>]) -> Result<Page, Error> {
    let fields: Vec<Field> =
        names.iter().map(|name| Field::new(*name, DataType::Utf8View, true)).collect();
    let columns = (0..names.len())
        .map(|column| -> ArrayRef {
            let texts = rows
                .iter()
                .map(|row| row.get(column).map(String::as_str).filter(|text| !text.is_empty()));
            Arc::new(texts.collect::<StringViewArray>())
        })
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(Error::Arrow)?;
    Ok(Page {
        id: id.to_owned(),
        title: title.to_owned(),
        about: String::new(),
        grain: String::new(),
        column_notes: vec![String::new(); names.len()],
        totals: Vec::new(),
        schema,
        batches: vec![batch],
        rows_left_out: 0,
        window: (None, None),
        accounting: Accounting::default(),
    })
}
