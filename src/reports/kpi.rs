//! Rejection rates per group, with honest intervals, and whether a group differs from its peers.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::groups::{Key, Value};
use super::{Output, verdict};
use crate::analysis::{Analysis, InHours};
use crate::definitions::column;
use crate::event::{Cause, Direction};
use crate::section::{Body, Cell, Chart, Column, Part, Shown, Table};
use crate::session::{DeclinedBy, OrphanClass, Outcome, Unrated};
use crate::stats::{Spans, wilson};
use crate::store::{Brief, Glance, Kin, Told};

/// What one group of incoming calls adds up to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub(super) answered: u64,
    pub(super) rejected: u64,
    pub(super) missed: u64,
    pub(super) ringing: u64,
    missed_inferred: u64,
    pub(super) policy: u64,
    pub(super) instant: u64,
    pub(super) confirmed: u64,
    pub(super) reported: u64,
    bh_resolved: u64,
    bh_rejected: u64,
    bh_policy: u64,
    /// Resolved and rejected business-hours sessions by day.
    days: HashMap<NaiveDate, (u64, u64)>,
    rejected_rings: Spans,
    answered_rings: Spans,
    talks: Spans,
    unique_callers: u64,
    /// Of the rejected the most by one known customer; 0 for none.
    top_caller: u64,
    video_calls: u64,
    pub(super) group_calls: u64,
    pub(super) orphaned: u64,
    orphaned_rejections: u64,
    pub(super) unrated: u64,
    unrated_rejected: u64,
    unrated_reasons: BTreeSet<Unrated>,
    /// A rated feed of the group does not show answers.
    answers_hidden: bool,
    /// Of some session a zone says when it started, of some none does.
    zone_known: bool,
    zone_unknown: bool,
    /// Sessions by how their agent is known.
    pub(super) sources: [u64; 4],
}

#[cfg(test)]
impl Tally {
    /// A group of so many calls, of which some were rejected: by a named agent, as reported, instantly,
    /// by policy; the most by one caller are `top`.
    pub(super) fn of(calls: u64, [confirmed, reported, instant, policy]: [u64; 4], top: u64) -> Self {
        let rejected = confirmed + reported + instant + policy;
        Self {
            answered: calls - rejected,
            rejected,
            policy,
            instant,
            confirmed,
            reported,
            top_caller: top,
            ..Self::default()
        }
    }
}

impl Tally {
    /// Calls whose outcome is known.
    pub fn resolved(&self) -> u64 {
        self.answered + self.rejected + self.missed
    }

    /// Groups of nothing but left-out group calls are in no figure of outgoing calls.
    fn is_shown_outgoing(&self) -> bool {
        self.calls() + self.orphaned > 0
    }

    pub(super) fn calls(&self) -> u64 {
        self.resolved() + self.ringing + self.unrated
    }

    /// Counts `n` sessions that are alike; says what each is to its caller, and to times.
    fn add(
        &mut self,
        session: &Glance,
        n: u64,
        answers_hidden: bool,
        include_group: bool,
        in_hours: InHours,
    ) -> Call {
        self.zone_known |= in_hours != InHours::Unknown;
        self.zone_unknown |= in_hours == InHours::Unknown;
        let call = Call::of(session, include_group);
        let rejected = if session.outcome == Some(Outcome::Rejected) { n } else { 0 };
        match call {
            Call::Group => {
                self.group_calls += n;
                return call;
            }
            Call::Orphan => {
                self.orphaned += n;
                self.orphaned_rejections += rejected;
                return call;
            }
            Call::Unrated | Call::Ringing | Call::Answered | Call::Rejected | Call::Missed => {}
        }
        self.sources[session.agent_source as usize] += n;
        self.video_calls += if session.video == Some(true) { n } else { 0 };
        if let Some(reason) = session.unrated {
            self.unrated += n;
            self.unrated_rejected += rejected;
            self.unrated_reasons.insert(reason);
            return call;
        }
        self.answers_hidden |= answers_hidden;
        match call {
            Call::Answered => self.answered += n,
            Call::Rejected => self.add_rejected(session.declined_by, n),
            Call::Missed => {
                self.missed += n;
                self.missed_inferred += if session.cause == Some(Cause::Inferred) { n } else { 0 };
            }
            _ => {
                self.ringing += n;
                return call;
            }
        }
        if let InHours::On(day) = in_hours {
            self.bh_resolved += n;
            self.bh_rejected += rejected;
            self.bh_policy += if session.declined_by == Some(DeclinedBy::Policy) { n } else { 0 };
            let of_day = self.days.entry(day).or_default();
            of_day.0 += n;
            of_day.1 += rejected;
        }
        call
    }

    /// Where it is kept how long calls of this kind rang and were talked, if anybody asks for that.
    fn spans(&mut self, call: Call, declined_by: Option<DeclinedBy>) -> [Option<&mut Spans>; 2] {
        match call {
            Call::Answered => [Some(&mut self.answered_rings), Some(&mut self.talks)],
            Call::Rejected if is_by_hand(declined_by) => [Some(&mut self.rejected_rings), None],
            _ => [None, None],
        }
    }

    /// Adds what another group adds up to, but for its callers.
    fn merge(&mut self, other: &Self) {
        let Self {
            answered,
            rejected,
            missed,
            ringing,
            missed_inferred,
            policy,
            instant,
            confirmed,
            reported,
            bh_resolved,
            bh_rejected,
            bh_policy,
            days,
            rejected_rings,
            answered_rings,
            talks,
            unique_callers: _,
            top_caller: _,
            video_calls,
            group_calls,
            orphaned,
            orphaned_rejections,
            unrated,
            unrated_rejected,
            unrated_reasons,
            answers_hidden,
            zone_known,
            zone_unknown,
            sources,
        } = other;
        for (sum, it) in [
            (&mut self.answered, answered),
            (&mut self.rejected, rejected),
            (&mut self.missed, missed),
            (&mut self.ringing, ringing),
            (&mut self.missed_inferred, missed_inferred),
            (&mut self.policy, policy),
            (&mut self.instant, instant),
            (&mut self.confirmed, confirmed),
            (&mut self.reported, reported),
            (&mut self.bh_resolved, bh_resolved),
            (&mut self.bh_rejected, bh_rejected),
            (&mut self.bh_policy, bh_policy),
            (&mut self.video_calls, video_calls),
            (&mut self.group_calls, group_calls),
            (&mut self.orphaned, orphaned),
            (&mut self.orphaned_rejections, orphaned_rejections),
            (&mut self.unrated, unrated),
            (&mut self.unrated_rejected, unrated_rejected),
        ] {
            *sum += it;
        }
        for (sum, it) in self.sources.iter_mut().zip(sources) {
            *sum += it;
        }
        for (day, it) in days {
            let of_day = self.days.entry(*day).or_default();
            of_day.0 += it.0;
            of_day.1 += it.1;
        }
        self.rejected_rings.extend(rejected_rings);
        self.answered_rings.extend(answered_rings);
        self.talks.extend(talks);
        self.unrated_reasons.extend(unrated_reasons);
        self.answers_hidden |= answers_hidden;
        self.zone_known |= zone_known;
        self.zone_unknown |= zone_unknown;
    }

    fn add_rejected(&mut self, declined_by: Option<DeclinedBy>, n: u64) {
        self.rejected += n;
        match declined_by {
            Some(DeclinedBy::Policy) => self.policy += n,
            Some(DeclinedBy::Instant) => self.instant += n,
            Some(DeclinedBy::Agent | DeclinedBy::Customer) => self.confirmed += n,
            Some(DeclinedBy::Unknown) | None => self.reported += n,
        }
    }

    /// Of the rejected the most by one known customer.
    pub(super) fn top_caller(&self) -> Option<u64> {
        Some(self.top_caller).filter(|it| *it > 0)
    }

    fn flag(&self, analysis: &Analysis) -> Cell {
        let options = &analysis.options;
        let at_rate = |part: u64, whole: u64| {
            whole >= options.min_calls
                && whole > 0
                && u128::from(part) * 1_000_000 >= u128::from(options.flag_rate) * u128::from(whole)
        };
        if at_rate(self.bh_rejected - self.bh_policy, self.bh_resolved - self.bh_policy) {
            Cell::word("high_rejection")
        } else if at_rate(self.bh_rejected, self.bh_resolved) {
            Cell::word("policy")
        } else {
            Cell::Missing
        }
    }

    fn cells(&self, verdict: Option<&'static str>, analysis: &Analysis) -> Vec<Cell> {
        let resolved = self.resolved();
        let interval = wilson(self.rejected, resolved);
        // One session without a zone is enough: figures of a part would pass for those of the whole.
        let placed = !self.zone_unknown && (self.zone_known || analysis.options.zone_given);
        let zone = |cell: Cell| if placed { cell } else { Cell::Missing };
        let by_day = |least_rate: bool| {
            let options = &analysis.options;
            let days = self.days.values().filter(|(resolved, _)| *resolved >= 3);
            days.filter(|(resolved, rejected)| {
                !least_rate
                    || u128::from(*rejected) * 1_000_000
                        >= u128::from(options.flag_rate) * u128::from(*resolved)
            })
            .count() as u64
        };
        let (days_rated, days_over) = (by_day(false), by_day(true));
        let named = resolved - self.policy - self.instant - self.reported;
        let millis = |it: Option<i64>| Cell::opt(it, Cell::Millis);
        let [rejected_p50, rejected_p90, rejected_p95] =
            self.rejected_rings.percentiles([50, 90, 95]).map(millis);
        let [answered_p50] = self.answered_rings.percentiles([50]).map(millis);
        let [talk_p50] = self.talks.percentiles([50]).map(millis);
        vec![
            Cell::Count(self.calls()),
            Cell::Count(resolved),
            Cell::Count(self.answered),
            Cell::Count(self.rejected),
            Cell::Count(self.missed),
            Cell::Count(self.missed_inferred),
            Cell::Count(self.ringing),
            Cell::share(self.rejected, resolved),
            Cell::opt(interval, |it| Cell::share_f64(it.0)),
            Cell::opt(interval, |it| Cell::share_f64(it.1)),
            Cell::Count(self.policy),
            Cell::Count(self.instant),
            Cell::Count(self.confirmed),
            Cell::Count(self.reported),
            Cell::share(self.confirmed, named),
            Cell::share(self.rejected - self.policy, resolved - self.policy),
            if self.answers_hidden { Cell::Missing } else { Cell::share(self.answered, resolved) },
            zone(Cell::Count(self.bh_resolved)),
            zone(Cell::Count(self.bh_rejected)),
            zone(Cell::Count(self.bh_policy)),
            zone(Cell::share(self.bh_rejected, self.bh_resolved)),
            zone(self.flag(analysis)),
            zone(Cell::Count(days_rated)),
            zone(Cell::Count(days_over)),
            zone(Cell::Bool(days_rated >= 3 && 2 * days_over >= days_rated)),
            rejected_p50,
            rejected_p90,
            rejected_p95,
            answered_p50,
            talk_p50,
            Cell::Count(self.unique_callers),
            Cell::Count(self.video_calls),
            Cell::Count(self.group_calls),
            Cell::opt(self.top_caller(), |it| Cell::share(it, self.rejected)),
            Cell::Count(self.orphaned),
            Cell::Count(self.orphaned_rejections),
            Cell::share(self.rejected + self.orphaned_rejections, resolved + self.orphaned_rejections),
            Cell::Count(self.unrated),
            Cell::Count(self.unrated_rejected),
            self.unrated_reason(),
            Cell::opt(verdict, Cell::word),
        ]
    }

    fn outgoing_cells(&self) -> Vec<Cell> {
        let resolved = self.resolved();
        let interval = wilson(self.rejected, resolved);
        vec![
            Cell::Count(self.calls()),
            Cell::Count(self.answered),
            Cell::Count(self.rejected),
            Cell::Count(self.missed),
            Cell::Count(self.ringing),
            Cell::Count(resolved),
            Cell::share(self.rejected, resolved),
            Cell::opt(interval, |it| Cell::share_f64(it.0)),
            Cell::opt(interval, |it| Cell::share_f64(it.1)),
            Cell::Count(self.unrated),
            Cell::Count(self.unrated_rejected),
            Cell::Count(self.orphaned),
        ]
    }

    fn unrated_reason(&self) -> Cell {
        let mut reasons = self.unrated_reasons.iter();
        match (reasons.next(), reasons.next()) {
            (None, _) => Cell::Missing,
            (Some(it), None) => Cell::word(it.name()),
            _ => Cell::word("mixed"),
        }
    }
}

/// The figures of incoming calls, in their order, and when tables show them.
const INCOMING: [(&str, Shown); 41] = [
    ("calls", Shown::Always),
    ("resolved", Shown::IfWide(13)),
    ("answered", Shown::IfWide(3)),
    ("rejected", Shown::Always),
    ("missed", Shown::IfWide(4)),
    ("missed_inferred", Shown::OnRequest),
    ("ringing", Shown::OnRequest),
    ("rejection_rate", Shown::Always),
    ("rejection_rate_low", Shown::IfWide(1)),
    ("rejection_rate_high", Shown::IfWide(2)),
    ("policy_rejected", Shown::IfWide(6)),
    ("instant_rejected", Shown::IfWide(11)),
    ("confirmed_rejected", Shown::IfWide(10)),
    ("reported_rejected", Shown::IfWide(12)),
    ("personal_rate_low", Shown::IfWide(15)),
    ("personal_rate_high", Shown::IfWide(16)),
    ("answer_rate", Shown::IfWide(14)),
    ("bh_resolved", Shown::OnRequest),
    ("bh_rejected", Shown::OnRequest),
    ("bh_policy_rejected", Shown::OnRequest),
    ("bh_rejection_rate", Shown::IfWide(9)),
    ("flag", Shown::IfWide(7)),
    ("days_rated", Shown::OnRequest),
    ("days_over", Shown::OnRequest),
    ("consistent", Shown::OnRequest),
    ("ring_p50_ms", Shown::IfWide(17)),
    ("ring_p90_ms", Shown::OnRequest),
    ("ring_p95_ms", Shown::OnRequest),
    ("answer_p50_ms", Shown::OnRequest),
    ("talk_p50_ms", Shown::OnRequest),
    ("unique_callers", Shown::IfWide(18)),
    ("video_calls", Shown::OnRequest),
    ("group_calls", Shown::OnRequest),
    ("top_caller_share", Shown::IfWide(19)),
    ("orphaned", Shown::IfWide(8)),
    ("orphaned_rejections", Shown::OnRequest),
    ("rejection_rate_with_orphans", Shown::IfWide(20)),
    ("unrated", Shown::IfWide(5)),
    ("unrated_rejected", Shown::OnRequest),
    ("unrated_reason", Shown::OnRequest),
    ("verdict", Shown::Always),
];

/// The figures of outgoing calls.
const OUTGOING: [(&str, Shown); 12] = [
    ("calls", Shown::Always),
    ("answered", Shown::Always),
    ("rejected", Shown::Always),
    ("missed", Shown::Always),
    ("ringing", Shown::OnRequest),
    ("resolved", Shown::IfWide(4)),
    ("rejection_rate", Shown::Always),
    ("rejection_rate_low", Shown::IfWide(1)),
    ("rejection_rate_high", Shown::IfWide(2)),
    ("unrated", Shown::IfWide(3)),
    ("unrated_rejected", Shown::OnRequest),
    ("orphaned", Shown::IfWide(5)),
];

/// The groups of one direction with their tallies, by the text of their keys, and the total.
pub struct Grouped {
    /// A row's keys and what it adds up to.
    pub rows: Vec<(Vec<Value>, Tally)>,
    /// Everything together, counted from the sessions.
    pub total: Tally,
}

/// What a session is to its group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    /// A group call, where these are left out.
    Group,
    /// An orphan that counts in no rate.
    Orphan,
    Unrated,
    Ringing,
    Answered,
    Rejected,
    Missed,
}

impl Call {
    fn of(session: &Glance, include_group: bool) -> Self {
        let is_group = session.group == Some(true) && !include_group;
        Self::new(is_group, session.is_orphan_apart(), session.unrated.is_some(), session.outcome)
    }

    /// The same of what is told in brief.
    fn of_told(session: &Told, include_group: bool) -> Self {
        let is_apart = session.orphan.is_some_and(OrphanClass::is_apart);
        Self::new(session.is_group && !include_group, is_apart, session.is_unrated, session.outcome)
    }

    fn new(is_group: bool, is_apart: bool, is_unrated: bool, outcome: Option<Outcome>) -> Self {
        if is_group {
            return Self::Group;
        }
        if is_apart {
            return Self::Orphan;
        }
        if is_unrated {
            return Self::Unrated;
        }
        match outcome {
            Some(Outcome::Answered) => Self::Answered,
            Some(Outcome::Rejected) => Self::Rejected,
            Some(Outcome::Missed) => Self::Missed,
            Some(Outcome::Ringing) | None => Self::Ringing,
        }
    }

    /// Whether it is one of a caller's calls.
    fn has_caller(self) -> bool {
        !matches!(self, Self::Group | Self::Orphan)
    }
}

/// Whether a person declined, as far as is known.
fn is_by_hand(declined_by: Option<DeclinedBy>) -> bool {
    !matches!(declined_by, Some(DeclinedBy::Policy | DeclinedBy::Instant))
}

/// Which group each session belongs to.
struct Groups<'b> {
    by: &'b [Key],
    places: HashMap<Box<[Value]>, usize>,
    /// What is known of kindred sessions, where the keys do not tell them apart.
    of_kin: Option<Vec<Option<u32>>>,
    key: Vec<Value>,
}

impl<'b> Groups<'b> {
    fn new(by: &'b [Key]) -> Self {
        let of_kin = by.iter().all(|it| it.is_of_kin()).then(Vec::new);
        Self { by, places: HashMap::new(), of_kin, key: Vec::new() }
    }

    /// The number of the group of kindred sessions, if one of them was asked for before.
    fn group_of(&self, kin: Kin) -> Option<usize> {
        let group = *self.of_kin.as_ref()?.get(kin.facts())?;
        group.map(|it| it as usize)
    }

    /// The number of the session's group; the next one if it is new.
    fn of(&mut self, place: usize, analysis: &Analysis) -> usize {
        let kin = analysis.sessions().kin(place);
        if let Some(known) = self.group_of(kin) {
            return known;
        }
        let session = analysis.sessions().get(place);
        self.key.clear();
        self.key.extend(self.by.iter().map(|it| it.value(&session, analysis)));
        let group = match self.places.get(&self.key[..]) {
            Some(it) => *it,
            None => {
                let next = self.places.len();
                self.places.insert(self.key.clone().into_boxed_slice(), next);
                next
            }
        };
        if let Some(of_kin) = &mut self.of_kin {
            if of_kin.len() <= kin.facts() {
                of_kin.resize(kin.facts() + 1, None);
            }
            of_kin[kin.facts()] = Some(group as u32);
        }
        group
    }
}

/// Counts callers, and the most rejected calls of one, by group and in all.
fn count_callers(of: impl Fn(Brief) -> Of, tallies: &mut [Tally], total: &mut Tally, analysis: &Analysis) {
    let mut groups = vec![Callers::default(); tallies.len()];
    let mut all = Callers::default();
    for (caller, (_, briefs)) in analysis.by_customer().iter().enumerate() {
        for it in briefs.iter().map(|it| of(*it)).filter(|it| *it != Of::NONE) {
            groups[it.group()].add(caller, it.is_rejected());
            all.add(caller, it.is_rejected());
        }
    }
    for (tally, callers) in tallies.iter_mut().zip(groups).chain([(total, all)]) {
        tally.unique_callers += callers.count;
        tally.top_caller = tally.top_caller.max(callers.top);
    }
}

/// The callers of a group, whose calls come one caller after the other.
#[derive(Clone, Copy, Default)]
struct Callers {
    /// The latest, and how many of their calls were rejected.
    latest: Option<usize>,
    rejected: u64,
    /// All so far.
    count: u64,
    /// The most rejected calls of one.
    top: u64,
}

impl Callers {
    #[inline]
    fn add(&mut self, caller: usize, is_rejected: bool) {
        if self.latest != Some(caller) {
            (self.latest, self.rejected) = (Some(caller), 0);
            self.count += 1;
        }
        self.rejected += u64::from(is_rejected);
        self.top = self.top.max(self.rejected);
    }
}

/// Which group a caller's call is of, and whether it was rejected.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Of(u32);

impl Of {
    const NONE: Self = Self(u32::MAX);

    fn new(group: usize, rejected: bool) -> Self {
        Self((group as u32) << 1 | u32::from(rejected))
    }

    fn group(self) -> usize {
        (self.0 >> 1) as usize
    }

    fn is_rejected(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Groups the subject sessions of one direction that have a start.
pub fn group(analysis: &Analysis, by: &[Key], direction: Direction) -> Grouped {
    group_some(analysis, by, direction, None)
}

/// The same for those of the sessions whose start is taken, if not all are.
pub(super) fn group_some(
    analysis: &Analysis,
    by: &[Key],
    direction: Direction,
    takes: Option<&dyn Fn(i64) -> bool>,
) -> Grouped {
    let sessions = analysis.sessions();
    let include_group = analysis.options.include_group;
    let mut groups = Groups::new(by);
    let mut tallies: Vec<Tally> = Vec::new();
    let tally = |group: usize, tallies: &mut Vec<Tally>| {
        if group == tallies.len() {
            tallies.push(Tally::default());
        }
    };
    // Where neither the keys nor anything that is counted depends on the time, sessions that are alike are
    // counted together.
    let by_census = groups.of_kin.is_some() && takes.is_none() && !analysis.has_hours();
    let of_direction = |it: &Glance| it.direction == direction && it.is_timed();
    if by_census {
        for alike in analysis.census_of_subjects().filter(|it| of_direction(&it.glance)) {
            let group = groups.of(alike.place, analysis);
            tally(group, &mut tallies);
            let answers_hidden = !sessions.shows_answers(alike.place);
            let unknown = InHours::Unknown;
            let call =
                tallies[group].add(&alike.glance, alike.chosen, answers_hidden, include_group, unknown);
            for (kept, all) in tallies[group]
                .spans(call, alike.glance.declined_by)
                .into_iter()
                .zip([&alike.rings, &alike.talks])
            {
                if let Some(kept) = kept {
                    kept.extend(all);
                }
            }
        }
    }
    let any = analysis.census_of_subjects().any(|it| of_direction(&it.glance));
    let mut calls = if by_census { Vec::new() } else { vec![Of::NONE; sessions.len()] };
    for place in (0..sessions.len()).filter(|_| any && !by_census) {
        let session = sessions.glance(place);
        let is_taken = |at: i64| takes.is_none_or(|takes| takes(at));
        if !analysis.subject[place]
            || session.direction != direction
            || !session.started_at.is_some_and(is_taken)
        {
            continue;
        }
        let group = groups.of(place, analysis);
        tally(group, &mut tallies);
        let in_hours = analysis.are_in_hours((session.provider, session.instance), session.started_at);
        let call = tallies[group].add(&session, 1, !sessions.shows_answers(place), include_group, in_hours);
        let (ring, talk) = sessions.ring_and_talk(place);
        for (kept, it) in tallies[group].spans(call, session.declined_by).into_iter().zip([ring, talk]) {
            if let Some(kept) = kept {
                kept.add(it);
            }
        }
        if call.has_caller() {
            calls[place] = Of::new(group, call == Call::Rejected);
        }
    }
    let mut total = Tally::default();
    for tally in &tallies {
        total.merge(tally);
    }
    if by_census && any {
        let group_of = sessions.by_likeness(|session| {
            let call = Call::of_told(session, include_group);
            let counts = session.direction == direction && call.has_caller();
            let group = groups.group_of(session.kin).filter(|_| counts);
            group.map_or(Of::NONE, |it| Of::new(it, call == Call::Rejected))
        });
        let of = |it: Brief| {
            let counts = it.is_timed() && analysis.is_subject(it.place());
            if counts { group_of.of(it) } else { Of::NONE }
        };
        count_callers(of, &mut tallies, &mut total, analysis);
    } else if any {
        count_callers(|it| calls[it.place()], &mut tallies, &mut total, analysis);
    }
    let places = groups.places;
    let mut rows: Vec<(Vec<Value>, Tally)> = places
        .into_iter()
        .map(|(key, place)| (key.into_vec(), std::mem::take(&mut tallies[place])))
        .filter(|(_, tally)| direction == Direction::Incoming || tally.is_shown_outgoing())
        .collect();
    rows.sort_by(|(a, _), (b, _)| {
        let pairs = a.iter().zip(b);
        pairs.map(|(a, b)| a.order(b, analysis)).find(|it| it.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    Grouped { rows, total }
}

/// Rates of incoming calls by group, and the outgoing ones in a table of their own.
pub fn report(analysis: &Analysis, by: &[Key]) -> Output {
    let keys = || by.iter().map(|it| column(it.name(), Shown::Always));
    let columns = |figures: &[(&'static str, Shown)]| -> Vec<Column> {
        keys().chain(figures.iter().map(|(key, shown)| column(key, *shown))).collect()
    };
    let row = |key: &[Value], figures: Vec<Cell>| -> Vec<Cell> {
        key.iter().map(|it| it.cell(analysis)).chain(figures).collect()
    };
    // The keys of a total are missing: it is of no group.
    let total =
        |figures: Vec<Cell>| -> Vec<Cell> { by.iter().map(|_| Cell::Missing).chain(figures).collect() };
    let names = by.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ");

    let incoming = group(analysis, by, Direction::Incoming);
    let verdicts = verdict::verdicts(&incoming.rows, by, analysis);
    let incoming_table = Table {
        title: format!("Incoming calls by {names}"),
        columns: columns(&INCOMING),
        rows: incoming
            .rows
            .iter()
            .zip(verdicts)
            .map(|((key, tally), verdict)| row(key, tally.cells(verdict, analysis)))
            .collect(),
        left_out: 0,
        total: Some(total(incoming.total.cells(None, analysis))),
        empty: "No incoming call.".to_owned(),
        reading: reading(by),
        chart: Some(Chart::Intervals),
    };
    let outgoing = group(analysis, by, Direction::Outgoing);
    let outgoing_table = Table {
        title: format!("Outgoing calls by {names}: rejected by the customer"),
        columns: columns(&OUTGOING),
        rows: outgoing.rows.iter().map(|(key, tally)| row(key, tally.outgoing_cells())).collect(),
        left_out: 0,
        total: Some(total(outgoing.total.outgoing_cells())),
        empty: "No outgoing call.".to_owned(),
        reading: Vec::new(),
        chart: Some(Chart::Intervals),
    };
    let [incoming_table, outgoing_table] = [incoming_table, outgoing_table].map(without_empty_columns);
    let by_names = Cell::List(by.iter().map(|it| Cell::word(it.name())).collect());
    Output {
        parts: vec![
            Part { path: vec!["by"], body: Body::Value(by_names) },
            Part { path: vec!["rows"], body: Body::Rows(incoming_table) },
            Part { path: vec!["outgoing", "rows"], body: Body::Rows(outgoing_table) },
        ],
        ..Output::default()
    }
}

/// Columns in which nothing stands take no room in tables for people.
fn without_empty_columns(mut table: Table) -> Table {
    for (place, column) in table.columns.iter_mut().enumerate() {
        let mut cells = table.rows.iter().chain(&table.total).map(|it| &it[place]);
        if matches!(column.shown, Shown::IfWide(_))
            && cells.all(|it| matches!(it, Cell::Missing | Cell::Count(0)))
        {
            column.shown = Shown::OnRequest;
        }
    }
    table
}

fn reading(by: &[Key]) -> Vec<String> {
    let mut reading = vec![
        "Rejection rate: rejected of answered, rejected and missed; low to high is its 95 % interval. Unrated: calls on \
         lines that never show calls, or never show rejections; they are in no rate."
            .to_owned(),
    ];
    if verdict::is_compared(by) {
        reading.push(
            "Verdict: outlier is clearly above the peers; concentrated comes from one caller; unconfirmed rests on \
             rejections that nobody is named for; not_distinguishable is no evidence, not proof of innocence."
                .to_owned(),
        );
    }
    reading
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Filter, ReportOptions};
    use crate::reports::testing::{Input, analysis, at, call, cells, table, wawp, wawp_with};
    use crate::text::Text;

    #[test]
    fn sessions_counted_together_come_to_the_same_as_one_by_one() {
        let mut lines = Vec::new();
        for (caller, instance, outcome, minute) in [
            ("919811110001", "desk", "rejected", 1),
            ("919811110001", "desk", "rejected", 3),
            ("919811110002", "desk", "rejected", 5),
            ("919811110001", "desk", "accepted", 7),
            ("919811110001", "shop", "missed", 9),
            ("919811110002", "shop", "rejected", 11),
        ] {
            lines.extend(call(outcome, instance, caller, &format!("10:{minute:02}:00")));
        }
        // A rejection whose offer was lost, and one on a line that shows no calls: of nobody's top.
        lines.push(wawp_with(
            "rejected",
            "desk",
            "lost",
            "919811110003",
            "11:00:00",
            r#"{"status":"reject"}"#,
        ));
        lines.push(format!(r#"{{"event":"call.reject","phone":"+919811110004","ts":{}}}"#, at("11:05:00")));
        let answered = Filter { outcomes: vec![Outcome::Answered], ..Filter::default() };
        let of_answered = Input { lines: lines.clone(), filter: answered, ..Input::default() }.analysis();
        let by_census = analysis(lines);
        let cases = [&[Key::Instance][..], &[Key::Agent], &[]];
        for (by_census, by) in [&by_census, &of_answered].into_iter().flat_map(|it| cases.map(|by| (it, by)))
        {
            let together = group(by_census, by, Direction::Incoming);
            // With a choice by time each session is looked at.
            let one_by_one = group_some(by_census, by, Direction::Incoming, Some(&|_| true));
            let rows = |it: &Grouped| -> Vec<Vec<Cell>> {
                let all = it.rows.iter().map(|it| &it.1).chain([&it.total]);
                all.map(|it| it.cells(None, by_census)).collect()
            };
            assert_eq!(rows(&together), rows(&one_by_one), "{by:?}");
        }
        let total = group(&by_census, &[Key::Instance], Direction::Incoming).total;
        assert_eq!((total.resolved(), total.rejected, total.answered, total.missed), (6, 4, 1, 1));
        // Two callers, of whom each was rejected twice, and the one whose line shows no calls.
        assert_eq!((total.unique_callers, total.top_caller()), (3, Some(2)));
        let total = group(&of_answered, &[Key::Instance], Direction::Incoming).total;
        assert_eq!((total.resolved(), total.unique_callers, total.top_caller()), (1, 1, None));
    }

    /// Callers of one line on Monday 4 May, with every kind of call, and one after business hours.
    fn a_line_with_every_kind_of_call(options: ReportOptions) -> Analysis {
        let ends = |id: &str, from: &str, when: &str, data: &str, at: &str| {
            let end = wawp_with("rejected", "desk", id, from, at, data);
            [wawp("received", "desk", id, from, when), end]
        };
        let mut lines = [
            call("rejected", "desk", "919811110001", "10:00:00"),
            call("rejected", "desk", "919811110001", "10:05:00"),
            call("accepted", "desk", "919811110003", "10:25:00"),
            call("missed", "desk", "919811110003", "10:30:00"),
            call("ringing", "desk", "919811110004", "10:40:00"),
            call("accepted", "desk", "919811110003", "20:00:00"),
            call("ringing", "desk", "919811110004", "20:00:30"),
            call("rejected", "desk", "120363@g.us", "13:00:00"),
        ]
        .concat();
        let declined = r#"{"status":"reject"}"#;
        lines.extend(ends("p", "919811110002", "10:10:00", r#"{"api":true}"#, "10:10:01"));
        lines.extend(ends("i", "919811110002", "10:15:00", declined, "10:15:00"));
        lines.extend(ends("r", "919811110001", "10:20:00", "{}", "10:20:05"));
        // Its offer was lost on the way.
        lines.push(wawp_with("rejected", "desk", "o", "919811110005", "12:00:00", declined));
        lines[0] = lines[0].replace("\"from\"", "\"isVideo\":true,\"from\"");
        Input { lines, options, ..Input::default() }.analysis()
    }

    #[test]
    fn every_figure_of_a_group_by_hand() {
        let options = ReportOptions { zone_given: true, ..ReportOptions::default() };
        let output = report(&a_line_with_every_kind_of_call(options), &[Key::Instance]);
        let rows = table(&output, &["rows"]);
        assert_eq!(rows.rows.len(), 1);
        let of = |keys: &str| cells(rows, 0, keys);
        assert_eq!(of("calls resolved answered rejected missed missed_inferred ringing"), "10 9 2 5 2 1 1");
        assert_eq!(of("policy_rejected instant_rejected confirmed_rejected reported_rejected"), "1 1 2 1");
        // 5 of 9; 2 of 9 - 3; 5 - 1 of 9 - 1; 2 of 9.
        let rates = "rejection_rate personal_rate_low personal_rate_high answer_rate";
        assert_eq!(of(rates), "555556 333333 500000 222222");
        assert_eq!(of("bh_resolved bh_rejected bh_policy_rejected bh_rejection_rate"), "8 5 1 625000");
        assert_eq!(of("days_rated days_over consistent"), "1 0 false");
        // Of 3, 3 and 5 seconds.
        assert_eq!(
            of("ring_p50_ms ring_p90_ms ring_p95_ms answer_p50_ms talk_p50_ms"),
            "3000 5000 5000 3000 –"
        );
        assert_eq!(of("unique_callers video_calls group_calls top_caller_share"), "4 1 1 600000");
        assert_eq!(of("orphaned orphaned_rejections rejection_rate_with_orphans"), "1 1 600000");
        assert_eq!(of("unrated unrated_rejected unrated_reason"), "0 0 –");
    }

    #[test]
    fn the_percentiles_of_ringing_are_each_their_own() {
        // Twenty calls, which rang for 1 to 20 seconds: the 10th, the 18th, and the 19th.
        let lines = (1..=20).flat_map(|it| {
            let (id, from) = (format!("r{it}"), format!("9198111100{it:02}"));
            let end = format!("10:{it:02}:{it:02}");
            [
                wawp("received", "desk", &id, &from, &format!("10:{it:02}:00")),
                wawp("rejected", "desk", &id, &from, &end),
            ]
        });
        let output = report(&analysis(lines.collect()), &[Key::Instance]);
        let rows = table(&output, &["rows"]);
        assert_eq!(cells(rows, 0, "ring_p50_ms ring_p90_ms ring_p95_ms"), "10000 18000 19000");
    }

    #[test]
    fn a_flag_wants_enough_calls_and_their_rate_without_policy_first() {
        let flag = |min_calls: u64, flag_rate: u64| {
            let options =
                ReportOptions { zone_given: true, min_calls, flag_rate, ..ReportOptions::default() };
            let output = report(&a_line_with_every_kind_of_call(options), &[Key::Instance]);
            cells(table(&output, &["rows"]), 0, "flag days_over")
        };
        // In business hours 5 of 8 were rejected; 4 of 7 without policy.
        assert_eq!(flag(7, 571_428), "high_rejection 1");
        assert_eq!(flag(7, 571_429), "policy 1");
        assert_eq!(flag(8, 571_428), "policy 1");
        assert_eq!(flag(7, 625_000), "policy 1");
        assert_eq!(flag(7, 625_001), "– 0");
        assert_eq!(flag(9, 571_428), "– 1");
    }

    #[test]
    fn groups_that_go_by_time_and_choices_of_times_take_each_call_by_itself() {
        let mut lines = call("rejected", "desk", "919811110001", "10:00:00");
        lines.extend(call("accepted", "desk", "919811110001", "11:00:00"));
        lines.extend(call("missed", "desk", "919811110002", "11:30:00"));
        let analysis = analysis(lines);
        let counts = |it: &Tally| (it.resolved(), it.rejected, it.answered, it.missed);
        let by_hour = group(&analysis, &[Key::Hour], Direction::Incoming);
        let rows: Vec<_> =
            by_hour.rows.iter().map(|(key, it)| (key[0].text(&analysis), counts(it))).collect();
        assert_eq!(rows, [(Text::new("10"), (1, 1, 0, 0)), (Text::new("11"), (2, 0, 1, 1))]);
        let before = at("11:00:00");
        let chosen = group_some(&analysis, &[Key::Instance], Direction::Incoming, Some(&|it| it < before));
        assert_eq!(counts(&chosen.total), (1, 1, 0, 0));
    }
}
