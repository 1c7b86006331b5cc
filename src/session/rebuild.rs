//! The whole way from events to judged sessions, in parallel over shards of calls.
//!
//! Shards only share work out: an event's shard follows from its call, no step looks across shards,
//! and the sessions are sorted at the end, so their number and the threads change nothing.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::feeds::Feeds;
use super::identities::{self, FromFile, Pairs};
use super::outcome::{Deciding, Draft, decide};
use super::{Session, by_id, by_window, duplicates, order};
use crate::dialects::Provider;
use crate::event::Event;
use crate::identity;
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
    /// Every unique event; those of one session stand together, in order.
    pub events: Vec<Event>,
    /// The sessions, in their fixed order.
    pub sessions: Vec<Session>,
    /// What the feeds show.
    pub feeds: Feeds,
    /// Repeated deliveries that were dropped.
    pub duplicates: u64,
    /// How far the input reaches.
    pub watermark: Option<i64>,
}

/// Calls are dealt to this many shards: enough for any machine, few enough to stay cheap.
const SHARDS: usize = 64;

/// Rebuilds the sessions of the whole input.
pub fn rebuild(events: Vec<Event>, from_file: &FromFile, rules: &Rules, texts: &Texts) -> Rebuilt {
    let (with_ids, without): (Vec<Event>, Vec<Event>) =
        events.into_par_iter().partition(|it| it.provider.traits().call_ids);

    let mut shards = deal(with_ids, |it| it.call_id.map(|id| (it.instance, id)));
    let learnt: Vec<Pairs> = shards
        .par_iter_mut()
        .map(|shard| {
            shard.sort_unstable_by(|a, b| by_call(a, b, texts));
            let mut pairs = Pairs::default();
            for call in shard.chunk_by_mut(same_call) {
                by_id::untimed_to_front(call);
                identities::learn_from_call(call, texts, &mut pairs);
            }
            identities::learn_from_payloads(shard, texts, &mut pairs);
            pairs
        })
        .collect();
    let mut pairs = Pairs::default();
    identities::learn_from_payloads(&without, texts, &mut pairs);
    for it in learnt {
        pairs.merge(it);
    }

    let mut built: Vec<Built> = shards
        .into_par_iter()
        .map(|mut shard| {
            let mut built = Built::default();
            for call in shard.chunk_by_mut(same_call) {
                identities::resolve_call(call, texts, from_file, &pairs);
                let mut call = call.to_vec();
                call.sort_by(|a, b| order::events(a, b, texts));
                built.duplicates += duplicates::drop_repeated(&mut call, texts);
                by_id::untimed_to_front(&mut call);
                by_id::sessions(&call, texts, &mut built.drafts);
            }
            built
        })
        .collect();

    let mut without = without;
    identities::resolve_each(&mut without, texts, from_file, &pairs);
    let shards = deal(without, |it| it.customer.map(|customer| (it.instance, customer)));
    built.par_extend(shards.into_par_iter().map(|mut shard| {
        let mut built = Built::default();
        shard.sort_unstable_by(|a, b| by_caller(a, b, texts));
        for caller in shard.chunk_by(same_caller) {
            let mut caller = caller.to_vec();
            built.duplicates += duplicates::drop_repeated(&mut caller, texts);
            by_window::sessions(&caller, rules.ring_timeout_ms, &mut built.drafts);
        }
        built
    }));
    finish(built, rules, texts)
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
            .then_with(|| order::missing_last(a.call_id, b.call_id, texts))
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

#[derive(Default)]
struct Built {
    drafts: Vec<Draft>,
    duplicates: u64,
}

fn finish(built: Vec<Built>, rules: &Rules, texts: &Texts) -> Rebuilt {
    let latest = built
        .par_iter()
        .flat_map_iter(|it| it.drafts.iter().flat_map(|it| &it.events))
        .filter(|it| !it.ahead)
        .filter_map(|it| it.at)
        .max();
    let watermark = rules.as_of.or(latest);
    let deciding =
        Deciding { watermark, ring_timeout_ms: rules.ring_timeout_ms, instant_ms: rules.instant_ms };

    let parts: Vec<(Vec<Event>, Vec<Session>, u64)> = built
        .into_par_iter()
        .map(|shard| {
            let mut events = Vec::with_capacity(shard.drafts.iter().map(|it| it.events.len()).sum());
            let mut sessions = Vec::with_capacity(shard.drafts.len());
            for mut draft in shard.drafts {
                sessions.push(decide(&mut draft, events.len(), &deciding, texts));
                events.append(&mut draft.events);
            }
            (events, sessions, shard.duplicates)
        })
        .collect();

    let mut res = Rebuilt { watermark, ..Rebuilt::default() };
    for (mut events, mut sessions, duplicates) in parts {
        let offset = res.events.len();
        for session in &mut sessions {
            session.events = session.events.start + offset..session.events.end + offset;
        }
        res.events.append(&mut events);
        res.sessions.append(&mut sessions);
        res.duplicates += duplicates;
    }
    res.sessions.par_sort_unstable_by(|a, b| order::sessions(a, b, texts));
    res.feeds = Feeds::judge(&res.sessions, &res.events, &rules.feed_complete, texts);
    res.feeds.class(&mut res.sessions, &res.events);
    res
}

fn deal<K: std::hash::Hash>(events: Vec<Event>, key: impl Fn(&Event) -> K) -> Vec<Vec<Event>> {
    use std::hash::BuildHasher;
    let hasher = std::hash::RandomState::new();
    let mut shards: Vec<Vec<Event>> = (0..SHARDS).map(|_| Vec::new()).collect();
    for event in events {
        let shard = hasher.hash_one((event.provider, key(&event))) as usize % SHARDS;
        shards[shard].push(event);
    }
    shards
}

fn same_call(a: &Event, b: &Event) -> bool {
    (a.provider, a.instance, a.call_id) == (b.provider, b.instance, b.call_id)
}

fn by_call(a: &Event, b: &Event, texts: &Texts) -> std::cmp::Ordering {
    a.provider
        .cmp(&b.provider)
        .then_with(|| order::missing_last(Some(a.instance), Some(b.instance), texts))
        .then_with(|| order::missing_last(a.call_id, b.call_id, texts))
        .then_with(|| order::events(a, b, texts))
}

fn same_caller(a: &Event, b: &Event) -> bool {
    (a.provider, a.instance, a.customer) == (b.provider, b.instance, b.customer)
}

fn by_caller(a: &Event, b: &Event, texts: &Texts) -> std::cmp::Ordering {
    a.provider
        .cmp(&b.provider)
        .then_with(|| order::missing_last(Some(a.instance), Some(b.instance), texts))
        .then_with(|| order::missing_last(a.customer, b.customer, texts))
        .then_with(|| order::events(a, b, texts))
}

/// How many events the sessions hold; each unique event must be in exactly one.
pub fn events_in_sessions(rebuilt: &Rebuilt) -> u64 {
    rebuilt.sessions.iter().map(|it| it.events.len() as u64).sum()
}
