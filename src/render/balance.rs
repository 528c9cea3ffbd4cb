//! The balance of a run in words, for documents that a person reads.

use std::collections::BTreeMap;

use crate::error::Accounting;
use crate::text::{bytes, count, thousands};
use crate::time::format_micros;

use super::Page;

/// What became of every record: `1,542 records in 3 files (2.1 MB): 1,482 rows, 60 duplicates, 0
/// rejects, 0 ignored`.
pub(crate) fn sentence(accounting: &Accounting) -> String {
    format!(
        "{} in {} ({}): {}, {}, {}, {} ignored",
        count(accounting.records, "record"),
        count(accounting.files, "file"),
        bytes(accounting.bytes),
        count(accounting.row_count(), "row"),
        count(accounting.duplicates, "duplicate"),
        count(accounting.reject_count(), "reject"),
        thousands(accounting.ignored_count()),
    )
}

/// The counts behind the sentence, by what they are counts of; only those that have any.
pub(crate) fn details(
    accounting: &Accounting,
) -> impl Iterator<Item = (&'static str, &BTreeMap<String, u64>)> {
    [
        ("Rows by table", &accounting.rows),
        ("Rejects by reason", &accounting.rejects),
        ("Ignored by category", &accounting.ignored),
        ("Records by format", &accounting.formats),
    ]
    .into_iter()
    .filter(|(_, counts)| !counts.is_empty())
}

/// The window of a page: `2026-05-01T… to 2026-05-31T…`; `None` when neither end is known.
pub(crate) fn window(page: &Page) -> Option<String> {
    match page.window {
        (Some(first), Some(last)) => {
            Some(format!("{} to {}", format_micros(first), format_micros(last)))
        }
        (Some(first), None) => Some(format!("from {}", format_micros(first))),
        (None, Some(last)) => Some(format!("to {}", format_micros(last))),
        (None, None) => None,
    }
}

/// The balance of the run that made the pages; `None` where nothing was read, as for a list of
/// what the program knows.
pub(crate) fn of(pages: &[Page]) -> Option<&Accounting> {
    pages.first().map(|page| &page.accounting).filter(|balance| **balance != Accounting::default())
}
