//! Small lists that somebody wrote by hand or exported: break-glass accounts, names of applications.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::Value;
use thiserror::Error as ThisError;

use crate::app::error::Error;
use crate::limits::LIST_BYTES_MAX;
use crate::source::open::{Content, Stream, each_stream};
use crate::source::plan::plan;

/// What is wrong with a list.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
pub enum ListProblem {
    /// Something that is no text, or text that is no UTF-8.
    #[error("it is no text")]
    NotText,
    /// Larger than [`LIST_BYTES_MAX`].
    #[error("it is larger than {}", crate::text::bytes(LIST_BYTES_MAX))]
    TooLarge,
    /// Nothing in it.
    #[error("nothing is listed in it")]
    Empty,
    /// A line that does not begin with a UPN or an object id.
    #[error("line {line}: `{text}` is neither a user principal name nor an object id")]
    NotAnAccount {
        /// Line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A line that is no application id and name.
    #[error("line {line}: `{text}` is no application id with a name behind it")]
    NotAnApplication {
        /// Line, from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// JSON that holds something else.
    #[error("its JSON holds no application ids with names")]
    NoApplications,
    /// JSON that does not read.
    #[error("its JSON does not read: {0}")]
    Json(String),
}

/// The accounts of a list, lower case, each once, in order: one user principal name or object id a
/// line, or the first column of a CSV; `#` begins a comment, and a first line that names none is a
/// heading.
///
/// # Errors
/// A file that cannot be read, and what [`ListProblem`] says.
pub fn accounts(path: &str) -> Result<Vec<String>, Error> {
    accounts_of(&text(path)?).map_err(|problem| Error::List { path: path.to_owned(), problem })
}

/// Names by application id, ids in lower case, in the order of the list; of an id that comes twice
/// the last counts.
///
/// A CSV of id and name, `#` and headings as in [`accounts`]; or JSON: an object from id to name,
/// or objects with `appId` and `displayName` in an array or in `value`, as `az ad sp list` and Graph
/// write them (<https://learn.microsoft.com/graph/api/resources/serviceprincipal>).
///
/// # Errors
/// As [`accounts`].
pub fn app_names(path: &str) -> Result<Vec<(String, String)>, Error> {
    app_names_of(&text(path)?).map_err(|problem| Error::List { path: path.to_owned(), problem })
}

/// The text of a file, whatever it is packed or encoded in.
fn text(path: &str) -> Result<String, Error> {
    let fail = |problem| Error::List { path: path.to_owned(), problem };
    let mut bytes = Vec::new();
    let mut problem = None;
    for input in plan(&[path.to_owned()])? {
        let mut visit = |stream: Stream<'_>| {
            match stream.content {
                Content::Text(reader) => {
                    if reader.take(LIST_BYTES_MAX + 1).read_to_end(&mut bytes).is_err() {
                        problem = Some(ListProblem::NotText);
                    }
                }
                Content::Empty => {}
                _ => problem = Some(ListProblem::NotText),
            }
            ControlFlow::Continue(())
        };
        each_stream(&input, &Arc::default(), &mut visit).map_err(Error::Open)?;
    }
    if bytes.len() as u64 > LIST_BYTES_MAX {
        problem = Some(ListProblem::TooLarge);
    }
    match problem {
        Some(problem) => Err(fail(problem)),
        None => String::from_utf8(bytes).map_err(|_| fail(ListProblem::NotText)),
    }
}

fn accounts_of(text: &str) -> Result<Vec<String>, ListProblem> {
    let mut accounts = Vec::new();
    for (is_first, line, cells) in rows(text) {
        let account = cells.first().map(|cell| cell.to_lowercase()).unwrap_or_default();
        if account.contains('@') || is_guid(&account) {
            if !accounts.contains(&account) {
                accounts.push(account);
            }
        } else if !is_first {
            return Err(ListProblem::NotAnAccount { line, text: account });
        }
    }
    if accounts.is_empty() { Err(ListProblem::Empty) } else { Ok(accounts) }
}

fn app_names_of(text: &str) -> Result<Vec<(String, String)>, ListProblem> {
    let mut names = Vec::new();
    if text.trim_start().starts_with(['{', '[']) {
        let value: Value =
            serde_json::from_str(text).map_err(|error| ListProblem::Json(error.to_string()))?;
        names_in(&value, &mut names);
        return if names.is_empty() { Err(ListProblem::NoApplications) } else { Ok(names) };
    }
    for (is_first, line, cells) in rows(text) {
        match &cells[..] {
            [id, name, ..] if is_guid(id) && !name.is_empty() => put(&mut names, id, name),
            _ if is_first => {}
            _ => return Err(ListProblem::NotAnApplication { line, text: cells.join(",") }),
        }
    }
    if names.is_empty() { Err(ListProblem::Empty) } else { Ok(names) }
}

fn names_in(value: &Value, names: &mut Vec<(String, String)>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| names_in(value, names)),
        Value::Object(members) => {
            let folded: BTreeMap<String, &Value> =
                members.iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
            let text = |names: [&str; 2]| {
                names.iter().find_map(|name| folded.get(*name).and_then(|value| value.as_str()))
            };
            if let (Some(id), Some(name)) =
                (text(["appid", "app_id"]), text(["displayname", "name"]))
                && is_guid(id)
            {
                put(names, id, name);
            } else if let Some(values @ Value::Array(_)) = folded.get("value") {
                names_in(values, names);
            } else {
                for (id, name) in members.iter().filter(|(id, _)| is_guid(id)) {
                    name.as_str().into_iter().for_each(|name| put(names, id, name));
                }
            }
        }
        _ => {}
    }
}

fn put(names: &mut Vec<(String, String)>, id: &str, name: &str) {
    let id = id.to_lowercase();
    names.retain(|(known, _)| *known != id);
    names.push((id, name.trim().to_owned()));
}

/// Whether it is the first one, number, and cells of every line that says something.
fn rows(text: &str) -> impl Iterator<Item = (bool, usize, Vec<String>)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines.enumerate().map(|(index, (line, text))| (index == 0, line, cells(text)))
}

/// Cells of a line, divided by commas, semicolons or tabs, out of their quotes. What stands behind
/// a `#` that follows white space is a comment.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let (mut is_quoted, mut before) = (false, ' ');
    for character in line.chars() {
        match character {
            '"' => {
                // Two quotes inside a quoted cell are one.
                if !is_quoted && before == '"' {
                    cells.last_mut().into_iter().for_each(|cell| cell.push('"'));
                }
                is_quoted = !is_quoted;
            }
            ',' | ';' | '\t' if !is_quoted => cells.push(String::new()),
            '#' if !is_quoted && before.is_whitespace() => break,
            _ => cells.last_mut().into_iter().for_each(|cell| cell.push(character)),
        }
        before = character;
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::{ListProblem, accounts, accounts_of, app_names_of};

    const CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    const OWN: &str = "6b8e2f4d-1c90-4c77-9a51-5f2c6b1e0d3a";

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect()
    }

    #[test]
    fn accounts_stand_one_a_line_or_in_the_first_column() {
        let plain = format!("# our two\n\nBreak1@x.test  # in the safe\n{OWN}\nbreak1@X.test\n");
        assert_eq!(accounts_of(&plain).unwrap(), ["break1@x.test", OWN]);
        let csv = "\"User principal name\";Owner\r\n\"break1@x.test\";\"Ann; of IT\"\r\n";
        assert_eq!(accounts_of(csv).unwrap(), ["break1@x.test"]);
        // A guest's name has a sign in it that begins a comment elsewhere.
        let guest = "ann_y.test#ext#@x.test";
        assert_eq!(accounts_of(&format!("upn\n{guest}")).unwrap(), [guest]);
    }

    #[test]
    fn a_line_that_names_no_account_is_refused() {
        let problem = accounts_of("upn\nbreak1@x.test\nBreak Glass 2\n").unwrap_err();
        let wanted = ListProblem::NotAnAccount { line: 3, text: "break glass 2".to_owned() };
        assert_eq!(problem, wanted);
        assert_eq!(accounts_of("# nobody\n").unwrap_err(), ListProblem::Empty);
        assert_eq!(accounts_of("upn\n").unwrap_err(), ListProblem::Empty);
    }

    #[test]
    fn applications_come_as_csv_or_json() {
        let wanted = pairs(&[(CLI, "Azure CLI"), (OWN, "Say \"hi\", twice")]);
        let csv = format!(
            "App id,Name\n{},Azure CLI\n{OWN},\"Say \"\"hi\"\", twice\"\n",
            CLI.to_uppercase()
        );
        assert_eq!(app_names_of(&csv).unwrap(), wanted);
        let map = format!("{{\"{CLI}\": \"Azure CLI\", \"{OWN}\": \"Say \\\"hi\\\", twice\"}}");
        assert_eq!(app_names_of(&map).unwrap(), wanted);
        let page = format!(
            "{{\"value\": [{{\"appId\": \"{OWN}\", \"displayName\": \"old\"}}, {{\"appId\": \"{CLI}\", \
             \"displayName\": \"Azure CLI\"}}, {{\"AppId\": \"{OWN}\", \"DisplayName\": \"new\"}}]}}"
        );
        assert_eq!(app_names_of(&page).unwrap(), pairs(&[(CLI, "Azure CLI"), (OWN, "new")]));
    }

    #[test]
    fn lists_of_something_else_are_refused() {
        assert_eq!(app_names_of("[{\"id\": 1}]").unwrap_err(), ListProblem::NoApplications);
        assert!(matches!(app_names_of("[{").unwrap_err(), ListProblem::Json(_)));
        let problem = app_names_of(&format!("{CLI},Azure CLI\n{OWN}\n")).unwrap_err();
        assert!(matches!(problem, ListProblem::NotAnApplication { line: 2, .. }), "{problem}");
    }

    #[test]
    fn a_list_may_be_packed_or_in_utf_16() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        let wide = "break1@x.test\r\n".encode_utf16().flat_map(u16::to_le_bytes);
        std::fs::write(&path, [0xFF, 0xFE].into_iter().chain(wide).collect::<Vec<u8>>()).unwrap();
        assert_eq!(accounts(&path.to_string_lossy()).unwrap(), ["break1@x.test"]);
        std::fs::write(&path, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap();
        let error = accounts(&path.to_string_lossy()).unwrap_err().to_string();
        assert!(error.contains("it is no text"), "{error}");
    }
}
