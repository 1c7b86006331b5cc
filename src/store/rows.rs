//! The rows of sessions: in no order as the threads built them, or in that of the sessions.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::chunks::Chunks;
use super::part::Row;

/// Rows by their places.
#[derive(Default)]
pub(super) struct Rows(Chunks<Row>);

impl Rows {
    /// The rows of several parts.
    ///
    /// # Panics
    ///
    /// If there are four thousand million or more.
    pub(super) fn of(parts: Vec<Chunks<Row>>) -> Self {
        let rows = Chunks::join(parts);
        assert!(u32::try_from(rows.next()).is_ok(), "fewer sessions than four thousand million");
        Self(rows)
    }

    pub(super) fn len(&self) -> usize {
        self.0.next()
    }

    #[inline]
    pub(super) fn get(&self, place: usize) -> &Row {
        self.0.get(place)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, place: usize) -> &mut Row {
        self.0.get_mut(place)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Row> + DoubleEndedIterator + Clone {
        (0..self.len()).map(|it| self.get(it))
    }

    /// Rows in pieces, each with the place of its first.
    pub(super) fn pieces(&self) -> impl IndexedParallelIterator<Item = (usize, &[Row])> {
        self.0.pieces().par_iter().enumerate().map(|(it, piece)| (it * Chunks::<Row>::EACH, &piece[..]))
    }

    /// Brings all of them into an order in which no two are equal: by start, and those of one start by `ties`.
    ///
    /// Numbers are sorted, each a start and a place, and then the rows put in their places: a row is more than
    /// twice as large, and comparing two of them takes branches.
    pub(super) fn sort(&mut self, ties: impl Fn(&Row, &Row) -> Ordering) {
        let rows = &mut self.0;
        let start = |it: &Row| u128::from(it.start().cast_unsigned() ^ 1 << 63) << 32;
        let mut keys: Vec<u128> =
            rows.iter().zip(0_u32..).map(|(it, place)| start(it) | u128::from(place)).collect();
        keys.par_sort_unstable();
        let place = |it: &u128| *it as u32 as usize;
        for same in keys.chunk_by_mut(|a, b| *a >> 32 == *b >> 32).filter(|it| it.len() > 1) {
            same.sort_unstable_by(|a, b| ties(rows.get(place(a)), rows.get(place(b))));
        }
        // Reading from anywhere can be done for many rows at once, where moving them in place would wait for each; and one
        // half of them after the other, so that less memory is needed twice.
        let keys = keys.par_chunks(Chunks::<Row>::EACH);
        let whose = |it: &Row| (it.id, it.customer);
        let whose: Vec<Vec<_>> =
            keys.clone().map(|keys| keys.iter().map(|it| whose(rows.get(place(it)))).collect()).collect();
        rows.pieces_mut().par_iter_mut().zip(whose).for_each(|(rows, whose)| {
            for (row, whose) in rows.iter_mut().zip(whose) {
                (row.id, row.customer) = whose;
            }
        });
        let rest = |it: &Row| (it.started, it.first, it.likeness, it.decided);
        let what: Vec<Vec<_>> =
            keys.map(|keys| keys.iter().map(|it| rest(rows.get(place(it)))).collect()).collect();
        rows.pieces_mut().par_iter_mut().zip(what).for_each(|(rows, what)| {
            for (row, what) in rows.iter_mut().zip(what) {
                (row.started, row.first, row.likeness, row.decided) = what;
            }
        });
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
