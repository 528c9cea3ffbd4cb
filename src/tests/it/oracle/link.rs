//! Which sign-in is behind a request, once more, by the table at the head of `src/fold/link.rs`.

use serde_json::Value;

use super::tenant::WINDOWS;
use super::verdict::{SignIn, low, verdict_of_claims};

/// One request: the rows of the log that share an operation id.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    /// The first row.
    pub(super) first: Value,
    /// Events of policies that looked at it.
    pub(super) policies: Vec<Value>,
    pub(super) verb: &'static str,
}

impl Attempt {
    pub(super) fn claim(&self, name: &str) -> Option<String> {
        low(&self.first["claims"][name])
    }

    pub(super) fn user(&self) -> Option<String> {
        self.claim("http://schemas.microsoft.com/identity/claims/objectidentifier")
    }

    pub(super) fn mfa(&self) -> &'static str {
        verdict_of_claims(&self.first["claims"])
    }

    pub(super) fn time(&self) -> &str {
        self.first["eventTimestamp"].as_str().unwrap()
    }
}

/// The requests behind events, whose rows come in order of time; reads are none.
pub(super) fn attempts(events: &[Value]) -> Vec<Attempt> {
    let mut found: Vec<Attempt> = Vec::new();
    for event in events {
        let known =
            found.iter().position(|attempt| attempt.first["operationId"] == event["operationId"]);
        let operation = low(&event["operationName"]["value"]).unwrap();
        let verb = ["write", "delete", "action"]
            .into_iter()
            .find(|verb| operation.ends_with(&format!("/{verb}")));
        match (known, verb) {
            (Some(known), _) if event["category"]["value"] == "Policy" => {
                found[known].policies.push(event.clone());
            }
            (None, Some(verb)) => {
                found.push(Attempt { first: event.clone(), policies: Vec::new(), verb });
            }
            _ => {}
        }
    }
    found
}

/// Minutes between two times of June 2026; a text is later than another if its time is.
pub(super) fn minutes(text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| text[range].parse::<i64>().unwrap();
    (number(8..10) * 24 + number(11..13)) * 60 + number(14..16)
}

/// The latest at or before a time, else the earliest after it; of several the smallest id.
fn nearest<'a>(
    signs: impl Iterator<Item = &'a SignIn>,
    time: &str,
    is_past: bool,
) -> Option<&'a SignIn> {
    let mut found: Vec<&SignIn> = signs.filter(|sign| (sign.time() <= time) == is_past).collect();
    found.sort_by_key(|sign| sign.id());
    let best = found.iter().map(|sign| sign.time());
    let best = if is_past { best.max() } else { best.min() }?;
    found.into_iter().find(|sign| sign.time() == best)
}

/// Kind of link and sign-in of a request by a person; nothing for programs.
pub(super) fn behind<'a>(
    attempt: &Attempt,
    signs: &'a [SignIn],
) -> Option<(&'static str, &'a SignIn)> {
    attempt.user().filter(|_| attempt.mfa() != "not_user")?;
    let time = attempt.time();
    if let Some(token) = attempt.first["claims"]["uti"].as_str() {
        let issued = || signs.iter().filter(|sign| sign.record["uniqueTokenIdentifier"] == token);
        if let Some(found) =
            nearest(issued(), time, true).or_else(|| nearest(issued(), time, false))
        {
            return Some(("token", found));
        }
    }
    let people = || signs.iter().filter(|sign| sign.is_user() && sign.is_completed());
    if let Some(session) = attempt.claim("sid") {
        for is_past in [true, false] {
            for kind in ["interactiveuser", "noninteractiveuser"] {
                let same = people().filter(|sign| {
                    sign.kind == kind && sign.text("sessionId").as_ref() == Some(&session)
                });
                if let Some(found) = nearest(same, time, is_past) {
                    return Some(("session", found));
                }
            }
        }
    }
    let ip = low(&attempt.first["httpRequest"]["clientIpAddress"])?;
    let near = people().filter(|sign| {
        sign.text("appId").as_deref() != Some(WINDOWS)
            && sign.text("userId") == attempt.user()
            && sign.text("ipAddress").as_ref() == Some(&ip)
            && sign.text("appId") == attempt.claim("appid")
            // Seconds of a request are past those of a sign-in of the same minute.
            && (0..90).contains(&(minutes(time) - minutes(sign.time())))
    });
    Some(("heuristic", nearest(near, time, true)?))
}
