//! The header of a report: `-- key: value` lines above the SQL, read as strictly as code.
//!
//! ```text
//! -- title:  Changes without MFA, by user
//! -- about:  Who changes Azure, with and without MFA.
//! -- grain:  one row per user
//! -- reads:  attempt_measure
//! -- param:  since timestamp = -30d | earliest event
//! -- column: user text | newest UPN
//! -- totals: write_attempts
//! -- worth:  what to do about it
//! -- lead:   a metric, in a report of metrics, whose note says it all and is shown first
//! ```
//!
//! `title`, `about`, `grain`, `reads` and `column` are required. A column that people know by a name
//! that is no word of SQL says so: `-- column: mfa_status text as "MFA Status" | what it means`. A
//! mistake names its file and line
//! and the nearest word that would have been right.

use std::collections::BTreeSet;
use std::fmt;

use crate::report::{Param, Report, ReportColumn};
use crate::schema::Kind;
use crate::text::nearest;

const KEYS: &[&str] = &[
    "title", "about", "grain", "reads", "param", "column", "worth", "source", "engines", "totals",
    "lead",
];
const REPEATABLE: &[&str] = &["param", "column", "source"];
const REQUIRED: &[&str] = &["title", "about", "grain", "reads", "column"];
const KINDS: &[&str] = &["text", "integer", "boolean", "timestamp", "date"];

/// A mistake in a report's header, with where it stands. Shows as a compiler would say it, without
/// the leading `error: `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderError {
    /// Name of the file as it was loaded.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: HeaderProblem,
}

/// What is wrong with a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderProblem {
    /// A key that no header has.
    #[error("unknown key `{0}` in report header")]
    UnknownKey(String),
    /// A header line without `key:`.
    #[error("header line `{0}` has no `key:`")]
    NotAKey(String),
    /// A key with nothing behind it.
    #[error("key `{0}` in report header has no value")]
    Empty(String),
    /// A key that may stand once, twice.
    #[error("key `{0}` stands twice in report header")]
    Repeated(String),
    /// A key every header has to have.
    #[error("report header has no `{0}`")]
    Missing(&'static str),
    /// A column or parameter that is not `name kind`.
    #[error("`{0}` is not a name and a kind")]
    NotNameAndKind(String),
    /// A heading that is not in quotes.
    #[error("the heading `{0}` does not stand in double quotes")]
    NotAHeading(String),
    /// A kind that does not exist.
    #[error("unknown kind `{0}` in report header")]
    UnknownKind(String),
    /// The same column or parameter twice.
    #[error("`{0}` is declared twice in report header")]
    DeclaredTwice(String),
    /// A total of something that is no integer column.
    #[error("`{0}` in `totals` is no integer column of the report")]
    NoSuchTotal(String),
    /// A header without SQL below it.
    #[error("report has a header but no SQL")]
    NoSql,
}

impl HeaderError {
    /// What to do about it, where that can be said.
    pub fn hint(&self) -> Option<String> {
        match &self.problem {
            HeaderProblem::UnknownKey(key) => Some(nearest(key, KEYS.iter().copied()).map_or_else(
                || format!("keys are {}", KEYS.join(", ")),
                |key| format!("did you mean `{key}`?"),
            )),
            HeaderProblem::UnknownKind(kind) => {
                Some(nearest(kind, KINDS.iter().copied()).map_or_else(
                    || format!("kinds are {}", KINDS.join(", ")),
                    |kind| format!("did you mean `{kind}`?"),
                ))
            }
            HeaderProblem::NotAKey(_) => {
                Some("write `-- key: value`, or put an empty line above ordinary comments".into())
            }
            HeaderProblem::Missing(key) => Some(format!("add `-- {key}: …` above the SQL")),
            HeaderProblem::NotNameAndKind(_) => {
                Some("write `-- column: name kind | what it means`".into())
            }
            HeaderProblem::NotAHeading(_) => {
                Some("write `-- column: name kind as \"Heading\" | what it means`".into())
            }
            _ => None,
        }
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\n  --> {}:{}", self.problem, self.file, self.line)?;
        match self.hint() {
            Some(hint) => write!(out, "\n\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for HeaderError {}

/// Reads one report or view.
///
/// `file` is a path with `/`; its stem becomes the id.
///
/// # Errors
/// The first mistake of the header, with its line.
pub fn parse(file: &str, text: &str) -> Result<Report, HeaderError> {
    let mut header = Header::new(file);
    let mut body_at = 0;
    let mut last_line = 1;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let Some(entry) = line.trim_end().strip_prefix("--") else { break };
        last_line = index + 1;
        header.line(index + 1, entry.trim())?;
        body_at += line.len();
    }
    let sql = text.get(body_at..).unwrap_or_default().trim();
    let fail = |problem| HeaderError { file: file.to_owned(), line: last_line, problem };
    if let Some(key) = REQUIRED.iter().find(|key| !header.seen.contains(**key)) {
        return Err(fail(HeaderProblem::Missing(key)));
    }
    if sql.is_empty() {
        return Err(fail(HeaderProblem::NoSql));
    }
    let mut report = header.report;
    sql.trim_end_matches(';').trim_end().clone_into(&mut report.sql);
    for (line, name) in header.totals {
        let is_integer =
            |column: &ReportColumn| column.name == name && column.kind == Kind::Integer;
        if !report.columns.iter().any(is_integer) {
            let problem = HeaderProblem::NoSuchTotal(name);
            return Err(HeaderError { file: file.to_owned(), line, problem });
        }
        report.totals.push(name);
    }
    Ok(report)
}

/// The id of the report in a file: its stem.
pub fn id_of(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".sql").unwrap_or(name)
}

struct Header {
    report: Report,
    seen: BTreeSet<String>,
    totals: Vec<(usize, String)>,
}

impl Header {
    fn new(file: &str) -> Self {
        Self {
            report: Report {
                id: id_of(file).to_owned(),
                file: file.to_owned(),
                ..Report::default()
            },
            seen: BTreeSet::new(),
            totals: Vec::new(),
        }
    }

    fn line(&mut self, line: usize, entry: &str) -> Result<(), HeaderError> {
        self.entry(line, entry).map_err(|problem| HeaderError {
            file: self.report.file.clone(),
            line,
            problem,
        })
    }

    fn entry(&mut self, line: usize, entry: &str) -> Result<(), HeaderProblem> {
        let (key, value) =
            entry.split_once(':').ok_or_else(|| HeaderProblem::NotAKey(entry.to_owned()))?;
        let (key, value) = (key.trim(), value.trim());
        if !KEYS.contains(&key) {
            return Err(HeaderProblem::UnknownKey(key.to_owned()));
        }
        if value.is_empty() {
            return Err(HeaderProblem::Empty(key.to_owned()));
        }
        if !self.seen.insert(key.to_owned()) && !REPEATABLE.contains(&key) {
            return Err(HeaderProblem::Repeated(key.to_owned()));
        }
        let report = &mut self.report;
        match key {
            "title" => value.clone_into(&mut report.title),
            "about" => value.clone_into(&mut report.about),
            "grain" => value.clone_into(&mut report.grain),
            "worth" => report.worth = Some(value.to_owned()),
            "lead" => report.lead = Some(value.to_owned()),
            "engines" => report.engines = Some(value.to_owned()),
            "source" => report.sources.push(value.to_owned()),
            "reads" => report.reads = words(value).map(str::to_owned).collect(),
            "totals" => self.totals = words(value).map(|name| (line, name.to_owned())).collect(),
            "column" => {
                let (declared, note) = declaration(value);
                let (declared, heading) = headed(declared)?;
                let (name, kind) = name_and_kind(declared)?;
                if report.columns.iter().any(|column| column.name == name) {
                    return Err(HeaderProblem::DeclaredTwice(name));
                }
                report.columns.push(ReportColumn { name, kind, heading, note: note.to_owned() });
            }
            _ => {
                let (declared, note) = declaration(value);
                let (declared, default) = match declared.split_once('=') {
                    Some((declared, default)) => (declared, Some(default.trim().to_owned())),
                    None => (declared, None),
                };
                let (name, kind) = name_and_kind(declared)?;
                if report.params.iter().any(|param| param.name == name) {
                    return Err(HeaderProblem::DeclaredTwice(name));
                }
                report.params.push(Param { name, kind, default, note: note.to_owned() });
            }
        }
        Ok(())
    }
}

fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty())
}

/// Splits `name kind | note`.
fn declaration(value: &str) -> (&str, &str) {
    value.split_once('|').map_or((value, ""), |(declared, note)| (declared, note.trim()))
}

/// Splits `name kind as "heading"`.
fn headed(declared: &str) -> Result<(&str, Option<String>), HeaderProblem> {
    let Some((declared, heading)) = declared.split_once(" as ") else {
        return Ok((declared, None));
    };
    let quoted = heading.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match quoted.filter(|text| !text.is_empty() && !text.contains('"')) {
        Some(text) => Ok((declared, Some(text.to_owned()))),
        None => Err(HeaderProblem::NotAHeading(heading.trim().to_owned())),
    }
}

fn name_and_kind(declared: &str) -> Result<(String, Kind), HeaderProblem> {
    let mut words = declared.split_whitespace();
    let (Some(name), Some(kind), None) = (words.next(), words.next(), words.next()) else {
        return Err(HeaderProblem::NotNameAndKind(declared.trim().to_owned()));
    };
    let kind = Kind::from_name(kind).ok_or_else(|| HeaderProblem::UnknownKind(kind.to_owned()))?;
    Ok((name.to_owned(), kind))
}

#[cfg(test)]
mod tests {
    use super::parse;

    const GOOD: &str = "-- title: T\n-- about: A\n-- grain: G\n-- reads: attempt, run\n\
        -- param: top integer = 50 | rows kept\n-- column: user text | who\n\
        -- column: writes integer\n-- totals: writes\n-- worth: W\n-- source: https://x (read 2026-01-01)\n\
        \n-- an ordinary comment: here\nselect 1;\n";

    fn message(text: &str) -> String {
        parse("queries/activity/blocked.sql", text)
            .map_or_else(|error| error.to_string(), |_| "no error".into())
    }

    #[test]
    fn a_header_is_read_with_everything_in_it() {
        let report = parse("queries/activity/blocked.sql", GOOD).unwrap();
        assert_eq!(report.id, "blocked");
        assert_eq!(report.reads, ["attempt", "run"]);
        assert_eq!(report.totals, ["writes"]);
        assert_eq!(report.columns[0].note, "who");
        assert_eq!(report.params[0].default.as_deref(), Some("50"));
        assert_eq!(report.sources.len(), 1);
        assert!(report.sql.starts_with("-- an ordinary"), "{}", report.sql);
        assert!(report.sql.ends_with("select 1"), "{}", report.sql);
    }

    #[test]
    fn a_column_may_have_a_heading_that_is_no_word_of_sql() {
        let text = GOOD.replace("user text |", "user text as \"MFA Status\" |");
        let report = parse("queries/x/y.sql", &text).unwrap();
        let [user, writes] = &report.columns[..] else { panic!("{:?}", report.columns) };
        assert_eq!((&*user.name, user.shown(), &*user.note), ("user", "MFA Status", "who"));
        assert_eq!((&*writes.name, writes.shown()), ("writes", "writes"));
    }

    #[test]
    fn mistakes_read_like_a_compiler_wrote_them() {
        let cases = [
            ("misspelt key", GOOD.replace("column: user", "colum: user")),
            ("far key", GOOD.replace("worth:", "zzz:")),
            ("no key", GOOD.replace("-- worth: W", "-- just words")),
            ("empty", GOOD.replace("-- worth: W", "-- worth:")),
            ("twice", GOOD.replace("-- worth: W", "-- title: U")),
            ("missing", GOOD.replace("-- grain: G\n", "")),
            ("no kind", GOOD.replace("user text", "user")),
            ("misspelt kind", GOOD.replace("user text", "user txt")),
            ("column twice", GOOD.replace("writes integer", "user integer")),
            ("bare heading", GOOD.replace("writes integer", "writes integer as Writes")),
            ("total of text", GOOD.replace("totals: writes", "totals: user")),
            ("no sql", GOOD.split("\n\n").next().unwrap().to_owned()),
        ];
        let shown: Vec<String> =
            cases.iter().map(|(name, text)| format!("## {name}\n{}\n", message(text))).collect();
        insta::assert_snapshot!(shown.join("\n"));
    }
}
