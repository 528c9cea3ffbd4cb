//! Reading back the tables that `azmfa convert` wrote.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringViewArray, new_null_array,
};
use arrow_cast::cast;
use arrow_schema::ArrowError;
use arrow_select::filter::filter_record_batch;

use crate::extract::Wanted;
use crate::extract::filter::{Candidate, Filter};
use crate::extract::identity::RowKey;
use crate::extract::policy::PolicyFlags;
use crate::fold::events::{Text, Times, with_columns};
use crate::mfa::policy::{MfaPolicy, mfa_policy};
use crate::mfa::verdict::{Proof, strict_verdict};
use crate::schema::Table;
use crate::schema::activity::TABLE as ACTIVITY;

/// The batch with the columns of `table` that `keep` says yes to, in table order and of the
/// table's types; what it lacks is null.
pub(crate) fn conform(
    batch: &RecordBatch,
    table: &Table,
    keep: impl Fn(&str) -> bool,
) -> Result<RecordBatch, ArrowError> {
    let schema = table.arrow_schema(keep);
    let columns = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) => cast(column, field.data_type()),
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        })
        .collect::<Result<Vec<ArrayRef>, ArrowError>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::new(schema), columns, &options)
}

/// The columns of the table `activity` without which its rows cannot be taken: those that are
/// wanted, and those that tell who a row is, whether it counts and what its verdict is.
pub(crate) fn columns_of_activity(wanted: &Wanted) -> Vec<&'static str> {
    let is_filtered = wanted.filter != Filter::default();
    let names = ACTIVITY.columns.iter().map(|column| column.name);
    names
        .filter(|name| {
            wanted.activity.contains(name)
                || KEYS.contains(name)
                || *name == "event_time"
                || *name == "mfa"
                || (is_filtered && FILTERED.contains(name))
        })
        .collect()
}

/// What [`keys_of`] reads, and [`strictly_judged`].
const KEYS: &[&str] =
    &["event_key", "event_id", "amr", "acrs", "idtyp", "client_app_id", "caller_oid"];
/// What [`filtered`] reads.
const FILTERED: &[&str] = &[
    "event_time",
    "subscription_id",
    "caller",
    "caller_upn",
    "caller_oid",
    "resource_id",
    "resource_name",
];

/// The rows that the filter lets through, and how many it refused for which reason.
pub(crate) fn filtered(
    batch: &RecordBatch,
    filter: &Filter,
) -> Result<(RecordBatch, BTreeMap<&'static str, u64>), ArrowError> {
    let has = |name: &str| batch.column_by_name(name).is_some();
    let batch = conform(batch, &ACTIVITY, |name| has(name) || name == "mfa")?;
    let mut refused: BTreeMap<&'static str, u64> = BTreeMap::new();
    if *filter == Filter::default() {
        return Ok((batch, refused));
    }
    let text = |name| Text::of(&batch, name);
    let (times, subscriptions) = (Times::of(&batch, "event_time"), text("subscription_id"));
    let identities = [text("caller"), text("caller_upn"), text("caller_oid")];
    let (ids, names) = (text("resource_id"), text("resource_name"));
    let mask: BooleanArray = (0..batch.num_rows())
        .map(|row| {
            let reason = filter.refuses(&Candidate {
                time: times.get(row).unwrap_or_default(),
                subscription: subscriptions.get(row),
                identities: identities.map(|column| column.get(row)),
                resource_id: ids.get(row),
                resource_name: names.get(row),
            });
            if let Some(reason) = reason {
                *refused.entry(reason).or_default() += 1;
            }
            Some(reason.is_none())
        })
        .collect();
    Ok((filter_record_batch(&batch, &mask)?, refused))
}

/// The identities of rows, as they were when the table was written.
pub(crate) fn keys_of(batch: &RecordBatch) -> Vec<RowKey> {
    let text = |name| Text::of(batch, name);
    let (keys, ids) = (text("event_key"), text("event_id"));
    let signs =
        [text("amr"), text("acrs"), text("idtyp"), text("client_app_id"), text("caller_oid")];
    (0..batch.num_rows())
        .map(|row| {
            let key = keys
                .get(row)
                .and_then(|key| u128::from_str_radix(key, 16).ok())
                .unwrap_or_default();
            let id = ids.get(row).filter(|id| !id.starts_with("key:"));
            let has_claims = signs.iter().any(|sign| sign.get(row).is_some());
            RowKey::new(key, id, has_claims, PolicyFlags::default())
        })
        .collect()
}

/// The policies whose events were kept.
pub(crate) fn policies_of_kept(
    rows: &RecordBatch,
    kept_ids: &HashSet<String>,
) -> Result<RecordBatch, ArrowError> {
    let ids = Text::of(rows, "event_id");
    let mask: BooleanArray = (0..rows.num_rows())
        .map(|row| Some(ids.get(row).is_some_and(|id| kept_ids.contains(id))))
        .collect();
    filter_record_batch(rows, &mask)
}

/// The rows with their verdicts by the letter of the rule (`--strict-policy`): the tables hold the
/// claims that it asks for.
pub(crate) fn strictly_judged(
    batch: &RecordBatch,
    keys: &[RowKey],
) -> Result<RecordBatch, ArrowError> {
    let text = |name| Text::of(batch, name);
    let (idtyp, amr, acrs, verdicts) = (text("idtyp"), text("amr"), text("acrs"), text("mfa"));
    let judged = keys.iter().enumerate().map(|(row, key)| {
        if !key.has_claims {
            return verdicts.get(row);
        }
        let proof = Proof { idtyp: idtyp.get(row), amr: amr.get(row), acrs: acrs.get(row) };
        Some(strict_verdict(proof).name())
    });
    with_columns(batch, &[("mfa", Arc::new(judged.collect::<StringViewArray>()))])
}

/// The rows with further MFA policies marked (`--mfa-policy`).
pub(crate) fn with_mfa_policies(
    batch: &RecordBatch,
    extra: &[String],
) -> Result<RecordBatch, ArrowError> {
    let text = |name| Text::of(batch, name);
    let (known, ids, names) =
        (text("mfa_policy"), text("policy_definition_id"), text("policy_definition_name"));
    let marked = (0..batch.num_rows()).map(|row| {
        let id = ids.get(row).or(names.get(row));
        known.get(row).or_else(|| id.and_then(|id| mfa_policy(id, extra)).map(MfaPolicy::name))
    });
    with_columns(batch, &[("mfa_policy", Arc::new(marked.collect::<StringViewArray>()))])
}
