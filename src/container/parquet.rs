//! Parquet files: export jobs of Log Analytics, Stream Analytics, copies by Data Factory, and the
//! tables that `azmfa convert` writes.
//!
//! Rows become JSON objects, so dynamic columns may be JSON text or nested values. A table of our
//! own is not turned back into JSON: [`normalised_table`] gives its batches as they are.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::panic;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::RecordBatch;
use arrow_cast::CastOptions;
use arrow_cast::cast_with_options;
use arrow_json::WriterBuilder;
use arrow_json::writer::LineDelimited;
use arrow_schema::ArrowError;
use arrow_schema::DataType;
use arrow_schema::Field;
use arrow_schema::Schema;
use arrow_schema::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

use crate::container::ContainerError;
use crate::container::Sink;
use crate::container::Summary;
use crate::container::rows::Rows;
use crate::error::RejectReason;
use crate::extract::identity::hash;

/// Key in a file's metadata under which `azmfa convert` keeps the table's name.
pub const TABLE_KEY: &str = "azmfa.table";
/// Key under which it keeps the version of the tables, [`crate::schema::SCHEMA_VERSION`].
pub const SCHEMA_VERSION_KEY: &str = "azmfa.schema_version";
/// What begins the keys under which the table that is written last keeps the [`mark`] of each of the
/// others; the table's name follows.
pub const MARK_KEY: &str = "azmfa.mark.";

const PARQUET: &str = "Parquet file";
/// Rows read at a time when they become JSON: wide rows of 3 kB make a few megabytes.
const JSON_BATCH_ROWS: usize = 1024;
/// Rows of a batch of a normalised table.
const TABLE_BATCH_ROWS: usize = 8192;

/// Reads a Parquet file and hands on its rows as JSON objects; nulls are left out.
///
/// Columns of bytes without a type are texts where they are UTF-8, and hexadecimal otherwise;
/// instants are ISO 8601. `Span::offset` is the number of the row, from 0: a row of a columnar
/// file has no place of its own. Where a row group is damaged, the rows before it are handed on,
/// then one damaged row, and reading ends.
/// Memory: one page of each column, and a batch of rows.
///
/// # Errors
/// [`ContainerError::Damaged`] for a file whose footer is cut off or lies.
pub fn read_parquet(
    file: &Arc<str>,
    source: File,
    sink: &mut Sink<'_>,
) -> Result<Summary, ContainerError> {
    let metadata = load(&source)?;
    let mut reader = guarded(|| {
        let options = ArrowReaderOptions::new().with_schema(in_utc(metadata.schema()));
        let metadata = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)?;
        ParquetRecordBatchReaderBuilder::new_with_metadata(source, metadata)
            .with_batch_size(JSON_BATCH_ROWS)
            .build()
    })?;
    let mut rows = Rows::new(file, sink);
    let mut row_number = 0;
    loop {
        let outcome = next_batch(&mut reader)
            .and_then(|batch| batch.map(|batch| json_lines(&batch)).transpose());
        let flow = match outcome {
            Ok(None) => break,
            Ok(Some(lines)) => write_rows(&lines, &mut row_number, &mut rows),
            Err(error) => {
                rows.warn(error.to_string(), None);
                let _ = rows.damaged(row_number, RejectReason::Syntax, b"");
                break;
            }
        };
        if flow.is_break() {
            break;
        }
    }
    Ok(rows.finish())
}

fn write_rows(lines: &[u8], row_number: &mut u64, rows: &mut Rows<'_, '_>) -> ControlFlow<()> {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', lines) {
        rows.text().extend_from_slice(&lines[start..end]);
        rows.end(*row_number)?;
        *row_number += 1;
        start = end + 1;
    }
    ControlFlow::Continue(())
}

/// One line of JSON for each row.
fn json_lines(batch: &RecordBatch) -> Result<Vec<u8>, ContainerError> {
    guarded(|| {
        let batch = with_texts(batch)?;
        let mut lines = Vec::new();
        let mut writer = WriterBuilder::new().build::<_, LineDelimited>(&mut lines);
        writer.write(&batch)?;
        writer.finish()?;
        Ok::<_, ArrowError>(lines)
    })
}

/// The same columns with instants told from UTC by number: names of zones need a table of them,
/// and the values are counted from UTC whatever the zone.
fn in_utc(schema: &SchemaRef) -> SchemaRef {
    Arc::new(Schema::new(schema.fields().iter().map(field_in_utc).collect::<Vec<_>>()))
}

fn field_in_utc(field: &Arc<Field>) -> Arc<Field> {
    let inner = match field.data_type() {
        DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some(Arc::from("+00:00"))),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field_in_utc).collect()),
        DataType::List(items) => DataType::List(field_in_utc(items)),
        DataType::LargeList(items) => DataType::LargeList(field_in_utc(items)),
        DataType::Map(entries, is_sorted) => DataType::Map(field_in_utc(entries), *is_sorted),
        _ => return Arc::clone(field),
    };
    Arc::new(field.as_ref().clone().with_data_type(inner))
}

/// Some writers leave out that their bytes are text.
fn with_texts(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let mut fields: Vec<Field> = Vec::with_capacity(batch.num_columns());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
        let text_type = match field.data_type() {
            DataType::Binary => Some(DataType::Utf8),
            DataType::LargeBinary => Some(DataType::LargeUtf8),
            DataType::BinaryView => Some(DataType::Utf8View),
            _ => None,
        };
        let text = text_type.and_then(|it| cast_with_options(column, &it, &strict).ok());
        let column = text.unwrap_or_else(|| Arc::clone(column));
        fields.push(field.as_ref().clone().with_data_type(column.data_type().clone()));
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// A table that `azmfa convert` wrote.
#[derive(Debug)]
pub struct NormalisedTable {
    /// Its name, as in [`crate::schema::TABLES`]; it may be one of a later version.
    pub table: String,
    /// The version of the tables it was written with; 0 when the file does not say.
    pub schema_version: i64,
    /// Its rows.
    pub row_count: u64,
    source: File,
    metadata: ArrowReaderMetadata,
}

/// Tells whether a Parquet file is a table that `azmfa convert` wrote, from its metadata alone.
///
/// # Errors
/// [`ContainerError::Damaged`] for a file whose footer is cut off or lies.
pub fn normalised_table(source: &File) -> Result<Option<NormalisedTable>, ContainerError> {
    let metadata = load(source)?;
    let stated = |key: &str| {
        let pairs = metadata.metadata().file_metadata().key_value_metadata()?;
        pairs.iter().find(|pair| pair.key == key)?.value.clone()
    };
    let Some(table) = stated(TABLE_KEY) else { return Ok(None) };
    let schema_version = stated(SCHEMA_VERSION_KEY).and_then(|it| it.parse().ok()).unwrap_or(0);
    let row_count = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
    let source = source.try_clone().map_err(ContainerError::Read)?;
    Ok(Some(NormalisedTable { table, schema_version, row_count, source, metadata }))
}

/// What tells a Parquet file from any other of ours: its length and a hash of its footer, which
/// says of every piece of every column how long it is, where it lies and between which values.
///
/// # Errors
/// Of the file, and [`std::io::ErrorKind::InvalidData`] where its footer cannot lie inside of it.
pub fn mark(source: &File) -> std::io::Result<String> {
    let mut source = source;
    let length = source.seek(SeekFrom::End(0))?;
    let mut tail = [0; 4];
    let cut_off = || std::io::Error::from(std::io::ErrorKind::InvalidData);
    source.seek(SeekFrom::Start(length.checked_sub(8).ok_or_else(cut_off)?))?;
    source.read_exact(&mut tail)?;
    let footer_length = u64::from(u32::from_le_bytes(tail));
    let start = length.checked_sub(8 + footer_length).ok_or_else(cut_off)?;
    source.seek(SeekFrom::Start(start))?;
    let mut footer = Vec::new();
    source.take(footer_length).read_to_end(&mut footer)?;
    Ok(format!("{length}-{:032x}", hash(&footer)))
}

impl NormalisedTable {
    /// The mark that it keeps of another table.
    pub fn mark_of(&self, table: &str) -> Option<&str> {
        let pairs = self.metadata.metadata().file_metadata().key_value_metadata()?;
        let is_it = |key: &str| key.strip_prefix(MARK_KEY) == Some(table);
        pairs.iter().find(|pair| is_it(&pair.key))?.value.as_deref()
    }

    /// Least and greatest value of a column of instants, where the file tells.
    pub fn span(&self, column: &str) -> Option<(i64, i64)> {
        let mut span: Option<(i64, i64)> = None;
        for group in self.metadata.metadata().row_groups() {
            let mut columns = group.columns().iter();
            let chunk = columns.find(|chunk| chunk.column_path().string() == column)?;
            let Some(Statistics::Int64(values)) = chunk.statistics() else { return None };
            let (low, high) = (*values.min_opt()?, *values.max_opt()?);
            span = Some(span.map_or((low, high), |known| (known.0.min(low), known.1.max(high))));
        }
        span
    }

    /// The columns it has.
    pub fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// Its batches, with those of the named columns that it has, in the file's order.
    ///
    /// # Errors
    /// [`ContainerError::Damaged`], here and for each batch, where the file is.
    pub fn batches(self, columns: &[&str]) -> Result<TableBatches, ContainerError> {
        let Self { source, metadata, .. } = self;
        let kept: Vec<usize> = metadata
            .schema()
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| columns.contains(&field.name().as_str()))
            .map(|(index, _)| index)
            .collect();
        let reader = guarded(|| {
            let mask = ProjectionMask::roots(metadata.parquet_schema(), kept);
            ParquetRecordBatchReaderBuilder::new_with_metadata(source, metadata)
                .with_projection(mask)
                .with_batch_size(TABLE_BATCH_ROWS)
                .build()
        })?;
        Ok(TableBatches { reader, is_broken: false })
    }
}

/// The batches of a normalised table; ends after the first error.
pub struct TableBatches {
    reader: ParquetRecordBatchReader,
    is_broken: bool,
}

impl fmt::Debug for TableBatches {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TableBatches").field("is_broken", &self.is_broken).finish_non_exhaustive()
    }
}

impl Iterator for TableBatches {
    type Item = Result<RecordBatch, ContainerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_broken {
            return None;
        }
        let outcome = next_batch(&mut self.reader).transpose();
        self.is_broken = matches!(outcome, Some(Err(_)));
        outcome
    }
}

fn next_batch(
    reader: &mut ParquetRecordBatchReader,
) -> Result<Option<RecordBatch>, ContainerError> {
    guarded(|| reader.next().transpose())
}

fn damaged(detail: String) -> ContainerError {
    ContainerError::Damaged { container: PARQUET, detail }
}

/// The library checks much, but asserts some of what a damaged file may break.
fn guarded<T, E: ToString>(read: impl FnOnce() -> Result<T, E>) -> Result<T, ContainerError> {
    match panic::catch_unwind(AssertUnwindSafe(read)) {
        Ok(outcome) => outcome.map_err(|error| damaged(error.to_string())),
        Err(_) => Err(damaged("its parts contradict each other".to_owned())),
    }
}

/// Reads the footer, and refuses one that points outside of its file before anything is
/// allocated by what it says.
fn load(source: &File) -> Result<ArrowReaderMetadata, ContainerError> {
    let file_bytes = source.metadata().map_err(ContainerError::Read)?.len();
    let metadata = guarded(|| ArrowReaderMetadata::load(source, ArrowReaderOptions::new()))?;
    if points_inside(metadata.metadata(), file_bytes) {
        Ok(metadata)
    } else {
        Err(damaged("it points past its own end".to_owned()))
    }
}

fn points_inside(metadata: &ParquetMetaData, file_bytes: u64) -> bool {
    metadata.row_groups().iter().flat_map(RowGroupMetaData::columns).all(|column| {
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        let range = u64::try_from(start).ok().zip(u64::try_from(column.compressed_size()).ok());
        range.and_then(|(start, size)| start.checked_add(size)).is_some_and(|end| end <= file_bytes)
    })
}

mod column;
#[cfg(test)]
mod tests;
