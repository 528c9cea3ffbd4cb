//! `run`: the one row that says which window of time the tables cover.

use super::{Column, Table, text};

/// The table. It always has exactly one row, also when the input is empty.
pub const TABLE: Table =
    Table { name: "run", grain: "the run that made the tables", columns: COLUMNS };

const COLUMNS: &[Column] = &[
    text(
        "window_start",
        "first event time, or the asked-for start; ISO 8601 UTC, six digits and `Z`; null without events",
    ),
    text(
        "window_end",
        "last event time, or the asked-for end; ISO 8601 UTC, six digits and `Z`; null without events",
    ),
];
