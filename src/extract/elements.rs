//! The elements of an array inside a record: policies, authentication steps, targets.

use std::borrow::Cow;

use crate::json::escape::unescape_into;
use crate::json::scan::skip_whitespace;
use crate::json::slot::SlotKind;
use crate::json::tree::{Target, Tree};
use crate::json::walk::{Texts, Walker};

/// Reads elements; reused, so that it learns their key order.
#[derive(Debug)]
pub(crate) struct Elements {
    walker: Walker,
}

/// An element that was read.
pub(crate) struct Element<'a> {
    walker: &'a Walker,
    text: &'a str,
}

impl Elements {
    /// A reader of elements whose parts are found at `paths`, best first for each part.
    pub(crate) fn new(paths: &[&[&str]]) -> Self {
        let mut tree = Tree { slot_count: paths.len(), ..Tree::default() };
        for (part, paths) in paths.iter().enumerate() {
            for (rank, path) in paths.iter().enumerate() {
                let slot = u16::try_from(part).unwrap_or(u16::MAX);
                let rank = u8::try_from(rank).unwrap_or(u8::MAX);
                tree.add(path, Target { slot, rank, keeps_empty: false });
            }
        }
        Self { walker: Walker::new(tree, Texts::Plain) }
    }

    /// Calls `take` for each element of `text`: a JSON array of objects, one object, or a string
    /// that holds either. What is damaged ends the list.
    pub(crate) fn each(&mut self, text: &str, take: &mut dyn FnMut(&Element<'_>)) {
        let bytes = text.as_bytes();
        let mut at = skip_whitespace(bytes, 0);
        if let Some(quoted) = text.trim_ascii().strip_prefix('"') {
            let Some(inner) = quoted.strip_suffix('"') else { return };
            let mut unescaped = String::new();
            unescape_into(inner, &mut unescaped);
            if !unescaped.trim_ascii_start().starts_with('"') {
                self.each(&unescaped, take);
            }
            return;
        }
        if bytes.get(at) == Some(&b'[') {
            at = skip_whitespace(bytes, at + 1);
        }
        while bytes.get(at) == Some(&b'{') {
            let Ok(end) = self.walker.walk(text, at) else { return };
            take(&Element { walker: &self.walker, text });
            at = skip_whitespace(bytes, end);
            if bytes.get(at) != Some(&b',') {
                return;
            }
            at = skip_whitespace(bytes, at + 1);
        }
    }
}

impl Element<'_> {
    /// What a part says: a text, a number or a truth value as it is written, the strings of an
    /// array comma-joined; nothing for an empty text, null or an object.
    pub(crate) fn part(&self, part: usize) -> Option<Cow<'_, str>> {
        let slot = self.walker.slots().get(part).copied()?;
        let raw = self.walker.text_of(self.text, slot);
        let read = match slot.kind {
            SlotKind::Absent | SlotKind::Null | SlotKind::Object => return None,
            SlotKind::Array => Cow::Owned(joined_texts(raw)),
            SlotKind::EscapedText => {
                let mut out = String::new();
                unescape_into(raw, &mut out);
                Cow::Owned(out)
            }
            SlotKind::Text | SlotKind::Scalar => Cow::Borrowed(raw),
        };
        (!read.trim_ascii().is_empty()).then_some(read)
    }
}

/// The strings of a JSON array, comma-joined.
pub(crate) fn joined_texts(array: &str) -> String {
    let texts: Vec<String> = serde_json::from_str(array).unwrap_or_default();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use super::Elements;

    fn read(text: &str) -> Vec<(Option<String>, Option<String>)> {
        let mut found = Vec::new();
        Elements::new(&[&["id", "key"], &["list"]]).each(text, &mut |element| {
            let part = |part| element.part(part).map(std::borrow::Cow::into_owned);
            found.push((part(0), part(1)));
        });
        found
    }

    #[test]
    fn arrays_objects_and_texts_of_them_are_read_alike() {
        let wanted =
            vec![(Some("a\"b".to_owned()), Some("x,y".to_owned())), (Some("7".to_owned()), None)];
        let array = r#"[{"ID":"a\"b","list":["x","y"]}, {"key":7,"list":null}]"#;
        assert_eq!(read(array), wanted);
        assert_eq!(read(&serde_json::to_string(array).unwrap_or_default()), wanted);
        assert_eq!(read(r#"{"id":""}"#), vec![(None, None)]);
        assert_eq!(read(r#"[{"id":"a"},{"id":}"#).len(), 1, "what is damaged ends the list");
        assert!(read("[]").is_empty() && read("").is_empty() && read("\"").is_empty());
    }
}
