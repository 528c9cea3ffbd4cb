//! Rows, balances and texts as JSON, for every renderer that carries some.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::io::Write;

use arrow_schema::Schema;

use crate::error::Accounting;
use crate::schema::SCHEMA_VERSION;
use crate::text::is_unsafe_on_a_terminal;
use crate::time::format_micros;

use super::Page;
use super::cell::{Cell, Column};

/// A JSON string.
///
/// Characters that would steer a terminal (C1 controls, changes of direction) are written as
/// `\u` escapes: the value stays the same, and showing the file does no harm.
pub(crate) fn quoted(text: &str) -> String {
    // serde_json never refuses a string.
    let quoted = serde_json::to_string(text).unwrap_or_default();
    if !quoted.chars().any(is_unsafe_on_a_terminal) {
        return quoted;
    }
    let mut escaped = String::with_capacity(quoted.len() + 32);
    for character in quoted.chars() {
        if is_unsafe_on_a_terminal(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// The names of the columns, ready to stand before their values: `"name":`.
pub(crate) fn keys(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| format!("{}:", quoted(field.name()))).collect()
}

/// Writes one row as an object on one line; `keys` are those of [`keys`].
///
/// # Errors
/// Those of `out`.
pub(crate) fn write_row(
    keys: &[String],
    columns: &[Column<'_>],
    row: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut open = "{";
    for (key, column) in keys.iter().zip(columns) {
        out.write_all(open.as_bytes())?;
        out.write_all(key.as_bytes())?;
        write_value(&column.cell(row), out)?;
        open = ",";
    }
    out.write_all(if keys.is_empty() { b"{}" } else { b"}" })
}

fn write_value(cell: &Cell<'_>, out: &mut dyn Write) -> io::Result<()> {
    match cell {
        Cell::Null => out.write_all(b"null"),
        // JSON has no word for what is no number.
        Cell::Float(number) if !number.is_finite() => out.write_all(b"null"),
        Cell::Text(text) => out.write_all(quoted(text).as_bytes()),
        Cell::Time(_) | Cell::Day(_) => write!(out, "\"{}\"", cell.text()),
        Cell::Integer(_) | Cell::Float(_) | Cell::Boolean(_) => {
            out.write_all(cell.text().as_bytes())
        }
    }
}

/// The balance of a run as one JSON object, as machine-readable outputs carry it.
pub fn accounting(accounting: &Accounting) -> String {
    let warnings: Vec<String> = accounting
        .warnings
        .iter()
        .map(|warning| {
            let hint = warning.hint.as_deref().map_or_else(|| "null".to_owned(), quoted);
            format!("{{\"message\":{},\"hint\":{hint}}}", quoted(&warning.message))
        })
        .collect();
    format!(
        "{{\"files\":{},\"bytes\":{},\"records\":{},\"rows\":{},\"duplicates\":{},\
         \"rejects\":{},\"ignored\":{},\"formats\":{},\"warnings\":[{}]}}",
        accounting.files,
        accounting.bytes,
        accounting.records,
        counts(&accounting.rows),
        accounting.duplicates,
        counts(&accounting.rejects),
        counts(&accounting.ignored),
        counts(&accounting.formats),
        warnings.join(",")
    )
}

fn counts(counts: &BTreeMap<String, u64>) -> String {
    let members: Vec<String> =
        counts.iter().map(|(name, count)| format!("{}:{count}", quoted(name))).collect();
    format!("{{{}}}", members.join(","))
}

/// The window of a page as one JSON object; an open end is null.
pub(crate) fn window(window: (Option<i64>, Option<i64>)) -> String {
    let end = |micros: Option<i64>| {
        micros.map_or_else(|| "null".to_owned(), |micros| format!("\"{}\"", format_micros(micros)))
    };
    format!("{{\"first\":{},\"last\":{}}}", end(window.0), end(window.1))
}

/// What a binary output says of itself: keys and values of its metadata.
pub fn metadata(page: &Page) -> Vec<(String, String)> {
    vec![
        ("azmfa.report".to_owned(), page.id.clone()),
        ("azmfa.schema_version".to_owned(), SCHEMA_VERSION.to_string()),
        ("azmfa.window".to_owned(), window(page.window)),
        ("azmfa.rows_left_out".to_owned(), page.rows_left_out.to_string()),
        ("azmfa.accounting".to_owned(), accounting(&page.accounting)),
    ]
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_string_that_would_steer_a_terminal_is_escaped_and_reads_back_the_same() {
        let text = "a\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\u{e0041}\0\n\"\\ Zoë 数";
        let quoted = quoted(text);
        assert_eq!(
            quoted,
            "\"a\\u001b[2J\\u009b31m\\u007f\\u202e\\udb40\\udc41\\u0000\\n\\\"\\\\ Zoë 数\""
        );
        assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
    }
}
