//! The calls that contact rules are held against, put together by customer, account and business
//! number, each with what the customer's clock and calendar showed.

use std::collections::{HashMap, HashSet};

use chrono::Datelike;

use crate::analysis::Analysis;
use crate::country_zones;
use crate::dialects::Provider;
use crate::event::{Cause, Direction};
use crate::reports::attempts;
use crate::session::{Outcome, Session};
use crate::store::Brief;
use crate::text::Sym;
use crate::time::MINUTE;
use crate::zone::Zone;

/// Where a customer's zone comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneSource {
    /// Column `tz` of the customers file.
    CustomersFile,
    /// The country of the number, which has but one.
    Country,
    /// Nowhere: it is unknown.
    None,
}

impl ZoneSource {
    /// The word used in columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::CustomersFile => "customers_file",
            Self::Country => "country",
            Self::None => "none",
        }
    }
}

/// The zone that a customer lives in. Rows of the customers file that contradict each other say
/// nothing, and neither does the country then.
pub fn zone_of(analysis: &Analysis, customer: Sym) -> (Option<Zone>, ZoneSource) {
    let mut given = analysis.customers.rows(customer).iter().filter_map(|it| it.zone.as_ref());
    if let Some(first) = given.next() {
        return if given.all(|it| it == first) {
            (Some(first.clone()), ZoneSource::CustomersFile)
        } else {
            (None, ZoneSource::None)
        };
    }
    let country = analysis.country_of_number(customer);
    match country.and_then(|it| country_zones::only_zone(it.raw())) {
        Some(zone) => (Some(zone), ZoneSource::Country),
        None => (None, ZoneSource::None),
    }
}

/// What a customer's calendar and clock show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnClock {
    /// The date, in days of the common era.
    pub day: i64,
    /// Milliseconds since 00:00 by the clock.
    pub of_day_ms: i64,
}

impl OnClock {
    fn of(zone: &Zone, at: i64) -> Self {
        let local = zone.local(at);
        // Offsets are whole minutes, so seconds are the same everywhere.
        let of_day_ms = i64::from(local.minute_of_day) * MINUTE + at.rem_euclid(MINUTE);
        Self { day: i64::from(local.date.num_days_from_ce()), of_day_ms }
    }
}

/// A call: an attempt, of one direction.
#[derive(Clone, Debug)]
pub struct Call {
    /// The place of its earliest session.
    pub place: usize,
    /// Whether the business called.
    pub outgoing: bool,
    /// When it started.
    pub started_at: i64,
    /// The start by the customer's clock, where the zone is known.
    pub started: Option<OnClock>,
    /// How it came out.
    pub outcome: Outcome,
    /// When somebody picked up.
    pub talked_at: Option<i64>,
    /// The same by the customer's calendar.
    pub talked: Option<OnClock>,
    /// Whether it is chosen by the filters.
    pub subject: bool,
    /// Whether it was about the account of its group for certain.
    pub certain: bool,
}

/// A business number: the number where it is known, else the provider's name for the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// Who sends its webhooks.
    pub provider: Provider,
    /// The number.
    pub account: Option<Sym>,
    /// The line of a number that is not known.
    pub instance: Option<Sym>,
}

/// Calls that belong together, in order of start. At least one of them is an outgoing subject.
#[derive(Clone, Debug)]
pub struct Group {
    /// The customer; of several customers with one account the one that the first subject call was to.
    pub customer: Sym,
    /// The account, where it is known.
    pub account_id: Option<Sym>,
    /// The business number, where calls are told apart by it.
    pub line: Option<Line>,
    /// The calls.
    pub calls: Vec<Call>,
}

/// Numbers of sessions, each with the reason why they are not judged.
pub type LeftOut = [(u64, &'static str); 4];

/// Everything that rules can be held against.
pub struct Calls {
    /// By account. A customer without a known account is a group of its own, whose calls are not
    /// certain; so are, of each of its accounts, the calls of a customer with several.
    pub by_account: Vec<Group>,
    /// By customer.
    pub by_customer: Vec<Group>,
    /// By business number and customer.
    pub by_line: Vec<Group>,
    /// Outgoing subject sessions that are in no group, and why.
    pub left_out: LeftOut,
}

/// Gathers the calls of the whole input.
pub fn gather(analysis: &Analysis) -> Calls {
    let (places, left_out) = places(analysis);
    let numbers = numbers(analysis);
    let mut calls = Calls { by_account: Vec::new(), by_customer: Vec::new(), by_line: Vec::new(), left_out };
    let mut accounts: HashMap<Sym, usize> = HashMap::new();
    for (customer, places) in places {
        let zone = zone_of(analysis, customer).0;
        let all = calls_of(analysis, &places, zone.as_ref());
        let known = accounts_of(analysis, customer);
        let only = if let [account] = known[..] { Some(account) } else { None };
        let group = |account_id, line, calls| Group { customer, account_id, line, calls };

        for account in &known {
            let certain = only.is_some();
            let calls_about = all.iter().map(|it| Call { certain, ..it.clone() });
            match accounts.get(account) {
                Some(&at) => calls.by_account[at].calls.extend(calls_about),
                None => {
                    accounts.insert(*account, calls.by_account.len());
                    calls.by_account.push(group(Some(*account), None, calls_about.collect()));
                }
            }
        }
        if known.is_empty() {
            let uncertain = all.iter().map(|it| Call { certain: false, ..it.clone() });
            calls.by_account.push(group(None, None, uncertain.collect()));
        }
        calls.by_customer.push(group(only, None, all));

        let mut lines: Vec<(Line, Vec<usize>)> = Vec::new();
        let mut known_lines: HashMap<Line, usize> = HashMap::new();
        for place in places {
            let line = line_of(&analysis.sessions().get(place), &numbers);
            let at = *known_lines.entry(line).or_insert(lines.len());
            match lines.get_mut(at) {
                Some((_, places)) => places.push(place),
                None => lines.push((line, vec![place])),
            }
        }
        for (line, places) in lines {
            calls.by_line.push(group(only, Some(line), calls_of(analysis, &places, zone.as_ref())));
        }
    }
    for groups in [&mut calls.by_account, &mut calls.by_customer, &mut calls.by_line] {
        for group in groups.iter_mut() {
            group.calls.sort_unstable_by_key(|it| (it.started_at, it.place));
            let first = group.calls.iter().find(|it| it.outgoing && it.subject);
            if let Some(customer) = first.and_then(|it| analysis.sessions().get(it.place).customer) {
                group.customer = customer;
            }
        }
        groups.retain(|it| it.calls.iter().any(|it| it.outgoing && it.subject));
    }
    calls
}

/// The places of the sessions that count, by customer, both in the order in which they are met: every
/// outgoing one that did not fail, and incoming ones that were answered.
fn places(analysis: &Analysis) -> (Vec<(Sym, Vec<usize>)>, LeftOut) {
    let mut customers: Vec<(Sym, Vec<usize>)> = Vec::new();
    let mut known: HashMap<Sym, usize> = HashMap::new();
    let (mut groups, mut untimed, mut nobody, mut failed) = (0, 0, 0, 0);
    for (place, session) in analysis.sessions().iter().enumerate() {
        let outgoing = session.direction == Direction::Outgoing;
        if !outgoing && session.outcome != Some(Outcome::Answered) {
            continue;
        }
        let left_out = if session.group == Some(true) {
            Some(&mut groups)
        } else if !attempts::counts(&session) {
            Some(&mut untimed)
        } else if session.customer.is_none() {
            Some(&mut nobody)
        } else if session.cause == Some(Cause::Failed) {
            Some(&mut failed)
        } else {
            None
        };
        if let Some(count) = left_out {
            *count += u64::from(outgoing && analysis.subject[place]);
            continue;
        }
        let Some(customer) = session.customer else { continue };
        let at = *known.entry(customer).or_insert_with(|| {
            customers.push((customer, Vec::new()));
            customers.len() - 1
        });
        customers[at].1.push(place);
    }
    let left_out = [
        (nobody, "do not say who was called"),
        (untimed, "cannot be placed in time"),
        (groups, "are calls of groups"),
        (failed, "failed before they reached the customer"),
    ];
    (customers, left_out)
}

/// The accounts of a customer, each once, in the order of the file.
fn accounts_of(analysis: &Analysis, customer: Sym) -> Vec<Sym> {
    let mut known = HashSet::new();
    let accounts = analysis.customers.rows(customer).iter().filter_map(|it| it.account_id);
    accounts.filter(|it| known.insert(*it)).collect()
}

/// The sessions of one customer as calls: those that several lines of one account show are one.
fn calls_of(analysis: &Analysis, places: &[usize], zone: Option<&Zone>) -> Vec<Call> {
    let session = |place: usize| analysis.sessions().get(place);
    let briefs: Vec<Brief> = places.iter().map(|it| analysis.sessions().brief(*it)).collect();
    let mut calls = Vec::with_capacity(places.len());
    for direction in [Direction::Outgoing, Direction::Incoming] {
        for attempt in attempts::attempts(analysis, direction, &briefs) {
            let decided_at = session(attempt.first).decided_at.unwrap_or(attempt.started_at);
            let talked_at =
                (attempt.outcome == Outcome::Answered).then(|| decided_at.max(attempt.started_at));
            let on_clock = |at: i64| zone.map(|it| OnClock::of(it, at));
            calls.push(Call {
                place: attempt.first,
                outgoing: direction == Direction::Outgoing,
                started_at: attempt.started_at,
                started: on_clock(attempt.started_at),
                outcome: attempt.outcome,
                talked_at,
                talked: talked_at.and_then(on_clock),
                subject: attempt.subject,
                certain: true,
            });
        }
    }
    calls
}

/// The number of each line of which the input shows exactly one.
fn numbers(analysis: &Analysis) -> HashMap<(Provider, Sym), Option<Sym>> {
    let mut numbers: HashMap<(Provider, Sym), Option<Sym>> = HashMap::new();
    for session in analysis.sessions().iter() {
        if let Some(account) = session.account {
            let number = numbers.entry((session.provider, session.instance)).or_insert(Some(account));
            if *number != Some(account) {
                *number = None;
            }
        }
    }
    numbers
}

fn line_of(session: &Session, numbers: &HashMap<(Provider, Sym), Option<Sym>>) -> Line {
    let of_line = || numbers.get(&(session.provider, session.instance)).copied().flatten();
    let account = session.account.or_else(of_line);
    let instance = account.is_none().then_some(session.instance);
    Line { provider: session.provider, account, instance }
}
