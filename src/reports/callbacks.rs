//! Callbacks: whether customers whose calls were not answered were called back, how soon, and who
//! still waits.
//!
//! An unanswered call promises a call back. What a customer tried in vain until the next contact is
//! one *episode*, formed over the calls of all lines; it belongs to the agent and line of its first
//! call.

use std::collections::{HashMap, HashSet};

use super::groups::{Key, Value};
use super::{Output, Sentence, frustration, notes};
use crate::analysis::{Analysis, CallbacksFrom};
use crate::definitions::column;
use crate::dialects::Provider;
use crate::event::Direction;
use crate::section::{Body, Cell, Column, Part, Person, Shown, Table, say};
use crate::session::{DeclinedBy, FeedKey, Outcome, Session};
use crate::stats;
use crate::text::Sym;

/// What a row is about.
const KEYS: [Key; 3] = [Key::Agent, Key::Provider, Key::Instance];

/// Episodes of unanswered calls: figures by agent and line, and those that nobody answered yet.
pub fn report(analysis: &Analysis) -> Output {
    let shown = Shows::of(analysis);
    let mut groups: HashMap<[Value; 3], Option<Tally>> = HashMap::new();
    let mut total = Tally::default();
    let mut open = Vec::new();
    let mut apart: HashMap<FeedKey, u64> = HashMap::new();
    let episodes: Vec<Episode> = histories(analysis)
        .iter()
        .flat_map(|it| episodes(it, analysis))
        .filter(|it| analysis.subject[it.first])
        .collect();
    for episode in &episodes {
        let first = &analysis.sessions()[episode.first];
        let counts = shown.counts(first.provider);
        let group = groups.entry(KEYS.map(|it| it.value(first, analysis))).or_default();
        if counts {
            group.get_or_insert_default().add(episode, analysis);
            total.add(episode, analysis);
            open.extend(Some(episode).filter(|it| it.contact_at().is_none()));
        }
        if !counts || !shown.outgoing.contains(&first.provider) {
            *apart.entry(first.feed()).or_default() += 1;
        }
    }
    let any = shown.has_figures(analysis);
    Output {
        parts: vec![
            Part { path: vec!["rows"], body: Body::Rows(by_line(groups, any.then_some(total), analysis)) },
            Part { path: vec!["open_episodes"], body: Body::Rows(open_episodes(open, any, analysis)) },
        ],
        notes: apart_note(&apart, analysis).into_iter().chain(left_out(analysis)).collect(),
        ..Output::default()
    }
}

/// Of which providers the input can show who was called back.
struct Shows {
    from: CallbacksFrom,
    outgoing: HashSet<Provider>,
}

impl Shows {
    fn of(analysis: &Analysis) -> Self {
        let outgoing =
            analysis.sessions().iter().filter(|it| it.direction == Direction::Outgoing && it.is_timed());
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
        analysis.subjects().any(|it| it.is_timed() && self.counts(it.provider))
    }
}

/// Whether a call was not answered, and it is known that it was not.
fn is_unanswered(session: &Session) -> bool {
    session.direction == Direction::Incoming
        && matches!(session.outcome, Some(Outcome::Rejected | Outcome::Missed))
}

/// When the clock of a promise starts: when it was decided, else when it had rung too long; where the
/// event that decided has no time and no offer is there, at the start, which is that of another end.
fn clock(session: &Session, ring_timeout_ms: i64) -> Option<i64> {
    let rang_out = || Some(session.offered_at?.saturating_add(ring_timeout_ms));
    session.decided_at.or_else(rang_out).or(session.started_at)
}

/// What happened between the business and one customer, in the whole input.
#[derive(Default)]
struct History {
    /// Promises: when the clock of each starts, and its place among the sessions.
    promises: Vec<(i64, usize)>,
    /// Starts of outgoing sessions, in order.
    outgoing: Vec<i64>,
    /// Starts of answered sessions of either direction, in order.
    answered: Vec<i64>,
}

/// The histories of customers with a promise.
fn histories(analysis: &Analysis) -> Vec<History> {
    let mut places: HashMap<Sym, usize> = HashMap::new();
    let mut histories: Vec<History> = Vec::new();
    for (place, session) in analysis.sessions().iter().enumerate() {
        let (Some(customer), Some(started_at)) = (session.customer, session.started_at) else { continue };
        if session.group == Some(true) {
            continue;
        }
        let at = *places.entry(customer).or_insert_with(|| {
            histories.push(History::default());
            histories.len() - 1
        });
        let history = &mut histories[at];
        // Sessions come by start, and so do the lists.
        if session.direction == Direction::Outgoing {
            history.outgoing.push(started_at);
        }
        if session.outcome == Some(Outcome::Answered) {
            history.answered.push(started_at);
        }
        if is_unanswered(session)
            && let Some(clock) = clock(session, analysis.options.ring_timeout_ms)
        {
            history.promises.push((clock, place));
        }
    }
    histories.retain(|it| !it.promises.is_empty());
    for history in &mut histories {
        // Of two promises of one instant the one that comes first among sessions is the first.
        history.promises.sort_unstable();
    }
    histories
}

/// A customer's unanswered calls up to the next contact.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Episode {
    /// The place of its first call, whose agent and line are the episode's.
    first: usize,
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

/// The episodes of one customer, in order.
fn episodes(history: &History, analysis: &Analysis) -> Vec<Episode> {
    let next = |starts: &[i64], after: i64| starts.get(starts.partition_point(|it| *it <= after)).copied();
    let mut episodes: Vec<Episode> = Vec::new();
    for &(clock, place) in &history.promises {
        let session = &analysis.sessions()[place];
        let started_at = session.started_at.unwrap_or(clock);
        let orphan_calls = u64::from(session.orphan.is_some());
        let policy_calls = u64::from(session.declined_by == Some(DeclinedBy::Policy));
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
                opened_at: clock,
                calls: 1,
                orphan_calls,
                policy_calls,
                last_call_at: started_at,
                attempt_at: next(&history.outgoing, clock),
                reach_at: next(&history.answered, clock),
            }),
        }
    }
    episodes
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
fn by_line(groups: HashMap<[Value; 3], Option<Tally>>, total: Option<Tally>, analysis: &Analysis) -> Table {
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
    let session = |it: &Episode| &analysis.sessions()[it.first];
    // A customer has one open episode at most.
    let customer = |it: &Episode| session(it).customer.map(|it| texts.get(it));
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
            Key::Agent.value(first, analysis).cell(analysis),
            Key::Provider.value(first, analysis).cell(analysis),
            Key::Instance.value(first, analysis).cell(analysis),
            Cell::Instant(episode.opened_at),
            Cell::opt(waiting.filter(|it| *it >= 0), Cell::Millis),
            Cell::Bool(episode.is_overdue(analysis)),
            Cell::Count(episode.calls),
            Cell::Count(episode.orphan_calls),
            Cell::Count(episode.policy_calls),
            Cell::Instant(episode.last_call_at),
            super::sessions::id(first, texts),
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
    let wanted: HashSet<Sym> = episodes.iter().filter_map(|it| sessions[it.first].customer).collect();
    let named = sessions.iter().filter_map(|it| Some((it.customer?, it.customer_name?)));
    // Sessions come by start, so that the latest stays.
    named.filter(|(customer, _)| wanted.contains(customer)).collect()
}

/// What to say of lines whose provider shows no outgoing call.
fn apart_note(apart: &HashMap<FeedKey, u64>, analysis: &Analysis) -> Option<Sentence> {
    let mut feeds: Vec<&FeedKey> = apart.keys().collect();
    feeds.sort_by_key(|(provider, instance, _)| (provider.name(), analysis.texts.get(*instance)));
    let episodes = notes::plural(apart.values().sum(), "episode", "episodes");
    let what = match analysis.options.callbacks_from {
        CallbacksFrom::Outgoing => format!(
            ": no outgoing call of the provider is in the input, so nobody can say who was called back; {episodes} of \
             unanswered calls are in no figure of callbacks. --callbacks-from any counts them."
        ),
        CallbacksFrom::Any => format!(
            ": no outgoing call of the provider is in the input; {episodes} of unanswered calls are counted all the \
             same, and can be open although somebody called back."
        ),
    };
    (!feeds.is_empty()).then(|| notes::named(&feeds, &what, analysis))
}

/// Unanswered calls that promise nothing to anybody known.
fn left_out(analysis: &Analysis) -> Vec<Sentence> {
    let (mut groups, mut untimed, mut nobody) = (0_u64, 0, 0);
    for session in analysis.subjects().filter(|it| is_unanswered(it)) {
        match session {
            it if it.group == Some(true) => groups += 1,
            it if !it.is_timed() => untimed += 1,
            it if it.customer.is_none() => nobody += 1,
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
