//! The table `link`: which sign-in is behind a change or a directory audit.
//!
//! # What is linked
//! Rows of `attempt` whose `operation_class` is write, delete or action (or null) and whose
//! `principal_type` is user or unknown (or null), and rows of `audit` whose `actor_type` is user
//! (or null); each has to have an `event_id`. Below, both are "the change"; its time is
//! `first_time` or `event_time`, its user `caller_oid` and `caller_upn` (else a `caller` with an
//! `@`) or `actor_id` and `actor_upn`, its application `client_app_id` (an audit has none).
//! Sign-ins need an `event_id`. A change gets at most one link. An empty text is an absent one.
//!
//! # How
//! The first of these steps that finds a sign-in decides. Within a step the sign-in nearest in
//! time is taken; of several at that time the one with the smallest `event_id`.
//!
//! | step | kind | sign-ins that may be it |
//! |---|---|---|
//! | 1 | token | `event_id` = the change's `token_id`; at or before the change, latest first |
//! | 2 | token | the same, after the change, earliest first |
//! | 3 | token | `token_id` = the change's `token_id`; at or before, latest first |
//! | 4 | token | the same, after, earliest first |
//! | 5 | session | completed interactive ones of users, `session_id` equal; at or before, latest first |
//! | 6 | session | completed other ones of users, `session_id` equal; at or before, latest first |
//! | 7 | session | as 5, after the change, earliest first |
//! | 8 | session | as 6, after the change, earliest first |
//! | 9 | heuristic | completed ones of the same user, address and application, at or before the change and at most [`TOKEN_LIFE_MAX`] before it, latest first |
//!
//! - *Of users*: `category` is neither `service_principal` nor `managed_identity`.
//! - *Completed*: see [`is_completed`].
//! - Step 9 also wants users' sign-ins, with `excluded` null (a row that is left out of figures
//!   has not asked for a token of ours).
//! - *The same user*: object ids are equal where both have one, else UPNs are.
//! - *The same address*: `ip` equal; a change without one has no heuristic link.
//! - *The same application*: ids equal, or one of the two does not tell its: a token is issued to
//!   one application, so a sign-in with another cannot be behind the change.
//! - Token ids compare to the letter (a `uti` is case-sensitive), all else without regard to the
//!   case of ASCII letters.
//!
//! A time that is missing is before all others, and is within no distance of any (step 9).
//!
//! Sources: the token's `uti` names the request of its sign-in
//! (<https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>,
//! `ConvertFrom-MsIdUniqueTokenIdentifier` in <https://github.com/AzureAD/MSIdentityTools>),
//! sign-ins and tokens share the session id
//! (<https://learn.microsoft.com/entra/identity/authentication/how-to-authentication-track-linkable-identifiers>),
//! and access tokens live 60 to 90 minutes
//! (<https://learn.microsoft.com/entra/identity-platform/access-tokens>).

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringViewArray, new_null_array};
use arrow_schema::{ArrowError, DataType};
use arrow_select::interleave::interleave;
use foldhash::fast::FixedState;
use rayon::iter::{
    IndexedParallelIterator, IntoParallelRefIterator, IntoParallelRefMutIterator, ParallelIterator,
};
use rayon::slice::ParallelSliceMut;

use crate::fold::duplicate::Place;
use crate::fold::events::{Hash, Integers, Text, Times, hashed};
use crate::fold::person::NEVER;
use crate::mfa::readiness::is_completed;
use crate::schema::link::TABLE;

/// Longest time between a sign-in and a change that may be guessed to be its, microseconds: an
/// access token lives 60 to 90 minutes.
pub const TOKEN_LIFE_MAX: i64 = 90 * 60 * 1_000_000;

/// Columns of `attempt` that [`link`] reads.
pub const ATTEMPT_COLUMNS_READ: &[&str] = &[
    "event_id",
    "first_time",
    "operation_class",
    "caller",
    "caller_upn",
    "caller_oid",
    "principal_type",
    "client_app_id",
    "ip",
    "token_id",
    "session_id",
];

/// Columns of `sign_in` that [`link`] reads.
pub const SIGN_IN_COLUMNS_READ: &[&str] = &[
    "event_id",
    "event_time",
    "category",
    "user_id",
    "upn",
    "app_id",
    "ip",
    "error_code",
    "mfa",
    "excluded",
    "token_id",
    "session_id",
];

/// Columns of `audit` that [`link`] reads.
pub const AUDIT_COLUMNS_READ: &[&str] = &[
    "event_id",
    "event_time",
    "actor_type",
    "actor_id",
    "actor_upn",
    "ip",
    "token_id",
    "session_id",
];

/// The table `link`, sorted by time of the change, then changes before audits, then `event_id`.
/// Columns that a batch lacks are read as null; the rules are those of the module.
///
/// # Errors
/// Never in practice: the columns made have one length.
pub fn link(
    attempts: &[RecordBatch],
    sign_ins: &[RecordBatch],
    audits: &[RecordBatch],
) -> Result<RecordBatch, ArrowError> {
    let batches: Vec<Changes<'_>> = attempts
        .iter()
        .map(Changes::of_attempts)
        .chain(audits.iter().map(Changes::of_audits))
        .collect();
    let sign_ins: Vec<SignIns<'_>> = sign_ins.iter().map(SignIns::of).collect();
    let mut changes: Vec<Change> =
        batches.iter().enumerate().flat_map(|(number, batch)| batch.rows(number)).collect();
    changes.par_sort_unstable_by(|left, right| {
        let id = |change: &Change| batches[change.place.0 as usize].ids.get(row_of(change.place));
        (left.time, left.is_audit)
            .cmp(&(right.time, right.is_audit))
            .then_with(|| id(left).cmp(&id(right)))
            .then_with(|| left.place.cmp(&right.place))
    });
    for kind in [Kind::Token, Kind::Session, Kind::Heuristic] {
        let steps_of =
            |change: &Change| batches[change.place.0 as usize].steps(kind, row_of(change.place));
        let open = || changes.iter().filter(|change| change.found.is_none());
        let wanted: HashSet<Hash, FixedState> = open()
            .flat_map(|change| steps_of(change).into_iter().flatten())
            .flat_map(|step| step.keys)
            .flatten()
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let index = Index::of(&sign_ins, kind, &wanted);
        drop(wanted);
        changes.par_iter_mut().filter(|change| change.found.is_none()).for_each(|change| {
            change.found = steps_of(change)
                .into_iter()
                .flatten()
                .find_map(|step| index.nearest(&step, change.time, kind))
                .map(|place| (place, kind));
        });
    }
    changes.retain(|change| change.found.is_some());
    build(&changes, &batches, &sign_ins)
}

/// What a link rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Token,
    Session,
    Heuristic,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session => "session",
            Self::Heuristic => "heuristic",
        }
    }
}

/// A change or an audit that may get a link.
#[derive(Debug)]
struct Change {
    time: i64,
    is_audit: bool,
    place: Place,
    found: Option<(Place, Kind)>,
}

/// One look for a sign-in: under any of these keys, on one side of the change.
#[derive(Debug)]
struct Step {
    keys: [Option<Hash>; 4],
    is_before: bool,
}

impl Step {
    /// A look at or before the change, and one after it, under one key.
    fn both_sides(key: Hash) -> [Option<Self>; 2] {
        [true, false].map(|is_before| Some(Self { keys: [Some(key), None, None, None], is_before }))
    }
}

/// What sign-ins are looked up by; two keys are equal if they are of one sort and of equal texts.
#[derive(Debug, Clone, Copy)]
enum Sort {
    SignInId,
    TokenId,
    InteractiveSession,
    OtherSession,
    /// Object id.
    ById,
    /// UPN, of a sign-in that may have an object id.
    ByUpn,
    /// UPN, of a sign-in that has no object id.
    ByUpnOnly,
}

/// How a key takes the application into account.
#[derive(Debug, Clone, Copy)]
enum App<'a> {
    /// Whatever it is.
    Any,
    /// It is this one; none: it is not told.
    Is(Option<&'a str>),
}

fn key(sort: Sort, text: &str) -> Hash {
    let mut buffer = Vec::with_capacity(text.len() + 1);
    buffer.push(sort as u8);
    buffer.extend_from_slice(text.as_bytes());
    if !matches!(sort, Sort::SignInId | Sort::TokenId) {
        buffer.make_ascii_lowercase();
    }
    hashed(&buffer)
}

fn key_of_user(sort: Sort, user: &str, ip: &str, app: App<'_>) -> Hash {
    let (mark, app) = match app {
        App::Any => ("any", ""),
        App::Is(None) => ("none", ""),
        App::Is(Some(app)) => ("is", app),
    };
    key(sort, &[user, ip, mark, app].join("\0"))
}

/// A batch of changes or of audits.
#[derive(Debug)]
struct Changes<'a> {
    batch: &'a RecordBatch,
    is_audit: bool,
    ids: Text<'a>,
    tokens: Text<'a>,
    sessions: Text<'a>,
    user_ids: Text<'a>,
    upns: Text<'a>,
    /// What else may be a UPN.
    callers: Text<'a>,
    apps: Text<'a>,
    ips: Text<'a>,
}

impl<'a> Changes<'a> {
    fn of_attempts(batch: &'a RecordBatch) -> Self {
        Self::of(batch, false, ["caller_oid", "caller_upn", "caller", "client_app_id"])
    }

    fn of_audits(batch: &'a RecordBatch) -> Self {
        Self::of(batch, true, ["actor_id", "actor_upn", "", ""])
    }

    fn of(batch: &'a RecordBatch, is_audit: bool, names: [&str; 4]) -> Self {
        let text = |name| Text::of(batch, name);
        let [user_ids, upns, callers, apps] = names.map(text);
        let (ids, tokens, sessions) = (text("event_id"), text("token_id"), text("session_id"));
        let ips = text("ip");
        Self { batch, is_audit, ids, tokens, sessions, user_ids, upns, callers, apps, ips }
    }

    /// The rows that may get a link; `number` is that of the batch.
    fn rows(&self, number: usize) -> Vec<Change> {
        let (time, who) = if self.is_audit {
            ("event_time", "actor_type")
        } else {
            ("first_time", "principal_type")
        };
        let times = Times::of(self.batch, time);
        let (who, classes) = (Text::of(self.batch, who), Text::of(self.batch, "operation_class"));
        let is_wanted = |row: usize| {
            told(self.ids, row).is_some()
                && match told(who, row) {
                    None | Some("user") => true,
                    Some(kind) => kind == "unknown" && !self.is_audit,
                }
                && (self.is_audit
                    || matches!(told(classes, row), None | Some("write" | "delete" | "action")))
        };
        (0..self.batch.num_rows())
            .filter(|row| is_wanted(*row))
            .map(|row| Change {
                time: times.get(row).unwrap_or(NEVER),
                is_audit: self.is_audit,
                place: place(number, row),
                found: None,
            })
            .collect()
    }

    /// The looks of one kind for a row, in their order.
    fn steps(&self, kind: Kind, row: usize) -> [Option<Step>; 4] {
        let nothing = [const { None }; 4];
        match kind {
            Kind::Token => told(self.tokens, row).map_or(nothing, |token| {
                let [before, after] = Step::both_sides(key(Sort::SignInId, token));
                let [before_by_token, after_by_token] = Step::both_sides(key(Sort::TokenId, token));
                [before, after, before_by_token, after_by_token]
            }),
            Kind::Session => told(self.sessions, row).map_or(nothing, |session| {
                let [before, after] = Step::both_sides(key(Sort::InteractiveSession, session));
                let [other_before, other_after] =
                    Step::both_sides(key(Sort::OtherSession, session));
                [before, other_before, after, other_after]
            }),
            Kind::Heuristic => {
                let keys = self.keys_of_user(row).unwrap_or_default();
                [Some(Step { keys, is_before: true }), None, None, None]
            }
        }
    }

    fn keys_of_user(&self, row: usize) -> Option<[Option<Hash>; 4]> {
        let ip = told(self.ips, row)?;
        let upn = || {
            told(self.upns, row)
                .or_else(|| told(self.callers, row).filter(|caller| caller.contains('@')))
        };
        let users = match told(self.user_ids, row) {
            Some(id) => [Some((Sort::ById, id)), upn().map(|upn| (Sort::ByUpnOnly, upn))],
            None => [upn().map(|upn| (Sort::ByUpn, upn)), None],
        };
        let keys_with = |app: App<'_>| {
            users.map(|user| user.map(|(sort, user)| key_of_user(sort, user, ip, app)))
        };
        let [first, second] = match told(self.apps, row) {
            None => [keys_with(App::Any), [None, None]],
            Some(app) => [keys_with(App::Is(Some(app))), keys_with(App::Is(None))],
        };
        Some([first[0], first[1], second[0], second[1]])
    }
}

/// A batch of sign-ins.
#[derive(Debug)]
struct SignIns<'a> {
    batch: &'a RecordBatch,
    ids: Text<'a>,
    times: Times<'a>,
    tokens: Text<'a>,
    sessions: Text<'a>,
    categories: Text<'a>,
    user_ids: Text<'a>,
    upns: Text<'a>,
    apps: Text<'a>,
    ips: Text<'a>,
    excluded: Text<'a>,
    verdicts: Text<'a>,
    error_codes: Integers<'a>,
}

impl<'a> SignIns<'a> {
    fn of(batch: &'a RecordBatch) -> Self {
        let text = |name| Text::of(batch, name);
        Self {
            batch,
            ids: text("event_id"),
            times: Times::of(batch, "event_time"),
            tokens: text("token_id"),
            sessions: text("session_id"),
            categories: text("category"),
            user_ids: text("user_id"),
            upns: text("upn"),
            apps: text("app_id"),
            ips: text("ip"),
            excluded: text("excluded"),
            verdicts: text("mfa"),
            error_codes: Integers::of(batch, "error_code"),
        }
    }

    /// The keys that a row is found by.
    fn keys(&self, kind: Kind, row: usize) -> [Option<Hash>; 4] {
        if kind == Kind::Token {
            let id = told(self.ids, row).map(|id| key(Sort::SignInId, id));
            return [id, told(self.tokens, row).map(|token| key(Sort::TokenId, token)), None, None];
        }
        let category = told(self.categories, row);
        if matches!(category, Some("service_principal" | "managed_identity"))
            || !is_completed(self.error_codes.get(row), self.verdicts.get(row))
        {
            return [None; 4];
        }
        if kind == Kind::Session {
            let sort = match category {
                Some("interactive") => Sort::InteractiveSession,
                _ => Sort::OtherSession,
            };
            return [told(self.sessions, row).map(|session| key(sort, session)), None, None, None];
        }
        let ip = told(self.ips, row).filter(|_| told(self.excluded, row).is_none());
        let app = App::Is(told(self.apps, row));
        let (id, upn) = (told(self.user_ids, row), told(self.upns, row));
        let by = |sort, user: Option<&str>, app| {
            user.zip(ip).map(|(user, ip)| key_of_user(sort, user, ip, app))
        };
        match id {
            Some(_) => [
                by(Sort::ById, id, App::Any),
                by(Sort::ById, id, app),
                by(Sort::ByUpn, upn, App::Any),
                by(Sort::ByUpn, upn, app),
            ],
            None => [
                by(Sort::ByUpnOnly, upn, App::Any),
                by(Sort::ByUpnOnly, upn, app),
                by(Sort::ByUpn, upn, App::Any),
                by(Sort::ByUpn, upn, app),
            ],
        }
    }
}

/// The sign-ins that changes ask for, by key, then time, then id.
#[derive(Debug)]
struct Index<'s, 'a> {
    sign_ins: &'s [SignIns<'a>],
    entries: Vec<(Hash, i64, Place)>,
}

impl<'s, 'a> Index<'s, 'a> {
    fn of(sign_ins: &'s [SignIns<'a>], kind: Kind, wanted: &HashSet<Hash, FixedState>) -> Self {
        let asked_of = |(number, batch): (usize, &SignIns<'a>)| {
            let mut entries: Vec<(Hash, i64, Place)> = Vec::new();
            for row in (0..batch.batch.num_rows()).filter(|row| told(batch.ids, *row).is_some()) {
                let time = batch.times.get(row).unwrap_or(NEVER);
                let keys = batch.keys(kind, row).into_iter().flatten();
                let asked = keys.filter(|key| wanted.contains(key));
                entries.extend(asked.map(|key| (key, time, place(number, row))));
            }
            entries
        };
        let mut entries: Vec<(Hash, i64, Place)> =
            sign_ins.par_iter().enumerate().flat_map_iter(asked_of).collect();
        let mut index = Self { sign_ins, entries: Vec::new() };
        entries.par_sort_unstable_by(|left: &(Hash, i64, Place), right| {
            (left.0, left.1)
                .cmp(&(right.0, right.1))
                .then_with(|| index.id(left.2).cmp(&index.id(right.2)))
        });
        index.entries = entries;
        index
    }

    fn id(&self, place: Place) -> Option<&'a str> {
        self.sign_ins[place.0 as usize].ids.get(row_of(place))
    }

    /// The sign-in of a step that is nearest to a time.
    fn nearest(&self, step: &Step, time: i64, kind: Kind) -> Option<Place> {
        let found = step.keys.iter().flatten().filter_map(|key| {
            let is_near = |found: &&(Hash, i64, Place)| {
                found.0 == *key
                    && (kind != Kind::Heuristic
                        || (found.1 != NEVER && time.saturating_sub(found.1) <= TOKEN_LIFE_MAX))
            };
            let after = self.entries.partition_point(|entry| (entry.0, entry.1) <= (*key, time));
            if !step.is_before {
                return self.entries.get(after).filter(is_near);
            }
            let last = self.entries[..after].last().filter(is_near)?;
            // Of those at the same time, the one with the smallest id.
            let first = self.entries.partition_point(|entry| (entry.0, entry.1) < (*key, last.1));
            self.entries.get(first)
        });
        let best = found.reduce(|best, other| {
            let is_nearer = if step.is_before { other.1 > best.1 } else { other.1 < best.1 };
            let is_first = other.1 == best.1 && self.id(other.2) < self.id(best.2);
            if is_nearer || is_first { other } else { best }
        });
        best.map(|(_, _, place)| *place)
    }
}

fn build(
    changes: &[Change],
    batches: &[Changes<'_>],
    sign_ins: &[SignIns<'_>],
) -> Result<RecordBatch, ArrowError> {
    let ids_of = |is_audit: bool| {
        let places =
            changes.iter().map(|change| (change.is_audit == is_audit).then_some(change.place));
        taken(batches.iter().map(|batch| batch.ids), places)
    };
    let found = || changes.iter().map(|change| change.found);
    let columns: Vec<ArrayRef> = vec![
        ids_of(false)?,
        taken(sign_ins.iter().map(|batch| batch.ids), found().map(|found| Some(found?.0)))?,
        ids_of(true)?,
        Arc::new(found().map(|found| Some(found?.1.name())).collect::<StringViewArray>()),
    ];
    RecordBatch::try_new(Arc::new(TABLE.arrow_schema(|_| true)), columns)
}

/// The texts at some places; their bytes are shared, not copied.
fn taken<'a>(
    texts: impl Iterator<Item = Text<'a>>,
    places: impl Iterator<Item = Option<Place>>,
) -> Result<ArrayRef, ArrowError> {
    let texts: Vec<Text<'a>> = texts.collect();
    let nothing = new_null_array(&DataType::Utf8View, 1);
    let mut sources: Vec<&dyn arrow_array::Array> = vec![&nothing];
    let numbers: Vec<usize> = texts
        .iter()
        .map(|text| {
            let Some(array) = text.texts() else { return 0 };
            sources.push(array);
            sources.len() - 1
        })
        .collect();
    let indices: Vec<(usize, usize)> = places
        .map(|place| {
            let Some(place) = place else { return (0, 0) };
            let batch = place.0 as usize;
            texts[batch].place(row_of(place)).map_or((0, 0), |(_, at)| (numbers[batch], at))
        })
        .collect();
    interleave(&sources, &indices)
}

fn told(texts: Text<'_>, row: usize) -> Option<&str> {
    texts.get(row).filter(|text| !text.is_empty())
}

fn place(batch: usize, row: usize) -> Place {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    (number(batch), number(row))
}

fn row_of(place: Place) -> usize {
    place.1 as usize
}

#[cfg(test)]
mod tests;
