//! Reports: SQL files that explain themselves, and what has to be known to run them.
//!
//! A report is `queries/<audience>/<id>.sql`; the views that reports share are
//! `queries/views/<name>.sql`. This room reads their headers ([`front`]), finds them ([`Library`]),
//! checks that their SQL runs alike on every engine ([`lint`]), binds parameters ([`param`]), tells
//! which columns they need ([`plan`]) and which can be asked of rows part by part ([`divide`]). It
//! touches no disk and knows no engine.

use std::sync::OnceLock;

use crate::report::front::HeaderError;
use crate::report::lint::LintError;
use crate::schema::Kind;
use crate::text::nearest;

pub mod adhoc;
pub mod divide;
pub mod front;
pub mod lint;
pub mod lists;
pub mod param;
pub mod parse;
pub mod plan;
mod roster;
#[cfg(test)]
mod tests;

/// A question to the tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Stem of its file: `by-user`.
    pub id: String,
    /// The file, for messages.
    pub file: String,
    /// Title for a person.
    pub title: String,
    /// What it answers.
    pub about: String,
    /// What one row is.
    pub grain: String,
    /// Tables and views it reads.
    pub reads: Vec<String>,
    /// What may be given to it.
    pub params: Vec<Param>,
    /// What it returns, in order.
    pub columns: Vec<ReportColumn>,
    /// Integer columns whose total makes sense in a footer.
    pub totals: Vec<String>,
    /// Why anybody should look at it.
    pub worth: Option<String>,
    /// The metric whose note says it all, in a report of metrics.
    pub lead: Option<String>,
    /// Where the facts behind it are from.
    pub sources: Vec<String>,
    /// `polars | reason` where it cannot run elsewhere.
    pub engines: Option<String>,
    /// The SQL below the header, without a final semicolon.
    pub sql: String,
}

impl Report {
    /// Names and kinds of the columns it returns, in order.
    pub fn declared(&self) -> Vec<(&str, Kind)> {
        self.columns.iter().map(|column| (column.name.as_str(), column.kind)).collect()
    }
}

/// A column of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportColumn {
    /// Name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// The name people know it by, where that is no word of SQL.
    pub heading: Option<String>,
    /// What it means; empty where the header says nothing.
    pub note: String,
}

impl ReportColumn {
    /// The name it is shown under.
    pub fn shown(&self) -> &str {
        self.heading.as_deref().unwrap_or(&self.name)
    }
}

/// A parameter of a report, `:name` in its SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Name, without the colon.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
    /// Its value when none is given.
    pub default: Option<String>,
    /// What it means.
    pub note: String,
}

/// Why a report could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// No report has that id.
    #[error("there is no report `{id}`")]
    Unknown {
        /// What was asked for.
        id: String,
        /// The nearest id there is.
        nearest: Option<String>,
    },
    /// Two files give the same id.
    #[error("report `{id}` exists already\n  --> {file}")]
    Duplicate {
        /// The id.
        id: String,
        /// The later file.
        file: String,
    },
    /// A header is wrong.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The SQL is refused.
    #[error(transparent)]
    Lint(#[from] LintError),
}

impl ReportError {
    /// What to do about it, where that can be said and the message does not say it already.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { nearest: Some(id), .. } => Some(format!("did you mean `{id}`?")),
            Self::Unknown { .. } => Some("`azmfa reports` lists them".to_owned()),
            Self::Duplicate { .. } => Some("rename the file".to_owned()),
            Self::Header(_) | Self::Lint(_) => None,
        }
    }
}

/// Every report and view there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    reports: Vec<Shelved>,
    views: Vec<Shelved>,
}

/// A report that is read when it is first asked for: of those that come with the program a run
/// needs two or three.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shelved {
    id: String,
    /// Path and text of one that comes with the program.
    source: (&'static str, &'static str),
    report: OnceLock<Report>,
}

impl Shelved {
    fn new(source: (&'static str, &'static str)) -> Self {
        Self { id: front::id_of(source.0).to_owned(), source, report: OnceLock::new() }
    }

    fn report(&self) -> &Report {
        let (file, text) = self.source;
        // INVARIANT: a test reads all that come with the program, and others are read when they come.
        self.report.get_or_init(|| {
            front::parse(file, text).unwrap_or_else(|error| unreachable!("{error}"))
        })
    }
}

impl From<Report> for Shelved {
    fn from(report: Report) -> Self {
        Self { id: report.id.clone(), source: ("", ""), report: OnceLock::from(report) }
    }
}

impl Library {
    /// The reports and views that come with the program.
    pub fn embedded() -> Self {
        let shelved = |files: &[(&'static str, &'static str)]| {
            files.iter().copied().map(Shelved::new).collect()
        };
        Self { reports: shelved(roster::REPORTS), views: shelved(roster::VIEWS) }
    }

    /// Adds reports of the user's own: `(path with `/`, text)` of every `.sql` file of a folder.
    ///
    /// A file below a folder called `views` is a view. Reports are linted here, since nobody else
    /// will have.
    ///
    /// # Errors
    /// The first file with a wrong header, refused SQL or an id that is taken.
    pub fn load_dir(&mut self, files: &[(&str, &str)]) -> Result<(), ReportError> {
        let mut files = files.to_vec();
        files.sort_unstable();
        let mut added = Vec::new();
        for (file, text) in files {
            let report = front::parse(file, text)?;
            if self.reports.iter().chain(&self.views).any(|known| known.id == report.id) {
                return Err(ReportError::Duplicate { id: report.id, file: report.file });
            }
            let is_view = file.split('/').rev().nth(1) == Some("views");
            added.push((is_view, report.clone()));
            let into = if is_view { &mut self.views } else { &mut self.reports };
            into.push(Shelved::from(report));
        }
        for (is_view, report) in &added {
            lint::check(report, *is_view, self)?;
        }
        Ok(())
    }

    /// The reports, the program's own first.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.reports.iter().map(Shelved::report)
    }

    /// The views, the program's own first.
    pub fn views(&self) -> impl Iterator<Item = &Report> {
        self.views.iter().map(Shelved::report)
    }

    /// The view called `id`, which is lower case.
    pub fn view(&self, id: &str) -> Option<&Report> {
        self.views.iter().find(|view| view.id == id).map(Shelved::report)
    }

    /// The names of the views.
    pub fn view_ids(&self) -> impl Iterator<Item = &str> {
        self.views.iter().map(|view| &*view.id)
    }

    /// The report called `id`, in any case.
    ///
    /// # Errors
    /// [`ReportError::Unknown`] with the nearest id.
    pub fn find(&self, id: &str) -> Result<&Report, ReportError> {
        let folded = id.to_lowercase();
        let mut reports = self.reports.iter();
        let found = reports.find(|report| report.id == folded || report.id == id);
        found.map(Shelved::report).ok_or_else(|| {
            let ids = self.reports.iter().map(|report| report.id.as_str());
            ReportError::Unknown {
                id: id.to_owned(),
                nearest: nearest(&folded, ids).map(str::to_owned),
            }
        })
    }
}
