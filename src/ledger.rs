//! The books: every line in one class, every event once, every session once.
//!
//! Counts are kept while reading, added up over blocks, and balanced at the end of every run. A
//! ledger that does not balance is a fault of the program, and nothing is printed then.

use std::collections::BTreeMap;

use crate::dialects::support::Reason;
use crate::input::blocks::Total;
use crate::text::Text;

/// The books of one file, or of standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its path as given or found, or `-`.
    pub name: Text,
    /// What became of its lines.
    pub ledger: Ledger,
    /// What was read of it.
    pub total: Total,
}

/// Unpacked bytes, and where they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// All of them: `in_lines` and `outside`.
    pub total: u64,
    /// Those of lines, without line ends.
    pub in_lines: u64,
    /// Line ends, a byte-order mark, what stands between the elements of an array.
    pub outside: u64,
}

impl Account {
    /// The bytes that were read.
    pub fn bytes(&self) -> Bytes {
        let Total { bytes, outside, made, .. } = self.total;
        Bytes { total: bytes, in_lines: self.ledger.bytes - made, outside }
    }
}

impl std::iter::Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            total: sum.total + it.total,
            in_lines: sum.in_lines + it.in_lines,
            outside: sum.outside + it.outside,
        })
    }
}

/// Counts of a part of the input or of all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Every line, blank ones included.
    pub lines: u64,
    /// The bytes of all lines, without line ends.
    pub bytes: u64,
    /// Lines that hold at least one call event of a known provider.
    pub call: u64,
    /// Lines with a reaction and no call event.
    pub reaction: u64,
    /// Valid lines that hold neither.
    pub other: u64,
    /// Lines that cannot be read.
    pub invalid: u64,
    /// Lines of nothing but white space.
    pub blank: u64,
    /// Lines that were left out because their compressed data did not pass their checksum.
    pub unverified: u64,
    /// Bad bodies on lines that also hold good call events.
    pub invalid_bodies: u64,
    /// Invalid lines and bodies by reason.
    pub invalid_reasons: BTreeMap<Reason, u64>,
    /// Lines by the place of their body in an envelope.
    pub envelopes: BTreeMap<String, u64>,
    /// Bodies that look like call events of a name that no table holds.
    pub unknown_call_events: BTreeMap<Text, u64>,
    /// Lines with text that had to be repaired.
    pub repaired_text: u64,
    /// Call events read, skipped agents included.
    pub events: u64,
    /// Those of them that are repeated deliveries.
    pub duplicates: u64,
    /// Reactions read.
    pub reactions: u64,
    /// Those of them that are repeated.
    pub duplicate_reactions: u64,
}

impl Ledger {
    /// Adds the counts of another part of the input.
    pub fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.bytes += other.bytes;
        self.call += other.call;
        self.reaction += other.reaction;
        self.other += other.other;
        self.invalid += other.invalid;
        self.blank += other.blank;
        self.unverified += other.unverified;
        self.invalid_bodies += other.invalid_bodies;
        self.repaired_text += other.repaired_text;
        self.events += other.events;
        self.duplicates += other.duplicates;
        self.reactions += other.reactions;
        self.duplicate_reactions += other.duplicate_reactions;
        add_counts(&mut self.invalid_reasons, other.invalid_reasons);
        add_counts(&mut self.envelopes, other.envelopes);
        add_counts(&mut self.unknown_call_events, other.unknown_call_events);
    }

    /// Checks that the counts add up, given the events that are in sessions and the reactions kept.
    ///
    /// # Errors
    ///
    /// The equation that does not hold, with its numbers.
    pub fn balance(&self, in_sessions: u64, reactions_kept: u64) -> Result<(), String> {
        hold(&self.equations())?;
        hold(&[
            ("events = duplicates + events in sessions", self.events, self.duplicates + in_sessions),
            ("reactions = duplicates + kept", self.reactions, self.duplicate_reactions + reactions_kept),
        ])
    }

    /// What must hold of any part of the input.
    fn equations(&self) -> [Equation; 2] {
        let classes = self.call + self.reaction + self.other + self.invalid + self.blank + self.unverified;
        let reasons: u64 = self.invalid_reasons.values().sum();
        let faults = self.invalid + self.invalid_bodies;
        [
            ("lines = call + reaction + other + invalid + blank + unverified", self.lines, classes),
            ("invalid + invalid_bodies = the sum of invalid_reasons", faults, reasons),
        ]
    }

    /// Checks the books of each source, what was read of it beside what became of it, and that all of
    /// them make these.
    ///
    /// # Errors
    ///
    /// The equation that does not hold, with its numbers.
    pub fn balance_sources(&self, books: &[Self], totals: &[Total]) -> Result<(), String> {
        hold(&[("each source has its books", totals.len() as u64, books.len() as u64)])?;
        for (number, (own, total)) in (1..).zip(books.iter().zip(totals)) {
            let read = [
                ("lines cut = lines read", total.lines, own.lines),
                ("lines to leave out = unverified", total.unverified, own.unverified),
                (
                    "bytes read + made = bytes of lines + outside of lines",
                    total.bytes + total.made,
                    own.bytes + total.outside,
                ),
            ];
            hold(&own.equations()).and(hold(&read)).map_err(|it| format!("source {number}: {it}"))?;
        }
        let sum = |count: fn(&Self) -> u64| books.iter().map(count).sum::<u64>();
        hold(&[
            ("the lines of all sources = lines", sum(|it| it.lines), self.lines),
            ("the bytes of all sources = bytes", sum(|it| it.bytes), self.bytes),
            ("the calls of all sources = call", sum(|it| it.call), self.call),
            ("the invalid of all sources = invalid", sum(|it| it.invalid), self.invalid),
            ("the unverified of all sources = unverified", sum(|it| it.unverified), self.unverified),
            ("the events of all sources = events", sum(|it| it.events), self.events),
            ("the reactions of all sources = reactions", sum(|it| it.reactions), self.reactions),
        ])
    }
}

/// What must be equal, in words and in numbers.
type Equation = (&'static str, u64, u64);

fn hold(equations: &[Equation]) -> Result<(), String> {
    match equations.iter().find(|(_, left, right)| left != right) {
        Some((name, left, right)) => Err(format!("{name}: {left} is not {right}")),
        None => Ok(()),
    }
}

fn add_counts<K: Ord>(sum: &mut BTreeMap<K, u64>, other: BTreeMap<K, u64>) {
    for (key, count) in other {
        *sum.entry(key).or_default() += count;
    }
}

/// Invalid lines that are no defect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// So many.
    Lines(u64),
    /// So many hundred-thousandths of all lines.
    Share(u64),
}

impl Tolerance {
    /// Whether so many invalid lines of so many are a defect.
    pub fn is_exceeded(self, invalid: u64, lines: u64) -> bool {
        match self {
            Self::Lines(it) => invalid > it,
            Self::Share(it) => u128::from(invalid) * 100_000 > u128::from(it) * u128::from(lines),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_line_is_noticed() {
        let mut books =
            Ledger { lines: 3, call: 1, other: 1, blank: 1, events: 2, duplicates: 1, ..Ledger::default() };
        assert_eq!(books.balance(1, 0), Ok(()));
        books.lines = 4;
        assert!(books.balance(1, 0).is_err());
        books.lines = 3;
        assert!(books.balance(2, 0).is_err());
        assert_eq!(
            books.balance(1, 1),
            Err("reactions = duplicates + kept: 0 is not 1".to_owned()),
            "a reaction out of nowhere"
        );
    }

    #[test]
    fn each_source_has_books_of_its_own() {
        // `{}` and a call of 40 bytes with their line ends behind a byte-order mark; `1` in an array.
        let books = [
            Ledger { lines: 2, bytes: 42, call: 1, other: 1, events: 1, ..Ledger::default() },
            Ledger { lines: 1, bytes: 1, other: 1, ..Ledger::default() },
        ];
        let mut all = books[0].clone();
        all.add(books[1].clone());
        let totals = [
            Total { lines: 2, bytes: 47, outside: 5, ..Total::default() },
            Total { lines: 1, bytes: 3, outside: 2, ..Total::default() },
        ];
        assert_eq!(all.balance_sources(&books, &totals), Ok(()));
        let broken = |at: usize, change: fn(&mut Ledger, &mut Total)| {
            let (mut books, mut totals) = (books.clone(), totals);
            change(&mut books[at], &mut totals[at]);
            all.balance_sources(&books, &totals).unwrap_err()
        };
        assert!(broken(0, |_, total| total.bytes += 1).starts_with("source 1: bytes read"));
        assert!(broken(1, |_, total| total.lines += 1).starts_with("source 2: lines cut"));
        assert!(broken(1, |own, _| own.blank += 1).starts_with("source 2: lines = call"));
        assert!(broken(1, |_, total| total.unverified += 1).starts_with("source 2: lines to leave out"));
        assert!(broken(0, |own, _| own.events += 1).starts_with("the events of all sources"));
        assert!(all.balance_sources(&books[..1], &totals).is_err());
        // What one source has lost and another has found is noticed though the sums are right.
        let moved = [Total { bytes: 46, ..totals[0] }, Total { bytes: 4, ..totals[1] }];
        assert!(all.balance_sources(&books, &moved).is_err());
    }
}
