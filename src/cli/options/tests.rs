//! Command lines and the options they become.

use clap::Parser;

use super::{convert, explain, query, readiness_names, report, report_names};
use crate::app::options::{ConvertTarget, ReportOptions, TableFormat};
use crate::cli::args::{Args, ColorWhen, Command};
use crate::cli::failure::Failure;
use crate::cli::output::{Choice, renderers};
use crate::cli::terminal::Terminal;

fn parsed(line: &[&str]) -> Command {
    Args::try_parse_from(line).unwrap_or_else(|error| unreachable!("{error}")).command
}

fn report_options(line: &[&str], terminal: &Terminal) -> Result<ReportOptions, Failure> {
    let Command::Report(args) = parsed(line) else { unreachable!("lines are of report") };
    let names = report_names(&args);
    let choice = Choice::new(&args.output, names.len(), renderers(), ColorWhen::Auto, terminal)?;
    report(&args, &names, "azmfa report", &choice, terminal)
}

fn told<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
    match result {
        Err(Failure::Told(message)) => {
            let mut out = Vec::new();
            message.write(&mut out, false).unwrap();
            String::from_utf8(out).unwrap()
        }
        other => format!("{other:?}"),
    }
}

fn on_terminal() -> Terminal {
    Terminal { stdin: true, stdout: true, stderr: true, width: Some(80), is_plain: false }
}

#[test]
fn a_bare_report_reads_the_pipe_and_gives_the_four_reports() {
    let terminal = Terminal { stdin: false, ..on_terminal() };
    let options = report_options(&["azmfa", "report"], &terminal).unwrap();
    assert_eq!(options.read.inputs, ["-"]);
    assert_eq!(options.reports, ["summary", "by-resource", "by-user", "by-policy"]);
    assert_eq!(options.top, Some(20));
}

#[test]
fn with_nothing_to_read_the_message_says_what_to_type() {
    let report = report_options(&["azmfa", "report"], &on_terminal());
    let Command::Convert(args) = parsed(&["azmfa", "convert", "-o", "tables"]) else {
        unreachable!("the line is of convert")
    };
    let told = [told(report), told(convert(&args, &on_terminal()))];
    insta::assert_snapshot!(told.join("\n"), @r#"
    error: nothing to read: no INPUT is named, and nothing is piped in
    hint: pipe an export in, or name files and folders:
      az monitor activity-log list --offset 90d --max-events 100000 | azmfa report
      azmfa report exports/

    error: nothing to read: no INPUT is named, and nothing is piped in
    hint: pipe an export in, or name files and folders:
      az monitor activity-log list --offset 90d --max-events 100000 | azmfa convert -o tables
      azmfa convert -o tables exports/
    "#);
}

#[test]
fn every_flag_reaches_its_option() {
    let line = "azmfa report a.json b/ -r By-User,by-user -r summary --since 1970-01-02 \
        --until 1970-01-03 --as-of 1970-01-04 --subscription s1 --subscription s2 --user u \
        --resource r --top 7 --threads 3 --memory 2GiB --strict --strict-policy --mfa-policy p \
        --queries q --fail-on users>1 --format json --force";
    let words: Vec<&str> = line.split_whitespace().collect();
    let options = report_options(&words, &on_terminal()).unwrap();
    insta::assert_debug_snapshot!(options, @r#"
    ReportOptions {
        read: ReadOptions {
            inputs: [
                "a.json",
                "b/",
            ],
            sides: [],
            since: Some(
                86400000000,
            ),
            until: Some(
                172800000000,
            ),
            as_of: Some(
                259200000000,
            ),
            subscriptions: [
                "s1",
                "s2",
            ],
            users: [
                "u",
            ],
            resources: [
                "r",
            ],
            threads: Some(
                3,
            ),
            memory: Some(
                2147483648,
            ),
            strict: true,
            strict_policy: true,
            mfa_policies: [
                "p",
            ],
            break_glass: [],
            app_names: {},
            included: [],
            rejects: None,
            force: true,
            redact: None,
        },
        reports: [
            "by-user",
            "summary",
        ],
        top: Some(
            7,
        ),
        queries_dir: Some(
            "q",
        ),
        fail_on: [
            Check {
                metric: "users",
                comparison: Greater,
                number: 1,
            },
        ],
    }
    "#);
}

#[test]
fn readiness_prints_its_three_reports_or_what_another_tool_has() {
    let names = |line: &[&str]| {
        let Command::Readiness(args) = parsed(line) else { unreachable!("lines are of readiness") };
        readiness_names(&args).join(" ")
    };
    assert_eq!(names(&["azmfa", "readiness", "a"]), "readiness-summary blockers readiness");
    assert_eq!(names(&["azmfa", "readiness", "-r", "Blockers"]), "blockers");
    assert_eq!(names(&["azmfa", "readiness", "--profile", "msid"]), "msid-mfa-report");
    let both = ["azmfa", "readiness", "--profile", "msid", "-r", "blockers"];
    assert!(Args::try_parse_from(both).is_err());
}

#[test]
fn side_inputs_are_inputs_and_lists_are_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let exempt = file("exempt.txt", "Break@x.test\n");
    let apps = file("apps.csv", "04B07795-8ddb-461a-bbee-02f9e1bf7b46,Our CLI\n");
    let line = ["azmfa", "report", "a", "--users", "u.json", "--registrations", "r.json"];
    let more = ["--exempt", &exempt, "--apps", &apps, "--include", "cross_tenant,windows_sign_in"];
    let read = report_options(&[&line[..], &more].concat(), &on_terminal()).unwrap().read;
    assert_eq!(read.inputs, ["r.json", "u.json", "a"]);
    let sides: Vec<_> = read.sides.iter().map(|side| (side.kind.flag(), &*side.input)).collect();
    assert_eq!(sides, [("--registrations", "r.json"), ("--users", "u.json")]);
    assert_eq!(read.break_glass, ["break@x.test"]);
    let named = ("04b07795-8ddb-461a-bbee-02f9e1bf7b46".to_owned(), "Our CLI".to_owned());
    assert_eq!(read.app_names.into_iter().collect::<Vec<_>>(), [named]);
    assert_eq!(
        read.included.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
        ["cross_tenant", "windows_sign_in"]
    );
    // Side inputs alone say nothing of who signed in.
    let alone = report_options(&["azmfa", "report", "--users", "u.json"], &on_terminal());
    assert!(told(alone).starts_with("error: nothing to read"));
    let bad = file("bad.txt", "upn\nnobody\n");
    insta::assert_snapshot!(
        told(report_options(&["azmfa", "report", "a", "--exempt", &bad], &on_terminal()))
            .replace(&bad, "bad.txt"),
        @r#"
    error: cannot read the list `bad.txt`: line 2: `nobody` is neither a user principal name nor an object id
    hint: write one user principal name or object id a line, `#` before comments
    "#
    );
}

#[test]
fn rows_are_cut_for_a_table_on_a_terminal_only() {
    let top = |line: &[&str], terminal: &Terminal| report_options(line, terminal).unwrap().top;
    let one = ["azmfa", "report", "a", "-r", "by-user"];
    assert_eq!(top(&one, &on_terminal()), Some(20));
    assert_eq!(top(&one, &Terminal::default()), None);
    assert_eq!(top(&[&one[..], &["--format", "csv"]].concat(), &on_terminal()), None);
    assert_eq!(top(&[&one[..], &["--top", "0"]].concat(), &on_terminal()), None);
    assert_eq!(top(&[&one[..], &["--top", "5"]].concat(), &Terminal::default()), Some(5));
}

#[test]
fn a_window_without_an_instant_is_refused() {
    let line = ["azmfa", "report", "a", "--since", "2026-01-02", "--until", "2026-01-02"];
    insta::assert_snapshot!(told(report_options(&line, &on_terminal())), @r#"
    error: nothing can be counted: `--since` is not before `--until`
    hint: `--until` is the first instant that is no longer counted
    "#);
}

#[test]
fn a_rejects_file_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input.json");
    std::fs::write(&path, "[]").unwrap();
    let path = path.to_string_lossy();
    let line = ["azmfa", "report", "a", "--rejects", &path];
    assert!(told(report_options(&line, &on_terminal())).contains("already exists"));
    let forced = [&line[..], &["--force"]].concat();
    assert!(report_options(&forced, &on_terminal()).unwrap().read.force);
}

#[test]
fn convert_goes_to_a_folder_or_gives_one_table() {
    let options = |line: &[&str]| {
        let Command::Convert(args) = parsed(line) else { unreachable!("lines are of convert") };
        convert(&args, &Terminal::default())
    };
    let folder = options(&["azmfa", "convert", "a", "-o", "tables"]).unwrap();
    assert_eq!(folder.target, ConvertTarget::Folder("tables".into()));
    assert_eq!(folder.format, TableFormat::Parquet);
    let table = options(&["azmfa", "convert", "--format", "ndjson"]).unwrap();
    assert_eq!(table.target, ConvertTarget::Table("activity".to_owned()));
    assert_eq!(table.format, TableFormat::Ndjson);
    let refused = [
        told(options(&["azmfa", "convert", "a"])),
        told(options(&["azmfa", "convert", "a", "-o", "a.parquet"])),
    ];
    insta::assert_snapshot!(refused.join("\n"), @r#"
    error: nowhere to write to: neither a folder nor a format is given
    hint: `-o DIR` writes Parquet files; `--format ndjson` and `--format arrow` write one table to standard output

    error: `a.parquet` looks like a file, and tables go to a folder
    hint: name a folder; for one file: `azmfa query 'select * from activity' -o FILE`
    "#);
}

#[test]
fn a_statement_and_an_event_come_before_the_inputs() {
    let Command::Query(args) = parsed(&["azmfa", "query", "select 1", "a", "b"]) else {
        unreachable!("the line is of query")
    };
    let terminal = Terminal::default();
    let choice =
        Choice::new(&args.output, 1, renderers(), ColorWhen::Auto, &terminal).ok().unwrap();
    let options = query(&args, &choice, &terminal).unwrap();
    assert_eq!((&*options.sql, options.read.inputs.len()), ("select 1", 2));
    let Command::Explain(args) = parsed(&["azmfa", "explain", " e1 ", "a"]) else {
        unreachable!("the line is of explain")
    };
    let options = explain(&args, &terminal).unwrap();
    assert_eq!((&*options.event_id, options.read.inputs.len()), ("e1", 1));
}

#[test]
fn wrong_values_are_refused_with_a_reason() {
    let told: Vec<String> = [
        &["azmfa", "report", "--fail-on", "users=3"][..],
        &["azmfa", "report", "--memory", "5 parsecs"],
        &["azmfa", "report", "--since", "yesterday"],
        &["azmfa", "report", "--threads", "0"],
        &["azmfa", "report", "--user", ""],
        &["azmfa", "report", "--format", "jsn"],
        &["azmfa", "reprot"],
        &["azmfa", "report", "-q", "-v"],
    ]
    .iter()
    .map(|line| match Args::try_parse_from(*line) {
        Err(error) => error.to_string(),
        Ok(args) => format!("{args:?}"),
    })
    .collect();
    insta::assert_snapshot!(told.join("---\n"), @r#"
    error: invalid value 'users=3' for '--fail-on <EXPR>': `=` is no comparison; write `==`

    For more information, try '--help'.
    ---
    error: invalid value '5 parsecs' for '--memory <SIZE>': `parsecs` is no unit; use kB, MB, GB or KiB, MiB, GiB

    For more information, try '--help'.
    ---
    error: invalid value 'yesterday' for '--since <TIME>': no date or time; write one like `2026-01-31` or `2026-01-31T08:00:00Z`

    For more information, try '--help'.
    ---
    error: invalid value '0' for '--threads <N>': at least 1 is needed

    For more information, try '--help'.
    ---
    error: invalid value '' for '--user <USER>': it is empty

    For more information, try '--help'.
    ---
    error: invalid value 'jsn' for '--format <FORMAT>'
      [possible values: arrow, csv, html, json, md, ndjson, parquet, table, tsv, xlsx]

      tip: a similar value exists: 'json'

    For more information, try '--help'.
    ---
    error: unrecognized subcommand 'reprot'

      tip: some similar subcommands exist: 'reports', 'report'

    Usage: azmfa [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ---
    error: the argument '--quiet...' cannot be used with '--verbose'

    Usage: azmfa report --quiet... [INPUT]...

    For more information, try '--help'.
    "#);
}
