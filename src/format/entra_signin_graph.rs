//! Entra sign-ins as Microsoft Graph, the portal's JSON or `Get-MgAuditLogSignIn` give them.
//!
//! Source: <https://learn.microsoft.com/graph/api/resources/signin>.
//! Fixtures: `testdata/formats/entra_signin_graph/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::extract::sign_in::SHAPE;
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_signin_graph",
    title: "Entra sign-ins from Graph or the portal",
    cannot_tell: "",
    claims_hint: "Graph v1.0 leaves out everything about MFA: export from beta (`GET /beta/auditLogs/signIns`, all of `signInEventTypes`), from the portal as JSON, or with a diagnostic setting",
    kind: Kind::Row(&SHAPE, FIELDS),
    claims: &[
        Claim::Has("createdDateTime"),
        Claim::HasAny(&["appId", "servicePrincipalId", "userId"]),
        // Documented samples leave `status` out.
        Claim::HasAny(&[
            "status>errorCode",
            "authenticationRequirement",
            "conditionalAccessStatus",
        ]),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("event_id", &["id"]),
    ("time", &["createdDateTime"]),
    ("correlation_id", &["correlationId"]),
    ("event_types", &["signInEventTypes"]),
    ("is_interactive", &["isInteractive"]),
    ("user_id", &["userId"]),
    ("upn", &["userPrincipalName"]),
    ("display_name", &["userDisplayName"]),
    ("principal_id", &["servicePrincipalId"]),
    ("principal_name", &["servicePrincipalName"]),
    ("user_type", &["userType"]),
    ("home_tenant_id", &["homeTenantId"]),
    ("resource_tenant_id", &["resourceTenantId"]),
    ("cross_tenant_type", &["crossTenantAccessType"]),
    ("app_id", &["appId"]),
    ("app", &["appDisplayName"]),
    ("resource_app_id", &["resourceId"]),
    ("resource_app", &["resourceDisplayName"]),
    ("client_app_used", &["clientAppUsed"]),
    ("auth_protocol", &["authenticationProtocol"]),
    ("transfer_method", &["originalTransferMethod"]),
    ("ip", &["ipAddress"]),
    ("country", &["location>countryOrRegion"]),
    ("city", &["location>city"]),
    ("user_agent", &["userAgent"]),
    ("device_id", &["deviceDetail>deviceId"]),
    ("device_os", &["deviceDetail>operatingSystem"]),
    ("device_compliant", &["deviceDetail>isCompliant"]),
    ("device_trust_type", &["deviceDetail>trustType"]),
    ("requirement", &["authenticationRequirement"]),
    ("steps", &["authenticationDetails"]),
    ("mfa_result", &["status>additionalDetails"]),
    ("mfa_method", &["mfaDetail>authMethod"]),
    ("ca_status", &["conditionalAccessStatus"]),
    ("error_code", &["status>errorCode"]),
    ("failure_reason", &["status>failureReason"]),
    ("token_id", &["uniqueTokenIdentifier"]),
    ("session_id", &["sessionId"]),
    ("incoming_token_type", &["incomingTokenType"]),
    ("risk_sign_in", &["riskLevelDuringSignIn"]),
    ("risk_user", &["riskLevelAggregated"]),
    ("policies", &["appliedConditionalAccessPolicies", "appliedConditionalAccessPolicy"]),
    ("managed_identity", &["managedServiceIdentity"]),
];
