//! Every fixture against the expectation that stands beside it, which was worked out by hand.

use std::path::{Path, PathBuf};

use serde_json::Value;
use walkdir::WalkDir;

use crate::support::{errors, json, lacks, root, run};

fn expectations(below: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = WalkDir::new(root().join("fixtures").join(below))
        .into_iter()
        .map(|it| it.unwrap().into_path())
        .filter(|it| it.to_string_lossy().ends_with(".expect.json"))
        .collect();
    paths.sort();
    paths
}

fn read(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap();
    serde_json::from_slice(&text).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

fn args_of(expected: &Value) -> Vec<String> {
    let args = expected["args"].as_array().cloned().unwrap_or_default();
    args.iter().map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// What the program says of some inputs, and how it lacks what is expected.
fn judge(folder: &Path, inputs: &[String], expected: &Value) -> Vec<String> {
    let args = args_of(expected);
    let mut all = vec!["sessions", "--format", "json", "--quiet"];
    all.extend(args.iter().map(String::as_str));
    all.extend(inputs.iter().map(String::as_str));
    let output = run(folder, &all);
    let got = json(&output);
    let mut faults = Vec::new();
    if let Some(exit) = expected.get("exit") {
        let status = output.status.code().map(i64::from);
        if status != exit.as_i64() {
            faults.push(format!("exit {status:?}, expected {exit}: {}", errors(&output)));
        }
    }
    for key in ["accounting", "sessions"] {
        if let Some(expected) = expected.get(key) {
            faults.extend(lacks(&got[key], expected).into_iter().map(|it| format!("{key}{it}")));
        }
    }
    faults
}

#[test]
fn fixtures_hold_what_was_worked_out_by_hand() {
    let mut report = String::new();
    let mut checked = 0;
    for below in ["providers", "envelopes", "broken"] {
        for path in expectations(below) {
            let expected = read(&path);
            let folder = path.parent().unwrap();
            let name = path.file_name().unwrap().to_string_lossy().replace(".expect.json", "");
            let inputs = match expected["inputs"].as_array() {
                Some(it) => it.iter().map(|it| it.as_str().unwrap().to_owned()).collect(),
                None => vec![name],
            };
            let faults = judge(folder, &inputs, &expected);
            checked += 1;
            if !faults.is_empty() {
                report += &format!("{}\n  {}\n", path.display(), faults.join("\n  "));
            }
        }
    }
    assert!(checked > 150, "only {checked} expectations were found");
    assert!(report.is_empty(), "{report}");
}

#[test]
fn the_same_calls_told_by_each_provider_are_the_same_sessions() {
    let mut report = String::new();
    for path in expectations("stories") {
        let story = read(&path);
        let folder = path.parent().unwrap();
        let common = story["sessions"].as_array().unwrap();
        for provider in story["only"].as_object().unwrap().keys() {
            let overrides = &story["only"][provider];
            let sessions: Vec<Value> = common
                .iter()
                .map(|it| {
                    let mut session = it.clone();
                    for (key, value) in overrides.as_object().into_iter().flatten() {
                        session[key] = value.clone();
                    }
                    session
                })
                .collect();
            let mut expected = serde_json::json!({ "sessions": sessions });
            expected["args"] = story["args"].clone();
            let faults = judge(folder, &[format!("{provider}.ndjson")], &expected);
            if !faults.is_empty() {
                report += &format!("{} {provider}\n  {}\n", path.display(), faults.join("\n  "));
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}
