//! What `explain` shows behind a figure is what the figure counts.

use serde_json::Value;

use crate::support::{folder, json, root, run, text, write_files};
use crate::traffic::{self, TrafficOpts};

const FLAGS: [&str; 8] =
    ["dumps", "--tz", "Asia/Kolkata", "--quiet", "--tolerate-invalid", "100%", "--format", "json"];

fn ask(folder: &std::path::Path, command: &[&str], more: &[&str]) -> Value {
    json(&run(folder, &[command, &FLAGS, more].concat()))
}

fn share(part: usize, whole: usize) -> Value {
    if whole == 0 {
        return Value::Null;
    }
    let micro = (2_000_000 * part + whole) / (2 * whole);
    serde_json::json!(micro as f64 / 1e6)
}

#[test]
fn sessions_behind_a_figure_add_up_to_it() {
    let counts = [
        "calls",
        "answered",
        "rejected",
        "missed",
        "missed_inferred",
        "ringing",
        "resolved",
        "policy_rejected",
        "instant_rejected",
        "confirmed_rejected",
        "reported_rejected",
        "bh_resolved",
        "bh_rejected",
        "bh_policy_rejected",
        "video_calls",
        "group_calls",
        "orphaned",
        "orphaned_rejections",
        "unrated",
        "unrated_rejected",
    ];
    let shares = [
        "rejection_rate",
        "personal_rate_low",
        "personal_rate_high",
        "bh_rejection_rate",
        "top_caller_share",
        "rejection_rate_with_orphans",
    ];
    for seed in [3, 4] {
        let home = folder();
        let files: Vec<(String, Vec<u8>)> = traffic::dump(seed, 400, &TrafficOpts::default())
            .into_iter()
            .map(|(name, bytes)| (format!("dumps/{name}"), bytes))
            .collect();
        write_files(home.path(), &files);
        let filter = ["--direction", "incoming"];
        let total = ask(home.path(), &["kpi"], &filter)["total"].clone();
        for figure in counts.into_iter().chain(shares) {
            let explained = ask(home.path(), &["explain", figure], &filter);
            let rows = explained["sessions"].as_array().unwrap();
            let number = |word: &str| rows.iter().filter(|it| it["counts_in"] == word).count();
            let (above, below) = (number("numerator"), number("denominator"));
            assert_eq!(above + below, rows.len());
            let expected = &total[figure];
            if shares.contains(&figure) {
                assert_eq!(&share(above, above + below), expected, "seed {seed}, {figure}");
            } else {
                assert_eq!(&serde_json::json!(above), expected, "seed {seed}, {figure}");
            }
            // Every event of them is shown with its raw line.
            for event in explained["events"].as_array().unwrap() {
                assert!(event["raw"].as_str().is_some_and(|it| !it.is_empty()), "{event}");
            }
        }
    }
}

#[test]
fn the_calls_behind_a_risk_are_the_rejections() {
    let home = folder();
    let files: Vec<(String, Vec<u8>)> = traffic::dump(6, 300, &TrafficOpts::default())
        .into_iter()
        .map(|(name, bytes)| (format!("dumps/{name}"), bytes))
        .collect();
    write_files(home.path(), &files);
    let rows = ask(home.path(), &["avoidance"], &[])["rows"].clone();
    let rows = rows.as_array().unwrap();
    for row in rows.iter().take(3).chain(rows.iter().rev().take(3)) {
        let filter = ["--customer", row["customer"].as_str().unwrap()];
        for (figure, counted) in
            [("outgoing_calls", "outgoing_calls"), ("risk", "rejected"), ("max_rejected_7d", "rejected")]
        {
            let explained = ask(home.path(), &["explain", figure], &filter);
            let sessions = explained["sessions"].as_array().unwrap();
            assert!(sessions.iter().all(|it| it["direction"] == "outgoing"), "{row}");
            assert_eq!(serde_json::json!(sessions.len()), row[counted], "{figure} of {row}");
        }
        let told = text(&run(
            home.path(),
            &[
                "explain",
                "risk",
                "dumps",
                "--tz",
                "Asia/Kolkata",
                "--customer",
                filter[1],
                "--tolerate-invalid",
                "100%",
            ],
        ));
        let sentence = format!("risk of {}: {}.", filter[1], row["risk"].as_str().unwrap());
        assert!(told.contains(&sentence), "`{sentence}` is not in {told}");
    }
}

#[test]
fn the_window_behind_a_score_holds_its_attempts() {
    let home = folder();
    let files: Vec<(String, Vec<u8>)> =
        traffic::dump(6, 300, &TrafficOpts { hidden: false, ..TrafficOpts::default() })
            .into_iter()
            .map(|(name, bytes)| (format!("dumps/{name}"), bytes))
            .collect();
    write_files(home.path(), &files);
    let rows = ask(home.path(), &["frustration"], &[])["rows"].clone();
    let mut checked = 0;
    for row in rows.as_array().unwrap().iter().take(6) {
        let customer = row["customer"].as_str().unwrap();
        let explained = ask(home.path(), &["explain", "score"], &["--customer", customer]);
        let sessions = explained["sessions"].as_array().unwrap();
        let starts: Vec<&str> = sessions.iter().map(|it| it["started_at"].as_str().unwrap()).collect();
        assert_eq!(starts.first().copied(), row["peak_started_at"].as_str(), "{customer}");
        assert_eq!(starts.last().copied(), row["peak_ended_at"].as_str(), "{customer}");
        checked += 1;
    }
    assert_eq!(checked, 6);
}

#[test]
fn a_rate_of_episodes_is_told_but_no_session_is_said_to_be_part_of_it() {
    let args = ["explain", "attempted_within_sla_rate", "--agent", "asha.pillai@lender.example"];
    let printed = text(&run(root(), &[&args[..], &["fixtures/demo"]].concat()));
    assert!(printed.contains("attempted_within_sla_rate of the chosen sessions: 33.3 %."), "{printed}");
    assert!(printed.contains("It is no count of sessions"), "{printed}");
    assert!(!printed.contains("[numerator]") && !printed.contains("[denominator]"), "{printed}");
}

/// A call that may be in business hours is neither counted nor left out.
#[test]
fn without_a_zone_nobody_can_say_what_was_in_business_hours() {
    let line = r#"{"event":"CALL_REJECTED","callId":"1","wabaNumber":"5511900001111","callDirection":"INCOMING","callEndedAt":1777888800000,"customerNumber":"919811110001"}"#;
    let told = |more: &[&str]| {
        let args = [&["explain", "bh_resolved", "--instance", "5511900001111", "-"], more].concat();
        text(&crate::support::run_with(root(), &args, line.as_bytes()))
    };
    let words = told(&[]);
    assert!(words.contains("nobody can say which were in business hours"), "{words}");
    assert!(!words.contains("count in it"), "{words}");
    assert!(told(&["--tz", "UTC"]).contains("count in it"));
}
