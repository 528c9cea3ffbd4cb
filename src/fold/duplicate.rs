//! Dropping events that were read already, from overlapping exports of any shape.
//!
//! Two rows are one event when their event ids are equal, or when at least one of them has no id
//! and their identity keys are equal. The copy with claims is kept, else the first.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::extract::identity::RowKey;

/// A row: number of its batch and of the row in it.
pub type Place = (u32, u32);

/// What becomes of a row that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is kept.
    Kept,
    /// It is kept in place of an earlier row, which lacks claims.
    Replaces(Place),
    /// It was read already.
    Dropped,
}

/// No further event with the same identity key.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Event {
    id: Option<u128>,
    place: Place,
    has_claims: bool,
    /// Next event with the same identity key and another id.
    next: u32,
}

/// The events met so far.
#[derive(Debug, Default)]
pub struct Events {
    events: Vec<Event>,
    by_id: HashMap<u128, u32, FixedState>,
    by_key: HashMap<u128, u32, FixedState>,
}

impl Events {
    /// Takes a row and says what becomes of it. Rows are offered in input order.
    pub fn offer(&mut self, key: &RowKey, place: Place) -> Fate {
        let Some(known) = self.find(key) else {
            self.add(key, place);
            return Fate::Kept;
        };
        let event = &mut self.events[known as usize];
        if event.id.is_none()
            && let Some(id) = key.id
        {
            event.id = Some(id);
            self.by_id.insert(id, known);
        }
        if key.has_claims && !event.has_claims {
            event.has_claims = true;
            let earlier = std::mem::replace(&mut event.place, place);
            return Fate::Replaces(earlier);
        }
        Fate::Dropped
    }

    fn find(&self, key: &RowKey) -> Option<u32> {
        if let Some(known) = key.id.and_then(|id| self.by_id.get(&id)) {
            return Some(*known);
        }
        let mut at = *self.by_key.get(&key.key)?;
        while at != NONE {
            let event = &self.events[at as usize];
            if key.id.is_none() || event.id.is_none() {
                return Some(at);
            }
            at = event.next;
        }
        None
    }

    fn add(&mut self, key: &RowKey, place: Place) {
        let index = u32::try_from(self.events.len()).unwrap_or(NONE);
        let next = NONE;
        self.events.push(Event { id: key.id, place, has_claims: key.has_claims, next });
        if let Some(id) = key.id {
            self.by_id.insert(id, index);
        }
        match self.by_key.get(&key.key).copied() {
            None => {
                self.by_key.insert(key.key, index);
            }
            Some(first) => {
                let mut last = first;
                while self.events[last as usize].next != NONE {
                    last = self.events[last as usize].next;
                }
                self.events[last as usize].next = index;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Events, Fate};
    use crate::extract::identity::RowKey;
    use crate::extract::policy::PolicyFlags;

    fn row(key: u128, id: Option<u128>, has_claims: bool) -> RowKey {
        RowKey { key, id, has_claims, policies: PolicyFlags::default() }
    }

    #[test]
    fn equal_ids_are_one_event_whatever_their_keys() {
        let mut events = Events::default();
        assert_eq!(events.offer(&row(1, Some(7), true), (0, 0)), Fate::Kept);
        assert_eq!(events.offer(&row(2, Some(7), true), (0, 1)), Fate::Dropped);
    }

    #[test]
    fn equal_keys_with_different_ids_are_different_events() {
        let mut events = Events::default();
        assert_eq!(events.offer(&row(1, Some(7), true), (0, 0)), Fate::Kept);
        assert_eq!(events.offer(&row(1, Some(8), true), (0, 1)), Fate::Kept);
        assert_eq!(events.offer(&row(1, None, true), (0, 2)), Fate::Dropped);
        assert_eq!(events.offer(&row(1, Some(8), true), (0, 3)), Fate::Dropped);
    }

    #[test]
    fn a_row_without_id_takes_the_id_of_its_first_twin() {
        let mut events = Events::default();
        assert_eq!(events.offer(&row(1, None, true), (0, 0)), Fate::Kept);
        assert_eq!(events.offer(&row(1, Some(7), true), (0, 1)), Fate::Dropped);
        assert_eq!(events.offer(&row(1, Some(8), true), (0, 2)), Fate::Kept);
        assert_eq!(events.offer(&row(1, Some(7), true), (0, 3)), Fate::Dropped);
    }

    #[test]
    fn the_copy_with_claims_is_kept() {
        let mut events = Events::default();
        assert_eq!(events.offer(&row(1, None, false), (0, 0)), Fate::Kept);
        assert_eq!(events.offer(&row(1, Some(7), true), (1, 0)), Fate::Replaces((0, 0)));
        assert_eq!(events.offer(&row(1, Some(7), true), (2, 0)), Fate::Dropped);
    }
}
