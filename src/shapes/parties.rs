//! The parties of recent lines: a caller comes again within a few lines, since a call has several
//! events. Saves the spelling, the hash and the lock of a text that was just met.

use std::cell::Cell;

use crate::text::Sym;

/// Parties known at once; with 32 bytes each they stay in a core's own cache.
const SIZE: usize = 1 << 15;
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
}

impl Parties {
    /// The party that was written so, else the one that `read` makes of it.
    #[inline]
    pub fn get(&self, text: &str, read: impl FnOnce() -> Option<(Sym, Spelling)>) -> Option<(Sym, Spelling)> {
        let bytes = text.as_bytes();
        let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) else {
            return read();
        };
        // One place holds one party, so that nobody can make anything but a miss.
        let middle = bytes.get(8..16).and_then(|it| it.first_chunk::<8>()).unwrap_or(last);
        let [first, middle, last] = [first, middle, last].map(|it| u64::from_le_bytes(*it));
        let hash = (first.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ middle)
            .wrapping_mul(0xff51_afd7_ed55_8ccd)
            .rotate_left(31)
            ^ last;
        let place = (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % SIZE;
        let Some(cell) = self.known.get(place) else { return read() };
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

    /// Makes room, once there is something worth knowing.
    pub fn begin(&mut self) {
        if self.known.is_empty() {
            let none = Known { bytes: [0; LONGEST], length: 0, spelling: Spelling::Other, sym: None };
            self.known.resize(SIZE, Cell::new(none));
        }
    }
}
