//! Sessions with their events, packed.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::OnceLock;

use hashbrown::HashSet;
use rayon::prelude::*;

use super::by_customer::{Brief, ByCustomer, ByLikeness, Start, Told};
use super::chunks::Chunks;
use super::likeness::{Assigned, Bits, Facts, Likeness, Person, UNRATED, YES_NO, code, coded};
use super::part::{FEWER_EVENTS, Held, More, NO_CUSTOMER, NONE, NUMBER, Part, Row, Shared};
use super::rows::Rows;
use super::{
    Common, NO_TIME, Packed, RARE, Rare, WIDE, event, id_bytes, id_of, line_and_body, sym_of, whole,
};
use crate::call_id::CallId;
use crate::dialects::Provider;
use crate::event::{Cause, Direction, Event};
use crate::session::{
    AgentSource, DeclinedBy, FeedKey, OrphanClass, Outcome, Session, Unrated, origin_order, session_order,
};
use crate::text::{Sym, Texts};

/// The number that kindred sessions share; see [`Sessions::kin`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kin(pub(super) u32);

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

#[inline]
fn after(start: i64, ms: i32) -> Option<i64> {
    (ms != NONE).then(|| start + i64::from(ms))
}

/// Every session of an input with its events.
#[derive(Default)]
pub struct Sessions {
    pub(super) rows: Rows,
    held: Chunks<Held>,
    commons: Vec<Common>,
    rares: Vec<Rare>,
    wides: Vec<Event>,
    wide_sessions: Vec<Session>,
    facts: Vec<Facts>,
    people: Vec<Person>,
    likenesses: Vec<Likeness>,
    /// The numbers of facts that differ from others in who had to do with the sessions.
    numbers: HashMap<(u32, Assigned), u32>,
    /// The numbers of likenesses, once one was changed.
    number_of_likeness: HashMap<Likeness, u32>,
    /// How many events they hold.
    events: usize,
    /// By the numbers of facts: whether the feed shows answers.
    shows_answers: Vec<bool>,
    by_customer: OnceLock<ByCustomer>,
    /// By the numbers of likenesses: what briefs tell.
    told: OnceLock<Vec<Told>>,
    /// Whether they were brought into their order.
    in_order: bool,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.in_any_order()).finish()
    }
}

impl Sessions {
    /// Puts parts together, the largest first; they are in no order before [`Sessions::sort`].
    pub fn of(mut parts: Vec<Part>, packed: Packed, shared: Shared) -> Self {
        let mut all = Self {
            rares: packed.rares,
            commons: shared.commons.into_values(),
            facts: shared.facts.into_values(),
            people: shared.people.into_values(),
            likenesses: shared.likenesses.into_values(),
            ..Self::default()
        };
        let old = all.rares.len() as u32;
        parts.sort_by_key(|it| std::cmp::Reverse(it.rows.next()));
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
            all.events += part.events;
            let first = all.held.append(part.held);
            for it in part.rows.iter_mut() {
                let is_wide = all.likeness(it).get(Bits::WIDE) == 1;
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
        self.events
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
    ///
    /// # Panics
    ///
    /// If they were not brought into it.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Session> + DoubleEndedIterator + Clone {
        assert!(self.in_order || self.is_empty(), "sessions in their order");
        self.in_any_order()
    }

    /// All of them, by their places.
    pub fn in_any_order(&self) -> impl ExactSizeIterator<Item = Session> + DoubleEndedIterator + Clone {
        self.rows.iter().map(|it| self.session(it))
    }

    #[inline]
    pub(super) fn likeness(&self, row: &Row) -> &Likeness {
        &self.likenesses[row.likeness as usize]
    }

    /// How many kinds of sessions there are, at most.
    pub(super) fn likenesses(&self) -> &[Likeness] {
        &self.likenesses
    }

    #[inline]
    fn facts(&self, row: &Row) -> &Facts {
        &self.facts[self.likeness(row).facts as usize]
    }

    /// What few sessions have.
    #[inline]
    fn more(&self, row: &Row, likeness: &Likeness) -> Option<More> {
        let place = || row.first as usize + likeness.get(Bits::EVENTS) as usize;
        (likeness.get(Bits::MORE) == 1).then(|| More::of(self.held.get(place())))
    }

    #[inline]
    fn session(&self, row: &Row) -> Session {
        let likeness = self.likeness(row);
        let facts = &self.facts[likeness.facts as usize];
        let assigned = &facts.assigned;
        let orphan = coded(&OrphanClass::ALL, likeness.get(Bits::ORPHAN));
        let unrated = coded(&UNRATED, likeness.get(Bits::UNRATED));
        if likeness.get(Bits::WIDE) == 1 {
            return self.wide_session(row, assigned, orphan, unrated);
        }
        let ended = if likeness.get(Bits::ENDED) == 1 { row.decided } else { NONE };
        let more = self.more(row, likeness).unwrap_or(More { ended, talk: NONE, person: 0 });
        let person = (more.person as usize).checked_sub(1).map_or(Person::default(), |it| self.people[it]);
        let started_at = row.started_at();
        let decided_at = after(row.start(), row.decided);
        let first = row.first as usize;
        let deciding = likeness.get(Bits::DECIDING) as u32;
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
            outcome: coded(&Outcome::ALL, likeness.get(Bits::OUTCOME)),
            cause: coded(&Cause::ALL, likeness.get(Bits::CAUSE)),
            declined_by: coded(&DeclinedBy::ALL, likeness.get(Bits::DECLINED_BY)),
            started_at,
            offered_at: started_at.filter(|_| likeness.get(Bits::OFFERED) == 1),
            decided_at,
            ended_at: after(row.start(), more.ended),
            ring_ms: (likeness.get(Bits::RING) == 1).then_some(i64::from(row.decided)),
            talk_ms: (more.talk != NONE).then_some(i64::from(more.talk)),
            rings: likeness.get(Bits::RINGS) as u32,
            skipped_agents: likeness.get(Bits::SKIPPED) as u32,
            video: coded(&YES_NO, likeness.get(Bits::VIDEO)),
            group: coded(&YES_NO, likeness.get(Bits::GROUP)),
            has_offer: likeness.get(Bits::HAS_OFFER) == 1,
            orphan,
            unrated,
            reused_id: likeness.get(Bits::REUSED) == 1,
            collided_id: likeness.get(Bits::COLLIDED) == 1,
            deciding: (deciding != 255).then_some(deciding),
            events: first..first + likeness.get(Bits::EVENTS) as usize,
        }
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

    /// Every event, by session; those in the order of their places.
    pub fn events(&self) -> impl Iterator<Item = Event> {
        self.in_any_order().flat_map(move |session| {
            let places: Range<usize> = session.events.clone();
            places.map(move |it| self.event(it, &session))
        })
    }

    /// Says what a session without its offer is, and why it counts in no rate.
    pub fn class(&mut self, place: usize, orphan: Option<OrphanClass>, unrated: Option<Unrated>) {
        let likeness = *self.likeness(self.rows.get(place));
        let likeness = likeness.with(Bits::ORPHAN, code(orphan.map(|it| it as u8)));
        self.liken(place, likeness.with(Bits::UNRATED, code(unrated.map(|it| it as u8))));
    }

    /// Says who had to do with the sessions that name an agent themselves: all that name the same are alike in that.
    pub fn assign_named(&mut self, of: impl Fn(Sym) -> Assigned) {
        for facts in &mut self.facts {
            facts.assigned = facts.agent_label.map_or(facts.assigned, &of);
        }
    }

    /// Says who had to do with a session.
    pub fn assign(&mut self, place: usize, assigned: Assigned) {
        let before = *self.likeness(self.rows.get(place));
        let next = self.facts.len() as u32;
        let facts = *self.numbers.entry((before.facts, assigned)).or_insert_with(|| {
            self.facts.push(Facts { assigned, ..self.facts[before.facts as usize] });
            self.shows_answers.extend(self.shows_answers.get(before.facts as usize).copied());
            next
        });
        self.liken(place, Likeness { facts, ..before });
    }

    fn liken(&mut self, place: usize, likeness: Likeness) {
        self.by_customer.take();
        self.told.take();
        if self.number_of_likeness.is_empty() {
            self.number_of_likeness = self.likenesses.iter().copied().zip(0..).collect();
        }
        let next = self.likenesses.len() as u32;
        let number = *self.number_of_likeness.entry(likeness).or_insert_with(|| {
            self.likenesses.push(likeness);
            next
        });
        self.rows.get_mut(place).likeness = number;
    }

    /// Brings them into their order: by start before anything else, the untimed ones first, and at last by
    /// where their first events stand. Who looks at all of them in any order need not wait for that.
    pub fn sort(&mut self, texts: &Texts) {
        self.by_customer.take();
        let mut rows = std::mem::take(&mut self.rows);
        rows.sort(|a, b| self.order(a, b, texts));
        self.rows = rows;
        self.in_order = true;
    }

    fn order(&self, a: &Row, b: &Row, texts: &Texts) -> Ordering {
        let (a, b) = (self.session(a), self.session(b));
        let first = |it: &Session| self.event(it.events.start, it).origin;
        session_order(&a, &b, texts).then_with(|| origin_order(first(&a), first(&b), texts))
    }

    /// Some places, in the order of their sessions.
    pub fn sorted(&self, mut places: Vec<usize>, texts: &Texts) -> Vec<usize> {
        if self.in_order {
            places.sort_unstable();
        } else {
            let row = |it: &usize| self.rows.get(*it);
            places.par_sort_unstable_by(|a, b| {
                let (a, b) = (row(a), row(b));
                a.start().cmp(&b.start()).then_with(|| self.order(a, b, texts))
            });
        }
        places
    }

    /// Sessions by their customers. All threads make it when it is first asked for, so that a loop of several
    /// threads asks before it begins.
    pub fn by_customer(&self, texts: &Texts) -> &ByCustomer {
        self.by_customer.get_or_init(|| {
            let has_id = |it: &Likeness| self.facts[it.facts as usize].id_form != 0;
            let has_id: Vec<bool> = self.likenesses.iter().map(has_id).collect();
            let mut res = ByCustomer::of(&self.rows, &has_id);
            if !self.in_order {
                let row = |it: &Brief| self.rows.get(it.place());
                let start = |it: &Brief| match it.start() {
                    Start::At(it) => it,
                    Start::Untimed => NO_TIME,
                    Start::Elsewhere => row(it).start(),
                };
                res.sort_each(|a, b| start(a).cmp(&start(b)).then_with(|| self.order(row(a), row(b), texts)));
            }
            res
        })
    }

    /// What a session has in common with others of its line, customer and agent: sessions with equal
    /// numbers agree in provider, instance, direction, account, engine, agent, its source and its team.
    pub fn kin(&self, place: usize) -> Kin {
        Kin(self.likeness(self.rows.get(place)).facts)
    }

    /// Whether the feed of a session shows answers.
    pub fn shows_answers(&self, place: usize) -> bool {
        self.kin_show_answers(self.kin(place))
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
            let likeness = self.likeness(it);
            match likeness.get(Bits::WIDE) {
                1 => self.wide_sessions[it.first as usize].events.len() as u64,
                _ => likeness.get(Bits::EVENTS),
            }
        };
        self.rows.pieces().map(|(_, rows)| rows.iter().map(told).sum::<u64>()).sum()
    }

    /// The places of the sessions of which briefs would tell such things; `is` is not shown the times.
    pub fn places_where(&self, is: impl Fn(&Told) -> bool) -> Vec<usize> {
        let is_such: Vec<bool> = self.likenesses.iter().map(|it| is(&self.told_of(it))).collect();
        let of_piece = |(first, rows): (usize, &[Row])| {
            let is_such = |it: &Row| is_such[it.likeness as usize];
            let places = rows.iter().zip(first..).filter(|(row, _)| is_such(row)).map(|it| it.1);
            places.collect::<Vec<usize>>()
        };
        self.rows.pieces().flat_map_iter(of_piece).collect()
    }

    /// The places of the sessions with an offer whose call ids are among these.
    pub fn offered(&self, ids: &HashSet<CallId>) -> Vec<usize> {
        // Few ids are wanted, and their first two bytes tell most others apart.
        let beginning = |id: [u8; 16]| usize::from(u16::from_le_bytes([id[0], id[1]]));
        let mut is_wanted = vec![false; 1 << 16];
        for id in ids {
            is_wanted[beginning(id_bytes(Some(*id)))] = true;
        }
        let is_offered = |it: &Row| {
            let likeness = self.likeness(it);
            let id_form = self.facts[likeness.facts as usize].id_form;
            likeness.get(Bits::HAS_OFFER) == 1 && id_of(id_form, it.id).is_some_and(|it| ids.contains(&it))
        };
        let of_piece = |(first, rows): (usize, &[Row])| {
            let rows = rows.iter().zip(first..).filter(|(row, _)| is_wanted[beginning(row.id)]);
            rows.filter(|(row, _)| is_offered(row)).map(|it| it.1).collect::<Vec<usize>>()
        };
        self.rows.pieces().flat_map_iter(of_piece).collect()
    }

    /// Whether any session names its customer itself.
    pub fn any_customer_name(&self) -> bool {
        self.people.iter().any(|it| it.customer_name.is_some())
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

    /// When a session started.
    #[inline]
    pub fn start(&self, place: usize) -> Option<i64> {
        self.rows.get(place).started_at()
    }

    /// What can be told of a session at a glance.
    #[inline]
    pub fn glance(&self, place: usize) -> Glance {
        self.glance_at(self.rows.get(place))
    }

    /// Every session at a glance, by their places.
    pub fn glances(&self) -> impl ExactSizeIterator<Item = Glance> {
        self.rows.iter().map(|it| self.glance_at(it))
    }

    #[inline]
    fn glance_at(&self, row: &Row) -> Glance {
        let likeness = self.likeness(row);
        let facts = &self.facts[likeness.facts as usize];
        Glance {
            provider: facts.provider,
            instance: facts.instance,
            direction: facts.direction,
            engine: facts.engine,
            agent: facts.assigned.agent,
            agent_source: facts.assigned.source,
            customer: sym_of(row.customer),
            started_at: row.started_at(),
            outcome: coded(&Outcome::ALL, likeness.get(Bits::OUTCOME)),
            cause: coded(&Cause::ALL, likeness.get(Bits::CAUSE)),
            declined_by: coded(&DeclinedBy::ALL, likeness.get(Bits::DECLINED_BY)),
            video: coded(&YES_NO, likeness.get(Bits::VIDEO)),
            group: coded(&YES_NO, likeness.get(Bits::GROUP)),
            has_offer: likeness.get(Bits::HAS_OFFER) == 1,
            orphan: coded(&OrphanClass::ALL, likeness.get(Bits::ORPHAN)),
            unrated: coded(&UNRATED, likeness.get(Bits::UNRATED)),
        }
    }

    /// How long a session rang and was talked, as far as is known.
    #[inline]
    pub fn ring_and_talk(&self, place: usize) -> (Option<i64>, Option<i64>) {
        self.ring_and_talk_of(self.rows.get(place))
    }

    #[inline]
    pub(super) fn ring_and_talk_of(&self, row: &Row) -> (Option<i64>, Option<i64>) {
        let likeness = self.likeness(row);
        if likeness.get(Bits::WIDE) == 1 {
            let it = &self.wide_sessions[row.first as usize];
            return (it.ring_ms, it.talk_ms);
        }
        let ring = (likeness.get(Bits::RING) == 1).then_some(i64::from(row.decided));
        let talk = self.more(row, likeness).map(|it| it.talk).filter(|it| *it != NONE);
        (ring, talk.map(i64::from))
    }

    /// What attempts and histories of customers are made of.
    pub fn brief(&self, place: usize) -> Brief {
        let row = self.rows.get(place);
        Brief::of(row, self.facts(row).id_form != 0, place)
    }

    /// What the briefs of one likeness tell, but for the times.
    fn told_of(&self, likeness: &Likeness) -> Told {
        Told {
            started_at: None,
            decided_at: None,
            offered_at: None,
            direction: Direction::ALL[likeness.get(Bits::OUTGOING) as usize],
            outcome: coded(&Outcome::ALL, likeness.get(Bits::OUTCOME)),
            cause: coded(&Cause::ALL, likeness.get(Bits::CAUSE)),
            is_group: coded(&YES_NO, likeness.get(Bits::GROUP)) == Some(true),
            orphan: coded(&OrphanClass::ALL, likeness.get(Bits::ORPHAN)),
            is_unrated: likeness.get(Bits::UNRATED) != 0,
            is_policy: coded(&DeclinedBy::ALL, likeness.get(Bits::DECLINED_BY)) == Some(DeclinedBy::Policy),
            has_offer: likeness.get(Bits::HAS_OFFER) == 1,
            is_odd: likeness.get(Bits::ODD) == 1,
            kin: Kin(likeness.facts),
            is_offered_at_start: likeness.get(Bits::OFFERED) == 1,
            is_wide: likeness.get(Bits::WIDE) == 1,
        }
    }

    /// What a brief tells.
    #[inline]
    pub fn told(&self, brief: Brief) -> Told {
        let told = || self.likenesses.iter().map(|it| self.told_of(it)).collect();
        let mut told = self.told.get_or_init(told)[brief.likeness()];
        match brief.start() {
            Start::At(it) if !told.is_wide => {
                told.started_at = Some(it);
                told.decided_at = after(it, brief.decided());
                told.offered_at = told.started_at.filter(|_| told.is_offered_at_start);
            }
            Start::Untimed if !told.is_wide => {}
            _ => {
                let it = self.get(brief.place());
                (told.started_at, told.decided_at, told.offered_at) =
                    (it.started_at, it.decided_at, it.offered_at);
            }
        }
        told
    }

    /// Works something out once for all briefs that are alike: `of` is shown what they tell but for the
    /// times.
    pub fn by_likeness<T>(&self, of: impl Fn(&Told) -> T) -> ByLikeness<T> {
        ByLikeness(self.likenesses.iter().map(|it| of(&self.told_of(it))).collect())
    }
}
