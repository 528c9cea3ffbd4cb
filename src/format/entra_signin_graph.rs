//! Entra sign-ins as Microsoft Graph, the portal's JSON or `Get-MgAuditLogSignIn` give them.
//!
//! Source: <https://learn.microsoft.com/graph/api/resources/signin>.
//! Fixtures: `testdata/formats/entra_signin_graph/`.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_signin_graph",
    title: "Entra sign-ins from Graph or the portal",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::SignIn,
    claims: &[
        Claim::Has("createdDateTime"),
        Claim::HasAny(&["appId", "servicePrincipalId", "userId"]),
        // Documented samples leave `status` out.
        Claim::HasAny(&[
            "status>errorCode",
            "authenticationRequirement",
            "conditionalAccessStatus",
        ]),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
