//! Nothing is lost silently: every record of every fixture is a row, a duplicate, a reject or
//! ignored, as `testdata/expected/accounting.json` says, by the reasons it says.

use serde_json::{Value, json};

use crate::json::{accounting, expect_balance, file, sum};
use crate::run::{Ran, Run, fixture};

/// A readable input without a single record, for inputs that cannot be read alone.
const NOTHING: &str = "broken/nothing.json";

#[test]
fn every_record_of_every_fixture_is_accounted_for_as_expected() {
    let expected = file("testdata/expected/accounting.json");
    let expected = expected.as_object().unwrap();
    assert!(expected.len() > 70, "only {} fixtures", expected.len());
    let differences: Vec<String> =
        expected.iter().filter_map(|(name, expected)| difference(name, expected)).collect();
    assert!(differences.is_empty(), "{} differ\n{}", differences.len(), differences.join("\n"));
}

/// What differs for one fixture, or for several read in one run (`a + b`).
fn difference(name: &str, expected: &Value) -> Option<String> {
    let inputs: Vec<String> =
        name.split('+').map(|part| fixture(part.trim().trim_start_matches("testdata/"))).collect();
    let count = |key: &str| expected[key].as_u64().unwrap();
    let nothing_usable = sum(&expected["rows"]) + count("duplicates") + sum(&expected["ignored"])
        == 0
        && (count("records") > 0 || name == "broken/empty.json");
    let alone = report(&inputs);
    let ran = if nothing_usable {
        if alone.code != 2 {
            return Some(format!("{name}: exit {} where nothing is readable", alone.code));
        }
        if !alone.stderr.starts_with("error: ") || !alone.stderr.contains("\nhint: ") {
            return Some(format!("{name}: no error with a hint\n{}", alone.stderr));
        }
        report(&[inputs, vec![fixture(NOTHING)]].concat())
    } else {
        alone
    };
    // Records may be all there is to complain of when a readable input is beside them.
    let code = if sum(&expected["rejects"]) > 0 { 3 } else { 0 };
    if ran.code == 2 && nothing_usable {
        return None;
    }
    if ran.code != code {
        return Some(format!("{name}: exit {}, expected {code}\n{}", ran.code, ran.stderr));
    }
    let told = accounting(&ran);
    expect_balance(&told, name);
    let told = json!({
        "records": told["records"], "rows": filled(&told["rows"]), "duplicates": told["duplicates"],
        "rejects": told["rejects"], "ignored": told["ignored"],
    });
    let differing: Vec<String> = told
        .as_object()
        .unwrap()
        .iter()
        .filter(|(key, told)| **told != expected[*key])
        .map(|(key, told)| format!("{key}: {told}, expected {}", expected[key]))
        .collect();
    (!differing.is_empty()).then(|| format!("{name}: {}", differing.join("; ")))
}

/// The counts that are not 0.
fn filled(counts: &Value) -> Value {
    let mut counts = counts.clone();
    counts.as_object_mut().unwrap().retain(|_, count| *count != json!(0));
    counts
}

fn report(inputs: &[String]) -> Ran {
    Run::new().args(["report", "-r", "summary", "--format", "json", "-qq"]).args(inputs).run()
}

#[test]
fn what_is_not_readable_costs_nothing_that_stands_beside_it() {
    let beside = "formats/activity_rest/az.json";
    for (name, reasons) in [
        ("broken/deep.json.gz", json!({"too_deep": 1})),
        ("broken/empty.json", json!({})),
        ("broken/image.png", json!({"unrecognised": 1})),
        ("broken/scalar.json", json!({"unrecognised": 1})),
        ("broken/unknown.json", json!({"unrecognised": 2})),
        ("broken/zeros.bin", json!({"unrecognised": 1})),
        ("formats/activity_log_analytics/broken.parquet", json!({"unreadable": 1})),
    ] {
        let ran = report(&[fixture(beside), fixture(name)]);
        let code = if sum(&reasons) > 0 { 3 } else { 0 };
        let told = accounting(&ran.expect_code(code));
        expect_balance(&told, name);
        assert_eq!(sum(&told["rows"]), 176, "{name}");
        assert_eq!(told["rejects"], reasons, "{name}");
    }
}

#[test]
fn a_run_over_every_fixture_at_once_balances() {
    let ran = report(&[fixture("formats"), fixture("demo"), fixture("broken")]).expect_code(3);
    let told = accounting(&ran);
    expect_balance(&told, "all of testdata");
    assert!(sum(&told["rows"]) > 1_000, "{told}");
}
