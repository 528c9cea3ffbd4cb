//! The raw fields of one record as texts.

use crate::extract::field::{FIELD_COUNT, Field, FieldSet};
use crate::json::escape::unescape_into;
use crate::json::slot::SlotKind;
use crate::json::walk::Walker;
use crate::text::trim_ascii;

/// Most fields that a record is read for.
const FIELDS_MAX: usize = 64;

/// What is to be told of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    /// How many slots, from the first on.
    pub(crate) fields: usize,
    /// Those whose value may be an array or an object.
    pub(crate) structured: FieldSet,
    /// Those that nothing is told of where they are escaped.
    pub(crate) left_out: FieldSet,
}

impl Told {
    /// The fields of `activity`. What the policies are is read from the record, see
    /// [`crate::extract::policy::PolicyReader`].
    pub(crate) const ACTIVITY: Self = Self {
        fields: FIELD_COUNT,
        structured: FieldSet::of(&[Field::Claims]),
        left_out: FieldSet::of(&[Field::Policies]),
    };

    /// All of so many fields, of which those in `structured` may be arrays or objects.
    pub(crate) fn row(fields: usize, structured: FieldSet) -> Self {
        Self { fields, structured, left_out: FieldSet::default() }
    }
}

/// Escaped texts of a record, undone; reused from record to record.
#[derive(Debug)]
pub(crate) struct Unescaped {
    text: String,
    /// Where the text of each slot ends, of those that are escaped.
    ends: [usize; FIELDS_MAX],
}

impl Default for Unescaped {
    fn default() -> Self {
        Self { text: String::new(), ends: [0; FIELDS_MAX] }
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
    /// Nothing of a record yet.
    #[inline(always)]
    pub(crate) fn empty() -> Self {
        Self { texts: [""; N] }
    }

    /// Takes the slots of `told` from what `walker` met in `text`. Escapes are undone in `unescaped`.
    #[inline(always)]
    pub(crate) fn take(
        &mut self,
        walker: &'a Walker,
        text: &'a str,
        unescaped: &'a mut Unescaped,
        told: &Told,
    ) {
        let mut escaped = FieldSet::default();
        for place in walker.met().below(told.fields) {
            let slot = walker.slots()[place];
            // Nearly all are plain strings: one branch that is always taken, in place of a jump that
            // is as often guessed wrong.
            if slot.kind != SlotKind::Text {
                match slot.kind {
                    SlotKind::Absent | SlotKind::Null => continue,
                    // An object in place of a text is one whose own `value` says nothing.
                    SlotKind::Object | SlotKind::Array if !told.structured.has_place(place) => {
                        continue;
                    }
                    SlotKind::Text | SlotKind::Scalar | SlotKind::Object | SlotKind::Array => {}
                    SlotKind::EscapedText if told.left_out.has_place(place) => continue,
                    SlotKind::EscapedText => escaped = escaped.with(place),
                }
            }
            let found = walker.text_of(text, slot);
            if is_told(found) {
                self.texts[place] = found;
            }
        }
        if escaped != FieldSet::default() {
            self.unescape(escaped, unescaped);
        }
    }

    /// Undoes the escapes of some fields.
    #[inline(never)]
    fn unescape(&mut self, escaped: FieldSet, unescaped: &'a mut Unescaped) {
        unescaped.text.clear();
        for place in escaped.places() {
            unescape_into(self.texts[place], &mut unescaped.text);
            unescaped.ends[place] = unescaped.text.len();
        }
        let (unescaped, mut start) = (&*unescaped, 0);
        for place in escaped.places() {
            let end = unescaped.ends[place];
            let found = unescaped.text.get(start..end).unwrap_or_default();
            self.texts[place] = if is_told(found) { found } else { "" };
            start = end;
        }
    }

    /// The text of the field at `place`, if it says anything.
    #[inline(always)]
    pub(crate) fn at(&self, place: usize) -> Option<&'a str> {
        let text = self.texts[place];
        (!text.is_empty()).then_some(text)
    }
}

impl<'a> Raw<'a> {
    /// The text of a field without blanks around it, if it says anything.
    #[inline(always)]
    pub(crate) fn get(&self, field: Field) -> Option<&'a str> {
        self.at(field as usize).map(trim_ascii)
    }
}
