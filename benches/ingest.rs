//! Framing and extraction, in bytes per second on one thread.
#![allow(missing_docs, reason = "the macros of criterion make the items")]

use std::ops::ControlFlow;
use std::sync::Arc;

use azmfa::extract::chunk::Chunk;
use azmfa::extract::filter::Filter;
use azmfa::extract::frame::frame;
use azmfa::extract::{Extractor, OpenedTables, Wanted};
use azmfa::format::FORMATS;
use azmfa::schema::{activity, activity_policy};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

mod generated;

const EVENTS: u64 = 20_000;

fn chunks(bytes: &[u8]) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut sink = |chunk| {
        chunks.push(chunk);
        ControlFlow::Continue(())
    };
    let framed = frame(&Arc::from("bench"), &mut &bytes[..], &mut sink);
    assert_eq!(framed.map(|framed| framed.bytes).ok(), Some(bytes.len() as u64));
    chunks
}

fn wanted(columns: &[&str]) -> Wanted {
    let asked = |name: &str| columns.is_empty() || columns.contains(&name);
    let names = |table: &azmfa::schema::Table| -> Vec<&'static str> {
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
    chunks.iter().filter_map(|chunk| extractor.extract(chunk).ok()).map(|out| out.activity.num_rows()).sum()
}

fn bench(criterion: &mut Criterion) {
    for (shape, bytes) in
        [("diagnostic", generated::diagnostic_lines(EVENTS)), ("az", generated::az_array(EVENTS))]
    {
        let mut group = criterion.benchmark_group(shape);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("frame", |bench| bench.iter(|| chunks(&bytes).len()));
        let framed = chunks(&bytes);
        for (name, columns) in [
            ("extract non-MFA writes per user", &["caller_upn", "mfa", "operation_class"][..]),
            ("extract every column", &[]),
        ] {
            let mut extractor = Extractor::new(wanted(columns));
            assert_eq!(rows(&mut extractor, &framed) as u64, EVENTS);
            group.bench_function(name, |bench| bench.iter(|| rows(&mut extractor, &framed)));
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
