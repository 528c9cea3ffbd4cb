//! Records of one size, dealt into parts: in memory as long as they are few, else in a file
//! without a name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use crate::source::spool::nameless_file;

/// In how many steps the room of a part grows to what an even share of all parts takes.
const ROOM_STEPS: usize = 4;

/// Records dealt into parts, in the order they came in.
#[derive(Debug)]
pub(crate) struct Parts {
    parts: Vec<Part>,
    /// Bytes in memory, and how many of them there may be.
    held: usize,
    held_max: usize,
    file: Option<Mutex<File>>,
    written: u64,
}

#[derive(Debug, Default)]
struct Part {
    /// Where its earlier bytes are in the file, and how many.
    blocks: Vec<(u64, usize)>,
    bytes: Vec<u8>,
}

impl Parts {
    /// `count` empty parts that hold `held_max` bytes in memory together.
    pub(crate) fn new(count: usize, held_max: usize) -> Self {
        let parts = std::iter::repeat_with(Part::default).take(count).collect();
        Self { parts, held: 0, held_max, file: None, written: 0 }
    }

    pub(crate) fn count(&self) -> usize {
        self.parts.len()
    }

    /// Adds to a part.
    ///
    /// # Errors
    /// When the temporary file cannot be made or written.
    pub(crate) fn push(&mut self, part: usize, bytes: &[u8]) -> io::Result<()> {
        // What is reserved and not used stays small beside what may be held.
        let step = (self.held_max / self.parts.len() / ROOM_STEPS).max(bytes.len());
        let held = &mut self.parts[part].bytes;
        if held.capacity() - held.len() < bytes.len() {
            held.reserve_exact(step.min(held.len().max(bytes.len())));
        }
        held.extend_from_slice(bytes);
        self.held += bytes.len();
        if self.held > self.held_max { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(Mutex::new(nameless_file()?));
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let file = file.get_mut().unwrap_or_else(PoisonError::into_inner);
        for part in &mut self.parts {
            if !part.bytes.is_empty() {
                file.write_all(&part.bytes)?;
                part.blocks.push((self.written, part.bytes.len()));
                self.written += part.bytes.len() as u64;
                part.bytes.clear();
            }
        }
        self.held = 0;
        Ok(())
    }

    /// Hands what was added to a part to `take`, piece by piece; no record is cut.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub(crate) fn each_piece(&self, part: usize, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let part = &self.parts[part];
        let mut bytes = Vec::new();
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            for (offset, count) in &part.blocks {
                bytes.resize(*count, 0);
                file.seek(SeekFrom::Start(*offset))?;
                file.read_exact(&mut bytes)?;
                take(&bytes);
            }
        }
        take(&part.bytes);
        Ok(())
    }

    /// Everything that was added to a part.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub(crate) fn read(&self, part: usize) -> io::Result<Vec<u8>> {
        let spilled: usize = self.parts[part].blocks.iter().map(|(_, count)| count).sum();
        let mut bytes = Vec::with_capacity(spilled + self.parts[part].bytes.len());
        self.each_piece(part, |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::Parts;

    proptest! {
        #[test]
        fn what_is_read_is_what_was_added(
            records in proptest::collection::vec((0_usize..5, any::<[u8; 3]>()), 0..200),
            held_max in 0_usize..400,
        ) {
            let mut parts = Parts::new(5, held_max);
            let mut expected = vec![Vec::new(); 5];
            for (part, record) in &records {
                parts.push(*part, record).unwrap();
                expected[*part].extend_from_slice(record);
            }
            for (part, bytes) in expected.iter().enumerate() {
                assert_eq!(&parts.read(part).unwrap(), bytes);
                let mut pieces = Vec::new();
                parts.each_piece(part, |piece| pieces.extend_from_slice(piece)).unwrap();
                assert_eq!(&pieces, bytes);
            }
        }
    }
}
