//! `azmfa report`: reads the inputs once and answers every asked-for report over the same tables.

use std::collections::BTreeMap;
use std::fs;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};

use crate::app::alarm;
use crate::app::check::Check;
use crate::app::collect::Ingested;
use crate::app::error::Error;
use crate::app::ingest::{Job, ingest, open_tables, threads_for, with_threads};
use crate::app::options::{ReadOptions, ReportOptions};
use crate::app::outcome::Outcome;
use crate::app::parted;
use crate::app::progress::Progress;
use crate::app::redact::{Redactor, hide_in_error};
use crate::app::rejects::RejectFile;
use crate::app::side::SideCheck;
use crate::app::tables::{Made, Wishes, engine_for, made_ready};
use crate::app::tables_whole::Whole;
use crate::engine::tally::Tally;
use crate::engine::{Answer, Query};
use crate::error::Accounting;
use crate::extract::Wanted;
use crate::extract::filter::Filter;
use crate::extract::others::OthersWanted;
use crate::fold::events::Text;
use crate::format::FORMATS;
use crate::render::Page;
use crate::report::param::bind;
use crate::report::plan::{Plan, plan};
use crate::report::{Library, Report};
use crate::text::nearest;

/// The reports whose metrics `--fail-on` looks at.
const SUMMARIES: [&str; 2] = ["summary", "readiness-summary"];

/// Runs the asked-for reports.
///
/// # Errors
/// What keeps the verb from running; damaged records are in the outcome.
pub fn run(options: &ReportOptions, progress: &Progress) -> Result<Outcome, Error> {
    answer(options, progress).map_err(|error| hide_in_error(&options.read, error))
}

fn answer(options: &ReportOptions, progress: &Progress) -> Result<Outcome, Error> {
    let library = library(options.queries_dir.as_deref())?;
    let mut reports = options
        .reports
        .iter()
        .map(|id| library.find(id).cloned())
        .collect::<Result<Vec<Report>, _>>()?;
    let shown = reports.len();
    for check in &options.fail_on {
        let summary = summary_of(check, &library)?;
        if !reports.iter().any(|report| report.id == summary.id) {
            reports.push(summary.clone());
        }
    }
    // Times in parameters count from the newest event, which is known only after reading; what
    // the queries need does not depend on them.
    let drafts = bound(&reports, options.read.as_of.unwrap_or_default())?;
    let texts: Vec<&str> = drafts.iter().map(String::as_str).collect();
    let mut plan = plan(&texts, &library)?;
    if let Some(redaction) = &options.read.redact {
        redaction.widen(&mut plan);
    }
    let mut redactor = None;
    let wishes = Wishes::of(&plan);
    let whole = Whole::of(&options.read, &wishes).and_then(|whole| {
        let statements = bound(&reports, as_of(options, &whole.ingested)).ok()?;
        let queries = queries(&reports, &statements);
        whole.answers(&options.read, &plan, &Tally::of(&plan.views, &queries))
    });
    let (ingested, answers) = if let Some((ingested, answers)) = whole {
        progress.add_rows(ingested.accounting.records);
        (ingested, answers)
    } else {
        let draft = queries(&reports, &drafts);
        let (ingested, asked) = thread::scope(|scope| {
            let asked = scope.spawn(|| made_ready(&plan, &draft));
            let ingested = read(&options.read, &wishes, progress);
            (ingested, asked.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        let mut ingested = ingested?;
        let statements = bound(&reports, as_of(options, &ingested))?;
        let queries = queries(&reports, &statements);
        let asked = if statements == drafts { asked } else { Tally::of(&plan.views, &queries) };
        let (answers, hides) =
            answers_of_rows(&options.read, (&wishes, &plan), &asked, &mut ingested)?;
        redactor = hides;
        (ingested, answers)
    };
    let window = window(&options.read, &ingested);
    let failed_checks = failed_checks(&options.fail_on, &reports, &answers)?;
    let pages = reports
        .iter()
        .zip(answers)
        .take(shown)
        .map(|(report, answer)| {
            let top = options.top.filter(|_| !SUMMARIES.contains(&&*report.id));
            page(report, answer, top, window, &ingested.accounting)
        })
        .collect::<Result<_, Error>>()?;
    let mut outcome = Outcome {
        pages,
        failed_checks,
        window,
        accounting: ingested.accounting,
        rejects_sample: ingested.rejects_sample,
        is_truncated: ingested.is_truncated,
    };
    if let Some(redactor) = redactor {
        redactor.outcome(&mut outcome)?;
    }
    Ok(outcome)
}

/// What rows that were read answer, and what hides values in that.
///
/// # Errors
/// What the engine says, and when temporary files cannot be read or written.
pub(crate) fn answers_of_rows<'a>(
    options: &'a ReadOptions,
    (wishes, plan): (&Wishes, &Plan),
    asked: &Tally<'_>,
    ingested: &mut Ingested,
) -> Result<(Vec<Answer>, Option<Redactor<'a>>), Error> {
    // What hides values has to see all of them.
    if options.redact.is_none()
        && let Some(answers) = parted::answers(options, (wishes, plan), asked, ingested)?
    {
        return Ok((answers, None));
    }
    let window = window(options, ingested);
    let threads = threads_for(ingested, options.threads);
    let make = || wishes.make(ingested, window, options);
    let tables = with_threads(threads, |pool| pool.install(make))??;
    let inputs: Vec<_> = tables.iter().map(Made::input).collect();
    let engine = engine_for(&tables).with_threads(threads);
    let answers = engine.run_read(asked, &inputs)?;
    Ok((answers, Redactor::of(options, &tables)?))
}

/// What times in parameters count from.
fn as_of(options: &ReportOptions, ingested: &Ingested) -> i64 {
    options.read.as_of.or(ingested.window.1).unwrap_or_default()
}

fn queries<'a>(reports: &'a [Report], statements: &'a [String]) -> Vec<Query<'a>> {
    let query = |(report, sql): (&'a Report, &'a String)| Query {
        name: &report.id,
        sql,
        columns: report.declared(),
    };
    reports.iter().zip(statements).map(query).collect()
}

fn bound(reports: &[Report], as_of: i64) -> Result<Vec<String>, Error> {
    reports
        .iter()
        .map(|report| bind(report, &BTreeMap::new(), as_of).map_err(Error::from))
        .collect()
}

/// The reports that come with the program, and those of a folder.
///
/// # Errors
/// A folder that cannot be read, or a file in it that is no report.
pub(crate) fn library(folder: Option<&Path>) -> Result<Library, Error> {
    let mut library = Library::embedded();
    let Some(folder) = folder else { return Ok(library) };
    let failed = |source| Error::Queries { folder: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            files.push((path.display().to_string(), fs::read_to_string(&path).map_err(failed)?));
        }
    }
    files.sort();
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    library.load_dir(&files)?;
    Ok(library)
}

/// Reads the inputs for what is wished.
///
/// # Errors
/// As [`ingest`].
pub(crate) fn read(
    options: &ReadOptions,
    wishes: &Wishes,
    progress: &Progress,
) -> Result<Ingested, Error> {
    read_with(options, wishes, None, progress)
}

/// As [`read`], keeping the records of one event as they stand in the input.
///
/// # Errors
/// As [`ingest`].
pub(crate) fn read_with(
    options: &ReadOptions,
    wishes: &Wishes,
    raw_of: Option<String>,
    progress: &Progress,
) -> Result<Ingested, Error> {
    let folded =
        |texts: &[String]| texts.iter().map(|text| text.to_lowercase()).collect::<Vec<_>>();
    let wanted = Wanted {
        formats: FORMATS,
        activity: wishes.activity_columns(),
        of_policy_events: wishes.columns_of_policy_events(),
        policy: wishes.policy_columns(),
        others: OthersWanted {
            columns: wishes.other_columns(),
            included: options.included.clone(),
            app_names: options.app_names.clone(),
        },
        filter: Filter {
            since: options.since,
            until: options.until,
            subscriptions: folded(&options.subscriptions),
            users: folded(&options.users),
            resources: folded(&options.resources),
        },
        strict_policy: options.strict_policy,
        mfa_policies: options.mfa_policies.clone(),
        open_tables,
        raw_of,
    };
    let rejects = options
        .rejects
        .as_deref()
        .map(|path| RejectFile::create(path, options.force))
        .transpose()?;
    let job = Job {
        inputs: &options.inputs,
        wanted,
        threads: options.threads,
        memory: options.memory.or(wishes.held_bytes()),
        spill: wishes.spills(),
        hashed: wishes.hashed_columns(),
        strict: options.strict,
        rejects,
        sides: SideCheck::new(&options.sides)?,
    };
    let mut ingested = ingest(job, progress)?;
    ingested.window = wishes.widened(&ingested);
    let accounting = &mut ingested.accounting;
    accounting.warnings.extend(wishes.reads_none_of(accounting));
    accounting
        .warnings
        .extend(alarm::unpaired(&accounting.formats, ingested.others.steps.sign_ins()));
    Ok(ingested)
}

/// The asked-for window where one was asked for, else that of the events.
pub(crate) fn window(options: &ReadOptions, ingested: &Ingested) -> (Option<i64>, Option<i64>) {
    (options.since.or(ingested.window.0), options.until.or(ingested.window.1))
}

fn page(
    report: &Report,
    answer: Answer,
    top: Option<u64>,
    window: (Option<i64>, Option<i64>),
    accounting: &Accounting,
) -> Result<Page, Error> {
    let lead = report.lead.as_ref().and_then(|metric| note_of(&answer, metric));
    let about = lead.into_iter().chain([report.about.clone()]).collect::<Vec<_>>().join(" ");
    let (schema, batches) = headed(report, answer).map_err(Error::Arrow)?;
    let (batches, rows_left_out) = cut_to(batches, top);
    let position = |name: &String| report.columns.iter().position(|column| column.name == *name);
    Ok(Page {
        id: report.id.clone(),
        title: report.title.clone(),
        about,
        grain: report.grain.clone(),
        column_notes: report.columns.iter().map(|column| column.note.clone()).collect(),
        totals: report.totals.iter().filter_map(position).collect(),
        schema,
        batches,
        rows_left_out,
        window,
        accounting: accounting.clone(),
    })
}

/// The answer, its columns under the names they are shown under.
fn headed(report: &Report, answer: Answer) -> Result<(SchemaRef, Vec<RecordBatch>), ArrowError> {
    if report.columns.iter().all(|column| column.heading.is_none()) {
        return Ok((answer.schema, answer.batches));
    }
    let fields = answer.schema.fields().iter().zip(&report.columns);
    let fields = fields.map(|(field, column)| field.as_ref().clone().with_name(column.shown()));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<Field>>()));
    let renamed = |batch: RecordBatch| {
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns = batch.columns().to_vec();
        RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)
    };
    let batches = answer.batches.into_iter().map(renamed).collect::<Result<_, _>>()?;
    Ok((schema, batches))
}

/// The first `top` rows, and how many there are beyond them.
pub(crate) fn cut_to(batches: Vec<RecordBatch>, top: Option<u64>) -> (Vec<RecordBatch>, u64) {
    let Some(top) = top else { return (batches, 0) };
    let (mut left, mut rows_left_out) = (usize::try_from(top).unwrap_or(usize::MAX), 0);
    let mut kept = Vec::new();
    for batch in batches {
        let taken = batch.num_rows().min(left);
        rows_left_out += (batch.num_rows() - taken) as u64;
        left -= taken;
        if taken > 0 {
            kept.push(batch.slice(0, taken));
        }
    }
    (kept, rows_left_out)
}

/// The summary that has the metric: its SQL names every one. The first where none has, since its
/// metrics may show what was meant.
fn summary_of<'a>(check: &Check, library: &'a Library) -> Result<&'a Report, Error> {
    let named = format!("'{}'", check.metric);
    let [first, rest @ ..] = SUMMARIES;
    for id in rest {
        let summary = library.find(id)?;
        if summary.sql.contains(&named) && !library.find(first)?.sql.contains(&named) {
            return Ok(summary);
        }
    }
    Ok(library.find(first)?)
}

fn failed_checks(
    checks: &[Check],
    reports: &[Report],
    answers: &[Answer],
) -> Result<Vec<String>, Error> {
    if checks.is_empty() {
        return Ok(Vec::new());
    }
    let summaries = reports.iter().zip(answers);
    let summaries = summaries.filter(|(report, _)| SUMMARIES.contains(&&*report.id));
    let metrics: Vec<_> = summaries.flat_map(|(_, answer)| metrics_of(answer)).collect();
    let mut failed = Vec::new();
    for check in checks {
        let Some(value) =
            metrics.iter().find(|(name, _)| *name == check.metric).and_then(|(_, value)| *value)
        else {
            let names =
                metrics.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name.as_str());
            let nearest = nearest(&check.metric, names).map(str::to_owned);
            return Err(Error::UnknownMetric { name: check.metric.clone(), nearest });
        };
        if check.is_met(value) {
            failed.push(format!("`{check}` (it is {value})"));
        }
    }
    Ok(failed)
}

/// The note of a metric.
fn note_of(answer: &Answer, metric: &str) -> Option<String> {
    answer.batches.iter().find_map(|batch| {
        let (names, notes) = (Text::of(batch, "metric"), Text::of(batch, "note"));
        let row = (0..batch.num_rows()).find(|row| names.get(*row) == Some(metric))?;
        notes.get(row).map(str::to_owned)
    })
}

/// The metrics of a summary, with their values where they are numbers.
fn metrics_of(answer: &Answer) -> Vec<(String, Option<i64>)> {
    let mut metrics = Vec::new();
    for batch in &answer.batches {
        let (Some(names), Some(values)) = (
            batch.column_by_name("metric").and_then(|column| column.as_string_view_opt()),
            batch.column_by_name("value").and_then(|column| column.as_string_view_opt()),
        ) else {
            continue;
        };
        for row in 0..batch.num_rows() {
            let value =
                values.is_valid(row).then(|| values.value(row)).and_then(|text| text.parse().ok());
            metrics.push((names.value(row).to_owned(), value));
        }
    }
    metrics
}
