//! How a run ended, as the shell sees it.

use std::process::ExitCode;

/// How a run ended; the weightier endings compare greater.
///
/// The order is the merge rule: of several things that are true of a run the greatest is told.
/// A run that could not finish has no figures to speak of; a check that somebody asked for and
/// that failed must not hide behind damaged input; and damaged input must not pass for success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitKind {
    /// Done: 0. Also when the reader of a pipe went away.
    Done,
    /// Done, some input rejected or incomplete: 3.
    Incomplete,
    /// Done, and a `--fail-on` condition holds: 1.
    CheckFailed,
    /// Could not run, or could not write its result: 2.
    CouldNotRun,
}

impl ExitKind {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::CheckFailed => 1,
            Self::CouldNotRun => 2,
            Self::Incomplete => 3,
        }
    }

    /// The one of two endings that is told.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.max(other)
    }
}

impl From<ExitKind> for ExitCode {
    fn from(kind: ExitKind) -> Self {
        Self::from(kind.code())
    }
}

#[cfg(test)]
mod tests {
    use super::ExitKind::{self, CheckFailed, CouldNotRun, Done, Incomplete};

    #[test]
    fn the_codes_are_the_documented_ones() {
        let codes = [Done, CheckFailed, CouldNotRun, Incomplete].map(ExitKind::code);
        assert_eq!(codes, [0, 1, 2, 3]);
    }

    #[test]
    fn the_weightier_ending_is_told_whatever_the_order() {
        for (left, right, expect) in [
            (Done, Done, Done),
            (Done, Incomplete, Incomplete),
            (Done, CheckFailed, CheckFailed),
            (Incomplete, CheckFailed, CheckFailed),
            (CheckFailed, CouldNotRun, CouldNotRun),
            (Incomplete, CouldNotRun, CouldNotRun),
        ] {
            assert_eq!(left.merge(right), expect);
            assert_eq!(right.merge(left), expect);
        }
    }
}
