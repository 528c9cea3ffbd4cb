//! Workbooks and pages, read back by programs that share no code with us: `openpyxl`, `LibreOffice`
//! where it is installed, and a browser.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::json::file;
use crate::run::{Run, fixture, text_of};
use crate::second_engine::python;

const REPORTS: &str =
    "summary,by-user,by-resource,by-policy,timeline,non-mfa-writes,policy-audit,by-client";
/// Text that would be markup, a formula or a template if it were not kept from it; no input gives
/// such columns, a query does.
const HOSTILE: &str = "select '<script>window.hacked = 1</script>' as \"<b>one</b>\", \
    '<img src=x onerror=\"window.hacked = 1\">' as two, '=1+1' as three, \
    '&amp;{{ 7 * 7 }}</td></table>' as \"</script><script>\", resource_id \
    from activity order by resource_id";
/// More rows than a browser lays out at once.
const LONG: &str = "select a.event_id, a.event_time, b.caller, b.resource_id, a.operation, b.mfa, \
    b.client_app from activity as a cross join activity as b \
    order by a.event_id, b.event_id limit 50000";

/// Writes the result of one command in several formats; gives the paths.
fn written(folder: &TempDir, name: &str, formats: &[&str], args: &[&str]) -> Vec<String> {
    let path = |format: &&str| text_of(&folder.path().join(format!("{name}.{format}")));
    let paths: Vec<String> = formats.iter().map(path).collect();
    for path in &paths {
        Run::new().args(args).args(["-qq", "-o", path.as_str()]).run().expect_code(0);
    }
    paths
}

fn look(script: &str, args: &[String]) -> String {
    let output = Command::new(python()).arg(script).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script} {args:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// An input whose name is markup, and is told of in a warning.
fn hostile_input(folder: &TempDir) -> String {
    let events = file(&fixture("formats/activity_rest/az.json"));
    let events = events.as_array().unwrap()[..3].to_vec();
    let page =
        json!({"value": Value::Array(events), "nextLink": "https://management.example/next"});
    let path = folder.path().join("<img src=x onerror=hacked=1>.json");
    fs::write(&path, page.to_string()).unwrap();
    text_of(&path)
}

#[test]
fn a_workbook_holds_what_the_json_holds() {
    let folder = TempDir::new().unwrap();
    let demo = fixture("demo/activity");
    let args = ["report", "-r", REPORTS, &demo];
    let report = written(&folder, "report", &["xlsx", "json"], &args);
    let said = look("src/tests/documents/xlsx.py", &report);
    assert!(said.contains("cells as openpyxl reads them"), "{said}");
    // The table with every column and every kind of value.
    let args = ["query", "select * from activity order by event_key, source_record", &demo];
    look("src/tests/documents/xlsx.py", &written(&folder, "query", &["xlsx", "json"], &args));
}

#[test]
fn a_page_works_in_a_browser_and_hostile_text_stays_text() {
    let driver = env::var("AZMFA_CHROMEDRIVER")
        .expect("AZMFA_CHROMEDRIVER is not set; run `bash src/tests/run.sh`");
    // There is none: `run.sh` says so after the tests.
    if driver.is_empty() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let (demo, hostile) = (fixture("demo/activity"), hostile_input(&folder));
    let formats = ["html", "json"];
    let mut paths = vec![driver];
    paths.extend(written(&folder, "report", &formats, &["report", "-r", REPORTS, &demo]));
    paths.extend(written(&folder, "hostile", &formats, &["query", HOSTILE, &hostile]));
    paths.extend(written(&folder, "long", &["html"], &["query", LONG, &demo]));
    look("src/tests/documents/html.py", &paths);
}

#[test]
fn the_same_input_gives_the_same_documents() {
    let folder = TempDir::new().unwrap();
    let demo = fixture("demo/activity");
    for format in ["html", "xlsx"] {
        let bytes: Vec<Vec<u8>> = ["1", "3"]
            .iter()
            .map(|threads| {
                let path: PathBuf = folder.path().join(format!("{threads}.{format}"));
                let args = ["report", "-q", "-r", REPORTS, "--threads", threads, "-o"];
                Run::new().args(args).arg(text_of(&path)).arg(&demo).run().expect_code(0);
                fs::read(path).unwrap()
            })
            .collect();
        assert!(bytes[0] == bytes[1], "{format}");
    }
}
