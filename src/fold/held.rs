//! Rows that wait for the end of the input: a text that comes again and again is kept once, and a
//! row has its number only.
//!
//! Of the rows of a log most texts come again: who, where, which operation, which verdict. Kept as
//! they were extracted, a row of the default reports takes 900 bytes; here it takes 170.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowDictionaryKeyType, UInt8Type, UInt16Type, UInt32Type};
use arrow_array::{
    Array, ArrayRef, Decimal128Array, DictionaryArray, PrimitiveArray, RecordBatch,
    RecordBatchOptions, StringViewArray, new_null_array,
};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use arrow_select::concat::concat;
use arrow_select::interleave::interleave;
use foldhash::fast::FixedState;

use crate::extract::column::UNIQUE;
use crate::extract::texts::{Texts, lower};
use crate::fold::events::{Text, hashed};
use crate::schema::numbered::{is_same, of_columns, plain_type};

/// Rows of a segment: few enough for many threads, enough for columns of a size.
pub(crate) const SEGMENT_ROWS: usize = 8 << 10;

/// Bytes of one buffer of texts.
const TEXT_BLOCK_BYTES: u32 = 32 << 10;

/// A list of all texts pays where there are fewer than so many for each row.
const DENSE_TIMES: usize = 16;

/// Texts of which the number is known without a look into the table.
const RECENT: usize = 128;

/// The numbers of the texts of one column.
#[derive(Debug)]
struct Numbering {
    texts: Texts,
    recent: Vec<Recent>,
    /// Number of the array that is being read.
    array: u32,
}

/// A view that was met, and the number of its text. A short text is in its view; else the view
/// holds for one array.
#[derive(Debug, Clone, Copy)]
struct Recent {
    view: u128,
    array: u32,
    number: u32,
}

/// Stands for no view: no text is that long.
const NO_VIEW: u128 = u128::MAX;

/// Longest text that is in its view, in bytes.
const INLINE_MAX: u32 = 12;

impl Numbering {
    fn new() -> Self {
        let recent = vec![Recent { view: NO_VIEW, array: 0, number: 0 }; RECENT];
        Self { texts: Texts::new(TEXT_BLOCK_BYTES), recent, array: 0 }
    }

    /// Adds the numbers of the texts of an array to `numbers`.
    fn push(&mut self, array: &ArrayRef, numbers: &mut Vec<u32>) {
        match array.as_dictionary_opt::<UInt32Type>() {
            Some(numbered) => {
                let known = self.texts.numbers_of(numbered.values().as_string_view());
                numbers
                    .extend(numbered.keys().values().iter().map(|number| known[*number as usize]));
            }
            None => self.push_texts(array.as_string_view(), numbers),
        }
    }

    /// The same of texts that have no numbers yet.
    fn push_texts(&mut self, array: &StringViewArray, numbers: &mut Vec<u32>) {
        self.array = self.array.wrapping_add(1);
        for (row, view) in array.views().iter().enumerate() {
            if array.is_null(row) {
                numbers.push(0);
                continue;
            }
            let (low, high) = halves(*view);
            let mixed = (low ^ high.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let place = usize::try_from(mixed >> 32).unwrap_or_default() % RECENT;
            let recent = self.recent[place];
            let is_inline = lower(low) <= INLINE_MAX;
            if recent.view == *view && (is_inline || recent.array == self.array) {
                numbers.push(recent.number);
                continue;
            }
            let number = self.texts.number_of(array.value(row));
            self.recent[place] = Recent { view: *view, array: self.array, number };
            numbers.push(number);
        }
    }
}

fn halves(wide: u128) -> (u64, u64) {
    let half = |wide: u128| u64::try_from(wide & u128::from(u64::MAX)).unwrap_or_default();
    (half(wide), half(wide >> 64))
}

/// A column of the segment that is being filled.
#[derive(Debug)]
enum Store {
    Numbered {
        texts: Numbering,
        numbers: Vec<u32>,
    },
    Texts(StringViewBuilder),
    /// Hashes of texts; 0 where there is none.
    Hashes(Vec<i128>),
    Other(Vec<ArrayRef>),
}

/// A column of a segment that is full.
#[derive(Debug)]
enum Column {
    Bytes(Vec<u8>),
    Shorts(Vec<u16>),
    Words(Vec<u32>),
    Whole(ArrayRef),
}

impl Column {
    /// The column, the texts of which are numbered in `texts`.
    fn array(self, texts: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        match self {
            Self::Bytes(numbers) => dictionary::<UInt8Type>(numbers, texts),
            Self::Shorts(numbers) => dictionary::<UInt16Type>(numbers, texts),
            Self::Words(numbers) => dictionary::<UInt32Type>(numbers, texts),
            Self::Whole(array) => Ok(array),
        }
    }
}

/// The numbers of a segment, in as few bytes as the largest of them takes.
fn packed(numbers: &[u32]) -> Column {
    let largest = numbers.iter().copied().max().unwrap_or_default();
    if u8::try_from(largest).is_ok() {
        Column::Bytes(numbers.iter().filter_map(|number| u8::try_from(*number).ok()).collect())
    } else if u16::try_from(largest).is_ok() {
        Column::Shorts(numbers.iter().filter_map(|number| u16::try_from(*number).ok()).collect())
    } else {
        Column::Words(numbers.to_vec())
    }
}

fn dictionary<T: ArrowDictionaryKeyType>(
    numbers: Vec<T::Native>,
    texts: &ArrayRef,
) -> Result<ArrayRef, ArrowError>
where
    PrimitiveArray<T>: From<Vec<T::Native>>,
{
    Ok(Arc::new(DictionaryArray::<T>::try_new(numbers.into(), Arc::clone(texts))?))
}

/// Batches of one schema, gathered into segments.
#[derive(Debug, Default)]
pub(crate) struct Held {
    stores: Vec<Store>,
    /// Columns of which only the hashes are kept.
    hashed: Vec<&'static str>,
    /// Of the batches that were taken.
    schema: Option<SchemaRef>,
    /// Rows of the open segment.
    rows: usize,
    segments: Vec<(Vec<Column>, usize)>,
    bytes: usize,
    /// What the views of numbered texts would take, in bytes.
    views_bytes: usize,
}

impl Held {
    /// Nothing yet. Of the columns `hashed`, which are texts, only the hashes will be kept.
    pub(crate) fn new(hashed: Vec<&'static str>) -> Self {
        Self { hashed, ..Self::default() }
    }

    /// Takes the rows of a batch; all batches have the same columns.
    pub(crate) fn push(&mut self, batch: &RecordBatch) {
        if self.schema.is_none() {
            let fields = batch.schema_ref().fields().iter();
            self.stores = fields.map(|field| store(field, &self.hashed)).collect();
            self.schema = Some(batch.schema());
        }
        for (store, column) in self.stores.iter_mut().zip(batch.columns()) {
            match store {
                Store::Numbered { texts, numbers } => {
                    let before = texts.texts.bytes();
                    texts.push(column, numbers);
                    let count = texts.texts.count();
                    let width = 1 + usize::from(count > 1 << 8) + 2 * usize::from(count > 1 << 16);
                    self.bytes += texts.texts.bytes() - before + column.len() * width;
                    self.views_bytes += column.len() * (size_of::<u128>() - width);
                }
                Store::Texts(builder) => {
                    for text in column.as_string_view() {
                        builder.append_option(text);
                        self.bytes += size_of::<u128>() + text.map_or(0, str::len);
                    }
                }
                Store::Hashes(hashes) => {
                    let hash = |text: Option<&str>| {
                        text.map_or(0, |text| hashed(text.as_bytes()).get().cast_signed())
                    };
                    hashes.extend(column.as_string_view().iter().map(hash));
                    self.bytes += column.len() * size_of::<u128>();
                }
                Store::Other(arrays) => {
                    self.bytes += column.len() * column.data_type().primitive_width().unwrap_or(1);
                    arrays.push(Arc::clone(column));
                }
            }
        }
        self.rows += batch.num_rows();
    }

    /// Rows of the segment that is being filled.
    pub(crate) fn open_rows(&self) -> usize {
        self.rows
    }

    /// Memory of all rows, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes as u64
    }

    /// Memory of all rows once their texts are texts again, see [`plain`], in bytes.
    pub(crate) fn plain_bytes(&self) -> u64 {
        (self.bytes + self.views_bytes) as u64
    }

    /// Ends the segment that is being filled, if it has rows.
    ///
    /// # Errors
    /// Only when a column outgrows Arrow's limits.
    pub(crate) fn close(&mut self) -> Result<(), ArrowError> {
        if self.rows == 0 {
            return Ok(());
        }
        let columns = self
            .stores
            .iter_mut()
            .map(|store| {
                Ok(match store {
                    Store::Numbered { numbers, .. } => {
                        let column = packed(numbers);
                        numbers.clear();
                        column
                    }
                    Store::Hashes(hashes) => {
                        let next = Vec::with_capacity(hashes.len());
                        let hashes = std::mem::replace(hashes, next);
                        Column::Whole(Arc::new(Decimal128Array::from(hashes)))
                    }
                    Store::Texts(builder) => Column::Whole(Arc::new(builder.finish())),
                    Store::Other(arrays) => {
                        let all: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
                        let whole = concat(&all)?;
                        arrays.clear();
                        Column::Whole(whole)
                    }
                })
            })
            .collect::<Result<Vec<Column>, ArrowError>>()?;
        self.segments.push((columns, std::mem::take(&mut self.rows)));
        Ok(())
    }

    /// The segments, each as a batch; nothing is held afterwards. Columns of numbered texts are
    /// dictionaries, whose texts all segments share; see [`plain`].
    ///
    /// # Errors
    /// Only when a column outgrows Arrow's limits.
    pub(crate) fn take(&mut self) -> Result<Vec<RecordBatch>, ArrowError> {
        self.close()?;
        let next = Self { hashed: self.hashed.clone(), ..Self::default() };
        let Self { stores, schema, segments, .. } = std::mem::replace(self, next);
        let Some(schema) = schema else { return Ok(Vec::new()) };
        let nothing: ArrayRef = new_null_array(&DataType::Utf8View, 0);
        let texts: Vec<ArrayRef> = stores
            .into_iter()
            .map(|store| match store {
                Store::Numbered { mut texts, .. } => Arc::new(texts.texts.finish()) as ArrayRef,
                Store::Texts(_) | Store::Hashes(_) | Store::Other(_) => Arc::clone(&nothing),
            })
            .collect();
        let batch = |(columns, rows): (Vec<Column>, usize)| {
            let columns = columns
                .into_iter()
                .zip(&texts)
                .map(|(column, texts)| column.array(texts))
                .collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
            of_columns(&schema, columns, rows)
        };
        segments.into_iter().map(batch).collect()
    }
}

fn store(field: &Field, hashes: &[&str]) -> Store {
    if hashes.contains(&field.name().as_str()) {
        Store::Hashes(Vec::new())
    } else if *plain_type(field.data_type()) != DataType::Utf8View {
        Store::Other(Vec::new())
    } else if UNIQUE.contains(&field.name().as_str()) {
        Store::Texts(StringViewBuilder::new().with_fixed_block_size(TEXT_BLOCK_BYTES))
    } else {
        Store::Numbered { texts: Numbering::new(), numbers: Vec::with_capacity(SEGMENT_ROWS) }
    }
}

/// The rows at some places of some batches of one schema, with texts of their own: numbered ones
/// where those of the batches share their numbers.
///
/// # Errors
/// Only when a column outgrows Arrow's limits.
pub(crate) fn gathered(
    batches: &[RecordBatch],
    places: &[(usize, usize)],
) -> Result<RecordBatch, ArrowError> {
    let Some(first) = batches.first() else {
        return Ok(RecordBatch::new_empty(Arc::new(Schema::empty())));
    };
    let mut fields = Vec::with_capacity(first.num_columns());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(first.num_columns());
    for (index, field) in first.schema_ref().fields().iter().enumerate() {
        let arrays = || batches.iter().map(|batch| batch.column(index));
        let column = if *plain_type(field.data_type()) == DataType::Utf8View {
            let texts: Vec<Text<'_>> = arrays().map(Text::from).collect();
            texts_at(field.name(), &texts, places)?
        } else {
            let arrays: Vec<&dyn Array> = arrays().map(AsRef::as_ref).collect();
            interleave(&arrays, places)?
        };
        fields.push(field.as_ref().clone().with_data_type(column.data_type().clone()));
        columns.push(column);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(places.len()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
}

fn texts_at(
    name: &str,
    texts: &[Text<'_>],
    places: &[(usize, usize)],
) -> Result<ArrayRef, ArrowError> {
    let Some(all) = shared(texts) else {
        let mut builder = StringViewBuilder::with_capacity(places.len());
        if !UNIQUE.contains(&name) {
            builder = builder.with_deduplicate_strings();
        }
        builder.extend(places.iter().map(|(batch, row)| texts[*batch].get(*row)));
        return Ok(Arc::new(builder.finish()));
    };
    let mut own = StringViewBuilder::new();
    own.append_null();
    let mut count = 1;
    // By number in `all`, that among `own`; 0 is none at all in both. A few rows of many texts do not
    // pay for a list of all.
    let is_dense = all.len() < DENSE_TIMES * places.len();
    let mut number_of = vec![0; if is_dense { all.len() } else { 0 }];
    let mut number_of_few: HashMap<usize, u32, FixedState> = HashMap::default();
    let number = |(batch, row): &(usize, usize)| {
        let (_, at) = texts[*batch].place(*row)?;
        let known = number_of.get_mut(at).unwrap_or_else(|| number_of_few.entry(at).or_default());
        if *known == 0 && all.is_valid(at) {
            own.append_value(all.value(at));
            *known = count;
            count += 1;
        }
        Some(*known)
    };
    let numbers: Vec<u32> = places.iter().map(number).map(Option::unwrap_or_default).collect();
    let own: ArrayRef = Arc::new(own.finish());
    packed(&numbers).array(&own)
}

/// The texts that several columns number, if it is the same array.
fn shared<'a>(columns: &[Text<'a>]) -> Option<&'a StringViewArray> {
    let first = columns.first()?.numbered()?;
    let is_same = |column: &Text<'_>| column.numbered().is_some_and(|texts| is_same(first, texts));
    columns.iter().all(is_same).then_some(first)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::StringViewBuilder;
    use arrow_array::cast::AsArray;
    use arrow_array::{ArrayRef, Int64Array, RecordBatch};
    use proptest::prelude::{any, proptest};

    use super::{Held, SEGMENT_ROWS};
    use crate::schema::numbered::plain;

    fn batch(rows: &[(Option<String>, i64)]) -> RecordBatch {
        let texts = || {
            let mut texts = StringViewBuilder::new();
            texts.extend(rows.iter().map(|(text, _)| text.as_deref()));
            Arc::new(texts.finish()) as ArrayRef
        };
        let numbers = Int64Array::from_iter_values(rows.iter().map(|(_, number)| *number));
        RecordBatch::try_from_iter_with_nullable([
            ("caller", texts(), true),
            ("event_id", texts(), true),
            ("source_record", Arc::new(numbers) as ArrayRef, true),
        ])
        .unwrap()
    }

    proptest! {
        #[test]
        fn rows_come_back_as_they_went(
            rows in proptest::collection::vec(("[ab]{0,3}|[ab]{11,14}|[a-z]{20}", any::<i64>(), 0_u8..9), 0..300),
            cut in 1_usize..40,
            close_every in 1_usize..9,
            repeats in 1_usize..4,
        ) {
            let rows: Vec<(Option<String>, i64)> = rows
                .into_iter()
                .map(|(text, number, none)| ((none > 0).then_some(text), number))
                .collect();
            let rows = vec![rows; repeats].concat();
            let mut held = Held::default();
            for (number, rows) in rows.chunks(cut).enumerate() {
                held.push(&batch(rows));
                if number % close_every == 0 {
                    held.close().unwrap();
                }
            }
            let mut back = Vec::new();
            for batch in held.take().unwrap() {
                let columns: Vec<ArrayRef> =
                    batch.columns().iter().map(|column| plain(column).unwrap()).collect();
                let numbers = columns[2].as_primitive::<arrow_array::types::Int64Type>();
                for row in 0..batch.num_rows() {
                    let text = |column: usize| {
                        let texts = columns[column].as_string_view().iter().nth(row).unwrap();
                        texts.map(str::to_owned)
                    };
                    assert_eq!(text(0), text(1));
                    back.push((text(0), numbers.value(row)));
                }
            }
            assert_eq!(back, rows);
        }
    }

    #[test]
    fn many_texts_keep_their_numbers() {
        let rows: Vec<(Option<String>, i64)> = (0..3 * SEGMENT_ROWS as i64)
            .map(|it| (Some(format!("user-{}@contoso.com", it / 2)), it))
            .collect();
        let mut held = Held::default();
        for rows in rows.chunks(1_000) {
            held.push(&batch(rows));
        }
        let batches = held.take().unwrap();
        let texts = plain(batches[0].column(0)).unwrap();
        for (row, (text, _)) in rows.iter().enumerate() {
            assert_eq!(Some(texts.as_string_view().value(row)), text.as_deref());
        }
        assert!(held.take().unwrap().is_empty());
    }
}
