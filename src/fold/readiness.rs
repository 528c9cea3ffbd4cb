//! The table `readiness`: what all inputs tell of each person, and what it comes to by the rules
//! of [`crate::mfa::readiness`].
//!
//! # Whose row is it
//! A person is keyed by object id, else by UPN, else by what the log calls the caller, all in
//! lower case. A row with a UPN and no object id is of the person whose rows have both; where a
//! UPN was seen with several ids, these are several people, and rows with only the UPN are of the
//! one it was seen with last (of several at that time, the one with the greatest id). Rows of
//! registrations and of the directory pair ids and UPNs as well, as if before all others. An
//! empty text is an absent one, and an instant that is absent is before all others.
//!
//! # What is counted
//! *Requests* are rows of `attempt` with `principal_type` user, or with unknown (or null) and a
//! UPN: `caller_upn`, else a `caller` with an `@`. Of a user without either, `caller` is the
//! name. The time of a request is `first_time`. Verdict `mfa` other than mfa and `non_mfa` is
//! unknown. *Writes* are requests of class write or delete, *actions* those of class action.
//! - MFA seen in an action is `mfa_elsewhere`.
//! - A write with a `region` that begins with usgov, usdod or china (blanks and case apart) is in
//!   a sovereign cloud.
//! - A request by one of the portals' applications is a use of phase 1.
//!
//! *Sign-ins* are rows of `sign_in` with `excluded` null, a `category` of interactive,
//! `non_interactive` or null, a verdict other than `not_user`, and a user id or UPN. A completed one
//! ([`crate::mfa::readiness::is_completed`]) counts as interactive, non-interactive or neither; its `mfa_methods` are
//! methods seen and its `mfa_strength` is strength seen; it is legacy if `client_app_used` is told
//! and neither Browser nor Mobile Apps and Desktop clients; it is sovereign if its
//! `resource_app_id` is Azure Resource Manager's of Azure Government.
//! - If it has a `phase`, it is one of `sign_ins` and a use of that phase; its verdict is mfa,
//!   `non_mfa`, exempt or else unknown; it is ROPC if `auth_protocol` is ropc.
//! - If it has none and its verdict is mfa, it is `mfa_elsewhere`.
//!
//! One that is not completed counts if it has a phase and its error is a demand for MFA
//! ([`crate::mfa::error_code::is_mfa_demand`]): as `failed_mfa_sign_ins`, and as a use of that phase. Others are not seen
//! at all.
//!
//! `first_seen` and `last_seen` span requests, `sign_ins` and `failed_mfa_sign_ins`; `last_mfa`
//! and `last_non_mfa` look at requests of all classes and at `sign_ins`. For a request the last
//! times are those of its last row (`last_time`, else `first_time`) in `last_seen` only.
//!
//! For the score, requests of all classes and `sign_ins` are beats and tell addresses; the
//! programs are those of `sign_ins` with `client` told; `has_interactive_log` is whether any row
//! of `sign_in` is of category interactive.
//!
//! # Programs
//! `clients` are `client` of `sign_ins` with `client_version`, and for requests the kind of the
//! application (`client_app_id`; other for one that is not known), the lowest version to the
//! highest. `old_clients` are tools of `sign_ins` below the line of [`crate::mfa::client::is_too_old`]: the tool and
//! version that `user_agent` names, or Azure CLI in `client_version` where `client` is cli and
//! there is no user agent.
//!
//! # Who is listed
//! Those with a request, with a sign-in or a failure that counts, or with a sovereign sign-in;
//! synchronisation accounts that signed in to anything; those with a privileged role or the role
//! Directory Synchronization Accounts; and every name given as break-glass account, whether
//! somebody knows it or not. A role counts if its `principal_type` is user, or null and its
//! `principal_upn` has an `@` or its `principal_id` is that of somebody seen, registered or in the
//! directory. Requests without any name are nobody's.
//!
//! Of several rows of registrations for one person the one with the latest `last_updated` counts,
//! then the one that is capable, then the one with the greatest methods; of the directory, the one
//! created last, then an enabled one, then the greatest name.
//!
//! # Other columns
//! Newest means: of the row with the latest time that tells it; of several at that time the
//! greatest text. `user` is the newest UPN of requests and sign-ins (roles and the break-glass list
//! before all others), else that of the directory, else that of the registrations, else the newest
//! `caller`, else `display_name`, else `user_key`. `display_name` and `user_type` are those of the
//! directory, else of the registrations, else the newest (of requests and sign-ins; `user_type` of
//! sign-ins only), and `user_type` is else guest where the UPN has `#EXT#` in any case. A person
//! is a guest if `user_type` is. Lists are joined by a comma without a blank, in alphabetical
//! order, but for `phase` and `methods_registered`, which keeps the order of the registrations.
//! `mfa_strength` is the stronger of `mfa_strength` of completed sign-ins and of the methods
//! registered ([`crate::mfa::strength::of_method`]). What has no part is null; `methods_registered`
//! is empty where the registrations have the person and no method. `enforced_from` says since, or
//! from if `as_of` is before the day of [`crate::mfa::phase::Phase::start`].

use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use foldhash::fast::FixedState;

use crate::fold::person::{NEVER, Person};
use crate::mfa::readiness::is_sync_name;

mod reader;
mod sides;
mod table;

pub use reader::Reader;
use sides::{Account, Registered, Role, accounts, give_pending, registered, roles};
use table::{Row, build};

/// Columns of `attempt` that [`readiness`] reads.
pub const ATTEMPT_COLUMNS_READ: &[&str] = &[
    "first_time",
    "last_time",
    "policy_audits",
    "policy_denies",
    "region",
    "operation_class",
    "caller",
    "caller_upn",
    "caller_oid",
    "caller_name",
    "principal_type",
    "client_app_id",
    "ip",
    "mfa",
];

/// Columns of `sign_in` that [`readiness`] reads.
pub const SIGN_IN_COLUMNS_READ: &[&str] = &[
    "event_time",
    "category",
    "user_id",
    "upn",
    "display_name",
    "user_type",
    "resource_app_id",
    "client_app_used",
    "auth_protocol",
    "ip",
    "user_agent",
    "mfa",
    "mfa_methods",
    "error_code",
    "mfa_strength",
    "excluded",
    "phase",
    "client",
    "client_version",
];

/// What [`readiness`] looks at beside requests and sign-ins. Batches may lack columns; these are read
/// as null.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sides<'a> {
    /// Batches of `registration`.
    pub registrations: &'a [RecordBatch],
    /// Batches of `role_assignment`.
    pub role_assignments: &'a [RecordBatch],
    /// Batches of `directory_user`.
    pub directory_users: &'a [RecordBatch],
    /// UPNs or object ids of the accounts given with `--exempt`, in any case.
    pub break_glass: &'a [String],
    /// "Now" in UTC microseconds, the newest time of requests and sign-ins if not given. Only the
    /// words of `enforced_from` depend on it.
    pub as_of: Option<i64>,
}

/// The table `readiness`: a row per person, sorted by verdict (the most urgent first), then by
/// `non_mfa_writes` downwards, then by `user_key`. `reader` has read all requests and sign-ins.
///
/// # Errors
/// Never in practice: the columns made have one length.
pub fn readiness(mut reader: Reader, inputs: &Sides<'_>) -> Result<RecordBatch, ArrowError> {
    let people = &mut reader.people;
    let pending: Vec<Role<'_>> = inputs
        .role_assignments
        .iter()
        .flat_map(roles)
        .filter_map(|role| role.give(people))
        .collect();
    for name in inputs.break_glass.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        let (id, upn) = if name.contains('@') { (None, Some(name)) } else { (Some(name), None) };
        if let Some(person) = people.of(id, upn, NEVER) {
            person.evidence.is_break_glass = true;
            person.upn.offer(NEVER, upn);
        }
    }
    let registrations: Vec<Registered<'_>> =
        inputs.registrations.iter().flat_map(registered).collect();
    let accounts: Vec<Account<'_>> = inputs.directory_users.iter().flat_map(accounts).collect();
    let ids = registrations.iter().map(|row| row.id).chain(accounts.iter().map(|row| row.id));
    give_pending(people, &pending, ids);
    let pairs = registrations.iter().map(|row| (row.id, row.upn));
    for (id, upn) in pairs.chain(accounts.iter().map(|row| (row.id, row.upn))) {
        people.pair(id, upn);
    }
    people.unite();
    let mut known: HashMap<String, (Option<Registered<'_>>, Option<Account<'_>>), FixedState> =
        HashMap::default();
    for row in registrations {
        if let Some(person) = people.known(row.id, row.upn) {
            let best = &mut known.entry(person.key.to_string()).or_default().0;
            *best = best.take().max(Some(row));
        }
    }
    for row in accounts {
        if let Some(person) = people.known(row.id, row.upn) {
            let best = &mut known.entry(person.key.to_string()).or_default().1;
            *best = best.take().max(Some(row));
        }
    }
    let has_interactive_log = reader.has_interactive_log;
    let mut rows: Vec<Row> = reader
        .people
        .all
        .into_iter()
        .filter(is_listed)
        .map(|person| {
            let (registration, account) = known.remove(&*person.key).unwrap_or_default();
            Row::of(person, registration, account, has_interactive_log)
        })
        .collect();
    rows.sort_by(|left, right| {
        left.judgement
            .verdict
            .cmp(&right.judgement.verdict)
            .then_with(|| right.evidence.non_mfa_writes.cmp(&left.evidence.non_mfa_writes))
            .then_with(|| left.key.cmp(&right.key))
    });
    build(&rows, inputs.as_of.or(reader.newest))
}

fn is_listed(person: &Person) -> bool {
    let evidence = &person.evidence;
    let is_sync = evidence.has_sync_role || person.upn.text().is_some_and(is_sync_name);
    person.attempts + evidence.sovereign_sign_ins > 0
        || evidence.uses_azure()
        || is_sync
        || evidence.is_break_glass
        || !person.roles.is_empty()
}

#[cfg(test)]
mod tests;
