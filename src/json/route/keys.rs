//! The keys that were met, to be looked up where members come in no order.

use super::literal::{Blocks, Literal};
use crate::json::route::{NONE, short};
use crate::json::scan::block_at;

/// Places that are looked at for a key before it counts as unknown.
const PROBES_MAX: usize = 8;
/// Places of the table for each key in it, at least.
const ROOM_PER_KEY: usize = 4;

/// What is known of the values of a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// The node that they lead to.
    pub(super) node: u32,
    /// The state behind them.
    pub(super) state: u32,
    /// The frames of the object and of the array that a value may be; `NONE` until one was met.
    pub(super) object: u32,
    pub(super) array: u32,
}

/// A key of a frame, without escapes.
#[derive(Debug)]
#[repr(align(64))]
struct Known {
    literal: Literal,
    frame: u32,
    key: Key,
}

/// The keys of all frames: an open hash table of places in a list.
#[derive(Debug, Default)]
pub(super) struct Keys {
    known: Vec<Known>,
    hashes: Vec<usize>,
    /// As many as a power of two.
    places: Vec<u32>,
}

impl Keys {
    /// What is known of the key from `at` to `end`, which has no escapes; see
    /// [`alike`](crate::json::scan::known::alike).
    #[inline(always)]
    pub(super) fn find<const WHERE: bool>(
        &self,
        frame: u32,
        bytes: &[u8],
        (at, end): (usize, usize),
        blocks: &Blocks,
    ) -> Option<&Key> {
        let hash = hash(frame, bytes, (at, end));
        for probe in 0..PROBES_MAX {
            let known = self.known.get(*self.places.get(self.place(hash, probe))? as usize)?;
            if known.frame == frame && known.literal.end_at::<WHERE>(bytes, at, blocks) == Some(end)
            {
                return Some(&known.key);
            }
        }
        None
    }

    #[inline(always)]
    fn place(&self, hash: usize, probe: usize) -> usize {
        (hash + probe) & self.places.len().wrapping_sub(1)
    }

    /// Remembers a key; says whether there was room for it.
    pub(super) fn add(&mut self, frame: u32, name: &[u8], key: Key, blocks: &mut Blocks) -> bool {
        if (self.known.len() + 1) * ROOM_PER_KEY > self.places.len() {
            self.places = vec![NONE; (self.places.len() * 2).max(64)];
            // A key that finds no room any more is met anew.
            for number in 0..self.known.len() {
                self.put(number);
            }
        }
        self.hashes.push(hash(frame, name, (0, name.len())));
        if !self.put(self.known.len()) {
            self.hashes.pop();
            return false;
        }
        let literal = Literal::new(name, blocks);
        self.known.push(Known { literal, frame, key });
        true
    }

    /// Puts a key into the table; says whether there was room for it.
    fn put(&mut self, number: usize) -> bool {
        let hash = self.hashes[number];
        let mut places = (0..PROBES_MAX).map(|probe| self.place(hash, probe));
        let Some(free) = places.find(|place| self.places[*place] == NONE) else { return false };
        self.places[free] = short(number);
        true
    }

    /// What is known of the keys that are followed by `state`.
    pub(super) fn followed_by(&mut self, state: u32) -> impl Iterator<Item = &mut Key> {
        self.known.iter_mut().map(|known| &mut known.key).filter(move |key| key.state == state)
    }
}

/// A hash of the key from `at` to `end`: of its frame, its length and its last eight bytes.
#[inline(always)]
fn hash(frame: u32, bytes: &[u8], (at, end): (usize, usize)) -> usize {
    const ODD: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];
    let length = (end - at) as u64;
    let salt = (length | u64::from(frame) << 32).wrapping_mul(ODD[0]);
    ((last_bytes(bytes, (at, end)) ^ salt).wrapping_mul(ODD[1]) >> 32) as usize
}

/// The last eight bytes from `at` to `end`; of fewer, all of them and zeros.
#[inline(always)]
fn last_bytes(bytes: &[u8], (at, end): (usize, usize)) -> u64 {
    match block_at(bytes, end.wrapping_sub(8)) {
        Some(last) if end > at => u64::from_le_bytes(*last) >> (64 - 8 * short((end - at).min(8))),
        _ => last_bytes_of_short(bytes, (at, end)),
    }
}

/// As [`last_bytes`], near the start of the text.
#[cold]
#[inline(never)]
fn last_bytes_of_short(bytes: &[u8], (at, end): (usize, usize)) -> u64 {
    let name = bytes.get(at..end).unwrap_or_default();
    let mut last = [0; 8];
    for (place, byte) in last.iter_mut().zip(name.iter().skip(name.len().saturating_sub(8))) {
        *place = *byte;
    }
    u64::from_le_bytes(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::prop;
    use proptest::{prop_assert_eq, proptest};

    use super::{Key, Keys, last_bytes, last_bytes_of_short};
    use crate::json::route::literal::Blocks;
    use crate::json::scan::known::ANYWHERE;

    proptest! {
        #[test]
        fn the_end_of_a_key_is_the_same_wherever_it_stands(
            before in "[ -~]{0,12}", name in "[ -~]{0,20}", behind in "[ -~]{0,12}",
        ) {
            let text = format!("{before}{name}{behind}");
            let span = (before.len(), before.len() + name.len());
            let expected = last_bytes_of_short(name.as_bytes(), (0, name.len()));
            prop_assert_eq!(last_bytes(text.as_bytes(), span), expected);
            prop_assert_eq!(last_bytes_of_short(text.as_bytes(), span), expected);
            prop_assert_eq!(last_bytes(name.as_bytes(), (0, name.len())), expected);
        }

        #[test]
        fn a_key_is_found_in_its_frame_and_nowhere_else(
            names in prop::collection::btree_set("[ab]{0,70}|[a-z]{1,12}", 0..60),
            others in prop::collection::btree_set("[ab]{0,70}|[a-z]{1,12}", 0..60),
        ) {
            let (mut keys, mut blocks) = (Keys::default(), Blocks::default());
            let mut known = std::collections::BTreeMap::new();
            for (state, name) in names.iter().enumerate() {
                let key = Key { node: 7, state: state as u32, object: 0, array: 0 };
                let frame = state as u32 % 2;
                if keys.add(frame, name.as_bytes(), key, &mut blocks) {
                    known.insert((frame, name), key.state);
                }
            }
            // Only keys that hash alike find no room.
            assert!(known.len() * 10 >= names.len() * 9, "{} of {}", known.len(), names.len());
            for name in names.iter().chain(&others) {
                for frame in 0..3 {
                    let text = format!("\"{name}\":");
                    let span = (1, 1 + name.len());
                    let found = keys.find::<ANYWHERE>(frame, text.as_bytes(), span, &blocks);
                    prop_assert_eq!(found.map(|key| key.state), known.get(&(frame, name)).copied());
                }
            }
        }
    }
}
