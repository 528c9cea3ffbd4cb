//! Ways through records that were learned from earlier ones.
//!
//! An exporter writes the same members in the same order record after record, so the bytes between
//! one value and the next (closing brackets, a comma, blanks, a key, a colon, opening brackets, a
//! quote) are nearly always bytes that were met before at that point. A [`Routes`] remembers them:
//! a state is "behind the value of this key in this object" or "behind an element of this array",
//! an edge is the bytes that followed there, up to the next value. Where they stand again, one comparison has checked their grammar
//! and told which member comes next. Where they don't, the grammar is followed byte by byte, and
//! the edge is learned. What was learned changes the speed and never the outcome.

use std::collections::HashMap;

use super::check::{key_end, string_end};
use super::scan::{BLOCK_BYTES, Work, skip_whitespace, widest};
use super::slot::SlotKind;
use super::tree::Tree;
use super::{Fault, byte_at};
use edge::{Edge, plain_end};
pub(super) use edge::{Next, Turn};

mod edge;

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
/// Misses after which a state that has as many alternatives as it may have is judged, and how often
/// it may learn others.
const MISSES_JUDGED: u32 = 64;
const RELEARNED_MAX: u16 = 4;
/// Keys of an object that nobody wants, above which its keys count as data and it is stepped over.
const STEPPED_KEYS_MAX: usize = 64;

/// An edge that turned into wanted objects or arrays, or led to a wanted value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passed {
    pub(super) edge: Taken,
    /// The value, right behind the edge; of a string, its characters.
    pub(super) span: (usize, usize),
    pub(super) kind: SlotKind,
}

/// Room for what is passed at once.
#[derive(Debug)]
pub(super) struct Passage {
    passed: [Passed; 64],
    count: usize,
}

impl Default for Passage {
    fn default() -> Self {
        let nothing = Passed { edge: Taken(UNKEPT), span: (0, 0), kind: SlotKind::Absent };
        Self { passed: [nothing; 64], count: 0 }
    }
}

impl Passage {
    /// What was passed, in order.
    #[inline(always)]
    pub(super) fn passed(&self) -> &[Passed] {
        &self.passed[..self.count.min(self.passed.len())]
    }
}

/// Passing values, as work for the widest instructions; see [`Routes::pass`].
struct Pass<'r, 'b> {
    routes: &'r Routes,
    bytes: &'b [u8],
    at: usize,
    state: u32,
    depth: usize,
    passage: &'r mut Passage,
}

impl Work for Pass<'_, '_> {
    type Done = (usize, u32);

    #[inline(always)]
    fn run(self) -> Self::Done {
        self.routes.pass_values(self.bytes, (self.at, self.state), self.depth, self.passage)
    }
}

/// Place of an edge that was followed or explored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken(u32);

/// Behind the value of a key, an element of an array, or the brace that begins the walk.
#[derive(Debug, Clone, Copy)]
struct State {
    first: u32,
    frame: u32,
    misses: u32,
    /// The walk at which it was judged last.
    judged_at: u64,
    alternatives: u16,
    relearned: u16,
    is_start: bool,
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
    /// The keys of an object; the elements of an array are all known as the empty one.
    keys: HashMap<Box<[u8]>, Key, foldhash::fast::FixedState>,
}

#[derive(Debug, Clone, Copy)]
struct Key {
    node: u32,
    state: u32,
    /// The frames of the object and of the array that its value may be; `NONE` until one was met.
    object: u32,
    array: u32,
}

/// Everything that was learned by one walker.
#[derive(Debug)]
pub(super) struct Routes {
    frames: Vec<Frame>,
    states: Vec<State>,
    edges: Vec<Edge>,
    blocks: Vec<[u8; BLOCK_BYTES]>,
    turns: Vec<Turn>,
    /// Turns that belong to edges; those behind them are of the edge that was explored last.
    turns_kept: usize,
    /// First state of a walk, by node.
    starts: HashMap<u32, u32, foldhash::fast::FixedState>,
}

/// Place of the edge that was explored last and is not kept, or not yet.
const UNKEPT: u32 = 0;

impl Default for Routes {
    fn default() -> Self {
        Self {
            frames: Vec::new(),
            states: Vec::new(),
            edges: vec![Edge::UNKEPT],
            blocks: Vec::new(),
            turns: Vec::new(),
            turns_kept: 0,
            starts: HashMap::default(),
        }
    }
}

impl Routes {
    /// The state behind the opening brace of an object of `node`, where a walk begins.
    pub(super) fn start(&mut self, node: u32) -> u32 {
        if let Some(state) = self.starts.get(&node) {
            return *state;
        }
        let frame = self.add_frame(NONE, node, (1, SlotKind::Object));
        let state = self.add_state(frame, true);
        self.starts.insert(node, state);
        state
    }

    /// Whether anything was learned of what follows on `state`.
    #[inline(always)]
    pub(super) fn leads_on(&self, state: u32) -> bool {
        self.states.get(state as usize).is_some_and(|state| state.first != NONE)
    }

    /// Goes on from `state` at `at` as long as a learned edge leads to a value below which nothing is
    /// wanted: all of most records. Gives the position and the state behind the last one. `depth` is
    /// how many objects and arrays the walk's own object stands in.
    pub(super) fn pass(
        &self,
        bytes: &[u8],
        (at, state): (usize, u32),
        depth: usize,
        passage: &mut Passage,
    ) -> (usize, u32) {
        widest(Pass { routes: self, bytes, at, state, depth, passage })
    }

    /// As [`Self::pass`]. What is wanted is only noted here, so that all of it fits into registers.
    #[inline(always)]
    fn pass_values(
        &self,
        bytes: &[u8],
        (mut at, mut state): (usize, u32),
        depth: usize,
        passage: &mut Passage,
    ) -> (usize, u32) {
        let (states, edges) = (self.states.as_slice(), self.edges.as_slice());
        let mut count = 0;
        'values: while let Some(from) = states.get(state as usize) {
            let mut number = from.first;
            let edge = loop {
                let Some(edge) = edges.get(number as usize) else { break 'values };
                if edge.stands_at(bytes, at, &self.blocks) {
                    break edge;
                }
                number = edge.alternative;
            };
            if !edge.is_passed {
                break;
            }
            let begin = at + edge.length as usize;
            let (end, kind) = match edge.next {
                Next::Text => match string_end(bytes, begin) {
                    Ok(end) if end.escaped => (end.quote, SlotKind::EscapedText),
                    Ok(end) => (end.quote, SlotKind::Text),
                    Err(_) => break,
                },
                _ => match plain_end(bytes, begin, depth + usize::from(edge.depth)) {
                    Some(found) => found,
                    None => break,
                },
            };
            if edge.node != NONE || edge.turn_count > 0 {
                let Some(passed) = passage.passed.get_mut(count) else { break };
                *passed = Passed { edge: Taken(number), span: (begin, end), kind };
                count += 1;
            }
            at = end + usize::from(edge.next == Next::Text);
            state = edge.state;
        }
        passage.count = count;
        (at, state)
    }

    /// The edge from `state` whose bytes stand at `at`, if one was learned.
    #[inline(always)]
    pub(super) fn follow(&self, bytes: &[u8], at: usize, state: u32) -> Option<Taken> {
        let mut tried = self.states[state as usize].first;
        while tried != NONE {
            let edge = &self.edges[tried as usize];
            if edge.stands_at(bytes, at, &self.blocks) {
                return Some(Taken(tried));
            }
            tried = edge.alternative;
        }
        None
    }

    /// The edge that was taken last.
    #[inline(always)]
    pub(super) fn edge(&self, taken: Taken) -> &Edge {
        &self.edges[taken.0 as usize]
    }

    /// The objects that `edge` opens and closes, in order.
    #[inline(always)]
    pub(super) fn turns(&self, edge: &Edge) -> &[Turn] {
        if edge.turn_count == 0 {
            return &[];
        }
        let first = edge.turns as usize;
        &self.turns[first..first + usize::from(edge.turn_count)]
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
        self.turns.truncate(self.turns_kept);
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
                b',' if !is_start => at = skip_whitespace(bytes, at + 1),
                b'"' if is_start => {}
                _ if is_start && is_array => {}
                _ => return Err(Fault::unexpected(bytes, at)),
            }
            let key = if is_array {
                self.key(tree, frame, b"", false)
            } else {
                let (end, value_at) = key_end(bytes, at)?;
                let raw = &bytes[at + 1..end.quote];
                at = value_at;
                self.key(tree, frame, raw, end.escaped)
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
        let turns = self.turns_kept;
        let edge = Edge {
            length: short(at - start),
            turns: short(turns),
            turn_count: u16::try_from(self.turns.len() - turns).unwrap_or(u16::MAX),
            depth: self.frames[frame as usize].depth,
            node: key.node,
            state: key.state,
            next,
            is_passed: match next {
                Next::Text => key.node == NONE || tree.nodes[key.node as usize].children.is_empty(),
                Next::Plain | Next::Array => true,
                Next::Object => key.node == NONE,
                Next::End => false,
            },
            ..Edge::UNKEPT
        };
        self.edges[UNKEPT as usize] = edge;
        self.learn(edge, &bytes[start..at], (state, walks));
        Ok(Taken(UNKEPT))
    }

    /// Notes that the bytes of the edge that is explored open or close the object or array of a
    /// frame.
    fn turn(&mut self, frame: u32, offset: usize, opens: bool) {
        let Frame { node, kind, .. } = self.frames[frame as usize];
        if node != NONE {
            self.turns.push(Turn { node, offset: short(offset), opens, kind });
        }
    }

    /// Keeps an edge, where there is room for it.
    fn learn(&mut self, mut edge: Edge, bytes: &[u8], (state, walks): (u32, u64)) {
        let from = &mut self.states[state as usize];
        from.misses = from.misses.saturating_add(1);
        if from.alternatives >= ALTERNATIVES_MAX {
            let (is_hopeless, frame) = (from.judge(walks), from.frame);
            if is_hopeless {
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
        let (head, behind) = bytes.split_at(bytes.len().min(BLOCK_BYTES));
        edge.head[..head.len()].copy_from_slice(head);
        edge.blocks = short(self.blocks.len());
        for part in behind.chunks(BLOCK_BYTES) {
            let mut block = [0; BLOCK_BYTES];
            block[..part.len()].copy_from_slice(part);
            self.blocks.push(block);
        }
        self.turns_kept = self.turns.len();
        let added = short(self.edges.len());
        self.edges.push(edge);
        let from = &mut self.states[state as usize];
        from.alternatives += 1;
        let mut place = from.first;
        if place == NONE {
            from.first = added;
            return;
        }
        while self.edges[place as usize].alternative != NONE {
            place = self.edges[place as usize].alternative;
        }
        self.edges[place as usize].alternative = added;
    }

    /// What is known of a key of a frame's object.
    fn key(&mut self, tree: &Tree, frame: u32, raw: &[u8], is_escaped: bool) -> Key {
        let known = &self.frames[frame as usize];
        if let Some(key) = known.keys.get(raw) {
            return *key;
        }
        let node = match known.node {
            // Nothing is wanted of the elements of an array by itself.
            _ if known.kind == SlotKind::Array => NONE,
            NONE => NONE,
            node => tree.find_key(node as usize, raw, is_escaped).unwrap_or(NONE),
        };
        let elsewhere = Key { node, state: known.elsewhere, object: NONE, array: NONE };
        if known.keys.len() >= KEYS_MAX || raw.len() > KEY_BYTES_MAX {
            return elsewhere;
        }
        let state = self.add_state(frame, false);
        let key = Key { state, ..elsewhere };
        self.frames[frame as usize].keys.insert(Box::from(raw), key);
        key
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
            // Keys that differ in case, or are not remembered, lead to the same node.
            let is_it = |inner: &Frame| {
                inner.parent == frame && inner.node == key.node && inner.kind == kind
            };
            let known = self.frames.iter().position(is_it);
            let inner = known.map_or_else(|| self.add_frame(frame, key.node, (depth, kind)), short);
            self.remember_inner(frame, key.state, inner);
            return inner;
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
        self.remember_inner(frame, key.state, inner);
        inner
    }

    fn remember_inner(&mut self, frame: u32, state: u32, inner: u32) {
        let kind = self.frames[inner as usize].kind;
        let keys = self.frames[frame as usize].keys.values_mut();
        for key in keys.filter(|key| key.state == state) {
            *(if kind == SlotKind::Array { &mut key.array } else { &mut key.object }) = inner;
        }
    }

    /// Forgets the ways into a frame that nobody wants and whose values come in no order: stepping
    /// over it takes less time than looking for a way.
    #[cold]
    fn step_over(&mut self, stepped: u32) {
        if self.frames[stepped as usize].node != NONE {
            return;
        }
        self.frames[stepped as usize].is_stepped = true;
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
    }

    fn add_frame(&mut self, parent: u32, node: u32, (depth, kind): (u16, SlotKind)) -> u32 {
        let added = short(self.frames.len());
        let keys = HashMap::default();
        self.frames.push(Frame {
            parent,
            node,
            depth,
            kind,
            is_stepped: false,
            elsewhere: NONE,
            keys,
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
            relearned: 0,
            is_start,
        };
        self.states.push(state);
        added
    }
}

impl State {
    /// Whether the alternatives are worth comparing with, where they are all that may be kept:
    /// members without an order are looked up by their keys sooner than by what stood there before.
    /// Says whether there is no hope left.
    fn judge(&mut self, walks: u64) -> bool {
        if self.misses < MISSES_JUDGED {
            return false;
        }
        let is_hopeless = u64::from(self.misses) > (walks - self.judged_at) / 8;
        let is_over = is_hopeless && self.relearned >= RELEARNED_MAX;
        if is_hopeless {
            self.first = NONE;
            if self.relearned < RELEARNED_MAX {
                self.relearned += 1;
                self.alternatives = 0;
            }
        }
        (self.judged_at, self.misses) = (walks, 0);
        is_over
    }
}

impl Frame {
    /// Whether what the frame holds is data, never the same, and nothing in it is wanted.
    fn is_data(&self) -> bool {
        self.is_stepped || (self.node == NONE && self.keys.len() > STEPPED_KEYS_MAX)
    }
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
