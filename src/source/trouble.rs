//! What can go wrong with an input as a whole, told apart so that each gets its own remedy.

use std::error::Error;
use std::fmt;
use std::io;

use thiserror::Error as ThisError;

/// Why [`crate::source::plan::plan`] cannot make a list of inputs: a usage error.
#[derive(Debug, ThisError)]
pub enum SourceError {
    /// A named file or folder is not there.
    #[error("input `{name}` does not exist")]
    Missing {
        /// As the user gave it.
        name: String,
        /// A name in the same folder that may have been meant, with its folder.
        nearest: Option<String>,
    },
    /// A pattern that matches no file.
    #[error("no file matches `{pattern}`")]
    NoMatch {
        /// As the user gave it.
        pattern: String,
    },
    /// A pattern that is none.
    #[error("`{pattern}` is no pattern of file names: {detail}")]
    BadPattern {
        /// As the user gave it.
        pattern: String,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// A name that cannot even be looked up.
    #[error("cannot look up `{name}`: {source}")]
    Unreachable {
        /// As the user gave it.
        name: String,
        /// What the system says.
        source: io::Error,
    },
}

impl SourceError {
    /// What to do next, if anything can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { nearest: Some(nearest), .. } => {
                Some(format!("did you mean `{nearest}`?"))
            }
            Self::Missing { nearest: None, .. } => {
                Some("name a file, a folder, a pattern such as `logs/*.json`, or `-`".to_owned())
            }
            Self::NoMatch { .. } => {
                Some("`*` stays within one folder; `**/*.json` looks into all of them".to_owned())
            }
            Self::BadPattern { .. } | Self::Unreachable { .. } => None,
        }
    }
}

/// Why an input, or a member of one, gives no stream at all.
#[derive(Debug, ThisError)]
pub enum OpenError {
    /// The system refuses to open or read it.
    #[error("cannot open `{name}`: {source}")]
    Unreadable {
        /// The input.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// An archive whose directory is damaged or cut off, or a member that cannot be unpacked.
    #[error("cannot unpack `{name}`: {detail}")]
    Damaged {
        /// The input or member.
        name: String,
        /// One clause for a person.
        detail: String,
    },
    /// Wrapped more often than [`crate::limits::CONTAINER_DEPTH_MAX`].
    #[error("cannot unpack `{name}`: more than {depth_max} archives inside each other")]
    TooDeep {
        /// The input or member.
        name: String,
        /// The limit.
        depth_max: usize,
    },
}

impl OpenError {
    /// Which remedy applies.
    pub fn trouble(&self) -> ReadTrouble {
        match self {
            Self::Unreadable { source, .. } => trouble_of(source),
            Self::Damaged { .. } | Self::TooDeep { .. } => ReadTrouble::Compression,
        }
    }
}

/// What ended the reading of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadTrouble {
    /// Compressed bytes that do not unpack, end early, or unpack past the limits.
    Compression,
    /// The file got shorter while it was read.
    Shrunk,
    /// The system could not read.
    Io,
}

/// The kind of trouble behind an error that a stream of [`crate::source::open`] returned.
pub fn trouble_of(error: &io::Error) -> ReadTrouble {
    marked(error).map_or(ReadTrouble::Io, |mark| mark.trouble)
}

fn marked(error: &io::Error) -> Option<&Marked> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Marked>())
}

/// The cause carried inside an `io::Error`, so that it survives readers that know nothing of it.
#[derive(Debug, Clone)]
pub(super) struct Marked {
    trouble: ReadTrouble,
    text: String,
    kind: io::ErrorKind,
}

impl Marked {
    /// Trouble of one kind, with the clause a person reads.
    pub(super) fn new(trouble: ReadTrouble, kind: io::ErrorKind, text: String) -> Self {
        Self { trouble, text, kind }
    }

    /// Marks an error, unless a reader further down has done so already.
    pub(super) fn from_error(error: &io::Error, otherwise: impl FnOnce() -> Self) -> Self {
        marked(error).cloned().unwrap_or_else(otherwise)
    }

    /// The error that readers pass on.
    pub(super) fn to_error(&self) -> io::Error {
        io::Error::new(self.kind, self.clone())
    }
}

impl fmt::Display for Marked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl Error for Marked {}
