//! Folding events into attempts: one request is one attempt, however many rows tell of it.
//!
//! Source of the facts: <https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema>
//! (`operationId` is shared by the events of one operation, `correlationId` by those of one
//! request or deployment; start and end of an operation are rows of their own). The key, the
//! order of outcomes and the guards are the contract's.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{ArrayRef, RecordBatch, StringViewArray};
use arrow_schema::ArrowError;
use foldhash::fast::FixedState;

use crate::extract::column::Columns;
use crate::fold::duplicate::Place;
use crate::fold::events::{Flags, Kept, Text, Times};
use crate::fold::join::join_policies;
use crate::mfa::operation::{OperationClass, Status, category_can_be_attempt};
use crate::schema::attempt::TABLE;

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
];

/// The column of `activity` that a column of `attempt` is taken from, if it is.
pub fn source_column(name: &str) -> Option<&str> {
    match name {
        "error_code" | "error_message" | "operation" | "operation_class" | "region" => Some(name),
        "user_key" => Some("caller_oid"),
        name => (!MADE.contains(&name)).then_some(name),
    }
}

/// Longest pause inside one attempt where only a correlation id holds it together, microseconds.
const PAUSE_MAX: i64 = 24 * 3_600 * 1_000_000;

/// An event as folding sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) place: Place,
    pub(crate) time: i64,
    pub(crate) event_id: &'a str,
    pub(crate) subscription: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) correlation: Option<&'a str>,
    pub(crate) operation_id: Option<&'a str>,
    pub(crate) caller: &'a str,
    pub(crate) status: Option<Status>,
    pub(crate) has_claims: bool,
}

/// A folded attempt.
#[derive(Debug, Clone)]
pub(crate) struct Attempt<'a> {
    pub(crate) first: Event<'a>,
    /// The row whose claims count.
    pub(crate) claims: Place,
    pub(crate) last_time: i64,
    /// Correlation ids of its rows; several only where an operation id holds it together.
    pub(crate) correlations: Vec<&'a str>,
    pub(crate) rows: Vec<Place>,
    /// Policy events joined to it.
    pub(crate) policy_rows: Vec<Place>,
    pub(crate) outcome: &'static str,
    pub(crate) operation: Option<&'a str>,
    pub(crate) class: OperationClass,
    pub(crate) audits: i64,
    pub(crate) denies: i64,
    /// Whether only policy events tell of it.
    pub(crate) is_evidence: bool,
}

/// The attempts, and the attempt of every row.
#[derive(Debug)]
pub struct Folded {
    /// The table `attempt`: the wanted columns, in order of time, then id.
    pub attempts: RecordBatch,
    /// For every batch of `activity`, its column `attempt_id`.
    pub attempt_ids: Vec<ArrayRef>,
}

/// Folds the rows of `activity`.
///
/// Shape: one row per attempt, with the columns of the table that `wanted` says yes to.
/// Cost: sorts the rows of requests that have no operation id; a few hash maps over the others.
///
/// # Errors
/// Only when a column outgrows Arrow's limits.
pub fn fold(kept: &Kept, wanted: impl Fn(&str) -> bool) -> Result<Folded, ArrowError> {
    let (requests, policy_events) = read_events(kept);
    let mut attempts = fold_requests(requests);
    join_policies(&mut attempts, &policy_events, kept);
    let mut order: Vec<usize> = (0..attempts.len()).collect();
    order.sort_by(|left, right| {
        let key = |index: &usize| {
            let attempt = &attempts[*index];
            (attempt.first.time, attempt.is_evidence, attempt.first.event_id)
        };
        key(left).cmp(&key(right))
    });
    let table = build(&attempts, &order, kept, &wanted)?;
    let attempt_ids = attempt_ids(&attempts, kept);
    Ok(Folded { attempts: table, attempt_ids })
}

/// The id of an attempt.
fn attempt_id(attempt: &Attempt<'_>) -> String {
    let prefix = if attempt.is_evidence { "policy:" } else { "" };
    format!("{prefix}{}", attempt.first.event_id)
}

/// The rows that can be part of attempts, and the policy events, in input order.
fn read_events(kept: &Kept) -> (Vec<Event<'_>>, Vec<PolicyEvent<'_>>) {
    let (mut requests, mut policy_events) = (Vec::new(), Vec::new());
    for (batch_number, batch) in kept.batches.iter().enumerate() {
        let text = |name| Text::of(batch, name);
        let times = Times::of(batch, "event_time");
        let (is_policy, is_scan) =
            (Flags::of(batch, "is_policy_event"), Flags::of(batch, "is_compliance_check"));
        let (event_ids, subscriptions, resources) =
            (text("event_id"), text("subscription_id"), text("resource_id"));
        let (operations, statuses, categories) =
            (text("operation"), text("status"), text("category"));
        let (correlations, operation_ids) = (text("correlation_id"), text("operation_id"));
        let (callers, caller_oids, actions) =
            (text("caller"), text("caller_oid"), text("authorization_action"));
        for row in 0..batch.num_rows() {
            let operation = operations.get(row).unwrap_or_default();
            let class = OperationClass::of(operation);
            let is_policy_event = is_policy.is_true(row);
            let is_request = class.is_attempt()
                && !is_scan.is_true(row)
                && category_can_be_attempt(categories.get(row));
            if !is_request && !is_policy_event {
                continue;
            }
            let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let event = Event {
                place: (number(batch_number), number(row)),
                time: times.get(row).unwrap_or_default(),
                event_id: event_ids.get(row).unwrap_or_default(),
                subscription: subscriptions.get(row).unwrap_or_default(),
                resource: resources.get(row).unwrap_or_default(),
                operation,
                correlation: correlations.get(row),
                operation_id: operation_ids.get(row),
                caller: caller_oids.get(row).or(callers.get(row)).unwrap_or_default(),
                status: statuses.get(row).map(Status::of),
                has_claims: kept.keys[batch_number][row].has_claims,
            };
            if is_policy_event {
                policy_events.push(PolicyEvent { event, action: actions.get(row) });
            } else {
                requests.push(event);
            }
        }
    }
    (requests, policy_events)
}

/// A policy event and the request that triggered it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PolicyEvent<'a> {
    pub(crate) event: Event<'a>,
    pub(crate) action: Option<&'a str>,
}

type Key<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

fn key_with<'a>(event: &Event<'a>, id: &'a str) -> Key<'a> {
    (event.subscription, id, event.operation, event.resource, event.caller)
}

/// Groups events by request, in the order of their first rows.
fn fold_requests(events: Vec<Event<'_>>) -> Vec<Attempt<'_>> {
    // Rows without operation id belong to the operation of the same correlation, resource and
    // caller, where exactly one such operation is known from another export.
    let mut operation_of: HashMap<Key<'_>, Option<&str>, FixedState> = HashMap::default();
    for event in &events {
        if let (Some(operation), Some(correlation)) = (event.operation_id, event.correlation) {
            operation_of
                .entry(key_with(event, correlation))
                .and_modify(|known| {
                    if *known != Some(operation) {
                        *known = None;
                    }
                })
                .or_insert(Some(operation));
        }
    }
    let mut groups: Vec<(bool, Vec<Event<'_>>)> = Vec::new();
    let mut group_of: HashMap<(bool, Key<'_>), usize, FixedState> = HashMap::default();
    for event in events {
        let known = event
            .correlation
            .and_then(|id| operation_of.get(&key_with(&event, id)).copied().flatten());
        let operation = event.operation_id.or(known);
        let Some(id) = operation.or(event.correlation) else {
            groups.push((true, vec![event]));
            continue;
        };
        let group =
            *group_of.entry((operation.is_some(), key_with(&event, id))).or_insert_with(|| {
                groups.push((operation.is_some(), Vec::new()));
                groups.len() - 1
            });
        groups[group].1.push(event);
    }
    let mut attempts = Vec::with_capacity(groups.len());
    for (is_one, mut events) in groups {
        events.sort_by(|left, right| order_of(left).cmp(&order_of(right)));
        if is_one {
            attempts.extend(attempt_of(&events));
        } else {
            for part in split_at_restarts(&events) {
                attempts.extend(attempt_of(part));
            }
        }
    }
    attempts
}

/// Time; at the same time a start before an end; then the id, so that input order never matters.
fn order_of<'a>(event: &Event<'a>) -> (i64, u8, &'a str) {
    (event.time, stage(event.status), event.event_id)
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
fn split_at_restarts<'e, 'a>(events: &'e [Event<'a>]) -> Vec<&'e [Event<'a>]> {
    let mut parts = Vec::new();
    let (mut start, mut has_ended) = (0, false);
    for (index, event) in events.iter().enumerate() {
        let is_restart = has_ended && event.status == Some(Status::Started);
        let is_pause = index > start && event.time - events[index - 1].time > PAUSE_MAX;
        if is_restart || is_pause {
            parts.push(&events[start..index]);
            start = index;
            has_ended = false;
        }
        has_ended |= stage(event.status) == 3;
    }
    parts.push(&events[start..]);
    parts
}

fn attempt_of<'a>(events: &[Event<'a>]) -> Option<Attempt<'a>> {
    let first = *events.first()?;
    let claims = events.iter().find(|event| event.has_claims).unwrap_or(&first).place;
    let mut correlations: Vec<&str> = events.iter().filter_map(|event| event.correlation).collect();
    correlations.sort_unstable();
    correlations.dedup();
    Some(Attempt {
        first,
        claims,
        correlations,
        last_time: events.last()?.time,
        rows: events.iter().map(|event| event.place).collect(),
        policy_rows: Vec::new(),
        outcome: outcome(events),
        operation: Some(first.operation),
        class: OperationClass::of(first.operation),
        audits: 0,
        denies: 0,
        is_evidence: false,
    })
}

/// The worst end counts; without an end, whether the request was taken on.
fn outcome(events: &[Event<'_>]) -> &'static str {
    let has = |status| events.iter().any(|event| event.status == Some(status));
    [Status::Failed, Status::Canceled, Status::Succeeded, Status::Accepted]
        .into_iter()
        .find(|status| has(*status))
        .map_or("open", Status::name)
}

/// Columns of one batch by position in the table `attempt`; `None` for those made here.
type Sources<'a> = Vec<Vec<Option<Text<'a>>>>;

fn sources<'a>(kept: &'a Kept, columns: &Columns) -> Sources<'a> {
    kept.batches
        .iter()
        .map(|batch| {
            columns
                .builders
                .iter()
                .map(|(position, _)| {
                    Some(Text::of(batch, source_column(TABLE.columns[*position].name)?))
                })
                .collect()
        })
        .collect()
}

fn build(
    attempts: &[Attempt<'_>],
    order: &[usize],
    kept: &Kept,
    wanted: &impl Fn(&str) -> bool,
) -> Result<RecordBatch, ArrowError> {
    let mut columns = Columns::new(&TABLE, wanted);
    let sources = sources(kept, &columns);
    let identities: Vec<[Text<'_>; 3]> = kept
        .batches
        .iter()
        .map(|batch| ["caller_oid", "caller_upn", "caller"].map(|name| Text::of(batch, name)))
        .collect();
    for index in order {
        let attempt = &attempts[*index];
        let (claims_batch, claims_row) = (attempt.claims.0 as usize, attempt.claims.1 as usize);
        for (number, (position, builder)) in columns.builders.iter_mut().enumerate() {
            let source = |place: Place| {
                sources[place.0 as usize][number].and_then(|text| text.get(place.1 as usize))
            };
            match TABLE.columns[*position].name {
                "attempt_id" => builder.text(Some(&attempt_id(attempt))),
                "event_id" => builder.text(Some(attempt.first.event_id)),
                "first_time" => builder.integer(Some(attempt.first.time)),
                "last_time" => builder.integer(Some(attempt.last_time)),
                "event_count" => builder.integer(Some(event_count(attempt))),
                "outcome" => builder.text(Some(attempt.outcome)),
                "mfa_audited" => builder.boolean(Some(attempt.audits > 0)),
                "mfa_denied" => builder.boolean(Some(attempt.denies > 0)),
                "policy_audits" => builder.integer(Some(attempt.audits)),
                "policy_denies" => builder.integer(Some(attempt.denies)),
                "user_key" => {
                    let known =
                        identities[claims_batch].iter().find_map(|text| text.get(claims_row));
                    builder.text(known);
                }
                "operation" => builder.text(attempt.operation),
                "operation_class" => builder.text(Some(attempt.class.name())),
                "error_code" | "error_message" => {
                    builder.text(attempt.rows.iter().find_map(|place| source(*place)));
                }
                // Only policy events say where a resource is.
                "region" => {
                    let places = attempt.rows.iter().chain(&attempt.policy_rows);
                    builder.text(places.copied().find_map(source));
                }
                _ => builder.text(source(attempt.claims)),
            }
        }
    }
    columns.finish(order.len())
}

fn event_count(attempt: &Attempt<'_>) -> i64 {
    if attempt.is_evidence { 0 } else { i64::try_from(attempt.rows.len()).unwrap_or(i64::MAX) }
}

/// The column `attempt_id` of every batch: rows of requests and the policy events joined to them.
fn attempt_ids(attempts: &[Attempt<'_>], kept: &Kept) -> Vec<ArrayRef> {
    let mut attempt_of: Vec<Vec<Option<u32>>> =
        kept.batches.iter().map(|batch| vec![None; batch.num_rows()]).collect();
    let rows = attempts.iter().enumerate().flat_map(|(index, attempt)| {
        attempt.rows.iter().chain(&attempt.policy_rows).map(move |place| (*place, index))
    });
    for (place, index) in rows {
        attempt_of[place.0 as usize][place.1 as usize] = u32::try_from(index).ok();
    }
    let column = |rows: Vec<Option<u32>>| -> ArrayRef {
        let mut builder = StringViewBuilder::new();
        for row in rows {
            builder.append_option(row.map(|index| attempt_id(&attempts[index as usize])));
        }
        let column: StringViewArray = builder.finish();
        Arc::new(column)
    };
    attempt_of.into_iter().map(column).collect()
}

#[cfg(test)]
mod tests;
