//! Lists of texts, spelt out: `operation_class in ('write', 'delete')` as two comparisons.
//!
//! Both mean the same, nulls included. But where tables are on disk, the engine we ship makes a table of
//! such a list and joins rows with it, for which it copies and hashes all of them: a question of ten
//! million rows took 0.25 s rather than 0.18 (`benches/README.md`).

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value, visit_expressions_mut};

use crate::report::parse;

/// Texts of a list up to which they are compared one by one.
const TEXTS_MAX: usize = 8;

/// The query with its short lists of texts spelt out, if it has any.
///
/// Only a column is compared, since what is compared is written down once for each text.
pub fn spelt_out(sql: &str) -> Option<String> {
    // The tree does not give back every text with a backslash as it was.
    if sql.contains('\\') {
        return None;
    }
    let mut query = parse::query(sql).ok()?;
    let mut is_spelt_out = false;
    let _: ControlFlow<()> = visit_expressions_mut(&mut query, |expr| {
        if let Some(comparisons) = comparisons(expr) {
            *expr = comparisons;
            is_spelt_out = true;
        }
        ControlFlow::Continue(())
    });
    is_spelt_out.then(|| query.to_string())
}

fn comparisons(expr: &Expr) -> Option<Expr> {
    let Expr::InList { expr: column, list, negated } = expr else { return None };
    let is_text = |item: &Expr| matches!(item, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)));
    let is_column = matches!(**column, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
    if !is_column || list.len() > TEXTS_MAX || !list.iter().all(is_text) {
        return None;
    }
    let both = |left: Expr, op, right: Expr| Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    };
    let equals = list.iter().map(|text| both(*column.clone(), BinaryOperator::Eq, text.clone()));
    let any = equals.reduce(|left, right| both(left, BinaryOperator::Or, right))?;
    let any = Expr::Nested(Box::new(any));
    if !negated {
        return Some(any);
    }
    let none = Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(any) };
    Some(Expr::Nested(Box::new(none)))
}

#[cfg(test)]
mod tests {
    use super::spelt_out;

    #[test]
    fn short_lists_of_texts_become_comparisons_of_a_column() {
        for (sql, expected) in [
            ("select 1 from t where a in ('x')", "SELECT 1 FROM t WHERE (a = 'x')"),
            (
                "select 1 from t where b = 1 and t.a in ('x', 'it''s')",
                "SELECT 1 FROM t WHERE b = 1 AND (t.a = 'x' OR t.a = 'it''s')",
            ),
            (
                "select 1 from t where a not in ('x', 'y') or c",
                "SELECT 1 FROM t WHERE (NOT (a = 'x' OR a = 'y')) OR c",
            ),
            (
                "with s as (select a from t where a in ('x')) select case when a in ('x') then 1 end from s",
                "WITH s AS (SELECT a FROM t WHERE (a = 'x')) SELECT CASE WHEN (a = 'x') THEN 1 END FROM s",
            ),
        ] {
            assert_eq!(spelt_out(sql).as_deref(), Some(expected));
        }
    }

    #[test]
    fn everything_else_stays_as_it_was_typed() {
        for sql in [
            "select 1",
            "select 1 from t where a in (1, 2)",
            "select 1 from t where a in ('x', null)",
            "select 1 from t where lower(a) in ('x', 'y')",
            "select 1 from t where a in (select b from s)",
            "select 1 from t where a in ('1','2','3','4','5','6','7','8','9')",
            r"select 1 from t where a in ('x\', 'y')",
            "select 1 from t where a in",
        ] {
            assert_eq!(spelt_out(sql), None, "{sql}");
        }
    }
}
