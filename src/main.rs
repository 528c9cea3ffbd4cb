//! The `azmfa` program: everything it does is in the library.

use std::env::args_os;
use std::process::ExitCode;

fn main() -> ExitCode {
    azmfa::cli::run(args_os()).into()
}
