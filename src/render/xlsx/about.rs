//! The sheet `About`: where the figures come from, what became of every record, and what each
//! column means.

use rust_xlsxwriter::{Worksheet, XlsxError};

use crate::render::Page;
use crate::render::balance;
use crate::render::cell::{Cell, type_name};

use super::{Formats, Told, write_cell, write_text};

/// Where the next line goes.
struct Lines<'a> {
    sheet: &'a mut Worksheet,
    formats: &'a Formats,
    row: u32,
}

impl Lines<'_> {
    fn heading(&mut self, words: &[&str]) -> Result<(), XlsxError> {
        if self.row > 0 {
            self.row += 1;
        }
        for (column, word) in (0..).zip(words) {
            self.sheet.write_string_with_format(self.row, column, *word, &self.formats.header)?;
        }
        self.row += 1;
        Ok(())
    }

    fn line(&mut self, cells: &[Cell<'_>]) -> Result<(), XlsxError> {
        for (column, cell) in (0..).zip(cells) {
            write_cell(self.sheet, self.row, column, cell, self.formats)?;
        }
        self.row += 1;
        Ok(())
    }
}

/// Writes the sheet.
///
/// # Errors
/// Those of the library.
pub(super) fn write(
    sheet: &mut Worksheet,
    pages: &[Page],
    told: &[Told],
    formats: &Formats,
) -> Result<(), XlsxError> {
    for (column, width) in [(0, 28), (1, 34), (2, 16), (3, 60), (4, 60), (5, 12), (6, 12)] {
        sheet.set_column_width(column, width)?;
    }
    let mut lines = Lines { sheet, formats, row: 0 };
    lines.heading(&[
        "Report",
        "Sheets",
        "Rows",
        "Title",
        "What it tells",
        "Left out",
        "Cut texts",
    ])?;
    for (page, told) in pages.iter().zip(told) {
        lines.line(&[
            Cell::Text(&page.id),
            Cell::Text(&told.sheets.join(", ")),
            Cell::Integer(told.rows.into()),
            Cell::Text(&page.title),
            Cell::Text(&page.about),
            Cell::Integer(page.rows_left_out.into()),
            Cell::Integer(told.cut.into()),
        ])?;
    }
    lines.heading(&["Window"])?;
    let (first, last) = pages.first().map_or((None, None), |page| page.window);
    for (name, end) in [("first", first), ("last", last)] {
        lines.line(&[Cell::Text(name), end.map_or(Cell::Text("not known"), Cell::Time)])?;
    }
    write_balance(&mut lines, pages)?;
    lines.heading(&["Report", "Column", "Holds", "Meaning"])?;
    for page in pages {
        let fields = page.schema.fields().iter().enumerate();
        for (position, field) in fields {
            lines.line(&[
                Cell::Text(&page.id),
                Cell::Text(field.name()),
                Cell::Text(type_name(field.data_type())),
                Cell::Text(page.column_notes.get(position).map_or("", String::as_str)),
            ])?;
        }
    }
    lines.heading(&["Mind"])?;
    lines.line(&[Cell::Text("Times are UTC. An empty cell means that the input does not say.")])?;
    if told.iter().any(|told| told.cut > 0) {
        let mind = "A text longer than a cell can hold (32,767 characters) ends with a mark.";
        lines.line(&[Cell::Text(mind)])?;
    }
    Ok(())
}

fn write_balance(lines: &mut Lines<'_>, pages: &[Page]) -> Result<(), XlsxError> {
    let Some(balance) = balance::of(pages) else { return Ok(()) };
    lines.heading(&["Balance"])?;
    for (name, number) in [
        ("files", balance.files),
        ("bytes", balance.bytes),
        ("records", balance.records),
        ("= rows", balance.row_count()),
        ("+ duplicates", balance.duplicates),
        ("+ rejects", balance.reject_count()),
        ("+ ignored", balance.ignored_count()),
    ] {
        lines.line(&[Cell::Text(name), Cell::Integer(number.into())])?;
    }
    for (what, counts) in balance::details(balance) {
        lines.heading(&[what])?;
        for (name, number) in counts {
            lines.line(&[Cell::Text(name), Cell::Integer((*number).into())])?;
        }
    }
    if !balance.warnings.is_empty() {
        lines.heading(&["Warnings", "", "", "What to do"])?;
        for warning in &balance.warnings {
            write_text(lines.sheet, lines.row, 0, &warning.message, lines.formats)?;
            if let Some(hint) = &warning.hint {
                write_text(lines.sheet, lines.row, 3, hint, lines.formats)?;
            }
            lines.row += 1;
        }
    }
    Ok(())
}
