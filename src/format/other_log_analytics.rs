//! Rows of other Log Analytics tables: not ours, counted by table.
//!
//! Source: <https://learn.microsoft.com/azure/azure-monitor/reference/tables-index>.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "other_log_analytics",
    title: "other Log Analytics tables (ignored, counted by table)",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::OtherLog("Type"),
    claims: &[Claim::Text("Type"), Claim::HasAny(&["TimeGenerated", "TimeGenerated [UTC]"])],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
