//! Where objects and arrays end, told by their brackets alone.

use std::ops::ControlFlow;

use crate::json::scan::{Escapes, MARKED_BYTES, Marks, TakeMarks, between, marks_until};

/// Position after the object or array that begins at `at`, by balancing brackets outside of
/// strings; `None` when the text ends first.
pub(crate) fn balanced_end(bytes: &[u8], at: usize) -> Option<usize> {
    Balance::default().end(bytes, at)
}

/// How many brackets are open, and whether a string is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Balance {
    open: u64,
    /// All ones inside a string.
    in_string: u64,
    escapes: Escapes,
}

impl TakeMarks for Balance {
    #[inline(always)]
    fn take(&mut self, marks: Marks) -> Option<usize> {
        self.close(marks, MARKED_BYTES)
    }
}

impl Balance {
    /// Goes on from `at`; gives the position after the last bracket when it closes.
    pub(super) fn end(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        let place = match marks_until(bytes, at, self) {
            ControlFlow::Break(place) => place,
            ControlFlow::Continue(at) => {
                let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
                at + self.close(Marks::of_rest(rest), rest.len())?
            }
        };
        Some(place + 1)
    }

    /// Takes the marks of the next bytes; gives the place of the bracket that closes the last
    /// open one.
    #[inline(always)]
    fn close(&mut self, marks: Marks, length: usize) -> Option<usize> {
        let escaped = self.escapes.escaped(marks.backslashes);
        if length < MARKED_BYTES {
            self.escapes = Escapes::after(escaped >> length & 1 == 1);
        }
        let quotes = marks.quotes & !escaped;
        let strings = between(quotes) ^ self.in_string;
        if quotes.count_ones() & 1 == 1 {
            self.in_string = !self.in_string;
        }
        let opening = marks.opening & !strings;
        let closing = marks.closing & !strings;
        let closed = u64::from(closing.count_ones());
        if self.open > closed {
            self.open = self.open + u64::from(opening.count_ones()) - closed;
            return None;
        }
        self.count(opening, closing)
    }

    /// Counts bracket by bracket, where the last one may close.
    fn count(&mut self, opening: u64, mut closing: u64) -> Option<usize> {
        let mut counted = 0_u64;
        while closing != 0 {
            let place = closing.trailing_zeros();
            let before = (1_u64 << place) - 1;
            let opened = u64::from((opening & before & !counted).count_ones());
            counted |= before;
            self.open = (self.open + opened).saturating_sub(1);
            if self.open == 0 {
                return Some(place as usize);
            }
            closing &= closing - 1;
        }
        self.open += u64::from((opening & !counted).count_ones());
        None
    }
}
