//! Entra sign-ins as a diagnostic setting writes them.
//!
//! Source: <https://learn.microsoft.com/entra/identity/monitoring-health/reference-azure-monitor-sign-ins-log-schema>.
//! Fixtures: `testdata/formats/entra_signin_diagnostic/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::extract::sign_in::SHAPE;
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_signin_diagnostic",
    title: "Entra sign-ins from a diagnostic setting",
    cannot_tell: "",
    claims_hint: "the records lack the fields about MFA; a newer diagnostic setting writes them",
    kind: Kind::Row(&SHAPE, FIELDS),
    claims: &[
        Claim::Has("time"),
        Claim::Text("operationName"),
        Claim::Text("category"),
        Claim::OneOf(
            "category",
            &[
                "SignInLogs",
                "NonInteractiveUserSignInLogs",
                "ServicePrincipalSignInLogs",
                "ManagedIdentitySignInLogs",
                "ADFSSignInLogs",
                "MicrosoftServicePrincipalSignInLogs",
            ],
        ),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("event_id", &["properties>id"]),
    ("time", &["properties>createdDateTime", "time"]),
    ("tenant_id", &["tenantId"]),
    ("correlation_id", &["properties>correlationId", "correlationId"]),
    ("category", &["category"]),
    ("event_types", &["properties>signInEventTypes"]),
    ("is_interactive", &["properties>isInteractive"]),
    ("user_id", &["properties>userId"]),
    ("upn", &["properties>userPrincipalName"]),
    ("display_name", &["properties>userDisplayName", "identity"]),
    ("principal_id", &["properties>servicePrincipalId"]),
    ("principal_name", &["properties>servicePrincipalName"]),
    ("user_type", &["properties>userType"]),
    ("home_tenant_id", &["properties>homeTenantId"]),
    ("resource_tenant_id", &["properties>resourceTenantId"]),
    ("cross_tenant_type", &["properties>crossTenantAccessType"]),
    ("app_id", &["properties>appId"]),
    ("app", &["properties>appDisplayName"]),
    ("resource_app_id", &["properties>resourceId"]),
    ("resource_app", &["properties>resourceDisplayName"]),
    ("client_app_used", &["properties>clientAppUsed"]),
    ("auth_protocol", &["properties>authenticationProtocol"]),
    ("transfer_method", &["properties>originalTransferMethod"]),
    ("ip", &["properties>ipAddress", "callerIpAddress"]),
    ("country", &["properties>location>countryOrRegion", "location"]),
    ("city", &["properties>location>city"]),
    ("user_agent", &["properties>userAgent"]),
    ("device_id", &["properties>deviceDetail>deviceId"]),
    ("device_os", &["properties>deviceDetail>operatingSystem"]),
    ("device_compliant", &["properties>deviceDetail>isCompliant"]),
    ("device_trust_type", &["properties>deviceDetail>trustType"]),
    ("requirement", &["properties>authenticationRequirement"]),
    ("steps", &["properties>authenticationDetails"]),
    ("mfa_result", &["properties>status>additionalDetails"]),
    ("mfa_method", &["properties>mfaDetail>authMethod"]),
    ("ca_status", &["properties>conditionalAccessStatus"]),
    ("error_code", &["properties>status>errorCode"]),
    ("failure_reason", &["properties>status>failureReason", "resultDescription"]),
    ("token_id", &["properties>uniqueTokenIdentifier"]),
    ("session_id", &["properties>sessionId"]),
    ("incoming_token_type", &["properties>incomingTokenType"]),
    ("risk_sign_in", &["properties>riskLevelDuringSignIn"]),
    ("risk_user", &["properties>riskLevelAggregated"]),
    (
        "policies",
        &[
            "properties>appliedConditionalAccessPolicies",
            "properties>appliedConditionalAccessPolicy",
        ],
    ),
    ("managed_identity", &["properties>managedServiceIdentity"]),
    ("result_type", &["resultType"]),
];
