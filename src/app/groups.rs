//! Groups of rows, put together from those of parts of the rows: a text is kept once, whatever has
//! it, and of a group there is a word for each column.
//!
//! Polars could put them together, and did: by copying what there was each time, which took three
//! times the memory at 8 GB of records (see `benches/README.md`).

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray, RecordBatch, RecordBatchOptions,
    StringViewArray, UInt32Array,
};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, DataType, Field, SchemaRef, TimeUnit};
use arrow_select::take::take;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::engine::Answer;
use crate::extract::texts::{Texts, lower};
use crate::report::divide::{Asked, Combine};

/// Bytes of one buffer of texts.
const TEXT_BLOCK_BYTES: u32 = 256 << 10;

/// Groups that are kept in one piece of memory: what grows by being copied leaves holes behind.
const BLOCK_ROWS: usize = 1 << 10;

/// What parts of the rows answered to some queries.
#[derive(Debug)]
pub(crate) struct Groups {
    texts: Texts,
    queries: Vec<OfQuery>,
}

impl Groups {
    /// No groups yet of what parts are asked.
    pub(crate) fn of(asked: &[Asked]) -> Self {
        let queries = asked.iter().map(OfQuery::of).collect();
        Self { texts: Texts::new(TEXT_BLOCK_BYTES), queries }
    }

    /// Takes the answers of a part, one to each query.
    ///
    /// # Errors
    /// When an answer has other columns than that of another part.
    pub(crate) fn take(&mut self, answers: &[Answer]) -> Result<(), ArrowError> {
        for (query, answer) in self.queries.iter_mut().zip(answers) {
            for batch in &answer.batches {
                query.take(batch, &mut self.texts)?;
            }
        }
        Ok(())
    }

    /// The groups as tables.
    pub(crate) fn finish(mut self) -> Tables {
        Tables { texts: self.texts.finish(), queries: self.queries.into_iter() }
    }
}

/// The groups of one query after the other, as tables that share their texts.
#[derive(Debug)]
pub(crate) struct Tables {
    texts: StringViewArray,
    queries: std::vec::IntoIter<OfQuery>,
}

impl Iterator for Tables {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.queries.next()?.table(&self.texts))
    }
}

/// The groups of one query.
#[derive(Debug)]
struct OfQuery {
    keys: usize,
    figures: Vec<Combine>,
    schema: Option<SchemaRef>,
    /// Of each column: of the keys, then of the figures.
    kinds: Vec<Kind>,
    /// As many in each block as [`BLOCK_ROWS`].
    blocks: Vec<Rows>,
    /// Which row has which keys.
    places: HashTable<u32>,
}

/// Rows of cells, one row after the other.
#[derive(Debug)]
struct Rows {
    words: Vec<u64>,
    /// Whether a cell has a value; the word is 0 where it has none.
    has: Vec<bool>,
}

impl Rows {
    fn with_room(cells: usize) -> Self {
        Self { words: Vec::with_capacity(cells), has: Vec::with_capacity(cells) }
    }
}

/// What the words of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Numbers of texts.
    Text,
    /// Whole numbers: counts, instants, days, 0 and 1 for no and yes.
    Whole,
    /// Fractions, bit by bit.
    Fraction,
}

impl OfQuery {
    fn of(asked: &Asked) -> Self {
        Self {
            keys: asked.keys,
            figures: asked.figures.clone(),
            schema: None,
            kinds: Vec::new(),
            blocks: Vec::new(),
            places: HashTable::new(),
        }
    }

    fn take(&mut self, batch: &RecordBatch, texts: &mut Texts) -> Result<(), ArrowError> {
        let (rows, kinds) = rows(batch, texts)?;
        if self.schema.is_none() {
            self.schema = Some(batch.schema());
            self.kinds.clone_from(&kinds);
        }
        if self.kinds != kinds {
            let detail = "parts answer in columns of different types".to_owned();
            return Err(ArrowError::SchemaError(detail));
        }
        let width = kinds.len();
        for (words, has) in rows.words.chunks(width).zip(rows.has.chunks(width)) {
            self.take_row(words, has, texts);
        }
        Ok(())
    }

    fn take_row(&mut self, words: &[u64], has: &[bool], texts: &Texts) {
        let (keys, width, blocks) = (self.keys, self.kinds.len(), &mut self.blocks);
        let is_same = |place: &u32| {
            let (block, at) = block_of(*place, width);
            let known = &blocks[block];
            known.words[at..at + keys] == words[..keys] && known.has[at..at + keys] == has[..keys]
        };
        let hashed = hash(&words[..keys]);
        let Some(place) = self.places.find(hashed, is_same) else {
            let place = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
            let (block, _) = block_of(place, width);
            if block == blocks.len() {
                blocks.push(Rows::with_room(BLOCK_ROWS * width));
            }
            blocks[block].words.extend_from_slice(words);
            blocks[block].has.extend_from_slice(has);
            let again = |place: &u32| {
                let (block, at) = block_of(*place, width);
                hash(&blocks[block].words[at..at + keys])
            };
            self.places.insert_unique(hashed, place, again);
            return;
        };
        let (block, at) = block_of(*place, width);
        let known = &mut blocks[block];
        for column in (keys..width).filter(|column| has[*column]) {
            let (cell, new) = (at + column, words[column]);
            known.words[cell] = if known.has[cell] {
                let combine = self.figures[column - keys];
                combined(combine, self.kinds[column], known.words[cell], new, texts)
            } else {
                new
            };
            known.has[cell] = true;
        }
    }

    fn table(self, texts: &StringViewArray) -> Result<RecordBatch, ArrowError> {
        let Some(schema) = self.schema else {
            return Err(ArrowError::SchemaError("no part has answered".to_owned()));
        };
        let width = self.kinds.len();
        let column = |(column, field): (usize, &Arc<Field>)| {
            let words =
                self.blocks.iter().flat_map(|rows| rows.words[column..].iter().step_by(width));
            let has = self.blocks.iter().flat_map(|rows| rows.has[column..].iter().step_by(width));
            let has = has.copied().collect();
            array(field.data_type(), words.copied(), has, texts)
        };
        let columns = schema.fields().iter().enumerate().map(column);
        let columns = columns.collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.places.len()));
        RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)
    }
}

/// In which block a row is, and where its first cell.
fn block_of(place: u32, width: usize) -> (usize, usize) {
    let place = place as usize;
    (place / BLOCK_ROWS, place % BLOCK_ROWS * width)
}

/// The rows of an answer.
fn rows(batch: &RecordBatch, texts: &mut Texts) -> Result<(Rows, Vec<Kind>), ArrowError> {
    let width = batch.num_columns();
    let cells = batch.num_rows() * width;
    let mut rows = Rows { words: vec![0; cells], has: vec![false; cells] };
    let mut kinds = Vec::with_capacity(width);
    for (column, array) in batch.columns().iter().enumerate() {
        let mut put = |row: usize, word: Option<u64>| {
            let cell = row * width + column;
            (rows.words[cell], rows.has[cell]) = (word.unwrap_or_default(), word.is_some());
        };
        let whole = |it: Option<i64>| it.map(i64::cast_unsigned);
        kinds.push(match array.data_type() {
            DataType::Utf8View => {
                let numbers = texts.numbers_of(array.as_string_view());
                let word = |number: u32| (number > 0).then_some(u64::from(number));
                numbers.iter().enumerate().for_each(|(row, number)| put(row, word(*number)));
                Kind::Text
            }
            DataType::Boolean => {
                let all = array.as_boolean().iter().enumerate();
                all.for_each(|(row, it)| put(row, it.map(u64::from)));
                Kind::Whole
            }
            DataType::Int64 => {
                let all = array.as_primitive::<Int64Type>().iter().enumerate();
                all.for_each(|(row, it)| put(row, whole(it)));
                Kind::Whole
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                let all = array.as_primitive::<TimestampMicrosecondType>().iter().enumerate();
                all.for_each(|(row, it)| put(row, whole(it)));
                Kind::Whole
            }
            DataType::Date32 => {
                let all = array.as_primitive::<Date32Type>().iter().enumerate();
                all.for_each(|(row, it)| put(row, whole(it.map(i64::from))));
                Kind::Whole
            }
            DataType::Float64 => {
                let all = array.as_primitive::<Float64Type>().iter().enumerate();
                all.for_each(|(row, it)| put(row, it.map(bits)));
                Kind::Fraction
            }
            other => return Err(ArrowError::SchemaError(format!("no answer has {other}"))),
        });
    }
    Ok((rows, kinds))
}

/// A column of cells.
fn array(
    kind: &DataType,
    words: impl Iterator<Item = u64>,
    has: Vec<bool>,
    texts: &StringViewArray,
) -> Result<ArrayRef, ArrowError> {
    let nulls = NullBuffer::from(has);
    Ok(match kind {
        DataType::Utf8View => {
            let numbers: UInt32Array = words.map(lower).collect();
            take(texts, &numbers, None)?
        }
        DataType::Boolean => {
            Arc::new(BooleanArray::new(words.map(|word| word > 0).collect(), Some(nulls)))
        }
        DataType::Timestamp(_, zone) => {
            let all = primitive::<TimestampMicrosecondType>(words.map(whole), nulls)?;
            Arc::new(all.with_timezone_opt(zone.clone()))
        }
        DataType::Date32 => {
            let day = |word: u64| i32::try_from(whole(word)).unwrap_or_default();
            Arc::new(primitive::<Date32Type>(words.map(day), nulls)?)
        }
        DataType::Float64 => Arc::new(primitive::<Float64Type>(words.map(f64::from_bits), nulls)?),
        _ => Arc::new(primitive::<Int64Type>(words.map(whole), nulls)?),
    })
}

fn primitive<T: ArrowPrimitiveType>(
    values: impl Iterator<Item = T::Native>,
    nulls: NullBuffer,
) -> Result<PrimitiveArray<T>, ArrowError> {
    PrimitiveArray::try_new(values.collect::<Vec<_>>().into(), Some(nulls))
}

fn whole(word: u64) -> i64 {
    word.cast_signed()
}

/// A fraction bit by bit, such that those which are equal are alike.
fn bits(number: f64) -> u64 {
    if number.is_nan() { f64::NAN.to_bits() } else { (number + 0.0).to_bits() }
}

fn hash(keys: &[u64]) -> u64 {
    FixedState::default().hash_one(keys)
}

/// Of fractions, what is no number is neither the smallest nor the largest.
fn combined(combine: Combine, kind: Kind, old: u64, new: u64, texts: &Texts) -> u64 {
    let order = || match kind {
        Kind::Text => texts.get(lower(old)).cmp(texts.get(lower(new))),
        Kind::Whole | Kind::Fraction => whole(old).cmp(&whole(new)),
    };
    let fraction = |of: fn(f64, f64) -> f64| bits(of(f64::from_bits(old), f64::from_bits(new)));
    match (combine, kind) {
        (Combine::Sum, Kind::Fraction) => fraction(|old, new| old + new),
        (Combine::Min, Kind::Fraction) => fraction(f64::min),
        (Combine::Max, Kind::Fraction) => fraction(f64::max),
        (Combine::Sum, _) => old.wrapping_add(new),
        (Combine::Min | Combine::Max, _) if old == new => old,
        (Combine::Min, _) if order().is_gt() => new,
        (Combine::Max, _) if order().is_lt() => new,
        (Combine::Min | Combine::Max, _) => old,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use arrow_array::cast::AsArray;
    use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMicrosecondType};
    use arrow_array::{
        ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch,
        StringViewArray, TimestampMicrosecondArray,
    };
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

    use super::Groups;
    use crate::engine::Answer;
    use crate::report::divide::{Asked, Combine};

    /// A group of a part: two keys, then figures of every kind there is.
    type Row = (
        (Option<String>, Option<bool>),
        (Option<i64>, Option<f64>),
        (Option<String>, Option<i64>, Option<i32>),
    );

    const FIGURES: [Combine; 5] =
        [Combine::Sum, Combine::Max, Combine::Min, Combine::Max, Combine::Min];

    fn row() -> impl Strategy<Value = Row> {
        let text = || proptest::option::of("[ab]{0,2}|[ab]/longer than a view");
        let fraction = prop_oneof![Just(0.0), Just(-0.0), Just(f64::NAN), Just(1.5), Just(-2.5)];
        let whole = || proptest::option::of(-3_i64..4);
        (
            (text(), any::<Option<bool>>()),
            (whole(), proptest::option::of(fraction)),
            (text(), whole(), proptest::option::of(-3..4)),
        )
    }

    fn answer(rows: &[Row]) -> Answer {
        let texts = |of: fn(&Row) -> Option<&str>| -> ArrayRef {
            Arc::new(rows.iter().map(of).collect::<StringViewArray>())
        };
        let instants: TimestampMicrosecondArray = rows.iter().map(|row| row.2.1).collect();
        let columns: [(&str, ArrayRef); 7] = [
            ("text", texts(|row| row.0.0.as_deref())),
            ("flag", Arc::new(rows.iter().map(|row| row.0.1).collect::<BooleanArray>())),
            ("sum", Arc::new(rows.iter().map(|row| row.1.0).collect::<Int64Array>())),
            ("fraction", Arc::new(rows.iter().map(|row| row.1.1).collect::<Float64Array>())),
            ("least", texts(|row| row.2.0.as_deref())),
            ("last", Arc::new(instants.with_timezone("UTC"))),
            ("day", Arc::new(rows.iter().map(|row| row.2.2).collect::<Date32Array>())),
        ];
        let columns = columns.map(|(name, column)| (name, column, true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        Answer { schema: batch.schema(), batches: vec![batch] }
    }

    /// The rows of a table; of fractions their bits, NaN being the same as itself.
    fn cells(batch: &RecordBatch) -> Vec<(String, String)> {
        let text = |column: usize, row: usize| {
            batch.column(column).as_string_view().iter().nth(row).unwrap().map(str::to_owned)
        };
        let cell = |row: usize| {
            let flag = batch.column(1).as_boolean().iter().nth(row).unwrap();
            let sum = batch.column(2).as_primitive::<Int64Type>().iter().nth(row).unwrap();
            let fraction = batch.column(3).as_primitive::<Float64Type>().iter().nth(row).unwrap();
            let instants = batch.column(5).as_primitive::<TimestampMicrosecondType>();
            let day = batch.column(6).as_primitive::<Date32Type>().iter().nth(row).unwrap();
            let fraction = fraction.map(|it| it + 0.0);
            let last = instants.iter().nth(row).unwrap();
            (
                format!("{:?}", (text(0, row), flag)),
                format!("{:?}", (sum, fraction, text(4, row), last, day)),
            )
        };
        (0..batch.num_rows()).map(cell).collect()
    }

    fn one<T: Copy>(old: Option<T>, new: Option<T>, of: impl Fn(T, T) -> T) -> Option<T> {
        match (old, new) {
            (Some(old), Some(new)) => Some(of(old, new)),
            (old, new) => old.or(new),
        }
    }

    /// The same group by group, as a person would do it.
    fn by_hand(rows: &[Row]) -> Vec<(String, String)> {
        let mut groups: BTreeMap<String, (Row, usize)> = BTreeMap::new();
        for row in rows {
            let count = groups.len();
            let key = format!("{:?}", row.0);
            let Some((known, _)) = groups.get_mut(&key) else {
                groups.insert(key, (row.clone(), count));
                continue;
            };
            known.1.0 = one(known.1.0, row.1.0, |old, new| old + new);
            known.1.1 = one(known.1.1, row.1.1, f64::max);
            let least = known.2.0.iter().chain(&row.2.0).min().cloned();
            known.2.0 = least;
            known.2.1 = one(known.2.1, row.2.1, i64::max);
            known.2.2 = one(known.2.2, row.2.2, i32::min);
        }
        let mut groups: Vec<(Row, usize)> = groups.into_values().collect();
        groups.sort_by_key(|(_, number)| *number);
        let figures = |row: &Row| {
            let fraction = row.1.1.map(|it| it + 0.0);
            (row.1.0, fraction, row.2.0.clone(), row.2.1, row.2.2)
        };
        groups
            .iter()
            .map(|(row, _)| (format!("{:?}", row.0), format!("{:?}", figures(row))))
            .collect()
    }

    proptest! {
        #[test]
        fn groups_of_parts_are_those_of_all(
            rows in proptest::collection::vec(row(), 1..200),
            repeats in 1_usize..30,
            cut in 1_usize..50,
        ) {
            let rows = vec![rows; repeats].concat();
            let (name, sql) = ("part".to_owned(), String::new());
            let asked = Asked { name, sql, keys: 2, figures: FIGURES.to_vec() };
            let mut groups = Groups::of(&[asked]);
            for rows in rows.chunks(cut) {
                groups.take(&[answer(rows)]).unwrap();
            }
            let tables: Vec<RecordBatch> = groups.finish().collect::<Result<_, _>>().unwrap();
            assert_eq!(tables.len(), 1);
            assert_eq!(tables[0].schema(), answer(&rows).schema);
            assert_eq!(cells(&tables[0]), by_hand(&rows));
        }
    }

    #[test]
    fn many_groups_are_found_again() {
        let (name, sql) = ("part".to_owned(), String::new());
        let asked = Asked { name, sql, keys: 1, figures: vec![Combine::Sum] };
        let mut groups = Groups::of(&[asked]);
        for first in [0, 3_000, 1_500] {
            let keys: StringViewArray =
                (first..first + 3_000).map(|key| Some(format!("user-{key}"))).collect();
            let counts = Int64Array::from_iter_values(first..first + 3_000);
            let columns: [(&str, ArrayRef, bool); 2] =
                [("key", Arc::new(keys), true), ("sum", Arc::new(counts), true)];
            let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
            groups.take(&[Answer { schema: batch.schema(), batches: vec![batch] }]).unwrap();
        }
        let table = groups.finish().next().unwrap().unwrap();
        assert_eq!(table.num_rows(), 6_000);
        let sums = table.column(1).as_primitive::<Int64Type>();
        for (key, sum) in (0..).zip(sums.values()) {
            let times = if (1_500..4_500).contains(&key) { 2 } else { 1 };
            assert_eq!(*sum, key * times);
        }
    }

    #[test]
    fn parts_that_answer_in_other_columns_are_an_error() {
        let (name, sql) = ("part".to_owned(), String::new());
        let asked = Asked { name, sql, keys: 1, figures: vec![Combine::Sum] };
        let mut groups = Groups::of(&[asked]);
        let mut take = |column: ArrayRef| {
            let columns = [("key", Arc::clone(&column)), ("sum", column)];
            let batch = RecordBatch::try_from_iter(columns).unwrap();
            groups.take(&[Answer { schema: batch.schema(), batches: vec![batch] }])
        };
        assert!(take(Arc::new(Int64Array::from(vec![1]))).is_ok());
        assert!(take(Arc::new(Float64Array::from(vec![1.0]))).is_err());
    }
}
