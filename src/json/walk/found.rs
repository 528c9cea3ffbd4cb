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
    #[inline(always)]
    pub(super) fn member(
        &mut self,
        source: Source<'_>,
        node: u32,
        (span, kind): ((usize, usize), SlotKind),
    ) -> bool {
        let has_children = self.meet(node).has_children;
        self.value(source, node, (span, kind));
        has_children
    }

    /// Takes what happens to a wanted object at `at`; `first` is the node that the walk of this
    /// text began with, whose object is not taken here.
    #[inline(always)]
    pub(super) fn turn(&mut self, source: Source<'_>, turn: Turn, at: usize, first: usize) {
        if turn.opens {
            self.meet(turn.node).start = short(at);
        } else if turn.node as usize != first {
            let start = self.nodes[turn.node as usize].start as usize;
            self.value(source, turn.node, ((start, at), SlotKind::Object));
        }
    }

    /// Notes that a node is met; meeting it a second time makes the walk exact.
    #[inline(always)]
    fn meet(&mut self, node: u32) -> &mut NodeState {
        let node = &mut self.nodes[node as usize];
        self.repeated |= std::mem::replace(&mut node.met_in, self.walk) == self.walk;
        node
    }

    /// Fills the slots that a value is wanted for.
    #[inline(always)]
    pub(super) fn value(
        &mut self,
        source: Source<'_>,
        node: u32,
        found: ((usize, usize), SlotKind),
    ) {
        let NodeState { first, others: (from, to), .. } = self.nodes[node as usize];
        if let Some(target) = first {
            self.fill(source, target, found);
        }
        for place in from..to {
            self.fill(source, self.targets[place as usize], found);
        }
    }

    /// Fills a slot, unless a better value is there or this one says nothing.
    #[inline(always)]
    fn fill(
        &mut self,
        source: Source<'_>,
        target: Target,
        (span, kind): ((usize, usize), SlotKind),
    ) {
        let slot = &mut self.slots[usize::from(target.slot)];
        if slot.kind != SlotKind::Absent && slot.rank < target.rank {
            return;
        }
        if !target.keeps_empty {
            // Nearly every value is a string.
            let says_nothing = match kind {
                SlotKind::Text if self.texts != Texts::Python => span.0 == span.1,
                _ => stands_for_nothing(source.text, span, kind, self.texts),
            };
            if says_nothing {
                return;
            }
        }
        self.met.insert(target.slot);
        *slot = Slot {
            start: short(span.0),
            end: short(span.1),
            buffer: source.buffer,
            rank: target.rank,
            kind,
        };
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
