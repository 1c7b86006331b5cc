//! What became of a call: from the events of one session to its outcome and times.

use super::agents::AgentSource;
use super::{DeclinedBy, Outcome, Session, order};
use crate::event::{Cause, Direction, Event, Kind};
use crate::text::{Sym, Texts};

/// What is known of the id of a session's call.
#[derive(Clone, Copy, Debug, Default)]
pub struct OfId {
    /// The call id had been silent for more than a day before.
    pub reused: bool,
    /// Several customers offered under the call id.
    pub collided: bool,
}

/// What decides outcomes, besides the events.
#[derive(Clone, Copy, Debug)]
pub struct Deciding {
    /// How far the input reaches.
    pub watermark: Option<i64>,
    /// How long a call may ring before it is missed by inference.
    pub ring_timeout_ms: i64,
    /// A rejection faster than this is too fast for a hand.
    pub instant_ms: i64,
}

/// Decides the session of some unique events, which are brought into order.
pub fn decide(events: &mut [Event], of_id: OfId, deciding: &Deciding, texts: &Texts) -> Session {
    events.sort_by(|a, b| order::events(a, b, texts));
    let events = &*events;
    let first_of = |kind: Kind| events.iter().position(|it| it.kind == kind);
    let first_offer = first_of(Kind::Offered);
    let decided =
        first_of(Kind::Accepted).or_else(|| first_of(Kind::Rejected)).or_else(|| first_of(Kind::Missed));

    let offered_at = first_offer.and_then(|it| events[it].at);
    let started_at = offered_at.or_else(|| events[0].at);
    let inferred = || {
        let offered_at = offered_at?;
        let overdue = deciding.watermark.is_some_and(|it| it - offered_at >= deciding.ring_timeout_ms);
        Some(if overdue { Outcome::Missed } else { Outcome::Ringing })
    };
    let outcome = match decided.map(|it| events[it].kind) {
        Some(Kind::Accepted) => Some(Outcome::Answered),
        Some(Kind::Rejected) => Some(Outcome::Rejected),
        Some(_) => Some(Outcome::Missed),
        None => inferred(),
    };
    let decided_event = decided.map(|it| &events[it]);
    let cause = match decided_event {
        Some(it) => it.cause,
        None => (outcome == Some(Outcome::Missed)).then_some(Cause::Inferred),
    };
    let decided_at = decided_event.and_then(|it| it.at);
    let ring_ms = ring_ms(first_offer.map(|it| &events[it]), decided_event);

    let first_with = |field: fn(&Event) -> Option<Sym>| {
        decided_event.and_then(field).or_else(|| events.iter().find_map(field))
    };
    let direction = first_offer.or(decided).map_or(events[0].direction, |it| events[it].direction);
    let declined_by = (outcome == Some(Outcome::Rejected)).then(|| match (direction, cause) {
        (Direction::Outgoing, _) => DeclinedBy::Customer,
        (_, Some(Cause::Policy)) => DeclinedBy::Policy,
        _ if ring_ms.is_some_and(|it| it < deciding.instant_ms) => DeclinedBy::Instant,
        (_, Some(Cause::Declined)) => DeclinedBy::Agent,
        _ => DeclinedBy::Unknown,
    });
    let group_said = |said: bool| events.iter().any(|it| it.group == Some(said));
    let count = |kind: Kind| events.iter().filter(|it| it.kind == kind).count() as u32;

    Session {
        provider: events[0].provider,
        instance: events[0].instance,
        direction,
        call_id: events[0].call_id,
        account: first_with(|it| it.account),
        customer: first_with(|it| it.customer),
        customer_name: first_with(|it| it.customer_name),
        customer_ref: first_with(|it| it.customer_ref),
        chat_ref: first_with(|it| it.chat_ref),
        engine: first_with(|it| it.engine),
        country: first_with(|it| it.country),
        agent_label: first_with(|it| it.agent_label),
        agent: None,
        agent_source: AgentSource::None,
        team: None,
        outcome,
        cause,
        declined_by,
        started_at,
        offered_at,
        decided_at,
        ended_at: if outcome == Some(Outcome::Answered) { hang_up(events, decided_at) } else { decided_at },
        ring_ms,
        talk_ms: decided_event.and_then(|it| it.talk_ms).or_else(|| events.iter().find_map(|it| it.talk_ms)),
        rings: count(Kind::Offered),
        skipped_agents: count(Kind::Skipped),
        video: events
            .iter()
            .filter(|it| it.kind == Kind::Offered)
            .find_map(|it| it.video)
            .or_else(|| events.iter().find_map(|it| it.video)),
        group: if group_said(true) {
            Some(true)
        } else if group_said(false) {
            Some(false)
        } else {
            None
        },
        has_offer: first_offer.is_some(),
        orphan: None,
        unrated: None,
        reused_id: of_id.reused,
        collided_id: of_id.collided,
        deciding: decided.map(|it| it as u32),
        events: 0..events.len(),
    }
}

/// From offer to decision, where both times are by one clock and neither is a replay's.
fn ring_ms(offer: Option<&Event>, decided: Option<&Event>) -> Option<i64> {
    let (offer, decided) = (offer?, decided?);
    let ring_ms = decided.at? - offer.at?;
    (same_clock(offer, decided) && ring_ms >= 0).then_some(ring_ms)
}

/// Whether the times of two events can be compared to the millisecond.
pub fn same_clock(a: &Event, b: &Event) -> bool {
    a.clock == b.clock && !a.replayed && !b.replayed
}

/// When an answered call was over: the latest end that its events tell.
fn hang_up(events: &[Event], accepted_at: Option<i64>) -> Option<i64> {
    let told = events.iter().filter_map(|it| it.ended_at);
    let after = events
        .iter()
        .filter(|it| matches!(it.kind, Kind::Rejected | Kind::Missed))
        .filter_map(|it| it.at)
        .filter(|at| accepted_at.is_some_and(|accepted| *at >= accepted));
    told.chain(after).max()
}
