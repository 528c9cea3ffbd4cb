//! The same events give the same bytes, whatever the number of threads and however the events
//! come in: as a file, down a pipe, packed, or in several files.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::json::figures;
use crate::run::{Run, bytes_of, fixture, text_of};

/// Every report that comes with the program, as `--report` takes them.
pub(crate) fn reports() -> String {
    let mut names = Vec::new();
    for folder in fs::read_dir("queries").unwrap() {
        let folder = folder.unwrap().path();
        for file in fs::read_dir(&folder).unwrap().filter(|_| !folder.ends_with("views")) {
            let name = file.unwrap().file_name().into_string().unwrap();
            names.extend(name.strip_suffix(".sql").map(str::to_owned));
        }
    }
    names.sort();
    assert!(names.len() >= 24, "{names:?}");
    names.join(",")
}

const FIXTURES: &[&str] = &[
    "formats/activity_rest/az.json",
    "formats/activity_rest/odd.json",
    "formats/activity_diagnostic/ok.ndjson",
    "formats/activity_diagnostic/broken.ndjson",
    "formats/activity_log_analytics/portal.csv",
    "formats/activity_powershell/ok.json",
];

/// What the run shows of its inputs, as JSON and as one CSV per report.
fn outputs(inputs: &[String], stdin: Vec<u8>, threads: &str) -> (Vec<u8>, Vec<(String, Vec<u8>)>) {
    let run =
        Run::new().args(["report", "-q", "-r", &reports(), "--threads", threads]).args(inputs);
    let json = run.clone().args(["--format", "json"]).stdin(stdin.clone()).run().expect_no_crash();
    let folder = TempDir::new().unwrap();
    let target = format!("{}/", text_of(folder.path()));
    run.args(["--format", "csv", "-o", &target]).stdin(stdin).run().expect_no_crash();
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    assert_eq!(files.len(), reports().split(',').count());
    (json.stdout, files)
}

/// Of a query that only asks for policy events, the other rows are not built; one that asks for all
/// rows first, and leaves them out afterwards, has them all built.
#[test]
fn what_is_asked_of_policy_events_only_is_the_same_as_of_all_rows() {
    let columns = "a.event_id, a.event_key, a.resource_id, a.caller, a.mfa, a.source_record";
    let order = "order by a.event_id, p.policy_definition_id";
    let mut seen = 0;
    for name in FIXTURES.iter().chain(&["demo/activity"]) {
        let answer = |from: &str| {
            let sql = format!(
                "select {columns}, p.policy_effect from {from} join activity_policy p \
                 on p.event_id = a.event_id where a.is_policy_event {order}"
            );
            let run = Run::new().args(["query", "-q", "--format", "csv", &sql]).arg(fixture(name));
            run.run().expect_no_crash().text().to_owned()
        };
        let (narrow, wide) = (answer("activity a"), answer("(select * from activity) a"));
        assert_eq!(narrow, wide, "{name}");
        seen += narrow.lines().count() - 1;
    }
    assert!(seen > 100, "{seen} policies of policy events");
}

/// What a policy takes of its event and of the request behind it is what joining the tables gives.
#[test]
fn policies_tell_of_requests_what_a_join_of_the_tables_tells() {
    let joined = "select p.event_id, p.policy_definition_id, p.assignment_id, \
        coalesce(e.resource_name, a.resource_name) as resource_name, \
        coalesce(e.resource_id, a.resource_id) as resource_id, \
        coalesce(e.region, a.region) as region, coalesce(e.caller, a.caller) as caller, \
        case when coalesce(e.principal_type, 'none') in ('unknown', 'none') \
            then coalesce(a.principal_type, e.principal_type, 'none') else e.principal_type end \
            as principal_type, \
        case when coalesce(e.mfa, 'unknown') = 'unknown' then coalesce(a.mfa, 'unknown') else e.mfa \
            end as mfa, \
        coalesce(e.authorization_action, a.operation) as operation, e.correlation_id, \
        case when a.principal_type = 'user' then a.user_key end as human_key \
        from activity_policy as p inner join activity as e on p.event_id = e.event_id \
        left join attempt as a on e.attempt_id = a.attempt_id where e.is_policy_event \
        order by p.event_id, p.policy_definition_id, p.assignment_id";
    let made = "select event_id, policy_definition_id, assignment_id, resource_name, resource_id, \
        region, caller, principal_type, mfa, operation, correlation_id, human_key \
        from activity_policy order by event_id, policy_definition_id, assignment_id";
    let mut seen = 0;
    for name in FIXTURES.iter().chain(&["demo/activity"]) {
        let answer = |sql: &str, more: &[&str]| {
            let run = Run::new().args(["query", "-q", "--format", "csv", sql]).args(more);
            run.arg(fixture(name)).run().expect_no_crash().text().to_owned()
        };
        let due = answer(joined, &[]);
        assert_eq!(answer(made, &[]), due, "{name}");
        assert_eq!(answer(made, &["--memory", "1B"]), due, "{name}, from disk");
        let one = "select event_id, correlation_id from activity_policy order by event_id, \
            policy_definition_id, assignment_id";
        assert_eq!(answer(one, &[]).lines().count(), due.lines().count(), "{name}");
        seen += due.lines().count() - 1;
    }
    assert!(seen > 100, "{seen} policies of policy events");
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    for name in FIXTURES {
        let inputs = [fixture(name)];
        let one = outputs(&inputs, Vec::new(), "1");
        for threads in ["2", "5"] {
            assert!(outputs(&inputs, Vec::new(), threads) == one, "{name}, {threads} threads");
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_byte_of_an_input_of_many_chunks() {
    let month = String::from_utf8(bytes_of("formats/activity_diagnostic/ok.ndjson")).unwrap();
    // Twelve months of the same events are twelve times as many events: the times differ.
    let year: String =
        (1..=12).map(|number| month.replace("2026-03-", &format!("2026-{number:02}-"))).collect();
    let inputs = ["-".to_owned()];
    let one = outputs(&inputs, year.clone().into_bytes(), "1");
    for threads in ["2", "5"] {
        let many = outputs(&inputs, year.clone().into_bytes(), threads);
        assert!(many == one, "{threads} threads");
    }
}

#[test]
fn a_file_a_pipe_and_a_packed_file_tell_the_same() {
    let folder = TempDir::new().unwrap();
    for name in FIXTURES {
        let bytes = bytes_of(name);
        let packed = folder.path().join("packed");
        fs::write(&packed, gzip(&bytes)).unwrap();
        let (file_json, file) = outputs(&[fixture(name)], Vec::new(), "2");
        for (how, inputs, stdin) in [
            ("a pipe", vec!["-".to_owned()], bytes.clone()),
            ("no input named", Vec::new(), bytes.clone()),
            ("a packed pipe", vec!["-".to_owned()], gzip(&bytes)),
            ("a packed file", vec![text_of(&packed)], Vec::new()),
        ] {
            let (json, files) = outputs(&inputs, stdin, "2");
            assert!(files == file, "{name}: {how} differs in csv");
            assert_eq!(without_sizes(&json), without_sizes(&file_json), "{name}: {how}");
        }
    }
}

/// Sizes and names of inputs are the only thing that may tell how the events came in.
fn without_sizes(json: &[u8]) -> String {
    let text = str::from_utf8(json).unwrap();
    text.lines()
        .map(|line| if line.starts_with("\"accounting\":") { after_bytes(line) } else { line })
        .collect::<Vec<_>>()
        .join("\n")
}

/// The accounting from `records` up to the warnings, which name the input.
fn after_bytes(line: &str) -> &str {
    let from = line.find("\"records\":").unwrap();
    let to = line.find("\"warnings\":").unwrap();
    &line[from..to]
}

#[test]
fn lines_in_several_files_tell_the_same_as_in_one() {
    for name in
        ["formats/activity_diagnostic/ok.ndjson", "formats/activity_log_analytics/export.ndjson"]
    {
        let folder = TempDir::new().unwrap();
        split(&bytes_of(name), 5, folder.path());
        let run = |input: String| {
            let args = ["report", "-q", "-r", &reports(), "--format", "json"];
            figures(&Run::new().args(args).arg(input).run().expect_code(0))
        };
        assert_eq!(run(text_of(folder.path())), run(fixture(name)), "{name}");
        let glob = format!("{}/part-*", text_of(folder.path()));
        assert_eq!(run(glob), run(fixture(name)), "{name}");
    }
}

/// Cuts lines into so many files, some of them packed.
fn split(bytes: &[u8], parts: usize, folder: &Path) {
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for (number, part) in lines.chunks(lines.len().div_ceil(parts)).enumerate() {
        let text = part.concat();
        let bytes = if number % 2 == 0 { text } else { gzip(&text) };
        fs::write(folder.join(format!("part-{number}")), bytes).unwrap();
    }
}

/// Bytes packed by gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn unpacked(name: &str) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes_of(name).as_slice()).read_to_string(&mut text).unwrap();
    text
}

/// All reports over `inputs`, with further arguments.
fn reports_with(inputs: &[String], stdin: &[u8], more: &[&str]) -> Vec<u8> {
    let run = Run::new().args(["report", "-q", "-r", &reports(), "--format", "json"]).args(more);
    run.args(inputs).stdin(stdin.to_vec()).run().expect_no_crash().stdout
}

/// Reports that are worked out part by part where rows wait on disk.
const PARTED: &str = "summary,by-resource,by-user,by-policy,by-operation,by-subscription,by-region,by-client,by-application,timeline";

fn parted_with(inputs: &[String], stdin: &[u8], more: &[&str]) -> Vec<u8> {
    let run = Run::new().args(["report", "-q", "-r", PARTED, "--format", "json"]).args(more);
    run.args(inputs).stdin(stdin.to_vec()).run().expect_no_crash().stdout
}

#[test]
fn rows_that_wait_on_disk_change_no_byte() {
    let mut all: Vec<String> = FIXTURES.iter().map(|name| fixture(name)).collect();
    for name in FIXTURES {
        let inputs = [fixture(name)];
        let held = reports_with(&inputs, b"", &[]);
        assert!(reports_with(&inputs, b"", &["--memory", "1B"]) == held, "{name}");
        let held = parted_with(&inputs, b"", &[]);
        assert!(parted_with(&inputs, b"", &["--memory", "1B"]) == held, "{name}");
    }
    // Every file twice, and in both orders: duplicates within and across what went to disk.
    all.extend(all.clone());
    let held = reports_with(&all, b"", &[]);
    assert!(reports_with(&all, b"", &["--memory", "1B"]) == held);
    assert!(reports_with(&all, b"", &["--memory", "20kB", "--threads", "1"]) == held);
    let held = parted_with(&all, b"", &[]);
    assert!(parted_with(&all, b"", &["--memory", "1B"]) == held);
    assert!(parted_with(&all, b"", &["--memory", "20kB", "--threads", "1"]) == held);
    all.reverse();
    let held = reports_with(&all, b"", &[]);
    assert!(reports_with(&all, b"", &["--memory", "1B"]) == held);
}

#[test]
fn rows_of_many_chunks_that_wait_on_disk_change_no_byte() {
    let month = String::from_utf8(bytes_of("formats/activity_diagnostic/ok.ndjson")).unwrap();
    let years: String =
        (2000..2060).map(|year| month.replace("2026-", &format!("{year}-"))).collect();
    let twice = [years.as_bytes(), years.as_bytes()].concat();
    for input in [years.as_bytes(), &twice] {
        let held = reports_with(&["-".to_owned()], input, &["--memory", "1GB"]);
        for memory in ["1B", "300kB"] {
            let spilled = reports_with(&["-".to_owned()], input, &["--memory", memory]);
            assert!(spilled == held, "{memory}");
        }
        let held = parted_with(&["-".to_owned()], input, &["--memory", "1GB"]);
        for memory in ["1B", "300kB"] {
            let spilled = parted_with(&["-".to_owned()], input, &["--memory", memory]);
            assert!(spilled == held, "{memory}");
        }
    }
}

#[test]
fn a_query_answers_the_same_from_rows_on_disk() {
    let inputs =
        [fixture("formats/activity_rest/az.json"), fixture("formats/activity_rest/odd.json")];
    for sql in [
        "select * from activity order by event_time, event_id, source_file, source_record",
        "select * from attempt order by attempt_id",
        "select * from activity_policy order by event_id, policy_definition_id, assignment_id",
        "select day, events from calendar order by day",
        "select a.event_id, p.policy_effect from activity a join activity_policy p \
         on a.event_id = p.event_id order by a.event_id, p.policy_effect",
        "select count(*) as events, max(event_time) as newest from activity",
        "select count(*) as events from activity",
        "select mfa, count(*) as n, count(distinct caller) as callers, min(event_time) as first \
         from activity where operation_class = 'write' group by mfa order by mfa nulls first",
        "select p.policy_effect as effect, count(*) as n, count(distinct a.resource_id) as resources \
         from activity_policy p left join activity a on a.event_id = p.event_id \
         group by p.policy_effect order by effect",
        "select coalesce(t.caller, '') as caller, sum(t.event_count) as events, count(a.event_id) as n \
         from attempt t join activity a on t.attempt_id = a.attempt_id group by t.caller order by caller",
        "with person as (select caller, count(*) as n from attempt group by caller), \
         share as (select caller, mfa, count(*) as n from attempt group by caller, mfa) \
         select person.caller, share.mfa, person.n, share.n as of_these from person \
         join share on person.caller = share.caller order by person.caller, share.mfa",
        "select count(*) as n, max(caller) as caller, sum(event_count) as events from attempt \
         where caller = 'nobody'",
    ] {
        let run = Run::new().args(["query", "-q", sql, "--format", "csv"]).args(&inputs);
        let held = run.clone().run().expect_no_crash();
        let spilled = run.args(["--memory", "1B"]).run().expect_no_crash();
        assert!(!held.stdout.is_empty(), "{sql}");
        assert!(spilled.stdout == held.stdout, "{sql}");
    }
}

/// Sign-ins with copies, companion files, audits, side inputs and the events of the same tenant.
const SIGN_INS: &[&str] = &[
    "entra_signin_portal_csv/InteractiveSignIns_2026-03-02_2026-03-06.csv",
    "entra_signin_portal_csv/InteractiveSignIns_AuthDetails_2026-03-02_2026-03-06.csv",
    "entra_signin_portal_csv/NonInteractiveSignIns_2026-03-02_2026-03-06.csv",
    "entra_signin_portal_csv/NonInteractiveSignIns_AuthDetails_2026-03-02_2026-03-06.csv",
    "entra_signin_diagnostic/odd.ndjson",
    "entra_signin_graph/ok.json.gz",
    "entra_signin_graph/twice.json",
    "entra_signin_log_analytics/query_api.json.gz",
    "entra_signin_defender/ok.json.gz",
    "entra_audit_diagnostic/ok.ndjson",
    "entra_audit_graph/ok.json",
    "entra_registration/ok.json",
    "entra_role_assignment/ok.json",
    "azure_role_assignment/ok.json",
    "azure_resource/ok.json",
    "entra_user/az.json",
    "activity_diagnostic/ok.ndjson",
    "activity_rest/az.json",
];

/// In some order, all the rows of each table; `link` and `readiness` are worked out of them.
const ALL_ROWS: [&str; 13] = [
    "select * from sign_in",
    "select * from sign_in_policy",
    "select * from audit",
    "select * from registration",
    "select * from role_assignment",
    "select * from directory_user",
    "select * from resource",
    "select * from link",
    "select * from readiness",
    "select count(*) from sign_in",
    "select count(*) from sign_in_policy",
    "select count(*) from audit",
    "select count(*) from link",
];

#[test]
fn sign_ins_that_wait_on_disk_change_no_byte() {
    let of = |name: &&str| fixture(&format!("formats/{name}"));
    let all: Vec<String> = SIGN_INS.iter().map(of).collect();
    let portal: Vec<String> = all[..4].iter().chain(&all[17..]).cloned().collect();
    let diagnostic = vec![all[4].clone(), all[9].clone(), all[16].clone()];
    for inputs in [all, portal, diagnostic] {
        let reports = reports_with(&inputs, b"", &["--memory", "1GB"]);
        for (memory, threads) in [("1B", "1"), ("1B", "2"), ("1B", "3"), ("30kB", "2")] {
            let more = ["--memory", memory, "--threads", threads];
            assert!(reports_with(&inputs, b"", &more) == reports, "{memory}, {threads} threads");
        }
        for sql in ALL_ROWS {
            let run = Run::new().args(["query", "-q", sql, "--format", "csv"]).args(&inputs);
            let held = run.clone().args(["--memory", "1GB"]).run().expect_no_crash();
            for threads in ["1", "2", "3"] {
                let more = ["--memory", "1B", "--threads", threads];
                let spilled = run.clone().args(more).run().expect_no_crash();
                assert!(spilled.stdout == held.stdout, "{sql}, {threads} threads");
            }
        }
    }
}

#[test]
fn sign_ins_of_many_chunks_that_wait_on_disk_change_no_byte() {
    let month = unpacked("formats/entra_signin_diagnostic/ok.ndjson.gz");
    let events = String::from_utf8(bytes_of("formats/activity_diagnostic/ok.ndjson")).unwrap();
    // Other times and other ids are other rows; every third year comes twice.
    let years = |text: &str| -> String {
        let year = |year: u32| {
            let text = text.replace("2026-", &format!("{year}-"));
            let text = text.replace("-4", &format!("-{:02x}", year % 100));
            text.repeat(if year.is_multiple_of(3) { 2 } else { 1 })
        };
        (2000..2040).map(year).chain([text.to_owned()]).collect()
    };
    let folder = TempDir::new().unwrap();
    let paths = ["sign-ins.ndjson", "events.ndjson"].map(|name| folder.path().join(name));
    fs::write(&paths[0], years(&month)).unwrap();
    fs::write(&paths[1], years(&events)).unwrap();
    let inputs: Vec<String> = paths.iter().map(|path| text_of(path)).collect();
    let held = reports_with(&inputs, b"", &["--memory", "1GB"]);
    for memory in ["1B", "500kB", "5MB"] {
        assert!(reports_with(&inputs, b"", &["--memory", memory]) == held, "{memory}");
    }
    for sql in ["select * from sign_in", "select * from sign_in_policy", "select * from link"] {
        let run = Run::new().args(["query", "-q", sql, "--format", "csv"]).args(&inputs);
        let held = run.clone().args(["--memory", "1GB"]).run().expect_no_crash();
        let spilled = run.args(["--memory", "1MB"]).run().expect_no_crash();
        assert!(held.stdout.len() > 100_000, "{sql}");
        assert!(spilled.stdout == held.stdout, "{sql}");
    }
}

#[test]
fn tables_that_wait_on_disk_change_no_byte() {
    let folder = TempDir::new().unwrap();
    let target = format!("{}/", text_of(folder.path()));
    let name = "formats/entra_signin_diagnostic/ok.ndjson.gz";
    Run::new().args(["convert", "-q", "-o", &target]).arg(fixture(name)).run().expect_code(0);
    // Beside the records that they were made of, tables are read row by row.
    let inputs = [text_of(folder.path()), fixture("formats/entra_signin_graph/ok.json.gz")];
    for sql in ["select * from sign_in", "select * from sign_in_policy", "select * from readiness"]
    {
        let run = Run::new().args(["query", "-q", sql, "--format", "csv"]).args(&inputs);
        let held = run.clone().run().expect_no_crash();
        let spilled = run.args(["--memory", "1B"]).run().expect_no_crash();
        assert!(held.stdout.len() > 1_000, "{sql}");
        assert!(spilled.stdout == held.stdout, "{sql}");
    }
}

/// The tables that `convert` writes, as text, by the names of their files.
fn tables_with(inputs: &[String], stdin: &[u8], more: &[&str]) -> Vec<(String, Vec<u8>)> {
    let folder = TempDir::new().unwrap();
    let target = text_of(folder.path());
    let run = Run::new().args(["convert", "-q", "--format", "ndjson", "-o", &target, "--force"]);
    run.args(more).args(inputs).stdin(stdin.to_vec()).run().expect_no_crash();
    let table = |file: std::io::Result<fs::DirEntry>| {
        let path = file.unwrap().path();
        (text_of(path.file_name().unwrap().as_ref()), fs::read(&path).unwrap())
    };
    let mut tables: Vec<_> = fs::read_dir(folder.path()).unwrap().map(table).collect();
    tables.sort();
    assert_eq!(tables.len(), 14, "one file for each table");
    tables
}

fn check_written(inputs: &[String], stdin: &[u8]) {
    let held = tables_with(inputs, stdin, &["--memory", "1GB"]);
    let rows = held.iter().map(|(_, lines)| lines.len()).sum::<usize>();
    assert!(rows > 10_000, "{rows} bytes in {inputs:?}");
    for (memory, threads) in [("1B", "1"), ("1B", "3"), ("40kB", "2")] {
        let spilled = tables_with(inputs, stdin, &["--memory", memory, "--threads", threads]);
        for (held, spilled) in held.iter().zip(&spilled) {
            assert!(held == spilled, "{}, {inputs:?}, {memory}, {threads} threads", held.0);
        }
    }
}

#[test]
fn written_tables_of_rows_that_wait_on_disk_are_the_same_bytes() {
    let demo = ["demo/activity", "demo/signin", "demo/audit"].map(fixture);
    check_written(&demo, b"");
    let all: Vec<String> = FIXTURES.iter().map(|name| fixture(name)).collect();
    check_written(&[all.clone(), all].concat(), b"");
    let month = String::from_utf8(bytes_of("formats/activity_diagnostic/ok.ndjson")).unwrap();
    let years: String =
        (2000..2020).map(|year| month.replace("2026-", &format!("{year}-"))).collect();
    check_written(&["-".to_owned()], &[years.as_bytes(), years.as_bytes()].concat());
    // Nothing is left of the first half: copies with claims take its place.
    let without_claims = years.replace("\"claims\"", "\"more\"");
    check_written(&["-".to_owned()], &[without_claims.as_bytes(), years.as_bytes()].concat());
}

#[test]
fn tables_are_written_anew_from_tables_and_records_on_disk() {
    let folder = TempDir::new().unwrap();
    let target = text_of(folder.path());
    let demo = fixture("demo/activity");
    Run::new().args(["convert", "-q", "-o", &target]).arg(&demo).run().expect_code(0);
    for inputs in [vec![target.clone()], vec![target, fixture("formats/activity_rest/az.json")]] {
        check_written(&inputs, b"");
    }
}
