//! What an operation does, and what became of it.
//!
//! Sources: <https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema> for
//! the status words, of which every export writes its own (`Started`, `Start`, `Success`, …).

use super::policy::effect_of_operation;

/// Class of an operation, by the last part of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OperationClass {
    /// `…/write`: create or update.
    Write,
    /// `…/delete`.
    Delete,
    /// `…/action`: POST; mandatory MFA does not cover it.
    Action,
    /// `…/read`.
    Read,
    /// `microsoft.authorization/policies/*/action`: Azure Policy itself speaking.
    Policy,
    /// Anything else, such as `ScaleUp`.
    Other,
}

impl OperationClass {
    /// The word in column `operation_class`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Delete => "delete",
            Self::Action => "action",
            Self::Read => "read",
            Self::Policy => "policy",
            Self::Other => "other",
        }
    }

    /// Whether a request of this class is an attempt to change or do something.
    pub fn is_attempt(self) -> bool {
        matches!(self, Self::Write | Self::Delete | Self::Action)
    }

    /// The class of an operation name in lower case.
    pub fn of(operation: &str) -> Self {
        const VERBS: &[(&str, OperationClass)] = &[
            ("/write", OperationClass::Write),
            ("/delete", OperationClass::Delete),
            ("/action", OperationClass::Action),
            ("/read", OperationClass::Read),
        ];
        if effect_of_operation(operation).is_some() {
            return Self::Policy;
        }
        let verb = VERBS.iter().find(|(verb, _)| operation.ends_with(verb));
        verb.map_or(Self::Other, |(_, class)| *class)
    }
}

/// What a row says of the state of its operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Begun.
    Started,
    /// Taken on, result still open (HTTP 202).
    Accepted,
    /// Done.
    Succeeded,
    /// Refused or broken off.
    Failed,
    /// Called off.
    Canceled,
    /// Anything else: `Active`, `Resolved`, a number, …
    Other,
}

impl Status {
    /// The word in column `status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Accepted => "accepted",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Other => "other",
        }
    }

    /// Reads any export's word, by its beginning.
    pub fn of(word: &str) -> Self {
        const STARTS: &[(&str, Status)] = &[
            ("start", Status::Started),
            ("in progress", Status::Started),
            ("inprogress", Status::Started),
            ("accept", Status::Accepted),
            ("succe", Status::Succeeded),
            ("fail", Status::Failed),
            ("cancel", Status::Canceled),
        ];
        let word = word.trim_ascii().as_bytes();
        let first = word.first().map(u8::to_ascii_lowercase);
        STARTS
            .iter()
            .filter(|(start, _)| start.as_bytes().first().copied() == first)
            .find(|(start, _)| {
                word.get(..start.len())
                    .is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
            })
            .map_or(Self::Other, |(_, status)| *status)
    }
}

/// Whether rows of a category can be attempts: Administrative, the old Write, Delete and Action,
/// or none given. Health, alert, autoscale, security and recommendation rows never are.
pub fn category_can_be_attempt(category: Option<&str>) -> bool {
    category
        .is_none_or(|category| matches!(category, "administrative" | "write" | "delete" | "action"))
}

#[cfg(test)]
mod tests {
    use super::{OperationClass, Status};

    #[test]
    fn operations_and_statuses_are_read() {
        assert_eq!(OperationClass::of("microsoft.web/sites/write"), OperationClass::Write);
        assert_eq!(
            OperationClass::of("microsoft.authorization/policies/audit/action"),
            OperationClass::Policy
        );
        assert_eq!(OperationClass::of("microsoft.web/sites/start/action"), OperationClass::Action);
        assert_eq!(OperationClass::of("scaleup"), OperationClass::Other);
        for (word, expect) in [
            ("Success", Status::Succeeded),
            ("Succeeded.", Status::Succeeded),
            ("start", Status::Started),
            ("In Progress", Status::Started),
            ("Failure", Status::Failed),
            ("Cancelled", Status::Canceled),
            ("Accept", Status::Accepted),
            ("Active", Status::Other),
            ("", Status::Other),
            ("ſucceeded", Status::Other),
        ] {
            assert_eq!(Status::of(word), expect, "{word}");
        }
    }
}
