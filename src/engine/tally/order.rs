//! Rows in order.

use std::cmp::Ordering;

use crate::engine::tally::column::{Column, Texts, Whole};

/// What rows are ordered by.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) column: Column,
    pub(super) is_descending: bool,
    pub(super) nulls_first: bool,
}

/// Texts up to which they are compared as they are.
const FEW: usize = 24;

/// The rows of `keys`, by the first of these, then by the next. Rows that are alike in all of them stay
/// in their order.
pub(super) fn ordered(rows: u32, keys: &[Key]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..rows).collect();
    sort(&mut order, keys);
    order
}

fn sort(rows: &mut [u32], keys: &[Key]) {
    let Some((key, rest)) = keys.split_first() else {
        rows.sort_unstable();
        return;
    };
    if rows.len() < 2 {
        return;
    }
    let nulls = partition(rows, |row| key.column.is_null(row as usize) == key.nulls_first);
    let (first, second) = rows.split_at_mut(nulls);
    let (none, some) = if key.nulls_first { (first, second) } else { (second, first) };
    sort(none, rest);
    match &key.column {
        Column::Whole(whole) => sort_whole(some, whole),
        Column::Small(values) => some.sort_unstable_by_key(|row| values[*row as usize]),
        Column::Flags(flags) => some.sort_unstable_by_key(|row| flags[*row as usize]),
        Column::Texts(texts) => sort_texts(some, texts, 0),
    }
    if key.is_descending {
        some.reverse();
    }
    for alike in
        some.chunk_by_mut(|left, right| key.column.is_same(*left as usize, *right as usize))
    {
        sort(alike, rest);
    }
}

/// Puts the rows that `is_first` says yes to before the others; gives their number.
fn partition(rows: &mut [u32], is_first: impl Fn(u32) -> bool) -> usize {
    let mut count = 0;
    for at in 0..rows.len() {
        if is_first(rows[at]) {
            rows.swap(at, count);
            count += 1;
        }
    }
    count
}

fn sort_whole(rows: &mut [u32], whole: &Whole) {
    let mut pairs: Vec<(i64, u32)> =
        rows.iter().map(|row| (whole.values[*row as usize], *row)).collect();
    pairs.sort_unstable();
    for (row, (_, sorted)) in rows.iter_mut().zip(pairs) {
        *row = sorted;
    }
}

/// Sorts rows that have texts, all of which begin with the same `depth` bytes: eight bytes after the
/// common ones are compared as a number. Ids of resources have the first hundred bytes in common.
fn sort_texts(rows: &mut [u32], texts: &Texts, depth: usize) {
    let text = |row: u32| {
        let number = texts.numbers[row as usize];
        texts.words.get(number).unwrap_or_default().as_bytes()
    };
    let compare = |left: &u32, right: &u32| -> Ordering {
        if texts.numbers[*left as usize] == texts.numbers[*right as usize] {
            return Ordering::Equal;
        }
        text(*left).cmp(text(*right))
    };
    let Some((first, others)) = rows.split_first() else { return };
    if others.len() < FEW {
        rows.sort_unstable_by(compare);
        return;
    }
    let first = text(*first);
    let common = others.iter().fold(first.len(), |common, row| {
        let other = text(*row);
        let most = common.min(other.len());
        let alike = depth..most;
        alike
            .clone()
            .zip(first[alike.clone()].iter().zip(&other[alike]))
            .find_map(|(at, (left, right))| (left != right).then_some(at))
            .unwrap_or(most)
    });
    let mut pairs: Vec<(u64, u32)> = rows
        .iter()
        .map(|row| {
            let rest = &text(*row)[common..];
            let mut next = [0; size_of::<u64>()];
            let taken = rest.len().min(next.len());
            next[..taken].copy_from_slice(&rest[..taken]);
            (u64::from_be_bytes(next), *row)
        })
        .collect();
    pairs.sort_unstable();
    for (row, (_, sorted)) in rows.iter_mut().zip(&pairs) {
        *row = *sorted;
    }
    let mut at = 0;
    for alike in pairs.chunk_by(|left, right| left.0 == right.0) {
        let end = at + alike.len();
        let next = common + size_of::<u64>();
        // Where one ends, zeroes stand for bytes that it does not have.
        if alike.iter().any(|(_, row)| text(*row).len() < next) {
            rows[at..end].sort_unstable_by(compare);
        } else {
            sort_texts(&mut rows[at..end], texts, next);
        }
        at = end;
    }
}
