//! From raw fields to a row of `audit`.

use std::borrow::Cow;

use crate::extract::elements::Elements;
use crate::extract::shape::{Direct, Fields, How, Shape, Value, lower, place_of, same};

/// Raw fields of a directory audit.
///
/// Source: <https://learn.microsoft.com/graph/api/resources/directoryaudit>; each format says where
/// its export has them.
const FIELDS: &[&str] = &[
    "event_id",
    "time",
    "tenant_id",
    "correlation_id",
    "activity",
    "category",
    "service",
    "operation_type",
    "result",
    "result_reason",
    "actor_type",
    "user_id",
    "user_upn",
    "user_name",
    "app_principal_id",
    "app_id",
    "app_name",
    "ip",
    "user_agent",
    "targets",
    "target_type",
    "target_id",
    "target_name",
    "target_upn",
    "token_id",
    "session_id",
];

const fn at(name: &str) -> usize {
    place_of(FIELDS, name)
}

const ACTOR_FROM: &[&str] =
    &["actor_type", "user_id", "user_upn", "user_name", "app_principal_id", "app_id", "app_name"];
const TARGET_FROM: &[&str] = &["targets", "target_type", "target_id", "target_name", "target_upn"];

/// Rows of `audit`.
pub const SHAPE: Shape = Shape {
    table: "audit",
    fields: FIELDS,
    structured: &["targets"],
    direct: &[
        same(&["tenant_id"], How::Lower),
        same(&["correlation_id"], How::Lower),
        same(&["activity"], How::Text),
        same(&["category"], How::Text),
        same(&["service"], How::Text),
        same(&["operation_type"], How::Lower),
        same(&["result_reason"], How::Text),
        Direct { column: "actor_upn", fields: &["user_upn"], how: How::Lower },
        same(&["ip"], How::Lower),
        same(&["user_agent"], How::Text),
        same(&["token_id"], How::Token),
        same(&["session_id"], How::Text),
    ],
    derived: &[
        ("result", &["result"]),
        ("actor_type", ACTOR_FROM),
        ("actor_id", ACTOR_FROM),
        ("actor_name", ACTOR_FROM),
        ("target_type", TARGET_FROM),
        ("target_id", TARGET_FROM),
        ("target_name", TARGET_FROM),
    ],
    identity: &[
        "activity",
        "user_id",
        "user_upn",
        "app_principal_id",
        "correlation_id",
        "target_id",
    ],
    always: &["targets"],
    needs_time: true,
};

/// Members of one element of `targetResources`.
/// Source: <https://learn.microsoft.com/graph/api/resources/targetresource>.
const TARGET_PATHS: &[&[&str]] = &[&["type"], &["id"], &["displayName"], &["userPrincipalName"]];

/// Works out what an audit means.
#[derive(Debug)]
pub(crate) struct Audits {
    targets: Elements,
}

/// The values of a row that are worked out.
pub(crate) type Derived<'a> = [Value<'a>; SHAPE.derived.len()];

impl Default for Audits {
    fn default() -> Self {
        Self { targets: Elements::new(TARGET_PATHS) }
    }
}

impl Audits {
    /// The values of a row that are worked out, in the order of [`Shape::derived`].
    pub(crate) fn derive<'a>(&mut self, raw: &Fields<'a>) -> Derived<'a> {
        let text =
            |field: &str| raw.at(at(field)).map(str::trim_ascii).filter(|text| !text.is_empty());
        let result = text("result").map(|text| match lower(text).as_ref() {
            "success" | "succeeded" => "success",
            "failure" | "failed" => "failure",
            "timeout" => "timeout",
            _ => "other",
        });
        let is_user = text("user_id").is_some() || text("user_upn").is_some();
        let is_app = text("app_principal_id").is_some()
            || text("app_id").is_some()
            || text("app_name").is_some();
        let actor = match text("actor_type").map(lower).as_deref() {
            Some("user") => Some("user"),
            Some("application" | "app" | "serviceprincipal") => Some("application"),
            _ if is_user => Some("user"),
            _ if is_app => Some("application"),
            _ => None,
        };
        let is_application = actor == Some("application");
        let id = if is_application {
            text("app_principal_id").or(text("app_id")).or(text("user_id"))
        } else {
            text("user_id")
        };
        let name =
            if is_application { text("app_name").or(text("user_name")) } else { text("user_name") };
        let mut target: [Option<String>; 4] =
            ["target_type", "target_id", "target_name", "target_upn"]
                .map(|field| text(field).map(str::to_owned));
        if let Some(list) = raw.at(at("targets")) {
            let mut is_first = true;
            self.targets.each(list, &mut |element| {
                if std::mem::take(&mut is_first) {
                    target = std::array::from_fn(|part| element.part(part).map(Cow::into_owned));
                }
            });
        }
        let [kind, target_id, target_name, target_upn] = target;
        [
            Value::text(result),
            Value::text(actor),
            Value::text(id.map(lower)),
            Value::text(name),
            Value::text(kind),
            Value::text(target_id.map(|id| id.to_lowercase())),
            Value::text(target_name.or(target_upn)),
        ]
    }
}
