//! Files that appear whole or not at all.
//!
//! Bytes go to a temporary file in the same folder, which takes the final name when everything
//! has been written. Nothing is written over unasked. A path that is no regular file (a device, a
//! named pipe) has no name worth protecting and is written to directly.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process;

use thiserror::Error as ThisError;

/// Why a file could not be written.
#[derive(Debug, ThisError)]
pub enum OutputError {
    /// There is a file of that name, and nobody allowed to replace it.
    #[error("`{}` already exists", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The path is a folder.
    #[error("cannot write `{}`: it is a folder", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// The folder that the file should be in is not there.
    #[error("cannot write `{}`: there is no folder `{}`", path.display(), folder.display())]
    NoFolder {
        /// The file.
        path: PathBuf,
        /// The folder.
        folder: PathBuf,
    },
    /// Everything else that the system may say.
    #[error("cannot write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl OutputError {
    /// What to do next, if anything can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Exists { .. } => Some("`--force` replaces it".to_owned()),
            Self::Folder { .. } => Some("name a file in it".to_owned()),
            Self::NoFolder { folder, .. } => {
                Some(format!("make it first: mkdir -p {}", folder.display()))
            }
            Self::Write { .. } => None,
        }
    }
}

/// Refuses a path that could not be written to, before any work is done.
///
/// # Errors
/// As [`OutputFile::create`], except what only writing can tell.
pub fn check(path: &Path, force: bool) -> Result<(), OutputError> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(OutputError::Folder { path: path.to_owned() }),
        Ok(found) if found.is_file() && !force => {
            Err(OutputError::Exists { path: path.to_owned() })
        }
        Ok(_) => Ok(()),
        Err(_) => {
            let folder = folder_of(path);
            if folder.is_dir() {
                Ok(())
            } else {
                Err(OutputError::NoFolder { path: path.to_owned(), folder: folder.to_owned() })
            }
        }
    }
}

/// A file under way: dropped without [`OutputFile::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct OutputFile {
    /// As the user gave it, for messages.
    path: PathBuf,
    /// Where the bytes go until the end, and the name they get then; `None` when written directly.
    pending: Option<Pending>,
    file: BufWriter<File>,
    force: bool,
}

#[derive(Debug)]
struct Pending {
    temporary: PathBuf,
    target: PathBuf,
}

impl OutputFile {
    /// Starts a file that will be called `path`, replacing one only with `force`.
    ///
    /// # Errors
    /// [`OutputError`] when the path is taken, or nothing can be made beside it.
    pub fn create(path: &Path, force: bool) -> Result<Self, OutputError> {
        check(path, force)?;
        let failed = |source| OutputError::Write { path: path.to_owned(), source };
        if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
            let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
            let file = BufWriter::new(file);
            return Ok(Self { path: path.to_owned(), pending: None, file, force });
        }
        // A link keeps pointing where it does: the file behind it is the one replaced.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let temporary = folder_of(&target).join(format!(".{name}.{}.tmp", process::id()));
        let file =
            OpenOptions::new().write(true).create_new(true).open(&temporary).map_err(failed)?;
        let pending = Some(Pending { temporary, target });
        Ok(Self { path: path.to_owned(), pending, file: BufWriter::new(file), force })
    }

    /// The final name, as the user gave it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// An error of writing to this file, with its name.
    pub fn error(&self, source: io::Error) -> OutputError {
        OutputError::Write { path: self.path.clone(), source }
    }

    /// Gives the file its final name, once its bytes are on the disk.
    ///
    /// # Errors
    /// [`OutputError`]; nothing is left under the final name that was not there before.
    pub fn commit(mut self) -> Result<(), OutputError> {
        self.file.flush().map_err(|error| self.error(error))?;
        let Some(pending) = &self.pending else { return Ok(()) };
        self.file.get_ref().sync_all().map_err(|error| self.error(error))?;
        if self.force {
            fs::rename(&pending.temporary, &pending.target).map_err(|error| self.error(error))?;
            self.pending = None;
            return Ok(());
        }
        // A second name for the bytes fails if the name was taken meanwhile, which a rename does
        // not; where the file system has no second names, looking first is the best there is.
        match fs::hard_link(&pending.temporary, &pending.target) {
            // The temporary name goes when `self` is dropped.
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(OutputError::Exists { path: self.path.clone() })
            }
            Err(_) => {
                check(&self.path, false)?;
                fs::rename(&pending.temporary, &pending.target)
                    .map_err(|error| self.error(error))?;
                self.pending = None;
                Ok(())
            }
        }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Some(pending) = &self.pending {
            // A temporary file that cannot be removed is not worth a second message.
            let _ = fs::remove_file(&pending.temporary);
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::path::Path;

    use super::{OutputError, OutputFile, check};

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut file = OutputFile::create(&path, false).unwrap();
        file.write_all(b"one\n").unwrap();
        assert!(!path.exists());
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one\n");
        assert_eq!(names(folder.path()), ["a.csv"]);
    }

    #[test]
    fn a_file_given_up_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "old").unwrap();
        let mut file = OutputFile::create(&path, true).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["a.csv"]);
    }

    #[test]
    fn a_file_is_replaced_only_with_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, "old").unwrap();
        assert!(matches!(check(&path, false), Err(OutputError::Exists { .. })));
        assert!(matches!(OutputFile::create(&path, false), Err(OutputError::Exists { .. })));
        let mut file = OutputFile::create(&path, true).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a.csv"]);
    }

    #[test]
    fn a_name_taken_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let file = OutputFile::create(&path, false).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(matches!(file.commit(), Err(OutputError::Exists { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(names(folder.path()), ["a.csv"]);
    }

    #[test]
    fn what_cannot_be_a_file_is_refused_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none").join("a.csv");
        assert!(matches!(check(&missing, false), Err(OutputError::NoFolder { .. })));
        assert!(matches!(check(folder.path(), true), Err(OutputError::Folder { .. })));
        assert!(check(Path::new("in-the-current-folder.csv"), false).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_a_link_keeps_its_target() {
        let mut null = OutputFile::create(Path::new("/dev/null"), false).unwrap();
        null.write_all(b"gone").unwrap();
        null.commit().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());

        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let mut file = OutputFile::create(&link, true).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }
}
