//! Rows of the Log Analytics table AzureActivity, from the query API, `az monitor log-analytics
//! query`, the portal's CSV, data export rules or Parquet export jobs.
//!
//! Source: <https://learn.microsoft.com/azure/azure-monitor/reference/tables/azureactivity>.
//! `TenantId` is the workspace, not the Entra tenant. The `_d` columns are preferred, as the page
//! says; either may be empty. The Azure CLI prints null as `None`.
//! Fixtures: `testdata/formats/activity_log_analytics/`.

use crate::extract::field::Field;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "activity_log_analytics",
    title: "Activity Log from Log Analytics (AzureActivity: API, CLI, CSV, export, Parquet)",
    cannot_tell: "",
    claims_hint: "keep the columns `Claims_d` or `Claims` in the query",
    kind: Kind::Activity,
    claims: &[
        Claim::HasAny(&["OperationNameValue", "OperationName"]),
        Claim::HasAny(&["ActivityStatusValue", "CategoryValue", "EventDataId", "ActivityStatus"]),
        Claim::HasAny(&["TimeGenerated", "TimeGenerated [UTC]"]),
    ],
    paths: &[
        (Field::EventId, &["EventDataId"]),
        (Field::Time, &["TimeGenerated", "TimeGenerated [UTC]"]),
        (Field::Hierarchy, &["Hierarchy"]),
        (Field::SubscriptionId, &["SubscriptionId", "_SubscriptionId"]),
        (Field::ResourceGroup, &["ResourceGroup"]),
        (Field::ResourceId, &["_ResourceId", "ResourceId"]),
        (
            Field::ResourceLocation,
            &["Properties_d>resourceLocation", "Properties>resourceLocation"],
        ),
        (Field::Operation, &["OperationNameValue", "OperationName"]),
        (Field::Status, &["ActivityStatusValue", "ActivityStatus"]),
        (Field::SubStatus, &["ActivitySubstatusValue", "ActivitySubstatus"]),
        (Field::StatusCode, &["Properties_d>statusCode", "Properties>statusCode"]),
        (Field::Level, &["Level"]),
        (Field::EventCategory, &["Properties_d>eventCategory", "Properties>eventCategory"]),
        (Field::Category, &["CategoryValue", "Category"]),
        (Field::CorrelationId, &["CorrelationId"]),
        (Field::OperationId, &["OperationId"]),
        (Field::Caller, &["Caller"]),
        (Field::ClientIp, &["CallerIpAddress", "HTTPRequest>clientIpAddress"]),
        (Field::HttpMethod, &["HTTPRequest>method"]),
        (
            Field::ErrorCode,
            &[
                "Properties_d>statusMessage>error>code",
                "Properties>statusMessage>error>code",
                "Properties_d>statusMessage>code",
                "Properties>statusMessage>code",
            ],
        ),
        (
            Field::ErrorMessage,
            &[
                "Properties_d>statusMessage>error>message",
                "Properties>statusMessage>error>message",
                "Properties_d>statusMessage>message",
                "Properties>statusMessage>message",
                "Properties_d>statusMessage",
                "Properties>statusMessage",
            ],
        ),
        (
            Field::Role,
            &[
                "Authorization_d>evidence>role",
                "Authorization>evidence>role",
                "Authorization_d>role",
                "Authorization>role",
            ],
        ),
        (
            Field::IsComplianceCheck,
            &["Properties_d>isComplianceCheck", "Properties>isComplianceCheck"],
        ),
        (Field::Policies, &["Properties_d>policies", "Properties>policies"]),
        (Field::AuthorizationAction, &["Authorization_d>action", "Authorization>action"]),
    ],
    claims_at: &["Claims_d", "Claims"],
    texts: Texts::Python,
};
