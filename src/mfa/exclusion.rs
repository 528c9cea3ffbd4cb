//! Sign-ins that are left out of figures about Azure and MFA, each for a reason with a name.

use super::words::{filled, is_same};

/// Why a row does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exclusion {
    /// Somebody unlocked a Windows device; nothing was asked of Azure.
    WindowsSignIn,
    /// The broker of a device fetched a token for other apps.
    AuthenticationBroker,
    /// A device was registered or looked after.
    DeviceRegistration,
    /// Our own user in somebody else's tenant: what that tenant asks is not ours to enforce.
    CrossTenant,
    /// A row of AD FS or NPS, which lacks what the verdict needs.
    FederationServer,
}

/// All of them, in the order in which they are tried.
pub const ALL: [Exclusion; 5] = [
    Exclusion::FederationServer,
    Exclusion::CrossTenant,
    Exclusion::WindowsSignIn,
    Exclusion::AuthenticationBroker,
    Exclusion::DeviceRegistration,
];

impl Exclusion {
    /// The word in column `excluded`.
    pub fn name(self) -> &'static str {
        match self {
            Self::WindowsSignIn => "windows_sign_in",
            Self::AuthenticationBroker => "authentication_broker",
            Self::DeviceRegistration => "device_registration",
            Self::CrossTenant => "cross_tenant",
            Self::FederationServer => "federation_server",
        }
    }

    /// The exclusion of a word of column `excluded`.
    pub fn of_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|exclusion| exclusion.name() == name)
    }

    /// Why, for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::WindowsSignIn => "unlocking a Windows device",
            Self::AuthenticationBroker => "the broker of a device fetching tokens for other apps",
            Self::DeviceRegistration => "registering a device",
            Self::CrossTenant => "a user of this tenant signing in to another one",
            Self::FederationServer => "told by AD FS or NPS without the fields about MFA",
        }
    }
}

/// What the rules look at; empty words are absent ones.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// Application signed in with.
    pub app_id: Option<&'a str>,
    /// Its name.
    pub app: Option<&'a str>,
    /// What the token is for.
    pub resource_app_id: Option<&'a str>,
    /// Its name.
    pub resource_app: Option<&'a str>,
    /// Tenant the account lives in.
    pub home_tenant_id: Option<&'a str>,
    /// Tenant signed in to.
    pub resource_tenant_id: Option<&'a str>,
    /// Tenant whose log this is, where the export tells (`tenantId` of diagnostic settings,
    /// `AADTenantId` of Log Analytics); else `None`.
    pub log_tenant_id: Option<&'a str>,
    /// `crossTenantAccessType`.
    pub cross_tenant_type: Option<&'a str>,
    /// Whether AD FS or NPS told of it.
    pub is_federation_server: bool,
}

/// Applications by id or name.
struct App {
    id: &'static str,
    name: &'static str,
    exclusion: Exclusion,
}

/// The broker is on
/// <https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in>;
/// the id of Windows Sign In is on no page of Microsoft's that was read, but the same in several
/// public inventories.
const APPS: &[App] = &[
    App {
        id: "38aa3b87-a06d-4817-b275-7a316988d93b",
        name: "windowssignin",
        exclusion: Exclusion::WindowsSignIn,
    },
    App {
        id: "29d9ed98-a469-4536-ade2-f981bc1d605e",
        name: "microsoftauthenticationbroker",
        exclusion: Exclusion::AuthenticationBroker,
    },
];

/// The id is on
/// <https://learn.microsoft.com/entra/identity/conditional-access/concept-authentication-flows>.
const RESOURCES: &[App] = &[App {
    id: "01cb2876-7ebd-4aa4-9cc9-d28bd4d359a9",
    name: "deviceregistrationservice",
    exclusion: Exclusion::DeviceRegistration,
}];

fn find(list: &[App], id: Option<&str>, name: Option<&str>) -> Option<Exclusion> {
    let (id, name) = (filled(id), filled(name));
    list.iter()
        .find(|app| match id {
            // A name can be chosen; an id that is told decides.
            Some(id) => id.eq_ignore_ascii_case(app.id),
            None => name.is_some_and(|name| is_same(name, app.name)),
        })
        .map(|app| app.exclusion)
}

/// Why a sign-in is left out, by the first rule that fits; `None` for rows that count.
///
/// **Guests of ours count.** Their home tenant is another one, but the resource is ours and so is
/// its MFA; the same goes for partners and Microsoft's support. Left out is the other direction,
/// which Entra logs at home as well: our own user at a resource of another tenant, whose MFA is
/// not ours to enforce. That is what the workbook "Multifactor Authentication Gaps" of
/// <https://github.com/microsoft/Application-Insights-Workbooks> does
/// (`where AADTenantId == ResourceTenantId`). Where the tenant of the log is not told, both
/// directions look alike and nothing is left out, save what Entra calls `passthrough`: it crosses
/// tenants and is none of the kinds of guest, partner or support. What else the word means is on
/// no page that was read (<https://learn.microsoft.com/graph/api/resources/signin>).
pub fn excluded(facts: &Facts<'_>) -> Option<Exclusion> {
    if facts.is_federation_server {
        return Some(Exclusion::FederationServer);
    }
    if is_cross_tenant(facts) {
        return Some(Exclusion::CrossTenant);
    }
    find(APPS, facts.app_id, facts.app)
        .or_else(|| find(RESOURCES, facts.resource_app_id, facts.resource_app))
}

fn is_cross_tenant(facts: &Facts<'_>) -> bool {
    let home = filled(facts.home_tenant_id);
    let Some(resource) = filled(facts.resource_tenant_id) else { return false };
    let is_resource = |tenant: &str| tenant.eq_ignore_ascii_case(resource);
    match filled(facts.log_tenant_id) {
        Some(log) => {
            // A row of two other tenants means that the log's tenant was not told right.
            !is_resource(log) && home.is_none_or(|home| home.eq_ignore_ascii_case(log))
        }
        None => {
            home.is_some_and(|home| !is_resource(home))
                && filled(facts.cross_tenant_type).is_some_and(|kind| is_same(kind, "passthrough"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ALL, Exclusion, Facts, excluded};

    const BROKER: &str = "29d9ed98-a469-4536-ade2-f981bc1d605e";
    const WINDOWS: &str = "38AA3B87-A06D-4817-B275-7A316988D93B";
    const DEVICES: &str = "01cb2876-7ebd-4aa4-9cc9-d28bd4d359a9";
    const US: Option<&str> = Some("aaaaaaaa-0000-0000-0000-000000000000");
    const THEM: Option<&str> = Some("bbbbbbbb-0000-0000-0000-000000000000");
    const OTHERS: Option<&str> = Some("cccccccc-0000-0000-0000-000000000000");

    #[test]
    fn applications_are_known_by_id_else_by_name() {
        let none = Facts::default();
        for (facts, expect) in [
            (none, None),
            (Facts { app_id: Some(WINDOWS), ..none }, Some(Exclusion::WindowsSignIn)),
            (Facts { app: Some("Windows Sign In"), ..none }, Some(Exclusion::WindowsSignIn)),
            (Facts { app: Some("windows sign-in"), ..none }, Some(Exclusion::WindowsSignIn)),
            (Facts { app_id: Some(BROKER), ..none }, Some(Exclusion::AuthenticationBroker)),
            (
                Facts { app: Some("Microsoft Authentication Broker"), ..none },
                Some(Exclusion::AuthenticationBroker),
            ),
            (
                Facts { resource_app_id: Some(DEVICES), app: Some("Edge"), ..none },
                Some(Exclusion::DeviceRegistration),
            ),
            (
                Facts { resource_app: Some("Device Registration Service"), ..none },
                Some(Exclusion::DeviceRegistration),
            ),
            // As an application, not as what the token is for.
            (Facts { app_id: Some(DEVICES), ..none }, None),
            (Facts { resource_app_id: Some(BROKER), ..none }, None),
            // A name can be chosen by anybody; the id says what it is.
            (Facts { app_id: Some("11111111"), app: Some("Windows Sign In"), ..none }, None),
            (Facts { app_id: Some(" "), app: Some("Azure Portal"), ..none }, None),
            (
                Facts { is_federation_server: true, app_id: Some(WINDOWS), ..none },
                Some(Exclusion::FederationServer),
            ),
        ] {
            assert_eq!(excluded(&facts), expect, "{facts:?}");
        }
    }

    #[test]
    fn our_user_elsewhere_is_left_out_and_their_guest_here_is_not() {
        let cross = Some(Exclusion::CrossTenant);
        for (home, resource, log, kind, expect) in [
            (US, US, US, Some("none"), None),
            (US, THEM, US, Some("b2bCollaboration"), cross),
            (US, THEM, US, Some("serviceProvider"), cross),
            (None, THEM, US, None, cross),
            (THEM, US, US, Some("b2bCollaboration"), None),
            (THEM, US, US, Some("serviceProvider"), None),
            (THEM, US, US, Some("passthrough"), None),
            // Neither is ours: then the log's tenant was not told right.
            (THEM, OTHERS, US, None, None),
            // Nobody tells whose log it is.
            (US, THEM, None, Some("b2bCollaboration"), None),
            (US, THEM, None, Some("passthrough"), cross),
            (US, US, None, Some("passthrough"), None),
            (None, THEM, None, Some("passthrough"), None),
            (US, None, US, None, None),
            (US, Some(""), US, None, None),
        ] {
            let facts = Facts {
                home_tenant_id: home,
                resource_tenant_id: resource,
                log_tenant_id: log,
                cross_tenant_type: kind,
                ..Facts::default()
            };
            assert_eq!(excluded(&facts), expect, "{facts:?}");
        }
        let upper = US.map(str::to_uppercase);
        let facts = Facts {
            home_tenant_id: upper.as_deref(),
            resource_tenant_id: US,
            log_tenant_id: upper.as_deref(),
            ..Facts::default()
        };
        assert_eq!(excluded(&facts), None);
    }

    #[test]
    fn every_exclusion_has_a_name_and_a_meaning_of_its_own() {
        let names: BTreeSet<&str> = ALL.iter().map(|exclusion| exclusion.name()).collect();
        let meanings: BTreeSet<&str> = ALL.iter().map(|exclusion| exclusion.meaning()).collect();
        assert_eq!((names.len(), meanings.len()), (ALL.len(), ALL.len()));
        for exclusion in ALL {
            assert_eq!(Exclusion::of_name(exclusion.name()), Some(exclusion));
        }
        assert_eq!(Exclusion::of_name("nothing"), None);
    }
}
