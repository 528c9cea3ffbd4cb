//! Bytes that were learned, and whether they stand in a text.

use crate::json::route::{NONE, short};
use crate::json::scan::known::{BLOCK_BYTES, INSIDE, alike};

/// What is behind the first block of literals that have more.
#[derive(Debug, Default)]
pub(super) struct Blocks(Vec<Behind>);

#[derive(Debug)]
struct Behind {
    /// Blocks from the second on. The last one holds the last bytes of the literal, whether or not
    /// the one before it holds some of them too.
    blocks: Box<[[u8; BLOCK_BYTES]]>,
    /// Of the whole literal.
    length: u32,
}

/// Bytes that are compared with a text, a block at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Literal {
    /// Its first bytes: all of them, for most.
    head: [u8; BLOCK_BYTES],
    /// A bit for each byte of the head that the literal does not have.
    beyond: u32,
    /// Place of what is behind the head; `NONE` where nothing is.
    behind: u32,
}

impl Literal {
    /// Of no bytes.
    pub(super) const EMPTY: Self = Self { head: [0; BLOCK_BYTES], beyond: u32::MAX, behind: NONE };

    /// One that stands nowhere: no text holds these bytes.
    pub(super) const NOWHERE: Self = Self { head: [u8::MAX; BLOCK_BYTES], beyond: 0, behind: NONE };

    /// A literal of `bytes`.
    pub(super) fn new(bytes: &[u8], blocks: &mut Blocks) -> Self {
        let mut literal = Self::EMPTY;
        let (head, rest) = bytes.split_at(bytes.len().min(BLOCK_BYTES));
        literal.head[..head.len()].copy_from_slice(head);
        literal.beyond = u32::MAX.checked_shl(short(head.len())).unwrap_or(0);
        if !rest.is_empty() {
            literal.behind = short(blocks.0.len());
            let (whole, rest) = rest.as_chunks::<BLOCK_BYTES>();
            let last = bytes.last_chunk::<BLOCK_BYTES>().filter(|_| !rest.is_empty());
            let blocks_behind = whole.iter().chain(last).copied().collect();
            blocks.0.push(Behind { blocks: blocks_behind, length: short(bytes.len()) });
        }
        literal
    }

    /// Whether it is no longer than a block.
    pub(super) fn is_one_block(&self) -> bool {
        self.behind == NONE
    }

    /// Where its first block ends if that stands at `at`, by the [`alike`] of [`INSIDE`].
    #[inline(always)]
    pub(super) fn head_end_at(&self, bytes: &[u8], at: usize) -> Option<usize> {
        alike::<INSIDE>(bytes, at, &self.head, self.beyond)
            .then(|| at + self.beyond.trailing_zeros() as usize)
    }

    /// Where it ends if it stands at `at`; see [`alike`].
    #[inline(always)]
    pub(super) fn end_at<const WHERE: bool>(
        &self,
        bytes: &[u8],
        at: usize,
        blocks: &Blocks,
    ) -> Option<usize> {
        if !alike::<WHERE>(bytes, at, &self.head, self.beyond) {
            return None;
        }
        if self.behind == NONE {
            return Some(at + self.beyond.trailing_zeros() as usize);
        }
        let behind = blocks.0.get(self.behind as usize)?;
        let end = at + behind.length as usize;
        let last = end - BLOCK_BYTES;
        let mut place = at;
        for block in &behind.blocks {
            place = (place + BLOCK_BYTES).min(last);
            if !alike::<WHERE>(bytes, place, block, 0) {
                return None;
            }
        }
        Some(end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop};
    use proptest::{prop_assert_eq, proptest};

    use super::{Blocks, Literal};
    use crate::json::scan::known::{ANYWHERE, BLOCK_BYTES, INSIDE};

    proptest! {
        #[test]
        fn literals_are_found_where_they_stand_and_nowhere_else(
            bytes in prop::collection::vec(prop::sample::select(&b"ab"[..]), 0..250),
            at in 0_usize..260,
            literals in prop::collection::vec(
                prop::collection::vec(prop::sample::select(&b"ab"[..]), 0..=130), 1..4,
            ),
            is_there in any::<bool>(),
            damaged in prop::option::of(0_usize..130),
        ) {
            let mut blocks = Blocks::default();
            let learned: Vec<Literal> =
                literals.iter().map(|literal| Literal::new(literal, &mut blocks)).collect();
            for (literal, learned) in literals.iter().zip(&learned) {
                let mut bytes = bytes.clone();
                if is_there && let Some(there) = bytes.get_mut(at..at + literal.len()) {
                    there.copy_from_slice(literal);
                    if let Some(place) = damaged && let Some(byte) = there.get_mut(place) {
                        *byte = b'c';
                    }
                }
                let stands = bytes.get(at..).is_some_and(|rest| rest.starts_with(literal));
                let end = stands.then_some(at + literal.len());
                prop_assert_eq!(learned.end_at::<ANYWHERE>(&bytes, at, &blocks), end);
                let is_inside = at + literal.len().max(BLOCK_BYTES) <= bytes.len();
                let end = end.filter(|_| is_inside && cfg!(target_arch = "x86_64"));
                prop_assert_eq!(learned.end_at::<INSIDE>(&bytes, at, &blocks), end);
            }
        }
    }
}
