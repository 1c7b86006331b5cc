//! Telephone numbers as texts: most texts of a dump are callers, and a number fits eight bytes, so it is
//! found with one look into memory where any other text takes four.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;

use crate::lanes::eight_digits;

/// Digits that fit beside the mark of their beginning.
const MOST_DIGITS: usize = 18;

/// A `+` and digits as one number: a 1, then the digits, so that zeros in front count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number(u64);

impl Number {
    /// The number of so many digits, if they are digits and not too many.
    #[inline]
    pub fn of_digits(digits: &[u8]) -> Option<Self> {
        if digits.is_empty() || digits.len() > MOST_DIGITS {
            return None;
        }
        let mut code = 1_u64;
        let (eights, rest) = digits.as_chunks::<8>();
        for eight in eights {
            code = code * 100_000_000 + eight_digits(*eight)?;
        }
        for digit in rest {
            if !digit.is_ascii_digit() {
                return None;
            }
            code = code * 10 + u64::from(digit - b'0');
        }
        Some(Self(code))
    }

    /// The number that a canonical spelling is, if it is one.
    #[inline]
    pub fn of_text(text: &str) -> Option<Self> {
        Self::of_digits(text.as_bytes().strip_prefix(b"+")?)
    }

    /// The canonical spelling.
    pub fn text(self) -> String {
        let mut text = self.0.to_string();
        text.replace_range(..1, "+");
        text
    }

    /// A few bits that tell numbers apart well enough for a cache; not against malice.
    #[inline]
    pub fn mixed(self) -> u32 {
        (self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u32
    }

    #[inline]
    pub(super) fn hash(self, hasher: &RandomState) -> u64 {
        let mut hasher = hasher.build_hasher();
        hasher.write_u64(self.0);
        hasher.finish()
    }
}

/// Places by number: slots in a row, of which the first free one from where the hash points is taken.
/// Hashes are seeded at random, so that nobody can send numbers that all want one slot.
#[derive(Default)]
pub struct Numbers {
    /// The number in two halves, and one more than its place; 0 for a free slot.
    slots: Vec<[u32; 3]>,
    count: usize,
}

impl Numbers {
    #[inline]
    fn slot(&self, hash: u64) -> usize {
        // Bits that tell shards apart are the same for all here, and so must not lead.
        let hash = hash.rotate_left(32);
        ((u128::from(hash) * self.slots.len() as u128) >> 64) as usize
    }

    /// The place of a number.
    #[inline]
    pub fn find(&self, number: Number, hash: u64) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let [low, high] = halves(number);
        let mut at = self.slot(hash);
        loop {
            match self.slots[at] {
                [_, _, 0] => return None,
                [a, b, place] if (a, b) == (low, high) => return Some(place - 1),
                _ => at = if at + 1 == self.slots.len() { 0 } else { at + 1 },
            }
        }
    }

    /// Asks memory for the slots of several hashes at once, so that finding them does not wait for one after the
    /// other.
    #[inline]
    pub fn fetch(&self, hashes: impl Iterator<Item = u64>) {
        if !self.slots.is_empty() {
            let sum = hashes.fold(0, |all, hash| all ^ self.slots[self.slot(hash)][2]);
            std::hint::black_box(sum);
        }
    }

    /// Adds one that is not in.
    pub fn add(&mut self, number: Number, place: u32, hasher: &RandomState) {
        if self.count * 4 >= self.slots.len() * 3 {
            let larger = (self.slots.len() / 2 * 3).max(32);
            let before = std::mem::replace(&mut self.slots, vec![[0; 3]; larger]);
            for it in before.into_iter().filter(|it| it[2] != 0) {
                self.put(it, hasher);
            }
        }
        let [low, high] = halves(number);
        self.put([low, high, place + 1], hasher);
        self.count += 1;
    }

    fn put(&mut self, it: [u32; 3], hasher: &RandomState) {
        let number = Number(u64::from(it[0]) | u64::from(it[1]) << 32);
        let mut at = self.slot(number.hash(hasher));
        while self.slots[at][2] != 0 {
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
        self.slots[at] = it;
    }
}

#[inline]
fn halves(number: Number) -> [u32; 2] {
    [number.0 as u32, (number.0 >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_digits_come_back_and_nothing_else_is_one() {
        for text in
            ["+0", "+1", "+01", "+12345678", "+00000000", "+123456789012345678", "+999999999999999999"]
        {
            assert_eq!(Number::of_text(text).expect(text).text(), text);
        }
        assert_ne!(Number::of_text("+01"), Number::of_text("+1"));
        for text in ["", "+", "1", "+1234567890123456789", "+12a", "+1234567/", "+:2345678", "+1234567\u{e9}"]
        {
            assert_eq!(Number::of_text(text), None, "{text}");
        }
    }

    #[test]
    fn every_number_is_found_again_and_no_other() {
        let hasher = RandomState::default();
        let mut numbers = Numbers::default();
        let number =
            |it: u32| Number::of_digits(format!("{}", u64::from(it) * 7919).as_bytes()).expect("digits");
        let find = |numbers: &Numbers, it: u32| numbers.find(number(it), number(it).hash(&hasher));
        for it in 0..5000 {
            assert_eq!(find(&numbers, it), None);
            numbers.add(number(it), it, &hasher);
        }
        assert!((0..5000).all(|it| find(&numbers, it) == Some(it)));
        assert!((5000..6000).all(|it| find(&numbers, it).is_none()));
    }
}
