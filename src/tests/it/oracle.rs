//! Verdicts of sign-ins, links, and readiness with its words over tenants drawn at random, against
//! an oracle in plain JSON that shares nothing with the program. The draws are the same in every run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::json::{Row, rows};
use crate::run::{Run, text_of};

mod link;
mod person;
mod tenant;
mod verdict;
mod words;

/// Tenants drawn.
const TENANTS: usize = 60;

/// The rows of a query over a folder.
fn ask(folder: &Path, sql: &str, has_break_glass: bool) -> Vec<Row> {
    let mut run = Run::new().args(["query", "--format", "json", "-q", sql]).arg(folder.join("in"));
    if has_break_glass {
        run = run.arg("--exempt").arg(folder.join("break-glass.txt"));
    }
    rows(&run.run().expect_code(0).json()["rows"])
}

/// Writes a tenant as exports are.
fn write(folder: &Path, tenant: &tenant::Tenant) {
    let inputs = folder.join("in");
    fs::create_dir_all(&inputs).unwrap();
    let put = |name: &str, records: Vec<Value>| {
        fs::write(inputs.join(name), Value::Array(records).to_string()).unwrap();
    };
    put("sign-ins.json", tenant.sign_ins());
    put("events.json", tenant.events());
    put("registrations.json", tenant.registrations());
    put("roles.json", tenant.roles());
    let glass = format!("{}\n", tenant::PEOPLE[tenant::GLASS]);
    fs::write(folder.join("break-glass.txt"), glass).unwrap();
}

fn cell(row: &Row, name: &str) -> String {
    row[name].as_str().unwrap_or_default().to_owned()
}

#[test]
fn drawn_tenants_have_the_verdicts_links_and_readiness_of_the_oracle() {
    let mut runner = TestRunner::deterministic();
    let tenants = tenant::tenant();
    let (mut verdicts, mut links, mut rules) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for number in 0..TENANTS {
        let tenant = tenants.new_tree(&mut runner).unwrap().current();
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &tenant);
        let shown = format!("tenant {number} of {}", text_of(folder.path()));

        let events = tenant.events();
        let signs = verdict::judged(&tenant.sign_ins(), &events);
        let told: BTreeMap<String, String> =
            ask(folder.path(), "select event_id, mfa, mfa_reason from sign_in", false)
                .iter()
                .map(|row| {
                    (cell(row, "event_id"), answer(&cell(row, "mfa"), &cell(row, "mfa_reason")))
                })
                .collect();
        let expected: BTreeMap<String, String> =
            signs.iter().map(|sign| (sign.id(), answer(sign.mfa, &sign.reason))).collect();
        expect_same(&told, &expected, &shown);
        for answer in expected.into_values() {
            *verdicts.entry(answer).or_insert(0) += 1;
        }

        let attempts = link::attempts(&events);
        let sql = "select activity_event_id, sign_in_id, kind from link";
        let told: BTreeMap<String, (String, String)> = ask(folder.path(), sql, false)
            .iter()
            .map(|row| {
                (cell(row, "activity_event_id"), (cell(row, "kind"), cell(row, "sign_in_id")))
            })
            .collect();
        let expected: BTreeMap<String, (String, String)> = attempts
            .iter()
            .filter_map(|attempt| {
                let (kind, sign) = link::behind(attempt, &signs)?;
                let id = verdict::low(&attempt.first["eventDataId"])?;
                Some((id, (kind.to_owned(), sign.id())))
            })
            .collect();
        expect_same(&told, &expected, &shown);
        for (kind, _) in expected.into_values() {
            *links.entry(kind).or_insert(0) += 1;
        }

        let glass = tenant.has_break_glass;
        let told = readiness(folder.path(), glass, &shown);
        let on_list = glass.then_some(tenant::PEOPLE[tenant::GLASS]);
        let expected: BTreeMap<String, Row> =
            person::judged(&signs, &attempts, &tenant.registrations(), &tenant.roles(), on_list)
                .into_iter()
                .map(|(key, row)| {
                    (key, row.into_iter().map(|(name, cell)| (name.to_owned(), cell)).collect())
                })
                .collect();
        expect_same(&told, &expected, &shown);
        for row in expected.values() {
            *rules.entry(cell(row, "rule")).or_insert(0) += 1;
        }
    }
    // The draws reach what they are for.
    for answer in ["mfa performed", "mfa token", "non_mfa session", "non_mfa first_factor_only"] {
        assert!(verdicts.contains_key(answer), "no {answer} among {verdicts:?}");
    }
    for kind in ["token", "session", "heuristic"] {
        assert!(links.contains_key(kind), "no {kind} among {links:?}");
    }
    assert!(rules.len() > 10, "only {rules:?}");
}

/// The table of readiness by person; fails where the words do not say what they have to.
fn readiness(folder: &Path, has_break_glass: bool, shown: &str) -> BTreeMap<String, Row> {
    let sql = format!("select {}, reasons, next_step from readiness", person::COLUMNS);
    let people = ask(folder, &sql, has_break_glass);
    let mute: Vec<String> = people.iter().filter_map(words::missing).collect();
    assert!(mute.is_empty(), "{shown}\n{}", mute.join("\n"));
    let without_words = |mut row: Row| {
        row.retain(|name, _| !["reasons", "next_step"].contains(&name.as_str()));
        (row.remove("user_key").unwrap().as_str().unwrap().to_owned(), row)
    };
    people.into_iter().map(without_words).collect()
}

/// Fails with what differs.
fn expect_same<V: PartialEq + std::fmt::Debug>(
    told: &BTreeMap<String, V>,
    expected: &BTreeMap<String, V>,
    shown: &str,
) {
    let keys: BTreeSet<&String> = told.keys().chain(expected.keys()).collect();
    let differences: Vec<String> = keys
        .into_iter()
        .filter(|key| told.get(*key) != expected.get(*key))
        .map(|key| format!("{key}: {:?}, expected {:?}", told.get(key), expected.get(key)))
        .collect();
    assert!(differences.is_empty(), "{shown}\n{}", differences.join("\n"));
}

/// The verdict with its reason. Why something is unknown is words, not a rule of the reference.
fn answer(mfa: &str, reason: &str) -> String {
    if mfa == "unknown" { mfa.to_owned() } else { format!("{mfa} {reason}") }
}
