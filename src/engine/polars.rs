//! The engine we ship: polars SQL, lazy, on its streaming engine.

use std::any::Any;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_empty_array};
use arrow_schema::{Field, Schema};
use polars::prelude::{
    Column, CompatLevel, DataFrame, DataType, Engine as Mode, Expr, IntoLazy, LazyFrame,
    PolarsError, ScanArgsParquet, ScanSources, Series, TimeUnit, col,
};
use polars::sql::SQLContext;
use rayon::iter::IndexedParallelIterator;
use rayon::iter::IntoParallelRefIterator;
use rayon::iter::ParallelIterator;

use crate::engine::Answer;
use crate::engine::Engine;
use crate::engine::EngineError;
use crate::engine::Query;
use crate::engine::Rows;
use crate::engine::TableInput;
use crate::engine::bridge;
use crate::schema::Kind;

/// Polars, in this process.
///
/// A single query streams from the tables to its answer. Several share their views: each view is
/// worked out once by the streaming engine and kept, and the queries then run side by side in
/// memory. With nine pivots over 400,000 attempts on two cores that took 0.4 s; every query on its
/// own way down to the tables took 0.9 s.
///
/// Tables on disk are there because they do not fit into memory: their views are not kept, and
/// queries stream from the files one after the other.
///
/// Queries and polars alike work on the rayon pool that [`Engine::run`] is called from, else on the
/// global one: `pool.install(|| Polars.run(…))` keeps both to the threads of that pool. The
/// streaming part has threads of its own, as many as `POLARS_MAX_THREADS` says when it first runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Polars;

impl Engine for Polars {
    fn run(
        &self,
        tables: &[TableInput<'_>],
        views: &[(String, String)],
        queries: &[Query<'_>],
    ) -> Result<Vec<Answer>, EngineError> {
        guarded(|| run(tables, views, queries))
    }
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

fn run(
    tables: &[TableInput<'_>],
    views: &[(String, String)],
    queries: &[Query<'_>],
) -> Result<Vec<Answer>, EngineError> {
    let is_on_disk = tables.iter().any(|table| matches!(table.rows, Rows::Parquet(_)));
    let is_shared = queries.len() > 1 && !is_on_disk;
    let mut context = SQLContext::new();
    for table in tables {
        let frame = match table.rows {
            Rows::Batches(batches) => frame(table, batches).map(IntoLazy::lazy),
            Rows::Parquet(files) => scan(table, files),
        };
        let frame =
            frame.map_err(|detail| EngineError::Bridge { name: table.name.to_owned(), detail })?;
        context.register(table.name, frame);
    }
    for (name, sql) in views {
        let mut view = context.execute(sql).map_err(|error| failure(name, &error))?;
        if is_shared {
            view = collect(name, view, Mode::Streaming)?.lazy();
        }
        context.register(name, view);
    }
    let mut plans = Vec::with_capacity(queries.len());
    for query in queries {
        plans.push(context.execute(query.sql).map_err(|error| failure(query.name, &error))?);
    }
    let mode = if is_shared { Mode::InMemory } else { Mode::Streaming };
    let run = |(query, plan): (&Query<'_>, LazyFrame)| {
        guarded(|| answer(query, &collect(query.name, plan, mode)?))
    };
    if is_on_disk {
        return queries.iter().zip(plans).map(run).collect();
    }
    let answers: Vec<Result<Answer, EngineError>> =
        queries.par_iter().zip(plans).map(run).collect();
    answers.into_iter().collect()
}

fn collect(name: &str, plan: LazyFrame, mode: Mode) -> Result<DataFrame, EngineError> {
    let result = plan.collect_with_engine(mode).map_err(|error| failure(name, &error))?;
    Ok(result.unwrap_single())
}

fn failure(name: &str, error: &PolarsError) -> EngineError {
    let text = error.to_string();
    let detail = text.lines().next().unwrap_or_default().to_owned();
    EngineError::Query { name: name.to_owned(), detail }
}

/// A frame over the memory of the batches, one chunk a batch.
fn frame(table: &TableInput<'_>, batches: &[RecordBatch]) -> Result<DataFrame, String> {
    let height = batches.iter().map(RecordBatch::num_rows).sum();
    let mut columns = Vec::with_capacity(table.schema.fields().len());
    for (index, field) in table.schema.fields().iter().enumerate() {
        let mut chunks = Vec::with_capacity(batches.len());
        for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
            let array = batch.columns().get(index).ok_or("a batch has too few columns")?;
            chunks.push(bridge::to_polars(array)?);
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

/// A frame over Parquet files, of which nothing is read before a query asks for it.
fn scan(table: &TableInput<'_>, files: &[File]) -> Result<LazyFrame, String> {
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
    let columns: Vec<Expr> =
        table.schema.fields().iter().map(|field| col(field.name().as_str())).collect();
    Ok(frame.select(columns))
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
