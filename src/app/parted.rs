//! Answers worked out part by part, where there are more rows than fit into memory.
//!
//! Each part of the rows is folded and asked by itself, several at once; what comes of it are groups,
//! of which there are as many as the answers have, and not as many as there are rows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};

use crate::app::collect::Ingested;
use crate::app::error::Error;
use crate::app::ingest::thread_count;
use crate::app::ingest::with_threads;
use crate::app::options::ReadOptions;
use crate::app::report::window;
use crate::app::spill::rows::Spilled;
use crate::app::tables::{Made, Wishes, with_own_texts};
use crate::engine::polars::Polars;
use crate::engine::{Answer, Engine, Query, Rows, TableInput};
use crate::fold::events::Kept;
use crate::report::divide::{Asked, divide};
use crate::report::plan::Plan;

/// Groups that may come before they are put together with those there are.
const GROUPS_WAITING_MAX: usize = 32 << 10;

/// The answers to `queries`, if the rows are on disk and none of the queries has to see all at once.
///
/// # Errors
/// What the engine says, and when the temporary files cannot be read.
pub(crate) fn answers(
    options: &ReadOptions,
    (wishes, plan): (&Wishes, &Plan),
    queries: &[Query<'_>],
    ingested: &mut Ingested,
) -> Result<Option<Vec<Answer>>, Error> {
    let is_in_parts = ingested.spilled.as_ref().is_some_and(Spilled::is_in_parts);
    if !is_in_parts || !wishes.reads_only_the_log() {
        return Ok(None);
    }
    let texts: Vec<&str> = queries.iter().map(|query| query.sql).collect();
    let Some(divided) = divide(&texts, &plan.views) else { return Ok(None) };
    let Some(spilled) = ingested.spilled.take() else { return Ok(None) };
    let asked: Vec<Query<'_>> = divided.asked.iter().map(query).collect();
    let ask = |kept: Kept, policies: Vec<RecordBatch>| {
        let made = wishes.part(kept, policies).map_err(Error::Arrow)?;
        let tables: Vec<TableInput<'_>> = made.iter().map(Made::input).collect();
        let answers = Polars::default().run_part(&tables, &plan.views, &asked)?;
        answers.iter().map(alone).collect::<Result<_, _>>().map_err(Error::Arrow)
    };
    let gathered = Mutex::new(Gathered::of(&divided.asked));
    let locked = || gathered.lock().unwrap_or_else(PoisonError::into_inner);
    let parts = spilled.each_group(thread_count(options.threads), true, |number, group| {
        let answers = ask(group.kept, group.policies)?;
        locked().take(number, answers)
    })?;
    drop(spilled);
    if parts.is_empty() {
        let answers = ask(Kept::default(), Vec::new())?;
        locked().take(0, answers)?;
    }
    let gathered = gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
    let days = std::mem::take(&mut ingested.days);
    let window = window(options, ingested);
    let about_run = wishes.about_run(days, window, &mut ingested.accounting)?;
    let mut tables: Vec<TableInput<'_>> = about_run.iter().map(Made::input).collect();
    tables.extend(gathered.answers.iter().filter_map(AnswersOfParts::table));
    let rest: Vec<Query<'_>> = queries
        .iter()
        .zip(&divided.rest)
        .map(|(query, sql)| Query { name: query.name, sql, columns: query.columns.clone() })
        .collect();
    let run = || Polars::default().run(&tables, &[], &rest);
    Ok(Some(with_threads(options.threads, |pool| pool.install(run))??))
}

fn query(asked: &Asked) -> Query<'_> {
    Query { name: &asked.name, sql: &asked.sql, columns: Vec::new() }
}

/// What holds on to none of the texts of its part but its own.
fn alone(answer: &Answer) -> Result<Answer, ArrowError> {
    let batches = answer.batches.iter().map(with_own_texts).collect::<Result<_, _>>()?;
    Ok(Answer { batches, schema: Arc::clone(&answer.schema) })
}

/// What parts answered, in their order.
struct Gathered<'a> {
    answers: Vec<AnswersOfParts<'a>>,
    /// Number of the part that is next, and what came before its turn.
    next: usize,
    early: BTreeMap<usize, Vec<Answer>>,
}

impl<'a> Gathered<'a> {
    fn of(asked: &'a [Asked]) -> Self {
        let answers = asked.iter().map(AnswersOfParts::of).collect();
        Self { answers, next: 0, early: BTreeMap::new() }
    }

    fn take(&mut self, part: usize, answers: Vec<Answer>) -> Result<(), Error> {
        self.early.insert(part, answers);
        while let Some(answers) = self.early.remove(&self.next) {
            self.next += 1;
            for (known, answer) in self.answers.iter_mut().zip(answers) {
                known.take(answer)?;
            }
        }
        Ok(())
    }
}

/// What parts answered to one query.
struct AnswersOfParts<'a> {
    asked: &'a Asked,
    schema: Option<SchemaRef>,
    batches: Vec<RecordBatch>,
    /// Groups in these, and how many were left when they were put together last.
    groups: usize,
    groups_before: usize,
}

impl<'a> AnswersOfParts<'a> {
    fn of(asked: &'a Asked) -> Self {
        Self { asked, schema: None, batches: Vec::new(), groups: 0, groups_before: 0 }
    }

    fn table(&self) -> Option<TableInput<'_>> {
        let schema = Arc::clone(self.schema.as_ref()?);
        Some(TableInput { name: &self.asked.name, schema, rows: Rows::Batches(&self.batches) })
    }

    fn take(&mut self, answer: Answer) -> Result<(), Error> {
        self.groups += answer.batches.iter().map(RecordBatch::num_rows).sum::<usize>();
        self.batches.extend(answer.batches);
        self.schema = Some(answer.schema);
        let more = self.groups - self.groups_before;
        if more > GROUPS_WAITING_MAX.max(self.groups_before) { self.put_together() } else { Ok(()) }
    }

    fn put_together(&mut self) -> Result<(), Error> {
        let Some(table) = self.table() else { return Ok(()) };
        let again = Query { name: &self.asked.name, sql: &self.asked.again, columns: Vec::new() };
        let answers = Polars::default().run_part(&[table], &[], &[again])?;
        self.batches.clear();
        for answer in answers {
            let answer = alone(&answer).map_err(Error::Arrow)?;
            self.batches.extend(answer.batches);
        }
        self.groups = self.batches.iter().map(RecordBatch::num_rows).sum();
        self.groups_before = self.groups;
        Ok(())
    }
}
