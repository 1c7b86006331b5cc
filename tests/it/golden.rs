//! What every command prints in every format, byte by byte, as files in `tests/golden`.
//!
//! After a change that is meant, rewrite them and read the difference before you commit it:
//!
//! ```sh
//! CALLSIFT_UPDATE=1 cargo test golden
//! git diff tests/golden
//! ```

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use callsift::cli::Env;

use unicode_width::UnicodeWidthStr;

use crate::support::{errors, root, run, text};

const HINT: &str =
    "`CALLSIFT_UPDATE=1 cargo test golden` writes it; read the difference before you commit it";

/// The formats of every case, with the endings of their files.
const FORMATS: [(&str, &str); 5] =
    [("table", "txt"), ("csv", "csv"), ("json", "json"), ("ndjson", "ndjson"), ("markdown", "md")];

/// Cases that are also kept as pages; the rest of a page is the same everywhere.
const PAGES: [&str; 2] = ["report-without-sides", "hostile-names"];

/// Cases whose rows are gates, with formats of their own; and those of them in which one fails.
const GATES: [&str; 2] = ["check", "check-failed"];
const FAILED: [&str; 1] = ["check-failed"];

/// The formats of a case, with the endings of their files.
fn formats_of(case: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let page = PAGES.contains(&case).then_some(("html", "html"));
    let of_gates = [("github", "github.txt"), ("junit", "junit.xml")];
    let gates = of_gates.into_iter().filter(move |_| GATES.contains(&case));
    FORMATS.into_iter().chain(page).chain(gates)
}

/// The exit status of a case.
fn status_of(case: &str) -> u8 {
    u8::from(FAILED.contains(&case))
}

/// What the demo month needs to be told.
const SIDES: [&str; 12] = [
    "--tz",
    "Asia/Kolkata",
    "--roster",
    "fixtures/demo/roster.csv",
    "--agents",
    "fixtures/demo/agents.csv",
    "--customers",
    "fixtures/demo/customers.csv",
    "--holidays",
    "fixtures/demo/holidays.csv",
    "--source",
    "/hooks/wazzap/centro/*=centro",
];

/// Names of the files without their endings, the arguments, and whether the demo's side files belong to them.
const CASES: &[(&str, &[&str], bool)] = &[
    ("report", &["report", "fixtures/demo", "--top", "12"], true),
    ("report-without-sides", &["report", "fixtures/stories/declined-after-12-seconds/wawp.ndjson"], false),
    ("kpi", &["kpi", "fixtures/demo"], true),
    ("kpi-by-provider-instance", &["kpi", "fixtures/demo", "--by", "provider,instance"], true),
    (
        "kpi-by-hour",
        &["kpi", "fixtures/demo", "--by", "hour", "--columns", "hour,calls,rejection_rate"],
        true,
    ),
    ("frustration", &["frustration", "fixtures/demo", "--top", "15"], true),
    (
        "contacts",
        &["contacts", "fixtures/demo", "--rules", "in-rbi", "--rules", "whatsapp", "--top", "18"],
        true,
    ),
    ("avoidance", &["avoidance", "fixtures/demo", "--top", "20"], true),
    (
        "avoidance-without-sides",
        &["avoidance", "fixtures/stories/outgoing-declined-by-the-customer/*.ndjson"],
        false,
    ),
    ("anomalies", &["anomalies", "fixtures/demo"], true),
    ("orphans", &["orphans", "fixtures/demo"], true),
    (
        "sessions",
        &["sessions", "fixtures/providers/wawp/own-outgoing-calls.ndjson", "--tz", "America/Sao_Paulo"],
        false,
    ),
    ("sessions-of-four", &["sessions", "fixtures/stories/declined-after-12-seconds/*.ndjson"], false),
    (
        "rejections",
        &[
            "rejections",
            "fixtures/stories/outgoing-declined-by-the-customer/*.ndjson",
            "fixtures/providers/doubletick/outgoing-rejected-rejected-by.ndjson",
        ],
        false,
    ),
    ("timeline", &["timeline", "+915551857854", "fixtures/demo"], true),
    ("timeline-of-nobody", &["timeline", "+915551857855", "fixtures/demo"], true),
    ("callbacks", &["callbacks", "fixtures/demo", "--top", "15"], true),
    ("reactions", &["reactions", "fixtures/demo"], true),
    ("events", &["events", "fixtures/stories/declined-and-answered-on-redial/*.ndjson"], false),
    (
        "events-in-envelopes",
        &[
            "events",
            "fixtures/providers/doubletick/initiations-with-receive-time.ndjson",
            "fixtures/providers/timelinesai/reactions.ndjson",
        ],
        false,
    ),
    ("inspect", &["inspect", "fixtures/demo"], true),
    (
        "inspect-broken",
        &[
            "inspect",
            "fixtures/broken/hostile-labels.ndjson",
            "fixtures/broken/missing-field-wawp.ndjson",
            "fixtures/broken/unknown-call-events.ndjson",
            "--tolerate-invalid",
            "100%",
        ],
        false,
    ),
    (
        "explain-session",
        &["explain", "e814913ef3c0150d", "fixtures/stories/declined-after-12-seconds/wawp.ndjson"],
        false,
    ),
    (
        "explain-figure",
        &[
            "explain",
            "orphaned_rejections",
            "--instance",
            "loans-care",
            "fixtures/demo",
            "--tz",
            "Asia/Kolkata",
        ],
        false,
    ),
    ("hostile-names", &["frustration", "fixtures/broken/hostile-names.ndjson"], false),
    ("nothing", &["report", "fixtures/broken/empty.ndjson"], false),
    (
        "check",
        &["check", "fixtures/stories/declined-after-12-seconds/wawp.ndjson", "--max-invalid", "0"],
        false,
    ),
    (
        "check-failed",
        &[
            "check",
            "fixtures/demo",
            "--max-rejection-rate",
            "0.2",
            "--by",
            "team",
            "--max-orphans",
            "5",
            "--max-orphan-rate",
            "0.05",
            "--max-invalid",
            "0.1%",
            "--max-priority-1",
            "1",
            "--min-callback-rate",
            "0.5",
            "--no-breach",
            "--rules",
            "us-reg-f",
        ],
        true,
    ),
    ("compare", &["compare", "fixtures/reports/april.json", "fixtures/reports/may.json"], false),
    (
        "compare-periods",
        &[
            "compare",
            "fixtures/demo",
            "--period-a",
            "2026-05-01..2026-05-16",
            "--period-b",
            "2026-05-16..2026-06-01",
        ],
        true,
    ),
    ("define", &["define", "rejection_rate"], false),
    ("config", &["config", "show", "kpi", "--config", "docs/callsift.toml"], false),
];

/// Cases whose tables are also made for other widths.
const WIDTHS: [usize; 2] = [80, 200];

fn folder() -> PathBuf {
    root().join("tests/golden")
}

fn updates() -> bool {
    std::env::var_os("CALLSIFT_UPDATE").is_some_and(|it| !it.is_empty())
}

fn args_of(args: &[&'static str], sides: bool) -> Vec<&'static str> {
    args.iter().copied().chain(SIDES.into_iter().filter(|_| sides)).collect()
}

/// The first line that differs, for a person to see.
fn difference(got: &str, golden: &str) -> String {
    let (mut a, mut b) = (got.lines(), golden.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (a.next(), b.next()) {
            (None, None) => return "the ends of lines differ".into(),
            (a, b) if a == b => {}
            (a, b) => {
                let show = |it: Option<&str>| {
                    it.map_or("(no line)".into(), |it| it.chars().take(600).collect::<String>())
                };
                return format!("line {number}\n    is     {}\n    golden {}", show(a), show(b));
            }
        }
    }
}

/// Compares an answer with its file, or writes it.
fn check(name: &str, got: &str, faults: &mut Vec<String>) {
    let path = folder().join(name);
    if updates() {
        fs::create_dir_all(folder()).unwrap();
        fs::write(path, got).unwrap();
        return;
    }
    match fs::read_to_string(&path) {
        Ok(golden) if golden == got => {}
        Ok(golden) => faults.push(format!("{name}: {}", difference(got, &golden))),
        Err(fault) => faults.push(format!("{name}: {fault}")),
    }
}

#[track_caller]
fn judge(faults: &[String]) {
    assert!(faults.is_empty(), "{} golden files differ; {HINT}\n  {}", faults.len(), faults.join("\n  "));
}

#[test]
fn golden_outputs_in_every_format() {
    let mut faults = Vec::new();
    for (name, args, sides) in CASES {
        for (format, ending) in formats_of(name) {
            let args = [&args_of(args, *sides)[..], &["--format", format]].concat();
            let output = run(root(), &args);
            if output.status.code() != Some(status_of(name).into()) {
                faults.push(format!("{name}.{ending}: {:?}: {}", output.status, errors(&output)));
                continue;
            }
            check(&format!("{name}.{ending}"), &text(&output), &mut faults);
        }
    }
    judge(&faults);
}

/// The table of a case on a terminal, in this process.
fn on_a_terminal(args: &[&str], width: usize, status: u8) -> String {
    let env = Env { stdout_is_terminal: true, width: Some(width), no_color: true, ..Env::default() };
    let argv: Vec<OsString> =
        std::iter::once("callsift").chain(args.iter().copied()).map(OsString::from).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = callsift::cli::run(&argv, &env, &mut out, &mut err);
    assert_eq!(exit.status(), status, "{args:?}: {}", String::from_utf8_lossy(&err));
    String::from_utf8(out).unwrap()
}

#[test]
fn golden_tables_fit_their_width() {
    // Paths of the command line are relative to the project, where tests run.
    assert_eq!(fs::canonicalize(".").unwrap(), fs::canonicalize(root()).unwrap());
    let mut faults = Vec::new();
    for (name, args, sides) in CASES {
        for width in WIDTHS {
            let args = [&args_of(args, *sides)[..], &["--format", "table"]].concat();
            let table = on_a_terminal(&args, width, status_of(name));
            // Raw lines stay whole, so that they can be searched for and copied.
            for line in table.lines().filter(|it| it.width() > width && !it.starts_with('{')) {
                faults.push(format!("{name}.{width}.txt: {} columns: {line}", line.width()));
            }
            check(&format!("{name}.{width}.txt"), &table, &mut faults);
        }
    }
    judge(&faults);
}

#[test]
fn golden_help_of_every_command() {
    let mut faults = Vec::new();
    check("help.txt", &text(&run(root(), &["--help"])), &mut faults);
    for name in commands() {
        check(&format!("help-{name}.txt"), &text(&run(root(), &[&name, "-h"])), &mut faults);
    }
    judge(&faults);
}

/// Every command, as the help lists them.
fn commands() -> Vec<String> {
    let help = text(&run(root(), &["--help"]));
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter_map(|it| it.split_whitespace().next());
    names.filter(|it| *it != "help").map(str::to_owned).collect()
}

#[test]
fn golden_files_are_all_in_use_and_small() {
    if updates() {
        return;
    }
    let mut known: BTreeSet<String> = BTreeSet::from(["help.txt".to_owned()]);
    known.extend(commands().iter().map(|it| format!("help-{it}.txt")));
    for (name, ..) in CASES {
        known.extend(formats_of(name).map(|(_, ending)| format!("{name}.{ending}")));
        known.extend(WIDTHS.iter().map(|width| format!("{name}.{width}.txt")));
    }
    let mut bytes = 0;
    for entry in fs::read_dir(folder()).unwrap_or_else(|fault| panic!("tests/golden: {fault}; {HINT}")) {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(known.contains(&name), "tests/golden/{name} belongs to no case; remove it");
        bytes += entry.metadata().unwrap().len();
    }
    assert!(bytes < 2_000_000, "{bytes} bytes of golden files are too many to be read");
}

#[test]
fn golden_outputs_exist_for_every_command_that_answers() {
    let covered: BTreeSet<&str> = CASES.iter().map(|(_, args, _)| args[0]).collect();
    for name in commands() {
        // Their texts are a library's or a generator's, or are whole folders that `pack.rs` tests.
        let other = ["schema", "synth", "completions", "man", "pack", "verify"].contains(&name.as_str());
        assert!(other || covered.contains(name.as_str()), "no golden output of `callsift {name}`");
    }
}
