//! Comparing a text with what is expected to stand in it.

#[cfg(target_arch = "x86_64")]
use super::{block_at, wide};

/// Bytes of one block of a literal.
pub(in crate::json) const BLOCK_BYTES: usize = 32;

/// Where [`alike`] looks: where a whole block stands, which saves a branch; or also near the end of
/// the text, and on processors without vectors.
pub(in crate::json) const INSIDE: bool = true;
pub(in crate::json) const ANYWHERE: bool = false;

/// Whether the bytes at `at` are those of `block`, but for the bytes whose bit is set in `beyond`:
/// the last ones, from one place on.
#[inline(always)]
pub(in crate::json) fn alike<const WHERE: bool>(
    bytes: &[u8],
    at: usize,
    block: &[u8; BLOCK_BYTES],
    beyond: u32,
) -> bool {
    #[cfg(target_arch = "x86_64")]
    if let Some(there) = block_at(bytes, at) {
        return wide::same(block, there) | beyond == u32::MAX;
    }
    let literal = block.get(..beyond.trailing_zeros() as usize);
    WHERE == ANYWHERE && ends_at(bytes, at, literal.unwrap_or(block))
}

/// As [`alike`], byte by byte: near the end of a text.
#[cold]
#[inline(never)]
fn ends_at(bytes: &[u8], at: usize, literal: &[u8]) -> bool {
    bytes.get(at..).is_some_and(|rest| rest.starts_with(literal))
}

/// Whether the string at `at` ends after `length` bytes, of which none is escaped. No, where it is
/// longer than a block or near the end of the text.
///
/// A position that follows from the length is known before the bytes are: whoever goes on there
/// does not wait for them.
#[inline(always)]
pub(in crate::json) fn ends_after(bytes: &[u8], at: usize, length: u8) -> bool {
    #[cfg(target_arch = "x86_64")]
    if length < 32 {
        return block_at::<32>(bytes, at).is_some_and(|block| {
            let stops = wide::quotes_or_backslashes(block);
            stops & ((2_u32 << length) - 1) == 1 << length && block[usize::from(length)] == b'"'
        });
    } else if length < 63 {
        return block_at::<64>(bytes, at).is_some_and(|block| {
            let [low, high] = block.as_chunks().0 else { return false };
            let stops = u64::from(wide::quotes_or_backslashes(low))
                | u64::from(wide::quotes_or_backslashes(high)) << 32;
            stops & ((2_u64 << length) - 1) == 1 << length && block[usize::from(length)] == b'"'
        });
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop};
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::{ANYWHERE, BLOCK_BYTES, INSIDE, alike, ends_after};

    proptest! {
        #[test]
        fn a_string_ends_after_its_length_and_no_other(
            text in "[a-z]{0,66}", rest in "[a-z\"\\\\]{0,70}", before in "[\"a]{0,3}",
            length in 0_u8..70,
        ) {
            let bytes = format!("{before}{text}\"{rest}");
            for length in [length, text.len() as u8] {
                let found = ends_after(bytes.as_bytes(), before.len(), length);
                let ends = usize::from(length) == text.len();
                let has_room = before.len() + if length < 32 { 32 } else { 64 } <= bytes.len();
                prop_assert_eq!(found, ends && has_room && length < 63 && cfg!(target_arch = "x86_64"));
            }
            let escaped = format!("{before}{text}\\\"{rest}{rest}{rest}");
            prop_assert!(!ends_after(escaped.as_bytes(), before.len(), text.len() as u8 + 1));
        }

        #[test]
        fn blocks_are_alike_where_all_bytes_but_those_beyond_are_the_same(
            bytes in prop::collection::vec(prop::sample::select(&b"ab"[..]), 0..130),
            at in 0_usize..134,
            literal in prop::collection::vec(prop::sample::select(&b"ab"[..]), 0..=BLOCK_BYTES),
            is_there in any::<bool>(),
        ) {
            let mut bytes = bytes;
            if is_there && let Some(there) = bytes.get_mut(at..at + literal.len()) {
                there.copy_from_slice(&literal);
            }
            let stands = bytes.get(at..).is_some_and(|rest| rest.starts_with(&literal));
            let mut block = [0; BLOCK_BYTES];
            block[..literal.len()].copy_from_slice(&literal);
            let beyond = u32::MAX.checked_shl(literal.len() as u32).unwrap_or(0);
            prop_assert_eq!(alike::<ANYWHERE>(&bytes, at, &block, beyond), stands);
            let is_inside = at + BLOCK_BYTES <= bytes.len() && cfg!(target_arch = "x86_64");
            prop_assert_eq!(alike::<INSIDE>(&bytes, at, &block, beyond), stands && is_inside);
        }
    }
}
