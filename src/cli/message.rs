//! The one shape of every message: what, where, and what to do next.
//!
//! ```text
//! error: cannot read `x.json.gz`: gzip stream ends early
//!   --> x.json.gz: record 18233, byte 9437184
//! hint: the upload may be unfinished
//! ```

use std::io;
use std::io::Write;

use crate::text::sanitised;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// The run could not do what it was asked to.
    Error,
    /// The figures need a word of caution.
    Warning,
}

/// Something to say to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// How bad it is.
    pub(crate) level: Level,
    /// What is the matter: lower case, no final period.
    pub(crate) text: String,
    /// Where: file, record, byte.
    pub(crate) location: Option<String>,
    /// What to do next; further lines are examples.
    pub(crate) hint: Option<String>,
}

impl Message {
    /// An error without place or hint.
    pub(crate) fn error(text: impl Into<String>) -> Self {
        Self { level: Level::Error, text: text.into(), location: None, hint: None }
    }

    /// An error from a text that may name its place and a hint itself, each on a line of its own,
    /// as those about a report's header do.
    pub(crate) fn error_in_full(text: &str) -> Self {
        let mut message = Self::error("");
        for line in text.lines() {
            if let Some(location) = line.trim_start().strip_prefix("--> ") {
                message.location = Some(location.to_owned());
            } else if let Some(hint) = line.strip_prefix("hint: ") {
                message.hint = Some(hint.to_owned());
            } else {
                message.text.push_str(line);
                message.text.push('\n');
            }
        }
        message.text.truncate(message.text.trim_end().len());
        message
    }

    /// A warning without place or hint.
    pub(crate) fn warning(text: impl Into<String>) -> Self {
        Self { level: Level::Warning, text: text.into(), location: None, hint: None }
    }

    /// The same with what to do next.
    pub(crate) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// The same with its place.
    pub(crate) fn with_location(mut self, location: Option<String>) -> Self {
        self.location = location;
        self
    }

    /// Writes the message; names from logs and file systems cannot steer the terminal.
    pub(crate) fn write(&self, out: &mut dyn Write, color: bool) -> io::Result<()> {
        let (word, paint) = match self.level {
            Level::Error => ("error", Paint::Red),
            Level::Warning => ("warning", Paint::Yellow),
        };
        writeln!(out, "{}: {}", painted(word, paint, color), one_line(&self.text))?;
        if let Some(location) = &self.location {
            writeln!(out, "  {} {}", painted("-->", Paint::Blue, color), one_line(location))?;
        }
        if let Some(hint) = &self.hint {
            let mut lines = hint.lines();
            let first = lines.next().unwrap_or_default();
            writeln!(out, "{}: {}", painted("hint", Paint::Cyan, color), sanitised(first))?;
            for line in lines {
                writeln!(out, "{}", sanitised(line))?;
            }
        }
        Ok(())
    }
}

/// Causes come from libraries too, and some of theirs span lines.
fn one_line(text: &str) -> String {
    let joined: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    sanitised(&joined.join(" ")).into_owned()
}

/// Colours of words; every message says the same without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Errors.
    Red,
    /// Warnings.
    Yellow,
    /// Places.
    Blue,
    /// Hints.
    Cyan,
    /// Labels.
    Dim,
}

/// A word in its colour, or as it is.
pub(crate) fn painted(word: &str, paint: Paint, color: bool) -> String {
    let code = match paint {
        Paint::Red => "1;31",
        Paint::Yellow => "1;33",
        Paint::Blue => "1;34",
        Paint::Cyan => "1;36",
        Paint::Dim => "2",
    };
    if color { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::Message;

    fn shown(message: &Message, color: bool) -> String {
        let mut out = Vec::new();
        message.write(&mut out, color).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_message_says_what_where_and_what_next() {
        let message = Message::error("cannot read `x.json.gz`: gzip stream ends early")
            .with_location(Some("x.json.gz: record 18233, byte 9437184".to_owned()))
            .with_hint(Some("the upload may be unfinished\n  ls -l x.json.gz".to_owned()));
        insta::assert_snapshot!(shown(&message, false), @r"
        error: cannot read `x.json.gz`: gzip stream ends early
          --> x.json.gz: record 18233, byte 9437184
        hint: the upload may be unfinished
          ls -l x.json.gz
        ");
        assert!(shown(&message, true).starts_with("\u{1b}[1;31merror\u{1b}[0m: cannot"));
    }

    #[test]
    fn a_text_that_names_its_place_is_shown_like_any_other_message() {
        let text =
            "unknown key `titel` in report header\n  --> x.sql:1\n\nhint: did you mean `title`?";
        insta::assert_snapshot!(shown(&Message::error_in_full(text), false), @r"
        error: unknown key `titel` in report header
          --> x.sql:1
        hint: did you mean `title`?
        ");
        assert_eq!(Message::error_in_full("no place"), Message::error("no place"));
    }

    #[test]
    fn hostile_names_and_long_causes_stay_on_their_line() {
        let message = Message::warning("`a\u{1b}[2J` is odd\n  caused by\n\n  that");
        assert_eq!(shown(&message, false), "warning: `a\u{fffd}[2J` is odd caused by that\n");
    }
}
