//! Big dumps to measure with. Calls come in order of time; what ends them waits in a small heap until its
//! moment has come, so memory does not grow with the dump.

mod lines;
mod noise;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use self::lines::{Line, Verb};
use super::clock::{DAY, HOUR, INDIA, MINUTE, SECOND, days, wall};
use super::rng::Rng;

/// What a big dump is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing but call events of Wawp, about 350 bytes a line.
    Calls,
    /// All four providers; 72 of 100 lines are messages and other webhooks.
    Mixed,
}

/// The span of every dump, however many calls it holds; less by as much as callers try again.
const SPAN: i64 = 180 * DAY;
/// Business lines. A guess at a large customer.
const INSTANCES: u64 = 50;
/// Calls of an average customer.
const CALLS_PER_CUSTOMER: u64 = 6;
/// Lines of a mixed dump that are no calls, of a hundred.
const NOISE: u64 = 72;
/// Bytes that are written at once.
const BLOCK: usize = 1 << 18;
/// More than the longest line, so that a block never grows.
const MARGIN: usize = 1 << 13;

/// The traffic of each hour of the day; 100 is an even day. The night is busier than life, so that every
/// hour of a table has something in it.
const BY_HOUR: [i64; 24] = [
    20, 20, 20, 20, 20, 25, 40, 60, 100, 160, 210, 210, 160, 120, 130, 160, 210, 210, 160, 110, 90, 70, 40,
    35,
];

/// What waits for its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    /// An event of a call.
    Event(Verb),
    /// A caller whom nobody answered tries again.
    Again,
}

/// One call, as far as its later lines need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    instance: u64,
    customer: u64,
    id: [u64; 2],
    offered_at: i64,
    accepted_at: i64,
}

/// Moment, a number that tells equal moments apart, what, and of which call.
type Due = Reverse<(i64, u64, Next, Call)>;

struct Dump<'a> {
    shape: Shape,
    rng: Rng,
    customers: u64,
    block: Vec<u8>,
    out: &'a mut dyn Write,
    due: BinaryHeap<Due>,
    planned: u64,
    /// Noise lines that are still to be written, in parts of 28.
    owed: u64,
}

/// Writes a big dump as NDJSON: the same bytes for the same shape, number of calls and seed.
pub fn dump(shape: Shape, calls: u64, seed: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut dump = Dump {
        shape,
        rng: Rng::new(seed),
        customers: (calls / CALLS_PER_CUSTOMER).max(1),
        block: Vec::with_capacity(BLOCK + MARGIN),
        out,
        due: BinaryHeap::new(),
        planned: 0,
        owed: 0,
    };
    let mut clock = days(2026, 1, 1) * DAY;
    let gap = SPAN / calls.max(1) as i64;
    while dump.planned < calls {
        clock += dump.pause(gap, clock);
        dump.catch_up(clock, calls)?;
        if dump.planned < calls {
            let instance = dump.instance();
            let customer = dump.customer();
            dump.call(clock, instance, customer)?;
        }
    }
    dump.catch_up(i64::MAX, calls)?;
    dump.out.write_all(&dump.block)
}

impl Dump<'_> {
    /// Milliseconds to the next call.
    fn pause(&mut self, gap: i64, now: i64) -> i64 {
        let (_, hour) = wall(now, INDIA);
        // With less than a call an hour there is no day to follow.
        let share = if gap < HOUR { BY_HOUR[hour as usize] } else { 100 };
        self.rng.between(0, 2 * gap * 100 / share)
    }

    /// Some lines are busier than others.
    fn instance(&mut self) -> u64 {
        self.rng.below(INSTANCES).min(self.rng.below(INSTANCES))
    }

    /// The square of an even draw: a tenth of the customers makes a third of the calls.
    fn customer(&mut self) -> u64 {
        let draw = self.rng.next() >> 32;
        ((u128::from(draw * draw) * u128::from(self.customers)) >> 64) as u64
    }

    /// Writes what is due up to a moment, and lets callers try again while there are calls to be planned.
    fn catch_up(&mut self, until: i64, calls: u64) -> io::Result<()> {
        while let Some(Reverse((at, _, next, call))) = self.due.peek().copied() {
            if at > until {
                break;
            }
            self.due.pop();
            match next {
                Next::Event(verb) => self.event(at, verb, call)?,
                Next::Again if self.planned < calls => self.call(at, call.instance, call.customer)?,
                Next::Again => {}
            }
        }
        Ok(())
    }

    fn later(&mut self, at: i64, next: Next, call: Call) {
        let tie = self.rng.next();
        self.due.push(Reverse((at, tie, next, call)));
    }

    /// Rings, and plans what comes of it: 30 of 100 are answered, 25 declined, and nothing is heard of the
    /// rest unless the provider reports misses.
    fn call(&mut self, at: i64, instance: u64, customer: u64) -> io::Result<()> {
        self.planned += 1;
        let id = [self.rng.next(), self.rng.next()];
        let call = Call { instance, customer, id, offered_at: at, accepted_at: 0 };
        let line = Line::of(self.shape, instance);
        if line.announces() {
            self.write(at, Verb::Offer, call)?;
        }
        let fate = self.rng.below(100);
        let ring = self.rng.between(2 * SECOND, 18 * SECOND);
        match fate {
            0..30 => {
                self.later(at + ring, Next::Event(Verb::Accept), Call { accepted_at: at + ring, ..call })
            }
            30..55 => self.later(at + ring, Next::Event(Verb::Reject), call),
            _ if line.reports_misses() => {
                self.later(at + 2 * ring + 20 * SECOND, Next::Event(Verb::Miss), call)
            }
            _ => {}
        }
        if fate >= 30 && self.rng.percent(15) {
            let again = at + self.rng.between(MINUTE, 5 * MINUTE);
            self.later(again, Next::Again, call);
        }
        Ok(())
    }

    fn event(&mut self, at: i64, verb: Verb, call: Call) -> io::Result<()> {
        let line = Line::of(self.shape, call.instance);
        if verb == Verb::Accept && line.reports_ends() {
            let talk = self.rng.between(20, 500) * SECOND;
            self.later(at + talk, Next::Event(Verb::End), call);
        }
        if verb == Verb::Accept && line.tells_afterwards() {
            return Ok(());
        }
        self.write(at, verb, call)
    }

    fn write(&mut self, at: i64, verb: Verb, call: Call) -> io::Result<()> {
        lines::push(&mut self.block, &mut self.rng, self.shape, at, verb, &call);
        if self.shape == Shape::Mixed {
            self.owed += NOISE;
            while self.owed >= 100 - NOISE {
                self.owed -= 100 - NOISE;
                let customer = self.customer();
                noise::push(&mut self.block, &mut self.rng, at, customer);
                self.drain()?;
            }
        }
        self.drain()
    }

    fn drain(&mut self) -> io::Result<()> {
        if self.block.len() >= BLOCK {
            self.out.write_all(&self.block)?;
            self.block.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(shape: Shape, calls: u64, seed: u64) -> Vec<u8> {
        let mut out = Vec::new();
        dump(shape, calls, seed, &mut out).expect("memory takes everything");
        out
    }

    #[test]
    fn the_same_seed_writes_the_same_bytes() {
        for shape in [Shape::Calls, Shape::Mixed] {
            assert_eq!(lines(shape, 300, 3), lines(shape, 300, 3));
            assert_ne!(lines(shape, 300, 3), lines(shape, 300, 4));
        }
        assert!(lines(Shape::Calls, 0, 1).is_empty());
    }

    #[test]
    fn every_line_is_json_and_in_order_of_time() {
        for shape in [Shape::Calls, Shape::Mixed] {
            let text = String::from_utf8(lines(shape, 2_000, 11)).expect("UTF-8");
            let mut last = 0;
            for line in text.lines() {
                let value: serde_json::Value = serde_json::from_str(line).expect(line);
                let Some(at) = value["timestamp"].as_i64() else {
                    continue;
                };
                assert!(at >= last, "{line}");
                last = at;
            }
        }
    }

    #[test]
    fn proportions() {
        let calls = String::from_utf8(lines(Shape::Calls, 20_000, 5)).expect("UTF-8");
        let count = calls.lines().count();
        let bytes = calls.len() / count;
        assert!((30_000..32_000).contains(&count), "1.55 events a call, not {count}");
        assert!((340..356).contains(&bytes), "348 bytes a line, not {bytes}");

        let mixed = String::from_utf8(lines(Shape::Mixed, 5_000, 5)).expect("UTF-8");
        let count = mixed.lines().count();
        let noise = mixed.lines().filter(|line| noise::is_noise(line)).count();
        assert_eq!(noise * 100 / count, 71, "{noise} of {count}; the last line's share is cut");
        assert!(mixed.lines().all(|line| line.len() < MARGIN));
    }
}
