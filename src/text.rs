//! Words for people: counts, numbers, near misses, and text made safe to show.

use std::borrow::Cow;

/// `1 record`, `18,233 records`.
pub fn count(number: u64, singular: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {singular}{plural}", thousands(number))
}

/// `18,233`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `512 B`, `9.4 MB`, `1.0 GB`: decimal units, as disks and networks are measured.
pub fn bytes(number: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    for (unit, size) in UNITS {
        if number >= size {
            return format!("{}.{} {unit}", number / size, number % size * 10 / size);
        }
    }
    format!("{number} B")
}

/// Which letters a text has, as far as folding its case is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// ASCII, none in upper case.
    Lower,
    /// ASCII, some in upper case.
    Mixed,
    /// Some are not ASCII.
    Foreign,
}

/// The letters of a text, eight bytes at a time.
#[inline]
pub fn letters_of(text: &[u8]) -> Letters {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Adding what is missing to 128 sets the high bit of every byte from `A` on, or beyond `Z`.
    const FROM_A: u64 = ONES * (128 - b'A' as u64);
    const BEYOND_Z: u64 = ONES * (128 - (b'Z' as u64 + 1));
    let (mut foreign, mut upper) = (0, 0);
    let mut look = |word: u64| {
        foreign |= word & HIGH;
        let ascii = word & !HIGH;
        upper |= (ascii + FROM_A) & !(ascii + BEYOND_Z) & HIGH;
    };
    let (words, rest) = text.as_chunks::<8>();
    for word in words {
        look(u64::from_le_bytes(*word));
    }
    match text.last_chunk::<8>() {
        Some(last) => look(u64::from_le_bytes(*last)),
        None => rest.iter().for_each(|byte| look(u64::from(*byte))),
    }
    match (foreign, upper) {
        (0, 0) => Letters::Lower,
        (0, _) => Letters::Mixed,
        _ => Letters::Foreign,
    }
}

/// The two hexadecimal digits of every byte, in lower case.
pub const HEXADECIMAL: [[u8; 2]; 256] = {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    pairs
};

/// A text without ASCII blanks around it. Hardly any text of a log has some.
#[inline(always)]
pub fn trim_ascii(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if *first > b' ' && *last > b' ' => text,
        _ => text.trim_ascii(),
    }
}

/// What is before and behind the first `mark` of a text, an ASCII character.
#[inline]
pub fn split_at_mark(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = memchr::memchr(mark, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Whether a character would move the cursor, hide text or turn its direction around.
pub fn is_unsafe_on_a_terminal(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2028}' | '\u{2029}' | '\u{061c}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{00ad}' | '\u{e0000}'..='\u{e007f}')
}

/// Text from a log, safe to print: every character of [`is_unsafe_on_a_terminal`] becomes `�`.
pub fn sanitised(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_unsafe_on_a_terminal) {
        Cow::Owned(
            text.chars()
                .map(
                    |character| {
                        if is_unsafe_on_a_terminal(character) { '\u{fffd}' } else { character }
                    },
                )
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

/// As [`sanitised`], for documents: line breaks and tabs stay, every line break as `\n`.
pub fn sanitised_lines(text: &str) -> Cow<'_, str> {
    let is_unsafe =
        |character| !matches!(character, '\n' | '\t') && is_unsafe_on_a_terminal(character);
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(text.replace(is_unsafe, "\u{fffd}"))
}

/// The candidate nearest to what somebody typed, if one is near enough to be meant.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(typed, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (row_index, left_character) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = row_index + 1;
        for (column, right_character) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(left_character != *right_character);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

/// Whether two names are the same, also where it has to be known when the crate is compiled.
pub const fn is_same_name(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::{Letters, letters_of};
    use super::{bytes, count, nearest, sanitised};

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1, "record"), "1 record");
        assert_eq!(count(18_233, "record"), "18,233 records");
        assert_eq!(count(0, "record"), "0 records");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(9_437_184), "9.4 MB");
    }

    #[test]
    fn hostile_text_is_made_harmless() {
        assert_eq!(sanitised("a\u{1b}[2Jb\u{202e}c"), "a\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(sanitised("Zoë 数"), "Zoë 数");
    }

    #[test]
    fn a_near_miss_is_named_and_a_far_one_is_not() {
        assert_eq!(nearest("by-usr", ["by-user", "by-resource"]), Some("by-user"));
        assert_eq!(nearest("colum", ["column", "param"]), Some("column"));
        assert_eq!(nearest("zzz", ["by-user"]), None);
    }

    proptest! {
        #[test]
        fn letters_are_told_as_the_standard_library_tells_them(text in "[@A-Z\\[`a-z{é\\x00]{0,20}") {
            let expected = if !text.is_ascii() {
                Letters::Foreign
            } else if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                Letters::Mixed
            } else {
                Letters::Lower
            };
            assert_eq!(letters_of(text.as_bytes()), expected, "{text:?}");
        }
    }
}
