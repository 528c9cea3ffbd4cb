//! The work that `instructions.sh` has callgrind count: framing and extraction of fixed events, one
//! case a run, so that a slower build shows without a clock.
//!
//! `instructions CASE` does one case and prints how many rows came of it; without a case it does all
//! of them once, as `cargo bench` and `cargo test` do.

use std::env::args;
use std::hint::black_box;
use std::ops::ControlFlow;
use std::sync::Arc;

use azmfa::extract::chunk::Chunk;
use azmfa::extract::filter::Filter;
use azmfa::extract::frame::frame;
use azmfa::extract::{Extractor, OpenedTables, Wanted};
use azmfa::format::FORMATS;
use azmfa::schema::{Table, activity, activity_policy};

mod generated;

const EVENTS: u64 = 2_000;
/// Columns that non-MFA writes per user read.
const FEW: &[&str] = &["caller_upn", "mfa", "operation_class"];
const SHAPES: [&str; 2] = ["diagnostic", "az"];
const CASES: [&str; 3] = ["frame", "few-columns", "every-column"];

fn framed(bytes: &[u8]) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut sink = |chunk| {
        chunks.push(chunk);
        ControlFlow::Continue(())
    };
    let framed = frame(&Arc::from("fixed"), &mut &bytes[..], &mut sink);
    assert_eq!(framed.map(|framed| framed.bytes).ok(), Some(bytes.len() as u64));
    chunks
}

fn wanted(columns: &[&str]) -> Wanted {
    let asked = |name: &str| columns.is_empty() || columns.contains(&name);
    let names = |table: &Table| -> Vec<&'static str> {
        table.columns.iter().map(|column| column.name).filter(|name| asked(name)).collect()
    };
    Wanted {
        formats: FORMATS,
        activity: names(&activity::TABLE),
        policy: names(&activity_policy::TABLE),
        filter: Filter::default(),
        strict_policy: false,
        mfa_policies: Vec::new(),
        open_tables: |_, _, _| OpenedTables::default(),
        raw_of: None,
    }
}

fn rows(extractor: &mut Extractor, chunks: &[Chunk]) -> usize {
    let extracted = chunks.iter().filter_map(|chunk| extractor.extract(chunk).ok());
    extracted.map(|out| out.activity.num_rows()).sum()
}

/// What callgrind counts: it looks for this name.
#[inline(never)]
fn counted_instructions(work: &mut dyn FnMut() -> usize) -> usize {
    black_box(work())
}

fn case(shape: &str, case: &str) -> Option<usize> {
    let bytes = match shape {
        "diagnostic" => generated::diagnostic_lines(EVENTS),
        "az" => generated::az_array(EVENTS),
        _ => return None,
    };
    let columns = match case {
        "frame" => {
            let records = |chunk: &Chunk| chunk.records.len();
            let mut work = || framed(&bytes).iter().map(records).sum();
            return Some(counted_instructions(&mut work));
        }
        "few-columns" => FEW,
        "every-column" => &[],
        _ => return None,
    };
    let chunks = framed(&bytes);
    let mut extractor = Extractor::new(wanted(columns));
    // The key orders are learned before anything is counted.
    rows(&mut extractor, &chunks);
    Some(counted_instructions(&mut || rows(&mut extractor, &chunks)))
}

fn main() {
    let asked = args().nth(1).filter(|name| !name.starts_with('-'));
    for shape in SHAPES {
        for name in CASES {
            let full = format!("{shape}/{name}");
            if asked.as_ref().is_none_or(|asked| *asked == full) {
                assert_eq!(case(shape, name), usize::try_from(EVENTS).ok(), "{full}");
            }
        }
    }
}
