//! The `AuthDetails` CSV that the portal gives beside a CSV of sign-ins: one row per step.
//!
//! Source: <https://learn.microsoft.com/entra/identity/monitoring-health/howto-download-logs>.
//! Fixtures: `testdata/formats/entra_signin_portal_csv/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::extract::step::SHAPE;
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_signin_portal_steps",
    title: "authentication steps of Entra sign-ins, the CSV beside the portal's CSV",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Row(&SHAPE, FIELDS),
    claims: &[
        Claim::Has("Request ID"),
        Claim::Has("Authentication method"),
        Claim::Has("Succeeded"),
        Claim::Lacks("Application"),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("event_id", &["Request ID"]),
    ("method", &["Authentication method"]),
    ("detail", &["Authentication method detail"]),
    (
        "requirement",
        &["Authentication step requirement", "Requirement", "Authentication requirement"],
    ),
    ("result", &["Result detail", "Authentication step result detail"]),
    ("succeeded", &["Succeeded"]),
];
