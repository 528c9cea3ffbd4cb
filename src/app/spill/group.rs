//! Groups of rows that have nothing to do with each other, handed out one after the other.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::{BooleanArray, RecordBatch};
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;
use rayon::ThreadPoolBuilder;

use crate::app::error::Error;
use crate::app::shared::{locked, unlocked};
use crate::fold::events::{Facts, Kept};

/// Shares of a part that have nothing to do with each other either. They are written together, since
/// a block costs as much as some thousand rows in it, and told apart when they are read, if they are
/// many.
pub(super) const SHARES: usize = 32;

/// Rows of one group.
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) kept: Kept,
    /// The numbers of the rows of every batch.
    pub(crate) numbers: Vec<Vec<u64>>,
    /// The share of each row of every batch; none where all have to stay together.
    pub(super) shares: Vec<Vec<u8>>,
    /// The policies of the rows, where they are wanted.
    pub(crate) policies: Vec<RecordBatch>,
    /// The same of these.
    pub(super) policy_shares: Vec<Vec<u8>>,
}

/// What is read of some blocks.
#[derive(Debug)]
pub(super) struct Read {
    /// Rows that belong to no others.
    pub(super) own: Group,
    /// Those whose attempts reach into other parts.
    pub(super) aside: Group,
}

/// Where a group stands among all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Turn {
    /// Number of what was read together.
    group: usize,
    /// Number of the piece of it, and whether it is the last.
    piece: usize,
    is_last: bool,
}

impl Turn {
    /// The turn of the first group.
    pub(crate) const FIRST: Self = Self { group: 0, piece: 0, is_last: true };

    /// Whether it follows on `last`, or is the first if there is none.
    pub(crate) fn is_after(self, last: Option<Self>) -> bool {
        let due = match last {
            None => (0, 0),
            Some(last) if last.is_last => (last.group + 1, 0),
            Some(last) => (last.group, last.piece + 1),
        };
        (self.group, self.piece) == due
    }
}

impl Group {
    pub(super) fn push(
        &mut self,
        rows: RecordBatch,
        facts: Vec<Facts>,
        numbers: Vec<u64>,
        shares: Vec<u8>,
    ) {
        if rows.num_rows() > 0 {
            self.kept.batches.push(rows);
            self.kept.facts.push(facts);
            self.numbers.push(numbers);
            self.shares.push(shares);
        }
    }

    /// The group as groups of some `rows_max` rows, as far as it has shares that can be told apart.
    fn pieces(self, rows_max: usize) -> Result<Vec<Self>, ArrowError> {
        let rows: usize = self.kept.batches.iter().map(RecordBatch::num_rows).sum();
        let count = rows.div_ceil(rows_max).min(SHARES);
        let can_be_told = self.shares.iter().all(|shares| !shares.is_empty());
        if count < 2 || !can_be_told {
            return Ok(vec![self]);
        }
        let piece = |number: usize| {
            let is_own = |shares: &Vec<u8>| -> BooleanArray {
                let is_own = |share: &u8| Some(usize::from(*share) * count / SHARES == number);
                shares.iter().map(is_own).collect()
            };
            let mut piece = Self::default();
            for (index, shares) in self.shares.iter().enumerate() {
                let own = is_own(shares);
                let rows = filter_record_batch(&self.kept.batches[index], &own)?;
                let chosen = || own.values().set_indices();
                let facts = chosen().map(|row| self.kept.facts[index][row]).collect();
                let numbers = chosen().map(|row| self.numbers[index][row]).collect();
                piece.push(rows, facts, numbers, chosen().map(|row| shares[row]).collect());
            }
            for (batch, shares) in self.policies.iter().zip(&self.policy_shares) {
                piece.policies.push(filter_record_batch(batch, &is_own(shares))?);
            }
            Ok(piece)
        };
        (0..count).map(piece).collect()
    }
}

/// Hands groups to `take`, as many at once as there are to be threads, and last of all what was put
/// aside of all of them; what it gives comes in their order. `read` gives each of `count`.
pub(super) fn taken_in_turn<T: Send>(
    threads: usize,
    count: usize,
    rows_max: usize,
    read: impl Fn(usize) -> Result<Read, Error> + Sync,
    take: impl Fn(Turn, Group) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let next = AtomicUsize::new(0);
    // What is read goes to whoever is free first, in turn: so what is read early, and what comes of
    // it, does not heap up.
    let (ready, asides) = (Mutex::new(BTreeMap::new()), Mutex::new(BTreeMap::new()));
    let work = || {
        let mut done = Vec::new();
        loop {
            let piece = locked(&ready).pop_first();
            if let Some((turn, group)) = piece {
                done.push((turn, take(turn, group)?));
                continue;
            }
            let group = next.fetch_add(1, Ordering::Relaxed);
            if group >= count {
                return Ok(done);
            }
            let Read { own, aside } = read(group)?;
            locked(&asides).insert(group, aside);
            let pieces = own.pieces(rows_max).map_err(Error::Arrow)?;
            let last = pieces.len().saturating_sub(1);
            let turn = |piece| Turn { group, piece, is_last: piece == last };
            locked(&ready).extend(pieces.into_iter().zip(0..).map(|(own, at)| (turn(at), own)));
        }
    };
    let mut taken = alone(threads, work)?;
    taken.sort_unstable_by_key(|(turn, _)| *turn);
    let mut all: Vec<T> = taken.into_iter().map(|(_, done)| done).collect();
    let mut aside = Group::default();
    for more in unlocked(asides).into_values() {
        aside.kept.batches.extend(more.kept.batches);
        aside.kept.facts.extend(more.kept.facts);
        aside.numbers.extend(more.numbers);
        aside.shares.extend(more.shares);
        aside.policies.extend(more.policies);
    }
    if !aside.kept.batches.is_empty() {
        all.push(take(Turn { group: count, piece: 0, is_last: true }, aside)?);
    }
    Ok(all)
}

/// Has some threads do the same work, each alone: whoever waited for a part of its group to be done
/// by others would begin with the next group meanwhile, and have both in memory.
fn alone<T: Send>(
    threads: usize,
    work: impl Fn() -> Result<Vec<T>, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let one = || {
        let pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build();
        pool.map_err(Error::Threads)?.install(&work)
    };
    let done: Vec<Result<Vec<T>, Error>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.collect()
    });
    Ok(done.into_iter().collect::<Result<Vec<Vec<T>>, Error>>()?.into_iter().flatten().collect())
}
