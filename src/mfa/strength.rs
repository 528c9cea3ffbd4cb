//! How strong an authentication method is.
//!
//! Sources: the built-in authentication strengths,
//! <https://learn.microsoft.com/graph/api/authenticationstrengthroot-list-policies> (which methods
//! are MFA by themselves, which resist phishing); `methodsRegistered` of
//! <https://learn.microsoft.com/graph/api/resources/userregistrationdetails>; the method names of
//! steps, <https://learn.microsoft.com/graph/api/resources/authenticationdetail>; the table of
//! `Get-MsIdAzureUsers.ps1` in <https://github.com/AzureAD/MSIdentityTools> for
//! [`is_mfa_method`].

use super::words::{begins, is_same};

/// What a method is worth as a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strength {
    /// A first factor only: password, email.
    None,
    /// A second factor that can be phished: code, push, call.
    Phishable,
    /// One that cannot: passkey, Windows Hello for Business, certificate.
    PhishingResistant,
}

impl Strength {
    /// The word in column `mfa_strength`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Phishable => "phishable",
            Self::PhishingResistant => "phishing_resistant",
        }
    }
}

/// Names of methods by their letters. `true` in the second place: the name may go on, as in
/// `Passkey (Microsoft Authenticator)`.
///
/// In this order a longer name stands before the one it begins with.
const METHODS: &[(&str, bool, Strength)] = &[
    // Combinations of the built-in strengths, and their display names.
    ("windowshello", true, Strength::PhishingResistant),
    ("fido", true, Strength::PhishingResistant),
    ("passkey", true, Strength::PhishingResistant),
    ("platformcredential", true, Strength::PhishingResistant),
    ("macosplatformcredential", true, Strength::PhishingResistant),
    ("macossecureenclavekey", true, Strength::PhishingResistant),
    ("x509certificatemultifactor", true, Strength::PhishingResistant),
    ("x509certificatesinglefactor", true, Strength::None),
    ("certificatebasedauthenticationmultifactor", true, Strength::PhishingResistant),
    ("certificatebasedauthenticationsinglefactor", true, Strength::None),
    ("devicebasedpush", false, Strength::Phishable),
    ("microsoftauthenticator", true, Strength::Phishable),
    ("authenticatorapp", true, Strength::Phishable),
    ("mobileapp", true, Strength::Phishable),
    ("passwordlessphonesignin", true, Strength::Phishable),
    ("passwordlessmicrosoftauthenticator", true, Strength::Phishable),
    ("phoneappnotification", true, Strength::Phishable),
    ("phoneappotp", true, Strength::Phishable),
    ("softwareoath", true, Strength::Phishable),
    ("softwareonetimepasscode", true, Strength::Phishable),
    ("hardwareoath", true, Strength::Phishable),
    ("hardwareonetimepasscode", true, Strength::Phishable),
    ("oath", true, Strength::Phishable),
    // A code to a telephone in place of the password, not after it.
    ("smssignin", true, Strength::None),
    ("sms", true, Strength::Phishable),
    ("textmessage", true, Strength::Phishable),
    ("onewaysms", true, Strength::Phishable),
    ("twowaysms", true, Strength::Phishable),
    ("voice", true, Strength::Phishable),
    ("twowayvoice", true, Strength::Phishable),
    ("phonecall", true, Strength::Phishable),
    ("mobilephone", false, Strength::Phishable),
    ("alternatemobilephone", false, Strength::Phishable),
    ("officephone", false, Strength::Phishable),
    ("temporaryaccesspass", true, Strength::Phishable),
    ("federatedmultifactor", false, Strength::Phishable),
    ("externalauthmethod", true, Strength::Phishable),
    ("externalauthenticationmethod", true, Strength::Phishable),
    ("passwordhashsync", true, Strength::None),
    ("passthroughauthentication", true, Strength::None),
    ("password", true, Strength::None),
    ("email", true, Strength::None),
    ("securityquestion", true, Strength::None),
    ("apppassword", true, Strength::None),
    ("qrcode", true, Strength::None),
    ("seamlesssso", true, Strength::None),
];

/// The strength of a method as a sign-in step or a registration names it; `None` for a name that
/// is not known. `X.509 Certificate` alone is not known: it can stand for one factor or for two.
pub fn of_method(method: &str) -> Option<Strength> {
    METHODS
        .iter()
        .find(
            |(known, goes_on, _)| {
                if *goes_on { begins(method, known) } else { is_same(method, known) }
            },
        )
        .map(|(_, _, strength)| *strength)
}

/// The strongest of several methods; `None` when none is known.
pub fn strongest<'a>(methods: impl IntoIterator<Item = &'a str>) -> Option<Strength> {
    methods.into_iter().filter_map(of_method).max()
}

/// Methods that are two factors in one step, by the built-in strength "Multifactor
/// authentication".
const MFA_BY_ITSELF: &[&str] = &[
    "windowshello",
    "fido",
    "passkey",
    "platformcredential",
    "macosplatformcredential",
    "x509certificatemultifactor",
    "devicebasedpush",
    "passwordlessphonesignin",
    "passwordlessmicrosoftauthenticator",
    "microsoftauthenticatorpasswordless",
    "temporaryaccesspass",
];

/// Whether a first step with this method is MFA without a second one.
pub fn is_mfa_by_itself(method: &str) -> bool {
    MFA_BY_ITSELF.iter().any(|known| begins(method, known))
}

/// What `Get-MsIdAzureUsers.ps1` takes for MFA among `methodsRegistered`.
const MSID_MFA: &[&str] = &[
    "passkeydeviceboundauthenticator",
    "passkeydevicebound",
    "microsoftauthenticatorpush",
    "mobilephone",
    "softwareonetimepasscode",
    "windowshelloforbusiness",
    "microsoftauthenticatorpasswordless",
    "platformcredential",
];

/// Whether Microsoft's own report counts a registered method as MFA.
pub fn is_mfa_method(registered: &str) -> bool {
    MSID_MFA.iter().any(|known| is_same(registered, known))
}
