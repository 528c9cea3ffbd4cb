//! Which rows of a table other than `activity` are copies of others.
//!
//! Two rows are one when their ids are equal, or when at least one of them has no id and their keys
//! are equal. Of copies the one that says most is kept, else the first: early copies of a sign-in
//! lack steps.
//! Source: <https://learn.microsoft.com/entra/identity/monitoring-health/concept-sign-in-log-activity-details>.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::extract::shape::OtherKey;

/// Which rows are kept, in the order of `keys`.
pub(crate) fn kept(keys: &[OtherKey]) -> Vec<bool> {
    let mut keep = vec![true; keys.len()];
    let mut by_id: HashMap<u128, usize, FixedState> = HashMap::default();
    // The row that stands for a key, and whether it has an id.
    let mut by_key: HashMap<u128, usize, FixedState> = HashMap::default();
    // For each group, named by its first row, the row that is kept.
    let mut kept_of: HashMap<usize, usize, FixedState> = HashMap::default();
    for (row, key) in keys.iter().enumerate() {
        let same_id = key.id.and_then(|id| by_id.get(&id).copied());
        let twin = || {
            let group = by_key.get(&key.key).copied()?;
            (key.id.is_none() || keys[group].id.is_none()).then_some(group)
        };
        let Some(group) = same_id.or_else(twin) else {
            if let Some(id) = key.id {
                by_id.insert(id, row);
            }
            by_key.entry(key.key).or_insert(row);
            continue;
        };
        if let Some(id) = key.id {
            by_id.entry(id).or_insert(group);
        }
        let best = kept_of.entry(group).or_insert(group);
        if keys[*best].weight < key.weight {
            keep[*best] = false;
            *best = row;
        } else {
            keep[row] = false;
        }
    }
    keep
}

#[cfg(test)]
mod tests {
    use super::kept;
    use crate::extract::shape::OtherKey;

    fn key(key: u128, id: Option<u128>, weight: u32) -> OtherKey {
        OtherKey { key, id, weight }
    }

    #[test]
    fn equal_ids_are_one_row_and_the_fullest_is_kept() {
        let rows = [key(1, Some(7), 0), key(2, Some(7), 5), key(3, Some(7), 5), key(1, Some(8), 9)];
        assert_eq!(kept(&rows), [false, true, false, true]);
    }

    #[test]
    fn rows_without_id_are_told_apart_by_their_keys() {
        let rows = [key(1, None, 0), key(1, None, 0), key(1, Some(7), 2), key(2, None, 0)];
        assert_eq!(kept(&rows), [false, false, true, true]);
        assert_eq!(
            kept(&[key(1, Some(7), 0), key(1, Some(8), 0), key(1, None, 0)]),
            [true, true, false]
        );
    }
}
