//! Pages `{"value": […], "nextLink": …}` of REST and Graph.
//!
//! Source: <https://learn.microsoft.com/rest/api/monitor/activity-logs/list>.
//! Fixtures: `testdata/formats/activity_rest/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "container_value",
    title: "REST or Graph page: `value`",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Envelope("value"),
    claims: &[Claim::Array("value"), Claim::Lacks("operationName")],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
