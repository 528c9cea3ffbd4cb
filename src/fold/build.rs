//! The table `attempt`, and the column `attempt_id` of `activity`, from attempts.
//!
//! Most columns are those of one row of the attempt: their texts are shared, not copied, and have the
//! numbers that those of the rows have.

use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Int64Array, PrimitiveArray, RecordBatch,
    StringViewArray, UInt32Array, new_null_array,
};
use arrow_schema::{ArrowError, DataType};
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::fold::attempt::{Attempt, Part, source_column};
use crate::fold::duplicate::Place;
use crate::fold::event::Names;
use crate::fold::events::{Kept, Text};
use crate::mfa::principal::Principal;
use crate::schema::attempt::TABLE;
use crate::schema::numbered::{is_same, numbers_none, of_columns};

type Ordered<'p> = [(&'p Part, &'p Attempt)];

/// The wanted columns of the table, a row per attempt, in order; texts may be numbered.
pub(crate) fn build(
    order: &Ordered<'_>,
    kept: &Kept,
    wanted: &(impl Fn(&str) -> bool + Sync),
) -> Result<RecordBatch, ArrowError> {
    let schema = TABLE.arrow_schema(wanted);
    let claims: Vec<Option<Place>> =
        order.iter().map(|(_, attempt)| Some(attempt.claims)).collect();
    let columns = schema
        .fields()
        .par_iter()
        .map(|field| column(field.name(), order, &claims, kept))
        .collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
    of_columns(&schema, columns, order.len())
}

fn column(
    name: &str,
    order: &Ordered<'_>,
    claims: &[Option<Place>],
    kept: &Kept,
) -> Result<ArrayRef, ArrowError> {
    let attempts = || order.iter().map(|(_, attempt)| *attempt);
    let words = |word: fn(&Attempt) -> &'static str| -> ArrayRef {
        Arc::new(StringViewArray::from_iter_values(attempts().map(word)))
    };
    let integers = |value: fn(&Attempt) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(attempts().map(value)))
    };
    let instants = |value: fn(&Attempt) -> i64| -> ArrayRef {
        let array: PrimitiveArray<TimestampMicrosecondType> =
            PrimitiveArray::from_iter_values(attempts().map(value));
        Arc::new(array.with_timezone("UTC"))
    };
    let flags = |value: fn(&Attempt) -> bool| -> ArrayRef {
        Arc::new(attempts().map(|attempt| Some(value(attempt))).collect::<BooleanArray>())
    };
    Ok(match name {
        "attempt_id" => ids(order, kept)?,
        "event_id" => {
            let first: Vec<Option<Place>> = attempts().map(|attempt| Some(attempt.place)).collect();
            texts_at("event_id", &first, kept)?
        }
        "first_time" => instants(|attempt| attempt.first_time),
        "last_time" => instants(|attempt| attempt.last_time),
        "event_count" => integers(|attempt| i64::try_from(attempt.rows.len()).unwrap_or(i64::MAX)),
        "outcome" => words(|attempt| attempt.outcome),
        "mfa_audited" => flags(|attempt| attempt.audits > 0),
        "mfa_denied" => flags(|attempt| attempt.denies > 0),
        "policy_audits" => integers(|attempt| i64::from(attempt.audits)),
        "policy_denies" => integers(|attempt| i64::from(attempt.denies)),
        "is_application" => {
            let types: Vec<Text<'_>> =
                kept.batches.iter().map(|batch| Text::of(batch, "principal_type")).collect();
            let is_application = |(batch, row): Place| {
                let name = types[batch as usize].get(row as usize);
                name.is_some_and(Principal::is_application)
            };
            let flags = attempts().map(|attempt| Some(is_application(attempt.claims)));
            Arc::new(flags.collect::<BooleanArray>())
        }
        "user_key" => {
            first_of(&["caller_oid", "caller_upn", "caller"].map(|name| (name, claims)), kept)?
        }
        "operation" => {
            let of_requests: Vec<Option<Place>> =
                attempts().map(|attempt| (!attempt.is_evidence).then_some(attempt.place)).collect();
            let of_policies: Vec<Option<Place>> =
                attempts().map(|attempt| attempt.is_evidence.then_some(attempt.place)).collect();
            first_of(&[("operation", &of_requests), ("authorization_action", &of_policies)], kept)?
        }
        "operation_class" => words(|attempt| attempt.class.name()),
        "error_code" | "error_message" => first_row_with(name, order, kept, false)?,
        // Only policy events say where a resource is.
        "region" => first_row_with(name, order, kept, true)?,
        name => source_column(name).map_or_else(
            || Ok(new_null_array(&DataType::Utf8View, order.len())),
            |source| texts_at(source, claims, kept),
        )?,
    })
}

/// The texts of a column at some places.
pub(crate) fn texts_at(
    name: &str,
    places: &[Option<Place>],
    kept: &Kept,
) -> Result<ArrayRef, ArrowError> {
    first_of(&[(name, places)], kept)
}

/// At each place the first text that one of the columns has there.
fn first_of(columns: &[(&str, &[Option<Place>])], kept: &Kept) -> Result<ArrayRef, ArrowError> {
    let rows = columns.first().map_or(0, |(_, places)| places.len());
    let mut sources = Sources::default();
    let texts: Vec<Vec<(Text<'_>, usize)>> =
        columns.iter().map(|(name, _)| sources.column(name, kept)).collect();
    let found = |row: usize| {
        columns.iter().zip(&texts).find_map(|((_, places), texts)| {
            let (batch, at) = places[row]?;
            let (text, number) = texts[batch as usize];
            let (texts, at) = text.place(at as usize)?;
            texts.is_valid(at).then_some((number, at))
        })
    };
    if let [texts] = sources.arrays[..] {
        let at = |row| found(row).and_then(|(_, at)| u32::try_from(at).ok());
        if sources.are_numbered {
            let numbers = UInt32Array::from_iter_values((0..rows).map(|row| at(row).unwrap_or(0)));
            return Ok(Arc::new(DictionaryArray::try_new(numbers, Arc::new(texts.clone()))?));
        }
        return take(texts, &(0..rows).map(at).collect::<UInt32Array>(), None);
    }
    let indices: Vec<(usize, usize)> =
        (0..rows).map(|row| found(row).unwrap_or_default()).collect();
    let nothing: ArrayRef = new_null_array(&DataType::Utf8View, 1);
    interleave(&sources.after(&nothing), &indices)
}

/// The arrays that texts are taken from. Batches whose texts are numbered share one.
struct Sources<'a> {
    arrays: Vec<&'a StringViewArray>,
    /// Whether all texts are numbered, and number 0 is none at all.
    are_numbered: bool,
}

impl Default for Sources<'_> {
    fn default() -> Self {
        Self { arrays: Vec::new(), are_numbered: true }
    }
}

impl<'a> Sources<'a> {
    /// A column of every batch, and the number of the array of its texts.
    fn column(&mut self, name: &str, kept: &'a Kept) -> Vec<(Text<'a>, usize)> {
        let column = kept.batches.iter().map(|batch| {
            let text = Text::of(batch, name);
            let Some(texts) = text.texts() else { return (text, 0) };
            self.are_numbered &= text.numbered().is_some_and(numbers_none);
            if !self.arrays.last().is_some_and(|last| is_same(last, texts)) {
                self.arrays.push(texts);
            }
            (text, self.arrays.len())
        });
        column.collect()
    }

    /// The arrays after one for number 0.
    fn after<'s>(&self, first: &'s dyn Array) -> Vec<&'s dyn Array>
    where
        'a: 's,
    {
        let others = self.arrays.iter().map(|array| *array as &dyn Array);
        std::iter::once(first).chain(others).collect()
    }
}

/// The text of the first row of each attempt that has one.
fn first_row_with(
    name: &str,
    order: &Ordered<'_>,
    kept: &Kept,
    asks_policies: bool,
) -> Result<ArrayRef, ArrowError> {
    let texts: Vec<Text<'_>> = kept.batches.iter().map(|batch| Text::of(batch, name)).collect();
    let has = |place: &Place| texts[place.0 as usize].get(place.1 as usize).is_some();
    let places: Vec<Option<Place>> = order
        .iter()
        .map(|(part, attempt)| {
            let mut own = part.rows[attempt.rows.clone()].iter().copied();
            own.find(has).or_else(|| {
                attempt.policy_rows.iter().copied().find(|place| asks_policies && has(place))
            })
        })
        .collect();
    texts_at(name, &places, kept)
}

/// The ids of the attempts.
fn ids(order: &Ordered<'_>, kept: &Kept) -> Result<ArrayRef, ArrowError> {
    let names = Names::of(kept);
    let mut of_policies = StringViewBuilder::new();
    for (_, attempt) in order.iter().filter(|(_, attempt)| attempt.is_evidence) {
        of_policies.append_value(format!("policy:{}", names.event_id(attempt.place)));
    }
    let of_policies = of_policies.finish();
    let mut sources = Sources::default();
    let events = sources.column("event_id", kept);
    let mut policies = 0_usize;
    let indices: Vec<(usize, usize)> = order
        .iter()
        .map(|(_, attempt)| {
            if attempt.is_evidence {
                policies += 1;
                return (0, policies - 1);
            }
            let (batch, row) = attempt.place;
            let (text, number) = events[batch as usize];
            (number, text.place(row as usize).map_or(0, |(_, at)| at))
        })
        .collect();
    interleave(&sources.after(&of_policies), &indices)
}

/// The column `attempt_id` of every batch: rows of requests and the policy events joined to them.
pub(crate) fn attempt_ids(order: &Ordered<'_>, kept: &Kept) -> Result<Vec<ArrayRef>, ArrowError> {
    let mut attempt_of: Vec<Vec<Option<u32>>> =
        kept.batches.iter().map(|batch| vec![None; batch.num_rows()]).collect();
    for (index, (part, attempt)) in order.iter().enumerate() {
        let own = part.rows[attempt.rows.clone()].iter();
        for place in own.chain(&attempt.policy_rows) {
            attempt_of[place.0 as usize][place.1 as usize] = u32::try_from(index).ok();
        }
    }
    // One buffer of texts, or every batch would hold on to all of them.
    let ids: ArrayRef = match ids(order, kept)?.as_any().downcast_ref::<StringViewArray>() {
        Some(ids) => Arc::new(ids.gc()),
        None => new_null_array(&DataType::Utf8View, order.len()),
    };
    attempt_of.par_iter().map(|rows| take(&ids, &UInt32Array::from(rows.clone()), None)).collect()
}
