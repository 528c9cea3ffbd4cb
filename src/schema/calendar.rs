//! `calendar`: one row per day of the data, so that days without data show as holes.

use super::{Column, Kind, Table, integer};

/// The table. Beyond 3,660 days it lists only the days that have events.
pub const TABLE: Table = Table {
    name: "calendar",
    grain: "one UTC day between the first and the last event",
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    Column { name: "day", kind: Kind::Date, meaning: "UTC day" },
    integer("events", "rows of activity on that day; 0 is a hole in the data"),
];
