//! Which rows of a table other than `activity` are copies of others.
//!
//! Two rows are one when their ids are equal, or when at least one of them has no id and their keys
//! are equal. Of copies the one that says most is kept, else the first: early copies of a sign-in
//! lack steps.
//! Source: <https://learn.microsoft.com/entra/identity/monitoring-health/concept-sign-in-log-activity-details>.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::fold::duplicate::Entry;

/// Numbers of the rows that are dropped, of rows in input order.
pub(crate) fn copies(rows: &[Entry]) -> Vec<u64> {
    let mut dropped = Vec::new();
    let mut by_id: HashMap<u128, usize, FixedState> = HashMap::default();
    // The row that stands for a key.
    let mut by_key: HashMap<u128, usize, FixedState> = HashMap::default();
    // For each group, named by its first row, the row that is kept.
    let mut kept_of: HashMap<usize, usize, FixedState> = HashMap::default();
    for (at, row) in rows.iter().enumerate() {
        let same_id = row.id().and_then(|id| by_id.get(&id).copied());
        let twin = || {
            let group = by_key.get(&row.key()).copied()?;
            (row.id().is_none() || rows[group].id().is_none()).then_some(group)
        };
        let Some(group) = same_id.or_else(twin) else {
            if let Some(id) = row.id() {
                by_id.insert(id, at);
            }
            by_key.entry(row.key()).or_insert(at);
            continue;
        };
        if let Some(id) = row.id() {
            by_id.entry(id).or_insert(group);
        }
        let best = kept_of.entry(group).or_insert(group);
        if rows[*best].weight() < row.weight() {
            dropped.push(rows[*best].number());
            *best = at;
        } else {
            dropped.push(row.number());
        }
    }
    dropped.sort_unstable();
    dropped
}

#[cfg(test)]
mod tests {
    use super::copies;
    use crate::extract::shape::OtherKey;
    use crate::fold::duplicate::{Entry, Keyed};

    /// Which rows of keys, ids and weights are dropped.
    fn dropped<const N: usize>(rows: [(u128, Option<u128>, u32); N]) -> Vec<u64> {
        let entry = |(number, (key, id, weight))| OtherKey { key, id, weight }.entry(number);
        copies(&(0..).zip(rows).map(entry).collect::<Vec<Entry>>())
    }

    #[test]
    fn equal_ids_are_one_row_and_the_fullest_is_kept() {
        let rows = [(1, Some(7), 0), (2, Some(7), 5), (3, Some(7), 5), (1, Some(8), 9)];
        assert_eq!(dropped(rows), [0, 2]);
    }

    #[test]
    fn rows_without_id_are_told_apart_by_their_keys() {
        assert_eq!(dropped([(1, None, 0), (1, None, 0), (1, Some(7), 2), (2, None, 0)]), [0, 1]);
        assert_eq!(dropped([(1, Some(7), 0), (1, Some(8), 0), (1, None, 0)]), [2]);
    }
}
