//! Batches on disk: blocks of rows in one file without a name, each with the part it belongs to.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;

use crate::source::spool::nameless_file;

/// Blocks of rows.
#[derive(Debug)]
pub(crate) struct Blocks {
    file: Mutex<File>,
    blocks: Vec<Block>,
    written: u64,
}

/// Where a block is, and what it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pub(crate) part: usize,
    pub(crate) len: usize,
    offset: u64,
}

impl Blocks {
    /// # Errors
    /// When the temporary file cannot be made.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { file: Mutex::new(nameless_file()?), blocks: Vec::new(), written: 0 })
    }

    /// The blocks in the order they were written.
    pub(crate) fn all(&self) -> &[Block] {
        &self.blocks
    }

    /// Writes a block that [`encoded`] made.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub(crate) fn push(&mut self, part: usize, bytes: &[u8]) -> io::Result<()> {
        self.file.get_mut().unwrap_or_else(PoisonError::into_inner).write_all(bytes)?;
        self.blocks.push(Block { part, len: bytes.len(), offset: self.written });
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// The rows of a block.
    ///
    /// # Errors
    /// When the temporary file cannot be read.
    pub(crate) fn read(&self, block: &Block) -> Result<Vec<RecordBatch>, ArrowError> {
        let mut bytes = vec![0; block.len];
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(block.offset))?;
            file.read_exact(&mut bytes)?;
        }
        StreamReader::try_new(Cursor::new(bytes), None)?.collect()
    }
}

/// Batches of one schema as the bytes of a block.
///
/// # Errors
/// When a type cannot be written, which those of the tables can.
pub(crate) fn encoded(batches: &[RecordBatch]) -> Result<Vec<u8>, ArrowError> {
    let mut bytes = Vec::new();
    if let Some(first) = batches.first() {
        let mut writer = StreamWriter::try_new(&mut bytes, first.schema_ref())?;
        for batch in batches {
            writer.write(batch)?;
        }
        writer.finish()?;
    }
    Ok(bytes)
}
