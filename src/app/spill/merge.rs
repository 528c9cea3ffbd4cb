//! Reading blocks back in the order of a key, where each block is in that order by itself.

use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;
use std::vec::IntoIter;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Field, Schema};
use arrow_select::interleave::interleave_record_batch;

use crate::app::error::Error;
use crate::app::spill::blocks::{Blocks, encoded};
use crate::fold::held::gathered;
use crate::schema::numbered::plain;

/// Rows that are handed on together.
const BATCH_ROWS: usize = 8 << 10;

/// Rows of a block, where rows are cut into blocks for merging: each that is being read is in memory.
const BLOCK_ROWS: usize = 512;

/// A block that is being read.
struct Open<K> {
    /// Its place among all.
    number: usize,
    batch: RecordBatch,
    keys: Vec<K>,
    /// Its first row that was not handed on.
    next: usize,
}

/// The rows of all blocks in the order of their keys, batch by batch; rows of the same key in the
/// order of their blocks. Ends after the first error.
/// Memory: the blocks that lie across one key, and a batch.
pub(crate) struct Merged<'a, K, F> {
    blocks: &'a Blocks,
    /// The first and the last key of each block.
    ends: &'a [(K, K)],
    /// Gives the keys of the rows of a block.
    keys_of: F,
    /// Numbers of the blocks that were not opened, in the order of their first keys.
    waiting: Peekable<IntoIter<usize>>,
    open: Vec<Open<K>>,
    /// Rows that come next, by place among those blocks and row; how many of them were handed on.
    due: Vec<(usize, usize)>,
    taken: usize,
}

impl<'a, K: Ord + Clone, F: Fn(&RecordBatch) -> Vec<K>> Merged<'a, K, F> {
    pub(crate) fn new(blocks: &'a Blocks, ends: &'a [(K, K)], keys_of: F) -> Self {
        let mut waiting: Vec<usize> = (0..ends.len()).collect();
        waiting.sort_by(|left, right| ends[*left].0.cmp(&ends[*right].0));
        let waiting = waiting.into_iter().peekable();
        Self { blocks, ends, keys_of, waiting, open: Vec::new(), due: Vec::new(), taken: 0 }
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, ArrowError> {
        if self.taken == self.due.len() {
            self.find_due()?;
        }
        let due = &self.due[self.taken..];
        let due = &due[..due.len().min(BATCH_ROWS)];
        self.taken += due.len();
        if due.is_empty() { Ok(None) } else { rows_at(&self.open, due).map(Some) }
    }

    /// Finds the rows up to the key with which a block ends: all of them are in blocks that are open.
    fn find_due(&mut self) -> Result<(), ArrowError> {
        self.open.retain(|block| block.next < block.keys.len());
        self.due.clear();
        self.taken = 0;
        let end = loop {
            let end = self.open.iter().filter_map(|block| block.keys.last()).min();
            let is_due = |number: &usize| end.is_none_or(|end| self.ends[*number].0 <= *end);
            let Some(number) = self.waiting.next_if(is_due) else { break end.cloned() };
            for batch in self.blocks.read(&self.blocks.all()[number])? {
                let keys = (self.keys_of)(&batch);
                self.open.push(Open { number, batch, keys, next: 0 });
            }
        };
        let Some(end) = end else { return Ok(()) };
        for (place, block) in self.open.iter_mut().enumerate() {
            let rows = block.keys[block.next..].iter().take_while(|key| **key <= end).count();
            self.due.extend((block.next..block.next + rows).map(|row| (place, row)));
            block.next += rows;
        }
        let open = &self.open;
        let key = |(place, row): (usize, usize)| (&open[place].keys[row], open[place].number);
        self.due.sort_by(|left, right| key(*left).cmp(&key(*right)));
        Ok(())
    }
}

impl<K: Ord + Clone, F: Fn(&RecordBatch) -> Vec<K>> Iterator for Merged<'_, K, F> {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_batch().map_err(Error::Arrow).transpose();
        if matches!(next, Some(Err(_))) {
            self.waiting = Vec::new().into_iter().peekable();
            self.open.clear();
            self.due.clear();
            self.taken = 0;
        }
        next
    }
}

/// The rows at some places, in their order, with the texts of the blocks they come from. Those of a
/// block are neighbours.
fn rows_at<K>(open: &[Open<K>], due: &[(usize, usize)]) -> Result<RecordBatch, ArrowError> {
    let mut rows_of: Vec<Option<Range<usize>>> = vec![None; open.len()];
    for (block, row) in due {
        rows_of[*block].get_or_insert(*row..*row).end = row + 1;
    }
    let (mut batches, mut place_of) = (Vec::new(), vec![(0, 0); open.len()]);
    for (block, rows) in rows_of.iter().enumerate() {
        if let Some(rows) = rows {
            place_of[block] = (batches.len(), rows.start);
            batches.push(with_texts(&open[block].batch.slice(rows.start, rows.len()))?);
        }
    }
    let place = |(block, row): &(usize, usize)| (place_of[*block].0, row - place_of[*block].1);
    let places: Vec<(usize, usize)> = due.iter().map(place).collect();
    interleave_record_batch(&batches.iter().collect::<Vec<_>>(), &places)
}

/// The batch with texts in place of their numbers.
fn with_texts(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(plain).collect::<Result<Vec<_>, _>>()?;
    let fields = batch.schema_ref().fields().iter().zip(&columns);
    let fields = fields
        .map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<Field>>())), columns)
}

/// Rows on disk that come in runs, each in the order of a key.
#[derive(Debug)]
pub(crate) struct Runs<K> {
    blocks: Blocks,
    ends: Vec<(K, K)>,
}

impl<K: Ord + Clone> Runs<K> {
    /// # Errors
    /// When the temporary file cannot be made.
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self { blocks: Blocks::new().map_err(Error::Spill)?, ends: Vec::new() })
    }

    /// Adds a run and the keys of its rows.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn push(&mut self, run: &RecordBatch, keys: &[K]) -> Result<(), Error> {
        let run = std::slice::from_ref(run);
        for (keys, start) in keys.chunks(BLOCK_ROWS).zip((0..).step_by(BLOCK_ROWS)) {
            let places: Vec<(usize, usize)> =
                (start..).take(keys.len()).map(|row| (0, row)).collect();
            let rows = gathered(run, &places).map_err(Error::Arrow)?;
            let bytes = encoded(&[rows]).map_err(Error::Arrow)?;
            if let [first, .., last] | [first @ last] = keys {
                self.ends.push((first.clone(), last.clone()));
                self.blocks.push(0, &bytes).map_err(Error::Spill)?;
            }
        }
        Ok(())
    }

    /// All rows in the order of their keys, which `keys_of` gives again.
    pub(crate) fn rows<F: Fn(&RecordBatch) -> Vec<K>>(&self, keys_of: F) -> Merged<'_, K, F> {
        Merged::new(&self.blocks, &self.ends, keys_of)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{ArrayRef, Int64Array, RecordBatch};
    use proptest::prelude::proptest;

    use super::{BLOCK_ROWS, Runs};

    fn batch(keys: &[i64], marks: &[i64]) -> RecordBatch {
        let column = |values: &[i64]| Arc::new(Int64Array::from(values.to_vec())) as ArrayRef;
        RecordBatch::try_from_iter([("key", column(keys)), ("mark", column(marks))]).unwrap()
    }

    fn values(batch: &RecordBatch, column: usize) -> Vec<i64> {
        batch.column(column).as_primitive::<Int64Type>().values().to_vec()
    }

    fn check(runs: &[Vec<i64>]) {
        let mut on_disk = Runs::new().unwrap();
        let (mut expected, mut mark) = (Vec::new(), 0);
        for run in runs {
            let mut keys = run.clone();
            keys.sort_unstable();
            let marks: Vec<i64> = (mark..).take(keys.len()).collect();
            mark += 1_000_000;
            on_disk.push(&batch(&keys, &marks), &keys).unwrap();
            expected.extend(keys.into_iter().zip(marks));
        }
        expected.sort_by_key(|(key, _)| *key);
        let mut found = Vec::new();
        let keys_of = |batch: &RecordBatch| values(batch, 0);
        for batch in on_disk.rows(keys_of) {
            let batch = batch.unwrap();
            found.extend(values(&batch, 0).into_iter().zip(values(&batch, 1)));
        }
        assert_eq!(found, expected);
    }

    proptest! {
        #[test]
        fn runs_are_read_back_as_one(
            runs in proptest::collection::vec(
                proptest::collection::vec(0_i64..50, 0..40), 0..6,
            ),
        ) {
            check(&runs);
        }
    }

    #[test]
    fn long_runs_are_read_back_block_by_block() {
        let rows = i64::try_from(BLOCK_ROWS).unwrap() * 3 + 7;
        check(&[
            (0..rows).collect(),
            (rows / 2..rows).collect(),
            (0..rows).rev().step_by(5).collect(),
        ]);
    }
}
