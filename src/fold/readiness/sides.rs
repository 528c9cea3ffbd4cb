//! Reading the side inputs: roles, registrations, the directory.

use std::collections::HashSet;

use arrow_array::RecordBatch;

use super::reader::told;
use crate::fold::events::{Flags, Text, Times};
use crate::fold::person::{NEVER, People, Person, folded};

/// Template id of the role Directory Synchronization Accounts. Source:
/// <https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference>.
const SYNC_ROLE: &str = "d29b2b05-8046-44ba-8758-1e26182fcf32";

/// A role that says something of its holder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Role<'a> {
    id: Option<&'a str>,
    name: Option<&'a str>,
    is_user: bool,
    /// Its name, where it is privileged.
    privileged: Option<&'a str>,
    is_sync: bool,
}

impl Role<'_> {
    /// Gives the role to its holder; gives it back if it is not sure that this is a person.
    pub(super) fn give(self, people: &mut People) -> Option<Self> {
        let upn = self.name.filter(|name| name.contains('@'));
        if !self.is_user && upn.is_none() {
            return Some(self);
        }
        let name = if self.id.is_some() { upn } else { self.name };
        if let Some(person) = people.of(self.id, name, NEVER) {
            person.upn.offer(NEVER, upn);
            self.put(person);
        }
        None
    }

    fn put(self, person: &mut Person) {
        person.evidence.has_sync_role |= self.is_sync;
        if let Some(role) = self.privileged {
            person.holds(role);
        }
    }
}

/// The roles of a batch that say something.
pub(super) fn roles(batch: &RecordBatch) -> Vec<Role<'_>> {
    let text = |name| Text::of(batch, name);
    let (ids, names, types) = (text("principal_id"), text("principal_upn"), text("principal_type"));
    let (role_ids, roles) = (text("role_id"), text("role"));
    let privileged = Flags::of(batch, "is_privileged");
    let of = |row: usize| {
        let kind = told(types, row);
        let role_id = told(role_ids, row);
        let role = Role {
            id: told(ids, row),
            name: told(names, row),
            is_user: kind == Some("user"),
            privileged: told(roles, row).or(role_id).filter(|_| privileged.is_true(row)),
            is_sync: role_id.is_some_and(|id| id.eq_ignore_ascii_case(SYNC_ROLE)),
        };
        let says = role.privileged.is_some() || role.is_sync;
        (matches!(kind, None | Some("user")) && says).then_some(role)
    };
    (0..batch.num_rows()).filter_map(of).collect()
}

/// Gives the roles of holders that are told by nothing but their ids to those that are people:
/// that are known already, or are in a list of accounts.
pub(super) fn give_pending<'a>(
    people: &mut People,
    pending: &[Role<'a>],
    listed: impl Iterator<Item = Option<&'a str>>,
) {
    if pending.is_empty() {
        return;
    }
    let listed: HashSet<_> = listed.flatten().map(folded).collect();
    for role in pending {
        let Some(id) = role.id else { continue };
        if listed.contains(&folded(id)) || people.known(Some(id), None).is_some() {
            people.of(Some(id), None, NEVER).into_iter().for_each(|person| role.put(person));
        }
    }
}

/// A row of registrations; of several for one person the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Registered<'a> {
    last_updated: Option<i64>,
    pub(super) is_mfa_capable: Option<bool>,
    pub(super) methods: Option<&'a str>,
    pub(super) display_name: Option<&'a str>,
    pub(super) user_type: Option<&'a str>,
    pub(super) upn: Option<&'a str>,
    pub(super) id: Option<&'a str>,
}

/// The registrations of a batch.
pub(super) fn registered(batch: &RecordBatch) -> Vec<Registered<'_>> {
    let text = |name| Text::of(batch, name);
    let (ids, upns, methods) = (text("user_id"), text("upn"), text("methods"));
    let (names, types) = (text("display_name"), text("user_type"));
    let (updated, capable) = (Times::of(batch, "last_updated"), Flags::of(batch, "is_mfa_capable"));
    let of = |row: usize| Registered {
        last_updated: updated.get(row),
        is_mfa_capable: capable.get(row),
        methods: told(methods, row),
        display_name: told(names, row),
        user_type: told(types, row),
        upn: told(upns, row),
        id: told(ids, row),
    };
    (0..batch.num_rows()).map(of).collect()
}

/// An account of the directory; of several for one person the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Account<'a> {
    created: Option<i64>,
    pub(super) is_enabled: Option<bool>,
    pub(super) display_name: Option<&'a str>,
    pub(super) user_type: Option<&'a str>,
    pub(super) upn: Option<&'a str>,
    pub(super) id: Option<&'a str>,
}

/// The accounts of a batch.
pub(super) fn accounts(batch: &RecordBatch) -> Vec<Account<'_>> {
    let text = |name| Text::of(batch, name);
    let (ids, upns) = (text("user_id"), text("upn"));
    let (names, types) = (text("display_name"), text("user_type"));
    let (created, enabled) = (Times::of(batch, "created"), Flags::of(batch, "is_enabled"));
    let of = |row: usize| Account {
        created: created.get(row),
        is_enabled: enabled.get(row),
        display_name: told(names, row),
        user_type: told(types, row),
        upn: told(upns, row),
        id: told(ids, row),
    };
    (0..batch.num_rows()).map(of).collect()
}
