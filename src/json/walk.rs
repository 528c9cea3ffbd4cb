//! One pass over a record: every byte is checked, every wanted value is remembered as a slot.
//!
//! The way from value to value is learned ([`super::route`]), so that members in the order of
//! earlier records cost one comparison each; any other order is read exactly, by looking the keys
//! up. Where a member occurs twice, the last one counts, as in every common JSON reader; such
//! records take a second, slower pass.

use super::check::{key_end, scalar_end, string_end, value_end};
use super::escape::unescape_into;
use super::route::{NONE, Next, Passage, Routes, What, short, unescaped};
use super::scan::skip_whitespace;
use super::slot::{Slot, SlotKind, SlotSet};
use super::tree::Tree;
use super::{Fault, FaultKind, byte_at};
use crate::limits::{DEPTH_MAX, TEXT_NESTING_MAX};
use found::{Found, Sources};

mod found;

/// How an exporter writes values into strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Texts {
    /// As they are; a string may hold JSON. The empty string stands for nothing.
    #[default]
    Plain,
    /// As Python prints them: `None` stands for nothing too (`az monitor log-analytics query`).
    Python,
    /// As .NET prints them: a dictionary is lines of `key : value` (`Export-Csv`).
    DotNet,
}

/// JSON texts opened inside one record.
const OPENED_TEXTS_MAX: usize = 256;

/// Why taking values pauses.
enum Pause {
    /// The object has ended, before this position.
    End(usize),
    /// A string was met below which something is wanted.
    Text { node: u32, span: (usize, usize), escaped: bool, state: u32 },
}

/// A reusable walker over records of one tree.
pub struct Walker {
    tree: Tree,
    texts: Texts,
    routes: Routes,
    passage: Passage,
    found: Found,
    opened: Vec<String>,
    opened_count: usize,
    exact: bool,
}

impl std::fmt::Debug for Walker {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Walker").field("nodes", &self.tree.nodes.len()).finish_non_exhaustive()
    }
}

/// Where the walk stands: which text, how deep, how many texts inside texts.
#[derive(Clone, Copy)]
struct Place<'a> {
    text: &'a str,
    buffer: u16,
    depth: usize,
    nesting: usize,
}

impl Walker {
    /// A walker for `tree`.
    pub fn new(tree: Tree, texts: Texts) -> Self {
        Self {
            found: Found::new(&tree, texts),
            tree,
            texts,
            routes: Routes::new(texts == Texts::DotNet),
            passage: Passage::default(),
            opened: Vec::new(),
            opened_count: 0,
            exact: false,
        }
    }

    /// Walks the value at `at` of `text` and gives the position after it.
    ///
    /// # Errors
    /// The first [`Fault`]; the slots then hold what was met before it.
    pub fn walk(&mut self, text: &str, at: usize) -> Result<usize, Fault> {
        self.exact = false;
        let end = self.walk_once(text, at)?;
        if self.found.repeated() {
            if self.opened_count < OPENED_TEXTS_MAX {
                let sources = Sources { text, opened: &self.opened };
                self.found.settle_last(self.passage.passed(), sources);
            } else {
                self.exact = true;
                return self.walk_once(text, at);
            }
        }
        Ok(end)
    }

    fn walk_once(&mut self, text: &str, at: usize) -> Result<usize, Fault> {
        self.found.begin();
        self.routes.begin(self.found.walk());
        self.passage.begin();
        self.opened_count = 0;
        let end = self.value(Place { text, buffer: 0, depth: 0, nesting: 0 }, at, 0);
        let sources = Sources { text, opened: &self.opened };
        self.found.settle(self.passage.passed(), sources);
        end
    }

    /// The slots that the last walk filled.
    pub fn slots(&self) -> &[Slot] {
        self.found.slots()
    }

    /// The slots that the last walk found something for.
    #[inline(always)]
    pub fn met(&self) -> &SlotSet {
        self.found.met()
    }

    /// The text a slot's span lies in.
    pub fn text_of<'a>(&'a self, text: &'a str, slot: Slot) -> &'a str {
        let source = match usize::from(slot.buffer) {
            0 => text,
            number => self.opened[..self.opened_count].get(number - 1).map_or("", String::as_str),
        };
        source.get(slot.start as usize..slot.end as usize).unwrap_or_default()
    }

    #[inline]
    fn value(&mut self, place: Place<'_>, at: usize, node: usize) -> Result<usize, Fault> {
        let bytes = place.text.as_bytes();
        match byte_at(bytes, at) {
            b'"' => {
                let end = string_end(bytes, at + 1)?;
                self.text(place, node, (at + 1, end.quote), end.escaped);
                Ok(end.quote + 1)
            }
            b'{' => {
                let end = if self.tree.nodes[node].children.is_empty() {
                    value_end(bytes, at, place.depth)?
                } else {
                    self.object(place, at, node)?
                };
                self.fill(place, node, (at, end), SlotKind::Object);
                Ok(end)
            }
            b'[' => {
                let end = value_end(bytes, at, place.depth)?;
                self.fill(place, node, (at, end), SlotKind::Array);
                Ok(end)
            }
            first => {
                let end = scalar_end(bytes, at)?;
                let kind = if first == b'n' { SlotKind::Null } else { SlotKind::Scalar };
                self.fill(place, node, (at, end), kind);
                Ok(end)
            }
        }
    }

    /// Takes a value that was found otherwise than as a member of a learned object.
    fn fill(&mut self, place: Place<'_>, node: usize, span: (usize, usize), kind: SlotKind) {
        self.passage.buffer = place.buffer;
        self.passage.add((short(node), What::Value), span, kind);
    }

    /// Walks the JSON that a string may hold. What is no JSON is left alone.
    #[cold]
    #[inline(never)]
    fn open_text(&mut self, place: Place<'_>, span: (usize, usize), escaped: bool, node: usize) {
        let Some(raw) = place.text.get(span.0..span.1) else { return };
        let first = raw.trim_start_matches([' ', '\n', '\r', '\t', '\\']).bytes().next();
        // White space, a brace or a quote may itself be escaped: `\n`, `\u007b`.
        let is_json = matches!(first, Some(b'{' | b'"'))
            || (escaped && matches!(first, Some(b'n' | b'r' | b't' | b'u')));
        let is_wanted = is_json || self.texts == Texts::DotNet;
        if !is_wanted || place.nesting >= TEXT_NESTING_MAX || self.opened_count >= OPENED_TEXTS_MAX
        {
            return;
        }
        let index = self.opened_count;
        if self.opened.len() == index {
            self.opened.push(String::new());
        }
        self.opened_count += 1;
        let mut text = std::mem::take(&mut self.opened[index]);
        text.clear();
        if escaped {
            unescape_into(raw, &mut text);
        } else {
            text.push_str(raw);
        }
        let start = skip_whitespace(text.as_bytes(), 0);
        if matches!(byte_at(text.as_bytes(), start), b'{' | b'"') {
            #[expect(clippy::cast_possible_truncation, reason = "bounded by OPENED_TEXTS_MAX")]
            let buffer = index as u16 + 1;
            let inner =
                Place { text: &text, buffer, depth: place.depth, nesting: place.nesting + 1 };
            // A text that stops being JSON keeps what was met before the fault.
            let _ = self.value_in_text(inner, start, node);
        } else if self.texts == Texts::DotNet {
            #[expect(clippy::cast_possible_truncation, reason = "bounded by OPENED_TEXTS_MAX")]
            let buffer = index as u16 + 1;
            self.dictionary(
                Place { text: &text, buffer, depth: place.depth, nesting: place.nesting + 1 },
                node,
            );
        }
        self.opened[index] = text;
    }

    /// Lines of `key : value`. Keys hold colons themselves, so only known keys are looked for.
    fn dictionary(&mut self, place: Place<'_>, node: usize) {
        let mut line_start = 0;
        for line in place.text.split_inclusive('\n') {
            let key_start = line_start + (line.len() - line.trim_start().len());
            line_start += line.len();
            let found = self.tree.nodes[node].children.iter().find_map(|(name, child)| {
                let rest = place.text.get(key_start..line_start)?;
                let head = rest.get(..name.len())?;
                let value = rest.get(name.len()..)?.trim_start_matches(' ').strip_prefix(':')?;
                head.eq_ignore_ascii_case(name).then_some((*child as usize, value.len()))
            });
            let Some((child, length)) = found else { continue };
            let raw = place.text.get(line_start - length..line_start).unwrap_or_default();
            let start = line_start - raw.trim_start().len();
            let end = start + raw.trim().len();
            self.fill(place, child, (start, end), SlotKind::Text);
            if !self.tree.nodes[child].children.is_empty() {
                self.open_text(place, (start, end), false, child);
            }
        }
    }

    /// As [`Self::value`], for the outermost value of an opened text: its own targets were
    /// filled with the string it stands in.
    fn value_in_text(&mut self, place: Place<'_>, at: usize, node: usize) -> Result<usize, Fault> {
        let bytes = place.text.as_bytes();
        if byte_at(bytes, at) == b'{' {
            return self.object(place, at, node);
        }
        let end = string_end(bytes, at + 1)?;
        self.open_text(place, (at + 1, end.quote), end.escaped, node);
        Ok(end.quote + 1)
    }

    fn object(&mut self, place: Place<'_>, at: usize, node: usize) -> Result<usize, Fault> {
        if place.depth >= DEPTH_MAX {
            return Err(Fault { at, kind: FaultKind::TooDeep });
        }
        if self.exact {
            return self.object_exactly(place, at, node);
        }
        self.object_learned(place, at, node)
    }

    /// Walks an object along what was learned of its members; wanted objects inside are entered
    /// here too, so that one loop takes value after value.
    fn object_learned(
        &mut self,
        place: Place<'_>,
        start: usize,
        node: usize,
    ) -> Result<usize, Fault> {
        let mut state = self.routes.start(short(node));
        let mut at = start + 1;
        loop {
            match self.values(place, (at, state), node)? {
                Pause::End(end) => return Ok(end),
                Pause::Text { node, span, escaped, state: behind } => {
                    self.open_text(place, span, escaped, node as usize);
                    state = behind;
                    at = span.1 + 1;
                }
            }
        }
    }

    /// Takes value after value from `state` on, up to the end of the object that the walk of this
    /// text began with, or to a string that has to be opened.
    fn values(
        &mut self,
        place: Place<'_>,
        (mut at, mut state): (usize, u32),
        first: usize,
    ) -> Result<Pause, Fault> {
        let Self { tree, routes, passage, found, .. } = self;
        let bytes = place.text.as_bytes();
        passage.buffer = place.buffer;
        loop {
            let learns_lengths = routes.learns_lengths(state, found.walk());
            if routes.leads_on(state) && !learns_lengths {
                (at, state) = routes.pass(bytes, (at, state), place.depth, passage);
            }
            let taken = match routes.follow(bytes, at, state) {
                Some(taken) => taken,
                None => match routes.explore(tree, bytes, at, (state, found.walk())) {
                    Ok(taken) => taken,
                    Err(fault) => {
                        routes.explored().iter().for_each(|turn| passage.add_turn(*turn, at));
                        return Err(fault);
                    }
                },
            };
            let edge = taken.edge;
            for turn in routes.turns(&edge) {
                // What the whole of this text is wanted for is taken where it is walked.
                if turn.opens || turn.node as usize != first {
                    passage.add_turn(*turn, at);
                }
            }
            at = taken.end;
            state = edge.state;
            let (end, kind) = match edge.next {
                Next::Text => {
                    let end = string_end(bytes, at)?;
                    let kind = if end.escaped { SlotKind::EscapedText } else { SlotKind::Text };
                    if learns_lengths {
                        routes.learn_length(&taken, end.quote - at);
                    }
                    (end.quote, kind)
                }
                Next::End => return Ok(Pause::End(at)),
                Next::Plain | Next::Object | Next::Array => {
                    let depth = place.depth + usize::from(edge.depth);
                    (value_end(bytes, at, depth)?, SlotKind::of_value(byte_at(bytes, at)))
                }
            };
            let span = (at, end);
            at = end + usize::from(edge.next == Next::Text);
            if edge.node == NONE {
                continue;
            }
            passage.add((edge.node, What::Member), span, kind);
            if edge.next == Next::Text && !tree.nodes[edge.node as usize].children.is_empty() {
                let (node, escaped) = (edge.node, kind == SlotKind::EscapedText);
                return Ok(Pause::Text { node, span, escaped, state });
            }
        }
    }

    /// Takes a string that a node is wanted for, or below which something is.
    #[inline(always)]
    fn text(&mut self, place: Place<'_>, node: usize, span: (usize, usize), escaped: bool) {
        let kind = if escaped { SlotKind::EscapedText } else { SlotKind::Text };
        self.fill(place, node, span, kind);
        if !self.tree.nodes[node].children.is_empty() {
            self.open_text(place, span, escaped, node);
        }
    }

    /// The slow way for records in which a wanted member occurs twice: the last one counts whole.
    fn object_exactly(&mut self, place: Place<'_>, at: usize, node: usize) -> Result<usize, Fault> {
        let place = Place { depth: place.depth + 1, ..place };
        let bytes = place.text.as_bytes();
        let mut last: Vec<(usize, usize)> = Vec::new();
        let mut at = skip_whitespace(bytes, at + 1);
        if byte_at(bytes, at) == b'}' {
            return Ok(at + 1);
        }
        let end = loop {
            let (end, value_at) = match key_end(bytes, at) {
                Ok(found) => found,
                Err(fault) => break Err(fault),
            };
            let raw = &bytes[at + 1..end.quote];
            let child = if end.escaped {
                self.tree.find(node, &unescaped(raw))
            } else {
                self.tree.find_key(node, raw)
            };
            if let Some(child) = child {
                last.retain(|(known, _)| *known != child as usize);
                last.push((child as usize, value_at));
            }
            at = match value_end(bytes, value_at, place.depth) {
                Ok(end) => skip_whitespace(bytes, end),
                Err(fault) => break Err(fault),
            };
            match byte_at(bytes, at) {
                b',' => at = skip_whitespace(bytes, at + 1),
                b'}' => break Ok(at + 1),
                _ => break Err(Fault::unexpected(bytes, at)),
            }
        };
        // What was met before a fault counts here too.
        for (child, value_at) in last {
            self.value(place, value_at, child)?;
        }
        end
    }
}

#[cfg(test)]
mod tests;
