//! Sessions by their customers.

use crate::text::Sym;

/// The places of the sessions of each customer, in the order of the sessions.
pub struct ByCustomer {
    customers: Vec<Sym>,
    /// Where the places of each customer end.
    ends: Vec<u32>,
    places: Vec<u32>,
}

impl ByCustomer {
    /// Of the numbers of the customers of all sessions, in order; 0 for none.
    pub(super) fn of(numbers: impl Iterator<Item = u32> + Clone) -> Self {
        // Symbols are small numbers without large gaps, so they are counted rather than sorted.
        let most = numbers.clone().max().unwrap_or(0) as usize;
        let mut next = vec![0_u32; most + 2];
        for number in numbers.clone() {
            next[number as usize + 1] += 1;
        }
        // Those without a customer are left out.
        next[1] = 0;
        let mut sum = 0;
        let mut res = Self { customers: Vec::new(), ends: Vec::new(), places: Vec::new() };
        for (number, count) in next.iter_mut().enumerate().skip(1) {
            let of_it = std::mem::replace(count, sum);
            sum += of_it;
            if of_it > 0 {
                res.customers.extend(Sym::of_number(number as u32 - 1));
                res.ends.push(sum);
            }
        }
        res.places = vec![0; sum as usize];
        for (place, number) in numbers.enumerate().filter(|it| it.1 != 0) {
            let at = &mut next[number as usize + 1];
            res.places[*at as usize] = place as u32;
            *at += 1;
        }
        res
    }

    /// How many customers there are.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    /// A customer, by its number among them, with the places of its sessions.
    ///
    /// # Panics
    ///
    /// If there are not so many.
    pub fn get(&self, number: usize) -> (Sym, &[u32]) {
        let start = number.checked_sub(1).map_or(0, |it| self.ends[it] as usize);
        (self.customers[number], &self.places[start..self.ends[number] as usize])
    }

    /// Every customer with the places of its sessions, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = (Sym, &[u32])> {
        (0..self.len()).map(|it| self.get(it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_session_of_somebody_is_found_once_and_in_order() {
        let by = ByCustomer::of([3, 0, 1, 3, 7, 1, 3].into_iter());
        let found: Vec<(u32, Vec<u32>)> =
            by.iter().map(|(it, places)| (it.number(), places.to_vec())).collect();
        assert_eq!(found, [(1, vec![2, 5]), (3, vec![0, 3, 6]), (7, vec![4])]);
        assert!(ByCustomer::of([0, 0].into_iter()).is_empty());
        assert!(ByCustomer::of([].into_iter()).is_empty());
    }
}
