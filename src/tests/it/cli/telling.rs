//! The commands that tell: query, explain, reports, formats, schema, completions, man.

use serde_json::Value;

use super::{AZ, plain_snapshots};
use crate::json::rows;
use crate::run::{Run, fixture};

fn told(args: &[&str]) -> String {
    let ran = Run::new().args(args.iter().copied()).run().expect_code(0);
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
    ran.text().to_owned()
}

#[test]
fn a_question_in_sql_is_answered() {
    let sql = "select mfa, count(*) as n from activity group by mfa order by n, mfa";
    let ran = Run::new().args(["query", sql]).arg(fixture(AZ)).run().expect_code(0);
    assert_eq!(ran.text(), "mfa,n\nunknown,11\nmfa,36\nnot_user,40\nnon_mfa,89\n");
    assert!(ran.stderr.contains("records   176 = 176 rows"), "{}", ran.stderr);
    let from_stdin = Run::new().args(["query", sql, "-q"]).stdin(crate::run::bytes_of(AZ)).run();
    assert_eq!(from_stdin.text(), ran.text());
}

/// What fills every table.
const INPUTS: [&str; 7] = [
    "activity",
    "signin",
    "audit",
    "registrations.json",
    "azure-roles.json",
    "users.json",
    "resources.json",
];

#[test]
fn a_question_reaches_every_table_and_view() {
    let schema = Run::new().args(["schema", "--json"]).run().expect_code(0).json();
    let mut tables: Vec<String> =
        rows(&schema["rows"]).iter().map(|row| row["table"].as_str().unwrap().to_owned()).collect();
    tables.dedup();
    assert!(tables.len() >= 5, "{tables:?}");
    for table in tables {
        let sql = format!("select count(*) as n from {table}");
        let inputs = INPUTS.map(|name| fixture(&format!("demo/{name}")));
        let ran = Run::new().args(["query", "-q", &sql]).args(inputs).run().expect_code(0);
        assert!(ran.text().starts_with("n\n") && ran.text() != "n\n0\n", "{table}: {}", ran.text());
    }
}

#[test]
fn a_sign_in_is_explained_with_its_rule_and_what_its_token_did() {
    let inputs = || ["demo/signin", "demo/activity"].map(fixture);
    let sql = "select sign_in_id from link where kind = 'token' order by sign_in_id limit 1";
    let found = Run::new().args(["query", "-q", sql]).args(inputs()).run().expect_code(0);
    let id = found.text().lines().nth(1).unwrap().to_owned();
    let told = Run::new().args(["explain", "-q", &id]).args(inputs()).run().expect_code(0);
    let sign_in = format!("Event {id}\n\nRead from\n");
    for part in [
        &sign_in,
        "\nRule\n  category is `",
        "  verdict: `",
        "\nWith its token or session\n",
        "\nRecord\n{",
    ] {
        assert!(told.text().contains(part), "{part}: {}", told.text());
    }
    let sql = format!("select activity_event_id from link where sign_in_id = '{id}'");
    let found = Run::new().args(["query", "-q", &sql]).args(inputs()).run().expect_code(0);
    let change = found.text().lines().nth(1).unwrap().to_owned();
    let told = Run::new().args(["explain", "-q", &change]).args(inputs()).run().expect_code(0);
    assert!(told.text().contains(&format!("\nSign-in {id} (known by token)\n")), "{}", told.text());
}

#[test]
fn an_event_is_explained_with_its_record_and_the_rule() {
    let id = "2a7a856c-8028-43c7-af63-f9aa781f5420";
    let ran = Run::new().args(["explain", id]).arg(fixture(AZ)).run().expect_code(0);
    let _plain = plain_snapshots();
    insta::assert_snapshot!(ran.text());
    let upper = Run::new().args(["explain", &id.to_uppercase()]).arg(fixture(AZ)).run();
    assert_eq!(upper.expect_code(0).text(), ran.text());
}

#[test]
fn an_event_without_an_id_of_its_own_is_explained_too() {
    let input = fixture("formats/activity_diagnostic/ok.ndjson");
    let sql = "select event_id from activity order by event_time, event_id limit 1";
    let ran = Run::new().args(["query", "-q", sql]).arg(&input).run().expect_code(0);
    let id = ran.text().lines().nth(1).unwrap().to_owned();
    let ran = Run::new().args(["explain", &id]).arg(&input).run().expect_code(0);
    assert!(ran.text().contains("\nRule\n") && ran.text().contains("\nRecord\n"), "{}", ran.text());
}

#[test]
fn reports_formats_and_their_explanations_are_told() {
    let _plain = plain_snapshots();
    insta::assert_snapshot!("reports", told(&["reports"]));
    insta::assert_snapshot!("formats", told(&["formats"]));
    insta::assert_snapshot!("reports_explain", told(&["reports", "--explain", "by-region"]));
}

#[test]
fn every_report_listed_can_be_explained() {
    for line in told(&["reports"]).lines().skip(1) {
        let id = line.split(',').next().unwrap();
        let text = told(&["reports", "--explain", id]);
        assert!(text.starts_with(&format!("{id}: ")) && text.contains("\nSQL:\n"), "{text}");
    }
}

#[test]
fn the_schema_as_json_has_every_column_with_its_meaning() {
    let text = told(&["schema", "--json"]);
    let schema: Value = serde_json::from_str(&text).unwrap();
    let rows = rows(&schema["rows"]);
    for table in ["activity", "activity_policy", "attempt"] {
        assert!(rows.iter().any(|row| row["table"] == table), "{table}");
    }
    for row in &rows {
        for column in ["column", "type", "meaning"] {
            assert!(row[column].as_str().is_some_and(|text| !text.is_empty()), "{row:?}");
        }
    }
    assert_eq!(told(&["schema", "--format", "json"]), text);
}

#[test]
fn scripts_and_the_manual_name_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = told(&["completions", shell]);
        for command in ["report", "convert", "query", "explain"] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let manual = told(&["man"]);
    assert!(manual.contains(".TH azmfa 1"), "{}", manual.get(..200).unwrap_or(&manual));
    assert!(manual.contains("\\-\\-fail\\-on"), "the manual has the flags of the commands");
}

#[test]
fn the_version_is_told() {
    assert_eq!(told(&["--version"]), format!("azmfa {}\n", env!("CARGO_PKG_VERSION")));
}
