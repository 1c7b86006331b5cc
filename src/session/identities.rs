//! Hidden identities and the numbers behind them: learnt from the whole input, then resolved.
//!
//! In order: the customers file, a number in the same payload, a learnt pair. A pair is learnt from
//! incoming events where one payload shows both, or where the events of one call id on one instance
//! show exactly one of each; it holds unless the input shows that identity with two numbers.

use std::collections::HashMap;

use super::by_id::runs;
use crate::event::{Direction, Event};
use crate::identity::{is_hidden, is_number};
use crate::text::{Sym, Texts};

/// The number of a hidden identity, or that it was seen with several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    One(Sym),
    Several,
}

/// Hidden identities with the numbers that the input shows them with.
#[derive(Clone, Debug, Default)]
pub struct Pairs(HashMap<Sym, Number>);

impl Pairs {
    fn learn(&mut self, hidden: Sym, number: Sym) {
        self.0
            .entry(hidden)
            .and_modify(|it| {
                if *it != Number::One(number) {
                    *it = Number::Several;
                }
            })
            .or_insert(Number::One(number));
    }

    /// Adds the pairs of another part of the input.
    pub fn merge(&mut self, other: Self) {
        for (hidden, number) in other.0 {
            match number {
                Number::One(it) => self.learn(hidden, it),
                Number::Several => {
                    self.0.insert(hidden, Number::Several);
                }
            }
        }
    }

    fn number(&self, hidden: Sym) -> Option<Sym> {
        match self.0.get(&hidden) {
            Some(Number::One(it)) => Some(*it),
            Some(Number::Several) | None => None,
        }
    }
}

/// Hidden identities that the customers file names, with their numbers.
pub type FromFile = HashMap<Sym, Sym>;

/// Learns from events whose call ids do not matter, or that have none.
pub fn learn_from_payloads(events: &[Event], texts: &Texts, pairs: &mut Pairs) {
    for event in events.iter().filter(|it| it.direction == Direction::Incoming) {
        let (Some(a), Some(b)) = (event.customer, event.also) else { continue };
        for (hidden, number) in [(a, b), (b, a)] {
            if is_hidden(texts.raw(hidden)) && is_number(texts.raw(number)) {
                pairs.learn(hidden, number);
            }
        }
    }
}

/// The one hidden identity and the one number that a call shows, if it is exactly one of each.
fn pair_of_call(run: &[Event], texts: &Texts) -> Option<(Sym, Sym)> {
    let mut hidden = None;
    let mut number = None;
    for event in run.iter().filter(|it| it.direction == Direction::Incoming) {
        for party in [event.customer, event.also].into_iter().flatten() {
            let place = if is_hidden(texts.raw(party)) {
                &mut hidden
            } else if is_number(texts.raw(party)) {
                &mut number
            } else {
                continue;
            };
            match *place {
                None => *place = Some(party),
                Some(it) if it == party => {}
                Some(_) => return None,
            }
        }
    }
    hidden.zip(number)
}

/// Learns from the events of one call id on one instance, in order.
pub fn learn_from_call(call: &[Event], texts: &Texts, pairs: &mut Pairs) {
    for run in runs(call) {
        if let Some((hidden, number)) = pair_of_call(run, texts) {
            pairs.learn(hidden, number);
        }
    }
}

/// Resolves the customers of events, one by one.
pub fn resolve_each(events: &mut [Event], texts: &Texts, file: &FromFile, pairs: &Pairs) {
    for event in events {
        let Some(customer) = event.customer.filter(|it| is_hidden(texts.raw(*it))) else { continue };
        let in_payload = event.also.filter(|it| is_number(texts.raw(*it)));
        let number = file.get(&customer).copied().or(in_payload).or_else(|| pairs.number(customer));
        event.customer = Some(number.unwrap_or(customer));
    }
}

/// Resolves the customers of one call id on one instance, in order: within a call that shows one
/// hidden identity and one number, the two are one customer in any case.
pub fn resolve_call(call: &mut [Event], texts: &Texts, file: &FromFile, pairs: &Pairs) {
    let lengths: Vec<usize> = runs(call).map(<[Event]>::len).collect();
    let mut rest = call;
    for length in lengths {
        let (run, next) = rest.split_at_mut(length);
        rest = next;
        let Some((hidden, number)) = pair_of_call(run, texts) else {
            resolve_each(run, texts, file, pairs);
            continue;
        };
        let one = file.get(&hidden).copied().unwrap_or(number);
        let (ours, others): (Vec<&mut Event>, Vec<&mut Event>) =
            run.iter_mut().partition(|it| it.customer == Some(hidden) || it.customer == Some(number));
        for event in ours {
            event.customer = Some(one);
        }
        for event in others {
            resolve_each(std::slice::from_mut(event), texts, file, pairs);
        }
    }
}
