//! What sessions have in common: of millions of sessions there are some thousand kinds, told apart by
//! everything but the call, the customer and the times.

use super::halves;
use crate::dialects::Provider;
use crate::event::Direction;
use crate::session::{AgentSource, Session, Unrated};
use crate::text::Sym;

/// What many sessions share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Facts {
    pub(super) provider: Provider,
    pub(super) direction: Direction,
    pub(super) id_form: u8,
    pub(super) instance: Sym,
    pub(super) account: Option<Sym>,
    pub(super) engine: Option<Sym>,
    pub(super) agent_label: Option<Sym>,
    pub(super) assigned: Assigned,
}

/// What the sessions of one customer share, so that the facts are few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Person {
    pub(super) customer_name: Option<Sym>,
    pub(super) customer_ref: Option<Sym>,
    pub(super) chat_ref: Option<Sym>,
    pub(super) country: Option<Sym>,
}

/// Who had to do with some sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Assigned {
    /// The agent.
    pub agent: Option<Sym>,
    /// How it is known.
    pub source: AgentSource,
    /// The agent's team.
    pub team: Option<Sym>,
}

pub(super) const NOBODY: Assigned = Assigned { agent: None, source: AgentSource::None, team: None };

/// The number of facts, and bits that say the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Likeness {
    pub(super) facts: u32,
    pub(super) bits: u64,
}

impl Likeness {
    #[inline]
    pub(super) fn get(&self, which: Bits) -> u64 {
        which.get(self.bits)
    }

    /// The same with some bits changed.
    pub(super) fn with(mut self, which: Bits, value: u64) -> Self {
        which.set(&mut self.bits, value);
        self
    }

    /// Tells likenesses apart well enough for finding them again; not against malice.
    pub(super) fn mixed(&self) -> u32 {
        let [low, high] = halves(self.bits);
        self.facts.wrapping_mul(0x9e37_79b1) ^ low.wrapping_mul(0x85eb_ca6b) ^ high.wrapping_mul(0xc2b2_ae35)
    }
}

/// A few bits of a likeness.
#[derive(Clone, Copy)]
pub(super) struct Bits {
    at: u32,
    width: u32,
}

impl Bits {
    pub(super) const OUTCOME: Self = Self { at: 0, width: 3 };
    pub(super) const CAUSE: Self = Self { at: 3, width: 4 };
    pub(super) const DECLINED_BY: Self = Self { at: 7, width: 3 };
    pub(super) const ORPHAN: Self = Self { at: 10, width: 3 };
    pub(super) const UNRATED: Self = Self { at: 13, width: 2 };
    pub(super) const VIDEO: Self = Self { at: 15, width: 2 };
    pub(super) const GROUP: Self = Self { at: 17, width: 2 };
    pub(super) const HAS_OFFER: Self = Self { at: 19, width: 1 };
    /// The offer's time is the start.
    pub(super) const OFFERED: Self = Self { at: 20, width: 1 };
    /// The ring time is that from the offer to the decision.
    pub(super) const RING: Self = Self { at: 21, width: 1 };
    pub(super) const REUSED: Self = Self { at: 22, width: 1 };
    pub(super) const COLLIDED: Self = Self { at: 23, width: 1 };
    /// When it ended, if nothing more says so: 1 for when it was decided, else nobody knows.
    pub(super) const ENDED: Self = Self { at: 24, width: 1 };
    /// Behind the events stands what few sessions have.
    pub(super) const MORE: Self = Self { at: 25, width: 1 };
    pub(super) const ODD: Self = Self { at: 26, width: 1 };
    pub(super) const WIDE: Self = Self { at: 27, width: 1 };
    pub(super) const OUTGOING: Self = Self { at: 28, width: 1 };
    pub(super) const EVENTS: Self = Self { at: 32, width: 8 };
    pub(super) const RINGS: Self = Self { at: 40, width: 8 };
    pub(super) const SKIPPED: Self = Self { at: 48, width: 8 };
    pub(super) const DECIDING: Self = Self { at: 56, width: 8 };

    /// Those that a glance shows.
    pub(super) const OF_A_GLANCE: [Self; 8] = [
        Self::OUTCOME,
        Self::CAUSE,
        Self::DECLINED_BY,
        Self::ORPHAN,
        Self::UNRATED,
        Self::VIDEO,
        Self::GROUP,
        Self::HAS_OFFER,
    ];

    #[inline]
    fn mask(self) -> u64 {
        (1 << self.width) - 1
    }

    /// Where these bits are.
    pub(super) fn all(those: &[Self]) -> u64 {
        those.iter().map(|it| it.mask() << it.at).sum()
    }

    #[inline]
    pub(super) fn get(self, bits: u64) -> u64 {
        bits >> self.at & self.mask()
    }

    #[inline]
    pub(super) fn set(self, bits: &mut u64, value: u64) {
        debug_assert!(value <= self.mask(), "{value} in {} bits", self.width);
        *bits = *bits & !(self.mask() << self.at) | (value & self.mask()) << self.at;
    }
}

pub(super) fn code(it: Option<u8>) -> u64 {
    it.map_or(0, |it| u64::from(it) + 1)
}

#[inline]
pub(super) fn coded<T: Copy>(all: &[T], code: u64) -> Option<T> {
    all.get((code as usize).wrapping_sub(1)).copied()
}

pub(super) const UNRATED: [Unrated; 2] = [Unrated::CallsNotShown, Unrated::RejectionsNotShown];
pub(super) const YES_NO: [bool; 2] = [false, true];

/// The bits of a session that say how it came out.
pub(super) fn bits_of(session: &Session) -> u64 {
    let mut bits = 0;
    Bits::OUTCOME.set(&mut bits, code(session.outcome.map(|it| it as u8)));
    Bits::CAUSE.set(&mut bits, code(session.cause.map(|it| it as u8)));
    Bits::DECLINED_BY.set(&mut bits, code(session.declined_by.map(|it| it as u8)));
    Bits::VIDEO.set(&mut bits, code(session.video.map(u8::from)));
    Bits::GROUP.set(&mut bits, code(session.group.map(u8::from)));
    Bits::HAS_OFFER.set(&mut bits, u64::from(session.has_offer));
    Bits::OUTGOING.set(&mut bits, u64::from(session.direction == Direction::Outgoing));
    bits
}
