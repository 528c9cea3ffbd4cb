//! How strong an authentication method is.
//!
//! Sources: the built-in authentication strengths,
//! <https://learn.microsoft.com/graph/api/authenticationstrengthroot-list-policies> (which methods
//! are MFA by themselves, which resist phishing); `methodsRegistered` of
//! <https://learn.microsoft.com/graph/api/resources/userregistrationdetails>; the method names of
//! steps, <https://learn.microsoft.com/graph/api/resources/authenticationdetail>; the table of
//! `Get-MsIdAzureUsers.ps1` in <https://github.com/AzureAD/MSIdentityTools> for
//! [`is_mfa_method`].

use super::words::{begins, is_same, letters};

/// What a method is worth as a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strength {
    /// A first factor only: password, email.
    None,
    /// A second factor that Entra does not count as phishing-resistant: code, push, call, another
    /// provider's MFA.
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

/// What is known of a method.
struct Method {
    /// Letters its names begin with, or have all told when `is_whole`.
    letters: &'static str,
    is_whole: bool,
    strength: Strength,
    is_mfa_by_itself: bool,
}

/// A method whose names may go on after these letters, as `Passkey (Microsoft Authenticator)`.
const fn named(letters: &'static str, strength: Strength) -> Method {
    Method { letters, is_whole: false, strength, is_mfa_by_itself: false }
}

/// A method whose name is these letters and nothing else.
const fn exactly(letters: &'static str, strength: Strength) -> Method {
    Method { letters, is_whole: true, strength, is_mfa_by_itself: false }
}

/// A method that is two factors in one step.
const fn both(letters: &'static str, strength: Strength) -> Method {
    Method { letters, is_whole: false, strength, is_mfa_by_itself: true }
}

/// Names of combinations of the built-in strengths, of registered methods, and of steps; the
/// latter as sign-in logs show them in public queries, for Microsoft's page lists a few only. A
/// longer name stands before the one it begins with.
const METHODS: &[Method] = &[
    both("windowshello", Strength::PhishingResistant),
    both("fido", Strength::PhishingResistant),
    both("passkey", Strength::PhishingResistant),
    both("platformcredential", Strength::PhishingResistant),
    both("macosplatformcredential", Strength::PhishingResistant),
    both("macossecureenclavekey", Strength::PhishingResistant),
    both("x509certificatemultifactor", Strength::PhishingResistant),
    exactly("x509certificatesinglefactor", Strength::None),
    both("devicebasedpush", Strength::Phishable),
    both("passwordlessphonesignin", Strength::Phishable),
    both("passwordlessmicrosoftauthenticator", Strength::Phishable),
    both("microsoftauthenticatorpasswordless", Strength::Phishable),
    both("temporaryaccesspass", Strength::Phishable),
    named("microsoftauthenticator", Strength::Phishable),
    named("authenticatorapp", Strength::Phishable),
    named("mobileapp", Strength::Phishable),
    named("appverificationcode", Strength::Phishable),
    named("softwareoath", Strength::Phishable),
    named("softwareonetimepasscode", Strength::Phishable),
    named("hardwareoath", Strength::Phishable),
    named("hardwareonetimepasscode", Strength::Phishable),
    named("oath", Strength::Phishable),
    // A code to a telephone in place of the password, not after it.
    named("smssignin", Strength::None),
    named("sms", Strength::Phishable),
    named("textmessage", Strength::Phishable),
    named("voice", Strength::Phishable),
    named("phonecall", Strength::Phishable),
    exactly("mobilephone", Strength::Phishable),
    exactly("alternatemobilephone", Strength::Phishable),
    exactly("officephone", Strength::Phishable),
    exactly("federatedmultifactor", Strength::Phishable),
    named("externalauth", Strength::Phishable),
    exactly("federatedsinglefactor", Strength::None),
    named("passwordhashsync", Strength::None),
    named("passwordinthecloud", Strength::None),
    exactly("password", Strength::None),
    named("passthroughauthentication", Strength::None),
    exactly("pta", Strength::None),
    exactly("phs", Strength::None),
    named("seamlesssso", Strength::None),
    named("email", Strength::None),
    named("securityquestion", Strength::None),
    named("apppassword", Strength::None),
    named("qrcode", Strength::None),
];

fn find(method: &str) -> Option<&'static Method> {
    let first = letters(method).next()?;
    METHODS.iter().find(|known| {
        known.letters.as_bytes().first() == Some(&first)
            && if known.is_whole {
                is_same(method, known.letters)
            } else {
                begins(method, known.letters)
            }
    })
}

/// The strength of a method as a sign-in step or a registration names it; `None` for a name that
/// is not known. `X.509 Certificate` alone is not known: it can stand for one factor or for two.
pub fn of_method(method: &str) -> Option<Strength> {
    find(method).map(|known| known.strength)
}

/// The strongest of several methods; `None` when none is known.
pub fn strongest<'a>(methods: impl IntoIterator<Item = &'a str>) -> Option<Strength> {
    methods.into_iter().filter_map(of_method).max()
}

/// Whether a first step with this method is MFA without a second one: the methods that stand alone
/// in the built-in strength "Multifactor authentication".
pub fn is_mfa_by_itself(method: &str) -> bool {
    find(method).is_some_and(|known| known.is_mfa_by_itself)
}

/// Whether a method is a certificate of which the name does not tell if it is one factor or two.
pub fn is_certificate(method: &str) -> bool {
    of_method(method).is_none() && begins(method, "x509certificate")
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

#[cfg(test)]
mod tests {
    use super::{Strength, is_certificate, is_mfa_by_itself, is_mfa_method, of_method, strongest};

    #[test]
    fn methods_are_known_by_every_name() {
        let (none, phishable, resistant) =
            (Some(Strength::None), Some(Strength::Phishable), Some(Strength::PhishingResistant));
        for (method, expect, is_alone) in [
            // Steps.
            ("Password", none, false),
            ("Password Hash Sync", none, false),
            ("Password in the cloud", none, false),
            ("Seamless SSO", none, false),
            ("QR Code PIN", none, false),
            ("SMS Sign-in", none, false),
            ("SMS", phishable, false),
            ("Text message", phishable, false),
            ("Voice", phishable, false),
            ("Phone call approval (Authentication phone)", phishable, false),
            ("Mobile app notification", phishable, false),
            ("Mobile app verification code", phishable, false),
            ("Authenticator App", phishable, false),
            ("Microsoft Authenticator (push notification)", phishable, false),
            ("OATH verification code", phishable, false),
            ("Software OATH token", phishable, false),
            ("Passwordless phone sign-in", phishable, true),
            ("Passwordless Microsoft Authenticator", phishable, true),
            ("Temporary Access Pass", phishable, true),
            ("Windows Hello for Business", resistant, true),
            ("FIDO2 security key", resistant, true),
            ("Passkey (device-bound)", resistant, true),
            ("MacOS Platform Credentials", resistant, true),
            ("X.509 Certificate", None, false),
            ("Previously satisfied", None, false),
            ("Satisfied by token", None, false),
            ("Passwordless something new", None, false),
            ("Other", None, false),
            ("", None, false),
            // Registrations.
            ("email", none, false),
            ("securityQuestion", none, false),
            ("appPassword", none, false),
            ("mobilePhone", phishable, false),
            ("alternateMobilePhone", phishable, false),
            ("officePhone", phishable, false),
            ("microsoftAuthenticatorPush", phishable, false),
            ("microsoftAuthenticatorPasswordless", phishable, true),
            ("softwareOneTimePasscode", phishable, false),
            ("hardwareOneTimePasscode", phishable, false),
            ("temporaryAccessPass", phishable, true),
            ("externalAuthMethod", phishable, false),
            ("windowsHelloForBusiness", resistant, true),
            ("fido2SecurityKey", resistant, true),
            ("passKeyDeviceBound", resistant, true),
            ("passKeyDeviceBoundAuthenticator", resistant, true),
            ("passKeyDeviceBoundWindowsHello", resistant, true),
            ("macOsSecureEnclaveKey", resistant, true),
            ("platformCredential", resistant, true),
            // Combinations of the built-in strengths.
            ("fido2", resistant, true),
            ("x509CertificateMultiFactor", resistant, true),
            ("x509CertificateSingleFactor", none, false),
            ("deviceBasedPush", phishable, true),
            ("temporaryAccessPassOneTime", phishable, true),
            ("hardwareOath", phishable, false),
            ("federatedMultiFactor", phishable, false),
            ("federatedSingleFactor", none, false),
        ] {
            assert_eq!(of_method(method), expect, "{method}");
            assert_eq!(is_mfa_by_itself(method), is_alone, "{method}");
        }
        assert!(is_certificate("X.509 Certificate"));
        assert!(!is_certificate("x509CertificateMultiFactor") && !is_certificate("Password"));
    }

    #[test]
    fn the_strongest_known_method_counts() {
        assert!(Strength::None < Strength::Phishable);
        assert!(Strength::Phishable < Strength::PhishingResistant);
        assert_eq!(strongest(["Password", "Text message"]), Some(Strength::Phishable));
        assert_eq!(strongest(["fido2", "Other", "Password"]), Some(Strength::PhishingResistant));
        assert_eq!(strongest(["Other", "X.509 Certificate"]), None);
        assert_eq!(strongest([]), None);
    }

    #[test]
    fn microsofts_report_has_a_list_of_its_own() {
        for (method, expect) in [
            ("microsoftAuthenticatorPush", true),
            ("mobilePhone", true),
            ("softwareOneTimePasscode", true),
            ("windowsHelloForBusiness", true),
            ("passKeyDeviceBound", true),
            ("passKeyDeviceBoundAuthenticator", true),
            ("microsoftAuthenticatorPasswordless", true),
            ("platformCredential", true),
            ("email", false),
            ("password", false),
            ("temporaryAccessPass", false),
            ("mobilePhoneOfAFriend", false),
        ] {
            assert_eq!(is_mfa_method(method), expect, "{method}");
        }
    }
}
