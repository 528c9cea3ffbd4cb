//! Entra directory audits as Microsoft Graph or the portal's JSON give them.
//!
//! Source: <https://learn.microsoft.com/graph/api/resources/directoryaudit>.
//! Fixtures: `testdata/formats/entra_audit_graph/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_audit_graph",
    title: "Entra directory audits from Graph or the portal",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Audit,
    claims: &[
        Claim::Has("activityDateTime"),
        Claim::Has("initiatedBy"),
        Claim::Has("targetResources"),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
