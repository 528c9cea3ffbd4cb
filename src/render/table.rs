//! `table`: for a person at a terminal.
//!
//! Text from logs is made harmless first. Red is for changes without MFA, yellow for what the
//! input does not tell, green for what is in order; nothing is said by colour alone.

use std::io;
use std::io::{BufWriter, Write};

use arrow_schema::DataType;
use comfy_table::{
    Attribute, Cell as Shown, CellAlignment, Color, ContentArrangement, LineStyle, Table as Grid,
    TableStyle,
};

use crate::text::{count, sanitised, thousands};

use super::cell::{Cell, Column, grouped, is_numeric, metric_columns, total};
use super::fit::{GAP, Nature, Place, Wish, fitted, heading, plan, width, wrapped};
use super::tone::{self, Tone};
use super::{Page, Renderer, Style};

/// The renderer.
pub const RENDERER: &dyn Renderer = &Table;

struct Table;

impl Renderer for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["txt"]
    }

    fn render(&self, pages: &[Page], style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        for (index, page) in pages.iter().enumerate() {
            if index > 0 {
                out.write_all(b"\n")?;
            }
            write_page(page, style, &mut out)?;
        }
        out.flush()
    }
}

/// A value as it is shown when there is room.
#[derive(Debug)]
struct Value {
    text: String,
    tone: Tone,
    to_the_right: bool,
}

/// All values of a page.
struct Sheet {
    wishes: Vec<Wish>,
    numeric: Vec<bool>,
    rows: Vec<Vec<Value>>,
    footer: Option<Vec<Value>>,
}

fn write_page(page: &Page, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let sheet = sheet(page)?;
    let rows = u64::try_from(sheet.rows.len()).unwrap_or(u64::MAX);
    let room = style.width.unwrap_or(usize::MAX).max(1);
    let title = format!("{} ({}, {})", page.title, page.id, row_count(rows, page.rows_left_out));
    write_styled(&title, "1", room, style, out)?;
    if !page.about.is_empty() {
        write_styled(&page.about, "2", room, style, out)?;
    }
    out.write_all(b"\n")?;
    if rows == 0 {
        return out.write_all(b"no rows\n");
    }
    for (index, block) in plan(&sheet.wishes, style.width).iter().enumerate() {
        if index > 0 {
            out.write_all(b"\n")?;
        }
        write_block(&sheet, block, style, out)?;
    }
    if page.rows_left_out > 0 {
        let more = count(page.rows_left_out, "more row");
        write_styled(&format!("… and {more}; --top 0 shows all"), "2", room, style, out)?;
    }
    Ok(())
}

fn row_count(rows: u64, left_out: u64) -> String {
    if left_out > 0 {
        format!("{} of {}", thousands(rows), count(rows.saturating_add(left_out), "row"))
    } else {
        count(rows, "row")
    }
}

/// Writes a text on lines of its own; `code` is the terminal's number for bold (1) or faint (2).
fn write_styled(
    text: &str,
    code: &str,
    room: usize,
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let text = sanitised(text);
    for line in wrapped(&text, room, usize::MAX).lines() {
        if style.color {
            writeln!(out, "\u{1b}[{code}m{line}\u{1b}[0m")?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

fn sheet(page: &Page) -> io::Result<Sheet> {
    let fields = page.schema.fields();
    let metric = metric_columns(&page.schema);
    let mut rows = Vec::new();
    for batch in &page.batches {
        let columns = Column::of(batch)?;
        for row in 0..batch.num_rows() {
            let values =
                columns.iter().zip(fields).enumerate().map(|(position, (column, field))| {
                    let cell = column.cell(row);
                    match (metric, &cell) {
                        (Some((name, value)), Cell::Text(text)) if value == position => {
                            metric_value(&columns[name].cell(row).text(), text)
                        }
                        _ => value(field.name(), &cell),
                    }
                });
            rows.push(values.collect());
        }
    }
    let footer = footer(page);
    let numeric: Vec<bool> = fields.iter().map(|field| is_numeric(field.data_type())).collect();
    let wishes = fields
        .iter()
        .enumerate()
        .map(|(position, field)| {
            let cells = || rows.iter().chain(&footer).map(|row: &Vec<Value>| &row[position].text);
            let nature = match metric {
                Some((_, value)) if value == position => Nature::Time,
                _ => nature(field.data_type(), cells()),
            };
            Wish {
                nature,
                repeats_first: matches!(nature, Nature::Id | Nature::Prose)
                    && position > 0
                    && rows.iter().all(|row| row[0].text.contains(&row[position].text)),
                cells: cells().map(|text| width(text)).max().unwrap_or(0),
                heading: sanitised(field.name()).into_owned(),
            }
        })
        .collect();
    Ok(Sheet { wishes, numeric, rows, footer })
}

fn nature<'a>(data_type: &DataType, mut cells: impl Iterator<Item = &'a String>) -> Nature {
    match data_type {
        DataType::Timestamp(..) => Nature::Time,
        DataType::Boolean | DataType::Date32 => Nature::Rigid,
        _ if is_numeric(data_type) => Nature::Rigid,
        _ if cells.any(|text| text.matches(' ').count() >= 3) => Nature::Prose,
        _ => Nature::Id,
    }
}

fn value(column: &str, cell: &Cell<'_>) -> Value {
    let (text, to_the_right) = match cell {
        Cell::Null => {
            return Value { text: "-".to_owned(), tone: Tone::Faint, to_the_right: false };
        }
        Cell::Text(text) => (sanitised(text).into_owned(), false),
        Cell::Integer(_) | Cell::Float(_) => (grouped(&cell.text()), true),
        _ => (cell.text().into_owned(), false),
    };
    Value { text, tone: tone::of(column, cell), to_the_right }
}

fn metric_value(metric: &str, text: &str) -> Value {
    let tone = match text.parse::<i64>() {
        Ok(number) if number != 0 => tone::of_count(metric),
        _ => Tone::Plain,
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let text = if is_whole { grouped(text) } else { sanitised(text).into_owned() };
    Value { text, tone, to_the_right: true }
}

fn footer(page: &Page) -> Option<Vec<Value>> {
    if page.totals.is_empty() {
        return None;
    }
    let label = if page.rows_left_out > 0 { "total shown" } else { "total" };
    let fields = page.schema.fields().iter().enumerate();
    let values = fields.map(|(position, field)| {
        let sum = page.totals.contains(&position).then(|| total(&page.batches, position)).flatten();
        sum.map_or_else(
            || Value {
                text: if position == 0 { label } else { "" }.to_owned(),
                tone: Tone::Plain,
                to_the_right: false,
            },
            |sum| value(field.name(), &Cell::Integer(sum)),
        )
    });
    Some(values.collect())
}

fn write_block(
    sheet: &Sheet,
    block: &[Place],
    style: &Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut grid = Grid::new();
    // Whether it is a terminal was decided by the caller; the widths were dealt out here.
    grid.force_no_tty();
    if style.color {
        grid.enforce_styling();
        grid.style_text_only();
    }
    grid.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    grid.set_content_arrangement(ContentArrangement::Disabled);
    grid.set_header(block.iter().map(|&(position, room)| {
        let name = heading(&sheet.wishes[position].heading, room);
        aligned(Shown::new(name), sheet.numeric[position]).add_attribute(Attribute::Bold)
    }));
    let cells = |row: &[Value]| -> Vec<Shown> {
        block.iter().map(|&(position, room)| shown(&row[position], sheet, position, room)).collect()
    };
    for row in &sheet.rows {
        grid.add_row(cells(row));
    }
    let footer = sheet
        .footer
        .as_ref()
        .filter(|values| block.iter().any(|&(position, _)| values[position].to_the_right));
    if let Some(footer) = footer {
        let bold = cells(footer).into_iter().map(|cell| cell.add_attribute(Attribute::Bold));
        grid.add_row(bold.collect::<Vec<_>>());
    }
    let last = block.len().saturating_sub(1);
    for (index, column) in grid.column_iter_mut().enumerate() {
        // The other space of the gap is where the rule under the header crosses.
        let gap = if index == last { 0 } else { u16::try_from(GAP - 1).unwrap_or(1) };
        column.set_padding((0, gap));
    }
    let lines: Vec<String> = grid.lines().map(|line| line.trim_end().to_owned()).collect();
    let rule = lines.iter().find(|line| line.starts_with('─'));
    for (index, line) in lines.iter().enumerate() {
        // The footer is one line: totals are never broken, nor is its label.
        if footer.is_some() && index + 1 == lines.len() {
            writeln!(out, "{}", rule.map_or("", String::as_str))?;
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn shown(value: &Value, sheet: &Sheet, position: usize, room: usize) -> Shown {
    let text = fitted(&value.text, sheet.wishes[position].nature, room);
    let cell = aligned(Shown::new(text), value.to_the_right || sheet.numeric[position]);
    match value.tone {
        Tone::Plain => cell,
        Tone::Faint => cell.add_attribute(Attribute::Dim),
        Tone::Alarm => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        Tone::Doubt => cell.fg(Color::Yellow),
        Tone::Good => cell.fg(Color::Green),
    }
}

fn aligned(cell: Shown, to_the_right: bool) -> Shown {
    if to_the_right { cell.set_alignment(CellAlignment::Right) } else { cell }
}
