//! What a walk has found so far: the slots, and which members were met.

use super::Texts;
use crate::json::byte_at;
use crate::json::route::{Label, NONE, Passed, What, short};
use crate::json::scan::skip_whitespace;
use crate::json::slot::{Slot, SlotKind, SlotSet};
use crate::json::tree::{Target, Tree};

/// The texts that values stand in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sources<'a> {
    /// The record.
    pub(super) text: &'a str,
    /// The texts that were opened inside it.
    pub(super) opened: &'a [String],
}

impl<'a> Sources<'a> {
    fn of(self, buffer: u16) -> &'a str {
        match usize::from(buffer) {
            0 => self.text,
            number => self.opened.get(number - 1).map_or("", String::as_str),
        }
    }
}

/// What was found in a record.
#[derive(Debug)]
pub(super) struct Found {
    nodes: Vec<NodeState>,
    /// Targets of all nodes, but the first of each, node after node.
    targets: Vec<Target>,
    slots: Vec<Slot>,
    /// The slots that hold something.
    met: SlotSet,
    texts: Texts,
    /// Serial number of the walk.
    walk: u64,
    repeated: bool,
    /// The node above each.
    parents: Vec<u32>,
    /// Of each node, the place of what was passed when it was met last.
    met_last: Vec<u32>,
}

/// A node of the tree, as the walk needs it.
#[derive(Debug, Clone, Copy)]
struct NodeState {
    /// The last walk in which it was met.
    met_in: u64,
    /// Where its object begins.
    start: u32,
    /// Its first target, which is the only one of most, and the place of the others.
    first: Option<Target>,
    others: (u32, u32),
    has_children: bool,
}

impl Found {
    pub(super) fn new(tree: &Tree, texts: Texts) -> Self {
        debug_assert!(tree.slot_count <= SlotSet::CAPACITY, "{} slots", tree.slot_count);
        let mut targets = Vec::new();
        let nodes = tree.nodes.iter().map(|node| {
            let from = short(targets.len());
            targets.extend(node.targets.iter().skip(1));
            NodeState {
                met_in: 0,
                start: 0,
                first: node.targets.first().copied(),
                others: (from, short(targets.len())),
                has_children: !node.children.is_empty(),
            }
        });
        let nodes = nodes.collect();
        let mut parents = vec![NONE; tree.nodes.len()];
        for (parent, node) in tree.nodes.iter().enumerate() {
            for (_, child) in &node.children {
                parents[*child as usize] = short(parent);
            }
        }
        Self {
            nodes,
            targets,
            slots: vec![Slot::default(); tree.slot_count],
            met: SlotSet::default(),
            texts,
            walk: 0,
            repeated: false,
            parents,
            met_last: Vec::new(),
        }
    }

    /// Forgets the record before.
    pub(super) fn begin(&mut self) {
        self.empty();
        self.repeated = false;
        self.walk += 1;
    }

    fn empty(&mut self) {
        self.slots.fill(Slot::default());
        self.met = SlotSet::default();
    }

    /// Serial number of the walk.
    pub(super) fn walk(&self) -> u64 {
        self.walk
    }

    /// Whether a wanted member was met twice, and more than the last one counted.
    pub(super) fn repeated(&self) -> bool {
        self.repeated
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    #[inline(always)]
    pub(super) fn met(&self) -> &SlotSet {
        &self.met
    }

    /// Fills the slots with what was passed.
    pub(super) fn settle(&mut self, passed: &[Passed], sources: Sources<'_>) {
        let (walk, is_plain) = (self.walk, self.texts != Texts::Python);
        for one in passed {
            let Some(node) = self.nodes.get_mut(one.node as usize) else { continue };
            match one.label.what {
                // Nearly all are strings that say something, and met for the first time.
                What::Member
                    if is_plain
                        && one.label.kind == SlotKind::Text
                        && one.start != one.end
                        && node.met_in != walk =>
                {
                    node.met_in = walk;
                    let (from, to) = node.others;
                    if let Some(target) = node.first {
                        put(&mut self.slots, &mut self.met, target, one);
                    }
                    for target in self.targets.get(from as usize..to as usize).unwrap_or_default() {
                        put(&mut self.slots, &mut self.met, *target, one);
                    }
                }
                What::Member => self.settle_member(one, sources),
                What::Opens => {
                    self.repeated |= node.met_in == walk;
                    (node.met_in, node.start) = (walk, one.start);
                }
                What::Closes if node.first.is_none() => {}
                What::Closes => self.close(one, sources),
                What::Value => {
                    self.value(one, sources);
                }
            }
        }
    }

    /// Takes a member, whatever it is.
    ///
    /// Of one that comes twice the last one counts whole. Where nothing is wanted below it and the
    /// last one says something, that is what filling its slots again comes to.
    #[cold]
    #[inline(never)]
    fn settle_member(&mut self, one: &Passed, sources: Sources<'_>) {
        let Some(node) = self.nodes.get_mut(one.node as usize) else { return };
        let (has_children, is_again) = (node.has_children, node.met_in == self.walk);
        node.met_in = self.walk;
        let says_all = self.value(one, sources);
        self.repeated |= is_again && (has_children || !says_all);
    }

    /// As [`Self::settle`], once more, where members came twice: only what is inside the last of
    /// each counts.
    #[cold]
    #[inline(never)]
    pub(super) fn settle_last(&mut self, passed: &[Passed], sources: Sources<'_>) {
        self.empty();
        self.met_last.clear();
        self.met_last.resize(self.nodes.len(), 0);
        for (place, one) in passed.iter().enumerate() {
            if matches!(one.label.what, What::Member | What::Opens) {
                self.met_last[one.node as usize] = short(place);
            }
        }
        for (place, one) in passed.iter().enumerate() {
            let mut node = one.node as usize;
            let counts = loop {
                if self.met_last[node] > short(place) {
                    break false;
                }
                match self.parents[node] {
                    NONE => break true,
                    parent => node = parent as usize,
                }
            };
            match one.label.what {
                What::Opens => self.nodes[one.node as usize].start = one.start,
                What::Closes if counts => self.close(one, sources),
                What::Member | What::Value if counts => {
                    self.value(one, sources);
                }
                _ => {}
            }
        }
    }

    /// Takes an object or array, whole.
    #[inline(never)]
    fn close(&mut self, one: &Passed, sources: Sources<'_>) {
        let start = self.nodes[one.node as usize].start;
        self.value(&Passed { start, ..*one }, sources);
    }

    /// Fills the slots that a value is wanted for; says whether it says something for all of them.
    #[inline(never)]
    fn value(&mut self, one: &Passed, sources: Sources<'_>) -> bool {
        let NodeState { first, others: (from, to), .. } = self.nodes[one.node as usize];
        let mut says_all = first.is_none_or(|target| self.fill(target, one, sources));
        for place in from..to {
            says_all &= self.fill(self.targets[place as usize], one, sources);
        }
        says_all
    }

    /// Fills a slot, unless a better value is there; says whether the value says something.
    fn fill(&mut self, target: Target, one: &Passed, sources: Sources<'_>) -> bool {
        if !target.keeps_empty {
            // Nearly every value is a string.
            let says_nothing = match one.label.kind {
                SlotKind::Text if self.texts != Texts::Python => one.start == one.end,
                _ => stands_for_nothing(one, sources, self.texts),
            };
            if says_nothing {
                return false;
            }
        }
        put(&mut self.slots, &mut self.met, target, one);
        true
    }
}

/// Fills a slot, unless a better value is there.
#[inline(always)]
fn put(slots: &mut [Slot], met: &mut SlotSet, target: Target, one: &Passed) {
    if let Some(slot) = slots.get_mut(usize::from(target.slot))
        && (slot.kind == SlotKind::Absent || slot.rank >= target.rank)
    {
        met.insert(target.slot);
        let Passed { start, end, label: Label { buffer, kind, .. }, .. } = *one;
        *slot = Slot { start, end, buffer, rank: target.rank, kind };
    }
}

#[inline(never)]
fn stands_for_nothing(one: &Passed, sources: Sources<'_>, texts: Texts) -> bool {
    let (start, end) = (one.start as usize, one.end as usize);
    match one.label.kind {
        SlotKind::Text => {
            start == end
                || (texts == Texts::Python
                    && matches!(
                        sources.of(one.label.buffer).get(start..end),
                        Some("None" | "null")
                    ))
        }
        SlotKind::Null | SlotKind::Absent => true,
        SlotKind::Object => {
            let inner =
                sources.of(one.label.buffer).as_bytes().get(start + 1..).unwrap_or_default();
            byte_at(inner, skip_whitespace(inner, 0)) == b'}'
        }
        SlotKind::EscapedText | SlotKind::Scalar | SlotKind::Array => false,
    }
}
