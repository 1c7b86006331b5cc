//! `compare` on files and folders: what it reads, and what it refuses.

use std::fs;

use serde_json::json;

use super::support::{errors, folder, json as json_of, root, run};

const APRIL: &str = "fixtures/reports/april.json";
const MAY: &str = "fixtures/reports/may.json";

/// Runs it and gives the status and what was said.
fn told(args: &[&str]) -> (Option<i32>, String) {
    let output = run(root(), &[&["compare"], args].concat());
    (output.status.code(), errors(&output))
}

#[test]
fn reports_that_callsift_wrote_are_compared_also_as_folders() {
    let folder = folder();
    for (name, month) in [("a", "2026-05-01"), ("b", "2026-05-16")] {
        let pack = folder.path().join(name);
        fs::create_dir(&pack).unwrap();
        let file = pack.join("report.json");
        let file = file.to_str().unwrap();
        let until = if name == "a" { "2026-05-16" } else { "2026-06-01" };
        let args = ["report", "fixtures/demo", "--tz", "Asia/Kolkata", "--format", "json", "-o", file];
        let output = run(root(), &[&args[..], &["--since", month, "--until", until]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    }
    let [a, b] = ["a", "b"].map(|it| folder.path().join(it).to_str().unwrap().to_owned());
    let of_reports = json_of(&run(root(), &["compare", &a, &b, "--format", "json"]));
    let periods = ["--period-a", "2026-05-01..2026-05-16", "--period-b", "2026-05-16..2026-06-01"];
    let dumps = ["compare", "fixtures/demo", "--tz", "Asia/Kolkata", "--format", "json"];
    let of_dumps = json_of(&run(root(), &[&dumps[..], &periods].concat()));
    for section in ["agents", "instances"] {
        assert!(of_reports[section]["rows"].as_array().unwrap().len() > 5, "{section}");
        assert_eq!(of_reports[section], of_dumps[section], "{section}");
    }
    assert_eq!(of_reports["changed_parameters"][0]["parameter"], "filters");
    assert_eq!(of_reports["changed_parameters"].as_array().unwrap().len(), 1);
    assert_eq!(of_dumps["parameters"]["period_b"]["since"], "2026-05-16T00:00:00.000+05:30");

    let itself = json_of(&run(root(), &["compare", &a, &a, "--format", "json"]));
    assert_eq!(itself["changed_parameters"], json!([]));
    let words = itself["agents"]["rows"].as_array().unwrap().iter().map(|it| &it["trend"]);
    assert!({ words }.all(|it| it.is_null() || it == "not_distinguishable"));
}

#[test]
fn what_cannot_be_compared_is_told() {
    let (status, said) = told(&[APRIL]);
    assert!(status == Some(2) && said.contains("name two reports"), "{said}");
    let (status, said) = told(&[APRIL, MAY, MAY]);
    assert!(status == Some(2) && said.contains("name two reports"), "{said}");
    let (status, said) = told(&[APRIL, "no-such.json"]);
    assert!(status == Some(2) && said.contains("no-such.json: cannot be read"), "{said}");
    let (status, said) = told(&["fixtures/demo", MAY]);
    assert!(status == Some(2) && said.contains("report.json: does not exist"), "{said}");
    assert!(said.contains("--period-a"), "{said}");
    let (status, said) = told(&["tests/golden/sessions.json", MAY]);
    assert!(status == Some(2) && said.contains("callsift.sessions/1"), "{said}");
    let (status, said) = told(&["fixtures/broken/hostile-names.ndjson", MAY]);
    assert!(status == Some(2) && said.contains("no JSON report"), "{said}");
}

#[test]
fn options_for_dumps_are_refused_for_reports() {
    for option in [["--month", "2026-05"], ["--agent", "Asha"], ["--tz", "UTC"], ["--min-calls", "10"]] {
        let (status, said) = told(&[&[APRIL, MAY], &option[..]].concat());
        assert_eq!(status, Some(2), "{option:?}");
        assert!(said.contains(&format!("{}: has no effect", option[0])), "{said}");
    }
    let (status, said) = told(&[APRIL, MAY, "--quiet", "--top", "1", "--format", "csv"]);
    assert_eq!((status, said.as_str()), (Some(0), ""));
}

#[test]
fn periods_that_overlap_or_meet_filters_are_refused() {
    let periods = |a, b| ["fixtures/demo", "--period-a", a, "--period-b", b];
    let (status, said) = told(&periods("2026-05", "2026-05-31..2026-06-02"));
    assert!(status == Some(2) && said.contains("overlap"), "{said}");
    let (status, said) = told(&periods("2026-05", "2026-06"));
    assert_eq!(status, Some(0), "{said}");
    let (status, said) = told(&[&periods("2026-05", "2026-06")[..], &["--month", "2026-05"]].concat());
    assert!(status == Some(2) && said.contains("cannot be used with"), "{said}");
    let (status, said) = told(&["fixtures/demo", "--period-a", "2026-05"]);
    assert!(status == Some(2) && said.contains("--period-b"), "{said}");
}

#[test]
fn an_input_is_not_overwritten() {
    let folder = folder();
    let copy = folder.path().join("report.json");
    fs::copy(root().join(APRIL), &copy).unwrap();
    let (pack, file) = (folder.path().to_str().unwrap(), copy.to_str().unwrap());
    let (status, said) = told(&[pack, MAY, "-o", file]);
    assert!(status == Some(2) && said.contains("is an input"), "{said}");
    assert_eq!(fs::read(&copy).unwrap(), fs::read(root().join(APRIL)).unwrap());
}
