//! Which columns of which tables some queries need, and the views between them, cut to size.
//!
//! The answer may name a column too many, never one too few: a column counts as needed when any
//! word of the SQL equals its name, unless what stands before it and a dot calls another table.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, Query, Select, SelectItem, SetExpr, TableFactor,
    TableWithJoins, Visit, Visitor,
};

use crate::report::Library;
use crate::report::parse;
use crate::report::parse::{SqlError, Words};
use crate::schema::TABLES;
use crate::schema::activity::TABLE as ACTIVITY;

/// Says of a row of `activity` that it is a policy event.
const IS_POLICY_EVENT: &str = "is_policy_event";

/// What has to be there before some queries can run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Needed columns by table. A table that is read without any column of it has an empty set.
    pub columns: BTreeMap<String, BTreeSet<String>>,
    /// Columns of `activity` that are read of policy events only: of the other rows nothing asks
    /// for them.
    pub of_policy_events: BTreeSet<String>,
    /// `(name, SQL)` of the views, each after those it reads, without the columns nobody asks for.
    pub views: Vec<(String, String)>,
    /// The queries and the views as they were read, so that nobody has to read them again.
    pub trees: Arc<Trees>,
}

/// SQL that was read, in the order in which it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trees {
    /// The queries.
    pub queries: Vec<Query>,
    /// Those of [`Plan::views`].
    pub views: Vec<Query>,
}

impl Plan {
    /// Whether `column` of `table` is needed.
    pub fn needs(&self, table: &str, column: &str) -> bool {
        self.columns.get(table).is_some_and(|columns| columns.contains(column))
    }
}

/// Plans `sqls`, which read tables of the schema and views of `library`.
///
/// # Errors
/// SQL that is not one query, a table function, or a table that nobody has.
pub fn plan(sqls: &[&str], library: &Library) -> Result<Plan, SqlError> {
    let mut planner = Planner {
        library,
        columns: BTreeMap::new(),
        wanted: BTreeMap::new(),
        of_any_event: BTreeSet::new(),
    };
    let mut queries = Vec::with_capacity(sqls.len());
    for sql in sqls {
        let (query, words) = parse::query_and_words(sql)?;
        planner.read(&query, &words)?;
        queries.push(query);
    }
    let cut = planner.follow()?;
    let of_policy_events = planner.of_policy_events();
    let (mut views, mut trees) = (Vec::new(), Trees { queries, views: Vec::new() });
    for (name, view) in in_order(cut, library)? {
        views.push((name, view.sql));
        trees.views.push(view.query);
    }
    let trees = Arc::new(trees);
    Ok(Plan { columns: planner.columns, of_policy_events, views, trees })
}

/// Columns of `activity`, `activity_policy`, `attempt`, … that `sqls` need; see [`plan`].
///
/// # Errors
/// As [`plan`].
pub fn columns_read(
    sqls: &[&str],
    library: &Library,
) -> Result<BTreeMap<String, BTreeSet<String>>, SqlError> {
    plan(sqls, library).map(|plan| plan.columns)
}

/// Columns asked of a view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Wanted {
    words: BTreeSet<String>,
    everything: bool,
}

/// A view, cut to what is wanted of it.
struct Cut {
    wanted: Wanted,
    reads: BTreeSet<String>,
    sql: String,
    query: Query,
}

struct Planner<'a> {
    library: &'a Library,
    columns: BTreeMap<String, BTreeSet<String>>,
    wanted: BTreeMap<String, Wanted>,
    /// Columns of `activity` that are read of all rows.
    of_any_event: BTreeSet<String>,
}

impl Planner<'_> {
    /// Notes what `query`, which has these words, reads of tables and wants of views; gives back
    /// those views.
    fn read(&mut self, query: &Query, words: &Words) -> Result<BTreeSet<String>, SqlError> {
        let mut sources = Sources::default();
        let _: ControlFlow<()> = query.visit(&mut sources);
        let is_narrow = sources.reads_policy_events_only();
        if let Some(function) = sources.functions.into_iter().next() {
            return Err(SqlError::TableFunction(function));
        }
        let mut views = BTreeSet::new();
        for name in sources.tables.difference(&sources.local) {
            let is_another = |called: &str| {
                sources.called.get(called).is_some_and(|tables| !tables.contains(name))
            };
            let words: BTreeSet<String> = words.but_of(is_another).cloned().collect();
            if let Some(table) = TABLES.iter().find(|table| table.name == name) {
                let columns = self.columns.entry(name.clone()).or_default();
                let names = table.columns.iter().map(|column| column.name);
                let read: BTreeSet<String> = names
                    .filter(|name| sources.wildcard || words.contains(*name))
                    .map(str::to_owned)
                    .collect();
                if *name == ACTIVITY.name && !is_narrow {
                    self.of_any_event.extend(read.iter().cloned());
                }
                columns.extend(read);
            } else if self.library.view_ids().any(|view| view == name) {
                let wanted = self.wanted.entry(name.clone()).or_default();
                wanted.words.extend(words.iter().cloned());
                wanted.everything |= sources.wildcard;
                views.insert(name.clone());
            } else {
                return Err(unknown_table(name, self.library));
            }
        }
        Ok(views)
    }

    /// Columns of `activity` that only policy events are asked for.
    fn of_policy_events(&self) -> BTreeSet<String> {
        let is_narrow =
            |name: &&String| name.as_str() != IS_POLICY_EVENT && !self.of_any_event.contains(*name);
        let read = self.columns.get(ACTIVITY.name).into_iter().flatten();
        read.filter(is_narrow).cloned().collect()
    }

    /// Cuts every wanted view to what all that read it want of it, and notes what it reads in turn.
    fn follow(&mut self) -> Result<BTreeMap<String, Cut>, SqlError> {
        let mut parsed: BTreeMap<String, Query> = BTreeMap::new();
        let mut cut: BTreeMap<String, Cut> = BTreeMap::new();
        // What is wanted only grows, so this ends.
        while let Some((name, wanted)) = self
            .wanted
            .iter()
            .find(|(name, wanted)| cut.get(*name).is_none_or(|cut| cut.wanted != **wanted))
            .map(|(name, wanted)| (name.clone(), wanted.clone()))
        {
            if !parsed.contains_key(&name) {
                let view = self.library.view(&name);
                let view = view.ok_or_else(|| unknown_table(&name, self.library))?;
                parsed.insert(name.clone(), parse::query(&view.sql)?);
            }
            let Some(whole) = parsed.get(&name) else { continue };
            let query = pruned(whole.clone(), &wanted);
            let sql = query.to_string();
            let words = parse::words_of(&sql)?;
            let reads = self.read(&query, &words)?;
            cut.insert(name, Cut { wanted, reads, sql, query });
        }
        Ok(cut)
    }
}

/// The views, each after those it reads.
fn in_order(
    mut views: BTreeMap<String, Cut>,
    library: &Library,
) -> Result<Vec<(String, Cut)>, SqlError> {
    let mut placed = Vec::with_capacity(views.len());
    while let Some(first) = views.keys().next().cloned() {
        let next =
            views.iter().find(|(_, view)| !view.reads.iter().any(|read| views.contains_key(read)));
        // Each waits for another: what they read in the end is themselves.
        let Some(name) = next.map(|(name, _)| name.clone()) else {
            return Err(unknown_table(&first, library));
        };
        placed.extend(views.remove_entry(&name));
    }
    Ok(placed)
}

fn unknown_table(name: &str, library: &Library) -> SqlError {
    let tables = TABLES.iter().map(|table| table.name);
    SqlError::unknown_table(name, tables.chain(library.view_ids()))
}

/// The view without the columns that nobody wants. Only a plain select can lose columns without
/// losing or joining rows.
fn pruned(mut query: Query, wanted: &Wanted) -> Query {
    if wanted.everything || query.order_by.is_some() {
        return query;
    }
    if let SetExpr::Select(select) = query.body.as_mut()
        && is_plain(select)
    {
        let mut kept: Vec<SelectItem> = select
            .projection
            .iter()
            .filter(|item| output_name(item).is_none_or(|name| wanted.words.contains(&name)))
            .cloned()
            .collect();
        if kept.is_empty() {
            kept.extend(select.projection.first().cloned());
        }
        select.projection = kept;
    }
    query
}

fn is_plain(select: &Select) -> bool {
    let is_grouped = match &select.group_by {
        GroupByExpr::Expressions(expressions, modifiers) => {
            !expressions.is_empty() || !modifiers.is_empty()
        }
        GroupByExpr::All(_) => true,
    };
    select.distinct.is_none() && select.having.is_none() && !is_grouped
}

/// Name a select item gives, lower case; `None` where it has none of its own.
pub(crate) fn output_name(item: &SelectItem) -> Option<String> {
    let ident = match item {
        SelectItem::UnnamedExpr(Expr::Identifier(ident)) => ident,
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last()?,
        SelectItem::ExprWithAlias { alias, .. } => alias,
        _ => return None,
    };
    Some(ident.value.to_lowercase())
}

/// What a query takes its rows from.
#[derive(Debug, Default)]
struct Sources {
    tables: BTreeSet<String>,
    functions: BTreeSet<String>,
    local: BTreeSet<String>,
    /// What names call: tables, views, and what the query itself makes.
    called: BTreeMap<String, BTreeSet<String>>,
    wildcard: bool,
    /// How often `activity` is read from, and how often of those only its policy events are.
    activities: usize,
    policy_events: usize,
}

impl Sources {
    fn reads_policy_events_only(&self) -> bool {
        self.activities == self.policy_events
    }
}

/// Names by which a select joins `activity` to tables beside it.
fn activities(select: &Select) -> Vec<String> {
    let joined = |from: &TableWithJoins| {
        let joins = from.joins.iter().map(|join| join.relation.clone());
        std::iter::once(from.relation.clone()).chain(joins).collect::<Vec<TableFactor>>()
    };
    let name =
        |factor: TableFactor| match factor {
            TableFactor::Table { name, alias, args: None, .. }
                if parse::table_name(&name) == ACTIVITY.name =>
            {
                Some(alias.map_or_else(
                    || ACTIVITY.name.to_owned(),
                    |alias| alias.name.value.to_lowercase(),
                ))
            }
            _ => None,
        };
    select.from.iter().flat_map(joined).filter_map(name).collect()
}

/// Whether `condition` holds only where the row of `table` is that of a policy event.
fn asks_for_policy_events(condition: &Expr, table: &str) -> bool {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            asks_for_policy_events(left, table) || asks_for_policy_events(right, table)
        }
        Expr::Nested(inner) => asks_for_policy_events(inner, table),
        Expr::CompoundIdentifier(parts) => {
            let names: Vec<String> = parts.iter().map(|part| part.value.to_lowercase()).collect();
            names == [table, IS_POLICY_EVENT]
        }
        _ => false,
    }
}

impl Visitor for Sources {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.local.insert(cte.alias.name.value.to_lowercase());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.wildcard |= select.projection.iter().any(|item| {
            matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..))
        });
        let condition = select.selection.as_ref();
        let asks = |table: &String| condition.is_some_and(|it| asks_for_policy_events(it, table));
        self.policy_events += activities(select).iter().filter(|table| asks(table)).count();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let name = parse::table_name(name);
                let called = alias.as_ref().map_or(&name, |alias| &alias.name.value);
                self.called.entry(called.to_lowercase()).or_default().insert(name.clone());
                self.activities += usize::from(name == ACTIVITY.name);
                self.tables.insert(name);
            }
            TableFactor::Derived { alias: Some(alias), .. } => {
                // What is in it has names of its own.
                self.called.entry(alias.name.value.to_lowercase()).or_default();
            }
            TableFactor::Derived { .. } | TableFactor::NestedJoin { .. } => {}
            other => {
                self.functions.insert(other.to_string());
            }
        }
        ControlFlow::Continue(())
    }
}
