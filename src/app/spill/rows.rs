//! The rows of a run that do not fit into memory: written down as they come, dealt into parts that
//! can be folded one by one, and read back when it is known which of them are duplicates.

use std::io;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt8Type;
use arrow_array::{BooleanArray, RecordBatch, UInt8Array, UInt64Array};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::app::error::Error;
use crate::app::spill::blocks::{Block, Blocks, encoded};
use crate::app::spill::group::{Group, Read, SHARES, Turn, taken_in_turn};
use crate::app::spill::merge::Merged;
use crate::app::spill::numbered::{
    numbered, numbers_of, whole, with_hidden_columns, without, without_hidden,
};
use crate::app::spill::parts::Parts;
use crate::fold::duplicate::{crossing, pair_to_bytes, pairs_in, part_of};
use crate::fold::event::{Event, Reader};
use crate::fold::events::Facts;
use crate::fold::held::gathered;

/// Parts that rows are dealt into when they will be folded.
const PARTS: usize = 128;

/// Bytes of the pairs of [`crossing`] kept in memory.
const PAIRS_HELD_MAX: usize = 2 << 20;

/// Bytes of blocks that are read back together.
const GROUP_BYTES: usize = 2 << 20;

/// Parts that each thread makes before they are written: what is in memory of them is a copy of the
/// rows.
const PARTS_PER_THREAD: usize = 2;

/// What is known of a row, a column beside those of the table.
const FACTS: &str = "azmfa:facts";

/// Which share of its part a row is of.
const SHARE: &str = "azmfa:share";

/// A number of no row: that of the events of rows of policies whose events are known by id.
pub(crate) const NO_ROW: u64 = u64::MAX;

/// A batch on its way to the disk.
#[derive(Debug)]
pub(crate) struct Leaving {
    pub(crate) rows: RecordBatch,
    pub(crate) facts: Vec<Facts>,
    /// Number of its first row.
    pub(crate) first: u64,
}

/// Rows of `activity` on disk, and those of `activity_policy`.
#[derive(Debug)]
pub(crate) struct RowSpill {
    rows: Blocks,
    /// The smallest and the largest number in each block of these, which are in their order.
    numbers: Vec<(u64, u64)>,
    policies: Blocks,
    /// The same of these.
    policy_numbers: Vec<(u64, u64)>,
    /// Where rows are dealt for folding: what binds them across parts.
    pairs: Option<Parts>,
    /// Whether rows lie by their numbers, and the policies of each where it does.
    is_in_parts: bool,
}

impl RowSpill {
    /// # Errors
    /// When the temporary files cannot be made.
    pub(crate) fn new(folds: bool) -> io::Result<Self> {
        let pairs = folds.then(|| Parts::new(PARTS, PAIRS_HELD_MAX));
        let (rows, policies) = (Blocks::new()?, Blocks::new()?);
        let (numbers, policy_numbers) = (Vec::new(), Vec::new());
        Ok(Self { rows, numbers, policies, policy_numbers, pairs, is_in_parts: true })
    }

    /// Writes rows of `activity`, in input order, and those of `activity_policy` with the numbers of
    /// their events, which are among the rows or [`NO_ROW`].
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn push(
        &mut self,
        leaving: &[Leaving],
        policies: &[(RecordBatch, Vec<u64>)],
    ) -> Result<(), Error> {
        let policies = policies
            .iter()
            .map(|(rows, numbers)| numbered(rows, numbers.clone().into()))
            .collect::<Result<Vec<RecordBatch>, ArrowError>>()
            .map_err(Error::Arrow)?;
        let Some(pairs) = &mut self.pairs else {
            for batch in leaving {
                let all = (0..batch.facts.len()).map(|row| (batch, row));
                let batch = with_hidden(&batch.rows, all).map_err(Error::Arrow)?;
                let bytes = encoded(&[whole(&batch)?]).map_err(Error::Arrow)?;
                self.push_rows(0, ends(&batch), &bytes)?;
            }
            return policies.iter().try_for_each(|batch| self.push_policies(0, &whole(batch)?));
        };
        let shares = shares_of(leaving, |pair| {
            let part = part_of(pair.0, PARTS);
            pairs.push(part, &pair_to_bytes(pair)).map_err(Error::Spill)
        })?;
        let dealt = dealt(&shares);
        let rows: Vec<RecordBatch> = leaving.iter().map(|batch| batch.rows.clone()).collect();
        let together = PARTS_PER_THREAD * rayon::current_num_threads();
        for (dealt, first) in dealt.chunks(together).zip((0..).step_by(together)) {
            let blocks = dealt
                .par_iter()
                .map(|places| {
                    let places = places.iter().map(|(batch, row)| (*batch as usize, *row as usize));
                    let places: Vec<(usize, usize)> = places.collect();
                    let of = places.iter().map(|(batch, row)| (&leaving[*batch], *row));
                    let share_of = |(batch, row): &(usize, usize)| shares[*batch][*row];
                    let shares: Vec<Share> = places.iter().map(share_of).collect();
                    let batch = with_hidden(&gathered(&rows, &places)?, of)?;
                    let batch = with_shares(&batch, &shares)?;
                    Ok((ends(&batch), encoded(&[batch])?))
                })
                .collect::<Result<Vec<((u64, u64), Vec<u8>)>, ArrowError>>()
                .map_err(Error::Arrow)?;
            for (part, (ends, bytes)) in (first..).zip(blocks) {
                if !dealt[part - first].is_empty() {
                    self.push_rows(part, ends, &bytes)?;
                }
            }
        }
        self.deal_policies(&policies, leaving, &shares)
    }

    fn push_rows(&mut self, part: usize, ends: (u64, u64), bytes: &[u8]) -> Result<(), Error> {
        self.numbers.push(ends);
        self.rows.push(part, bytes).map_err(Error::Spill)
    }

    /// Writes policies to the parts of their events, which are those of each row of `leaving`.
    fn deal_policies(
        &mut self,
        policies: &[RecordBatch],
        leaving: &[Leaving],
        shares: &[Vec<Share>],
    ) -> Result<(), Error> {
        let mut dealt: Vec<Vec<(usize, usize)>> = vec![Vec::new(); PARTS];
        let mut batches = Vec::with_capacity(policies.len());
        for (index, batch) in policies.iter().enumerate() {
            let mut of = Vec::with_capacity(batch.num_rows());
            for (row, number) in numbers_of(batch).iter().enumerate() {
                let next = leaving.partition_point(|batch| batch.first <= *number);
                let share = next.checked_sub(1).and_then(|at| {
                    shares[at].get(usize::try_from(number - leaving[at].first).ok()?)
                });
                let share = share.copied().unwrap_or_default();
                dealt[usize::from(share.part)].push((index, row));
                of.push(share);
            }
            batches.push(with_shares(batch, &of).map_err(Error::Arrow)?);
        }
        for (part, places) in dealt.iter().enumerate().filter(|(_, places)| !places.is_empty()) {
            self.push_policies(part, &gathered(&batches, places).map_err(Error::Arrow)?)?;
        }
        Ok(())
    }

    fn push_policies(&mut self, part: usize, batch: &RecordBatch) -> Result<(), Error> {
        let ends = ends(batch);
        self.is_in_parts &= ends.1 != NO_ROW;
        let bytes = encoded(std::slice::from_ref(batch)).map_err(Error::Arrow)?;
        self.policy_numbers.push(ends);
        self.policies.push(part, &bytes).map_err(Error::Spill)
    }

    /// Notes that rows come which are not in the order of their numbers.
    pub(crate) fn mix(&mut self) {
        self.is_in_parts = false;
    }

    /// The rows as they are to be read, without those numbered in `dropped`.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub(crate) fn close(self, dropped: Vec<u64>) -> Result<Spilled, Error> {
        let crossing = match &self.pairs {
            None => Vec::new(),
            Some(pairs) => {
                let found = (0..PARTS)
                    .into_par_iter()
                    .map(|part| Ok(crossing(pairs_in(&pairs.read(part)?))))
                    .collect::<io::Result<Vec<Vec<u64>>>>()
                    .map_err(Error::Spill)?;
                let mut crossing = found.concat();
                crossing.sort_unstable();
                crossing
            }
        };
        Ok(Spilled {
            rows: self.rows,
            numbers: self.numbers,
            policies: self.policies,
            policy_numbers: self.policy_numbers,
            dropped,
            crossing,
            is_dealt: self.pairs.is_some(),
            is_in_parts: self.is_in_parts,
        })
    }
}

/// Rows on disk, complete.
#[derive(Debug)]
pub(crate) struct Spilled {
    rows: Blocks,
    numbers: Vec<(u64, u64)>,
    policies: Blocks,
    policy_numbers: Vec<(u64, u64)>,
    dropped: Vec<u64>,
    /// Hashes of what binds rows of several parts.
    crossing: Vec<u64>,
    is_dealt: bool,
    is_in_parts: bool,
}

/// What a row is dealt into.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    part: u16,
    share: u8,
}

impl Share {
    fn of(component: u64) -> Self {
        Self::any(part_of(component, PARTS * SHARES))
    }

    fn any(number: usize) -> Self {
        let part = u16::try_from(number / SHARES % PARTS).unwrap_or_default();
        Self { part, share: u8::try_from(number % SHARES).unwrap_or_default() }
    }
}

impl Spilled {
    /// Whether the policies of every group can be told from those of others.
    pub(crate) fn is_in_parts(&self) -> bool {
        self.is_in_parts
    }

    /// How many rows there are, those that were dropped among them.
    pub(crate) fn row_count(&self) -> u64 {
        self.numbers.iter().map(|(_, last)| last + 1).max().unwrap_or_default()
    }

    /// Hands all rows to `take`, group by group, as many at once as there are to be threads; what it
    /// gives comes in order. Rows that can be of one attempt are in one group, and a group has about
    /// `rows_max` rows where it can be cut.
    ///
    /// # Errors
    /// Those of `take`, and when the temporary file cannot be read.
    pub(crate) fn each_group<T: Send>(
        &self,
        threads: usize,
        wants_policies: bool,
        rows_max: usize,
        take: impl Fn(Turn, Group) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let groups = groups(self.rows.all());
        let read =
            |number: usize| self.group(&groups[number], wants_policies).map_err(Error::Arrow);
        taken_in_turn(threads, groups.len(), rows_max, read, take)
    }

    /// The rows of some blocks that were not dropped, and apart from them those whose attempts
    /// reach into other parts.
    fn group(&self, blocks: &[Block], wants_policies: bool) -> Result<Read, ArrowError> {
        let (mut own, mut aside) = (Group::default(), Group::default());
        let mut ends: Option<(u64, u64)> = None;
        let mut numbers_aside = Vec::new();
        for block in blocks {
            for batch in self.rows.read(block)? {
                for number in numbers_of(&batch) {
                    let (low, high) = ends.unwrap_or((*number, *number));
                    ends = Some((low.min(*number), high.max(*number)));
                }
                let batch = without(batch, &self.dropped)?;
                let facts = facts_of(&batch);
                let (numbers, shares) = (numbers_of(&batch), bytes_of(&batch, SHARE));
                let rows = without_hidden(&batch)?;
                let crosses = self.crossing_rows(&rows, &facts);
                if crosses.is_empty() {
                    own.push(rows, facts, numbers.to_vec(), shares);
                    continue;
                }
                numbers_aside.extend(crosses.iter().map(|row| numbers[*row]));
                for (group, is_crossing) in [(&mut own, false), (&mut aside, true)] {
                    let chosen: Vec<(usize, usize)> = (0..rows.num_rows())
                        .filter(|row| crosses.binary_search(row).is_ok() == is_crossing)
                        .map(|row| (0, row))
                        .collect();
                    let facts = chosen.iter().map(|(_, row)| facts[*row]).collect();
                    let numbers = chosen.iter().map(|(_, row)| numbers[*row]).collect();
                    let shares = chosen.iter().filter_map(|(_, row)| shares.get(*row).copied());
                    let shares = if is_crossing { Vec::new() } else { shares.collect() };
                    let rows = gathered(std::slice::from_ref(&rows), &chosen)?;
                    group.push(rows, facts, numbers, shares);
                }
            }
        }
        if let (true, Some(ends)) = (wants_policies, ends) {
            numbers_aside.sort_unstable();
            let mut parts: Vec<usize> = blocks.iter().map(|block| block.part).collect();
            parts.dedup();
            for batch in self.policies_of(&parts, ends)? {
                let (here, there) = without_all(batch, &numbers_aside)?;
                own.policy_shares.push(bytes_of(&here, SHARE));
                own.policies.push(without_hidden(&here)?);
                aside.policies.extend(there.as_ref().map(without_hidden).transpose()?);
            }
        }
        Ok(Read { own, aside })
    }

    /// The policies of the rows of whole parts or, where rows are not dealt, of those between two
    /// numbers.
    fn policies_of(
        &self,
        parts: &[usize],
        (low, high): (u64, u64),
    ) -> Result<Vec<RecordBatch>, ArrowError> {
        let mut all = Vec::new();
        for (block, (first, last)) in self.policies.all().iter().zip(&self.policy_numbers) {
            if *last < low || *first > high || !parts.contains(&block.part) {
                continue;
            }
            for batch in self.policies.read(block)? {
                let batch = without(batch, &self.dropped)?;
                let is_own = |number: &u64| Some(self.is_dealt || (low..=high).contains(number));
                let keep: BooleanArray = numbers_of(&batch).iter().map(is_own).collect();
                all.push(filter_record_batch(&batch, &keep)?);
            }
        }
        Ok(all)
    }

    fn crossing_rows(&self, rows: &RecordBatch, facts: &[Facts]) -> Vec<usize> {
        if self.crossing.is_empty() {
            return Vec::new();
        }
        Reader::of(&[rows])
            .events(0, facts)
            .iter()
            .filter(|event| self.crossing.binary_search(&event.component).is_ok())
            .map(|event| event.place.1 as usize)
            .collect()
    }

    /// The rows that were not dropped, in input order, with their numbers.
    pub(crate) fn rows_in_order(
        &self,
    ) -> impl Iterator<Item = Result<(RecordBatch, Vec<u64>), Error>> {
        self.in_order(&self.rows, &self.numbers)
    }

    /// The policies of these rows, in their order; those whose events are known by id come last.
    /// The numbers are those of the events.
    pub(crate) fn policies_in_order(
        &self,
    ) -> impl Iterator<Item = Result<(RecordBatch, Vec<u64>), Error>> {
        self.in_order(&self.policies, &self.policy_numbers)
    }

    fn in_order<'a>(
        &'a self,
        blocks: &'a Blocks,
        ends: &'a [(u64, u64)],
    ) -> impl Iterator<Item = Result<(RecordBatch, Vec<u64>), Error>> {
        let keys_of = |batch: &RecordBatch| numbers_of(batch).to_vec();
        let kept = Merged::new(blocks, ends, keys_of).map(|batch| {
            let batch = without(batch?, &self.dropped).map_err(Error::Arrow)?;
            let numbers = numbers_of(&batch).to_vec();
            Ok((without_hidden(&batch).map_err(Error::Arrow)?, numbers))
        });
        kept.filter(|batch| batch.as_ref().map_or(true, |(rows, _)| rows.num_rows() > 0))
    }
}

/// A batch without the rows of some numbers, and those, if there are any.
fn without_all(
    batch: RecordBatch,
    numbers: &[u64],
) -> Result<(RecordBatch, Option<RecordBatch>), ArrowError> {
    if numbers.is_empty() {
        return Ok((batch, None));
    }
    let is_one = |number: &u64| Some(numbers.binary_search(number).is_ok());
    let there: BooleanArray = numbers_of(&batch).iter().map(is_one).collect();
    let here = without(batch.clone(), numbers)?;
    let is_any = there.true_count() > 0;
    let there = if is_any { Some(filter_record_batch(&batch, &there)?) } else { None };
    Ok((here, there))
}

/// The smallest and the largest number of a batch.
fn ends(batch: &RecordBatch) -> (u64, u64) {
    let numbers = || numbers_of(batch).iter().copied();
    numbers().min().zip(numbers().max()).unwrap_or_default()
}

/// The blocks of whole parts, as many parts together as are small; without parts, neighbours.
fn groups(blocks: &[Block]) -> Vec<Vec<Block>> {
    let mut sorted = blocks.to_vec();
    sorted.sort_by_key(|block| block.part);
    let is_dealt = sorted.last().is_some_and(|block| block.part > 0);
    let mut parts: Vec<(Option<usize>, usize, Vec<Block>)> = Vec::new();
    for block in sorted {
        match parts.last_mut() {
            Some((part, bytes, blocks)) if is_dealt && *part == Some(block.part) => {
                *bytes += block.len;
                blocks.push(block);
            }
            _ => parts.push((is_dealt.then_some(block.part), block.len, vec![block])),
        }
    }
    let mut groups: Vec<(usize, Vec<Block>)> = Vec::new();
    for (_, bytes, blocks) in parts {
        match groups.last_mut() {
            Some((held, group)) if *held + bytes <= GROUP_BYTES => {
                *held += bytes;
                group.extend(blocks);
            }
            _ => groups.push((bytes, blocks)),
        }
    }
    groups.into_iter().map(|(_, blocks)| blocks).collect()
}

/// What each row is dealt into; `take` is given what binds rows of several parts.
fn shares_of(
    leaving: &[Leaving],
    mut take: impl FnMut((u64, u64)) -> Result<(), Error>,
) -> Result<Vec<Vec<Share>>, Error> {
    let rows: Vec<&RecordBatch> = leaving.iter().map(|batch| &batch.rows).collect();
    let reader = Reader::of(&rows);
    // All rows that fit into memory are there meanwhile: of each no more is kept than has to be.
    let shared = (0..leaving.len()).into_par_iter().map(|batch| {
        let facts = &leaving[batch].facts;
        // Rows that are no part of attempts go anywhere.
        let mut shares: Vec<Share> = (0..facts.len()).map(Share::any).collect();
        let events = reader.events(batch, facts);
        for event in &events {
            shares[event.place.1 as usize] = Share::of(event.component);
        }
        (shares, events.iter().filter_map(Event::pair).collect::<Vec<_>>())
    });
    let mut shares = Vec::with_capacity(leaving.len());
    for (of_batch, pairs) in shared.collect::<Vec<_>>() {
        shares.push(of_batch);
        pairs.into_iter().try_for_each(&mut take)?;
    }
    Ok(shares)
}

/// The rows of each part: batch, and row in it.
fn dealt(shares: &[Vec<Share>]) -> Vec<Vec<(u32, u32)>> {
    let mut counts = vec![0; PARTS];
    for share in shares.iter().flatten() {
        counts[usize::from(share.part)] += 1;
    }
    let mut dealt: Vec<Vec<(u32, u32)>> = counts.into_iter().map(Vec::with_capacity).collect();
    for (batch, shares) in (0..).zip(shares) {
        for (row, share) in (0..).zip(shares) {
            dealt[usize::from(share.part)].push((batch, row));
        }
    }
    dealt
}

/// Rows with what is known of each beside its columns; `of` says which row of which batch each is.
fn with_hidden<'a>(
    rows: &RecordBatch,
    of: impl Iterator<Item = (&'a Leaving, usize)> + Clone,
) -> Result<RecordBatch, ArrowError> {
    let numbers = of.clone().map(|(batch, row)| batch.first + row as u64);
    let facts = of.map(|(batch, row)| batch.facts[row].to_byte());
    let facts = UInt8Array::from_iter_values(facts);
    let rows = numbered(rows, UInt64Array::from_iter_values(numbers))?;
    with_hidden_columns(&rows, &[(FACTS, Arc::new(facts))])
}

fn with_shares(rows: &RecordBatch, shares: &[Share]) -> Result<RecordBatch, ArrowError> {
    let shares = UInt8Array::from_iter_values(shares.iter().map(|it| it.share));
    with_hidden_columns(rows, &[(SHARE, Arc::new(shares))])
}

fn facts_of(batch: &RecordBatch) -> Vec<Facts> {
    bytes_of(batch, FACTS).into_iter().map(Facts::from_byte).collect()
}

/// The bytes of a column beside those of the table; none if there is no such column.
fn bytes_of(batch: &RecordBatch, name: &str) -> Vec<u8> {
    let column = batch.column_by_name(name);
    column.map_or_else(Vec::new, |column| column.as_primitive::<UInt8Type>().values().to_vec())
}
