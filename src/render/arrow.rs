//! `arrow`: an Arrow IPC stream, for programs that speak Arrow.

use std::collections::HashMap;
use std::io;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Schema, SchemaRef};

use super::cell::io_error;
use super::object::metadata;
use super::{Page, Renderer, Style, single};

/// The renderer.
pub const RENDERER: &dyn Renderer = &Arrow;

struct Arrow;

impl Renderer for Arrow {
    fn name(&self) -> &'static str {
        "arrow"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["arrow", "arrows"]
    }

    fn is_binary(&self) -> bool {
        true
    }

    fn takes_several(&self) -> bool {
        false
    }

    fn render(&self, pages: &[Page], _style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let page = single(pages)?;
        let mut batches = page.batches.iter().cloned();
        write_stream(&mut batches, &page.schema, &metadata(page), out)
    }
}

/// Writes batches as one Arrow IPC stream, each as it comes; `metadata` joins the schema's own.
///
/// # Errors
/// Those of `out`, and [`io::ErrorKind::InvalidInput`] for batches that are not of `schema`.
pub fn write_stream(
    batches: &mut dyn Iterator<Item = RecordBatch>,
    schema: &SchemaRef,
    metadata: &[(String, String)],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut all: HashMap<String, String> = schema.metadata().clone().into();
    all.extend(metadata.iter().cloned());
    let schema: SchemaRef = Arc::new(Schema::new_with_metadata(schema.fields().clone(), all));
    let mut writer = StreamWriter::try_new(BufWriter::new(out), &schema).map_err(io_error)?;
    for batch in batches {
        let columns = batch.columns().iter().map(compacted).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(schema.clone(), columns, &options)
            .map_err(io_error)?;
        writer.write(&batch).map_err(io_error)?;
    }
    writer.finish().map_err(io_error)?;
    writer.get_mut().flush()
}

/// Text without what lies unused in its buffers.
///
/// A view array that was filtered or cut still holds every byte it was cut from, and the stream
/// would carry all of them.
fn compacted(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        _ => array.clone(),
    }
}
