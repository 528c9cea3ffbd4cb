//! Roles that make an account worth looking at first.
//!
//! Sources: template ids and the label "privileged" of Entra roles,
//! <https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference>
//! (read 2026-01-20); privileged roles of Azure itself,
//! <https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/privileged>.

use super::words::letters;

struct Role {
    id: &'static str,
    name: &'static str,
    is_privileged: bool,
}

const fn privileged(id: &'static str, name: &'static str) -> Role {
    Role { id, name, is_privileged: true }
}

const fn other(id: &'static str, name: &'static str) -> Role {
    Role { id, name, is_privileged: false }
}

const ENTRA: &[Role] = &[
    privileged("62e90394-69f5-4237-9190-012177145e10", "Global Administrator"),
    privileged("e8611ab8-c189-46e8-94e1-60213ab1f814", "Privileged Role Administrator"),
    privileged("7be44c8a-adaf-4e2a-84d6-ab2649e08a13", "Privileged Authentication Administrator"),
    privileged("194ae4cb-b126-40b2-bd5b-6091b380977d", "Security Administrator"),
    privileged("b1be1c3e-b65d-4f19-8427-f6fa0d97feb9", "Conditional Access Administrator"),
    privileged("fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator"),
    privileged("729827e3-9c14-49f7-bb1b-9608f156bbb8", "Helpdesk Administrator"),
    privileged("c4e39bd9-1100-46d3-8c65-fb160da0071f", "Authentication Administrator"),
    privileged("966707d0-3269-4727-9be2-8c3a10f19b9d", "Password Administrator"),
    privileged("9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "Application Administrator"),
    privileged("158c047a-c907-4556-b7ef-446551a6b5f7", "Cloud Application Administrator"),
    privileged("cf1c38e5-3621-4004-a7cb-879624dced7c", "Application Developer"),
    privileged("8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", "Hybrid Identity Administrator"),
    privileged("3a2c62db-5318-420d-8d74-23affee5d9d5", "Intune Administrator"),
    privileged("f2ef992c-3afb-46b9-b7cf-a126ee74c451", "Global Reader"),
    privileged("5d6b6bb7-de71-4623-b4af-96380a352509", "Security Reader"),
    privileged("5f2222b1-57c3-48ba-8ad5-d4759f1fde6f", "Security Operator"),
    privileged("8329153b-31d0-4727-b945-745eb3bc5f31", "Domain Name Administrator"),
    privileged("9360feb5-f418-4baa-8175-e2a00bac4301", "Directory Writers"),
    privileged("be2f45a1-457d-42af-a067-6ec1fa63bc45", "External Identity Provider Administrator"),
    privileged("7698a772-787b-4ac8-901f-60d6b08affd2", "Cloud Device Administrator"),
    privileged("45d8d3c5-c802-45c6-b32a-1d70b5e1e86e", "Identity Governance Administrator"),
    privileged("59d46f88-662b-457b-bceb-5c3809e5908f", "Lifecycle Workflows Administrator"),
    privileged("aaf43236-0c0d-4d5f-883a-6955382ac081", "B2C IEF Keyset Administrator"),
    privileged("4ba39ca4-527c-499a-b93d-d9b492c50246", "Partner Tier1 Support"),
    privileged("e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8", "Partner Tier2 Support"),
    privileged("db506228-d27e-4b7d-95e5-295956d6615f", "Agent ID Administrator"),
    privileged("ecb2c6bf-0ab6-418e-bd87-7986f8d63bbe", "Attribute Provisioning Administrator"),
    privileged("422218e4-db15-4ef9-bbe0-8afb41546d79", "Attribute Provisioning Reader"),
    privileged(
        "25a516ed-2fa0-40ea-a2d0-12923a21473a",
        "Authentication Extensibility Administrator",
    ),
    other("0526716b-113d-4c15-b2c8-68e3c22b9f80", "Authentication Policy Administrator"),
    other("d2562ede-74db-457e-a7b6-544e236ebb61", "AI Administrator"),
    other("f28a1f50-f6e7-4571-818b-6a12f2af6b6c", "SharePoint Administrator"),
    other("29232cdf-9323-42fd-ade2-1d097af3e4de", "Exchange Administrator"),
    other("b0f54661-2d74-4c50-afa3-1ec803f12efe", "Billing Administrator"),
    other("d29b2b05-8046-44ba-8758-1e26182fcf32", "Directory Synchronization Accounts"),
    other("88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers"),
];

/// All roles of the page's category "Privileged" that reach beyond billing, and Reader.
const AZURE: &[Role] = &[
    privileged("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"),
    privileged("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"),
    privileged("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator"),
    privileged("f58310d9-a9f6-439a-9e8d-f62e7b41a168", "Role Based Access Control Administrator"),
    other("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader"),
];

/// The role of a template id, of a role definition's id or path, or of an English name.
fn find(id_or_name: &str) -> Option<&'static Role> {
    let text = id_or_name.trim().trim_end_matches('/');
    let id = text.rsplit('/').next().unwrap_or(text);
    ENTRA
        .iter()
        .chain(AZURE)
        .find(|role| role.id.eq_ignore_ascii_case(id) || is_named(text, role.name))
}

/// Whether two names have the same letters, as `GlobalAdministrator` and `Global Administrator`.
fn is_named(text: &str, name: &str) -> bool {
    letters(text).eq(letters(name))
}

/// The name of a role by its template id (Entra), or by the id or path of its definition (Azure);
/// `None` for roles that are not listed.
pub fn role_name(id: &str) -> Option<&'static str> {
    find(id).map(|role| role.name)
}

/// Whether Microsoft labels the role as privileged: by id, path or English name; `None` for roles
/// that are not listed, and for those a tenant made itself.
pub fn is_privileged(id_or_name: &str) -> Option<bool> {
    find(id_or_name).map(|role| role.is_privileged)
}

/// The template id of the role that can do everything.
pub const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{AZURE, ENTRA, GLOBAL_ADMINISTRATOR, is_privileged, role_name};

    #[test]
    fn roles_are_known_by_id_path_and_name() {
        assert_eq!(role_name(GLOBAL_ADMINISTRATOR), Some("Global Administrator"));
        assert_eq!(role_name("62E90394-69F5-4237-9190-012177145E10"), Some("Global Administrator"));
        let owner = "/subscriptions/1/providers/Microsoft.Authorization/roleDefinitions/\
                     8e3af657-a8ff-443c-a75c-2fe8c4bcb635/";
        assert_eq!(role_name(owner), Some("Owner"));
        assert_eq!(role_name("b79fbf4d-3ef9-4689-8143-76b194e85509"), None);
        for (text, expect) in [
            (owner, Some(true)),
            ("Owner", Some(true)),
            ("contributor", Some(true)),
            ("Global Administrator", Some(true)),
            ("GlobalAdministrator", Some(true)),
            ("User Access Administrator", Some(true)),
            ("Exchange Administrator", Some(false)),
            ("d29b2b05-8046-44ba-8758-1e26182fcf32", Some(false)),
            ("Reader", Some(false)),
            ("Website Contributor", None),
            ("", None),
            ("/", None),
        ] {
            assert_eq!(is_privileged(text), expect, "{text}");
        }
    }

    #[test]
    fn ids_are_whole_and_stand_once() {
        let mut ids = BTreeSet::new();
        let mut names = BTreeSet::new();
        for role in ENTRA.iter().chain(AZURE) {
            let is_guid = role.id.len() == 36
                && role.id.bytes().enumerate().all(|(place, byte)| match place {
                    8 | 13 | 18 | 23 => byte == b'-',
                    _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
                });
            assert!(is_guid, "{}", role.id);
            assert!(ids.insert(role.id) && names.insert(role.name), "{}", role.name);
        }
    }
}
