//! Finding the rows that were read before, with memory that grows by a bit a row.
//!
//! What tells rows apart is written down as they come, dealt into parts; nothing is looked up
//! until all rows are read. See [`crate::fold::duplicate`] for what makes two rows one event.

use std::io;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::app::spill::parts::Parts;
use crate::fold::duplicate::{
    Entry, Keyed, Rule, crossing, dropped, pair_to_bytes, pairs_in, part_of,
};

/// Into how many parts the rows are dealt.
const PARTS: usize = 128;

/// Bytes kept in memory of each of the two logs.
const HELD_MAX: usize = 4 << 20;

/// What tells the rows apart that were read so far.
#[derive(Debug)]
pub(crate) struct Duplicates {
    entries: Parts,
    pairs: Parts,
    rows: u64,
    rule: Rule,
}

impl Duplicates {
    /// None read so far; `rule` will say which are copies of others.
    pub(crate) fn new(rule: Rule) -> Self {
        Self::with_held(rule, HELD_MAX)
    }

    fn with_held(rule: Rule, held_max: usize) -> Self {
        let parts = || Parts::new(PARTS, held_max);
        Self { entries: parts(), pairs: parts(), rows: 0, rule }
    }

    /// Takes the next rows in input order; gives the number of the first of them.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn add(&mut self, keys: &[impl Keyed]) -> io::Result<u64> {
        let first = self.rows;
        for (key, number) in keys.iter().zip(first..) {
            let entry = key.entry(number);
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
                let mut entries: Vec<Entry> = Entry::all_in(&self.entries.read(part)?).collect();
                let is_aside =
                    |entry: &mut Entry| crossing.binary_search(&entry.key_hash()).is_ok();
                let aside: Vec<Entry> = if crossing.is_empty() {
                    Vec::new()
                } else {
                    entries.extract_if(.., is_aside).collect()
                };
                Ok((dropped(&entries, false, self.rule), aside))
            })
            .collect::<io::Result<_>>()?;
        let (mut numbers, mut aside) = (Vec::new(), Vec::new());
        for (part_numbers, part_aside) in parts {
            numbers.extend(part_numbers);
            aside.extend(part_aside);
        }
        aside.sort_unstable_by_key(Entry::number);
        numbers.extend(dropped(&aside, true, self.rule));
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
    use crate::extract::shape::OtherKey;
    use crate::fold::copies::copies;
    use crate::fold::duplicate::{Entry, Keyed, Rule, repeated};

    fn spread(small: u8) -> u128 {
        u128::from(small).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }

    /// Key, id and weight of some rows.
    fn rows(keys: u8, ids: u8) -> impl Strategy<Value = Vec<(u128, Option<u128>, u32)>> {
        let row = (0..keys, proptest::option::weighted(0.7, 0..ids), any::<u32>(), 0..4_u32);
        let weight = |weight: u32, many: u32| if many == 0 { u32::MAX } else { weight % many };
        proptest::collection::vec(row, 0..120).prop_map(move |rows| {
            let of = |(key, id, any, many): (u8, Option<u8>, u32, u32)| {
                (spread(key), id.map(spread), weight(any, many))
            };
            rows.into_iter().map(of).collect()
        })
    }

    /// Parts say what the rule says of all rows at once.
    fn agree(rows: &[impl Keyed], rule: Rule, held_max: usize) {
        let mut duplicates = Duplicates::with_held(rule, held_max);
        for rows in rows.chunks(7) {
            duplicates.add(rows).unwrap();
        }
        assert_eq!(duplicates.rows(), rows.len() as u64);
        let entries: Vec<Entry> =
            rows.iter().zip(0..).map(|(row, number)| row.entry(number)).collect();
        let mut dropped = rule(&entries);
        dropped.sort_unstable();
        assert_eq!(duplicates.dropped().unwrap(), dropped);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn parts_drop_what_is_dropped_from_all_rows_at_once(
            crowded in rows(6, 6),
            sparse in rows(100, 100),
            few_ids in rows(60, 4),
            held_max in 0_usize..6_000,
        ) {
            for rows in [crowded, sparse, few_ids] {
                let policies = PolicyFlags::default();
                let of_activity = rows.iter().map(|&(key, id, weight)| {
                    RowKey { key, id, has_claims: weight > 0, policies }
                });
                agree(&of_activity.collect::<Vec<_>>(), repeated, held_max);
                let of_others = rows.iter().map(|&(key, id, weight)| OtherKey { key, id, weight });
                agree(&of_others.collect::<Vec<_>>(), copies, held_max);
            }
        }
    }
}
