//! Authentication methods that people have registered, as Graph reports them.
//!
//! Source: <https://learn.microsoft.com/graph/api/resources/userregistrationdetails>.
//! Fixtures: `testdata/formats/entra_registration/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::extract::side::REGISTRATION;
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_registration",
    title: "registered authentication methods from Graph (userRegistrationDetails)",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Row(&REGISTRATION, FIELDS),
    claims: &[
        Claim::HasAny(&["isMfaCapable", "isMfaRegistered"]),
        Claim::HasAny(&["userPrincipalName", "id"]),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("user_id", &["id"]),
    ("upn", &["userPrincipalName"]),
    ("display_name", &["userDisplayName"]),
    ("user_type", &["userType"]),
    ("is_admin", &["isAdmin"]),
    ("is_mfa_registered", &["isMfaRegistered"]),
    ("is_mfa_capable", &["isMfaCapable"]),
    ("is_passwordless_capable", &["isPasswordlessCapable"]),
    ("methods", &["methodsRegistered"]),
    ("last_updated", &["lastUpdatedDateTime"]),
];
