//! Folding events into attempts: one request is one attempt, however many rows tell of it.
//!
//! Source of the facts: <https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema>
//! (`operationId` is shared by the events of one operation, `correlationId` by those of one
//! request or deployment; start and end of an operation are rows of their own). The key, the
//! order of outcomes and the guards are the contract's.
//!
//! Each row is read once, in order, and its request hashed ([`crate::fold::event`]). Events are then
//! dealt into parts, so that all that one attempt can be made of meet in one part; parts are folded
//! side by side.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;
use foldhash::fast::FixedState;
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use crate::fold::build::{attempt_ids, build};
use crate::fold::duplicate::Place;
use crate::fold::event::{Event, Names, Reader, deal};
use crate::fold::events::{Hash, Kept};
use crate::fold::join::join_policies;
use crate::mfa::operation::{OperationClass, Status};

/// Columns of `activity` that folding reads, whatever the reports want.
pub const COLUMNS_READ: &[&str] = &[
    "event_id",
    "event_time",
    "subscription_id",
    "resource_id",
    "operation",
    "operation_class",
    "status",
    "category",
    "correlation_id",
    "operation_id",
    "caller",
    "caller_oid",
    "caller_upn",
    "is_policy_event",
    "is_compliance_check",
    "authorization_action",
];

/// Those of them that are still read once [`read_all`] has read all events, beside the columns that
/// wanted columns of `attempt` are taken from.
pub(crate) const COLUMNS_READ_LATE: &[&str] = &[
    "event_id",
    "resource_id",
    "operation",
    "authorization_action",
    "caller",
    "caller_oid",
    "caller_upn",
    "is_policy_event",
];

/// Those of them that are compared and nothing else.
pub(crate) const COLUMNS_COMPARED: &[&str] = &["correlation_id", "operation_id"];

/// Columns of `attempt` that are made here; the others are those of the attempt's row with claims.
const MADE: &[&str] = &[
    "attempt_id",
    "event_id",
    "first_time",
    "last_time",
    "event_count",
    "outcome",
    "mfa_audited",
    "mfa_denied",
    "policy_audits",
    "policy_denies",
    "user_key",
    "operation",
    "operation_class",
    "error_code",
    "error_message",
    "is_application",
];

/// The column of `activity` that a column of `attempt` is taken from, if it is.
pub fn source_column(name: &str) -> Option<&str> {
    match name {
        "error_code" | "error_message" | "operation" | "operation_class" | "region" => Some(name),
        "user_key" => Some("caller_oid"),
        "is_application" => Some("principal_type"),
        name => (!MADE.contains(&name)).then_some(name),
    }
}

/// Longest pause inside one attempt where only a correlation id holds it together, microseconds.
const PAUSE_MAX: i64 = 24 * 3_600 * 1_000_000;

/// Parts that the rows in memory are dealt into.
const PARTS: usize = 32;

/// A folded attempt.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// Of its first row.
    pub(crate) place: Place,
    pub(crate) first_time: i64,
    /// The row whose claims count.
    pub(crate) claims: Place,
    pub(crate) has_claims: bool,
    pub(crate) last_time: i64,
    /// Its rows among [`Part::rows`].
    pub(crate) rows: Range<usize>,
    /// Policy events joined to it.
    pub(crate) policy_rows: Vec<Place>,
    pub(crate) outcome: &'static str,
    pub(crate) class: OperationClass,
    pub(crate) audits: u32,
    pub(crate) denies: u32,
    /// Whether only policy events tell of it.
    pub(crate) is_evidence: bool,
}

/// A part of the rows, folded.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// The rows of requests, those of one attempt beside each other.
    pub(crate) rows: Vec<Place>,
    pub(crate) attempts: Vec<Attempt>,
}

/// The attempts, and the attempt of every row.
#[derive(Debug)]
pub struct Folded {
    /// The table `attempt`: the wanted columns, in order of time, then id.
    pub attempts: RecordBatch,
    /// For every batch of `activity`, its column `attempt_id`; empty unless it is wanted.
    pub attempt_ids: Vec<ArrayRef>,
    /// Policy events, in order, with the row of the attempt that each was joined to.
    behind: Vec<(Place, u32)>,
}

impl Folded {
    /// The row of `attempts` with the request that caused a policy event, if one is known.
    pub(crate) fn attempt_behind(&self, policy_event: Place) -> Option<u32> {
        let at = self.behind.binary_search_by_key(&policy_event, |(place, _)| *place).ok()?;
        Some(self.behind[at].1)
    }
}

/// Folds the rows of `activity`, on the pool of threads that it is called from.
///
/// Shape: one row per attempt, with the columns of the table that `wanted` says yes to.
/// Cost: hashes what a row's request is known by, sorts the rows of each request and then the
/// attempts. Columns share the texts of the rows.
///
/// # Errors
/// Only when a column outgrows Arrow's limits.
pub fn fold(
    kept: &Kept,
    wanted: impl Fn(&str) -> bool + Sync,
    wants_ids: bool,
) -> Result<Folded, ArrowError> {
    fold_events(read_all(kept), kept, wanted, wants_ids)
}

/// The events of all batches. They are all that folding needs of the columns that it alone reads.
pub(crate) fn read_all(kept: &Kept) -> Vec<Vec<Event>> {
    let batches: Vec<&RecordBatch> = kept.batches.iter().collect();
    let reader = Reader::of(&batches);
    (0..batches.len())
        .into_par_iter()
        .map(|batch| reader.events(batch, &kept.facts[batch]))
        .collect()
}

/// Folds the events of `kept`; see [`fold`].
///
/// # Errors
/// Only when a column outgrows Arrow's limits.
pub(crate) fn fold_events(
    events: Vec<Vec<Event>>,
    kept: &Kept,
    wanted: impl Fn(&str) -> bool + Sync,
    wants_ids: bool,
) -> Result<Folded, ArrowError> {
    let names = Names::of(kept);
    let parts: Vec<Part> =
        deal(&events, PARTS).into_par_iter().map(|events| fold_part(&events, &names)).collect();
    drop(events);
    let mut order: Vec<(i64, bool, usize, usize)> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let keys = part.attempts.iter().enumerate();
        order.extend(
            keys.map(|(index, attempt)| (attempt.first_time, attempt.is_evidence, number, index)),
        );
    }
    order.par_sort_unstable_by(|left, right| {
        let id = |of: &(i64, bool, usize, usize)| names.event_id(parts[of.2].attempts[of.3].place);
        (left.0, left.1).cmp(&(right.0, right.1)).then_with(|| id(left).cmp(id(right)))
    });
    let order: Vec<(&Part, &Attempt)> = order
        .into_iter()
        .map(|(_, _, part, index)| (&parts[part], &parts[part].attempts[index]))
        .collect();
    let attempts = build(&order, kept, &wanted)?;
    let attempt_ids = if wants_ids { attempt_ids(&order, kept)? } else { Vec::new() };
    let mut behind: Vec<(Place, u32)> = (0..)
        .zip(&order)
        .flat_map(|(row, (_, attempt))| attempt.policy_rows.iter().map(move |place| (*place, row)))
        .collect();
    behind.sort_unstable();
    Ok(Folded { attempts, attempt_ids, behind })
}

/// Folds events that have nothing to do with the rest; they are in input order.
fn fold_part(events: &[&Event], names: &Names<'_>) -> Part {
    let (policy_events, requests): (Vec<_>, Vec<_>) =
        events.iter().copied().partition(|event| event.policy.is_some());
    let (rows, mut attempts) = fold_requests(&requests, names);
    join_policies(&mut attempts, &rows, policy_events, names);
    Part { rows: rows.into_iter().map(|event| event.place).collect(), attempts }
}

/// Rows without operation id belong to the operation of the same correlation, resource and
/// caller, where exactly one such operation is known from another export.
fn operations_known(events: &[&Event]) -> HashMap<Hash, Option<Hash>, FixedState> {
    let mut operation_of: HashMap<Hash, Option<Hash>, FixedState> = HashMap::default();
    if events.iter().all(|event| event.by_operation.is_some() || event.by_correlation.is_none()) {
        return operation_of;
    }
    for event in events {
        if let (Some(operation), Some(correlation)) = (event.by_operation, event.by_correlation) {
            operation_of
                .entry(correlation)
                .and_modify(|known| {
                    if *known != Some(operation) {
                        *known = None;
                    }
                })
                .or_insert(Some(operation));
        }
    }
    operation_of
}

/// Groups events by request, in the order of their first rows: gives the events in the order of
/// the attempts.
fn fold_requests<'e>(events: &[&'e Event], names: &Names<'_>) -> (Vec<&'e Event>, Vec<Attempt>) {
    let operation_of = operations_known(events);
    // Of each group, how many rows it has, and whether an operation id holds it together.
    let mut groups: Vec<(usize, bool)> = Vec::new();
    let mut group_of: HashMap<(bool, Hash), usize, FixedState> = HashMap::default();
    group_of.reserve(events.len() / 2);
    let mut numbers: Vec<usize> = Vec::with_capacity(events.len());
    for event in events {
        let operation = event
            .by_operation
            .or_else(|| event.by_correlation.and_then(|id| operation_of.get(&id).copied()?));
        let new = groups.len();
        let number = operation
            .or(event.by_correlation)
            .map_or(new, |request| *group_of.entry((operation.is_some(), request)).or_insert(new));
        if number == new {
            groups.push((0, operation.is_some() || event.by_correlation.is_none()));
        }
        groups[number].0 += 1;
        numbers.push(number);
    }
    let mut ends = Vec::with_capacity(groups.len());
    let mut end = 0;
    for (count, _) in &groups {
        ends.push(end);
        end += count;
    }
    let mut order = events.to_vec();
    for (event, number) in events.iter().zip(numbers) {
        order[ends[number]] = event;
        ends[number] += 1;
    }
    let mut attempts = Vec::with_capacity(groups.len());
    for ((count, is_one), end) in groups.into_iter().zip(ends) {
        let rows = end - count..end;
        order[rows.clone()].sort_by(|left, right| in_order(left, right, names));
        if is_one {
            attempts.extend(attempt_of(&order, rows));
        } else {
            split_at_restarts(&order, rows, |rows| attempts.extend(attempt_of(&order, rows)));
        }
    }
    (order, attempts)
}

/// Time; at the same time a start before an end; then the id, so that input order never matters.
fn in_order(left: &Event, right: &Event, names: &Names<'_>) -> Ordering {
    (left.time, stage(left.status))
        .cmp(&(right.time, stage(right.status)))
        .then_with(|| names.event_id(left.place).cmp(names.event_id(right.place)))
}

fn stage(status: Option<Status>) -> u8 {
    match status {
        Some(Status::Started) => 0,
        Some(Status::Accepted) => 1,
        Some(Status::Other) | None => 2,
        Some(Status::Succeeded | Status::Failed | Status::Canceled) => 3,
    }
}

/// Cuts where a start follows an end, and at pauses of more than a day.
fn split_at_restarts(events: &[&Event], rows: Range<usize>, mut take: impl FnMut(Range<usize>)) {
    let (mut start, mut has_ended) = (rows.start, false);
    for at in rows.clone() {
        let event = events[at];
        let is_restart = has_ended && event.status == Some(Status::Started);
        let is_pause = at > start && event.time - events[at - 1].time > PAUSE_MAX;
        if is_restart || is_pause {
            take(start..at);
            start = at;
            has_ended = false;
        }
        has_ended |= stage(event.status) == 3;
    }
    take(start..rows.end);
}

fn attempt_of(events: &[&Event], rows: Range<usize>) -> Option<Attempt> {
    let own = || events[rows.clone()].iter().copied();
    let first = own().next()?;
    let claims = own().find(|event| event.has_claims).unwrap_or(first);
    Some(Attempt {
        place: first.place,
        first_time: first.time,
        claims: claims.place,
        has_claims: claims.has_claims,
        last_time: own().next_back()?.time,
        outcome: outcome(own),
        policy_rows: Vec::new(),
        class: first.class,
        audits: 0,
        denies: 0,
        is_evidence: false,
        rows: rows.clone(),
    })
}

/// The worst end counts; without an end, whether the request was taken on.
fn outcome<'e, I: Iterator<Item = &'e Event>>(own: impl Fn() -> I) -> &'static str {
    [Status::Failed, Status::Canceled, Status::Succeeded, Status::Accepted]
        .into_iter()
        .find(|status| own().any(|event| event.status == Some(*status)))
        .map_or("open", Status::name)
}

#[cfg(test)]
mod tests;
