//! What each feed shows, which sessions are orphans, and which are rated.

use super::Params;
use super::dialects::Kind;
use super::sessions::Session;
use std::collections::{BTreeMap, BTreeSet};

/// A feed within this of its beginning may have lost the offer before it.
const EDGE_MS: i64 = 60_000;

/// What a feed shows or holds.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub struct Shows {
    pub offers: bool,
    pub answers: bool,
    pub rejections: bool,
    pub misses: bool,
}

impl Shows {
    fn also(&mut self, other: Shows) {
        self.offers |= other.offers;
        self.answers |= other.answers;
        self.rejections |= other.rejections;
        self.misses |= other.misses;
    }

    fn rated(self) -> bool {
        self.rejections && (self.offers || (self.answers && self.misses))
    }
}

type Key = (String, String, bool);

fn key(session: &Session) -> Key {
    (session.provider.to_string(), session.instance.clone(), session.outgoing)
}

#[derive(Default)]
struct Feed {
    holds_offer: bool,
    shows: Shows,
    /// The earliest event that is no replay.
    earliest: Option<i64>,
    /// The earliest start of a session that holds an offer.
    first_offered_start: Option<i64>,
}

/// Fills in `orphan`, `rated`, `unrated_reason` and `shows_answers`.
pub fn judge(sessions: &mut [Session], params: &Params) {
    let mut feeds: BTreeMap<Key, Feed> = BTreeMap::new();
    let mut offered_on: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for session in sessions.iter() {
        let feed = feeds.entry(key(session)).or_default();
        for event in &session.events {
            match event.kind {
                Kind::Offered => feed.shows.offers = true,
                Kind::Accepted => feed.shows.answers = true,
                Kind::Rejected => feed.shows.rejections = true,
                Kind::Missed => feed.shows.misses = true,
                Kind::Skipped => {}
            }
            if event.provider == "timelinesai" {
                match event.name.as_str() {
                    "call:incoming:ended" => {
                        feed.shows.answers = true;
                        feed.shows.rejections = true;
                    }
                    "call:outgoing:ended" => {
                        feed.shows.answers = true;
                        feed.shows.rejections = true;
                        feed.shows.misses = true;
                    }
                    _ => {}
                }
            }
            if let Some(at) = event.at.filter(|_| !event.replayed) {
                feed.earliest = Some(feed.earliest.map_or(at, |earliest| earliest.min(at)));
            }
            if event.kind == Kind::Offered
                && let Some(id) = &event.call_id
            {
                offered_on
                    .entry((event.provider.to_string(), id.clone()))
                    .or_default()
                    .insert(event.instance.clone());
            }
        }
        if session.holds(Kind::Offered) {
            feed.holds_offer = true;
            if let Some(start) = session.started_at {
                let first = feed.first_offered_start;
                feed.first_offered_start = Some(first.map_or(start, |first| first.min(start)));
            }
        }
    }

    // One subscription for all lines: what one line shows, all show.
    let mut together: BTreeMap<(String, bool), Shows> = BTreeMap::new();
    for ((provider, _, outgoing), feed) in &feeds {
        together.entry((provider.clone(), *outgoing)).or_default().also(feed.shows);
    }
    for ((provider, _, outgoing), feed) in &mut feeds {
        if matches!(provider.as_str(), "wawp" | "timelinesai") {
            feed.shows.also(together[&(provider.clone(), *outgoing)]);
        }
    }

    for session in sessions.iter_mut() {
        let feed = &feeds[&key(session)];
        session.shows_answers = feed.shows.answers;
        session.orphan = class(session, feed, &offered_on);
        let declared = params.feed_complete.iter().any(|text| {
            let (provider, instance) = match text.split_once(':') {
                Some((provider, instance)) => (provider, Some(instance)),
                None => (text.as_str(), None),
            };
            provider.to_lowercase() == session.provider
                && instance.is_none_or(|instance| instance == session.instance)
        });
        let all_ends = feed.shows.answers && feed.shows.rejections && feed.shows.misses;
        (session.rated, session.unrated_reason) = match session.orphan {
            _ if session.started_at.is_none() => (false, None),
            Some("no_offers_captured") if declared || all_ends => (true, None),
            None if declared || feed.shows.rated() => (true, None),
            Some("no_offers_captured") | None if feed.shows.rejections => (false, Some("calls_not_shown")),
            Some("no_offers_captured") | None => (false, Some("rejections_not_shown")),
            Some(_) => (false, None),
        };
    }
}

/// The class of an orphan.
fn class(
    session: &Session,
    feed: &Feed,
    offered_on: &BTreeMap<(String, String), BTreeSet<String>>,
) -> Option<&'static str> {
    let start = session.started_at?;
    let announces = matches!(session.provider, "wawp" | "wazzap") || feed.holds_offer;
    if !announces || !session.has_end() || session.holds(Kind::Offered) {
        return None;
    }
    let elsewhere = session.call_id.as_ref().is_some_and(|id| {
        offered_on
            .get(&(session.provider.to_string(), id.clone()))
            .is_some_and(|instances| instances.iter().any(|i| *i != session.instance))
    });
    Some(if elsewhere {
        "other_instance"
    } else if !feed.holds_offer {
        "no_offers_captured"
    } else if feed.earliest.is_some_and(|earliest| start < earliest + EDGE_MS) {
        "capture_edge"
    } else if feed.first_offered_start.is_some_and(|first| start < first) {
        "no_offers_captured"
    } else {
        "network_anomaly"
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{sessions_of, wawp};

    const T: i64 = 1_771_400_000_000;

    #[test]
    fn the_classes_of_orphans() {
        let reject = |id: &str, at: i64| wawp("call.rejected", id, T + at, "");
        let offer = |id: &str, at: i64| wawp("call.received", id, T + at, "");
        let classes = |lines: &[String]| -> Vec<String> {
            sessions_of(lines).iter().map(|s| s["orphan"].as_str().unwrap_or("-").to_string()).collect()
        };
        assert_eq!(classes(&[reject("1", 0)]), ["no_offers_captured"]);
        let lines = [
            reject("1", 0),
            reject("2", 59_999),
            reject("3", 60_000),
            offer("4", 60_001),
            reject("5", 60_001),
            reject("6", 60_002),
        ];
        assert_eq!(
            classes(&lines),
            ["capture_edge", "capture_edge", "no_offers_captured", "-", "network_anomaly", "network_anomaly"]
        );
        let other = wawp("call.received", "1", T, "").replace("front", "back");
        assert_eq!(classes(&[reject("1", 0), other])[1], "other_instance");
    }

    #[test]
    fn what_is_rated() {
        let rated = |lines: &[String]| sessions_of(lines)[0]["rated"].clone();
        let reject = wawp("call.rejected", "1", T, "");
        assert_eq!(rated(std::slice::from_ref(&reject)), false);
        let accept = wawp("call.accepted", "2", T + 1, "");
        let miss = wawp("call.rejected", "3", T + 2, r#""_data":{"status":"timeout"}"#);
        assert_eq!(rated(&[reject.clone(), accept.clone()]), false);
        assert_eq!(rated(&[reject, accept, miss]), true);
    }
}
