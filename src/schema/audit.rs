//! `audit`: one row per Entra directory audit.

use super::{Column, Table, integer, text, timestamp};

/// The table.
pub const TABLE: Table = Table {
    name: "audit",
    grain: "one Entra directory audit, duplicates removed",
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    text(
        "event_id",
        "the exporter's id, lower case; where the export has none, `key:` and event_key",
    ),
    timestamp("event_time", "when it happened"),
    text("tenant_id", "Entra tenant, lower case"),
    text("format", "export shape the row was read from, see `azmfa formats`"),
    text("source_file", "input the row was read from"),
    integer("source_record", "number of the record in its input, from 1"),
    integer("source_offset", "bytes from the start of the unpacked input to the record"),
    text("activity", "what was done, as Entra names it"),
    text("category", "category, as Entra names it"),
    text("service", "service that logged it"),
    text("operation_type", "kind of operation, lower case: add, update, delete, …"),
    text("result", "success, failure, timeout or other"),
    text("result_reason", "why, as Entra says"),
    text("actor_type", "user or application; null where the export does not say"),
    text("actor_id", "object id of the actor, lower case"),
    text("actor_upn", "user principal name, lower case"),
    text("actor_name", "display name"),
    text("ip", "address of the actor"),
    text("user_agent", "user agent"),
    text("target_type", "type of the first target"),
    text("target_id", "object id of the first target, lower case"),
    text("target_name", "its name: display name, else UPN"),
    text("token_id", "GUID of the actor's token, where the export links it"),
    text("session_id", "the actor's session"),
    text("correlation_id", "correlation id, lower case"),
    text("event_key", "32 hexadecimal digits: hash of the identity of the audit across exports"),
];
