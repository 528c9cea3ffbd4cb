//! `registration`: the authentication methods people have registered.
//!
//! Source: <https://learn.microsoft.com/graph/api/resources/userregistrationdetails>.

use super::{Column, Table, boolean, text, timestamp};

/// The table.
pub const TABLE: Table = Table {
    name: "registration",
    grain: "one user of Graph userRegistrationDetails",
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    text("user_id", "object id, lower case"),
    text("upn", "user principal name, lower case"),
    text("display_name", "display name"),
    text("user_type", "member or guest"),
    boolean("is_admin", "whether the user has an Entra role"),
    boolean("is_mfa_registered", "whether a second factor is registered"),
    boolean("is_mfa_capable", "whether a registered method is allowed and can do MFA"),
    boolean("is_passwordless_capable", "whether one can sign in without a password"),
    text("methods", "methods registered, as Graph names them, comma-joined"),
    timestamp("last_updated", "when Graph last looked"),
];
