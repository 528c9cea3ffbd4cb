//! Rows of `activity` and `activity_policy` into their columns.

use std::sync::Arc;

use crate::extract::activity::{COLUMN_COUNT, ColumnSet, Row, position};
use crate::extract::column::Columns;
use crate::extract::identity::KEY_PREFIX;
use crate::extract::policy::{Part, Policy};
use crate::mfa::policy::MfaPolicy;
use crate::schema::activity_policy::TABLE as ACTIVITY_POLICY;
use crate::time::micros;

/// What a row's own record does not say.
pub(crate) struct Placed<'a> {
    pub(crate) file: &'a Arc<str>,
    pub(crate) offset: u64,
    pub(crate) format: &'static str,
    /// Its id where the export has none, see [`crate::extract::identity::key_id`].
    pub(crate) key_id: &'a str,
}

/// Appends a row of `activity`, null in the columns that are left out.
pub(crate) fn append_activity(
    columns: &mut Columns,
    left_out: ColumnSet,
    row: &Row<'_>,
    scratch: &str,
    placed: &Placed<'_>,
) {
    for (place, builder) in &mut columns.builders {
        match *place {
            place if left_out.has(place) => builder.null(),
            position::EVENT_TIME => builder.integer(Some(micros(row.ticks))),
            position::SOURCE_OFFSET => builder.integer(i64::try_from(placed.offset).ok()),
            position::SOURCE_FILE => builder.text(Some(placed.file)),
            position::FORMAT => builder.text(Some(placed.format)),
            position::IS_POLICY_EVENT => builder.boolean(Some(row.is_policy_event)),
            position::IS_COMPLIANCE_CHECK => builder.boolean(row.is_compliance_check),
            position::EVENT_KEY => builder.text(placed.key_id.strip_prefix(KEY_PREFIX)),
            position::EVENT_ID => {
                builder.text(row.text(position::EVENT_ID, scratch).or(Some(placed.key_id)));
            }
            position::ATTEMPT_ID => builder.text(None),
            other => {
                debug_assert!(other < COLUMN_COUNT);
                builder.text(row.text(other, scratch));
            }
        }
    }
}

/// Appends a row of `activity_policy`.
pub(crate) fn append_policy(columns: &mut Columns, policy: &Policy, event_id: &str, time: i64) {
    const PARTS: &[(&str, Part)] = &[
        ("policy_definition_id", Part::DefinitionId),
        ("policy_definition_name", Part::DefinitionName),
        ("policy_display_name", Part::DisplayName),
        ("policy_effect", Part::Effect),
        ("policy_set_id", Part::SetId),
        ("policy_reference_id", Part::ReferenceId),
        ("assignment_id", Part::AssignmentId),
        ("assignment_name", Part::AssignmentName),
        ("assignment_display_name", Part::AssignmentDisplayName),
        ("assignment_scope", Part::AssignmentScope),
        ("exemption_ids", Part::ExemptionIds),
    ];
    for (place, builder) in &mut columns.builders {
        match ACTIVITY_POLICY.columns[*place].name {
            "event_id" => builder.text(Some(event_id)),
            "event_time" => builder.integer(Some(time)),
            "mfa_policy" => builder.text(policy.mfa.map(MfaPolicy::name)),
            name => {
                let part = PARTS.iter().find(|(known, _)| *known == name);
                builder.text(part.and_then(|(_, part)| policy.part(*part)));
            }
        }
    }
}
