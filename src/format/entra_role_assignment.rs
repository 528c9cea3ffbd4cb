//! Entra roles that principals hold, permanently or through PIM.
//!
//! Source: <https://learn.microsoft.com/graph/api/resources/unifiedroleassignment>. What
//! `Get-MgRoleManagementDirectoryRoleAssignment -ExpandProperty Principal` knows of a principal
//! stands in its `AdditionalProperties`.
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
    (
        "principal_upn",
        &[
            "principal>userPrincipalName",
            "Principal>AdditionalProperties>userPrincipalName",
            "principal>displayName",
            "Principal>AdditionalProperties>displayName",
        ],
    ),
    ("principal_type", &["principal>@odata.type", "Principal>AdditionalProperties>@odata.type"]),
    ("role_id", &["roleDefinition>templateId", "roleDefinitionId"]),
    ("role", &["roleDefinition>displayName"]),
    ("scope", &["directoryScopeId"]),
];
