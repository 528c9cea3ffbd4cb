//! The rules that decide numbers, as pure functions: who acted, with what proof, under which
//! policy. Knows no format and does no I/O.

pub mod client;
pub mod error_code;
pub mod exclusion;
pub mod operation;
pub mod phase;
pub mod policy;
pub mod principal;
pub mod readiness;
pub mod role;
pub mod service_account;
pub mod sign_in;
pub mod strength;
pub mod token;
pub mod verdict;
mod words;
