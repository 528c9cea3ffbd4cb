//! From inputs to rows: what each input is, and the records of it onto the line, from which they
//! come in input order.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::app::collect::{Collector, Ingested, StreamEnd};
use crate::app::error::Error;
use crate::app::line::{Item, Line, Sender};
use crate::app::others::read_table;
use crate::app::progress::Progress;
use crate::app::rejects::RejectFile;
use crate::app::side::SideCheck;
use crate::app::tables_read::columns_of_activity;
use crate::container::avro::read_avro;
use crate::container::csv::read_csv;
use crate::container::parquet::{NormalisedTable, normalised_table, read_parquet};
use crate::container::tables::read_tables;
use crate::container::{ContainerError, Summary};
use crate::error::{Location, Reject, RejectReason, Warning};
use crate::extract::chunk::{Chunk, ChunkSink};
use crate::extract::frame::drafts::Redo;
use crate::extract::frame::{Bounds, Framed, frame};
use crate::extract::{Extractor, OpenedTables, Wanted};
use crate::fold::policy_event;
use crate::format::FORMATS;
use crate::limits::{FEW_BYTES, FEW_RECORDS};
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::activity_policy::TABLE as ACTIVITY_POLICY;
use crate::source::open::{Content, Stream, Text, each_stream};
use crate::source::plan::{Input, plan};
use crate::source::trouble::{ReadTrouble, trouble_of};

/// What to read, and how.
#[derive(Debug)]
pub(crate) struct Job<'a> {
    pub(crate) inputs: &'a [String],
    pub(crate) wanted: Wanted,
    /// Threads that read, as asked for.
    pub(crate) threads: Option<usize>,
    /// Bytes of rows that may be kept in memory.
    pub(crate) memory: Option<u64>,
    /// What becomes of rows past that: they go to disk, and whether they are to be folded then;
    /// without it the run ends.
    pub(crate) spill: Option<bool>,
    /// Columns of `activity` of which the hashes are enough.
    pub(crate) hashed: Vec<&'static str>,
    pub(crate) strict: bool,
    pub(crate) rejects: Option<RejectFile>,
    pub(crate) sides: SideCheck,
}

/// How many threads a run has: as many as asked for, else one per core.
pub(crate) fn thread_count(asked: Option<usize>) -> usize {
    asked.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// How many threads answer what is asked of what was read.
pub(crate) fn threads_for(ingested: &Ingested, asked: Option<usize>) -> usize {
    if ingested.accounting.records <= FEW_RECORDS { 1 } else { thread_count(asked) }
}

/// Does `work` with so many threads, which end with it: what an allocator keeps for a thread of the
/// memory that it freed goes back, or to those that come next.
///
/// # Errors
/// [`Error::Threads`] when the system refuses them.
pub(crate) fn with_threads<T>(
    threads: usize,
    work: impl FnOnce(&ThreadPool) -> T,
) -> Result<T, Error> {
    thread::scope(|scope| {
        let mut running = Vec::new();
        let pool = ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.spawn_handler(|worker| {
            running.push(thread::Builder::new().spawn_scoped(scope, || worker.run())?);
            Ok(())
        });
        let pool = pool.build().map_err(Error::Threads)?;
        let done = work(&pool);
        drop(pool);
        // The scope would wait for their work only, and not until they are gone.
        for thread in running {
            thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
        Ok(done)
    })
}

/// Reads every input.
///
/// # Errors
/// [`Error`] when an input does not exist, nothing can be read, or the run is strict and a record
/// is rejected. Damaged records are in the accounting.
pub(crate) fn ingest(mut job: Job<'_>, progress: &Progress) -> Result<Ingested, Error> {
    let inputs = plan(job.inputs)?;
    job.sides.begin(|file| first_records(file, &job.wanted))?;
    let mut threads = thread_count(job.threads);
    if let Some(total) = inputs.iter().map(|input| input.bytes_len).sum() {
        progress.set_bytes_total(total);
        if total <= FEW_BYTES {
            threads = 1;
        }
    }
    let collector = Collector::new(&mut job);
    let is_file = |input: &Input| input.bytes_len.is_some();
    let ready = inputs.iter().map(is_file).collect();
    let columns = columns_of_activity(&job.wanted);
    let line = Line::new(job.wanted, threads, ready, collector, progress);
    with_threads(threads, |pool| {
        pool.broadcast(|_| {
            line.work(&|number, sender| {
                Reading { sender, progress, columns: &columns }.input(&inputs[number]);
            });
        });
        let collector = line.finish()?;
        pool.install(|| collector.finish())
    })?
}

/// The first records of a file by id of their format, and whether there are more; `None` for what
/// is no JSON text.
fn first_records(file: &Input, wanted: &Wanted) -> Option<(BTreeMap<&'static str, u64>, bool)> {
    let (mut first, mut has_more) = (None, false);
    let mut take = |chunk: Chunk| {
        has_more = first.is_some();
        first.get_or_insert(chunk);
        if has_more { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let opened = each_stream(file, &Arc::default(), &mut |stream| {
        if let Content::Text(mut reader) = stream.content
            && stream.name == file.name
        {
            // Trouble is named when the file is read for good.
            let _ = frame(&stream.name, &mut reader, &mut take);
        }
        ControlFlow::Break(())
    });
    let extracted = Extractor::new(wanted.clone()).extract(&opened.ok().and(first)?).ok()?;
    let named = extracted.formats.iter().map(|(format, count)| (FORMATS.all[*format].name, *count));
    Some((named.collect(), has_more))
}

/// Bytes asked of an input at a time where nothing larger is asked for.
const TEXT_BUFFER_BYTES: usize = 64 << 10;

/// The reading of one input.
struct Reading<'r, 'l, 'p> {
    sender: &'r mut Sender<'l, 'p>,
    progress: &'p Progress,
    /// What is read of a table `activity` that `convert` wrote.
    columns: &'r [&'static str],
}

impl Reading<'_, '_, '_> {
    fn input(&mut self, input: &Input) {
        let progress = self.progress;
        let mut visit = |stream: Stream<'_>| self.stream(stream);
        let opened = each_stream(input, progress.bytes_read(), &mut visit);
        if let Err(error) = opened {
            if input.found_in_folder {
                let reason = reason_of(error.trouble());
                self.reject_whole(&input.name, 0, reason, error.to_string());
            } else {
                let _ = self.sender.push(Item::Stop(Error::Open(error)));
            }
        }
    }

    fn stream(&mut self, stream: Stream<'_>) -> ControlFlow<()> {
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
            Content::Text(text) => {
                let bytes = Arc::default();
                let done = match text {
                    Text::Lent(reader) => {
                        self.text(&mut end, reader, &bytes, |sender, mut reader| {
                            frame(&name, &mut reader, sender)
                        })
                    }
                    Text::Own(reader) => self.text(&mut end, reader, &bytes, |sender, reader| {
                        sender.frame(Bounds::default(), &name, Box::new(reader))
                    }),
                };
                end.bytes = bytes.load(Ordering::Relaxed);
                self.container_end(&mut end, done);
            }
            Content::Avro(reader) => {
                let bytes = Arc::default();
                let mut reader = BufReader::new(Counted { reader, bytes: Arc::clone(&bytes) });
                let done = read_avro(&name, &mut reader, &mut |chunk| self.sender.send(chunk));
                end.bytes = bytes.load(Ordering::Relaxed);
                self.container_end(&mut end, done);
            }
            Content::Parquet(file) => self.parquet(&mut end, file),
        }
        self.sender.push(Item::End(end))
    }

    fn text<R: Read>(
        &mut self,
        end: &mut StreamEnd,
        reader: R,
        bytes: &Arc<AtomicU64>,
        frame: impl FnOnce(&mut Sender<'_, '_>, BufReader<Counted<R>>) -> io::Result<Framed>,
    ) -> Result<Summary, ContainerError> {
        let counted = Counted { reader, bytes: Arc::clone(bytes) };
        let mut reader = BufReader::with_capacity(TEXT_BUFFER_BYTES, counted);
        let head = reader.fill_buf().unwrap_or_default();
        if looks_like_csv(head) {
            return read_csv(&end.name, &mut reader, &mut |chunk| self.sender.send(chunk));
        }
        end.framed = frame(self.sender, reader).map_err(ContainerError::Read)?;
        Ok(Summary::default())
    }

    fn parquet(&mut self, end: &mut StreamEnd, file: File) {
        let name = Arc::clone(&end.name);
        end.bytes = file.metadata().map_or(0, |metadata| metadata.len());
        match normalised_table(&file) {
            Ok(Some(table)) => self.table(end, table),
            Ok(None) => {
                let done = read_parquet(&name, file, &mut |chunk| self.sender.send(chunk));
                self.container_end(end, done);
            }
            Err(error) => self.container_end(end, Err(error)),
        }
    }

    /// A table that `convert` wrote: its rows are taken as they are. The tables that are computed
    /// from others are computed again.
    fn table(&mut self, end: &mut StreamEnd, table: NormalisedTable) {
        let own = [&ACTIVITY, &ACTIVITY_POLICY].into_iter().find(|own| own.name == table.table);
        let Some(known) = own.or_else(|| read_table(&table.table)) else { return };
        let is_policy = known.name == ACTIVITY_POLICY.name;
        let names = known.columns.iter().map(|column| column.name);
        let all: Vec<&str> =
            names.filter(|name| !(is_policy && policy_event::is_made(name))).collect();
        let columns = if known.name == ACTIVITY.name { self.columns } else { all.as_slice() };
        match table.batches(columns) {
            Ok(batches) => {
                for batch in batches {
                    match batch {
                        Ok(batch) => {
                            if self.sender.push(Item::Table(known.name, batch)).is_break() {
                                return;
                            }
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

    fn reject_whole(&mut self, file: &Arc<str>, byte: u64, reason: RejectReason, detail: String) {
        let location = Location { file: Arc::clone(file), record: 0, byte };
        let reject = Reject { location, reason, detail, raw: Vec::new() };
        // Whether the run is over shows at the end of the stream.
        let _ = self.sender.push(Item::Reject(reject));
    }
}

/// Counts the bytes that a container reads.
struct Counted<R> {
    reader: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl ChunkSink for Sender<'_, '_> {
    fn take(&mut self, chunk: Chunk) -> ControlFlow<()> {
        self.send(chunk)
    }

    fn spare(&mut self) -> Vec<u8> {
        Sender::spare(self)
    }

    fn may_guess(&self) -> bool {
        true
    }

    fn redo(&mut self, is_at_end: bool) -> Option<Redo> {
        Sender::redo(self, is_at_end)
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
