//! The tables of one run of `azmfa convert`, all of them and unchanged: reports and queries read them
//! where they lie, or whole columns at once, if all that is asked adds up and is worked out on numbers of
//! texts.
//!
//! Their rows are different events and their attempts are complete, so nothing has to be dropped or
//! folded, and of each table no more is read than a report asks for. That they belong together says
//! `run`, the table that is written last: it keeps the mark of every other.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use crate::app::collect::Ingested;
use crate::app::ingest::{threads_for, with_threads};
use crate::app::options::ReadOptions;
use crate::app::others::read_table;
use crate::app::report::window;
use crate::app::tables::{Made, Wishes, is_known, run_table};
use crate::app::tables_read::conform;
use crate::container::parquet::{NormalisedTable, mark, normalised_table};
use crate::engine::Answer;
use crate::engine::shipped::Shipped;
use crate::engine::tally::Tally;
use crate::fold::calendar::DAYS_MAX;
use crate::limits::WHOLE_NUMBERED_BYTES;
use crate::report::divide::divide;
use crate::report::plan::Plan;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::calendar::TABLE as CALENDAR;
use crate::schema::numbered::of_columns;
use crate::schema::run::TABLE as RUN;
use crate::schema::sign_in_policy::TABLE as SIGN_IN_POLICY;
use crate::schema::{SCHEMA_VERSION, TABLES, Table};
use crate::source::plan::{Place, plan};

/// Whether the rows of a table are records that were read, rather than worked out from others.
fn is_read(table: &Table) -> bool {
    let is_part = table.name == SIGN_IN_POLICY.name;
    table.name == ACTIVITY.name || (read_table(table.name).is_some() && !is_part)
}

/// Tables in files, by their names.
type Files = BTreeMap<String, Stored>;

/// A table in a file.
struct Stored {
    path: PathBuf,
    file: File,
    mark: String,
    table: NormalisedTable,
}

impl Stored {
    /// The columns of `schema`, side by side, the largest first.
    fn columns(&self, schema: &Schema) -> Option<Vec<ArrayRef>> {
        let mut fields: Vec<(usize, &Arc<Field>)> = schema.fields().iter().enumerate().collect();
        fields.sort_by_key(|(_, field)| Reverse(self.table.column_bytes(field.name())));
        let fields = fields.par_iter().with_max_len(1);
        let read = fields.map(|(at, field)| Some((*at, self.column(field.name())?)));
        let mut columns = read.collect::<Option<Vec<(usize, ArrayRef)>>>()?;
        columns.sort_unstable_by_key(|(at, _)| *at);
        Some(columns.into_iter().map(|(_, column)| column).collect())
    }

    /// A column, from the file opened once more; `None` where it is damaged, or another by now.
    fn column(&self, name: &str) -> Option<ArrayRef> {
        let again = File::open(&self.path).ok()?;
        let is_same = mark(&again).ok()? == self.mark;
        is_same.then(|| self.table.column(&again, name).ok()).flatten()
    }
}

/// Such tables.
pub(crate) struct Whole {
    files: Files,
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
        let mut tables = Files::new();
        for input in &inputs {
            let (Place::Path(path), Some(bytes)) = (&input.place, input.bytes_len) else {
                return None;
            };
            let file = File::open(path).ok()?;
            let table = normalised_table(&file).ok()??;
            ingested.accounting.files += 1;
            ingested.accounting.bytes += bytes;
            let mark = mark(&file).ok()?;
            let stored = Stored { path: path.clone(), file, mark, table };
            tables.insert(stored.table.table.clone(), stored);
        }
        let run = &tables.get(RUN.name)?.table;
        for known in TABLES {
            let Stored { mark, table, .. } = tables.get(known.name)?;
            let has = |name: &str| table.schema().field_with_name(name).is_ok();
            if table.schema_version != SCHEMA_VERSION
                || !known.columns.iter().all(|column| has(column.name))
                || (known.name != RUN.name && run.mark_of(known.name) != Some(mark.as_str()))
            {
                return None;
            }
        }
        for table in TABLES.iter().filter(|table| is_read(table)) {
            let stored = &tables.get(table.name)?.table;
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
        let calendar = tables.remove(CALENDAR.name)?.table;
        let days = days_of(calendar)?;
        ingested.window = wishes.widened(&ingested);
        Some(Self { files: tables, days, ingested })
    }

    /// What they answer; `None` where one of them is damaged: what can be read of that is read row by
    /// row.
    pub(crate) fn answers(
        self,
        options: &ReadOptions,
        plan: &Plan,
        asked: &Tally<'_>,
    ) -> Option<(Ingested, Vec<Answer>)> {
        let Self { files, days, ingested } = self;
        let window = window(options, &ingested);
        // What lists rows needs of most columns a few, and of the ids that tell rows apart no numbers.
        let texts: Vec<&str> = asked.queries().iter().map(|query| query.sql).collect();
        let adds_up = || divide(&texts, &plan.views).is_some();
        let is_numbered = is_known(plan, asked)
            && adds_up()
            && numbered_bytes(&files, plan) <= options.memory.unwrap_or(WHOLE_NUMBERED_BYTES);
        let make = || made(&files, &days, (plan, window), is_numbered);
        let threads = threads_for(&ingested, options.threads);
        let tables = with_threads(threads, |pool| pool.install(make)).ok()??;
        let inputs: Vec<_> = tables.iter().map(Made::input).collect();
        let engine = Shipped::default().with_threads(threads);
        let answers = engine.run_read(asked, &inputs).ok()?;
        Some((ingested, answers))
    }
}

/// The rows of `calendar`.
fn days_of(calendar: NormalisedTable) -> Option<Vec<RecordBatch>> {
    // Of more days some are left out, which has to be said by who makes the table.
    if calendar.row_count >= DAYS_MAX as u64 {
        return None;
    }
    let names: Vec<&str> = CALENDAR.columns.iter().map(|column| column.name).collect();
    let days = calendar.batches(&names).ok()?;
    days.map(|batch| conform(&batch.ok()?, &CALENDAR, |_| true).ok()).collect()
}

/// Bytes of the columns that are read, with a number for each text, and of what is made of them, about.
fn numbered_bytes(files: &Files, plan: &Plan) -> u64 {
    const CELL_BYTES: u64 = 8;
    let read = files.iter().filter_map(|(name, stored)| {
        Some(plan.columns.get(name)?.len() as u64 * stored.table.row_count * CELL_BYTES)
    });
    read.sum()
}

/// The tables that are read, as the engine takes them: where they are, or all columns in memory with
/// numbers for their texts.
fn made(
    files: &Files,
    days: &[RecordBatch],
    (plan, window): (&Plan, (Option<i64>, Option<i64>)),
    is_numbered: bool,
) -> Option<Vec<Made>> {
    let mut made = Vec::new();
    for table in TABLES.iter().filter(|table| plan.columns.contains_key(table.name)) {
        if table.name == RUN.name {
            made.push(run_table(window).ok()?);
        } else if table.name == CALENDAR.name {
            let schema = Arc::new(CALENDAR.arrow_schema(|_| true));
            made.push(Made::new(table, schema, days.to_vec()));
        } else if let Some(stored) = files.get(table.name) {
            let schema = Arc::new(table.arrow_schema(|name| plan.needs(table.name, name)));
            made.push(if is_numbered {
                let columns = stored.columns(&schema)?;
                let rows = usize::try_from(stored.table.row_count).ok()?;
                let batch = of_columns(&schema, columns, rows).ok()?;
                Made::new(table, schema, vec![batch])
            } else {
                Made::on_disk(table, schema, vec![stored.file.try_clone().ok()?])
            });
        }
    }
    Some(made)
}
