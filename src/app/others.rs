//! Rows of the tables other than `activity` on their way from chunks to tables.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, UInt64Array};

use crate::app::collect::with_records;
use crate::app::error::Error;
use crate::app::spill::duplicates::Duplicates;
use crate::app::spill::parts::Parts;
use crate::app::spill::waiting::{TableRows, Waiting, span, wider};
use crate::app::tables_read::conform;
use crate::extract::identity::hash;
use crate::extract::others::{OtherBatches, SHAPES, key_of, key_of_columns};
use crate::extract::shape::OtherKey;
use crate::fold::copies::copies;
use crate::fold::events::Text;
use crate::fold::sign_in::Steps;
use crate::schema::sign_in::TABLE as SIGN_IN;
use crate::schema::sign_in_policy::TABLE as SIGN_IN_POLICY;
use crate::schema::{TABLES, Table};

/// Bytes of the ids of sign-ins of tables that are kept in memory.
const IDS_HELD_BYTES: usize = 1 << 20;

/// Bytes of such an id, and of the number of its row.
const ID_BYTES: usize = 24;

/// Rows of one table.
#[derive(Debug)]
struct Taken {
    rows: Waiting,
    duplicates: Duplicates,
}

impl Default for Taken {
    fn default() -> Self {
        Self { rows: Waiting::default(), duplicates: Duplicates::new(copies) }
    }
}

/// Rows that were read so far.
#[derive(Debug)]
pub(crate) struct OthersTaken {
    wanted: BTreeMap<&'static str, Vec<&'static str>>,
    tables: BTreeMap<&'static str, Taken>,
    /// Numbered by their sign-ins.
    policies: Waiting,
    /// Those that come from tables `convert` wrote: their sign-ins are known by id.
    policies_of_tables: Waiting,
    policies_of_tables_count: u64,
    /// Hashes of the ids of sign-ins that come from such tables, and their numbers.
    ids_of_tables: Parts,
    steps: Steps,
    have_left: bool,
}

/// Rows that are left after duplicates.
#[derive(Debug, Default)]
pub(crate) struct Others {
    pub(crate) tables: BTreeMap<&'static str, TableRows>,
    /// Rows kept of each table.
    pub(crate) rows: BTreeMap<&'static str, u64>,
    pub(crate) duplicates: u64,
    /// Steps of sign-ins that stood in files of their own.
    pub(crate) steps: Steps,
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
        Self {
            wanted,
            tables: BTreeMap::new(),
            policies: Waiting::default(),
            policies_of_tables: Waiting::default(),
            policies_of_tables_count: 0,
            ids_of_tables: Parts::new(1, IDS_HELD_BYTES),
            steps: Steps::default(),
            have_left: false,
        }
    }

    /// Memory of the rows, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        let tables = self.tables.values().map(|taken| &taken.rows);
        let all = tables.chain([&self.policies, &self.policies_of_tables]);
        all.map(Waiting::bytes).sum()
    }

    /// Whether some rows are on disk.
    pub(crate) fn have_left(&self) -> bool {
        self.have_left
    }

    /// Moves the rows in memory to disk.
    ///
    /// # Errors
    /// When the temporary files cannot be written.
    pub(crate) fn leave(&mut self) -> Result<(), Error> {
        self.have_left = true;
        let tables = self.tables.values_mut().map(|taken| &mut taken.rows);
        let mut all = tables.chain([&mut self.policies, &mut self.policies_of_tables]);
        all.try_for_each(Waiting::leave)
    }

    /// Takes the rows of a chunk, of which the first record is number `base` of its stream; gives
    /// the number of rows and the span of their times.
    ///
    /// # Errors
    /// When a column outgrows Arrow's limits, or the temporary file cannot be written.
    pub(crate) fn take(
        &mut self,
        batches: OtherBatches,
        base: u64,
    ) -> Result<(u64, Option<(i64, i64)>), Error> {
        let (mut count, mut all) = (0, None);
        self.steps.add(batches.steps);
        let first = self.tables.get(SIGN_IN.name).map_or(0, |taken| taken.duplicates.rows());
        if let Some((policies, rows)) = batches.policies {
            let numbers =
                UInt64Array::from_iter_values(rows.iter().map(|row| first + u64::from(*row)));
            self.policies.push(&policies, numbers).map_err(Error::Arrow)?;
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
                with_records(table, &rows.rows, &numbers).map_err(Error::Arrow)?
            } else {
                rows.rows
            };
            count += rows.keys.len() as u64;
            all = wider(all, span(&batch));
            self.push(table, &batch, &rows.keys)?;
        }
        Ok((count, all))
    }

    /// Takes rows of a table, and what tells them apart; gives the number of the first of them.
    fn push(
        &mut self,
        table: &'static Table,
        rows: &RecordBatch,
        keys: &[OtherKey],
    ) -> Result<u64, Error> {
        let taken = self.tables.entry(table.name).or_default();
        let first = taken.duplicates.add(keys).map_err(Error::Spill)?;
        let numbers = UInt64Array::from_iter_values((first..).take(keys.len()));
        taken.rows.push(rows, numbers).map_err(Error::Arrow)?;
        Ok(first)
    }

    /// Takes rows of a table that `convert` wrote; gives the number of rows that count as records.
    ///
    /// # Errors
    /// When a column outgrows Arrow's limits, or the temporary file cannot be written.
    pub(crate) fn table(
        &mut self,
        table: &'static Table,
        batch: &RecordBatch,
    ) -> Result<u64, Error> {
        let wanted = self.wanted.get(table.name).cloned().unwrap_or_default();
        let ids = Text::of(batch, "event_id");
        if table.name == SIGN_IN_POLICY.name {
            let is_kept = |name: &str| name == "event_id" || wanted.contains(&name);
            let rows = conform(batch, table, is_kept).map_err(Error::Arrow)?;
            let first = self.policies_of_tables_count;
            self.policies_of_tables_count += batch.num_rows() as u64;
            let numbers = UInt64Array::from_iter_values((first..).take(batch.num_rows()));
            self.policies_of_tables.push(&rows, numbers).map_err(Error::Arrow)?;
            return Ok(0);
        }
        let rows = conform(batch, table, |name| wanted.contains(&name)).map_err(Error::Arrow)?;
        let keys = Text::of(batch, "event_key");
        let has_keys = batch.column_by_name("event_key").is_some();
        let key = |row: usize| {
            if has_keys {
                let key = keys.get(row).and_then(|key| u128::from_str_radix(key, 16).ok());
                key_of(key, ids.get(row), u32::MAX)
            } else {
                key_of_columns(table.name, |name| Text::of(batch, name).get(row))
            }
        };
        let keys: Vec<OtherKey> = (0..batch.num_rows()).map(key).collect();
        let first = self.push(table, &rows, &keys)?;
        if table.name == SIGN_IN.name && self.wanted.contains_key(SIGN_IN_POLICY.name) {
            for (row, number) in (0..batch.num_rows()).zip(first..) {
                let Some(id) = ids.get(row) else { continue };
                let mut bytes = [0; ID_BYTES];
                bytes[..16].copy_from_slice(&hash(id.as_bytes()).to_le_bytes());
                bytes[16..].copy_from_slice(&number.to_le_bytes());
                self.ids_of_tables.push(0, &bytes).map_err(Error::Spill)?;
            }
        }
        Ok(batch.num_rows() as u64)
    }

    /// Drops the duplicates.
    ///
    /// # Errors
    /// When a column outgrows Arrow's limits, or the temporary files cannot be written or read.
    pub(crate) fn finish(mut self) -> Result<Others, Error> {
        let mut others = Others { steps: std::mem::take(&mut self.steps), ..Others::default() };
        let mut dropped_sign_ins: Arc<[u64]> = Arc::default();
        for (name, taken) in std::mem::take(&mut self.tables) {
            let dropped: Arc<[u64]> = taken.duplicates.dropped().map_err(Error::Spill)?.into();
            others.rows.insert(name, taken.duplicates.rows() - dropped.len() as u64);
            others.duplicates += dropped.len() as u64;
            let rows = taken.rows.finish(&dropped)?;
            if let Some(span) = rows.span()? {
                others.spans.insert(name, span);
            }
            if name == SIGN_IN.name {
                dropped_sign_ins = dropped;
            }
            others.tables.insert(name, rows);
        }
        let policies = std::mem::take(&mut self.policies).finish(&dropped_sign_ins)?;
        let policies = if self.policies_of_tables_count > 0 {
            let kept = self.kept_ids(&dropped_sign_ins).map_err(Error::Spill)?;
            let of_tables = self.policies_of_tables.finish(&Arc::default())?;
            policies.chain(of_tables, kept)
        } else {
            policies
        };
        others.tables.insert(SIGN_IN_POLICY.name, policies);
        Ok(others)
    }

    /// Hashes of the ids of the sign-ins of tables that are kept.
    fn kept_ids(&self, dropped: &[u64]) -> io::Result<HashSet<u128>> {
        let bytes = self.ids_of_tables.read(0)?;
        let ids = bytes.as_chunks::<ID_BYTES>().0.iter().filter_map(|bytes| {
            let number = u64::from_le_bytes(*bytes[16..].first_chunk()?);
            let is_kept = dropped.binary_search(&number).is_err();
            is_kept.then_some(u128::from_le_bytes(*bytes.first_chunk()?))
        });
        Ok(ids.collect())
    }
}
