//! The wanted paths of a record, compiled into one tree that a walk follows.
//!
//! A path is written `claims>appid`: names of members from the outside in, compared without
//! regard to case, because exporters disagree about it. A path may lead through a string that
//! holds JSON; the walk opens it.

/// What a path is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Which slot it fills.
    pub slot: u16,
    /// Its place among the paths that may fill the slot; lower wins.
    pub rank: u8,
    /// Whether `null`, empty strings and the like count: wanted for telling formats apart, not
    /// for values.
    pub keeps_empty: bool,
}

/// One member that leads to something wanted.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// Members below it: lower-case name and node.
    pub children: Vec<(Box<str>, u32)>,
    /// What its own value is wanted for.
    pub targets: Vec<Target>,
}

/// The tree; node 0 is the record.
#[derive(Debug, Clone)]
pub struct Tree {
    /// The nodes; children come after their parents.
    pub nodes: Vec<Node>,
    /// Slots that the targets name, at least.
    pub slot_count: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], slot_count: 0 }
    }
}

impl Tree {
    /// Adds a path.
    pub fn add(&mut self, path: &str, target: Target) {
        let mut node = 0_usize;
        for name in path.split('>') {
            node = self.child(node, &name.to_ascii_lowercase());
        }
        self.nodes[node].targets.push(target);
        self.slot_count = self.slot_count.max(usize::from(target.slot) + 1);
    }

    fn child(&mut self, parent: usize, name: &str) -> usize {
        if let Some((_, found)) =
            self.nodes[parent].children.iter().find(|(known, _)| &**known == name)
        {
            return *found as usize;
        }
        let added = self.nodes.len();
        self.nodes.push(Node::default());
        let index = u32::try_from(added).unwrap_or(u32::MAX);
        self.nodes[parent].children.push((Box::from(name), index));
        added
    }

    /// The child of `parent` that a member called `name` leads to.
    pub fn find(&self, parent: usize, name: &str) -> Option<u32> {
        self.nodes[parent]
            .children
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, child)| *child)
    }

    /// As [`Self::find`], for the bytes of a text.
    pub(super) fn find_key(&self, parent: usize, name: &[u8]) -> Option<u32> {
        self.find(parent, std::str::from_utf8(name).ok()?)
    }
}
