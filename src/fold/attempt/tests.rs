//! Folding against a slow oracle over plain rows, written from the contract: what one attempt is,
//! how it ended, and which policy events are joined to it.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop};
use proptest::{prop_assert_eq, prop_oneof, proptest};

use super::{COLUMNS_READ, fold};
use crate::extract::column::Columns;
use crate::extract::identity::RowKey;
use crate::extract::policy::PolicyFlags;
use crate::fold::events::{Facts, Kept, Text};
use crate::schema::activity::TABLE as ACTIVITY;

const HOUR: i64 = 3_600_000_000;

/// One row of `activity`, as far as attempts go.
#[derive(Debug, Clone, Default)]
struct Row {
    id: String,
    time: i64,
    resource: Option<&'static str>,
    operation: &'static str,
    status: Option<&'static str>,
    category: Option<&'static str>,
    correlation: Option<&'static str>,
    operation_id: Option<&'static str>,
    caller: Option<&'static str>,
    caller_oid: Option<&'static str>,
    has_claims: bool,
    is_scan: bool,
    error_code: Option<&'static str>,
    /// Of a policy event: the request it names, and the effects of its policies, true for MFA's.
    policy: Option<(Option<&'static str>, Vec<(&'static str, bool)>)>,
}

/// One row of `attempt`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Expected {
    event_id: String,
    first_time: i64,
    last_time: i64,
    event_count: i64,
    outcome: String,
    audits: i64,
    denies: i64,
    user_key: Option<String>,
    operation: Option<String>,
    class: String,
    error_code: Option<String>,
}

type Answer = (BTreeMap<String, Expected>, BTreeMap<String, Option<String>>);

fn class_of(operation: &str) -> &'static str {
    ["write", "delete", "action"]
        .into_iter()
        .find(|verb| operation.ends_with(&format!("/{verb}")))
        .unwrap_or("other")
}

fn is_policy_operation(row: &Row) -> bool {
    row.operation.starts_with("microsoft.authorization/policies/")
}

fn user_of(row: &Row) -> Option<&'static str> {
    row.caller_oid.or(row.caller)
}

fn is_start(row: &Row) -> bool {
    row.status == Some("started")
}

fn is_end(row: &Row) -> bool {
    matches!(row.status, Some("succeeded" | "failed" | "canceled"))
}

/// Time; at one instant a start comes before an end; then the id.
fn order(row: &Row) -> (i64, usize, &str) {
    let stage = match row.status {
        Some("started") => 0,
        Some("accepted") => 1,
        Some("succeeded" | "failed" | "canceled") => 3,
        _ => 2,
    };
    (row.time, stage, &row.id)
}

/// Whether two rows are of one request but for their ids.
fn same_request(left: &Row, right: &Row) -> bool {
    left.operation == right.operation
        && left.resource == right.resource
        && user_of(left) == user_of(right)
}

struct Group {
    rows: Vec<Row>,
    policies: Vec<Row>,
    is_evidence: bool,
}

/// The groups of rows that are one request each.
fn requests(rows: &[Row]) -> Vec<Vec<Row>> {
    let takes_part = |row: &&Row| {
        matches!(class_of(row.operation), "write" | "delete" | "action")
            && !is_policy_operation(row)
            && !row.is_scan
            && matches!(row.category, None | Some("administrative" | "write" | "delete" | "action"))
    };
    let rows: Vec<&Row> = rows.iter().filter(takes_part).collect();
    // A row without operation id is of the one operation known of its request from elsewhere.
    let operation_of = |row: &Row| {
        row.operation_id.or_else(|| {
            row.correlation?;
            let mut known: Vec<&str> = rows
                .iter()
                .filter(|other| other.correlation == row.correlation && same_request(other, row))
                .filter_map(|other| other.operation_id)
                .collect();
            known.sort_unstable();
            known.dedup();
            (known.len() == 1).then(|| known[0])
        })
    };
    let mut groups: Vec<Vec<Row>> = Vec::new();
    for row in &rows {
        let id = (operation_of(row), row.correlation);
        let found = groups.iter_mut().find(|group| {
            let first = (operation_of(&group[0]), group[0].correlation);
            let same_id = match (id, first) {
                ((Some(left), _), (Some(right), _)) => left == right,
                ((None, Some(left)), (None, Some(right))) => left == right,
                _ => false,
            };
            same_id && same_request(row, &group[0])
        });
        match found {
            Some(group) => group.push((*row).clone()),
            None => groups.push(vec![(*row).clone()]),
        }
    }
    let mut attempts = Vec::new();
    for mut group in groups {
        group.sort_by(|left, right| order(left).cmp(&order(right)));
        if operation_of(&group[0]).is_some() {
            attempts.push(group);
            continue;
        }
        let mut current: Vec<Row> = Vec::new();
        for row in group {
            let is_restart = is_start(&row) && current.iter().any(is_end);
            let is_late = current.last().is_some_and(|last| row.time - last.time > 24 * HOUR);
            if is_restart || is_late {
                attempts.push(std::mem::take(&mut current));
            }
            current.push(row);
        }
        attempts.push(current);
    }
    attempts
}

/// The attempt a policy event was caused by: by operation and resource, else by operation, else by
/// resource; the nearest in time, then the earliest.
fn cause<'g>(groups: &'g mut [Group], policy: &Row) -> Option<&'g mut Group> {
    let action = policy.policy.as_ref().and_then(|(action, _)| *action);
    groups
        .iter_mut()
        .filter(|group| {
            !group.is_evidence
                && policy.correlation.is_some()
                && group.rows.iter().any(|row| row.correlation == policy.correlation)
        })
        .filter_map(|group| {
            let (first, last) = (&group.rows[0], &group.rows[group.rows.len() - 1]);
            let same_operation = action == Some(first.operation);
            let same_resource = policy.resource.is_some() && policy.resource == first.resource;
            let rank = match (same_operation, same_resource) {
                (true, true) => 0,
                (true, false) => 1,
                (false, true) => 2,
                (false, false) => return None,
            };
            let away = (first.time - policy.time).max(policy.time - last.time).max(0);
            Some(((rank, away, first.time, first.id.clone()), group))
        })
        .min_by(|left, right| left.0.cmp(&right.0))
        .map(|(_, group)| group)
}

fn oracle(rows: &[Row]) -> Answer {
    let mut groups: Vec<Group> = requests(rows)
        .into_iter()
        .map(|rows| Group { rows, policies: Vec::new(), is_evidence: false })
        .collect();
    let mut policies: Vec<&Row> = rows.iter().filter(|row| row.policy.is_some()).collect();
    policies.sort_by(|left, right| (left.time, &left.id).cmp(&(right.time, &right.id)));
    for policy in policies {
        if let Some(group) = cause(&mut groups, policy) {
            group.policies.push(policy.clone());
            continue;
        }
        let (action, effects) = policy.policy.as_ref().unwrap();
        let is_verdict = |effect: &&(&str, bool)| {
            matches!(effect.0, "audit" | "deny" | "auditaction" | "denyaction")
        };
        let is_request = match action {
            Some(action) => class_of(action) != "other",
            None => effects.iter().filter(is_verdict).any(|effect| effect.1),
        };
        if !is_request || !effects.iter().any(|effect| is_verdict(&effect)) {
            continue;
        }
        let known = groups.iter_mut().find(|group| {
            let first = &group.policies.first();
            group.is_evidence
                && first.is_some_and(|first| {
                    policy.correlation.is_some()
                        && first.correlation == policy.correlation
                        && first.policy.as_ref().unwrap().0 == *action
                        && first.resource == policy.resource
                        && user_of(first) == user_of(policy)
                })
        });
        match known {
            Some(group) => group.policies.push(policy.clone()),
            None => groups.push(Group {
                rows: Vec::new(),
                policies: vec![policy.clone()],
                is_evidence: true,
            }),
        }
    }
    answer(rows, &groups)
}

fn answer(rows: &[Row], groups: &[Group]) -> Answer {
    let mut attempts = BTreeMap::new();
    let mut of_row: BTreeMap<String, Option<String>> =
        rows.iter().map(|row| (row.id.clone(), None)).collect();
    for group in groups {
        let told = if group.is_evidence { &group.policies } else { &group.rows };
        let first = &told[0];
        let prefix = if group.is_evidence { "policy:" } else { "" };
        let id = format!("{prefix}{}", first.id);
        for row in group.rows.iter().chain(&group.policies) {
            of_row.insert(row.id.clone(), Some(id.clone()));
        }
        let effects = |row: &Row| row.policy.as_ref().unwrap().1.clone();
        let denies = |row: &Row, mfa_only: bool| {
            effects(row)
                .iter()
                .any(|(name, is_mfa)| name.starts_with("deny") && (*is_mfa || !mfa_only))
        };
        let audits = |row: &Row| {
            let is_audit =
                |effect: &(&str, bool)| effect.1 && matches!(effect.0, "audit" | "auditaction");
            effects(row).iter().any(is_audit) && !denies(row, true)
        };
        let count =
            |is: &dyn Fn(&Row) -> bool| group.policies.iter().filter(|row| is(row)).count() as i64;
        let outcome = if group.is_evidence {
            if group.policies.iter().any(|row| denies(row, false)) { "failed" } else { "open" }
        } else {
            ["failed", "canceled", "succeeded", "accepted"]
                .into_iter()
                .find(|word| group.rows.iter().any(|row| row.status == Some(word)))
                .unwrap_or("open")
        };
        let operation = if group.is_evidence {
            first.policy.as_ref().unwrap().0
        } else {
            Some(first.operation)
        };
        let is_delete = |row: &Row| {
            effects(row).iter().any(|(name, is_mfa)| *is_mfa && name.ends_with("action"))
        };
        let class = match operation {
            Some(operation) => class_of(operation),
            None if is_delete(first) => "delete",
            None => "write",
        };
        let claims = told.iter().find(|row| row.has_claims).unwrap_or(first);
        let expected = Expected {
            event_id: first.id.clone(),
            first_time: first.time,
            last_time: told[told.len() - 1].time,
            event_count: group.rows.len() as i64,
            outcome: outcome.to_owned(),
            audits: count(&audits),
            denies: count(&|row| denies(row, true)),
            user_key: user_of(claims).map(str::to_owned),
            operation: operation.map(str::to_owned),
            class: class.to_owned(),
            error_code: group.rows.iter().find_map(|row| row.error_code).map(str::to_owned),
        };
        attempts.insert(id, expected);
    }
    (attempts, of_row)
}

fn flags_of(row: &Row) -> PolicyFlags {
    let effects = row.policy.as_ref().map(|(_, effects)| effects.as_slice()).unwrap_or_default();
    effects.iter().fold(PolicyFlags::default(), |flags, (effect, is_mfa)| {
        let kind = if effect.ends_with("action") { "microsoft_delete" } else { "microsoft_write" };
        flags.with(effect, is_mfa.then_some(kind))
    })
}

fn batch(rows: &[Row]) -> (RecordBatch, Vec<RowKey>) {
    let mut columns =
        Columns::new(&ACTIVITY, |name| COLUMNS_READ.contains(&name) || name == "error_code");
    for row in rows {
        for (position, builder) in &mut columns.builders {
            match ACTIVITY.columns[*position].name {
                "event_id" => builder.text(Some(&row.id)),
                "event_time" => builder.integer(Some(row.time)),
                "resource_id" => builder.text(row.resource),
                "operation" => builder.text(Some(row.operation)),
                "status" => builder.text(row.status),
                "category" => builder.text(row.category),
                "correlation_id" => builder.text(row.correlation),
                "operation_id" => builder.text(row.operation_id),
                "caller" => builder.text(row.caller),
                "caller_oid" => builder.text(row.caller_oid),
                "error_code" => builder.text(row.error_code),
                "authorization_action" => {
                    builder.text(row.policy.as_ref().and_then(|(action, _)| *action));
                }
                "is_policy_event" => builder.boolean(Some(row.policy.is_some())),
                "is_compliance_check" => builder.boolean(Some(row.is_scan)),
                _ => builder.text(None),
            }
        }
    }
    let key = |(number, row): (usize, &Row)| RowKey {
        key: number as u128,
        id: None,
        has_claims: row.has_claims,
        policies: flags_of(row),
    };
    (columns.finish(rows.len()).unwrap(), rows.iter().enumerate().map(key).collect())
}

fn folded(rows: &[Row], batch_rows: usize) -> (Answer, Vec<String>) {
    let mut kept = Kept::default();
    for part in rows.chunks(batch_rows.max(1)) {
        let (rows, keys) = batch(part);
        kept.batches.push(rows);
        kept.facts.push(keys.iter().map(Facts::from).collect());
    }
    let folded = fold(&kept, |_| true, true).unwrap();
    let table = &folded.attempts;
    let text = |name: &str, row: usize| Text::of(table, name).get(row).map(str::to_owned);
    let number = |name: &str, row: usize| {
        table.column_by_name(name).unwrap().as_primitive::<Int64Type>().value(row)
    };
    let time = |name: &str, row: usize| {
        table.column_by_name(name).unwrap().as_primitive::<TimestampMicrosecondType>().value(row)
    };
    let mut ids = Vec::new();
    let mut attempts = BTreeMap::new();
    for row in 0..table.num_rows() {
        let id = text("attempt_id", row).unwrap();
        let (audits, denies) = (number("policy_audits", row), number("policy_denies", row));
        for (name, count) in [("mfa_audited", audits), ("mfa_denied", denies)] {
            assert_eq!(table.column_by_name(name).unwrap().as_boolean().value(row), count > 0);
        }
        let found = Expected {
            event_id: text("event_id", row).unwrap(),
            first_time: time("first_time", row),
            last_time: time("last_time", row),
            event_count: number("event_count", row),
            outcome: text("outcome", row).unwrap(),
            audits,
            denies,
            user_key: text("user_key", row),
            operation: text("operation", row),
            class: text("operation_class", row).unwrap(),
            error_code: text("error_code", row),
        };
        assert!(attempts.insert(id.clone(), found).is_none(), "attempt {id} occurs twice");
        ids.push(id);
    }
    let mut of_row = BTreeMap::new();
    let all = rows.chunks(batch_rows.max(1)).zip(&folded.attempt_ids);
    for (part, column) in all {
        let column = column.as_string_view();
        for (place, row) in part.iter().enumerate() {
            let id = column.is_valid(place).then(|| column.value(place).to_owned());
            of_row.insert(row.id.clone(), id);
        }
    }
    ((attempts, of_row), ids)
}

/// One of a few words, or nothing.
fn few(
    words: &'static [&'static str],
    or_none: u32,
) -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![
        4 => prop::sample::select(words).prop_map(Some),
        or_none => Just(None),
    ]
}

const WRITE: &str = "microsoft.storage/storageaccounts/write";
const DELETE: &str = "microsoft.storage/storageaccounts/delete";
const RESTART: &str = "microsoft.web/sites/restart/action";

fn time() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => (0..6_i64).prop_map(|step| step * HOUR / 60),
        2 => (0..80_i64).prop_map(|hours| hours * HOUR),
        1 => prop::sample::select(vec![24 * HOUR, 24 * HOUR + 1, 48 * HOUR + 1]),
    ]
}

fn request() -> impl Strategy<Value = Row> {
    let what = (
        time(),
        few(&["/r/a", "/r/b"], 1),
        prop::sample::select(vec![WRITE, WRITE, WRITE, DELETE, RESTART, "x/y/read", "scaleup"]),
        few(&["started", "accepted", "succeeded", "failed", "canceled", "other"], 1),
        prop_oneof![
            5 => Just(Some("administrative")),
            1 => few(&["servicehealth", "autoscale", "delete", "security"], 2),
        ],
    );
    let who = (
        few(&["c1", "c2"], 1),
        few(&["o1", "o2"], 4),
        few(&["ana", "bo"], 1),
        few(&["oid1"], 4),
        prop::bool::weighted(0.6),
        prop::bool::weighted(0.05),
        few(&["conflict", "forbidden"], 8),
    );
    (what, who).prop_map(|(what, who)| Row {
        time: what.0,
        resource: what.1,
        operation: what.2,
        status: what.3,
        category: what.4,
        correlation: who.0,
        operation_id: who.1,
        caller: who.2,
        caller_oid: who.3,
        has_claims: who.4,
        is_scan: who.5,
        error_code: who.6,
        ..Row::default()
    })
}

fn policy_event() -> impl Strategy<Value = Row> {
    let effect = prop::sample::select(vec![
        "audit",
        "deny",
        "auditaction",
        "denyaction",
        "modify",
        "append",
    ]);
    let effects = prop::collection::vec((effect, any::<bool>()), 1..3);
    let action = few(&[WRITE, DELETE, RESTART, "x/y/read"], 1);
    (request(), action, effects).prop_map(|(row, action, effects)| Row {
        operation: "microsoft.authorization/policies/audit/action",
        category: Some("policy"),
        is_scan: false,
        policy: Some((action, effects)),
        ..row
    })
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = prop_oneof![4 => request(), 1 => policy_event()];
    prop::collection::vec(row, 0..14).prop_map(|mut rows| {
        for (number, row) in rows.iter_mut().enumerate() {
            // Ids that do not sort as the rows were made.
            row.id = format!("e{:02}", number * 7 % 17);
        }
        rows
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn attempts_are_those_of_the_contract(rows in rows()) {
        let (found, _) = folded(&rows, rows.len());
        let expected = oracle(&rows);
        prop_assert_eq!(&found.0, &expected.0);
        prop_assert_eq!(&found.1, &expected.1);
    }

    #[test]
    fn neither_input_order_nor_batches_change_the_answer(
        rows in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        batch_rows in 1..8_usize,
    ) {
        let (rows, shuffled) = rows;
        prop_assert_eq!(folded(&rows, rows.len()), folded(&shuffled, batch_rows));
    }

    #[test]
    fn every_row_of_a_request_is_counted_once(rows in rows()) {
        let ((attempts, of_row), _) = folded(&rows, 4);
        let counted: i64 = attempts.values().map(|attempt| attempt.event_count).sum();
        let folded_rows = rows.iter().filter(|row| {
            row.policy.is_none() && of_row[&row.id].is_some()
        });
        prop_assert_eq!(counted, folded_rows.count() as i64);
    }
}
