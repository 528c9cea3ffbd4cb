//! `parquet`: columns for engines, with the balance of the run in the file's metadata.

use std::io;
use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, FieldRef, Fields, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions,
    compute_leaves,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;

use crate::schema::numbered::{plain, plain_type};

use super::object::metadata;
use super::share::share;
use super::{Page, Renderer, Style, single};

/// The renderer.
pub const RENDERER: &dyn Renderer = &Parquet;

/// Rows of a row group: what engines write by default, so that several threads find work in one file.
const ROW_GROUP_ROWS: usize = 122_880;
/// Beyond this level files shrink little and writing slows down.
const ZSTD_LEVEL: i32 = 3;

struct Parquet;

impl Renderer for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["parquet", "pq"]
    }

    fn is_binary(&self) -> bool {
        true
    }

    fn takes_several(&self) -> bool {
        false
    }

    fn render(&self, pages: &[Page], style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let page = single(pages)?;
        // The writer wants a sink it could send to a thread, which `out` may not be.
        let mut file = Vec::new();
        let mut batches = page.batches.iter().cloned();
        write_table(&mut batches, &page.schema, &metadata(page), style.threads, &mut file)?;
        out.write_all(&file)?;
        out.flush()
    }
}

/// Writes batches as one Parquet file, a row group at a time, its columns side by side on some
/// threads. Texts may be numbered.
///
/// The Arrow schema is not embedded: text is plain UTF-8 strings, times are UTC microseconds and
/// days are dates to any reader, also to those that do not know Arrow's view types yet. The bytes
/// are the same for any number of threads.
/// Memory: one row group, encoded.
///
/// # Errors
/// Those of `out`, and [`io::ErrorKind::InvalidInput`] for batches that are not of `schema` or
/// a type that Parquet cannot hold.
pub fn write_table(
    batches: &mut dyn Iterator<Item = RecordBatch>,
    schema: &SchemaRef,
    metadata: &[(String, String)],
    threads: usize,
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(io_error)?;
    let metadata = metadata
        .iter()
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
        .collect::<Vec<_>>();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(concat!("azmfa ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(metadata))
        .build();
    let options =
        ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let writer =
        ArrowWriter::try_new_with_options(out, schema.clone(), options).map_err(io_error)?;
    let (file, groups) = writer.into_serialized_writer().map_err(io_error)?;
    let mut table = Table { file, groups, schema, threads: threads.max(1), open: None };
    let mut next = batches.next();
    while let Some(batch) = next {
        next = table.write(&batch, || batches.next()).map_err(io_error)?;
    }
    table.close().map_err(io_error)
}

/// A table that is being written.
struct Table<'a, W: Write> {
    file: SerializedFileWriter<W>,
    groups: ArrowRowGroupWriterFactory,
    schema: &'a SchemaRef,
    threads: usize,
    /// The row group that is being filled, and the number of its rows.
    open: Option<(Vec<ArrowColumnWriter>, usize)>,
}

impl<W: Write + Send> Table<'_, W> {
    /// Encodes rows and does something else meanwhile: the next rows may take as long to be made.
    fn write<M>(
        &mut self,
        batch: &RecordBatch,
        meanwhile: impl FnOnce() -> M,
    ) -> Result<M, ParquetError> {
        let types = |fields: &Fields| -> Vec<DataType> {
            fields.iter().map(|field| plain_type(field.data_type()).clone()).collect()
        };
        if types(batch.schema_ref().fields()) != types(self.schema.fields()) {
            return Err(ParquetError::General("a batch is not of its table".to_owned()));
        }
        if batch.num_rows() == 0 {
            return Ok(meanwhile());
        }
        let (mut start, mut meanwhile) = (0, Some(meanwhile));
        loop {
            let (mut columns, before) = if let Some(open) = self.open.take() {
                open
            } else {
                let number = self.file.flushed_row_groups().len();
                (self.groups.create_column_writers(number)?, 0)
            };
            let rows = (batch.num_rows() - start).min(ROW_GROUP_ROWS - before);
            let part = batch.slice(start, rows);
            // No table has nested columns, so that each has one leaf.
            let work = columns.iter_mut().zip(self.schema.fields()).zip(part.columns());
            let encode = |((writer, field), column): ((&mut ArrowColumnWriter, &FieldRef), _)| {
                let leaves = compute_leaves(field, &plain(column)?)?;
                leaves.iter().try_for_each(|leaf| writer.write(leaf))
            };
            start += rows;
            let is_last = start == batch.num_rows();
            let meanwhile = || Ok(meanwhile.take_if(|_| is_last).map(|make| make()));
            let done = share(self.threads, work, encode, meanwhile)?;
            if before + rows < ROW_GROUP_ROWS {
                self.open = Some((columns, before + rows));
            } else {
                self.end_group(columns)?;
            }
            if let Some(done) = done {
                return Ok(done);
            }
        }
    }

    fn end_group(&mut self, columns: Vec<ArrowColumnWriter>) -> Result<(), ParquetError> {
        let mut chunks: Vec<Option<ArrowColumnChunk>> = columns.iter().map(|_| None).collect();
        let end = |(column, chunk): (ArrowColumnWriter, &mut Option<ArrowColumnChunk>)| {
            *chunk = Some(column.close()?);
            Ok::<(), ParquetError>(())
        };
        share(self.threads, columns.into_iter().zip(&mut chunks), end, || Ok(()))?;
        let mut group = self.file.next_row_group()?;
        for chunk in chunks.into_iter().flatten() {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close().map(|_| ())
    }

    fn close(mut self) -> Result<(), ParquetError> {
        if let Some((columns, _)) = self.open.take() {
            self.end_group(columns)?;
        }
        self.file.close().map(|_| ())
    }
}

/// A failed write keeps its kind, so that a broken pipe is still known for one.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(source) => io::Error::other(source),
        },
        error => io::Error::new(io::ErrorKind::InvalidInput, error),
    }
}
