//! `sign_in`: one row per Entra sign-in.

use super::{Column, Table, boolean, integer, text, timestamp};

/// The table.
pub const TABLE: Table =
    Table { name: "sign_in", grain: "one Entra sign-in, duplicates removed", columns: COLUMNS };

const COLUMNS: &[Column] = &[
    text(
        "event_id",
        "request id of the sign-in, lower case; where the export has none, `key:` and event_key",
    ),
    timestamp("event_time", "when the sign-in happened, not when it was logged"),
    text("tenant_id", "tenant signed in to, lower case"),
    text("format", "export shape the row was read from, see `azmfa formats`"),
    text("source_file", "input the row was read from"),
    integer("source_record", "number of the record in its input, from 1"),
    integer("source_offset", "bytes from the start of the unpacked input to the record"),
    text("correlation_id", "shared by the steps of one sign-in, lower case"),
    text(
        "category",
        "interactive, non_interactive, service_principal or managed_identity; null where the export does not say",
    ),
    text("user_id", "object id of the user or service principal, lower case"),
    text("upn", "user principal name, lower case"),
    text("display_name", "display name of who signed in"),
    text("user_type", "member or guest"),
    text("home_tenant_id", "tenant the account lives in, lower case"),
    text("cross_tenant_type", "kind of cross-tenant access, lower case; none, b2bcollaboration, …"),
    text("app_id", "application signed in with, lower case"),
    text("app", "its name"),
    text("resource_app_id", "what the token is for, lower case"),
    text("resource_app", "its name"),
    text(
        "client_app_used",
        "kind of client as Entra says: Browser, Mobile Apps and Desktop clients, IMAP4, …",
    ),
    text(
        "auth_protocol",
        "authentication protocol, lower case: ropc, devicecode, oauth2, …; none says nothing",
    ),
    text(
        "transfer_method",
        "how the authentication was carried over, lower case: devicecodeflow, …",
    ),
    text("ip", "address the sign-in came from"),
    text("country", "country or region, upper case"),
    text("city", "city"),
    text("user_agent", "user agent"),
    text("device_id", "registered device, lower case"),
    text("device_os", "operating system as Entra says"),
    boolean("device_compliant", "whether the device was compliant"),
    text("device_trust_type", "how the device is joined, as Entra says"),
    text(
        "requirement",
        "single_factor or multi_factor: what the resource asked for, not what was done",
    ),
    text("mfa", "verdict: mfa, non_mfa, exempt, unknown, not_completed or not_user"),
    text(
        "mfa_reason",
        "what the verdict rests on: performed, claim, external, requirement, policy, session, token, first_factor_only, …",
    ),
    text("mfa_methods", "methods of the steps that succeeded, comma-joined"),
    text("ca_status", "what Conditional Access came to, lower case: success, failure, notapplied"),
    integer("error_code", "0 for a completed sign-in, else the AADSTS number"),
    text("failure_reason", "why it failed, as Entra says"),
    text("token_id", "GUID of the token that was issued; equals event_id in most exports"),
    text("session_id", "session"),
    text("incoming_token_type", "token that was handed in, lower case"),
    text("risk_sign_in", "risk during the sign-in, lower case"),
    text("risk_user", "aggregated risk, lower case"),
    text("user_key", "object id, else UPN, lower case; null without any"),
    text(
        "mfa_strength",
        "phishing_resistant, phishable or none: the strongest method among those that succeeded; null where none is told",
    ),
    text(
        "excluded",
        "why the row is left out of sign-in figures: windows_sign_in, authentication_broker, device_registration, cross_tenant, federation_server, …; null for rows that count",
    ),
    text("phase", "phase of mandatory MFA that covers the sign-in: phase_1, phase_2 or null"),
    text("client", "kind of program: portal, cli, powershell, mobile, iac, sdk, browser, other"),
    text("client_version", "its version, where the user agent tells"),
    text("mfa_result", "what Entra says about MFA in words (`status.additionalDetails`)"),
    integer(
        "step_count",
        "authentication steps the export gives; 0 when it gives an empty list, null when none",
    ),
    text("event_key", "32 hexadecimal digits: hash of the identity of the sign-in across exports"),
];
