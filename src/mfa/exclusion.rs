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
