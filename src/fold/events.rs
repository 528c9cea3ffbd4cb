//! Reading the columns of `activity` row by row.

use std::num::NonZeroU128;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Int64Type, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Int64Array, RecordBatch, RecordBatchOptions,
    StringViewArray, TimestampMicrosecondArray,
};

use arrow_schema::{ArrowError, Schema};

use crate::extract::identity::{RowKey, hash};
use crate::extract::policy::PolicyFlags;

/// What is known of a row beside its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Whether the row has claims.
    pub has_claims: bool,
    /// What its policies say.
    pub policies: PolicyFlags,
}

impl Facts {
    /// The facts as a byte, for rows that wait on disk.
    pub(crate) fn to_byte(self) -> u8 {
        (self.policies.to_byte() << 1) | u8::from(self.has_claims)
    }

    /// The facts that [`Self::to_byte`] gave.
    pub(crate) fn from_byte(byte: u8) -> Self {
        Self { has_claims: byte & 1 != 0, policies: PolicyFlags::from_byte(byte >> 1) }
    }
}

impl From<&RowKey> for Facts {
    fn from(key: &RowKey) -> Self {
        Self { has_claims: key.has_claims, policies: key.policies }
    }
}

/// The rows of `activity` that are left after duplicates, with what is known beside the columns.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// The batches, in input order.
    pub batches: Vec<RecordBatch>,
    /// For every row of every batch, what its columns do not say.
    pub facts: Vec<Vec<Facts>>,
}

impl Kept {
    /// Lets go of the columns that `keep` says no to.
    ///
    /// # Errors
    /// Never: the columns that stay were there.
    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) -> Result<(), ArrowError> {
        for batch in &mut self.batches {
            let fields = batch.schema_ref().fields().iter().enumerate();
            let kept: Vec<usize> =
                fields.filter(|(_, field)| keep(field.name())).map(|(index, _)| index).collect();
            *batch = batch.project(&kept)?;
        }
        Ok(())
    }
}

/// A column of one batch, or nothing where the batch does not have it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    numbers: Numbers<'a>,
    texts: Option<&'a StringViewArray>,
}

/// Of numbered texts, the number of each row's.
#[derive(Debug, Clone, Copy)]
enum Numbers<'a> {
    None,
    Byte(&'a [u8]),
    Short(&'a [u16]),
    Word(&'a [u32]),
}

impl<'a> Text<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        let nothing = Self { numbers: Numbers::None, texts: None };
        batch.column_by_name(name).map_or(nothing, Self::from)
    }

    pub(crate) fn get(self, row: usize) -> Option<&'a str> {
        let (texts, at) = self.place(row)?;
        texts.is_valid(at).then(|| texts.value(at))
    }

    /// The array that the texts are in.
    pub(crate) fn texts(self) -> Option<&'a StringViewArray> {
        self.texts
    }

    /// The same, if the column only has their numbers.
    pub(crate) fn numbered(self) -> Option<&'a StringViewArray> {
        self.texts.filter(|_| !matches!(self.numbers, Numbers::None))
    }

    /// Where the text of a row is.
    pub(crate) fn place(self, row: usize) -> Option<(&'a StringViewArray, usize)> {
        let texts = self.texts?;
        let at = match self.numbers {
            Numbers::None => row,
            Numbers::Byte(numbers) => usize::from(numbers[row]),
            Numbers::Short(numbers) => usize::from(numbers[row]),
            Numbers::Word(numbers) => numbers[row] as usize,
        };
        Some((texts, at))
    }
}

impl<'a> From<&'a ArrayRef> for Text<'a> {
    fn from(column: &'a ArrayRef) -> Self {
        let Some(numbered) = column.as_any_dictionary_opt() else {
            return Self { numbers: Numbers::None, texts: column.as_string_view_opt() };
        };
        let keys = numbered.keys();
        let numbers = if let Some(keys) = keys.as_primitive_opt::<UInt8Type>() {
            Numbers::Byte(keys.values())
        } else if let Some(keys) = keys.as_primitive_opt::<UInt16Type>() {
            Numbers::Short(keys.values())
        } else {
            keys.as_primitive_opt::<UInt32Type>()
                .map_or(Numbers::None, |keys| Numbers::Word(keys.values()))
        };
        Self { numbers, texts: numbered.values().as_string_view_opt() }
    }
}

/// A hash that is never 0, so that none at all takes no room of its own.
pub(crate) type Hash = NonZeroU128;

/// The hash of a text.
pub(crate) fn hashed(bytes: &[u8]) -> Hash {
    Hash::new(hash(bytes)).unwrap_or(Hash::MIN)
}

/// A column of ids that are only compared: texts, or what is left of them, their hashes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ids<'a> {
    Texts(Text<'a>),
    Hashes(&'a Decimal128Array),
}

impl<'a> Ids<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        let column = batch.column_by_name(name);
        column
            .and_then(|column| column.as_primitive_opt::<Decimal128Type>())
            .map_or_else(|| Self::Texts(Text::of(batch, name)), Self::Hashes)
    }

    pub(crate) fn get(self, row: usize) -> Option<Hash> {
        match self {
            Self::Texts(texts) => texts.get(row).map(|id| hashed(id.as_bytes())),
            Self::Hashes(hashes) => Hash::new(hashes.value(row).cast_unsigned()),
        }
    }
}

/// A column of instants.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times<'a>(Option<&'a TimestampMicrosecondArray>);

impl<'a> Times<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(
            batch
                .column_by_name(name)
                .and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>()),
        )
    }

    pub(crate) fn get(self, row: usize) -> Option<i64> {
        let column = self.0?;
        column.is_valid(row).then(|| column.value(row))
    }
}

/// A column of truths.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flags<'a>(Option<&'a BooleanArray>);

impl<'a> Flags<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(batch.column_by_name(name).and_then(|column| column.as_boolean_opt()))
    }

    pub(crate) fn is_true(self, row: usize) -> bool {
        self.get(row) == Some(true)
    }

    pub(crate) fn get(self, row: usize) -> Option<bool> {
        let column = self.0?;
        column.is_valid(row).then(|| column.value(row))
    }
}

/// A column of whole numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Integers<'a>(Option<&'a Int64Array>);

impl<'a> Integers<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        let column = batch.column_by_name(name);
        Self(column.and_then(|column| column.as_primitive_opt::<Int64Type>()))
    }

    pub(crate) fn get(self, row: usize) -> Option<i64> {
        let column = self.0?;
        column.is_valid(row).then(|| column.value(row))
    }
}

/// The batch with some of its columns replaced, as far as it has them.
pub(crate) fn with_columns(
    batch: &RecordBatch,
    replaced: &[(&str, ArrayRef)],
) -> Result<RecordBatch, ArrowError> {
    let mut columns = batch.columns().to_vec();
    let mut fields: Vec<_> = batch.schema_ref().fields().iter().cloned().collect();
    for (name, column) in replaced {
        if let Ok(index) = batch.schema_ref().index_of(name) {
            columns[index] = Arc::clone(column);
            let kind = column.data_type().clone();
            fields[index] = Arc::new(fields[index].as_ref().clone().with_data_type(kind));
        }
    }
    // Nothing but a count of rows may be asked for.
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &rows)
}
