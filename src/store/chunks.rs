//! Rows of values in pieces of one size: the size of the piles of records, so that what is built takes the
//! memory of what was read, and nothing is copied when there is more of it.

/// Bytes of a piece.
pub(super) const BYTES: usize = 4608;

/// Values by number.
pub(super) struct Chunks<T> {
    chunks: Vec<Vec<T>>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T> FromIterator<T> for Chunks<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut values = values.into_iter().peekable();
        let mut chunks = Vec::new();
        while values.peek().is_some() {
            let mut chunk = Vec::with_capacity(Self::EACH);
            chunk.extend(values.by_ref().take(Self::EACH));
            chunks.push(chunk);
        }
        Self { chunks }
    }
}

impl<T> Chunks<T> {
    /// Values in a piece.
    pub(super) const EACH: usize = BYTES / size_of::<T>();

    /// The number that the next one gets: how many there are, unless some were taken in.
    #[inline]
    pub(super) fn next(&self) -> usize {
        self.chunks.last().map_or(0, |it| (self.chunks.len() - 1) * Self::EACH + it.len())
    }

    #[inline]
    pub(super) fn push(&mut self, value: T) {
        match self.chunks.last_mut() {
            Some(it) if it.len() < Self::EACH => it.push(value),
            _ => {
                let mut chunk = Vec::with_capacity(Self::EACH);
                chunk.push(value);
                self.chunks.push(chunk);
            }
        }
    }

    /// # Panics
    ///
    /// If none has that number.
    #[inline]
    pub(super) fn get(&self, number: usize) -> &T {
        &self.chunks[number / Self::EACH][number % Self::EACH]
    }

    /// # Panics
    ///
    /// If none has that number.
    #[inline]
    pub(super) fn get_mut(&mut self, number: usize) -> &mut T {
        &mut self.chunks[number / Self::EACH][number % Self::EACH]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    pub(super) fn pieces(&self) -> &[Vec<T>] {
        &self.chunks
    }

    pub(super) fn pieces_mut(&mut self) -> &mut [Vec<T>] {
        &mut self.chunks
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten()
    }

    /// All values of several, in no order and without gaps.
    pub(super) fn join(parts: Vec<Self>) -> Self {
        let (full, rest): (Vec<_>, Vec<_>) =
            parts.into_iter().flat_map(|it| it.chunks).partition(|it| it.len() == Self::EACH);
        let mut res = Self { chunks: full };
        rest.into_iter().flatten().for_each(|it| res.push(it));
        res
    }

    /// Takes the others in; returns by how much their numbers grow.
    pub(super) fn append(&mut self, mut others: Self) -> usize {
        let first = self.chunks.len() * Self::EACH;
        self.chunks.append(&mut others.chunks);
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_parts_hold_every_value_once_and_leave_no_number_out() {
        for sizes in [&[][..], &[0], &[1152], &[1151, 1153], &[3000, 0, 5, 1152, 1, 2304]] {
            let mut values = 0_u32..;
            let parts = sizes.iter().map(|size| values.by_ref().take(*size).collect());
            let joined: Chunks<u32> = Chunks::join(parts.collect());
            let all: usize = sizes.iter().sum();
            assert_eq!(joined.next(), all, "{sizes:?}");
            let mut found: Vec<u32> = (0..all).map(|it| *joined.get(it)).collect();
            assert!(found.iter().eq(joined.iter()), "{sizes:?}");
            found.sort_unstable();
            assert!(found.into_iter().eq(0..all as u32), "{sizes:?}");
        }
    }

    #[test]
    fn values_keep_their_numbers_but_for_those_taken_in() {
        for (few, many) in [(0, 1), (1, 0), (3, 2000), (1152, 5), (1153, 1152)] {
            let mut all = Chunks::default();
            let mut others = Chunks::default();
            let numbers: Vec<usize> = (0..few)
                .map(|it| {
                    let next = all.next();
                    all.push(it as u32);
                    next
                })
                .collect();
            (0..many).for_each(|it| others.push(it as u32 + 100_000));
            let first = all.append(others);
            assert!(numbers.iter().enumerate().all(|(it, at)| *all.get(*at) == it as u32));
            assert!((0..many).all(|it| *all.get(first + it) == it as u32 + 100_000));
            assert_eq!(all.iter_mut().count(), few + many);
        }
    }
}
