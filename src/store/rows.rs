//! The rows of sessions: each part stays where the thread that built it put it, and an order over all parts
//! says which comes when.

use std::cmp::Ordering;

use rayon::prelude::*;

use super::sessions::Row;

/// Rows by their places in the order.
#[derive(Default)]
pub(super) struct Rows {
    parts: Vec<Vec<Row>>,
    /// For each place the part, and in so many lower bits the place in it.
    order: Vec<u32>,
    bits: u32,
}

impl Rows {
    /// The rows of several parts, in their order.
    ///
    /// # Panics
    ///
    /// If the parts times the sessions of the largest are more than four thousand million.
    pub(super) fn of(parts: Vec<Vec<Row>>) -> Self {
        let most = parts.iter().map(Vec::len).max().unwrap_or(0);
        let bits = usize::BITS - most.leading_zeros();
        let fits = u32::try_from(parts.len() << bits).is_ok();
        assert!(fits, "fewer sessions than four thousand million");
        let mut order = Vec::with_capacity(parts.iter().map(Vec::len).sum());
        for (part, rows) in parts.iter().enumerate() {
            order.extend((0..rows.len()).map(|it| (part << bits | it) as u32));
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
        &self.parts[part][at]
    }

    #[inline]
    pub(super) fn get(&self, place: usize) -> &Row {
        self.row(self.order[place])
    }

    #[inline]
    pub(super) fn get_mut(&mut self, place: usize) -> &mut Row {
        let (part, at) = self.place(self.order[place]);
        &mut self.parts[part][at]
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Row> + DoubleEndedIterator + Clone {
        self.order.iter().map(|it| self.row(*it))
    }

    /// All of them, in no order that means anything.
    pub(super) fn in_any_order(&self) -> impl ParallelIterator<Item = &Row> {
        self.parts.par_iter().flatten()
    }

    /// Brings all of them into an order in which no two are equal.
    pub(super) fn sort_by(&mut self, order: impl Fn(&Row, &Row) -> Ordering + Sync) {
        self.parts.par_iter_mut().for_each(|it| it.par_sort_unstable_by(&order));
        if self.parts.len() < 2 {
            // Its order is that of its places, as it was.
            return;
        }
        let mut merged: Vec<u32> = Vec::new();
        for part in 0..self.parts.len() {
            merged = self.merge(&merged, part, &order);
        }
        self.order = merged;
    }

    /// What is in order already and one more part.
    fn merge(&self, merged: &[u32], part: usize, order: impl Fn(&Row, &Row) -> Ordering) -> Vec<u32> {
        let mut res = Vec::with_capacity(merged.len() + self.parts[part].len());
        let mut merged = merged.iter().copied();
        let mut own = (0..self.parts[part].len()).map(|it| (part << self.bits | it) as u32);
        let (mut a, mut b) = (merged.next(), own.next());
        while let (Some(left), Some(right)) = (a, b) {
            if order(self.row(left), self.row(right)).is_le() {
                res.push(left);
                a = merged.next();
            } else {
                res.push(right);
                b = own.next();
            }
        }
        res.extend(a.into_iter().chain(merged));
        res.extend(b.into_iter().chain(own));
        res
    }
}
