//! `activity`: one row per event of the Azure Activity Log.

use super::{Column, Table, boolean, integer, text, timestamp};

/// The table.
pub const TABLE: Table = Table {
    name: "activity",
    grain: "one event of the Azure Activity Log, duplicates removed",
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    text(
        "event_id",
        "the exporter's event id, lower case; where the export has none, `key:` and event_key",
    ),
    timestamp("event_time", "when the event happened"),
    text("tenant_id", "Entra tenant, lower case"),
    text("format", "export shape the row was read from, see `azmfa formats`"),
    text("source_file", "input the row was read from"),
    integer("source_record", "number of the record in its input, from 1"),
    integer("source_offset", "bytes from the start of the unpacked input to the record"),
    text("subscription_id", "subscription, lower case"),
    text("resource_group", "resource group, lower case"),
    text("resource_id", "full resource id, lower case, no trailing slash"),
    text("resource_type", "provider and type, lower case"),
    text("resource_name", "last name in the resource id, lower case"),
    text("region", "where the resource is (`properties.resourceLocation`), lower case"),
    text("operation", "operation name, lower case"),
    text("operation_class", "write, delete, action, read, policy or other"),
    text("status", "started, accepted, succeeded, failed, canceled or other"),
    text("sub_status", "sub-status or HTTP status code, lower case"),
    text("level", "critical, error, warning, informational or verbose"),
    text("category", "category of the event, lower case: administrative, policy, …"),
    text("correlation_id", "shared by the events of one request or deployment, lower case"),
    text("operation_id", "shared by the events of one operation, lower case"),
    text("caller", "who did it, as the log says: UPN, GUID or service name, lower case"),
    text("caller_upn", "user principal name, lower case, guests without `live.com#`"),
    text("caller_oid", "object id of the principal, lower case"),
    text("caller_name", "display name from the token"),
    text(
        "principal_type",
        "user, service_principal, managed_identity, azure_service, unknown or none",
    ),
    text("client_app_id", "application the token was issued to, lower case"),
    text("client_app", "name of that application: of a known client, else as the token says"),
    text("ip", "address the request came from, else the one the user authenticated from"),
    text("amr", "authentication methods in the token, comma-joined"),
    text("acr", "authentication class in the token (0 or 1; not an MFA flag)"),
    text("acrs", "authentication contexts in the token, comma-joined"),
    text("idtyp", "token type: user or app; absent before mid 2022"),
    text("mfa", "verdict: mfa, non_mfa, not_user or unknown"),
    text("token_id", "GUID of the token (`uti`): the id of the sign-in that issued it"),
    text("session_id", "session of the token (`sid`)"),
    text("error_code", "error code of a failed operation"),
    text("error_message", "error message of a failed operation"),
    text("http_method", "HTTP method, upper case"),
    text("role", "role that allowed the request, as the log says"),
    boolean("is_policy_event", "whether Azure Policy wrote it about a real request"),
    boolean("is_compliance_check", "whether it belongs to a compliance scan"),
    text(
        "authorization_action",
        "for a policy event: the request that triggered the policy, lower case",
    ),
    text("event_key", "32 hexadecimal digits: hash of the identity of the event across exports"),
    text("attempt_id", "attempt the event belongs to; for a policy event, the one that caused it"),
];
