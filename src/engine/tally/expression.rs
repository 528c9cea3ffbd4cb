//! Expressions over the rows of a select, or over its groups. What is not known here is `None`: a query
//! with that in it is somebody else's.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, UnaryOperator, Value as Literal,
};

use crate::engine::tally::column::{Column, NO, Texts, UNKNOWN, Whole, YES};
use crate::engine::tally::words::{NONE, Words, united};
use crate::schema::Kind;
use crate::time::day_of;

/// What an expression gives.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Column(Column),
    /// The same in every row.
    Constant(Constant),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Constant {
    Null,
    Text(String),
    Integer(i64),
    Flag(bool),
}

/// Where expressions get what they name.
pub(super) trait Scope: Sync {
    fn rows(&self) -> usize;
    /// Of groups, the rows that they are of.
    fn rows_below(&self) -> usize;
    /// What is known of the expression as a whole.
    fn known(&self, expression: &Expr) -> Option<Value>;
    /// Keeps the value of an expression that may come again.
    fn remember(&self, expression: &Expr, value: &Value);
    fn named(&self, table: Option<&str>, name: &str) -> Option<Value>;
    /// What an aggregate function gives for its arguments.
    fn aggregate(&self, name: &str, arguments: &FunctionArgumentList) -> Option<Value>;
}

/// Functions of many rows.
pub(super) const AGGREGATES: [&str; 4] = ["count", "max", "min", "sum"];

/// The value of an expression in each row.
pub(super) fn value(scope: &dyn Scope, expression: &Expr) -> Option<Value> {
    if let Some(known) = scope.known(expression) {
        return Some(known);
    }
    let value = worked_out(scope, expression)?;
    // Conditions are what several expressions have in common.
    if let Expr::BinaryOp { .. } = expression {
        scope.remember(expression, &value);
    }
    Some(value)
}

fn worked_out(scope: &dyn Scope, expression: &Expr) -> Option<Value> {
    match expression {
        Expr::Identifier(name) => scope.named(None, &name.value),
        Expr::CompoundIdentifier(names) => match names.as_slice() {
            [table, name] => scope.named(Some(&table.value), &name.value),
            _ => None,
        },
        Expr::Nested(inner) => value(scope, inner),
        Expr::Value(literal) => constant(&literal.value).map(Value::Constant),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match value(scope, expr)? {
            Value::Constant(Constant::Integer(number)) => {
                Some(Value::Constant(Constant::Integer(number.checked_neg()?)))
            }
            _ => None,
        },
        Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
            let not = |flag: &u8| if *flag == UNKNOWN { UNKNOWN } else { YES - *flag };
            Some(flags_of(flags(scope, expr)?.iter().map(not)))
        }
        Expr::IsNull(inner) => nulls(scope, inner, YES),
        Expr::IsNotNull(inner) => nulls(scope, inner, NO),
        Expr::BinaryOp { left, op, right } => binary(scope, left, op, right),
        Expr::InList { expr, list, negated: false } => {
            let of = value(scope, expr)?;
            let mut any: Option<Arc<Vec<u8>>> = None;
            for item in list {
                let found = compared(scope.rows(), &of, &BinaryOperator::Eq, &value(scope, item)?)?;
                any = Some(match any {
                    Some(any) => joined(&any, &found, YES),
                    None => found,
                });
            }
            any.map(|any| Value::Column(Column::Flags(any)))
        }
        Expr::Case { operand, conditions, else_result, .. } => {
            case(scope, operand.as_deref(), conditions, else_result.as_deref())
        }
        Expr::Cast { kind: CastKind::Cast, expr, data_type, array: false, format: None } => {
            cast(value(scope, expr)?, data_type)
        }
        Expr::Function(function) => called(scope, function),
        _ => None,
    }
}

fn constant(literal: &Literal) -> Option<Constant> {
    match literal {
        Literal::Null => Some(Constant::Null),
        Literal::Boolean(flag) => Some(Constant::Flag(*flag)),
        Literal::SingleQuotedString(text) => Some(Constant::Text(text.clone())),
        Literal::Number(number, false) => number.parse().ok().map(Constant::Integer),
        _ => None,
    }
}

/// The flags that an expression gives; unknown where it is null.
pub(super) fn flags(scope: &dyn Scope, expression: &Expr) -> Option<Arc<Vec<u8>>> {
    match value(scope, expression)? {
        Value::Column(Column::Flags(flags)) => Some(flags),
        Value::Constant(Constant::Flag(flag)) => Some(Arc::new(vec![u8::from(flag); scope.rows()])),
        Value::Constant(Constant::Null) => Some(Arc::new(vec![UNKNOWN; scope.rows()])),
        _ => None,
    }
}

/// The column that a value is, in so many rows.
pub(super) fn column(rows: usize, value: Value) -> Column {
    match value {
        Value::Column(column) => column,
        Value::Constant(Constant::Null) => texts(Arc::new(Words::of([])), vec![NONE; rows]),
        Value::Constant(Constant::Text(text)) => {
            texts(Arc::new(Words::of([text.as_str()])), vec![NONE + 1; rows])
        }
        Value::Constant(Constant::Integer(number)) => Column::Whole(Whole {
            kind: Kind::Integer,
            values: vec![number; rows].into(),
            has: None,
        }),
        Value::Constant(Constant::Flag(flag)) => {
            Column::Flags(Arc::new(vec![u8::from(flag); rows]))
        }
    }
}

/// The value, small integers as any others.
fn wide(value: &Value) -> Value {
    match value {
        Value::Column(column) => Value::Column(column.clone().wide()),
        constant @ Value::Constant(_) => constant.clone(),
    }
}

fn texts(words: Arc<Words>, numbers: Vec<u32>) -> Column {
    Column::Texts(Texts { words, numbers: numbers.into() })
}

fn flags_of(flags: impl Iterator<Item = u8>) -> Value {
    Value::Column(Column::Flags(Arc::new(flags.collect())))
}

fn nulls(scope: &dyn Scope, inner: &Expr, if_null: u8) -> Option<Value> {
    let flag = |is_null: bool| if is_null { if_null } else { YES - if_null };
    Some(match value(scope, inner)? {
        Value::Constant(constant) => {
            Value::Constant(Constant::Flag(flag(constant == Constant::Null) == YES))
        }
        Value::Column(column) => flags_of((0..column.len()).map(|row| flag(column.is_null(row)))),
    })
}

fn binary(
    scope: &dyn Scope,
    left: &Expr,
    operator: &BinaryOperator,
    right: &Expr,
) -> Option<Value> {
    let deciding = match operator {
        BinaryOperator::And => Some(NO),
        BinaryOperator::Or => Some(YES),
        _ => None,
    };
    let flags = match deciding {
        Some(deciding) => joined(&flags(scope, left)?, &flags(scope, right)?, deciding),
        None => compared(scope.rows(), &value(scope, left)?, operator, &value(scope, right)?)?,
    };
    Some(Value::Column(Column::Flags(flags)))
}

/// `and` or `or`: a flag that is `deciding` decides, else one that is unknown does.
fn joined(left: &[u8], right: &[u8], deciding: u8) -> Arc<Vec<u8>> {
    let join = |(left, right): (&u8, &u8)| {
        if *left == deciding || *right == deciding { deciding } else { (*left).max(*right) }
    };
    Arc::new(left.iter().zip(right).map(join).collect())
}

/// How an operator takes the order of two values.
fn holds(operator: &BinaryOperator) -> Option<fn(Ordering) -> bool> {
    Some(match operator {
        BinaryOperator::Eq => Ordering::is_eq,
        BinaryOperator::NotEq => Ordering::is_ne,
        BinaryOperator::Lt => Ordering::is_lt,
        BinaryOperator::LtEq => Ordering::is_le,
        BinaryOperator::Gt => Ordering::is_gt,
        BinaryOperator::GtEq => Ordering::is_ge,
        _ => return None,
    })
}

fn compared(
    rows: usize,
    left: &Value,
    operator: &BinaryOperator,
    right: &Value,
) -> Option<Arc<Vec<u8>>> {
    let (left, right) = (&wide(left), &wide(right));
    let holds = holds(operator)?;
    let flag = |order: Option<Ordering>| order.map_or(UNKNOWN, |order| u8::from(holds(order)));
    let flags: Vec<u8> = match (left, right) {
        (Value::Constant(Constant::Null), _) | (_, Value::Constant(Constant::Null)) => {
            vec![UNKNOWN; rows]
        }
        (Value::Column(Column::Texts(texts)), Value::Constant(Constant::Text(other))) => {
            let of_word = |word: Option<&str>| flag(word.map(|word| word.cmp(other)));
            let of_words: Vec<u8> = texts.words.iter().map(of_word).collect();
            texts.numbers.iter().map(|number| of_words[*number as usize]).collect()
        }
        (Value::Column(Column::Whole(whole)), Value::Constant(Constant::Integer(other)))
            if whole.kind == Kind::Integer =>
        {
            (0..rows).map(|row| flag(whole.get(row).map(|value| value.cmp(other)))).collect()
        }
        (Value::Column(Column::Texts(left)), Value::Column(Column::Texts(right))) => {
            let order = |row: usize| {
                let left = left.words.get(left.numbers[row])?;
                Some(left.cmp(right.words.get(right.numbers[row])?))
            };
            (0..rows).map(|row| flag(order(row))).collect()
        }
        (Value::Column(Column::Whole(left)), Value::Column(Column::Whole(right)))
            if left.kind == right.kind =>
        {
            let order = |row: usize| Some(left.get(row)?.cmp(&right.get(row)?));
            (0..rows).map(|row| flag(order(row))).collect()
        }
        _ => return None,
    };
    Some(Arc::new(flags))
}

/// Which of some values a row has; more of them nobody writes.
type Choice = u16;

fn case(
    scope: &dyn Scope,
    operand: Option<&Expr>,
    conditions: &[CaseWhen],
    otherwise: Option<&Expr>,
) -> Option<Value> {
    let operand = match operand {
        Some(operand) => Some(value(scope, operand)?),
        None => None,
    };
    let last = Choice::try_from(conditions.len()).ok()?;
    let mut chosen = vec![last; scope.rows()];
    let mut values = Vec::with_capacity(conditions.len() + 1);
    for (number, CaseWhen { condition, result }) in (0..).zip(conditions) {
        let flags = match &operand {
            Some(operand) => {
                let other = value(scope, condition)?;
                compared(scope.rows(), operand, &BinaryOperator::Eq, &other)?
            }
            None => flags(scope, condition)?,
        };
        for (chosen, flag) in chosen.iter_mut().zip(flags.iter()) {
            if *chosen == last && *flag == YES {
                *chosen = number;
            }
        }
        values.push(value(scope, result)?);
    }
    values.push(match otherwise {
        Some(otherwise) => value(scope, otherwise)?,
        None => Value::Constant(Constant::Null),
    });
    choose(&chosen, &values)
}

/// The first of some values that is there.
fn coalesce(scope: &dyn Scope, arguments: &[&Expr]) -> Option<Value> {
    let values = arguments.iter().map(|it| value(scope, it)).collect::<Option<Vec<Value>>>()?;
    let last = Choice::try_from(values.len()).ok()?.checked_sub(1)?;
    let first = values.first()?;
    if matches!(first, Value::Column(column) if column.is_full() && is_of_one_kind(&values)) {
        return Some(first.clone());
    }
    let has = |value: &Value, row: usize| match value {
        Value::Column(column) => !column.is_null(row),
        Value::Constant(constant) => *constant != Constant::Null,
    };
    let choice = |row| (0..last).find(|at| has(&values[usize::from(*at)], row)).unwrap_or(last);
    let chosen: Vec<Choice> = (0..scope.rows()).map(choice).collect();
    choose(&chosen, &values)
}

/// What may stand beside each other in a column; nothing for null, which may stand beside anything.
fn kind_of(value: &Value) -> Option<Kind> {
    match value {
        Value::Constant(Constant::Null) => None,
        Value::Column(Column::Texts(_)) | Value::Constant(Constant::Text(_)) => Some(Kind::Text),
        Value::Column(Column::Flags(_)) | Value::Constant(Constant::Flag(_)) => Some(Kind::Boolean),
        Value::Column(Column::Small(_)) | Value::Constant(Constant::Integer(_)) => {
            Some(Kind::Integer)
        }
        Value::Column(Column::Whole(whole)) => Some(whole.kind),
    }
}

fn is_of_one_kind(values: &[Value]) -> bool {
    let mut kinds = values.iter().filter_map(kind_of);
    let first = kinds.next();
    kinds.all(|kind| Some(kind) == first)
}

/// Of each row the value that is chosen for it.
fn choose(chosen: &[Choice], values: &[Value]) -> Option<Value> {
    if !is_of_one_kind(values) {
        return None;
    }
    let kind = values.iter().find_map(kind_of);
    match kind {
        None => Some(Value::Constant(Constant::Null)),
        Some(Kind::Text) => chosen_texts(chosen, values),
        Some(Kind::Boolean) => {
            let flag = |(row, choice): (usize, &Choice)| match &values[usize::from(*choice)] {
                Value::Column(Column::Flags(flags)) => flags[row],
                Value::Constant(Constant::Flag(flag)) => u8::from(*flag),
                _ => UNKNOWN,
            };
            Some(flags_of(chosen.iter().enumerate().map(flag)))
        }
        Some(kind) => Some(Value::Column(chosen_whole(chosen, values, kind))),
    }
}

fn chosen_texts(chosen: &[Choice], values: &[Value]) -> Option<Value> {
    let lists: Vec<Arc<Words>> = values
        .iter()
        .map(|value| match value {
            Value::Column(Column::Texts(texts)) => Arc::clone(&texts.words),
            Value::Constant(Constant::Text(text)) => Arc::new(Words::of([text.as_str()])),
            _ => Arc::new(Words::of([])),
        })
        .collect();
    // Values that are never a text do not part what others share.
    let with_texts: Vec<&Arc<Words>> = lists.iter().filter(|list| list.len() > 1).collect();
    let (words, new) = match with_texts.as_slice() {
        [] => (Arc::clone(lists.first()?), Vec::new()),
        some => united(some)?,
    };
    let mut new = new.into_iter();
    let none: Arc<[u32]> = Arc::from([NONE]);
    let new: Vec<Arc<[u32]>> = lists
        .iter()
        .map(|list| if list.len() > 1 { new.next() } else { Some(Arc::clone(&none)) })
        .collect::<Option<_>>()?;
    let number = |(row, choice): (usize, &Choice)| {
        let choice = usize::from(*choice);
        match &values[choice] {
            Value::Column(Column::Texts(texts)) => new[choice][texts.numbers[row] as usize],
            Value::Constant(Constant::Text(_)) => new[choice][NONE as usize + 1],
            _ => NONE,
        }
    };
    let numbers = chosen.iter().enumerate().map(number).collect();
    Some(Value::Column(texts(words, numbers)))
}

fn chosen_whole(chosen: &[Choice], values: &[Value], kind: Kind) -> Column {
    let small = |value: &Value| match value {
        Value::Constant(Constant::Integer(number)) => u8::try_from(*number).ok(),
        _ => None,
    };
    if let Some(small) = values.iter().map(small).collect::<Option<Vec<u8>>>() {
        let chosen = chosen.iter().map(|choice| small[usize::from(*choice)]);
        return Column::Small(Arc::new(chosen.collect()));
    }
    let values: Vec<Value> = values.iter().map(wide).collect();
    let number = |(row, choice): (usize, &Choice)| match &values[usize::from(*choice)] {
        Value::Column(Column::Whole(whole)) => whole.get(row),
        Value::Constant(Constant::Integer(number)) => Some(*number),
        _ => None,
    };
    Column::Whole(Whole::of(kind, chosen.iter().enumerate().map(number)))
}

fn cast(value: Value, to: &DataType) -> Option<Value> {
    let value = if matches!(to, DataType::String(_)) { wide(&value) } else { value };
    match (to, value) {
        (DataType::BigInt(None), same @ Value::Constant(Constant::Null))
        | (DataType::String(None), same @ Value::Column(Column::Texts(_))) => Some(same),
        (DataType::BigInt(None), same) if kind_of(&same) == Some(Kind::Integer) => Some(same),
        (DataType::Date, Value::Column(Column::Whole(whole))) => match whole.kind {
            Kind::Date => Some(Value::Column(Column::Whole(whole))),
            Kind::Timestamp => {
                let day = |value: &i64| i64::from(day_of(*value));
                let values = whole.values.iter().map(day).collect();
                let days = Whole { kind: Kind::Date, values, has: whole.has };
                Some(Value::Column(Column::Whole(days)))
            }
            _ => None,
        },
        (DataType::String(None), Value::Column(Column::Whole(whole)))
            if whole.kind == Kind::Integer =>
        {
            let rows = 0..whole.values.len();
            let different: BTreeSet<i64> = rows.clone().filter_map(|row| whole.get(row)).collect();
            let different: Vec<i64> = different.into_iter().collect();
            let words: Vec<String> = different.iter().map(i64::to_string).collect();
            let number = |row| match whole.get(row) {
                Some(value) => {
                    let at = different.binary_search(&value).ok()?;
                    u32::try_from(at).ok()?.checked_add(NONE + 1)
                }
                None => Some(NONE),
            };
            let numbers = rows.map(number).collect::<Option<Vec<u32>>>()?;
            let words = Words::of(words.iter().map(String::as_str));
            Some(Value::Column(texts(Arc::new(words), numbers)))
        }
        _ => None,
    }
}

/// The name of a function that is called plainly, and its arguments.
pub(super) fn plain_call(function: &Function) -> Option<(String, &FunctionArgumentList)> {
    let Function {
        name,
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(arguments),
        filter: None,
        null_treatment: None,
        over: None,
        within_group,
    } = function
    else {
        return None;
    };
    let is_plain = within_group.is_empty() && arguments.clauses.is_empty();
    is_plain.then(|| (name.to_string().to_lowercase(), arguments))
}

/// The arguments, if they are expressions.
pub(super) fn expressions(arguments: &FunctionArgumentList) -> Option<Vec<&Expr>> {
    let expression = |argument| match argument {
        &FunctionArg::Unnamed(FunctionArgExpr::Expr(ref expression)) => Some(expression),
        _ => None,
    };
    arguments.args.iter().map(expression).collect()
}

fn called(scope: &dyn Scope, function: &Function) -> Option<Value> {
    let (name, arguments) = plain_call(function)?;
    if AGGREGATES.contains(&name.as_str()) {
        return scope.aggregate(&name, arguments);
    }
    if name == "coalesce" && arguments.duplicate_treatment.is_none() {
        return coalesce(scope, &expressions(arguments)?);
    }
    None
}
