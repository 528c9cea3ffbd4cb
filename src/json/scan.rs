//! Finding the bytes that matter, sixteen at a time where the processor can.
//!
//! SSE2 is part of every x86-64, so no run-time dispatch is needed; other processors take the
//! scalar path, which is also the oracle of the tests.

#[cfg(target_arch = "x86_64")]
mod wide {
    use core::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };

    /// Bytes looked at in one step.
    pub(super) const WIDTH: usize = 16;

    /// The bits of the bytes of `block` that equal one of `wanted`, after `or`-ing `fold` in.
    #[inline(always)]
    #[expect(clippy::cast_sign_loss, reason = "the mask has sixteen bits, none is a sign")]
    fn equal_to_any<const N: usize>(block: &[u8; WIDTH], fold: u8, wanted: [u8; N]) -> u32 {
        #[expect(unsafe_code, reason = "vector instructions")]
        // SAFETY: `block` is a live reference to exactly the 16 bytes that are loaded, the load
        // is the unaligned one, and SSE2 is part of the x86-64 baseline.
        unsafe {
            let bytes: __m128i = _mm_loadu_si128(block.as_ptr().cast());
            let folded = _mm_or_si128(bytes, _mm_set1_epi8(fold.cast_signed()));
            let mut found = _mm_set1_epi8(0);
            for &one in &wanted {
                let equal = _mm_cmpeq_epi8(folded, _mm_set1_epi8(one.cast_signed()));
                found = _mm_or_si128(found, equal);
            }
            _mm_movemask_epi8(found) as u32
        }
    }

    #[inline(always)]
    pub(super) fn quotes_and_backslashes(block: &[u8; WIDTH]) -> u32 {
        equal_to_any(block, 0, [b'"', b'\\'])
    }

    #[inline(always)]
    pub(super) fn newlines(block: &[u8; WIDTH]) -> u32 {
        equal_to_any(block, 0, [b'\n'])
    }

    #[inline(always)]
    pub(super) fn not_whitespace(block: &[u8; WIDTH]) -> u32 {
        equal_to_any(block, 0, [b' ', b'\n', b'\r', b'\t']) ^ 0xffff
    }

    /// Quotes, backslashes, opening and closing brackets of sixteen bytes.
    #[inline(always)]
    pub(super) fn marks(block: &[u8; WIDTH]) -> [u32; 4] {
        // `[` and `{`, `]` and `}` differ in one bit only, which the fold sets; it makes no other
        // byte a brace.
        [
            equal_to_any(block, 0, [b'"']),
            equal_to_any(block, 0, [b'\\']),
            equal_to_any(block, 0x20, [b'{']),
            equal_to_any(block, 0x20, [b'}']),
        ]
    }
}

macro_rules! first_where {
    ($bytes:expr, $at:expr, $wide:path, $scalar:expr) => {{
        let bytes: &[u8] = $bytes;
        let mut at: usize = $at;
        #[cfg(target_arch = "x86_64")]
        while let Some(block) = bytes.get(at..).and_then(<[u8]>::first_chunk::<{ wide::WIDTH }>) {
            let mask = $wide(block);
            if mask != 0 {
                return at + mask.trailing_zeros() as usize;
            }
            at += wide::WIDTH;
        }
        while at < bytes.len() && !$scalar(bytes[at]) {
            at += 1;
        }
        at.min(bytes.len())
    }};
}

/// Position of the first `"` or `\` at or after `at`; the length of `bytes` when there is none.
#[inline(always)]
pub fn string_stop(bytes: &[u8], at: usize) -> usize {
    first_where!(bytes, at, wide::quotes_and_backslashes, |byte| matches!(byte, b'"' | b'\\'))
}

/// Position of the first line feed at or after `at`; the length of `bytes` when there is none.
#[inline]
pub fn line_end(bytes: &[u8], at: usize) -> usize {
    first_where!(bytes, at, wide::newlines, |byte| byte == b'\n')
}

/// Whether `key` stands at `at`. Keys are a few words long: comparing words in place is quicker
/// than calling the comparison of the C library.
#[inline(always)]
pub fn stands_at(bytes: &[u8], at: usize, key: &[u8]) -> bool {
    let Some(there) = bytes.get(at..at + key.len()) else { return false };
    let (words, rest) = key.as_chunks::<8>();
    let (words_there, rest_there) = there.as_chunks::<8>();
    let same = |(left, right): (&[u8; 8], &[u8; 8])| {
        u64::from_ne_bytes(*left) == u64::from_ne_bytes(*right)
    };
    words.iter().zip(words_there).all(same)
        && rest.iter().zip(rest_there).all(|(left, right)| left == right)
}

/// Position of the first byte at or after `at` that is no JSON whitespace.
#[inline(always)]
pub fn skip_whitespace(bytes: &[u8], at: usize) -> usize {
    if at < bytes.len() && bytes[at] > b' ' {
        return at;
    }
    // Compact JSON has one blank at most: look once more before the wide loop.
    if at + 1 < bytes.len() && bytes[at] == b' ' && bytes[at + 1] > b' ' {
        return at + 1;
    }
    skip_long_whitespace(bytes, at)
}

#[inline]
fn skip_long_whitespace(bytes: &[u8], at: usize) -> usize {
    first_where!(bytes, at, wide::not_whitespace, |byte| !matches!(
        byte,
        b' ' | b'\n' | b'\r' | b'\t'
    ))
}

/// Bytes of one [`Marks`].
pub const MARKED_BYTES: usize = 64;

/// Where quotes, backslashes and brackets stand in 64 bytes: one bit per byte, the first lowest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// `"`.
    pub quotes: u64,
    /// `\`.
    pub backslashes: u64,
    /// `{` and `[`.
    pub opening: u64,
    /// `}` and `]`.
    pub closing: u64,
}

impl Marks {
    /// The marks of a block.
    #[inline(always)]
    pub fn of(block: &[u8; MARKED_BYTES]) -> Self {
        let mut marks = Self::default();
        #[cfg(target_arch = "x86_64")]
        for (quarter, part) in block.as_chunks::<{ wide::WIDTH }>().0.iter().enumerate() {
            let [quotes, backslashes, opening, closing] = wide::marks(part);
            let shift = quarter * wide::WIDTH;
            marks.quotes |= u64::from(quotes) << shift;
            marks.backslashes |= u64::from(backslashes) << shift;
            marks.opening |= u64::from(opening) << shift;
            marks.closing |= u64::from(closing) << shift;
        }
        #[cfg(not(target_arch = "x86_64"))]
        for (place, byte) in block.iter().enumerate() {
            marks.add(*byte, place);
        }
        marks
    }

    /// The marks of fewer than 64 bytes; what is beyond them has none.
    pub fn of_rest(bytes: &[u8]) -> Self {
        let mut marks = Self::default();
        for (place, byte) in bytes.iter().take(MARKED_BYTES).enumerate() {
            marks.add(*byte, place);
        }
        marks
    }

    fn add(&mut self, byte: u8, place: usize) {
        let bit = 1 << place;
        match byte {
            b'"' => self.quotes |= bit,
            b'\\' => self.backslashes |= bit,
            b'{' | b'[' => self.opening |= bit,
            b'}' | b']' => self.closing |= bit,
            _ => {}
        }
    }
}

/// Every bit is the exclusive or of itself and those below it: what lies between quotes.
#[inline(always)]
pub fn between(mut quotes: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        quotes ^= quotes << shift;
    }
    quotes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop};
    use proptest::{prop_assert_eq, proptest};

    use super::{MARKED_BYTES, Marks, line_end, skip_whitespace, stands_at, string_stop};

    fn naive(bytes: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
        (at..bytes.len()).find(|place| wanted(bytes[*place])).unwrap_or(bytes.len())
    }

    proptest! {
        #[test]
        fn wide_and_naive_scans_stop_at_the_same_byte(
            bytes in prop::collection::vec(prop::sample::select(&b"ab \t\r\n\"\\[]{}\x00\xff\x1b;=\x5d"[..]), 0..80),
            at in any::<prop::sample::Index>(),
        ) {
            let at = at.index(bytes.len() + 1);
            prop_assert_eq!(string_stop(&bytes, at), naive(&bytes, at, |byte| b"\"\\".contains(&byte)));
            prop_assert_eq!(line_end(&bytes, at), naive(&bytes, at, |byte| byte == b'\n'));
            prop_assert_eq!(skip_whitespace(&bytes, at), naive(&bytes, at, |byte| !b" \n\r\t".contains(&byte)));
        }

        #[test]
        fn keys_are_found_where_they_stand_and_nowhere_else(
            bytes in prop::collection::vec(prop::sample::select(&b"ab"[..]), 0..40),
            at in 0_usize..44,
            key in prop::collection::vec(prop::sample::select(&b"ab"[..]), 0..20),
        ) {
            let stands = bytes.get(at..).is_some_and(|rest| rest.starts_with(&key));
            prop_assert_eq!(stands_at(&bytes, at, &key), stands);
        }

        #[test]
        fn wide_and_naive_marks_are_the_same(
            bytes in prop::collection::vec(prop::sample::select(&b"ab\"\\[]{}\x00\xff;=\x02\xdb"[..]), MARKED_BYTES),
        ) {
            let block: &[u8; MARKED_BYTES] = bytes.as_slice().try_into().unwrap();
            prop_assert_eq!(Marks::of(block), Marks::of_rest(&bytes));
        }
    }
}
