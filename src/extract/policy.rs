//! The policies that a policy event names.

use std::borrow::Cow;
use std::sync::Arc;

use crate::extract::elements::{Element, Elements};
use crate::extract::field::Field;
use crate::extract::format::Formats;
use crate::extract::remembered::Remembered;
use crate::json::escape::unescape_into;
use crate::json::slot::SlotKind;
use crate::json::walk::Walker;
use crate::mfa::policy::{Effect, MfaPolicy, effect, mfa_policy};

/// One member of an element of `policies`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
#[expect(missing_docs, reason = "named as the columns of activity_policy that they fill")]
pub enum Part {
    DefinitionId,
    DefinitionName,
    DisplayName,
    Effect,
    SetId,
    ReferenceId,
    AssignmentId,
    AssignmentName,
    AssignmentDisplayName,
    AssignmentScope,
    ExemptionIds,
}

/// How many members are read.
pub const PART_COUNT: usize = Part::ExemptionIds as usize + 1;

/// One policy of a policy event, normalised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    parts: [Option<String>; PART_COUNT],
    pub(crate) mfa: Option<MfaPolicy>,
}

impl Policy {
    pub(crate) fn part(&self, part: Part) -> Option<&str> {
        self.parts[part as usize].as_deref()
    }
}

/// The policies of one event, and what they say together.
#[derive(Debug)]
pub(crate) struct Policies {
    pub(crate) all: Vec<Policy>,
    pub(crate) flags: PolicyFlags,
    /// Their share of the event's identity, see [`crate::extract::identity::event_key`].
    pub(crate) identity: Vec<u8>,
}

/// How many texts of policies are remembered: each is a few kilobytes.
const REMEMBERED_MAX: usize = 256;

/// Reads the elements of `policies`. A tenant has few assignments and many events that name them, so
/// what a text says is remembered.
#[derive(Debug)]
pub(crate) struct PolicyReader {
    elements: Elements,
    extra_mfa: Vec<String>,
    known: Remembered<Arc<Policies>>,
}

impl PolicyReader {
    pub(crate) fn new(formats: &Formats, extra_mfa: Vec<String>) -> Self {
        let elements = Elements::new(formats.policy_paths);
        Self { elements, extra_mfa, known: Remembered::new(REMEMBERED_MAX) }
    }

    /// The policies in the record that `walker` walked last: a JSON array of objects (or one
    /// object), or a string that holds it. What is damaged ends the list; an event whose policies
    /// cannot be read is known by its operation's effect alone, so that it is not lost from the
    /// reports.
    pub(crate) fn read(
        &mut self,
        walker: &Walker,
        text: &str,
        operation_effect: &str,
    ) -> Arc<Policies> {
        let slot = walker.slots().get(Field::Policies as usize).copied().unwrap_or_default();
        let is_escaped = slot.kind == SlotKind::EscapedText;
        let text = match slot.kind {
            SlotKind::Absent | SlotKind::Null => "",
            _ => walker.text_of(text, slot),
        };
        let Self { elements, extra_mfa, known } = self;
        known.ask([Some(text), Some(operation_effect)]);
        known.number(Some(i64::from(is_escaped)));
        known.result(|| {
            let all = if is_escaped {
                let mut unescaped = String::new();
                unescape_into(text, &mut unescaped);
                all_in(elements, &unescaped, operation_effect, extra_mfa)
            } else {
                all_in(elements, text, operation_effect, extra_mfa)
            };
            let flags = PolicyFlags::of(&all, operation_effect);
            Arc::new(Policies { flags, identity: identity(&all), all })
        })
    }
}

/// The policies that `elements` finds in a text.
fn all_in(
    elements: &mut Elements,
    text: &str,
    operation_effect: &str,
    extra_mfa: &[String],
) -> Vec<Policy> {
    let mut found = Vec::new();
    elements.each(text, &mut |element| found.push(policy(element)));
    for policy in &mut found {
        policy.parts[Part::Effect as usize].get_or_insert_with(|| operation_effect.to_owned());
        let id = policy.part(Part::DefinitionId).or(policy.part(Part::DefinitionName));
        policy.mfa = id.and_then(|id| mfa_policy(id, extra_mfa));
    }
    found
}

/// Assignments and definitions, in an order that no export changes.
fn identity(policies: &[Policy]) -> Vec<u8> {
    let mut named: Vec<[&str; 2]> = policies
        .iter()
        .map(|policy| {
            [Part::AssignmentId, Part::DefinitionId]
                .map(|part| policy.part(part).unwrap_or_default())
        })
        .collect();
    named.sort_unstable();
    let mut bytes = Vec::new();
    for text in named.as_flattened() {
        bytes.push(0);
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

fn policy(element: &Element<'_>) -> Policy {
    let mut policy = Policy::default();
    for (part, value) in policy.parts.iter_mut().enumerate() {
        let Some(mut read) = element.part(part) else { continue };
        // Display names and references are shown as they are; everything else is an id.
        let is_shown = part == Part::DisplayName as usize
            || part == Part::AssignmentDisplayName as usize
            || part == Part::ReferenceId as usize;
        if !is_shown {
            read = Cow::Owned(read.trim().trim_end_matches('/').to_lowercase());
        }
        *value = (!read.is_empty()).then(|| read.into_owned());
    }
    policy
}

/// What the policies of an event say together, in one byte beside each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PolicyFlags(u8);

impl PolicyFlags {
    const AUDIT: u8 = 1;
    const DENY: u8 = 2;
    const MFA_AUDIT: u8 = 4;
    const MFA_DENY: u8 = 8;
    const MFA_DELETE: u8 = 16;

    /// The flags as a byte, for rows that wait on disk.
    pub(crate) fn to_byte(self) -> u8 {
        self.0
    }

    /// The flags that [`Self::to_byte`] gave.
    pub(crate) fn from_byte(byte: u8) -> Self {
        Self(byte)
    }

    /// Of an event that names `policies`; one that names none is judged by its operation's effect.
    pub(crate) fn of(policies: &[Policy], operation_effect: &str) -> Self {
        if policies.is_empty() {
            return Self::default().with(operation_effect, None);
        }
        policies.iter().fold(Self::default(), |flags, policy| {
            flags.with(
                policy.part(Part::Effect).unwrap_or_default(),
                policy.mfa.map(MfaPolicy::name),
            )
        })
    }

    /// The flags with one more policy: its effect, and its kind of MFA policy if it is one.
    #[must_use]
    pub fn with(self, effect_name: &str, mfa_policy: Option<&str>) -> Self {
        let is_mfa = mfa_policy.is_some();
        let effects = match effect(effect_name) {
            Effect::Audit if is_mfa => Self::AUDIT | Self::MFA_AUDIT,
            Effect::Audit => Self::AUDIT,
            Effect::Deny if is_mfa => Self::DENY | Self::MFA_DENY,
            Effect::Deny => Self::DENY,
            Effect::Other => 0,
        };
        let is_delete = mfa_policy.is_some_and(|kind| kind.ends_with("_delete"))
            || (is_mfa && effect_name.ends_with("action"));
        Self(self.0 | effects | if is_delete { Self::MFA_DELETE } else { 0 })
    }

    /// Whether some policy audited or denied the request: evidence that it was made.
    pub fn is_evidence(self) -> bool {
        self.0 & (Self::AUDIT | Self::DENY) != 0
    }

    /// Whether some policy denied it.
    pub fn denies(self) -> bool {
        self.0 & Self::DENY != 0
    }

    /// Whether an MFA policy audited it, and none denied it: one event is one audit or one deny.
    pub fn mfa_audits(self) -> bool {
        self.0 & Self::MFA_AUDIT != 0 && !self.mfa_denies()
    }

    /// Whether an MFA policy denied it.
    pub fn mfa_denies(self) -> bool {
        self.0 & Self::MFA_DENY != 0
    }

    /// Whether an MFA policy spoke at all.
    pub fn is_mfa(self) -> bool {
        self.0 & (Self::MFA_AUDIT | Self::MFA_DENY) != 0
    }

    /// Whether the MFA policy is one for deletes.
    pub fn is_mfa_delete(self) -> bool {
        self.0 & Self::MFA_DELETE != 0
    }
}
