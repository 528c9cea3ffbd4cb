//! What is worked out of the texts of a column: where these are numbered, once for each text, and not
//! for each row that has it.

use arrow_array::{RecordBatch, StringViewArray};

use crate::fold::events::Text;
use crate::schema::numbered::is_same;

/// What the texts of one column tell, over some batches.
#[derive(Debug)]
pub(crate) struct Told<'a, T> {
    tell: fn(Option<&str>) -> T,
    /// Texts that are numbered, and what each tells.
    known: Vec<(&'a StringViewArray, Vec<T>)>,
    /// By batch its column, and where among those its texts are.
    columns: Vec<(Text<'a>, Option<usize>)>,
}

/// The same of one batch.
#[derive(Debug)]
pub(crate) struct Column<'t, T> {
    tell: fn(Option<&str>) -> T,
    text: Text<'t>,
    known: Option<&'t [T]>,
}

impl<'a, T: Copy> Told<'a, T> {
    /// What the column of a name tells, by a rule that sees the text and nothing else.
    pub(crate) fn of(batches: &[&'a RecordBatch], name: &str, tell: fn(Option<&str>) -> T) -> Self {
        let mut known: Vec<(&StringViewArray, Vec<T>)> = Vec::new();
        let columns = batches.iter().map(|batch| {
            let text = Text::of(batch, name);
            let Some(texts) = text.numbered() else { return (text, None) };
            // Batches that share their texts are neighbours.
            if !known.last().is_some_and(|(last, _)| is_same(last, texts)) {
                known.push((texts, texts.iter().map(tell).collect()));
            }
            (text, known.len().checked_sub(1))
        });
        let columns = columns.collect();
        Self { tell, known, columns }
    }

    /// What the texts of a batch tell.
    pub(crate) fn column(&self, batch: usize) -> Column<'_, T> {
        let (text, place) = self.columns[batch];
        Column { tell: self.tell, text, known: place.map(|place| self.known[place].1.as_slice()) }
    }
}

impl<T: Copy> Column<'_, T> {
    /// What the text of a row tells, or that there is none.
    pub(crate) fn get(&self, row: usize) -> T {
        match (self.known, self.text.place(row)) {
            (Some(known), Some((_, at))) => known[at],
            _ => (self.tell)(self.text.get(row)),
        }
    }
}
