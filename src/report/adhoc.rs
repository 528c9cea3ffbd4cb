//! SQL that somebody typed: taken if it is one query over the tables and views there are.

use crate::report::Library;
use crate::report::parse::SqlError;
use crate::report::plan::Plan;
use crate::report::plan::plan;

/// Checks the SQL of `azmfa query` and says what it needs.
///
/// Nothing is refused for portability: it runs here only.
///
/// # Errors
/// Anything but one SELECT or WITH, table functions, and tables that are not there.
pub fn check(sql: &str, library: &Library) -> Result<Plan, SqlError> {
    if sql.trim().is_empty() {
        return Err(SqlError::Empty);
    }
    plan(&[sql], library)
}
