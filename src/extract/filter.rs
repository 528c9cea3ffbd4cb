//! Which rows an analyst asked for.

use crate::extract::activity::{Row, position};
use crate::time::micros;

/// The window and the filters of the command line; empty lists let everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// First instant that counts, UTC microseconds.
    pub since: Option<i64>,
    /// First instant that does not count any more, UTC microseconds.
    pub until: Option<i64>,
    /// Subscriptions, lower case.
    pub subscriptions: Vec<String>,
    /// Object ids, UPNs or callers, lower case.
    pub users: Vec<String>,
    /// Resource ids (with everything below them) or names, lower case.
    pub resources: Vec<String>,
}

impl Filter {
    /// The columns the filter looks at.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &'static str> {
        let subscription = (!self.subscriptions.is_empty()).then_some("subscription_id");
        let users = ["caller", "caller_upn", "caller_oid"];
        let users = users.into_iter().filter(|_| !self.users.is_empty());
        let resource = (!self.resources.is_empty()).then_some("resource_name");
        subscription.into_iter().chain(users).chain(resource)
    }

    /// Whether everything counts.
    fn is_empty(&self) -> bool {
        self.since.is_none()
            && self.until.is_none()
            && [&self.subscriptions, &self.users, &self.resources].iter().all(|it| it.is_empty())
    }

    /// Why a row does not count, if it does not.
    pub(crate) fn refuses_row(&self, row: &Row<'_>, scratch: &str) -> Option<&'static str> {
        if self.is_empty() {
            return None;
        }
        self.refuses(&Candidate {
            time: micros(row.ticks),
            subscription: row.text(position::SUBSCRIPTION_ID, scratch),
            identities: [position::CALLER, position::CALLER_UPN, position::CALLER_OID]
                .map(|column| row.text(column, scratch)),
            resource_id: row.text(position::RESOURCE_ID, scratch),
            resource_name: row.text(position::RESOURCE_NAME, scratch),
        })
    }

    /// Why a sign-in or an audit of somebody does not count, if it does not: only the window and the
    /// users concern it.
    pub fn refuses_person(
        &self,
        time: i64,
        identities: impl FnOnce() -> Vec<String>,
    ) -> Option<&'static str> {
        if self.is_outside(time) {
            return Some("outside the window");
        }
        if self.users.is_empty() {
            return None;
        }
        let identities = identities();
        let is_wanted = self.users.iter().any(|one| identities.contains(one));
        (!is_wanted).then_some("other users")
    }

    fn is_outside(&self, time: i64) -> bool {
        self.since.is_some_and(|since| time < since)
            || self.until.is_some_and(|until| time >= until)
    }

    /// Why something with these values does not count, if it does not.
    pub fn refuses(&self, candidate: &Candidate<'_>) -> Option<&'static str> {
        if self.is_outside(candidate.time) {
            return Some("outside the window");
        }
        let is = |text: Option<&str>, wanted: &[String]| {
            wanted.is_empty() || text.is_some_and(|text| wanted.iter().any(|one| one == text))
        };
        if !is(candidate.subscription, &self.subscriptions) {
            return Some("other subscriptions");
        }
        if !candidate.identities.into_iter().any(|identity| is(identity, &self.users)) {
            return Some("other users");
        }
        if !self.resources.is_empty() && !self.wants_resource(candidate) {
            return Some("other resources");
        }
        None
    }

    fn wants_resource(&self, candidate: &Candidate<'_>) -> bool {
        let id = candidate.resource_id.unwrap_or_default();
        let name = candidate.resource_name.unwrap_or_default();
        self.resources.iter().any(|wanted| {
            let wanted = wanted.trim_end_matches('/');
            name == wanted
                || id
                    .strip_prefix(wanted)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// What the filter looks at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Candidate<'a> {
    /// UTC microseconds.
    pub time: i64,
    /// Subscription, lower case.
    pub subscription: Option<&'a str>,
    /// Caller, UPN and object id, lower case.
    pub identities: [Option<&'a str>; 3],
    /// Resource id, lower case.
    pub resource_id: Option<&'a str>,
    /// Resource name, lower case.
    pub resource_name: Option<&'a str>,
}
