//! Reading what `--format json` prints.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::run::Ran;

/// A row by column, in a fixed order of columns.
pub(crate) type Row = BTreeMap<String, Value>;

/// A JSON file of the repository.
pub(crate) fn file(path: &str) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The pages of a run by report, whether one or several were asked for.
pub(crate) fn pages(ran: &Ran) -> BTreeMap<String, Value> {
    let mut json = ran.json();
    let pages = match json.get_mut("reports") {
        Some(Value::Array(pages)) => std::mem::take(pages),
        _ => vec![json],
    };
    pages
        .into_iter()
        .map(|page| (page["report"].as_str().expect("a page has a name").to_owned(), page))
        .collect()
}

/// The rows of a page or of a list of objects.
pub(crate) fn rows(value: &Value) -> Vec<Row> {
    value
        .as_array()
        .expect("rows are a list")
        .iter()
        .map(|row| {
            let members = row.as_object().expect("a row is an object");
            members.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
        })
        .collect()
}

/// Every report's rows, for comparing what two runs tell.
pub(crate) fn figures(ran: &Ran) -> BTreeMap<String, Vec<Row>> {
    pages(ran).into_iter().map(|(name, page)| (name, rows(&page["rows"]))).collect()
}

/// The accounting of the first page.
pub(crate) fn accounting(ran: &Ran) -> Value {
    pages(ran).into_values().next().expect("a page")["accounting"].clone()
}

/// The sum of the counts in an object.
pub(crate) fn sum(counts: &Value) -> u64 {
    counts
        .as_object()
        .expect("counts are an object")
        .values()
        .map(|count| count.as_u64().expect("a count"))
        .sum()
}

/// One figure of the summary.
pub(crate) fn metric(ran: &Ran, name: &str) -> String {
    figures(ran)["summary"]
        .iter()
        .find(|row| row["metric"] == name)
        .and_then(|row| row["value"].as_str().map(str::to_owned))
        .unwrap_or_else(|| panic!("no metric {name}"))
}

/// Fails unless every record of the run is told of once.
pub(crate) fn expect_balance(accounting: &Value, input: &str) {
    let told = sum(&accounting["rows"])
        + accounting["duplicates"].as_u64().expect("a count")
        + sum(&accounting["rejects"])
        + sum(&accounting["ignored"]);
    assert_eq!(accounting["records"], told, "{input}: {accounting}");
}
