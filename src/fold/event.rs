//! Events as folding sees them, and dealing them into parts that have nothing to do with each
//! other.
//!
//! What rows are compared by is hashed to 128 bits, each text once where a column has numbered them;
//! equal hashes are taken for equal texts, as they are where duplicates are dropped.
//!
//! Rows of one correlation id bind each other, and so do rows of one operation id with equal
//! subscription, operation, resource and caller. Nearly always the second binds only rows that
//! the first binds anyway; where it reaches across correlation ids, the rows of all of these go
//! to a part of their own.

use arrow_array::RecordBatch;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use crate::extract::identity::hash;
use crate::extract::policy::PolicyFlags;
use crate::fold::duplicate::{Pair, Place, part_of};
use crate::fold::events::{Facts, Flags, Hash, Ids, Kept, Text, Times, hashed};
use crate::fold::told::Told;
use crate::mfa::operation::{OperationClass, Status, category_can_be_attempt};

/// A row that can be part of an attempt. There are as many as rows: its texts stay where they are,
/// see [`Names`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    pub(crate) place: Place,
    pub(crate) time: i64,
    /// What deals it: its correlation id; without one its operation; without that nothing binds
    /// it.
    pub(crate) component: u64,
    /// Hash of the correlation id.
    pub(crate) correlation: Option<Hash>,
    /// Hash of the hashes of subscription, operation, resource and caller, and of the operation id.
    pub(crate) by_operation: Option<Hash>,
    /// The same with the correlation id.
    pub(crate) by_correlation: Option<Hash>,
    /// What its operation is; that of a policy event is one of Azure Policy.
    pub(crate) class: OperationClass,
    pub(crate) status: Option<Status>,
    pub(crate) has_claims: bool,
    /// What the policies say; none where the row is that of a request.
    pub(crate) policy: Option<PolicyFlags>,
}

/// The texts of events.
#[derive(Debug)]
pub(crate) struct Names<'a> {
    /// Event id, resource, operation and the operation of the request behind a policy event.
    batches: Vec<[Text<'a>; 4]>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(kept: &'a Kept) -> Self {
        const COLUMNS: [&str; 4] = ["event_id", "resource_id", "operation", "authorization_action"];
        let texts = |rows: &'a RecordBatch| COLUMNS.map(|name| Text::of(rows, name));
        Self { batches: kept.batches.iter().map(texts).collect() }
    }

    fn text(&self, (batch, row): Place, column: usize) -> &'a str {
        self.batches[batch as usize][column].get(row as usize).unwrap_or_default()
    }

    pub(crate) fn event_id(&self, row: Place) -> &'a str {
        self.text(row, 0)
    }

    pub(crate) fn resource(&self, row: Place) -> &'a str {
        self.text(row, 1)
    }

    /// Of a policy event, the operation of the request that triggered it; empty if it is unknown.
    pub(crate) fn operation(&self, row: Place, is_policy_event: bool) -> &'a str {
        self.text(row, if is_policy_event { 3 } else { 2 })
    }
}

/// Reads the rows of batches that can be part of attempts.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    batches: &'a [&'a RecordBatch],
    subscriptions: Told<'a, u128>,
    resources: Told<'a, u128>,
    operations: Told<'a, (OperationClass, u128)>,
    actions: Told<'a, u128>,
    callers: Told<'a, Option<u128>>,
    caller_oids: Told<'a, Option<u128>>,
    statuses: Told<'a, Option<Status>>,
    categories: Told<'a, bool>,
}

impl<'a> Reader<'a> {
    pub(crate) fn of(batches: &'a [&'a RecordBatch]) -> Self {
        let hashed = |name| Told::of(batches, name, hash_of);
        let known = |name| Told::of(batches, name, |text| text.map(|text| hash(text.as_bytes())));
        Self {
            batches,
            subscriptions: hashed("subscription_id"),
            resources: hashed("resource_id"),
            operations: Told::of(batches, "operation", |name| {
                (OperationClass::of(name.unwrap_or_default()), hash_of(name))
            }),
            actions: hashed("authorization_action"),
            callers: known("caller"),
            caller_oids: known("caller_oid"),
            statuses: Told::of(batches, "status", |name| name.map(Status::of)),
            categories: Told::of(batches, "category", category_can_be_attempt),
        }
    }

    /// The rows of a batch that can be part of attempts, in order.
    pub(crate) fn events(&self, batch: usize, facts: &[Facts]) -> Vec<Event> {
        let rows = self.batches[batch];
        let times = Times::of(rows, "event_time");
        let (is_policy, is_scan) =
            (Flags::of(rows, "is_policy_event"), Flags::of(rows, "is_compliance_check"));
        let event_ids = Text::of(rows, "event_id");
        let (correlations, operation_ids) =
            (Ids::of(rows, "correlation_id"), Ids::of(rows, "operation_id"));
        let (subscriptions, resources) =
            (self.subscriptions.column(batch), self.resources.column(batch));
        let (operations, actions) = (self.operations.column(batch), self.actions.column(batch));
        let (callers, caller_oids) = (self.callers.column(batch), self.caller_oids.column(batch));
        let (statuses, categories) = (self.statuses.column(batch), self.categories.column(batch));
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let mut events = Vec::with_capacity(rows.num_rows());
        for (row, facts) in facts.iter().enumerate() {
            let (class, own_operation) = operations.get(row);
            let policy = is_policy.is_true(row).then_some(facts.policies);
            let is_request = || class.is_attempt() && !is_scan.is_true(row) && categories.get(row);
            if policy.is_none() && !is_request() {
                continue;
            }
            let operation = policy.map_or(own_operation, |_| actions.get(row));
            let caller = caller_oids.get(row).or_else(|| callers.get(row));
            let request = [
                subscriptions.get(row),
                operation,
                resources.get(row),
                caller.unwrap_or_else(|| hash_of(None)),
            ];
            let base = hash(request.map(u128::to_le_bytes).as_flattened());
            let with =
                |id: Hash| hashed([base.to_le_bytes(), id.get().to_le_bytes()].as_flattened());
            let correlation = correlations.get(row);
            let by_operation =
                if policy.is_none() { operation_ids.get(row).map(with) } else { None };
            let component = correlation.or(by_operation).map_or_else(
                || low(hash(event_ids.get(row).unwrap_or_default().as_bytes())),
                |binds| low(binds.get()),
            );
            events.push(Event {
                place: (number(batch), number(row)),
                time: times.get(row).unwrap_or_default(),
                component,
                correlation,
                by_operation,
                by_correlation: correlation.map(with),
                class,
                status: statuses.get(row),
                has_claims: facts.has_claims,
                policy,
            });
        }
        events
    }
}

fn hash_of(text: Option<&str>) -> u128 {
    hash(text.unwrap_or_default().as_bytes())
}

impl Event {
    /// The pair by which [`crate::fold::duplicate::crossing`] finds operations that reach across
    /// correlation ids.
    pub(crate) fn pair(&self) -> Option<Pair> {
        self.by_operation.map(|operation| (low(operation.get()), self.component))
    }
}

fn low(wide: u128) -> u64 {
    u64::try_from(wide & u128::from(u64::MAX)).unwrap_or_default()
}

/// The events dealt into parts, each in input order.
pub(crate) fn deal(events: &[Vec<Event>], parts: usize) -> Vec<Vec<&Event>> {
    let mut pairs: Vec<Pair> =
        events.par_iter().flat_map_iter(|events| events.iter().filter_map(Event::pair)).collect();
    pairs.par_sort_unstable();
    let mut crossing: Vec<u64> = pairs
        .array_windows()
        .filter(|[left, right]| left.0 == right.0 && left.1 != right.1)
        .flat_map(|[left, right]| [left.1, right.1])
        .collect();
    crossing.sort_unstable();
    let mut dealt: Vec<Vec<&Event>> = vec![Vec::new(); parts + 1];
    for event in events.iter().flatten() {
        let component = event.component;
        let is_crossing = !crossing.is_empty() && crossing.binary_search(&component).is_ok();
        dealt[if is_crossing { parts } else { part_of(component, parts) }].push(event);
    }
    dealt
}
