//! Noticing what an input cannot tell: cut off by its exporter, exported without claims, or half of a
//! pair of files.

use std::collections::BTreeMap;

use crate::error::Warning;
use crate::extract::format::Kind;
use crate::extract::frame::Framed;
use crate::format::FORMATS;
use crate::schema::sign_in::TABLE as SIGN_IN;
use crate::text::{count, thousands};

/// What was seen of one stream.
#[derive(Debug, Clone, Default)]
pub(crate) struct StreamFacts {
    /// Records read.
    pub(crate) records: u64,
    /// Records by id of their format.
    pub(crate) formats: BTreeMap<&'static str, u64>,
    /// First and last event time, UTC microseconds.
    pub(crate) span: Option<(i64, i64)>,
}

/// An exporter's own bound on how many records it gives.
struct Cap {
    format: &'static str,
    records: u64,
    /// Whether it is a bound of JSON arrays only, or of anything.
    array_only: bool,
    message: &'static str,
    hint: &'static str,
}

/// Sources: the defaults in the shipped code of `az monitor activity-log list` (azure-cli
/// 2.91.0, `monitor/custom.py`: 50 events, 6 hours) and of `Get-AzActivityLog`
/// (<https://learn.microsoft.com/powershell/module/az.monitor/get-azactivitylog>: 1,000 records),
/// and the bounds of Log Analytics
/// (<https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits>: 500,000 rows
/// through the API, 30,000 in the portal).
const CAPS: &[Cap] = &[
    Cap {
        format: "activity_rest",
        records: 50,
        array_only: true,
        message: "exactly 50 events, where `az monitor activity-log list` stops by default",
        hint: "az monitor activity-log list --offset 90d --max-events 100000 -o json | azmfa report",
    },
    Cap {
        format: "activity_powershell",
        records: 1_000,
        array_only: true,
        message: "exactly 1,000 events, where `Get-AzActivityLog` stops by default",
        hint: "Get-AzActivityLog -StartTime (Get-Date).AddDays(-89) -MaxRecord 100000 -DetailedOutput | ConvertTo-Json -Depth 10",
    },
    Cap {
        format: "activity_powershell_flat",
        records: 1_000,
        array_only: false,
        message: "exactly 1,000 events, where `Get-AzActivityLog` stops by default",
        hint: "Get-AzActivityLog -StartTime (Get-Date).AddDays(-89) -MaxRecord 100000 -DetailedOutput | ConvertTo-Json -Depth 10",
    },
    Cap {
        format: "activity_log_analytics",
        records: 30_000,
        array_only: false,
        message: "exactly 30,000 rows, where the Log Analytics portal stops",
        hint: "query shorter windows, or export the table AzureActivity with a data export rule",
    },
    Cap {
        format: "activity_log_analytics",
        records: 500_000,
        array_only: false,
        message: "exactly 500,000 rows, where the Log Analytics query API stops",
        hint: "query shorter windows, or export the table AzureActivity with a data export rule",
    },
];

/// What looks cut off in a stream.
pub(crate) fn alarms(name: &str, framed: &Framed, facts: &StreamFacts) -> Vec<Warning> {
    let mut alarms = Vec::new();
    for cap in CAPS {
        let is_of_it =
            facts.formats.get(cap.format) == Some(&cap.records) && facts.records == cap.records;
        if is_of_it && (framed.is_array || !cap.array_only) {
            alarms.push(Warning {
                message: format!("`{name}` may be cut short: it holds {}", cap.message),
                hint: Some(cap.hint.to_owned()),
            });
        }
    }
    if framed.next_link {
        alarms.push(Warning {
            message: format!("`{name}` is cut short: its last page names a next page that is not in it"),
            hint: Some("follow `nextLink` until a page has none, and append every page; `az monitor activity-log list` does".to_owned()),
        });
    }
    alarms
}

/// What to say of a format none of whose records tells what a verdict needs: claims of an event,
/// anything about MFA of a sign-in.
pub(crate) fn without_claims(format: usize, rows: u64, telling: u64) -> Option<Warning> {
    let format = FORMATS.all.get(format)?;
    let name = format.name;
    // Of a sign-in without such fields, a remark beside the status may still say it.
    let (record, lacked, but) = match format.kind {
        Kind::Row(shape, _) if shape.table == SIGN_IN.name => {
            ("sign-in", "requirement or steps of MFA", " unless its status says it")
        }
        Kind::Row(..) => return None,
        _ => ("event", "claims", ""),
    };
    (rows > 0 && telling == 0).then(|| Warning {
        message: if rows == 1 {
            format!("the only {record} read as `{name}` has no {lacked}, so its `mfa` is unknown{but}")
        } else {
            let records = count(rows, record);
            let but = but.replace("its", "their");
            format!("none of the {records} read as `{name}` has {lacked}, so their `mfa` is unknown{but}")
        },
        hint: (!format.claims_hint.is_empty()).then(|| format.claims_hint.to_owned()),
    })
}

/// What to say of sign-ins of the portal's CSV whose steps are not given: these are in a second CSV,
/// and without them one factor and MFA that was done before look alike. `formats` counts records,
/// `told` is how many sign-ins steps are given for.
/// Some sign-ins have no steps at all, so a part of them has to be missing to be worth a word.
///
/// Source: <https://learn.microsoft.com/entra/identity/monitoring-health/howto-download-logs>.
pub(crate) fn unpaired(formats: &BTreeMap<String, u64>, told: u64) -> Option<Warning> {
    const SIGN_INS: &str = "entra_signin_portal_csv";
    let sign_ins = formats.get(SIGN_INS).copied().unwrap_or_default();
    let message = match (sign_ins, told) {
        (0, 0) => return None,
        (0, _) => {
            "the AuthDetails CSV is given without the CSV of the sign-ins it belongs to".into()
        }
        (_, 0) => format!(
            "{} read as `{SIGN_INS}` come without the AuthDetails CSV that shows their steps",
            count(sign_ins, "sign-in")
        ),
        _ if told * 2 <= sign_ins => format!(
            "the AuthDetails CSV has steps for {} of the {} read as `{SIGN_INS}`",
            thousands(told),
            count(sign_ins, "sign-in")
        ),
        _ => return None,
    };
    let hint = "download both CSV files for the same period, or the JSON, and give all of them";
    Some(Warning { message, hint: Some(hint.to_owned()) })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{unpaired, without_claims};

    #[test]
    fn one_half_of_a_pair_is_told_of() {
        let told = |sign_ins: u64, with_steps: u64| {
            let formats = BTreeMap::from([("entra_signin_portal_csv".to_owned(), sign_ins)]);
            unpaired(&formats, with_steps).map(|warning| warning.message)
        };
        assert_eq!([told(0, 0), told(9, 5), told(1, 1)], [None, None, None]);
        assert!(told(8, 0).unwrap().starts_with("8 sign-ins read as "));
        assert!(told(2_000, 1_000).unwrap().contains("has steps for 1,000 of the 2,000 sign-ins"));
        assert!(told(0, 3).unwrap().contains("without the CSV of the sign-ins"));
    }

    #[test]
    fn events_without_claims_are_told_of_however_many_there_are() {
        let message = |rows, with_claims| {
            without_claims(0, rows, with_claims).map(|warning| warning.message).unwrap_or_default()
        };
        assert!(message(1, 0).starts_with("the only event read as "), "{}", message(1, 0));
        assert!(message(2_000, 0).starts_with("none of the 2,000 events read as "));
        assert_eq!([message(0, 0), message(5, 1)], ["", ""]);
    }
}
