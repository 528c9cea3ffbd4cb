//! Activity Log alerts in the common alert schema.
//!
//! Source: <https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema>, part
//! `monitoringService = Activity Log - *`: `data.alertContext` holds the event, with claims and
//! authorization as JSON in strings.
//! Fixtures: `testdata/formats/activity_common_alert/`.

use crate::extract::field::Field;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "activity_common_alert",
    title: "Activity Log alerts (common alert schema)",
    cannot_tell: "events that no alert rule fires for",
    claims_hint: "alerts of administrative events carry claims; other kinds do not",
    kind: Kind::Activity,
    claims: &[
        Claim::OneOf("schemaId", &["azureMonitorCommonAlertSchema"]),
        Claim::Begins("data>essentials>monitoringService", "Activity Log"),
        Claim::Object("data>alertContext"),
    ],
    paths: &[
        (Field::EventId, &["data>alertContext>eventDataId"]),
        (Field::Time, &["data>alertContext>eventTimestamp", "data>essentials>firedDateTime"]),
        (Field::TenantId, &["data>alertContext>tenantId"]),
        (Field::Hierarchy, &["data>alertContext>properties>hierarchy"]),
        (Field::SubscriptionId, &["data>alertContext>subscriptionId"]),
        (Field::ResourceGroup, &["data>alertContext>resourceGroupName"]),
        (
            Field::ResourceId,
            &[
                "data>alertContext>resourceId",
                "data>alertContext>properties>entity",
                "data>alertContext>authorization>scope",
                "data>essentials>alertTargetIDs",
            ],
        ),
        (Field::ResourceLocation, &["data>alertContext>properties>resourceLocation"]),
        (
            Field::Operation,
            &["data>alertContext>operationName>value", "data>alertContext>operationName"],
        ),
        (Field::Status, &["data>alertContext>status>value", "data>alertContext>status"]),
        (Field::SubStatus, &["data>alertContext>subStatus>value", "data>alertContext>subStatus"]),
        (Field::StatusCode, &["data>alertContext>properties>statusCode"]),
        (Field::Level, &["data>alertContext>level"]),
        (Field::EventCategory, &["data>alertContext>properties>eventCategory"]),
        (Field::Category, &["data>alertContext>eventSource"]),
        (Field::CorrelationId, &["data>alertContext>correlationId"]),
        (Field::OperationId, &["data>alertContext>operationId"]),
        (Field::Caller, &["data>alertContext>caller"]),
        (Field::ClientIp, &["data>alertContext>httpRequest>clientIpAddress"]),
        (Field::HttpMethod, &["data>alertContext>httpRequest>method"]),
        (Field::ErrorCode, &["data>alertContext>properties>statusMessage>error>code"]),
        (
            Field::ErrorMessage,
            &[
                "data>alertContext>properties>statusMessage>error>message",
                "data>alertContext>properties>statusMessage",
            ],
        ),
        (Field::Description, &["data>alertContext>description"]),
        (Field::Role, &["data>alertContext>authorization>role"]),
        (Field::IsComplianceCheck, &["data>alertContext>properties>isComplianceCheck"]),
        (Field::Policies, &["data>alertContext>properties>policies"]),
        (Field::AuthorizationAction, &["data>alertContext>authorization>action"]),
    ],
    claims_at: &["data>alertContext>claims"],
    texts: Texts::Plain,
};
