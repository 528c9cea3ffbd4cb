//! The attempts of rows that were folded in another order than they are read in, by the numbers of
//! the rows.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use arrow_array::builder::StringViewBuilder;
use arrow_array::{ArrayRef, StringViewArray};
use foldhash::fast::FixedState;

use crate::app::spill::parts::Parts;

/// Rows whose attempts are in memory together.
const PART_ROWS: u64 = 64 << 10;

/// Bytes of ids that are kept in memory before they go to disk.
const HELD_MAX: usize = 4 << 20;

/// The id of the attempt of each row that belongs to one.
#[derive(Debug)]
pub(crate) struct AttemptIds {
    parts: Parts,
}

impl AttemptIds {
    /// Of rows with numbers below `rows`.
    pub(crate) fn new(rows: u64) -> Self {
        Self { parts: Parts::new(part_of(rows) + 1, HELD_MAX) }
    }

    /// Notes the attempts of some rows.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn push(&mut self, numbers: &[u64], ids: &StringViewArray) -> io::Result<()> {
        let mut record = Vec::new();
        for (number, id) in numbers.iter().zip(ids) {
            let Some(id) = id else { continue };
            record.clear();
            record.extend_from_slice(&number.to_le_bytes());
            record.extend_from_slice(&(id.len() as u64).to_le_bytes());
            record.extend_from_slice(id.as_bytes());
            self.parts.push(part_of(*number), &record)?;
        }
        Ok(())
    }

    /// What gives the attempts of rows, best in the order of their numbers.
    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader { ids: self, part: None, known: HashMap::default() }
    }
}

fn part_of(number: u64) -> usize {
    usize::try_from(number / PART_ROWS).unwrap_or(usize::MAX)
}

/// Gives the attempts of rows.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    ids: &'a AttemptIds,
    /// The part that is in memory, and what it says.
    part: Option<usize>,
    known: HashMap<u64, Box<str>, FixedState>,
}

impl Reader<'_> {
    /// The column `attempt_id` of rows with these numbers.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub(crate) fn column(&mut self, numbers: &[u64]) -> io::Result<ArrayRef> {
        let mut column = StringViewBuilder::with_capacity(numbers.len()).with_deduplicate_strings();
        for number in numbers {
            let part = part_of(*number);
            if self.part != Some(part) {
                self.read(part)?;
            }
            column.append_option(self.known.get(number));
        }
        Ok(Arc::new(column.finish()))
    }

    fn read(&mut self, part: usize) -> io::Result<()> {
        self.part = Some(part);
        self.known.clear();
        let known = &mut self.known;
        self.ids.parts.each_piece(part, |mut bytes| {
            while let Some((number, rest)) = word(bytes)
                && let Some((len, rest)) = word(rest)
                && let Some((id, rest)) =
                    usize::try_from(len).ok().and_then(|len| rest.split_at_checked(len))
            {
                known.insert(number, String::from_utf8_lossy(id).into());
                bytes = rest;
            }
        })
    }
}

fn word(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*word), rest))
}

#[cfg(test)]
mod tests {
    use arrow_array::StringViewArray;
    use arrow_array::cast::AsArray;

    use super::{AttemptIds, PART_ROWS};

    #[test]
    fn rows_get_their_attempts_back_in_any_order() {
        let rows = PART_ROWS * 2 + 5;
        let mut ids = AttemptIds::new(rows);
        let id =
            |number: u64| (!number.is_multiple_of(3)).then(|| "é".repeat((number % 50) as usize));
        let numbers: Vec<u64> = (0..rows).rev().collect();
        for numbers in numbers.chunks(1000) {
            let texts: StringViewArray = numbers.iter().map(|number| id(*number)).collect();
            ids.push(numbers, &texts).unwrap();
        }
        let mut reader = ids.reader();
        for numbers in [vec![5, 4, PART_ROWS, rows - 1, 0], (0..rows).collect(), Vec::new()] {
            let column = reader.column(&numbers).unwrap();
            let found: Vec<Option<&str>> = column.as_string_view().iter().collect();
            let expected: Vec<Option<String>> = numbers.iter().map(|number| id(*number)).collect();
            assert_eq!(found, expected.iter().map(Option::as_deref).collect::<Vec<_>>());
        }
    }
}
