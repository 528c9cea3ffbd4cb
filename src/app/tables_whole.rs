//! The tables of one run of `azmfa convert`, all of them and unchanged: reports and queries read them
//! where they lie.
//!
//! Their rows are different events and their attempts are complete, so nothing has to be dropped or
//! folded, and of each table no more is read than a report asks for. That they belong together says
//! `run`, the table that is written last: it keeps the mark of every other.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::app::collect::Ingested;
use crate::app::ingest::thread_count;
use crate::app::options::ReadOptions;
use crate::app::others::read_table;
use crate::app::report::window;
use crate::app::tables::{Made, Wishes, run_table};
use crate::app::tables_read::conform;
use crate::container::parquet::{NormalisedTable, mark, normalised_table};
use crate::engine::polars::Polars;
use crate::engine::{Answer, Engine, Query};
use crate::fold::calendar::DAYS_MAX;
use crate::report::plan::Plan;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::calendar::TABLE as CALENDAR;
use crate::schema::run::TABLE as RUN;
use crate::schema::sign_in_policy::TABLE as SIGN_IN_POLICY;
use crate::schema::{SCHEMA_VERSION, TABLES, Table};
use crate::source::plan::{Place, plan};

/// Whether the rows of a table are records that were read, rather than worked out from others.
fn is_read(table: &Table) -> bool {
    let is_part = table.name == SIGN_IN_POLICY.name;
    table.name == ACTIVITY.name || (read_table(table.name).is_some() && !is_part)
}

/// Such tables.
pub(crate) struct Whole {
    files: BTreeMap<String, File>,
    days: Vec<RecordBatch>,
    /// What reading their rows one by one would tell of them.
    pub(crate) ingested: Ingested,
}

impl Whole {
    /// The tables behind the inputs, where these are the tables of one run and nothing else, and all
    /// of their rows count as they stand.
    pub(crate) fn of(options: &ReadOptions, wishes: &Wishes) -> Option<Self> {
        let as_they_stand = ReadOptions {
            inputs: options.inputs.clone(),
            as_of: options.as_of,
            threads: options.threads,
            memory: options.memory,
            strict: options.strict,
            force: options.force,
            ..ReadOptions::default()
        };
        if *options != as_they_stand {
            return None;
        }
        let inputs = plan(&options.inputs).ok()?;
        if inputs.len() != TABLES.len() {
            return None;
        }
        let mut ingested = Ingested::default();
        let mut tables: BTreeMap<String, (File, NormalisedTable)> = BTreeMap::new();
        for input in &inputs {
            let (Place::Path(path), Some(bytes)) = (&input.place, input.bytes_len) else {
                return None;
            };
            let file = File::open(path).ok()?;
            let table = normalised_table(&file).ok()??;
            ingested.accounting.files += 1;
            ingested.accounting.bytes += bytes;
            tables.insert(table.table.clone(), (file, table));
        }
        let run = &tables.get(RUN.name)?.1;
        for known in TABLES {
            let (file, table) = tables.get(known.name)?;
            let has = |name: &str| table.schema().field_with_name(name).is_ok();
            if table.schema_version != SCHEMA_VERSION
                || !known.columns.iter().all(|column| has(column.name))
                || (known.name != RUN.name && run.mark_of(known.name) != mark(file).ok().as_deref())
            {
                return None;
            }
        }
        for table in TABLES.iter().filter(|table| is_read(table)) {
            let stored = &tables.get(table.name)?.1;
            let span = stored.span("event_time").filter(|_| stored.row_count > 0);
            let has_time = table.position("event_time").is_some();
            if has_time && stored.row_count > 0 && span.is_none() {
                return None;
            }
            if table.name == ACTIVITY.name {
                ingested.window = (span.map(|span| span.0), span.map(|span| span.1));
            } else if let Some(span) = span {
                ingested.others.spans.insert(table.name, span);
            }
            let accounting = &mut ingested.accounting;
            accounting.records += stored.row_count;
            if stored.row_count > 0 || table.name == ACTIVITY.name {
                accounting.rows.insert(table.name.to_owned(), stored.row_count);
            }
        }
        let accounting = &mut ingested.accounting;
        accounting.formats.insert("azmfa_table".to_owned(), accounting.records);
        let (_, calendar) = tables.remove(CALENDAR.name)?;
        // Of more days some are left out, which has to be said by who makes the table.
        if calendar.row_count >= DAYS_MAX as u64 {
            return None;
        }
        let names: Vec<&str> = CALENDAR.columns.iter().map(|column| column.name).collect();
        let days = calendar.batches(&names).ok()?;
        let days = days.map(|batch| conform(&batch.ok()?, &CALENDAR, |_| true).ok());
        let days = days.collect::<Option<Vec<RecordBatch>>>()?;
        let files = tables.into_iter().map(|(name, (file, _))| (name, file)).collect();
        ingested.window = wishes.widened(&ingested);
        Some(Self { files, days, ingested })
    }

    /// What they answer; `None` where one of them is damaged: what can be read of that is read row by
    /// row.
    pub(crate) fn answers(
        self,
        options: &ReadOptions,
        plan: &Plan,
        queries: &[Query<'_>],
    ) -> Option<(Ingested, Vec<Answer>)> {
        let Self { files, days, ingested } = self;
        let tables = made(files, &days, plan, window(options, &ingested)).ok()?;
        let inputs: Vec<_> = tables.iter().map(Made::input).collect();
        let engine = Polars::default().with_threads(thread_count(options.threads));
        let answers = engine.run(&inputs, &plan.views, queries).ok()?;
        Some((ingested, answers))
    }
}

/// The tables that are read, as the engine takes them.
fn made(
    mut files: BTreeMap<String, File>,
    days: &[RecordBatch],
    plan: &Plan,
    window: (Option<i64>, Option<i64>),
) -> Result<Vec<Made>, ArrowError> {
    let mut made = Vec::new();
    for table in TABLES.iter().filter(|table| plan.columns.contains_key(table.name)) {
        if table.name == RUN.name {
            made.push(run_table(window)?);
        } else if table.name == CALENDAR.name {
            let schema = Arc::new(CALENDAR.arrow_schema(|_| true));
            made.push(Made::new(table, schema, days.to_vec()));
        } else if let Some(file) = files.remove(table.name) {
            let schema = Arc::new(table.arrow_schema(|name| plan.needs(table.name, name)));
            made.push(Made::on_disk(table, schema, vec![file]));
        }
    }
    Ok(made)
}
