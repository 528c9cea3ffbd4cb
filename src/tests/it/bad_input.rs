//! Damage costs only what it touches: packed streams cut anywhere, text cut anywhere, bytes that
//! are no text, folders full of nothing. Never a crash, and every record is told of once.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::determinism::gzip;
use crate::json::{accounting, expect_balance, metric, sum};
use crate::run::{Ran, Run, bytes_of, fixture, text_of};

const LINES: &str = "formats/activity_diagnostic/ok.ndjson";
const ARRAY: &str = "formats/activity_rest/az.json";
/// Events in each of the two.
const EVENTS: u64 = 176;

/// A summary of what is on standard input.
pub(crate) fn summary_of(bytes: impl Into<Vec<u8>>) -> Ran {
    let args = ["report", "-r", "summary", "--format", "json", "-q"];
    Run::new().args(args).stdin(bytes).run().expect_no_crash()
}

fn summary_of_inputs<I: IntoIterator<Item = String>>(inputs: I) -> Ran {
    let args = ["report", "-r", "summary", "--format", "json", "-q"];
    Run::new().args(args).args(inputs).run().expect_no_crash()
}

/// The balance of a run that read something; `None` where nothing was readable.
fn balanced(ran: &Ran, what: &str) -> Option<Value> {
    if ran.code == 2 {
        assert!(ran.stderr.starts_with("error: "), "{what}: {}", ran.stderr);
        assert!(ran.stderr.contains("\nhint: "), "{what}: {}", ran.stderr);
        return None;
    }
    let told = accounting(ran);
    expect_balance(&told, what);
    assert_eq!(ran.code == 3, sum(&told["rejects"]) > 0, "{what}: exit {}: {told}", ran.code);
    Some(told)
}

#[test]
fn a_cut_gzip_stream_keeps_the_records_before_the_cut() {
    let packed = gzip(&bytes_of(LINES));
    let mut fewest = 0;
    for tenth in 0..10 {
        let cut = packed.len() * tenth / 10;
        let what = format!("{cut} of {} bytes", packed.len());
        let ran = summary_of(packed.get(..cut).unwrap());
        let Some(told) = balanced(&ran, &what) else {
            assert!(tenth < 2, "{what}: nothing read");
            continue;
        };
        let rows = sum(&told["rows"]);
        assert!(rows >= fewest && rows < EVENTS, "{what}: {told}");
        assert_eq!(told["rejects"], serde_json::json!({"compression": 1}), "{what}");
        fewest = rows;
    }
    assert!(fewest > EVENTS / 2, "{fewest} rows before the last cut");
}

#[test]
fn a_gzip_stream_that_lacks_only_its_trailer_is_told_of() {
    let packed = gzip(&bytes_of(LINES));
    for missing in [1, 4, 8] {
        let ran = summary_of(packed.get(..packed.len() - missing).unwrap()).expect_code(3);
        assert_eq!(metric(&ran, "events"), EVENTS.to_string(), "{missing} bytes missing");
        let told = balanced(&ran, "trailer").unwrap();
        assert_eq!(told["rejects"], serde_json::json!({"compression": 1}));
    }
}

#[test]
fn a_gzip_stream_with_a_changed_byte_is_told_of() {
    let mut packed = gzip(&bytes_of(LINES));
    let middle = packed.len() / 2;
    *packed.get_mut(middle).unwrap() ^= 0x55;
    let ran = summary_of(packed).expect_code(3);
    assert!(balanced(&ran, "changed byte").is_some());
}

#[test]
fn a_cut_array_keeps_the_records_before_the_cut() {
    let text = bytes_of(ARRAY);
    let mut fewest = 0;
    for cut in (1..40).map(|part| text.len() * part / 40 + part) {
        let ran = summary_of(text.get(..cut).unwrap());
        let what = format!("{cut} of {} bytes", text.len());
        let Some(told) = balanced(&ran, &what) else { continue };
        let rows = sum(&told["rows"]);
        assert!(rows >= fewest && rows < EVENTS, "{what}: {told}");
        assert_eq!(told["rejects"], serde_json::json!({"cut_short": 1}), "{what}");
        fewest = rows;
    }
    assert!(fewest > EVENTS * 9 / 10, "{fewest} rows before the last cut");
}

#[test]
fn a_cut_line_is_one_reject() {
    let text = bytes_of(LINES);
    for cut in (1..40).map(|part| text.len() * part / 40 + part) {
        let kept = text.get(..cut).unwrap();
        let whole = kept.iter().filter(|byte| **byte == b'\n').count() as u64;
        let what = format!("{cut} bytes");
        let Some(told) = balanced(&summary_of(kept), &what) else {
            assert_eq!(whole, 0, "{what}");
            continue;
        };
        assert_eq!(sum(&told["rows"]), whole, "{what}: {told}");
        assert!(sum(&told["rejects"]) <= 1, "{what}: {told}");
    }
}

#[test]
fn bytes_that_are_no_utf_8_cost_their_record_only() {
    let text = bytes_of(LINES);
    let third = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(2).unwrap().0;
    let quote = text.iter().skip(third).position(|byte| *byte == b'"').unwrap() + third;
    for bad in [[0xff_u8].as_slice(), &[0xc0, 0x80], &[0xed, 0xa0, 0x80], &[0xf5, 0x80, 0x80, 0x80]]
    {
        let mut changed = text.clone();
        changed.splice(quote + 1..quote + 1, bad.iter().copied());
        let told = balanced(&summary_of(changed), "bad UTF-8").unwrap();
        assert_eq!(told["rejects"], serde_json::json!({"invalid_utf8": 1}), "{bad:?}");
        assert_eq!(sum(&told["rows"]), EVENTS - 1);
    }
}

#[test]
fn zero_bytes_between_values_cost_their_line_only() {
    let text = bytes_of(LINES);
    let after = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    for zeros in [1, 16, 5_000] {
        let mut changed = text.clone();
        changed.splice(after + 1..after + 1, vec![0; zeros]);
        let told = balanced(&summary_of(changed), "zero bytes").unwrap();
        assert_eq!(sum(&told["rows"]), EVENTS - 1, "{zeros}: {told}");
        assert_eq!(told["rejects"], serde_json::json!({"syntax": 1}), "{zeros}");
    }
}

#[test]
fn zero_bytes_inside_a_text_cost_nothing() {
    let text = String::from_utf8(bytes_of(LINES)).unwrap();
    let changed = text.replace("\"level\":\"", "\"level\":\"\0\0");
    let told = balanced(&summary_of(changed), "zero bytes").unwrap();
    assert_eq!(sum(&told["rows"]), EVENTS, "{told}");
}

#[test]
fn bombs_of_brackets_cost_their_record_only() {
    let record = first_line();
    for (opening, closing) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let bomb = format!("{}1{}", opening.repeat(100_000), closing.repeat(100_000));
        let told = balanced(&summary_of(format!("{record}\n{bomb}\n{record}\n")), opening).unwrap();
        assert_eq!(sum(&told["rows"]) + told["duplicates"].as_u64().unwrap(), 2, "{told}");
        assert!(sum(&told["rejects"]) >= 1, "{told}");
        let unclosed = format!("{record}\n{}", opening.repeat(1_000_000));
        let told = balanced(&summary_of(unclosed), opening).unwrap();
        assert_eq!(sum(&told["rows"]), 1, "{told}");
    }
    let inside = record.replacen(
        "\"resourceId\":",
        &format!("\"x\":{}{},\"resourceId\":", "[".repeat(5_000), "]".repeat(5_000)),
        1,
    );
    let told = balanced(&summary_of(format!("{inside}\n{record}\n")), "inside").unwrap();
    assert_eq!(sum(&told["rows"]), 1, "{told}");
    assert_eq!(told["rejects"], serde_json::json!({"too_deep": 1}));
}

fn first_line() -> String {
    let text = String::from_utf8(bytes_of(LINES)).unwrap();
    text.lines().next().unwrap().to_owned()
}

#[test]
fn keys_given_twice_and_numbers_as_text_are_no_damage() {
    let record = first_line();
    let twice = record.replacen('{', "{\"time\":\"x\",\"level\":\"7\",\"properties\":3,", 1);
    let told = balanced(&summary_of(format!("{twice}\n{record}\n")), "twice").unwrap();
    assert_eq!(sum(&told["rejects"]), 0, "{told}");
    let typed =
        record.replacen('{', "{\"durationMs\":\"0\",\"resultSignature\":7,\"count\":\"12\",", 1);
    let told = balanced(&summary_of(format!("{typed}\n")), "typed").unwrap();
    assert_eq!(sum(&told["rows"]), 1, "{told}");
}

#[test]
fn what_is_no_export_says_so_with_a_hint() {
    let mut image = vec![0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
    image.extend((0..10_000_u32).map(|number| (number * 37 % 251) as u8));
    let inputs: [(&str, Vec<u8>); 7] = [
        ("a picture", image),
        ("zero bytes", vec![0; 100_000]),
        ("prose", b"once upon a time\nthere was a log\n".repeat(100)),
        ("objects of no export", b"{\"name\":\"x\",\"age\":3}\n".repeat(100)),
        ("a page of a web site", b"<!DOCTYPE html><html><body>sign in</body></html>".to_vec()),
        ("an error of the CLI", b"ERROR: Please run 'az login' to setup account.\n".to_vec()),
        ("no bytes", Vec::new()),
    ];
    for (what, bytes) in inputs {
        let ran = summary_of(bytes);
        assert_eq!(ran.code, 2, "{what}: {}", ran.stderr);
        assert!(balanced(&ran, what).is_none());
        assert!(ran.stdout.is_empty(), "{what}");
    }
}

#[test]
fn random_bytes_never_crash() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let text = bytes_of(ARRAY);
    for round in 0..24 {
        let mut bytes = text.get(..60_000).unwrap().to_vec();
        for _ in 0..=round {
            let place = next() as usize % bytes.len();
            *bytes.get_mut(place).unwrap() = next() as u8;
        }
        balanced(&summary_of(bytes), &format!("round {round}"));
    }
}

#[test]
fn ten_thousand_empty_files_are_read_past() {
    let folder = TempDir::new().unwrap();
    for number in 0..10_000 {
        fs::write(folder.path().join(format!("{number:05}.json")), "").unwrap();
    }
    let alone = summary_of_inputs([text_of(folder.path())]);
    assert_eq!(alone.code, 2, "{}", alone.stderr);
    assert!(balanced(&alone, "empty files").is_none());
    let ran = summary_of_inputs([text_of(folder.path()), fixture(LINES)]).expect_code(0);
    let told = balanced(&ran, "empty files").unwrap();
    assert_eq!(told["files"], 10_001);
    assert_eq!(sum(&told["rows"]), EVENTS);
}

#[test]
fn what_cannot_be_read_inside_a_folder_is_a_reject() {
    let folder = TempDir::new().unwrap();
    fs::copy(fixture(LINES), folder.path().join("good.json")).unwrap();
    symlink(Path::new("nowhere"), &folder.path().join("gone.json"));
    let ran = summary_of_inputs([text_of(folder.path())]).expect_code(3);
    let told = balanced(&ran, "dangling link").unwrap();
    assert_eq!(told["rejects"], serde_json::json!({"unreadable": 1}));
    assert_eq!(sum(&told["rows"]), EVENTS);
    assert!(ran.stderr.contains("gone.json"), "{}", ran.stderr);
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) {
    std::os::unix::fs::symlink(target, link).unwrap();
}

#[test]
fn pipes_and_circles_inside_a_folder_do_not_hang_the_run() {
    let folder = TempDir::new().unwrap();
    fs::copy(fixture(LINES), folder.path().join("good.json")).unwrap();
    let pipe = folder.path().join("pipe.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    symlink(folder.path(), &folder.path().join("circle"));
    let ran = summary_of_inputs([text_of(folder.path())]);
    let told = balanced(&ran, "pipe").unwrap();
    assert_eq!(sum(&told["rows"]), EVENTS, "{told}");
}
