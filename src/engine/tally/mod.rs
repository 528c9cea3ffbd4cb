//! Queries over tables in memory, worked out on numbers of texts.
//!
//! A report asks of a hundred thousand rows what a few columns of texts have in common, and of ten rows
//! the same. For the one, polars compares and hashes every text wherever it lies; for the other, it takes
//! longer to plan than to run. Here each column gives its texts numbers first, and what follows is work
//! on these. What is known is the SQL that reports are made of: `with`, joins on equal columns, `where`,
//! `group by`, `sum`, `min`, `max`, `count`, `case`, `coalesce`, `order by`. A query with anything else in
//! it is left to polars, whole; so this room knows no errors.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use sqlparser::ast::{Query as Tree, Statement};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;

use crate::engine::Answer;
use crate::engine::Query;
use crate::engine::Rows;
use crate::engine::TableInput;
use crate::engine::side_by_side::side_by_side;
use crate::engine::tally::column::Column;
use crate::engine::tally::select::{Table, Tables, answer};

mod column;
mod expression;
mod group;
mod order;
mod rows;
mod select;
mod words;

/// Views and queries, read once.
#[derive(Debug)]
pub struct Tally<'a> {
    views: Vec<(&'a str, Option<Tree>)>,
    queries: Vec<(&'a Query<'a>, Option<Tree>)>,
}

impl<'a> Tally<'a> {
    /// Reads them; `views` are `(name, SQL)`, each after those it reads.
    pub fn of(views: &'a [(String, String)], queries: &'a [Query<'a>]) -> Self {
        Self {
            views: views.iter().map(|(name, sql)| (name.as_str(), parsed(sql))).collect(),
            queries: queries.iter().map(|query| (query, parsed(query.sql))).collect(),
        }
    }

    /// Which of the queries are for this room, as far as can be told without rows.
    pub fn known(&self, tables: &[TableInput<'_>]) -> Vec<bool> {
        let is_here = |table: &TableInput<'_>| matches!(table.rows, Rows::Batches(_));
        let mut empty = tables.to_vec();
        for table in &mut empty {
            table.rows = Rows::Batches(&[]);
        }
        let all = 0..self.queries.len();
        match self.tables(&empty, 1).filter(|_| tables.iter().all(is_here)) {
            Some(tables) => all.map(|at| self.answer(at, &tables).is_some()).collect(),
            None => all.map(|_| false).collect(),
        }
    }

    /// What the queries answer, in their order; `None` for those that are not for this room. Columns
    /// and queries are worked on by so many `threads`.
    pub fn answers(&self, tables: &[TableInput<'_>], threads: usize) -> Vec<Option<Answer>> {
        let known = self.known(tables);
        let tables = if known.contains(&true) { self.tables(tables, threads) } else { None };
        let Some(tables) = tables else { return known.iter().map(|_| None).collect() };
        let numbers: Vec<(usize, bool)> = (0..).zip(known).collect();
        side_by_side(threads, &numbers, |(at, is_known)| {
            is_known.then(|| self.answer(*at, &tables)).flatten()
        })
    }

    fn answer(&self, at: usize, tables: &Tables) -> Option<Answer> {
        let (query, tree) = &self.queries[at];
        answered(query, &answer(tables, tree.as_ref()?)?)
    }

    /// The tables and views by name; a view that is not for this room is left out.
    fn tables(&self, inputs: &[TableInput<'_>], threads: usize) -> Option<Tables> {
        let mut wanted = Vec::new();
        for input in inputs {
            let Rows::Batches(batches) = input.rows else { return None };
            let fields = input.schema.fields().iter().enumerate();
            wanted.extend(fields.map(|(at, field)| (batches, at, field)));
        }
        let made = side_by_side(threads, &wanted, |(batches, at, field)| {
            let arrays: Vec<ArrayRef> = batches
                .iter()
                .filter(|batch| batch.num_rows() > 0)
                .map(|batch| batch.columns().get(*at).cloned())
                .collect::<Option<_>>()?;
            Column::of(&arrays, field.data_type())
        });
        let mut tables = Tables { by_name: BTreeMap::new(), threads };
        let mut made = made.into_iter();
        for input in inputs {
            let Rows::Batches(batches) = input.rows else { return None };
            let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
            let fields = input.schema.fields();
            let own = fields.iter().zip(made.by_ref().take(fields.len()));
            let (names, columns) =
                own.filter_map(|(field, column)| Some((field.name().clone(), column?))).unzip();
            let table = Table { names, columns, rows: u32::try_from(rows).ok()? };
            tables.by_name.insert(input.name.to_owned(), Arc::new(table));
        }
        for (name, tree) in &self.views {
            // Whoever reads a view that is not there is not for this room either.
            match tree.as_ref().and_then(|tree| answer(&tables, tree)) {
                Some(view) => tables.by_name.insert((*name).to_owned(), Arc::new(view)),
                None => tables.by_name.remove(*name),
            };
        }
        Some(tables)
    }
}

fn parsed(sql: &str) -> Option<Tree> {
    let mut statements = Parser::parse_sql(&GenericDialect {}, sql).ok()?;
    match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(tree)), true) => Some(*tree),
        _ => None,
    }
}

/// The table as an answer, if it has the columns that are declared.
fn answered(query: &Query<'_>, table: &Table) -> Option<Answer> {
    let declared = &query.columns;
    if !declared.is_empty() && !table.names.iter().eq(declared.iter().map(|(name, _)| name)) {
        return None;
    }
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(table.columns.len());
    for (at, column) in table.columns.iter().enumerate() {
        arrays.push(column.array(declared.get(at).map(|(_, kind)| *kind))?);
    }
    let fields = table.names.iter().zip(&arrays);
    let field =
        |(name, array): (&String, &ArrayRef)| Field::new(name, array.data_type().clone(), true);
    let schema = Arc::new(Schema::new(fields.map(field).collect::<Vec<Field>>()));
    let options = RecordBatchOptions::new().with_row_count(Some(table.rows as usize));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options).ok()?;
    Some(Answer { schema, batches: vec![batch] })
}
