//! Entra sign-ins from Defender advanced hunting.
//!
//! Source: <https://learn.microsoft.com/defender-xdr/advanced-hunting-entraidsigninevents-table>.

use crate::extract::format::{Claim, Format, Kind};
use crate::json::walk::Texts;

pub(super) static FORMAT: Format = Format {
    name: "entra_signin_defender",
    title: "Entra sign-ins from Defender advanced hunting",
    cannot_tell: "",
    claims_hint: "",
    kind: Kind::SignIn,
    claims: &[
        Claim::Has("Timestamp"),
        Claim::Has("AccountUpn"),
        Claim::Has("ErrorCode"),
        Claim::Has("LogonType"),
    ],
    paths: &[],
    claims_at: &[],
    texts: Texts::Plain,
};
