//! What the words of readiness have to contain, by rule: the figures that the rule rests on, and
//! what the person is to do. The facts are those of the reference (domain.md §1.3, §1.4: who is
//! covered, what cannot do MFA, which methods and commands Microsoft names).

use crate::json::Row;

/// What is missing from the words of a row, of which all other columns are right.
pub(super) fn missing(row: &Row) -> Option<String> {
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let (rule, verdict, reasons, steps) =
        (text("rule"), text("verdict"), text("reasons"), text("next_step"));
    let decisive = reasons.split("; ").next().unwrap_or_default();
    let first = first(&rule, row);
    let mut absent: Vec<String> =
        first.iter().filter(|part| !decisive.contains(*part)).cloned().collect();
    let due = steps_due(&rule, &verdict, row);
    absent.extend(due.iter().filter(|part| !steps.contains(*part)).map(|part| (*part).to_owned()));
    // Nobody who is ready or not concerned is sent to do anything but to bring programs up to date.
    let is_done = verdict == "not_in_scope"
        || verdict == "ready" && row["is_break_glass"] == false && !steps.starts_with("upgrade ");
    if is_done && !steps.is_empty() {
        absent.push("no next step".to_owned());
    }
    (!absent.is_empty()).then(|| format!("{rule}: {absent:?} in `{reasons}` | `{steps}`"))
}

/// What the first reason names.
fn first(rule: &str, row: &Row) -> Vec<String> {
    let of = |part: &str, all: &str, unit: &str, word: &str| {
        vec![format!("{} of {} {unit}", row[part], row[all]), word.to_owned()]
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match rule {
        "sync_account" => words(&["synchronisation account"]),
        "no_management" => words(&["mandatory MFA covers"]),
        "denied_already" => vec![format!("denied {} request", row["policy_denies"])],
        "ropc" => of("ropc_sign_ins", "sign_ins", "sign-in", "ROPC"),
        "not_capable" | "admin_not_capable" | "not_registered" => words(&["no method registered"]),
        "service_account" => vec![format!("{} of 100", row["service_score"])],
        "break_glass_without_mfa" => words(&["break-glass", "do not apply"]),
        "non_mfa_writes" => of("non_mfa_writes", "write_attempts", "write", "without MFA"),
        "non_mfa_sign_ins" => of("non_mfa_sign_ins", "sign_ins", "sign-in", "without MFA"),
        "mfa_skipped" => of("exempt_sign_ins", "sign_ins", "sign-in", "skipped"),
        "mfa_failures" => vec![format!("{} sign-in", row["failed_mfa_sign_ins"]), "MFA".into()],
        "mfa_every_time" => of("mfa_writes", "write_attempts", "write", "with MFA"),
        "mfa_sign_ins_only" => of("mfa_sign_ins", "sign_ins", "sign-in", "with MFA"),
        "mfa_elsewhere" => words(&["MFA seen", "not mandatory"]),
        "registered" => words(&["registered"]),
        "no_claims" => of("unknown_writes", "write_attempts", "write", "no claims"),
        "no_mfa_fields" => of("unknown_sign_ins", "sign_ins", "sign-in", "does not tell"),
        "never_seen" => words(&["not seen in the logs"]),
        other => panic!("no words are known for the rule `{other}`"),
    }
}

/// What the next step names.
fn steps_due(rule: &str, verdict: &str, row: &Row) -> Vec<&'static str> {
    let count = |name: &str| row[name].as_i64().unwrap();
    let mut due = Vec::new();
    let is_service = count("service_score") >= 40 || count("ropc_sign_ins") > 0;
    if is_service && matches!(verdict, "will_break" | "at_risk") {
        due.extend(["managed identity", "az login --identity", "az login --service-principal"]);
    }
    match rule {
        "denied_already" | "non_mfa_writes" | "non_mfa_sign_ins" => {
            due.extend(["az login", "Connect-AzAccount"]);
        }
        "not_capable" | "admin_not_capable" | "not_registered" if row["is_break_glass"] == true => {
            due.extend(["FIDO2", "certificate"]);
        }
        "not_capable" | "admin_not_capable" | "not_registered" | "mfa_failures" => {
            due.push("https://aka.ms/mfasetup");
        }
        "break_glass_without_mfa" => due.extend(["FIDO2", "certificate"]),
        "mfa_skipped" => due.extend(["trusted locations", "remembered devices"]),
        "mfa_elsewhere" | "registered" => due.push("once with MFA"),
        "no_claims" => due.push("az monitor activity-log list"),
        "no_mfa_fields" => due.extend(["beta", "auditLogs/signIns"]),
        _ => {}
    }
    due
}
