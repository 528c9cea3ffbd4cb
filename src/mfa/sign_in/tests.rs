//! What sign-ins prove, spelling by spelling.

use proptest::prelude::*;

use super::*;

fn step(method: &'static str, requirement: &'static str, result: &'static str) -> Step<'static> {
    Step {
        method: Some(method),
        detail: None,
        requirement: Some(requirement),
        result: Some(result),
        succeeded: Some(true),
    }
}

fn password() -> Step<'static> {
    step("Password", "Primary authentication", "Correct password")
}

fn second(result: &'static str) -> Step<'static> {
    step("Mobile app notification", "Multifactor authentication", result)
}

/// A completed interactive sign-in for which one factor was asked.
fn told<'a>(steps: &'a [Step<'a>]) -> Told<'a> {
    Told {
        category: Some(Category::Interactive),
        error_code: Some(0),
        requirement: Some("singleFactorAuthentication"),
        steps: Some(steps),
        ..Told::default()
    }
}

#[test]
fn categories_are_read_in_every_spelling() {
    for (text, expect) in [
        ("SignInLogs", Some(Category::Interactive)),
        ("SigninLogs", Some(Category::Interactive)),
        ("interactiveUser", Some(Category::Interactive)),
        ("InteractiveSignIns", Some(Category::Interactive)),
        ("ADFSSignInLogs", Some(Category::Interactive)),
        ("[\"interactiveUser\"]", Some(Category::Interactive)),
        ("[ \"interactiveUser\", \"interactiveUser\" ]", Some(Category::Interactive)),
        ("NonInteractiveUserSignInLogs", Some(Category::NonInteractive)),
        ("AADNonInteractiveUserSignInLogs", Some(Category::NonInteractive)),
        ("nonInteractiveUser", Some(Category::NonInteractive)),
        ("[\"nonInteractiveUser\"]", Some(Category::NonInteractive)),
        ("non_interactive", Some(Category::NonInteractive)),
        ("ServicePrincipalSignInLogs", Some(Category::ServicePrincipal)),
        ("MicrosoftServicePrincipalSignInLogs", Some(Category::ServicePrincipal)),
        ("AADServicePrincipalSignInLogs", Some(Category::ServicePrincipal)),
        ("servicePrincipal", Some(Category::ServicePrincipal)),
        ("ApplicationSignIns", Some(Category::ServicePrincipal)),
        ("ManagedIdentitySignInLogs", Some(Category::ManagedIdentity)),
        ("AADManagedIdentitySignInLogs", Some(Category::ManagedIdentity)),
        ("managedIdentity", Some(Category::ManagedIdentity)),
        ("MSISignIns", Some(Category::ManagedIdentity)),
        ("[\"interactiveUser\",\"nonInteractiveUser\"]", None),
        ("AuditLogs", None),
        ("unknownFutureValue", None),
        ("[]", None),
        ("", None),
    ] {
        assert_eq!(Category::of_text(text), expect, "{text}");
    }
    for category in [
        Category::Interactive,
        Category::NonInteractive,
        Category::ServicePrincipal,
        Category::ManagedIdentity,
    ] {
        assert_eq!(Category::of_text(category.name()), Some(category));
    }
    assert!(is_federation_log("ADFSSignInLogs") && !is_federation_log("SignInLogs"));
    assert!(is_federation_server("adfs") && is_federation_server(" Radius"));
    assert!(!is_federation_server("797f4846-ba00-4fd7-ba43-dac1f8f63013"));
}

#[test]
fn requirements_are_read_from_enum_and_display_text() {
    for (text, expect) in [
        ("multiFactorAuthentication", Some(Requirement::MultiFactor)),
        ("Multifactor authentication", Some(Requirement::MultiFactor)),
        ("Multi-factor authentication", Some(Requirement::MultiFactor)),
        ("multi_factor", Some(Requirement::MultiFactor)),
        ("singleFactorAuthentication", Some(Requirement::SingleFactor)),
        ("Single-factor authentication", Some(Requirement::SingleFactor)),
        ("Einstufige Authentifizierung", None),
        ("", None),
    ] {
        assert_eq!(Requirement::of_text(text), expect, "{text}");
    }
}

#[test]
fn second_steps_decide_by_their_words() {
    let mfa = |reason| (SignInMfa::Mfa, reason);
    let exempt = |reason| (SignInMfa::Exempt, reason);
    let unknown = |reason| (SignInMfa::Unknown, reason);
    for (result, expect) in [
        ("MFA completed in Azure AD", mfa(Reason::Performed)),
        ("MFA successfully completed", mfa(Reason::Performed)),
        ("completed in the cloud", mfa(Reason::Performed)),
        ("Successfully completed", mfa(Reason::Performed)),
        ("methodSucceeded", mfa(Reason::Performed)),
        ("", mfa(Reason::Performed)),
        ("MFA requirement satisfied by strong authentication", mfa(Reason::Performed)),
        ("MFA requirement satisfied by claim in the token", mfa(Reason::Claim)),
        ("mfa requirement SATISFIED BY CLAIM IN THE TOKEN", mfa(Reason::Claim)),
        ("satisfied by claim in the token", mfa(Reason::Claim)),
        ("Azure Multi-Factor Authentication satisfied by claim in the token", mfa(Reason::Claim)),
        ("MFA requirement satisfied by claim provided by external provider", mfa(Reason::External)),
        ("satisfied by the claim of an external provider", mfa(Reason::External)),
        ("MFA requirement skipped due to location", exempt(Reason::SkippedLocation)),
        ("skipped due to remembered device", exempt(Reason::SkippedRememberedDevice)),
        (
            "MFA requirement skipped due to registered device",
            exempt(Reason::SkippedRegisteredDevice),
        ),
        ("MFA requirement skipped due to app password", exempt(Reason::SkippedAppPassword)),
        (
            "MFA requirement skipped as flow exercised was Windows broker logon flow",
            exempt(Reason::SkippedBroker),
        ),
        ("MFA requirement skipped due to the moon", exempt(Reason::SkippedOther)),
        ("the step was skipped", exempt(Reason::SkippedOther)),
        (
            "MFA requirement has expired due to the policies configured on tenant",
            unknown(Reason::Expired),
        ),
        ("registration prompted", unknown(Reason::RegistrationPrompted)),
        ("MFA denied; user declined the authentication", unknown(Reason::Denied)),
        ("MFA denied; a reason nobody has listed", unknown(Reason::Denied)),
        ("Azure Multi-Factor Authentication denied; user is blocked", unknown(Reason::Denied)),
    ] {
        let steps = [password(), second(result)];
        assert_eq!(judge(&told(&steps)), expect, "step: {result}");
        let spelt = Step { requirement: Some("Multi-factor authentication"), ..steps[1] };
        assert_eq!(judge(&told(&[spelt])), expect, "spelt otherwise: {result}");
    }
}

#[test]
fn every_refusal_of_the_page_is_one() {
    for result in [
        "authentication in-progress",
        "duplicate authentication attempt",
        "entered incorrect code too many times",
        "invalid authentication",
        "invalid mobile app verification code",
        "misconfiguration",
        "phone call went to voicemail",
        "phone number has an invalid format",
        "service error",
        "unable to reach the user’s phone",
        "unable to send the mobile app notification to the device",
        "unable to send the mobile app notification",
        "user declined the authentication",
        "user did not respond to mobile app notification",
        "user didn't respond to mobile app notification",
        "user does not have any verification methods registered",
        "user doesn't have any verification methods registered",
        "user entered incorrect code",
        "user entered incorrect PIN",
        "user hung up the phone call without succeeding the authentication",
        "user is blocked",
        "user never entered the verification code",
        "user not found",
        "verification code already used once",
    ] {
        for text in [result.to_owned(), format!("MFA denied; {result}")] {
            assert_eq!(said(&text), Some(Said::Denied), "{text}");
            // Whatever `succeeded` says, words of refusal are no proof.
            let steps = [password(), Step { result: Some(&text), ..second("") }];
            let asked = Told { requirement: Some("multiFactorAuthentication"), ..told(&steps) };
            assert_eq!(judge(&asked), (SignInMfa::Unknown, Reason::Denied), "{text}");
        }
    }
}

#[test]
fn a_better_proof_wins_whatever_the_order() {
    let claim = second("MFA requirement satisfied by claim in the token");
    let done = second("MFA completed in Azure AD");
    let external = second("satisfied by claim provided by external provider");
    let skipped = second("MFA requirement skipped due to location");
    let denied = Step { succeeded: Some(false), ..second("MFA denied; user not found") };
    for (steps, expect) in [
        (vec![claim, done], (SignInMfa::Mfa, Reason::Performed)),
        (vec![done, claim], (SignInMfa::Mfa, Reason::Performed)),
        (vec![claim, external], (SignInMfa::Mfa, Reason::External)),
        (vec![skipped, claim], (SignInMfa::Mfa, Reason::Claim)),
        (vec![denied, done], (SignInMfa::Mfa, Reason::Performed)),
        (vec![denied, skipped], (SignInMfa::Exempt, Reason::SkippedLocation)),
    ] {
        assert_eq!(judge(&told(&steps)), expect, "{steps:?}");
    }
    let prior = Step { method: Some("Previously satisfied"), ..second("") };
    assert_eq!(judge(&told(&[prior])), (SignInMfa::Mfa, Reason::Claim));
    let by_token = Step { method: Some("Satisfied by token"), ..second("") };
    assert_eq!(judge(&told(&[by_token])), (SignInMfa::Mfa, Reason::Claim));
    let untold = Step { succeeded: None, ..done };
    assert_eq!(judge(&told(&[untold])), (SignInMfa::Mfa, Reason::Performed));
    let mute = Step { succeeded: None, ..second("") };
    assert_eq!(judge(&told(&[password(), mute])), (SignInMfa::Unknown, Reason::Unclear));
}

#[test]
fn the_result_counts_where_steps_do_not_tell() {
    for (text, expect) in [
        ("MFA requirement satisfied by claim in the token", (SignInMfa::Mfa, Reason::Claim)),
        ("MFA completed in Azure AD", (SignInMfa::Mfa, Reason::Performed)),
        ("MFA successfully completed", (SignInMfa::Mfa, Reason::Performed)),
        (
            "MFA requirement satisfied by claim provided by external provider",
            (SignInMfa::Mfa, Reason::External),
        ),
        (
            "MFA requirement skipped due to remembered device",
            (SignInMfa::Exempt, Reason::SkippedRememberedDevice),
        ),
        ("MFA required in Azure AD", (SignInMfa::Unknown, Reason::NoSteps)),
        ("MFA denied; user is blocked", (SignInMfa::Unknown, Reason::Denied)),
        ("MFA requirement has expired due to …", (SignInMfa::Unknown, Reason::Expired)),
        ("registration prompted", (SignInMfa::Unknown, Reason::RegistrationPrompted)),
        ("  ", (SignInMfa::Unknown, Reason::NoSteps)),
    ] {
        for steps in [None, Some(&[][..])] {
            let row = Told { steps, mfa_result: Some(text), ..told(&[]) };
            assert_eq!(judge(&row), expect, "{text}");
        }
    }
}

#[test]
fn requirement_and_policy_are_the_weaker_proofs() {
    let asked = Told { requirement: Some("multiFactorAuthentication"), ..told(&[]) };
    assert_eq!(judge(&asked), (SignInMfa::Mfa, Reason::Requirement));
    assert_eq!(judge(&Told { steps: None, ..asked }), (SignInMfa::Mfa, Reason::Requirement));
    let display = Told { requirement: Some("Multifactor authentication"), steps: None, ..asked };
    assert_eq!(judge(&display), (SignInMfa::Mfa, Reason::Requirement));
    // Asked for, and let go: the words of the step are better than the requirement.
    let skipped = [password(), second("MFA requirement skipped due to registered device")];
    let row = Told { steps: Some(&skipped), policy_met_mfa: true, ..asked };
    assert_eq!(judge(&row), (SignInMfa::Exempt, Reason::SkippedRegisteredDevice));
    let policy = Told { policy_met_mfa: true, ..told(&[]) };
    assert_eq!(judge(&policy), (SignInMfa::Mfa, Reason::Policy));
    let only_password = [password()];
    let policy = Told { policy_met_mfa: true, ..told(&only_password) };
    assert_eq!(judge(&policy), (SignInMfa::Mfa, Reason::Policy));
}

#[test]
fn without_mfa_is_only_said_of_what_shows_it() {
    let first = [password()];
    let base = told(&first);
    assert_eq!(judge(&base), (SignInMfa::NonMfa, Reason::FirstFactorOnly));
    let wrong = Step { succeeded: Some(false), result: Some("Invalid password"), ..password() };
    let twice = [wrong, password()];
    assert_eq!(judge(&told(&twice)), (SignInMfa::NonMfa, Reason::FirstFactorOnly));
    // Early rows leave the requirement of a step empty.
    let early = [Step { requirement: Some(""), ..password() }];
    assert_eq!(judge(&told(&early)), (SignInMfa::NonMfa, Reason::FirstFactorOnly));

    let claim = Step {
        method: Some("Previously satisfied"),
        result: Some("First factor requirement satisfied by claim in the token"),
        ..password()
    };
    let certificate = Step { method: Some("X.509 Certificate"), ..password() };
    let strange = Step { method: Some("Mind reading"), ..password() };
    let odd = Step { requirement: Some("Terms of use"), ..password() };
    for (steps, expect) in [
        (vec![claim], Reason::FirstFactorClaim),
        (vec![password(), claim], Reason::FirstFactorClaim),
        (vec![certificate], Reason::Certificate),
        (vec![strange], Reason::Unclear),
        (vec![odd], Reason::Unclear),
        (vec![password(), odd], Reason::Unclear),
        (vec![wrong], Reason::Unclear),
        (vec![Step::default()], Reason::Unclear),
        (vec![], Reason::NoSteps),
    ] {
        assert_eq!(judge(&told(&steps)), (SignInMfa::Unknown, expect), "{steps:?}");
    }
    for (row, expect) in [
        (Told { category: Some(Category::NonInteractive), ..base }, Reason::NonInteractive),
        (Told { category: None, ..base }, Reason::Unclear),
        (Told { requirement: None, ..base }, Reason::Unclear),
        (Told { error_code: None, ..base }, Reason::NoErrorCode),
        (Told { is_federation_server: true, ..base }, Reason::FederationServer),
        (Told { steps: None, ..base }, Reason::NoSteps),
        (Told { steps: None, requirement: None, ..base }, Reason::NoEvidence),
    ] {
        assert_eq!(judge(&row), (SignInMfa::Unknown, expect), "{row:?}");
    }
}

#[test]
fn some_first_steps_are_two_factors_in_one() {
    for method in [
        "Windows Hello for Business",
        "FIDO2 security key",
        "Passkey (FIDO2)",
        "Passkey (Microsoft Authenticator)",
        "MacOS Platform Credentials",
        "Passwordless phone sign-in",
        "Temporary Access Pass",
        "X.509 certificate (multifactor)",
    ] {
        let steps = [Step { method: Some(method), result: Some(""), ..password() }];
        let expect = (SignInMfa::Mfa, Reason::Passwordless);
        assert_eq!(judge(&told(&steps)), expect, "{method}");
        let background = Told { category: Some(Category::NonInteractive), ..told(&steps) };
        assert_eq!(judge(&background), expect, "{method}");
        let refused = [Step { succeeded: Some(false), ..steps[0] }];
        assert_eq!(judge(&told(&refused)), (SignInMfa::Unknown, Reason::Unclear), "{method}");
        // A device may be called anything.
        let named = [Step { detail: Some(method), ..password() }];
        assert_eq!(judge(&told(&named)).0, SignInMfa::NonMfa, "{method}");
    }
}

#[test]
fn who_is_no_user_and_what_did_not_end_says_nothing() {
    let proof = [second("MFA completed in Azure AD")];
    let base = told(&proof);
    for category in [Category::ServicePrincipal, Category::ManagedIdentity] {
        let row = Told { category: Some(category), ..base };
        assert_eq!(judge(&row), (SignInMfa::NotUser, Reason::Workload));
        let failed = Told { error_code: Some(50126), ..row };
        assert_eq!(judge(&failed), (SignInMfa::NotUser, Reason::Workload));
    }
    for (code, expect) in [
        (50126, Reason::Failed),
        (53003, Reason::Failed),
        (50140, Reason::Interrupted),
        (50097, Reason::Interrupted),
        (50074, Reason::MfaDemanded),
        (50076, Reason::MfaDemanded),
        (500_121, Reason::MfaDemanded),
        (7_000_218, Reason::Failed),
        (-1, Reason::Failed),
    ] {
        let row = Told { error_code: Some(code), ..base };
        assert_eq!(judge(&row), (SignInMfa::NotCompleted, expect), "{code}");
    }
    // Nobody says whether it ended, but what was proven was proven.
    let untold = Told { error_code: None, ..base };
    assert_eq!(judge(&untold), (SignInMfa::Mfa, Reason::Performed));
    let result = Told { steps: None, mfa_result: Some("MFA completed in Azure AD"), ..untold };
    assert_eq!(judge(&result), (SignInMfa::Unknown, Reason::NoErrorCode));
}

#[test]
fn methods_are_those_of_steps_that_succeeded() {
    let refused = Step { method: Some("Text message"), succeeded: Some(false), ..second("") };
    let claim = Step { method: Some("Previously satisfied"), ..second("") };
    let skipped = Step { method: Some("Phone call"), ..second("skipped due to location") };
    let again = Step { method: Some("PASSWORD"), ..password() };
    let blank = Step { method: Some(" "), ..password() };
    let steps = [refused, password(), claim, skipped, again, blank, second("")];
    let row = Told { mfa_method: Some("Phone call"), ..told(&steps) };
    let methods: Vec<&str> = methods_of(&row).collect();
    assert_eq!(methods, ["Password", "Mobile app notification"]);

    // The portal's CSV has no steps, only the one method.
    let csv = Told {
        steps: None,
        mfa_result: Some("MFA completed in Azure AD"),
        mfa_method: Some("Phone call"),
        ..told(&[])
    };
    assert_eq!(methods_of(&csv).collect::<Vec<_>>(), ["Phone call"]);
    for row in [
        Told { mfa_result: Some("MFA denied; user is blocked"), ..csv },
        Told { mfa_result: Some("MFA requirement satisfied by claim in the token"), ..csv },
        Told { mfa_method: Some("Previously satisfied"), ..csv },
        Told { error_code: Some(500_121), ..csv },
    ] {
        assert_eq!(methods_of(&row).count(), 0, "{row:?}");
    }
}

const WORDS: &[&str] = &[
    "",
    " ",
    "Password",
    "Previously satisfied",
    "Passkey",
    "X.509 Certificate",
    "Primary authentication",
    "Multi-factor authentication",
    "multiFactorAuthentication",
    "singleFactorAuthentication",
    "Correct password",
    "MFA completed in Azure AD",
    "MFA requirement satisfied by claim in the token",
    "MFA requirement skipped due to location",
    "MFA denied; user is blocked",
    "registration prompted",
    "ſatisfied",
    "MFA \u{1f510}",
];

fn word() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        proptest::sample::select(WORDS).prop_map(|word| Some(word.to_owned())),
        any::<String>().prop_map(Some),
    ]
}

type Words = (Option<String>, Option<String>, Option<String>, Option<bool>);

fn steps_of(words: &[Words]) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for (method, requirement, result, succeeded) in words {
        steps.push(Step {
            method: method.as_deref(),
            detail: None,
            requirement: requirement.as_deref(),
            result: result.as_deref(),
            succeeded: *succeeded,
        });
    }
    steps
}

proptest! {
    #[test]
    fn no_words_bring_it_down_and_failures_prove_nothing(
        category in proptest::option::of(proptest::sample::select(vec![
            Category::Interactive,
            Category::NonInteractive,
            Category::ServicePrincipal,
            Category::ManagedIdentity,
        ])),
        error_code in proptest::option::of(prop_oneof![Just(0_i64), any::<i64>()]),
        requirement in word(),
        words in proptest::option::of(
            proptest::collection::vec((word(), word(), word(), any::<Option<bool>>()), 0..4),
        ),
        mfa_result in word(),
        mfa_method in word(),
        policy_met_mfa: bool,
        is_federation_server: bool,
    ) {
        let steps = words.as_deref().map(steps_of);
        let row = Told {
            category,
            error_code,
            requirement: requirement.as_deref(),
            steps: steps.as_deref(),
            mfa_result: mfa_result.as_deref(),
            mfa_method: mfa_method.as_deref(),
            policy_met_mfa,
            is_federation_server,
        };
        let (verdict, reason) = judge(&row);
        let is_decided = matches!(verdict, SignInMfa::Mfa | SignInMfa::NonMfa | SignInMfa::Exempt);
        prop_assert!(error_code.is_none_or(|code| code == 0) || !is_decided);
        prop_assert!(category.is_none_or(Category::is_user) || verdict == SignInMfa::NotUser);
        prop_assert!(
            verdict != SignInMfa::NonMfa
                || (category == Some(Category::Interactive) && error_code == Some(0))
        );
        prop_assert!(!reason.name().is_empty() && !verdict.name().is_empty());
        prop_assert!(methods_of(&row).all(|method| !is_claim_method(method)));
        prop_assert!(methods_of(&row).count() <= words.map_or(1, |words| words.len().max(1)));
    }
}
