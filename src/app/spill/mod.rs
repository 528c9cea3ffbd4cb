//! What is kept on disk while a run lasts: in files without a name, which are gone when it ends,
//! however it ends.

pub(crate) mod attempt_ids;
mod blocks;
pub(crate) mod duplicates;
pub(crate) mod group;
pub(crate) mod links;
pub(crate) mod merge;
pub(crate) mod numbered;
pub(crate) mod parts;
pub(crate) mod proofs;
pub(crate) mod rows;
pub(crate) mod table;
pub(crate) mod waiting;
