//! Activity Log events as `Get-AzActivityLog -DetailedOutput | ConvertTo-Json` writes them, in
//! Windows PowerShell 5.1 and PowerShell 7: Pascal case, claims and properties inside `Content`.
//!
//! Source: `PSEventData.cs` and `PSDictionaryElement.cs` in
//! <https://github.com/Azure/azure-powershell>. Windows
//! PowerShell 5.1 writes times as `/Date(…)/`, in milliseconds.
//! Fixtures: `testdata/formats/activity_powershell/`.

use crate::extract::field::Field;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "activity_powershell",
    title: "Activity Log from Get-AzActivityLog (-DetailedOutput | ConvertTo-Json)",
    cannot_tell: "",
    claims_hint: "run `Get-AzActivityLog -DetailedOutput | ConvertTo-Json -Depth 10`",
    kind: Kind::Activity,
    claims: &[
        Claim::Object("OperationName"),
        Claim::Has("OperationName>Value"),
        Claim::HasAny(&["EventTimestamp", "EventDataId"]),
        Claim::HasAny(&["Claims>Content", "Properties>Content"]),
    ],
    paths: &[
        (Field::EventId, &["EventDataId"]),
        (Field::EventPath, &["Id"]),
        (Field::Time, &["EventTimestamp>value", "EventTimestamp>DateTime", "EventTimestamp"]),
        (Field::TenantId, &["TenantId"]),
        (Field::Hierarchy, &["Properties>Content>hierarchy"]),
        (Field::SubscriptionId, &["SubscriptionId"]),
        (Field::ResourceGroup, &["ResourceGroupName"]),
        (Field::ResourceId, &["ResourceId", "ResourceUri"]),
        (Field::ResourceType, &["ResourceType>Value", "ResourceType"]),
        (Field::ResourceLocation, &["Properties>Content>resourceLocation"]),
        (Field::Operation, &["OperationName>Value", "OperationName"]),
        (Field::Status, &["Status>Value", "Status"]),
        (Field::SubStatus, &["SubStatus>Value", "SubStatus"]),
        (Field::StatusCode, &["Properties>Content>statusCode"]),
        (Field::Level, &["Level"]),
        (Field::EventCategory, &["Properties>Content>eventCategory"]),
        (Field::Category, &["Category>Value", "Category"]),
        (Field::CorrelationId, &["CorrelationId"]),
        (Field::OperationId, &["OperationId"]),
        (Field::Caller, &["Caller"]),
        (Field::ClientIp, &["HttpRequest>ClientIpAddress"]),
        (Field::HttpMethod, &["HttpRequest>Method"]),
        (Field::ErrorCode, &["Properties>Content>statusMessage>error>code"]),
        (
            Field::ErrorMessage,
            &["Properties>Content>statusMessage>error>message", "Properties>Content>statusMessage"],
        ),
        (Field::Description, &["Description"]),
        (Field::Role, &["Authorization>Role"]),
        (Field::IsComplianceCheck, &["Properties>Content>isComplianceCheck"]),
        (Field::Policies, &["Properties>Content>policies"]),
        (Field::AuthorizationAction, &["Authorization>Action"]),
    ],
    claims_at: &["Claims>Content"],
    texts: Texts::Plain,
};
