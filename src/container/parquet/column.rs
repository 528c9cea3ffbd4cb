//! One column of a normalised table, whole: its texts once each, by number.
//!
//! A page of a column says of most texts by a number which they are. So to number them anew takes a
//! look at each different text of a row group, and none at each row's.

use std::fs::File;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, UInt32Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, RecordBatch, StringArray, UInt32Array, new_empty_array,
};
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};
use arrow_select::concat::concat;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::RowGroupMetaData;

use crate::container::ContainerError;
use crate::container::parquet::{NormalisedTable, damaged, guarded, next_batch};
use crate::extract::texts::Texts;

/// Rows read at a time at most. Of those of one row group the texts are numbered already; where more
/// than these are read at once, all texts are spelt out.
const BATCH_ROWS: usize = 1 << 20;

/// Bytes that a text takes in a file on average, above which most are spelt out there: where pages number
/// them, they take two or three, and as much as that again for the list of them.
const SPELT_OUT_BYTES: u64 = 12;

/// Bytes of one buffer of texts.
const TEXT_BLOCK_BYTES: u32 = 1 << 20;

impl NormalisedTable {
    /// Bytes of a column, unpacked; none if it is not there.
    pub fn column_bytes(&self, name: &str) -> u64 {
        let chunks =
            self.metadata.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns);
        let own = chunks.filter(|chunk| chunk.column_path().string() == name);
        own.filter_map(|chunk| u64::try_from(chunk.uncompressed_size()).ok())
            .fold(0, u64::saturating_add)
    }

    /// A column of all rows. Texts are numbered: a dictionary has each text once, after none at all.
    ///
    /// `source` is the same file, opened once more: copies of a handle share the place where they read,
    /// and columns are read side by side.
    ///
    /// # Errors
    /// [`ContainerError::Damaged`] where the file is, or does not have the column.
    pub fn column(&self, source: &File, name: &str) -> Result<ArrayRef, ContainerError> {
        let fields = self.schema().fields();
        let missing = || damaged(format!("it has no column `{name}`"));
        let index = fields.iter().position(|field| field.name() == name).ok_or_else(missing)?;
        let is_text = matches!(fields[index].data_type(), DataType::Utf8View | DataType::Utf8);
        if !is_text {
            let batches = self.read(source, index, None)?;
            let arrays: Vec<ArrayRef> = batches.collect::<Result<_, ContainerError>>()?;
            let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
            if arrays.is_empty() {
                return Ok(new_empty_array(fields[index].data_type()));
            }
            return guarded(|| concat(&arrays));
        }
        let rows = usize::try_from(self.row_count).unwrap_or_default();
        let mut numbering = Numbering::new(rows);
        let numbered = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let data_type = if self.column_bytes(name) > self.row_count.saturating_mul(SPELT_OUT_BYTES)
        {
            DataType::Utf8View
        } else {
            numbered
        };
        for array in self.read(source, index, Some(data_type))? {
            numbering.push(&array?).ok_or_else(|| damaged(format!("`{name}` is no text")))?;
        }
        guarded(|| numbering.finish())
    }

    /// The pieces of a column, read as some type.
    fn read(
        &self,
        source: &File,
        index: usize,
        data_type: Option<DataType>,
    ) -> Result<impl Iterator<Item = Result<ArrayRef, ContainerError>>, ContainerError> {
        let source = source.try_clone().map_err(ContainerError::Read)?;
        let rows =
            self.metadata.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).max();
        let rows =
            rows.and_then(|rows| usize::try_from(rows).ok()).unwrap_or(1).clamp(1, BATCH_ROWS);
        let mut reader = guarded(|| {
            let mut options = ArrowReaderOptions::new();
            if let Some(data_type) = data_type {
                options = options.with_schema(with_type(self.schema(), index, data_type));
            }
            let known = Arc::clone(self.metadata.metadata());
            let metadata = ArrowReaderMetadata::try_new(known, options)?;
            let mask = ProjectionMask::roots(metadata.parquet_schema(), [index]);
            ParquetRecordBatchReaderBuilder::new_with_metadata(source, metadata)
                .with_projection(mask)
                .with_batch_size(rows)
                .build()
        })?;
        let column = |batch: RecordBatch| Arc::clone(batch.column(0));
        let next = move || next_batch(&mut reader).map(|batch| batch.map(column)).transpose();
        Ok(std::iter::from_fn(next))
    }
}

fn with_type(schema: &SchemaRef, index: usize, data_type: DataType) -> SchemaRef {
    let mut fields = schema.fields().to_vec();
    fields[index] = Arc::new(fields[index].as_ref().clone().with_data_type(data_type));
    Arc::new(Schema::new(fields))
}

struct Numbering {
    texts: Texts,
    numbers: Vec<u32>,
    /// The texts of the last dictionary, and their numbers: pieces of a row group share it.
    last: Option<(StringArray, Vec<u32>)>,
}

impl Numbering {
    fn new(rows: usize) -> Self {
        let numbers = Vec::with_capacity(rows);
        Self { texts: Texts::new(TEXT_BLOCK_BYTES), numbers, last: None }
    }

    fn push(&mut self, array: &ArrayRef) -> Option<()> {
        if let Some(texts) = array.as_string_view_opt() {
            self.numbers.extend(self.texts.numbers_of(texts));
            return Some(());
        }
        let own = array.as_dictionary_opt::<Int32Type>()?;
        let texts = own.values().as_string_opt::<i32>()?;
        let is_last = |(last, _): &(StringArray, Vec<u32>)| {
            last.len() == texts.len()
                && last.values().ptr_eq(texts.values())
                && last.offsets().ptr_eq(texts.offsets())
        };
        if !self.last.as_ref().is_some_and(is_last) {
            let number = |text: Option<&str>| text.map_or(0, |text| self.texts.number_of(text));
            let numbers = texts.iter().map(number).collect();
            self.last = Some((texts.clone(), numbers));
        }
        let (_, known) = self.last.as_ref()?;
        let mut is_damaged = false;
        let number = |key: Option<i32>| {
            let Some(key) = key else { return 0 };
            let known = usize::try_from(key).ok().and_then(|key| known.get(key));
            is_damaged |= known.is_none();
            known.copied().unwrap_or_default()
        };
        self.numbers.extend(own.keys().iter().map(number));
        (!is_damaged).then_some(())
    }

    fn finish(mut self) -> Result<ArrayRef, ArrowError> {
        let texts = Arc::new(self.texts.finish());
        let numbers = UInt32Array::from(self.numbers);
        Ok(Arc::new(DictionaryArray::<UInt32Type>::try_new(numbers, texts)?))
    }
}
