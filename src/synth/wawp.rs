//! Wawp lines: `{"id":"evt_…","timestamp":MS,"event":"call.received","session":…,"me":{…},
//! "payload":{"id":…,"from":"…@c.us","timestamp":S,…,"_data":{…}},"engine":…}`. Every engine behind the
//! envelope has its own `_data` and its own silences.

use super::cast::{Desk, Engine};
use super::clock::{DAY, INDIA, MINUTE, SECOND, may, utc};
use super::json::Obj;
use super::people::Lid;
use super::plan::{Call, Class, End, Outcome, Plan};

/// What is unusual about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twist {
    None,
    /// The offer never arrived.
    Orphan(&'static str),
    /// The rejection's clock runs before the offer's.
    BeforeOffer,
    /// Both events arrive once more after a reconnect, that many milliseconds late.
    Replayed(i64),
    /// The offer was posted again later, so it stands behind the end in the file.
    OfferLate,
    /// Two offers for one ring.
    Twin,
    /// The lines show the hidden identity alone; another call of the same customer shows both.
    HiddenOnly,
    Video,
    Group,
}

/// A call to be written.
pub(super) struct Ask {
    pub(super) desk: &'static Desk,
    pub(super) person: usize,
    pub(super) start: i64,
    pub(super) ring_ms: i64,
    pub(super) end: End,
    pub(super) twist: Twist,
    /// `None` for a fresh one.
    pub(super) call_id: Option<String>,
}

/// One event on its way to a line.
struct Event<'a> {
    name: &'a str,
    at: i64,
    /// Posted by the server that many milliseconds later, under a later `timestamp`.
    replayed_by: i64,
    written_at: i64,
    payload: Obj,
}

/// Writes the lines of a call and puts its session on the record. Returns the call id.
pub(super) fn call(plan: &mut Plan, ask: &Ask) -> String {
    let desk = ask.desk;
    let id = ask.call_id.clone().unwrap_or_else(|| plan.rng.hex(2));
    let replayed_by = if let Twist::Replayed(delay) = ask.twist { delay } else { 0 };
    // A replay's time is that of the payload: whole seconds.
    let start = if replayed_by > 0 { ask.start / SECOND * SECOND } else { ask.start };
    let orphan = if let Twist::Orphan(class) = ask.twist { Some(class) } else { None };
    let from = Sender::of(plan, ask);

    let mut session = Call::new(desk, start);
    session.call_id = Some(id.clone());
    session.video = (desk.engine != Engine::Bare || orphan.is_none()).then_some(ask.twist == Twist::Video);
    session.group = ask.twist == Twist::Group;
    // The short form of a rejection names nobody.
    if !session.group && (desk.engine != Engine::Bare || orphan.is_none()) {
        session = session.of(plan, ask.person, from.hidden);
    }
    session.orphan = orphan;

    if orphan.is_none() {
        let written_at = start + replayed_by + if ask.twist == Twist::OfferLate { 9 * SECOND } else { 0 };
        let payload = offer(desk, &id, &from.first, &from, start, ask.twist);
        write(plan, desk, Event { name: "call.received", at: start, replayed_by, written_at, payload });
        if ask.twist == Twist::Twin {
            let at = start + plan.rng.between(4, 60);
            let payload = offer(desk, &id, &from.second, &from, at, ask.twist);
            write(plan, desk, Event { name: "call.received", at, replayed_by, written_at: at, payload });
            session.rings = 2;
        }
    } else {
        session.rings = 0;
    }

    let decided_at = match ask.twist {
        Twist::Orphan(_) => start,
        Twist::Replayed(_) => start + (ask.ring_ms / SECOND).max(2) * SECOND,
        _ => start + ask.ring_ms,
    };
    let (outcome, cause) = ending(desk.engine, ask.end);
    session.outcome = outcome;
    session.cause = cause;
    if let Some(payload) = end_payload(desk, &id, &from, decided_at, ask) {
        let name = if outcome == Outcome::Answered { "call.accepted" } else { "call.rejected" };
        write(
            plan,
            desk,
            Event { name, at: decided_at, replayed_by, written_at: decided_at + replayed_by, payload },
        );
        session.decided_at = Some(decided_at);
        session.ring_ms = (orphan.is_none() && replayed_by == 0 && ask.ring_ms >= 0).then_some(ask.ring_ms);
    }
    if let End::Answered(talk) = ask.end
        && desk.engine == Engine::Gows
        && plan.rng.percent(12)
    {
        hang_up(plan, desk, &id, &from, decided_at + talk * SECOND);
    }
    if outcome == Outcome::Rejected && orphan.is_none() && replayed_by == 0 {
        if ask.ring_ms > MINUTE {
            session.anomalies.push("late_rejection");
        }
        if ask.ring_ms < 0 {
            session.anomalies.push("out_of_order");
        }
    }
    if let Some(kind) = orphan_kind(orphan, outcome) {
        session.anomalies.push(kind);
    }
    if replayed_by > 0 {
        session.anomalies.push("replayed");
    }
    plan.record(session);
    id
}

fn orphan_kind(orphan: Option<&str>, outcome: Outcome) -> Option<&'static str> {
    orphan.and(match outcome {
        Outcome::Answered => Some("orphaned_accept"),
        Outcome::Rejected => Some("orphaned_rejection"),
        Outcome::Missed => Some("orphaned_miss"),
        Outcome::Ringing => None,
    })
}

/// What the engine's lines make of an end.
fn ending(engine: Engine, end: End) -> (Outcome, Option<&'static str>) {
    match (engine, end) {
        (_, End::Ringing) => (Outcome::Ringing, None),
        (_, End::Silence) | (Engine::Webjs, End::RangOut | End::HungUp) => {
            (Outcome::Missed, Some("inferred"))
        }
        (Engine::Bare | Engine::Noweb, End::RangOut) => (Outcome::Missed, Some("inferred")),
        (_, End::Answered(_)) => (Outcome::Answered, None),
        (_, End::Policy) => (Outcome::Rejected, Some("policy")),
        (Engine::Bare, End::Declined | End::Instant | End::HungUp) => (Outcome::Rejected, Some("reported")),
        (_, End::Declined | End::Instant) => (Outcome::Rejected, Some("declined")),
        (_, End::RangOut) => (Outcome::Missed, Some("timeout")),
        (_, End::HungUp) => (Outcome::Missed, Some("ended_unanswered")),
    }
}

/// The caller as the lines show them.
struct Sender {
    first: String,
    second: String,
    lid: Option<String>,
    phone: Option<String>,
    hidden: bool,
    group: bool,
}

impl Sender {
    fn of(plan: &mut Plan, ask: &Ask) -> Self {
        if ask.twist == Twist::Group {
            let group = format!("120363{:012}@g.us", plan.rng.below(1_000_000_000_000));
            return Self {
                first: group.clone(),
                second: group,
                lid: None,
                phone: None,
                hidden: false,
                group: true,
            };
        }
        let who = plan.people.get(ask.person);
        let digits = &who.digits;
        let by_number = match ask.desk.engine {
            Engine::Noweb => format!("{digits}@s.whatsapp.net"),
            _ => format!("{digits}@c.us"),
        };
        let lid = (ask.desk.engine == Engine::Gows && who.lid != Lid::No)
            .then(|| format!("{}@lid", who.lid_digits));
        let phone = match who.lid {
            Lid::Shown if ask.twist != Twist::HiddenOnly => Some(format!("{digits}@s.whatsapp.net")),
            _ => None,
        };
        let hidden = lid.is_some();
        let second =
            if who.lid == Lid::Shown { by_number.clone() } else { lid.clone().unwrap_or(by_number.clone()) };
        Self { first: lid.clone().unwrap_or(by_number), second, phone, lid, hidden, group: false }
    }
}

fn offer(desk: &Desk, id: &str, jid: &str, from: &Sender, at: i64, twist: Twist) -> Obj {
    let video = twist == Twist::Video;
    let payload = Obj::new().str("id", id).str("from", jid);
    if desk.engine == Engine::Bare {
        return payload.bool("isVideo", video);
    }
    let payload =
        payload.num("timestamp", at.div_euclid(SECOND)).bool("isVideo", video).bool("isGroup", from.group);
    match desk.engine {
        Engine::Gows => payload.obj("_data", gows(id, jid, from, at, None)),
        Engine::Noweb => payload.obj("_data", noweb(id, jid, at, "offer")),
        Engine::Webjs | Engine::Bare | Engine::None => payload,
    }
}

/// The payload of the event that ends the call, if the engine sends one.
fn end_payload(desk: &Desk, id: &str, from: &Sender, at: i64, ask: &Ask) -> Option<Obj> {
    let jid = &from.first;
    let full = || {
        let video = ask.twist == Twist::Video;
        let payload = Obj::new().str("id", id).str("from", jid).num("timestamp", at.div_euclid(SECOND));
        payload.bool("isVideo", video).bool("isGroup", from.group)
    };
    let (outcome, cause) = ending(desk.engine, ask.end);
    if outcome == Outcome::Ringing || cause == Some("inferred") {
        return None;
    }
    Some(match (desk.engine, ask.end) {
        (Engine::Bare | Engine::None, _) => Obj::new().str("id", id),
        (Engine::Webjs, _) => {
            let data = Obj::new().str("id", id).str("from", jid).str("status", "reject").bool("api", true);
            full().obj("_data", data)
        }
        (Engine::Noweb, End::Answered(_)) => full().obj("_data", noweb(id, jid, at, "accept")),
        (Engine::Noweb, End::HungUp) => full().obj("_data", noweb(id, jid, at, "terminate")),
        (Engine::Noweb, _) => full().obj("_data", noweb(id, jid, at, "reject")),
        (Engine::Gows, End::Answered(_)) => {
            full().obj("_data", gows(id, jid, from, at, Some(("accept", ""))))
        }
        (Engine::Gows, End::RangOut) => {
            full().obj("_data", gows(id, jid, from, at, Some(("terminate", "timeout"))))
        }
        (Engine::Gows, End::HungUp) => full().obj("_data", gows(id, jid, from, at, Some(("terminate", "")))),
        (Engine::Gows, _) => full().obj("_data", gows(id, jid, from, at, Some(("reject", "")))),
    })
}

/// After an answered call the engine reports its end as a rejection: a trap, for the call stays answered.
fn hang_up(plan: &mut Plan, desk: &'static Desk, id: &str, from: &Sender, at: i64) {
    let tag = if plan.hang_ups.is_multiple_of(3) { "reject" } else { "terminate" };
    plan.hang_ups += 1;
    let payload = Obj::new().str("id", id).str("from", &from.first).num("timestamp", at.div_euclid(SECOND));
    let payload = payload.bool("isVideo", false).bool("isGroup", false);
    let payload = payload.obj("_data", gows(id, &from.first, from, at, Some((tag, ""))));
    write(plan, desk, Event { name: "call.rejected", at, replayed_by: 0, written_at: at, payload });
}

/// The raw event of the Go engine; `end` is the tag and the reason of what is not an offer.
fn gows(id: &str, jid: &str, from: &Sender, at: i64, end: Option<(&str, &str)>) -> Obj {
    let data = Obj::new().str("From", jid).str("Timestamp", &utc(at)).str("CallCreator", jid);
    // Group calls name no number; hidden callers usually do.
    let alternative = from.phone.as_deref().filter(|_| from.lid.as_deref() == Some(jid));
    let data = match alternative {
        Some(phone) => data.str("CallCreatorAlt", phone),
        None => data.str("CallCreatorAlt", ""),
    };
    let data = data.str("CallID", id);
    let attrs = Obj::new().str("call-id", id).str("call-creator", jid);
    match end {
        None => data
            .str("RemotePlatform", "android")
            .obj("Data", Obj::new().str("Tag", "offer").obj("Attrs", attrs)),
        Some((tag, reason)) => {
            let data = if tag == "terminate" { data.str("Reason", reason) } else { data };
            data.obj("Data", Obj::new().str("Tag", tag).obj("Attrs", attrs))
        }
    }
}

/// The raw event of the Node engine.
fn noweb(id: &str, jid: &str, at: i64, status: &str) -> Obj {
    let data = Obj::new().str("chatId", jid).str("from", jid).str("id", id).str("date", &utc(at));
    data.bool("isGroup", false).bool("offline", false).str("status", status)
}

fn write(plan: &mut Plan, desk: &'static Desk, event: Event) {
    let line = envelope(plan, desk, event.name, event.at + event.replayed_by, event.payload);
    let file = file_at(event.written_at);
    // A webhook that was not confirmed in time is posted once more: the same event, byte for byte.
    if plan.rng.percent(2) {
        plan.duplicates += 1;
        plan.row(
            file_at(event.written_at + 2 * SECOND),
            event.written_at + 2 * SECOND,
            Class::Call,
            line.clone(),
        );
    }
    plan.row(file, event.written_at, Class::Call, line);
}

/// Any Wawp webhook around a payload.
pub(super) fn envelope(plan: &mut Plan, desk: &Desk, name: &str, timestamp: i64, payload: Obj) -> String {
    let account = Obj::new().str("id", &format!("{}@c.us", desk.account)).str("pushName", desk.title);
    let engine = match desk.engine {
        Engine::Gows => "GOWS",
        Engine::Noweb | Engine::Bare => "NOWEB",
        Engine::Webjs | Engine::None => "WEBJS",
    };
    let line =
        Obj::new().str("id", &plan.event_id()).num("timestamp", timestamp).str("session", desk.instance);
    let line =
        line.obj("metadata", Obj::new().str("user.id", "4471")).str("engine", engine).str("event", name);
    line.obj("payload", payload).obj("me", account).done()
}

/// The weekly file that a moment belongs to.
pub(super) fn file_at(at: i64) -> &'static str {
    const WEEKS: [&str; 5] = [
        "wawp/2026-05-wk1.ndjson",
        "wawp/2026-05-wk2.ndjson",
        "wawp/2026-05-wk3.ndjson",
        "wawp/2026-05-wk4.ndjson",
        "wawp/2026-05-wk5.ndjson",
    ];
    let week = (at - may(1, 0, 0, 0, INDIA)).div_euclid(7 * DAY).clamp(0, 4);
    WEEKS[week as usize]
}
