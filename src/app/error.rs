//! Why a verb could not run. Damaged records are not here; see [`crate::error::Reject`].

use thiserror::Error as ThisError;

use crate::app::output::OutputError;
use crate::error::Reject;

/// Why a verb could not run.
#[derive(Debug, ThisError)]
pub enum Error {
    /// An input is empty, and it is the only one.
    #[error("`{input}` is empty")]
    EmptyInput {
        /// As the user gave it; `-` is standard input.
        input: String,
    },
    /// Not one record could be read.
    #[error("nothing readable in {inputs}: {detail}")]
    NothingReadable {
        /// The inputs, for a person: `3 files`, or the name of the only one in backticks.
        inputs: String,
        /// What became of the first one.
        detail: String,
    },
    /// No report has that id.
    #[error("there is no report `{name}`")]
    UnknownReport {
        /// As the user gave it.
        name: String,
        /// The id that may have been meant.
        nearest: Option<String>,
    },
    /// No table has that name.
    #[error("there is no table `{name}`")]
    UnknownTable {
        /// As the user gave it.
        name: String,
        /// The name that may have been meant.
        nearest: Option<String>,
    },
    /// `summary` has no metric of that name.
    #[error("there is no metric `{name}` in the summary")]
    UnknownMetric {
        /// As the user gave it.
        name: String,
        /// The name that may have been meant.
        nearest: Option<String>,
    },
    /// No event has that id.
    #[error("no event `{event_id}` in the input")]
    UnknownEvent {
        /// As the user gave it.
        event_id: String,
    },
    /// A record was rejected although the run is strict.
    #[error("record rejected ({}): {}", .0.reason.name(), .0.detail)]
    Rejected(Box<Reject>),
    /// A file could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl Error {
    /// What to do next, if anything can be said.
    pub fn hint(&self) -> Option<String> {
        let near = |nearest: &Option<String>, otherwise: &str| {
            Some(nearest.as_ref().map_or_else(
                || otherwise.to_owned(),
                |nearest| format!("did you mean `{nearest}`? {otherwise}"),
            ))
        };
        match self {
            Self::EmptyInput { .. } => Some(
                "an empty export is `[]`; no bytes at all mean that the exporter failed".to_owned(),
            ),
            Self::NothingReadable { .. } => {
                Some("`azmfa formats` lists the exports that are recognised".to_owned())
            }
            Self::UnknownReport { nearest, .. } => near(nearest, "`azmfa reports` lists them all"),
            Self::UnknownTable { nearest, .. } => near(nearest, "`azmfa schema` lists them all"),
            Self::UnknownMetric { nearest, .. } => {
                near(nearest, "`azmfa report -r summary` shows them all")
            }
            Self::UnknownEvent { .. } => Some(
                "ids are in the column `event_id` of `non-mfa-writes` and `policy-audit`".into(),
            ),
            Self::Rejected(_) => {
                Some("without `--strict`, damaged records are counted and set aside".to_owned())
            }
            Self::Output(error) => error.hint(),
        }
    }

    /// Where the trouble stands: file, record and byte.
    pub fn location(&self) -> Option<String> {
        match self {
            Self::Rejected(reject) => Some(reject.location.to_string()),
            _ => None,
        }
    }
}
