//! The rows of the table, and the table itself.

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use super::sides::{Account, Registered};
use crate::extract::column::Columns;
use crate::fold::person::{Person, Span};
use crate::mfa::phase::Phase;
use crate::mfa::readiness::{Evidence, Judgement, Registration, judge};
use crate::schema::readiness::TABLE;
use crate::time::{day_of, format_day};

/// A person, judged.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) key: String,
    user: String,
    user_id: Option<String>,
    display_name: Option<String>,
    user_type: Option<String>,
    pub(super) evidence: Evidence,
    pub(super) judgement: Judgement,
    clients: Vec<String>,
    methods: Vec<String>,
    seen: Span,
    mfa: Span,
    non_mfa: Span,
}

impl Row {
    pub(super) fn of(
        mut person: Person,
        registration: Option<Registered<'_>>,
        account: Option<Account<'_>>,
        has_interactive_log: bool,
    ) -> Self {
        let counts = std::mem::take(&mut person.evidence);
        person.settle();
        let upn = person
            .upn
            .text()
            .or(account.and_then(|row| row.upn))
            .or(registration.and_then(|row| row.upn));
        let display_name = account
            .and_then(|row| row.display_name)
            .or(registration.and_then(|row| row.display_name))
            .or(person.display_name.text());
        // Guests' UPNs are made of their addresses and this mark.
        let marked = upn.filter(|upn| upn.to_ascii_lowercase().contains("#ext#")).map(|_| "guest");
        let user_type = account
            .and_then(|row| row.user_type)
            .or(registration.and_then(|row| row.user_type))
            .or(person.user_type.text())
            .or(marked);
        let sorted = |texts: &[Box<str>]| {
            let mut texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
            texts.sort_unstable();
            texts
        };
        let mut evidence = Evidence {
            upn: upn.map(str::to_owned),
            is_guest: user_type.is_some_and(|kind| kind.eq_ignore_ascii_case("guest")),
            is_enabled: account.and_then(|row| row.is_enabled),
            roles: sorted(&person.roles),
            registration: registration.map(|row| Registration {
                is_mfa_capable: row.is_mfa_capable,
                methods: listed(row.methods.unwrap_or_default()),
            }),
            old_clients: person.old_clients(),
            ..counts
        };
        evidence.service = person.score(&evidence, has_interactive_log);
        let user = upn.or(person.caller.text()).or(display_name);
        Self {
            user: user.map_or_else(|| person.key.to_string(), str::to_owned),
            user_id: person.has_id.then(|| person.key.to_string()),
            display_name: display_name.map(str::to_owned),
            user_type: user_type.map(str::to_owned),
            judgement: judge(&evidence),
            clients: person.clients_in_words(),
            methods: sorted(&person.methods),
            seen: person.seen,
            mfa: person.mfa,
            non_mfa: person.non_mfa,
            key: person.key.into_string(),
            evidence,
        }
    }
}

/// The parts of a comma-joined text.
fn listed(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// What stands in a column.
enum Cell {
    Text(Option<String>),
    Integer(i64),
    Boolean(Option<bool>),
    Time(Option<i64>),
}

fn joined(parts: &[String], between: &str) -> Cell {
    Cell::Text((!parts.is_empty()).then(|| parts.join(between)))
}

/// Phases, since or from when they are enforced.
fn enforced_from(phases: &[Phase], now: Option<i64>) -> Cell {
    let today = now.map(|now| format_day(day_of(now)));
    let in_words = |phase: &Phase| {
        let is_ahead = today.as_deref().is_some_and(|today| today < phase.start());
        let word = if is_ahead { "from" } else { "since" };
        format!("{} {word} {}", phase.name(), phase.enforced_from())
    };
    joined(&phases.iter().map(in_words).collect::<Vec<String>>(), "; ")
}

fn cell(name: &str, row: &Row, now: Option<i64>) -> Cell {
    let (evidence, judgement) = (&row.evidence, &row.judgement);
    let text = |text: &str| Cell::Text(Some(text.to_owned()));
    match name {
        "user_key" => text(&row.key),
        "user_name" => text(&row.user),
        "user_id" => Cell::Text(row.user_id.clone()),
        "display_name" => Cell::Text(row.display_name.clone()),
        "user_type" => Cell::Text(row.user_type.clone()),
        "verdict" => text(judgement.verdict.name()),
        "rule" => text(judgement.rule),
        "reasons" => joined(&judgement.reasons, "; "),
        "phase" => {
            let names: Vec<String> =
                judgement.phases.iter().map(|phase| phase.name().to_owned()).collect();
            joined(&names, ",")
        }
        "enforced_from" => enforced_from(&judgement.phases, now),
        "clients" => joined(&row.clients, ","),
        "old_clients" => {
            let old = evidence.old_clients.iter();
            let old = old.map(|old| format!("{} {}", old.name, old.version));
            joined(&old.collect::<Vec<String>>(), ",")
        }
        "methods_seen" => joined(&row.methods, ","),
        "methods_registered" => evidence
            .registration
            .as_ref()
            .map_or(Cell::Text(None), |known| Cell::Text(Some(known.methods.join(",")))),
        "is_mfa_capable" => {
            Cell::Boolean(evidence.registration.as_ref().and_then(|known| known.is_mfa_capable))
        }
        "mfa_strength" => {
            Cell::Text(evidence.strength().map(|strength| strength.name().to_owned()))
        }
        "roles" => joined(&evidence.roles, ","),
        "is_break_glass" => Cell::Boolean(Some(evidence.is_break_glass)),
        "service_evidence" => joined(&evidence.service.reasons, "; "),
        "first_seen" => Cell::Time(row.seen.first),
        "last_seen" => Cell::Time(row.seen.last),
        "last_mfa" => Cell::Time(row.mfa.last),
        "last_non_mfa" => Cell::Time(row.non_mfa.last),
        "next_step" => joined(&judgement.next_steps, "; "),
        name => Cell::Integer(count(name, evidence)),
    }
}

fn count(name: &str, evidence: &Evidence) -> i64 {
    match name {
        "write_attempts" => evidence.write_attempts,
        "mfa_writes" => evidence.mfa_writes,
        "non_mfa_writes" => evidence.non_mfa_writes,
        "unknown_writes" => evidence.unknown_writes,
        "non_mfa_deletes" => evidence.non_mfa_deletes,
        "policy_audits" => evidence.policy_audits,
        "policy_denies" => evidence.policy_denies,
        "sign_ins" => evidence.sign_ins,
        "mfa_sign_ins" => evidence.mfa_sign_ins,
        "non_mfa_sign_ins" => evidence.non_mfa_sign_ins,
        "exempt_sign_ins" => evidence.exempt_sign_ins,
        "unknown_sign_ins" => evidence.unknown_sign_ins,
        "failed_mfa_sign_ins" => evidence.failed_mfa_sign_ins,
        "ropc_sign_ins" => evidence.ropc_sign_ins,
        "legacy_sign_ins" => evidence.legacy_sign_ins,
        "service_score" => i64::from(evidence.service.points),
        _ => unreachable!("column `{name}` of `readiness` is not made"),
    }
}

/// The table of some rows.
pub(super) fn build(rows: &[Row], now: Option<i64>) -> Result<RecordBatch, ArrowError> {
    let mut columns = Columns::new(&TABLE, |_| true);
    for row in rows {
        for (position, builder) in &mut columns.builders {
            match cell(TABLE.columns[*position].name, row, now) {
                Cell::Text(text) => builder.text(text.as_deref()),
                Cell::Integer(number) => builder.integer(Some(number)),
                Cell::Boolean(truth) => builder.boolean(truth),
                Cell::Time(time) => builder.integer(time),
            }
        }
    }
    columns.finish(rows.len())
}
