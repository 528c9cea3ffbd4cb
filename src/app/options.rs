//! What each verb is asked to do: plain values, already checked one by one and in pairs.
//!
//! No option is left for a verb to guess: the terminal, the environment and the clock have been
//! looked at by `cli` before one of these is made.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::app::check::Check;
use crate::app::redact::Redaction;
use crate::app::side::SideInput;
use crate::mfa::exclusion::Exclusion;

/// The reports of a run that names none.
pub const REPORTS_DEFAULT: [&str; 4] = ["summary", "by-resource", "by-user", "by-policy"];

/// The reports of `readiness` when it names none.
pub const READINESS_DEFAULT: [&str; 3] = ["readiness-summary", "blockers", "readiness"];

/// The report of `readiness --profile msid`.
pub const MSID_REPORT: &str = "msid-mfa-report";

/// What is read, and how a record is judged: shared by every verb that has inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Files, folders, patterns, or `-` for standard input; never empty.
    pub inputs: Vec<String>,
    /// Which of the inputs have to hold records of which kind.
    pub sides: Vec<SideInput>,
    /// First instant counted, UTC microseconds.
    pub since: Option<i64>,
    /// First instant no longer counted, UTC microseconds; later than `since`.
    pub until: Option<i64>,
    /// What "now" is, UTC microseconds; the newest event time in the input when absent.
    pub as_of: Option<i64>,
    /// Subscription ids of which one has to match, compared without case; empty for all.
    pub subscriptions: Vec<String>,
    /// User principal names or object ids of which one has to match, compared without case.
    pub users: Vec<String>,
    /// Resources of which one has to match, compared without case: text with a `/` is an id and
    /// stands for everything below it too, any other text is a resource's name.
    pub resources: Vec<String>,
    /// Worker threads, at least 1; as many as the machine has when absent.
    pub threads: Option<usize>,
    /// Bytes of rows to keep in memory, past which they wait on disk; chosen by the verb when
    /// absent.
    pub memory: Option<u64>,
    /// Whether the first reject ends the run, and a truncation alarm makes it incomplete.
    pub strict: bool,
    /// Whether Microsoft's policy rule is replayed to the letter.
    pub strict_policy: bool,
    /// Policy definition ids, or their last names, that count as MFA policies besides the known.
    pub mfa_policies: Vec<String>,
    /// Break-glass accounts: user principal names or object ids, lower case, each once.
    pub break_glass: Vec<String>,
    /// Names of applications by their id in lower case, where exports have none (`--apps`).
    pub app_names: BTreeMap<String, String>,
    /// Sign-ins that count although they are left out as a rule (`--include`).
    pub included: Vec<Exclusion>,
    /// Where every rejected record goes, with its bytes; see [`crate::app::rejects`].
    pub rejects: Option<PathBuf>,
    /// Whether files that exist may be replaced, the rejects file included.
    pub force: bool,
    /// What is hidden behind pseudonyms, if anything; never together with `rejects`.
    pub redact: Option<Redaction>,
}

/// What `report` is asked to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportOptions {
    /// What is read.
    pub read: ReadOptions,
    /// Report ids in the order asked for, each once; never empty.
    pub reports: Vec<String>,
    /// Rows kept of each report, all when absent; summaries are never cut.
    pub top: Option<u64>,
    /// Folder with further reports, one `.sql` file each.
    pub queries_dir: Option<PathBuf>,
    /// Conditions on `summary` and `readiness-summary` that make the run fail; computed whichever reports are shown.
    pub fail_on: Vec<Check>,
}

/// What `query` is asked to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueryOptions {
    /// What is read.
    pub read: ReadOptions,
    /// The statement.
    pub sql: String,
    /// Rows kept, all when absent.
    pub top: Option<u64>,
}

/// What `explain` is asked to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExplainOptions {
    /// What is read.
    pub read: ReadOptions,
    /// Event id as it was typed.
    pub event_id: String,
}

/// How `convert` writes tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Parquet files.
    Parquet,
    /// Arrow IPC stream.
    Arrow,
    /// One JSON object a line.
    Ndjson,
}

impl TableFormat {
    /// Every format, the default first.
    pub const ALL: [Self; 3] = [Self::Parquet, Self::Arrow, Self::Ndjson];

    /// Name in `--format`, name of the renderer, and file extension: one word for all three.
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Ndjson => "ndjson",
        }
    }
}

/// Where `convert` puts its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConvertTarget {
    /// One file per table, `DIR/<table>.<format>`, written by the verb through
    /// [`crate::app::output::OutputFile`].
    Folder(PathBuf),
    /// One table, handed back as a page for `cli` to render on standard output.
    Table(String),
}

/// What `convert` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertOptions {
    /// What is read.
    pub read: ReadOptions,
    /// Where the tables go.
    pub target: ConvertTarget,
    /// How they are written.
    pub format: TableFormat,
}
