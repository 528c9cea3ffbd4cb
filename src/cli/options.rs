//! From arguments to options: pairs are resolved here, so that `app` has nothing left to guess.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use crate::app::error::Error;
use crate::app::lists;
use crate::app::options::ConvertOptions;
use crate::app::options::ConvertTarget;
use crate::app::options::ExplainOptions;
use crate::app::options::MSID_REPORT;
use crate::app::options::QueryOptions;
use crate::app::options::READINESS_DEFAULT;
use crate::app::options::REPORTS_DEFAULT;
use crate::app::options::ReadOptions;
use crate::app::options::ReportOptions;
use crate::app::options::TableFormat;
use crate::app::output::check;
use crate::app::redact::Kind;
use crate::app::redact::Redaction;
use crate::app::redact::key::Key;
use crate::app::side::SideInput;
use crate::app::side::SideKind;
use crate::cli::args::ConvertArgs;
use crate::cli::args::ExplainArgs;
use crate::cli::args::QueryArgs;
use crate::cli::args::ReadArgs;
use crate::cli::args::ReadinessArgs;
use crate::cli::args::ReportArgs;
use crate::cli::args::TopArgs;
use crate::cli::examples::nothing_to_read;
use crate::cli::failure::Failure;
use crate::cli::output::Choice;
use crate::cli::terminal::Terminal;
use crate::mfa::exclusion;
use crate::mfa::exclusion::Exclusion;

/// The key of `--redact` that is in the current folder, unless another is named.
const REDACT_KEY: &str = "azmfa-redact.key";
/// Rows of a table on a terminal, unless `--top` says otherwise.
const TOP_ON_TERMINAL: u64 = 20;

/// The reports that `azmfa report` is to print, each once.
pub(crate) fn report_names(args: &ReportArgs) -> Vec<String> {
    names_or(args, &REPORTS_DEFAULT)
}

/// The reports that `azmfa readiness` is to print, each once.
pub(crate) fn readiness_names(args: &ReadinessArgs) -> Vec<String> {
    match args.profile {
        Some(_) => vec![MSID_REPORT.to_owned()],
        None => names_or(&args.report, &READINESS_DEFAULT),
    }
}

fn names_or(args: &ReportArgs, otherwise: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in args.reports.iter().map(|name| name.trim().to_ascii_lowercase()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() { otherwise.iter().map(|name| (*name).to_owned()).collect() } else { names }
}

/// Options of `azmfa report`, and of `azmfa readiness`, which prints reports too; `before` is the
/// command as it would be typed.
pub(crate) fn report(
    args: &ReportArgs,
    names: &[String],
    before: &str,
    choice: &Choice,
    terminal: &Terminal,
) -> Result<ReportOptions, Failure> {
    Ok(ReportOptions {
        read: read(&args.read, before, args.output.force, terminal)?,
        reports: names.to_vec(),
        top: top(&args.top, choice),
        queries_dir: args.queries_dir.clone(),
        fail_on: args.fail_on.clone(),
    })
}

/// Options of `azmfa query`.
pub(crate) fn query(
    args: &QueryArgs,
    choice: &Choice,
    terminal: &Terminal,
) -> Result<QueryOptions, Failure> {
    Ok(QueryOptions {
        read: read(&args.read, "azmfa query 'SELECT …'", args.output.force, terminal)?,
        sql: args.sql.clone(),
        top: top(&args.top, choice),
    })
}

/// Options of `azmfa explain`.
pub(crate) fn explain(args: &ExplainArgs, terminal: &Terminal) -> Result<ExplainOptions, Failure> {
    if !args.read.redact.is_empty() {
        return Err(Failure::usage(
            "`explain` cannot hide anything: it prints the record as it was read",
            "leave `--redact` away, or use `report` or `query`",
        ));
    }
    Ok(ExplainOptions {
        read: read(&args.read, &format!("azmfa explain {}", args.event_id), false, terminal)?,
        event_id: args.event_id.trim().to_owned(),
    })
}

/// Options of `azmfa convert`.
pub(crate) fn convert(args: &ConvertArgs, terminal: &Terminal) -> Result<ConvertOptions, Failure> {
    let format = args.format.as_deref().map(|name| {
        let known = TableFormat::ALL.into_iter().find(|each| each.name() == name);
        known.unwrap_or(TableFormat::Parquet)
    });
    let target = match (&args.folder, format) {
        (Some(folder), _) => ConvertTarget::Folder(table_folder(folder)?),
        (None, None) => {
            return Err(Failure::usage(
                "nowhere to write to: neither a folder nor a format is given",
                "`-o DIR` writes Parquet files; `--format ndjson` and `--format arrow` write one \
                 table to standard output",
            ));
        }
        (None, Some(_)) => {
            ConvertTarget::Table(args.table.clone().unwrap_or_else(|| "activity".to_owned()))
        }
    };
    let format = format.unwrap_or(TableFormat::Parquet);
    let before = match &target {
        ConvertTarget::Folder(folder) => format!("azmfa convert -o {}", folder.display()),
        ConvertTarget::Table(_) => format!("azmfa convert --format {}", format.name()),
    };
    Ok(ConvertOptions { read: read(&args.read, &before, args.force, terminal)?, target, format })
}

fn table_folder(path: &Path) -> Result<PathBuf, Failure> {
    let shown = path.display();
    if path.exists() && !path.is_dir() {
        return Err(Failure::usage(
            format!("`{shown}` is no folder"),
            "`-o` names a folder that gets one file per table",
        ));
    }
    let looks_like_file = path.extension().is_some_and(|extension| {
        TableFormat::ALL.iter().any(|each| extension.eq_ignore_ascii_case(each.name()))
    });
    if looks_like_file && !path.is_dir() {
        return Err(Failure::usage(
            format!("`{shown}` looks like a file, and tables go to a folder"),
            "name a folder; for one file: `azmfa query 'select * from activity' -o FILE`",
        ));
    }
    Ok(path.to_owned())
}

/// What is read; `before` is the command as it would be typed, for an example.
fn read(
    args: &ReadArgs,
    before: &str,
    force: bool,
    terminal: &Terminal,
) -> Result<ReadOptions, Failure> {
    let sides = sides(args);
    let mut inputs: Vec<String> = sides.iter().map(|side| side.input.clone()).collect();
    inputs.extend(args.inputs.iter().cloned());
    if args.inputs.is_empty() {
        if terminal.stdin {
            return Err(Failure::usage(
                "nothing to read: no INPUT is named, and nothing is piped in",
                nothing_to_read(before),
            ));
        }
        inputs.push("-".to_owned());
    }
    if let (Some(since), Some(until)) = (args.since, args.until)
        && since >= until
    {
        return Err(Failure::usage(
            "nothing can be counted: `--since` is not before `--until`",
            "`--until` is the first instant that is no longer counted",
        ));
    }
    if let Some(path) = &args.rejects {
        if !args.redact.is_empty() {
            return Err(Failure::usage(
                "`--rejects` writes records as they were read, and `--redact` forbids it",
                "run once with the one and once with the other",
            ));
        }
        check(path, force)?;
    }
    let mut break_glass = Vec::new();
    for path in &args.exempt {
        break_glass.extend(lists::accounts(path)?);
    }
    break_glass.sort();
    break_glass.dedup();
    let mut app_names = BTreeMap::new();
    for path in &args.apps {
        app_names.extend(lists::app_names(path)?);
    }
    let is_included = |kind: &Exclusion| args.included.iter().any(|name| name == kind.name());
    let included = exclusion::ALL.into_iter().filter(is_included).collect();
    Ok(ReadOptions {
        inputs,
        sides,
        break_glass,
        app_names,
        included,
        since: args.since,
        until: args.until,
        as_of: args.as_of,
        subscriptions: args.subscriptions.clone(),
        users: args.users.clone(),
        resources: args.resources.clone(),
        threads: args.threads,
        memory: args.memory,
        strict: args.strict,
        strict_policy: args.strict_policy,
        mfa_policies: args.mfa_policies.clone(),
        rejects: args.rejects.clone(),
        force,
        redact: redaction(args)?,
    })
}

/// The inputs of which a flag says what they hold.
fn sides(args: &ReadArgs) -> Vec<SideInput> {
    let kinds = [
        (SideKind::Registrations, &args.registrations),
        (SideKind::Resources, &args.resource_lists),
        (SideKind::Roles, &args.roles),
        (SideKind::Users, &args.user_lists),
    ];
    let side = |kind, input: &String| SideInput { kind, input: input.clone() };
    kinds.iter().flat_map(|(kind, inputs)| inputs.iter().map(|it| side(*kind, it))).collect()
}

fn redaction(args: &ReadArgs) -> Result<Option<Redaction>, Failure> {
    let kinds: Vec<Kind> = Kind::ALL
        .into_iter()
        .filter(|kind| args.redact.iter().any(|name| name == kind.name()))
        .collect();
    if kinds.is_empty() {
        return Ok(None);
    }
    let path = args.redact_key.clone().unwrap_or_else(|| PathBuf::from(REDACT_KEY));
    let (key, is_new) = Key::load_or_make(&path).map_err(Error::from)?;
    Ok(Some(Redaction { kinds, key, new_key: is_new.then_some(path) }))
}

fn top(args: &TopArgs, choice: &Choice) -> Option<u64> {
    match args.top {
        Some(0) => None,
        Some(rows) => Some(rows),
        None => choice.is_table_on_terminal().then_some(TOP_ON_TERMINAL),
    }
}

#[cfg(test)]
mod tests;
