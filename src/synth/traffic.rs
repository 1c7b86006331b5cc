//! Ordinary traffic: quotas by agent, so that what a report says about them does not hang on the seed, with
//! times and callers drawn by chance; then calls back, and the calls of collections.

use std::collections::BTreeSet;

use super::cast::{
    ASHA, CARE, CENTRO, Desk, EMI, Engine, FRONT, HOTLINE, KARAN, KIOSK, MISSES_ONLY, NEHA, PAULO, Provider,
    RECOVERY, REJECTS_ONLY,
};
use super::clock::{HOUR, MINUTE, SECOND, wall};
use super::people::{DEBTORS, FIRST_DEBTOR, Lid, VIP_CALLED};
use super::plan::{End, Hours, Outcome, Plan};
use super::rng::Rng;
use super::sides::DEBTS;
use super::story::{hotline, timeline};
use super::{doubletick, wawp, wazzap};

const MONTH: Days = (1, 31);
const FIRST_HALF: Days = (1, 15);
const SECOND_HALF: Days = (16, 31);
/// Answered, with a length that is drawn later.
const ANSWERED: End = End::Answered(0);

/// How many calls end in which way.
type Quota = &'static [(End, usize)];
/// Days of May, both included.
type Days = (i64, i64);

pub(super) fn fill(plan: &mut Plan) {
    wawp_lines(plan);
    centro(plan);
    hotline_agents(plan);
    lines_without_a_rate(plan);
    timelines(plan);
    calls_back(plan);
    collections(plan);
}

/// The ends of a quota in random order, each with its own length of talk.
fn ends(rng: &mut Rng, quota: &[(End, usize)]) -> Vec<End> {
    let mut ends: Vec<End> = quota.iter().flat_map(|(end, count)| vec![*end; *count]).collect();
    rng.shuffle(&mut ends);
    for end in &mut ends {
        if *end == ANSWERED {
            *end = End::Answered(rng.between(25, 420));
        }
    }
    ends
}

/// How long it rings before an end. Guesses: people need two seconds at least, phones give up after about
/// 45.
pub(super) fn ring_ms(rng: &mut Rng, end: End) -> i64 {
    match end {
        End::Answered(_) => rng.between(2_800, 15_000),
        End::Declined => rng.between(2_200, 19_000),
        End::Instant => rng.between(150, 850),
        End::Policy => rng.between(250, 800),
        End::RangOut => rng.between(42_000, 57_000),
        End::HungUp => rng.between(5_000, 34_000),
        End::Silence | End::Ringing => 0,
    }
}

/// People answer and decline while they are there; it can ring at any time.
fn hours(desk: &Desk, end: End) -> Hours {
    match end {
        End::Policy => Hours::Closed,
        End::Silence if desk.engine == Engine::Webjs => Hours::Business,
        End::Answered(_) | End::Declined | End::Instant => Hours::Staffed,
        End::RangOut | End::HungUp | End::Silence | End::Ringing => Hours::Any,
    }
}

fn wawp_lines(plan: &mut Plan) {
    use End::{Declined, HungUp, Instant, Policy, RangOut, Silence};
    let quotas: [(&'static Desk, Days, Quota); 6] = [
        (&FRONT, FIRST_HALF, &[(ANSWERED, 37), (Declined, 3), (Instant, 1), (RangOut, 5), (HungUp, 3)]),
        (&FRONT, SECOND_HALF, &[(ANSWERED, 38), (Declined, 6), (RangOut, 5), (HungUp, 3), (Silence, 1)]),
        (&CARE, MONTH, &[(ANSWERED, 48), (Declined, 4), (Instant, 4), (RangOut, 8), (HungUp, 4)]),
        // Its bare rejections hide whoever hung up.
        (&EMI, MONTH, &[(ANSWERED, 34), (Declined, 20), (HungUp, 6), (RangOut, 10)]),
        (&RECOVERY, MONTH, &[(ANSWERED, 35), (Declined, 14), (RangOut, 9), (HungUp, 5)]),
        (&KIOSK, MONTH, &[(Silence, 32), (Policy, 22)]),
    ];
    let mut shown = BTreeSet::new();
    for (desk, days, quota) in quotas {
        for end in ends(&mut plan.rng, quota) {
            let start = plan.slot(desk, days, hours(desk, end));
            let person = plan.caller(desk.region, start);
            let known = desk.engine == Engine::Gows
                && plan.people.get(person).lid == Lid::Shown
                && !shown.insert(person);
            let twist = match plan.rng.below(100) {
                0..35 if known => wawp::Twist::HiddenOnly,
                35..47 if desk.engine == Engine::Gows => wawp::Twist::Twin,
                47..49 => wawp::Twist::OfferLate,
                _ => wawp::Twist::None,
            };
            let ring_ms = ring_ms(&mut plan.rng, end);
            wawp::call(plan, &wawp::Ask { desk, person, start, ring_ms, end, twist, call_id: None });
        }
    }
}

fn centro(plan: &mut Plan) {
    use End::{Declined, HungUp, RangOut, Silence};
    let quotas = [
        (FIRST_HALF, [(ANSWERED, 40), (Declined, 5), (RangOut, 6), (HungUp, 3), (Silence, 2)]),
        (SECOND_HALF, [(ANSWERED, 39), (Declined, 7), (RangOut, 7), (HungUp, 4), (Silence, 1)]),
    ];
    for (days, quota) in quotas {
        for end in ends(&mut plan.rng, &quota) {
            let start = plan.slot(&CENTRO, days, hours(&CENTRO, end));
            let person = plan.caller(CENTRO.region, start);
            let ring_s = ring_ms(&mut plan.rng, end) / SECOND;
            let twist = match end {
                RangOut if plan.rng.percent(50) => wazzap::Twist::RingsOn(plan.rng.between(15, 35)),
                _ => wazzap::Twist::None,
            };
            wazzap::call(plan, &wazzap::Ask { person, start, ring_s, end, twist });
        }
    }
}

fn hotline_agents(plan: &mut Plan) {
    // Nobody is named where nobody picked up.
    let quotas: [(Option<&'static str>, Quota); 6] = [
        (Some("Ravi K"), &[(ANSWERED, 16), (End::Declined, 2)]),
        (Some("ravi k."), &[(ANSWERED, 10), (End::Declined, 1)]),
        (Some("Priya Sharma"), &[(ANSWERED, 25), (End::Declined, 2)]),
        (Some("Deepa Menon"), &[(ANSWERED, 26), (End::Declined, 1)]),
        (Some("Anil Verma"), &[(ANSWERED, 24), (End::Declined, 2)]),
        (None, &[(End::RangOut, 24)]),
    ];
    for (agent, quota) in quotas {
        for (index, end) in ends(&mut plan.rng, quota).into_iter().enumerate() {
            let start = plan.slot(&HOTLINE, MONTH, hours(&HOTLINE, end));
            let person = plan.caller(HOTLINE.region, start);
            let ring_ms = if end == End::RangOut {
                plan.rng.between(25_000, 38_000)
            } else {
                ring_ms(&mut plan.rng, end)
            };
            let skipped = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2][plan.rng.below(10) as usize];
            // Three calls went through a tool that renames the keys.
            let renamed = index == 5 && agent.is_some_and(|name| name != "ravi k." && name != "Ravi K");
            let twist = if renamed { doubletick::Twist::Renamed } else { doubletick::Twist::None };
            let ask = hotline(person, start, end, agent, ring_ms);
            doubletick::call(plan, &doubletick::Ask { skipped, twist, ..ask });
        }
    }
}

fn lines_without_a_rate(plan: &mut Plan) {
    let calls: [(&'static Desk, Option<&'static str>, End, usize, &'static str); 3] = [
        (&REJECTS_ONLY, Some("Priya Sharma"), End::Declined, 6, "calls_not_shown"),
        (&REJECTS_ONLY, Some("Anil Verma"), End::Declined, 8, "calls_not_shown"),
        (&MISSES_ONLY, None, End::RangOut, 17, "rejections_not_shown"),
    ];
    for (desk, agent, end, count, why) in calls {
        for _ in 0..count {
            let start = plan.slot(desk, MONTH, Hours::Staffed);
            let person = plan.caller(desk.region, start);
            let ask = hotline(person, start, end, agent, 0);
            doubletick::call(plan, &doubletick::Ask { desk, announced: false, unrated: Some(why), ..ask });
        }
    }
}

fn timelines(plan: &mut Plan) {
    let quotas = [
        (&ASHA, [(ANSWERED, 42), (End::Declined, 6), (End::RangOut, 8)]),
        (&KARAN, [(ANSWERED, 40), (End::Declined, 3), (End::RangOut, 8)]),
        (&NEHA, [(ANSWERED, 22), (End::Declined, 24), (End::RangOut, 6)]),
        (&PAULO, [(ANSWERED, 32), (End::Declined, 5), (End::RangOut, 6)]),
    ];
    for (desk, quota) in quotas {
        for end in ends(&mut plan.rng, &quota) {
            let declines_in_business_hours = end == End::Declined && desk.instance == NEHA.instance;
            let hours = if declines_in_business_hours { Hours::Business } else { hours(desk, end) };
            let start = plan.slot(desk, MONTH, hours);
            let person = plan.caller(desk.region, start);
            timeline(plan, desk, person, start, false, end);
        }
    }
}

/// Some unanswered callers are called back within three hours, as long as somebody is there.
fn calls_back(plan: &mut Plan) {
    for desk in [&HOTLINE, &ASHA, &KARAN, &NEHA, &PAULO] {
        let unanswered = |outcome| matches!(outcome, Outcome::Rejected | Outcome::Missed);
        let mut waiting: Vec<(usize, i64, Option<&'static str>)> = plan
            .calls
            .iter()
            .filter(|call| call.desk.instance == desk.instance && !call.outgoing && unanswered(call.outcome))
            .filter(|call| call.orphan.is_none() && !call.group)
            .filter_map(|call| Some((call.person?, call.started_at, call.label)))
            .filter(|(person, ..)| *person >= FIRST_DEBTOR + DEBTORS)
            .collect();
        plan.rng.shuffle(&mut waiting);
        let share = if desk.provider == Provider::DoubleTick { 20 } else { 8 };
        for (index, (person, since, label)) in waiting.into_iter().take(share).enumerate() {
            let Some(start) = moment_to_call_back(plan, desk, person, since) else {
                continue;
            };
            let end = match index % 5 {
                0..3 => End::Answered(plan.rng.between(40, 300)),
                3 => End::Declined,
                _ => End::RangOut,
            };
            if desk.provider == Provider::DoubleTick {
                let ring_ms = plan.rng.between(6_000, 22_000);
                let ask = hotline(person, start, end, label.or(Some("Priya Sharma")), ring_ms);
                let twist = doubletick_twist(index);
                doubletick::call(plan, &doubletick::Ask { outgoing: true, twist, ..ask });
            } else {
                timeline(plan, desk, person, start, true, end);
            }
        }
    }
}

/// The two ways in which the provider's pages describe an outgoing rejection, and the two of a miss.
fn doubletick_twist(index: usize) -> doubletick::Twist {
    match index % 10 {
        3 => doubletick::Twist::NamesCustomer,
        4 => doubletick::Twist::ReportedMiss,
        _ => doubletick::Twist::None,
    }
}

fn moment_to_call_back(plan: &mut Plan, desk: &Desk, person: usize, since: i64) -> Option<i64> {
    (0..40).map(|_| since + plan.rng.between(21 * MINUTE, 3 * HOUR)).collect::<Vec<_>>().into_iter().find(
        |at| {
            let (day, hour) = wall(*at, desk.zone);
            (9..20).contains(&hour) && day <= 30 && plan.customer_is_free(person, *at)
        },
    )
}

/// The desk calls customers who are behind with their payments, on workdays.
fn collections(plan: &mut Plan) {
    for (index, debt) in DEBTS.iter().enumerate() {
        for (count, (day, end)) in debt.calls.iter().enumerate() {
            let end = if *end == ANSWERED { End::Answered(plan.rng.between(60, 400)) } else { *end };
            call_out(plan, FIRST_DEBTOR + index, *day, end, index + count);
        }
    }
    call_out(plan, VIP_CALLED, 15, End::Answered(220), 1);
}

fn call_out(plan: &mut Plan, person: usize, day: i64, end: End, turn: usize) {
    if turn.is_multiple_of(2) {
        let start = plan.slot(&HOTLINE, (day, day), Hours::Business);
        let agent = if turn.is_multiple_of(4) { "Anil Verma" } else { "Deepa Menon" };
        let ring_ms = plan.rng.between(5_000, 24_000);
        let ask = hotline(person, start, end, Some(agent), ring_ms);
        doubletick::call(plan, &doubletick::Ask { outgoing: true, twist: doubletick_twist(turn + 1), ..ask });
    } else {
        let start = plan.slot(&KARAN, (day, day), Hours::Business);
        timeline(plan, &KARAN, person, start, true, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_kept_whatever_the_order() {
        let quota = [(ANSWERED, 3), (End::Declined, 2)];
        let ends = ends(&mut Rng::new(9), &quota);
        assert_eq!(ends.len(), 5);
        assert_eq!(ends.iter().filter(|end| **end == End::Declined).count(), 2);
        assert!(ends.iter().all(|end| *end != ANSWERED), "every answered call has a length");
    }
}
