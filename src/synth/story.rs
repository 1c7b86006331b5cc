//! The month as it happens: first the scenes that a reader should find again, then the ordinary traffic
//! around them. Scenes come first because they need their exact minutes.

use super::cast::{ASHA, CARE, CENTRO, Desk, EMI, FRONT, HOTLINE, KARAN, KIOSK, NEHA, PAULO, RECOVERY};
use super::clock::{HOUR, INDIA, MEXICO, MINUTE, SECOND, may};
use super::people::{
    ARJUN, BRIJESH, FATIMA, HARISH, IMPATIENT, KAVITA, RUKMINI, STRANGER, VIP_ANSWERED, WRONG_SCOPE,
};
use super::plan::{End, Hours, Plan};
use super::{doubletick, timelinesai, traffic, wawp, wazzap};

const TALK: End = End::Answered(96);

/// Plans the whole month.
pub(super) fn tell(seed: u64) -> Plan {
    let mut plan = Plan::new(seed);
    edges(&mut plan);
    nobody_answers_harish(&mut plan);
    vips(&mut plan);
    kavita_is_called_back(&mut plan);
    video_calls(&mut plan);
    a_quarrel(&mut plan);
    hidden_customers(&mut plan);
    impatient_customers(&mut plan);
    webhooks_get_lost(&mut plan);
    scattered_orphans(&mut plan);
    odd_clocks(&mut plan);
    odd_calls(&mut plan);
    traffic::fill(&mut plan);
    plan
}

/// The dump begins in the middle of one call and ends in the middle of another.
fn edges(plan: &mut Plan) {
    let start = may(1, 0, 0, 9, INDIA);
    let person = plan.caller(CENTRO.region, start);
    let twist = wazzap::Twist::Orphan("capture_edge");
    wazzap::call(plan, &wazzap::Ask { person, start, ring_s: 0, end: End::Declined, twist });

    let start = may(31, 23, 58, 30, INDIA);
    let person = plan.caller(KIOSK.region, start);
    let ask = wawp_ask(&KIOSK, person, start, 0, End::Ringing, wawp::Twist::None);
    wawp::call(plan, &ask);
    plan.watermark = start;
}

/// Passed from hand to hand: seven calls in nine minutes, declined by everybody in turn.
fn nobody_answers_harish(plan: &mut Plan) {
    let agents =
        ["Ravi K", "Priya Sharma", "Deepa Menon", "ravi k.", "Priya Sharma", "Anil Verma", "Deepa Menon"];
    let after = [0, 74, 151, 238, 331, 428, 533];
    for (agent, after) in agents.into_iter().zip(after) {
        let start = may(12, 10, 31, after, INDIA) + plan.rng.between(0, 900);
        let ask = doubletick::Ask {
            skipped: plan.rng.below(3),
            ..hotline(HARISH, start, End::Declined, Some(agent), plan.rng.between(5_000, 14_000))
        };
        doubletick::call(plan, &ask);
    }
}

fn vips(plan: &mut Plan) {
    let calls = [
        (&KARAN, RUKMINI, may(6, 11, 4, 30, INDIA), TALK),
        (&KARAN, RUKMINI, may(21, 16, 12, 5, INDIA), End::RangOut),
        (&ASHA, VIP_ANSWERED, may(14, 12, 20, 41, INDIA), TALK),
    ];
    for (desk, person, start, end) in calls {
        timeline(plan, desk, person, start, false, end);
    }
}

fn kavita_is_called_back(plan: &mut Plan) {
    let priya = Some("Priya Sharma");
    let calls = [
        hotline(KAVITA, may(8, 11, 20, 12, INDIA), End::Declined, priya, 8_400),
        hotline(KAVITA, may(8, 11, 26, 3, INDIA), End::RangOut, None, 31_000),
        doubletick::Ask {
            outgoing: true,
            ..hotline(KAVITA, may(8, 11, 41, 37, INDIA), End::Answered(312), priya, 9_000)
        },
    ];
    for ask in calls {
        doubletick::call(plan, &ask);
    }
}

fn video_calls(plan: &mut Plan) {
    let calls = [(5, 10, 42, TALK), (13, 17, 8, End::RangOut), (22, 11, 27, TALK)];
    for (day, hour, minute, end) in calls {
        let ask = wawp_ask(&CARE, ARJUN, may(day, hour, minute, 11, INDIA), 7_300, end, wawp::Twist::Video);
        let ring_ms = if end == TALK { 7_300 } else { 48_000 };
        wawp::call(plan, &wawp::Ask { ring_ms, ..ask });
    }
    let start = may(25, 15, 30, 0, INDIA);
    let ask = timelinesai::Ask { video: true, ..timeline_ask(&ASHA, ARJUN, start, false, TALK) };
    timelinesai::call(plan, &ask);
}

/// Ten declined calls of one customer: much for the agent's rate, little about the agent.
fn a_quarrel(plan: &mut Plan) {
    for day in [4, 5, 7, 8, 11, 13, 15, 18, 21, 25] {
        let start = plan.slot(&RECOVERY, (day, day), Hours::Business);
        let ring_ms = plan.rng.between(2_100, 6_000);
        wawp::call(plan, &wawp_ask(&RECOVERY, BRIJESH, start, ring_ms, End::Declined, wawp::Twist::None));
    }
    let start = plan.slot(&RECOVERY, (26, 29), Hours::Business);
    wawp::call(plan, &wawp_ask(&RECOVERY, BRIJESH, start, 9_200, TALK, wawp::Twist::None));
}

/// One hidden customer whom only the customers file knows, and one whom nobody does.
fn hidden_customers(plan: &mut Plan) {
    let calls = [
        (&FRONT, FATIMA, (4, 9), TALK),
        (&FRONT, FATIMA, (11, 15), End::RangOut),
        (&CARE, FATIMA, (18, 22), End::Declined),
        (&CARE, STRANGER, (6, 12), End::HungUp),
        (&CARE, STRANGER, (19, 25), TALK),
    ];
    for (desk, person, days, end) in calls {
        let start = plan.slot(desk, days, Hours::Business);
        let ring_ms = traffic::ring_ms(&mut plan.rng, end);
        wawp::call(plan, &wawp_ask(desk, person, start, ring_ms, end, wawp::Twist::None));
    }
}

/// Two or three calls within ten minutes: high, but not yet the first priority.
fn impatient_customers(plan: &mut Plan) {
    let [lakshmi, devansh, gurpreet, nandini] = IMPATIENT;
    for minute in [18, 21] {
        let start = may(11, 16, minute, 20, INDIA);
        wawp::call(plan, &wawp_ask(&FRONT, lakshmi, start, 5_600, End::Declined, wawp::Twist::None));
    }
    for minute in [2, 5, 9] {
        let start = may(18, 10, minute, 44, INDIA);
        doubletick::call(plan, &hotline(devansh, start, End::RangOut, None, 29_000));
    }
    for minute in [40, 43, 48] {
        timeline(plan, &KARAN, gurpreet, may(26, 17, minute, 2, INDIA), false, End::Declined);
    }
    let start = may(28, 12, 10, 0, INDIA);
    wawp::call(plan, &wawp_ask(&CARE, nandini, start, 6_100, End::Declined, wawp::Twist::None));
    doubletick::call(plan, &hotline(nandini, start + 3 * MINUTE, End::RangOut, None, 24_000));
    timeline(plan, &ASHA, nandini, start + 7 * MINUTE, false, End::RangOut);
}

/// For twelve minutes the offers of one line got lost: five rejections and an answer without a beginning.
fn webhooks_get_lost(plan: &mut Plan) {
    for (after, end) in [
        (0, End::Declined),
        (141, End::Declined),
        (287, TALK),
        (372, End::Declined),
        (561, End::Declined),
        (704, End::Declined),
    ] {
        let start = may(14, 15, 2, after, INDIA) + plan.rng.between(0, 900);
        let person = plan.caller(CARE.region, start);
        let twist = wawp::Twist::Orphan("network_anomaly");
        wawp::call(plan, &wawp_ask(&CARE, person, start, 0, end, twist));
    }
}

fn scattered_orphans(plan: &mut Plan) {
    let lost = wawp::Twist::Orphan("network_anomaly");
    for (desk, day, end) in [
        (&FRONT, 6, End::Declined),
        (&EMI, 18, End::Declined),
        (&RECOVERY, 22, End::Declined),
        (&FRONT, 23, End::RangOut),
    ] {
        let start = plan.slot(desk, (day, day), Hours::Staffed);
        let person = plan.caller(desk.region, start);
        wawp::call(plan, &wawp_ask(desk, person, start, 0, end, lost));
    }
    for (day, end, agent) in [(26, End::Declined, "Anil Verma"), (29, TALK, "Ravi K")] {
        let start = plan.slot(&HOTLINE, (day, day), Hours::Business);
        let person = plan.caller(HOTLINE.region, start);
        let twist = doubletick::Twist::Orphan("network_anomaly");
        doubletick::call(plan, &doubletick::Ask { twist, ..hotline(person, start, end, Some(agent), 0) });
    }
    let start = may(9, 12, 14, 0, MEXICO) + plan.rng.between(0, 4 * HOUR);
    let person = plan.caller(CENTRO.region, start);
    let twist = wazzap::Twist::Orphan("network_anomaly");
    wazzap::call(plan, &wazzap::Ask { person, start, ring_s: 0, end: End::Declined, twist });

    // One account is linked to two sessions: the offer came to one, the rejection to the other.
    let start = may(20, 12, 31, 8, INDIA) + 417;
    let offer = wawp_ask(&FRONT, WRONG_SCOPE, start, 0, End::Silence, wawp::Twist::None);
    let call_id = wawp::call(plan, &offer);
    let twist = wawp::Twist::Orphan("other_instance");
    let end = wawp_ask(&CARE, WRONG_SCOPE, start + 9_310, 0, End::Declined, twist);
    wawp::call(plan, &wawp::Ask { call_id: Some(call_id), ..end });
}

fn odd_clocks(plan: &mut Plan) {
    let calls = [
        (&FRONT, 7, 94_200, End::Declined, wawp::Twist::None),
        (&CARE, 19, -1_200, End::Declined, wawp::Twist::BeforeOffer),
        (&FRONT, 9, 7_000, End::Declined, wawp::Twist::Replayed(38 * MINUTE + 20 * SECOND)),
        (&CARE, 27, 6_800, End::Declined, wawp::Twist::OfferLate),
    ];
    for (desk, day, ring_ms, end, twist) in calls {
        let start = plan.slot(desk, (day, day), Hours::Staffed);
        let person = plan.caller(desk.region, start);
        wawp::call(plan, &wawp_ask(desk, person, start, ring_ms, end, twist));
    }
    let ahead = doubletick::Twist::ClockAhead(47 * SECOND);
    let late = doubletick::Twist::Late(25 * MINUTE);
    for (day, end, agent, twist) in
        [(13, End::Declined, Some("Deepa Menon"), ahead), (15, End::RangOut, None, late)]
    {
        let start = plan.slot(&HOTLINE, (day, day), Hours::Business);
        let person = plan.caller(HOTLINE.region, start);
        doubletick::call(plan, &doubletick::Ask { twist, ..hotline(person, start, end, agent, 11_000) });
    }
}

fn odd_calls(plan: &mut Plan) {
    // A call id comes back after five days.
    let mut call_id = None;
    for day in [6, 11] {
        let start = plan.slot(&EMI, (day, day), Hours::Business);
        let person = plan.caller(EMI.region, start);
        let ask = wawp_ask(&EMI, person, start, 6_400, TALK, wawp::Twist::None);
        call_id = Some(wawp::call(plan, &wawp::Ask { call_id, ..ask }));
    }
    let second = plan.calls.last_mut().expect("two calls were just written");
    second.anomalies.push("id_reuse");

    // Two calls of groups, which are in no rate.
    let start = plan.slot(&FRONT, (12, 12), Hours::Business);
    let person = plan.caller(FRONT.region, start);
    wawp::call(plan, &wawp_ask(&FRONT, person, start, 41_000, End::RangOut, wawp::Twist::Group));
    let start = plan.slot(&ASHA, (19, 19), Hours::Business);
    let person = plan.caller(ASHA.region, start);
    let ask = timelinesai::Ask { group: true, ..timeline_ask(&ASHA, person, start, false, TALK) };
    timelinesai::call(plan, &ask);

    // The provider reports a miss, and a rejection two seconds later.
    let start = plan.slot(&CENTRO, (12, 14), Hours::Staffed);
    let person = plan.caller(CENTRO.region, start);
    let twist = wazzap::Twist::MissedThenRejected;
    wazzap::call(plan, &wazzap::Ask { person, start, ring_s: 22, end: End::Declined, twist });
    let start = plan.slot(&HOTLINE, (21, 21), Hours::Business);
    let person = plan.caller(HOTLINE.region, start);
    let ask = hotline(person, start, End::Silence, Some("Anil Verma"), 16_000);
    doubletick::call(plan, &doubletick::Ask { outgoing: true, twist: doubletick::Twist::Failed, ..ask });

    reactions(plan);
}

/// Customers react to the message in which their call is kept; one takes it back.
fn reactions(plan: &mut Plan) {
    let emojis = ["👍", "🙏", "😡", "❤️", "👍", "😢"];
    for (index, desk) in [&ASHA, &KARAN, &NEHA, &PAULO, &ASHA, &NEHA].into_iter().enumerate() {
        let start = plan.slot(desk, (4, 25), Hours::Staffed);
        let person = plan.caller(desk.region, start);
        let message = timeline(plan, desk, person, start, false, TALK);
        let emoji = emojis[index];
        let of = timelinesai::Reaction {
            desk,
            person,
            message: &message,
            at: start + 5 * MINUTE,
            emoji,
            set: true,
            anonymous: index == 3,
            twice: index == 1,
        };
        timelinesai::reaction(plan, &of);
        if index == 2 {
            let of = timelinesai::Reaction { at: start + 11 * MINUTE, set: false, ..of };
            timelinesai::reaction(plan, &of);
        }
    }
    // Two to ordinary messages.
    for day in [8, 17] {
        let message = plan.uuid();
        let person = plan.caller(ASHA.region, may(day, 13, 0, 0, INDIA));
        let of = timelinesai::Reaction {
            desk: &ASHA,
            person,
            message: &message,
            at: may(day, 13, 0, 0, INDIA),
            emoji: "👍",
            set: true,
            anonymous: false,
            twice: false,
        };
        timelinesai::reaction(plan, &of);
    }
}

fn wawp_ask(
    desk: &'static Desk,
    person: usize,
    start: i64,
    ring_ms: i64,
    end: End,
    twist: wawp::Twist,
) -> wawp::Ask {
    wawp::Ask { desk, person, start, ring_ms, end, twist, call_id: None }
}

/// An incoming call of the hotline with nothing unusual about it.
pub(super) fn hotline(
    person: usize,
    start: i64,
    end: End,
    agent: Option<&'static str>,
    ring_ms: i64,
) -> doubletick::Ask {
    doubletick::Ask {
        desk: &HOTLINE,
        person,
        start,
        ring_ms,
        outgoing: false,
        end,
        agent,
        skipped: 0,
        twist: doubletick::Twist::None,
        announced: true,
        unrated: None,
    }
}

fn timeline_ask(
    desk: &'static Desk,
    person: usize,
    start: i64,
    outgoing: bool,
    end: End,
) -> timelinesai::Ask {
    timelinesai::Ask { desk, person, start, outgoing, end, video: false, group: false }
}

/// A call that TimelinesAI tells of afterwards.
pub(super) fn timeline(
    plan: &mut Plan,
    desk: &'static Desk,
    person: usize,
    start: i64,
    outgoing: bool,
    end: End,
) -> String {
    timelinesai::call(plan, &timeline_ask(desk, person, start, outgoing, end))
}
