//! What sign-ins say of MFA, once more: by the words of the reference, in the plainest way, over
//! plain JSON. Shares nothing with the program.

use std::collections::BTreeMap;

use serde_json::Value;

/// A text in lower case; nothing for what is empty or absent.
pub(super) fn low(value: &Value) -> Option<String> {
    value.as_str().map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty())
}

/// A sign-in and what it comes to.
#[derive(Debug, Clone)]
pub(super) struct SignIn {
    pub(super) record: Value,
    pub(super) kind: String,
    pub(super) mfa: &'static str,
    pub(super) reason: String,
    /// The verdict by what the row itself tells.
    alone: &'static str,
}

impl SignIn {
    pub(super) fn text(&self, name: &str) -> Option<String> {
        low(&self.record[name])
    }

    pub(super) fn id(&self) -> String {
        self.text("id").unwrap()
    }

    /// Times have one form here, so their texts are in their order.
    pub(super) fn time(&self) -> &str {
        self.record["createdDateTime"].as_str().unwrap()
    }

    pub(super) fn is_user(&self) -> bool {
        self.kind.ends_with("user")
    }

    pub(super) fn is_completed(&self) -> bool {
        self.record["status"]["errorCode"] == 0
    }
}

/// Codes of the tenants that are drawn: those that ended at a demand for MFA, and interruptions.
const DEMANDS: &[i64] = &[50_074, 50_076, 500_121];
const INTERRUPTIONS: &[i64] = &[50_140];

fn judge(record: &Value, kind: &str) -> (&'static str, String) {
    let answer = |mfa, reason: &str| (mfa, reason.to_owned());
    if !kind.ends_with("user") {
        return answer("not_user", "workload");
    }
    let code = record["status"]["errorCode"].as_i64().unwrap();
    if code != 0 {
        let reason = if DEMANDS.contains(&code) {
            "mfa_demanded"
        } else if INTERRUPTIONS.contains(&code) {
            "interrupted"
        } else {
            "failed"
        };
        return answer("not_completed", reason);
    }
    let steps = record["authenticationDetails"].as_array();
    let said: Vec<String> = steps.into_iter().flatten().filter_map(step).collect();
    for reason in ["performed", "claim", "external", "passwordless"] {
        if said.iter().any(|word| word == reason) {
            return answer("mfa", reason);
        }
    }
    if let Some(skip) = said.iter().find(|word| word.starts_with("skipped")) {
        return answer("exempt", skip);
    }
    match words(&record["status"]["additionalDetails"]) {
        Some(skip) if skip.starts_with("skipped") => return answer("exempt", &skip),
        Some(done) => return answer("mfa", &done),
        None => {}
    }
    // A refused second factor in a sign-in that came to its end: something else let it in.
    let refused = |step: &Value| {
        step["succeeded"] == false
            && low(&step["authenticationStepRequirement"]).unwrap().starts_with("multi")
    };
    if steps.into_iter().flatten().any(refused) {
        return answer("unknown", "");
    }
    if record["authenticationRequirement"] == "multiFactorAuthentication" {
        return answer("mfa", "requirement");
    }
    let policies = record["appliedConditionalAccessPolicies"].as_array();
    let is_met = |policy: &Value| {
        policy["result"] == "success" && policy["enforcedGrantControls"][0] == "Mfa"
    };
    if policies.is_some_and(|policies| policies.iter().any(is_met)) {
        return answer("mfa", "policy");
    }
    if kind == "noninteractiveuser" {
        return answer("unknown", "");
    }
    let has = |reason: &str| said.iter().any(|word| word == reason);
    let is_single = record["authenticationRequirement"] == "singleFactorAuthentication";
    if !is_single || has("first_claim") || !has("first") {
        return answer("unknown", "");
    }
    answer("non_mfa", "first_factor_only")
}

/// What a step proves; nothing for one that did not succeed.
fn step(step: &Value) -> Option<String> {
    if step["succeeded"] != true {
        return None;
    }
    let method = low(&step["authenticationMethod"]).unwrap();
    let result = low(&step["authenticationStepResultDetail"]).unwrap();
    let is_claim = method == "previously satisfied" || result.contains("claim in the token");
    if low(&step["authenticationStepRequirement"]).unwrap().starts_with("multi") {
        return match words(&step["authenticationStepResultDetail"]) {
            Some(skip) if skip.starts_with("skipped") => Some(skip),
            _ => Some(if is_claim { "claim" } else { "performed" }.to_owned()),
        };
    }
    let reason = if is_claim {
        "first_claim"
    } else if method.starts_with("fido") || method.starts_with("windows hello") {
        "passwordless"
    } else {
        "first"
    };
    Some(reason.to_owned())
}

fn words(value: &Value) -> Option<String> {
    let text = low(value)?;
    if let Some(why) = text.strip_prefix("mfa requirement skipped due to ") {
        return Some(format!("skipped_{}", why.replace(' ', "_")));
    }
    match text.as_str() {
        "mfa requirement satisfied by claim in the token" => Some("claim".to_owned()),
        "mfa completed in azure ad" => Some("performed".to_owned()),
        _ => None,
    }
}

/// The verdict of the token of an event, by the rule of the policies.
pub(super) fn verdict_of_claims(claims: &Value) -> &'static str {
    if claims["idtyp"] != "user" {
        return "not_user";
    }
    let list = |name: &str| -> Vec<String> {
        let text = low(&claims[name]).unwrap_or_default();
        text.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
    };
    let amr = list("http://schemas.microsoft.com/claims/authnmethodsreferences");
    let acrs = list("acrs");
    if amr.is_empty() && acrs.is_empty() {
        "unknown"
    } else if amr.iter().any(|method| method == "mfa") || acrs.iter().any(|context| context == "p1")
    {
        "mfa"
    } else {
        "non_mfa"
    }
}

/// Every sign-in with its verdict, once its token and its session have had their say.
pub(super) fn judged(records: &[Value], events: &[Value]) -> Vec<SignIn> {
    let mut signs: Vec<SignIn> = records
        .iter()
        .map(|record| {
            let kind = low(&record["signInEventTypes"][0]).unwrap();
            let (mfa, reason) = judge(record, &kind);
            SignIn { record: record.clone(), kind, mfa, reason, alone: mfa }
        })
        .collect();
    let mut proofs: BTreeMap<&str, bool> = BTreeMap::new();
    for event in events {
        let verdict = verdict_of_claims(&event["claims"]);
        if let (Some(token), "mfa" | "non_mfa") = (event["claims"]["uti"].as_str(), verdict) {
            *proofs.entry(token).or_default() |= verdict == "mfa";
        }
    }
    for sign in &mut signs {
        let Some(proof) = proofs.get(sign.record["uniqueTokenIdentifier"].as_str().unwrap()) else {
            continue;
        };
        if !sign.is_user() || !sign.is_completed() {
            continue;
        }
        // The claims are what Azure saw; a lone first factor does not outweigh them.
        if sign.mfa == "unknown" || (*proof && sign.mfa == "non_mfa") {
            sign.mfa = if *proof { "mfa" } else { "non_mfa" };
            sign.reason = "token".to_owned();
        }
    }
    let before = signs.clone();
    for sign in &mut signs {
        let is_bare =
            sign.kind == "noninteractiveuser" && sign.is_completed() && sign.mfa == "unknown";
        let (true, Some(session)) = (is_bare, sign.text("sessionId")) else { continue };
        let earlier = before.iter().filter(|other| {
            other.text("sessionId").as_ref() == Some(&session)
                && other.text("userId") == sign.text("userId")
                && other.time() <= sign.time()
        });
        let said: Vec<&str> = earlier.map(|other| other.alone).collect();
        if let Some(proof) = ["mfa", "non_mfa"].into_iter().find(|proof| said.contains(proof)) {
            sign.mfa = proof;
            sign.reason = "session".to_owned();
        }
    }
    signs
}
