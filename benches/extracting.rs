//! Framing and extracting in memory, as the benches of ingest and of instructions do it.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use azmfa::extract::chunk::{Chunk, ChunkSink};
use azmfa::extract::filter::Filter;
use azmfa::extract::frame::frame;
use azmfa::extract::others::OthersWanted;
use azmfa::extract::{Extractor, OpenedTables, Wanted};
use azmfa::format::FORMATS;
use azmfa::schema::{Table, activity, activity_policy};

/// Columns that non-MFA writes per user read.
pub(crate) const FEW: &[&str] = &["caller_upn", "mfa", "operation_class"];

/// Chunks as they come. Framing may guess: what is read here never proves it wrong.
#[derive(Default)]
struct Chunks(Vec<Chunk>);

impl ChunkSink for Chunks {
    fn take(&mut self, chunk: Chunk) -> ControlFlow<()> {
        self.0.push(chunk);
        ControlFlow::Continue(())
    }

    fn may_guess(&self) -> bool {
        true
    }
}

/// Gives little at a time: a large copy is counted byte by byte, and was eight tenths of what framing seemed
/// to take.
struct InPieces<'a>(&'a [u8]);

impl Read for InPieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(1 << 10);
        self.0.read(&mut out[..most])
    }
}

/// The records of a text, in chunks.
pub(crate) fn framed(bytes: &[u8]) -> Vec<Chunk> {
    let mut chunks = Chunks::default();
    let framed = frame(&Arc::from("bench"), &mut InPieces(bytes), &mut chunks);
    assert_eq!(framed.map(|framed| framed.bytes).ok(), Some(bytes.len() as u64));
    chunks.0
}

/// The columns that are asked for; none stands for every one.
pub(crate) fn wanted(columns: &[&str]) -> Wanted {
    let asked = |name: &str| columns.is_empty() || columns.contains(&name);
    let names = |table: &Table| -> Vec<&'static str> {
        table.columns.iter().map(|column| column.name).filter(|name| asked(name)).collect()
    };
    Wanted {
        formats: FORMATS,
        activity: names(&activity::TABLE),
        of_policy_events: Vec::new(),
        policy: names(&activity_policy::TABLE),
        others: OthersWanted::default(),
        filter: Filter::default(),
        strict_policy: false,
        mfa_policies: Vec::new(),
        open_tables: |_, _, _| OpenedTables::default(),
        raw_of: None,
    }
}

/// How many rows the chunks give.
pub(crate) fn rows(extractor: &mut Extractor, chunks: &[Chunk]) -> usize {
    let extracted = chunks.iter().filter_map(|chunk| extractor.extract(chunk).ok());
    let sound = extracted.inspect(|out| assert!(out.derailed.is_none(), "a guess was wrong"));
    sound.map(|out| out.activity.num_rows()).sum()
}
