//! Events with a call id: the same provider, instance and id are one session, except after a
//! silence of more than a day, and except where several customers offered under one id.

use std::collections::HashMap;

use super::outcome::OfId;
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
pub fn sessions(call: &mut [Event], texts: &Texts, out: &mut dyn FnMut(&mut [Event], OfId)) {
    let mut reused = false;
    let mut rest = call;
    loop {
        let length = runs(rest).next().map_or(0, <[Event]>::len);
        if length == 0 {
            return;
        }
        let (run, next) = rest.split_at_mut(length);
        rest = next;
        let customers = customers(run, texts);
        if customers.len() < 2 {
            out(run, OfId { reused, collided: false });
        } else {
            let owners = Owners::new(run, &customers);
            let mut parts: Vec<Vec<Event>> = customers.iter().map(|_| Vec::new()).collect();
            for event in &*run {
                parts[owners.of(event)].push(*event);
            }
            for events in &mut parts {
                out(events, OfId { reused, collided: true });
            }
        }
        reused = true;
    }
}

/// Those who offered, by their texts; none where it is only one.
fn customers(run: &[Event], texts: &Texts) -> Vec<Sym> {
    let offering = || run.iter().filter(|it| it.kind == Kind::Offered).filter_map(|it| it.customer);
    let first = offering().next();
    if offering().all(|it| Some(it) == first) {
        return Vec::new();
    }
    let mut customers: Vec<Sym> = offering().collect();
    customers.sort_by(|a, b| texts.raw(*a).cmp(texts.raw(*b)));
    customers.dedup();
    customers
}

/// Whose session each event of a collided id is. A stranger can send any number of events under one id,
/// so that each event is looked up, and none goes through the others.
struct Owners {
    /// The place of each customer that offered.
    places: HashMap<Sym, usize>,
    /// When there were offers, in order, and the smallest place of each time.
    offers: Vec<(i64, usize)>,
}

impl Owners {
    /// `customers` are in the order of their texts. An untimed event stands before all others.
    fn new(run: &[Event], customers: &[Sym]) -> Self {
        let places: HashMap<Sym, usize> =
            customers.iter().enumerate().map(|(place, customer)| (*customer, place)).collect();
        let offered = run.iter().filter(|it| it.kind == Kind::Offered);
        let mut offers: Vec<(i64, usize)> =
            offered.filter_map(|it| Some((time(it), *places.get(&it.customer?)?))).collect();
        offers.sort_unstable();
        offers.dedup_by_key(|(at, _)| *at);
        Self { places, offers }
    }

    /// Its own customer's, else that of the latest offer at or before it, else that of the earliest offer;
    /// of two at one time the smaller customer's.
    fn of(&self, event: &Event) -> usize {
        if let Some(own) = event.customer.and_then(|it| self.places.get(&it)) {
            return *own;
        }
        let before = self.offers.partition_point(|(at, _)| *at <= time(event));
        self.offers.get(before.saturating_sub(1)).map_or(0, |(_, place)| *place)
    }
}

fn time(event: &Event) -> i64 {
    event.at.unwrap_or(i64::MIN)
}
