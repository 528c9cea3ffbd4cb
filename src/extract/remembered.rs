//! What was worked out of texts that come again and again.

use std::collections::HashMap;

use foldhash::fast::FixedState;

/// Results that are remembered of one kind, unless it is said how many, and the longest list of
/// texts, in bytes, that one is remembered by.
const RESULTS_MAX: usize = 4096;
const TEXTS_BYTES_MAX: usize = 8 << 10;

/// Results by the texts and numbers that they depend on.
#[derive(Debug)]
pub(crate) struct Remembered<T> {
    known: HashMap<Box<[u8]>, T, FixedState>,
    results_max: usize,
    /// What the result that is asked for depends on.
    asked: Vec<u8>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self::new(RESULTS_MAX)
    }
}

impl<T> Remembered<T> {
    /// Nothing yet, and never more than `results_max` results.
    pub(crate) fn new(results_max: usize) -> Self {
        Self { known: HashMap::default(), results_max, asked: Vec::new() }
    }
}

impl<T: Clone> Remembered<T> {
    /// Begins a question, which these texts are part of.
    pub(crate) fn ask<const N: usize>(&mut self, texts: [Option<&str>; N]) {
        self.asked.clear();
        for text in texts {
            self.text(text);
        }
    }

    /// Adds a text to the question.
    pub(crate) fn text(&mut self, text: Option<&str>) {
        // With its length before it, so that no two lists of texts are the same bytes.
        self.number(text.map(|text| i64::try_from(text.len()).unwrap_or(i64::MAX)));
        self.asked.extend_from_slice(text.unwrap_or_default().as_bytes());
    }

    /// Adds a number to the question.
    pub(crate) fn number(&mut self, number: Option<i64>) {
        self.asked.push(u8::from(number.is_some()));
        self.asked.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
    }

    /// The result for what was asked; `make` works it out of the same texts and numbers, and of
    /// nothing else.
    pub(crate) fn result(&mut self, make: impl FnOnce() -> T) -> T {
        if let Some(known) = self.known.get(self.asked.as_slice()) {
            return known.clone();
        }
        let made = make();
        if self.known.len() < self.results_max && self.asked.len() <= TEXTS_BYTES_MAX {
            self.known.insert(self.asked.as_slice().into(), made.clone());
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::{RESULTS_MAX, Remembered, TEXTS_BYTES_MAX};

    #[test]
    fn results_are_those_of_their_texts_whatever_was_asked_before() {
        let long = "l".repeat(TEXTS_BYTES_MAX + 1);
        let texts = [None, Some(""), Some("a"), Some("b"), Some("ab"), Some(long.as_str())];
        let mut remembered = Remembered::default();
        for _ in 0..2 {
            for first in texts {
                for second in texts {
                    for number in [None, Some(0), Some(7)] {
                        let expected = format!("{first:?} {second:?} {number:?}");
                        remembered.ask([first, second]);
                        remembered.number(number);
                        assert_eq!(remembered.result(|| expected.clone()), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn memory_is_bounded_and_a_result_is_made_once() {
        let mut remembered = Remembered::default();
        let mut made = 0;
        for _ in 0..2 {
            for number in 0..2 * i64::try_from(RESULTS_MAX).unwrap() {
                remembered.ask([]);
                remembered.number(Some(number));
                let result = remembered.result(|| {
                    made += 1;
                    number
                });
                assert_eq!(result, number);
            }
        }
        assert_eq!(remembered.known.len(), RESULTS_MAX);
        assert_eq!(made, 3 * RESULTS_MAX);
    }
}
