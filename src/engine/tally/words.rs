//! The texts of a column, each once, by number.
//!
//! Two texts are alike if their numbers are: to group, to count what is different and to join is work
//! on whole numbers then. A text itself is looked at where it is compared with another order, or shown.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt32Type;
use arrow_array::{
    AnyDictionaryArray, Array, ArrayRef, StringViewArray, UInt32Array, new_null_array,
};
use arrow_buffer::ScalarBuffer;
use arrow_cast::cast;
use arrow_data::ByteView;
use arrow_schema::{ArrowError, DataType};
use arrow_select::interleave::interleave;
use arrow_select::take::take;
use foldhash::fast::FixedState;

use crate::engine::tally::column::Texts;
use crate::schema::numbered::{is_same, numbers_none};

/// Number of no text at all.
pub(super) const NONE: u32 = 0;

/// Longest text that is in its view, in bytes.
const INLINE_MAX: u32 = 12;

/// Different texts, by number; the first is none.
#[derive(Debug)]
pub(super) struct Words(StringViewArray);

impl Words {
    /// Those of a list of different texts.
    pub(super) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self(std::iter::once(None).chain(texts.into_iter().map(Some)).collect())
    }

    /// How many numbers there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, number: u32) -> Option<&str> {
        let at = number as usize;
        self.0.is_valid(at).then(|| self.0.value(at))
    }

    /// The texts by number, none where there is none.
    pub(super) fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter()
    }

    /// The texts with these numbers; what they lie in is shared.
    pub(super) fn array(&self, numbers: &ScalarBuffer<u32>) -> Result<ArrayRef, ArrowError> {
        take(&self.0, &UInt32Array::new(numbers.clone(), None), None)
    }
}

/// Texts after which it is looked at whether they come again as the same view.
const VIEWS_TRIED: usize = 256;

/// Gives numbers to texts.
#[derive(Debug)]
struct Numbering<'a> {
    /// Arrays with new texts in them, after one without.
    sources: Vec<&'a dyn Array>,
    /// Where each number's text is.
    places: Vec<(usize, usize)>,
    /// By where a text lies in memory, or by itself if it is short: in columns made of others most
    /// texts come again as the same view.
    by_view: HashMap<u128, u32, FixedState>,
    by_text: HashMap<&'a str, u32, FixedState>,
    /// Texts that were looked for by their view, and those of them that were known.
    tried: usize,
    met: usize,
}

impl<'a> Numbering<'a> {
    fn new(nothing: &'a dyn Array) -> Self {
        Self {
            sources: vec![nothing],
            places: vec![(0, 0)],
            by_view: HashMap::default(),
            by_text: HashMap::default(),
            tried: 0,
            met: 0,
        }
    }

    /// Adds the numbers of the texts of `array`. `None` where there are too many.
    fn push(&mut self, array: &'a StringViewArray, numbers: &mut Vec<u32>) -> Option<()> {
        let source = self.sources.len();
        self.sources.push(array);
        // Of ids each comes once, or a few times.
        let is_by_view = self.tried < VIEWS_TRIED || self.met > self.tried / 2;
        if !is_by_view {
            self.by_text.reserve(array.len() - array.null_count());
        }
        for (row, view) in array.views().iter().enumerate() {
            if array.is_null(row) {
                numbers.push(NONE);
                continue;
            }
            let key = whereabouts(array, *view);
            self.tried += usize::from(is_by_view);
            if is_by_view && let Some(number) = self.by_view.get(&key) {
                self.met += 1;
                numbers.push(*number);
                continue;
            }
            let next = u32::try_from(self.places.len()).ok()?;
            let number = *self.by_text.entry(array.value(row)).or_insert(next);
            if number == next {
                self.places.push((source, row));
            }
            if is_by_view {
                self.by_view.insert(key, number);
            }
            numbers.push(number);
        }
        Some(())
    }

    fn finish(&self) -> Option<Arc<Words>> {
        let texts = interleave(&self.sources, &self.places).ok()?;
        Some(Arc::new(Words(texts.as_string_view_opt()?.clone())))
    }
}

/// What tells views apart: the text if it is short, else the place where it lies. Both have the
/// length in the same bits.
fn whereabouts(array: &StringViewArray, view: u128) -> u128 {
    let long = ByteView::from(view);
    if long.length <= INLINE_MAX {
        return view;
    }
    let buffer = &array.data_buffers()[long.buffer_index as usize];
    let address = buffer.as_ptr().addr() + long.offset as usize;
    (address as u128) << 64 | u128::from(long.length)
}

/// The texts of some columns, each of which is arrays one after the other, with numbers that all of them
/// have in common. `None` if some are no texts, or too many.
pub(super) fn numbered(columns: &[&[ArrayRef]]) -> Option<Vec<Texts>> {
    let nothing = new_null_array(&DataType::Utf8View, 1);
    let mut numbering = Numbering::new(&nothing);
    let mut all = Vec::with_capacity(columns.len());
    for arrays in columns {
        let mut numbers = Vec::with_capacity(arrays.iter().map(Array::len).sum());
        // Batches may share the texts that they number.
        let mut known: Option<(&StringViewArray, Vec<u32>)> = None;
        for array in *arrays {
            let Some(own) = array.as_any_dictionary_opt() else {
                numbering.push(array.as_string_view_opt()?, &mut numbers)?;
                continue;
            };
            let texts = own.values().as_string_view_opt()?;
            if !known.as_ref().is_some_and(|(last, _)| is_same(last, texts)) {
                let mut of_texts = Vec::with_capacity(texts.len());
                numbering.push(texts, &mut of_texts)?;
                known = Some((texts, of_texts));
            }
            let of_texts = known.as_ref().map_or(&[][..], |(_, numbers)| numbers);
            let of_key = |key: Option<u32>| key.map_or(NONE, |key| of_texts[key as usize]);
            numbers.extend(keys(own)?.iter().map(of_key));
        }
        all.push(numbers);
    }
    let words = numbering.finish()?;
    let texts = |numbers: Vec<u32>| Texts { words: Arc::clone(&words), numbers: numbers.into() };
    Some(all.into_iter().map(texts).collect())
}

/// The texts of arrays that number the same ones, if each of these is there once: where one came twice, it
/// would be counted as two.
pub(super) fn shared(arrays: &[ArrayRef]) -> Option<Texts> {
    let mut texts = arrays.iter().map(|array| {
        array.as_any_dictionary_opt().and_then(|own| own.values().as_string_view_opt())
    });
    let first = texts.next()??;
    let is_first = |other: Option<&StringViewArray>| other.is_some_and(|it| is_same(first, it));
    if !numbers_none(first) || !texts.all(is_first) || !are_different(first) {
        return None;
    }
    let words = Arc::new(Words(first.clone()));
    if let [array] = arrays {
        let keys = keys(array.as_any_dictionary_opt()?)?;
        if keys.null_count() == 0 {
            return Some(Texts { words, numbers: keys.values().clone() });
        }
    }
    let mut numbers = Vec::with_capacity(arrays.iter().map(Array::len).sum());
    for array in arrays {
        let keys = keys(array.as_any_dictionary_opt()?)?;
        numbers.extend(keys.iter().map(|key| key.unwrap_or(NONE)));
    }
    Some(Texts { words, numbers: numbers.into() })
}

fn are_different(texts: &StringViewArray) -> bool {
    let mut seen = HashSet::with_capacity_and_hasher(texts.len(), FixedState::default());
    texts.iter().all(|text| seen.insert(text))
}

fn keys(of: &dyn AnyDictionaryArray) -> Option<UInt32Array> {
    let keys = cast(of.keys(), &DataType::UInt32).ok()?;
    keys.as_primitive_opt::<UInt32Type>().cloned()
}

/// Of some words, their new numbers.
type Renumbered = Arc<[u32]>;

/// Words that hold the texts of all of `lists`, and for each of these the new numbers of its own.
pub(super) fn united(lists: &[&Arc<Words>]) -> Option<(Arc<Words>, Vec<Renumbered>)> {
    let first = lists.first()?;
    if lists.iter().all(|list| Arc::ptr_eq(list, first)) {
        let same: Renumbered = (0..u32::try_from(first.len()).ok()?).collect();
        return Some((Arc::clone(first), vec![same; lists.len()]));
    }
    let nothing = new_null_array(&DataType::Utf8View, 1);
    let mut numbering = Numbering::new(&nothing);
    let mut numbers = Vec::with_capacity(lists.len());
    for list in lists {
        let mut own = Vec::with_capacity(list.len());
        numbering.push(&list.0, &mut own)?;
        numbers.push(own.into());
    }
    Some((numbering.finish()?, numbers))
}
