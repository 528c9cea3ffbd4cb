//! The tables that SQL sees and `azmfa convert` writes: every column once, with its meaning.
//!
//! The Arrow schema, `azmfa schema`, the linter of reports and the extraction all derive from
//! these lists. Columns are added at the end and never renamed within a major version.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, TimeUnit};

pub mod activity;
pub mod activity_policy;
pub mod attempt;
pub mod audit;
pub mod calendar;
pub mod directory_user;
pub mod link;
pub(crate) mod numbered;
pub mod readiness;
pub mod registration;
pub mod resource;
pub mod role_assignment;
pub mod run;
pub mod sign_in;
pub mod sign_in_policy;

/// Version of the tables, carried by every machine-readable output.
pub const SCHEMA_VERSION: i64 = 1;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text (Arrow `Utf8View`).
    Text,
    /// Whole number (Arrow `Int64`; never narrower, sums must not wrap).
    Integer,
    /// True or false (Arrow `Boolean`).
    Boolean,
    /// UTC instant in microseconds (Arrow `Timestamp(us, "UTC")`).
    Timestamp,
    /// Calendar day in UTC (Arrow `Date32`).
    Date,
}

impl Kind {
    /// The Arrow type of the kind.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8View,
            Self::Integer => DataType::Int64,
            Self::Boolean => DataType::Boolean,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
            Self::Date => DataType::Date32,
        }
    }

    /// The word for the kind in report headers and on the schema page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
            Self::Date => "date",
        }
    }

    /// The kind a word names.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Text, Self::Integer, Self::Boolean, Self::Timestamp, Self::Date]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// One column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Name in SQL.
    pub name: &'static str,
    /// What it holds. Every column may be null: null is "the export does not say".
    pub kind: Kind,
    /// What it means, with its unit and its vocabulary; one line.
    pub meaning: &'static str,
}

/// One table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Name in SQL and stem of the file that `convert` writes.
    pub name: &'static str,
    /// What one row is.
    pub grain: &'static str,
    /// The columns, in order.
    pub columns: &'static [Column],
}

/// Every table, in reading order.
pub const TABLES: &[&Table] = &[
    &activity::TABLE,
    &activity_policy::TABLE,
    &attempt::TABLE,
    &sign_in::TABLE,
    &sign_in_policy::TABLE,
    &audit::TABLE,
    &link::TABLE,
    &registration::TABLE,
    &resource::TABLE,
    &role_assignment::TABLE,
    &directory_user::TABLE,
    &readiness::TABLE,
    &calendar::TABLE,
    &run::TABLE,
];

impl Table {
    /// Position of the column called `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The Arrow schema of the columns that `keep` says yes to, in table order.
    pub fn arrow_schema(&self, keep: impl Fn(&str) -> bool) -> Schema {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .filter(|column| keep(column.name))
            .map(|column| Field::new(column.name, column.kind.data_type(), true))
            .collect();
        Schema::new(fields)
    }
}

const fn text(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: Kind::Text, meaning }
}

const fn integer(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: Kind::Integer, meaning }
}

const fn boolean(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: Kind::Boolean, meaning }
}

const fn timestamp(name: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: Kind::Timestamp, meaning }
}
