//! Text from outside: names, ids, labels and paths that strangers chose.
//!
//! [`Text`] cannot be printed: it has no `Display`, and its `Debug` is escaped. Only `render`
//! turns it into output, each sink in its own way. Events hold [`Sym`]s, small numbers that stand
//! for a text; sorting is always by text, never by number, so that the order in which threads met
//! the texts shows nowhere.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

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
    /// A place in a table by symbol. The places of an interner are dense, and mean nothing else.
    pub fn place(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// Shards keep threads that intern at the same time out of each other's way.
const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;

/// Gives each distinct text one [`Sym`]; shared by all parsing threads.
///
/// The hasher is seeded at random for each run: ids and names come from strangers, who must not be
/// able to make them collide.
pub struct Interner {
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

#[derive(Default)]
struct Shard {
    known: HashMap<Text, Sym>,
    texts: Vec<Text>,
}

impl Default for Interner {
    fn default() -> Self {
        Self { hasher: RandomState::new(), shards: (0..SHARDS).map(|_| Mutex::default()).collect() }
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
    /// When a run holds more than 67 million distinct texts in one of its 64 shards.
    pub fn intern(&self, text: &str) -> Sym {
        let shard_number = (self.hasher.hash_one(text) >> 7) as usize % SHARDS;
        let mut shard = self.shards[shard_number].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&sym) = shard.known.get(text) {
            return sym;
        }
        let sym = sym(shard.texts.len(), shard_number);
        let text = Text::new(text);
        shard.texts.push(text.clone());
        shard.known.insert(text, sym);
        sym
    }

    /// The same text with its symbol, of an optional value.
    pub fn intern_opt(&self, text: Option<&str>) -> Option<Sym> {
        text.map(|it| self.intern(it))
    }

    /// The text that a symbol stands for.
    pub fn text(&self, sym: Sym) -> Text {
        let number = (sym.0.get() - 1) as usize;
        let shard = self.shards[number % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        shard.texts[number / SHARDS].clone()
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
    shards: Vec<Vec<Text>>,
}

impl Texts {
    /// The text that a symbol stands for.
    pub fn get(&self, sym: Sym) -> &Text {
        let number = sym.0.get() - 1;
        &self.shards[number as usize % SHARDS][number as usize / SHARDS]
    }

    /// The characters that a symbol stands for.
    pub fn raw(&self, sym: Sym) -> &str {
        self.get(sym).raw()
    }

    /// The characters of an optional symbol; a missing one compares before every text.
    pub fn raw_opt(&self, sym: Option<Sym>) -> Option<&str> {
        sym.map(|it| self.raw(it))
    }

    /// Goes back to interning; every symbol keeps its text.
    pub fn thaw(self) -> Interner {
        let mut shards = self.shards;
        shards.resize_with(SHARDS, Vec::new);
        let shards = shards.into_iter().enumerate().map(|(shard_number, texts)| {
            let known = texts
                .iter()
                .enumerate()
                .map(|(place, text)| (text.clone(), sym(place, shard_number)))
                .collect();
            Mutex::new(Shard { known, texts })
        });
        Interner { hasher: self.hasher, shards: shards.collect() }
    }

    /// The text of an optional symbol.
    pub fn get_opt(&self, sym: Option<Sym>) -> Option<Text> {
        sym.map(|it| self.get(it).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_has_one_symbol_and_comes_back() {
        let interner = Interner::default();
        let words: Vec<String> = (0..1000).map(|it| format!("text {it}")).collect();
        let first: Vec<Sym> = words.iter().map(|it| interner.intern(it)).collect();
        let again: Vec<Sym> = words.iter().map(|it| interner.intern(it)).collect();
        assert_eq!(first, again);
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
