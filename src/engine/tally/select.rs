//! Queries over tables of columns. As in `expression`, `None` is a query that is somebody else's.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use sqlparser::ast::{
    Expr, GroupByExpr, LimitClause, ObjectNamePart, OrderBy, OrderByKind, Query, Select,
    SelectFlavor, SelectItem, SetExpr, TableAlias, TableFactor, TableWithJoins, Value as Literal,
    Values, Visit, Visitor,
};

use crate::engine::side_by_side::side_by_side;
use crate::engine::tally::column::{Column, YES};
use crate::engine::tally::expression::{AGGREGATES, Scope, column, flags, plain_call, value};
use crate::engine::tally::order::{Key, ordered};
use crate::engine::tally::rows::{Groups, Rows, Source};

/// A table, or what a query gave.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) names: Vec<String>,
    pub(super) columns: Vec<Column>,
    pub(super) rows: u32,
}

/// Tables by name, and how many threads work on what is asked of them.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    pub(super) by_name: BTreeMap<String, Arc<Table>>,
    pub(super) threads: usize,
}

/// What a query gives.
pub(super) fn answer(tables: &Tables, query: &Query) -> Option<Table> {
    let Query {
        with,
        body,
        order_by,
        limit_clause,
        fetch: None,
        locks,
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators,
    } = query
    else {
        return None;
    };
    if !locks.is_empty() || !pipe_operators.is_empty() {
        return None;
    }
    let mut own;
    let tables = match with {
        Some(with) if with.recursive => return None,
        Some(with) => {
            own = tables.clone();
            for cte in &with.cte_tables {
                if cte.from.is_some() || cte.materialized.is_some() {
                    return None;
                }
                let made = renamed(answer(&own, &cte.query)?, &cte.alias)?;
                own.by_name.insert(cte.alias.name.value.clone(), Arc::new(made));
            }
            &own
        }
        None => tables,
    };
    let limit = match limit_clause {
        Some(clause) => Some(limit(clause)?),
        None => None,
    };
    let table = match body.as_ref() {
        SetExpr::Select(select) => selected(tables, select, order_by.as_ref(), limit)?,
        SetExpr::Values(rows) if order_by.is_none() && limit.is_none() => listed(rows)?,
        _ => return None,
    };
    Some(table)
}

fn limit(clause: &LimitClause) -> Option<usize> {
    match clause {
        LimitClause::LimitOffset { limit: Some(Expr::Value(limit)), offset: None, limit_by }
            if limit_by.is_empty() =>
        {
            match &limit.value {
                Literal::Number(limit, false) => limit.parse().ok(),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The table with the names that its alias gives its columns, if it does.
fn renamed(mut table: Table, alias: &TableAlias) -> Option<Table> {
    if alias.at.is_some() {
        return None;
    }
    if !alias.columns.is_empty() {
        if alias.columns.len() != table.names.len() {
            return None;
        }
        table.names = alias.columns.iter().map(|column| column.name.value.clone()).collect();
    }
    Some(table)
}

/// Rows that the query itself lists.
fn listed(values: &Values) -> Option<Table> {
    let nothing = Rows::single();
    let width = values.rows.first()?.content.len();
    let mut columns: Vec<Option<Column>> = vec![None; width];
    for row in &values.rows {
        if row.content.len() != width {
            return None;
        }
        for (all, cell) in columns.iter_mut().zip(&row.content) {
            let cell = column(1, value(&nothing, cell)?);
            *all = Some(match all.take() {
                Some(before) => before.followed_by(&cell)?,
                None => cell,
            });
        }
    }
    let columns = columns.into_iter().collect::<Option<Vec<Column>>>()?;
    let names = (0..width).map(|at| format!("column_{at}")).collect();
    Some(Table { names, columns, rows: u32::try_from(values.rows.len()).ok()? })
}

/// The parts of a select that are known here; `None` if it has others.
struct Parts<'a> {
    projection: &'a [SelectItem],
    from: &'a [TableWithJoins],
    selection: Option<&'a Expr>,
    group_by: &'a [Expr],
    having: Option<&'a Expr>,
}

fn parts(select: &Select) -> Option<Parts<'_>> {
    let Select {
        select_token: _,
        optimizer_hints,
        distinct: None,
        select_modifiers: None,
        top: None,
        top_before_distinct: _,
        projection,
        exclude: None,
        into: None,
        from,
        lateral_views,
        prewhere: None,
        selection,
        connect_by,
        group_by: GroupByExpr::Expressions(group_by, modifiers),
        cluster_by,
        distribute_by,
        sort_by,
        having,
        named_window,
        qualify: None,
        window_before_qualify: _,
        value_table_mode: None,
        flavor: SelectFlavor::Standard,
    } = select
    else {
        return None;
    };
    let is_plain = optimizer_hints.is_empty()
        && lateral_views.is_empty()
        && connect_by.is_empty()
        && modifiers.is_empty()
        && cluster_by.is_empty()
        && distribute_by.is_empty()
        && sort_by.is_empty()
        && named_window.is_empty();
    is_plain.then_some(Parts {
        projection,
        from,
        selection: selection.as_ref(),
        group_by,
        having: having.as_ref(),
    })
}

fn selected(
    tables: &Tables,
    select: &Select,
    order_by: Option<&OrderBy>,
    limit: Option<usize>,
) -> Option<Table> {
    let parts = parts(select)?;
    let mut rows = from(tables, parts.from)?;
    if let Some(condition) = parts.selection {
        let kept = flags(&rows, condition)?;
        rows.keep(&kept)?;
    }
    let mut items = Vec::with_capacity(parts.projection.len());
    for item in parts.projection {
        items.push(named(item)?);
    }
    let names: Vec<String> = items.iter().map(|(name, _)| (*name).to_owned()).collect();
    if names.iter().enumerate().any(|(at, name)| names[..at].contains(name)) {
        return None;
    }
    let is_grouped = !parts.group_by.is_empty()
        || parts.having.is_some()
        || items.iter().any(|(_, item)| aggregates(item));
    let mut groups;
    let scope: &dyn Scope = if is_grouped {
        let keys = parts.group_by.iter().map(|key| rows.key(key, &items)).collect::<Option<_>>()?;
        groups = Groups::of(&rows, keys)?;
        if let Some(condition) = parts.having {
            let kept = flags(&groups, condition)?;
            groups.keep(&kept);
        }
        &groups
    } else {
        &rows
    };
    let count = u32::try_from(scope.rows()).ok()?;
    let columns = columns(&items, tables.threads, scope)?;
    let order = match order_by {
        Some(order_by) => Some(order(order_by, &names, &columns, scope)?),
        None => None,
    };
    let order = match (order, limit) {
        (Some(mut order), limit) => {
            order.truncate(limit.unwrap_or(usize::MAX));
            order
        }
        (None, Some(limit)) => (0..count).take(limit).collect(),
        (None, None) => return Some(Table { names, columns, rows: count }),
    };
    let columns = columns.iter().map(|column| column.take(&order)).collect();
    Some(Table { names, columns, rows: u32::try_from(order.len()).ok()? })
}

type Item<'a> = (&'a str, &'a Expr);

/// An item of a select, and its name.
fn named(item: &SelectItem) -> Option<Item<'_>> {
    match item {
        SelectItem::ExprWithAlias { expr, alias } => Some((&alias.value, expr)),
        SelectItem::UnnamedExpr(expr @ Expr::Identifier(name)) => Some((&name.value, expr)),
        SelectItem::UnnamedExpr(expr @ Expr::CompoundIdentifier(names)) => {
            Some((&names.last()?.value, expr))
        }
        _ => None,
    }
}

/// Rows for which it pays to work on several columns at once.
const MANY_ROWS: usize = 100_000;

fn columns(items: &[Item<'_>], threads: usize, scope: &dyn Scope) -> Option<Vec<Column>> {
    let threads = if scope.rows_below() < MANY_ROWS { 1 } else { threads };
    let made = |(_, item): &Item<'_>| Some(column(scope.rows(), value(scope, item)?));
    side_by_side(threads, items, made).into_iter().collect()
}

/// The order that is asked for: by what is shown, else by what it is made of.
fn order(
    order_by: &OrderBy,
    names: &[String],
    columns: &[Column],
    scope: &dyn Scope,
) -> Option<Vec<u32>> {
    let OrderBy { kind: OrderByKind::Expressions(asked), interpolate: None } = order_by else {
        return None;
    };
    let mut keys = Vec::with_capacity(asked.len());
    for asked in asked.iter().filter(|asked| asked.with_fill.is_none()) {
        let shown = match &asked.expr {
            Expr::Identifier(name) => names.iter().position(|shown| *shown == name.value),
            // A number counts columns.
            Expr::Value(_) => return None,
            _ => None,
        };
        let column = match shown {
            Some(at) => columns[at].clone(),
            None => column(scope.rows(), value(scope, &asked.expr)?),
        };
        let has_nulls = (0..column.len()).any(|row| column.is_null(row));
        let nulls_first = asked.options.nulls_first.or((!has_nulls).then_some(false))?;
        keys.push(Key { column, is_descending: asked.options.asc == Some(false), nulls_first });
    }
    if keys.len() < asked.len() {
        return None;
    }
    Some(ordered(u32::try_from(scope.rows()).ok()?, &keys))
}

/// Whether an expression is of many rows.
fn aggregates(expression: &Expr) -> bool {
    struct Calls;
    impl Visitor for Calls {
        type Break = ();

        fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
            match expression {
                Expr::Function(function)
                    if plain_call(function)
                        .is_some_and(|(name, _)| AGGREGATES.contains(&name.as_str())) =>
                {
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            }
        }
    }
    expression.visit(&mut Calls).is_break()
}

/// The rows of all tables that a select reads.
fn from(tables: &Tables, from: &[TableWithJoins]) -> Option<Rows> {
    let [from] = from else { return None };
    let mut rows = Rows::of(source(tables, &from.relation)?);
    for join in &from.joins {
        if join.global {
            return None;
        }
        rows = rows.joined(source(tables, &join.relation)?, &join.join_operator)?;
    }
    Some(rows)
}

fn source(tables: &Tables, factor: &TableFactor) -> Option<Source> {
    match factor {
        TableFactor::Table {
            name,
            alias,
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
        } if with_hints.is_empty() && partitions.is_empty() && index_hints.is_empty() => {
            let [ObjectNamePart::Identifier(name)] = name.0.as_slice() else { return None };
            let table = tables.by_name.get(&name.value)?;
            match alias {
                Some(alias) if !alias.columns.is_empty() || alias.at.is_some() => None,
                Some(alias) => Some(Source::of(&alias.name.value, table)),
                None => Some(Source::of(&name.value, table)),
            }
        }
        TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None } => {
            let table = renamed(answer(tables, subquery)?, alias)?;
            Some(Source::of(&alias.name.value, &Arc::new(table)))
        }
        _ => None,
    }
}

/// Rows that a flag says yes to.
pub(super) fn kept(flags: &[u8]) -> Vec<u32> {
    (0..).zip(flags).filter(|(_, flag)| **flag == YES).map(|(row, _)| row).collect()
}
