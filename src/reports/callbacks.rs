//! Callbacks: whether customers whose calls were not answered were called back, how soon, and who
//! still waits.
//!
//! An unanswered call promises a call back. What a customer tried in vain until the next contact is
//! one *episode*, formed over the calls of all lines; it belongs to the agent and line of its first
//! call.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::groups::{Key, Value};
use super::{Output, Sentence, frustration, notes};
use crate::analysis::{Analysis, CallbacksFrom};
use crate::definitions::column;
use crate::dialects::Provider;
use crate::event::Direction;
use crate::section::{Body, Cell, Column, Part, Person, Shown, Table, say};
use crate::session::{FeedKey, Outcome};
use crate::stats;
use crate::store::{Brief, Kin, Told};
use crate::text::Sym;

/// What a row is about.
const KEYS: [Key; 3] = [Key::Agent, Key::Provider, Key::Instance];

/// Episodes of unanswered calls: figures by agent and line, and those that nobody answered yet.
pub fn report(analysis: &Analysis) -> Output {
    let shown = Shows::of(analysis);
    let counted = (0..analysis.by_customer().len())
        .into_par_iter()
        .fold(Counted::default, |mut counted, number| {
            counted.add_customer(number, &shown, analysis);
            counted
        })
        .reduce(Counted::default, Counted::merge);
    report_of(&counted, &shown, analysis)
}

/// The same, of customers that were counted.
pub(super) fn report_of(counted: &Counted, shown: &Shows, analysis: &Analysis) -> Output {
    let any = shown.has_figures(analysis);
    let (groups, total) = counted.grouped(analysis);
    Output {
        parts: vec![
            Part { path: vec!["rows"], body: Body::Rows(by_line(groups, any.then_some(total), analysis)) },
            Part {
                path: vec!["open_episodes"],
                body: Body::Rows(open_episodes(counted.open.iter().collect(), any, analysis)),
            },
        ],
        notes: apart_note(&counted.apart(analysis), analysis).into_iter().chain(left_out(analysis)).collect(),
        ..Output::default()
    }
}

/// The figures of each agent and line, where there are any.
type Groups = HashMap<[Value; 3], Option<Tally>>;

/// What the episodes of some customers come to. Kindred sessions are of one agent and line.
#[derive(Default)]
pub(super) struct Counted {
    of_kin: hashbrown::HashMap<Kin, OfKin>,
    open: Vec<Episode>,
    /// Emptied for the next customer.
    history: History,
    episodes: Vec<Episode>,
}

/// What the episodes of kindred sessions come to.
struct OfKin {
    /// The place of one of the first calls.
    first: usize,
    /// The figures, where the provider has any.
    tally: Option<Tally>,
    /// Episodes of providers that show no outgoing call.
    apart: u64,
}

impl Counted {
    /// Counts the episodes of a customer, by its number among those of sessions.
    pub(super) fn add_customer(&mut self, number: usize, shown: &Shows, analysis: &Analysis) {
        let (_, briefs) = analysis.by_customer().get(number);
        self.history.fill(briefs, analysis);
        let mut episodes = std::mem::take(&mut self.episodes);
        self.history.episodes(&mut episodes);
        for episode in episodes.drain(..).filter(|it| analysis.is_subject(it.first)) {
            self.add(episode, shown, analysis);
        }
        self.episodes = episodes;
    }

    fn add(&mut self, episode: Episode, shown: &Shows, analysis: &Analysis) {
        let kin = episode.kin;
        let feed = analysis.sessions().feed_of(kin);
        let counts = shown.counts(feed.0);
        let first = episode.first;
        let of_kin = self.of_kin.entry(kin).or_insert(OfKin { first, tally: None, apart: 0 });
        if counts {
            of_kin.tally.get_or_insert_default().add(&episode, analysis);
        }
        if !counts || !shown.outgoing.contains(&feed.0) {
            of_kin.apart += 1;
        }
        if counts && episode.contact_at().is_none() {
            self.open.push(episode);
        }
    }

    /// Adds those of other customers.
    pub(super) fn merge(mut self, other: Self) -> Self {
        for (kin, OfKin { first, tally, apart }) in other.of_kin {
            let of_kin = self.of_kin.entry(kin).or_insert(OfKin { first, tally: None, apart: 0 });
            if let Some(it) = tally {
                of_kin.tally.get_or_insert_default().merge(&it);
            }
            of_kin.apart += apart;
        }
        self.open.extend(other.open);
        self
    }

    /// Episodes of providers that show no outgoing call, by feed.
    fn apart(&self, analysis: &Analysis) -> HashMap<FeedKey, u64> {
        let mut apart = HashMap::new();
        for (kin, it) in self.of_kin.iter().filter(|(_, it)| it.apart > 0) {
            *apart.entry(analysis.sessions().feed_of(*kin)).or_default() += it.apart;
        }
        apart
    }

    /// By agent and line, and all together.
    fn grouped(&self, analysis: &Analysis) -> (Groups, Tally) {
        let mut groups = Groups::new();
        let mut total = Tally::default();
        for OfKin { first, tally, .. } in self.of_kin.values() {
            let first = analysis.sessions().get(*first);
            let group = groups.entry(KEYS.map(|it| it.value(&first, analysis))).or_default();
            if let Some(it) = tally {
                group.get_or_insert_default().merge(it);
                total.merge(it);
            }
        }
        (groups, total)
    }
}

/// Of which providers the input can show who was called back.
pub(super) struct Shows {
    from: CallbacksFrom,
    outgoing: HashSet<Provider>,
}

impl Shows {
    pub(super) fn of(analysis: &Analysis) -> Self {
        let all = analysis.census().iter().map(|it| it.glance);
        let outgoing = all.filter(|it| it.direction == Direction::Outgoing && it.is_timed());
        Self { from: analysis.options.callbacks_from, outgoing: outgoing.map(|it| it.provider).collect() }
    }

    /// Whether episodes of this provider are in the figures.
    fn counts(&self, provider: Provider) -> bool {
        match self.from {
            CallbacksFrom::Any => true,
            CallbacksFrom::Outgoing => self.outgoing.contains(&provider),
        }
    }

    /// Whether any of the chosen lines has figures. Without one a total of 0 would be made up.
    fn has_figures(&self, analysis: &Analysis) -> bool {
        analysis.census_of_subjects().any(|it| it.glance.is_timed() && self.counts(it.glance.provider))
    }
}

/// Whether a call was not answered, and it is known that it was not.
fn is_unanswered(direction: Direction, outcome: Option<Outcome>) -> bool {
    direction == Direction::Incoming && matches!(outcome, Some(Outcome::Rejected | Outcome::Missed))
}

/// When the clock of a promise starts: when it was decided, else when it had rung too long; where the
/// event that decided has no time and no offer is there, at the start, which is that of another end.
fn clock(session: &Told, ring_timeout_ms: i64) -> Option<i64> {
    let rang_out = || Some(session.offered_at?.saturating_add(ring_timeout_ms));
    session.decided_at.or_else(rang_out).or(session.started_at)
}

/// An unanswered call. Of two promises of one instant the one that comes first among sessions is the first.
struct Promise {
    /// When its clock starts.
    clock: i64,
    /// Its place among the sessions.
    place: usize,
    started_at: i64,
    is_orphan: bool,
    is_policy: bool,
    kin: Kin,
}

/// What happened between the business and one customer, in the whole input.
#[derive(Default)]
struct History {
    promises: Vec<Promise>,
    /// Starts of outgoing sessions, in order.
    outgoing: Vec<i64>,
    /// Starts of answered sessions of either direction, in order.
    answered: Vec<i64>,
}

impl History {
    /// Becomes that of the customer of these sessions.
    fn fill(&mut self, briefs: &[Brief], analysis: &Analysis) {
        let Self { promises, outgoing, answered } = self;
        promises.clear();
        outgoing.clear();
        answered.clear();
        for brief in briefs {
            let session = analysis.sessions().told(*brief);
            let Some(started_at) = session.started_at.filter(|_| !session.is_group) else { continue };
            // Sessions come by start, and so do the lists.
            if session.direction == Direction::Outgoing {
                outgoing.push(started_at);
            }
            if session.outcome == Some(Outcome::Answered) {
                answered.push(started_at);
            }
            if is_unanswered(session.direction, session.outcome)
                && let Some(clock) = clock(&session, analysis.options.ring_timeout_ms)
            {
                let (is_orphan, is_policy) = (session.orphan.is_some(), session.is_policy);
                let (place, kin) = (brief.place(), session.kin);
                promises.push(Promise { clock, place, started_at, is_orphan, is_policy, kin });
            }
        }
        // Those of one instant stay as the sessions come.
        promises.sort_by_key(|it| it.clock);
    }

    /// Puts its episodes into `episodes`, in order.
    fn episodes(&self, episodes: &mut Vec<Episode>) {
        episodes.clear();
        let next =
            |starts: &[i64], after: i64| starts.get(starts.partition_point(|it| *it <= after)).copied();
        for &Promise { clock, place, started_at, is_orphan, is_policy, kin } in &self.promises {
            let (orphan_calls, policy_calls) = (u64::from(is_orphan), u64::from(is_policy));
            let is_open = |it: &&mut Episode| it.contact_at().is_none_or(|contact| clock < contact);
            match episodes.last_mut().filter(is_open) {
                Some(episode) => {
                    episode.calls += 1;
                    episode.orphan_calls += orphan_calls;
                    episode.policy_calls += policy_calls;
                    episode.last_call_at = episode.last_call_at.max(started_at);
                }
                None => episodes.push(Episode {
                    first: place,
                    kin,
                    opened_at: clock,
                    calls: 1,
                    orphan_calls,
                    policy_calls,
                    last_call_at: started_at,
                    attempt_at: next(&self.outgoing, clock),
                    reach_at: next(&self.answered, clock),
                }),
            }
        }
    }
}

/// A customer's unanswered calls up to the next contact.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Episode {
    /// The place of its first call, whose agent and line are the episode's.
    first: usize,
    /// What that has in common with others.
    kin: Kin,
    /// When the clock of its first call started.
    opened_at: i64,
    /// Its calls.
    calls: u64,
    /// Those of them that are ends without their offer.
    orphan_calls: u64,
    /// Those of them that the server's own interface declined.
    policy_calls: u64,
    /// The latest start of its calls.
    last_call_at: i64,
    /// The first outgoing session that starts after it opened.
    attempt_at: Option<i64>,
    /// The first answered session that does.
    reach_at: Option<i64>,
}

impl Episode {
    /// The first contact that starts after it opened, which closes it. Outgoing and answered sessions
    /// are all the contacts there are.
    fn contact_at(&self) -> Option<i64> {
        match (self.attempt_at, self.reach_at) {
            (Some(attempt), Some(reach)) => Some(attempt.min(reach)),
            (attempt, reach) => attempt.or(reach),
        }
    }

    /// Whether so much time had passed where the input ends; where no one knows where that is, no.
    fn is_overdue(&self, analysis: &Analysis) -> bool {
        let sla = analysis.options.callback_sla_ms;
        analysis.rebuilt.watermark.is_some_and(|it| it.saturating_sub(self.opened_at) >= sla)
    }

    /// Whether it has no contact and there is still time for one.
    fn is_pending(&self, analysis: &Analysis) -> bool {
        self.contact_at().is_none() && !self.is_overdue(analysis)
    }
}

/// The figures of some episodes.
#[derive(Default)]
struct Tally {
    episodes: u64,
    calls: u64,
    orphan_calls: u64,
    policy_calls: u64,
    pending: u64,
    open: u64,
    attempted_within_sla: u64,
    reached: u64,
    reached_within_sla: u64,
    times_to_attempt: Vec<i64>,
}

impl Tally {
    fn add(&mut self, episode: &Episode, analysis: &Analysis) {
        let after = |it: Option<i64>| it.map(|it| it - episode.opened_at);
        let in_time =
            |it: Option<i64>| u64::from(after(it).is_some_and(|it| it <= analysis.options.callback_sla_ms));
        self.episodes += 1;
        self.calls += episode.calls;
        self.orphan_calls += episode.orphan_calls;
        self.policy_calls += episode.policy_calls;
        self.pending += u64::from(episode.is_pending(analysis));
        self.open += u64::from(episode.contact_at().is_none());
        self.attempted_within_sla += in_time(episode.attempt_at);
        self.reached += u64::from(episode.reach_at.is_some());
        self.reached_within_sla += in_time(episode.reach_at);
        self.times_to_attempt.extend(after(episode.attempt_at));
    }

    /// Adds what other episodes come to.
    fn merge(&mut self, other: &Self) {
        self.episodes += other.episodes;
        self.calls += other.calls;
        self.orphan_calls += other.orphan_calls;
        self.policy_calls += other.policy_calls;
        self.pending += other.pending;
        self.open += other.open;
        self.attempted_within_sla += other.attempted_within_sla;
        self.reached += other.reached;
        self.reached_within_sla += other.reached_within_sla;
        self.times_to_attempt.extend(&other.times_to_attempt);
    }

    /// The cells behind the keys.
    fn cells(&mut self) -> Vec<Cell> {
        let judged = self.episodes - self.pending;
        let attempted = self.times_to_attempt.len() as u64;
        let mut time = |p: usize| Cell::opt(stats::percentile(&mut self.times_to_attempt, p), Cell::Millis);
        vec![
            Cell::Count(self.episodes),
            Cell::Count(self.calls),
            Cell::Count(self.orphan_calls),
            Cell::Count(self.policy_calls),
            Cell::Count(self.pending),
            Cell::Count(self.open),
            Cell::Count(judged),
            Cell::Count(attempted),
            Cell::Count(self.attempted_within_sla),
            Cell::share(self.attempted_within_sla, judged),
            Cell::Count(self.reached),
            Cell::Count(self.reached_within_sla),
            Cell::share(self.reached_within_sla, judged),
            time(50),
            time(90),
        ]
    }
}

fn columns() -> Vec<Column> {
    use Shown::{Always, IfWide};
    vec![
        column("agent", Always),
        column("provider", IfWide(5)),
        column("instance", Always),
        column("episodes", Always),
        column("calls_in_episodes", IfWide(3)),
        column("orphan_calls", IfWide(10)),
        column("policy_calls", IfWide(9)),
        column("pending", IfWide(2)),
        column("open", Always),
        column("judged_episodes", IfWide(8)),
        column("attempted", IfWide(11)),
        column("attempted_within_sla", IfWide(6)),
        column("attempted_within_sla_rate", Always),
        column("reached", IfWide(12)),
        column("reached_within_sla", IfWide(7)),
        column("reached_within_sla_rate", Always),
        column("time_to_attempt_p50_ms", IfWide(1)),
        column("time_to_attempt_p90_ms", IfWide(4)),
    ]
}

/// The figures of each agent and line; nothing where a group or the whole has none.
fn by_line(groups: Groups, total: Option<Tally>, analysis: &Analysis) -> Table {
    let columns = columns();
    let figures = |tally: Option<Tally>| match tally {
        Some(mut it) => it.cells(),
        None => vec![Cell::Missing; columns.len() - KEYS.len()],
    };
    let mut groups: Vec<([Value; 3], Option<Tally>)> = groups.into_iter().collect();
    groups.sort_by(|(a, _), (b, _)| {
        let orders = a.iter().zip(b).map(|(a, b)| a.order(b, analysis));
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    let row = |(keys, tally): ([Value; 3], Option<Tally>)| {
        keys.iter().map(|it| it.cell(analysis)).chain(figures(tally)).collect()
    };
    // The keys of a total are missing: it is of no group.
    let total = KEYS.iter().map(|_| Cell::Missing).chain(figures(total)).collect();
    Table {
        title: "Callbacks by agent and line".to_owned(),
        rows: groups.into_iter().map(row).collect(),
        total: Some(total),
        empty: "No unanswered call of a known customer at a known time.".to_owned(),
        reading: vec![
            format!(
                "Episode: a customer's unanswered calls up to the next contact, which is a call to the customer or \
                 an answered one. Attempt rate: called within {} of the first; reach rate: talked to within that \
                 time; both of the episodes that are not pending.",
                frustration::span(analysis.options.callback_sla_ms)
            ),
            "Open: no contact yet; pending: those of them for which there was still time where the input ends."
                .to_owned(),
        ],
        columns,
        ..Table::default()
    }
}

/// The episodes without a contact, oldest first.
fn open_episodes(mut open: Vec<&Episode>, any: bool, analysis: &Analysis) -> Table {
    use Shown::{Always, IfWide, OnRequest};
    let texts = &analysis.texts;
    let session = |it: &Episode| analysis.sessions().get(it.first);
    // A customer has one open episode at most.
    let customer = |it: &Episode| session(it).customer.map(|it| texts.raw(it));
    open.sort_unstable_by(|a, b| a.opened_at.cmp(&b.opened_at).then_with(|| customer(a).cmp(&customer(b))));
    let names = latest_names(&open, analysis);
    let rows = open.into_iter().map(|episode| {
        let first = session(episode);
        let person = |who: Person, it: Option<Sym>| Cell::opt(texts.get_opt(it), |it| Cell::Person(who, it));
        let name =
            first.customer.and_then(|it| analysis.customers.name(it).or_else(|| names.get(&it).copied()));
        let waiting = analysis.rebuilt.watermark.map(|it| it.saturating_sub(episode.opened_at));
        vec![
            person(Person::Customer, first.customer),
            person(Person::CustomerName, name),
            Cell::opt(first.customer.and_then(|it| analysis.customers.is_vip(it)), Cell::Bool),
            Key::Agent.value(&first, analysis).cell(analysis),
            Key::Provider.value(&first, analysis).cell(analysis),
            Key::Instance.value(&first, analysis).cell(analysis),
            Cell::Instant(episode.opened_at),
            Cell::opt(waiting.filter(|it| *it >= 0), Cell::Millis),
            Cell::Bool(episode.is_overdue(analysis)),
            Cell::Count(episode.calls),
            Cell::Count(episode.orphan_calls),
            Cell::Count(episode.policy_calls),
            Cell::Instant(episode.last_call_at),
            super::sessions::id(&first, texts),
        ]
    });
    Table {
        title: "Open episodes: customers to call back, the longest waiting first".to_owned(),
        columns: vec![
            column("customer", Always),
            column("customer_name", IfWide(1)),
            column("vip", IfWide(2)),
            column("agent", IfWide(3)),
            column("provider", IfWide(7)),
            column("instance", IfWide(4)),
            column("opened_at", Always),
            column("waiting_ms", Always),
            column("overdue", Always),
            column("calls", Always),
            column("orphan_calls", IfWide(8)),
            column("policy_calls", IfWide(6)),
            column("last_call_at", IfWide(5)),
            column("session_id", OnRequest),
        ],
        rows: rows.collect(),
        empty: if any {
            "No episode is open."
        } else {
            "Who waits for a call back is unknown: no line of these calls shows outgoing ones."
        }
        .to_owned(),
        reading: vec![format!(
            "Overdue: {} or more have passed since the episode opened. `callsift timeline CUSTOMER` shows the calls.",
            frustration::span(analysis.options.callback_sla_ms)
        )],
        ..Table::default()
    }
}

/// The latest name that the input gives each customer of these episodes.
fn latest_names(episodes: &[&Episode], analysis: &Analysis) -> HashMap<Sym, Sym> {
    let sessions = analysis.sessions();
    if !sessions.any_customer_name() {
        return HashMap::new();
    }
    let wanted: HashSet<Sym> = episodes.iter().filter_map(|it| sessions.get(it.first).customer).collect();
    let named = |place: usize| {
        let it = sessions.get(place);
        it.customer.filter(|it| wanted.contains(it)).zip(it.customer_name)
    };
    let places = (0..sessions.len()).into_par_iter().filter(|it| named(*it).is_some()).collect();
    // Sessions come by start, so that the latest stays.
    sessions.sorted(places, &analysis.texts).into_iter().filter_map(named).collect()
}

/// What to say of lines whose provider shows no outgoing call.
fn apart_note(apart: &HashMap<FeedKey, u64>, analysis: &Analysis) -> Option<Sentence> {
    let mut feeds: Vec<&FeedKey> = apart.keys().collect();
    feeds.sort_by_key(|(provider, instance, _)| (provider.name(), analysis.texts.raw(*instance)));
    let episodes = notes::plural(apart.values().sum(), "episode", "episodes");
    let what = match analysis.options.callbacks_from {
        CallbacksFrom::Outgoing => format!(
            ": no outgoing call of the provider is in the input, so nobody can say who was called back. In no \
             figure of callbacks: {episodes} of unanswered calls; --callbacks-from any counts them."
        ),
        CallbacksFrom::Any => format!(
            ": no outgoing call of the provider is in the input, so an episode can be open although somebody \
             called back. Counted all the same: {episodes} of unanswered calls."
        ),
    };
    (!feeds.is_empty()).then(|| notes::named(&feeds, &what, analysis))
}

/// Unanswered calls that promise nothing to anybody known.
fn left_out(analysis: &Analysis) -> Vec<Sentence> {
    let (mut groups, mut untimed, mut nobody) = (0_u64, 0, 0);
    for alike in analysis.census_of_subjects() {
        match alike.glance {
            it if !is_unanswered(it.direction, it.outcome) => {}
            it if it.group == Some(true) => groups += alike.chosen,
            it if !it.is_timed() => untimed += alike.chosen,
            it if it.customer.is_none() => nobody += alike.chosen,
            _ => {}
        }
    }
    let counts = [
        (nobody, "do not say who called"),
        (untimed, "cannot be placed in time"),
        (groups, "are calls of groups"),
    ];
    let told = counts.into_iter().filter(|(count, _)| *count > 0);
    told.map(|(count, why)| say(format!("Unanswered calls that {why} and so are in no episode: {count}.")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        Input, at, call, cell, cells, outgoing, table, timelines, wawp, wawp_with, words,
    };
    use super::*;
    use crate::analysis::{Filter, ReportOptions};
    use crate::session::Rules;
    use crate::time::MINUTE;

    const ASHA: &str = "919811110001";
    const RAVI: &str = "919811110002";

    /// A call of DoubleTick's own customer side: `CALL_MISSED` or `CALL_REJECTED`, which is over at the
    /// given time, or `CALL_ENDED`, which starts then and is answered. Each has its own id.
    fn incoming(name: &str, from: &str, when: &str) -> String {
        outgoing(name, &format!("in {name} {from} {when}"), from, when).replace("OUTGOING", "INCOMING")
    }

    /// An outgoing call that nobody answered, and one that somebody did.
    fn tried(to: &str, when: &str) -> String {
        outgoing("CALL_MISSED", &format!("out {to} {when}"), to, when)
    }

    fn talked(to: &str, when: &str) -> String {
        outgoing("CALL_ENDED", &format!("out {to} {when}"), to, when)
    }

    /// Outgoing calls to somebody else, which only move the end of the input.
    fn end_at(when: &str) -> String {
        tried("919811119999", when)
    }

    fn missed(when: &str) -> String {
        incoming("CALL_MISSED", ASHA, when)
    }

    /// Every provider counts.
    fn any() -> ReportOptions {
        ReportOptions { callbacks_from: CallbacksFrom::Any, ..ReportOptions::default() }
    }

    fn output(lines: Vec<String>) -> Output {
        report(&Input { lines, ..Input::default() }.analysis())
    }

    #[track_caller]
    fn total_of(output: &Output, keys: &str) -> String {
        let rows = table(output, &["rows"]);
        let total = Table { rows: rows.total.clone().into_iter().collect(), total: None, ..rows.clone() };
        cells(&total, 0, keys)
    }

    /// The total of these lines.
    #[track_caller]
    fn check(lines: Vec<String>, keys: &str, expected: &str) {
        assert_eq!(total_of(&output(lines), keys), expected, "{keys}");
    }

    #[track_caller]
    fn check_any(lines: Vec<String>, keys: &str, expected: &str) {
        let output = report(&Input { lines, options: any(), ..Input::default() }.analysis());
        assert_eq!(total_of(&output, keys), expected, "{keys}");
    }

    #[test]
    fn the_columns_are_those_of_the_definitions() {
        let output = output(vec![missed("10:00:00"), end_at("10:00:00")]);
        let keys = |path: &str| {
            table(&output, &[path]).columns.iter().map(|it| it.key).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            keys("rows"),
            "agent provider instance episodes calls_in_episodes orphan_calls policy_calls pending open \
             judged_episodes attempted attempted_within_sla attempted_within_sla_rate reached \
             reached_within_sla reached_within_sla_rate time_to_attempt_p50_ms time_to_attempt_p90_ms"
        );
        assert_eq!(
            keys("open_episodes"),
            "customer customer_name vip agent provider instance opened_at waiting_ms overdue calls \
             orphan_calls policy_calls last_call_at session_id"
        );
    }

    #[test]
    fn episodes_are_counted_by_agent_and_line_and_in_total() {
        let lines = vec![
            missed("10:00:00"),
            missed("10:20:00"),
            tried(ASHA, "10:30:00"),
            talked(ASHA, "11:30:00"),
            incoming("CALL_REJECTED", RAVI, "10:00:00").replace("\"Asha\"", "\"Bina\""),
            talked(RAVI, "10:45:00"),
            incoming("CALL_MISSED", "919811110003", "10:00:00").replace("\"Asha\"", "\"Bina\""),
            incoming("CALL_MISSED", "919811110004", "11:00:00"),
        ];
        let output = output(lines);
        let rows = table(&output, &["rows"]);
        let keys = "agent provider instance episodes calls_in_episodes pending open judged_episodes attempted \
                    attempted_within_sla attempted_within_sla_rate reached reached_within_sla \
                    reached_within_sla_rate time_to_attempt_p50_ms time_to_attempt_p90_ms";
        assert_eq!(rows.rows.len(), 2);
        // The episode of ..04 opened 30 minutes before the input ends.
        assert_eq!(
            cells(rows, 0, keys),
            "Asha doubletick 919800000001 2 3 1 1 1 1 1 1000000 1 0 0 1800000 1800000"
        );
        assert_eq!(
            cells(rows, 1, keys),
            "Bina doubletick 919800000001 2 2 0 1 2 1 1 500000 1 1 500000 2700000 2700000"
        );
        assert_eq!(total_of(&output, keys), "– – – 4 5 1 2 3 2 2 666667 2 1 333333 1800000 2700000");
        let open = table(&output, &["open_episodes"]);
        let keys = "customer agent provider instance opened_at waiting_ms overdue calls last_call_at";
        assert_eq!(open.rows.len(), 2);
        assert_eq!(
            cells(open, 0, keys),
            "+919811110003 Bina doubletick 919800000001 05-04 10:00:00 5400000 true 1 05-04 10:00:00"
        );
        assert_eq!(
            cells(open, 1, keys),
            "+919811110004 Asha doubletick 919800000001 05-04 11:00:00 1800000 false 1 05-04 11:00:00"
        );
    }

    #[test]
    fn only_rejected_and_missed_calls_promise_a_call_back() {
        for (outcome, episodes) in [("rejected", "1"), ("missed", "1"), ("accepted", "0"), ("ringing", "0")] {
            check_any(call(outcome, "desk", ASHA, "10:00:00"), "episodes", episodes);
        }
        // What the customer did not answer is no promise of the business.
        check(vec![tried(ASHA, "10:00:00")], "episodes open", "0 0");
    }

    #[test]
    fn the_clock_starts_when_the_call_was_decided_else_when_it_had_rung_out() {
        let opened = |lines: Vec<String>, ring_timeout_ms: i64| {
            let rules = Rules { ring_timeout_ms, ..Rules::default() };
            let options = ReportOptions { ring_timeout_ms, ..any() };
            let output = report(&Input { lines, rules, options, ..Input::default() }.analysis());
            cell(table(&output, &["open_episodes"]), 0, "opened_at")
        };
        assert_eq!(opened(call("rejected", "desk", ASHA, "10:00:00"), MINUTE), "05-04 10:00:03");
        let rung_out = || {
            let mut lines = call("ringing", "desk", ASHA, "10:00:00");
            lines.push(end_at("10:05:00"));
            lines
        };
        assert_eq!(opened(rung_out(), MINUTE), "05-04 10:01:00");
        assert_eq!(opened(rung_out(), 2 * MINUTE), "05-04 10:02:00");
        // A rejection without a time decides; the miss of the same call has one.
        let rejection = incoming("CALL_REJECTED", ASHA, "10:00:00");
        let untimed = rejection.replace("\"callEndedAt\":\"2026-05-04T10:00:00+00:00\",", "");
        assert_ne!(rejection, untimed);
        let miss = rejection.replace("CALL_REJECTED\",\"callId", "CALL_MISSED\",\"callId");
        assert_eq!(opened(vec![untimed, miss], MINUTE), "05-04 10:00:00");
    }

    #[test]
    fn later_calls_join_until_a_contact_that_starts_after_the_opening() {
        let keys = "episodes calls_in_episodes open";
        check(vec![missed("10:00:00"), missed("12:00:00"), end_at("10:00:00")], keys, "1 2 1");
        check(vec![missed("10:00:00"), tried(ASHA, "11:00:00"), missed("12:00:00")], keys, "2 2 1");
        check(vec![missed("10:00:00"), talked(ASHA, "11:00:00"), missed("12:00:00")], keys, "2 2 1");
        let answered = incoming("CALL_ENDED", ASHA, "11:00:00");
        check(vec![missed("10:00:00"), answered, missed("12:00:00"), end_at("10:00:00")], keys, "2 2 1");
        // Somebody else's contact is none.
        check(vec![missed("10:00:00"), talked(RAVI, "11:00:00"), missed("12:00:00")], keys, "1 2 1");
    }

    #[test]
    fn a_contact_of_the_opening_instant_does_not_close_and_is_neither_attempt_nor_reach() {
        let keys = "episodes open attempted reached";
        check(vec![missed("10:00:00"), talked(ASHA, "10:00:00")], keys, "1 1 0 0");
        check(vec![missed("10:00:00"), talked(ASHA, "09:59:59")], keys, "1 1 0 0");
        check(vec![missed("10:00:00"), talked(ASHA, "10:00:01")], keys, "1 0 1 1");
    }

    #[test]
    fn a_contact_counts_from_its_start_not_from_its_answer() {
        // The customer rang from 10:00:00 and was answered at 10:00:03, after the other line had
        // declined at 10:00:02: that call began before the episode opened.
        let mut lines = call("accepted", "desk", ASHA, "10:00:00");
        lines.push(wawp("received", "annex", "x", ASHA, "10:00:01"));
        lines.push(wawp_with("rejected", "annex", "x", ASHA, "10:00:02", r#"{"status":"reject"}"#));
        check_any(lines, "episodes open reached", "1 1 0");
    }

    #[test]
    fn a_call_whose_clock_starts_with_the_contact_opens_a_new_episode() {
        let keys = "episodes calls_in_episodes open";
        let lines = |second: &str| vec![missed("10:00:00"), tried(ASHA, "10:10:00"), missed(second)];
        check(lines("10:09:59"), keys, "1 2 0");
        check(lines("10:10:00"), keys, "2 2 1");
        check(lines("10:10:01"), keys, "2 2 1");
    }

    #[test]
    fn the_clock_and_not_the_start_decides_which_episode_a_call_joins() {
        // It began to ring before the contact and was declined after it.
        let mut lines = call("rejected", "desk", ASHA, "10:00:00");
        lines.extend(call("rejected", "desk", ASHA, "10:09:59"));
        lines.push(tried(ASHA, "10:10:00"));
        check_any(lines, "episodes open", "2 1");
    }

    #[test]
    fn attempt_and_reach_may_come_after_the_contact_that_closed() {
        let keys =
            "episodes open attempted attempted_within_sla reached reached_within_sla time_to_attempt_p50_ms";
        let called_again = || incoming("CALL_ENDED", ASHA, "10:05:00");
        check(vec![missed("10:00:00"), called_again(), tried(ASHA, "10:30:00")], keys, "1 0 1 1 1 1 1800000");
        check(vec![missed("10:00:00"), called_again(), end_at("10:30:00")], keys, "1 0 0 0 1 1 –");
        let late = incoming("CALL_ENDED", ASHA, "11:30:00");
        check(vec![missed("10:00:00"), tried(ASHA, "10:05:00"), late], keys, "1 0 1 1 1 0 300000");
    }

    #[test]
    fn one_outgoing_call_can_be_the_attempt_of_several_episodes() {
        let lines = vec![
            missed("10:00:00"),
            incoming("CALL_ENDED", ASHA, "10:05:00"),
            missed("10:10:00"),
            tried(ASHA, "10:20:00"),
        ];
        check(
            lines,
            "episodes attempted time_to_attempt_p50_ms time_to_attempt_p90_ms",
            "2 2 600000 1200000",
        );
    }

    #[test]
    fn the_first_outgoing_call_is_the_attempt_and_the_first_answered_one_the_reach() {
        let lines = vec![
            missed("10:00:00"),
            tried(ASHA, "10:20:00"),
            talked(ASHA, "10:30:00"),
            talked(ASHA, "10:40:00"),
        ];
        check(lines, "attempted time_to_attempt_p90_ms reached reached_within_sla", "1 1200000 1 1");
    }

    #[test]
    fn the_sla_holds_up_to_its_last_instant() {
        let keys = "attempted attempted_within_sla attempted_within_sla_rate reached_within_sla";
        check(vec![missed("10:00:00"), talked(ASHA, "11:00:00")], keys, "1 1 1000000 1");
        check(vec![missed("10:00:00"), talked(ASHA, "11:00:01")], keys, "1 0 0 0");
        let options = ReportOptions { callback_sla_ms: 10 * MINUTE, ..ReportOptions::default() };
        let lines = vec![missed("10:00:00"), talked(ASHA, "10:10:01")];
        let output = report(&Input { lines, options, ..Input::default() }.analysis());
        assert_eq!(total_of(&output, keys), "1 0 0 0");
    }

    #[test]
    fn an_episode_is_pending_until_the_sla_has_run_out() {
        let keys = "episodes pending open judged_episodes attempted_within_sla_rate reached_within_sla_rate";
        check(vec![missed("10:00:00"), end_at("10:59:59")], keys, "1 1 1 0 – –");
        check(vec![missed("10:00:00"), end_at("11:00:00")], keys, "1 0 1 1 0 0");
        // With a contact it is judged at once, though it may still be reached in time.
        check(vec![missed("10:00:00"), tried(ASHA, "10:01:00")], keys, "1 0 0 1 1000000 0");
        let options = ReportOptions { callback_sla_ms: 10 * MINUTE, ..ReportOptions::default() };
        let lines = vec![missed("10:00:00"), end_at("10:10:00")];
        let output = report(&Input { lines, options, ..Input::default() }.analysis());
        assert_eq!(total_of(&output, keys), "1 0 1 1 0 0");
    }

    #[test]
    fn what_came_after_the_end_that_was_given_is_not_waiting() {
        let rules = Rules { as_of: Some(at("09:00:00")), ..Rules::default() };
        let lines = vec![missed("10:00:00"), end_at("12:00:00")];
        let output = report(&Input { lines, rules, ..Input::default() }.analysis());
        assert_eq!(total_of(&output, "pending open"), "1 1");
        assert_eq!(cells(table(&output, &["open_episodes"]), 0, "waiting_ms overdue"), "– false");
    }

    #[test]
    fn group_calls_are_neither_promises_nor_contacts() {
        let group = |line: String| line.replace("\"_data\":", "\"isGroup\":true,\"_data\":");
        let mut promise = call("missed", "desk", ASHA, "10:00:00");
        let lines: Vec<String> = promise.iter().cloned().map(group).collect();
        let output = report(&Input { lines, options: any(), ..Input::default() }.analysis());
        assert_eq!(total_of(&output, "episodes"), "0");
        assert_eq!(
            words(&output.notes),
            ["Unanswered calls that are calls of groups and so are in no episode: 1."]
        );
        promise.extend(call("accepted", "desk", ASHA, "10:30:00").into_iter().map(group));
        let out = wawp("accepted", "desk", "out", "5511900000000", "10:40:00");
        let out = out.replace(
            "\"payload\":{",
            "\"me\":{\"id\":\"5511900000000@c.us\"},\"payload\":{\"to\":\"919811110001\",",
        );
        promise.push(group(out.clone()));
        check_any(promise.clone(), "episodes open attempted reached", "1 1 0 0");
        // The same call to the customer alone is a contact.
        promise.push(out.replace("\"id\":\"out\"", "\"id\":\"out2\""));
        check_any(promise, "episodes open attempted reached", "1 0 1 1");
    }

    #[test]
    fn orphans_and_the_servers_own_rejections_are_promises_and_marked() {
        let mut lines = call("accepted", "desk", RAVI, "08:00:00");
        lines.push(wawp("rejected", "desk", "orphan", ASHA, "10:00:00"));
        lines.push(wawp("received", "desk", "p", ASHA, "10:01:00"));
        lines.push(wawp_with("rejected", "desk", "p", ASHA, "10:01:02", r#"{"api":true}"#));
        lines.extend(call("missed", "desk", ASHA, "10:02:00"));
        let output = report(&Input { lines, options: any(), ..Input::default() }.analysis());
        let keys = "orphan_calls policy_calls";
        assert_eq!(total_of(&output, &format!("episodes calls_in_episodes {keys}")), "1 3 1 1");
        assert_eq!(cells(table(&output, &["open_episodes"]), 0, &format!("calls {keys}")), "3 1 1");
        // Where offers were never captured, too.
        check_any(vec![wawp("rejected", "desk", "x", ASHA, "10:00:00")], "episodes orphan_calls", "1 1");
    }

    #[test]
    fn episodes_are_formed_over_all_lines_and_belong_to_the_first_call() {
        let mut lines = call("missed", "desk", ASHA, "10:00:00");
        lines.push(timelines("Missed", "w1", "t", ASHA, "10:10:00"));
        lines.push(missed("10:20:00"));
        lines.push(end_at("10:20:00"));
        let output = report(&Input { lines, options: any(), ..Input::default() }.analysis());
        let rows = table(&output, &["rows"]);
        assert_eq!(rows.rows.len(), 1);
        assert_eq!(
            cells(rows, 0, "agent provider instance episodes calls_in_episodes"),
            "(unassigned) wawp desk 1 3"
        );
        assert_eq!(cell(table(&output, &["open_episodes"]), 0, "last_call_at"), "05-04 10:20:00");
    }

    #[test]
    fn of_two_calls_of_one_instant_the_first_is_the_one_that_began_first() {
        let first = |desk: &str, annex: &str| {
            let mut lines = Vec::new();
            for (line, when) in [("desk", desk), ("annex", annex)] {
                lines.push(wawp("received", line, line, ASHA, when));
                let end = wawp_with("rejected", line, line, ASHA, "10:00:05", r#"{"status":"reject"}"#);
                lines.push(end);
            }
            let output = report(&Input { lines, options: any(), ..Input::default() }.analysis());
            cells(table(&output, &["rows"]), 0, "instance calls_in_episodes")
        };
        assert_eq!(first("10:00:00", "10:00:01"), "desk 2");
        // Of one start, too, the line that comes first by its text.
        assert_eq!(first("10:00:00", "10:00:00"), "annex 2");
    }

    #[test]
    fn the_last_call_is_the_one_that_began_last() {
        // Declined at 10:00:30 although it began before the other, which was over at 10:00:08.
        let mut lines = vec![wawp("received", "annex", "x", ASHA, "10:00:00")];
        lines.push(wawp_with("rejected", "annex", "x", ASHA, "10:00:30", r#"{"status":"reject"}"#));
        lines.extend(call("missed", "desk", ASHA, "10:00:05"));
        let output = report(&Input { lines, options: any(), ..Input::default() }.analysis());
        let open = table(&output, &["open_episodes"]);
        assert_eq!(
            cells(open, 0, "instance opened_at last_call_at calls"),
            "desk 05-04 10:00:08 05-04 10:00:05 2"
        );
    }

    #[test]
    fn the_section_speaks_of_sessions_also_where_one_call_rang_on_two_lines() {
        let lines = vec![
            timelines("Missed", "one", "c", ASHA, "10:00:00"),
            timelines("Missed", "two", "c", ASHA, "10:00:05"),
        ];
        check_any(lines, "episodes calls_in_episodes", "1 2");
    }

    #[test]
    fn lines_without_outgoing_calls_have_no_figures() {
        let mut lines = call("missed", "desk", ASHA, "10:00:00");
        lines.extend(call("missed", "annex", RAVI, "10:00:00"));
        let alone = output(lines.clone());
        assert_eq!(cells(table(&alone, &["rows"]), 1, "instance episodes open attempted"), "desk – – –");
        assert_eq!(total_of(&alone, "episodes open attempted_within_sla_rate"), "– – –");
        assert!(table(&alone, &["open_episodes"]).rows.is_empty());
        assert_eq!(
            words(&alone.notes),
            [
                "Feeds wawp annex (incoming), wawp desk (incoming): no outgoing call of the provider is in the \
              input, so nobody can say who was called back. In no figure of callbacks: 2 episodes of \
              unanswered calls; --callbacks-from any counts them."
            ]
        );
        // Another provider's outgoing calls close the episode and show nothing of this one's.
        lines.push(missed("11:00:00"));
        lines.push(talked(ASHA, "12:00:00"));
        let mixed = output(lines.clone());
        assert_eq!(total_of(&mixed, "episodes calls_in_episodes"), "0 0");
        let all = report(&Input { lines: lines.clone(), options: any(), ..Input::default() }.analysis());
        assert_eq!(total_of(&all, "episodes calls_in_episodes open attempted"), "2 3 1 1");
        assert_eq!(
            words(&all.notes),
            [
                "Feeds wawp annex (incoming), wawp desk (incoming): no outgoing call of the provider is in the \
              input, so an episode can be open although somebody called back. Counted all the same: 2 episodes \
              of unanswered calls."
            ]
        );
        // One that cannot be placed in time shows nothing.
        let untimed = tried(ASHA, "10:00:00").replace("CALL_MISSED", "CALL_OUTGOING_INITIATED");
        check(vec![missed("10:00:00"), untimed], "episodes", "–");
    }

    #[test]
    fn a_total_of_zero_stands_only_where_something_could_have_counted() {
        check(vec![incoming("CALL_ENDED", ASHA, "10:00:00"), end_at("10:00:00")], "episodes open", "0 0");
        check(call("accepted", "desk", ASHA, "10:00:00"), "episodes open", "– –");
        check_any(call("accepted", "desk", ASHA, "10:00:00"), "episodes open", "0 0");
        // The filter chooses a line that has no figures.
        let mut lines = call("accepted", "desk", ASHA, "10:00:00");
        lines.push(end_at("10:00:00"));
        let filter = Filter { instances: vec!["desk".into()], ..Filter::default() };
        let output = report(&Input { lines, filter, ..Input::default() }.analysis());
        assert_eq!(total_of(&output, "episodes"), "–");
    }

    #[test]
    fn an_episode_is_chosen_with_its_first_call_and_keeps_all_its_calls() {
        let lines =
            || vec![missed("10:00:00"), missed("11:00:00"), talked(ASHA, "12:00:00"), missed("13:00:00")];
        let chosen = |filter: Filter| {
            let output = report(&Input { lines: lines(), filter, ..Input::default() }.analysis());
            total_of(&output, "episodes calls_in_episodes reached")
        };
        let until = |when: &str| Filter { until: Some(at(when)), ..Filter::default() };
        assert_eq!(chosen(Filter::default()), "2 3 1");
        assert_eq!(chosen(until("10:30:00")), "1 2 1");
        // The second call is chosen, but not the one that opened its episode.
        assert_eq!(chosen(Filter { since: Some(at("10:30:00")), ..until("12:30:00") }), "0 0 0");
        assert_eq!(chosen(Filter { since: Some(at("10:30:00")), ..Filter::default() }), "1 1 0");
    }

    #[test]
    fn open_episodes_stand_oldest_first_and_then_by_customer() {
        let lines = vec![
            incoming("CALL_MISSED", RAVI, "10:00:00"),
            incoming("CALL_MISSED", ASHA, "10:00:00"),
            incoming("CALL_MISSED", "919811110003", "09:00:00"),
            end_at("10:00:00"),
        ];
        let output = output(lines);
        let open = table(&output, &["open_episodes"]);
        let order: Vec<String> = (0..3).map(|it| cell(open, it, "customer")[12..].to_owned()).collect();
        assert_eq!(order, ["3", "1", "2"]);
    }

    #[test]
    fn open_episodes_name_the_customer_and_the_first_call() {
        let named = |line: String, name: &str| {
            line.replace("\"callId\"", &format!("\"customerName\":\"{name}\",\"callId\""))
        };
        let lines = || {
            vec![
                named(incoming("CALL_ENDED", ASHA, "08:00:00"), "A. Rao"),
                named(talked(ASHA, "09:00:00"), "Asha R."),
                missed("10:00:00"),
            ]
        };
        let open = |customers| {
            let output = report(&Input { lines: lines(), customers, ..Input::default() }.analysis());
            cells(table(&output, &["open_episodes"]), 0, "customer_name vip")
        };
        assert_eq!(open(None), "Asha R. –");
        assert_eq!(open(Some("phone,name,vip\n919811110001,Asha Rao,yes\n")), "Asha Rao true");
        let analysis = Input { lines: lines(), ..Input::default() }.analysis();
        let first = analysis.sessions().iter().find(|it| it.outcome == Some(Outcome::Missed));
        let output = report(&analysis);
        assert_eq!(
            Some(cell(table(&output, &["open_episodes"]), 0, "session_id")),
            first.map(|it| it.id(&analysis.texts))
        );
    }

    #[test]
    fn strangers_and_calls_without_a_time_stand_in_a_note() {
        let lines = vec![
            wawp("rejected", "desk", "n", "", "10:00:00"),
            r#"{"event":"call.rejected","session":"desk","payload":{"id":"u","from":"919811110001@c.us"}}"#
                .into(),
        ];
        let output = report(&Input { lines, options: any(), ..Input::default() }.analysis());
        assert_eq!(total_of(&output, "episodes"), "0");
        assert_eq!(
            words(&output.notes),
            [
                "Unanswered calls that do not say who called and so are in no episode: 1.",
                "Unanswered calls that cannot be placed in time and so are in no episode: 1.",
            ]
        );
    }

    #[test]
    fn rows_come_by_agent_provider_and_instance() {
        let mut lines = call("missed", "desk", ASHA, "10:00:00");
        lines.push(timelines("Missed", "b", "1", RAVI, "10:00:00"));
        lines.push(timelines("Missed", "a", "2", "919811110003", "10:00:00"));
        lines.push(incoming("CALL_MISSED", "919811110004", "10:00:00").replace("\"Asha\"", "\"asha@x.in\""));
        let output = output(lines);
        let rows = table(&output, &["rows"]);
        let order: Vec<String> = (0..4).map(|it| cells(rows, it, "agent provider instance")).collect();
        assert_eq!(
            order,
            [
                "(unassigned) wawp desk",
                "asha@x.in doubletick 919800000001",
                "asha@x.in timelinesai a",
                "asha@x.in timelinesai b",
            ]
        );
    }

    #[test]
    fn the_sla_is_told_in_words() {
        let options = ReportOptions { callback_sla_ms: 90 * MINUTE, ..ReportOptions::default() };
        let lines = vec![missed("10:00:00"), end_at("10:00:00")];
        let output = report(&Input { lines, options, ..Input::default() }.analysis());
        assert!(table(&output, &["rows"]).reading[0].contains("called within 90 minutes of the first"));
        assert!(table(&output, &["open_episodes"]).reading[0].starts_with("Overdue: 90 minutes or more"));
    }
}
