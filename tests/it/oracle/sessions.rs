//! Events to sessions: duplicates, calls with ids, calls without, and what each session says.

use super::Params;
use super::dialects::{Event, Kind};
use super::identity::Side;
use sha2::Digest;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The longest silence within one use of a call id.
const REUSE_GAP_MS: i64 = 24 * 3_600_000;

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Answered,
    Rejected,
    Missed,
    Ringing,
}

impl Outcome {
    pub fn text(self) -> &'static str {
        match self {
            Outcome::Answered => "answered",
            Outcome::Rejected => "rejected",
            Outcome::Missed => "missed",
            Outcome::Ringing => "ringing",
        }
    }
}

/// One attempt to call.
#[derive(Clone, Debug)]
pub struct Session {
    pub provider: &'static str,
    pub instance: String,
    pub call_id: Option<String>,
    /// In the order of events; skipped ones stand last.
    pub events: Vec<Event>,
    pub reuse: bool,
    pub collision: bool,
    // What follows is told by `tell`.
    pub id: String,
    pub outgoing: bool,
    pub outcome: Option<Outcome>,
    pub cause: Option<String>,
    pub declined_by: Option<&'static str>,
    pub customer: Option<String>,
    pub customer_name: Option<String>,
    pub account: Option<String>,
    pub agent: String,
    pub agent_source: &'static str,
    pub team: Option<String>,
    pub started_at: Option<i64>,
    pub offered_at: Option<i64>,
    pub decided_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub ring_ms: Option<i64>,
    pub rings: u64,
    pub skipped_agents: u64,
    pub talk_ms: Option<i64>,
    pub video: Option<bool>,
    pub group: Option<bool>,
    pub engine: Option<String>,
    pub country: Option<String>,
    pub payload_country: Option<String>,
    pub chat_ref: Option<String>,
    pub customer_ref: Option<String>,
    /// The event that decided, as a place in `events`.
    pub deciding: Option<usize>,
    /// Rejected later than the ring timeout after the first offer.
    pub is_late: bool,
    // What follows is told by `feeds` and the filters.
    pub orphan: Option<&'static str>,
    pub rated: bool,
    pub unrated_reason: Option<&'static str>,
    pub shows_answers: bool,
    pub subject: bool,
}

impl Session {
    pub fn inferred(&self) -> bool {
        self.cause.as_deref() == Some("inferred")
    }

    pub fn is(&self, outcome: Outcome) -> bool {
        self.outcome == Some(outcome)
    }

    pub fn holds(&self, kind: Kind) -> bool {
        self.events.iter().any(|event| event.kind == kind)
    }

    pub fn has_end(&self) -> bool {
        [Kind::Accepted, Kind::Rejected, Kind::Missed].iter().any(|kind| self.holds(*kind))
    }

    /// The first offer with a time.
    pub fn first_offer(&self) -> Option<&Event> {
        self.events.iter().find(|event| event.kind == Kind::Offered && event.at.is_some())
    }

    pub fn direction(&self) -> &'static str {
        if self.outgoing { "outgoing" } else { "incoming" }
    }
}

/// Something that sorts last where it is missing.
pub fn last<T: Ord>(a: &Option<T>, b: &Option<T>) -> Ordering {
    a.is_none().cmp(&b.is_none()).then_with(|| a.cmp(b))
}

/// The order of events within a session.
pub fn event_order(a: &Event, b: &Event) -> Ordering {
    last(&a.at, &b.at)
        .then_with(|| a.kind.cmp(&b.kind))
        .then_with(|| a.cause.cmp(&b.cause))
        .then_with(|| a.name.cmp(&b.name))
        .then_with(|| a.status.cmp(&b.status))
        .then_with(|| a.outgoing.cmp(&b.outgoing))
        .then_with(|| a.customer.cmp(&b.customer))
        .then_with(|| a.file.cmp(&b.file))
        .then_with(|| a.line.cmp(&b.line))
}

/// The order of sessions in every list of them.
pub fn session_order(a: &Session, b: &Session) -> Ordering {
    a.started_at
        .cmp(&b.started_at)
        .then_with(|| a.provider.cmp(b.provider))
        .then_with(|| a.instance.cmp(&b.instance))
        .then_with(|| last(&a.call_id, &b.call_id))
        .then_with(|| last(&a.customer, &b.customer))
        .then_with(|| a.id.cmp(&b.id))
        .then_with(|| evidence(a).cmp(&evidence(b)))
}

fn evidence(session: &Session) -> Vec<(&str, u64)> {
    session.events.iter().map(|event| (event.file.as_str(), event.line)).collect()
}

/// Splits some events (by index) where neighbours are more than 24 h apart. Those without a time
/// belong to the earliest run.
pub fn runs(events: &[Event], members: &[usize]) -> Vec<Vec<usize>> {
    let mut timed: Vec<usize> = members.iter().copied().filter(|index| events[*index].at.is_some()).collect();
    timed.sort_by(|a, b| event_order(&events[*a], &events[*b]));
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let mut before = None;
    for index in timed {
        let at = events[index].at.expect("timed");
        let joins = before.is_some_and(|before| at - before <= REUSE_GAP_MS);
        if joins {
            runs.last_mut().expect("a run").push(index);
        } else {
            runs.push(vec![index]);
        }
        before = Some(at);
    }
    let untimed = members.iter().copied().filter(|index| events[*index].at.is_none());
    for index in untimed {
        if runs.is_empty() {
            runs.push(Vec::new());
        }
        runs[0].push(index);
    }
    for run in &mut runs {
        run.sort_by(|a, b| event_order(&events[*a], &events[*b]));
    }
    runs
}

/// Drops repeated deliveries; the kept one has the smallest of each optional field.
pub fn without_duplicates(events: Vec<Event>) -> Vec<Event> {
    let mut kept: Vec<Event> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for event in events {
        if event.kind == Kind::Skipped {
            kept.push(event);
            continue;
        }
        let key = format!(
            "{:?}",
            (
                event.provider,
                &event.instance,
                event.outgoing,
                &event.name,
                &event.status,
                &event.call_id,
                &event.customer,
                event.cause,
                event.at,
            )
        );
        match places.get(&key) {
            Some(place) => merge(&mut kept[*place], event),
            None => {
                places.insert(key, kept.len());
                kept.push(event);
            }
        }
    }
    kept
}

fn merge(kept: &mut Event, other: Event) {
    fn least<T: Ord>(a: &mut Option<T>, b: Option<T>) {
        *a = match (a.take(), b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    least(&mut kept.account, other.account);
    least(&mut kept.agent_label, other.agent_label);
    least(&mut kept.metadata_label, other.metadata_label);
    least(&mut kept.ended_at, other.ended_at);
    least(&mut kept.video, other.video);
    least(&mut kept.group, other.group);
    least(&mut kept.talk_ms, other.talk_ms);
    least(&mut kept.received_at, other.received_at);
    least(&mut kept.customer_name, other.customer_name);
    least(&mut kept.customer_ref, other.customer_ref);
    least(&mut kept.chat_ref, other.chat_ref);
    least(&mut kept.engine, other.engine);
    least(&mut kept.country, other.country);
    kept.by_receiver = kept.by_receiver && other.by_receiver;
    kept.replayed = kept.replayed && other.replayed;
    if (&other.file, other.line) < (&kept.file, kept.line) {
        kept.file = other.file;
        kept.line = other.line;
    }
}

fn raw_session(events: Vec<Event>, reuse: bool, collision: bool) -> Session {
    let first = events.first().expect("a session holds an event");
    Session {
        provider: first.provider,
        instance: first.instance.clone(),
        call_id: first.call_id.clone(),
        events,
        reuse,
        collision,
        id: String::new(),
        outgoing: false,
        outcome: None,
        cause: None,
        declined_by: None,
        customer: None,
        customer_name: None,
        account: None,
        agent: String::new(),
        agent_source: "none",
        team: None,
        started_at: None,
        offered_at: None,
        decided_at: None,
        ended_at: None,
        ring_ms: None,
        rings: 0,
        skipped_agents: 0,
        talk_ms: None,
        video: None,
        group: None,
        engine: None,
        country: None,
        payload_country: None,
        chat_ref: None,
        customer_ref: None,
        deciding: None,
        is_late: false,
        orphan: None,
        rated: false,
        unrated_reason: None,
        shows_answers: false,
        subject: false,
    }
}

/// Forms the sessions of all (unique) events.
pub fn form(events: Vec<Event>, params: &Params) -> Vec<Session> {
    let mut by_id: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
    let mut by_customer: BTreeMap<(&str, &str, &str), Vec<usize>> = BTreeMap::new();
    for (index, event) in events.iter().enumerate() {
        match &event.call_id {
            Some(id) => by_id.entry((event.provider, &event.instance, id)).or_default().push(index),
            None => by_customer
                .entry((event.provider, &event.instance, event.customer.as_deref().unwrap_or("")))
                .or_default()
                .push(index),
        }
    }
    let mut sessions = Vec::new();
    for members in by_id.values() {
        for (number, run) in runs(&events, members).into_iter().enumerate() {
            let run: Vec<Event> = run.into_iter().map(|index| events[index].clone()).collect();
            sessions.extend(of_run(run, number > 0));
        }
    }
    for members in by_customer.values() {
        let members: Vec<Event> = members.iter().map(|index| events[*index].clone()).collect();
        sessions.extend(without_ids(members, params.ring_timeout_ms));
    }
    sessions
}

/// One use of a call id: one session, or one for each customer that offers name.
fn of_run(run: Vec<Event>, reuse: bool) -> Vec<Session> {
    let callers: BTreeSet<String> = run
        .iter()
        .filter(|event| event.kind == Kind::Offered)
        .filter_map(|event| event.customer.clone())
        .collect();
    if callers.len() < 2 {
        return vec![raw_session(run, reuse, false)];
    }
    // The offers with a customer, an offer without a time before all others.
    let offers: Vec<(Option<i64>, String)> = run
        .iter()
        .filter(|event| event.kind == Kind::Offered)
        .filter_map(|event| Some((event.at, event.customer.clone()?)))
        .collect();
    let mut parts: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for event in run {
        let own = event.customer.clone().filter(|c| callers.contains(c));
        let owner = own.unwrap_or_else(|| {
            let latest = offers
                .iter()
                .filter(|(at, _)| event.at.is_some() && *at <= event.at)
                .max_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.cmp(&a.1)));
            let earliest = offers.iter().min();
            latest.or(earliest).expect("an offer").1.clone()
        });
        parts.entry(owner).or_default().push(event);
    }
    parts.into_values().map(|events| raw_session(events, reuse, true)).collect()
}

/// The calls of one customer to one instance, told apart by time alone.
fn without_ids(mut events: Vec<Event>, ring_timeout: i64) -> Vec<Session> {
    events.sort_by(event_order);
    let mut machine = Machine { ring_timeout, done: Vec::new(), open: None, last_end: None };
    let mut remaining = events;
    while !remaining.is_empty() {
        // The offer stands first among those of its instant; an end that can end the open session
        // goes before it.
        let at = remaining[0].at;
        let mut next = 0;
        if remaining[0].kind == Kind::Offered
            && let Some(end) =
                remaining.iter().position(|event| event.at == at && event.kind != Kind::Offered)
            && machine.can_end(&remaining[end])
        {
            next = end;
        }
        let event = remaining.remove(next);
        machine.take(event);
    }
    machine.close();
    machine.done.into_iter().map(|events| raw_session(events, false, false)).collect()
}

struct Machine {
    ring_timeout: i64,
    done: Vec<Vec<Event>>,
    /// The session that only rang so far.
    open: Option<Vec<Event>>,
    /// When and how the last session (the last of `done`) first ended, if no offer came since.
    last_end: Option<(i64, Kind)>,
}

impl Machine {
    fn can_end(&self, end: &Event) -> bool {
        let Some(open) = &self.open else {
            return false;
        };
        let at = end.at.expect("Wazzap events have a time");
        let first = open.first().and_then(|event| event.at).expect("an offer");
        let ring = open.last().and_then(|event| event.at).expect("an offer");
        at - first <= 2 * self.ring_timeout || at - ring <= self.ring_timeout
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.done.push(open);
        }
    }

    fn take(&mut self, event: Event) {
        let at = event.at.expect("Wazzap events have a time");
        if event.kind == Kind::Offered {
            self.last_end = None;
            if let Some(open) = &mut self.open {
                let ring = open.last().and_then(|event| event.at).expect("an offer");
                if at - ring <= self.ring_timeout {
                    open.push(event);
                    return;
                }
            }
            self.close();
            self.open = Some(vec![event]);
            return;
        }
        if self.can_end(&event) {
            let mut open = self.open.take().expect("an open session");
            self.last_end = Some((at, event.kind));
            open.push(event);
            self.done.push(open);
            return;
        }
        if let Some((ended, kind)) = self.last_end
            && at - ended <= 5_000
            && kind != event.kind
        {
            self.done.last_mut().expect("a session").push(event);
            return;
        }
        self.close();
        self.last_end = Some((at, event.kind));
        self.done.push(vec![event]);
    }
}

/// Works out what a session says.
pub fn tell(session: &mut Session, watermark: Option<i64>, side: &Side, params: &Params) {
    session.events.sort_by(event_order);
    let s = &*session;
    let first_of = |kind: Kind| s.events.iter().position(|event| event.kind == kind);
    let offer = first_of(Kind::Offered);
    let timed_offer = s.first_offer().cloned();
    let earliest = s.events.iter().find(|event| event.at.is_some());
    let started_at = timed_offer.as_ref().or(earliest).and_then(|event| event.at);

    let mut inferred = false;
    let mut deciding = None;
    let mut outcome = None;
    for (kind, ends) in [
        (Kind::Accepted, Outcome::Answered),
        (Kind::Rejected, Outcome::Rejected),
        (Kind::Missed, Outcome::Missed),
    ] {
        if outcome.is_none()
            && let Some(place) = first_of(kind)
        {
            outcome = Some(ends);
            deciding = Some(place);
        }
    }
    if let (None, Some(offer)) = (outcome, &timed_offer) {
        let since = watermark.map(|watermark| watermark - offer.at.expect("a time"));
        inferred = since.is_some_and(|since| since >= params.ring_timeout_ms);
        outcome = Some(if inferred { Outcome::Missed } else { Outcome::Ringing });
    }
    let decider = deciding.map(|place| &s.events[place]);

    let outgoing = offer.map(|place| &s.events[place]).or(decider).unwrap_or(&s.events[0]).outgoing;
    let offered_at = timed_offer.as_ref().and_then(|event| event.at);
    let decided_at = decider.and_then(|event| event.at);
    let ended_at = if outcome == Some(Outcome::Answered) {
        let said = s.events.iter().filter_map(|event| event.ended_at);
        let hung_up = s
            .events
            .iter()
            .filter(|event| matches!(event.kind, Kind::Rejected | Kind::Missed))
            .filter_map(|event| event.at)
            .filter(|at| decided_at.is_some_and(|accepted| *at >= accepted));
        said.chain(hung_up).max()
    } else {
        decided_at
    };
    let ring_ms = match (&timed_offer, decider) {
        (Some(offer), Some(decider)) => decider
            .at
            .map(|at| at - offer.at.expect("a time"))
            .filter(|ms| *ms >= 0)
            .filter(|_| offer.by_receiver == decider.by_receiver)
            .filter(|_| !offer.replayed && !decider.replayed),
        _ => None,
    };

    // Fields of the deciding event, else of the earliest that has them.
    let in_turn = || decider.into_iter().chain(s.events.iter());
    let text = |field: fn(&Event) -> Option<String>| in_turn().find_map(field);
    let cause = if inferred {
        Some("inferred".to_string())
    } else {
        decider.and_then(|event| event.cause).map(str::to_string)
    };
    let customer = text(|event| event.customer.clone());
    let talk_ms = in_turn().find_map(|event| event.talk_ms);
    let offers = || s.events.iter().filter(|event| event.kind == Kind::Offered);
    let video = offers().chain(s.events.iter()).find_map(|event| event.video);
    let group = if s.events.iter().any(|event| event.group == Some(true)) {
        Some(true)
    } else if s.events.iter().any(|event| event.group == Some(false)) {
        Some(false)
    } else {
        None
    };
    let declined_by = match outcome {
        Some(Outcome::Rejected) if outgoing => Some("customer"),
        Some(Outcome::Rejected) => Some(if cause.as_deref() == Some("policy") {
            "policy"
        } else if ring_ms.is_some_and(|ms| ms < params.instant_ms) {
            "instant"
        } else if cause.as_deref() == Some("declined") {
            "agent"
        } else {
            "unknown"
        }),
        _ => None,
    };
    let (label, agent_source) = if let Some(label) = text(|event| event.agent_label.clone()) {
        (Some(label), "payload")
    } else if let Some(label) = side.on_roster(s.provider, &s.instance, started_at) {
        (Some(label), "roster")
    } else if let Some(label) = text(|event| event.metadata_label.clone()) {
        (Some(label), "metadata")
    } else {
        (None, "none")
    };
    let (agent, team) = match label {
        Some(label) => side.person(&label),
        None => ("(unassigned)".to_string(), None),
    };
    let payload_country = text(|event| event.country.clone());
    let country = payload_country.clone().or_else(|| customer.as_deref().and_then(super::identity::country));
    let direction = if outgoing { "outgoing" } else { "incoming" };
    let start = started_at.map(|ms| ms.to_string()).unwrap_or_default();
    let who = s.call_id.clone().or(customer.clone()).unwrap_or_default();
    let named = [s.provider, &s.instance, direction, &who, &start].join("\u{1F}");
    let hash = sha2::Sha256::digest(named.as_bytes());
    let id = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();

    let rings = offers().count() as u64;
    let skipped = |event: &&Event| event.kind == Kind::Skipped;
    let skipped_agents = s.events.iter().filter(skipped).count() as u64;
    let customer_name = text(|event| event.customer_name.clone());
    let account = text(|event| event.account.clone());
    let engine = text(|event| event.engine.clone());
    let chat_ref = text(|event| event.chat_ref.clone());
    let customer_ref = text(|event| event.customer_ref.clone());

    session.id = id;
    session.outgoing = outgoing;
    session.outcome = outcome;
    session.cause = cause;
    session.declined_by = declined_by;
    session.customer = customer;
    session.customer_name = customer_name;
    session.account = account;
    session.agent = agent;
    session.agent_source = agent_source;
    session.team = team;
    session.started_at = started_at;
    session.offered_at = offered_at;
    session.decided_at = decided_at;
    session.ended_at = ended_at;
    session.ring_ms = ring_ms;
    session.rings = rings;
    session.skipped_agents = skipped_agents;
    session.talk_ms = talk_ms;
    session.video = video;
    session.group = group;
    session.engine = engine;
    session.country = country;
    session.payload_country = payload_country;
    session.chat_ref = chat_ref;
    session.customer_ref = customer_ref;
    session.deciding = deciding;
    session.is_late =
        outcome == Some(Outcome::Rejected) && ring_ms.is_some_and(|ms| ms > params.ring_timeout_ms);
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sessions_of, wawp, wazzap};
    use super::super::{Params, analyse};

    const T: i64 = 1_771_400_000_000;

    fn brief(lines: &[String]) -> Vec<String> {
        sessions_of(lines)
            .iter()
            .map(|s| {
                let ring = &s["ring_ms"];
                format!("{} {} {}", s["outcome"].as_str().unwrap_or("-"), s["rings"], ring)
            })
            .collect()
    }

    #[test]
    fn a_call_with_an_id() {
        let lines = [
            wawp("call.rejected", "1", T + 9_000, r#""_data":{"status":"reject"}"#),
            wawp("call.received", "1", T, r#""from":"5215512345678@c.us""#),
            wawp("call.received", "1", T + 1, r#""from":"5215512345678@c.us""#),
            wawp("call.received", "1", T, r#""from":"525512345678@c.us""#),
        ];
        assert_eq!(brief(&lines), ["rejected 2 9000"]);
        let s = &sessions_of(&lines)[0];
        assert_eq!(s["declined_by"], "agent");
        assert_eq!(s["customer"], "+525512345678");
        assert_eq!(s["started_at"], "2026-02-18T07:33:20.000+00:00");
        assert_eq!(s["evidence"][0]["line"], 2);
        let out = analyse(&[("f".to_string(), lines.join("\n").into_bytes())], &Params::default());
        assert_eq!(out["accounting"]["events"]["duplicates"], 1);
    }

    #[test]
    fn reuse_after_a_day_and_collisions() {
        let day = 24 * 3_600_000;
        let of = |name: &str, at: i64, who: &str| wawp(name, "1", at, &format!(r#""from":"{who}@c.us""#));
        let same = [of("call.received", T, "34600111222"), of("call.rejected", T + day, "34600111222")];
        assert_eq!(sessions_of(&same).len(), 1);
        let reuse = [of("call.received", T, "34600111222"), of("call.rejected", T + day + 1, "34600111222")];
        let sessions = sessions_of(&reuse);
        assert_eq!(sessions.len(), 2);
        assert_eq!(sessions[1]["anomalies"][1], "id_reuse");
        let collision = [
            of("call.received", T, "34600111222"),
            of("call.received", T + 10, "34600111223"),
            of("call.rejected", T + 2_000, "34600111222"),
            wawp("call.accepted", "1", T + 3_000, r#""x":1"#),
        ];
        assert_eq!(brief(&collision), ["rejected 1 2000", "answered 1 2990"]);
    }

    #[test]
    fn wazzaps_rings_and_ends() {
        let line = |name: &str, at: i64| wazzap(name, "34600111222", T + at * 1000);
        // One call that rings twice, and the end 120 s after the first ring.
        let lines = [line("call.incoming", 0), line("call.incoming", 55), line("call.reject", 120)];
        assert_eq!(brief(&lines), ["rejected 2 120000"]);
        // More than 120 s after the first ring, but 60 s after the last.
        let rings = [line("call.incoming", 0), line("call.incoming", 55)];
        let more = [line("call.incoming", 100), line("call.reject", 160)];
        assert_eq!(brief(&[rings, more].concat()), ["rejected 3 160000"]);
        let lines = [line("call.incoming", 0), line("call.reject", 121)];
        assert_eq!(brief(&lines), ["missed 1 null", "rejected 0 null"]);
        // The end of the old call comes before the offer of the new one.
        let lines = [
            line("call.incoming", 0),
            line("call.incoming", 30),
            line("call.reject", 30),
            line("call.missed", 40),
        ];
        assert_eq!(brief(&lines), ["rejected 1 30000", "missed 1 10000"]);
        // A second end within 5 s joins, unless of one kind or with an offer between.
        let lines = [line("call.reject", 0), line("call.missed", 5)];
        assert_eq!(brief(&lines), ["rejected 0 null"]);
        let lines = [line("call.reject", 0), line("call.missed", 6)];
        assert_eq!(brief(&lines).len(), 2);
        let lines = [line("call.reject", 0), line("call.reject", 5)];
        assert_eq!(brief(&lines).len(), 2);
    }

    #[test]
    fn inferred_and_ringing() {
        let lines = [wawp("call.received", "1", T, ""), wawp("call.received", "2", T + 60_000, "")];
        assert_eq!(brief(&lines), ["missed 1 null", "ringing 1 null"]);
    }
}
