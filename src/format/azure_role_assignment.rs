//! Azure roles that principals hold.
//!
//! Source: <https://learn.microsoft.com/cli/azure/role/assignment#az-role-assignment-list>.
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
        Claim::HasAny(&["principalId", "properties>principalId"]),
        Claim::Lacks("directoryScopeId"),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("principal_id", &["principalId", "properties>principalId"]),
    ("principal_upn", &["principalName"]),
    ("principal_type", &["principalType", "properties>principalType"]),
    ("role_id", &["roleDefinitionId", "properties>roleDefinitionId"]),
    ("role", &["roleDefinitionName"]),
    ("scope", &["scope", "properties>scope"]),
];
