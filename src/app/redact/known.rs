//! The values to hide, found in any text in which they stand.

use std::ops::Range;

/// Values shorter than this are not looked for inside texts: words of one or two letters say
/// nothing of anybody, and every text has them.
const CHARS_MIN: usize = 3;

/// Values in lower case, each with what it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Known<T> {
    values: Vec<(String, T)>,
}

impl<T: Copy + Ord> Known<T> {
    /// Of a value that comes twice, the first kind in order counts.
    pub(super) fn new(values: impl IntoIterator<Item = (String, T)>) -> Self {
        let mut values: Vec<(String, T)> = values
            .into_iter()
            .map(|(value, kind)| (value.to_lowercase(), kind))
            .filter(|(value, _)| value.chars().count() >= CHARS_MIN)
            .collect();
        values.sort();
        values.dedup_by(|later, first| later.0 == first.0);
        Self { values }
    }

    /// What a whole text is, in any case.
    pub(super) fn whole(&self, folded: &str) -> Option<T> {
        let at = self.values.binary_search_by(|(value, _)| value.as_str().cmp(folded)).ok()?;
        self.values.get(at).map(|(_, kind)| *kind)
    }

    /// The longest value that `folded` starts with and that ends where a word does.
    fn longest_start(&self, folded: &str) -> Option<(usize, T)> {
        let mut start = folded;
        loop {
            let after = self.values.partition_point(|(value, _)| value.as_str() <= start);
            let (value, kind) = self.values.get(after.checked_sub(1)?)?;
            if start.starts_with(value.as_str()) && ends_word(value, &folded[value.len()..]) {
                return Some((value.len(), *kind));
            }
            // Whatever else is a start is no longer than what both have in common, and shorter
            // than a value that ended inside a word.
            let mut common =
                value.bytes().zip(start.bytes()).take_while(|(left, right)| left == right).count();
            if common == value.len() {
                common = common.checked_sub(1)?;
            }
            while !start.is_char_boundary(common) {
                common -= 1;
            }
            if common == 0 {
                return None;
            }
            start = &start[..common];
        }
    }

    /// Where values stand in `text`, in any case, the longest first where several begin.
    pub(super) fn found(&self, text: &str) -> Vec<(Range<usize>, T)> {
        let mut found = Vec::new();
        if self.values.is_empty() {
            return found;
        }
        let (folded, places) = folded(text);
        let mut at = 0;
        let mut before = None;
        while let Some(character) = folded[at..].chars().next() {
            let begins = |next: char| !next.is_alphanumeric();
            let begins = before.is_none_or(begins) || begins(character);
            if let Some((length, kind)) =
                begins.then(|| self.longest_start(&folded[at..])).flatten()
            {
                // A letter is hidden whole, also where it folds to more than one.
                let last = places[at + length - 1];
                let letter = text[last..].chars().next().map_or(0, char::len_utf8);
                found.push((places[at]..last + letter, kind));
                before = folded[at..at + length].chars().next_back();
                at += length;
            } else {
                before = Some(character);
                at += character.len_utf8();
            }
        }
        found
    }
}

/// Whether a word ends between a value and what follows it.
fn ends_word(value: &str, rest: &str) -> bool {
    let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    !is_word(value.chars().next_back()) || !is_word(rest.chars().next())
}

/// A text in lower case, and for each of its bytes, and its end, where it comes from.
fn folded(text: &str) -> (String, Vec<usize>) {
    let mut folded = String::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len() + 1);
    for (at, character) in text.char_indices() {
        folded.extend(character.to_lowercase());
        places.resize(folded.len(), at);
    }
    places.push(text.len());
    (folded, places)
}

#[cfg(test)]
mod tests {
    use proptest::proptest;

    use super::Known;

    fn hidden(values: &[&str], text: &str) -> String {
        let known = Known::new(values.iter().map(|value| ((*value).to_owned(), ())));
        let mut shown = String::new();
        let mut at = 0;
        for (range, ()) in known.found(text) {
            shown.push_str(&text[at..range.start]);
            shown.push('#');
            at = range.end;
        }
        shown + &text[at..]
    }

    #[test]
    fn values_are_found_at_word_boundaries_the_longest_first_in_any_case() {
        let values = ["kv-pay", "kv-pay-eu", "Jana Králová", "jana", "pay", "10.0.0.4", "ab"];
        for (text, expect) in [
            ("vault kv-pay-eu and KV-PAY.", "vault # and #."),
            ("https://kv-pay.vault.azure.net", "https://#.vault.azure.net"),
            ("JANA KRÁLOVÁ (Jana)", "# (#)"),
            ("janab, Ajana, repay, payment", "janab, Ajana, repay, payment"),
            ("10.0.0.45 10.0.0.4:443", "10.0.0.45 #:443"),
            ("kv-pay-eux ab", "#-eux ab"),
            ("", ""),
        ] {
            assert_eq!(hidden(&values, text), expect, "{text}");
        }
    }

    #[test]
    fn a_letter_that_folds_to_another_length_keeps_its_place() {
        assert_eq!(hidden(&["i\u{307}stanbul"], "in İSTANBUL!"), "in #!");
        assert_eq!(hidden(&["straße"], "ẞ Straße ẞ"), "ẞ # ẞ");
    }

    proptest! {
        #[test]
        fn no_value_survives_between_other_words(
            values in proptest::collection::vec("[a-cÉé]{1,3}[-. ]?[a-c0-2]{2,4}", 1..6),
            pick in proptest::collection::vec((0_usize..6, "[ ,.:/'()]{1,2}"), 1..8),
        ) {
            let text: String = pick
                .iter()
                .flat_map(|(at, gap)| [values[at % values.len()].to_uppercase(), gap.clone()])
                .collect();
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let shown = hidden(&values, &text);
            let rest = shown.chars().filter(|character| character.is_alphanumeric()).count();
            assert_eq!(rest, 0, "{text} becomes {shown}");
        }
    }
}
