//! Finding the records of a JSON stream, block by block, with memory that does not grow.
//!
//! A stream is a row of JSON values: records one per line or not, arrays of records, pages
//! (`value`) and envelopes (`records`) of any size, one after the other. Framing only balances
//! brackets outside of strings; extraction checks every byte afterwards. Small envelopes inside
//! lines or arrays are left to extraction.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::error::RejectReason;
use crate::extract::chunk::{Chunk, ChunkSink, Span};
use crate::json::check::{key_end, value_end};
use crate::json::scan::{line_end, skip_whitespace};
use crate::json::{Fault, FaultKind, byte_at};
use crate::limits::{BLOCK_BYTES, PADDING_BYTES, RECORD_BYTES_MAX, REJECT_BYTES_MAX};
use balance::Balance;
pub(crate) use balance::balanced_end;
use drafts::Redo;
use guess::{last_line, likely_border};
use run::{Run, Standing};

mod balance;
pub(crate) mod drafts;
mod guess;
pub(crate) mod run;

/// What framing learned of a stream as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Framed {
    /// Bytes read.
    pub bytes: u64,
    /// Whether the last page names a next one that did not follow.
    pub next_link: bool,
    /// Whether the stream was an array, as `az` prints it.
    pub is_array: bool,
}

/// What stands around the position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    /// Nothing.
    Nothing,
    /// An array of records.
    Array,
    /// The array of a page or envelope.
    EnvelopeArray,
    /// The members of a page or envelope that follow its array.
    EnvelopeTail,
}

/// What one step of framing found.
enum Step {
    /// Went on to a position.
    To(usize),
    /// A record; framing goes on after it.
    Record(Span, usize),
    /// More bytes are needed to tell.
    More,
}

/// How much framing reads and keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Bytes read at a time.
    pub(crate) block_bytes: usize,
    /// Largest record that is kept, in bytes.
    pub(crate) record_bytes_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { block_bytes: BLOCK_BYTES, record_bytes_max: RECORD_BYTES_MAX }
    }
}

/// Reads a stream to its end and hands over its records, about [`BLOCK_BYTES`] at a time.
///
/// # Errors
/// Those of `reader`; what was framed before has been handed over, and a record that the error
/// cut short is not.
pub fn frame(
    file: &Arc<str>,
    reader: &mut (impl Read + ?Sized),
    sink: &mut dyn ChunkSink,
) -> io::Result<Framed> {
    frame_within(Bounds::default(), file, reader, sink)
}

/// As [`frame`], within other bounds: they decide what is held in memory, never which records of
/// sound input are found.
pub(crate) fn frame_within(
    bounds: Bounds,
    file: &Arc<str>,
    reader: &mut (impl Read + ?Sized),
    sink: &mut dyn ChunkSink,
) -> io::Result<Framed> {
    let mut framing = Framing::new(bounds, Arc::clone(file), reader, sink.may_guess());
    loop {
        if let Some(ended) = framing.step(sink) {
            return ended;
        }
    }
}

/// The framing of a stream, block by block, by whoever is at hand.
#[derive(Debug)]
pub(crate) struct Framing<R> {
    framer: Framer,
    reader: R,
    may_guess: bool,
}

impl<R: Read> Framing<R> {
    /// A stream that `reader` is at the start of; whether its chunks may rest on guesses is for those
    /// who take them to say (see [`ChunkSink::may_guess`]).
    pub(crate) fn new(bounds: Bounds, file: Arc<str>, reader: R, may_guess: bool) -> Self {
        Self { framer: Framer::new(bounds, file), reader, may_guess }
    }

    /// Frames one block more, and hands over a chunk at most. Says how the stream ended, once it has.
    pub(crate) fn step(&mut self, sink: &mut dyn ChunkSink) -> Option<io::Result<Framed>> {
        let framer = &mut self.framer;
        let wanted = framer.bounds.block_bytes.max(framer.filled - framer.at);
        framer.make_room(wanted, sink);
        let got = framer.fill(&mut self.reader, wanted);
        let is_last = !matches!(got, Ok(true));
        framer.at_end = matches!(got, Ok(false));
        framer.may_guess = self.may_guess && !is_last;
        framer.scan();
        let handed = framer.hand_over(sink);
        if handed.is_continue()
            && self.may_guess
            && let Some(redo) = sink.redo(is_last)
        {
            // What defies guessing once will do so again.
            self.may_guess = false;
            framer.ended = is_last.then(|| got.map(drop));
            return framer.go_back(redo).err().map(Err);
        }
        (is_last || handed.is_break()).then(|| got.map(|_| framer.summary()))
    }
}

/// Frames a complete text in one go; used where the text is in memory already.
pub fn frame_text(file: &Arc<str>, text: Vec<u8>) -> Vec<Span> {
    let mut framer = Framer::new(Bounds::default(), Arc::clone(file));
    framer.filled = text.len();
    framer.buffer = text;
    framer.at_end = true;
    framer.scan();
    framer.spans
}

#[derive(Debug)]
struct Framer {
    bounds: Bounds,
    file: Arc<str>,
    /// Bytes from `base` on; everything before `at` has been framed. What is behind `filled` is
    /// left over from earlier chunks: memory is cleared once, not for every block.
    buffer: Vec<u8>,
    filled: usize,
    at: usize,
    base: u64,
    bytes_read: u64,
    around: Around,
    at_end: bool,
    spans: Vec<Span>,
    is_array: bool,
    next_link: bool,
    /// A record too large to keep, being stepped over.
    skipping: Option<Balance>,
    /// Whether elements or lines of this block may be left to extraction, and those that were.
    may_guess: bool,
    run: Option<Box<Run>>,
    /// Whether every byte is handed over, even without records: it may have to be framed again.
    is_draft: bool,
    /// What is to be read again, each from a position on, before the reader is.
    again: VecDeque<(Vec<u8>, usize)>,
    /// How the reader ended, where that is not to be asked again.
    ended: Option<io::Result<()>>,
}

impl Framer {
    fn new(bounds: Bounds, file: Arc<str>) -> Self {
        Self {
            bounds,
            file,
            buffer: Vec::new(),
            filled: 0,
            at: 0,
            base: 0,
            bytes_read: 0,
            around: Around::Nothing,
            at_end: false,
            spans: Vec::new(),
            is_array: false,
            next_link: false,
            skipping: None,
            may_guess: false,
            run: None,
            is_draft: false,
            again: VecDeque::new(),
            ended: None,
        }
    }

    fn summary(&self) -> Framed {
        Framed { bytes: self.bytes_read, next_link: self.next_link, is_array: self.is_array }
    }

    /// The bytes that were read.
    #[inline(always)]
    fn text(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// Reads `wanted` bytes more; says whether there were as many.
    fn fill(&mut self, reader: &mut (impl Read + ?Sized), wanted: usize) -> io::Result<bool> {
        let end = self.filled + wanted;
        grow(&mut self.buffer, end);
        while self.filled < end {
            if let Some((text, at)) = self.again.front_mut() {
                let rest = text.get(*at..).unwrap_or_default();
                let count = rest.len().min(end - self.filled);
                self.buffer[self.filled..self.filled + count].copy_from_slice(&rest[..count]);
                self.filled += count;
                *at += count;
                if count == rest.len() {
                    self.again.pop_front();
                }
                continue;
            }
            if let Some(ended) = self.ended.take() {
                return ended.map(|()| false);
            }
            match reader.read(&mut self.buffer[self.filled..end]) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.filled += count;
                    self.bytes_read += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Takes a buffer with room for `wanted` bytes more: growing one would copy it.
    fn make_room(&mut self, wanted: usize, sink: &mut dyn ChunkSink) {
        let room = self.filled + wanted + PADDING_BYTES;
        if self.buffer.len() < room {
            let mut buffer = sink.spare();
            grow(&mut buffer, room);
            buffer[..self.filled].copy_from_slice(self.text());
            self.buffer = buffer;
        }
    }

    /// Hands over what was framed and keeps the rest.
    fn hand_over(&mut self, sink: &mut dyn ChunkSink) -> ControlFlow<()> {
        self.base += self.at as u64;
        let at = std::mem::take(&mut self.at);
        if self.spans.is_empty() && (at == 0 || !self.is_draft) {
            if at > 0 {
                self.buffer.copy_within(at..self.filled, 0);
                self.filled -= at;
            }
            return ControlFlow::Continue(());
        }
        let rest = self.text().get(at..).unwrap_or_default().to_vec();
        self.filled = rest.len();
        let mut run = self.run.take();
        if let Some(run) = &mut run {
            run.after = self.standing();
            run.behind.clone_from(&rest);
        }
        let mut chunk = Chunk::new(Arc::clone(&self.file));
        chunk.bytes = std::mem::replace(&mut self.buffer, rest);
        chunk.bytes.truncate(at);
        (chunk.run, chunk.records) = (run, std::mem::take(&mut self.spans));
        chunk.seal();
        sink.take(chunk)
    }

    fn standing(&self) -> Standing {
        Standing {
            offset: self.base + self.at as u64,
            around: self.around,
            is_array: self.is_array,
            next_link: self.next_link,
            skipping: self.skipping,
        }
    }

    /// As if framing had come to stand there, apart from what was read.
    fn stand(&mut self, there: Standing) {
        let Standing { offset, around, is_array, next_link, skipping } = there;
        (self.base, self.at, self.around) = (offset, 0, around);
        (self.is_array, self.next_link, self.skipping) = (is_array, next_link, skipping);
    }

    /// Goes back to where a wrong guess led away from; reads as much as had been read there.
    fn go_back(&mut self, redo: Redo) -> io::Result<()> {
        let Redo { derailed, texts } = redo;
        let mut rest = std::mem::take(&mut self.buffer);
        rest.truncate(self.filled);
        let texts = texts.into_iter().chain([rest]).map(|text| (text, 0));
        self.again = texts.chain(std::mem::take(&mut self.again)).collect();
        self.is_draft = false;
        self.filled = 0;
        let before = derailed.after.offset - derailed.base;
        let behind = derailed.read - derailed.after.offset;
        self.fill(&mut io::empty(), usize::try_from(before).unwrap_or_default())?;
        self.filled = 0;
        self.fill(&mut io::empty(), usize::try_from(behind).unwrap_or_default())?;
        self.stand(derailed.after);
        Ok(())
    }

    /// Frames as much of the buffer as can be told.
    fn scan(&mut self) {
        loop {
            if let Some(mut balance) = self.skipping.take() {
                let Some(end) = balance.end(self.text(), self.at) else {
                    self.at = self.filled;
                    self.skipping = Some(balance);
                    return;
                };
                self.at = end;
            }
            let start = skip_whitespace(self.text(), self.at);
            if start >= self.filled {
                self.at = start;
                return self.close(start);
            }
            match self.run(start).unwrap_or_else(|| self.step(start)) {
                Step::To(at) => self.at = at,
                Step::Record(span, at) => {
                    self.spans.push(span);
                    self.at = at;
                }
                Step::More if self.filled - start > self.bounds.record_bytes_max => {
                    self.too_large(start);
                }
                Step::More if self.at_end => self.cut_short(start),
                Step::More => {
                    self.at = start;
                    return;
                }
            }
        }
    }

    /// Takes what stands at `at`, which is not white space.
    fn step(&mut self, at: usize) -> Step {
        match self.around {
            Around::Nothing => self.value(at),
            Around::Array | Around::EnvelopeArray => self.element(at),
            Around::EnvelopeTail => self.tail(at),
        }
    }

    /// Whether an element of an array begins at `at`.
    fn is_element(&self, at: usize) -> bool {
        matches!(self.around, Around::Array | Around::EnvelopeArray)
            && byte_at(self.text(), at) == b'{'
    }

    /// At the end of the stream: an array that was never closed has lost what followed.
    fn close(&mut self, at: usize) {
        if self.at_end && self.around != Around::Nothing {
            self.around = Around::Nothing;
            let span = self.span(at, at, Some(RejectReason::CutShort));
            self.spans.push(span);
        }
    }

    fn span(&self, start: usize, end: usize, damage: Option<RejectReason>) -> Span {
        // A chunk is a few blocks or one record: far below 4 GiB.
        let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { start: short(start), end: short(end), offset: self.base + start as u64, damage }
    }

    /// The stream ends inside what begins at `start`.
    fn cut_short(&mut self, start: usize) {
        let end = self.filled;
        if self.around == Around::Nothing
            && let Some(line) = memchr::memmem::find(&self.text()[start..], b"\n{")
        {
            // What goes on with an object at the start of a line is another record.
            let span = self.span(start, start + line, Some(RejectReason::CutShort));
            self.spans.push(span);
            self.at = start + line + 1;
            return;
        }
        self.around = Around::Nothing;
        let mut from = start;
        // An unbalanced quote can swallow everything behind it: look for records that are whole.
        while let Some(fault) = value_end(self.text(), from, 0).err().map(|fault| fault.at) {
            let Some(next) = resume_at(self.text(), fault, end) else { break };
            let span = self.span(from, next.0, None);
            self.spans.push(span);
            from = next.1;
            while let Some(record_end) = balanced_end(self.text(), from) {
                let span = self.span(from, record_end, None);
                self.spans.push(span);
                from = skip_whitespace(self.text(), record_end);
                if byte_at(self.text(), from) == b',' {
                    from = skip_whitespace(self.text(), from + 1);
                }
                if byte_at(self.text(), from) != b'{' {
                    break;
                }
            }
            if byte_at(self.text(), from) == b']' {
                from = end;
                break;
            }
        }
        if from < end {
            let span = self.span(from, end, Some(RejectReason::CutShort));
            self.spans.push(span);
        }
        self.at = end;
    }

    fn too_large(&mut self, start: usize) {
        let end = self.filled.min(start + REJECT_BYTES_MAX);
        let span = self.span(start, end, Some(RejectReason::TooLarge));
        self.spans.push(span);
        self.at = start;
        self.skipping = Some(Balance::default());
    }

    /// A value that stands in nothing.
    fn value(&mut self, at: usize) -> Step {
        match self.text()[at] {
            b'[' => {
                self.around = Around::Array;
                self.is_array = true;
                Step::To(at + 1)
            }
            b'{' => self.object(at),
            b',' => Step::To(at + 1),
            _ => self.line(at),
        }
    }

    fn object(&mut self, at: usize) -> Step {
        let line_end = self.line_end(at);
        if let Some(end) = line_end.and_then(|line_end| self.whole_line(at, line_end)) {
            return Step::Record(self.span(at, end, None), end);
        }
        let looks_like_envelope = may_be_envelope(self.text(), at);
        if looks_like_envelope && let Some(step) = self.envelope(at) {
            return step;
        }
        let end = balanced_end(&self.text()[..line_end.unwrap_or(self.filled)], at);
        let is_large = end.is_none() && self.filled - at > self.bounds.block_bytes;
        if !looks_like_envelope
            && is_large
            && let Some(step) = self.envelope(at)
        {
            return step;
        }
        if let Some(end) = end {
            return Step::Record(self.span(at, end, None), end);
        }
        let Some(line_end) = line_end else { return Step::More };
        // Spread over lines, or a damaged line? The grammar tells, mostly at the next line.
        let line = Step::Record(self.span(at, line_end, None), line_end + 1);
        match value_end(self.text(), at, 0) {
            Ok(end) => Step::Record(self.span(at, end, None), end),
            Err(Fault { kind: FaultKind::Syntax, .. }) => line,
            Err(Fault { kind: FaultKind::TooDeep, .. }) => match balanced_end(self.text(), at) {
                Some(end) => Step::Record(self.span(at, end, None), end),
                None if self.at_end => line,
                None => Step::More,
            },
            Err(_) if self.at_end && self.text().get(line_end + 1) == Some(&b'{') => line,
            Err(_) => Step::More,
        }
    }

    /// Position of the next line feed.
    fn line_end(&self, at: usize) -> Option<usize> {
        Some(line_end(self.text(), at)).filter(|end| *end < self.filled)
    }

    /// The end of an object that takes exactly its line, if that is plain: the line ends in `}` and
    /// the next one begins an object. No object could go on that way after a `}`.
    fn whole_line(&self, at: usize, line_end: usize) -> Option<usize> {
        let end = if byte_at(self.text(), line_end - 1) == b'\r' { line_end - 1 } else { line_end };
        let is_whole = byte_at(self.text(), end - 1) == b'}'
            && byte_at(self.text(), line_end + 1) == b'{'
            && !may_be_envelope(self.text(), at);
        is_whole.then_some(end)
    }

    /// Anything else: up to the end of its line.
    fn line(&self, at: usize) -> Step {
        match self.line_end(at) {
            Some(end) => Step::Record(self.span(at, end, None), end),
            None if self.at_end => {
                let end = self.filled;
                Step::Record(self.span(at, end, None), end)
            }
            None => Step::More,
        }
    }

    /// Leaves the elements or lines from `at` on to extraction, up to a border that is likely one.
    fn run(&mut self, at: usize) -> Option<Step> {
        let is_line = self.around == Around::Nothing && byte_at(self.text(), at) == b'{';
        if !self.may_guess || !(is_line || self.is_element(at)) {
            return None;
        }
        // Once for each block, and only where nothing stands before the run. What is no line may yet
        // begin an array.
        let is_first = self.spans.is_empty();
        self.may_guess = is_first && is_line;
        if !is_first {
            return None;
        }
        let border = if is_line {
            self.line_end(at).and_then(|line_end| self.whole_line(at, line_end))?;
            last_line(self.text(), at)
        } else {
            likely_border(self.text(), at)
        }?;
        self.may_guess = false;
        self.at = at;
        let before = self.standing();
        let behind = Vec::new();
        let run = Run { start: at, border, bounds: self.bounds, before, after: before, behind };
        self.run = Some(Box::new(run));
        self.is_draft = true;
        Some(Step::To(border))
    }

    fn element(&mut self, at: usize) -> Step {
        match self.text()[at] {
            b',' => Step::To(at + 1),
            b']' => {
                self.around = match self.around {
                    Around::EnvelopeArray => Around::EnvelopeTail,
                    _ => Around::Nothing,
                };
                Step::To(at + 1)
            }
            b'{' | b'[' => match balanced_end(self.text(), at) {
                Some(end) => Step::Record(self.span(at, end, None), end),
                None => self.damaged_element(at).unwrap_or(Step::More),
            },
            b'"' => match crate::json::check::string_end(self.text(), at + 1) {
                Ok(end) => Step::Record(self.span(at, end.quote + 1, None), end.quote + 1),
                Err(fault) if fault.at < self.filled => self.line(at),
                Err(_) => Step::More,
            },
            _ => {
                let stop = self.text()[at..]
                    .iter()
                    .position(|byte| matches!(byte, b',' | b']' | b'\n' | b'{' | b'['));
                match stop {
                    Some(0) => Step::To(at + 1),
                    Some(length) => Step::Record(self.span(at, at + length, None), at + length),
                    None => Step::More,
                }
            }
        }
    }

    /// An element that does not balance so far. An unbalanced quote would swallow the stream up to
    /// the limit of a record: where the grammar is broken, the array goes on with the next record.
    fn damaged_element(&self, at: usize) -> Option<Step> {
        let fault = value_end(self.text(), at, 0).err()?;
        if fault.kind != FaultKind::Syntax {
            return None;
        }
        let (end, next) = resume_at(self.text(), fault.at, self.filled)?;
        Some(Step::Record(self.span(at, end, None), next))
    }

    /// Steps into the array of a page or envelope, if the object at `at` is one.
    fn envelope(&mut self, at: usize) -> Option<Step> {
        let mut next_link = false;
        let mut key_at = skip_whitespace(self.text(), at + 1);
        loop {
            let (key, value_at) = key_end(self.text(), key_at).ok()?;
            let name = &self.text()[key_at + 1..key.quote];
            let is_records =
                [&b"value"[..], b"records"].iter().any(|known| name.eq_ignore_ascii_case(known));
            if is_records && byte_at(self.text(), value_at) == b'[' {
                let first = skip_whitespace(self.text(), value_at + 1);
                if first >= self.filled && !self.at_end {
                    return Some(Step::More);
                }
                if !matches!(byte_at(self.text(), first), b'{' | b']' | b'[' | 0) {
                    return None;
                }
                self.around = Around::EnvelopeArray;
                self.next_link = next_link;
                return Some(Step::To(value_at + 1));
            }
            let end = value_end(self.text(), value_at, 1).ok()?;
            next_link |= is_next_link(name, &self.text()[value_at..end]);
            key_at = skip_whitespace(self.text(), end);
            if byte_at(self.text(), key_at) != b',' {
                return None;
            }
            key_at = skip_whitespace(self.text(), key_at + 1);
        }
    }

    /// A member behind the array of a page.
    fn tail(&mut self, at: usize) -> Step {
        match self.text()[at] {
            b',' => Step::To(at + 1),
            b'}' => {
                self.around = Around::Nothing;
                Step::To(at + 1)
            }
            b'"' => {
                let member = key_end(self.text(), at).and_then(|(key, value_at)| {
                    Ok((key.quote, value_at, value_end(self.text(), value_at, 1)?))
                });
                match member {
                    Ok((quote, value_at, end)) => {
                        let name = &self.text()[at + 1..quote];
                        self.next_link |= is_next_link(name, &self.text()[value_at..end]);
                        Step::To(end)
                    }
                    Err(Fault { kind: FaultKind::CutShort, .. }) => Step::More,
                    Err(_) => self.broken_tail(at),
                }
            }
            _ => self.broken_tail(at),
        }
    }

    fn broken_tail(&mut self, at: usize) -> Step {
        self.around = Around::Nothing;
        self.line(at)
    }
}

/// Whether the first member of the object at `at` is one that pages and envelopes begin with.
pub(crate) fn may_be_envelope(bytes: &[u8], at: usize) -> bool {
    const FIRST: &[&[u8]] =
        &[b"value", b"records", b"nextLink", b"@odata.context", b"@odata.nextLink", b"count"];
    let key = skip_whitespace(bytes, at + 1);
    FIRST.iter().any(|name| {
        bytes.get(key + 1..).is_some_and(|rest| {
            rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
                && rest.get(name.len()) == Some(&b'"')
        })
    })
}

/// Makes a buffer as long as it has to be. One that is new is cleared by the system, page by page
/// as they are touched: of a small input that is a few.
fn grow(buffer: &mut Vec<u8>, length: usize) {
    if buffer.capacity() == 0 {
        *buffer = vec![0; length];
    } else if buffer.len() < length {
        buffer.resize(length, 0);
    }
}

fn is_next_link(name: &[u8], value: &[u8]) -> bool {
    let is_link =
        name.eq_ignore_ascii_case(b"nextLink") || name.eq_ignore_ascii_case(b"@odata.nextLink");
    is_link && value.len() > 2 && value.first() == Some(&b'"')
}

/// Where an array goes on after damage at `fault`: the end of the damaged record and the start of
/// the next. Looks for `}`, a comma, white space and `{` before a member name; inside a string the
/// quote of the name would be escaped.
pub(crate) fn resume_at(bytes: &[u8], fault: usize, end: usize) -> Option<(usize, usize)> {
    let mut from = fault;
    while let Some(found) = memchr::memchr(b'}', bytes.get(from..end)?) {
        let close = from + found;
        let comma = skip_whitespace(bytes, close + 1);
        if byte_at(bytes, comma) == b',' {
            let next = skip_whitespace(bytes, comma + 1);
            let key = skip_whitespace(bytes, next + 1);
            if next < end && byte_at(bytes, next) == b'{' && byte_at(bytes, key) == b'"' {
                return Some((close + 1, next));
            }
        }
        from = close + 1;
    }
    None
}

#[cfg(test)]
mod tests;
