//! Activity Log events as the Azure SDK for Python prints them with `as_dict()`: snake case.
//!
//! Source: `EventData` in <https://learn.microsoft.com/python/api/azure-mgmt-monitor/>.
//! Fixtures: `testdata/formats/activity_python_sdk/`.

use crate::extract::field::Field;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "activity_python_sdk",
    title: "Activity Log from the Azure SDK for Python (`as_dict()` lines)",
    cannot_tell: "",
    claims_hint: "call `activity_logs.list` without `select`, which drops `claims`",
    kind: Kind::Activity,
    claims: &[
        Claim::Object("operation_name"),
        Claim::HasAny(&["event_timestamp", "event_data_id"]),
    ],
    paths: &[
        (Field::EventId, &["event_data_id"]),
        (Field::EventPath, &["id"]),
        (Field::Time, &["event_timestamp"]),
        (Field::TenantId, &["tenant_id"]),
        (Field::Hierarchy, &["properties>hierarchy"]),
        (Field::SubscriptionId, &["subscription_id"]),
        (Field::ResourceGroup, &["resource_group_name"]),
        (Field::ResourceId, &["resource_id", "resource_uri"]),
        (Field::ResourceType, &["resource_type>value"]),
        (Field::ResourceLocation, &["properties>resourceLocation"]),
        (Field::Operation, &["operation_name>value"]),
        (Field::Status, &["status>value"]),
        (Field::SubStatus, &["sub_status>value"]),
        (Field::StatusCode, &["properties>statusCode"]),
        (Field::Level, &["level"]),
        (Field::EventCategory, &["properties>eventCategory"]),
        (Field::Category, &["category>value"]),
        (Field::CorrelationId, &["correlation_id"]),
        (Field::OperationId, &["operation_id"]),
        (Field::Caller, &["caller"]),
        (Field::ClientIp, &["http_request>client_ip_address"]),
        (Field::HttpMethod, &["http_request>method"]),
        (
            Field::ErrorCode,
            &["properties>statusMessage>error>code", "properties>statusMessage>code"],
        ),
        (
            Field::ErrorMessage,
            &[
                "properties>statusMessage>error>message",
                "properties>statusMessage>message",
                "properties>statusMessage",
            ],
        ),
        (Field::Description, &["description"]),
        (Field::Role, &["authorization>role"]),
        (Field::IsComplianceCheck, &["properties>isComplianceCheck"]),
        (Field::Policies, &["properties>policies"]),
        (Field::AuthorizationAction, &["authorization>action"]),
    ],
    claims_at: &["claims"],
    texts: Texts::Plain,
};
