//! Business hours and holidays.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, Weekday};

use crate::render::escape;
use crate::zone::Local;

const MINUTES_A_DAY: u32 = 24 * 60;

/// When a business is open, by the clocks of one zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    ranges: Vec<Range>,
}

/// `Mon-Fri 09:00-18:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range {
    first_day: Weekday,
    last_day: Weekday,
    /// Minutes of the day: the first that belongs to it.
    from: u32,
    /// The first that does not; at or below `from` where it lies on the day after.
    to: u32,
}

/// Dates that have no business hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    dates: BTreeSet<NaiveDate>,
}

impl FromIterator<NaiveDate> for Holidays {
    fn from_iter<I: IntoIterator<Item = NaiveDate>>(dates: I) -> Self {
        Self { dates: dates.into_iter().collect() }
    }
}

impl Holidays {
    /// Whether a date is a holiday.
    pub fn contains(&self, date: NaiveDate) -> bool {
        self.dates.contains(&date)
    }

    /// The dates, in order.
    pub fn iter(&self) -> impl Iterator<Item = NaiveDate> {
        self.dates.iter().copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.dates.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty()
    }
}

impl Hours {
    /// Reads `Mon-Fri 09:00-18:00, Sat 10:00-14:00`.
    ///
    /// The start belongs to a range, the end does not. `22:00-06:00` runs past midnight and belongs
    /// to the day it starts on.
    ///
    /// # Errors
    ///
    /// Where a range cannot be read; the error says which, why, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let range = |(index, part): (usize, &str)| {
            let part = part.trim();
            let fault = |fault| HoursError { place: index + 1, range: part.to_owned(), fault };
            Range::parse(part).map_err(fault)
        };
        let ranges = text.split(',').enumerate().map(range).collect::<Result<_, _>>()?;
        Ok(Self { ranges })
    }

    /// Whether a local time is in business hours.
    ///
    /// A holiday takes away the hours that start on it; the rest of a night that began the day
    /// before stays.
    pub fn covers(&self, local: &Local, holidays: &Holidays) -> bool {
        let minute = local.minute_of_day;
        let today = self.ranges.iter().any(|it| it.has_day(local.weekday) && it.has_evening(minute));
        if today && !holidays.contains(local.date) {
            return true;
        }
        let yesterday = local.weekday.pred();
        let night = self.ranges.iter().any(|it| it.has_day(yesterday) && it.has_morning(minute));
        night && !local.date.pred_opt().is_some_and(|it| holidays.contains(it))
    }
}

impl FromStr for Hours {
    type Err = HoursError;

    fn from_str(text: &str) -> Result<Self, HoursError> {
        Self::parse(text)
    }
}

/// The canonical spelling, which [`Hours::parse`] reads back.
impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.ranges.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{range}")?;
        }
        Ok(())
    }
}

impl Range {
    fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() {
            return Err(Fault::Empty);
        }
        let mut words = text.split_whitespace();
        let (Some(days), Some(times), None) = (words.next(), words.next(), words.next()) else {
            return Err(Fault::Shape);
        };
        let (first_day, last_day) = match days.split_once(['-', '–']) {
            Some((first, last)) => (day(first)?, day(last)?),
            None => (day(days)?, day(days)?),
        };
        let (from, to) = times.split_once(['-', '–']).ok_or(Fault::Shape)?;
        let (from, to) = (minutes(from)?, minutes(to)?);
        if from == MINUTES_A_DAY {
            return Err(Fault::StartsAtEnd);
        }
        if from == to {
            return Err(Fault::NoTime);
        }
        Ok(Self { first_day, last_day, from, to })
    }

    fn has_day(&self, day: Weekday) -> bool {
        day.days_since(self.first_day) <= self.last_day.days_since(self.first_day)
    }

    /// Whether a minute of the day it starts on belongs to it.
    fn has_evening(&self, minute: u32) -> bool {
        self.from <= minute && (minute < self.to || self.to < self.from)
    }

    /// Whether a minute of the day after belongs to it.
    fn has_morning(&self, minute: u32) -> bool {
        self.to < self.from && minute < self.to
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first_day)?;
        if self.last_day != self.first_day {
            write!(f, "-{}", self.last_day)?;
        }
        let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        write!(f, " {}-{}", clock(self.from), clock(self.to))
    }
}

/// `Mon`, `monday`.
fn day(text: &str) -> Result<Weekday, Fault> {
    text.parse().map_err(|_| Fault::Day(text.to_owned()))
}

/// `09:00`, `9:00`, `24:00` as minutes of the day.
fn minutes(text: &str) -> Result<u32, Fault> {
    let wrong = || Fault::Time(text.to_owned());
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let digits = |it: &str| it.bytes().all(|b| b.is_ascii_digit());
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return Err(wrong());
    }
    let (hour, minute): (u32, u32) =
        (hour.parse().map_err(|_| wrong())?, minute.parse().map_err(|_| wrong())?);
    let total = hour * 60 + minute;
    if minute > 59 || total > MINUTES_A_DAY { Err(wrong()) } else { Ok(total) }
}

/// Business hours that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoursError {
    /// Which of the ranges, counted from 1.
    place: usize,
    range: String,
    fault: Fault,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Fault {
    Empty,
    Shape,
    Day(String),
    Time(String),
    StartsAtEnd,
    NoTime,
}

impl fmt::Display for HoursError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "range {} of the business hours, '{}', ", self.place, escape::message(&self.range))?;
        match &self.fault {
            Fault::Empty => f.write_str("is empty; remove the comma or write e.g. Sat 10:00-14:00"),
            Fault::Shape => f.write_str(
                "is not DAYS FROM-TO; give each range its own days and hours: \
                 Mon-Fri 09:00-18:00, Sat 10:00-14:00",
            ),
            Fault::Day(day) => {
                write!(f, "has no day '{}'; write Mon, Tue, Wed, Thu, Fri, Sat or Sun", escape::message(day))
            }
            Fault::Time(time) => {
                write!(f, "has no time '{}'; write HH:MM from 00:00 to 24:00", escape::message(time))
            }
            Fault::StartsAtEnd => f.write_str("starts at 24:00; write 00:00 of the day after"),
            Fault::NoTime => f.write_str("ends when it starts; write 00:00-24:00 for the whole day"),
        }
    }
}

impl std::error::Error for HoursError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Zone;
    use chrono::NaiveDateTime;
    use proptest::prelude::*;

    fn hours(text: &str) -> Hours {
        Hours::parse(text).unwrap()
    }

    /// What UTC clocks show at `2026-05-04 09:00`, a Monday.
    fn at(text: &str) -> Local {
        let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap();
        Zone::utc().local(naive.and_utc().timestamp_millis())
    }

    #[track_caller]
    fn covers(hours: &Hours, time: &str, expected: bool) {
        assert_eq!(hours.covers(&at(time), &Holidays::default()), expected, "{hours}: {time}");
    }

    #[test]
    fn the_start_belongs_and_the_end_does_not() {
        let hours = hours("Mon-Fri 09:00-18:00, Sat 10:00-14:00");
        covers(&hours, "2026-05-04 08:59", false);
        covers(&hours, "2026-05-04 09:00", true);
        covers(&hours, "2026-05-08 17:59", true);
        covers(&hours, "2026-05-08 18:00", false);
        covers(&hours, "2026-05-09 09:59", false);
        covers(&hours, "2026-05-09 13:59", true);
        covers(&hours, "2026-05-10 12:00", false);
    }

    #[test]
    fn days_wrap_around_the_week() {
        let hours = hours("Fri-Mon 10:00-11:00");
        for (day, expected) in [(4, true), (5, false), (7, false), (8, true), (9, true), (10, true)] {
            covers(&hours, &format!("2026-05-{day:02} 10:30"), expected);
        }
    }

    #[test]
    fn a_night_belongs_to_the_day_it_starts_on() {
        let hours = hours("Fri 22:00-06:00");
        covers(&hours, "2026-05-08 05:59", false);
        covers(&hours, "2026-05-08 22:00", true);
        covers(&hours, "2026-05-09 05:59", true);
        covers(&hours, "2026-05-09 06:00", false);
        covers(&hours, "2026-05-09 22:00", false);
    }

    #[test]
    fn midnight_may_end_a_range() {
        for text in ["Sun 22:00-24:00", "Sun 22:00-00:00"] {
            let hours = hours(text);
            covers(&hours, "2026-05-10 23:59", true);
            covers(&hours, "2026-05-11 00:00", false);
        }
        covers(&hours("Sat-Sun 00:00-24:00"), "2026-05-10 00:00", true);
    }

    #[test]
    fn a_holiday_takes_the_hours_that_start_on_it() {
        let hours = hours("Mon-Fri 20:00-04:00");
        let holidays: Holidays = [NaiveDate::from_ymd_opt(2026, 5, 5).unwrap()].into_iter().collect();
        assert_eq!((holidays.len(), holidays.is_empty()), (1, false));
        let covers = |time| hours.covers(&at(time), &holidays);
        assert!(covers("2026-05-04 23:00"));
        assert!(covers("2026-05-05 03:00"), "the night of the day before");
        assert!(!covers("2026-05-05 23:00"));
        assert!(!covers("2026-05-06 03:00"), "the night of the holiday");
        assert!(covers("2026-05-06 23:00"));
    }

    #[test]
    fn the_canonical_spelling_reads_back() {
        let text = "monday–FRI  9:00-18:00,Sat 10:00–14:00 , Sun 22:00-24:00";
        let hours = hours(text);
        assert_eq!(hours.to_string(), "Mon-Fri 09:00-18:00, Sat 10:00-14:00, Sun 22:00-24:00");
        assert_eq!(hours.to_string().parse(), Ok(hours));
    }

    #[test]
    fn errors_say_place_fact_and_remedy() {
        let message = |text| Hours::parse(text).unwrap_err().to_string();
        assert_eq!(
            message("Mon-Fri 09:00-18:00, Mo 10:00-14:00"),
            "range 2 of the business hours, 'Mo 10:00-14:00', has no day 'Mo'; \
             write Mon, Tue, Wed, Thu, Fri, Sat or Sun"
        );
        assert_eq!(
            message("Mon 9-17"),
            "range 1 of the business hours, 'Mon 9-17', has no time '9'; \
             write HH:MM from 00:00 to 24:00"
        );
        assert!(message("").contains("is empty"));
        assert!(message("Mon, Tue 09:00-17:00").contains("is not DAYS FROM-TO"));
        assert!(message("Mon 09:00-09:00").contains("ends when it starts"));
        assert!(message("Mon 24:00-06:00").contains("starts at 24:00"));
        assert!(message("Mon 09:00-24:01").contains("no time '24:01'"));
        assert!(message("Mon 09:60-10:00").contains("no time '09:60'"));
        assert!(message("Mon +9:00-10:00").contains("no time '+9:00'"));
        assert!(message("Mon\u{1b} 09:00-10:00").contains("\\u{1b}"));
    }

    proptest! {
        #[test]
        fn any_text_gives_an_answer(text in "[-MonTueSat0-9:, –]{0,40}|\\PC{0,40}") {
            if let Ok(hours) = Hours::parse(&text) {
                prop_assert_eq!(Hours::parse(&hours.to_string()), Ok(hours));
            }
        }
    }
}
