//! Reasons and next steps in words.

use super::{Evidence, Verdict};
use crate::mfa::strength::Strength;
use crate::time::format_micros;

/// Date and minute of an instant, UTC.
fn minute(micros: i64) -> String {
    let shown = format_micros(micros);
    shown.get(..16).map_or_else(|| shown.clone(), |start| start.replace('T', " "))
}

/// `3 sign-ins`.
fn counted(count: i64, singular: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {singular}{plural}")
}

/// `12 of 40 sign-ins`.
fn of_all(count: i64, all: i64, singular: &str) -> String {
    format!("{count} of {}", counted(all, singular))
}

/// `, last 2026-05-03 07:12`.
fn last(time: Option<i64>) -> String {
    time.map(|time| format!(", last {}", minute(time))).unwrap_or_default()
}

/// What can be said of a person. The order is that of the reasons, but for the one that the rule
/// rests on, which comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Scope,
    Denies,
    Ropc,
    NonMfaWrites,
    NonMfaSignIns,
    Skipped,
    Failures,
    Service,
    Capability,
    MfaWrites,
    MfaSignIns,
    MfaElsewhere,
    UnknownWrites,
    UnknownSignIns,
    Audits,
    Legacy,
    OldClients,
    BreakGlass,
    Roles,
    Guest,
    Disabled,
}

const TOPICS: [Topic; 21] = [
    Topic::Scope,
    Topic::Denies,
    Topic::Ropc,
    Topic::NonMfaWrites,
    Topic::NonMfaSignIns,
    Topic::Skipped,
    Topic::Failures,
    Topic::Service,
    Topic::Capability,
    Topic::MfaWrites,
    Topic::MfaSignIns,
    Topic::MfaElsewhere,
    Topic::UnknownWrites,
    Topic::UnknownSignIns,
    Topic::Audits,
    Topic::Legacy,
    Topic::OldClients,
    Topic::BreakGlass,
    Topic::Roles,
    Topic::Guest,
    Topic::Disabled,
];

/// What a rule rests on.
fn topic_of(rule: &str) -> Topic {
    match rule {
        "disabled_account" => Topic::Disabled,
        "denied_already" => Topic::Denies,
        "ropc" => Topic::Ropc,
        "not_capable" | "admin_not_capable" | "not_registered" | "registered" => Topic::Capability,
        "service_account" => Topic::Service,
        "break_glass_without_mfa" => Topic::BreakGlass,
        "non_mfa_writes" => Topic::NonMfaWrites,
        "non_mfa_sign_ins" => Topic::NonMfaSignIns,
        "mfa_skipped" => Topic::Skipped,
        "mfa_failures" => Topic::Failures,
        "mfa_every_time" => Topic::MfaWrites,
        "mfa_sign_ins_only" => Topic::MfaSignIns,
        "mfa_elsewhere" => Topic::MfaElsewhere,
        "no_claims" => Topic::UnknownWrites,
        "no_mfa_fields" => Topic::UnknownSignIns,
        _ => Topic::Scope,
    }
}

/// Why, in words, what the rule rests on first.
pub(super) fn reasons(known: &Evidence, rule: &str) -> Vec<String> {
    let decisive = topic_of(rule);
    let others = TOPICS.into_iter().filter(|topic| *topic != decisive);
    std::iter::once(decisive).chain(others).filter_map(|topic| reason(known, rule, topic)).collect()
}

fn reason(known: &Evidence, rule: &str, topic: Topic) -> Option<String> {
    let of_writes = |count| of_all(count, known.write_attempts, "write");
    let of_sign_ins = |count| of_all(count, known.sign_ins, "sign-in");
    match topic {
        Topic::Scope => scope(known, rule),
        Topic::Denies => (known.policy_denies > 0).then(|| {
            let denied = counted(known.policy_denies, "request");
            format!("an MFA policy denied {denied}{}", last(known.last.deny))
        }),
        Topic::Ropc => (known.ropc_sign_ins > 0).then(|| {
            let ropc = of_sign_ins(known.ropc_sign_ins);
            format!("{ropc} with user name and password in one request (ROPC), which cannot do MFA")
        }),
        Topic::NonMfaWrites => non_mfa_writes(known),
        Topic::NonMfaSignIns => (known.non_mfa_sign_ins > 0).then(|| {
            let sign_ins = of_sign_ins(known.non_mfa_sign_ins);
            format!("{sign_ins} without MFA{}", last(known.last.non_mfa_sign_in))
        }),
        Topic::Skipped => (known.exempt_sign_ins > 0).then(|| {
            let sign_ins = of_sign_ins(known.exempt_sign_ins);
            format!("MFA was skipped in {sign_ins}{}", last(known.last.exempt_sign_in))
        }),
        Topic::Failures => (known.failed_mfa_sign_ins > 0).then(|| {
            let failed = counted(known.failed_mfa_sign_ins, "sign-in");
            format!("{failed} ended at a demand for MFA{}", last(known.last.failed_mfa_sign_in))
        }),
        Topic::Service => known
            .service
            .is_service()
            .then(|| format!("behaves like a service (score {} of 100)", known.service.points)),
        Topic::Capability => capability(known),
        Topic::MfaWrites => (known.mfa_writes > 0).then(|| {
            format!("{} with MFA{}", of_writes(known.mfa_writes), last(known.last.mfa_write))
        }),
        Topic::MfaSignIns => (known.mfa_sign_ins > 0).then(|| {
            format!("{} with MFA{}", of_sign_ins(known.mfa_sign_ins), last(known.last.mfa_sign_in))
        }),
        Topic::MfaElsewhere => (known.mfa_elsewhere > 0).then(|| {
            let seen = counted(known.mfa_elsewhere, "time");
            format!("MFA seen {seen} where it is not mandatory{}", last(known.last.mfa_elsewhere))
        }),
        Topic::UnknownWrites => (known.unknown_writes > 0).then(|| {
            format!("the log does not tell for {} (no claims)", of_writes(known.unknown_writes))
        }),
        Topic::UnknownSignIns => (known.unknown_sign_ins > 0)
            .then(|| format!("the log does not tell for {}", of_sign_ins(known.unknown_sign_ins))),
        Topic::Audits => (known.policy_audits > 0)
            .then(|| format!("an MFA policy noted {}", counted(known.policy_audits, "request"))),
        Topic::Legacy => (known.legacy_sign_ins > 0).then(|| {
            let legacy = counted(known.legacy_sign_ins, "sign-in");
            format!("{legacy} with legacy clients, which cannot do MFA")
        }),
        Topic::OldClients => old_clients(known),
        Topic::BreakGlass => known
            .is_break_glass
            .then(|| "break-glass account: exclusions do not apply to mandatory MFA".to_owned()),
        Topic::Roles => {
            (!known.roles.is_empty()).then(|| format!("privileged: {}", known.roles.join(", ")))
        }
        Topic::Guest => known.is_guest.then(|| {
            "guest: MFA is done here, or at home where cross-tenant access trusts it".to_owned()
        }),
        Topic::Disabled => {
            (known.is_enabled == Some(false)).then(|| "the account is disabled".to_owned())
        }
    }
}

fn non_mfa_writes(known: &Evidence) -> Option<String> {
    let writes = of_all(known.non_mfa_writes, known.write_attempts, "write");
    let deletes = match known.non_mfa_deletes {
        0 => String::new(),
        count => format!(" ({})", counted(count, "delete")),
    };
    (known.non_mfa_writes > 0)
        .then(|| format!("{writes} without MFA{deletes}{}", last(known.last.non_mfa_write)))
}

fn scope(known: &Evidence, rule: &str) -> Option<String> {
    let said = match rule {
        "sync_account" => {
            "synchronisation account that does not use what mandatory MFA covers".to_owned()
        }
        "sovereign_cloud" => {
            "all that was seen is in a sovereign cloud, which mandatory MFA does not cover"
                .to_owned()
        }
        "no_management" => {
            let actions = match known.actions {
                0 => String::new(),
                count => format!("; {}, not covered", counted(count, "action")),
            };
            format!("no write, delete or sign-in that mandatory MFA covers{actions}")
        }
        "never_seen" if known.registration.is_none() => {
            "not seen in the logs, and no registrations to look at".to_owned()
        }
        "never_seen" => "not seen in the logs, and the registrations do not tell".to_owned(),
        _ if known.is_privileged() && !known.uses_azure() => "not seen in the logs".to_owned(),
        _ => return None,
    };
    Some(said)
}

fn capability(known: &Evidence) -> Option<String> {
    let registration = known.registration.as_ref()?;
    let methods = registration.methods.join(", ");
    match (known.can_do_mfa(), registration.is_mfa_capable) {
        (Some(false), _) if methods.is_empty() => Some("no method registered".to_owned()),
        (Some(false), _) => Some(format!("no method registered that can do MFA: {methods}")),
        (_, Some(false)) if methods.is_empty() => {
            Some("no method registered, though MFA was seen: another provider's?".to_owned())
        }
        (Some(true), _) if !methods.is_empty() => Some(format!("registered: {methods}")),
        (Some(true), Some(true)) => Some("registered for MFA".to_owned()),
        _ => None,
    }
}

fn old_clients(known: &Evidence) -> Option<String> {
    let old: Vec<String> = known
        .old_clients
        .iter()
        .map(|old| format!("{} {} (needs {})", old.name, old.version, old.lowest))
        .collect();
    (!old.is_empty()).then(|| format!("too old to ask for MFA: {}", old.join(", ")))
}

const REGISTER: &str = "register a method for MFA at https://aka.ms/mfasetup";
const SIGN_IN_AGAIN: &str = "sign in again with MFA: `az logout` and `az login`, \
     `Connect-AzAccount`, or sign out of the portal and in";
const WORKLOAD: &str = "replace the account by a workload identity: a managed identity inside Azure \
     (`az login --identity`, `Connect-AzAccount -Identity`), a federated credential for GitHub \
     Actions, Kubernetes, AWS or GCP, else a service principal (`az ad sp create-for-rbac`, \
     `az login --service-principal`)";
const STRONG_METHOD: &str = "register a FIDO2 passkey or a certificate for the break-glass account";

/// What to do.
pub(super) fn next_steps(known: &Evidence, rule: &str, verdict: Verdict) -> Vec<String> {
    if verdict == Verdict::NotInScope {
        return Vec::new();
    }
    let mut steps: Vec<&str> = Vec::new();
    let is_service = known.service.is_service() || known.ropc_sign_ins > 0;
    let lacks_mfa = matches!(verdict, Verdict::WillBreak | Verdict::AtRisk);
    if is_service && lacks_mfa {
        steps.push(WORKLOAD);
    }
    if known.is_break_glass && known.strength() != Some(Strength::PhishingResistant) {
        steps.push(STRONG_METHOD);
    } else if lacks_mfa && known.can_do_mfa() != Some(true) {
        steps.push(REGISTER);
    }
    match rule {
        "denied_already" | "non_mfa_writes" | "non_mfa_sign_ins" => steps.push(SIGN_IN_AGAIN),
        "mfa_skipped" => steps.push(
            "sign in once with MFA: trusted locations and remembered devices will not excuse it",
        ),
        "mfa_failures" => steps.push("check the registered methods at https://aka.ms/mfasetup"),
        "mfa_elsewhere" | "registered" => {
            steps.push("sign in to Azure once with MFA, to see that it works");
        }
        _ => {}
    }
    if known.is_guest && lacks_mfa {
        steps.push(
            "trust MFA of the guest's home tenant in the cross-tenant access settings, or \
             have the guest register here",
        );
    }
    if verdict == Verdict::CannotTell {
        steps.extend(missing(known));
    }
    let mut steps: Vec<String> = steps.into_iter().map(str::to_owned).collect();
    steps.extend(upgrades(known));
    steps
}

/// The inputs that would tell.
fn missing(known: &Evidence) -> impl Iterator<Item = &'static str> {
    let exports = [
        (
            known.unknown_writes > 0,
            "export the Activity Log with claims: `az monitor activity-log list`, or a diagnostic setting",
        ),
        (
            known.unknown_sign_ins > 0,
            "export sign-ins with their authentication details: Graph beta `auditLogs/signIns` (v1.0 \
             has none), the portal's JSON, or a diagnostic setting",
        ),
        // Registrations may lack the field that tells, `isMfaCapable`.
        (
            known.can_do_mfa().is_none(),
            "give Graph's `reports/authenticationMethods/userRegistrationDetails` with --registrations",
        ),
    ];
    exports.into_iter().filter(|(is_missing, _)| *is_missing).map(|(_, step)| step)
}

/// The commands that bring old programs up to date, each once.
fn upgrades(known: &Evidence) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for old in &known.old_clients {
        let step = if old.name == "Azure CLI" {
            format!("upgrade Azure CLI to {} or later: `az upgrade`", old.lowest)
        } else {
            "upgrade Azure PowerShell to 14.3 or later: `Update-Module -Name Az`".to_owned()
        };
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps
}
