//! The command line: the only room that prints, and that looks at the terminal and the environment.
//!
//! [`run`] is the program. A command line becomes `args`, those become the options of `app`
//! (`options`), whose outcome goes to where it was asked for (`output`) and is told about
//! (`show`).

mod args;
mod commands;
mod completions;
mod examples;
pub mod exit;
mod failure;
mod man;
mod message;
mod options;
mod output;
mod progress;
mod show;
mod terminal;
mod value;

use std::ffi::OsString;

use clap::Parser;

use crate::cli::args::Args;
use crate::cli::exit::ExitKind;
use crate::cli::terminal::Terminal;

/// Does what a command line asks for and says how it ended.
///
/// `args` begins with the name of the program, as the system gives them.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitKind {
    match Args::try_parse_from(args) {
        Ok(args) => commands::run(&args, Terminal::here()),
        Err(told) => {
            // Help asked for goes to standard output, everything else is wrong usage. Whether
            // anybody still listens changes neither.
            let _ = told.print();
            if told.use_stderr() { ExitKind::CouldNotRun } else { ExitKind::Done }
        }
    }
}

#[cfg(test)]
mod help_tests;
