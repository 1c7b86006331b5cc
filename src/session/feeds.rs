//! What each feed shows, and what follows: whether its sessions can be rated, and why an end stands
//! without its offer. A feed is one provider, one instance, one direction.

use std::collections::HashMap;

use super::{OrphanClass, Session};
use crate::dialects::Provider;
use crate::event::{Direction, Event, Kind};
use crate::text::{Sym, Texts};
use crate::time::MINUTE;

/// Provider, instance, direction.
pub type FeedKey = (Provider, Sym, Direction);

/// How soon after the feed's first event an orphan's offer may predate the dump.
const EDGE_MS: i64 = MINUTE;

/// Why sessions of a feed count in no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unrated {
    /// Rejections come, but neither offers nor both answers and misses: there is no denominator.
    CallsNotShown,
    /// No rejection would be seen if there were one.
    RejectionsNotShown,
}

impl Unrated {
    /// The word used in columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::CallsNotShown => "calls_not_shown",
            Self::RejectionsNotShown => "rejections_not_shown",
        }
    }
}

/// Kinds of events that a feed shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shows {
    /// Calls while they ring.
    pub offers: bool,
    /// Calls that were picked up.
    pub answers: bool,
    /// Calls that were declined.
    pub rejections: bool,
    /// Calls that nobody picked up.
    pub misses: bool,
}

impl Shows {
    fn add_kind(&mut self, kind: Kind) {
        match kind {
            Kind::Offered => self.offers = true,
            Kind::Accepted => self.answers = true,
            Kind::Rejected => self.rejections = true,
            Kind::Missed => self.misses = true,
            Kind::Skipped => {}
        }
    }

    fn add(&mut self, other: Self) {
        self.offers |= other.offers;
        self.answers |= other.answers;
        self.rejections |= other.rejections;
        self.misses |= other.misses;
    }

    /// Why it cannot be rated, if it cannot.
    fn unrated(self) -> Option<Unrated> {
        if !self.rejections {
            Some(Unrated::RejectionsNotShown)
        } else if self.offers || (self.answers && self.misses) {
            None
        } else {
            Some(Unrated::CallsNotShown)
        }
    }
}

/// One feed.
#[derive(Clone, Debug, Default)]
pub struct Feed {
    /// It holds an offer itself.
    pub holds_offer: bool,
    /// What it shows, itself or through the provider's one subscription.
    pub shows: Shows,
    /// Its earliest event that is no replay.
    pub earliest_at: Option<i64>,
    /// The earliest start of a session that holds an offer.
    pub first_offered_session_at: Option<i64>,
    /// `--feed-complete` declares it rated.
    pub declared: bool,
    /// Why it cannot be rated, if it cannot.
    pub unrated: Option<Unrated>,
}

/// All feeds of the input.
#[derive(Clone, Debug, Default)]
pub struct Feeds(HashMap<FeedKey, Feed>);

impl Feeds {
    /// Judges the feeds of all sessions. `declared` holds provider and, if not all, the instance.
    pub fn judge(
        sessions: &[Session],
        events: &[Event],
        declared: &[(Provider, Option<String>)],
        texts: &Texts,
    ) -> Self {
        let mut feeds: HashMap<FeedKey, Feed> = HashMap::new();
        for session in sessions {
            let feed = feeds.entry(session.feed()).or_default();
            for event in &events[session.events.clone()] {
                feed.shows.add_kind(event.kind);
                for kind in event.provider.word(event.word).shows {
                    feed.shows.add_kind(*kind);
                }
                if !event.replayed {
                    feed.earliest_at = earlier(feed.earliest_at, event.at);
                }
            }
            if session.has_offer {
                feed.holds_offer = true;
                feed.first_offered_session_at = earlier(feed.first_offered_session_at, session.started_at);
            }
        }
        let mut by_subscription: HashMap<(Provider, Direction), Shows> = HashMap::new();
        for ((provider, _, direction), feed) in &feeds {
            by_subscription.entry((*provider, *direction)).or_default().add(feed.shows);
        }
        for ((provider, instance, direction), feed) in &mut feeds {
            if provider.traits().one_subscription {
                feed.shows = by_subscription[&(*provider, *direction)];
            }
            feed.declared = declared.iter().any(|(declared, line)| {
                declared == provider && line.as_deref().is_none_or(|it| it == texts.raw(*instance))
            });
            feed.unrated = if feed.declared { None } else { feed.shows.unrated() };
        }
        Self(feeds)
    }

    /// The feed of a session.
    ///
    /// # Panics
    ///
    /// If the session is not one of those that were judged.
    pub fn of(&self, session: &Session) -> &Feed {
        &self.0[&session.feed()]
    }

    /// Every feed, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&FeedKey, &Feed)> {
        self.0.iter()
    }

    /// Classes orphans and says which sessions count in no rate.
    pub fn class(&self, sessions: &mut [Session], events: &[Event]) {
        let elsewhere = offers_of_orphans(sessions, events, self);
        for session in sessions.iter_mut() {
            let feed = &self.0[&session.feed()];
            session.orphan = orphan_class(session, feed, &elsewhere);
            session.unrated = feed.unrated;
            let needs_all = session.orphan == Some(OrphanClass::NoOffersCaptured) && !feed.declared;
            if needs_all && session.unrated.is_none() && !(feed.shows.answers && feed.shows.misses) {
                session.unrated = Some(Unrated::CallsNotShown);
            }
        }
    }
}

impl Session {
    /// The feed that it belongs to.
    pub fn feed(&self) -> FeedKey {
        (self.provider, self.instance, self.direction)
    }
}

fn earlier(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn is_orphan(session: &Session, feed: &Feed) -> bool {
    session.is_timed()
        && session.deciding.is_some()
        && !session.has_offer
        && (session.provider.traits().announces_offers || feed.holds_offer)
}

/// Instances on which the calls of orphans were offered: the first two, of which one is another than a
/// session's own if any is.
fn offers_of_orphans(
    sessions: &[Session],
    events: &[Event],
    feeds: &Feeds,
) -> HashMap<(Provider, Sym), Vec<Sym>> {
    let mut offers: HashMap<(Provider, Sym), Vec<Sym>> = HashMap::new();
    for session in sessions.iter().filter(|it| is_orphan(it, feeds.of(it))) {
        if let Some(call_id) = session.call_id {
            offers.insert((session.provider, call_id), Vec::new());
        }
    }
    if offers.is_empty() {
        return offers;
    }
    for event in events.iter().filter(|it| it.kind == Kind::Offered) {
        let Some(call_id) = event.call_id else { continue };
        if let Some(instances) = offers.get_mut(&(event.provider, call_id))
            && instances.len() < 2
            && !instances.contains(&event.instance)
        {
            instances.push(event.instance);
        }
    }
    offers
}

fn orphan_class(
    session: &Session,
    feed: &Feed,
    offers: &HashMap<(Provider, Sym), Vec<Sym>>,
) -> Option<OrphanClass> {
    if !is_orphan(session, feed) {
        return None;
    }
    let started_at = session.started_at?;
    let offered_on = session.call_id.and_then(|it| offers.get(&(session.provider, it)));
    let elsewhere = offered_on.into_iter().flatten().any(|it| *it != session.instance);
    Some(if elsewhere {
        OrphanClass::OtherInstance
    } else if !feed.holds_offer {
        OrphanClass::NoOffersCaptured
    } else if feed.earliest_at.is_some_and(|it| started_at - it < EDGE_MS) {
        OrphanClass::CaptureEdge
    } else if feed.first_offered_session_at.is_some_and(|it| started_at < it) {
        OrphanClass::NoOffersCaptured
    } else {
        OrphanClass::NetworkAnomaly
    })
}
