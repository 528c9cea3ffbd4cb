//! Envelopes `{"records": […]}`: messages of Event Hubs, and blobs from before November 2018.
//!
//! Source: <https://learn.microsoft.com/azure/azure-monitor/platform/activity-log>.
//! Fixtures: `testdata/formats/activity_eventhub/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "container_records",
    title: "Event Hubs message or old blob: `records`",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Envelope("records"),
    claims: &[Claim::Array("records"), Claim::Lacks("operationName")],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
