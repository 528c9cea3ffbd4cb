//! What the rows of `activity_policy` take from their event and from the request behind it, so that
//! nobody has to join three tables to ask which policies spoke about whom.
//!
//! A policy event and the request that caused it are rows of their own (Policy category of
//! <https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema>), and either may tell
//! what the other does not. So each value is that of the event where it tells, else that of the attempt.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchOptions, StringViewArray, UInt32Array, new_null_array,
};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use foldhash::fast::FixedState;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::fold::attempt::Folded;
use crate::fold::build::texts_at;
use crate::fold::duplicate::Place;
use crate::fold::events::{Flags, Kept, Text};
use crate::schema::activity_policy::TABLE;
use crate::schema::numbered::plain;

/// A column of `activity_policy` that is made here, the column of `activity` and that of `attempt`.
const MADE: &[(&str, Option<&str>, Option<&str>)] = &[
    ("resource_name", Some("resource_name"), Some("resource_name")),
    ("resource_id", Some("resource_id"), Some("resource_id")),
    ("region", Some("region"), Some("region")),
    ("caller", Some("caller"), Some("caller")),
    ("principal_type", Some("principal_type"), Some("principal_type")),
    ("mfa", Some("mfa"), Some("mfa")),
    ("operation", Some("authorization_action"), Some("operation")),
    ("correlation_id", Some("correlation_id"), None),
    ("human_key", None, Some("user_key")),
];

/// Whether a column of `activity_policy` is made here.
pub(crate) fn is_made(name: &str) -> bool {
    MADE.iter().any(|(made, ..)| *made == name)
}

/// The columns of `activity_policy` that are read from records.
pub(crate) fn columns_read() -> impl Iterator<Item = &'static str> {
    TABLE.columns.iter().map(|column| column.name).filter(|name| !is_made(name))
}

/// Columns of `activity` that are read beside [`sources`].
pub(crate) const COLUMNS_READ: &[&str] = &["event_id", "is_policy_event"];

/// The columns of `activity` and those of `attempt` that the wanted ones are made of.
pub(crate) fn sources(wanted: impl Fn(&str) -> bool) -> (Vec<&'static str>, Vec<&'static str>) {
    let (mut events, mut attempts) = (Vec::new(), Vec::new());
    for (name, event, attempt) in MADE.iter().filter(|(name, ..)| wanted(name)) {
        events.extend(*event);
        attempts.extend(*attempt);
        attempts.extend((*name == "human_key").then_some("principal_type"));
    }
    (events, attempts)
}

/// The wanted columns of each policy event among `kept`, and its id.
///
/// # Errors
/// Only when a column outgrows Arrow's limits.
pub(crate) fn of_events(
    kept: &Kept,
    folded: Option<&Folded>,
    wanted: impl Fn(&str) -> bool,
) -> Result<RecordBatch, ArrowError> {
    let mut places: Vec<Option<Place>> = Vec::new();
    for (number, batch) in (0..).zip(&kept.batches) {
        let flags = Flags::of(batch, "is_policy_event");
        let rows = (0..).take(batch.num_rows());
        let own = rows.filter(|row: &u32| flags.is_true(*row as usize));
        places.extend(own.map(|row| Some((number, row))));
    }
    let behind: UInt32Array =
        places.iter().map(|place| folded?.attempt_behind((*place)?)).collect();
    let nothing: ArrayRef = new_null_array(&DataType::Utf8View, places.len());
    let of_attempts = |name: &str| match folded.and_then(|it| it.attempts.column_by_name(name)) {
        Some(column) => take(column, &behind, None),
        None => Ok(Arc::clone(&nothing)),
    };
    let made = |(name, event, attempt): &(&str, Option<&str>, Option<&str>)| {
        let event =
            event.map_or_else(|| Ok(Arc::clone(&nothing)), |it| texts_at(it, &places, kept))?;
        let attempt = attempt.map_or_else(|| Ok(Arc::clone(&nothing)), &of_attempts)?;
        let types = if *name == "human_key" {
            of_attempts("principal_type")?
        } else {
            Arc::clone(&nothing)
        };
        value(name, &event, &attempt, &types)
    };
    let asked: Vec<_> = MADE.iter().filter(|(name, ..)| wanted(name)).collect();
    let (ids, made) = rayon::join(
        || texts_at("event_id", &places, kept),
        || asked.par_iter().copied().map(made).collect::<Result<Vec<ArrayRef>, ArrowError>>(),
    );
    let columns = std::iter::once(ids?).chain(made?).collect();
    let names = std::iter::once("event_id").chain(asked.iter().map(|(name, ..)| *name));
    let fields: Vec<Field> = names.map(|name| Field::new(name, DataType::Utf8View, true)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(places.len()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

/// The texts of the event or of the attempt; `types` are the attempts' types of principal.
fn value(
    name: &str,
    event: &ArrayRef,
    attempt: &ArrayRef,
    types: &ArrayRef,
) -> Result<ArrayRef, ArrowError> {
    const EVENT: usize = 0;
    const ATTEMPT: usize = 1;
    const WORD: usize = 2;
    let word = match name {
        "principal_type" => Some("none"),
        "mfa" => Some("unknown"),
        _ => None,
    };
    let word = StringViewArray::from(vec![word]);
    let (event, attempt) = (&plain(event)?, &plain(attempt)?);
    let (events, attempts, types) = (Text::from(event), Text::from(attempt), Text::from(types));
    let choose = |row: usize| {
        let (event, attempt) = (events.get(row), attempts.get(row));
        let known = if attempt.is_some() { (ATTEMPT, row) } else { (WORD, 0) };
        match (name, event) {
            ("human_key", _) if types.get(row) != Some("user") => (WORD, 0),
            ("principal_type", Some("unknown" | "none")) if attempt.is_some() => known,
            ("mfa", Some("unknown")) | (_, None) => known,
            (_, Some(_)) => (EVENT, row),
        }
    };
    let chosen: Vec<(usize, usize)> = (0..event.len()).map(choose).collect();
    interleave(&[event.as_ref(), attempt.as_ref(), &word], &chosen)
}

/// What [`of_events`] gave, by the ids of the events.
#[derive(Debug)]
pub(crate) struct PolicyEvents<'a> {
    batches: &'a [RecordBatch],
    place_of: HashMap<&'a str, (usize, usize), FixedState>,
}

impl<'a> PolicyEvents<'a> {
    pub(crate) fn new(batches: &'a [RecordBatch]) -> Self {
        let count = batches.iter().map(RecordBatch::num_rows).sum();
        let mut place_of = HashMap::with_capacity_and_hasher(count, FixedState::default());
        for (number, batch) in batches.iter().enumerate() {
            let ids = Text::of(batch, "event_id");
            for row in 0..batch.num_rows() {
                if let Some(id) = ids.get(row) {
                    place_of.entry(id).or_insert((number + 1, row));
                }
            }
        }
        Self { batches, place_of }
    }

    /// Rows of `activity_policy` with what their events and the requests behind them say.
    ///
    /// # Errors
    /// Only when a column outgrows Arrow's limits.
    pub(crate) fn joined(&self, policies: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let Some(first) = self.batches.first() else { return Ok(policies.clone()) };
        let ids = Text::of(policies, "event_id");
        let place = |row| ids.get(row).and_then(|id| self.place_of.get(id)).copied();
        let places: Vec<(usize, usize)> =
            (0..policies.num_rows()).map(|row| place(row).unwrap_or_default()).collect();
        let nothing: ArrayRef = new_null_array(&DataType::Utf8View, 1);
        let mut columns = policies.columns().to_vec();
        let mut fields = policies.schema_ref().fields().to_vec();
        for (index, field) in first.schema_ref().fields().iter().enumerate().skip(1) {
            let own = self.batches.iter().map(|batch| batch.column(index).as_ref());
            let sources: Vec<&dyn Array> = std::iter::once(nothing.as_ref()).chain(own).collect();
            columns.push(interleave(&sources, &places)?);
            fields.push(Arc::clone(field));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(policies.num_rows()));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
    }
}
