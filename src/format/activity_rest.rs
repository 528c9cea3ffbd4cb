//! Activity Log events as the REST API, the Azure CLI and the portal's JSON tab write them.
//!
//! Source: <https://learn.microsoft.com/rest/api/monitor/activity-logs/list>; the recordings of
//! 2015–2019 say `resourceUri` for `resourceId` and `eventSource` for the provider.
//! Fixtures: `testdata/formats/activity_rest/`, `testdata/formats/activity_rest_old/`.

use crate::extract::field::Field;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "activity_rest",
    title: "Activity Log from REST, `az monitor activity-log list` or the portal's JSON tab",
    cannot_tell: "",
    claims_hint: "`$select`, `--query`, or `Get-AzActivityLog` without `-DetailedOutput` drops the claims; leave it out, or add it",
    kind: Kind::Activity,
    claims: &[
        Claim::Object("operationName"),
        Claim::Has("operationName>value"),
        Claim::HasAny(&["eventTimestamp", "eventDataId"]),
    ],
    paths: &[
        (Field::EventId, &["eventDataId"]),
        (Field::EventPath, &["id"]),
        (Field::Time, &["eventTimestamp"]),
        (Field::TenantId, &["tenantId"]),
        (Field::Hierarchy, &["properties>hierarchy"]),
        (Field::SubscriptionId, &["subscriptionId"]),
        (Field::ResourceGroup, &["resourceGroupName", "resourceGroup"]),
        (Field::ResourceId, &["resourceId", "resourceUri"]),
        (Field::ResourceType, &["resourceType>value"]),
        (Field::ResourceLocation, &["properties>resourceLocation"]),
        (Field::Operation, &["operationName>value"]),
        (Field::Status, &["status>value"]),
        (Field::SubStatus, &["subStatus>value"]),
        (Field::StatusCode, &["properties>statusCode"]),
        (Field::Level, &["level"]),
        (Field::EventCategory, &["properties>eventCategory"]),
        (Field::Category, &["category>value"]),
        (Field::CorrelationId, &["correlationId"]),
        (Field::OperationId, &["operationId"]),
        (Field::Caller, &["caller"]),
        (Field::ClientIp, &["httpRequest>clientIpAddress"]),
        (Field::HttpMethod, &["httpRequest>method"]),
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
        (Field::Role, &["authorization>role", "authorization>evidence>role"]),
        (Field::IsComplianceCheck, &["properties>isComplianceCheck"]),
        (Field::Policies, &["properties>policies"]),
        (Field::AuthorizationAction, &["authorization>action"]),
    ],
    claims_at: &["claims"],
    texts: Texts::Plain,
};
