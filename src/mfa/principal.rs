//! Who acted: a person, an application, Azure itself.
//!
//! Sources: <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>
//! and `optional-claims-reference` beside it (`idtyp`: "app" is the most accurate way to tell an
//! app-only token; `scp` is only in user tokens), and the activity log schema
//! <https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema> (rows of
//! autoscale and alerts carry nothing but an `spn`). `xms_mirid` and `puid` are what public
//! records show; no page promises them.

use crate::text::{split_at_mark, trim_ascii};

/// Kind of principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A person's account (or one used as if it were).
    User,
    /// An application with its own credentials.
    ServicePrincipal,
    /// A managed identity.
    ManagedIdentity,
    /// An Azure engine: autoscale, alerts, a resource provider.
    AzureService,
    /// Somebody, but the log does not say what.
    Unknown,
    /// Nobody: an event of the platform, such as service health.
    Nobody,
}

impl Principal {
    /// The word in column `principal_type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ServicePrincipal => "service_principal",
            Self::ManagedIdentity => "managed_identity",
            Self::AzureService => "azure_service",
            Self::Unknown => "unknown",
            Self::Nobody => "none",
        }
    }

    /// Whether `name` is that of a principal that MFA does not concern: nobody signs in for it.
    pub fn is_application(name: &str) -> bool {
        [Self::ServicePrincipal, Self::ManagedIdentity, Self::AzureService]
            .iter()
            .any(|principal| principal.name() == name)
    }
}

/// What the log says about the caller; empty values are absent ones.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// Whether the event has claims at all.
    pub has_claims: bool,
    /// `caller`.
    pub caller: Option<&'a str>,
    /// `idtyp`.
    pub idtyp: Option<&'a str>,
    /// `xms_mirid` or `xms_az_rid`: the resource behind a managed identity.
    pub has_identity_resource: bool,
    /// `scp`: delegated scopes.
    pub has_scope: bool,
    /// `upn`.
    pub has_upn: bool,
    /// `unique_name`, which guests have in place of `upn`.
    pub unique_name: Option<&'a str>,
    /// `puid`.
    pub has_puid: bool,
    /// `amr`.
    pub has_amr: bool,
    /// `appidacr`: how the client proved itself; 0 public, 1 secret, 2 certificate.
    pub app_credential: Option<&'a str>,
    /// `appid`.
    pub has_app_id: bool,
    /// `oid`.
    pub has_object_id: bool,
    /// `spn`.
    pub has_spn: bool,
}

/// Decides the kind of principal; the second value says whether "user" had to be decided without
/// `idtyp`, which tokens up to mid 2022 lack.
pub fn classify(evidence: &Evidence<'_>) -> (Principal, bool) {
    if !evidence.has_claims {
        let principal = match evidence.caller {
            None => Principal::Nobody,
            Some(caller) if is_service_name(caller) => Principal::AzureService,
            Some(_) => Principal::Unknown,
        };
        return (principal, false);
    }
    let application = if evidence.has_identity_resource {
        Principal::ManagedIdentity
    } else {
        Principal::ServicePrincipal
    };
    match evidence.idtyp.map(trim_ascii) {
        Some(idtyp) if idtyp.eq_ignore_ascii_case("app") => return (application, false),
        Some(idtyp) if idtyp.eq_ignore_ascii_case("user") => return (Principal::User, false),
        _ => {}
    }
    if evidence.has_identity_resource {
        return (Principal::ManagedIdentity, false);
    }
    let has_user_name = evidence.unique_name.is_some_and(|name| name.contains('@'));
    if evidence.has_scope
        || evidence.has_upn
        || evidence.has_puid
        || evidence.has_amr
        || has_user_name
    {
        return (Principal::User, true);
    }
    if matches!(evidence.app_credential, Some("1" | "2"))
        || (evidence.has_app_id && evidence.has_object_id)
    {
        return (Principal::ServicePrincipal, false);
    }
    if evidence.has_app_id {
        return (Principal::ServicePrincipal, false);
    }
    if evidence.has_spn || evidence.caller.is_some_and(is_service_name) {
        return (Principal::AzureService, false);
    }
    (Principal::Unknown, false)
}

/// Whether a caller reads like `Microsoft.Insights/autoscaleSettings` or `Microsoft.Advisor`.
fn is_service_name(caller: &str) -> bool {
    !caller.contains('@')
        && caller.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("microsoft."))
}

/// A user name without the prefix that guests' names carry (`live.com#a@b.c`).
pub fn without_guest_prefix(name: &str) -> &str {
    match split_at_mark(name, b'#') {
        // `a_b.c#EXT#@tenant` is a real UPN; only a provider's name before the mark is cut.
        Some((provider, rest))
            if rest.contains('@')
                && !provider.contains('@')
                && provider.contains('.')
                && !rest.get(..4).is_some_and(|mark| mark.eq_ignore_ascii_case("ext#")) =>
        {
            rest
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, Principal, classify, without_guest_prefix};

    const CLAIMS: Evidence<'static> = Evidence {
        has_claims: true,
        caller: None,
        idtyp: None,
        has_identity_resource: false,
        has_scope: false,
        has_upn: false,
        unique_name: None,
        has_puid: false,
        has_amr: false,
        app_credential: None,
        has_app_id: false,
        has_object_id: false,
        has_spn: false,
    };

    #[test]
    fn the_first_sure_sign_decides() {
        let cases = [
            (Evidence { idtyp: Some("app"), ..CLAIMS }, Principal::ServicePrincipal, false),
            (
                Evidence {
                    idtyp: Some("app"),
                    has_amr: true,
                    has_identity_resource: true,
                    ..CLAIMS
                },
                Principal::ManagedIdentity,
                false,
            ),
            (Evidence { idtyp: Some("user"), ..CLAIMS }, Principal::User, false),
            (
                Evidence { has_scope: true, app_credential: Some("2"), ..CLAIMS },
                Principal::User,
                true,
            ),
            (Evidence { has_puid: true, ..CLAIMS }, Principal::User, true),
            (
                Evidence { unique_name: Some("live.com#a@b.example"), ..CLAIMS },
                Principal::User,
                true,
            ),
            (
                Evidence { app_credential: Some("1"), has_app_id: true, ..CLAIMS },
                Principal::ServicePrincipal,
                false,
            ),
            (
                Evidence { has_app_id: true, has_object_id: true, ..CLAIMS },
                Principal::ServicePrincipal,
                false,
            ),
            (
                Evidence {
                    has_spn: true,
                    caller: Some("Microsoft.Insights/autoscaleSettings"),
                    ..CLAIMS
                },
                Principal::AzureService,
                false,
            ),
            (CLAIMS, Principal::Unknown, false),
            (
                Evidence { caller: Some("ada@tailwind.example"), ..Evidence::default() },
                Principal::Unknown,
                false,
            ),
            (
                Evidence { caller: Some("Microsoft.Advisor"), ..Evidence::default() },
                Principal::AzureService,
                false,
            ),
            (Evidence::default(), Principal::Nobody, false),
        ];
        for (evidence, principal, guessed) in cases {
            assert_eq!(classify(&evidence), (principal, guessed), "{evidence:?}");
        }
    }

    #[test]
    fn guests_lose_the_providers_name_only() {
        assert_eq!(without_guest_prefix("live.com#eve@mail.example"), "eve@mail.example");
        assert_eq!(
            without_guest_prefix("eve_mail.example#EXT#@tw.example"),
            "eve_mail.example#EXT#@tw.example"
        );
        assert_eq!(without_guest_prefix("ada@tw.example"), "ada@tw.example");
    }
}
