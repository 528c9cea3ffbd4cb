//! Queries that can be asked of the rows part by part: their groups are put together again from those
//! of the parts, so that nobody has to hold all rows.
//!
//! That can be done where rows are only counted, summed up and compared: every select that reads rows
//! groups them or adds all of them up, by `count`, `count(distinct …)`, `sum`, `min` and `max`. What
//! else there is of a query then reads groups, not rows. Whatever is not known to give the same answer
//! is left whole.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, GroupByExpr, Ident, JoinConstraint, JoinOperator, OrderBy, OrderByKind,
    Query, Select, SelectFlavor, SelectItem, SetExpr, TableFactor, TableWithJoins, Value, Visit,
    VisitMut, Visitor, VisitorMut, visit_expressions,
};

use crate::report::parse;
use crate::report::plan::output_name;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::activity_policy::TABLE as ACTIVITY_POLICY;
use crate::schema::attempt::TABLE as ATTEMPT;

/// What the names given here begin with.
const OWN: &str = "azmfa_";

/// What binds rows that are in one part.
const IDS: [&str; 2] = ["event_id", "attempt_id"];

/// Functions of one row that are known to stay such.
const OF_A_ROW: &[&str] = &[
    "abs", "coalesce", "concat", "greatest", "least", "length", "lower", "nullif", "replace",
    "reverse", "round", "trim", "upper",
];

/// Queries of parts and what becomes of their answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Divided {
    /// What every part is asked.
    pub asked: Vec<Asked>,
    /// What is left of each query.
    pub rest: Vec<Rest>,
}

/// A query over the answers of all parts in place of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// The query.
    pub sql: String,
    /// How many of [`Divided::asked`] it reads, after those that the queries before it read.
    pub reads: usize,
}

/// A query of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The table that its answers make up.
    pub name: String,
    /// What a part is asked: a row for each group, with its keys, then its figures.
    pub sql: String,
    /// How many keys there are.
    pub keys: usize,
    /// What makes each figure of some parts one.
    pub figures: Vec<Combine>,
}

/// How a figure of some parts comes of those of each. Where one has none, it comes of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combine {
    /// It is their sum.
    Sum,
    /// It is the smallest.
    Min,
    /// It is the largest.
    Max,
}

/// Divides queries over tables and `views`, which are `(name, SQL)`, each after those it reads; `None`
/// where one has to see all rows at once.
///
/// What comes in parts are the tables of the Activity Log, with what belongs together in one part: a
/// policy event, its policies and its attempt, and all events of an attempt.
pub fn divide(sqls: &[&str], views: &[(String, String)]) -> Option<Divided> {
    let mut columns: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for table in [&ACTIVITY, &ACTIVITY_POLICY, &ATTEMPT] {
        let names = table.columns.iter().map(|column| column.name.to_owned());
        columns.insert(table.name.to_owned(), names.collect());
    }
    let mut without_ids = BTreeSet::new();
    for (name, sql) in views {
        let query = parse::query(sql).ok()?;
        let is_known = parse::relations(&query).iter().all(|read| columns.contains_key(read));
        columns.insert(name.clone(), columns_row_by_row(&query).filter(|_| is_known)?);
        if !has_ids(&query, &without_ids) {
            without_ids.insert(name.clone());
        }
    }
    let mut divider = Divider { columns, without_ids, asked: Vec::new() };
    let mut rest = Vec::new();
    for sql in sqls {
        let (mut query, words) = parse::query_and_words(sql).ok()?;
        if words.all().any(|word| word.starts_with(OWN)) {
            return None;
        }
        let before = divider.asked.len();
        divider.query(&mut query, &BTreeSet::new())?;
        rest.push(Rest { sql: query.to_string(), reads: divider.asked.len() - before });
    }
    (!divider.asked.is_empty()).then_some(Divided { asked: divider.asked, rest })
}

/// The columns of a view that makes each of its rows of one row, or of some that are in one part.
fn columns_row_by_row(query: &Query) -> Option<BTreeSet<String>> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let is_row_by_row = is_bare(query)
        && query.order_by.is_none()
        && is_plain(select)
        && groups(select)?.is_empty()
        && is_of_a_row(&select.projection)
        && is_of_a_row(&select.selection)
        && keeps_parts(&select.from);
    is_row_by_row.then(|| select.projection.iter().map(output_name).collect())?
}

/// Whether the ids that a view gives are those of what it reads.
fn has_ids(query: &Query, without_ids: &BTreeSet<String>) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    let is_kept = |item: &SelectItem| {
        let is_id = output_name(item).is_some_and(|name| IDS.contains(&name.as_str()));
        !is_id || matches!(item, SelectItem::UnnamedExpr(_))
    };
    select.projection.iter().all(is_kept) && parse::relations(query).is_disjoint(without_ids)
}

/// Whether the query is a body with nothing around it but an order.
fn is_bare(query: &Query) -> bool {
    query.with.is_none()
        && query.limit_clause.is_none()
        && query.fetch.is_none()
        && query.locks.is_empty()
        && query.for_clause.is_none()
        && query.settings.is_none()
        && query.format_clause.is_none()
        && query.pipe_operators.is_empty()
}

/// Whether the select has no more than rows, a condition and groups.
fn is_plain(select: &Select) -> bool {
    select.optimizer_hints.is_empty()
        && select.distinct.is_none()
        && select.select_modifiers.is_none()
        && select.top.is_none()
        && select.exclude.is_none()
        && select.into.is_none()
        && select.lateral_views.is_empty()
        && select.prewhere.is_none()
        && select.connect_by.is_empty()
        && select.cluster_by.is_empty()
        && select.distribute_by.is_empty()
        && select.sort_by.is_empty()
        && select.having.is_none()
        && select.named_window.is_empty()
        && select.qualify.is_none()
        && select.value_table_mode.is_none()
        && select.flavor == SelectFlavor::Standard
}

/// What the select groups by; `None` where that is more than expressions.
fn groups(select: &Select) -> Option<&[Expr]> {
    match &select.group_by {
        GroupByExpr::Expressions(keys, more) if more.is_empty() => Some(keys),
        GroupByExpr::Expressions(..) | GroupByExpr::All(_) => None,
    }
}

/// Whether what is worked out is worked out of one row.
fn is_of_a_row(what: &impl Visit) -> bool {
    struct OfARow;
    impl Visitor for OfARow {
        type Break = ();

        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Function(function) if !is_function_of_a_row(function) => {
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            }
        }
    }
    what.visit(&mut OfARow).is_continue()
}

fn is_function_of_a_row(function: &Function) -> bool {
    function.over.is_none() && OF_A_ROW.contains(&parse::table_name(&function.name).as_str())
}

/// Whether it adds up to fractions, whose sum depends on the order.
fn has_fractions(what: &Expr) -> bool {
    let found = visit_expressions(what, |expr| {
        let is_fraction = match expr {
            Expr::BinaryOp { op, .. } => *op == BinaryOperator::Divide,
            Expr::Value(value) => {
                matches!(&value.value, Value::Number(number, _) if number.contains(['.', 'e', 'E']))
            }
            Expr::Cast { data_type, .. } => {
                let name = data_type.to_string().to_lowercase();
                !["bigint", "integer", "int"].contains(&name.as_str())
            }
            _ => false,
        };
        if is_fraction { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found.is_break()
}

/// The table that is read, and the name by which its columns are called.
fn table_of(factor: &TableFactor) -> Option<(String, String)> {
    let TableFactor::Table { name, alias, args: None, version: None, sample: None, .. } = factor
    else {
        return None;
    };
    let table = parse::table_name(name);
    let called = alias.as_ref().map_or_else(|| table.clone(), |it| it.name.value.to_lowercase());
    Some((table, called))
}

/// Whether each row that is read is made of rows of one part: of one table, or of tables that are
/// joined by what binds their rows.
fn keeps_parts(from: &[TableWithJoins]) -> bool {
    let [from] = from else { return false };
    let Some(first) = table_of(&from.relation) else { return false };
    let mut known = vec![first];
    from.joins.iter().all(|join| {
        let (JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on)) = &join.join_operator
        else {
            return false;
        };
        let (JoinConstraint::On(on), Some(joined)) = (on, table_of(&join.relation)) else {
            return false;
        };
        let is_bound = is_of_a_row(on) && known.iter().any(|other| binds(on, other, &joined));
        known.push(joined);
        is_bound
    })
}

/// Whether a condition holds only for rows of two tables, with the names they are called by, that
/// are in one part.
fn binds(condition: &Expr, one: &(String, String), other: &(String, String)) -> bool {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            binds(left, one, other) || binds(right, one, other)
        }
        Expr::Nested(inner) => binds(inner, one, other),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            let (Expr::CompoundIdentifier(left), Expr::CompoundIdentifier(right)) =
                (left.as_ref(), right.as_ref())
            else {
                return false;
            };
            let is = |parts: &[Ident], called: &str, column: &str| {
                let parts: Vec<String> = parts.iter().map(|it| it.value.to_lowercase()).collect();
                parts == [called, column]
            };
            let tables = [one.0.as_str(), other.0.as_str()];
            let bound = [
                ("event_id", [ACTIVITY.name, ACTIVITY_POLICY.name]),
                ("attempt_id", [ACTIVITY.name, ATTEMPT.name]),
            ];
            bound.iter().any(|(column, with)| {
                tables.iter().all(|table| with.contains(table))
                    && ((is(left, &one.1, column) && is(right, &other.1, column))
                        || (is(left, &other.1, column) && is(right, &one.1, column)))
            })
        }
        _ => false,
    }
}

/// The names given here.
fn key_name(index: usize) -> String {
    format!("{OWN}key_{index}")
}

fn figure_name(index: usize) -> String {
    format!("{OWN}figure_{index}")
}

fn named(name: &str) -> Expr {
    Expr::Identifier(Ident::new(name))
}

struct Divider {
    /// What comes in parts, with its columns.
    columns: BTreeMap<String, BTreeSet<String>>,
    /// Views that call something else an id.
    without_ids: BTreeSet<String>,
    asked: Vec<Asked>,
}

impl Divider {
    /// Puts what parts answer in place of their rows; `local` are the tables of the query's own.
    fn query(&mut self, query: &mut Query, local: &BTreeSet<String>) -> Option<()> {
        let mut local = local.clone();
        if let Some(with) = &mut query.with {
            if with.recursive {
                return None;
            }
            for table in &mut with.cte_tables {
                self.query(&mut table.query, &local)?;
                local.insert(table.alias.name.value.to_lowercase());
            }
        }
        self.body(&mut query.body, query.order_by.as_ref(), &local)
    }

    fn body(
        &mut self,
        body: &mut SetExpr,
        order: Option<&OrderBy>,
        local: &BTreeSet<String>,
    ) -> Option<()> {
        match body {
            SetExpr::Select(select) => self.select(select, order, local),
            SetExpr::Query(query) => self.query(query, local),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left, None, local)?;
                self.body(right, None, local)
            }
            SetExpr::Values(_) => Some(()),
            _ => None,
        }
    }

    fn select(
        &mut self,
        select: &mut Select,
        order: Option<&OrderBy>,
        local: &BTreeSet<String>,
    ) -> Option<()> {
        let (mut reads_rows, mut reads_others) = (false, false);
        for from in &mut select.from {
            let joined = from.joins.iter_mut().map(|join| &mut join.relation);
            for factor in std::iter::once(&mut from.relation).chain(joined) {
                if let TableFactor::Derived { lateral: false, subquery, .. } = factor {
                    self.query(subquery, local)?;
                    reads_others = true;
                } else {
                    let (table, _) = table_of(factor)?;
                    let is_parted = !local.contains(&table) && self.columns.contains_key(&table);
                    (reads_rows, reads_others) =
                        (reads_rows || is_parted, reads_others || !is_parted);
                }
            }
        }
        if has_queries(&select.projection) || has_queries(&select.selection) {
            return None;
        }
        match (reads_rows, reads_others) {
            (false, _) => Some(()),
            (true, true) => None,
            (true, false) => {
                let asked = self.divided(select, order)?;
                self.asked.push(asked);
                Some(())
            }
        }
    }

    /// Divides a select of rows.
    fn divided(&self, select: &mut Select, order: Option<&OrderBy>) -> Option<Asked> {
        if !is_plain(select) || !keeps_parts(&select.from) || !is_of_a_row(&select.selection) {
            return None;
        }
        let groups: Vec<Expr> =
            groups(select)?.iter().map(|key| self.group(key, select)).collect::<Option<_>>()?;
        let outputs: Vec<String> =
            select.projection.iter().map(output_name).collect::<Option<_>>()?;
        if !order.is_none_or(|order| is_by(order, &outputs)) {
            return None;
        }
        let mut read = select.from.iter().filter_map(|from| table_of(&from.relation));
        let has_ids = read.all(|(table, _)| !self.without_ids.contains(&table));
        let mut figures =
            Figures { groups: groups.len(), has_ids, keys: groups, figures: Vec::new() };
        let mut projection = select.projection.clone();
        for item in &mut projection {
            let (mut expr, alias) = match &*item {
                SelectItem::UnnamedExpr(expr @ Expr::Identifier(name)) => {
                    (expr.clone(), name.clone())
                }
                SelectItem::UnnamedExpr(expr @ Expr::CompoundIdentifier(parts)) => {
                    (expr.clone(), parts.last()?.clone())
                }
                SelectItem::ExprWithAlias { expr, alias } => (expr.clone(), alias.clone()),
                _ => return None,
            };
            if VisitMut::visit(&mut expr, &mut figures).is_break() {
                return None;
            }
            *item = SelectItem::ExprWithAlias { expr, alias };
        }
        if figures.keys.is_empty() && figures.figures.is_empty() {
            return None;
        }
        let name = format!("{OWN}part_{}", self.asked.len());
        let asked = figures.asked(&name, select)?;
        let of_groups = parse::query(&figures.sql(&name, figures.groups)).ok()?;
        let SetExpr::Select(of_groups) = *of_groups.body else { return None };
        select.projection = projection;
        select.from = of_groups.from;
        select.group_by = of_groups.group_by;
        select.selection = None;
        Some(asked)
    }

    /// What the select groups by there, or what that is another name for.
    fn group(&self, key: &Expr, select: &Select) -> Option<Expr> {
        let aliased = select.projection.iter().find_map(|item| match (item, key) {
            (SelectItem::ExprWithAlias { expr, alias }, Expr::Identifier(name))
                if alias.value.to_lowercase() == name.value.to_lowercase() && expr != key =>
            {
                Some(expr)
            }
            _ => None,
        });
        let is_column = |name: &str| {
            let read = select.from.iter().flat_map(|from| {
                let joined = from.joins.iter().map(|join| &join.relation);
                std::iter::once(&from.relation).chain(joined)
            });
            let mut tables = read.filter_map(table_of);
            tables.any(|(table, _)| self.columns.get(&table).is_none_or(|it| it.contains(name)))
        };
        let found = match (aliased, key) {
            // Engines differ in which of the two they take.
            (Some(_), Expr::Identifier(name)) if is_column(&name.value.to_lowercase()) => None,
            (Some(expr), _) => Some(expr),
            (None, Expr::Value(_)) => None,
            (None, key) => Some(key),
        };
        found.filter(|expr| is_of_a_row(*expr)).cloned()
    }
}

fn has_queries(what: &impl Visit) -> bool {
    struct Queries;
    impl Visitor for Queries {
        type Break = ();

        fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    what.visit(&mut Queries).is_break()
}

/// Whether the order is one by columns that come out.
fn is_by(order: &OrderBy, outputs: &[String]) -> bool {
    let OrderByKind::Expressions(by) = &order.kind else { return false };
    by.iter().all(|by| {
        matches!(&by.expr, Expr::Identifier(name) if outputs.contains(&name.value.to_lowercase()))
    })
}

impl Combine {
    fn function(self) -> &'static str {
        match self {
            Self::Sum => "SUM",
            Self::Min => "MIN",
            Self::Max => "MAX",
        }
    }
}

/// What a select works out of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Count,
    /// Of different values of which all rows are in one part.
    CountInParts,
    Sum,
    Min,
    Max,
}

impl Kind {
    fn of_rows(self) -> &'static str {
        match self {
            Self::Count | Self::CountInParts => "COUNT",
            Self::Sum => "SUM",
            Self::Min => "MIN",
            Self::Max => "MAX",
        }
    }

    fn of_parts(self) -> Combine {
        match self {
            Self::Count | Self::CountInParts | Self::Sum => Combine::Sum,
            Self::Min => Combine::Min,
            Self::Max => Combine::Max,
        }
    }
}

/// What a select works out of its rows, while its expressions are rewritten to work that out of
/// parts.
struct Figures {
    /// What it groups by, then what it counts the different values of.
    keys: Vec<Expr>,
    groups: usize,
    /// Whether ids of events and attempts are those of the rows that are read.
    has_ids: bool,
    /// With what each is of; none where rows are counted.
    figures: Vec<(Kind, Option<Expr>)>,
}

impl Figures {
    /// Whether all rows with one value are in one part.
    fn is_in_parts(&self, expr: &Expr) -> bool {
        let name = match expr {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        self.has_ids && name.is_some_and(|name| IDS.contains(&name.value.to_lowercase().as_str()))
    }

    fn key(&mut self, key: Expr) -> Expr {
        let known = self.keys.iter().position(|it| *it == key);
        let index = known.unwrap_or(self.keys.len());
        if known.is_none() {
            self.keys.push(key);
        }
        named(&key_name(index))
    }

    /// The figure of the parts in place of that of the rows.
    fn figure(&mut self, function: &Function) -> Option<Expr> {
        let FunctionArguments::List(list) = &function.args else { return None };
        let is_bare = function.over.is_none()
            && function.filter.is_none()
            && function.null_treatment.is_none()
            && function.within_group.is_empty()
            && function.parameters == FunctionArguments::None
            && list.clauses.is_empty();
        let [FunctionArg::Unnamed(argument)] = list.args.as_slice() else { return None };
        let of = match argument {
            FunctionArgExpr::Expr(expr) if is_of_a_row(expr) => Some(expr.clone()),
            FunctionArgExpr::Wildcard => None,
            _ => return None,
        };
        let is_distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        let name = parse::table_name(&function.name);
        let kind = match (name.as_str(), &of, is_distinct) {
            _ if !is_bare => return None,
            ("count", Some(expr), true) if self.is_in_parts(expr) => Kind::CountInParts,
            ("count", Some(expr), true) => {
                let key = self.key(expr.clone());
                return expression(&format!("COUNT(DISTINCT {key})"));
            }
            ("count", _, false) => Kind::Count,
            ("sum", Some(expr), false) if !has_fractions(expr) => Kind::Sum,
            ("min", Some(_), false) => Kind::Min,
            ("max", Some(_), false) => Kind::Max,
            _ => return None,
        };
        let figure = (kind, of);
        let known = self.figures.iter().position(|it| *it == figure);
        let index = known.unwrap_or(self.figures.len());
        if known.is_none() {
            self.figures.push(figure);
        }
        let of_parts = format!("{}({})", kind.of_parts().function(), figure_name(index));
        expression(&match kind {
            Kind::Count | Kind::CountInParts => format!("COALESCE({of_parts}, 0)"),
            Kind::Sum | Kind::Min | Kind::Max => of_parts,
        })
    }

    /// A select of keys and figures from `table`, grouped by as many keys.
    fn sql(&self, table: &str, groups: usize) -> String {
        let keys: Vec<String> = (0..self.keys.len()).map(key_name).collect();
        let figures = self.figures.iter().enumerate().map(|(index, (kind, of))| {
            let name = figure_name(index);
            let of = if of.is_some() { name.as_str() } else { "*" };
            let distinct = if *kind == Kind::CountInParts { "DISTINCT " } else { "" };
            format!("{}({distinct}{of}) AS {name}", kind.of_rows())
        });
        let columns: Vec<String> = keys.iter().cloned().chain(figures).collect();
        let by = if groups > 0 {
            format!(" GROUP BY {}", keys[..groups].join(", "))
        } else {
            String::new()
        };
        format!("SELECT {} FROM {table}{by}", columns.join(", "))
    }

    /// What parts are asked for the rows of `select`.
    fn asked(&self, name: &str, select: &Select) -> Option<Asked> {
        let mut query = parse::query(&self.sql("(SELECT 1) AS azmfa_rows", self.keys.len()));
        let columns = |name: fn(usize) -> String, (index, expr): (usize, &Expr)| {
            SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::new(name(index)) }
        };
        let figures = self.figures.iter().enumerate();
        let figures = figures.filter_map(|(index, (_, of))| Some((index, of.as_ref()?)));
        let rows: Vec<SelectItem> = self
            .keys
            .iter()
            .enumerate()
            .map(|it| columns(key_name, it))
            .chain(figures.map(|it| columns(figure_name, it)))
            .collect();
        let query = query.as_mut().ok()?;
        let SetExpr::Select(outer) = query.body.as_mut() else { return None };
        if rows.is_empty() {
            // Rows without columns cannot be counted but where they are.
            outer.from.clone_from(&select.from);
            outer.selection.clone_from(&select.selection);
        } else {
            let [TableWithJoins { relation: TableFactor::Derived { subquery, .. }, .. }] =
                outer.from.as_mut_slice()
            else {
                return None;
            };
            let SetExpr::Select(inner) = subquery.body.as_mut() else { return None };
            inner.projection = rows;
            inner.from.clone_from(&select.from);
            inner.selection.clone_from(&select.selection);
        }
        let figures = self.figures.iter().map(|(kind, _)| kind.of_parts()).collect();
        let (name, sql, keys) = (name.to_owned(), query.to_string(), self.keys.len());
        Some(Asked { name, sql, keys, figures })
    }
}

/// An expression of names given here.
fn expression(text: &str) -> Option<Expr> {
    let query = parse::query(&format!("SELECT {text}")).ok()?;
    let SetExpr::Select(select) = *query.body else { return None };
    match select.projection.into_iter().next()? {
        SelectItem::UnnamedExpr(expr) => Some(expr),
        _ => None,
    }
}

impl VisitorMut for Figures {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        ControlFlow::Break(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Some(index) = self.keys.iter().take(self.groups).position(|key| key == expr) {
            *expr = named(&key_name(index));
            return ControlFlow::Continue(());
        }
        match expr {
            Expr::Identifier(name) if name.value.starts_with(OWN) => ControlFlow::Continue(()),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
            Expr::Function(function) if is_of_parts(function) => ControlFlow::Continue(()),
            Expr::Function(function) if is_function_of_a_row(function) => ControlFlow::Continue(()),
            Expr::Function(function) => match self.figure(function) {
                Some(figure) => {
                    *expr = figure;
                    ControlFlow::Continue(())
                }
                None => ControlFlow::Break(()),
            },
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Whether a figure was rewritten already.
fn is_of_parts(function: &Function) -> bool {
    let FunctionArguments::List(list) = &function.args else { return false };
    matches!(
        list.args.as_slice(),
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(name)))]
            if name.value.starts_with(OWN)
    )
}

#[cfg(test)]
mod tests;
