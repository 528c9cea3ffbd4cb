//! Batches for tests, from rows of named values.

use arrow_array::RecordBatch;

use crate::extract::column::{Builder, Columns};
use crate::schema::Table;

/// What stands in a column of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Number(i64),
    Truth(bool),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

/// A row: the columns that are not null.
pub(crate) type Given<'a> = Vec<(&'static str, Value<'a>)>;

/// A row with columns named by value: `given!(upn: "ada@x", error_code: 0)`.
macro_rules! given {
    ($($name:ident: $value:expr),* $(,)?) => {
        vec![$((stringify!($name), $crate::fold::given_tests::Value::from($value))),*]
    };
}
pub(crate) use given;

/// A batch of a table with the columns that some row has.
pub(crate) fn batch(table: &Table, rows: &[Given<'_>]) -> RecordBatch {
    for (name, _) in rows.iter().flatten() {
        assert!(table.position(name).is_some(), "`{}` has no column `{name}`", table.name);
    }
    let is_given = |name: &str| rows.iter().flatten().any(|(given, _)| *given == name);
    let mut columns = Columns::new(table, is_given);
    for row in rows {
        for (position, builder) in &mut columns.builders {
            let name = table.columns[*position].name;
            let value = row.iter().rev().find(|(given, _)| *given == name).map(|(_, value)| *value);
            match (builder, value) {
                (builder @ Builder::Text(_), Some(Value::Text(text))) => builder.text(Some(text)),
                (builder @ Builder::Text(_), None) => builder.text(None),
                (builder @ Builder::Boolean(_), Some(Value::Truth(truth))) => {
                    builder.boolean(Some(truth));
                }
                (builder @ Builder::Boolean(_), None) => builder.boolean(None),
                (builder, Some(Value::Number(number))) => builder.integer(Some(number)),
                (builder, None) => builder.integer(None),
                (_, Some(value)) => panic!("`{name}` cannot be {value:?}"),
            }
        }
    }
    columns.finish(rows.len()).unwrap()
}
