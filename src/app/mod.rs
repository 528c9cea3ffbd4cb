//! One verb per file: options in, outcome out. This room joins all rooms below and prints nothing.
//!
//! What a person typed is in [`options`], what a run gave in [`outcome`], why one could not run in
//! [`error`]. `cli` is the only caller.

mod alarm;
pub mod catalog;
pub mod check;
mod collect;
pub mod convert;
pub mod error;
pub mod explain;
mod groups;
pub(crate) mod ingest;
mod line;
pub mod lists;
pub mod options;
pub(crate) mod others;
pub mod outcome;
pub mod output;
mod parted;
pub mod progress;
pub mod query;
pub mod redact;
pub mod rejects;
pub mod report;
mod shared;
pub mod side;
mod spill;
mod tables;
mod tables_in_order;
mod tables_others;
mod tables_read;
mod tables_whole;
