//! Names of the clients that ask Azure Resource Manager for changes.
//!
//! Source: the applications in scope of mandatory MFA,
//! <https://learn.microsoft.com/entra/identity/authentication/concept-mandatory-multifactor-authentication>
//! (read 2026-04-03). Ids that are not on that page are left without a name: a guessed name in an
//! audit report is worse than none.

const KNOWN: &[(&str, &str)] = &[
    ("c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "Azure portal"),
    ("04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Azure CLI"),
    ("1950a258-227b-4e31-a9cf-717495945fc2", "Azure PowerShell"),
    ("0c1307d4-29d6-4389-a11c-5cbe7f65d7fa", "Azure mobile app"),
];

/// The name of a client, by its application id in lower case.
pub fn client_name(app_id: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(known, _)| *known == app_id).map(|(_, name)| *name)
}
