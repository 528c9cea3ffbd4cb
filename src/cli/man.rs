//! `azmfa man`. The only room that knows `clap_mangen`.

use std::io;

use clap::Command;
use clap_mangen::Man;

/// The manual: the page of the program, then one section per command, as roff.
///
/// # Errors
/// None that writing to memory could cause.
pub(crate) fn page(command: Command) -> io::Result<Vec<u8>> {
    let mut command = command;
    command.build();
    let mut out = Vec::new();
    Man::new(command.clone()).render(&mut out)?;
    for each in command.get_subcommands().filter(|each| each.get_name() != "help") {
        let man = Man::new(each.clone());
        out.extend_from_slice(format!(".SH \"azmfa {}\"\n", each.get_name()).as_bytes());
        let mut section = Vec::new();
        man.render_description_section(&mut section)?;
        man.render_synopsis_section(&mut section)?;
        man.render_options_section(&mut section)?;
        man.render_extra_section(&mut section)?;
        // What are chapters in a page of its own are sections in a chapter here.
        let section = String::from_utf8_lossy(&section).replace(".SH ", ".SS ");
        out.extend_from_slice(section.as_bytes());
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::page;
    use crate::cli::args::Args;

    #[test]
    fn the_page_tells_every_command_and_the_exit_codes() {
        let text = String::from_utf8(page(Args::command()).unwrap()).unwrap();
        assert!(text.starts_with(".ie"), "{}", &text[..60]);
        for part in ["azmfa report", "azmfa completions", "Exit codes", "fail\\-on"] {
            assert!(text.contains(part), "{part}");
        }
    }
}
