//! What a walk has found so far: the slots, and which members were met.

use super::Texts;
use crate::json::byte_at;
use crate::json::route::{Turn, short};
use crate::json::scan::skip_whitespace;
use crate::json::slot::{Slot, SlotKind, SlotSet};
use crate::json::tree::{Target, Tree};

/// A text that values stand in, and its number among those of the record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) buffer: u16,
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
        let slots = vec![Slot::default(); tree.slot_count];
        Self { nodes, targets, slots, met: SlotSet::default(), texts, walk: 0, repeated: false }
    }

    /// Forgets the record before.
    pub(super) fn begin(&mut self) {
        self.slots.fill(Slot::default());
        self.met = SlotSet::default();
        self.repeated = false;
        self.walk += 1;
    }

    /// Serial number of the walk.
    pub(super) fn walk(&self) -> u64 {
        self.walk
    }

    /// Whether a wanted member was met twice.
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

    /// Takes the value of the member that leads to `node`; says whether something is wanted below.
    ///
    /// Of a member that comes twice the last one counts whole. Where nothing is wanted below it and
    /// the last one says something, that is what filling its slots again comes to.
    #[inline(always)]
    pub(super) fn member(
        &mut self,
        source: Source<'_>,
        node: u32,
        (span, kind): ((usize, usize), SlotKind),
    ) -> bool {
        let is_again = self.meet(node);
        let has_children = self.nodes[node as usize].has_children;
        let says_all = self.value(source, node, (span, kind));
        self.repeated |= is_again && (has_children || !says_all);
        has_children
    }

    /// Takes what happens to a wanted object or array at `at`; `first` is the node that the walk of
    /// this text began with, whose object is not taken here.
    #[inline(always)]
    pub(super) fn turn(&mut self, source: Source<'_>, turn: Turn, at: usize, first: usize) {
        if turn.opens {
            self.repeated |= self.meet(turn.node);
            self.nodes[turn.node as usize].start = short(at);
        } else if turn.node as usize != first {
            let start = self.nodes[turn.node as usize].start as usize;
            self.value(source, turn.node, ((start, at), turn.kind));
        }
    }

    /// Notes that a node is met; says whether it was met before in this walk.
    #[inline(always)]
    fn meet(&mut self, node: u32) -> bool {
        std::mem::replace(&mut self.nodes[node as usize].met_in, self.walk) == self.walk
    }

    /// Fills the slots that a value is wanted for; says whether it says something for all of them.
    #[inline(always)]
    pub(super) fn value(
        &mut self,
        source: Source<'_>,
        node: u32,
        found: ((usize, usize), SlotKind),
    ) -> bool {
        let NodeState { first, others: (from, to), .. } = self.nodes[node as usize];
        let mut says_all = first.is_none_or(|target| self.fill(source, target, found));
        for place in from..to {
            says_all &= self.fill(source, self.targets[place as usize], found);
        }
        says_all
    }

    /// Fills a slot, unless a better value is there; says whether the value says something.
    #[inline(always)]
    fn fill(
        &mut self,
        source: Source<'_>,
        target: Target,
        (span, kind): ((usize, usize), SlotKind),
    ) -> bool {
        if !target.keeps_empty {
            // Nearly every value is a string.
            let says_nothing = match kind {
                SlotKind::Text if self.texts != Texts::Python => span.0 == span.1,
                _ => stands_for_nothing(source.text, span, kind, self.texts),
            };
            if says_nothing {
                return false;
            }
        }
        let slot = &mut self.slots[usize::from(target.slot)];
        if slot.kind == SlotKind::Absent || slot.rank >= target.rank {
            self.met.insert(target.slot);
            *slot = Slot {
                start: short(span.0),
                end: short(span.1),
                buffer: source.buffer,
                rank: target.rank,
                kind,
            };
        }
        true
    }
}

#[inline(never)]
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
