//! Relations that hold between two answers without anybody knowing the right one: what must change nothing,
//! and what must change exactly so. On dumps with every fault, in every format.
//!
//! The overview stands in every format, each other report in JSON and in one more.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::answers::{
    COMMANDS, FORMATS, PLACES, Shown, answer, answer_with, home, joined, lines, pairs, value,
};
use crate::support::{differences, errors, folder, gzip, json, root, run, text, write_files};
use crate::traffic::{self, TrafficOpts};

/// Files with every fault: a hole of NUL bytes, a member that was cut, one with a wrong checksum, an array,
/// a byte-order mark, CR LF, lines of every reason for being invalid, a line over the limit of an id.
fn faulty(seed: u64) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = traffic::dump(seed, 250, &TrafficOpts::default())
        .into_iter()
        .map(|(name, bytes)| (format!("dumps/{name}"), bytes))
        .collect();
    let more = lines(seed + 1000, 60, &TrafficOpts::default());
    let third = more.len() / 3;
    let hole = [joined(&more[..third]), vec![0; 4096], b"\n".to_vec(), joined(&more[third..])].concat();
    files.push(("dumps/x-hole.ndjson".into(), hole));
    let members = [gzip(&joined(&more[..third])), gzip(&joined(&more[third..]))].concat();
    files.push(("dumps/x-cut.ndjson.gz".into(), members[..members.len() - 40].to_vec()));
    let mut wrong = gzip(&joined(&more[2 * third..]));
    let at = wrong.len() - 6;
    wrong[at] ^= 0x40;
    files.push(("dumps/x-wrong.ndjson.gz".into(), wrong));
    let cut = zstd::encode_all(&joined(&more[..2 * third])[..], 1).unwrap();
    files.push(("dumps/x-cut.ndjson.zst".into(), cut[..cut.len() - 5].to_vec()));
    files
}

fn faulty_home(seed: u64) -> tempfile::TempDir {
    let home = folder();
    write_files(home.path(), &faulty(seed));
    home
}

/// One answer is another, where they differ in few places that are named.
#[track_caller]
fn must_equal(got: &Shown, expected: &Shown, what: &str) {
    if got == expected {
        return;
    }
    let differ = match (got, expected) {
        (Shown::Data(got), Shown::Data(expected)) => differences(got, expected),
        _ => {
            let (got, expected) = (got.text(), expected.text());
            let pairs = got.lines().zip(expected.lines()).filter(|(a, b)| a != b);
            let mut differ: Vec<String> = pairs.map(|(a, b)| format!("{a}\nis not\n{b}")).collect();
            differ.push(format!("{} lines, expected {}", got.lines().count(), expected.lines().count()));
            differ
        }
    };
    panic!("{what}: {}", differ.into_iter().take(5).collect::<Vec<_>>().join("\n"));
}

// M1, M2, promise 6: what surrounds a run changes no byte.

#[test]
fn threads_blocks_and_surroundings_change_no_byte() {
    let home = faulty_home(71);
    let nowhere = "/nonexistent/zoneinfo";
    let mut turn = 0;
    for command in COMMANDS {
        for format in FORMATS {
            turn += 1;
            let expected = answer(home.path(), command, format, &["--jobs", "1"]);
            // JSON, in which everything stands, in all surroundings; the others in one in turn.
            for (_, (jobs, block, variables)) in [
                (
                    "2",
                    "1",
                    &[("LC_ALL", "tr_TR.UTF-8"), ("LANG", "tr_TR.UTF-8"), ("TZ", "America/St_Johns")][..],
                ),
                ("3", "333", &[("LC_ALL", "C"), ("TZ", "Asia/Kathmandu"), ("TZDIR", nowhere)]),
                ("7", "65536", &[("TZ", ":/nonexistent"), ("LC_NUMERIC", "de_DE.UTF-8"), ("COLUMNS", "40")]),
            ]
            .into_iter()
            .enumerate()
            .filter(|(place, _)| format == "json" || turn % 3 == *place)
            {
                let more = ["--jobs", jobs, "--block-bytes", block];
                let got = answer_with(home.path(), command, format, &more, variables);
                assert!(got == expected, "{command:?} as {format}, {jobs} jobs, {variables:?}");
            }
        }
    }
}

#[test]
fn the_program_asks_no_clock_no_locale_and_no_zone_files() {
    // What a run may ask: how long it takes (the bar), the temporary names of unfinished files.
    let allowed = [("cli/run.rs", "Instant::now")];
    let asks = [
        "SystemTime::now",
        "Instant::now",
        "Utc::now",
        "Local::now",
        "chrono::Local",
        "thread_rng",
        "rand::",
        "env::var(",
        "env::var_os(",
        "env::vars(",
        "set_var",
        "/usr/share/zoneinfo",
        "TZDIR",
        "setlocale",
    ];
    for entry in walkdir::WalkDir::new(root().join("src")) {
        let path = entry.unwrap().into_path();
        // The binary reads `NO_COLOR` and our own variables.
        if path.extension().is_none_or(|it| it != "rs") || path.ends_with("main.rs") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        // Tests may ask more, and comments may name what was asked once.
        let source = source.split("\nmod tests {").next().unwrap();
        let code = |it: &&str| !it.trim_start().starts_with("//");
        let source: String = source.lines().filter(code).flat_map(|it| [it, "\n"]).collect();
        for ask in asks.iter().filter(|it| source.contains(**it)) {
            let known = allowed.iter().any(|(file, it)| path.ends_with(file) && it == ask);
            assert!(known, "{} in {}", ask, path.display());
        }
    }
    let features = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let chrono = features.lines().find(|it| it.starts_with("chrono = ")).unwrap();
    assert!(chrono.contains("default-features = false") && !chrono.contains("clock"), "{chrono}");
}

// M3, M7: how lines lie in files changes nothing but places.

#[test]
fn order_splits_and_packing_change_no_report() {
    let lines = lines(72, 300, &TrafficOpts::default());
    let whole = home(&[("a.ndjson", joined(&lines))]);
    let mut turned = lines.clone();
    turned.reverse();
    // Cards dealt in turn: neighbours are far apart, and each order is another.
    let dealt: Vec<Vec<u8>> = (0..7).flat_map(|it| lines.iter().skip(it).step_by(7).cloned()).collect();
    let third = lines.len() / 3;
    let zstd = |bytes: &[Vec<u8>]| zstd::encode_all(&joined(bytes)[..], 3).unwrap();
    let others = [
        home(&[("z.ndjson", joined(&turned))]),
        home(&[("a.log.gz", gzip(&joined(&dealt)))]),
        home(&[
            ("3.jsonl.zst", zstd(&turned[..third])),
            ("2.ndjson", joined(&turned[third..2 * third])),
            ("1.ndjson.gz", [gzip(&joined(&turned[2 * third..])), gzip(b"")].concat()),
        ]),
    ];
    let mut turn = 0;
    for command in COMMANDS {
        for format in FORMATS {
            // Which files a suggestion is about stands in the middle of its sentence there.
            if command[0] == "inspect" && format == "table" {
                continue;
            }
            let read = |home: &Path| Shown::of(home, command, format, &[]).without_input().without(&PLACES);
            let expected = read(whole.path());
            turn += 1;
            // JSON, in which everything stands, of all; the others of one in turn.
            let others = others.iter().enumerate();
            for (_, other) in others.filter(|(place, _)| format == "json" || turn % 3 == *place) {
                must_equal(&read(other.path()), &expected, &format!("{command:?} as {format}"));
            }
        }
    }
}

// M4, M5: how a line is written changes nothing.

/// A JSON text written in another way: members turned round, white space, letters as escapes.
fn rewritten(json: &str, seed: &mut u64, out: &mut String) {
    let value: Value = serde_json::from_str(json).unwrap();
    write_value(&value, seed, out);
}

/// The next number of a fixed sequence.
fn dice(seed: &mut u64, sides: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % sides
}

fn write_value(value: &Value, seed: &mut u64, out: &mut String) {
    let space = [" ", "", "\t", "", "  ", ""][dice(seed, 6) as usize];
    match value {
        Value::Object(members) => {
            out.push_str(&format!("{space}{{{space}"));
            let mut members: Vec<_> = members.iter().collect();
            let by = dice(seed, members.len().max(1) as u64) as usize;
            members.rotate_left(by);
            for (at, (key, value)) in members.into_iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                write_text(key, dice(seed, 3) == 0, out);
                out.push_str(&format!("{space}:"));
                write_value(value, seed, out);
            }
            out.push_str(&format!("{space}}}"));
        }
        Value::Array(items) => {
            out.push_str(&format!("[{space}"));
            for (at, value) in items.iter().enumerate() {
                out.push_str(if at > 0 { " , " } else { "" });
                write_value(value, seed, out);
            }
            out.push_str(&format!("]{space}"));
        }
        Value::String(text) => write_text(text, dice(seed, 2) == 0, out),
        other => out.push_str(&format!("{space}{other}{space}")),
    }
}

/// With every other letter as an escape, or plain.
fn write_text(text: &str, escaped: bool, out: &mut String) {
    if !escaped {
        out.push_str(&serde_json::to_string(text).unwrap());
        return;
    }
    out.push('"');
    for (at, unit) in text.encode_utf16().enumerate() {
        let plain = char::from_u32(unit.into()).filter(|it| it.is_ascii_alphanumeric() && at % 2 == 0);
        match plain {
            Some(it) => out.push(it),
            None => out.push_str(&format!("\\u{unit:04x}")),
        }
    }
    out.push('"');
}

/// Whether a number in it may lose digits on its way through a general parser.
fn is_plain(line: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(line) else { return false };
    let Ok(value) = serde_json::from_str::<Value>(text) else { return false };
    // Keys twice are one behind the parser, and floats are rounded. The second call id of a line is `shadow`.
    if text.contains("shadow") {
        return false;
    }
    let keys = |text: &str| text.matches("\":").count();
    let mut floats = false;
    visit(&value, &mut |it| floats |= it.is_f64());
    !floats && keys(text) == keys(&value.to_string())
}

fn visit(value: &Value, look: &mut impl FnMut(&Value)) {
    look(value);
    match value {
        Value::Object(it) => it.values().for_each(|it| visit(it, look)),
        Value::Array(it) => it.iter().for_each(|it| visit(it, look)),
        _ => {}
    }
}

#[test]
fn line_ends_key_order_white_space_and_escapes_mean_nothing() {
    // Bodies that are handed on as text keep their digest; what is shown of raw lines changes by nature.
    let lines = lines(73, 300, &TrafficOpts::default());
    let mut seed = 73;
    let mut changed = 0;
    let other: Vec<Vec<u8>> = lines
        .iter()
        .map(|line| {
            if !is_plain(line) {
                return line.clone();
            }
            changed += 1;
            let mut out = String::new();
            rewritten(std::str::from_utf8(line).unwrap(), &mut seed, &mut out);
            out.into_bytes()
        })
        .collect();
    assert!(changed * 2 > lines.len(), "{changed} of {}", lines.len());
    let dos: Vec<u8> = lines.iter().flat_map(|it| [it.as_slice(), b"\r\n"].concat()).collect();
    let (whole, other, dos) = (
        home(&[("a.ndjson", joined(&lines))]),
        home(&[("a.ndjson", joined(&other))]),
        home(&[("a.ndjson", dos)]),
    );
    for command in COMMANDS {
        for format in FORMATS {
            let read = |home: &Path| Shown::of(home, command, format, &[]).without_input();
            let expected = read(whole.path());
            for (how, home) in [("other words", &other), ("CR LF", &dos)] {
                must_equal(&read(home.path()), &expected, &format!("{command:?} as {format}: {how}"));
            }
        }
    }
}

// M6: everything twice.

#[test]
fn everything_twice_is_the_same_but_for_the_books() {
    let files = faulty(74);
    let once = folder();
    write_files(once.path(), &files);
    let again = files.iter().map(|(name, bytes)| (name.replace("dumps/", "dumps/again/"), bytes.clone()));
    let twice = folder();
    write_files(twice.path(), &files.iter().cloned().chain(again).collect::<Vec<_>>());
    for (command, format) in pairs().filter(|it| it.0[0] != "inspect") {
        // Skipped agents are never duplicates: each delivery counts.
        let read = |home: &Path| Shown::of(home, command, format, &[]).without(&PLACES).without_books();
        must_equal(&read(twice.path()), &read(once.path()), &format!("{command:?} as {format}"));
    }
    let books = |home: &Path| value(home, &["sessions"], &[])["accounting"].clone();
    let (one, two) = (books(once.path()), books(twice.path()));
    for name in ["total", "call", "reaction", "other", "invalid", "blank"] {
        assert_eq!(two["lines"][name].as_u64(), one["lines"][name].as_u64().map(|it| 2 * it), "{name}");
    }
    assert_eq!(two["sessions"], one["sessions"]);
    assert_eq!(two["watermark"], one["watermark"]);
}

// M8: garbage anywhere.

#[test]
fn garbage_anywhere_is_counted_and_changes_nothing_else() {
    let lines = lines(75, 250, &TrafficOpts::default());
    let garbage: [&[u8]; 9] = [
        b"{\"a\":",
        b"\xff\xfe\x00",
        b"}{",
        b"[1,2",
        b"call.rejected",
        b"{\"event\":\"call.rejected\"}",
        b"\0\0\0\0\0\0\0\0",
        b"<html>",
        b"{\"event\":\"CALL_REJECTED\",\"callId\":\"\xff\"}",
    ];
    let mut dirty = lines.clone();
    for (number, line) in garbage.iter().cycle().take(45).enumerate() {
        dirty.insert(number * dirty.len() / 45, line.to_vec());
    }
    let (clean, dirty) = (home(&[("a.ndjson", joined(&lines))]), home(&[("a.ndjson", joined(&dirty))]));
    for (command, format) in pairs().filter(|it| it.0[0] != "inspect") {
        let read = |home: &Path| Shown::of(home, command, format, &[]).without(&PLACES).without_books();
        must_equal(&read(dirty.path()), &read(clean.path()), &format!("{command:?} as {format}"));
    }
    let books = |home: &Path| value(home, &["sessions"], &[])["accounting"].take();
    let (clean, dirty) = (books(clean.path()), books(dirty.path()));
    let invalid = |it: &Value| it["lines"]["invalid"].as_u64().unwrap();
    assert_eq!(invalid(&dirty), invalid(&clean) + 45);
    for same in ["events", "sessions", "watermark"] {
        assert_eq!(dirty[same], clean[same]);
    }
}

// M9: all times later by as much.

/// Whole weeks, so that hours, weekdays and business hours stay; days and months do not.
const LATER_DAYS: i64 = 14;
const LATER_MS: i64 = LATER_DAYS * 86_400_000;

/// Moves every time in a text: epochs in any unit, and ISO texts.
fn moved(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut at = 0;
    while at < text.len() {
        let digits = bytes[at..].iter().take_while(|it| it.is_ascii_digit()).count();
        let stands_alone =
            at == 0 || !bytes[at - 1].is_ascii_alphanumeric() && !b"+.-_".contains(&bytes[at - 1]);
        let iso = text.get(at..at + 10).filter(|it| {
            stands_alone && it.starts_with("20") && chrono::NaiveDate::parse_from_str(it, "%Y-%m-%d").is_ok()
        });
        if let Some(date) = iso {
            let date = chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").unwrap();
            let date = date + chrono::Days::new(LATER_DAYS as u64);
            out.push_str(&date.format("%Y-%m-%d").to_string());
            at += 10;
            continue;
        }
        if digits == 0 {
            let c = text[at..].chars().next().unwrap();
            out.push(c);
            at += c.len_utf8();
            continue;
        }
        let number = &text[at..at + digits];
        // The dumps lie in May 2026: 1 777 874 400 s and on.
        let later = match (digits, number.starts_with("177") || number.starts_with("178")) {
            (10, true) => LATER_MS / 1000,
            (13, true) => LATER_MS,
            (16, true) => LATER_MS * 1000,
            (19, true) => LATER_MS * 1_000_000,
            _ => 0,
        };
        match number.parse::<i64>() {
            Ok(it) if later > 0 && stands_alone => out.push_str(&(it + later).to_string()),
            _ => out.push_str(number),
        }
        at += digits;
    }
    out
}

#[test]
fn all_times_later_by_two_weeks_move_every_time_and_nothing_else() {
    // Envelopes with encoded bodies and broken bytes cannot be edited as text.
    let opts = TrafficOpts { broken_text: false, envelopes: false, invalid: false, ..TrafficOpts::default() };
    let mut lines = lines(76, 300, &opts);
    // Nor can times that have an exponent.
    let exponent =
        |it: &[u8]| it[0].is_ascii_digit() && matches!(it[1], b'e' | b'E') && !it[2].is_ascii_alphabetic();
    lines.retain(|it| !it.windows(3).any(exponent));
    let later: Vec<Vec<u8>> =
        lines.iter().map(|it| moved(std::str::from_utf8(it).unwrap()).into_bytes()).collect();
    assert_ne!(later, lines);
    let (now, later) = (home(&[("a.ndjson", joined(&lines))]), home(&[("a.ndjson", joined(&later))]));
    // Days have names in sentences, and the dates of laws stay. India has no summer time.
    let names = ["dated", "source", "sentences", "Dated", "Text"];
    let as_of = &["--as-of", "2026-05-06T12:00:00Z"][..];
    let more = [
        (COMMANDS[0], "json", as_of),
        (COMMANDS[6], "json", as_of),
        (COMMANDS[1], "json", &["--as-of", "1777900000"]),
    ];
    let in_words = |it: &(&[&str], &str)| it.0[0] == "timeline" && it.1 != "json";
    let plain = pairs().filter(|it| !in_words(it)).map(|(command, format)| (command, format, &[][..]));
    for (command, format, more) in plain.chain(more) {
        let more_later: Vec<String> = more.iter().map(|it| moved(it)).collect();
        let more_later: Vec<&str> = more_later.iter().map(String::as_str).collect();
        let read = |home: &Path, more: &[&str]| {
            // Digits that are not written in a number take no other room.
            without_ids(&Shown::of(home, command, format, more).without(&names).without_input().text())
        };
        let (expected, got) = (moved(&read(now.path(), more)), read(later.path(), &more_later));
        must_be(&got, &expected, &format!("{command:?} {more:?} as {format}"));
    }
}

// M10: other people, the same tables.

/// Numbers of customers to others of the same country and length, each to one.
fn renamed(text: &str) -> String {
    // The last three digits of these customers, in all their spellings, and those of hidden identities.
    let pairs = [
        ("12345678", "12345679"),
        ("1234-5678", "1234-5679"),
        ("600111222", "600111223"),
        ("111 222", "111 223"),
        ("822220000", "822220001"),
        ("2025550143", "2025550144"),
        ("555-0143", "555-0144"),
        ("7700900123", "7700900124"),
        ("7700001", "7700011"),
        ("7700002", "7700012"),
        ("7700003", "7700013"),
        ("7700004", "7700014"),
        ("7700005", "7700015"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[test]
fn renaming_callers_renames_them_and_changes_nothing_else() {
    let opts = TrafficOpts { broken_text: false, envelopes: false, ..TrafficOpts::default() };
    let lines: Vec<Vec<u8>> =
        lines(77, 300, &opts).into_iter().filter(|it| std::str::from_utf8(it).is_ok()).collect();
    let others: Vec<Vec<u8>> =
        lines.iter().map(|it| renamed(std::str::from_utf8(it).unwrap()).into_bytes()).collect();
    assert_ne!(others, lines);
    let (before, after) = (home(&[("a.ndjson", joined(&lines))]), home(&[("a.ndjson", joined(&others))]));
    for (command, format) in pairs() {
        let own: Vec<String> = command.iter().map(|it| renamed(it)).collect();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let read = |home: &Path, command: &[&str]| without_ids(&Shown::of(home, command, format, &[]).text());
        let (expected, got) = (renamed(&read(before.path(), command)), read(after.path(), &own));
        must_be(&got, &expected, &format!("{command:?} as {format}"));
    }
}

/// Ids of sessions are made of the start, and without a call id of the customer.
fn without_ids(text: &str) -> String {
    let mut out = String::new();
    let is_part = |it: char| it.is_ascii_digit() || ('a'..='f').contains(&it);
    let mut rest = text;
    while let Some(at) = rest.find(is_part) {
        let word = rest[at..].find(|it| !is_part(it)).unwrap_or(rest.len() - at);
        let (before, id) = (&rest[..at], &rest[at..at + word]);
        out.push_str(before);
        let alone =
            !before.ends_with(char::is_alphanumeric) && !rest[at + word..].starts_with(char::is_alphanumeric);
        out.push_str(if word == 16 && alone { "ID" } else { id });
        rest = &rest[at + word..];
    }
    out + rest
}

#[track_caller]
fn must_be(got: &str, expected: &str, what: &str) {
    let differs = got.lines().zip(expected.lines()).find(|(a, b)| a != b);
    if let Some((got, expected)) = differs {
        let at = got.chars().zip(expected.chars()).take_while(|(a, b)| a == b).count().saturating_sub(100);
        let near = |it: &str| it.chars().skip(at).take(300).collect::<String>();
        panic!("{what}:\n{}\nis not\n{}", near(got), near(expected));
    }
    assert_eq!(got.lines().count(), expected.lines().count(), "{what}");
}

// M11: a dump that was cut.

/// Figures that only grow while a dump does: counts of lines and of what is on them. (Not sessions: two
/// of them can turn out to be one. Not duplicates of an event: the first delivery is none. Not outcomes: the next line
/// can be the answer.)
fn growing(books: &Value) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (group, names) in [
        ("lines", &["call", "reaction", "other", "blank"][..]),
        ("events", &["total", "unique", "duplicates"]),
        ("reactions", &["total", "unique", "duplicates"]),
    ] {
        for name in names {
            counts.insert(format!("{group}.{name}"), books[group][*name].as_u64().unwrap());
        }
    }
    for group in ["envelopes", "unknown_call_events"] {
        for (name, count) in books[group].as_object().unwrap() {
            counts.insert(format!("{group}.{name}"), count.as_u64().unwrap());
        }
    }
    counts
}

#[test]
fn a_cut_dump_never_claims_more() {
    let bytes = joined(&lines(78, 40, &TrafficOpts::default()));
    let home = folder();
    let books = |bytes: &[u8]| {
        fs::write(home.path().join("dumps"), bytes).unwrap();
        json(&run(home.path(), &["sessions", "dumps", "--format", "json", "--quiet"]))["accounting"].clone()
    };
    let all = books(&bytes);
    let whole = growing(&all);
    // Some bytes of the beginning, where lines end, and then every 1997th.
    let places =
        (0..bytes.len()).filter(|it| *it < 40 && it % 3 == 0 || it % 1997 == 0 || bytes[*it] == b'\n');
    let mut claimed = 0;
    for at in places {
        let cut = books(&bytes[..at]);
        for (name, count) in growing(&cut) {
            // The cut line counts as invalid, never as more than it was.
            assert!(count <= whole.get(&name).copied().unwrap_or(0), "{name} at byte {at}: {count}");
        }
        let invalid = |it: &Value| it["lines"]["invalid"].as_u64().unwrap();
        assert!(invalid(&cut) <= invalid(&all) + 1, "at byte {at}");
        claimed = claimed.max(cut["events"]["total"].as_u64().unwrap());
    }
    assert!(claimed > 30, "{claimed}");
}

/// The lines of each class as an answer shows them.
fn classes(home: &Path, format: &str) -> Vec<u64> {
    let told = |text: &str| {
        let sentence = text.lines().find(|it| it.contains(" with call events")).expect("the books in words");
        let sentence = &sentence[sentence.find(": ").unwrap()..];
        let numbers = sentence.split(|it: char| !it.is_ascii_digit()).filter_map(|it| it.parse().ok());
        numbers.collect()
    };
    let keys = ["call", "reaction", "other", "invalid", "blank"];
    match format {
        "json" => {
            let books = value(home, &["report"], &[])["accounting"]["lines"].take();
            keys.map(|it| books[it].as_u64().unwrap()).to_vec()
        }
        "csv" | "ndjson" => {
            let shown = answer(home, &["report"], format, &["--section", "input.total"]);
            let Shown::Data(rows) = (match format {
                "csv" => {
                    let mut csv = csv::Reader::from_reader(&shown[..]);
                    let row: BTreeMap<String, String> = csv.deserialize().next().unwrap().unwrap();
                    return keys.map(|it| row[&format!("{it}_lines")].parse().unwrap()).to_vec();
                }
                _ => Shown::read(&shown, format),
            }) else {
                unreachable!("rows are data")
            };
            keys.map(|it| rows[0][format!("{it}_lines")].as_u64().unwrap()).to_vec()
        }
        _ => told(&Shown::of(home, &["report"], format, &[]).text()),
    }
}

#[test]
fn a_cut_dump_claims_the_same_in_every_format() {
    let bytes = joined(&lines(78, 40, &TrafficOpts::default()));
    let home = home(&[]);
    let mut before = vec![0; 5];
    for at in (0..bytes.len()).step_by(bytes.len() / 7) {
        write_files(home.path(), &[("dumps/a.ndjson".into(), bytes[..at].to_vec())]);
        let claimed = classes(home.path(), "json");
        for format in FORMATS {
            assert_eq!(classes(home.path(), format), claimed, "at byte {at} as {format}");
        }
        // A line that was cut is read in full the next time.
        let grows = |place: &usize| claimed[*place] >= before[*place];
        assert!([0, 1, 2, 4].iter().all(grows), "at byte {at}: {claimed:?} after {before:?}");
        before = claimed;
    }
}

#[test]
fn a_cut_packed_dump_never_claims_more() {
    let bytes = joined(&lines(79, 60, &TrafficOpts::default()));
    let half = bytes.len() / 2;
    let home = folder();
    let books = |bytes: &[u8]| {
        fs::write(home.path().join("dumps"), bytes).unwrap();
        let output = run(home.path(), &["sessions", "dumps", "--format", "json", "--quiet"]);
        (output.status.code(), json(&output)["accounting"].clone())
    };
    let whole = growing(&books(&bytes).1);
    for stored in [
        [gzip(&bytes[..half]), gzip(&bytes[half..])].concat(),
        [zstd::encode_all(&bytes[..half], 1).unwrap(), zstd::encode_all(&bytes[half..], 1).unwrap()].concat(),
    ] {
        for at in (12..stored.len()).step_by(stored.len() / 20) {
            let (status, cut) = books(&stored[..at]);
            for (name, count) in growing(&cut) {
                assert!(count <= whole.get(&name).copied().unwrap_or(0), "{name} at byte {at}: {count}");
            }
            assert_eq!(status, Some(3), "a cut at byte {at} is told");
        }
    }
}

// M12: two analyses together are one of both.

#[test]
fn events_of_two_dumps_together_are_one_analysis_of_both() {
    let files = faulty(80);
    let all = folder();
    write_files(all.path(), &files);
    let events = |output: Output| -> Vec<u8> {
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", errors(&output));
        text(&output).into_bytes()
    };
    // Calls that begin in one half and end in the other must come together again.
    let (mut even, mut odd): (Vec<&str>, Vec<&str>) = (vec!["events"], vec!["events"]);
    for (at, (name, _)) in files.iter().enumerate() {
        if at % 2 == 0 { even.push(name) } else { odd.push(name) }
    }
    let parts = [&even, &odd].map(|args| events(run(all.path(), &[args, &["--quiet"][..]].concat())));
    assert!(parts.iter().all(|it| it.len() > 10_000), "both halves hold calls");
    let [even, odd] = parts;
    let both = home(&[("even.ndjson", even.clone()), ("odd.ndjson.gz", gzip(&odd))]);
    let joined = home(&[("all.ndjson", [odd, even].concat())]);
    let raw = COMMANDS.map(|it| (it, "json", &["--raw-identities"][..]));
    let plain = pairs().map(|(command, format)| (command, format, &[][..]));
    for (command, format, more) in plain.chain(raw).filter(|it| it.0[0] != "inspect") {
        let read = |home: &Path| Shown::of(home, command, format, more).without_books();
        let expected = read(all.path());
        for merged in [&both, &joined] {
            must_equal(&read(merged.path()), &expected, &format!("{command:?} {more:?} as {format}"));
        }
    }
    for command in COMMANDS.iter().filter(|it| it[0] != "inspect") {
        let read = |home: &Path| {
            let mut it = value(home, command, &[]);
            // Names that no table holds are not events, so they are not handed on.
            if let Some(notes) = it["notes"].as_array_mut() {
                notes.retain(|it| !it.as_str().unwrap().contains("does not know"));
            }
            (it["accounting"]["watermark"].take(), it["notes"].take())
        };
        let expected = read(all.path());
        for merged in [&both, &joined] {
            assert_eq!(read(merged.path()), expected, "{command:?}");
        }
    }
}
