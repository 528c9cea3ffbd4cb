//! Which columns of which tables some queries need, and the views between them, cut to size.
//!
//! The answer may name a column too many, never one too few: a column counts as needed when any
//! word of the SQL equals its name.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, GroupByExpr, Query, Select, SelectItem, SetExpr, TableFactor, Visit, Visitor,
};

use crate::report::Library;
use crate::report::parse;
use crate::report::parse::SqlError;
use crate::schema::TABLES;

/// What has to be there before some queries can run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Needed columns by table. A table that is read without any column of it has an empty set.
    pub columns: BTreeMap<String, BTreeSet<String>>,
    /// `(name, SQL)` of the views, each after those it reads, without the columns nobody asks for.
    pub views: Vec<(String, String)>,
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
    let mut planner = Planner { library, plan: Plan::default(), wanted: BTreeMap::new() };
    for sql in sqls {
        let query = parse::query(sql)?;
        planner.read(&query, &mut Vec::new())?;
    }
    planner.finish()
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

struct Planner<'a> {
    library: &'a Library,
    plan: Plan,
    wanted: BTreeMap<String, Wanted>,
}

impl Planner<'_> {
    /// Notes what `query` reads, following views; `path` are the views on the way to it.
    fn read(&mut self, query: &Query, path: &mut Vec<String>) -> Result<(), SqlError> {
        let mut sources = Sources::default();
        let _: ControlFlow<()> = query.visit(&mut sources);
        if let Some(function) = sources.functions.into_iter().next() {
            return Err(SqlError::TableFunction(function));
        }
        let words = parse::folded_words(&query.to_string());
        for name in sources.tables.difference(&sources.local) {
            if let Some(table) = TABLES.iter().find(|table| table.name == name) {
                let columns = self.plan.columns.entry(name.clone()).or_default();
                let names = table.columns.iter().map(|column| column.name);
                columns.extend(
                    names
                        .filter(|name| sources.wildcard || words.contains(*name))
                        .map(str::to_owned),
                );
            } else if let Some(view) = self.library.views().iter().find(|view| view.id == *name)
                && !path.contains(name)
            {
                let wanted = self.wanted.entry(name.clone()).or_default();
                wanted.words.extend(words.iter().cloned());
                wanted.everything |= sources.wildcard;
                let pruned = pruned(parse::query(&view.sql)?, wanted);
                path.push(name.clone());
                self.read(&pruned, path)?;
                path.pop();
            } else {
                let tables = TABLES.iter().map(|table| table.name);
                let views = self.library.views().iter().map(|view| view.id.as_str());
                return Err(SqlError::unknown_table(name, tables.chain(views)));
            }
        }
        Ok(())
    }

    /// Puts the wanted views in order, each cut to what all queries together want of it.
    fn finish(mut self) -> Result<Plan, SqlError> {
        let mut waiting = Vec::new();
        for (name, wanted) in &self.wanted {
            if let Some(view) = self.library.views().iter().find(|view| view.id == *name) {
                let query = pruned(parse::query(&view.sql)?, wanted);
                let reads: BTreeSet<String> = parse::relations(&query)
                    .into_iter()
                    .filter(|read| read != name && self.wanted.contains_key(read))
                    .collect();
                waiting.push((name.clone(), reads, query.to_string()));
            }
        }
        // INVARIANT: a view that reads itself was refused in `read`, so each round places one.
        while !waiting.is_empty() {
            let placed: BTreeSet<String> =
                self.plan.views.iter().map(|(name, _)| name.clone()).collect();
            let at = waiting.iter().position(|(_, reads, _)| reads.is_subset(&placed)).unwrap_or(0);
            let (name, _, sql) = waiting.remove(at);
            self.plan.views.push((name, sql));
        }
        Ok(self.plan)
    }
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
    wildcard: bool,
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
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, args: None, .. } => {
                self.tables.insert(parse::table_name(name));
            }
            TableFactor::Derived { .. } | TableFactor::NestedJoin { .. } => {}
            other => {
                self.functions.insert(other.to_string());
            }
        }
        ControlFlow::Continue(())
    }
}
