//! Relations that hold between two answers without anybody knowing the right one: what must change nothing,
//! and what must change exactly so. On dumps with every fault, in every format.
//!
//! M1 threads and M2 blocks, M3 packing and splitting, M6 the input twice and M8 garbage are in `promises.rs` for
//! single reports; here they hold for all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::{callsift, errors, folder, json, root, run, text, write_files};
use crate::traffic::{self, TrafficOpts};

/// Commands with a report each.
const COMMANDS: [&[&str]; 11] = [
    &["report"],
    &["kpi", "--by", "agent,instance"],
    &["frustration"],
    &["contacts", "--rules", "us-reg-f", "--rules", "in-rbi", "--rules", "whatsapp"],
    &["avoidance"],
    &["anomalies"],
    &["sessions"],
    &["callbacks"],
    &["reactions"],
    &["timeline", "+525512345678"],
    &["inspect"],
];

/// Every format that `report` has; the workbook goes through a file.
const FORMATS: [&str; 7] = ["table", "csv", "json", "ndjson", "markdown", "html", "xlsx"];

/// What the program prints of a folder of dumps.
fn answer(folder: &Path, command: &[&str], format: &str, more: &[&str]) -> Vec<u8> {
    answer_with(folder, command, format, more, &[])
}

/// The same with variables of the environment.
fn answer_with(
    folder: &Path,
    command: &[&str],
    format: &str,
    more: &[&str],
    variables: &[(&str, &str)],
) -> Vec<u8> {
    let mut args = command.to_vec();
    args.extend(["dumps", "--quiet", "--tolerate-invalid", "100%", "--format", format]);
    if !more.contains(&"--tz") {
        args.extend(["--tz", "Asia/Kolkata"]);
    }
    if format == "xlsx" {
        args.extend(["-o", "answer.xlsx"]);
    }
    args.extend(more);
    let output = callsift(folder).args(&args).envs(variables.iter().copied()).output().unwrap();
    // Cut and broken members are defects.
    assert!(matches!(output.status.code(), Some(0 | 3)), "{args:?}: {}", errors(&output));
    if format == "xlsx" { fs::read(folder.join("answer.xlsx")).unwrap() } else { output.stdout }
}

fn value(folder: &Path, command: &[&str], more: &[&str]) -> Value {
    serde_json::from_slice(&answer(folder, command, "json", more)).unwrap()
}

fn home(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let home = folder();
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (format!("dumps/{name}"), bytes.clone())).collect();
    write_files(home.path(), &files);
    home
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn joined(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|it| [it.as_slice(), b"\n"].concat()).collect()
}

/// Lines of all providers, in envelopes and without, repeated, broken and replayed.
fn lines(seed: u64, events: usize, opts: &TrafficOpts) -> Vec<Vec<u8>> {
    let opts = TrafficOpts { files: 1, odd_files: false, ..opts.clone() };
    let files = traffic::dump(seed, events, &opts);
    let lines = files.iter().flat_map(|it| it.1.split(|it| *it == b'\n'));
    lines.filter(|it| !it.is_empty()).map(<[u8]>::to_vec).collect()
}

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

/// Takes members out, wherever they are.
fn without(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(it) => {
            it.retain(|key, _| !keys.contains(&key.as_str()));
            it.values_mut().for_each(|it| without(it, keys));
        }
        Value::Array(it) => it.iter_mut().for_each(|it| without(it, keys)),
        _ => {}
    }
}

/// The keys under which files and lines are named.
const PLACES: [&str; 4] = ["evidence", "file", "line", "about"];

#[track_caller]
fn must_equal(got: &Value, expected: &Value, what: &str) {
    if got == expected {
        return;
    }
    let differences = differences("", got, expected);
    panic!("{what}: {}", differences.into_iter().take(5).collect::<Vec<_>>().join("\n"));
}

fn differences(path: &str, got: &Value, expected: &Value) -> Vec<String> {
    match (got, expected) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            keys.into_iter()
                .flat_map(|key| differences(&format!("{path}.{key}"), &got[key], &expected[key]))
                .collect()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            (0..a.len()).flat_map(|at| differences(&format!("{path}[{at}]"), &a[at], &b[at])).collect()
        }
        _ if got == expected => Vec::new(),
        _ => vec![format!("{path}: {got} is not {expected}")],
    }
}

// M1, M2, promise 6: what surrounds a run changes no byte.

#[test]
fn threads_blocks_and_surroundings_change_no_byte() {
    let home = faulty_home(71);
    let nowhere = "/nonexistent/zoneinfo";
    for command in COMMANDS {
        for format in FORMATS {
            let expected = answer(home.path(), command, format, &["--jobs", "1"]);
            for (jobs, block, variables) in [
                (
                    "2",
                    "1",
                    &[("LC_ALL", "tr_TR.UTF-8"), ("LANG", "tr_TR.UTF-8"), ("TZ", "America/St_Johns")][..],
                ),
                ("3", "333", &[("LC_ALL", "C"), ("TZ", "Asia/Kathmandu"), ("TZDIR", nowhere)]),
                ("7", "65536", &[("TZ", ":/nonexistent"), ("LC_NUMERIC", "de_DE.UTF-8"), ("COLUMNS", "40")]),
            ] {
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
    for command in COMMANDS {
        for format in ["json", "ndjson", "html", "csv", "table", "markdown", "xlsx"] {
            let shows_places = ["report", "anomalies", "sessions", "inspect"];
            let read = |home: &Path| -> Vec<u8> {
                let bytes = answer(home, command, format, &[]);
                match format {
                    "json" => {
                        let mut value: Value = serde_json::from_slice(&bytes).unwrap();
                        without(&mut value, &PLACES);
                        value.to_string().into_bytes()
                    }
                    "ndjson" => String::from_utf8(bytes)
                        .unwrap()
                        .lines()
                        .map(|it| {
                            let mut value: Value = serde_json::from_str(it).unwrap();
                            without(&mut value, &PLACES);
                            format!("{value}\n")
                        })
                        .collect::<String>()
                        .into_bytes(),
                    _ => bytes,
                }
            };
            if !matches!(format, "json" | "ndjson") && shows_places.contains(&command[0]) {
                continue;
            }
            let expected = read(whole.path());
            for other in &others {
                assert!(read(other.path()) == expected, "{command:?} as {format}");
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
            let expected = answer(whole.path(), command, format, &[]);
            for (how, home) in [("other words", &other), ("CR LF", &dos)] {
                let got = answer(home.path(), command, format, &[]);
                assert!(got == expected, "{command:?} as {format}: {how}");
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
    for command in COMMANDS.iter().filter(|it| it[0] != "inspect") {
        let read = |home: &Path| {
            let mut it = value(home, command, &[]);
            let watermark = it["accounting"]["watermark"].take();
            without(&mut it, &PLACES);
            // Skipped agents are never duplicates: each delivery counts.
            without(&mut it, &["accounting", "skipped_agents", "books", "notes", "narrative"]);
            (it, watermark)
        };
        let (one, two) = (read(once.path()), read(twice.path()));
        must_equal(&two.0, &one.0, &format!("{command:?}"));
        assert_eq!(two.1, one.1, "{command:?}");
    }
    let books = |home: &Path| value(home, &["sessions"], &[])["accounting"].clone();
    let (one, two) = (books(once.path()), books(twice.path()));
    for name in ["total", "call", "reaction", "other", "invalid", "blank"] {
        assert_eq!(two["lines"][name].as_u64(), one["lines"][name].as_u64().map(|it| 2 * it), "{name}");
    }
    assert_eq!(two["sessions"], one["sessions"]);
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
    for command in COMMANDS.iter().filter(|it| it[0] != "inspect") {
        let read = |home: &Path| {
            let mut it = value(home, command, &[]);
            let books = it["accounting"].take();
            without(&mut it, &PLACES);
            without(&mut it, &["accounting", "books", "notes", "narrative"]);
            (it, books)
        };
        let (clean, dirty) = (read(clean.path()), read(dirty.path()));
        must_equal(&dirty.0, &clean.0, &format!("{command:?}"));
        let invalid = |it: &Value| it["lines"]["invalid"].as_u64().unwrap();
        assert_eq!(invalid(&dirty.1), invalid(&clean.1) + 45);
        assert_eq!(dirty.1["events"], clean.1["events"]);
        assert_eq!(dirty.1["sessions"], clean.1["sessions"]);
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
    // Ids are made of the start, and days have names. India has no summer time.
    let ids = ["session_id", "session_ids", "session", "id"];
    for (command, more) in COMMANDS.iter().zip(std::iter::repeat(&[][..])).chain([
        (&COMMANDS[0], &["--as-of", "2026-05-06T12:00:00Z"][..]),
        (&COMMANDS[6], &["--as-of", "2026-05-06T12:00:00Z"]),
        (&COMMANDS[1], &["--as-of", "1777900000"]),
    ]) {
        let more_later: Vec<String> = more.iter().map(|it| moved(it)).collect();
        let more_later: Vec<&str> = more_later.iter().map(String::as_str).collect();
        let mut expected = value(now.path(), command, more);
        let mut got = value(later.path(), command, &more_later);
        // The dates of laws stay.
        for it in [&mut expected, &mut got] {
            without(it, &ids);
            without(it, &["dated", "source"]);
            // They name days in words.
            without(it, &["sentences"]);
        }
        let expected: Value = serde_json::from_str(&moved(&expected.to_string())).unwrap();
        must_equal(&got, &expected, &format!("{command:?} {more:?}"));
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
    // Without a call id an id is made of the customer.
    let ids = ["session_id", "session_ids", "session", "id"];
    for command in COMMANDS {
        let own: Vec<String> = command.iter().map(|it| renamed(it)).collect();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let mut expected = value(before.path(), command, &[]);
        let mut got = value(after.path(), &own, &[]);
        without(&mut expected, &ids);
        without(&mut got, &ids);
        let expected: Value = serde_json::from_str(&renamed(&expected.to_string())).unwrap();
        must_equal(&got, &expected, &format!("{command:?}"));
    }
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
    // Every byte of the beginning, where the first lines end, and then every 389th.
    let ends = |at: &usize| bytes[*at] == b'\n';
    let places = (0..bytes.len())
        .filter(|it| *it < 40 || it % 389 == 0 || ends(it) || it.checked_sub(1).is_some_and(|it| ends(&it)));
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
        for at in (12..stored.len()).step_by(stored.len() / 60) {
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
    for command in COMMANDS.iter().filter(|it| it[0] != "inspect") {
        for more in [&[][..], &["--raw-identities"]] {
            let read = |home: &Path| {
                let mut it = value(home, command, more);
                let watermark = it["accounting"]["watermark"].take();
                without(&mut it, &["accounting", "books"]);
                // Names that no table holds are not events, so they are not handed on.
                if let Some(notes) = it["notes"].as_array_mut() {
                    notes.retain(|it| !it.as_str().unwrap().contains("does not know"));
                }
                (it, watermark)
            };
            let expected = read(all.path());
            for merged in [&both, &joined] {
                let got = read(merged.path());
                must_equal(&got.0, &expected.0, &format!("{command:?} {more:?}"));
                assert_eq!(got.1, expected.1);
            }
        }
    }
}
