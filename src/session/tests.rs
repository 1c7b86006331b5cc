//! The rules of sessions, each at its bounds; expected by hand.

use serde_json::{Value, json};

use super::*;
use crate::reports::testing::{Input, reaction};

/// 2026-05-04T10:00:00Z
const TEN: i64 = 1_777_888_800_000;

fn wawp(event: &str, id: &str, from: &str, at: i64) -> Value {
    let mut payload = json!({"id": id});
    if !from.is_empty() {
        payload["from"] = json!(format!("{from}@c.us"));
    }
    json!({"event": format!("call.{event}"), "session": "desk", "timestamp": at, "payload": payload})
}

fn with(mut line: Value, more: Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        line["payload"][key] = value.clone();
    }
    line
}

/// A call that was offered and, so many milliseconds later, rejected by hand.
fn declined_after(ring_ms: i64) -> [Value; 2] {
    let end = with(wawp("rejected", "c", "511", TEN + ring_ms), json!({"_data": {"status": "reject"}}));
    [wawp("received", "c", "511", TEN), end]
}

fn wazzap(event: &str, second: i64) -> Value {
    json!({"event": format!("call.{event}"), "phone": "+525512345678", "ts": TEN / 1000 + second})
}

struct Found {
    sessions: Vec<Session>,
    anomalies: Vec<Vec<Anomaly>>,
    customers: Vec<String>,
    duplicates: u64,
}

fn found_by(lines: &[Value], rules: Rules) -> Found {
    let ring_timeout_ms = rules.ring_timeout_ms;
    let lines = lines.iter().map(Value::to_string).collect();
    let analysis = Input { lines, rules, ..Input::default() }.analysis();
    let sessions: Vec<Session> = analysis.sessions().iter().collect();
    let kinds = |it: &Session| -> Vec<Anomaly> {
        let events = analysis.sessions().events_of(it);
        anomalies(it, &events, ring_timeout_ms).into_iter().map(|it| it.0).collect()
    };
    for (place, session) in sessions.iter().enumerate() {
        // Who looks for anomalies looks only where there may be some.
        let told = analysis.sessions().told(analysis.sessions().brief(place));
        let may_be = told.is_odd || told.orphan.is_some();
        assert_eq!(may_be, session.orphan.is_some() || !kinds(session).is_empty(), "{session:?}");
    }
    Found {
        anomalies: sessions.iter().map(kinds).collect(),
        customers: sessions
            .iter()
            .map(|it| analysis.texts.raw_opt(it.customer).unwrap_or_default().to_owned())
            .collect(),
        duplicates: analysis.rebuilt.duplicates,
        sessions,
    }
}

fn found(lines: &[Value]) -> Found {
    found_by(lines, Rules::default())
}

#[track_caller]
fn outcomes(lines: &[Value], expected: &str) {
    let names: Vec<&str> = found(lines).sessions.iter().map(|it| it.outcome.unwrap().name()).collect();
    assert_eq!(names.join(" "), expected);
}

#[test]
fn a_call_id_is_used_again_after_more_than_a_day() {
    let day = 86_400_000;
    let with_gap =
        |gap: i64| found(&[wawp("received", "c", "1", TEN), wawp("rejected", "c", "1", TEN + gap)]);
    assert_eq!(with_gap(day).sessions.len(), 1);
    let cut = with_gap(day + 1);
    assert_eq!(cut.sessions.iter().map(|it| it.reused_id).collect::<Vec<_>>(), [false, true]);
    assert!(!cut.anomalies[0].contains(&Anomaly::IdReuse) && cut.anomalies[1].contains(&Anomaly::IdReuse));
}

#[test]
fn of_a_collided_id_an_event_of_nobody_goes_to_the_latest_offer_so_far() {
    let rejected = |lines: &[Value]| {
        let found = found(lines);
        assert_eq!(found.sessions.len(), 2);
        assert!(found.sessions.iter().all(|it| it.collided_id));
        assert!(found.anomalies.iter().all(|it| it.contains(&Anomaly::IdCollision)));
        let place = found.sessions.iter().position(|it| it.outcome == Some(Outcome::Rejected)).unwrap();
        found.customers[place].clone()
    };
    let offer = |from: &str, at: i64| wawp("received", "c", from, TEN + at);
    let end = |from: &str, at: i64| wawp("rejected", "c", from, TEN + at);
    for (at, expected) in [(-1, "+511"), (9_999, "+511"), (10_000, "+522"), (50_000, "+522")] {
        assert_eq!(rejected(&[offer("511", 0), offer("522", 10_000), end("", at)]), expected, "{at}");
    }
    assert_eq!(rejected(&[offer("511", 0), offer("522", 10_000), end("511", 20_000)]), "+511");
    assert_eq!(rejected(&[offer("522", 0), offer("511", 0), end("", 5000)]), "+511");
    // One customer's offers are no collision, whoever the end names.
    let one = found(&[offer("511", 0), offer("511", 5000), end("522", 9000)]);
    assert_eq!((one.sessions.len(), one.sessions[0].collided_id), (1, false));
}

#[test]
fn without_ids_rings_and_ends_belong_together_within_their_windows() {
    let [ring, end, answer] = ["incoming", "reject", "accept"].map(|it| move |at: i64| wazzap(it, at));
    outcomes(&[ring(0), ring(60), end(65)], "rejected");
    outcomes(&[ring(0), ring(61), end(65)], "missed rejected");
    outcomes(&[ring(0), end(120)], "rejected");
    outcomes(&[ring(0), end(121)], "missed rejected");
    // Longer than twice the ring timeout, but at most one after the last ring.
    outcomes(&[ring(0), ring(60), ring(120), end(180)], "rejected");
    outcomes(&[ring(0), ring(60), ring(120), end(181)], "missed rejected");
    // Another kind of end joins within 5 s of the first, the same kind does not.
    outcomes(&[ring(0), end(10), answer(15)], "answered");
    outcomes(&[ring(0), end(10), answer(16)], "rejected answered");
    outcomes(&[ring(0), end(10), end(12)], "rejected rejected");
    outcomes(&[end(10), answer(15)], "answered");
    outcomes(&[ring(0), end(10), ring(11), answer(12)], "rejected answered");
    // Of an offer and an end at one time the end comes first where something is open that it can end.
    outcomes(&[ring(0), end(30), ring(30), ring(95)], "rejected missed ringing");
    let alone = found(&[end(30), ring(30)]);
    assert_eq!(alone.sessions.iter().map(|it| (it.rings, it.ring_ms)).collect::<Vec<_>>(), [(1, Some(0))]);
    assert_eq!(found(&[ring(0), ring(20), ring(80), end(90)]).sessions[0].rings, 3);
}

#[test]
fn what_only_rings_is_missed_once_it_could_not_ring_longer() {
    let at = |as_of: i64| {
        let rules = Rules { as_of: Some(TEN + as_of), ..Rules::default() };
        let session = found_by(&[wawp("received", "c", "511", TEN)], rules).sessions.remove(0);
        (session.outcome, session.cause.map(|it| it.name()), session.decided_at)
    };
    assert_eq!(at(59_999), (Some(Outcome::Ringing), None, None));
    assert_eq!(at(60_000), (Some(Outcome::Missed), Some("inferred"), None));
}

#[test]
fn who_declined_is_the_first_that_fits() {
    let declined_by = |lines: &[Value]| found(lines).sessions[0].declined_by.map(DeclinedBy::name);
    assert_eq!(declined_by(&declined_after(999)), Some("instant"));
    assert_eq!(declined_by(&declined_after(1000)), Some("agent"));
    let [offer, end] = declined_after(500);
    assert_eq!(declined_by(&[offer.clone(), with(end, json!({"_data": {"api": true}}))]), Some("policy"));
    assert_eq!(declined_by(&[offer.clone(), wawp("rejected", "c", "511", TEN + 4000)]), Some("unknown"));
    assert_eq!(declined_by(std::slice::from_ref(&offer)), None);
    // The account calls: who declines is the customer.
    let outgoing = |line: Value| with(line, json!({"_data": {"fromMe": true}}));
    assert_eq!(
        declined_by(&[outgoing(offer), outgoing(wawp("rejected", "c", "511", TEN + 100))]),
        Some("customer")
    );
}

#[test]
fn an_answered_call_ends_with_the_last_that_is_told() {
    let offer = wawp("received", "c", "511", TEN);
    let accept = wawp("accepted", "c", "511", TEN + 10_000);
    let ended = |rejected: i64| {
        let found = found(&[offer.clone(), accept.clone(), wawp("rejected", "c", "511", TEN + rejected)]);
        let it = &found.sessions[0];
        assert_eq!((it.outcome, it.decided_at), (Some(Outcome::Answered), Some(TEN + 10_000)));
        (it.ended_at.map(|it| it - TEN), found.anomalies[0].contains(&Anomaly::ConflictingEnd))
    };
    assert_eq!(ended(60_000), (Some(60_000), false));
    assert_eq!(ended(10_000), (Some(10_000), false));
    assert_eq!(ended(9_999), (None, true));
    assert_eq!(found(&declined_after(3000)).sessions[0].ended_at, Some(TEN + 3000));
}

#[test]
fn an_anomaly_begins_behind_its_bound() {
    let kinds =
        |lines: &[Value]| -> Vec<&str> { found(lines).anomalies[0].iter().map(|it| it.name()).collect() };
    assert_eq!(kinds(&declined_after(60_000)), [""; 0]);
    assert_eq!(kinds(&declined_after(60_001)), ["late_rejection"]);
    assert_eq!(kinds(&declined_after(-1)), ["out_of_order"]);
    assert_eq!(kinds(&declined_after(0)), [""; 0]);
    let answered = |at: i64| kinds(&[wawp("received", "c", "1", TEN), wawp("accepted", "c", "1", TEN + at)]);
    assert_eq!(answered(60_001), [""; 0]);
    assert_eq!(answered(-1), ["out_of_order"]);
    let received =
        |late: i64| kinds(&[json!({"received_at": TEN + late, "body": wawp("received", "c", "511", TEN)})]);
    assert_eq!(received(60_000), [""; 0]);
    assert_eq!(received(60_001), ["late_delivery"]);
    assert_eq!(received(-5000), [""; 0]);
    assert_eq!(received(-5001), ["clock_skew"]);
    let replayed = |earlier: i64| {
        let line = wawp("received", "c", "511", TEN);
        kinds(&[with(line, json!({"timestamp": (TEN - earlier) as f64 / 1000.0}))])
    };
    assert_eq!(replayed(60_000), [""; 0]);
    assert_eq!(replayed(60_001), ["replayed"]);
    // The same provider says when a call began or when it ended, so that no delay is known.
    let timeline = json!({
        "event_type": "call:incoming:missed", "chat": {"chat_id": 7},
        "whatsapp_account": {"whatsapp_account_wid": "desk"},
        "call_details": {"status": "Missed", "timestamp": TEN / 1000, "message_uid": "m", "caller": {"phone": "511"}},
    });
    assert_eq!(kinds(&[json!({"received_at": TEN + 600_000, "body": timeline})]), [""; 0]);
}

#[test]
fn a_rejection_and_a_miss_conflict_and_the_miss_has_lost() {
    let missed = with(wawp("rejected", "c", "511", TEN + 2000), json!({"_data": {"status": "timeout"}}));
    let [offer, end] = declined_after(3000);
    let found = found(&[offer, missed, end]);
    assert_eq!(found.sessions[0].outcome, Some(Outcome::Rejected));
    assert_eq!(found.anomalies[0], [Anomaly::ConflictingEnd]);
}

#[test]
fn an_end_without_its_offer_has_the_first_class_that_fits() {
    let orphan = |more: &[Value], at: i64| {
        let mut lines = vec![wawp("rejected", "first", "511", TEN - 600_000)];
        lines.extend(more.iter().cloned());
        lines.push(wawp("rejected", "orphan", "533", TEN + at));
        let found = found(&lines);
        let place = found.customers.iter().position(|it| it == "+533").unwrap();
        found.sessions[place].orphan.map(OrphanClass::name)
    };
    let offer = wawp("received", "offered", "522", TEN);
    assert_eq!(orphan(std::slice::from_ref(&offer), 0), Some("network_anomaly"));
    assert_eq!(orphan(std::slice::from_ref(&offer), -1), Some("no_offers_captured"));
    assert_eq!(orphan(std::slice::from_ref(&offer), -540_000), Some("no_offers_captured"));
    assert_eq!(orphan(std::slice::from_ref(&offer), -540_001), Some("capture_edge"));
    assert_eq!(orphan(&[], 0), Some("no_offers_captured"));
    let mut elsewhere = wawp("received", "orphan", "533", TEN - 5000);
    elsewhere["session"] = json!("shop");
    let lines = [offer, elsewhere, wawp("rejected", "orphan", "533", TEN)];
    let found = found(&lines);
    let classes: Vec<_> = found.sessions.iter().filter_map(|it| it.orphan).collect();
    assert_eq!(classes, [OrphanClass::OtherInstance]);
}

#[test]
fn a_feed_is_rated_by_what_it_shows() {
    let doubletick = |event: &str, line: &str, id: &str| {
        json!({
            "event": event, "callId": id, "wabaNumber": line, "customerNumber": "919811110001",
            "callDirection": "INCOMING", "callStartedAt": TEN, "callEndedAt": TEN + 1000, "durationInSeconds": 1,
        })
    };
    let unrated = |events: &[&str], rules: Rules| {
        let lines: Vec<Value> =
            events.iter().enumerate().map(|(id, it)| doubletick(it, "910", &id.to_string())).collect();
        found_by(&lines, rules).sessions[0].unrated.map(Unrated::name)
    };
    let of = |events: &[&str]| unrated(events, Rules::default());
    assert_eq!(of(&["CALL_MISSED"]), Some("rejections_not_shown"));
    assert_eq!(of(&["CALL_ACCEPTED", "CALL_MISSED"]), Some("rejections_not_shown"));
    assert_eq!(of(&["CALL_REJECTED"]), Some("calls_not_shown"));
    assert_eq!(of(&["CALL_REJECTED", "CALL_MISSED"]), Some("calls_not_shown"));
    assert_eq!(of(&["CALL_REJECTED", "CALL_ACCEPTED"]), Some("calls_not_shown"));
    assert_eq!(of(&["CALL_REJECTED", "CALL_ACCEPTED", "CALL_MISSED"]), None);
    let declared = |line: &str| {
        let feed_complete = vec![(Provider::named("doubletick").unwrap(), Some(line.to_owned()))];
        unrated(&["CALL_MISSED"], Rules { feed_complete, ..Rules::default() })
    };
    assert_eq!(declared("910"), None);
    assert_eq!(declared("911"), Some("rejections_not_shown"));
    // What one line shows says nothing of another, since each is subscribed for itself.
    let lines = [
        doubletick("CALL_REJECTED", "910", "a"),
        doubletick("CALL_ACCEPTED", "911", "b"),
        doubletick("CALL_MISSED", "911", "c"),
    ];
    assert!(found(&lines).sessions.iter().all(|it| it.unrated.is_some()));
}

#[test]
fn of_repeated_deliveries_one_is_kept_with_the_smallest_of_each_field() {
    let delivered = |name: &str, received_at: i64| {
        let line = with(wawp("received", "c", "511", TEN), json!({"chatId": "x"}));
        let mut body = line;
        body["engine"] = json!(name);
        json!({"received_at": received_at, "body": body})
    };
    let found = found(&[
        delivered("b", TEN + 100_000),
        delivered("a", TEN + 90_000),
        delivered("c", TEN + 1000),
        wawp("received", "c", "511", TEN + 1),
    ]);
    assert_eq!((found.duplicates, found.sessions.len(), found.sessions[0].rings), (2, 1, 2));
    // Received a second after it was sent, by the earliest of the three.
    assert!(found.anomalies[0].is_empty());

    let set = |second: &str| reaction("set", "👍", "m", "919811110001", second, "{}");
    let lines = vec![set("10:00:00"), set("10:00:00"), set("10:00:01"), set("10:00:00")];
    let analysis = Input { lines, ..Input::default() }.analysis();
    assert_eq!((analysis.ledger.duplicate_reactions, analysis.reactions.len()), (2, 2));
}

#[test]
fn a_session_is_named_by_what_it_was() {
    // printf 'wawp\037desk\037incoming\037c\0371777888800000' | sha256sum
    let lines = vec![wawp("received", "c", "511", TEN).to_string()];
    let analysis = Input { lines, ..Input::default() }.analysis();
    assert_eq!(analysis.sessions().get(0).id(&analysis.texts), "c6a6f40b8392fa24");
}

#[test]
fn who_a_hidden_caller_is_can_stand_anywhere_in_the_input() {
    let hidden = |id: &str, from: usize, number: Option<&str>, at: i64| {
        let line = with(wawp("received", id, "", TEN + at), json!({"from": format!("{from}@lid")}));
        match number {
            Some(it) => with(line, json!({"_data": {"callerPn": format!("{it}@s.whatsapp.net")}})),
            None => line,
        }
    };
    let mut lines = Vec::new();
    for caller in 0..20 {
        lines.push(hidden(&format!("a{caller}"), caller, Some(&format!("511{caller}")), 0));
        lines.push(hidden(&format!("b{caller}"), caller, None, 1000));
        // A caller who is seen with two numbers is neither.
        lines.push(hidden(&format!("c{caller}"), 100 + caller, Some("522"), 2000));
        lines.push(hidden(&format!("d{caller}"), 100 + caller, Some("533"), 2000));
        lines.push(hidden(&format!("e{caller}"), 100 + caller, None, 3000));
    }
    let learnt = found(&lines);
    let at = |at: i64| -> Vec<&str> {
        let all = learnt.sessions.iter().zip(&learnt.customers);
        let mut there: Vec<&str> =
            all.filter(|(it, _)| it.started_at == Some(TEN + at)).map(|(_, it)| it.as_str()).collect();
        there.sort_unstable();
        there
    };
    let sorted = |spell: &dyn Fn(usize) -> String| {
        let mut all: Vec<String> = (0..20).map(spell).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(at(1000), sorted(&|it| format!("+511{it}")));
    assert_eq!(at(3000), sorted(&|it| format!("lid:{}", 100 + it)));

    // One payload is enough, also in a call that shows several; but not of an outgoing call.
    let collided = [hidden("a", 1, Some("511"), 0), hidden("a", 2, Some("522"), 0), hidden("b", 2, None, 9)];
    assert_eq!(found(&collided).customers, ["+511", "+522", "+522"]);
    let outgoing = with(hidden("a", 1, None, 0), json!({"_data": {"callerPn": "511", "fromMe": true}}));
    let found = found(&[outgoing, hidden("b", 1, None, 9)]);
    assert_eq!(found.sessions[0].direction, Direction::Outgoing);
    assert_eq!(found.customers, ["+511", "lid:1"]);
}

#[test]
fn both_identities_of_one_call_are_one_customer() {
    let of = |event: &str, id: &str, from: &str, at: i64| {
        with(wawp(event, id, "", TEN + at), json!({"from": from}))
    };
    let later = of("received", "b", "1@lid", 90_000);
    let both = [
        of("received", "a", "1@lid", 0),
        of("received", "a", "511@c.us", 0),
        of("rejected", "a", "1@lid", 5000),
        later.clone(),
    ];
    let one = found(&both);
    assert_eq!(one.customers, ["+511", "+511"]);
    assert!(!one.sessions[0].collided_id);
    // A third party in it, and nobody knows whose number that is.
    let third = of("received", "a", "522@c.us", 0);
    assert_eq!(found(&[&both[..], &[third]].concat()).customers, ["+511", "+522", "lid:1", "lid:1"]);
    // Nor does a call of ours tell who the other is.
    let ours = both[..3].iter().map(|it| with(it.clone(), json!({"_data": {"fromMe": true}})));
    let found = found(&ours.chain([later]).collect::<Vec<_>>());
    assert_eq!(found.customers.last().unwrap(), "lid:1");
}

#[test]
fn what_counts_in_rates_has_a_time_a_rated_feed_and_no_lost_offer() {
    let counts = |lines: &[Value]| -> Vec<bool> {
        found(lines).sessions.iter().map(Session::counts_in_rates).collect()
    };
    let [offer, end] = declined_after(3000);
    let mut untimed = wawp("rejected", "u", "522", TEN);
    untimed.as_object_mut().unwrap().remove("timestamp");
    let lost = wawp("rejected", "lost", "533", TEN + 600_000);
    assert_eq!(counts(&[offer, end, untimed, lost.clone()]), [false, true, false]);
    assert_eq!(counts(&[lost]), [false]);
}

/// Everything of a session but what other sessions have to do with.
fn alone(found: &Found) -> Vec<String> {
    let shown = |(session, customer, odd): (&Session, &String, &Vec<Anomaly>)| {
        let Session {
            outcome,
            cause,
            declined_by,
            rings,
            video,
            group,
            has_offer,
            reused_id,
            collided_id,
            ..
        } = session;
        let Session { started_at, offered_at, decided_at, ended_at, ring_ms, deciding, events, .. } = session;
        let orphaned = [Anomaly::OrphanedRejection, Anomaly::OrphanedAccept, Anomaly::OrphanedMiss];
        let odd: Vec<_> = odd.iter().filter(|it| !orphaned.contains(it)).collect();
        let of_call = (outcome, cause, declined_by, rings, video, group, has_offer, reused_id, collided_id);
        let times = (started_at, offered_at, decided_at, ended_at, ring_ms, deciding, events.len());
        format!("{:?} {customer} {of_call:?} {times:?} {odd:?}", session.started_at)
    };
    let all = found.sessions.iter().zip(&found.customers).zip(&found.anomalies);
    let mut shown: Vec<String> = all.map(|((a, b), c)| shown((a, b, c))).collect();
    shown.sort();
    shown
}

proptest::proptest! {
    #[test]
    fn calls_like_others_are_decided_as_if_there_were_no_others(
        calls in proptest::collection::vec(
            proptest::collection::vec((0..4_usize, 0..9_usize, 0..3_usize, proptest::bool::ANY), 1..6),
            1..6,
        ),
        early in 0..2_i64,
    ) {
        let after = [0, 1, 999, 1000, 59_999, 60_000, 60_001, 86_400_000, 86_400_001];
        let kinds = ["received", "accepted", "rejected", "rejected"];
        // Each call three times, at other moments and of other customers.
        let lines = |number: usize, times: usize| -> Vec<Value> {
            let line = |(kind, late, who, replayed): &(usize, usize, usize, bool)| {
                let from = ["", "51", "52"][*who];
                let from = if from.is_empty() { String::new() } else { format!("{from}{times}") };
                let at = TEN + after[*late] + 7 * times as i64;
                let line = wawp(kinds[*kind], &format!("c{number}-{times}"), &from, at);
                let line = if *kind == 3 { with(line, json!({"_data": {"status": "reject"}})) } else { line };
                let happened = (at - 100_000) / 1000;
                if *replayed { with(line, json!({"timestamp": happened})) } else { line }
            };
            calls[number].iter().map(line).collect()
        };
        let rules = || Rules { as_of: Some(TEN + 60_000 - early), ..Rules::default() };
        let all = (0..calls.len()).flat_map(|it| (0..3).map(move |times| (it, times)));
        let apart = all.clone().flat_map(|(number, times)| alone(&found_by(&lines(number, times), rules())));
        let mut apart: Vec<String> = apart.collect();
        apart.sort();
        let together: Vec<Value> = all.flat_map(|(number, times)| lines(number, times)).collect();
        proptest::prop_assert_eq!(alone(&found_by(&together, rules())), apart);
    }
}

#[test]
fn calls_of_one_kind_are_told_apart_by_their_times_and_customers() {
    let after = [0, 1, 999, 1000, 59_999, 60_000, 60_001, 86_400_000, 86_400_001];
    let kinds = ["received", "accepted", "rejected"];
    let customers = [["51", "51"], ["51", ""], ["", "51"], ["51", "52"]];
    let mut calls: Vec<Vec<Value>> = Vec::new();
    for (first, second, late) in (0..3 * 3 * 9).map(|it| (kinds[it % 3], kinds[it / 3 % 3], after[it / 9])) {
        for [one, other] in customers {
            let id = format!("c{}", calls.len());
            calls.push(vec![wawp(first, &id, one, TEN), wawp(second, &id, other, TEN + late)]);
            // The same told the other way round.
            let id = format!("c{}", calls.len());
            calls.push(vec![wawp(second, &id, other, TEN + late), wawp(first, &id, one, TEN)]);
        }
    }
    let rules = || Rules { as_of: Some(TEN + 60_000), ..Rules::default() };
    let mut apart: Vec<String> = calls.iter().flat_map(|it| alone(&found_by(it, rules()))).collect();
    apart.sort();
    // Which of them is decided first differs from run to run.
    for _ in 0..3 {
        assert_eq!(alone(&found_by(&calls.concat(), rules())), apart);
    }
}

#[test]
fn a_feed_begins_with_the_earliest_of_calls_that_are_alike() {
    // Fifty equal calls, of which any may be the one that is decided first, and ends without offers around them.
    let call = |it: i64| {
        let end = wawp("rejected", &format!("c{it}"), "511", TEN + it * 1_000_000 + 5000);
        [wawp("received", &format!("c{it}"), "511", TEN + it * 1_000_000), end]
    };
    let calls = (0..50).rev().flat_map(call);
    let ends = [("early", -1), ("edge", 59_998), ("lost", 59_999)];
    let ends = ends.map(|(id, after)| wawp("rejected", id, "512", TEN + after));
    let found = found(&calls.chain(ends).collect::<Vec<_>>());
    let classes: Vec<_> = found.sessions.iter().filter_map(|it| it.orphan).collect();
    let edge = OrphanClass::CaptureEdge;
    // The first end begins the feed, so that the edge reaches to 59.999 s after the first offer.
    assert_eq!(classes, [edge, edge, OrphanClass::NetworkAnomaly]);

    // Without that one, it is the first call that does.
    let calls = (0..50).rev().flat_map(call);
    let ends =
        [("edge", 59_999), ("lost", 60_000)].map(|(id, after)| wawp("rejected", id, "512", TEN + after));
    let found = super::tests::found(&calls.chain(ends).collect::<Vec<_>>());
    let classes: Vec<_> = found.sessions.iter().filter_map(|it| it.orphan).collect();
    assert_eq!(classes, [edge, OrphanClass::NetworkAnomaly]);

    // Replays do not begin a feed, but hold offers: what comes before the first of these had none captured.
    let replayed_at = |it: i64, before: i64| {
        let [offer, end] = call(it);
        let at =
            |line, more: i64| with(line, json!({"timestamp": (TEN + it * 1_000_000 - before) / 1000 + more}));
        [at(offer, 0), at(end, 5)]
    };
    let replayed = |it: i64| replayed_at(it, 200_000);
    let calls = (0..50).rev().flat_map(replayed);
    let own = wawp("rejected", "first", "512", TEN - 400_000);
    let before = wawp("rejected", "before", "512", TEN - 300_000);
    let behind = wawp("rejected", "behind", "512", TEN - 100_000);
    let found = super::tests::found(&calls.chain([own.clone(), before, behind]).collect::<Vec<_>>());
    let classes: Vec<_> = found.sessions.iter().filter_map(|it| it.orphan).collect();
    assert_eq!(classes, [edge, OrphanClass::NoOffersCaptured, OrphanClass::NetworkAnomaly]);

    // Replays of what happened before the first event do not begin it either.
    let earlier = |it: i64| replayed_at(it, 500_000);
    let found = super::tests::found(&(0..50).rev().flat_map(earlier).chain([own]).collect::<Vec<_>>());
    assert_eq!(found.sessions.iter().filter_map(|it| it.orphan).collect::<Vec<_>>(), [edge]);
}
