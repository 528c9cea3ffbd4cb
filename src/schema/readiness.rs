//! `readiness`: what mandatory MFA will mean for each person. Computed by us from the evidence of
//! all inputs (`mfa::readiness`), because no engine says the rules well; written beside the others.

use super::{Column, Table, boolean, integer, text, timestamp};

/// The table.
pub const TABLE: Table = Table {
    name: "readiness",
    grain: "one person who changes or may change Azure",
    columns: COLUMNS,
};

const COLUMNS: &[Column] = &[
    text("user_key", "object id, else UPN, lower case"),
    text("user_name", "UPN, else what the log says; `user` alone is a function to SQL"),
    text("user_id", "object id, lower case"),
    text("display_name", "display name"),
    text("user_type", "member or guest"),
    text("verdict", "ready, ready_not_exercised, at_risk, will_break, not_in_scope or cannot_tell"),
    text("rule", "id of the rule that decided"),
    text("reasons", "why, in words, with figures and dates; parts divided by `; `"),
    text("phase", "phases of mandatory MFA that concern the user, comma-joined: phase_1, phase_2"),
    text("enforced_from", "when these are enforced, in words"),
    integer("write_attempts", "requests to write or delete"),
    integer("mfa_writes", "of those, with MFA"),
    integer("non_mfa_writes", "of those, without MFA"),
    integer("unknown_writes", "of those, where the log does not tell"),
    integer("non_mfa_deletes", "of non_mfa_writes, deletes"),
    integer("policy_audits", "MFA-policy events that only noted it"),
    integer("policy_denies", "MFA-policy events that stopped it"),
    integer("sign_ins", "completed sign-ins to what mandatory MFA covers"),
    integer("mfa_sign_ins", "of those, with MFA"),
    integer("non_mfa_sign_ins", "of those, with one factor shown"),
    integer("exempt_sign_ins", "of those, where MFA was skipped"),
    integer("unknown_sign_ins", "of those, where the log does not tell"),
    integer("failed_mfa_sign_ins", "sign-ins that ended at an MFA demand"),
    integer(
        "ropc_sign_ins",
        "completed sign-ins with user name and password in one request (ROPC), which cannot do MFA",
    ),
    integer("legacy_sign_ins", "completed sign-ins with clients that cannot do MFA"),
    text("clients", "programs used, comma-joined, with versions where told"),
    text("old_clients", "of those, the ones too old to ask for MFA"),
    text("methods_seen", "methods seen in sign-ins, comma-joined"),
    text("methods_registered", "methods registered, comma-joined; null without registrations"),
    boolean("is_mfa_capable", "as Graph says; null without registrations"),
    text(
        "mfa_strength",
        "strongest method seen or registered: phishing_resistant, phishable or none",
    ),
    text("roles", "privileged roles, comma-joined"),
    boolean("is_break_glass", "whether the account is on the list given with --exempt"),
    integer("service_score", "0 to 100: how much the account behaves like a service"),
    text("service_evidence", "what the score rests on, in words"),
    timestamp("first_seen", "first sign-in or change"),
    timestamp("last_seen", "last sign-in or change"),
    timestamp("last_mfa", "last one with MFA"),
    timestamp("last_non_mfa", "last one without MFA"),
    text("next_step", "what to do, in words, with commands"),
];
