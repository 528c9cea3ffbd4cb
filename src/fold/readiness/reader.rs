//! Reading requests and sign-ins, row by row.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use foldhash::fast::FixedState;

use crate::fold::events::{Integers, Text, Times};
use crate::fold::person::{NEVER, People, Person};
use crate::mfa::client::{self, Client, Tool, is_too_old};
use crate::mfa::error_code::is_mfa_demand;
use crate::mfa::phase::{Phase, is_sovereign};
use crate::mfa::readiness::{Evidence, is_completed};
use crate::mfa::strength::Strength;

/// Beginnings of the names of regions of sovereign clouds. Source:
/// <https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure> and
/// <https://learn.microsoft.com/azure/china/overview-datacenter>.
const SOVEREIGN_REGIONS: [&str; 3] = ["usgov", "usdod", "china"];

/// User agents of which it is remembered what they name.
const AGENTS_MAX: usize = 10_000;

/// A text that is there and not empty.
pub(super) fn told(texts: Text<'_>, row: usize) -> Option<&str> {
    texts.get(row).filter(|text| !text.is_empty())
}

/// Reads requests and sign-ins, batch by batch, in any order. What it keeps grows with the people,
/// and with the hours in which they are active.
#[derive(Debug, Default)]
pub struct Reader {
    pub(super) people: People,
    pub(super) has_interactive_log: bool,
    pub(super) newest: Option<i64>,
    /// What each user agent names, since there are few and looking is slow.
    agents: Agents,
}

impl Reader {
    /// Reads a batch of `attempt`.
    pub fn read_attempts(&mut self, batch: &RecordBatch) {
        let text = |name| Text::of(batch, name);
        let (first, last) = (Times::of(batch, "first_time"), Times::of(batch, "last_time"));
        let (audits, denies) =
            (Integers::of(batch, "policy_audits"), Integers::of(batch, "policy_denies"));
        let (callers, upns, ids) = (text("caller"), text("caller_upn"), text("caller_oid"));
        let (names, types, apps) =
            (text("caller_name"), text("principal_type"), text("client_app_id"));
        let (regions, classes) = (text("region"), text("operation_class"));
        let (ips, verdicts) = (text("ip"), text("mfa"));
        for row in 0..batch.num_rows() {
            let time = first.get(row).unwrap_or(NEVER);
            self.newest = self.newest.max(first.get(row)).max(last.get(row));
            let caller = told(callers, row);
            let upn = told(upns, row).or_else(|| caller.filter(|caller| caller.contains('@')));
            let (id, name) = match told(types, row) {
                Some("user") => (told(ids, row), upn.or(caller)),
                None | Some("unknown") if upn.is_some() => (told(ids, row), upn),
                _ => continue,
            };
            // What stands for a name without being one pairs with no id.
            let name = if id.is_some() { upn } else { name };
            let Some(person) = self.people.of(id, name, time) else { continue };
            person.upn.offer(time, upn);
            person.caller.offer(time, caller);
            person.display_name.offer(time, told(names, row));
            person.is_active(time, told(ips, row));
            person.seen.add(last.get(row).unwrap_or(time));
            if let Some(app) = told(apps, row) {
                let kind = client::of(Some(app), None, None);
                person.used(kind.name(), None);
                person.evidence.phase_one_uses += i64::from(kind == Client::Portal);
            }
            let request = Request {
                time,
                class: told(classes, row).unwrap_or_default(),
                verdict: told(verdicts, row).unwrap_or_default(),
                is_sovereign: told(regions, row).is_some_and(is_sovereign_region),
                audits: audits.get(row).unwrap_or_default(),
                denies: denies.get(row).unwrap_or_default(),
            };
            request.count(person);
        }
    }

    /// Reads a batch of `sign_in`.
    pub fn read_sign_ins(&mut self, batch: &RecordBatch) {
        let columns = SignIns::of(batch);
        for row in 0..batch.num_rows() {
            let time = columns.times.get(row).unwrap_or(NEVER);
            self.newest = self.newest.max(columns.times.get(row));
            let category = told(columns.categories, row);
            self.has_interactive_log |= category == Some("interactive");
            let verdict = told(columns.verdicts, row);
            let (id, upn) = (told(columns.ids, row), told(columns.upns, row));
            let is_user = matches!(category, None | Some("interactive" | "non_interactive"))
                && verdict != Some("not_user");
            if !is_user || told(columns.excluded, row).is_some() || (id.is_none() && upn.is_none())
            {
                continue;
            }
            let code = columns.error_codes.get(row);
            let phase = told(columns.phases, row).and_then(Phase::of_name);
            if !is_completed(code, verdict) {
                if let (Some(phase), Some(true)) = (phase, code.map(is_mfa_demand))
                    && let Some(person) = self.people.of(id, upn, time)
                {
                    columns.name(person, row, time);
                    person.seen.add(time);
                    let evidence = &mut person.evidence;
                    evidence.failed_mfa_sign_ins += 1;
                    evidence.last.failed_mfa_sign_in =
                        evidence.last.failed_mfa_sign_in.max(Some(time));
                    count_use(evidence, phase);
                }
                continue;
            }
            let Some(person) = self.people.of(id, upn, time) else { continue };
            columns.name(person, row, time);
            columns.count_any(person, row);
            let Some(phase) = phase else {
                if verdict == Some("mfa") {
                    person.evidence.mfa_elsewhere += 1;
                    let last = &mut person.evidence.last.mfa_elsewhere;
                    *last = (*last).max(Some(time));
                }
                continue;
            };
            count_use(&mut person.evidence, phase);
            columns.count_covered(person, row, time);
            let tool = match told(columns.user_agents, row) {
                Some(agent) => tool_of(&mut self.agents, agent),
                None => told(columns.versions, row)
                    .filter(|_| told(columns.clients, row) == Some("cli"))
                    .map(|version| (Tool::AzureCli, version)),
            };
            if let Some((tool, version)) = tool
                && is_too_old(tool, version) == Some(true)
            {
                person.used_old(tool, version);
            }
        }
    }
}

type Agents = HashMap<Box<str>, Option<(Tool, Box<str>)>, FixedState>;

/// The tool that a user agent names, and its version.
fn tool_of<'s>(agents: &'s mut Agents, agent: &str) -> Option<(Tool, &'s str)> {
    if !agents.contains_key(agent) {
        if agents.len() >= AGENTS_MAX {
            agents.clear();
        }
        let tool = client::version(agent).map(|(tool, version)| (tool, version.into()));
        agents.insert(agent.into(), tool);
    }
    agents.get(agent)?.as_ref().map(|(tool, version)| (*tool, &**version))
}

fn count_use(evidence: &mut Evidence, phase: Phase) {
    match phase {
        Phase::One => evidence.phase_one_uses += 1,
        Phase::Two => evidence.phase_two_uses += 1,
    }
}

fn is_sovereign_region(region: &str) -> bool {
    let mut letters = region.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let start: Vec<u8> = letters.by_ref().take(5).map(|byte| byte.to_ascii_lowercase()).collect();
    SOVEREIGN_REGIONS.iter().any(|known| known.as_bytes() == start)
}

/// What is counted of a request.
struct Request<'a> {
    time: i64,
    class: &'a str,
    verdict: &'a str,
    is_sovereign: bool,
    audits: i64,
    denies: i64,
}

impl Request<'_> {
    fn count(&self, person: &mut Person) {
        let time = Some(self.time);
        let evidence = &mut person.evidence;
        person.attempts += 1;
        evidence.policy_audits += self.audits;
        evidence.policy_denies += self.denies;
        if self.denies > 0 {
            evidence.last.deny = evidence.last.deny.max(time);
        }
        match self.verdict {
            "mfa" => person.mfa.add(self.time),
            "non_mfa" => person.non_mfa.add(self.time),
            _ => {}
        }
        if matches!(self.class, "write" | "delete") {
            evidence.write_attempts += 1;
            evidence.sovereign_writes += i64::from(self.is_sovereign);
            match self.verdict {
                "mfa" => {
                    evidence.mfa_writes += 1;
                    evidence.last.mfa_write = evidence.last.mfa_write.max(time);
                }
                "non_mfa" => {
                    evidence.non_mfa_writes += 1;
                    evidence.non_mfa_deletes += i64::from(self.class == "delete");
                    evidence.last.non_mfa_write = evidence.last.non_mfa_write.max(time);
                }
                _ => evidence.unknown_writes += 1,
            }
        } else if self.class == "action" {
            evidence.actions += 1;
            if self.verdict == "mfa" {
                evidence.mfa_elsewhere += 1;
                evidence.last.mfa_elsewhere = evidence.last.mfa_elsewhere.max(time);
            }
        }
    }
}

/// The columns of a batch of sign-ins.
struct SignIns<'a> {
    times: Times<'a>,
    categories: Text<'a>,
    ids: Text<'a>,
    upns: Text<'a>,
    display_names: Text<'a>,
    user_types: Text<'a>,
    resources: Text<'a>,
    kinds_of_client: Text<'a>,
    protocols: Text<'a>,
    ips: Text<'a>,
    user_agents: Text<'a>,
    verdicts: Text<'a>,
    methods: Text<'a>,
    error_codes: Integers<'a>,
    strengths: Text<'a>,
    excluded: Text<'a>,
    phases: Text<'a>,
    clients: Text<'a>,
    versions: Text<'a>,
}

impl<'a> SignIns<'a> {
    fn of(batch: &'a RecordBatch) -> Self {
        let text = |name| Text::of(batch, name);
        Self {
            times: Times::of(batch, "event_time"),
            categories: text("category"),
            ids: text("user_id"),
            upns: text("upn"),
            display_names: text("display_name"),
            user_types: text("user_type"),
            resources: text("resource_app_id"),
            kinds_of_client: text("client_app_used"),
            protocols: text("auth_protocol"),
            ips: text("ip"),
            user_agents: text("user_agent"),
            verdicts: text("mfa"),
            methods: text("mfa_methods"),
            error_codes: Integers::of(batch, "error_code"),
            strengths: text("mfa_strength"),
            excluded: text("excluded"),
            phases: text("phase"),
            clients: text("client"),
            versions: text("client_version"),
        }
    }

    fn name(&self, person: &mut Person, row: usize, time: i64) {
        person.upn.offer(time, told(self.upns, row));
        person.display_name.offer(time, told(self.display_names, row));
        person.user_type.offer(time, told(self.user_types, row));
    }

    /// Counts a completed sign-in, whatever it was to.
    fn count_any(&self, person: &mut Person, row: usize) {
        match told(self.categories, row) {
            Some("interactive") => person.interactive += 1,
            Some(_) => person.non_interactive += 1,
            None => person.uncategorised += 1,
        }
        if let Some(methods) = told(self.methods, row) {
            person.showed_methods(methods);
        }
        let strength = told(self.strengths, row).and_then(strength_of);
        let evidence = &mut person.evidence;
        evidence.strength_seen = evidence.strength_seen.max(strength);
        evidence.legacy_sign_ins +=
            i64::from(told(self.kinds_of_client, row).is_some_and(is_legacy));
        evidence.sovereign_sign_ins += i64::from(is_sovereign(told(self.resources, row)));
    }

    /// Counts a completed sign-in to what mandatory MFA covers.
    fn count_covered(&self, person: &mut Person, row: usize, time: i64) {
        person.is_active(time, told(self.ips, row));
        if let Some(kind) = told(self.clients, row) {
            person.used(kind, told(self.versions, row));
            person.signed_in_with(kind);
        }
        let evidence = &mut person.evidence;
        let is_ropc = told(self.protocols, row).is_some_and(|it| it.eq_ignore_ascii_case("ropc"));
        evidence.ropc_sign_ins += i64::from(is_ropc);
        evidence.sign_ins += 1;
        let time_of = |last: &mut Option<i64>| *last = (*last).max(Some(time));
        time_of(&mut evidence.last.sign_in);
        match told(self.verdicts, row) {
            Some("mfa") => {
                evidence.mfa_sign_ins += 1;
                time_of(&mut evidence.last.mfa_sign_in);
                person.mfa.add(time);
            }
            Some("non_mfa") => {
                evidence.non_mfa_sign_ins += 1;
                time_of(&mut evidence.last.non_mfa_sign_in);
                person.non_mfa.add(time);
            }
            Some("exempt") => {
                evidence.exempt_sign_ins += 1;
                time_of(&mut evidence.last.exempt_sign_in);
            }
            _ => evidence.unknown_sign_ins += 1,
        }
    }
}

fn strength_of(word: &str) -> Option<Strength> {
    [Strength::None, Strength::Phishable, Strength::PhishingResistant]
        .into_iter()
        .find(|strength| strength.name() == word)
}

/// Whether a client cannot do MFA: all but these two are legacy. Source:
/// <https://learn.microsoft.com/entra/identity/conditional-access/concept-conditional-access-conditions>.
fn is_legacy(client_app_used: &str) -> bool {
    !["Browser", "Mobile Apps and Desktop clients"]
        .iter()
        .any(|modern| modern.eq_ignore_ascii_case(client_app_used.trim()))
}
