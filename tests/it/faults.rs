//! Outputs under everything that can go wrong with them: devices that are full, limits, system calls that
//! fail at every place, signals at any moment. What was there before is there, or all of the new.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use callsift::cli::{Env, Exit};

use crate::answers::FORMATS;
use crate::cli::{DECLINED, INVALID, ends, fifo, names_in, over_dumps, says, sh, story, with};
use crate::support::{as_nobody, callsift, errors, folder, has_tool, root, run, text};

/// A folder with a dump of an invalid line and a call, and two old outputs.
fn two_old() -> tempfile::TempDir {
    let home = folder();
    fs::write(home.path().join("in.ndjson"), [INVALID.as_bytes(), &story(DECLINED)].concat()).unwrap();
    for name in ["out", "rejects"] {
        fs::write(home.path().join(name), "old").unwrap();
    }
    home
}

const TWO: [&str; 7] = ["sessions", "in.ndjson", "--quiet", "-o", "out", "--rejects", "rejects"];

/// Whether both outputs are new; never one alone, and nothing unfinished beside them.
#[track_caller]
fn both_are_new(home: &Path, what: &str) -> bool {
    let is_new = |name: &str| fs::read(home.join(name)).unwrap() != b"old";
    let new = (is_new("out"), is_new("rejects"));
    assert_eq!(new.0, new.1, "{what}: one output is new, the other is old");
    if new.0 {
        let (out, rejects) = (fs::read_to_string(home.join("out")), fs::read_to_string(home.join("rejects")));
        assert!(out.unwrap().contains("rejected") && rejects.unwrap().ends_with(INVALID), "{what}");
    }
    assert_eq!(names_in(home), ["in.ndjson", "out", "rejects"], "{what}");
    new.0
}

/// The program inside this process, with a standard output of our own.
fn printing(args: &[&str], out: &mut dyn Write) -> (Exit, String) {
    let argv: Vec<OsString> =
        std::iter::once("callsift").chain(args.iter().copied()).map(Into::into).collect();
    let mut err = Vec::new();
    let exit = callsift::cli::run(&argv, &Env::default(), out, &mut err);
    (exit, String::from_utf8(err).unwrap())
}

/// What every command prints, in every format that it has.
fn printers() -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for command in over_dumps() {
        let mut formats = FORMATS.to_vec();
        if command[0] == "check" {
            formats.extend(["github", "junit"]);
        }
        all.extend(formats.iter().map(|it| {
            let dump = root().join(DECLINED);
            with(&command, &[dump.to_str().unwrap(), "--quiet", "--format", it])
                .iter()
                .map(|it| (*it).to_owned())
                .collect()
        }));
    }
    for alone in [
        &["define"][..],
        &["define", "calls"],
        &["config", "show"],
        &["config", "show", "kpi"],
        &["schema", "kpi"],
        &["man"],
        &["completions", "bash"],
        &["synth", "--shape", "calls", "--calls", "3"],
        &["--help"],
        &["help", "kpi"],
        &["kpi", "--help"],
        &["--version"],
    ] {
        all.push(alone.iter().map(|it| (*it).to_owned()).collect());
    }
    all
}

/// Fails at one call, or from one on.
struct Faulty {
    taken: Vec<u8>,
    good: usize,
    once: bool,
    failed: bool,
    kind: io::ErrorKind,
}

impl Faulty {
    fn call(&mut self) -> io::Result<()> {
        if self.good > 0 || self.once && self.failed {
            self.good = self.good.saturating_sub(1);
            return Ok(());
        }
        self.failed = true;
        Err(self.kind.into())
    }
}

impl Write for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call()?;
        self.taken.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.call()
    }
}

#[test]
fn whatever_cannot_be_printed_is_told_by_every_command_in_every_format() {
    let mut tried = 0;
    for args in printers() {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut whole = Vec::new();
        printing(&args, &mut whole);
        for (kind, once) in [
            (io::ErrorKind::StorageFull, false),
            (io::ErrorKind::StorageFull, true),
            (io::ErrorKind::BrokenPipe, false),
        ] {
            for good in 0.. {
                let mut out = Faulty { taken: Vec::new(), good, once, failed: false, kind };
                let (exit, told) = printing(&args, &mut out);
                let what = format!("{args:?} {kind:?} at call {good}, once: {once}: {exit:?} {told}");
                if !out.failed {
                    assert!(good > 0 && exit == Exit::Complete && told.is_empty(), "{what}");
                    break;
                }
                tried += 1;
                if kind == io::ErrorKind::BrokenPipe {
                    assert!(exit == Exit::Complete && told.is_empty(), "{what}");
                } else if exit != Exit::Complete || !once {
                    assert_eq!(exit, Exit::Unwritten, "{what}");
                    assert!(told.starts_with("error: standard output cannot be written"), "{what}");
                } else {
                    // What is flushed twice may fail once, if nothing is missing.
                    assert!(out.taken == whole, "{what}");
                }
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

/// A device that is full, where there is one.
fn full() -> Option<fs::File> {
    let it = fs::OpenOptions::new().write(true).open("/dev/full").ok();
    if it.is_none() {
        eprintln!("notice: no /dev/full; outputs on a full device are not tested");
    }
    it
}

#[test]
fn a_full_device_is_told_whatever_goes_there() {
    let home = two_old();
    let pack = ["pack", "--month", "2026-05", "--tz", "UTC", "--out", "may", "in.ndjson"];
    ends(&run(home.path(), &[&pack[..], &["--quiet"]].concat()), 3);
    ends(&run(home.path(), &["kpi", "in.ndjson", "--format", "json", "-o", "kpi.json"]), 3);
    let printed: [&[&str]; 9] = [
        &["report", "in.ndjson", "--format", "xlsx"],
        &["check", "in.ndjson", "--max-orphans", "9", "--format", "junit"],
        &["verify", "may"],
        &["compare", "kpi.json", "kpi.json"],
        &["schema", "kpi"],
        &["config", "show"],
        &["define"],
        &["--version"],
        &["synth", "--shape", "mixed", "--calls", "9"],
    ];
    for args in printed {
        let Some(full) = full() else { return };
        let output = callsift(home.path()).args(args).stdout(full).stderr(Stdio::piped()).output().unwrap();
        ends(&output, 4);
        says(&errors(&output), &["error: standard output cannot be written", "No space left on device"]);
    }
    // A pack is there all the same; its digest was not told.
    let Some(full) = full() else { return };
    let again = [&pack[..], &["--force"]].concat();
    let output = callsift(home.path()).args(again).stdout(full).stderr(Stdio::piped()).output().unwrap();
    ends(&output, 4);
    says(&errors(&output), &["may is made, but standard output", "No space left on device"]);
    // Named outputs, each of two.
    for [out, rejects] in [["/dev/full", "rejects"], ["out", "/dev/full"]] {
        let output = run(home.path(), &["sessions", "in.ndjson", "-q", "-o", out, "--rejects", rejects]);
        ends(&output, 4);
        says(&errors(&output), &["error: /dev/full cannot be written: No space left", "nothing was written"]);
        for name in ["out", "rejects"] {
            assert_eq!(fs::read_to_string(home.path().join(name)).unwrap(), "old");
        }
    }
    let output = run(home.path(), &["synth", "--shape", "calls", "--calls", "9", "-o", "/dev/full"]);
    ends(&output, 4);
    says(&errors(&output), &["error: /dev/full cannot be written"]);
}

#[test]
fn a_closed_standard_output_is_noticed() {
    let home = two_old();
    for command in ["kpi in.ndjson -q", "--help", "--version", "man", "define calls", "synth --shape calls"] {
        let output = sh(home.path(), &format!("callsift {command} 1</dev/null"));
        ends(&output, 4);
        says(&errors(&output), &["error: standard output cannot be written"]);
        // Closed, it cannot be told from a null device that somebody wanted: said, and no failure.
        let lost = "note: standard output is closed, or is the null device";
        for (stdout, told) in [(">&-", true), ("1<>/dev/null", true), (">/dev/null", false), ("| cat", false)]
        {
            let output = sh(home.path(), &format!("callsift {command} {stdout}"));
            assert!([Some(0), Some(3)].contains(&output.status.code()), "{command} {stdout}");
            assert_eq!(errors(&output).contains(lost), told, "{command} {stdout}: {}", errors(&output));
        }
    }
    // What goes to files needs none.
    let output = sh(home.path(), &format!("callsift {} >&-", TWO.join(" ")));
    ends(&output, 3);
    assert!(both_are_new(home.path(), "closed"));
    assert!(!errors(&output).contains("standard output"), "{}", errors(&output));
    // Nobody hears the messages; the status tells.
    ends(&sh(home.path(), "callsift kpi in.ndjson 2>&-"), 3);
    ends(&sh(home.path(), "callsift kpi in.ndjson 1</dev/null 2>&-"), 4);
}

#[test]
fn a_reader_that_leaves_takes_nothing_from_files_and_gates() {
    let home = two_old();
    let script = |command: &str| {
        let script = format!("{{ callsift {command}; echo $? >status; }} 2>told | true");
        // The reader is gone before anything is written.
        sh(home.path(), &script.replace("{ callsift", "{ sleep 0.2; callsift"));
        let status = fs::read_to_string(home.path().join("status")).unwrap();
        let told = fs::read_to_string(home.path().join("told")).unwrap();
        assert!(!told.contains("error") && !told.contains("hint"), "{command}: {told}");
        for name in ["status", "told"] {
            fs::remove_file(home.path().join(name)).unwrap();
        }
        status.trim().to_owned()
    };
    assert_eq!(script("sessions in.ndjson -q --tolerate-invalid 1 --rejects rejects"), "0");
    let rejects = fs::read_to_string(home.path().join("rejects")).unwrap();
    assert!(rejects.ends_with(INVALID), "{rejects}");
    assert_eq!(script("check in.ndjson -q --max-invalid 0"), "1");
}

// ---- Where outputs may go ------------------------------------------------------------------------

#[test]
fn a_wrong_place_is_told_before_reading_whichever_output_it_is() {
    let home = two_old();
    fs::create_dir(home.path().join("closed")).unwrap();
    symlink("circle", home.path().join("circle")).unwrap();
    symlink("missing/file", home.path().join("nowhere")).unwrap();
    // Standard input stays open and empty: whoever reads it waits for ever.
    let cases: [&[&str]; 8] = [
        &["sessions", "-", "-o", "out", "--rejects", "missing/rejects"],
        &["sessions", "-", "-o", "missing/out", "--rejects", "rejects"],
        &["sessions", "-", "-o", "closed", "--rejects", "rejects"],
        &["sessions", "-", "-o", "circle"],
        &["sessions", "-", "-o", "nowhere"],
        &["sessions", "-", "-o", "in.ndjson/out"],
        &["pack", "--month", "2026-05", "--tz", "UTC", "--out", "missing/may", "-"],
        &["pack", "--month", "2026-05", "--tz", "UTC", "--out", "may", "--rejects", "missing/x", "-"],
    ];
    for args in cases {
        let mut child = callsift(home.path())
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let open = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop(open);
        ends(&output, 4);
        let told = errors(&output);
        assert!(told.starts_with("error: ") && told.contains("nothing was written"), "{args:?}: {told}");
        assert!(!told.contains(".unfinished"), "{args:?}: {told}");
        let names = ["circle", "closed", "in.ndjson", "nowhere", "out", "rejects"];
        assert_eq!(names_in(home.path()), names, "{args:?}");
        assert_eq!(fs::read_to_string(home.path().join("out")).unwrap(), "old");
    }
}

#[test]
fn a_folder_that_is_closed_to_us_is_told() {
    let home = two_old();
    let closed = home.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::write(closed.join("out"), "old").unwrap();
    let Some(mut command) = as_nobody(home.path()) else { return };
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o555)).unwrap();
    let output = command.args(["sessions", "in.ndjson", "-q", "-o", "closed/out"]).output().unwrap();
    ends(&output, 4);
    says(&errors(&output), &["closed/out cannot be written: its folder does not let you write"]);
    assert_eq!(fs::read_to_string(closed.join("out")).unwrap(), "old");
    let Some(mut command) = as_nobody(home.path()) else { return };
    let pack = ["pack", "--month", "2026-05", "--tz", "UTC", "--out", "closed/may", "in.ndjson"];
    let output = command.args(pack).output().unwrap();
    ends(&output, 4);
    says(&errors(&output), &["closed/may cannot be made: its folder does not let you write"]);
}

#[test]
fn an_output_that_equals_an_input_is_refused_under_every_name() {
    let home = two_old();
    let at = |name: &str| home.path().join(name);
    fs::hard_link(at("in.ndjson"), at("hard")).unwrap();
    symlink("in.ndjson", at("soft")).unwrap();
    fs::write(at("agents.csv"), "label,agent\na,b\n").unwrap();
    fs::hard_link(at("agents.csv"), at("agents")).unwrap();
    let before = fs::read(at("in.ndjson")).unwrap();
    for target in ["in.ndjson", "hard", "soft", "./../in.ndjson"] {
        let target = target.replace("..", &format!("../{}", home.path().file_name().unwrap().display()));
        for flag in ["-o", "--rejects"] {
            let output = run(home.path(), &["kpi", "in.ndjson", flag, &target]);
            ends(&output, 2);
            says(&errors(&output), &[&target, "is an input; write to another file"]);
        }
    }
    let output = run(home.path(), &["kpi", "in.ndjson", "--agents", "agents.csv", "-o", "agents"]);
    ends(&output, 2);
    // Also where the shell has opened it, on either side.
    for script in [
        "callsift kpi in.ndjson >>in.ndjson",
        "callsift kpi . >>hard",
        "callsift kpi - <in.ndjson -o hard",
        "callsift kpi <in.ndjson 1<>soft",
    ] {
        let output = sh(home.path(), script);
        ends(&output, 2);
        says(&errors(&output), &["is an input"]);
    }
    assert_eq!(fs::read(at("in.ndjson")).unwrap(), before);
    // A pack would take rejects inside of it away.
    let pack = ["pack", "--month", "2026-05", "--tz", "UTC", "--out", "may", "in.ndjson", "-q"];
    ends(&run(home.path(), &pack), 3);
    let inside = [&pack[..], &["--force", "--rejects", "may/rejects"]].concat();
    let output = run(home.path(), &inside);
    ends(&output, 2);
    says(&errors(&output), &["--rejects", "lie in the pack may"]);
}

#[test]
fn outputs_are_for_their_owner_alone_from_the_first_byte() {
    let home = folder();
    let pipe = fifo(home.path(), "pipe");
    let mut child = Command::new("sh")
        .args(["-c", "umask 000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_callsift")])
        .args(["sessions", "pipe", "-q", "-o", "out", "--rejects", "rejects"])
        .current_dir(home.path())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut open = fs::OpenOptions::new().write(true).open(pipe).unwrap();
    let mode = |name: &str| fs::metadata(home.path().join(name)).unwrap().permissions().mode() & 0o777;
    let unfinished: Vec<String> =
        names_in(home.path()).into_iter().filter(|it| it.ends_with(".unfinished")).collect();
    assert_eq!(unfinished.len(), 2, "{unfinished:?}");
    for it in unfinished {
        assert_eq!(mode(&it), 0o600, "{it}");
    }
    open.write_all(INVALID.as_bytes()).unwrap();
    drop(open);
    child.wait().unwrap();
    assert_eq!((mode("out"), mode("rejects")), (0o600, 0o600));
}

// ---- Limits --------------------------------------------------------------------------------------

#[test]
fn a_limit_on_the_size_of_files_leaves_the_old_ones() {
    let home = two_old();
    let lines = INVALID.repeat(4000) + &String::from_utf8(story(DECLINED)).unwrap();
    fs::write(home.path().join("in.ndjson"), lines).unwrap();
    for blocks in [0, 1, 7, 64, 200] {
        let output = sh(home.path(), &format!("ulimit -f {blocks}; exec callsift {}", TWO.join(" ")));
        ends(&output, 4);
        says(&errors(&output), &["error: rejects cannot be written: File too large", "nothing was written"]);
        assert!(!both_are_new(home.path(), "limited"));
    }
    // What is printed breaks off, and that is told.
    let output = sh(home.path(), "ulimit -f 1; exec callsift kpi in.ndjson -q --format json >printed");
    ends(&output, 4);
    says(&errors(&output), &["standard output cannot be written to its end: File too large", "incomplete"]);
    fs::remove_file(home.path().join("printed")).unwrap();
    // A pack, of which some files are small enough.
    let pack = "callsift pack --month 2026-05 --tz UTC --out may in.ndjson -q";
    ends(&sh(home.path(), pack), 3);
    let before = names_in(&home.path().join("may"));
    for blocks in [0, 8, 40] {
        let output = sh(home.path(), &format!("ulimit -f {blocks}; exec {pack} --force"));
        ends(&output, 4);
        says(&errors(&output), &["error: may cannot be written: File too large"]);
        assert_eq!(names_in(home.path()), ["in.ndjson", "may", "out", "rejects"]);
        assert_eq!(names_in(&home.path().join("may")), before);
    }
    ends(&sh(home.path(), "callsift verify may >/dev/null"), 0);
}

#[test]
fn a_small_device_that_fills_up_leaves_the_old_file() {
    let home = two_old();
    fs::create_dir(home.path().join("small")).unwrap();
    let mounted = "mount -t tmpfs -o size=32k none small";
    if !has_tool("unshare") || !sh(home.path(), &format!("unshare -m sh -c '{mounted}'")).status.success() {
        eprintln!("notice: nothing can be mounted here; a device that fills up is not tested");
        return;
    }
    fs::write(home.path().join("in.ndjson"), INVALID.repeat(4000)).unwrap();
    let script = format!(
        "unshare -m sh -c '{mounted}; echo old >small/rejects; callsift kpi in.ndjson -q -o out --rejects \
         small/rejects; echo $?; ls -A small; cat small/rejects'"
    );
    let output = sh(home.path(), &script);
    assert_eq!(text(&output), "4\nrejects\nold\n", "{}", errors(&output));
    says(&errors(&output), &["error: small/rejects cannot be written: No space left on device"]);
    assert_eq!(fs::read_to_string(home.path().join("out")).unwrap(), "old");
}

// ---- System calls that fail ----------------------------------------------------------------------

/// Whether system calls can be made to fail here.
fn can_inject() -> bool {
    let can = has_tool("strace")
        && sh(root(), "strace -f -o /dev/null -e inject=write:error=EIO:when=9 true").status.success();
    if !can {
        eprintln!("notice: no strace that works here; system calls that fail are not tested");
    }
    can
}

/// Runs the program with a fault; tells whether it happened.
fn injected(home: &Path, fault: &str, args: &[&str]) -> (Output, bool) {
    let log = folder();
    let log = log.path().join("log");
    let calls = fault.split(':').next().unwrap();
    let output = Command::new("strace")
        .args(["-f", "-qq", "-e", &format!("trace={calls}"), "-e", &format!("inject={fault}"), "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_callsift"))
        .args(args)
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let happened = fs::read_to_string(log).unwrap().contains("(INJECTED)");
    (output, happened)
}

#[test]
fn every_system_call_that_fails_leaves_both_outputs_old_or_new() {
    if !can_inject() {
        return;
    }
    let home = two_old();
    let mut tried = 0;
    for (calls, error) in [("write", "ENOSPC"), ("fsync", "EIO"), ("rename,renameat,renameat2", "EDQUOT")] {
        for then in ["", "+"] {
            for at in 1.. {
                for name in ["out", "rejects"] {
                    fs::write(home.path().join(name), "old").unwrap();
                }
                let fault = format!("{calls}:error={error}:when={at}{then}");
                let (output, happened) = injected(home.path(), &fault, &TWO);
                let what = format!("{fault}: {:?} {}", output.status, errors(&output));
                let new = both_are_new(home.path(), &what);
                if !happened {
                    assert!(new && output.status.code() == Some(3) && at > 1, "{what}");
                    break;
                }
                tried += 1;
                // A message that nobody hears is no failure, and neither is an exchange that the file
                // system cannot do.
                match output.status.code() {
                    Some(3) => assert!(new, "{what}"),
                    Some(4) => assert!(
                        new == errors(&output).contains("does not say that it is stored")
                            || errors(&output).is_empty(),
                        "{what}"
                    ),
                    _ => panic!("{what}"),
                }
            }
        }
    }
    assert!(tried >= 12, "{tried}");
}

#[test]
fn a_pack_that_fails_anywhere_leaves_the_old_one() {
    if !can_inject() {
        return;
    }
    let home = two_old();
    let pack = ["pack", "--month", "2026-05", "--tz", "UTC", "--out", "may", "in.ndjson", "-q"];
    ends(&run(home.path(), &pack), 3);
    let manifest = || fs::read(home.path().join("may/manifest.json")).unwrap();
    let (before, names) = (manifest(), names_in(&home.path().join("may")));
    let again = [&pack[..], &["--min-calls", "3", "--force", "--rejects", "rejects"]].concat();
    for fault in [
        "write:error=ENOSPC:when=1+",
        "write:error=EIO:when=9",
        "write:error=ENOSPC:when=20+",
        "fsync:error=EIO:when=1",
        "fsync:error=EIO:when=12+",
        "rename,renameat,renameat2:error=EIO:when=1+",
        "rename,renameat,renameat2:error=EIO:when=2",
    ] {
        let (output, happened) = injected(home.path(), fault, &again);
        assert!(happened, "{fault}");
        assert_eq!(output.status.code(), Some(4), "{fault}: {}", errors(&output));
        assert!(before == manifest() && names == names_in(&home.path().join("may")), "{fault}");
        assert_eq!(fs::read_to_string(home.path().join("rejects")).unwrap(), "old", "{fault}");
        assert_eq!(names_in(home.path()), ["in.ndjson", "may", "out", "rejects"], "{fault}");
    }
    ends(&run(home.path(), &again), 3);
    assert!(before != manifest());
}

#[test]
fn all_is_stored_before_it_appears_and_the_manifest_is_written_last() {
    if !can_inject() {
        return;
    }
    let home = two_old();
    let log = home.path().join("log");
    let traced = Command::new("strace")
        .args(["-f", "-qq", "-y", "-e", "trace=openat,fsync,rename,renameat,renameat2", "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_callsift"))
        .args(["pack", "--month", "2026-05", "--tz", "UTC", "--out", "may", "in.ndjson", "-q"])
        .args(["--rejects", "rejects"])
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    ends(&traced, 3);
    let log = fs::read_to_string(log).unwrap();
    let calls: Vec<&str> = log.lines().collect();
    let places = |test: &dyn Fn(&str) -> bool| -> Vec<usize> {
        calls.iter().enumerate().filter(|(_, it)| test(it)).map(|(at, _)| at).collect()
    };
    let renamed = places(&|it| it.contains("rename"));
    let made = places(&|it| it.contains("O_EXCL") && it.contains(".unfinished/"));
    let synced = places(&|it| it.contains("fsync(") && it.contains(".unfinished"));
    // Each file of the pack, the folder, the rejects; then two renames, then the folder of both.
    assert!(made.len() > 10 && calls[made[made.len() - 1]].contains("manifest.json"), "{log}");
    assert_eq!((synced.len(), renamed.len()), (made.len() + 2, 2), "{log}");
    assert!(synced[synced.len() - 1] < renamed[0], "{log}");
    let after = places(&|it| it.contains("fsync(") && !it.contains(".unfinished"));
    assert!(after.iter().all(|it| *it > renamed[1]) && !after.is_empty(), "{log}");
}

// ---- Signals -------------------------------------------------------------------------------------

fn kill(signal: &str, child: &Child) {
    let script = format!("kill -{signal} {}", child.id());
    // It may have come to its end just now.
    let _ = Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status();
}

/// Moments of a run that takes so long, evenly spread but for what chance adds.
fn moments(whole: Duration, count: u32) -> impl Iterator<Item = Duration> {
    let mut chance = 20_261_120_u64;
    (0..count).map(move |at| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        whole * (at * 1000 + (chance >> 33) as u32 % 1000) / (count * 1000)
    })
}

/// Stops a run at many moments.
fn stop(home: &Path, args: &[&str], count: u32, check: impl Fn(&str, bool)) {
    let start = || {
        let mut command = callsift(home);
        command.args(args).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let began = Instant::now();
    assert!([Some(0), Some(3)].contains(&start().wait().unwrap().code()));
    let whole = began.elapsed();
    let mut stopped = 0;
    for (at, moment) in moments(whole * 11 / 10, count).enumerate() {
        let (signal, number, status) = [("INT", 2, 130), ("TERM", 15, 143), ("HUP", 1, 129)][at % 3];
        let mut child = start();
        sleep(moment);
        kill(signal, &child);
        let ended = child.wait().unwrap();
        let what = format!("{signal} after {moment:?} of {whole:?}: {ended:?}");
        // Before anything is begun the system ends the program.
        let by_system = std::os::unix::process::ExitStatusExt::signal(&ended) == Some(number);
        let done = [Some(0), Some(3)].contains(&ended.code());
        assert!(done || by_system || ended.code() == Some(status), "{what}");
        stopped += usize::from(ended.code() == Some(status));
        check(&what, done);
    }
    assert!(stopped >= count as usize / 3, "{stopped} of {count} were stopped");
}

#[test]
fn signals_at_any_moment_leave_both_outputs_old_or_new() {
    let home = two_old();
    let lines = INVALID.repeat(3000) + &String::from_utf8(story(DECLINED)).unwrap();
    fs::write(home.path().join("in.ndjson"), lines).unwrap();
    let old = || {
        for name in ["out", "rejects"] {
            fs::write(home.path().join(name), "old").unwrap();
        }
    };
    stop(home.path(), &TWO, 30, |what, done| {
        let new = both_are_new(home.path(), what);
        assert!(new || !done, "{what}");
        old();
    });
}

#[test]
fn signals_at_any_moment_leave_a_whole_pack() {
    let home = two_old();
    let pack = ["pack", "--month", "2026-05", "--tz", "UTC", "--out", "may", "in.ndjson", "-q", "--force"];
    stop(home.path(), &pack, 15, |what, _| {
        assert_eq!(names_in(home.path()), ["in.ndjson", "may", "out", "rejects"], "{what}");
        ends(&run(home.path(), &["verify", "may", "-q", "--format", "csv"]), 0);
    });
}

/// A run that waits for its input, with two outputs begun.
fn waiting(home: &Path, command: &mut Command) -> (Child, fs::File) {
    let pipe = fifo(home, "pipe");
    let child = command
        .args(["sessions", "pipe", "-q", "-o", "out", "--rejects", "rejects"])
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let open = fs::OpenOptions::new().write(true).open(pipe).unwrap();
    (child, open)
}

#[test]
fn what_a_killed_run_leaves_is_recognised_and_no_input() {
    let home = two_old();
    let (mut child, open) = waiting(home.path(), &mut callsift(home.path()));
    kill("KILL", &child);
    child.wait().unwrap();
    drop(open);
    fs::remove_file(home.path().join("pipe")).unwrap();
    let names = names_in(home.path());
    let left = |it: &&String| it.starts_with(".callsift-") && it.ends_with(".unfinished");
    assert_eq!(names.iter().filter(left).count(), 2, "{names:?}");
    assert_eq!(fs::read_to_string(home.path().join("out")).unwrap(), "old");
    // A pack that was not finished holds files that are called as dumps are.
    let pack = home.path().join(".callsift-aB3dEf.unfinished");
    fs::create_dir(&pack).unwrap();
    fs::write(pack.join("sessions.ndjson"), INVALID).unwrap();
    let output = run(home.path(), &["kpi", ".", "--format", "json"]);
    let lines = crate::support::json(&output)["accounting"]["lines"].clone();
    assert_eq!(lines["invalid"], 1, "{lines}");
    ends(&run(home.path(), &TWO), 3);
}

#[test]
fn a_second_signal_does_not_wait() {
    const MANY: usize = 60_000;
    let home = two_old();
    let pipe = fifo(home.path(), "pipe");
    let mut child = callsift(home.path())
        .args(["pack", "--month", "2026-05", "--tz", "UTC", "--out", "may", "pipe", "-q"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let open = fs::OpenOptions::new().write(true).open(pipe).unwrap();
    let names = names_in(home.path());
    let unfinished = names.iter().find(|it| it.ends_with(".unfinished")).unwrap();
    // It takes a while to remove so much.
    let unfinished = home.path().join(unfinished);
    for at in 0..MANY {
        fs::File::create(unfinished.join(at.to_string())).unwrap();
    }
    let left = || fs::read_dir(&unfinished).map_or(0, Iterator::count);
    kill("INT", &child);
    while left() == MANY {
        sleep(Duration::from_millis(1));
    }
    kill("INT", &child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(left() > 0, "the second signal waited until all was removed");
    drop(open);
}

#[test]
fn a_run_under_nohup_outlives_its_terminal() {
    let home = two_old();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_callsift")]);
    let (mut child, mut open) = waiting(home.path(), &mut command);
    kill("HUP", &child);
    open.write_all(&[INVALID.as_bytes(), &story(DECLINED)].concat()).unwrap();
    drop(open);
    assert_eq!(child.wait().unwrap().code(), Some(3));
    fs::remove_file(home.path().join("pipe")).unwrap();
    assert!(both_are_new(home.path(), "ignored"));
}

// ---- Terminals -----------------------------------------------------------------------------------

#[test]
fn progress_and_colour_stay_on_the_terminal() {
    if !has_tool("script") {
        return;
    }
    let home = folder();
    let dump = root().join("fixtures/demo");
    let dump = dump.display();
    // Long enough for a bar; the answer goes to a file, messages to a terminal of a few columns.
    for columns in ["0", "1", "7"] {
        let inner = format!(
            "stty cols {columns}; {{ cat {dump}/wazzap/*; sleep 1.2; cat {dump}/doubletick/*; }} | callsift kpi - -o out"
        );
        let output = sh(home.path(), &format!("script -qec '{inner}' /dev/null"));
        ends(&output, 0);
        let written = fs::read_to_string(home.path().join("out")).unwrap();
        assert!(!written.contains(['\u{1b}', '\r']) && written.contains("Total"), "{written}");
        fs::remove_file(home.path().join("out")).unwrap();
    }
}

#[test]
fn standard_input_may_be_closed_too() {
    let home = two_old();
    let output = sh(home.path(), "callsift sessions in.ndjson -q -o out --rejects rejects <&- >&- 2>&-");
    ends(&output, 3);
    assert!(both_are_new(home.path(), "all closed"));
    let mut printed = Vec::new();
    fs::File::open(home.path().join("out")).unwrap().read_to_end(&mut printed).unwrap();
    assert!(!printed.is_empty());
}
