//! Taking the extracted chunks in input order: record numbers, duplicates, and the balance.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Int64Array, RecordBatch};
use arrow_schema::{ArrowError, Field, Schema};
use arrow_select::filter::filter_record_batch;

use crate::app::alarm::{self, StreamFacts};
use crate::app::error::Error;
use crate::app::ingest::Job;
use crate::app::others::{Others, OthersTaken, read_table};
use crate::app::progress::Progress;
use crate::app::rejects::RejectFile;
use crate::app::side::SideCheck;
use crate::app::spill::duplicates::Duplicates;
use crate::app::spill::parts::Parts;
use crate::app::spill::rows::{Leaving, NO_ROW, RowSpill, Spilled};
use crate::app::spill::waiting::span;
use crate::app::tables_read::{
    conform, filtered, keys_of, policies_of_kept, strictly_judged, with_mfa_policies,
};
use crate::error::{Accounting, Reject, Warning};
use crate::extract::Extracted;
use crate::extract::filter::Filter;
use crate::extract::frame::Framed;
use crate::extract::identity::RowKey;
use crate::extract::policy::PolicyFlags;
use crate::fold::calendar::Days;
use crate::fold::duplicate::repeated;
use crate::fold::events::{Facts, Kept, Text, Times};
use crate::fold::held::{Held, SEGMENT_ROWS};
use crate::fold::policy_event;
use crate::format::FORMATS;
use crate::limits::REJECTS_SAMPLED_MAX;
use crate::schema::Table;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::activity_policy::TABLE as ACTIVITY_POLICY;

/// Bytes of event times that are kept in memory.
const TIMES_HELD_BYTES: usize = 1 << 20;

/// What stands for a time that is missing.
const NO_TIME: i64 = i64::MIN;

/// The end of one stream, and what was learned of it as a whole.
#[derive(Debug, Default)]
pub(crate) struct StreamEnd {
    pub(crate) name: Arc<str>,
    pub(crate) framed: Framed,
    pub(crate) is_empty: bool,
    /// Bytes read, unpacked where that is known.
    pub(crate) bytes: u64,
    pub(crate) warnings: Vec<Warning>,
}

/// Everything that was read, duplicates dropped.
#[derive(Debug, Default)]
pub(crate) struct Ingested {
    pub(crate) kept: Kept,
    /// Rows of `activity_policy` of the kept events.
    pub(crate) policy: Vec<RecordBatch>,
    /// Rows of the other tables.
    pub(crate) others: Others,
    /// The rows of both, where they do not fit into memory; then there are none above.
    pub(crate) spilled: Option<Spilled>,
    pub(crate) accounting: Accounting,
    pub(crate) rejects_sample: Vec<Reject>,
    pub(crate) is_truncated: bool,
    /// The days of the rows on disk.
    pub(crate) days: Days,
    /// First and last event time of the kept rows of `activity`, UTC microseconds.
    pub(crate) window: (Option<i64>, Option<i64>),
    /// Rows whose "user" was decided without `idtyp`.
    pub(crate) users_without_idtyp: u64,
    /// Records of the event that was asked for.
    pub(crate) raw: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Collector {
    duplicates: Duplicates,
    batches: Vec<Batch>,
    /// The rows of the batches that have none.
    held: Held,
    /// What is known of the rows of its open segment.
    open: Vec<Facts>,
    policy: Vec<PolicyBatch>,
    /// The rows of the policies that have none.
    held_policy: Held,
    /// The events of the rows of its open segment.
    open_policy: Vec<u64>,
    others: OthersTaken,
    out: Ingested,
    rejects: Option<RejectFile>,
    wanted: Vec<&'static str>,
    filter: Filter,
    strict_policy: bool,
    mfa_policies: Vec<String>,
    strict: bool,
    memory_max: Option<u64>,
    memory: u64,
    /// Whether rows may go to disk, and will be folded then; see [`Job::spill`].
    spill: Option<bool>,
    spilled: Option<RowSpill>,
    /// Times of all rows in input order, for when the rows are on disk.
    times: Parts,
    /// Of the stream that is being taken.
    stream: StreamFacts,
    streams: u64,
    empty_streams: u64,
    first_name: Arc<str>,
    sides: SideCheck,
    /// Rows, and rows with claims, by index of their format.
    claims: BTreeMap<usize, (u64, u64)>,
}

/// Rows of `activity` that were taken.
#[derive(Debug)]
struct Batch {
    /// None while they are held with others; then they are the next segment of these.
    rows: Option<RecordBatch>,
    facts: Vec<Facts>,
    /// Number of its first row.
    first: u64,
    /// Whether it comes from a table that `convert` wrote.
    is_table: bool,
}

impl Batch {
    fn rows(&self) -> Result<&RecordBatch, Error> {
        self.rows.as_ref().ok_or_else(missing)
    }
}

/// Rows of `activity_policy`.
#[derive(Debug)]
enum PolicyBatch {
    /// Of batches of `activity`, with the number of the event of each; rows as in [`Batch`].
    Extracted { rows: Option<RecordBatch>, events: Vec<u64> },
    /// Of a table that `convert` wrote: their events are known by id.
    Table(RecordBatch),
}

impl Collector {
    pub(crate) fn new(job: &mut Job<'_>) -> Self {
        Self {
            duplicates: Duplicates::new(repeated),
            batches: Vec::new(),
            held: Held::new(job.hashed.clone()),
            open: Vec::new(),
            policy: Vec::new(),
            held_policy: Held::default(),
            open_policy: Vec::new(),
            others: OthersTaken::new(job.wanted.others.columns.clone()),
            out: Ingested::default(),
            rejects: job.rejects.take(),
            wanted: job.wanted.activity.clone(),
            filter: job.wanted.filter.clone(),
            strict_policy: job.wanted.strict_policy,
            mfa_policies: job.wanted.mfa_policies.clone(),
            strict: job.strict,
            memory_max: job.memory,
            memory: 0,
            spill: job.spill,
            spilled: None,
            times: Parts::new(1, TIMES_HELD_BYTES),
            stream: StreamFacts::default(),
            streams: 0,
            empty_streams: 0,
            first_name: Arc::from(""),
            sides: std::mem::take(&mut job.sides),
            claims: BTreeMap::new(),
        }
    }

    /// Takes the rows of a chunk.
    pub(crate) fn chunk(&mut self, chunk: Extracted, progress: &Progress) -> Result<(), Error> {
        let base = self.stream.records;
        self.stream.records += chunk.records;
        self.out.accounting.records += chunk.records;
        for (category, count) in chunk.ignored {
            *self.out.accounting.ignored.entry(category).or_default() += count;
        }
        for (format, count) in chunk.formats {
            let name = FORMATS.all[format].name;
            *self.out.accounting.formats.entry(name.to_owned()).or_default() += count;
            *self.stream.formats.entry(name).or_default() += count;
            let (rows, with_claims) = self.claims.entry(format).or_default();
            *rows += count;
            *with_claims += chunk.with_claims.get(&format).copied().unwrap_or_default();
        }
        self.out.accounting.warnings.extend(chunk.warnings);
        self.out.users_without_idtyp += chunk.users_without_idtyp;
        self.out.raw.extend(chunk.raw);
        let rows = if self.wanted.contains(&"source_record") {
            let number =
                |ordinal: &u32| i64::try_from(base + u64::from(*ordinal) + 1).unwrap_or(i64::MAX);
            let numbers: ArrayRef =
                Arc::new(Int64Array::from_iter_values(chunk.ordinals.iter().map(number)));
            with_records(&ACTIVITY, &chunk.activity, &numbers).map_err(Error::Arrow)?
        } else {
            chunk.activity
        };
        progress.add_rows(rows.num_rows() as u64);
        if !chunk.policy_rows.is_empty() {
            let first = self.duplicates.rows();
            self.open_policy.extend(chunk.policy_rows.iter().map(|row| first + u64::from(*row)));
            self.held_policy.push(&chunk.policy);
            if self.held_policy.open_rows() >= SEGMENT_ROWS {
                self.close_policies()?;
            }
        }
        self.take_rows(rows, &chunk.keys, false)?;
        let (count, span) = self.others.take(chunk.others, base)?;
        progress.add_rows(count);
        self.widen(span);
        self.bound_memory()?;
        for mut reject in chunk.rejects {
            reject.location.record += base + 1;
            self.reject(reject)?;
        }
        Ok(())
    }

    /// Takes rows of a table that `convert` wrote.
    pub(crate) fn table(
        &mut self,
        name: &str,
        batch: &RecordBatch,
        progress: &Progress,
    ) -> Result<(), Error> {
        if name == ACTIVITY_POLICY.name {
            let rows = conform(batch, &ACTIVITY_POLICY, |name| !policy_event::is_made(name))
                .map_err(Error::Arrow)?;
            let rows = with_mfa_policies(&rows, &self.mfa_policies).map_err(Error::Arrow)?;
            self.close_policies()?;
            self.policy.push(PolicyBatch::Table(rows));
            return Ok(());
        }
        if let Some(table) = read_table(name) {
            let count = self.others.table(table, batch)?;
            self.count_of_table(count);
            *self.stream.formats.entry(table.name).or_default() += count;
            progress.add_rows(count);
            return self.bound_memory();
        }
        self.count_of_table(batch.num_rows() as u64);
        let (batch, refused) = filtered(batch, &self.filter).map_err(Error::Arrow)?;
        for (reason, count) in refused {
            *self.out.accounting.ignored.entry(reason.to_owned()).or_default() += count;
        }
        progress.add_rows(batch.num_rows() as u64);
        let keys = keys_of(&batch);
        let batch = if self.strict_policy {
            strictly_judged(&batch, &keys).map_err(Error::Arrow)?
        } else {
            batch
        };
        let rows =
            conform(&batch, &ACTIVITY, |name| self.wanted.contains(&name)).map_err(Error::Arrow)?;
        self.take_rows(rows, &keys, true)
    }

    fn count_of_table(&mut self, count: u64) {
        self.stream.records += count;
        self.out.accounting.records += count;
        *self.out.accounting.formats.entry("azmfa_table".to_owned()).or_default() += count;
    }

    /// Notes times of the stream that is being taken.
    fn widen(&mut self, span: Option<(i64, i64)>) {
        if let Some((low, high)) = span {
            let known = self.stream.span.unwrap_or((low, high));
            self.stream.span = Some((known.0.min(low), known.1.max(high)));
        }
    }

    fn take_rows(
        &mut self,
        rows: RecordBatch,
        keys: &[RowKey],
        is_table: bool,
    ) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        if is_table {
            self.close_rows()?;
        }
        let first = self.duplicates.add(keys).map_err(Error::Spill)?;
        self.widen(span(&rows));
        if self.spill.is_some() {
            let times = Times::of(&rows, "event_time");
            let time = |row| times.get(row).unwrap_or(NO_TIME).to_le_bytes();
            let times: Vec<u8> = (0..rows.num_rows()).flat_map(time).collect();
            self.times.push(0, &times).map_err(Error::Spill)?;
        }
        let facts = keys.iter().map(Facts::from);
        if is_table {
            // Rows of tables wait for the table of policies, whatever they take.
            if self.spill.is_none() {
                self.memory += rows.get_array_memory_size() as u64;
            }
            self.batches.push(Batch { rows: Some(rows), facts: facts.collect(), first, is_table });
        } else {
            self.held.push(&rows);
            self.open.extend(facts);
            if self.held.open_rows() >= SEGMENT_ROWS {
                self.close_rows()?;
            }
        }
        self.bound_memory()
    }

    /// Moves rows to disk, or ends the run, where there are too many. Those of `activity` or all
    /// others go, whichever take more: the rest may well fit.
    fn bound_memory(&mut self) -> Result<(), Error> {
        let Some(bytes) = self.memory_max else { return Ok(()) };
        // Once some are on disk, others are kept for nothing but blocks of a size.
        let has_left = self.spilled.is_some() || self.others.have_left();
        let bytes = if has_left { bytes / 2 } else { bytes };
        // Rows that are folded become attempts from their numbers; others become tables as they are.
        let held = match self.spill {
            Some(true) => self.held.bytes(),
            Some(false) | None => self.held.plain_bytes(),
        };
        let (own, others) =
            (self.memory + held + self.held_policy.plain_bytes(), self.others.bytes());
        match self.spill {
            _ if own + others <= bytes => Ok(()),
            None => Err(Error::Memory { bytes }),
            Some(_) if others > own => self.others.leave(),
            Some(folds) => self.spill_rows(folds),
        }
    }

    /// Ends the segment of rows that is being filled.
    fn close_rows(&mut self) -> Result<(), Error> {
        let facts = std::mem::take(&mut self.open);
        if !facts.is_empty() {
            self.held.close().map_err(Error::Arrow)?;
            let first = self.duplicates.rows() - facts.len() as u64;
            self.batches.push(Batch { rows: None, facts, first, is_table: false });
        }
        Ok(())
    }

    /// The same for the rows of policies.
    fn close_policies(&mut self) -> Result<(), Error> {
        let events = std::mem::take(&mut self.open_policy);
        if !events.is_empty() {
            self.held_policy.close().map_err(Error::Arrow)?;
            self.policy.push(PolicyBatch::Extracted { rows: None, events });
        }
        Ok(())
    }

    /// Gives every batch its rows.
    fn let_go(&mut self) -> Result<(), Error> {
        self.close_rows()?;
        self.close_policies()?;
        let mut held = self.held.take().map_err(Error::Arrow)?.into_iter();
        for batch in self.batches.iter_mut().filter(|batch| batch.rows.is_none()) {
            batch.rows = held.next();
        }
        let mut held = self.held_policy.take().map_err(Error::Arrow)?.into_iter();
        for policy in &mut self.policy {
            if let PolicyBatch::Extracted { rows: rows @ None, .. } = policy {
                *rows = held.next();
            }
        }
        Ok(())
    }

    /// Moves the rows in memory to disk, but for those of tables.
    fn spill_rows(&mut self, folds: bool) -> Result<(), Error> {
        self.let_go()?;
        let (stay, leave): (Vec<Batch>, Vec<Batch>) =
            std::mem::take(&mut self.batches).into_iter().partition(|batch| batch.is_table);
        self.batches = stay;
        let mut spilled = match self.spilled.take() {
            Some(spilled) => spilled,
            None => RowSpill::new(folds).map_err(Error::Spill)?,
        };
        let (mut policies, mut leaving) = (Vec::new(), Vec::new());
        for policy in std::mem::take(&mut self.policy) {
            match policy {
                PolicyBatch::Extracted { rows, events } => {
                    leaving.push((rows.ok_or_else(missing)?, events));
                }
                PolicyBatch::Table(rows) => policies.push(PolicyBatch::Table(rows)),
            }
        }
        push_all(&mut spilled, leave, &leaving)?;
        self.policy = policies;
        self.spilled = Some(spilled);
        Ok(())
    }

    /// Takes a reject of a whole stream; it counts as a record that could not be read.
    pub(crate) fn reject_whole(&mut self, mut reject: Reject) -> Result<(), Error> {
        // A stream that broke did so in the record after the last one read.
        if reject.location.byte > 0 {
            reject.location.record = self.stream.records + 1;
        }
        self.out.accounting.records += 1;
        self.reject(reject)
    }

    fn reject(&mut self, reject: Reject) -> Result<(), Error> {
        let name = reject.reason.name().to_owned();
        *self.out.accounting.rejects.entry(name).or_default() += 1;
        if let Some(file) = &mut self.rejects {
            file.push(&reject)?;
        }
        if self.out.rejects_sample.len() < REJECTS_SAMPLED_MAX {
            self.out.rejects_sample.push(reject.clone());
        }
        if self.strict { Err(Error::Rejected(Box::new(reject))) } else { Ok(()) }
    }

    /// Takes the end of a stream.
    pub(crate) fn end(&mut self, end: StreamEnd) {
        self.streams += 1;
        self.empty_streams += u64::from(end.is_empty);
        self.out.accounting.files += 1;
        self.out.accounting.bytes += end.bytes;
        if self.first_name.is_empty() {
            self.first_name = Arc::clone(&end.name);
        }
        let facts = std::mem::take(&mut self.stream);
        self.sides.stream(&end.name, &facts.formats);
        let alarms = alarm::alarms(&end.name, &end.framed, &facts);
        self.out.is_truncated |= !alarms.is_empty();
        self.out.accounting.warnings.extend(end.warnings);
        self.out.accounting.warnings.extend(alarms);
    }

    /// Drops the duplicates and closes the balance.
    ///
    /// # Errors
    /// [`Error::EmptyInput`] or [`Error::NothingReadable`] when there is nothing to answer from, and
    /// [`Error::SideInput`] when a side input holds something else.
    pub(crate) fn finish(mut self) -> Result<Ingested, Error> {
        if let Some(file) = self.rejects.take() {
            file.commit()?;
        }
        self.sides.finish()?;
        if self.streams > 0
            && self.empty_streams == self.streams
            && self.out.accounting.records == 0
        {
            return Err(Error::EmptyInput { input: self.first_name.to_string() });
        }
        let kept = self.out.accounting.records - self.out.accounting.reject_count();
        if kept == 0 && self.out.accounting.reject_count() > 0 {
            return Err(self.nothing_readable());
        }
        for (format, (rows, with_claims)) in &self.claims {
            self.out.accounting.warnings.extend(alarm::without_claims(
                *format,
                *rows,
                *with_claims,
            ));
        }
        self.let_go()?;
        self.add_policies_of_tables();
        let dropped = self.duplicates.dropped().map_err(Error::Spill)?;
        let others =
            std::mem::replace(&mut self.others, OthersTaken::new(BTreeMap::new())).finish()?;
        self.out.accounting.duplicates = dropped.len() as u64 + others.duplicates;
        for (table, rows) in &others.rows {
            self.out.accounting.rows.insert((*table).to_owned(), *rows);
        }
        self.out.others = others;
        if let Some(folds) = self.spill.filter(|_| self.spilled.is_some()) {
            self.spill_rows(folds)?;
        }
        let masks: Vec<Option<BooleanArray>> = self
            .batches
            .iter()
            .map(|batch| mask(&dropped, batch.first, batch.facts.len()))
            .collect();
        self.keep_policies(&masks, &dropped)?;
        let rows = self.duplicates.rows() - dropped.len() as u64;
        self.out.accounting.rows.insert(ACTIVITY.name.to_owned(), rows);
        match self.spilled.take() {
            Some(spilled) => self.finish_spilled(spilled, dropped)?,
            None => self.finish_held(masks)?,
        }
        if self.out.accounting.balances() {
            Ok(self.out)
        } else {
            Err(Error::Unbalanced(Box::new(self.out.accounting)))
        }
    }

    /// Keeps the rows in memory.
    fn finish_held(&mut self, masks: Vec<Option<BooleanArray>>) -> Result<(), Error> {
        let out = &mut self.out;
        for (batch, mask) in std::mem::take(&mut self.batches).into_iter().zip(masks) {
            let rows = batch.rows.ok_or_else(missing)?;
            let (rows, facts) = match mask {
                None => (rows, batch.facts),
                Some(keep) => {
                    let facts = batch.facts.iter().zip(keep.values()).filter(|(_, keep)| *keep);
                    let facts = facts.map(|(facts, _)| *facts).collect();
                    (filter_record_batch(&rows, &keep).map_err(Error::Arrow)?, facts)
                }
            };
            if let Some((low, high)) = span(&rows) {
                out.window.0 = Some(out.window.0.map_or(low, |first| first.min(low)));
                out.window.1 = Some(out.window.1.map_or(high, |last| last.max(high)));
            }
            if rows.num_rows() > 0 {
                out.kept.batches.push(rows);
                out.kept.facts.push(facts);
            }
        }
        Ok(())
    }

    /// Keeps the rows on disk; those still in memory are of tables and go there too.
    fn finish_spilled(&mut self, mut spilled: RowSpill, dropped: Vec<u64>) -> Result<(), Error> {
        let batches = std::mem::take(&mut self.batches);
        // The events of these are kept.
        let unnumbered = |rows: RecordBatch| {
            let numbers = vec![NO_ROW; rows.num_rows()];
            (rows, numbers)
        };
        let policies = std::mem::take(&mut self.out.policy).into_iter().map(unnumbered);
        if !batches.is_empty() {
            spilled.mix();
        }
        push_all(&mut spilled, batches, &policies.collect::<Vec<_>>())?;
        let mut gone = dropped.iter().copied().peekable();
        let mut number = 0_u64;
        let out = &mut self.out;
        let each = self.times.each_piece(0, |times| {
            for bytes in times.as_chunks().0 {
                let time = i64::from_le_bytes(*bytes);
                if gone.next_if_eq(&number).is_none() && time != NO_TIME {
                    let (first, last) = out.window;
                    out.window = (
                        Some(first.map_or(time, |first| first.min(time))),
                        Some(last.map_or(time, |last| last.max(time))),
                    );
                    out.days.add(time);
                }
                number += 1;
            }
        });
        each.map_err(Error::Spill)?;
        self.out.spilled = Some(spilled.close(dropped)?);
        Ok(())
    }

    /// Keeps the policies of the rows that are kept; those whose events are known by id come last, as
    /// from disk.
    fn keep_policies(
        &mut self,
        masks: &[Option<BooleanArray>],
        dropped: &[u64],
    ) -> Result<(), Error> {
        let kept_ids = self.kept_ids_of_tables(masks)?;
        let mut policies = std::mem::take(&mut self.policy);
        policies.sort_by_key(|policy| matches!(policy, PolicyBatch::Table(_)));
        for policy in policies {
            let rows = match policy {
                PolicyBatch::Extracted { rows, .. } if dropped.is_empty() => {
                    rows.ok_or_else(missing)?
                }
                PolicyBatch::Extracted { rows, events } => {
                    let rows = rows.ok_or_else(missing)?;
                    let keep = |number: &u64| Some(dropped.binary_search(number).is_err());
                    let mask: BooleanArray = events.iter().map(keep).collect();
                    filter_record_batch(&rows, &mask).map_err(Error::Arrow)?
                }
                PolicyBatch::Table(rows) => {
                    policies_of_kept(&rows, &kept_ids).map_err(Error::Arrow)?
                }
            };
            if rows.num_rows() > 0 {
                self.out.policy.push(rows);
            }
        }
        Ok(())
    }

    /// Ids of the kept policy events that come from tables.
    fn kept_ids_of_tables(&self, masks: &[Option<BooleanArray>]) -> Result<HashSet<String>, Error> {
        let mut ids = HashSet::new();
        let batches = self.batches.iter().zip(masks);
        for (batch, mask) in batches.filter(|(batch, _)| batch.is_table) {
            let column = Text::of(batch.rows()?, "event_id");
            let is_kept = |row: &usize| mask.as_ref().is_none_or(|keep| keep.value(*row));
            let kept = (0..batch.facts.len()).filter(is_kept);
            ids.extend(kept.filter_map(|row| column.get(row)).map(str::to_owned));
        }
        Ok(ids)
    }

    fn nothing_readable(&self) -> Error {
        let inputs = match self.streams {
            0 | 1 => format!("`{}`", self.first_name),
            many => crate::text::count(many, "input"),
        };
        let detail = self
            .out
            .rejects_sample
            .first()
            .map_or_else(String::new, |reject| reject.detail.clone());
        Error::NothingReadable { inputs, detail }
    }

    /// Rows of tables have no policies beside them until the table of policies was read.
    fn add_policies_of_tables(&mut self) {
        let mut flags: HashMap<String, PolicyFlags> = HashMap::new();
        for policy in &self.policy {
            let PolicyBatch::Table(rows) = policy else { continue };
            let (ids, effects, kinds) = (
                Text::of(rows, "event_id"),
                Text::of(rows, "policy_effect"),
                Text::of(rows, "mfa_policy"),
            );
            for row in 0..rows.num_rows() {
                let known = flags.entry(ids.get(row).unwrap_or_default().to_owned()).or_default();
                *known = known.with(effects.get(row).unwrap_or_default(), kinds.get(row));
            }
        }
        for batch in self.batches.iter_mut().filter(|batch| batch.is_table) {
            let Some(rows) = &batch.rows else { continue };
            let ids = Text::of(rows, "event_id");
            for (row, facts) in batch.facts.iter_mut().enumerate() {
                if let Some(known) = ids.get(row).and_then(|id| flags.get(id)) {
                    facts.policies = *known;
                }
            }
        }
    }
}

/// A batch has its rows once all are let go.
fn missing() -> Error {
    Error::Arrow(ArrowError::ComputeError("a batch lacks its rows".to_owned()))
}

/// Writes rows to disk.
fn push_all(
    spilled: &mut RowSpill,
    batches: Vec<Batch>,
    policies: &[(RecordBatch, Vec<u64>)],
) -> Result<(), Error> {
    let leaving = batches
        .into_iter()
        .map(|batch| {
            let rows = batch.rows.ok_or_else(missing)?;
            Ok(Leaving { rows, facts: batch.facts, first: batch.first })
        })
        .collect::<Result<Vec<Leaving>, Error>>()?;
    if leaving.is_empty() && policies.is_empty() {
        return Ok(());
    }
    spilled.push(&leaving, policies)
}

/// Which of `count` rows from number `first` on are kept; none where all are.
fn mask(dropped: &[u64], first: u64, count: usize) -> Option<BooleanArray> {
    let from = dropped.partition_point(|number| *number < first);
    let dropped = &dropped[from..];
    let dropped = &dropped[..dropped.partition_point(|number| *number < first + count as u64)];
    if dropped.is_empty() {
        return None;
    }
    let mut keep = vec![true; count];
    for number in dropped {
        keep[usize::try_from(number - first).unwrap_or(usize::MAX)] = false;
    }
    Some(BooleanArray::from(keep))
}

/// The batch of rows of `table` with the column `source_record` in its place.
pub(crate) fn with_records(
    table: &Table,
    batch: &RecordBatch,
    numbers: &ArrayRef,
) -> Result<RecordBatch, ArrowError> {
    let before = table.columns.iter().map(|column| column.name);
    let before: Vec<&str> = before.take_while(|name| *name != "source_record").collect();
    let schema = batch.schema_ref();
    let is_before = |field: &&Arc<Field>| before.contains(&field.name().as_str());
    let place = schema.fields().iter().take_while(is_before).count();
    let (mut fields, mut columns) = (schema.fields().to_vec(), batch.columns().to_vec());
    fields.insert(place, Arc::new(Field::new("source_record", numbers.data_type().clone(), true)));
    columns.insert(place, Arc::clone(numbers));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}
