//! Columns as they are reckoned with: whole numbers, whatever they stand for.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, Date32Array, Int64Array, PrimitiveArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, TimeUnit};

use crate::engine::tally::words::{NONE, Words, numbered, shared, united};
use crate::schema::Kind;

/// A row that is not there, among the numbers of rows: what is taken of it is null.
pub(super) const NO_ROW: u32 = u32::MAX;

/// A column of flags, row by row.
pub(super) const NO: u8 = 0;
pub(super) const YES: u8 = 1;
pub(super) const UNKNOWN: u8 = 2;

/// A column. Cloning shares it.
#[derive(Debug, Clone)]
pub(super) enum Column {
    Texts(Texts),
    Whole(Whole),
    /// Integers of a byte each, none of them null: what is counted is mostly 0 or 1.
    Small(Arc<Vec<u8>>),
    /// Of each row [`NO`], [`YES`] or [`UNKNOWN`].
    Flags(Arc<Vec<u8>>),
}

/// Texts by number.
#[derive(Debug, Clone)]
pub(super) struct Texts {
    pub(super) words: Arc<Words>,
    pub(super) numbers: ScalarBuffer<u32>,
}

/// Integers, instants in microseconds or days.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    pub(super) kind: Kind,
    pub(super) values: ScalarBuffer<i64>,
    /// Whether a row has a value; all have where there is nothing.
    pub(super) has: Option<Arc<Vec<bool>>>,
}

impl Whole {
    pub(super) fn get(&self, row: usize) -> Option<i64> {
        self.has.as_ref().is_none_or(|has| has[row]).then(|| self.values[row])
    }

    /// Values that may be none.
    pub(super) fn of(kind: Kind, values: impl Iterator<Item = Option<i64>>) -> Self {
        let (mut all, mut has) = (Vec::with_capacity(values.size_hint().0), Vec::new());
        for value in values {
            if value.is_none() && has.is_empty() {
                has = vec![true; all.len()];
            }
            if value.is_none() || !has.is_empty() {
                has.push(value.is_some());
            }
            all.push(value.unwrap_or_default());
        }
        Self { kind, values: all.into(), has: (!has.is_empty()).then(|| Arc::new(has)) }
    }
}

impl Column {
    /// The columns that lists of arrays of one type each make; `None` for a type that is not reckoned
    /// with. Texts that have no numbers yet get the same in all of them.
    pub(super) fn all_of(lists: &[(Vec<ArrayRef>, &DataType)]) -> Vec<Option<Self>> {
        let mut made: Vec<Option<Self>> = Vec::with_capacity(lists.len());
        let mut without: Vec<(usize, &[ArrayRef])> = Vec::new();
        for (at, (arrays, data_type)) in lists.iter().enumerate() {
            made.push(match data_type {
                DataType::Utf8View => {
                    let own = shared(arrays);
                    if own.is_none() {
                        without.push((at, arrays));
                    }
                    own.map(Self::Texts)
                }
                _ => Self::of(arrays, data_type),
            });
        }
        let arrays: Vec<&[ArrayRef]> = without.iter().map(|(_, arrays)| *arrays).collect();
        for ((at, _), texts) in without.iter().zip(numbered(&arrays).into_iter().flatten()) {
            made[*at] = Some(Self::Texts(texts));
        }
        made
    }

    fn of(arrays: &[ArrayRef], data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Boolean => {
                let mut flags = Vec::with_capacity(arrays.iter().map(Array::len).sum());
                for array in arrays {
                    let own = array.as_boolean_opt()?.iter();
                    flags.extend(own.map(|flag| flag.map_or(UNKNOWN, u8::from)));
                }
                Self::Flags(Arc::new(flags))
            }
            DataType::Int64 => {
                let shared = |array: &Int64Array| array.values().clone();
                Self::Whole(whole::<Int64Type>(Kind::Integer, arrays, shared)?)
            }
            DataType::Date32 => {
                let wider = |array: &Date32Array| -> ScalarBuffer<i64> {
                    array.values().iter().map(|day| i64::from(*day)).collect()
                };
                Self::Whole(whole::<Date32Type>(Kind::Date, arrays, wider)?)
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                let shared = |array: &TimestampMicrosecondArray| array.values().clone();
                Self::Whole(whole::<TimestampMicrosecondType>(Kind::Timestamp, arrays, shared)?)
            }
            _ => return None,
        })
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.numbers.len(),
            Self::Whole(whole) => whole.values.len(),
            Self::Small(values) => values.len(),
            Self::Flags(flags) => flags.len(),
        }
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Texts(texts) => texts.numbers[row] == NONE,
            Self::Whole(whole) => whole.has.as_ref().is_some_and(|has| !has[row]),
            Self::Small(_) => false,
            Self::Flags(flags) => flags[row] == UNKNOWN,
        }
    }

    /// Whether two rows are alike; nulls are.
    pub(super) fn is_same(&self, left: usize, right: usize) -> bool {
        match self {
            Self::Texts(texts) => texts.numbers[left] == texts.numbers[right],
            Self::Whole(whole) => whole.get(left) == whole.get(right),
            Self::Small(values) => values[left] == values[right],
            Self::Flags(flags) => flags[left] == flags[right],
        }
    }

    /// Whether no row is null.
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::Texts(texts) => !texts.numbers.contains(&NONE),
            Self::Whole(whole) => whole.has.is_none(),
            Self::Small(_) => true,
            Self::Flags(flags) => !flags.contains(&UNKNOWN),
        }
    }

    /// The same column, small integers as any others.
    pub(super) fn wide(self) -> Self {
        let Self::Small(small) = self else { return self };
        let values = small.iter().map(|value| i64::from(*value)).collect();
        Self::Whole(Whole { kind: Kind::Integer, values, has: None })
    }

    /// The column of these rows; null where there is [`NO_ROW`].
    pub(super) fn take(&self, rows: &[u32]) -> Self {
        fn taken<T: Copy>(of: &[T], rows: &[u32], none: T) -> Vec<T> {
            rows.iter().map(|row| of.get(*row as usize).copied().unwrap_or(none)).collect()
        }
        match self {
            Self::Texts(Texts { words, numbers }) => Self::Texts(Texts {
                words: Arc::clone(words),
                numbers: taken(numbers, rows, NONE).into(),
            }),
            Self::Whole(Whole { kind, values, has }) => {
                let has = match has {
                    Some(has) => Some(taken(has, rows, false)),
                    None if rows.contains(&NO_ROW) => {
                        Some(rows.iter().map(|row| *row != NO_ROW).collect())
                    }
                    None => None,
                };
                let values = taken(values, rows, 0).into();
                Self::Whole(Whole { kind: *kind, values, has: has.map(Arc::new) })
            }
            Self::Small(values) if !rows.contains(&NO_ROW) => {
                Self::Small(Arc::new(taken(values, rows, 0)))
            }
            Self::Small(_) => self.clone().wide().take(rows),
            Self::Flags(flags) => Self::Flags(Arc::new(taken(flags, rows, UNKNOWN))),
        }
    }

    /// One column after the other. `None` if they are not of one kind.
    pub(super) fn followed_by(&self, other: &Self) -> Option<Self> {
        match (self.clone().wide(), other.clone().wide()) {
            (Self::Texts(left), Self::Texts(right)) => {
                let (words, new) = united(&[&left.words, &right.words])?;
                let renumbered = |texts: &Texts, new: &[u32]| {
                    texts.numbers.iter().map(|number| new[*number as usize]).collect::<Vec<u32>>()
                };
                let mut numbers = renumbered(&left, &new[0]);
                numbers.extend(renumbered(&right, &new[1]));
                Some(Self::Texts(Texts { words, numbers: numbers.into() }))
            }
            (Self::Whole(left), Self::Whole(right)) if left.kind == right.kind => {
                let rows = (0..left.values.len()).map(|row| left.get(row));
                let rows = rows.chain((0..right.values.len()).map(|row| right.get(row)));
                Some(Self::Whole(Whole::of(left.kind, rows)))
            }
            _ => None,
        }
    }

    /// The column for others, as `kind` or, if nothing is asked for, as it is. `None` where it is not
    /// of that kind.
    pub(super) fn array(&self, kind: Option<Kind>) -> Option<ArrayRef> {
        let own = match self {
            Self::Texts(_) => Kind::Text,
            Self::Whole(whole) => whole.kind,
            Self::Small(_) => Kind::Integer,
            Self::Flags(_) => Kind::Boolean,
        };
        if kind.is_some_and(|kind| kind != own) {
            return None;
        }
        Some(match self {
            Self::Texts(texts) => texts.words.array(&texts.numbers).ok()?,
            Self::Small(values) => {
                Arc::new(Int64Array::from_iter_values(values.iter().map(|value| i64::from(*value))))
            }
            Self::Flags(flags) => {
                let flag = |flag: &u8| (*flag != UNKNOWN).then_some(*flag == YES);
                Arc::new(flags.iter().map(flag).collect::<BooleanArray>())
            }
            Self::Whole(Whole { kind, values, has }) => {
                let values = values.clone();
                let has = has.as_ref().map(|has| NullBuffer::from(has.as_slice()));
                match kind {
                    Kind::Timestamp => Arc::new(
                        TimestampMicrosecondArray::try_new(values, has).ok()?.with_timezone("UTC"),
                    ),
                    Kind::Date => {
                        let days = values.iter().map(|day| i32::try_from(*day));
                        let days = days.collect::<Result<Vec<i32>, _>>().ok()?;
                        Arc::new(Date32Array::try_new(days.into(), has).ok()?)
                    }
                    _ => Arc::new(Int64Array::try_new(values, has).ok()?),
                }
            }
        })
    }
}

fn whole<T: ArrowPrimitiveType>(
    kind: Kind,
    arrays: &[ArrayRef],
    values: impl Fn(&PrimitiveArray<T>) -> ScalarBuffer<i64>,
) -> Option<Whole> {
    let own = arrays.iter().map(|array| array.as_primitive_opt::<T>());
    let own = own.collect::<Option<Vec<&PrimitiveArray<T>>>>()?;
    let is_full = own.iter().all(|array| array.null_count() == 0);
    let has = (!is_full).then(|| {
        let has = own.iter().flat_map(|array| (0..array.len()).map(|row| array.is_valid(row)));
        Arc::new(has.collect())
    });
    let values = match own.as_slice() {
        [array] => values(array),
        arrays => arrays.iter().flat_map(|array| values(array).to_vec()).collect(),
    };
    Some(Whole { kind, values, has })
}
