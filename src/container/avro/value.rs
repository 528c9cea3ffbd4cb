//! Avro values to JSON text, trusting no length that the bytes do not bear out.
//!
//! <https://avro.apache.org/docs/1.12.0/specification/#binary-encoding>

use std::collections::HashMap;
use std::io::Write;

use apache_avro::Schema;
use apache_avro::schema::Name;
use apache_avro::schema::RecordSchema;
use apache_avro::schema::UnionSchema;

use crate::container::rows::push_string;
use crate::error::RejectReason;
use crate::limits::DEPTH_MAX;
use crate::limits::RECORD_BYTES_MAX;
use crate::time::format_day;
use crate::time::format_micros;

/// Why a value cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueTrouble {
    /// The bytes end inside it.
    Cut,
    /// The bytes are not what the schema asks for.
    Nonsense,
    /// Nested past the limit.
    TooDeep,
    /// Its text is past the limit.
    TooLarge,
}

impl ValueTrouble {
    /// The reject it becomes.
    pub(super) fn reason(self) -> RejectReason {
        match self {
            Self::Cut => RejectReason::CutShort,
            Self::Nonsense => RejectReason::Syntax,
            Self::TooDeep => RejectReason::TooDeep,
            Self::TooLarge => RejectReason::TooLarge,
        }
    }
}

/// A place in the bytes of a block.
#[derive(Debug)]
pub(super) struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Cursor<'b> {
    /// At the first byte.
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes read so far.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Everything from a place on.
    pub(super) fn bytes_from(&self, at: usize) -> &'b [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    fn take(&mut self, size: usize) -> Result<&'b [u8], ValueTrouble> {
        let end = self.at.checked_add(size).ok_or(ValueTrouble::Nonsense)?;
        let taken = self.bytes.get(self.at..end).ok_or(ValueTrouble::Cut)?;
        self.at = end;
        Ok(taken)
    }

    /// A whole number: seven bits a byte, the low ones first, signs folded in.
    pub(super) fn long(&mut self) -> Result<i64, ValueTrouble> {
        let mut folded = 0_u64;
        for place in 0..10 {
            let byte = self.take(1)?[0];
            folded |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Ok((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed());
            }
        }
        Err(ValueTrouble::Nonsense)
    }

    /// Bytes behind their length: a text, or bytes.
    pub(super) fn sized(&mut self) -> Result<&'b [u8], ValueTrouble> {
        let size = usize::try_from(self.long()?).map_err(|_| ValueTrouble::Nonsense)?;
        self.take(size)
    }

    /// The branch of a union that comes next.
    pub(super) fn branch<'s>(
        &mut self,
        union: &'s UnionSchema,
    ) -> Result<&'s Schema, ValueTrouble> {
        usize::try_from(self.long()?)
            .ok()
            .and_then(|index| union.variants().get(index))
            .ok_or(ValueTrouble::Nonsense)
    }

    /// Items in the next run of an array or map; 0 after the last.
    fn run(&mut self) -> Result<u64, ValueTrouble> {
        let count = self.long()?;
        if count < 0 {
            // A negative count is followed by the size of the run in bytes.
            self.long()?;
        }
        Ok(count.unsigned_abs())
    }

    fn array<const SIZE: usize>(&mut self) -> Result<[u8; SIZE], ValueTrouble> {
        self.take(SIZE)?.try_into().map_err(|_| ValueTrouble::Cut)
    }
}

/// Writes values of schemas whose named types are known.
pub(super) struct Writer<'s> {
    names: &'s HashMap<Name, &'s Schema>,
}

/// Where a value stands: how deep, and in which namespace names are meant.
#[derive(Clone, Copy)]
struct Place<'n> {
    depth: usize,
    namespace: &'n Option<String>,
}

impl<'s> Writer<'s> {
    /// Writes with the named types of a resolved schema.
    pub(super) fn new(names: &'s HashMap<Name, &'s Schema>) -> Self {
        Self { names }
    }

    /// Appends the next value as JSON.
    pub(super) fn write(
        &self,
        schema: &Schema,
        cursor: &mut Cursor<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), ValueTrouble> {
        let text_end_max = out.len() + RECORD_BYTES_MAX;
        let place = Place { depth: 0, namespace: &None };
        Walk { names: self.names, cursor, out, text_end_max }.value(schema, place)
    }
}

struct Walk<'w, 's, 'b> {
    names: &'s HashMap<Name, &'s Schema>,
    cursor: &'w mut Cursor<'b>,
    out: &'w mut Vec<u8>,
    text_end_max: usize,
}

impl Walk<'_, '_, '_> {
    fn value(&mut self, schema: &Schema, place: Place<'_>) -> Result<(), ValueTrouble> {
        if place.depth > DEPTH_MAX {
            return Err(ValueTrouble::TooDeep);
        }
        if self.out.len() > self.text_end_max {
            return Err(ValueTrouble::TooLarge);
        }
        let inner = Place { depth: place.depth + 1, ..place };
        match schema {
            Schema::Record(record) => self.record(record, inner),
            Schema::Array(array) => self.items(&array.items, inner, false),
            Schema::Map(map) => self.items(&map.types, inner, true),
            Schema::Union(union) => {
                let branch = self.cursor.branch(union)?;
                self.value(branch, inner)
            }
            Schema::Ref { name } => {
                let full = name.fully_qualified_name(place.namespace);
                let named = self.names.get(&full).ok_or(ValueTrouble::Nonsense)?;
                self.value(named, Place { depth: inner.depth, namespace: &full.namespace })
            }
            Schema::Decimal(decimal) => self.value(&decimal.inner, inner),
            _ => self.scalar(schema),
        }
    }

    fn record(&mut self, record: &RecordSchema, place: Place<'_>) -> Result<(), ValueTrouble> {
        let full = record.name.fully_qualified_name(place.namespace);
        let place = Place { depth: place.depth, namespace: &full.namespace };
        self.out.push(b'{');
        for (index, field) in record.fields.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            push_string(self.out, field.name.as_bytes());
            self.out.push(b':');
            self.value(&field.schema, place)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    /// The items of an array, or the entries of a map.
    fn items(
        &mut self,
        schema: &Schema,
        place: Place<'_>,
        is_map: bool,
    ) -> Result<(), ValueTrouble> {
        let (open, close) = if is_map { (b'{', b'}') } else { (b'[', b']') };
        self.out.push(open);
        let mut is_first = true;
        loop {
            let count = self.cursor.run()?;
            if count == 0 {
                break;
            }
            for _ in 0..count {
                if !is_first {
                    self.out.push(b',');
                }
                is_first = false;
                if is_map {
                    let key = self.cursor.sized()?;
                    self.text(key)?;
                    self.out.push(b':');
                }
                self.value(schema, place)?;
            }
        }
        self.out.push(close);
        Ok(())
    }

    fn scalar(&mut self, schema: &Schema) -> Result<(), ValueTrouble> {
        match schema {
            Schema::Null => self.out.extend_from_slice(b"null"),
            Schema::Boolean => match self.cursor.take(1)?[0] {
                0 => self.out.extend_from_slice(b"false"),
                1 => self.out.extend_from_slice(b"true"),
                _ => return Err(ValueTrouble::Nonsense),
            },
            Schema::Int | Schema::Long | Schema::TimeMillis | Schema::TimeMicros => {
                let number = self.cursor.long()?;
                self.print(format_args!("{number}"));
            }
            Schema::Float => {
                let number = f32::from_le_bytes(self.cursor.array()?);
                self.number(f64::from(number));
            }
            Schema::Double => {
                let number = f64::from_le_bytes(self.cursor.array()?);
                self.number(number);
            }
            Schema::Date => {
                let day = i32::try_from(self.cursor.long()?).map_err(|_| ValueTrouble::Nonsense)?;
                push_string(self.out, format_day(day).as_bytes());
            }
            Schema::TimestampMillis | Schema::LocalTimestampMillis => {
                let millis = self.cursor.long()?;
                self.instant(millis.saturating_mul(1_000));
            }
            Schema::TimestampMicros | Schema::LocalTimestampMicros => {
                let micros = self.cursor.long()?;
                self.instant(micros);
            }
            Schema::TimestampNanos | Schema::LocalTimestampNanos => {
                let nanos = self.cursor.long()?;
                self.instant(nanos.div_euclid(1_000));
            }
            Schema::Enum(symbols) => {
                let symbol = usize::try_from(self.cursor.long()?)
                    .ok()
                    .and_then(|index| symbols.symbols.get(index))
                    .ok_or(ValueTrouble::Nonsense)?;
                push_string(self.out, symbol.as_bytes());
            }
            Schema::String | Schema::Uuid => {
                let text = self.cursor.sized()?;
                self.text(text)?;
            }
            Schema::Fixed(fixed) => {
                let bytes = self.cursor.take(fixed.size)?;
                self.bytes(bytes);
            }
            Schema::Duration => {
                let bytes = self.cursor.take(12)?;
                self.bytes(bytes);
            }
            _ => {
                let bytes = self.cursor.sized()?;
                self.bytes(bytes);
            }
        }
        Ok(())
    }

    fn print(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to memory does not fail.
        let _ = self.out.write_fmt(text);
    }

    /// JSON has no words for what is no number.
    fn number(&mut self, number: f64) {
        if number.is_finite() {
            self.print(format_args!("{number:?}"));
        } else {
            self.out.extend_from_slice(b"null");
        }
    }

    fn instant(&mut self, micros: i64) {
        push_string(self.out, format_micros(micros).as_bytes());
    }

    fn text(&mut self, text: &[u8]) -> Result<(), ValueTrouble> {
        std::str::from_utf8(text).map_err(|_| ValueTrouble::Nonsense)?;
        push_string(self.out, text);
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if std::str::from_utf8(bytes).is_ok() {
            push_string(self.out, bytes);
            return;
        }
        self.out.push(b'"');
        for byte in bytes {
            self.print(format_args!("{byte:02x}"));
        }
        self.out.push(b'"');
    }
}
