//! The command line: exit codes, messages, files, selection, and the commands that only tell.

mod files;
mod messages;
mod selection;
mod telling;

use crate::run::{Ran, Run, fixture};

/// An array as `az monitor activity-log list` prints it.
const AZ: &str = "formats/activity_rest/az.json";
/// Two good rows, two damaged ones.
const RAGGED: &str = "broken/ragged.csv";
/// The 50 events at which the Azure CLI stops by default.
const CUT: &str = "formats/activity_rest/alarm_fifty.json.gz";

/// Keeps the commands out of the head of a snapshot; they are in it already.
fn plain_snapshots() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind_to_scope()
}

/// A summary of a fixture as JSON, with further arguments.
fn summary(name: &str, args: &[&str]) -> Ran {
    Run::new()
        .args(["report", "-r", "summary", "--format", "json"])
        .arg(fixture(name))
        .args(args.iter().copied())
        .run()
}
