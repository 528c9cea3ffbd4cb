//! Authentication steps that stand in a file of their own: the `AuthDetails` CSV that the portal
//! gives beside a CSV of sign-ins.
//!
//! Source: <https://learn.microsoft.com/entra/identity/monitoring-health/howto-download-logs>.

use crate::extract::shape::{Fields, Shape, lower, place_of, truth};

const FIELDS: &[&str] =
    &["event_id", "time", "method", "detail", "requirement", "result", "succeeded"];

/// Why such a record is counted as ignored: it is no row of its own.
pub const IGNORED_AS: &str = "authentication steps, joined to their sign-ins";

/// Rows of no table.
pub const SHAPE: Shape = Shape {
    table: "sign_in_step",
    fields: FIELDS,
    structured: &[],
    direct: &[],
    derived: &[],
    identity: &[],
    always: FIELDS,
    needs_time: false,
};

/// One step of a sign-in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepRow {
    /// The sign-in, `sign_in.event_id`.
    pub sign_in_id: String,
    /// `authenticationMethod`.
    pub method: Option<String>,
    /// `authenticationMethodDetail`.
    pub detail: Option<String>,
    /// `authenticationStepRequirement`.
    pub requirement: Option<String>,
    /// `authenticationStepResultDetail`.
    pub result: Option<String>,
    /// Whether it succeeded.
    pub succeeded: Option<bool>,
}

impl StepRow {
    pub(crate) fn of(raw: &Fields<'_>) -> Self {
        let text = |name: &str| raw.at(place_of(FIELDS, name)).map(|text| text.trim().to_owned());
        Self {
            sign_in_id: text("event_id").map(|id| lower(&id).into_owned()).unwrap_or_default(),
            method: text("method"),
            detail: text("detail"),
            requirement: text("requirement"),
            result: text("result"),
            succeeded: text("succeeded").as_deref().and_then(truth),
        }
    }
}
