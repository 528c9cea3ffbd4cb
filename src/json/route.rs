//! Ways through records that were learned from earlier ones.
//!
//! An exporter writes the same members in the same order record after record, so the bytes between
//! one value and the next (closing braces, a comma, blanks, a key, a colon, opening braces, a
//! quote) are nearly always bytes that were met before at that point. A [`Routes`] remembers them:
//! a state is "behind the value of this key in this object", an edge is the bytes that followed
//! there, up to the next value. Where they stand again, one comparison has checked their grammar
//! and told which member comes next. Where they don't, the grammar is followed byte by byte, and
//! the edge is learned. What was learned changes the speed and never the outcome.

use std::collections::HashMap;

use super::check::key_end;
use super::scan::{BLOCK_BYTES, Work, skip_whitespace, stands_at, string_stop, widest};
use super::tree::Tree;
use super::{Fault, byte_at};

/// No node, state, edge or frame.
pub(super) const NONE: u32 = u32::MAX;

/// Objects that are told apart; members of further ones that nobody wants are stepped over.
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

/// What stands behind an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The characters of a string; its opening quote belongs to the edge.
    Text,
    /// A number, `true`, `false`, `null` or an array.
    Plain,
    /// An object that is not entered.
    Object,
    /// Nothing: the object that the walk began with is closed.
    End,
}

/// An object that is opened or closed by the bytes of an edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// Its node.
    pub(super) node: u32,
    /// Bytes from the start of the edge to its opening brace, or to what follows the closing one.
    pub(super) offset: u32,
    pub(super) opens: bool,
}

/// The way from behind one value to the next.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Edge {
    /// Its first bytes: all of them, for most.
    head: [u8; BLOCK_BYTES],
    /// Length in bytes.
    pub(super) length: u32,
    /// Place of the blocks of bytes behind the head.
    blocks: u32,
    turns: u32,
    /// The node that the value leads to, if anything below it is wanted.
    pub(super) node: u32,
    /// The state behind the value.
    pub(super) state: u32,
    alternative: u32,
    turn_count: u16,
    /// How many objects of this walk the value stands in.
    pub(super) depth: u16,
    pub(super) next: Next,
    /// Whether the value is a string below which nothing is wanted.
    is_passed: bool,
}

/// An edge that turned into objects, or led to a wanted string.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passed {
    pub(super) edge: Taken,
    /// Where the edge began.
    pub(super) at: usize,
    /// The characters of the string.
    pub(super) span: (usize, usize),
}

/// Room for what is passed at once.
#[derive(Debug)]
pub(super) struct Passage {
    passed: [Passed; 64],
    count: usize,
}

impl Default for Passage {
    fn default() -> Self {
        Self { passed: [Passed { edge: Taken(UNKEPT), at: 0, span: (0, 0) }; 64], count: 0 }
    }
}

impl Passage {
    /// What was passed, in order.
    #[inline(always)]
    pub(super) fn passed(&self) -> &[Passed] {
        &self.passed[..self.count.min(self.passed.len())]
    }
}

/// Passing strings, as work for the widest instructions; see [`Routes::pass`].
struct Pass<'r, 'b> {
    routes: &'r Routes,
    bytes: &'b [u8],
    at: usize,
    state: u32,
    passage: &'r mut Passage,
}

impl Work for Pass<'_, '_> {
    type Done = (usize, u32);

    #[inline(always)]
    fn run(self) -> Self::Done {
        self.routes.pass_strings(self.bytes, (self.at, self.state), self.passage)
    }
}

/// Place of an edge that was followed or explored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken(u32);

/// Behind the value of a key, or behind the brace that begins the walk.
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

/// An object on the way: the walk's own, a wanted one, or one that is only stepped through.
#[derive(Debug)]
struct Frame {
    parent: u32,
    node: u32,
    depth: u16,
    /// The state behind a key that is not remembered.
    elsewhere: u32,
    keys: HashMap<Box<[u8]>, Key, foldhash::fast::FixedState>,
}

#[derive(Debug, Clone, Copy)]
struct Key {
    node: u32,
    state: u32,
    /// The frame of the object that its value may be; `NONE` until one was met.
    inner: u32,
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
        let frame = self.add_frame(NONE, node, 1);
        let state = self.add_state(frame, true);
        self.starts.insert(node, state);
        state
    }

    /// Whether anything was learned of what follows on `state`.
    #[inline(always)]
    pub(super) fn leads_on(&self, state: u32) -> bool {
        self.states.get(state as usize).is_some_and(|state| state.first != NONE)
    }

    /// Goes on from `state` at `at` as long as the edge that comes first there leads to a string
    /// without escapes: nearly all of most records. Gives the position and the state behind the
    /// last one.
    pub(super) fn pass(
        &self,
        bytes: &[u8],
        (at, state): (usize, u32),
        passage: &mut Passage,
    ) -> (usize, u32) {
        widest(Pass { routes: self, bytes, at, state, passage })
    }

    /// As [`Self::pass`]. Nothing is done here but comparing bytes, so that all of it fits into
    /// registers.
    #[inline(always)]
    fn pass_strings(
        &self,
        bytes: &[u8],
        (mut at, mut state): (usize, u32),
        passage: &mut Passage,
    ) -> (usize, u32) {
        let (states, edges) = (self.states.as_slice(), self.edges.as_slice());
        let mut count = 0;
        while let Some(edge) = states.get(state as usize).map(|state| state.first)
            && let Some(taken) = edges.get(edge as usize)
            && taken.is_passed
            && taken.bytes_stand_at(bytes, at, &self.blocks)
        {
            let begin = at + taken.length as usize;
            let end = string_stop(bytes, begin);
            if byte_at(bytes, end) != b'"' {
                break;
            }
            if taken.node != NONE || taken.turn_count > 0 {
                let Some(passed) = passage.passed.get_mut(count) else { break };
                *passed = Passed { edge: Taken(edge), at, span: (begin, end) };
                count += 1;
            }
            at = end + 1;
            state = taken.state;
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
            match byte_at(bytes, at) {
                b'}' => {
                    at += 1;
                    self.turn(frame, at - start, false);
                    let parent = self.frames[frame as usize].parent;
                    if parent == NONE {
                        break (Key { node: NONE, state: NONE, inner: NONE }, Next::End);
                    }
                    frame = parent;
                    is_start = false;
                    at = skip_whitespace(bytes, at);
                    continue;
                }
                b',' if !is_start => at = skip_whitespace(bytes, at + 1),
                b'"' if is_start => {}
                _ => return Err(Fault::unexpected(bytes, at)),
            }
            let (end, value_at) = key_end(bytes, at)?;
            let mut key = self.key(tree, frame, &bytes[at + 1..end.quote], end.escaped);
            at = value_at;
            match byte_at(bytes, at) {
                b'{' => {
                    if key.inner == NONE {
                        key.inner = self.inner(tree, frame, key);
                    }
                    if key.inner == NONE || self.frames[key.inner as usize].is_data() {
                        break (key, Next::Object);
                    }
                    frame = key.inner;
                    self.turn(frame, at - start, true);
                    is_start = true;
                    at = skip_whitespace(bytes, at + 1);
                }
                b'"' => {
                    at += 1;
                    break (key, Next::Text);
                }
                _ => break (key, Next::Plain),
            }
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
            is_passed: next == Next::Text
                && (key.node == NONE || tree.nodes[key.node as usize].children.is_empty()),
            ..Edge::UNKEPT
        };
        self.edges[UNKEPT as usize] = edge;
        self.learn(edge, &bytes[start..at], (state, walks));
        Ok(Taken(UNKEPT))
    }

    /// Notes that the bytes of the edge that is explored open or close the object of a frame.
    fn turn(&mut self, frame: u32, offset: usize, opens: bool) {
        let node = self.frames[frame as usize].node;
        if node != NONE {
            self.turns.push(Turn { node, offset: short(offset), opens });
        }
    }

    /// Keeps an edge, where there is room for it.
    fn learn(&mut self, mut edge: Edge, bytes: &[u8], (state, walks): (u32, u64)) {
        let from = &mut self.states[state as usize];
        from.misses = from.misses.saturating_add(1);
        if from.alternatives >= ALTERNATIVES_MAX {
            from.judge(walks);
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
            NONE => NONE,
            node => tree.find_key(node as usize, raw, is_escaped).unwrap_or(NONE),
        };
        let elsewhere = Key { node, state: known.elsewhere, inner: NONE };
        if known.keys.len() >= KEYS_MAX || raw.len() > KEY_BYTES_MAX {
            return elsewhere;
        }
        let state = self.add_state(frame, false);
        let key = Key { state, ..elsewhere };
        self.frames[frame as usize].keys.insert(Box::from(raw), key);
        key
    }

    /// The frame of the object that is the value of a key; `NONE` when it is not entered.
    fn inner(&mut self, tree: &Tree, frame: u32, key: Key) -> u32 {
        let is_wanted = key.node != NONE && !tree.nodes[key.node as usize].children.is_empty();
        let depth = self.frames[frame as usize].depth + 1;
        if is_wanted {
            // Keys that differ in case, or are not remembered, lead to the same node.
            let known = self
                .frames
                .iter()
                .position(|inner| inner.parent == frame && inner.node == key.node);
            let inner = known.map_or_else(|| self.add_frame(frame, key.node, depth), short);
            self.remember_inner(frame, key.state, inner);
            return inner;
        }
        // What an object as a whole is wanted for is filled when it is not entered.
        let may_enter = key.node == NONE
            && self.frames.len() < FRAMES_MAX
            && depth < FRAME_DEPTH_MAX
            && key.state != self.frames[frame as usize].elsewhere;
        if !may_enter {
            return NONE;
        }
        let inner = self.add_frame(frame, NONE, depth);
        self.remember_inner(frame, key.state, inner);
        inner
    }

    fn remember_inner(&mut self, frame: u32, state: u32, inner: u32) {
        let keys = self.frames[frame as usize].keys.values_mut();
        for key in keys.filter(|key| key.state == state) {
            key.inner = inner;
        }
    }

    fn add_frame(&mut self, parent: u32, node: u32, depth: u16) -> u32 {
        let added = short(self.frames.len());
        self.frames.push(Frame { parent, node, depth, elsewhere: NONE, keys: HashMap::default() });
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
    fn judge(&mut self, walks: u64) {
        if self.misses < MISSES_JUDGED {
            return;
        }
        if u64::from(self.misses) > (walks - self.judged_at) / 8 {
            self.first = NONE;
            if self.relearned < RELEARNED_MAX {
                self.relearned += 1;
                self.alternatives = 0;
            }
        }
        (self.judged_at, self.misses) = (walks, 0);
    }
}

impl Frame {
    /// Whether the object's keys are data, never the same, and nothing in it is wanted.
    fn is_data(&self) -> bool {
        self.node == NONE && self.keys.len() > STEPPED_KEYS_MAX
    }
}

impl Edge {
    /// Of no bytes.
    const UNKEPT: Self = Self {
        head: [0; BLOCK_BYTES],
        length: 0,
        blocks: 0,
        turns: 0,
        turn_count: 0,
        depth: 0,
        node: NONE,
        state: NONE,
        alternative: NONE,
        next: Next::End,
        is_passed: false,
    };

    /// Whether the bytes of the edge stand at `at`, and the value that it tells behind them.
    #[inline(always)]
    fn stands_at(&self, bytes: &[u8], at: usize, blocks: &[[u8; BLOCK_BYTES]]) -> bool {
        self.bytes_stand_at(bytes, at, blocks)
            && (self.next == Next::Text || self.fits(byte_at(bytes, at + self.length as usize)))
    }

    #[inline(always)]
    fn bytes_stand_at(&self, bytes: &[u8], mut at: usize, blocks: &[[u8; BLOCK_BYTES]]) -> bool {
        let (mut block, mut behind) = (&self.head, self.blocks as usize);
        let mut length = self.length as usize;
        while length > BLOCK_BYTES {
            if !stands_at(bytes, at, block, BLOCK_BYTES) {
                return false;
            }
            let Some(next) = blocks.get(behind) else { return false };
            at += BLOCK_BYTES;
            length -= BLOCK_BYTES;
            behind += 1;
            block = next;
        }
        stands_at(bytes, at, block, length)
    }

    /// Whether the value behind the edge may begin with `byte`: a blank, a quote or a brace there
    /// belongs to another edge.
    #[inline(always)]
    fn fits(&self, byte: u8) -> bool {
        match self.next {
            Next::Text | Next::End => true,
            Next::Plain => byte > b' ' && byte != b'"' && byte != b'{',
            Next::Object => byte == b'{',
        }
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
