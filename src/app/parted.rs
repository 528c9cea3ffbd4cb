//! Answers worked out part by part, where there are more rows than fit into memory.
//!
//! Each part of the rows is folded and asked by itself, several at once; what comes of it are groups,
//! of which there are as many as the answers have, and not as many as there are rows.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use arrow_schema::ArrowError;

use crate::app::collect::Ingested;
use crate::app::error::Error;
use crate::app::groups::{Groups, Tables};
use crate::app::ingest::thread_count;
use crate::app::options::ReadOptions;
use crate::app::report::window;
use crate::app::spill::group::Turn;
use crate::app::spill::rows::Spilled;
use crate::app::tables::{Made, Wishes};
use crate::engine::shipped::Shipped;
use crate::engine::tally::Tally;
use crate::engine::{Answer, Engine, Query, Rows, TableInput};
use crate::fold::events::Kept;
use crate::report::divide::{Asked, Divided, divide};
use crate::report::plan::Plan;

/// Rows that are folded and asked at once, about. With fewer, what has to be done for each piece begins
/// to show: half as many take an eighth more time.
const ROWS_MAX: u64 = 12 << 10;

/// Bytes that come of a row while it is folded and asked, about.
const ROW_BYTES: u64 = 1 << 10;

/// The answers to what is asked, if the rows are on disk and none of the queries has to see all at once.
///
/// # Errors
/// What the engine says, and when the temporary files cannot be read.
pub(crate) fn answers(
    options: &ReadOptions,
    (wishes, plan): (&Wishes, &Plan),
    asked: &Tally<'_>,
    ingested: &mut Ingested,
) -> Result<Option<Vec<Answer>>, Error> {
    let is_in_parts = ingested.spilled.as_ref().is_some_and(Spilled::is_in_parts);
    if !is_in_parts || !wishes.reads_only_the_log() {
        return Ok(None);
    }
    let texts: Vec<&str> = asked.queries().iter().map(|query| query.sql).collect();
    let Some(divided) = divide(&texts, &plan.views) else { return Ok(None) };
    let Some(spilled) = ingested.spilled.take() else { return Ok(None) };
    let bytes_max = options.memory.or(wishes.held_bytes()).unwrap_or(u64::MAX);
    let rows_max = usize::try_from((bytes_max / ROW_BYTES).clamp(1, ROWS_MAX)).unwrap_or(1);
    let threads = thread_count(options.threads);
    let groups = groups(&spilled, (threads, rows_max), (wishes, plan), &divided.asked)?;
    drop(spilled);
    let days = std::mem::take(&mut ingested.days);
    let window = window(options, ingested);
    let about_run = wishes.about_run(days, window, &mut ingested.accounting)?;
    let tables: Vec<TableInput<'_>> = about_run.iter().map(Made::input).collect();
    finish(asked.queries(), &divided, groups.finish(), &tables).map(Some)
}

/// What all parts answer, put together.
fn groups(
    spilled: &Spilled,
    (threads, rows_max): (usize, usize),
    (wishes, plan): (&Wishes, &Plan),
    asked: &[Asked],
) -> Result<Groups, Error> {
    let queries: Vec<Query<'_>> = asked.iter().map(query).collect();
    let tally = Tally::of(&plan.views, &queries);
    let ask = |kept: Kept, policies| {
        let made = wishes.part(kept, policies).map_err(Error::Arrow)?;
        let tables: Vec<TableInput<'_>> = made.iter().map(Made::input).collect();
        let engine = Shipped::default();
        engine.run_part(&tally, &tables).map_err(Error::from)
    };
    // Who asks the parts keeps nothing: what a thread keeps lies among what it has freed, and that
    // cannot be given back.
    let (sender, receiver) = sync_channel(threads);
    thread::scope(|scope| {
        let gatherer = scope.spawn(|| gathered(Groups::of(asked), receiver));
        let parts = spilled.each_group(threads, true, rows_max, |turn, group| {
            let answers = ask(group.kept, group.policies)?;
            // Who gathers stops at an error only, which is told below.
            let _ = sender.send((turn, answers));
            Ok(())
        });
        if parts.as_ref().is_ok_and(Vec::is_empty) {
            let _ = sender.send((Turn::FIRST, ask(Kept::default(), Vec::new())?));
        }
        drop(sender);
        let groups = gatherer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        parts.and(groups.map_err(Error::Arrow))
    })
}

fn query(asked: &Asked) -> Query<'_> {
    Query { name: &asked.name, sql: &asked.sql, columns: Vec::new() }
}

/// Puts the answers of parts together in the order of these.
fn gathered(
    mut groups: Groups,
    answers: Receiver<(Turn, Vec<Answer>)>,
) -> Result<Groups, ArrowError> {
    let (mut last, mut early) = (None, BTreeMap::new());
    for (turn, answers) in answers {
        early.insert(turn, answers);
        while let Some(next) = early.first_entry().filter(|entry| entry.key().is_after(last)) {
            last = Some(*next.key());
            groups.take(&next.remove())?;
        }
    }
    Ok(groups)
}

/// Asks the queries of the groups and of other tables, one after the other: what one of them needs is
/// gone before the next begins.
fn finish(
    queries: &[Query<'_>],
    divided: &Divided,
    mut groups: Tables,
    tables: &[TableInput<'_>],
) -> Result<Vec<Answer>, Error> {
    let mut asked = divided.asked.iter();
    let mut answers = Vec::with_capacity(queries.len());
    for (query, rest) in queries.iter().zip(&divided.rest) {
        let read: Vec<_> = asked.by_ref().zip(&mut groups).take(rest.reads).collect();
        let mut batches = Vec::with_capacity(rest.reads);
        for (asked, batch) in read {
            batches.push((asked.name.as_str(), [batch.map_err(Error::Arrow)?]));
        }
        let mut tables = tables.to_vec();
        tables.extend(batches.iter().map(|(name, batches)| {
            let schema = batches[0].schema();
            TableInput { name, schema, rows: Rows::Batches(batches) }
        }));
        let query = [Query { name: query.name, sql: &rest.sql, columns: query.columns.clone() }];
        answers.extend(Shipped::default().run(&tables, &[], &query)?);
    }
    Ok(answers)
}
