//! Query results of Log Analytics and Azure Data Explorer: columns once, then rows of cells.
//!
//! `{"tables":[{"name":…,"columns":[{"name":…,"type":…}],"rows":[[…]]}]}`, with an `error` beside
//! the tables when the service gave up half way
//! (<https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format>), or `Tables` with
//! `Columns[].ColumnName` and `Rows`
//! (<https://learn.microsoft.com/kusto/api/rest/response>).

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeSeed;
use serde::de::Error as _;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Deserializer;
use serde_json::Value;

use crate::container::ContainerError;
use crate::container::Sink;
use crate::container::Summary;
use crate::container::rows::Rows;
use crate::container::rows::push_string;
use crate::error::RejectReason;

/// Whether a text begins as a query result does: with the key `tables` or `Tables` of a list.
pub fn starts_tables(head: &[u8]) -> bool {
    let opened = head.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    let after_key = opened.and_then(|rest| {
        rest.strip_prefix(b"\"tables\"").or_else(|| rest.strip_prefix(b"\"Tables\""))
    });
    after_key
        .and_then(|rest| rest.trim_ascii_start().strip_prefix(b":"))
        .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"["))
}

/// Reads one query result, a complete JSON text, and hands on its rows as JSON objects.
///
/// A row with more or fewer cells than there are columns is damaged ([`RejectReason::Syntax`]).
/// An `error` in the result becomes a warning of the summary. The tables in which Data Explorer
/// keeps its own books are skipped, their rows counted. `Span::offset` is `offset`, where the
/// whole text stands in its input. A text that breaks off gives its rows up to there and one
/// damaged row.
/// Memory: one row; all rows of a table whose columns come after them.
///
/// # Errors
/// None at present; damage is a row.
pub fn read_tables(
    file: &Arc<str>,
    text: &[u8],
    offset: u64,
    sink: &mut Sink<'_>,
) -> Result<Summary, ContainerError> {
    let mut reading = Reading { rows: Rows::new(file, sink), offset, is_stopped: false };
    let mut deserializer = Deserializer::from_slice(text);
    let outcome =
        Response(&mut reading).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if let Err(error) = outcome
        && !reading.is_stopped
    {
        let is_cut = error.is_eof();
        let reason = if is_cut { RejectReason::CutShort } else { RejectReason::Syntax };
        let _ = reading.rows.damaged(offset, reason, text);
    }
    Ok(reading.rows.finish())
}

struct Reading<'a, 's> {
    rows: Rows<'a, 's>,
    offset: u64,
    is_stopped: bool,
}

impl Reading<'_, '_> {
    fn write_row(&mut self, keys: &[Vec<u8>], row: &Value) -> ControlFlow<()> {
        let flow = match row {
            Value::Array(cells) if cells.len() == keys.len() => {
                self.write_object(keys, cells);
                self.rows.end(self.offset)
            }
            _ => {
                let raw = serde_json::to_vec(row).unwrap_or_default();
                self.rows.damaged(self.offset, RejectReason::Syntax, &raw)
            }
        };
        self.is_stopped = flow.is_break();
        flow
    }

    fn write_object(&mut self, keys: &[Vec<u8>], cells: &[Value]) {
        let text = self.rows.text();
        text.push(b'{');
        for (index, (key, cell)) in keys.iter().zip(cells).enumerate() {
            if index > 0 {
                text.push(b',');
            }
            text.extend_from_slice(key);
            // A value that was read from JSON can be written to memory.
            let _ = serde_json::to_writer(&mut *text, cell);
        }
        text.push(b'}');
    }

    fn warn_of(&mut self, error: &Value) {
        if error.is_null() {
            return;
        }
        let part = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        let message = format!(
            "the query service returned only part of the result: `{}` {}",
            part("code"),
            part("message")
        );
        let hint = "run the query again over a shorter time, or export the table instead";
        self.rows.warn(message.trim_end().to_owned(), Some(hint.to_owned()));
    }
}

/// Stops the parser; the reason is in [`Reading::is_stopped`].
fn stop_on<E: serde::de::Error>(flow: ControlFlow<()>) -> Result<(), E> {
    if flow.is_break() { Err(E::custom("stopped")) } else { Ok(()) }
}

/// The whole result.
struct Response<'r, 'a, 's>(&'r mut Reading<'a, 's>);

impl<'de> DeserializeSeed<'de> for Response<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Response<'_, '_, '_> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a query result")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "tables" => map.next_value_seed(TableList(self.0, false))?,
                "Tables" => map.next_value_seed(TableList(self.0, true))?,
                "error" => self.0.warn_of(&map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The list of tables; the flag is set for those of Data Explorer.
struct TableList<'r, 'a, 's>(&'r mut Reading<'a, 's>, bool);

impl<'de> DeserializeSeed<'de> for TableList<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for TableList<'_, '_, '_> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of tables")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(OneTable(self.0, self.1))?.is_some() {}
        Ok(())
    }
}

#[derive(Deserialize)]
struct Column {
    #[serde(alias = "ColumnName")]
    name: String,
}

struct OneTable<'r, 'a, 's>(&'r mut Reading<'a, 's>, bool);

impl<'de> DeserializeSeed<'de> for OneTable<'_, '_, '_> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneTable<'_, '_, '_> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a table")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self(reading, may_be_books) = self;
        let mut columns: Option<Columns> = None;
        let mut early_rows: Vec<Value> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match (key.as_str(), &columns) {
                ("columns" | "Columns", _) => {
                    columns = Some(Columns::new(&map.next_value::<Vec<Column>>()?, may_be_books));
                }
                ("rows" | "Rows", Some(columns)) => {
                    map.next_value_seed(RowList(reading, columns))?;
                }
                ("rows" | "Rows", None) => early_rows = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if columns.is_none() && !early_rows.is_empty() {
            return Err(A::Error::custom("rows without columns"));
        }
        for row in early_rows {
            if let Some(columns) = &columns {
                stop_on(columns.write_row(reading, &row))?;
            }
        }
        Ok(())
    }
}

struct Columns {
    /// `"name":` of each.
    keys: Vec<Vec<u8>>,
    /// Whether the table is one in which Data Explorer keeps its books.
    is_books: bool,
}

impl Columns {
    fn new(columns: &[Column], may_be_books: bool) -> Self {
        const BOOKS: [&[&str]; 3] = [
            &["Value"],
            &["Timestamp", "Severity", "SeverityName"],
            &["Ordinal", "Kind", "Name", "Id", "PrettyName"],
        ];
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let is_books = BOOKS.iter().any(|books| names.starts_with(books));
        let key = |name: &&str| {
            let mut key = Vec::with_capacity(name.len() + 3);
            push_string(&mut key, name.as_bytes());
            key.push(b':');
            key
        };
        let keys = names.iter().map(key).collect();
        Self { keys, is_books: may_be_books && is_books }
    }

    fn write_row(&self, reading: &mut Reading<'_, '_>, row: &Value) -> ControlFlow<()> {
        if self.is_books {
            reading.rows.skip(1);
            ControlFlow::Continue(())
        } else {
            reading.write_row(&self.keys, row)
        }
    }
}

struct RowList<'r, 'a, 's, 'c>(&'r mut Reading<'a, 's>, &'c Columns);

impl<'de> DeserializeSeed<'de> for RowList<'_, '_, '_, '_> {
    type Value = ();
    fn deserialize<D: serde::Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for RowList<'_, '_, '_, '_> {
    type Value = ();
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of rows")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self(reading, columns) = self;
        while let Some(row) = list.next_element::<Value>()? {
            stop_on(columns.write_row(reading, &row))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
