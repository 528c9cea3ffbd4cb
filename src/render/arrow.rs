//! `arrow`: an Arrow IPC stream, for programs that speak Arrow.

use std::collections::HashMap;
use std::io;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{
    AnyDictionaryArray, Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array,
};
use arrow_cast::cast;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use arrow_select::take::take;

use super::cell::io_error;
use super::object::metadata;
use super::share::share;
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

/// Batches that are made ready by each thread before they are written.
const BATCHES_AHEAD: usize = 2;

/// Writes batches as one Arrow IPC stream, each as it comes: some threads make the next ones ready while
/// those before are written. `metadata` joins the schema's own. Texts may be numbered; the stream has them
/// as texts, each about once for a batch.
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
    let mut ready: Vec<RecordBatch> = Vec::new();
    loop {
        let next: Vec<RecordBatch> = batches.take(BATCHES_AHEAD * threads.max(1)).collect();
        if next.is_empty() && ready.is_empty() {
            break;
        }
        let mut made: Vec<Option<RecordBatch>> = vec![None; next.len()];
        let make = |(batch, made): (&RecordBatch, &mut Option<RecordBatch>)| {
            *made = Some(all_compacted(batch, &schema)?);
            Ok(())
        };
        let write = || ready.iter().try_for_each(|batch| writer.write(batch));
        share(threads, next.iter().zip(&mut made), make, write).map_err(io_error)?;
        ready = made.into_iter().flatten().collect();
    }
    writer.finish().map_err(io_error)?;
    writer.get_mut().flush()
}

/// The batch as it is written.
fn all_compacted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(compacted).collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

/// The column without what lies unused in its buffers.
///
/// A view array that was filtered or cut still holds every byte it was cut from, and the stream
/// would carry all of them.
fn compacted(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match (array.data_type(), array.as_any_dictionary_opt()) {
        (DataType::Utf8View, _) => Ok(Arc::new(array.as_string_view().gc())),
        (_, Some(numbered)) => spelt_out(numbered),
        _ => Ok(Arc::clone(array)),
    }
}

/// Numbers of texts that were met lately are kept in so many places.
const RECENT: usize = 1 << 12;

/// The texts of a numbered column, a text that comes again not long after kept once.
fn spelt_out(numbered: &dyn AnyDictionaryArray) -> Result<ArrayRef, ArrowError> {
    let Some(texts) = numbered.values().as_string_view_opt() else {
        return take(numbered.values(), numbered.keys(), None);
    };
    let keys = cast(numbered.keys(), &DataType::UInt32)?;
    let keys = keys.as_primitive::<UInt32Type>();
    let mut own = StringViewBuilder::with_capacity(texts.len().min(keys.len()) + 1);
    own.append_null();
    // Of each place the number of the text in `texts`, and in `own`, where 0 is none at all.
    let mut recent = vec![(u32::MAX, 0); RECENT];
    let mut count = 0;
    let number = |key: Option<u32>| {
        let Some(key) = key.filter(|key| texts.is_valid(*key as usize)) else { return 0 };
        let recent = &mut recent[key as usize % RECENT];
        if recent.0 != key {
            own.append_value(texts.value(key as usize));
            count += 1;
            *recent = (key, count);
        }
        recent.1
    };
    let numbers: UInt32Array = keys.iter().map(number).collect::<Vec<u32>>().into();
    take(&own.finish(), &numbers, None)
}
