//! Responses of the Log Analytics query API, and of Azure Data Explorer.
//!
//! Source: <https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format>.
//! Fixtures: `testdata/formats/activity_log_analytics/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "container_tables",
    title: "query response: `tables`",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Tables,
    claims: &[Claim::Array("tables"), Claim::Lacks("operationName")],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
