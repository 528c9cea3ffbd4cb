//! Every fixture tells the figures that the oracle in `testdata/oracle.py` worked out from the
//! events it was written from. `testdata/expected/sets.json` says which fixture tells which set.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::json::{Row, figures, file, rows};
use crate::run::{Run, fixture};

/// Rows of each side shown per difference.
const ROWS_SHOWN: usize = 3;

#[test]
fn every_fixture_tells_the_figures_expected_of_it() {
    let sets = file("testdata/expected/sets.json");
    let mut differences = Vec::new();
    let mut compared = 0;
    for (set, content) in sets.as_object().unwrap() {
        let Some(files) = content.get("files") else { continue };
        let expected = expected(set);
        for (name, without) in files.as_object().unwrap() {
            let without: Vec<&str> =
                without.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            compared += expected.len();
            differences.extend(compare(set, name, &expected, &without));
        }
    }
    assert!(compared > 100, "only {compared} comparisons: is `sets.json` read?");
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// The reports expected of a set.
fn expected(set: &str) -> BTreeMap<String, Vec<Row>> {
    let folder = format!("testdata/expected/{set}");
    let reports: BTreeMap<String, Vec<Row>> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let report = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (report, rows(&file(path.to_str().unwrap())))
        })
        .collect();
    assert!(!reports.is_empty(), "{folder} is empty");
    reports
}

fn compare(
    set: &str,
    name: &str,
    expected: &BTreeMap<String, Vec<Row>>,
    without: &[&str],
) -> Vec<String> {
    let reports: Vec<&str> = expected.keys().map(String::as_str).collect();
    let mut run = Run::new().args(["report", "--format", "json", "--top", "0", "-q", "-r"]);
    run = run.arg(reports.join(",")).arg(fixture(name));
    if set == "strict" {
        run = run.arg("--strict-policy");
    }
    let ran = run.run();
    if ran.code != 0 {
        return vec![format!("{set} {name}: exit {}\n{}", ran.code, ran.stderr)];
    }
    let told = figures(&ran);
    expected
        .iter()
        .filter_map(|(report, rows)| {
            let (mut expected, mut told) = (rows.clone(), told[report].clone());
            if report == "summary" {
                // The oracle names the metrics it has an opinion of.
                told.retain(|row| rows.iter().any(|named| named["metric"] == row["metric"]));
            }
            for rows in [&mut expected, &mut told] {
                for row in &mut *rows {
                    row.retain(|column, _| column != "note" && !without.contains(&column.as_str()));
                }
            }
            difference(&expected, &told).map(|text| format!("{set} {name} {report}: {text}"))
        })
        .collect()
}

/// What is in one bag of rows and not in the other.
fn difference(expected: &[Row], told: &[Row]) -> Option<String> {
    let mut left: BTreeMap<String, i64> = BTreeMap::new();
    for row in expected {
        *left.entry(text(row)).or_default() += 1;
    }
    for row in told {
        *left.entry(text(row)).or_default() -= 1;
    }
    let side = |missing: bool| -> Vec<&str> {
        left.iter()
            .filter(|(_, count)| if missing { **count > 0 } else { **count < 0 })
            .map(|(row, _)| row.as_str())
            .collect()
    };
    let (missing, unexpected) = (side(true), side(false));
    if missing.is_empty() && unexpected.is_empty() {
        return None;
    }
    let shown = |label: &str, rows: &[&str]| {
        rows.iter().take(ROWS_SHOWN).map(|row| format!("\n  {label} {row}")).collect::<String>()
    };
    Some(format!(
        "{} rows missing, {} unexpected{}{}",
        missing.len(),
        unexpected.len(),
        shown("missing   ", &missing),
        shown("unexpected", &unexpected)
    ))
}

fn text(row: &Row) -> String {
    let members: serde_json::Map<String, Value> = row.clone().into_iter().collect();
    Value::Object(members).to_string()
}
