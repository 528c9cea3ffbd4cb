//! Links against a slow oracle over plain rows, written from the module's table, and by hand.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop};
use proptest::{prop_assert_eq, prop_oneof, proptest};

use super::record::Ids;
use super::{Changes, SignIns, TOKEN_LIFE_MAX, best, candidates, table};
use crate::fold::given_tests::{Given, batch, given};
use crate::fold::link::record::Offer;
use crate::schema::attempt::TABLE as ATTEMPT;
use crate::schema::audit::TABLE as AUDIT;
use crate::schema::sign_in::TABLE as SIGN_IN;

const MINUTE: i64 = 60_000_000;

type Link = [Option<String>; 4];

/// All links at once; `app::spill::links` finds them part by part.
pub(crate) fn link(
    attempts: &[RecordBatch],
    sign_ins: &[RecordBatch],
    audits: &[RecordBatch],
) -> RecordBatch {
    let (mut ids, mut told, mut asks, mut offers) =
        (Ids::default(), Vec::new(), Vec::new(), Vec::new());
    let batches = attempts.iter().map(Changes::of_attempts);
    for batch in batches.chain(audits.iter().map(Changes::of_audits)) {
        for row in batch.rows() {
            let change = told.len() as u64;
            told.push(batch.told(row, change, &mut ids));
            asks.extend(batch.asks(row, change));
        }
    }
    for batch in sign_ins.iter().map(SignIns::of) {
        for (key, time, row) in batch.offered(|_| true) {
            offers.push(Offer { key, time, id: ids.id(batch.id(row)) });
        }
    }
    told.extend(candidates(&asks, offers, &ids));
    table(best(told, &ids), &ids).unwrap()
}

fn rows(table: &RecordBatch) -> Vec<Link> {
    let columns: Vec<_> = table.columns().iter().map(AsArray::as_string_view).collect();
    (0..table.num_rows())
        .map(|row| {
            std::array::from_fn(|at| {
                columns[at].is_valid(row).then(|| columns[at].value(row).to_owned())
            })
        })
        .collect()
}

/// The links of some changes as `change > sign-in (kind)`.
fn links(attempts: &[Given<'_>], sign_ins: &[Given<'_>], audits: &[Given<'_>]) -> Vec<String> {
    let table =
        link(&[batch(&ATTEMPT, attempts)], &[batch(&SIGN_IN, sign_ins)], &[batch(&AUDIT, audits)]);
    rows(&table)
        .into_iter()
        .map(|[change, sign_in, audit, kind]| {
            let change = change.or_else(|| Some(format!("audit {}", audit?))).unwrap();
            format!("{change} > {} ({})", sign_in.unwrap(), kind.unwrap())
        })
        .collect()
}

/// The links of one change.
fn links_of(change: &Given<'_>, sign_ins: &[Given<'_>]) -> Vec<String> {
    links(std::slice::from_ref(change), sign_ins, &[])
}

fn write(id: &str, minute: i64) -> Given<'_> {
    given!(event_id: id, first_time: minute * MINUTE, operation_class: "write", principal_type: "user")
}

fn sign_in(id: &str, minute: i64) -> Given<'_> {
    given!(event_id: id, event_time: minute * MINUTE, category: "interactive", error_code: 0)
}

fn with<'a>(row: &Given<'a>, more: Given<'a>) -> Given<'a> {
    row.iter().copied().chain(more).collect()
}

#[test]
fn a_token_names_its_sign_in_by_either_id_whatever_became_of_it() {
    let token = with(&write("w", 10), given!(token_id: "t", session_id: "s"));
    let by_id = with(&sign_in("t", 99), given!(error_code: 50074, category: "service_principal"));
    let by_token = with(&sign_in("a", 10), given!(token_id: "t"));
    let by_session = with(&sign_in("b", 10), given!(session_id: "s"));
    let all = [by_session, by_token, by_id];
    assert_eq!(links_of(&token, &all), ["w > t (token)"]);
    assert_eq!(links_of(&token, &all[..2]), ["w > a (token)"]);
    assert_eq!(links_of(&token, &all[..1]), ["w > b (session)"]);
    let case = with(&write("w", 10), given!(token_id: "T"));
    assert_eq!(links(&[case], &all, &[]), [""; 0], "a `uti` is case-sensitive");
}

#[test]
fn of_a_session_the_nearest_interactive_sign_in_before_is_taken() {
    let session = with(&write("w", 10), given!(session_id: "S1"));
    let of = |id, minute, category| {
        with(&sign_in(id, minute), given!(session_id: "s1", category: category))
    };
    let all = [
        of("late", 11, "interactive"),
        of("later", 12, "non_interactive"),
        of("quiet", 10, "non_interactive"),
        of("b", 3, "interactive"),
        of("a", 3, "interactive"),
        of("old", 2, "interactive"),
    ];
    assert_eq!(links_of(&session, &all), ["w > a (session)"]);
    assert_eq!(links_of(&session, &all[..3]), ["w > quiet (session)"]);
    assert_eq!(links_of(&session, &all[..2]), ["w > late (session)"]);
    assert_eq!(links_of(&session, &all[1..2]), ["w > later (session)"]);
    for other in [
        with(&all[0], given!(category: "managed_identity")),
        with(&all[0], given!(error_code: 50126)),
        with(&all[0], given!(session_id: "s2")),
    ] {
        assert_eq!(links_of(&session, &[other]), [""; 0]);
    }
}

#[test]
fn user_address_and_time_are_a_guess_within_the_life_of_a_token() {
    let known = given!(caller_oid: "o", caller_upn: "Ada@x", ip: "192.0.2.1", client_app_id: "cli");
    let change = with(&write("w", 100), known);
    let of = |id, minute| {
        let user = given!(user_id: "o", upn: "ada@x", ip: "192.0.2.1", app_id: "cli");
        with(&sign_in(id, minute), user)
    };
    assert_eq!(links_of(&change, &[of("a", 10), of("b", 9)]), ["w > a (heuristic)"]);
    assert_eq!(links_of(&change, &[of("a", 100), of("b", 99)]), ["w > a (heuristic)"]);
    assert_eq!(links_of(&change, &[of("a", 9), of("b", 101)]), [""; 0]);
    for (more, is_linked) in [
        (given!(user_id: "p"), false),
        (given!(user_id: ""), true),
        (given!(user_id: "", upn: "eve@x"), false),
        (given!(ip: "192.0.2.2"), false),
        (given!(ip: ""), false),
        (given!(app_id: "portal"), false),
        (given!(app_id: ""), true),
        (given!(excluded: "windows_sign_in"), false),
        (given!(category: "service_principal"), false),
        (given!(error_code: 50076), false),
    ] {
        let other = with(&of("a", 50), more.clone());
        let found = links_of(&change, &[other]);
        assert_eq!(!found.is_empty(), is_linked, "{more:?}");
    }
    let nameless = with(&change, given!(caller_oid: "", client_app_id: ""));
    let portal = with(&of("a", 50), given!(app_id: "portal"));
    assert_eq!(links(&[nameless], &[portal], &[]), ["w > a (heuristic)"]);
}

#[test]
fn only_what_people_change_is_linked() {
    let token = with(&sign_in("t", 1), given!());
    for (more, is_linked) in [
        (given!(), true),
        (given!(operation_class: "delete"), true),
        (given!(operation_class: "action", principal_type: "unknown"), true),
        (given!(operation_class: "read"), false),
        (given!(principal_type: "service_principal"), false),
        (given!(principal_type: "none"), false),
        (given!(event_id: ""), false),
    ] {
        let change = with(&with(&write("w", 2), given!(token_id: "t")), more.clone());
        let found = links_of(&change, std::slice::from_ref(&token));
        assert_eq!(!found.is_empty(), is_linked, "{more:?}");
    }
}

#[test]
fn audits_are_linked_alike_and_stand_behind_changes_of_the_same_time() {
    let audit = |id, minute: i64| {
        let user = given!(actor_type: "user", actor_id: "o", ip: "192.0.2.1");
        with(&given!(event_id: id, event_time: minute * MINUTE), user)
    };
    let by_token = with(&audit("t", 5), given!(token_id: "x"));
    let by_session = with(&audit("s", 5), given!(session_id: "y"));
    let application = with(&audit("p", 5), given!(actor_type: "application"));
    let signed_in = with(
        &sign_in("x", 4),
        given!(session_id: "y", user_id: "o", ip: "192.0.2.1", app_id: "portal"),
    );
    let change = with(&write("w", 5), given!(token_id: "x"));
    assert_eq!(
        links(&[change], &[signed_in], &[by_token, by_session, audit("h", 6), application]),
        [
            "w > x (token)",
            "audit s > x (session)",
            "audit t > x (token)",
            "audit h > x (heuristic)",
        ]
    );
}

/// A change or a sign-in of the oracle: texts are told or not.
#[derive(Debug, Clone, Default)]
struct Plain {
    id: String,
    time: Option<i64>,
    is_audit: bool,
    kind: &'static str,
    class: &'static str,
    code: Option<i64>,
    verdict: &'static str,
    oid: &'static str,
    upn: &'static str,
    ip: &'static str,
    app: &'static str,
    token: &'static str,
    session: &'static str,
    excluded: &'static str,
}

fn is_told_and_same(left: &str, right: &str) -> bool {
    !left.is_empty() && left.eq_ignore_ascii_case(right)
}

fn expected(changes: &[Plain], sign_ins: &[Plain]) -> Vec<Link> {
    let mut changes: Vec<&Plain> = changes.iter().collect();
    changes.sort_by_key(|change| (change.time, change.is_audit, &change.id));
    changes.into_iter().filter_map(|change| expected_of(change, sign_ins)).collect()
}

type Holds<'a> = &'a dyn Fn(&Plain) -> bool;

fn expected_of(change: &Plain, sign_ins: &[Plain]) -> Option<Link> {
    let is_person = if change.is_audit {
        matches!(change.kind, "" | "user")
    } else {
        matches!(change.kind, "" | "user" | "unknown") && change.class != "read"
    };
    if !is_person {
        return None;
    }
    let is_completed =
        |row: &Plain| row.code.map_or(row.verdict != "not_completed", |code| code == 0);
    let is_user = |row: &Plain| {
        is_completed(row) && !["service_principal", "managed_identity"].contains(&row.kind)
    };
    let in_session = |row: &Plain| is_user(row) && is_told_and_same(change.session, row.session);
    let is_same_user = |row: &Plain| {
        if !change.oid.is_empty() && !row.oid.is_empty() {
            change.oid == row.oid
        } else {
            is_told_and_same(change.upn, row.upn)
        }
    };
    let guessed = |row: &Plain| {
        is_user(row)
            && row.excluded.is_empty()
            && is_same_user(row)
            && is_told_and_same(change.ip, row.ip)
            && (change.app.is_empty() || row.app.is_empty() || change.app == row.app)
            && change
                .time
                .is_some_and(|time| row.time.is_some_and(|before| time - before <= TOKEN_LIFE_MAX))
    };
    let by_id = |row: &Plain| !change.token.is_empty() && row.id == change.token;
    let by_token = |row: &Plain| !change.token.is_empty() && row.token == change.token;
    let interactive = |row: &Plain| in_session(row) && row.kind == "interactive";
    let other = |row: &Plain| in_session(row) && row.kind != "interactive";
    let steps: [(&str, bool, Holds<'_>); 9] = [
        ("token", true, &by_id),
        ("token", false, &by_id),
        ("token", true, &by_token),
        ("token", false, &by_token),
        ("session", true, &interactive),
        ("session", true, &other),
        ("session", false, &interactive),
        ("session", false, &other),
        ("heuristic", true, &guessed),
    ];
    steps.into_iter().find_map(|(kind, is_before, holds)| {
        let mut found: Vec<&Plain> = sign_ins
            .iter()
            .filter(|row| holds(row) && (row.time <= change.time) == is_before)
            .collect();
        found.sort_by_key(|row| &row.id);
        let nearest = found.iter().map(|row| row.time);
        let time = if is_before { nearest.max() } else { nearest.min() }?;
        let sign_in = found.iter().find(|row| row.time == time)?;
        let id = Some(change.id.clone());
        let [activity, audit] = if change.is_audit { [None, id] } else { [id, None] };
        Some([activity, Some(sign_in.id.clone()), audit, Some(kind.to_owned())])
    })
}

fn put<'a>(row: &mut Given<'a>, name: &'static str, text: &'a str) {
    if !text.is_empty() {
        row.push((name, text.into()));
    }
}

fn given_change(change: &Plain) -> Given<'_> {
    let [time, kind, oid, upn] = if change.is_audit {
        ["event_time", "actor_type", "actor_id", "actor_upn"]
    } else {
        ["first_time", "principal_type", "caller_oid", "caller_upn"]
    };
    let mut row: Given<'_> = given!(event_id: change.id.as_str());
    row.extend(change.time.map(|at| (time, at.into())));
    for (name, text) in [
        (kind, change.kind),
        (oid, change.oid),
        (upn, change.upn),
        ("ip", change.ip),
        ("token_id", change.token),
        ("session_id", change.session),
    ] {
        put(&mut row, name, text);
    }
    if !change.is_audit {
        put(&mut row, "operation_class", change.class);
        put(&mut row, "client_app_id", change.app);
    }
    row
}

fn given_sign_in(sign_in: &Plain) -> Given<'_> {
    let mut row: Given<'_> = given!(event_id: sign_in.id.as_str());
    row.extend(sign_in.time.map(|at| ("event_time", at.into())));
    row.extend(sign_in.code.map(|code| ("error_code", code.into())));
    for (name, text) in [
        ("category", sign_in.kind),
        ("mfa", sign_in.verdict),
        ("user_id", sign_in.oid),
        ("upn", sign_in.upn),
        ("ip", sign_in.ip),
        ("app_id", sign_in.app),
        ("token_id", sign_in.token),
        ("session_id", sign_in.session),
        ("excluded", sign_in.excluded),
    ] {
        put(&mut row, name, text);
    }
    row
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words)
}

fn plain(
    kinds: &'static [&'static str],
    classes: &'static [&'static str],
) -> impl Strategy<Value = Plain> {
    let time =
        prop_oneof![9 => (0..30_i64).prop_map(|step| Some(step * 15 * MINUTE)), 1 => Just(None)];
    let code = prop_oneof![6 => Just(Some(0)), 1 => Just(Some(50074)), 1 => Just(None)];
    let user =
        (one_of(&["", "o1", "o2"]), one_of(&["", "ada@x", "eve@x"]), one_of(&["", "i1", "i2"]));
    let ids = (
        one_of(&["", "", "", "t0", "t3", "t9"]),
        one_of(&["", "", "s1", "S1"]),
        one_of(&["", "cli", "portal"]),
        one_of(&["", "", "", "broker"]),
    );
    let words = (one_of(kinds), one_of(classes), one_of(&["", "mfa", "not_completed"]));
    (time, code, user, ids, words, any::<bool>()).prop_map(
        |(
            time,
            code,
            (oid, upn, ip),
            (token, session, app, excluded),
            (kind, class, verdict),
            is_audit,
        )| Plain {
            id: String::new(),
            time,
            is_audit,
            kind,
            class,
            code,
            verdict,
            oid,
            upn,
            ip,
            app: if is_audit { "" } else { app },
            token,
            session,
            excluded,
        },
    )
}

fn numbered(mut rows: Vec<Plain>, mark: &str) -> Vec<Plain> {
    for (number, row) in rows.iter_mut().enumerate() {
        row.id = format!("{mark}{number}");
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn links_are_those_of_the_oracle_whatever_the_order_and_the_cuts(
        changes in prop::collection::vec(plain(&["", "user", "unknown", "application"], &["write", "delete", "action", "read"]), 0..12),
        sign_ins in prop::collection::vec(plain(&["", "interactive", "non_interactive", "service_principal"], &[""]), 0..12),
        seed in any::<u64>(),
        cut in 1..5_usize,
    ) {
        let changes = numbered(changes, "c");
        let sign_ins = numbered(sign_ins, "t");
        let expect = expected(&changes, &sign_ins);
        let shuffled = |mut rows: Vec<Plain>| {
            rows.sort_by_key(|row| seed.rotate_left(u32::try_from(row.id.len()).unwrap()).wrapping_mul(
                row.id.bytes().fold(7, |hash, byte| hash * 31 + u64::from(byte)),
            ));
            rows
        };
        let (changes, sign_ins) = (shuffled(changes), shuffled(sign_ins));
        let of = |is_audit: bool| -> Vec<Given<'_>> {
            changes.iter().filter(|row| row.is_audit == is_audit).map(given_change).collect()
        };
        let cut_up = |table, rows: &[Given<'_>]| -> Vec<RecordBatch> {
            rows.chunks(cut).map(|rows| batch(table, rows)).collect()
        };
        let given: Vec<Given<'_>> = sign_ins.iter().map(given_sign_in).collect();
        let table = link(
            &cut_up(&ATTEMPT, &of(false)),
            &cut_up(&SIGN_IN, &given),
            &cut_up(&AUDIT, &of(true)),
        );
        prop_assert_eq!(rows(&table), expect);
    }
}
