//! The order of what comes of several inputs, however many threads there are and however little
//! may be read ahead.

use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use proptest::prelude::{Just, ProptestConfig, any, prop};
use proptest::{prop_assert_eq, prop_oneof, proptest};

use super::{Item, Line, Sender, locked};
use crate::app::collect::{Collector, Ingested, StreamEnd};
use crate::app::error::Error;
use crate::app::ingest::{Job, open_tables};
use crate::app::progress::Progress;
use crate::app::side::SideCheck;
use crate::error::{Location, Reject, RejectReason};
use crate::extract::Wanted;
use crate::extract::chunk::{Chunk, ChunkSink};
use crate::extract::filter::Filter;
use crate::extract::frame::drafts::Redo;
use crate::extract::frame::{Bounds, frame_text, frame_within};
use crate::extract::others::OthersWanted;
use crate::fold::events::Text;
use crate::format::FORMATS;

const INPUTS: usize = 9;
const CHUNKS: usize = 6;

fn wanted() -> Wanted {
    Wanted {
        formats: FORMATS,
        activity: vec!["event_id", "source_file", "source_record"],
        of_policy_events: Vec::new(),
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
    let mut job = Job {
        inputs: &[],
        wanted: wanted(),
        threads: Some(1),
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

/// How the records of an input are found.
#[derive(Debug, Clone, Copy)]
enum How {
    Exact,
    /// With guesses, by one thread.
    Guessed,
    /// With guesses, by all threads in turn.
    InTurn,
}

/// An array of events, of which some hold as many as fill several blocks: an inner array looks
/// like the outer one where it is cut.
fn array_of_arrays(number: usize) -> String {
    let event = |id: usize| {
        let id = format!("{number}-{id}");
        format!(
            "{{\"time\":\"2026-03-02T08:00:00Z\",\"resourceId\":\"/SUBSCRIPTIONS/0\",\
             \"operationName\":\"A/B/WRITE\",\"category\":\"Administrative\",\
             \"resultType\":\"Start\",\"correlationId\":\"{id}\"}}"
        )
    };
    let odd = |id: usize| {
        let inner: Vec<String> = (0..400).map(|inner| event(1_000 * id + inner)).collect();
        format!("{{\"all\":[{}]}}", inner.join(","))
    };
    let is_odd = |id: usize| id % 300 == 290 && number.is_multiple_of(2);
    let all: Vec<String> =
        (0..1_000).map(|id| if is_odd(id) { odd(id) } else { event(id) }).collect();
    format!("[{}]", all.join(","))
}

#[test]
fn an_array_that_was_cut_wrong_is_read_again_whoever_has_taken_what() {
    let texts: Vec<String> = (0..INPUTS).map(array_of_arrays).collect();
    let told = |threads: usize, ahead: u64, how: How| {
        let progress = Progress::new();
        let line = line(threads, ahead, vec![true; INPUTS], &progress);
        let redone = AtomicUsize::new(0);
        let ingested = run(line, threads, &|input, sender| {
            let name: Arc<str> = Arc::from(format!("input-{input}"));
            let bounds = Bounds { block_bytes: 20_000, ..Bounds::default() };
            let mut text = texts[input].as_bytes();
            let framed = match how {
                How::Exact => {
                    frame_within(bounds, &name, &mut text, &mut |chunk: Chunk| sender.send(chunk))
                }
                How::Guessed => {
                    let mut counted = Redone(&mut *sender, &redone);
                    frame_within(bounds, &name, &mut text, &mut counted)
                }
                How::InTurn => {
                    let text = Cursor::new(texts[input].clone());
                    sender.frame(bounds, &name, Box::new(text))
                }
            };
            let end = StreamEnd { name, framed: framed.unwrap(), ..StreamEnd::default() };
            assert!(sender.push(Item::End(end)).is_continue());
        })
        .unwrap();
        let rejects: Vec<(String, u64, u64)> = ingested
            .rejects_sample
            .iter()
            .map(|one| {
                let place = &one.location;
                (place.file.to_string(), place.record, place.byte)
            })
            .collect();
        (format!("{:?} {rejects:?}", ingested.accounting), redone.into_inner())
    };
    let (exact, none) = told(1, u64::MAX, How::Exact);
    assert_eq!(none, 0);
    for threads in [1, 2, 3, 8] {
        for ahead in [0, 40_000, u64::MAX] {
            let (guessed, redone) = told(threads, ahead, How::Guessed);
            assert_eq!(guessed, exact, "{threads} threads, {ahead} bytes ahead");
            let (in_turn, _) = told(threads, ahead, How::InTurn);
            assert_eq!(in_turn, exact, "{threads} threads, {ahead} bytes ahead");
            // Every other input is odd.
            assert_eq!(redone, INPUTS.div_ceil(2), "{threads} threads");
        }
    }
}

/// What stands in a log of lines, with a text that tells one from another: most of it is as it should be.
fn lines_of(kinds: &[u8], line_end: &str) -> String {
    let event = |id: &str| {
        format!(
            "{{\"time\":\"2026-03-02T08:00:00Z\",\"resourceId\":\"/SUBSCRIPTIONS/0\",\
             \"operationName\":\"A/B/WRITE\",\"category\":\"Administrative\",\
             \"resultType\":\"Start\",\"correlationId\":\"{id}\"}}"
        )
    };
    let part = |(at, kind): (usize, &u8)| {
        let (one, other) = (event(&at.to_string()), event(&format!("{at}-b")));
        match kind {
            0 => one.replace("\",\"", &format!("\",{line_end}\"")),
            1 => format!("{{\"records\":[{one},{other}]}}"),
            2 => format!("{one}{other}"),
            3 => format!("{one} "),
            4 => one.replacen("time\":\"", "time\":", 1),
            5 => one[..one.len() / 2].to_owned(),
            6 => String::new(),
            7 => "no object".to_owned(),
            8 => format!("[{one},{line_end}{other}]"),
            9 => one.replace("resultType\":\"Start", "resultType\":\"a } { b"),
            _ => one,
        }
    };
    kinds.iter().enumerate().map(|it| part(it) + line_end).collect()
}

/// All that came of a run.
fn all_of(ingested: &Ingested) -> String {
    let rejects: Vec<String> = ingested
        .rejects_sample
        .iter()
        .map(|one| format!("{:?} {} {}", one.location, one.detail, one.raw.len()))
        .collect();
    let rows: Vec<String> = ingested
        .kept
        .batches
        .iter()
        .flat_map(|batch| {
            let (id, file) = (Text::of(batch, "event_id"), Text::of(batch, "source_file"));
            let records = batch.column_by_name("source_record").unwrap();
            let records = records.as_primitive::<Int64Type>();
            (0..batch.num_rows()).map(move |row| {
                format!("{:?} {:?} {}", id.get(row), file.get(row), records.value(row))
            })
        })
        .collect();
    format!("{:?}\n{rejects:#?}\n{rows:#?}", ingested.accounting)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn lines_come_to_the_same_whoever_finds_where_they_end(
        kinds in prop::collection::vec(prop_oneof![3 => 0..10_u8, 30 => Just(99_u8)], 1..120),
        is_windows in any::<bool>(),
        block_bytes in 40..6_000_usize,
        threads in 1..4_usize,
        ahead in prop_oneof![Just(0), Just(u64::MAX)],
    ) {
        let bounds = Bounds { block_bytes, ..Bounds::default() };
        let text = lines_of(&kinds, if is_windows { "\r\n" } else { "\n" });
        let told = |how: How, threads: usize| {
            let progress = Progress::new();
            let line = line(threads, ahead, vec![true; 2], &progress);
            let ingested = run(line, threads, &|input, sender| {
                let name: Arc<str> = Arc::from(format!("input-{input}"));
                let framed = match how {
                    How::Exact => frame_within(bounds, &name, &mut text.as_bytes(), &mut |chunk: Chunk| {
                        sender.send(chunk)
                    }),
                    How::Guessed => frame_within(bounds, &name, &mut text.as_bytes(), sender),
                    How::InTurn => sender.frame(bounds, &name, Box::new(Cursor::new(text.clone()))),
                };
                let end = StreamEnd { name, framed: framed.unwrap(), ..StreamEnd::default() };
                assert!(sender.push(Item::End(end)).is_continue());
            });
            // Now and then no line can be read at all.
            ingested.map_or_else(
                |error| format!("{:?}", std::mem::discriminant(&error)),
                |ingested| all_of(&ingested),
            )
        };
        let exact = told(How::Exact, 1);
        prop_assert_eq!(&told(How::Guessed, threads), &exact, "guessed");
        prop_assert_eq!(&told(How::InTurn, threads), &exact, "read in turn");
    }
}

/// Counts how often framing goes back.
struct Redone<'s, 'l, 'p>(&'s mut Sender<'l, 'p>, &'s AtomicUsize);

impl ChunkSink for Redone<'_, '_, '_> {
    fn take(&mut self, chunk: Chunk) -> ControlFlow<()> {
        ChunkSink::take(self.0, chunk)
    }

    fn spare(&mut self) -> Vec<u8> {
        ChunkSink::spare(self.0)
    }

    fn may_guess(&self) -> bool {
        true
    }

    fn redo(&mut self, is_at_end: bool) -> Option<Redo> {
        let redo = ChunkSink::redo(self.0, is_at_end);
        self.1.fetch_add(usize::from(redo.is_some()), Ordering::Relaxed);
        redo
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
