//! `azmfa completions SHELL`. The only room that knows `clap_complete`, besides `args`.

use clap::Command;
use clap_complete::Shell;
use clap_complete::generate;

/// The script for a shell.
pub(crate) fn script(shell: Shell, mut command: Command) -> Vec<u8> {
    let mut out = Vec::new();
    let name = command.get_name().to_owned();
    generate(shell, &mut command, name, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, ValueEnum};
    use clap_complete::Shell;

    use super::script;
    use crate::cli::args::Args;

    #[test]
    fn every_shell_gets_a_script_that_knows_the_commands() {
        for shell in Shell::value_variants() {
            let text = String::from_utf8(script(*shell, Args::command())).unwrap();
            assert!(text.contains("convert") && text.contains("fail-on"), "{shell}");
        }
    }
}
