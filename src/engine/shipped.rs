//! The engine that verbs run: what [`Tally`] knows it answers, and polars the rest.

use crate::engine::Answer;
use crate::engine::Engine;
use crate::engine::EngineError;
use crate::engine::Query;
use crate::engine::TableInput;
use crate::engine::polars::Polars;
use crate::engine::tally::Tally;

/// Both engines. Answers are the same whoever gives them, but for the order of rows where a query leaves
/// it open.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shipped {
    /// Answers what is left.
    pub polars: Polars,
}

impl Shipped {
    /// The same with as many queries at once.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        Self { polars: self.polars.with_threads(threads) }
    }

    /// Plans queries without running them: tells those that cannot run.
    ///
    /// # Errors
    /// As [`Polars::plan`].
    pub fn plan(asked: &Tally<'_>, tables: &[TableInput<'_>]) -> Result<(), EngineError> {
        let unknown = unknown(asked.queries(), &asked.known(tables));
        if unknown.is_empty() { Ok(()) } else { Polars::plan(tables, asked.views(), &unknown) }
    }

    /// Runs what was read before.
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_read(
        &self,
        asked: &Tally<'_>,
        tables: &[TableInput<'_>],
    ) -> Result<Vec<Answer>, EngineError> {
        let known = asked.answers(tables, self.polars.threads);
        with_rest(known, asked.queries(), |unknown| self.polars.run(tables, asked.views(), unknown))
    }

    /// Runs what was read before over a part of the rows, on one thread; as [`Polars::run_part`].
    ///
    /// # Errors
    /// As [`Engine::run`].
    pub fn run_part(
        &self,
        asked: &Tally<'_>,
        tables: &[TableInput<'_>],
    ) -> Result<Vec<Answer>, EngineError> {
        with_rest(asked.answers(tables, 1), asked.queries(), |unknown| {
            self.polars.run_part(tables, asked.views(), unknown)
        })
    }
}

impl Engine for Shipped {
    fn run(
        &self,
        tables: &[TableInput<'_>],
        views: &[(String, String)],
        queries: &[Query<'_>],
    ) -> Result<Vec<Answer>, EngineError> {
        self.run_read(&Tally::of(views, queries), tables)
    }
}

/// The answers that are known, and among them those to the rest of the queries.
fn with_rest(
    known: Vec<Option<Answer>>,
    queries: &[Query<'_>],
    run: impl FnOnce(&[Query<'_>]) -> Result<Vec<Answer>, EngineError>,
) -> Result<Vec<Answer>, EngineError> {
    let is_known: Vec<bool> = known.iter().map(Option::is_some).collect();
    let unknown = unknown(queries, &is_known);
    let rest = if unknown.is_empty() { Vec::new() } else { run(&unknown)? };
    let mut rest = rest.into_iter();
    Ok(known.into_iter().filter_map(|answer| answer.or_else(|| rest.next())).collect())
}

/// The queries that are not known.
fn unknown<'a>(queries: &[Query<'a>], known: &[bool]) -> Vec<Query<'a>> {
    let unknown = queries.iter().zip(known).filter(|(_, is_known)| !**is_known);
    unknown.map(|(query, _)| query.clone()).collect()
}
