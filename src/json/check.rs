//! Stepping over values while checking every byte of their grammar.

use super::scan::{
    Escapes, MARKED_BYTES, Work, quotes_and_backslashes, skip_whitespace, string_stop, widest,
};
use super::{Fault, FaultKind, byte_at};
use crate::limits::DEPTH_MAX;

/// A string that was stepped over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StringEnd {
    /// Position of the closing quote.
    pub quote: usize,
    /// Whether the string holds escapes.
    pub escaped: bool,
}

/// Steps over a string; `at` is the byte after its opening quote.
///
/// # Errors
/// A [`Fault`] for an escape that JSON does not know, or when the text ends first.
#[inline(always)]
pub fn string_end(bytes: &[u8], at: usize) -> Result<StringEnd, Fault> {
    let (stop, is_quote) = string_stop(bytes, at);
    if is_quote {
        return Ok(StringEnd { quote: stop, escaped: false });
    }
    escaped_string_end(bytes, stop)
}

/// As [`string_end`], from the first backslash at `at` on: the marks of 64 bytes are found at once,
/// so that a string full of escapes (JSON in a string) costs a few steps per escape.
#[inline(never)]
pub(super) fn escaped_string_end(bytes: &[u8], at: usize) -> Result<StringEnd, Fault> {
    widest(EscapedString { bytes, at })
}

/// Stepping over a string with escapes, as work for the widest instructions.
struct EscapedString<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Work for EscapedString<'_> {
    type Done = Result<StringEnd, Fault>;

    #[inline(always)]
    fn run(self) -> Self::Done {
        escapes_end(self.bytes, self.at)
    }
}

#[inline(always)]
fn escapes_end(bytes: &[u8], mut at: usize) -> Result<StringEnd, Fault> {
    let mut escapes = Escapes::default();
    for block in bytes.get(at..).unwrap_or_default().as_chunks::<MARKED_BYTES>().0 {
        let (quotes, backslashes) = quotes_and_backslashes(block);
        let escaped = escapes.escaped(backslashes);
        let closing = quotes & !escaped;
        // Quotes and backslashes may be escaped without a further look; anything else that is, up
        // to the end of the string, is looked at.
        let inside = closing.wrapping_sub(1) & !closing;
        let mut doubtful = escaped & !(quotes | backslashes) & inside;
        while doubtful != 0 {
            escape_end(bytes, at + doubtful.trailing_zeros() as usize - 1)?;
            doubtful &= doubtful - 1;
        }
        if closing != 0 {
            return Ok(StringEnd { quote: at + closing.trailing_zeros() as usize, escaped: true });
        }
        at += MARKED_BYTES;
    }
    if escapes.is_open() {
        at -= 1;
    }
    loop {
        let (stop, is_quote) = string_stop(bytes, at);
        if is_quote {
            return Ok(StringEnd { quote: stop, escaped: true });
        }
        if stop >= bytes.len() {
            return Err(Fault { at: bytes.len(), kind: FaultKind::CutShort });
        }
        at = escape_end(bytes, stop)?;
    }
}

/// Position after the escape that begins with the backslash at `at`.
#[inline(always)]
fn escape_end(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match byte_at(bytes, at + 1) {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
        b'u' => {
            for place in at + 2..at + 6 {
                if !byte_at(bytes, place).is_ascii_hexdigit() {
                    return Err(Fault::unexpected(bytes, place));
                }
            }
            Ok(at + 6)
        }
        _ => Err(Fault::unexpected(bytes, at + 1)),
    }
}

/// Steps over a number, `true`, `false` or `null`.
///
/// # Errors
/// A [`Fault`] where no such value stands.
#[inline]
pub fn scalar_end(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    match byte_at(bytes, at) {
        b't' => word_end(bytes, at, b"true"),
        b'f' => word_end(bytes, at, b"false"),
        b'n' => word_end(bytes, at, b"null"),
        _ => number_end(bytes, at),
    }
}

fn word_end(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize, Fault> {
    for (place, letter) in word.iter().enumerate() {
        if byte_at(bytes, at + place) != *letter {
            return Err(Fault::unexpected(bytes, at + place));
        }
    }
    Ok(at + word.len())
}

fn number_end(bytes: &[u8], mut at: usize) -> Result<usize, Fault> {
    if byte_at(bytes, at) == b'-' {
        at += 1;
    }
    at = match byte_at(bytes, at) {
        b'0' => at + 1,
        b'1'..=b'9' => digits_end(bytes, at)?,
        _ => return Err(Fault::unexpected(bytes, at)),
    };
    if byte_at(bytes, at) == b'.' {
        at = digits_end(bytes, at + 1)?;
    }
    if matches!(byte_at(bytes, at), b'e' | b'E') {
        at += 1;
        if matches!(byte_at(bytes, at), b'+' | b'-') {
            at += 1;
        }
        at = digits_end(bytes, at)?;
    }
    Ok(at)
}

fn digits_end(bytes: &[u8], at: usize) -> Result<usize, Fault> {
    let mut end = at;
    while byte_at(bytes, end).is_ascii_digit() {
        end += 1;
    }
    if end == at { Err(Fault::unexpected(bytes, at)) } else { Ok(end) }
}

/// Steps over a key and its colon; `at` is the key's opening quote. Gives the key's end and the
/// position of the value.
#[inline(always)]
pub(crate) fn key_end(bytes: &[u8], at: usize) -> Result<(StringEnd, usize), Fault> {
    if byte_at(bytes, at) != b'"' {
        return Err(Fault::unexpected(bytes, at));
    }
    let end = string_end(bytes, at + 1)?;
    let colon = skip_whitespace(bytes, end.quote + 1);
    if byte_at(bytes, colon) != b':' {
        return Err(Fault::unexpected(bytes, colon));
    }
    Ok((end, skip_whitespace(bytes, colon + 1)))
}

/// Steps over any value, checking it whole; `at` is its first byte. `depth` is how many objects
/// and arrays it stands in.
///
/// # Errors
/// The first [`Fault`] in the text.
pub fn value_end(bytes: &[u8], at: usize, depth: usize) -> Result<usize, Fault> {
    match byte_at(bytes, at) {
        b'"' => Ok(string_end(bytes, at + 1)?.quote + 1),
        b'{' | b'[' => widest(Nested { bytes, at, depth }),
        _ => scalar_end(bytes, at),
    }
}

/// Stepping over an object or array, as work for the widest instructions.
struct Nested<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl Work for Nested<'_> {
    type Done = Result<usize, Fault>;

    #[inline(always)]
    fn run(self) -> Self::Done {
        nested_end(self.bytes, self.at, self.depth)
    }
}

/// Steps over an object or array without recursion: one bit per open level tells which it is.
#[inline(always)]
fn nested_end(bytes: &[u8], mut at: usize, depth: usize) -> Result<usize, Fault> {
    let mut objects: u128 = 0;
    let mut open = 0_usize;
    loop {
        // Here a value begins at `at`.
        match byte_at(bytes, at) {
            b'{' => {
                if depth + open >= DEPTH_MAX {
                    return Err(Fault { at, kind: FaultKind::TooDeep });
                }
                let next = skip_whitespace(bytes, at + 1);
                if byte_at(bytes, next) == b'}' {
                    at = next + 1;
                } else {
                    objects = objects << 1 | 1;
                    open += 1;
                    at = key_end(bytes, next)?.1;
                    continue;
                }
            }
            b'[' => {
                if depth + open >= DEPTH_MAX {
                    return Err(Fault { at, kind: FaultKind::TooDeep });
                }
                let next = skip_whitespace(bytes, at + 1);
                if byte_at(bytes, next) == b']' {
                    at = next + 1;
                } else {
                    objects <<= 1;
                    open += 1;
                    at = next;
                    continue;
                }
            }
            b'"' => at = string_end(bytes, at + 1)?.quote + 1,
            _ => at = scalar_end(bytes, at)?,
        }
        // Here a value has ended at `at`: close levels until one goes on.
        loop {
            if open == 0 {
                return Ok(at);
            }
            let next = skip_whitespace(bytes, at);
            let in_object = objects & 1 == 1;
            match byte_at(bytes, next) {
                b',' if in_object => {
                    at = key_end(bytes, skip_whitespace(bytes, next + 1))?.1;
                    break;
                }
                b',' => {
                    at = skip_whitespace(bytes, next + 1);
                    break;
                }
                b'}' if in_object => {}
                b']' if !in_object => {}
                _ => return Err(Fault::unexpected(bytes, next)),
            }
            objects >>= 1;
            open -= 1;
            at = next + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, Strategy, any, prop};
    use proptest::{prop_assert_eq, prop_oneof, proptest};

    use super::value_end;
    use crate::json::scan::skip_whitespace;

    /// Whether the whole text is one JSON value, as this module sees it.
    fn accepts(text: &str) -> bool {
        let bytes = text.as_bytes();
        value_end(bytes, skip_whitespace(bytes, 0), 0)
            .is_ok_and(|end| skip_whitespace(bytes, end) == bytes.len())
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<bool>().prop_map(|value| value.to_string()),
            any::<i64>().prop_map(|value| value.to_string()),
            Just("-0.5e+10".to_owned()),
            "[ -~é数😀]{0,24}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        ];
        leaf.prop_recursive(5, 48, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5)
                    .prop_map(|items| format!("[{}]", items.join(" , "))),
                prop::collection::vec(("[a-z\"\\\\]{0,20}", inner), 0..5).prop_map(|items| {
                    let fields: Vec<String> = items
                        .iter()
                        .map(|(key, value)| {
                            format!("{} :\n {value}", serde_json::to_string(key).unwrap())
                        })
                        .collect();
                    format!("{{{}}}", fields.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn valid_json_is_stepped_over_whole(text in json()) {
            assert!(accepts(&text), "{text}");
        }

        #[test]
        fn what_serde_json_refuses_is_refused_here_and_the_reverse(
            text in json(), at in any::<prop::sample::Index>(), with in "[ -~]{0,2}",
        ) {
            let mut characters: Vec<char> = text.chars().collect();
            let place = at.index(characters.len());
            characters.splice(place..=place, with.chars());
            let damaged: String = characters.into_iter().collect();
            prop_assert_eq!(
                accepts(&damaged),
                serde_json::from_str::<serde::de::IgnoredAny>(&damaged).is_ok(),
                "{}", damaged
            );
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = value_end(&bytes, 0, 0);
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(accepts(&format!("{}{}", "[".repeat(128), "]".repeat(128))));
        assert!(!accepts(&format!("{}{}", "[".repeat(129), "]".repeat(129))));
        assert!(!accepts(&"[".repeat(1_000_000)));
    }
}
