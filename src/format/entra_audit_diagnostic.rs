//! Entra directory audits as a diagnostic setting writes them.
//!
//! Source: <https://learn.microsoft.com/entra/identity/monitoring-health/howto-use-log-schemas>.
//! Fixtures: `testdata/formats/entra_audit_diagnostic/`.

use crate::extract::audit::SHAPE;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_audit_diagnostic",
    title: "Entra directory audits from a diagnostic setting",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Row(&SHAPE, FIELDS),
    claims: &[
        Claim::Has("time"),
        Claim::Text("operationName"),
        Claim::Text("category"),
        Claim::NoneOf(
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
        Claim::HasAny(&[
            "properties>activityDisplayName",
            "properties>initiatedBy",
            "properties>targetResources",
            "properties>loggedByService",
            "properties>operationType",
        ]),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("event_id", &["properties>id"]),
    ("time", &["properties>activityDateTime", "time"]),
    ("correlation_id", &["properties>correlationId", "correlationId"]),
    ("activity", &["properties>activityDisplayName", "operationName"]),
    ("category", &["properties>category"]),
    ("service", &["properties>loggedByService"]),
    ("operation_type", &["properties>operationType"]),
    ("result", &["properties>result", "resultType", "result", "resultSignature"]),
    ("result_reason", &["properties>resultReason", "resultDescription"]),
    ("user_id", &["properties>initiatedBy>user>id"]),
    ("user_upn", &["properties>initiatedBy>user>userPrincipalName"]),
    ("user_name", &["properties>initiatedBy>user>displayName"]),
    ("app_principal_id", &["properties>initiatedBy>app>servicePrincipalId"]),
    ("app_id", &["properties>initiatedBy>app>appId"]),
    (
        "app_name",
        &[
            "properties>initiatedBy>app>displayName",
            "properties>initiatedBy>app>servicePrincipalName",
        ],
    ),
    ("ip", &["properties>initiatedBy>user>ipAddress", "callerIpAddress"]),
    ("user_agent", &["properties>userAgent"]),
    ("targets", &["properties>targetResources"]),
    (
        "token_id",
        &[
            "properties>initiatedBy>linkableIdentifiers>tokenDetails>uniqueTokenIdentifier",
            "properties>initiatedBy>user>linkableIdentifiers>tokenDetails>uniqueTokenIdentifier",
        ],
    ),
    (
        "session_id",
        &[
            "properties>initiatedBy>linkableIdentifiers>sessionId",
            "properties>initiatedBy>user>linkableIdentifiers>sessionId",
        ],
    ),
    ("tenant_id", &["tenantId"]),
];
