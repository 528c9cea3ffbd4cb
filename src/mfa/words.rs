//! Comparing words of the logs: without regard to case and, where exports differ in them, to
//! hyphens and blanks.

/// Whether `text` begins with `start`, whatever the case of ASCII letters.
pub(super) fn starts_with(text: &str, start: &str) -> bool {
    after(text, start).is_some()
}

/// What follows `start` in `text`, whatever the case of ASCII letters.
pub(super) fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    // Most texts differ in their first letter, and these lists are gone through for every row.
    let first = text.as_bytes().first().map(u8::to_ascii_lowercase);
    if first != start.as_bytes().first().map(u8::to_ascii_lowercase) {
        return None;
    }
    let head = text.get(..start.len())?;
    if head.eq_ignore_ascii_case(start) { text.get(start.len()..) } else { None }
}

/// Whether `part` is somewhere in `text`, whatever the case of ASCII letters.
pub(super) fn contains(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    part.is_empty() || text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

/// The letters and digits of a text in lower case: `Multi-factor authentication` and
/// `multiFactorAuthentication` give the same ones.
pub(super) fn letters(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}

/// Whether a text has these letters and digits and no others; `plain` is in lower case, without
/// anything between its letters.
pub(super) fn is_same(text: &str, plain: &str) -> bool {
    rest_after(text, plain).is_some_and(|mut rest| rest.next().is_none())
}

/// Whether the letters of `text` begin with those of `plain`, written as for [`is_same`].
pub(super) fn begins(text: &str, plain: &str) -> bool {
    rest_after(text, plain).is_some()
}

/// The letters of `text` after those of `plain`.
fn rest_after<'a>(text: &'a str, plain: &str) -> Option<impl Iterator<Item = u8> + use<'a>> {
    let mut letters = letters(text);
    for byte in plain.bytes() {
        if letters.next() != Some(byte) {
            return None;
        }
    }
    Some(letters)
}

/// A text without blanks around it; `None` when nothing is left.
pub(super) fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{after, begins, contains, filled, is_same, starts_with};

    #[test]
    fn an_empty_start_is_at_the_start_of_nothing_but_nothing() {
        assert_eq!(after("", ""), Some(""));
        assert!(begins("a", "") && is_same("-", "") && !is_same("a", ""));
    }

    #[test]
    fn words_compare_without_case_and_hyphens() {
        assert_eq!(after("MFA denied; user", "mfa DENIED; "), Some("user"));
        assert_eq!(after("é", "e"), None);
        assert!(starts_with("Skipped due", "skipped"));
        assert!(!starts_with("Skip", "skipped"));
        assert!(contains("by CLAIM in the token", "claim in"));
        assert!(!contains("claim", "claims"));
        assert!(contains("", "") && !contains("", "a"));
        for text in ["Multi-factor", "multiFactor", "Multi factor", "MULTI_FACTOR"] {
            assert!(is_same(text, "multifactor"), "{text}");
        }
        assert!(begins("Multi-factor authentication", "multifactor"));
        assert!(!begins("multi", "multifactor"));
        assert_eq!(filled(Some(" \t")), None);
        assert_eq!(filled(Some(" a ")), Some("a"));
        assert_eq!(filled(None), None);
    }
}
