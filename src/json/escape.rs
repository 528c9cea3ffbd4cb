//! Undoing the escapes of JSON strings.

use super::byte_at;
use super::scan::{MARKED_BYTES, quotes_and_backslashes};

/// Appends the text that an escaped string stands for; `raw` is what is between its quotes and
/// has been checked by [`super::check`]. Unpaired surrogates become U+FFFD.
pub fn unescape_into(raw: &str, out: &mut String) {
    let bytes = raw.as_bytes();
    out.reserve(raw.len());
    let mut plain_from = 0;
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let backslashes = if let Some(block) = rest.first_chunk() {
            quotes_and_backslashes(block).1
        } else {
            let mut block = [0; MARKED_BYTES];
            block[..rest.len()].copy_from_slice(rest);
            quotes_and_backslashes(&block).1
        };
        let block_at = at;
        at += MARKED_BYTES;
        let mut left = backslashes;
        while left != 0 {
            let escape_at = block_at + left.trailing_zeros() as usize;
            out.push_str(raw.get(plain_from..escape_at).unwrap_or_default());
            let (character, length) = escape(bytes, escape_at);
            out.push(character);
            plain_from = escape_at + length;
            // What the escape takes up holds no further one; it may reach into the next block.
            let behind = plain_from - block_at;
            if behind >= MARKED_BYTES {
                at = plain_from;
                break;
            }
            left &= u64::MAX << behind;
        }
    }
    out.push_str(raw.get(plain_from..).unwrap_or_default());
}

/// The character that the escape at `at` stands for, and how many bytes it takes.
fn escape(bytes: &[u8], at: usize) -> (char, usize) {
    let simple = match byte_at(bytes, at + 1) {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode_escape(bytes, at),
        other => char::from(other),
    };
    (simple, 2)
}

fn unicode_escape(bytes: &[u8], at: usize) -> (char, usize) {
    let high = code_unit(bytes, at);
    if (0xd800..0xdc00).contains(&high)
        && byte_at(bytes, at + 6) == b'\\'
        && byte_at(bytes, at + 7) == b'u'
    {
        let low = code_unit(bytes, at + 6);
        if (0xdc00..0xe000).contains(&low) {
            let point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            return (char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
        }
    }
    (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

fn code_unit(bytes: &[u8], at: usize) -> u32 {
    (at + 2..at + 6).fold(0, |value, place| {
        value << 4 | char::from(byte_at(bytes, place)).to_digit(16).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::unescape_into;

    fn unescaped(raw: &str) -> String {
        let mut out = String::new();
        unescape_into(raw, &mut out);
        out
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(unescaped(r#"a\"b\\c\/d\u0065\ud83d\ude00\n"#), "a\"b\\c/de😀\n");
        assert_eq!(unescaped(r"\ud83d!\ude00"), "\u{fffd}!\u{fffd}");
        assert_eq!(unescaped(r"\ud83d\ud83d\ude00"), "\u{fffd}😀");
    }

    proptest! {
        #[test]
        fn what_serde_json_escapes_comes_back(text in "\\PC{0,40}|[\\x00-\\x7f]{0,40}") {
            let quoted = serde_json::to_string(&text).unwrap();
            assert_eq!(unescaped(&quoted[1..quoted.len() - 1]), text);
        }
    }
}
