//! Framing and extraction, in bytes per second on one thread.
#![allow(missing_docs, reason = "the macros of criterion make the items")]

use azmfa::extract::Extractor;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

use extracting::{FEW, framed, rows, wanted};

mod extracting;
mod generated;

const EVENTS: u64 = 20_000;

fn bench(criterion: &mut Criterion) {
    for (shape, bytes) in
        [("diagnostic", generated::diagnostic_lines(EVENTS)), ("az", generated::az_array(EVENTS))]
    {
        let mut group = criterion.benchmark_group(shape);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function("frame", |bench| bench.iter(|| framed(&bytes).len()));
        let chunks = framed(&bytes);
        for (name, columns) in
            [("extract non-MFA writes per user", FEW), ("extract every column", &[])]
        {
            let mut extractor = Extractor::new(wanted(columns));
            assert_eq!(rows(&mut extractor, &chunks) as u64, EVENTS);
            group.bench_function(name, |bench| bench.iter(|| rows(&mut extractor, &chunks)));
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
