//! The rows of a table other than `activity` that wait for the end of the input, in their order: in
//! memory, or on disk where they do not fit.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch, UInt64Array};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::app::error::Error;
use crate::app::spill::blocks::{Blocks, encoded};
use crate::app::spill::numbered::{numbered, numbers_of, whole, without};
use crate::extract::identity::hash;
use crate::fold::events::{Text, Times};
use crate::fold::held::{Held, SEGMENT_ROWS};

/// Batches that are made at the same time, for each thread.
const BATCHES_PER_THREAD: usize = 2;

/// Rows that are still coming.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    held: Held,
    disk: Option<Blocks>,
    marks: Vec<Mark>,
}

/// What is known of a block without reading it: the smallest and the largest number of its rows, and
/// their first and last time.
#[derive(Debug)]
struct Mark {
    numbers: (u64, u64),
    span: Option<(i64, i64)>,
}

impl Mark {
    fn of(batch: &RecordBatch) -> Self {
        let numbers = || numbers_of(batch).iter().copied();
        let ends = numbers().min().zip(numbers().max());
        Self { numbers: ends.unwrap_or_default(), span: span(batch) }
    }

    fn has_any_of(&self, sorted: &[u64]) -> bool {
        let from = sorted.partition_point(|number| *number < self.numbers.0);
        sorted.get(from).is_some_and(|number| *number <= self.numbers.1)
    }
}

impl Waiting {
    /// Memory of the rows once their texts are texts again, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.held.plain_bytes()
    }

    /// Takes rows and the number of each, by which they are dropped.
    ///
    /// # Errors
    /// Only when a column outgrows Arrow's limits.
    pub(crate) fn push(
        &mut self,
        rows: &RecordBatch,
        numbers: UInt64Array,
    ) -> Result<(), ArrowError> {
        self.held.push(&numbered(rows, numbers)?);
        if self.held.open_rows() >= SEGMENT_ROWS { self.held.close() } else { Ok(()) }
    }

    /// Moves the rows in memory to disk.
    ///
    /// # Errors
    /// When the temporary file cannot be made or written.
    pub(crate) fn leave(&mut self) -> Result<(), Error> {
        let batches = self.held.take().map_err(Error::Arrow)?;
        if batches.is_empty() {
            return Ok(());
        }
        let disk = match &mut self.disk {
            Some(disk) => disk,
            none => none.insert(Blocks::new().map_err(Error::Spill)?),
        };
        self.marks.extend(batches.iter().map(Mark::of));
        for batches in batches.chunks(together()) {
            let blocks: Vec<Vec<u8>> = batches
                .par_iter()
                .map(|batch| encoded(&[whole(batch)?]).map_err(Error::Arrow))
                .collect::<Result<_, Error>>()?;
            for bytes in blocks {
                disk.push(0, &bytes).map_err(Error::Spill)?;
            }
        }
        Ok(())
    }

    /// The rows, without those whose numbers are in `dropped`.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn finish(mut self, dropped: &Arc<[u64]>) -> Result<TableRows, Error> {
        if self.disk.is_some() {
            self.leave()?;
        }
        let stored = if let Some(blocks) = self.disk {
            Stored::Disk { blocks, marks: self.marks, dropped: Arc::clone(dropped) }
        } else {
            let batches = self.held.take().map_err(Error::Arrow)?.into_iter();
            let kept = batches.map(|batch| without(batch, dropped));
            let kept = kept.filter(|batch| batch.as_ref().map_or(true, |it| it.num_rows() > 0));
            Stored::Memory(kept.collect::<Result<_, _>>().map_err(Error::Arrow)?)
        };
        Ok(TableRows { sources: vec![Source { stored, ids: None }] })
    }
}

/// How many batches are made at the same time.
fn together() -> usize {
    BATCHES_PER_THREAD * rayon::current_num_threads()
}

/// The rows of a table that are left, in input order. Batches have the number of each row beside
/// their columns; texts may be numbered, see [`crate::schema::numbered::plain`].
#[derive(Debug, Default)]
pub(crate) struct TableRows {
    sources: Vec<Source>,
}

/// Rows of one origin.
#[derive(Debug)]
struct Source {
    stored: Stored,
    /// Hashes of the ids of which one has to be a row's `event_id`, if not any may.
    ids: Option<HashSet<u128>>,
}

/// Where rows are.
#[derive(Debug)]
enum Stored {
    Memory(Vec<RecordBatch>),
    Disk { blocks: Blocks, marks: Vec<Mark>, dropped: Arc<[u64]> },
}

/// A batch of a source.
struct Unit<'a> {
    source: &'a Source,
    number: usize,
}

impl Unit<'_> {
    fn batches(&self) -> Result<Vec<RecordBatch>, ArrowError> {
        let batches = match &self.source.stored {
            Stored::Memory(batches) => batches.get(self.number).cloned().into_iter().collect(),
            Stored::Disk { blocks, dropped, .. } => {
                let batches = match blocks.all().get(self.number) {
                    Some(block) => blocks.read(block)?,
                    None => Vec::new(),
                };
                let kept = batches.into_iter().map(|batch| without(batch, dropped));
                kept.collect::<Result<Vec<RecordBatch>, ArrowError>>()?
            }
        };
        let Some(known) = &self.source.ids else { return Ok(batches) };
        let only = |batch: RecordBatch| {
            let ids = Text::of(&batch, "event_id");
            let is_known = |id: &str| known.contains(&hash(id.as_bytes()));
            let keep: BooleanArray =
                (0..batch.num_rows()).map(|row| Some(ids.get(row).is_some_and(is_known))).collect();
            filter_record_batch(&batch, &keep)
        };
        batches.into_iter().map(only).collect()
    }

    /// First and last time of its rows.
    fn span(&self) -> Result<Option<(i64, i64)>, ArrowError> {
        if let Stored::Disk { marks, dropped, .. } = &self.source.stored
            && let Some(mark) = marks.get(self.number)
            && !mark.has_any_of(dropped)
        {
            return Ok(mark.span);
        }
        Ok(self.batches()?.iter().map(span).fold(None, wider))
    }
}

impl TableRows {
    /// These rows, then those of others whose `event_id` has one of some hashes.
    pub(crate) fn chain(mut self, others: Self, ids: HashSet<u128>) -> Self {
        let stored = others.sources.into_iter().map(|source| source.stored).next();
        self.sources.extend(stored.map(|stored| Source { stored, ids: Some(ids) }));
        self
    }

    /// Whether some of the rows are on disk.
    pub(crate) fn is_on_disk(&self) -> bool {
        self.sources.iter().any(|source| matches!(source.stored, Stored::Disk { .. }))
    }

    /// Hands every batch to `make`, several at once, and what it gives to `take`, in their order.
    ///
    /// # Errors
    /// Those of `make` and `take`, and when the temporary file cannot be read.
    pub(crate) fn each<T: Send>(
        &self,
        make: impl Fn(RecordBatch) -> Result<T, Error> + Sync,
        mut take: impl FnMut(T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        for units in self.units().chunks(together()) {
            let made: Vec<Vec<T>> = units
                .par_iter()
                .map(|unit| unit.batches().map_err(Error::Arrow)?.into_iter().map(&make).collect())
                .collect::<Result<_, Error>>()?;
            made.into_iter().flatten().try_for_each(&mut take)?;
        }
        Ok(())
    }

    fn units<'s>(&'s self) -> Vec<Unit<'s>> {
        let of = |source: &'s Source| {
            let count = match &source.stored {
                Stored::Memory(batches) => batches.len(),
                Stored::Disk { blocks, .. } => blocks.all().len(),
            };
            (0..count).map(move |number| Unit { source, number })
        };
        self.sources.iter().flat_map(of).collect()
    }

    /// First and last time of the rows.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub(crate) fn span(&self) -> Result<Option<(i64, i64)>, Error> {
        let units = self.units();
        let spans = units.iter().map(Unit::span).collect::<Result<Vec<_>, ArrowError>>();
        Ok(spans.map_err(Error::Arrow)?.into_iter().fold(None, wider))
    }

    /// All rows at once.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub(crate) fn batches(&self) -> Result<Vec<RecordBatch>, Error> {
        let mut all = Vec::new();
        self.each(Ok, |batch| {
            all.push(batch);
            Ok(())
        })?;
        Ok(all)
    }
}

/// First and last event time of some rows.
pub(crate) fn span(rows: &RecordBatch) -> Option<(i64, i64)> {
    let times = Times::of(rows, "event_time");
    let all = || (0..rows.num_rows()).filter_map(|row| times.get(row));
    all().min().zip(all().max())
}

/// The span of both.
pub(crate) fn wider(one: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}
