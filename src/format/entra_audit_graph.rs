//! Entra directory audits as Microsoft Graph or the portal's JSON give them.
//!
//! Source: <https://learn.microsoft.com/graph/api/resources/directoryaudit>.
//! Fixtures: `testdata/formats/entra_audit_graph/`.

use crate::extract::audit::SHAPE;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_audit_graph",
    title: "Entra directory audits from Graph or the portal",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Row(&SHAPE, FIELDS),
    claims: &[
        Claim::Has("activityDateTime"),
        Claim::Has("initiatedBy"),
        Claim::Has("targetResources"),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("event_id", &["id"]),
    ("time", &["activityDateTime"]),
    ("correlation_id", &["correlationId"]),
    ("activity", &["activityDisplayName"]),
    ("category", &["category"]),
    ("service", &["loggedByService"]),
    ("operation_type", &["operationType"]),
    ("result", &["result"]),
    ("result_reason", &["resultReason"]),
    ("user_id", &["initiatedBy>user>id"]),
    ("user_upn", &["initiatedBy>user>userPrincipalName"]),
    ("user_name", &["initiatedBy>user>displayName"]),
    ("app_principal_id", &["initiatedBy>app>servicePrincipalId"]),
    ("app_id", &["initiatedBy>app>appId"]),
    ("app_name", &["initiatedBy>app>displayName", "initiatedBy>app>servicePrincipalName"]),
    ("ip", &["initiatedBy>user>ipAddress"]),
    ("user_agent", &["userAgent"]),
    ("targets", &["targetResources"]),
    (
        "token_id",
        &[
            "initiatedBy>linkableIdentifiers>tokenDetails>uniqueTokenIdentifier",
            "initiatedBy>user>linkableIdentifiers>tokenDetails>uniqueTokenIdentifier",
        ],
    ),
    (
        "session_id",
        &[
            "initiatedBy>linkableIdentifiers>sessionId",
            "initiatedBy>user>linkableIdentifiers>sessionId",
        ],
    ),
];
