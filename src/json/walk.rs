//! One pass over a record: every byte is checked, every wanted value is remembered as a slot.
//!
//! Exporters write their members in the same order record after record, so each node of the tree
//! keeps the keys it met last time: a key that stands where it is expected costs one comparison.
//! Any other order is read exactly, by looking the key up. Where a member occurs twice, the last
//! one counts, as in every common JSON reader; such records take a second, slower pass.

use std::collections::HashMap;

use super::check::{key_end, scalar_end, string_end, value_end};
use super::escape::unescape_into;
use super::scan::{skip_whitespace, stands_at};
use super::tree::Tree;
use super::{Fault, FaultKind, byte_at};
use crate::limits::{DEPTH_MAX, TEXT_NESTING_MAX};

/// What kind of value a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SlotKind {
    /// Nothing was met.
    #[default]
    Absent,
    /// A string without escapes; the span is what is between its quotes.
    Text,
    /// A string with escapes; the span is what is between its quotes.
    EscapedText,
    /// A number, `true` or `false`.
    Scalar,
    /// `null`.
    Null,
    /// An object, braces included.
    Object,
    /// An array, brackets included.
    Array,
}

/// A wanted value of the record that was walked last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slot {
    /// First byte in its text.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
    /// 0: the text that was walked; `n`: the JSON text number `n` opened inside it.
    pub buffer: u16,
    /// Rank of the path that filled it.
    pub rank: u8,
    /// Kind of value.
    pub kind: SlotKind,
}

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

/// A key met before at a node.
struct KnownKey {
    /// The key as it stands in the text, quotes and colon included.
    quoted: Box<[u8]>,
    child: Option<u32>,
}

#[derive(Default)]
struct Learned {
    order: Vec<KnownKey>,
    lookup: HashMap<Box<[u8]>, Option<u32>, foldhash::fast::FixedState>,
    /// Serial number of the object in which the node was met last.
    met_in: u64,
}

/// Keys a node may remember; more distinct keys than that are looked up without memory.
const LEARNED_KEYS_MAX: usize = 512;
/// Longest key that is remembered, in bytes.
const LEARNED_KEY_BYTES_MAX: usize = 256;
/// JSON texts opened inside one record.
const OPENED_TEXTS_MAX: usize = 256;

/// A reusable walker over records of one tree.
pub struct Walker {
    tree: Tree,
    texts: Texts,
    learned: Vec<Learned>,
    slots: Vec<Slot>,
    opened: Vec<String>,
    opened_count: usize,
    objects_met: u64,
    repeated: bool,
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
        let learned = tree.nodes.iter().map(|_| Learned::default()).collect();
        let slots = vec![Slot::default(); tree.slot_count];
        Self {
            tree,
            texts,
            learned,
            slots,
            opened: Vec::new(),
            opened_count: 0,
            objects_met: 0,
            repeated: false,
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
        if self.repeated {
            self.exact = true;
            return self.walk_once(text, at);
        }
        Ok(end)
    }

    fn walk_once(&mut self, text: &str, at: usize) -> Result<usize, Fault> {
        self.slots.fill(Slot::default());
        self.opened_count = 0;
        self.repeated = false;
        self.value(Place { text, buffer: 0, depth: 0, nesting: 0 }, at, 0)
    }

    /// The slots that the last walk filled.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
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
                let kind = if end.escaped { SlotKind::EscapedText } else { SlotKind::Text };
                if !self.tree.nodes[node].targets.is_empty() {
                    self.fill(place, node, (at + 1, end.quote), kind);
                }
                if !self.tree.nodes[node].children.is_empty() {
                    self.open_text(place, (at + 1, end.quote), end.escaped, node);
                }
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

    #[inline]
    fn fill(&mut self, place: Place<'_>, node: usize, span: (usize, usize), kind: SlotKind) {
        for target in &self.tree.nodes[node].targets {
            let slot = &mut self.slots[usize::from(target.slot)];
            if slot.kind != SlotKind::Absent && slot.rank < target.rank {
                continue;
            }
            if !target.keeps_empty && stands_for_nothing(place.text, span, kind, self.texts) {
                continue;
            }
            // Spans fit: a record is far below 4 GiB (`RECORD_BYTES_MAX`).
            #[expect(clippy::cast_possible_truncation, reason = "bounded by RECORD_BYTES_MAX")]
            let (start, end) = (span.0 as u32, span.1 as u32);
            *slot = Slot { start, end, buffer: place.buffer, rank: target.rank, kind };
        }
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
        let place = Place { depth: place.depth + 1, ..place };
        let bytes = place.text.as_bytes();
        self.objects_met += 1;
        let serial = self.objects_met;
        let mut at = skip_whitespace(bytes, at + 1);
        if byte_at(bytes, at) == b'}' {
            return Ok(at + 1);
        }
        let mut expected = 0_usize;
        loop {
            let (child, value_at) = self.key(bytes, at, node, &mut expected)?;
            at = match child {
                None => value_end(bytes, value_at, place.depth)?,
                Some(child) => {
                    let child = child as usize;
                    if self.learned[child].met_in == serial {
                        self.repeated = true;
                    }
                    self.learned[child].met_in = serial;
                    self.value(place, value_at, child)?
                }
            };
            at = skip_whitespace(bytes, at);
            match byte_at(bytes, at) {
                b',' => at = skip_whitespace(bytes, at + 1),
                b'}' => return Ok(at + 1),
                _ => return Err(Fault::unexpected(bytes, at)),
            }
        }
    }

    /// Reads the key at `at`: the child it leads to and where its value begins.
    #[inline]
    fn key(
        &mut self,
        bytes: &[u8],
        at: usize,
        node: usize,
        expected: &mut usize,
    ) -> Result<(Option<u32>, usize), Fault> {
        let learned = &self.learned[node];
        // A member that is missing this time is stepped over once.
        for candidate in *expected..(*expected + 2).min(learned.order.len()) {
            let known = &learned.order[candidate];
            if stands_at(bytes, at, &known.quoted) {
                *expected = candidate + 1;
                return Ok((known.child, skip_whitespace(bytes, at + known.quoted.len())));
            }
        }
        self.unexpected_key(bytes, at, node, expected)
    }

    #[inline(never)]
    fn unexpected_key(
        &mut self,
        bytes: &[u8],
        at: usize,
        node: usize,
        expected: &mut usize,
    ) -> Result<(Option<u32>, usize), Fault> {
        let (end, value_at) = key_end(bytes, at)?;
        let raw = &bytes[at + 1..end.quote];
        if let Some(child) = self.learned[node].lookup.get(raw).copied() {
            if let Some(place) = self.learned[node].order.iter().position(|known| {
                known.quoted.len() == raw.len() + 3 && &known.quoted[1..=raw.len()] == raw
            }) {
                *expected = place + 1;
            }
            return Ok((child, value_at));
        }
        let child = self.resolve(raw, node, end.escaped);
        let learned = &mut self.learned[node];
        if learned.lookup.len() < LEARNED_KEYS_MAX && raw.len() <= LEARNED_KEY_BYTES_MAX {
            learned.lookup.insert(Box::from(raw), child);
            // Only `"key":` without a blank before the colon can be expected byte by byte.
            if bytes.get(end.quote + 1) == Some(&b':') {
                let quoted = Box::from(&bytes[at..end.quote + 2]);
                let place = (*expected).min(learned.order.len());
                learned.order.insert(place, KnownKey { quoted, child });
                *expected = place + 1;
            }
        }
        Ok((child, value_at))
    }

    fn resolve(&self, raw: &[u8], node: usize, escaped: bool) -> Option<u32> {
        let raw = std::str::from_utf8(raw).ok()?;
        if !escaped {
            return self.tree.find(node, raw);
        }
        let mut name = String::new();
        unescape_into(raw, &mut name);
        self.tree.find(node, &name)
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
            if let Some(child) = self.resolve(&bytes[at + 1..end.quote], node, end.escaped) {
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

#[inline]
fn stands_for_nothing(text: &str, span: (usize, usize), kind: SlotKind, texts: Texts) -> bool {
    match kind {
        SlotKind::Text => {
            span.0 == span.1
                || (texts == Texts::Python
                    && matches!(text.get(span.0..span.1), Some("None" | "null")))
        }
        SlotKind::Null | SlotKind::Absent => true,
        SlotKind::Object => {
            let inner = text.as_bytes().get(span.0 + 1..).unwrap_or_default();
            byte_at(inner, skip_whitespace(inner, 0)) == b'}'
        }
        SlotKind::EscapedText | SlotKind::Scalar | SlotKind::Array => false,
    }
}

#[cfg(test)]
mod tests;
