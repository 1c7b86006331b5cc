//! The whole program over one file: the same bytes whatever the threads and blocks, books in order, and
//! the promises that need no second answer.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use callsift::cli::{self, Env};
use serde_json::Value;

use super::Dice;

const COMMANDS: [&[&str]; 12] = [
    &["report"],
    &["kpi", "--by", "agent,instance,provider,hour"],
    &["frustration"],
    &["contacts", "--rules", "us-reg-f", "--rules", "in-rbi", "--rules", "whatsapp"],
    &["avoidance"],
    &["anomalies"],
    &["orphans"],
    &["rejections"],
    &["callbacks"],
    &["reactions"],
    &["timeline", "+525512345678"],
    &["inspect"],
];
const FORMATS: [&str; 6] = ["json", "table", "csv", "ndjson", "markdown", "html"];

/// Some commands over the bytes as a file, with one thread and with several.
pub fn runs(data: &[u8]) {
    let mut dice = Dice::of(data);
    FOLDER.with(|folder| runs_in(folder.path(), data, &mut dice));
}

fn runs_in(folder: &Path, data: &[u8], dice: &mut Dice) {
    let dump = folder.join("dump");
    fs::write(&dump, data).expect("a temporary file");

    for (command, format) in [(dice.pick(&COMMANDS), dice.pick(&FORMATS)), (&["sessions"][..], "json")] {
        let left_out = dice.pick(&[&[][..], &["--drop-unverified"]]);
        let once = run(&dump, command, format, 1, 1 << 20, left_out);
        assert!(matches!(once.status, 0 | 3), "{command:?} ends with {}: {}", once.status, once.errors);
        let (jobs, block) = (2 + dice.below(3), dice.pick(&[1, 7, 100, 4096]));
        // The plain way of reading, which nothing learns.
        let plain = dice.pick(&[&[][..], &["--parser", "reference"]]);
        let again = run(&dump, command, format, jobs, block, &[left_out, plain].concat());
        assert_eq!(again, once, "{command:?} as {format}, {jobs} threads, blocks of {block}, {plain:?}");
        if format == "json" {
            check_books(&serde_json::from_str(&once.answer).expect("JSON"));
        }
    }

    let sessions = sessions(&dump);
    // Our own events say as much as the dump.
    let events = run(&dump, &["events"], "ndjson", 2, 100, &[]).answer;
    let own = folder.join("events");
    fs::write(&own, events).expect("a temporary file");
    assert_eq!(self::sessions(&own), sessions, "by our own events");

    // The order of lines means nothing. Packed files and arrays have none.
    let lines: Vec<&[u8]> = data.split(|it| *it == b'\n').collect();
    let whole = |it: u8| matches!(it, b'[' | 0xef | 0x1f | 0x28 | 0x50..=0x5f);
    let begins = |it: &&[u8]| it.trim_ascii_start().first().is_some_and(|it| whole(*it));
    if lines.len() < 200 && !lines.iter().any(begins) {
        let turned: Vec<u8> = lines.iter().rev().flat_map(|it| [it, &b"\n"[..]].concat()).collect();
        let other = folder.join("turned");
        fs::write(&other, turned).expect("a temporary file");
        assert_eq!(self::sessions(&other), sessions, "with its lines turned round");
    }
}

thread_local! {
    /// One folder for all runs of a thread.
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a temporary folder");
}

#[derive(Debug, PartialEq)]
struct Ran {
    status: u8,
    answer: String,
    errors: String,
}

fn run(dump: &Path, command: &[&str], format: &str, jobs: usize, block: usize, more: &[&str]) -> Ran {
    let (jobs, block) = (jobs.to_string(), block.to_string());
    let options = ["--tz", "Asia/Kolkata", "--format", format, "--jobs", &jobs, "--block-bytes", &block];
    let mut argv: Vec<OsString> = ["callsift", "--no-config"].map(OsString::from).into();
    argv.extend(command.iter().map(OsString::from));
    argv.push(dump.into());
    argv.extend(options.map(OsString::from));
    argv.extend(more.iter().map(OsString::from));
    let (mut answer, mut errors) = (Vec::new(), Vec::new());
    let status = cli::run(&argv, &Env::default(), &mut answer, &mut errors).status();
    let text = |it| String::from_utf8(it).expect("UTF-8");
    Ran { status, answer: text(answer), errors: text(errors) }
}

/// Sessions without the places that they came from.
fn sessions(dump: &Path) -> Value {
    let mut sessions =
        run(dump, &["sessions"], "json", 1, 1 << 20, &[]).answer.parse::<Value>().expect("JSON");
    let mut sessions = sessions["sessions"].take();
    for it in sessions.as_array_mut().expect("sessions") {
        it.as_object_mut().expect("a session").remove("evidence");
    }
    sessions
}

fn check_books(answer: &Value) {
    let books = &answer["accounting"];
    let count = |group: &str, name: &str| books[group][name].as_u64().expect("a count");
    let classes = ["call", "reaction", "other", "invalid", "blank"].map(|it| count("lines", it));
    // Told where such lines are left out.
    let unverified = books["lines"].get("unverified").map_or(0, |it| it.as_u64().expect("a count"));
    assert_eq!(count("lines", "total"), classes.iter().sum::<u64>() + unverified);
    assert_eq!(count("events", "total"), count("events", "duplicates") + count("events", "unique"));
    let sessions = count("sessions", "incoming") + count("sessions", "outgoing");
    assert_eq!(count("sessions", "total"), sessions);
    assert!(count("sessions", "total") <= count("events", "unique"));
    let reasons = books["invalid_reasons"].as_object().expect("reasons").values();
    let reasons: u64 = reasons.map(|it| it.as_u64().expect("a count")).sum();
    assert_eq!(reasons, count("lines", "invalid") + books["invalid_bodies"].as_u64().expect("a count"));
}
