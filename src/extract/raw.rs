//! The raw fields of one record as texts.

use crate::extract::field::{FIELD_COUNT, Field, FieldSet};
use crate::json::escape::unescape_into;
use crate::json::slot::SlotKind;
use crate::json::walk::Walker;

/// Most fields that a record is read for.
const FIELDS_MAX: usize = 64;

/// Fields of `activity` whose value may be an array or an object. What the policies are is read from
/// the record, see [`crate::extract::policy::PolicyReader`].
pub(crate) const STRUCTURED: FieldSet = FieldSet::of(&[Field::Claims]);

/// Escaped texts of a record, undone; reused from record to record.
#[derive(Debug)]
pub(crate) struct Unescaped {
    text: String,
    spans: [(u32, u32); FIELDS_MAX],
}

impl Default for Unescaped {
    fn default() -> Self {
        Self { text: String::new(), spans: [(0, 0); FIELDS_MAX] }
    }
}

impl Unescaped {
    /// Undoes the escapes of the first `fields` slots, which `walker` met last, but for those in
    /// `left_out`: nothing is told of these.
    pub(crate) fn fill(
        &mut self,
        walker: &Walker,
        text: &str,
        (fields, left_out): (usize, FieldSet),
    ) {
        self.text.clear();
        for place in walker.met().below(fields) {
            let slot = walker.slots()[place];
            if slot.kind == SlotKind::EscapedText {
                if left_out.has_place(place) {
                    self.spans[place] = (0, 0);
                    continue;
                }
                let start = u32::try_from(self.text.len()).unwrap_or(0);
                unescape_into(walker.text_of(text, slot), &mut self.text);
                self.spans[place] = (start, u32::try_from(self.text.len()).unwrap_or(0));
            }
        }
    }
}

/// Whether a text says anything: it is neither empty nor blanks only.
#[inline]
fn is_told(text: &str) -> bool {
    match text.as_bytes().first() {
        None => false,
        Some(first) => *first > b' ' || !text.trim_ascii().is_empty(),
    }
}

/// The raw fields of the record that was walked last: what a string says, or a number, object or
/// array as it is written. Empty where nothing was found, and for texts of blanks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw<'a, const N: usize = FIELD_COUNT> {
    texts: [&'a str; N],
}

impl<'a, const N: usize> Raw<'a, N> {
    /// The first `fields` slots of what `walker` met in `text`; `unescaped` was filled from the same
    /// walk. Arrays and objects are only read for those in `structured`.
    pub(crate) fn of(
        walker: &'a Walker,
        text: &'a str,
        unescaped: &'a Unescaped,
        (fields, structured): (usize, FieldSet),
    ) -> Self {
        let mut texts = [""; N];
        for place in walker.met().below(fields) {
            let slot = walker.slots()[place];
            let found = match slot.kind {
                SlotKind::Absent | SlotKind::Null => continue,
                // An object in place of a text is one whose own `value` says nothing.
                SlotKind::Object | SlotKind::Array if !structured.has_place(place) => continue,
                SlotKind::EscapedText => {
                    let span = unescaped.spans[place];
                    unescaped.text.get(span.0 as usize..span.1 as usize).unwrap_or_default()
                }
                _ => walker.text_of(text, slot),
            };
            if is_told(found) {
                texts[place] = found;
            }
        }
        Self { texts }
    }

    /// The text of the field at `place`, if it says anything.
    #[inline(always)]
    pub(crate) fn at(&self, place: usize) -> Option<&'a str> {
        let text = self.texts[place];
        (!text.is_empty()).then_some(text)
    }
}

impl<'a> Raw<'a> {
    /// The text of a field, if it says anything.
    #[inline(always)]
    pub(crate) fn get(&self, field: Field) -> Option<&'a str> {
        self.at(field as usize)
    }
}
