//! Every fixture of sign-ins, audits and side inputs tells what the oracles of `testdata/` worked out
//! from the records it was written from. Each file of `testdata/expected/sign-ins/` is one set: its
//! fixtures (`a + b` are read in one run), the rows of one or more tables or of Microsoft's own
//! report (`msid`), and the list of break-glass accounts, if any.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::json::{Row, file, rows};
use crate::run::{Ran, Run, fixture};

/// The tables that sets have rows of.
const TABLES: [&str; 9] = [
    "sign_in",
    "sign_in_policy",
    "audit",
    "link",
    "readiness",
    "registration",
    "resource",
    "role_assignment",
    "directory_user",
];
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
            let files = files.as_str().unwrap();
            let of = |text| format!("{name}: {files}: {text}");
            for table in TABLES {
                let Some(expected) = set.get(table) else { continue };
                compared += 1;
                let exempt = set["exempt"].as_str();
                differences.extend(difference(table, files, exempt, &rows(expected)).map(of));
            }
            if let Some(expected) = set.get("words") {
                compared += 1;
                let exempt = set["exempt"].as_str();
                differences.extend(words_missing(files, exempt, &rows(expected)).map(of));
            }
            if let Some(expected) = set.get("msid") {
                compared += 1;
                differences.extend(msid_difference(files, &rows(expected)).map(of));
            }
        }
    }
    assert!(compared > 80, "only {compared} comparisons");
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
    let ran = query(&format!("select {} from {table}", columns.join(", ")), files, exempt);
    if ran.code != 0 {
        return Some(format!("exit {}\n{}", ran.code, ran.stderr));
    }
    compare(expected, &rows(&ran.json()["rows"]))
}

fn query(sql: &str, files: &str, exempt: Option<&str>) -> Ran {
    let inputs = files.split('+').map(|name| fixture(name.trim()));
    let mut run = Run::new().args(["query", "--format", "json", "-q"]).arg(sql).args(inputs);
    if let Some(list) = exempt {
        run = run.arg("--exempt").arg(fixture(list));
    }
    run.run()
}

/// What the words of readiness do not contain of what they have to: the first reason is what the
/// rule rests on, and there is a next step exactly where something is to be done.
fn words_missing(files: &str, exempt: Option<&str>, expected: &[Row]) -> Option<String> {
    let sql = "select user_key, rule, reasons, next_step from readiness";
    let ran = query(sql, files, exempt);
    let told = rows(&ran.json()["rows"]);
    let lines: Vec<String> = expected
        .iter()
        .filter_map(|due| {
            let row = told.iter().find(|row| row["user_key"] == due["user_key"])?;
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            let (reasons, steps) = (text("reasons"), text("next_step"));
            let decisive = reasons.split("; ").next().unwrap_or_default();
            let missing: Vec<&str> =
                [("first", decisive), ("reasons", reasons), ("next_step", steps)]
                    .into_iter()
                    .flat_map(|(name, said)| {
                        let due = due[name].as_array().unwrap().iter();
                        due.map(|part| part.as_str().unwrap()).filter(|part| !said.contains(part))
                    })
                    .collect();
            let is_idle = due["next_step"].as_array().unwrap().is_empty();
            (row["rule"] != due["rule"] || !missing.is_empty() || is_idle != steps.is_empty())
                .then(|| format!("{missing:?} of {due:?} in {reasons} | {steps}"))
        })
        .collect();
    if told.len() != expected.len() {
        return Some(format!("{} people, expected {}", told.len(), expected.len()));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// How the people whom Microsoft's own tool lists differ from those expected. Whoever else is in the
/// report was seen by none of its applications and has no status.
fn msid_difference(files: &str, expected: &[Row]) -> Option<String> {
    const APPS: [&str; 5] =
        ["Az Portal", "Az CLI", "Az PowerShell", "Az Mobile App", "M365 Admin Portal"];
    let inputs = files.split('+').map(|name| fixture(name.trim()));
    let args = ["readiness", "--profile", "msid", "--format", "json", "-q"];
    let ran = Run::new().args(args).args(inputs).run().expect_code(0);
    let (listed, others): (Vec<Row>, Vec<Row>) = rows(&ran.json()["rows"])
        .into_iter()
        .partition(|row| APPS.iter().any(|app| !row[*app].is_null()));
    if let Some(row) = others.iter().find(|row| !row["MFA Status"].is_null()) {
        return Some(format!("a status of somebody whom the tool does not list: {row:?}"));
    }
    let columns: Vec<&String> = expected.first()?.keys().collect();
    let told: Vec<Row> = listed
        .into_iter()
        .map(|mut row| columns.iter().filter_map(|name| row.remove_entry(*name)).collect())
        .collect();
    compare(expected, &told)
}

fn compare(expected: &[Row], told: &[Row]) -> Option<String> {
    let bag = |rows: &[Row]| -> BTreeSet<String> { rows.iter().map(text).collect() };
    let (expected_bag, told_bag) = (bag(expected), bag(told));
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
