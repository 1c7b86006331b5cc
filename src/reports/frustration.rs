//! Frustration: which customers tried again and again in a short time, and whether anybody talked to
//! them since.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::attempts::{self, Attempt};
use super::{Output, Sentence};
use crate::analysis::{Analysis, ReportOptions};
use crate::definitions::column;
use crate::dialects::Provider;
use crate::event::Direction;
use crate::section::{Body, Cell, Column, Part, Person, Piece, Shown, Table};
use crate::session::Outcome;
use crate::store::Brief;
use crate::text::{Sym, Text};
use crate::time::{MINUTE, SECOND};

/// From so many attempts in one window on a customer comes first, whatever they weigh.
const PRIORITY_ATTEMPTS: u64 = 5;
/// The tenths of a score from which on it is `priority_1`, `high`, `elevated`.
const FULL: u64 = 1000;
const HIGH: u64 = 600;
const ELEVATED: u64 = 300;

/// What a call adds to the weight of its window, in halves: a convention, not a measurement.
fn halves(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Rejected => 3,
        Outcome::Missed | Outcome::Ringing => 2,
        Outcome::Answered => 1,
    }
}

/// The customers by how hard they tried.
pub fn report(analysis: &Analysis) -> Output {
    let customers = (0..analysis.by_customer().len()).into_par_iter();
    report_of(customers.filter_map(|it| Ranked::of(it, analysis)).collect(), analysis)
}

/// The same, of customers with what their ranks go by.
pub(super) fn report_of(mut ranked: Vec<Ranked>, analysis: &Analysis) -> Output {
    let priority =
        ranked.iter().filter(|it| is_first_priority(it.score.into(), it.peak_attempts.into())).count();
    // Of those who are of the first priority none is left out: what stands out is told from the rows.
    let wanted = analysis.options.list_rows.map_or(ranked.len(), |it| it.max(priority)).min(ranked.len());
    let order = |a: &Ranked, b: &Ranked| {
        let text = |it: &Ranked| analysis.texts.raw(it.customer);
        b.weight().cmp(&a.weight()).then_with(|| text(a).cmp(text(b)))
    };
    let any_vip = ranked.iter().any(|it| it.vip_unanswered);
    if wanted < ranked.len() && wanted > 0 && !any_vip {
        ranked.select_nth_unstable_by(wanted - 1, order);
        ranked[..wanted].sort_unstable_by(order);
    } else {
        ranked.par_sort_unstable_by(order);
    }

    let answered_outgoing = last_answered_outgoing(analysis);
    let row = |rank: usize| -> Option<Vec<Cell>> {
        let it = &ranked[rank];
        Some(customer(analysis, it.number as usize, &answered_outgoing)?.row(rank as u64 + 1, analysis))
    };
    let rows: Vec<Vec<Cell>> = (0..wanted).into_par_iter().filter_map(row).collect();
    let vips = (0..ranked.len()).filter(|it| ranked[*it].vip_unanswered).filter_map(row).collect();
    let everyone = Table {
        title: "Callers by frustration".into(),
        columns: columns(),
        rows,
        left_out: ranked.len() - wanted,
        empty: "No incoming call of a known customer at a known time.".into(),
        reading: reading(&analysis.options),
        ..Table::default()
    };
    let vips = Table {
        title: "VIPs with an unanswered call".into(),
        columns: columns(),
        rows: vips,
        empty: "No customer who is marked as VIP has an unanswered call.".into(),
        reading: vec!["The same figures; the rank is that among all customers.".into()],
        ..Table::default()
    };
    Output {
        preface: Vec::new(),
        parts: vec![
            Part { path: vec!["rows"], body: Body::Rows(everyone) },
            Part { path: vec!["vip_unanswered"], body: Body::Rows(vips) },
        ],
        notes: left_out(analysis),
    }
}

/// What a customer's rank goes by. There are as many as customers, of whom few are shown, so that its numbers are as
/// small as they can be: there are fewer sessions than four thousand million.
pub(super) struct Ranked {
    customer: Sym,
    /// Its number among the customers of sessions.
    number: u32,
    /// Tenths, at most 1000.
    score: u16,
    /// Marked as VIP, with an attempt that nobody answered.
    vip_unanswered: bool,
    /// Attempts of the fullest window.
    peak_attempts: u32,
    attempts: u32,
    /// The start of the last attempt.
    last_at: i64,
}

impl Ranked {
    /// The customer by its number among those of sessions, if it made a subject attempt.
    pub(super) fn of(number: usize, analysis: &Analysis) -> Option<Self> {
        let (customer, briefs) = analysis.by_customer().get(number);
        let attempts = attempts_of(analysis, briefs);
        let subjects = || attempts.iter().filter(|it| it.subject);
        let last = subjects().next_back()?;
        let peak = peak(&attempts, analysis.options.window_ms);
        let score = score(peak.halves, analysis.options.threshold_milli) as u16;
        let unanswered = || subjects().any(Attempt::is_unanswered);
        let vip_unanswered = analysis.customers.is_vip(customer) == Some(true) && unanswered();
        Some(Self {
            customer,
            number: number as u32,
            score,
            vip_unanswered,
            peak_attempts: peak.attempts as u32,
            attempts: subjects().count() as u32,
            last_at: last.started_at,
        })
    }

    /// The greater comes first: score, attempts of the fullest window, attempts, and the last start.
    fn weight(&self) -> (u16, u32, u32, i64) {
        (self.score, self.peak_attempts, self.attempts, self.last_at)
    }
}

fn is_first_priority(score: u64, peak_attempts: u64) -> bool {
    peak_attempts >= PRIORITY_ATTEMPTS || score >= FULL
}

/// The customer's calls as attempts, of its sessions in the fixed order.
fn attempts_of(analysis: &Analysis, briefs: &[Brief]) -> Vec<Attempt> {
    attempts::attempts(analysis, Direction::Incoming, briefs)
}

/// The first and last start of each subject customer's fullest window.
pub fn peaks(analysis: &Analysis) -> HashMap<Sym, (i64, i64)> {
    let peak_of = |(customer, briefs): (Sym, &[Brief])| {
        let attempts = attempts_of(analysis, briefs);
        attempts.iter().any(|it| it.subject).then(|| {
            let peak = peak(&attempts, analysis.options.window_ms);
            (customer, (peak.started_at, peak.ended_at))
        })
    };
    analysis.by_customer().iter().filter_map(peak_of).collect()
}

/// How many subject calls stand in no row, and why.
fn left_out(analysis: &Analysis) -> Vec<Sentence> {
    let (mut groups, mut untimed, mut nobody) = (0, 0, 0);
    for alike in analysis.census_of_subjects() {
        let session = alike.glance;
        if session.direction != Direction::Incoming {
            continue;
        }
        if session.group == Some(true) {
            groups += alike.chosen;
        } else if !session.is_timed() || session.outcome.is_none() {
            untimed += alike.chosen;
        } else if session.customer.is_none() {
            nobody += alike.chosen;
        }
    }
    let mut notes = Vec::new();
    for (count, why) in [
        (nobody, "do not say who called"),
        (untimed, "cannot be placed in time"),
        (groups, "are calls of groups"),
    ] {
        if count > 0 {
            notes.push(vec![
                Piece::Say("Incoming sessions that ".into()),
                Piece::Say(why.into()),
                Piece::Say(" and so are in no row of the callers: ".into()),
                Piece::Value(Cell::Count(count)),
                Piece::Say(".".into()),
            ]);
        }
    }
    notes
}

/// For each customer the start of the last outgoing call that it answered.
fn last_answered_outgoing(analysis: &Analysis) -> HashMap<Sym, i64> {
    let mut last = HashMap::new();
    if analysis.census().iter().all(|it| it.glance.direction == Direction::Incoming) {
        return last;
    }
    for session in analysis.sessions().glances() {
        if session.direction == Direction::Outgoing
            && session.outcome == Some(Outcome::Answered)
            && session.group != Some(true)
            && let (Some(customer), Some(started_at)) = (session.customer, session.started_at)
        {
            let last = last.entry(customer).or_insert(started_at);
            *last = started_at.max(*last);
        }
    }
    last
}

/// One customer's figures.
struct Customer {
    customer: Sym,
    name: Option<Sym>,
    country: Option<Text>,
    vip: Option<bool>,
    attempts: u64,
    answered: u64,
    rejected: u64,
    missed: u64,
    ringing: u64,
    peak: Peak,
    score: u64,
    current_score: Option<u64>,
    longest_streak: u64,
    unresolved: &'static str,
    redirects_due: u64,
    instances: u64,
    video_calls: u64,
    first_at: i64,
    last_at: i64,
}

/// The figures of a customer by its number among those of sessions, if any of its attempts is a subject.
fn customer(analysis: &Analysis, number: usize, answered_outgoing: &HashMap<Sym, i64>) -> Option<Customer> {
    let options = &analysis.options;
    let (customer, briefs) = analysis.by_customer().get(number);
    let attempts = attempts_of(analysis, briefs);
    let subjects: Vec<&Attempt> = attempts.iter().filter(|it| it.subject).collect();
    let (first, last) = (subjects.first()?, subjects.last()?);
    let session = |it: &Attempt| analysis.sessions().get(it.first);
    let of = |outcome: Outcome| subjects.iter().filter(|it| it.outcome == outcome).count() as u64;
    let instances: HashSet<(Provider, Sym)> =
        subjects.iter().map(|it| (session(it).provider, session(it).instance)).collect();
    let sessions = || {
        let latest_first = briefs.iter().rev().map(|it| analysis.sessions().get(it.place()));
        latest_first.filter(|it| it.direction == Direction::Incoming && attempts::counts(it))
    };
    let latest_country = sessions().find(|it| it.country.is_some()).and_then(|it| analysis.country(&it));
    let peak = peak(&attempts, options.window_ms);
    Some(Customer {
        customer,
        name: analysis.customers.name(customer).or_else(|| sessions().find_map(|it| it.customer_name)),
        country: latest_country.or_else(|| analysis.country_of_number(customer)),
        vip: analysis.customers.is_vip(customer),
        attempts: subjects.len() as u64,
        answered: of(Outcome::Answered),
        rejected: of(Outcome::Rejected),
        missed: of(Outcome::Missed),
        ringing: of(Outcome::Ringing),
        score: score(peak.halves, options.threshold_milli),
        peak,
        current_score: analysis.rebuilt.watermark.map(|it| current_score(&attempts, it, options)),
        longest_streak: longest_streak(&subjects),
        unresolved: unresolved(&attempts, answered_outgoing.get(&customer).copied()),
        redirects_due: redirects_due(analysis, &attempts),
        instances: instances.len() as u64,
        video_calls: subjects.iter().filter(|it| session(it).video == Some(true)).count() as u64,
        first_at: first.started_at,
        last_at: last.started_at,
    })
}

/// What the fullest windows hold.
#[derive(Debug, Default, PartialEq, Eq)]
struct Peak {
    attempts: u64,
    halves: u64,
    started_at: i64,
    ended_at: i64,
}

/// Looks at every window that begins with an attempt and is as full as it can be. No other can hold
/// or weigh more, since every attempt weighs something; and of two that weigh the same the one that
/// starts first is met first.
fn peak(attempts: &[Attempt], window_ms: i64) -> Peak {
    let mut peak = Peak::default();
    let (mut end, mut weight, mut subjects) = (0, 0, 0);
    for (begin, first) in attempts.iter().enumerate() {
        while let Some(next) = attempts.get(end)
            && next.started_at - first.started_at <= window_ms.max(0)
        {
            weight += halves(next.outcome);
            subjects += u64::from(next.subject);
            end += 1;
        }
        if subjects > 0 {
            peak.attempts = peak.attempts.max((end - begin) as u64);
            if weight > peak.halves {
                peak.halves = weight;
                peak.started_at = first.started_at;
                peak.ended_at = attempts[end - 1].started_at;
            }
        }
        weight -= halves(first.outcome);
        subjects -= u64::from(first.subject);
    }
    peak
}

/// The tenths of 100 × weight / threshold, rounded half up, at most 100.
fn score(halves: u64, threshold_milli: i64) -> u64 {
    let threshold = u128::from(threshold_milli.max(1).unsigned_abs());
    let tenths = (u128::from(halves) * 1_000_000 + threshold) / (2 * threshold);
    u64::try_from(tenths).unwrap_or(FULL).min(FULL)
}

/// The score of the window that ends where the input does.
fn current_score(attempts: &[Attempt], watermark: i64, options: &ReportOptions) -> u64 {
    let begin = attempts.partition_point(|it| it.started_at < watermark.saturating_sub(options.window_ms));
    let end = attempts.partition_point(|it| it.started_at <= watermark);
    let window = attempts.get(begin..end).unwrap_or_default();
    score(window.iter().map(|it| halves(it.outcome)).sum(), options.threshold_milli)
}

fn longest_streak(attempts: &[&Attempt]) -> u64 {
    let unanswered = attempts.chunk_by(|a, b| a.is_unanswered() == b.is_unanswered());
    unanswered.filter(|it| it[0].is_unanswered()).map(|it| it.len() as u64).max().unwrap_or(0)
}

/// Whether nobody talked to the customer since the last call.
fn unresolved(attempts: &[Attempt], answered_outgoing: Option<i64>) -> &'static str {
    let Some(last) = attempts.last() else { return "no" };
    if last.outcome == Outcome::Answered || answered_outgoing.is_some_and(|it| it > last.started_at) {
        "no"
    } else if last.outcome == Outcome::Ringing || (last.is_inferred() && !last.shows_answers) {
        "unknown"
    } else {
        "yes"
    }
}

/// The messages that a bot should have sent to the subject attempts: on each line one for an attempt,
/// unless one was due shortly before. That one may have been due to an attempt that is no subject.
fn redirects_due(analysis: &Analysis, attempts: &[Attempt]) -> u64 {
    let mut due_at: HashMap<(Provider, Sym), i64> = HashMap::new();
    let mut due = 0;
    for attempt in attempts {
        let session = &analysis.sessions().get(attempt.first);
        let line = (session.provider, session.instance);
        let soon = |before: &i64| attempt.started_at - before < analysis.options.debounce_ms;
        if !due_at.get(&line).is_some_and(soon) {
            due_at.insert(line, attempt.started_at);
            due += u64::from(attempt.subject);
        }
    }
    due
}

fn columns() -> Vec<Column> {
    use Shown::{Always, IfWide, OnRequest};
    vec![
        column("rank", Always),
        column("customer", Always),
        column("customer_name", IfWide(1)),
        column("attempts", Always),
        column("answered", Always),
        column("rejected", IfWide(3)),
        column("missed", IfWide(4)),
        column("ringing", IfWide(13)),
        column("peak_attempts", IfWide(5)),
        column("peak_weight", IfWide(12)),
        column("score", Always),
        column("level", Always),
        column("priority_1_by", IfWide(15)),
        column("peak_started_at", IfWide(7)),
        column("peak_ended_at", OnRequest),
        column("current_score", IfWide(8)),
        column("longest_streak", IfWide(9)),
        column("unresolved", Always),
        column("redirects_due", IfWide(10)),
        column("instances", IfWide(11)),
        column("video_calls", OnRequest),
        column("first_attempt_at", OnRequest),
        column("last_attempt_at", IfWide(2)),
        column("country", IfWide(14)),
        column("vip", IfWide(6)),
    ]
}

impl Customer {
    /// The level, and what made it the first.
    fn level(&self) -> (&'static str, Option<&'static str>) {
        if self.peak.attempts >= PRIORITY_ATTEMPTS {
            ("priority_1", Some("attempts"))
        } else if self.score >= FULL {
            ("priority_1", Some("weight"))
        } else if self.score >= HIGH {
            ("high", None)
        } else if self.score >= ELEVATED {
            ("elevated", None)
        } else {
            ("calm", None)
        }
    }

    fn row(&self, rank: u64, analysis: &Analysis) -> Vec<Cell> {
        let texts = &analysis.texts;
        let (level, priority_1_by) = self.level();
        let tenths = |it: u64| Cell::Tenths(it as i64);
        vec![
            Cell::Count(rank),
            Cell::Person(Person::Customer, texts.get(self.customer).clone()),
            Cell::opt(texts.get_opt(self.name), |it| Cell::Person(Person::CustomerName, it)),
            Cell::Count(self.attempts),
            Cell::Count(self.answered),
            Cell::Count(self.rejected),
            Cell::Count(self.missed),
            Cell::Count(self.ringing),
            Cell::Count(self.peak.attempts),
            tenths(self.peak.halves * 5),
            tenths(self.score),
            Cell::word(level),
            Cell::opt(priority_1_by, Cell::word),
            Cell::Instant(self.peak.started_at),
            Cell::Instant(self.peak.ended_at),
            Cell::opt(self.current_score, tenths),
            Cell::Count(self.longest_streak),
            Cell::word(self.unresolved),
            Cell::Count(self.redirects_due),
            Cell::Count(self.instances),
            Cell::Count(self.video_calls),
            Cell::Instant(self.first_at),
            Cell::Instant(self.last_at),
            Cell::opt(self.country.clone(), Cell::Text),
            Cell::opt(self.vip, Cell::Bool),
        ]
    }
}

/// The weights are part of what the figures mean, so they stand under the table.
fn reading(options: &ReportOptions) -> Vec<String> {
    let weight = |outcome: Outcome| decimal(halves(outcome) as i64 * 500);
    vec![
        format!(
            "Score: 100 times the greatest weight of calls within {}, divided by {}, at most 100. \
             Weights are a convention: rejected {}, missed {}, ringing {}, answered {}.",
            span(options.window_ms),
            decimal(options.threshold_milli),
            weight(Outcome::Rejected),
            weight(Outcome::Missed),
            weight(Outcome::Ringing),
            weight(Outcome::Answered),
        ),
        "Unresolved: nobody has talked to the customer since the last call; unknown where the dump \
         cannot show it."
            .to_owned(),
    ]
}

/// Thousandths as a decimal without trailing zeros.
fn decimal(milli: i64) -> String {
    let text = format!("{}.{:03}", milli / 1000, milli % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A length of time in words.
pub(super) fn span(ms: i64) -> String {
    match ms {
        MINUTE => "1 minute".to_owned(),
        _ if ms % MINUTE == 0 => format!("{} minutes", ms / MINUTE),
        SECOND => "1 second".to_owned(),
        _ => format!("{} seconds", decimal(ms)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        Input, analysis, at, call, cell, cells, only, outgoing, table, timelines, wawp, words,
    };
    use super::*;
    use crate::analysis::Filter;
    use crate::session::Rules;

    const ASHA: &str = "919811110001";
    const RAVI: &str = "919811110002";

    /// Calls of one customer on one line, given as outcome and time.
    fn calls(list: &[(&str, &str)]) -> Vec<String> {
        list.iter().flat_map(|(outcome, when)| call(outcome, "desk", ASHA, when)).collect()
    }

    /// The one row of these calls.
    #[track_caller]
    fn check(lines: Vec<String>, keys: &str, expected: &str) {
        check_input(Input { lines, ..Input::default() }, keys, expected);
    }

    #[track_caller]
    fn check_input(input: Input, keys: &str, expected: &str) {
        let output = report(&input.analysis());
        assert_eq!(cells(table(&output, &["rows"]), 0, keys), expected, "{keys}");
    }

    #[test]
    fn a_short_list_is_the_beginning_of_the_long_one_and_says_what_is_left() {
        let mut lines = Vec::new();
        for (caller, times) in [("919811110001", 1), ("919811110002", 6), ("919811110003", 3)] {
            for minute in 0..times {
                lines.extend(call("missed", "desk", caller, &format!("10:{minute:02}:00")));
            }
        }
        let mut analysis = analysis(lines);
        let whole = report(&analysis);
        let whole = table(&whole, &["rows"]);
        assert_eq!((whole.rows.len(), whole.left_out), (3, 0));
        for wanted in [0, 1, 2, 3, 9] {
            analysis.options.list_rows = Some(wanted);
            let short = report(&analysis);
            let short = table(&short, &["rows"]);
            // The one of the first priority is never left out: she is told of above the tables.
            let shown = wanted.clamp(1, 3);
            assert_eq!(short.rows, whole.rows[..shown], "{wanted}");
            assert_eq!(short.left_out, 3 - shown, "{wanted}");
        }
    }

    #[test]
    fn the_columns_are_those_of_the_definitions() {
        let keys: Vec<&str> = columns().iter().map(|it| it.key).collect();
        assert_eq!(
            keys.join(" "),
            "rank customer customer_name attempts answered rejected missed ringing peak_attempts peak_weight \
             score level priority_1_by peak_started_at peak_ended_at current_score longest_streak unresolved \
             redirects_due instances video_calls first_attempt_at last_attempt_at country vip"
        );
    }

    #[test]
    fn outcomes_are_counted_and_weighed() {
        // 1.5 + 1 + 0.5 + 1 (ringing at the end) in ten minutes: 4 of 5 is 80.
        let lines = calls(&[
            ("rejected", "10:00:00"),
            ("missed", "10:02:00"),
            ("accepted", "10:04:00"),
            ("ringing", "10:06:00"),
        ]);
        check(
            lines,
            "attempts answered rejected missed ringing peak_attempts peak_weight score level priority_1_by",
            "4 1 1 1 1 4 4.0 80.0 high –",
        );
    }

    #[test]
    fn both_ends_of_a_window_are_inside() {
        let keys = "peak_attempts peak_weight score peak_started_at peak_ended_at";
        check(
            calls(&[("rejected", "10:00:00"), ("rejected", "10:10:00")]),
            keys,
            "2 3.0 60.0 05-04 10:00:00 05-04 10:10:00",
        );
        check(
            calls(&[("rejected", "10:00:00"), ("rejected", "10:10:01")]),
            keys,
            "1 1.5 30.0 05-04 10:00:00 05-04 10:00:00",
        );
    }

    #[test]
    fn of_windows_that_weigh_the_same_the_first_is_shown() {
        // Two windows of 1.5 + 1.5, half an hour apart, and a third of 1 + 1 + 0.5 between them.
        let lines = calls(&[
            ("rejected", "10:00:00"),
            ("rejected", "10:05:00"),
            ("missed", "10:20:00"),
            ("missed", "10:21:00"),
            ("accepted", "10:22:00"),
            ("rejected", "10:40:00"),
            ("rejected", "10:41:00"),
        ]);
        check(
            lines,
            "peak_attempts peak_weight peak_started_at peak_ended_at",
            "3 3.0 05-04 10:00:00 05-04 10:05:00",
        );
    }

    #[test]
    fn scores_are_rounded_half_up_and_end_at_a_hundred() {
        assert_eq!(score(3, 5000), 300);
        assert_eq!(score(10, 5000), 1000);
        assert_eq!(score(11, 5000), 1000);
        // 1.5 of 2.504 is 59.904…, of 2.503 59.928…, 1 of 3 is 33.33…
        assert_eq!(score(3, 2504), 599);
        assert_eq!(score(2, 3000), 333);
        // 1 of 1.6 is 62.5; 1 of 16 is 6.25, half of a tenth, and goes up.
        assert_eq!(score(2, 1600), 625);
        assert_eq!(score(2, 16_000), 63);
        // 99.95 goes up to 100: 1999 halves of 1000.
        assert_eq!(score(1999, 1_000_000), 1000);
        assert_eq!(score(u64::MAX, 1), 1000);
        assert_eq!(score(1, 0), 1000);
    }

    #[test]
    fn levels_begin_at_their_scores() {
        let level = |attempts, score| {
            let customer = Customer {
                customer: crate::text::Interner::default().intern("x"),
                name: None,
                country: None,
                vip: None,
                attempts: 0,
                answered: 0,
                rejected: 0,
                missed: 0,
                ringing: 0,
                peak: Peak { attempts, ..Peak::default() },
                score,
                current_score: None,
                longest_streak: 0,
                unresolved: "",
                redirects_due: 0,
                instances: 0,
                video_calls: 0,
                first_at: 0,
                last_at: 0,
            };
            customer.level()
        };
        assert_eq!(level(4, 1000), ("priority_1", Some("weight")));
        assert_eq!(level(4, 999), ("high", None));
        assert_eq!(level(4, 600), ("high", None));
        assert_eq!(level(4, 599), ("elevated", None));
        assert_eq!(level(4, 300), ("elevated", None));
        assert_eq!(level(4, 299), ("calm", None));
        assert_eq!(level(5, 250), ("priority_1", Some("attempts")));
        assert_eq!(level(5, 1000), ("priority_1", Some("attempts")));
    }

    #[test]
    fn five_answered_calls_are_priority_by_attempts() {
        let lines = calls(&[
            ("accepted", "10:00:00"),
            ("accepted", "10:01:00"),
            ("accepted", "10:02:00"),
            ("accepted", "10:03:00"),
            ("accepted", "10:04:00"),
        ]);
        check(lines, "peak_weight score level priority_1_by", "2.5 50.0 priority_1 attempts");
    }

    #[test]
    fn the_current_score_is_that_of_the_window_before_the_watermark() {
        // The last event is an end at 10:30:03, so the window begins at 10:20:03.
        let two = [("missed", "10:20:03"), ("missed", "10:30:00")];
        check(calls(&two), "current_score", "40.0");
        let two = [("missed", "10:20:02"), ("missed", "10:30:00")];
        check(calls(&two), "current_score", "20.0");
        let as_of = |when: &str| Input {
            lines: calls(&[("missed", "10:20:02"), ("missed", "10:30:00")]),
            rules: Rules { as_of: Some(at(when)), ..Rules::default() },
            ..Input::default()
        };
        check_input(as_of("10:30:00"), "current_score", "40.0");
        check_input(as_of("10:29:59"), "current_score", "20.0");
        check_input(as_of("10:40:01"), "current_score score", "0.0 40.0");
    }

    #[test]
    fn the_longest_streak_ends_with_an_answer() {
        let lines = calls(&[
            ("rejected", "10:00:00"),
            ("missed", "11:00:00"),
            ("accepted", "12:00:00"),
            ("rejected", "13:00:00"),
            ("missed", "14:00:00"),
            ("ringing", "15:00:00"),
        ]);
        check(lines, "longest_streak", "3");
        check(calls(&[("accepted", "10:00:00")]), "longest_streak", "0");
    }

    #[test]
    fn unresolved_until_somebody_talked_to_the_customer() {
        let missed = || calls(&[("accepted", "09:00:00"), ("missed", "10:00:00")]);
        let with = |line: String| {
            let mut lines = missed();
            lines.push(line);
            lines
        };
        check(missed(), "unresolved", "yes");
        check(calls(&[("missed", "10:00:00"), ("accepted", "11:00:00")]), "unresolved", "no");
        check(with(outgoing("CALL_ENDED", "o", ASHA, "10:00:01")), "unresolved", "no");
        check(with(outgoing("CALL_ENDED", "o", ASHA, "10:00:00")), "unresolved", "yes");
        check(with(outgoing("CALL_MISSED", "o", ASHA, "10:30:00")), "unresolved", "yes");
        check(with(outgoing("CALL_ENDED", "o", RAVI, "10:30:00")), "unresolved", "yes");
        check(calls(&[("accepted", "09:00:00"), ("ringing", "10:00:00")]), "unresolved", "unknown");
    }

    #[test]
    fn a_miss_by_inference_says_little_where_answers_are_not_shown() {
        let late = || Rules { as_of: Some(at("11:00:00")), ..Rules::default() };
        let ringing = calls(&[("ringing", "10:00:00")]);
        let input = Input { lines: ringing, rules: late(), ..Input::default() };
        check_input(input, "missed unresolved", "1 unknown");
        let lines = calls(&[("accepted", "09:00:00"), ("ringing", "10:00:00")]);
        check_input(Input { lines, rules: late(), ..Input::default() }, "missed unresolved", "1 yes");
    }

    #[test]
    fn redirects_are_due_once_in_two_minutes_a_line() {
        check(calls(&[("missed", "10:00:00"), ("missed", "10:01:59")]), "redirects_due", "1");
        check(calls(&[("missed", "10:00:00"), ("missed", "10:02:00")]), "redirects_due", "2");
        // The third is due: the second was not, so the last that was lies two minutes back.
        let three = [("missed", "10:00:00"), ("missed", "10:01:00"), ("missed", "10:02:00")];
        check(calls(&three), "redirects_due", "2");
        let mut lines = calls(&[("missed", "10:00:00")]);
        lines.extend(call("missed", "other", ASHA, "10:00:30"));
        check(lines, "redirects_due instances", "2 2");
    }

    #[test]
    fn one_call_on_several_lines_is_one_attempt() {
        let mut lines = vec![
            timelines("Missed", "one", "c", ASHA, "10:00:00"),
            timelines("Rejected", "two", "c", ASHA, "10:00:05"),
        ];
        let keys = "attempts answered rejected missed instances peak_weight first_attempt_at";
        check(lines.clone(), keys, "1 0 1 0 1 1.5 05-04 10:00:00");
        lines.push(timelines("Answered", "three", "c", ASHA, "10:00:09"));
        check(lines.clone(), keys, "1 1 0 0 1 0.5 05-04 10:00:00");
        lines.push(timelines("Missed", "one", "d", ASHA, "10:00:09"));
        check(lines, keys, "2 1 0 1 1 1.5 05-04 10:00:00");
    }

    #[test]
    fn an_id_that_comes_back_is_another_attempt() {
        let twice = |second: &str| {
            vec![
                timelines("Missed", "one", "c", ASHA, "05-04 10:00:00"),
                timelines("Missed", "two", "c", ASHA, second),
            ]
        };
        check(twice("05-05 10:00:00"), "attempts", "1");
        check(twice("05-05 10:00:01"), "attempts", "2");
        // The same line again: never one attempt, though the other line closes the gap.
        let mut lines = twice("05-04 22:00:00");
        lines.push(timelines("Missed", "one", "c", ASHA, "05-05 11:00:00"));
        check(lines.clone(), "attempts", "2");
        lines.push(timelines("Missed", "two", "c", ASHA, "05-05 23:00:00"));
        check(lines, "attempts", "2");
    }

    #[test]
    fn a_miss_that_one_line_recorded_is_no_inference() {
        let at_end = Rules { as_of: Some(at("12:00:00")), ..Rules::default() };
        let one = wawp("received", "one", "c", ASHA, "10:00:00");
        let two = vec![one.clone(), wawp("received", "two", "c", ASHA, "10:00:01")];
        let input = |lines| Input { lines, rules: at_end.clone(), ..Input::default() };
        check_input(input(two.clone()), "attempts missed unresolved", "1 1 unknown");
        let mut recorded = two;
        recorded.push(super::super::testing::wawp_with(
            "rejected",
            "two",
            "c",
            ASHA,
            "10:00:30",
            r#"{"status":"timeout"}"#,
        ));
        check_input(input(recorded), "attempts missed unresolved", "1 1 yes");
    }

    #[test]
    fn answers_shown_on_one_of_its_lines_make_an_inference_sure() {
        // DoubleTick's lines have subscriptions of their own: `two` shows an answer, `one` none.
        let line = |name: &str, line: &str, id: &str, customer: &str, when: &str| {
            format!(
                r#"{{"received_at":{},"body":{{"event":"{name}","callId":"{id}","wabaNumber":"{line}","customerNumber":"{customer}","callDirection":"INCOMING"}}}}"#,
                at(when)
            )
        };
        let mut lines = vec![line("CALL_INCOMING_INITIATED", "1", "c", ASHA, "10:00:00")];
        let input = |lines: &[String]| Input {
            lines: lines.to_vec(),
            rules: Rules { as_of: Some(at("12:00:00")), ..Rules::default() },
            ..Input::default()
        };
        lines.push(line("CALL_ACCEPTED", "2", "d", RAVI, "08:00:00"));
        check_input(input(&lines), "customer attempts unresolved", "+919811110001 1 unknown");
        lines.push(line("CALL_INCOMING_INITIATED", "2", "c", ASHA, "10:00:01"));
        check_input(input(&lines), "customer attempts unresolved", "+919811110001 1 yes");
    }

    #[test]
    fn instance_and_video_are_those_of_the_earliest_session() {
        let video = |line: String| line.replace("\"from\"", "\"isVideo\":true,\"from\"");
        let lines = vec![
            video(wawp("received", "one", "c", ASHA, "10:00:00")),
            wawp("received", "two", "c", ASHA, "10:00:01").replace("\"from\"", "\"isVideo\":false,\"from\""),
            wawp("received", "one", "d", ASHA, "11:00:00"),
            wawp("received", "one", "e", ASHA, "12:00:00"),
        ];
        check(lines, "attempts instances video_calls", "3 1 1");
    }

    #[test]
    fn a_filter_chooses_attempts_but_breaks_no_window() {
        // 10:00 rejected, 10:01 answered, 10:02 rejected, 12:00 three answered.
        let mut lines = calls(&[
            ("rejected", "10:00:00"),
            ("accepted", "10:01:00"),
            ("rejected", "10:02:00"),
            ("accepted", "12:00:00"),
            ("accepted", "12:01:00"),
            ("accepted", "12:02:00"),
            ("accepted", "12:03:00"),
        ]);
        lines.extend(call("accepted", "desk", RAVI, "10:00:00"));
        let input = Input { lines, filter: only(&[Outcome::Rejected]), ..Input::default() };
        let output = report(&input.analysis());
        let rows = table(&output, &["rows"]);
        // Ravi has no rejected call, and so no row. The window at 12:00 holds no subject.
        assert_eq!(rows.rows.len(), 1);
        assert_eq!(
            cells(rows, 0, "attempts answered peak_attempts peak_weight longest_streak unresolved"),
            "2 0 3 3.5 2 no"
        );
        assert_eq!(cells(rows, 0, "first_attempt_at last_attempt_at"), "05-04 10:00:00 05-04 10:02:00");
        // The message at 10:00 was the only one due before 10:02, which is two minutes later.
        assert_eq!(cell(rows, 0, "redirects_due"), "2");
    }

    #[test]
    fn a_redirect_may_have_been_due_to_a_call_that_is_no_subject() {
        let lines = calls(&[("accepted", "10:00:00"), ("rejected", "10:01:00")]);
        let input = Input { lines, filter: only(&[Outcome::Rejected]), ..Input::default() };
        check_input(input, "attempts redirects_due", "1 0");
    }

    #[test]
    fn an_attempt_is_a_subject_if_one_of_its_sessions_is() {
        let lines = vec![
            timelines("Missed", "one", "c", ASHA, "10:00:00"),
            timelines("Answered", "two", "c", ASHA, "10:00:05"),
        ];
        let filter = Filter { instances: vec!["one".into()], ..Filter::default() };
        check_input(Input { lines, filter, ..Input::default() }, "attempts answered", "1 1");
    }

    #[test]
    fn names_come_from_the_file_else_from_the_latest_call() {
        let lines = || {
            vec![
                timelines("Missed", "one", "c", ASHA, "10:00:00"),
                timelines("Missed", "one", "d", ASHA, "10:05:00"),
            ]
        };
        check(lines(), "customer_name country vip", "Caller 2026-05-04T10:05:00+00:00 IN –");
        let customers = Some("phone,name,vip\n919811110001,Asha Rao,yes\n");
        let input = Input { lines: lines(), customers, ..Input::default() };
        check_input(input, "customer_name vip", "Asha Rao true");
        // A file that lists others says that this customer is none; one that never says vip says nothing.
        let others = Some("phone,vip\n919811119999,yes\n");
        check_input(Input { lines: lines(), customers: others, ..Input::default() }, "vip", "false");
        let no_vips = Some("phone,name\n919811110001,Asha Rao\n");
        check_input(Input { lines: lines(), customers: no_vips, ..Input::default() }, "vip", "–");
    }

    #[test]
    fn vips_with_an_unanswered_call_are_listed_apart() {
        let customers = Some("phone,vip\n919811110001,yes\n919811110002,yes\n919811110003,no\n");
        let mut lines = call("accepted", "desk", ASHA, "10:00:00");
        lines.extend(call("missed", "desk", RAVI, "10:00:00"));
        lines.extend(call("rejected", "desk", "919811110003", "10:00:00"));
        let output = report(&Input { lines, customers, ..Input::default() }.analysis());
        let vips = table(&output, &["vip_unanswered"]);
        assert_eq!(vips.rows.len(), 1);
        assert_eq!(cells(vips, 0, "rank customer vip"), "2 +919811110002 true");
    }

    #[test]
    fn ranks_go_by_score_peak_attempts_and_last_call_and_then_by_number() {
        let numbers: Vec<String> = (0..6).map(|it| format!("91981111000{it}")).collect();
        let mut lines = Vec::new();
        let mut add = |customer: usize, list: &[(&str, &str)]| {
            for (outcome, when) in list {
                lines.extend(call(outcome, "desk", &numbers[customer], when));
            }
        };
        // The same score of 30: 1.5 at once, or three answered; then attempts, then the last call.
        add(0, &[("rejected", "10:00:00")]);
        add(1, &[("accepted", "10:00:00"), ("accepted", "10:01:00"), ("accepted", "10:02:00")]);
        add(2, &[("rejected", "09:00:00"), ("accepted", "07:00:00")]);
        add(3, &[("rejected", "10:00:00")]);
        add(4, &[("rejected", "11:00:00")]);
        let many = ["01:00:00", "02:00:00", "03:00:00", "04:00:00"].map(|it| ("accepted", it));
        add(2, &many);
        add(5, &[("rejected", "08:00:00"), ("rejected", "08:01:00")]);
        let output = report(&analysis(lines));
        let rows = table(&output, &["rows"]);
        let order: Vec<String> = (0..6).map(|it| cell(rows, it, "customer")[12..].to_owned()).collect();
        assert_eq!(order, ["5", "1", "2", "4", "0", "3"]);
        assert_eq!(cell(rows, 5, "rank"), "6");
    }

    #[test]
    fn of_equal_figures_the_smaller_number_comes_first() {
        // Ravi called first, but Asha's number is smaller.
        let mut lines = calls(&[("accepted", "08:00:00"), ("rejected", "10:00:00")]);
        lines.extend(call("accepted", "desk", RAVI, "07:00:00"));
        lines.extend(call("rejected", "desk", RAVI, "10:00:00"));
        let output = report(&analysis(lines));
        let rows = table(&output, &["rows"]);
        assert_eq!(cells(rows, 0, "rank customer score"), "1 +919811110001 30.0");
        assert_eq!(cells(rows, 1, "rank customer score"), "2 +919811110002 30.0");
    }

    #[test]
    fn a_call_of_which_only_the_end_was_captured_was_real() {
        let mut lines = calls(&[("rejected", "10:00:00")]);
        lines.push(wawp("rejected", "desk", "orphan", ASHA, "10:05:00"));
        let analysis = analysis(lines);
        assert!(analysis.sessions().get(1).orphan.is_some());
        let output = report(&analysis);
        assert_eq!(cells(table(&output, &["rows"]), 0, "attempts rejected peak_weight"), "2 2 3.0");
    }

    #[test]
    fn groups_and_strangers_stand_in_no_row_but_in_a_note() {
        let mut lines = calls(&[("missed", "10:00:00")]);
        lines.push(wawp("received", "desk", "g", "120363@g.us", "10:00:00"));
        lines.push(
            r#"{"event":"call.rejected","session":"desk","payload":{"id":"u","from":"919811110001@c.us"}}"#
                .into(),
        );
        lines.push(format!(
            r#"{{"event":"call.rejected","session":"desk","timestamp":{},"payload":{{"id":"n"}}}}"#,
            at("10:00:00")
        ));
        lines.push(outgoing("CALL_ENDED", "o", RAVI, "10:00:00"));
        let output = report(&analysis(lines));
        let rows = table(&output, &["rows"]);
        assert_eq!(rows.rows.len(), 1);
        assert_eq!(cell(rows, 0, "attempts"), "1");
        assert_eq!(
            words(&output.notes),
            [
                "Incoming sessions that do not say who called and so are in no row of the callers: 1.",
                "Incoming sessions that cannot be placed in time and so are in no row of the callers: 1.",
                "Incoming sessions that are calls of groups and so are in no row of the callers: 1.",
            ]
        );
    }

    #[test]
    fn the_weights_are_printed_with_the_report() {
        let options = ReportOptions::default();
        assert_eq!(
            reading(&options)[0],
            "Score: 100 times the greatest weight of calls within 10 minutes, divided by 5, at most 100. \
             Weights are a convention: rejected 1.5, missed 1, ringing 1, answered 0.5."
        );
        let options = ReportOptions { window_ms: 90_500, threshold_milli: 2250, ..options };
        assert!(reading(&options)[0].contains("within 90.5 seconds, divided by 2.25,"));
    }

    #[test]
    fn a_million_calls_of_one_customer_take_no_quadratic_time() {
        let attempts: Vec<Attempt> = (0..1_000_000)
            .map(|it| Attempt {
                first: 0,
                started_at: it / 1000,
                outcome: Outcome::Rejected,
                cause: None,
                subject: true,
                recorded_miss: false,
                shows_answers: true,
            })
            .collect();
        let found = peak(&attempts, 600_000);
        assert_eq!((found.attempts, found.halves), (1_000_000, 3_000_000));
    }
}
