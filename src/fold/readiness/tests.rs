//! People from hand-made batches: whose row is it, what is counted, who is listed; and that
//! neither the order of the rows nor the cuts between batches matter.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use proptest::prelude::{ProptestConfig, Strategy, any, prop};
use proptest::{prop_assert_eq, proptest};

use super::{Reader, Sides, readiness};
use crate::fold::given_tests::{Given, batch, given};
use crate::schema::attempt::TABLE as ATTEMPT;
use crate::schema::directory_user::TABLE as DIRECTORY_USER;
use crate::schema::readiness::TABLE;
use crate::schema::registration::TABLE as REGISTRATION;
use crate::schema::role_assignment::TABLE as ROLE_ASSIGNMENT;
use crate::schema::sign_in::TABLE as SIGN_IN;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;
const PORTAL: &str = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c";
const CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// Rows of every input.
#[derive(Debug, Clone, Default)]
struct Story<'a> {
    attempts: Vec<Given<'a>>,
    sign_ins: Vec<Given<'a>>,
    registrations: Vec<Given<'a>>,
    roles: Vec<Given<'a>>,
    accounts: Vec<Given<'a>>,
    break_glass: Vec<String>,
    as_of: Option<i64>,
}

impl Story<'_> {
    fn told(&self, cut: usize) -> RecordBatch {
        let batches = |table, rows: &[Given<'_>]| -> Vec<RecordBatch> {
            rows.chunks(cut).map(|rows| batch(table, rows)).collect()
        };
        let mut reader = Reader::default();
        for batch in batches(&ATTEMPT, &self.attempts) {
            reader.read_attempts(&batch);
        }
        for batch in batches(&SIGN_IN, &self.sign_ins) {
            reader.read_sign_ins(&batch);
        }
        let sides = Sides {
            registrations: &batches(&REGISTRATION, &self.registrations),
            role_assignments: &batches(&ROLE_ASSIGNMENT, &self.roles),
            directory_users: &batches(&DIRECTORY_USER, &self.accounts),
            break_glass: &self.break_glass,
            as_of: self.as_of,
        };
        readiness(reader, &sides).unwrap()
    }

    /// Some columns of each row, `-` for null.
    fn rows(&self, columns: &[&str]) -> Vec<String> {
        let table = self.told(usize::MAX);
        let shown = |row: usize| {
            let cells: Vec<String> = columns.iter().map(|name| cell(&table, name, row)).collect();
            cells.join(" | ")
        };
        (0..table.num_rows()).map(shown).collect()
    }
}

fn cell(table: &RecordBatch, name: &str, row: usize) -> String {
    let column = table.column_by_name(name).unwrap();
    if column.is_null(row) {
        return "-".to_owned();
    }
    if let Some(texts) = column.as_string_view_opt() {
        texts.value(row).to_owned()
    } else if let Some(numbers) = column.as_primitive_opt::<Int64Type>() {
        numbers.value(row).to_string()
    } else if let Some(times) = column.as_primitive_opt::<TimestampMicrosecondType>() {
        (times.value(row) / MINUTE).to_string()
    } else {
        column.as_boolean().value(row).to_string()
    }
}

fn with<'a>(row: &Given<'a>, more: Given<'a>) -> Given<'a> {
    row.iter().copied().chain(more).collect()
}

/// A write of a user, by the minute.
fn write<'a>(oid: &'a str, upn: &'a str, mfa: &'a str, minute: i64) -> Given<'a> {
    given!(
        caller_oid: oid, caller_upn: upn, mfa: mfa, first_time: minute * MINUTE,
        operation_class: "write", principal_type: "user",
    )
}

/// A completed sign-in with Azure CLI.
fn sign_in<'a>(oid: &'a str, upn: &'a str, mfa: &'a str, minute: i64) -> Given<'a> {
    given!(
        user_id: oid, upn: upn, mfa: mfa, event_time: minute * MINUTE, error_code: 0,
        category: "interactive", phase: "phase_2", client: "cli",
    )
}

#[test]
fn the_table_has_the_columns_of_its_schema_even_without_rows() {
    let empty = readiness(Reader::default(), &Sides::default()).unwrap();
    assert_eq!(*empty.schema(), TABLE.arrow_schema(|_| true));
    assert_eq!(empty.num_rows(), 0);
    let full = Story { attempts: vec![write("o", "u@x", "mfa", 1)], ..Story::default() };
    assert_eq!(*full.told(1).schema(), TABLE.arrow_schema(|_| true));
}

#[test]
fn rows_with_a_upn_only_are_of_the_person_whose_rows_have_both() {
    let story = Story {
        attempts: vec![
            write("O1", "Ada@X", "mfa", 1),
            write("", "ada@x", "non_mfa", 9),
            write("", "bob@x", "mfa", 2),
            write("", "eve@x", "mfa", 3),
        ],
        sign_ins: vec![
            sign_in("o1", "ada@x", "mfa", 5),
            // The account was made anew.
            sign_in("o2", "eve@x", "mfa", 7),
            sign_in("o1x", "eve@x", "mfa", 4),
        ],
        registrations: vec![
            given!(user_id: "o9", upn: "BOB@x", is_mfa_capable: true, methods: "mobilePhone"),
            given!(user_id: "o8", upn: "nobody@x", is_mfa_capable: true),
        ],
        ..Story::default()
    };
    assert_eq!(
        story.rows(&[
            "user_key",
            "user_id",
            "user_name",
            "write_attempts",
            "sign_ins",
            "is_mfa_capable"
        ]),
        [
            "o1 | o1 | ada@x | 2 | 1 | -",
            "o1x | o1x | eve@x | 0 | 1 | -",
            "o2 | o2 | eve@x | 1 | 1 | -",
            "o9 | o9 | bob@x | 1 | 0 | true",
        ]
    );
}

#[test]
fn requests_are_counted_by_verdict_and_class_if_people_made_them() {
    let of = |mfa, minute, more| with(&write("o", "ada@x", mfa, minute), more);
    let story = Story {
        attempts: vec![
            of("mfa", 1, given!(client_app_id: PORTAL)),
            of(
                "non_mfa",
                2,
                given!(operation_class: "delete", client_app_id: CLI, policy_audits: 2),
            ),
            of("non_mfa", 3, given!(last_time: 8 * MINUTE)),
            of("unknown", 4, given!(client_app_id: "0f0f")),
            of("mfa", 5, given!(operation_class: "action", caller_name: "Ada")),
            of("non_mfa", 6, given!(principal_type: "service_principal")),
            given!(caller: "Ada@x", first_time: 7 * MINUTE, operation_class: "write", principal_type: "unknown", mfa: "unknown"),
            given!(caller: "0f0f", first_time: 7 * MINUTE, operation_class: "write", principal_type: "unknown"),
            given!(caller: "ada", first_time: 7 * MINUTE, operation_class: "write", principal_type: "user", policy_denies: 1),
        ],
        ..Story::default()
    };
    assert_eq!(
        story.rows(&[
            "user_key",
            "verdict",
            "write_attempts",
            "mfa_writes",
            "non_mfa_writes",
            "unknown_writes",
            "non_mfa_deletes",
            "policy_audits",
            "policy_denies",
            "clients",
            "phase",
            "display_name",
            "first_seen",
            "last_seen",
            "last_mfa",
            "last_non_mfa",
        ]),
        [
            "ada | will_break | 1 | 0 | 0 | 1 | 0 | 0 | 1 | - | phase_2 | - | 7 | 7 | - | -",
            "o | at_risk | 5 | 1 | 2 | 2 | 1 | 2 | 0 | cli,other,portal | phase_1,phase_2 | Ada | 1 | 8 | 5 | 3",
        ]
    );
}

#[test]
fn sign_ins_are_counted_by_verdict_if_people_completed_them() {
    let of = |mfa, minute, more| with(&sign_in("o", "ada@x", mfa, minute), more);
    let story = Story {
        sign_ins: vec![
            of("mfa", 1, given!(mfa_methods: "Password,Text message", mfa_strength: "phishable")),
            of("non_mfa", 2, given!(client_version: "2.9.1", user_agent: "AZURECLI/2.9.1")),
            of("exempt", 3, given!(client_version: "2.70.0")),
            of("unknown", 4, given!(category: "non_interactive", client_version: "2.80.0")),
            of(
                "mfa",
                5,
                given!(phase: "", mfa_methods: "FIDO2", mfa_strength: "phishing_resistant"),
            ),
            of("non_mfa", 6, given!(phase: "", client_app_used: "IMAP4")),
            of("not_completed", 7, given!(error_code: 500_121)),
            of("not_completed", 8, given!(error_code: 50126)),
            of("not_completed", 9, given!(error_code: 500_121, phase: "")),
            of("mfa", 10, given!(excluded: "cross_tenant")),
            of("not_user", 11, given!(category: "service_principal")),
            of(
                "unknown",
                12,
                given!(auth_protocol: "ropc", client_app_used: "Browser", category: ""),
            ),
        ],
        ..Story::default()
    };
    assert_eq!(
        story.rows(&[
            "rule",
            "sign_ins",
            "mfa_sign_ins",
            "non_mfa_sign_ins",
            "exempt_sign_ins",
            "unknown_sign_ins",
            "failed_mfa_sign_ins",
            "ropc_sign_ins",
            "legacy_sign_ins",
            "clients",
            "old_clients",
            "methods_seen",
            "mfa_strength",
            "first_seen",
            "last_seen",
            "last_mfa",
            "last_non_mfa",
        ]),
        ["ropc | 5 | 1 | 1 | 1 | 2 | 1 | 1 | 1 | cli 2.9.1 to 2.80.0 | Azure CLI 2.9.1 | \
          FIDO2,Password,Text message | phishing_resistant | 1 | 12 | 1 | 2"]
    );
}

#[test]
fn who_only_signs_in_to_other_applications_is_not_listed() {
    let office = |oid, upn| with(&sign_in(oid, upn, "mfa", 1), given!(phase: ""));
    let story = Story {
        sign_ins: vec![
            office("o1", "ada@x"),
            office("o2", "Sync_DC_1@x"),
            with(
                &office("o3", "gov@x"),
                given!(resource_app_id: "40a69793-8fe6-4db1-9591-dbc5c57b17d8"),
            ),
            with(&sign_in("o4", "sprayed@x", "not_completed", 1), given!(error_code: 50126)),
        ],
        accounts: vec![given!(user_id: "o1", upn: "ada@x")],
        ..Story::default()
    };
    assert_eq!(
        story.rows(&["user_name", "verdict", "rule", "phase"]),
        [
            "Sync_DC_1@x | not_in_scope | sync_account | -",
            "gov@x | not_in_scope | sovereign_cloud | -",
        ]
    );
}

#[test]
fn people_with_privileged_roles_are_listed_and_others_are_not() {
    let owner = given!(role: "Owner", is_privileged: true);
    let role = |more| with(&owner, more);
    let story = Story {
        roles: vec![
            role(given!(principal_id: "o1", principal_type: "user")),
            role(given!(principal_id: "o1", principal_type: "user", role: "Contributor")),
            role(given!(principal_id: "o2")),
            role(given!(principal_id: "o3")),
            role(given!(principal_id: "o4", principal_upn: "eve@x")),
            role(given!(principal_id: "o5", principal_type: "group")),
            role(given!(principal_id: "o6", principal_type: "user", is_privileged: false)),
            given!(principal_id: "o7", principal_type: "user", role_id: "d29b2b05-8046-44ba-8758-1e26182fcf32"),
        ],
        registrations: vec![
            given!(user_id: "o1", upn: "ada@x", is_mfa_capable: true, methods: "mobilePhone, email"),
            given!(user_id: "o4", is_mfa_capable: false, display_name: "Eve", last_updated: 2),
            given!(user_id: "o4", is_mfa_capable: true, last_updated: 1),
        ],
        accounts: vec![given!(user_id: "o2", upn: "bob@x", user_type: "guest", is_enabled: true)],
        ..Story::default()
    };
    assert_eq!(
        story.rows(&["user_name", "user_type", "rule", "roles", "methods_registered", "phase"]),
        [
            "eve@x | - | admin_not_capable | Owner |  | phase_1",
            "bob@x | guest | never_seen | Owner | - | phase_1",
            "ada@x | - | registered | Contributor,Owner | mobilePhone,email | phase_1",
            "o7 | - | sync_account | - | - | -",
        ]
    );
}

#[test]
fn break_glass_accounts_are_known_by_upn_or_id_in_any_case_and_always_listed() {
    let story = Story {
        attempts: vec![write("o1", "bg1@x", "non_mfa", 1), write("o2", "bg2@x", "mfa", 1)],
        break_glass: ["BG1@X", " O2 ", "typo@x"].map(str::to_owned).into(),
        ..Story::default()
    };
    assert_eq!(
        story.rows(&["user_name", "is_break_glass", "rule"]),
        [
            "bg1@x | true | break_glass_without_mfa",
            "typo@x | true | never_seen",
            "bg2@x | true | mfa_every_time",
        ]
    );
}

#[test]
fn rows_are_sorted_by_urgency_then_by_writes_without_mfa() {
    let mut attempts = vec![write("o5", "a@x", "mfa", 1), write("o4", "b@x", "unknown", 1)];
    for (oid, count) in [("o1", 1), ("o2", 3), ("o3", 3)] {
        attempts.extend((0..count).map(|minute| write(oid, "", "non_mfa", minute)));
    }
    let denied = with(&write("o6", "", "unknown", 1), given!(policy_denies: 1));
    attempts.push(denied);
    let story = Story { attempts, ..Story::default() };
    assert_eq!(
        story.rows(&["user_key", "verdict"]),
        [
            "o6 | will_break",
            "o2 | at_risk",
            "o3 | at_risk",
            "o1 | at_risk",
            "o4 | cannot_tell",
            "o5 | ready",
        ]
    );
}

#[test]
fn a_job_that_runs_every_hour_is_scored_as_a_service() {
    let upn = "svc-sync@x";
    let mut story = Story::default();
    for hour in 0..24 * 7 {
        let change = write("o1", upn, "non_mfa", hour * 60 + 7);
        story.attempts.push(with(&change, given!(ip: "192.0.2.1")));
        story
            .attempts
            .push(with(&change, given!(ip: "192.0.2.1", first_time: (hour * 60 + 31) * MINUTE)));
        let quiet = sign_in("o1", upn, "unknown", hour * 60 + 6);
        story.sign_ins.push(with(
            &quiet,
            given!(category: "non_interactive", client: "sdk", ip: "192.0.2.1"),
        ));
    }
    let person = sign_in("o2", "ada@x", "mfa", 1);
    story.sign_ins.push(person);
    assert_eq!(
        story.rows(&["rule", "service_score", "service_evidence"])[0],
        "service_account | 65 | no interactive sign-in, 168 non-interactive (+20); 168 of 168 active \
         hours begin at minute 4 to 6 (+15); 168 of 168 sign-ins by an IaC tool or an SDK (+10); \
         active in 24 of the 24 hours of the day (+10); all 504 requests from 192.0.2.1 (+5); the \
         name reads like a service's (+5)"
    );
    story.sign_ins.truncate(story.sign_ins.len() - 1);
    assert_eq!(story.rows(&["service_score"]), ["45"], "no interactive log, no points for it");
}

#[test]
fn enforcement_is_told_as_of_the_newest_row_or_the_day_given() {
    let story =
        |as_of| Story { attempts: vec![write("o1", "", "mfa", 0)], as_of, ..Story::default() };
    let words = |as_of| story(as_of).rows(&["enforced_from"]).remove(0);
    // Day 20362 is 2025-10-01.
    assert!(words(Some(20_361 * DAY)).starts_with("phase_2 from 1 October 2025"));
    assert!(words(Some(20_362 * DAY)).starts_with("phase_2 since 1 October 2025"));
    assert!(words(None).starts_with("phase_2 from 1 October 2025"), "the newest row is of 1970");
}

const OIDS: [&str; 4] = ["", "o1", "o2", "O3"];
const UPNS: [&str; 4] = ["", "ada@x", "EVE@x", "svc-1@x"];

fn attempt() -> impl Strategy<Value = Given<'static>> {
    let who = (prop::sample::select(&OIDS[..]), prop::sample::select(&UPNS[..]));
    let words = (
        prop::sample::select(&["mfa", "non_mfa", "unknown"][..]),
        prop::sample::select(&["write", "delete", "action"][..]),
        prop::sample::select(&["user", "unknown", "service_principal"][..]),
        prop::sample::select(&["192.0.2.1", "192.0.2.2", ""][..]),
    );
    (who, words, 0..9_000_i64, 0..2_i64).prop_map(
        |((oid, upn), (mfa, class, kind, ip), minute, denies)| {
            with(
                &write(oid, upn, mfa, minute),
                given!(
                    operation_class: class, principal_type: kind, policy_denies: denies, ip: ip,
                    caller_name: if minute % 2 == 0 { "Even" } else { "Odd" },
                ),
            )
        },
    )
}

fn signed_in() -> impl Strategy<Value = Given<'static>> {
    let who = (prop::sample::select(&OIDS[..]), prop::sample::select(&UPNS[..]));
    let words = (
        prop::sample::select(&["mfa", "non_mfa", "exempt", "unknown"][..]),
        prop::sample::select(&["phase_1", "phase_2", ""][..]),
        prop::sample::select(&["interactive", "non_interactive", ""][..]),
        prop::sample::select(&["2.9.0", "2.70.0", "2.80.0", "2.9.00"][..]),
    );
    (who, words, 0..9_000_i64, prop::sample::select(&[0_i64, 0, 500_121, 50126][..])).prop_map(
        |((oid, upn), (mfa, phase, category, version), minute, code)| {
            with(
                &sign_in(oid, upn, mfa, minute),
                given!(
                    phase: phase, category: category, client_version: version, error_code: code,
                    mfa_methods: if minute % 3 == 0 { "Password,FIDO2" } else { "Password" },
                    auth_protocol: if minute % 40 == 0 { "ropc" } else { "" },
                ),
            )
        },
    )
}

fn side() -> impl Strategy<Value = Given<'static>> {
    let who = (prop::sample::select(&OIDS[..]), prop::sample::select(&UPNS[..]));
    (who, any::<bool>(), 0..3_i64).prop_map(|((oid, upn), capable, updated)| {
        given!(user_id: oid, upn: upn, is_mfa_capable: capable, last_updated: updated)
    })
}

fn shuffled(mut rows: Vec<Given<'_>>, seed: u64) -> Vec<Given<'_>> {
    let mut state = seed | 1;
    for at in (1..rows.len()).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(state >> 33).unwrap() % (at + 1);
        rows.swap(at, other);
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn neither_the_order_of_rows_nor_the_cuts_matter(
        attempts in prop::collection::vec(attempt(), 0..60),
        sign_ins in prop::collection::vec(signed_in(), 0..60),
        registrations in prop::collection::vec(side(), 0..8),
        seed in any::<u64>(),
        cut in 1..20_usize,
    ) {
        let roles: Vec<Given<'_>> = vec![
            given!(principal_id: "o2", role: "Owner", is_privileged: true),
            given!(principal_upn: "ada@x", role: "Reader", is_privileged: true, principal_type: "user"),
        ];
        let story = Story {
            attempts, sign_ins, registrations, roles,
            break_glass: vec!["eve@X".to_owned()],
            ..Story::default()
        };
        let other = Story {
            attempts: shuffled(story.attempts.clone(), seed),
            sign_ins: shuffled(story.sign_ins.clone(), seed),
            registrations: shuffled(story.registrations.clone(), seed),
            roles: shuffled(story.roles.clone(), seed),
            ..story.clone()
        };
        prop_assert_eq!(other.told(cut), story.told(usize::MAX));
    }
}
