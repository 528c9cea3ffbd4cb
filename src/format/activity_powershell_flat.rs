//! Activity Log events as `Get-AzActivityLog` gives them flat: through `Export-Csv`, whose cells
//! hold dictionaries as lines of `key : value`, or without `-DetailedOutput`, when there are no
//! claims, no event ids and no properties.
//!
//! Source: `PSEventData.cs` and `PSDictionaryElement.cs` in
//! <https://github.com/Azure/azure-powershell>.
//! Fixtures: `testdata/formats/activity_powershell/`.

use crate::extract::field::Field;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "activity_powershell_flat",
    title: "Activity Log from Get-AzActivityLog (Export-Csv, or without -DetailedOutput)",
    cannot_tell: "without -DetailedOutput: claims, event ids, addresses, policies",
    claims_hint: "run `Get-AzActivityLog -DetailedOutput | ConvertTo-Json -Depth 10`",
    kind: Kind::Activity,
    claims: &[
        Claim::Text("OperationName"),
        Claim::Has("EventTimestamp"),
        Claim::HasAny(&["Authorization", "SubStatus", "ResourceGroupName"]),
    ],
    paths: &[
        (Field::EventId, &["EventDataId"]),
        (Field::EventPath, &["Id"]),
        (Field::Time, &["EventTimestamp>value", "EventTimestamp>DateTime", "EventTimestamp"]),
        (Field::TenantId, &["TenantId"]),
        (Field::Hierarchy, &["Properties>hierarchy"]),
        (Field::SubscriptionId, &["SubscriptionId"]),
        (Field::ResourceGroup, &["ResourceGroupName"]),
        (Field::ResourceId, &["ResourceId", "ResourceUri"]),
        (Field::ResourceType, &["ResourceType>Value", "ResourceType"]),
        (Field::ResourceLocation, &["Properties>resourceLocation"]),
        (Field::Operation, &["OperationName>Value", "OperationName"]),
        (Field::Status, &["Status>Value", "Status"]),
        (Field::SubStatus, &["SubStatus>Value", "SubStatus"]),
        (Field::StatusCode, &["Properties>statusCode"]),
        (Field::Level, &["Level"]),
        (Field::EventCategory, &["Properties>eventCategory"]),
        (Field::Category, &["Category>Value", "Category"]),
        (Field::CorrelationId, &["CorrelationId"]),
        (Field::OperationId, &["OperationId"]),
        (Field::Caller, &["Caller"]),
        (Field::ClientIp, &["HttpRequest>ClientIpAddress"]),
        (Field::HttpMethod, &["HttpRequest>Method"]),
        (Field::ErrorCode, &["Properties>statusMessage>error>code"]),
        (
            Field::ErrorMessage,
            &["Properties>statusMessage>error>message", "Properties>statusMessage"],
        ),
        (Field::Description, &["Description"]),
        (Field::Role, &["Authorization>Role"]),
        (Field::IsComplianceCheck, &["Properties>isComplianceCheck"]),
        (Field::Policies, &["Properties>policies"]),
        (Field::AuthorizationAction, &["Authorization>Action"]),
    ],
    claims_at: &["Claims"],
    texts: Texts::DotNet,
};
