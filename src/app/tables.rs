//! The tables that SQL sees, made from what was read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::sync::{Arc, Mutex};

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringViewArray, new_null_array,
};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};
use arrow_select::filter::filter;
use rayon::iter::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::app::collect::Ingested;
use crate::app::error::Error;
use crate::app::options::ReadOptions;
use crate::app::shared::{locked, unlocked};
use crate::app::spill::rows::Spilled;
use crate::app::spill::table::{TableFile, read_back};
use crate::app::tables_in_order::InOrder;
use crate::app::tables_others::{self, Log};
use crate::engine::polars::Polars;
use crate::engine::shipped::Shipped;
use crate::engine::tally::Tally;
use crate::engine::{EngineError, Query, Rows, TableInput};
use crate::error::{Accounting, Warning};
use crate::fold::attempt::{
    COLUMNS_COMPARED, COLUMNS_READ, COLUMNS_READ_LATE, Folded, fold_events, read_all, source_column,
};
use crate::fold::calendar::{DAYS_MAX, Days, calendar};
use crate::fold::events::{Flags, Kept, with_columns};
use crate::fold::policy_event::{self, PolicyEvents};
use crate::fold::proof::{Proof, of_activity};
use crate::fold::sign_in::ACTIVITY_READ;
use crate::limits::{ROWS_HELD_BYTES, ROWS_IN_PARTS_HELD_BYTES, WHOLE_ROWS_HELD_BYTES};
use crate::report::plan::Plan;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::activity_policy::TABLE as ACTIVITY_POLICY;
use crate::schema::attempt::TABLE as ATTEMPT;
use crate::schema::calendar::TABLE as CALENDAR;
use crate::schema::numbered::{of_columns, plain};
use crate::schema::run::TABLE as RUN;
use crate::schema::{Column, TABLES, Table};
use crate::text::count;
use crate::time::format_micros;

/// Which columns of which tables are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wishes {
    /// With what the tables that are worked out need of others.
    plan: Plan,
    /// What SQL sees or is written.
    shown: Plan,
    overflow: Overflow,
}

/// What becomes of rows that do not fit into memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overflow {
    /// There must be none.
    Refused,
    /// They wait on disk; tables have them in no particular order.
    OnDisk,
    /// The same, and no table has all of them: they are asked part by part, and not folded.
    OnDiskInParts,
    /// They wait on disk; tables have them as they would in memory.
    OnDiskInOrder,
}

/// A table, ready for an engine or a file.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) table: &'static Table,
    pub(crate) schema: SchemaRef,
    /// With the columns of `schema`, but that texts may be numbered.
    batches: Vec<RecordBatch>,
    /// Parquet files that hold the rows instead, where there are too many.
    pub(crate) files: Vec<File>,
    /// What gives the rows instead, one batch after the other, to whoever writes them.
    in_order: Option<Arc<InOrder>>,
}

impl Made {
    /// A table in memory; texts of the batches may be numbered.
    pub(crate) fn new(table: &'static Table, schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { table, schema, batches, files: Vec::new(), in_order: None }
    }

    /// A table in files.
    pub(crate) fn on_disk(table: &'static Table, schema: SchemaRef, files: Vec<File>) -> Self {
        Self { files, ..Self::new(table, schema, Vec::new()) }
    }

    /// A table of the Activity Log with all its columns, which is read in its order.
    pub(crate) fn in_order(table: &'static Table, log: &Arc<InOrder>) -> Self {
        let schema = Arc::new(table.arrow_schema(|_| true));
        Self { in_order: Some(Arc::clone(log)), ..Self::new(table, schema, Vec::new()) }
    }

    pub(crate) fn input(&self) -> TableInput<'_> {
        TableInput {
            name: self.table.name,
            schema: Arc::clone(&self.schema),
            rows: if self.files.is_empty() {
                Rows::Batches(&self.batches)
            } else {
                Rows::Parquet(&self.files)
            },
        }
    }

    /// Its rows, wherever they are, texts as texts. On disk, a table without columns has none.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Result<RecordBatch, Error>> {
        let plain = |batch| projected(&batch?, &self.schema).map_err(Error::Arrow);
        self.rows_as_held().map(plain)
    }

    /// The same, texts as they are: numbered, it may be.
    pub(crate) fn rows_as_held(&self) -> impl Iterator<Item = Result<RecordBatch, Error>> {
        let on_disk = self.files.iter().flat_map(|file| read_back(file, &self.schema));
        let in_order = self.in_order.iter().flat_map(|log| log.rows(self.table, &self.schema));
        self.batches.iter().cloned().map(Ok).chain(on_disk).chain(in_order)
    }

    /// All its rows at once.
    pub(crate) fn all_rows(&self) -> Result<Vec<RecordBatch>, Error> {
        self.rows().collect()
    }
}

impl Wishes {
    /// What some queries need.
    pub(crate) fn of(plan: &Plan) -> Self {
        let shown = plan.clone();
        Self { plan: tables_others::with_needs(plan), shown, overflow: Overflow::OnDisk }
    }

    /// The same of queries that can be asked part by part.
    pub(crate) fn in_parts(self) -> Self {
        let is_simple = self.reads_only_the_log() && !self.folds();
        Self { overflow: if is_simple { Overflow::OnDiskInParts } else { self.overflow }, ..self }
    }

    /// Every column of every table, whose rows may wait on disk.
    pub(crate) fn all_tables() -> Self {
        Self { overflow: Overflow::OnDiskInOrder, ..Self::everything(None) }
    }

    /// Every column of every table, or of the one that is written, in memory.
    pub(crate) fn everything(written: Option<&str>) -> Self {
        let all = |table: &Table| {
            let columns: BTreeSet<String> =
                table.columns.iter().map(|column| column.name.to_owned()).collect();
            (table.name.to_owned(), columns)
        };
        let is_written = |table: &&Table| written.is_none_or(|written| written == table.name);
        let columns = TABLES.iter().copied().filter(is_written).map(all).collect();
        let shown = Plan { columns, ..Plan::default() };
        Self { plan: tables_others::with_needs(&shown), shown, overflow: Overflow::Refused }
    }

    fn reads(&self, table: &Table) -> bool {
        self.plan.columns.contains_key(table.name)
    }

    fn is_shown(&self, table: &Table) -> bool {
        self.shown.columns.contains_key(table.name)
    }

    fn folds(&self) -> bool {
        self.reads(&ATTEMPT) || self.plan.needs(ACTIVITY.name, "attempt_id")
    }

    /// The columns of `activity` that have to be extracted.
    pub(crate) fn activity_columns(&self) -> Vec<&'static str> {
        let names = ACTIVITY.columns.iter().map(|column| column.name);
        names
            .filter(|name| {
                *name == "event_time"
                    || self.shows(name)
                    || (self.folds() && COLUMNS_READ.contains(name))
                    || (tables_others::judges(&self.plan) && ACTIVITY_READ.contains(name))
            })
            .collect()
    }

    /// Those of them that nothing asks for where a row is no policy event.
    pub(crate) fn columns_of_policy_events(&self) -> Vec<&'static str> {
        let is_read_otherwise = |name: &str| {
            let in_attempt = |column: &Column| source_column(column.name) == Some(name);
            name == "event_time"
                || (self.folds()
                    && (COLUMNS_READ.contains(&name) || ATTEMPT.columns.iter().any(in_attempt)))
        };
        let names = ACTIVITY.columns.iter().map(|column| column.name);
        let of_policy_events = names.filter(|name| self.plan.of_policy_events.contains(*name));
        of_policy_events
            .filter(|name| self.reads_only_the_log() && !is_read_otherwise(name))
            .collect()
    }

    /// The columns of the other tables that have to be extracted.
    pub(crate) fn other_columns(&self) -> BTreeMap<&'static str, Vec<&'static str>> {
        tables_others::columns(&self.plan)
    }

    /// What to say where the input holds rows, and none of what is asked for is made of them.
    pub(crate) fn reads_none_of(&self, accounting: &Accounting) -> Option<Warning> {
        let is_read = |table: &str| {
            self.plan.columns.contains_key(table) || (table == ACTIVITY.name && self.folds())
        };
        let mut held = accounting.rows.iter().filter(|(_, rows)| **rows > 0).peekable();
        let (table, rows) = held.peek()?;
        let what = format!("{} of table `{table}`", count(**rows, "row"));
        let hint = match table.as_str() {
            "sign_in" => Some("sign-ins are what `azmfa readiness` reads".to_owned()),
            _ => None,
        };
        let none = held.all(|(table, _)| !is_read(table));
        none.then(|| Warning {
            message: format!("nothing that is asked for is in the input, which holds {what}"),
            hint,
        })
    }

    /// The window of what is read: with the rows of the other tables where these are read.
    pub(crate) fn widened(&self, ingested: &Ingested) -> (Option<i64>, Option<i64>) {
        let spans = ingested.others.spans.iter();
        let read = spans.filter(|(table, _)| self.plan.columns.contains_key(**table));
        read.fold(ingested.window, |(first, last), (_, (low, high))| {
            (
                Some(first.map_or(*low, |first| first.min(*low))),
                Some(last.map_or(*high, |last| last.max(*high))),
            )
        })
    }

    /// Columns of `activity` that are only compared, while rows are folded.
    pub(crate) fn hashed_columns(&self) -> Vec<&'static str> {
        COLUMNS_COMPARED.iter().copied().filter(|name| !self.shows(name)).collect()
    }

    /// Whether SQL sees the column of `activity`, there or in `attempt`.
    fn shows(&self, name: &str) -> bool {
        let in_attempt = |column: &Column| {
            self.plan.needs(ATTEMPT.name, column.name) && source_column(column.name) == Some(name)
        };
        self.plan.needs(ACTIVITY.name, name) || ATTEMPT.columns.iter().any(in_attempt)
    }

    /// The columns of `activity_policy` that have to be extracted.
    pub(crate) fn policy_columns(&self) -> Vec<&'static str> {
        policy_event::columns_read()
            .filter(|name| {
                self.plan.needs(ACTIVITY_POLICY.name, name)
                    || (*name == "event_id" && self.joins_policies())
            })
            .collect()
    }

    /// Whether columns of `activity_policy` are made of events and attempts.
    fn joins_policies(&self) -> bool {
        let read = self.plan.columns.get(ACTIVITY_POLICY.name);
        read.is_some_and(|columns| columns.iter().any(|name| policy_event::is_made(name)))
    }

    /// Whether rows that do not fit into memory may wait on disk, and will be folded then.
    pub(crate) fn spills(&self) -> Option<bool> {
        (self.overflow != Overflow::Refused).then(|| self.folds())
    }

    /// Bytes of rows that are kept in memory unless something else is asked for.
    pub(crate) fn held_bytes(&self) -> Option<u64> {
        match self.overflow {
            Overflow::Refused => None,
            Overflow::OnDisk => Some(ROWS_HELD_BYTES),
            Overflow::OnDiskInParts => Some(ROWS_IN_PARTS_HELD_BYTES),
            Overflow::OnDiskInOrder => Some(WHOLE_ROWS_HELD_BYTES),
        }
    }

    /// Makes the tables that are read; adds to the warnings what they leave out.
    pub(crate) fn make(
        &self,
        ingested: &mut Ingested,
        window: (Option<i64>, Option<i64>),
        options: &ReadOptions,
    ) -> Result<Vec<Made>, Error> {
        let mut others = std::mem::take(&mut ingested.others);
        let mut log = Log::new(&self.plan, &mut others, &mut ingested.accounting)?;
        let mut days = std::mem::take(&mut ingested.days);
        if self.reads(&CALENDAR) {
            days.add_all(&ingested.kept.batches);
        }
        let mut made = match ingested.spilled.take() {
            Some(spilled) => {
                log.is_on_disk = true;
                if self.overflow == Overflow::OnDiskInOrder {
                    self.make_in_order(spilled, &mut log)?
                } else {
                    self.make_on_disk(&spilled, &mut log)?
                }
            }
            None => self.make_in_memory(ingested, &mut log)?,
        };
        made.extend(tables_others::make(&self.shown, others, log, options)?);
        made.extend(self.about_run(days, window, &mut ingested.accounting)?);
        made.retain(|made| self.is_shown(made.table));
        // In reading order; `run` is the last.
        made.sort_by_key(|made| TABLES.iter().position(|table| table.name == made.table.name));
        Ok(made)
    }

    /// The tables of rows that are in memory.
    fn make_in_memory(&self, ingested: &mut Ingested, log: &mut Log) -> Result<Vec<Made>, Error> {
        let (kept, policy) =
            (std::mem::take(&mut ingested.kept), std::mem::take(&mut ingested.policy));
        for shown in shown_by(&kept, log.reads_activity()) {
            log.activity(&shown)?;
        }
        let (made, attempts) = self.of_the_log(kept, policy).map_err(Error::Arrow)?;
        if let Some(attempts) = attempts {
            log.attempts(&attempts)?;
        }
        Ok(made)
    }

    /// The tables of the Activity Log that are shown, of rows that belong together, and the attempts.
    fn of_the_log(
        &self,
        kept: Kept,
        policies: Vec<RecordBatch>,
    ) -> Result<(Vec<Made>, Option<RecordBatch>), ArrowError> {
        let (kept, folded) = self.folded(kept)?;
        let mut made = Vec::new();
        if self.is_shown(&ACTIVITY_POLICY) {
            let events = self.policy_events(&kept, folded.as_ref())?;
            let events = PolicyEvents::new(events.as_slice());
            let policies = policies.into_par_iter().map(|batch| events.joined(&batch));
            let policies = policies.collect::<Result<Vec<RecordBatch>, ArrowError>>()?;
            made.push(cut(&ACTIVITY_POLICY, self.policy_schema(), &policies)?);
        }
        if self.is_shown(&ACTIVITY) {
            made.push(self.activity(kept, folded.as_ref())?);
        }
        let attempts = folded.map(|folded| folded.attempts);
        if let (true, Some(attempts)) = (self.is_shown(&ATTEMPT), &attempts) {
            let schema = Arc::new(ATTEMPT.arrow_schema(|name| self.plan.needs(ATTEMPT.name, name)));
            made.push(Made::new(&ATTEMPT, schema, vec![attempts.clone()]));
        }
        Ok((made, attempts))
    }

    /// What policies take of their events, if they take anything.
    pub(crate) fn policy_events(
        &self,
        kept: &Kept,
        folded: Option<&Folded>,
    ) -> Result<Option<RecordBatch>, ArrowError> {
        let wanted = |name: &str| self.plan.needs(ACTIVITY_POLICY.name, name);
        let joins = self.joins_policies();
        joins.then(|| policy_event::of_events(kept, folded, wanted)).transpose()
    }

    /// The tables of rows that are on disk: in files as well, a group of rows after the other. Rows
    /// are in no particular order.
    fn make_on_disk(&self, spilled: &Spilled, log: &mut Log) -> Result<Vec<Made>, Error> {
        let reads_activity = log.reads_activity();
        let shared = Mutex::new(std::mem::take(log));
        let shared_log = || locked(&shared);
        let groups =
            spilled.each_group(rayon::current_num_threads(), false, usize::MAX, |_, group| {
                let kept = group.kept;
                for shown in shown_by(&kept, reads_activity) {
                    shared_log().activity(&shown)?;
                }
                let (kept, folded) = self.folded(kept).map_err(Error::Arrow)?;
                let mut files = Vec::new();
                let behind = self.policy_events(&kept, folded.as_ref()).map_err(Error::Arrow)?;
                let behind =
                    behind.as_ref().map(with_own_texts).transpose().map_err(Error::Arrow)?;
                if self.is_shown(&ACTIVITY) {
                    let made = self.activity(kept, folded.as_ref()).map_err(Error::Arrow)?;
                    files.push((made.table, made.schema.clone(), written(&made)?));
                }
                if let (true, Some(folded)) = (self.reads(&ATTEMPT), folded) {
                    shared_log().attempts(&folded.attempts)?;
                    if self.is_shown(&ATTEMPT) {
                        let schema =
                            ATTEMPT.arrow_schema(|name| self.shown.needs(ATTEMPT.name, name));
                        let made =
                            cut(&ATTEMPT, schema, &[folded.attempts]).map_err(Error::Arrow)?;
                        files.push((made.table, made.schema.clone(), written(&made)?));
                    }
                }
                Ok((files, behind))
            })?;
        *log = unlocked(shared);
        let mut made: Vec<Made> = Vec::new();
        let (groups, behind): (Vec<_>, Vec<_>) = groups.into_iter().unzip();
        for (table, schema, file) in groups.into_iter().flatten() {
            match made.iter_mut().find(|made| made.table.name == table.name) {
                Some(made) => made.files.push(file),
                None => made.push(Made::on_disk(table, schema, vec![file])),
            }
        }
        if self.is_shown(&ACTIVITY_POLICY) {
            let behind: Vec<RecordBatch> = behind.into_iter().flatten().collect();
            let events = PolicyEvents::new(&behind);
            let schema = Arc::new(self.policy_schema());
            let mut file = TableFile::new(&schema)?;
            for batch in spilled.policies_in_order() {
                let joined = events.joined(&batch?.0).map_err(Error::Arrow)?;
                file.push(&projected(&joined, &schema).map_err(Error::Arrow)?)?;
            }
            made.push(Made::on_disk(&ACTIVITY_POLICY, schema, vec![file.close()?]));
        }
        Ok(made)
    }

    /// The tables of a part of the rows, and of their policies.
    pub(crate) fn part(
        &self,
        kept: Kept,
        policies: Vec<RecordBatch>,
    ) -> Result<Vec<Made>, ArrowError> {
        self.of_the_log(kept, policies).map(|(made, _)| made)
    }

    /// Whether nothing is read but the tables of the Activity Log and what is known of the run.
    pub(crate) fn reads_only_the_log(&self) -> bool {
        let own = [&ACTIVITY, &ACTIVITY_POLICY, &ATTEMPT, &CALENDAR, &RUN];
        self.plan.columns.keys().all(|table| own.iter().any(|own| own.name == table))
    }

    /// What is known of the run: its days and its window, as far as they are read.
    pub(crate) fn about_run(
        &self,
        days: Days,
        window: (Option<i64>, Option<i64>),
        accounting: &mut Accounting,
    ) -> Result<Vec<Made>, Error> {
        let mut made = Vec::new();
        if self.reads(&CALENDAR) {
            let (days, left_out) = calendar(days).map_err(Error::Arrow)?;
            if left_out {
                accounting.warnings.push(Warning {
                    message: format!("the events span more than {DAYS_MAX} days: days without data are left out of the timeline"),
                    hint: Some("narrow the window with `--since` and `--until`".to_owned()),
                });
            }
            made.push(of_batch(&CALENDAR, days));
        }
        if self.reads(&RUN) {
            made.push(run_table(window).map_err(Error::Arrow)?);
        }
        Ok(made)
    }

    fn policy_schema(&self) -> Schema {
        ACTIVITY_POLICY.arrow_schema(|name| self.plan.needs(ACTIVITY_POLICY.name, name))
    }

    /// Folds the rows, and gives them back without the columns that only folding reads.
    pub(crate) fn folded(&self, mut kept: Kept) -> Result<(Kept, Option<Folded>), ArrowError> {
        if !self.folds() {
            return Ok((kept, None));
        }
        let events = read_all(&kept);
        kept.retain(|name| self.shows(name) || COLUMNS_READ_LATE.contains(&name))?;
        let wants_ids = self.plan.needs(ACTIVITY.name, "attempt_id");
        let wanted = |name: &str| self.plan.needs(ATTEMPT.name, name);
        let folded = fold_events(events, &kept, wanted, wants_ids)?;
        Ok((kept, Some(folded)))
    }

    fn activity(&self, kept: Kept, folded: Option<&Folded>) -> Result<Made, ArrowError> {
        let attempt_ids =
            folded.map(|folded| folded.attempt_ids.as_slice()).filter(|ids| !ids.is_empty());
        let schema = ACTIVITY.arrow_schema(|name| self.shown.needs(ACTIVITY.name, name));
        let mut batches = kept.batches;
        if let Some(ids) = attempt_ids {
            for (batch, ids) in batches.iter_mut().zip(ids) {
                *batch = with_columns(batch, &[("attempt_id", Arc::clone(ids))])?;
            }
        }
        if self.folds() && !self.plan.of_policy_events.is_empty() {
            return self.narrowed(schema, batches);
        }
        cut(&ACTIVITY, schema, &batches)
    }

    /// The table with the policy events of each batch before its other rows. Of these, columns that
    /// nothing asks for are null: most reports need of most rows only that they are there.
    fn narrowed(&self, schema: Schema, batches: Vec<RecordBatch>) -> Result<Made, ArrowError> {
        let schema = Arc::new(schema);
        let is_narrow = |field: &Field| self.plan.of_policy_events.contains(field.name());
        let rows_max = batches.iter().map(RecordBatch::num_rows).max().unwrap_or_default();
        let nothing: Vec<ArrayRef> = schema
            .fields()
            .iter()
            .map(|field| {
                new_null_array(field.data_type(), if is_narrow(field) { rows_max } else { 0 })
            })
            .collect();
        let split = |batch: RecordBatch| {
            let flags = Flags::of(&batch, "is_policy_event");
            let rows = |wanted: bool| -> BooleanArray {
                (0..batch.num_rows()).map(|row| Some(flags.is_true(row) == wanted)).collect()
            };
            let (is_policy, others) = (rows(true), rows(false));
            let count = others.true_count();
            let (mut full, mut rest) = (Vec::new(), Vec::new());
            for (field, nothing) in schema.fields().iter().zip(&nothing) {
                let column = batch.column(batch.schema_ref().index_of(field.name())?);
                full.push(own(filter(column, &is_policy)?));
                rest.push(if is_narrow(field) {
                    nothing.slice(0, count)
                } else {
                    filter(column, &others)?
                });
            }
            let of = |columns, rows| of_columns(&schema, columns, rows);
            Ok([of(full, is_policy.true_count())?, of(rest, count)?])
        };
        let split = batches.into_par_iter().map(split);
        let batches: Vec<[RecordBatch; 2]> = split.collect::<Result<_, ArrowError>>()?;
        let batches = batches.into_iter().flatten().filter(|batch| batch.num_rows() > 0).collect();
        Ok(Made::new(&ACTIVITY, schema, batches))
    }
}

/// What the tokens of rows show, if anybody looks at it.
pub(crate) fn shown_by(kept: &Kept, is_wanted: bool) -> Vec<Vec<Proof>> {
    let batches = kept.batches.par_iter().filter(|_| is_wanted);
    batches.map(of_activity).collect()
}

/// The batch with texts of its own, each of them once: it holds on to none of the rows that it comes
/// from.
pub(crate) fn with_own_texts(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let own = |column: &ArrayRef| -> Result<ArrayRef, ArrowError> {
        let column = plain(column)?;
        let Some(texts) = column.as_string_view_opt() else { return Ok(column) };
        let mut own = StringViewBuilder::with_capacity(column.len()).with_deduplicate_strings();
        own.extend(texts);
        Ok(Arc::new(own.finish()))
    };
    let columns = batch.columns().iter().map(own).collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(batch.schema(), columns, &options)
}

/// Texts without those of other rows, where they come from a buffer of many.
fn own(column: ArrayRef) -> ArrayRef {
    match column.as_string_view_opt() {
        Some(texts) => Arc::new(texts.gc()),
        None => column,
    }
}

/// What runs SQL over tables that were made: where rows beside those of `activity` are on disk, it
/// spares memory rather than time.
pub(crate) fn engine_for(tables: &[Made]) -> Shipped {
    let is_log = |made: &Made| {
        [ACTIVITY.name, ATTEMPT.name, ACTIVITY_POLICY.name].contains(&made.table.name)
    };
    let is_sparing = tables.iter().any(|made| !made.files.is_empty() && !is_log(made));
    Shipped { polars: if is_sparing { Polars::sparing() } else { Polars::default() } }
}

/// Tells the queries that cannot run, before there are tables.
pub(crate) fn planned(plan: &Plan, asked: &Tally<'_>) -> Result<(), EngineError> {
    let tables = without_rows(plan);
    let inputs: Vec<_> = tables.iter().map(Made::input).collect();
    Shipped::plan(asked, &inputs)
}

/// Gets ready what queries, which are those that were planned, will need, beside whatever else there is to
/// do before there are tables.
pub(crate) fn made_ready<'a>(plan: &'a Plan, queries: &'a [Query<'a>]) -> Tally<'a> {
    let trees = &plan.trees;
    let asked = Tally::of_read((&plan.views, &trees.views), (queries, &trees.queries));
    if !is_known(plan, &asked) {
        Polars::warm_up();
    }
    asked
}

/// Whether all queries are answered from numbers of texts, if the tables are in memory.
pub(crate) fn is_known(plan: &Plan, asked: &Tally<'_>) -> bool {
    let tables = without_rows(plan);
    let inputs: Vec<_> = tables.iter().map(Made::input).collect();
    !asked.known(&inputs).contains(&false)
}

/// The tables that are read.
fn without_rows(plan: &Plan) -> Vec<Made> {
    let tables = TABLES.iter().filter_map(|table| {
        let columns = plan.columns.get(table.name)?;
        let schema = Arc::new(table.arrow_schema(|name| columns.contains(name)));
        Some(Made::new(table, schema, Vec::new()))
    });
    tables.collect()
}

fn of_batch(table: &'static Table, batch: RecordBatch) -> Made {
    Made::new(table, batch.schema(), vec![batch])
}

/// The table as a file.
fn written(made: &Made) -> Result<File, Error> {
    let mut file = TableFile::new(&made.schema)?;
    for batch in made.rows() {
        file.push(&batch?)?;
    }
    file.close()
}

/// The table of some batches, cut to the columns of `schema`.
pub(crate) fn cut(
    table: &'static Table,
    schema: Schema,
    batches: &[RecordBatch],
) -> Result<Made, ArrowError> {
    let cut = |batch: &RecordBatch| {
        let fields = schema.fields().iter();
        let places = fields.map(|field| batch.schema_ref().index_of(field.name()));
        batch.project(&places.collect::<Result<Vec<usize>, ArrowError>>()?)
    };
    let batches = batches.iter().map(cut).collect::<Result<Vec<RecordBatch>, ArrowError>>()?;
    Ok(Made::new(table, Arc::new(schema), batches))
}

/// The batch with the columns of `schema` only, texts as texts.
pub(crate) fn projected(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let columns = schema
        .fields()
        .iter()
        .map(|field| plain(batch.column(batch.schema_ref().index_of(field.name())?)))
        .collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

/// The table of what the run covers.
pub(crate) fn run_table(window: (Option<i64>, Option<i64>)) -> Result<Made, ArrowError> {
    let schema = Arc::new(RUN.arrow_schema(|_| true));
    let text = |time: Option<i64>| -> ArrayRef {
        Arc::new(StringViewArray::from(vec![time.map(format_micros)]))
    };
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![text(window.0), text(window.1)])?;
    Ok(Made::new(&RUN, schema, vec![batch]))
}
