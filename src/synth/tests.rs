//! The demo month against its own truth, and against what a reader was promised.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Demo, demo};

fn lines(month: &Demo) -> impl Iterator<Item = (&str, &str)> {
    month.files.iter().filter(|(name, _)| name.ends_with(".ndjson")).flat_map(|(name, bytes)| {
        let text = std::str::from_utf8(bytes).expect("UTF-8");
        text.lines().map(move |line| (name.as_str(), line))
    })
}

fn number(value: &Value, path: &str) -> u64 {
    value.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("a number at {path}"))
}

fn rows<'a>(truth: &'a Value, path: &str) -> &'a [Value] {
    truth.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let (one, same, other) = (demo(2026), demo(2026), demo(2027));
    assert_eq!(one.files, same.files);
    assert_eq!(one.truth, same.truth);
    assert_ne!(one.files, other.files);
}

#[test]
fn every_line_is_an_object_and_the_truth_counts_them() {
    let month = demo(2026);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, line) in lines(&month) {
        let value: Value = serde_json::from_str(line).expect(line);
        assert!(value.is_object());
        *counts.entry(name).or_default() += 1;
    }
    assert_eq!(counts.values().sum::<u64>(), number(&month.truth, "/lines/total"));
    for (name, count) in counts {
        assert_eq!(month.truth["files"][name], count, "{name}");
    }
}

#[test]
fn the_folder_is_small_and_holds_nothing_that_would_be_read_as_a_dump() {
    let month = demo(2026);
    let bytes: usize = month.files.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes < 1_200_000, "{bytes}");
    let names: BTreeSet<&str> = month.files.iter().map(|(name, _)| name.as_str()).collect();
    for name in
        ["README.md", "agents.csv", "customers.csv", "holidays.csv", "roster.csv", "wazzap/reject.ndjson"]
    {
        assert!(names.contains(name), "{name}");
    }
    assert!(names.iter().all(|name| { [".ndjson", ".csv", ".md"].iter().any(|end| name.ends_with(end)) }));
}

#[test]
fn the_numbers_of_the_truth_add_up() {
    for seed in [1, 7, 2026] {
        let truth = demo(seed).truth;
        let of = |path: &str| number(&truth, path);
        assert_eq!(of("/lines/total"), of("/lines/call") + of("/lines/reaction") + of("/lines/other"));
        assert_eq!(of("/events/total"), of("/lines/call"), "one event a line");
        assert_eq!(of("/events/total"), of("/events/duplicates") + of("/events/unique"));
        assert_eq!(of("/sessions/total"), rows(&truth, "/calls").len() as u64);
        assert_eq!(of("/sessions/total"), of("/sessions/incoming") + of("/sessions/outgoing"));
        for side in ["incoming", "outgoing"] {
            let total = &truth[side]["total"];
            for table in ["agents", "instances"] {
                for column in total.as_object().expect("a row").keys() {
                    let sum: u64 = rows(&truth, &format!("/{side}/{table}"))
                        .iter()
                        .map(|row| number(row, &format!("/{column}")))
                        .sum();
                    assert_eq!(total[column], sum, "{column} of {side} {table}, seed {seed}");
                }
            }
            assert_eq!(
                number(total, "/calls"),
                number(total, "/resolved") + number(total, "/ringing") + number(total, "/unrated")
            );
        }
        let total = &truth["incoming"]["total"];
        let classes = ["policy_rejected", "instant_rejected", "confirmed_rejected", "reported_rejected"];
        let sum: u64 = classes.iter().map(|class| number(total, &format!("/{class}"))).sum();
        assert_eq!(number(total, "/rejected"), sum);
        let all = ["calls", "orphaned", "group_calls"]
            .iter()
            .map(|column| number(total, &format!("/{column}")))
            .sum::<u64>();
        assert_eq!(of("/sessions/incoming"), all);
        let orphans: u64 =
            truth["orphans"].as_object().expect("classes").values().filter_map(Value::as_u64).sum();
        assert_eq!(of("/sessions/orphans"), orphans);
    }
}

#[test]
fn planned_sessions_are_told_apart_by_their_keys() {
    let truth = demo(2026).truth;
    let keys: BTreeSet<String> = rows(&truth, "/calls")
        .iter()
        .map(|call| {
            let who = if call["call_id"].is_null() { &call["customer"] } else { &call["call_id"] };
            format!(
                "{} {} {} {who} {}",
                call["provider"], call["instance"], call["direction"], call["started_at"]
            )
        })
        .collect();
    assert_eq!(keys.len(), rows(&truth, "/calls").len());
}

#[test]
fn the_calls_of_a_wazzap_customer_are_far_apart() {
    let truth = demo(2026).truth;
    let mut starts: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for call in rows(&truth, "/calls").iter().filter(|call| call["provider"] == "wazzap") {
        let customer = call["customer"].as_str().expect("every Wazzap call has a caller");
        starts.entry(customer).or_default().push(call["started_at"].as_i64().expect("a start"));
    }
    for times in starts.values_mut() {
        times.sort_unstable();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] > 5 * 60_000));
    }
}

#[test]
fn only_one_caller_is_of_the_first_priority() {
    for seed in [1, 7, 2026] {
        let truth = demo(seed).truth;
        let mut attempts: BTreeMap<&str, Vec<(i64, f64)>> = BTreeMap::new();
        for call in rows(&truth, "/calls")
            .iter()
            .filter(|call| call["direction"] == "incoming" && call["group"] == false)
        {
            let Some(customer) = call["customer"].as_str() else {
                continue;
            };
            let weight = match call["outcome"].as_str() {
                Some("rejected") => 1.5,
                Some("answered") => 0.5,
                _ => 1.0,
            };
            attempts
                .entry(customer)
                .or_default()
                .push((call["started_at"].as_i64().expect("a start"), weight));
        }
        let first: Vec<&str> = attempts
            .iter()
            .filter(|(_, calls)| {
                calls.iter().any(|(start, _)| {
                    let window = calls.iter().filter(|(at, _)| (*start..=*start + 600_000).contains(at));
                    let (count, weight) = window.fold((0, 0.0), |sum, call| (sum.0 + 1, sum.1 + call.1));
                    count >= 5 || weight >= 5.0
                })
            })
            .map(|(customer, _)| *customer)
            .collect();
        assert_eq!(first, [truth["priority_1"]["customer"].as_str().expect("a customer")], "seed {seed}");
        assert_eq!(truth["priority_1"]["attempts"], 7);
    }
}

#[test]
fn the_outlier_declines_much_more_than_the_others_and_in_business_hours() {
    let truth = demo(2026).truth;
    let share = |row: &Value| number(row, "/rejected") as f64 / number(row, "/resolved") as f64;
    for row in rows(&truth, "/incoming/agents") {
        if row["agent"] == "(unassigned)" {
            continue;
        }
        assert!(number(row, "/resolved") >= 20, "a verdict needs 20 calls: {row}");
        match row["planted_verdict"].as_str() {
            Some(_) => assert!(share(row) > 0.3, "{row}"),
            None => assert!(share(row) < 0.2, "{row}"),
        }
    }
    let neha = rows(&truth, "/calls")
        .iter()
        .filter(|call| call["agent"] == "Neha Joshi" && call["declined_by"] == "agent");
    for call in neha {
        let local = call["started_at"].as_i64().expect("a start") + 330 * 60_000;
        let hour = local.rem_euclid(86_400_000) / 3_600_000;
        assert!((9..18).contains(&hour), "{call}");
    }
}

#[test]
fn a_silent_day_is_silent() {
    let month = demo(2026);
    let silent = 1_779_235_200_000_i64 - 330 * 60_000; // 2026-05-20 00:00 in India
    let on_that_day = lines(&month)
        .filter(|(_, line)| line.contains("\"session\":\"emi-desk\""))
        .filter_map(|(_, line)| serde_json::from_str::<Value>(line).ok()?["timestamp"].as_i64())
        .filter(|at| (silent..silent + 86_400_000).contains(at));
    assert_eq!(on_that_day.count(), 0);
}

/// FNV-1a: enough to notice a change, and no dependency.
fn fingerprint<'a>(blocks: impl Iterator<Item = &'a [u8]>) -> u64 {
    blocks
        .flatten()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Whoever changes the generator on purpose changes these numbers with it, and writes the fixtures anew.
#[test]
fn the_bytes_of_a_seed_never_change() {
    let month = demo(2026);
    let dumps = month.files.iter().filter(|(name, _)| name.ends_with(".ndjson"));
    assert_eq!(fingerprint(dumps.map(|(_, bytes)| bytes.as_slice())), 0x379c_2d7c_9ee8_22d0);
    for (shape, expected) in
        [(super::Shape::Calls, 0x254c_a9d7_4d6e_0d5a), (super::Shape::Mixed, 0xbafc_3e15_c475_3c2b)]
    {
        let mut out = Vec::new();
        super::dump(shape, 1_000, 7, &mut out).expect("memory takes everything");
        assert_eq!(fingerprint(std::iter::once(out.as_slice())), expected, "{shape:?}");
    }
}
