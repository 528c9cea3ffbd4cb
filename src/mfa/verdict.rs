//! The MFA verdict of an event: the rule of Microsoft's own policy definitions, replayed on the
//! claims that the Activity Log keeps.
//!
//! Source: the built-in definitions `4e6c27d5-a6ee-49cf-b2b4-d8fe90fa2b8b` and
//! `db4a9d17-db75-4f46-9fcb-9f9526604417`, version 1.1.0, in
//! <https://github.com/Azure/azure-policy> (`MFA_Deny.json`, `MFA_DenyAction.json`; read
//! 2026-04-29). Their condition is: `idtyp` is present and `user`, and `mfa` is not in
//! `split(claims['http://schemas.microsoft.com/claims/authnmethodsreferences'], ',')`, and `p1`
//! is not in `split(acrs, ',')`.

use super::principal::Principal;

/// What the claims of an event prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// A user, and the token shows MFA.
    Mfa,
    /// A user, and the token shows that there was none.
    NonMfa,
    /// An application, a managed identity or an Azure service: the rule does not ask them.
    NotUser,
    /// The claims do not say.
    Unknown,
}

impl Verdict {
    /// The word in column `mfa`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mfa => "mfa",
            Self::NonMfa => "non_mfa",
            Self::NotUser => "not_user",
            Self::Unknown => "unknown",
        }
    }
}

/// The claims the rule looks at; an empty claim is an absent one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proof<'a> {
    /// `idtyp`.
    pub idtyp: Option<&'a str>,
    /// `http://schemas.microsoft.com/claims/authnmethodsreferences`, comma-joined.
    pub amr: Option<&'a str>,
    /// `acrs`, comma-joined.
    pub acrs: Option<&'a str>,
}

/// Whether a comma-joined claim has one of `wanted` among its values. Azure Policy compares without
/// regard to case; blanks around values do not count.
pub fn list_has(list: &str, wanted: &[&str]) -> bool {
    let mut values = list.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    values.any(|value| wanted.iter().any(|wanted| value.eq_ignore_ascii_case(wanted.as_bytes())))
}

/// The verdict that reports use.
///
/// `ngcmfa` counts as `mfa`, because the access token reference calls it equivalent
/// (<https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>);
/// `wiaormfa` alone does not, as the rule has it. A user with neither claim is `Unknown`.
pub fn verdict(principal: Principal, proof: Proof<'_>) -> Verdict {
    match principal {
        Principal::ServicePrincipal | Principal::ManagedIdentity | Principal::AzureService => {
            Verdict::NotUser
        }
        Principal::Unknown | Principal::Nobody => Verdict::Unknown,
        Principal::User if proof.amr.is_none() && proof.acrs.is_none() => Verdict::Unknown,
        Principal::User => {
            let by_method = proof.amr.is_some_and(|amr| list_has(amr, &["mfa", "ngcmfa"]));
            if by_method || by_context(proof) { Verdict::Mfa } else { Verdict::NonMfa }
        }
    }
}

/// The rule to the letter (`--strict-policy`): a token without `idtyp` is not judged, absent
/// claims are empty lists, and only the literal `mfa` and `p1` count.
pub fn strict_verdict(proof: Proof<'_>) -> Verdict {
    match proof.idtyp {
        None => Verdict::Unknown,
        Some(idtyp) if !idtyp.trim().eq_ignore_ascii_case("user") => Verdict::NotUser,
        Some(_) => {
            let by_method = proof.amr.is_some_and(|amr| list_has(amr, &["mfa"]));
            if by_method || by_context(proof) { Verdict::Mfa } else { Verdict::NonMfa }
        }
    }
}

fn by_context(proof: Proof<'_>) -> bool {
    proof.acrs.is_some_and(|acrs| list_has(acrs, &["p1"]))
}

#[cfg(test)]
mod tests {
    use super::{Proof, Verdict, strict_verdict, verdict};
    use crate::mfa::principal::Principal;

    fn of(amr: Option<&str>, acrs: Option<&str>) -> Verdict {
        verdict(Principal::User, Proof { idtyp: Some("user"), amr, acrs })
    }

    #[test]
    fn the_rule_is_replayed() {
        for (amr, acrs, expect) in [
            (Some("pwd,mfa"), None, Verdict::Mfa),
            (Some("pwd, rsa, MFA"), None, Verdict::Mfa),
            (Some("pwd"), Some("p1"), Verdict::Mfa),
            (None, Some("c1,p1"), Verdict::Mfa),
            (None, Some("c1"), Verdict::NonMfa),
            (Some("pwd"), None, Verdict::NonMfa),
            (Some("pwd"), Some("p12"), Verdict::NonMfa),
            (Some("wiaormfa"), None, Verdict::NonMfa),
            (Some("ngcmfa"), None, Verdict::Mfa),
            (Some("rsa"), None, Verdict::NonMfa),
            (None, None, Verdict::Unknown),
        ] {
            assert_eq!(of(amr, acrs), expect, "{amr:?} {acrs:?}");
        }
    }

    #[test]
    fn only_users_are_asked() {
        let proof = Proof { idtyp: None, amr: Some("pwd"), acrs: None };
        assert_eq!(verdict(Principal::ServicePrincipal, proof), Verdict::NotUser);
        assert_eq!(verdict(Principal::ManagedIdentity, proof), Verdict::NotUser);
        assert_eq!(verdict(Principal::AzureService, proof), Verdict::NotUser);
        assert_eq!(verdict(Principal::Unknown, proof), Verdict::Unknown);
        assert_eq!(verdict(Principal::Nobody, Proof::default()), Verdict::Unknown);
    }

    #[test]
    fn the_strict_rule_wants_idtyp_and_takes_absent_claims_as_empty() {
        let user = Proof { idtyp: Some("user"), amr: None, acrs: None };
        assert_eq!(strict_verdict(user), Verdict::NonMfa);
        assert_eq!(strict_verdict(Proof { amr: Some("ngcmfa"), ..user }), Verdict::NonMfa);
        assert_eq!(strict_verdict(Proof { amr: Some("pwd,mfa"), ..user }), Verdict::Mfa);
        assert_eq!(strict_verdict(Proof { idtyp: None, ..user }), Verdict::Unknown);
        assert_eq!(strict_verdict(Proof { idtyp: Some("app"), ..user }), Verdict::NotUser);
    }
}
