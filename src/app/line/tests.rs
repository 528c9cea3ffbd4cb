//! The order of what comes of several inputs, however many threads there are and however little
//! may be read ahead.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPoolBuilder;

use super::{Item, Line, Sender, locked};
use crate::app::collect::{Collector, Ingested, StreamEnd};
use crate::app::error::Error;
use crate::app::ingest::{Job, open_tables};
use crate::app::progress::Progress;
use crate::app::side::SideCheck;
use crate::error::{Location, Reject, RejectReason};
use crate::extract::Wanted;
use crate::extract::chunk::Chunk;
use crate::extract::filter::Filter;
use crate::extract::frame::frame_text;
use crate::extract::others::OthersWanted;
use crate::format::FORMATS;

const INPUTS: usize = 9;
const CHUNKS: usize = 6;

fn wanted() -> Wanted {
    Wanted {
        formats: FORMATS,
        activity: vec!["event_id", "source_file", "source_record"],
        policy: Vec::new(),
        others: OthersWanted::default(),
        filter: Filter::default(),
        strict_policy: false,
        mfa_policies: Vec::new(),
        open_tables,
        raw_of: None,
    }
}

fn line(threads: usize, ahead: u64, ready: Vec<bool>, progress: &Progress) -> Line<'_> {
    let pool = ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let mut job = Job {
        inputs: &[],
        wanted: wanted(),
        pool: &pool,
        memory: None,
        spill: None,
        hashed: Vec::new(),
        strict: false,
        rejects: None,
        sides: SideCheck::default(),
    };
    let collector = Collector::new(&mut job);
    let mut line = Line::new(wanted(), threads, ready, collector, progress);
    line.read_ahead_bytes = ahead;
    line
}

fn run<'p>(
    line: Line<'p>,
    threads: usize,
    read: &(dyn Fn(usize, &mut Sender<'_, 'p>) + Sync),
) -> Result<Ingested, Error> {
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| line.work(read));
        }
    });
    line.finish()?.finish()
}

fn chunk(file: &Arc<str>, number: usize) -> Chunk {
    let record = |part: usize| {
        format!(
            "{{\"time\":\"2026-03-02T08:00:00Z\",\"resourceId\":\"/SUBSCRIPTIONS/0\",\
             \"operationName\":\"A/B/WRITE\",\"category\":\"Administrative\",\
             \"resultType\":\"Start\",\"correlationId\":\"{file}-{number}-{part}\"}}\n"
        )
    };
    let text: String = (0..50).map(record).collect();
    let spans = frame_text(file, text.clone().into_bytes());
    let mut chunk = Chunk::new(Arc::clone(file));
    (chunk.bytes, chunk.records) = (text.into_bytes(), spans);
    chunk.seal();
    chunk
}

fn reject(file: &Arc<str>, detail: &str) -> Item {
    let location = Location { file: Arc::clone(file), record: 0, byte: 7 };
    let reason = RejectReason::Unreadable;
    Item::Reject(Reject { location, reason, detail: detail.to_owned(), raw: Vec::new() })
}

fn read(input: usize, sender: &mut Sender<'_, '_>) {
    let name: Arc<str> = Arc::from(format!("input-{input}"));
    for number in 0..CHUNKS {
        assert!(sender.send(chunk(&name, number)).is_continue());
    }
    assert!(sender.push(reject(&name, "breaks here")).is_continue());
    assert!(sender.push(Item::End(StreamEnd { name, ..StreamEnd::default() })).is_continue());
}

#[test]
fn what_comes_of_inputs_comes_in_their_order() {
    for threads in [1, 2, 3, 8] {
        for ahead in [0, 40_000, u64::MAX] {
            let progress = Progress::new();
            let line = line(threads, ahead, vec![true; INPUTS], &progress);
            let ingested = run(line, threads, &read).unwrap();
            let places: Vec<(String, u64)> = ingested
                .rejects_sample
                .iter()
                .map(|reject| (reject.location.file.to_string(), reject.location.record))
                .collect();
            let rows = (CHUNKS * 50) as u64;
            let wanted: Vec<(String, u64)> =
                (0..INPUTS).map(|input| (format!("input-{input}"), rows + 1)).collect();
            assert_eq!(places, wanted, "{threads} threads, {ahead} bytes ahead");
            assert_eq!(ingested.accounting.rows["activity"], rows * INPUTS as u64);
            assert_eq!(ingested.accounting.files, INPUTS as u64);
        }
    }
}

#[test]
fn of_several_errors_the_first_input_tells() {
    for threads in [1, 2, 8] {
        let progress = Progress::new();
        let line = line(threads, u64::MAX, vec![true; INPUTS], &progress);
        let error = run(line, threads, &|input, sender| {
            if input % 2 == 1 {
                let error = Error::EmptyInput { input: format!("input-{input}") };
                // Whether it already is the input's turn depends on the other threads.
                let _ = sender.push(Item::Stop(error));
            } else {
                let name: Arc<str> = Arc::from(format!("input-{input}"));
                let _ = sender.send(chunk(&name, 0));
            }
        });
        let message = error.err().unwrap().to_string();
        assert!(message.contains("input-1"), "{threads} threads: {message}");
    }
}

#[test]
fn an_input_that_has_to_be_waited_for_is_read_when_its_turn_comes() {
    for threads in [1, 2, 8] {
        let progress = Progress::new();
        let ready = (0..INPUTS).map(|input| input != 4).collect();
        let line = line(threads, u64::MAX, ready, &progress);
        let begun = AtomicUsize::new(0);
        let turn = |sender: &Sender<'_, '_>| locked(&sender.line.state).turn.input;
        run(line, threads, &|input, sender| {
            begun.fetch_add(1, Ordering::Relaxed);
            assert!(input != 4 || turn(sender) == 4, "{threads} threads");
            read(input, sender);
        })
        .unwrap();
        assert_eq!(begun.into_inner(), INPUTS);
    }
}

#[test]
fn a_panic_ends_every_thread() {
    let progress = Progress::new();
    let line = line(4, u64::MAX, vec![true; INPUTS], &progress);
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        run(line, 4, &|input, sender| {
            assert!(input != 3, "meant to fail");
            let name: Arc<str> = Arc::from(format!("input-{input}"));
            while sender.send(chunk(&name, 0)).is_continue() {}
        })
    }));
    assert!(ended.is_err());
}
