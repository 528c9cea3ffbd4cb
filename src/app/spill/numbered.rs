//! Batches with columns beside those of their table, which go to disk and back with them: above
//! all the number of each row, by which it is known whether it is dropped.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{ArrayRef, BooleanArray, RecordBatch, UInt64Array};
use arrow_schema::{ArrowError, Field, Schema};
use arrow_select::filter::filter_record_batch;

use crate::app::error::Error;
use crate::fold::held::gathered;

/// What the names of such columns begin with.
const HIDDEN: &str = "azmfa:";

/// The column of the numbers.
const NUMBER: &str = "azmfa:number";

/// All rows of a batch with texts of their own.
pub(super) fn whole(batch: &RecordBatch) -> Result<RecordBatch, Error> {
    let places: Vec<(usize, usize)> = (0..batch.num_rows()).map(|row| (0, row)).collect();
    gathered(std::slice::from_ref(batch), &places).map_err(Error::Arrow)
}

/// The batch with the number of each row.
pub(crate) fn numbered(
    rows: &RecordBatch,
    numbers: UInt64Array,
) -> Result<RecordBatch, ArrowError> {
    with_hidden_columns(rows, &[(NUMBER, Arc::new(numbers))])
}

/// The batch with further columns, whose names begin with `azmfa:`.
pub(super) fn with_hidden_columns(
    rows: &RecordBatch,
    more: &[(&str, ArrayRef)],
) -> Result<RecordBatch, ArrowError> {
    let mut fields: Vec<Arc<Field>> = rows.schema_ref().fields().iter().cloned().collect();
    let mut columns = rows.columns().to_vec();
    for (name, column) in more {
        fields.push(Arc::new(Field::new(*name, column.data_type().clone(), false)));
        columns.push(Arc::clone(column));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// The batch with the columns of its table only.
pub(crate) fn without_hidden(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let fields = batch.schema_ref().fields().iter().enumerate();
    let shown = fields.filter(|(_, field)| !field.name().starts_with(HIDDEN));
    batch.project(&shown.map(|(index, _)| index).collect::<Vec<usize>>())
}

/// The number of each row of a batch that has them.
pub(crate) fn numbers_of(batch: &RecordBatch) -> &[u64] {
    let column = batch.column_by_name(NUMBER);
    let numbers = column.and_then(|column| column.as_primitive_opt::<UInt64Type>());
    numbers.map(|numbers| numbers.values().as_ref()).unwrap_or_default()
}

/// The batch without the rows whose numbers are in `dropped`.
pub(crate) fn without(batch: RecordBatch, dropped: &[u64]) -> Result<RecordBatch, ArrowError> {
    let numbers = numbers_of(&batch);
    if dropped.is_empty() || numbers.is_empty() {
        return Ok(batch);
    }
    let keep: BooleanArray =
        numbers.iter().map(|number| Some(dropped.binary_search(number).is_err())).collect();
    if keep.false_count() == 0 { Ok(batch) } else { filter_record_batch(&batch, &keep) }
}
