//! `link`: which sign-in issued the token of a change, and which session an audit belongs to.
//! Computed by us, because no engine says "nearest before" alike; written beside the other tables.

use super::{Column, Table, text};

/// The table.
pub const TABLE: Table = Table {
    name: "link",
    grain: "one change or directory audit, and the sign-in behind it",
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    text("activity_event_id", "the change: `attempt.event_id`; null for an audit"),
    text("sign_in_id", "the sign-in: `sign_in.event_id`"),
    text("audit_event_id", "the directory audit: `audit.event_id`; null for a change"),
    text("kind", "token, session or heuristic; a heuristic is a guess by user, address and time"),
];
