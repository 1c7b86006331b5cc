//! Sessions with their events, packed.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::by_customer::{Brief, ByCustomer, Told};
use super::chunks::Chunks;
use super::loose::mix;
use super::rows::Rows;
use super::table::Recent;
use super::{
    Common, NO_TIME, Packed, RARE, Rare, Record, Table, WIDE, event, halves, id_bytes, id_form, id_of,
    line_and_body, number_of, place_of, sym_of, whole,
};
use crate::call_id::CallId;
use crate::dialects::Provider;
use crate::event::{Cause, Direction, Event, Origin};
use crate::session::{AgentSource, DeclinedBy, FeedKey, OrphanClass, Outcome, Session, Unrated};
use crate::stats::Spans;
use crate::text::Sym;

/// What many sessions share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Facts {
    provider: Provider,
    direction: Direction,
    id_form: u8,
    instance: Sym,
    account: Option<Sym>,
    engine: Option<Sym>,
    agent_label: Option<Sym>,
    assigned: Assigned,
}

/// What the sessions of one customer share, so that the facts are few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Person {
    customer_name: Option<Sym>,
    customer_ref: Option<Sym>,
    chat_ref: Option<Sym>,
    country: Option<Sym>,
}

/// The number that kindred sessions share; see [`Sessions::kin`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kin(u32);

impl Kin {
    /// The number of the facts.
    pub(crate) fn facts(self) -> usize {
        self.0 as usize
    }
}

/// What can be told of a session without unpacking it: for passes over all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `Session`")]
pub struct Glance {
    pub provider: Provider,
    pub instance: Sym,
    pub direction: Direction,
    pub engine: Option<Sym>,
    pub agent: Option<Sym>,
    pub agent_source: AgentSource,
    pub customer: Option<Sym>,
    pub started_at: Option<i64>,
    pub outcome: Option<Outcome>,
    pub cause: Option<Cause>,
    pub declined_by: Option<DeclinedBy>,
    pub video: Option<bool>,
    pub group: Option<bool>,
    pub has_offer: bool,
    pub orphan: Option<OrphanClass>,
    pub unrated: Option<Unrated>,
}

impl Glance {
    /// As [`Session::is_timed`].
    pub fn is_timed(&self) -> bool {
        self.started_at.is_some()
    }

    /// As [`Session::is_orphan_apart`].
    pub fn is_orphan_apart(&self) -> bool {
        self.orphan.is_some_and(OrphanClass::is_apart)
    }

    /// As [`Session::counts_in_rates`].
    pub fn counts_in_rates(&self) -> bool {
        self.is_timed() && self.unrated.is_none() && !self.is_orphan_apart()
    }

    /// As [`Session::feed`].
    pub fn feed(&self) -> FeedKey {
        (self.provider, self.instance, self.direction)
    }
}

/// Sessions that a glance shows alike, but for who called when.
#[derive(Clone, Debug)]
pub struct Alike {
    /// What they have in common with others.
    pub kin: Kin,
    /// One of them; of its customer and start only whether they are known is common to all.
    pub glance: Glance,
    /// The place of that one.
    pub place: usize,
    /// How many there are.
    pub all: u64,
    /// How many of them are chosen.
    pub chosen: u64,
    /// How long those rang, as far as is known, in no order.
    pub rings: Spans,
    /// How long those were talked.
    pub talks: Spans,
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

const NOBODY: Assigned = Assigned { agent: None, source: AgentSource::None, team: None };

#[derive(Clone, Copy, Debug)]
#[cfg_attr(test, derive(PartialEq, Eq))]
pub(super) struct Row {
    id: [u8; 16],
    started: [u32; 2],
    /// The first of its events; of a wide session its place among the wide ones.
    first: u32,
    customer: u32,
    facts: u32,
    /// 0 for nothing known, else one more than a number.
    person: u32,
    /// Milliseconds from the start; [`NONE`] for no time.
    decided: i32,
    ended: i32,
    talk: i32,
    bits: [u32; 2],
}

/// Stands for no time among milliseconds from a start.
const NONE: i32 = i32::MIN;

#[derive(Clone, Copy, Debug)]
struct Held {
    /// Milliseconds from the session's start.
    at: i32,
    place: [u32; 2],
    /// As that of a record; a bit says that the event names no customer, else it is the session's.
    common: u32,
}

const FEWER_EVENTS: &str = "fewer events than four thousand million";
const NO_CUSTOMER: u32 = 1 << 29;
/// What its other bits can number.
const NUMBER: u32 = NO_CUSTOMER - 1;

/// Bytes of a session and of an event.
#[cfg(test)]
pub(super) const SIZES: [usize; 2] = [size_of::<Row>(), size_of::<Held>()];

/// A few bits of a row.
struct Bits {
    at: u32,
    width: u32,
}

impl Bits {
    const OUTCOME: Self = Self { at: 0, width: 3 };
    const CAUSE: Self = Self { at: 3, width: 4 };
    const DECLINED_BY: Self = Self { at: 7, width: 3 };
    const ORPHAN: Self = Self { at: 10, width: 3 };
    const UNRATED: Self = Self { at: 13, width: 2 };
    const VIDEO: Self = Self { at: 15, width: 2 };
    const GROUP: Self = Self { at: 17, width: 2 };
    const HAS_OFFER: Self = Self { at: 19, width: 1 };
    /// The offer's time is the start.
    const OFFERED: Self = Self { at: 20, width: 1 };
    /// The ring time is that from the offer to the decision.
    const RING: Self = Self { at: 21, width: 1 };
    const REUSED: Self = Self { at: 22, width: 1 };
    const COLLIDED: Self = Self { at: 23, width: 1 };
    const TALK: Self = Self { at: 24, width: 1 };
    const ODD: Self = Self { at: 25, width: 1 };
    const WIDE: Self = Self { at: 26, width: 1 };
    const EVENTS: Self = Self { at: 32, width: 8 };
    const RINGS: Self = Self { at: 40, width: 8 };
    const SKIPPED: Self = Self { at: 48, width: 8 };
    const DECIDING: Self = Self { at: 56, width: 8 };

    #[inline]
    fn mask(&self) -> u64 {
        (1 << self.width) - 1
    }

    #[inline]
    fn get(&self, bits: u64) -> u64 {
        bits >> self.at & self.mask()
    }

    #[inline]
    fn set(&self, bits: &mut u64, value: u64) {
        debug_assert!(value <= self.mask(), "{value} in {} bits", self.width);
        *bits = *bits & !(self.mask() << self.at) | (value & self.mask()) << self.at;
    }
}

fn code(it: Option<u8>) -> u64 {
    it.map_or(0, |it| u64::from(it) + 1)
}

#[inline]
fn coded<T: Copy>(all: &[T], code: u64) -> Option<T> {
    all.get((code as usize).wrapping_sub(1)).copied()
}

const UNRATED: [Unrated; 2] = [Unrated::CallsNotShown, Unrated::RejectionsNotShown];
const YES_NO: [bool; 2] = [false, true];

/// Milliseconds from a start, if they fit.
#[inline]
fn since(start: Option<i64>, at: Option<i64>) -> Option<i32> {
    let Some(at) = at else { return Some(NONE) };
    i32::try_from(at.checked_sub(start?)?).ok().filter(|it| *it != NONE)
}

#[inline]
fn after(start: i64, ms: i32) -> Option<i64> {
    (ms != NONE).then(|| start + i64::from(ms))
}

/// Sessions of one shard.
#[derive(Default)]
pub struct Part {
    rows: Vec<Row>,
    held: Chunks<Held>,
    rares: Vec<Rare>,
    wides: Vec<Event>,
    wide_sessions: Vec<Session>,
    recent_commons: Recent<Common>,
    recent_facts: Recent<Facts>,
    recent_people: Recent<Person>,
}

/// What the parts of one input share while they grow.
pub struct Shared {
    commons: Table<Common>,
    facts: Table<Facts>,
    people: Table<Person>,
}

impl Shared {
    /// For sessions of events that refer to these.
    pub fn of(packed: &Packed) -> Self {
        Self { commons: Table::of(packed.commons.clone()), facts: Table::default(), people: Table::default() }
    }
}

impl Part {
    /// Keeps a session and its events, in order. `records` are some records that these events come from.
    pub fn push(
        &mut self,
        session: &Session,
        events: &[Event],
        odd: bool,
        records: &[Record],
        packed: &Packed,
        shared: &Shared,
    ) {
        let first = self.held.next();
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
        let person = Person {
            customer_name: session.customer_name,
            customer_ref: session.customer_ref,
            chat_ref: session.chat_ref,
            country: session.country,
        };
        let person = if person == Person::default() {
            0
        } else {
            1 + shared.people.number(&person, &mut self.recent_people, mix_person(&person))
        };
        let mut row = Row {
            id: id_bytes(session.call_id),
            started: halves(started.cast_unsigned()),
            first: u32::try_from(first).expect(FEWER_EVENTS),
            customer: number_of(session.customer),
            facts,
            person,
            decided: NONE,
            ended: NONE,
            talk: NONE,
            bits: halves(shared_bits(session)),
        };
        let narrow = narrow(session, events.len(), &mut row);
        let mut bits = whole(row.bits);
        Bits::ODD.set(&mut bits, u64::from(odd));
        if narrow.is_none() {
            Bits::WIDE.set(&mut bits, 1);
            row.first = self.wide_sessions.len() as u32;
            self.wide_sessions.push(Session { events: first..first + events.len(), ..session.clone() });
        }
        row.bits = halves(bits);
        self.rows.push(row);
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
        let same_call = event.call_id == session.call_id;
        let (Some(at), Some(place), Some(customer), true) = (at, place, customer, same_call) else {
            self.wides.push(*event);
            return Held { at: NONE, place: [0; 2], common: WIDE | (self.wides.len() - 1) as u32 };
        };
        let common = if Rare::is_none_of(event) {
            common
        } else {
            let rare = Rare::of(event, common);
            RARE | packed.same_rare(records, &rare).unwrap_or_else(|| {
                self.rares.push(rare);
                (packed.rares.len() + self.rares.len() - 1) as u32
            })
        };
        Held { at, place: halves(place), common: common | customer }
    }
}

#[cfg(test)]
impl Row {
    /// A row that is told apart by its start alone.
    pub(super) fn at(start: i64) -> Self {
        let started = halves(start.cast_unsigned());
        let (facts, person, first, customer) = (0, 0, 0, 0);
        let (decided, ended, talk) = (NONE, NONE, NONE);
        Self { id: [0; 16], started, first, customer, facts, person, decided, ended, talk, bits: [0; 2] }
    }

    pub(super) fn start(&self) -> i64 {
        whole(self.started).cast_signed()
    }
}

/// What sessions that are alike share, told by their bits.
fn shared_bits(session: &Session) -> u64 {
    let mut bits = 0;
    Bits::OUTCOME.set(&mut bits, code(session.outcome.map(|it| it as u8)));
    Bits::CAUSE.set(&mut bits, code(session.cause.map(|it| it as u8)));
    Bits::DECLINED_BY.set(&mut bits, code(session.declined_by.map(|it| it as u8)));
    Bits::VIDEO.set(&mut bits, code(session.video.map(u8::from)));
    Bits::GROUP.set(&mut bits, code(session.group.map(u8::from)));
    Bits::HAS_OFFER.set(&mut bits, u64::from(session.has_offer));
    bits
}

/// Fills what depends on the session's own times and counts, if all of it fits.
fn narrow(session: &Session, events: usize, row: &mut Row) -> Option<()> {
    row.decided = since(session.started_at, session.decided_at)?;
    row.ended = since(session.started_at, session.ended_at)?;
    row.talk = match session.talk_ms {
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
    let mut bits = whole(row.bits);
    Bits::OFFERED.set(&mut bits, u64::from(session.offered_at.is_some()));
    Bits::RING.set(&mut bits, u64::from(session.ring_ms.is_some()));
    Bits::REUSED.set(&mut bits, u64::from(session.reused_id));
    Bits::COLLIDED.set(&mut bits, u64::from(session.collided_id));
    Bits::TALK.set(&mut bits, u64::from(session.talk_ms.is_some()));
    Bits::EVENTS.set(&mut bits, small(events)?);
    Bits::RINGS.set(&mut bits, small(session.rings as usize)?);
    Bits::SKIPPED.set(&mut bits, small(session.skipped_agents as usize)?);
    let deciding = match session.deciding {
        None => 255,
        Some(it) => small(it as usize)?,
    };
    Bits::DECIDING.set(&mut bits, deciding);
    row.bits = halves(bits);
    Some(())
}

fn mix_facts(facts: &Facts) -> u32 {
    facts.instance.number().wrapping_mul(0x9e37_79b1) ^ number_of(facts.agent_label).wrapping_mul(0x85eb_ca6b)
}

fn mix_person(person: &Person) -> u32 {
    number_of(person.customer_name).wrapping_mul(0xc2b2_ae35)
        ^ number_of(person.customer_ref).wrapping_mul(0x85eb_ca6b)
        ^ number_of(person.chat_ref).wrapping_mul(0x9e37_79b1)
}

/// Every session of an input with its events.
#[derive(Default)]
pub struct Sessions {
    rows: Rows,
    held: Chunks<Held>,
    commons: Vec<Common>,
    rares: Vec<Rare>,
    wides: Vec<Event>,
    wide_sessions: Vec<Session>,
    facts: Vec<Facts>,
    people: Vec<Person>,
    /// The numbers of facts that differ from others in who had to do with the sessions.
    numbers: HashMap<(u32, Assigned), u32>,
    /// By the numbers of facts: whether the feed shows answers.
    shows_answers: Vec<bool>,
    by_customer: OnceLock<ByCustomer>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Sessions {
    /// Puts parts together, the largest first; they are in no order before [`Sessions::sort_by`].
    pub fn of(mut parts: Vec<Part>, packed: Packed, shared: Shared) -> Self {
        let mut all = Self {
            rares: packed.rares,
            commons: shared.commons.into_values(),
            facts: shared.facts.into_values(),
            people: shared.people.into_values(),
            ..Self::default()
        };
        let old = all.rares.len() as u32;
        parts.sort_by_key(|it| std::cmp::Reverse(it.rows.len()));
        let mut rows = Vec::with_capacity(parts.len());
        for mut part in parts {
            let (rares, wides) = (all.rares.len() as u32 - old, all.wides.len() as u32);
            let wide_sessions = all.wide_sessions.len() as u32;
            if rares > 0 || wides > 0 {
                for it in part.held.iter_mut() {
                    it.common += match it.common {
                        common if common & WIDE != 0 => wides,
                        common if common & RARE != 0 && common & NUMBER >= old => rares,
                        _ => 0,
                    };
                }
            }
            let first = all.held.append(part.held);
            for it in &mut part.rows {
                let is_wide = Bits::WIDE.get(whole(it.bits)) == 1;
                let first = if is_wide { Some(wide_sessions) } else { u32::try_from(first).ok() };
                it.first = first.and_then(|first| it.first.checked_add(first)).expect(FEWER_EVENTS);
            }
            rows.push(part.rows);
            all.rares.append(&mut part.rares);
            all.wides.append(&mut part.wides);
            all.wide_sessions.extend(part.wide_sessions.into_iter().map(|mut it| {
                it.events = it.events.start + first..it.events.end + first;
                it
            }));
        }
        all.rows = Rows::of(rows);
        let most = all.commons.len().max(all.rares.len()).max(all.wides.len());
        assert!(most <= NUMBER as usize, "fewer rare events than five hundred million");
        all
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 0
    }

    /// How many events they hold.
    pub fn events_len(&self) -> usize {
        self.held.count()
    }

    /// The session at a place.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[inline]
    pub fn get(&self, place: usize) -> Session {
        self.session(self.rows.get(place))
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Session> + DoubleEndedIterator + Clone {
        self.rows.iter().map(|it| self.session(it))
    }

    #[inline]
    fn session(&self, row: &Row) -> Session {
        let bits = whole(row.bits);
        let assigned = &self.facts[row.facts as usize].assigned;
        let orphan = coded(&OrphanClass::ALL, Bits::ORPHAN.get(bits));
        let unrated = coded(&UNRATED, Bits::UNRATED.get(bits));
        if Bits::WIDE.get(bits) == 1 {
            return self.wide_session(row, assigned, orphan, unrated);
        }
        let facts = &self.facts[row.facts as usize];
        let person = self.person(row);
        let started = whole(row.started).cast_signed();
        let started_at = (started != NO_TIME).then_some(started);
        let decided_at = after(started, row.decided);
        let first = row.first as usize;
        let deciding = Bits::DECIDING.get(bits) as u32;
        Session {
            provider: facts.provider,
            instance: facts.instance,
            direction: facts.direction,
            call_id: id_of(facts.id_form, row.id),
            account: facts.account,
            customer: sym_of(row.customer),
            customer_name: person.customer_name,
            customer_ref: person.customer_ref,
            chat_ref: person.chat_ref,
            engine: facts.engine,
            country: person.country,
            agent_label: facts.agent_label,
            agent: assigned.agent,
            agent_source: assigned.source,
            team: assigned.team,
            outcome: coded(&Outcome::ALL, Bits::OUTCOME.get(bits)),
            cause: coded(&Cause::ALL, Bits::CAUSE.get(bits)),
            declined_by: coded(&DeclinedBy::ALL, Bits::DECLINED_BY.get(bits)),
            started_at,
            offered_at: started_at.filter(|_| Bits::OFFERED.get(bits) == 1),
            decided_at,
            ended_at: after(started, row.ended),
            ring_ms: (Bits::RING.get(bits) == 1).then_some(i64::from(row.decided)),
            talk_ms: (Bits::TALK.get(bits) == 1).then_some(i64::from(row.talk)),
            rings: Bits::RINGS.get(bits) as u32,
            skipped_agents: Bits::SKIPPED.get(bits) as u32,
            video: coded(&YES_NO, Bits::VIDEO.get(bits)),
            group: coded(&YES_NO, Bits::GROUP.get(bits)),
            has_offer: Bits::HAS_OFFER.get(bits) == 1,
            orphan,
            unrated,
            reused_id: Bits::REUSED.get(bits) == 1,
            collided_id: Bits::COLLIDED.get(bits) == 1,
            deciding: (deciding != 255).then_some(deciding),
            events: first..first + Bits::EVENTS.get(bits) as usize,
        }
    }

    #[inline]
    fn person(&self, row: &Row) -> Person {
        (row.person as usize).checked_sub(1).map_or(Person::default(), |it| self.people[it])
    }

    #[cold]
    fn wide_session(
        &self,
        row: &Row,
        assigned: &Assigned,
        orphan: Option<OrphanClass>,
        unrated: Option<Unrated>,
    ) -> Session {
        Session {
            agent: assigned.agent,
            agent_source: assigned.source,
            team: assigned.team,
            orphan,
            unrated,
            ..self.wide_sessions[row.first as usize].clone()
        }
    }

    /// The events of a session, in order.
    pub fn events_of(&self, session: &Session) -> Vec<Event> {
        session.events.clone().map(|it| self.event(it, session)).collect()
    }

    /// The event at a place of a session's range.
    pub fn event(&self, place: usize, session: &Session) -> Event {
        let held = self.held.get(place);
        let number = held.common & NUMBER;
        if held.common & WIDE != 0 {
            return self.wides[number as usize];
        }
        let rare = if held.common & RARE == 0 { Rare::none(number) } else { self.rares[number as usize] };
        let customer = session.customer.filter(|_| held.common & NO_CUSTOMER == 0);
        let common = &self.commons[rare.common as usize];
        let at = after(session.started_at.unwrap_or_default(), held.at);
        event(common, &rare, session.call_id, customer, at, line_and_body(whole(held.place)))
    }

    /// Every event, by session.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        self.iter().flat_map(move |session| {
            let places: Range<usize> = session.events.clone();
            places.map(move |it| self.event(it, &session))
        })
    }

    /// Whether a session may have anomalies: something in its events is odd, or it is an orphan.
    pub fn is_odd(&self, place: usize) -> bool {
        let bits = whole(self.rows.get(place).bits);
        Bits::ODD.get(bits) == 1 || Bits::ORPHAN.get(bits) != 0
    }

    /// Says what a session without its offer is, and why it counts in no rate.
    pub fn class(&mut self, place: usize, orphan: Option<OrphanClass>, unrated: Option<Unrated>) {
        self.by_customer.take();
        let row = self.rows.get_mut(place);
        let mut bits = whole(row.bits);
        Bits::ORPHAN.set(&mut bits, code(orphan.map(|it| it as u8)));
        Bits::UNRATED.set(&mut bits, code(unrated.map(|it| it as u8)));
        row.bits = halves(bits);
    }

    /// Says who had to do with a session.
    pub fn assign(&mut self, place: usize, assigned: Assigned) {
        self.by_customer.take();
        let before = self.rows.get(place).facts;
        let next = self.facts.len() as u32;
        let number = *self.numbers.entry((before, assigned)).or_insert_with(|| {
            self.facts.push(Facts { assigned, ..self.facts[before as usize] });
            self.shows_answers.extend(self.shows_answers.get(before as usize).copied());
            next
        });
        self.rows.get_mut(place).facts = number;
    }

    /// Brings them into an order; by start before anything else, the untimed ones first, and at last by
    /// where their first events stand.
    pub fn sort_by(
        &mut self,
        order: impl Fn(&Session, &Session) -> Ordering + Sync,
        places: impl Fn(Origin, Origin) -> Ordering + Sync,
    ) {
        self.by_customer.take();
        let mut rows = std::mem::take(&mut self.rows);
        let start = |it: &Row| whole(it.started).cast_signed();
        rows.sort_by(|a, b| {
            start(a).cmp(&start(b)).then_with(|| {
                let (a, b) = (self.session(a), self.session(b));
                let first = |it: &Session| self.event(it.events.start, it).origin;
                order(&a, &b).then_with(|| places(first(&a), first(&b)))
            })
        });
        self.rows = rows;
    }

    /// Sessions by their customers. All threads make it when it is first asked for, so that a loop of several
    /// threads asks before it begins.
    pub fn by_customer(&self) -> &ByCustomer {
        self.by_customer.get_or_init(|| {
            let customer = |it| self.rows.get(it).customer;
            ByCustomer::of(self.len(), customer, |it| self.brief_of(self.rows.get(it)))
        })
    }

    /// What a session has in common with others of its line, customer and agent: sessions with equal
    /// numbers agree in provider, instance, direction, account, engine, agent, its source and its team.
    pub fn kin(&self, place: usize) -> Kin {
        let row = self.rows.get(place);
        Kin(row.facts)
    }

    /// Whether the feed of a session shows answers.
    pub fn shows_answers(&self, place: usize) -> bool {
        self.shows_answers[self.rows.get(place).facts as usize]
    }

    /// Whether the feed of these sessions shows answers.
    pub fn kin_show_answers(&self, kin: Kin) -> bool {
        self.shows_answers[kin.facts()]
    }

    /// The feed of these sessions.
    pub fn feed_of(&self, kin: Kin) -> FeedKey {
        let facts = &self.facts[kin.facts()];
        (facts.provider, facts.instance, facts.direction)
    }

    /// How many events the sessions say that they hold.
    pub fn events_told(&self) -> u64 {
        let told = |it: &Row| {
            let bits = whole(it.bits);
            match Bits::WIDE.get(bits) {
                1 => self.wide_sessions[it.first as usize].events.len() as u64,
                _ => Bits::EVENTS.get(bits),
            }
        };
        self.rows.in_any_order().map(told).sum()
    }

    /// The places of the sessions whose kindred or whose lack of an offer are such.
    pub fn places_where(&self, is: impl Fn(Kin, bool) -> bool + Sync) -> Vec<usize> {
        let places = (0..self.len()).into_par_iter();
        let places = places.filter(|it| {
            let row = self.rows.get(*it);
            let has_offer = Bits::HAS_OFFER.get(whole(row.bits)) == 1;
            is(Kin(row.facts), has_offer)
        });
        places.collect()
    }

    /// Whether any session names its customer itself.
    pub fn any_customer_name(&self) -> bool {
        self.people.iter().any(|it| it.customer_name.is_some())
    }

    /// Whether any session names an agent itself.
    pub fn any_agent_label(&self) -> bool {
        self.facts.iter().any(|it| it.agent_label.is_some())
    }

    /// The feed of each number of facts.
    pub(crate) fn feeds(&self) -> impl Iterator<Item = FeedKey> {
        self.facts.iter().map(|it| (it.provider, it.instance, it.direction))
    }

    /// Says which feeds show answers, by the numbers of facts.
    pub(crate) fn set_shows_answers(&mut self, shows: Vec<bool>) {
        self.by_customer.take();
        self.shows_answers = shows;
    }

    /// The feeds of some sessions.
    pub fn feeds_of(&self, places: impl Iterator<Item = usize>) -> HashSet<FeedKey> {
        let mut is_of = vec![false; self.facts.len()];
        for place in places {
            is_of[self.rows.get(place).facts as usize] = true;
        }
        self.feeds().zip(is_of).filter(|it| it.1).map(|it| it.0).collect()
    }

    /// What can be told of a session at a glance.
    #[inline]
    pub fn glance(&self, place: usize) -> Glance {
        self.glance_at(self.rows.get(place))
    }

    /// Every session at a glance, in their order.
    pub fn glances(&self) -> impl ExactSizeIterator<Item = Glance> {
        self.rows.iter().map(|it| self.glance_at(it))
    }

    #[inline]
    fn glance_at(&self, row: &Row) -> Glance {
        let bits = whole(row.bits);
        let facts = &self.facts[row.facts as usize];
        let started = whole(row.started).cast_signed();
        Glance {
            provider: facts.provider,
            instance: facts.instance,
            direction: facts.direction,
            engine: facts.engine,
            agent: facts.assigned.agent,
            agent_source: facts.assigned.source,
            customer: sym_of(row.customer),
            started_at: (started != NO_TIME).then_some(started),
            outcome: coded(&Outcome::ALL, Bits::OUTCOME.get(bits)),
            cause: coded(&Cause::ALL, Bits::CAUSE.get(bits)),
            declined_by: coded(&DeclinedBy::ALL, Bits::DECLINED_BY.get(bits)),
            video: coded(&YES_NO, Bits::VIDEO.get(bits)),
            group: coded(&YES_NO, Bits::GROUP.get(bits)),
            has_offer: Bits::HAS_OFFER.get(bits) == 1,
            orphan: coded(&OrphanClass::ALL, Bits::ORPHAN.get(bits)),
            unrated: coded(&UNRATED, Bits::UNRATED.get(bits)),
        }
    }

    /// How long a session rang and was talked, as far as is known.
    #[inline]
    pub fn ring_and_talk(&self, place: usize) -> (Option<i64>, Option<i64>) {
        self.ring_and_talk_of(self.rows.get(place))
    }

    #[inline]
    fn ring_and_talk_of(&self, row: &Row) -> (Option<i64>, Option<i64>) {
        let bits = whole(row.bits);
        if Bits::WIDE.get(bits) == 1 {
            let it = &self.wide_sessions[row.first as usize];
            return (it.ring_ms, it.talk_ms);
        }
        (
            (Bits::RING.get(bits) == 1).then_some(i64::from(row.decided)),
            (Bits::TALK.get(bits) == 1).then_some(i64::from(row.talk)),
        )
    }

    /// Counts sessions that are alike, of all and of those that are `chosen`.
    pub fn census(&self, chosen: &[bool]) -> Vec<Alike> {
        // What a glance shows besides the facts.
        let mask: u64 = [
            Bits::OUTCOME,
            Bits::CAUSE,
            Bits::DECLINED_BY,
            Bits::ORPHAN,
            Bits::UNRATED,
            Bits::VIDEO,
            Bits::GROUP,
            Bits::HAS_OFFER,
        ]
        .iter()
        .map(|it| it.mask() << it.at)
        .sum();
        const TIMED: u64 = 1 << 62;
        const KNOWN: u64 = 1 << 63;
        #[derive(Default)]
        struct Count {
            place: u32,
            all: u64,
            chosen: u64,
            rings: Spans,
            talks: Spans,
        }
        type Counts = hashbrown::HashMap<(Kin, u64), Count>;
        let count = |mut counts: Counts, (place, row): (usize, &Row)| {
            let mut bits = whole(row.bits) & mask;
            if whole(row.started).cast_signed() != NO_TIME {
                bits |= TIMED;
            }
            if row.customer != 0 {
                bits |= KNOWN;
            }
            let kin = Kin(row.facts);
            let first = || Count { place: place as u32, ..Count::default() };
            let count = counts.entry((kin, bits)).or_insert_with(first);
            count.all += 1;
            if chosen[place] {
                let (ring, talk) = self.ring_and_talk_of(row);
                count.chosen += 1;
                count.rings.add(ring);
                count.talks.add(talk);
            }
            counts
        };
        let merge = |mut a: Counts, b: Counts| {
            for (key, it) in b {
                match a.entry(key) {
                    hashbrown::hash_map::Entry::Vacant(free) => {
                        free.insert(it);
                    }
                    hashbrown::hash_map::Entry::Occupied(mut sum) => {
                        let sum = sum.get_mut();
                        sum.all += it.all;
                        sum.chosen += it.chosen;
                        sum.rings.extend(&it.rings);
                        sum.talks.extend(&it.talks);
                    }
                }
            }
            a
        };
        let counts = (0..self.len())
            .into_par_iter()
            .map(|it| (it, self.rows.get(it)))
            .fold(Counts::default, count)
            .reduce(Counts::default, merge);
        let alike = counts.into_iter().map(|((kin, _), Count { place, all, chosen, rings, talks })| {
            let place = place as usize;
            Alike { kin, glance: self.glance(place), place, all, chosen, rings, talks }
        });
        alike.collect()
    }

    /// What attempts and histories of customers are made of.
    pub fn brief(&self, place: usize) -> Brief {
        self.brief_of(self.rows.get(place)).at(place)
    }

    fn brief_of(&self, row: &Row) -> Brief {
        let has_id = self.facts[row.facts as usize].id_form != 0;
        let kin = Kin(row.facts);
        Brief::of(&self.told_of(row), kin, has_id.then_some(row.id))
    }

    fn told_of(&self, row: &Row) -> Told {
        let bits = whole(row.bits);
        let facts = &self.facts[row.facts as usize];
        let started = whole(row.started).cast_signed();
        let started_at = (started != NO_TIME).then_some(started);
        let (decided_at, offered_at) = if Bits::WIDE.get(bits) == 1 {
            let it = &self.wide_sessions[row.first as usize];
            (it.decided_at, it.offered_at)
        } else {
            (after(started, row.decided), started_at.filter(|_| Bits::OFFERED.get(bits) == 1))
        };
        Told {
            started_at,
            decided_at,
            offered_at,
            direction: facts.direction,
            outcome: coded(&Outcome::ALL, Bits::OUTCOME.get(bits)),
            cause: coded(&Cause::ALL, Bits::CAUSE.get(bits)),
            is_group: coded(&YES_NO, Bits::GROUP.get(bits)) == Some(true),
            orphan: coded(&OrphanClass::ALL, Bits::ORPHAN.get(bits)),
            is_unrated: Bits::UNRATED.get(bits) != 0,
            is_policy: coded(&DeclinedBy::ALL, Bits::DECLINED_BY.get(bits)) == Some(DeclinedBy::Policy),
        }
    }

    /// What a brief tells.
    #[inline]
    pub fn told(&self, brief: Brief) -> Told {
        brief.told(|| self.told_of(self.rows.get(brief.place())))
    }

    /// The call id of a session.
    pub fn call_id(&self, place: usize) -> Option<CallId> {
        let row = self.rows.get(place);
        id_of(self.facts[row.facts as usize].id_form, row.id)
    }
}
