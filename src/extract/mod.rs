//! From records to Arrow batches.

pub mod chunk;
