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

use crate::extract::identity::hash;
use crate::extract::step::StepRow;
use crate::fold::events::{Integers, Text, Times, with_columns};
use crate::fold::proof::{Proven, shown};
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

/// The steps of companion files, by the hash of their sign-in.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    of: HashMap<u128, Vec<OwnStep>, FixedState>,
    /// What is said in them, each text once.
    texts: HashSet<Arc<str>, FixedState>,
}

/// One step.
#[derive(Debug)]
struct OwnStep {
    method: Option<Arc<str>>,
    detail: Option<Arc<str>>,
    requirement: Option<Arc<str>>,
    result: Option<Arc<str>>,
    succeeded: Option<bool>,
}

impl Steps {
    /// Takes further steps.
    pub(crate) fn add(&mut self, rows: Vec<StepRow>) {
        for row in rows {
            let mut own = |text: Option<String>| {
                let text = text?;
                if let Some(known) = self.texts.get(text.as_str()) {
                    return Some(Arc::clone(known));
                }
                let text: Arc<str> = text.into();
                self.texts.insert(Arc::clone(&text));
                Some(text)
            };
            let step = OwnStep {
                method: own(row.method),
                detail: own(row.detail),
                requirement: own(row.requirement),
                result: own(row.result),
                succeeded: row.succeeded,
            };
            self.of.entry(hash(row.sign_in_id.as_bytes())).or_default().push(step);
        }
    }

    /// How many sign-ins there are steps for.
    pub(crate) fn sign_ins(&self) -> u64 {
        self.of.len() as u64
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// Judges sign-ins by their steps; gives the hashes of those that have some as well.
    ///
    /// # Errors
    /// Only when a column outgrows Arrow's limits.
    pub(crate) fn join(&self, batch: &RecordBatch) -> Result<(RecordBatch, Vec<u128>), ArrowError> {
        if self.is_empty() {
            return Ok((batch.clone(), Vec::new()));
        }
        let mut found = Vec::new();
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
            let own = ids.get(row).map(|id| hash(id.as_bytes()));
            let own = own.and_then(|id| self.of.get_key_value(&id));
            let own = own.filter(|_| count.unwrap_or(0) == 0);
            let Some((id, own)) = own else {
                let as_it_is = [verdicts, reasons, methods, strengths];
                for (column, texts) in columns.iter_mut().zip(as_it_is) {
                    column.push(texts.get(row).map(Cow::Borrowed));
                }
                step_counts.push(count);
                continue;
            };
            found.push(*id);
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
        Ok((with_columns(batch, &replaced)?, found))
    }

    /// How many steps are of none of the sign-ins that were found.
    pub(crate) fn alone(&self, found: &HashSet<u128>) -> u64 {
        let alone = self.of.iter().filter(|(id, _)| !found.contains(*id));
        alone.map(|(_, steps)| steps.len() as u64).sum()
    }
}

fn of_row(step: &OwnStep) -> Step<'_> {
    Step {
        method: step.method.as_deref(),
        detail: step.detail.as_deref(),
        requirement: step.requirement.as_deref(),
        result: step.result.as_deref(),
        succeeded: step.succeeded,
    }
}

/// The columns of a batch that resolving reads.
pub(super) struct SignIns<'a> {
    pub(super) ids: Text<'a>,
    pub(super) tokens: Text<'a>,
    sessions: Text<'a>,
    users: Text<'a>,
    categories: Text<'a>,
    verdicts: Text<'a>,
    reasons: Text<'a>,
    times: Times<'a>,
    codes: Integers<'a>,
}

impl<'a> SignIns<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Self {
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
    pub(super) fn is_open(&self, row: usize) -> bool {
        let has_first_factor = self.reasons.get(row) == Some(Reason::FirstFactorOnly.name());
        self.is_completed(row) && (self.is_unknown(row) || has_first_factor)
    }

    /// The session of a row, as a number.
    fn session(&self, row: usize) -> Option<u128> {
        let session = hash(self.sessions.get(row)?.as_bytes());
        Some(session ^ hash(self.users.get(row)?.as_bytes()).rotate_left(1))
    }

    /// What a row that was judged by what it tells itself shows of its session, and when.
    pub(super) fn shown(&self, row: usize) -> Option<(u128, bool, i64)> {
        if !self.is_completed(row) || matches!(self.reasons.get(row), Some("session" | "token")) {
            return None;
        }
        let shows = shown(self.verdicts.get(row))?;
        Some((self.session(row)?, shows, self.times.get(row)?))
    }

    /// The session that an open row may be judged by, and when it took part in it.
    pub(super) fn asked(&self, row: usize) -> Option<(u128, i64)> {
        let is_bare = self.categories.get(row) == Some(Category::NonInteractive.name());
        (is_bare && self.is_unknown(row)).then_some((self.session(row)?, self.times.get(row)?))
    }

    /// Verdict and reason of an open row by what is proven of it, if anything is.
    fn verdict(&self, row: usize, proven: Proven) -> Option<(SignInMfa, &'static str)> {
        let (shows, reason) = match proven.by_token() {
            Some(shows) if shows || self.is_unknown(row) => (shows, "token"),
            _ => (proven.by_session()?, "session"),
        };
        Some((if shows { SignInMfa::Mfa } else { SignInMfa::NonMfa }, reason))
    }
}

/// Gives sign-ins that do not tell the verdict of their token or session; `numbers` are those of
/// the rows, by which `proven` says what is proven of them.
///
/// # Errors
/// Only when a column outgrows Arrow's limits.
pub(crate) fn resolved(
    batch: &RecordBatch,
    numbers: &[u64],
    proven: &[Proven],
) -> Result<RecordBatch, ArrowError> {
    let rows = SignIns::of(batch);
    let of = |number: u64| usize::try_from(number).ok().and_then(|number| proven.get(number));
    let found: Vec<Option<(SignInMfa, &str)>> = numbers
        .iter()
        .enumerate()
        .map(|(row, number)| {
            let proven = of(*number).copied().filter(|proven| *proven != Proven::default())?;
            rows.verdict(row, proven)
        })
        .collect();
    if found.iter().all(Option::is_none) {
        return Ok(batch.clone());
    }
    let words = found.iter().enumerate().map(|(row, found)| match found {
        Some((verdict, reason)) => (Some(verdict.name()), Some(*reason)),
        None => (rows.verdicts.get(row), rows.reasons.get(row)),
    });
    let (verdicts, reasons) = words.unzip();
    let column = |texts: Vec<Option<&str>>| -> ArrayRef { Arc::new(StringViewArray::from(texts)) };
    with_columns(batch, &[("mfa", column(verdicts)), ("mfa_reason", column(reasons))])
}

#[cfg(test)]
mod tests {
    use super::resolved;
    use crate::fold::events::Text;
    use crate::fold::given_tests::{Given, batch, given};
    use crate::fold::proof::{Proof, Proven, answers, of_activity, of_sign_ins};
    use crate::schema::activity::TABLE as ACTIVITY;
    use crate::schema::sign_in::TABLE as SIGN_IN;

    /// Verdict and reason of each sign-in once `events` and the sign-ins themselves had their say.
    fn told(sign_ins: &[Given<'_>], events: &[Given<'_>]) -> Vec<String> {
        let batch_of = batch(&SIGN_IN, sign_ins);
        let numbers: Vec<u64> = (0..sign_ins.len() as u64).collect();
        let mut proofs: Vec<Proof> = of_sign_ins(&batch_of, &numbers, true);
        proofs.extend(of_activity(&batch(&ACTIVITY, events)));
        let bytes: Vec<u8> = proofs.iter().flat_map(|proof| proof.to_bytes()).collect();
        let mut proven = vec![Proven::default(); sign_ins.len()];
        for (row, more) in answers(&bytes) {
            let row = usize::try_from(row).unwrap();
            proven[row] = proven[row].and(more);
        }
        let judged = resolved(&batch_of, &numbers, &proven).unwrap();
        let (verdicts, reasons) = (Text::of(&judged, "mfa"), Text::of(&judged, "mfa_reason"));
        let word = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let of = |row| format!("{} {}", word(verdicts.get(row)), word(reasons.get(row)));
        (0..judged.num_rows()).map(of).collect()
    }

    fn open(id: &str, time: i64) -> Given<'_> {
        given!(
            event_id: id, event_time: time, error_code: 0, category: "non_interactive",
            user_key: "ada@x", mfa: "unknown", mfa_reason: "no_evidence", session_id: "s",
        )
    }

    fn with<'a>(row: Given<'a>, more: Given<'a>) -> Given<'a> {
        row.into_iter().chain(more).collect()
    }

    #[test]
    fn the_token_that_has_the_id_of_a_sign_in_says_more_than_the_one_it_issued() {
        let sign_ins = [
            with(open("a", 1), given!(token_id: "t")),
            with(open("b", 1), given!(token_id: "t")),
            with(open("a", 1), given!(mfa: "non_mfa", mfa_reason: "first_factor_only")),
            with(open("b", 1), given!(error_code: 50126)),
        ];
        let events = [
            given!(token_id: "a", mfa: "non_mfa"),
            given!(token_id: "a", mfa: "unknown"),
            given!(token_id: "t", mfa: "non_mfa"),
            given!(token_id: "t", mfa: "mfa"),
        ];
        assert_eq!(
            told(&sign_ins, &events),
            ["non_mfa token", "mfa token", "non_mfa first_factor_only", "unknown no_evidence"]
        );
    }

    #[test]
    fn a_session_says_what_its_sign_ins_showed_before() {
        let shows = |mfa, time| {
            let shown = given!(mfa: mfa, mfa_reason: "claim", category: "interactive");
            with(open("shows", time), shown)
        };
        let sign_ins = [
            open("early", 1),
            shows("non_mfa", 2),
            open("later", 2),
            shows("mfa", 3),
            open("last", 9),
            with(open("interactive", 9), given!(category: "interactive")),
            with(open("other", 9), given!(user_key: "bob@x")),
        ];
        assert_eq!(
            told(&sign_ins, &[]),
            [
                "unknown no_evidence",
                "non_mfa claim",
                "non_mfa session",
                "mfa claim",
                "mfa session",
                "unknown no_evidence",
                "unknown no_evidence",
            ]
        );
    }
}
