//! Entra sign-ins from the Log Analytics tables.
//!
//! Source: <https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs>.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_signin_log_analytics",
    title: "Entra sign-ins from Log Analytics",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::SignIn,
    claims: &[
        Claim::HasAny(&["ResultType", "Status"]),
        Claim::HasAny(&["UserPrincipalName", "ServicePrincipalId", "UserId"]),
        Claim::HasAny(&["TimeGenerated", "TimeGenerated [UTC]"]),
        Claim::HasAny(&["AppId", "AppDisplayName", "ResourceIdentity"]),
        Claim::NoneOf("Type", &["AzureActivity", "AuditLogs"]),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
