//! The rows that a select is over, and its groups.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;

use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    JoinConstraint, JoinOperator,
};

use crate::engine::tally::column::{Column, NO_ROW};
use crate::engine::tally::expression::{Scope, Value, column, expressions, value};
use crate::engine::tally::group::Grouping;
use crate::engine::tally::select::{Table, kept};

/// Pairs of rows that a join may make without any condition.
const PAIRS_MAX: u64 = 1 << 20;

/// A table under a name, and which of its rows.
#[derive(Debug)]
pub(super) struct Source {
    name: String,
    table: Arc<Table>,
    /// All of them where there is nothing.
    rows: Option<Vec<u32>>,
}

impl Source {
    pub(super) fn of(name: &str, table: &Arc<Table>) -> Self {
        Self { name: name.to_owned(), table: Arc::clone(table), rows: None }
    }

    fn pick(&mut self, picked: &[u32]) {
        let of = |row: &u32| match &self.rows {
            Some(rows) => rows.get(*row as usize).copied().unwrap_or(NO_ROW),
            None => *row,
        };
        self.rows = Some(picked.iter().map(of).collect());
    }

    fn column(&self, at: usize) -> Column {
        let column = &self.table.columns[at];
        self.rows.as_ref().map_or_else(|| column.clone(), |rows| column.take(rows))
    }
}

/// Rows of tables beside each other.
#[derive(Debug)]
pub(super) struct Rows {
    sources: Vec<Source>,
    count: u32,
    /// Values of expressions over these rows.
    known: Mutex<HashMap<Expr, Value, FixedState>>,
}

/// A column: which of the tables, which of its columns.
type Place = (usize, usize);

impl Rows {
    /// One row without columns.
    pub(super) fn single() -> Self {
        Self { sources: Vec::new(), count: 1, known: Mutex::default() }
    }

    pub(super) fn of(source: Source) -> Self {
        Self { count: source.table.rows, sources: vec![source], known: Mutex::default() }
    }

    fn values(&self) -> MutexGuard<'_, HashMap<Expr, Value, FixedState>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the rows that a flag says yes to.
    pub(super) fn keep(&mut self, flags: &[u8]) -> Option<()> {
        self.values().clear();
        let kept = kept(flags);
        self.count = u32::try_from(kept.len()).ok()?;
        if kept.len() < flags.len() {
            self.sources.iter_mut().for_each(|source| source.pick(&kept));
        }
        Some(())
    }

    /// Where the column is that a name means, if it means one.
    fn place(&self, table: Option<&str>, name: &str) -> Option<Place> {
        let mut found = self.sources.iter().enumerate().filter_map(|(source, of)| {
            let is_meant = table.is_none_or(|table| table == of.name);
            let at = of.table.names.iter().position(|own| own == name)?;
            is_meant.then_some((source, at))
        });
        let place = found.next()?;
        found.next().is_none().then_some(place)
    }

    fn place_of(&self, expression: &Expr) -> Option<Place> {
        match expression {
            Expr::Identifier(name) => self.place(None, &name.value),
            Expr::CompoundIdentifier(names) => match names.as_slice() {
                [table, name] => self.place(Some(&table.value), &name.value),
                _ => None,
            },
            Expr::Nested(inner) => self.place_of(inner),
            _ => None,
        }
    }

    /// What rows are grouped by: a column of theirs, an item of the select by its name, or an
    /// expression.
    pub(super) fn key<'a>(
        &self,
        key: &'a Expr,
        items: &[(&str, &'a Expr)],
    ) -> Option<(&'a Expr, Column)> {
        let mut key = key;
        if let Expr::Identifier(name) = key {
            let item = items.iter().find(|(shown, _)| *shown == name.value);
            let place = self.place(None, &name.value);
            key = match (place, item) {
                (Some(place), Some((_, item))) if self.place_of(item) != Some(place) => {
                    return None;
                }
                (None, Some((_, item))) => item,
                _ => key,
            };
        }
        // A number counts columns.
        if matches!(key, Expr::Value(_)) {
            return None;
        }
        Some((key, column(self.count as usize, value(self, key)?)))
    }

    /// These rows with those of another table beside them.
    pub(super) fn joined(mut self, mut other: Source, operator: &JoinOperator) -> Option<Self> {
        self.values().clear();
        let (condition, keeps_all) = match operator {
            JoinOperator::Join(JoinConstraint::On(condition))
            | JoinOperator::Inner(JoinConstraint::On(condition)) => (condition, false),
            JoinOperator::Left(JoinConstraint::On(condition))
            | JoinOperator::LeftOuter(JoinConstraint::On(condition)) => (condition, true),
            JoinOperator::CrossJoin(JoinConstraint::None) => return self.crossed(other),
            _ => return None,
        };
        let beside = Self::of(Source::of(&other.name, &other.table));
        let mut pairs = Vec::new();
        self.equalities(&beside, condition, &mut pairs)?;
        let (left, right) = matched(&pairs, (self.count, beside.count), keeps_all)?;
        self.count = u32::try_from(left.len()).ok().filter(|count| *count < NO_ROW)?;
        self.sources.iter_mut().for_each(|source| source.pick(&left));
        other.pick(&right);
        self.sources.push(other);
        Some(self)
    }

    fn crossed(mut self, mut other: Source) -> Option<Self> {
        let (own, others) = (self.count, other.table.rows);
        self.count = u32::try_from(u64::from(own) * u64::from(others)).ok()?;
        if u64::from(self.count) > PAIRS_MAX {
            return None;
        }
        let left: Vec<u32> = (0..own).flat_map(|row| (0..others).map(move |_| row)).collect();
        let right: Vec<u32> = (0..own).flat_map(|_| 0..others).collect();
        self.sources.iter_mut().for_each(|source| source.pick(&left));
        other.pick(&right);
        self.sources.push(other);
        Some(self)
    }

    /// The columns here and beside that a condition says are equal, if it says nothing else.
    fn equalities(
        &self,
        beside: &Self,
        condition: &Expr,
        pairs: &mut Vec<(Column, Column)>,
    ) -> Option<()> {
        match condition {
            Expr::Nested(inner) => self.equalities(beside, inner, pairs),
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
                self.equalities(beside, left, pairs)?;
                self.equalities(beside, right, pairs)
            }
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                let (own, other) = match (self.place_of(left), beside.place_of(right)) {
                    (Some(own), Some(other)) => (own, other),
                    _ => (self.place_of(right)?, beside.place_of(left)?),
                };
                // A name that both have means neither.
                let is_clear =
                    |of: &Expr| self.place_of(of).is_none() || beside.place_of(of).is_none();
                if !is_clear(left) || !is_clear(right) {
                    return None;
                }
                pairs.push((
                    self.sources[own.0].column(own.1),
                    beside.sources[other.0].column(other.1),
                ));
                Some(())
            }
            _ => None,
        }
    }
}

/// Which rows of the one go with which of the other: those that are equal, and no nulls, in all pairs of
/// columns.
fn matched(
    pairs: &[(Column, Column)],
    (lefts, rights): (u32, u32),
    keeps_all: bool,
) -> Option<(Vec<u32>, Vec<u32>)> {
    let keys = pairs
        .iter()
        .map(|(left, right)| left.followed_by(right))
        .collect::<Option<Vec<Column>>>()?;
    let rows = lefts as usize + rights as usize;
    let grouping = Grouping::by(rows, &keys)?;
    let groups = grouping.of_rows();
    let is_none = |row: usize| keys.iter().any(|key| key.is_null(row));
    // Of each group its rows of the other, one after the other.
    let mut ends = vec![0_usize; grouping.count() + 1];
    let others = |row: &u32| lefts as usize + *row as usize;
    let with_keys: Vec<u32> = (0..rights).filter(|row| !is_none(others(row))).collect();
    for row in &with_keys {
        ends[groups[others(row)] as usize + 1] += 1;
    }
    for at in 1..ends.len() {
        ends[at] += ends[at - 1];
    }
    let starts = ends.clone();
    let mut sorted = vec![0; with_keys.len()];
    for row in with_keys {
        let end = &mut ends[groups[others(&row)] as usize];
        sorted[*end] = row;
        *end += 1;
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for row in 0..lefts {
        let group = groups[row as usize] as usize;
        let found =
            if is_none(row as usize) { &[][..] } else { &sorted[starts[group]..ends[group]] };
        if found.is_empty() && keeps_all {
            left.push(row);
            right.push(NO_ROW);
        }
        left.extend(found.iter().map(|_| row));
        right.extend(found);
    }
    Some((left, right))
}

impl Scope for Rows {
    fn rows(&self) -> usize {
        self.count as usize
    }

    fn rows_below(&self) -> usize {
        self.count as usize
    }

    fn known(&self, expression: &Expr) -> Option<Value> {
        match expression {
            Expr::BinaryOp { .. } => self.values().get(expression).cloned(),
            _ => None,
        }
    }

    fn remember(&self, expression: &Expr, value: &Value) {
        self.values().insert(expression.clone(), value.clone());
    }

    fn named(&self, table: Option<&str>, name: &str) -> Option<Value> {
        let (source, at) = self.place(table, name)?;
        Some(Value::Column(self.sources[source].column(at)))
    }

    fn aggregate(&self, _name: &str, _arguments: &FunctionArgumentList) -> Option<Value> {
        None
    }
}

/// The groups of some rows.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    rows: &'a Rows,
    grouping: Grouping,
    /// What rows are grouped by, where that is if it is a column, and what each group has of it.
    keys: Vec<(&'a Expr, Option<Place>, Column)>,
    /// Those that are left, if not all are.
    kept: Option<Vec<u32>>,
}

impl<'a> Groups<'a> {
    pub(super) fn of(rows: &'a Rows, keys: Vec<(&'a Expr, Column)>) -> Option<Self> {
        let columns: Vec<Column> = keys.iter().map(|(_, column)| column.clone()).collect();
        let grouping = if columns.is_empty() {
            Grouping::whole(rows.count as usize)
        } else {
            Grouping::by(rows.count as usize, &columns)?
        };
        let common =
            |(key, column): (&'a Expr, Column)| (key, rows.place_of(key), grouping.common(&column));
        let keys = keys.into_iter().map(common).collect();
        Some(Self { rows, grouping, keys, kept: None })
    }

    fn count(&self) -> usize {
        self.kept.as_ref().map_or(self.grouping.count(), Vec::len)
    }

    /// Keeps the groups that a flag says yes to.
    pub(super) fn keep(&mut self, flags: &[u8]) {
        self.kept = Some(kept(flags));
    }

    fn of_kept(&self, column: Column) -> Value {
        Value::Column(match &self.kept {
            Some(kept) => column.take(kept),
            None => column,
        })
    }
}

impl Scope for Groups<'_> {
    fn rows(&self) -> usize {
        self.count()
    }

    fn rows_below(&self) -> usize {
        self.rows.rows()
    }

    fn remember(&self, _expression: &Expr, _value: &Value) {}

    fn known(&self, expression: &Expr) -> Option<Value> {
        let place = self.rows.place_of(expression);
        let is_meant = |key: &&(&Expr, Option<Place>, Column)| {
            key.0 == expression || (place.is_some() && key.1 == place)
        };
        self.keys.iter().find(is_meant).map(|(_, _, column)| self.of_kept(column.clone()))
    }

    fn named(&self, _table: Option<&str>, _name: &str) -> Option<Value> {
        None
    }

    fn aggregate(&self, name: &str, arguments: &FunctionArgumentList) -> Option<Value> {
        let is_distinct = match arguments.duplicate_treatment {
            None => false,
            Some(DuplicateTreatment::Distinct) => true,
            Some(DuplicateTreatment::All) => return None,
        };
        let [argument] = arguments.args.as_slice() else { return None };
        if let FunctionArg::Unnamed(FunctionArgExpr::Wildcard) = argument {
            let counts = name == "count" && !is_distinct;
            return counts.then(|| self.of_kept(self.grouping.counted(None)));
        }
        let [argument] = expressions(arguments)?[..] else { return None };
        let column = column(self.rows.rows(), value(self.rows, argument)?);
        let made = match (name, is_distinct) {
            ("count", false) => self.grouping.counted(Some(&column)),
            ("count", true) => self.grouping.different(&column)?,
            ("sum", false) => self.grouping.sum(&column)?,
            ("max", _) => self.grouping.extreme(&column, Ordering::Greater)?,
            ("min", _) => self.grouping.extreme(&column, Ordering::Less)?,
            _ => return None,
        };
        Some(self.of_kept(made))
    }
}
