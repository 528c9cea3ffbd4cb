//! The raw fields of one record as texts.

use crate::extract::field::{FIELD_COUNT, Field};
use crate::json::escape::unescape_into;
use crate::json::walk::{SlotKind, Walker};

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
        for (slot, span) in walker.slots().iter().zip(&mut self.spans) {
            if slot.kind == SlotKind::EscapedText {
                let start = u32::try_from(self.text.len()).unwrap_or(0);
                unescape_into(walker.text_of(text, *slot), &mut self.text);
                *span = (start, u32::try_from(self.text.len()).unwrap_or(0));
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

/// The raw fields of the record that was walked last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw<'a> {
    pub(crate) walker: &'a Walker,
    pub(crate) text: &'a str,
    pub(crate) unescaped: &'a Unescaped,
}

impl<'a> Raw<'a> {
    /// The text of a field: what a string says, or a number, object or array as it is written.
    /// `None` where nothing was found, and for texts of blanks.
    #[inline]
    pub(crate) fn get(&self, field: Field) -> Option<&'a str> {
        let slot = self.walker.slots().get(field as usize).copied()?;
        let text = match slot.kind {
            SlotKind::Absent | SlotKind::Null => return None,
            // An object in place of a text is one whose own `value` says nothing.
            SlotKind::Object | SlotKind::Array
                if !matches!(field, Field::Claims | Field::Policies) =>
            {
                return None;
            }
            SlotKind::EscapedText => {
                let (start, end) = self.unescaped.spans[field as usize];
                self.unescaped.text.get(start as usize..end as usize)?
            }
            _ => self.walker.text_of(self.text, slot),
        };
        is_told(text).then_some(text)
    }
}
