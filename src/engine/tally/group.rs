//! Rows in groups, and what is reckoned of each group.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::engine::tally::column::{Column, NO_ROW, Texts, UNKNOWN, Whole};
use crate::engine::tally::words::NONE;
use crate::schema::Kind;

/// Which row is of which group; groups are numbered by their first rows.
#[derive(Debug)]
pub(super) struct Grouping {
    of: Vec<u32>,
    /// The first row of each group; [`NO_ROW`] where there are no rows.
    first: Vec<u32>,
}

/// A list of all pairs of a group and a value pays up to so many for each row.
const DENSE_TIMES: usize = 4;

impl Grouping {
    /// All rows in one group, which is there even if they are not.
    pub(super) fn whole(rows: usize) -> Self {
        Self { of: vec![0; rows], first: vec![if rows == 0 { NO_ROW } else { 0 }] }
    }

    /// A group for all rows that are alike in every column; nulls are alike. `None` where there are
    /// too many rows.
    pub(super) fn by(rows: usize, keys: &[Column]) -> Option<Self> {
        u32::try_from(rows).ok().filter(|rows| *rows < NO_ROW)?;
        let start = if rows == 0 { Vec::new() } else { vec![0] };
        let mut grouping = Self { of: vec![0; rows], first: start };
        for key in keys {
            grouping = match key {
                Column::Texts(texts) => {
                    grouping.refined(texts.words.len(), |row| u64::from(texts.numbers[row]))
                }
                Column::Small(values) => {
                    grouping.refined(usize::from(u8::MAX) + 1, |row| u64::from(values[row]))
                }
                Column::Flags(flags) => {
                    grouping.refined(usize::from(UNKNOWN) + 1, |row| u64::from(flags[row]))
                }
                // What has no value is 0 there, and told apart first.
                Column::Whole(whole) => {
                    let told = match &whole.has {
                        Some(has) => grouping.refined(2, |row| u64::from(has[row])),
                        None => grouping,
                    };
                    told.refined(usize::MAX, |row| whole.values[row].cast_unsigned())
                }
            };
        }
        Some(grouping)
    }

    /// The same groups, parted by a value below `bound` that each row has.
    fn refined(&self, bound: usize, value: impl Fn(usize) -> u64) -> Self {
        let mut next = Self { of: Vec::with_capacity(self.of.len()), first: Vec::new() };
        let room = self.first.len().saturating_mul(bound);
        if room <= self.of.len().saturating_mul(DENSE_TIMES) {
            let mut known = vec![NO_ROW; room];
            for (row, group) in (0..).zip(&self.of) {
                let at =
                    *group as usize * bound + usize::try_from(value(row as usize)).unwrap_or(0);
                next.add(row, &mut known[at]);
            }
        } else {
            let mut known: HashMap<(u32, u64), u32, FixedState> = HashMap::default();
            for (row, group) in (0..).zip(&self.of) {
                let known = known.entry((*group, value(row as usize))).or_insert(NO_ROW);
                next.add(row, known);
            }
        }
        next
    }

    /// Adds a row to a group, which is new where `known` does not say.
    fn add(&mut self, row: u32, known: &mut u32) {
        if *known == NO_ROW {
            *known = u32::try_from(self.first.len()).unwrap_or(NO_ROW);
            self.first.push(row);
        }
        self.of.push(*known);
    }

    pub(super) fn count(&self) -> usize {
        self.first.len()
    }

    /// Of each row, its group.
    pub(super) fn of_rows(&self) -> &[u32] {
        &self.of
    }

    /// What each group has of a column that is the same in all its rows.
    pub(super) fn common(&self, column: &Column) -> Column {
        column.take(&self.first)
    }

    /// Rows of each group; of a column, those that have a value.
    pub(super) fn counted(&self, column: Option<&Column>) -> Column {
        let mut counts = vec![0; self.count()];
        for (row, group) in self.of.iter().enumerate() {
            let counts_too = column.is_none_or(|column| !column.is_null(row));
            counts[*group as usize] += i64::from(counts_too);
        }
        integers(counts)
    }

    /// Different values of each group.
    pub(super) fn different(&self, column: &Column) -> Option<Column> {
        let Column::Texts(texts) = column else { return None };
        let mut counts = vec![0; self.count()];
        let mut seen: HashSet<(u32, u32), FixedState> = HashSet::default();
        for (group, number) in self.of.iter().zip(texts.numbers.iter()) {
            if *number != NONE && seen.insert((*group, *number)) {
                counts[*group as usize] += 1;
            }
        }
        Some(integers(counts))
    }

    /// The sum of each group; none where no row has a value. `None` where a sum outgrows its type.
    pub(super) fn sum(&self, column: &Column) -> Option<Column> {
        if let Column::Small(values) = column {
            if self.of.is_empty() {
                return Some(Column::Whole(Whole::of(
                    Kind::Integer,
                    self.first.iter().map(|_| None),
                )));
            }
            // No table has rows enough for more than an integer holds.
            let mut sums = vec![0_i64; self.count()];
            for (group, value) in self.of.iter().zip(values.iter()) {
                sums[*group as usize] += i64::from(*value);
            }
            return Some(integers(sums));
        }
        let Column::Whole(whole) = column else { return None };
        if whole.kind != Kind::Integer {
            return None;
        }
        let (mut sums, mut has) = (vec![0_i64; self.count()], vec![false; self.count()]);
        for (row, group) in self.of.iter().enumerate() {
            let Some(value) = whole.get(row) else { continue };
            let group = *group as usize;
            sums[group] = sums[group].checked_add(value)?;
            has[group] = true;
        }
        let sums = sums.into_iter().zip(has).map(|(sum, has)| has.then_some(sum));
        Some(Column::Whole(Whole::of(Kind::Integer, sums)))
    }

    /// The value of each group that comes before all others, where `wanted` is that of a value and
    /// another; none where no row has one.
    pub(super) fn extreme(&self, column: &Column, wanted: Ordering) -> Option<Column> {
        match column {
            Column::Flags(_) => None,
            Column::Small(_) => self.extreme(&column.clone().wide(), wanted),
            Column::Whole(whole) => {
                let mut best: Vec<Option<i64>> = vec![None; self.count()];
                for (row, group) in self.of.iter().enumerate() {
                    let Some(value) = whole.get(row) else { continue };
                    let best = &mut best[*group as usize];
                    if best.is_none_or(|best| value.cmp(&best) == wanted) {
                        *best = Some(value);
                    }
                }
                Some(Column::Whole(Whole::of(whole.kind, best.into_iter())))
            }
            Column::Texts(texts) => {
                let mut best = vec![NONE; self.count()];
                for (group, number) in self.of.iter().zip(texts.numbers.iter()) {
                    let best = &mut best[*group as usize];
                    if *number == *best || *number == NONE {
                        continue;
                    }
                    let (new, old) = (texts.words.get(*number), texts.words.get(*best));
                    if old.is_none() || new.cmp(&old) == wanted {
                        *best = *number;
                    }
                }
                let words = Arc::clone(&texts.words);
                Some(Column::Texts(Texts { words, numbers: best.into() }))
            }
        }
    }
}

fn integers(values: Vec<i64>) -> Column {
    Column::Whole(Whole { kind: Kind::Integer, values: values.into(), has: None })
}
