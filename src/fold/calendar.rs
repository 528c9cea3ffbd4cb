//! The days of the data, so that a day without data shows as a hole and not as a quiet day.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Int64Array, RecordBatch};
use arrow_schema::ArrowError;

use crate::fold::events::Times;
use crate::schema::calendar::TABLE;
use crate::time::day_of;

/// Days that the calendar fills in; a longer span lists only the days that have events.
pub const DAYS_MAX: i32 = 3_660;

/// Events by day.
#[derive(Debug, Clone, Default)]
pub struct Days(BTreeMap<i32, i64>);

impl Days {
    /// Counts an event.
    pub fn add(&mut self, time: i64) {
        *self.0.entry(day_of(time)).or_default() += 1;
    }

    /// Counts the events of some batches.
    pub fn add_all(&mut self, batches: &[RecordBatch]) {
        for batch in batches {
            let times = Times::of(batch, "event_time");
            (0..batch.num_rows()).filter_map(|row| times.get(row)).for_each(|time| self.add(time));
        }
    }
}

/// The table `calendar` over the days of some events, and whether holes were left out.
///
/// # Errors
/// None in practice: both columns have the same length.
pub fn calendar(Days(mut events): Days) -> Result<(RecordBatch, bool), ArrowError> {
    let span = events.first_key_value().zip(events.last_key_value());
    let is_short =
        span.is_some_and(|((first, _), (last, _))| last.saturating_sub(*first) < DAYS_MAX);
    if let (Some(((first, _), (last, _))), true) = (span, is_short) {
        for day in *first..=*last {
            events.entry(day).or_insert(0);
        }
    }
    let days: ArrayRef = Arc::new(Date32Array::from_iter_values(events.keys().copied()));
    let counts: ArrayRef = Arc::new(Int64Array::from_iter_values(events.values().copied()));
    let left_out = !events.is_empty() && !is_short;
    let schema = Arc::new(TABLE.arrow_schema(|_| true));
    Ok((RecordBatch::try_new(schema, vec![days, counts])?, left_out))
}
