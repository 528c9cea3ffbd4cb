//! What can be typed: every command, flag and value, with its help. The only room that knows clap.
//!
//! One value is checked at a time here; pairs and the terminal are `options`' business. The tests
//! walk the whole tree, and `cli/snapshots/` holds the help as it is shown.

use std::path::PathBuf;

use clap::ArgAction;
use clap::Args as ClapArgs;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use clap_complete::Shell;

use crate::app::check::Check;
use crate::app::options::TableFormat;
use crate::app::redact::Kind;
use crate::cli::examples;
use crate::cli::output::renderers;
use crate::cli::value::parse_count;
use crate::cli::value::parse_instant;
use crate::cli::value::parse_rows;
use crate::cli::value::parse_size;
use crate::cli::value::parse_text;
use crate::mfa::exclusion;
use crate::mfa::exclusion::Exclusion;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "azmfa",
    bin_name = "azmfa",
    version,
    about = "Find out who changes Azure without MFA, and who is ready for mandatory MFA",
    long_about = "Reads exported Azure Activity Logs and Entra sign-in logs in whatever shape you \
        have them and answers who changes Azure without MFA, and who will break when MFA is \
        enforced. Never uses the network, never writes over a file unasked: \
        data goes to standard output, everything else to standard error.",
    after_help = examples::TOP,
    after_long_help = examples::TOP_LONG,
    max_term_width = 100,
    arg_required_else_help = true,
    disable_help_flag = true,
    disable_version_flag = true,
    infer_long_args = false,
    subcommand_value_name = "COMMAND"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) messages: MessageArgs,

    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = "Help")]
    version: (),
}

/// The commands, in reading order.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Report who changes what without MFA
    ///
    /// Reads every INPUT, removes events that were exported twice, and prints the asked-for
    /// reports: summary, by-resource, by-user and by-policy unless `--report` names others.
    #[command(after_help = examples::REPORT)]
    Report(ReportArgs),

    /// Report who is ready for mandatory MFA, and who will break
    ///
    /// Reads sign-ins, activity and what else you have, and prints the answer, its ten worst
    /// blockers and a verdict for every person: readiness-summary, blockers and readiness unless
    /// `--report` names others. The more is given, the less cannot be told: sign-ins of every
    /// kind, the Activity Log, registrations, roles.
    #[command(after_help = examples::READINESS)]
    Readiness(ReadinessArgs),

    /// Ask a question of your own in SQL
    ///
    /// Runs one SELECT over the tables that `azmfa schema` describes and prints its rows.
    #[command(after_help = examples::QUERY)]
    Query(QueryArgs),

    /// Explain the verdict on one event
    ///
    /// Prints the raw record, the fields that were used, and the rule that decided.
    #[command(after_help = examples::EXPLAIN)]
    Explain(ExplainArgs),

    /// Write the normalised tables as Parquet, Arrow or NDJSON
    ///
    /// With `-o DIR`, one file per table. Without, one table on standard output.
    #[command(after_help = examples::CONVERT)]
    Convert(ConvertArgs),

    /// List the reports, or explain one of them
    #[command(after_help = examples::REPORTS)]
    Reports(ReportsArgs),

    /// List the export formats that are recognised
    #[command(after_help = examples::FORMATS)]
    Formats(FormatsArgs),

    /// List every column of every table with its meaning
    #[command(after_help = examples::SCHEMA)]
    Schema(SchemaArgs),

    /// Print a completion script for a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions(CompletionsArgs),

    /// Print the manual page
    #[command(after_help = examples::MAN)]
    Man,
}

/// `azmfa report`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// Reports to print, in this order
    ///
    /// `azmfa reports` lists them.
    #[arg(short, long = "report", value_name = "NAME,…", value_delimiter = ',')]
    #[arg(value_parser = parse_text, help_heading = "Reports")]
    pub(crate) reports: Vec<String>,

    /// Folder with reports of your own, one `.sql` file each
    ///
    /// They are written like the ones that come with azmfa: see `azmfa reports --explain NAME`.
    #[arg(long = "queries", value_name = "DIR", help_heading = "Reports")]
    pub(crate) queries_dir: Option<PathBuf>,

    /// Exit with 1 if this holds, as in `non_mfa_write_attempts>0`
    ///
    /// EXPR is METRIC OP NUMBER: a metric of summary or readiness-summary, one of > >= < <= == !=, and a
    /// whole number. May be given several times; one that holds is enough. Quote it: shells give
    /// `>` a meaning of their own.
    #[arg(long, value_name = "EXPR", help_heading = "Reports")]
    pub(crate) fail_on: Vec<Check>,

    #[command(flatten)]
    pub(crate) top: TopArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `azmfa readiness`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReadinessArgs {
    /// Print the report as another tool has it
    ///
    /// `msid` has the columns and the three statuses of Export-MsIdAzureMfaReport, and why our
    /// verdict differs: the report msid-mfa-report.
    #[arg(long, value_name = "TOOL", value_parser = PossibleValuesParser::new(["msid"]))]
    #[arg(conflicts_with = "reports", help_heading = "Reports")]
    pub(crate) profile: Option<String>,

    #[command(flatten)]
    pub(crate) report: ReportArgs,
}

/// `azmfa query`.
#[derive(Debug, ClapArgs)]
pub(crate) struct QueryArgs {
    /// The statement, a SELECT over the tables of `azmfa schema`
    #[arg(value_name = "SQL", value_parser = parse_text)]
    pub(crate) sql: String,

    #[command(flatten)]
    pub(crate) top: TopArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `azmfa explain`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainArgs {
    /// Id of the event, from the column `event_id`
    #[arg(value_name = "EVENT_ID", value_parser = parse_text)]
    pub(crate) event_id: String,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `azmfa convert`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ConvertArgs {
    /// Table to write to standard output [default: activity]
    #[arg(long, value_name = "NAME", value_parser = parse_text, help_heading = "Output")]
    #[arg(conflicts_with = "folder")]
    pub(crate) table: Option<String>,

    /// How tables are written [default: parquet]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    #[arg(value_parser = PossibleValuesParser::new(TableFormat::ALL.map(TableFormat::name)))]
    pub(crate) format: Option<String>,

    /// Folder to write one file per table to; made if it is not there
    #[arg(short = 'o', long = "output", value_name = "DIR", help_heading = "Output")]
    pub(crate) folder: Option<PathBuf>,

    /// Replace files that exist
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `azmfa reports`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReportsArgs {
    /// Print what one report tells, its columns and its SQL
    #[arg(long, value_name = "NAME", value_parser = parse_text, help_heading = "Reports")]
    pub(crate) explain: Option<String>,

    /// Folder with reports of your own, listed with the others
    #[arg(long = "queries", value_name = "DIR", help_heading = "Reports")]
    pub(crate) queries_dir: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// `azmfa formats`.
#[derive(Debug, ClapArgs)]
pub(crate) struct FormatsArgs {
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// `azmfa schema`.
#[derive(Debug, ClapArgs)]
pub(crate) struct SchemaArgs {
    /// Short for `--format json`
    #[arg(long, conflicts_with = "format", help_heading = "Output")]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// `azmfa completions`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// What is read, what of it counts, and how it is judged.
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct ReadArgs {
    /// Files, folders or patterns; `-` or nothing for standard input
    ///
    /// Folders are read with everything below them. Gzip, zstd and zip, UTF-8 and UTF-16, and
    /// every format that `azmfa formats` lists are recognised by content and may be mixed.
    #[arg(value_name = "INPUT", value_parser = parse_text)]
    pub(crate) inputs: Vec<String>,

    /// Registered methods, as Graph's userRegistrationDetails gives them
    ///
    /// `az rest --method get --url https://graph.microsoft.com/v1.0/reports/authenticationMethods/userRegistrationDetails`
    /// writes them. This and the next three are inputs like any other, and may be given several
    /// times; the flag makes sure that they hold what you think.
    #[arg(long, value_name = "FILE", value_parser = parse_text, help_heading = "Side inputs")]
    pub(crate) registrations: Vec<String>,

    /// Azure resources, as `az resource list` writes them
    #[arg(long = "resources", value_name = "FILE", value_parser = parse_text)]
    #[arg(help_heading = "Side inputs")]
    pub(crate) resource_lists: Vec<String>,

    /// Role assignments, as `az role assignment list --all` or Graph writes them
    #[arg(long, value_name = "FILE", value_parser = parse_text, help_heading = "Side inputs")]
    pub(crate) roles: Vec<String>,

    /// Accounts, as `az ad user list` or Graph writes them
    #[arg(long = "users", value_name = "FILE", value_parser = parse_text)]
    #[arg(help_heading = "Side inputs")]
    pub(crate) user_lists: Vec<String>,

    /// Break-glass accounts: a UPN or object id a line, or the first column of a CSV
    ///
    /// `#` begins a comment. Mandatory MFA exempts nobody: these accounts need a passkey or a
    /// certificate, and are judged with that in mind.
    #[arg(long, value_name = "FILE", value_parser = parse_text, help_heading = "Side inputs")]
    pub(crate) exempt: Vec<String>,

    /// Names of applications: CSV of id and name, or JSON as `az ad sp list` writes it
    #[arg(long, value_name = "FILE", value_parser = parse_text, help_heading = "Side inputs")]
    pub(crate) apps: Vec<String>,

    /// Count events from TIME on
    ///
    /// TIME is a date (`2026-01-31`, its first instant) or a timestamp (`2026-01-31T08:00:00Z`,
    /// `2026-01-31T08:00:00+02:00`); UTC unless it says otherwise.
    #[arg(long, value_name = "TIME", value_parser = parse_instant, help_heading = "Selection")]
    pub(crate) since: Option<i64>,

    /// Count events before TIME
    #[arg(long, value_name = "TIME", value_parser = parse_instant, help_heading = "Selection")]
    pub(crate) until: Option<i64>,

    /// Take TIME for now [default: the newest event in the input]
    #[arg(long, value_name = "TIME", value_parser = parse_instant, help_heading = "Selection")]
    pub(crate) as_of: Option<i64>,

    /// Count only this subscription; may be given several times
    #[arg(long = "subscription", value_name = "ID", value_parser = parse_text)]
    #[arg(help_heading = "Selection")]
    pub(crate) subscriptions: Vec<String>,

    /// Count only this user, by name or object id; may be given several times
    #[arg(long = "user", value_name = "USER", value_parser = parse_text)]
    #[arg(help_heading = "Selection")]
    pub(crate) users: Vec<String>,

    /// Count only this resource, by id or name; may be given several times
    ///
    /// An id stands for everything below it too, so the id of a resource group selects all that
    /// is in it.
    #[arg(long = "resource", value_name = "RESOURCE", value_parser = parse_text)]
    #[arg(help_heading = "Selection")]
    pub(crate) resources: Vec<String>,

    /// Take this policy definition for an MFA policy, besides Microsoft's four
    ///
    /// ID is the full id of the definition or its last name. May be given several times.
    #[arg(long = "mfa-policy", value_name = "ID", value_parser = parse_text)]
    #[arg(help_heading = "Verdict")]
    pub(crate) mfa_policies: Vec<String>,

    /// Judge MFA by the letter of Microsoft's policy rule
    ///
    /// A token without amr and acrs then counts as non-MFA, and one without idtyp as unknown.
    #[arg(long, help_heading = "Verdict")]
    pub(crate) strict_policy: bool,

    /// Count sign-ins of this kind, which are left out of figures otherwise
    #[arg(long = "include", value_name = "KIND,…", value_delimiter = ',')]
    #[arg(value_parser = PossibleValuesParser::new(exclusion::ALL.map(Exclusion::name)), help_heading = "Verdict")]
    pub(crate) included: Vec<String>,

    /// Write every rejected record to FILE, with its place and the reason
    ///
    /// One JSON object a line: file, record, byte, reason, detail and the raw bytes.
    #[arg(long, value_name = "FILE", help_heading = "Damaged input")]
    pub(crate) rejects: Option<PathBuf>,

    /// Put pseudonyms in place of people, addresses or resources, everywhere
    ///
    /// The same value has the same pseudonym in every report and run with the same key. What is
    /// quoted in error messages and told on standard error is covered too.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', help_heading = "Privacy")]
    #[arg(value_parser = PossibleValuesParser::new(Kind::ALL.map(Kind::name)))]
    pub(crate) redact: Vec<String>,

    /// Key of the pseudonyms, made if it is not there [default: azmfa-redact.key]
    ///
    /// Whoever has it can find out who is behind a pseudonym; keep it, and keep it to yourself.
    #[arg(long, value_name = "FILE", requires = "redact", help_heading = "Privacy")]
    pub(crate) redact_key: Option<PathBuf>,

    /// Accept no damaged or cut-off input
    ///
    /// The first rejected record ends the run with exit code 2; input that looks cut short by its
    /// exporter gives exit code 3 instead of a mere warning.
    #[arg(long, help_heading = "Damaged input")]
    pub(crate) strict: bool,

    /// Worker threads [default: one per processor]
    ///
    /// The result is the same for any number.
    #[arg(long, value_name = "N", value_parser = parse_count, help_heading = "Speed and memory")]
    pub(crate) threads: Option<usize>,

    /// Memory for the rows read, as in `512MB` or `2GiB`
    ///
    /// Rows past it wait in the temporary folder (`TMPDIR`) until everything is read; the answers
    /// are the same. Default: 54 MiB, 128 MiB where `convert` writes files, 24 MiB for a query of
    /// the log that only counts, sums up and compares rows as they are. `explain`, `convert` to
    /// standard output and `convert --redact` keep all rows in memory and end with an error past
    /// SIZE. Rows of tables that `convert` wrote stay in memory until all are read.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, help_heading = "Speed and memory")]
    pub(crate) memory: Option<u64>,
}

/// How many rows.
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct TopArgs {
    /// Rows to print of each table, 0 for all
    ///
    /// Default: 20 in a table on a terminal, all elsewhere. Summaries are never cut.
    #[arg(long, value_name = "N", value_parser = parse_rows, help_heading = "Output")]
    pub(crate) top: Option<u64>,
}

/// Where pages go, and how they look.
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct OutputArgs {
    /// How the result is shown
    ///
    /// Default: by the extension of `--output`; else a table on a terminal, and csv when piped.
    /// Several reports in one csv are apart by an empty line; json holds them as one object, xlsx
    /// and html as one document.
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    #[arg(value_parser = PossibleValuesParser::new(renderers().iter().map(|each| each.name())))]
    pub(crate) format: Option<String>,

    /// File to write to, or folder for several reports [default: standard output]
    ///
    /// A folder is a path that ends in `/` or is one already; several reports without an
    /// extension make one. It then holds one file per report.
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,

    /// Replace files that exist
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
}

/// What is said on standard error.
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct MessageArgs {
    /// Say less: once without progress and accounting, twice without warnings
    ///
    /// Never hides data or errors.
    #[arg(short, long, action = ArgAction::Count, global = true, help_heading = "Messages")]
    pub(crate) quiet: u8,

    /// Say more: every sampled reject instead of the first three
    #[arg(short, long, global = true, conflicts_with = "quiet", help_heading = "Messages")]
    pub(crate) verbose: bool,

    /// When to use colours
    ///
    /// `auto` does on a terminal, unless NO_COLOR is set or TERM is `dumb`.
    #[arg(long, value_name = "WHEN", global = true, help_heading = "Messages")]
    #[arg(value_enum, default_value_t = ColorWhen::Auto)]
    pub(crate) color: ColorWhen,

    /// Show no progress bar
    #[arg(long, global = true, help_heading = "Messages")]
    pub(crate) no_progress: bool,

    /// Print help, `-h` in short and `--help` in full
    #[arg(short, long, action = ArgAction::Help, global = true, help_heading = "Help")]
    help: Option<bool>,
}

/// `--color`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal.
    #[default]
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}
