//! From raw fields to a row of `sign_in` and the rows of its Conditional Access policies.

use std::borrow::Cow;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;

use crate::extract::column::Columns;
use crate::extract::elements::{Element, Elements};
use crate::extract::remembered::Remembered;
use crate::extract::shape::{Direct, Fields, How, Shape, Value, lower, place_of, same, truth};
use crate::extract::verdict::Verdicts;
use crate::json::scan::may_hold_string;
use crate::mfa::client::{self, Client};
use crate::mfa::exclusion::{self, Exclusion};
use crate::mfa::phase::{Phase, phase_of};
use crate::mfa::sign_in::{Category, Requirement, Told, is_federation_log, is_federation_server};
use crate::mfa::strength::Strength;
use crate::schema::sign_in_policy::TABLE as SIGN_IN_POLICY;

/// Raw fields of a sign-in.
///
/// Source: <https://learn.microsoft.com/graph/api/resources/signin>; each format says where its
/// export has them.
const FIELDS: &[&str] = &[
    "event_id",
    "time",
    "tenant_id",
    "correlation_id",
    "category",
    "event_types",
    "is_interactive",
    "user_id",
    "upn",
    "display_name",
    "principal_id",
    "principal_name",
    "user_type",
    "home_tenant_id",
    "resource_tenant_id",
    "cross_tenant_type",
    "app_id",
    "app",
    "resource_app_id",
    "resource_app",
    "client_app_used",
    "auth_protocol",
    "transfer_method",
    "ip",
    "country",
    "city",
    "location",
    "user_agent",
    "device_id",
    "device_os",
    "device_compliant",
    "device_trust_type",
    "requirement",
    "steps",
    "mfa_result",
    "mfa_method",
    "ca_status",
    "status",
    "error_code",
    "failure_reason",
    "token_id",
    "session_id",
    "incoming_token_type",
    "risk_sign_in",
    "risk_user",
    "policies",
    "managed_identity",
    "result_type",
    "is_guest",
];

/// Place of a raw field, found when the crate is compiled.
macro_rules! at {
    ($name:literal) => {
        const { place_of(FIELDS, $name) }
    };
}

const CATEGORY_FROM: &[&str] = &[
    "category",
    "event_types",
    "is_interactive",
    "user_id",
    "upn",
    "principal_id",
    "managed_identity",
];
const PERSON: &[&str] = &["user_id", "upn", "principal_id"];
const VERDICT_FROM: &[&str] = &[
    "category",
    "event_types",
    "is_interactive",
    "user_id",
    "upn",
    "principal_id",
    "managed_identity",
    "error_code",
    "result_type",
    "status",
    "requirement",
    "steps",
    "mfa_result",
    "mfa_method",
    "policies",
    "resource_app_id",
];
const COMPLETED_FROM: &[&str] = &["error_code", "result_type", "status"];

/// Rows of `sign_in`.
pub const SHAPE: Shape = Shape {
    table: "sign_in",
    fields: FIELDS,
    structured: &["event_types", "steps", "policies", "managed_identity"],
    direct: &[
        Direct {
            column: "tenant_id",
            fields: &["tenant_id", "resource_tenant_id"],
            how: How::Lower,
        },
        same(&["correlation_id"], How::Lower),
        Direct {
            column: "display_name",
            fields: &["display_name", "principal_name"],
            how: How::Text,
        },
        same(&["home_tenant_id"], How::Lower),
        same(&["cross_tenant_type"], How::Lower),
        same(&["app_id"], How::Lower),
        same(&["resource_app_id"], How::Lower),
        same(&["resource_app"], How::Text),
        same(&["client_app_used"], How::Text),
        same(&["auth_protocol"], How::Lower),
        same(&["transfer_method"], How::Lower),
        same(&["ip"], How::Lower),
        same(&["user_agent"], How::Text),
        same(&["device_id"], How::Lower),
        same(&["device_os"], How::Text),
        same(&["device_compliant"], How::Boolean),
        same(&["device_trust_type"], How::Text),
        same(&["token_id"], How::Token),
        same(&["session_id"], How::Text),
        same(&["incoming_token_type"], How::Lower),
        same(&["risk_sign_in"], How::Lower),
        same(&["risk_user"], How::Lower),
        same(&["mfa_result"], How::Text),
    ],
    derived: &[
        ("category", CATEGORY_FROM),
        ("user_id", PERSON),
        ("upn", PERSON),
        ("user_key", PERSON),
        ("app", &["app", "app_id"]),
        ("country", &["country", "location"]),
        ("city", &["city", "location"]),
        ("requirement", &["requirement"]),
        ("mfa", VERDICT_FROM),
        ("mfa_reason", VERDICT_FROM),
        ("mfa_methods", &["steps", "mfa_method"]),
        ("mfa_strength", &["steps", "mfa_method"]),
        ("step_count", &["steps"]),
        ("error_code", COMPLETED_FROM),
        ("failure_reason", &["failure_reason", "error_code", "result_type", "status"]),
        (
            "excluded",
            &[
                "app_id",
                "app",
                "resource_app_id",
                "resource_app",
                "tenant_id",
                "home_tenant_id",
                "resource_tenant_id",
                "cross_tenant_type",
                "category",
            ],
        ),
        ("user_type", &["user_type", "is_guest"]),
        ("ca_status", &["ca_status"]),
        ("phase", &["app_id", "resource_app_id"]),
        ("client", &["app_id", "user_agent", "client_app_used"]),
        ("client_version", &["user_agent"]),
    ],
    identity: &["user_id", "upn", "principal_id", "app_id", "ip", "correlation_id", "error_code"],
    always: &["category", "requirement", "steps", "mfa_result"],
    needs_time: true,
};

/// Members of one applied policy, in the order of the columns of `sign_in_policy` behind
/// `event_time`. Source:
/// <https://learn.microsoft.com/graph/api/resources/appliedconditionalaccesspolicy>.
const POLICY_PATHS: &[&[&str]] = &[
    &["id"],
    &["displayName"],
    &["result"],
    &["enforcedGrantControls"],
    &["enforcedSessionControls"],
    &["conditionsSatisfied"],
    &["conditionsNotSatisfied"],
];
const RESULT: usize = 2;
const GRANT_CONTROLS: usize = 3;
const NAME: usize = 1;
const CONDITIONS: usize = 5;

/// The bits of `conditionsSatisfied` where an export gives a number. Inferred: the order is that of
/// Graph's `conditionalAccessConditions` and fits every value seen in public exports.
/// Source: <https://learn.microsoft.com/graph/api/resources/appliedconditionalaccesspolicy>.
const CONDITION_BITS: &[&str] = &[
    "application",
    "users",
    "deviceplatform",
    "location",
    "clienttype",
    "signinrisk",
    "userrisk",
    "time",
    "devicestate",
    "client",
    "ipaddressseenbyazuread",
    "ipaddressseenbyresourceprovider",
    "unknownfuturevalue",
    "serviceprincipals",
    "serviceprincipalrisk",
    "authenticationflows",
    "insiderrisk",
];

/// Works out what a sign-in means.
#[derive(Debug)]
pub(crate) struct SignIns {
    verdicts: Verdicts,
    policies: Elements,
    included: Vec<Exclusion>,
    categories: Remembered<Option<Category>>,
    programs: Remembered<(Client, Option<String>)>,
    policy_columns: Columns,
    /// Number of the sign-in of every policy row, among those of the batch.
    policy_rows: Vec<u32>,
}

/// The rows of policies, and for each the number of its sign-in.
pub(crate) type PolicyRows = (RecordBatch, Vec<u32>);

/// Names of the derived values.
const DERIVED: [&str; SHAPE.derived.len()] = {
    let mut names = [""; SHAPE.derived.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = SHAPE.derived[index].0;
        index += 1;
    }
    names
};

/// Place of a derived value, found when the crate is compiled.
macro_rules! derived {
    ($name:literal) => {
        const { place_of(&DERIVED, $name) }
    };
}

/// The values that the verdict is worked out with.
const JUDGED: [usize; 5] = [
    derived!("mfa"),
    derived!("mfa_reason"),
    derived!("mfa_methods"),
    derived!("mfa_strength"),
    derived!("step_count"),
];

/// The values of a row that are worked out.
pub(crate) type Derived<'a> = [Value<'a>; SHAPE.derived.len()];

impl SignIns {
    /// Builds the `wanted` columns of `sign_in_policy` beside; exclusions in `included` do not
    /// count as such.
    pub(crate) fn new(wanted: &[&'static str], included: Vec<Exclusion>) -> Self {
        Self {
            verdicts: Verdicts::default(),
            policies: Elements::new(POLICY_PATHS),
            included,
            categories: Remembered::default(),
            programs: Remembered::default(),
            policy_columns: Columns::new(&SIGN_IN_POLICY, |name| wanted.contains(&name)),
            policy_rows: Vec::new(),
        }
    }

    /// The values of a row that are worked out, as far as they are in `wanted`, a bit for each.
    pub(crate) fn derive<'a>(
        &mut self,
        raw: &Fields<'a>,
        file: &str,
        app_name: impl Fn(&str) -> Option<String>,
        wanted: u32,
    ) -> Derived<'a> {
        let wants = |place: usize| wanted >> place & 1 == 1;
        let mut values: Derived<'a> = std::array::from_fn(|_| Value::Null);
        let category = category_of(raw, file, &mut self.categories);
        values[derived!("category")] = Value::text(category.map(Category::name));
        if wants(derived!("user_key")) || wants(derived!("user_id")) || wants(derived!("upn")) {
            let person = Person::of(raw, category);
            values[derived!("user_key")] = Value::text(person.id.clone().or(person.upn.clone()));
            values[derived!("user_id")] = Value::text(person.id);
            values[derived!("upn")] = Value::text(person.upn);
        }
        place_of_sign_in(raw, &mut values);
        values[derived!("user_type")] = user_type(raw);
        values[derived!("ca_status")] = ca_status(raw);
        values[derived!("requirement")] = Value::text(raw.at(at!("requirement")).map(|text| {
            Requirement::of_text(text)
                .map_or_else(|| lower(text), |known| Cow::Borrowed(known.name()))
        }));
        let error_code = error_code_of(raw);
        values[derived!("error_code")] = error_code.map_or(Value::Null, Value::Integer);
        // Graph writes `Other.` where nothing failed.
        let reason = raw.at(at!("failure_reason")).filter(|_| error_code != Some(0));
        values[derived!("failure_reason")] = Value::text(reason.map(str::trim));
        let (app_id, resource) =
            (raw.at(at!("app_id")).map(lower), raw.at(at!("resource_app_id")).map(lower));
        let app = raw.at(at!("app")).map(|name| Cow::Borrowed(name.trim_ascii()));
        values[derived!("app")] =
            Value::text(app.or_else(|| app_name(app_id.as_deref()?).map(Cow::Owned)));
        values[derived!("phase")] =
            Value::text(phase_of(app_id.as_deref(), resource.as_deref()).map(Phase::name));
        if wants(derived!("client")) || wants(derived!("client_version")) {
            let (agent, used) = (raw.at(at!("user_agent")), raw.at(at!("client_app_used")));
            self.programs.ask([app_id.as_deref(), agent, used]);
            let (program, version) = self.programs.result(|| {
                let version = agent.and_then(client::version);
                let version = version.map(|(_, version)| version.to_owned());
                (client::of(app_id.as_deref(), agent, used), version)
            });
            values[derived!("client")] = Value::text(Some(program.name()));
            values[derived!("client_version")] = Value::text(version);
        }
        let is_federation_server = resource.as_deref().is_some_and(is_federation_server)
            || raw.at(at!("category")).is_some_and(is_federation_log);
        if wants(derived!("excluded")) {
            let excluded = exclusion::excluded(&exclusion::Facts {
                app_id: app_id.as_deref(),
                app: raw.at(at!("app")),
                resource_app_id: resource.as_deref(),
                resource_app: raw.at(at!("resource_app")),
                log_tenant_id: raw.at(at!("tenant_id")),
                home_tenant_id: raw.at(at!("home_tenant_id")),
                resource_tenant_id: raw.at(at!("resource_tenant_id")),
                cross_tenant_type: raw.at(at!("cross_tenant_type")),
                is_federation_server,
            });
            let excluded = excluded.filter(|kind| !self.included.contains(kind));
            values[derived!("excluded")] = Value::text(excluded.map(Exclusion::name));
        }
        if JUDGED.iter().any(|place| wants(*place)) {
            let told = Told { category, error_code, is_federation_server, ..Told::default() };
            self.judge(raw, told, &mut values);
        }
        values
    }

    /// Works out the verdict; `told` has what other columns were made of.
    fn judge<'a>(&mut self, raw: &'a Fields<'_>, told: Told<'a>, values: &mut Derived<'_>) {
        let told = Told {
            requirement: raw.at(at!("requirement")),
            mfa_result: raw.at(at!("mfa_result")),
            mfa_method: raw.at(at!("mfa_method")),
            ..told
        };
        let judged = self.verdicts.of(told, raw.at(at!("steps")));
        let policies = &mut self.policies;
        let (verdict, reason) = judged.verdict(|| meets_mfa(policies, raw));
        values[derived!("mfa")] = Value::text(Some(verdict.name()));
        values[derived!("mfa_reason")] = Value::text(Some(reason.name()));
        values[derived!("step_count")] = judged.step_count.map_or(Value::Null, Value::Integer);
        values[derived!("mfa_strength")] = Value::text(judged.strength.map(Strength::name));
        values[derived!("mfa_methods")] = Value::text(judged.methods);
    }

    /// Appends the rows of the policies of a sign-in, number `row` of the batch.
    pub(crate) fn append_policies(
        &mut self,
        raw: &Fields<'_>,
        (event_id, time): (&str, i64),
        row: usize,
    ) {
        let Some(text) =
            raw.at(at!("policies")).filter(|_| !self.policy_columns.builders.is_empty())
        else {
            return;
        };
        let (columns, rows) = (&mut self.policy_columns, &mut self.policy_rows);
        self.policies.each(text, &mut |policy| {
            for (place, builder) in &mut columns.builders {
                match *place {
                    0 => builder.text(Some(event_id)),
                    1 => builder.integer(Some(time)),
                    other => builder.text(policy_part(policy, other - 2).as_deref()),
                }
            }
            rows.push(u32::try_from(row).unwrap_or(u32::MAX));
        });
    }

    /// The policies since the last time.
    ///
    /// # Errors
    /// When a column outgrows Arrow's limits.
    pub(crate) fn finish_policies(&mut self) -> Result<Option<PolicyRows>, ArrowError> {
        if self.policy_rows.is_empty() {
            return Ok(None);
        }
        let rows = std::mem::take(&mut self.policy_rows);
        Ok(Some((self.policy_columns.finish(rows.len())?, rows)))
    }
}

/// Whether a policy that grants by MFA was met. Most sign-ins have many policies and none that was
/// met: the word is looked for before they are read.
fn meets_mfa(policies: &mut Elements, raw: &Fields<'_>) -> bool {
    let mut is_met = false;
    if let Some(text) = raw.at(at!("policies")).filter(|text| may_hold_string(text, "success")) {
        policies.each(text, &mut |policy| {
            let is = |part: usize, wanted: &str| {
                policy.part(part).is_some_and(|text| {
                    text.split(',').any(|one| one.trim().eq_ignore_ascii_case(wanted))
                })
            };
            is_met |= is(RESULT, "success") && is(GRANT_CONTROLS, "mfa");
        });
    }
    is_met
}

/// A value of a policy; conditions as names, whether the export gives names or a number.
fn policy_part(policy: &Element<'_>, part: usize) -> Option<String> {
    let text = policy.part(part)?;
    let text = text.trim();
    if part == NAME {
        return Some(text.to_owned());
    }
    if part >= CONDITIONS
        && let Ok(mask) = text.parse::<u32>()
    {
        let names = CONDITION_BITS.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
        let names: Vec<&str> = names.map(|(_, name)| *name).collect();
        return Some(if names.is_empty() { "none".to_owned() } else { names.join(",") });
    }
    Some(text.to_lowercase())
}

/// Whether an export tells in this record how the sign-in was authenticated, or the record needs it
/// not. A remark beside the status (`additionalDetails`) is none: Graph v1.0 has it too, and it is
/// blank in most rows.
pub(crate) fn tells_of_mfa(raw: &Fields<'_>) -> bool {
    let category = raw.at(at!("category")).and_then(Category::of_text);
    category.is_some_and(|category| !category.is_user())
        || raw.at(at!("requirement")).is_some()
        || raw.at(at!("steps")).is_some()
}

/// How much a copy of a sign-in says: early copies of a record lack steps.
/// Source: <https://learn.microsoft.com/entra/identity/monitoring-health/concept-sign-in-log-activity-details>.
pub(crate) fn weight(raw: &Fields<'_>) -> u32 {
    let told = [at!("requirement"), at!("steps"), at!("mfa_result")].map(|field| raw.at(field));
    let told = told.into_iter().flatten();
    told.map(|text| u32::try_from(text.len()).unwrap_or(u32::MAX)).fold(0, u32::saturating_add)
}

/// `member` or `guest`; hunting tables say only whether it is the latter.
fn user_type<'a>(raw: &Fields<'a>) -> Value<'a> {
    let by_word = raw.at(at!("user_type")).map(lower);
    let is_guest = || raw.at(at!("is_guest")).and_then(truth);
    let word = |is_guest: bool| Cow::Borrowed(if is_guest { "guest" } else { "member" });
    Value::text(by_word.or_else(|| is_guest().map(word)))
}

/// What Conditional Access came to: Graph's word, which the portal writes with a blank, or the number
/// of hunting tables.
///
/// Source: <https://learn.microsoft.com/defender-xdr/advanced-hunting-entraidsigninevents-table>.
fn ca_status<'a>(raw: &Fields<'a>) -> Value<'a> {
    let status = raw.at(at!("ca_status")).map(lower);
    Value::text(status.map(|status| match status.as_ref() {
        "0" => Cow::Borrowed("success"),
        "1" => Cow::Borrowed("failure"),
        "2" | "not applied" => Cow::Borrowed("notapplied"),
        _ => status,
    }))
}

/// Where somebody signed in.
fn place_of_sign_in<'a>(raw: &Fields<'a>, values: &mut Derived<'a>) {
    let location = raw.at(at!("location")).map(Place::of).unwrap_or_default();
    let country = raw.at(at!("country")).or(location.country).map(str::trim);
    values[derived!("country")] = Value::text(country.map(|country| {
        let is_upper = !country.bytes().any(|byte| byte.is_ascii_lowercase()) && country.is_ascii();
        if is_upper { Cow::Borrowed(country) } else { Cow::Owned(country.to_uppercase()) }
    }));
    values[derived!("city")] = Value::text(raw.at(at!("city")).or(location.city).map(str::trim));
}

/// The kind that a word, or an array of words, stands for.
fn category_of_words(text: &str) -> Option<Category> {
    if text.starts_with('[') {
        Category::of_text(&crate::extract::elements::joined_texts(text))
    } else {
        Category::of_text(text)
    }
}

fn category_of(
    raw: &Fields<'_>,
    file: &str,
    known: &mut Remembered<Option<Category>>,
) -> Option<Category> {
    let mut told = |field| {
        let text: &str = raw.at(field)?;
        known.ask([Some(text)]);
        known.result(|| category_of_words(text))
    };
    let by_words = told(at!("category")).or_else(|| told(at!("event_types")));
    let has = |field| raw.at(field).is_some_and(|text| !matches!(text, "{}" | "[]"));
    let is_person = has(at!("user_id")) || has(at!("upn"));
    let of_file = || {
        let name = file.rsplit(['/', '\\', ':']).next().unwrap_or_default();
        Category::of_text(name.split(['_', '-', '.']).next().unwrap_or_default())
    };
    by_words.or_else(|| {
        if has(at!("managed_identity")) && !is_person {
            return Some(Category::ManagedIdentity);
        }
        if has(at!("principal_id")) && !is_person {
            return of_file().or(Some(Category::ServicePrincipal));
        }
        match raw.at(at!("is_interactive")).and_then(truth) {
            Some(true) => Some(Category::Interactive),
            Some(false) => Some(Category::NonInteractive),
            None => of_file(),
        }
    })
}

/// Who signed in.
struct Person<'a> {
    id: Option<Cow<'a, str>>,
    upn: Option<Cow<'a, str>>,
}

impl<'a> Person<'a> {
    fn of(raw: &Fields<'a>, category: Option<Category>) -> Self {
        let some = |field| {
            let text = raw.at(field)?.trim_ascii();
            let is_none =
                text == "00000000-0000-0000-0000-000000000000" || text.eq_ignore_ascii_case("n/a");
            (!is_none).then(|| lower(text))
        };
        let is_user = category.is_none_or(Category::is_user);
        let id = if is_user {
            some(at!("user_id"))
        } else {
            some(at!("principal_id")).or_else(|| some(at!("user_id")))
        };
        // Entra writes the object id where a deleted user's name was.
        let upn = some(at!("upn")).filter(|upn| is_user && upn.contains('@'));
        Self { id, upn }
    }
}

/// `City, State, CC` of the portal's CSV; a text without commas is a country.
#[derive(Debug, Default)]
struct Place<'a> {
    country: Option<&'a str>,
    city: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(text: &'a str) -> Self {
        let mut parts = text.split(',').map(str::trim);
        let filled = |part: Option<&'a str>| part.filter(|part| !part.is_empty());
        let (first, last) = (parts.next(), parts.next_back());
        match last {
            Some(last) => Self { country: filled(Some(last)), city: filled(first) },
            None => Self { country: filled(first), city: None },
        }
    }
}

/// The AADSTS number; a blank one is 0 where the status says so.
fn error_code_of(raw: &Fields<'_>) -> Option<i64> {
    let number = |field| raw.at(field).and_then(|text| text.trim_ascii().parse().ok());
    number(at!("error_code")).or_else(|| number(at!("result_type"))).or_else(|| {
        let is_done = raw.at(at!("status")).is_some_and(|text| {
            ["success", "succès", "correcto", "réussite"].contains(&lower(text).as_ref())
        });
        is_done.then_some(0)
    })
}
