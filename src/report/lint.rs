//! Whether a report's SQL runs alike on polars, DuckDB and Spark.
//!
//! Parsing alike is not enough: some SQL runs everywhere and answers differently. What is known to
//! do so is refused here; the rest is found by running every report on a second engine.

use std::fmt;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Function, ObjectNamePart, Query, Select, SelectItem, SetExpr, Visit, Visitor, WindowSpec,
    WindowType,
};
use sqlparser::dialect::SparkSqlDialect;

use crate::report::Library;
use crate::report::Report;
use crate::report::parse;
use crate::report::parse::SqlError;
use crate::report::plan;

/// Functions known to answer alike on all three engines.
const FUNCTIONS: &[&str] = &[
    "abs",
    "avg",
    "coalesce",
    "concat",
    "count",
    "greatest",
    "lag",
    "least",
    "length",
    "lower",
    "max",
    "min",
    "nullif",
    "replace",
    "reverse",
    "round",
    "row_number",
    "sum",
    "trim",
    "upper",
];

/// Why a report's SQL is refused; shows with the file, without the leading `error: `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LintError {
    /// The file.
    pub file: String,
    /// What is wrong.
    pub problem: LintProblem,
}

/// What may not be in a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LintProblem {
    /// Not one query, or one that reads what is not there.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// The dialects do not read the same in it.
    #[error("Spark reads this SQL differently")]
    Dialect,
    /// A construct that is missing somewhere, or means something else there.
    #[error("`{what}` is not portable: {why}")]
    NotPortable {
        /// The construct.
        what: String,
        /// What it does where.
        why: &'static str,
        /// What to write instead.
        instead: &'static str,
    },
    /// No `order by` at the end.
    #[error("the report has no `order by`")]
    NoOrder,
    /// The final select has other columns than the header says.
    #[error("the final select gives `{found}` where the header declares `{declared}`")]
    Columns {
        /// Columns of the SQL.
        found: String,
        /// Columns of the header.
        declared: String,
    },
    /// `reads` does not say what the SQL reads.
    #[error("header reads `{declared}`, the SQL reads `{found}`")]
    Reads {
        /// Tables of the SQL.
        found: String,
        /// Tables of the header.
        declared: String,
    },
}

impl fmt::Display for LintError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\n  --> {}", self.problem, self.file)?;
        let hint = match &self.problem {
            LintProblem::Sql(error) => error.hint(),
            LintProblem::NotPortable { instead, .. } => Some(format!("write {instead}")),
            LintProblem::NoOrder => {
                Some("order by columns that tell any two rows apart".to_owned())
            }
            LintProblem::Dialect | LintProblem::Columns { .. } | LintProblem::Reads { .. } => None,
        };
        match hint {
            Some(hint) => write!(out, "\n\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for LintError {}

/// Checks a report, or a view, against the rules of portable SQL and against its own header.
///
/// A header with `engines:` opts out of portability, not out of being one query that gives what
/// its header declares.
///
/// # Errors
/// The first rule that is broken.
pub fn check(report: &Report, is_view: bool, library: &Library) -> Result<(), LintError> {
    problem(report, is_view, library)
        .map_or(Ok(()), |problem| Err(LintError { file: report.file.clone(), problem }))
}

fn problem(report: &Report, is_view: bool, library: &Library) -> Option<LintProblem> {
    let query = match parse::query(&report.sql) {
        Ok(query) => query,
        Err(error) => return Some(error.into()),
    };
    if let Err(error) = plan::plan(&[&report.sql], library) {
        return Some(error.into());
    }
    if !is_view && query.order_by.is_none() {
        return Some(LintProblem::NoOrder);
    }
    if let Some(problem) = shape(report, &query) {
        return Some(problem);
    }
    if report.engines.is_some() {
        return None;
    }
    if let Some(word) = parse::words(&report.sql).find(|word| word.quote_style.is_some()) {
        return Some(LintProblem::NotPortable {
            what: word.to_string(),
            why: "a quoted name is a text to Spark",
            instead: "a name that needs no quotes",
        });
    }
    let mut portable = Portable(None);
    let _: ControlFlow<()> = query.visit(&mut portable);
    if portable.0.is_some() {
        return portable.0;
    }
    match parse::query_in(&SparkSqlDialect {}, &report.sql) {
        Ok(spark) if spark.to_string() == query.to_string() => None,
        _ => Some(LintProblem::Dialect),
    }
}

/// Compares the final select and the tables with the header.
fn shape(report: &Report, query: &Query) -> Option<LintProblem> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let names: Option<Vec<String>> = select.projection.iter().map(plan::output_name).collect();
    let Some(names) = names else {
        return Some(LintProblem::NotPortable {
            what: select
                .projection
                .iter()
                .find(|item| plan::output_name(item).is_none())?
                .to_string(),
            why: "the columns of a report have to be named",
            instead: "every column by its name, `… as name`",
        });
    };
    let declared: Vec<&str> = report.columns.iter().map(|column| column.name.as_str()).collect();
    if names != declared {
        let (found, declared) = (names.join(", "), declared.join(", "));
        return Some(LintProblem::Columns { found, declared });
    }
    let local: Vec<String> = query
        .with
        .iter()
        .flat_map(|with| &with.cte_tables)
        .map(|cte| cte.alias.name.value.to_lowercase())
        .collect();
    let mut found: Vec<String> =
        parse::relations(query).into_iter().filter(|name| !local.contains(name)).collect();
    let mut declared = report.reads.clone();
    found.sort();
    declared.sort();
    (found != declared)
        .then(|| LintProblem::Reads { found: found.join(", "), declared: declared.join(", ") })
}

struct Portable(Option<LintProblem>);

impl Portable {
    fn refuse(
        &mut self,
        what: impl fmt::Display,
        why: &'static str,
        instead: &'static str,
    ) -> ControlFlow<()> {
        self.0 = Some(LintProblem::NotPortable { what: what.to_string(), why, instead });
        ControlFlow::Break(())
    }

    fn function(&mut self, function: &Function) -> ControlFlow<()> {
        let name = match function.name.0.as_slice() {
            [ObjectNamePart::Identifier(ident)] => ident.value.to_lowercase(),
            _ => function.name.to_string(),
        };
        if !FUNCTIONS.contains(&name.as_str()) {
            let why = "it is not in the list of functions that all engines answer alike";
            return self.refuse(
                &function.name,
                why,
                "it with case, coalesce, min, max, sum, count",
            );
        }
        match &function.over {
            Some(WindowType::WindowSpec(window)) => self.window(window),
            _ => ControlFlow::Continue(()),
        }
    }

    fn window(&mut self, window: &WindowSpec) -> ControlFlow<()> {
        let is_descending = |order: &sqlparser::ast::OrderByExpr| order.options.asc == Some(false);
        let count = window.order_by.iter().filter(|order| is_descending(order)).count();
        if count != 0 && count != window.order_by.len() {
            let why = "polars cannot mix ascending and descending in a window";
            return self.refuse(window, why, "all of them in one direction");
        }
        ControlFlow::Continue(())
    }
}

impl Visitor for Portable {
    type Break = ();

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if let Some(qualify) = &select.qualify {
            return self.refuse(
                format!("qualify {qualify}"),
                "polars wants the partition in the output",
                "a common table expression with `where place = 1`",
            );
        }
        if select
            .projection
            .iter()
            .any(|item| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)))
        {
            let why = "it hides which columns are read";
            return self.refuse("*", why, "every column by its name");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::IsTrue(_) | Expr::IsNotTrue(_) | Expr::IsFalse(_) | Expr::IsNotFalse(_) => {
                self.refuse(expr, "polars drops nulls in it", "`coalesce(x, false) = false`")
            }
            Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::SimilarTo { .. }
            | Expr::RLike { .. } => {
                self.refuse(expr, "it is slow in polars", "a precomputed column")
            }
            Expr::Position { .. } => {
                self.refuse(expr, "polars gives 0 for null", "a precomputed column")
            }
            Expr::Subquery(_) | Expr::Exists { .. } => {
                self.refuse(expr, "polars has no such subquery", "a join")
            }
            Expr::Function(function) => self.function(function),
            _ => ControlFlow::Continue(()),
        }
    }
}
