//! Whole runs of `report` over a file, all threads.
#![allow(missing_docs, reason = "the macros of criterion make the items")]

use azmfa::app::options::{REPORTS_DEFAULT, ReadOptions, ReportOptions};
use azmfa::app::progress::Progress;
use azmfa::app::report;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

mod generated;

const EVENTS: u64 = 50_000;

fn bench(criterion: &mut Criterion) {
    let Ok(folder) = tempfile::tempdir() else { return };
    for (shape, bytes) in
        [("diagnostic", generated::diagnostic_lines(EVENTS)), ("az", generated::az_array(EVENTS))]
    {
        let path = folder.path().join(shape);
        if std::fs::write(&path, &bytes).is_err() {
            return;
        }
        let options = ReportOptions {
            read: ReadOptions { inputs: vec![path.display().to_string()], ..ReadOptions::default() },
            reports: REPORTS_DEFAULT.iter().map(|id| (*id).to_owned()).collect(),
            ..ReportOptions::default()
        };
        let run = || report::run(&options, &Progress::new()).map(|outcome| outcome.accounting.records);
        assert_eq!(run().ok(), Some(EVENTS));
        let mut group = criterion.benchmark_group(shape);
        group.throughput(Throughput::Bytes(bytes.len() as u64)).sample_size(10);
        group.bench_function("default reports", |bench| bench.iter(|| run().ok()));
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
