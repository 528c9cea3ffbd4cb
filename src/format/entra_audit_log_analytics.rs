//! Entra directory audits from the Log Analytics table AuditLogs.
//!
//! Source: <https://learn.microsoft.com/azure/azure-monitor/reference/tables/auditlogs>.

use crate::extract::audit::SHAPE;
use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_audit_log_analytics",
    title: "Entra directory audits from Log Analytics",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Row(&SHAPE, FIELDS),
    claims: &[
        Claim::Has("InitiatedBy"),
        Claim::Has("TargetResources"),
        Claim::HasAny(&["AADOperationType", "LoggedByService"]),
        Claim::HasAny(&["TimeGenerated", "TimeGenerated [UTC]", "AADOperationType"]),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Python,
};

const FIELDS: &[(&str, &[&str])] = &[
    ("event_id", &["Id"]),
    (
        "time",
        &["ActivityDateTime", "ActivityDateTime [UTC]", "TimeGenerated", "TimeGenerated [UTC]"],
    ),
    ("tenant_id", &["AADTenantId"]),
    ("correlation_id", &["CorrelationId"]),
    ("activity", &["OperationName", "ActivityDisplayName"]),
    ("category", &["Category"]),
    ("service", &["LoggedByService"]),
    ("operation_type", &["AADOperationType"]),
    ("result", &["Result"]),
    ("result_reason", &["ResultReason", "ResultDescription"]),
    ("user_id", &["InitiatedBy>user>id"]),
    ("user_upn", &["InitiatedBy>user>userPrincipalName"]),
    ("user_name", &["InitiatedBy>user>displayName"]),
    ("app_principal_id", &["InitiatedBy>app>servicePrincipalId"]),
    ("app_id", &["InitiatedBy>app>appId"]),
    ("app_name", &["InitiatedBy>app>displayName", "InitiatedBy>app>servicePrincipalName"]),
    ("ip", &["InitiatedBy>user>ipAddress"]),
    ("user_agent", &["UserAgent"]),
    ("targets", &["TargetResources"]),
    ("token_id", &["InitiatedBy>linkableIdentifiers>tokenDetails>uniqueTokenIdentifier"]),
    ("session_id", &["InitiatedBy>linkableIdentifiers>sessionId"]),
];
