//! The program as a new user meets it: help, mistakes, broken input, outputs, streams and signals.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use callsift::cli::{Env, Exit};
use serde_json::Value;

use crate::support::{callsift, errors, folder, gzip, json, root, run, run_with, text};

const FORMATS: [&str; 6] = ["table", "csv", "json", "ndjson", "markdown", "html"];

/// One call that was declined after twelve seconds, and one that was answered.
pub const DECLINED: &str = "fixtures/stories/declined-after-12-seconds/wawp.ndjson";
pub const ANSWERED: &str = "fixtures/stories/answered/timelinesai.ndjson";

/// A known name without its fields.
pub const INVALID: &str = "{\"event\":\"call.rejected\",\"session\":\"a\",\"payload\":{}}\n";

#[track_caller]
pub fn ends(output: &Output, code: i32) {
    assert_eq!(
        output.status.code(),
        Some(code),
        "stdout: {}\nstderr: {}",
        String::from_utf8_lossy(&output.stdout),
        errors(output)
    );
}

#[track_caller]
pub fn says(told: &str, words: &[&str]) {
    for it in words {
        assert!(told.contains(it), "`{it}` is not in:\n{told}");
    }
}

/// Wrong usage: nothing on standard output, and one message that says what to do instead.
#[track_caller]
fn refused(args: &[&str], words: &[&str]) {
    let output = run(root(), args);
    ends(&output, 2);
    assert_eq!(text(&output), "", "{args:?}");
    let told = errors(&output);
    assert_eq!(told.matches("error:").count(), 1, "{args:?}: {told}");
    assert!(told.starts_with("error: "), "{args:?}: {told}");
    says(&told, words);
}

/// What the program answers, all well.
#[track_caller]
pub fn answered(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    ends(&output, 0);
    text(&output)
}

/// A command of the shell, in the project's folder unless another is given, with the program in reach.
pub fn sh(folder: &Path, script: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_callsift"));
    let mut path = program.parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    Command::new("sh")
        .args(["-c", script])
        .current_dir(folder)
        .env("PATH", path)
        .env_remove("NO_COLOR")
        .env_remove("CALLSIFT_UPDATE")
        .env_remove("CALLSIFT_SEEDS")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Every command, as the help lists them.
fn commands() -> Vec<String> {
    let help = answered(root(), &["--help"]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter(|it| it.starts_with("  ") && !it.starts_with("   "));
    let names: Vec<String> = names.map(|it| it.split_whitespace().next().unwrap().to_owned()).collect();
    assert!(names.len() >= 16, "{names:?}");
    names.into_iter().filter(|it| it != "help").collect()
}

/// The commands that read dumps, with what they need besides.
pub fn over_dumps() -> Vec<Vec<String>> {
    // A pack is a folder, with tests of its own.
    let reads = |it: &String| it != "pack" && answered(root(), &[it, "--help"]).contains("[PATH]...");
    let names = commands().into_iter().filter(reads);
    let all: Vec<Vec<String>> = names
        .map(|it| match it.as_str() {
            "timeline" => vec![it, "+525512345678".into()],
            "contacts" => vec![it, "--rules".into(), "whatsapp".into()],
            "explain" => vec![it, "calls".into(), "--direction".into(), "incoming".into()],
            "check" => vec![it, "--max-orphans".into(), "100000".into()],
            "compare" => {
                vec![it, "--period-a".into(), "2026-04".into(), "--period-b".into(), "2026-05".into()]
            }
            _ => vec![it],
        })
        .collect();
    assert!(all.len() >= 12, "{all:?}");
    all
}

/// The same, ready to be run.
pub fn with<'a>(command: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    command.iter().map(String::as_str).chain(more.iter().copied()).collect()
}

pub fn story(path: &str) -> Vec<u8> {
    fs::read(root().join(path)).unwrap()
}

/// Names in a folder, in order.
pub fn names_in(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name());
    let mut names: Vec<String> = names.map(|it| it.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

// ---- Help ----------------------------------------------------------------------------------------

#[test]
fn every_command_has_help_with_examples_and_grouped_options() {
    for name in commands() {
        let help = answered(root(), &[&name, "--help"]);
        says(&help, &[&format!("Usage: callsift {name}"), "\nExamples:\n  ", "--help"]);
        assert!(!help.contains("  callsift  "), "{help}");
        assert!(help.lines().all(|it| it.chars().count() <= 110), "{name}: {help}");
        let short = answered(root(), &[&name, "-h"]);
        assert!(short.lines().count() <= help.lines().count(), "{name}");
        if help.contains("[PATH]...") {
            let headings =
                ["\nInput:\n", "\nSide files:\n", "\nThresholds:\n", "\nFilters:\n", "\nOutput:\n"];
            says(&help, &headings);
            // What belongs to all commands stands under its heading, not in the heap.
            let ends = |it: &str| ["Input:", "Periods:", "Gates:"].contains(&it);
            let heap = help.split("\nOptions:\n").nth(1).unwrap();
            let heap = heap.lines().take_while(|it| !ends(it)).collect::<Vec<_>>().join("\n");
            let known = ["--help", "--by", "--show-paths", "--rules", "--out", "--force"];
            for flag in heap.split_whitespace().filter(|it| it.starts_with("--")) {
                assert!(known.contains(&flag.trim_end_matches(',')), "{name}: {flag} stands under Options");
            }
        }
    }
}

/// Every line of a help text that begins with two spaces and a command.
fn examples() -> BTreeSet<String> {
    let mut texts = vec![answered(root(), &["--help"])];
    texts.extend(commands().iter().map(|it| answered(root(), &[it, "--help"])));
    let lines = texts.iter().flat_map(|it| it.lines());
    let found = |it: &str| ["  callsift ", "  cat ", "  zcat "].iter().any(|start| it.starts_with(start));
    lines.filter(|it| found(it)).map(|it| it.trim().to_owned()).collect()
}

#[test]
fn every_example_of_the_help_works() {
    let examples = examples();
    assert!(examples.len() >= 25, "{examples:?}");
    // Some leave files; in their order a pack is made before it is verified.
    let dir = folder();
    std::os::unix::fs::symlink(root().join("fixtures"), dir.path().join("fixtures")).unwrap();
    for example in examples {
        assert!(example.chars().count() <= 78, "wrapped on a terminal of 80 columns: {example}");
        let output = sh(dir.path(), &example);
        ends(&output, 0);
        assert!(!output.stdout.is_empty(), "{example}: {}", errors(&output));
        assert!(!errors(&output).contains("error"), "{example}: {}", errors(&output));
    }
}

#[test]
fn the_version_names_the_zone_data() {
    let told = answered(root(), &["--version"]);
    let rest = told.strip_prefix(concat!("callsift ", env!("CARGO_PKG_VERSION"), " (zone data 20")).unwrap();
    assert!(rest.trim_end().ends_with(')'), "{told}");
    let value = json(&run(root(), &["kpi", DECLINED, "--format", "json"]));
    let zones = value["parameters"]["tzdb_version"].as_str().unwrap();
    assert!(told.contains(zones), "{told} {zones}");
}

#[test]
fn completions_and_the_manual_name_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let told = answered(root(), &["completions", shell]);
        for name in commands() {
            assert!(told.contains(&name), "{shell}: {name}");
        }
    }
    refused(&["completions", "tcsh"], &["tcsh", "bash", "zsh"]);
    refused(&["completions"], &["<SHELL>"]);
    let man = answered(root(), &["man"]);
    assert!(man.starts_with(".ie") || man.starts_with(".TH"), "{}", &man[..200]);
    says(&man, &[".TH callsift 1", "Exit status"]);
    for name in commands() {
        says(&man, &[&format!("CALLSIFT {}", name.to_uppercase())]);
    }
}

#[test]
fn every_figure_is_defined_and_a_wrong_name_suggests() {
    let value = json(&run(root(), &["define", "--format", "json"]));
    let figures = value["figures"].as_array().unwrap();
    assert!(figures.len() > 80, "{}", figures.len());
    for figure in figures {
        let id = figure["id"].as_str().unwrap();
        for format in FORMATS {
            let (exit, out, err) = in_process(&["define", id, "--format", format], &Env::default());
            assert_eq!((exit, err.as_str()), (Exit::Complete, ""), "{id}");
            let escaped = id.replace('_', "\\_");
            assert!(out.contains(id) || out.contains(&escaped), "{id} in {format}: {out}");
        }
        for field in ["title", "unit", "formula", "source"] {
            assert!(figure[field].as_str().is_some_and(|it| !it.is_empty()), "{id}: {field}");
        }
    }
    refused(
        &["define", "rejcetion_rate"],
        &["no figure", "`rejcetion_rate`", "did you mean `rejection_rate`?"],
    );
    refused(&["define", "zebra"], &["no figure", "`callsift define` lists all"]);
}

/// The program inside this process, with surroundings of our choice.
fn in_process(args: &[&str], env: &Env) -> (Exit, String, String) {
    let argv: Vec<OsString> =
        std::iter::once("callsift").chain(args.iter().copied()).map(Into::into).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = callsift::cli::run(&argv, env, &mut out, &mut err);
    (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

// ---- Mistakes ------------------------------------------------------------------------------------

#[test]
fn contact_rules_must_be_named() {
    let all = ["name at least one", "--rules us-reg-f", "--rules in-rbi", "--rules whatsapp", "Regulation F"];
    refused(&["contacts", DECLINED], &all);
    refused(
        &["contacts", DECLINED, "--rules", "us-regf"],
        &["--rules", "`us-regf`", "did you mean `us-reg-f`?"],
    );
    refused(&["contacts", DECLINED, "--rules", "in-rbi", "--rules", "in-rbi"], &["`in-rbi` stands twice"]);
}

#[test]
fn without_a_command_the_commands_are_listed() {
    let output = run(root(), &[]);
    ends(&output, 2);
    assert_eq!(text(&output), "");
    let told = errors(&output);
    says(&told, &["Usage: callsift [OPTIONS] <COMMAND>", "callsift report fixtures/demo", "--help"]);
    for name in commands() {
        says(&told, &[&format!("\n  {name} ")]);
    }
}

#[test]
fn a_wrong_command_or_flag_suggests_the_right_one() {
    refused(&["repor"], &["'repor'", "'report'"]);
    refused(&["kpis", DECLINED], &["'kpis'", "'kpi'"]);
    refused(&["report", DECLINED, "--formatt", "json"], &["'--formatt'", "'--format'"]);
    refused(&["report", DECLINED, "--fromat", "json"], &["'--fromat'", "'--format'"]);
    refused(&["report", DECLINED, "--tolerate", "1"], &["'--tolerate'", "'--tolerate-invalid'"]);
    refused(&["sessions", DECLINED, "--outcom", "rejected"], &["'--outcom'", "'--outcome'"]);
    refused(&["timeline"], &["<CUSTOMER_ID>", "Usage: callsift timeline"]);
    refused(&["explain"], &["<ID|FIGURE>", "Usage: callsift explain"]);
}

#[test]
fn wrong_values_are_refused_with_what_to_write() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["--format", "tabel"], &["--format", "`tabel`", "did you mean `table`?"]),
        (
            &["--format", "pdf"],
            &["--format", "`pdf`", "table", "csv", "json", "ndjson", "markdown", "html", "xlsx"],
        ),
        (&["--tz", "Asia/Kolkatta"], &["--tz", "Asia/Kolkatta", "write Asia/Kolkata"]),
        (&["--tz", "asia/kolkata"], &["--tz", "write Asia/Kolkata"]),
        (&["--tz", "nowhere"], &["--tz", "nowhere", "IANA name such as Asia/Kolkata"]),
        (&["--naive-tz", "Eurpoe/Berlin"], &["--naive-tz", "Eurpoe/Berlin", "write Europe/Berlin"]),
        (&["--month", "2026-13"], &["--month", "`2026-13`", "`2026-05`"]),
        (&["--month", "May"], &["--month", "`May`", "`2026-05`"]),
        (&["--month", "2026-05", "--since", "2026-05-01"], &["--month", "--since"]),
        (&["--customers-as-of", "yesterday"], &["--customers-as-of", "`yesterday`", "`2026-05-04`"]),
        (&["--since", "yesterday"], &["--since", "`yesterday`", "`2026-05-04`"]),
        (&["--until", "04.05.2026"], &["--until", "`04.05.2026`", "`2026-05-04`"]),
        (&["--since", "2026-02-30"], &["--since", "`2026-02-30`"]),
        (&["--since", "2026-05-02", "--until", "2026-05-01"], &["--until", "after --since"]),
        (
            &["--tz", "Europe/Berlin", "--since", "2026-03-29T02:30:00"],
            &["--since", "never happened", "2026-03-29T03:30:00.000+02:00", "2026-03-29T01:30:00.000+01:00"],
        ),
        (
            &["--tz", "Europe/Berlin", "--until", "2026-10-25 02:30"],
            &["--until", "happened twice", "2026-10-25T02:30:00.000+02:00", "2026-10-25T02:30:00.000+01:00"],
        ),
        (&["--as-of", "soon"], &["--as-of", "`soon`", "2026-05-04T09:00:00"]),
        (&["--by", "agnet"], &["--by", "`agnet`", "did you mean `agent`?"]),
        (&["--by", "zebra"], &["--by", "`zebra`", "known are", "instance", "weekday"]),
        (&["--by", "agent,agent"], &["--by", "`agent` stands twice"]),
        (&["--by", ""], &["--by"]),
        (&["--provider", "wap"], &["--provider", "`wap`", "did you mean `wawp`?"]),
        (&["--provider", "zebra"], &["--provider", "doubletick, timelinesai, wawp, wazzap"]),
        (&["--outcome", "rejectd"], &["--outcome", "`rejectd`", "did you mean `rejected`?"]),
        (&["--direction", "in"], &["--direction", "`in`", "incoming, outgoing"]),
        (&["--cause", "declind"], &["--cause", "`declind`", "did you mean `declined`?"]),
        (&["--declined-by", "agnt"], &["--declined-by", "`agnt`", "did you mean `agent`?"]),
        (&["--business-hours", "Mon-Fri"], &["--business-hours", "'Mon-Fri'", "Mon-Fri 09:00-18:00"]),
        (&["--business-hours", "Mon-Fri 9-25"], &["--business-hours", "Mon-Fri 9-25"]),
        (&["--business-hours", "Funday 09:00-18:00"], &["--business-hours", "Funday"]),
        (&["--ring-timeout", "1w"], &["--ring-timeout", "`1w`", "`60s`"]),
        (&["--window", "ten minutes"], &["--window", "`ten minutes`", "`10m`"]),
        (&["--debounce", "1.5m"], &["--debounce", "`1.5m`", "`60s`"]),
        (&["--callback-sla", "1w"], &["--callback-sla", "`1w`", "`60s`"]),
        (&["--callbacks-from", "al"], &["--callbacks-from", "`al`", "outgoing"]),
        (&["--callbacks-from", "anny"], &["--callbacks-from", "`anny`", "did you mean `any`?"]),
        (&["--threshold", "0"], &["--threshold", "more than 0"]),
        (&["--threshold", "many"], &["--threshold", "`many`"]),
        (&["--flag-rate", "2"], &["--flag-rate", "0 to 1", "`0.8`"]),
        (&["--flag-rate", "80%"], &["--flag-rate", "`80%`"]),
        (&["--instant-ms", "fast"], &["--instant-ms", "'fast'"]),
        (&["--min-calls", "few"], &["--min-calls", "'few'"]),
        (&["--top", "ten"], &["--top", "'ten'"]),
        (&["--feed-complete", "wap"], &["--feed-complete", "`wap`", "did you mean `wawp`?"]),
        (&["--tolerate-invalid", "many"], &["--tolerate-invalid", "`many`", "`10`", "`0.5%`"]),
        (&["--tolerate-invalid", "x%"], &["--tolerate-invalid", "`x`"]),
        (&["--jobs", "0"], &["--jobs", "at least one thread"]),
        (&["--jobs", "all"], &["--jobs", "'all'"]),
        (&["--source", "/hooks/*"], &["--source", "has no `=`", "'/hooks/*=+5215550001111'"]),
        (&["--source", "/hooks/*="], &["--source", "is empty"]),
        (&["--source", "[=line"], &["--source", "`[` is no pattern"]),
        (&["--color", "sometimes"], &["--color", "'sometimes'", "auto, always, never"]),
        (&["--columns", "callz"], &["--columns", "callz", "did you mean calls?"]),
        (&["--columns", "zebra"], &["--columns", "zebra", "rejection_rate"]),
        (&["--columns", "agent,callz"], &["--columns", "callz", "did you mean calls?"]),
        (&["--sort", "callz"], &["--sort", "callz", "did you mean calls?"]),
        (&["--sort", "calls:up"], &["--sort", "'up'", "KEY:desc"]),
        (&["--section", "totl"], &["--section", "totl", "did you mean total?"]),
        (&["--section", "zebra"], &["--section", "zebra", "rows, total, outgoing"]),
        (&["--roster", "none.csv"], &["none.csv", "No such file"]),
        (
            &["--customers", "fixtures/demo/roster.csv"],
            &["roster.csv:1", "unknown column `instance`", "`phone`"],
        ),
    ];
    for (args, words) in cases {
        let args = [&["kpi", DECLINED], *args].concat();
        refused(&args, words);
    }
}

#[test]
fn a_refused_value_leaves_an_old_output_alone() {
    let home = folder();
    let old = home.path().join("old.csv");
    fs::write(&old, "old").unwrap();
    let dump = root().join(DECLINED);
    for wrong in [["--columns", "zebra"], ["--section", "zebra"], ["--sort", "zebra"], ["--tz", "zebra"]] {
        let mut args = vec!["kpi", dump.to_str().unwrap(), "-o", "old.csv"];
        args.extend(wrong);
        ends(&run(home.path(), &args), 2);
        assert_eq!(fs::read_to_string(&old).unwrap(), "old");
        assert_eq!(names_in(home.path()), ["old.csv"]);
    }
}

// ---- Nothing to read, or not all of it -----------------------------------------------------------

#[test]
fn nothing_named_and_nothing_piped_is_wrong_usage() {
    let env = Env { stdin_is_terminal: true, ..Env::default() };
    for command in over_dumps() {
        let (exit, out, err) = in_process(&with(&command, &[]), &env);
        assert_eq!((exit, out.as_str()), (Exit::Usage, ""), "{command:?}");
        says(&err, &["nothing to read", "name files or folders, or pipe a dump in", "zcat"]);
    }
}

#[test]
fn an_empty_pipe_is_an_empty_report() {
    for command in over_dumps() {
        for format in FORMATS {
            let output = run_with(root(), &with(&command, &["--format", format]), b"");
            ends(&output, 0);
            let told = errors(&output);
            assert!(
                told.starts_with("note: the input is empty") && told.lines().count() == 1,
                "{command:?}: {told}"
            );
            if format == "json" {
                assert_eq!(json(&output)["accounting"]["lines"]["total"], 0);
            }
        }
        let closed = sh(root(), &format!("callsift {} <&-", with(&command, &["--quiet"]).join(" ")));
        ends(&closed, 0);
        assert_eq!(errors(&closed), "");
    }
}

#[test]
fn a_folder_without_dumps_says_which_endings_are_read() {
    let home = folder();
    fs::create_dir(home.path().join("empty")).unwrap();
    fs::create_dir(home.path().join("other")).unwrap();
    fs::write(home.path().join("other/calls.txt"), story(DECLINED)).unwrap();
    for name in ["empty", "other"] {
        let output = run(home.path(), &["kpi", name, "--format", "json"]);
        ends(&output, 3);
        assert_eq!(json(&output)["accounting"]["lines"]["total"], 0);
        let told = errors(&output);
        says(&told, &[name, "`.ndjson`", "`.jsonl`", "`.json`", "`.log`", "`.gz`", "`.zst`", "one by one"]);
        assert_eq!(told.lines().count(), 1, "{told}");
    }
    // A file of any ending is read if it is named.
    assert!(answered(home.path(), &["sessions", "other/calls.txt", "--format", "csv"]).contains("rejected"));
}

#[test]
fn a_missing_file_does_not_keep_the_others_from_being_read() {
    let home = folder();
    fs::write(home.path().join("calls-08.ndjson"), story(DECLINED)).unwrap();
    let output = run(home.path(), &["sessions", "calls-08.ndjson", "calls-8.ndjson", "--format", "json"]);
    ends(&output, 3);
    assert_eq!(json(&output)["sessions"].as_array().unwrap().len(), 1);
    says(
        &errors(&output),
        &["error: calls-8.ndjson: no such file", "perhaps this was meant: `calls-08.ndjson`"],
    );
    // --quiet takes no error away.
    let quiet = run(home.path(), &["sessions", "calls-08.ndjson", "calls-8.ndjson", "--quiet"]);
    ends(&quiet, 3);
    says(&errors(&quiet), &["calls-8.ndjson: no such file"]);
    let pattern = run(home.path(), &["sessions", "*.log"]);
    ends(&pattern, 3);
    says(&errors(&pattern), &["error: *.log: no file matches this pattern"]);
}

#[test]
fn a_dump_of_no_known_provider_says_what_to_do_next() {
    let home = folder();
    let lines =
        "{\"type\":\"chat\",\"text\":\"hello\"}\n{\"wrapped\":{\"deep\":{\"event\":\"call.rejected\"}}}\n";
    fs::write(home.path().join("chat.ndjson"), lines).unwrap();
    for command in over_dumps() {
        let output = run(home.path(), &with(&command, &["chat.ndjson"]));
        ends(&output, 0);
        let told = errors(&output);
        says(
            &told,
            &["no call event", "Wawp, DoubleTick, Wazzap, TimelinesAI", "callsift inspect", "--body PATH"],
        );
        assert_eq!(told.lines().count(), 1, "{told}");
        let quiet = run(home.path(), &with(&command, &["chat.ndjson", "--quiet"]));
        ends(&quiet, 0);
        assert_eq!(errors(&quiet), "");
    }
}

#[test]
fn what_came_before_the_damage_is_kept() {
    for name in ["truncated.ndjson.gz", "truncated.ndjson.zst"] {
        let output = run(&root().join("fixtures/broken"), &["sessions", name, "--format", "json"]);
        ends(&output, 3);
        assert_eq!(json(&output)["accounting"]["lines"]["call"], 2);
        let told = errors(&output);
        says(&told, &[&format!("error: {name}: "), "the lines before are used"]);
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

// ---- Invalid lines -------------------------------------------------------------------------------

/// A folder with a dump of fifteen invalid lines before a good call.
fn fifteen_invalid() -> tempfile::TempDir {
    let home = folder();
    fs::write(home.path().join("bad.ndjson"), [INVALID.repeat(15).as_bytes(), &story(DECLINED)].concat())
        .unwrap();
    home
}

#[test]
fn invalid_lines_are_told_with_place_reason_and_expectation() {
    let home = fifteen_invalid();
    let output = run(home.path(), &["kpi", "bad.ndjson", "--format", "json"]);
    ends(&output, 3);
    let value = json(&output);
    assert_eq!(value["accounting"]["lines"]["invalid"], 15);
    assert_eq!(value["accounting"]["invalid_reasons"]["missing_field"], 15);
    assert_eq!(value["total"]["rejected"], 1);
    let told = errors(&output);
    let lines: Vec<&str> = told.lines().collect();
    for (at, line) in lines[..10].iter().enumerate() {
        let start = format!("bad.ndjson:{}:50: `payload.id` is missing, expected text", at + 1);
        assert!(line.starts_with(&start), "{line}");
    }
    assert_eq!(lines[10], "5 more cannot be read");
    says(lines[11], &["--rejects FILE", "--tolerate-invalid N"]);
    assert_eq!(lines.len(), 12, "{told}");
    // Each with the column at which it goes wrong, counted from 1.
    let mut dump = Vec::new();
    for line in
        ["{\"a\":01}", "  {\"a\" 1}", "{\"event\":\"call.reject\",\"phone\":7,\"ts\":true}", "{'a':1}"]
    {
        dump.extend_from_slice(format!("{line}\n").as_bytes());
    }
    let told = errors(&run_with(root(), &["kpi"], &dump));
    let places: Vec<&str> = told.lines().filter_map(|it| it.split(' ').next()).take(4).collect();
    assert!(places[0].starts_with("-:1:") && places[1].starts_with("-:2:"), "{told}");
    assert!(places[2].starts_with("-:3:") && places[3] == "-:4:2:", "{told}");
    says(&told, &["expected a time"]);
}

#[test]
fn tolerated_lines_are_no_defect() {
    let home = fifteen_invalid();
    for (tolerance, code) in
        [("14", 3), ("15", 0), ("0", 3), ("88%", 3), ("88.2%", 3), ("88.24%", 0), ("100%", 0)]
    {
        let args = ["kpi", "bad.ndjson", "--tolerate-invalid", tolerance, "--format", "csv"];
        let output = run(home.path(), &args);
        assert_eq!(output.status.code(), Some(code), "{tolerance}");
        assert!(!output.stdout.is_empty());
    }
    ends(&run(home.path(), &["kpi", "bad.ndjson", "--tolerate-invalid", "15", "--strict"]), 0);
    // A missing file is no invalid line.
    ends(&run(home.path(), &["kpi", "bad.ndjson", "none.ndjson", "--tolerate-invalid", "100%"]), 3);
}

#[test]
fn strict_writes_nothing() {
    let home = fifteen_invalid();
    fs::write(home.path().join("old.csv"), "old").unwrap();
    for format in FORMATS {
        let output = run(home.path(), &["report", "bad.ndjson", "--strict", "--format", format]);
        ends(&output, 1);
        assert_eq!(text(&output), "");
        says(&errors(&output), &["bad.ndjson:1:50:", "--strict"]);
    }
    let args =
        ["report", "bad.ndjson", "--strict", "-o", "old.csv", "--rejects", "rejects.ndjson", "--quiet"];
    ends(&run(home.path(), &args), 1);
    assert_eq!(fs::read_to_string(home.path().join("old.csv")).unwrap(), "old");
    // Nothing is nothing: the rejects neither.
    assert_eq!(names_in(home.path()), ["bad.ndjson", "old.csv"]);
    ends(
        &run(home.path(), &["report", "bad.ndjson", "none.ndjson", "--strict", "--tolerate-invalid", "99"]),
        1,
    );
    ends(&run(root(), &["report", DECLINED, "--strict"]), 0);
}

#[test]
fn rejects_are_unchanged_and_read_back_as_often_invalid() {
    let broken = root().join("fixtures/broken");
    let mut checked = 0;
    for name in names_in(&broken) {
        // Only the beginning of a line over the limit is kept, and that of UTF-16 is no text of ours.
        let plain = name.ends_with(".ndjson") && !["too-long-line.ndjson", "utf-16.ndjson"].contains(&&*name);
        if !plain {
            continue;
        }
        let home = folder();
        let rejects = home.path().join("rejects.ndjson");
        let output = run(
            &broken,
            &["kpi", &name, "--format", "json", "--quiet", "--rejects", rejects.to_str().unwrap()],
        );
        let value = json(&output);
        let invalid = |it: &Value| {
            let books = &it["accounting"];
            books["lines"]["invalid"].as_u64().unwrap() + books["invalid_bodies"].as_u64().unwrap()
        };
        if invalid(&value) == 0 {
            assert_eq!(fs::read(&rejects).unwrap(), b"", "{name}");
            continue;
        }
        checked += 1;
        let dump = fs::read(broken.join(&name)).unwrap();
        let dump: Vec<&[u8]> = dump.split(|it| *it == b'\n').collect();
        let written = fs::read(&rejects).unwrap();
        let written: Vec<&[u8]> = written.strip_suffix(b"\n").unwrap().split(|it| *it == b'\n').collect();
        for pair in written.chunks(2) {
            let [why, line] = pair else { panic!("{name}: half a pair") };
            let why: Value = serde_json::from_slice(why).unwrap();
            let why = &why["rejected"];
            assert_eq!(why["file"], name.as_str());
            let place = why["line"].as_u64().unwrap() as usize;
            assert!(!why["reason"].as_str().unwrap().is_empty() && why["column"].as_u64().unwrap() > 0);
            says(why["what"].as_str().unwrap(), &["expected"]);
            // A bad body beside good ones stands alone, as it stood in its line or in a string there.
            let (line, whole) = (String::from_utf8_lossy(line), String::from_utf8_lossy(dump[place - 1]));
            let quoted = serde_json::to_string(&line).unwrap();
            let part = value["accounting"]["invalid_bodies"] != 0
                && (whole.contains(&*line) || whole.contains(&quoted));
            assert!(line == whole || part, "{name}:{place}: {line}");
        }
        let again = json(&run(home.path(), &["kpi", "rejects.ndjson", "--format", "json", "--quiet"]));
        assert_eq!(invalid(&again), invalid(&value), "{name}");
        assert_eq!(again["accounting"]["invalid_reasons"], value["accounting"]["invalid_reasons"], "{name}");
    }
    assert!(checked > 15, "{checked}");
}

#[test]
fn quiet_tells_errors_and_no_notices() {
    let twice = ["kpi", DECLINED, DECLINED];
    says(&errors(&run(root(), &twice)), &["note: ", "named twice"]);
    let quiet = run(root(), &[&twice[..], &["--quiet"]].concat());
    ends(&quiet, 0);
    assert_eq!(errors(&quiet), "");
    let home = fifteen_invalid();
    let told = errors(&run(home.path(), &["kpi", "bad.ndjson", "--quiet"]));
    says(&told, &["bad.ndjson:1:50:", "5 more cannot be read"]);
    assert!(!told.contains("hint"), "{told}");
}

// ---- Outputs -------------------------------------------------------------------------------------

#[cfg(unix)]
#[test]
fn an_output_appears_whole_and_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = folder();
    let dump = root().join(DECLINED);
    for format in FORMATS {
        let expected = answered(home.path(), &["sessions", dump.to_str().unwrap(), "--format", format]);
        for _ in 0..2 {
            let args = ["sessions", dump.to_str().unwrap(), "--format", format, "-o", "out"];
            assert_eq!(answered(home.path(), &args), "");
            assert_eq!(fs::read_to_string(home.path().join("out")).unwrap(), expected);
            let mode = fs::metadata(home.path().join("out")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
    assert_eq!(answered(home.path(), &["define", "calls", "--output", "figure"]), "");
    assert_eq!(answered(home.path(), &["synth", "--shape", "calls", "--calls", "3", "-o", "three"]), "");
    assert_eq!(names_in(home.path()), ["figure", "out", "three"]);
}

#[test]
fn an_output_that_cannot_be_made_ends_the_run_before_reading() {
    let home = folder();
    fs::create_dir(home.path().join("inside")).unwrap();
    // Standard input stays open and empty: whoever reads it waits for ever.
    for target in ["missing/out", "inside"] {
        for flag in ["-o", "--rejects"] {
            let mut child = callsift(home.path())
                .args(["kpi", flag, target])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let open = child.stdin.take();
            let output = child.wait_with_output().unwrap();
            drop(open);
            ends(&output, 4);
            assert_eq!(text(&output), "");
            let told = errors(&output);
            assert!(told.starts_with(&format!("error: {target} cannot be written: ")), "{told}");
            assert!(!told.contains(".unfinished"), "a name that nobody knows: {told}");
        }
    }
    assert_eq!(names_in(home.path()), ["inside"]);
}

#[test]
fn an_input_is_never_overwritten() {
    let home = folder();
    for name in ["in.ndjson", "agents.csv"] {
        fs::create_dir_all(home.path().join("dumps")).unwrap();
        fs::write(home.path().join("dumps").join(name), story(DECLINED)).unwrap();
    }
    let agents = home.path().join("dumps/agents.csv");
    fs::write(&agents, "label,agent\na,b\n").unwrap();
    let before = fs::read(home.path().join("dumps/in.ndjson")).unwrap();
    for args in [
        &["kpi", "dumps", "-o", "dumps/in.ndjson"][..],
        &["kpi", "dumps/in.ndjson", "-o", "./dumps/../dumps/in.ndjson"],
        &["kpi", "dumps/*.ndjson", "--rejects", "dumps/in.ndjson"],
        &["kpi", "dumps", "--agents", "dumps/agents.csv", "-o", "dumps/agents.csv"],
    ] {
        let output = run(home.path(), args);
        ends(&output, 2);
        says(&errors(&output), &["is an input; write to another file"]);
        assert_eq!(text(&output), "");
    }
    assert_eq!(fs::read(home.path().join("dumps/in.ndjson")).unwrap(), before);
    assert_eq!(fs::read_to_string(&agents).unwrap(), "label,agent\na,b\n");
    for other in ["x", "./x"] {
        let output = run(home.path(), &["kpi", "dumps", "--rejects", "x", "-o", other]);
        ends(&output, 2);
        says(&errors(&output), &["--output and --rejects name one file"]);
    }
    assert_eq!(names_in(home.path()), ["dumps"]);
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_written_to_and_never_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let home = folder();
    let pipe = fifo(home.path(), "pipe");
    let dump = root().join(DECLINED);
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    let child = callsift(home.path())
        .args(["sessions", dump.to_str().unwrap(), "--format", "csv", "-o", "pipe"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let is_pipe = fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo();
    assert!(is_pipe, "the pipe was replaced by a file");
    ends(&output, 0);
    assert_eq!(
        reader.join().unwrap(),
        answered(home.path(), &["sessions", dump.to_str().unwrap(), "--format", "csv"])
    );
    // A link stays a link, and what it names gets the output.
    fs::write(home.path().join("real"), "old").unwrap();
    std::os::unix::fs::symlink("real", home.path().join("link")).unwrap();
    answered(home.path(), &["define", "calls", "-o", "link"]);
    assert!(fs::symlink_metadata(home.path().join("link")).unwrap().is_symlink());
    says(&fs::read_to_string(home.path().join("real")).unwrap(), &["Formula"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_told() {
    use std::os::unix::fs::FileTypeExt;
    if !fs::metadata("/dev/full").is_ok_and(|it| it.file_type().is_char_device()) {
        return;
    }
    for format in FORMATS {
        for command in ["report", "define"] {
            let mut it = callsift(root());
            it.arg(command);
            if command == "report" {
                it.arg(DECLINED);
            }
            let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            let output = it.args(["--format", format]).stdout(full).stderr(Stdio::piped()).output().unwrap();
            ends(&output, 4);
            says(&errors(&output), &["error: standard output cannot be written", "No space left on device"]);
        }
    }
    for args in [&["--help"][..], &["man"], &["completions", "bash"], &["synth", "--shape", "calls"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        ends(&callsift(root()).args(args).stdout(full).stderr(Stdio::piped()).output().unwrap(), 4);
    }
}

#[test]
fn a_reader_that_leaves_ends_the_run_quietly() {
    let home = folder();
    let demo = root().join("fixtures/demo");
    for format in FORMATS {
        let script = format!(
            "{{ callsift sessions '{}' --format {format}; echo $? >status; }} 2>told | head -1",
            demo.display()
        );
        let output = sh(home.path(), &script);
        assert_eq!(text(&output).lines().count(), 1);
        assert_eq!(fs::read_to_string(home.path().join("status")).unwrap(), "0\n", "{format}");
        assert_eq!(fs::read_to_string(home.path().join("told")).unwrap(), "", "{format}");
    }
    let script = "{ callsift synth --shape mixed --calls 20000; echo $? >status; } 2>told | head -1";
    sh(home.path(), script);
    assert_eq!(fs::read_to_string(home.path().join("status")).unwrap(), "0\n");
}

#[test]
fn columns_order_and_number_of_rows_are_as_asked() {
    let demo = "fixtures/demo";
    let csv = answered(
        root(),
        &[
            "sessions",
            demo,
            "-f",
            "csv",
            "--columns",
            "ring_ms,call_id",
            "--sort",
            "ring_ms:desc",
            "--top",
            "7",
        ],
    );
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines[0], lines.len()), ("ring_ms,call_id", 8));
    let rings: Vec<u64> =
        lines[1..].iter().map(|it| it.split(',').next().unwrap().parse().unwrap()).collect();
    assert!(rings.is_sorted_by(|a, b| a >= b), "{rings:?}");
    // What is missing sorts last both ways.
    for spec in ["ring_ms", "ring_ms:desc"] {
        let value = json(&run(root(), &["sessions", demo, "-f", "json", "--sort", spec]));
        let missing: Vec<bool> =
            value["sessions"].as_array().unwrap().iter().map(|it| it["ring_ms"].is_null()).collect();
        assert!(missing.is_sorted() && missing[missing.len() - 1], "{spec}");
    }
    let value = json(&run(root(), &["frustration", demo, "--format", "json", "--top", "3"]));
    assert_eq!(value["rows"].as_array().unwrap().len(), 3);
    let all = json(&run(root(), &["frustration", demo, "--format", "json"]));
    assert!(all["rows"].as_array().unwrap().len() > 200);
    assert_eq!(all["rows"].as_array().unwrap()[..3], value["rows"].as_array().unwrap()[..]);
    let table = answered(root(), &["kpi", demo, "--columns", "agent,talk_p50_ms", "--sort", "agent:desc"]);
    says(&table, &["Agent", "Ravi K", "paulo.souza@lender.example"]);
    assert!(table.find("ravi k.").unwrap() < table.find("Anil Verma").unwrap(), "{table}");
}

#[test]
fn one_section_is_that_section_in_every_format() {
    for format in FORMATS {
        let got = answered(
            root(),
            &[
                "anomalies",
                "fixtures/demo",
                "--section",
                "incidents",
                "--format",
                format,
                "--tz",
                "Asia/Kolkata",
            ],
        );
        says(&got, &["loans-care"]);
        let other = got.contains("conflicting_end") || got.contains("conflicting\\_end");
        assert!(!other, "{format}: {got}");
    }
}

// ---- Colour --------------------------------------------------------------------------------------

/// Takes colour sequences out; whatever else begins with ESC is left in.
fn without_colour(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        out.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let end = after.find(|it: char| !it.is_ascii_digit() && it != ';').unwrap_or(after.len());
        if after[end..].starts_with('m') {
            rest = &after[end + 1..];
        } else {
            out.push_str("\u{1b}[");
            rest = after;
        }
    }
    out + rest
}

#[test]
fn colour_is_only_colour() {
    let mut coloured = 0;
    for command in over_dumps() {
        let never = answered(root(), &with(&command, &["fixtures/demo", "--color", "never"]));
        let always = answered(root(), &with(&command, &["fixtures/demo", "--color", "always"]));
        assert!(!never.contains('\u{1b}'), "{command:?}");
        assert_eq!(without_colour(&always), never, "{command:?}");
        coloured += usize::from(always.contains('\u{1b}'));
        // A pipe is no terminal.
        assert_eq!(answered(root(), &with(&command, &["fixtures/demo"])), never);
    }
    assert!(coloured >= 4, "{coloured}");
    for format in ["csv", "json", "ndjson", "markdown", "html"] {
        let args = ["report", "fixtures/demo", "--color", "always", "--format", format];
        assert!(!answered(root(), &args).contains('\u{1b}'), "{format}");
    }
}

#[test]
fn auto_colours_terminals_unless_told_otherwise() {
    let demo = root().join("fixtures/demo");
    let args = ["kpi", demo.to_str().unwrap()];
    let terminal = Env { stdout_is_terminal: true, width: Some(120), ..Env::default() };
    let plain = in_process(&args, &Env { no_color: true, ..terminal.clone() }).1;
    let coloured = in_process(&args, &terminal).1;
    assert!(coloured.contains('\u{1b}') && !plain.contains('\u{1b}'));
    assert_eq!(without_colour(&coloured), plain);
    let asked = in_process(
        &[&args[..], &["--color", "always"]].concat(),
        &Env { no_color: true, ..terminal.clone() },
    );
    assert_eq!(asked.1, coloured);
    assert_eq!(in_process(&[&args[..], &["--color", "never"]].concat(), &terminal).1, plain);

    // The same on a terminal that the system made, where there is a tool for that.
    let tool = Command::new("script").arg("--version").stdin(Stdio::null()).output();
    if !tool.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).contains("util-linux")) {
        return;
    }
    let pty = |before: &str| {
        let script = format!("{before} script -qec 'callsift kpi fixtures/demo' /dev/null");
        let output = sh(root(), &script);
        ends(&output, 0);
        text(&output)
    };
    assert!(pty("").contains("\u{1b}["));
    assert!(!pty("NO_COLOR=1").contains('\u{1b}'));
    assert!(pty("NO_COLOR=").contains("\u{1b}["), "an empty NO_COLOR is none");
}

// ---- Hostile text --------------------------------------------------------------------------------

/// What a terminal would act on, and what nobody would see, wherever text comes from.
const HOSTILE: &str = "\u{1b}[31mX\u{1b}]0;T\u{7}\u{202e}\u{200b}\u{2066}\u{9b}2J\r\nINJECTED\t|<b>";

/// Dumps and side files in which everything that can be named is named so.
fn hostile() -> tempfile::TempDir {
    let home = folder();
    let text = serde_json::to_string(HOSTILE).unwrap();
    let mut dump = String::new();
    for call in 0..3 {
        for (event, at) in [("call.received", 0), ("call.rejected", 9)] {
            dump += &format!(
                "{{\"event\":\"{event}\",\"session\":{text},\"timestamp\":17778888{call}{at}000,\"engine\":{text},\
                 \"metadata\":{{{text}:{text}}},\"payload\":{{\"id\":\"{call}{}\",\"from\":{text}}},\
                 \"me\":{{\"id\":{text},\"pushName\":{text}}}}}\n",
                &text[1..text.len() - 1]
            );
        }
        dump += &format!(
            "{{\"event\":\"CALL_REJECTED\",\"callId\":{text},\"wabaNumber\":{text},\"customerNumber\":\
             \"91982222000{call}\",\"customerName\":{text},\"customerId\":{text},\"chatId\":{text},\
             \"callDirection\":\"INCOMING\",\"callEndedAt\":\"2026-05-04T10:0{call}:12.000Z\",\
             \"rejectedBy\":{text}}}\n"
        );
        dump += &format!(
            "{{\"path\":{text},\"body\":{{\"event\":\"call.reject\",\"phone\":\"5255123456{call}\",\
             \"country\":{text},\"ts\":1777888800}}}}\n"
        );
    }
    dump += &format!(
        "{{\"event_type\":\"message:reaction\",\"chat\":{{\"chat_id\":{text},\"full_name\":{text}}},\"reaction\":\
         {{\"message_uid\":{text},\"action\":\"set\",\"emoji\":{text},\"timestamp\":\"2026-05-04 10:00:00 +0000\",\
         \"reactions\":{{{text}:1}}}}}}\n"
    );
    dump += &format!("{{\"event_type\":\"call:incoming:ended\",\"x\":{text}}}\n");
    dump += "{\"event\":\"call.rejected\",\"session\":\"\u{1b}[31m\u{202e}\"\n";
    let name = HOSTILE.replace('/', "");
    fs::create_dir(home.path().join("dumps")).unwrap();
    fs::write(home.path().join("dumps").join(format!("{name}.ndjson")), &dump).unwrap();
    fs::write(home.path().join("dumps").join(format!("{name}.json.gz")), &gzip(dump.as_bytes())[..150])
        .unwrap();
    let cell = format!("\"{HOSTILE}\"");
    fs::write(home.path().join("customers.csv"), format!("phone,name,vip\n+919822220001,{cell},yes\n"))
        .unwrap();
    fs::write(home.path().join("agents.csv"), format!("label,agent,team\n{cell},{cell},{cell}\n")).unwrap();
    fs::write(home.path().join("roster.csv"), format!("instance,agent\n{cell},{cell}\n")).unwrap();
    home
}

#[track_caller]
fn is_harmless(told: &[u8], what: &str) {
    let told = String::from_utf8(told.to_vec()).unwrap();
    let acts = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if let Some(at) = told.find(acts) {
        let from = told[..at].char_indices().rev().nth(60).map_or(0, |it| it.0);
        panic!("{what}: raw {:?} behind {:?}", told[at..].chars().next(), &told[from..at]);
    }
    assert!(!told.contains("\nINJECTED"), "{what}: a name began a line");
}

#[test]
fn nothing_from_outside_acts_on_the_reader() {
    let home = hostile();
    let sides = ["--customers", "customers.csv", "--agents", "agents.csv", "--roster", "roster.csv"];
    let mut commands = over_dumps();
    for more in [
        &["inspect", "--show-paths"][..],
        &["timeline", HOSTILE],
        &["kpi", "--by", "agent,provider,instance,account,team,engine,country"],
        &["explain", HOSTILE],
        &["explain", "rejected", "--agent", HOSTILE],
        &["sessions", "--columns", "customer_name,chat_ref,customer_ref,engine,country,call_id,evidence"],
    ] {
        commands.push(more.iter().map(|it| (*it).to_owned()).collect());
    }
    for command in &commands {
        for format in FORMATS {
            let mut args = with(command, &["dumps", "--format", format]);
            args.extend(sides);
            let output = run(home.path(), &args);
            let what = format!("{command:?} {format}");
            is_harmless(&output.stderr, &what);
            is_harmless(&output.stdout, &what);
            // What was asked for may be called otherwise: that is wrong usage, as harmlessly told.
            let usage = output.status.code() == Some(2) && command[0] == "explain";
            assert!(usage || output.status.code() == Some(3), "{what}: {}", errors(&output));
        }
    }
    // Programs get the text as it came, if they ask for that.
    let args = [
        "sessions",
        "dumps",
        "--format",
        "csv",
        "--csv-raw",
        "--columns",
        "customer_name",
        "--provider",
        "doubletick",
    ];
    assert!(text(&run(home.path(), &args)).contains(&HOSTILE.replace('"', "\"\"")));
}

#[test]
fn nothing_that_was_typed_acts_on_the_reader() {
    let home = folder();
    // A line break that was typed is the typist's own.
    let hostile = HOSTILE.replace("\r\n", "");
    for flag in [
        "--format",
        "--tz",
        "--month",
        "--since",
        "--provider",
        "--outcome",
        "--business-hours",
        "--window",
        "--tolerate-invalid",
        "--source",
        "--columns",
        "--sort",
        "--section",
        "--roster",
        "--customers",
        "--customers-as-of",
        "-o",
        "--files-from",
        "--as-of",
        "--feed-complete",
        "--by",
        "--jobs",
        "--naive-tz",
        "--threshold",
        "--cause",
    ] {
        let typed = format!("{hostile}/x");
        let output = run(home.path(), &["kpi", flag, &typed]);
        assert!([Some(2), Some(3), Some(4)].contains(&output.status.code()), "{flag}: {}", errors(&output));
        is_harmless(&output.stderr, flag);
        is_harmless(&output.stdout, flag);
    }
    for args in [&["define", &hostile][..], &[&hostile], &["kpi", "--\u{1b}[31m"], &["completions", &hostile]]
    {
        let output = run(home.path(), args);
        ends(&output, 2);
        is_harmless(&output.stderr, &format!("{args:?}"));
    }
}

// ---- Ways in -------------------------------------------------------------------------------------

/// Outcomes of the sessions that were read.
#[track_caller]
fn outcomes(output: &Output) -> Vec<String> {
    ends(output, 0);
    let value = json(output);
    let sessions = value["sessions"].as_array().unwrap();
    sessions.iter().map(|it| it["outcome"].as_str().unwrap().to_owned()).collect()
}

pub const SESSIONS: [&str; 3] = ["sessions", "--format", "json"];

#[test]
fn every_way_in_leads_to_the_same_sessions() {
    let home = folder();
    fs::create_dir_all(home.path().join("sub/deep")).unwrap();
    fs::write(home.path().join("sub/declined.ndjson"), story(DECLINED)).unwrap();
    fs::write(home.path().join("sub/deep/answered.log.gz"), gzip(&story(ANSWERED))).unwrap();
    let both = [story(DECLINED), story(ANSWERED)].concat();
    let list = "sub/declined.ndjson\n\nsub/deep/*.gz\r\n";
    fs::write(home.path().join("list"), list).unwrap();

    let from = |more: &[&str]| outcomes(&run(home.path(), &[&SESSIONS[..], more].concat()));
    let piped = |more: &[&str], bytes: &[u8]| {
        outcomes(&run_with(home.path(), &[&SESSIONS[..], more].concat(), bytes))
    };
    let expected = from(&["sub"]);
    assert_eq!(
        BTreeSet::from_iter(expected.iter().map(String::as_str)),
        BTreeSet::from(["answered", "rejected"])
    );
    assert_eq!(from(&["sub/declined.ndjson", "sub/deep/answered.log.gz"]), expected);
    assert_eq!(from(&["sub/d*.ndjson", "sub/**/*.gz"]), expected);
    assert_eq!(from(&["--files-from", "list"]), expected);
    assert_eq!(from(&["sub/declined.ndjson", "--files-from", "list"]).len(), 2);
    assert_eq!(piped(&["--files-from", "-"], list.as_bytes()), expected);
    assert_eq!(piped(&[], &both), expected);
    assert_eq!(piped(&["-"], &both), expected);
    assert_eq!(piped(&["-", "sub/deep"], &story(DECLINED)), expected);
    assert_eq!(piped(&[], &gzip(&both)), expected);
    assert_eq!(piped(&[], &[gzip(&story(DECLINED)), gzip(&story(ANSWERED))].concat()), expected);
    assert_eq!(piped(&[], &zstd::encode_all(&both[..], 3).unwrap()), expected);
    // Compression is told by content, not by name.
    fs::write(home.path().join("plain.gz"), &both).unwrap();
    assert_eq!(from(&["plain.gz"]), expected);
}

#[cfg(unix)]
pub fn fifo(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read() {
    let home = folder();
    let pipe = fifo(home.path(), "pipe");
    let writer = std::thread::spawn(move || fs::write(pipe, gzip(&story(DECLINED))).unwrap());
    let got = outcomes(&run(home.path(), &[&SESSIONS[..], &["pipe"]].concat()));
    writer.join().unwrap();
    assert_eq!(got, ["rejected"]);
}

// ---- Explain and timeline ------------------------------------------------------------------------

#[test]
fn explain_shows_the_lines_behind_a_session_and_a_figure() {
    let session = json(&run(root(), &["sessions", DECLINED, "--format", "json"]))["sessions"][0].clone();
    let (id, call) = (session["session_id"].as_str().unwrap(), session["call_id"].as_str().unwrap());
    let raw = String::from_utf8(story(DECLINED)).unwrap();
    for what in [id, call] {
        let told = answered(root(), &["explain", what, DECLINED]);
        let unwrapped: String = told.lines().collect();
        for (at, line) in raw.lines().enumerate() {
            says(&told, &[&format!("{DECLINED}:{}", at + 1)]);
            let bare = |it: &str| it.replace([' ', '\n'], "");
            assert!(bare(&unwrapped).contains(&bare(line)), "line {} is not shown: {told}", at + 1);
        }
        says(&told, &[id, "(decides)"]);
        // On a pipe nothing can be read a second time.
        let piped = run_with(root(), &["explain", what], raw.as_bytes());
        ends(&piped, 0);
        says(&text(&piped), &[id, "-:1", "-:2", "(decides)"]);
    }
    let demo = ["fixtures/demo", "--agents", "fixtures/demo/agents.csv"];
    let told =
        answered(root(), &[&["explain", "rejection_rate", "--agent", "Neha Joshi"][..], &demo].concat());
    says(&told, &["`rejected` / `resolved`", "[numerator]", "[denominator]", "timelinesai/2026-05.ndjson:"]);
    // What is said to count is what the report counts.
    let rows =
        json(&run(root(), &[&["kpi", "--format", "json", "--agent", "Neha Joshi"][..], &demo].concat()));
    let row = &rows["rows"][0];
    for (figure, count) in [("rejected", &row["rejected"]), ("resolved", &row["resolved"])] {
        let args =
            [&["explain", figure, "--agent", "Neha Joshi", "--direction", "incoming"][..], &demo].concat();
        says(&answered(root(), &args), &[&format!("{count} of the ")]);
    }
}

#[test]
fn explain_says_what_it_needs() {
    refused(&["explain", "score", "fixtures/demo"], &["whose `score`?", "--agent", "--customer"]);
    refused(
        &["explain", "rejection_rat", "--direction", "incoming", DECLINED],
        &["`rejection_rat`", "rejection_rate"],
    );
    refused(&["explain", "zzzz", DECLINED], &["`zzzz`", "session ids are in"]);
    let session = json(&run(root(), &["sessions", DECLINED, "--format", "json"]))["sessions"][0].clone();
    let id = session["session_id"].as_str().unwrap();
    let typed = format!("{}{}", if id.starts_with('0') { '1' } else { '0' }, &id[1..]);
    refused(&["explain", &typed, DECLINED], &[&typed, id]);
}

#[test]
fn a_timeline_of_nobody_says_who_may_be_meant() {
    let told = answered(root(), &["timeline", "+915551857855", "fixtures/demo"]);
    says(&told, &["+915551857855", "+915551857854"]);
    let told = answered(root(), &["timeline", "+4912345", "fixtures/demo"]);
    says(&told, &["Nobody in this dump is spelt +4912345."]);
    let value = json(&run(root(), &["timeline", "+4912345", "fixtures/demo", "--format", "json"]));
    assert_eq!(value["rows"].as_array().map(Vec::len), Some(0), "{value}");
    // Any spelling will do.
    let expected = answered(root(), &["timeline", "+915551857854", "fixtures/demo", "--format", "csv"]);
    assert!(expected.lines().count() > 7, "{expected}");
    for typed in ["915551857854", "+91 55518-57854", "915551857854@c.us"] {
        assert_eq!(answered(root(), &["timeline", typed, "fixtures/demo", "--format", "csv"]), expected);
    }
}

// ---- Signals -------------------------------------------------------------------------------------

#[cfg(unix)]
#[test]
fn a_signal_leaves_nothing_half_done() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let home = folder();
        let pipe = fifo(home.path(), "pipe");
        fs::write(home.path().join("old.csv"), "old").unwrap();
        let child = callsift(home.path())
            .args(["sessions", "pipe", "-o", "old.csv", "--rejects", "rejects"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // More than a pipe holds: when it is written, the program is reading.
        let (done, written) = mpsc::channel();
        std::thread::spawn(move || {
            let mut it = fs::OpenOptions::new().write(true).open(pipe).unwrap();
            let result = it.write_all("{\"a\":1}\n".repeat(1 << 16).as_bytes());
            let _ = done.send((it, result));
        });
        let (open, result) = written.recv_timeout(Duration::from_secs(60)).unwrap();
        result.unwrap();
        let names = names_in(home.path());
        assert_eq!(names.iter().filter(|it| it.ends_with(".unfinished")).count(), 2, "{names:?}");
        let kill = Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status();
        assert!(kill.unwrap().success());
        let output = child.wait_with_output().unwrap();
        drop(open);
        ends(&output, code);
        assert_eq!(text(&output), "");
        assert_eq!(names_in(home.path()), ["old.csv", "pipe"]);
        assert_eq!(fs::read_to_string(home.path().join("old.csv")).unwrap(), "old");
    }
}
