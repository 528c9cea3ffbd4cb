//! What is told on standard error when a run has ended: warnings, rejects, and its balance.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;
use std::time::Duration;

use crate::cli::exit::ExitKind;
use crate::cli::message::Message;
use crate::cli::message::Paint;
use crate::cli::message::painted;
use crate::error::Accounting;
use crate::error::Reject;
use crate::text::bytes;
use crate::text::count;
use crate::text::sanitised;
use crate::text::thousands;
use crate::time::format_micros;

/// Rejects told one by one unless more are asked for.
const REJECTS_SHOWN: usize = 3;

/// How much to say on standard error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    /// How often `-q` was given: 1 leaves out the balance, 2 warnings as well.
    pub(crate) quiet: u8,
    /// Whether every sampled reject is told.
    pub(crate) verbose: bool,
    /// Whether in colour.
    pub(crate) color: bool,
    /// Whether input that looks cut short counts as incomplete.
    pub(crate) strict: bool,
    /// Whether the rejects go to a file as well.
    pub(crate) has_rejects_file: bool,
}

/// How a run ended, whatever its verb.
#[derive(Debug)]
pub(crate) struct Ending<'a> {
    pub(crate) accounting: &'a Accounting,
    pub(crate) rejects_sample: &'a [Reject],
    pub(crate) is_truncated: bool,
    pub(crate) failed_checks: &'a [String],
    pub(crate) window: (Option<i64>, Option<i64>),
    pub(crate) elapsed: Duration,
    /// The files written, with what is in them.
    pub(crate) written: &'a [String],
}

impl Ending<'_> {
    /// What the shell is told.
    pub(crate) fn exit(&self, manner: &Manner) -> ExitKind {
        let is_incomplete =
            self.accounting.reject_count() > 0 || (manner.strict && self.is_truncated);
        let input = if is_incomplete { ExitKind::Incomplete } else { ExitKind::Done };
        let checks =
            if self.failed_checks.is_empty() { ExitKind::Done } else { ExitKind::CheckFailed };
        input.merge(checks)
    }

    /// Writes everything that `manner` leaves to be said; failed checks always.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn write(&self, out: &mut dyn Write, manner: &Manner) -> io::Result<()> {
        if manner.quiet < 2 {
            self.write_rejects(out, manner)?;
            for warning in &self.accounting.warnings {
                Message::warning(&*warning.message)
                    .with_hint(warning.hint.clone())
                    .write(out, manner.color)?;
            }
        }
        for check in self.failed_checks {
            Message::error(format!("check failed: {check}")).write(out, manner.color)?;
        }
        if manner.quiet == 0 { self.write_balance(out, manner) } else { Ok(()) }
    }

    fn write_rejects(&self, out: &mut dyn Write, manner: &Manner) -> io::Result<()> {
        let shown_max = if manner.verbose { usize::MAX } else { REJECTS_SHOWN };
        let shown = self.rejects_sample.iter().take(shown_max);
        let shown_count = shown.len() as u64;
        for reject in shown {
            Message::warning(format!("rejected ({}): {}", reject.reason.name(), reject.detail))
                .with_location(Some(reject.location.to_string()))
                .write(out, manner.color)?;
        }
        let left = self.accounting.reject_count().saturating_sub(shown_count);
        if left == 0 {
            return Ok(());
        }
        let hint = (!manner.has_rejects_file)
            .then(|| "`--rejects FILE` writes every one with its place and its bytes".to_owned());
        let what = if shown_count > 0 { "more record" } else { "record" };
        Message::warning(format!("{} rejected", count(left, what)))
            .with_hint(hint)
            .write(out, manner.color)
    }

    /// One glance: what was read, what became of every record, which shapes, which days.
    fn write_balance(&self, out: &mut dyn Write, manner: &Manner) -> io::Result<()> {
        let accounting = self.accounting;
        let mut line = |label: &str, text: &str| {
            let label = painted(&format!("{label:<9}"), Paint::Dim, manner.color);
            writeln!(out, "{label} {}", sanitised(text))
        };
        line("read", &self.read_line())?;
        line("records", &self.records_line())?;
        // A table that holds every row is said with the sum already.
        for (label, counts) in [
            ("rows", &accounting.rows),
            ("rejects", &accounting.rejects),
            ("ignored", &accounting.ignored),
            ("formats", &accounting.formats),
        ] {
            let is_told = if label == "rows" { counts.len() > 1 } else { !counts.is_empty() };
            if is_told {
                line(label, &listed(counts))?;
            }
        }
        if let (Some(since), Some(until)) = self.window {
            line("window", &format!("{} to {}", format_micros(since), format_micros(until)))?;
        }
        for file in self.written {
            line("wrote", file)?;
        }
        Ok(())
    }

    fn read_line(&self) -> String {
        let accounting = self.accounting;
        let seconds = self.elapsed.as_secs_f64();
        let mut text = format!(
            "{}, {} in {seconds:.2} s",
            count(accounting.files, "file"),
            bytes(accounting.bytes)
        );
        // Below a tenth of a second a speed says more about the clock than about the program.
        if seconds >= 0.1 {
            let micros = self.elapsed.as_micros().max(1);
            let speed = u128::from(accounting.bytes) * 1_000_000 / micros;
            let speed = bytes(u64::try_from(speed).unwrap_or(u64::MAX));
            text = format!("{text} ({speed}/s)");
        }
        text
    }

    fn records_line(&self) -> String {
        let accounting = self.accounting;
        let sign = if accounting.balances() { "=" } else { "≠" };
        let parts = [
            (accounting.row_count(), "row", "rows"),
            (accounting.duplicates, "duplicate", "duplicates"),
            (accounting.reject_count(), "reject", "rejects"),
            (accounting.ignored_count(), "ignored", "ignored"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .map(|(number, one, many)| {
                format!("{} {}", thousands(*number), if *number == 1 { one } else { many })
            })
            .collect();
        format!("{} {sign} {}", thousands(accounting.records), parts.join(" + "))
    }
}

/// `cut_short 3, syntax 1`, the most frequent first.
fn listed(counts: &BTreeMap<String, u64>) -> String {
    let mut entries: Vec<(&String, &u64)> = counts.iter().collect();
    entries.sort_by_key(|(name, number)| (std::cmp::Reverse(**number), (*name).clone()));
    let entries: Vec<String> =
        entries.iter().map(|(name, number)| format!("{name} {}", thousands(**number))).collect();
    entries.join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Ending, Manner};
    use crate::cli::exit::ExitKind;
    use crate::error::{Accounting, Location, Reject, RejectReason, Warning};

    fn accounting() -> Accounting {
        Accounting {
            files: 3,
            bytes: 94_371_840,
            records: 18_240,
            rows: [("activity".to_owned(), 18_200)].into(),
            duplicates: 20,
            rejects: [("syntax".to_owned(), 1), ("cut_short".to_owned(), 3)].into(),
            ignored: [("storage_read".to_owned(), 15), ("window".to_owned(), 1)].into(),
            formats: [("az_cli".to_owned(), 18_233), ("diagnostic".to_owned(), 7)].into(),
            warnings: vec![Warning {
                message: "`-` looks cut by az: 50 events in 6 hours".to_owned(),
                hint: Some("ask for all of them:\n  az monitor activity-log list".to_owned()),
            }],
        }
    }

    fn reject(record: u64) -> Reject {
        Reject {
            location: Location { file: Arc::from("x.json"), record, byte: 10 * record },
            reason: RejectReason::CutShort,
            detail: "the input ends inside the record".to_owned(),
            raw: Vec::new(),
        }
    }

    fn ending<'a>(
        accounting: &'a Accounting,
        rejects: &'a [Reject],
        checks: &'a [String],
    ) -> Ending<'a> {
        Ending {
            accounting,
            rejects_sample: rejects,
            is_truncated: true,
            failed_checks: checks,
            window: (Some(0), Some(86_400_000_000)),
            elapsed: Duration::from_millis(310),
            written: &[],
        }
    }

    fn shown(ending: &Ending<'_>, manner: &Manner) -> String {
        let mut out = Vec::new();
        ending.write(&mut out, manner).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_run_ends_with_its_balance_at_one_glance() {
        let (accounting, rejects) = (accounting(), [reject(1), reject(2), reject(3), reject(4)]);
        let checks = ["`users > 3` (it is 5)".to_owned()];
        insta::assert_snapshot!(
            shown(&ending(&accounting, &rejects, &checks), &Manner::default()), @r#"
        warning: rejected (cut_short): the input ends inside the record
          --> x.json: record 1, byte 10
        warning: rejected (cut_short): the input ends inside the record
          --> x.json: record 2, byte 20
        warning: rejected (cut_short): the input ends inside the record
          --> x.json: record 3, byte 30
        warning: 1 more record rejected
        hint: `--rejects FILE` writes every one with its place and its bytes
        warning: `-` looks cut by az: 50 events in 6 hours
        hint: ask for all of them:
          az monitor activity-log list
        error: check failed: `users > 3` (it is 5)
        read      3 files, 94.3 MB in 0.31 s (304.4 MB/s)
        records   18,240 = 18,200 rows + 20 duplicates + 4 rejects + 16 ignored
        rejects   cut_short 3, syntax 1
        ignored   storage_read 15, window 1
        formats   az_cli 18,233, diagnostic 7
        window    1970-01-01T00:00:00.000000Z to 1970-01-02T00:00:00.000000Z
        "#);
    }

    #[test]
    fn a_clean_run_takes_three_lines() {
        let accounting = Accounting {
            files: 1,
            bytes: 2_048,
            records: 1,
            rows: [("activity".to_owned(), 1)].into(),
            formats: [("az_cli".to_owned(), 1)].into(),
            ..Accounting::default()
        };
        let mut ending = ending(&accounting, &[], &[]);
        ending.window = (None, None);
        ending.elapsed = Duration::from_millis(4);
        insta::assert_snapshot!(shown(&ending, &Manner::default()), @r#"
        read      1 file, 2.0 kB in 0.00 s
        records   1 = 1 row + 0 duplicates + 0 rejects + 0 ignored
        formats   az_cli 1
        "#);
    }

    #[test]
    fn quiet_hides_the_balance_then_the_warnings_but_never_a_failed_check() {
        let (accounting, rejects) = (accounting(), [reject(1)]);
        let checks = ["`users > 3` (it is 5)".to_owned()];
        let ending = ending(&accounting, &rejects, &checks);
        let quiet = shown(&ending, &Manner { quiet: 1, ..Manner::default() });
        assert!(quiet.contains("warning: rejected") && !quiet.contains("\nrecords "));
        let quieter = shown(&ending, &Manner { quiet: 2, ..Manner::default() });
        assert_eq!(quieter, "error: check failed: `users > 3` (it is 5)\n");
    }

    #[test]
    fn verbose_tells_every_sampled_reject() {
        let (accounting, rejects) = (accounting(), [reject(1), reject(2), reject(3), reject(4)]);
        let manner = Manner { verbose: true, ..Manner::default() };
        let text = shown(&ending(&accounting, &rejects, &[]), &manner);
        assert_eq!(text.matches("warning: rejected").count(), 4);
        assert!(!text.contains("--rejects FILE"));
    }

    #[test]
    fn rejects_are_incomplete_and_a_truncation_only_when_strict() {
        let (clean, damaged) = (Accounting::default(), accounting());
        let strict = Manner { strict: true, ..Manner::default() };
        let plain = Manner::default();
        assert_eq!(ending(&clean, &[], &[]).exit(&plain), ExitKind::Done);
        assert_eq!(ending(&clean, &[], &[]).exit(&strict), ExitKind::Incomplete);
        assert_eq!(ending(&damaged, &[], &[]).exit(&plain), ExitKind::Incomplete);
        let checks = ["x".to_owned()];
        assert_eq!(ending(&damaged, &[], &checks).exit(&plain), ExitKind::CheckFailed);
    }
}
