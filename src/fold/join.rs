//! Joining policy events to the requests that caused them.
//!
//! A policy event is a row of its own; `authorization.action` is the request that triggered it
//! (<https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema>, Policy
//! category). Where an export holds the policy event but no row of the request, the event is the
//! evidence that the request was made.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::fold::attempt::{Attempt, PolicyEvent};
use crate::fold::duplicate::Place;
use crate::fold::events::Kept;
use crate::mfa::operation::OperationClass;

/// Joins every policy event, counts the verdicts of MFA policies in its attempt, and adds the
/// attempts that only policy events tell of.
pub(crate) fn join_policies<'a>(
    attempts: &mut Vec<Attempt<'a>>,
    policy_events: &[PolicyEvent<'a>],
    kept: &Kept,
) {
    let mut by_correlation: HashMap<&str, Vec<usize>, FixedState> = HashMap::default();
    for (index, attempt) in attempts.iter().enumerate() {
        for correlation in attempt.correlations.iter().copied() {
            by_correlation.entry(correlation).or_default().push(index);
        }
    }
    let mut evidence: HashMap<(&str, &str, &str, &str, &str), usize, FixedState> =
        HashMap::default();
    let mut ordered: Vec<&PolicyEvent<'a>> = policy_events.iter().collect();
    ordered.sort_by_key(|policy| (policy.event.time, policy.event.event_id));
    for policy in ordered {
        let flags =
            kept.keys[policy.event.place.0 as usize][policy.event.place.1 as usize].policies;
        let candidates = policy.event.correlation.and_then(|id| by_correlation.get(id));
        let found = candidates.and_then(|candidates| best(attempts, candidates, policy));
        let index = match found {
            Some(index) => index,
            None if flags.is_evidence() => {
                let Some(class) = class_of(policy, flags.is_mfa(), flags.is_mfa_delete()) else {
                    continue;
                };
                let new = attempts.len();
                let event = &policy.event;
                let index = event.correlation.map_or(new, |correlation| {
                    let action = policy.action.unwrap_or_default();
                    *evidence
                        .entry((
                            event.subscription,
                            correlation,
                            action,
                            event.resource,
                            event.caller,
                        ))
                        .or_insert(new)
                });
                if index == new {
                    attempts.push(attempt_from(policy, class));
                }
                let attempt = &mut attempts[index];
                attempt.last_time = event.time;
                if policy.event.has_claims && !has_claims(kept, attempt.claims) {
                    attempt.claims = event.place;
                }
                if flags.denies() {
                    attempt.outcome = "failed";
                }
                index
            }
            None => continue,
        };
        attempts[index].audits += i64::from(flags.mfa_audits());
        attempts[index].denies += i64::from(flags.mfa_denies());
        attempts[index].policy_rows.push(policy.event.place);
    }
}

fn has_claims(kept: &Kept, place: Place) -> bool {
    kept.keys[place.0 as usize][place.1 as usize].has_claims
}

/// The attempt with the same operation and resource, else operation, else resource; among several
/// the nearest in time, then the earliest.
fn best(attempts: &[Attempt<'_>], candidates: &[usize], policy: &PolicyEvent<'_>) -> Option<usize> {
    candidates
        .iter()
        .filter_map(|index| {
            let attempt = &attempts[*index];
            let same_operation =
                policy.action.is_some_and(|action| Some(action) == attempt.operation);
            let same_resource = !policy.event.resource.is_empty()
                && policy.event.resource == attempt.first.resource;
            let rank = match (same_operation, same_resource) {
                (true, true) => 0,
                (true, false) => 1,
                (false, true) => 2,
                (false, false) => return None,
            };
            let time = policy.event.time;
            let distance = (attempt.first.time - time).max(time - attempt.last_time).max(0);
            Some(((rank, distance, attempt.first.time, attempt.first.event_id), *index))
        })
        .min()
        .map(|(_, index)| index)
}

/// The class of the request behind a policy event: that of the request it names, else what the
/// MFA policy is for.
fn class_of(policy: &PolicyEvent<'_>, is_mfa: bool, is_mfa_delete: bool) -> Option<OperationClass> {
    match policy.action.map(OperationClass::of) {
        Some(class) => class.is_attempt().then_some(class),
        None if is_mfa_delete => Some(OperationClass::Delete),
        None if is_mfa => Some(OperationClass::Write),
        None => None,
    }
}

fn attempt_from<'a>(policy: &PolicyEvent<'a>, class: OperationClass) -> Attempt<'a> {
    Attempt {
        first: policy.event,
        claims: policy.event.place,
        correlations: Vec::new(),
        last_time: policy.event.time,
        rows: Vec::new(),
        policy_rows: Vec::new(),
        outcome: "open",
        operation: policy.action,
        class,
        audits: 0,
        denies: 0,
        is_evidence: true,
    }
}
