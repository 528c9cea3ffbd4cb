//! What mandatory MFA means for each person, once more, by the tables at the heads of
//! `src/fold/readiness.rs`, `src/mfa/readiness.rs` and `src/mfa/service_account.rs`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::link::{Attempt, minutes};
use super::tenant::{ARM, CLI, PORTAL, POWERSHELL, WINDOWS};
use super::verdict::{SignIn, low};

/// What is counted of somebody; times are texts, which are in the order of time here.
#[derive(Debug, Default)]
struct Person {
    upn: Option<String>,
    is_break_glass: bool,
    is_privileged: bool,
    /// `isMfaCapable` and whether a method is registered that resists phishing.
    registered: Option<(bool, bool)>,
    writes: BTreeMap<&'static str, i64>,
    sign_ins: BTreeMap<&'static str, i64>,
    requests: i64,
    mfa_elsewhere: i64,
    failed: i64,
    ropc: i64,
    audits: i64,
    denies: i64,
    interactive: i64,
    non_interactive: i64,
    automation: i64,
    last_mfa_write: String,
    last_mfa: String,
    last_deny: String,
    last_sign_in: String,
    last_failure: String,
    /// Minutes of all requests and covered sign-ins.
    seen: Vec<i64>,
    addresses: Vec<String>,
}

/// A row of `readiness` in the columns that are compared.
pub(super) type Judged = BTreeMap<&'static str, Value>;

fn later(known: &mut String, time: &str) {
    if time > known.as_str() {
        time.clone_into(known);
    }
}

/// The phase of mandatory MFA that covers a sign-in.
fn phase(app: &str, resource: &str) -> Option<u8> {
    if app == PORTAL {
        Some(1)
    } else if app == CLI || app == POWERSHELL || resource == ARM {
        Some(2)
    } else {
        None
    }
}

/// Whether a sign-in is seen at all: a person's, not of a program that is left out, and completed
/// or ended at a demand for MFA that mandatory MFA makes.
fn counts(sign: &SignIn) -> bool {
    let app = sign.text("appId").unwrap();
    let is_covered = phase(&app, &sign.text("resourceId").unwrap()).is_some();
    sign.is_user()
        && app != WINDOWS
        && (sign.is_completed() || is_covered && sign.reason == "mfa_demanded")
}

impl Person {
    fn request(&mut self, attempt: &Attempt) {
        self.requests += 1;
        let (mfa, time) = (attempt.mfa(), attempt.time());
        let is_write = attempt.verb != "action";
        if is_write {
            *self.writes.entry(mfa).or_default() += 1;
        }
        if mfa == "mfa" {
            later(&mut self.last_mfa, time);
            if is_write {
                later(&mut self.last_mfa_write, time);
            } else {
                self.mfa_elsewhere += 1;
            }
        }
        for policy in &attempt.policies {
            if policy["status"]["value"] == "Failed" {
                self.denies += 1;
                later(&mut self.last_deny, time);
            } else {
                self.audits += 1;
            }
        }
        self.seen.push(minutes(time));
        self.addresses.extend(low(&attempt.first["httpRequest"]["clientIpAddress"]));
    }

    fn sign_in(&mut self, sign: &SignIn) {
        let app = sign.text("appId").unwrap();
        let phase = phase(&app, &sign.text("resourceId").unwrap());
        if !sign.is_completed() {
            self.failed += 1;
            later(&mut self.last_failure, sign.time());
            return;
        }
        if sign.kind == "interactiveuser" {
            self.interactive += 1;
        } else {
            self.non_interactive += 1;
        }
        if sign.mfa == "mfa" {
            later(&mut self.last_mfa, sign.time());
        }
        if phase.is_none() {
            self.mfa_elsewhere += i64::from(sign.mfa == "mfa");
            return;
        }
        *self.sign_ins.entry(sign.mfa).or_default() += 1;
        later(&mut self.last_sign_in, sign.time());
        self.ropc += i64::from(sign.record["authenticationProtocol"] == "ropc");
        self.seen.push(minutes(sign.time()));
        self.addresses.extend(sign.text("ipAddress"));
        let is_known_app = [PORTAL, CLI, POWERSHELL].contains(&app.as_str());
        let is_sdk =
            sign.text("userAgent").is_some_and(|agent| agent.contains("azsdk-python-identity"));
        self.automation += i64::from(!is_known_app && is_sdk);
    }

    fn can_do_mfa(&self) -> Option<bool> {
        let seen = self.write("mfa") + self.signed("mfa") + self.mfa_elsewhere > 0;
        match self.registered {
            _ if seen => Some(true),
            Some((is_capable, resists)) => Some(is_capable || resists),
            None => None,
        }
    }

    fn write(&self, mfa: &str) -> i64 {
        self.writes.get(mfa).copied().unwrap_or(0)
    }

    fn signed(&self, mfa: &str) -> i64 {
        self.sign_ins.get(mfa).copied().unwrap_or(0)
    }

    fn is_sync(&self) -> bool {
        self.upn.as_deref().is_some_and(|upn| upn.starts_with("sync_"))
    }

    /// Whether anything is reason to list the person.
    fn is_listed(&self) -> bool {
        let signed_in: i64 = self.sign_ins.values().sum();
        let any = self.interactive + self.non_interactive;
        self.requests + signed_in + self.failed > 0
            || (self.is_sync() && any > 0)
            || self.is_privileged
            || self.is_break_glass
    }

    fn score(&self, has_interactive_log: bool) -> i64 {
        let mut points = if self.ropc > 0 { 25 } else { 0 };
        if has_interactive_log && self.interactive == 0 && self.non_interactive >= 5 {
            points += 20;
        }
        let mut beats: BTreeMap<i64, i64> = BTreeMap::new();
        for minute in &self.seen {
            let first = beats.entry(minute / 60).or_insert(*minute);
            *first = (*first).min(*minute);
        }
        let days: BTreeSet<i64> = beats.keys().map(|hour| hour / 24).collect();
        if beats.len() >= 12 && days.len() >= 3 {
            let in_window = |start: i64| {
                let of_hour = |beat: &&i64| (**beat % 60 - start).rem_euclid(60) < 3;
                beats.values().filter(of_hour).count()
            };
            let fullest = (0..60).map(in_window).max().unwrap();
            points += if fullest * 100 >= 60 * beats.len() { 15 } else { 0 };
        }
        let told: i64 = self.sign_ins.values().sum();
        if told >= 5 && self.automation * 2 >= told {
            points += 10;
        }
        let hours: BTreeSet<i64> = beats.keys().map(|hour| hour % 24).collect();
        if hours.len() >= 18 && days.len() >= 3 {
            points += 10;
        }
        // June 2026 begins on a Monday, and the draws end on its fourth day: no weekends.
        let addresses: BTreeSet<&String> = self.addresses.iter().collect();
        if self.addresses.len() >= 20 && addresses.len() == 1 && days.len() >= 3 {
            points += 5;
        }
        points += if self.can_do_mfa() == Some(false) { 5 } else { 0 };
        let is_service = |upn: &str| upn.starts_with("svc-") || upn.contains("srv");
        points + if self.upn.as_deref().is_some_and(is_service) { 5 } else { 0 }
    }

    fn judge(&self, score: i64) -> (&'static str, &'static str) {
        let writes: i64 = self.writes.values().sum();
        let signed: i64 = self.sign_ins.values().sum();
        let uses = writes + signed + self.failed > 0;
        let is_privileged = self.is_privileged || self.is_break_glass;
        let is_not_mfa = self.write("non_mfa") + self.signed("non_mfa") + self.signed("exempt") > 0;
        let can = self.can_do_mfa();
        let rules = [
            (self.is_sync() && !uses, "not_in_scope", "sync_account"),
            (!uses && !is_privileged, "not_in_scope", "no_management"),
            (
                self.denies > 0 && self.last_mfa_write <= self.last_deny,
                "will_break",
                "denied_already",
            ),
            (self.ropc > 0, "will_break", "ropc"),
            (is_not_mfa && can == Some(false), "will_break", "not_capable"),
            (self.write("non_mfa") > 0 && score >= 40, "will_break", "service_account"),
            (
                self.is_break_glass && is_not_mfa && can.is_none(),
                "will_break",
                "break_glass_without_mfa",
            ),
            (is_privileged && can == Some(false), "will_break", "admin_not_capable"),
            (self.write("non_mfa") > 0, "at_risk", "non_mfa_writes"),
            (self.signed("non_mfa") > 0, "at_risk", "non_mfa_sign_ins"),
            (self.signed("exempt") > 0, "at_risk", "mfa_skipped"),
            (
                self.failed > 0
                    && self.last_failure > self.last_mfa
                    && self.last_failure > self.last_sign_in,
                "at_risk",
                "mfa_failures",
            ),
            (can == Some(false), "at_risk", "not_registered"),
            (self.write("mfa") > 0, "ready", "mfa_every_time"),
            (self.signed("mfa") > 0, "ready", "mfa_sign_ins_only"),
            (self.mfa_elsewhere > 0, "ready_not_exercised", "mfa_elsewhere"),
            (can == Some(true), "ready_not_exercised", "registered"),
            (self.write("unknown") > 0, "cannot_tell", "no_claims"),
            (self.signed("unknown") > 0, "cannot_tell", "no_mfa_fields"),
            (true, "cannot_tell", "never_seen"),
        ];
        let (_, verdict, rule) = rules.into_iter().find(|(holds, ..)| *holds).unwrap();
        (verdict, rule)
    }
}

/// Everybody that the table lists, by key.
pub(super) fn judged(
    signs: &[SignIn],
    attempts: &[Attempt],
    registrations: &[Value],
    roles: &[Value],
    break_glass: Option<&str>,
) -> BTreeMap<String, Judged> {
    let mut people: BTreeMap<String, Person> = BTreeMap::new();
    for sign in signs.iter().filter(|sign| counts(sign)) {
        let person = people.entry(sign.text("userId").unwrap()).or_default();
        person.upn = sign.text("userPrincipalName");
        person.sign_in(sign);
    }
    for attempt in attempts.iter().filter(|attempt| attempt.mfa() != "not_user") {
        let person = people.entry(attempt.user().unwrap()).or_default();
        person.upn = low(&attempt.first["caller"]);
        person.request(attempt);
    }
    for record in registrations {
        let person = people.entry(low(&record["id"]).unwrap()).or_default();
        person.upn = low(&record["userPrincipalName"]);
        let resists = record["methodsRegistered"].as_array().unwrap().iter().any(|method| {
            ["passKeyDeviceBound", "windowsHelloForBusiness"].contains(&method.as_str().unwrap())
        });
        person.registered = Some((record["isMfaCapable"] == true, resists));
    }
    if let Some(upn) = break_glass {
        let upn = upn.to_lowercase();
        let known = people.iter().find(|(_, person)| person.upn.as_ref() == Some(&upn));
        let key = known.map_or_else(|| upn.clone(), |(key, _)| key.clone());
        let person = people.entry(key).or_default();
        person.upn = Some(upn);
        person.is_break_glass = true;
    }
    for role in roles.iter().filter(|role| role["roleDefinitionName"] == "Owner") {
        let person = people.entry(low(&role["principalId"]).unwrap()).or_default();
        person.upn = person.upn.take().or_else(|| low(&role["principalName"]));
        person.is_privileged = true;
    }
    let has_interactive_log = signs.iter().any(|sign| sign.kind == "interactiveuser");
    people
        .into_iter()
        .filter(|(_, person)| person.is_listed())
        .map(|(key, person)| {
            let score = person.score(has_interactive_log);
            (key, person.row(score))
        })
        .collect()
}

/// Columns of `readiness` that are compared.
pub(super) const COLUMNS: &str = "user_key, verdict, rule, write_attempts, mfa_writes, \
     non_mfa_writes, unknown_writes, policy_audits, policy_denies, sign_ins, mfa_sign_ins, \
     non_mfa_sign_ins, exempt_sign_ins, unknown_sign_ins, failed_mfa_sign_ins, ropc_sign_ins, \
     is_break_glass, service_score";

impl Person {
    fn row(&self, score: i64) -> Judged {
        let (verdict, rule) = self.judge(score);
        BTreeMap::from([
            ("verdict", verdict.into()),
            ("rule", rule.into()),
            ("write_attempts", self.writes.values().sum::<i64>().into()),
            ("mfa_writes", self.write("mfa").into()),
            ("non_mfa_writes", self.write("non_mfa").into()),
            ("unknown_writes", self.write("unknown").into()),
            ("policy_audits", self.audits.into()),
            ("policy_denies", self.denies.into()),
            ("sign_ins", self.sign_ins.values().sum::<i64>().into()),
            ("mfa_sign_ins", self.signed("mfa").into()),
            ("non_mfa_sign_ins", self.signed("non_mfa").into()),
            ("exempt_sign_ins", self.signed("exempt").into()),
            ("unknown_sign_ins", self.signed("unknown").into()),
            ("failed_mfa_sign_ins", self.failed.into()),
            ("ropc_sign_ins", self.ropc.into()),
            ("is_break_glass", self.is_break_glass.into()),
            ("service_score", score.into()),
        ])
    }
}
