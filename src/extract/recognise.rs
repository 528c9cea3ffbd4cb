//! Which format a record is of, decided by its content.

use std::borrow::Cow;
use std::ops::Index;

use crate::extract::field::{FIELD_COUNT, Field, FieldSet};
use crate::extract::format::{Claim, Format, Formats, Kind};
use crate::extract::others::OthersWanted;
use crate::extract::shape::Shape;
use crate::extract::sign_in::SHAPE as SIGN_IN;
use crate::json::escape::unescape_into;
use crate::json::slot::{SlotKind, SlotSet};
use crate::json::tree::{Target, Tree};
use crate::json::walk::{Texts, Walker};
use crate::schema::sign_in_policy::TABLE as SIGN_IN_POLICY;

/// A claim about the value in a slot.
#[derive(Debug, Clone)]
struct Test {
    claim: Claim,
    slot: u16,
}

/// The claims of one format over the slots of one tree.
#[derive(Debug, Clone, Default)]
struct Tests {
    /// How many claims there are.
    count: usize,
    /// Slots that have to hold something, and that must not.
    needs: SlotSet,
    lacks: SlotSet,
    /// Slots any of which has to.
    needs_any: Vec<SlotSet>,
    /// What else has to hold.
    others: Vec<Test>,
}

/// Tells whether a record that was read as a format is of it and of no other that claims more.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    own: Tests,
    rivals: Vec<Tests>,
}

impl Guard {
    /// Whether the record that `walker` walked last is of this format.
    #[inline]
    pub(crate) fn lets_pass(&self, walker: &Walker, text: &str) -> bool {
        self.own.hold(walker, text) && !self.rivals.iter().any(|rival| rival.hold(walker, text))
    }
}

/// Hands out slots for claimed paths, the same one for the same path.
struct SlotsOfClaims<'a> {
    tree: &'a mut Tree,
    first: usize,
    paths: Vec<String>,
}

impl SlotsOfClaims<'_> {
    fn slot(&mut self, path: &str) -> u16 {
        let folded = path.to_ascii_lowercase();
        let place = self.paths.iter().position(|known| *known == folded).unwrap_or_else(|| {
            let place = self.paths.len();
            let slot = slot_number(self.first + place);
            self.tree.add(path, Target { slot, rank: 0, keeps_empty: true });
            self.paths.push(folded);
            place
        });
        slot_number(self.first + place)
    }

    /// What is told by a value being there or not is told first, for all claims at once.
    fn tests(&mut self, format: &Format) -> Tests {
        let mut tests = Tests { count: format.claims.len(), ..Tests::default() };
        for claim in format.claims {
            match claim {
                Claim::Has(path) => tests.needs.insert(self.slot(path)),
                Claim::Lacks(path) => tests.lacks.insert(self.slot(path)),
                Claim::HasAny(paths) => {
                    let mut any = SlotSet::default();
                    paths.iter().for_each(|path| any.insert(self.slot(path)));
                    tests.needs_any.push(any);
                }
                Claim::Object(path)
                | Claim::Array(path)
                | Claim::Text(path)
                | Claim::OneOf(path, _)
                | Claim::Begins(path, _) => {
                    let slot = self.slot(path);
                    tests.needs.insert(slot);
                    tests.others.push(Test { claim: *claim, slot });
                }
                Claim::NoneOf(path, _) | Claim::BeginsNot(path, _) => {
                    tests.others.push(Test { claim: *claim, slot: self.slot(path) });
                }
            }
        }
        // What only asks for the kind of a value is soonest decided.
        tests.others.sort_by_key(|test| {
            !matches!(test.claim, Claim::Object(_) | Claim::Array(_) | Claim::Text(_))
        });
        tests
    }
}

fn slot_number(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

impl Tests {
    /// Whether every claim holds for the record that `walker` walked last.
    #[inline(always)]
    fn hold(&self, walker: &Walker, text: &str) -> bool {
        walker.met().holds_all(&self.needs)
            && !walker.met().holds_any(&self.lacks)
            && self.needs_any.iter().all(|slots| walker.met().holds_any(slots))
            && self.others.iter().all(|test| holds(test, walker, text))
    }
}

#[inline]
fn holds(test: &Test, walker: &Walker, text: &str) -> bool {
    let slot = walker.slots().get(usize::from(test.slot)).copied().unwrap_or_default();
    let kind = slot.kind;
    let is_text = matches!(kind, SlotKind::Text | SlotKind::EscapedText);
    let value = || {
        let raw = walker.text_of(text, slot);
        if kind == SlotKind::EscapedText { unescaped(raw) } else { Cow::Borrowed(raw) }
    };
    let one_of = |words: &[&str]| {
        is_text && {
            // As the exporter spells it, nearly always.
            let value = value();
            words.iter().any(|word| *value == **word || value.eq_ignore_ascii_case(word))
        }
    };
    let begins = |start: &str| {
        is_text && value().get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    match test.claim {
        // Told by what was met.
        Claim::Has(_) | Claim::HasAny(_) | Claim::Lacks(_) => true,
        Claim::Object(_) => kind == SlotKind::Object,
        Claim::Array(_) => kind == SlotKind::Array,
        Claim::Text(_) => is_text,
        Claim::OneOf(_, words) => one_of(words),
        Claim::NoneOf(_, words) => !one_of(words),
        Claim::Begins(_, start) => begins(start),
        Claim::BeginsNot(_, start) => !begins(start),
    }
}

/// What a string with escapes says; exporters rarely escape what formats are known by.
#[cold]
fn unescaped(raw: &str) -> Cow<'_, str> {
    let mut text = String::new();
    unescape_into(raw, &mut text);
    Cow::Owned(text)
}

/// Tells the format of any record.
#[derive(Debug)]
pub(crate) struct Recogniser {
    walker: Walker,
    tests: Vec<Tests>,
}

impl Recogniser {
    pub(crate) fn new(formats: &Formats) -> Self {
        let mut tree = Tree::default();
        let mut slots = SlotsOfClaims { tree: &mut tree, first: 0, paths: Vec::new() };
        let tests = formats.all.iter().map(|format| slots.tests(format)).collect();
        Self { walker: Walker::new(tree, Texts::Plain), tests }
    }

    /// Index of the format of the record at `at`; the one with most claims among those whose
    /// claims all hold, the first of them on a tie (which no fixture may show).
    pub(crate) fn recognise(&mut self, text: &str, at: usize) -> Option<usize> {
        self.walker.walk(text, at).ok()?;
        let mut best: Option<usize> = None;
        for (index, tests) in self.tests.iter().enumerate() {
            let better = best.is_none_or(|found| self.tests[found].count < tests.count);
            if better && tests.hold(&self.walker, text) {
                best = Some(index);
            }
        }
        best
    }

    /// Every format whose claims hold for the record at `at`.
    #[cfg(test)]
    pub(crate) fn all_that_claim(&mut self, text: &str, at: usize) -> Vec<usize> {
        if self.walker.walk(text, at).is_err() {
            return Vec::new();
        }
        (0..self.tests.len()).filter(|index| self.tests[*index].hold(&self.walker, text)).collect()
    }
}

/// What reads the records of each format, made when a record is first read as one of it: an input is
/// of one format or two, and making all of them takes longer than reading a few records.
#[derive(Debug)]
pub(crate) struct Readers {
    fields: FieldSet,
    made: Vec<Option<Box<(Walker, Guard)>>>,
}

impl Readers {
    /// For records of which these fields of `activity` are wanted; none is made yet.
    pub(crate) fn new(formats: &Formats, fields: FieldSet) -> Self {
        Self { fields, made: formats.all.iter().map(|_| None).collect() }
    }

    /// The reader of a format, made unless it is there.
    #[inline]
    pub(crate) fn of(
        &mut self,
        format: usize,
        formats: &Formats,
        others: &OthersWanted,
    ) -> &mut (Walker, Guard) {
        let fields = self.fields;
        self.made[format].get_or_insert_with(|| {
            Box::new(reader_of(formats.all[format], formats, fields, others))
        })
    }
}

/// The reader of a format that a record was read as.
impl Index<usize> for Readers {
    type Output = (Walker, Guard);

    #[inline]
    fn index(&self, format: usize) -> &Self::Output {
        match &self.made[format] {
            Some(reader) => reader,
            None => unreachable!("a record is read before it is looked at"),
        }
    }
}

/// The tree and the tests for reading records of one format: the wanted fields in slots
/// `0..FIELD_COUNT` (of another table, one for each raw field of its shape), what the claims look at
/// behind them.
pub(crate) fn reader_of(
    format: &Format,
    formats: &Formats,
    wanted: FieldSet,
    others: &OthersWanted,
) -> (Walker, Guard) {
    let mut tree = Tree::default();
    let fields = if let Kind::Row(shape, paths) = format.kind {
        add_fields(&mut tree, shape, paths, others);
        shape.fields.len()
    } else {
        add_activity(&mut tree, format, formats, wanted);
        FIELD_COUNT
    };
    tree.slot_count = tree.slot_count.max(fields);
    let mut slots = SlotsOfClaims { tree: &mut tree, first: fields, paths: Vec::new() };
    if let Kind::Envelope(path) | Kind::OtherLog(path) = format.kind {
        slots.slot(path);
    }
    let own = slots.tests(format);
    let stronger = formats.all.iter().filter(|other| other.claims.len() > format.claims.len());
    let rivals = stronger.map(|rival| slots.tests(rival)).collect();
    (Walker::new(tree, format.texts), Guard { own, rivals })
}

/// Adds the paths of the raw fields of `activity`.
fn add_activity(tree: &mut Tree, format: &Format, formats: &Formats, wanted: FieldSet) {
    let mut add = |field: Field, path: &str, rank: usize| {
        let rank = u8::try_from(rank).unwrap_or(u8::MAX);
        tree.add(path, Target { slot: field as u16, rank, keeps_empty: false });
    };
    for (field, paths) in format.paths {
        if wanted.has(*field) {
            for (rank, path) in paths.iter().enumerate() {
                add(*field, path, rank);
            }
        }
    }
    for (place, container) in format.claims_at.iter().enumerate() {
        if wanted.has(Field::Claims) {
            add(Field::Claims, container, place);
        }
        for (field, names) in formats.claim_names {
            if wanted.has(*field) {
                for (rank, name) in names.iter().enumerate() {
                    add(*field, &format!("{container}>{name}"), place * names.len() + rank);
                }
            }
        }
    }
}

/// Adds the paths of the raw fields of another table, as far as its wanted columns need them.
fn add_fields(
    tree: &mut Tree,
    shape: &Shape,
    paths: &[(&'static str, &[&str])],
    others: &OthersWanted,
) {
    let columns = others.columns.get(shape.table).map(Vec::as_slice).unwrap_or_default();
    let mut needed = shape.needs(columns);
    if shape.table == SIGN_IN.table && others.columns.contains_key(SIGN_IN_POLICY.name) {
        needed = needed.union(shape.needs(&["mfa"]));
    }
    for (place, field) in shape.fields.iter().enumerate() {
        let found = paths.iter().filter(|(name, _)| name == field && needed.has_place(place));
        for (rank, path) in found.flat_map(|(_, paths)| paths.iter()).enumerate() {
            let rank = u8::try_from(rank).unwrap_or(u8::MAX);
            let slot = slot_number(place);
            tree.add(path, Target { slot, rank, keeps_empty: false });
        }
    }
}

/// Slot of the path in [`Kind::Envelope`] and [`Kind::OtherLog`].
pub(crate) const KIND_SLOT: usize = FIELD_COUNT;
