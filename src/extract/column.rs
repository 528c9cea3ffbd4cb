//! One builder per column kind, straight to Arrow.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Int64Builder, StringViewBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::types::UInt32Type;
use arrow_array::{ArrayRef, DictionaryArray, RecordBatch};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use crate::extract::texts::Texts;
use crate::schema::{Kind, Table};

/// A column being built.
#[derive(Debug)]
pub(crate) enum Builder {
    Text(StringViewBuilder),
    /// Texts, and their numbers row by row.
    Numbered(Texts, Vec<u32>),
    Integer(Int64Builder),
    Boolean(BooleanBuilder),
    Timestamp(TimestampMicrosecondBuilder),
}

/// Text columns whose values are long and come again and again: kept once per batch where they are not
/// numbered.
const REPEATING: &[&str] = &[
    "tenant_id",
    "format",
    "source_file",
    "resource_group",
    "resource_id",
    "resource_type",
    "principal_type",
    "role",
    "home_tenant_id",
    "user_id",
    "upn",
    "user_key",
    "display_name",
    "app_id",
    "app",
    "resource_app_id",
    "resource_app",
    "client_app_used",
    "user_agent",
    "failure_reason",
    "mfa_result",
    "mfa_methods",
    "policy_id",
    "policy_name",
    "grant_controls",
    "session_controls",
    "activity",
    "actor_id",
    "actor_upn",
    "actor_name",
];

/// Columns in which hardly any text comes twice.
pub(crate) const UNIQUE: &[&str] =
    &["event_id", "event_key", "correlation_id", "operation_id", "token_id", "error_message"];

/// Bytes of one buffer of a text column: about what the rows of a chunk need. Left to itself the
/// builder doubles it, from batch to batch, up to 2 MiB for each column.
const TEXT_BLOCK_BYTES: u32 = 16 << 10;

fn text_builder() -> StringViewBuilder {
    StringViewBuilder::new().with_fixed_block_size(TEXT_BLOCK_BYTES)
}

impl Builder {
    pub(crate) fn new(name: &str, kind: Kind) -> Self {
        match kind {
            Kind::Text if REPEATING.contains(&name) => {
                Self::Text(text_builder().with_deduplicate_strings())
            }
            Kind::Text => Self::Text(text_builder()),
            Kind::Integer | Kind::Date => Self::Integer(Int64Builder::new()),
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Timestamp => {
                Self::Timestamp(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
        }
    }

    pub(crate) fn text(&mut self, value: Option<&str>) {
        match self {
            Self::Text(builder) => builder.append_option(value),
            Self::Numbered(texts, numbers) => {
                numbers.push(value.map_or(0, |value| texts.number_of(value)));
            }
            Self::Integer(_) | Self::Boolean(_) | Self::Timestamp(_) => {}
        }
    }

    pub(crate) fn integer(&mut self, value: Option<i64>) {
        match self {
            Self::Integer(builder) => builder.append_option(value),
            Self::Timestamp(builder) => builder.append_option(value),
            Self::Text(_) | Self::Numbered(..) | Self::Boolean(_) => {}
        }
    }

    pub(crate) fn null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
            Self::Numbered(_, numbers) => numbers.push(0),
            Self::Integer(builder) => builder.append_null(),
            Self::Boolean(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
        }
    }

    pub(crate) fn boolean(&mut self, value: Option<bool>) {
        if let Self::Boolean(builder) = self {
            builder.append_option(value);
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Numbered(texts, numbers) => {
                let next = Vec::with_capacity(numbers.len());
                let numbers = std::mem::replace(numbers, next).into();
                Arc::new(DictionaryArray::<UInt32Type>::try_new(numbers, Arc::new(texts.finish()))?)
            }
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
        })
    }
}

/// The wanted columns of one table being built.
#[derive(Debug)]
pub(crate) struct Columns {
    schema: SchemaRef,
    /// Position in the table, and the builder.
    pub(crate) builders: Vec<(usize, Builder)>,
}

impl Columns {
    /// Builders for the columns of `table` that `keep` says yes to.
    pub(crate) fn new(table: &Table, keep: impl Fn(&str) -> bool) -> Self {
        Self::with(table, keep, Builder::new)
    }

    /// The same, with columns of texts that come again and again as dictionaries: number 0 is none
    /// at all.
    pub(crate) fn numbered(table: &Table, keep: impl Fn(&str) -> bool) -> Self {
        Self::with(table, keep, |name, kind| match kind {
            Kind::Text if !UNIQUE.contains(&name) => {
                Builder::Numbered(Texts::new(TEXT_BLOCK_BYTES), Vec::new())
            }
            _ => Builder::new(name, kind),
        })
    }

    fn with(
        table: &Table,
        keep: impl Fn(&str) -> bool,
        builder: impl Fn(&str, Kind) -> Builder,
    ) -> Self {
        let columns = table.columns.iter().enumerate().filter(|(_, column)| keep(column.name));
        let builders: Vec<(usize, Builder)> = columns
            .map(|(position, column)| (position, builder(column.name, column.kind)))
            .collect();
        let schema = table.arrow_schema(keep);
        let field = |(field, (_, builder)): (&Arc<Field>, &(usize, Builder))| match builder {
            Builder::Numbered(..) => {
                let kind = DataType::Dictionary(
                    Box::new(DataType::UInt32),
                    Box::new(field.data_type().clone()),
                );
                Arc::new(field.as_ref().clone().with_data_type(kind))
            }
            _ => Arc::clone(field),
        };
        let fields: Vec<Arc<Field>> = schema.fields().iter().zip(&builders).map(field).collect();
        Self { schema: Arc::new(Schema::new(fields)), builders }
    }

    /// The batch of what was appended; the builders are empty afterwards.
    ///
    /// # Errors
    /// When the columns differ in length, which would be a bug of the caller, or outgrow Arrow's limits.
    pub(crate) fn finish(&mut self, rows: usize) -> Result<RecordBatch, ArrowError> {
        let arrays = self.builders.iter_mut().map(|(_, builder)| builder.finish());
        let arrays = arrays.collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
    }
}
