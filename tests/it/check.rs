//! `check` as a step of somebody's pipeline: exit statuses, formats, and what it refuses.

use std::process::Output;

use super::support::{errors, root, run, run_with, text};

const STORY: &str = "fixtures/stories/declined-after-12-seconds/wawp.ndjson";

/// One good call, answered, and one line that cannot be read.
const DEFECTIVE: &str = concat!(
    r#"{"event":"call.received","session":"desk","timestamp":1777888800000,"payload":{"id":"A1","from":"5511900001111@c.us"}}"#,
    "\n",
    r#"{"event":"call.accepted","session":"desk","timestamp":1777888805000,"payload":{"id":"A1"}}"#,
    "\n{\n",
);

fn check(args: &[&str]) -> Output {
    run(root(), &[&["check", STORY], args].concat())
}

fn over(args: &[&str], dump: &str) -> Output {
    run_with(root(), &[&["check", "-"], args].concat(), dump.as_bytes())
}

#[test]
fn the_exit_status_is_the_gate() {
    // One call, rejected: the rate is 1, the lower bound of its interval 1/(1 + 3.84) = 0.2065.
    for (args, status) in [
        (&["--max-rejection-rate", "1", "--point"][..], 0),
        (&["--max-rejection-rate", "0.9", "--point"], 1),
        (&["--max-rejection-rate", "0.21"], 0),
        (&["--max-rejection-rate", "0.2"], 1),
        (&["--max-invalid", "0"], 0),
        (&["--max-orphans", "0", "--max-priority-1", "0"], 0),
    ] {
        let output = check(args);
        assert_eq!(output.status.code(), Some(status), "{args:?}: {}", errors(&output));
    }
}

#[test]
fn a_gate_counts_before_defects_and_says_which_are_none() {
    let status = |args: &[&str]| over(args, DEFECTIVE).status.code();
    // Another gate passes, and the input is defective as ever.
    assert_eq!(status(&["--max-orphans", "0"]), Some(3));
    assert_eq!(status(&["--max-invalid", "1"]), Some(0));
    assert_eq!(status(&["--max-invalid", "34%"]), Some(0));
    assert_eq!(status(&["--max-invalid", "33%"]), Some(1));
    assert_eq!(status(&["--max-invalid", "0"]), Some(1));
    // Tolerating is no limit, and a limit of its own fails all the same.
    assert_eq!(status(&["--max-invalid", "0", "--tolerate-invalid", "5"]), Some(1));
    assert_eq!(status(&["--max-orphans", "0", "--tolerate-invalid", "1"]), Some(0));
    let output = over(&["--max-orphans", "0", "--strict"], DEFECTIVE);
    assert_eq!((output.status.code(), text(&output).as_str()), (Some(1), ""));
}

#[test]
fn nothing_to_judge_is_told() {
    let output = over(&["--max-rejection-rate", "0.3", "--format", "github"], "");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output).contains("::warning title=callsift check::max_rejection_rate: nothing could be"));
    assert!(text(&output).ends_with("::notice title=callsift check::No gate could be judged.\n"));
    // Where the answer goes to a file nobody may look at it.
    let output = over(&["--max-rejection-rate", "0.3", "-o", "/dev/null"], "");
    assert!(errors(&output).contains("note: max_rejection_rate: nothing could be judged"));
}

#[test]
fn without_a_gate_all_are_listed() {
    let output = check(&[]);
    assert_eq!(output.status.code(), Some(2));
    for gate in [
        "--max-rejection-rate",
        "--max-orphans",
        "--max-orphan-rate",
        "--max-invalid",
        "--max-priority-1",
        "--min-callback-rate",
        "--no-breach",
    ] {
        assert!(errors(&output).contains(gate), "{gate}: {}", errors(&output));
    }
    for (args, told) in [
        (&["--max-rejection-rate", "30"][..], "--max-rejection-rate: must be a share from 0 to 1"),
        (&["--max-invalid", "many"], "--max-invalid: `many` is neither"),
        (&["--no-breach"], "--rules: name at least one set of rules"),
        (&["--max-orphans", "0", "--rules", "us-reg-f"], "--no-breach"),
        (&["--max-rejection-rate", "0.3", "--by", "agnet"], "did you mean `agent`?"),
    ] {
        let output = check(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(errors(&output).contains(told), "{args:?}: {}", errors(&output));
    }
}

#[test]
fn formats_of_gates_are_of_gates_only() {
    for command in [&["kpi", STORY][..], &["define"], &["compare", "a.json", "b.json"]] {
        for format in ["github", "junit"] {
            let output = run(root(), &[command, &["--format", format]].concat());
            assert_eq!(output.status.code(), Some(2), "{command:?}");
            let told = errors(&output);
            assert!(told.contains(&format!("only `check` has the format {format}")), "{told}");
        }
    }
}

#[test]
fn nothing_is_cut_off_where_a_pipeline_reads() {
    let by = ["check", "fixtures/demo", "--max-rejection-rate", "0", "--by", "instance"];
    for format in ["github", "junit"] {
        let whole = run(root(), &[&by[..], &["--format", format]].concat());
        let cut = run(root(), &[&by[..], &["--format", format, "--top", "1", "--sort", "gate"]].concat());
        assert_eq!(whole.status.code(), Some(1));
        assert_eq!(text(&whole), text(&cut));
        assert!(text(&whole).lines().count() > 5);
    }
}
