//! Entra sign-ins from the Log Analytics tables.
//!
//! Source: <https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs>.

use crate::extract::format::{Claim, Format, Kind};
use crate::extract::sign_in::SHAPE;
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_signin_log_analytics",
    title: "Entra sign-ins from Log Analytics",
    cannot_tell: "",
    claims_hint: "keep the columns `AuthenticationRequirement`, `AuthenticationDetails` and `Status` in the query",
    kind: Kind::Row(&SHAPE, FIELDS),
    claims: &[
        Claim::HasAny(&["ResultType", "Status"]),
        Claim::HasAny(&["UserPrincipalName", "ServicePrincipalId", "UserId"]),
        Claim::HasAny(&["TimeGenerated", "TimeGenerated [UTC]"]),
        Claim::HasAny(&["AppId", "AppDisplayName", "ResourceIdentity"]),
        Claim::NoneOf("Type", &["AzureActivity", "AuditLogs"]),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Python,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("event_id", &["Id"]),
    ("time", &["CreatedDateTime", "CreatedDateTime [UTC]", "TimeGenerated", "TimeGenerated [UTC]"]),
    ("tenant_id", &["AADTenantId"]),
    ("correlation_id", &["CorrelationId"]),
    ("category", &["Type", "Category"]),
    ("is_interactive", &["IsInteractive"]),
    ("user_id", &["UserId"]),
    ("upn", &["UserPrincipalName"]),
    ("display_name", &["UserDisplayName", "Identity"]),
    ("principal_id", &["ServicePrincipalId"]),
    ("principal_name", &["ServicePrincipalName"]),
    ("user_type", &["UserType"]),
    ("home_tenant_id", &["HomeTenantId"]),
    ("resource_tenant_id", &["ResourceTenantId"]),
    ("cross_tenant_type", &["CrossTenantAccessType"]),
    ("app_id", &["AppId"]),
    ("app", &["AppDisplayName"]),
    ("resource_app_id", &["ResourceIdentity"]),
    ("resource_app", &["ResourceDisplayName"]),
    ("client_app_used", &["ClientAppUsed"]),
    ("auth_protocol", &["AuthenticationProtocol"]),
    ("transfer_method", &["OriginalTransferMethod"]),
    ("ip", &["IPAddress"]),
    ("country", &["LocationDetails>countryOrRegion", "Location"]),
    ("city", &["LocationDetails>city"]),
    ("user_agent", &["UserAgent"]),
    ("device_id", &["DeviceDetail>deviceId"]),
    ("device_os", &["DeviceDetail>operatingSystem"]),
    ("device_compliant", &["DeviceDetail>isCompliant"]),
    ("device_trust_type", &["DeviceDetail>trustType"]),
    ("requirement", &["AuthenticationRequirement"]),
    ("steps", &["AuthenticationDetails"]),
    ("mfa_result", &["Status>additionalDetails"]),
    ("mfa_method", &["MfaDetail>authMethod"]),
    ("ca_status", &["ConditionalAccessStatus"]),
    ("error_code", &["Status>errorCode"]),
    ("result_type", &["ResultType"]),
    ("failure_reason", &["Status>failureReason", "ResultDescription"]),
    ("token_id", &["UniqueTokenIdentifier"]),
    ("session_id", &["SessionId"]),
    ("incoming_token_type", &["IncomingTokenType"]),
    ("risk_sign_in", &["RiskLevelDuringSignIn"]),
    ("risk_user", &["RiskLevelAggregated"]),
    ("policies", &["ConditionalAccessPolicies", "AppliedConditionalAccessPolicies"]),
    ("managed_identity", &["ManagedServiceIdentity"]),
];
