//! Ids of calls. Most are sixteen bytes in hexadecimal, and there are as many as calls, so these are
//! held as bytes; any other id is a text of its own.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::lanes::hexadecimal;
use crate::text::{Sym, Texts};

/// A provider's id of a call. Two ids are the same exactly where their texts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallId {
    /// 32 hexadecimal digits without small letters.
    Upper([u8; 16]),
    /// 32 hexadecimal digits without capitals, some of them letters.
    Lower([u8; 16]),
    /// 32 hexadecimal digits without capitals, with hyphens as in a UUID.
    Uuid([u8; 16]),
    /// Any other text.
    Text(Sym),
}

/// Room for the text of an id that is held as bytes.
pub type Spelt = [u8; 36];

/// Room that nothing was written into.
pub const EMPTY: Spelt = [0; 36];

impl CallId {
    /// The id that a text spells; `intern` gives a symbol to one that is no hexadecimal number.
    pub fn of(text: &str, intern: impl FnOnce(&str) -> Sym) -> Self {
        Self::compact(text.as_bytes()).unwrap_or_else(|| Self::Text(intern(text)))
    }

    /// The id behind a text that has a symbol already.
    pub fn of_sym(sym: Sym, texts: &Texts) -> Self {
        Self::compact(texts.raw(sym).as_bytes()).unwrap_or(Self::Text(sym))
    }

    /// The id that a text spells, if it is a hexadecimal number.
    #[inline]
    pub fn compact(text: &[u8]) -> Option<Self> {
        match text.len() {
            32 => {
                let digits: &[u8; 32] = text.try_into().ok()?;
                hexadecimal(digits, b'A')
                    .map(Self::Upper)
                    .or_else(|| hexadecimal(digits, b'a').map(Self::Lower))
            }
            36 if HYPHENS.iter().all(|it| text[*it] == b'-') => {
                let mut digits = [0; 32];
                let kept = (0..36).filter(|it| !HYPHENS.contains(it));
                for (digit, at) in digits.iter_mut().zip(kept) {
                    *digit = text[at];
                }
                hexadecimal(&digits, b'a').map(Self::Uuid)
            }
            _ => None,
        }
    }

    /// The text of the id.
    pub fn text(self, texts: &Texts) -> Cow<'_, str> {
        let mut spelt = EMPTY;
        match self {
            Self::Text(it) => Cow::Borrowed(texts.raw(it)),
            _ => Cow::Owned(self.spell(&mut spelt, texts).to_owned()),
        }
    }

    /// The text of the id, written into `room` where it is held as bytes.
    pub fn spell<'t>(self, room: &'t mut Spelt, texts: &'t Texts) -> &'t str {
        let (bytes, digits, uuid) = match self {
            Self::Text(it) => return texts.raw(it),
            Self::Upper(it) => (it, b"0123456789ABCDEF", false),
            Self::Lower(it) => (it, b"0123456789abcdef", false),
            Self::Uuid(it) => (it, b"0123456789abcdef", true),
        };
        let mut at = 0;
        for byte in bytes {
            if uuid && HYPHENS.contains(&at) {
                room[at] = b'-';
                at += 1;
            }
            room[at] = digits[usize::from(byte >> 4)];
            room[at + 1] = digits[usize::from(byte & 15)];
            at += 2;
        }
        std::str::from_utf8(&room[..at]).unwrap_or_default()
    }

    /// By the bytes of their texts.
    pub fn order(self, other: Self, texts: &Texts) -> Ordering {
        match (self, other) {
            // Digits come before letters of either case, so numbers are in the order of their texts.
            (Self::Upper(a), Self::Upper(b))
            | (Self::Lower(a), Self::Lower(b))
            | (Self::Uuid(a), Self::Uuid(b)) => a.cmp(&b),
            (a, b) => {
                let (mut room_a, mut room_b) = (EMPTY, EMPTY);
                a.spell(&mut room_a, texts).cmp(b.spell(&mut room_b, texts))
            }
        }
    }
}

const HYPHENS: [usize; 4] = [8, 13, 18, 23];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Interner;

    const IDS: [&str; 12] = [
        "71BB54D8D101B5B9C34D0BFF90150280",
        "71bb54d8d101b5b9c34d0bff90150280",
        "71BB54D8D101B5B9C34D0BFF9015028a",
        "71BB54D8D101B5B9C34D0BFF9015028A",
        "71bb54d8-d101-b5b9-c34d-0bff90150280",
        "71BB54D8-D101-B5B9-C34D-0BFF90150280",
        "00000000000000000000000000000000",
        "00000000-0000-0000-0000-000000000000",
        "7",
        "",
        "call_I0001",
        "71BB54D8D101B5B9C34D0BFF9015028G",
    ];

    #[test]
    fn every_id_comes_back_and_keeps_its_place() {
        let texts = Interner::default();
        let ids = IDS.map(|it| CallId::of(it, |it| texts.intern(it)));
        let texts = texts.freeze();
        for (a, id_a) in IDS.iter().zip(ids) {
            assert_eq!(id_a.text(&texts), *a);
            for (b, id_b) in IDS.iter().zip(ids) {
                assert_eq!(id_a.order(id_b, &texts), a.cmp(b), "{a} {b}");
                assert_eq!(id_a == id_b, a == b, "{a} {b}");
            }
        }
    }

    #[test]
    fn hexadecimal_ids_need_no_symbol() {
        let form = |text: &str| CallId::compact(text.as_bytes()).is_some();
        assert_eq!(
            IDS.map(form),
            [true, true, false, true, true, false, true, true, false, false, false, false]
        );
    }
}
