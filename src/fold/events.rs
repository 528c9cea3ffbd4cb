//! Reading the columns of `activity` row by row.

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt32Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};

use arrow_schema::ArrowError;

use crate::extract::identity::RowKey;
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
    /// Of numbered texts, the number of each row's.
    numbers: Option<&'a [u32]>,
    texts: Option<&'a StringViewArray>,
}

impl<'a> Text<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        batch.column_by_name(name).map_or(Self { numbers: None, texts: None }, Self::from)
    }

    pub(crate) fn get(self, row: usize) -> Option<&'a str> {
        let (texts, at) = self.place(row)?;
        texts.is_valid(at).then(|| texts.value(at))
    }

    /// The array that the texts are in.
    pub(crate) fn texts(self) -> Option<&'a StringViewArray> {
        self.texts
    }

    /// Where the text of a row is.
    pub(crate) fn place(self, row: usize) -> Option<(&'a StringViewArray, usize)> {
        let texts = self.texts?;
        Some((texts, self.numbers.map_or(row, |numbers| numbers[row] as usize)))
    }
}

impl<'a> From<&'a ArrayRef> for Text<'a> {
    fn from(column: &'a ArrayRef) -> Self {
        match column.as_dictionary_opt::<UInt32Type>() {
            Some(numbered) => Self {
                numbers: Some(numbered.keys().values()),
                texts: numbered.values().as_string_view_opt(),
            },
            None => Self { numbers: None, texts: column.as_string_view_opt() },
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

/// A column of truths; what is null is false.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flags<'a>(Option<&'a BooleanArray>);

impl<'a> Flags<'a> {
    pub(crate) fn of(batch: &'a RecordBatch, name: &str) -> Self {
        Self(batch.column_by_name(name).and_then(|column| column.as_boolean_opt()))
    }

    pub(crate) fn is_true(self, row: usize) -> bool {
        self.0.is_some_and(|column| column.is_valid(row) && column.value(row))
    }
}
