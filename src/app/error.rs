//! Why a verb could not run. Damaged records are not here; see [`crate::error::Reject`].

use std::io;
use std::path::PathBuf;

use arrow_schema::ArrowError;
use rayon::ThreadPoolBuildError;
use thiserror::Error as ThisError;

use crate::app::lists::ListProblem;
use crate::app::output::OutputError;
use crate::app::redact::key::KeyError;
use crate::app::side::SideKind;
use crate::engine::EngineError;
use crate::error::{Accounting, Reject};
use crate::report::ReportError;
use crate::report::param::ParamError;
use crate::report::parse::SqlError;
use crate::source::trouble::{OpenError, SourceError};

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
    /// An input cannot be found.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A named input cannot be opened.
    #[error(transparent)]
    Open(OpenError),
    /// A flag promised records of a kind, and the input holds none.
    #[error("`{input}` holds no {what}: it holds {holds}")]
    SideInput {
        /// As the user gave it.
        input: String,
        /// What was promised.
        kind: SideKind,
        /// One record of that.
        what: &'static str,
        /// What it holds instead, with counts.
        holds: String,
    },
    /// A list of accounts or applications cannot be read.
    #[error("cannot read the list `{path}`: {problem}")]
    List {
        /// As the user gave it.
        path: String,
        /// What is wrong with it.
        problem: ListProblem,
    },
    /// A report cannot be had.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// SQL that is no query over the tables.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// A parameter of a report is wrong.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// The folder of further reports cannot be read.
    #[error("cannot read `{}`: {source}", folder.display())]
    Queries {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The engine cannot run a query.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A table outgrew its columns.
    #[error("cannot build a table: {0}")]
    Arrow(#[source] ArrowError),
    /// The worker threads could not be started.
    #[error("cannot start the worker threads: {0}")]
    Threads(#[source] ThreadPoolBuildError),
    /// The rows need more memory than allowed.
    #[error("the rows need more than the {} that `--memory` allows", crate::text::bytes(*.bytes))]
    Memory {
        /// The limit.
        bytes: u64,
    },
    /// The temporary folder cannot be written or read.
    #[error("cannot keep rows in the temporary folder: {0}")]
    Spill(#[source] io::Error),
    /// Records went missing: a defect of this program, found before any figure is shown.
    #[error("the balance does not add up: {0:?}")]
    Unbalanced(Box<Accounting>),
    /// No table has that name.
    #[error("there is no table `{name}`")]
    UnknownTable {
        /// As the user gave it.
        name: String,
        /// The name that may have been meant.
        nearest: Option<String>,
    },
    /// Neither `summary` nor `readiness-summary` has a metric of that name.
    #[error("there is no metric `{name}` in the summaries")]
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
    /// The key of `--redact` cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
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
            Self::Source(error) => error.hint(),
            Self::SideInput { kind, .. } => {
                Some(format!("`{}` takes what this writes: {}", kind.flag(), kind.command()))
            }
            Self::List {
                problem: ListProblem::NotAnAccount { .. } | ListProblem::Empty, ..
            } => Some(
                "write one user principal name or object id a line, `#` before comments".into(),
            ),
            Self::List { .. } => {
                Some("write `id,name` lines, or take what `az ad sp list --all` writes".to_owned())
            }
            Self::Report(error) => error.hint(),
            Self::Sql(error) => error.hint(),
            Self::Param(error) => error.hint(),
            Self::Memory { .. } => Some(
                "narrow the window with `--since` and `--until`, or allow more with `--memory`"
                    .to_owned(),
            ),
            Self::Unbalanced(_) => {
                Some("please report this with the input, if it may be shared".to_owned())
            }
            Self::Queries { .. } => Some(
                "name a folder of `.sql` files; `azmfa reports --explain NAME` shows how one looks"
                    .to_owned(),
            ),
            Self::Engine(EngineError::Query { .. }) => {
                Some("`azmfa schema` lists every table and column".to_owned())
            }
            Self::Spill(_) => Some("`TMPDIR` says where that folder is".to_owned()),
            Self::Open(_) | Self::Engine(_) | Self::Arrow(_) | Self::Threads(_) => None,
            Self::UnknownTable { nearest, .. } => near(nearest, "`azmfa schema` lists them all"),
            Self::UnknownMetric { nearest, .. } => {
                near(nearest, "`azmfa report -r summary,readiness-summary` shows them all")
            }
            Self::UnknownEvent { .. } => Some(
                "ids are in the column `event_id` of `non-mfa-writes` and `policy-audit`, and of the tables `sign_in` and `audit`".into(),
            ),
            Self::Rejected(_) => {
                Some("without `--strict`, damaged records are counted and set aside".to_owned())
            }
            Self::Output(error) => error.hint(),
            Self::Key(_) => {
                Some("`--redact-key FILE` names another; it is made if it is not there".to_owned())
            }
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
