//! From events to attempts: duplicates dropped, the events of one request folded, policy events
//! joined to the request that caused them, days counted.
//!
//! Works on Arrow batches of `activity` in memory; knows no format and does no I/O.

pub mod attempt;
mod build;
pub mod calendar;
pub(crate) mod copies;
pub mod duplicate;
pub(crate) mod event;
pub mod events;
#[cfg(test)]
pub(crate) mod given_tests;
pub(crate) mod held;
mod join;
pub mod link;
mod person;
pub(crate) mod policy_event;
pub(crate) mod proof;
pub mod readiness;
pub(crate) mod sign_in;
mod told;
