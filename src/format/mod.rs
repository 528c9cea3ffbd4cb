//! The export shapes, one file each, and what they share: the names of claims and of policies.
//!
//! To add one: copy a neighbour, change its table, add fixtures under `testdata/formats/`, and
//! run the tests twice: the roster below writes itself.

use crate::extract::field::Field;
use crate::extract::format::{Format, Formats};

// roster:begin
mod activity_common_alert;
mod activity_diagnostic;
mod activity_event_grid;
mod activity_log_analytics;
mod activity_portal_csv;
mod activity_powershell;
mod activity_powershell_flat;
mod activity_python_sdk;
mod activity_rest;
mod azure_resource;
mod azure_role_assignment;
mod container_records;
mod container_results;
mod container_tables;
mod container_value;
mod entra_audit_diagnostic;
mod entra_audit_graph;
mod entra_audit_log_analytics;
mod entra_audit_portal_csv;
mod entra_registration;
mod entra_role_assignment;
mod entra_signin_defender;
mod entra_signin_diagnostic;
mod entra_signin_graph;
mod entra_signin_log_analytics;
mod entra_signin_portal_csv;
mod entra_signin_portal_steps;
mod entra_user;
mod other_log_analytics;
mod other_resource_log;

/// Every format, by name.
#[rustfmt::skip]
pub const ALL: &[&Format] = &[
    &activity_common_alert::FORMAT,
    &activity_diagnostic::FORMAT,
    &activity_event_grid::FORMAT,
    &activity_log_analytics::FORMAT,
    &activity_portal_csv::FORMAT,
    &activity_powershell::FORMAT,
    &activity_powershell_flat::FORMAT,
    &activity_python_sdk::FORMAT,
    &activity_rest::FORMAT,
    &azure_resource::FORMAT,
    &azure_role_assignment::FORMAT,
    &container_records::FORMAT,
    &container_results::FORMAT,
    &container_tables::FORMAT,
    &container_value::FORMAT,
    &entra_audit_diagnostic::FORMAT,
    &entra_audit_graph::FORMAT,
    &entra_audit_log_analytics::FORMAT,
    &entra_audit_portal_csv::FORMAT,
    &entra_registration::FORMAT,
    &entra_role_assignment::FORMAT,
    &entra_signin_defender::FORMAT,
    &entra_signin_diagnostic::FORMAT,
    &entra_signin_graph::FORMAT,
    &entra_signin_log_analytics::FORMAT,
    &entra_signin_portal_csv::FORMAT,
    &entra_signin_portal_steps::FORMAT,
    &entra_user::FORMAT,
    &other_log_analytics::FORMAT,
    &other_resource_log::FORMAT,
];
// roster:end

/// Everything the extraction has to know about formats.
pub const FORMATS: Formats =
    Formats { all: ALL, claim_names: CLAIM_NAMES, policy_paths: POLICY_PATHS };

/// The format called `name`.
pub fn by_name(name: &str) -> Option<&'static Format> {
    ALL.iter().find(|format| format.name == name).copied()
}

/// Claims of the token by the names the Activity Log writes, then by the names in the token.
///
/// Source: <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>;
/// the long names are those of the sample in
/// <https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema>.
const CLAIM_NAMES: &[(Field, &[&str])] = &[
    (Field::Amr, &["http://schemas.microsoft.com/claims/authnmethodsreferences", "amr"]),
    (Field::Acr, &["http://schemas.microsoft.com/claims/authnclassreference", "acr"]),
    (Field::Acrs, &["acrs"]),
    (Field::Idtyp, &["idtyp"]),
    (Field::ObjectId, &["http://schemas.microsoft.com/identity/claims/objectidentifier", "oid"]),
    (Field::TokenTenantId, &["http://schemas.microsoft.com/identity/claims/tenantid", "tid"]),
    (Field::Scope, &["http://schemas.microsoft.com/identity/claims/scope", "scp"]),
    (Field::Upn, &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", "upn"]),
    (
        Field::UniqueName,
        &[
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
            "unique_name",
            "preferred_username",
        ],
    ),
    (Field::Spn, &["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/spn", "spn"]),
    (Field::DisplayName, &["name"]),
    (Field::AppId, &["appid", "azp"]),
    (Field::AppName, &["app_displayname"]),
    (Field::AppCredential, &["appidacr", "azpacr"]),
    (Field::Puid, &["puid"]),
    (Field::IdentityResource, &["xms_mirid", "xms_az_rid"]),
    (Field::TokenIp, &["ipaddr"]),
    (Field::TokenId, &["uti"]),
    (Field::SessionId, &["sid"]),
];

/// Members of one element of `policies`, in the order of [`crate::extract::policy::Part`].
///
/// Source: the Policy category in
/// <https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema>; the display
/// names are in newer records and in Microsoft's own command line for this log,
/// <https://learn.microsoft.com/azure/governance/policy/tutorials/mfa-enforcement>.
const POLICY_PATHS: &[&[&str]] = &[
    &["policyDefinitionId"],
    &["policyDefinitionName"],
    &["policyDefinitionDisplayName"],
    &["policyDefinitionEffect"],
    &["policySetDefinitionId"],
    &["policyDefinitionReferenceId"],
    &["policyAssignmentId"],
    &["policyAssignmentName"],
    &["policyAssignmentDisplayName"],
    &["policyAssignmentScope"],
    &["policyExemptionIds"],
];

#[cfg(test)]
mod tests;

#[cfg(test)]
mod recognition_tests;
