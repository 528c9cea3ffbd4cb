//! Random sign-ins, audits and side inputs, and the reports on them counted by hand.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Dice, Row, Tables, distinct, get, instant, named, number_of, ours, tables};
use crate::time::format_micros;

const PEOPLE: u64 = 9;
const APPS: &[&str] = &[
    "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
    "1950a258-227b-4e31-a9cf-717495945fc2",
    "618dd325-23f6-4b6f-8380-4df78026e39b",
    "9-other",
    "",
];
const VERDICTS: &[&str] =
    &["mfa", "mfa", "non_mfa", "non_mfa", "exempt", "unknown", "not_completed", "not_user", ""];
const ACTIVITIES: &[&str] = &[
    "Add Conditional Access policy",
    "Add policy",
    "update named location ",
    "Hard Delete user",
    "Update security defaults",
    "Add user",
    "",
];

/// Adds what is not of the activity log: `count` sign-ins, as many audits, and who there is.
pub(super) fn add(tables: &mut Tables, dice: &mut Dice, count: u64) {
    tables.insert("sign_in", (0..count).map(|number| sign_in(dice, number)).collect());
    tables.insert("audit", (0..count).map(|number| audit(dice, number)).collect());
    let links = (0..count).map(|_| link(dice, count)).collect();
    tables.insert("link", links);
    let people = if count == 0 { 0 } else { PEOPLE };
    tables.insert("registration", (0..people).map(|who| registration(dice, who)).collect());
    tables.insert("readiness", (0..people).map(|who| readiness(dice, who)).collect());
    let role = |who: u64| Row::from([("principal_id", json!(format!("o-{who}")))]);
    tables.insert("role_assignment", (0..people / 3).map(role).collect());
    for unread in ["sign_in_policy", "resource", "directory_user"] {
        tables.insert(unread, Vec::new());
    }
}

fn sign_in(dice: &mut Dice, number: u64) -> Row {
    let mut row = Row::new();
    let id = dice.pick(&["o-0", "o-1", "o-2", "o-3", "", ""]);
    let upn = dice.pick(&["ann@x.test", "böb@x.test", "o-4", ""]);
    row.insert("event_id", json!(format!("s-{number}")));
    row.insert("event_time", json!(instant(dice)));
    row.insert("user_key", if id.is_null() { upn.clone() } else { id.clone() });
    row.insert("user_id", id);
    row.insert("upn", upn);
    row.insert("display_name", dice.pick(&["Ann", "Böb", ""]));
    row.insert("category", dice.pick(&["interactive", "non_interactive", ""]));
    row.insert("app_id", dice.pick(APPS));
    row.insert("app", dice.pick(&["Azure Portal", "Azure CLI", ""]));
    row.insert(
        "client_app_used",
        dice.pick(&["Browser", "Mobile Apps and Desktop clients", "IMAP4", "Unknown", ""]),
    );
    row.insert("auth_protocol", dice.pick(&["none", "ropc", "", ""]));
    row.insert("ip", dice.pick(&["192.0.2.1", "192.0.2.2", ""]));
    row.insert("requirement", dice.pick(&["single_factor", "multi_factor", ""]));
    row.insert(
        "mfa_result",
        dice.pick(&["MFA requirement satisfied by claim in the token", "MFA denied", "", ""]),
    );
    row.insert("step_count", dice.number(2));
    row.insert("mfa", dice.pick(VERDICTS));
    row.insert("mfa_reason", dice.pick(&["performed", "first_factor_only", ""]));
    row.insert("mfa_methods", dice.pick(&["password", "password,text_message", ""]));
    row.insert("mfa_strength", dice.pick(&["none", "phishable", ""]));
    row.insert("excluded", dice.pick(&["windows_sign_in", "", "", ""]));
    row.insert("phase", dice.pick(&["phase_1", "phase_2", ""]));
    let codes = [json!(0), json!(0), json!(53_003), json!(50_126), Value::Null];
    row.insert("error_code", codes[usize::try_from(dice.roll(5)).unwrap()].clone());
    row
}

fn audit(dice: &mut Dice, number: u64) -> Row {
    Row::from([
        ("event_id", json!(format!("d-{number}"))),
        ("event_time", json!(instant(dice))),
        ("activity", dice.pick(ACTIVITIES)),
        ("actor_type", dice.pick(&["user", "application", ""])),
        ("actor_id", dice.pick(&["o-1", ""])),
        ("actor_upn", dice.pick(&["ann@x.test", ""])),
        ("target_id", dice.pick(&["t-1", ""])),
        ("target_name", dice.pick(&["Require MFA", ""])),
        ("result", dice.pick(&["success", "failure"])),
    ])
}

fn link(dice: &mut Dice, count: u64) -> Row {
    let to_audit = dice.roll(2) == 0;
    let of = |prefix: &str, dice: &mut Dice| json!(format!("{prefix}-{}", dice.roll(count)));
    let mut row = Row::new();
    row.insert("activity_event_id", if to_audit { Value::Null } else { of("e", dice) });
    row.insert("audit_event_id", if to_audit { of("d", dice) } else { Value::Null });
    row.insert("sign_in_id", of("s", dice));
    row.insert("kind", dice.pick(&["token", "session", "heuristic"]));
    row
}

fn registration(dice: &mut Dice, who: u64) -> Row {
    let id = json!(format!("o-{who}"));
    let capable = [json!(true), json!(false), Value::Null];
    Row::from([
        ("user_id", if who % 4 == 3 { Value::Null } else { id.clone() }),
        ("upn", id),
        ("last_updated", json!(instant(dice))),
        ("is_mfa_capable", capable[usize::try_from(dice.roll(3)).unwrap()].clone()),
        (
            "methods",
            dice.pick(&["email,mobilePhone", "passKeyDeviceBoundAuthenticator,password", ""]),
        ),
    ])
}

fn readiness(dice: &mut Dice, who: u64) -> Row {
    let verdicts = [
        "ready",
        "ready_not_exercised",
        "at_risk",
        "will_break",
        "not_in_scope",
        "cannot_tell",
        "",
    ];
    let mut row = Row::from([
        ("user_key", json!(format!("o-{who}"))),
        ("user_name", json!(format!("user{who}@x.test"))),
        ("user_id", json!(format!("o-{who}"))),
        ("verdict", dice.pick(&verdicts)),
        ("rule", dice.pick(&["r-1", "r-2"])),
        ("first_seen", json!(instant(dice))),
    ]);
    for count in ["non_mfa_writes", "non_mfa_sign_ins", "unknown_sign_ins", "exempt_sign_ins"] {
        row.insert(count, dice.number(3));
    }
    row.insert("service_score", dice.number(99));
    row
}

fn is_person(row: &Row) -> bool {
    row["mfa"] != "not_user"
}

/// What becomes of a sign-in of a person in the figures.
fn counted_as(row: &Row) -> &str {
    match row["mfa"].as_str() {
        _ if !row["excluded"].is_null() => "excluded",
        Some("not_completed") => "not_completed",
        Some("mfa") => "mfa_sign_ins",
        Some("non_mfa") => "non_mfa_sign_ins",
        Some("exempt") => "exempt_sign_ins",
        _ => "unknown_sign_ins",
    }
}

#[test]
fn sign_ins_by_user_and_by_app_count_every_sign_in_once() {
    let tables = tables(11, 700);
    let answers = ours(&tables, 2);
    let people: Vec<&Row> = tables["sign_in"].iter().filter(|row| is_person(row)).collect();
    let sum = |id: &str, column: &str| -> i64 {
        named(id, &answers).iter().filter_map(|row| row[column].as_i64()).sum()
    };
    let (by_user, by_app) = ("sign-ins-by-user", "sign-ins-by-app");
    for column in [
        "excluded",
        "not_completed",
        "mfa_sign_ins",
        "non_mfa_sign_ins",
        "exempt_sign_ins",
        "unknown_sign_ins",
    ] {
        let wanted = number_of(&people, |row| counted_as(row) == column);
        assert!(wanted.as_i64() > Some(10), "{column}");
        assert_eq!(
            [json!(sum(by_user, column)), json!(sum(by_app, column))],
            [(); 2].map(|()| wanted.clone())
        );
    }
    let all = ["sign_ins", "not_completed", "excluded", "application_sign_ins"];
    let all: i64 = all.iter().map(|column| sum(by_app, column)).sum();
    assert_eq!(json!(all), json!(tables["sign_in"].len()));
    for row in named(by_user, &answers) {
        let of_it = |name: &str| row[name].as_i64().unwrap();
        let parts = ["mfa_sign_ins", "non_mfa_sign_ins", "exempt_sign_ins", "unknown_sign_ins"];
        assert_eq!(of_it("sign_ins"), parts.map(of_it).iter().sum::<i64>());
        assert!(of_it("in_scope") <= of_it("sign_ins"));
    }
    let users = distinct(&people, |row| get(row, "user_key"));
    let listed = named(by_user, &answers).iter().filter(|row| !row["user"].is_null()).count();
    assert_eq!(json!(listed), users);
}

#[test]
fn sign_in_gaps_are_what_counting_by_hand_gives() {
    let tables = tables(12, 700);
    let found = named("sign-in-gaps", &ours(&tables, 2));
    let gaps: Vec<&Row> = tables["sign_in"]
        .iter()
        .filter(|row| row["excluded"].is_null() && !row["phase"].is_null())
        .filter(|row| row["mfa"] == "non_mfa" || row["mfa"] == "exempt")
        .collect();
    let sum: i64 = found.iter().filter_map(|row| row["sign_ins"].as_i64()).sum();
    assert_eq!(json!(sum), json!(gaps.len()));
    for key in ["o-0", "o-1", "o-2", "o-3"] {
        let times = gaps.iter().filter(|row| row["user_id"] == key);
        let last = times.filter_map(|row| row["event_time"].as_i64()).max().unwrap();
        let of_it = found.iter().filter(|row| row["user_id"] == key);
        let newest = of_it.filter_map(|row| row["last_seen"].as_str()).max();
        assert_eq!(newest, Some(&*format_micros(last)), "{key}");
    }
}

#[test]
fn every_write_without_mfa_is_listed_once_with_its_best_link() {
    let tables = tables(13, 500);
    let answers = ours(&tables, 2);
    let found = named("write-to-sign-in", &answers);
    assert_eq!(found.len(), named("non-mfa-writes", &answers).len());
    let grade = |kind: &Value| match kind.as_str() {
        Some("token") => 1,
        Some("session") => 2,
        _ => 3,
    };
    let mut linked = 0;
    for row in &found {
        let links =
            tables["link"].iter().filter(|link| link["activity_event_id"] == row["event_id"]);
        let best = links.min_by_key(|link| (grade(&link["kind"]), link["sign_in_id"].to_string()));
        assert_eq!(row["link"], best.map_or(Value::Null, |link| link["kind"].clone()));
        let Some(best) = best else { continue };
        linked += 1;
        let sign_in = tables["sign_in"].iter().find(|it| it["event_id"] == best["sign_in_id"]);
        assert_eq!(row["sign_in_mfa"], sign_in.unwrap()["mfa"]);
    }
    assert!(linked > 20 && linked < found.len(), "{linked}");
}

#[test]
fn protected_actions_leave_twins_and_purges_out() {
    let tables = tables(14, 400);
    let found = named("protected-actions", &ours(&tables, 3));
    let is_listed = |row: &Row| match row["activity"].as_str() {
        None | Some("Add policy" | "Add user") => false,
        Some("Hard Delete user") => row["actor_type"] != "application",
        Some(_) => true,
    };
    let wanted = tables["audit"].iter().filter(|row| is_listed(row));
    let wanted: BTreeSet<String> = wanted.map(|row| row["event_id"].to_string()).collect();
    let listed: BTreeSet<String> = found.iter().map(|row| row["event_id"].to_string()).collect();
    assert_eq!((&listed, found.len()), (&wanted, wanted.len()));
    for row in &found {
        let permission = match row["activity"].as_str().unwrap() {
            "Add Conditional Access policy" => json!("conditionalAccessPolicies/create"),
            "update named location " => json!("namedLocations/basic/update"),
            "Hard Delete user" => json!("deletedItems/delete"),
            _ => Value::Null,
        };
        assert_eq!(row["permission"], permission);
    }
}

#[test]
fn the_readiness_summary_answers_in_a_sentence_and_counts_everyone() {
    let mut tables = tables(15, 60);
    let summary = |tables: &Tables, metric: &str| -> (Value, Value) {
        let rows = named("readiness-summary", &ours(tables, 1));
        let row = rows.iter().find(|row| row["metric"] == metric).unwrap().clone();
        (row["value"].clone(), row["note"].clone())
    };
    let verdicts = ["will_break", "at_risk", "cannot_tell", "ready", "not_in_scope"];
    let mut set = |verdicts: &[&str]| {
        let rows = verdicts.iter().enumerate().map(|(number, verdict)| {
            Row::from([("user_key", json!(number.to_string())), ("verdict", json!(verdict))])
        });
        let rows = rows.collect();
        tables.insert("readiness", rows);
        let answer = summary(&tables, "answer").1;
        let sum: i64 = ["people", "not_in_scope"]
            .iter()
            .map(|metric| summary(&tables, metric).0.as_str().unwrap().parse::<i64>().unwrap())
            .sum();
        assert_eq!(sum, i64::try_from(verdicts.len()).unwrap());
        answer.as_str().unwrap().to_owned()
    };
    assert_eq!(
        set(&verdicts),
        "2 of 4 people who manage Azure will break or are at risk when MFA is enforced; 1 cannot be told."
    );
    assert_eq!(
        set(&["ready", "ready_not_exercised"]),
        "None of 2 people who manage Azure will break or is at risk when MFA is enforced."
    );
    assert_eq!(
        set(&["ready", "cannot_tell", "cannot_tell"]),
        "None of 3 people who manage Azure is known to break when MFA is enforced; 2 cannot be told."
    );
    assert_eq!(
        set(&["at_risk"]),
        "1 of 1 person who manages Azure will break or is at risk when MFA is enforced."
    );
    assert_eq!(
        set(&["not_in_scope"]),
        "The input shows nobody who manages Azure and is in scope of mandatory MFA."
    );
    tables.insert("registration", Vec::new());
    let (value, note) = summary(&tables, "registrations");
    assert_eq!(value, "0");
    assert!(note.as_str().unwrap().starts_with("cannot see: "), "{note}");
}

#[test]
fn the_msid_report_is_what_the_tool_computes() {
    let tables = tables(16, 300);
    let found = named("msid-mfa-report", &ours(&tables, 2));
    let five = &APPS[..4];
    let mut listed = 0;
    for row in &found {
        let user = &row["user_id"];
        let of_it = tables["sign_in"].iter().filter(|it| it["user_id"] == *user);
        let rows: Vec<&Row> = of_it
            .filter(|it| !user.is_null() && it["error_code"] == 0 && is_person(it))
            .filter(|it| it["category"] != "non_interactive")
            .filter(|it| it["app_id"].as_str().is_some_and(|app| five.contains(&app)))
            .collect();
        if rows.is_empty() {
            continue;
        }
        listed += 1;
        let satisfied = "MFA requirement satisfied by claim in the token";
        let used_mfa = rows
            .iter()
            .any(|it| it["requirement"] == "multi_factor" || it["mfa_result"] == satisfied);
        let registration = tables["registration"].iter().find(|it| it["upn"] == *user);
        let status = match registration {
            None => Value::Null,
            Some(_) if used_mfa => json!("MFA Capable + Signed in with MFA"),
            Some(it) if it["is_mfa_capable"] == true => json!("MFA Capable"),
            Some(_) => json!("Not MFA Capable"),
        };
        assert_eq!(row["mfa_status"], status, "{user}");
        let has_cli = rows.iter().any(|it| it["app_id"] == APPS[1]);
        assert_eq!(row["az_cli"], if has_cli { json!("🔵") } else { Value::Null }, "{user}");
    }
    assert!(listed >= 3, "{listed}");
    let methods: BTreeSet<&str> =
        found.iter().filter_map(|row| row["authentication_methods"].as_str()).collect();
    assert!(methods.contains("Email, Phone"), "{methods:?}");
    assert!(methods.contains("Passkey (Microsoft Authenticator), Password"), "{methods:?}");
}
