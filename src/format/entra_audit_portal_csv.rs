//! Entra directory audits as the portal's CSV gives them.
//!
//! Source: <https://learn.microsoft.com/entra/identity/monitoring-health/howto-download-logs>.
//! Fixtures: `testdata/formats/entra_audit_portal_csv/`.

use crate::extract::audit::SHAPE;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_audit_portal_csv",
    title: "Entra directory audits CSV from the portal",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Row(&SHAPE, FIELDS),
    claims: &[Claim::Has("ActorType"), Claim::Has("Target1Type"), Claim::Has("Activity")],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("time", &["Date (UTC)", "Date"]),
    ("correlation_id", &["CorrelationId", "Correlation ID"]),
    ("activity", &["Activity"]),
    ("category", &["Category"]),
    ("service", &["Service"]),
    ("result", &["Result"]),
    ("result_reason", &["ResultReason"]),
    ("actor_type", &["ActorType"]),
    ("user_id", &["ActorObjectId"]),
    ("user_upn", &["ActorUserPrincipalName"]),
    ("user_name", &["ActorDisplayName"]),
    ("app_principal_id", &["ActorServicePrincipalId"]),
    ("app_name", &["ActorServicePrincipalName"]),
    ("ip", &["IPAddress"]),
    ("user_agent", &["User Agent", "UserAgent"]),
    ("target_type", &["Target1Type"]),
    ("target_id", &["Target1ObjectId"]),
    ("target_name", &["Target1DisplayName"]),
    ("target_upn", &["Target1UserPrincipalName"]),
];
