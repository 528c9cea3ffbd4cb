//! What the program stands in: which streams are terminals, how wide, and whether in colour.

use std::env;
use std::io::IsTerminal;
use std::io::stderr;
use std::io::stdin;
use std::io::stdout;

use comfy_table::Table;

use crate::cli::args::ColorWhen;

/// The surroundings of a run, looked at once so that everything decided from them can be tested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Whether standard input is one.
    pub(crate) stdin: bool,
    /// Whether standard output is one.
    pub(crate) stdout: bool,
    /// Whether standard error is one.
    pub(crate) stderr: bool,
    /// Columns of standard output, if it is one.
    pub(crate) width: Option<usize>,
    /// Whether `NO_COLOR` is set to anything, or `TERM` is `dumb`.
    pub(crate) is_plain: bool,
}

impl Terminal {
    /// Looks around.
    pub(crate) fn here() -> Self {
        let is_stdout = stdout().is_terminal();
        let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            stdin: stdin().is_terminal(),
            stdout: is_stdout,
            stderr: stderr().is_terminal(),
            width: is_stdout.then(|| Table::new().width().map(usize::from)).flatten(),
            is_plain: no_color || env::var_os("TERM").is_some_and(|value| value == "dumb"),
        }
    }

    /// Whether to colour a stream that is (or is not) a terminal.
    pub(crate) fn colors(&self, when: ColorWhen, is_terminal: bool) -> bool {
        match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => is_terminal && !self.is_plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Terminal;
    use crate::cli::args::ColorWhen::{Always, Auto, Never};

    #[test]
    fn colour_follows_the_terminal_unless_told_otherwise() {
        let lively = Terminal::default();
        let plain = Terminal { is_plain: true, ..Terminal::default() };
        assert!(lively.colors(Auto, true));
        assert!(!lively.colors(Auto, false));
        assert!(!plain.colors(Auto, true));
        assert!(plain.colors(Always, false));
        assert!(!lively.colors(Never, true));
    }
}
