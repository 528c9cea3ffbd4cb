//! Rows of the tables other than `activity` on their way from chunks to tables.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;

use crate::app::collect::{span, with_records};
use crate::app::tables_read::conform;
use crate::extract::others::{OtherBatches, SHAPES, key_of, key_of_columns};
use crate::extract::shape::OtherKey;
use crate::extract::step::StepRow;
use crate::fold::copies::kept;
use crate::fold::events::Text;
use crate::fold::held::{Held, SEGMENT_ROWS, plain};
use crate::schema::sign_in::TABLE as SIGN_IN;
use crate::schema::sign_in_policy::TABLE as SIGN_IN_POLICY;
use crate::schema::{TABLES, Table};

/// Rows of one table.
#[derive(Debug, Default)]
struct Taken {
    held: Held,
    keys: Vec<OtherKey>,
    /// Rows that come from tables `convert` wrote, by their number.
    of_tables: HashSet<u64>,
}

/// Rows that were read so far.
#[derive(Debug, Default)]
pub(crate) struct OthersTaken {
    wanted: BTreeMap<&'static str, Vec<&'static str>>,
    tables: BTreeMap<&'static str, Taken>,
    policies: Held,
    /// For every row of `policies`, the number of its sign-in.
    policy_rows: Vec<u64>,
    policies_of_tables: Vec<RecordBatch>,
    steps: Vec<StepRow>,
}

/// Rows that are left after duplicates.
#[derive(Debug, Default)]
pub(crate) struct Others {
    /// The batches of each table.
    pub(crate) tables: BTreeMap<&'static str, Vec<RecordBatch>>,
    /// Rows kept of each table.
    pub(crate) rows: BTreeMap<&'static str, u64>,
    pub(crate) duplicates: u64,
    /// Steps of sign-ins that stood in files of their own.
    pub(crate) steps: Vec<StepRow>,
    /// First and last time, by table.
    pub(crate) spans: BTreeMap<&'static str, (i64, i64)>,
}

/// The table of a name, if it is one that is read as it stands.
pub(crate) fn read_table(name: &str) -> Option<&'static Table> {
    let is_read = name == SIGN_IN_POLICY.name || SHAPES.iter().any(|shape| shape.table == name);
    TABLES.iter().find(|table| table.name == name && is_read).copied()
}

impl OthersTaken {
    pub(crate) fn new(wanted: BTreeMap<&'static str, Vec<&'static str>>) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Memory of the rows, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        let of_table = |taken: &Taken| {
            taken.held.bytes() + std::mem::size_of_val(taken.keys.as_slice()) as u64
        };
        self.tables.values().map(of_table).sum::<u64>() + self.policies.bytes()
    }

    /// Takes the rows of a chunk, of which the first record is number `base` of its stream; gives
    /// the number of rows and the span of their times.
    ///
    /// # Errors
    /// Only when a column outgrows Arrow's limits.
    pub(crate) fn take(
        &mut self,
        batches: OtherBatches,
        base: u64,
    ) -> Result<(u64, Option<(i64, i64)>), ArrowError> {
        let (mut count, mut all) = (0, None);
        self.steps.extend(batches.steps);
        let first = self.tables.get(SIGN_IN.name).map_or(0, |taken| taken.keys.len() as u64);
        if let Some((policies, rows)) = batches.policies {
            self.policy_rows.extend(rows.iter().map(|row| first + u64::from(*row)));
            push(&mut self.policies, &policies)?;
        }
        for rows in batches.rows {
            let Some(table) = read_table(rows.table) else { continue };
            let is_numbered = self
                .wanted
                .get(table.name)
                .is_some_and(|columns| columns.contains(&"source_record"));
            let batch = if is_numbered {
                let number = |ordinal: &u32| {
                    i64::try_from(base + u64::from(*ordinal) + 1).unwrap_or(i64::MAX)
                };
                let numbers: ArrayRef =
                    Arc::new(Int64Array::from_iter_values(rows.ordinals.iter().map(number)));
                with_records(table, &rows.rows, &numbers)?
            } else {
                rows.rows
            };
            count += rows.keys.len() as u64;
            all = wider(all, span(&batch));
            let taken = self.tables.entry(table.name).or_default();
            taken.keys.extend(rows.keys);
            push(&mut taken.held, &batch)?;
        }
        Ok((count, all))
    }

    /// Takes rows of a table that `convert` wrote; gives the number of rows that count as records.
    ///
    /// # Errors
    /// Only when a column outgrows Arrow's limits.
    pub(crate) fn table(
        &mut self,
        table: &'static Table,
        batch: &RecordBatch,
    ) -> Result<u64, ArrowError> {
        let wanted = self.wanted.get(table.name).cloned().unwrap_or_default();
        let rows = conform(batch, table, |name| wanted.contains(&name))?;
        if table.name == SIGN_IN_POLICY.name {
            self.policies_of_tables.push(conform(batch, table, |_| true)?);
            return Ok(0);
        }
        let taken = self.tables.entry(table.name).or_default();
        let first = taken.keys.len() as u64;
        let (keys, ids) = (Text::of(batch, "event_key"), Text::of(batch, "event_id"));
        let has_keys = batch.column_by_name("event_key").is_some();
        for row in 0..batch.num_rows() {
            taken.keys.push(if has_keys {
                let key = keys.get(row).and_then(|key| u128::from_str_radix(key, 16).ok());
                key_of(key, ids.get(row), u32::MAX)
            } else {
                key_of_columns(table.name, |name| Text::of(batch, name).get(row))
            });
            taken.of_tables.insert(first + row as u64);
        }
        push(&mut taken.held, &rows)?;
        Ok(batch.num_rows() as u64)
    }

    /// Drops the duplicates.
    ///
    /// # Errors
    /// Only when a column outgrows Arrow's limits.
    pub(crate) fn finish(mut self) -> Result<Others, ArrowError> {
        let mut others = Others { steps: std::mem::take(&mut self.steps), ..Others::default() };
        let mut kept_sign_ins = Vec::new();
        let mut kept_ids: HashSet<String> = HashSet::new();
        for (name, mut taken) in std::mem::take(&mut self.tables) {
            let keep = kept(&taken.keys);
            let count = keep.iter().filter(|keep| **keep).count() as u64;
            others.rows.insert(name, count);
            others.duplicates += keep.len() as u64 - count;
            let batches = cut(&mut taken.held, &keep)?;
            for batch in &batches {
                if let Some(span) = wider(others.spans.get(name).copied(), span(batch)) {
                    others.spans.insert(name, span);
                }
            }
            if name == SIGN_IN.name {
                if !self.policies_of_tables.is_empty() {
                    let ids = batches.iter().flat_map(|batch| {
                        let ids = Text::of(batch, "event_id");
                        (0..batch.num_rows()).map(move |row| ids.get(row).map(str::to_owned))
                    });
                    let numbers = (0_u64..).zip(&keep).filter(|(_, keep)| **keep);
                    let of_tables = numbers.map(|(number, _)| taken.of_tables.contains(&number));
                    let ids = ids.zip(of_tables).filter(|(_, is_of_table)| *is_of_table);
                    kept_ids.extend(ids.filter_map(|(id, _)| id));
                }
                kept_sign_ins = keep;
            }
            others.tables.insert(name, batches);
        }
        let is_kept = |row: &u64| {
            usize::try_from(*row).ok().and_then(|row| kept_sign_ins.get(row)).copied() == Some(true)
        };
        let keep: Vec<bool> = self.policy_rows.iter().map(is_kept).collect();
        let mut policies = cut(&mut self.policies, &keep)?;
        for batch in self.policies_of_tables {
            let wanted = self.wanted.get(SIGN_IN_POLICY.name).cloned().unwrap_or_default();
            let ids = Text::of(&batch, "event_id");
            let mask: BooleanArray = (0..batch.num_rows())
                .map(|row| Some(ids.get(row).is_some_and(|id| kept_ids.contains(id))))
                .collect();
            let batch = filter_record_batch(&batch, &mask)?;
            policies.push(conform(&batch, &SIGN_IN_POLICY, |name| wanted.contains(&name))?);
        }
        others.tables.insert(SIGN_IN_POLICY.name, policies);
        Ok(others)
    }
}

/// Takes a batch, and ends the segment that is full.
fn push(held: &mut Held, batch: &RecordBatch) -> Result<(), ArrowError> {
    held.push(batch);
    if held.open_rows() >= SEGMENT_ROWS { held.close() } else { Ok(()) }
}

/// The rows that are kept, texts as texts.
fn cut(held: &mut Held, keep: &[bool]) -> Result<Vec<RecordBatch>, ArrowError> {
    let mut at = 0;
    let mut batches = Vec::new();
    for batch in held.take()? {
        let columns = batch.columns().iter().map(plain).collect::<Result<Vec<ArrayRef>, _>>()?;
        let fields = batch.schema_ref().fields().iter().zip(&columns).map(|(field, column)| {
            field.as_ref().clone().with_data_type(column.data_type().clone())
        });
        let schema = arrow_schema::Schema::new(fields.collect::<Vec<_>>());
        let rows = batch.num_rows();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::new(schema), columns, &options)?;
        let mask = keep.get(at..at + rows).unwrap_or_default();
        at += rows;
        let batch = if mask.iter().all(|keep| *keep) {
            batch
        } else {
            filter_record_batch(&batch, &BooleanArray::from(mask.to_vec()))?
        };
        if batch.num_rows() > 0 {
            batches.push(batch);
        }
    }
    Ok(batches)
}

fn wider(one: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}
