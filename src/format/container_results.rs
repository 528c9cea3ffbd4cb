//! Answers `{"schema": […], "results": […]}` of a hunting query that Graph ran.
//!
//! Source: <https://learn.microsoft.com/graph/api/security-security-runhuntingquery>.
//! Fixtures: `testdata/formats/entra_signin_defender/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "container_results",
    title: "answer of a hunting query: `results`",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Envelope("results"),
    claims: &[Claim::Array("results"), Claim::Array("schema"), Claim::Lacks("operationName")],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
