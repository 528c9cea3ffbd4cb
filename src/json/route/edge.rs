//! The bytes between one value and the next.

use crate::json::byte_at;
use crate::json::check::value_end;
use crate::json::route::NONE;
use crate::json::scan::{BLOCK_BYTES, stands_at};
use crate::json::slot::SlotKind;

/// What stands behind an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::json) enum Next {
    /// The characters of a string; its opening quote belongs to the edge.
    Text,
    /// A number, `true`, `false` or `null`.
    Plain,
    /// An object that is not entered.
    Object,
    /// An array that is not entered.
    Array,
    /// Nothing: the object that the walk began with is closed.
    End,
}

/// A wanted object or array that is opened or closed by the bytes of an edge.
#[derive(Debug, Clone, Copy)]
pub(in crate::json) struct Turn {
    /// Its node.
    pub(in crate::json) node: u32,
    /// Bytes from the start of the edge to its opening bracket, or to what follows the closing one.
    pub(in crate::json) offset: u32,
    pub(in crate::json) opens: bool,
    pub(in crate::json) kind: SlotKind,
}

/// The way from behind one value to the next.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(in crate::json) struct Edge {
    /// Its first bytes: all of them, for most.
    pub(super) head: [u8; BLOCK_BYTES],
    /// Length in bytes.
    pub(in crate::json) length: u32,
    /// Place of the blocks of bytes behind the head.
    pub(super) blocks: u32,
    pub(super) turns: u32,
    /// The node that the value leads to, if anything below it is wanted.
    pub(in crate::json) node: u32,
    /// The state behind the value.
    pub(in crate::json) state: u32,
    pub(super) alternative: u32,
    pub(super) turn_count: u16,
    /// How many objects and arrays of this walk the value stands in.
    pub(in crate::json) depth: u16,
    pub(in crate::json) next: Next,
    /// Whether there is a value, and nothing is wanted below it.
    pub(super) is_passed: bool,
}

impl Edge {
    /// Of no bytes.
    pub(super) const UNKEPT: Self = Self {
        head: [0; BLOCK_BYTES],
        length: 0,
        blocks: 0,
        turns: 0,
        turn_count: 0,
        depth: 0,
        node: NONE,
        state: NONE,
        alternative: NONE,
        next: Next::End,
        is_passed: false,
    };

    /// Whether the bytes of the edge stand at `at`, and the value that it tells behind them.
    #[inline(always)]
    pub(super) fn stands_at(&self, bytes: &[u8], at: usize, blocks: &[[u8; BLOCK_BYTES]]) -> bool {
        self.bytes_stand_at(bytes, at, blocks)
            && (self.next == Next::Text || self.fits(byte_at(bytes, at + self.length as usize)))
    }

    #[inline(always)]
    fn bytes_stand_at(&self, bytes: &[u8], mut at: usize, blocks: &[[u8; BLOCK_BYTES]]) -> bool {
        let (mut block, mut behind) = (&self.head, self.blocks as usize);
        let mut length = self.length as usize;
        while length > BLOCK_BYTES {
            if !stands_at(bytes, at, block, BLOCK_BYTES) {
                return false;
            }
            let Some(next) = blocks.get(behind) else { return false };
            at += BLOCK_BYTES;
            length -= BLOCK_BYTES;
            behind += 1;
            block = next;
        }
        stands_at(bytes, at, block, length)
    }

    /// Whether the value behind the edge may begin with `byte`: a blank, a quote or a bracket there
    /// belongs to another edge.
    #[inline(always)]
    fn fits(&self, byte: u8) -> bool {
        match self.next {
            Next::Text | Next::End => true,
            Next::Plain => byte > b' ' && !matches!(byte, b'"' | b'{' | b'[' | b']'),
            Next::Object => byte == b'{',
            Next::Array => byte == b'[',
        }
    }
}

/// The end and the kind of a number, `true`, `false`, `null` or array at `at`; none where there is a
/// fault in it. The short words come again and again.
#[inline(never)]
pub(super) fn plain_end(bytes: &[u8], at: usize, depth: usize) -> Option<(usize, SlotKind)> {
    if let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        match word {
            b"null" => return Some((at + 4, SlotKind::Null)),
            b"true" => return Some((at + 4, SlotKind::Scalar)),
            _ => {}
        }
    }
    let end = value_end(bytes, at, depth).ok()?;
    let kind = if byte_at(bytes, at) == b'[' { SlotKind::Array } else { SlotKind::Scalar };
    Some((end, kind))
}
