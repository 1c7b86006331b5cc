//! DoubleTick lines, as a collector of the desk's own keeps them:
//! `{"received_at":"…Z","path":"/hooks/doubletick","body":{"event":"CALL_REJECTED","callId":…}}`. The
//! initiation says no time of its own, so only the envelope tells when it began to ring.

use super::cast::Desk;
use super::clock::{MINUTE, SECOND, utc_ms};
use super::json::Obj;
use super::plan::{Call, Class, End, Outcome, Plan};

pub(super) const FILE: &str = "doubletick/collector.ndjson";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twist {
    None,
    /// The initiation never arrived.
    Orphan(&'static str),
    /// The provider's clock runs ahead of the collector's by that many milliseconds.
    ClockAhead(i64),
    /// The end arrived that many milliseconds late.
    Late(i64),
    /// The line was exported by a tool that renames the keys.
    Renamed,
    /// Declined by a customer, and the line names the customer instead of the agent.
    NamesCustomer,
    /// The connection broke.
    Failed,
    /// The customer did not pick up, and the provider says so itself.
    ReportedMiss,
}

/// A call to be written.
pub(super) struct Ask {
    pub(super) desk: &'static Desk,
    pub(super) person: usize,
    pub(super) start: i64,
    pub(super) ring_ms: i64,
    pub(super) outgoing: bool,
    pub(super) end: End,
    /// Who answers, declines or, outgoing, calls; the spelling of the payload.
    pub(super) agent: Option<&'static str>,
    /// Agents whose phone rang before.
    pub(super) skipped: u64,
    pub(super) twist: Twist,
    /// Whether the number is subscribed to initiations.
    pub(super) announced: bool,
    pub(super) unrated: Option<&'static str>,
}

/// The fields in which the events of a call differ.
#[derive(Clone, Copy, Default)]
struct State<'a> {
    status: &'a str,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    talk: i64,
    picked_by: &'a str,
    rejected_by: &'a str,
    ended_by: &'a str,
}

/// Writes the lines of a call and puts its session on the record.
pub(super) fn call(plan: &mut Plan, ask: &Ask) {
    let id = plan.rng.text(10, super::rng::CROCKFORD).to_uppercase();
    let offered = ask.announced && !matches!(ask.twist, Twist::Orphan(_));
    let ahead = if let Twist::ClockAhead(by) = ask.twist { by } else { 0 };
    // By the provider's clock; its milliseconds are whole ones.
    let decided_at = if offered { ask.start + ask.ring_ms + ahead } else { ask.start };
    let customer = plan.people.get(ask.person).name.clone();
    let agent = ask.agent.unwrap_or("");
    let caller = if ask.outgoing { agent } else { "" };

    let mut session =
        Call::new(ask.desk, if offered { ask.start } else { decided_at }).of(plan, ask.person, false);
    session.call_id = Some(format!("call_{id}"));
    session.outgoing = ask.outgoing;
    session.label = ask.agent;
    session.unrated = ask.unrated;
    session.rings = u64::from(offered);
    session.decided_at = Some(decided_at);
    if let Twist::Orphan(class) = ask.twist {
        session.orphan = Some(class);
    }

    if offered {
        let state = State { status: "INITIATED", picked_by: caller, ..State::default() };
        let name = if ask.outgoing { "CALL_OUTGOING_INITIATED" } else { "CALL_INCOMING_INITIATED" };
        write(plan, ask, &id, name, state, ask.start);
        for skip in 1..=ask.skipped {
            let state = State { status: "INITIATED", ..State::default() };
            write(plan, ask, &id, "CALL_NOT_PICKED", state, ask.start + skip as i64 * ask.ring_ms / 8);
        }
        session.skipped = ask.skipped;
    }

    let arrival = decided_at - ahead + plan.rng.between(250, 1_400);
    match ask.end {
        End::Answered(talk) => {
            session.outcome = Outcome::Answered;
            session.talk_ms = Some(talk * SECOND);
            let started_at = Some(decided_at);
            let state = State { status: "IN_PROGRESS", started_at, picked_by: agent, ..State::default() };
            write(plan, ask, &id, "CALL_ACCEPTED", state, arrival);
            let ended_at = decided_at + talk * SECOND + plan.rng.between(0, 999);
            let ended_by = if plan.rng.percent(55) { customer.as_str() } else { agent };
            let state = State {
                status: "END",
                started_at,
                ended_at: Some(ended_at),
                talk,
                picked_by: agent,
                ended_by,
                ..state
            };
            write(plan, ask, &id, "CALL_ENDED", state, ended_at + 700);
        }
        End::Declined | End::Instant | End::Policy => {
            session.outcome = Outcome::Rejected;
            session.cause = Some("declined");
            let (picked_by, rejected_by) = match (ask.outgoing, ask.twist) {
                (false, _) => ("", agent),
                (true, Twist::NamesCustomer) => ("", customer.as_str()),
                (true, _) => (agent, ""),
            };
            let ended_at = Some(decided_at);
            let state = State { status: "REJECT", ended_at, picked_by, rejected_by, ..State::default() };
            write(plan, ask, &id, "CALL_REJECTED", state, arrival);
        }
        End::RangOut | End::HungUp | End::Silence | End::Ringing => {
            session.outcome = Outcome::Missed;
            let gave_up = ask.outgoing && ask.twist != Twist::ReportedMiss;
            let (name, status, cause) = match (ask.twist, gave_up) {
                (Twist::Failed, _) => ("CALL_ENDED", "FAILED", "failed"),
                (_, true) => ("CALL_ENDED", "END", "ended_unanswered"),
                (_, false) => ("CALL_MISSED", "MISSED", "reported"),
            };
            session.cause = Some(cause);
            let late = if let Twist::Late(by) = ask.twist { by } else { 0 };
            let state = State { status, ended_at: Some(decided_at), picked_by: caller, ..State::default() };
            write(plan, ask, &id, name, state, arrival + late);
        }
    }
    let orphaned = match session.outcome {
        Outcome::Answered => "orphaned_accept",
        Outcome::Rejected => "orphaned_rejection",
        Outcome::Missed | Outcome::Ringing => "orphaned_miss",
    };
    session.anomalies.extend(session.orphan.map(|_| orphaned));
    match ask.twist {
        Twist::ClockAhead(by) if by > 6 * SECOND => session.anomalies.push("clock_skew"),
        Twist::Late(by) if by > MINUTE => session.anomalies.push("late_delivery"),
        _ => {}
    }
    plan.record(session);
}

fn write(plan: &mut Plan, ask: &Ask, id: &str, name: &str, state: State, received_at: i64) {
    let body = body(plan, ask, id, name, state);
    let timed = state.started_at.or(state.ended_at).is_some();
    // An initiation that is posted twice would be a second ring: it has no time but that of its arrival.
    if timed && plan.rng.percent(2) {
        let again = envelope(&body, received_at + 8 * SECOND);
        plan.duplicates += 1;
        plan.row(FILE, received_at + 8 * SECOND, Class::Call, again);
    }
    plan.row(FILE, received_at, Class::Call, envelope(&body, received_at));
}

fn body(plan: &Plan, ask: &Ask, id: &str, name: &str, state: State) -> String {
    let who = plan.people.get(ask.person);
    let at = |time: Option<i64>| time.map(utc_ms).unwrap_or_default();
    // The help pages write the names with spaces; tools that read them there rename the keys.
    let key = |plain: &'static str, label: &'static str| {
        if ask.twist == Twist::Renamed { label } else { plain }
    };
    let chat = if timeless(name) { String::new() } else { format!("chat_{}", &who.digits[6..]) };
    let body = Obj::new()
        .str("event", name)
        .str(key("callId", "Call ID"), &format!("call_{id}"))
        .str(key("chatMessageId", "Chat Message ID"), &format!("msg_{id}"))
        .str(key("chatId", "Chat ID"), &chat)
        .str(key("wabaNumber", "WABA Number"), ask.desk.account)
        .str(key("customerNumber", "Customer Phone Number"), &who.digits)
        .str(key("customerName", "Customer Name"), &who.name)
        .str(key("customerId", "Customer ID"), &format!("customer_{}", &who.digits[5..]))
        .str(key("callDirection", "Call Direction"), if ask.outgoing { "OUTGOING" } else { "INCOMING" })
        .str(key("callStatus", "call_status"), state.status)
        .num(key("durationInSeconds", "duration_in_seconds"), state.talk)
        .str(key("callStartedAt", "Call Started At"), &at(state.started_at))
        .str(key("callEndedAt", "Call Ended At"), &at(state.ended_at))
        .str(key("pickedBy", "Picked By"), state.picked_by)
        .str(key("rejectedBy", "Rejected By"), state.rejected_by)
        .str(key("endedBy", "Ended By"), state.ended_by)
        .str("failedReason", if state.status == "FAILED" { "media timeout" } else { "" })
        .str("recordingUrl", "")
        .str("deviceId", "");
    match name {
        "CALL_MISSED" => body.bool("isNewCaller", false).bool("isChatAssigned", true).done(),
        _ => body.done(),
    }
}

/// The conversation is not known yet when it rings.
fn timeless(name: &str) -> bool {
    name.ends_with("_INITIATED") || name == "CALL_NOT_PICKED"
}

/// The collector's line around a body.
pub(super) fn envelope(body: &str, received_at: i64) -> String {
    let line = Obj::new().str("received_at", &utc_ms(received_at)).str("path", "/hooks/doubletick");
    line.raw("body", body).done()
}
