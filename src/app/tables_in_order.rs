//! The tables of the Activity Log from rows on disk, each in the order in which its rows would stand
//! in memory: rows in that of the input, attempts in that of time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_schema::SchemaRef;

use crate::app::error::Error;
use crate::app::spill::attempt_ids::AttemptIds;
use crate::app::spill::merge::Runs;
use crate::app::spill::rows::Spilled;
use crate::app::tables::{Made, Wishes, projected, shown_by, with_own_texts};
use crate::app::tables_others::Log;
use crate::fold::events::{Integers, Text, Times, with_columns};
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

fn unlocked<T>(shared: Mutex<T>) -> T {
    shared.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Rows on disk that were folded, to be read in their order.
#[derive(Debug)]
pub(crate) struct InOrder {
    spilled: Spilled,
    attempt_ids: AttemptIds,
    attempts: Runs<AttemptKey>,
    /// What policies take of their events.
    events: Vec<RecordBatch>,
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
            let events = PolicyEvents::new(&self.events);
            let joined = move |batch| events.joined(&batch).map_err(Error::Arrow);
            let policies = self.spilled.policies_in_order();
            return Box::new(policies.map(move |batch| cut(joined(batch?)?)));
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
}

impl Wishes {
    /// Makes the tables of the log, all of whose columns are wanted: rows are folded group by group,
    /// and read once more in their order when they are written.
    /// Memory: a group for each thread, and what policies take of their events.
    ///
    /// # Errors
    /// When a column outgrows Arrow's limits, or the temporary files cannot be written or read.
    pub(crate) fn make_in_order(
        &self,
        spilled: Spilled,
        log: &mut Log,
    ) -> Result<Vec<Made>, Error> {
        let reads_activity = log.reads_activity();
        let shared_log = Mutex::new(std::mem::take(log));
        let attempt_ids = Mutex::new(AttemptIds::new(spilled.row_count()));
        let attempts = Mutex::new(Runs::<AttemptKey>::new()?);
        let threads = rayon::current_num_threads();
        let events = spilled.each_group(threads, false, |_, group| {
            for shown in shown_by(&group.kept, reads_activity) {
                locked(&shared_log).activity(&shown)?;
            }
            let (kept, folded) = self.folded(group.kept).map_err(Error::Arrow)?;
            let events = self.policy_events(&kept, folded.as_ref()).map_err(Error::Arrow)?;
            let events = events.as_ref().map(with_own_texts).transpose().map_err(Error::Arrow)?;
            let Some(folded) = folded else { return Ok(events) };
            for (numbers, column) in group.numbers.iter().zip(&folded.attempt_ids) {
                let ids = column.as_string_view();
                locked(&attempt_ids).push(numbers, ids).map_err(Error::Spill)?;
            }
            locked(&shared_log).attempts(&folded.attempts)?;
            locked(&attempts).push(&folded.attempts, &attempt_keys(&folded.attempts))?;
            Ok(events)
        })?;
        *log = unlocked(shared_log);
        let log = Arc::new(InOrder {
            spilled,
            attempt_ids: unlocked(attempt_ids),
            attempts: unlocked(attempts),
            events: events.into_iter().flatten().collect(),
        });
        Ok([&ACTIVITY, &ACTIVITY_POLICY, &ATTEMPT].map(|it| Made::in_order(it, &log)).into())
    }
}
