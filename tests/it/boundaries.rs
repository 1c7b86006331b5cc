//! The rules of sessions at their bounds: the last instant that still counts, and the first that does
//! not.

use serde_json::{Value, json};

use crate::support::{folder, json, run_with};

/// 2026-05-04T10:00:00Z
const TEN: i64 = 1_777_888_800_000;

fn sessions(lines: &[Value], more: &[&str]) -> Vec<Value> {
    let home = folder();
    let input: String = lines.iter().map(|it| format!("{it}\n")).collect();
    let args = [&["sessions", "--format", "json"], more].concat();
    json(&run_with(home.path(), &args, input.as_bytes()))["sessions"].as_array().unwrap().clone()
}

fn wawp(event: &str, id: &str, from: &str, at: i64) -> Value {
    let mut payload = json!({"id": id});
    if !from.is_empty() {
        payload["from"] = json!(format!("{from}@c.us"));
    }
    json!({"event": format!("call.{event}"), "session": "desk", "timestamp": at, "payload": payload})
}

fn wazzap(event: &str, second: i64) -> Value {
    json!({"event": format!("call.{event}"), "phone": "+525512345678", "ts": (TEN / 1000 + second)})
}

fn outcomes(sessions: &[Value]) -> Vec<&str> {
    sessions.iter().map(|it| it["outcome"].as_str().unwrap()).collect()
}

#[test]
fn a_call_id_is_silent_for_a_day_and_a_millisecond_to_be_reused() {
    let day = 86_400_000;
    let with_gap = |gap: i64| {
        let lines = [wawp("received", "c", "1", TEN), wawp("rejected", "c", "1", TEN + gap)];
        sessions(&lines, &[])
    };
    assert_eq!(with_gap(day).len(), 1);
    let cut = with_gap(day + 1);
    assert_eq!(outcomes(&cut), ["missed", "rejected"]);
    assert!(cut[1]["anomalies"].as_array().unwrap().contains(&json!("id_reuse")));
    assert!(!cut[0]["anomalies"].as_array().unwrap().contains(&json!("id_reuse")));
}

#[test]
fn of_a_collided_id_an_event_of_nobody_goes_to_the_latest_offer_at_or_before_it() {
    let ended = |at: i64| -> Value {
        let lines = [
            wawp("received", "c", "511", TEN),
            wawp("received", "c", "522", TEN + 10_000),
            wawp("rejected", "c", "", TEN + at),
        ];
        let found = sessions(&lines, &[]);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|it| it["anomalies"].as_array().unwrap().contains(&json!("id_collision"))));
        found.iter().find(|it| it["outcome"] == "rejected").unwrap()["customer"].clone()
    };
    assert_eq!(ended(9_999), "+511");
    assert_eq!(ended(10_000), "+522");
    assert_eq!(ended(50_000), "+522");
    // Before every offer: that of the earliest.
    assert_eq!(ended(-1), "+511");
    // Of two offers at one time the smaller customer's.
    let lines = [
        wawp("received", "c", "522", TEN),
        wawp("received", "c", "511", TEN),
        wawp("rejected", "c", "", TEN + 5000),
    ];
    let found = sessions(&lines, &[]);
    assert_eq!(found.iter().find(|it| it["outcome"] == "rejected").unwrap()["customer"], "+511");
}

#[test]
fn without_ids_rings_and_ends_belong_together_within_their_windows() {
    // A ring 60 s after the last is the same call, 61 s another.
    assert_eq!(sessions(&[wazzap("incoming", 0), wazzap("incoming", 60)], &[]).len(), 1);
    assert_eq!(sessions(&[wazzap("incoming", 0), wazzap("incoming", 61)], &[]).len(), 2);
    // An end 120 s after the first offer belongs to it, 121 s not.
    assert_eq!(sessions(&[wazzap("incoming", 0), wazzap("reject", 120)], &[]).len(), 1);
    assert_eq!(sessions(&[wazzap("incoming", 0), wazzap("reject", 121)], &[]).len(), 2);
    // Nor does an end 60 s after the last ring of a long one, but at 61 s.
    let long = |end: i64| {
        let rings = [0, 60, 120].map(|it| wazzap("incoming", it));
        sessions(&[&rings[..], &[wazzap("reject", end)]].concat(), &[])
    };
    assert_eq!(outcomes(&long(180)), ["rejected"]);
    assert_eq!(outcomes(&long(181)), ["missed", "rejected"]);
    // Another kind of end joins within 5 s of the first, the same kind does not.
    let ends =
        |kind: &str, at: i64| sessions(&[wazzap("incoming", 0), wazzap("reject", 10), wazzap(kind, at)], &[]);
    assert_eq!(outcomes(&ends("accept", 15)), ["answered"]);
    assert_eq!(outcomes(&ends("accept", 16)), ["rejected", "answered"]);
    assert_eq!(outcomes(&ends("reject", 12)), ["rejected", "rejected"]);
    // An offer in between ends the joining.
    let offered = sessions(
        &[wazzap("incoming", 0), wazzap("reject", 10), wazzap("incoming", 11), wazzap("accept", 12)],
        &[],
    );
    assert_eq!(outcomes(&offered), ["rejected", "answered"]);
    // Of an offer and an end at one time the end comes first where something is open that it can end.
    let same = sessions(
        &[wazzap("incoming", 0), wazzap("reject", 30), wazzap("incoming", 30)],
        &["--as-of", "2026-05-04T12:00:00Z"],
    );
    assert_eq!(outcomes(&same), ["rejected", "missed"]);
    let alone = sessions(&[wazzap("reject", 30), wazzap("incoming", 30)], &[]);
    assert_eq!(outcomes(&alone), ["rejected"]);
    assert_eq!(alone[0]["ring_ms"], 0);
}

#[test]
fn offers_that_were_subscribed_later_explain_only_what_came_before_them() {
    let class = |at: i64| {
        let lines = [
            wawp("rejected", "first", "511", TEN - 600_000),
            wawp("received", "offered", "522", TEN),
            wawp("rejected", "orphan", "533", TEN + at),
        ];
        let found = sessions(&lines, &[]);
        found.iter().find(|it| it["call_id"] == "orphan").unwrap()["orphan"].clone()
    };
    assert_eq!(class(-1), "no_offers_captured");
    assert_eq!(class(0), "network_anomaly");
}

#[test]
fn a_call_is_missed_when_it_has_rung_for_the_ring_timeout() {
    let outcome = |as_of: &str| {
        let found = sessions(&[wawp("received", "c", "511", TEN)], &["--as-of", as_of]);
        (found[0]["outcome"].clone(), found[0]["cause"].clone())
    };
    assert_eq!(outcome("2026-05-04T10:00:59.999Z"), (json!("ringing"), Value::Null));
    assert_eq!(outcome("2026-05-04T10:01:00.000Z"), (json!("missed"), json!("inferred")));
}

#[test]
fn a_rejection_is_instant_below_a_second() {
    let declined_by = |ring: i64| {
        let found =
            sessions(&[wawp("received", "c", "511", TEN), wawp("rejected", "c", "511", TEN + ring)], &[]);
        found[0]["declined_by"].clone()
    };
    assert_eq!(declined_by(999), "instant");
    assert_eq!(declined_by(1000), "unknown");
}

#[test]
fn an_anomaly_begins_behind_its_bound() {
    let kinds = |lines: &[Value]| sessions(lines, &[])[0]["anomalies"].clone();
    let rejected_after =
        |ring: i64| kinds(&[wawp("received", "c", "511", TEN), wawp("rejected", "c", "511", TEN + ring)]);
    assert_eq!(rejected_after(60_000), json!([]));
    assert_eq!(rejected_after(60_001), json!(["late_rejection"]));
    let received =
        |late: i64| kinds(&[json!({"received_at": TEN + late, "body": wawp("received", "c", "511", TEN)})]);
    assert_eq!(received(60_000), json!([]));
    assert_eq!(received(60_001), json!(["late_delivery"]));
    assert_eq!(received(-5000), json!([]));
    assert_eq!(received(-5001), json!(["clock_skew"]));
    let conflict = |rejected: i64| {
        kinds(&[
            wawp("received", "c", "511", TEN),
            wawp("accepted", "c", "511", TEN + 10_000),
            wawp("rejected", "c", "511", TEN + rejected),
        ])
    };
    assert_eq!(conflict(9_999), json!(["conflicting_end"]));
    assert_eq!(conflict(10_000), json!([]));
    let replayed = |earlier: i64| {
        let mut line = wawp("received", "c", "511", TEN);
        line["payload"]["timestamp"] = json!((TEN - earlier) as f64 / 1000.0);
        kinds(&[line])
    };
    assert_eq!(replayed(60_000), json!([]));
    assert_eq!(replayed(60_001), json!(["replayed"]));
}

#[test]
fn a_time_ahead_of_its_receipt_does_not_carry_the_watermark() {
    let watermark = |ahead: i64| {
        let home = folder();
        let line = json!({"received_at": TEN, "body": wawp("received", "c", "511", TEN + ahead)});
        let args = ["sessions", "--format", "json"];
        let output = run_with(home.path(), &args, line.to_string().as_bytes());
        json(&output)["accounting"]["watermark"].clone()
    };
    assert_eq!(watermark(5000), "2026-05-04T10:00:05.000+00:00");
    assert_eq!(watermark(5001), Value::Null);
}

#[test]
fn a_shift_begins_with_its_first_instant_and_ends_before_its_last() {
    let home = folder();
    let roster = "instance,agent,from,to\ndesk,Early,,2026-05-04T10:00:00Z\ndesk,Late,2026-05-04T10:00:00Z,2026-05-04T11:00:00Z\n";
    std::fs::write(home.path().join("roster.csv"), roster).unwrap();
    let agent = |at: i64| {
        let args = ["sessions", "--format", "json", "--roster", "roster.csv"];
        let line = wawp("received", "c", "511", at).to_string();
        json(&run_with(home.path(), &args, line.as_bytes()))["sessions"][0]["agent"].clone()
    };
    assert_eq!(agent(TEN - 1), "Early");
    assert_eq!(agent(TEN), "Late");
    assert_eq!(agent(TEN + 3_599_999), "Late");
    assert_eq!(agent(TEN + 3_600_000), "(unassigned)");
}

#[test]
fn who_is_named_by_a_call_goes_before_who_had_the_line() {
    let home = folder();
    let roster = "instance,agent\n915550000401@s.whatsapp.net,Late\ndesk,Early\n";
    std::fs::write(home.path().join("roster.csv"), roster).unwrap();
    let args = ["sessions", "--format", "json", "--roster", "roster.csv"];
    let named = r#"{"event_type":"call:incoming:ended","chat":{"phone":"+915551199980"},"whatsapp_account":{"whatsapp_account_wid":"915550000401@s.whatsapp.net","full_name":"Asha","phone":"+915550000401"},"call_details":{"duration":350,"direction":"incoming","status":"Answered","timestamp":"2026-05-04 10:00:00 +0000","message_uid":"m1","caller":{"phone":"+915551199980"},"recipient":{"full_name":"Asha","phone":"+915550000401"}}}"#;
    let lines = format!("{}\n{named}\n", wawp("received", "c", "511", TEN - 1));
    let found = json(&run_with(home.path(), &args, lines.as_bytes()))["sessions"].clone();
    let of = |place: usize, key: &str| found[place][key].as_str().unwrap().to_owned();
    assert_eq!([of(0, "agent"), of(0, "agent_source")], ["Early", "roster"]);
    assert_eq!([of(1, "agent"), of(1, "agent_source")], ["Asha", "payload"]);
}

#[test]
fn a_filter_takes_its_first_instant_and_not_its_last() {
    let count = |flags: &[&str]| sessions(&[wawp("received", "c", "511", TEN)], flags).len();
    assert_eq!(count(&["--since", "2026-05-04T10:00:00Z"]), 1);
    assert_eq!(count(&["--since", "2026-05-04T10:00:00.001Z"]), 0);
    assert_eq!(count(&["--until", "2026-05-04T10:00:00Z"]), 0);
    assert_eq!(count(&["--until", "2026-05-04T10:00:00.001Z"]), 1);
}

#[test]
fn three_lost_offers_five_minutes_apart_are_an_incident() {
    let incidents = |starts: &[i64]| -> Vec<Value> {
        let home = folder();
        let mut lines = vec![
            wawp("received", "a", "511", TEN - 3_600_000),
            wawp("rejected", "a", "511", TEN - 3_590_000),
        ];
        for (place, at) in starts.iter().enumerate() {
            lines.push(wawp("rejected", &format!("lost{place}"), "511", TEN + at));
        }
        // A rejection with its call, within the time of the others.
        lines.push(wawp("received", "b", "522", TEN + 1000));
        lines.push(wawp("rejected", "b", "522", TEN + 4000));
        let input: String = lines.iter().map(|it| format!("{it}\n")).collect();
        let found = json(&run_with(home.path(), &["anomalies", "--format", "json"], input.as_bytes()));
        found["incidents"].as_array().unwrap().clone()
    };
    let five = 300_000;
    let found = incidents(&[0, five, 2 * five]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["orphans"], 3);
    assert_eq!(found[0]["rejections"], 4);
    assert_eq!(found[0]["first_at"], "2026-05-04T10:00:00.000+00:00");
    assert_eq!(found[0]["last_at"], "2026-05-04T10:10:00.000+00:00");
    assert!(incidents(&[0, five, 2 * five + 1]).is_empty());
    assert!(incidents(&[0, five]).is_empty());
}

#[test]
fn lost_are_offers_that_came_nowhere_or_under_another_line() {
    let home = folder();
    let other_line = |event: &str, id: &str, at: i64| {
        let mut line = wawp(event, id, "511", at);
        line["session"] = json!("other");
        line
    };
    let lines = [
        // At the edge of the feed: orphaned, perhaps not lost.
        wawp("rejected", "edge", "511", TEN - 3_600_000),
        wawp("received", "a", "511", TEN - 3_590_000),
        wawp("rejected", "a", "511", TEN - 3_580_000),
        wawp("rejected", "gone", "511", TEN),
        other_line("received", "strayed", TEN + 60_000),
        wawp("rejected", "strayed", "511", TEN + 65_000),
    ];
    let input: String = lines.iter().map(|it| format!("{it}\n")).collect();
    let found = json(&run_with(home.path(), &["anomalies", "--format", "json"], input.as_bytes()));
    let desk = &found["instances"][0];
    assert_eq!(desk["instance"], "desk");
    assert_eq!((&desk["rejections"], &desk["orphaned"], &desk["lost"]), (&json!(4), &json!(3), &json!(2)));
    assert_eq!(desk["orphan_rate"], 0.5);
}

#[test]
fn of_repeated_deliveries_the_plausible_one_is_believed() {
    let home = folder();
    let ask = |lines: &[Value]| {
        let input: String = lines.iter().map(|it| format!("{it}\n")).collect();
        json(&run_with(home.path(), &["sessions", "--format", "json"], input.as_bytes()))
    };
    let offer = || wawp("received", "c", "511", TEN);
    let delivered = |received_at: i64| json!({"received_at": received_at, "body": offer()});
    // One delivery claims a time 10 s ahead of its receipt, the other does not.
    let found = ask(&[delivered(TEN - 10_000), delivered(TEN + 1000)]);
    assert_eq!(found["accounting"]["events"]["duplicates"], 1);
    assert_eq!(found["accounting"]["watermark"], "2026-05-04T10:00:00.000+00:00");
    assert_eq!(ask(&[delivered(TEN - 10_000)])["accounting"]["watermark"], Value::Null);

    // One is a replay, the other came when it happened.
    let mut replay = wawp("received", "c", "511", TEN + 600_000);
    replay["payload"]["timestamp"] = json!(TEN / 1000);
    let found = ask(&[replay.clone(), offer()]);
    assert_eq!(found["accounting"]["events"]["duplicates"], 1);
    assert_eq!(found["sessions"][0]["anomalies"], json!([]));
    assert_eq!(ask(&[replay])["sessions"][0]["anomalies"], json!(["replayed"]));

    // One has its time from the capture, the other from the provider.
    let mut untimed = offer();
    untimed.as_object_mut().unwrap().remove("timestamp");
    let untimed = json!({"received_at": TEN, "body": untimed});
    let end = wawp("rejected", "c", "511", TEN + 5000);
    let found = ask(&[untimed.clone(), offer(), end.clone()]);
    assert_eq!(found["accounting"]["events"]["duplicates"], 1);
    assert_eq!(found["sessions"][0]["ring_ms"], 5000);
    assert_eq!(ask(&[untimed, end])["sessions"][0]["ring_ms"], Value::Null);
}
