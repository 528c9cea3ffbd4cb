//! What several threads share. A lock whose holder panicked still guards whole values: they are
//! replaced, never half-changed.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value, for as long as nobody else may have it.
pub(crate) fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The value, once nobody shares it any more.
pub(crate) fn unlocked<T>(shared: Mutex<T>) -> T {
    shared.into_inner().unwrap_or_else(PoisonError::into_inner)
}
