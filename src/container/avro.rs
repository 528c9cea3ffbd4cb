//! Avro object container files: Event Hubs Capture, and Avro of any other schema.
//!
//! Capture wraps each message of an event hub in a record `EventData`, whose `Body` holds the
//! message's bytes: for a diagnostic setting, the JSON `{"records":[…]}`. A file without blocks is
//! what Capture writes for a time without messages.
//! <https://learn.microsoft.com/azure/event-hubs/event-hubs-capture-overview>
//!
//! The schema is read by the Avro library; blocks and values are read here, because the library
//! trusts the lengths it finds: one flipped bit makes it ask for gigabytes.

use std::io::Read;
use std::ops::ControlFlow;
use std::panic;
use std::sync::Arc;

use apache_avro::Schema;
use apache_avro::schema::RecordSchema;
use apache_avro::schema::ResolvedSchema;
use serde_json::Value;

use crate::container::ContainerError;
use crate::container::Sink;
use crate::container::Summary;
use crate::container::avro::block::Block;
use crate::container::avro::block::BlockTrouble;
use crate::container::avro::block::Blocks;
use crate::container::avro::value::Cursor;
use crate::container::avro::value::ValueTrouble;
use crate::container::avro::value::Writer;
use crate::container::rows::Rows;
use crate::error::RejectReason;

mod block;
mod value;

/// How an Avro file is called in messages.
pub(super) const AVRO: &str = "Avro file";

/// Reads an Avro file and hands on its records as JSON texts.
///
/// Of Event Hubs Capture, each `Body` is one record, bytes unchanged; messages without a body are
/// counted as skipped. Of any other schema, each record is a JSON object: bytes are text where
/// they are UTF-8 and hexadecimal otherwise, instants are ISO 8601.
/// A block that is damaged gives one damaged row, and reading goes on with the next; where the
/// next cannot be found, or the file is cut, that row is the last. `Span::offset` is the first
/// byte of the value where blocks are not compressed, else of the block's payload.
/// Memory: one block, unpacked; larger ones than 64 MiB are damage.
///
/// # Errors
/// [`ContainerError`] for a header that is damaged, a codec other than null, deflate and snappy,
/// and a stream that breaks.
pub fn read_avro(
    file: &Arc<str>,
    reader: &mut dyn Read,
    sink: &mut Sink<'_>,
) -> Result<Summary, ContainerError> {
    let (mut blocks, schema_text) = Blocks::open(reader)?;
    let schema = parse_schema(&schema_text)?;
    let resolved = ResolvedSchema::try_from(&schema).map_err(|error| damaged(error.to_string()))?;
    let shape = Shape { schema: &schema, writer: Writer::new(resolved.get_names()) };
    let mut rows = Rows::new(file, sink);
    loop {
        let flow = match blocks.next_block() {
            Ok(None) => break,
            Ok(Some(block)) => shape.read_block(&block, &mut rows),
            Err(BlockTrouble::Payload { offset, reason }) => rows.damaged(offset, reason, b""),
            Err(BlockTrouble::Framing { offset, reason }) => {
                let _ = rows.damaged(offset, reason, b"");
                break;
            }
            Err(BlockTrouble::Read(error)) => {
                rows.finish();
                return Err(ContainerError::Read(error));
            }
        };
        if flow.is_break() {
            break;
        }
    }
    Ok(rows.finish())
}

fn damaged(detail: String) -> ContainerError {
    ContainerError::Damaged { container: AVRO, detail }
}

fn parse_schema(text: &[u8]) -> Result<Schema, ContainerError> {
    let text =
        std::str::from_utf8(text).map_err(|_| damaged("its schema is no UTF-8".to_owned()))?;
    let json: Value = serde_json::from_str(text)
        .map_err(|error| damaged(format!("its schema is no JSON: {error}")))?;
    if !has_plain_names(&json) {
        return Err(damaged("its schema has a name that is none".to_owned()));
    }
    // What else the library may assert of a schema is not ours to promise.
    match panic::catch_unwind(|| Schema::parse_str(text)) {
        Ok(Ok(schema)) => Ok(schema),
        Ok(Err(error)) => Err(damaged(format!("its schema cannot be read: {error}"))),
        Err(_) => Err(damaged("its schema cannot be read".to_owned())),
    }
}

/// The library panics on a name that breaks the specification's rule.
/// <https://avro.apache.org/docs/1.12.0/specification/#names>
fn has_plain_names(schema: &Value) -> bool {
    let is_plain = |name: &str| {
        let is_part = |part: &str| {
            !part.starts_with(|first: char| first.is_ascii_digit())
                && part.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
        };
        name.split('.').all(is_part)
    };
    match schema {
        Value::Array(branches) => branches.iter().all(has_plain_names),
        Value::Object(object) => object.iter().all(|(key, value)| match (key.as_str(), value) {
            ("name" | "namespace" | "type" | "items" | "values", Value::String(name)) => {
                is_plain(name)
            }
            ("aliases", Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).all(is_plain)
            }
            (_, value) => has_plain_names(value),
        }),
        _ => true,
    }
}

struct Shape<'s> {
    schema: &'s Schema,
    writer: Writer<'s>,
}

impl Shape<'_> {
    fn read_block(&self, block: &Block, rows: &mut Rows<'_, '_>) -> ControlFlow<()> {
        let body = body_field(self.schema);
        let mut cursor = Cursor::new(&block.payload);
        for _ in 0..block.row_count {
            let at = cursor.at();
            let offset = block.offset + if block.is_plain { at as u64 } else { 0 };
            let outcome = match body {
                Some((record, index)) => self.read_message(record, index, &mut cursor, rows),
                None => self
                    .writer
                    .write(self.schema, &mut cursor, rows.text())
                    .map(|()| Some(RowKind::Text)),
            };
            // Values without bytes would repeat for as long as the block claims.
            let outcome = outcome.and_then(|kind| {
                if cursor.at() == at { Err(ValueTrouble::Nonsense) } else { Ok(kind) }
            });
            match outcome {
                Ok(Some(RowKind::Text)) => rows.end(offset)?,
                Ok(Some(RowKind::NoUtf8)) => rows.mark(offset, RejectReason::InvalidUtf8)?,
                Ok(None) => rows.skip(1),
                Err(trouble) => {
                    return rows.damaged(offset, trouble.reason(), cursor.bytes_from(at));
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Writes the body of a captured message; `None` when it has none.
    fn read_message(
        &self,
        record: &RecordSchema,
        body_index: usize,
        cursor: &mut Cursor<'_>,
        rows: &mut Rows<'_, '_>,
    ) -> Result<Option<RowKind>, ValueTrouble> {
        let mut kind = None;
        let mut unused = Vec::new();
        for (index, field) in record.fields.iter().enumerate() {
            if index != body_index {
                unused.clear();
                self.writer.write(&field.schema, cursor, &mut unused)?;
                continue;
            }
            let body = match &field.schema {
                Schema::Union(union) => match cursor.branch(union)? {
                    Schema::Null => b"",
                    _ => cursor.sized()?,
                },
                _ => cursor.sized()?,
            };
            let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
            if !body.trim_ascii().is_empty() {
                rows.text().extend_from_slice(body);
                let is_utf8 = std::str::from_utf8(body).is_ok();
                kind = Some(if is_utf8 { RowKind::Text } else { RowKind::NoUtf8 });
            }
        }
        Ok(kind)
    }
}

#[derive(Clone, Copy)]
enum RowKind {
    Text,
    NoUtf8,
}

/// The record of Event Hubs Capture and the place of its `Body`, if the schema is that.
fn body_field(schema: &Schema) -> Option<(&RecordSchema, usize)> {
    let Schema::Record(record) = schema else { return None };
    let has = |name: &str| record.fields.iter().any(|field| field.name == name);
    if !has("SequenceNumber") && !has("EnqueuedTimeUtc") {
        return None;
    }
    let is_text = |schema: &Schema| matches!(schema, Schema::Bytes | Schema::String);
    let index = record.fields.iter().position(|field| {
        field.name == "Body"
            && match &field.schema {
                Schema::Union(union) => {
                    union.variants().iter().all(|it| is_text(it) || matches!(it, Schema::Null))
                }
                schema => is_text(schema),
            }
    })?;
    Some((record, index))
}

#[cfg(test)]
mod tests;
