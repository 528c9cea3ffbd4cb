//! `arrow`: an Arrow IPC stream, for programs that speak Arrow.

use std::collections::HashMap;
use std::io;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::thread;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
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

    fn render(&self, pages: &[Page], style: &Style, out: &mut dyn Write) -> io::Result<()> {
        let page = single(pages)?;
        let mut batches = page.batches.iter().cloned();
        write_stream(&mut batches, &page.schema, &metadata(page), style.threads, out)
    }
}

/// Writes batches as one Arrow IPC stream, as they come; `metadata` joins the schema's own. Some
/// threads make as many of them ready at once; the bytes are the same for any number.
///
/// # Errors
/// Those of `out`, and [`io::ErrorKind::InvalidInput`] for batches that are not of `schema`.
pub fn write_stream(
    batches: &mut dyn Iterator<Item = RecordBatch>,
    schema: &SchemaRef,
    metadata: &[(String, String)],
    threads: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut all: HashMap<String, String> = schema.metadata().clone().into();
    all.extend(metadata.iter().cloned());
    let schema: SchemaRef = Arc::new(Schema::new_with_metadata(schema.fields().clone(), all));
    let mut writer = StreamWriter::try_new(BufWriter::new(out), &schema).map_err(io_error)?;
    loop {
        let at_once: Vec<RecordBatch> = batches.take(threads.max(1)).collect();
        let [first, others @ ..] = at_once.as_slice() else { break };
        thread::scope(|scope| {
            let spawn = |batch| {
                let schema = &schema;
                thread::Builder::new().spawn_scoped(scope, move || compacted(batch, schema))
            };
            let others = others.iter().map(spawn).collect::<io::Result<Vec<_>>>()?;
            writer.write(&compacted(first, &schema)?).map_err(io_error)?;
            for batch in others {
                let broke_off = |_| io::Error::other("a worker broke off");
                writer.write(&batch.join().map_err(broke_off)??).map_err(io_error)?;
            }
            Ok::<(), io::Error>(())
        })?;
    }
    writer.finish().map_err(io_error)?;
    writer.get_mut().flush()
}

/// The batch under `schema`, its texts without what lies unused in their buffers.
///
/// A view array that was filtered or cut still holds every byte it was cut from, and the stream
/// would carry all of them.
fn compacted(batch: &RecordBatch, schema: &SchemaRef) -> io::Result<RecordBatch> {
    let compact = |array: &ArrayRef| -> ArrayRef {
        match array.data_type() {
            DataType::Utf8View => Arc::new(array.as_string_view().gc()),
            _ => Arc::clone(array),
        }
    };
    let columns = batch.columns().iter().map(compact).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(io_error)
}
