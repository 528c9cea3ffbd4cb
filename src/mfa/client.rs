//! The clients that ask Azure for changes: their names, kinds and versions.
//!
//! Source: the applications in scope of mandatory MFA and the lowest versions that can answer a
//! demand for it,
//! <https://learn.microsoft.com/entra/identity/authentication/concept-mandatory-multifactor-authentication>
//! (read 2026-04-03). Ids that are not on that page are left without a name: a guessed name in an
//! audit report is worse than none. The two of the Microsoft 365 admin center, which that page
//! lists by address, are in `Get-MsIdAzureUsers.ps1` of
//! <https://github.com/AzureAD/MSIdentityTools> and on
//! <https://learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-cloud-apps>.

use std::cmp::Ordering;

use super::words::{begins, contains, filled, is_same, letters};

struct App {
    id: &'static str,
    name: &'static str,
    client: Client,
}

const KNOWN: &[App] = &[
    App {
        id: "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",
        name: "Azure portal",
        client: Client::Portal,
    },
    App {
        id: "618dd325-23f6-4b6f-8380-4df78026e39b",
        name: "Microsoft 365 Admin portal",
        client: Client::Portal,
    },
    App {
        id: "00000006-0000-0ff1-ce00-000000000000",
        name: "Microsoft Office 365 Portal",
        client: Client::Portal,
    },
    App { id: "04b07795-8ddb-461a-bbee-02f9e1bf7b46", name: "Azure CLI", client: Client::Cli },
    App {
        id: "1950a258-227b-4e31-a9cf-717495945fc2",
        name: "Azure PowerShell",
        client: Client::PowerShell,
    },
    App {
        id: "0c1307d4-29d6-4389-a11c-5cbe7f65d7fa",
        name: "Azure mobile app",
        client: Client::Mobile,
    },
];

fn known(app_id: &str) -> Option<&'static App> {
    KNOWN.iter().find(|app| app.id.eq_ignore_ascii_case(app_id))
}

/// The name of a client, by its application id.
pub fn client_name(app_id: &str) -> Option<&'static str> {
    known(app_id).map(|app| app.name)
}

/// Kind of program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    /// The Azure portal and the admin centers.
    Portal,
    /// Azure CLI, and tools that sign in through it.
    Cli,
    /// Azure PowerShell.
    PowerShell,
    /// The Azure mobile app.
    Mobile,
    /// Infrastructure as code: Terraform, Pulumi, the Azure Developer CLI.
    Iac,
    /// A program of somebody's own: an SDK, a script, plain HTTP.
    Sdk,
    /// Some other application in a browser.
    Browser,
    /// None of these, or not told.
    Other,
}

impl Client {
    /// The word in column `client`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Cli => "cli",
            Self::PowerShell => "powershell",
            Self::Mobile => "mobile",
            Self::Iac => "iac",
            Self::Sdk => "sdk",
            Self::Browser => "browser",
            Self::Other => "other",
        }
    }
}

/// A program that writes its name and version into its user agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tool {
    /// Azure CLI.
    AzureCli,
    /// Azure PowerShell as a whole, the module `Az`.
    AzPowerShell,
    /// Its module `Az.Accounts`, which signs in.
    AzAccounts,
    /// Azure Developer CLI, `azd`.
    DeveloperCli,
    /// Terraform and `OpenTofu`.
    Terraform,
    /// Pulumi.
    Pulumi,
    /// An Azure SDK.
    AzureSdk,
    /// A library of a programming language that speaks HTTP.
    HttpLibrary,
    /// `curl` or `wget`.
    Curl,
    /// `BAV2ROPC`: a service that signs in with the password an old client handed it.
    Ropc,
}

impl Tool {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::AzureCli => "Azure CLI",
            Self::AzPowerShell => "Azure PowerShell",
            Self::AzAccounts => "Az.Accounts",
            Self::DeveloperCli => "Azure Developer CLI",
            Self::Terraform => "Terraform",
            Self::Pulumi => "Pulumi",
            Self::AzureSdk => "Azure SDK",
            Self::HttpLibrary => "HTTP library",
            Self::Curl => "curl",
            Self::Ropc => "password client",
        }
    }

    /// The kind of program it is.
    pub fn client(self) -> Client {
        match self {
            Self::AzureCli => Client::Cli,
            Self::AzPowerShell | Self::AzAccounts => Client::PowerShell,
            Self::DeveloperCli | Self::Terraform | Self::Pulumi => Client::Iac,
            Self::AzureSdk | Self::HttpLibrary | Self::Curl => Client::Sdk,
            Self::Ropc => Client::Other,
        }
    }
}

/// What a product of a user agent is called before its `/`, by its letters; `*` at the end: its
/// name may go on. In order of trust: a tool's own name stands before the libraries it is built
/// on, which write theirs as well.
///
/// From the tools' own sources: `AZURECLI/2.75.0 (DEB)` (`get_az_user_agent` of
/// <https://github.com/Azure/azure-cli>), `azdev/1.9.0` behind it (<https://github.com/Azure/azure-dev>),
/// `AzurePowershell/v14.2.0 PSVersion/v7.5.0 Az.Resources/8.1.0`
/// (<https://github.com/Azure/azure-powershell>), `AzurePowerShell/Az1.0` of older ones,
/// `HashiCorp Terraform/1.5.2 (+https://www.terraform.io) …`
/// (<https://github.com/Azure/terraform-provider-azapi>), `azsdk-python-identity/1.23.1 Python/3.11`
/// (<https://azure.github.io/azure-sdk/general_azurecore.html>). These are what requests to Azure
/// Resource Manager carry. What a sign-in log shows is on no page: in public exports it is often
/// the library that fetched the token (`python-requests/2.28.1`), a browser, or nothing, so that
/// the version of a tool is seldom told there.
const TOOLS: &[(&str, Tool)] = &[
    ("azdev", Tool::DeveloperCli),
    ("azd", Tool::DeveloperCli),
    ("pulumi*", Tool::Pulumi),
    ("terraform", Tool::Terraform),
    ("terraform*", Tool::Terraform),
    ("opentofu*", Tool::Terraform),
    ("azurecli", Tool::AzureCli),
    ("microsoftazurecli", Tool::AzureCli),
    ("azaccounts", Tool::AzAccounts),
    ("azurepowershell", Tool::AzPowerShell),
    ("windowsazurepowershell", Tool::AzPowerShell),
    ("azsdk*", Tool::AzureSdk),
    ("azuresdkfor*", Tool::AzureSdk),
    ("msal*", Tool::AzureSdk),
    ("azureidentity*", Tool::AzureSdk),
    ("bav2ropc", Tool::Ropc),
    ("pythonrequests", Tool::HttpLibrary),
    ("pythonurllib*", Tool::HttpLibrary),
    ("pythonhttpx", Tool::HttpLibrary),
    ("aiohttp", Tool::HttpLibrary),
    ("python", Tool::HttpLibrary),
    ("gohttpclient", Tool::HttpLibrary),
    ("okhttp", Tool::HttpLibrary),
    ("apachehttpclient", Tool::HttpLibrary),
    ("axios", Tool::HttpLibrary),
    ("nodefetch", Tool::HttpLibrary),
    ("java", Tool::HttpLibrary),
    ("postmanruntime", Tool::HttpLibrary),
    ("powershell", Tool::HttpLibrary),
    ("windowspowershell", Tool::HttpLibrary),
    ("libwwwperl", Tool::HttpLibrary),
    ("curl", Tool::Curl),
    ("wget", Tool::Curl),
];

/// Each `name/version` of a user agent; a word without version only where it is all there is, as
/// in `BAV2ROPC`, for the words of comments name anything.
fn products(user_agent: &str) -> impl Iterator<Item = (&str, &str)> {
    user_agent.split([' ', ',', ';', '(', ')', '\t']).filter_map(move |word| {
        word.split_once('/').or_else(|| (word.len() == user_agent.len()).then_some((word, "")))
    })
}

/// The place of a product in [`TOOLS`].
fn place_of(product: &str) -> Option<usize> {
    let first = letters(product).next()?;
    TOOLS.iter().position(|(known, _)| {
        known.as_bytes().first() == Some(&first)
            && match known.strip_suffix('*') {
                Some(start) => begins(product, start),
                None => is_same(product, known),
            }
    })
}

/// The program a user agent names and, as written there, its version: digits and points, without
/// the `v` or `Az` before them; empty when there is none.
pub fn version(user_agent: &str) -> Option<(Tool, &str)> {
    let (place, version) = products(user_agent)
        .filter_map(|(name, version)| Some((place_of(name)?, version)))
        .min_by_key(|(place, _)| *place)?;
    let (_, tool) = TOOLS.get(place)?;
    Some((*tool, number_in(version)))
}

/// The first run of digits and points.
fn number_in(text: &str) -> &str {
    let start = text.find(|letter: char| letter.is_ascii_digit()).unwrap_or(text.len());
    let number = text.get(start..).unwrap_or_default();
    let end = number.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    number.get(..end.unwrap_or(number.len())).unwrap_or_default().trim_end_matches('.')
}

/// The lowest versions that can answer a demand for MFA: Azure CLI 2.76, Azure PowerShell 14.3
/// with Az.Accounts 5.2.0. Source: see the head of this file, and
/// <https://learn.microsoft.com/cli/azure/release-notes-azure-cli>,
/// <https://learn.microsoft.com/powershell/azure/release-notes-azureps>.
const LOWEST: &[(Tool, &str)] =
    &[(Tool::AzureCli, "2.76"), (Tool::AzPowerShell, "14.3"), (Tool::AzAccounts, "5.2.0")];

/// The lowest version of a tool that can answer a demand for MFA; `None` for tools that have no
/// such line.
pub fn lowest(tool: Tool) -> Option<&'static str> {
    LOWEST.iter().find(|(known, _)| *known == tool).map(|(_, version)| *version)
}

/// Whether a version is below the line of its tool; `None` when there is no line or the version
/// cannot be read. `0.0.0` is what modules of Azure PowerShell write when `Az` as a whole is not
/// installed.
pub fn is_too_old(tool: Tool, version: &str) -> Option<bool> {
    let version = parts(version)?;
    if version.iter().all(|part| *part == 0) {
        return None;
    }
    Some(compare(&version, &parts(lowest(tool)?)?) == Ordering::Less)
}

fn parts(version: &str) -> Option<Vec<u64>> {
    number_in(version).split('.').map(|part| part.parse().ok()).collect()
}

/// Compares part by part; a missing part is 0.
fn compare(left: &[u64], right: &[u64]) -> Ordering {
    let part = |list: &[u64], at: usize| list.get(at).copied().unwrap_or(0);
    (0..left.len().max(right.len()))
        .map(|at| part(left, at).cmp(&part(right, at)))
        .find(|order| *order != Ordering::Equal)
        .unwrap_or(Ordering::Equal)
}

/// The kind of program behind a sign-in or a request, by its application, else by its user agent,
/// else by what Entra calls the kind of client (`clientAppUsed`).
///
/// Terraform and its like sign in through Azure CLI and so under its id ("use Azure CLI or Azure
/// PowerShell IDs"); only their user agent tells them apart, so it goes first for these.
pub fn of(app_id: Option<&str>, user_agent: Option<&str>, client_app_used: Option<&str>) -> Client {
    let tool = || filled(user_agent).and_then(version).map(|(tool, _)| tool.client());
    match filled(app_id).and_then(known).map(|app| app.client) {
        Some(app @ (Client::Cli | Client::PowerShell)) => {
            tool().filter(|tool| *tool == Client::Iac).unwrap_or(app)
        }
        Some(app) => app,
        None => tool().unwrap_or_else(|| of_browser(user_agent, client_app_used)),
    }
}

/// A browser or something else, when neither application nor user agent is known.
fn of_browser(user_agent: Option<&str>, client_app_used: Option<&str>) -> Client {
    let is_browser = match filled(client_app_used) {
        Some(kind) => is_same(kind, "browser"),
        None => filled(user_agent)
            .is_some_and(|agent| contains(agent, "Mozilla/") && !contains(agent, "Electron/")),
    };
    if is_browser { Client::Browser } else { Client::Other }
}

#[cfg(test)]
mod tests {
    use super::{Client, Tool, client_name, is_too_old, lowest, of, version};

    const PORTAL: &str = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c";
    const CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    const POWERSHELL: &str = "1950a258-227b-4e31-a9cf-717495945fc2";
    const MOBILE: &str = "0c1307d4-29d6-4389-a11c-5cbe7f65d7fa";
    const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120";

    #[test]
    fn names_are_those_of_the_page_and_no_others() {
        assert_eq!(client_name(CLI), Some("Azure CLI"));
        assert_eq!(client_name("04B07795-8DDB-461A-BBEE-02F9E1BF7B46"), Some("Azure CLI"));
        assert_eq!(client_name("11111111-2222-3333-4444-555555555555"), None);
        assert_eq!(client_name(""), None);
    }

    #[test]
    fn tools_and_versions_are_read_from_user_agents() {
        for (agent, expect) in [
            ("azure-cli/2.60.0", Some((Tool::AzureCli, "2.60.0"))),
            ("AZURECLI/2.75.0 (DEB)", Some((Tool::AzureCli, "2.75.0"))),
            (
                "AZURECLI/2.37.0 (HOMEBREW) azsdk-python-azure-mgmt-web/6.1.0 Python/3.10.4",
                Some((Tool::AzureCli, "2.37.0")),
            ),
            (
                "python/3.10.5 (Windows-10) msrest/0.6.21 Azure-SDK-For-Python AZURECLI/2.47.0 (MSI)",
                Some((Tool::AzureCli, "2.47.0")),
            ),
            (
                "AZURECLI/2.35.0 (MSI) azsdk-python-core/1.24 Python/3.10.3 azdev/1.9.0 (Go go1.21)",
                Some((Tool::DeveloperCli, "1.9.0")),
            ),
            ("AzurePowershell/Az14.2.0", Some((Tool::AzPowerShell, "14.2.0"))),
            (
                "AzurePowershell/v15.3.0 PSVersion/v7.5.0 Az.Resources/8.1.0",
                Some((Tool::AzPowerShell, "15.3.0")),
            ),
            ("AzurePowershell/v0.0.0,Az.Compute/0.1.0", Some((Tool::AzPowerShell, "0.0.0"))),
            (
                "AzurePowershell/v0.0.0 PSVersion/v7.5.0 Az.Accounts/5.1.0",
                Some((Tool::AzAccounts, "5.1.0")),
            ),
            (
                "FxVersion/4.6.1637.0 AzurePowershell/v3.6.0.0 PSVersion/v5.1.14393.1066",
                Some((Tool::AzPowerShell, "3.6.0.0")),
            ),
            (
                "HashiCorp Terraform/1.5.2 (+https://www.terraform.io) Terraform Plugin SDK/2.8.0 \
                 terraform-provider-azapi/v1.10.0 pid-222c6c49",
                Some((Tool::Terraform, "1.5.2")),
            ),
            ("terraform-provider-azurerm/3.99.0", Some((Tool::Terraform, "3.99.0"))),
            ("pulumi-azure-native/2.1.0 (pulumi.com)", Some((Tool::Pulumi, "2.1.0"))),
            (
                "azsdk-python-identity/1.23.1 Python/3.11.5 (Windows-10-10.0.26100-SP0)",
                Some((Tool::AzureSdk, "1.23.1")),
            ),
            ("azsdk-net-Identity/1.11.0 (.NET 8.0.4)", Some((Tool::AzureSdk, "1.11.0"))),
            ("python-requests/2.28.1", Some((Tool::HttpLibrary, "2.28.1"))),
            ("Go-http-client/1.1", Some((Tool::HttpLibrary, "1.1"))),
            ("curl/7.68.0", Some((Tool::Curl, "7.68.0"))),
            ("BAV2ROPC", Some((Tool::Ropc, ""))),
            ("curl", Some((Tool::Curl, ""))),
            (CHROME, None),
            ("Microsoft Office/16.0", None),
            ("Mozilla/5.0 (Java; like curl)", None),
            ("my-azurecli-wrapper/9.9", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(version(agent), expect, "{agent}");
        }
    }

    #[test]
    fn versions_compare_as_numbers() {
        for (tool, version, expect) in [
            (Tool::AzureCli, "2.9.1", Some(true)),
            (Tool::AzureCli, "2.75.0", Some(true)),
            (Tool::AzureCli, "2.76", Some(false)),
            (Tool::AzureCli, "2.76.0", Some(false)),
            (Tool::AzureCli, "2.100.0", Some(false)),
            (Tool::AzureCli, "3", Some(false)),
            (Tool::AzureCli, "2", Some(true)),
            (Tool::AzPowerShell, "14.2.9", Some(true)),
            (Tool::AzPowerShell, "14.3", Some(false)),
            (Tool::AzPowerShell, "14.10.0", Some(false)),
            (Tool::AzPowerShell, "9.0.0", Some(true)),
            (Tool::AzPowerShell, "0.0.0", None),
            (Tool::AzAccounts, "5.1.9", Some(true)),
            (Tool::AzAccounts, "5.2.0", Some(false)),
            (Tool::AzAccounts, "v5.2", Some(false)),
            (Tool::AzureCli, "", None),
            (Tool::AzureCli, "latest", None),
            (Tool::AzureCli, "2..1", None),
            (Tool::AzureCli, "99999999999999999999999.1", None),
            (Tool::Terraform, "0.1", None),
            (Tool::Curl, "7.68.0", None),
        ] {
            assert_eq!(is_too_old(tool, version), expect, "{tool:?} {version}");
        }
        assert_eq!(lowest(Tool::AzureCli), Some("2.76"));
        assert_eq!(lowest(Tool::AzureSdk), None);
    }

    #[test]
    fn the_kind_of_program_is_told_by_application_then_user_agent() {
        let ours = Some("11111111-2222-3333-4444-555555555555");
        for (app, agent, kind, expect) in [
            (Some(PORTAL), Some(CHROME), Some("Browser"), Client::Portal),
            (Some("00000006-0000-0ff1-ce00-000000000000"), None, None, Client::Portal),
            (Some(CLI), Some("python-requests/2.28.1"), None, Client::Cli),
            // Signing in to the CLI opens a browser.
            (Some(CLI), Some(CHROME), Some("Mobile Apps and Desktop clients"), Client::Cli),
            (Some(CLI), Some("HashiCorp Terraform/1.5.2"), None, Client::Iac),
            (Some(POWERSHELL), None, None, Client::PowerShell),
            (Some(MOBILE), Some("terraform/1.0"), None, Client::Mobile),
            (None, Some("AZURECLI/2.75.0 (DEB)"), None, Client::Cli),
            (None, Some("AzurePowershell/v15.3.0"), None, Client::PowerShell),
            (ours, Some("azsdk-go-azidentity/v1.9.0"), None, Client::Sdk),
            (ours, Some("curl/8.0"), Some("Browser"), Client::Sdk),
            (ours, Some("azd/1.9.0"), None, Client::Iac),
            (ours, Some("BAV2ROPC"), Some("IMAP4"), Client::Other),
            (ours, Some(CHROME), Some("Browser"), Client::Browser),
            (ours, None, Some("browser"), Client::Browser),
            (ours, Some(CHROME), None, Client::Browser),
            (ours, Some(CHROME), Some("Mobile Apps and Desktop clients"), Client::Other),
            (ours, Some("Mozilla/5.0 Code/1.75 Electron/19.1.9"), None, Client::Other),
            (Some(""), Some(""), Some(""), Client::Other),
            (None, None, None, Client::Other),
        ] {
            assert_eq!(of(app, agent, kind), expect, "{app:?} {agent:?} {kind:?}");
        }
    }
}
