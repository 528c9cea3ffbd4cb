//! A reader whose first bytes have been looked at and are still to be read.

use std::io;
use std::io::Read;

/// A reader behind the bytes already taken from it.
///
/// An error met while looking is kept and returned in its place, after the bytes before it: what
/// could be read is always delivered first.
pub(super) struct Peeked<R> {
    head: Vec<u8>,
    read: usize,
    trouble: Option<io::Error>,
    inner: R,
}

impl<R: Read> Peeked<R> {
    /// Takes up to `size` bytes, fewer only where the stream ends or breaks.
    pub(super) fn new(mut inner: R, size: usize) -> Self {
        let mut head = vec![0; size];
        let mut filled = 0;
        let mut trouble = None;
        while filled < size {
            match inner.read(&mut head[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    trouble = Some(error);
                    break;
                }
            }
        }
        head.truncate(filled);
        Self { head, read: 0, trouble, inner }
    }

    /// The bytes looked at.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Whether looking met an error that is still to be returned.
    pub(super) fn is_broken(&self) -> bool {
        self.trouble.is_some()
    }

    /// Drops the first bytes of the head: a mark that is no text.
    pub(super) fn skip(&mut self, count: usize) {
        self.read = count.min(self.head.len());
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.head[self.read..];
        if !rest.is_empty() {
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            self.read += count;
            return Ok(count);
        }
        match self.trouble.take() {
            Some(error) => Err(error),
            None => self.inner.read(buffer),
        }
    }
}
