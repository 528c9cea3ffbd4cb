//! `sign_in_policy`: one row per Conditional Access policy that a sign-in names.

use super::{Column, Table, text, timestamp};

/// The table.
pub const TABLE: Table = Table {
    name: "sign_in_policy",
    grain: "one Conditional Access policy of one sign-in",
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    text("event_id", "the sign-in, `sign_in.event_id`"),
    timestamp("event_time", "when the sign-in happened"),
    text("policy_id", "policy, lower case"),
    text("policy_name", "its display name"),
    text(
        "result",
        "what it came to, lower case: success, failure, notapplied, notenabled, reportonlysuccess, …",
    ),
    text("grant_controls", "grant controls it enforced, lower case, comma-joined"),
    text("session_controls", "session controls it enforced, lower case, comma-joined"),
    text(
        "conditions_satisfied",
        "conditions that held, lower case, comma-joined, whether the export gives names or a bit mask",
    ),
    text("conditions_not_satisfied", "conditions that did not"),
];
