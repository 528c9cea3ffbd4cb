//! `html`: one file for a browser, a printer or a mail, that asks nobody for anything.
//!
//! Style and script are in the file, and a Content-Security-Policy lets nothing else run or load:
//! they are named by their hashes, so that not even text that got around escaping could do
//! anything. Escaping is the template's, which knows no other way to put a text into the page.
//! Without the script, which sorts and searches, the page is whole.

use std::io;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::DataType;
use minijinja::value::{Object, Value};
use minijinja::{Environment, Error, UndefinedBehavior};

use crate::error::Accounting;
use crate::text::{count, sanitised_lines, thousands};

use super::cell::{Cell, Column, grouped, is_numeric, metric_columns, total, typed};
use super::tone::{self, Tone};
use super::{Page, Renderer, Style, balance, chart};

mod drawing;

/// The renderer.
pub const RENDERER: &dyn Renderer = &Html;

/// The name decides how values are escaped.
const TEMPLATE: (&str, &str) = ("page.html", include_str!("html/page.html"));
const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");
/// SHA-256 of style and script in base64, for the policy; `src/tests/documents/html.py` minds that
/// they are right and says what they should be.
const STYLE_HASH: &str = "5dNM2AYId+s3XsVsMYrVY0toIm1YaGiLg5s/HBT2hx4=";
const SCRIPT_HASH: &str = "4sltUPqfFZTqUWtF9rObsqwM46fOb6C8W12mUVauzGI=";
const GENERATOR: &str = concat!("azmfa ", env!("CARGO_PKG_VERSION"));
/// Rows turned into values at once.
const ROWS_AT_ONCE: usize = 1_024;
/// An identifier or an address of at most these many characters stays on its line.
const ID_CHARS_MAX: usize = 40;
/// So many blanks make a text a sentence.
const PROSE_BLANKS: usize = 6;
/// What stands where the input does not say.
const NULL: &str = "–";

struct Html;

impl Renderer for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["html", "htm"]
    }

    fn render(&self, pages: &[Page], _style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_template(TEMPLATE.0, TEMPLATE.1).map_err(io_error)?;
        let template = environment.get_template(TEMPLATE.0).map_err(io_error)?;
        let mut out = BufWriter::new(out);
        template.render_captured_to(document(pages)?, &mut out).map_err(io_error)?;
        out.flush()
    }
}

/// What the template reads.
fn document(pages: &[Page]) -> io::Result<Value> {
    let title = match pages {
        [page] => page.title.clone(),
        _ => "Azure management, with and without MFA".to_owned(),
    };
    let window = pages.first().and_then(balance::window).unwrap_or_default();
    let shown = pages
        .iter()
        .enumerate()
        .map(|(index, page)| self::page(page, index))
        .collect::<io::Result<Vec<Value>>>()?;
    Ok(Value::from_pairs([
        ("title", text(&title)),
        ("generator", Value::from(GENERATOR)),
        ("style", Value::from_safe_string(STYLE.to_owned())),
        ("script", Value::from_safe_string(SCRIPT.to_owned())),
        ("style_hash", Value::from_safe_string(STYLE_HASH.to_owned())),
        ("script_hash", Value::from_safe_string(SCRIPT_HASH.to_owned())),
        ("window", Value::from(window)),
        ("is_several", Value::from(pages.len() > 1)),
        ("pages", Value::from(shown)),
        ("balance", balance::of(pages).map_or(Value::from(false), account)),
    ]))
}

fn page(page: &Page, index: usize) -> io::Result<Value> {
    for batch in &page.batches {
        // What a column cannot show is known before anything is written.
        Column::of(batch)?;
    }
    let rows = page.batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
    let rows_in_words = if page.rows_left_out > 0 {
        format!("{} of {}", thousands(rows), count(rows.saturating_add(page.rows_left_out), "row"))
    } else {
        count(rows, "row")
    };
    let caption = match page.grain.as_str() {
        "" => rows_in_words.clone(),
        grain => format!("{rows_in_words}: {grain}"),
    };
    let left_out = match page.rows_left_out {
        0 => String::new(),
        left => format!("… and {}; --top 0 shows all", count(left, "more row")),
    };
    let chart = chart::of(page)?.map_or(Value::from(false), |chart| drawing::of(&chart));
    let columns = Arc::new(Headings::of(page)?);
    Ok(Value::from_pairs([
        ("anchor", Value::from(format!("report-{}", index + 1))),
        ("title", text(&page.title)),
        ("about", text(&page.about)),
        ("count", Value::from(rows_in_words)),
        ("caption", text(&caption)),
        ("chart", chart),
        ("columns", headings(page, &columns)),
        ("has_rows", Value::from(rows > 0)),
        ("rows", table_rows(page.batches.clone(), Arc::clone(&columns))),
        ("totals", totals(page, rows)),
        ("left_out", Value::from(left_out)),
        ("notes", notes(page)),
    ]))
}

/// Text from a log or a header, harmless to look at; the template escapes it.
fn text(text: &str) -> Value {
    Value::from(sanitised_lines(text).into_owned())
}

/// What is known of the columns before their cells are shown.
#[derive(Debug)]
struct Headings {
    names: Vec<String>,
    classes: Vec<&'static str>,
    /// The column of figures that came as text, and the one that names them.
    metric: Option<(usize, usize)>,
}

impl Headings {
    fn of(page: &Page) -> io::Result<Self> {
        let fields = page.schema.fields();
        let metric = metric_columns(&page.schema);
        let mut classes = Vec::with_capacity(fields.len());
        for (position, field) in fields.iter().enumerate() {
            let class = match field.data_type() {
                _ if metric.is_some_and(|(_, value)| value == position) => "right",
                kind if is_numeric(kind) => "number",
                DataType::Date32 => "day",
                _ if tone::verdicts_of(field.name()).is_some() => "badge",
                DataType::Utf8View | DataType::Utf8 => breadth(page, position)?,
                _ => "",
            };
            classes.push(class);
        }
        Ok(Self {
            names: fields.iter().map(|field| field.name().clone()).collect(),
            classes,
            metric,
        })
    }
}

/// How much room a column of texts wants, judged by its first rows.
fn breadth(page: &Page, position: usize) -> io::Result<&'static str> {
    let Some(batch) = page.batches.iter().find(|batch| batch.num_rows() > 0) else {
        return Ok("");
    };
    let first = batch.column(position).slice(0, batch.num_rows().min(ROWS_AT_ONCE));
    let column = Column::new(&first)?;
    let mut class = "id";
    for row in 0..first.len() {
        let cell = column.cell(row);
        let text = cell.text();
        if text.matches(' ').count() >= PROSE_BLANKS {
            return Ok("prose");
        }
        if text.chars().count() > ID_CHARS_MAX {
            class = "wide";
        }
    }
    Ok(class)
}

fn headings(page: &Page, columns: &Headings) -> Value {
    let notes = page.column_notes.iter().map(String::as_str).chain(std::iter::repeat(""));
    columns
        .names
        .iter()
        .zip(&columns.classes)
        .zip(notes)
        .map(|((name, class), note)| {
            // Only numbers need telling: the script sorts them as such.
            let class = if matches!(*class, "number" | "right") { class } else { "" };
            Value::from_pairs([
                ("name", text(name)),
                ("class", Value::from(class)),
                ("note", text(note)),
            ])
        })
        .collect()
}

/// The rows, made as the template asks for them.
fn table_rows(batches: Vec<RecordBatch>, columns: Arc<Headings>) -> Value {
    Value::make_object_iterable((batches, columns), |(batches, columns)| {
        let chunks = batches.iter().flat_map(|batch| {
            (0..batch.num_rows())
                .step_by(ROWS_AT_ONCE)
                .map(move |start| batch.slice(start, (batch.num_rows() - start).min(ROWS_AT_ONCE)))
        });
        Box::new(chunks.flat_map(move |chunk| rows_of(&chunk, columns)))
    })
}

fn rows_of(chunk: &RecordBatch, headings: &Headings) -> Vec<Value> {
    // Columns that could not be shown were found before.
    let columns = Column::of(chunk).unwrap_or_default();
    let row = |row: usize| -> Value {
        let cells = columns.iter().enumerate().map(|(position, column)| {
            let cell = column.cell(row);
            let name = headings.names.get(position).map_or("", String::as_str);
            let class = headings.classes.get(position).copied().unwrap_or_default();
            match headings.metric {
                Some((metric, value)) if value == position => {
                    let metric = columns[metric].cell(row);
                    shown(&typed(cell), class, &metric.text())
                }
                _ => shown(&cell, class, name),
            }
        });
        cells.map(Value::from_object).collect()
    };
    (0..chunk.num_rows()).map(row).collect()
}

/// A cell as the template sees it.
#[derive(Debug)]
struct Shown {
    class: String,
    text: String,
    /// The instant in full, where the text leaves out the fraction of the second.
    time: String,
}

impl Object for Shown {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "class" => Some(Value::from(&*self.class)),
            "text" => Some(Value::from(&*self.text)),
            "time" => Some(Value::from(&*self.time)),
            _ => None,
        }
    }
}

fn shown(cell: &Cell<'_>, class: &'static str, name: &str) -> Shown {
    let mut time = String::new();
    let text = match cell {
        Cell::Null => {
            let class = if class.is_empty() { "none".to_owned() } else { format!("{class} none") };
            return Shown { class, text: NULL.to_owned(), time };
        }
        Cell::Text(text) => sanitised_lines(text).into_owned(),
        Cell::Integer(_) | Cell::Float(_) => grouped(&cell.text()),
        Cell::Time(_) => {
            time = cell.text().into_owned();
            let (day, rest) = time.split_once('T').unwrap_or((&time, ""));
            format!("{day} {}", rest.split('.').next().unwrap_or_default())
        }
        _ => cell.text().into_owned(),
    };
    let tone = tone::of(name, cell);
    let class = match (class, tone) {
        (class, Tone::Plain) => class.to_owned(),
        (class, tone) => format!("{class} {}", tone.name()).trim_start().to_owned(),
    };
    Shown { class, text, time }
}

/// The cells under the table; none if no column is worth a sum.
fn totals(page: &Page, rows: u64) -> Value {
    if page.totals.is_empty() || rows == 0 {
        return Value::from(false);
    }
    let label = if page.rows_left_out > 0 { "total of these rows" } else { "total" };
    (0..page.schema.fields().len())
        .map(|position| {
            let sum = page.totals.contains(&position).then(|| total(&page.batches, position));
            let (class, text) = match sum.flatten() {
                Some(sum) => ("number", grouped(&sum.to_string())),
                None if position == 0 => ("", label.to_owned()),
                None => ("", String::new()),
            };
            Value::from_object(Shown { class: class.to_owned(), text, time: String::new() })
        })
        .collect()
}

fn notes(page: &Page) -> Value {
    let fields = page.schema.fields().iter().zip(&page.column_notes);
    fields
        .filter(|(_, note)| !note.is_empty())
        .map(|(field, note)| {
            Value::from_pairs([("name", text(field.name())), ("text", text(note))])
        })
        .collect()
}

fn account(accounting: &Accounting) -> Value {
    let details: Value = balance::details(accounting)
        .map(|(name, counts)| {
            let counts: Vec<String> = counts
                .iter()
                .map(|(name, number)| format!("{name} {}", thousands(*number)))
                .collect();
            Value::from_pairs([("name", Value::from(name)), ("text", text(&counts.join(", ")))])
        })
        .collect();
    let warnings: Value = accounting
        .warnings
        .iter()
        .map(|warning| {
            let hint = warning.hint.as_deref().unwrap_or_default();
            Value::from_pairs([("message", text(&warning.message)), ("hint", text(hint))])
        })
        .collect();
    Value::from_pairs([
        ("sentence", Value::from(format!("{}.", balance::sentence(accounting)))),
        ("details", details),
        ("warnings", warnings),
    ])
}

/// A failed write keeps its kind, so that a broken pipe is still known for one.
fn io_error(error: Error) -> io::Error {
    let source = std::error::Error::source(&error);
    let kind = source.and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    io::Error::new(kind.unwrap_or(io::ErrorKind::InvalidInput), error)
}
