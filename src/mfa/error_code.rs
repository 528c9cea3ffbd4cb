//! What the error codes of sign-ins (AADSTS numbers) mean for MFA.
//!
//! Source: <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>; 500121 is
//! not on that page but in
//! <https://learn.microsoft.com/entra/architecture/security-operations-privileged-accounts>.

/// What stopped a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Nothing.
    Success,
    /// A second factor, or its registration.
    Mfa,
    /// Conditional Access or security defaults.
    ConditionalAccess,
    /// The first factor or the account.
    Primary,
    /// The device.
    Device,
    /// A step on the way that is no failure.
    Interrupt,
    /// Anything else.
    Other,
}

impl Class {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Mfa => "mfa",
            Self::ConditionalAccess => "conditional_access",
            Self::Primary => "primary",
            Self::Device => "device",
            Self::Interrupt => "interrupt",
            Self::Other => "other",
        }
    }
}

struct Known {
    code: i64,
    class: Class,
    is_interrupt: bool,
    meaning: &'static str,
}

const fn stop(code: i64, class: Class, meaning: &'static str) -> Known {
    Known { code, class, is_interrupt: false, meaning }
}

const fn step(code: i64, class: Class, meaning: &'static str) -> Known {
    Known { code, class, is_interrupt: true, meaning }
}

/// In order of code.
const KNOWN: &[Known] = &[
    stop(0, Class::Success, "completed"),
    step(16000, Class::Interrupt, "another account has to be chosen"),
    stop(50005, Class::ConditionalAccess, "device platform not supported by Conditional Access"),
    stop(50034, Class::Primary, "user not found in the tenant"),
    stop(50053, Class::Primary, "account locked, or sign-in from a malicious address"),
    step(50055, Class::Primary, "password expired"),
    stop(50056, Class::Primary, "no password set"),
    stop(50057, Class::Primary, "account disabled"),
    step(50058, Class::Interrupt, "no session for single sign-on"),
    step(50072, Class::Mfa, "second factor has to be registered"),
    step(50074, Class::Mfa, "second factor required and not given"),
    stop(50076, Class::Mfa, "MFA required"),
    stop(50078, Class::Mfa, "MFA expired"),
    stop(50079, Class::Mfa, "second factor has to be registered"),
    stop(50086, Class::Mfa, "MFA service failed"),
    stop(50087, Class::Mfa, "MFA service failed for now"),
    stop(50088, Class::Mfa, "limit of telephone calls for MFA reached"),
    step(50097, Class::Device, "device has to authenticate"),
    stop(50105, Class::Other, "user not assigned to the application"),
    step(50125, Class::Interrupt, "password reset or registration"),
    stop(50126, Class::Primary, "wrong user name or password"),
    step(50127, Class::Device, "broker app has to be installed"),
    step(50129, Class::Device, "device has to be registered"),
    stop(50131, Class::ConditionalAccess, "Conditional Access failed"),
    stop(50132, Class::Other, "session revoked"),
    stop(50133, Class::Other, "session ended by a change of password"),
    step(50140, Class::Interrupt, "asked to stay signed in"),
    stop(50142, Class::ConditionalAccess, "change of password required by Conditional Access"),
    step(50144, Class::Primary, "on-premises password expired"),
    stop(50155, Class::Device, "device could not authenticate"),
    step(50158, Class::Mfa, "challenge of another provider not met"),
    stop(50173, Class::Other, "grant revoked"),
    step(50199, Class::Interrupt, "asked to confirm the sign-in"),
    stop(53000, Class::ConditionalAccess, "device not compliant"),
    stop(53001, Class::ConditionalAccess, "device not joined to the domain"),
    stop(53002, Class::ConditionalAccess, "application not an approved one"),
    stop(53003, Class::ConditionalAccess, "blocked by Conditional Access"),
    stop(53004, Class::Mfa, "registration of MFA blocked because of risk"),
    stop(53010, Class::Mfa, "MFA cannot be set up from here"),
    stop(53011, Class::ConditionalAccess, "blocked because of risk in the home tenant"),
    step(65001, Class::Interrupt, "consent missing"),
    stop(65002, Class::Other, "first-party application not pre-authorised"),
    stop(65004, Class::Other, "consent declined"),
    step(81010, Class::Interrupt, "ticket of seamless single sign-on not usable"),
    stop(90072, Class::Mfa, "guest cannot do MFA in this tenant"),
    stop(500_121, Class::Mfa, "MFA failed, was declined or timed out"),
    stop(530_032, Class::ConditionalAccess, "blocked by a security policy"),
    stop(530_034, Class::ConditionalAccess, "delegated administrator blocked"),
    stop(530_035, Class::ConditionalAccess, "blocked by security defaults"),
];

fn known(code: i64) -> Option<&'static Known> {
    KNOWN.binary_search_by_key(&code, |known| known.code).ok().and_then(|at| KNOWN.get(at))
}

/// What stopped a sign-in; codes that are not listed are `Other`.
pub fn class(code: i64) -> Class {
    known(code).map_or(Class::Other, |known| known.class)
}

/// The code in a few words; `None` when it is not listed.
pub fn meaning(code: i64) -> Option<&'static str> {
    known(code).map(|known| known.meaning)
}

/// Whether the code is a step on the way to a sign-in, which may still come to a good end under
/// the same correlation id. It can be a demand for MFA as well.
pub fn is_interrupt(code: i64) -> bool {
    known(code).is_some_and(|known| known.is_interrupt)
}

/// Whether the sign-in ended at a demand for MFA, or for registering it.
pub fn is_mfa_demand(code: i64) -> bool {
    class(code) == Class::Mfa
}

/// Whether the first factor was right; `None` when the code does not tell.
///
/// A demand for MFA comes after it
/// (<https://learn.microsoft.com/entra/identity/monitoring-health/concept-sign-in-log-activity-details>),
/// and so does Conditional Access
/// (<https://learn.microsoft.com/entra/identity/conditional-access/overview>).
pub fn first_factor_passed(code: i64) -> Option<bool> {
    match code {
        0 | 50072 | 50074 | 50076 | 50079 | 53000..=53003 | 500_121 => Some(true),
        50034 | 50053 | 50056 | 50057 | 50126 => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, KNOWN, class, first_factor_passed, is_interrupt, is_mfa_demand, meaning};

    #[test]
    fn codes_stand_in_order_so_that_they_are_found() {
        assert!(KNOWN.is_sorted_by(|left, right| left.code < right.code));
        for known in KNOWN {
            assert_eq!(class(known.code), known.class, "{}", known.code);
            assert_eq!(meaning(known.code), Some(known.meaning));
            // One that demands MFA was stopped by it, not by something else.
            assert_eq!(is_mfa_demand(known.code), known.class == Class::Mfa);
        }
    }

    #[test]
    fn codes_say_what_stopped_the_sign_in() {
        for (code, expect, interrupt, first) in [
            (0, Class::Success, false, Some(true)),
            (50072, Class::Mfa, true, Some(true)),
            (50074, Class::Mfa, true, Some(true)),
            (50076, Class::Mfa, false, Some(true)),
            (50079, Class::Mfa, false, Some(true)),
            (50158, Class::Mfa, true, None),
            (500_121, Class::Mfa, false, Some(true)),
            (90072, Class::Mfa, false, None),
            (53003, Class::ConditionalAccess, false, Some(true)),
            (530_035, Class::ConditionalAccess, false, None),
            (50126, Class::Primary, false, Some(false)),
            (50053, Class::Primary, false, Some(false)),
            (50055, Class::Primary, true, None),
            (50097, Class::Device, true, None),
            (50140, Class::Interrupt, true, None),
            (65001, Class::Interrupt, true, None),
            (50105, Class::Other, false, None),
            (700_016, Class::Other, false, None),
            (-1, Class::Other, false, None),
            (i64::MIN, Class::Other, false, None),
        ] {
            assert_eq!(class(code), expect, "{code}");
            assert_eq!(is_interrupt(code), interrupt, "{code}");
            assert_eq!(first_factor_passed(code), first, "{code}");
        }
        assert_eq!(meaning(700_016), None);
        assert_eq!(meaning(50126), Some("wrong user name or password"));
    }
}
