//! The phases of Microsoft's mandatory MFA: since when, and which sign-ins they cover.
//!
//! Source: <https://learn.microsoft.com/entra/identity/authentication/concept-mandatory-multifactor-authentication>
//! (read 2026-04-03). Phase 2 is enforced by Azure Resource Manager on whatever client asks it to
//! change something; the ids are for reading sign-in logs.

/// A part of mandatory MFA that begins on a day of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Sign-in to the portals.
    One,
    /// Create, update and delete through Azure Resource Manager.
    Two,
}

/// Both.
pub const ALL: [Phase; 2] = [Phase::One, Phase::Two];

impl Phase {
    /// The word in column `phase`.
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "phase_1",
            Self::Two => "phase_2",
        }
    }

    /// The phase of a word of column `phase`.
    pub fn of_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|phase| phase.name() == name)
    }

    /// Since when it is enforced, for people.
    pub fn enforced_from(self) -> &'static str {
        match self {
            Self::One => "October 2024 (Microsoft 365 admin center: February 2025)",
            Self::Two => "1 October 2025, rolled out gradually",
        }
    }

    /// The first day it can be enforced, `YYYY-MM-DD`. Phase 1 is announced by month only.
    pub fn start(self) -> &'static str {
        match self {
            Self::One => "2024-10-01",
            Self::Two => "2025-10-01",
        }
    }

    /// The last day to which a tenant could put it off, `YYYY-MM-DD`.
    pub fn postponed_until_at_most(self) -> &'static str {
        match self {
            Self::One => "2025-09-30",
            Self::Two => "2026-07-01",
        }
    }
}

/// Applications of phase 1. The Entra and Intune admin centers sign in as the Azure portal. The
/// page lists the Microsoft 365 admin center by address only; its ids are those of
/// `Get-MsIdAzureUsers.ps1` in <https://github.com/AzureAD/MSIdentityTools> and of "Microsoft
/// Admin Portals" in Conditional Access,
/// <https://learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-cloud-apps>.
const PHASE_ONE: &[&str] = &[
    "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",
    "618dd325-23f6-4b6f-8380-4df78026e39b",
    "00000006-0000-0ff1-ce00-000000000000",
];

const PHASE_TWO: &[&str] = &[
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
    "1950a258-227b-4e31-a9cf-717495945fc2",
    "0c1307d4-29d6-4389-a11c-5cbe7f65d7fa",
];

/// Azure Resource Manager in the public cloud, "Windows Azure Service Management API".
pub const RESOURCE_MANAGER: &str = "797f4846-ba00-4fd7-ba43-dac1f8f63013";

/// The same in Azure for US Government, which mandatory MFA leaves alone; seen in public exports.
pub const RESOURCE_MANAGER_US_GOVERNMENT: &str = "40a69793-8fe6-4db1-9591-dbc5c57b17d8";

fn is_one_of(id: Option<&str>, list: &[&str]) -> bool {
    id.is_some_and(|id| list.iter().any(|known| known.eq_ignore_ascii_case(id.trim())))
}

/// Whether a sign-in is to a sovereign cloud, which mandatory MFA does not cover.
pub fn is_sovereign(resource_app_id: Option<&str>) -> bool {
    is_one_of(resource_app_id, &[RESOURCE_MANAGER_US_GOVERNMENT])
}

/// The phase that covers a sign-in: by its application, or because its token is for Azure Resource
/// Manager. The portal stays phase 1 whatever its token is for.
pub fn phase_of(app_id: Option<&str>, resource_app_id: Option<&str>) -> Option<Phase> {
    if is_sovereign(resource_app_id) {
        None
    } else if is_one_of(app_id, PHASE_ONE) {
        Some(Phase::One)
    } else if is_one_of(app_id, PHASE_TWO) || is_one_of(resource_app_id, &[RESOURCE_MANAGER]) {
        Some(Phase::Two)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Phase, RESOURCE_MANAGER, is_sovereign, phase_of};

    const PORTAL: &str = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c";
    const CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
    const GOVERNMENT: &str = "40a69793-8fe6-4db1-9591-dbc5c57b17d8";
    const OUR_SCRIPT: &str = "11111111-2222-3333-4444-555555555555";

    #[test]
    fn sign_ins_are_covered_by_application_or_resource() {
        for (app, resource, expect) in [
            (Some(PORTAL), Some(RESOURCE_MANAGER), Some(Phase::One)),
            (Some(PORTAL), Some(GRAPH), Some(Phase::One)),
            (Some(PORTAL), None, Some(Phase::One)),
            (Some("618dd325-23f6-4b6f-8380-4df78026e39b"), None, Some(Phase::One)),
            (Some(CLI), Some(RESOURCE_MANAGER), Some(Phase::Two)),
            (Some(CLI), None, Some(Phase::Two)),
            (Some("04B07795-8DDB-461A-BBEE-02F9E1BF7B46"), None, Some(Phase::Two)),
            (Some("1950a258-227b-4e31-a9cf-717495945fc2"), None, Some(Phase::Two)),
            (Some("0c1307d4-29d6-4389-a11c-5cbe7f65d7fa"), None, Some(Phase::Two)),
            // Whatever client asks Azure Resource Manager is in scope.
            (Some(OUR_SCRIPT), Some(RESOURCE_MANAGER), Some(Phase::Two)),
            (None, Some(RESOURCE_MANAGER), Some(Phase::Two)),
            (Some(OUR_SCRIPT), Some(GRAPH), None),
            (Some(""), Some(""), None),
            (None, None, None),
            (Some(CLI), Some(GOVERNMENT), None),
            (Some(PORTAL), Some(GOVERNMENT), None),
        ] {
            assert_eq!(phase_of(app, resource), expect, "{app:?} {resource:?}");
        }
        assert!(is_sovereign(Some(GOVERNMENT)));
        assert!(!is_sovereign(Some(RESOURCE_MANAGER)) && !is_sovereign(None));
    }

    #[test]
    fn phases_have_names_and_dates_in_order() {
        assert!(Phase::One < Phase::Two);
        for phase in ALL {
            assert_eq!(Phase::of_name(phase.name()), Some(phase));
            assert!(phase.start() < phase.postponed_until_at_most());
            // The words and the date tell of the same year.
            assert!(phase.enforced_from().contains(&phase.start()[..4]));
        }
        assert_eq!(Phase::of_name("phase_3"), None);
    }
}
