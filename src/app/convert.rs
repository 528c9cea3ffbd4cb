//! `azmfa convert`.

use crate::app::error::Error;
use crate::app::options::ConvertOptions;
use crate::app::outcome::ConvertOutcome;
use crate::app::progress::Progress;

/// Writes the normalised tables.
///
/// # Errors
/// What keeps the verb from running; damaged records are in the outcome.
pub fn run(options: &ConvertOptions, _progress: &Progress) -> Result<ConvertOutcome, Error> {
    Err(Error::NothingReadable {
        inputs: options.read.inputs.join(", "),
        detail: "no format is known".to_owned(),
    })
}
