//! Files that are missing, closed, changing, endless, many or oddly named, and inputs that are far larger
//! than the memory: the others are read, and what is not is named.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::cli::{ANSWERED, DECLINED, INVALID, SESSIONS, ends, fifo, says, sh, story};
use crate::support::{as_nobody, callsift, errors, folder, gzip, has_tool, json, run, text};

/// A folder with `a.ndjson`, in which a call is declined, and `c.ndjson`, in which one is answered.
fn two_dumps() -> tempfile::TempDir {
    let home = folder();
    fs::write(home.path().join("a.ndjson"), story(DECLINED)).unwrap();
    fs::write(home.path().join("c.ndjson"), story(ANSWERED)).unwrap();
    home
}

#[track_caller]
fn outcomes(output: &Output) -> Vec<String> {
    let sessions = json(output)["sessions"].as_array().unwrap().clone();
    let mut outcomes: Vec<String> =
        sessions.iter().map(|it| it["outcome"].as_str().unwrap().to_owned()).collect();
    outcomes.sort();
    outcomes
}

fn call(id: usize) -> String {
    let at = 1_777_888_800_000 + id * 1000;
    format!(
        "{{\"event\":\"call.received\",\"session\":\"desk\",\"timestamp\":{at},\"payload\":{{\"id\":\"{id:032X}\"}}}}\n"
    )
}

/// The books of a run, which must balance.
#[track_caller]
fn lines(output: &Output) -> Value {
    let lines = json(output)["accounting"]["lines"].clone();
    let sum: u64 =
        ["call", "reaction", "other", "invalid", "blank"].iter().map(|it| lines[it].as_u64().unwrap()).sum();
    assert_eq!(lines["total"], sum, "{lines}");
    lines
}

// ---- Some of the files are bad -------------------------------------------------------------------

#[test]
fn a_bad_file_at_any_place_is_named_and_the_others_are_read() {
    let home = two_dumps();
    let at = |name: &str| home.path().join(name);
    fs::create_dir(at("folder")).unwrap();
    fs::write(at("cut.gz"), &gzip(&story(DECLINED))[..30]).unwrap();
    symlink("circle", at("circle")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    let _socket = UnixListener::bind(at("socket")).unwrap();
    let bad = ["missing", "folder", "cut.gz", "circle", "dangling", "socket", "/dev/zero", "a.ndjson/x"];
    for bad in bad {
        for order in
            [[bad, "a.ndjson", "c.ndjson"], ["a.ndjson", bad, "c.ndjson"], ["c.ndjson", "a.ndjson", bad]]
        {
            let output = run(home.path(), &[&SESSIONS[..], &order].concat());
            ends(&output, 3);
            assert_eq!(outcomes(&output), ["answered", "rejected"], "{order:?}");
            let told = errors(&output);
            assert!(told.starts_with(&format!("error: {bad}: ")), "{told}");
            assert_eq!(told.matches("error: ").count(), 1, "{told}");
        }
    }
}

#[test]
fn files_and_folders_that_are_closed_to_us_are_named() {
    let home = two_dumps();
    let at = |name: &str| home.path().join(name);
    fs::write(at("b.ndjson"), story(DECLINED)).unwrap();
    fs::create_dir_all(at("dumps/closed")).unwrap();
    fs::create_dir_all(at("dumps/unlisted")).unwrap();
    fs::write(at("dumps/closed/x.ndjson"), story(DECLINED)).unwrap();
    fs::write(at("dumps/unlisted/x.ndjson"), story(DECLINED)).unwrap();
    let Some(mut command) = as_nobody(home.path()) else { return };
    let modes = [("b.ndjson", 0o000), ("dumps/closed", 0o000), ("dumps/unlisted", 0o311)];
    for (name, mode) in modes {
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
    }
    let paths = ["a.ndjson", "b.ndjson", "c.ndjson", "dumps"];
    let output = command.args(SESSIONS).args(paths).output().unwrap();
    for (name, _) in modes {
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    ends(&output, 3);
    assert_eq!(outcomes(&output), ["answered", "rejected"]);
    let told = errors(&output);
    for name in ["b.ndjson", "dumps/closed", "dumps/unlisted"] {
        says(&told, &[&format!("error: {name}: no permission to read it; it is skipped")]);
    }
}

#[test]
fn circles_of_links_are_walked_once() {
    let home = two_dumps();
    let at = |name: &str| home.path().join(name);
    fs::create_dir_all(at("d/e")).unwrap();
    fs::rename(at("a.ndjson"), at("d/e/a.ndjson")).unwrap();
    symlink("..", at("d/e/up")).unwrap();
    symlink("../..", at("d/e/top")).unwrap();
    symlink("self.ndjson", at("d/self.ndjson")).unwrap();
    let output = run(home.path(), &[&SESSIONS[..], &["."]].concat());
    ends(&output, 3);
    assert_eq!(outcomes(&output), ["answered", "rejected"]);
    says(&errors(&output), &["error: ./d/self.ndjson: "]);
}

#[test]
fn one_file_under_many_names_is_read_once_with_a_notice() {
    let home = two_dumps();
    let at = |name: &str| home.path().join(name);
    fs::hard_link(at("a.ndjson"), at("hard.ndjson")).unwrap();
    symlink("a.ndjson", at("soft.ndjson")).unwrap();
    let once = text(&run(home.path(), &["kpi", "a.ndjson", "--format", "csv"]));
    let full = at("a.ndjson").display().to_string();
    for more in [
        &["hard.ndjson"][..],
        &["soft.ndjson"],
        &["./a.ndjson"],
        &[&full],
        &["[ahs]*.ndjson"],
        &["hard.ndjson", "soft.ndjson", "a.ndjson", "*a*.ndjson"],
    ] {
        let output = run(home.path(), &[&["kpi", "--format", "csv", "a.ndjson"], more].concat());
        ends(&output, 0);
        assert_eq!(text(&output), once, "{more:?}");
        let told = errors(&output);
        assert!(told.lines().all(|it| it.starts_with("note: ") && it.contains("read once")), "{told}");
        assert!(!told.is_empty(), "{more:?}");
    }
    let output = sh(home.path(), "callsift kpi --format csv hard.ndjson - <a.ndjson");
    ends(&output, 0);
    assert_eq!(text(&output), once);
    says(&errors(&output), &["read once"]);
}

// ---- Files that change ---------------------------------------------------------------------------

fn started(home: &Path, args: &[&str]) -> Child {
    callsift(home).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_file_that_vanishes_after_it_was_found_is_named() {
    let home = two_dumps();
    let pipe = fifo(home.path(), "a-pipe");
    // The pipe is read first, and all is found before.
    fs::write(home.path().join("b.ndjson"), story(DECLINED)).unwrap();
    let child = started(home.path(), &[&SESSIONS[..], &["a-pipe", "b.ndjson", "c.ndjson"]].concat());
    let mut open = fs::OpenOptions::new().write(true).open(pipe).unwrap();
    fs::remove_file(home.path().join("b.ndjson")).unwrap();
    open.write_all(b"{}\n").unwrap();
    drop(open);
    let output = child.wait_with_output().unwrap();
    let told = errors(&output);
    // Who had opened it already reads it to its end.
    if told.is_empty() {
        assert_eq!(outcomes(&output), ["answered", "rejected"]);
        return;
    }
    ends(&output, 3);
    assert_eq!(outcomes(&output), ["answered"]);
    assert_eq!(told, "error: b.ndjson: no such file; it is skipped\n");
}

/// Stops reading in the middle of `big.ndjson`, by rejects that nobody takes, and lets it be changed.
fn changed_meanwhile(home: &Path, change: impl FnOnce(&Path)) -> Output {
    let path = home.join("big.ndjson");
    let rejects = fifo(home, "rejects");
    let args = ["kpi", "big.ndjson", "-q", "--format", "json", "--tolerate-invalid", "100%"];
    let more = ["--rejects", "rejects", "--jobs", "1", "--block-bytes", "4096"];
    let child = started(home, &[&args[..], &more].concat());
    let mut rejects = fs::File::open(rejects).unwrap();
    // Something was read, and more than the pipe holds is to come.
    rejects.read_exact(&mut [0; 1]).unwrap();
    change(&path);
    let drained = std::thread::spawn(move || std::io::copy(&mut rejects, &mut std::io::sink()).unwrap());
    let output = child.wait_with_output().unwrap();
    drained.join().unwrap();
    output
}

const MANY: usize = 40_000;

#[test]
fn a_file_that_shrinks_is_told_and_ends_the_program_not() {
    let home = folder();
    fs::write(home.path().join("big.ndjson"), INVALID.repeat(MANY)).unwrap();
    let half = (INVALID.len() * MANY / 2) as u64;
    let output = changed_meanwhile(home.path(), |path| {
        fs::OpenOptions::new().write(true).open(path).unwrap().set_len(half).unwrap();
    });
    ends(&output, 3);
    says(
        &errors(&output),
        &["error: big.ndjson: became shorter while it was read", "the lines before are used"],
    );
    assert_eq!(lines(&output)["total"], MANY / 2);
}

#[test]
fn a_file_that_grows_is_read_in_whole_lines() {
    let home = folder();
    fs::write(home.path().join("big.ndjson"), INVALID.repeat(MANY / 4)).unwrap();
    let output = changed_meanwhile(home.path(), |path| {
        let mut open = fs::OpenOptions::new().append(true).open(path).unwrap();
        open.write_all(INVALID.repeat(100).as_bytes()).unwrap();
    });
    ends(&output, 0);
    let lines = lines(&output);
    let total = lines["total"].as_u64().unwrap() as usize;
    assert!((MANY / 4..=MANY / 4 + 100).contains(&total), "{lines}");
    assert_eq!(json(&output)["accounting"]["invalid_reasons"]["missing_field"], total);
}

// ---- What is no plain file -----------------------------------------------------------------------

#[test]
fn pipes_sockets_and_files_without_a_size_are_read_as_they_come() {
    let home = two_dumps();
    // Standard input that is a socket.
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let child = callsift(home.path())
        .args(SESSIONS)
        .stdin(std::os::fd::OwnedFd::from(theirs))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    ours.write_all(&gzip(&story(DECLINED))).unwrap();
    drop(ours);
    let output = child.wait_with_output().unwrap();
    ends(&output, 0);
    assert_eq!(outcomes(&output), ["rejected"]);
    for script in [
        "cat a.ndjson c.ndjson | callsift sessions --format json /dev/stdin",
        "cat a.ndjson c.ndjson | callsift sessions --format json /dev/fd/0",
    ] {
        assert_eq!(outcomes(&sh(home.path(), script)), ["answered", "rejected"], "{script}");
    }
    if has_tool("bash") {
        let script = "bash -c 'callsift sessions --format json <(gzip -c a.ndjson) <(cat c.ndjson)'";
        assert_eq!(outcomes(&sh(home.path(), script)), ["answered", "rejected"]);
    }
    // It says that it is empty, and is not.
    if Path::new("/proc/version").exists() {
        let output = run(home.path(), &["kpi", "--format", "json", "/proc/version"]);
        ends(&output, 3);
        assert_eq!(lines(&output)["invalid"], 1);
    }
}

#[test]
fn in_a_folder_a_pipe_or_a_link_to_a_device_is_left_alone() {
    let home = two_dumps();
    fifo(home.path(), "pipe.ndjson");
    symlink("/dev/zero", home.path().join("zero.ndjson")).unwrap();
    let output = run(home.path(), &[&SESSIONS[..], &["."]].concat());
    ends(&output, 3);
    assert_eq!(outcomes(&output), ["answered", "rejected"]);
    says(&errors(&output), &["error: ./pipe.ndjson: is a pipe", "error: ./zero.ndjson: is a device"]);
}

// ---- Names and numbers of files ------------------------------------------------------------------

#[test]
fn files_of_any_name_can_be_read_and_are_shown_harmlessly() {
    let home = folder();
    let names: [&[u8]; 7] = [
        b"new\nline.ndjson",
        b"\x1b[31mred\x07.ndjson",
        b"not utf-8 \xff\xfe.ndjson",
        b"-rf.ndjson",
        b"=1+1.ndjson",
        b" .ndjson",
        "\u{202e}nosjdn.ndjson".as_bytes(),
    ];
    fs::create_dir(home.path().join("in")).unwrap();
    for (at, name) in names.iter().enumerate() {
        let bytes = [call(at).as_bytes(), INVALID.as_bytes()].concat();
        fs::write(home.path().join("in").join(std::ffi::OsStr::from_bytes(name)), bytes).unwrap();
    }
    let harmless = |it: &[u8], what: &str| {
        let it = String::from_utf8(it.to_vec()).unwrap();
        assert!(!it.contains(['\u{1b}', '\u{7}', '\u{202e}']) && !it.contains("new\nline"), "{what}: {it}");
    };
    // By their folder, one by one, and by a pattern.
    for way in [&["in"][..], &["--"], &["in/*.ndjson"]] {
        for format in ["json", "csv", "table"] {
            let mut command = callsift(home.path());
            command.args(["sessions", "--format", format, "--columns", "evidence,call_id"]).args(way);
            if way == ["--"] {
                command.current_dir(home.path().join("in"));
                command.args(names.iter().map(|it| std::ffi::OsStr::from_bytes(it)));
            }
            let output = command.output().unwrap();
            ends(&output, 3);
            harmless(&output.stderr, "messages");
            harmless(&output.stdout, format);
            if format == "json" {
                let lines = lines(&output);
                assert_eq!((&lines["call"], &lines["invalid"]), (&7.into(), &7.into()), "{way:?}");
            }
            let bare = text(&output);
            assert!(format != "csv" || !bare.lines().any(|it| it.starts_with('=')), "{bare}");
        }
    }
}

#[test]
fn thousands_of_files_need_few_descriptors() {
    let home = folder();
    fs::create_dir(home.path().join("in")).unwrap();
    let count = 2000;
    for at in 0..count {
        let bytes = if at % 2 == 0 { call(at).into_bytes() } else { gzip(call(at).as_bytes()) };
        fs::write(home.path().join(format!("in/{at}.ndjson")), bytes).unwrap();
    }
    for jobs in ["1", "8"] {
        let script =
            format!("ulimit -n 64; exec callsift kpi in --format json --jobs {jobs} -o out --rejects r");
        let output = sh(home.path(), &script);
        ends(&output, 0);
        let value: Value = serde_json::from_slice(&fs::read(home.path().join("out")).unwrap()).unwrap();
        assert_eq!(value["accounting"]["events"]["unique"], count, "{}", errors(&output));
    }
    // As many arguments as the system takes, each file under several names.
    let spelt: Vec<String> =
        (0..40_000).map(|it| format!("in/{}{}.ndjson", "./".repeat(it / count), it % count)).collect();
    let output = callsift(home.path()).args(["kpi", "--format", "json", "-q"]).args(&spelt).output().unwrap();
    ends(&output, 0);
    assert_eq!(json(&output)["accounting"]["events"]["unique"], count);
    let list = (spelt.join("\n") + "\n").repeat(3);
    let output = crate::support::run_with(
        home.path(),
        &["kpi", "--format", "json", "-q", "--files-from", "-"],
        list.as_bytes(),
    );
    ends(&output, 0);
    assert_eq!(json(&output)["accounting"]["events"]["unique"], count);
}

// ---- Inputs larger than the memory ---------------------------------------------------------------

/// Address space that is left to the program, in KiB: of threads the system sets much aside that is never
/// used.
const SPACE: &str = "400000";

/// Reads what is written, in little memory.
fn in_little_memory(
    home: &Path,
    command: &str,
    write: impl FnOnce(&mut dyn Write) + Send + 'static,
) -> Output {
    let program = env!("CARGO_BIN_EXE_callsift");
    let script = format!("ulimit -v {SPACE} && exec '{program}' {command}");
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .current_dir(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || write(&mut pipe));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[test]
fn a_line_of_two_gibibytes_is_one_invalid_line() {
    let home = folder();
    let output = in_little_memory(home.path(), "kpi - --format json", |pipe| {
        let chunk = vec![b'x'; 1 << 20];
        pipe.write_all(call(1).as_bytes()).unwrap();
        for _ in 0..2048 {
            pipe.write_all(&chunk).unwrap();
        }
        pipe.write_all(b"\n").unwrap();
        pipe.write_all(call(2).as_bytes()).unwrap();
    });
    ends(&output, 3);
    let lines = lines(&output);
    assert_eq!((&lines["call"], &lines["invalid"]), (&2.into(), &1.into()), "{lines}");
    assert_eq!(json(&output)["accounting"]["invalid_reasons"]["too_long"], 1);
}

#[test]
fn a_hole_of_nul_bytes_is_passed_over() {
    let home = folder();
    // As a log has it that was cut while its writer went on. Four gibibytes behave alike, and take longer.
    let path = home.path().join("hole.ndjson");
    let mut file = fs::File::create(path).unwrap();
    file.write_all(call(1).as_bytes()).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(1 << 30)).unwrap();
    file.write_all(format!("\n{}", call(2)).as_bytes()).unwrap();
    drop(file);
    let output = in_little_memory(home.path(), "kpi hole.ndjson --format json", |_| {});
    ends(&output, 3);
    let lines = lines(&output);
    assert_eq!((&lines["call"], &lines["invalid"]), (&2.into(), &1.into()), "{lines}");
    says(&errors(&output), &["hole.ndjson:2:1:"]);
}

#[test]
fn a_bomb_is_unpacked_in_little_memory() {
    let home = folder();
    // A thousandth of its size as stored. Ten gibibytes behave alike, and take ten times as long.
    let member = gzip(&vec![0; 16 << 20]);
    let members = member.repeat(64);
    let dump = [gzip(call(1).as_bytes()), members, gzip(format!("\n{}", call(2)).as_bytes())].concat();
    fs::write(home.path().join("bomb.gz"), dump).unwrap();
    let output = in_little_memory(home.path(), "kpi bomb.gz --format json", |_| {});
    ends(&output, 3);
    let lines = lines(&output);
    assert_eq!((&lines["call"], &lines["invalid"]), (&2.into(), &1.into()), "{lines}");
}
