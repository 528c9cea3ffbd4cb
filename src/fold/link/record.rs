//! What is written down of changes and sign-ins until their links are found: records of one size,
//! which can be dealt by what binds them and looked at part by part.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt::Write;

use foldhash::fast::FixedState;

use crate::fold::link::Kind;

/// An id in sixteen bytes and what they are. Nearly all ids are GUIDs, or keys that `azmfa` made;
/// others are numbers in [`Ids`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Id {
    value: u128,
    form: u8,
}

impl Id {
    const GUID: u8 = 0;
    const KEY: u8 = 1;
    const OTHER: u8 = 2;
}

/// What begins an id that `azmfa` made.
const KEY_START: &str = "key:";

/// Where the dashes of a GUID are.
const DASHES: [usize; 4] = [8, 13, 18, 23];

/// Ids that are neither GUIDs nor keys.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, usize, FixedState>,
}

impl Ids {
    pub(crate) fn id(&mut self, text: &str) -> Id {
        if let Some(value) = guid(text) {
            return Id { value, form: Id::GUID };
        }
        let key = text.strip_prefix(KEY_START).filter(|key| key.len() == 32);
        if let Some(value) = key.and_then(|key| hex(key.as_bytes())) {
            return Id { value, form: Id::KEY };
        }
        let number = self.numbers.get(text).copied().unwrap_or_else(|| {
            self.numbers.insert(text.into(), self.texts.len());
            self.texts.push(text.into());
            self.texts.len() - 1
        });
        Id { value: number as u128, form: Id::OTHER }
    }

    /// The text of an id, which `buffer` may hold.
    pub(crate) fn text<'a>(&'a self, id: Id, buffer: &'a mut String) -> &'a str {
        buffer.clear();
        match id.form {
            Id::GUID => {
                let _ = write!(buffer, "{:032x}", id.value);
                for place in DASHES {
                    buffer.insert(place, '-');
                }
                buffer
            }
            Id::KEY => {
                let _ = write!(buffer, "{KEY_START}{:032x}", id.value);
                buffer
            }
            _ => {
                let number = usize::try_from(id.value).unwrap_or(usize::MAX);
                self.texts.get(number).map(AsRef::as_ref).unwrap_or_default()
            }
        }
    }

    /// The order of the texts.
    pub(crate) fn order(&self, left: Id, right: Id) -> Ordering {
        if left.form == right.form && left.form != Id::OTHER {
            return left.value.cmp(&right.value);
        }
        let (mut one, mut other) = (String::new(), String::new());
        self.text(left, &mut one).cmp(self.text(right, &mut other))
    }
}

/// The value of a GUID that is written as Azure does.
fn guid(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 || DASHES.iter().any(|place| bytes[*place] != b'-') {
        return None;
    }
    let mut digits = [0; 32];
    let parts = bytes.split(|byte| *byte == b'-');
    let mut at = 0;
    for part in parts {
        digits.get_mut(at..at + part.len())?.copy_from_slice(part);
        at += part.len();
    }
    hex(&digits)
}

/// The value of digits in lower case.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |value: u128, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some((value << 4) | u128::from(digit))
    })
}

fn wide(bytes: &[u8], at: usize) -> u128 {
    bytes[at..].first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes))
}

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The byte at the end of a record.
fn byte(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or_default()
}

/// A look of a change for sign-ins: under one key, on one side of the change or on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) key: u128,
    pub(crate) time: i64,
    pub(crate) change: u64,
    /// Place of the look before the change, and of that after it, among the steps; see the module.
    pub(crate) before: u8,
    pub(crate) after: Option<u8>,
}

/// A sign-in that may be found under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) key: u128,
    pub(crate) time: i64,
    pub(crate) id: Id,
}

/// A change, or a sign-in that may be behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) change: u64,
    pub(crate) time: i64,
    pub(crate) id: Id,
    /// The step that found it; that of the change itself says whether it is an audit.
    pub(crate) step: u8,
}

/// A link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) time: i64,
    pub(crate) is_audit: bool,
    pub(crate) id: Id,
    pub(crate) sign_in: Id,
    pub(crate) kind: Kind,
}

/// A record at rest.
pub(crate) trait Record: Sized {
    /// Bytes of one.
    const BYTES: usize;

    fn write(&self, bytes: &mut [u8]);

    fn read(bytes: &[u8]) -> Self;

    /// Those in `bytes`.
    fn all_in(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.chunks_exact(Self::BYTES).map(Self::read)
    }
}

impl Record for Ask {
    const BYTES: usize = 34;

    fn write(&self, bytes: &mut [u8]) {
        bytes[..16].copy_from_slice(&self.key.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.time.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.change.to_le_bytes());
        bytes[32] = self.before;
        bytes[33] = self.after.unwrap_or_default();
    }

    fn read(bytes: &[u8]) -> Self {
        Self {
            key: wide(bytes, 0),
            time: word(bytes, 16).cast_signed(),
            change: word(bytes, 24),
            before: byte(bytes, 32),
            after: Some(byte(bytes, 33)).filter(|step| *step > 0),
        }
    }
}

impl Record for Offer {
    const BYTES: usize = 41;

    fn write(&self, bytes: &mut [u8]) {
        bytes[..16].copy_from_slice(&self.key.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.time.to_le_bytes());
        bytes[24..40].copy_from_slice(&self.id.value.to_le_bytes());
        bytes[40] = self.id.form;
    }

    fn read(bytes: &[u8]) -> Self {
        let id = Id { value: wide(bytes, 24), form: byte(bytes, 40) };
        Self { key: wide(bytes, 0), time: word(bytes, 16).cast_signed(), id }
    }
}

impl Record for Told {
    const BYTES: usize = 34;

    fn write(&self, bytes: &mut [u8]) {
        bytes[..8].copy_from_slice(&self.change.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.time.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.id.value.to_le_bytes());
        bytes[32] = self.id.form;
        bytes[33] = self.step;
    }

    fn read(bytes: &[u8]) -> Self {
        Self {
            change: word(bytes, 0),
            time: word(bytes, 8).cast_signed(),
            id: Id { value: wide(bytes, 16), form: byte(bytes, 32) },
            step: byte(bytes, 33),
        }
    }
}

impl Record for Found {
    const BYTES: usize = 44;

    fn write(&self, bytes: &mut [u8]) {
        bytes[..8].copy_from_slice(&self.time.to_le_bytes());
        bytes[8..24].copy_from_slice(&self.id.value.to_le_bytes());
        bytes[24..40].copy_from_slice(&self.sign_in.value.to_le_bytes());
        bytes[40] = self.id.form;
        bytes[41] = self.sign_in.form;
        bytes[42] = u8::from(self.is_audit);
        bytes[43] = self.kind as u8;
    }

    fn read(bytes: &[u8]) -> Self {
        Self {
            time: word(bytes, 0).cast_signed(),
            is_audit: byte(bytes, 42) > 0,
            id: Id { value: wide(bytes, 8), form: byte(bytes, 40) },
            sign_in: Id { value: wide(bytes, 24), form: byte(bytes, 41) },
            kind: Kind::ALL.get(usize::from(byte(bytes, 43))).copied().unwrap_or(Kind::Heuristic),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{Found, Id, Ids, Kind, Record};

    proptest! {
        #[test]
        fn ids_come_back_and_are_ordered_as_their_texts(
            guids in proptest::collection::vec("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", 0..4),
            keys in proptest::collection::vec("key:[0-9a-f]{32}", 0..4),
            others in proptest::collection::vec("[0-9A-Fa-f-]{36}|key:[0-9A-F]{30,34}|.{0,40}|[0-9a-f]{8}--[0-9a-f]{26}", 0..6),
            time in any::<i64>(),
        ) {
            let mut ids = Ids::default();
            let texts = [guids, keys, others].concat();
            let packed: Vec<Id> = texts.iter().map(|text| ids.id(text)).collect();
            for (left, one) in texts.iter().zip(&packed) {
                assert_eq!(ids.text(*one, &mut String::new()), left);
                for (right, other) in texts.iter().zip(&packed) {
                    assert_eq!(ids.order(*one, *other), left.cmp(right));
                    assert_eq!(one == other, left == right);
                    let found = Found { time, is_audit: left < right, id: *one, sign_in: *other, kind: Kind::Session };
                    let mut bytes = [0; Found::BYTES];
                    found.write(&mut bytes);
                    assert_eq!(Found::all_in(&bytes).collect::<Vec<_>>(), [found]);
                }
            }
        }
    }
}
