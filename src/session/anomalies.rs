//! What is odd about a session, and which of its events shows it first.

use super::{OrphanClass, Outcome, Session, same_clock};
use crate::event::{Clock, Event, Kind};
use crate::time::{MINUTE, SECOND};

/// A kind of anomaly, in the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anomaly {
    /// A rejection without its call.
    OrphanedRejection,
    /// An answer without its call.
    OrphanedAccept,
    /// A miss without its call.
    OrphanedMiss,
    /// Rejected longer after the first offer than a call may ring.
    LateRejection,
    /// Decided before it was offered.
    OutOfOrder,
    /// Rejected and missed both, or rejected before somebody picked up.
    ConflictingEnd,
    /// Several customers offered under one call id.
    IdCollision,
    /// The call id had been silent for more than a day.
    IdReuse,
    /// Received more than 60 s after it was sent.
    LateDelivery,
    /// Received more than 5 s before it was sent.
    ClockSkew,
    /// Delivered again much later than it happened.
    Replayed,
}

impl Anomaly {
    /// Every kind, in order.
    pub const ALL: [Self; 11] = [
        Self::OrphanedRejection,
        Self::OrphanedAccept,
        Self::OrphanedMiss,
        Self::LateRejection,
        Self::OutOfOrder,
        Self::ConflictingEnd,
        Self::IdCollision,
        Self::IdReuse,
        Self::LateDelivery,
        Self::ClockSkew,
        Self::Replayed,
    ];

    /// The word used in columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::OrphanedRejection => "orphaned_rejection",
            Self::OrphanedAccept => "orphaned_accept",
            Self::OrphanedMiss => "orphaned_miss",
            Self::LateRejection => "late_rejection",
            Self::OutOfOrder => "out_of_order",
            Self::ConflictingEnd => "conflicting_end",
            Self::IdCollision => "id_collision",
            Self::IdReuse => "id_reuse",
            Self::LateDelivery => "late_delivery",
            Self::ClockSkew => "clock_skew",
            Self::Replayed => "replayed",
        }
    }
}

/// The anomalies of a session, each with the place (among `events`, the session's own) of the
/// earliest event that shows it. Sessions without a time show none.
pub fn anomalies(session: &Session, events: &[Event], ring_timeout_ms: i64) -> Vec<(Anomaly, usize)> {
    shown(session, events, ring_timeout_ms).collect()
}

/// Whether it has any.
pub fn is_odd(session: &Session, events: &[Event], ring_timeout_ms: i64) -> bool {
    shown(session, events, ring_timeout_ms).next().is_some()
}

fn shown(
    session: &Session,
    events: &[Event],
    ring_timeout_ms: i64,
) -> impl Iterator<Item = (Anomaly, usize)> {
    let deciding = session.deciding.map(|it| it as usize);
    let first_offer = events.iter().position(|it| it.kind == Kind::Offered && it.at.is_some());
    let show = move |kind: Anomaly| match kind {
        Anomaly::OrphanedRejection => orphan(session, Outcome::Rejected).then_some(deciding?),
        Anomaly::OrphanedAccept => stray(session, Outcome::Answered).then_some(deciding?),
        Anomaly::OrphanedMiss => stray(session, Outcome::Missed).then_some(deciding?),
        Anomaly::LateRejection => {
            let ms = since_offer(events, first_offer?, deciding?)?;
            (session.outcome == Some(Outcome::Rejected)
                && ms > ring_timeout_ms
                && same_clock(&events[first_offer?], &events[deciding?]))
            .then_some(deciding?)
        }
        Anomaly::OutOfOrder => {
            let ms = since_offer(events, first_offer?, deciding?)?;
            (ms < 0 && events[first_offer?].clock == events[deciding?].clock).then_some(deciding?)
        }
        Anomaly::ConflictingEnd => conflict(session, events),
        Anomaly::IdCollision => session.collided_id.then_some(0),
        Anomaly::IdReuse => session.reused_id.then_some(0),
        Anomaly::LateDelivery => {
            events.iter().position(|it| !it.replayed && delay(it).is_some_and(|it| it > MINUTE))
        }
        Anomaly::ClockSkew => events.iter().position(|it| delay(it).is_some_and(|it| it < -5 * SECOND)),
        Anomaly::Replayed => events.iter().position(|it| it.replayed),
    };
    let kinds = if session.is_timed() { &Anomaly::ALL[..] } else { &[] };
    kinds.iter().filter_map(move |it| Some((*it, show(*it)?)))
}

fn orphan(session: &Session, outcome: Outcome) -> bool {
    session.orphan.is_some() && session.outcome == Some(outcome)
}

/// Answers and misses without offers are ordinary where no offers were captured at all.
fn stray(session: &Session, outcome: Outcome) -> bool {
    orphan(session, outcome) && session.orphan != Some(OrphanClass::NoOffersCaptured)
}

fn since_offer(events: &[Event], offer: usize, deciding: usize) -> Option<i64> {
    Some(events[deciding].at? - events[offer].at?)
}

/// The end that lost: of a rejection and a miss, or of a rejection before an answer.
fn conflict(session: &Session, events: &[Event]) -> Option<usize> {
    let has = |kind: Kind| events.iter().any(|it| it.kind == kind);
    let won = session.deciding.map(|it| events[it as usize].kind);
    if has(Kind::Rejected) && has(Kind::Missed) {
        return events
            .iter()
            .position(|it| matches!(it.kind, Kind::Rejected | Kind::Missed) && Some(it.kind) != won);
    }
    let last_accept = events.iter().filter(|it| it.kind == Kind::Accepted).filter_map(|it| it.at).max()?;
    events.iter().position(|it| it.kind == Kind::Rejected && it.at.is_some_and(|at| at < last_accept))
}

/// From the moment at which an event was sent until it was received, where both are known.
fn delay(event: &Event) -> Option<i64> {
    if !event.provider.traits().time_is_known_moment {
        return None;
    }
    let by_provider = event.at.filter(|_| event.clock == Clock::Provider);
    let sent = event.ended_at.or(by_provider)?;
    Some(event.received_at? - sent)
}
