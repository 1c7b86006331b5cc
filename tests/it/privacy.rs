//! Masks and pseudonyms: what they look like, that they are the same everywhere, and that no output
//! holds a number that it should not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use serde_json::Value;

use crate::support::{errors, folder, json, root, run, run_with, text};

const KEY: &str = "0123456789abcdef0123456789abcdef\n";
const SIDES: [&str; 10] = [
    "fixtures/demo",
    "--tz",
    "Asia/Kolkata",
    "--roster",
    "fixtures/demo/roster.csv",
    "--agents",
    "fixtures/demo/agents.csv",
    "--customers",
    "fixtures/demo/customers.csv",
    "--quiet",
];

fn key(folder: &Path) -> PathBuf {
    let path = folder.join("callsift.key");
    fs::write(&path, KEY).unwrap();
    close(&path, 0o600);
    path
}

#[cfg(unix)]
fn close(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn close(_path: &Path, _mode: u32) {}

fn call(id: &str, from: &str, name: &str) -> String {
    format!(
        r#"{{"event":"call.{name}","session":"desk","timestamp":1777888800000,"payload":{{"id":"{id}","from":"{from}"}}}}"#
    )
}

/// Rows of `sessions` under some options.
#[track_caller]
fn sessions(lines: &str, options: &[&str]) -> Vec<Value> {
    let args = [&["sessions", "--format", "json", "-"], options].concat();
    let output = json(&run_with(root(), &args, lines.as_bytes()));
    output["sessions"].as_array().unwrap().clone()
}

#[test]
fn a_pseudonym_is_the_hmac_of_the_canonical_identity() {
    let dir = folder();
    let key = key(dir.path());
    let options = ["--privacy", "pseudonym", "--key-file", key.to_str().unwrap()];
    // HMAC-SHA-256 of "customer", a zero byte and the number, in base32: computed elsewhere.
    let rows = sessions(&call("A1", "919811110001@c.us", "rejected"), &options);
    assert_eq!(rows[0]["customer"], "c-2rzfmfbczqvmsbcj");
    for spelling in ["919811110001:4@s.whatsapp.net", "+91 98111-10001", "919811110001"] {
        assert_eq!(sessions(&call("A1", spelling, "rejected"), &options), rows, "{spelling}");
    }
    let line = r#"{"event":"CALL_REJECTED","callId":"1","wabaNumber":"5511900001111","callDirection":"INCOMING","callEndedAt":1777888800000,"customerNumber":"919811110001","customerName":"Asha","rejectedBy":"Neha Joshi"}"#;
    let rows = sessions(line, &[&options[..], &["--agent-privacy", "pseudonym"]].concat());
    assert_eq!(rows[0]["customer"], "c-2rzfmfbczqvmsbcj");
    assert_eq!(rows[0]["customer_name"], "n-fluay4apeyhpjs5h");
    assert_eq!(rows[0]["agent"], "a-fqcfwq6n2vre4a3g");
}

#[test]
fn a_mask_shows_country_code_last_digits_and_four_characters() {
    let dir = folder();
    let key = key(dir.path());
    let options = ["--privacy", "mask", "--key-file", key.to_str().unwrap()];
    let shown = |from: &str| sessions(&call("A1", from, "rejected"), &options)[0]["customer"].clone();
    assert_eq!(shown("919811110001@c.us"), "(+91)…01~2rzf");
    assert!(shown("5215512345678@c.us").as_str().unwrap().starts_with("(+52)…78~"));
    assert!(shown("123456789@lid").as_str().unwrap().starts_with("lid:…89~"));
    assert!(shown("somebody").as_str().unwrap().starts_with("…~"));
    // Two numbers of one ending stay two.
    assert_ne!(shown("919811110001@c.us"), shown("919822220001@c.us"));
}

#[test]
fn without_a_key_a_mask_is_made_with_the_input() {
    let one = call("A1", "919811110001@c.us", "rejected");
    let two = format!("{one}\n{}", call("A2", "919811110002@c.us", "rejected"));
    let shown = |lines: &str| sessions(lines, &["--privacy", "mask"])[0]["customer"].clone();
    assert_eq!(shown(&one), shown(&one));
    assert_ne!(shown(&one), shown(&two), "the key must hang on the whole input");
    let lines: Vec<&str> = two.lines().rev().collect();
    assert_eq!(shown(&two), shown(&lines.join("\n")), "but not on its order");
    let parameters = |options: &[&str]| {
        let args = [&["sessions", "--format", "json", "-"], options].concat();
        json(&run_with(root(), &args, one.as_bytes()))["parameters"].clone()
    };
    let masked = parameters(&["--privacy", "mask"]);
    assert_eq!((&masked["privacy"], &masked["key_origin"]), (&"mask".into(), &"input".into()));
    let full = parameters(&[]);
    assert_eq!((&full["privacy"], &full["agent_privacy"]), (&"full".into(), &"full".into()));
    assert!(full.get("key_id").is_none());
}

#[test]
fn numbers_inside_other_text_are_caught() {
    let id = format!(
        "wacid.{}",
        base64::engine::general_purpose::STANDARD.encode(b"\x1d\x18919811110001\x15\x02")
    );
    for id in [id.as_str(), "919811110001-77", "call:0091 98111 10001", "x919811110001"] {
        let rows = sessions(&call(id, "919811110001@c.us", "rejected"), &["--privacy", "mask"]);
        let shown = rows[0]["call_id"].as_str().unwrap();
        assert!(shown.contains('~') && !shown.contains("98111"), "{id}: {shown}");
    }
    // What only looks like one stays.
    let rows = sessions(&call("3EB0919811110002AB", "919811110001@c.us", "rejected"), &["--privacy", "mask"]);
    assert_eq!(rows[0]["call_id"], "3EB0919811110002AB");
    // The business's own line is nobody's number, also where it calls another line.
    let own = call("A1", "919811110001@c.us", "rejected").replace("desk", "919811110001");
    assert_eq!(sessions(&own, &["--privacy", "mask"])[0]["instance"], "919811110001");
}

#[test]
fn an_id_made_from_a_number_is_keyed() {
    let line = r#"{"event":"call.reject","phone":"+919811110001","ts":"2026-05-04T10:00:00Z"}"#;
    let plain = sessions(line, &[])[0]["session_id"].clone();
    let masked = sessions(line, &["--privacy", "mask"])[0]["session_id"].clone();
    assert_ne!(plain, masked);
    assert_eq!(masked.as_str().unwrap().len(), 16);
    // An id made from a call's id tells nobody's number.
    let line = call("A1", "919811110001@c.us", "rejected");
    assert_eq!(
        sessions(&line, &[])[0]["session_id"],
        sessions(&line, &["--privacy", "mask"])[0]["session_id"]
    );
}

#[test]
fn a_key_must_be_closed_long_and_there() {
    let dir = folder();
    let path = key(dir.path());
    let path = path.to_str().unwrap();
    let line = call("A1", "919811110001@c.us", "rejected");
    let fails = |options: &[&str]| {
        let args = [&["sessions", "-"], options].concat();
        let output = run_with(root(), &args, line.as_bytes());
        assert_eq!(output.status.code(), Some(2), "{}", errors(&output));
        assert!(output.stdout.is_empty());
        errors(&output)
    };
    assert!(fails(&["--privacy", "pseudonym"]).contains("needs --key-file"));
    assert!(fails(&["--agent-privacy", "pseudonym"]).contains("needs --key-file"));
    assert!(fails(&["--privacy", "msk"]).contains("did you mean `mask`?"));
    assert!(fails(&["--privacy", "pseudonym", "--key-file", "/nowhere/key"]).contains("cannot be read"));
    #[cfg(unix)]
    {
        close(Path::new(path), 0o640);
        assert!(fails(&["--privacy", "pseudonym", "--key-file", path]).contains("chmod 600"));
        close(Path::new(path), 0o600);
    }
    fs::write(path, "short\n").unwrap();
    assert!(fails(&["--privacy", "pseudonym", "--key-file", path]).contains("at least 16"));
}

#[test]
fn explain_shows_raw_lines_only_in_full() {
    let line = call("A1", "919811110001@c.us", "rejected");
    let explain = |options: &[&str]| {
        let args = [&["explain", "A1", "-"], options].concat();
        text(&run_with(root(), &args, line.as_bytes()))
    };
    assert!(explain(&[]).contains("call.rejected\",\"session"));
    for options in [&["--privacy", "mask"][..], &["--agent-privacy", "mask"]] {
        let shown = explain(options);
        assert!(!shown.contains("\"session\"") && shown.contains("withheld"), "{shown}");
    }
}

#[test]
fn secrets_in_metadata_leave_in_no_event() {
    let line = call("A1", "919811110001@c.us", "rejected").replace(
        r#""session""#,
        r#""metadata":{"api-key":"k1","hook":"https://x.example/?t=abc","user.email":"neha@x.example"},"session""#,
    );
    let rows = text(&run_with(root(), &["events", "-"], line.as_bytes()));
    assert!(rows.contains("neha@x.example"), "{rows}");
    assert!(!rows.contains("k1\"") && !rows.contains("t=abc"), "{rows}");
    let masked = text(&run_with(root(), &["events", "--privacy", "mask", "-"], line.as_bytes()));
    assert!(!masked.contains("neha@x.example"), "{masked}");
    let shown = |key: &str, value: &str| {
        let line = call("A1", "919811110001@c.us", "rejected");
        let metadata = serde_json::json!({ key: value });
        let line = line.replace(r#""session""#, &format!(r#""metadata":{metadata},"session""#));
        let row = text(&run_with(root(), &["events", "-"], line.as_bytes()));
        let row: Value = serde_json::from_str(row.lines().next().unwrap()).unwrap();
        row["metadata"][key] == value
    };
    for (key, value) in [
        ("recordingUrl", "call-1.mp3"),
        ("note", "Bearer abc"),
        ("note", "Basic abc"),
        ("jwt", "x"),
        ("cookie", "sid"),
        ("note", "eyJhbGciOi"),
        ("note", "sk_live_1"),
        ("note", "AKIA1"),
        ("note", "see //x/?sig=1"),
        ("note", "v=0 o=-"),
        ("note", "a\nb"),
        ("note", "Zm9vYmFyMTIzNDU2Nzg5MA"),
        ("user.auth", "1"),
        ("ice-pwd", "1"),
    ] {
        assert!(!shown(key, value), "{key}: {value}");
    }
    for (key, value) in [
        ("user.id", "4471"),
        ("user.email", "neha.joshi@lender.example"),
        ("user.name", "Neha Joshi"),
        ("user.id", "123e4567-e89b-12d3-a456-426614174000"),
        ("branch", "Mumbai Andheri East 2"),
        ("id", "12345678901234567890"),
    ] {
        assert!(shown(key, value), "{key}: {value}");
    }
}

/// The digits of every customer in the demo, and their names.
fn secrets() -> (BTreeSet<String>, BTreeSet<String>) {
    let output = json(&run(root(), &[&["sessions", "--format", "json"], &SIDES[..]].concat()));
    let mut numbers = BTreeSet::new();
    let mut names = BTreeSet::new();
    for row in output["sessions"].as_array().unwrap() {
        if let Some(it) = row["customer"].as_str() {
            numbers.insert(it.trim_start_matches("lid:").trim_start_matches('+').to_owned());
        }
        names.extend(row["customer_name"].as_str().map(str::to_owned));
    }
    let customers = fs::read_to_string(root().join("fixtures/demo/customers.csv")).unwrap();
    names.extend(customers.lines().skip(1).filter_map(|it| it.split(',').nth(2)).map(str::to_owned));
    names.retain(|it| it.len() > 3);
    assert!(numbers.len() > 100 && names.len() > 20, "{} {}", numbers.len(), names.len());
    (numbers, names)
}

/// No customer's digits, however they are grouped, and no customer's name.
#[track_caller]
fn check_hidden(printed: &str, numbers: &BTreeSet<String>, names: &BTreeSet<String>, place: &str) {
    let digits: String = printed.chars().filter(|it| !" -()".contains(*it)).collect();
    for number in numbers.iter().filter(|it| it.len() > 7) {
        assert!(!digits.contains(number.as_str()), "{place}: {number}");
    }
    for name in names {
        assert!(!printed.contains(name.as_str()), "{place}: {name}");
    }
}

#[test]
fn no_file_of_a_pack_holds_a_number_or_a_name_that_it_should_not() {
    let (numbers, names) = secrets();
    let dir = folder();
    let key = key(dir.path());
    let pack = dir.path().join("pack");
    let options = ["--privacy", "mask", "--key-file", key.to_str().unwrap(), "--month", "2026-05"];
    let out = ["--out", pack.to_str().unwrap()];
    let output = run(root(), &[&["pack"], &SIDES[..], &options, &out].concat());
    assert!(output.status.success(), "{}", errors(&output));
    check_hidden(&(text(&output) + &errors(&output)), &numbers, &names, "messages");
    let mut seen = 0;
    for entry in fs::read_dir(&pack).unwrap() {
        let path = entry.unwrap().path();
        let Ok(held) = fs::read_to_string(&path) else { continue };
        check_hidden(&held, &numbers, &names, &path.to_string_lossy());
        seen += 1;
    }
    assert!(seen > 5, "{seen} files that are text");
}

#[test]
fn no_output_holds_a_number_or_a_name_that_it_should_not() {
    let (numbers, names) = secrets();
    let dir = folder();
    let key = key(dir.path());
    let customer = numbers.iter().next_back().unwrap().clone();
    let commands: [&[&str]; 17] = [
        &["contacts", "--rules", "us-reg-f"],
        &["avoidance"],
        &["orphans"],
        &["callbacks", "--callbacks-from", "any"],
        &["check", "--max-rejection-rate", "0", "--point", "--no-breach", "--rules", "us-reg-f"],
        &["compare", "--period-a", "2026-05-01..2026-05-16", "--period-b", "2026-05-16..2026-06-01"],
        &["report"],
        &["kpi", "--by", "agent,instance"],
        &["frustration"],
        &["anomalies"],
        &["sessions"],
        &["rejections"],
        &["reactions"],
        &["events"],
        &["inspect"],
        &["timeline", &customer],
        &["explain", "rejected", "--customer", &customer],
    ];
    for command in commands {
        // What is hidden is decided before any format sees it.
        let of_gates: &[&str] = if command[0] == "check" { &["github", "junit"] } else { &[] };
        for (level, formats) in [("mask", &["table", "csv", "json", "html"][..]), ("pseudonym", &["json"])] {
            for format in formats.iter().chain(of_gates) {
                let options = ["--privacy", level, "--key-file", key.to_str().unwrap(), "--format", *format];
                let output = run(root(), &[command, &SIDES[..], &options].concat());
                let failed_gate = command[0] == "check" && output.status.code() == Some(1);
                assert!(output.status.success() || failed_gate, "{command:?} {}", errors(&output));
                let printed = text(&output) + &errors(&output);
                let place = format!("{command:?} {level} {format}");
                check_hidden(&printed, &numbers, &names, &place);
            }
        }
    }
}

#[test]
fn one_customer_has_one_pseudonym_in_all_reports() {
    let dir = folder();
    let key = key(dir.path());
    let options = ["--privacy", "pseudonym", "--key-file", key.to_str().unwrap(), "--format", "json"];
    let of = |command: &str, section: &str| -> BTreeSet<String> {
        let output = json(&run(root(), &[&[command], &SIDES[..], &options].concat()));
        let rows = output[section].as_array().unwrap().clone();
        rows.iter().filter_map(|it| it["customer"].as_str()).map(str::to_owned).collect()
    };
    let all = of("sessions", "sessions");
    assert!(all.len() > 100);
    assert!(of("frustration", "rows").is_subset(&all) && of("anomalies", "rows").is_subset(&all));
}
