//! What of a page is worth a picture, for the renderers that draw.
//!
//! Verdicts are counted, days become lines, and elsewhere the highest counts of changes without
//! MFA are bars. A page with none of these has no chart.

use std::collections::BTreeMap;
use std::io;

use arrow_schema::DataType;

use crate::text::sanitised;

use super::Page;
use super::cell::{Cell, Column};
use super::tone::{self, Tone, VERDICTS};

/// Bars of the highest counts.
const BARS_MAX: usize = 10;
/// Characters of a label; the middle of a longer one is left out.
const LABEL_CHARS_MAX: usize = 36;
/// The column whose highest values are drawn.
const COUNTED: &str = "non_mfa_writes";
/// Columns that are drawn over days.
const OVER_DAYS: [&str; 3] = ["mfa_writes", "non_mfa_writes", "unknown_writes"];
/// Columns that name a row better than its first one, the best first.
const NAMES: [&str; 3] = ["resource_name", "policy_display_name", "user"];

/// A picture of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chart {
    /// What it shows.
    pub(crate) title: String,
    /// How.
    pub(crate) shape: Shape,
}

/// How a picture is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One bar below the other.
    Bars(Vec<Bar>),
    /// Lines over days.
    Lines {
        /// Days since 1970-01-01, as the page has them.
        days: Vec<i32>,
        /// One line per column.
        lines: Vec<Line>,
    },
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    /// What it stands for; safe to show.
    pub(crate) label: String,
    /// How long it is.
    pub(crate) value: i64,
    /// What it says.
    pub(crate) tone: Tone,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The column.
    pub(crate) name: String,
    /// What it says.
    pub(crate) tone: Tone,
    /// A value per day; `None` where the page has none.
    pub(crate) values: Vec<Option<i64>>,
}

/// The picture of a page, if it has one.
///
/// # Errors
/// Those of [`Column::new`].
pub(crate) fn of(page: &Page) -> io::Result<Option<Chart>> {
    let position = |name: &str| page.schema.index_of(name).ok();
    if let Some(verdict) = position("verdict") {
        return verdicts(page, verdict);
    }
    if let Some(day) =
        position("day").filter(|&at| page.schema.field(at).data_type() == &DataType::Date32)
    {
        return over_days(page, day);
    }
    let text = |at: &usize| {
        matches!(page.schema.field(*at).data_type(), DataType::Utf8View | DataType::Utf8)
    };
    let name = NAMES
        .iter()
        .find_map(|name| position(name))
        .or((!page.schema.fields().is_empty()).then_some(0))
        .filter(text);
    match (position(COUNTED), name) {
        (Some(counted), Some(name)) => highest(page, counted, name),
        _ => Ok(None),
    }
}

/// The values of one column, row after row.
fn each(page: &Page, position: usize, mut seen: impl FnMut(&Cell<'_>)) -> io::Result<()> {
    for batch in &page.batches {
        let column = Column::new(batch.column(position))?;
        for row in 0..batch.num_rows() {
            seen(&column.cell(row));
        }
    }
    Ok(())
}

fn verdicts(page: &Page, position: usize) -> io::Result<Option<Chart>> {
    let mut counts: BTreeMap<(usize, String), i64> = BTreeMap::new();
    each(page, position, |cell| {
        let verdict = cell.text();
        let rank = VERDICTS.iter().position(|(known, _)| *known == verdict);
        *counts.entry((rank.unwrap_or(VERDICTS.len()), verdict.into_owned())).or_default() += 1;
    })?;
    let bars: Vec<Bar> = counts
        .into_iter()
        .map(|((rank, verdict), value)| Bar {
            label: label(if verdict.is_empty() { "no verdict" } else { &verdict }),
            value,
            tone: VERDICTS.get(rank).map_or(Tone::Plain, |(_, tone)| *tone),
        })
        .collect();
    let title = "Rows by verdict".to_owned();
    Ok((!bars.is_empty()).then_some(Chart { title, shape: Shape::Bars(bars) }))
}

fn over_days(page: &Page, position: usize) -> io::Result<Option<Chart>> {
    let mut days = Vec::new();
    each(page, position, |cell| days.push(if let Cell::Day(day) = cell { *day } else { 0 }))?;
    let mut lines = Vec::new();
    for name in OVER_DAYS {
        let Ok(at) = page.schema.index_of(name) else { continue };
        let mut values = Vec::with_capacity(days.len());
        each(page, at, |cell| values.push(integer(cell)))?;
        let tone = if name == "mfa_writes" { Tone::Good } else { tone::of_count(name) };
        lines.push(Line { name: name.to_owned(), tone, values });
    }
    let is_worth = days.len() > 1 && !lines.is_empty();
    let title = "Changes per day".to_owned();
    Ok(is_worth.then_some(Chart { title, shape: Shape::Lines { days, lines } }))
}

fn highest(page: &Page, counted: usize, name: usize) -> io::Result<Option<Chart>> {
    let (mut values, mut names) = (Vec::new(), Vec::new());
    each(page, counted, |cell| values.push(integer(cell).unwrap_or_default()))?;
    each(page, name, |cell| {
        let text = cell.text();
        let last = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        names.push(label(if last.is_empty() { "not known" } else { last }));
    })?;
    let mut bars: Vec<Bar> = names
        .into_iter()
        .zip(values)
        .filter(|(_, value)| *value > 0)
        .map(|(label, value)| Bar { label, value, tone: Tone::Alarm })
        .collect();
    // Equal values stay in the order of the page.
    bars.sort_by_key(|bar| std::cmp::Reverse(bar.value));
    bars.truncate(BARS_MAX);
    let title = match bars.len() {
        BARS_MAX => format!("{COUNTED}: the {BARS_MAX} highest"),
        _ => COUNTED.to_owned(),
    };
    Ok((bars.len() > 1).then_some(Chart { title, shape: Shape::Bars(bars) }))
}

fn integer(cell: &Cell<'_>) -> Option<i64> {
    if let Cell::Integer(number) = cell { i64::try_from(*number).ok() } else { None }
}

/// A text short enough to stand beside a bar.
fn label(text: &str) -> String {
    let text = sanitised(text);
    let length = text.chars().count();
    if length <= LABEL_CHARS_MAX {
        return text.into_owned();
    }
    let half = (LABEL_CHARS_MAX - 1) / 2;
    let start: String = text.chars().take(half).collect();
    let end: String = text.chars().skip(length - half).collect();
    format!("{start}…{end}")
}
