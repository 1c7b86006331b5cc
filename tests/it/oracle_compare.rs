//! The program against the slow second implementation, on generated traffic.

use std::path::Path;

use serde_json::Value;

use crate::oracle::{Params, analyse};
use crate::support::{differences, folder, json, run, write_files};
use crate::traffic::{self, TrafficOpts};

/// 2026-04-15T00:00:00Z.
const SINCE: i64 = 1_776_211_200_000;

/// A way to ask both for the same.
struct Question {
    params: Params,
    flags: Vec<String>,
}

fn flags(words: &[&str]) -> Vec<String> {
    words.iter().map(|it| (*it).to_owned()).collect()
}

/// The questions that each dump is asked; `seed` chooses side files.
fn questions(seed: u64) -> Vec<Question> {
    let sources = traffic::sources();
    let source_flags: Vec<String> = sources
        .iter()
        .flat_map(|(pattern, line)| ["--source".to_owned(), format!("{pattern}={line}")])
        .collect();
    let (roster, agents, customers) = traffic::side_files(seed);
    let plain = Question {
        params: Params { sources: sources.clone(), ..Params::default() },
        flags: source_flags.clone(),
    };
    let with_sides = Question {
        params: Params {
            sources: sources.clone(),
            tz: Some("Asia/Kolkata".into()),
            roster: Some(roster),
            agents: Some(agents),
            customers: Some(customers.clone()),
            customers_as_of: Some("2026-04-20".into()),
            by: vec!["provider".into(), "instance".into()],
            min_calls: 2,
            flag_rate: 0.4,
            min_verdict_calls: 4,
            callback_sla_ms: 1_800_000,
            callbacks_from_any: true,
            holidays: vec!["2026-05-06".into()],
            business_hours: "Mon-Fri 09:00-18:00, Sat 22:00-06:00".into(),
            ..Params::default()
        },
        flags: [
            source_flags.clone(),
            flags(&[
                "--tz",
                "Asia/Kolkata",
                "--roster",
                "roster.csv",
                "--agents",
                "agents.csv",
                "--customers",
                "customers.csv",
                "--customers-as-of",
                "2026-04-20",
                "--holidays",
                "holidays.csv",
                "--min-calls",
                "2",
                "--flag-rate",
                "0.4",
                "--min-verdict-calls",
                "4",
                "--callback-sla",
                "30m",
                "--callbacks-from",
                "any",
                "--business-hours",
                "Mon-Fri 09:00-18:00, Sat 22:00-06:00",
            ]),
        ]
        .concat(),
    };
    let thresholds = Question {
        params: Params {
            sources,
            tz: Some("America/Sao_Paulo".into()),
            ring_timeout_ms: 30_000,
            instant_ms: 2000,
            window_ms: 1_200_000,
            threshold: 7.5,
            debounce_ms: 60_000,
            callback_sla_ms: 600_000,
            raw_identities: true,
            include_group: true,
            feed_complete: vec!["doubletick".into()],
            by: vec!["country".into(), "weekday".into(), "hour".into(), "video".into()],
            ..Params::default()
        },
        flags: [
            source_flags.clone(),
            flags(&[
                "--tz",
                "America/Sao_Paulo",
                "--ring-timeout",
                "30s",
                "--instant-ms",
                "2000",
                "--window",
                "20m",
                "--threshold",
                "7.5",
                "--debounce",
                "60s",
                "--callback-sla",
                "10m",
                "--raw-identities",
                "--include-group",
                "--feed-complete",
                "doubletick",
            ]),
        ]
        .concat(),
    };
    // From the middle of the calls to debtors on, so that windows reach before it.
    let chosen = Question {
        params: Params {
            sources: traffic::sources(),
            customers: Some(customers),
            since: Some(SINCE),
            ..Params::default()
        },
        flags: [source_flags, flags(&["--customers", "customers.csv", "--since", "2026-04-15T00:00:00Z"])]
            .concat(),
    };
    vec![plain, with_sides, thresholds, chosen]
}

fn ask(folder: &Path, command: &[&str], flags: &[String]) -> Value {
    let mut args: Vec<&str> = command.to_vec();
    args.extend(["dumps", "--format", "json", "--quiet", "--tolerate-invalid", "100%"]);
    args.extend(flags.iter().map(String::as_str));
    json(&run(folder, &args))
}

fn compare(seed: u64, events: usize, opts: &TrafficOpts) {
    let files = traffic::dump(seed, events, opts);
    let home = folder();
    let named: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (format!("dumps/{name}"), bytes.clone())).collect();
    write_files(home.path(), &named);
    for (number, question) in questions(seed).into_iter().enumerate() {
        let Question { params, flags } = question;
        let holidays = format!("date\n{}\n", params.holidays.join("\n"));
        let sides =
            [("roster", &params.roster), ("agents", &params.agents), ("customers", &params.customers)];
        for (name, text) in sides {
            if let Some(text) = text {
                std::fs::write(home.path().join(format!("{name}.csv")), text).unwrap();
            }
        }
        std::fs::write(home.path().join("holidays.csv"), holidays).unwrap();
        let mut expected = analyse(&named, &params);
        // The monthly log is a report, and sessions without a time are in none.
        if let Value::Array(rows) = &mut expected["rejections"] {
            rows.retain(|it| !it["started_at"].is_null());
        }
        let by = params.by.join(",");
        let sections = [
            (vec!["sessions"], "sessions", vec!["sessions"]),
            (vec!["rejections"], "rejections", vec!["rows"]),
            (vec!["kpi", "--by", &by], "kpi", vec!["by", "rows", "total", "outgoing"]),
            (vec!["frustration"], "frustration", vec!["rows", "vip_unanswered"]),
            (vec!["avoidance"], "avoidance", vec!["rows", "default_comparison"]),
            (vec!["anomalies"], "anomalies", vec!["rows", "instances", "incidents"]),
            (vec!["callbacks"], "callbacks", vec!["rows", "total", "open_episodes"]),
            (vec!["reactions"], "reactions", vec!["rows"]),
        ];
        for (command, section, keys) in sections {
            let mut got = ask(home.path(), &command, &flags);
            // A total is of no group, so its keys are null.
            for total in ["/total", "/outgoing/total"] {
                if section == "kpi"
                    && let Some(Value::Object(it)) = got.pointer_mut(total)
                {
                    it.retain(|key, _| !params.by.contains(key));
                }
            }
            // Where they stand is counted by the readers of lines, which have tests of their own.
            let bytes = got["accounting"]["bytes"].as_object_mut().unwrap();
            let [in_lines, outside] =
                ["lines", "outside"].map(|it| bytes.remove(it).unwrap().as_u64().unwrap());
            assert_eq!(bytes["total"], in_lines + outside);
            let mut faults = differences(&got["accounting"], &expected["accounting"]);
            for key in keys {
                let expected = match section {
                    "sessions" => &expected["sessions"],
                    "rejections" => &expected["rejections"],
                    _ => &expected[section][key],
                };
                faults.extend(differences(&got[key], expected).into_iter().map(|it| format!("{key}{it}")));
            }
            let kept = home.path().display();
            assert!(
                faults.is_empty(),
                "seed {seed}, question {number}, {section} ({kept}):\n{}",
                faults.join("\n")
            );
        }
    }
}

#[test]
fn agrees_with_the_second_implementation_on_small_dumps() {
    // More seeds for a night: `CALLSIFT_SEEDS=1000 cargo test --release small_dumps`.
    let seeds = std::env::var("CALLSIFT_SEEDS").ok().and_then(|it| it.parse().ok()).unwrap_or(12);
    for seed in 1..=seeds {
        compare(seed, 150, &TrafficOpts::default());
    }
}

#[test]
fn agrees_with_the_second_implementation_on_a_larger_dump() {
    for seed in [101, 102] {
        compare(seed, 2500, &TrafficOpts::default());
    }
}
#[test]
fn agrees_where_a_reader_could_doubt() {
    let opts = TrafficOpts { disputed: true, ..TrafficOpts::default() };
    for seed in 201..=204 {
        compare(seed, 200, &opts);
    }
}

/// An episode is chosen with its first call; contacts, and the calls that joined it, are not.
#[test]
fn callbacks_agree_where_filters_choose() {
    let opts = TrafficOpts { invalid: false, ..TrafficOpts::default() };
    let mut held: Vec<u64> = vec![0; 4];
    for seed in 301..=306 {
        let home = folder();
        let named: Vec<(String, Vec<u8>)> = traffic::dump(seed, 300, &opts)
            .into_iter()
            .map(|(name, bytes)| (format!("dumps/{name}"), bytes))
            .collect();
        write_files(home.path(), &named);
        let plain = Params { sources: traffic::sources(), ..Params::default() };
        let since = chrono::DateTime::parse_from_rfc3339("2026-05-04T12:00:00Z").unwrap().timestamp_millis();
        let chosen = [
            (Params { since: Some(since), ..plain.clone() }, flags(&["--since", "2026-05-04T12:00:00Z"])),
            (
                Params { instance: vec!["919811110000".into()], ..plain.clone() },
                flags(&["--instance", "919811110000"]),
            ),
            (Params { outcome: vec!["missed".into()], ..plain.clone() }, flags(&["--outcome", "missed"])),
            (
                Params { as_of: Some(since), callbacks_from_any: true, ..plain.clone() },
                flags(&["--as-of", "2026-05-04T12:00:00Z", "--callbacks-from", "any"]),
            ),
        ];
        let source_flags = questions(seed).swap_remove(0).flags;
        for (params, more) in chosen {
            let got = ask(home.path(), &["callbacks"], &[source_flags.clone(), more.clone()].concat());
            let expected = &analyse(&named, &params)["callbacks"];
            for key in ["rows", "total", "open_episodes"] {
                let faults = differences(&got[key], &expected[key]);
                assert!(faults.is_empty(), "seed {seed}, {more:?}, {key}:\n{}", faults.join("\n"));
            }
            for (sum, figure) in held.iter_mut().zip(["pending", "open", "attempted", "policy_calls"]) {
                *sum += got["total"][figure].as_u64().unwrap_or(0);
            }
        }
    }
    assert!(held.iter().all(|it| *it > 0), "the traffic holds too little: {held:?}");
}
