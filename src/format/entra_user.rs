//! Accounts of the directory.
//!
//! Source: <https://learn.microsoft.com/graph/api/resources/user>.
//! Fixtures: `testdata/formats/entra_user/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::extract::side::DIRECTORY_USER;
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_user",
    title: "accounts from Graph users or `az ad user list`",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Row(&DIRECTORY_USER, FIELDS),
    claims: &[
        Claim::Text("userPrincipalName"),
        Claim::Text("id"),
        Claim::HasAny(&["displayName", "accountEnabled", "mail", "givenName"]),
        Claim::Lacks("isMfaCapable"),
        Claim::Lacks("appId"),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("user_id", &["id"]),
    ("upn", &["userPrincipalName"]),
    ("display_name", &["displayName"]),
    ("user_type", &["userType"]),
    ("is_enabled", &["accountEnabled"]),
    ("is_synced", &["onPremisesSyncEnabled"]),
    ("job_title", &["jobTitle"]),
    ("department", &["department"]),
    ("created", &["createdDateTime"]),
];
