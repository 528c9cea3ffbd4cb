//! Every field of a record with a value of every wrong type: the record is a row or a reject, its
//! neighbours are rows, and nothing crashes.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use crate::bad_input::summary_of;
use crate::json::{accounting, expect_balance, sum};
use crate::run::{Run, bytes_of};

/// A value of each type, and some that are merely odd.
fn wrong_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(0),
        json!(-1.5e300),
        json!(""),
        json!("x"),
        json!("{\"a\":"),
        json!("[[[{\"policyDefinitionId\":[1]}]]]"),
        json!([]),
        json!([null, 1, "x", {"value": {"value": []}}]),
        json!({}),
        json!({"value": [1], "x": null}),
        json!(true),
        json!("\u{0}\u{1b}[2J\u{202e}\u{fffd}"),
    ]
}

/// The place of every member of an object, at any depth, also inside JSON kept as text.
fn places(value: &Value, at: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let Some(members) = value.as_object() else { return };
    for (name, member) in members {
        at.push(name.clone());
        found.push(at.clone());
        match member.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()) {
            Some(inner) => places(&inner, at, found),
            None => places(member, at, found),
        }
        at.pop();
    }
}

/// The record with one member replaced, or left out.
fn with(value: &Value, place: &[String], new: Option<&Value>) -> Value {
    let (name, rest) = place.split_first().expect("a place has a name");
    let mut members = value.as_object().expect("places lead through objects").clone();
    let member = members[name].clone();
    let changed = if rest.is_empty() {
        new.cloned()
    } else if let Some(text) = member.as_str() {
        let inner: Value = serde_json::from_str(text).unwrap();
        Some(Value::String(with(&inner, rest, new).to_string()))
    } else {
        Some(with(&member, rest, new))
    };
    match changed {
        Some(changed) => drop(members.insert(name.clone(), changed)),
        None => drop(members.remove(name)),
    }
    Value::Object(members)
}

/// Every record with every member replaced by every wrong value, or left out.
fn mutants(records: &[Value]) -> Vec<Value> {
    let wrong = wrong_values();
    let mut mutants = Vec::new();
    for record in records {
        let mut found = Vec::new();
        places(record, &mut Vec::new(), &mut found);
        assert!(found.len() > 15, "{} members", found.len());
        for place in &found {
            mutants.push(with(record, place, None));
            mutants.extend(wrong.iter().map(|value| with(record, place, Some(value))));
        }
    }
    mutants
}

/// Reads `mutants` between two whole records; each of them is told of once.
fn assert_told_of(text: String, mutants: u64, what: &str) {
    let ran = summary_of(text);
    let told = accounting(&ran);
    expect_balance(&told, what);
    assert_eq!(told["records"], mutants + 2, "{what}: {told}");
    assert!(sum(&told["rows"]) >= 2, "{what}: {told}");
}

/// A record of a write, and one of a policy event.
fn samples(records: Vec<Value>, policy: &str) -> (Vec<Value>, [Value; 2]) {
    let is_policy = |record: &Value| record.to_string().contains(policy);
    let first = records.iter().find(|record| !is_policy(record)).unwrap().clone();
    let policy = records.iter().find(|record| is_policy(record)).unwrap().clone();
    let ends = [records[records.len() - 1].clone(), records[records.len() / 2].clone()];
    (vec![first, policy], ends)
}

#[test]
fn any_value_in_any_field_of_a_rest_event_costs_that_event_at_most() {
    let records: Vec<Value> =
        serde_json::from_slice(&bytes_of("formats/activity_rest/az.json")).unwrap();
    let (samples, [first, last]) = samples(records, "policyDefinitionId");
    let mutants = mutants(&samples);
    let count = mutants.len() as u64;
    let array = [vec![first], mutants, vec![last]].concat();
    assert_told_of(Value::Array(array).to_string(), count, "rest");
}

/// Every mutant of the records that stand on the lines of a fixture is told of.
fn assert_lines_told_of(fixture: &str, what: &str) {
    let text = String::from_utf8(bytes_of(fixture)).unwrap();
    let records: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (samples, [first, last]) = samples(records, "policyDefinitionId");
    let mutants = mutants(&samples);
    let count = mutants.len() as u64;
    let lines = [vec![first], mutants, vec![last]].concat();
    let text: String = lines.iter().map(|record| format!("{record}\n")).collect();
    assert_told_of(text, count, what);
}

#[test]
fn any_value_in_any_field_of_a_diagnostic_record_costs_that_record_at_most() {
    assert_lines_told_of("formats/activity_diagnostic/ok.ndjson", "diagnostic");
}

#[test]
fn any_value_in_any_field_of_a_log_analytics_row_costs_that_row_at_most() {
    assert_lines_told_of("formats/activity_log_analytics/export.ndjson", "log analytics");
}

/// Every mutant of two records of a fixture is told of, whatever `sql` asks.
fn assert_told_of_when_asked(fixture: &str, is_array: bool, sql: &str) {
    let bytes = bytes_of(fixture);
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    let records: Vec<Value> = if is_array {
        serde_json::from_str(&text).unwrap()
    } else {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let size = |record: &&Value| record.to_string().len();
    let samples =
        [records.iter().max_by_key(size).unwrap().clone(), records[records.len() / 2].clone()];
    let mutants = mutants(&samples);
    let count = mutants.len() as u64;
    let ends = [records[0].clone(), records[records.len() - 1].clone()];
    let lines = [vec![ends[0].clone()], mutants, vec![ends[1].clone()]].concat();
    let text: String = lines.iter().map(|record| format!("{record}\n")).collect();
    let ran = Run::new().args(["query", "--format", "json", sql]).stdin(text).run();
    assert!(matches!(ran.code, 0 | 3), "{fixture}: {}", ran.stderr);
    let told = accounting(&ran);
    expect_balance(&told, fixture);
    assert_eq!(told["records"], count + 2, "{fixture}: {told}");
    assert!(sum(&told["rows"]) >= 1, "{fixture}: {told}");
}

#[test]
fn any_value_in_any_field_of_a_sign_in_costs_that_sign_in_at_most() {
    let portal = "formats/entra_signin_graph/InteractiveSignIns_2026-03-02_2026-03-06.json.gz";
    for sql in ["select * from sign_in", "select * from sign_in_policy", "select * from readiness"]
    {
        assert_told_of_when_asked(portal, true, sql);
        assert_told_of_when_asked("formats/entra_signin_diagnostic/ok.ndjson.gz", false, sql);
        assert_told_of_when_asked(
            "formats/entra_signin_log_analytics/export.ndjson.gz",
            false,
            sql,
        );
    }
}

#[test]
fn any_value_in_any_field_of_an_audit_costs_that_audit_at_most() {
    let portal = "formats/entra_audit_graph/AuditLogs_2026-03-02_2026-03-06.json";
    for sql in ["select * from audit", "select * from link"] {
        assert_told_of_when_asked(portal, true, sql);
    }
}
