//! The work that `instructions.sh` has callgrind count: framing and extraction of fixed events, one
//! case a run, so that a slower build shows without a clock.
//!
//! `instructions CASE` does one case and prints how many rows came of it; without a case it does all
//! of them once, as `cargo bench` and `cargo test` do.

use std::env::args;
use std::hint::black_box;

use azmfa::extract::Extractor;
use extracting::{FEW, framed, rows, wanted};

mod extracting;
mod generated;

const EVENTS: u64 = 2_000;
const SHAPES: [&str; 2] = ["diagnostic", "az"];
const CASES: [&str; 3] = ["frame", "few-columns", "every-column"];

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
            let mut chunks = Vec::new();
            counted_instructions(&mut || {
                chunks = framed(&bytes);
                chunks.len()
            });
            return Some(rows(&mut Extractor::new(wanted(FEW)), &chunks));
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
