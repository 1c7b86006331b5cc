//! Sessions by their customers.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::chunks::Chunks;
use super::part::Row;
use super::rows::Rows;
use super::{Kin, halves, whole};
use crate::event::{Cause, Direction};
use crate::session::{OrphanClass, Outcome};
use crate::text::Sym;

/// What attempts and histories of customers are made of, in 20 bytes and in the customers' order: the
/// sessions of one customer lie far apart among all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brief {
    /// 48 bits of the start, and below it a part of the call id.
    bits: [u32; 2],
    /// Milliseconds from the start to the decision, as in a row.
    decided: i32,
    place: u32,
    likeness: u32,
}

/// The same, unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `Session`")]
pub struct Told {
    pub started_at: Option<i64>,
    pub decided_at: Option<i64>,
    pub offered_at: Option<i64>,
    pub direction: Direction,
    pub outcome: Option<Outcome>,
    pub cause: Option<Cause>,
    pub is_group: bool,
    pub orphan: Option<OrphanClass>,
    pub is_unrated: bool,
    /// Whether the server's own interface declined it.
    pub is_policy: bool,
    pub has_offer: bool,
    /// Whether something in its events is odd.
    pub is_odd: bool,
    /// What it has in common with others.
    pub kin: Kin,
    pub(super) is_offered_at_start: bool,
    pub(super) is_wide: bool,
}

/// Something that follows from what sessions have in common.
pub struct ByLikeness<T>(pub(super) Vec<T>);

impl<T: Copy> ByLikeness<T> {
    /// That of a brief's session.
    #[inline]
    pub fn of(&self, brief: Brief) -> T {
        self.0[brief.likeness()]
    }
}

const UNTIMED: u64 = (1 << 48) - 1;
/// The start does not fit, and is looked up.
const ELSEWHERE: u64 = UNTIMED - 1;

/// When a session began, as a brief tells it.
pub(super) enum Start {
    At(i64),
    Untimed,
    Elsewhere,
}

impl Brief {
    /// The brief of the session of a row at a place; `has_id` says whether it has a call id.
    #[inline]
    pub(super) fn of(row: &Row, has_id: bool, place: usize) -> Self {
        let fits = |it: i64| u64::try_from(it).ok().filter(|it| *it < ELSEWHERE).unwrap_or(ELSEWHERE);
        let start = row.started_at().map_or(UNTIMED, fits);
        let [a, b, c, d, e, f, g, h, ..] = row.id;
        let mixed = u32::from_le_bytes([a, b, c, d]) ^ u32::from_le_bytes([e, f, g, h]).rotate_left(7);
        let id = if has_id { (mixed ^ mixed >> 16) as u16 } else { 0 };
        let bits = halves(start << 16 | u64::from(id.max(u16::from(has_id))));
        Self { bits, decided: row.decided, place: place as u32, likeness: row.likeness }
    }

    /// Its place among the sessions.
    #[inline]
    pub fn place(self) -> usize {
        self.place as usize
    }

    /// A part of its call id; none where it has none. Of sessions whose parts differ, so do the ids.
    #[inline]
    pub fn id_part(self) -> Option<u16> {
        Some(self.bits[0] as u16).filter(|it| *it != 0)
    }

    /// Whether it is known when its session started.
    #[inline]
    pub fn is_timed(self) -> bool {
        !matches!(self.start(), Start::Untimed)
    }

    #[inline]
    pub(super) fn likeness(self) -> usize {
        self.likeness as usize
    }

    #[inline]
    pub(super) fn start(self) -> Start {
        match whole(self.bits) >> 16 {
            UNTIMED => Start::Untimed,
            ELSEWHERE => Start::Elsewhere,
            it => Start::At(it.cast_signed()),
        }
    }

    #[inline]
    pub(super) fn decided(self) -> i32 {
        self.decided
    }
}

/// Customers are dealt to so many buckets first: the sessions of one bucket fit a processor's cache, where
/// finding each customer's place among all would be a miss a session.
const BUCKETS: u32 = 64;
/// Those that are dealt to at once.
const AT_ONCE: u32 = 16;

/// The sessions of each customer, in their order.
pub struct ByCustomer {
    buckets: Vec<Bucket>,
    /// How many customers stand before each bucket, and in all.
    before: Vec<usize>,
}

#[derive(Default)]
struct Bucket {
    customers: Vec<Sym>,
    /// Where the sessions of each customer end.
    ends: Vec<u32>,
    briefs: Vec<Brief>,
}

/// Sessions as they are dealt, with what is left of the numbers of their customers.
type Dealt = Chunks<(u32, Brief)>;

impl ByCustomer {
    /// Of the sessions of these rows. `has_id` says of the numbers of likenesses whether such sessions have a
    /// call id.
    pub(super) fn of(rows: &Rows, has_id: &[bool]) -> Self {
        let mut buckets: Vec<Bucket> = Vec::with_capacity(BUCKETS as usize);
        // Some buckets after the others, so that what is dealt takes little memory.
        for first in (0..BUCKETS).step_by(AT_ONCE as usize) {
            let deal = |mut dealt: Vec<Dealt>, (place, rows): (usize, &[Row])| {
                if dealt.is_empty() {
                    dealt.resize_with(AT_ONCE as usize, Dealt::default);
                }
                for (row, place) in rows.iter().zip(place..) {
                    let bucket = (row.customer % BUCKETS).wrapping_sub(first);
                    if bucket < AT_ONCE && row.customer != 0 {
                        let brief = Brief::of(row, has_id[row.likeness as usize], place);
                        dealt[bucket as usize].push((row.customer / BUCKETS, brief));
                    }
                }
                dealt
            };
            // Few large parts, which come in the order of their rows.
            let least = rows.pieces().len().div_ceil(rayon::current_num_threads()).max(1);
            let dealt: Vec<Vec<Dealt>> = rows.pieces().with_min_len(least).fold(Vec::new, deal).collect();
            let mut of_bucket: Vec<Vec<Dealt>> = Vec::new();
            of_bucket.resize_with(AT_ONCE as usize, Vec::new);
            for (bucket, dealt) in dealt.into_iter().flat_map(|it| it.into_iter().enumerate()) {
                of_bucket[bucket].push(dealt);
            }
            let numbers = first..first + AT_ONCE;
            buckets.par_extend(
                of_bucket.into_par_iter().zip(numbers).map(|(it, number)| Bucket::of(it, number)),
            );
        }
        let mut before = vec![0];
        for it in &buckets {
            before.push(before[before.len() - 1] + it.customers.len());
        }
        Self { buckets, before }
    }

    /// Brings the sessions of each customer into an order.
    pub(super) fn sort_each(&mut self, order: impl Fn(&Brief, &Brief) -> Ordering + Sync) {
        self.buckets.par_iter_mut().for_each(|bucket| {
            let mut rest = &mut bucket.briefs[..];
            let mut start = 0;
            for &end in &bucket.ends {
                let of_customer;
                (of_customer, rest) = rest.split_at_mut((end - start) as usize);
                of_customer.sort_unstable_by(&order);
                start = end;
            }
        });
    }

    /// How many customers there are.
    pub fn len(&self) -> usize {
        self.before.last().copied().unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A customer, by its number among them, with its sessions.
    ///
    /// # Panics
    ///
    /// If there are not so many.
    pub fn get(&self, number: usize) -> (Sym, &[Brief]) {
        let bucket = self.before.partition_point(|it| *it <= number) - 1;
        self.buckets[bucket].get(number - self.before[bucket])
    }

    /// Every customer with its sessions, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (Sym, &[Brief])> {
        self.buckets.iter().flat_map(|bucket| (0..bucket.customers.len()).map(|it| bucket.get(it)))
    }
}

impl Bucket {
    fn of(dealt: Vec<Dealt>, bucket: u32) -> Self {
        // Symbols are small numbers without large gaps, so they are counted rather than sorted.
        let mut next: Vec<u32> = Vec::new();
        for (number, _) in dealt.iter().flat_map(Chunks::iter) {
            if next.len() <= *number as usize {
                next.resize(*number as usize + 1, 0);
            }
            next[*number as usize] += 1;
        }
        let mut res = Self::default();
        let mut sum = 0;
        for (number, count) in next.iter_mut().enumerate() {
            let of_it = std::mem::replace(count, sum);
            sum += of_it;
            if of_it > 0 {
                res.customers.extend(Sym::of_number(number as u32 * BUCKETS + bucket));
                res.ends.push(sum);
            }
        }
        res.briefs = vec![Brief::default(); sum as usize];
        for (number, brief) in dealt.iter().flat_map(Chunks::iter) {
            let at = &mut next[*number as usize];
            res.briefs[*at as usize] = *brief;
            *at += 1;
        }
        res
    }

    fn get(&self, number: usize) -> (Sym, &[Brief]) {
        let start = number.checked_sub(1).map_or(0, |it| self.ends[it] as usize);
        (self.customers[number], &self.briefs[start..self.ends[number] as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(numbers: &[u32]) -> ByCustomer {
        let row = |it: &u32| Row { customer: *it, ..Row::at(0) };
        ByCustomer::of(&Rows::of(vec![numbers.iter().map(row).collect()]), &[false])
    }

    #[test]
    fn every_session_of_somebody_is_found_once_and_in_order() {
        let numbers = [3, 0, 1, 3, 7, 1, 64 * 9 + 3, 3, 64, 128, 64];
        let by_few = by(&numbers);
        let places = |it: &[Brief]| it.iter().map(|it| it.place()).collect::<Vec<_>>();
        let found = by_few.iter().map(|(it, briefs)| (it.number(), places(briefs)));
        let mut found: Vec<(u32, Vec<usize>)> = found.collect();
        assert_eq!(by_few.len(), found.len());
        let one_by_one = (0..by_few.len()).map(|it| by_few.get(it).0.number());
        assert!(one_by_one.eq(found.iter().map(|it| it.0)));
        found.sort();
        let expected = [
            (1, vec![2, 5]),
            (3, vec![0, 3, 7]),
            (7, vec![4]),
            (64, vec![8, 10]),
            (128, vec![9]),
            (64 * 9 + 3, vec![6]),
        ];
        assert_eq!(found, expected);
        assert!(by(&[0, 0]).is_empty());
        assert!(by(&[]).is_empty());
    }
}
