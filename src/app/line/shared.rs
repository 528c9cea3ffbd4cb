//! Streams that any thread may go on with: whoever reads a block extracts what it has framed of it.
//!
//! A block that one core has read and another extracts passes from cache to cache, and its buffer
//! does again when it is read into anew. At times that makes reading take eight times as long
//! (measured in `benches/README.md`).

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use super::{Line, Place, Sender, State, locked};
use crate::extract::chunk::{Chunk, ChunkSink};
use crate::extract::frame::drafts::Redo;
use crate::extract::frame::{Bounds, Framed, Framing};

/// A stream that is open to all threads.
#[derive(Clone)]
pub(super) struct Open {
    /// Where its next chunk stands among all.
    next: Place,
    stream: Arc<Mutex<Shared>>,
}

/// What passes from thread to thread.
struct Shared {
    framing: Framing<Box<dyn Read + Send>>,
    /// How the stream ended, and what stands behind it.
    ended: Option<(Place, io::Result<Framed>)>,
}

impl Line<'_> {
    /// The first stream that may go on, if there is one.
    pub(super) fn may_step(&self, state: &State) -> Option<Open> {
        let mut open = state.open.values();
        open.find(|open| !self.is_stalled(state, open.next)).cloned()
    }

    /// Reads a block of a stream, and extracts what it holds.
    pub(super) fn step(&self, open: &Open) {
        let mut shared = locked(&open.stream);
        if shared.ended.is_some() {
            return;
        }
        let mut block = Block { line: self, input: open.next.input, chunk: None };
        let ended = shared.framing.step(&mut block);
        let chunk = block.chunk;
        if let Some(ended) = ended {
            let behind = locked(&self.state).open.remove(&open.next.input);
            shared.ended = behind.map(|open| (open.next, ended));
        }
        drop(shared);
        self.changed.notify_all();
        if let Some((place, chunk)) = chunk {
            self.extract(place, chunk);
        }
    }
}

impl Sender<'_, '_> {
    /// Frames a stream, together with the threads that have nothing else to do.
    ///
    /// # Errors
    /// Those of `reader`; what was framed before goes its way.
    pub(crate) fn frame(
        &mut self,
        bounds: Bounds,
        file: &Arc<str>,
        reader: Box<dyn Read + Send>,
    ) -> io::Result<Framed> {
        let input = self.place.input;
        let framing = Framing::new(bounds, Arc::clone(file), reader, true);
        let stream = Arc::new(Mutex::new(Shared { framing, ended: None }));
        let open = Open { next: self.place, stream };
        let mut state = locked(&self.line.state);
        state.open.insert(input, open.clone());
        while let Some(next) = state.open.get(&input).map(|open| open.next) {
            if self.line.is_stalled(&state, next) && !state.is_stopped() {
                state = self.line.help(state);
            } else {
                drop(state);
                self.line.step(&open);
                state = locked(&self.line.state);
            }
        }
        drop(state);
        let ended = locked(&open.stream).ended.take();
        let (behind, framed) = ended.unwrap_or_else(|| (self.place, Ok(Framed::default())));
        self.place = behind;
        framed
    }
}

/// Takes the chunk of a block.
struct Block<'l, 'p> {
    line: &'l Line<'p>,
    input: usize,
    chunk: Option<(Place, Chunk)>,
}

impl ChunkSink for Block<'_, '_> {
    fn take(&mut self, chunk: Chunk) -> ControlFlow<()> {
        let mut state = locked(&self.line.state);
        if state.is_stopped() {
            return ControlFlow::Break(());
        }
        let Some(open) = state.open.get_mut(&self.input) else { return ControlFlow::Break(()) };
        let place = open.next;
        open.next.step += 1;
        if let Some(chunk) = state.handed_over(place, chunk) {
            state.extracting += 1;
            self.chunk = Some((place, chunk));
        }
        ControlFlow::Continue(())
    }

    fn spare(&mut self) -> Vec<u8> {
        self.line.spare()
    }

    fn may_guess(&self) -> bool {
        true
    }

    fn redo(&mut self, is_at_end: bool) -> Option<Redo> {
        let line = self.line;
        // Its own chunk may be what has to be waited for. Nobody else goes on with the stream.
        let (step, redo) = line.redo(self.input, is_at_end, |state| match self.chunk.take() {
            Some((place, chunk)) => {
                drop(state);
                line.extract(place, chunk);
                locked(&line.state)
            }
            None => line.wait(state),
        })?;
        if let Some(open) = locked(&line.state).open.get_mut(&self.input) {
            open.next.step = step + 1;
        }
        Some(redo)
    }
}
