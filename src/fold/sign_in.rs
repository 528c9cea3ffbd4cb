//! What other rows say of a sign-in: steps that stand in a file of their own, the claims of the
//! token it issued, and the other sign-ins of its session.
//!
//! In this order:
//! 1. Steps of a companion file are judged as if they stood in the row. They count where the row has
//!    none of its own.
//! 2. A completed sign-in of a user with verdict `unknown` whose `event_id` or `token_id` is the
//!    `token_id` of an activity row with verdict `mfa` or `non_mfa` takes that verdict, reason
//!    `token`: the claims are what Azure Resource Manager saw. `mfa` wins where rows differ, and
//!    over reason `first_factor_only` too: what the steps do not show, the token may have.
//! 3. A completed `non_interactive` sign-in still `unknown` looks at the sign-ins of the same user and
//!    session that were judged by what they themselves tell, at the same time or before: `mfa` where
//!    one of them is `mfa`, else `non_mfa` where one is; reason `session`. Later ones prove nothing of
//!    what went before.
//!
//! Sources: <https://learn.microsoft.com/entra/identity/authentication/how-to-authentication-track-linkable-identifiers>
//! (token and session identifiers) and
//! <https://learn.microsoft.com/entra/identity/monitoring-health/concept-noninteractive-sign-ins>
//! (such rows show no factors of their own).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringViewArray};
use arrow_schema::ArrowError;
use foldhash::fast::FixedState;
use rayon::iter::{IntoParallelRefIterator, IntoParallelRefMutIterator, ParallelIterator};

use crate::extract::identity::hash;
use crate::extract::step::StepRow;
use crate::fold::events::{Integers, Text, Times, with_columns};
use crate::mfa::sign_in::{Category, Reason, SignInMfa, Step, Told, judge, methods_of};
use crate::mfa::strength::{Strength, strongest};

/// Columns of `sign_in` that are read, whatever the reports want, once the verdict is wanted.
pub(crate) const COLUMNS_READ: &[&str] = &[
    "event_id",
    "event_time",
    "category",
    "user_key",
    "requirement",
    "mfa",
    "mfa_reason",
    "mfa_methods",
    "mfa_strength",
    "mfa_result",
    "step_count",
    "error_code",
    "token_id",
    "session_id",
];

/// Columns of `activity` that are read for the verdict of a sign-in.
pub(crate) const ACTIVITY_READ: &[&str] = &["token_id", "mfa"];

/// Judges sign-ins by the steps of a companion file; gives the number of steps of no sign-in.
///
/// # Errors
/// Only when a column outgrows Arrow's limits.
pub(crate) fn join_steps(
    batches: &mut [RecordBatch],
    steps: &[StepRow],
) -> Result<u64, ArrowError> {
    if steps.is_empty() {
        return Ok(0);
    }
    let mut of: HashMap<&str, Vec<&StepRow>, FixedState> = HashMap::default();
    for step in steps {
        of.entry(step.sign_in_id.as_str()).or_default().push(step);
    }
    let mut found: HashSet<&str, FixedState> = HashSet::default();
    for batch in batches {
        let text = |name| Text::of(batch, name);
        let (ids, categories, requirements) =
            (text("event_id"), text("category"), text("requirement"));
        let results = text("mfa_result");
        let (codes, counts) =
            (Integers::of(batch, "error_code"), Integers::of(batch, "step_count"));
        let (verdicts, reasons) = (text("mfa"), text("mfa_reason"));
        let (methods, strengths) = (text("mfa_methods"), text("mfa_strength"));
        let mut columns: [Vec<Option<Cow<'_, str>>>; 4] = Default::default();
        let mut step_counts: Vec<Option<i64>> = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let count = counts.get(row);
            let own = ids.get(row).and_then(|id| of.get_key_value(id));
            let own = own.filter(|_| count.unwrap_or(0) == 0);
            let Some((id, own)) = own else {
                let as_it_is = [verdicts, reasons, methods, strengths];
                for (column, texts) in columns.iter_mut().zip(as_it_is) {
                    column.push(texts.get(row).map(Cow::Borrowed));
                }
                step_counts.push(count);
                continue;
            };
            found.insert(id);
            let steps: Vec<Step<'_>> = own.iter().map(|step| of_row(step)).collect();
            let told = Told {
                category: categories.get(row).and_then(Category::of_text),
                error_code: codes.get(row),
                requirement: requirements.get(row),
                steps: Some(&steps),
                mfa_result: results.get(row),
                mfa_method: methods.get(row),
                policy_met_mfa: reasons.get(row) == Some("policy"),
                is_federation_server: reasons.get(row) == Some("federation_server"),
            };
            let (verdict, reason) = judge(&told);
            let own_methods: Vec<&str> = methods_of(&told).collect();
            let strength = strongest(own_methods.iter().copied()).map(Strength::name);
            let joined = (!own_methods.is_empty()).then(|| Cow::Owned(own_methods.join(",")));
            columns[0].push(Some(Cow::Borrowed(verdict.name())));
            columns[1].push(Some(Cow::Borrowed(reason.name())));
            columns[2].push(joined);
            columns[3].push(strength.map(Cow::Borrowed));
            step_counts.push(i64::try_from(steps.len()).ok());
        }
        let column = |texts: &Vec<Option<Cow<'_, str>>>| -> ArrayRef {
            Arc::new(texts.iter().map(Option::as_deref).collect::<StringViewArray>())
        };
        let replaced = [
            ("mfa", column(&columns[0])),
            ("mfa_reason", column(&columns[1])),
            ("mfa_methods", column(&columns[2])),
            ("mfa_strength", column(&columns[3])),
            ("step_count", Arc::new(Int64Array::from(step_counts)) as ArrayRef),
        ];
        let changed = with_columns(batch, &replaced)?;
        *batch = changed;
    }
    Ok(steps.iter().filter(|step| !found.contains(step.sign_in_id.as_str())).count() as u64)
}

fn of_row(step: &StepRow) -> Step<'_> {
    Step {
        method: step.method.as_deref(),
        detail: step.detail.as_deref(),
        requirement: step.requirement.as_deref(),
        result: step.result.as_deref(),
        succeeded: step.succeeded,
    }
}

/// What the tokens of activity rows prove, for the sign-ins that do not tell.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// Hash of a token, and whether some row shows MFA; none until a row was met.
    proofs: HashMap<u128, Option<bool>, FixedState>,
}

impl Tokens {
    /// Those of the sign-ins whose verdict is open.
    pub(crate) fn of_unknown(batches: &[RecordBatch]) -> Self {
        let mut proofs: HashMap<u128, Option<bool>, FixedState> = HashMap::default();
        for batch in batches {
            let rows = Rows::of(batch);
            for row in (0..batch.num_rows()).filter(|row| rows.is_open(*row)) {
                for id in [rows.ids.get(row), rows.tokens.get(row)].into_iter().flatten() {
                    proofs.insert(hash(id.as_bytes()), None);
                }
            }
        }
        Self { proofs }
    }

    /// Looks at rows of `activity`.
    pub(crate) fn learn(&mut self, activity: &[RecordBatch]) {
        if self.proofs.is_empty() {
            return;
        }
        for batch in activity {
            let (tokens, verdicts) = (Text::of(batch, "token_id"), Text::of(batch, "mfa"));
            for row in 0..batch.num_rows() {
                let shows = match verdicts.get(row) {
                    Some("mfa") => true,
                    Some("non_mfa") => false,
                    _ => continue,
                };
                let Some(token) = tokens.get(row) else { continue };
                if let Some(known) = self.proofs.get_mut(&hash(token.as_bytes())) {
                    *known = Some(known.unwrap_or(false) || shows);
                }
            }
        }
    }

    fn proof(&self, id: Option<&str>) -> Option<bool> {
        if self.proofs.is_empty() {
            return None;
        }
        self.proofs.get(&hash(id?.as_bytes())).copied().flatten()
    }
}

/// The columns of a batch that resolving reads.
struct Rows<'a> {
    ids: Text<'a>,
    tokens: Text<'a>,
    sessions: Text<'a>,
    users: Text<'a>,
    categories: Text<'a>,
    verdicts: Text<'a>,
    reasons: Text<'a>,
    times: Times<'a>,
    codes: Integers<'a>,
}

impl<'a> Rows<'a> {
    fn of(batch: &'a RecordBatch) -> Self {
        let text = |name| Text::of(batch, name);
        Self {
            ids: text("event_id"),
            tokens: text("token_id"),
            sessions: text("session_id"),
            users: text("user_key"),
            categories: text("category"),
            verdicts: text("mfa"),
            reasons: text("mfa_reason"),
            times: Times::of(batch, "event_time"),
            codes: Integers::of(batch, "error_code"),
        }
    }

    fn is_completed(&self, row: usize) -> bool {
        self.codes.get(row) == Some(0)
    }

    fn is_unknown(&self, row: usize) -> bool {
        self.verdicts.get(row) == Some(SignInMfa::Unknown.name())
    }

    /// Whether the sign-in came to an end and shows no MFA: its token may.
    fn is_open(&self, row: usize) -> bool {
        let has_first_factor = self.reasons.get(row) == Some(Reason::FirstFactorOnly.name());
        self.is_completed(row) && (self.is_unknown(row) || has_first_factor)
    }

    /// The session of a row, as a number.
    fn session(&self, row: usize) -> Option<u128> {
        let session = hash(self.sessions.get(row)?.as_bytes());
        Some(session ^ hash(self.users.get(row)?.as_bytes()).rotate_left(1))
    }

    /// What a row that was judged by what it tells itself shows of its session, and when.
    fn shown(&self, row: usize) -> Option<(u128, bool, i64)> {
        if !self.is_completed(row) || matches!(self.reasons.get(row), Some("session" | "token")) {
            return None;
        }
        let shows = match self.verdicts.get(row) {
            Some("mfa") => true,
            Some("non_mfa") => false,
            _ => return None,
        };
        Some((self.session(row)?, shows, self.times.get(row)?))
    }
}

/// When a session first showed MFA, and first one factor only.
#[derive(Debug, Clone, Copy, Default)]
struct Session {
    mfa: Option<i64>,
    non_mfa: Option<i64>,
}

/// Gives sign-ins that do not tell the verdict of their token or session.
///
/// # Errors
/// Only when a column outgrows Arrow's limits.
pub(crate) fn resolve(batches: &mut [RecordBatch], tokens: &Tokens) -> Result<(), ArrowError> {
    let shown: Vec<Vec<(u128, bool, i64)>> = batches
        .par_iter()
        .map(|batch| {
            let rows = Rows::of(batch);
            (0..batch.num_rows()).filter_map(|row| rows.shown(row)).collect()
        })
        .collect();
    let mut sessions: HashMap<u128, Session, FixedState> = HashMap::default();
    for (session, shows, time) in shown.into_iter().flatten() {
        let known = sessions.entry(session).or_default();
        let first = if shows { &mut known.mfa } else { &mut known.non_mfa };
        *first = Some(first.map_or(time, |first| first.min(time)));
    }
    batches.par_iter_mut().try_for_each(|batch| {
        let rows = Rows::of(batch);
        let resolved: Vec<Option<(&str, &str)>> = (0..batch.num_rows())
            .map(|row| {
                let as_it_is = rows.verdicts.get(row).zip(rows.reasons.get(row));
                if !rows.is_open(row) {
                    return as_it_is;
                }
                let word = |shows: bool| if shows { "mfa" } else { "non_mfa" };
                let by_token =
                    tokens.proof(rows.ids.get(row)).or(tokens.proof(rows.tokens.get(row)));
                if let Some(shows) = by_token.filter(|shows| *shows || rows.is_unknown(row)) {
                    return Some((word(shows), "token"));
                }
                let is_bare = rows.categories.get(row) == Some(Category::NonInteractive.name());
                if !is_bare || !rows.is_unknown(row) {
                    return as_it_is;
                }
                let session = rows.session(row).and_then(|session| sessions.get(&session));
                let (Some(session), Some(time)) = (session, rows.times.get(row)) else {
                    return as_it_is;
                };
                let is_before = |first: Option<i64>| first.is_some_and(|first| first <= time);
                if is_before(session.mfa) {
                    Some((word(true), "session"))
                } else if is_before(session.non_mfa) {
                    Some((word(false), "session"))
                } else {
                    as_it_is
                }
            })
            .collect();
        let column = |texts: StringViewArray| -> ArrayRef { Arc::new(texts) };
        let verdicts = resolved.iter().map(|found| found.map(|found| found.0));
        let reasons = resolved.iter().map(|found| found.map(|found| found.1));
        let replaced =
            [("mfa", column(verdicts.collect())), ("mfa_reason", column(reasons.collect()))];
        let changed = with_columns(batch, &replaced)?;
        *batch = changed;
        Ok(())
    })
}
