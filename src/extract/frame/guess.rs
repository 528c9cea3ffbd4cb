//! Where an element of an array or a line probably begins, found without looking at those before it.

use super::balance::balanced_end;
use crate::json::byte_at;
use crate::json::scan::skip_whitespace;

/// How many elements of the size of the first one are looked at to tell where the last one begins.
const ELEMENTS_LOOKED_AT: usize = 8;

/// Share of a text that is looked at in any case.
const SHARE_LOOKED_AT: usize = 32;

/// Where the last element of an array begins in `text`, if an element begins at `at`: probably, as
/// far as the end of the text shows. `None` when guessing saves little, or nothing can be told.
///
/// What stands between the first two elements is looked for near the end. Inside a string that
/// would be luck, but elements of an inner array may be separated the same way: then that array
/// ends before the text does. Whoever reads the elements sees whether the last ends there.
pub(super) fn likely_border(text: &[u8], at: usize) -> Option<usize> {
    let end = balanced_end(text, at)?;
    let next = sibling(text, end)?;
    let key = skip_whitespace(text, next + 1);
    let separator = text.get(end - 1..=key).filter(|between| between.ends_with(b"\""))?;
    let window = (ELEMENTS_LOOKED_AT * (end - at)).max(text.len() / SHARE_LOOKED_AT);
    let mut from = text.len().checked_sub(window).filter(|from| *from > next + window)?;
    let finder = memchr::memmem::Finder::new(separator);
    loop {
        let found = from + finder.find(text.get(from..)?)?;
        let mut element = found + (next + 1 - end);
        loop {
            let Some(end) = balanced_end(text, element) else { return Some(element) };
            match sibling(text, end) {
                Some(next) => element = next,
                None if rest_is_blank(text, end) => return Some(element),
                None => {
                    from = end;
                    break;
                }
            }
        }
    }
}

/// Where the last line that begins an object begins in `text`, behind one that ends an object: such
/// stand in nothing, in sound JSON. `None` when there is none behind `at`.
pub(super) fn last_line(text: &[u8], at: usize) -> Option<usize> {
    let mut feeds = memchr::memrchr_iter(b'\n', text.get(at..)?).map(|feed| at + feed);
    let ends_object =
        |feed: usize| text[..feed].strip_suffix(b"\r").unwrap_or(&text[..feed]).ends_with(b"}");
    let feed = feeds.find(|feed| byte_at(text, feed + 1) == b'{' && ends_object(*feed))?;
    Some(feed + 1)
}

/// Start of the object behind a comma at `end`.
fn sibling(text: &[u8], end: usize) -> Option<usize> {
    let comma = skip_whitespace(text, end);
    let next = skip_whitespace(text, comma + 1);
    (byte_at(text, comma) == b',' && byte_at(text, next) == b'{').then_some(next)
}

/// Whether nothing follows but white space and perhaps a comma.
fn rest_is_blank(text: &[u8], end: usize) -> bool {
    let comma = skip_whitespace(text, end);
    comma >= text.len()
        || (byte_at(text, comma) == b',' && skip_whitespace(text, comma + 1) >= text.len())
}

#[cfg(test)]
mod tests {
    use super::likely_border;

    fn array(separator: &str, count: usize) -> String {
        let element = |n: usize| {
            let inner = format!("{{\"id\":{n}}}{separator}{{\"id\":\"}}{{\"}}");
            format!("{{\"id\":\"{n}\",\"all\":[{inner}{separator}{inner}],\"more\":{{\"x\":[]}}}}")
        };
        let elements: Vec<String> = (0..count).map(element).collect();
        elements.join(separator)
    }

    #[test]
    fn the_last_element_is_found_wherever_the_text_is_cut() {
        for separator in [",", ", ", "\n,\r\n  "] {
            let text = array(separator, 300);
            let starts: Vec<usize> = text
                .match_indices("{\"id\":\"")
                .map(|(at, _)| at)
                .filter(|at| !text[*at..].starts_with("{\"id\":\"}"))
                .collect();
            for cut in text.len() * 3 / 4..text.len() {
                let border = likely_border(&text.as_bytes()[..cut], 0).unwrap();
                let last = starts.iter().rfind(|start| **start < cut).copied().unwrap();
                let before = starts.iter().rfind(|start| **start < last).copied().unwrap();
                // An opening bracket at the very end shows nothing yet.
                assert!(border == last || (border == before && cut - last < 8), "cut at {cut}");
            }
        }
    }

    #[test]
    fn little_text_and_elements_without_members_are_not_guessed_at() {
        let text = array(",", 10);
        assert_eq!(likely_border(text.as_bytes(), 0), None);
        assert_eq!(likely_border("{},".repeat(1_000).as_bytes(), 0), None);
        assert_eq!(likely_border(b"{\"a\":[", 0), None);
        assert_eq!(likely_border(b"", 0), None);
    }
}
