//! Entra directory audits as the portal's CSV gives them.
//!
//! Source: <https://learn.microsoft.com/entra/identity/monitoring-health/howto-download-logs>.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_audit_portal_csv",
    title: "Entra directory audits CSV from the portal",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Audit,
    claims: &[Claim::Has("ActorType"), Claim::Has("Target1Type"), Claim::Has("Activity")],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
