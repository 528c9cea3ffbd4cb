//! Inputs of a single line of hundreds of megabytes are read in bounded memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use tempfile::TempDir;

use crate::json::{accounting, expect_balance, sum};
use crate::run::{Ran, Run, bytes_of, text_of};

const MEGABYTE: usize = 1 << 20;
const LINE_BYTES: usize = 200 * MEGABYTE;
/// Most memory a run may hold.
const PEAK_BYTES_MAX: u64 = 300 << 20;

fn summary(path: &Path) -> Ran {
    let args = ["report", "-r", "summary", "--format", "json", "-q", "--threads", "2"];
    Run::new().args(args).arg(text_of(path)).measured().run().expect_no_crash()
}

fn assert_bounded(ran: &Ran) {
    if cfg!(target_os = "linux") {
        let peak = ran.peak.expect("/proc tells the peak");
        assert!(peak < PEAK_BYTES_MAX, "{} MB at the peak", peak >> 20);
    }
}

#[test]
fn a_record_of_two_hundred_megabytes_is_stepped_over() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("huge.ndjson");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    let good = bytes_of("formats/activity_diagnostic/ok.ndjson");
    let block = vec![b'x'; MEGABYTE];
    file.write_all(b"{\"time\":\"2026-03-02T08:00:00Z\",\"resultDescription\":\"").unwrap();
    for _ in 0..LINE_BYTES / MEGABYTE {
        file.write_all(&block).unwrap();
    }
    file.write_all(b"\"}\n").unwrap();
    file.write_all(&good).unwrap();
    drop(file);
    let ran = summary(&path).expect_code(3);
    let told = accounting(&ran);
    expect_balance(&told, "huge record");
    assert_eq!(told["rejects"], serde_json::json!({"too_large": 1}), "{told}");
    assert_eq!(sum(&told["rows"]), 176, "{told}");
    assert_bounded(&ran);
}

#[test]
fn an_array_of_two_hundred_megabytes_on_one_line_is_read() {
    let records: Vec<serde_json::Value> =
        serde_json::from_slice(&bytes_of("formats/activity_rest/az.json")).unwrap();
    let compact: Vec<String> = records.iter().map(ToString::to_string).collect();
    let block = compact.join(",");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("line.json");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    let copies = LINE_BYTES.div_ceil(block.len());
    file.write_all(b"[").unwrap();
    for number in 0..copies {
        if number > 0 {
            file.write_all(b",").unwrap();
        }
        file.write_all(block.as_bytes()).unwrap();
    }
    file.write_all(b"]").unwrap();
    drop(file);
    let ran = summary(&path).expect_code(0);
    let told = accounting(&ran);
    expect_balance(&told, "one line");
    assert_eq!(told["records"], 176 * copies, "{told}");
    assert_eq!(sum(&told["rows"]), 176, "{told}");
    assert_bounded(&ran);
}
