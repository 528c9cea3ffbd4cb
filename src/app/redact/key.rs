//! The secret behind pseudonyms: a file of its owner's, made once and never written over.

use std::fmt;
use std::fs;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};

use thiserror::Error as ThisError;

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// The secret. It never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; KEY_BYTES]);

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Key(…)")
    }
}

/// Why there is no key.
#[derive(Debug, ThisError)]
pub enum KeyError {
    /// The file is no key.
    #[error("`{}` is no key: it has to hold 64 hexadecimal digits", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read or made.
    #[error("cannot use the key `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system gives no random bytes.
    #[error("cannot make a key: {0}")]
    Random(getrandom::Error),
}

impl Key {
    /// The key in `path`; makes one, readable by its owner only, if there is none. Tells whether
    /// it is new.
    ///
    /// # Errors
    /// A file that is no key, or that cannot be read or made.
    pub fn load_or_make(path: &Path) -> Result<(Self, bool), KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        match fs::read(path) {
            Ok(bytes) => {
                let key = parse(&bytes).ok_or_else(|| KeyError::Malformed { path: path.into() })?;
                return Ok((key, false));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(KeyError::Random)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let mut file = options.open(path).map_err(failed)?;
        let digits = blake3::Hash::from_bytes(key).to_hex();
        writeln!(file, "{digits}").and_then(|()| file.sync_all()).map_err(failed)?;
        Ok((Self(key), true))
    }

    /// Sixteen hexadecimal digits that stand for `text`; nobody without the key can tell for which.
    /// Of a million texts, two get the same with a chance of one in thirty million.
    pub(super) fn mark(&self, text: &str) -> String {
        let hash = blake3::keyed_hash(&self.0, text.as_bytes());
        hash.to_hex().as_str().chars().take(16).collect()
    }

    /// A key of known bytes.
    #[cfg(test)]
    pub(crate) fn of(byte: u8) -> Self {
        Self([byte; KEY_BYTES])
    }
}

fn parse(bytes: &[u8]) -> Option<Key> {
    let digits = std::str::from_utf8(bytes).ok()?.trim();
    if digits.len() != KEY_BYTES * 2 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let mut key = [0; KEY_BYTES];
    for (byte, place) in key.iter_mut().zip((0..digits.len()).step_by(2)) {
        *byte = u8::from_str_radix(&digits[place..place + 2], 16).ok()?;
    }
    Some(Key(key))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Key, KeyError};

    #[test]
    fn a_key_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        let (key, is_new) = Key::load_or_make(&path).unwrap();
        assert!(is_new);
        let bytes = fs::read(&path).unwrap();
        assert_eq!(Key::load_or_make(&path).unwrap(), (key.clone(), false));
        assert_eq!(fs::read(&path).unwrap(), bytes);
        let other = Key::load_or_make(&folder.path().join("b.key")).unwrap().0;
        assert!(key != other && key.mark("a") != other.mark("a"));
        assert_eq!(format!("{key:?}"), "Key(…)");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        for text in ["", "my notes", &"0".repeat(63), &"g".repeat(64)] {
            fs::write(&path, text).unwrap();
            assert!(matches!(Key::load_or_make(&path), Err(KeyError::Malformed { .. })), "{text}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let folder = Key::load_or_make(folder.path());
        assert!(matches!(folder, Err(KeyError::File { .. })));
    }

    #[test]
    fn a_mark_stays_the_same_from_release_to_release() {
        assert_eq!(Key::of(7).mark("users\0jana@woodgrove.example"), "ce07bcd4dc77d3de");
    }
}
