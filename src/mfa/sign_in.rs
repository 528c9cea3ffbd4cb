//! The MFA verdict of a sign-in.
//!
//! Sources, all on <https://learn.microsoft.com/entra/identity>: the words that steps and results
//! are told in, `authentication/howto-mfa-reporting`; what `authenticationRequirement` does not
//! say, `monitoring-health/concept-sign-in-log-activity-details`; what non-interactive rows do
//! not say, `monitoring-health/concept-noninteractive-sign-ins`; that passkeys and certificates
//! satisfy mandatory MFA, `authentication/concept-mandatory-multifactor-authentication`. The shape
//! of a step: <https://learn.microsoft.com/graph/api/resources/authenticationdetail>.

use super::error_code;
use super::strength;
use super::words::{after, begins, contains, filled, is_same, starts_with};

/// Kind of sign-in, as Entra keeps them in logs of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// A person proved who they are.
    Interactive,
    /// A client on behalf of a person, with a token or code it already had.
    NonInteractive,
    /// An application with its own credentials.
    ServicePrincipal,
    /// A managed identity.
    ManagedIdentity,
}

impl Category {
    /// The word in column `category`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::NonInteractive => "non_interactive",
            Self::ServicePrincipal => "service_principal",
            Self::ManagedIdentity => "managed_identity",
        }
    }

    /// Whether a person stands behind sign-ins of this kind.
    pub fn is_user(self) -> bool {
        matches!(self, Self::Interactive | Self::NonInteractive)
    }

    /// Reads the spellings of every export: categories of diagnostic settings, tables of Log
    /// Analytics, `signInEventTypes` of Graph, file names of the portal, and `LogonType` of
    /// Defender hunting, which is a JSON array in text. A list that names two kinds is `None`.
    ///
    /// `ADFSSignInLogs` are sign-ins of people; see [`is_federation_log`].
    pub fn of_text(text: &str) -> Option<Self> {
        let mut found = None;
        for word in text.split([',', ';']).filter(|word| !word.trim().is_empty()) {
            let (_, category) = CATEGORIES.iter().find(|(known, _)| is_same(word, known))?;
            if found.is_some_and(|before| before != *category) {
                return None;
            }
            found = Some(*category);
        }
        found
    }
}

/// Letters of each spelling. Diagnostic categories and tables:
/// <https://learn.microsoft.com/entra/identity/monitoring-health/concept-diagnostic-settings-logs-options>;
/// `signInEventTypes`: <https://learn.microsoft.com/graph/api/resources/signin>; files:
/// `monitoring-health/howto-download-logs` beside it.
const CATEGORIES: &[(&str, Category)] = &[
    ("signinlogs", Category::Interactive),
    ("interactiveuser", Category::Interactive),
    ("interactive", Category::Interactive),
    ("interactivesignins", Category::Interactive),
    ("interactiveusersignins", Category::Interactive),
    ("adfssigninlogs", Category::Interactive),
    ("noninteractiveusersigninlogs", Category::NonInteractive),
    ("aadnoninteractiveusersigninlogs", Category::NonInteractive),
    ("noninteractiveuser", Category::NonInteractive),
    ("noninteractive", Category::NonInteractive),
    ("noninteractivesignins", Category::NonInteractive),
    ("noninteractiveusersignins", Category::NonInteractive),
    ("serviceprincipalsigninlogs", Category::ServicePrincipal),
    ("aadserviceprincipalsigninlogs", Category::ServicePrincipal),
    ("microsoftserviceprincipalsigninlogs", Category::ServicePrincipal),
    ("serviceprincipal", Category::ServicePrincipal),
    ("serviceprincipalsignins", Category::ServicePrincipal),
    ("applicationsignins", Category::ServicePrincipal),
    ("managedidentitysigninlogs", Category::ManagedIdentity),
    ("aadmanagedidentitysigninlogs", Category::ManagedIdentity),
    ("managedidentity", Category::ManagedIdentity),
    ("managedidentitysignins", Category::ManagedIdentity),
    ("msisignins", Category::ManagedIdentity),
];

/// Whether a log or table holds sign-ins that AD FS made and Entra only heard of.
pub fn is_federation_log(text: &str) -> bool {
    is_same(text, "adfssigninlogs")
}

/// Whether the resource of a row is an AD FS or NPS server (`resourceId` `adfs` or `radius`).
/// Such rows lack the fields that the verdict needs; source: `authentication/howto-mfa-reporting`.
pub fn is_federation_server(resource_id: &str) -> bool {
    is_same(resource_id, "adfs") || is_same(resource_id, "radius")
}

/// What the resource asked for, which is not what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Requirement {
    /// One factor.
    SingleFactor,
    /// Two.
    MultiFactor,
}

impl Requirement {
    /// The word in column `requirement`.
    pub fn name(self) -> &'static str {
        match self {
            Self::SingleFactor => "single_factor",
            Self::MultiFactor => "multi_factor",
        }
    }

    /// Reads `multiFactorAuthentication` of Graph, `Multifactor authentication` and `Multi-factor
    /// authentication` of the portal, and the same with `single`.
    pub fn of_text(text: &str) -> Option<Self> {
        if begins(text, "multifactor") {
            Some(Self::MultiFactor)
        } else if begins(text, "singlefactor") {
            Some(Self::SingleFactor)
        } else {
            None
        }
    }
}

/// One element of `authenticationDetails`, or one row of the portal's `AuthDetails` file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Step<'a> {
    /// `authenticationMethod`.
    pub method: Option<&'a str>,
    /// `authenticationMethodDetail`. [`judge`] does not look at it: it holds names of devices and
    /// telephone numbers, which people choose.
    pub detail: Option<&'a str>,
    /// `authenticationStepRequirement`.
    pub requirement: Option<&'a str>,
    /// `authenticationStepResultDetail`.
    pub result: Option<&'a str>,
    /// `succeeded`.
    pub succeeded: Option<bool>,
}

/// What an export tells of a sign-in; empty words are absent ones.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'a> {
    /// Kind of sign-in.
    pub category: Option<Category>,
    /// `status.errorCode`: 0 for a completed one. The portal's CSV leaves it blank on success;
    /// give 0 where its `Status` says so.
    pub error_code: Option<i64>,
    /// `authenticationRequirement`, in any spelling.
    pub requirement: Option<&'a str>,
    /// `authenticationDetails`; `None` when the export has no such field.
    pub steps: Option<&'a [Step<'a>]>,
    /// `status.additionalDetails`, the CSV's `Multifactor authentication result`.
    pub mfa_result: Option<&'a str>,
    /// `mfaDetail.authMethod`, the CSV's `Multifactor authentication auth method`.
    pub mfa_method: Option<&'a str>,
    /// Whether a Conditional Access policy has result `success` and the grant control `Mfa`;
    /// report-only results do not count.
    pub policy_met_mfa: bool,
    /// Whether the row is of a federation server, see [`is_federation_server`] and
    /// [`is_federation_log`].
    pub is_federation_server: bool,
}

/// What a sign-in proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignInMfa {
    /// MFA was done, now or before.
    Mfa,
    /// A first factor was shown and nothing else.
    NonMfa,
    /// MFA was asked for and let go: trusted location, remembered device, …
    Exempt,
    /// The row does not say.
    Unknown,
    /// The sign-in did not come to an end, so it says nothing of MFA.
    NotCompleted,
    /// An application or managed identity.
    NotUser,
}

impl SignInMfa {
    /// The word in column `mfa`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mfa => "mfa",
            Self::NonMfa => "non_mfa",
            Self::Exempt => "exempt",
            Self::Unknown => "unknown",
            Self::NotCompleted => "not_completed",
            Self::NotUser => "not_user",
        }
    }
}

/// What a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Mfa: a second factor was given.
    Performed,
    /// Mfa: the token that was handed in had an MFA claim.
    Claim,
    /// Mfa: another provider did it and said so.
    External,
    /// Mfa: the first step was of a method that is two factors by itself.
    Passwordless,
    /// Mfa: the resource required it and let the user in; the step itself is not in the row.
    Requirement,
    /// Mfa: a Conditional Access policy that grants by MFA was met; weaker.
    Policy,
    /// Learnt from another sign-in of the same session; never given by [`judge`].
    Session,
    /// Learnt from the claims of a token this sign-in issued; never given by [`judge`].
    Token,
    /// `NonMfa`: a first factor was given, and the steps show nothing else.
    FirstFactorOnly,
    /// Exempt: from a trusted location.
    SkippedLocation,
    /// Exempt: on a device that remembers an earlier MFA.
    SkippedRememberedDevice,
    /// Exempt: on a registered device.
    SkippedRegisteredDevice,
    /// Exempt: with an app password.
    SkippedAppPassword,
    /// Exempt: in the flow of the Windows broker.
    SkippedBroker,
    /// Exempt, in words we do not know.
    SkippedOther,
    /// Unknown: an MFA that has expired is told of and nothing newer.
    Expired,
    /// Unknown: the user was asked to register a method.
    RegistrationPrompted,
    /// Unknown: completed, though the only MFA step told of was refused.
    Denied,
    /// Unknown: the first factor came from a token, which may have had an MFA claim as well.
    FirstFactorClaim,
    /// Unknown: a certificate was the first factor; it can be one factor or two, which only
    /// `User certificate authentication level` of the interrupted row before tells
    /// (`authentication/concept-certificate-based-authentication-technical-deep-dive`).
    Certificate,
    /// Unknown: a client's own sign-in shows no factors, whatever its session had.
    NonInteractive,
    /// Unknown: one factor was asked for, and the steps are not told.
    NoSteps,
    /// Unknown: steps are told in words that do not settle it.
    Unclear,
    /// Unknown: the export has no field about MFA, as Graph v1.0.
    NoEvidence,
    /// Unknown: the export does not tell whether the sign-in was completed.
    NoErrorCode,
    /// Unknown: a row of AD FS or NPS, which lacks the fields.
    FederationServer,
    /// `NotCompleted`: it ended at a demand for MFA.
    MfaDemanded,
    /// `NotCompleted`: it was interrupted on the way, which is no failure.
    Interrupted,
    /// `NotCompleted`: it failed.
    Failed,
    /// `NotUser`: an application or managed identity.
    Workload,
}

impl Reason {
    /// The word in column `mfa_reason`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Performed => "performed",
            Self::Claim => "claim",
            Self::External => "external",
            Self::Passwordless => "passwordless",
            Self::Requirement => "requirement",
            Self::Policy => "policy",
            Self::Session => "session",
            Self::Token => "token",
            Self::FirstFactorOnly => "first_factor_only",
            Self::SkippedLocation => "skipped_location",
            Self::SkippedRememberedDevice => "skipped_remembered_device",
            Self::SkippedRegisteredDevice => "skipped_registered_device",
            Self::SkippedAppPassword => "skipped_app_password",
            Self::SkippedBroker => "skipped_broker",
            Self::SkippedOther => "skipped_other",
            Self::Expired => "expired",
            Self::RegistrationPrompted => "registration_prompted",
            Self::Denied => "denied",
            Self::FirstFactorClaim => "first_factor_claim",
            Self::Certificate => "certificate",
            Self::NonInteractive => "non_interactive",
            Self::NoSteps => "no_steps",
            Self::Unclear => "unclear",
            Self::NoEvidence => "no_evidence",
            Self::NoErrorCode => "no_error_code",
            Self::FederationServer => "federation_server",
            Self::MfaDemanded => "mfa_demanded",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
            Self::Workload => "workload",
        }
    }
}

/// What the words of a result say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Done,
    Claim,
    External,
    Skipped(Reason),
    Expired,
    RegistrationPrompted,
    Denied,
    FirstFactorDone,
    FirstFactorClaim,
}

/// Beginnings of results once their prefix is off, from `authentication/howto-mfa-reporting`.
/// Those that page files under "satisfied" though they prove nothing are not satisfied here.
const SATISFIED: &[(&str, Said)] = &[
    ("satisfied by claim in the token", Said::Claim),
    ("satisfied by claim provided by external provider", Said::External),
    ("completed", Said::Done),
    ("successfully completed", Said::Done),
    ("satisfied", Said::Done),
    ("has expired", Said::Expired),
    ("expired", Said::Expired),
    ("registration prompted", Said::RegistrationPrompted),
    ("skipped due to location", Said::Skipped(Reason::SkippedLocation)),
    ("skipped due to trusted location", Said::Skipped(Reason::SkippedLocation)),
    ("skipped due to remembered device", Said::Skipped(Reason::SkippedRememberedDevice)),
    ("skipped due to registered device", Said::Skipped(Reason::SkippedRegisteredDevice)),
    ("skipped due to app password", Said::Skipped(Reason::SkippedAppPassword)),
    ("skipped as flow exercised was windows broker", Said::Skipped(Reason::SkippedBroker)),
    ("skipped", Said::Skipped(Reason::SkippedOther)),
];

/// Beginnings of refusals, from the same page. With the prefix `MFA denied;` any word refuses.
const DENIED: &[&str] = &[
    "denied",
    "authentication in-progress",
    "authentication in progress",
    "duplicate authentication attempt",
    "entered incorrect code too many times",
    "invalid authentication",
    "invalid mobile app verification code",
    "misconfiguration",
    "phone call went to voicemail",
    "phone number has an invalid format",
    "service error",
    "unable to reach the user",
    "unable to send the mobile app notification",
    "user declined the authentication",
    "user did not respond to mobile app notification",
    "user didn't respond to mobile app notification",
    "user does not have any verification methods registered",
    "user doesn't have any verification methods registered",
    "user entered incorrect",
    "user hung up the phone call",
    "user is blocked",
    "user never entered the verification code",
    "user not found",
    "verification code already used once",
];

/// Words of first steps. The claim is in Microsoft's sample of
/// `monitoring-health/howto-download-logs`; the others are seen in public exports.
const FIRST_FACTOR: &[(&str, Said)] = &[
    ("correct password", Said::FirstFactorDone),
    ("first factor requirement satisfied by claim in the token", Said::FirstFactorClaim),
    ("first factor requirement satisfied", Said::FirstFactorDone),
];

/// What may stand before the words of the lists; the older page writes the long form.
const PREFIXES: &[&str] = &[
    "MFA requirement ",
    "MFA ",
    "Azure Multi-Factor Authentication ",
    "Azure MFA ",
    "Multi-factor authentication requirement ",
    "Multifactor authentication requirement ",
    "Multi-factor authentication ",
    "Multifactor authentication ",
];

/// Methods that stand for a claim of an earlier sign-in.
/// Source: <https://learn.microsoft.com/graph/api/resources/authenticationdetail>.
const CLAIM_METHODS: &[&str] = &["previouslysatisfied", "satisfiedbytoken", "satisfiedbyclaim"];

/// Whether a method is no method but an earlier one's claim.
pub fn is_claim_method(method: &str) -> bool {
    CLAIM_METHODS.iter().any(|known| begins(method, known))
}

fn said(text: &str) -> Option<Said> {
    let text = text.trim();
    let look_up = |list: &[(&str, Said)], text: &str| {
        list.iter().find(|(start, _)| starts_with(text, start)).map(|(_, said)| *said)
    };
    if let Some(said) = look_up(FIRST_FACTOR, text) {
        return Some(said);
    }
    let bare = PREFIXES.iter().find_map(|prefix| after(text, prefix)).unwrap_or(text).trim_start();
    match look_up(SATISFIED, bare) {
        Some(Said::Done) if contains(bare, "external provider") => Some(Said::External),
        Some(Said::Done) if contains(bare, "claim in the token") => Some(Said::Claim),
        Some(said) => Some(said),
        None => DENIED.iter().any(|start| starts_with(bare, start)).then_some(Said::Denied),
    }
}

/// Which factor a step is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Factor {
    First,
    Second,
    Untold,
}

impl Factor {
    fn of(step: &Step<'_>) -> Self {
        match filled(step.requirement) {
            Some(text) if begins(text, "multifactor") || begins(text, "mfa") => Self::Second,
            Some(text) if begins(text, "primary") || begins(text, "singlefactor") => Self::First,
            Some(_) => Self::Untold,
            // Rows that were logged early leave the requirement empty.
            None => match filled(step.result).and_then(said) {
                Some(Said::FirstFactorDone | Said::FirstFactorClaim) => Self::First,
                _ => Self::Untold,
            },
        }
    }
}

/// What the steps of a row come to; the better proof counts.
#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    proof: Option<Reason>,
    is_passwordless: bool,
    skipped: Option<Reason>,
    doubt: Option<Reason>,
    has_first_factor: bool,
    has_first_factor_claim: bool,
    has_certificate: bool,
    has_other: bool,
}

impl Shown {
    fn of(steps: &[Step<'_>]) -> Self {
        let mut shown = Self::default();
        for step in steps {
            match Factor::of(step) {
                Factor::First => shown.add_first(step),
                Factor::Second => shown.add_second(step),
                Factor::Untold => shown.has_other = true,
            }
        }
        shown
    }

    fn add_first(&mut self, step: &Step<'_>) {
        let result = filled(step.result).and_then(said);
        let is_done = step.succeeded == Some(true)
            || (step.succeeded.is_none() && matches!(result, Some(Said::FirstFactorDone)));
        let is_claim = matches!(result, Some(Said::FirstFactorClaim | Said::Claim))
            || filled(step.method).is_some_and(is_claim_method);
        if is_claim {
            self.has_first_factor_claim = true;
            return;
        }
        if !is_done {
            return;
        }
        match filled(step.method) {
            Some(method) if strength::is_mfa_by_itself(method) => self.is_passwordless = true,
            Some(method) if strength::is_certificate(method) => self.has_certificate = true,
            // What is not known may be two factors in one.
            Some(method) if strength::of_method(method).is_none() => self.has_other = true,
            _ => self.has_first_factor = true,
        }
    }

    fn add_second(&mut self, step: &Step<'_>) {
        let text = filled(step.result);
        let result = text.and_then(said);
        match result {
            Some(Said::Skipped(why)) => {
                self.skipped.get_or_insert(why);
                return;
            }
            Some(Said::Expired) => return self.doubts(Reason::Expired),
            Some(Said::RegistrationPrompted) => return self.doubts(Reason::RegistrationPrompted),
            _ => {}
        }
        let is_done = step.succeeded == Some(true)
            || (step.succeeded.is_none()
                && matches!(result, Some(Said::Done | Said::Claim | Said::External)));
        if result == Some(Said::Denied) || step.succeeded == Some(false) {
            return self.doubts(Reason::Denied);
        }
        if !is_done {
            self.has_other = true;
            return;
        }
        if text.is_some_and(|text| contains(text, "skipped")) {
            self.skipped.get_or_insert(Reason::SkippedOther);
            return;
        }
        let is_external = result == Some(Said::External)
            || text.is_some_and(|text| contains(text, "external provider"));
        let is_claim = result == Some(Said::Claim)
            || text.is_some_and(|text| contains(text, "claim in the token"))
            || filled(step.method).is_some_and(is_claim_method);
        let proof = if is_external {
            Reason::External
        } else if is_claim {
            Reason::Claim
        } else {
            Reason::Performed
        };
        if self.proof.is_none_or(|before| rank(proof) > rank(before)) {
            self.proof = Some(proof);
        }
    }

    fn doubts(&mut self, why: Reason) {
        self.doubt.get_or_insert(why);
    }
}

fn rank(proof: Reason) -> u8 {
    match proof {
        Reason::Performed => 2,
        Reason::External => 1,
        _ => 0,
    }
}

/// The verdict of a sign-in, and what it rests on.
///
/// In this order: applications are not asked; what failed says nothing; then the steps, the words
/// of the result, the requirement, the policies. A first factor counts as "without MFA" only in an
/// interactive row whose steps show that it was given and nothing else: a non-interactive row
/// never shows factors, and a first factor that came by a token may have come with an MFA claim
/// (`authentication/howto-mfa-reporting`: such sign-ins "might appear as single factor").
pub fn judge(told: &Told<'_>) -> (SignInMfa, Reason) {
    if told.category.is_some_and(|category| !category.is_user()) {
        return (SignInMfa::NotUser, Reason::Workload);
    }
    if let Some(code) = told.error_code.filter(|code| *code != 0) {
        return (SignInMfa::NotCompleted, why_not_completed(code));
    }
    if told.is_federation_server {
        return (SignInMfa::Unknown, Reason::FederationServer);
    }
    let steps = told.steps.unwrap_or_default();
    let shown = Shown::of(steps);
    if let Some(proof) = shown.proof {
        return (SignInMfa::Mfa, proof);
    }
    if shown.is_passwordless {
        return (SignInMfa::Mfa, Reason::Passwordless);
    }
    if let Some(why) = shown.skipped {
        return (SignInMfa::Exempt, why);
    }
    if told.error_code.is_none() {
        return (SignInMfa::Unknown, Reason::NoErrorCode);
    }
    let mut doubt = shown.doubt;
    match filled(told.mfa_result).and_then(said) {
        Some(Said::Done) => return (SignInMfa::Mfa, Reason::Performed),
        Some(Said::Claim) => return (SignInMfa::Mfa, Reason::Claim),
        Some(Said::External) => return (SignInMfa::Mfa, Reason::External),
        Some(Said::Skipped(why)) => return (SignInMfa::Exempt, why),
        Some(Said::Expired) => doubt = doubt.or(Some(Reason::Expired)),
        Some(Said::RegistrationPrompted) => doubt = doubt.or(Some(Reason::RegistrationPrompted)),
        Some(Said::Denied) => doubt = doubt.or(Some(Reason::Denied)),
        Some(Said::FirstFactorDone | Said::FirstFactorClaim) | None => {}
    }
    if let Some(why) = doubt {
        return (SignInMfa::Unknown, why);
    }
    let requirement = filled(told.requirement).and_then(Requirement::of_text);
    if requirement == Some(Requirement::MultiFactor) {
        return (SignInMfa::Mfa, Reason::Requirement);
    }
    if told.policy_met_mfa {
        return (SignInMfa::Mfa, Reason::Policy);
    }
    without_proof(told, shown, requirement)
}

/// The verdict of a completed sign-in of a person that shows no MFA.
fn without_proof(
    told: &Told<'_>,
    shown: Shown,
    requirement: Option<Requirement>,
) -> (SignInMfa, Reason) {
    let has_steps = told.steps.is_some_and(|steps| !steps.is_empty());
    if told.category == Some(Category::NonInteractive) {
        return (SignInMfa::Unknown, Reason::NonInteractive);
    }
    if !has_steps {
        let is_mute = told.steps.is_none() && requirement.is_none();
        let why = if is_mute { Reason::NoEvidence } else { Reason::NoSteps };
        return (SignInMfa::Unknown, why);
    }
    if shown.has_other
        || told.category != Some(Category::Interactive)
        || requirement != Some(Requirement::SingleFactor)
    {
        return (SignInMfa::Unknown, Reason::Unclear);
    }
    if shown.has_certificate {
        (SignInMfa::Unknown, Reason::Certificate)
    } else if shown.has_first_factor_claim {
        (SignInMfa::Unknown, Reason::FirstFactorClaim)
    } else if shown.has_first_factor {
        (SignInMfa::NonMfa, Reason::FirstFactorOnly)
    } else {
        (SignInMfa::Unknown, Reason::Unclear)
    }
}

fn why_not_completed(code: i64) -> Reason {
    if error_code::is_mfa_demand(code) {
        Reason::MfaDemanded
    } else if error_code::is_interrupt(code) {
        Reason::Interrupted
    } else {
        Reason::Failed
    }
}

/// The methods of the steps that succeeded, in order and each once; claims are no methods. Where
/// there are no steps, the one method that `mfaDetail` names, if the row proves that it was used.
pub fn methods_of<'a>(told: &Told<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let steps = told.steps.unwrap_or_default();
    let is_mute = steps.is_empty();
    let method_at = move |index: usize| {
        let step: &Step<'a> = steps.get(index)?;
        let is_skipped = matches!(
            filled(step.result).and_then(said),
            Some(Said::Skipped(_) | Said::Expired | Said::RegistrationPrompted | Said::Denied)
        );
        if step.succeeded != Some(true) || is_skipped {
            return None;
        }
        filled(step.method).filter(|method| !is_claim_method(method))
    };
    let from_steps = (0..steps.len()).filter_map(move |index| {
        let method = method_at(index)?;
        let is_new =
            !(0..index).filter_map(method_at).any(|before| before.eq_ignore_ascii_case(method));
        is_new.then_some(method)
    });
    let is_proven = is_mute && judge(told) == (SignInMfa::Mfa, Reason::Performed);
    let from_detail =
        filled(told.mfa_method).filter(|method| is_proven && !is_claim_method(method));
    from_steps.chain(from_detail)
}

#[cfg(test)]
mod tests;
