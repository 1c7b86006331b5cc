//! One rule held against one group of calls.

use super::calls::{Call, Group};
use crate::contact_rules::Kind;
use crate::session::Outcome;
use crate::time::DAY;

/// What comes of it, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gravity {
    /// Calls outside the hours.
    Breach,
    /// More than the rule lets pass; what no dump shows (consent, a misdial, a permission given anew)
    /// can rebut it.
    OverPresumption,
    /// The zone or the account is unknown, and it matters.
    Undecidable,
    /// Nothing against the rule.
    Pass,
}

impl Gravity {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Breach, Self::OverPresumption, Self::Undecidable, Self::Pass];

    /// The word used in columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Breach => "breach",
            Self::OverPresumption => "over_presumption",
            Self::Undecidable => "undecidable",
            Self::Pass => "pass",
        }
    }
}

/// What is not known where nothing can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The customer's zone.
    Zone,
    /// Which account the calls were about.
    Account,
}

impl Unknown {
    /// The word used in columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zone => "zone",
            Self::Account => "account",
        }
    }
}

/// The judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The finding.
    pub gravity: Gravity,
    /// Why it is undecidable.
    pub unknown: Option<Unknown>,
    /// The count that decided; of the undecidable the most that it can be, where that is known.
    pub count: Option<u64>,
    /// The places of the sessions that show it, in order.
    pub shown: Vec<usize>,
}

impl Judgement {
    fn of(gravity: Gravity, calls: &[&Call]) -> Self {
        let shown = calls.iter().map(|it| it.place).collect();
        Self { gravity, unknown: None, count: Some(calls.len() as u64), shown }
    }

    fn undecided(unknown: Unknown, calls: &[&Call]) -> Self {
        Self { unknown: Some(unknown), ..Self::of(Gravity::Undecidable, calls) }
    }
}

/// Holds a rule against a group.
pub fn judge(kind: Kind, group: &Group) -> Judgement {
    let limit = kind.limit();
    match kind {
        Kind::Attempts { dates, .. } => per_account(group, limit, |calls, zone_known| {
            let attempts = calls.iter().copied().filter(|it| it.outgoing);
            let found = fullest(attempts, span(dates, zone_known), |it| day_or_ms(it, zone_known));
            Found { count: found.len() as u64, calls: found }
        }),
        Kind::AfterConversation { dates } => {
            per_account(group, limit, |calls, zone_known| after_conversation(calls, dates, zone_known))
        }
        Kind::Hours { from_ms, to_ms } => hours(group, from_ms, to_ms),
        Kind::Connected { within_ms, .. } => {
            let answered = group.calls.iter().filter(|it| it.outgoing && it.outcome == Outcome::Answered);
            over(limit, &fullest(answered, within_ms, |it| it.started_at))
        }
        Kind::Unanswered { .. } => over(limit, &longest_row(&group.calls)),
    }
}

fn over(limit: u64, calls: &[&Call]) -> Judgement {
    let gravity = if calls.len() as u64 > limit { Gravity::OverPresumption } else { Gravity::Pass };
    Judgement::of(gravity, calls)
}

/// What was counted, and the calls that show it.
struct Found<'c> {
    count: u64,
    calls: Vec<&'c Call>,
}

/// A count per account. What is certain decides against; what is possible keeps a group from
/// passing, and so does an unknown zone unless no zone would make a difference.
fn per_account<'c>(
    group: &'c Group,
    limit: u64,
    count: impl Fn(&[&'c Call], bool) -> Found<'c>,
) -> Judgement {
    let all: Vec<&Call> = group.calls.iter().collect();
    let zone_known = all.iter().all(|it| it.started.is_some());
    let possible = count(&all, zone_known);
    // What is over the limit among calls of known zones is so whatever the others were.
    let certain: Vec<&Call> = all.iter().copied().filter(|it| it.certain && it.started.is_some()).collect();
    let certain = count(&certain, true);
    if certain.count > limit {
        return Judgement {
            count: Some(certain.count),
            ..Judgement::of(Gravity::OverPresumption, &certain.calls)
        };
    }
    let judgement = if possible.count <= limit {
        Judgement::of(Gravity::Pass, &possible.calls)
    } else {
        Judgement::undecided(if zone_known { Unknown::Account } else { Unknown::Zone }, &possible.calls)
    };
    Judgement { count: Some(possible.count), ..judgement }
}

/// The length of a window of dates, in dates. Where the zone is unknown, in milliseconds: a whole day
/// more, so that it holds those dates of whatever zone, and days on which clocks are set back.
fn span(dates: i64, zone_known: bool) -> i64 {
    if zone_known { dates } else { (dates + 1) * DAY }
}

/// Where a call stands in such windows.
fn day_or_ms(call: &Call, zone_known: bool) -> i64 {
    call.started.filter(|_| zone_known).map_or(call.started_at, |it| it.day)
}

/// The calls of the fullest window [t, t + span) that holds a subject; of equally full ones the
/// earliest.
fn fullest<'c>(calls: impl Iterator<Item = &'c Call>, span: i64, at: impl Fn(&Call) -> i64) -> Vec<&'c Call> {
    let mut calls: Vec<&Call> = calls.collect();
    // Customers of one account can live in several zones.
    calls.sort_by_key(|it| at(it));
    let mut best = 0..0;
    let (mut end, mut subjects) = (0, 0_usize);
    for (begin, first) in calls.iter().enumerate() {
        while let Some(next) = calls.get(end)
            && at(next) - at(first) < span
        {
            subjects += usize::from(next.subject);
            end += 1;
        }
        if subjects > 0 && end - begin > best.len() {
            best = begin..end;
        }
        subjects -= usize::from(first.subject);
    }
    calls[best].to_vec()
}

/// Subject attempts on the dates that begin with that of a conversation before them, and those
/// conversations. Of several the one with the latest date decides, which need not be the latest: people
/// of one account can live in several zones.
fn after_conversation<'c>(calls: &[&'c Call], dates: i64, zone_known: bool) -> Found<'c> {
    let mut conversations: Vec<(i64, &Call)> =
        calls.iter().filter_map(|it| Some((it.talked_at?, *it))).collect();
    conversations.sort_by_key(|(talked_at, it)| (*talked_at, it.place));
    let date = |talked_at: i64, it: &Call| it.talked.filter(|_| zone_known).map_or(talked_at, |it| it.day);
    // For each the one with the latest date among it and those before.
    let mut latest: Vec<(i64, &Call)> = Vec::with_capacity(conversations.len());
    for &(talked_at, conversation) in &conversations {
        let own = (date(talked_at, conversation), conversation);
        latest.push(latest.last().copied().filter(|it| it.0 > own.0).unwrap_or(own));
    }
    let mut found = Found { count: 0, calls: Vec::new() };
    for attempt in calls.iter().filter(|it| it.outgoing && it.subject) {
        let before = conversations.partition_point(|(talked_at, _)| *talked_at < attempt.started_at);
        let Some((talked, conversation)) = latest[..before].last().copied() else { continue };
        if day_or_ms(attempt, zone_known) - talked < span(dates, zone_known) {
            found.count += 1;
            found.calls.extend([conversation, *attempt]);
        }
    }
    found.calls.sort_by_key(|it| (it.started_at, it.place));
    found.calls.dedup_by_key(|it| it.place);
    found
}

/// Subject calls before or after the hours.
fn hours(group: &Group, from_ms: i64, to_ms: i64) -> Judgement {
    let subjects: Vec<&Call> = group.calls.iter().filter(|it| it.outgoing && it.subject).collect();
    let outside = |it: &Call| it.started.map(|it| it.of_day_ms < from_ms || it.of_day_ms > to_ms);
    // All calls of a customer have its zone, or none has.
    if subjects.iter().any(|it| it.started.is_none()) {
        return Judgement { count: None, ..Judgement::undecided(Unknown::Zone, &subjects) };
    }
    let outside: Vec<&Call> = subjects.into_iter().filter(|it| outside(it) == Some(true)).collect();
    let gravity = if outside.is_empty() { Gravity::Pass } else { Gravity::Breach };
    Judgement::of(gravity, &outside)
}

/// The longest row of outgoing calls that were not answered and of which one is a subject; of equally
/// long ones the earliest. An answered call in either direction ends a row; one that still rings is
/// in none and ends none.
fn longest_row(calls: &[Call]) -> Vec<&Call> {
    let mut longest: Vec<&Call> = Vec::new();
    let known = calls.iter().filter(|it| it.outcome != Outcome::Ringing);
    let known: Vec<&Call> = known.collect();
    for row in known.chunk_by(|a, b| a.talked_at.is_none() && b.talked_at.is_none()) {
        let is_row = row[0].talked_at.is_none() && row.iter().any(|it| it.subject);
        if is_row && row.len() > longest.len() {
            longest = row.to_vec();
        }
    }
    longest
}
