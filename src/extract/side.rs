//! Rows of the side inputs: who has registered what, which resources, roles and accounts there are.

use crate::extract::shape::{Direct, Fields, How, Shape, Value, lower, place_of, same};
use crate::mfa::role::{is_privileged, role_name};

/// Rows of `registration`.
pub const REGISTRATION: Shape = Shape {
    table: "registration",
    fields: &[
        "event_id",
        "time",
        "user_id",
        "upn",
        "display_name",
        "user_type",
        "is_admin",
        "is_mfa_registered",
        "is_mfa_capable",
        "is_passwordless_capable",
        "methods",
        "last_updated",
    ],
    structured: &["methods"],
    direct: &[
        same(&["user_id"], How::Lower),
        same(&["upn"], How::Lower),
        same(&["display_name"], How::Text),
        same(&["user_type"], How::Lower),
        same(&["is_admin"], How::Boolean),
        same(&["is_mfa_registered"], How::Boolean),
        same(&["is_mfa_capable"], How::Boolean),
        same(&["is_passwordless_capable"], How::Boolean),
        same(&["methods"], How::List),
        same(&["last_updated"], How::Time),
    ],
    derived: &[],
    identity: &["user_id", "upn"],
    always: &[],
    needs_time: false,
};

/// Rows of `resource`.
pub const RESOURCE: Shape = Shape {
    table: "resource",
    fields: &[
        "event_id",
        "time",
        "resource_id",
        "resource_name",
        "resource_type",
        "resource_group",
        "region",
        "tags",
    ],
    structured: &["tags"],
    direct: &[
        same(&["resource_id"], How::Path),
        same(&["resource_name"], How::Text),
        same(&["resource_type"], How::Lower),
        same(&["resource_group"], How::Lower),
        same(&["region"], How::Lower),
        same(&["tags"], How::Text),
    ],
    derived: &[],
    identity: &["resource_id"],
    always: &[],
    needs_time: false,
};

const ROLE_FIELDS: &[&str] = &[
    "event_id",
    "time",
    "principal_id",
    "principal_upn",
    "principal_type",
    "role_id",
    "role",
    "scope",
];

const ROLE_FROM: &[&str] = &["role_id", "role"];

/// Rows of `role_assignment`.
pub const ROLE_ASSIGNMENT: Shape = Shape {
    table: "role_assignment",
    fields: ROLE_FIELDS,
    structured: &[],
    direct: &[
        same(&["principal_id"], How::Lower),
        same(&["principal_upn"], How::Lower),
        Direct { column: "scope", fields: &["scope"], how: How::Lower },
    ],
    derived: &[
        ("principal_type", &["principal_type"]),
        ("role_id", ROLE_FROM),
        ("role", ROLE_FROM),
        ("is_privileged", ROLE_FROM),
    ],
    identity: &["principal_id", "role_id", "scope"],
    always: &[],
    needs_time: false,
};

/// Rows of `directory_user`.
pub const DIRECTORY_USER: Shape = Shape {
    table: "directory_user",
    fields: &[
        "event_id",
        "time",
        "user_id",
        "upn",
        "display_name",
        "user_type",
        "is_enabled",
        "is_synced",
        "job_title",
        "department",
        "created",
    ],
    structured: &[],
    direct: &[
        same(&["user_id"], How::Lower),
        same(&["upn"], How::Lower),
        same(&["display_name"], How::Text),
        same(&["user_type"], How::Lower),
        same(&["is_enabled"], How::Boolean),
        same(&["is_synced"], How::Boolean),
        same(&["job_title"], How::Text),
        same(&["department"], How::Text),
        same(&["created"], How::Time),
    ],
    derived: &[],
    identity: &["user_id", "upn"],
    always: &[],
    needs_time: false,
};

/// The values of `role_assignment` that are worked out.
pub(crate) fn role_values<'a>(raw: &Fields<'a>) -> [Value<'a>; 4] {
    let text = |name: &str| raw.at(place_of(ROLE_FIELDS, name)).map(str::trim_ascii);
    // Graph names the type `#microsoft.graph.user`; role ids of Azure are whole resource ids.
    let kind = text("principal_type").map(|kind| lower(kind.rsplit('.').next().unwrap_or(kind)));
    let id = text("role_id").map(|id| lower(id.rsplit('/').next().unwrap_or(id)));
    let name = text("role").or_else(|| id.as_deref().and_then(role_name));
    let privileged = match (id.as_deref().and_then(is_privileged), name.and_then(is_privileged)) {
        (Some(true), _) | (_, Some(true)) => Value::Boolean(true),
        (None, None) => Value::Null,
        _ => Value::Boolean(false),
    };
    [Value::text(kind), Value::text(id), Value::text(name), privileged]
}
