//! Polars SQL, lazy, in memory or streaming from disk: for what `tally` does not know, and for tables in files.

use std::any::Any;
use std::fs::File;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, ScopedJoinHandle};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringViewArray, new_empty_array};
use arrow_schema::{DataType as ArrowType, Field, Schema};
use polars::prelude::{
    Column, CompatLevel, DataFrame, DataType, Engine as Mode, Expr, IntoLazy, LazyFrame, OptFlags,
    PolarsError, ScanArgsParquet, ScanSources, Series, TimeUnit, col,
};
use polars::sql::SQLContext;
use polars_async::executor::ALLOW_RAYON_THREADS;

use crate::engine::Answer;
use crate::engine::Engine;
use crate::engine::EngineError;
use crate::engine::Query;
use crate::engine::Rows;
use crate::engine::TableInput;
use crate::engine::bridge;
use crate::engine::side_by_side::side_by_side;
use crate::schema::Kind;
use crate::schema::numbered::plain;

/// Polars, in this process.
///
/// Over tables in memory, queries run there, side by side. Several share their views: each view is
/// worked out once and kept, which saves each of them the way down to the tables.
///
/// Tables on disk are there because they do not fit into memory: their views are not kept, and
/// queries stream from the files one after the other.
///
/// Where a query without `order by` leaves the order of its rows open, it may be one over few rows,
/// another over many, and another from disk.
///
/// Queries run side by side on threads that end with them. Polars has its threads besides, as many as
/// `POLARS_MAX_THREADS` says when it first runs, which live on.
#[derive(Debug, Clone, Copy)]
pub struct Polars {
    /// Queries that run at once.
    pub(super) threads: usize,
    /// Rows up to which one thread runs a query, as [`SMALL_ROWS`].
    pub(super) small_rows: usize,
    /// Rows up to which plans run as they are written, as [`FEW_ROWS`].
    pub(super) few_rows: usize,
    /// Whether what a query reads twice is kept in memory in between.
    pub(super) keeps_what_comes_twice: bool,
}

impl Default for Polars {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let keeps_what_comes_twice = true;
        Self { threads, small_rows: SMALL_ROWS, few_rows: FEW_ROWS, keeps_what_comes_twice }
    }
}

impl Polars {
    /// One that reads from disk twice what a query reads twice: over a million sign-ins and as many
    /// events the summary of readiness takes 30 MB then, not 120.
    pub fn sparing() -> Self {
        Self { keeps_what_comes_twice: false, ..Self::default() }
    }

    /// The same with as many queries at once.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Begins what polars sets up when it first runs, beside whatever else there is to do before there
    /// are tables: its threads, a buffer of zeroes of eight megabytes, and the parts of the program that
    /// run a query, which have to come into memory. That saves a tenth of the time in which it makes reports
    /// on ten events; a query that needs no zeroes would take two fifths longer.
    pub fn warm_up() {
        let small = || {
            let texts: ArrayRef = Arc::new(StringViewArray::from(vec!["a"]));
            let schema = Arc::new(Schema::new(vec![Field::new("a", ArrowType::Utf8View, true)]));
            let batch = RecordBatch::try_new(Arc::clone(&schema), vec![texts]).ok()?;
            let batches = [batch];
            let tables = [TableInput { name: "t", schema, rows: Rows::Batches(&batches) }];
            let queries = [Query { name: "warm-up", sql: WARM_UP, columns: Vec::new() }];
            Self::default().run_part(&tables, &[], &queries).ok()
        };
        // Nothing waits for it, and where it cannot run, the first query pays as it would have.
        let _ = thread::Builder::new().spawn(move || guarded(|| Ok(small().is_some())));
    }

    /// Plans queries without running them: tells those that name what is not there, or work out of a
    /// column what its kind does not allow.
    ///
    /// # Errors
    /// As [`Engine::run`], as far as that can be known without rows.
    pub fn plan(
        tables: &[TableInput<'_>],
        views: &[(String, String)],
        queries: &[Query<'_>],
    ) -> Result<(), EngineError> {
        guarded(|| {
            let typed = |name: &str, mut plan: LazyFrame| {
                plan.collect_schema().map_err(|error| failure(name, &error))?;
                Ok(plan)
            };
            let mut context = with_views(tables, views, typed)?;
            queries.iter().try_for_each(|it| {
                let plan = context.execute(it.sql).map_err(|error| failure(it.name, &error))?;
                typed(it.name, plan).map(drop)
            })
        })
    }

    /// Runs queries over a part of the rows, on a thread of its own and no other: the other parts
    /// keep these busy.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_part(
        &self,
        tables: &[TableInput<'_>],
        views: &[(String, String)],
        queries: &[Query<'_>],
    ) -> Result<Vec<Answer>, EngineError> {
        guarded(|| self.with_threads(1).run_small(tables, views, queries))
    }
}

impl Engine for Polars {
    fn run(
        &self,
        tables: &[TableInput<'_>],
        views: &[(String, String)],
        queries: &[Query<'_>],
    ) -> Result<Vec<Answer>, EngineError> {
        guarded(|| {
            if rows(tables) <= self.small_rows {
                return self.run_small(tables, views, queries);
            }
            self.run_large(tables, views, queries)
        })
    }
}

/// What most reports are made of, over a row.
const WARM_UP: &str = "with flagged as (
    select a, cast(case when a = 'a' and a in ('b', 'c') then 1 else 0 end as bigint) as b from t
)
select flagged.a, sum(b) as c, count(distinct t.a) as d, coalesce(max(t.a), 'none') as e
from flagged left join t on flagged.a = t.a group by flagged.a order by c desc, flagged.a";

/// Rows of all tables together up to which a query is run by one thread: to start those of polars, and
/// to share the work among them, would take longer.
const SMALL_ROWS: usize = 10_000;

/// Rows up to which plans run as they are written. What optimising could save then is less than
/// what it takes, even where tables are joined by nothing but a `where`: without optimising that
/// pairs every row of one with every row of the other.
const FEW_ROWS: usize = 100;

impl Polars {
    /// Runs queries over so few rows that making plans is most of the work: the plans are made side by
    /// side, little is optimised in them, and each is run by the thread that made it. The threads of
    /// polars have no part in that, though planning begins those of its asynchronous runtime, and a
    /// plan that joins tables those of its pool.
    fn run_small(
        &self,
        tables: &[TableInput<'_>],
        views: &[(String, String)],
        queries: &[Query<'_>],
    ) -> Result<Vec<Answer>, EngineError> {
        let optimizations = if rows(tables) <= self.few_rows {
            OptFlags::TYPE_COERCION | OptFlags::TYPE_CHECK
        } else {
            OptFlags::default()
        };
        // What polars runs where it must not use its threads is not to belong to any other pool.
        thread::scope(|scope| {
            let first = scope.spawn(|| {
                ALLOW_RAYON_THREADS.set(false);
                let kept = |name: &str, view: LazyFrame| {
                    let view = view.with_optimizations(optimizations);
                    Ok(collect(name, view, Mode::InMemory)?.lazy())
                };
                let context = guarded(|| with_views(tables, views, kept))?;
                answers(self.threads, queries, |query| {
                    ALLOW_RAYON_THREADS.set(false);
                    planned_and_run(&context, query, optimizations, Mode::InMemory)
                })
            });
            joined(first)?
        })
    }

    /// Runs queries with all that polars has.
    fn run_large(
        &self,
        tables: &[TableInput<'_>],
        views: &[(String, String)],
        queries: &[Query<'_>],
    ) -> Result<Vec<Answer>, EngineError> {
        let is_on_disk = tables.iter().any(|table| matches!(table.rows, Rows::Parquet(_)));
        let is_shared = queries.len() > 1 && !is_on_disk;
        let shared = |name: &str, view: LazyFrame| {
            if is_shared { Ok(collect(name, view, Mode::InMemory)?.lazy()) } else { Ok(view) }
        };
        let context = with_views(tables, views, shared)?;
        let mode = if is_on_disk { Mode::Streaming } else { Mode::InMemory };
        let mut optimizations = OptFlags::default();
        let keeps_what_comes_twice = self.keeps_what_comes_twice || !is_on_disk;
        optimizations.set(OptFlags::COMM_SUBPLAN_ELIM, keeps_what_comes_twice);
        let threads = if is_on_disk { 1 } else { self.threads };
        answers(threads, queries, |query| planned_and_run(&context, query, optimizations, mode))
    }
}

/// What queries answer, some of them at once.
fn answers(
    threads: usize,
    queries: &[Query<'_>],
    answer: impl Fn(&Query<'_>) -> Result<Answer, EngineError> + Sync,
) -> Result<Vec<Answer>, EngineError> {
    side_by_side(threads, queries, |query| guarded(|| answer(query))).into_iter().collect()
}

/// Turns a panic of polars into an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, EngineError>) -> Result<T, EngineError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(EngineError::Panic(panic_text(payload.as_ref()))))
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
        .to_owned()
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> Result<T, EngineError> {
    thread.join().map_err(|payload| EngineError::Panic(panic_text(payload.as_ref())))
}

fn planned_and_run(
    context: &SQLContext,
    query: &Query<'_>,
    optimizations: OptFlags,
    mode: Mode,
) -> Result<Answer, EngineError> {
    let plan = context.clone().execute(query.sql).map_err(|error| failure(query.name, &error))?;
    answer(query, &collect(query.name, plan.with_optimizations(optimizations), mode)?)
}

/// What queries see: the tables, and what is made of each view.
fn with_views(
    tables: &[TableInput<'_>],
    views: &[(String, String)],
    made: impl Fn(&str, LazyFrame) -> Result<LazyFrame, EngineError>,
) -> Result<SQLContext, EngineError> {
    let mut context = context(tables)?;
    for (name, sql) in views {
        let view = context.execute(sql).map_err(|error| failure(name, &error))?;
        context.register(name, made(name, view)?);
    }
    Ok(context)
}

fn context(tables: &[TableInput<'_>]) -> Result<SQLContext, EngineError> {
    let context = SQLContext::new();
    // Instants in files are UTC's, those from memory nobody's; they can be compared if they are alike.
    let has_instants = |table: &TableInput<'_>| {
        matches!(table.rows, Rows::Batches(_))
            && table.schema.fields().iter().any(|field| is_instant(field))
    };
    let are_plain = tables.iter().any(has_instants);
    for table in tables {
        let frame = match table.rows {
            Rows::Batches(batches) => frame(table, batches).map(IntoLazy::lazy),
            Rows::Parquet(files) => scan(table, files, are_plain),
        };
        let frame =
            frame.map_err(|detail| EngineError::Bridge { name: table.name.to_owned(), detail })?;
        context.register(table.name, frame);
    }
    Ok(context)
}

/// Rows of all tables together; those on disk are too many.
fn rows(tables: &[TableInput<'_>]) -> usize {
    let rows = tables.iter().map(|table| match table.rows {
        Rows::Batches(batches) => batches.iter().map(RecordBatch::num_rows).sum(),
        Rows::Parquet(_) => usize::MAX,
    });
    rows.fold(0, usize::saturating_add)
}

fn collect(name: &str, plan: LazyFrame, mode: Mode) -> Result<DataFrame, EngineError> {
    let result = plan.collect_with_engine(mode).map_err(|error| failure(name, &error))?;
    Ok(result.unwrap_single())
}

fn failure(name: &str, error: &PolarsError) -> EngineError {
    let text = error.to_string();
    let detail = text.lines().next().unwrap_or_default();
    // Those that the plan kept, which are not those that the table has.
    let detail = detail.split("; valid columns:").next().unwrap_or(detail).to_owned();
    EngineError::Query { name: name.to_owned(), detail }
}

/// A frame over the memory of the batches, one chunk a batch; numbered texts are texts again.
fn frame(table: &TableInput<'_>, batches: &[RecordBatch]) -> Result<DataFrame, String> {
    let height = batches.iter().map(RecordBatch::num_rows).sum();
    let mut columns = Vec::with_capacity(table.schema.fields().len());
    for (index, field) in table.schema.fields().iter().enumerate() {
        let mut chunks = Vec::with_capacity(batches.len());
        for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
            let array = batch.columns().get(index).ok_or("a batch has too few columns")?;
            let array = plain(array).map_err(|error| error.to_string())?;
            chunks.push(bridge::to_polars(&array)?);
        }
        if chunks.is_empty() {
            chunks.push(bridge::to_polars(&new_empty_array(field.data_type()))?);
        }
        let series = Series::from_arrow_chunks(field.name().as_str().into(), chunks)
            .map_err(|error| error.to_string())?;
        columns.push(Column::from(series));
    }
    DataFrame::new(height, columns).map_err(|error| error.to_string())
}

fn is_instant(field: &Field) -> bool {
    matches!(field.data_type(), ArrowType::Timestamp(..))
}

/// A frame over Parquet files, of which nothing is read before a query asks for it; with
/// `are_plain`, instants are those of no time zone.
fn scan(table: &TableInput<'_>, files: &[File], are_plain: bool) -> Result<LazyFrame, String> {
    let files = files
        .iter()
        .map(File::try_clone)
        .collect::<Result<Vec<File>, _>>()
        .map_err(|error| error.to_string())?;
    let sources = ScanSources::Files(files.into());
    let mut arguments = ScanArgsParquet { glob: false, cache: false, ..ScanArgsParquet::default() };
    // Files without names have no partitions in them.
    arguments.hive_options.enabled = Some(false);
    let frame =
        LazyFrame::scan_parquet_sources(sources, arguments).map_err(|error| error.to_string())?;
    let column = |field: &Arc<Field>| {
        let column = col(field.name().as_str());
        let is_cast = are_plain && is_instant(field);
        if is_cast { column.cast(target(Kind::Timestamp)) } else { column }
    };
    let columns: Vec<Expr> = table.schema.fields().iter().map(column).collect();
    // A frame without columns has no rows to count.
    Ok(if columns.is_empty() { frame } else { frame.select(columns) })
}

fn answer(query: &Query<'_>, frame: &DataFrame) -> Result<Answer, EngineError> {
    let height = frame.height();
    let names: Vec<String> =
        frame.columns().iter().map(|column| column.name().to_string()).collect();
    if !query.columns.is_empty() && !names.iter().eq(query.columns.iter().map(|(name, _)| name)) {
        let declared: Vec<&str> = query.columns.iter().map(|(name, _)| *name).collect();
        return Err(EngineError::Columns {
            name: query.name.to_owned(),
            found: names.join(", "),
            declared: declared.join(", "),
        });
    }
    let bridge_failure = |detail| EngineError::Bridge { name: query.name.to_owned(), detail };
    let mut fields = Vec::with_capacity(names.len());
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(names.len());
    for (index, (name, column)) in names.iter().zip(frame.columns()).enumerate() {
        let declared = query.columns.get(index).map(|(_, kind)| *kind);
        let target = declared.map_or_else(|| nearest(column.dtype()), target);
        let column = column.strict_cast(&target).map_err(|error| failure(query.name, &error))?;
        let series = column.as_materialized_series().rechunk();
        let array = bridge::from_polars(series.to_arrow(0, CompatLevel::newest()))
            .map_err(bridge_failure)?;
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let schema = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(Some(height));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options)
        .map_err(|error| bridge_failure(error.to_string()))?;
    Ok(Answer { schema, batches: vec![batch] })
}

fn target(kind: Kind) -> DataType {
    match kind {
        Kind::Text => DataType::String,
        Kind::Integer => DataType::Int64,
        Kind::Boolean => DataType::Boolean,
        Kind::Timestamp => DataType::Datetime(TimeUnit::Microseconds, None),
        Kind::Date => DataType::Date,
    }
}

/// The kind an undeclared column is shown in.
fn nearest(found: &DataType) -> DataType {
    match found {
        DataType::Boolean | DataType::Date => found.clone(),
        DataType::Datetime(..) => DataType::Datetime(TimeUnit::Microseconds, None),
        DataType::Float32 | DataType::Float64 => DataType::Float64,
        DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64 => DataType::Int64,
        _ => DataType::String,
    }
}
