//! What a verb gives back: pages to show and the balance of the run.

use std::path::PathBuf;

use crate::error::Accounting;
use crate::error::Reject;
use crate::render::Page;

/// What `report` and `query` give.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// One page per report, in the order asked for.
    pub pages: Vec<Page>,
    /// The balance of the run.
    pub accounting: Accounting,
    /// The first rejects, in input order; `accounting` has the number of all.
    pub rejects_sample: Vec<Reject>,
    /// Whether an input looks cut short by its exporter (its warning is in `accounting`).
    pub is_truncated: bool,
    /// The conditions of `--fail-on` that hold, each with the value: `` `users > 3` (it is 5) ``.
    pub failed_checks: Vec<String>,
    /// First and last event time of the input, or the asked-for window; UTC microseconds.
    pub window: (Option<i64>, Option<i64>),
}

/// A file that `convert` wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Where it is.
    pub path: PathBuf,
    /// Rows in it.
    pub rows: u64,
}

/// What `convert` gives.
#[derive(Debug, Clone, Default)]
pub struct ConvertOutcome {
    /// The asked-for table, when it goes to standard output; else empty.
    pub pages: Vec<Page>,
    /// The files written, in table order.
    pub files: Vec<WrittenFile>,
    /// The balance of the run.
    pub accounting: Accounting,
    /// The first rejects, in input order; `accounting` has the number of all.
    pub rejects_sample: Vec<Reject>,
    /// Whether an input looks cut short by its exporter (its warning is in `accounting`).
    pub is_truncated: bool,
    /// First and last event time of the input, or the asked-for window; UTC microseconds.
    pub window: (Option<i64>, Option<i64>),
}

/// What `explain` gives.
#[derive(Debug, Clone, Default)]
pub struct Explanation {
    /// Text for a person, lines ended by `\n`; may quote the log, unsanitised.
    pub text: String,
}
