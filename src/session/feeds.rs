//! What each feed shows, and what follows: whether its sessions can be rated, and why an end stands
//! without its offer. A feed is one provider, one instance, one direction.

use hashbrown::{HashMap, HashSet};

use super::{OrphanClass, Session};
use crate::call_id::CallId;
use crate::dialects::Provider;
use crate::event::{Direction, Event, Kind};
use crate::store::Sessions;
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

impl Feed {
    fn begin(&mut self, earliest_at: Option<i64>, first_offered_session_at: Option<i64>) {
        self.earliest_at = earlier(self.earliest_at, earliest_at);
        self.first_offered_session_at = earlier(self.first_offered_session_at, first_offered_session_at);
    }
}

/// All feeds of the input.
#[derive(Clone, Debug, Default)]
pub struct Feeds(HashMap<FeedKey, Feed>);

impl Feeds {
    /// Takes note of a session and its events.
    pub fn add(&mut self, session: &Session, events: &[Event]) {
        let feed = self.0.entry(session.feed()).or_default();
        for event in events {
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

    /// Takes note of when sessions of a feed began that are like others which it knows: the earliest event that is
    /// no replay, and the earliest start with an offer.
    pub fn begin(&mut self, feed: FeedKey, earliest_at: Option<i64>, first_offered_session_at: Option<i64>) {
        self.0.entry(feed).or_default().begin(earliest_at, first_offered_session_at);
    }

    /// Takes note of what another part of the input shows.
    pub fn merge(&mut self, other: Self) {
        for (key, other) in other.0 {
            let feed = self.0.entry(key).or_default();
            feed.shows.add(other.shows);
            feed.holds_offer |= other.holds_offer;
            feed.begin(other.earliest_at, other.first_offered_session_at);
        }
    }

    /// Judges the feeds of all sessions. `declared` holds provider and, if not all, the instance.
    pub fn judge(&mut self, declared: &[(Provider, Option<String>)], texts: &Texts) {
        let feeds = &mut self.0;
        let mut by_subscription: HashMap<(Provider, Direction), Shows> = HashMap::new();
        for ((provider, _, direction), feed) in &*feeds {
            by_subscription.entry((*provider, *direction)).or_default().add(feed.shows);
        }
        for ((provider, instance, direction), feed) in feeds {
            if provider.traits().one_subscription {
                feed.shows = by_subscription[&(*provider, *direction)];
            }
            feed.declared = declared.iter().any(|(declared, line)| {
                declared == provider && line.as_deref().is_none_or(|it| it == texts.raw(*instance))
            });
            feed.unrated = if feed.declared { None } else { feed.shows.unrated() };
        }
    }

    /// The feed of a session.
    ///
    /// # Panics
    ///
    /// If the session is not one of those that were judged.
    pub fn of(&self, session: &Session) -> &Feed {
        self.of_key(&session.feed())
    }

    /// The feed of a key.
    ///
    /// # Panics
    ///
    /// If no session that was judged is of it.
    pub fn of_key(&self, key: &FeedKey) -> &Feed {
        &self.0[key]
    }

    /// Every feed, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&FeedKey, &Feed)> {
        self.0.iter()
    }

    /// Classes orphans and says which sessions count in no rate.
    pub fn class(&self, sessions: &mut Sessions) {
        let elsewhere = offers_of_orphans(sessions, self);
        let feeds: Vec<&Feed> = sessions.feeds().map(|it| self.of_key(&it)).collect();
        let is_plain = |it: &Feed| it.unrated.is_none();
        for place in sessions.places_where(|it| !it.has_offer || !is_plain(feeds[it.kin.facts()])) {
            let feed = feeds[sessions.kin(place).facts()];
            let session = sessions.get(place);
            let orphan = orphan_class(&session, feed, &elsewhere);
            let mut unrated = feed.unrated;
            let needs_all = orphan == Some(OrphanClass::NoOffersCaptured) && !feed.declared;
            if needs_all && unrated.is_none() && !(feed.shows.answers && feed.shows.misses) {
                unrated = Some(Unrated::CallsNotShown);
            }
            if orphan.is_some() || unrated.is_some() {
                sessions.class(place, orphan, unrated);
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

/// The earlier of two times, as far as they are known.
pub fn earlier(a: Option<i64>, b: Option<i64>) -> Option<i64> {
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
fn offers_of_orphans(sessions: &Sessions, feeds: &Feeds) -> HashMap<(Provider, CallId), Vec<Sym>> {
    let mut offers: HashMap<(Provider, CallId), Vec<Sym>> = HashMap::new();
    let lone = sessions.places_where(|it| !it.has_offer).into_iter().map(|it| sessions.get(it));
    for session in lone.filter(|it| is_orphan(it, feeds.of(it))) {
        if let Some(call_id) = session.call_id {
            offers.insert((session.provider, call_id), Vec::new());
        }
    }
    if offers.is_empty() {
        return offers;
    }
    // Only orphans of ids that were offered at all are of interest here, and few are.
    let ids: HashSet<CallId> = offers.keys().map(|it| it.1).collect();
    for session in sessions.offered(&ids).into_iter().map(|it| sessions.get(it)) {
        let Some(call_id) = session.call_id else { continue };
        if let Some(instances) = offers.get_mut(&(session.provider, call_id))
            && instances.len() < 2
            && !instances.contains(&session.instance)
        {
            instances.push(session.instance);
        }
    }
    offers
}

fn orphan_class(
    session: &Session,
    feed: &Feed,
    offers: &HashMap<(Provider, CallId), Vec<Sym>>,
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
