//! The bytes between one value and the next.

use super::literal::{Blocks, Literal};
use crate::json::byte_at;
use crate::json::route::NONE;
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
    pub(super) offset: u32,
    pub(in crate::json) opens: bool,
    pub(super) kind: SlotKind,
}

/// The way from behind one value to the next.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(in crate::json) struct Edge {
    pub(super) literal: Literal,
    /// The node that the value leads to, if it or anything below it is wanted.
    pub(in crate::json) node: u32,
    /// The state behind the value.
    pub(in crate::json) state: u32,
    /// The edge to try where this one does not stand.
    pub(super) alternative: u32,
    /// The first edge of that state.
    pub(super) then: u32,
    /// Place of its turns, if it has any.
    pub(super) turns: u32,
    /// How many objects and arrays of this walk the value stands in.
    pub(in crate::json) depth: u8,
    /// The length that its strings had again and again, or [`u8::MAX`].
    pub(super) usual: u8,
    pub(in crate::json) next: Next,
    pub(super) pass: Pass,
}

/// How a walk goes on behind an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// Over the string, behind bytes of one block that open and close nothing: of most edges.
    Plain,
    /// Over the string.
    Text,
    /// Over the string, unless it may hold JSON: something is wanted of that.
    TextUnlessJson,
    /// Over another value.
    Other,
    /// With a further look.
    Never,
}

impl Edge {
    /// Of no bytes.
    pub(super) const UNKEPT: Self = Self {
        literal: Literal::EMPTY,
        node: NONE,
        state: NONE,
        then: NONE,
        alternative: NONE,
        turns: NONE,
        depth: 0,
        usual: u8::MAX,
        next: Next::End,
        pass: Pass::Never,
    };

    /// Where the edge ends if its bytes stand at `at`, and the value that it tells behind them; see
    /// [`alike`](crate::json::scan::known::alike).
    #[inline(always)]
    pub(super) fn end_at<const WHERE: bool>(
        &self,
        bytes: &[u8],
        at: usize,
        blocks: &Blocks,
    ) -> Option<usize> {
        let end = self.literal.end_at::<WHERE>(bytes, at, blocks)?;
        (matches!(self.pass, Pass::Plain | Pass::Text) || self.fits(byte_at(bytes, end)))
            .then_some(end)
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
