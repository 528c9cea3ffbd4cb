//! Finding inputs and opening them: the only room that reads the disk and standard input.
//!
//! [`plan`] turns what a person named into a list of inputs; [`open`] peels off compression,
//! archives and encodings, by content and never by extension, and hands on plain streams. What a
//! stream holds (which container, which format) is not known here. Tests make their files in
//! temporary folders.

pub mod open;
pub mod plan;
pub(crate) mod spool;
pub mod trouble;

mod magic;
mod peek;
mod unpack;
mod utf16;
