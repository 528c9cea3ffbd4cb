//! Counting what is read and what it unpacks to, so that a bomb stops and a cut is named.

use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::limits::CONTAINER_DEPTH_MAX;
use crate::limits::UNPACK_RATIO_MAX;
use crate::limits::UNPACKED_FREE_BYTES;
use crate::source::trouble::Marked;
use crate::source::trouble::ReadTrouble;
use crate::text;

/// The bytes of one input: read from outside, and unpacked at each depth of wrapping.
///
/// Members of an archive share the account, so that many small bombs count as one large one.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    read: AtomicU64,
    /// Length of the file; reading parts of it twice does not buy more output.
    file_bytes: Option<u64>,
    unpacked: [AtomicU64; CONTAINER_DEPTH_MAX + 1],
}

impl Ledger {
    /// An empty account of an input, with its length where it is known.
    pub(super) fn new(file_bytes: Option<u64>) -> Self {
        Self { file_bytes, ..Self::default() }
    }

    fn allows(&self, depth: usize, count: u64) -> bool {
        let unpacked = &self.unpacked[depth.min(CONTAINER_DEPTH_MAX)];
        let unpacked = unpacked.fetch_add(count, Ordering::Relaxed).saturating_add(count);
        let base = self.read.load(Ordering::Relaxed).min(self.file_bytes.unwrap_or(u64::MAX));
        unpacked <= UNPACKED_FREE_BYTES.max(base.saturating_mul(UNPACK_RATIO_MAX))
    }
}

/// The outermost reader of an input: counts its bytes and notices when the file shrinks.
pub(super) struct Raw<R> {
    inner: R,
    ledger: Arc<Ledger>,
    progress: Arc<AtomicU64>,
    due_bytes: u64,
}

impl<R> Raw<R> {
    /// Reads `inner`, of which at least `due_bytes` are expected; 0 where that is not known.
    pub(super) fn new(
        inner: R,
        ledger: &Arc<Ledger>,
        progress: &Arc<AtomicU64>,
        due_bytes: u64,
    ) -> Self {
        Self { inner, ledger: Arc::clone(ledger), progress: Arc::clone(progress), due_bytes }
    }
}

impl<R: Read> Read for Raw<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.inner.read(buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let mark = || Marked::new(ReadTrouble::Io, error.kind(), error.to_string());
                return Err(Marked::from_error(&error, mark).to_error());
            }
        };
        if count == 0 && !buffer.is_empty() && self.due_bytes > 0 {
            let detail = format!(
                "the file shrank while it was read, {} are gone",
                text::count(self.due_bytes, "byte")
            );
            let kind = io::ErrorKind::UnexpectedEof;
            return Err(Marked::new(ReadTrouble::Shrunk, kind, detail).to_error());
        }
        let counted = count as u64;
        self.due_bytes = self.due_bytes.saturating_sub(counted);
        self.ledger.read.fetch_add(counted, Ordering::Relaxed);
        self.progress.fetch_add(counted, Ordering::Relaxed);
        Ok(count)
    }
}

impl<R: Seek> Seek for Raw<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// A decoder: holds its output to the limits and gives its errors names that a person knows.
///
/// Once broken it stays broken, whoever goes on reading.
pub(super) struct Unpacked<R> {
    inner: R,
    /// `gzip stream`, `zstd stream`, `zip member`.
    what: &'static str,
    ledger: Arc<Ledger>,
    depth: usize,
    broken: Option<Marked>,
}

impl<R: Read> Unpacked<R> {
    /// Reads what `inner` unpacks at `depth`, called `what` in messages.
    pub(super) fn new(inner: R, what: &'static str, ledger: &Arc<Ledger>, depth: usize) -> Self {
        Self { inner, what, ledger: Arc::clone(ledger), depth, broken: None }
    }

    fn name_error(&self, error: &io::Error) -> Marked {
        Marked::from_error(error, || {
            let detail = if error.kind() == io::ErrorKind::UnexpectedEof {
                format!("{} ends early", self.what)
            } else {
                format!("{} is damaged: {error}", self.what)
            };
            Marked::new(ReadTrouble::Compression, error.kind(), detail)
        })
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(broken) = &self.broken {
            return Err(broken.to_error());
        }
        let mark = match self.inner.read(buffer) {
            Ok(count) if self.ledger.allows(self.depth, count as u64) => return Ok(count),
            Ok(_) => Marked::new(
                ReadTrouble::Compression,
                io::ErrorKind::InvalidData,
                format!(
                    "{} unpacks to more than {} times its size",
                    self.what,
                    text::thousands(UNPACK_RATIO_MAX)
                ),
            ),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => self.name_error(&error),
        };
        let error = mark.to_error();
        self.broken = Some(mark);
        Err(error)
    }
}
