//! Queries over tables in memory, worked out on numbers of texts.
//!
//! A report asks of a hundred thousand rows what a few columns of texts have in common, and of ten rows
//! the same. For the one, polars compares and hashes every text wherever it lies; for the other, it takes
//! longer to plan than to run. Here each column gives its texts numbers first, and what follows is work
//! on these. What is known is the SQL that reports are made of: `with`, joins on equal columns, `where`,
//! `group by`, `sum`, `min`, `max`, `count`, `case`, `coalesce`, `order by`. A query with anything else in
//! it is left to polars, whole; so this room knows no errors.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema, SchemaRef};
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
    views: &'a [(String, String)],
    queries: &'a [Query<'a>],
    view_trees: Vec<Option<Cow<'a, Tree>>>,
    query_trees: Vec<Option<Cow<'a, Tree>>>,
    last: Mutex<Option<Known>>,
}

/// Which queries are for this room, over some tables.
#[derive(Debug)]
struct Known {
    tables: Vec<(String, SchemaRef)>,
    are_known: Vec<bool>,
}

impl<'a> Tally<'a> {
    /// Reads them; `views` are `(name, SQL)`, each after those it reads.
    pub fn of(views: &'a [(String, String)], queries: &'a [Query<'a>]) -> Self {
        let read = |sql: &str| parsed(sql).map(Cow::Owned);
        Self {
            views,
            queries,
            view_trees: views.iter().map(|(_, sql)| read(sql)).collect(),
            query_trees: queries.iter().map(|query| read(query.sql)).collect(),
            last: Mutex::default(),
        }
    }

    /// The same of views and queries that were read before, as these trees.
    pub fn of_read(
        (views, view_trees): (&'a [(String, String)], &'a [Tree]),
        (queries, query_trees): (&'a [Query<'a>], &'a [Tree]),
    ) -> Self {
        let borrowed = |trees: &'a [Tree]| trees.iter().map(|tree| Some(Cow::Borrowed(tree)));
        Self {
            views,
            queries,
            view_trees: borrowed(view_trees).collect(),
            query_trees: borrowed(query_trees).collect(),
            last: Mutex::default(),
        }
    }

    /// The views that were read.
    pub fn views(&self) -> &'a [(String, String)] {
        self.views
    }

    /// The queries that were read.
    pub fn queries(&self) -> &'a [Query<'a>] {
        self.queries
    }

    /// Which of the queries are for this room, as far as can be told without rows.
    pub fn known(&self, tables: &[TableInput<'_>]) -> Vec<bool> {
        if tables.iter().any(|table| matches!(table.rows, Rows::Parquet(_))) {
            return vec![false; self.queries.len()];
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = tables.iter().map(|table| (table.name, &table.schema));
        if let Some(Known { tables, are_known }) = &*last
            && asked.clone().eq(tables.iter().map(|(name, schema)| (name.as_str(), schema)))
        {
            return are_known.clone();
        }
        let mut empty = tables.to_vec();
        for table in &mut empty {
            table.rows = Rows::Batches(&[]);
        }
        let all = 0..self.queries.len();
        let are_known: Vec<bool> = match self.tables(&empty, 1) {
            Some(tables) => all.map(|at| self.answer(at, &tables).is_some()).collect(),
            None => all.map(|_| false).collect(),
        };
        let tables = asked.map(|(name, schema)| (name.to_owned(), Arc::clone(schema))).collect();
        *last = Some(Known { tables, are_known: are_known.clone() });
        are_known
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
        answered(&self.queries[at], &answer(tables, self.query_trees[at].as_deref()?)?)
    }

    /// The tables and views by name; a view that is not for this room is left out.
    fn tables(&self, inputs: &[TableInput<'_>], threads: usize) -> Option<Tables> {
        let mut wanted: Vec<Asked<'_>> = Vec::new();
        for input in inputs {
            let Rows::Batches(batches) = input.rows else { return None };
            if batches.iter().any(|batch| batch.num_columns() < input.schema.fields().len()) {
                return None;
            }
            let fields = input.schema.fields().iter().enumerate();
            wanted.extend(fields.map(|(at, field)| (batches, at, field.as_ref())));
        }
        let mut made = columns(&wanted, threads).into_iter();
        let mut tables = Tables { by_name: BTreeMap::new(), threads };
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
        for ((name, _), tree) in self.views.iter().zip(&self.view_trees) {
            // Whoever reads a view that is not there is not for this room either.
            match tree.as_deref().and_then(|tree| answer(&tables, tree)) {
                Some(view) => tables.by_name.insert(name.clone(), Arc::new(view)),
                None => tables.by_name.remove(name),
            };
        }
        Some(tables)
    }
}

/// A column of a table: the batches, which of their columns, its name and type.
type Asked<'a> = (&'a [RecordBatch], usize, &'a Field);

/// The columns that are asked for, in their order; `None` for those that are not reckoned with. Columns
/// of one name get their numbers together: they are what tables are joined by.
fn columns(asked: &[Asked<'_>], threads: usize) -> Vec<Option<Column>> {
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, (_, _, field)) in asked.iter().enumerate() {
        by_name.entry(field.name()).or_default().push(place);
    }
    let together: Vec<Vec<usize>> = by_name.into_values().collect();
    let made = side_by_side(threads, &together, |places| {
        let of = |place: &usize| {
            let (batches, at, field) = asked[*place];
            let filled = batches.iter().filter(|batch| batch.num_rows() > 0);
            let arrays: Vec<ArrayRef> = filled.map(|batch| Arc::clone(batch.column(at))).collect();
            (arrays, field.data_type())
        };
        Column::all_of(&places.iter().map(of).collect::<Vec<_>>())
    });
    let mut columns: Vec<(usize, Option<Column>)> =
        together.into_iter().flatten().zip(made.into_iter().flatten()).collect();
    columns.sort_unstable_by_key(|(place, _)| *place);
    columns.into_iter().map(|(_, column)| column).collect()
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
