//! From containers that are not JSON to chunks of JSON records.
//!
//! Each container gives its rows as JSON objects in [`crate::extract::chunk::Chunk`]s, so that
//! every export shape goes through one extraction. A row that is damaged is a span that says so,
//! with its bytes; what a row means is not known here. Tests build their containers in memory.

use std::io;
use std::ops::ControlFlow;

use thiserror::Error;

use crate::error::Warning;
use crate::extract::chunk::Chunk;

pub mod avro;
pub mod csv;
pub mod parquet;
pub mod tables;

mod rows;

/// Takes the chunks of a container, in order; `Break` ends the reading.
pub type Sink<'s> = dyn FnMut(Chunk) -> ControlFlow<()> + 's;

/// What reading a container to its end came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Records handed on, damaged ones included.
    pub records: u64,
    /// Rows that hold no record by design: Avro messages without a body, bookkeeping tables.
    pub skipped: u64,
    /// What a reader of the figures has to know.
    pub warnings: Vec<Warning>,
}

/// Why a container gives no rows, or no more of them.
///
/// Rows before the trouble have been handed on already.
#[derive(Debug, Error)]
pub enum ContainerError {
    /// Text without a header line of at least two columns.
    #[error("the text has no header line with at least two columns")]
    NotATable,
    /// The stream broke; `trouble_of` in `source` tells how.
    #[error("{0}")]
    Read(#[source] io::Error),
    /// The container's own structure is damaged or cut off, so that no further row can be found.
    #[error("the {container} is damaged: {detail}")]
    Damaged {
        /// `Avro file`, `Parquet file`.
        container: &'static str,
        /// One clause for a person.
        detail: String,
    },
    /// The container is in order, but uses something this program does not read.
    #[error("the {container} uses {feature}, which is not supported")]
    Unsupported {
        /// `Avro file`, `Parquet file`.
        container: &'static str,
        /// What it uses.
        feature: String,
    },
}
