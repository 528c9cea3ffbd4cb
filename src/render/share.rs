//! Work that several threads share while a page is written.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does `work` with every item: each thread takes the next that nobody has taken, the calling one
/// once it has done what is to be done `meanwhile`.
///
/// # Errors
/// That of an item, or of `meanwhile`, and when there are no threads to be had.
pub(super) fn share<I, M, E>(
    threads: usize,
    items: I,
    work: impl Fn(I::Item) -> Result<(), E> + Sync,
    meanwhile: impl FnOnce() -> Result<M, E>,
) -> Result<M, E>
where
    I: Iterator<Item: Send> + Send,
    E: From<io::Error> + Send,
{
    let items = Mutex::new(items);
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let all = || {
        while let Some(item) = next() {
            work(item)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, all);
        let others = (1..threads).map(spawn).collect::<io::Result<Vec<_>>>()?;
        let done = meanwhile();
        let own = all();
        for other in others {
            let broke_off = |_| E::from(io::Error::other("a worker broke off"));
            other.join().map_err(broke_off)??;
        }
        own.and(done)
    })
}
