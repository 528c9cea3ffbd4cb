//! Where the wanted values of a record stand.

/// What kind of value a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SlotKind {
    /// Nothing was met.
    #[default]
    Absent,
    /// A string without escapes; the span is what is between its quotes.
    Text,
    /// A string with escapes; the span is what is between its quotes.
    EscapedText,
    /// A number, `true` or `false`.
    Scalar,
    /// `null`.
    Null,
    /// An object, braces included.
    Object,
    /// An array, brackets included.
    Array,
}

impl SlotKind {
    /// The kind of a value that is no string and begins with `first`.
    #[inline(always)]
    pub(super) fn of_value(first: u8) -> Self {
        match first {
            b'{' => Self::Object,
            b'[' => Self::Array,
            b'n' => Self::Null,
            _ => Self::Scalar,
        }
    }
}

/// A wanted value of the record that was walked last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slot {
    /// First byte in its text.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
    /// 0: the text that was walked; `n`: the JSON text number `n` opened inside it.
    pub buffer: u16,
    /// Rank of the path that filled it.
    pub rank: u8,
    /// Kind of value.
    pub kind: SlotKind,
}

/// Numbers of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SlotSet([u64; SlotSet::WORDS]);

impl SlotSet {
    const WORDS: usize = 4;

    /// How many slots can be told apart.
    pub const CAPACITY: usize = Self::WORDS * 64;

    /// Adds a slot below [`Self::CAPACITY`]; others cannot be held.
    #[inline(always)]
    pub fn insert(&mut self, slot: u16) {
        if let Some(word) = self.0.get_mut(usize::from(slot / 64)) {
            *word |= 1 << (slot % 64);
        }
    }

    /// Whether all of `others` are in the set.
    #[inline(always)]
    pub fn holds_all(&self, others: &Self) -> bool {
        self.0.iter().zip(&others.0).all(|(mine, other)| mine & other == *other)
    }

    /// Whether any of `others` is in the set.
    #[inline(always)]
    pub fn holds_any(&self, others: &Self) -> bool {
        self.0.iter().zip(&others.0).any(|(mine, other)| mine & other != 0)
    }

    /// The slots below `end`, in order; `end` is at most 64.
    #[inline(always)]
    pub fn below(&self, end: usize) -> impl Iterator<Item = usize> + use<> {
        debug_assert!(end <= 64);
        let kept = if end < 64 { (1 << end) - 1 } else { u64::MAX };
        let mut left = self.0[0] & kept;
        std::iter::from_fn(move || {
            let slot = left.trailing_zeros() as usize;
            let is_there = left != 0;
            left &= left.wrapping_sub(1);
            is_there.then_some(slot)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop};
    use proptest::{prop_assert_eq, proptest};

    use super::SlotSet;

    fn set(slots: &[u16]) -> SlotSet {
        let mut set = SlotSet::default();
        for slot in slots {
            set.insert(*slot);
        }
        set
    }

    proptest! {
        #[test]
        fn sets_are_those_of_the_standard_library(
            mine in prop::collection::btree_set(0_u16..256, 0..40),
            other in prop::collection::btree_set(0_u16..256, 0..4),
            end in 0_usize..=64,
            subset in any::<bool>(),
        ) {
            let other = if subset { mine.iter().copied().take(3).collect() } else { other };
            let sets = [&mine, &other].map(|slots| set(&slots.iter().copied().collect::<Vec<_>>()));
            prop_assert_eq!(sets[0].holds_all(&sets[1]), mine.is_superset(&other));
            prop_assert_eq!(sets[0].holds_any(&sets[1]), !mine.is_disjoint(&other));
            let below: Vec<u16> = mine.iter().copied().filter(|slot| usize::from(*slot) < end).collect();
            prop_assert_eq!(set(&below).below(64).collect::<Vec<_>>(), sets[0].below(end).collect::<Vec<_>>());
            prop_assert_eq!(sets[0].below(end).count(), below.len());
        }
    }
}
