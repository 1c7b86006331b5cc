//! The parties of recent lines: a caller comes again within a few lines, since a call has several
//! events. Saves the spelling, the hash and the lock of a text that was just met.

use std::cell::Cell;

use crate::text::{Interner, Number, Sym};

/// Parties known at once, of 32 bytes each, so that they stay in a core's own cache; a power of two.
const PLACES: usize = 1 << 13;
/// Numbers known at once, of 16 bytes each; a power of two.
const NUMBERS: usize = 1 << 12;
/// Of how many there is a place while few lines were read: to make all of it takes as long as to read some hundred.
const SMALL: usize = 1 << 5;
const LONGEST: usize = 26;

/// What the identity of a party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// A number.
    Number,
    /// A hidden identity.
    Hidden,
    /// Any other text.
    Other,
}

#[derive(Clone, Copy)]
struct Known {
    bytes: [u8; LONGEST],
    length: u8,
    spelling: Spelling,
    sym: Option<Sym>,
}

/// Canonical parties by the bytes that they were written with.
#[derive(Default)]
pub struct Parties {
    known: Vec<Cell<Known>>,
    numbers: Vec<Cell<Option<(Number, Sym)>>>,
}

/// The place of a party; none for those too short to be one.
#[inline]
fn place(bytes: &[u8]) -> Option<usize> {
    let (first, last) = (bytes.first_chunk::<8>()?, bytes.last_chunk::<8>()?);
    let middle = bytes.get(8..16).and_then(|it| it.first_chunk::<8>()).unwrap_or(last);
    let [first, middle, last] = [first, middle, last].map(|it| u64::from_le_bytes(*it));
    let hash = (first.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ middle)
        .wrapping_mul(0xff51_afd7_ed55_8ccd)
        .rotate_left(31)
        ^ last;
    (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).try_into().ok()
}

impl Parties {
    /// The party that was written so, else the one that `read` makes of it.
    #[inline]
    pub fn get(&self, text: &str, read: impl FnOnce() -> Option<(Sym, Spelling)>) -> Option<(Sym, Spelling)> {
        let bytes = text.as_bytes();
        if self.known.is_empty() {
            return read();
        }
        // One place holds one party, so that nobody can make anything but a miss.
        let Some(cell) = place(bytes).and_then(|it| self.known.get(it & (self.known.len() - 1))) else {
            return read();
        };
        let known = cell.get();
        if let Some(sym) = known.sym
            && known.bytes.get(..usize::from(known.length)) == Some(bytes)
        {
            return Some((sym, known.spelling));
        }
        let (sym, spelling) = read()?;
        let mut copy = [0; LONGEST];
        if let Some(space) = copy.get_mut(..bytes.len()) {
            space.copy_from_slice(bytes);
            cell.set(Known { bytes: copy, length: bytes.len() as u8, spelling, sym: Some(sym) });
        }
        Some((sym, spelling))
    }

    /// The symbol of a number.
    #[inline]
    pub fn number(&self, number: Number, texts: &Interner) -> Sym {
        let mask = self.numbers.len().wrapping_sub(1);
        let Some(cell) = self.numbers.get(number.mixed() as usize & mask) else {
            return texts.intern_number(number);
        };
        if let Some((known, sym)) = cell.get()
            && known == number
        {
            return sym;
        }
        let sym = texts.intern_number(number);
        cell.set(Some((number, sym)));
        sym
    }

    /// Makes room, little or all of it, and forgets who was known before there was so much.
    pub fn make_room(&mut self, all: bool) {
        let part = if all { 1 } else { SMALL };
        if self.known.len() < PLACES / part {
            let none = Known { bytes: [0; LONGEST], length: 0, spelling: Spelling::Other, sym: None };
            self.known = vec![Cell::new(none); PLACES / part];
            self.numbers = vec![Cell::new(None); NUMBERS / part];
        }
    }
}
