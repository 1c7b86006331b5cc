//! Timeline: everything between one customer and the business, in order, and what it comes to in
//! sentences.

use chrono::{Datelike, NaiveDate};

use super::attempts::{self, Attempt};
use super::reactions::CallsByMessage;
use super::{Output, Sentence, sessions};
use crate::analysis::Analysis;
use crate::definitions::column;
use crate::dialects::Provider;
use crate::event::{Cause, Direction, Reaction};
use crate::section::{Body, Cell, Column, Part, Person, Piece, Shown, Table, say};
use crate::session::{Outcome, Session};
use crate::suggest;
use crate::text::{Sym, Text};

/// Days that have a sentence of their own; with more, the latest do, under a summary. A guess at how
/// much is read.
const MOST_DAYS: usize = 10;
/// Customers whose spelling is near an unknown one.
const MOST_NEAR: usize = 3;
/// So many digits at the end of a number are rarely the same by chance.
const TAIL: usize = 6;

/// The timeline of the customer with this canonical spelling.
pub fn report(analysis: &Analysis, customer: &str) -> Output {
    let known = analysis.sessions().iter().filter_map(|it| it.customer);
    let known = known.chain(analysis.reactions.iter().filter_map(|it| it.reactor));
    let found = { known }.find(|it| analysis.texts.raw(*it) == customer);
    let Some(found) = found else { return nobody(analysis, customer) };

    let calls = CallsByMessage::new(analysis);
    let entries = entries(analysis, found, &calls);
    let table = Table {
        rows: entries.iter().map(|it| it.row(analysis, &calls)).collect(),
        ..blank("Nothing of this customer is among what was chosen.".into())
    };
    let mut notes = Vec::new();
    let mut note = |count: usize, before: &str, after: &str| {
        if count > 0 {
            notes.push(vec![
                Piece::Say(before.into()),
                Piece::Value(Cell::Count(count as u64)),
                Piece::Say(after.into()),
            ]);
        }
    };
    let sessions = || entries.iter().filter_map(|it| it.session(analysis));
    note(
        sessions().filter(|it| it.orphan.is_some()).count(),
        "Calls of which only the end is in the dump (the call itself was not captured): ",
        "; the column `orphan` says why.",
    );
    note(
        sessions().filter(|it| it.group == Some(true)).count(),
        "Group calls, which are in the table but not in the sentences: ",
        ".",
    );
    let untimed = analysis.subjects().filter(|it| it.customer == Some(found) && !it.is_timed()).count();
    note(untimed, "Calls without a time, which are left out: ", ".");
    if analysis.filtered && !analysis.reactions.is_empty() {
        notes.push(say("Filters choose calls; only reactions to the chosen calls are shown."));
    }
    Output {
        preface: Vec::new(),
        parts: vec![
            Part { path: vec!["sentences"], body: Body::Sentences(sentences(analysis, found)) },
            Part { path: vec!["rows"], body: Body::Rows(table) },
        ],
        notes,
    }
}

/// What is said where nobody is spelt so.
fn nobody(analysis: &Analysis, customer: &str) -> Output {
    let near = near(analysis, customer);
    let mut sentences = Vec::new();
    if !near.is_empty() {
        let one = near.len() == 1;
        let mut sentence =
            say(if one { "Perhaps this one was meant: " } else { "Perhaps one of these was meant: " });
        for (place, it) in near.into_iter().enumerate() {
            if place > 0 {
                sentence.push(Piece::Say(", ".into()));
            }
            sentence.push(Piece::Value(Cell::Person(Person::Customer, it)));
        }
        sentence.push(Piece::Say(".".into()));
        sentences.push(sentence);
    }
    let table = blank(format!("Nobody in this dump is spelt {customer}."));
    Output {
        parts: vec![
            Part { path: vec!["sentences"], body: Body::Sentences(sentences) },
            Part { path: vec!["rows"], body: Body::Rows(table) },
        ],
        ..Output::default()
    }
}

/// Customers whose number ends alike, then those with a similar spelling.
fn near(analysis: &Analysis, customer: &str) -> Vec<Text> {
    fn tail(spelling: &str) -> Option<String> {
        let digits: Vec<char> = spelling.chars().filter(char::is_ascii_digit).collect();
        Some(digits[digits.len().checked_sub(TAIL)?..].iter().collect())
    }
    let mut customers: Vec<Text> =
        analysis.sessions().iter().filter_map(|it| Some(analysis.texts.get(it.customer?))).collect();
    customers.sort_unstable();
    customers.dedup();
    let end = tail(customer);
    let mut near: Vec<Text> =
        customers.iter().filter(|it| end.is_some() && tail(it.raw()) == end).cloned().collect();
    for it in suggest::nearest(customer, customers.iter().map(|it| it.raw())) {
        if !near.iter().any(|known| known.raw() == it) {
            near.push(Text::new(it));
        }
    }
    near.truncate(MOST_NEAR);
    near
}

/// A call or a reaction, by place.
#[derive(Clone, Copy)]
enum Entry<'a> {
    Call(usize),
    Reaction(&'a Reaction),
}

/// What is chosen of the customer's calls and reactions, in order.
fn entries<'a>(analysis: &'a Analysis, customer: Sym, calls: &CallsByMessage) -> Vec<Entry<'a>> {
    let is_shown = |place: usize| {
        let session = &analysis.sessions().get(place);
        analysis.subject[place] && session.customer == Some(customer)
    };
    let mut entries: Vec<(i64, Entry<'a>)> = (0..analysis.sessions().len())
        .filter(|it| is_shown(*it))
        .filter_map(|it| Some((analysis.sessions().get(it).started_at?, Entry::Call(it))))
        .collect();
    let concerns = |it: &Reaction| {
        calls.of(it).is_some_and(is_shown) || (it.reactor == Some(customer) && !analysis.filtered)
    };
    entries
        .extend(analysis.reactions.iter().filter(|it| concerns(it)).map(|it| (it.at, Entry::Reaction(it))));
    // Calls and reactions are in their fixed orders already, and of one time calls come first.
    entries.sort_by_key(|(at, _)| *at);
    entries.into_iter().map(|(_, it)| it).collect()
}

fn columns() -> Vec<Column> {
    use Shown::{Always, IfWide, OnRequest};
    vec![
        column("at", Always),
        column("what", Always),
        column("direction", Always),
        column("outcome", Always),
        column("cause", IfWide(1)),
        column("declined_by", IfWide(3)),
        column("agent", Always),
        column("provider", IfWide(7)),
        column("instance", IfWide(6)),
        column("ring_ms", IfWide(4)),
        column("talk_ms", IfWide(5)),
        column("video", IfWide(9)),
        column("group", OnRequest),
        column("orphan", IfWide(8)),
        column("session_id", IfWide(10)),
        column("call_id", OnRequest),
        column("emoji", IfWide(2)),
        column("action", IfWide(11)),
        column("reactor", OnRequest),
    ]
}

fn blank(empty: String) -> Table {
    Table {
        title: "Timeline".into(),
        columns: columns(),
        rows: Vec::new(),
        left_out: 0,
        total: None,
        empty,
        reading: vec![
            "A row for each call and each reaction, the earliest first. A call that rang on several lines \
             has a row for each, but counts once in the sentences."
                .into(),
        ],
        chart: None,
    }
}

impl Entry<'_> {
    fn session(&self, analysis: &Analysis) -> Option<Session> {
        match self {
            Self::Call(place) => Some(analysis.sessions().get(*place)),
            Self::Reaction(_) => None,
        }
    }

    fn row(&self, analysis: &Analysis, calls: &CallsByMessage) -> Vec<Cell> {
        let text = |it: Option<Sym>| Cell::opt(analysis.texts.get_opt(it), Cell::Text);
        match *self {
            Self::Call(place) => {
                let it = &analysis.sessions().get(place);
                vec![
                    Cell::opt(it.started_at, Cell::Instant),
                    Cell::word("call"),
                    Cell::word(it.direction.name()),
                    Cell::opt(it.outcome, |it| Cell::word(it.name())),
                    Cell::opt(it.cause, |it| Cell::word(it.name())),
                    Cell::opt(it.declined_by, |it| Cell::word(it.name())),
                    Cell::opt(analysis.texts.get_opt(it.agent), |it| Cell::Person(Person::Agent, it))
                        .or_word(crate::analysis::UNASSIGNED),
                    Cell::word(it.provider.name()),
                    text(Some(it.instance)),
                    Cell::opt(it.ring_ms, Cell::Millis),
                    Cell::opt(it.talk_ms, Cell::Millis),
                    Cell::opt(it.video, Cell::Bool),
                    Cell::opt(it.group, Cell::Bool),
                    Cell::opt(it.orphan, |it| Cell::word(it.name())),
                    sessions::id(it, &analysis.texts),
                    sessions::call_id(it.call_id, &analysis.texts),
                    Cell::Missing,
                    Cell::Missing,
                    Cell::Missing,
                ]
            }
            Self::Reaction(it) => {
                let call = calls.of(it).map(|it| analysis.sessions().get(it));
                vec![
                    Cell::Instant(it.at),
                    Cell::word("reaction"),
                    Cell::Missing,
                    Cell::Missing,
                    Cell::Missing,
                    Cell::Missing,
                    Cell::Missing,
                    Cell::word(it.provider.name()),
                    text(call.as_ref().map(|it| it.instance)),
                    Cell::Missing,
                    Cell::Missing,
                    Cell::Missing,
                    Cell::Missing,
                    Cell::Missing,
                    Cell::opt(call.as_ref(), |it| sessions::id(it, &analysis.texts)),
                    sessions::call_id(call.as_ref().and_then(|it| it.call_id), &analysis.texts),
                    text(Some(it.emoji)),
                    Cell::word(if it.set { "set" } else { "cleared" }),
                    Cell::opt(analysis.texts.get_opt(it.reactor), |it| Cell::Person(Person::CustomerRef, it)),
                ]
            }
        }
    }
}

/// The calls of one direction on one day.
struct Day<'a> {
    date: NaiveDate,
    direction: Direction,
    attempts: &'a [Attempt],
}

/// What the calls come to: a sentence for each day with unanswered or outgoing calls, the summary
/// where there are many such days, or none.
fn sentences(analysis: &Analysis, customer: Sym) -> Vec<Sentence> {
    let of = |direction: Direction| {
        let mut briefs = Vec::new();
        for (place, session) in analysis.sessions().iter().enumerate() {
            let is_of = session.customer == Some(customer) && session.direction == direction;
            if is_of && attempts::counts(&session) {
                briefs.push(analysis.sessions().brief(place));
            }
        }
        attempts::attempts(analysis, direction, &briefs)
    };
    let (all_incoming, all_outgoing) = (of(Direction::Incoming), of(Direction::Outgoing));
    let chosen = |all: &[Attempt]| all.iter().filter(|it| it.subject).cloned().collect::<Vec<_>>();
    let (incoming, outgoing) = (chosen(&all_incoming), chosen(&all_outgoing));

    let teller = Teller { analysis, customer, incoming: &all_incoming, outgoing: &all_outgoing };
    let mut days: Vec<Day<'_>> = teller.days(&incoming, Direction::Incoming);
    days.retain(|it| it.attempts.iter().any(Attempt::is_unanswered));
    days.extend(teller.days(&outgoing, Direction::Outgoing));
    days.sort_by_key(|it| (it.date, it.direction));

    let mut sentences = Vec::new();
    if days.is_empty() || days.len() > MOST_DAYS {
        sentences.extend(teller.summary(&incoming, Direction::Incoming));
        sentences.extend(teller.summary(&outgoing, Direction::Outgoing));
    }
    let latest = days.len().saturating_sub(MOST_DAYS);
    sentences.extend(days[latest..].iter().map(|it| teller.day(it)));
    sentences
}

/// Makes the sentences about one customer.
struct Teller<'a> {
    analysis: &'a Analysis,
    customer: Sym,
    /// The calls of the customer, of the whole input.
    incoming: &'a [Attempt],
    /// The calls to the customer, of the whole input.
    outgoing: &'a [Attempt],
}

impl Teller<'_> {
    fn session(&self, attempt: &Attempt) -> Session {
        self.analysis.sessions().get(attempt.first)
    }

    fn date(&self, at: i64) -> NaiveDate {
        self.analysis.options.zone.local(at).date
    }

    /// `09:02`
    fn clock(&self, at: i64) -> String {
        let minute = self.analysis.options.zone.local(at).minute_of_day;
        format!("{:02}:{:02}", minute / 60, minute % 60)
    }

    fn days<'d>(&self, attempts: &'d [Attempt], direction: Direction) -> Vec<Day<'d>> {
        let same_day = |a: &Attempt, b: &Attempt| self.date(a.started_at) == self.date(b.started_at);
        let day =
            |attempts: &'d [Attempt]| Day { date: self.date(attempts[0].started_at), direction, attempts };
        attempts.chunk_by(same_day).map(day).collect()
    }

    /// `called 3 times`, `was called once`
    fn called(&self, direction: Direction, count: usize) -> String {
        let verb = match direction {
            Direction::Incoming => "called",
            Direction::Outgoing => "was called",
        };
        format!(" {verb} {}", times(count))
    }

    fn sentence(&self, words: String) -> Sentence {
        let name = self.analysis.texts.get(self.customer).clone();
        vec![Piece::Value(Cell::Person(Person::Customer, name)), Piece::Say(words)]
    }

    /// `… called 3 times on 4 May 2026 between 09:02 and 11:40, declined each time; no call back.`
    fn day(&self, day: &Day<'_>) -> Sentence {
        let attempts = day.attempts;
        let mut words = self.called(day.direction, attempts.len());
        words += &format!(" on {}", date_words(day.date));
        let clock = |it: Option<&Attempt>| it.map(|it| self.clock(it.started_at)).unwrap_or_default();
        let (first, last) = (clock(attempts.first()), clock(attempts.last()));
        words += &if first == last { format!(" at {first}") } else { format!(" between {first} and {last}") };
        words += &format!(", {}", self.outcomes(attempts));
        let unanswered = attempts.iter().rev().find(|it| it.is_unanswered());
        if day.direction == Direction::Incoming
            && let Some(last) = unanswered
        {
            words += &self.call_back(day, last);
        }
        words.push('.');
        self.sentence(words)
    }

    /// `… called 412 times from 4 May to 9 June 2026, declined 300 times, answered 112 times.`
    fn summary(&self, attempts: &[Attempt], direction: Direction) -> Option<Sentence> {
        let (first, last) = (attempts.first()?, attempts.last()?);
        let (from, to) = (self.date(first.started_at), self.date(last.started_at));
        let mut words = self.called(direction, attempts.len());
        words += &if from == to {
            format!(" on {}", date_words(from))
        } else {
            format!(" between {} and {}", date_words(from), date_words(to))
        };
        words += &format!(", {}.", self.outcomes(attempts));
        Some(self.sentence(words))
    }

    /// `declined each time`, `declined twice, missed once`
    fn outcomes(&self, attempts: &[Attempt]) -> String {
        let mut counts: Vec<(Ending, usize)> = Vec::new();
        for attempt in attempts {
            let ending = Ending::of(attempt, self.session(attempt).direction);
            match counts.iter_mut().find(|(it, _)| *it == ending) {
                Some((_, count)) => *count += 1,
                None => counts.push((ending, 1)),
            }
        }
        counts.sort_unstable();
        if let [(ending, count)] = counts.as_slice() {
            return match count {
                1 => ending.words().to_owned(),
                2 => format!("{} both times", ending.words()),
                _ => format!("{} each time", ending.words()),
            };
        }
        let each = counts.iter().map(|(ending, count)| format!("{} {}", ending.words(), times(*count)));
        each.collect::<Vec<_>>().join(", ")
    }

    /// What the business did after the last unanswered call of a day.
    fn call_back(&self, day: &Day<'_>, last: &Attempt) -> String {
        let after = self.outgoing.partition_point(|it| it.started_at <= last.started_at);
        let later = self.outgoing.get(after..).unwrap_or_default();
        let when = |it: &Attempt| {
            let date = self.date(it.started_at);
            let at = self.clock(it.started_at);
            if date == day.date { format!("at {at}") } else { format!("on {} at {at}", date_words(date)) }
        };
        let own = self.incoming.iter().find(|it| it.started_at > last.started_at && !it.is_unanswered());
        if let Some(own) = own.filter(|own| later.first().is_none_or(|it| own.started_at < it.started_at)) {
            return format!("; no call back before another call was answered {}", when(own));
        }
        let Some(first) = later.first() else {
            let shown = day.attempts.iter().any(|it| self.shows_outgoing(self.session(it).provider));
            return if shown {
                "; no call back".to_owned()
            } else {
                "; the dump shows no outgoing calls, so that a call back could not be seen".to_owned()
            };
        };
        let ending = Ending::of(first, Direction::Outgoing);
        let mut words = format!("; called back {}, {}", when(first), ending.words());
        if first.is_unanswered()
            && let Some(reached) = later.iter().find(|it| !it.is_unanswered())
        {
            words += &format!("; reached {}", when(reached));
        }
        words
    }

    /// Whether a provider's outgoing calls are in the input at all.
    fn shows_outgoing(&self, provider: Provider) -> bool {
        let mut feeds = self.analysis.rebuilt.feeds.iter();
        feeds.any(|((of, _, direction), feed)| {
            *of == provider && *direction == Direction::Outgoing && feed.earliest_at.is_some()
        })
    }
}

/// How a call ended, no surer than the dump is. Ordered as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    Declined,
    DeclinedByCustomer,
    Policy,
    Reported,
    Missed,
    NotPicked,
    Ringing,
    Answered,
}

impl Ending {
    fn of(attempt: &Attempt, direction: Direction) -> Self {
        match (attempt.outcome, direction) {
            (Outcome::Answered, _) => Self::Answered,
            (Outcome::Ringing, _) => Self::Ringing,
            (Outcome::Rejected, Direction::Outgoing) => Self::DeclinedByCustomer,
            (Outcome::Missed, Direction::Outgoing) => Self::NotPicked,
            (Outcome::Missed, Direction::Incoming) => Self::Missed,
            (Outcome::Rejected, Direction::Incoming) => match attempt.cause {
                Some(Cause::Policy) => Self::Policy,
                Some(Cause::Reported) => Self::Reported,
                _ => Self::Declined,
            },
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::DeclinedByCustomer => "declined by the customer",
            Self::Policy => "declined by the server",
            Self::Reported => "reported as rejected",
            Self::Missed => "missed",
            Self::NotPicked => "not picked up",
            Self::Ringing => "still ringing",
            Self::Answered => "answered",
        }
    }
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{count} times"),
    }
}

/// `4 May 2026`
fn date_words(date: NaiveDate) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    format!("{} {} {}", date.day(), MONTHS[date.month0() as usize], date.year())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        Input, analysis, at, call, cells, only, outgoing, reaction, sentences, table, timelines, wawp,
        wawp_with, words,
    };
    use super::*;
    use crate::analysis::ReportOptions;
    use crate::zone::Zone;

    const ASHA: &str = "+919811110001";
    const RAVI: &str = "919811110002";

    fn calls(list: &[(&str, &str)]) -> Vec<String> {
        list.iter().flat_map(|(outcome, when)| call(outcome, "desk", ASHA, when)).collect()
    }

    /// An outgoing call of another's, so that the dump is seen to show outgoing calls.
    fn shows_outgoing() -> String {
        r#"{"event":"call.accepted","session":"desk","timestamp":1777888800000,"payload":{"id":"x","from":"919811119999","to":"919811118888","_data":{"fromMe":true}}}"#
            .replace("1777888800000", &at("05-01 10:00:00").to_string())
    }

    #[track_caller]
    fn check(mut lines: Vec<String>, expected: &[&str]) {
        lines.push(shows_outgoing());
        let output = report(&analysis(lines), ASHA);
        let expected: Vec<String> = expected.iter().map(|it| format!("{ASHA} {it}")).collect();
        assert_eq!(sentences(&output, &["sentences"]), expected);
    }

    #[test]
    fn one_two_and_three_calls() {
        check(
            calls(&[("rejected", "09:02:00")]),
            &["called once on 4 May 2026 at 09:02, declined; no call back."],
        );
        check(
            calls(&[("rejected", "09:02:00"), ("rejected", "10:02:00")]),
            &["called twice on 4 May 2026 between 09:02 and 10:02, declined both times; no call back."],
        );
        check(
            calls(&[("rejected", "09:02:00"), ("rejected", "10:02:00"), ("rejected", "11:40:00")]),
            &["called 3 times on 4 May 2026 between 09:02 and 11:40, declined each time; no call back."],
        );
        check(
            calls(&[("rejected", "09:02:00"), ("missed", "09:02:30")]),
            &["called twice on 4 May 2026 at 09:02, declined once, missed once; no call back."],
        );
    }

    #[test]
    fn mixed_outcomes_are_counted() {
        let list = [
            ("missed", "09:02:00"),
            ("rejected", "10:02:00"),
            ("rejected", "11:40:00"),
            ("accepted", "12:00:00"),
            ("accepted", "12:10:00"),
            ("accepted", "12:20:00"),
        ];
        check(
            calls(&list),
            &["called 6 times on 4 May 2026 between 09:02 and 12:20, declined twice, missed once, \
               answered 3 times; no call back before another call was answered at 12:00."],
        );
    }

    #[test]
    fn a_rejection_is_told_no_surer_than_it_is() {
        let lines = vec![
            wawp("received", "desk", "c", ASHA, "09:00:00"),
            wawp("rejected", "desk", "c", ASHA, "09:00:05"),
            wawp("received", "desk", "d", ASHA, "09:10:00"),
            wawp_with("rejected", "desk", "d", ASHA, "09:10:05", r#"{"api":true}"#),
            wawp("received", "desk", "e", ASHA, "09:20:00"),
        ];
        check(
            lines,
            &["called 3 times on 4 May 2026 between 09:00 and 09:20, declined by the server once, \
               reported as rejected once, still ringing once; no call back."],
        );
    }

    #[test]
    fn call_backs_come_after_the_last_unanswered_call() {
        let with = |calls_back: &[(&str, &str)]| {
            let mut lines = calls(&[("rejected", "09:00:00"), ("rejected", "10:00:00")]);
            let place = |it: usize| format!("o{it}");
            let add = |(it, (name, when)): (usize, &(&str, &str))| outgoing(name, &place(it), ASHA, when);
            lines.extend(calls_back.iter().enumerate().map(add));
            let output = report(&analysis(lines), ASHA);
            sentences(&output, &["sentences"])
        };
        let called = "called twice on 4 May 2026 between 09:00 and 10:00, declined both times";
        assert_eq!(
            with(&[("CALL_ENDED", "12:05:00")]),
            [
                format!("{ASHA} {called}; called back at 12:05, answered."),
                format!("{ASHA} was called once on 4 May 2026 at 12:05, answered."),
            ]
        );
        assert_eq!(
            with(&[
                ("CALL_MISSED", "12:05:00"),
                ("CALL_REJECTED", "12:10:00"),
                ("CALL_ENDED", "05-05 08:00:00")
            ]),
            [
                format!(
                    "{ASHA} {called}; called back at 12:05, not picked up; reached on 5 May 2026 at 08:00."
                ),
                format!(
                    "{ASHA} was called twice on 4 May 2026 between 12:05 and 12:10, declined by the customer \
                     once, not picked up once."
                ),
                format!("{ASHA} was called once on 5 May 2026 at 08:00, answered."),
            ]
        );
        // A call between the two is none back after the last; at the same time neither. The calls in
        // are Wawp's, of which the dump shows no outgoing ones.
        let unseen = "; the dump shows no outgoing calls, so that a call back could not be seen.";
        assert_eq!(with(&[("CALL_ENDED", "09:30:00")])[0], format!("{ASHA} {called}{unseen}"));
        assert_eq!(with(&[("CALL_ENDED", "10:00:00")])[0], format!("{ASHA} {called}{unseen}"));
    }

    #[test]
    fn the_days_of_both_directions_are_told_in_order() {
        let mut lines = calls(&[("missed", "05-04 10:00:00"), ("missed", "05-06 10:00:00")]);
        lines.push(outgoing("CALL_MISSED", "o", ASHA, "05-05 10:00:00"));
        check(
            lines,
            &[
                "called once on 4 May 2026 at 10:00, missed; called back on 5 May 2026 at 10:00, not picked up.",
                "was called once on 5 May 2026 at 10:00, not picked up.",
                "called once on 6 May 2026 at 10:00, missed; no call back.",
            ],
        );
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let zone = Zone::named("Asia/Kolkata").expect("a zone");
        let options = ReportOptions { zone, ..ReportOptions::default() };
        let mut lines = calls(&[("rejected", "18:29:00"), ("rejected", "18:30:00")]);
        lines.push(shows_outgoing());
        let output = report(&Input { lines, options, ..Input::default() }.analysis(), ASHA);
        assert_eq!(
            sentences(&output, &["sentences"]),
            [
                format!("{ASHA} called once on 4 May 2026 at 23:59, declined; no call back."),
                format!("{ASHA} called once on 5 May 2026 at 00:00, declined; no call back."),
            ]
        );
    }

    #[test]
    fn where_all_were_answered_there_is_a_summary() {
        check(
            calls(&[("accepted", "05-04 10:00:00"), ("accepted", "05-06 10:00:00")]),
            &["called twice between 4 May 2026 and 6 May 2026, answered both times."],
        );
        check(calls(&[("accepted", "10:00:00")]), &["called once on 4 May 2026, answered."]);
    }

    #[test]
    fn of_many_days_the_latest_are_told_under_a_summary() {
        let days = |count: usize| -> Vec<String> {
            let when: Vec<String> = (1..=count).map(|it| format!("05-{it:02} 10:00:00")).collect();
            calls(&when.iter().map(|it| ("missed", it.as_str())).collect::<Vec<_>>())
        };
        let told = |count| sentences(&report(&analysis(days(count)), ASHA), &["sentences"]);
        assert_eq!(told(10).len(), 10);
        let eleven = told(11);
        assert_eq!(eleven.len(), 11);
        assert_eq!(
            eleven[0],
            format!("{ASHA} called 11 times between 1 May 2026 and 11 May 2026, missed each time.")
        );
        assert!(eleven[1].contains("on 2 May 2026"), "{}", eleven[1]);
    }

    #[test]
    fn a_call_on_two_lines_is_told_once_but_has_two_rows() {
        let lines = vec![
            timelines("Missed", "one", "c", ASHA, "10:00:00"),
            timelines("Missed", "two", "c", ASHA, "10:00:02"),
        ];
        let output = report(&analysis(lines), ASHA);
        assert!(sentences(&output, &["sentences"])[0].contains("called once"));
        assert_eq!(table(&output, &["rows"]).rows.len(), 2);
        // What is told of it is what the line says that declined it.
        let lines = vec![
            wawp("received", "one", "c", ASHA, "10:00:00"),
            wawp("received", "two", "c", ASHA, "10:00:02"),
            wawp("rejected", "two", "c", ASHA, "10:00:04"),
            wawp_with("rejected", "one", "c", ASHA, "10:00:04", r#"{"status":"terminate"}"#),
        ];
        check(lines, &["called once on 4 May 2026 at 10:00, reported as rejected; no call back."]);
    }

    #[test]
    fn rows_hold_calls_and_reactions_in_order() {
        let lines = vec![
            outgoing("CALL_ENDED", "o", ASHA, "11:00:00"),
            timelines("Rejected", "one", "c", ASHA, "10:00:00"),
            timelines("Rejected", "one", "other", RAVI, "10:00:00"),
            reaction("set", "👍", "c", RAVI, "10:30:00", "{}"),
            reaction("clear", "🙏", "m", ASHA, "10:00:00", "{}"),
            reaction("set", "🙏", "other", RAVI, "10:00:00", "{}"),
        ];
        let analysis = analysis(lines);
        let output = report(&analysis, ASHA);
        let rows = table(&output, &["rows"]);
        let keys = "at what direction outcome cause declined_by agent instance call_id emoji action reactor";
        assert_eq!(rows.rows.len(), 4);
        assert_eq!(
            cells(rows, 0, keys),
            "05-04 10:00:00 call incoming rejected declined agent asha@x.in one c – – –"
        );
        assert_eq!(cells(rows, 1, keys), "05-04 10:00:00 reaction – – – – – – – 🙏 cleared +919811110001");
        assert_eq!(cells(rows, 2, keys), "05-04 10:30:00 reaction – – – – – one c 👍 set +919811110002");
        assert_eq!(
            cells(rows, 3, "at what direction outcome talk_ms agent"),
            "05-04 11:00:00 call outgoing answered 60000 Asha"
        );
        assert_eq!(cells(rows, 0, "session_id"), cells(rows, 2, "session_id"));
    }

    #[test]
    fn orphans_groups_and_untimed_calls_are_in_notes() {
        let lines = vec![
            wawp("received", "desk", "c", ASHA, "08:00:00"),
            wawp("rejected", "desk", "d", ASHA, "09:00:00"),
            wawp("received", "desk", "g", ASHA, "09:10:00").replace("\"id\"", "\"isGroup\":true,\"id\""),
            format!(r#"{{"event":"call.rejected","session":"desk","payload":{{"id":"u","from":"{ASHA}"}}}}"#),
            shows_outgoing(),
        ];
        let output = report(&analysis(lines), ASHA);
        assert_eq!(table(&output, &["rows"]).rows.len(), 3);
        assert_eq!(
            words(&output.notes),
            [
                "Calls of which only the end is in the dump (the call itself was not captured): 1; the column \
                 `orphan` says why.",
                "Group calls, which are in the table but not in the sentences: 1.",
                "Calls without a time, which are left out: 1.",
            ]
        );
        assert_eq!(
            sentences(&output, &["sentences"]),
            [format!(
                "{ASHA} called twice on 4 May 2026 between 08:00 and 09:00, reported as rejected once, missed \
                 once; no call back."
            )]
        );
    }

    #[test]
    fn a_filter_chooses_rows_but_call_backs_are_seen_past_it() {
        let mut lines = calls(&[("rejected", "09:00:00"), ("accepted", "13:00:00")]);
        lines.push(outgoing("CALL_ENDED", "o", ASHA, "12:05:00"));
        lines.push(reaction("set", "👍", "m", ASHA, "10:00:00", "{}"));
        let filter = only(&[Outcome::Rejected]);
        let output = report(&Input { lines, filter, ..Input::default() }.analysis(), ASHA);
        assert_eq!(table(&output, &["rows"]).rows.len(), 1);
        assert_eq!(
            sentences(&output, &["sentences"]),
            [format!("{ASHA} called once on 4 May 2026 at 09:00, declined; called back at 12:05, answered.")]
        );
        assert_eq!(words(&output.notes).len(), 1);
    }

    #[test]
    fn an_unknown_customer_is_told_who_may_be_meant() {
        let mut lines = Vec::new();
        for from in ["919811110001", "919811110002", "915522110001", "34600000000"] {
            lines.extend(call("missed", "desk", from, "10:00:00"));
        }
        let analysis = analysis(lines);
        let told = |customer: &str| {
            let output = report(&analysis, customer);
            let table = table(&output, &["rows"]);
            assert!(table.rows.is_empty());
            assert_eq!(table.empty, format!("Nobody in this dump is spelt {customer}."));
            sentences(&output, &["sentences"])
        };
        // The same last six digits; then one digit wrong.
        assert_eq!(told("+779999110001"), ["Perhaps one of these was meant: +915522110001, +919811110001."]);
        assert_eq!(told("9811110001"), ["Perhaps one of these was meant: +915522110001, +919811110001."]);
        assert_eq!(told("+919811110003"), ["Perhaps one of these was meant: +919811110001, +919811110002."]);
        assert_eq!(told("+34600000009"), ["Perhaps this one was meant: +34600000000."]);
        // Of four that end alike three are named, in the order of the text.
        let tails = ["17711110001", "18811110001", "19911110001", "16611110001"];
        let times = ["10:00:00", "09:00:00", "08:00:00", "11:00:00"];
        let lines =
            tails.iter().zip(times).flat_map(|(from, when)| call("missed", "desk", from, when)).collect();
        let output = report(&super::super::testing::analysis(lines), "+11111110001");
        assert_eq!(
            sentences(&output, &["sentences"]),
            ["Perhaps one of these was meant: +16611110001, +17711110001, +18811110001."]
        );
        assert_eq!(told("Zorro"), Vec::<String>::new());
    }
}
