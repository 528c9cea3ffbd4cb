//! What the rows of the tables other than `activity` are made of: raw fields, and how they become
//! values.

use std::borrow::Cow;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::extract::column::{Builder, Columns};
use crate::extract::field::FieldSet;
use crate::extract::identity::hash;
use crate::extract::raw::Raw;
use crate::mfa::token::token_guid_into;
use crate::schema::Table;
use crate::text::{Letters, is_same_name, letters_of};
use crate::time::{micros, parse_ticks};

/// How many raw fields a shape may have.
pub(crate) const RAW_MAX: usize = 64;

/// The raw fields of a record, by their place in [`Shape::fields`].
pub(crate) type Fields<'a> = Raw<'a, RAW_MAX>;

/// How a raw field becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// As it stands, without blanks around it.
    Text,
    /// In lower case.
    Lower,
    /// In upper case.
    Upper,
    /// A resource id: lower case, no slash at the end.
    Path,
    /// The strings of an array, comma-joined; a text as it stands.
    List,
    /// `true` or `false` in any case, `yes` or `no`, `1` or `0`.
    Boolean,
    /// An instant.
    Time,
    /// The GUID of a token.
    Token,
}

/// A column that is a raw field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Direct {
    /// The column.
    pub column: &'static str,
    /// The raw fields, best first.
    pub fields: &'static [&'static str],
    /// How it becomes a value.
    pub how: How,
}

/// A column of which the name is that of its raw field.
pub const fn same(column: &'static [&'static str; 1], how: How) -> Direct {
    Direct { column: column[0], fields: column, how }
}

/// What the rows of a table are made of.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    /// Name of the table.
    pub table: &'static str,
    /// The raw fields; at most [`RAW_MAX`]. Formats say where they are found.
    pub fields: &'static [&'static str],
    /// Those whose value may be an array or an object.
    pub structured: &'static [&'static str],
    /// Columns that are a raw field.
    pub direct: &'static [Direct],
    /// Columns that are worked out, and the raw fields that they need.
    pub derived: &'static [(&'static str, &'static [&'static str])],
    /// What tells one row from another where there are no ids, beside what is always read.
    pub identity: &'static [&'static str],
    /// Raw fields that are read whatever is asked for.
    pub always: &'static [&'static str],
    /// Whether a record without a time is damaged.
    pub needs_time: bool,
}

/// Place of a raw field; fails to compile where it is none.
pub(crate) const fn place_of(fields: &[&str], name: &str) -> usize {
    let mut index = 0;
    while index < fields.len() {
        if is_same_name(fields[index], name) {
            return index;
        }
        index += 1;
    }
    // Evaluated when the crate is compiled: an unknown name does not build.
    unreachable!()
}

impl Shape {
    fn place(&self, field: &str) -> Option<usize> {
        self.fields.iter().position(|known| *known == field)
    }

    fn set(&self, fields: &[&str]) -> FieldSet {
        fields
            .iter()
            .filter_map(|field| self.place(field))
            .fold(FieldSet::default(), FieldSet::with)
    }

    /// The raw fields that the asked-for columns need.
    pub(crate) fn needs(&self, columns: &[&'static str]) -> FieldSet {
        let direct = self.direct.iter().filter(|direct| columns.contains(&direct.column));
        let derived = self.derived.iter().filter(|derived| columns.contains(&derived.0));
        let asked = direct.map(|direct| direct.fields).chain(derived.map(|derived| derived.1));
        asked
            .chain([self.identity, self.always, &["event_id", "time"][..]])
            .fold(FieldSet::default(), |set, fields| set.union(self.set(fields)))
    }

    /// The fields whose value may be an array or an object.
    pub(crate) fn structured(&self) -> FieldSet {
        self.set(self.structured)
    }
}

/// A value of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    #[default]
    Null,
    Text(Cow<'a, str>),
    Integer(i64),
    Boolean(bool),
}

impl<'a> Value<'a> {
    /// A text, or nothing.
    pub(crate) fn text(text: Option<impl Into<Cow<'a, str>>>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.into()))
    }
}

/// Trimmed and in lower case.
pub(crate) fn lower(text: &str) -> Cow<'_, str> {
    let text = text.trim_ascii();
    match letters_of(text.as_bytes()) {
        Letters::Lower => Cow::Borrowed(text),
        Letters::Mixed => Cow::Owned(text.to_ascii_lowercase()),
        Letters::Foreign => Cow::Owned(text.to_lowercase()),
    }
}

/// A truth value as exporters write it.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text.trim_ascii().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

fn value_of(text: &str, how: How) -> Value<'_> {
    let trimmed = text.trim_ascii();
    match how {
        How::Text => Value::Text(Cow::Borrowed(trimmed)),
        How::Lower => Value::Text(lower(trimmed)),
        How::Upper => Value::Text(Cow::Owned(trimmed.to_uppercase())),
        How::Path => Value::Text(lower(trimmed.trim_end_matches('/'))),
        How::List => match trimmed.strip_prefix('[') {
            Some(_) => {
                let joined = crate::extract::elements::joined_texts(trimmed);
                if joined.is_empty() { Value::Null } else { Value::Text(Cow::Owned(joined)) }
            }
            // What `Export-Csv` writes in place of the strings.
            None if trimmed.eq_ignore_ascii_case("System.String[]") => Value::Null,
            None => Value::Text(Cow::Borrowed(trimmed)),
        },
        How::Boolean => truth(trimmed).map_or(Value::Null, Value::Boolean),
        How::Time => parse_ticks(trimmed.as_bytes())
            .map_or(Value::Null, |ticks| Value::Integer(micros(ticks))),
        How::Token => {
            let mut guid = String::new();
            token_guid_into(trimmed, &mut guid);
            Value::Text(Cow::Owned(guid))
        }
    }
}

/// What tells a row from others, and how much it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OtherKey {
    /// Hash of what tells rows apart across exports.
    pub key: u128,
    /// Hash of the exporter's own id; `None` where the export has none.
    pub id: Option<u128>,
    /// How much the row says: of copies, the one that says most is kept.
    pub weight: u32,
}

/// What a record does not say of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whence<'a> {
    pub(crate) file: &'a str,
    pub(crate) offset: u64,
    pub(crate) format: &'static str,
}

/// Where a value of a column comes from.
#[derive(Debug)]
enum Fill {
    Direct(Vec<usize>, How),
    /// Place among the derived values.
    Derived(usize),
    EventId,
    EventTime,
    EventKey,
    File,
    Offset,
    Format,
    /// Filled by a later step.
    Later,
}

/// Rows of one table being built.
#[derive(Debug)]
pub(crate) struct RowsOf {
    pub(crate) shape: &'static Shape,
    columns: Columns,
    fills: Vec<Fill>,
    identity: Vec<usize>,
    keys: Vec<OtherKey>,
    ordinals: Vec<u32>,
    buffer: Vec<u8>,
}

/// Rows of one table that were built.
#[derive(Debug)]
pub struct OtherRows {
    /// Name of the table.
    pub table: &'static str,
    /// The wanted columns, but `source_record`, which the caller knows.
    pub rows: RecordBatch,
    /// For every row, what tells it from others.
    pub keys: Vec<OtherKey>,
    /// For every row, the ordinal of its record in the chunk, from 0.
    pub ordinals: Vec<u32>,
}

impl RowsOf {
    /// A builder of the `wanted` columns of `table`, which `shape` makes.
    pub(crate) fn new(shape: &'static Shape, table: &Table, wanted: &[&'static str]) -> Self {
        let columns = Columns::new(table, |name| name != "source_record" && wanted.contains(&name));
        let fills = columns.builders.iter().map(|(place, _)| {
            let name = table.columns[*place].name;
            let direct = shape.direct.iter().find(|direct| direct.column == name);
            let derived = shape.derived.iter().position(|derived| derived.0 == name);
            match (name, direct, derived) {
                ("event_id", ..) => Fill::EventId,
                ("event_time", ..) => Fill::EventTime,
                ("event_key", ..) => Fill::EventKey,
                ("source_file", ..) => Fill::File,
                ("source_offset", ..) => Fill::Offset,
                ("format", ..) => Fill::Format,
                (_, Some(direct), _) => {
                    let fields = direct.fields.iter().filter_map(|field| shape.place(field));
                    Fill::Direct(fields.collect(), direct.how)
                }
                (_, None, Some(derived)) => Fill::Derived(derived),
                (_, None, None) => Fill::Later,
            }
        });
        Self {
            fills: fills.collect(),
            columns,
            identity: shape.identity.iter().filter_map(|field| shape.place(field)).collect(),
            shape,
            keys: Vec::new(),
            ordinals: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Which of [`Shape::derived`] some wanted column is, a bit each.
    pub(crate) fn derived(&self) -> u32 {
        let places = self.fills.iter().filter_map(|fill| match fill {
            Fill::Derived(place) => Some(*place),
            _ => None,
        });
        places.fold(0, |bits, place| bits | 1 << place)
    }

    /// Number of rows since the last [`Self::finish`].
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// What tells the record from others; `ticks` is its time.
    pub(crate) fn key(&mut self, raw: &Fields<'_>, ticks: i64, weight: u32) -> OtherKey {
        let buffer = &mut self.buffer;
        buffer.clear();
        buffer.extend_from_slice(&ticks.to_le_bytes());
        for place in &self.identity {
            let text = lower(raw.at(*place).unwrap_or_default());
            // Of ids that are whole paths, the tables keep the last name.
            let text = if self.shape.fields[*place] == "role_id" {
                text.rsplit('/').next().unwrap_or_default()
            } else {
                text.trim_end_matches('/')
            };
            buffer.push(0);
            buffer.extend_from_slice(text.as_bytes());
        }
        let key = hash(buffer);
        let id = self.shape.place("event_id").and_then(|place| raw.at(place));
        OtherKey { key, id: id.map(|id| hash(lower(id).as_bytes())), weight }
    }

    /// Appends a row; `derived` are the values of [`Shape::derived`], in its order.
    pub(crate) fn append(
        &mut self,
        raw: &Fields<'_>,
        derived: &[Value<'_>],
        (whence, event_id, time): (&Whence<'_>, &str, Option<i64>),
        (key, ordinal): (OtherKey, u32),
    ) {
        for ((_, builder), fill) in self.columns.builders.iter_mut().zip(&self.fills) {
            match fill {
                Fill::Direct(places, how) => {
                    let text = places.iter().find_map(|place| raw.at(*place));
                    put(builder, &text.map_or(Value::Null, |text| value_of(text, *how)));
                }
                Fill::Derived(place) => put(builder, derived.get(*place).unwrap_or(&Value::Null)),
                Fill::EventId => builder.text(Some(event_id)),
                Fill::EventTime => builder.integer(time),
                Fill::EventKey => {
                    builder.text(Some(crate::extract::identity::hex(key.key, &mut [0; 32])));
                }
                Fill::File => builder.text(Some(whence.file)),
                Fill::Offset => builder.integer(i64::try_from(whence.offset).ok()),
                Fill::Format => builder.text(Some(whence.format)),
                Fill::Later => put(builder, &Value::Null),
            }
        }
        self.keys.push(key);
        self.ordinals.push(ordinal);
    }

    /// The rows since the last time; none where there are none.
    ///
    /// # Errors
    /// When a column outgrows Arrow's limits.
    pub(crate) fn finish(&mut self) -> Result<Option<OtherRows>, ArrowError> {
        if self.keys.is_empty() {
            return Ok(None);
        }
        let rows = self.columns.finish(self.keys.len())?;
        let (keys, ordinals) = (std::mem::take(&mut self.keys), std::mem::take(&mut self.ordinals));
        Ok(Some(OtherRows { table: self.shape.table, rows, keys, ordinals }))
    }
}

fn put(builder: &mut Builder, value: &Value<'_>) {
    match value {
        Value::Null => builder.null(),
        Value::Text(text) => builder.text((!text.is_empty()).then_some(text)),
        Value::Integer(number) => builder.integer(Some(*number)),
        Value::Boolean(truth) => builder.boolean(Some(*truth)),
    }
}
