//! JSON at the level of bytes: scanning, checking, unescaping, walking. Knows no Azure name.
//!
//! Grammar: RFC 8259, with one leniency: control characters inside strings are accepted, because
//! Microsoft's own samples of `properties.policies` hold raw line breaks. Unpaired surrogate
//! escapes become U+FFFD. Everything else that the RFC refuses is a [`Fault`].

pub mod check;
pub mod escape;
mod route;
pub mod scan;
pub mod slot;
pub mod tree;
pub mod walk;

/// Where and how a text stops being JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Bytes from the start of the text.
    pub at: usize,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A byte that the grammar does not allow at its place.
    Syntax,
    /// The text ends inside a value.
    CutShort,
    /// Nested deeper than [`crate::limits::DEPTH_MAX`].
    TooDeep,
}

impl Fault {
    /// A fault at `at`: cut short when the text ends there, else a syntax fault.
    pub(crate) fn unexpected(bytes: &[u8], at: usize) -> Self {
        let kind = if at >= bytes.len() { FaultKind::CutShort } else { FaultKind::Syntax };
        Self { at, kind }
    }
}

/// The byte at `at`, 0 past the end (0 is no byte of JSON's grammar).
#[inline(always)]
pub(crate) fn byte_at(bytes: &[u8], at: usize) -> u8 {
    if at < bytes.len() { bytes[at] } else { 0 }
}
