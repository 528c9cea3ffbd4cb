//! Why a command ended early.

use std::io;

use crate::app::error::Error;
use crate::app::output::OutputError;
use crate::cli::message::Message;

/// Why a command ended early.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nobody reads the output any more, which is nobody's fault.
    BrokenPipe,
    /// The command could not do what it was asked to.
    Told(Message),
}

impl Failure {
    /// Wrong usage, with what to type instead.
    pub(crate) fn usage(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Told(Message::error(text).with_hint(Some(hint.into())))
    }

    /// Trouble with standard output.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::Told(Message::error(format!("cannot write standard output: {error}")))
        }
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        match &error {
            OutputError::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe => {
                Self::BrokenPipe
            }
            _ => Self::Told(Message::error(error.to_string()).with_hint(error.hint())),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Output(error) => error.into(),
            error => {
                let message = Message::error_in_full(&error.to_string());
                let location = error.location().or(message.location.clone());
                let hint = error.hint().or(message.hint.clone());
                Self::Told(message.with_location(location).with_hint(hint))
            }
        }
    }
}
