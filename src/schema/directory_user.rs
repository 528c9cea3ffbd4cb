//! `directory_user`: accounts of the directory (`az ad user list`, Graph users).
//!
//! Source: <https://learn.microsoft.com/graph/api/resources/user>.

use super::{Column, Table, boolean, text, timestamp};

/// The table.
pub const TABLE: Table = Table { name: "directory_user", grain: "one account", columns: COLUMNS };

const COLUMNS: &[Column] = &[
    text("user_id", "object id, lower case"),
    text("upn", "user principal name, lower case"),
    text("display_name", "display name"),
    text("user_type", "member or guest"),
    boolean("is_enabled", "whether the account may sign in"),
    boolean("is_synced", "whether it comes from an on-premises directory"),
    text("job_title", "job title"),
    text("department", "department"),
    timestamp("created", "when it was created"),
];
