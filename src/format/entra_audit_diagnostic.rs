//! Entra directory audits as a diagnostic setting writes them.
//!
//! Source: <https://learn.microsoft.com/entra/identity/monitoring-health/howto-use-log-schemas>.
//! Fixtures: `testdata/formats/entra_audit_diagnostic/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_audit_diagnostic",
    title: "Entra directory audits from a diagnostic setting",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::Audit,
    claims: &[
        Claim::Has("time"),
        Claim::Text("operationName"),
        Claim::Text("category"),
        Claim::NoneOf(
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
        Claim::HasAny(&[
            "properties>activityDisplayName",
            "properties>initiatedBy",
            "properties>targetResources",
            "properties>loggedByService",
            "properties>operationType",
        ]),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
