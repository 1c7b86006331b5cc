//! Time zones: what an instant is called in a place, and which instant a local time means.
//!
//! The only file that knows where the zone data come from. They are compiled in, so that a report
//! does not depend on the host ([`TZDB_VERSION`]).

use std::fmt;
use std::str::FromStr;

use chrono::{
    DateTime, Datelike, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike,
    Weekday,
};
use chrono_tz::{GapInfo, TZ_VARIANTS, Tz};

use crate::render::escape;
use crate::suggest;

/// The release of the IANA time zone database that is compiled in.
pub const TZDB_VERSION: &str = chrono_tz::IANA_TZDB_VERSION;

/// 0001-01-02 and 9999-12-31 in UTC: a day inside what four digits of a year can show, so that no
/// offset leads out.
const FIRST_MS: i64 = -62_135_510_400_000;
const LAST_MS: i64 = 253_402_214_400_000;

/// What stands for an instant that cannot be written as a date.
const OUT_OF_RANGE: &str = "out of range";

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    tz: Tz,
}

/// What clocks and calendars of a zone show at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// The calendar date; ISO week and year follow from it.
    pub date: NaiveDate,
    /// Minutes since 00:00 by the clock, 0 to 1439.
    pub minute_of_day: u32,
    /// The hour by the clock, 0 to 23.
    pub hour: u32,
    /// The day of the week.
    pub weekday: Weekday,
}

/// The instants that a local time can mean, in Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The usual case.
    One(i64),
    /// Clocks were set back and showed this time twice: first and second.
    Fold(i64, i64),
    /// Clocks were set forward and never showed this time: what it means by the offset before the
    /// gap, and by the offset after it.
    Gap(i64, i64),
}

impl Zone {
    /// Universal time, the zone of reports for which nobody named one.
    pub fn utc() -> Self {
        Self { tz: Tz::UTC }
    }

    /// The zone with this IANA name, in exactly this spelling.
    ///
    /// # Errors
    ///
    /// Where there is no such zone; the error knows the names that may have been meant.
    pub fn named(name: &str) -> Result<Self, ZoneError> {
        match Tz::from_str(name) {
            Ok(tz) => Ok(Self { tz }),
            Err(_) => Err(ZoneError { name: name.to_owned(), near: near(name) }),
        }
    }

    /// The IANA name.
    pub fn name(&self) -> &'static str {
        self.tz.name()
    }

    /// `2026-05-24T10:35:18.000+02:00`, or `out of range` outside the years 1 to 9999.
    pub fn rfc3339(&self, ms: i64) -> String {
        let Some(at) = self.shown(ms) else { return OUT_OF_RANGE.to_owned() };
        let local = at.naive_local();
        let millis = ms.rem_euclid(1000);
        format!("{}T{}.{millis:03}{}", local.date(), Clock(local.time()), offset(&at))
    }

    /// `2026-05-24 10:35:18`, for tables; with its offset in the hour that clocks show twice.
    pub fn short(&self, ms: i64) -> String {
        let Some(at) = self.shown(ms) else { return OUT_OF_RANGE.to_owned() };
        let local = at.naive_local();
        let twice = matches!(self.tz.from_local_datetime(&local), MappedLocalTime::Ambiguous(..));
        let offset = if twice { offset(&at) } else { String::new() };
        format!("{} {}{offset}", local.date(), Clock(local.time()))
    }

    /// What clocks show at an instant, in milliseconds since they showed 1970-01-01 00:00; nothing outside
    /// the years 1 to 9999. For sinks that know no zone.
    pub fn wall_ms(&self, ms: i64) -> Option<i64> {
        self.shown(ms).map(|it| it.naive_local().and_utc().timestamp_millis())
    }

    /// What clocks and calendars show at an instant.
    pub fn local(&self, ms: i64) -> Local {
        let local = self.at(ms.clamp(FIRST_MS, LAST_MS)).naive_local();
        Local {
            date: local.date(),
            minute_of_day: local.hour() * 60 + local.minute(),
            hour: local.hour(),
            weekday: local.weekday(),
        }
    }

    /// The first instant of a local date, also where clocks never show its midnight. Of a date that
    /// the zone skipped as a whole: the first instant after it.
    pub fn day_start(&self, date: NaiveDate) -> i64 {
        let midnight = date.and_time(NaiveTime::MIN);
        match self.readings_of(midnight) {
            Reading::One(ms) | Reading::Fold(ms, _) => ms,
            Reading::Gap(before, _) => self.gap_end(midnight).unwrap_or(before),
        }
    }

    /// The instant that a local time means: in a fold the earlier one, in a gap as if the offset
    /// before it still held.
    pub fn instant_of(&self, naive: NaiveDateTime) -> i64 {
        match self.readings_of(naive) {
            Reading::One(ms) | Reading::Fold(ms, _) | Reading::Gap(ms, _) => ms,
        }
    }

    /// All instants that a local time can mean, for callers who would rather ask than guess.
    pub fn readings_of(&self, naive: NaiveDateTime) -> Reading {
        let wall = naive.and_utc().timestamp_millis();
        let minus = |seconds: i32| wall - i64::from(seconds) * 1000;
        match self.tz.from_local_datetime(&naive) {
            MappedLocalTime::Single(at) => Reading::One(at.timestamp_millis()),
            MappedLocalTime::Ambiguous(a, b) => {
                let (a, b) = (a.timestamp_millis(), b.timestamp_millis());
                Reading::Fold(a.min(b), a.max(b))
            }
            MappedLocalTime::None => {
                let Some(end) = self.gap_end(naive) else { return Reading::One(wall) };
                let before = self.seconds_east(end.saturating_sub(1));
                let after = self.seconds_east(end);
                Reading::Gap(minus(before), minus(after))
            }
        }
    }

    /// The instant at which clocks jumped over a local time.
    fn gap_end(&self, naive: NaiveDateTime) -> Option<i64> {
        let (begin, offset) = GapInfo::new(&naive, &self.tz)?.begin?;
        let seconds = i64::from(offset.fix().local_minus_utc());
        Some(begin.and_utc().timestamp_millis() - seconds * 1000)
    }

    fn seconds_east(&self, ms: i64) -> i32 {
        self.at(ms.clamp(FIRST_MS, LAST_MS)).offset().fix().local_minus_utc()
    }

    fn shown(&self, ms: i64) -> Option<DateTime<Tz>> {
        (FIRST_MS..=LAST_MS).contains(&ms).then(|| self.at(ms))
    }

    /// For instants from [`FIRST_MS`] to [`LAST_MS`].
    fn at(&self, ms: i64) -> DateTime<Tz> {
        let utc = DateTime::from_timestamp_millis(ms).unwrap_or(DateTime::UNIX_EPOCH);
        let at = utc.with_timezone(&self.tz);
        // Before standard time, places had offsets with seconds, which RFC 3339 cannot write.
        if at.offset().fix().local_minus_utc() % 60 == 0 { at } else { utc.with_timezone(&Tz::UTC) }
    }
}

/// `10:35:18`, without the fraction.
struct Clock(NaiveTime);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.0.hour(), self.0.minute(), self.0.second())
    }
}

/// `+02:00`.
fn offset(at: &DateTime<Tz>) -> String {
    let minutes = at.offset().fix().local_minus_utc() / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// A name that is no time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneError {
    /// The name that was given.
    pub name: String,
    /// Names that may have been meant, the likeliest first.
    pub near: Vec<&'static str>,
}

impl fmt::Display for ZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown time zone '{}'", escape::message(&self.name))?;
        match self.near.as_slice() {
            [] => f.write_str("; write an IANA name such as Asia/Kolkata or Europe/Berlin"),
            [only] => write!(f, "; write {only}"),
            [most @ .., last] => write!(f, "; write {} or {last}", most.join(", ")),
        }
    }
}

impl std::error::Error for ZoneError {}

/// What people write for a zone although several share it, or although it holds for half a year
/// only. A guess at what is meant most often in our readers' dumps.
const ABBREVIATIONS: &[(&str, &[&str])] = &[
    ("AEST", &["Australia/Sydney", "Australia/Brisbane"]),
    ("BRT", &["America/Sao_Paulo"]),
    ("BST", &["Europe/London", "Asia/Dhaka"]),
    ("CAT", &["Africa/Maputo"]),
    ("CDT", &["America/Chicago"]),
    ("CEST", &["Europe/Berlin", "Europe/Paris"]),
    ("CST", &["America/Chicago", "Asia/Shanghai"]),
    ("EAT", &["Africa/Nairobi"]),
    ("EDT", &["America/New_York"]),
    ("EEST", &["Europe/Athens"]),
    ("GST", &["Asia/Dubai"]),
    ("HKT", &["Asia/Hong_Kong"]),
    ("IST", &["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]),
    ("JST", &["Asia/Tokyo"]),
    ("MDT", &["America/Denver"]),
    ("MSK", &["Europe/Moscow"]),
    ("PDT", &["America/Los_Angeles"]),
    ("PKT", &["Asia/Karachi"]),
    ("PST", &["America/Los_Angeles", "Asia/Manila"]),
    ("SAST", &["Africa/Johannesburg"]),
    ("SGT", &["Asia/Singapore"]),
    ("WAT", &["Africa/Lagos"]),
    ("WEST", &["Europe/Lisbon"]),
    ("WIB", &["Asia/Jakarta"]),
    ("Z", &["UTC"]),
];

/// Names that may have been meant: by abbreviation, by the whole name, by the city.
fn near(name: &str) -> Vec<&'static str> {
    let known = ABBREVIATIONS.iter().find(|(short, _)| short.eq_ignore_ascii_case(name));
    if let Some((_, zones)) = known {
        return zones.to_vec();
    }
    let name = name.replace(' ', "_");
    let whole = suggest::nearest(&name, TZ_VARIANTS.iter().map(|it| it.name()));
    if !whole.is_empty() {
        return whole;
    }
    // Short names are near to anything.
    if city_of(&name).len() < 4 {
        return Vec::new();
    }
    let city = |zone: &'static str| zone.rsplit('/').next().unwrap_or(zone);
    let cities = suggest::nearest(city_of(&name), TZ_VARIANTS.iter().map(|it| city(it.name())));
    let zones = cities.into_iter().filter_map(|near| {
        TZ_VARIANTS.iter().map(|it| it.name()).find(|zone| zone.contains('/') && city(zone) == near)
    });
    zones.collect()
}

fn city_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::named(name).unwrap()
    }

    /// The instant of an RFC 3339 text.
    fn ms(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn naive(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn instants_are_written_with_a_numeric_offset() {
        let at = ms("2026-05-24T08:35:18Z");
        assert_eq!(Zone::utc().rfc3339(at), "2026-05-24T08:35:18.000+00:00");
        assert_eq!(zone("Europe/Berlin").rfc3339(at), "2026-05-24T10:35:18.000+02:00");
        assert_eq!(zone("Asia/Kolkata").rfc3339(at + 7), "2026-05-24T14:05:18.007+05:30");
        assert_eq!(zone("America/St_Johns").rfc3339(at), "2026-05-24T06:05:18.000-02:30");
        assert_eq!(zone("Asia/Kolkata").short(at), "2026-05-24 14:05:18");
        assert_eq!(Zone::utc().rfc3339(-1), "1969-12-31T23:59:59.999+00:00");
    }

    #[test]
    fn no_instant_makes_it_panic() {
        for zone in [Zone::utc(), zone("Pacific/Apia"), zone("America/Sao_Paulo")] {
            for at in [i64::MIN, i64::MAX, i64::MIN + 1, 1 << 60, FIRST_MS - 1, LAST_MS + 1] {
                assert_eq!(zone.rfc3339(at), "out of range");
                assert_eq!(zone.short(at), "out of range");
                zone.local(at);
            }
            for at in [FIRST_MS, LAST_MS, 0] {
                let text = zone.rfc3339(at);
                assert_eq!(ms(&text), at, "{text}");
            }
            for date in [NaiveDate::MIN, NaiveDate::MAX] {
                zone.day_start(date);
            }
            zone.readings_of(NaiveDateTime::MIN);
            zone.readings_of(NaiveDateTime::MAX);
        }
    }

    #[test]
    fn kolkata_is_five_and_a_half_hours_ahead() {
        let kolkata = zone("Asia/Kolkata");
        let local = kolkata.local(ms("2026-05-24T18:45:00Z"));
        assert_eq!((local.date, local.minute_of_day), (date("2026-05-25"), 15));
        assert_eq!((local.hour, local.weekday), (0, Weekday::Mon));
        assert_eq!(kolkata.day_start(date("2026-05-25")), ms("2026-05-24T18:30:00Z"));
    }

    #[test]
    fn sao_paulo_had_days_without_midnight() {
        let sao_paulo = zone("America/Sao_Paulo");
        let start = sao_paulo.day_start(date("2018-11-04"));
        assert_eq!(start, ms("2018-11-04T03:00:00Z"));
        assert_eq!(sao_paulo.rfc3339(start), "2018-11-04T01:00:00.000-02:00");
        assert_eq!(sao_paulo.local(start - 1).date, date("2018-11-03"));
        // And days whose last hour came twice: 2018-02-17, 23:00 to 24:00.
        let start = sao_paulo.day_start(date("2018-02-18"));
        assert_eq!(sao_paulo.rfc3339(start), "2018-02-18T00:00:00.000-03:00");
        assert_eq!(sao_paulo.local(start - 1).date, date("2018-02-17"));
    }

    #[test]
    fn lord_howe_shifts_by_half_an_hour() {
        let lord_howe = zone("Australia/Lord_Howe");
        assert_eq!(
            lord_howe.readings_of(naive("2026-04-05T01:45:00")),
            Reading::Fold(ms("2026-04-05T01:45:00+11:00"), ms("2026-04-05T01:45:00+10:30"))
        );
        assert_eq!(
            lord_howe.readings_of(naive("2026-10-04T02:15:00")),
            Reading::Gap(ms("2026-10-04T02:15:00+10:30"), ms("2026-10-04T02:15:00+11:00"))
        );
    }

    #[test]
    fn berlin_folds_in_october_and_has_a_gap_in_march() {
        let berlin = zone("Europe/Berlin");
        let (first, second) = (ms("2026-10-25T02:30:00+02:00"), ms("2026-10-25T02:30:00+01:00"));
        assert_eq!(berlin.readings_of(naive("2026-10-25T02:30:00")), Reading::Fold(first, second));
        assert_eq!(berlin.instant_of(naive("2026-10-25T02:30:00")), first);
        assert_eq!(berlin.short(first), "2026-10-25 02:30:00+02:00");
        assert_eq!(berlin.short(second), "2026-10-25 02:30:00+01:00");
        assert_eq!(berlin.short(second + 3_600_000), "2026-10-25 03:30:00");

        let gap = naive("2026-03-29T02:30:00");
        let (before, after) = (ms("2026-03-29T02:30:00+01:00"), ms("2026-03-29T02:30:00+02:00"));
        assert_eq!(berlin.readings_of(gap), Reading::Gap(before, after));
        assert_eq!(berlin.instant_of(gap), before);
        assert_eq!(berlin.short(before), "2026-03-29 03:30:00");
        assert_eq!(
            berlin.readings_of(naive("2026-03-29T03:00:00")),
            Reading::One(ms("2026-03-29T03:00:00+02:00"))
        );
    }

    #[test]
    fn apia_had_no_thirtieth_of_december() {
        let apia = zone("Pacific/Apia");
        let next = ms("2011-12-31T00:00:00+14:00");
        assert_eq!(apia.day_start(date("2011-12-31")), next);
        assert_eq!(apia.day_start(date("2011-12-30")), next);
        assert_eq!(apia.local(next - 1).date, date("2011-12-29"));
        assert!(matches!(apia.readings_of(naive("2011-12-30T12:00:00")), Reading::Gap(..)));
    }

    #[test]
    fn casablanca_leaves_its_offset_in_ramadan() {
        let casablanca = zone("Africa/Casablanca");
        let at = |text| casablanca.rfc3339(ms(text));
        assert_eq!(at("2026-02-10T12:00:00Z"), "2026-02-10T13:00:00.000+01:00");
        assert_eq!(at("2026-03-01T12:00:00Z"), "2026-03-01T12:00:00.000+00:00");
        assert_eq!(at("2026-04-10T12:00:00Z"), "2026-04-10T13:00:00.000+01:00");
    }

    #[test]
    fn every_day_of_every_zone_starts_where_the_day_before_ends() {
        for tz in TZ_VARIANTS {
            let zone = Zone { tz };
            for day in date("2009-12-25").iter_days().step_by(3).take(700) {
                let start = zone.day_start(day);
                assert!(zone.local(start).date >= day, "{tz} {day}");
                assert!(zone.local(start - 1).date < day, "{tz} {day}");
            }
        }
    }

    #[test]
    fn wrong_names_lead_to_right_ones() {
        let message = |name| Zone::named(name).unwrap_err().to_string();
        assert_eq!(message("Asia/Kolkatta"), "unknown time zone 'Asia/Kolkatta'; write Asia/Kolkata");
        assert_eq!(
            message("IST"),
            "unknown time zone 'IST'; write Asia/Kolkata, Europe/Dublin or Asia/Jerusalem"
        );
        assert_eq!(message("berlin"), "unknown time zone 'berlin'; write Europe/Berlin");
        assert_eq!(message("europe/berlin"), "unknown time zone 'europe/berlin'; write Europe/Berlin");
        assert_eq!(message("New York"), "unknown time zone 'New York'; write America/New_York");
        assert_eq!(
            message("+05:30\u{1b}[2J"),
            "unknown time zone '+05:30\\u{1b}[2J'; \
             write an IANA name such as Asia/Kolkata or Europe/Berlin"
        );
        assert_eq!(zone("UTC"), Zone::utc());
    }
}
