//! Why a record gives no row, in words.

use crate::error::RejectReason;
use crate::json::FaultKind;
use crate::json::check::{key_end, value_end};
use crate::json::scan::skip_whitespace;

/// The reason that a fault of the grammar is.
pub(super) fn reason_of(kind: FaultKind) -> RejectReason {
    match kind {
        FaultKind::Syntax => RejectReason::Syntax,
        FaultKind::CutShort => RejectReason::CutShort,
        FaultKind::TooDeep => RejectReason::TooDeep,
    }
}

/// What a reason means, for the record it concerns.
pub(crate) fn describe(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::Syntax => "the text stops being a valid record",
        RejectReason::CutShort => "the record is cut short",
        RejectReason::InvalidUtf8 => "the record is not UTF-8",
        RejectReason::TooDeep => "the record is nested too deep",
        RejectReason::TooLarge => "the record is larger than 32 MiB",
        RejectReason::NotARecord => "a value stands where an object is due",
        RejectReason::Unrecognised => "no known export has records like this",
        RejectReason::InvalidTime => "the event has no time",
        RejectReason::Unreadable => "the input cannot be read",
        RejectReason::Compression => "the compressed input cannot be unpacked",
    }
}

/// What is the matter with the time of a record.
pub(super) fn no_time(time: Option<&str>) -> String {
    time.map_or_else(
        || "the event has no time".to_owned(),
        |time| format!("`{}` is no time", shortened(time)),
    )
}

/// At most sixty characters of a text.
pub(super) fn shortened(text: &str) -> &str {
    text.char_indices().nth(60).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

/// Says which members an unrecognised object has, as far as that helps.
pub(super) fn unrecognised(text: &str, start: usize) -> String {
    let bytes = text.as_bytes();
    let mut names: Vec<&str> = Vec::new();
    let mut at = skip_whitespace(bytes, start + 1);
    while names.len() < 6 {
        let Ok((end, value_at)) = key_end(bytes, at) else { break };
        names.push(text.get(at + 1..end.quote).map_or("", shortened));
        let Ok(end) = value_end(bytes, value_at, 1) else { break };
        at = skip_whitespace(bytes, end);
        if bytes.get(at) != Some(&b',') {
            break;
        }
        at = skip_whitespace(bytes, at + 1);
    }
    if names.is_empty() {
        return "an empty object is no record".to_owned();
    }
    format!("no known export has records like this; its members begin: {}", names.join(", "))
}
