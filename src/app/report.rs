//! `azmfa report`.

use crate::app::error::Error;
use crate::app::options::ReportOptions;
use crate::app::outcome::Outcome;
use crate::app::progress::Progress;

/// Runs the asked-for reports.
///
/// # Errors
/// What keeps the verb from running; damaged records are in the outcome.
pub fn run(options: &ReportOptions, _progress: &Progress) -> Result<Outcome, Error> {
    Err(Error::NothingReadable {
        inputs: options.read.inputs.join(", "),
        detail: "no format is known".to_owned(),
    })
}
