//! One builder per column kind, straight to Arrow.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Int64Builder, StringViewBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, SchemaRef};

use crate::schema::{Kind, Table};

/// A column being built.
#[derive(Debug)]
pub(crate) enum Builder {
    Text(StringViewBuilder),
    Integer(Int64Builder),
    Boolean(BooleanBuilder),
    Timestamp(TimestampMicrosecondBuilder),
}

/// Text columns whose values are long and come again and again: kept once per batch.
const REPEATING: &[&str] = &[
    "tenant_id",
    "format",
    "source_file",
    "subscription_id",
    "resource_group",
    "resource_id",
    "resource_type",
    "operation",
    "caller",
    "caller_upn",
    "caller_oid",
    "caller_name",
    "principal_type",
    "client_app_id",
    "client_app",
    "role",
    "authorization_action",
    "policy_definition_id",
    "policy_definition_name",
    "policy_display_name",
    "policy_set_id",
    "assignment_id",
    "assignment_name",
    "assignment_display_name",
    "assignment_scope",
    "mfa_policy",
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
        if let Self::Text(builder) = self {
            builder.append_option(value);
        }
    }

    pub(crate) fn integer(&mut self, value: Option<i64>) {
        match self {
            Self::Integer(builder) => builder.append_option(value),
            Self::Timestamp(builder) => builder.append_option(value),
            Self::Text(_) | Self::Boolean(_) => {}
        }
    }

    pub(crate) fn null(&mut self) {
        match self {
            Self::Text(builder) => builder.append_null(),
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

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
        }
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
        let builders = table
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| keep(column.name))
            .map(|(position, column)| (position, Builder::new(column.name, column.kind)))
            .collect();
        Self { schema: Arc::new(table.arrow_schema(keep)), builders }
    }

    /// The batch of what was appended; the builders are empty afterwards.
    ///
    /// # Errors
    /// When the columns differ in length, which would be a bug of the caller.
    pub(crate) fn finish(&mut self, rows: usize) -> Result<RecordBatch, ArrowError> {
        let arrays = self.builders.iter_mut().map(|(_, builder)| builder.finish()).collect();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
    }
}
