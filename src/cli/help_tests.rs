//! The command line as a whole: nothing without help, and the help as a person reads it.

use std::collections::BTreeMap;

use clap::{Command, CommandFactory};

use super::args::Args;

fn commands() -> Vec<Command> {
    let mut root = Args::command().term_width(100);
    root.build();
    let mut found = vec![root.clone()];
    found.extend(root.get_subcommands().filter(|each| each.get_name() != "help").cloned());
    found
}

#[test]
fn the_command_line_is_sound() {
    Args::command().debug_assert();
}

#[test]
fn every_argument_has_help_a_heading_and_a_name_in_capitals_for_its_value() {
    for command in commands() {
        for arg in command.get_arguments() {
            let place = format!("{} {}", command.get_name(), arg.get_id());
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty(), "{place} has no help");
            assert!(help.chars().count() <= 79, "{place}: {help}");
            assert!(!help.ends_with('.') && !help.contains('\n'), "{place}: {help}");
            // Clap puts those without a dash under a heading of its own, before all others.
            let has_heading = arg.is_positional() || arg.get_help_heading().is_some();
            assert!(has_heading, "{place} has no heading");
            if arg.get_action().takes_values() {
                for name in arg.get_value_names().unwrap_or_default() {
                    assert_eq!(name.to_string(), name.to_uppercase(), "{place}");
                }
                assert!(arg.get_value_names().is_some(), "{place} has no name for its value");
            }
        }
    }
}

#[test]
fn every_command_says_what_it_does_in_a_line_and_has_examples() {
    for command in commands() {
        let name = command.get_name();
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!about.is_empty() && about.chars().count() <= 79, "{name}: {about}");
        assert!(!about.ends_with('.'), "{name}: {about}");
        let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(examples.contains("azmfa"), "{name} has no examples");
    }
}

#[test]
fn no_short_flag_has_two_meanings_anywhere() {
    let mut meanings = BTreeMap::new();
    for command in commands() {
        for arg in command.get_arguments() {
            if let Some(short) = arg.get_short() {
                // `-o` of convert names a folder, and the long name is the same.
                let long = arg.get_long().unwrap_or_default().to_owned();
                let known = meanings.entry(short).or_insert_with(|| long.clone());
                assert_eq!(*known, long, "-{short} of {}", command.get_name());
            }
        }
    }
}

#[test]
fn help_reads_well() {
    for mut command in commands() {
        let name = command.get_name().to_owned();
        insta::assert_snapshot!(format!("{name}-long"), command.render_long_help().to_string());
        insta::assert_snapshot!(format!("{name}-short"), command.render_help().to_string());
    }
}
