//! Times, read again slowly: with all digits, by the words of the definition.

use std::iter::Peekable;
use std::str::Chars;

use callsift::time::{BadTime, EARLIEST, TOO_LATE, millis_of_seconds, read_number, read_text};
use callsift::zone::Zone;

type Answer = Result<Option<i64>, BadTime>;

/// A text as a time, as a number, as seconds of talk.
pub fn times(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    assert_eq!(read_text(text, &Zone::utc()), slow_text(text, 0), "{text:?}");
    let kolkata = Zone::named("Asia/Kolkata").expect("a zone");
    let offset = 330 * 60_000;
    // Before 1945 that zone had other offsets.
    if slow_iso(text.trim()).is_none_or(|(local, _)| local > 0) {
        assert_eq!(read_text(text, &kolkata), slow_text(text, offset), "{text:?} in Kolkata");
    }
    // Numbers come out of JSON that was checked before.
    if serde_json::from_str::<serde_json::Number>(text).is_ok() && text == text.trim() && text.len() < 400 {
        if let Some(it) = slow_number(text) {
            assert_eq!(read_number(text), it, "{text:?}");
        }
        if let Some(it) = slow_talk(text) {
            assert_eq!(millis_of_seconds(text), it, "{text:?} s");
        }
    }
}

fn in_range(millis: i128) -> Answer {
    match i64::try_from(millis) {
        Ok(it) if (EARLIEST..TOO_LATE).contains(&it) => Ok(Some(it)),
        _ => Err(BadTime),
    }
}

fn slow_text(text: &str, naive_offset: i64) -> Answer {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().all(|it| it.is_ascii_digit() || it == '.') {
        let is_number = text.starts_with(|it: char| it.is_ascii_digit())
            && text.ends_with(|it: char| it.is_ascii_digit())
            && text.matches('.').count() <= 1;
        return if is_number { slow_number(text).unwrap_or(Err(BadTime)) } else { Err(BadTime) };
    }
    let (local, offset) = slow_iso(text).ok_or(BadTime)?;
    let first_year = -62_135_596_800_000..-62_104_060_800_000;
    if first_year.contains(&local) {
        return Ok(None);
    }
    let millis = local - offset.unwrap_or(naive_offset);
    if millis == 0 { Ok(None) } else { in_range(millis.into()) }
}

/// A number without its exponent: all digits before and behind the point. Nothing where that would be
/// too long to write down.
fn written_out(number: &str) -> Option<(String, String)> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: i32 = exponent.parse().ok().filter(|it: &i32| it.abs() < 1000)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let zeros = "0".repeat(exponent.unsigned_abs() as usize);
    if exponent >= 0 {
        let fraction = format!("{fraction}{zeros}");
        let (moved, left) = fraction.split_at(exponent as usize);
        Some((format!("{whole}{moved}"), left.to_owned()))
    } else {
        let whole = format!("{zeros}{whole}");
        let (left, moved) = whole.split_at(whole.len() - zeros.len());
        Some((left.to_owned(), format!("{moved}{fraction}")))
    }
}

/// The whole part times a thousand, and the first three digits behind the point.
fn thousandfold(whole: u128, fraction: &str) -> u128 {
    let digits: String = format!("{fraction}000").chars().take(3).collect();
    whole * 1000 + digits.parse::<u128>().expect("three digits")
}

fn slow_number(number: &str) -> Option<Answer> {
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = written_out(unsigned)?;
    if whole.bytes().chain(fraction.bytes()).all(|it| it == b'0') {
        return Some(Ok(None));
    }
    let whole = whole.trim_start_matches('0');
    if number.starts_with('-') || whole.len() > 30 {
        return Some(Err(BadTime));
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().expect("digits") };
    let millis = match whole {
        0..100_000_000_000 => thousandfold(whole, &fraction),
        100_000_000_000..100_000_000_000_000 => whole,
        100_000_000_000_000..100_000_000_000_000_000 => whole / 1000,
        _ => whole / 1_000_000,
    };
    Some(in_range(i128::try_from(millis).expect("thirty digits")))
}

fn slow_talk(number: &str) -> Option<Option<i64>> {
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = written_out(unsigned)?;
    if whole.bytes().chain(fraction.bytes()).all(|it| it == b'0') {
        return Some(Some(0));
    }
    let whole = whole.trim_start_matches('0');
    if number.starts_with('-') || whole.len() > 10 {
        return Some(None);
    }
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().expect("digits") };
    Some(i64::try_from(thousandfold(whole, &fraction)).ok())
}

fn number(rest: &mut Peekable<Chars<'_>>, digits: usize) -> Option<i64> {
    (0..digits).try_fold(0, |sum, _| Some(sum * 10 + i64::from(rest.next()?.to_digit(10)?)))
}

/// Local milliseconds since 1970, and the offset in milliseconds where there is one.
fn slow_iso(text: &str) -> Option<(i64, Option<i64>)> {
    let mut rest = text.chars().peekable();
    let year = number(&mut rest, 4)?;
    rest.next_if_eq(&'-')?;
    let month = number(&mut rest, 2)?;
    rest.next_if_eq(&'-')?;
    let day = number(&mut rest, 2)?;
    rest.next_if(|it| matches!(it, 'T' | ' '))?;
    let hour = number(&mut rest, 2)?;
    rest.next_if_eq(&':')?;
    let minute = number(&mut rest, 2)?;
    rest.next_if_eq(&':')?;
    let second = number(&mut rest, 2)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *lengths.get(usize::try_from(month - 1).ok()?)?;
    if !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut millis = 0;
    if rest.next_if_eq(&'.').is_some() {
        let mut digits = String::new();
        while let Some(it) = rest.next_if(char::is_ascii_digit) {
            digits.push(it);
        }
        if digits.is_empty() {
            return None;
        }
        millis = format!("{digits}00")[..3].parse().ok()?;
    }
    // Days of all years before, counted one by one.
    let days_of = |year: i64| if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 };
    let years: i64 =
        if year >= 1970 { (1970..year).map(days_of).sum() } else { -(year..1970).map(days_of).sum::<i64>() };
    let months: i64 = lengths[..usize::try_from(month - 1).ok()?].iter().sum();
    let minutes = ((years + months + day - 1) * 24 + hour) * 60 + minute;
    let local = (minutes * 60 + second.min(59)) * 1000 + millis;

    let spaced = rest.next_if_eq(&' ').is_some();
    let offset = match rest.next() {
        None if spaced => return None,
        None => None,
        Some('Z') => Some(0),
        Some(sign @ ('+' | '-')) => {
            let hours = number(&mut rest, 2)?;
            rest.next_if_eq(&':');
            let minutes = number(&mut rest, 2)?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = (hours * 60 + minutes) * 60_000;
            Some(if sign == '-' { -offset } else { offset })
        }
        Some(_) => return None,
    };
    rest.next().is_none().then_some((local, offset))
}
