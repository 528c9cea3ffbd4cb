//! Entra directory audits from the Log Analytics table AuditLogs.
//!
//! Source: <https://learn.microsoft.com/azure/azure-monitor/reference/tables/auditlogs>.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_audit_log_analytics",
    title: "Entra directory audits from Log Analytics",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Audit,
    claims: &[
        Claim::Has("InitiatedBy"),
        Claim::Has("TargetResources"),
        Claim::HasAny(&["AADOperationType", "LoggedByService"]),
        Claim::HasAny(&["TimeGenerated", "TimeGenerated [UTC]", "AADOperationType"]),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
