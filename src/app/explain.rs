//! `azmfa explain`.

use crate::app::error::Error;
use crate::app::options::ExplainOptions;
use crate::app::outcome::Explanation;
use crate::app::progress::Progress;

/// Explains one event.
///
/// # Errors
/// What keeps the verb from running; damaged records are in the outcome.
pub fn run(options: &ExplainOptions, _progress: &Progress) -> Result<Explanation, Error> {
    Err(Error::NothingReadable {
        inputs: options.read.inputs.join(", "),
        detail: "no format is known".to_owned(),
    })
}
