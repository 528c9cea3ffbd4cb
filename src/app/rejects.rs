//! `--rejects FILE`: every rejected record with its place, its reason and its bytes.
//!
//! One JSON object a line: `file`, `record` (from 1; 0 for a whole input), `byte`, `reason`,
//! `detail`, and the bytes as `raw` (text) or, when they are not UTF-8, as `raw_hex`.

use std::fmt::Write as _;
use std::io;
use std::io::Write;
use std::path::Path;

use crate::app::output::OutputError;
use crate::app::output::OutputFile;
use crate::error::Reject;

/// The file of rejects, under way.
#[derive(Debug)]
pub struct RejectFile {
    file: OutputFile,
}

impl RejectFile {
    /// Starts the file, replacing one only with `force`.
    ///
    /// # Errors
    /// As [`OutputFile::create`].
    pub fn create(path: &Path, force: bool) -> Result<Self, OutputError> {
        Ok(Self { file: OutputFile::create(path, force)? })
    }

    /// Adds one reject.
    ///
    /// # Errors
    /// [`OutputError::Write`].
    pub fn push(&mut self, reject: &Reject) -> Result<(), OutputError> {
        write_reject(&mut self.file, reject).map_err(|error| self.file.error(error))
    }

    /// Gives the file its name; with no reject it is an empty file, which says so too.
    ///
    /// # Errors
    /// As [`OutputFile::commit`].
    pub fn commit(self) -> Result<(), OutputError> {
        self.file.commit()
    }
}

fn write_reject(out: &mut dyn Write, reject: &Reject) -> io::Result<()> {
    out.write_all(b"{\"file\":")?;
    write_text(out, &reject.location.file)?;
    let (record, byte) = (reject.location.record, reject.location.byte);
    write!(out, ",\"record\":{record},\"byte\":{byte},\"reason\":")?;
    write_text(out, reject.reason.name())?;
    out.write_all(b",\"detail\":")?;
    write_text(out, &reject.detail)?;
    if let Ok(raw) = std::str::from_utf8(&reject.raw) {
        out.write_all(b",\"raw\":")?;
        write_text(out, raw)?;
    } else {
        out.write_all(b",\"raw_hex\":\"")?;
        for byte in &reject.raw {
            write!(out, "{byte:02x}")?;
        }
        out.write_all(b"\"")?;
    }
    out.write_all(b"}\n")
}

fn write_text(out: &mut dyn Write, text: &str) -> io::Result<()> {
    let mut shown = String::with_capacity(text.len() + 2);
    shown.push('"');
    for character in text.chars() {
        match character {
            '"' => shown.push_str("\\\""),
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            control if control < ' ' => {
                // Writing to a text cannot fail.
                let _ = write!(shown, "\\u{:04x}", u32::from(control));
            }
            other => shown.push(other),
        }
    }
    shown.push('"');
    out.write_all(shown.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::RejectFile;
    use crate::error::Location;
    use crate::error::Reject;
    use crate::error::RejectReason;

    fn reject(raw: &[u8]) -> Reject {
        Reject {
            location: Location { file: Arc::from("a \"b\".json"), record: 2, byte: 17 },
            reason: RejectReason::Syntax,
            detail: "a comma is missing".to_owned(),
            raw: raw.to_vec(),
        }
    }

    #[test]
    fn every_line_is_an_object_that_gives_the_bytes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.ndjson");
        let mut file = RejectFile::create(&path, false).unwrap();
        file.push(&reject(b"{\"a\":\t\x01\\\r\n\xc3\xab}")).unwrap();
        file.push(&reject(b"\xff\x00")).unwrap();
        file.commit().unwrap();

        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["file"], "a \"b\".json");
        assert_eq!(lines[0]["record"], 2);
        assert_eq!(lines[0]["byte"], 17);
        assert_eq!(lines[0]["reason"], "syntax");
        assert_eq!(lines[0]["detail"], "a comma is missing");
        assert_eq!(lines[0]["raw"], "{\"a\":\t\u{1}\\\r\n\u{eb}}");
        assert_eq!(lines[1]["raw_hex"], "ff00");
    }
}
