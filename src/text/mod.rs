//! Text from outside: names, ids, labels and paths that strangers chose.
//!
//! [`Text`] cannot be printed: it has no `Display`, and its `Debug` is escaped. Only `render`
//! turns it into output, each sink in its own way. Events hold [`Sym`]s, small numbers that stand
//! for a text; sorting is always by text, never by number, so that the order in which threads met
//! the texts shows nowhere.

use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

mod numbers;

pub use numbers::Number;
use numbers::Numbers;

/// Text from outside. Ordered by its UTF-8 bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

impl Text {
    /// Takes text from outside as it is; the caller has trimmed it where the rules say so.
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// The text itself, for comparing and computing. What is printed goes through `render`.
    pub fn raw(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.raw().escape_debug().to_string())
    }
}

/// A number that stands for a text of one [`Interner`].
///
/// It has no order on purpose: the number depends on which thread came first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sym(NonZeroU32);

impl Sym {
    /// The number itself, for packing; never 0.
    pub(crate) fn number(self) -> u32 {
        self.0.get()
    }

    /// The symbol of a number that [`Sym::number`] gave; none of 0.
    pub(crate) fn of_number(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }
}

/// Shards keep threads that intern at the same time out of each other's way.
const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;

/// Gives each distinct text one [`Sym`]; shared by all parsing threads.
///
/// The hasher is seeded at random for each run: ids and names come from strangers, who must not be
/// able to make them collide. It is a fast one that is not proof against somebody who watches how
/// long each text takes and sends the next accordingly; a dump is written before the seed is drawn,
/// and shows nothing of it.
pub struct Interner {
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

/// Texts one behind the other: 4 bytes for each end, and for finding one again about 8, of a number 20.
#[derive(Default)]
struct Shard {
    /// Places of texts, by hash.
    known: HashTable<u32>,
    /// Places of those that are numbers; they are not among the others.
    numbers: Numbers,
    texts: Row,
}

#[derive(Default)]
struct Row {
    characters: String,
    ends: Vec<u32>,
}

impl Row {
    fn get(&self, place: usize) -> &str {
        let start = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        &self.characters[start..self.ends[place] as usize]
    }

    fn push(&mut self, text: &str) {
        // A quarter more at a time, since doubling would leave half of it unused.
        if self.characters.capacity() - self.characters.len() < text.len() {
            self.characters.reserve_exact(text.len().max(self.characters.len() / 4).max(256));
        }
        if self.ends.len() == self.ends.capacity() {
            self.ends.reserve_exact((self.ends.len() / 4).max(16));
        }
        self.characters.push_str(text);
        self.ends.push(u32::try_from(self.characters.len()).expect("at most 4 GiB of texts a shard"));
    }
}

impl Shard {
    /// The place of a number, which is added if it is new.
    #[inline]
    fn number(&mut self, number: Number, hash: u64, hasher: &RandomState) -> u32 {
        self.numbers.find(number, hash).unwrap_or_else(|| {
            let place = self.texts.ends.len() as u32;
            self.texts.push(&number.text());
            self.numbers.add(number, place, hasher);
            place
        })
    }

    fn add(&mut self, hash: u64, text: &str, hasher: &RandomState) -> usize {
        let place = self.texts.ends.len();
        self.texts.push(text);
        let Self { known, texts, .. } = self;
        known.insert_unique(hash, place as u32, |&it| hash_of(hasher, texts.get(it as usize)));
        place
    }
}

/// Tables find their places by the lowest bits or the highest.
#[inline]
fn shard_of(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}

fn hash_of(hasher: &RandomState, text: &str) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish()
}

impl Default for Interner {
    fn default() -> Self {
        Self { hasher: RandomState::default(), shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
    }
}

impl std::borrow::Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self.raw()
    }
}

impl Interner {
    /// The symbol of a text.
    ///
    /// # Panics
    ///
    /// When a run holds more than 67 million distinct texts, or 4 GiB of them, in one of its 64 shards.
    pub fn intern(&self, text: &str) -> Sym {
        if let Some(number) = Number::of_text(text) {
            return self.intern_number(number);
        }
        let hash = hash_of(&self.hasher, text);
        let (shard_number, mut shard) = self.shard(hash);
        if let Some(&place) = shard.known.find(hash, |&it| shard.texts.get(it as usize) == text) {
            return sym(place as usize, shard_number);
        }
        sym(shard.add(hash, text, &self.hasher), shard_number)
    }

    /// The symbol of the text that a number is.
    ///
    /// # Panics
    ///
    /// As [`Interner::intern`].
    #[inline]
    pub fn intern_number(&self, number: Number) -> Sym {
        let hash = number.hash(&self.hasher);
        let (shard_number, mut shard) = self.shard(hash);
        sym(shard.number(number, hash, &self.hasher) as usize, shard_number)
    }

    /// The symbols of many numbers, each told with its place among them. Those of one shard are looked up one
    /// behind the other, under one lock: a lock for each would make each wait for its memory alone.
    ///
    /// # Panics
    ///
    /// As [`Interner::intern`].
    pub fn intern_numbers(&self, numbers: &[Number], mut tell: impl FnMut(usize, Sym)) {
        let hashes: Vec<u64> = numbers.iter().map(|it| it.hash(&self.hasher)).collect();
        let mut ends = [0_u32; SHARDS];
        for hash in &hashes {
            ends[shard_of(*hash)] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        let mut order = vec![0_u32; numbers.len()];
        for (place, hash) in hashes.iter().enumerate() {
            let at = &mut ends[shard_of(*hash)];
            order[*at as usize] = place as u32;
            *at += 1;
        }
        let mut start = 0;
        for (shard_number, end) in ends.into_iter().enumerate() {
            let mut shard = self.shards[shard_number].lock().unwrap_or_else(PoisonError::into_inner);
            let places = &order[start..end as usize];
            shard.numbers.fetch(places.iter().map(|it| hashes[*it as usize]));
            for place in places {
                let place = *place as usize;
                let found = shard.number(numbers[place], hashes[place], &self.hasher);
                tell(place, sym(found as usize, shard_number));
            }
            start = end as usize;
        }
    }

    #[inline]
    fn shard(&self, hash: u64) -> (usize, MutexGuard<'_, Shard>) {
        let number = shard_of(hash);
        (number, self.shards[number].lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same text with its symbol, of an optional value.
    pub fn intern_opt(&self, text: Option<&str>) -> Option<Sym> {
        text.map(|it| self.intern(it))
    }

    /// The text that a symbol stands for.
    pub fn text(&self, sym: Sym) -> Text {
        let number = (sym.0.get() - 1) as usize;
        let shard = self.shards[number % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        Text::new(shard.texts.get(number / SHARDS))
    }

    /// Ends interning; from here texts are only looked up, without locks.
    pub fn freeze(self) -> Texts {
        let shards = self
            .shards
            .into_iter()
            .map(|it| it.into_inner().unwrap_or_else(PoisonError::into_inner).texts)
            .collect();
        Texts { hasher: self.hasher, shards }
    }
}

/// The symbol of a place in a shard.
fn sym(place: usize, shard_number: usize) -> Sym {
    let number = u32::try_from(place)
        .ok()
        .and_then(|it| it.checked_mul(SHARDS as u32))
        .and_then(|it| it.checked_add(shard_number as u32 + 1))
        .expect("at most 67 million distinct texts a shard");
    Sym(NonZeroU32::new(number).expect("one is added"))
}

/// The texts of a run, by symbol.
#[derive(Default)]
pub struct Texts {
    hasher: RandomState,
    shards: Vec<Row>,
}

impl Texts {
    /// The text that a symbol stands for, as a value of its own. Where it is only compared,
    /// [`Texts::raw`] does without a copy.
    pub fn get(&self, sym: Sym) -> Text {
        Text::new(self.raw(sym))
    }

    /// The characters that a symbol stands for.
    pub fn raw(&self, sym: Sym) -> &str {
        let number = (sym.0.get() - 1) as usize;
        self.shards[number % SHARDS].get(number / SHARDS)
    }

    /// The characters of an optional symbol; a missing one compares before every text.
    pub fn raw_opt(&self, sym: Option<Sym>) -> Option<&str> {
        sym.map(|it| self.raw(it))
    }

    /// Whether any text is like that.
    pub fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        self.shards.iter().any(|row| (0..row.ends.len()).any(|it| is(row.get(it))))
    }

    /// Goes back to interning; every symbol keeps its text.
    pub fn thaw(self) -> Interner {
        let mut rows = self.shards;
        rows.resize_with(SHARDS, Row::default);
        let shards = rows.into_iter().map(|texts| {
            let mut shard = Shard { texts, ..Shard::default() };
            for place in 0..shard.texts.ends.len() {
                let text = shard.texts.get(place);
                match Number::of_text(text) {
                    Some(number) => shard.numbers.add(number, place as u32, &self.hasher),
                    None => {
                        let hash = hash_of(&self.hasher, text);
                        let Shard { known, texts, .. } = &mut shard;
                        known.insert_unique(hash, place as u32, |&it| {
                            hash_of(&self.hasher, texts.get(it as usize))
                        });
                    }
                }
            }
            Mutex::new(shard)
        });
        Interner { shards: shards.collect(), hasher: self.hasher }
    }

    /// The text of an optional symbol.
    pub fn get_opt(&self, sym: Option<Sym>) -> Option<Text> {
        sym.map(|it| self.get(it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_has_one_symbol_and_comes_back() {
        let interner = Interner::default();
        let words = (0..1000).flat_map(|it| [format!("text {it}"), format!("+{it}")]);
        let words: Vec<String> = words.collect();
        let first: Vec<Sym> = words.iter().map(|it| interner.intern(it)).collect();
        let again: Vec<Sym> = words.iter().map(|it| interner.intern(it)).collect();
        assert_eq!(first, again);
        let numbers: Vec<Number> = words.iter().filter_map(|it| Number::of_text(it)).collect();
        let mut many = vec![None; numbers.len()];
        interner.intern_numbers(&numbers, |place, sym| many[place] = Some(sym));
        let one_by_one: Vec<_> = numbers.iter().map(|it| Some(interner.intern_number(*it))).collect();
        assert_eq!(many, one_by_one);
        let texts = interner.freeze();
        for (word, sym) in words.iter().zip(&first) {
            assert_eq!(texts.raw(*sym), word);
        }
        let thawed = texts.thaw();
        let again: Vec<Sym> = words.iter().map(|it| thawed.intern(it)).collect();
        assert_eq!(first, again);
    }

    #[test]
    fn debug_output_is_escaped() {
        let shown = format!("{:?}", Text::new("a\u{1b}[31m\u{202e}"));
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown}");
    }
}
