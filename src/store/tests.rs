//! What is packed comes back as it was, whatever its size.

use proptest::prelude::*;

use super::*;
use crate::session::{AgentSource, DeclinedBy, OrphanClass, Outcome, Session, Unrated};
use crate::text::{Interner, Texts};

const START: i64 = 1_771_400_000_000;

/// Symbols of a few texts; none for 0.
fn sym(number: u8) -> Option<Sym> {
    sym_of(u32::from(number))
}

/// Texts for these symbols: so many that the smallest numbers are among theirs.
fn texts() -> Texts {
    let texts = Interner::default();
    for it in 0..4000 {
        texts.intern(&format!("text {it}"));
    }
    texts.freeze()
}

fn any_id() -> impl Strategy<Value = Option<CallId>> {
    prop_oneof![
        Just(None),
        any::<[u8; 16]>().prop_map(|it| Some(CallId::Upper(it))),
        any::<[u8; 16]>().prop_map(|it| Some(CallId::Lower(it))),
        any::<[u8; 16]>().prop_map(|it| Some(CallId::Uuid(it))),
        (1..9_u8).prop_map(|it| sym(it).map(CallId::Text)),
    ]
}

/// Near the start of a session as a rule, far from it now and then.
fn any_time() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![
        Just(None),
        (-9000..90_000_i64).prop_map(|it| Some(START + it)),
        (-9_000_000_000..9_000_000_000_i64).prop_map(|it| Some(START + it)),
        Just(Some(0)),
        Just(Some(i64::MAX)),
        Just(Some(i64::MIN)),
    ]
}

fn any_line() -> impl Strategy<Value = u64> {
    prop_oneof![1..10_000_u64, (1_u64 << LINE_BITS) - 2..(1 << LINE_BITS) + 2, Just(u64::MAX)]
}

fn any_body() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), (1_u32 << 24) - 2..(1 << 24) + 2]
}

prop_compose! {
    fn any_event()(
        call_id in any_id(),
        (kind, cause, clock) in (0..5_usize, 0..8_usize, any::<bool>()),
        (replayed, ahead, video, group) in (any::<bool>(), any::<bool>(), any::<Option<bool>>(), any::<Option<bool>>()),
        syms in prop::collection::vec(0..4_u8, 12),
        instance in 1..4_u8,
        (at, ended_at, received_at, talk_ms) in (any_time(), any_time(), any_time(), any::<Option<i64>>()),
        (line, body) in (any_line(), any_body()),
        outgoing in any::<bool>(),
    ) -> Event {
        let mut syms = syms.into_iter().map(sym);
        let mut next = || syms.next().flatten();
        Event {
            provider: crate::dialects::Provider::named("wawp").unwrap(),
            word: 1,
            direction: Direction::ALL[usize::from(outgoing)],
            kind: Kind::ALL[kind],
            cause: Cause::ALL.get(cause).copied(),
            clock: if clock { Clock::Provider } else { Clock::Receiver },
            replayed,
            ahead,
            video,
            group,
            instance: sym(instance).unwrap(),
            account: next(),
            call_id,
            customer: next(),
            also: next(),
            agent_label: next(),
            customer_name: next(),
            account_name: next(),
            customer_ref: next(),
            chat_ref: next(),
            engine: next(),
            country: next(),
            metadata: next(),
            at,
            ended_at,
            talk_ms,
            received_at,
            origin: Origin { file: sym(1).unwrap(), line, body },
        }
    }
}

prop_compose! {
    fn any_session()(
        event in any_event(),
        (started_at, decided_at, ended_at) in (any_time(), any_time(), any_time()),
        offered in 0..3_u8,
        (rung, talk_ms) in (any::<bool>(), prop_oneof![Just(None), (1..9000_i64).prop_map(Some), Just(Some(i64::MAX))]),
        (rings, skipped_agents) in (prop_oneof![0..3_u32, 250..260_u32], prop_oneof![0..3_u32, Just(u32::MAX)]),
        deciding in prop_oneof![Just(None), (0..3_u32).prop_map(Some), (250..260_u32).prop_map(Some)],
        (outcome, declined_by, has_offer, reused_id, collided_id) in
            (0..5_usize, 0..6_usize, any::<bool>(), any::<bool>(), any::<bool>()),
    ) -> Session {
        let offered_at = match offered {
            0 => None,
            1 => started_at,
            _ => Some(START - 1),
        };
        let ring_ms = decided_at.zip(offered_at).and_then(|(a, b)| a.checked_sub(b)).filter(|_| rung);
        Session {
            provider: event.provider,
            instance: event.instance,
            direction: event.direction,
            call_id: event.call_id,
            account: event.account,
            customer: event.customer,
            customer_name: event.customer_name,
            customer_ref: event.customer_ref,
            chat_ref: event.chat_ref,
            engine: event.engine,
            country: event.country,
            agent_label: event.agent_label,
            agent: None,
            agent_source: AgentSource::None,
            team: None,
            outcome: Outcome::ALL.get(outcome).copied(),
            cause: event.cause,
            declined_by: DeclinedBy::ALL.get(declined_by).copied(),
            started_at: started_at.filter(|it| *it != NO_TIME),
            offered_at,
            decided_at,
            ended_at,
            ring_ms,
            talk_ms,
            rings,
            skipped_agents,
            video: event.video,
            group: event.group,
            has_offer,
            orphan: None,
            unrated: None,
            reused_id,
            collided_id,
            deciding,
            events: 0..0,
        }
    }
}

/// Without what depends on where it is kept.
fn bare(mut session: Session) -> Session {
    session.events = 0..0;
    session
}

fn key(event: &Event) -> String {
    format!("{event:?}")
}

proptest! {
    #[test]
    fn loose_events_come_back(events in prop::collection::vec(any_event(), 0..40)) {
        let shards = deal(&events);
        let latest = events.iter().filter(|it| !it.ahead).filter_map(|it| it.at).max();
        prop_assert_eq!(shards.latest, latest);
        prop_assert_eq!(shards.pairs, events.iter().any(|it| it.also.is_some()));
        let mut back: Vec<String> = shards.into_events().iter().map(key).collect();
        let mut events: Vec<String> = events.iter().map(key).collect();
        back.sort();
        events.sort();
        prop_assert_eq!(back, events);
    }

    #[test]
    fn what_several_threads_read_is_put_together(
        parts in prop::collection::vec(prop::collection::vec(any_event(), 0..12), 0..4)
    ) {
        let share = Deal::default();
        let loose = parts.iter().map(|events| {
            let mut loose = Loose::default();
            events.iter().for_each(|it| loose.push(it, &share));
            loose
        });
        let loose = loose.collect();
        let mut back: Vec<String> = gather(loose, share).into_events().iter().map(key).collect();
        let mut events: Vec<String> = parts.iter().flatten().map(key).collect();
        back.sort();
        events.sort();
        prop_assert_eq!(back, events);
    }

    #[test]
    fn calls_stand_side_by_side(events in prop::collection::vec(any_event(), 0..60)) {
        let Shards { with_ids, packed, .. } = deal(&events);
        let mut calls = Vec::new();
        for shard in with_ids {
            let records = packed.calls(shard);
            for call in records.chunk_by(|a, b| packed.are_of_one_call(a, b)) {
                let first = packed.event(&call[0]);
                for record in call {
                    let event = packed.event(record);
                    prop_assert_eq!((event.instance, event.call_id), (first.instance, first.call_id));
                }
                calls.push((first.instance, first.call_id));
            }
        }
        let distinct: std::collections::HashSet<_> = calls.iter().collect();
        prop_assert_eq!(distinct.len(), calls.len(), "no call is cut in two");
    }

    #[test]
    fn callers_stand_side_by_side_whatever_ids_their_events_have(
        events in prop::collection::vec(any_event(), 0..60)
    ) {
        let provider = crate::dialects::Provider::named("wazzap").unwrap();
        let events: Vec<Event> = events.into_iter().map(|it| Event { provider, ..it }).collect();
        let Shards { without, packed, .. } = deal(&events);
        let mut callers = Vec::new();
        for shard in without {
            let records = packed.callers(shard);
            for caller in records.chunk_by(|a, b| packed.are_of_one_caller(a, b)) {
                let first = packed.event(&caller[0]);
                callers.push((first.instance, first.customer));
                let all = caller.iter().map(|it| packed.event(it));
                prop_assert!(all.clone().all(|it| (it.instance, it.customer) == (first.instance, first.customer)));
            }
        }
        let distinct: std::collections::HashSet<_> = callers.iter().collect();
        prop_assert_eq!(distinct.len(), callers.len(), "no caller is cut in two");
    }

    #[test]
    fn sessions_and_their_events_come_back(
        parts in prop::collection::vec(
            prop::collection::vec((any_session(), prop::collection::vec(any_event(), 1..4), any::<bool>()), 0..6),
            0..4,
        )
    ) {
        // The largest part comes first.
        let mut parts = parts;
        parts.sort_by_key(|it| std::cmp::Reverse(it.len()));
        let all: Vec<Event> = parts.iter().flatten().flat_map(|it| it.1.clone()).collect();
        let Shards { with_ids, packed, .. } = deal(&all);
        let records: Vec<Record> = with_ids.into_iter().flat_map(|it| packed.calls(it)).collect();
        let shared = Shared::of(&packed);
        let built = parts.iter().map(|sessions| {
            let mut part = Part::default();
            for (session, events, odd) in sessions {
                part.push(session, events, *odd, &records, &packed, &shared);
            }
            part
        });
        let built = built.collect();
        let mut sessions = Sessions::of(built, packed, shared);
        prop_assert_eq!(sessions.events_len(), all.len());
        for (place, (session, events, odd)) in parts.iter().flatten().enumerate() {
            prop_assert_eq!(bare(sessions.get(place)), session.clone());
            prop_assert_eq!(sessions.events_of(&sessions.get(place)), events.clone());
            prop_assert_eq!(sessions.told(sessions.brief(place)).is_odd, *odd);
            let (glance, told) = (sessions.glance(place), sessions.get(place));
            prop_assert_eq!(glance.feed(), told.feed());
            prop_assert_eq!((glance.engine, glance.customer, glance.group), (told.engine, told.customer, told.group));
            prop_assert_eq!((glance.outcome, glance.cause), (told.outcome, told.cause));
            prop_assert_eq!((glance.declined_by, glance.has_offer), (told.declined_by, told.has_offer));
            prop_assert_eq!(glance.started_at, told.started_at);
            let (brief, whole) = (sessions.told(sessions.brief(place)), told);
            prop_assert_eq!((brief.started_at, brief.decided_at), (whole.started_at, whole.decided_at));
            prop_assert_eq!((brief.offered_at, brief.direction), (whole.offered_at, whole.direction));
            prop_assert_eq!((brief.outcome, brief.cause), (whole.outcome, whole.cause));
            prop_assert_eq!(brief.is_group, whole.group == Some(true));
            prop_assert_eq!(brief.is_policy, whole.declined_by == Some(DeclinedBy::Policy));
            prop_assert_eq!((brief.orphan, brief.is_unrated), (None, false));
            prop_assert_eq!(sessions.brief(place).id_part().is_some(), whole.call_id.is_some());
            let assigned = Assigned { agent: sym(2), source: AgentSource::Roster, team: sym(3) };
            sessions.assign(place, assigned);
            sessions.class(place, Some(OrphanClass::NetworkAnomaly), Some(Unrated::RejectionsNotShown));
            let told = Session {
                agent: assigned.agent,
                agent_source: assigned.source,
                team: assigned.team,
                orphan: Some(OrphanClass::NetworkAnomaly),
                unrated: Some(Unrated::RejectionsNotShown),
                ..session.clone()
            };
            let (glance, brief) = (sessions.glance(place), sessions.told(sessions.brief(place)));
            prop_assert_eq!((glance.orphan, glance.unrated), (told.orphan, told.unrated));
            prop_assert_eq!((brief.orphan, brief.is_unrated), (told.orphan, true));
            prop_assert_eq!((glance.agent, glance.counts_in_rates()), (told.agent, told.counts_in_rates()));
            prop_assert_eq!(bare(sessions.get(place)), told);
        }
        sessions.assign_named(|label| Assigned { agent: Some(label), source: AgentSource::Payload, team: None });
        for it in (0..sessions.len()).map(|place| sessions.get(place)) {
            let roster = (sym(2), AgentSource::Roster, sym(3));
            let expected = it.agent_label.map_or(roster, |label| (Some(label), AgentSource::Payload, None));
            prop_assert_eq!((it.agent, it.agent_source, it.team), expected);
        }
    }
}

proptest! {
    #[test]
    fn sessions_that_are_equal_in_all_else_stand_by_their_first_places(
        session in any_session(),
        event in any_event(),
        lines in prop::collection::vec(1..10_000_u64, 1..12),
    ) {
        let event = |line: &u64| Event { origin: Origin { line: *line, ..event.origin }, ..event };
        let all: Vec<Event> = lines.iter().map(event).collect();
        let Shards { with_ids, packed, .. } = deal(&all);
        let records: Vec<Record> = with_ids.into_iter().flat_map(|it| packed.calls(it)).collect();
        let shared = Shared::of(&packed);
        let mut part = Part::default();
        for event in &all {
            part.push(&session, std::slice::from_ref(event), false, &records, &packed, &shared);
        }
        let mut sessions = Sessions::of(vec![part], packed, shared);
        sessions.sort(&texts());
        let first = |place| sessions.events_of(&sessions.get(place))[0].origin.line;
        let got: Vec<u64> = (0..sessions.len()).map(first).collect();
        let mut expected = lines;
        expected.sort_unstable();
        prop_assert_eq!(got, expected);
    }
}

proptest! {
    #[test]
    fn sessions_by_customer_and_some_places_come_in_order_whether_or_not_all_were_sorted(
        all in prop::collection::vec((any_session(), any_event(), 0..3_i64, any::<bool>()), 1..40),
    ) {
        // Times that are equal, and such as do not fit a brief.
        let all: Vec<(Session, Event)> = all.into_iter().map(|(session, event, at, near)| {
            let started_at = if near { session.started_at.map(|_| START + at) } else { session.started_at };
            (Session { started_at, ..session }, event)
        }).collect();
        let events: Vec<Event> = all.iter().map(|it| it.1).collect();
        let texts = texts();
        let sessions = |sorted: bool| {
            let Shards { with_ids, packed, .. } = deal(&events);
            let records: Vec<Record> = with_ids.into_iter().flat_map(|it| packed.calls(it)).collect();
            let shared = Shared::of(&packed);
            let mut part = Part::default();
            for (session, event) in &all {
                part.push(session, std::slice::from_ref(event), false, &records, &packed, &shared);
            }
            let mut sessions = Sessions::of(vec![part], packed, shared);
            if sorted {
                sessions.sort(&texts);
            }
            sessions
        };
        let (sorted, unsorted) = (sessions(true), sessions(false));
        let whole = |sessions: &Sessions, place: usize| {
            let session = sessions.get(place);
            (bare(session.clone()), sessions.events_of(&session))
        };
        let of_customers = |sessions: &Sessions| {
            let by = sessions.by_customer(&texts);
            let mut all: Vec<_> = by.iter().map(|(customer, briefs)| {
                (customer.number(), briefs.iter().map(|it| whole(sessions, it.place())).collect::<Vec<_>>())
            }).collect();
            all.sort_by_key(|it| it.0);
            all
        };
        prop_assert_eq!(of_customers(&sorted), of_customers(&unsorted));
        let of_some = |sessions: &Sessions| {
            let wanted = (0..sessions.len()).rev().filter(|it| sessions.glance(*it).has_offer).collect();
            sessions.sorted(wanted, &texts).into_iter().map(|it| whole(sessions, it)).collect::<Vec<_>>()
        };
        prop_assert_eq!(of_some(&sorted), of_some(&unsorted));
    }
}

#[test]
fn a_record_is_as_small_as_it_is_said_to_be() {
    assert_eq!(std::mem::size_of::<Record>(), 36);
    assert_eq!(part::SIZES, [40, 16]);
}
