//! Entra sign-ins as a diagnostic setting writes them.
//!
//! Source: <https://learn.microsoft.com/entra/identity/monitoring-health/reference-azure-monitor-sign-ins-log-schema>.
//! Fixtures: `testdata/formats/entra_signin_diagnostic/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_signin_diagnostic",
    title: "Entra sign-ins from a diagnostic setting",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::SignIn,
    claims: &[
        Claim::Has("time"),
        Claim::Text("operationName"),
        Claim::Text("category"),
        Claim::OneOf(
            "category",
            &[
                "SignInLogs",
                "NonInteractiveUserSignInLogs",
                "ServicePrincipalSignInLogs",
                "ManagedIdentitySignInLogs",
                "ADFSSignInLogs",
                "MicrosoftServicePrincipalSignInLogs",
            ],
        ),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
