//! Sessions by their customers.

use rayon::prelude::*;

use super::chunks::Chunks;
use super::{Kin, halves, whole};
use crate::event::{Cause, Direction};
use crate::session::{OrphanClass, Outcome};
use crate::text::Sym;

/// What attempts and histories of customers are made of, in 24 bytes and in the customers' order: the
/// sessions of one customer lie far apart among all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brief {
    /// 48 bits of the start; the rest below.
    bits: [u32; 2],
    /// Milliseconds from the start to the decision.
    decided: i32,
    place: u32,
    id: u32,
    kin: Kin,
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
}

const UNTIMED: u64 = (1 << 48) - 1;
const UNDECIDED: i32 = i32::MIN;

/// Places of bits.
const OUTCOME: u32 = 1;
const CAUSE: u32 = 4;
const GROUP: u32 = 8;
const OFFERED: u32 = 9;
const POLICY: u32 = 10;
const UNRATED: u32 = 11;
/// It does not fit, and is looked up.
const WIDE: u32 = 12;
/// Three bits; the highest of the lower 16.
const ORPHAN: u32 = 13;

impl Brief {
    /// `id` tells call ids apart, if not all.
    #[inline]
    pub(super) fn of(told: &Told, kin: Kin, id: Option<[u8; 16]>) -> Self {
        let start =
            told.started_at.map_or(Some(UNTIMED), |it| u64::try_from(it).ok().filter(|it| *it < UNTIMED));
        let decided = match told.decided_at.zip(told.started_at) {
            None => told.decided_at.is_none().then_some(UNDECIDED),
            Some((decided, start)) => {
                decided.checked_sub(start).and_then(|it| i32::try_from(it).ok()).filter(|it| *it != UNDECIDED)
            }
        };
        let offered = told.offered_at.is_none() || told.offered_at == told.started_at;
        let is_wide = start.is_none() || decided.is_none() || !offered;
        let flag = |is: bool, at: u32| u64::from(is) << at;
        let bits = told.direction as u64
            | told.outcome.map_or(0, |it| it as u64 + 1) << OUTCOME
            | told.cause.map_or(0, |it| it as u64 + 1) << CAUSE
            | flag(told.is_group, GROUP)
            | flag(told.offered_at.is_some(), OFFERED)
            | flag(told.is_unrated, UNRATED)
            | told.orphan.map_or(0, |it| it as u64 + 1) << ORPHAN
            | flag(told.is_policy, POLICY)
            | flag(is_wide, WIDE);
        let id = id.map_or(0, |it| {
            let [a, b, c, d, e, f, g, h, ..] = it;
            (u32::from_le_bytes([a, b, c, d]) ^ u32::from_le_bytes([e, f, g, h]).rotate_left(7)).max(1)
        });
        let bits = halves(start.unwrap_or(UNTIMED) << 16 | bits);
        Self { bits, decided: decided.unwrap_or(UNDECIDED), place: 0, id, kin }
    }

    #[inline]
    pub(super) fn at(self, place: usize) -> Self {
        Self { place: place as u32, ..self }
    }

    /// Its place among the sessions.
    #[inline]
    pub fn place(self) -> usize {
        self.place as usize
    }

    #[inline]
    fn is(self, at: u32) -> bool {
        whole(self.bits) >> at & 1 == 1
    }

    /// What it has in common with others.
    #[inline]
    pub fn kin(self) -> Kin {
        self.kin
    }

    /// A part of its call id; none where it has none. Of sessions whose parts differ, so do the ids.
    #[inline]
    pub fn id_part(self) -> Option<u32> {
        (self.id != 0).then_some(self.id)
    }

    /// What it tells; `look` is asked for what does not fit.
    #[inline]
    pub(super) fn told(self, look: impl FnOnce() -> Told) -> Told {
        if self.is(WIDE) {
            return look();
        }
        let bits = whole(self.bits);
        let started_at = Some(bits >> 16).filter(|it| *it != UNTIMED).map(u64::cast_signed);
        let coded = |from: u32, width: u32| ((bits >> from & ((1 << width) - 1)) as usize).wrapping_sub(1);
        let decided = (self.decided != UNDECIDED).then_some(i64::from(self.decided));
        Told {
            started_at,
            decided_at: started_at.zip(decided).map(|(start, after)| start + after),
            offered_at: started_at.filter(|_| self.is(OFFERED)),
            direction: if self.is(0) { Direction::Outgoing } else { Direction::Incoming },
            outcome: Outcome::ALL.get(coded(OUTCOME, 3)).copied(),
            cause: Cause::ALL.get(coded(CAUSE, 4)).copied(),
            is_group: self.is(GROUP),
            orphan: OrphanClass::ALL.get(coded(ORPHAN, 3)).copied(),
            is_unrated: self.is(UNRATED),
            is_policy: self.is(POLICY),
        }
    }
}

/// Customers are dealt to so many buckets first: the sessions of one bucket fit a processor's cache, where
/// finding each customer's place among all would be a miss a session.
const BUCKETS: u32 = 64;
/// Those that are dealt to at once.
const AT_ONCE: u32 = 16;

/// The sessions of each customer, in the order of the sessions.
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
    /// Of so many sessions in order, of each the number of its customer, 0 for none, and what is kept.
    pub(super) fn of(
        sessions: usize,
        customer: impl Fn(usize) -> u32 + Sync,
        brief: impl Fn(usize) -> Brief + Sync,
    ) -> Self {
        let each = sessions.div_ceil(rayon::current_num_threads()).max(1);
        let mut buckets: Vec<Bucket> = Vec::with_capacity(BUCKETS as usize);
        // Some buckets after the others, so that what is dealt takes little memory.
        for first in (0..BUCKETS).step_by(AT_ONCE as usize) {
            let deal = |part: usize| {
                let mut dealt: Vec<Dealt> = Vec::new();
                dealt.resize_with(AT_ONCE as usize, Dealt::default);
                for place in part * each..sessions.min((part + 1) * each) {
                    let number = customer(place);
                    let bucket = (number % BUCKETS).wrapping_sub(first);
                    if bucket < AT_ONCE && number != 0 {
                        dealt[bucket as usize].push((number / BUCKETS, brief(place).at(place)));
                    }
                }
                dealt
            };
            let dealt: Vec<Vec<Dealt>> = (0..sessions.div_ceil(each)).into_par_iter().map(deal).collect();
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
        ByCustomer::of(numbers.len(), |it| numbers[it], |_| Brief::default())
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

    #[test]
    fn what_is_told_in_brief_comes_back() {
        let start = 1_771_400_000_000;
        let times = [
            None,
            Some(0),
            Some(start),
            Some(start + 9000),
            Some(-1),
            Some(UNTIMED.cast_signed()),
            Some(i64::MAX),
        ];
        let outcomes = Outcome::ALL.into_iter().map(Some).chain([None]);
        let causes = Cause::ALL.into_iter().map(Some).chain([None]);
        let kinds: Vec<_> = outcomes.flat_map(|it| causes.clone().map(move |cause| (it, cause))).collect();
        let mut looked = 0;
        for (place, started_at, decided_at, offered_at) in
            (0..7 * 7 * 7).map(|it| (it, times[it / 49], times[it / 7 % 7], times[it % 7]))
        {
            for number in 0..32 {
                let (outcome, cause) = kinds[(place * 32 + number) % kinds.len()];
                let is = |bit: u32| number >> bit & 1 == 1;
                let told = Told {
                    started_at,
                    decided_at,
                    offered_at,
                    direction: Direction::ALL[usize::from(is(0))],
                    outcome,
                    cause,
                    is_group: is(1),
                    orphan: OrphanClass::ALL.get(number % 5).copied(),
                    is_unrated: is(2),
                    is_policy: is(3),
                };
                let id = is(4).then_some([number as u8; 16]);
                let brief = Brief::of(&told, Kin::default(), id).at(7);
                let look = || {
                    looked += 1;
                    told
                };
                assert_eq!(brief.told(look), told);
                assert_eq!((brief.id_part().is_some(), brief.place()), (id.is_some(), 7));
            }
        }
        // What fits: nothing at all, and of the starts 0 and the two that lie together a decision at one of two
        // times or never, with an offer at the start or never.
        assert_eq!(looked, (7 * 7 * 7 - (1 + 3 * 3 * 2)) * 32);
    }
}
