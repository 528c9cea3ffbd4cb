//! Azure Event Grid events of subscriptions and resource groups.
//!
//! Source: <https://learn.microsoft.com/azure/event-grid/event-schema-subscriptions>. Only ended
//! operations are told (success, failure, cancel); `authorization` has Pascal case members in
//! newer events, and claims may be JSON in a string.
//! Fixtures: `testdata/formats/activity_event_grid/`.

use crate::extract::field::Field;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "activity_event_grid",
    title: "Event Grid events of a subscription (ResourceWriteSuccess, …)",
    cannot_tell: "begun operations, policy events, error texts",
    claims_hint: "subscribe to the event with its full schema",
    kind: Kind::Activity,
    claims: &[
        Claim::Begins("eventType", "Microsoft.Resources.Resource"),
        Claim::Object("data"),
        Claim::Has("data>operationName"),
    ],
    paths: &[
        (Field::EventId, &["id"]),
        (Field::Time, &["eventTime", "time"]),
        (Field::TenantId, &["data>tenantId"]),
        (Field::SubscriptionId, &["data>subscriptionId"]),
        (Field::ResourceId, &["data>resourceUri", "subject"]),
        (Field::Operation, &["data>operationName", "data>authorization>action"]),
        (Field::Status, &["data>status"]),
        (Field::CorrelationId, &["data>correlationId"]),
        (Field::ClientIp, &["data>httpRequest>clientIpAddress"]),
        (Field::HttpMethod, &["data>httpRequest>method"]),
        (Field::Role, &["data>authorization>evidence>role"]),
        (Field::AuthorizationAction, &["data>authorization>action"]),
    ],
    claims_at: &["data>claims"],
    texts: Texts::Plain,
};
