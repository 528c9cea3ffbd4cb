//! From records to Arrow batches: one hot loop for every export shape.
//!
//! [`Extractor::extract`] takes a [`chunk::Chunk`] of records and gives the rows, and everything
//! that has to be said about the records that gave none. It does no I/O and keeps no state from
//! chunk to chunk but the key orders it has learned, which change its speed and never its answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::error::{Location, Reject, RejectReason, Warning};
use crate::extract::activity::{ColumnSet, Row, fields_for, position};
use crate::extract::append::{Placed, append_activity, append_policy};
use crate::extract::chunk::Chunk;
use crate::extract::column::Columns;
use crate::extract::field::Field;
use crate::extract::filter::Filter;
use crate::extract::format::{Formats, Kind};
use crate::extract::frame::run::Derailed;
use crate::extract::identity::{RowKey, event_key, key_id};
use crate::extract::others::{Origin, OtherBatches, Others, OthersWanted, Taken};
use crate::extract::policy::PolicyReader;
use crate::extract::raw::{Raw, Told, Unescaped};
use crate::extract::reason::{no_time, reason_of, shortened, unrecognised};
use crate::extract::recognise::{KIND_SLOT, Readers, Recogniser};
use crate::extract::shape::{Shape, Whence};
use crate::json::Fault;
use crate::json::check::value_end;
use crate::json::scan::skip_whitespace;
use crate::json::slot::SlotKind;
use crate::limits::{CONTAINER_DEPTH_MAX, REJECT_BYTES_MAX};
use crate::mfa::policy::effect_of_operation;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::activity_policy::TABLE as ACTIVITY_POLICY;
use crate::time::{micros, parse_ticks};

mod activity;
mod append;
pub mod audit;
pub mod chunk;
pub(crate) mod column;
pub(crate) mod elements;
pub mod field;
pub mod filter;
pub mod format;
pub mod frame;
pub mod identity;
pub mod others;
pub mod policy;
mod raw;
mod reason;
pub(crate) mod recognise;
mod remembered;
mod resource;
pub mod shape;
pub mod side;
pub mod sign_in;
pub mod step;
mod take;
pub(crate) mod texts;
mod verdict;

pub(crate) use reason::describe;

/// What is wanted of the records.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The export shapes.
    pub formats: Formats,
    /// Columns of `activity` to build, by name.
    pub activity: Vec<&'static str>,
    /// Those of them that are asked of policy events only: null in other rows.
    pub of_policy_events: Vec<&'static str>,
    /// Columns of `activity_policy` to build, by name.
    pub policy: Vec<&'static str>,
    /// What of the records that are no events.
    pub others: OthersWanted,
    /// Which rows count.
    pub filter: Filter,
    /// Replay the policy rule to the letter.
    pub strict_policy: bool,
    /// Further MFA policies, by definition id or name.
    pub mfa_policies: Vec<String>,
    /// Makes records of a query response (`tables`), which stands at an offset of a file.
    pub open_tables: fn(&Arc<str>, &[u8], u64) -> OpenedTables,
    /// An event, by its id in lower case, whose records are to be kept as they stand.
    pub raw_of: Option<String>,
}

/// The records of a query response.
#[derive(Debug, Default)]
pub struct OpenedTables {
    /// The rows as JSON objects; none when the response holds no table.
    pub chunks: Vec<Chunk>,
    /// What the response says of itself: that it is partial, for one.
    pub warnings: Vec<Warning>,
}

/// What a chunk gave.
#[derive(Debug)]
pub struct Extracted {
    /// Rows of `activity`: the wanted columns, but `source_record`, which the caller knows. Texts
    /// that come again and again are dictionaries.
    pub activity: RecordBatch,
    /// Rows of `activity_policy`: the wanted columns, as above.
    pub policy: RecordBatch,
    /// For every row of `policy`, its row in `activity`.
    pub policy_rows: Vec<u32>,
    /// For every row of `activity`, what tells it from others.
    pub keys: Vec<RowKey>,
    /// For every row of `activity`, the ordinal of its record in the chunk, from 0.
    pub ordinals: Vec<u32>,
    /// Rows of the other tables.
    pub others: OtherBatches,
    /// Records met, those inside envelopes counted and the envelopes not.
    pub records: u64,
    /// Records that gave no row; `location.record` is the ordinal in the chunk, from 0.
    pub rejects: Vec<Reject>,
    /// Records of other logs, or outside the filter, by category.
    pub ignored: BTreeMap<String, u64>,
    /// Records by index of their format.
    pub formats: BTreeMap<usize, u64>,
    /// Rows with claims, by index of their format.
    pub with_claims: BTreeMap<usize, u64>,
    /// Rows whose "user" was decided without `idtyp`.
    pub users_without_idtyp: u64,
    /// What query responses said of themselves.
    pub warnings: Vec<Warning>,
    /// Records of the event in [`Wanted::raw_of`].
    pub raw: Vec<String>,
    /// Set where the chunk ends otherwise than framing guessed: chunks behind it are void.
    pub derailed: Option<Derailed>,
}

/// Reads chunks; reused, so that what it learned about key orders serves the next one.
#[derive(Debug)]
pub struct Extractor {
    wanted: Wanted,
    recogniser: Recogniser,
    readers: Readers,
    /// What is to be told of a record, by format.
    told: Vec<Told>,
    policies: PolicyReader,
    /// Format of the last record: the first guess for the next.
    guess: usize,
    unescaped: Unescaped,
    scratch: String,
    /// Bytes of an event's identity, before they are hashed.
    identity: Vec<u8>,
    /// Columns of `activity` that have to be made, and those that are null where a row is no policy
    /// event.
    needs: ColumnSet,
    of_policy_events: ColumnSet,
    /// Whether the keys of rows are told beyond policy events.
    tells_key: bool,
    activity: Columns,
    policy: Columns,
    others: Others,
    out: Tally,
}

#[derive(Debug, Default)]
struct Tally {
    policy_rows: Vec<u32>,
    keys: Vec<RowKey>,
    ordinals: Vec<u32>,
    records: u64,
    rejects: Vec<Reject>,
    ignored: BTreeMap<String, u64>,
    /// Records, and rows with claims, by index of their format.
    counted: Vec<(u64, u64)>,
    users_without_idtyp: u64,
    warnings: Vec<Warning>,
    raw: Vec<String>,
}

impl Tally {
    /// For so many formats, and about so many rows.
    fn new(formats: usize, rows: usize) -> Self {
        Self {
            keys: Vec::with_capacity(rows),
            ordinals: Vec::with_capacity(rows),
            counted: vec![(0, 0); formats],
            ..Self::default()
        }
    }

    /// What `count` says of every format that was met, by its index.
    fn by_format(&self, count: impl Fn((u64, u64)) -> u64) -> BTreeMap<usize, u64> {
        let met = self.counted.iter().enumerate().filter(|(_, counted)| counted.0 > 0);
        met.map(|(format, counted)| (format, count(*counted))).collect()
    }
}

/// A record on its way: where it stands and how many containers are around it.
#[derive(Debug, Clone, Copy)]
struct Record<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    start: usize,
    end: usize,
    offset: u64,
    nesting: usize,
}

impl Extractor {
    /// An extractor for what is wanted.
    pub fn new(wanted: Wanted) -> Self {
        let fields = fields_for(wanted.activity.iter().copied().chain(wanted.filter.columns()));
        let told = wanted.formats.all.iter().map(|format| match format.kind {
            Kind::Row(shape, _) => Told::row(shape.fields.len(), shape.structured()),
            _ => Told::ACTIVITY,
        });
        Self {
            recogniser: Recogniser::new(&wanted.formats),
            readers: Readers::new(&wanted.formats, fields),
            told: told.collect(),
            policies: PolicyReader::new(&wanted.formats, wanted.mfa_policies.clone()),
            guess: 0,
            unescaped: Unescaped::default(),
            scratch: String::new(),
            identity: Vec::new(),
            needs: ColumnSet::for_columns(
                wanted.activity.iter().copied().chain(wanted.filter.columns()),
            ),
            of_policy_events: ColumnSet::named(wanted.of_policy_events.iter().copied()),
            tells_key: wanted.raw_of.is_some()
                || ["event_key", "event_id"].iter().any(|name| {
                    wanted.activity.contains(name) && !wanted.of_policy_events.contains(name)
                }),
            activity: Columns::numbered(&ACTIVITY, |name| {
                name != "source_record" && wanted.activity.contains(&name)
            }),
            policy: Columns::numbered(&ACTIVITY_POLICY, |name| wanted.policy.contains(&name)),
            others: Others::new(&wanted.others, wanted.raw_of.is_some()),
            out: Tally::new(wanted.formats.all.len(), 0),
            wanted,
        }
    }

    /// Extracts the records of one chunk.
    ///
    /// Shape: `records = rows + rejects + ignored`; rows and rejects in input order.
    /// Cost: one pass over the bytes, plus one to check that they are UTF-8.
    ///
    /// # Errors
    /// Only when a column outgrows Arrow's limits; damaged records are [`Extracted::rejects`].
    pub fn extract(&mut self, chunk: &Chunk) -> Result<Extracted, ArrowError> {
        let derailed = self.take(chunk);
        let rows = self.out.keys.len();
        let policy_rows = self.out.policy_rows.len();
        let (activity, policy) = (self.activity.finish(rows)?, self.policy.finish(policy_rows)?);
        let others = self.others.finish()?;
        let empty = Tally::new(self.wanted.formats.all.len(), rows);
        let tally = std::mem::replace(&mut self.out, empty);
        let formats = tally.by_format(|(records, _)| records);
        let with_claims = tally.by_format(|(_, with_claims)| with_claims);
        Ok(Extracted {
            activity,
            policy,
            policy_rows: tally.policy_rows,
            keys: tally.keys,
            ordinals: tally.ordinals,
            others,
            records: tally.records,
            rejects: tally.rejects,
            ignored: tally.ignored,
            formats,
            with_claims,
            users_without_idtyp: tally.users_without_idtyp,
            warnings: tally.warnings,
            raw: tally.raw,
            derailed,
        })
    }

    fn record(&mut self, record: Record<'_>) {
        let bytes = record.text.as_bytes();
        let start = skip_whitespace(bytes, record.start);
        match bytes.get(start) {
            Some(b'{') if start < record.end => {}
            Some(b'[') if start < record.end => return self.elements(record, start),
            _ => return self.reject_value(record, start),
        }
        if let Err((reason, at)) = self.walk_as(self.guess, record, start) {
            return self.salvage(record, at, reason);
        }
        self.walked(record, start);
    }

    /// A sound record that the reader of the guessed format has walked.
    fn walked(&mut self, record: Record<'_>, start: usize) {
        let (walker, guard) = &self.readers[self.guess];
        if !guard.lets_pass(walker, record.text) {
            let Some(format) = self.recogniser.recognise(record.text, start) else {
                let detail = unrecognised(record.text, start);
                return self.reject_record(record, RejectReason::Unrecognised, detail);
            };
            self.guess = format;
            if let Err((reason, at)) = self.walk_as(format, record, start) {
                return self.salvage(record, at, reason);
            }
        }
        match self.wanted.formats.all[self.guess].kind {
            Kind::Activity => self.event(record),
            Kind::Row(shape, _) => self.row(record, shape),
            Kind::OtherLog(_) => self.other_log(record.text),
            Kind::Envelope(_) => self.envelope(record),
            Kind::Tables => self.tables(record),
        }
    }

    /// Walks the record with the reader of a format: it has to end where framing says.
    fn walk_as(
        &mut self,
        format: usize,
        record: Record<'_>,
        start: usize,
    ) -> Result<(), (RejectReason, usize)> {
        let (walker, _) = self.readers.of(format, &self.wanted.formats, &self.wanted.others);
        match walker.walk(record.text, start) {
            Ok(end) if end > record.end => Err((RejectReason::CutShort, record.end)),
            Ok(end) => {
                let rest = skip_whitespace(record.text.as_bytes(), end);
                if rest < record.end { Err((RejectReason::Syntax, rest)) } else { Ok(()) }
            }
            Err(Fault { at, .. }) if at >= record.end => Err((RejectReason::CutShort, record.end)),
            Err(Fault { at, kind }) => Err((reason_of(kind), at)),
        }
    }

    /// Rejects a record for a fault at `at`, and reads on with the records that may have been
    /// swallowed by it: those of an envelope that is cut, and those behind an unbalanced quote.
    fn salvage(&mut self, record: Record<'_>, at: usize, reason: RejectReason) {
        let bytes = record.text.as_bytes();
        if bytes.get(at) == Some(&b'{') && self.several_on_a_line(record) {
            return;
        }
        let inside = bytes.get(record.start..record.end).unwrap_or_default();
        if record.nesting < CONTAINER_DEPTH_MAX && frame::may_be_envelope(inside, 0) {
            let spans = frame::frame_text(record.file, inside.to_vec());
            if spans.len() > 1 {
                for span in spans {
                    let part = Record {
                        start: record.start + span.start as usize,
                        end: record.start + span.end as usize,
                        offset: record.offset + span.offset,
                        nesting: record.nesting + 1,
                        ..record
                    };
                    match span.damage {
                        Some(reason) => {
                            self.reject_record(part, reason, describe(reason).to_owned());
                        }
                        None => self.record(part),
                    }
                }
                return;
            }
        }
        let resumed = match reason {
            RejectReason::Syntax => frame::resume_at(bytes, at, record.end),
            _ => None,
        };
        let Some((damaged_end, next)) = resumed else { return self.reject_at(record, at, reason) };
        self.reject_at(Record { end: damaged_end, ..record }, at, reason);
        let mut start = next;
        while bytes.get(start) == Some(&b'{') && start < record.end {
            let end = frame::balanced_end(bytes, start).unwrap_or(record.end).min(record.end);
            let offset = record.offset + (start - record.start) as u64;
            self.record(Record { start, end, offset, nesting: record.nesting + 1, ..record });
            start = skip_whitespace(bytes, end);
            if bytes.get(start) == Some(&b',') {
                start = skip_whitespace(bytes, start + 1);
            }
        }
    }

    /// Reads objects that stand behind each other where framing took one; says whether they do.
    fn several_on_a_line(&mut self, record: Record<'_>) -> bool {
        let bytes = record.text.as_bytes();
        let mut start = skip_whitespace(bytes, record.start);
        let first = value_end(bytes, start, 0);
        if first.is_err() || first.is_ok_and(|end| end >= record.end) {
            return false;
        }
        while start < record.end {
            let end = value_end(bytes, start, 0).unwrap_or(record.end).min(record.end);
            let offset = record.offset + (start - record.start) as u64;
            self.record(Record { start, end, offset, nesting: record.nesting + 1, ..record });
            start = skip_whitespace(bytes, end);
        }
        true
    }

    fn event(&mut self, record: Record<'_>) {
        let (walker, _) = &self.readers[self.guess];
        let mut raw = Raw::empty();
        raw.take(walker, record.text, &mut self.unescaped, &self.told[self.guess]);
        let time = raw.get(Field::Time);
        let Some(ticks) = time.and_then(|text| parse_ticks(text.as_bytes())) else {
            let detail = no_time(time);
            return self.reject_record(record, RejectReason::InvalidTime, detail);
        };
        let mut row = Row::at(ticks);
        row.normalise(&raw, &mut self.scratch, self.wanted.strict_policy, self.needs);
        let effect = row.text(position::OPERATION, &self.scratch).and_then(effect_of_operation);
        let policies = effect
            .filter(|_| row.is_policy_event)
            .map(|effect| self.policies.read(walker, record.text, effect));
        let policies = policies.as_deref();
        let counted = &mut self.out.counted[self.guess];
        counted.0 += 1;
        counted.1 += u64::from(row.has_claims);
        if let Some(reason) = self.wanted.filter.refuses_row(&row, &self.scratch) {
            return self.ignore(reason);
        }
        let key = event_key(&row, &self.scratch, policies, &mut self.identity);
        let id = row.text(position::EVENT_ID, &self.scratch);
        let mut of_key = [0; 36];
        let tells_key = self.tells_key || row.is_policy_event;
        let key_id = if tells_key { key_id(key, &mut of_key) } else { "" };
        let event_id = id.unwrap_or(key_id);
        let place = Placed {
            file: record.file,
            offset: record.offset,
            format: self.wanted.formats.all[self.guess].name,
            key_id,
        };
        if self.wanted.raw_of.as_deref() == Some(event_id) {
            let text = record.text.get(record.start..record.end).unwrap_or_default();
            self.out.raw.push(text.to_owned());
        }
        let left_out =
            if row.is_policy_event { ColumnSet::default() } else { self.of_policy_events };
        append_activity(&mut self.activity, left_out, &row, &self.scratch, &place);
        if row.is_policy_event {
            let row_number = u32::try_from(self.out.keys.len()).unwrap_or(u32::MAX);
            for policy in policies.map(|policies| &policies.all).into_iter().flatten() {
                append_policy(&mut self.policy, policy, event_id, micros(row.ticks));
                self.out.policy_rows.push(row_number);
            }
        }
        let flags = policies.map(|policies| policies.flags).unwrap_or_default();
        self.out.keys.push(RowKey::new(key, id, row.has_claims, flags));
        self.out.ordinals.push(u32::try_from(self.out.records).unwrap_or(u32::MAX));
        self.out.users_without_idtyp += u64::from(row.user_without_idtyp);
        self.out.records += 1;
    }

    /// A row of another table.
    fn row(&mut self, record: Record<'_>, shape: &'static Shape) {
        let (walker, _) = &self.readers[self.guess];
        let told = &self.told[self.guess];
        let mut raw = Raw::empty();
        raw.take(walker, record.text, &mut self.unescaped, told);
        let counted = &mut self.out.counted[self.guess];
        counted.0 += 1;
        counted.1 += u64::from(others::tells_of_mfa(shape, &raw));
        let format = self.wanted.formats.all[self.guess].name;
        let origin = Origin {
            whence: Whence { file: record.file, offset: record.offset, format },
            ordinal: u32::try_from(self.out.records).unwrap_or(u32::MAX),
        };
        let (taken, id) = self.others.take(shape, &raw, &origin, &self.wanted.filter);
        if id.is_some() && id == self.wanted.raw_of {
            let text = record.text.get(record.start..record.end).unwrap_or_default();
            self.out.raw.push(text.to_owned());
        }
        match taken {
            Taken::Row => self.out.records += 1,
            Taken::Ignored(reason) => self.ignore(reason),
            Taken::NoTime(time) => {
                let detail = no_time(time);
                self.reject_record(record, RejectReason::InvalidTime, detail);
            }
        }
    }

    fn ignore(&mut self, category: &str) {
        self.out.records += 1;
        if let Some(count) = self.out.ignored.get_mut(category) {
            *count += 1;
        } else {
            self.out.ignored.insert(category.to_owned(), 1);
        }
    }

    fn other_log(&mut self, text: &str) {
        let (walker, _) = &self.readers[self.guess];
        let category = walker.slots().get(KIND_SLOT).map_or("", |slot| walker.text_of(text, *slot));
        let category = if category.is_empty() { "other log" } else { shortened(category) };
        let category = crate::text::sanitised(category).into_owned();
        self.ignore(&category);
    }

    /// The records inside an envelope; the envelope itself is none.
    fn envelope(&mut self, record: Record<'_>) {
        let (walker, _) = &self.readers[self.guess];
        let slot = walker.slots().get(KIND_SLOT).copied().unwrap_or_default();
        if slot.kind != SlotKind::Array || slot.buffer != 0 {
            let detail = "the envelope holds no array of records".to_owned();
            return self.reject_record(record, RejectReason::Unrecognised, detail);
        }
        self.elements(Record { end: slot.end as usize, ..record }, slot.start as usize);
    }

    /// The elements of an array that was met where a record is due.
    fn elements(&mut self, record: Record<'_>, start: usize) {
        let bytes = record.text.as_bytes();
        if record.nesting >= CONTAINER_DEPTH_MAX {
            let detail = "containers inside containers, too many of them".to_owned();
            return self.reject_record(record, RejectReason::TooDeep, detail);
        }
        let mut at = skip_whitespace(bytes, start + 1);
        while at < record.end && bytes.get(at) != Some(&b']') {
            let end = match value_end(bytes, at, 1) {
                Ok(end) if end <= record.end => end,
                Ok(_) => {
                    return self.reject_at(
                        Record { start: at, ..record },
                        record.end,
                        RejectReason::CutShort,
                    );
                }
                Err(Fault { at: fault, kind }) => {
                    let reason =
                        if fault >= record.end { RejectReason::CutShort } else { reason_of(kind) };
                    return self.reject_at(
                        Record { start: at, ..record },
                        fault.min(record.end),
                        reason,
                    );
                }
            };
            let offset = record.offset + (at - record.start) as u64;
            self.record(Record { start: at, end, offset, nesting: record.nesting + 1, ..record });
            at = skip_whitespace(bytes, end);
            match bytes.get(at) {
                Some(b',') => at = skip_whitespace(bytes, at + 1),
                Some(b']') => break,
                _ => {
                    return self.reject_at(
                        Record { start: at, ..record },
                        at,
                        RejectReason::Syntax,
                    );
                }
            }
        }
    }

    /// The rows of a query response.
    fn tables(&mut self, record: Record<'_>) {
        let text = record.text.get(record.start..record.end).unwrap_or_default();
        if record.nesting >= CONTAINER_DEPTH_MAX {
            let detail = "containers inside containers, too many of them".to_owned();
            return self.reject_record(record, RejectReason::TooDeep, detail);
        }
        let opened = (self.wanted.open_tables)(record.file, text.as_bytes(), record.offset);
        self.out.warnings.extend(opened.warnings);
        for chunk in &opened.chunks {
            self.rows_of_table(record, chunk);
        }
    }

    fn rows_of_table(&mut self, record: Record<'_>, chunk: &Chunk) {
        let Ok(text) = simdutf8::basic::from_utf8(&chunk.bytes) else {
            let detail = "a cell is not UTF-8".to_owned();
            return self.reject_record(record, RejectReason::InvalidUtf8, detail);
        };
        for span in &chunk.records {
            let row = Record {
                file: record.file,
                text,
                start: span.start as usize,
                end: span.end as usize,
                offset: span.offset,
                nesting: record.nesting + 1,
            };
            match span.damage {
                Some(reason) => self.reject_record(row, reason, describe(reason).to_owned()),
                None => self.record(row),
            }
        }
    }

    fn reject_value(&mut self, record: Record<'_>, start: usize) {
        match value_end(record.text.as_bytes(), start, 0) {
            Ok(end) if end <= record.end => {
                let detail = "a value stands where an object is due".to_owned();
                self.reject_record(record, RejectReason::NotARecord, detail);
            }
            Ok(_) => self.reject_at(record, record.end, RejectReason::CutShort),
            Err(Fault { at, kind }) => {
                let reason =
                    if at >= record.end { RejectReason::CutShort } else { reason_of(kind) };
                self.reject_at(record, at, reason);
            }
        }
    }

    /// Rejects the record for a fault at `at`, which the detail names.
    fn reject_at(&mut self, record: Record<'_>, at: usize, reason: RejectReason) {
        let byte = record.offset + at.saturating_sub(record.start) as u64;
        let detail = format!("{} at byte {byte}", describe(reason));
        self.reject_record(record, reason, detail);
    }

    fn reject_record(&mut self, record: Record<'_>, reason: RejectReason, detail: String) {
        let raw = record.text.as_bytes().get(record.start..record.end).unwrap_or_default();
        self.reject((record.file, record.offset), reason, detail, raw);
    }

    fn reject(
        &mut self,
        (file, byte): (&Arc<str>, u64),
        reason: RejectReason,
        detail: String,
        raw: &[u8],
    ) {
        let location = Location { file: Arc::clone(file), record: self.out.records, byte };
        let raw = raw[..raw.len().min(REJECT_BYTES_MAX)].to_vec();
        self.out.rejects.push(Reject { location, reason, detail, raw });
        self.out.records += 1;
    }
}
