//! What the demo month holds: every call as it is meant to be reported, and every line as it is written.
//! The plan also keeps the calendar, so that no customer and no line is in two calls at a time.

use std::collections::BTreeMap;

use super::cast::{Desk, Region, is_holiday};
use super::clock::{DAY, HOUR, INDIA, MINUTE, SECOND, days, may, wall, weekday_of_may};
use super::people::{Lid, People};
use super::rng::{CROCKFORD, Rng};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    Rejected,
    Missed,
    Ringing,
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Rejected => "rejected",
            Self::Missed => "missed",
            Self::Ringing => "ringing",
        }
    }
}

/// How a planned call ends, in the words of people. Each provider's file says what its lines make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Answered, with that many seconds of talk.
    Answered(i64),
    /// The agent (or, outgoing, the customer) declined.
    Declined,
    /// Declined within a second: faster than a hand.
    Instant,
    /// The server's own interface declined.
    Policy,
    /// It rang until it stopped.
    RangOut,
    /// The caller gave up.
    HungUp,
    /// Nothing came after the offer.
    Silence,
    /// The dump ends while it rings.
    Ringing,
}

/// A session as a report must show it.
pub(super) struct Call {
    pub(super) desk: &'static Desk,
    pub(super) call_id: Option<String>,
    pub(super) outgoing: bool,
    /// With the customers file, and without it.
    pub(super) customer: Option<String>,
    pub(super) customer_alone: Option<String>,
    pub(super) person: Option<usize>,
    /// What the payload calls the agent.
    pub(super) label: Option<&'static str>,
    pub(super) outcome: Outcome,
    pub(super) cause: Option<&'static str>,
    pub(super) started_at: i64,
    pub(super) decided_at: Option<i64>,
    pub(super) ring_ms: Option<i64>,
    pub(super) talk_ms: Option<i64>,
    pub(super) video: Option<bool>,
    pub(super) group: bool,
    pub(super) rings: u64,
    pub(super) skipped: u64,
    pub(super) orphan: Option<&'static str>,
    /// Why its feed has no rate, if it has none.
    pub(super) unrated: Option<&'static str>,
    pub(super) anomalies: Vec<&'static str>,
}

impl Call {
    /// A call with nothing unusual about it, to be filled in.
    pub(super) fn new(desk: &'static Desk, started_at: i64) -> Self {
        Self {
            desk,
            call_id: None,
            outgoing: false,
            customer: None,
            customer_alone: None,
            person: None,
            label: None,
            outcome: Outcome::Missed,
            cause: None,
            started_at,
            decided_at: None,
            ring_ms: None,
            talk_ms: None,
            video: None,
            group: false,
            rings: 1,
            skipped: 0,
            orphan: None,
            unrated: None,
            anomalies: Vec::new(),
        }
    }

    /// Names the customer; `hidden` says that the lines show the hidden identity alone.
    pub(super) fn of(mut self, plan: &Plan, person: usize, hidden: bool) -> Self {
        let who = plan.people.get(person);
        let lid = format!("lid:{}", who.lid_digits);
        let (with_file, alone) = match who.lid {
            Lid::Never if hidden => (lid.clone(), lid),
            Lid::FileOnly if hidden => (who.canonical(), lid),
            Lid::No | Lid::Shown | Lid::FileOnly | Lid::Never => (who.canonical(), who.canonical()),
        };
        self.customer = Some(with_file);
        self.customer_alone = Some(alone);
        self.person = Some(person);
        self
    }

    /// The class of a rejection: who declined, and how sure that is.
    pub(super) fn declined_by(&self) -> Option<&'static str> {
        match (self.outcome, self.outgoing, self.cause) {
            (Outcome::Answered | Outcome::Missed | Outcome::Ringing, ..) => None,
            (Outcome::Rejected, true, _) => Some("customer"),
            (Outcome::Rejected, false, Some("policy")) => Some("policy"),
            (Outcome::Rejected, false, _) if self.ring_ms.is_some_and(|ring| ring < SECOND) => {
                Some("instant")
            }
            (Outcome::Rejected, false, Some("declined")) => Some("agent"),
            (Outcome::Rejected, false, _) => Some("unknown"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Call,
    Reaction,
    Other,
}

/// A line of a file, with the moment by which the file is in order.
pub(super) struct Row {
    pub(super) file: &'static str,
    pub(super) written_at: i64,
    pub(super) class: Class,
    pub(super) text: String,
}

/// When a call can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hours {
    /// Any time, mostly by day.
    Any,
    /// When somebody is there to answer or to decline.
    Staffed,
    /// Monday to Friday 09:00 to 18:00 in India, no holidays.
    Business,
    /// Before nine, after half past six, and at weekends.
    Closed,
}

/// Nothing of the plan starts after 23:30 on the last day, so that only the planned call still rings.
const LAST_START: (i64, i64, i64) = (31, 23, 30);

/// How likely a call is at each hour of the day: busy from 10 to 12 and from 16 to 18, quiet at night. A
/// guess at an ordinary help desk.
const BY_HOUR: [u64; 24] =
    [1, 1, 1, 1, 1, 2, 4, 10, 30, 70, 120, 120, 80, 50, 60, 80, 120, 120, 70, 40, 25, 15, 7, 4];

pub(super) struct Plan {
    pub(super) rng: Rng,
    pub(super) people: People,
    pub(super) calls: Vec<Call>,
    pub(super) rows: Vec<Row>,
    pub(super) duplicates: u64,
    pub(super) reaction_duplicates: u64,
    pub(super) hang_ups: u64,
    pub(super) unknown: BTreeMap<&'static str, u64>,
    pub(super) watermark: i64,
    line_calendar: BTreeMap<&'static str, Vec<i64>>,
    customer_calendar: BTreeMap<usize, Vec<i64>>,
}

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let people = People::invent(&mut rng);
        Self {
            rng,
            people,
            calls: Vec::new(),
            rows: Vec::new(),
            duplicates: 0,
            reaction_duplicates: 0,
            hang_ups: 0,
            unknown: BTreeMap::new(),
            watermark: 0,
            line_calendar: BTreeMap::new(),
            customer_calendar: BTreeMap::new(),
        }
    }

    /// Writes a line; `written_at` orders it within its file.
    pub(super) fn row(&mut self, file: &'static str, written_at: i64, class: Class, text: String) {
        self.rows.push(Row { file, written_at, class, text });
    }

    /// A session is part of the plan, and its line and its customer are busy around that time.
    pub(super) fn record(&mut self, call: Call) {
        self.line_calendar.entry(call.desk.instance).or_default().push(call.started_at);
        if let Some(person) = call.person {
            self.customer_calendar.entry(person).or_default().push(call.started_at);
        }
        self.calls.push(call);
    }

    /// No call of this line starts within five minutes.
    fn line_is_free(&self, desk: &Desk, at: i64) -> bool {
        is_free(self.line_calendar.get(desk.instance), at, 5 * MINUTE)
    }

    /// No call of this customer starts within twenty minutes: neither a Wazzap call nor a burst of calls
    /// comes about by chance.
    pub(super) fn customer_is_free(&self, person: usize, at: i64) -> bool {
        is_free(self.customer_calendar.get(&person), at, 20 * MINUTE)
    }

    /// A start for a call to or from a line, on the days `from` to `to` of May (in India, both included).
    pub(super) fn slot(&mut self, desk: &'static Desk, (from, to): (i64, i64), hours: Hours) -> i64 {
        for _ in 0..20_000 {
            let day = self.rng.between(from, to);
            let hour = self.rng.weighted(&BY_HOUR) as i64;
            let of_hour = self.rng.between(0, HOUR - 1);
            let at = may(day, hour, 0, 0, desk.zone) + of_hour;
            if self.rng.percent(busyness(day))
                && fits(desk, at, (from, to), hours)
                && self.line_is_free(desk, at)
            {
                return at;
            }
        }
        unreachable!("a month has room for the calls of every line")
    }

    /// Somebody of a region who has no other call around that time.
    pub(super) fn caller(&mut self, region: Region, at: i64) -> usize {
        for _ in 0..1_000 {
            let person = People::passer_by(&mut self.rng, region);
            if self.customer_is_free(person, at) {
                return person;
            }
        }
        unreachable!("the population is much larger than any twenty minutes")
    }

    pub(super) fn event_id(&mut self) -> String {
        format!("evt_01{}", self.rng.text(24, CROCKFORD))
    }

    pub(super) fn uuid(&mut self) -> String {
        let hex = self.rng.hex(2).to_lowercase();
        let parts = [&hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..]];
        format!("{}-{}-4{}-a{}-{}", parts[0], parts[1], parts[2], parts[3], parts[4])
    }
}

fn is_free(starts: Option<&Vec<i64>>, at: i64, distance: i64) -> bool {
    starts.is_none_or(|starts| starts.iter().all(|start| (start - at).abs() >= distance))
}

/// Percent of an ordinary working day, by the line's own calendar.
fn busyness(day: i64) -> u64 {
    match weekday_of_may(day) {
        _ if is_holiday(day) => 35,
        5 => 60,
        6 => 20,
        _ => 100,
    }
}

fn fits(desk: &Desk, at: i64, (from, to): (i64, i64), hours: Hours) -> bool {
    let (last_day, last_hour, last_minute) = LAST_START;
    // The first minutes belong to the call that the dump cuts in two.
    let in_month = (may(1, 0, 10, 0, INDIA)..may(last_day, last_hour, last_minute, 0, INDIA)).contains(&at);
    let (day, _) = wall(at, INDIA);
    let (local_day, local_hour) = wall(at, desk.zone);
    let of_day = (at + INDIA * MINUTE).rem_euclid(DAY);
    let working_day = weekday_of_may(day) < 5 && !is_holiday(day);
    in_month
        && (from..=to).contains(&day)
        && desk.silent.is_none_or(|silent| silent != day && silent != local_day)
        && match hours {
            Hours::Any => true,
            Hours::Staffed => (8..21).contains(&local_hour),
            Hours::Business => working_day && (9 * HOUR..17 * HOUR + 50 * MINUTE).contains(&of_day),
            Hours::Closed => {
                !working_day || !(9 * HOUR - 5 * MINUTE..18 * HOUR + 30 * MINUTE).contains(&of_day)
            }
        }
}

/// `2026-05-20` for a day of May.
pub(super) fn date(day: i64) -> String {
    let (year, month, of_month) = super::clock::civil(days(2026, 5, 1) + day - 1);
    format!("{year:04}-{month:02}-{of_month:02}")
}
