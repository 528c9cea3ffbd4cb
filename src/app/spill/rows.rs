//! The rows of a run that do not fit into memory: written down as they come, dealt into parts that
//! can be folded one by one, and read back when it is known which of them are duplicates.

use std::io;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt8Type;
use arrow_array::{ArrayRef, RecordBatch, UInt8Array, UInt64Array};
use arrow_schema::ArrowError;
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::app::error::Error;
use crate::app::spill::blocks::{Block, Blocks, encoded};
use crate::app::spill::numbered::{numbered, whole, with_hidden_columns, without, without_hidden};
use crate::app::spill::parts::Parts;
use crate::fold::duplicate::{crossing, pair_to_bytes, pairs_in, part_of};
use crate::fold::event::read_events;
use crate::fold::events::{Facts, Kept};
use crate::fold::held::gathered;

/// Parts that rows are dealt into when they will be folded.
const PARTS: usize = 64;

/// Bytes of the pairs of [`crossing`] kept in memory.
const PAIRS_HELD_MAX: usize = 2 << 20;

/// Bytes of blocks that are read back together.
const GROUP_BYTES: usize = 6 << 20;

/// Parts that are written together: what is in memory of them is a copy of the rows.
const PARTS_WRITTEN: usize = 8;

/// What is known of a row, a column beside those of the table.
const FACTS: &str = "azmfa:facts";

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
    policies: Blocks,
    /// Where rows are dealt for folding: what binds them across parts.
    pairs: Option<Parts>,
}

impl RowSpill {
    /// # Errors
    /// When the temporary files cannot be made.
    pub(crate) fn new(folds: bool) -> io::Result<Self> {
        let pairs = folds.then(|| Parts::new(PARTS, PAIRS_HELD_MAX));
        Ok(Self { rows: Blocks::new()?, policies: Blocks::new()?, pairs })
    }

    /// Writes rows of `activity`, in input order.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn push(&mut self, leaving: &[Leaving]) -> Result<(), Error> {
        let batches = leaving
            .iter()
            .map(|batch| with_hidden(&batch.rows, batch.first, &batch.facts))
            .collect::<Result<Vec<RecordBatch>, ArrowError>>()
            .map_err(Error::Arrow)?;
        let Some(pairs) = &mut self.pairs else {
            for batch in &batches {
                let bytes = encoded(&[whole(batch)?]).map_err(Error::Arrow)?;
                self.rows.push(0, &bytes).map_err(Error::Spill)?;
            }
            return Ok(());
        };
        let events: Vec<Vec<(u32, u64, Option<_>)>> = leaving
            .par_iter()
            .map(|batch| {
                let events = read_events(&batch.rows, &batch.facts, 0);
                let dealt = events.iter().map(|it| (it.place.1, it.component, it.pair()));
                dealt.collect()
            })
            .collect();
        let mut dealt: Vec<Vec<(usize, usize)>> = vec![Vec::new(); PARTS];
        for (number, (batch, events)) in leaving.iter().zip(events).enumerate() {
            let mut events = events.into_iter().peekable();
            for row in 0..batch.facts.len() {
                let own = events.next_if(|event| event.0 as usize == row);
                // Rows that are no part of attempts go anywhere.
                let part = own.map_or(row % PARTS, |(_, component, _)| part_of(component, PARTS));
                dealt[part].push((number, row));
                if let Some(pair) = own.and_then(|(_, _, pair)| pair) {
                    let part = part_of(pair.0, PARTS);
                    pairs.push(part, &pair_to_bytes(pair)).map_err(Error::Spill)?;
                }
            }
        }
        for (dealt, first) in dealt.chunks(PARTS_WRITTEN).zip((0..).step_by(PARTS_WRITTEN)) {
            let blocks = dealt
                .par_iter()
                .map(|places| encoded(&[gathered(&batches, places)?]))
                .collect::<Result<Vec<Vec<u8>>, ArrowError>>()
                .map_err(Error::Arrow)?;
            for (part, bytes) in (first..).zip(blocks) {
                if !dealt[part - first].is_empty() {
                    self.rows.push(part, &bytes).map_err(Error::Spill)?;
                }
            }
        }
        Ok(())
    }

    /// Writes rows of `activity_policy` with the numbers of their events.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn push_policies(
        &mut self,
        rows: &RecordBatch,
        numbers: &[u64],
    ) -> Result<(), Error> {
        let batch = numbered(rows, numbers.to_vec().into()).map_err(Error::Arrow)?;
        let bytes = encoded(&[whole(&batch)?]).map_err(Error::Arrow)?;
        self.policies.push(0, &bytes).map_err(Error::Spill)
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
        Ok(Spilled { rows: self.rows, policies: self.policies, dropped, crossing })
    }
}

/// Rows on disk, complete.
#[derive(Debug)]
pub(crate) struct Spilled {
    rows: Blocks,
    policies: Blocks,
    dropped: Vec<u64>,
    /// Hashes of what binds rows of several parts.
    crossing: Vec<u64>,
}

impl Spilled {
    /// Hands all rows to `take`, group by group, several at once; what it gives comes in order.
    /// Rows that can be of one attempt are in one group.
    ///
    /// # Errors
    /// Those of `take`, and when the temporary file cannot be read.
    pub(crate) fn each_group<T: Send>(
        &self,
        take: impl Fn(Kept) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let taken = groups(self.rows.all())
            .into_par_iter()
            .map(|blocks| {
                let (kept, aside) = self.kept(&blocks).map_err(Error::Arrow)?;
                Ok((take(kept)?, aside))
            })
            .collect::<Result<Vec<(T, Kept)>, Error>>()?;
        let (mut all, mut aside) = (Vec::with_capacity(taken.len() + 1), Kept::default());
        for (done, more) in taken {
            all.push(done);
            aside.batches.extend(more.batches);
            aside.facts.extend(more.facts);
        }
        if !aside.batches.is_empty() {
            all.push(take(aside)?);
        }
        Ok(all)
    }

    /// The rows of some blocks that were not dropped, and apart from them those whose attempts
    /// reach into other parts.
    fn kept(&self, blocks: &[Block]) -> Result<(Kept, Kept), ArrowError> {
        let (mut kept, mut aside) = (Kept::default(), Kept::default());
        for block in blocks {
            for batch in self.rows.read(block)? {
                let batch = without(batch, &self.dropped)?;
                let facts = facts_of(&batch);
                let rows = without_hidden(&batch)?;
                let crosses = self.crossing_rows(&rows, &facts);
                if crosses.is_empty() {
                    push(&mut kept, rows, facts);
                    continue;
                }
                let both = [(&mut kept, false), (&mut aside, true)];
                for (kept, is_crossing) in both {
                    let chosen: Vec<(usize, usize)> = (0..rows.num_rows())
                        .filter(|row| crosses.binary_search(row).is_ok() == is_crossing)
                        .map(|row| (0, row))
                        .collect();
                    let own = chosen.iter().map(|(_, row)| facts[*row]).collect();
                    push(kept, gathered(std::slice::from_ref(&rows), &chosen)?, own);
                }
            }
        }
        Ok((kept, aside))
    }

    fn crossing_rows(&self, rows: &RecordBatch, facts: &[Facts]) -> Vec<usize> {
        if self.crossing.is_empty() {
            return Vec::new();
        }
        read_events(rows, facts, 0)
            .iter()
            .filter(|event| self.crossing.binary_search(&event.component).is_ok())
            .map(|event| event.place.1 as usize)
            .collect()
    }

    /// Hands the policies of the rows that were not dropped to `take`.
    ///
    /// # Errors
    /// Those of `take`, and when the temporary file cannot be read.
    pub(crate) fn each_policy_batch(
        &self,
        mut take: impl FnMut(RecordBatch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for block in self.policies.all() {
            for batch in self.policies.read(block).map_err(Error::Arrow)? {
                let batch = without(batch, &self.dropped).map_err(Error::Arrow)?;
                take(without_hidden(&batch).map_err(Error::Arrow)?)?;
            }
        }
        Ok(())
    }
}

fn push(kept: &mut Kept, rows: RecordBatch, facts: Vec<Facts>) {
    if rows.num_rows() > 0 {
        kept.batches.push(rows);
        kept.facts.push(facts);
    }
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

fn with_hidden(rows: &RecordBatch, first: u64, facts: &[Facts]) -> Result<RecordBatch, ArrowError> {
    let numbers = UInt64Array::from_iter_values((first..).take(rows.num_rows()));
    let facts: ArrayRef =
        Arc::new(UInt8Array::from_iter_values(facts.iter().map(|it| it.to_byte())));
    with_hidden_columns(&numbered(rows, numbers)?, &[(FACTS, facts)])
}

fn facts_of(batch: &RecordBatch) -> Vec<Facts> {
    batch.column_by_name(FACTS).map_or_else(Vec::new, |column| {
        column
            .as_primitive::<UInt8Type>()
            .values()
            .iter()
            .map(|byte| Facts::from_byte(*byte))
            .collect()
    })
}
