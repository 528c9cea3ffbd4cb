//! The hot loops of a walk: going on along edges, and by keys where members come in no order.

use super::edge::Pass;
use super::keys::Key;
use super::{Frame, NONE, Routes, Turn, short, unescaped};
use crate::json::byte_at;
use crate::json::check::{string_end, value_end};
use crate::json::scan::known::{ANYWHERE, INSIDE, ends_after};
use crate::json::scan::{
    Work, block_at, skip_whitespace, string_stop_far, string_stop_inside, widest,
};
use crate::json::slot::SlotKind;

/// Something wanted that was passed.
#[derive(Debug, Clone, Copy)]
pub(in crate::json) struct Passed {
    /// The node that is met.
    pub(in crate::json) node: u32,
    /// The value; of a string, its characters. Of an object or array that is opened or closed, the
    /// opening bracket and what follows the closing one.
    pub(in crate::json) start: u32,
    pub(in crate::json) end: u32,
    pub(in crate::json) label: Label,
}

/// What is known of something passed beside its place: four bytes, which are written as one.
#[derive(Debug, Clone, Copy)]
pub(in crate::json) struct Label {
    /// Number of its text among those of the record.
    pub(in crate::json) buffer: u16,
    pub(in crate::json) kind: SlotKind,
    pub(in crate::json) what: What,
}

impl Passed {
    /// The beginning or the end of an object.
    #[inline(always)]
    fn turn(node: u32, at: usize, buffer: u16, what: What) -> Self {
        let at = short(at);
        Self { node, start: at, end: at, label: Label { buffer, kind: SlotKind::Object, what } }
    }
}

/// What was met of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::json) enum What {
    /// A member and its value, whole.
    Member,
    /// The beginning of an object or array.
    Opens,
    /// The end of the one that was opened last.
    Closes,
    /// A value that is no member of an object: it does not count as one that comes again.
    Value,
}

/// What was passed of a record, in order.
#[derive(Debug, Default)]
pub(in crate::json) struct Passage {
    /// Those that were passed, and room for more.
    passed: Vec<Passed>,
    count: usize,
    /// Number of the text that is walked.
    pub(in crate::json) buffer: u16,
}

/// Room for what is passed in a record, at first; and how much of it is kept for the next.
const PASSED_AT_FIRST: usize = 128;
const PASSED_KEPT_MAX: usize = 16 << 10;

impl Passage {
    /// Forgets the record before.
    #[inline(always)]
    pub(in crate::json) fn begin(&mut self) {
        self.count = 0;
        if self.passed.len() > PASSED_KEPT_MAX {
            self.passed = Vec::new();
        }
    }

    #[inline(always)]
    pub(in crate::json) fn passed(&self) -> &[Passed] {
        self.passed.get(..self.count).unwrap_or_default()
    }

    /// Adds one, however many there are.
    pub(in crate::json) fn add(
        &mut self,
        (node, what): (u32, What),
        (start, end): (usize, usize),
        kind: SlotKind,
    ) {
        let (start, end) = (short(start), short(end));
        let passed = Passed { node, start, end, label: Label { buffer: self.buffer, kind, what } };
        if self.count == self.passed.len() {
            let room = (self.passed.len() * 2).max(PASSED_AT_FIRST);
            self.passed.resize(room, passed);
        }
        self.passed[self.count] = passed;
        self.count += 1;
    }

    /// Adds a turn of an edge at `at`.
    pub(in crate::json) fn add_turn(&mut self, turn: Turn, at: usize) {
        let place = at + turn.offset as usize;
        self.add((turn.node, turn.what()), (place, place), turn.kind);
    }
}

impl Turn {
    #[inline(always)]
    fn what(&self) -> What {
        if self.opens { What::Opens } else { What::Closes }
    }
}

/// Going on from a state, as work for the widest instructions; see [`Routes::pass`].
struct Passing<'r, 'b> {
    routes: &'r Routes,
    bytes: &'b [u8],
    from: (usize, u32),
    depth: usize,
    passage: &'r mut Passage,
}

/// As [`Passing`], by keys.
struct PassingByKeys<'r, 'b>(Passing<'r, 'b>);

impl Work for Passing<'_, '_> {
    type Done = (usize, u32);

    #[inline(always)]
    fn run(self) -> Self::Done {
        self.routes.pass_edges(self.bytes, self.from, self.depth, self.passage)
    }
}

impl Work for PassingByKeys<'_, '_> {
    type Done = (usize, u32);

    #[inline(always)]
    fn run(self) -> Self::Done {
        let Passing { routes, bytes, from, depth, passage } = self.0;
        routes.pass_by_keys(bytes, from, depth, passage)
    }
}

impl Routes {
    /// Goes on from `state` at `at` as long as what is known leads to values that need no further
    /// look: all of most records. Gives the position and the state behind the last one. `depth` is
    /// how many objects and arrays the walk's own object stands in.
    pub(in crate::json) fn pass(
        &self,
        bytes: &[u8],
        (mut at, mut state): (usize, u32),
        depth: usize,
        passage: &mut Passage,
    ) -> (usize, u32) {
        loop {
            let Some(behind) = self.states.get(state as usize) else { return (at, state) };
            let work =
                Passing { routes: self, bytes, from: (at, state), depth, passage: &mut *passage };
            let is_by_keys = behind.is_by_keys;
            let from = at;
            (at, state) = if is_by_keys { widest(PassingByKeys(work)) } else { widest(work) };
            let goes_on = self
                .states
                .get(state as usize)
                .is_some_and(|state| state.is_by_keys != is_by_keys && state.leads_on());
            if !goes_on || at == from {
                return (at, state);
            }
        }
    }

    /// As [`Self::pass`], along edges. What is wanted is only noted here, so that all of it fits into
    /// registers.
    #[inline(always)]
    fn pass_edges(
        &self,
        bytes: &[u8],
        (mut at, state): (usize, u32),
        depth: usize,
        passage: &mut Passage,
    ) -> (usize, u32) {
        let edges = self.edges.as_slice();
        let (room, buffer) = (passage.passed.as_mut_slice(), passage.buffer);
        let mut count = passage.count;
        let mut number = self.states.get(state as usize).map_or(NONE, |state| state.first);
        let mut last = None;
        let plain = Label { buffer, kind: SlotKind::Text, what: What::Member };
        while let Some(edge) = edges.get(number as usize) {
            if edge.pass == Pass::Plain {
                let Some(begin) = edge.literal.head_end_at(bytes, at) else {
                    number = edge.alternative;
                    continue;
                };
                if let Some(end) = plain_end(bytes, begin, edge.usual) {
                    if edge.node != NONE {
                        let Some(place) = room.get_mut(count) else { break };
                        let (start, stop) = (short(begin), short(end));
                        *place = Passed { node: edge.node, start, end: stop, label: plain };
                        count += 1;
                    }
                    (at, number, last) = (end + 1, edge.then, Some(edge));
                    continue;
                }
            }
            let Some(begin) = edge.end_at::<INSIDE>(bytes, at, &self.blocks) else {
                number = edge.alternative;
                continue;
            };
            let (end, kind, behind);
            if edge.pass == Pass::Text
                && let Some(stop) = plain_end(bytes, begin, edge.usual)
            {
                (end, kind, behind) = (stop, SlotKind::Text, stop + 1);
            } else {
                let depth = depth + usize::from(edge.depth);
                let Some(passed) = pass_slowly(bytes, begin, depth, edge.pass) else { break };
                (end, kind, behind) = passed;
            }
            if edge.turns != NONE {
                let Some(free) = room.get_mut(count..) else { break };
                let Some(added) = note_turns(self.turns(edge), (at, buffer), free) else { break };
                count += added;
            }
            if edge.node != NONE {
                let Some(place) = room.get_mut(count) else { break };
                let (start, end) = (short(begin), short(end));
                *place = Passed { node: edge.node, start, end, label: Label { kind, ..plain } };
                count += 1;
            }
            (at, number, last) = (behind, edge.then, Some(edge));
        }
        passage.count = count;
        (at, last.map_or(state, |edge| edge.state))
    }

    /// As [`Self::pass`], by looking up key after key.
    #[inline(always)]
    fn pass_by_keys(
        &self,
        bytes: &[u8],
        (mut at, state): (usize, u32),
        depth: usize,
        passage: &mut Passage,
    ) -> (usize, u32) {
        let mut behind = (at, state, passage.count);
        let Some(from) = self.states.get(state as usize) else { return (at, state) };
        let (mut frame, mut is_start) = (from.frame, from.is_start);
        let (room, buffer) = (passage.passed.as_mut_slice(), passage.buffer);
        let mut count = passage.count;
        'frames: while let Some(inside) = self.frames.get(frame as usize) {
            let depth = depth + usize::from(inside.depth);
            loop {
                let Some(place) = room.get_mut(count) else { break 'frames };
                let comma = inside.comma.head_end_at(bytes, at).filter(|_| !is_start);
                let begin = match comma {
                    Some(begin) => begin,
                    None => match inside.lead(bytes, at, is_start) {
                        Lead::Key(begin) => begin,
                        Lead::Close(end) => {
                            *place = Passed::turn(inside.node, end, buffer, What::Closes);
                            count += usize::from(inside.node != NONE);
                            (at, frame, is_start) = (end, inside.parent, false);
                            continue 'frames;
                        }
                        Lead::Nowhere => break 'frames,
                    },
                };
                let Some((key, value_at)) = self.key_at(frame, bytes, begin) else {
                    break 'frames;
                };
                let first = byte_at(bytes, value_at);
                let (start, end, kind, next);
                if first == b'"'
                    && key.object == NONE
                    && let Ok((stop, true)) = string_stop_far(bytes, value_at + 1)
                {
                    (start, end, kind, next) = (value_at + 1, stop, SlotKind::Text, stop + 1);
                } else {
                    let inner = self.frames.get(key.object as usize);
                    let inner = inner.filter(|inner| inner.node != NONE);
                    let pass = match (first, inner) {
                        (b'{', Some(inner)) => {
                            *place = Passed::turn(inner.node, value_at, buffer, What::Opens);
                            count += 1;
                            (at, frame, is_start) = (value_at + 1, key.object, true);
                            continue 'frames;
                        }
                        (b'"', None) => Pass::Text,
                        (b'"', Some(_)) if self.opens_all => Pass::Never,
                        (b'"', Some(_)) => Pass::TextUnlessJson,
                        _ => Pass::Other,
                    };
                    start = value_at + usize::from(first == b'"');
                    let Some(passed) = pass_slowly(bytes, start, depth, pass) else {
                        break 'frames;
                    };
                    (end, kind, next) = passed;
                }
                // Whether it is wanted is as good as random here: no branch depends on it.
                let (node, what) = (key.node, What::Member);
                let (start, end) = (short(start), short(end));
                *place = Passed { node, start, end, label: Label { buffer, kind, what } };
                count += usize::from(node != NONE);
                (at, is_start) = (next, false);
                behind = (at, key.state, count);
                if !self.states.get(key.state as usize).is_some_and(|state| state.is_by_keys) {
                    break 'frames;
                }
            }
        }
        passage.count = behind.2;
        (behind.0, behind.1)
    }

    /// What is known of the key whose first character stands at `at`, and where its value begins.
    #[inline(always)]
    fn key_at(&self, frame: u32, bytes: &[u8], at: usize) -> Option<(&Key, usize)> {
        let (key, end);
        if let Ok((quote, true)) = string_stop_inside(bytes, at) {
            key = self.keys.find::<INSIDE>(frame, bytes, (at, quote), &self.blocks);
            end = quote;
        } else {
            (key, end) = self.find_escaped(frame, bytes, at);
        }
        Some((key?, value_begin(bytes, end + 1)?))
    }

    /// What is known of a key with escapes or near the end of the text, and where it ends.
    #[cold]
    #[inline(never)]
    fn find_escaped(&self, frame: u32, bytes: &[u8], at: usize) -> (Option<&Key>, usize) {
        let Ok(end) = string_end(bytes, at) else { return (None, at) };
        let raw = bytes.get(at..end.quote).unwrap_or_default();
        let unescaped = end.escaped.then(|| unescaped(raw));
        let name = unescaped.as_ref().map_or(raw, |name| name.as_bytes());
        let key = self.keys.find::<ANYWHERE>(frame, name, (0, name.len()), &self.blocks);
        (key, end.quote)
    }
}

/// Where the string ends whose first character stands at `begin`, if nothing in it is escaped: sooner
/// told if it has its usual length. None near the end of the text.
#[inline(always)]
fn plain_end(bytes: &[u8], begin: usize, usual: u8) -> Option<usize> {
    if usual != u8::MAX && ends_after(bytes, begin, usual) {
        return Some(begin + usize::from(usual));
    }
    match string_stop_inside(bytes, begin) {
        Ok((stop, true)) => Some(stop),
        _ => None,
    }
}

/// What follows a value or an opening brace.
enum Lead {
    /// A key; its first character.
    Key(usize),
    /// The end of the object.
    Close(usize),
    /// Something else.
    Nowhere,
}

impl Frame {
    /// What follows at `at` inside an object.
    #[inline(never)]
    fn lead(&self, bytes: &[u8], at: usize, is_start: bool) -> Lead {
        let mut at = skip_whitespace(bytes, at);
        match byte_at(bytes, at) {
            _ if self.kind != SlotKind::Object => return Lead::Nowhere,
            b'}' if self.parent != NONE => return Lead::Close(at + 1),
            b',' if !is_start => at = skip_whitespace(bytes, at + 1),
            _ if !is_start => return Lead::Nowhere,
            _ => {}
        }
        if byte_at(bytes, at) == b'"' { Lead::Key(at + 1) } else { Lead::Nowhere }
    }
}

/// Where the value begins whose key ends before `at`.
#[inline(always)]
fn value_begin(bytes: &[u8], at: usize) -> Option<usize> {
    match block_at(bytes, at) {
        Some([b':', first, _]) if *first > b' ' => return Some(at + 1),
        Some([b':', b' ', first]) if *first > b' ' => return Some(at + 2),
        _ => {}
    }
    value_begin_behind_blanks(bytes, at)
}

#[cold]
#[inline(never)]
fn value_begin_behind_blanks(bytes: &[u8], at: usize) -> Option<usize> {
    let colon = skip_whitespace(bytes, at);
    (byte_at(bytes, colon) == b':').then(|| skip_whitespace(bytes, colon + 1))
}

/// Whether a string whose first byte this is may hold JSON with members: any blank, brace or quote
/// before them may be escaped.
#[inline(always)]
fn may_begin_json(first: u8) -> bool {
    matches!(first, b'{' | b'"' | b'\\' | b' ' | b'\n' | b'\r' | b'\t')
}

/// Steps over a value that is no string without escapes: gives its end, its kind and what is behind
/// it; none where it needs a further look.
#[cold]
#[inline(never)]
fn pass_slowly(
    bytes: &[u8],
    at: usize,
    depth: usize,
    pass: Pass,
) -> Option<(usize, SlotKind, usize)> {
    match pass {
        Pass::TextUnlessJson if may_begin_json(byte_at(bytes, at)) => None,
        Pass::Plain | Pass::Text | Pass::TextUnlessJson => {
            let end = string_end(bytes, at).ok()?;
            let kind = if end.escaped { SlotKind::EscapedText } else { SlotKind::Text };
            Some((end.quote, kind, end.quote + 1))
        }
        Pass::Other => {
            let (end, kind) = other_end(bytes, at, depth)?;
            Some((end, kind, end))
        }
        Pass::Never => None,
    }
}

/// Notes the turns of an edge at `at`; gives how many they are, if there is room for them and a
/// value.
#[cold]
#[inline(never)]
fn note_turns(turns: &[Turn], (at, buffer): (usize, u16), room: &mut [Passed]) -> Option<usize> {
    if room.len() <= turns.len() {
        return None;
    }
    for (turn, place) in turns.iter().zip(room) {
        let at = short(at) + turn.offset;
        let (node, kind, what) = (turn.node, turn.kind, turn.what());
        *place = Passed { node, start: at, end: at, label: Label { buffer, kind, what } };
    }
    Some(turns.len())
}

/// The end and the kind of a value that is no string; none where there is a fault in it. The short
/// words come again and again.
#[inline]
fn other_end(bytes: &[u8], at: usize, depth: usize) -> Option<(usize, SlotKind)> {
    if let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        match word {
            b"null" => return Some((at + 4, SlotKind::Null)),
            b"true" => return Some((at + 4, SlotKind::Scalar)),
            _ => {}
        }
    }
    let end = value_end(bytes, at, depth).ok()?;
    Some((end, SlotKind::of_value(byte_at(bytes, at))))
}
