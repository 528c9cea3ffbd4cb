//! `azmfa query`.

use crate::app::error::Error;
use crate::app::options::QueryOptions;
use crate::app::outcome::Outcome;
use crate::app::progress::Progress;

/// Runs one statement.
///
/// # Errors
/// What keeps the verb from running; damaged records are in the outcome.
pub fn run(options: &QueryOptions, _progress: &Progress) -> Result<Outcome, Error> {
    Err(Error::NothingReadable {
        inputs: options.read.inputs.join(", "),
        detail: "no format is known".to_owned(),
    })
}
