//! `md`: a table for issues, wikis and pull requests (GitHub's Markdown).

use std::fmt::Write as _;
use std::io;
use std::io::{BufWriter, Write};

use crate::text::{count, sanitised};

use super::cell::{Cell, Column, is_numeric, total};
use super::{Page, Renderer, Style};

/// The renderer.
pub const RENDERER: &dyn Renderer = &Markdown;

struct Markdown;

impl Renderer for Markdown {
    fn name(&self) -> &'static str {
        "md"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["md", "markdown"]
    }

    fn render(&self, pages: &[Page], _style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let mut out = BufWriter::new(out);
        for (index, page) in pages.iter().enumerate() {
            if index > 0 {
                out.write_all(b"\n")?;
            }
            write_page(page, &mut out)?;
        }
        out.flush()
    }
}

fn write_page(page: &Page, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## {}\n", escaped(&page.title))?;
    if !page.about.is_empty() {
        writeln!(out, "{}\n", escaped(&page.about))?;
    }
    let fields = page.schema.fields();
    write_line(fields.iter().map(|field| escaped(field.name())), out)?;
    let rule = |numeric| if numeric { "---:" } else { "---" }.to_owned();
    write_line(fields.iter().map(|field| rule(is_numeric(field.data_type()))), out)?;
    let mut rows = 0;
    for batch in &page.batches {
        let columns = Column::of(batch)?;
        rows += batch.num_rows();
        for row in 0..batch.num_rows() {
            write_line(columns.iter().map(|column| shown(&column.cell(row))), out)?;
        }
    }
    if rows == 0 {
        writeln!(out, "\nno rows")?;
    } else if !page.totals.is_empty() {
        write_line((0..fields.len()).map(|position| footer(page, position)), out)?;
    }
    if page.rows_left_out > 0 {
        writeln!(out, "\n… and {}", count(page.rows_left_out, "more row"))?;
    }
    Ok(())
}

fn footer(page: &Page, position: usize) -> String {
    if page.totals.contains(&position) {
        total(&page.batches, position).map_or_else(String::new, |sum| format!("**{sum}**"))
    } else if position == 0 {
        let label = if page.rows_left_out > 0 { "total of these rows" } else { "total" };
        format!("**{label}**")
    } else {
        String::new()
    }
}

fn write_line(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    for cell in cells {
        write!(out, "| {cell} ")?;
    }
    out.write_all(b"|\n")
}

fn shown(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Text(text) => escaped(text),
        cell => cell.text().into_owned(),
    }
}

/// Text that stays text: no markup, no markup language inside it, no second line.
fn escaped(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            escaped.push_str("<br>");
        }
        let mut previous = ' ';
        let line = sanitised(line);
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            // An underscore inside a word starts nothing, and names of columns are full of them.
            let inside_word = previous.is_alphanumeric()
                && characters.peek().is_some_and(|next| next.is_alphanumeric());
            match character {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '_' if inside_word => escaped.push('_'),
                '|' | '`' | '\\' | '*' | '_' | '[' | ']' | '~' | '!' | '$' => {
                    let _ = write!(escaped, "\\{character}");
                }
                _ => escaped.push(character),
            }
            previous = character;
        }
    }
    escaped
}
