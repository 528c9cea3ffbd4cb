//! Entra sign-ins as the portal's CSV gives them, and the AuthDetails file beside it.
//!
//! Source: <https://learn.microsoft.com/entra/identity/monitoring-health/howto-download-logs>.
//! Fixtures: `testdata/formats/entra_signin_portal_csv/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::extract::sign_in::SHAPE;
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_signin_portal_csv",
    title: "Entra sign-ins CSV from the portal",
    cannot_tell: "",
    claims_hint: "download the AuthDetails CSV too, or the JSON: this CSV does not show the steps of a sign-in",
    kind: Kind::Row(&SHAPE, FIELDS),
    claims: &[
        Claim::Has("Request ID"),
        Claim::HasAny(&["Sign-in error code", "Incoming token type", "Authentication method"]),
        Claim::HasAny(&["Date (UTC)", "Date"]),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("event_id", &["Request ID"]),
    ("time", &["Date (UTC)", "Date"]),
    ("resource_tenant_id", &["Resource tenant ID"]),
    ("correlation_id", &["Correlation ID", "Id. de correlación"]),
    ("user_id", &["User ID"]),
    ("upn", &["Username", "Nom d'utilisateur"]),
    ("display_name", &["User"]),
    ("principal_id", &["Service principal ID"]),
    ("principal_name", &["Service principal name"]),
    ("user_type", &["User type"]),
    ("home_tenant_id", &["Home tenant ID"]),
    ("cross_tenant_type", &["Cross tenant access type"]),
    ("app_id", &["Application ID"]),
    ("app", &["Application"]),
    ("resource_app_id", &["Resource ID"]),
    ("resource_app", &["Resource"]),
    ("client_app_used", &["Client app"]),
    ("auth_protocol", &["Authentication Protocol"]),
    ("transfer_method", &["Original transfer method"]),
    ("ip", &["IP address", "Adresse IP"]),
    ("location", &["Location"]),
    ("user_agent", &["User agent"]),
    ("device_id", &["Device ID"]),
    ("device_os", &["Operating System"]),
    ("device_compliant", &["Compliant"]),
    ("device_trust_type", &["Join Type"]),
    (
        "requirement",
        &[
            "Authentication requirement",
            "Exigence d'authentification",
            "Requisito de autenticación",
        ],
    ),
    ("mfa_result", &["Multifactor authentication result"]),
    (
        "mfa_method",
        &["Multifactor authentication auth method", "Méthode d'authentification multifacteur"],
    ),
    ("ca_status", &["Conditional Access"]),
    ("status", &["Status", "Statut", "Estado"]),
    ("error_code", &["Sign-in error code"]),
    ("failure_reason", &["Failure reason", "Motivo del error"]),
    ("token_id", &["Unique token identifier"]),
    ("session_id", &["Session ID"]),
    ("incoming_token_type", &["Incoming token type"]),
    ("managed_identity", &["Managed Identity type"]),
];
