//! Entra roles that principals hold, permanently or through PIM.
//!
//! Source: <https://learn.microsoft.com/graph/api/resources/unifiedroleassignment>.
//! Fixtures: `testdata/formats/entra_role_assignment/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::extract::side::ROLE_ASSIGNMENT;
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_role_assignment",
    title: "Entra role assignments from Graph (roleManagement/directory/roleAssignments)",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Row(&ROLE_ASSIGNMENT, FIELDS),
    claims: &[
        Claim::Has("roleDefinitionId"),
        Claim::Has("principalId"),
        Claim::Has("directoryScopeId"),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("principal_id", &["principalId"]),
    ("principal_upn", &["principal>userPrincipalName", "principal>displayName"]),
    ("principal_type", &["principal>@odata.type"]),
    ("role_id", &["roleDefinition>templateId", "roleDefinitionId"]),
    ("role", &["roleDefinition>displayName"]),
    ("scope", &["directoryScopeId"]),
];
