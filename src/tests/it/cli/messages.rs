//! Exit codes and what is said on standard error.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use super::{AZ, CUT, RAGGED, plain_snapshots, summary};
use crate::run::{Ran, Run, bytes_of, fixture, text_of};

#[test]
fn a_run_over_whole_input_ends_with_0() {
    summary(AZ, &[]).expect_code(0);
    summary("broken/nothing.json", &[]).expect_code(0);
}

#[test]
fn a_condition_that_holds_ends_with_1() {
    summary(AZ, &["--fail-on", "non_mfa_users>0"]).expect_code(1);
    summary(AZ, &["--fail-on", "non_mfa_users>1000"]).expect_code(0);
    summary(AZ, &["--fail-on", "users==0", "--fail-on", "events >= 1"]).expect_code(1);
    summary(RAGGED, &["--fail-on", "events>0"]).expect_code(1);
}

#[test]
fn a_condition_is_checked_though_its_report_is_not_shown() {
    let args = ["report", "-r", "by-region", "-q", "--fail-on", "non_mfa_users>0"];
    let ran = Run::new().args(args).arg(fixture(AZ)).run().expect_code(1);
    assert!(ran.text().starts_with("region,"), "{}", ran.text());
    assert!(!ran.text().contains("window_start"));
}

/// A pipe in `folder`, and whether somebody began to read it: nobody gets to write into it before.
#[cfg(unix)]
fn watched_pipe(folder: &Path) -> (PathBuf, Arc<AtomicBool>) {
    let pipe = folder.join("huge.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let is_read = Arc::new(AtomicBool::new(false));
    let (flag, path) = (Arc::clone(&is_read), pipe.clone());
    std::thread::spawn(move || {
        let opened = OpenOptions::new().write(true).open(path);
        flag.store(true, Ordering::SeqCst);
        let _ = opened.unwrap().write_all(b"[]");
    });
    (pipe, is_read)
}

#[test]
#[cfg(unix)]
fn a_query_that_cannot_run_says_so_before_anything_is_read() {
    let folder = TempDir::new().unwrap();
    let (pipe, is_read) = watched_pipe(folder.path());
    for (sql, said) in [
        ("select nocol from activity", "unable to find column \"nocol\"\n"),
        ("select nocol from policy_event", "unable to find column \"nocol\"\n"),
        ("select sum(mfa) as n from activity", "`sum` operation not supported"),
        ("select mfa + 1 as n from attempt", "arithmetic on dtypes str"),
    ] {
        let ran = Run::new().args(["query", sql, &text_of(&pipe)]).run().expect_code(2);
        assert!(ran.stderr.contains(said), "{sql}: {}", ran.stderr);
        assert!(ran.stderr.contains("hint: `azmfa schema`"), "{sql}: {}", ran.stderr);
    }
    assert!(!is_read.load(Ordering::SeqCst), "the input was read first");
}

#[test]
#[cfg(unix)]
fn a_side_input_of_the_wrong_kind_is_named_before_anything_else_is_read() {
    let folder = TempDir::new().unwrap();
    let (pipe, is_read) = watched_pipe(folder.path());
    let name = "formats/azure_resource/ok.json";
    let args =
        ["readiness".to_owned(), text_of(&pipe), "--registrations".to_owned(), fixture(name)];
    let ran = Run::new().args(args).run().expect_code(2);
    let said = "holds no registration: it holds 22 records of `azure_resource`\nhint: \
        `--registrations` takes what this writes: az rest";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert!(!is_read.load(Ordering::SeqCst), "the other input was read first");

    // The same beside the same file under the flag that it is for.
    let args = ["readiness", "--resources", &fixture(name), &fixture("formats/entra_user/ok.json")];
    Run::new().args(args).run().expect_code(0);
}

#[test]
fn a_side_input_that_can_be_read_only_once_is_read_whole() {
    let run = Run::new().args(["readiness", "--format", "json"]).arg(fixture("demo/activity"));
    let flag = "--registrations";
    let from_file = run.clone().args([flag, &fixture("demo/registrations.json")]).run();
    let from_pipe = run.args([flag, "-"]).stdin(bytes_of("demo/registrations.json")).run();
    let (from_file, from_pipe) = (from_file.expect_code(0), from_pipe.expect_code(0));
    assert_eq!(from_file.text(), from_pipe.text());
}

#[test]
fn half_of_a_pair_of_csv_files_is_told_of() {
    let file = |name: &str| fixture(&format!("formats/entra_signin_portal_csv/{name}.csv"));
    let said = |names: &[&str]| {
        let inputs = names.iter().map(|name| file(name));
        Run::new().arg("readiness").args(inputs).run().expect_code(0).stderr
    };
    let (sign_ins, steps) = ("InteractiveSignIns_fr", "InteractiveSignIns_AuthDetails_half");
    assert!(said(&[sign_ins, steps]).contains("has steps for 4 of the 8 sign-ins read as"));
    assert!(
        said(&[sign_ins]).contains("8 sign-ins read as `entra_signin_portal_csv` come without")
    );
    assert!(said(&[steps]).contains("AuthDetails CSV is given without the CSV of the sign-ins"));
    let span = "2026-03-02_2026-03-06";
    let (sign_ins, steps) =
        (format!("InteractiveSignIns_{span}"), format!("InteractiveSignIns_AuthDetails_{span}"));
    assert!(!said(&[&sign_ins, &steps]).contains("AuthDetails CSV"));
}

#[test]
fn rejected_records_end_with_3() {
    summary(RAGGED, &[]).expect_code(3);
    summary(RAGGED, &["-qq"]).expect_code(3);
}

#[test]
fn a_strict_run_ends_with_2_at_the_first_reject() {
    let ran = summary(RAGGED, &["--strict"]).expect_code(2);
    assert!(ran.stdout.is_empty(), "no figures of a run that did not finish");
    summary(AZ, &["--strict"]).expect_code(0);
}

#[test]
fn input_that_looks_cut_short_warns_and_still_ends_with_0() {
    let ran = summary(CUT, &[]).expect_code(0);
    assert!(ran.stderr.contains("may be cut short"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--max-events"), "{}", ran.stderr);
    let accounting = crate::json::accounting(&ran);
    assert_eq!(accounting["warnings"].as_array().unwrap().len(), 1, "{accounting}");
    let ran = summary("formats/activity_rest/alarm_nextlink.json", &[]).expect_code(0);
    assert!(ran.stderr.contains("is cut short"), "{}", ran.stderr);
}

#[test]
fn a_strict_run_over_input_that_looks_cut_short_ends_with_3() {
    summary(CUT, &["--strict"]).expect_code(3);
}

#[test]
fn nobody_reading_the_output_is_nobodys_fault() {
    let args = [
        "query",
        "--format",
        "ndjson",
        "-q",
        "select a.event_id, b.operation from activity a cross join activity b",
    ];
    let mut child = Run::new().args(args).arg(fixture(AZ)).start();
    let mut first = [0];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut first).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.is_empty(), "{said}");
}

#[test]
fn quiet_never_hides_data_or_errors() {
    let loud = summary(RAGGED, &[]);
    let quiet = summary(RAGGED, &["-q"]);
    let silent = summary(RAGGED, &["-qq"]);
    assert!(loud.stdout == quiet.stdout && quiet.stdout == silent.stdout);
    assert!(loud.stderr.contains("records   4 = 2 rows"), "{}", loud.stderr);
    assert!(!quiet.stderr.contains("records "), "{}", quiet.stderr);
    assert!(quiet.stderr.contains("warning: "), "{}", quiet.stderr);
    assert_eq!(silent.stderr, "");
    let failed = summary("nope.json", &["-qq"]).expect_code(2);
    assert!(failed.stderr.starts_with("error: "), "{}", failed.stderr);
}

#[test]
fn colours_are_used_only_where_asked_for() {
    assert!(!summary(RAGGED, &[]).stderr.contains('\u{1b}'));
    assert!(summary(RAGGED, &["--color", "always"]).stderr.contains('\u{1b}'));
    assert!(!summary(RAGGED, &["--color", "never"]).stderr.contains('\u{1b}'));
}

/// What a user types, the exit code, and what is said; names of temporary folders and times left out.
fn shown(folder: &TempDir, commands: &[&[&str]]) -> String {
    let inputs = folder.path().join("in");
    commands
        .iter()
        .map(|args| {
            let typed: Vec<String> =
                args.iter().map(|arg| arg.replace("DIR", &text_of(folder.path()))).collect();
            let ran = Run::new().args(&typed).env("COLUMNS", "100").run();
            let said =
                ran.stderr.replace(&text_of(&inputs), "IN").replace(&text_of(folder.path()), "DIR");
            let line = args.join(" ");
            format!("$ azmfa {line}\n{}[exit {}]\n\n", timeless(&said), ran.code)
        })
        .collect()
}

/// Without how much was read in which time.
fn timeless(said: &str) -> String {
    said.lines()
        .map(|line| match (line.starts_with("read "), line.split_once(", ")) {
            (true, Some((files, _))) => format!("{files}, SIZE in TIME\n"),
            _ => format!("{line}\n"),
        })
        .collect()
}

#[test]
fn every_error_says_what_where_and_what_next() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("there.csv"), "kept").unwrap();
    std::fs::create_dir(folder.path().join("queries")).unwrap();
    std::fs::write(folder.path().join("queries/bad.sql"), "-- titel: x\nselect 1").unwrap();
    let az = "testdata/formats/activity_rest/az.json";
    let _plain = plain_snapshots();
    insta::assert_snapshot!(shown(
        &folder,
        &[
            &["report", "nope.json"],
            &["report", "nope*.json"],
            &["report", "DIR/queries/nope", az],
            &["report"],
            &["report", "testdata/broken/empty.json"],
            &["report", "testdata/broken/unknown.json"],
            &["report", "testdata/broken/image.png"],
            &["report", "testdata/broken/zeros.bin", "testdata/broken/scalar.json"],
            &["report", "testdata/broken/ragged.csv", "--strict"],
            &["report", "-r", "by-usr", az],
            &["report", "--fail-on", "non_mfa_user>0", az],
            &["report", "--fail-on", "users", az],
            &["report", "--since", "yesterday", az],
            &["report", "--since", "2026-02-01", "--until", "2026-01-01", az],
            &["report", "--threads", "0", az],
            &["report", "--memory", "lots", az],
            &["report", "--format", "xml", az],
            &["report", "-r", "summary", "-o", "DIR/there.csv", az],
            &["report", "-r", "summary", "-o", "DIR/no/such.csv", az],
            &["report", "--format", "parquet", az],
            &["report", "--queries", "DIR/nope", az],
            &["report", "--queries", "DIR/queries", az],
            &["report", "--rejects", "DIR/there.csv", az],
            &["report", "--nope"],
            &["query", "selec 1", az],
            &["query", "delete from activity", az],
            &["query", "select 1 as n from activty", az],
            &["query", "select nocol from activity", az],
            &["explain", "nope", az],
            &["reports", "--explain", "by-usr"],
            &["convert", az, "--table", "activty"],
            &["completions", "tcsh"],
            &["nope"],
        ]
    ));
}

#[test]
fn every_run_ends_with_its_balance() {
    let _plain = plain_snapshots();
    let folder = TempDir::new().unwrap();
    insta::assert_snapshot!(shown(
        &folder,
        &[
            &["report", "testdata/formats/activity_rest/az.json"],
            &[
                "report",
                "testdata/formats/activity_rest/az.json",
                "testdata/formats/activity_diagnostic/ok.ndjson"
            ],
            &["report", "testdata/formats/activity_diagnostic/broken.ndjson"],
            &["report", "testdata/formats/activity_diagnostic/broken.ndjson", "-v"],
            &["report", "testdata/formats/activity_diagnostic/mixed.ndjson"],
            &["report", "testdata/formats/activity_rest/alarm_fifty.json.gz"],
            &["report", "testdata/formats/activity_rest/alarm_nextlink.json"],
            &["report", "testdata/formats/activity_portal_csv/ok.csv"],
            &["report", "testdata/formats/entra_signin_graph/ok.json.gz"],
            &["report", "testdata/broken/nothing.json"],
            &["report", "testdata/broken/cut.json.gz"],
            &["convert", "testdata/formats/activity_rest/az.json", "-o", "DIR/tables"],
        ]
    ));
}

#[test]
fn what_was_read_is_told_in_unpacked_bytes() {
    let folder = TempDir::new().unwrap();
    for name in
        [AZ, "formats/activity_log_analytics/portal.csv", "formats/activity_diagnostic/ok.ndjson"]
    {
        let bytes = bytes_of(name);
        // The byte order mark is no part of the text.
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let packed = folder.path().join("packed.gz");
        std::fs::write(&packed, crate::determinism::gzip(&bytes)).unwrap();
        for input in [fixture(name), text_of(&packed)] {
            let args = ["report", "-q", "-r", "summary", "--format", "json"];
            let ran = Run::new().args(args).arg(&input).run().expect_code(0);
            assert_eq!(crate::json::accounting(&ran)["bytes"], text.len(), "{input}");
        }
    }
}

#[test]
fn standard_input_is_read_where_no_input_is_named() {
    let named = summary(AZ, &["-q"]).expect_code(0);
    let args = ["report", "-r", "summary", "--format", "json", "-q"];
    let piped = Run::new().args(args).stdin(bytes_of(AZ)).run().expect_code(0);
    let dashed = Run::new().args(args).arg("-").stdin(bytes_of(AZ)).run().expect_code(0);
    let rows = |ran: &Ran| crate::json::figures(ran);
    assert_eq!(rows(&piped), rows(&named));
    assert!(dashed.stdout == piped.stdout);
}

#[test]
fn a_side_input_of_another_kind_ends_with_2_and_says_what_it_is() {
    let users = fixture(AZ);
    let args = ["report", "-r", "summary", "--format", "json"];
    let ran = Run::new().args(args).args(["--users", &users, &users]).run().expect_code(2);
    assert!(ran.stdout.is_empty());
    let said = ran.stderr.replace(&users, "az.json");
    assert!(said.contains("error: `az.json` holds no account: it holds "), "{said}");
    assert!(said.contains("of `activity_rest`"), "{said}");
    assert!(said.contains("hint: `--users` takes what this writes: az ad user list"), "{said}");
    let ran = Run::new().args(args).args(["--roles", "no-such-file.json", &users]).run();
    assert!(ran.expect_code(2).stderr.contains("`no-such-file.json` does not exist"));
}

#[test]
fn a_list_that_names_nobody_ends_with_2_before_anything_is_read() {
    let folder = TempDir::new().unwrap();
    let list = folder.path().join("break-glass.txt");
    std::fs::write(&list, "# two accounts\nBreak Glass 1\nBreak Glass 2\n").unwrap();
    let args = ["report", "-r", "summary", "--exempt", &text_of(&list), "no-such-file.json"];
    let ran = Run::new().args(args).run().expect_code(2);
    assert!(ran.stderr.contains("line 3: `break glass 2` is neither"), "{}", ran.stderr);
}
