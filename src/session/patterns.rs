//! Calls like others: most calls are one of some hundred sequences of events, of which each is decided once.
//!
//! What is decided depends on what the events say and on their order, and on two lengths of time: from the
//! offer to the decision, and from the offer to the watermark. So the session of a call is that of an
//! earlier one whose events, in order of time, have the same in common with others, and whose lengths
//! fall on the same side of the rules' bounds, but for its own times. Calls of which that might not hold are
//! decided one by one: several events of one instant, of several customers, more than a day apart, with
//! anything rare.

use hashbrown::HashMap;

use super::Session;
use super::feeds::{FeedKey, Feeds, earlier};
use super::outcome::Deciding;
use crate::event::Event;
use crate::store::{Cast, Part, Record};
use crate::time::DAY;

/// Events of a call, at most.
const MOST_EVENTS: usize = 4;
/// Patterns known at once, at most.
const MOST_PATTERNS: usize = 1 << 14;

/// A call whose session may be like another's.
pub struct Call<'r> {
    /// In order of time.
    records: [&'r Record; MOST_EVENTS],
    times: [i64; MOST_EVENTS],
    count: usize,
    customer: u32,
    /// What its events have in common with others, in their order.
    key: u128,
}

impl<'r> Call<'r> {
    /// A call by its events, if it is of the plain kind.
    #[inline]
    pub fn of(events: &'r [Record]) -> Option<Self> {
        let (first, count) = (events.first()?, events.len());
        if count > MOST_EVENTS {
            return None;
        }
        let mut call =
            Call { records: [first; MOST_EVENTS], times: [0; MOST_EVENTS], count, customer: 0, key: 0 };
        for (place, record) in events.iter().enumerate() {
            call.records[place] = record;
            call.times[place] = record.at()?;
            let mut at = place;
            while at > 0 && call.times[at - 1] > call.times[at] {
                call.times.swap(at - 1, at);
                call.records.swap(at - 1, at);
                at -= 1;
            }
        }
        for place in 1..count {
            let gap = call.times[place] - call.times[place - 1];
            if gap == 0 || gap > DAY {
                return None;
            }
        }
        for record in &call.records[..count] {
            let customer = record.customer();
            if customer != 0 && call.customer != 0 && customer != call.customer {
                return None;
            }
            call.customer = call.customer.max(customer);
            // One more, so that no event is another than the first.
            call.key = call.key << 32 | u128::from(record.plain_common()? + 1);
        }
        Some(call)
    }

    fn times(&self) -> &[i64] {
        &self.times[..self.count]
    }
}

/// What the sessions of one sequence of events have in common.
struct Pattern {
    feed: FeedKey,
    /// The places of its events: the first offer, the earliest that is no replay, and those whose times are the
    /// start, the decision and the end.
    offer: Option<usize>,
    fresh: Option<usize>,
    started: usize,
    decided: Option<usize>,
    ended: Option<usize>,
    /// What they are kept like, by [`Pattern::lengths`].
    casts: [Option<Cast>; 4],
    /// The earliest event that is no replay, and the earliest start with an offer.
    earliest_at: Option<i64>,
    first_offered_session_at: Option<i64>,
}

impl Pattern {
    /// On which side of the rules' bounds the lengths of time are that sessions depend on.
    #[inline]
    fn lengths(&self, times: &[i64], rules: &Deciding) -> usize {
        let Some(offered_at) = self.offer.map(|it| times[it]) else { return 0 };
        match self.decided.map(|it| times[it] - offered_at) {
            Some(ms) => usize::from(ms < rules.instant_ms) << 1 | usize::from(ms > rules.ring_timeout_ms),
            None => usize::from(rules.watermark.is_some_and(|it| it - offered_at >= rules.ring_timeout_ms)),
        }
    }

    /// Of a session and its events, which are of different times.
    fn of(session: &Session, events: &[Event]) -> Option<Self> {
        let place = |at: Option<i64>| match at {
            None => Some(None),
            Some(_) => events.iter().position(|it| it.at == at).map(Some),
        };
        Some(Self {
            feed: session.feed(),
            offer: place(session.offered_at)?,
            fresh: events.iter().position(|it| !it.replayed),
            started: place(session.started_at)??,
            decided: place(session.decided_at)?,
            ended: place(session.ended_at)?,
            casts: [None; 4],
            earliest_at: None,
            first_offered_session_at: None,
        })
    }
}

/// The patterns that one thread met.
#[derive(Default)]
pub struct Patterns {
    known: HashMap<u128, Pattern>,
}

impl Patterns {
    /// Keeps the session of a call, if one like it was decided before.
    #[inline]
    pub fn push(&mut self, call: &Call<'_>, part: &mut Part, rules: &Deciding) -> bool {
        let Some(pattern) = self.known.get_mut(&call.key) else { return false };
        let times = call.times();
        let Some(cast) = pattern.casts[pattern.lengths(times, rules)] else { return false };
        let at = |place: Option<usize>| place.map(|it| times[it]);
        let started_at = times[pattern.started];
        let records = &call.records[..call.count];
        part.push_alike(cast, records, call.customer, started_at, at(pattern.decided), at(pattern.ended));
        pattern.earliest_at = earlier(pattern.earliest_at, at(pattern.fresh));
        if pattern.offer.is_some() {
            pattern.first_offered_session_at = earlier(pattern.first_offered_session_at, Some(started_at));
        }
        true
    }

    /// Remembers how a call was decided, by its session and that one's events.
    pub fn learn(
        &mut self,
        call: &Call<'_>,
        session: &Session,
        events: &[Event],
        cast: Cast,
        rules: &Deciding,
    ) {
        let is_whole = events.iter().map(|it| it.at).eq(call.times().iter().map(|it| Some(*it)));
        if !is_whole || self.known.len() >= MOST_PATTERNS {
            return;
        }
        let Some(new) = Pattern::of(session, events) else { return };
        let pattern = self.known.entry(call.key).or_insert(new);
        let lengths = pattern.lengths(call.times(), rules);
        pattern.casts[lengths] = Some(cast);
    }

    /// Tells the feeds about the sessions that were kept.
    pub fn settle(self, feeds: &mut Feeds) {
        for it in self.known.into_values() {
            feeds.begin(it.feed, it.earliest_at, it.first_offered_session_at);
        }
    }
}
