//! Entra sign-ins as the portal's CSV gives them, and the AuthDetails file beside it.
//!
//! Source: <https://learn.microsoft.com/entra/identity/monitoring-health/howto-download-logs>.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_signin_portal_csv",
    title: "Entra sign-ins CSV from the portal",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::SignIn,
    claims: &[
        Claim::Has("Request ID"),
        Claim::HasAny(&["Sign-in error code", "Incoming token type", "Authentication method"]),
        Claim::HasAny(&["Date (UTC)", "Date"]),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
