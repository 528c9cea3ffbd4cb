//! The texts of a column, each once: of the rows of a log most texts come again and again.

use std::hash::BuildHasher;

use arrow_array::StringViewArray;
use arrow_array::builder::StringViewBuilder;
use foldhash::fast::FixedState;

/// Bytes that a text takes beside its letters: its view, and its place in the table.
const TEXT_BYTES: usize = size_of::<u128>() + 2 * size_of::<u64>();

/// Numbers that are tried before a text is looked up.
const RECENT: usize = 64;

/// Numbered texts, each once; number 0 is none at all.
#[derive(Debug)]
pub(crate) struct Texts {
    texts: StringViewBuilder,
    /// Number of a text and upper half of its hash; 0 where nothing is.
    slots: Vec<u64>,
    /// Texts that were met, by how they end.
    recent: Box<[(Glance, u32); RECENT]>,
    count: u32,
    bytes: usize,
}

impl Texts {
    /// No texts yet; they will be in buffers of some bytes.
    pub(crate) fn new(block_bytes: u32) -> Self {
        let mut texts = StringViewBuilder::new().with_fixed_block_size(block_bytes);
        texts.append_null();
        let recent = Box::new([(Glance::default(), 0); RECENT]);
        Self { texts, slots: vec![0; 64], recent, count: 1, bytes: 0 }
    }

    /// How many numbers there are, that of none at all among them.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Memory of the texts, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The text of a number; that of none at all has no letters.
    pub(crate) fn get(&self, number: u32) -> &[u8] {
        self.texts.get_value(number as usize)
    }

    /// The number of a text.
    #[inline]
    pub(crate) fn number_of(&mut self, text: &str) -> u32 {
        let glance = Glance::of(text.as_bytes());
        let place = glance.place();
        let (known, number) = self.recent[place];
        if number != 0
            && known == glance
            && (glance.is_all() || self.texts.get_value(number as usize) == text.as_bytes())
        {
            return number;
        }
        let number = self.look_up(text, hash(text));
        self.recent[place] = (glance, number);
        number
    }

    /// The numbers of some texts, most of which are different; that of none at all for nulls.
    pub(crate) fn numbers_of(&mut self, texts: &StringViewArray) -> Vec<u32> {
        // Step by step for all of them: what one step reads of memory lies far apart, and is fetched
        // for many texts at once.
        let hashes: Vec<u64> = texts.iter().map(|text| text.map_or(0, hash)).collect();
        let mask = self.slots.len() - 1;
        let first = |hash: &u64| {
            let slot = self.slots[start(*hash, mask)];
            if upper(slot) == upper(*hash) { lower(slot) } else { 0 }
        };
        let mut numbers: Vec<u32> = hashes.iter().map(first).collect();
        for (number, text) in numbers.iter_mut().zip(texts) {
            let text = text.unwrap_or_default().as_bytes();
            if *number != 0 && self.texts.get_value(*number as usize) != text {
                *number = 0;
            }
        }
        for ((number, text), hash) in numbers.iter_mut().zip(texts).zip(hashes) {
            match text {
                Some(text) if *number == 0 => *number = self.look_up(text, hash),
                Some(_) => {}
                None => *number = 0,
            }
        }
        numbers
    }

    #[inline(never)]
    fn look_up(&mut self, text: &str, hash: u64) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = start(hash, mask);
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                break;
            }
            let number = lower(slot);
            if upper(slot) == upper(hash)
                && self.texts.get_value(number as usize) == text.as_bytes()
            {
                return number;
            }
            at = (at + 1) & mask;
        }
        let number = self.count;
        self.texts.append_value(text);
        self.count += 1;
        self.bytes += text.len() + TEXT_BYTES;
        self.slots[at] = upper(hash) | u64::from(number);
        if self.count as usize * 4 > self.slots.len() * 3 {
            self.grow();
        }
        number
    }

    fn grow(&mut self) {
        let mut slots = vec![0; self.slots.len() * 2];
        let mask = slots.len() - 1;
        for slot in self.slots.iter().filter(|slot| **slot != 0) {
            let mut at = start(*slot, mask);
            while slots[at] != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = *slot;
        }
        self.slots = slots;
    }

    /// The texts by their numbers; none are left afterwards.
    pub(crate) fn finish(&mut self) -> StringViewArray {
        let texts = self.texts.finish();
        self.texts.append_null();
        self.slots.fill(0);
        self.recent.fill((Glance::default(), 0));
        (self.count, self.bytes) = (1, 0);
        texts
    }
}

/// What nearly always tells a text from another: its length, and how it begins and ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Glance {
    len: usize,
    head: u64,
    tail: u64,
}

impl Glance {
    #[inline]
    fn of(text: &[u8]) -> Self {
        let (head, tail) = match (text.first_chunk(), text.last_chunk()) {
            (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
            _ => (0, text.iter().fold(0, |tail, byte| tail << 8 | u64::from(*byte))),
        };
        Self { len: text.len(), head, tail }
    }

    /// Whether texts that are alike at a glance are the same.
    fn is_all(self) -> bool {
        self.len <= 2 * size_of::<u64>()
    }

    /// A number below [`RECENT`].
    #[inline]
    fn place(self) -> usize {
        let mixed = (self.tail ^ self.len as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        usize::try_from(mixed >> 32).unwrap_or_default() % RECENT
    }
}

fn hash(text: &str) -> u64 {
    FixedState::default().hash_one(text.as_bytes())
}

/// Where the search for a hash begins: decided by its upper half, which the slots keep.
fn start(hash: u64, mask: usize) -> usize {
    usize::try_from(hash >> 32).unwrap_or_default() & mask
}

fn upper(wide: u64) -> u64 {
    wide & !u64::from(u32::MAX)
}

/// The lower half of a word.
pub(crate) fn lower(wide: u64) -> u32 {
    u32::try_from(wide & u64::from(u32::MAX)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use arrow_array::{Array, StringViewArray};
    use proptest::proptest;

    use super::Texts;

    proptest! {
        #[test]
        fn a_number_stands_for_one_text(
            batches in proptest::collection::vec(
                proptest::collection::vec("[ab]{0,3}|[ab]{2}/same-end|[a-c]{14}", 0..200),
                1..4,
            ),
        ) {
            let mut numbered = Texts::new(1 << 10);
            for texts in batches {
                let numbers: Vec<u32> =
                    texts.iter().map(|text| numbered.number_of(text)).collect();
                let array: StringViewArray =
                    [None].into_iter().chain(texts.iter().map(Some)).collect();
                assert_eq!(numbered.numbers_of(&array), [vec![0], numbers.clone()].concat());
                let count = numbered.count() as usize;
                let array = numbered.finish();
                assert_eq!(array.len(), count, "texts are kept once");
                assert!(array.is_null(0), "number 0 is none at all");
                for (text, number) in texts.iter().zip(numbers) {
                    assert_eq!(array.value(number as usize), text);
                    assert!(array.is_valid(number as usize));
                }
                let once: std::collections::HashSet<&String> = texts.iter().collect();
                assert_eq!(once.len() + 1, count);
            }
        }
    }
}
