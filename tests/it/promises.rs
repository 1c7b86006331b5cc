//! The promises over every report: order does not matter, and neither do files, compression,
//! threads or blocks; nothing disappears; callsift's own events are as good as the dumps.

use std::path::Path;

use serde_json::Value;

use crate::answers::{COMMANDS, PLACES, Shown, home, joined, lines, value};
use crate::support::{errors, folder, gzip, json, run, run_with, text, write_files};
use crate::traffic::{self, TrafficOpts};

/// What the program prints of a folder of dumps in which nothing is defective.
fn answer(folder: &Path, command: &[&str], format: &str, more: &[&str]) -> String {
    let args = ["dumps", "--tz", "Asia/Kolkata", "--quiet", "--tolerate-invalid", "100%", "--format", format];
    let output = run(folder, &[command, &args, more].concat());
    assert_eq!(output.status.code(), Some(0), "{command:?}: {}", errors(&output));
    text(&output)
}

/// A fixed shuffle.
fn shuffled(lines: &[Vec<u8>], seed: u64) -> Vec<Vec<u8>> {
    let mut lines = lines.to_vec();
    let mut state = seed;
    for place in (1..lines.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        lines.swap(place, (state >> 33) as usize % (place + 1));
    }
    lines
}

#[test]
fn shuffling_splitting_and_compressing_change_no_report() {
    for seed in [7, 8] {
        let lines = lines(seed, 350, &TrafficOpts::default());
        let half = lines.len() / 2;
        let mixed = shuffled(&lines, seed);
        let homes = [
            home(&[("a.ndjson", joined(&lines))]),
            home(&[("a.ndjson", joined(&mixed))]),
            home(&[
                ("z/a.ndjson", joined(&mixed[..half])),
                ("b.log.gz", gzip(&joined(&mixed[half..half + 40]))),
                ("c.jsonl.zst", zstd::encode_all(&joined(&mixed[half + 40..])[..], 3).unwrap()),
            ]),
            home(&[("a.ndjson", [gzip(&joined(&mixed[..half])), gzip(&joined(&mixed[half..]))].concat())]),
        ];
        for command in COMMANDS {
            let read = |home: &Path| Shown::of(home, command, "json", &[]).without_input().without(&PLACES);
            let expected = read(homes[0].path());
            for home in &homes[1..] {
                assert_eq!(read(home.path()), expected, "seed {seed}, {command:?}");
            }
        }
    }
}

#[test]
fn the_whole_input_twice_is_all_duplicates() {
    let opts = TrafficOpts { files: 1, odd_files: false, invalid: false, ..TrafficOpts::default() };
    let bytes = traffic::dump(5, 200, &opts).remove(0).1;
    let once = home(&[("a.ndjson", bytes.clone())]);
    let twice = home(&[("a.ndjson", bytes.clone()), ("b.ndjson", bytes)]);
    let read = |home: &tempfile::TempDir| -> Value {
        serde_json::from_str(&answer(home.path(), &["kpi", "--by", "provider,instance"], "json", &[]))
            .unwrap()
    };
    let (one, two) = (read(&once), read(&twice));
    assert_eq!(one["rows"], two["rows"]);
    let count = |it: &Value, name: &str| it["accounting"]["events"][name].as_u64().unwrap();
    assert_eq!(count(&two, "total"), 2 * count(&one, "total"));
}

/// Reports over events are those over the dumps; what is counted of lines differs by nature.
fn same_reports(dumps: &Path, events: &Path, more: &[&str]) {
    for command in COMMANDS.iter().filter(|it| it[0] != "inspect") {
        let read = |home: &Path| -> Value {
            let mut value = value(home, command, more);
            let it = value.as_object_mut().unwrap();
            it.remove("input");
            let watermark = it["accounting"]["watermark"].clone();
            it.remove("accounting");
            it.insert("watermark".into(), watermark);
            // Names that no table holds are not events, so they are not handed on.
            let notes = it["notes"].as_array_mut().unwrap();
            notes.retain(|it| !it.as_str().unwrap().contains("does not know"));
            value
        };
        assert_eq!(read(events), read(dumps), "{command:?} {more:?}");
    }
}

#[test]
fn own_events_give_the_same_reports_as_the_dumps() {
    for seed in [31, 32, 33] {
        let opts = TrafficOpts { files: 3, odd_files: false, ..TrafficOpts::default() };
        let files: Vec<(String, Vec<u8>)> = traffic::dump(seed, 300, &opts)
            .into_iter()
            .map(|(name, bytes)| (format!("dumps/{name}"), bytes))
            .collect();
        let dumps = folder();
        write_files(dumps.path(), &files);
        let all = answer(dumps.path(), &["events"], "ndjson", &[]);
        let whole = home(&[("events.ndjson", all.clone().into_bytes())]);
        same_reports(dumps.path(), whole.path(), &[]);
        same_reports(dumps.path(), whole.path(), &["--raw-identities"]);

        // A part a file, one of them twice, and one of the dumps left as it was.
        let mut parts: Vec<(String, Vec<u8>)> = Vec::new();
        for (number, (name, _)) in files.iter().enumerate() {
            let args = ["events", name, "--quiet", "--tolerate-invalid", "100%"];
            let part = run(dumps.path(), &args).stdout;
            parts.push((format!("dumps/part-{number}.ndjson"), part.clone()));
            if number == 1 {
                parts.push(("dumps/part-again.ndjson".into(), part));
            }
        }
        let month = folder();
        write_files(month.path(), &parts);
        same_reports(dumps.path(), month.path(), &[]);

        // Events of events are the same events.
        let again = answer(whole.path(), &["events"], "ndjson", &[]);
        assert_eq!(again, all);
    }
}

#[test]
fn events_of_chosen_sessions_are_whole_sessions() {
    let opts = TrafficOpts { files: 1, odd_files: false, ..TrafficOpts::default() };
    let bytes = traffic::dump(44, 250, &opts).remove(0).1;
    let home = home(&[("a.ndjson", bytes)]);
    let chosen = answer(home.path(), &["events"], "ndjson", &["--outcome", "rejected", "--provider", "wawp"]);
    let sessions: Value = serde_json::from_str(&answer(
        home.path(),
        &["sessions"],
        "json",
        &["--outcome", "rejected", "--provider", "wawp"],
    ))
    .unwrap();
    let expected: usize = sessions["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["evidence"].as_array().unwrap().len())
        .sum();
    assert!(expected > 20, "{expected}");
    assert!(chosen.lines().count() >= expected, "{} of {expected}", chosen.lines().count());
}

#[test]
fn garbage_between_the_lines_changes_only_the_books() {
    let lines = lines(9, 200, &TrafficOpts::default());
    let clean = home(&[("a.ndjson", joined(&lines))]);
    let mut dirty_lines = lines.clone();
    for (number, garbage) in
        [&b"{\"a\":"[..], b"\xff\xfe\x00", b"}{", b"[1,2", b"call.rejected", b"{\"event\":\"call.rejected\"}"]
            .into_iter()
            .enumerate()
    {
        dirty_lines.insert(number * 13, garbage.to_vec());
    }
    let dirty = home(&[("a.ndjson", joined(&dirty_lines))]);
    let read = |home: &tempfile::TempDir| -> Value {
        let text = answer(home.path(), &["kpi", "--by", "agent,provider,instance"], "json", &[]);
        serde_json::from_str(&text).unwrap()
    };
    let (clean, dirty) = (read(&clean), read(&dirty));
    assert_eq!(clean["rows"], dirty["rows"]);
    assert_eq!(clean["outgoing"], dirty["outgoing"]);
    let invalid = |it: &Value| it["accounting"]["lines"]["invalid"].as_u64().unwrap();
    assert_eq!(invalid(&dirty), invalid(&clean) + 6);
}

#[test]
fn a_first_line_of_brackets_takes_no_other_line_with_it() {
    let good = "{\"event\":\"call.received\",\"session\":\"a\",\"timestamp\":1771400120000,\"payload\":{\"id\":\"c1\"}}\n";
    let home = folder();
    for levels in [129, 100_000] {
        let dump = format!("{}\n{good}{good}", "[".repeat(levels));
        let got = json(&run_with(home.path(), &["sessions", "--format", "json"], dump.as_bytes()));
        assert_eq!(got["accounting"]["lines"]["call"], 2, "{levels}");
        assert_eq!(got["accounting"]["invalid_reasons"]["too_deep"], 1, "{levels}");
    }
}

#[test]
fn line_ends_and_key_order_mean_nothing() {
    let unix = "{\"event\":\"call.rejected\",\"session\":\"a\",\"timestamp\":1771400123456,\"payload\":{\"id\":\"c1\"}}\n\
                {\"event\":\"call.received\",\"session\":\"a\",\"timestamp\":1771400120000,\"payload\":{\"id\":\"c1\"}}\n";
    let dos = unix.replace('\n', "\r\n");
    let turned = "{ \"payload\" : {\"\\u0069d\":\"c\\u0031\"}, \"timestamp\":1771400123456 ,\"session\":\"a\",\"event\":\"call.rejected\"}\n\
                  {\"timestamp\":1771400120000,\"payload\":{\"id\":\"c1\"},\"event\":\"c\\u0061ll.received\",\"session\":\"a\"}";
    let home = folder();
    let read = |bytes: &str| {
        json(&run_with(home.path(), &["sessions", "--format", "json"], bytes.as_bytes()))["sessions"].clone()
    };
    let expected = read(unix);
    assert_eq!(expected[0]["outcome"], "rejected");
    assert_eq!(expected[0]["ring_ms"], 3456);
    assert_eq!(read(&dos), expected);
    assert_eq!(read(turned), expected);
}
