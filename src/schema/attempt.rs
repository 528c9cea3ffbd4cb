//! `attempt`: one row per request, folded from its events. Computed by us, because none of the
//! engines says the folding rules well; written beside the other tables.

use super::{Column, Table, boolean, integer, text, timestamp};

/// The table.
pub const TABLE: Table = Table {
    name: "attempt",
    grain: "one request to write, delete or act, whatever became of it",
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    text(
        "attempt_id",
        "event id of the attempt's first row, with `policy:` before it where only a policy event tells of it",
    ),
    text("event_id", "event id of the attempt's first row"),
    timestamp("first_time", "time of the first row"),
    timestamp("last_time", "time of the last row"),
    integer("event_count", "rows folded, policy events not counted"),
    text("outcome", "succeeded, failed, canceled, accepted or open"),
    boolean("mfa_audited", "whether an MFA policy audited it"),
    boolean("mfa_denied", "whether an MFA policy denied it"),
    integer("policy_audits", "MFA-policy events that audited it"),
    integer("policy_denies", "MFA-policy events that denied it"),
    text("user_key", "object id, else UPN, else caller, lower case; null without any"),
    text("tenant_id", "see activity"),
    text("format", "see activity"),
    text("subscription_id", "see activity"),
    text("resource_group", "see activity"),
    text("resource_id", "see activity"),
    text("resource_type", "see activity"),
    text("resource_name", "see activity"),
    text("region", "see activity"),
    text("operation", "see activity"),
    text("operation_class", "write, delete or action"),
    text("correlation_id", "see activity"),
    text("operation_id", "see activity"),
    text("caller", "see activity"),
    text("caller_upn", "see activity"),
    text("caller_oid", "see activity"),
    text("caller_name", "see activity"),
    text("principal_type", "see activity"),
    text("client_app_id", "see activity"),
    text("client_app", "see activity"),
    text("ip", "see activity"),
    text("amr", "see activity"),
    text("acr", "see activity"),
    text("acrs", "see activity"),
    text("idtyp", "see activity"),
    text("mfa", "verdict of the row that has the claims: mfa, non_mfa, not_user or unknown"),
    text("token_id", "see activity"),
    text("session_id", "see activity"),
    text("error_code", "of the first row that has one"),
    text("error_message", "of the first row that has one"),
    text("http_method", "see activity"),
    text("role", "see activity"),
    boolean(
        "is_application",
        "whether a service principal, a managed identity or an Azure service made it",
    ),
];
