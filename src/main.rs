//! The `azmfa` program: everything it does is in the library.
//!
//! Its allocator, where that is not the system's, is decided here: glibc keeps what a thread has freed
//! for that thread and those that come after it, which took a quarter to a half more memory for reports of
//! records that do not fit into it. How it is set up is in `.cargo/config.toml`.

use std::env::args_os;
use std::process::ExitCode;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    azmfa::cli::run(args_os()).into()
}
