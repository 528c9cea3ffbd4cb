//! A place on disk for what must be read out of order but arrives in a stream.
//!
//! The directory of a zip and the footer of a Parquet file stand at the end. The file is removed
//! from its folder as soon as it is open, so that nothing stays behind, whatever happens.

use std::env;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read;
use std::io::Seek;
use std::io::Write;
use std::process;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::limits::BLOCK_BYTES;

static SERIAL: AtomicU64 = AtomicU64::new(0);

/// Why a stream could not be written down.
#[derive(Debug)]
pub(crate) enum SpoolError {
    /// The stream broke.
    Read(io::Error),
    /// The disk did.
    Write(io::Error),
}

/// Writes all of `reader` to a file without a name; reading starts at its first byte.
pub(crate) fn spool(reader: &mut dyn Read) -> Result<File, SpoolError> {
    let mut file = nameless_file().map_err(SpoolError::Write)?;
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match reader.read(&mut block) {
            Ok(0) => break,
            Ok(count) => file.write_all(&block[..count]).map_err(SpoolError::Write)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(SpoolError::Read(error)),
        }
    }
    file.rewind().map_err(SpoolError::Write)?;
    Ok(file)
}

/// A new file, readable by nobody else. Only where the system keeps open files from being removed
/// does its name remain.
pub(crate) fn nameless_file() -> io::Result<File> {
    let folder = env::temp_dir();
    loop {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("azmfa-{}-{serial}.spool", process::id()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(file) => {
                // Where an open file cannot be removed, the temporary folder's owner cleans up.
                let _ = fs::remove_file(&path);
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}
