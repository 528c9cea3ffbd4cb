//! Finding the rows that were read before, with memory that grows by a bit a row.
//!
//! What tells rows apart is written down as they come, dealt into parts; nothing is looked up
//! until all rows are read. See [`crate::fold::duplicate`] for what makes two rows one event.

use std::io;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::app::spill::parts::Parts;
use crate::extract::identity::RowKey;
use crate::fold::duplicate::{Entry, crossing, dropped, pair_to_bytes, pairs_in, part_of};

/// Into how many parts the rows are dealt.
const PARTS: usize = 128;

/// Bytes kept in memory of each of the two logs.
const HELD_MAX: usize = 8 << 20;

/// What tells the rows apart that were read so far.
#[derive(Debug)]
pub(crate) struct Duplicates {
    entries: Parts,
    pairs: Parts,
    rows: u64,
}

impl Default for Duplicates {
    fn default() -> Self {
        Self::new(HELD_MAX)
    }
}

impl Duplicates {
    fn new(held_max: usize) -> Self {
        Self { entries: Parts::new(PARTS, held_max), pairs: Parts::new(PARTS, held_max), rows: 0 }
    }

    /// Takes the next rows in input order; gives the number of the first of them.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn add(&mut self, keys: &[RowKey]) -> io::Result<u64> {
        let first = self.rows;
        for (key, number) in keys.iter().zip(first..) {
            let entry = Entry::new(key, number);
            self.entries.push(part_of(entry.key_hash(), PARTS), &entry.to_bytes())?;
            if let Some(pair) = entry.pair() {
                self.pairs.push(part_of(pair.0, PARTS), &pair_to_bytes(pair))?;
            }
        }
        self.rows += keys.len() as u64;
        Ok(first)
    }

    /// How many rows there were.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Numbers of the rows to drop, in order.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub(crate) fn dropped(&self) -> io::Result<Vec<u64>> {
        let found: Vec<Vec<u64>> = (0..self.pairs.count())
            .into_par_iter()
            .map(|part| Ok(crossing(pairs_in(&self.pairs.read(part)?))))
            .collect::<io::Result<_>>()?;
        let mut crossing = found.concat();
        crossing.sort_unstable();
        let parts: Vec<(Vec<u64>, Vec<Entry>)> = (0..self.entries.count())
            .into_par_iter()
            .map(|part| {
                let entries = Entry::all_in(&self.entries.read(part)?).collect::<Vec<_>>();
                let (aside, entries): (Vec<Entry>, Vec<Entry>) = entries
                    .into_iter()
                    .partition(|entry| crossing.binary_search(&entry.key_hash()).is_ok());
                Ok((dropped(&entries, false), aside))
            })
            .collect::<io::Result<_>>()?;
        let (mut numbers, mut aside) = (Vec::new(), Vec::new());
        for (part_numbers, part_aside) in parts {
            numbers.extend(part_numbers);
            aside.extend(part_aside);
        }
        aside.sort_unstable_by_key(Entry::number);
        numbers.extend(dropped(&aside, true));
        numbers.sort_unstable();
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, Strategy, any, proptest};

    use super::Duplicates;
    use crate::extract::identity::RowKey;
    use crate::extract::policy::PolicyFlags;
    use crate::fold::duplicate::{Events, Fate};

    /// The rows that are dropped when they are offered one by one.
    fn one_by_one(rows: &[RowKey]) -> Vec<u64> {
        let mut events = Events::default();
        let mut dropped = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            match events.offer(row, (0, u32::try_from(number).unwrap())) {
                Fate::Kept => {}
                Fate::Dropped => dropped.push(number as u64),
                Fate::Replaces((_, earlier)) => dropped.push(u64::from(earlier)),
            }
        }
        dropped.sort_unstable();
        dropped
    }

    fn spread(small: u8) -> u128 {
        u128::from(small).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }

    fn rows(keys: u8, ids: u8) -> impl Strategy<Value = Vec<RowKey>> {
        let row = (0..keys, proptest::option::weighted(0.7, 0..ids), any::<bool>());
        proptest::collection::vec(row, 0..120).prop_map(|rows| {
            let row_key = |(key, id, has_claims): (u8, Option<u8>, bool)| RowKey {
                key: spread(key),
                id: id.map(spread),
                has_claims,
                policies: PolicyFlags::default(),
            };
            rows.into_iter().map(row_key).collect()
        })
    }

    fn agree(rows: &[RowKey], held_max: usize) {
        let mut duplicates = Duplicates::new(held_max);
        for rows in rows.chunks(7) {
            duplicates.add(rows).unwrap();
        }
        assert_eq!(duplicates.rows(), rows.len() as u64);
        assert_eq!(duplicates.dropped().unwrap(), one_by_one(rows));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn parts_drop_what_is_dropped_one_by_one(
            crowded in rows(6, 6),
            sparse in rows(100, 100),
            few_ids in rows(60, 4),
            held_max in 0_usize..6_000,
        ) {
            agree(&crowded, held_max);
            agree(&sparse, held_max);
            agree(&few_ids, held_max);
        }
    }
}
