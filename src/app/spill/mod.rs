//! What is kept on disk while a run lasts: in files without a name, which are gone when it ends,
//! however it ends.

mod blocks;
pub(crate) mod duplicates;
pub(crate) mod parts;
pub(crate) mod rows;
pub(crate) mod table;
