//! Reading and writing instants, and the calendar of a zone.

use super::json::Json;
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// 2009-01-01, the first instant that is read.
const FIRST: i64 = 1_230_768_000_000;
/// 2100-01-01, the first instant that is not.
const LIMIT: i64 = 4_102_444_800_000;

/// What was at the place of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeRead {
    /// Nothing, or one of the spellings of nothing.
    Absent,
    /// Neither a number nor text.
    WrongType,
    /// Text with a lone surrogate or bytes that are not UTF-8.
    Broken,
    /// Not a time, or out of range.
    Unreadable,
    /// Milliseconds UTC.
    At(i64),
}

impl TimeRead {
    /// The instant, if there is one.
    pub fn instant(self) -> Option<i64> {
        match self {
            TimeRead::At(ms) => Some(ms),
            _ => None,
        }
    }
}

/// A decimal number, exactly: `digits` × 10^`exponent`.
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// Of a text that is a JSON number, or digits with an optional fraction.
    fn of(text: &str) -> Decimal {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, power) = match rest.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, exponent_of(power)),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Vec<u8> = whole
            .bytes()
            .chain(fraction.bytes())
            .skip_while(|digit| *digit == b'0')
            .map(|digit| digit - b'0')
            .collect();
        Decimal { negative, digits, exponent: power - fraction.len() as i64 }
    }

    fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The value times 10^shift, cut to an integer; none if it has more than 18 digits.
    fn scaled(&self, shift: i64) -> Option<i64> {
        let length = self.digits.len() as i64 + self.exponent + shift;
        if self.is_zero() || length <= 0 {
            return Some(0);
        }
        if length > 18 {
            return None;
        }
        let mut value = 0i64;
        for place in 0..length as usize {
            value = value * 10 + i64::from(*self.digits.get(place).unwrap_or(&0));
        }
        Some(if self.negative { -value } else { value })
    }
}

/// An exponent, held within what an addition bears.
fn exponent_of(text: &str) -> i64 {
    let negative = text.starts_with('-');
    let size: i64 = text.trim_start_matches(['+', '-']).parse().unwrap_or(i64::MAX).min(1 << 40);
    if negative { -size } else { size }
}

/// A duration of seconds: whether it is over zero, and its whole milliseconds if these are.
pub fn seconds(value: Option<&Json>) -> (bool, Option<i64>) {
    match value {
        Some(Json::Num(text)) => {
            let decimal = Decimal::of(text);
            if decimal.is_zero() || decimal.negative {
                (false, None)
            } else {
                (true, decimal.scaled(3).filter(|ms| *ms > 0))
            }
        }
        _ => (false, None),
    }
}

/// Reads a time as a number or as text.
pub fn read(value: Option<&Json>, naive: Option<Tz>) -> TimeRead {
    match value {
        None | Some(Json::Null) => TimeRead::Absent,
        Some(Json::Num(text)) => epoch(text),
        Some(Json::Str(text)) if text.broken => TimeRead::Broken,
        Some(Json::Str(text)) => read_text(&text.text, naive),
        Some(_) => TimeRead::WrongType,
    }
}

/// Reads a time that is text.
pub fn read_text(text: &str, naive: Option<Tz>) -> TimeRead {
    let text = text.trim();
    if text.is_empty() {
        return TimeRead::Absent;
    }
    if is_plain_decimal(text) {
        return epoch(text);
    }
    match calendar(text, naive) {
        None => TimeRead::Unreadable,
        Some(Zeroable::Nothing) => TimeRead::Absent,
        Some(Zeroable::Instant(ms)) => in_range(ms),
    }
}

fn is_plain_decimal(text: &str) -> bool {
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => all_digits(whole) && all_digits(fraction),
        None => all_digits(text),
    }
}

fn in_range(ms: i64) -> TimeRead {
    if (FIRST..LIMIT).contains(&ms) { TimeRead::At(ms) } else { TimeRead::Unreadable }
}

fn epoch(text: &str) -> TimeRead {
    let decimal = Decimal::of(text);
    if decimal.is_zero() {
        return TimeRead::Absent;
    }
    // A value is below 10^n when its whole part has at most n digits.
    let whole_digits = decimal.digits.len() as i64 + decimal.exponent;
    let shift = match whole_digits {
        ..=11 => 3,
        12..=14 => 0,
        15..=17 => -3,
        _ => -6,
    };
    match decimal.scaled(shift) {
        Some(ms) => in_range(ms),
        None => TimeRead::Unreadable,
    }
}

enum Zeroable {
    Nothing,
    Instant(i64),
}

/// The digits of a fixed number of bytes.
fn number(bytes: &[u8]) -> Option<u32> {
    if bytes.iter().all(u8::is_ascii_digit) { std::str::from_utf8(bytes).ok()?.parse().ok() } else { None }
}

/// `YYYY-MM-DD`, `T` or a space, `HH:MM:SS`, fraction, space, offset.
fn calendar(text: &str, naive: Option<Tz>) -> Option<Zeroable> {
    let b = text.as_bytes();
    if b.len() < 19 {
        return None;
    }
    let separators = b[4] == b'-' && b[7] == b'-' && b[13] == b':' && b[16] == b':';
    if !separators || !matches!(b[10], b'T' | b' ') {
        return None;
    }
    let year = number(&b[0..4])?;
    let date = NaiveDate::from_ymd_opt(year as i32, number(&b[5..7])?, number(&b[8..10])?)?;
    let mut second = number(&b[17..19])?;
    if second == 60 {
        second = 59;
    }
    let mut rest = &b[19..];
    let mut milli = 0;
    if rest.first() == Some(&b'.') {
        let length = rest[1..].iter().take_while(|d| d.is_ascii_digit()).count();
        if length == 0 {
            return None;
        }
        for place in 0..3 {
            let digit = if place < length { rest[1 + place] - b'0' } else { 0 };
            milli = milli * 10 + u32::from(digit);
        }
        rest = &rest[1 + length..];
    }
    let time = NaiveTime::from_hms_milli_opt(number(&b[11..13])?, number(&b[14..16])?, second, milli)?;
    let wall = NaiveDateTime::new(date, time);
    if rest.first() == Some(&b' ') {
        rest = &rest[1..];
    }
    let ms = match rest {
        [] => in_zone(wall, naive),
        b"Z" => wall.and_utc().timestamp_millis(),
        [sign @ (b'+' | b'-'), offset @ ..] => {
            let (hours, minutes) = match offset {
                [_, _, b':', _, _] => (number(&offset[0..2])?, number(&offset[3..5])?),
                [_, _, _, _] => (number(&offset[0..2])?, number(&offset[2..4])?),
                _ => return None,
            };
            if hours > 23 || minutes > 59 {
                return None;
            }
            let shift = i64::from(hours * 60 + minutes) * 60_000;
            let local = wall.and_utc().timestamp_millis();
            if *sign == b'+' { local - shift } else { local + shift }
        }
        _ => return None,
    };
    if year == 1 || ms == 0 {
        return Some(Zeroable::Nothing);
    }
    Some(Zeroable::Instant(ms))
}

/// A wall time without an offset: UTC, or of the zone (the earlier of two, and a wall time that was
/// skipped by the offset before the jump).
fn in_zone(wall: NaiveDateTime, naive: Option<Tz>) -> i64 {
    let Some(zone) = naive else {
        return wall.and_utc().timestamp_millis();
    };
    if let Some(found) = zone.from_local_datetime(&wall).earliest() {
        return found.timestamp_millis();
    }
    let before = wall - chrono::TimeDelta::hours(3);
    match zone.from_local_datetime(&before).earliest() {
        Some(found) => found.timestamp_millis() + 3 * 3_600_000,
        None => wall.and_utc().timestamp_millis(),
    }
}

/// RFC 3339 with milliseconds and a numeric offset.
pub fn show(ms: i64, zone: Tz) -> String {
    match Utc.timestamp_millis_opt(ms).single() {
        Some(instant) => instant.with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
        None => String::new(),
    }
}

/// The wall time of an instant in a zone.
pub fn wall(ms: i64, zone: Tz) -> NaiveDateTime {
    match Utc.timestamp_millis_opt(ms).single() {
        Some(instant) => instant.with_timezone(&zone).naive_local(),
        None => NaiveDateTime::default(),
    }
}

/// Business hours: ranges of minutes that begin on a weekday (Monday is 0).
pub struct BusinessHours {
    ranges: Vec<(u32, i64, i64)>,
    holidays: Vec<NaiveDate>,
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl BusinessHours {
    /// Of `Mon-Fri 09:00-18:00, Sat 10:00-14:00`; a range without days has those of the one before.
    pub fn of(text: &str, holidays: &[String]) -> BusinessHours {
        let mut ranges = Vec::new();
        let mut days: Vec<u32> = (0..7).collect();
        for part in text.split(',') {
            for word in part.split_whitespace() {
                if word.contains(':') {
                    let (from, to) = word.split_once('-').expect("a range of hours");
                    let (from, mut to) = (minutes(from), minutes(to));
                    if to <= from {
                        to += 24 * 60;
                    }
                    for day in &days {
                        ranges.push((*day, from, to));
                    }
                } else {
                    days = weekdays(word);
                }
            }
        }
        let holidays = holidays.iter().map(|day| day.trim().parse().expect("a date")).collect();
        BusinessHours { ranges, holidays }
    }

    /// Whether a wall time is within them.
    pub fn contain(&self, wall: NaiveDateTime) -> bool {
        let ms_of_day =
            i64::from(wall.num_seconds_from_midnight()) * 1000 + i64::from(wall.nanosecond() / 1_000_000);
        self.ranges.iter().any(|(day, from, to)| {
            // The range may have begun today or yesterday.
            [0i64, 1].iter().any(|back| {
                let Some(start) = wall.date().checked_sub_signed(chrono::TimeDelta::days(*back)) else {
                    return false;
                };
                let since = ms_of_day + back * 86_400_000;
                start.weekday().num_days_from_monday() == *day
                    && !self.holidays.contains(&start)
                    && since >= from * 60_000
                    && since < to * 60_000
            })
        })
    }
}

fn minutes(text: &str) -> i64 {
    let (hours, minutes) = text.split_once(':').expect("HH:MM");
    let number = |part: &str| part.parse::<i64>().expect("a number");
    number(hours) * 60 + number(minutes)
}

fn weekdays(word: &str) -> Vec<u32> {
    let number = |name: &str| {
        let name = name.to_lowercase();
        DAYS.iter().position(|day| *day == name).expect("a weekday") as u32
    };
    match word.split_once('-') {
        None => vec![number(word)],
        Some((first, last)) => {
            let (mut day, last) = (number(first), number(last));
            let mut days = vec![day];
            while day != last {
                day = (day + 1) % 7;
                days.push(day);
            }
            days
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn num(text: &str) -> TimeRead {
        read(Some(&Json::Num(text.to_string())), None)
    }

    #[test]
    fn every_spelling_of_one_instant() {
        // 2026-02-18T10:15:25.123Z
        let at = TimeRead::At(1_771_409_725_123);
        for text in [
            "1771409725.123",
            "1771409725123",
            "1771409725123.9",
            "1771409725123456",
            "1771409725123456789",
            "1.771409725123e9",
            "1771409725123e0",
            "17714097251239e-1",
        ] {
            assert_eq!(num(text), at, "{text}");
        }
        for text in [
            "2026-02-18T10:15:25.123Z",
            "2026-02-18 10:15:25.1239",
            "2026-02-18T11:15:25.123456789+01:00",
            "2026-02-18 07:15:25.123 -0300",
            " 1771409725123 ",
            "1771409725.1239",
        ] {
            assert_eq!(read_text(text, None), at, "{text}");
        }
        let madrid = Some(chrono_tz::Europe::Madrid);
        assert_eq!(read_text("2026-02-18 11:15:25.123", madrid), at);
        assert_eq!(read_text("2026-02-18T10:15:25.123Z", madrid), at);
    }

    #[test]
    fn nothing_unreadable_and_out_of_range() {
        for text in ["0", "0.000", "0001-01-01T00:00:00Z", "", " "] {
            assert_eq!(read_text(text, None), TimeRead::Absent, "{text}");
        }
        assert_eq!(num("0e9"), TimeRead::Absent);
        for text in [
            "2008-12-31T23:59:59.999Z",
            "2100-01-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-02-18T24:00:00Z",
            "2026-02-18t10:15:25z",
            "2026-02-18",
            "2026-02-18T10:15",
            "2026-02-18T10:15:25.Z",
            "2026-02-18T10:15:25+1",
            "yesterday",
            "-5",
        ] {
            assert_eq!(read_text(text, None), TimeRead::Unreadable, "{text}");
        }
        assert_eq!(num("1e999"), TimeRead::Unreadable);
        assert_eq!(num("-1771409725"), TimeRead::Unreadable);
        assert_eq!(read_text("2009-01-01T00:00:00Z", None), TimeRead::At(FIRST));
        assert_eq!(read_text("2016-12-31T23:59:60Z", None), TimeRead::At(1_483_228_799_000));
    }

    #[test]
    fn business_hours_and_the_night_shift() {
        let day = BusinessHours::of("Mon-Fri 09:00-18:00", &["2026-05-05".to_string()]);
        let wall = |text: &str| -> NaiveDateTime { text.parse().unwrap() };
        assert!(day.contain(wall("2026-05-04T09:00:00")));
        assert!(!day.contain(wall("2026-05-04T18:00:00")));
        assert!(!day.contain(wall("2026-05-05T10:00:00")));
        assert!(!day.contain(wall("2026-05-09T10:00:00")));
        let night = BusinessHours::of("Fri 22:00-06:00, Sat 10:00-12:00,13:00-14:00", &[]);
        assert!(night.contain(wall("2026-05-09T05:59:59")));
        assert!(!night.contain(wall("2026-05-08T05:59:59")));
        assert!(night.contain(wall("2026-05-09T13:00:00")));
        assert!(!night.contain(wall("2026-05-09T12:00:00")));
    }

    #[test]
    fn durations_are_cut() {
        let of = |text: &str| seconds(Some(&Json::Num(text.to_string())));
        assert_eq!(of("12.3456"), (true, Some(12_345)));
        assert_eq!(of("0.0001"), (true, None));
        assert_eq!(of("0"), (false, None));
        assert_eq!(of("-3"), (false, None));
    }
}
