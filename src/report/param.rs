//! Parameters of reports: `:name` in the SQL, given as text, bound as typed literals.
//!
//! Binding replaces nodes of the syntax tree; text is never pasted into SQL.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sqlparser::ast::{
    CastKind, DataType, Expr, TimezoneInfo, TypedString, UnaryOperator, Value,
    visit_expressions_mut,
};

use crate::report::Param;
use crate::report::Report;
use crate::report::parse;
use crate::report::parse::SqlError;
use crate::schema::Kind;
use crate::text::nearest;
use crate::time::day_of;
use crate::time::format_day;
use crate::time::format_micros;
use crate::time::parse_bound;

const MICROSECONDS_PER_HOUR: i64 = 3_600_000_000;

/// Why parameters could not be bound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// The report has no such parameter.
    #[error("report `{report}` has no parameter `{name}`")]
    Unknown {
        /// The report.
        report: String,
        /// What was given.
        name: String,
        /// The nearest parameter it has.
        nearest: Option<String>,
    },
    /// Nothing was given and there is no default.
    #[error("report `{report}` needs parameter `{name}`")]
    Missing {
        /// The report.
        report: String,
        /// The parameter.
        name: String,
    },
    /// The value is not of the parameter's kind.
    #[error("parameter `{name}` takes {kind}: `{value}`")]
    Kind {
        /// The parameter.
        name: String,
        /// Word for its kind.
        kind: &'static str,
        /// What was given.
        value: String,
    },
    /// The SQL does not read.
    #[error(transparent)]
    Sql(#[from] SqlError),
}

impl ParamError {
    /// What to do about it, where that can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { nearest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::Kind { kind: "timestamp" | "date", .. } => {
                Some("write `2026-01-31`, `2026-01-31T08:00:00Z`, `-30d` or `-12h`".to_owned())
            }
            Self::Sql(error) => error.hint(),
            _ => None,
        }
    }
}

/// The report's SQL with every `:name` replaced.
///
/// Relative times (`-30d`, `-12h`) count back from `as_of`, UTC microseconds.
///
/// # Errors
/// A value of the wrong kind, one that is missing, one nobody asked for.
pub fn bind(
    report: &Report,
    given: &BTreeMap<String, String>,
    as_of: i64,
) -> Result<String, ParamError> {
    for name in given.keys() {
        if !report.params.iter().any(|param| param.name == *name) {
            let names = report.params.iter().map(|param| param.name.as_str());
            return Err(ParamError::Unknown {
                report: report.id.clone(),
                name: name.clone(),
                nearest: nearest(name, names).map(str::to_owned),
            });
        }
    }
    let mut literals = BTreeMap::new();
    for param in &report.params {
        let value = given.get(&param.name).or(param.default.as_ref()).ok_or_else(|| {
            ParamError::Missing { report: report.id.clone(), name: param.name.clone() }
        })?;
        literals.insert(format!(":{}", param.name), literal(param, value, as_of)?);
    }
    // Parsing and printing takes a millisecond a report.
    if !may_hold_placeholder(&report.sql) {
        return Ok(report.sql.clone());
    }
    let mut query = parse::query(&report.sql)?;
    let broken = visit_expressions_mut(&mut query, |expr| {
        if let Expr::Value(value) = expr
            && let Value::Placeholder(name) = &value.value
        {
            let Some(literal) = literals.get(name) else {
                return ControlFlow::Break(name.trim_start_matches(':').to_owned());
            };
            *expr = literal.clone();
        }
        ControlFlow::Continue(())
    });
    match broken {
        ControlFlow::Break(name) => Err(ParamError::Missing { report: report.id.clone(), name }),
        ControlFlow::Continue(()) => Ok(query.to_string()),
    }
}

/// Whether there is a colon, with which a placeholder begins, outside of texts. Where a quote need
/// not begin a text, any colon counts.
fn may_hold_placeholder(sql: &str) -> bool {
    let is_plain = !["--", "/*", "\"", "`", "\\"].iter().any(|sign| sql.contains(sign));
    let step = if is_plain { 2 } else { 1 };
    sql.split('\'').step_by(step).any(|part| part.contains(':'))
}

fn literal(param: &Param, text: &str, as_of: i64) -> Result<Expr, ParamError> {
    let wrong = || ParamError::Kind {
        name: param.name.clone(),
        kind: param.kind.name(),
        value: text.to_owned(),
    };
    let plain = |value: Value| Expr::Value(value.with_empty_span());
    Ok(match param.kind {
        Kind::Text => plain(quoted(text)),
        Kind::Integer => {
            let number: i64 = text.trim().parse().map_err(|_| wrong())?;
            let digits = plain(Value::Number(number.unsigned_abs().to_string(), false));
            if number < 0 {
                let negated = Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(digits) };
                Expr::Nested(Box::new(negated))
            } else {
                digits
            }
        }
        Kind::Boolean => plain(Value::Boolean(text.trim().parse().map_err(|_| wrong())?)),
        Kind::Timestamp => {
            let micros = instant(text, as_of).ok_or_else(wrong)?;
            let iso = format_micros(micros);
            typed(DataType::Timestamp(None, TimezoneInfo::None), iso.trim_end_matches('Z'))
        }
        Kind::Date => {
            let micros = instant(text, as_of).ok_or_else(wrong)?;
            // A day is cast from its first instant: polars warns about `date '…'`.
            let first = format!("{}T00:00:00.000000", format_day(day_of(micros)));
            Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(typed(DataType::Timestamp(None, TimezoneInfo::None), &first)),
                data_type: DataType::Date,
                array: false,
                format: None,
            }
        }
    })
}

/// A text literal that prints as it must be read back: quotes doubled, nothing else touched. The
/// tree's own text literal leaves a quote alone that follows a backslash, which ends the text early
/// for engines that do not take the backslash for an escape.
fn quoted(text: &str) -> Value {
    Value::Number(format!("'{}'", text.replace('\'', "''")), false)
}

fn typed(data_type: DataType, text: &str) -> Expr {
    Expr::TypedString(TypedString {
        data_type,
        value: quoted(text).with_empty_span(),
        uses_odbc_syntax: false,
    })
}

fn instant(text: &str, as_of: i64) -> Option<i64> {
    let text = text.trim();
    let Some(back) = text.strip_prefix('-') else { return parse_bound(text) };
    let (hours, digits) = match back.strip_suffix('d') {
        Some(digits) => (24, digits),
        None => (1, back.strip_suffix('h')?),
    };
    let count: i64 = digits.parse().ok().filter(|count| *count >= 0)?;
    as_of.checked_sub(count.checked_mul(hours * MICROSECONDS_PER_HOUR)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{bind, may_hold_placeholder};
    use crate::report::front::parse;

    const TEXT: &str = "-- title: T\n-- about: A\n-- grain: G\n-- reads: attempt\n\
        -- param: since timestamp = -1d\n-- param: who text\n-- param: top integer = 5\n\
        -- column: user_key text\nselect user_key from attempt \
        where first_time >= :since and caller = :who order by user_key limit :top";

    fn bound(given: &[(&str, &str)]) -> String {
        let report = parse("queries/x/y.sql", TEXT).unwrap();
        let given: BTreeMap<String, String> =
            given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        bind(&report, &given, 172_800_000_000).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn parameters_become_typed_literals() {
        assert_eq!(
            bound(&[("who", "x")]),
            "SELECT user_key FROM attempt WHERE first_time >= TIMESTAMP '1970-01-02T00:00:00.000000' \
             AND caller = 'x' ORDER BY user_key LIMIT 5"
        );
    }

    #[test]
    fn a_colon_counts_where_it_could_begin_a_placeholder() {
        for sql in [
            "select :a",
            "select 'a', :b",
            "select 'it''s', :b",
            "select 1 -- it's\n, :a",
            "select 1 /* ' */, :a",
            "select \"'\", :a",
            "select `'`, :a",
            r"select '\'', :a, 'x'",
        ] {
            assert!(may_hold_placeholder(sql), "{sql}");
        }
        for sql in ["select 1", "select 'a: b', 'c'':d'", "select ':a'"] {
            assert!(!may_hold_placeholder(sql), "{sql}");
        }
    }

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        for (given, shown) in [
            ("x' or 1=1 --", "caller = 'x'' or 1=1 --' ORDER"),
            (r"x\' or 1=1 --", r"caller = 'x\'' or 1=1 --' ORDER"),
            ("''", "caller = '''''' ORDER"),
        ] {
            let sql = bound(&[("who", given)]);
            assert!(sql.contains(shown), "{sql}");
        }
    }

    #[test]
    fn wrong_values_say_what_was_wanted() {
        assert_eq!(
            bound(&[("who", "x"), ("top", "many")]),
            "parameter `top` takes integer: `many`"
        );
        assert_eq!(bound(&[]), "report `y` needs parameter `who`");
        assert_eq!(bound(&[("whom", "x")]), "report `y` has no parameter `whom`");
        assert_eq!(
            bound(&[("who", "x"), ("since", "soon")]),
            "parameter `since` takes timestamp: `soon`"
        );
    }
}
