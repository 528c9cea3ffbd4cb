//! What mandatory MFA will mean for a person: a verdict, the rule it rests on, reasons in words
//! and what to do.
//!
//! # Words
//! - *writes*: requests to write or delete (`write_attempts`); requests to act (POST) are not
//!   covered and are counted as `actions`.
//! - *sign-ins*: completed sign-ins to what mandatory MFA covers.
//! - *not MFA*: `non_mfa_writes + non_mfa_sign_ins + exempt_sign_ins > 0`.
//! - *uses Azure*: `write_attempts + sign_ins + failed_mfa_sign_ins > 0`.
//! - *privileged*: holds a privileged role, or stands on the list of break-glass accounts.
//! - *can do MFA*, see [`Evidence::can_do_mfa`]: yes if MFA was seen anywhere (`mfa_writes`,
//!   `mfa_sign_ins` or `mfa_elsewhere`), the registrations say `is_mfa_capable`, or a method that
//!   resists phishing is registered (Windows Hello for Business, passkeys and certificates are
//!   MFA by themselves, even where Graph says that no second factor is registered); no if none of
//!   these and the registrations say that the person is not capable; else it is unknown.
//!
//! # The rules
//! The first that holds decides. What the log does not tell is never counted on either side; it
//! is named in the reasons.
//!
//! | rule | verdict | holds when |
//! |---|---|---|
//! | `sync_account` | `not_in_scope` | a synchronisation account that does not use Azure; see [`is_sync_name`], or the role Directory Synchronization Accounts |
//! | `sovereign_cloud` | `not_in_scope` | something was in a sovereign cloud (`sovereign_writes + sovereign_sign_ins > 0`), all writes were (`sovereign_writes = write_attempts`), no `sign_ins` and no `failed_mfa_sign_ins` |
//! | `disabled_account` | `not_in_scope` | the directory says the account is disabled, no writes and no sign-ins |
//! | `no_management` | `not_in_scope` | does not use Azure and is not privileged |
//! | `denied_already` | `will_break` | an MFA policy denied something (`policy_denies > 0`), and no write with MFA is later than the last denial |
//! | `ropc` | `will_break` | `ropc_sign_ins > 0` |
//! | `not_capable` | `will_break` | not MFA, and cannot do MFA |
//! | `service_account` | `will_break` | `non_mfa_writes > 0` and a service score of at least 40 ([`crate::mfa::service_account`]) |
//! | `break_glass_without_mfa` | `will_break` | on the list of break-glass accounts, not MFA, and whether the person can do MFA is unknown |
//! | `admin_not_capable` | `will_break` | privileged, and cannot do MFA |
//! | `non_mfa_writes` | `at_risk` | `non_mfa_writes > 0` |
//! | `non_mfa_sign_ins` | `at_risk` | `non_mfa_sign_ins > 0` |
//! | `mfa_skipped` | `at_risk` | `exempt_sign_ins > 0` |
//! | `mfa_failures` | `at_risk` | `failed_mfa_sign_ins > 0`, the last of them later than the last MFA seen anywhere and than the last of `sign_ins` |
//! | `not_registered` | `at_risk` | cannot do MFA |
//! | `mfa_every_time` | ready | `mfa_writes > 0` |
//! | `mfa_sign_ins_only` | ready | `mfa_sign_ins > 0` |
//! | `mfa_elsewhere` | `ready_not_exercised` | `mfa_elsewhere > 0` |
//! | `registered` | `ready_not_exercised` | can do MFA |
//! | `no_claims` | `cannot_tell` | `unknown_writes > 0` |
//! | `no_mfa_fields` | `cannot_tell` | `unknown_sign_ins > 0` |
//! | `never_seen` | `cannot_tell` | always |
//!
//! Where two times are equal, the one is not later than the other. A time that is missing is
//! earlier than every other.
//!
//! # Phases
//! None for `not_in_scope`. Else phase 1 if the person is privileged or used a portal
//! (`phase_one_uses > 0`), and phase 2 if there are writes or the person used something of phase
//! 2 (`phase_two_uses > 0`).
//!
//! # Where this is from
//! <https://learn.microsoft.com/entra/identity/authentication/concept-mandatory-multifactor-authentication>
//! (read 2026-04-03): who and what is covered; that exclusions and exceptions no longer apply,
//! break-glass accounts included, for which FIDO2 or certificates are recommended; that guests do
//! MFA here or, where cross-tenant access trusts it, at home; that students and user accounts
//! used as service accounts are covered, while synchronisation accounts, workload identities and
//! sovereign clouds are not; that ROPC cannot do MFA; that phase 2 leaves reads alone. Nothing in
//! a log tells a student from others: they are judged like everybody.
//! Names of synchronisation accounts:
//! <https://learn.microsoft.com/entra/identity/hybrid/connect/reference-connect-adsync> and
//! <https://learn.microsoft.com/entra/identity/hybrid/cloud-sync/how-to-troubleshoot>.
//! Commands: <https://learn.microsoft.com/cli/azure/authenticate-azure-cli-mfa> and
//! <https://learn.microsoft.com/powershell/azure/authenticate-mfa>.

use crate::mfa::phase::Phase;
use crate::mfa::service_account::Score;
use crate::mfa::strength::{Strength, strongest};

mod words;

/// What mandatory MFA will mean for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Something the person does today will be refused.
    WillBreak,
    /// Something will be refused unless the person does MFA, which nothing keeps them from.
    AtRisk,
    /// The inputs do not say.
    CannotTell,
    /// Able to do MFA, but not seen doing it for Azure.
    ReadyNotExercised,
    /// Does MFA for Azure.
    Ready,
    /// Mandatory MFA does not concern the person.
    NotInScope,
}

/// All verdicts, the most urgent first.
pub const VERDICTS: [Verdict; 6] = [
    Verdict::WillBreak,
    Verdict::AtRisk,
    Verdict::CannotTell,
    Verdict::ReadyNotExercised,
    Verdict::Ready,
    Verdict::NotInScope,
];

impl Verdict {
    /// The word in column `verdict`.
    pub fn name(self) -> &'static str {
        match self {
            Self::WillBreak => "will_break",
            Self::AtRisk => "at_risk",
            Self::CannotTell => "cannot_tell",
            Self::ReadyNotExercised => "ready_not_exercised",
            Self::Ready => "ready",
            Self::NotInScope => "not_in_scope",
        }
    }
}

/// What Graph's report on authentication methods says of a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registration {
    /// `isMfaCapable`.
    pub is_mfa_capable: Option<bool>,
    /// `methodsRegistered`.
    pub methods: Vec<String>,
}

/// When something was last so; UTC microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastTimes {
    /// Write with MFA.
    pub mfa_write: Option<i64>,
    /// Write without MFA.
    pub non_mfa_write: Option<i64>,
    /// Request that an MFA policy denied.
    pub deny: Option<i64>,
    /// One of `sign_ins`.
    pub sign_in: Option<i64>,
    /// One of `mfa_sign_ins`.
    pub mfa_sign_in: Option<i64>,
    /// One of `non_mfa_sign_ins`.
    pub non_mfa_sign_in: Option<i64>,
    /// One of `exempt_sign_ins`.
    pub exempt_sign_in: Option<i64>,
    /// One of `failed_mfa_sign_ins`.
    pub failed_mfa_sign_in: Option<i64>,
    /// One of `mfa_elsewhere`.
    pub mfa_elsewhere: Option<i64>,
}

impl LastTimes {
    /// When MFA was last seen, wherever.
    pub fn mfa(&self) -> Option<i64> {
        self.mfa_write.max(self.mfa_sign_in).max(self.mfa_elsewhere)
    }
}

/// What the inputs tell of one person. Counts are of the columns of `readiness` with the same
/// name, where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// User principal name.
    pub upn: Option<String>,
    /// Whether the person is a guest.
    pub is_guest: bool,
    /// Whether the directory says that the account may sign in.
    pub is_enabled: Option<bool>,
    /// Whether the account holds the role Directory Synchronization Accounts.
    pub has_sync_role: bool,
    /// Whether the account is on the list of break-glass accounts.
    pub is_break_glass: bool,
    /// Privileged roles, in alphabetical order.
    pub roles: Vec<String>,
    /// Requests to write or delete.
    pub write_attempts: i64,
    /// Of those, with MFA.
    pub mfa_writes: i64,
    /// Of those, without MFA.
    pub non_mfa_writes: i64,
    /// Of those, where the log does not tell.
    pub unknown_writes: i64,
    /// Of `non_mfa_writes`, deletes.
    pub non_mfa_deletes: i64,
    /// Of `write_attempts`, those in a region of a sovereign cloud.
    pub sovereign_writes: i64,
    /// Requests to act (POST).
    pub actions: i64,
    /// MFA-policy events that only noted a request.
    pub policy_audits: i64,
    /// MFA-policy events that stopped one.
    pub policy_denies: i64,
    /// Completed sign-ins to what mandatory MFA covers.
    pub sign_ins: i64,
    /// Of those, with MFA.
    pub mfa_sign_ins: i64,
    /// Of those, with one factor shown.
    pub non_mfa_sign_ins: i64,
    /// Of those, where MFA was skipped.
    pub exempt_sign_ins: i64,
    /// Of those, where the log does not tell.
    pub unknown_sign_ins: i64,
    /// Of those, by ROPC.
    pub ropc_sign_ins: i64,
    /// Sign-ins to what mandatory MFA covers that ended at a demand for MFA.
    pub failed_mfa_sign_ins: i64,
    /// Completed sign-ins, to whatever, with clients that cannot do MFA.
    pub legacy_sign_ins: i64,
    /// Completed sign-ins to Azure Resource Manager of a sovereign cloud.
    pub sovereign_sign_ins: i64,
    /// MFA seen where mandatory MFA does not ask for it: in actions, and in completed sign-ins to
    /// other applications.
    pub mfa_elsewhere: i64,
    /// Sign-ins of phase 1, completed or ended at a demand for MFA, and requests by the portal.
    pub phase_one_uses: i64,
    /// Sign-ins of phase 2, completed or ended at a demand for MFA.
    pub phase_two_uses: i64,
    /// When these were last so.
    pub last: LastTimes,
    /// What Graph says; `None` without registrations or where they do not have the person.
    pub registration: Option<Registration>,
    /// The strongest method seen in completed sign-ins.
    pub strength_seen: Option<Strength>,
    /// Programs too old to ask for MFA, by name and version.
    pub old_clients: Vec<OldClient>,
    /// How much the account behaves like a service.
    pub service: Score,
}

/// A program that is too old to ask for MFA.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OldClient {
    /// Its name, for people.
    pub name: &'static str,
    /// The lowest version seen.
    pub version: String,
    /// The lowest version that can.
    pub lowest: &'static str,
}

impl Evidence {
    /// Whether the person can do MFA, as far as it is known; see the module.
    pub fn can_do_mfa(&self) -> Option<bool> {
        if self.mfa_writes + self.mfa_sign_ins + self.mfa_elsewhere > 0 {
            return Some(true);
        }
        let registration = self.registration.as_ref()?;
        let resists_phishing = strongest(registration.methods.iter().map(String::as_str))
            == Some(Strength::PhishingResistant);
        if resists_phishing { Some(true) } else { registration.is_mfa_capable }
    }

    /// Whether the person holds a privileged role or is on the list of break-glass accounts.
    pub fn is_privileged(&self) -> bool {
        self.is_break_glass || !self.roles.is_empty()
    }

    /// Whether the person used anything that mandatory MFA covers.
    pub fn uses_azure(&self) -> bool {
        self.write_attempts + self.sign_ins + self.failed_mfa_sign_ins > 0
    }

    /// Whether the account synchronises a directory.
    pub fn is_sync_account(&self) -> bool {
        self.has_sync_role || self.upn.as_deref().is_some_and(is_sync_name)
    }

    /// The strongest method seen or registered.
    pub fn strength(&self) -> Option<Strength> {
        let registered = self.registration.iter().flat_map(|known| &known.methods);
        self.strength_seen.max(strongest(registered.map(String::as_str)))
    }

    fn is_not_mfa(&self) -> bool {
        self.non_mfa_writes + self.non_mfa_sign_ins + self.exempt_sign_ins > 0
    }

    fn is_incapable(&self) -> bool {
        self.can_do_mfa() == Some(false)
    }

    fn is_denied(&self) -> bool {
        self.policy_denies > 0 && self.last.mfa_write <= self.last.deny
    }

    fn fails_at_mfa(&self) -> bool {
        self.failed_mfa_sign_ins > 0
            && self.last.failed_mfa_sign_in > self.last.mfa().max(self.last.sign_in)
    }

    fn is_only_sovereign(&self) -> bool {
        self.sovereign_writes + self.sovereign_sign_ins > 0
            && self.sovereign_writes == self.write_attempts
            && self.sign_ins + self.failed_mfa_sign_ins == 0
    }
}

/// Whether a UPN is one of those that Entra Connect (`Sync_SERVER_…`) or cloud sync
/// (`ADToAADSyncServiceAccount…`) makes for itself, whatever its case.
pub fn is_sync_name(upn: &str) -> bool {
    let begins =
        |start: &str| upn.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    upn.contains('@') && (begins("sync_") || begins("adtoaadsyncserviceaccount"))
}

/// Whether a sign-in came to its end: yes with error code 0, no with another; without one, no if
/// its verdict is `not_completed`, else yes.
pub fn is_completed(error_code: Option<i64>, mfa: Option<&str>) -> bool {
    error_code.map_or(mfa != Some("not_completed"), |code| code == 0)
}

/// A rule: its id, what it comes to, and when it holds.
struct Rule {
    id: &'static str,
    verdict: Verdict,
    holds: fn(&Evidence) -> bool,
}

const fn rule(id: &'static str, verdict: Verdict, holds: fn(&Evidence) -> bool) -> Rule {
    Rule { id, verdict, holds }
}

/// The rules in their order; what they mean stands in the module's table.
const RULES: &[Rule] = &[
    // "Entra Connect or cloud sync" accounts are out of scope because they do not use what is
    // covered; one that does is judged like everybody.
    rule("sync_account", Verdict::NotInScope, |known| {
        known.is_sync_account() && !known.uses_azure()
    }),
    // Only the public cloud is covered. A write without a region may be anywhere.
    rule("sovereign_cloud", Verdict::NotInScope, Evidence::is_only_sovereign),
    // The list of accounts may be newer than the log; one that was used is judged by its use.
    rule("disabled_account", Verdict::NotInScope, |known| {
        known.is_enabled == Some(false) && known.write_attempts + known.sign_ins == 0
    }),
    // Reads (phase 2) and actions are left alone.
    rule("no_management", Verdict::NotInScope, |known| {
        !known.uses_azure() && !known.is_privileged()
    }),
    // What Microsoft's policy denies is what enforcement refuses.
    rule("denied_already", Verdict::WillBreak, Evidence::is_denied),
    // A user name and a password in one request leave no room for a second factor.
    rule("ropc", Verdict::WillBreak, |known| known.ropc_sign_ins > 0),
    rule("not_capable", Verdict::WillBreak, |known| known.is_not_mfa() && known.is_incapable()),
    // Nobody is there to answer the demand.
    rule("service_account", Verdict::WillBreak, |known| {
        known.non_mfa_writes > 0 && known.service.is_service()
    }),
    // Lists of exclusions no longer apply.
    rule("break_glass_without_mfa", Verdict::WillBreak, |known| {
        known.is_break_glass && known.is_not_mfa() && known.can_do_mfa().is_none()
    }),
    rule("admin_not_capable", Verdict::WillBreak, |known| {
        known.is_privileged() && known.is_incapable()
    }),
    rule("non_mfa_writes", Verdict::AtRisk, |known| known.non_mfa_writes > 0),
    rule("non_mfa_sign_ins", Verdict::AtRisk, |known| known.non_mfa_sign_ins > 0),
    rule("mfa_skipped", Verdict::AtRisk, |known| known.exempt_sign_ins > 0),
    rule("mfa_failures", Verdict::AtRisk, Evidence::fails_at_mfa),
    rule("not_registered", Verdict::AtRisk, Evidence::is_incapable),
    rule("mfa_every_time", Verdict::Ready, |known| known.mfa_writes > 0),
    rule("mfa_sign_ins_only", Verdict::Ready, |known| known.mfa_sign_ins > 0),
    rule("mfa_elsewhere", Verdict::ReadyNotExercised, |known| known.mfa_elsewhere > 0),
    rule("registered", Verdict::ReadyNotExercised, |known| known.can_do_mfa() == Some(true)),
    rule("no_claims", Verdict::CannotTell, |known| known.unknown_writes > 0),
    rule("no_mfa_fields", Verdict::CannotTell, |known| known.unknown_sign_ins > 0),
];

/// The rule of those whom no other rule knows.
const NEVER_SEEN: Rule = rule("never_seen", Verdict::CannotTell, |_| true);

/// What the evidence comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What mandatory MFA will mean.
    pub verdict: Verdict,
    /// Id of the rule that decided.
    pub rule: &'static str,
    /// Why, in words: what the rule rests on first.
    pub reasons: Vec<String>,
    /// The phases that concern the person.
    pub phases: Vec<Phase>,
    /// What to do, in words, with commands; the most urgent first.
    pub next_steps: Vec<String>,
}

/// Judges a person by the rules of the module.
pub fn judge(evidence: &Evidence) -> Judgement {
    let rule = RULES.iter().find(|rule| (rule.holds)(evidence)).unwrap_or(&NEVER_SEEN);
    Judgement {
        verdict: rule.verdict,
        rule: rule.id,
        reasons: words::reasons(evidence, rule.id),
        phases: phases(evidence, rule.verdict),
        next_steps: words::next_steps(evidence, rule.id, rule.verdict),
    }
}

fn phases(evidence: &Evidence, verdict: Verdict) -> Vec<Phase> {
    let is_one = evidence.is_privileged() || evidence.phase_one_uses > 0;
    let is_two = evidence.write_attempts + evidence.phase_two_uses > 0;
    [(is_one, Phase::One), (is_two, Phase::Two)]
        .into_iter()
        .filter(|(concerns, _)| *concerns && verdict != Verdict::NotInScope)
        .map(|(_, phase)| phase)
        .collect()
}

#[cfg(test)]
mod tests;
