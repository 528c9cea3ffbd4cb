//! The examples under every help, and the page of exit codes.

pub(crate) const TOP: &str = "\
Start here:
  az monitor activity-log list --offset 90d --max-events 100000 | azmfa report
  azmfa report exports/ -o report.json
  azmfa readiness signins/ exports/ --registrations registrations.json
  azmfa COMMAND --help";

pub(crate) const TOP_LONG: &str = "\
Start here:
  az monitor activity-log list --offset 90d --max-events 100000 | azmfa report
  azmfa report exports/ -o report.json
  azmfa readiness signins/ exports/ --registrations registrations.json
  azmfa COMMAND --help

Exit codes:
  0  done
  1  done, and a condition of --fail-on holds
  2  could not run: wrong usage, nothing readable, output not written
  3  done, but some input was rejected or is incomplete
  A condition that holds (1) goes before incomplete input (3).

Nothing is lost silently:
  Every run ends with its balance on standard error:
  records = rows + duplicates + rejects + ignored";

pub(crate) const REPORT: &str = "\
Examples:
  az monitor activity-log list --offset 90d --max-events 100000 | azmfa report
  azmfa report exports/ 'more/*.json.gz'
  azmfa report -r non-mfa-writes --since 2026-01-01 --format csv exports/ > writes.csv
  azmfa report -r by-user,by-resource -o reports/ --format parquet exports/
  azmfa report -q --fail-on 'non_mfa_write_attempts>0' exports/";

pub(crate) const READINESS: &str = "\
Examples:
  azmfa readiness signins/ activity/ --registrations registrations.json
  azmfa readiness signins/ activity/ --exempt break-glass.txt -o readiness.json
  azmfa readiness -r service-accounts,write-to-sign-in signins/ activity/
  azmfa readiness --profile msid --registrations registrations.json signins/ -o msid.csv
  azmfa readiness -q --fail-on 'will_break>0' signins/ activity/";

pub(crate) const QUERY: &str = "\
Examples:
  azmfa query 'select caller, count(*) as events from activity group by caller' exports/
  azmfa query \"select * from attempt where mfa = 'non_mfa'\" exports/ -o attempts.parquet
  azmfa schema";

pub(crate) const EXPLAIN: &str = "\
Examples:
  azmfa report -r non-mfa-writes --format ndjson exports/
  azmfa explain 5f2c6b1e-0d3a-4c77-9a51-6b8e2f4d1c90 exports/";

pub(crate) const CONVERT: &str = "\
Examples:
  azmfa convert exports/ -o tables/
  azmfa convert exports/ --table activity_policy --format ndjson | jq .policy_effect
  azmfa convert exports/ --format arrow > activity.arrows";

pub(crate) const REPORTS: &str = "\
Examples:
  azmfa reports
  azmfa reports --explain by-user
  azmfa reports --queries my-reports/";

pub(crate) const FORMATS: &str = "\
Examples:
  azmfa formats
  azmfa formats --format json";

pub(crate) const SCHEMA: &str = "\
Examples:
  azmfa schema
  azmfa schema --json";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  azmfa completions bash > ~/.local/share/bash-completion/completions/azmfa
  azmfa completions zsh > ~/.zfunc/_azmfa
  azmfa completions powershell >> $PROFILE";

pub(crate) const MAN: &str = "\
Examples:
  azmfa man > ~/.local/share/man/man1/azmfa.1
  azmfa man | man -l -";

/// What to type when `azmfa COMMAND` has nothing to read.
pub(crate) fn nothing_to_read(before: &str) -> String {
    format!(
        "pipe an export in, or name files and folders:\n  \
         az monitor activity-log list --offset 90d --max-events 100000 | {before}\n  \
         {before} exports/"
    )
}
