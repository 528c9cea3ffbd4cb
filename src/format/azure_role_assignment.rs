//! Azure roles that principals hold.
//!
//! Source: <https://learn.microsoft.com/cli/azure/role/assignment#az-role-assignment-list>; the
//! members of `Get-AzRoleAssignment | ConvertTo-Json` are those of `PSRoleAssignment` in
//! <https://github.com/Azure/azure-powershell>.
//! Fixtures: `testdata/formats/azure_role_assignment/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::extract::side::ROLE_ASSIGNMENT;
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "azure_role_assignment",
    title: "Azure role assignments from `az role assignment list --all`",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Row(&ROLE_ASSIGNMENT, FIELDS),
    claims: &[
        Claim::HasAny(&["roleDefinitionId", "properties>roleDefinitionId"]),
        Claim::HasAny(&["scope", "properties>scope"]),
        Claim::HasAny(&["principalId", "properties>principalId", "ObjectId"]),
        Claim::Lacks("directoryScopeId"),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("principal_id", &["principalId", "properties>principalId", "ObjectId"]),
    ("principal_upn", &["principalName", "SignInName", "DisplayName"]),
    ("principal_type", &["principalType", "properties>principalType", "ObjectType"]),
    ("role_id", &["roleDefinitionId", "properties>roleDefinitionId"]),
    ("role", &["roleDefinitionName"]),
    ("scope", &["scope", "properties>scope"]),
];
