//! The raw fields of one record as texts.

use crate::extract::field::{FIELD_COUNT, Field};
use crate::json::escape::unescape_into;
use crate::json::slot::SlotKind;
use crate::json::walk::Walker;

/// Escaped texts of a record, undone; reused from record to record.
#[derive(Debug)]
pub(crate) struct Unescaped {
    text: String,
    spans: [(u32, u32); FIELD_COUNT],
}

impl Default for Unescaped {
    fn default() -> Self {
        Self { text: String::new(), spans: [(0, 0); FIELD_COUNT] }
    }
}

impl Unescaped {
    /// Undoes the escapes of the fields that `walker` met last.
    pub(crate) fn fill(&mut self, walker: &Walker, text: &str) {
        self.text.clear();
        for place in walker.met().below(FIELD_COUNT) {
            let slot = walker.slots()[place];
            if slot.kind == SlotKind::EscapedText {
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
pub(crate) struct Raw<'a> {
    texts: [&'a str; FIELD_COUNT],
}

impl<'a> Raw<'a> {
    /// The fields of what `walker` met in `text`; `unescaped` was filled from the same walk.
    pub(crate) fn of(walker: &'a Walker, text: &'a str, unescaped: &'a Unescaped) -> Self {
        let mut texts = [""; FIELD_COUNT];
        for place in walker.met().below(FIELD_COUNT) {
            let slot = walker.slots()[place];
            let found = match slot.kind {
                SlotKind::Absent | SlotKind::Null => continue,
                // An object in place of a text is one whose own `value` says nothing.
                SlotKind::Object | SlotKind::Array
                    if place != Field::Claims as usize && place != Field::Policies as usize =>
                {
                    continue;
                }
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

    /// The text of a field, if it says anything.
    #[inline(always)]
    pub(crate) fn get(&self, field: Field) -> Option<&'a str> {
        let text = self.texts[field as usize];
        (!text.is_empty()).then_some(text)
    }
}
