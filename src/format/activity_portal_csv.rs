//! The CSV that the portal's Activity Log blade downloads (`QueryResult.csv`).
//!
//! Source: <https://learn.microsoft.com/azure/azure-monitor/platform/activity-log>. Operation and
//! status are localised display names, and there are no claims, ids or addresses: it cannot
//! answer questions about MFA, and says so.
//! Fixtures: `testdata/formats/activity_portal_csv/`.

use crate::extract::field::Field;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "activity_portal_csv",
    title: "Activity Log CSV from the portal",
    cannot_tell: "operations by name, claims, event ids, addresses, policies",
    claims_hint: "the portal's CSV never has claims: use `az monitor activity-log list --offset 90d --max-events 100000 -o json`",
    kind: Kind::Activity,
    claims: &[
        Claim::Has("Correlation id"),
        Claim::Has("Operation name"),
        Claim::Has("Event category"),
        Claim::Has("Event initiated by"),
    ],
    paths: &[
        (Field::Time, &["Time"]),
        (Field::SubscriptionId, &["Subscription"]),
        (Field::ResourceGroup, &["Resource group"]),
        (Field::ResourceId, &["Resource"]),
        (Field::ResourceType, &["Resource type"]),
        (Field::Operation, &["Operation name"]),
        (Field::Status, &["Status"]),
        (Field::Level, &["Level"]),
        (Field::EventCategory, &["Event category"]),
        (Field::CorrelationId, &["Correlation id"]),
        (Field::Caller, &["Event initiated by"]),
    ],
    claims_at: &[],
    texts: Texts::Plain,
};
