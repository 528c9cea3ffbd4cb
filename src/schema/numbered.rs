//! Columns whose texts are numbered: dictionaries in which each text is there once, after none at all.
//!
//! To whoever reads a table such a column is one of texts, whatever it is made of.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StringViewArray};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use arrow_select::take::take;

/// A batch of some columns, which may have numbers for the texts of `schema`.
///
/// # Errors
/// Where the columns are not as many as `schema` has, or not of so many rows.
pub(crate) fn of_columns(
    schema: &Schema,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, ArrowError> {
    let fields = schema.fields().iter().zip(&columns);
    let fields: Vec<Field> = fields
        .map(|(field, column)| field.as_ref().clone().with_data_type(column.data_type().clone()))
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

/// The column as the tables have it: numbered texts as texts, which are shared, not copied.
///
/// # Errors
/// Only when a column outgrows Arrow's limits.
pub(crate) fn plain(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    match column.as_any_dictionary_opt() {
        Some(numbered) => take(numbered.values(), numbered.keys(), None),
        None => Ok(Arc::clone(column)),
    }
}

/// The type of the column that [`plain`] gives.
pub(crate) fn plain_type(kind: &DataType) -> &DataType {
    match kind {
        DataType::Dictionary(_, texts) => texts,
        other => other,
    }
}

/// Whether the first of some texts is none at all, as where texts are numbered.
pub(crate) fn numbers_none(texts: &StringViewArray) -> bool {
    !texts.is_empty() && texts.is_null(0)
}

/// Whether two arrays are the same memory.
pub(crate) fn is_same(left: &StringViewArray, right: &StringViewArray) -> bool {
    left.len() == right.len() && left.views().ptr_eq(right.views())
}
