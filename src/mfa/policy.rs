//! Which policies are MFA policies, and what an effect means.
//!
//! Sources: the two built-in definitions of <https://github.com/Azure/azure-policy> (read
//! 2026-04-29) and the definitions of Microsoft's own phase-2 assignments `sys.mfa-write` and
//! `sys.mfa-delete`, as several public inventories of tenants show them. Display names are never
//! used: they are localised, were renamed and can be chosen freely.

/// Kind of MFA policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MfaPolicy {
    /// The customer's assignment of the built-in for create and update.
    SelfEnforcedWrite,
    /// The customer's assignment of the built-in for delete.
    SelfEnforcedDelete,
    /// Microsoft's assignment for create and update.
    MicrosoftWrite,
    /// Microsoft's assignment for delete.
    MicrosoftDelete,
    /// Named with `--mfa-policy`.
    Custom,
}

impl MfaPolicy {
    /// The word in column `mfa_policy`.
    pub fn name(self) -> &'static str {
        match self {
            Self::SelfEnforcedWrite => "self_enforced_write",
            Self::SelfEnforcedDelete => "self_enforced_delete",
            Self::MicrosoftWrite => "microsoft_write",
            Self::MicrosoftDelete => "microsoft_delete",
            Self::Custom => "custom",
        }
    }
}

const KNOWN: &[(&str, MfaPolicy)] = &[
    ("4e6c27d5-a6ee-49cf-b2b4-d8fe90fa2b8b", MfaPolicy::SelfEnforcedWrite),
    ("db4a9d17-db75-4f46-9fcb-9f9526604417", MfaPolicy::SelfEnforcedDelete),
    ("54f51f64-eaa5-44cf-8674-830bcfd14d21", MfaPolicy::MicrosoftWrite),
    ("f69cd8b8-9a6e-46b4-be84-244e8b127944", MfaPolicy::MicrosoftDelete),
];

/// Recognises a definition by its id; `extra` are ids or names given by the user.
pub fn mfa_policy(definition_id: &str, extra: &[String]) -> Option<MfaPolicy> {
    let id = definition_id.trim_end_matches('/');
    let name = id.rsplit('/').next().unwrap_or(id);
    KNOWN
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, policy)| *policy)
        .or_else(|| {
            extra
                .iter()
                .any(|given| {
                    let given = given.trim_end_matches('/');
                    given.eq_ignore_ascii_case(id) || given.eq_ignore_ascii_case(name)
                })
                .then_some(MfaPolicy::Custom)
        })
}

/// What a policy did to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// `audit`, `auditAction`: let through and noted.
    Audit,
    /// `deny`, `denyAction`: refused.
    Deny,
    /// Everything else: `modify`, `deployIfNotExists`, `auditIfNotExists`, …
    Other,
}

/// Reads an effect without regard to case.
pub fn effect(name: &str) -> Effect {
    let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
    if is("audit") || is("auditaction") {
        Effect::Audit
    } else if is("deny") || is("denyaction") {
        Effect::Deny
    } else {
        Effect::Other
    }
}

/// The effect in an operation name: `microsoft.authorization/policies/audit/action` → `audit`.
/// The operation has to be in lower case.
pub fn effect_of_operation(operation: &str) -> Option<&str> {
    let effect =
        operation.strip_prefix("microsoft.authorization/policies/")?.strip_suffix("/action")?;
    (!effect.is_empty() && !effect.contains('/')).then_some(effect)
}

#[cfg(test)]
mod tests {
    use super::{Effect, MfaPolicy, effect, effect_of_operation, mfa_policy};

    #[test]
    fn policies_are_known_by_id_whatever_its_case_or_slash() {
        let id = "/providers/Microsoft.Authorization/policyDefinitions/4E6C27D5-A6EE-49CF-B2B4-D8FE90FA2B8B/";
        assert_eq!(mfa_policy(id, &[]), Some(MfaPolicy::SelfEnforcedWrite));
        assert_eq!(
            mfa_policy("f69cd8b8-9a6e-46b4-be84-244e8b127944", &[]),
            Some(MfaPolicy::MicrosoftDelete)
        );
        assert_eq!(mfa_policy("/x/policydefinitions/ours", &[]), None);
        assert_eq!(
            mfa_policy("/x/policydefinitions/ours", &["OURS".to_owned()]),
            Some(MfaPolicy::Custom)
        );
    }

    #[test]
    fn effects_are_read_from_words_and_operations() {
        assert_eq!(effect("AuditAction"), Effect::Audit);
        assert_eq!(effect("DENY"), Effect::Deny);
        assert_eq!(effect("auditIfNotExists"), Effect::Other);
        assert_eq!(
            effect_of_operation("microsoft.authorization/policies/denyaction/action"),
            Some("denyaction")
        );
        assert_eq!(effect_of_operation("microsoft.authorization/policies/write"), None);
        assert_eq!(effect_of_operation("microsoft.authorization/policies/a/b/action"), None);
    }
}
