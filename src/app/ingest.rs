//! From inputs to rows: one thread reads and frames while all threads extract, and the results
//! come back in input order, so that the number of threads never shows.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use crate::app::collect::{Collector, Ingested, StreamEnd};
use crate::app::error::Error;
use crate::app::progress::Progress;
use crate::app::rejects::RejectFile;
use crate::container::avro::read_avro;
use crate::container::csv::read_csv;
use crate::container::parquet::{NormalisedTable, normalised_table, read_parquet};
use crate::container::tables::read_tables;
use crate::container::{ContainerError, Summary};
use crate::error::{Location, Reject, RejectReason, Warning};
use crate::extract::chunk::{Chunk, ChunkSink};
use crate::extract::frame::frame;
use crate::extract::{Extracted, Extractor, OpenedTables, Wanted};
use crate::limits::BLOCK_BYTES;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::activity_policy::TABLE as ACTIVITY_POLICY;
use crate::source::open::{Content, Stream, each_stream};
use crate::source::plan::{Input, plan};
use crate::source::trouble::{ReadTrouble, trouble_of};

/// What to read, and how.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) inputs: &'a [String],
    pub(crate) wanted: Wanted,
    pub(crate) pool: &'a ThreadPool,
    /// Bytes of rows that may be kept in memory.
    pub(crate) memory: Option<u64>,
    /// What becomes of rows past that: they go to disk, and whether they are to be folded then;
    /// without it the run ends.
    pub(crate) spill: Option<bool>,
    pub(crate) strict: bool,
    pub(crate) rejects: Option<RejectFile>,
}

/// The threads of a run: as many as asked for, else one per core.
///
/// # Errors
/// [`Error::Threads`] when the system refuses them.
pub(crate) fn workers(threads: Option<usize>) -> Result<ThreadPool, Error> {
    let threads = threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
    ThreadPoolBuilder::new().num_threads(threads).build().map_err(Error::Threads)
}

/// Reads every input.
///
/// # Errors
/// [`Error`] when an input does not exist, nothing can be read, or the run is strict and a record
/// is rejected. Damaged records are in the accounting.
pub(crate) fn ingest(mut job: Job<'_>, progress: &Progress) -> Result<Ingested, Error> {
    let inputs = plan(job.inputs)?;
    if let Some(total) = inputs.iter().map(|input| input.bytes_len).sum() {
        progress.set_bytes_total(total);
    }
    let threads = job.pool.current_num_threads();
    let collector = Collector::new(&mut job);
    let pool = job.pool;
    let wanted = job.wanted;
    let mut reading = Reading {
        line: Arc::new(Line {
            wanted,
            extractors: Mutex::default(),
            done: Mutex::default(),
            spare: Mutex::default(),
        }),
        sent: 0,
        in_flight_max: 2 * threads as u64 + 2,
        collector,
        progress,
        stopped: None,
    };
    pool.scope(|scope| {
        for input in &inputs {
            if reading.stopped.is_none() {
                reading.input(scope, input);
            }
        }
        reading.drain_all();
    });
    if let Some(error) = reading.stopped {
        return Err(error);
    }
    pool.install(|| reading.collector.finish())
}

/// What the workers share.
struct Line {
    wanted: Wanted,
    /// Idle extractors: what they learned of key orders serves the next chunk.
    extractors: Mutex<Vec<Extractor>>,
    /// Results by number, until their turn comes.
    done: Mutex<BTreeMap<u64, Item>>,
    /// Buffers of chunks that were extracted.
    spare: Mutex<Vec<Vec<u8>>>,
}

/// Bytes asked of an input at a time where nothing larger is asked for.
const TEXT_BUFFER_BYTES: usize = 64 << 10;

/// Largest buffer that is used again, in bytes.
const SPARE_BYTES_MAX: usize = 4 * BLOCK_BYTES;

enum Item {
    Chunk(Box<Result<Extracted, ArrowError>>),
    Table(&'static str, RecordBatch),
    Reject(Reject),
    End(StreamEnd),
}

/// A lock whose holder panicked still guards whole values: they are replaced, never half-changed.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Line {
    fn work(&self, number: u64, chunk: Chunk) {
        let idle = locked(&self.extractors).pop();
        let mut extractor = idle.unwrap_or_else(|| Extractor::new(self.wanted.clone()));
        // A result has to come, or the one who waits for it waits for ever.
        let extracted = catch_unwind(AssertUnwindSafe(|| extractor.extract(&chunk)));
        let extracted = match extracted {
            Ok(extracted) => {
                locked(&self.extractors).push(extractor);
                extracted
            }
            Err(_) => Err(ArrowError::ComputeError("a worker broke off".to_owned())),
        };
        let item = Item::Chunk(Box::new(extracted));
        locked(&self.done).insert(number, item);
        let mut bytes = chunk.bytes;
        bytes.clear();
        // A record of many blocks leaves a buffer that is not worth keeping.
        if bytes.capacity() <= SPARE_BYTES_MAX {
            locked(&self.spare).push(bytes);
        }
    }
}

struct Reading<'p> {
    line: Arc<Line>,
    sent: u64,
    in_flight_max: u64,
    collector: Collector,
    progress: &'p Progress,
    stopped: Option<Error>,
}

impl Reading<'_> {
    fn input(&mut self, scope: &Scope<'_>, input: &Input) {
        let progress = self.progress;
        let mut visit = |stream: Stream<'_>| self.stream(scope, stream);
        let opened = each_stream(input, progress.bytes_read(), &mut visit);
        if let Err(error) = opened {
            if input.found_in_folder {
                let reason = reason_of(error.trouble());
                self.reject_whole(&input.name, 0, reason, error.to_string());
            } else {
                self.stopped = Some(Error::Open(error));
            }
        }
    }

    fn stream(&mut self, scope: &Scope<'_>, stream: Stream<'_>) -> ControlFlow<()> {
        let name = stream.name;
        let mut end = StreamEnd { name: Arc::clone(&name), ..StreamEnd::default() };
        match stream.content {
            Content::Empty => end.is_empty = true,
            Content::Binary(what) => {
                let detail = format!("the input is no log: {what}");
                self.reject_whole(&name, 0, RejectReason::Unrecognised, detail);
            }
            Content::Refused(error) => {
                self.reject_whole(&name, 0, reason_of(error.trouble()), error.to_string());
            }
            Content::Text(reader) => {
                let counted = Counted { reader, bytes: 0 };
                let mut reader = BufReader::with_capacity(TEXT_BUFFER_BYTES, counted);
                let done = self.text(scope, &mut end, &mut reader);
                end.bytes = reader.get_ref().bytes;
                self.container_end(&mut end, done);
            }
            Content::Avro(reader) => {
                let mut reader = BufReader::new(Counted { reader, bytes: 0 });
                let done = read_avro(&name, &mut reader, &mut |chunk| self.send(scope, chunk));
                end.bytes = reader.get_ref().bytes;
                self.container_end(&mut end, done);
            }
            Content::Parquet(file) => self.parquet(scope, &mut end, file),
        }
        self.push(Item::End(end));
        if self.stopped.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn text(
        &mut self,
        scope: &Scope<'_>,
        end: &mut StreamEnd,
        reader: &mut dyn BufRead,
    ) -> Result<Summary, ContainerError> {
        let name = Arc::clone(&end.name);
        let head = reader.fill_buf().unwrap_or_default();
        if looks_like_csv(head) {
            return read_csv(&name, reader, &mut |chunk| self.send(scope, chunk));
        }
        end.framed = frame(&name, reader, &mut Sending { reading: self, scope })
            .map_err(ContainerError::Read)?;
        Ok(Summary::default())
    }

    fn parquet(&mut self, scope: &Scope<'_>, end: &mut StreamEnd, file: File) {
        let name = Arc::clone(&end.name);
        end.bytes = file.metadata().map_or(0, |metadata| metadata.len());
        match normalised_table(&file) {
            Ok(Some(table)) => self.table(end, table),
            Ok(None) => {
                let done = read_parquet(&name, file, &mut |chunk| self.send(scope, chunk));
                self.container_end(end, done);
            }
            Err(error) => self.container_end(end, Err(error)),
        }
    }

    /// A table that `convert` wrote: its rows are taken as they are. The tables that are computed
    /// from others are computed again.
    fn table(&mut self, end: &mut StreamEnd, table: NormalisedTable) {
        let tables = [&ACTIVITY, &ACTIVITY_POLICY];
        let Some(known) = tables.into_iter().find(|known| known.name == table.table) else {
            return;
        };
        let columns: Vec<&str> = known.columns.iter().map(|column| column.name).collect();
        match table.batches(&columns) {
            Ok(batches) => {
                for batch in batches {
                    match batch {
                        Ok(batch) => {
                            self.push(Item::Table(known.name, batch));
                            self.drain();
                        }
                        Err(error) => return self.container_end(end, Err(error)),
                    }
                }
            }
            Err(error) => self.container_end(end, Err(error)),
        }
    }

    fn container_end(&mut self, end: &mut StreamEnd, done: Result<Summary, ContainerError>) {
        let name = Arc::clone(&end.name);
        match done {
            Ok(summary) => end.warnings = summary.warnings,
            Err(ContainerError::NotATable) => {
                let detail = "the text is neither JSON nor a table with a header".to_owned();
                self.reject_whole(&name, 0, RejectReason::Unrecognised, detail);
            }
            Err(ContainerError::Read(error)) => {
                self.reject_whole(
                    &name,
                    end.bytes,
                    reason_of(trouble_of(&error)),
                    error.to_string(),
                );
            }
            Err(error @ (ContainerError::Damaged { .. } | ContainerError::Unsupported { .. })) => {
                self.reject_whole(&name, 0, RejectReason::Unreadable, error.to_string());
            }
        }
    }

    /// Gives a chunk to the workers; helps them while enough is under way.
    fn send(&mut self, scope: &Scope<'_>, chunk: Chunk) -> ControlFlow<()> {
        let number = self.sent;
        self.sent += 1;
        let line = Arc::clone(&self.line);
        scope.spawn(move |_| line.work(number, chunk));
        while self.stopped.is_none() && self.sent - self.collector.taken() >= self.in_flight_max {
            self.drain();
            if self.sent - self.collector.taken() >= self.in_flight_max
                && rayon::yield_now() != Some(rayon::Yield::Executed)
            {
                std::thread::yield_now();
            }
        }
        if self.stopped.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn push(&mut self, item: Item) {
        locked(&self.line.done).insert(self.sent, item);
        self.sent += 1;
    }

    fn reject_whole(&mut self, file: &Arc<str>, byte: u64, reason: RejectReason, detail: String) {
        let location = Location { file: Arc::clone(file), record: 0, byte };
        self.push(Item::Reject(Reject { location, reason, detail, raw: Vec::new() }));
    }

    /// Takes the results whose turn has come.
    fn drain(&mut self) {
        loop {
            let next = locked(&self.line.done).remove(&self.collector.taken());
            let Some(item) = next else { return };
            let taken = match item {
                Item::Chunk(extracted) => (*extracted)
                    .map_err(Error::Arrow)
                    .and_then(|extracted| self.collector.chunk(extracted, self.progress)),
                Item::Table(name, batch) => self.collector.table(name, &batch, self.progress),
                Item::Reject(reject) => self.collector.reject_whole(reject),
                Item::End(end) => {
                    self.collector.end(end);
                    Ok(())
                }
            };
            if let Err(error) = taken {
                self.stopped.get_or_insert(error);
                return;
            }
        }
    }

    fn drain_all(&mut self) {
        while self.stopped.is_none() && self.collector.taken() < self.sent {
            self.drain();
            if rayon::yield_now() != Some(rayon::Yield::Executed) {
                std::thread::yield_now();
            }
        }
    }
}

/// Counts the bytes that a container reads.
struct Counted<R> {
    reader: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }
}

/// Sends the chunks of a stream to the workers.
struct Sending<'r, 'p, 's> {
    reading: &'r mut Reading<'p>,
    scope: &'r Scope<'s>,
}

impl ChunkSink for Sending<'_, '_, '_> {
    fn take(&mut self, chunk: Chunk) -> ControlFlow<()> {
        self.reading.send(self.scope, chunk)
    }

    fn spare(&mut self) -> Vec<u8> {
        locked(&self.reading.line.spare).pop().unwrap_or_default()
    }
}

fn reason_of(trouble: ReadTrouble) -> RejectReason {
    match trouble {
        ReadTrouble::Compression => RejectReason::Compression,
        ReadTrouble::Shrunk => RejectReason::CutShort,
        ReadTrouble::Io => RejectReason::Unreadable,
    }
}

/// Whether a text begins with the header line of a table rather than with JSON.
fn looks_like_csv(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    if matches!(text.first(), None | Some(b'{' | b'[')) {
        return false;
    }
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let has_delimiter = line.iter().any(|byte| matches!(byte, b',' | b';' | b'\t'));
    let is_type_line = line.starts_with(b"#TYPE ");
    let has_json_behind = memchr::memmem::find(text, b"\n{").is_some();
    is_type_line || (has_delimiter && !line.contains(&b'{')) || !has_json_behind
}

/// Opens a query response for the extraction, which must not know containers.
pub(crate) fn open_tables(file: &Arc<str>, text: &[u8], offset: u64) -> OpenedTables {
    let mut opened = OpenedTables::default();
    let done = read_tables(file, text, offset, &mut |chunk| {
        opened.chunks.push(chunk);
        ControlFlow::Continue(())
    });
    match done {
        Ok(summary) => opened.warnings = summary.warnings,
        Err(error) => {
            let message = format!("a query response in `{file}` cannot be read: {error}");
            opened.warnings.push(Warning { message, hint: None });
        }
    }
    opened
}
