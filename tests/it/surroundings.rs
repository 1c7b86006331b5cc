//! What the program asks of the system: files that it was told of, and nothing else; and what becomes of a
//! run whose program is at fault.

use std::fs;
use std::process::{Command, Stdio};

use crate::cli::{DECLINED, INVALID, ends, names_in, says, sh, story};
use crate::support::{callsift, errors, folder, gzip, has_tool, root, run, run_with, text};

#[test]
fn nothing_is_asked_of_the_network_and_nothing_is_run() {
    if !has_tool("strace") || !sh(root(), "strace -f -o /dev/null true").status.success() {
        eprintln!("notice: no strace that works here; what the program asks of the system is not tested");
        return;
    }
    let home = folder();
    fs::create_dir(home.path().join("dumps")).unwrap();
    fs::write(home.path().join("dumps/a.ndjson"), story(DECLINED)).unwrap();
    fs::write(home.path().join("callsift.toml"), "").unwrap();
    for (name, text) in [("agents.csv", "label,agent\n"), ("roster.csv", "instance,agent\n")] {
        fs::write(home.path().join(name), text).unwrap();
    }
    let log = folder();
    let log = log.path().join("log");
    let traced = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=%network,%process,open,openat,openat2,creat", "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_callsift"))
        .args(["report", "dumps", "--agents", "agents.csv", "--roster", "roster.csv"])
        .args(["--format", "html", "-o", "page.html", "--rejects", "rejects"])
        .current_dir(home.path())
        // Cargo tells the loader to look in its own folders first.
        .env_remove("LD_LIBRARY_PATH")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    ends(&traced, 0);
    let log = fs::read_to_string(log).unwrap();
    let ours = ["dumps", "dumps/a.ndjson", "agents.csv", "roster.csv", "callsift.toml"];
    // What the loader, the C library and the runtime look at.
    let system = ["/lib", "/usr/lib", "/etc/ld.so.", "/proc/", "/sys/", "/dev/null", "/dev/stdin"];
    let mut opened = Vec::new();
    let mut run = 0;
    for call in log.lines() {
        let call = call.trim_start_matches(|it: char| it.is_ascii_digit() || it == ' ');
        let name = call.split('(').next().unwrap();
        match name {
            "open" | "openat" | "openat2" | "creat" => {
                let path = call.split('"').nth(1).unwrap();
                let unfinished = path.contains(".callsift-") && path.ends_with(".unfinished");
                let folder = path == home.path().to_str().unwrap() || path == ".";
                let of_ours = ours.contains(&path.trim_start_matches("./")) || unfinished || folder;
                assert!(of_ours || system.iter().any(|it| path.starts_with(it)), "{call}");
                opened.push(path);
            }
            "execve" | "execveat" => run += 1,
            // Its own threads, and how it ends.
            "clone" | "clone3" => assert!(call.contains("CLONE_THREAD"), "{call}"),
            "exit" | "exit_group" | "wait4" | "waitid" => {}
            // Which threads talk to each other by; it leads nowhere else.
            "socketpair" => {}
            _ if name.starts_with(['<', '+', '-']) => {}
            "recvfrom" | "sendto" => {}
            _ => panic!("{call}"),
        }
    }
    assert_eq!(run, 1, "the program itself alone is run: {log}");
    assert!(opened.contains(&"callsift.toml") && opened.contains(&"dumps/a.ndjson"), "{opened:?}");
}

#[test]
fn without_a_network_the_answer_is_the_same() {
    if !has_tool("unshare") || !sh(root(), "unshare -n true").status.success() {
        eprintln!("notice: no network can be taken away here; that none is needed is not tested");
        return;
    }
    let report = "callsift report fixtures/demo --format html";
    let cut_off = sh(root(), &format!("unshare -n {report}"));
    ends(&cut_off, 0);
    assert!(cut_off.stdout == sh(root(), report).stdout);
}

#[test]
fn a_configuration_lies_in_the_working_folder_and_nowhere_else() {
    let home = folder();
    let broken = "this is no configuration";
    let user = home.path().join("user");
    let places = ["callsift.toml", "dumps/callsift.toml", "user/callsift.toml", "user/.callsift.toml"];
    let more = [
        "user/.config/callsift.toml",
        "user/.config/callsift/callsift.toml",
        "user/.config/callsift/config.toml",
    ];
    for place in places.iter().chain(&more) {
        let path = home.path().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, broken).unwrap();
    }
    fs::create_dir(home.path().join("work")).unwrap();
    fs::write(home.path().join("dumps/a.ndjson"), story(DECLINED)).unwrap();
    let in_work = |folder: &str| {
        callsift(&home.path().join(folder))
            .args(["kpi", &home.path().join("dumps").display().to_string(), "--format", "csv"])
            .env("HOME", &user)
            .env("XDG_CONFIG_HOME", user.join(".config"))
            .output()
            .unwrap()
    };
    let output = in_work("work");
    ends(&output, 0);
    assert_eq!(errors(&output), "");
    // The same in its place is read, and said to be wrong.
    let output = in_work(".");
    ends(&output, 2);
    says(&errors(&output), &["callsift.toml"]);
}

// ---- Faults of the program -----------------------------------------------------------------------

/// What builds for testing fail on.
const FAULTY: &str = "{\"callsift\":\"fail on this line\"}\n";

#[test]
fn a_panic_in_a_worker_ends_the_run_and_names_the_line() {
    // The program is built as the tests are.
    if !cfg!(debug_assertions) {
        let output = run_with(root(), &["kpi", "-q"], FAULTY.as_bytes());
        ends(&output, 0);
        return;
    }
    let home = folder();
    let good = INVALID.repeat(3000) + &String::from_utf8(story(DECLINED)).unwrap();
    let place = good.lines().count() + 1;
    let dump = format!("{good}{FAULTY}{good}");
    fs::write(home.path().join("a\u{1b}.ndjson"), &dump).unwrap();
    fs::write(home.path().join("b.gz"), gzip(dump.as_bytes())).unwrap();
    for name in ["out", "rejects"] {
        fs::write(home.path().join(name), "old").unwrap();
    }
    let check = |args: &[&str], place: &str| {
        for jobs in ["1", "4"] {
            let more = ["-q", "-o", "out", "--rejects", "rejects", "--block-bytes", "5000", "--jobs", jobs];
            let output = run_with(home.path(), &[args, &more].concat(), dump.as_bytes());
            ends(&output, 5);
            let told = errors(&output);
            assert!(told.starts_with("error: internal fault at src/read.rs:"), "{told}");
            says(&told, &[place, "named outputs are as they were", "please report it"]);
            assert_eq!(told.lines().count(), 1, "{told}");
            assert!(!told.contains('\u{1b}') && !told.contains("RUST_BACKTRACE"), "{told}");
            for name in ["out", "rejects"] {
                assert_eq!(fs::read_to_string(home.path().join(name)).unwrap(), "old");
            }
            assert_eq!(names_in(home.path()), ["a\u{1b}.ndjson", "b.gz", "out", "rejects"]);
        }
    };
    check(&["sessions", "a\u{1b}.ndjson"], &format!("while reading a\\u{{1b}}.ndjson:{place} "));
    check(&["report", "b.gz"], &format!("while reading b.gz:{place} "));
    check(&["kpi", "-"], &format!("while reading -:{place} "));
    let pack = ["pack", "--month", "2026-05", "--tz", "UTC", "--out", "may", "b.gz", "--rejects", "rejects"];
    let output = run(home.path(), &pack);
    ends(&output, 5);
    assert_eq!(text(&output), "");
    assert_eq!(names_in(home.path()), ["a\u{1b}.ndjson", "b.gz", "out", "rejects"]);
}
