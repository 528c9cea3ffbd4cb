//! Value to text, decided once for every renderer that writes text.
//!
//! A [`Column`] is one Arrow array whose type was looked at once; a [`Cell`] is one value of it.
//! What null, quoting or alignment look like is the renderer's affair.

use std::borrow::Cow;
use std::fmt::Write;
use std::hint::black_box;
use std::io;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, LargeStringArray, PrimitiveArray,
    RecordBatch, StringArray, StringViewArray,
};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit};

use crate::schema::Kind;
use crate::schema::numbered::plain;
use crate::text::thousands;
use crate::time::{format_day, parse_bound, push_micros};

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// The input does not say.
    Null,
    /// Text as the log has it: written by strangers, not made safe for anything.
    Text(&'a str),
    /// A whole number of any width or sign up to 64 bits.
    Integer(i128),
    /// A floating-point number; may be infinite or no number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// UTC microseconds.
    Time(i64),
    /// Days since 1970-01-01.
    Day(i32),
}

impl<'a> Cell<'a> {
    /// The plain text of the value: ISO 8601 times, no thousands separators; null is empty.
    pub fn text(&self) -> Cow<'a, str> {
        if let Self::Text(text) = self {
            return Cow::Borrowed(text);
        }
        let mut text = String::new();
        self.push_to(&mut text);
        Cow::Owned(text)
    }

    /// Appends what [`Self::text`] gives.
    pub fn push_to(&self, out: &mut String) {
        // A string takes whatever is written.
        let _ = match self {
            Self::Null => Ok(()),
            Self::Text(text) => out.write_str(text),
            // Nearly all fit, and are then written without arithmetic on 128 bits.
            Self::Integer(number) => match i64::try_from(*number) {
                Ok(number) => write!(out, "{number}"),
                Err(_) => write!(out, "{number}"),
            },
            // The debug form is the shortest that reads back the same, with an exponent where
            // the plain form would be hundreds of digits long.
            Self::Float(number) => write!(out, "{number:?}"),
            Self::Boolean(is_true) => write!(out, "{is_true}"),
            Self::Time(micros) => {
                push_micros(*micros, out);
                Ok(())
            }
            Self::Day(day) => out.write_str(&format_day(*day)),
        };
    }
}

/// Bytes that come into a cache together.
const CACHE_LINE_BYTES: usize = 64;

/// One array, its type known.
#[derive(Debug)]
pub struct Column<'a> {
    array: &'a ArrayRef,
    values: Values<'a>,
}

#[derive(Debug)]
enum Values<'a> {
    View(StringViewArray),
    Text(&'a StringArray),
    LargeText(&'a LargeStringArray),
    Boolean(&'a BooleanArray),
    Long(&'a [i64]),
    Integer(Vec<i128>),
    Float(Vec<f64>),
    Time(Cow<'a, [i64]>),
    Day(Vec<i32>),
    /// Types that no report has but an ad-hoc query may give: lists, durations, structs.
    Shown(StringArray),
}

impl<'a> Column<'a> {
    /// Looks at the type of `array` once.
    ///
    /// Cost: texts, numbers of 64 bits and times in microseconds are borrowed; others are widened
    /// into a vector of their own.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] for a type that has no text at all.
    pub fn new(array: &'a ArrayRef) -> io::Result<Self> {
        Ok(Self { array, values: values(array)? })
    }

    /// The columns of a batch.
    ///
    /// # Errors
    /// Those of [`Column::new`].
    pub fn of(batch: &'a RecordBatch) -> io::Result<Vec<Self>> {
        batch.columns().iter().map(Self::new).collect()
    }

    /// Has the texts of some rows fetched into the caches, many at the same time.
    pub fn fetch(&self, rows: Range<usize>) {
        if let Values::View(texts) = &self.values {
            let texts = rows.map(|row| {
                let lines = texts.value(row).as_bytes().chunks(CACHE_LINE_BYTES);
                lines.fold(0, |all, line| all ^ line[line.len() - 1])
            });
            black_box(texts.fold(0, |all, text| all ^ text));
        }
    }

    /// The value in `row`, which must be below the length of the array.
    pub fn cell(&self, row: usize) -> Cell<'_> {
        let is_null = match &self.values {
            // Of numbered texts the array tells whether there is a number.
            Values::View(texts) => texts.is_null(row),
            _ => self.array.is_null(row) || matches!(self.array.data_type(), DataType::Null),
        };
        if is_null {
            return Cell::Null;
        }
        match &self.values {
            Values::View(array) => Cell::Text(array.value(row)),
            Values::Text(array) => Cell::Text(array.value(row)),
            Values::LargeText(array) => Cell::Text(array.value(row)),
            Values::Shown(array) => Cell::Text(array.value(row)),
            Values::Boolean(array) => Cell::Boolean(array.value(row)),
            Values::Long(values) => Cell::Integer(i128::from(values[row])),
            Values::Integer(values) => Cell::Integer(values[row]),
            Values::Float(values) => Cell::Float(values[row]),
            Values::Time(values) => Cell::Time(values[row]),
            Values::Day(values) => Cell::Day(values[row]),
        }
    }
}

fn values(array: &ArrayRef) -> io::Result<Values<'_>> {
    Ok(match array.data_type() {
        DataType::Utf8View => Values::View(array.as_string_view().clone()),
        DataType::Dictionary(_, texts) if **texts == DataType::Utf8View => {
            Values::View(plain(array).map_err(io_error)?.as_string_view().clone())
        }
        DataType::Utf8 => Values::Text(array.as_string()),
        DataType::LargeUtf8 => Values::LargeText(array.as_string()),
        DataType::Boolean => Values::Boolean(array.as_boolean()),
        DataType::Int8 => integers(array.as_primitive::<Int8Type>()),
        DataType::Int16 => integers(array.as_primitive::<Int16Type>()),
        DataType::Int32 => integers(array.as_primitive::<Int32Type>()),
        DataType::Int64 => Values::Long(array.as_primitive::<Int64Type>().values()),
        DataType::UInt8 => integers(array.as_primitive::<UInt8Type>()),
        DataType::UInt16 => integers(array.as_primitive::<UInt16Type>()),
        DataType::UInt32 => integers(array.as_primitive::<UInt32Type>()),
        DataType::UInt64 => integers(array.as_primitive::<UInt64Type>()),
        DataType::Float32 => floats(array.as_primitive::<Float32Type>()),
        DataType::Float64 => floats(array.as_primitive::<Float64Type>()),
        DataType::Date32 => Values::Day(array.as_primitive::<Date32Type>().values().to_vec()),
        DataType::Timestamp(unit, _) => Values::Time(micros(array, *unit)),
        _ => Values::Shown(shown(array).map_err(io_error)?),
    })
}

fn integers<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>) -> Values<'static>
where
    i128: From<T::Native>,
{
    Values::Integer(array.values().iter().map(|value| i128::from(*value)).collect())
}

fn floats<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>) -> Values<'static>
where
    f64: From<T::Native>,
{
    Values::Float(array.values().iter().map(|value| f64::from(*value)).collect())
}

fn micros(array: &ArrayRef, unit: TimeUnit) -> Cow<'_, [i64]> {
    let (values, multiply, divide) = match unit {
        TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().values(), 1_000_000, 1),
        TimeUnit::Millisecond => {
            (array.as_primitive::<TimestampMillisecondType>().values(), 1_000, 1)
        }
        TimeUnit::Microsecond => {
            return Cow::Borrowed(array.as_primitive::<TimestampMicrosecondType>().values());
        }
        TimeUnit::Nanosecond => {
            (array.as_primitive::<TimestampNanosecondType>().values(), 1, 1_000)
        }
    };
    values.iter().map(|value| value.saturating_mul(multiply).div_euclid(divide)).collect()
}

fn shown(array: &ArrayRef) -> Result<StringArray, ArrowError> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
    (0..array.len()).map(|row| formatter.value(row).try_to_string().map(Some)).collect()
}

/// The word for a type in machine-readable outputs: those of [`Kind`], and `number` for fractions.
pub fn type_name(data_type: &DataType) -> &'static str {
    let kind = match data_type {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => return "number",
        DataType::Boolean => Kind::Boolean,
        DataType::Date32 => Kind::Date,
        DataType::Timestamp(..) => Kind::Timestamp,
        integer if integer.is_integer() => Kind::Integer,
        _ => Kind::Text,
    };
    kind.name()
}

/// Whether values of the type are numbers, which stand to the right and are never cut.
pub fn is_numeric(data_type: &DataType) -> bool {
    matches!(type_name(data_type), "number" | "integer")
}

/// The total of a column of whole numbers over all batches, nulls skipped; `None` for other types.
pub fn total(batches: &[RecordBatch], position: usize) -> Option<i128> {
    let mut sum = 0_i128;
    for batch in batches {
        let column = Column::new(batch.columns().get(position)?).ok()?;
        for row in 0..batch.num_rows() {
            match column.cell(row) {
                Cell::Integer(number) => sum += number,
                Cell::Null => {}
                _ => return None,
            }
        }
    }
    Some(sum)
}

/// Positions of `metric` and `value` in a page that has a figure a row: there, numbers come as
/// text because instants stand among them.
pub fn metric_columns(schema: &Schema) -> Option<(usize, usize)> {
    Some((schema.index_of("metric").ok()?, schema.index_of("value").ok()?))
}

/// A figure that came as text because others beside it are instants.
pub fn typed(cell: Cell<'_>) -> Cell<'_> {
    let Cell::Text(text) = cell else { return cell };
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map_or(cell, Cell::Integer);
    }
    let is_instant = text.len() == "2026-01-31T08:00:00.000000Z".len() && text.ends_with('Z');
    parse_bound(text).filter(|_| is_instant).map_or(cell, Cell::Time)
}

/// A number with its whole part in groups of three; one that has an exponent stays as it is.
pub fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, fraction) = digits.find('.').map_or((digits, ""), |point| digits.split_at(point));
    match whole.parse() {
        Ok(whole) if !fraction.contains('e') => format!("{sign}{}{fraction}", thousands(whole)),
        _ => number.to_owned(),
    }
}

/// An Arrow error as an I/O error; one that came from the output keeps its kind.
pub fn io_error(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, error) => error,
        error => io::Error::new(io::ErrorKind::InvalidInput, error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        ArrayRef, Date32Array, DurationMillisecondArray, Float64Array, Int64Array,
        LargeStringArray, NullArray, StringArray, TimestampMicrosecondArray,
        TimestampMillisecondArray, TimestampNanosecondArray, UInt64Array,
    };

    use super::{Cell, Column};

    #[test]
    fn every_type_an_engine_may_return_has_its_text() {
        let cases: Vec<(ArrayRef, &str)> = vec![
            (Arc::new(Int64Array::from(vec![i64::MIN])), "-9223372036854775808"),
            (Arc::new(UInt64Array::from(vec![u64::MAX])), "18446744073709551615"),
            (Arc::new(Float64Array::from(vec![0.1])), "0.1"),
            (Arc::new(Float64Array::from(vec![1e300])), "1e300"),
            (Arc::new(StringArray::from(vec!["a"])), "a"),
            (Arc::new(LargeStringArray::from(vec!["b"])), "b"),
            (Arc::new(Date32Array::from(vec![-1])), "1969-12-31"),
            (Arc::new(TimestampMicrosecondArray::from(vec![-1])), "1969-12-31T23:59:59.999999Z"),
            (Arc::new(TimestampNanosecondArray::from(vec![-1])), "1969-12-31T23:59:59.999999Z"),
            (Arc::new(TimestampMillisecondArray::from(vec![1])), "1970-01-01T00:00:00.001000Z"),
            (Arc::new(DurationMillisecondArray::from(vec![1_500])), "PT1.5S"),
            (Arc::new(NullArray::new(1)), ""),
        ];
        for (array, expect) in cases {
            assert_eq!(Column::new(&array).unwrap().cell(0).text(), expect, "{array:?}");
        }
    }

    #[test]
    fn a_null_is_null_whatever_lies_under_it() {
        let array: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
        assert_eq!(Column::new(&array).unwrap().cell(1), Cell::Null);
    }
}
