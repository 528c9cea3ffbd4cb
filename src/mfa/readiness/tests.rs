//! Each rule where it holds, where it just does not, and against the rules after it.

use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{
    Evidence, LastTimes, NEVER_SEEN, OldClient, RULES, Registration, Verdict, is_completed,
    is_sync_name, judge,
};
use crate::mfa::phase::Phase;
use crate::mfa::service_account::{Score, THRESHOLD};

const MINUTE: i64 = 60_000_000;
/// 2026-05-03 07:12 UTC.
const THEN: i64 = 1_777_792_320_000_000;

fn registered(is_mfa_capable: Option<bool>, methods: &[&str]) -> Registration {
    let methods = methods.iter().map(|method| (*method).to_owned()).collect();
    Registration { is_mfa_capable, methods }
}

fn incapable() -> Registration {
    registered(Some(false), &["email"])
}

fn service() -> Score {
    Score { points: THRESHOLD, reasons: Vec::new() }
}

fn writes(mfa: i64, non_mfa: i64, unknown: i64) -> Evidence {
    Evidence {
        write_attempts: mfa + non_mfa + unknown,
        mfa_writes: mfa,
        non_mfa_writes: non_mfa,
        unknown_writes: unknown,
        ..Evidence::default()
    }
}

fn sign_ins(mfa: i64, non_mfa: i64, exempt: i64, unknown: i64) -> Evidence {
    Evidence {
        sign_ins: mfa + non_mfa + exempt + unknown,
        mfa_sign_ins: mfa,
        non_mfa_sign_ins: non_mfa,
        exempt_sign_ins: exempt,
        unknown_sign_ins: unknown,
        ..Evidence::default()
    }
}

fn named(upn: &str) -> Evidence {
    Evidence { upn: Some(upn.to_owned()), ..Evidence::default() }
}

fn privileged() -> Evidence {
    Evidence { roles: vec!["Owner".to_owned()], ..Evidence::default() }
}

fn check(expect: (Verdict, &str), evidence: &Evidence) {
    let judgement = judge(evidence);
    assert_eq!((judgement.verdict, judgement.rule), expect, "{evidence:?}");
}

#[test]
fn who_does_not_use_azure_is_not_in_scope() {
    let sync = "Sync_DC01_0f@tw.example";
    check((Verdict::NotInScope, "sync_account"), &named(sync));
    let by_role = Evidence { has_sync_role: true, roles: vec!["x".into()], ..Evidence::default() };
    check((Verdict::NotInScope, "sync_account"), &by_role);
    check(
        (Verdict::AtRisk, "non_mfa_writes"),
        &Evidence { upn: Some(sync.into()), ..writes(0, 1, 0) },
    );
    check((Verdict::NotInScope, "no_management"), &Evidence::default());
    check((Verdict::NotInScope, "no_management"), &Evidence { actions: 3, ..named("ada@x") });
    check((Verdict::CannotTell, "never_seen"), &privileged());
}

#[test]
fn sovereign_clouds_are_not_in_scope_if_nothing_is_elsewhere() {
    let sovereign = Evidence { sovereign_writes: 2, ..writes(0, 2, 0) };
    check((Verdict::NotInScope, "sovereign_cloud"), &sovereign);
    let signed_in = Evidence { sovereign_sign_ins: 1, ..privileged() };
    check((Verdict::NotInScope, "sovereign_cloud"), &signed_in);
    let one_elsewhere = Evidence { sovereign_writes: 1, ..writes(0, 2, 0) };
    check((Verdict::AtRisk, "non_mfa_writes"), &one_elsewhere);
    let portal = Evidence { sovereign_sign_ins: 1, ..sign_ins(0, 1, 0, 0) };
    check((Verdict::AtRisk, "non_mfa_sign_ins"), &portal);
}

#[test]
fn a_disabled_account_is_not_in_scope_unless_it_was_used() {
    let disabled = Evidence { is_enabled: Some(false), ..privileged() };
    check((Verdict::NotInScope, "disabled_account"), &disabled);
    let used = Evidence { is_enabled: Some(false), ..writes(0, 1, 0) };
    check((Verdict::AtRisk, "non_mfa_writes"), &used);
    let enabled = Evidence { is_enabled: Some(true), ..privileged() };
    check((Verdict::CannotTell, "never_seen"), &enabled);
}

#[test]
fn a_denial_counts_until_a_write_with_mfa_comes_after_it() {
    let denied = |mfa_write, deny| Evidence {
        policy_denies: 1,
        last: LastTimes { mfa_write, deny, ..LastTimes::default() },
        ..writes(1, 1, 0)
    };
    check((Verdict::WillBreak, "denied_already"), &denied(None, Some(THEN)));
    check((Verdict::WillBreak, "denied_already"), &denied(Some(THEN), Some(THEN)));
    check((Verdict::AtRisk, "non_mfa_writes"), &denied(Some(THEN + 1), Some(THEN)));
    let first = Evidence { ropc_sign_ins: 1, ..denied(None, Some(THEN)) };
    check((Verdict::WillBreak, "denied_already"), &first);
}

#[test]
fn ropc_breaks_even_where_mfa_is_seen() {
    let ropc = Evidence { ropc_sign_ins: 1, ..sign_ins(5, 0, 0, 1) };
    check((Verdict::WillBreak, "ropc"), &ropc);
    let first =
        Evidence { registration: Some(incapable()), ropc_sign_ins: 1, ..sign_ins(0, 1, 0, 0) };
    check((Verdict::WillBreak, "ropc"), &first);
}

#[test]
fn without_a_method_everything_without_mfa_breaks() {
    for evidence in [writes(0, 1, 0), sign_ins(0, 1, 0, 0), sign_ins(0, 0, 1, 0)] {
        let incapable = Evidence { registration: Some(incapable()), ..evidence.clone() };
        check((Verdict::WillBreak, "not_capable"), &incapable);
        let service = Evidence { service: service(), is_break_glass: true, ..incapable };
        check((Verdict::WillBreak, "not_capable"), &service);
    }
    for (mfa, rule) in [
        (Some(registered(Some(false), &["windowsHelloForBusiness"])), "non_mfa_writes"),
        (Some(registered(Some(false), &["passKeyDeviceBound"])), "non_mfa_writes"),
        (Some(registered(Some(true), &[])), "non_mfa_writes"),
        (Some(registered(None, &["email"])), "non_mfa_writes"),
        (None, "non_mfa_writes"),
    ] {
        let evidence = Evidence { registration: mfa, ..writes(0, 1, 0) };
        check((Verdict::AtRisk, rule), &evidence);
    }
    // Another provider's MFA is registered nowhere.
    let federated = Evidence { registration: Some(incapable()), ..writes(1, 1, 0) };
    check((Verdict::AtRisk, "non_mfa_writes"), &federated);
    let elsewhere =
        Evidence { mfa_elsewhere: 1, registration: Some(incapable()), ..writes(0, 1, 0) };
    check((Verdict::AtRisk, "non_mfa_writes"), &elsewhere);
}

#[test]
fn a_service_breaks_from_the_threshold_on_if_it_writes_without_mfa() {
    let capable = Some(registered(Some(true), &["mobilePhone"]));
    let with = |points, evidence| Evidence {
        service: Score { points, reasons: Vec::new() },
        registration: capable.clone(),
        ..evidence
    };
    check((Verdict::WillBreak, "service_account"), &with(THRESHOLD, writes(9, 1, 0)));
    check((Verdict::AtRisk, "non_mfa_writes"), &with(THRESHOLD - 1, writes(9, 1, 0)));
    check((Verdict::Ready, "mfa_every_time"), &with(100, writes(9, 0, 0)));
    let break_glass = Evidence { is_break_glass: true, service: service(), ..writes(0, 1, 0) };
    check((Verdict::WillBreak, "service_account"), &break_glass);
}

#[test]
fn break_glass_accounts_break_where_nothing_shows_mfa() {
    let listed = |evidence| Evidence { is_break_glass: true, ..evidence };
    check((Verdict::WillBreak, "break_glass_without_mfa"), &listed(writes(0, 1, 0)));
    check((Verdict::WillBreak, "break_glass_without_mfa"), &listed(sign_ins(0, 0, 1, 0)));
    check((Verdict::CannotTell, "no_claims"), &listed(writes(0, 0, 1)));
    check((Verdict::CannotTell, "never_seen"), &listed(Evidence::default()));
    let passkey = Some(registered(Some(false), &["passKeyDeviceBound"]));
    let strong = Evidence { registration: passkey.clone(), ..listed(writes(0, 1, 0)) };
    check((Verdict::AtRisk, "non_mfa_writes"), &strong);
    let unused = Evidence { registration: passkey, ..listed(Evidence::default()) };
    check((Verdict::ReadyNotExercised, "registered"), &unused);
    let step = judge(&listed(sign_ins(1, 0, 0, 0))).next_steps;
    assert_eq!(step, ["register a FIDO2 passkey or a certificate for the break-glass account"]);
}

#[test]
fn an_administrator_without_a_method_breaks_and_others_are_at_risk() {
    let admin = Evidence { registration: Some(incapable()), ..privileged() };
    check((Verdict::WillBreak, "admin_not_capable"), &admin);
    let seen = Evidence {
        roles: vec!["Owner".into()],
        registration: Some(incapable()),
        ..writes(0, 0, 1)
    };
    check((Verdict::WillBreak, "admin_not_capable"), &seen);
    let person = Evidence { registration: Some(incapable()), ..writes(0, 0, 1) };
    check((Verdict::AtRisk, "not_registered"), &person);
}

#[test]
fn what_was_done_without_mfa_is_at_risk() {
    check((Verdict::AtRisk, "non_mfa_writes"), &writes(40, 1, 0));
    let both = Evidence { exempt_sign_ins: 1, ..sign_ins(9, 1, 0, 0) };
    check((Verdict::AtRisk, "non_mfa_sign_ins"), &both);
    check((Verdict::AtRisk, "mfa_skipped"), &sign_ins(9, 0, 1, 0));
}

#[test]
fn a_failure_counts_until_something_passes_after_it() {
    let failed = |last: LastTimes| Evidence {
        failed_mfa_sign_ins: 1,
        last: LastTimes { failed_mfa_sign_in: Some(THEN), ..last },
        ..sign_ins(1, 0, 0, 1)
    };
    let nothing = LastTimes::default();
    check((Verdict::AtRisk, "mfa_failures"), &failed(nothing));
    for later in [
        LastTimes { sign_in: Some(THEN), ..nothing },
        LastTimes { mfa_write: Some(THEN), ..nothing },
        LastTimes { mfa_elsewhere: Some(THEN + 1), ..nothing },
    ] {
        check((Verdict::Ready, "mfa_sign_ins_only"), &failed(later));
    }
    let earlier = LastTimes { sign_in: Some(THEN - 1), mfa_sign_in: Some(THEN - 1), ..nothing };
    check((Verdict::AtRisk, "mfa_failures"), &failed(earlier));
}

#[test]
fn who_does_mfa_is_ready_and_who_could_is_ready_if_not_exercised() {
    check((Verdict::Ready, "mfa_every_time"), &writes(1, 0, 7));
    check((Verdict::Ready, "mfa_sign_ins_only"), &sign_ins(1, 0, 0, 7));
    let elsewhere = Evidence { mfa_elsewhere: 1, ..writes(0, 0, 1) };
    check((Verdict::ReadyNotExercised, "mfa_elsewhere"), &elsewhere);
    let capable = Evidence {
        registration: Some(registered(Some(true), &["mobilePhone"])),
        ..sign_ins(0, 0, 0, 1)
    };
    check((Verdict::ReadyNotExercised, "registered"), &capable);
}

#[test]
fn what_the_log_does_not_tell_stays_open_and_says_what_would() {
    check((Verdict::CannotTell, "no_claims"), &writes(0, 0, 1));
    check((Verdict::CannotTell, "no_mfa_fields"), &sign_ins(0, 0, 0, 1));
    let unknown = Evidence { registration: Some(registered(None, &[])), ..privileged() };
    check((Verdict::CannotTell, "never_seen"), &unknown);
    let steps = judge(&unknown).next_steps;
    assert!(steps[0].contains("--registrations"), "{steps:?}");
    let steps = judge(&sign_ins(0, 0, 0, 1)).next_steps;
    assert!(steps[0].contains("beta `auditLogs/signIns`"), "{steps:?}");
    assert!(steps[1].contains("--registrations"), "{steps:?}");
}

#[test]
fn phases_are_those_of_what_is_used() {
    let of = |evidence: &Evidence| judge(evidence).phases;
    assert_eq!(of(&writes(1, 0, 0)), [Phase::Two]);
    assert_eq!(of(&Evidence { phase_one_uses: 1, ..writes(1, 0, 0) }), [Phase::One, Phase::Two]);
    assert_eq!(of(&Evidence { phase_one_uses: 1, ..sign_ins(1, 0, 0, 0) }), [Phase::One]);
    assert_eq!(of(&Evidence { phase_two_uses: 1, ..sign_ins(1, 0, 0, 0) }), [Phase::Two]);
    assert_eq!(of(&privileged()), [Phase::One]);
    assert_eq!(of(&Evidence::default()), []);
}

#[test]
fn reasons_tell_figures_and_dates_with_the_decisive_one_first() {
    let evidence = Evidence {
        non_mfa_deletes: 1,
        is_guest: true,
        roles: vec!["Contributor".into(), "Owner".into()],
        policy_audits: 2,
        legacy_sign_ins: 1,
        registration: Some(registered(Some(true), &["mobilePhone", "email"])),
        old_clients: vec![OldClient {
            name: "Azure CLI",
            version: "2.70.0".into(),
            lowest: "2.76",
        }],
        last: LastTimes {
            non_mfa_write: Some(THEN + MINUTE / 2),
            exempt_sign_in: Some(THEN),
            ..LastTimes::default()
        },
        exempt_sign_ins: 1,
        sign_ins: 9,
        ..writes(20, 12, 8)
    };
    let judgement = judge(&evidence);
    assert_eq!(
        judgement.reasons,
        [
            "12 of 40 writes without MFA (1 delete), last 2026-05-03 07:12",
            "MFA was skipped in 1 of 9 sign-ins, last 2026-05-03 07:12",
            "registered: mobilePhone, email",
            "20 of 40 writes with MFA",
            "the log does not tell for 8 of 40 writes (no claims)",
            "an MFA policy noted 2 requests",
            "1 sign-in with legacy clients, which cannot do MFA",
            "too old to ask for MFA: Azure CLI 2.70.0 (needs 2.76)",
            "privileged: Contributor, Owner",
            "guest: MFA is done here, or at home where cross-tenant access trusts it",
        ]
    );
    assert_eq!(
        judgement.next_steps,
        [
            "sign in again with MFA: `az logout` and `az login`, `Connect-AzAccount`, or sign out \
             of the portal and in",
            "trust MFA of the guest's home tenant in the cross-tenant access settings, or have the \
             guest register here",
            "upgrade Azure CLI to 2.76 or later: `az upgrade`",
        ]
    );
    let unskilled = Evidence { registration: Some(incapable()), ..sign_ins(0, 4, 0, 5) };
    assert_eq!(
        judge(&unskilled).reasons,
        [
            "no method registered that can do MFA: email",
            "4 of 9 sign-ins without MFA",
            "the log does not tell for 5 of 9 sign-ins",
        ]
    );
}

#[test]
fn a_service_is_told_how_to_become_a_workload_identity() {
    let ropc = Evidence { ropc_sign_ins: 1, ..sign_ins(0, 1, 0, 0) };
    let judgement = judge(&ropc);
    assert!(judgement.reasons[0].starts_with("1 of 1 sign-in with user name and password"));
    for command in ["az login --identity", "az ad sp create-for-rbac", "federated credential"] {
        assert!(judgement.next_steps[0].contains(command), "{command}");
    }
}

#[test]
fn names_of_synchronisation_accounts_are_known_whatever_their_case() {
    for upn in ["Sync_DC01_a@x.example", "sync_a@x", "ADToAADSyncServiceAccount@x.example"] {
        assert!(is_sync_name(upn), "{upn}");
    }
    for upn in ["syncer@x.example", "a.sync_b@x.example", "sync_", "ünc_@x"] {
        assert!(!is_sync_name(upn), "{upn}");
    }
}

#[test]
fn a_sign_in_is_completed_unless_it_says_otherwise() {
    assert!(is_completed(Some(0), Some("not_completed")));
    assert!(!is_completed(Some(50076), Some("mfa")));
    assert!(is_completed(None, Some("unknown")) && is_completed(None, None));
    assert!(!is_completed(None, Some("not_completed")));
}

#[test]
fn every_rule_has_an_id_of_its_own() {
    let mut ids: Vec<&str> = RULES.iter().chain([&NEVER_SEEN]).map(|rule| rule.id).collect();
    assert_eq!(ids.len(), 22);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 22);
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let counts = || prop::collection::vec(0_i64..3, 14);
    let times = prop::collection::vec(prop::option::of(0_i64..4), 9);
    let registration = prop::option::of((any::<Option<bool>>(), 0..3_usize));
    let flags = (any::<[bool; 4]>(), any::<Option<bool>>(), 0..80_u32);
    (counts(), times, registration, flags).prop_map(
        |(counts, times, registration, (flags, is_enabled, points))| {
            let methods = ["email", "mobilePhone", "windowsHelloForBusiness"];
            let [has_sync_role, is_break_glass, has_role, is_guest] = flags;
            Evidence {
                has_sync_role,
                is_break_glass,
                is_guest,
                is_enabled,
                roles: has_role.then(|| "Owner".to_owned()).into_iter().collect(),
                write_attempts: counts[0] + counts[1] + counts[2],
                mfa_writes: counts[0],
                non_mfa_writes: counts[1],
                unknown_writes: counts[2],
                policy_denies: counts[3],
                sign_ins: counts[4] + counts[5] + counts[6] + counts[7],
                mfa_sign_ins: counts[4],
                non_mfa_sign_ins: counts[5],
                exempt_sign_ins: counts[6],
                unknown_sign_ins: counts[7],
                ropc_sign_ins: counts[8].min(counts[7]),
                failed_mfa_sign_ins: counts[9],
                sovereign_sign_ins: counts[10],
                mfa_elsewhere: counts[11],
                actions: counts[12],
                phase_one_uses: counts[13],
                phase_two_uses: counts[4..8].iter().sum::<i64>() + counts[9],
                last: LastTimes {
                    mfa_write: times[0],
                    non_mfa_write: times[1],
                    deny: times[2],
                    sign_in: times[3],
                    mfa_sign_in: times[4],
                    non_mfa_sign_in: times[5],
                    exempt_sign_in: times[6],
                    failed_mfa_sign_in: times[7],
                    mfa_elsewhere: times[8],
                },
                registration: registration
                    .map(|(capable, count)| registered(capable, &methods[count..=count])),
                service: Score { points, reasons: Vec::new() },
                ..Evidence::default()
            }
        },
    )
}

proptest! {
    #[test]
    fn no_verdict_says_more_than_the_evidence(known in evidence()) {
        let judgement = judge(&known);
        let not_mfa = known.non_mfa_writes + known.non_mfa_sign_ins + known.exempt_sign_ins;
        let covered = known.write_attempts + known.sign_ins + known.failed_mfa_sign_ins;
        let mfa = known.mfa_writes + known.mfa_sign_ins;
        prop_assert_eq!(judgement.verdict == Verdict::NotInScope, judgement.phases.is_empty());
        match judgement.verdict {
            Verdict::Ready => prop_assert!(mfa > 0 && not_mfa == 0),
            Verdict::ReadyNotExercised => prop_assert!(mfa == 0 && not_mfa == 0),
            Verdict::CannotTell => prop_assert!(mfa + not_mfa + known.mfa_elsewhere == 0),
            Verdict::NotInScope => prop_assert!(
                covered == 0 || known.is_enabled == Some(false) || known.sovereign_sign_ins > 0
            ),
            Verdict::WillBreak | Verdict::AtRisk => {
                prop_assert!(!judgement.next_steps.is_empty());
            }
        }
        prop_assert!(!judgement.reasons.is_empty());
        prop_assert_eq!(judgement.next_steps.is_empty(), match judgement.verdict {
            Verdict::NotInScope => true,
            Verdict::Ready => !known.is_break_glass
                || known.strength() == Some(crate::mfa::strength::Strength::PhishingResistant),
            _ => false,
        });
    }
}
