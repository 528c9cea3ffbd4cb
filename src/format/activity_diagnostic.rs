//! Activity Log events as a diagnostic setting writes them to a storage account or an event hub.
//!
//! Source: <https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema>
//! ("Schema from storage account and Event Hubs"). There is no event id and, in most records, no
//! operation id. `location` is where the event was processed, not where the resource is. Entra's
//! own audit records have a category `Policy` too, but a resource id that begins `/tenants/`.
//! Fixtures: `testdata/formats/activity_diagnostic/`, `testdata/formats/activity_eventhub/`.

use crate::extract::field::Field;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "activity_diagnostic",
    title: "Activity Log from a diagnostic setting (storage blobs, Event Hubs, Capture)",
    cannot_tell: "event ids; operation ids in most records",
    claims_hint: "export the events with `az monitor activity-log list --offset 90d --max-events 100000`",
    kind: Kind::Activity,
    claims: &[
        Claim::Has("time"),
        Claim::Text("operationName"),
        Claim::OneOf(
            "category",
            &[
                "Administrative",
                "Policy",
                "Security",
                "ServiceHealth",
                "ResourceHealth",
                "Alert",
                "Autoscale",
                "Recommendation",
                "Write",
                "Delete",
                "Action",
            ],
        ),
        Claim::BeginsNot("resourceId", "/tenants/"),
    ],
    paths: &[
        (Field::Time, &["time"]),
        (Field::TenantId, &["tenantId", "properties>tenantId"]),
        (Field::Hierarchy, &["properties>eventProperties>hierarchy", "properties>hierarchy"]),
        (Field::SubscriptionId, &["subscriptionId"]),
        (Field::ResourceId, &["resourceId"]),
        (
            Field::ResourceLocation,
            &["properties>eventProperties>resourceLocation", "properties>resourceLocation"],
        ),
        (Field::Operation, &["operationName"]),
        (Field::Status, &["resultType"]),
        (Field::ResultSignature, &["resultSignature"]),
        (Field::StatusCode, &["properties>eventProperties>statusCode", "properties>statusCode"]),
        (Field::Level, &["level"]),
        (
            Field::EventCategory,
            &["properties>eventProperties>eventCategory", "properties>eventCategory"],
        ),
        (Field::Category, &["category"]),
        (Field::CorrelationId, &["correlationId"]),
        (Field::OperationId, &["operationId", "properties>operationId"]),
        (Field::Caller, &["caller"]),
        (Field::ClientIp, &["callerIpAddress"]),
        (Field::HttpMethod, &["properties>httpRequest>method", "httpRequest>method"]),
        (
            Field::ErrorCode,
            &[
                "properties>eventProperties>statusMessage>error>code",
                "properties>statusMessage>error>code",
                "properties>statusMessage>code",
            ],
        ),
        (
            Field::ErrorMessage,
            &[
                "properties>eventProperties>statusMessage>error>message",
                "properties>statusMessage>error>message",
                "properties>statusMessage>message",
                "properties>statusMessage",
            ],
        ),
        (Field::Description, &["resultDescription"]),
        (Field::Role, &["identity>authorization>evidence>role", "identity>authorization>role"]),
        (
            Field::IsComplianceCheck,
            &["properties>eventProperties>isComplianceCheck", "properties>isComplianceCheck"],
        ),
        (Field::Policies, &["properties>eventProperties>policies", "properties>policies"]),
        (Field::AuthorizationAction, &["identity>authorization>action"]),
    ],
    claims_at: &["identity>claims"],
    texts: Texts::Plain,
};
