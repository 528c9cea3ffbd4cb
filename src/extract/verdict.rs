//! Verdicts of sign-ins: those that tell the same are judged once.
//!
//! What a sign-in tells of MFA is said in few ways that come again and again, and judging reads a
//! dozen lists of words.

use std::borrow::Cow;

use crate::extract::elements::{Element, Elements};
use crate::extract::remembered::Remembered;
use crate::extract::shape::truth;
use crate::mfa::sign_in::{Category, Reason, SignInMfa, Step, Told, judge, methods_of};
use crate::mfa::strength::{Strength, strongest};

/// Members of one element of `authenticationDetails`.
/// Source: <https://learn.microsoft.com/graph/api/resources/authenticationdetail>.
const STEP_PATHS: &[&[&str]] = &[
    &["authenticationMethod"],
    &["authenticationMethodDetail"],
    &["authenticationStepRequirement"],
    &["authenticationStepResultDetail"],
    &["succeeded"],
];

/// One authentication step, as texts.
#[derive(Debug, Clone, Default)]
struct OwnStep {
    parts: [Option<String>; 4],
    succeeded: Option<bool>,
}

impl OwnStep {
    fn of(element: &Element<'_>) -> Self {
        let part = |part| element.part(part).map(Cow::into_owned);
        Self {
            parts: [part(0), part(1), part(2), part(3)],
            succeeded: element.part(4).and_then(|text| truth(&text)),
        }
    }

    fn step(&self) -> Step<'_> {
        let [method, detail, requirement, result] = self.parts.each_ref().map(Option::as_deref);
        Step { method, detail, requirement, result, succeeded: self.succeeded }
    }
}

/// What a sign-in comes to.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    /// By itself, and if a policy that grants by MFA was met.
    by_itself: (SignInMfa, Reason),
    by_policy: (SignInMfa, Reason),
    /// Comma-joined; none where there is none.
    pub(crate) methods: Option<String>,
    pub(crate) strength: Option<Strength>,
    /// None where the export has no steps.
    pub(crate) step_count: Option<i64>,
}

impl Judged {
    /// The verdict; `meets_policy` says whether a policy that grants by MFA was met. It is the
    /// weakest sign, and finding out takes longest: it is asked only where it can tell.
    pub(crate) fn verdict(&self, meets_policy: impl FnOnce() -> bool) -> (SignInMfa, Reason) {
        if self.by_policy != self.by_itself && meets_policy() {
            self.by_policy
        } else {
            self.by_itself
        }
    }

    fn of(told: Told<'_>, steps: Option<&[OwnStep]>) -> Self {
        let steps: Option<Vec<Step<'_>>> =
            steps.map(|steps| steps.iter().map(OwnStep::step).collect());
        let told = Told { steps: steps.as_deref(), ..told };
        let methods: Vec<&str> = methods_of(&told).collect();
        Self {
            by_itself: judge(&told),
            by_policy: judge(&Told { policy_met_mfa: true, ..told }),
            strength: strongest(methods.iter().copied()),
            methods: (!methods.is_empty()).then(|| methods.join(",")),
            step_count: told.steps.map(|steps| i64::try_from(steps.len()).unwrap_or(i64::MAX)),
        }
    }
}

/// Judges sign-ins.
#[derive(Debug)]
pub(crate) struct Verdicts {
    steps: Elements,
    known: Remembered<Judged>,
}

impl Default for Verdicts {
    fn default() -> Self {
        Self { steps: Elements::new(STEP_PATHS), known: Remembered::default() }
    }
}

impl Verdicts {
    /// Judges a row by what it tells; `steps` is the text of its steps, and `told` has all else but
    /// whether a policy was met.
    pub(crate) fn of(&mut self, told: Told<'_>, steps: Option<&str>) -> Judged {
        let Self { steps: reader, known } = self;
        known.ask([
            told.category.map(Category::name),
            told.requirement,
            told.mfa_result,
            told.mfa_method,
        ]);
        known.number(told.error_code);
        known.number(Some(i64::from(told.is_federation_server)));
        known.number(Some(i64::from(steps.is_some())));
        if let Some(text) = steps {
            reader.each(text, &mut |element| {
                for part in 0..STEP_PATHS.len() {
                    known.text(element.part(part).as_deref());
                }
            });
        }
        known.result(|| {
            let steps = steps.map(|text| {
                let mut steps = Vec::new();
                reader.each(text, &mut |element| steps.push(OwnStep::of(element)));
                steps
            });
            Judged::of(told, steps.as_deref())
        })
    }
}
