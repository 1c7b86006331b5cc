//! Dates and times as the providers print them. Integers only: no zone library is needed for fixed
//! offsets, and the big dump prints millions of times.

pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// India has had one offset, without summer time, since 1945.
pub(super) const INDIA: i64 = 330;
/// Mexico City: no summer time since 2022.
pub(super) const MEXICO: i64 = -360;
/// São Paulo: no summer time since 2019.
pub(super) const BRAZIL: i64 = -180;

/// Days since 1970-01-01 (Howard Hinnant's algorithm).
pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
pub(super) fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted - era * 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Milliseconds of a moment in May 2026 on the wall clock of a zone.
pub(super) fn may(day: i64, hour: i64, minute: i64, second: i64, zone: i64) -> i64 {
    days(2026, 5, day) * DAY + hour * HOUR + minute * MINUTE + second * SECOND - zone * MINUTE
}

/// Day of May 2026 and hour of a moment on the wall clock of a zone; days before and after May go on
/// counting.
pub(super) fn wall(at: i64, zone: i64) -> (i64, i64) {
    let local = at + zone * MINUTE;
    (local.div_euclid(DAY) - days(2026, 5, 1) + 1, local.rem_euclid(DAY) / HOUR)
}

/// 0 for Monday to 6 for Sunday.
pub(super) fn weekday_of_may(day: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    (days(2026, 5, day) + 3).rem_euclid(7)
}

/// Writes the `width` lowest decimal digits of a number that is not negative.
pub(super) fn push_digits(out: &mut Vec<u8>, value: i64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    let mut left = value as u64;
    for digit in out[start..].iter_mut().rev() {
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
    }
}

fn push_date_time(out: &mut Vec<u8>, at: i64, between: u8) {
    let (year, month, day) = civil(at.div_euclid(DAY));
    let of_day = at.rem_euclid(DAY);
    push_digits(out, year, 4);
    out.push(b'-');
    push_digits(out, month, 2);
    out.push(b'-');
    push_digits(out, day, 2);
    out.push(between);
    push_digits(out, of_day / HOUR, 2);
    out.push(b':');
    push_digits(out, of_day / MINUTE % 60, 2);
    out.push(b':');
    push_digits(out, of_day / SECOND % 60, 2);
}

/// `2026-05-04T05:15:25.120Z`
pub(super) fn push_utc_ms(out: &mut Vec<u8>, at: i64) {
    push_date_time(out, at, b'T');
    out.push(b'.');
    push_digits(out, at.rem_euclid(SECOND), 3);
    out.push(b'Z');
}

/// `2026-05-04T05:15:25Z`
pub(super) fn push_utc(out: &mut Vec<u8>, at: i64) {
    push_date_time(out, at, b'T');
    out.push(b'Z');
}

/// `2026-05-04 10:45:25 +0530`
pub(super) fn push_spaced(out: &mut Vec<u8>, at: i64, zone: i64) {
    push_date_time(out, at + zone * MINUTE, b' ');
    out.extend_from_slice(if zone < 0 { b" -" } else { b" +" });
    push_digits(out, zone.abs() / 60, 2);
    push_digits(out, zone.abs() % 60, 2);
}

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::with_capacity(32);
    write(&mut out);
    String::from_utf8(out).expect("digits and signs")
}

pub(super) fn utc_ms(at: i64) -> String {
    text(|out| push_utc_ms(out, at))
}

pub(super) fn utc(at: i64) -> String {
    text(|out| push_utc(out, at))
}

pub(super) fn spaced(at: i64, zone: i64) -> String {
    text(|out| push_spaced(out, at, zone))
}

/// `2026-05-16T00:00:00+05:30`, the form of the roster.
pub(super) fn in_india(at: i64) -> String {
    text(|out| {
        push_date_time(out, at + INDIA * MINUTE, b'T');
        out.extend_from_slice(b"+05:30");
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_there_and_back() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2026, 5, 1), 20_574);
        assert!((0..40_000).all(|day| {
            let (year, month, of_month) = civil(day);
            days(year, month, of_month) == day
        }));
        assert_eq!(weekday_of_may(1), 4, "the first of May 2026 was a Friday");
    }

    #[test]
    fn one_moment_in_every_spelling() {
        let at = may(4, 10, 45, 25, INDIA) + 120;
        assert_eq!(utc_ms(at), "2026-05-04T05:15:25.120Z");
        assert_eq!(utc(at), "2026-05-04T05:15:25Z");
        assert_eq!(spaced(at, INDIA), "2026-05-04 10:45:25 +0530");
        assert_eq!(spaced(at, BRAZIL), "2026-05-04 02:15:25 -0300");
        assert_eq!(in_india(at), "2026-05-04T10:45:25+05:30");
        assert_eq!(wall(at, INDIA), (4, 10));
        assert_eq!(wall(may(1, 3, 0, 0, INDIA), MEXICO), (0, 15));
    }
}
