//! Timestamp text to UTC and back. The only room that knows chrono.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Timelike};

/// Ticks of 100 ns in a microsecond; .NET's resolution, which Azure writes with seven digits.
pub const TICKS_PER_MICROSECOND: i64 = 10;

/// Instant in ticks of 100 ns since 1970-01-01 UTC, digits beyond the seventh cut.
pub type Ticks = i64;

/// Reads a timestamp as the exports write it.
///
/// Accepts `2026-01-31T10:16:32.9873441Z` with any number of fractional digits, a space in place
/// of the `T`, an offset (`+02:00`, `-0500`), none (taken as UTC, as every export of a log is),
/// `/Date(1700000000000)/` of PowerShell 5.1, and the portal's `2/25/2025, 9:19:25.391 AM`.
/// Returns `None` for anything else, dates that do not exist included.
pub fn parse_ticks(text: &[u8]) -> Option<Ticks> {
    let text = text.trim_ascii();
    parse_iso(text).or_else(|| parse_other(std::str::from_utf8(text).ok()?))
}

/// Microseconds of ticks, further digits cut (towards the past, also before 1970).
pub fn micros(ticks: Ticks) -> i64 {
    ticks.div_euclid(TICKS_PER_MICROSECOND)
}

fn digits(text: &[u8]) -> Option<i64> {
    if text.is_empty() || text.len() > 9 {
        return None;
    }
    let mut value = 0_i64;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    Some(value)
}

/// Two digits at `at`; `are_digits` stays true only if they are.
#[inline(always)]
fn pair<const N: usize>(text: &[u8; N], at: usize, are_digits: &mut bool) -> i64 {
    let (tens, ones) = (text[at].wrapping_sub(b'0'), text[at + 1].wrapping_sub(b'0'));
    *are_digits &= tens < 10 && ones < 10;
    i64::from(tens) * 10 + i64::from(ones)
}

/// Digits of a second that ticks tell.
const TICK_DIGITS: usize = 7;

/// Ticks of a second, of its tenth, and so on.
const TICKS_OF_UNIT: [i64; TICK_DIGITS + 1] =
    [10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

fn parse_iso(text: &[u8]) -> Option<Ticks> {
    let (head, mut rest) = text.split_first_chunk::<16>()?;
    if [head[4], head[7], head[13]] != *b"--:" || !matches!(head[10], b'T' | b't' | b' ') {
        return None;
    }
    let mut are_digits = true;
    let [century, year_in_it, month, day, hour, minute] =
        [0, 2, 5, 8, 11, 14].map(|at| pair(head, at, &mut are_digits));
    let year = century * 100 + year_in_it;
    let mut second = 0;
    if rest.first() == Some(&b':') {
        let (seconds, behind) = rest.split_first_chunk::<3>()?;
        (second, rest) = (pair(seconds, 1, &mut are_digits), behind);
    }
    if !are_digits {
        return None;
    }
    let mut fraction = 0_i64;
    if let Some((told, behind)) = as_dot_net_writes_it(rest) {
        (fraction, rest) = (told, behind);
    } else if let Some((b'.' | b',', behind)) = rest.split_first() {
        let told = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if told == 0 {
            return None;
        }
        let (digits, behind) = behind.split_at(told);
        let digits = &digits[..told.min(TICK_DIGITS)];
        fraction = digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
        fraction *= TICKS_OF_UNIT[digits.len()];
        rest = behind;
    }
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset_minutes = parse_offset(rest)?;
    let days = days_from_civil(year, month, day);
    let seconds = days * 86_400 + hour * 3_600 + (minute - offset_minutes) * 60 + second;
    Some(seconds * 10_000_000 + fraction)
}

/// The ticks of a dot and seven digits, as .NET writes a time, and what is behind them: eight digits
/// at once, the first of them a zero in place of the dot.
#[inline(always)]
fn as_dot_net_writes_it(rest: &[u8]) -> Option<(Ticks, &[u8])> {
    const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    const BEYOND_9: u64 = 0x7676_7676_7676_7676;
    let (written, behind) = rest.split_first_chunk::<8>()?;
    if written[0] != b'.' || behind != b"Z" {
        return None;
    }
    let digits = u64::from_le_bytes(*written) & !0xff | u64::from(b'0');
    let digits = digits ^ ZEROS;
    if (digits | digits.wrapping_add(BEYOND_9)) & HIGH_BITS != 0 {
        return None;
    }
    // Neighbours become numbers of two digits, of four, and of eight.
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let ticks = (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff;
    Some((i64::try_from(ticks).ok()?, behind))
}

fn parse_offset(text: &[u8]) -> Option<i64> {
    if matches!(text, b"Z") {
        return Some(0);
    }
    let text = text.trim_ascii();
    let sign = match text.first() {
        None => return Some(0),
        Some(b'Z' | b'z') if text.len() == 1 => return Some(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return None,
    };
    let (hours, minutes) = match text.len() {
        3 => (digits(&text[1..3])?, 0),
        5 => (digits(&text[1..3])?, digits(&text[3..5])?),
        6 if text[3] == b':' => (digits(&text[1..3])?, digits(&text[4..6])?),
        _ => return None,
    };
    (hours <= 14 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar; year ≥ 0.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Local forms that portals and spreadsheets write, month first.
const OTHER_FORMATS: &[&str] = &[
    "%m/%d/%Y, %I:%M:%S%.f %p",
    "%m/%d/%Y %I:%M:%S%.f %p",
    "%m/%d/%Y, %H:%M:%S%.f",
    "%m/%d/%Y %H:%M:%S%.f",
];

fn parse_other(text: &str) -> Option<Ticks> {
    let unescaped = text.trim_matches(|mark| mark == '/' || mark == '\\');
    if let Some(inner) = unescaped.strip_prefix("Date(").and_then(|rest| rest.strip_suffix(')')) {
        let sign_at = inner.get(1..)?.find(['+', '-']).map_or(inner.len(), |at| at + 1);
        let millis: i64 = inner.get(..sign_at)?.parse().ok()?;
        return millis.checked_mul(10_000);
    }
    OTHER_FORMATS.iter().find_map(|format| {
        let parsed = NaiveDateTime::parse_from_str(text, format).ok()?;
        Some(parsed.and_utc().timestamp_nanos_opt()?.div_euclid(100))
    })
}

/// Reads a bound given by a person: a timestamp, or a date (its first instant); UTC microseconds.
pub fn parse_bound(text: &str) -> Option<i64> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(date.and_time(NaiveTime::MIN).and_utc().timestamp_micros());
    }
    parse_ticks(text.as_bytes()).map(micros)
}

/// ISO 8601 UTC with six digits and `Z`; instants out of chrono's range show as their number.
pub fn format_micros(micros: i64) -> String {
    let mut text = String::new();
    push_micros(micros, &mut text);
    text
}

/// Appends what [`format_micros`] gives.
pub fn push_micros(micros: i64, out: &mut String) {
    let Some(time) = DateTime::from_timestamp_micros(micros) else {
        out.push_str(&micros.to_string());
        return;
    };
    let Ok(year @ 0..=9999) = u32::try_from(time.year()) else {
        out.push_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true));
        return;
    };
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    // Where each number ends.
    for (end, mut number) in [
        (4, year),
        (7, time.month()),
        (10, time.day()),
        (13, time.hour()),
        (16, time.minute()),
        (19, time.second()),
        (26, time.timestamp_subsec_micros()),
    ] {
        let mut digits = text[..end].iter_mut().rev();
        while let (1.., Some(digit)) = (number, digits.next()) {
            *digit += u8::try_from(number % 10).unwrap_or_default();
            number /= 10;
        }
    }
    out.push_str(std::str::from_utf8(&text).unwrap_or_default());
}

/// `YYYY-MM-DD` of a day counted from 1970-01-01.
pub fn format_day(day: i32) -> String {
    day.checked_add(719_163).and_then(NaiveDate::from_num_days_from_ce_opt).map_or_else(
        || day.to_string(),
        |date| format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()),
    )
}

/// Day of an instant, counted from 1970-01-01 UTC.
pub fn day_of(micros: i64) -> i32 {
    i32::try_from(micros.div_euclid(86_400_000_000)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::proptest;

    use super::{format_day, format_micros, micros, parse_bound, parse_ticks};

    fn by_pattern(micros: i64) -> String {
        let time = DateTime::from_timestamp_micros(micros).unwrap();
        time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
    }

    #[test]
    fn every_day_of_four_digit_years_is_shown_as_a_pattern_shows_it() {
        for day in -719_528..=2_932_896_i64 {
            let micros = day * 86_400_000_000 + day.rem_euclid(86_399) * 1_000_001;
            assert_eq!(format_micros(micros), by_pattern(micros));
        }
    }

    proptest! {
        #[test]
        fn digits_read_at_once_are_those_read_one_by_one(fraction in "[.,][0-9]{7}|[.0-9:/;A\u{80}]{8}") {
            let read = |zone: &str| parse_ticks(format!("2026-01-31T10:16:32{fraction}{zone}").as_bytes());
            assert_eq!(read("Z"), read("+00:00"), "{fraction}");
        }

        #[test]
        fn every_instant_is_shown_as_a_pattern_shows_it(micros in -99_999_999_999_999_999_i64..8_000_000_000_000_000_000) {
            assert_eq!(format_micros(micros), by_pattern(micros));
        }
    }

    fn shown(text: &str) -> Option<String> {
        parse_ticks(text.as_bytes()).map(|ticks| format_micros(micros(ticks)))
    }

    #[test]
    fn every_way_the_exports_write_time_is_read() {
        for (text, expect) in [
            ("2025-04-15T10:16:32.9873441Z", "2025-04-15T10:16:32.987344Z"),
            ("2021-10-18T04:45:48.0729893-05:00", "2021-10-18T09:45:48.072989Z"),
            ("2021-10-18T04:45:48.346468+00:00", "2021-10-18T04:45:48.346468Z"),
            ("2025-01-15 14:20:35.456", "2025-01-15T14:20:35.456000Z"),
            ("2025-01-15T14:20:35", "2025-01-15T14:20:35.000000Z"),
            ("2025-01-15T14:20Z", "2025-01-15T14:20:00.000000Z"),
            ("2/25/2025, 9:19:25.391 AM", "2025-02-25T09:19:25.391000Z"),
            ("12/5/2021, 1:02:03.000 PM", "2021-12-05T13:02:03.000000Z"),
            (r"\/Date(1644375339123)\/", "2022-02-09T02:55:39.123000Z"),
            ("/Date(-1)/", "1969-12-31T23:59:59.999000Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"),
            ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expect), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "now",
            "2023-02-29T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-01-01T24:00:00Z",
            "2025-01-01T00:00:00.Z",
            "2025-01-01T00:00:00+99:00",
            "2025-01-01",
            "Date()",
            "20250101T000000Z",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn bounds_and_days_round_trip() {
        assert_eq!(
            parse_bound("2026-01-31").map(format_micros).as_deref(),
            Some("2026-01-31T00:00:00.000000Z")
        );
        assert_eq!(format_day(0), "1970-01-01");
        assert_eq!(format_day(20_000), "2024-10-04");
    }
}
