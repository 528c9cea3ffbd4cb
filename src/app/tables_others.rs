//! The tables other than those of the Activity Log: as they were read, and what is worked out from
//! them.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::app::error::Error;
use crate::app::options::ReadOptions;
use crate::app::others::{Others, read_table};
use crate::app::tables::{Made, cut, of_batch};
use crate::error::{Accounting, Warning};
use crate::fold::readiness::Inputs;
use crate::fold::sign_in::{Tokens, join_steps, resolve};
use crate::fold::{link, readiness, sign_in};
use crate::report::plan::Plan;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::attempt::TABLE as ATTEMPT;
use crate::schema::audit::TABLE as AUDIT;
use crate::schema::directory_user::TABLE as DIRECTORY_USER;
use crate::schema::link::TABLE as LINK;
use crate::schema::readiness::TABLE as READINESS;
use crate::schema::registration::TABLE as REGISTRATION;
use crate::schema::role_assignment::TABLE as ROLE_ASSIGNMENT;
use crate::schema::sign_in::TABLE as SIGN_IN;
use crate::schema::{TABLES, Table};
use crate::text::count;

/// Columns of `sign_in` that other rows have a say in.
const JUDGED: &[&str] = &["mfa", "mfa_reason", "mfa_methods", "mfa_strength", "step_count"];

/// The plan with what the tables that are worked out need of others.
pub(crate) fn with_needs(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    let mut needs: Vec<(&Table, &[&str])> = Vec::new();
    let all = |table: &'static Table| -> Vec<&'static str> {
        table.columns.iter().map(|column| column.name).collect()
    };
    let (registration, roles, users) =
        (all(&REGISTRATION), all(&ROLE_ASSIGNMENT), all(&DIRECTORY_USER));
    if plan.columns.contains_key(LINK.name) {
        needs.push((&ATTEMPT, link::ATTEMPT_COLUMNS_READ));
        needs.push((&SIGN_IN, link::SIGN_IN_COLUMNS_READ));
        needs.push((&AUDIT, link::AUDIT_COLUMNS_READ));
    }
    if plan.columns.contains_key(READINESS.name) {
        needs.push((&ATTEMPT, readiness::ATTEMPT_COLUMNS_READ));
        needs.push((&SIGN_IN, readiness::SIGN_IN_COLUMNS_READ));
        needs.push((&REGISTRATION, &registration));
        needs.push((&ROLE_ASSIGNMENT, &roles));
        needs.push((&DIRECTORY_USER, &users));
    }
    for (table, columns) in needs {
        let known = plan.columns.entry(table.name.to_owned()).or_default();
        known.extend(columns.iter().map(|name| (*name).to_owned()));
    }
    if judges(&plan) {
        let known = plan.columns.entry(SIGN_IN.name.to_owned()).or_default();
        known.extend(sign_in::COLUMNS_READ.iter().map(|name| (*name).to_owned()));
    }
    plan
}

/// Whether columns of `sign_in` are wanted that other rows have a say in.
pub(crate) fn judges(plan: &Plan) -> bool {
    JUDGED.iter().any(|column| plan.needs(SIGN_IN.name, column))
}

/// The columns of these tables that have to be extracted.
pub(crate) fn columns(plan: &Plan) -> BTreeMap<&'static str, Vec<&'static str>> {
    let tables = TABLES
        .iter()
        .filter(|table| read_table(table.name).is_some() && plan.columns.contains_key(table.name));
    let of = |table: &&'static Table| {
        let names = table.columns.iter().map(|column| column.name);
        let wanted = names.filter(|name| *name == "event_time" || plan.needs(table.name, name));
        (table.name, wanted.collect())
    };
    tables.map(of).collect()
}

/// Judges sign-ins by the steps that stood in files of their own; says what is left over.
///
/// # Errors
/// Only when a column outgrows Arrow's limits.
pub(crate) fn prepare(others: &mut Others, accounting: &mut Accounting) -> Result<Tokens, Error> {
    let has_log = accounting.rows.get(ACTIVITY.name).is_some_and(|rows| *rows > 0);
    let steps = std::mem::take(&mut others.steps);
    let Some(sign_ins) = others.tables.get_mut(SIGN_IN.name) else { return Ok(Tokens::default()) };
    let alone = join_steps(sign_ins, &steps).map_err(Error::Arrow)?;
    if alone > 0 && sign_ins.iter().any(|batch| batch.column_by_name("event_id").is_some()) {
        accounting.warnings.push(Warning {
            message: format!(
                "{} of the AuthDetails CSV belong to no sign-in in the input",
                count(alone, "row")
            ),
            hint: Some("download both CSV files for the same period, and give both".to_owned()),
        });
    }
    // Only the Activity Log has tokens to tell of.
    Ok(if has_log { Tokens::of_unknown(sign_ins) } else { Tokens::default() })
}

/// Makes the tables that are read; `attempts` has the columns that links and readiness read.
///
/// # Errors
/// Only when a column outgrows Arrow's limits.
pub(crate) fn make(
    plan: &Plan,
    mut others: Others,
    tokens: &Tokens,
    attempts: &[RecordBatch],
    options: &ReadOptions,
) -> Result<Vec<Made>, ArrowError> {
    if judges(plan)
        && let Some(sign_ins) = others.tables.get_mut(SIGN_IN.name)
    {
        resolve(sign_ins, tokens)?;
    }
    let of = |table: &Table| others.tables.get(table.name).map(Vec::as_slice).unwrap_or_default();
    let mut made = Vec::new();
    if plan.columns.contains_key(LINK.name) {
        made.push(shown(plan, &LINK, link::link(attempts, of(&SIGN_IN), of(&AUDIT))?)?);
    }
    if plan.columns.contains_key(READINESS.name) {
        let inputs = Inputs {
            attempts,
            sign_ins: of(&SIGN_IN),
            registrations: of(&REGISTRATION),
            role_assignments: of(&ROLE_ASSIGNMENT),
            directory_users: of(&DIRECTORY_USER),
            break_glass: &options.break_glass,
            as_of: options.as_of,
        };
        made.push(shown(plan, &READINESS, readiness::readiness(&inputs)?)?);
    }
    let tables = TABLES
        .iter()
        .filter(|table| read_table(table.name).is_some() && plan.columns.contains_key(table.name));
    for table in tables {
        let schema = table.arrow_schema(|name| plan.needs(table.name, name));
        let batches = others.tables.remove(table.name).unwrap_or_default();
        made.push(cut(table, schema, batches)?);
    }
    Ok(made)
}

/// The table of one batch, with the columns that are read.
fn shown(plan: &Plan, table: &'static Table, batch: RecordBatch) -> Result<Made, ArrowError> {
    let made = of_batch(table, batch);
    let schema = table.arrow_schema(|name| plan.needs(table.name, name));
    cut(table, schema, made.batches)
}
