//! Ways through records that were learned from earlier ones.
//!
//! An exporter writes the same members in the same order record after record, so the bytes between
//! one value and the next (closing brackets, a comma, blanks, a key, a colon, opening brackets, a
//! quote) are nearly always bytes that were met before at that point. A [`Routes`] remembers them:
//! a state is "behind the value of this key in this object" or "behind an element of this array",
//! an edge is the bytes that followed there, up to the next value. Where they stand again, one comparison has checked their grammar
//! and told which member comes next. Where they don't, the grammar is followed byte by byte, and
//! the edge is learned. Where ever other bytes follow, members have no order: their keys are looked
//! up. What was learned changes the speed and never the outcome.

use super::check::key_end;
use super::escape::unescape_into;
use super::scan::known::{ANYWHERE, BLOCK_BYTES};
use super::scan::skip_whitespace;
use super::slot::SlotKind;
use super::tree::Tree;
use super::{Fault, byte_at};
use edge::{Edge, Pass};
pub(super) use edge::{Next, Turn};
use keys::{Key, Keys};
use literal::{Blocks, Literal};
pub(super) use pass::{Label, Passage, Passed, What};

mod edge;
mod keys;
mod literal;
mod pass;

/// No node, state, edge or frame.
pub(super) const NONE: u32 = u32::MAX;

/// Objects and arrays that are told apart; further ones that nobody wants are stepped over.
const FRAMES_MAX: usize = 512;
/// How deep in a walk members that nobody wants are told apart.
const FRAME_DEPTH_MAX: u16 = 16;
/// Keys that are remembered of one object, and their longest, in bytes.
const KEYS_MAX: usize = 512;
const KEY_BYTES_MAX: usize = 256;
/// Edges of one state, of all states, and the longest, in bytes.
const ALTERNATIVES_MAX: u16 = 8;
const EDGES_MAX: usize = 8192;
const EDGE_BYTES_MAX: usize = 1024;
/// Misses after which a state that has as many alternatives as it may have is judged.
const MISSES_JUDGED: u32 = 64;
/// Walks after which states without an order are given another chance, the first time; every time
/// it takes four times as many.
const WALKS_PER_CHANCE: u64 = 4096;
const CHANCES_MAX: u32 = 5;
/// The first walks of every so many learn the lengths of strings; and how often in a row a string
/// has to be of one length to be expected to be it again, and the longest, in bytes.
const WALKS_PER_LESSON: u64 = 4096;
const LESSON_WALKS: u64 = 16;
const TIMES_USUAL: u32 = 8;
const USUAL_BYTES_MAX: usize = 62;
/// Keys of an object that nobody wants, above which its keys count as data and it is stepped over.
const STEPPED_KEYS_MAX: usize = 64;

/// Behind the value of a key, an element of an array, or the brace that begins the walk.
#[derive(Debug, Clone, Copy)]
struct State {
    first: u32,
    frame: u32,
    misses: u32,
    /// The walk at which it was judged last.
    judged_at: u64,
    alternatives: u16,
    is_start: bool,
    /// Whether what follows was met in no order: it is looked up by its key.
    is_by_keys: bool,
}

/// An object or array on the way: the walk's own, a wanted one, or one that is only stepped through.
#[derive(Debug)]
struct Frame {
    parent: u32,
    node: u32,
    depth: u16,
    kind: SlotKind,
    /// Whether its values were never met in an order: it is stepped over.
    is_stepped: bool,
    /// The state behind a key that is not remembered.
    elsewhere: u32,
    /// How many keys of an object are remembered; the elements of an array are all known as the
    /// empty one.
    key_count: usize,
    /// What was met between a value and the first character of a key.
    comma: Literal,
}

/// Everything that was learned by one walker.
#[derive(Debug)]
pub(super) struct Routes {
    frames: Vec<Frame>,
    states: Vec<State>,
    edges: Vec<Edge>,
    /// Of each edge, the length of its last string, and how often it came in a row.
    lengths: Vec<(usize, u32)>,
    keys: Keys,
    /// Bytes of edges and keys behind their first ones.
    blocks: Blocks,
    /// The turns of edges; first those of the edge that was explored last.
    turns: Vec<Vec<Turn>>,
    /// First state of a walk, by node.
    starts: Vec<u32>,
    /// Whether every string that something is wanted of has to be looked into.
    opens_all: bool,
    /// How often states without an order got another chance, and the walk at which they get the next.
    chances: u32,
    chance_at: u64,
}

/// An edge that was followed or explored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    pub(super) edge: Edge,
    /// Where it ends.
    pub(super) end: usize,
    /// Its place; `NONE` if it was explored.
    number: u32,
}

/// Place of the turns of the edge that was explored last.
const EXPLORED: u32 = 0;

impl Routes {
    /// Of nothing yet. `opens_all`: whether strings that something is wanted of have to be looked
    /// into even if they cannot hold JSON.
    pub(super) fn new(opens_all: bool) -> Self {
        Self {
            frames: Vec::new(),
            states: Vec::new(),
            edges: Vec::new(),
            lengths: Vec::new(),
            keys: Keys::default(),
            blocks: Blocks::default(),
            turns: vec![Vec::new()],
            starts: Vec::new(),
            opens_all,
            chances: 0,
            chance_at: WALKS_PER_CHANCE,
        }
    }

    /// The state behind the opening brace of an object of `node`, where a walk begins.
    #[inline(always)]
    pub(super) fn start(&mut self, node: u32) -> u32 {
        match self.starts.get(node as usize) {
            Some(state) if *state != NONE => *state,
            _ => self.add_start(node),
        }
    }

    #[cold]
    fn add_start(&mut self, node: u32) -> u32 {
        let frame = self.add_frame(NONE, node, (1, SlotKind::Object));
        let state = self.add_state(frame, true);
        let count = self.starts.len().max(node as usize + 1);
        self.starts.resize(count, NONE);
        self.starts[node as usize] = state;
        state
    }

    /// Gives states without an order another chance at times: the next input may have one.
    #[inline(always)]
    pub(super) fn begin(&mut self, walk: u64) {
        if walk >= self.chance_at {
            self.give_chance(walk);
        }
    }

    #[cold]
    fn give_chance(&mut self, walk: u64) {
        self.chances += 1;
        self.chance_at = match self.chances {
            ..CHANCES_MAX => walk + (WALKS_PER_CHANCE << (2 * self.chances)),
            _ => u64::MAX,
        };
        for state in self.states.iter_mut().filter(|state| state.is_by_keys) {
            (state.is_by_keys, state.alternatives) = (false, 0);
            (state.misses, state.judged_at) = (0, walk);
        }
    }

    /// How many states have no order.
    #[cfg(test)]
    pub(super) fn count_by_keys(&self) -> usize {
        self.states.iter().filter(|state| state.is_by_keys).count()
    }

    /// Whether anything was learned of what follows on `state`.
    #[inline(always)]
    pub(super) fn leads_on(&self, state: u32) -> bool {
        self.states.get(state as usize).is_some_and(State::leads_on)
    }

    /// The edge from `state` whose bytes stand at `at`, if one was learned.
    #[inline(always)]
    pub(super) fn follow(&self, bytes: &[u8], at: usize, state: u32) -> Option<Taken> {
        let mut number = self.states.get(state as usize)?.first;
        loop {
            let edge = self.edges.get(number as usize)?;
            if let Some(end) = edge.end_at::<ANYWHERE>(bytes, at, &self.blocks) {
                return Some(Taken { edge: *edge, end, number });
            }
            number = edge.alternative;
        }
    }

    /// The objects and arrays that `edge` opens and closes, in order.
    #[inline(always)]
    pub(super) fn turns(&self, edge: &Edge) -> &[Turn] {
        self.turns.get(edge.turns as usize).map_or(&[], Vec::as_slice)
    }

    /// The turns that were met by the last [`Self::explore`], also before a fault.
    pub(super) fn explored(&self) -> &[Turn] {
        &self.turns[EXPLORED as usize]
    }

    /// Follows the grammar from behind one value to the next, learns the way and gives it. `walks`
    /// is the serial number of the walk.
    ///
    /// # Errors
    /// The first [`Fault`] before the next value.
    #[inline(never)]
    pub(super) fn explore(
        &mut self,
        tree: &Tree,
        bytes: &[u8],
        start: usize,
        (state, walks): (u32, u64),
    ) -> Result<Taken, Fault> {
        self.turns[EXPLORED as usize].clear();
        let from = self.states[state as usize];
        let (mut frame, mut is_start) = (from.frame, from.is_start);
        let mut at = skip_whitespace(bytes, start);
        let (key, next) = loop {
            let is_array = self.frames[frame as usize].kind == SlotKind::Array;
            match byte_at(bytes, at) {
                b'}' | b']' if (bytes[at] == b']') == is_array => {
                    at += 1;
                    self.turn(frame, at - start, false);
                    let parent = self.frames[frame as usize].parent;
                    if parent == NONE {
                        let none = Key { node: NONE, state: NONE, object: NONE, array: NONE };
                        break (none, Next::End);
                    }
                    frame = parent;
                    is_start = false;
                    at = skip_whitespace(bytes, at);
                    continue;
                }
                b',' if !is_start => {
                    let comma = at;
                    at = skip_whitespace(bytes, at + 1);
                    self.learn_comma(frame, bytes, (comma, at));
                }
                b'"' if is_start => {}
                _ if is_start && is_array => {}
                _ => return Err(Fault::unexpected(bytes, at)),
            }
            let key = if is_array {
                self.key(tree, frame, b"")
            } else {
                let (end, value_at) = key_end(bytes, at)?;
                let raw = &bytes[at + 1..end.quote];
                at = value_at;
                if end.escaped {
                    self.key(tree, frame, unescaped(raw).as_bytes())
                } else {
                    self.key(tree, frame, raw)
                }
            };
            let next = match byte_at(bytes, at) {
                b'{' => Next::Object,
                b'[' => Next::Array,
                b'"' => {
                    at += 1;
                    break (key, Next::Text);
                }
                _ => break (key, Next::Plain),
            };
            let Some(inner) = self.entered(tree, frame, key, next) else { break (key, next) };
            frame = inner;
            self.turn(frame, at - start, true);
            is_start = true;
            at = skip_whitespace(bytes, at + 1);
        };
        let edge = Edge {
            turns: if self.explored().is_empty() { NONE } else { EXPLORED },
            depth: u8::try_from(self.frames[frame as usize].depth).unwrap_or(u8::MAX),
            node: key.node,
            state: key.state,
            next,
            pass: self.pass_of(tree, key.node, next),
            ..Edge::UNKEPT
        };
        self.learn(edge, &bytes[start..at], (state, walks));
        Ok(Taken { edge, end: at, number: NONE })
    }

    /// How a walk may go on over the value of a node.
    fn pass_of(&self, tree: &Tree, node: u32, next: Next) -> Pass {
        let is_wanted_of =
            || tree.nodes.get(node as usize).is_some_and(|node| !node.children.is_empty());
        match next {
            Next::End => Pass::Never,
            Next::Text if !is_wanted_of() => Pass::Text,
            Next::Text if self.opens_all => Pass::Never,
            Next::Text => Pass::TextUnlessJson,
            Next::Plain | Next::Object | Next::Array => Pass::Other,
        }
    }

    /// Learns what stands between a value and a key, from the comma to the quote.
    fn learn_comma(&mut self, frame: u32, bytes: &[u8], (comma, quote): (usize, usize)) {
        if byte_at(bytes, quote) == b'"' && quote - comma < BLOCK_BYTES {
            self.frames[frame as usize].comma =
                Literal::new(&bytes[comma..=quote], &mut self.blocks);
        }
    }

    /// Notes that the bytes of the edge that is explored open or close the object or array of a
    /// frame.
    fn turn(&mut self, frame: u32, offset: usize, opens: bool) {
        let Frame { node, kind, .. } = self.frames[frame as usize];
        if node != NONE {
            self.turns[EXPLORED as usize].push(Turn { node, offset: short(offset), opens, kind });
        }
    }

    /// Keeps an edge, where there is room for it.
    fn learn(&mut self, mut edge: Edge, bytes: &[u8], (state, walks): (u32, u64)) {
        let from = &mut self.states[state as usize];
        if from.is_by_keys {
            return;
        }
        from.misses = from.misses.saturating_add(1);
        if from.alternatives >= ALTERNATIVES_MAX {
            if from.judge(walks) {
                let frame = from.frame;
                from.is_by_keys = self.frames[frame as usize].kind == SlotKind::Object;
                self.lead(state);
                self.step_over(frame);
            }
            return;
        }
        let is_elsewhere = |state: u32| {
            self.states
                .get(state as usize)
                .is_some_and(|state| self.frames[state.frame as usize].elsewhere == edge.state)
        };
        if self.edges.len() >= EDGES_MAX
            || bytes.len() > EDGE_BYTES_MAX
            || bytes.is_empty()
            || is_elsewhere(edge.state)
        {
            return;
        }
        edge.literal = Literal::new(bytes, &mut self.blocks);
        edge.then = self.states.get(edge.state as usize).map_or(NONE, |state| state.first);
        if edge.turns != NONE {
            edge.turns = short(self.turns.len());
            self.turns.push(self.turns[EXPLORED as usize].clone());
        }
        if edge.pass == Pass::Text && edge.turns == NONE && edge.literal.is_one_block() {
            edge.pass = Pass::Plain;
        }
        let added = short(self.edges.len());
        self.edges.push(edge);
        self.lengths.push((0, 0));
        let from = &mut self.states[state as usize];
        from.alternatives += 1;
        let mut place = from.first;
        if place == NONE {
            from.first = added;
            self.lead(state);
            return;
        }
        while self.edges[place as usize].alternative != NONE {
            place = self.edges[place as usize].alternative;
        }
        self.edges[place as usize].alternative = added;
    }

    /// Whether the walk of this number learns the lengths of the strings behind the edges of `state`.
    pub(super) fn learns_lengths(&self, state: u32, walk: u64) -> bool {
        walk % WALKS_PER_LESSON < LESSON_WALKS
            && self.states.get(state as usize).is_some_and(|state| state.first != NONE)
    }

    /// Learns how long a string was behind an edge, unless it may have to be looked into.
    pub(super) fn learn_length(&mut self, taken: &Taken, length: usize) {
        let number = taken.number as usize;
        if let (Some(edge), Some((last, times))) =
            (self.edges.get_mut(number), self.lengths.get_mut(number))
            && matches!(edge.pass, Pass::Plain | Pass::Text)
        {
            *times = if *last == length { *times + 1 } else { 0 };
            *last = length;
            edge.usual = match u8::try_from(length) {
                Ok(usual) if *times >= TIMES_USUAL && length <= USUAL_BYTES_MAX => usual,
                _ => u8::MAX,
            };
        }
    }

    /// Has the edges that lead to a state lead on to its first edge, which has changed.
    fn lead(&mut self, to: u32) {
        let then = self.states[to as usize].first;
        for edge in self.edges.iter_mut().filter(|edge| edge.state == to) {
            edge.then = then;
        }
    }

    /// What is known of a key of a frame's object.
    fn key(&mut self, tree: &Tree, frame: u32, name: &[u8]) -> Key {
        if let Some(key) = self.keys.find::<ANYWHERE>(frame, name, (0, name.len()), &self.blocks) {
            return *key;
        }
        let known = &self.frames[frame as usize];
        let node = match known.node {
            // Nothing is wanted of the elements of an array by itself.
            _ if known.kind == SlotKind::Array => NONE,
            NONE => NONE,
            node => tree.find_key(node as usize, name).unwrap_or(NONE),
        };
        let key = Key { node, state: known.elsewhere, object: NONE, array: NONE };
        if known.key_count >= KEYS_MAX || name.len() > KEY_BYTES_MAX {
            return key;
        }
        let mut key = Key { state: self.add_state(frame, false), ..key };
        if node != NONE && !tree.nodes[node as usize].children.is_empty() {
            key.object = self.wanted_frame(frame, node);
        }
        self.frames[frame as usize].key_count += 1;
        self.keys.add(frame, name, key, &mut self.blocks);
        key
    }

    /// The frame of the object of a node that something is wanted of.
    fn wanted_frame(&mut self, parent: u32, node: u32) -> u32 {
        // Keys that differ in case, or are not remembered, lead to the same node.
        let is_it = |frame: &Frame| {
            frame.parent == parent && frame.node == node && frame.kind == SlotKind::Object
        };
        let known = self.frames.iter().position(is_it);
        let depth = self.frames[parent as usize].depth + 1;
        let kind = SlotKind::Object;
        known.map_or_else(|| self.add_frame(parent, node, (depth, kind)), short)
    }

    /// The frame of the object or array that is the value of a key, if it is entered.
    fn entered(&mut self, tree: &Tree, frame: u32, key: Key, next: Next) -> Option<u32> {
        let (kind, known) = match next {
            Next::Array => (SlotKind::Array, key.array),
            _ => (SlotKind::Object, key.object),
        };
        let inner = if known == NONE { self.inner(tree, frame, key, kind) } else { known };
        self.frames.get(inner as usize).is_some_and(|frame| !frame.is_data()).then_some(inner)
    }

    /// The frame of an object or array that is met for the first time as the value of a key; `NONE`
    /// when it is not entered.
    fn inner(&mut self, tree: &Tree, frame: u32, key: Key, kind: SlotKind) -> u32 {
        let is_wanted = kind == SlotKind::Object
            && key.node != NONE
            && !tree.nodes[key.node as usize].children.is_empty();
        let depth = self.frames[frame as usize].depth + 1;
        if is_wanted {
            return self.wanted_frame(frame, key.node);
        }
        // What an object as a whole is wanted for is filled when it is not entered.
        let may_enter = (key.node == NONE || kind == SlotKind::Array)
            && self.frames.len() < FRAMES_MAX
            && depth < FRAME_DEPTH_MAX
            && key.state != self.frames[frame as usize].elsewhere;
        if !may_enter {
            return NONE;
        }
        let inner = self.add_frame(frame, key.node, (depth, kind));
        for key in self.keys.followed_by(key.state) {
            *(if kind == SlotKind::Array { &mut key.array } else { &mut key.object }) = inner;
        }
        inner
    }

    /// Forgets the ways into a frame in which nothing is wanted and whose values come in no order:
    /// stepping over it takes less time than looking for a way.
    #[cold]
    fn step_over(&mut self, stepped: u32) {
        let frame = &mut self.frames[stepped as usize];
        if frame.node != NONE && frame.kind == SlotKind::Object {
            return;
        }
        frame.is_stepped = true;
        let is_inside = |state: u32| {
            let mut frame = self.states.get(state as usize).map_or(NONE, |state| state.frame);
            while frame != NONE && frame != stepped {
                frame = self.frames[frame as usize].parent;
            }
            frame == stepped
        };
        let inside: Vec<bool> = (0..).take(self.states.len()).map(is_inside).collect();
        let leads_inside = |edge: &Edge| inside.get(edge.state as usize) == Some(&true);
        let outside = self.states.iter_mut().zip(&inside).filter(|(_, is_inside)| !**is_inside);
        for (from, _) in outside {
            let mut kept: Vec<u32> = Vec::new();
            let mut number = from.first;
            while let Some(edge) = self.edges.get(number as usize) {
                if !leads_inside(edge) {
                    kept.push(number);
                }
                number = edge.alternative;
            }
            from.alternatives = u16::try_from(kept.len()).unwrap_or(ALTERNATIVES_MAX);
            from.first = kept.first().copied().unwrap_or(NONE);
            for (place, number) in kept.iter().enumerate() {
                self.edges[*number as usize].alternative =
                    kept.get(place + 1).copied().unwrap_or(NONE);
            }
        }
        for edge in &mut self.edges {
            edge.then = self.states.get(edge.state as usize).map_or(NONE, |state| state.first);
        }
    }

    fn add_frame(&mut self, parent: u32, node: u32, (depth, kind): (u16, SlotKind)) -> u32 {
        let added = short(self.frames.len());
        self.frames.push(Frame {
            parent,
            node,
            depth,
            kind,
            is_stepped: false,
            elsewhere: NONE,
            key_count: 0,
            comma: Literal::NOWHERE,
        });
        self.frames[added as usize].elsewhere = self.add_state(added, false);
        added
    }

    fn add_state(&mut self, frame: u32, is_start: bool) -> u32 {
        let added = short(self.states.len());
        let state = State {
            first: NONE,
            frame,
            misses: 0,
            judged_at: 0,
            alternatives: 0,
            is_start,
            is_by_keys: false,
        };
        self.states.push(state);
        added
    }
}

impl State {
    #[inline(always)]
    fn leads_on(&self) -> bool {
        self.first != NONE || self.is_by_keys
    }

    /// Whether the alternatives are worth comparing with, where they are all that may be kept:
    /// members without an order are looked up by their keys sooner than by what stood there before.
    /// Says whether they are not.
    fn judge(&mut self, walks: u64) -> bool {
        if self.misses < MISSES_JUDGED {
            return false;
        }
        let is_hopeless = u64::from(self.misses) > (walks - self.judged_at) / 8;
        if is_hopeless {
            self.first = NONE;
        }
        (self.judged_at, self.misses) = (walks, 0);
        is_hopeless
    }
}

impl Frame {
    /// Whether what the frame holds is data, never the same, and nothing in it is wanted.
    fn is_data(&self) -> bool {
        self.is_stepped || (self.node == NONE && self.key_count > STEPPED_KEYS_MAX)
    }
}

/// What a key with escapes stands for.
#[cold]
pub(super) fn unescaped(raw: &[u8]) -> String {
    let mut name = String::new();
    unescape_into(std::str::from_utf8(raw).unwrap_or_default(), &mut name);
    name
}

/// Positions in a record and in what is learned are far below 4 GiB (`RECORD_BYTES_MAX`, and the
/// bounds above).
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "nothing that is counted here comes near 4 GiB"
)]
pub(super) fn short(number: usize) -> u32 {
    number as u32
}
