//! The whole way from events to judged sessions, in parallel over shards of calls.
//!
//! Shards only share work out: an event's shard follows from its call, no step looks across shards
//! but for learning who hidden callers are, and the sessions are sorted at the end, so their number and
//! the threads change nothing.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::anomalies::is_odd;
use super::feeds::Feeds;
use super::identities::{self, FromFile, Pairs};
use super::outcome::{Deciding, OfId, decide};
use super::patterns::{Call, Patterns};
use super::{Session, by_id, by_window, duplicates, order};
use crate::dialects::Provider;
use crate::event::Event;
use crate::identity::{self, is_hidden};
use crate::store::{self, Cast, Packed, Part, Record, Sessions, Shard, Shards, Shared};
use crate::text::{Sym, Texts};

/// What sessions depend on besides the events.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How long a call may ring before it is missed by inference.
    pub ring_timeout_ms: i64,
    /// A rejection faster than this is too fast for a hand.
    pub instant_ms: i64,
    /// `--as-of`: the watermark, whatever the input says.
    pub as_of: Option<i64>,
    /// `--feed-complete`: provider and, if not all, the instance.
    pub feed_complete: Vec<(Provider, Option<String>)>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { ring_timeout_ms: 60_000, instant_ms: 1000, as_of: None, feed_complete: Vec::new() }
    }
}

/// Sessions and what was learnt on the way.
#[derive(Debug, Default)]
pub struct Rebuilt {
    /// The sessions with every unique event.
    pub sessions: Sessions,
    /// What the feeds show.
    pub feeds: Feeds,
    /// Repeated deliveries that were dropped.
    pub duplicates: u64,
    /// How far the input reaches.
    pub watermark: Option<i64>,
}

/// Rebuilds the sessions of events that are at hand.
pub fn rebuild(events: &[Event], from_file: &FromFile, rules: &Rules, texts: &Texts) -> Rebuilt {
    let mut res = rebuild_shards(store::deal(events), from_file, rules, texts);
    res.sessions.sort(texts);
    res
}

/// Rebuilds the sessions of the whole input. They are in no order until they are brought into it.
pub fn rebuild_shards(shards: Shards, from_file: &FromFile, rules: &Rules, texts: &Texts) -> Rebuilt {
    let Shards { with_ids, without, mut packed, latest, pairs: shows_pairs } = shards;
    let watermark = rules.as_of.or(latest);
    let shared = Shared::of(&packed);
    // Who a hidden caller is can stand anywhere in the input, so it is learnt before anything else is
    // decided; where nobody is hidden, a shard is done with as soon as it is looked at.
    let (with_ids, without, pairs) = if shows_pairs || texts.any(is_hidden) {
        let (with_ids, mut learnt): (Vec<_>, Vec<_>) = with_ids
            .into_par_iter()
            .map(|shard| {
                let calls = packed.calls(shard);
                let pairs = learn(&calls, &packed, texts);
                (Loaded::Calls(calls), pairs)
            })
            .unzip();
        let mut pairs = learnt.pop().unwrap_or_default();
        for it in learnt {
            pairs.merge(it);
        }
        packed.each(&without, |event| identities::learn_from_payloads(&[event], texts, &mut pairs));
        let without = packed.deal_again(without, |event| {
            identities::resolve_each(std::slice::from_mut(event), texts, from_file, &pairs);
        });
        (with_ids, without, Some(pairs))
    } else {
        (with_ids.into_iter().map(Loaded::Shard).collect(), without, None)
    };

    let building = Building {
        packed: &packed,
        shared: &shared,
        texts,
        from_file,
        deciding: Deciding {
            watermark,
            ring_timeout_ms: rules.ring_timeout_ms,
            instant_ms: rules.instant_ms,
        },
    };
    // Each thread puts what it builds into one part: large pieces of memory grow in place.
    let (with_ids, without) = (Mutex::new(with_ids), Mutex::new(without));
    let next = |shards: &Mutex<Vec<Loaded>>| shards.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let built: Vec<Built> = rayon::broadcast(|_| {
        let mut built = Built::default();
        while let Some(loaded) = next(&with_ids) {
            let calls = match loaded {
                Loaded::Shard(it) => packed.calls(it),
                Loaded::Calls(it) => it,
            };
            building.by_id(&calls, pairs.as_ref(), &mut built);
        }
        let next = || without.lock().unwrap_or_else(PoisonError::into_inner).pop();
        while let Some(shard) = next() {
            building.by_window(&packed.callers(shard), &mut built);
        }
        built
    });

    let mut res = Rebuilt { watermark, ..Rebuilt::default() };
    let mut parts = Vec::with_capacity(built.len());
    for it in built {
        res.duplicates += it.duplicates;
        res.feeds.merge(it.feeds);
        it.patterns.settle(&mut res.feeds);
        parts.push(it.part);
    }
    res.sessions = Sessions::of(parts, packed, shared);
    res.feeds.judge(&rules.feed_complete, texts);
    res.feeds.class(&mut res.sessions);
    let shows = res.sessions.feeds().map(|it| res.feeds.of_key(&it).shows.answers).collect();
    res.sessions.set_shows_answers(shows);
    res
}

/// The calls of a shard.
enum Loaded {
    /// As they were dealt.
    Shard(Shard),
    /// Side by side, since they were looked at before.
    Calls(Vec<Record>),
}

/// What the calls of a shard tell of hidden identities.
fn learn(calls: &[Record], packed: &Packed, texts: &Texts) -> Pairs {
    let mut pairs = Pairs::default();
    let mut call = Vec::new();
    for records in calls.chunk_by(|a, b| packed.are_of_one_call(a, b)) {
        packed.unpack(records, &mut call);
        call.sort_by(|a, b| order::events(a, b, texts));
        by_id::untimed_to_front(&mut call);
        identities::learn_from_call(&call, texts, &mut pairs);
        identities::learn_from_payloads(&call, texts, &mut pairs);
    }
    pairs
}

/// The sessions of one shard.
#[derive(Default)]
struct Built {
    part: Part,
    feeds: Feeds,
    duplicates: u64,
    patterns: Patterns,
}

/// What sessions are made of.
struct Building<'b> {
    packed: &'b Packed,
    shared: &'b Shared,
    texts: &'b Texts,
    from_file: &'b FromFile,
    deciding: Deciding,
}

impl Building<'_> {
    fn by_id(&self, calls: &[Record], pairs: Option<&Pairs>, built: &mut Built) {
        let Self { packed, texts, .. } = self;
        let mut call = Vec::new();
        for records in calls.chunk_by(|a, b| packed.are_of_one_call(a, b)) {
            let plain = if pairs.is_none() { Call::of(records) } else { None };
            if let Some(it) = &plain
                && built.patterns.push(it, &mut built.part, &self.deciding)
            {
                continue;
            }
            packed.unpack(records, &mut call);
            call.sort_by(|a, b| order::events(a, b, texts));
            if let Some(pairs) = pairs {
                by_id::untimed_to_front(&mut call);
                identities::resolve_call(&mut call, texts, self.from_file, pairs);
                call.sort_by(|a, b| order::events(a, b, texts));
            }
            built.duplicates += duplicates::drop_repeated(&mut call, texts);
            by_id::untimed_to_front(&mut call);
            by_id::sessions(&mut call, texts, &mut |events, of_id| {
                let (session, cast) = self.session(built, events, of_id, records);
                if let Some((plain, cast)) = plain.as_ref().zip(cast) {
                    built.patterns.learn(plain, &session, events, cast, &self.deciding);
                }
            });
        }
    }

    fn by_window(&self, callers: &[Record], built: &mut Built) {
        let Self { packed, texts, .. } = self;
        let mut caller = Vec::new();
        for records in callers.chunk_by(|a, b| packed.are_of_one_caller(a, b)) {
            packed.unpack(records, &mut caller);
            caller.sort_by(|a, b| order::events(a, b, texts));
            built.duplicates += duplicates::drop_repeated(&mut caller, texts);
            by_window::sessions(&caller, self.deciding.ring_timeout_ms, &mut |events, of_id| {
                self.session(built, events, of_id, records);
            });
        }
    }

    fn session(
        &self,
        built: &mut Built,
        events: &mut [Event],
        of_id: OfId,
        records: &[Record],
    ) -> (Session, Option<Cast>) {
        let session = decide(events, of_id, &self.deciding, self.texts);
        built.feeds.add(&session, events);
        let odd = is_odd(&session, events, self.deciding.ring_timeout_ms);
        let cast = built.part.push(&session, events, odd, records, self.packed, self.shared);
        (session, cast)
    }
}

/// Unique events as they were sent, in a fixed order: repeated deliveries that agree in the identities
/// they show are dropped; which of different identities are one customer is left to the reader, since
/// only the whole input tells.
pub fn unique_as_sent(mut events: Vec<Event>, texts: &Texts) -> (Vec<Event>, u64) {
    events.par_sort_unstable_by(|a, b| {
        let place = |it: &Event| (it.at.is_some(), it.at, it.provider);
        place(a)
            .cmp(&place(b))
            .then_with(|| order::missing_last(Some(a.instance), Some(b.instance), texts))
            .then_with(|| order::call_ids(a.call_id, b.call_id, texts))
            .then_with(|| order::events(a, b, texts))
    });
    let duplicates = duplicates::drop_repeated_as_sent(&mut events, texts);
    (events, duplicates)
}

/// Brings identities and labels that were left as sent into their canonical spelling.
pub fn fold_identities(mut events: Vec<Event>, texts: Texts, fold: bool) -> (Vec<Event>, Texts) {
    let mut spellings: HashMap<Sym, (Sym, Sym)> = HashMap::new();
    let raw: HashSet<Sym> =
        events.iter().flat_map(|it| [it.customer, it.also, it.account, it.agent_label]).flatten().collect();
    let spelt: Vec<(Sym, Option<String>, String)> = raw
        .into_iter()
        .map(|it| {
            let text = texts.raw(it);
            (it, identity::canonical(text, fold).person(), identity::label(text, fold).into_owned())
        })
        .collect();
    let texts = texts.thaw();
    for (raw, person, label) in spelt {
        let person = person.map_or(raw, |it| texts.intern(&it));
        spellings.insert(raw, (person, texts.intern(&label)));
    }
    let person = |it: Option<Sym>| it.map(|it| spellings[&it].0);
    for event in &mut events {
        event.customer = person(event.customer);
        event.also = person(event.also);
        event.account = person(event.account);
        event.agent_label = event.agent_label.map(|it| spellings[&it].1);
    }
    (events, texts.freeze())
}

/// How many events the sessions hold; each unique event must be in exactly one.
pub fn events_in_sessions(rebuilt: &Rebuilt) -> u64 {
    rebuilt.sessions.events_told()
}
