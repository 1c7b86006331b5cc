//! The demo month: the folder is what the generator makes, the reports say what was planted in it, and
//! nothing is shown that is not defined.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use callsift::definitions;
use callsift::synth;
use serde_json::{Map, Value, json};
use walkdir::WalkDir;

use crate::support::{differences, errors, folder, json, lacks, root, run, text};

const SEED: u64 = 2026;

/// What the desk knows beside the dumps.
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

/// The answer of a command about the demo; all must be well.
#[track_caller]
fn ask(command: &[&str], sides: &[&str]) -> Value {
    let args = [command, &["fixtures/demo", "--format", "json"], sides].concat();
    let output = run(root(), &args);
    assert_eq!((output.status.code(), errors(&output).as_str()), (Some(0), ""), "{args:?}");
    json(&output)
}

/// What was planted, told as without side files.
fn truth() -> Value {
    synth::demo(SEED).truth
}

/// What was planted, with the lines that only `--source` tells.
fn truth_with_lines() -> Value {
    fn name(value: &mut Value, source: &Value) {
        match value {
            Value::Object(it) => {
                if it.get("provider") == source.get("provider")
                    && it.get("instance") == source.get("instance_without")
                {
                    it.insert("instance".into(), source["instance"].clone());
                }
                it.values_mut().for_each(|it| name(it, source));
            }
            Value::Array(it) => it.iter_mut().for_each(|it| name(it, source)),
            _ => {}
        }
    }
    let mut truth = truth();
    for source in list(&truth.clone(), "sources") {
        for part in ["calls", "incoming", "outgoing", "incidents"] {
            name(&mut truth[part], source);
        }
    }
    truth
}

fn list<'v>(value: &'v Value, what: &str) -> &'v [Value] {
    value[what].as_array().unwrap_or_else(|| panic!("no list of {what}"))
}

/// Unix milliseconds of an instant that was printed.
fn millis(printed: &Value) -> Value {
    printed
        .as_str()
        .map_or(Value::Null, |it| json!(chrono::DateTime::parse_from_rfc3339(it).unwrap().timestamp_millis()))
}

/// Some fields of an object, times as milliseconds.
fn fields(of: &Value, names: &[&str]) -> Value {
    let value = |name: &str| if name.ends_with("_at") { millis(&of[name]) } else { of[name].clone() };
    Value::Object(names.iter().map(|it| ((*it).to_owned(), value(it))).collect::<Map<_, _>>())
}

#[track_caller]
fn agrees(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_folder_is_what_the_generator_makes() {
    let demo = synth::demo(SEED);
    let base = root().join("fixtures/demo");
    for (name, bytes) in &demo.files {
        let stored = fs::read(base.join(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert!(
            stored == *bytes,
            "fixtures/demo/{name} differs; without the folder, `callsift synth -o fixtures/demo` writes it anew"
        );
    }
    let made: BTreeSet<&str> = demo.files.iter().map(|it| it.0.as_str()).collect();
    for entry in WalkDir::new(&base) {
        let entry = entry.unwrap();
        let name = entry.path().strip_prefix(&base).unwrap().to_string_lossy().replace('\\', "/");
        assert!(entry.file_type().is_dir() || made.contains(&*name), "fixtures/demo/{name} is not made");
    }
    // The command does the same.
    let home = folder();
    let output = run(home.path(), &["synth", "-o", "demo"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    for (name, bytes) in &demo.files {
        assert!(fs::read(home.path().join("demo").join(name)).unwrap() == *bytes, "{name}");
    }
    // Another seed tells another month.
    assert!(synth::demo(SEED + 1).files != demo.files);
}

#[test]
fn every_planted_call_is_found_as_it_happened() {
    let truth = truth_with_lines();
    let planted = list(&truth, "calls");
    let names = [
        "provider",
        "instance",
        "call_id",
        "direction",
        "customer",
        "agent",
        "agent_source",
        "outcome",
        "cause",
        "declined_by",
        "rings",
        "skipped_agents",
        "ring_ms",
        "talk_ms",
        "video",
        "orphan",
        "rated",
        "anomalies",
    ];
    let times = ["started_at", "decided_at"];
    let all = ask(&["sessions"], &SIDES);
    let found = list(&all, "sessions");
    assert_eq!(found.len(), planted.len());
    let mut faults = Vec::new();
    for (found, planted) in found.iter().zip(planted) {
        let mut expected: Map<String, Value> = Map::new();
        for name in names.iter().chain(&times) {
            expected.insert((*name).to_owned(), planted[*name].clone());
        }
        // What lost its offer is in no rate, whatever its feed shows.
        let apart = ![Value::Null, json!("no_offers_captured")].contains(&planted["orphan"]);
        expected["rated"] = json!(planted["rated"] == true && !apart);
        let got = fields(found, &[&names[..], &times].concat());
        let is_group = found["group"] == true;
        if is_group != (planted["group"] == true) {
            faults.push(format!("{}: group {}", found["call_id"], found["group"]));
        }
        for it in differences(&got, &Value::Object(expected)) {
            faults.push(format!("{} of {}: {it}", found["call_id"], found["started_at"]));
        }
    }
    agrees(&faults[..faults.len().min(20)]);
}

#[test]
fn without_side_files_calls_are_told_by_what_payloads_say() {
    let truth = truth();
    let all = ask(&["sessions"], &[]);
    let mut faults = Vec::new();
    let mut found = list(&all, "sessions").to_vec();
    let mut planted = list(&truth, "calls").to_vec();
    let key = |it: &Value, at: Value| (at.as_i64(), it["provider"].to_string(), it["call_id"].to_string());
    found.sort_by_key(|it| (key(it, millis(&it["started_at"])), it["customer"].to_string()));
    planted.sort_by_key(|it| (key(it, it["started_at"].clone()), it["customer_without_file"].to_string()));
    for (found, planted) in found.iter().zip(&planted) {
        let agent = planted["agent_label"].as_str().unwrap_or("(unassigned)");
        let expected = json!({
            "call_id": planted["call_id"],
            "customer": planted["customer_without_file"],
            "agent": agent,
            "instance": planted["instance"],
            "outcome": planted["outcome"],
        });
        faults.extend(lacks(found, &expected).iter().map(|it| format!("{} {it}", found["started_at"])));
    }
    agrees(&faults[..faults.len().min(20)]);
}

#[test]
fn the_books_are_those_of_the_plan() {
    let truth = truth();
    for command in ["sessions", "report", "kpi"] {
        let books = &ask(&[command], &SIDES)["accounting"];
        let mut expected = json!({ "invalid_bodies": 0, "invalid_reasons": {}, "repaired_text": 0 });
        for part in ["lines", "events", "reactions", "sessions", "unknown_call_events"] {
            expected[part] = truth[part].clone();
        }
        agrees(&lacks(books, &expected));
        assert_eq!(books["sessions"]["selected"], truth["sessions"]["total"]);
        assert_eq!(books["unknown_call_events"], truth["unknown_call_events"]);
        assert_eq!(millis(&books["watermark"]), truth["watermark"]);
    }
}

/// Compares the rows of a table by their keys; both must hold the same rows.
fn same_rows(got: &[Value], planted: &[Value], keys: &[&str], names: &[&str]) -> Vec<String> {
    let by_key = |rows: &[Value]| -> BTreeMap<Vec<String>, Value> {
        let key = |row: &Value| keys.iter().map(|it| row[*it].to_string()).collect();
        rows.iter().map(|row| (key(row), fields(row, names))).collect()
    };
    let (got, planted) = (by_key(got), by_key(planted));
    let mut faults = Vec::new();
    for key in got.keys().chain(planted.keys()).collect::<BTreeSet<_>>() {
        match (got.get(key), planted.get(key)) {
            (Some(got), Some(planted)) => {
                faults.extend(differences(got, planted).iter().map(|it| format!("{key:?}{it}")));
            }
            (got, _) => {
                faults.push(format!("{key:?} is {}", if got.is_some() { "not planted" } else { "missing" }))
            }
        }
    }
    faults
}

const INCOMING: [&str; 16] = [
    "calls",
    "resolved",
    "answered",
    "rejected",
    "missed",
    "missed_inferred",
    "ringing",
    "policy_rejected",
    "instant_rejected",
    "confirmed_rejected",
    "reported_rejected",
    "group_calls",
    "orphaned",
    "orphaned_rejections",
    "unrated",
    "unrated_rejected",
];
const OUTGOING: [&str; 9] = [
    "calls",
    "resolved",
    "answered",
    "rejected",
    "missed",
    "ringing",
    "unrated",
    "unrated_rejected",
    "orphaned",
];

#[test]
fn figures_by_agent_and_by_line_are_those_of_the_plan() {
    let truth = truth_with_lines();
    let mut faults = Vec::new();
    for (by, planted, keys) in [
        ("agent,agent_source", "agents", &["agent", "agent_source"][..]),
        ("provider,instance", "instances", &["provider", "instance"]),
    ] {
        let got = ask(&["kpi", "--by", by], &SIDES);
        let (incoming, outgoing) = (&truth["incoming"], &truth["outgoing"]);
        faults.extend(same_rows(list(&got, "rows"), list(incoming, planted), keys, &INCOMING));
        faults.extend(same_rows(list(&got["outgoing"], "rows"), list(outgoing, planted), keys, &OUTGOING));
        let total = fields(&got["total"], &INCOMING);
        faults.extend(differences(&total, &fields(&incoming["total"], &INCOMING)));
        let total = fields(&got["outgoing"]["total"], &OUTGOING);
        faults.extend(differences(&total, &fields(&outgoing["total"], &OUTGOING)));
    }
    agrees(&faults);
    // Teams come from the agents file.
    let got = ask(&["kpi", "--by", "agent,team"], &SIDES);
    for row in list(&truth["incoming"], "agents").iter().filter(|it| !it["team"].is_null()) {
        let found = list(&got, "rows").iter().find(|it| it["agent"] == row["agent"]).unwrap();
        assert_eq!(found["team"], row["team"]);
    }
}

#[test]
fn planted_verdicts_are_given_and_given_to_nobody_else() {
    let truth = truth();
    let report = ask(&["report"], &SIDES);
    let rows = list(&report["kpi_by_agent"], "rows");
    let planted: BTreeMap<&str, &str> = list(&truth["incoming"], "agents")
        .iter()
        .filter_map(|it| Some((it["agent"].as_str()?, it["planted_verdict"].as_str()?)))
        .collect();
    assert_eq!(planted.len(), 3);
    for row in rows {
        let verdict = row["verdict"].as_str();
        match planted.get(row["agent"].as_str().unwrap()) {
            Some(planted) => assert_eq!(verdict, Some(*planted), "{row}"),
            None => assert!(!planted.values().any(|it| verdict == Some(*it)), "{row}"),
        }
    }
    // A person sees them at the top.
    let args = [&["report", "fixtures/demo"][..], &SIDES].concat();
    let told = text(&run(root(), &args));
    let top = told.split("Incoming calls by agent").next().unwrap();
    for it in planted.iter().flat_map(|(agent, verdict)| [agent, verdict]) {
        assert!(top.contains(it), "{it} does not stand out:\n{top}");
    }
    let first = truth["priority_1"]["customer"].as_str().unwrap();
    assert!(top.contains(first) && top.contains("loans-care"), "{top}");
}

#[test]
fn who_comes_first_and_what_was_lost_is_as_planned() {
    let truth = truth();
    let report = ask(&["report"], &SIDES);
    let rows = list(&report["frustration"], "rows");
    let first: Vec<&Value> = rows.iter().filter(|it| it["level"] == "priority_1").collect();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0]["rank"], 1);
    let names: Vec<&str> = truth["priority_1"].as_object().unwrap().keys().map(String::as_str).collect();
    agrees(&differences(&fields(first[0], &names), &truth["priority_1"]));
    let people = &truth["people"];
    let vips: Vec<&Value> =
        list(&report["frustration"], "vip_unanswered").iter().map(|it| &it["customer"]).collect();
    assert_eq!(vips, [&people["vip_unanswered"]]);
    let who = |customer: &Value| rows.iter().find(|it| it["customer"] == *customer).unwrap();
    assert_eq!(who(&people["called_back"])["unresolved"], "no");
    assert_eq!(who(&truth["priority_1"]["customer"])["unresolved"], "yes");
    assert!(who(&people["video"])["video_calls"].as_u64() > Some(0));

    let anomalies = &report["anomalies"];
    let incidents: Vec<Value> = list(anomalies, "incidents")
        .iter()
        .map(|it| fields(it, &["provider", "instance", "first_at", "last_at", "orphans", "rejections"]))
        .collect();
    agrees(&differences(&Value::Array(incidents), &truth["incidents"]));
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for row in list(anomalies, "rows") {
        *kinds.entry(row["kind"].as_str().unwrap()).or_default() += 1;
    }
    agrees(&differences(&json!(kinds), &truth["anomalies"]));
    let mut classes: BTreeMap<String, u64> = BTreeMap::new();
    for it in list(&ask(&["sessions"], &SIDES), "sessions").iter().filter_map(|it| it["orphan"].as_str()) {
        *classes.entry(it.to_owned()).or_default() += 1;
    }
    agrees(&differences(&json!(classes), &truth["orphans"]));
    // Every anomaly is where it says: the line holds the call.
    for row in list(anomalies, "rows").iter().filter(|it| it["call_id"].is_string()) {
        let file = fs::read_to_string(root().join(row["file"].as_str().unwrap())).unwrap();
        let line = file.lines().nth(row["line"].as_u64().unwrap() as usize - 1).unwrap();
        assert!(line.contains(row["call_id"].as_str().unwrap()), "{row}");
    }
}

#[test]
fn who_avoids_the_desk_and_who_defaulted_is_as_planned() {
    let truth = truth();
    let planted = &truth["avoidance"];
    let avoidance = ask(&["report"], &SIDES)["avoidance"].clone();
    let rows = list(&avoidance, "rows");
    let mut faults = Vec::new();
    for debtor in list(planted, "debtors") {
        let row = rows.iter().find(|it| it["customer"] == debtor["customer"]).unwrap();
        faults.extend(lacks(row, debtor).iter().map(|it| format!("{}: {it}", debtor["customer"])));
    }
    agrees(&faults);
    assert_eq!(list(planted, "debtors").len(), 20);
    agrees(&lacks(&avoidance["default_comparison"]["total"], &planted["compared"]));
    // Whoever calls for a senior stands on top, and nobody else.
    let args = [&["report", "fixtures/demo"][..], &SIDES].concat();
    let told = text(&run(root(), &args));
    let top = told.split("Incoming calls by agent").next().unwrap();
    assert!(top.contains(rows[0]["customer"].as_str().unwrap()), "{top}");
}

#[test]
fn silence_repeats_and_unknown_names_are_noticed() {
    let truth = truth();
    let inspect = ask(&["inspect"], &SIDES);
    for silent in list(&truth, "silent") {
        let day = silent["day"].as_str().unwrap();
        let found = list(&inspect, "silences").iter().any(|it| {
            let within = |from: &Value, to: &Value| {
                from.as_str().is_some_and(|it| &it[..10] < day)
                    && to.as_str().is_none_or(|it| &it[..10] > day)
            };
            it["instance"] == silent["instance"] && within(&it["from_at"], &it["to_at"])
        });
        assert!(found, "{silent}: {}", inspect["silences"]);
    }
    let unknown: BTreeMap<&str, &Value> = list(&inspect, "unknown_call_events")
        .iter()
        .map(|it| (it["name"].as_str().unwrap(), &it["count"]))
        .collect();
    agrees(&differences(&json!(unknown), &truth["unknown_call_events"]));
    let reactions = list(&ask(&["reactions"], &SIDES), "rows").to_vec();
    let count = |name: &str| reactions.iter().map(|it| it[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!(json!(count("set") + count("cleared")), truth["reactions"]["unique"]);
    // One person behind two labels is noticed as long as no agents file joins them.
    let alike = ask(&["inspect"], &[]);
    assert!(alike.to_string().contains("ravi k."), "{alike}");
}

// ---- The registry --------------------------------------------------------------------------------

/// Every command, as the help lists them.
fn commands() -> Vec<String> {
    let help = text(&run(root(), &["--help"]));
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = commands.lines().filter_map(|it| it.split_whitespace().next());
    names.filter(|it| *it != "help").map(str::to_owned).collect()
}

#[test]
fn the_readme_names_every_command() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for name in commands() {
        assert!(readme.contains(&format!("callsift {name}")), "README.md does not name `callsift {name}`");
    }
}

/// Keys of the rows of every table in a document.
fn columns(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(rows) => {
            for row in rows {
                if let Value::Object(row) = row {
                    found.extend(row.keys().cloned());
                }
            }
        }
        Value::Object(parts) => {
            let document = ["parameters", "accounting"];
            parts
                .iter()
                .filter(|(it, _)| !document.contains(&it.as_str()))
                .for_each(|(_, it)| columns(it, found));
        }
        _ => {}
    }
}

#[test]
fn every_column_is_defined() {
    let customer = truth()["priority_1"]["customer"].as_str().unwrap().to_owned();
    let keys =
        "provider,instance,account,agent,agent_source,team,engine,country,video,month,week,day,weekday,hour";
    let mut undefined = BTreeSet::new();
    for command in [
        &["report"][..],
        &["kpi", "--by", keys],
        &["frustration"],
        &["avoidance"],
        &["anomalies"],
        &["orphans"],
        &["sessions"],
        &["rejections"],
        &["reactions"],
        &["events"],
        &["inspect", "--show-paths"],
        &["timeline", &customer],
        &["explain", "rejected", "--instance", "loans-care"],
    ] {
        let mut found = BTreeSet::new();
        columns(&ask(command, &SIDES), &mut found);
        assert!(found.len() > 4, "{command:?}: {found:?}");
        for key in found.into_iter().filter(|it| definitions::figure(it).is_none()) {
            undefined.insert(format!("{} {key}", command[0]));
        }
    }
    assert!(undefined.is_empty(), "no definition of {undefined:?}");
    let ids: Vec<&str> = definitions::FIGURES.iter().map(|it| it.id).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "a figure is defined twice");
    let known = commands();
    for figure in definitions::FIGURES {
        let parts = figure.numerator.iter().chain(figure.denominator);
        parts.for_each(|it| assert!(ids.contains(it), "{}: {it} is no figure", figure.id));
        for report in figure.reports {
            assert!(known.iter().any(|it| it == report), "{}: {report} is no command", figure.id);
        }
    }
}
