//! `activity_policy`: one row per policy named by a policy event.

use super::{Column, Table, text, timestamp};

/// The table.
pub const TABLE: Table =
    Table { name: "activity_policy", grain: "one policy of one policy event", columns: COLUMNS };

const COLUMNS: &[Column] = &[
    text("event_id", "the policy event, `activity.event_id`"),
    timestamp("event_time", "when the policy was evaluated"),
    text("policy_definition_id", "policy definition, lower case, no trailing slash"),
    text("policy_definition_name", "name of the definition, lower case"),
    text("policy_display_name", "display name of the definition"),
    text("policy_effect", "effect, lower case: audit, deny, auditaction, denyaction, …"),
    text("policy_set_id", "initiative, lower case"),
    text("policy_reference_id", "reference of the definition in its initiative"),
    text("assignment_id", "assignment, lower case"),
    text("assignment_name", "name of the assignment, lower case"),
    text("assignment_display_name", "display name of the assignment"),
    text("assignment_scope", "scope of the assignment, lower case"),
    text("exemption_ids", "exemptions that applied, lower case, comma-joined"),
    text(
        "mfa_policy",
        "self_enforced_write, self_enforced_delete, microsoft_write, microsoft_delete, custom, or null for another policy",
    ),
    text("resource_name", "of the event, else of its attempt"),
    text("resource_id", "of the event, else of its attempt"),
    text("region", "of the event, else of its attempt"),
    text("caller", "of the event, else of its attempt"),
    text("principal_type", "of the event where it tells, else of its attempt"),
    text("mfa", "verdict of the event where it tells, else of its attempt"),
    text("operation", "the request that triggered the policy"),
    text("correlation_id", "see activity"),
    text("human_key", "user_key of the attempt where a user made it, else null"),
];
