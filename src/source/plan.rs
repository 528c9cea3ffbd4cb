//! From what a person named to the list of inputs, before anything is read.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use glob::MatchOptions;
use walkdir::DirEntry;
use walkdir::WalkDir;

use crate::source::trouble::SourceError;
use crate::text;

/// One input, found but not yet opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The name shown to people: `stdin`, the path as given, or the path under the folder given.
    pub name: Arc<str>,
    /// Where its bytes come from.
    pub place: Place,
    /// Its length, where that is known before reading; compressed bytes if it is compressed.
    pub bytes_len: Option<u64>,
    /// Found in a folder or by a pattern, so that failing to read it is a reject and no usage error.
    pub found_in_folder: bool,
}

/// Where an input's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Standard input.
    Stdin,
    /// A file or a named pipe.
    Path(PathBuf),
}

/// Lists the inputs behind what a person named: `-`, files, pipes, folders, patterns.
///
/// Folders are walked to the bottom, their files in the order of their paths' bytes; names that
/// start with a dot, and pipes, sockets and devices inside folders, are left out. Links are
/// followed, and a file that can be reached in several ways is listed once, where it comes first.
/// A name is a pattern only when no file bears it.
///
/// # Errors
/// [`SourceError`] for a name that does not exist or a pattern that matches nothing. A file that
/// cannot be read is no error here: opening it will be.
pub fn plan(names: &[String]) -> Result<Vec<Input>, SourceError> {
    let mut plan = Plan::default();
    for name in names {
        plan.add_named(name)?;
    }
    Ok(plan.inputs)
}

/// What tells two ways to the same file apart from two files.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Identity {
    #[cfg(unix)]
    Inode(u64, u64),
    #[cfg(not(unix))]
    Path(PathBuf),
}

#[cfg(unix)]
fn identity(_path: &Path, metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Identity::Inode(metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(path: &Path, _metadata: &Metadata) -> Identity {
    Identity::Path(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
}

#[derive(Default)]
struct Plan {
    inputs: Vec<Input>,
    files_seen: HashSet<Identity>,
    is_stdin_listed: bool,
}

impl Plan {
    fn add_named(&mut self, name: &str) -> Result<(), SourceError> {
        if name == "-" {
            if !self.is_stdin_listed {
                self.is_stdin_listed = true;
                self.inputs.push(Input {
                    name: Arc::from("stdin"),
                    place: Place::Stdin,
                    bytes_len: None,
                    found_in_folder: false,
                });
            }
            return Ok(());
        }
        let path = Path::new(name);
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.add_folder(path),
            Ok(metadata) => self.add_file(path.to_owned(), &metadata, false),
            Err(error) if is_absence(&error) && name.contains(['*', '?', '[']) => {
                return self.add_pattern(name);
            }
            Err(error) if is_absence(&error) => {
                let nearest = nearest_neighbour(path);
                return Err(SourceError::Missing { name: name.to_owned(), nearest });
            }
            Err(source) => {
                return Err(SourceError::Unreachable { name: name.to_owned(), source });
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: PathBuf, metadata: &Metadata, found_in_folder: bool) {
        if metadata.is_file() {
            if !self.files_seen.insert(identity(&path, metadata)) {
                return;
            }
        } else if found_in_folder {
            return;
        }
        let bytes_len = metadata.is_file().then_some(metadata.len());
        self.push_path(path, bytes_len, found_in_folder);
    }

    fn push_path(&mut self, path: PathBuf, bytes_len: Option<u64>, found_in_folder: bool) {
        let name = Arc::from(path.to_string_lossy());
        self.inputs.push(Input { name, place: Place::Path(path), bytes_len, found_in_folder });
    }

    fn add_folder(&mut self, folder: &Path) {
        let mut found = walk(folder);
        found.sort_by(|left, right| path_bytes(left).cmp(path_bytes(right)));
        for path in found {
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => self.push_path(path, None, true),
                Ok(metadata) => self.add_file(path, &metadata, true),
                // A dangling link, or no right to look: opening it will say so.
                Err(_) => self.push_path(path, None, true),
            }
        }
    }

    fn add_pattern(&mut self, pattern: &str) -> Result<(), SourceError> {
        let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
        let paths = glob::glob_with(pattern, options).map_err(|error| SourceError::BadPattern {
            pattern: pattern.to_owned(),
            detail: error.msg,
        })?;
        let mut found: Vec<PathBuf> =
            paths.map(|found| found.unwrap_or_else(|error| error.path().to_owned())).collect();
        if found.is_empty() {
            return Err(SourceError::NoMatch { pattern: pattern.to_owned() });
        }
        found.sort_by(|left, right| path_bytes(left).cmp(path_bytes(right)));
        for path in found {
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => self.add_folder(&path),
                Ok(metadata) => self.add_file(path, &metadata, true),
                Err(_) => self.push_path(path, None, true),
            }
        }
        Ok(())
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}

fn path_bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// Everything under a folder that is no folder, and folders that cannot be entered.
///
/// Each folder is entered once: links that lead back up, or around in circles, end there.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders_seen = HashSet::new();
    let mut entries = WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter();
    while let Some(entry) = entries.next() {
        match entry {
            Ok(entry) if is_hidden(&entry) => {
                if entry.file_type().is_dir() {
                    entries.skip_current_dir();
                }
            }
            Ok(entry) if entry.file_type().is_dir() => {
                let seen = entry.metadata().ok().map(|it| identity(entry.path(), &it));
                if seen.is_some_and(|it| !folders_seen.insert(it)) {
                    entries.skip_current_dir();
                }
            }
            Ok(entry) => found.push(entry.into_path()),
            Err(error) if error.loop_ancestor().is_some() => {}
            Err(error) => found.extend(
                error.path().filter(|path| !is_hidden_name(path.file_name())).map(Path::to_owned),
            ),
        }
    }
    found
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && is_hidden_name(Some(entry.file_name()))
}

fn is_hidden_name(name: Option<&OsStr>) -> bool {
    name.is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The name in the same folder that is most like the one that is missing, with the folder.
fn nearest_neighbour(path: &Path) -> Option<String> {
    let typed = path.file_name()?.to_str()?;
    let folder = path.parent()?;
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let names: Vec<String> = fs::read_dir(listed)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let nearest = text::nearest(typed, names.iter().map(String::as_str))?;
    Some(folder.join(nearest).to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use tempfile::TempDir;

    use super::{Input, Place, plan};
    use crate::source::trouble::SourceError;

    fn folder(names: &[&str]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "[]").unwrap();
        }
        folder
    }

    fn named(folder: &Path, names: &[&str]) -> Result<Vec<Input>, SourceError> {
        let names: Vec<String> =
            names.iter().map(|name| folder.join(name).to_string_lossy().into_owned()).collect();
        plan(&names)
    }

    fn shown(folder: &TempDir, inputs: &[Input]) -> Vec<String> {
        let prefix = folder.path().to_string_lossy().into_owned();
        inputs
            .iter()
            .map(|input| input.name.trim_start_matches(&prefix).trim_matches('/').to_owned())
            .collect()
    }

    #[test]
    fn folders_are_walked_to_the_bottom_in_the_order_of_their_paths() {
        let folder = folder(&["b.json", "a/z.json", "a-b/x.json", ".git/config", "a/.hidden"]);
        let inputs = named(folder.path(), &[""]).unwrap();
        assert_eq!(shown(&folder, &inputs), ["a-b/x.json", "a/z.json", "b.json"]);
        assert!(inputs.iter().all(|input| input.found_in_folder && input.bytes_len == Some(2)));
    }

    #[test]
    fn a_file_reached_twice_is_listed_once() {
        let folder = folder(&["a.json", "b.json"]);
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("a.json"), folder.path().join("c.json"))
            .unwrap();
        let inputs = named(folder.path(), &["b.json", "", "a.json", "./b.json"]).unwrap();
        assert_eq!(shown(&folder, &inputs), ["b.json", "a.json"]);
        assert!(!inputs[0].found_in_folder);
    }

    #[cfg(unix)]
    #[test]
    fn links_in_circles_end() {
        use std::os::unix::fs::symlink;
        let folder = folder(&["a/x.json", "b/y.json"]);
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        symlink(&b, a.join("to-b")).unwrap();
        symlink(&a, b.join("to-a")).unwrap();
        symlink(folder.path(), a.join("up")).unwrap();
        symlink(folder.path().join("gone"), folder.path().join("dangling")).unwrap();
        let inputs = named(folder.path(), &[""]).unwrap();
        assert_eq!(shown(&folder, &inputs), ["a/to-b/y.json", "a/x.json", "dangling"]);
    }

    #[cfg(unix)]
    #[test]
    fn sockets_in_folders_are_left_out() {
        let folder = folder(&["a.json"]);
        let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("s")).unwrap();
        let inputs = named(folder.path(), &[""]).unwrap();
        assert_eq!(shown(&folder, &inputs), ["a.json"]);
    }

    #[test]
    fn a_pattern_is_one_only_where_no_file_bears_the_name() {
        let folder = folder(&["a1.json", "a2.json", "[ab].json", "sub/deep/c.json"]);
        let inputs = named(folder.path(), &["[ab].json"]).unwrap();
        assert_eq!(shown(&folder, &inputs), ["[ab].json"]);
        assert!(!inputs[0].found_in_folder);
        let inputs = named(folder.path(), &["a?.json", "s*b"]).unwrap();
        assert_eq!(shown(&folder, &inputs), ["a1.json", "a2.json", "sub/deep/c.json"]);
        assert!(inputs[0].found_in_folder);
    }

    #[test]
    fn missing_names_are_usage_errors_with_a_near_miss() {
        let folder = folder(&["january.json"]);
        let error = named(folder.path(), &["janury.json"]).unwrap_err();
        assert!(error.to_string().ends_with("janury.json` does not exist"), "{error}");
        assert!(error.hint().unwrap().ends_with("january.json`?"), "{:?}", error.hint());
        let error = named(folder.path(), &["*.csv"]).unwrap_err();
        assert!(matches!(error, SourceError::NoMatch { .. }), "{error}");
        let error = named(folder.path(), &["a**b"]).unwrap_err();
        assert!(matches!(error, SourceError::BadPattern { .. }), "{error}");
        let error = named(folder.path(), &["january.json/x"]).unwrap_err();
        assert!(matches!(error, SourceError::Missing { .. }), "{error}");
    }

    #[test]
    fn standard_input_is_listed_once() {
        let inputs = plan(&["-".to_owned(), "-".to_owned()]).unwrap();
        assert_eq!(inputs.len(), 1);
        assert_eq!(inputs[0].place, Place::Stdin);
    }
}
