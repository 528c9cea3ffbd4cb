//! What tells one event from another, across exports of different shapes.

use crate::extract::activity::Row;
use crate::extract::policy::{Policies, PolicyFlags};
use crate::text::HEXADECIMAL;

/// The identity of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowKey {
    /// Hash of time, resource, operation, status, sub-status, correlation id and, for policy
    /// events, assignments and definitions.
    pub key: u128,
    /// Hash of the exporter's event id; `None` where the export has none.
    pub id: Option<u128>,
    /// Whether the row has claims.
    pub has_claims: bool,
    /// What its policies say.
    pub policies: PolicyFlags,
}

impl RowKey {
    pub(crate) fn new(
        key: u128,
        id: Option<&str>,
        has_claims: bool,
        policies: PolicyFlags,
    ) -> Self {
        let id = id.map(|id| hash(id.as_bytes()));
        Self { key, id, has_claims, policies }
    }
}

/// The hash that stands for a text (xxh3, 128 bits): equal hashes are taken for equal texts.
pub(crate) fn hash(bytes: &[u8]) -> u128 {
    twox_hash::XxHash3_128::oneshot(bytes)
}

/// The hash of an event's identity (xxh3, 128 bits, over case-folded texts). `buffer` is only
/// there to be used again.
pub(crate) fn event_key(
    row: &Row<'_>,
    scratch: &str,
    policies: Option<&Policies>,
    buffer: &mut Vec<u8>,
) -> u128 {
    buffer.clear();
    buffer.extend_from_slice(&row.ticks.to_le_bytes());
    buffer.extend_from_slice(row.identity(scratch));
    buffer.extend_from_slice(policies.map(|policies| &policies.identity[..]).unwrap_or_default());
    hash(buffer)
}

/// What the id of an event begins with that has none of its own.
pub(crate) const KEY_PREFIX: &str = "key:";

/// The id of an event that has none of its own: [`KEY_PREFIX`] and its identity key.
pub(crate) fn key_id(key: u128, text: &mut [u8; 36]) -> &str {
    let mut digits = [0; 32];
    hex(key, &mut digits);
    let (prefix, rest) = text.split_at_mut(KEY_PREFIX.len());
    prefix.copy_from_slice(KEY_PREFIX.as_bytes());
    rest.copy_from_slice(&digits);
    std::str::from_utf8(text).unwrap_or_default()
}

/// Thirty-two hexadecimal digits.
pub(crate) fn hex(number: u128, digits: &mut [u8; 32]) -> &str {
    for (pair, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(number.to_be_bytes()) {
        *pair = HEXADECIMAL[usize::from(byte)];
    }
    std::str::from_utf8(digits).unwrap_or_default()
}
