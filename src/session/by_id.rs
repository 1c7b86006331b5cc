//! Events with a call id: the same provider, instance and id are one session, except after a
//! silence of more than a day, and except where several customers offered under one id.

use super::outcome::Draft;
use crate::event::{Event, Kind};
use crate::text::{Sym, Texts};
use crate::time::DAY;

/// Cuts the events of one call id, in order, wherever neighbours lie more than 24 h apart. Untimed
/// events stand last in the order but belong to the earliest run, so they come as a part of it: the
/// caller sees them moved there by [`untimed_to_front`].
pub fn runs(call: &[Event]) -> impl Iterator<Item = &[Event]> {
    call.chunk_by(|a, b| match (a.at, b.at) {
        (Some(a), Some(b)) => b - a <= DAY,
        _ => true,
    })
}

/// Brings untimed events, which are sorted last, before all others, so that they stand in the
/// earliest run.
pub fn untimed_to_front(call: &mut [Event]) {
    let untimed = call.iter().rev().take_while(|it| it.at.is_none()).count();
    call.rotate_right(untimed);
}

/// Puts the unique events of one call id on one instance together. `call` is in order, with the
/// untimed events in front.
pub fn sessions(call: &[Event], texts: &Texts, out: &mut Vec<Draft>) {
    for (number, run) in runs(call).enumerate() {
        let mut customers: Vec<Sym> =
            run.iter().filter(|it| it.kind == Kind::Offered).filter_map(|it| it.customer).collect();
        customers.sort_by(|a, b| texts.raw(*a).cmp(texts.raw(*b)));
        customers.dedup();
        if customers.len() < 2 {
            let mut draft = Draft::new(run.to_vec());
            draft.reused_id = number > 0;
            out.push(draft);
            continue;
        }
        let mut parts: Vec<Vec<Event>> = customers.iter().map(|_| Vec::new()).collect();
        for event in run {
            parts[owner(event, run, &customers)].push(*event);
        }
        for events in parts {
            let mut draft = Draft::new(events);
            draft.reused_id = number > 0;
            draft.collided_id = true;
            out.push(draft);
        }
    }
}

/// Whose session an event of a collided id belongs to: its own customer's, else that of the latest
/// offer at or before it, else that of the earliest offer; of two at one time the smaller customer's.
fn owner(event: &Event, run: &[Event], customers: &[Sym]) -> usize {
    let place = |customer: Sym| customers.iter().position(|it| *it == customer);
    if let Some(own) = event.customer.and_then(place) {
        return own;
    }
    // An untimed event stands before all others; `customers` are in the order of their texts.
    let offers = || {
        run.iter()
            .filter(|it| it.kind == Kind::Offered)
            .filter_map(|it| Some((it.at.unwrap_or(i64::MIN), it.customer.and_then(place)?)))
    };
    let at = event.at.unwrap_or(i64::MIN);
    let latest =
        offers().filter(|(offered, _)| *offered <= at).min_by_key(|(at, place)| (-i128::from(*at), *place));
    latest.or_else(|| offers().min()).map_or(0, |(_, place)| place)
}
