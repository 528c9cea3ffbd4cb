//! Dropping events that were read already, from overlapping exports of any shape.
//!
//! Two rows are one event when their event ids are equal, or when at least one of them has no id
//! and their identity keys are equal. The copy with claims is kept, else the first.
//!
//! [`Events`] says so row by row, and has to remember every event for it. A whole input is looked
//! at in parts instead: rows are dealt by their key ([`part_of`]), so that twins meet in one part,
//! but for those that only an id makes twins. [`crossing`] finds the keys of these from the pairs
//! of id and key, dealt by id; their rows are set aside for a part of their own.

use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

use crate::extract::identity::RowKey;
use crate::extract::policy::PolicyFlags;
use crate::extract::shape::OtherKey;

/// A row: number of its batch and of the row in it.
pub type Place = (u32, u32);

/// What becomes of a row that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is kept.
    Kept,
    /// It is kept in place of an earlier row, which lacks claims.
    Replaces(Place),
    /// It was read already.
    Dropped,
}

/// No further event with the same identity key.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Event {
    id: Option<u128>,
    place: Place,
    has_claims: bool,
    /// Next event with the same identity key and another id.
    next: u32,
}

/// The events met so far.
#[derive(Debug, Default)]
pub struct Events {
    events: Vec<Event>,
    by_id: HashMap<u128, u32, FixedState>,
    by_key: HashMap<u128, u32, FixedState>,
}

impl Events {
    /// Takes a row and says what becomes of it. Rows are offered in input order.
    pub fn offer(&mut self, key: &RowKey, place: Place) -> Fate {
        let Some(known) = self.find(key) else {
            self.add(key, place);
            return Fate::Kept;
        };
        let event = &mut self.events[known as usize];
        if event.id.is_none()
            && let Some(id) = key.id
        {
            event.id = Some(id);
            self.by_id.insert(id, known);
        }
        if key.has_claims && !event.has_claims {
            event.has_claims = true;
            let earlier = std::mem::replace(&mut event.place, place);
            return Fate::Replaces(earlier);
        }
        Fate::Dropped
    }

    fn find(&self, key: &RowKey) -> Option<u32> {
        if let Some(known) = key.id.and_then(|id| self.by_id.get(&id)) {
            return Some(*known);
        }
        let mut at = *self.by_key.get(&key.key)?;
        while at != NONE {
            let event = &self.events[at as usize];
            if key.id.is_none() || event.id.is_none() {
                return Some(at);
            }
            at = event.next;
        }
        None
    }

    fn add(&mut self, key: &RowKey, place: Place) {
        let index = u32::try_from(self.events.len()).unwrap_or(NONE);
        let next = NONE;
        self.events.push(Event { id: key.id, place, has_claims: key.has_claims, next });
        if let Some(id) = key.id {
            self.by_id.insert(id, index);
        }
        match self.by_key.get(&key.key).copied() {
            None => {
                self.by_key.insert(key.key, index);
            }
            Some(first) => {
                let mut last = first;
                while self.events[last as usize].next != NONE {
                    last = self.events[last as usize].next;
                }
                self.events[last as usize].next = index;
            }
        }
    }
}

/// What has to be known of a row until all rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    key: u128,
    id: Option<u128>,
    number: u64,
    weight: u32,
}

/// Bytes of an [`Entry`] at rest.
pub const ENTRY_BYTES: usize = 40;

/// Bytes of a [`Pair`] at rest.
pub const PAIR_BYTES: usize = 16;

/// Hashes of the id and of the key of one row.
pub type Pair = (u64, u64);

/// Bits of the weight of an entry at rest. That of a record is no more than its length,
/// [`crate::limits::RECORD_BYTES_MAX`]; the rows that weigh more than any record are alike.
const WEIGHT_BITS: u32 = 27;

const WEIGHT_MAX: u32 = (1 << WEIGHT_BITS) - 1;

const _: () = assert!(crate::limits::RECORD_BYTES_MAX < WEIGHT_MAX as usize);

/// What tells a row from others.
pub trait Keyed {
    /// The entry of the row with this number; rows are numbered in input order.
    fn entry(&self, number: u64) -> Entry;
}

impl Keyed for RowKey {
    fn entry(&self, number: u64) -> Entry {
        Entry { key: self.key, id: self.id, number, weight: u32::from(self.has_claims) }
    }
}

impl Keyed for OtherKey {
    fn entry(&self, number: u64) -> Entry {
        Entry { key: self.key, id: self.id, number, weight: self.weight.min(WEIGHT_MAX) }
    }
}

impl Entry {
    /// The hash of what tells rows apart.
    pub fn key(&self) -> u128 {
        self.key
    }

    /// The hash of the exporter's own id.
    pub fn id(&self) -> Option<u128> {
        self.id
    }

    /// How much the row says.
    pub fn weight(&self) -> u32 {
        self.weight
    }

    /// The pair of id and key, where the row has an id.
    pub fn pair(&self) -> Option<Pair> {
        self.id.map(|id| (low(id), low(self.key)))
    }

    /// The number of the row.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The hash by which entries are dealt, and by which [`crossing`] names their keys.
    pub fn key_hash(&self) -> u64 {
        low(self.key)
    }

    /// The entry at rest.
    pub fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[..16].copy_from_slice(&self.key.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.id.unwrap_or_default().to_le_bytes());
        let told = (u64::from(self.weight) << 1) | u64::from(self.id.is_some());
        let tail = (self.number << (WEIGHT_BITS + 1)) | told;
        bytes[32..].copy_from_slice(&tail.to_le_bytes());
        bytes
    }

    /// The entries in `bytes`.
    pub fn all_in(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.as_chunks::<ENTRY_BYTES>().0.iter().map(|bytes| {
            let tail = word(bytes, 32);
            let wide = |at| u128::from(word(bytes, at)) | (u128::from(word(bytes, at + 8)) << 64);
            let weight = u32::try_from((tail >> 1) & u64::from(WEIGHT_MAX)).unwrap_or(WEIGHT_MAX);
            Self {
                key: wide(0),
                id: (tail & 1 != 0).then(|| wide(16)),
                number: tail >> (WEIGHT_BITS + 1),
                weight,
            }
        })
    }

    fn row_key(&self) -> RowKey {
        let policies = PolicyFlags::default();
        RowKey { key: self.key, id: self.id, has_claims: self.weight > 0, policies }
    }
}

/// A pair at rest.
pub fn pair_to_bytes((id, key): Pair) -> [u8; PAIR_BYTES] {
    (u128::from(id) | (u128::from(key) << 64)).to_le_bytes()
}

/// The pairs in `bytes`.
pub fn pairs_in(bytes: &[u8]) -> impl Iterator<Item = Pair> {
    bytes.as_chunks::<PAIR_BYTES>().0.iter().map(|bytes| (word(bytes, 0), word(bytes, 8)))
}

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
}

fn low(wide: u128) -> u64 {
    u64::try_from(wide & u128::from(u64::MAX)).unwrap_or_default()
}

/// The part among `parts` that a hash belongs to. Its upper bits decide, so that the lower ones
/// are left to the hash map inside the part.
pub fn part_of(hash: u64, parts: usize) -> usize {
    usize::try_from((u128::from(hash) * parts as u128) >> 64).unwrap_or_default()
}

/// Hashes of the keys whose ids stand with another key as well.
///
/// Two ids or keys of one hash make a key too many, never one too few.
pub fn crossing(pairs: impl Iterator<Item = Pair>) -> Vec<u64> {
    let mut key_of: HashMap<u64, u64, FixedState> = HashMap::default();
    key_of.reserve(pairs.size_hint().0);
    let mut found = Vec::new();
    for (id, key) in pairs {
        let known = *key_of.entry(id).or_insert(key);
        if known != key {
            found.extend([known, key]);
        }
    }
    found
}

/// Says which of some rows are copies: numbers of those to drop. The rows come in input order.
pub type Rule = fn(&[Entry]) -> Vec<u64>;

/// The rule of `activity`, see the module.
pub fn repeated(entries: &[Entry]) -> Vec<u64> {
    let mut events = Events::default();
    let mut dropped = Vec::new();
    for (index, entry) in (0_u32..).zip(entries) {
        match events.offer(&entry.row_key(), (0, index)) {
            Fate::Kept => {}
            Fate::Dropped => dropped.push(entry.number),
            Fate::Replaces((_, earlier)) => dropped.push(entries[earlier as usize].number),
        }
    }
    dropped
}

/// Numbers of the rows to drop by a rule, among rows that have no twin elsewhere; `entries` are in
/// input order.
///
/// Cost: a hash set over the keys; only rows whose key comes twice are looked at as a whole.
/// With `is_crossing`, twins by id are looked for among all of them.
pub fn dropped(entries: &[Entry], is_crossing: bool, rule: Rule) -> Vec<u64> {
    if is_crossing {
        return rule(entries);
    }
    let mut seen: HashSet<u64, FixedState> = HashSet::default();
    seen.reserve(entries.len());
    let mut twice: HashSet<u64, FixedState> = HashSet::default();
    let hashes = entries.iter().map(Entry::key_hash);
    twice.extend(hashes.filter(|hash| !seen.insert(*hash)));
    if twice.is_empty() {
        return Vec::new();
    }
    let is_repeated = |entry: &&Entry| twice.contains(&entry.key_hash());
    rule(&entries.iter().filter(is_repeated).copied().collect::<Vec<Entry>>())
}

#[cfg(test)]
mod tests {
    use super::{Events, Fate};
    use crate::extract::identity::RowKey;
    use crate::extract::policy::PolicyFlags;

    fn row(key: u128, id: Option<u128>, has_claims: bool) -> RowKey {
        RowKey { key, id, has_claims, policies: PolicyFlags::default() }
    }

    #[test]
    fn equal_ids_are_one_event_whatever_their_keys() {
        let mut events = Events::default();
        assert_eq!(events.offer(&row(1, Some(7), true), (0, 0)), Fate::Kept);
        assert_eq!(events.offer(&row(2, Some(7), true), (0, 1)), Fate::Dropped);
    }

    #[test]
    fn equal_keys_with_different_ids_are_different_events() {
        let mut events = Events::default();
        assert_eq!(events.offer(&row(1, Some(7), true), (0, 0)), Fate::Kept);
        assert_eq!(events.offer(&row(1, Some(8), true), (0, 1)), Fate::Kept);
        assert_eq!(events.offer(&row(1, None, true), (0, 2)), Fate::Dropped);
        assert_eq!(events.offer(&row(1, Some(8), true), (0, 3)), Fate::Dropped);
    }

    #[test]
    fn a_row_without_id_takes_the_id_of_its_first_twin() {
        let mut events = Events::default();
        assert_eq!(events.offer(&row(1, None, true), (0, 0)), Fate::Kept);
        assert_eq!(events.offer(&row(1, Some(7), true), (0, 1)), Fate::Dropped);
        assert_eq!(events.offer(&row(1, Some(8), true), (0, 2)), Fate::Kept);
        assert_eq!(events.offer(&row(1, Some(7), true), (0, 3)), Fate::Dropped);
    }

    #[test]
    fn the_copy_with_claims_is_kept() {
        let mut events = Events::default();
        assert_eq!(events.offer(&row(1, None, false), (0, 0)), Fate::Kept);
        assert_eq!(events.offer(&row(1, Some(7), true), (1, 0)), Fate::Replaces((0, 0)));
        assert_eq!(events.offer(&row(1, Some(7), true), (2, 0)), Fate::Dropped);
    }
}
