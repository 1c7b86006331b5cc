//! Repeated deliveries: of events that agree in everything that makes an event, one is kept.

use super::order;
use crate::event::{Event, Kind, Reaction};
use crate::text::{Sym, Texts};

/// Drops repeated deliveries from the events of one call, which are in order; says how many.
/// The kept one has of each optional field the smallest value that any of them has.
pub fn drop_repeated(events: &mut Vec<Event>, texts: &Texts) -> u64 {
    drop_where(events, texts, same_delivery)
}

/// The same among events whose identities are not resolved yet: two that show different pairs of
/// identities are both kept, since either may be what tells who a hidden caller is.
pub fn drop_repeated_as_sent(events: &mut Vec<Event>, texts: &Texts) -> u64 {
    drop_where(events, texts, |a, b| a.also == b.also && same_delivery(a, b))
}

fn drop_where(events: &mut Vec<Event>, texts: &Texts, same: impl Fn(&Event, &Event) -> bool) -> u64 {
    let before = events.len();
    events.dedup_by(|later, kept| {
        let same = same(later, kept);
        if same {
            merge(kept, later, texts);
        }
        same
    });
    (before - events.len()) as u64
}

/// The provider's repeats of a skipped agent are alike to the byte and all count; only the very same
/// line, read twice, is one.
fn same_delivery(a: &Event, b: &Event) -> bool {
    let key = |it: &Event| {
        (it.provider, it.instance, it.direction, it.word, it.kind, it.call_id, it.customer, it.cause, it.at)
    };
    key(a) == key(b) && (a.kind != Kind::Skipped || a.origin == b.origin)
}

fn merge(kept: &mut Event, other: &Event, texts: &Texts) {
    kept.clock = kept.clock.min(other.clock);
    // One delivery that was plausible is enough to believe the time.
    kept.ahead &= other.ahead;
    kept.replayed &= other.replayed;
    kept.video = smaller(kept.video, other.video);
    kept.group = smaller(kept.group, other.group);
    kept.ended_at = smaller(kept.ended_at, other.ended_at);
    kept.talk_ms = smaller(kept.talk_ms, other.talk_ms);
    kept.received_at = smaller(kept.received_at, other.received_at);
    for (kept, other) in [
        (&mut kept.account, other.account),
        (&mut kept.also, other.also),
        (&mut kept.agent_label, other.agent_label),
        (&mut kept.customer_name, other.customer_name),
        (&mut kept.account_name, other.account_name),
        (&mut kept.customer_ref, other.customer_ref),
        (&mut kept.chat_ref, other.chat_ref),
        (&mut kept.engine, other.engine),
        (&mut kept.country, other.country),
        (&mut kept.metadata, other.metadata),
    ] {
        if order::missing_last(other, *kept, texts).is_lt() {
            *kept = other;
        }
    }
    if order::origins(other.origin, kept.origin, texts).is_lt() {
        kept.origin = other.origin;
    }
}

fn smaller<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Drops repeated reactions and brings the rest into order; says how many were dropped.
pub fn drop_repeated_reactions(reactions: &mut Vec<Reaction>, texts: &Texts) -> u64 {
    let text = |it: Sym| texts.raw(it);
    reactions.sort_by(|a, b| {
        (a.provider, text(a.chat), text(a.message), text(a.emoji))
            .cmp(&(b.provider, text(b.chat), text(b.message), text(b.emoji)))
            .then_with(|| order::missing_last(a.reactor, b.reactor, texts))
            .then_with(|| (a.set, a.at).cmp(&(b.set, b.at)))
            .then_with(|| b.tally.cmp(&a.tally))
            .then_with(|| order::origins(a.origin, b.origin, texts))
    });
    let before = reactions.len();
    reactions.dedup_by_key(|it| (it.provider, it.chat, it.message, it.emoji, it.reactor, it.set, it.at));
    (before - reactions.len()) as u64
}
