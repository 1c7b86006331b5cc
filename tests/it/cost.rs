//! Cost cannot be forced: four times as much of what a stranger made up for the purpose costs about four times
//! the work. What is compared is processor time of one run to that of another, with room for n log n and for noise;
//! a step that goes through all for each would cost sixteen times.

#![cfg(unix)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use callsift::text::Interner;
use serde_json::{Value, json};

use crate::support::{folder, root};

const SMALL: usize = 3000;
const TIMES: usize = 4;

/// Above this a growth of four is no longer work that grows with the input.
const MOST: f64 = 8.0;

const AT: i64 = 1_777_888_800_000;

fn wawp(name: &str, session: &str, id: &str, from: &str, at: i64) -> Value {
    json!({"event": name, "session": session, "timestamp": at, "payload": {"id": id, "from": from}})
}

fn customer(place: usize) -> String {
    format!("9198{place:08}@c.us")
}

fn lines(values: impl Iterator<Item = Value>) -> String {
    values.fold(String::new(), |mut lines, it| {
        let _ = writeln!(lines, "{it}");
        lines
    })
}

/// Offers under one id by ever new customers, and then ends that do not say whose they are.
fn collided(n: usize, step: i64) -> String {
    let half = n / 2;
    let offers = (0..half).map(|it| wawp("call.received", "desk", "c", &customer(it), AT + step * it as i64));
    let end = |it: usize| json!({"event": "call.rejected", "session": "desk", "timestamp": AT + it as i64, "payload": {"id": "c"}});
    lines(offers.chain((0..half).map(end)))
}

/// An offer and a rejection for each call, of which a function says line, id, customer and time.
fn calls(n: usize, call: impl Fn(usize) -> (String, String, String, i64)) -> String {
    lines((0..n).map(|it| {
        let (session, id, from, at) = call(it / 2);
        let name = if it % 2 == 0 { "call.received" } else { "call.rejected" };
        wawp(name, &session, &id, &from, at + it as i64)
    }))
}

/// What runs over what: its name, the command, the dump of so many pieces.
type Case = (&'static str, &'static [&'static str], fn(usize) -> String);

const CASES: &[Case] = &[
    ("ordinary calls, against which the others can be looked at", &["report"], |n| {
        calls(n, |it| ("desk".into(), format!("c{it}"), customer(it), AT + 1000 * it as i64))
    }),
    ("customers that collide under one id", &["report"], |n| collided(n, 1)),
    ("customers that collide under one id at one time", &["report"], |n| collided(n, 0)),
    ("one id with all events", &["report"], |n| {
        calls(n, |it| ("desk".into(), "c".into(), customer(1), AT + 100 * it as i64))
    }),
    ("one id of alternating customers", &["report"], |n| {
        calls(n, |it| ("desk".into(), "c".into(), customer(it % 3), AT + 100 * it as i64))
    }),
    ("one id on ever new lines", &["report"], |n| {
        calls(n, |it| (format!("s{it}"), "c".into(), customer(1), AT + 100 * it as i64))
    }),
    ("one caller with all calls", &["report"], |n| {
        calls(n, |it| ("desk".into(), format!("c{it}"), customer(1), AT + 1000 * it as i64))
    }),
    ("one caller on ever new lines", &["frustration"], |n| {
        calls(n, |it| (format!("s{it}"), format!("c{it}"), customer(1), AT + 1000 * it as i64))
    }),
    ("one called customer on ever new lines", &["contacts", "--rules", "whatsapp"], |n| {
        lines((0..n).map(|it| {
            json!({
                "event": "CALL_REJECTED", "callId": format!("c{it}"), "wabaNumber": format!("s{it}"),
                "callDirection": "OUTGOING", "callEndedAt": AT + 1000 * it as i64, "customerNumber": "919811110001",
            })
        }))
    }),
    ("ends without their calls, in ever new incidents", &["anomalies"], |n| {
        let first = wawp("call.received", "desk", "x", &customer(1), AT - 1_000_000_000);
        let end = |it: usize| {
            let at = AT + (it as i64 / 3) * 400_000 + it as i64 % 3;
            wawp("call.rejected", "desk", &format!("c{it}"), &customer(1), at)
        };
        lines(std::iter::once(first).chain((0..n).map(end)))
    }),
    ("ever new agents", &["kpi"], |n| {
        lines((0..n).map(|it| {
            json!({
                "event": "CALL_REJECTED", "callId": format!("c{it}"), "wabaNumber": "desk",
                "callDirection": "INCOMING", "callEndedAt": AT + it as i64, "customerNumber": customer(it),
                "rejectedBy": format!("Agent {it}"),
            })
        }))
    }),
    ("one number without call ids at one time", &["report"], |n| {
        let words = ["call.incoming", "call.reject", "call.missed", "call.accept"];
        lines((0..n).map(|it| {
            let line = format!("/hook/{}", it % 2);
            let body = json!({"event": words[it % 4], "phone": "+919811110001", "ts": AT + it as i64 % 7000});
            json!({"path": line, "body": body})
        }))
    }),
    ("rings that never end, then ends", &["report"], |n| {
        let event = |it: usize| {
            let word = if it < n - n / 4 { "call.incoming" } else { "call.missed" };
            json!({"event": word, "phone": "+919811110001", "ts": AT + 1000 * it as i64})
        };
        lines((0..n).map(event))
    }),
    ("ever new names of call events", &["inspect"], |n| {
        lines((0..2 * n).map(|it| json!({"event": format!("call.zz{it}"), "x": 1})))
    }),
    ("bodies in one line", &["report"], |n| {
        let body =
            |it: usize| wawp("call.rejected", "desk", &format!("c{it}"), &customer(it), AT + it as i64);
        let bodies: Vec<Value> = (0..2 * n).map(body).collect();
        lines(std::iter::once(json!({"records": bodies, "note": "none"})))
    }),
    ("bodies at ever new places of one line", &["report"], |n| {
        let places =
            ["body", "content", "payload", "data", "message", "event", "request", "detail", "value", "json"];
        let body = |it: usize| {
            let body = wawp("call.rejected", "desk", &format!("c{it}"), &customer(it), AT + it as i64);
            (0..4).fold(body, |body, level: u32| json!({ places[it / 10_usize.pow(level) % 10]: body }))
        };
        lines(std::iter::once(Value::Array((0..2 * n).map(body).collect())))
    }),
    ("keys of one object", &["report"], |n| {
        let keys: String = (0..40 * n).fold(String::new(), |keys, it| keys + &format!(",\"k{it}\":1"));
        format!(
            "{{\"event\":\"call.rejected\",\"session\":\"d\",\"timestamp\":{AT},\"payload\":{{\"id\":\"c\"}}{keys}}}\n"
        )
    }),
    ("one key again and again", &["report"], |n| {
        let keys: String =
            (0..40 * n).fold(String::new(), |keys, it| keys + &format!(",\"session\":\"d{it}\""));
        format!("{{\"event\":\"call.rejected\",\"timestamp\":{AT},\"payload\":{{\"id\":\"c\"}}{keys}}}\n")
    }),
    ("keys of metadata", &["inspect"], |n| {
        let keys: String = (0..10 * n).fold(String::new(), |keys, it| keys + &format!(",\"k{it}\":\"{it}\""));
        format!(
            "{{\"event\":\"call.rejected\",\"session\":\"d\",\"timestamp\":{AT},\"payload\":{{\"id\":\"c\"}},\
             \"metadata\":{{\"a\":\"1\"{keys}}}}}\n"
        )
    }),
    ("escapes in one name", &["sessions"], |n| {
        let name = "\\u0041\\ud83d\\u202e".repeat(10 * n);
        format!(
            "{{\"event\":\"call.rejected\",\"session\":\"{name}\",\"timestamp\":{AT},\"payload\":{{\"id\":\"c\"}}}}\n"
        )
    }),
    ("spaces in one name", &["explain", "c", "--format", "table"], |n| {
        let name = format!("a{}b", " ".repeat(60 * n));
        lines(std::iter::once(wawp("call.rejected", "desk", "c", &name, AT)))
    }),
    ("digits of one number and one time", &["sessions", "--privacy", "mask"], |n| {
        let digits = "9".repeat(60 * n);
        let line = wawp("call.rejected", "desk", "c", &digits, AT).to_string();
        line.replace(&AT.to_string(), &format!("{AT}.{digits}")) + "\n"
    }),
    ("levels in a field that nobody reads", &["report"], |n| {
        let deep = format!("{}{}", "[".repeat(100 * n), "]".repeat(100 * n));
        format!("{{\"event\":\"call.rejected\",\"x\":{deep}}}\n")
    }),
    ("elements of an array that never close", &["report"], |n| {
        format!("[\n{}", "{\"a\": [\"\n".repeat(20 * n))
    }),
];

/// Seconds of the processor that a run takes of its own.
fn seconds(args: &[&str], dump: &Path) -> f64 {
    let format: &[&str] = if args.contains(&"--format") { &[] } else { &["--format", "json"] };
    // The shell says what its children took.
    let output = Command::new("sh")
        .args(["-c", "\"$@\" > /dev/null 2>&1; times", "sh", env!("CARGO_BIN_EXE_callsift")])
        .args(args)
        .args(format)
        .args(["--jobs", "1", "--no-config"])
        .arg(dump)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let user = told.lines().nth(1).and_then(|it| it.split_whitespace().next()).unwrap();
    let (minutes, seconds) = user.trim_end_matches('s').split_once('m').unwrap();
    60.0 * minutes.parse::<f64>().unwrap() + seconds.replace(',', ".").parse::<f64>().unwrap()
}

#[test]
fn work_grows_with_the_input_whatever_is_in_it() {
    let dir = folder();
    let empty = dir.path().join("empty.ndjson");
    fs::write(&empty, "").unwrap();
    let start = seconds(&["report"], &empty);
    for (what, args, dump) in CASES {
        let of = |n: usize| {
            let path = dir.path().join(format!("{n}.ndjson"));
            fs::write(&path, dump(n)).unwrap();
            seconds(args, &path) - start
        };
        // The least of three: others may be at work on the machine.
        let growth = || of(TIMES * SMALL) / of(SMALL).max(0.02);
        let growths: Vec<f64> = (0..3).map(|_| growth()).take_while(|it| *it > MOST).collect();
        assert!(growths.len() < 3, "{what}: {TIMES} times as much took {growths:.1?} times as long");
    }
}

/// Who writes a dump cannot know which of its ids and names will fall together in a table: that is decided when the
/// program runs. Symbols tell it, which are numbered table by table.
#[test]
fn nobody_can_know_beforehand_which_texts_fall_together() {
    let texts: Vec<String> = (0..200).map(|it| format!("3EB0{it:016X}")).collect();
    let drawn = || {
        let interner = Interner::default();
        texts.iter().map(|it| interner.intern(it)).collect::<Vec<_>>()
    };
    let (one, other) = (drawn(), drawn());
    let alike = one.iter().zip(&other).filter(|(a, b)| a == b).count();
    assert!(alike < texts.len() / 2, "{alike} of {} texts have the same symbol twice", texts.len());
}

/// Every table that is filled from the input hashes with a seed that is drawn at random.
#[test]
fn no_table_hashes_without_a_seed_of_its_own() {
    let unseeded = [
        "FixedState",
        "SeedableRandomState",
        "BuildHasherDefault",
        "DefaultHasher",
        "SipHasher",
        "FxHash",
        "FxBuildHasher",
        "with_hasher",
        "impl Hasher",
        "impl BuildHasher",
    ];
    for entry in walkdir::WalkDir::new(root().join("src")) {
        let path = entry.unwrap().into_path();
        if path.extension().is_none_or(|it| it != "rs") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        for it in unseeded {
            assert!(!source.contains(it), "{it} in {}", path.display());
        }
    }
}

/// A command that may use so many KiB of addresses.
#[cfg(target_os = "linux")]
fn under(limit: u64, command: &str, out: &Path, dump: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args([
            "-c",
            "ulimit -v $0; exec \"$@\"",
            &limit.to_string(),
            env!("CARGO_BIN_EXE_callsift"),
            command,
        ])
        .args(["--no-config", "--jobs", "1", "--format", "json", "-o"])
        .args([out, dump])
        .env_remove("RUST_BACKTRACE");
    shell
}

/// More callers than a small memory holds: the right answer, or an end that names the limit.
#[cfg(target_os = "linux")]
#[test]
fn too_many_callers_for_the_memory_end_with_a_sentence_or_the_answer() {
    let dir = folder();
    let dump = dir.path().join("callers.ndjson");
    let callers = 30_000;
    fs::write(&dump, calls(callers, |it| (format!("s{it}"), format!("c{it}"), customer(it), AT))).unwrap();
    let out = dir.path().join("sessions.json");
    for limit in [10_000_000, 230_000] {
        let output = under(limit, "sessions", &out, &dump).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => {
                let json: Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
                assert_eq!(json["sessions"].as_array().unwrap().len(), callers / 2);
                fs::remove_file(&out).unwrap();
            }
            Some(4) => {
                assert_ne!(limit, 10_000_000, "that is enough: {told}");
                assert!(told.contains("memory"), "{told}");
                assert!(!out.exists(), "a file that is not whole");
            }
            other => panic!("{other:?} under {limit} KiB: {told}"),
        }
    }
}

/// More events of one call, which are looked at together, than a memory holds: the right answer, or an end that names
/// the limit. Each of the small limits has room for what is read, and none for one of the steps after it.
#[cfg(target_os = "linux")]
#[test]
fn a_call_too_large_for_the_memory_ends_with_a_sentence_or_the_answer() {
    let dir = folder();
    let dump = dir.path().join("one-id.ndjson");
    let events = 400_000;
    let event = wawp("call.received", "desk", "c", &customer(1), 0).to_string();
    let event = |it: usize| event.replace(":0", &format!(":{}", AT + it as i64)) + "\n";
    fs::write(&dump, (0..events).map(event).collect::<String>()).unwrap();
    let out = dir.path().join("kpi.json");
    for limit in [10_000_000, 60_000, 80_000, 100_000, 120_000] {
        // Else so many addresses are set aside for each thread that these limits have room for nothing.
        let output = under(limit, "kpi", &out, &dump).env("MALLOC_ARENA_MAX", "1").output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        match output.status.code() {
            Some(0) => {
                let json: Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
                assert_eq!(json["accounting"]["events"]["unique"], events);
                fs::remove_file(&out).unwrap();
            }
            Some(4) => {
                assert_ne!(limit, 10_000_000, "that is enough: {told}");
                let named =
                    format!("error: the memory limit of this process (`ulimit -v`), {} MiB,", limit >> 10);
                assert!(told.contains(&named) && !told.contains("memory allocation"), "{limit} KiB: {told}");
                assert!(!out.exists(), "a file that is not whole");
            }
            other => panic!("{other:?} under {limit} KiB: {told}"),
        }
    }
}
