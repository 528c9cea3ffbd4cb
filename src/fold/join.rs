//! Joining policy events to the requests that caused them.
//!
//! A policy event is a row of its own; `authorization.action` is the request that triggered it
//! (<https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema>, Policy
//! category). Where an export holds the policy event but no row of the request, the event is the
//! evidence that the request was made.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::extract::policy::PolicyFlags;
use crate::fold::attempt::Attempt;
use crate::fold::event::{Event, Names};
use crate::fold::events::Hash;
use crate::mfa::operation::OperationClass;

/// Joins every policy event, counts the verdicts of MFA policies in its attempt, and adds the
/// attempts that only policy events tell of; `rows` are the events of the attempts.
pub(crate) fn join_policies(
    attempts: &mut Vec<Attempt>,
    rows: &[&Event],
    mut policy_events: Vec<&Event>,
    names: &Names<'_>,
) {
    // The attempts of every correlation id that a policy event has.
    let mut by_correlation: HashMap<Hash, Vec<usize>, FixedState> = HashMap::default();
    for policy in &policy_events {
        if let Some(correlation) = policy.correlation {
            by_correlation.entry(correlation).or_default();
        }
    }
    if !by_correlation.is_empty() {
        for (index, attempt) in attempts.iter().enumerate() {
            for event in &rows[attempt.rows.clone()] {
                let found = event.correlation.and_then(|id| by_correlation.get_mut(&id));
                if let Some(found) = found.filter(|found| found.last() != Some(&index)) {
                    found.push(index);
                }
            }
        }
    }
    let mut evidence: HashMap<Hash, usize, FixedState> = HashMap::default();
    policy_events.sort_by(|left, right| {
        let ids = || names.event_id(left.place).cmp(names.event_id(right.place));
        left.time.cmp(&right.time).then_with(ids)
    });
    for policy in policy_events {
        let flags = policy.policy.unwrap_or_default();
        let candidates = policy.correlation.and_then(|id| by_correlation.get(&id));
        let found = candidates.and_then(|candidates| best(attempts, candidates, policy, names));
        let index = match found {
            Some(index) => index,
            None if flags.is_evidence() => {
                let Some(class) = class_of(names.operation(policy.place, true), flags) else {
                    continue;
                };
                let new = attempts.len();
                let index = policy
                    .by_correlation
                    .map_or(new, |request| *evidence.entry(request).or_insert(new));
                if index == new {
                    attempts.push(attempt_from(policy, class));
                }
                let attempt = &mut attempts[index];
                attempt.last_time = policy.time;
                if policy.has_claims && !attempt.has_claims {
                    attempt.claims = policy.place;
                    attempt.has_claims = true;
                }
                if flags.denies() {
                    attempt.outcome = "failed";
                }
                index
            }
            None => continue,
        };
        attempts[index].audits += u32::from(flags.mfa_audits());
        attempts[index].denies += u32::from(flags.mfa_denies());
        attempts[index].policy_rows.push(policy.place);
    }
}

/// The attempt with the same operation and resource, else operation, else resource; among several
/// the nearest in time, then the earliest.
fn best(
    attempts: &[Attempt],
    candidates: &[usize],
    policy: &Event,
    names: &Names<'_>,
) -> Option<usize> {
    let (operation, resource) = (names.operation(policy.place, true), names.resource(policy.place));
    candidates
        .iter()
        .filter_map(|index| {
            let attempt = &attempts[*index];
            let same_operation = operation == names.operation(attempt.place, attempt.is_evidence);
            let same_resource = !resource.is_empty() && resource == names.resource(attempt.place);
            let rank = match (same_operation, same_resource) {
                (true, true) => 0,
                (true, false) => 1,
                (false, true) => 2,
                (false, false) => return None,
            };
            let time = policy.time;
            let distance = (attempt.first_time - time).max(time - attempt.last_time).max(0);
            let id = names.event_id(attempt.place);
            Some(((rank, distance, attempt.first_time, id), *index))
        })
        .min()
        .map(|(_, index)| index)
}

/// The class of the request behind a policy event: that of the request it names, else what the
/// MFA policy is for.
fn class_of(operation: &str, flags: PolicyFlags) -> Option<OperationClass> {
    if !operation.is_empty() {
        let class = OperationClass::of(operation);
        return class.is_attempt().then_some(class);
    }
    match (flags.is_mfa_delete(), flags.is_mfa()) {
        (true, _) => Some(OperationClass::Delete),
        (false, true) => Some(OperationClass::Write),
        (false, false) => None,
    }
}

fn attempt_from(policy: &Event, class: OperationClass) -> Attempt {
    Attempt {
        place: policy.place,
        first_time: policy.time,
        claims: policy.place,
        has_claims: policy.has_claims,
        last_time: policy.time,
        rows: 0..0,
        policy_rows: Vec::new(),
        outcome: "open",
        class,
        audits: 0,
        denies: 0,
        is_evidence: true,
    }
}
