//! Where pages go, tried with renderers that write their own name.

use std::fs;
use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::Schema;

use super::{Choice, Shown, Target};
use crate::cli::args::ColorWhen;
use crate::cli::args::OutputArgs;
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::error::Accounting;
use crate::render::{Page, Renderer, Style};

/// A renderer that writes its name and the pages' ids.
struct Fake {
    name: &'static str,
    extensions: &'static [&'static str],
    is_binary: bool,
    takes_several: bool,
}

const fn fake(name: &'static str, extensions: &'static [&'static str]) -> Fake {
    Fake { name, extensions, is_binary: false, takes_several: true }
}

const fn single(fake: &Fake) -> Fake {
    Fake { takes_several: false, ..*fake }
}

const fn binary(fake: &Fake) -> Fake {
    Fake { is_binary: true, takes_several: false, ..*fake }
}

impl Renderer for Fake {
    fn name(&self) -> &'static str {
        self.name
    }

    fn extensions(&self) -> &'static [&'static str] {
        self.extensions
    }

    fn is_binary(&self) -> bool {
        self.is_binary
    }

    fn takes_several(&self) -> bool {
        self.takes_several
    }

    fn render(&self, pages: &[Page], _style: &Style, out: &mut dyn Write) -> io::Result<()> {
        for page in pages {
            writeln!(out, "{} {}", self.name, page.id)?;
            if page.id == "bad" {
                return Err(io::Error::other("it does not fit"));
            }
        }
        Ok(())
    }
}

/// The names of the product, so that the help is the product's.
pub(crate) fn fakes() -> &'static [Shown] {
    static TABLE: Fake = fake("table", &["txt"]);
    static CSV: Fake = fake("csv", &["csv"]);
    static TSV: Fake = fake("tsv", &["tsv"]);
    static JSON: Fake = fake("json", &["json"]);
    static NDJSON: Fake = single(&fake("ndjson", &["ndjson", "jsonl"]));
    static PARQUET: Fake = binary(&fake("parquet", &["parquet"]));
    static ARROW: Fake = binary(&fake("arrow", &["arrow", "arrows"]));
    static MD: Fake = fake("md", &["md"]);
    static ALL: [Shown; 8] = [&ARROW, &CSV, &JSON, &MD, &NDJSON, &PARQUET, &TABLE, &TSV];
    &ALL
}

fn page(id: &str) -> Page {
    Page {
        id: id.to_owned(),
        title: String::new(),
        about: String::new(),
        grain: String::new(),
        column_notes: Vec::new(),
        totals: Vec::new(),
        schema: Arc::new(Schema::empty()),
        batches: Vec::new(),
        rows_left_out: 0,
        window: (None, None),
        accounting: Accounting::default(),
    }
}

fn args(format: Option<&str>, output: Option<&Path>) -> OutputArgs {
    OutputArgs {
        format: format.map(str::to_owned),
        output: output.map(Path::to_owned),
        force: false,
    }
}

fn on_terminal() -> Terminal {
    Terminal { stdout: true, width: Some(100), ..Terminal::default() }
}

fn choose(args: &OutputArgs, pages: usize, terminal: &Terminal) -> Result<Choice, Failure> {
    Choice::new(args, pages, fakes(), ColorWhen::Auto, terminal)
}

fn refusal(result: Result<Choice, Failure>) -> String {
    match result {
        Err(Failure::Told(message)) => {
            format!("{} | {}", message.text, message.hint.unwrap_or_default())
        }
        Err(Failure::BrokenPipe) => "broken pipe".to_owned(),
        Ok(choice) => format!("accepted as {}", choice.renderer.name()),
    }
}

#[test]
fn the_format_is_named_or_told_by_the_extension_or_by_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let piped = Terminal::default();
    let path = |name: &str| Some(folder.path().join(name));
    for (format, output, terminal, expect) in [
        (None, None, on_terminal(), "table"),
        (None, None, piped.clone(), "csv"),
        (None, Some(PathBuf::from("-")), piped.clone(), "csv"),
        (Some("json"), None, on_terminal(), "json"),
        (None, path("a.JSONL"), on_terminal(), "ndjson"),
        (None, path("a.parquet"), on_terminal(), "parquet"),
        (Some("tsv"), path("a.csv"), piped, "tsv"),
        (None, path(""), on_terminal(), "csv"),
        (None, path("new/"), on_terminal(), "csv"),
    ] {
        let choice = choose(&args(format, output.as_deref()), 1, &terminal);
        let name = choice.ok().map(|choice| choice.renderer.name());
        assert_eq!(name, Some(expect), "{format:?} {output:?}");
    }
}

#[test]
fn several_reports_into_a_pipe_are_one_csv_after_the_other() {
    let piped = Terminal::default();
    let choice = choose(&args(None, None), 4, &piped).ok().unwrap();
    assert_eq!(choice.renderer.name(), "csv");
    assert_eq!(choice.style, Style { width: None, color: false, threads: 1 });
    assert!(!choice.is_table_on_terminal());
}

#[test]
fn only_a_terminal_has_a_width_and_colours() {
    let shown = choose(&args(None, None), 1, &on_terminal()).ok().unwrap();
    assert_eq!(shown.style, Style { width: Some(100), color: true, threads: 1 });
    assert!(shown.is_table_on_terminal());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    let filed = choose(&args(None, Some(&path)), 1, &on_terminal()).ok().unwrap();
    assert_eq!(filed.style, Style { width: None, color: false, threads: 1 });
    assert!(!filed.is_table_on_terminal());
}

#[test]
fn what_cannot_be_shown_is_refused_with_what_to_do() {
    let piped = Terminal::default();
    let told = [
        refusal(choose(&args(Some("parquet"), None), 1, &on_terminal())),
        refusal(choose(&args(Some("ndjson"), None), 4, &piped)),
        refusal(choose(&args(Some("parquet"), None), 2, &piped)),
        refusal(choose(&args(None, Some(Path::new("nowhere/out.xyz"))), 1, &piped)),
        refusal(choose(&args(Some("gif"), None), 1, &piped)),
    ];
    insta::assert_snapshot!(told.join("
"), @r#"
    `parquet` is no text, and standard output is a terminal | write a file, `-o FILE.parquet`, or pipe it on
    4 reports do not fit into one `ndjson` output | choose one with `-r NAME`, write a folder with `-o DIR/`, or use `--format json`
    2 reports do not fit into one `parquet` output | choose one with `-r NAME`, write a folder with `-o DIR/`, or use `--format json`
    cannot tell the format from the name `nowhere/out.xyz` | say it with `--format`: arrow, csv, json, md, ndjson, parquet, table, tsv
    there is no format `gif` | say it with `--format`: arrow, csv, json, md, ndjson, parquet, table, tsv
    "#);
}

#[test]
fn several_reports_go_to_a_folder_or_into_one_file_that_holds_them() {
    let folder = tempfile::tempdir().unwrap();
    let target = |name: &str, pages| {
        let path = folder.path().join(name);
        choose(&args(None, Some(&path)), pages, &Terminal::default()).ok().unwrap().target
    };
    assert_eq!(target("out", 2), Target::Folder(folder.path().join("out")));
    assert_eq!(target("out/", 1), Target::Folder(folder.path().join("out/")));
    assert_eq!(target("out.json", 2), Target::File(folder.path().join("out.json")));
    assert_eq!(target("", 1), Target::Folder(folder.path().to_owned()));
}

#[test]
fn a_folder_gets_one_file_per_report_all_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reports");
    let choice = choose(&args(None, Some(&path)), 2, &Terminal::default()).ok().unwrap();
    choice.check(["by-user", "summary"]).unwrap();
    assert!(choice.write(&[page("by-user"), page("bad")]).is_err());
    assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
    let written = choice.write(&[page("by-user"), page("summary")]).unwrap();
    assert_eq!(written.len(), 2);
    assert_eq!(fs::read_to_string(path.join("by-user.csv")).unwrap(), "csv by-user\n");
    assert_eq!(fs::read_to_string(path.join("summary.csv")).unwrap(), "csv summary\n");
    assert!(choice.check(["other", "summary"]).is_err());
    assert!(choice.check(["other"]).is_ok());
}

#[test]
fn a_file_that_fails_half_way_does_not_appear() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    let choice = choose(&args(None, Some(&path)), 1, &Terminal::default()).ok().unwrap();
    let Err(Failure::Told(message)) = choice.write(&[page("bad")]) else {
        unreachable!("the renderer fails")
    };
    assert!(message.text.ends_with("a.json`: it does not fit"), "{}", message.text);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    choice.write(&[page("by-user")]).unwrap();
    assert!(choice.check([]).is_err());
}
