//! Another engine over the tables that `azmfa convert` writes gives the same rows in the same
//! order, and reading those tables back gives the reports of the originals.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::determinism::reports;
use crate::json::{accounting, expect_balance, figures, pages, sum};
use crate::run::{Ran, Run, fixture, text_of};

const INPUTS: &[&[&str]] = &[
    &["demo/activity"],
    &["formats/activity_rest/az.json"],
    &["formats/activity_diagnostic/ok.ndjson"],
    &["formats/activity_log_analytics/export.ndjson", "formats/activity_eventhub/capture.avro"],
    &["formats/activity_rest/odd.json"],
    &["formats/activity_diagnostic/odd.ndjson"],
];

/// The Python with DuckDB.
pub(crate) fn python() -> String {
    env::var("AZMFA_PYTHON")
        .expect("AZMFA_PYTHON names no Python with DuckDB; run `bash src/tests/run.sh`")
}

fn report(inputs: &[String]) -> Ran {
    let args = ["report", "-q", "--format", "json", "--top", "0", "-r", &reports()];
    Run::new().args(args).args(inputs).run().expect_code(0)
}

fn convert(inputs: &[String], folder: &Path) {
    Run::new().args(["convert", "-q", "-o", &text_of(folder)]).args(inputs).run().expect_code(0);
}

fn fixtures(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| fixture(name)).collect()
}

#[test]
fn duckdb_gives_the_same_rows_in_the_same_order() {
    let python = python();
    for names in INPUTS {
        let inputs = fixtures(names);
        let folder = TempDir::new().unwrap();
        convert(&inputs, folder.path());
        let output = Command::new(&python)
            .arg("src/tests/second_engine.py")
            .arg(folder.path())
            .arg("queries")
            .args(reports().split(','))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{names:?}: {said}");
        let answers: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
        let pages = pages(&report(&inputs));
        assert_eq!(answers.len(), pages.len());
        for (name, page) in &pages {
            assert_same(page, &answers[name], &format!("{names:?} {name}"));
        }
    }
}

fn assert_same(page: &Value, answer: &Value, what: &str) {
    let columns: Vec<&str> = page["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["name"].as_str().unwrap())
        .collect();
    assert_eq!(answer["headings"], serde_json::json!(columns), "{what}");
    let ours = page["rows"].as_array().unwrap();
    let theirs = answer["rows"].as_array().unwrap();
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (number, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        let cells: Vec<&Value> = columns.iter().map(|column| &ours[*column]).collect();
        assert_eq!(serde_json::json!(cells), *theirs, "{what}, row {number}");
    }
}

#[test]
fn tables_read_back_tell_what_the_originals_tell() {
    for names in INPUTS {
        let inputs = fixtures(names);
        let folder = TempDir::new().unwrap();
        convert(&inputs, folder.path());
        let originals = report(&inputs);
        let tables = report(&[text_of(folder.path())]);
        assert_eq!(figures(&tables), figures(&originals), "{names:?}");
        expect_balance(&accounting(&tables), &format!("{names:?}"));
    }
}

#[test]
fn tables_read_with_their_originals_count_nothing_twice() {
    for names in INPUTS {
        let inputs = fixtures(names);
        let folder = TempDir::new().unwrap();
        convert(&inputs, folder.path());
        let alone = report(&inputs);
        let rows = sum(&accounting(&alone)["rows"]);
        let already = accounting(&alone)["duplicates"].as_u64().unwrap();
        let tables = vec![text_of(folder.path())];
        for together in [[tables.clone(), inputs.clone()].concat(), [inputs, tables].concat()] {
            let ran = report(&together);
            let told = accounting(&ran);
            expect_balance(&told, &format!("{together:?}"));
            assert_eq!(sum(&told["rows"]), rows, "{together:?}");
            assert_eq!(told["duplicates"], rows + already, "{together:?}");
            assert_eq!(figures(&ran), figures(&alone), "{together:?}");
        }
    }
}

#[test]
fn tables_converted_again_are_the_same_tables() {
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    convert(&fixtures(&["formats/activity_rest/az.json"]), first.path());
    convert(&[text_of(first.path())], second.path());
    for table in ["activity", "activity_policy", "attempt", "calendar", "run"] {
        let sql = format!("select * from {table}");
        let ask = |folder: &Path| {
            let args = ["query", "-q", "--format", "ndjson", &sql];
            Run::new().args(args).arg(text_of(folder)).run().expect_code(0).stdout
        };
        assert!(ask(first.path()) == ask(second.path()), "{table}");
    }
}

#[test]
fn tables_are_judged_again_when_the_rule_or_the_policies_are_others() {
    let inputs = fixtures(&["formats/activity_rest/az.json"]);
    let folder = TempDir::new().unwrap();
    convert(&inputs, folder.path());
    let deny_public_access = "2ff887e8-36f7-45d5-84ad-1aebd935be71";
    for flags in [&["--strict-policy"][..], &["--mfa-policy", deny_public_access]] {
        let ask = |input: &str| {
            let args = ["report", "-q", "-r", "summary,by-user,by-policy", "--format", "csv"];
            Run::new().args(args).args(flags).arg(input).run().expect_code(0).stdout
        };
        let plain = ["report", "-q", "-r", "summary,by-user,by-policy", "--format", "csv"];
        let unchanged = Run::new().args(plain).arg(&inputs[0]).run().expect_code(0).stdout;
        assert!(ask(&inputs[0]) != unchanged, "{flags:?} changes nothing");
        assert!(ask(&inputs[0]) == ask(&text_of(folder.path())), "{flags:?}");
    }
}

#[test]
fn tables_answer_the_same_in_memory_and_where_they_lie() {
    for names in INPUTS {
        let inputs = fixtures(names);
        let folder = TempDir::new().unwrap();
        convert(&inputs, folder.path());
        for report in reports().split(',') {
            let ask = |flags: &[&str]| {
                let args = ["report", "-q", "--format", "json", "--top", "0", "-r", report];
                let ran = Run::new().args(args).args(flags).arg(text_of(folder.path())).run();
                figures(&ran.expect_code(0))
            };
            // By itself a report that adds up is read as numbers; with so little memory, none is.
            assert_eq!(ask(&[]), ask(&["--memory", "1B"]), "{report} of {names:?}");
        }
    }
}

#[test]
fn a_column_that_is_damaged_is_read_row_by_row() {
    let (sound, damaged) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let inputs = fixtures(&["formats/activity_rest/az.json"]);
    convert(&inputs, sound.path());
    convert(&inputs, damaged.path());
    let table = damaged.path().join("attempt.parquet");
    let mut bytes = std::fs::read(&table).unwrap();
    // Of the columns, not of the footer, which tells that the tables belong together.
    for byte in &mut bytes[4..400] {
        *byte ^= 0x5a;
    }
    std::fs::write(&table, bytes).unwrap();
    // Attempts are folded again from the rows of `activity`, which are sound.
    let ask = |folder: &TempDir| {
        let args = ["report", "-q", "--format", "csv", "-r", "by-user"];
        Run::new().args(args).arg(text_of(folder.path())).run().expect_code(0).stdout
    };
    assert!(ask(&sound) == ask(&damaged));
}

#[test]
fn tables_of_two_runs_are_not_taken_for_those_of_one() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    convert(&fixtures(INPUTS[0]), one.path());
    convert(&fixtures(INPUTS[1]), other.path());
    let whole = report(&[text_of(one.path())]);
    let file = |name: &str| text_of(&one.path().join(name));
    let rows = [file("activity.parquet"), file("activity_policy.parquet")];
    for table in ["attempt.parquet", "calendar.parquet", "run.parquet"] {
        std::fs::copy(other.path().join(table), file(table)).unwrap();
        // What is computed from the rows is computed again, and nothing of the other run counts.
        assert_eq!(figures(&report(&[text_of(one.path())])), figures(&report(&rows)), "{table}");
        assert_eq!(figures(&whole), figures(&report(&rows)), "{table}");
    }
}
