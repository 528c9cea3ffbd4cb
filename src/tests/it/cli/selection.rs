//! What counts: windows, subscriptions, users, resources, policies, reports of one's own.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{AZ, summary};
use crate::json::{accounting, expect_balance, figures, metric, sum};
use crate::run::{Run, bytes_of, fixture, text_of};

const EVENTS: u64 = 176;

/// The events of the array.
fn events() -> Vec<Value> {
    serde_json::from_slice(&bytes_of(AZ)).unwrap()
}

/// Runs with a filter, and expects what an independent count over the events gives.
fn expect_selected(args: &[&str], reason: &str, counts: impl Fn(&Value) -> bool) {
    let expected = events().iter().filter(|event| counts(event)).count() as u64;
    assert!(expected > 0 && expected < EVENTS, "{args:?} selects {expected}");
    let ran = summary(AZ, args).expect_code(0);
    let told = accounting(&ran);
    expect_balance(&told, &format!("{args:?}"));
    assert_eq!(told["records"], EVENTS);
    assert_eq!(sum(&told["rows"]), expected, "{args:?}");
    assert_eq!(told["ignored"], json!({ reason: EVENTS - expected }), "{args:?}");
    assert_eq!(metric(&ran, "events"), expected.to_string());
}

fn folded(event: &Value, member: &str) -> String {
    event[member].as_str().unwrap_or_default().to_lowercase()
}

#[test]
fn a_window_has_its_start_and_not_its_end() {
    let outside = "outside the window";
    let time = |event: &Value| event["eventTimestamp"].as_str().unwrap().to_owned();
    expect_selected(&["--since", "2026-03-03"], outside, |event| &*time(event) >= "2026-03-03");
    expect_selected(&["--until", "2026-03-03"], outside, |event| &*time(event) < "2026-03-03");
    let (first, last) = ("2026-03-03T09:05:05.505Z", "2026-03-05");
    expect_selected(&["--since", first, "--until", last], outside, |event| {
        &*time(event) >= "2026-03-03T09:05:05.505" && &*time(event) < last
    });
    let newest = events().iter().map(time).max().unwrap();
    let until = summary(AZ, &["--until", &newest]).expect_code(0);
    assert!(sum(&accounting(&until)["rows"]) < EVENTS, "the end is outside");
    let since = summary(AZ, &["--since", &newest]).expect_code(0);
    assert!(sum(&accounting(&since)["rows"]) >= 1, "the start is inside");
}

#[test]
fn a_time_with_an_offset_is_the_same_instant() {
    let utc = summary(AZ, &["--since", "2026-03-03T08:00:00Z"]);
    let shifted = summary(AZ, &["--since", "2026-03-03T10:00:00+02:00"]);
    assert!(utc.stdout == shifted.stdout);
}

#[test]
fn one_subscription_counts_in_any_case() {
    let id = "52d43d14-0a10-4dd4-b4ad-ec1612d67f11";
    let below = format!("/subscriptions/{id}");
    for typed in [id.to_owned(), id.to_uppercase()] {
        expect_selected(&["--subscription", &typed], "other subscriptions", |event| {
            folded(event, "subscriptionId") == id || folded(event, "resourceId").starts_with(&below)
        });
    }
}

#[test]
fn one_user_counts_by_name_in_any_case() {
    for typed in ["ana.lima@tailwind.example", "Ana.Lima@Tailwind.Example"] {
        expect_selected(&["--user", typed], "other users", |event| {
            folded(event, "caller") == "ana.lima@tailwind.example"
        });
    }
    expect_selected(
        &["--user", "ana.lima@tailwind.example", "--user", "bo.svensson@tailwind.example"],
        "other users",
        |event| {
            ["ana.lima@tailwind.example", "bo.svensson@tailwind.example"]
                .contains(&folded(event, "caller").as_str())
        },
    );
}

#[test]
fn one_user_counts_by_object_id() {
    let id = "2e901863-98a8-4bd3-82e8-caa2909bc18b";
    expect_selected(&["--user", id], "other users", |event| {
        event["claims"]["http://schemas.microsoft.com/identity/claims/objectidentifier"] == id
    });
}

#[test]
fn a_resource_counts_by_name_and_a_group_with_all_that_is_in_it() {
    let name = "sttailwindcatalog";
    expect_selected(&["--resource", name], "other resources", |event| {
        folded(event, "resourceId").ends_with(&format!("/{name}"))
    });
    let group = "/subscriptions/52d43d14-0a10-4dd4-b4ad-ec1612d67f11/resourcegroups/rg-shop";
    expect_selected(&["--resource", group], "other resources", |event| {
        let id = folded(event, "resourceId");
        id == group || id.starts_with(&format!("{group}/"))
    });
}

#[test]
fn two_filters_both_hold() {
    let args = ["--user", "ana.lima@tailwind.example", "--since", "2026-03-03"];
    let expected = events()
        .iter()
        .filter(|event| folded(event, "caller") == "ana.lima@tailwind.example")
        .filter(|event| event["eventTimestamp"].as_str().unwrap() >= "2026-03-03")
        .count() as u64;
    let told = accounting(&summary(AZ, &args).expect_code(0));
    expect_balance(&told, "both");
    assert_eq!(sum(&told["rows"]), expected);
}

#[test]
fn a_policy_of_ones_own_counts_as_an_mfa_policy() {
    let args = ["report", "-r", "by-policy", "--format", "json", "-q"];
    let rows = |more: &[&str]| {
        let ran = Run::new().args(args).arg(fixture(AZ)).args(more.iter().copied()).run();
        figures(&ran.expect_code(0)).remove("by-policy").unwrap()
    };
    let other = rows(&[]).into_iter().find(|row| row["mfa_policy"].is_null()).unwrap();
    let id = other["policy_definition_id"].as_str().unwrap().to_owned();
    for typed in [id.as_str(), id.rsplit('/').next().unwrap()] {
        let named = rows(&["--mfa-policy", typed]);
        let is_it = |row: &&crate::json::Row| row["policy_definition_id"] == id.as_str();
        assert!(named.iter().filter(is_it).all(|row| row["mfa_policy"] == "custom"), "{typed}");
        assert!(named.iter().any(|row| is_it(&row)));
    }
}

#[test]
fn the_letter_of_the_rule_leaves_nobody_unknown_who_has_a_token() {
    let mild = summary(AZ, &[]);
    let strict = summary(AZ, &["--strict-policy"]).expect_code(0);
    let count = |ran, name| metric(ran, name).parse::<u64>().unwrap();
    assert!(
        count(&strict, "non_mfa_write_attempts") > count(&mild, "non_mfa_write_attempts"),
        "a token without amr and acrs is non-MFA by the letter"
    );
    assert_eq!(metric(&strict, "write_attempts"), metric(&mild, "write_attempts"));
}

#[test]
fn a_report_of_ones_own_runs_like_the_others() {
    let folder = TempDir::new().unwrap();
    let text = "-- title:  Events by level\n-- about:  How grave they are.\n-- grain:  one row per level\n\
        -- reads:  activity\n-- column: level text | level of the event\n\
        -- column: events integer | events of that level\n-- worth:  few are grave\n\
        select\n    level,\n    count(*) as events\nfrom activity\ngroup by level\norder by events desc, level\n";
    fs::write(folder.path().join("by-level.sql"), text).unwrap();
    let queries = text_of(folder.path());
    let args = ["report", "-r", "by-level", "--queries", &queries, "--format", "json"];
    let ran = Run::new().args(args).arg(fixture(AZ)).run().expect_code(0);
    let total: u64 =
        figures(&ran)["by-level"].iter().map(|row| row["events"].as_u64().unwrap()).sum();
    assert_eq!(total, EVENTS);
    let listed = Run::new().args(["reports", "--queries", &queries]).run().expect_code(0);
    assert!(listed.text().contains("by-level"), "{}", listed.text());
}

#[test]
fn top_cuts_rows_and_says_how_many_are_left() {
    let args = ["report", "-r", "by-resource", "--format", "json", "-q"];
    let all = Run::new().args(args).arg(fixture(AZ)).run().expect_code(0);
    let cut = Run::new().args(args).args(["--top", "2"]).arg(fixture(AZ)).run().expect_code(0);
    let rows = &figures(&all)["by-resource"];
    assert_eq!(figures(&cut)["by-resource"], rows.get(..2).unwrap());
    assert_eq!(cut.json()["rows_left_out"], rows.len() - 2);
}

/// Microsoft's tutorial lists, per policy of each policy event with effect audit, the resource's
/// name, its id and the policy's display name
/// (<https://learn.microsoft.com/azure/governance/policy/tutorials/mfa-enforcement>). Its query takes
/// compliance scans along, which are nobody's request and no policy event of ours: their events are
/// left out here, and their number is checked so that nothing else is.
#[test]
fn the_policy_audit_holds_every_row_of_microsofts_tutorial() {
    let mut expected = BTreeSet::new();
    let mut scans = 0;
    for event in events() {
        if event["operationName"]["value"] != "Microsoft.Authorization/policies/audit/action" {
            continue;
        }
        if event["properties"]["isComplianceCheck"] == "True" {
            scans += 1;
            continue;
        }
        let id = event["resourceId"].as_str().unwrap();
        let policies: Vec<Value> =
            serde_json::from_str(event["properties"]["policies"].as_str().unwrap()).unwrap();
        for policy in policies {
            let shown = policy["policyDefinitionDisplayName"].as_str().unwrap_or_default();
            let name = id.rsplit('/').next().unwrap();
            expected.insert((name.to_lowercase(), id.to_lowercase(), shown.to_owned()));
        }
    }
    assert!(expected.len() > 5, "{} rows", expected.len());
    assert_eq!(scans, 2, "compliance scans in the fixture");
    let args = ["report", "-r", "policy-audit", "--format", "tsv", "-q"];
    let ran = Run::new().args(args).arg(fixture(AZ)).run().expect_code(0);
    let mut lines = ran.text().lines();
    let header: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let [name, id, shown] = ["resource_name", "resource_id", "policy_display_name"]
        .map(|wanted| header.iter().position(|column| *column == wanted).unwrap());
    let told: BTreeSet<(String, String, String)> = lines
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .map(|cells| (cells[name].to_lowercase(), cells[id].to_owned(), cells[shown].to_owned()))
        .collect();
    let missing: Vec<_> = expected.difference(&told).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
