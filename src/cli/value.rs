//! Single values as they are typed: sizes, instants, counts.

use crate::time::parse_bound;

/// Reads a number of bytes: `512MB` and `512M` are decimal, `2GiB` is binary, `1.5GB` is fine.
///
/// # Errors
/// A sentence for a person when the text is no size, or the size is zero or past 64 bits.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 14] = [
        ("", 1),
        ("b", 1),
        ("k", 1_000),
        ("kb", 1_000),
        ("kib", 1 << 10),
        ("m", 1_000_000),
        ("mb", 1_000_000),
        ("mib", 1 << 20),
        ("g", 1_000_000_000),
        ("gb", 1_000_000_000),
        ("gib", 1 << 30),
        ("t", 1_000_000_000_000),
        ("tb", 1_000_000_000_000),
        ("tib", 1 << 40),
    ];
    let text = text.trim();
    let digits_end =
        text.find(|each: char| !each.is_ascii_digit() && each != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits_end);
    let unit = unit.trim().to_ascii_lowercase();
    let unit_bytes = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, bytes)| *bytes)
        .ok_or_else(|| format!("`{unit}` is no unit; use kB, MB, GB or KiB, MiB, GiB"))?;
    let bytes = scaled(number, unit_bytes)
        .ok_or_else(|| "no size; write one like `512MB` or `2GiB`".to_owned())?;
    if bytes == 0 { Err("a size has to be more than nothing".to_owned()) } else { Ok(bytes) }
}

/// `number` (digits, with at most nine more after a point) times `unit`, cut to whole bytes.
fn scaled(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole: u128 = whole.parse().ok()?;
    if fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let places = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction: u128 = fraction.parse().ok()?;
    let unit = u128::from(unit);
    u64::try_from(whole.checked_mul(unit)?.checked_add(fraction * unit / places)?).ok()
}

/// Reads a date or a timestamp; UTC microseconds.
///
/// # Errors
/// A sentence for a person.
pub(crate) fn parse_instant(text: &str) -> Result<i64, String> {
    parse_bound(text.trim()).ok_or_else(|| {
        "no date or time; write one like `2026-01-31` or `2026-01-31T08:00:00Z`".to_owned()
    })
}

/// Reads a whole number from 1 on.
///
/// # Errors
/// A sentence for a person.
pub(crate) fn parse_count(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(0) => Err("at least 1 is needed".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err("no whole number".to_owned()),
    }
}

/// Reads a number of rows, where 0 stands for all.
///
/// # Errors
/// A sentence for a person.
pub(crate) fn parse_rows(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| "no whole number".to_owned())
}

/// Takes any text but an empty one, which is an unset variable more often than a wish.
///
/// # Errors
/// A sentence for a person.
pub(crate) fn parse_text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("it is empty".to_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::{parse_count, parse_instant, parse_rows, parse_size, parse_text};

    #[test]
    fn sizes_are_read_in_both_kinds_of_units() {
        for (text, expect) in [
            ("1", 1),
            ("4096", 4_096),
            ("512MB", 512_000_000),
            ("512m", 512_000_000),
            ("2GiB", 2_147_483_648),
            ("1.5GB", 1_500_000_000),
            ("0.5KiB", 512),
            (" 10 kb ", 10_000),
            ("1TiB", 1_099_511_627_776),
        ] {
            assert_eq!(parse_size(text), Ok(expect), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_says_why() {
        for (text, part) in [
            ("", "no size"),
            ("MB", "no size"),
            ("1.MB", "no size"),
            ("1.2.3MB", "no size"),
            ("-5MB", "is no unit"),
            ("5 parsecs", "`parsecs` is no unit"),
            ("0", "more than nothing"),
            ("0.1b", "more than nothing"),
            ("99999999999TB", "no size"),
            ("99999999999999999999999999999999999999999", "no size"),
        ] {
            let message = parse_size(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn instants_are_dates_or_timestamps_in_utc() {
        assert_eq!(parse_instant("1970-01-02"), Ok(86_400_000_000));
        assert_eq!(parse_instant("1970-01-01T02:00:00+02:00"), Ok(0));
        assert_eq!(parse_instant("1970-01-01T00:00:00.000001Z"), Ok(1));
        for text in ["", "yesterday", "2026-02-30", "01/02/2026", "-30d"] {
            assert!(parse_instant(text).is_err(), "{text}");
        }
    }

    #[test]
    fn counts_start_at_one_and_texts_are_not_empty() {
        assert_eq!(parse_count("8"), Ok(8));
        assert!(parse_count("0").is_err());
        assert!(parse_count("many").is_err());
        assert_eq!(parse_rows("0"), Ok(0));
        assert!(parse_rows("-1").is_err());
        assert_eq!(parse_text("a"), Ok("a".to_owned()));
        assert!(parse_text(" ").is_err());
    }
}
