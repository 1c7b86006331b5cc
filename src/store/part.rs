//! Sessions as they are built, each thread's in a part of its own.

use super::chunks::Chunks;
use super::likeness::{Bits, Facts, Likeness, NOBODY, Person, bits_of};
use super::loose::mix;
use super::table::Recent;
use super::{
    Common, NO_TIME, Packed, RARE, Rare, Record, Table, WIDE, halves, id_bytes, id_form, number_of, place_of,
    whole,
};
use crate::event::Event;
use crate::session::Session;

/// One session.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(PartialEq, Eq))]
pub(super) struct Row {
    pub(super) id: [u8; 16],
    pub(super) started: [u32; 2],
    /// The first of its events; of a wide session its place among the wide ones.
    pub(super) first: u32,
    pub(super) customer: u32,
    pub(super) likeness: u32,
    /// Milliseconds from the start; [`NONE`] for no time.
    pub(super) decided: i32,
}

impl Row {
    /// When it began, [`NO_TIME`] if that is not known.
    #[inline]
    pub(super) fn start(&self) -> i64 {
        whole(self.started).cast_signed()
    }

    /// When it began.
    #[inline]
    pub(super) fn started_at(&self) -> Option<i64> {
        Some(self.start()).filter(|it| *it != NO_TIME)
    }
}

#[cfg(test)]
impl Row {
    /// A row that is told apart by its start alone.
    pub(super) fn at(start: i64) -> Self {
        let started = halves(start.cast_unsigned());
        Self { id: [0; 16], started, first: 0, customer: 0, likeness: 0, decided: NONE }
    }
}

/// Stands for no time among milliseconds from a start.
pub(super) const NONE: i32 = i32::MIN;

/// An event of a session, or what few sessions have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// Milliseconds from the session's start.
    pub(super) at: i32,
    pub(super) place: [u32; 2],
    /// As that of a record; a bit says that the event names no customer, else it is the session's.
    pub(super) common: u32,
}

/// What few sessions have; it stands behind the last event, where one more would.
#[derive(Clone, Copy, Debug)]
pub(super) struct More {
    /// Milliseconds from the start to the end; [`NONE`] for no time.
    pub(super) ended: i32,
    /// Milliseconds of talk; [`NONE`] where that is not known.
    pub(super) talk: i32,
    /// 0 for nothing known, else one more than a number.
    pub(super) person: u32,
}

impl More {
    fn held(self) -> Held {
        Held { at: self.ended, place: [self.talk.cast_unsigned(), self.person], common: 0 }
    }

    #[inline]
    pub(super) fn of(held: &Held) -> Self {
        let [talk, person] = held.place;
        Self { ended: held.at, talk: talk.cast_signed(), person }
    }
}

/// Whether an end is neither unknown nor that of the decision.
#[inline]
fn has_own_end(ended: i32, decided: i32) -> bool {
    ended != NONE && ended != decided
}

pub(super) const FEWER_EVENTS: &str = "fewer events than four thousand million";
pub(super) const NO_CUSTOMER: u32 = 1 << 29;
/// What its other bits can number.
pub(super) const NUMBER: u32 = NO_CUSTOMER - 1;

/// Bytes of a session and of an event.
#[cfg(test)]
pub(super) const SIZES: [usize; 2] = [size_of::<Row>(), size_of::<Held>()];

/// Milliseconds from a start, if they fit.
#[inline]
fn since(start: Option<i64>, at: Option<i64>) -> Option<i32> {
    let Some(at) = at else { return Some(NONE) };
    i32::try_from(at.checked_sub(start?)?).ok().filter(|it| *it != NONE)
}

/// Sessions that one thread built.
#[derive(Default)]
pub struct Part {
    pub(super) rows: Chunks<Row>,
    pub(super) held: Chunks<Held>,
    /// How many of those are events.
    pub(super) events: usize,
    pub(super) rares: Vec<Rare>,
    pub(super) wides: Vec<Event>,
    pub(super) wide_sessions: Vec<Session>,
    recent_commons: Recent<Common>,
    recent_facts: Recent<Facts>,
    recent_people: Recent<Person>,
    recent_likenesses: Recent<Likeness>,
}

/// What the parts of one input share while they grow.
pub struct Shared {
    pub(super) commons: Table<Common>,
    pub(super) facts: Table<Facts>,
    pub(super) people: Table<Person>,
    pub(super) likenesses: Table<Likeness>,
}

impl Shared {
    /// For sessions of events that refer to these.
    pub fn of(packed: &Packed) -> Self {
        Self {
            commons: Table::of(packed.commons.clone()),
            facts: Table::default(),
            people: Table::default(),
            likenesses: Table::default(),
        }
    }
}

/// What [`Part::push`] made of a session; [`Part::push_alike`] makes the same of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cast(u32);

impl Part {
    /// Keeps a session and its events, in order. `records` are some records that these events come from.
    /// Nothing comes back if no other session can be kept in its likeness.
    pub fn push(
        &mut self,
        session: &Session,
        events: &[Event],
        odd: bool,
        records: &[Record],
        packed: &Packed,
        shared: &Shared,
    ) -> Option<Cast> {
        let first = self.held.next();
        self.events += events.len();
        for event in events {
            let held = self.held(event, session, records, packed, shared);
            self.held.push(held);
        }
        let started = session.started_at.unwrap_or(NO_TIME);
        let facts = Facts {
            provider: session.provider,
            direction: session.direction,
            id_form: id_form(session.call_id),
            instance: session.instance,
            account: session.account,
            engine: session.engine,
            agent_label: session.agent_label,
            assigned: NOBODY,
        };
        let facts = shared.facts.number(&facts, &mut self.recent_facts, mix_facts(&facts));
        let person = self.person(session, shared);
        let mut bits = bits_of(session);
        Bits::ODD.set(&mut bits, u64::from(odd));
        let narrow = narrow(session, events.len(), bits);
        let (first, decided, is_alone) = match narrow {
            None => {
                Bits::WIDE.set(&mut bits, 1);
                self.wide_sessions.push(Session { events: first..first + events.len(), ..session.clone() });
                (self.wide_sessions.len() - 1, NONE, true)
            }
            Some(narrow) => {
                bits = narrow.bits;
                let has_more =
                    narrow.talk != NONE || person != 0 || has_own_end(narrow.ended, narrow.decided);
                Bits::ENDED.set(&mut bits, u64::from(narrow.ended == narrow.decided));
                Bits::MORE.set(&mut bits, u64::from(has_more));
                if has_more {
                    let more = More { ended: narrow.ended, talk: narrow.talk, person };
                    self.held.push(more.held());
                }
                (first, narrow.decided, narrow.talk != NONE || person != 0)
            }
        };
        let likeness = Likeness { facts, bits };
        let likeness = shared.likenesses.number(&likeness, &mut self.recent_likenesses, likeness.mixed());
        self.rows.push(Row {
            id: id_bytes(session.call_id),
            started: halves(started.cast_unsigned()),
            first: u32::try_from(first).expect(FEWER_EVENTS),
            customer: number_of(session.customer),
            likeness,
            decided,
        });
        (!is_alone).then_some(Cast(likeness))
    }

    /// Keeps another session of the kind that [`Part::push`] made a cast of, whose events are those of plain
    /// records, in order, of the same kinds. Its times must lie within 24 days.
    #[inline]
    pub fn push_alike(
        &mut self,
        cast: Cast,
        records: &[&Record],
        customer: u32,
        started_at: i64,
        decided_at: Option<i64>,
        ended_at: Option<i64>,
    ) {
        let first = self.held.next();
        self.events += records.len();
        let after = |at: Option<i64>| at.map_or(NONE, |it| (it - started_at) as i32);
        for record in records {
            let common = record.common() | if record.customer() == 0 { NO_CUSTOMER } else { 0 };
            self.held.push(Held { at: after(record.at()), place: halves(record.place()), common });
        }
        let (decided, ended) = (after(decided_at), after(ended_at));
        if has_own_end(ended, decided) {
            self.held.push(More { ended, talk: NONE, person: 0 }.held());
        }
        self.rows.push(Row {
            id: records.first().map_or([0; 16], |it| it.id()),
            started: halves(started_at.cast_unsigned()),
            first: u32::try_from(first).expect(FEWER_EVENTS),
            customer,
            likeness: cast.0,
            decided,
        });
    }

    fn person(&mut self, session: &Session, shared: &Shared) -> u32 {
        let person = Person {
            customer_name: session.customer_name,
            customer_ref: session.customer_ref,
            chat_ref: session.chat_ref,
            country: session.country,
        };
        if person == Person::default() {
            0
        } else {
            1 + shared.people.number(&person, &mut self.recent_people, mix_person(&person))
        }
    }

    fn held(
        &mut self,
        event: &Event,
        session: &Session,
        records: &[Record],
        packed: &Packed,
        shared: &Shared,
    ) -> Held {
        let common = Common::of(event);
        let common = shared.commons.number(&common, &mut self.recent_commons, mix(&common));
        let at = since(session.started_at, event.at);
        let place = place_of(event.origin);
        let customer = match event.customer {
            None => Some(NO_CUSTOMER),
            it => (it == session.customer).then_some(0),
        };
        let rare = Rare::of(event, common).filter(|_| event.call_id == session.call_id);
        let (Some(at), Some(place), Some(customer), Some(rare)) = (at, place, customer, rare) else {
            self.wides.push(*event);
            return Held { at: NONE, place: [0; 2], common: WIDE | (self.wides.len() - 1) as u32 };
        };
        let common = if Rare::is_none_of(event) {
            common
        } else {
            RARE | packed.same_rare(records, &rare).unwrap_or_else(|| {
                self.rares.push(rare);
                (packed.rares.len() + self.rares.len() - 1) as u32
            })
        };
        Held { at, place: halves(place), common: common | customer }
    }
}

/// What depends on a session's own times and counts.
struct Narrow {
    decided: i32,
    ended: i32,
    talk: i32,
    bits: u64,
}

/// That, if all of it fits.
fn narrow(session: &Session, events: usize, mut bits: u64) -> Option<Narrow> {
    let decided = since(session.started_at, session.decided_at)?;
    let ended = since(session.started_at, session.ended_at)?;
    let talk = match session.talk_ms {
        Some(it) => i32::try_from(it).ok().filter(|it| *it != NONE)?,
        None => NONE,
    };
    if session.offered_at.is_some() && session.offered_at != session.started_at {
        return None;
    }
    let ring = match (session.decided_at, session.offered_at) {
        (Some(decided), Some(offered)) => Some(decided - offered),
        _ => None,
    };
    if session.ring_ms.is_some() && session.ring_ms != ring {
        return None;
    }
    let small = |it: usize| (it < 255).then_some(it as u64);
    Bits::OFFERED.set(&mut bits, u64::from(session.offered_at.is_some()));
    Bits::RING.set(&mut bits, u64::from(session.ring_ms.is_some()));
    Bits::REUSED.set(&mut bits, u64::from(session.reused_id));
    Bits::COLLIDED.set(&mut bits, u64::from(session.collided_id));
    Bits::EVENTS.set(&mut bits, small(events)?);
    Bits::RINGS.set(&mut bits, small(session.rings as usize)?);
    Bits::SKIPPED.set(&mut bits, small(session.skipped_agents as usize)?);
    let deciding = match session.deciding {
        None => 255,
        Some(it) => small(it as usize)?,
    };
    Bits::DECIDING.set(&mut bits, deciding);
    Some(Narrow { decided, ended, talk, bits })
}

fn mix_facts(facts: &Facts) -> u32 {
    facts.instance.number().wrapping_mul(0x9e37_79b1) ^ number_of(facts.agent_label).wrapping_mul(0x85eb_ca6b)
}

fn mix_person(person: &Person) -> u32 {
    number_of(person.customer_name).wrapping_mul(0xc2b2_ae35)
        ^ number_of(person.customer_ref).wrapping_mul(0x85eb_ca6b)
        ^ number_of(person.chat_ref).wrapping_mul(0x9e37_79b1)
}
