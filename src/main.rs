//! The `azmfa` program.
fn main() {}
