//! What is written to files, and what is left alone.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::{AZ, RAGGED};
use crate::run::{Run, fixture, text_of};

/// Names in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_that_exists_is_kept_unless_forced() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("summary.csv");
    fs::write(&path, "kept").unwrap();
    let run = Run::new().args(["report", "-r", "summary", "-o", &text_of(&path)]).arg(fixture(AZ));
    run.clone().run().expect_code(2);
    assert_eq!(fs::read(&path).unwrap(), b"kept");
    run.arg("--force").run().expect_code(0);
    assert!(fs::read(&path).unwrap().starts_with(b"metric,"));
    assert_eq!(names(folder.path()), ["summary.csv"]);
}

#[test]
fn a_folder_is_not_half_written_over() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("by-user.csv"), "kept").unwrap();
    let target = format!("{}/", text_of(folder.path()));
    let args = ["report", "-r", "summary,by-user", "--format", "csv", "-o", &target];
    Run::new().args(args).arg(fixture(AZ)).run().expect_code(2);
    assert_eq!(names(folder.path()), ["by-user.csv"]);
    assert_eq!(fs::read(folder.path().join("by-user.csv")).unwrap(), b"kept");
}

#[test]
fn tables_that_exist_are_kept_unless_forced() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("run.parquet"), "kept").unwrap();
    let run = Run::new().args(["convert", "-q", "-o", &text_of(folder.path())]).arg(fixture(AZ));
    run.clone().run().expect_code(2);
    assert_eq!(names(folder.path()), ["run.parquet"]);
    run.arg("--force").run().expect_code(0);
    let tables = names(folder.path());
    assert_eq!(tables.len(), 14, "{tables:?}");
}

#[test]
fn a_table_by_itself_is_what_it_is_among_all_others() {
    let folder = TempDir::new().unwrap();
    let run = Run::new().args(["convert", "-q", "--format", "ndjson"]);
    let run = run.args(["activity", "signin", "audit"].map(|log| fixture(&format!("demo/{log}"))));
    run.clone().args(["-o", &text_of(folder.path())]).run().expect_code(0);
    for name in names(folder.path()) {
        let alone = run.clone().args(["--table", name.trim_end_matches(".ndjson")]).run();
        let among_all = fs::read_to_string(folder.path().join(&name)).unwrap();
        assert!(alone.expect_code(0).text() == among_all, "{name}");
    }
}

#[test]
fn a_run_that_fails_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let path = text_of(&folder.path().join("out.json"));
    let rejects = text_of(&folder.path().join("rejects.ndjson"));
    for (input, args) in [
        (RAGGED, vec!["-o", path.as_str(), "--strict"]),
        ("broken/unknown.json", vec!["-o", path.as_str()]),
        ("broken/empty.json", vec!["-o", path.as_str(), "--rejects", rejects.as_str()]),
    ] {
        let run = Run::new().args(["report", "-r", "summary"]).arg(fixture(input)).args(args);
        run.run().expect_code(2);
        assert!(!folder.path().join("out.json").exists(), "{input}");
        assert!(names(folder.path()).iter().all(|name| !name.contains("tmp")), "{input}");
    }
    let blocked = folder.path().join("blocked");
    fs::create_dir(&blocked).unwrap();
    fs::create_dir(blocked.join("summary.csv")).unwrap();
    let target = format!("{}/", text_of(&blocked));
    let args = ["report", "-r", "by-user,summary", "--format", "csv", "--force", "-o", &target];
    Run::new().args(args).arg(fixture(AZ)).run().expect_code(2);
    let left = names(&blocked);
    assert!(left.iter().all(|name| !name.starts_with('.')), "{left:?}");
}

#[test]
fn the_extension_decides_the_format() {
    let folder = TempDir::new().unwrap();
    for (name, start) in [
        ("a.csv", "metric,value,note\n".as_bytes()),
        ("a.tsv", b"metric\tvalue\tnote\n"),
        ("a.json", b"{\"report\":\"summary\""),
        ("a.ndjson", b"{\"metric\":"),
        ("a.md", b"#"),
        ("a.parquet", b"PAR1"),
    ] {
        let path = folder.path().join(name);
        let args = ["report", "-q", "-r", "summary", "-o", &text_of(&path)];
        let ran = Run::new().args(args).arg(fixture(AZ)).run().expect_code(0);
        assert!(ran.stdout.is_empty());
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.starts_with(start), "{name}: {}", String::from_utf8_lossy(&bytes[..40]));
    }
}

#[test]
fn rejects_are_written_with_their_place_and_their_bytes() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rejects.ndjson");
    let input = fixture("formats/activity_diagnostic/broken.ndjson");
    let args = ["report", "-q", "-r", "summary", "--rejects", &text_of(&path)];
    Run::new().args(args).arg(&input).run().expect_code(3);
    let text = fs::read_to_string(&path).unwrap();
    let rejects: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rejects.len(), 12);
    let source = fs::read(&input).unwrap();
    for reject in &rejects {
        assert_eq!(reject["file"], Value::String(input.clone()));
        assert!(reject["reason"].is_string() && reject["detail"].is_string(), "{reject}");
        let at = reject["byte"].as_u64().unwrap() as usize;
        if let Some(raw) = reject["raw"].as_str().filter(|raw| raw.is_ascii()) {
            assert!(source.get(at..).unwrap().starts_with(raw.as_bytes()), "{reject}");
        }
    }
    Run::new().args(args).arg(&input).run().expect_code(2);
    Run::new().args(args).arg("--force").arg(&input).run().expect_code(3);
}
