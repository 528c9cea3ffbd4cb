//! How far a run has come: numbers that workers raise and somebody else shows.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

/// Counters of a run; cheap to raise from many threads.
///
/// Raise them once per block, not per record. Nothing in a result may depend on them.
#[derive(Debug, Default)]
pub struct Progress {
    bytes_read: Arc<AtomicU64>,
    bytes_total: AtomicU64,
    rows: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Bytes of the inputs read so far, as they are stored (before decompression).
    pub bytes_read: u64,
    /// Bytes of all inputs as they are stored; 0 while unknown, as with standard input.
    pub bytes_total: u64,
    /// Rows extracted so far.
    pub rows: u64,
}

impl Progress {
    /// Counters at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how many stored bytes there are to read; leave it out where nobody knows.
    pub fn set_bytes_total(&self, bytes: u64) {
        self.bytes_total.store(bytes, Ordering::Relaxed);
    }

    /// Stored bytes read so far: raised by whoever reads them.
    pub fn bytes_read(&self) -> &Arc<AtomicU64> {
        &self.bytes_read
    }

    /// Counts rows as extracted.
    pub fn add_rows(&self, rows: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }

    /// The counters now.
    pub fn reached(&self) -> Reached {
        Reached {
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
            bytes_total: self.bytes_total.load(Ordering::Relaxed),
            rows: self.rows.load(Ordering::Relaxed),
        }
    }
}
