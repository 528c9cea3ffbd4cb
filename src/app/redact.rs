//! `--redact`: stable pseudonyms in place of people, addresses and resources.
//!
//! A column that holds one kind of value by its name gets a pseudonym for the whole value. In every
//! other text, in warnings and in what is told of rejects, the values of those columns are replaced
//! wherever they stand, and so is what is written like an address or an id. For that, the columns of
//! every table that a run reads are read too, whatever the report shows of them. A pseudonym is a
//! hash with a secret key of the kind and the value in lower case, so the same value has the same
//! one in every report of every run with that key, and nobody without it can test a guess.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::mem;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringViewArray};
use arrow_schema::{DataType, Schema};

use crate::app::error::Error;
use crate::app::options::ReadOptions;
use crate::app::outcome::Outcome;
use crate::app::tables::Made;
use crate::engine::polars::Polars;
use crate::engine::{Engine, Query};
use crate::error::{Accounting, Reject, Warning};
use crate::report::plan::Plan;
use crate::schema::TABLES;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::activity_policy::TABLE as ACTIVITY_POLICY;
use crate::schema::attempt::TABLE as ATTEMPT;

use self::key::Key;
use self::known::Known;

pub mod key;
mod known;
mod shape;

/// What is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// People and other accounts: names, ids, and the devices that are theirs.
    Users,
    /// Addresses of machines.
    Ips,
    /// Resources, their groups and subscriptions, and the tenant.
    Resources,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Users, Self::Ips, Self::Resources];

    /// Name in `--redact`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Ips => "ips",
            Self::Resources => "resources",
        }
    }

    /// What a pseudonym begins with.
    fn prefix(self) -> &'static str {
        match self {
            Self::Users => "user",
            Self::Ips => "ip",
            Self::Resources => "res",
        }
    }
}

/// Which columns hold which kind, in tables and in reports; without underscores, in lower case, so
/// that headings of other tools are known too.
const COLUMNS: &[(Kind, &[&str])] = &[
    (
        Kind::Users,
        &[
            "actorid",
            "actorname",
            "actorupn",
            "caller",
            "callername",
            "calleroid",
            "callerupn",
            "deviceid",
            "displayname",
            "principalid",
            "principalname",
            "principalupn",
            "targetid",
            "targetname",
            "upn",
            "user",
            "userdisplayname",
            "userid",
            "userkey",
            "humankey",
            "username",
            "userprincipalname",
        ],
    ),
    (Kind::Ips, &["calleripaddress", "clientip", "ip", "ipaddress"]),
    (
        Kind::Resources,
        &[
            "assignmentid",
            "assignmentscope",
            "exemptionids",
            "hometenantid",
            "policysetid",
            "resource",
            "resourcegroup",
            "resourceid",
            "resourcename",
            "scope",
            "subscription",
            "subscriptionid",
            "tags",
            "tenantid",
        ],
    ),
];

/// Columns whose texts are words of ours or of Azure, where a resource called `write` must not
/// change what was done; they are hidden whole or by how they are written only.
const WORDS: &[&str] = &[
    "acr",
    "acrs",
    "activity",
    "actortype",
    "amr",
    "authprotocol",
    "castatus",
    "category",
    "client",
    "clientapp",
    "clientappused",
    "clients",
    "clientversion",
    "conditionsnotsatisfied",
    "conditionssatisfied",
    "country",
    "crosstenanttype",
    "deviceos",
    "devicetrusttype",
    "enforcedfrom",
    "errorcode",
    "excluded",
    "format",
    "grantcontrols",
    "httpmethod",
    "idtyp",
    "incomingtokentype",
    "kind",
    "level",
    "methods",
    "methodsregistered",
    "methodsseen",
    "metric",
    "mfa",
    "mfamethods",
    "mfapolicy",
    "mfareason",
    "mfastrength",
    "note",
    "oldclients",
    "operation",
    "operationclass",
    "operationtype",
    "outcome",
    "phase",
    "policyeffect",
    "principaltype",
    "region",
    "requirement",
    "resourcetype",
    "result",
    "risksignin",
    "riskuser",
    "role",
    "roles",
    "rule",
    "service",
    "sessioncontrols",
    "status",
    "substatus",
    "targettype",
    "transfermethod",
    "usertype",
    "verdict",
];

/// What to hide, and with which key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// Each once; never empty.
    pub kinds: Vec<Kind>,
    /// The secret.
    pub key: Key,
    /// Where the key is, if this run made it.
    pub new_key: Option<PathBuf>,
}

/// A name as [`COLUMNS`] and [`WORDS`] have it.
fn plain(column: &str) -> String {
    column
        .chars()
        .filter(|character| character.is_alphanumeric())
        .collect::<String>()
        .to_lowercase()
}

impl Redaction {
    /// What a column holds that is to be hidden.
    fn kind_of(&self, column: &str) -> Option<Kind> {
        let column = plain(column);
        let found = COLUMNS.iter().find(|(_, names)| names.contains(&column.as_str()));
        found.map(|(kind, _)| *kind).filter(|kind| self.kinds.contains(kind))
    }

    /// Adds to a plan what has to be known of the tables that it reads.
    pub(crate) fn widen(&self, plan: &mut Plan) {
        // What policies say may name whoever is behind any event.
        if plan.columns.contains_key(ACTIVITY_POLICY.name) {
            for table in [&ACTIVITY, &ATTEMPT] {
                plan.columns.entry(table.name.to_owned()).or_default();
            }
        }
        for (name, columns) in &mut plan.columns {
            let Some(table) = TABLES.iter().find(|table| table.name == name) else { continue };
            let secret = table.columns.iter().map(|column| column.name);
            for column in secret.filter(|name| self.kind_of(name).is_some()) {
                columns.insert(column.to_owned());
                plan.of_policy_events.remove(column);
            }
        }
    }

    /// Every value that the tables have of what is to be hidden.
    fn known(&self, tables: &[Made]) -> Result<Known<Kind>, Error> {
        let mut statements = Vec::new();
        for made in tables {
            for field in made.schema.fields() {
                let is_text = field.data_type() == &DataType::Utf8View;
                if let Some(kind) = self.kind_of(field.name()).filter(|_| is_text) {
                    let (name, table) = (field.name(), made.table.name);
                    let sql = format!(
                        "select distinct \"{name}\" as value from {table} where \"{name}\" is not null"
                    );
                    statements.push((kind, sql));
                }
            }
        }
        let queries: Vec<Query<'_>> = statements
            .iter()
            .map(|(_, sql)| Query { name: "redact", sql, columns: Vec::new() })
            .collect();
        let inputs: Vec<_> = tables.iter().map(Made::input).collect();
        let answers = Polars::default().run(&inputs, &[], &queries)?;
        let mut values = Vec::new();
        for ((kind, _), answer) in statements.iter().zip(&answers) {
            for column in answer.batches.iter().map(|batch| batch.column(0)) {
                let texts = column.as_string_view_opt().into_iter().flatten().flatten();
                values.extend(texts.map(|text| (text.to_owned(), *kind)));
            }
        }
        Ok(Known::new(values))
    }
}

/// Puts pseudonyms in place of what is to be hidden.
#[derive(Debug)]
pub(crate) struct Redactor<'a> {
    redaction: &'a Redaction,
    known: Known<Kind>,
}

impl<'a> Redactor<'a> {
    /// The redactor of a run over `tables`, if the run is to hide anything.
    ///
    /// # Errors
    /// Tables that cannot be read.
    pub(crate) fn of(options: &'a ReadOptions, tables: &[Made]) -> Result<Option<Self>, Error> {
        let Some(redaction) = &options.redact else { return Ok(None) };
        Ok(Some(Self { redaction, known: redaction.known(tables)? }))
    }

    fn pseudonym(&self, kind: Kind, value: &str) -> String {
        let value = format!("{}\0{}", kind.name(), value.to_lowercase());
        format!("{}-{}", kind.prefix(), self.redaction.key.mark(&value))
    }

    /// A text with everything hidden that can be found in it.
    fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let shapes = shape::found(text);
        let values = self.known.found(text);
        self.replaced(text, shapes, values)
    }

    /// A term of a vocabulary: hidden whole if it is a value, except a bare word. A text that is no
    /// term is treated like any other, whatever its column is called.
    fn word<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./,-".contains(&byte)) {
            return self.text(text);
        }
        let is_word =
            text.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_./,".contains(&byte));
        match self.known.whole(&text.to_lowercase()).filter(|_| !is_word) {
            Some(kind) => Cow::Owned(self.pseudonym(kind, text)),
            None => self.replaced(text, shape::found(text), Vec::new()),
        }
    }

    /// What is found by value counts before what is found by its writing, unless it is a part of it.
    fn replaced<'t>(
        &self,
        text: &'t str,
        shapes: Vec<(Range<usize>, Kind)>,
        values: Vec<(Range<usize>, Kind)>,
    ) -> Cow<'t, str> {
        let mut places: Vec<(Range<usize>, Kind)> = shapes
            .into_iter()
            .filter(|(_, kind)| self.redaction.kinds.contains(kind))
            .chain(values)
            .collect();
        if places.is_empty() {
            return Cow::Borrowed(text);
        }
        places.sort_by_key(|(range, kind)| (range.start, std::cmp::Reverse(range.end), *kind));
        let mut shown = String::with_capacity(text.len());
        let mut at = 0;
        let mut places = places.into_iter().peekable();
        while let Some((mut range, kind)) = places.next() {
            // What overlaps is hidden as one.
            while let Some((next, _)) = places.next_if(|(next, _)| next.start < range.end) {
                range.end = range.end.max(next.end);
            }
            shown.push_str(&text[at..range.start]);
            shown.push_str(&self.pseudonym(kind, &text[range.clone()]));
            at = range.end;
        }
        shown.push_str(&text[at..]);
        Cow::Owned(shown)
    }

    fn column(&self, name: &str, array: &ArrayRef) -> ArrayRef {
        let Some(texts) = array.as_string_view_opt() else { return Arc::clone(array) };
        let kind = self.redaction.kind_of(name);
        let has_words = WORDS.contains(&plain(name).as_str());
        let hidden: StringViewArray = texts
            .iter()
            .map(|text| {
                text.map(|text| match kind {
                    _ if text.is_empty() => Cow::Borrowed(text),
                    Some(kind) => Cow::Owned(self.pseudonym(kind, text)),
                    None if has_words => self.word(text),
                    None => self.text(text),
                })
            })
            .collect();
        Arc::new(hidden)
    }

    /// The rows with pseudonyms.
    ///
    /// # Errors
    /// None that rows of `schema` could give.
    pub(crate) fn batches(
        &self,
        schema: &Arc<Schema>,
        batches: &[RecordBatch],
    ) -> Result<Vec<RecordBatch>, Error> {
        let hidden = batches.iter().map(|batch| {
            let columns = schema.fields().iter().zip(batch.columns());
            let columns = columns.map(|(field, array)| self.column(field.name(), array)).collect();
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        });
        hidden.collect::<Result<_, _>>().map_err(Error::Arrow)
    }

    /// Hides in pages and in everything that is told of the run.
    ///
    /// # Errors
    /// As [`Redactor::batches`].
    pub(crate) fn outcome(&self, outcome: &mut Outcome) -> Result<(), Error> {
        for page in &mut outcome.pages {
            page.batches = self.batches(&page.schema, &page.batches)?;
            self.accounting(&mut page.accounting);
        }
        self.told(&mut outcome.accounting, &mut outcome.rejects_sample);
        Ok(())
    }

    /// Hides in what is told of a run, and tells of a key that it made.
    pub(crate) fn told(&self, accounting: &mut Accounting, rejects: &mut [Reject]) {
        self.accounting(accounting);
        for reject in rejects {
            self.reject(reject);
        }
        // Told on standard error only: where a key is, is nothing for those who get the report.
        if let Some(path) = &self.redaction.new_key {
            let hint = "the same key gives the same pseudonyms in every run; whoever has it can \
                        find out who is behind them";
            accounting.warnings.push(Warning {
                message: format!("made a new key for `--redact`: `{}`", path.display()),
                hint: Some(hint.to_owned()),
            });
        }
    }

    fn accounting(&self, accounting: &mut Accounting) {
        for warning in &mut accounting.warnings {
            warning.message = self.text(&warning.message).into_owned();
            warning.hint = warning.hint.as_deref().map(|hint| self.text(hint).into_owned());
        }
        let mut ignored = BTreeMap::new();
        for (category, number) in mem::take(&mut accounting.ignored) {
            *ignored.entry(self.word(&category).into_owned()).or_default() += number;
        }
        accounting.ignored = ignored;
    }

    fn reject(&self, reject: &mut Reject) {
        reject.detail = self.text(&reject.detail).into_owned();
        reject.location.file = Arc::from(self.text(&reject.location.file).as_ref());
        reject.raw.clear();
    }
}

/// An error that may quote the input, with what is known by its writing hidden in it: of values
/// nothing is known yet.
pub(crate) fn hide_in_error(options: &ReadOptions, error: Error) -> Error {
    let Some(redaction) = &options.redact else { return error };
    let redactor = Redactor { redaction, known: Known::new([]) };
    match error {
        Error::Rejected(mut reject) => {
            redactor.reject(&mut reject);
            Error::Rejected(reject)
        }
        Error::NothingReadable { inputs, detail } => Error::NothingReadable {
            inputs: redactor.text(&inputs).into_owned(),
            detail: redactor.text(&detail).into_owned(),
        },
        error => error,
    }
}

#[cfg(test)]
mod tests;
