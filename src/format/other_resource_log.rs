//! Resource logs of other kinds in the same stream (storage, key vault, Graph activity, …): not
//! ours, counted by category.
//!
//! Source: <https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema>.
//! Fixtures: `testdata/formats/activity_diagnostic/mixed.ndjson`.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "other_resource_log",
    title: "other resource logs (ignored, counted by category)",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::OtherLog("category"),
    claims: &[
        Claim::Has("time"),
        Claim::Text("operationName"),
        Claim::HasAny(&["category", "resourceId"]),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
