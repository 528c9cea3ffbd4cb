//! The tables other than those of the Activity Log: as they were read, and what is worked out from
//! them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};

use crate::app::error::Error;
use crate::app::options::ReadOptions;
use crate::app::others::{Others, read_table};
use crate::app::spill::links::{Links, Sieve};
use crate::app::spill::numbered::numbers_of;
use crate::app::spill::proofs::Proofs;
use crate::app::spill::table::TableFile;
use crate::app::spill::waiting::TableRows;
use crate::app::tables::{Made, cut, projected};
use crate::error::{Accounting, Warning};
use crate::fold::link::{Changes, SignIns};
use crate::fold::policy_event;
use crate::fold::proof::{Proof, of_sign_ins};
use crate::fold::readiness::{Reader, Sides};
use crate::fold::sign_in::Steps;
use crate::fold::{link, readiness, sign_in};
use crate::report::plan::Plan;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::activity_policy::TABLE as ACTIVITY_POLICY;
use crate::schema::attempt::TABLE as ATTEMPT;
use crate::schema::audit::TABLE as AUDIT;
use crate::schema::directory_user::TABLE as DIRECTORY_USER;
use crate::schema::link::TABLE as LINK;
use crate::schema::readiness::TABLE as READINESS;
use crate::schema::registration::TABLE as REGISTRATION;
use crate::schema::role_assignment::TABLE as ROLE_ASSIGNMENT;
use crate::schema::sign_in::TABLE as SIGN_IN;
use crate::schema::sign_in_policy::TABLE as SIGN_IN_POLICY;
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
    let wanted = |name: &str| plan.needs(ACTIVITY_POLICY.name, name);
    let (of_events, of_attempts) = policy_event::sources(wanted);
    for name in &of_events {
        if !plan.needs(ACTIVITY.name, name) {
            plan.of_policy_events.insert((*name).to_owned());
        }
    }
    needs.push((&ACTIVITY, &of_events));
    needs.push((&ATTEMPT, &of_attempts));
    if !(of_events.is_empty() && of_attempts.is_empty()) {
        needs.push((&ACTIVITY, policy_event::COLUMNS_READ));
    }
    for (table, columns) in needs.iter().filter(|(_, columns)| !columns.is_empty()) {
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

/// What rows tell of others, gathered until the tables are made of them.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// What tokens and sessions prove; none where nothing is to be judged.
    proofs: Option<Proofs>,
    /// Whether a sign-in asks what rows of `activity` show of its token.
    asks_of_tokens: bool,
    /// Whether they are on disk.
    pub(crate) is_on_disk: bool,
    steps: Steps,
    links: Option<Links>,
    people: Option<Reader>,
}

impl Log {
    /// Looks at sign-ins: judges them by the steps that stood in files of their own, and says what
    /// is left over.
    ///
    /// # Errors
    /// When a column outgrows Arrow's limits, or the temporary files cannot be written or read.
    pub(crate) fn new(
        plan: &Plan,
        others: &mut Others,
        accounting: &mut Accounting,
    ) -> Result<Self, Error> {
        let is_read = |table: &Table| plan.columns.contains_key(table.name);
        let log = Self {
            proofs: judges(plan).then(Proofs::default),
            is_on_disk: false,
            asks_of_tokens: false,
            steps: std::mem::take(&mut others.steps),
            links: is_read(&LINK).then(Links::default),
            people: is_read(&READINESS).then(Reader::default),
        };
        let Some(sign_ins) = others.tables.get(SIGN_IN.name) else { return Ok(log) };
        log.ask(sign_ins, accounting)
    }

    fn ask(mut self, sign_ins: &TableRows, accounting: &mut Accounting) -> Result<Self, Error> {
        if self.proofs.is_none() && self.steps.is_empty() {
            return Ok(self);
        }
        let (mut found, mut has_ids) = (HashSet::new(), false);
        let has_log = accounting.rows.get(ACTIVITY.name).is_some_and(|rows| *rows > 0);
        let (steps, judges) = (&self.steps, self.proofs.is_some());
        let (proofs, asks_of_tokens) = (&mut self.proofs, &mut self.asks_of_tokens);
        sign_ins.each(
            |batch| {
                let has_ids = batch.column_by_name("event_id").is_some();
                let (joined, ids) = steps.join(&batch).map_err(Error::Arrow)?;
                let proofs = judges.then(|| of_sign_ins(&joined, numbers_of(&joined), has_log));
                Ok((proofs, ids, has_ids))
            },
            |(told, ids, has_some)| {
                found.extend(ids);
                has_ids |= has_some;
                let (Some(proofs), Some(told)) = (&mut *proofs, told) else { return Ok(()) };
                *asks_of_tokens |= told.iter().any(Proof::asks_of_token);
                proofs.push(&told).map_err(Error::Spill)
            },
        )?;
        let alone = self.steps.alone(&found);
        if alone > 0 && has_ids {
            accounting.warnings.push(Warning {
                message: format!(
                    "{} of the AuthDetails CSV belong to no sign-in in the input",
                    count(alone, "row")
                ),
                hint: Some("download both CSV files for the same period, and give both".to_owned()),
            });
        }
        Ok(self)
    }

    /// Whether rows of `activity` are looked at.
    pub(crate) fn reads_activity(&self) -> bool {
        self.asks_of_tokens
    }

    /// Looks at rows of `activity`: at what [`of_activity`] says of them.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn activity(&mut self, shown: &[Proof]) -> Result<(), Error> {
        let Some(proofs) = &mut self.proofs else { return Ok(()) };
        proofs.push(shown).map_err(Error::Spill)
    }

    /// Looks at rows of `attempt`, which have the columns that links and readiness read.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn attempts(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        if let Some(people) = &mut self.people {
            people.read_attempts(batch);
        }
        let Some(links) = &mut self.links else { return Ok(()) };
        links.changes(&Changes::of_attempts(batch)).map_err(Error::Spill)
    }
}

/// Makes the tables that are shown; `log` has looked at all rows of `activity` and `attempt`.
///
/// # Errors
/// When a column outgrows Arrow's limits, or the temporary files cannot be written or read.
pub(crate) fn make(
    shown: &Plan,
    mut others: Others,
    mut log: Log,
    options: &ReadOptions,
) -> Result<Vec<Made>, Error> {
    let none = TableRows::default();
    let is_on_disk =
        log.is_on_disk || others.tables.get(SIGN_IN.name).is_some_and(TableRows::is_on_disk);
    if let Some(links) = &mut log.links {
        others
            .tables
            .get(AUDIT.name)
            .unwrap_or(&none)
            .each(Ok, |batch| links.changes(&Changes::of_audits(&batch)).map_err(Error::Spill))?;
    }
    let mut made = Vec::new();
    for table in TABLES.iter().filter(|table| read_table(table.name).is_some()) {
        let is_shown = shown.columns.contains_key(table.name);
        if !is_shown && table.name != SIGN_IN.name {
            continue;
        }
        let schema = Arc::new(table.arrow_schema(|name| shown.needs(table.name, name)));
        let rows = others.tables.get(table.name).unwrap_or(&none);
        let mut target = Target::new(table, schema, is_shown && rows.is_on_disk())?;
        if table.name == SIGN_IN.name {
            log.sign_ins(rows, is_shown.then_some(&mut target))?;
        } else {
            let schema = Arc::clone(&target.schema);
            let cut = |batch| projected(&batch, &schema).map_err(Error::Arrow);
            rows.each(cut, |batch| target.push(batch))?;
        }
        if is_shown {
            made.push(target.close()?);
        }
        // Only side inputs are looked at again.
        if [SIGN_IN.name, SIGN_IN_POLICY.name, AUDIT.name].contains(&table.name) {
            others.tables.remove(table.name);
        }
    }
    if let Some(links) = log.links {
        let schema = Arc::new(LINK.arrow_schema(|name| shown.needs(LINK.name, name)));
        let mut target = Target::new(&LINK, Arc::clone(&schema), is_on_disk)?;
        links.finish(|batch| target.push(projected(&batch, &schema).map_err(Error::Arrow)?))?;
        made.push(target.close()?);
    }
    if let Some(people) = log.people {
        let all = |table: &Table| others.tables.get(table.name).unwrap_or(&none).batches();
        let sides = Sides {
            registrations: &all(&REGISTRATION)?,
            role_assignments: &all(&ROLE_ASSIGNMENT)?,
            directory_users: &all(&DIRECTORY_USER)?,
            break_glass: &options.break_glass,
            as_of: options.as_of,
        };
        let batch = readiness::readiness(people, &sides).map_err(Error::Arrow)?;
        made.push(narrowed(shown, &READINESS, batch).map_err(Error::Arrow)?);
    }
    Ok(made)
}

impl Log {
    /// Judges the sign-ins, looks at them, and puts them where they go.
    fn sign_ins(&mut self, rows: &TableRows, mut target: Option<&mut Target>) -> Result<(), Error> {
        let proven = match self.proofs.take() {
            Some(proofs) => proofs.proven().map_err(Error::Spill)?,
            None => Vec::new(),
        };
        let (steps, schema) = (&self.steps, target.as_ref().map(|it| Arc::clone(&it.schema)));
        let sieve = self.links.as_mut().map(Links::take_sieve);
        let (links, people) = (&mut self.links, &mut self.people);
        rows.each(
            |batch| {
                let (joined, _) = steps.join(&batch).map_err(Error::Arrow)?;
                let judged = sign_in::resolved(&joined, numbers_of(&batch), &proven)
                    .map_err(Error::Arrow)?;
                let is_asked = |sieve: &Sieve| SignIns::of(&judged).offered(|key| sieve.has(key));
                let offered = sieve.as_ref().map(is_asked).unwrap_or_default();
                let cut = schema.as_ref().map(|schema| projected(&judged, schema));
                Ok((judged, offered, cut.transpose().map_err(Error::Arrow)?))
            },
            |(judged, offered, cut)| {
                if let Some(people) = people {
                    people.read_sign_ins(&judged);
                }
                if let Some(links) = links {
                    let batch = SignIns::of(&judged);
                    links.sign_ins(&batch, &offered).map_err(Error::Spill)?;
                }
                match (&mut target, cut) {
                    (Some(target), Some(cut)) => target.push(cut),
                    _ => Ok(()),
                }
            },
        )
    }
}

/// Where the rows of a table go: to memory, or to a file.
struct Target {
    table: &'static Table,
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    file: Option<TableFile>,
}

impl Target {
    fn new(table: &'static Table, schema: SchemaRef, is_on_disk: bool) -> Result<Self, Error> {
        let file = if is_on_disk { Some(TableFile::new(&schema)?) } else { None };
        Ok(Self { table, schema, batches: Vec::new(), file })
    }

    fn push(&mut self, batch: RecordBatch) -> Result<(), Error> {
        if let Some(file) = &mut self.file {
            return file.push(&batch);
        }
        self.batches.push(batch);
        Ok(())
    }

    fn close(self) -> Result<Made, Error> {
        Ok(match self.file {
            Some(file) => Made::on_disk(self.table, self.schema, vec![file.close()?]),
            None => Made::new(self.table, self.schema, self.batches),
        })
    }
}

/// The table of one batch, with the columns that are read.
fn narrowed(plan: &Plan, table: &'static Table, batch: RecordBatch) -> Result<Made, ArrowError> {
    let schema = table.arrow_schema(|name| plan.needs(table.name, name));
    cut(table, schema, &[batch])
}
