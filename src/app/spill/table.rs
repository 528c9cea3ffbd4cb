//! A table as a Parquet file without a name, for the engine to read in pieces.

use std::fs::File;
use std::sync::Arc;

use arrow_array::{RecordBatch, new_null_array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::app::error::Error;
use crate::source::spool::nameless_file;

/// Rows of a row group: what is in memory of a file while it is written, and read.
const ROW_GROUP_ROWS: usize = 32 << 10;

/// Rows that are read back together.
const BATCH_ROWS: usize = 8 << 10;

/// The column of a table of which nothing is wanted but how many rows it has: a file without columns
/// has no rows.
const ROW: &str = "azmfa:row";

/// A file that is being written.
pub(crate) struct TableFile {
    writer: ArrowWriter<File>,
    /// That of the file, where the table has no columns.
    rows_only: Option<SchemaRef>,
}

impl TableFile {
    /// # Errors
    /// When the temporary file cannot be made.
    pub(crate) fn new(schema: &SchemaRef) -> Result<Self, Error> {
        let file = nameless_file().map_err(Error::Spill)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::UNCOMPRESSED)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_statistics_enabled(EnabledStatistics::None)
            .build();
        let options =
            ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let field = || Field::new(ROW, DataType::Boolean, true);
        let rows_only = schema.fields().is_empty().then(|| Arc::new(Schema::new(vec![field()])));
        let written = rows_only.as_ref().unwrap_or(schema).clone();
        let writer = ArrowWriter::try_new_with_options(file, written, options).map_err(failed)?;
        Ok(Self { writer, rows_only })
    }

    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let Some(schema) = &self.rows_only else {
            return self.writer.write(batch).map_err(failed);
        };
        let rows = new_null_array(&DataType::Boolean, batch.num_rows());
        let batch = RecordBatch::try_new(Arc::clone(schema), vec![rows]).map_err(Error::Arrow)?;
        self.writer.write(&batch).map_err(failed)
    }

    /// The file, open for reading.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn close(self) -> Result<File, Error> {
        self.writer.into_inner().map_err(failed)
    }
}

/// The rows of a file, which has columns, under the schema they were written with; ends after the
/// first error.
pub(crate) fn read_back(
    file: &File,
    schema: &SchemaRef,
) -> impl Iterator<Item = Result<RecordBatch, Error>> {
    let open = || {
        let options = ArrowReaderOptions::new().with_schema(Arc::clone(schema));
        let file = file.try_clone().map_err(Error::Spill)?;
        ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
            .and_then(|builder| builder.with_batch_size(BATCH_ROWS).build())
            .map_err(failed)
    };
    let (rows, error) = match open() {
        Ok(reader) => (Some(reader), None),
        Err(error) => (None, Some(Err(error))),
    };
    rows.into_iter().flatten().map(|batch| batch.map_err(Error::Arrow)).chain(error)
}

fn failed(error: parquet::errors::ParquetError) -> Error {
    Error::Spill(std::io::Error::other(error))
}
