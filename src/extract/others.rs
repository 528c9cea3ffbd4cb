//! Records that are no events of the Activity Log: sign-ins, audits and side inputs.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::extract::audit::{self, Audits};
use crate::extract::filter::Filter;
use crate::extract::identity::key_id;
use crate::extract::shape::{Fields, OtherKey, OtherRows, RowsOf, Shape, Value, Whence};
use crate::extract::side;
use crate::extract::sign_in::{self, SignIns};
use crate::extract::step::{self, StepRow};
use crate::mfa::exclusion::Exclusion;
use crate::schema::{TABLES, Table};
use crate::time::{Ticks, micros, parse_ticks};

/// Every shape but that of `activity`.
pub const SHAPES: [&Shape; 6] = [
    &sign_in::SHAPE,
    &audit::SHAPE,
    &side::REGISTRATION,
    &side::RESOURCE,
    &side::ROLE_ASSIGNMENT,
    &side::DIRECTORY_USER,
];

/// What is wanted of these records.
#[derive(Debug, Clone, Default)]
pub struct OthersWanted {
    /// Columns to build, by name of their table.
    pub columns: BTreeMap<&'static str, Vec<&'static str>>,
    /// Sign-ins that count although they are left out as a rule.
    pub included: Vec<Exclusion>,
    /// Names of applications by their id in lower case, where the export has none.
    pub app_names: BTreeMap<String, String>,
}

impl OthersWanted {
    /// Every column of every table.
    pub fn everything() -> Self {
        let all = |table: &&'static Table| {
            (table.name, table.columns.iter().map(|column| column.name).collect())
        };
        Self { columns: TABLES.iter().map(all).collect(), ..Self::default() }
    }

    fn columns_of(&self, table: &str) -> &[&'static str] {
        self.columns.get(table).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What a chunk gave of such rows.
#[derive(Debug, Default)]
pub struct OtherBatches {
    /// The rows, by table.
    pub rows: Vec<OtherRows>,
    /// Rows of `sign_in_policy`, and for each its row in `sign_in`.
    pub policies: Option<(RecordBatch, Vec<u32>)>,
    /// Steps of sign-ins that stand in a file of their own.
    pub steps: Vec<StepRow>,
}

/// What becomes of a record.
pub(crate) enum Taken<'a> {
    Row,
    /// It is counted under this reason.
    Ignored(&'static str),
    /// It has no time, or none that can be read.
    NoTime(Option<&'a str>),
}

/// Where a record comes from, and its ordinal in the chunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) whence: Whence<'a>,
    pub(crate) ordinal: u32,
}

/// Builders of the rows of every such table.
#[derive(Debug)]
pub(crate) struct Others {
    tables: Vec<RowsOf>,
    sign_ins: SignIns,
    audits: Audits,
    steps: Vec<StepRow>,
    app_names: BTreeMap<String, String>,
    is_explaining: bool,
}

fn table_of(shape: &Shape) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.name == shape.table).copied()
}

impl Others {
    pub(crate) fn new(wanted: &OthersWanted, is_explaining: bool) -> Self {
        let tables = SHAPES.iter().filter_map(|shape| {
            Some(RowsOf::new(shape, table_of(shape)?, wanted.columns_of(shape.table)))
        });
        Self {
            tables: tables.collect(),
            sign_ins: SignIns::new(wanted.columns_of("sign_in_policy"), wanted.included.clone()),
            audits: Audits::default(),
            steps: Vec::new(),
            app_names: wanted.app_names.clone(),
            is_explaining,
        }
    }

    /// Takes a record of `shape`; gives the id of its row where somebody asks to have rows
    /// explained.
    pub(crate) fn take<'a>(
        &mut self,
        shape: &'static Shape,
        raw: &Fields<'a>,
        origin: &Origin<'_>,
        filter: &Filter,
    ) -> (Taken<'a>, Option<String>) {
        if shape.table == step::SHAPE.table {
            self.steps.push(StepRow::of(raw));
            return (Taken::Ignored(step::IGNORED_AS), None);
        }
        let Some(rows) = self.tables.iter_mut().find(|rows| rows.shape.table == shape.table) else {
            return (Taken::Ignored("rows of no table"), None);
        };
        let text = raw.at(TIME_PLACE);
        let ticks: Option<Ticks> = text.and_then(|text| parse_ticks(text.as_bytes()));
        if shape.needs_time && ticks.is_none() {
            return (Taken::NoTime(text), None);
        }
        let time = ticks.map(micros);
        let whence = &origin.whence;
        let (sign_in, audit, role);
        let (weight, derived): (u32, &[Value<'a>]) = if shape.table == sign_in::SHAPE.table {
            let names = &self.app_names;
            let name = |id: &str| names.get(id).cloned();
            sign_in = self.sign_ins.derive(raw, whence.file, name, rows.derived());
            (sign_in::weight(raw), &sign_in)
        } else if shape.table == audit::SHAPE.table {
            audit = self.audits.derive(raw);
            (0, &audit)
        } else if shape.table == side::ROLE_ASSIGNMENT.table {
            role = side::role_values(raw);
            (0, &role)
        } else {
            (0, &[])
        };
        if let Some(time) = time
            && let Some(reason) = filter.refuses_person(time, || identities(shape, raw))
        {
            return (Taken::Ignored(reason), None);
        }
        let key = rows.key(raw, ticks.unwrap_or_default(), weight);
        let mut of_key = [0; 36];
        let id = raw.at(EVENT_ID_PLACE).map(crate::extract::shape::lower);
        let event_id = id.as_deref().unwrap_or_else(|| key_id(key.key, &mut of_key));
        let number = rows.len();
        rows.append(raw, derived, (whence, event_id, time), (key, origin.ordinal));
        if let Some(time) = time.filter(|_| shape.table == sign_in::SHAPE.table) {
            self.sign_ins.append_policies(raw, (event_id, time), number);
        }
        (Taken::Row, self.is_explaining.then(|| event_id.to_owned()))
    }

    /// What was taken since the last time.
    ///
    /// # Errors
    /// When a column outgrows Arrow's limits.
    pub(crate) fn finish(&mut self) -> Result<OtherBatches, ArrowError> {
        let rows = self.tables.iter_mut().map(|rows| rows.finish().transpose());
        Ok(OtherBatches {
            rows: rows.flatten().collect::<Result<Vec<OtherRows>, ArrowError>>()?,
            policies: self.sign_ins.finish_policies()?,
            steps: std::mem::take(&mut self.steps),
        })
    }
}

/// Every shape has these two first.
const EVENT_ID_PLACE: usize = 0;
const TIME_PLACE: usize = 1;

/// By which names the person of a record may be asked for.
fn identities(shape: &Shape, raw: &Fields<'_>) -> Vec<String> {
    let names = ["user_id", "upn", "principal_id", "user_upn", "app_principal_id"];
    let places = shape.fields.iter().enumerate().filter(|(_, field)| names.contains(field));
    let texts = places.filter_map(|(place, _)| raw.at(place));
    texts.map(|text| crate::extract::shape::lower(text).into_owned()).collect()
}

/// Whether a record tells anything about MFA, where its kind can.
pub(crate) fn tells_of_mfa(shape: &Shape, raw: &Fields<'_>) -> bool {
    shape.table != sign_in::SHAPE.table || sign_in::tells_of_mfa(raw)
}

/// What a table that `convert` wrote tells of its rows.
pub fn key_of(event_key: Option<u128>, event_id: Option<&str>, weight: u32) -> OtherKey {
    let id = event_id.filter(|id| !id.starts_with("key:"));
    OtherKey {
        key: event_key.unwrap_or_default(),
        id: id.map(|id| crate::extract::identity::hash(id.as_bytes())),
        weight,
    }
}

/// The same for a side table, which has neither key nor id: by the columns that tell its rows
/// apart. `value` gives those of a row.
pub fn key_of_columns<'v>(table: &str, value: impl Fn(&str) -> Option<&'v str>) -> OtherKey {
    let mut buffer = 0_i64.to_le_bytes().to_vec();
    let shape = SHAPES.iter().find(|shape| shape.table == table);
    for column in shape.map(|shape| shape.identity).unwrap_or_default() {
        buffer.push(0);
        buffer.extend_from_slice(value(column).unwrap_or_default().as_bytes());
    }
    OtherKey { key: crate::extract::identity::hash(&buffer), id: None, weight: 0 }
}

const _: () = {
    let mut index = 0;
    while index < SHAPES.len() {
        assert!(SHAPES[index].fields.len() <= crate::extract::shape::RAW_MAX);
        index += 1;
    }
};
