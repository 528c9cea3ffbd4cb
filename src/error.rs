//! What can go wrong with a *record*, and how a run is accounted for.
//!
//! A damaged record is never an `Err`: it is a [`Reject`], returned beside the rows, counted by
//! [`RejectReason`] and placed by its [`Location`]. Errors that stop a run are typed per room.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Where a record stands in what was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// Name of the input as the user gave it; a member of a zip is `archive.zip!member`.
    pub file: Arc<str>,
    /// Number of the record in its input, from 1; 0 when the trouble concerns the whole input.
    pub record: u64,
    /// Bytes from the start of the input after decompression and transcoding to UTF-8.
    pub byte: u64,
}

impl fmt::Display for Location {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.record == 0 {
            write!(out, "{}: byte {}", self.file, self.byte)
        } else {
            write!(out, "{}: record {}, byte {}", self.file, self.record, self.byte)
        }
    }
}

/// Why a record gave no row. The names are what `--rejects` files and JSON outputs carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectReason {
    /// The bytes are not what the container's grammar allows.
    Syntax,
    /// The input ends inside the record.
    CutShort,
    /// The bytes are not UTF-8.
    InvalidUtf8,
    /// Nested deeper than [`crate::limits::DEPTH_MAX`].
    TooDeep,
    /// Larger than [`crate::limits::RECORD_BYTES_MAX`].
    TooLarge,
    /// A valid value that is no record: a number or a text where an object is due.
    NotARecord,
    /// A valid object that no format claims.
    Unrecognised,
    /// The event has no time, or one that cannot be read.
    InvalidTime,
    /// The input could not be opened or read to its end.
    Unreadable,
    /// Compressed bytes that do not unpack, or unpack past the limits.
    Compression,
}

impl RejectReason {
    /// Stable name, snake case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::CutShort => "cut_short",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::NotARecord => "not_a_record",
            Self::Unrecognised => "unrecognised",
            Self::InvalidTime => "invalid_time",
            Self::Unreadable => "unreadable",
            Self::Compression => "compression",
        }
    }
}

/// One record (or input) that gave no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Where it stands.
    pub location: Location,
    /// Why it was refused.
    pub reason: RejectReason,
    /// One sentence for a person: lower case, no final period.
    pub detail: String,
    /// The record's bytes, at most [`crate::limits::REJECT_BYTES_MAX`] of them.
    pub raw: Vec<u8>,
}

/// The balance of a run: `records = rows + duplicates + rejects + ignored`, always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounting {
    /// Inputs opened (a member of an archive is one).
    pub files: u64,
    /// Bytes read after decompression.
    pub bytes: u64,
    /// Records read.
    pub records: u64,
    /// Rows kept, by table name.
    pub rows: BTreeMap<String, u64>,
    /// Records that were the same event as one already read.
    pub duplicates: u64,
    /// Records that gave no row, by [`RejectReason::name`].
    pub rejects: BTreeMap<String, u64>,
    /// Records of other kinds of log, or outside the asked-for window, by category.
    pub ignored: BTreeMap<String, u64>,
    /// Records by format id, duplicates included.
    pub formats: BTreeMap<String, u64>,
    /// Sentences for a person about what the inputs cannot tell, in input order.
    pub warnings: Vec<Warning>,
}

/// Something a reader of the figures has to know, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What is the matter: lower case, no final period.
    pub message: String,
    /// What to do next, if anything can be done.
    pub hint: Option<String>,
}

impl Accounting {
    /// Rejects of every reason.
    pub fn reject_count(&self) -> u64 {
        self.rejects.values().sum()
    }

    /// Ignored records of every category.
    pub fn ignored_count(&self) -> u64 {
        self.ignored.values().sum()
    }

    /// Rows kept in every table.
    pub fn row_count(&self) -> u64 {
        self.rows.values().sum()
    }

    /// Whether every record read is accounted for.
    pub fn balances(&self) -> bool {
        self.records
            == self.row_count() + self.duplicates + self.reject_count() + self.ignored_count()
    }
}
