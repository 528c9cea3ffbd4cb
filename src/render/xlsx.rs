//! `xlsx`: a workbook for Excel and its kin: one sheet per page, then its charts, then `About`.
//!
//! Numbers, truth values and instants are cells of their types, so that sorting and filtering
//! work. Text is written as text whatever it begins with: nothing in a workbook is a formula. What
//! a cell cannot hold is never dropped in silence: a page longer than a sheet goes on in the next,
//! and a text longer than a cell is cut, marked and counted in `About`.
//!
//! Limits of a workbook:
//! <https://support.microsoft.com/office/excel-specifications-and-limits-1672b34d-7043-467e-8e27-269d656771c3>

use std::borrow::Cow;
use std::io;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_array::RecordBatch;
use arrow_schema::DataType;
use rust_xlsxwriter::{
    Color, ConditionalFormatCell, ConditionalFormatCellRule, DocProperties, ExcelDateTime, Format,
    FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};

use crate::text::sanitised_lines;

use super::cell::{Cell, Column, is_numeric, metric_columns, typed};
use super::tone::{self, Tone};
use super::{Page, Renderer, Style, chart};

mod about;
mod picture;

/// The renderer.
pub const RENDERER: &dyn Renderer = &Xlsx;

/// Rows of a sheet, its header included.
const SHEET_ROWS_MAX: usize = 1_048_576;
/// Columns of a sheet.
const SHEET_COLUMNS_MAX: usize = 16_384;
/// UTF-16 units of a cell's text.
const CELL_UNITS_MAX: usize = 32_767;
/// UTF-16 units of a sheet's name.
const NAME_UNITS_MAX: usize = 31;
/// Largest whole number that a cell, which is a double, tells from its neighbours.
const INTEGER_EXACT_MAX: i128 = 1 << 53;
/// Cells of a page that are kept in memory; the sheets of a larger one are written to a nameless
/// temporary file row by row.
const CELLS_IN_MEMORY: usize = 1_000_000;
/// Rows that decide how wide the columns are.
const ROWS_MEASURED: usize = 1_000;
/// Widths of columns, in characters.
const WIDTHS: (usize, usize) = (6, 60);
/// What a filter button takes of a heading, in characters.
const BUTTON_WIDTH: usize = 3;
/// Serial number of 1970-01-01: days are counted so that 1900-03-01 is 61.
const EPOCH_SERIAL: f64 = 25_569.0;
/// Serial numbers that every reader takes for the same day: 1900 was no leap year, and what comes
/// before its March is off by one in some; 9999-12-31 is the last day.
const SERIALS: std::ops::Range<f64> = 61.0..2_958_466.0;
const DAY_MICROS: f64 = 86_400_000_000.0;

struct Xlsx;

impl Renderer for Xlsx {
    fn name(&self) -> &'static str {
        "xlsx"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["xlsx"]
    }

    fn is_binary(&self) -> bool {
        true
    }

    fn render(&self, pages: &[Page], _style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let bytes = write_book(pages, &Limits::default())?;
        out.write_all(&bytes)?;
        out.flush()
    }
}

/// What a workbook holds; smaller in tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) sheet_rows: usize,
    pub(super) cells_in_memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sheet_rows: SHEET_ROWS_MAX, cells_in_memory: CELLS_IN_MEMORY }
    }
}

/// What `About` tells of a page.
#[derive(Debug, Default)]
struct Told {
    /// Its sheets.
    sheets: Vec<String>,
    /// Rows in them.
    rows: u64,
    /// Texts that did not fit into their cells.
    cut: u64,
}

pub(super) fn write_book(pages: &[Page], limits: &Limits) -> io::Result<Vec<u8>> {
    // The library panics where its temporary file cannot be written, on a full disk for instance.
    let written = catch_unwind(AssertUnwindSafe(|| {
        let mut book = Book::new(pages);
        for page in pages {
            book.add_page(page, limits)?;
        }
        book.finish(pages)
    }));
    written.unwrap_or_else(|_| Err(io::Error::other("the workbook could not be put together")))
}

/// A workbook under way.
pub(super) struct Book {
    workbook: Workbook,
    formats: Formats,
    /// Names of sheets, lower case.
    taken: Vec<String>,
    told: Vec<Told>,
}

/// How cells look.
struct Formats {
    header: Format,
    header_number: Format,
    text: Format,
    /// For text that would be a formula if somebody edited its cell.
    guarded: Format,
    integer: Format,
    float: Format,
    boolean: Format,
    time: Format,
    day: Format,
}

impl Formats {
    fn new() -> Self {
        let header = Format::new()
            .set_bold()
            .set_background_color(Color::RGB(0x00E8_EBF0))
            .set_border_bottom(FormatBorder::Thin);
        Self {
            header_number: header.clone().set_align(FormatAlign::Right),
            header,
            text: Format::new(),
            guarded: Format::new().set_quote_prefix(),
            integer: Format::new().set_num_format("#,##0"),
            float: Format::new().set_num_format("General"),
            boolean: Format::new().set_align(FormatAlign::Center),
            time: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss\" UTC\""),
            day: Format::new().set_num_format("yyyy-mm-dd"),
        }
    }
}

impl Book {
    pub(super) fn new(pages: &[Page]) -> Self {
        let mut workbook = Workbook::new();
        let title = match pages {
            [page] => sanitised_lines(&page.title).into_owned(),
            _ => "azmfa".to_owned(),
        };
        let properties = DocProperties::new().set_title(title).set_author("azmfa");
        workbook.set_properties(&properties.set_creation_datetime(&created(pages)));
        Self { workbook, formats: Formats::new(), taken: Vec::new(), told: Vec::new() }
    }

    fn add_page(&mut self, page: &Page, limits: &Limits) -> io::Result<()> {
        let fields = page.schema.fields();
        if fields.len() > SHEET_COLUMNS_MAX {
            let message = format!(
                "a sheet holds {SHEET_COLUMNS_MAX} columns, and `{}` has {}",
                page.id,
                fields.len()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let rows: usize = page.batches.iter().map(RecordBatch::num_rows).sum();
        let mut told = Told { rows: rows as u64, ..Told::default() };
        for part in parts(&page.batches, limits.sheet_rows - 1) {
            let name = self.name(&page.id);
            let is_large = rows * fields.len() > limits.cells_in_memory;
            let sheet = if is_large {
                self.workbook.add_worksheet_with_constant_memory().map_err(io_error)?
            } else {
                self.workbook.add_worksheet()
            };
            sheet.set_name(&name).map_err(io_error)?;
            told.cut += write_sheet(sheet, page, &part, &self.formats)?;
            told.sheets.push(name);
        }
        self.told.push(told);
        Ok(())
    }

    fn finish(mut self, pages: &[Page]) -> io::Result<Vec<u8>> {
        let mut charts = Vec::new();
        for page in pages {
            charts.extend(chart::of(page)?.map(|chart| (page, chart)));
        }
        if !charts.is_empty() {
            let name = self.name("Charts");
            let sheet = self.workbook.add_worksheet();
            sheet.set_name(&name).map_err(io_error)?;
            picture::write(sheet, &name, &charts, &self.formats).map_err(io_error)?;
        }
        let name = self.name("About");
        let sheet = self.workbook.add_worksheet();
        sheet.set_name(&name).map_err(io_error)?;
        about::write(sheet, pages, &self.told, &self.formats).map_err(io_error)?;
        self.workbook.save_to_buffer().map_err(io_error)
    }

    /// A name that no sheet has yet and that every reader takes.
    ///
    /// Source: <https://support.microsoft.com/office/rename-a-worksheet-3f1f7148-ee83-404d-8ef0-9ff99fbad1f9>
    pub(super) fn name(&mut self, wish: &str) -> String {
        let mut wish: String = sanitised_lines(wish)
            .chars()
            .map(|character| match character {
                '[' | ']' | ':' | '*' | '?' | '/' | '\\' | '\n' | '\t' => '_',
                other => other,
            })
            .collect();
        wish = wish.trim().trim_matches('\'').to_owned();
        if wish.is_empty() || wish.eq_ignore_ascii_case("history") {
            wish.push('_');
        }
        for number in 1_u32.. {
            let end = if number == 1 { String::new() } else { format!(" ({number})") };
            let name = format!("{}{end}", first_units(&wish, NAME_UNITS_MAX - end.len()));
            let folded = name.to_lowercase();
            if !self.taken.contains(&folded) {
                self.taken.push(folded);
                return name;
            }
        }
        wish
    }
}

/// What the file says it was made: the end of what it tells of, since the clock is nobody's
/// evidence and the same input gives the same bytes.
fn created(pages: &[Page]) -> ExcelDateTime {
    let ends = pages.iter().filter_map(|page| page.window.1.or(page.window.0));
    let seconds = ends.max().unwrap_or_default().div_euclid(1_000_000);
    ExcelDateTime::from_timestamp(seconds.max(0)).unwrap_or_default()
}

/// The batches, dealt to sheets of `rows_max` rows; one without rows if there are none.
pub(super) fn parts(batches: &[RecordBatch], rows_max: usize) -> Vec<Vec<RecordBatch>> {
    let mut parts = vec![Vec::new()];
    let mut room = rows_max;
    for batch in batches {
        let mut start = 0;
        while start < batch.num_rows() {
            if room == 0 {
                parts.push(Vec::new());
                room = rows_max;
            }
            let taken = (batch.num_rows() - start).min(room);
            if let Some(part) = parts.last_mut() {
                part.push(batch.slice(start, taken));
            }
            (start, room) = (start + taken, room - taken);
        }
    }
    parts
}

/// Writes one sheet; gives how many texts were cut.
fn write_sheet(
    sheet: &mut Worksheet,
    page: &Page,
    batches: &[RecordBatch],
    formats: &Formats,
) -> io::Result<u64> {
    let fields = page.schema.fields();
    let metric = metric_columns(&page.schema).map(|(_, value)| value);
    set_widths(sheet, page, batches, metric)?;
    let mut cut = 0;
    for (column, field) in (0..).zip(fields) {
        let format = if is_numeric(field.data_type()) || metric == Some(usize::from(column)) {
            &formats.header_number
        } else {
            &formats.header
        };
        let (name, was_cut) = fitted(field.name());
        cut += u64::from(was_cut);
        sheet.write_string_with_format(0, column, name, format).map_err(io_error)?;
    }
    let mut row = 0;
    for batch in batches {
        let columns = Column::of(batch)?;
        for index in 0..batch.num_rows() {
            row += 1;
            for (column, values) in (0..).zip(&columns) {
                let cell = values.cell(index);
                let cell = if metric == Some(usize::from(column)) { typed(cell) } else { cell };
                let was_cut = write_cell(sheet, row, column, &cell, formats).map_err(io_error)?;
                cut += u64::from(was_cut);
            }
        }
    }
    finish_sheet(sheet, page, row).map_err(io_error)?;
    Ok(cut)
}

/// Freezes and filters the header, and colours what needs a look.
fn finish_sheet(sheet: &mut Worksheet, page: &Page, last_row: u32) -> Result<(), XlsxError> {
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_repeat_rows(0, 0)?;
    sheet.set_landscape().set_print_fit_to_pages(1, 0);
    let fields = page.schema.fields();
    let Some(last_column) = fields.len().checked_sub(1).and_then(|at| u16::try_from(at).ok())
    else {
        return Ok(());
    };
    sheet.autofilter(0, 0, last_row, last_column)?;
    if last_row == 0 {
        return Ok(());
    }
    for (column, field) in (0..).zip(fields) {
        if let Some(verdicts) = tone::verdicts_of(field.name()) {
            for (verdict, tone) in verdicts {
                let rule = ConditionalFormatCellRule::EqualTo((*verdict).to_owned());
                colour(sheet, rule, *tone, last_row, column)?;
            }
        }
        if is_numeric(field.data_type()) {
            let rule = ConditionalFormatCellRule::GreaterThan(0);
            colour(sheet, rule, tone::of_count(field.name()), last_row, column)?;
        }
    }
    Ok(())
}

fn colour<T: rust_xlsxwriter::IntoConditionalFormatValue>(
    sheet: &mut Worksheet,
    rule: ConditionalFormatCellRule<T>,
    tone: Tone,
    last_row: u32,
    column: u16,
) -> Result<(), XlsxError> {
    let (ink, ground) = match tone {
        Tone::Plain => return Ok(()),
        Tone::Alarm => (0x009C_0006, 0x00FF_C7CE),
        Tone::Doubt => (0x007A_4B00, 0x00FF_EB9C),
        Tone::Good => (0x0000_6100, 0x00C6_EFCE),
        Tone::Faint => (0x0040_4040, 0x00ED_EDED),
    };
    let format =
        Format::new().set_font_color(Color::RGB(ink)).set_background_color(Color::RGB(ground));
    let condition = ConditionalFormatCell::new().set_rule(rule).set_format(format);
    sheet.add_conditional_format(1, column, last_row, column, &condition)?;
    Ok(())
}

/// Writes one value; tells whether its text was cut.
fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: &Cell<'_>,
    formats: &Formats,
) -> Result<bool, XlsxError> {
    let number = match cell {
        Cell::Null => return Ok(false),
        Cell::Boolean(truth) => {
            sheet.write_boolean_with_format(row, column, *truth, &formats.boolean)?;
            return Ok(false);
        }
        Cell::Text(text) => return write_text(sheet, row, column, text, formats),
        Cell::Integer(number) => exact(*number).map(|number| (number, &formats.integer)),
        Cell::Float(number) => number.is_finite().then_some((*number, &formats.float)),
        Cell::Time(micros) => serial(*micros).map(|serial| (serial, &formats.time)),
        Cell::Day(day) => within(f64::from(*day) + EPOCH_SERIAL).map(|it| (it, &formats.day)),
    };
    match number {
        Some((number, format)) => {
            sheet.write_number_with_format(row, column, number, format)?;
        }
        // What a number cannot say exactly is said as text.
        None => {
            sheet.write_string_with_format(row, column, cell.text(), &formats.text)?;
        }
    }
    Ok(false)
}

/// Writes a text as text.
fn write_text(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    text: &str,
    formats: &Formats,
) -> Result<bool, XlsxError> {
    let (text, was_cut) = fitted(text);
    let format =
        if text.starts_with(['=', '+', '-', '@']) { &formats.guarded } else { &formats.text };
    sheet.write_string_with_format(row, column, text, format)?;
    Ok(was_cut)
}

/// A text that a cell holds and that shows no more than it says, and whether it was cut.
pub(super) fn fitted(text: &str) -> (Cow<'_, str>, bool) {
    let text = sanitised_lines(text);
    // Every UTF-16 unit is at least one byte of UTF-8.
    if text.len() <= CELL_UNITS_MAX || units(&text) <= CELL_UNITS_MAX {
        return (text, false);
    }
    let mark = format!(" … [cut, {} characters in all]", text.chars().count());
    let kept = first_units(&text, CELL_UNITS_MAX - units(&mark));
    (Cow::Owned(format!("{kept}{mark}")), true)
}

fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The start of a text that is at most `units_max` UTF-16 units long.
fn first_units(text: &str, units_max: usize) -> &str {
    let mut left = units_max;
    for (at, character) in text.char_indices() {
        match left.checked_sub(character.len_utf16()) {
            Some(rest) => left = rest,
            None => return &text[..at],
        }
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "the number is small enough to be exact")]
fn exact(number: i128) -> Option<f64> {
    (number.abs() <= INTEGER_EXACT_MAX).then_some(number as f64)
}

/// The serial number of an instant; exact to about a microsecond.
#[expect(clippy::cast_precision_loss, reason = "micros of our millennium fit into 53 bits")]
fn serial(micros: i64) -> Option<f64> {
    within(micros as f64 / DAY_MICROS + EPOCH_SERIAL)
}

fn within(serial: f64) -> Option<f64> {
    SERIALS.contains(&serial).then_some(serial)
}

fn set_widths(
    sheet: &mut Worksheet,
    page: &Page,
    batches: &[RecordBatch],
    metric: Option<usize>,
) -> io::Result<()> {
    let mut widths: Vec<usize> = page
        .schema
        .fields()
        .iter()
        .map(|field| field.name().chars().count() + BUTTON_WIDTH)
        .collect();
    let mut left = ROWS_MEASURED;
    for batch in batches {
        let measured = batch.slice(0, batch.num_rows().min(left));
        left -= measured.num_rows();
        for ((at, column), width) in Column::of(&measured)?.iter().enumerate().zip(&mut widths) {
            for row in 0..measured.num_rows() {
                let cell = column.cell(row);
                *width = (*width).max(shown_width(&cell, metric == Some(at)));
            }
        }
    }
    for (column, (width, field)) in (0..).zip(widths.iter().zip(page.schema.fields())) {
        let least = match field.data_type() {
            DataType::Timestamp(..) => "2026-01-31 08:00:00 UTC".len() + 1,
            _ => WIDTHS.0,
        };
        let width = u32::try_from((*width).clamp(least, WIDTHS.1)).unwrap_or_default();
        sheet.set_column_width(column, width).map_err(io_error)?;
    }
    Ok(())
}

/// Characters that a value takes when shown.
fn shown_width(cell: &Cell<'_>, is_metric: bool) -> usize {
    match cell {
        Cell::Text(_) if is_metric => "2026-01-31 08:00:00 UTC".len() + 1,
        Cell::Text(text) => text.lines().map(|line| line.chars().count()).max().unwrap_or(0) + 1,
        // A comma between three digits.
        Cell::Integer(_) => cell.text().len() * 4 / 3 + 1,
        Cell::Time(_) => 0,
        _ => cell.text().len() + 1,
    }
}

/// What the library says, as trouble with the output.
fn io_error(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        error @ XlsxError::TempFileError(..) => io::Error::other(error),
        error => io::Error::new(io::ErrorKind::InvalidInput, error),
    }
}
