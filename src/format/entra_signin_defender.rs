//! Entra sign-ins from Defender advanced hunting.
//!
//! Source: <https://learn.microsoft.com/defender-xdr/advanced-hunting-entraidsigninevents-table>.
//! Fixtures: `testdata/formats/entra_signin_defender/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::extract::sign_in::SHAPE;
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_signin_defender",
    title: "Entra sign-ins from Defender advanced hunting",
    cannot_tell: "",
    claims_hint: "hunting tables have no authentication steps: export the sign-in logs themselves",
    kind: Kind::Row(&SHAPE, FIELDS),
    claims: &[
        Claim::Has("Timestamp"),
        Claim::Has("AccountUpn"),
        Claim::Has("ErrorCode"),
        Claim::Has("LogonType"),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("event_id", &["RequestId"]),
    ("time", &["Timestamp"]),
    ("resource_tenant_id", &["ResourceTenantId"]),
    ("correlation_id", &["CorrelationId"]),
    ("category", &["LogonType"]),
    ("event_types", &["LogonType"]),
    ("user_id", &["AccountObjectId"]),
    ("upn", &["AccountUpn"]),
    ("display_name", &["AccountDisplayName"]),
    ("user_type", &["UserType"]),
    ("is_guest", &["IsGuestUser"]),
    ("app_id", &["ApplicationId"]),
    ("app", &["Application"]),
    ("resource_app_id", &["ResourceId"]),
    ("resource_app", &["ResourceDisplayName"]),
    ("client_app_used", &["ClientAppUsed"]),
    ("ip", &["IPAddress"]),
    ("country", &["Country"]),
    ("city", &["City"]),
    ("user_agent", &["UserAgent"]),
    ("device_id", &["EntraIdDeviceId", "AadDeviceId"]),
    ("device_os", &["OSPlatform"]),
    ("device_compliant", &["IsCompliant"]),
    ("device_trust_type", &["DeviceTrustType"]),
    ("requirement", &["AuthenticationRequirement"]),
    ("ca_status", &["ConditionalAccessStatus"]),
    ("error_code", &["ErrorCode"]),
    ("token_id", &["UniqueTokenId"]),
    ("session_id", &["SessionId"]),
    ("risk_sign_in", &["RiskLevelDuringSignIn"]),
    ("risk_user", &["RiskLevelAggregated"]),
    ("policies", &["ConditionalAccessPolicies"]),
];
