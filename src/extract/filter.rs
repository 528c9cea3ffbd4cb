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
        let user = (!self.users.is_empty()).then_some("caller");
        subscription.into_iter().chain(user)
    }

    /// Why a row does not count, if it does not.
    pub(crate) fn refuses(&self, row: &Row<'_>, scratch: &str) -> Option<&'static str> {
        let time = micros(row.ticks);
        if self.since.is_some_and(|since| time < since)
            || self.until.is_some_and(|until| time >= until)
        {
            return Some("outside the window");
        }
        let is = |column: usize, wanted: &[String]| {
            row.text(column, scratch).is_some_and(|text| wanted.iter().any(|one| one == text))
        };
        if !self.subscriptions.is_empty() && !is(position::SUBSCRIPTION_ID, &self.subscriptions) {
            return Some("other subscriptions");
        }
        let is_user = [position::CALLER, position::CALLER_UPN, position::CALLER_OID]
            .into_iter()
            .any(|column| is(column, &self.users));
        if !self.users.is_empty() && !is_user {
            return Some("other users");
        }
        if !self.resources.is_empty() && !self.wants_resource(row, scratch) {
            return Some("other resources");
        }
        None
    }

    fn wants_resource(&self, row: &Row<'_>, scratch: &str) -> bool {
        let id = row.text(position::RESOURCE_ID, scratch).unwrap_or_default();
        let name = row.text(position::RESOURCE_NAME, scratch).unwrap_or_default();
        self.resources.iter().any(|wanted| {
            let wanted = wanted.trim_end_matches('/');
            name == wanted
                || id
                    .strip_prefix(wanted)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}
