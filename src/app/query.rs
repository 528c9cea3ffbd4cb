//! `azmfa query`: SQL that somebody typed, over the tables of the inputs.

use crate::app::error::Error;
use crate::app::options::QueryOptions;
use crate::app::outcome::Outcome;
use crate::app::progress::Progress;
use crate::app::redact::hide_in_error;
use crate::app::report::{answers_of_rows, cut_to, library, read, window};
use crate::app::tables::{Wishes, planned};
use crate::app::tables_whole::Whole;
use crate::engine::Query;
use crate::engine::tally::Tally;
use crate::render::Page;
use crate::report::adhoc::check;
use crate::report::divide::divide;
use crate::report::lists::spelt_out;

/// Runs one statement.
///
/// # Errors
/// What keeps the verb from running; damaged records are in the outcome.
pub fn run(options: &QueryOptions, progress: &Progress) -> Result<Outcome, Error> {
    answer(options, progress).map_err(|error| hide_in_error(&options.read, error))
}

fn answer(options: &QueryOptions, progress: &Progress) -> Result<Outcome, Error> {
    let library = library(None)?;
    let mut plan = check(&options.sql, &library)?;
    if let Some(redaction) = &options.read.redact {
        redaction.widen(&mut plan);
    }
    let spelt_out = spelt_out(&options.sql);
    let sql = spelt_out.as_ref().unwrap_or(&options.sql);
    let mut wishes = Wishes::of(&plan);
    if options.read.redact.is_none() && divide(&[sql], &plan.views).is_some() {
        wishes = wishes.in_parts();
    }
    let query = [Query { name: "query", sql, columns: Vec::new() }];
    // What cannot run is said before gigabytes are read.
    let asked = Tally::of(&plan.views, &query);
    planned(&plan, &asked)?;
    let whole = Whole::of(&options.read, &wishes)
        .and_then(|whole| whole.answers(&options.read, &plan, &asked));
    let mut redactor = None;
    let (ingested, answers) = if let Some((ingested, answers)) = whole {
        progress.add_rows(ingested.accounting.records);
        (ingested, answers)
    } else {
        let mut ingested = read(&options.read, &wishes, progress)?;
        let (answers, hides) =
            answers_of_rows(&options.read, (&wishes, &plan), &asked, &mut ingested)?;
        redactor = hides;
        (ingested, answers)
    };
    let window = window(&options.read, &ingested);
    let accounting = ingested.accounting;
    let pages = answers
        .into_iter()
        .map(|answer| {
            let (batches, rows_left_out) = cut_to(answer.batches, options.top);
            Page {
                id: "query".to_owned(),
                title: "Query".to_owned(),
                about: String::new(),
                grain: String::new(),
                column_notes: vec![String::new(); answer.schema.fields().len()],
                totals: Vec::new(),
                schema: answer.schema,
                batches,
                rows_left_out,
                window,
                accounting: accounting.clone(),
            }
        })
        .collect();
    let mut outcome = Outcome {
        pages,
        accounting,
        rejects_sample: ingested.rejects_sample,
        is_truncated: ingested.is_truncated,
        failed_checks: Vec::new(),
        window,
    };
    if let Some(redactor) = redactor {
        redactor.outcome(&mut outcome)?;
    }
    Ok(outcome)
}
