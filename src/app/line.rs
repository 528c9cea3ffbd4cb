//! The line that every input passes: threads that read, extract, and take the results in input
//! order, so that neither their number nor their pace ever shows.
//!
//! Each thread does whatever is due: it extracts a chunk that waits, else it begins to read the next
//! input, else it goes on with a stream that is open to all (`shared`) and extracts what it has read.
//! So one large file is read and extracted by all threads in turn, and many files have many readers.
//! What only one thread can read, such as a pipe or a packed file, the others extract; who reads
//! extracts too, whenever they have enough to do. Nobody who reads waits for somebody who has yet to
//! begin: the input whose turn it is always goes on.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::app::collect::{Collector, StreamEnd};
use crate::app::error::Error;
use crate::app::progress::Progress;
use crate::app::shared::{locked, unlocked};
use crate::error::Reject;
use crate::extract::chunk::Chunk;
use crate::extract::frame::drafts::{Drafts, Redo};
use crate::extract::frame::run::Derailed;
use crate::extract::others::OtherBatches;
use crate::extract::{Extracted, Extractor, Wanted};
use crate::limits::{BLOCK_BYTES, READ_AHEAD_BYTES};
use shared::Open;

mod shared;

/// Largest buffer that is used again, in bytes.
const SPARE_BYTES_MAX: usize = 4 * BLOCK_BYTES;

/// Chunks of one input that are on their way, for each thread.
const CHUNKS_PER_THREAD: usize = 2;

/// How long a thread that has nothing to do waits before it looks whether it can help.
const HELP_PAUSE: Duration = Duration::from_millis(1);

/// What comes of an input, one after the other.
pub(crate) enum Item {
    Chunk(Box<Result<Extracted, ArrowError>>),
    Table(&'static str, RecordBatch),
    Reject(Reject),
    /// A stream of the input is over.
    End(StreamEnd),
    /// The input is over.
    Over,
    /// The run cannot go on.
    Stop(Error),
}

impl Item {
    /// Memory that it takes while it waits for its turn, in bytes.
    fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Chunk(extracted) => extracted.as_ref().as_ref().map_or(0, |extracted| {
                let rejects: usize = extracted.rejects.iter().map(|reject| reject.raw.len()).sum();
                extracted.activity.get_array_memory_size()
                    + extracted.policy.get_array_memory_size()
                    + size_of_val(extracted.keys.as_slice())
                    + of_others(&extracted.others)
                    + rejects
            }),
            Self::Table(_, batch) => batch.get_array_memory_size(),
            Self::Reject(_) | Self::End(_) | Self::Over | Self::Stop(_) => 0,
        };
        bytes as u64
    }
}

/// Memory of the rows of the tables other than `activity`, in bytes.
fn of_others(others: &OtherBatches) -> usize {
    let policies = others.policies.iter();
    let policies =
        policies.map(|(batch, rows)| batch.get_array_memory_size() + size_of_val(rows.as_slice()));
    let tables = others.rows.iter().map(|rows| {
        rows.rows.get_array_memory_size()
            + size_of_val(rows.keys.as_slice())
            + size_of_val(rows.ordinals.as_slice())
    });
    policies.sum::<usize>() + tables.sum::<usize>() + size_of_val(others.steps.as_slice())
}

/// Where an item stands among all: its input, then its number within it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    input: usize,
    step: usize,
}

/// What the threads share.
pub(crate) struct Line<'p> {
    wanted: Wanted,
    threads: usize,
    /// For each input, whether it may be read before its turn: one that has to be waited for, such
    /// as a pipe, would keep a run that is over from ending.
    inputs: Vec<bool>,
    read_ahead_bytes: u64,
    state: Mutex<State>,
    changed: Condvar,
    collector: Mutex<Collector>,
    /// Whether somebody takes results: a hint.
    is_collecting: AtomicBool,
    progress: &'p Progress,
}

#[derive(Default)]
struct State {
    /// The first input that nobody has begun to read.
    next_input: usize,
    reading: usize,
    /// Of those who read, how many wait for their input's turn.
    stalled: usize,
    queue: BTreeMap<Place, Chunk>,
    /// By input: streams that any thread may go on with.
    open: BTreeMap<usize, Open>,
    /// By input: chunks that rest on guesses.
    drafts: BTreeMap<usize, Drafts>,
    extracting: usize,
    /// Results, until their turn comes.
    done: BTreeMap<Place, Item>,
    done_bytes: u64,
    turn: Place,
    stopped: Option<Error>,
    is_broken: bool,
    /// Idle extractors: what they learned of key orders serves the next chunk.
    extractors: Vec<Box<Extractor>>,
    /// Buffers of chunks that were extracted.
    spare: Vec<Vec<u8>>,
}

impl State {
    fn is_stopped(&self) -> bool {
        self.is_broken || self.stopped.is_some()
    }

    /// A chunk was extracted, or is void.
    fn extracted(&mut self, place: Place, bytes: Vec<u8>, derailed: Option<Derailed>) {
        let mut free = |bytes: Vec<u8>| {
            // A record of many blocks leaves a buffer that is not worth keeping.
            if bytes.capacity() <= SPARE_BYTES_MAX {
                self.spare.push(bytes);
            }
        };
        match self.drafts.get_mut(&place.input) {
            Some(drafts) => drafts.done(place.step, bytes, derailed, free),
            None => free(bytes),
        }
        if derailed.is_some() {
            let behind = |other: &Place| other.input == place.input && other.step > place.step;
            let done = self.done.extract_if(.., |other, _| behind(other));
            self.done_bytes -= done.map(|(_, item)| item.bytes()).sum::<u64>();
            let queued: Vec<_> = self.queue.extract_if(.., |other, _| behind(other)).collect();
            for (other, chunk) in queued {
                self.extracted(other, chunk.bytes, None);
            }
        }
    }

    /// A chunk is to be extracted, unless it is void.
    fn handed_over(&mut self, place: Place, chunk: Chunk) -> Option<Chunk> {
        if chunk.run.is_some() || self.drafts.contains_key(&place.input) {
            self.drafts.entry(place.input).or_default().hand_over(place.step, &chunk);
        }
        if self.is_void(place) {
            self.extracted(place, chunk.bytes, None);
            return None;
        }
        Some(chunk)
    }

    /// What has to be framed again, if a guess was wrong, and the number of the chunk before it.
    fn redo(&mut self, input: usize) -> Option<(usize, Redo)> {
        let redo = self.drafts.get_mut(&input)?.redo()?;
        self.drafts.remove(&input);
        Some(redo)
    }

    /// Whether guesses have to be waited for: one was wrong, or the stream is at its end.
    fn has_to_wait(&mut self, input: usize, is_at_end: bool) -> bool {
        let Some(drafts) = self.drafts.get(&input) else { return false };
        if drafts.len() == 0 {
            self.drafts.remove(&input);
            return false;
        }
        (is_at_end || drafts.is_derailed()) && !self.is_stopped()
    }

    fn is_void(&self, place: Place) -> bool {
        self.drafts.get(&place.input).is_some_and(|drafts| drafts.is_void(place.step))
    }

    fn take_chunk(&mut self) -> Option<(Place, Chunk)> {
        let taken = self.queue.pop_first()?;
        self.extracting += 1;
        Some(taken)
    }
}

/// What a thread finds to do.
enum Work {
    Extract(Place, Chunk),
    Read(usize),
    Step(Open),
    Nothing,
}

impl<'p> Line<'p> {
    /// A line for `inputs`, of which each says whether it may be read before its turn.
    pub(crate) fn new(
        wanted: Wanted,
        threads: usize,
        inputs: Vec<bool>,
        collector: Collector,
        progress: &'p Progress,
    ) -> Self {
        Self {
            wanted,
            threads,
            inputs,
            read_ahead_bytes: READ_AHEAD_BYTES,
            state: Mutex::default(),
            changed: Condvar::new(),
            collector: Mutex::new(collector),
            is_collecting: AtomicBool::new(false),
            progress,
        }
    }

    /// What each of the threads does until nothing is left; `read` reads one input to its end.
    pub(crate) fn work(&self, read: &(dyn Fn(usize, &mut Sender<'_, 'p>) + Sync)) {
        let _broken = Broken(self);
        loop {
            match self.next() {
                Work::Extract(place, chunk) => self.extract(place, chunk),
                Work::Read(input) => {
                    let mut sender = Sender { line: self, place: Place { input, step: 0 } };
                    read(input, &mut sender);
                    self.put(sender.place, Item::Over);
                    locked(&self.state).reading -= 1;
                    self.changed.notify_all();
                }
                Work::Step(open) => self.step(&open),
                Work::Nothing => return,
            }
        }
    }

    /// The collector, which has taken everything.
    ///
    /// # Errors
    /// The first error, in input order.
    pub(crate) fn finish(self) -> Result<Collector, Error> {
        let state = unlocked(self.state);
        match state.stopped {
            Some(error) => Err(error),
            None => Ok(unlocked(self.collector)),
        }
    }

    /// Waits until something may have changed. While results are taken, which is long work where rows
    /// go to disk, it helps with that.
    fn wait<'s>(&'s self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        if !self.is_collecting.load(Ordering::Relaxed) {
            return self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        if rayon::yield_now() != Some(rayon::Yield::Executed) {
            // Nobody tells that there is something to help with.
            let state = locked(&self.state);
            let waited = self.changed.wait_timeout(state, HELP_PAUSE);
            return waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        locked(&self.state)
    }

    fn next(&self) -> Work {
        let mut state = locked(&self.state);
        loop {
            if state.is_stopped() {
                return Work::Nothing;
            }
            if let Some((place, chunk)) = state.take_chunk() {
                return Work::Extract(place, chunk);
            }
            let input = state.next_input;
            match self.inputs.get(input) {
                Some(may_be_ahead) => {
                    let is_turn = state.turn.input == input;
                    if is_turn || (*may_be_ahead && state.done_bytes <= self.read_ahead_bytes) {
                        state.next_input += 1;
                        state.reading += 1;
                        return Work::Read(input);
                    }
                }
                None if state.reading == 0 && state.extracting == 0 => return Work::Nothing,
                None => {}
            }
            if let Some(open) = self.may_step(&state) {
                return Work::Step(open);
            }
            state = self.wait(state);
        }
    }

    fn extract(&self, place: Place, chunk: Chunk) {
        let idle = locked(&self.state).extractors.pop();
        let mut extractor = idle.unwrap_or_else(|| Box::new(Extractor::new(self.wanted.clone())));
        // A result has to come, or the one who waits for it waits for ever.
        let extracted = catch_unwind(AssertUnwindSafe(|| extractor.extract(&chunk)));
        let (extracted, idle) = match extracted {
            Ok(extracted) => (extracted, Some(extractor)),
            Err(_) => (Err(ArrowError::ComputeError("a worker broke off".to_owned())), None),
        };
        let derailed = extracted.as_ref().ok().and_then(|extracted| extracted.derailed);
        let item = Item::Chunk(Box::new(extracted));
        let item_bytes = item.bytes();
        let mut state = locked(&self.state);
        state.extractors.extend(idle);
        if !state.is_void(place) {
            state.done_bytes += item_bytes;
            state.done.insert(place, item);
        }
        state.extracted(place, chunk.bytes, derailed);
        state.extracting -= 1;
        drop(state);
        self.collect();
    }

    /// Extracts a chunk that waits for it; where none does, goes on with a stream that is open to all,
    /// or else waits until something has changed.
    fn help<'s>(&'s self, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        if let Some((place, chunk)) = state.take_chunk() {
            drop(state);
            self.extract(place, chunk);
        } else if let Some(open) = self.may_step(&state) {
            drop(state);
            self.step(&open);
        } else {
            return self.wait(state);
        }
        locked(&self.state)
    }

    fn spare(&self) -> Vec<u8> {
        locked(&self.state).spare.pop().unwrap_or_default()
    }

    /// What has to be framed again of an input, if a guess was wrong, and the number of the chunk before
    /// it; `wait` is done as long as that is open and has to be known.
    fn redo<'s>(
        &'s self,
        input: usize,
        is_at_end: bool,
        mut wait: impl FnMut(MutexGuard<'s, State>) -> MutexGuard<'s, State>,
    ) -> Option<(usize, Redo)> {
        let mut state = locked(&self.state);
        loop {
            if let Some(redo) = state.redo(input) {
                return Some(redo);
            }
            if !state.has_to_wait(input, is_at_end) {
                return None;
            }
            state = wait(state);
        }
    }

    /// Whether what comes of an input waits in heaps for its turn.
    fn is_stalled(&self, state: &State, place: Place) -> bool {
        let most = CHUNKS_PER_THREAD * (self.threads + 1);
        let drafts = state.drafts.get(&place.input);
        if drafts.is_some_and(|drafts| drafts.len() > most && !drafts.is_derailed()) {
            return true;
        }
        if state.turn.input == place.input {
            place.step - state.turn.step > most
        } else {
            state.done_bytes > self.read_ahead_bytes
        }
    }

    fn put(&self, place: Place, item: Item) {
        let bytes = item.bytes();
        let mut state = locked(&self.state);
        state.done_bytes += bytes;
        state.done.insert(place, item);
        drop(state);
        self.collect();
    }

    /// Takes the results whose turn has come, unless another thread is at it; that one looks again
    /// before it leaves.
    fn collect(&self) {
        loop {
            let mut collector = match self.collector.try_lock() {
                Ok(collector) => collector,
                Err(TryLockError::Poisoned(_)) => return,
                Err(TryLockError::WouldBlock) => return self.changed.notify_all(),
            };
            self.is_collecting.store(true, Ordering::Relaxed);
            while let Some(item) = self.due() {
                if let Err(error) = self.take(&mut collector, item) {
                    locked(&self.state).stopped.get_or_insert(error);
                }
            }
            self.is_collecting.store(false, Ordering::Relaxed);
            drop(collector);
            let state = locked(&self.state);
            if state.is_stopped() || !state.done.contains_key(&state.turn) {
                return self.changed.notify_all();
            }
        }
    }

    /// The item whose turn it is, if it is there.
    fn due(&self) -> Option<Item> {
        let mut state = locked(&self.state);
        if state.is_stopped() {
            return None;
        }
        let turn = state.turn;
        let item = state.done.remove(&turn)?;
        state.done_bytes -= item.bytes();
        state.turn = match item {
            Item::Over => Place { input: turn.input + 1, step: 0 },
            _ => Place { step: turn.step + 1, ..turn },
        };
        Some(item)
    }

    fn take(&self, collector: &mut Collector, item: Item) -> Result<(), Error> {
        match item {
            Item::Chunk(extracted) => {
                collector.chunk(extracted.map_err(Error::Arrow)?, self.progress)
            }
            Item::Table(name, batch) => collector.table(name, &batch, self.progress),
            Item::Reject(reject) => collector.reject_whole(reject),
            Item::End(end) => {
                collector.end(end);
                Ok(())
            }
            Item::Over => Ok(()),
            Item::Stop(error) => Err(error),
        }
    }
}

/// Ends the others when a thread panics, so that the panic ends the run.
struct Broken<'l, 'p>(&'l Line<'p>);

impl Drop for Broken<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            locked(&self.0.state).is_broken = true;
        }
        self.0.changed.notify_all();
    }
}

/// The way of one input into the line.
pub(crate) struct Sender<'l, 'p> {
    line: &'l Line<'p>,
    place: Place,
}

impl Sender<'_, '_> {
    /// Puts something that needs no extraction; `Break` when the run is over.
    pub(crate) fn push(&mut self, item: Item) -> ControlFlow<()> {
        self.line.put(self.place, item);
        self.place.step += 1;
        self.help()
    }

    /// Gives a chunk to whoever extracts it.
    pub(crate) fn send(&mut self, chunk: Chunk) -> ControlFlow<()> {
        let mut state = locked(&self.line.state);
        if let Some(chunk) = state.handed_over(self.place, chunk) {
            state.queue.insert(self.place, chunk);
        }
        drop(state);
        self.line.changed.notify_all();
        self.place.step += 1;
        self.help()
    }

    /// A buffer that was used before, if there is one.
    pub(crate) fn spare(&self) -> Vec<u8> {
        self.line.spare()
    }

    /// What has to be framed again, if a guess was wrong; at the end of a stream, extracts until
    /// every guess is known to be right or wrong.
    pub(crate) fn redo(&mut self, is_at_end: bool) -> Option<Redo> {
        let line = self.line;
        let (step, redo) = line.redo(self.place.input, is_at_end, |state| line.help(state))?;
        self.place.step = step + 1;
        Some(redo)
    }

    /// Extracts until this input may go on: until the others have enough to do, and what came of it
    /// does not wait in heaps for its turn.
    fn help(&self) -> ControlFlow<()> {
        let mut state = locked(&self.line.state);
        let mut was_stalled = false;
        loop {
            let is_stalled = self.line.is_stalled(&state, self.place);
            match (was_stalled, is_stalled) {
                (false, true) => state.stalled += 1,
                (true, false) => state.stalled -= 1,
                (false, false) | (true, true) => {}
            }
            was_stalled = is_stalled;
            if state.is_stopped() {
                return ControlFlow::Break(());
            }
            let idle = self.line.threads.saturating_sub(state.reading - state.stalled);
            if !is_stalled && state.queue.len() <= CHUNKS_PER_THREAD * idle {
                return ControlFlow::Continue(());
            }
            state = self.line.help(state);
        }
    }
}

#[cfg(test)]
mod tests;
