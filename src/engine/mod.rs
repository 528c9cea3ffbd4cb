//! Running SQL over Arrow tables.
//!
//! An engine is given tables, views and queries and gives back one result per query. It knows
//! nothing of reports. [`shipped`] is what the verbs run: [`tally`] answers what it knows, [`polars`] the
//! rest; [`bridge`] holds the only unsafe code of this room, handing Arrow memory to polars and back
//! without copying it.
#![deny(unsafe_code)]

use std::fs::File;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::schema::Kind;

pub mod bridge;
pub mod polars;
pub mod shipped;
mod side_by_side;
pub mod tally;
#[cfg(test)]
mod tests;

/// A table to query.
#[derive(Debug, Clone)]
pub struct TableInput<'a> {
    /// Name in SQL.
    pub name: &'a str,
    /// Its columns; may be fewer than the schema lists, only those that the queries need.
    pub schema: SchemaRef,
    /// Its rows.
    pub rows: Rows<'a>,
}

/// Where the rows of a table are.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    /// In memory: each batch has the columns of the schema in their order. Texts may be numbered: a
    /// dictionary then has each text once, after none at all.
    Batches(&'a [RecordBatch]),
    /// In Parquet files, open for reading, which may have more columns than the schema. They are
    /// read while a query runs, as far as it needs them.
    Parquet(&'a [File]),
}

/// A query over tables and views.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    /// Name for messages.
    pub name: &'a str,
    /// One SELECT.
    pub sql: &'a str,
    /// Columns it has to give, in order; empty: whatever it gives, in the nearest of our kinds.
    pub columns: Vec<(&'a str, Kind)>,
}

/// What a query gave.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Columns: `Utf8View`, `Int64`, `Float64`, `Boolean`, `Date32`, `Timestamp(us, UTC)`.
    pub schema: SchemaRef,
    /// Rows in the order of the query.
    pub batches: Vec<RecordBatch>,
}

/// Why SQL could not be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// A table could not be handed over, or a result not taken back.
    #[error("cannot hand over `{name}`: {detail}")]
    Bridge {
        /// The table or query.
        name: String,
        /// What the library says.
        detail: String,
    },
    /// The SQL does not run.
    #[error("cannot run `{name}`: {detail}")]
    Query {
        /// The query or view.
        name: String,
        /// What the engine says.
        detail: String,
    },
    /// The result has other columns than declared.
    #[error("`{name}` gives columns `{found}` where `{declared}` is declared")]
    Columns {
        /// The query.
        name: String,
        /// Columns of the result.
        found: String,
        /// Columns declared.
        declared: String,
    },
    /// The engine broke off; a defect in it or in how it is called.
    #[error("the engine broke off: {0}")]
    Panic(String),
}

/// Something that runs SQL.
pub trait Engine: Sync {
    /// Runs all `queries` over the same tables, in parallel where it can; answers in query order.
    ///
    /// `views` are `(name, SQL)`, each after those it reads.
    ///
    /// # Errors
    /// The first thing that fails, by name. Never panics.
    fn run(
        &self,
        tables: &[TableInput<'_>],
        views: &[(String, String)],
        queries: &[Query<'_>],
    ) -> Result<Vec<Answer>, EngineError>;
}
