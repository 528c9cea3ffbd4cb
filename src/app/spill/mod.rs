//! What is kept on disk while a run lasts: in files without a name, which are gone when it ends,
//! however it ends.

pub(crate) mod duplicates;
mod parts;
