//! `parquet`: columns for engines, with the balance of the run in the file's metadata.

use std::io;
use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::object::metadata;
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

    fn render(&self, pages: &[Page], _style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let page = single(pages)?;
        // The writer wants a sink it could send to a thread, which `out` may not be.
        let mut file = Vec::new();
        let mut batches = page.batches.iter().cloned();
        write_table(&mut batches, &page.schema, &metadata(page), &mut file)?;
        out.write_all(&file)?;
        out.flush()
    }
}

/// Writes batches as one Parquet file, a row group at a time.
///
/// The Arrow schema is not embedded: text is plain UTF-8 strings, times are UTC microseconds and
/// days are dates to any reader, also to those that do not know Arrow's view types yet.
/// Memory: one row group, encoded.
///
/// # Errors
/// Those of `out`, and [`io::ErrorKind::InvalidInput`] for batches that are not of `schema` or
/// a type that Parquet cannot hold.
pub fn write_table(
    batches: &mut dyn Iterator<Item = RecordBatch>,
    schema: &SchemaRef,
    metadata: &[(String, String)],
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
    let mut writer =
        ArrowWriter::try_new_with_options(out, schema.clone(), options).map_err(io_error)?;
    for batch in batches {
        writer.write(&batch).map_err(io_error)?;
    }
    writer.close().map_err(io_error)?;
    Ok(())
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
