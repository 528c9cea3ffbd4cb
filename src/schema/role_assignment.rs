//! `role_assignment`: Entra and Azure roles that principals hold.
//!
//! Source: <https://learn.microsoft.com/graph/api/resources/unifiedroleassignment> and
//! <https://learn.microsoft.com/cli/azure/role/assignment#az-role-assignment-list>.

use super::{Column, Table, boolean, text};

/// The table.
pub const TABLE: Table =
    Table { name: "role_assignment", grain: "one role of one principal", columns: COLUMNS };

const COLUMNS: &[Column] = &[
    text("principal_id", "object id, lower case"),
    text("principal_upn", "user principal name or name, lower case, where the export says it"),
    text("principal_type", "user, group, serviceprincipal; lower case"),
    text("role_id", "role definition or template id, lower case"),
    text("role", "name of the role, where known"),
    text("scope", "scope, lower case; / for the whole directory"),
    boolean(
        "is_privileged",
        "whether the role can change who may do what; null for a role we do not know",
    ),
];
