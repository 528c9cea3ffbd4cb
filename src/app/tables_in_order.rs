//! The tables of the Activity Log from rows on disk, each in the order in which its rows would stand
//! in memory: rows in that of the input, attempts in that of time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_schema::{ArrowError, SchemaRef};

use crate::app::error::Error;
use crate::app::shared::{locked, unlocked};
use crate::app::spill::attempt_ids::AttemptIds;
use crate::app::spill::merge::Runs;
use crate::app::spill::numbered::{numbered, numbers_of, without_hidden};
use crate::app::spill::rows::Spilled;
use crate::app::tables::{Made, Wishes, projected, shown_by};
use crate::app::tables_others::Log;
use crate::fold::events::{Flags, Integers, Kept, Text, Times, with_columns};
use crate::fold::held::gathered;
use crate::fold::policy_event::PolicyEvents;
use crate::schema::Table;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::activity_policy::TABLE as ACTIVITY_POLICY;
use crate::schema::attempt::TABLE as ATTEMPT;

/// What attempts are in the order of: time, whether only policy events tell of it, id.
type AttemptKey = (Option<i64>, bool, String);

fn attempt_keys(attempts: &RecordBatch) -> Vec<AttemptKey> {
    let (times, ids) = (Times::of(attempts, "first_time"), Text::of(attempts, "event_id"));
    // Other attempts have events of their own.
    let events = Integers::of(attempts, "event_count");
    let key = |row| {
        let id = ids.get(row).unwrap_or_default().to_owned();
        (times.get(row), events.get(row) == Some(0), id)
    };
    (0..attempts.num_rows()).map(key).collect()
}

/// Rows on disk that were folded, to be read in their order.
#[derive(Debug)]
pub(crate) struct InOrder {
    spilled: Spilled,
    attempt_ids: AttemptIds,
    attempts: Runs<AttemptKey>,
    /// What policies take of their events, by the numbers of these.
    events: Runs<u64>,
}

impl InOrder {
    /// The rows of a table, which is one of the Activity Log's.
    pub(crate) fn rows<'a>(
        &'a self,
        table: &Table,
        schema: &'a SchemaRef,
    ) -> Box<dyn Iterator<Item = Result<RecordBatch, Error>> + 'a> {
        let cut = |batch: RecordBatch| projected(&batch, schema).map_err(Error::Arrow);
        if table.name == ACTIVITY_POLICY.name {
            let mut events = self.events();
            return Box::new(self.spilled.policies_in_order().map(move |batch| {
                let (batch, numbers) = batch?;
                let events = events.of(&numbers)?;
                cut(PolicyEvents::new(&events).joined(&batch).map_err(Error::Arrow)?)
            }));
        }
        if table.name == ATTEMPT.name {
            return Box::new(self.attempts.rows(attempt_keys).map(move |batch| cut(batch?)));
        }
        let mut ids = self.attempt_ids.reader();
        Box::new(self.spilled.rows_in_order().map(move |batch| {
            let (batch, numbers) = batch?;
            let column = ids.column(&numbers).map_err(Error::Spill)?;
            cut(with_columns(&batch, &[("attempt_id", column)]).map_err(Error::Arrow)?)
        }))
    }

    fn events(&self) -> Events<impl Iterator<Item = Result<RecordBatch, Error>>> {
        let coming = self.events.rows(|batch| numbers_of(batch).to_vec());
        Events { coming, held: VecDeque::new(), keeps_all: !self.spilled.is_in_parts() }
    }
}

/// What policies take of their events, as far as it is needed at a time.
struct Events<I> {
    coming: I,
    /// With the number of the last event of each.
    held: VecDeque<(u64, RecordBatch)>,
    /// Whether some policies know their events by id only: those come last, and their events anywhere.
    keeps_all: bool,
}

impl<I: Iterator<Item = Result<RecordBatch, Error>>> Events<I> {
    /// That of the policies of events with these numbers, which only grow from call to call.
    fn of(&mut self, numbers: &[u64]) -> Result<Vec<RecordBatch>, Error> {
        let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else {
            return Ok(Vec::new());
        };
        while self.held.back().is_none_or(|(held, _)| held < last)
            && let Some(batch) = self.coming.next().transpose()?
        {
            let number = numbers_of(&batch).last().copied().unwrap_or_default();
            self.held.push_back((number, without_hidden(&batch).map_err(Error::Arrow)?));
        }
        while !self.keeps_all
            && self.held.len() > 1
            && self.held.front().is_some_and(|(held, _)| held < first)
        {
            self.held.pop_front();
        }
        Ok(self.held.iter().map(|(_, batch)| batch.clone()).collect())
    }
}

/// The numbers of the policy events of some rows, in the order of the rows.
fn numbers_of_policy_events(kept: &Kept, numbers: &[Vec<u64>]) -> Vec<u64> {
    let of = |(batch, numbers): (&RecordBatch, &Vec<u64>)| {
        let flags = Flags::of(batch, "is_policy_event");
        let rows = numbers.iter().enumerate().filter(|(row, _)| flags.is_true(*row));
        rows.map(|(_, number)| *number).collect::<Vec<u64>>()
    };
    kept.batches.iter().zip(numbers).flat_map(of).collect()
}

/// Some rows in the order of their numbers, and these.
fn sorted(rows: &RecordBatch, numbers: &[u64]) -> Result<(RecordBatch, Vec<u64>), ArrowError> {
    let mut order: Vec<(u64, usize)> = numbers.iter().copied().zip(0..).collect();
    order.sort_unstable();
    let places: Vec<(usize, usize)> = order.iter().map(|(_, row)| (0, *row)).collect();
    let keys: Vec<u64> = order.into_iter().map(|(number, _)| number).collect();
    let rows = numbered(rows, numbers.to_vec().into())?;
    Ok((gathered(std::slice::from_ref(&rows), &places)?, keys))
}

impl Wishes {
    /// Makes the tables of the log, all of whose columns are wanted: rows are folded group by group,
    /// and read once more in their order when they are written.
    /// Memory: a group for each thread.
    ///
    /// # Errors
    /// When a column outgrows Arrow's limits, or the temporary files cannot be written or read.
    pub(crate) fn make_in_order(
        &self,
        spilled: Spilled,
        log: &mut Log,
    ) -> Result<Vec<Made>, Error> {
        let reads_activity = log.reads_activity();
        let schema = Arc::new(ATTEMPT.arrow_schema(|_| true));
        let shared_log = Mutex::new(std::mem::take(log));
        let attempt_ids = Mutex::new(AttemptIds::new(spilled.row_count()));
        let attempts = Mutex::new(Runs::<AttemptKey>::new()?);
        let events = Mutex::new(Runs::<u64>::new()?);
        spilled.each_group(rayon::current_num_threads(), false, usize::MAX, |_, group| {
            for shown in shown_by(&group.kept, reads_activity) {
                locked(&shared_log).activity(&shown)?;
            }
            let (kept, folded) = self.folded(group.kept).map_err(Error::Arrow)?;
            if let Some(taken) = self.policy_events(&kept, folded.as_ref()).map_err(Error::Arrow)? {
                let numbers = numbers_of_policy_events(&kept, &group.numbers);
                let (taken, numbers) = sorted(&taken, &numbers).map_err(Error::Arrow)?;
                locked(&events).push(&taken, &numbers)?;
            }
            let Some(folded) = folded else { return Ok(()) };
            for (numbers, column) in group.numbers.iter().zip(&folded.attempt_ids) {
                let ids = column.as_string_view();
                locked(&attempt_ids).push(numbers, ids).map_err(Error::Spill)?;
            }
            locked(&shared_log).attempts(&folded.attempts)?;
            let made = projected(&folded.attempts, &schema).map_err(Error::Arrow)?;
            locked(&attempts).push(&made, &attempt_keys(&made))
        })?;
        *log = unlocked(shared_log);
        let log = Arc::new(InOrder {
            spilled,
            attempt_ids: unlocked(attempt_ids),
            attempts: unlocked(attempts),
            events: unlocked(events),
        });
        Ok([&ACTIVITY, &ACTIVITY_POLICY, &ATTEMPT].map(|it| Made::in_order(it, &log)).into())
    }
}
