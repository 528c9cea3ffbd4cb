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

use std::cmp::Reverse;
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{ArrayRef, RecordBatch, StringViewArray};
use arrow_schema::ArrowError;

use crate::fold::events::{Integers, Text, Times, hashed};
use crate::fold::person::NEVER;
use crate::mfa::readiness::is_completed;
use crate::schema::link::TABLE;

pub(crate) mod record;

use record::{Ask, Found, Ids, Offer, Told};

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

/// What a link rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Token,
    Session,
    Heuristic,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Token, Self::Session, Self::Heuristic];

    /// That of a step of the table above.
    fn of_step(step: u8) -> Self {
        match step {
            1..=4 => Self::Token,
            5..=8 => Self::Session,
            _ => Self::Heuristic,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session => "session",
            Self::Heuristic => "heuristic",
        }
    }
}

/// What the changes themselves are as [`Told::step`]: no step found them.
const CHANGE: u8 = 0;

/// The step by user, address and application.
const GUESS: u8 = 9;

/// Says that a change is an audit, in [`Told::step`].
const AUDIT: u8 = 0x80;

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

fn key(sort: Sort, text: &str) -> u128 {
    let mut buffer = Vec::with_capacity(text.len() + 1);
    buffer.push(sort as u8);
    buffer.extend_from_slice(text.as_bytes());
    if !matches!(sort, Sort::SignInId | Sort::TokenId) {
        buffer.make_ascii_lowercase();
    }
    hashed(&buffer).get()
}

fn key_of_user(sort: Sort, user: &str, ip: &str, app: App<'_>) -> u128 {
    let (mark, app) = match app {
        App::Any => ("any", ""),
        App::Is(None) => ("none", ""),
        App::Is(Some(app)) => ("is", app),
    };
    key(sort, &[user, ip, mark, app].join("\0"))
}

/// A batch of changes or of audits.
#[derive(Debug)]
pub(crate) struct Changes<'a> {
    batch: &'a RecordBatch,
    is_audit: bool,
    ids: Text<'a>,
    times: Times<'a>,
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
    pub(crate) fn of_attempts(batch: &'a RecordBatch) -> Self {
        let names = ["first_time", "caller_oid", "caller_upn", "caller", "client_app_id"];
        Self::of(batch, false, names)
    }

    pub(crate) fn of_audits(batch: &'a RecordBatch) -> Self {
        Self::of(batch, true, ["event_time", "actor_id", "actor_upn", "", ""])
    }

    fn of(batch: &'a RecordBatch, is_audit: bool, names: [&str; 5]) -> Self {
        let text = |name| Text::of(batch, name);
        let times = Times::of(batch, names[0]);
        let [_, user_ids, upns, callers, apps] = names.map(text);
        let (ids, tokens, sessions) = (text("event_id"), text("token_id"), text("session_id"));
        let ips = text("ip");
        Self { batch, is_audit, ids, times, tokens, sessions, user_ids, upns, callers, apps, ips }
    }

    /// The rows that may get a link.
    pub(crate) fn rows(&self) -> Vec<usize> {
        let who = if self.is_audit { "actor_type" } else { "principal_type" };
        let (who, classes) = (Text::of(self.batch, who), Text::of(self.batch, "operation_class"));
        let is_wanted = |row: &usize| {
            told(self.ids, *row).is_some()
                && match told(who, *row) {
                    None | Some("user") => true,
                    Some(kind) => kind == "unknown" && !self.is_audit,
                }
                && (self.is_audit
                    || matches!(told(classes, *row), None | Some("write" | "delete" | "action")))
        };
        (0..self.batch.num_rows()).filter(is_wanted).collect()
    }

    /// A row, as the change with this number.
    pub(crate) fn told(&self, row: usize, change: u64, ids: &mut Ids) -> Told {
        let id = ids.id(self.ids.get(row).unwrap_or_default());
        let step = if self.is_audit { CHANGE | AUDIT } else { CHANGE };
        Told { change, time: self.time(row), id, step }
    }

    fn time(&self, row: usize) -> i64 {
        self.times.get(row).unwrap_or(NEVER)
    }

    /// The looks of a row, as the change with this number.
    pub(crate) fn asks(&self, row: usize, change: u64) -> Vec<Ask> {
        let time = self.time(row);
        let ask = |key, before, after| Ask { key, time, change, before, after };
        let mut asks = Vec::with_capacity(8);
        if let Some(token) = told(self.tokens, row) {
            asks.push(ask(key(Sort::SignInId, token), 1, Some(2)));
            asks.push(ask(key(Sort::TokenId, token), 3, Some(4)));
        }
        if let Some(session) = told(self.sessions, row) {
            asks.push(ask(key(Sort::InteractiveSession, session), 5, Some(7)));
            asks.push(ask(key(Sort::OtherSession, session), 6, Some(8)));
        }
        let users = self.keys_of_user(row).unwrap_or_default().into_iter().flatten();
        asks.extend(users.map(|key| ask(key, GUESS, None)));
        asks
    }

    fn keys_of_user(&self, row: usize) -> Option<[Option<u128>; 4]> {
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
pub(crate) struct SignIns<'a> {
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
    pub(crate) fn of(batch: &'a RecordBatch) -> Self {
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

    /// The sign-ins under the keys that are asked for: key, time and row.
    pub(crate) fn offered(&self, is_asked: impl Fn(u128) -> bool) -> Vec<(u128, i64, usize)> {
        let mut offered = Vec::new();
        for row in (0..self.batch.num_rows()).filter(|row| told(self.ids, *row).is_some()) {
            let time = self.times.get(row).unwrap_or(NEVER);
            let keys = self.keys(row).into_iter().flatten().filter(|key| is_asked(*key));
            offered.extend(keys.map(|key| (key, time, row)));
        }
        offered
    }

    /// The id of a row.
    pub(crate) fn id(&self, row: usize) -> &'a str {
        self.ids.get(row).unwrap_or_default()
    }

    /// The keys that a row is found by.
    fn keys(&self, row: usize) -> [Option<u128>; 7] {
        let mut keys = [None; 7];
        keys[0] = told(self.ids, row).map(|id| key(Sort::SignInId, id));
        keys[1] = told(self.tokens, row).map(|token| key(Sort::TokenId, token));
        let category = told(self.categories, row);
        if matches!(category, Some("service_principal" | "managed_identity"))
            || !is_completed(self.error_codes.get(row), self.verdicts.get(row))
        {
            return keys;
        }
        let sort = match category {
            Some("interactive") => Sort::InteractiveSession,
            _ => Sort::OtherSession,
        };
        keys[2] = told(self.sessions, row).map(|session| key(sort, session));
        let ip = told(self.ips, row).filter(|_| told(self.excluded, row).is_none());
        let app = App::Is(told(self.apps, row));
        let (id, upn) = (told(self.user_ids, row), told(self.upns, row));
        let by = |sort, user: Option<&str>, app| {
            user.zip(ip).map(|(user, ip)| key_of_user(sort, user, ip, app))
        };
        let (sort, user) = if id.is_some() { (Sort::ById, id) } else { (Sort::ByUpnOnly, upn) };
        keys[3] = by(sort, user, App::Any);
        keys[4] = by(sort, user, app);
        keys[5] = by(Sort::ByUpn, upn, App::Any);
        keys[6] = by(Sort::ByUpn, upn, app);
        keys
    }
}

/// What looks find under their keys: for each the sign-in of the first step that finds one.
/// All that have a key in common have to be there.
pub(crate) fn candidates(asks: &[Ask], mut offers: Vec<Offer>, ids: &Ids) -> Vec<Told> {
    offers.sort_unstable_by(|left, right| {
        (left.key, left.time)
            .cmp(&(right.key, right.time))
            .then_with(|| ids.order(left.id, right.id))
    });
    let found = |ask: &Ask| {
        let told =
            |offer: &Offer, step| Told { change: ask.change, time: offer.time, id: offer.id, step };
        let after = offers.partition_point(|offer| (offer.key, offer.time) <= (ask.key, ask.time));
        let is_near = |offer: &&Offer| {
            ask.before != GUESS
                || (offer.time != NEVER && ask.time.saturating_sub(offer.time) <= TOKEN_LIFE_MAX)
        };
        let last = offers[..after].last().filter(|offer| offer.key == ask.key);
        if let Some(last) = last.filter(is_near) {
            // Of those at the same time, the one with the smallest id.
            let first =
                offers.partition_point(|offer| (offer.key, offer.time) < (ask.key, last.time));
            return offers.get(first).map(|offer| told(offer, ask.before));
        }
        let next = offers.get(after).filter(|offer| offer.key == ask.key)?;
        Some(told(next, ask.after?))
    };
    asks.iter().filter_map(found).collect()
}

/// The links of some changes: of what was found of each, what the first step found, the nearest in
/// time, and of several at that time the one with the smallest id. All that was told of these
/// changes has to be there.
pub(crate) fn best(mut told: Vec<Told>, ids: &Ids) -> Vec<Found> {
    let step = |told: &Told| told.step & !AUDIT;
    told.sort_unstable_by(|left, right| {
        (left.change, step(left), Reverse(left.time))
            .cmp(&(right.change, step(right), Reverse(right.time)))
            .then_with(|| ids.order(left.id, right.id))
    });
    let of = |told: &[Told]| match told {
        [change, best, ..] if step(change) == CHANGE => Some(Found {
            time: change.time,
            is_audit: change.step & AUDIT > 0,
            id: change.id,
            sign_in: best.id,
            kind: Kind::of_step(best.step),
        }),
        _ => None,
    };
    told.chunk_by(|left, right| left.change == right.change).filter_map(of).collect()
}

/// The table `link` of some links, sorted by time of the change, then changes before audits, then
/// `event_id`.
///
/// # Errors
/// Never in practice: the columns made have one length.
pub(crate) fn table(mut found: Vec<Found>, ids: &Ids) -> Result<RecordBatch, ArrowError> {
    found.sort_unstable_by(|left, right| {
        (left.time, left.is_audit)
            .cmp(&(right.time, right.is_audit))
            .then_with(|| ids.order(left.id, right.id))
            .then_with(|| ids.order(left.sign_in, right.sign_in))
            .then_with(|| (left.kind as u8).cmp(&(right.kind as u8)))
    });
    let mut buffer = String::new();
    let mut column = |id: &dyn Fn(&Found) -> Option<record::Id>| -> ArrayRef {
        let mut texts = StringViewBuilder::with_capacity(found.len());
        for found in &found {
            texts.append_option(id(found).map(|id| ids.text(id, &mut buffer)));
        }
        Arc::new(texts.finish())
    };
    let columns: Vec<ArrayRef> = vec![
        column(&|found| (!found.is_audit).then_some(found.id)),
        column(&|found| Some(found.sign_in)),
        column(&|found| found.is_audit.then_some(found.id)),
        Arc::new(found.iter().map(|found| Some(found.kind.name())).collect::<StringViewArray>()),
    ];
    RecordBatch::try_new(Arc::new(TABLE.arrow_schema(|_| true)), columns)
}

fn told(texts: Text<'_>, row: usize) -> Option<&str> {
    texts.get(row).filter(|text| !text.is_empty())
}

#[cfg(test)]
pub(crate) mod tests;
