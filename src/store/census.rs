//! Sessions counted by what a glance shows of them.

use rayon::prelude::*;

use super::likeness::Bits;
use super::part::Row;
use super::{Glance, Kin, Sessions};
use crate::stats::Spans;

/// Sessions that a glance shows alike, but for who called when.
#[derive(Clone, Debug)]
pub struct Alike {
    /// What they have in common with others.
    pub kin: Kin,
    /// One of them; of its customer and start only whether they are known is common to all.
    pub glance: Glance,
    /// The place of that one.
    pub place: usize,
    /// How many there are.
    pub all: u64,
    /// How many of them are chosen.
    pub chosen: u64,
    /// When the first and the last of those started, as far as is known.
    pub starts: Option<(i64, i64)>,
    /// How long those rang, as far as is known, in no order.
    pub rings: Spans,
    /// How long those were talked.
    pub talks: Spans,
}

#[derive(Default)]
struct Count {
    place: usize,
    all: u64,
    chosen: u64,
    starts: Option<(i64, i64)>,
    rings: Spans,
    talks: Spans,
}

/// Counts by the numbers of what is counted.
struct Counts {
    /// One more than the place of each count; 0 where there is none.
    places: Vec<u32>,
    counts: Vec<(u32, Count)>,
}

impl Counts {
    fn of(kinds: usize) -> Self {
        Self { places: vec![0; kinds], counts: Vec::new() }
    }

    #[inline]
    fn get(&mut self, kind: usize, place: usize) -> &mut Count {
        let at = &mut self.places[kind];
        if *at == 0 {
            self.counts.push((kind as u32, Count { place, ..Count::default() }));
            *at = self.counts.len() as u32;
        }
        &mut self.counts[*at as usize - 1].1
    }
}

/// The first and the last of two such pairs, as far as they are known.
pub(crate) fn around(a: Option<(i64, i64)>, b: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

impl Sessions {
    /// Counts sessions that are alike, of all and of those that are `chosen`.
    pub fn census(&self, chosen: &[bool]) -> Vec<Alike> {
        let mask = Bits::all(&Bits::OF_A_GLANCE);
        // Likenesses that a glance shows alike have one number.
        let mut numbers = hashbrown::HashMap::new();
        let mut facts = Vec::new();
        let number = |it: &super::Likeness| {
            let next = facts.len() as u32;
            *numbers.entry((it.facts, it.bits & mask)).or_insert_with(|| {
                facts.push(it.facts);
                next
            })
        };
        let numbers: Vec<u32> = self.likenesses().iter().map(number).collect();
        // Whether start and customer are known comes into it as two more bits.
        let kinds = facts.len() * 4;
        let count = |mut counts: Counts, (first, rows): (usize, &[Row])| {
            for ((row, chosen), place) in rows.iter().zip(&chosen[first..]).zip(first..) {
                let known = usize::from(row.started_at().is_some()) << 1 | usize::from(row.customer != 0);
                let kind = (numbers[row.likeness as usize] as usize) << 2 | known;
                let count = counts.get(kind, place);
                count.all += 1;
                if *chosen {
                    let (ring, talk) = self.ring_and_talk_of(row);
                    count.chosen += 1;
                    count.starts = around(count.starts, row.started_at().map(|it| (it, it)));
                    count.rings.add(ring);
                    count.talks.add(talk);
                }
            }
            counts
        };
        let pieces = self.rows.pieces();
        let least = pieces.len().div_ceil(rayon::current_num_threads()).max(1);
        let parts: Vec<Counts> = pieces.with_min_len(least).fold(|| Counts::of(kinds), count).collect();
        let mut all = Counts::of(kinds);
        for (kind, mut it) in parts.into_iter().flat_map(|it| it.counts) {
            it.rings.share();
            it.talks.share();
            let sum = all.get(kind as usize, it.place);
            sum.all += it.all;
            sum.chosen += it.chosen;
            sum.starts = around(sum.starts, it.starts);
            sum.rings.extend(&it.rings);
            sum.talks.extend(&it.talks);
        }
        let alike =
            all.counts.into_iter().map(|(kind, Count { place, all, chosen, starts, rings, talks })| {
                let kin = Kin(facts[kind as usize >> 2]);
                Alike { kin, glance: self.glance(place), place, all, chosen, starts, rings, talks }
            });
        alike.collect()
    }
}
