//! The rows of sessions: each part stays where the thread that built it put it, and an order over all parts
//! says which comes when.

use std::cmp::Ordering;
use std::ops::Range;

use rayon::prelude::*;

use super::chunks::Chunks;
use super::part::Row;

/// Rows by their places in the order.
#[derive(Default)]
pub(super) struct Rows {
    parts: Vec<Chunks<Row>>,
    /// For each place the part, and in so many lower bits the place in it.
    order: Vec<u32>,
    bits: u32,
}

impl Rows {
    /// The rows of several parts, in their order.
    ///
    /// # Panics
    ///
    /// If there are four thousand million or more.
    pub(super) fn of(mut parts: Vec<Chunks<Row>>) -> Self {
        parts.retain(|it| it.next() > 0);
        let bits_of = |parts: &[Chunks<Row>]| {
            let most = parts.iter().map(Chunks::next).max().unwrap_or(0);
            let bits = usize::BITS - most.leading_zeros();
            u32::try_from((parts.len() << bits).saturating_sub(1)).is_ok().then_some(bits)
        };
        let bits = bits_of(&parts).unwrap_or_else(|| {
            // Many threads, of which one built nearly all.
            parts = vec![parts.iter().flat_map(Chunks::iter).copied().collect()];
            bits_of(&parts).expect("fewer sessions than four thousand million")
        });
        let mut order = Vec::with_capacity(parts.iter().map(Chunks::next).sum());
        for (part, rows) in parts.iter().enumerate() {
            order.extend((0..rows.next()).map(|it| (part << bits | it) as u32));
        }
        Self { parts, order, bits }
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    #[inline]
    fn place(&self, it: u32) -> (usize, usize) {
        let it = it as usize;
        (it >> self.bits, it & ((1 << self.bits) - 1))
    }

    #[inline]
    fn row(&self, it: u32) -> &Row {
        let (part, at) = self.place(it);
        self.parts[part].get(at)
    }

    #[inline]
    pub(super) fn get(&self, place: usize) -> &Row {
        self.row(self.order[place])
    }

    #[inline]
    pub(super) fn get_mut(&mut self, place: usize) -> &mut Row {
        let (part, at) = self.place(self.order[place]);
        self.parts[part].get_mut(at)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Row> + DoubleEndedIterator + Clone {
        self.order.iter().map(|it| self.row(*it))
    }

    /// All of them, in no order that means anything.
    pub(super) fn in_any_order(&self) -> impl ParallelIterator<Item = &Row> {
        self.parts.par_iter().flat_map(|it| it.pieces().par_iter().flatten())
    }

    /// Brings all of them into an order in which no two are equal: by start, and those of one start by `ties`.
    pub(super) fn sort(&mut self, ties: impl Fn(&Row, &Row) -> Ordering + Sync) {
        self.parts.par_iter_mut().for_each(|it| sort(it, &ties));
        if self.parts.len() < 2 {
            // Its order is that of its places, as it was.
            return;
        }
        let order = |a: &Row, b: &Row| a.start().cmp(&b.start()).then_with(|| ties(a, b));
        self.order = self.merged(0..self.parts.len(), &order);
    }

    /// The order of some parts, each of which is in order.
    fn merged(&self, parts: Range<usize>, order: &(impl Fn(&Row, &Row) -> Ordering + Sync)) -> Vec<u32> {
        if parts.len() == 1 {
            let rows = 0..self.parts[parts.start].next();
            return rows.map(|it| (parts.start << self.bits | it) as u32).collect();
        }
        let middle = parts.start + parts.len() / 2;
        let (left, right) =
            rayon::join(|| self.merged(parts.start..middle, order), || self.merged(middle..parts.end, order));
        self.merge(&left, &right, order)
    }

    /// Two orders as one.
    fn merge(&self, left: &[u32], right: &[u32], order: impl Fn(&Row, &Row) -> Ordering) -> Vec<u32> {
        let mut res = Vec::with_capacity(left.len() + right.len());
        let (mut left, mut right) = (left, right);
        while let ([a, after_a @ ..], [b, after_b @ ..]) = (left, right) {
            if order(self.row(*a), self.row(*b)).is_le() {
                res.push(*a);
                left = after_a;
            } else {
                res.push(*b);
                right = after_b;
            }
        }
        res.extend_from_slice(left);
        res.extend_from_slice(right);
        res
    }
}

/// Brings the rows of a part into order. Numbers are sorted, each a start and a place, and then the rows put in their
/// places: a row is more than twice as large, and comparing two of them takes branches.
fn sort(rows: &mut Chunks<Row>, ties: impl Fn(&Row, &Row) -> Ordering) {
    let start = |it: &Row| u128::from(it.start().cast_unsigned() ^ 1 << 63) << 32;
    let mut keys: Vec<u128> =
        rows.iter().zip(0_u32..).map(|(it, place)| start(it) | u128::from(place)).collect();
    keys.par_sort_unstable();
    let place = |it: &u128| *it as u32 as usize;
    for same in keys.chunk_by_mut(|a, b| *a >> 32 == *b >> 32).filter(|it| it.len() > 1) {
        same.sort_unstable_by(|a, b| ties(rows.get(place(a)), rows.get(place(b))));
    }
    // Reading from anywhere can be done for many rows at once, where moving them in place would wait for each; and one half
    // of them after the other, so that less memory is needed twice.
    let whose: Chunks<_> = keys.iter().map(|it| rows.get(place(it))).map(|it| (it.id, it.customer)).collect();
    for (row, whose) in rows.iter_mut().zip(whose.iter()) {
        (row.id, row.customer) = *whose;
    }
    drop(whose);
    let rest = |it: &Row| (it.started, it.first, it.likeness, it.decided);
    let what: Chunks<_> = keys.iter().map(|it| rest(rows.get(place(it)))).collect();
    for (row, what) in rows.iter_mut().zip(what.iter()) {
        (row.started, row.first, row.likeness, row.decided) = *what;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The starts of the rows, in their order, before they are sorted and afterwards.
    fn starts(parts: &[Vec<i64>]) -> (Vec<i64>, Vec<i64>) {
        let row = |it: &i64| Row::at(*it);
        let mut rows = Rows::of(parts.iter().map(|it| it.iter().map(row).collect()).collect());
        let all = |rows: &Rows| rows.iter().map(Row::start).collect::<Vec<_>>();
        let before = all(&rows);
        rows.sort(|_, _| Ordering::Equal);
        let after = all(&rows);
        assert!((0..rows.len()).all(|it| rows.get(it).start() == after[it]));
        (before, after)
    }

    #[test]
    fn rows_of_any_number_of_parts_come_in_one_order() {
        for threads in [0, 1, 2, 3, 7, 1024] {
            let part = |it: i64| (0..it % 5).map(|row| (it * 7 + row * 31) % 101).collect();
            let parts: Vec<Vec<i64>> = (0..threads).map(part).collect();
            let mut expected = parts.concat();
            let (before, after) = starts(&parts);
            assert_eq!(before, expected);
            expected.sort_unstable();
            assert_eq!(after, expected);
        }
    }

    #[test]
    fn one_large_part_among_many_is_no_limit() {
        // The largest part needs 17 bits, and so many parts as many again: two more than there are.
        let mut parts: Vec<Chunks<Row>> =
            (0..1 << 16).map(|it| [Row::at(it)].into_iter().collect()).collect();
        parts.push(std::iter::repeat_n(Row::at(-1), 1 << 16).collect());
        let rows = Rows::of(parts);
        assert_eq!((rows.len(), rows.parts.len()), (1 << 17, 1));
        assert_eq!((rows.get(65_535).start(), rows.get(65_536).start()), (65_535, -1));
    }

    #[test]
    fn rows_of_one_start_come_in_the_order_of_ties() {
        for parts in [1, 2, 5] {
            let row = |it: u32| Row { customer: it * 7 % 1000, ..Row::at(i64::from(it % 10) - 5) };
            let part = |part: u32| (0..1000).filter(move |it| it % parts == part).map(row).collect();
            let mut rows = Rows::of((0..parts).map(part).collect());
            rows.sort(|a, b| a.customer.cmp(&b.customer));
            let sorted: Vec<(i64, u32)> = rows.iter().map(|it| (it.start(), it.customer)).collect();
            let mut expected: Vec<(i64, u32)> =
                (0..1000).map(|it| (row(it).start(), row(it).customer)).collect();
            expected.sort_unstable();
            assert_eq!(sorted, expected);
        }
    }
}
