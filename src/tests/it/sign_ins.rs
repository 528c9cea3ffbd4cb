//! Every fixture of sign-ins tells the verdicts and links that `testdata/oracle_signins.py` and
//! `oracle_readiness.py` worked out from the records it was written from. Each file of `testdata/expected/sign-ins/` is one set:
//! its fixtures (`a + b` are read in one run), the rows of `sign_in`, `link` or `readiness`, and
//! the list of break-glass accounts, if any.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::json::{Row, file, rows};
use crate::run::{Run, fixture};

/// Rows of each side shown per difference.
const ROWS_SHOWN: usize = 4;

#[test]
fn every_fixture_of_sign_ins_tells_the_rows_expected_of_it() {
    let mut differences = Vec::new();
    let mut compared = 0;
    for entry in fs::read_dir("testdata/expected/sign-ins").unwrap() {
        let path = entry.unwrap().path();
        let set = file(path.to_str().unwrap());
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for files in set["files"].as_array().unwrap() {
            for table in ["sign_in", "link", "readiness"] {
                let Some(expected) = set.get(table) else { continue };
                compared += 1;
                let files = files.as_str().unwrap();
                differences.extend(
                    difference(table, files, set["exempt"].as_str(), &rows(expected))
                        .map(|text| format!("{name}: {table} of {files}: {text}")),
                );
            }
        }
    }
    assert!(compared > 30, "only {compared} comparisons");
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn everybody_has_the_same_verdict_whatever_the_export() {
    const EXPORTS: [&[&str]; 9] = [
        &["entra_signin_graph/ok.json.gz"],
        &["entra_signin_graph/powershell.json.gz"],
        &["entra_signin_graph/v1.json.gz"],
        &["entra_signin_diagnostic/ok.ndjson.gz"],
        &["entra_signin_diagnostic/capture.avro"],
        &["entra_signin_log_analytics/query_api.json.gz"],
        &["entra_signin_log_analytics/az_query.json.gz"],
        &[
            "entra_signin_portal_csv/InteractiveSignIns_2026-03-02_2026-03-06.csv",
            "entra_signin_portal_csv/InteractiveSignIns_AuthDetails_2026-03-02_2026-03-06.csv",
            "entra_signin_portal_csv/NonInteractiveSignIns_2026-03-02_2026-03-06.csv",
            "entra_signin_portal_csv/NonInteractiveSignIns_AuthDetails_2026-03-02_2026-03-06.csv",
        ],
        &["entra_signin_defender/ok.json.gz"],
    ];
    let sql = "select user_key, verdict, rule from readiness order by user_key";
    let told = EXPORTS.map(|files| {
        let inputs = files.iter().map(|name| fixture(&format!("formats/{name}")));
        let inputs = inputs.chain([fixture("formats/activity_rest/az.json")]);
        Run::new().args(["query", "-q", sql]).args(inputs).run().expect_code(0).text().to_owned()
    });
    assert!(told[0].lines().count() > 10, "{}", told[0]);
    for (told_here, files) in told.iter().zip(EXPORTS) {
        assert_eq!(*told_here, told[0], "{files:?}");
    }
}

/// How the rows of a table differ from those expected, in the columns that are expected.
fn difference(table: &str, files: &str, exempt: Option<&str>, expected: &[Row]) -> Option<String> {
    let columns: Vec<&str> = expected.first()?.keys().map(String::as_str).collect();
    let inputs = files.split('+').map(|name| fixture(name.trim()));
    let sql = format!("select {} from {table}", columns.join(", "));
    let mut run = Run::new().args(["query", "--format", "json", "-q"]).arg(sql).args(inputs);
    if let Some(list) = exempt {
        run = run.arg("--exempt").arg(fixture(list));
    }
    let ran = run.run();
    if ran.code != 0 {
        return Some(format!("exit {}\n{}", ran.code, ran.stderr));
    }
    let told = rows(&ran.json()["rows"]);
    let bag = |rows: &[Row]| -> BTreeSet<String> { rows.iter().map(text).collect() };
    let (expected_bag, told_bag) = (bag(expected), bag(&told));
    if expected_bag == told_bag && expected.len() == told.len() {
        return None;
    }
    let shown = |label: &str, left: &BTreeSet<String>, right: &BTreeSet<String>| {
        let rows = left.difference(right).take(ROWS_SHOWN);
        rows.map(|row| format!("\n  {label} {row}")).collect::<String>()
    };
    Some(format!(
        "{} rows, expected {}{}{}",
        told.len(),
        expected.len(),
        shown("missing   ", &expected_bag, &told_bag),
        shown("unexpected", &told_bag, &expected_bag)
    ))
}

fn text(row: &Row) -> String {
    let members: serde_json::Map<String, Value> = row.clone().into_iter().collect();
    Value::Object(members).to_string()
}
