//! The reports and views built into the program. The block below is rewritten by a test.

// roster: begin
pub(crate) const REPORTS: &[(&str, &str)] = &[];
pub(crate) const VIEWS: &[(&str, &str)] = &[];
// roster: end
