//! The tables that SQL sees, made from what was read.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringViewArray};
use arrow_schema::{ArrowError, Schema, SchemaRef};

use crate::app::collect::Ingested;
use crate::app::error::Error;
use crate::engine::{Rows, TableInput};
use crate::error::Warning;
use crate::fold::attempt::{COLUMNS_READ, fold, source_column};
use crate::fold::calendar::{DAYS_MAX, calendar};
use crate::report::plan::Plan;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::activity_policy::TABLE as ACTIVITY_POLICY;
use crate::schema::attempt::TABLE as ATTEMPT;
use crate::schema::calendar::TABLE as CALENDAR;
use crate::schema::run::TABLE as RUN;
use crate::schema::{TABLES, Table};
use crate::time::format_micros;

/// Which columns of which tables are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wishes {
    plan: Plan,
}

/// A table, ready for an engine or a file.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) table: &'static Table,
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
}

impl Made {
    pub(crate) fn input(&self) -> TableInput<'_> {
        TableInput {
            name: self.table.name,
            schema: Arc::clone(&self.schema),
            rows: Rows::Batches(&self.batches),
        }
    }

    pub(crate) fn row_count(&self) -> u64 {
        self.batches.iter().map(|batch| batch.num_rows() as u64).sum()
    }
}

impl Wishes {
    /// What some queries need.
    pub(crate) fn of(plan: &Plan) -> Self {
        Self { plan: plan.clone() }
    }

    /// Every column of every table.
    pub(crate) fn everything() -> Self {
        let all = |table: &&Table| {
            let columns: BTreeSet<String> =
                table.columns.iter().map(|column| column.name.to_owned()).collect();
            (table.name.to_owned(), columns)
        };
        Self { plan: Plan { columns: TABLES.iter().map(all).collect(), views: Vec::new() } }
    }

    fn reads(&self, table: &Table) -> bool {
        self.plan.columns.contains_key(table.name)
    }

    fn folds(&self) -> bool {
        self.reads(&ATTEMPT) || self.plan.needs(ACTIVITY.name, "attempt_id")
    }

    /// The columns of `activity` that have to be extracted.
    pub(crate) fn activity_columns(&self) -> Vec<&'static str> {
        let names = ACTIVITY.columns.iter().map(|column| column.name);
        names
            .filter(|name| {
                let for_attempts = ATTEMPT.columns.iter().any(|column| {
                    self.plan.needs(ATTEMPT.name, column.name)
                        && source_column(column.name) == Some(name)
                });
                *name == "event_time"
                    || self.plan.needs(ACTIVITY.name, name)
                    || (self.folds() && COLUMNS_READ.contains(name))
                    || for_attempts
            })
            .collect()
    }

    /// The columns of `activity_policy` that have to be extracted.
    pub(crate) fn policy_columns(&self) -> Vec<&'static str> {
        let names = ACTIVITY_POLICY.columns.iter().map(|column| column.name);
        names.filter(|name| self.plan.needs(ACTIVITY_POLICY.name, name)).collect()
    }

    /// Makes the tables that are read; adds to the warnings what they leave out.
    pub(crate) fn make(
        &self,
        ingested: &mut Ingested,
        window: (Option<i64>, Option<i64>),
    ) -> Result<Vec<Made>, Error> {
        let mut made = Vec::new();
        let folded = if self.folds() {
            Some(
                fold(
                    &ingested.kept,
                    |name| self.plan.needs(ATTEMPT.name, name),
                    self.plan.needs(ACTIVITY.name, "attempt_id"),
                )
                .map_err(Error::Arrow)?,
            )
        } else {
            None
        };
        if self.reads(&ACTIVITY) {
            let ids = folded.as_ref().map(|folded| folded.attempt_ids.as_slice());
            let ids = ids.filter(|ids| !ids.is_empty());
            made.push(self.activity(ingested, ids).map_err(Error::Arrow)?);
        }
        if self.reads(&ACTIVITY_POLICY) {
            let schema =
                ACTIVITY_POLICY.arrow_schema(|name| self.plan.needs(ACTIVITY_POLICY.name, name));
            made.push(cut(&ACTIVITY_POLICY, schema, &ingested.policy).map_err(Error::Arrow)?);
        }
        if let (true, Some(folded)) = (self.reads(&ATTEMPT), folded) {
            let schema = folded.attempts.schema();
            made.push(Made { table: &ATTEMPT, schema, batches: vec![folded.attempts] });
        }
        if self.reads(&CALENDAR) {
            let (days, left_out) = calendar(&ingested.kept.batches).map_err(Error::Arrow)?;
            if left_out {
                ingested.accounting.warnings.push(Warning {
                    message: format!("the events span more than {DAYS_MAX} days: days without data are left out of the timeline"),
                    hint: Some("narrow the window with `--since` and `--until`".to_owned()),
                });
            }
            made.push(Made { table: &CALENDAR, schema: days.schema(), batches: vec![days] });
        }
        if self.reads(&RUN) {
            made.push(run_table(window).map_err(Error::Arrow)?);
        }
        Ok(made)
    }

    fn activity(
        &self,
        ingested: &Ingested,
        attempt_ids: Option<&[ArrayRef]>,
    ) -> Result<Made, ArrowError> {
        let schema = ACTIVITY.arrow_schema(|name| self.plan.needs(ACTIVITY.name, name));
        let mut batches = ingested.kept.batches.clone();
        if let Some(ids) = attempt_ids {
            for (batch, ids) in batches.iter_mut().zip(ids) {
                *batch = with_column(batch, "attempt_id", ids)?;
            }
        }
        cut(&ACTIVITY, schema, &batches)
    }
}

fn with_column(
    batch: &RecordBatch,
    name: &str,
    column: &ArrayRef,
) -> Result<RecordBatch, ArrowError> {
    let Ok(index) = batch.schema_ref().index_of(name) else { return Ok(batch.clone()) };
    let mut columns = batch.columns().to_vec();
    columns[index] = Arc::clone(column);
    RecordBatch::try_new(batch.schema(), columns)
}

/// The batches with the columns of `schema` only.
fn cut(table: &'static Table, schema: Schema, batches: &[RecordBatch]) -> Result<Made, ArrowError> {
    let schema = Arc::new(schema);
    let batches = batches
        .iter()
        .map(|batch| {
            let indices = schema
                .fields()
                .iter()
                .map(|field| batch.schema_ref().index_of(field.name()))
                .collect::<Result<Vec<usize>, ArrowError>>()?;
            batch.project(&indices)
        })
        .collect::<Result<Vec<RecordBatch>, ArrowError>>()?;
    Ok(Made { table, schema, batches })
}

fn run_table(window: (Option<i64>, Option<i64>)) -> Result<Made, ArrowError> {
    let schema = Arc::new(RUN.arrow_schema(|_| true));
    let text = |time: Option<i64>| -> ArrayRef {
        Arc::new(StringViewArray::from(vec![time.map(format_micros)]))
    };
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![text(window.0), text(window.1)])?;
    Ok(Made { table: &RUN, schema, batches: vec![batch] })
}
