//! Work on several things at once, on threads that end with it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// What is made of each, in their order, by so many threads, this one among them.
pub(super) fn side_by_side<T: Sync, U: Send>(
    threads: usize,
    of: &[T],
    make: impl Fn(&T) -> U + Sync,
) -> Vec<U> {
    let next = AtomicUsize::new(0);
    let made: Mutex<Vec<(usize, U)>> = Mutex::new(Vec::with_capacity(of.len()));
    let work = || {
        while let Some((at, value)) = taken(&next, of).map(|(at, of)| (at, make(of))) {
            made.lock().unwrap_or_else(PoisonError::into_inner).push((at, value));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(of.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
    made.sort_unstable_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, value)| value).collect()
}

fn taken<'a, T>(next: &AtomicUsize, of: &'a [T]) -> Option<(usize, &'a T)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    of.get(at).map(|taken| (at, taken))
}
