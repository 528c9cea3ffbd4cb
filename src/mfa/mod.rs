//! The rules that decide numbers, as pure functions: who acted, with what proof, under which
//! policy. Knows no format and does no I/O.

pub mod client;
pub mod operation;
pub mod policy;
pub mod principal;
pub mod token;
pub mod verdict;
