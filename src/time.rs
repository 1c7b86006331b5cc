//! Instants as providers, captures and side files write them.
//!
//! Digits are read exactly, never through a float: epochs of any unit and ISO text become Unix
//! milliseconds, smaller digits cut off.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use crate::lanes::eight_digits;
use crate::zone::Zone;

/// A second, a minute, an hour, a day in milliseconds.
pub const SECOND: i64 = 1000;
/// A minute in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// An hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// Twenty-four hours in milliseconds.
pub const DAY: i64 = 24 * HOUR;

/// 2009-01-01T00:00:00Z: WhatsApp is no older, so an earlier time is an error of its sender.
pub const EARLIEST: i64 = 1_230_768_000_000;
/// 2100-01-01T00:00:00Z, the first instant that is too late.
pub const TOO_LATE: i64 = 4_102_444_800_000;

/// A time that cannot be read or lies outside 2009 to 2099.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTime;

/// Reads a time from text: an epoch in digits, or ISO text. `Ok(None)` is "no value".
///
/// # Errors
///
/// [`BadTime`] where the text is no time, or a time outside 2009 to 2099.
pub fn read_text(text: &str, naive: &Zone) -> Result<Option<i64>, BadTime> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.bytes().all(|it| it.is_ascii_digit() || it == b'.') {
        return read_number(text);
    }
    let (local, offset_minutes) = iso(text).ok_or(BadTime)?;
    if chrono::Datelike::year(&local) == 1 {
        return Ok(None);
    }
    let millis = match offset_minutes {
        Some(it) => local.and_utc().timestamp_millis() - i64::from(it) * MINUTE,
        None => naive.instant_of(local),
    };
    // The epoch itself is how some write "never".
    if millis == 0 { Ok(None) } else { in_range(millis).map(Some) }
}

/// Reads a number as it stands in JSON: seconds below 10^11, milliseconds below 10^14, microseconds
/// below 10^17, nanoseconds above. 0 is no value.
///
/// # Errors
///
/// [`BadTime`] where it is negative, not a number, or outside 2009 to 2099.
pub fn read_number(number: &str) -> Result<Option<i64>, BadTime> {
    if let Some(millis) = plain_epoch(number.as_bytes()) {
        return in_range(millis).map(Some);
    }
    let (digits, point) = decimal(number).ok_or(BadTime)?;
    if digits.bytes().all(|it| it == b'0') {
        return Ok(None);
    }
    if number.starts_with('-') {
        return Err(BadTime);
    }
    // The value is 0.DIGITS times ten to the power of `point`; leading zeros are gone.
    let (unit, shift) = match point {
        ..=11 => (1, 3),
        12..=14 => (2, 0),
        15..=17 => (3, -3),
        _ => (4, -6),
    };
    if unit == 4 && point > 20 {
        return Err(BadTime);
    }
    let wanted = point + shift;
    let mut millis: i64 = 0;
    for place in 0..wanted.max(0) as usize {
        let digit = digits.as_bytes().get(place).map_or(0, |it| i64::from(it - b'0'));
        millis = millis.checked_mul(10).and_then(|it| it.checked_add(digit)).ok_or(BadTime)?;
    }
    in_range(millis).map(Some)
}

/// What [`read_number`] makes of seconds or milliseconds in the ten or thirteen digits that nearly all of
/// them have; nothing of any other number, nor of one out of range.
#[inline]
pub fn read_plain(digits: &[u8]) -> Option<i64> {
    plain_epoch(digits).and_then(|it| in_range(it).ok())
}

#[inline]
fn plain_epoch(digits: &[u8]) -> Option<i64> {
    // The last eight digits are some of the first once more, and more than what is left.
    let (more, unit) = match digits.len() {
        10 => (100, SECOND),
        13 => (100_000, 1),
        _ => return None,
    };
    let first = eight_digits(*digits.first_chunk()?)?.cast_signed();
    let last = eight_digits(*digits.last_chunk()?)?.cast_signed();
    (digits[0] != b'0').then_some(unit * (first * more + last % more))
}

fn in_range(millis: i64) -> Result<i64, BadTime> {
    if (EARLIEST..TOO_LATE).contains(&millis) { Ok(millis) } else { Err(BadTime) }
}

/// Seconds as milliseconds, smaller digits cut off; nothing where it is negative or more than a
/// century.
pub fn millis_of_seconds(number: &str) -> Option<i64> {
    let (digits, point) = decimal(number)?;
    if digits.bytes().all(|it| it == b'0') {
        return Some(0);
    }
    if number.starts_with('-') || point > 10 {
        return None;
    }
    let digit = |place: i32| digits.as_bytes().get(place as usize).map_or(0, |it| i64::from(it - b'0'));
    Some((0..(point + 3).max(0)).fold(0, |millis, place| millis * 10 + digit(place)))
}

/// A JSON number as its significant digits and the place of the point before the first of them.
fn decimal(number: &str) -> Option<(String, i32)> {
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], unsigned[at + 1..].parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits_only = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits_only(whole) || !digits_only(fraction) || mantissa.ends_with('.') {
        return None;
    }
    let all = format!("{whole}{fraction}");
    let leading = all.len() - all.trim_start_matches('0').len();
    let point = (whole.len() as i32).checked_sub(leading as i32)?.checked_add(exponent)?;
    Some((all[leading..].to_owned(), point))
}

/// `YYYY-MM-DD`, `T` or a space, `HH:MM:SS`, an optional fraction, an optional space, and `Z`,
/// `±HHMM`, `±HH:MM` or nothing. The offset in minutes, if there is one.
fn iso(text: &str) -> Option<(NaiveDateTime, Option<i32>)> {
    let bytes = text.as_bytes();
    if bytes.len() < 19 || !matches!(bytes[10], b'T' | b' ') || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let date = date(text.get(..10)?)?;
    let hour = digits(bytes, 11)?;
    let minute = digits(bytes, 14)?;
    let second = digits(bytes, 17)?;
    // A leap second has no place in Unix time; it is read as the second before it.
    let second = if second == 60 { 59 } else { second };
    let mut rest = text.get(19..)?;
    let mut millis = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return None;
        }
        for place in 0..3 {
            let digit = if place < length { fraction.as_bytes()[place] - b'0' } else { 0 };
            millis = millis * 10 + u32::from(digit);
        }
        rest = &fraction[length..];
    }
    let local = NaiveDateTime::new(date, NaiveTime::from_hms_milli_opt(hour, minute, second, millis)?);
    let offset = rest.strip_prefix(' ').unwrap_or(rest);
    if offset.is_empty() {
        return rest.is_empty().then_some((local, None));
    }
    if offset == "Z" {
        return Some((local, Some(0)));
    }
    let bytes = offset.as_bytes();
    let sign = match bytes[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = match bytes.len() {
        5 => (digits(bytes, 1)?, digits(bytes, 3)?),
        6 if bytes[3] == b':' => (digits(bytes, 1)?, digits(bytes, 4)?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    Some((local, Some(sign * (hours * 60 + minutes) as i32)))
}

/// A date as `YYYY-MM-DD`.
pub fn date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = digits(bytes, 0)? * 100 + digits(bytes, 2)?;
    NaiveDate::from_ymd_opt(year as i32, digits(bytes, 5)?, digits(bytes, 8)?)
}

/// The two digits at a place.
fn digits(bytes: &[u8], at: usize) -> Option<u32> {
    let digit = |it: u8| it.is_ascii_digit().then(|| u32::from(it - b'0'));
    Some(digit(bytes[at])? * 10 + digit(bytes[at + 1])?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<Option<i64>, BadTime>) {
        assert_eq!(read_text(text, &Zone::utc()), expected, "{text}");
    }

    /// 2026-02-18T10:15:22.000Z
    const AT: i64 = 1_771_409_722_000;

    #[test]
    fn every_unit_and_spelling_of_one_instant() {
        for text in [
            "1771409722",
            "1771409722.0",
            "0001771409722",
            "1771409722000",
            "1771409722000000",
            "1771409722000000000",
            "2026-02-18T10:15:22Z",
            "2026-02-18 10:15:22",
            "2026-02-18T10:15:22.000Z",
            "2026-02-18 10:15:22 Z",
            "2026-02-18 15:45:22 +0530",
            "2026-02-18 15:45:22+05:30",
            "2026-02-18T07:15:22-0300",
            "2026-02-19T10:14:22+23:59",
        ] {
            check(text, Ok(Some(AT)));
        }
        assert_eq!(read_number("1.771409722e9"), Ok(Some(AT)));
        assert_eq!(read_number("1771409722e3"), Ok(Some(AT)));
    }

    #[test]
    fn units_change_at_powers_of_ten() {
        // 99,999,999,999 s is the year 5138; 10^11 ms is 1973; 10^14 us is 1973 too: none is in range.
        for (number, expected) in [
            ("4102444799", Ok(Some(4_102_444_799_000))),
            ("4102444800", Err(BadTime)),
            ("99999999999", Err(BadTime)),
            ("100000000000", Err(BadTime)),
            ("1230768000000", Ok(Some(EARLIEST))),
            ("1230767999999", Err(BadTime)),
            ("99999999999999", Err(BadTime)),
            ("1230768000000000", Ok(Some(EARLIEST))),
            ("1230768000000000999", Ok(Some(EARLIEST))),
            ("100000000000000000", Err(BadTime)),
            ("1e999", Err(BadTime)),
            ("-5", Err(BadTime)),
        ] {
            assert_eq!(read_number(number), expected, "{number}");
        }
    }

    #[test]
    fn smaller_digits_are_cut_off() {
        check("1771409722.9999", Ok(Some(AT + 999)));
        check("1771409722000.9", Ok(Some(AT)));
        check("2026-02-18T10:15:22.123987Z", Ok(Some(AT + 123)));
        check("2026-02-18T10:15:22.1Z", Ok(Some(AT + 100)));
        check("2026-02-18T10:15:60Z", Ok(Some(AT + 37_000)));
    }

    #[test]
    fn seconds_of_talk_are_cut_to_milliseconds() {
        for (number, millis) in [
            ("60", Some(60_000)),
            ("1.001e0", Some(1001)),
            ("0.0004", Some(0)),
            ("12.9999", Some(12_999)),
            ("0", Some(0)),
            ("-1", None),
            ("1e30", None),
            ("1e-30", Some(0)),
        ] {
            assert_eq!(millis_of_seconds(number), millis, "{number}");
        }
    }

    #[test]
    fn no_value_is_no_error() {
        for text in ["", "  ", "0", "0.000", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"] {
            check(text, Ok(None));
        }
        assert_eq!(read_number("0"), Ok(None));
        assert_eq!(read_number("-0.0"), Ok(None));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "soon",
            "2026-02-18",
            "2026-02-18t10:15:22z",
            "2026-02-30T10:15:22Z",
            "2026-02-18T24:00:00Z",
            "2026-02-18T10:15:61Z",
            "2026-02-18T10:15:22.Z",
            "2026-02-18T10:15:22+5:30",
            "2026-02-18T10:15:22+2400",
            "2026-02-18T10:15:22+0560",
            "2026x02-18T10:15:22Z",
            "2026-02x18T10:15:22Z",
            "2026-02-18x10:15:22Z",
            "2026-02-18T10.15:22Z",
            "2026-02-18T10:15.22Z",
            "2026-02-18T10:15:22 UTC",
            "2008-12-31T23:59:59Z",
            "2100-01-01T00:00:00Z",
            "12a",
            "1.",
            "é026-02-18T10:15:22",
        ] {
            check(text, Err(BadTime));
        }
    }

    #[test]
    fn a_time_without_offset_is_read_in_the_given_zone() {
        let kolkata = Zone::named("Asia/Kolkata").expect("a zone");
        assert_eq!(read_text("2026-02-18 15:45:22", &kolkata), Ok(Some(AT)));
    }
}
