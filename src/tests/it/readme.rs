//! Every example in README.md that starts with a prompt and `azmfa` is run, and prints what it says.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::run::BINARY;

/// A README with fewer examples has lost them.
const EXAMPLES_MIN: usize = 5;
const PROMPT: &str = "$ ";

/// One command of a fenced block and the lines under it.
#[derive(Debug, PartialEq)]
struct Example {
    line: usize,
    command: String,
    shown: String,
}

#[test]
fn every_example_of_the_readme_prints_what_it_shows() {
    let text = fs::read_to_string("README.md").expect("README.md is at the top");
    let examples = examples(&text);
    assert!(examples.len() >= EXAMPLES_MIN, "README.md has {} examples", examples.len());
    let path = search_path();
    let differing: Vec<String> = examples
        .iter()
        .filter_map(|example| {
            let output = Command::new("sh")
                .args(["-c", &example.command])
                .env("PATH", &path)
                .stdin(Stdio::null())
                .output()
                .unwrap();
            let printed = String::from_utf8_lossy(&output.stdout);
            (printed.trim_end() != example.shown.trim_end()).then(|| {
                format!(
                    "README.md:{}: {}\n--- shown\n{}\n--- printed\n{printed}\n--- said\n{}",
                    example.line,
                    example.command,
                    example.shown,
                    String::from_utf8_lossy(&output.stderr)
                )
            })
        })
        .collect();
    assert!(differing.is_empty(), "{} differ\n{}", differing.len(), differing.join("\n\n"));
}

/// The binary under test before any other.
fn search_path() -> std::ffi::OsString {
    let folder = Path::new(BINARY).parent().unwrap().to_owned();
    let rest = env::var_os("PATH").unwrap_or_default();
    env::join_paths([folder].into_iter().chain(env::split_paths(&rest))).unwrap()
}

/// Commands of the fenced blocks that begin with a prompt and name azmfa.
fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut fence: Option<bool> = None;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fence = if fence.is_some() { None } else { Some(false) };
            continue;
        }
        let Some(begun) = &mut fence else { continue };
        match line.strip_prefix(PROMPT) {
            Some(command) if command.contains("azmfa ") => {
                *begun = true;
                examples.push(Example {
                    line: index + 1,
                    command: command.to_owned(),
                    shown: String::new(),
                });
            }
            Some(_) => *begun = false,
            None if *begun => {
                let example = examples.last_mut().expect("a block that has begun");
                if example.command.ends_with('\\') {
                    example.command.push('\n');
                    example.command.push_str(line);
                } else {
                    example.shown.push_str(line);
                    example.shown.push('\n');
                }
            }
            None => {}
        }
    }
    examples
}

#[test]
fn examples_are_the_prompted_commands_of_fenced_blocks() {
    let text = "$ azmfa not in a block\n```console\n$ azmfa a | head -2\none\ntwo\n$ azmfa b\n```\n\
        ```sh\nls\n```\n```console\n$ ls\nx\n```\n";
    let found: Vec<(usize, String, String)> = examples(text)
        .into_iter()
        .map(|example| (example.line, example.command, example.shown))
        .collect();
    let expected = [(3, "azmfa a | head -2", "one\ntwo\n"), (6, "azmfa b", "")]
        .map(|(line, command, shown)| (line, command.to_owned(), shown.to_owned()));
    assert_eq!(found, expected);
}
