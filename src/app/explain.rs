//! `azmfa explain`: one event, its record as it was read, what was read from it, and the rule.

use std::collections::BTreeMap;
use std::fmt::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};

use crate::app::error::Error;
use crate::app::ingest::{threads_for, with_threads};
use crate::app::options::ExplainOptions;
use crate::app::outcome::Explanation;
use crate::app::progress::Progress;
use crate::app::report::{read_with, window};
use crate::app::tables::{Made, Wishes};
use crate::schema::Table;
use crate::schema::activity::TABLE as ACTIVITY;
use crate::schema::attempt::TABLE as ATTEMPT;
use crate::schema::audit::TABLE as AUDIT;
use crate::schema::link::TABLE as LINK;
use crate::schema::sign_in::TABLE as SIGN_IN;
use crate::schema::sign_in_policy::TABLE as SIGN_IN_POLICY;
use crate::text::count;
use crate::time::format_micros;

/// Explains one event.
///
/// # Errors
/// [`Error::UnknownEvent`], and what keeps the inputs from being read.
pub fn run(options: &ExplainOptions, progress: &Progress) -> Result<Explanation, Error> {
    let event_id = options.event_id.trim().to_lowercase();
    let wishes = Wishes::everything(None);
    let mut ingested = read_with(&options.read, &wishes, Some(event_id.clone()), progress)?;
    let window = window(&options.read, &ingested);
    let threads = threads_for(&ingested, options.read.threads);
    let make = || wishes.make(&mut ingested, window, &options.read);
    let made = with_threads(threads, |pool| pool.install(make))??;
    let with_rows = |made: &Made| Ok((made.table.name, made.all_rows()?));
    let tables = made.iter().map(with_rows).collect::<Result<Tables, Error>>()?;
    let mut text = format!("Event {event_id}\n");
    let own = |table: &'static Table| {
        let (batch, row) = find(&tables, table.name, "event_id", &event_id)?;
        Some((table, batch, row))
    };
    let Some((table, batch, row)) = [&ACTIVITY, &SIGN_IN, &AUDIT].into_iter().find_map(own) else {
        return Err(Error::UnknownEvent { event_id: options.event_id.clone() });
    };
    fields(&mut text, table, &batch, row);
    if table.name == ACTIVITY.name {
        activity(&mut text, &tables, &event_id, (&batch, row));
    } else if table.name == SIGN_IN.name {
        sign_in(&mut text, &tables, &event_id, (&batch, row));
    } else {
        behind(&mut text, &tables, "audit_event_id", &event_id);
    }
    for raw in &ingested.raw {
        let _ = writeln!(text, "\nRecord\n{}", raw.trim());
    }
    Ok(Explanation { text })
}

/// Where the row was read from, and everything it says.
fn fields(text: &mut String, table: &Table, batch: &RecordBatch, row: usize) {
    let value = |column: &str| shown(batch, column, row);
    let _ = writeln!(text, "\nRead from");
    for name in ["source_file", "source_record", "source_offset", "format"] {
        let _ = writeln!(text, "  {name:24}{}", value(name).unwrap_or_default());
    }
    let _ = writeln!(text, "\nFields");
    for column in table.columns {
        if let Some(value) = value(column.name).filter(|_| !column.name.starts_with("source_")) {
            let _ = writeln!(text, "  {:24}{value}", column.name);
        }
    }
}

/// Rule, policies, attempt and sign-in of an event of the Activity Log.
fn activity(
    text: &mut String,
    tables: &Tables,
    event_id: &str,
    (batch, row): (&RecordBatch, usize),
) {
    let value = |column: &str| shown(batch, column, row);
    let _ = writeln!(text, "\nRule\n{}", rule(&value));
    for (batch, row) in rows(tables, "activity_policy", "event_id", event_id) {
        let value = |column: &str| shown(&batch, column, row).unwrap_or_default();
        let _ = writeln!(
            text,
            "  policy {} ({}), effect {}, assignment {}, MFA policy: {}",
            value("policy_display_name"),
            value("policy_definition_id"),
            value("policy_effect"),
            value("assignment_name"),
            shown(&batch, "mfa_policy", row).unwrap_or_else(|| "no".to_owned()),
        );
    }
    if let Some(attempt) = value("attempt_id")
        && let Some((batch, row)) = find(tables, ATTEMPT.name, "attempt_id", &attempt)
    {
        let value = |column: &str| shown(&batch, column, row).unwrap_or_default();
        let _ = writeln!(
            text,
            "\nAttempt {attempt}\n  {} of {} on {}\n  {} rows from {} to {}, verdict {}, MFA-policy audits {}, denies {}",
            value("outcome"),
            value("operation"),
            value("resource_id"),
            value("event_count"),
            value("first_time"),
            value("last_time"),
            value("mfa"),
            value("policy_audits"),
            value("policy_denies"),
        );
        behind(text, tables, "activity_event_id", &value("event_id"));
    }
}

/// The sign-in behind a change or an audit.
fn behind(text: &mut String, tables: &Tables, column: &str, event_id: &str) {
    let Some((link, link_row)) = find(tables, LINK.name, column, event_id) else { return };
    let linked = |column: &str| shown(&link, column, link_row).unwrap_or_default();
    let id = linked("sign_in_id");
    let Some((batch, row)) = find(tables, SIGN_IN.name, "event_id", &id) else { return };
    let value = |column: &str| shown(&batch, column, row).unwrap_or_else(|| "untold".to_owned());
    let _ = writeln!(
        text,
        "\nSign-in {id} (known by {})\n  {} from {} with {}, verdict {} ({}), methods {}",
        linked("kind"),
        value("event_time"),
        value("ip"),
        value("app"),
        value("mfa"),
        value("mfa_reason"),
        value("mfa_methods"),
    );
}

/// Rule and policies of a sign-in, and what was done with its token.
fn sign_in(
    text: &mut String,
    tables: &Tables,
    event_id: &str,
    (batch, row): (&RecordBatch, usize),
) {
    let value = |column: &str| {
        shown(batch, column, row).map_or_else(|| "absent".to_owned(), |text| format!("`{text}`"))
    };
    let _ = writeln!(
        text,
        "\nRule\n  category is {}, error_code is {}, requirement is {}, steps told: {}, mfa_result is {}\n  verdict: {} because of {}",
        value("category"),
        value("error_code"),
        value("requirement"),
        value("step_count"),
        value("mfa_result"),
        value("mfa"),
        value("mfa_reason"),
    );
    for (batch, row) in rows(tables, SIGN_IN_POLICY.name, "event_id", event_id) {
        let value = |column: &str| shown(&batch, column, row).unwrap_or_default();
        let _ = writeln!(
            text,
            "  policy {} ({}): {}, grant controls: {}",
            value("policy_name"),
            value("policy_id"),
            value("result"),
            value("grant_controls"),
        );
    }
    let links = rows(tables, LINK.name, "sign_in_id", event_id);
    if !links.is_empty() {
        let of = |column: &str| {
            links.iter().filter(|(batch, row)| shown(batch, column, *row).is_some()).count() as u64
        };
        let _ = writeln!(
            text,
            "\nWith its token or session\n  {}, {}",
            count(of("activity_event_id"), "change"),
            count(of("audit_event_id"), "directory audit"),
        );
    }
}

/// The rule of Microsoft's policy, with the values it was asked with.
fn rule(value: &impl Fn(&str) -> Option<String>) -> String {
    let claim =
        |name: &str| value(name).map_or_else(|| "absent".to_owned(), |text| format!("`{text}`"));
    format!(
        "  non_mfa = principal is a user, and `mfa` is not in amr, and `p1` is not in acrs\n  \
         principal_type is {}, idtyp is {}, amr is {}, acrs is {}\n  verdict: {}",
        value("principal_type").unwrap_or_default(),
        claim("idtyp"),
        claim("amr"),
        claim("acrs"),
        value("mfa").unwrap_or_default(),
    )
}

/// The rows of tables by their names.
type Tables = BTreeMap<&'static str, Vec<RecordBatch>>;

fn find(tables: &Tables, table: &str, column: &str, wanted: &str) -> Option<(RecordBatch, usize)> {
    rows(tables, table, column, wanted).into_iter().next()
}

fn rows(tables: &Tables, table: &str, column: &str, wanted: &str) -> Vec<(RecordBatch, usize)> {
    let mut found = Vec::new();
    for batch in tables.get(table).into_iter().flatten() {
        let texts = batch.column_by_name(column).and_then(|column| column.as_string_view_opt());
        let Some(texts) = texts else { continue };
        let matching =
            (0..batch.num_rows()).filter(|row| texts.is_valid(*row) && texts.value(*row) == wanted);
        found.extend(matching.map(|row| (batch.clone(), row)));
    }
    found
}

fn shown(batch: &RecordBatch, column: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(column)?;
    if column.is_null(row) {
        return None;
    }
    if let Some(texts) = column.as_string_view_opt() {
        return Some(texts.value(row).to_owned());
    }
    if let Some(times) = column.as_primitive_opt::<TimestampMicrosecondType>() {
        return Some(format_micros(times.value(row)));
    }
    if let Some(numbers) = column.as_primitive_opt::<Int64Type>() {
        return Some(numbers.value(row).to_string());
    }
    column.as_boolean_opt().map(|flags| flags.value(row).to_string())
}
