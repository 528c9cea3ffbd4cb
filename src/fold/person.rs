//! What the inputs tell of each person, gathered row by row, and which rows are of the same one.

use std::borrow::Cow;
use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::mfa::client::{Tool, lowest};
use crate::mfa::readiness::{Evidence, OldClient};
use crate::mfa::service_account::{Habits, Score, score};
use crate::text::{Letters, letters_of};

/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;

/// A time that is not told: before all others.
pub(crate) const NEVER: i64 = i64::MIN;

/// The text of the newest row that has one; of several at that time the greatest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Newest(Option<(i64, Box<str>)>);

impl Newest {
    pub(crate) fn offer(&mut self, time: i64, text: Option<&str>) {
        let Some(text) = text else { return };
        match &mut self.0 {
            Some((known_time, known)) if (*known_time, &**known) < (time, text) => {
                *known_time = time;
                // Most rows say the same as the one before.
                if **known != *text {
                    *known = text.into();
                }
            }
            Some(_) => {}
            none => *none = Some((time, text.into())),
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.0.as_ref().map(|(_, text)| &**text)
    }
}

/// A program that a person used, and the versions seen, lowest and highest.
#[derive(Debug, Clone)]
struct UsedClient {
    kind: Box<str>,
    versions: Option<(Box<str>, Box<str>)>,
}

/// When something was seen: first and last.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Span {
    pub(crate) first: Option<i64>,
    pub(crate) last: Option<i64>,
}

impl Span {
    pub(crate) fn add(&mut self, time: i64) {
        if time != NEVER {
            self.merge(Self { first: Some(time), last: Some(time) });
        }
    }

    fn merge(&mut self, other: Self) {
        self.first = match (self.first, other.first) {
            (Some(own), Some(other)) => Some(own.min(other)),
            (own, other) => own.or(other),
        };
        self.last = self.last.max(other.last);
    }
}

/// The addresses that requests came from.
#[derive(Debug, Clone, Default)]
struct Addresses {
    count: u64,
    /// One of them; the smallest in writing.
    one: Option<Box<str>>,
    are_many: bool,
}

impl Addresses {
    fn add(&mut self, address: &str) {
        self.count += 1;
        match &mut self.one {
            Some(one) if **one == *address => {}
            Some(one) => {
                self.are_many |= !one.eq_ignore_ascii_case(address);
                if address < &**one {
                    *one = address.into();
                }
            }
            none => *none = Some(address.into()),
        }
    }

    fn merge(&mut self, other: &Self) {
        if let Some(one) = &other.one {
            self.add(one);
            self.count += other.count - 1;
        }
        self.are_many |= other.are_many;
    }

    fn only(&self) -> Option<&str> {
        self.one.as_deref().filter(|_| !self.are_many)
    }
}

/// The hours with requests, each as the minute of its first one. Bounded by the hours of the log,
/// however many requests there are.
#[derive(Debug, Clone, Default)]
struct Beats {
    minutes: Vec<i64>,
    /// How many of them are sorted, one for each hour.
    settled: usize,
}

impl Beats {
    const UNSETTLED_MAX: usize = 64;

    fn add(&mut self, time: i64) {
        if time == NEVER {
            return;
        }
        let minute = time.div_euclid(MINUTE);
        if self.minutes.last() == Some(&minute) {
            return;
        }
        self.minutes.push(minute);
        if self.minutes.len() > 2 * self.settled + Self::UNSETTLED_MAX {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.minutes.sort_unstable();
        self.minutes.dedup_by_key(|minute| minute.div_euclid(60));
        self.settled = self.minutes.len();
    }
}

/// A person, as far as the rows read tell.
#[derive(Debug, Default)]
pub(crate) struct Person {
    /// Object id, else UPN, else what the log calls the caller; lower case.
    pub(crate) key: Box<str>,
    pub(crate) has_id: bool,
    pub(crate) upn: Newest,
    /// What the log calls a caller that has no UPN.
    pub(crate) caller: Newest,
    pub(crate) display_name: Newest,
    pub(crate) user_type: Newest,
    /// Counts and times; what the other inputs tell is put in at the end.
    pub(crate) evidence: Evidence,
    /// Requests of any kind.
    pub(crate) attempts: i64,
    pub(crate) seen: Span,
    pub(crate) mfa: Span,
    pub(crate) non_mfa: Span,
    pub(crate) methods: Vec<Box<str>>,
    pub(crate) roles: Vec<Box<str>>,
    pub(crate) interactive: u64,
    pub(crate) non_interactive: u64,
    pub(crate) uncategorised: u64,
    clients_told: u64,
    automation_clients: u64,
    clients: Vec<UsedClient>,
    old_clients: Vec<(Tool, Box<str>)>,
    addresses: Addresses,
    beats: Beats,
}

impl Person {
    /// A request or a sign-in that says when and from where the person is active.
    pub(crate) fn is_active(&mut self, time: i64, ip: Option<&str>) {
        self.seen.add(time);
        self.beats.add(time);
        if let Some(ip) = ip {
            self.addresses.add(ip);
        }
    }

    /// A program that asked for a change or signed in.
    pub(crate) fn used(&mut self, kind: &str, version: Option<&str>) {
        self.add_client(kind, version.map(|version| (version, version)));
    }

    fn add_client(&mut self, kind: &str, versions: Option<(&str, &str)>) {
        let owned = |(low, high): (&str, &str)| (low.into(), high.into());
        let Some(known) = self.clients.iter_mut().find(|known| *known.kind == *kind) else {
            let versions = versions.map(owned);
            self.clients.push(UsedClient { kind: kind.into(), versions });
            return;
        };
        let Some((low, high)) = versions else { return };
        match &mut known.versions {
            Some((lowest, highest)) => {
                if *low != **lowest && is_older(low, lowest) {
                    *lowest = low.into();
                }
                if *high != **highest && is_older(highest, high) {
                    *highest = high.into();
                }
            }
            none => *none = versions.map(owned),
        }
    }

    /// The program of a sign-in, for the score.
    pub(crate) fn signed_in_with(&mut self, kind: &str) {
        self.clients_told += 1;
        self.automation_clients += u64::from(matches!(kind, "iac" | "sdk"));
    }

    /// A program too old to ask for MFA.
    pub(crate) fn used_old(&mut self, tool: Tool, version: &str) {
        match self.old_clients.iter_mut().find(|(known, _)| *known == tool) {
            Some((_, known)) if **known != *version && is_older(version, known) => {
                *known = version.into();
            }
            Some(_) => {}
            None => self.old_clients.push((tool, version.into())),
        }
    }

    /// Methods, comma-joined.
    pub(crate) fn showed_methods(&mut self, methods: &str) {
        for method in methods.split(',').map(str::trim).filter(|method| !method.is_empty()) {
            add_new(&mut self.methods, method);
        }
    }

    pub(crate) fn holds(&mut self, role: &str) {
        add_new(&mut self.roles, role);
    }

    /// The programs, in alphabetical order: `cli 2.70.0 to 2.76.0`, `portal`.
    pub(crate) fn clients_in_words(&self) -> Vec<String> {
        let mut clients: Vec<&UsedClient> = self.clients.iter().collect();
        clients.sort_unstable_by_key(|client| &client.kind);
        let in_words = |client: &&UsedClient| match &client.versions {
            None => client.kind.to_string(),
            Some((low, high)) if low == high => format!("{} {low}", client.kind),
            Some((low, high)) => format!("{} {low} to {high}", client.kind),
        };
        clients.iter().map(in_words).collect()
    }

    /// The programs that are too old, by name.
    pub(crate) fn old_clients(&self) -> Vec<OldClient> {
        let of = |(tool, version): &(Tool, Box<str>)| OldClient {
            name: tool.name(),
            version: version.to_string(),
            lowest: lowest(*tool).unwrap_or_default(),
        };
        let mut old: Vec<OldClient> = self.old_clients.iter().map(of).collect();
        old.sort_unstable();
        old
    }

    /// Once all rows are read: makes the hours of the person ready for [`Self::score`].
    pub(crate) fn settle(&mut self) {
        self.beats.settle();
    }

    /// How much the account behaves like a service.
    pub(crate) fn score(&self, evidence: &Evidence, has_interactive_log: bool) -> Score {
        score(&Habits {
            upn: evidence.upn.as_deref(),
            ropc_sign_ins: u64::try_from(evidence.ropc_sign_ins).unwrap_or_default(),
            interactive_sign_ins: self.interactive,
            non_interactive_sign_ins: self.non_interactive,
            uncategorised_sign_ins: self.uncategorised,
            has_interactive_log,
            beats: &self.beats.minutes,
            clients_told: self.clients_told,
            automation_clients: self.automation_clients,
            requests_with_address: self.addresses.count,
            only_address: self.addresses.only(),
            is_known_incapable: evidence.can_do_mfa() == Some(false),
        })
    }

    /// Takes over all that is known of the same person under another name.
    fn merge(&mut self, other: Self) {
        let offer = |own: &mut Newest, other: Newest| own.0 = own.0.take().max(other.0);
        offer(&mut self.upn, other.upn);
        offer(&mut self.caller, other.caller);
        offer(&mut self.display_name, other.display_name);
        offer(&mut self.user_type, other.user_type);
        add(&mut self.evidence, &other.evidence);
        self.attempts += other.attempts;
        self.seen.merge(other.seen);
        self.mfa.merge(other.mfa);
        self.non_mfa.merge(other.non_mfa);
        other.methods.iter().for_each(|method| self.showed_methods(method));
        other.roles.iter().for_each(|role| self.holds(role));
        self.interactive += other.interactive;
        self.non_interactive += other.non_interactive;
        self.uncategorised += other.uncategorised;
        self.clients_told += other.clients_told;
        self.automation_clients += other.automation_clients;
        for client in &other.clients {
            let versions = client.versions.as_ref();
            self.add_client(&client.kind, versions.map(|(low, high)| (&**low, &**high)));
        }
        other.old_clients.iter().for_each(|(tool, version)| self.used_old(*tool, version));
        self.addresses.merge(&other.addresses);
        self.beats.minutes.extend(other.beats.minutes);
        self.beats.settle();
    }
}

/// Adds counts and takes the later times.
fn add(own: &mut Evidence, other: &Evidence) {
    own.has_sync_role |= other.has_sync_role;
    own.is_break_glass |= other.is_break_glass;
    own.strength_seen = own.strength_seen.max(other.strength_seen);
    for (own, other) in [
        (&mut own.write_attempts, other.write_attempts),
        (&mut own.mfa_writes, other.mfa_writes),
        (&mut own.non_mfa_writes, other.non_mfa_writes),
        (&mut own.unknown_writes, other.unknown_writes),
        (&mut own.non_mfa_deletes, other.non_mfa_deletes),
        (&mut own.sovereign_writes, other.sovereign_writes),
        (&mut own.actions, other.actions),
        (&mut own.policy_audits, other.policy_audits),
        (&mut own.policy_denies, other.policy_denies),
        (&mut own.sign_ins, other.sign_ins),
        (&mut own.mfa_sign_ins, other.mfa_sign_ins),
        (&mut own.non_mfa_sign_ins, other.non_mfa_sign_ins),
        (&mut own.exempt_sign_ins, other.exempt_sign_ins),
        (&mut own.unknown_sign_ins, other.unknown_sign_ins),
        (&mut own.ropc_sign_ins, other.ropc_sign_ins),
        (&mut own.failed_mfa_sign_ins, other.failed_mfa_sign_ins),
        (&mut own.legacy_sign_ins, other.legacy_sign_ins),
        (&mut own.sovereign_sign_ins, other.sovereign_sign_ins),
        (&mut own.mfa_elsewhere, other.mfa_elsewhere),
        (&mut own.phase_one_uses, other.phase_one_uses),
        (&mut own.phase_two_uses, other.phase_two_uses),
    ] {
        *own += other;
    }
    let (own, other) = (&mut own.last, &other.last);
    for (own, other) in [
        (&mut own.mfa_write, other.mfa_write),
        (&mut own.non_mfa_write, other.non_mfa_write),
        (&mut own.deny, other.deny),
        (&mut own.sign_in, other.sign_in),
        (&mut own.mfa_sign_in, other.mfa_sign_in),
        (&mut own.non_mfa_sign_in, other.non_mfa_sign_in),
        (&mut own.exempt_sign_in, other.exempt_sign_in),
        (&mut own.failed_mfa_sign_in, other.failed_mfa_sign_in),
        (&mut own.mfa_elsewhere, other.mfa_elsewhere),
    ] {
        *own = (*own).max(other);
    }
}

/// The parts of a version as numbers, what is no number as 0.
fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or_default()).collect()
}

/// Whether a version is lower than another; of equal numbers the lower text is.
fn is_older(left: &str, right: &str) -> bool {
    (numbers(left), left) < (numbers(right), right)
}

fn add_new(texts: &mut Vec<Box<str>>, text: &str) {
    if !texts.iter().any(|known| **known == *text) {
        texts.push(text.into());
    }
}

/// Names and ids in lower case; nearly all are already.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    match letters_of(text.as_bytes()) {
        Letters::Lower => Cow::Borrowed(text),
        Letters::Mixed => Cow::Owned(text.to_ascii_lowercase()),
        Letters::Foreign => Cow::Owned(text.to_lowercase()),
    }
}

type Numbers<T> = HashMap<Box<str>, T, FixedState>;

/// The people, by object id and, where rows have none, by name.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) all: Vec<Person>,
    by_id: Numbers<usize>,
    by_name: Numbers<usize>,
    /// Of each UPN seen beside an object id, when that was last, and whose it was.
    owners: Numbers<(i64, usize)>,
}

impl People {
    /// The person of a row with an object id or a name.
    pub(crate) fn of(
        &mut self,
        id: Option<&str>,
        name: Option<&str>,
        time: i64,
    ) -> Option<&mut Person> {
        let name = name.map(folded);
        let Some(id) = id.map(folded) else {
            let at = find_or_add(&mut self.by_name, &mut self.all, &name?, false);
            return self.all.get_mut(at);
        };
        let at = find_or_add(&mut self.by_id, &mut self.all, &id, true);
        if let Some(name) = name {
            self.own(&name, time, at);
        }
        self.all.get_mut(at)
    }

    fn own(&mut self, name: &str, time: i64, at: usize) {
        let all = &self.all;
        match self.owners.get_mut(name) {
            Some((known_time, known)) => {
                if (*known_time, &all[*known].key) < (time, &all[at].key) {
                    (*known_time, *known) = (time, at);
                }
            }
            None => {
                self.owners.insert(name.into(), (time, at));
            }
        }
    }

    /// A list of accounts says which id a name has: rows that only have the name are of that one,
    /// unless a row with a time knows better.
    pub(crate) fn pair(&mut self, id: Option<&str>, name: Option<&str>) {
        let (Some(id), Some(name)) = (id, name.map(folded)) else { return };
        if self.by_name.contains_key(&*name) {
            let at = find_or_add(&mut self.by_id, &mut self.all, &folded(id), true);
            self.own(&name, NEVER, at);
        }
    }

    /// Puts what is known by name to the object ids that own the names.
    pub(crate) fn unite(&mut self) {
        for at in 0..self.all.len() {
            let person = &mut self.all[at];
            if !person.has_id
                && let Some((_, owner)) = self.owners.get(&person.key)
            {
                let person = std::mem::take(person);
                self.all[*owner].merge(person);
            }
        }
    }

    /// The person whom a list of accounts means, if known: by id where it has one, else by name.
    pub(crate) fn known(&mut self, id: Option<&str>, name: Option<&str>) -> Option<&mut Person> {
        let at = match (id, name) {
            (Some(id), _) => self.by_id.get(&*folded(id)).copied(),
            (None, Some(name)) => {
                let name = folded(name);
                let owner = self.owners.get(&*name).map(|(_, at)| *at);
                owner.or_else(|| self.by_name.get(&*name).copied())
            }
            (None, None) => None,
        };
        self.all.get_mut(at?)
    }
}

fn find_or_add(
    places: &mut Numbers<usize>,
    all: &mut Vec<Person>,
    key: &str,
    has_id: bool,
) -> usize {
    if let Some(at) = places.get(key) {
        return *at;
    }
    all.push(Person { key: key.into(), has_id, ..Person::default() });
    places.insert(key.into(), all.len() - 1);
    all.len() - 1
}
