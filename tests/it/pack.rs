//! Packs: what is in one, that it is whole or not there, the same again, and that every change shows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{callsift, errors, folder, json, root, run, run_with, text};

const MAY: [&str; 5] = ["pack", "--month", "2026-05", "--tz", "Asia/Kolkata"];

/// A folder with the demo's dumps and side files in it.
fn demo() -> tempfile::TempDir {
    let dir = folder();
    copy(&root().join("fixtures/demo"), &dir.path().join("dumps"));
    for side in ["roster", "agents", "customers", "holidays"] {
        let name = format!("{side}.csv");
        fs::rename(dir.path().join("dumps").join(&name), dir.path().join(&name)).unwrap();
    }
    dir
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            assert!(fs::copy(entry.path(), target).is_ok())
        }
    }
}

const SIDES: [&str; 10] = [
    "--roster",
    "roster.csv",
    "--agents",
    "agents.csv",
    "--customers",
    "customers.csv",
    "--holidays",
    "holidays.csv",
    "--rules",
    "in-rbi",
];

fn pack(dir: &Path, out: &str, more: &[&str]) -> Output {
    run(dir, &[&MAY[..], &SIDES, &["--out", out, "dumps"], more].concat())
}

#[track_caller]
fn packed(dir: &Path, out: &str, more: &[&str]) {
    let output = pack(dir, out, more);
    assert!(output.status.success(), "{}", errors(&output));
}

/// Names, bytes and dates of a folder's files.
fn files(folder: &Path) -> Vec<(String, Vec<u8>, SystemTime)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|it| {
            let it = it.unwrap();
            let date = it.metadata().unwrap().modified().unwrap();
            (it.file_name().into_string().unwrap(), fs::read(it.path()).unwrap(), date)
        })
        .collect();
    files.sort();
    files
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|it| format!("{it:02x}")).collect()
}

#[test]
fn a_pack_holds_every_report_and_names_every_byte() {
    let dir = demo();
    packed(dir.path(), "may", &[]);
    let folder = dir.path().join("may");
    let files = files(&folder);
    let names: Vec<&str> = files.iter().map(|(name, ..)| name.as_str()).collect();
    for report in
        ["kpi_by_agent", "kpi_by_instance", "frustration", "anomalies", "avoidance", "contacts", "callbacks"]
    {
        for ending in ["csv", "json"] {
            assert!(names.contains(&format!("{report}.{ending}").as_str()), "{report}.{ending} of {names:?}");
        }
    }
    for name in
        ["report.html", "report.xlsx", "report.json", "rejections.csv", "sessions.ndjson", "README.txt"]
    {
        assert!(names.contains(&name), "{name} of {names:?}");
    }
    let manifest = manifest(&folder);
    let listed: BTreeSet<(String, String, u64)> = manifest["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let text = |key: &str| it[key].as_str().unwrap().to_owned();
            (text("file"), text("sha256"), it["bytes"].as_u64().unwrap())
        })
        .collect();
    let there: BTreeSet<(String, String, u64)> = files
        .iter()
        .filter(|(name, ..)| name != "manifest.json")
        .map(|(name, bytes, _)| (name.clone(), sha256(bytes), bytes.len() as u64))
        .collect();
    assert_eq!(listed, there);
    let read_me = fs::read_to_string(folder.join("README.txt")).unwrap();
    for name in names {
        assert!(read_me.contains(name), "README.txt says nothing of {name}");
    }
}

#[test]
fn the_manifest_says_what_was_read_and_how() {
    let dir = demo();
    packed(dir.path(), "may", &["--min-calls", "12"]);
    let manifest = manifest(&dir.path().join("may"));
    assert_eq!(manifest["schema"], "callsift.pack-manifest/1");
    assert_eq!(manifest["period"]["since"], "2026-05-01T00:00:00.000+05:30");
    assert_eq!(manifest["period"]["until"], "2026-06-01T00:00:00.000+05:30");
    assert_eq!(manifest["period"]["tz"], "Asia/Kolkata");
    assert_eq!(manifest["parameters"]["privacy"], "mask");
    assert_eq!(manifest["made_by"]["callsift_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest["parameter_origins"]["min_calls"]["origin"], "flag");
    assert_eq!(manifest["parameter_origins"]["window"]["origin"], "default");
    let inputs = manifest["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 11);
    for input in inputs {
        let bytes = fs::read(dir.path().join(input["file"].as_str().unwrap())).unwrap();
        assert_eq!(input["sha256"], sha256(&bytes));
        assert_eq!(input["bytes"], bytes.len());
    }
    let lines: u64 = inputs.iter().map(|it| it["lines"].as_u64().unwrap()).sum();
    assert_eq!(manifest["accounting"]["lines"]["total"], lines);
    let sides = manifest["side_files"].as_array().unwrap();
    let sides: BTreeSet<&str> = sides.iter().map(|it| it["option"].as_str().unwrap()).collect();
    assert_eq!(sides, BTreeSet::from(["roster", "agents", "customers", "holidays"]));
}

#[test]
fn evidence_holds_the_digest_of_each_raw_line() {
    let dir = demo();
    packed(dir.path(), "may", &[]);
    let rows = fs::read_to_string(dir.path().join("may/sessions.ndjson")).unwrap();
    let mut checked = 0;
    let rows = rows.lines().map(|it| serde_json::from_str::<Value>(it).unwrap());
    for row in rows.filter(|it| it["section"] == "sessions") {
        for place in row["evidence"].as_array().unwrap() {
            let dump = fs::read(dir.path().join(place["file"].as_str().unwrap())).unwrap();
            let line =
                dump.split(|it| *it == b'\n').nth(place["line"].as_u64().unwrap() as usize - 1).unwrap();
            assert_eq!(place["sha256"], sha256(line), "{place}");
            checked += 1;
        }
    }
    assert!(checked > 1000, "{checked}");
}

#[test]
fn the_stored_bytes_of_compressed_dumps_are_named() {
    let dir = folder();
    let line =
        br#"{"event":"call.rejected","session":"desk","timestamp":1777888800000,"payload":{"id":"A1"}}"#;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, &[line, &b"\n"[..]].concat()).unwrap();
    let mut stored = gzip.finish().unwrap();
    fs::write(dir.path().join("a.ndjson.gz"), &stored).unwrap();
    let make = |out: &str| run(dir.path(), &[&MAY[..], &["--out", out, "a.ndjson.gz"]].concat());
    assert!(make("one").status.success());
    assert_eq!(manifest(&dir.path().join("one"))["inputs"][0]["sha256"], sha256(&stored));
    // What stands behind a damaged end belongs to the file as well.
    stored.extend_from_slice(b"something else");
    fs::write(dir.path().join("a.ndjson.gz"), &stored).unwrap();
    assert_eq!(make("two").status.code(), Some(3));
    let manifest = manifest(&dir.path().join("two"));
    assert_eq!(manifest["inputs"][0]["sha256"], sha256(&stored));
    assert_eq!(manifest["input_is_defective"], true);
}

#[test]
fn two_runs_make_the_same_bytes_and_dates() {
    let dir = demo();
    packed(dir.path(), "one", &["--jobs", "1"]);
    packed(dir.path(), "two", &["--jobs", "4"]);
    assert_eq!(files(&dir.path().join("one")), files(&dir.path().join("two")));
    let date = files(&dir.path().join("one"))[0].2;
    assert!(date > SystemTime::UNIX_EPOCH + Duration::from_secs(1_777_000_000), "{date:?}");
    let of = |name: &str| fs::metadata(dir.path().join(name)).unwrap().modified().unwrap();
    assert_eq!((of("one"), of("two")), (date, date));
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_a_pack() {
    use std::os::unix::fs::PermissionsExt;
    let dir = demo();
    packed(dir.path(), "may", &[]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir.path().join("may")), 0o700);
    assert_eq!(mode(&dir.path().join("may/report.html")), 0o600);
}

#[test]
fn a_pack_replaces_a_pack_only_when_told_to_and_nothing_else_ever() {
    let dir = demo();
    packed(dir.path(), "may", &[]);
    let before = files(&dir.path().join("may"));
    let again = pack(dir.path(), "may", &["--min-calls", "1"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(errors(&again).contains("--force"), "{}", errors(&again));
    assert_eq!(files(&dir.path().join("may")), before);
    packed(dir.path(), "may", &["--min-calls", "1", "--force"]);
    assert_eq!(manifest(&dir.path().join("may"))["parameters"]["min_calls"], 1);

    fs::create_dir(dir.path().join("mine")).unwrap();
    fs::write(dir.path().join("mine/thesis.txt"), "years of work").unwrap();
    let refused = pack(dir.path(), "mine", &["--force"]);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(fs::read_to_string(dir.path().join("mine/thesis.txt")).unwrap(), "years of work");
    // What somebody put beside the files of a pack would go with it.
    fs::write(dir.path().join("may/signature.asc"), "signed").unwrap();
    let refused = pack(dir.path(), "may", &["--force"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(errors(&refused).contains("signature.asc"), "{}", errors(&refused));
    // Nothing unfinished is left.
    let left: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .filter(|it| it.starts_with('.'))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_made() {
    let dir = demo();
    let fails = |args: &[&str], told: &str| {
        let output = run(dir.path(), args);
        let errors = errors(&output);
        assert!(!output.status.success() && errors.contains(told), "{args:?}: {errors}");
        assert!(!dir.path().join("out").exists());
    };
    fails(&["pack", "--month", "2026-05", "--out", "out", "dumps"], "--tz");
    fails(&["pack", "--tz", "UTC", "--out", "out", "dumps"], "--month");
    fails(&[&MAY[..], &["--out", "no/where", "dumps"]].concat(), "cannot be made");
    fails(&[&MAY[..], &["--out", "dumps/out", "dumps"]].concat(), "would be read the next time");
    fails(&[&MAY[..], &["--out", "out", "--rules", "us-reg-g", "dumps"]].concat(), "us-reg-f");
    let broken = dir.path().join("broken.ndjson");
    fs::write(&broken, "{\n").unwrap();
    fails(&[&MAY[..], &["--out", "out", "--strict", "broken.ndjson"]].concat(), "nothing is written");
}

#[track_caller]
fn verdict(dir: &Path, args: &[&str]) -> (Option<i32>, Vec<(String, String, String)>) {
    let output = run(dir, &[&["verify", "--format", "json"], args].concat());
    let rows = json(&output)["rows"].as_array().unwrap().clone();
    let word = |row: &Value, key: &str| row[key].as_str().unwrap_or("").to_owned();
    let rows = rows
        .iter()
        .map(|it| (word(it, "check"), word(it, "file"), word(it, "result")))
        .filter(|it| it.2 != "same")
        .collect();
    (output.status.code(), rows)
}

fn row(check: &str, file: &str, result: &str) -> (String, String, String) {
    (check.to_owned(), file.to_owned(), result.to_owned())
}

#[test]
fn every_change_of_a_pack_shows() {
    let dir = demo();
    packed(dir.path(), "may", &[]);
    assert_eq!(verdict(dir.path(), &["may"]), (Some(0), vec![]));
    let at = |name: &str| dir.path().join("may").join(name);

    let csv = fs::read(at("frustration.csv")).unwrap();
    let mut other = csv.clone();
    let last = other.len() - 2;
    other[last] ^= 1;
    fs::write(at("frustration.csv"), other).unwrap();
    fs::write(at("notes.txt"), "mine").unwrap();
    fs::remove_file(at("report.xlsx")).unwrap();
    let (status, rows) = verdict(dir.path(), &["may"]);
    assert_eq!(status, Some(1));
    let expected = [
        row("file", "frustration.csv", "changed"),
        row("file", "report.xlsx", "missing"),
        row("file", "notes.txt", "unexpected"),
    ];
    assert_eq!(rows, expected);
    assert!(text(&run(dir.path(), &["verify", "may"])).contains("not the pack that was made"));
}

#[test]
fn books_that_do_not_balance_show_even_where_every_hash_fits() {
    let dir = demo();
    packed(dir.path(), "may", &[]);
    let path = dir.path().join("may/manifest.json");
    let honest = fs::read_to_string(&path).unwrap();
    let lines = manifest(&dir.path().join("may"))["accounting"]["lines"]["total"].as_u64().unwrap();
    fs::write(
        &path,
        honest.replace(&format!("{{\"total\":{lines},"), &format!("{{\"total\":{},", lines - 1)),
    )
    .unwrap();
    let (status, rows) = verdict(dir.path(), &["may"]);
    assert_eq!(status, Some(1));
    assert!(rows.contains(&row("ledger", "manifest.json", "changed")), "{rows:?}");
    assert!(rows.contains(&row("ledger", "report.json", "changed")), "{rows:?}");
    // A name that leads out of the folder is never followed.
    fs::write(&path, honest.replacen("\"file\":\"README.txt\"", "\"file\":\"../customers.csv\"", 1)).unwrap();
    let (status, rows) = verdict(dir.path(), &["may"]);
    assert_eq!(status, Some(1));
    assert!(rows.contains(&row("file", "../customers.csv", "changed")), "{rows:?}");
}

#[test]
fn a_pack_can_be_made_again_from_dumps_that_have_moved() {
    let dir = demo();
    packed(dir.path(), "may", &["--privacy", "full"]);
    assert_eq!(verdict(dir.path(), &["may", "--inputs", "dumps"]), (Some(0), vec![]));
    fs::rename(dir.path().join("dumps"), dir.path().join("archive")).unwrap();
    fs::rename(dir.path().join("archive/wazzap"), dir.path().join("archive/zz")).unwrap();
    fs::rename(dir.path().join("roster.csv"), dir.path().join("archive-roster.csv")).unwrap();
    let missing = run(dir.path(), &["verify", "may", "--inputs", "archive"]);
    assert!(errors(&missing).contains("--side-file"), "{}", errors(&missing));
    let moved = ["may", "--side-file", "archive-roster.csv", "--inputs", "archive"];
    assert_eq!(verdict(dir.path(), &moved), (Some(0), vec![]));

    // One line less is another input.
    let path = dir.path().join("archive/timelinesai/2026-05.ndjson");
    let lines = fs::read_to_string(&path).unwrap();
    fs::write(&path, lines.split_once('\n').unwrap().1).unwrap();
    let (status, rows) = verdict(dir.path(), &moved);
    assert_eq!((status, rows), (Some(1), vec![row("inputs", "dumps/timelinesai/2026-05.ndjson", "missing")]));
}

#[test]
fn a_forged_report_shows_when_the_pack_is_made_again() {
    let dir = demo();
    packed(dir.path(), "may", &[]);
    let at = |name: &str| dir.path().join("may").join(name);
    let csv = fs::read_to_string(at("kpi_by_agent.csv")).unwrap();
    let forged = csv.replacen("Neha Joshi", "Anil Verma", 1);
    assert_ne!(csv, forged);
    fs::write(at("kpi_by_agent.csv"), &forged).unwrap();
    let text = fs::read_to_string(at("manifest.json")).unwrap();
    let text = text.replace(&sha256(csv.as_bytes()), &sha256(forged.as_bytes())).replace(
        &format!("\"file\":\"kpi_by_agent.csv\",\"bytes\":{},", csv.len()),
        &format!("\"file\":\"kpi_by_agent.csv\",\"bytes\":{},", forged.len()),
    );
    fs::write(at("manifest.json"), text).unwrap();
    assert_eq!(verdict(dir.path(), &["may"]).0, Some(0), "hashes alone cannot show it");
    let (status, rows) = verdict(dir.path(), &["may", "--inputs", "dumps"]);
    assert_eq!(status, Some(1));
    assert_eq!(rows, [row("again", "kpi_by_agent.csv", "changed"), row("again", "manifest.json", "changed")]);
}

#[test]
fn a_pack_of_another_version_is_a_result_of_its_own() {
    let dir = demo();
    packed(dir.path(), "may", &[]);
    let path = dir.path().join("may/manifest.json");
    let build = manifest(&dir.path().join("may"))["made_by"]["build"].as_str().unwrap().to_owned();
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(&build, "0123456789abcdef")).unwrap();
    assert_eq!(
        verdict(dir.path(), &["may"]),
        (Some(0), vec![row("version", "manifest.json", "other_version")])
    );
    let (status, rows) = verdict(dir.path(), &["may", "--inputs", "dumps"]);
    assert_eq!(status, Some(1));
    let other =
        [row("again", "manifest.json", "other_version"), row("version", "manifest.json", "other_version")];
    assert_eq!(rows, other);
}

#[test]
fn a_pack_with_pseudonyms_needs_its_key_to_be_made_again() {
    let dir = demo();
    let key = dir.path().join("k");
    fs::write(&key, "0123456789abcdef0123456789abcdef").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    }
    packed(dir.path(), "may", &["--privacy", "pseudonym", "--key-file", "k"]);
    let whole: Vec<u8> = files(&dir.path().join("may")).into_iter().flat_map(|it| it.1).collect();
    assert!(!String::from_utf8_lossy(&whole).contains("0123456789abcdef0123456789abcdef"));
    let without = run(dir.path(), &["verify", "may", "--inputs", "dumps"]);
    assert!(errors(&without).contains("--key-file"), "{}", errors(&without));
    assert_eq!(verdict(dir.path(), &["may", "--key-file", "k", "--inputs", "dumps"]), (Some(0), vec![]));
}

#[test]
fn no_file_of_a_pack_holds_a_customer() {
    let dir = demo();
    packed(dir.path(), "may", &[]);
    let sessions =
        run(dir.path(), &["sessions", "dumps", "--customers", "customers.csv", "--format", "json"]);
    let mut hidden = BTreeSet::new();
    for row in json(&sessions)["sessions"].as_array().unwrap() {
        hidden.extend(
            row["customer"]
                .as_str()
                .map(|it| it.trim_start_matches("lid:").trim_start_matches('+').to_owned()),
        );
        hidden.extend(row["customer_name"].as_str().map(str::to_owned));
    }
    hidden.retain(|it| it.len() > 6);
    assert!(hidden.len() > 100);
    for (name, bytes, _) in files(&dir.path().join("may")) {
        if name.ends_with(".xlsx") {
            continue;
        }
        let text = String::from_utf8(bytes).unwrap();
        for it in &hidden {
            assert!(!text.contains(it.as_str()), "{name}: {it}");
        }
    }
}

#[test]
fn standard_input_makes_a_pack_too() {
    let dir = folder();
    let line =
        br#"{"event":"call.rejected","session":"desk","timestamp":1777888800000,"payload":{"id":"A1"}}"#;
    let output = run_with(dir.path(), &[&MAY[..], &["--out", "may", "-"]].concat(), line);
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(manifest(&dir.path().join("may"))["inputs"][0]["sha256"], sha256(line));
}

#[cfg(unix)]
#[test]
fn a_signal_leaves_nothing() {
    let dir = demo();
    // A pipe that nobody closes keeps the run reading.
    let mut child = callsift(dir.path())
        .args([&MAY[..], &["--out", "may", "-"]].concat())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let unfinished = || {
        fs::read_dir(dir.path())
            .unwrap()
            .any(|it| it.unwrap().file_name().to_string_lossy().starts_with(".callsift-"))
    };
    while !unfinished() {
        std::thread::yield_now();
    }
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(!unfinished() && !dir.path().join("may").exists());
}

/// Everything that a pack holds as JSON is what `callsift schema` says of it.
#[test]
fn every_json_of_a_pack_meets_its_schema() {
    let dir = demo();
    packed(dir.path(), "may", &["--min-calls", "12"]);
    let mut checked = 0;
    for (name, bytes, _) in files(&dir.path().join("may")).iter().filter(|it| it.0.ends_with(".json")) {
        let document: Value = serde_json::from_slice(bytes).unwrap();
        let command = document["schema"].as_str().unwrap().trim_start_matches("callsift.").to_owned();
        let command = command.split(['/', '-']).next().unwrap();
        let schema = json(&run(dir.path(), &["schema", command]));
        let faults: Vec<String> = jsonschema::draft202012::new(&schema)
            .unwrap()
            .iter_errors(&document)
            .map(|it| format!("{name}: {it} at {}", it.instance_path()))
            .collect();
        assert_eq!(faults, Vec::<String>::new());
        checked += 1;
    }
    assert!(checked > 9, "{checked}");
    let verdict = json(&run(dir.path(), &["verify", "may", "--format", "json"]));
    let schema = json(&run(dir.path(), &["schema", "verify"]));
    assert!(jsonschema::draft202012::new(&schema).unwrap().is_valid(&verdict));
}

#[test]
fn invalid_lines_are_written_out_beside_the_pack() {
    let dir = folder();
    fs::write(dir.path().join("a.ndjson"), "{broken\n").unwrap();
    let output = run(dir.path(), &[&MAY[..], &["--out", "may", "--rejects", "bad", "a.ndjson"]].concat());
    assert_eq!(output.status.code(), Some(3));
    assert!(fs::read_to_string(dir.path().join("bad")).unwrap().contains("{broken"));
}

#[test]
fn what_is_hidden_in_a_manifest_cannot_be_made_again_from_it() {
    let dir = demo();
    let agent = ["--agent", "Neha Joshi", "--agent-privacy", "mask"];
    for more in [&["--customer", "+915551857854"][..], &agent] {
        packed(dir.path(), "may", more);
        let text = fs::read_to_string(dir.path().join("may/manifest.json")).unwrap();
        assert!(!text.contains("5551857854") && !text.contains("Neha"), "{text}");
        let again = run(dir.path(), &["verify", "may", "--inputs", "dumps"]);
        assert_eq!(again.status.code(), Some(2));
        assert!(errors(&again).contains("hidden by --privacy"), "{}", errors(&again));
        assert_eq!(verdict(dir.path(), &["may"]), (Some(0), vec![]), "the files are fine");
        fs::remove_dir_all(dir.path().join("may")).unwrap();
    }
}

#[test]
fn another_key_is_no_forgery() {
    let dir = demo();
    for (name, key) in [("one", "0123456789abcdef"), ("two", "0123456789abcdeg")] {
        fs::write(dir.path().join(name), key).unwrap();
        #[cfg(unix)]
        fs::set_permissions(dir.path().join(name), std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
    }
    packed(dir.path(), "may", &["--privacy", "pseudonym", "--key-file", "one"]);
    let again = run(dir.path(), &["verify", "may", "--key-file", "two", "--inputs", "dumps"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(errors(&again).contains("another key"), "{}", errors(&again));
}

#[test]
fn a_manifest_decides_nothing_that_a_pack_does_not_record() {
    let dir = demo();
    packed(dir.path(), "may", &[]);
    let path = dir.path().join("may/manifest.json");
    let honest = fs::read_to_string(&path).unwrap();
    let (before, after) = honest.split_once("\"arguments\": [").unwrap();
    for (option, value) in [
        ("files_from", "/etc/passwd"),
        ("rejects", "planted"),
        ("out", "planted"),
        ("config", "/etc/passwd"),
        ("agents", "/etc/passwd"),
        ("tz=UTC --rejects", "planted"),
    ] {
        let planted = format!("{{\"option\":\"{option}\",\"value\":\"{value}\"}},");
        fs::write(&path, format!("{before}\"arguments\": [{planted}{after}")).unwrap();
        let output = run(dir.path(), &["verify", "may", "--inputs", "dumps"]);
        assert_eq!(output.status.code(), Some(2), "{option}");
        assert!(errors(&output).contains("nothing that a pack records"), "{option}: {}", errors(&output));
        assert!(!dir.path().join("planted").exists());
    }
}

#[test]
fn digests_of_lines_are_keyed_where_people_have_pseudonyms() {
    let dir = demo();
    fs::write(dir.path().join("k"), "0123456789abcdef").unwrap();
    #[cfg(unix)]
    fs::set_permissions(dir.path().join("k"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    packed(dir.path(), "may", &["--privacy", "pseudonym", "--key-file", "k"]);
    let rows = fs::read_to_string(dir.path().join("may/sessions.ndjson")).unwrap();
    assert!(rows.contains("hmac_sha256") && !rows.contains("\"sha256\""));
    assert_eq!(verdict(dir.path(), &["may", "--key-file", "k", "--inputs", "dumps"]), (Some(0), vec![]));
}

#[test]
fn dumps_that_are_not_at_hand_say_nothing_against_a_pack() {
    let dir = demo();
    packed(dir.path(), "may", &[]);
    let output = run(dir.path(), &["verify", "may", "--inputs", "dumps/wawp"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("every file is as it was made, but"), "{}", text(&output));
}

/// A signal while the new pack takes the old one's place leaves one of them whole.
#[cfg(unix)]
#[test]
fn a_signal_at_the_last_moment_leaves_a_whole_pack() {
    let dir = demo();
    packed(dir.path(), "may", &[]);
    for round in 0..12 {
        let mut child = callsift(dir.path())
            .args([&MAY[..], &SIDES, &["--out", "may", "--force", "--quiet", "dumps"]].concat())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // The later files of a pack are among the last steps; each round stops at another of them.
        let late =
            ["kpi_by_agent.csv", "report.json", "report.xlsx", "sessions.ndjson", "manifest.json"][round % 5];
        let begun = || {
            fs::read_dir(dir.path()).unwrap().flatten().any(|it| {
                it.file_name().to_string_lossy().starts_with(".callsift-") && it.path().join(late).exists()
            })
        };
        while !begun() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _ = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        let status = child.wait().unwrap().code();
        assert!([Some(0), Some(143)].contains(&status), "{status:?}");
        assert_eq!(verdict(dir.path(), &["may"]), (Some(0), vec![]), "round {round}");
        let left = fs::read_dir(dir.path()).unwrap().flatten();
        let left: Vec<_> = left
            .map(|it| it.file_name())
            .filter(|it| it.to_string_lossy().starts_with(".callsift-"))
            .collect();
        assert!(left.is_empty(), "round {round}: {left:?}");
    }
}
