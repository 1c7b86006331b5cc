//! What commands print as JSON is what `callsift schema` says.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::support::{errors, json as json_of, root, run, run_with, text};

/// The schema of a command.
#[track_caller]
fn schema(command: &str) -> Value {
    json_of(&run(root(), &["schema", command]))
}

/// The first faults that a schema finds, with their places.
fn faults(schema: &Value, document: &Value) -> Vec<String> {
    let validator = jsonschema::draft202012::new(schema).unwrap();
    let faults = validator.iter_errors(document).take(5);
    faults.map(|it| format!("{}: {it}", it.instance_path())).collect()
}

/// Every golden JSON with its name.
fn goldens() -> Vec<(String, Value)> {
    let mut goldens = Vec::new();
    for entry in fs::read_dir(root().join("tests/golden")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "json") {
            let bytes = fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            goldens.push((name, serde_json::from_slice(&bytes).unwrap()));
        }
    }
    goldens
}

/// `kpi` of `callsift.kpi/1`.
fn command_of(document: &Value) -> String {
    let name = document["schema"].as_str().unwrap();
    name.strip_prefix("callsift.").and_then(|it| it.strip_suffix("/1")).unwrap().to_owned()
}

#[test]
fn every_golden_json_meets_its_schema() {
    let goldens = goldens();
    assert!(goldens.len() >= 20, "{} golden documents", goldens.len());
    let mut schemas: BTreeMap<String, Value> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (name, document) in &goldens {
        let command = command_of(document);
        let schema = schemas.entry(command.clone()).or_insert_with(|| schema(&command));
        wrong.extend(faults(schema, document).iter().map(|it| format!("{name}: {it}")));
        let described = &schema["properties"]["parameters"]["properties"];
        for (key, _) in document["parameters"].as_object().unwrap() {
            if described.get(key).is_none() {
                wrong.push(format!("{name}: the parameter {key} is not described"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_schema_is_one() {
    let help = text(&run(root(), &["schema", "nothing"]));
    assert_eq!(help, "");
    let told = errors(&run(root(), &["schema", "nothing"]));
    let (_, known) = told.trim_end().split_once("known are ").unwrap();
    let known: Vec<&str> = known.split(", ").collect();
    assert!(known.len() >= 13, "{told}");
    for command in known {
        let schema = schema(command);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let id = schema["$id"].as_str().unwrap();
        let own = [format!("callsift.{command}/1"), format!("callsift.{command}-manifest/1")];
        assert!(own.contains(&id.to_owned()) || command == "orphans", "{id}");
        jsonschema::draft202012::meta::validate(&schema).unwrap_or_else(|it| panic!("{command}: {it}"));
        assert!(schema["properties"].as_object().unwrap().len() > 4, "{command} has a section");
    }
}

/// A golden document after a change is no longer what the schema says.
#[track_caller]
fn refused(golden: &str, change: impl FnOnce(&mut Value)) {
    let (_, mut document) = goldens().into_iter().find(|(name, _)| name == golden).unwrap();
    let schema = schema(&command_of(&document));
    assert_eq!(faults(&schema, &document), Vec::<String>::new());
    change(&mut document);
    assert!(!faults(&schema, &document).is_empty(), "{golden}");
}

#[test]
fn wrong_documents_are_refused() {
    refused("kpi.json", |it| it["rows"][0]["extra"] = json!(1));
    refused("kpi.json", |it| it["rows"][0]["rejected"] = json!("3"));
    refused("kpi.json", |it| it["rows"][0]["rejected"] = json!(-3));
    refused("kpi.json", |it| it["rows"][0]["rejection_rate"] = json!(1.5));
    refused("kpi.json", |it| drop(it["rows"][0].as_object_mut().unwrap().remove("rejected")));
    refused("kpi.json", |it| drop(it.as_object_mut().unwrap().remove("outgoing")));
    refused("kpi.json", |it| it["accounting"]["lines"]["total"] = Value::Null);
    refused("kpi.json", |it| it["accounting"]["lines"]["more"] = json!(1));
    refused("kpi.json", |it| it["schema"] = json!("callsift.kpi/2"));
    refused("kpi.json", |it| it["notes"] = json!([1]));
    refused("kpi.json", |it| it["parameters"]["min_calls"] = json!("10"));
    refused("report.json", |it| it["kpi_by_agent"]["rows"][0]["calls"] = json!("many"));
    refused("events.json", |it| it["events"][0]["evidence"] = json!(["a.ndjson:1"]));
}

#[test]
fn columns_that_nobody_asked_for_may_be_missing() {
    let (_, chosen) = goldens().into_iter().find(|(name, _)| name == "kpi-by-hour.json").unwrap();
    assert!(chosen["rows"][0].get("answered").is_none());
    assert_eq!(faults(&schema("kpi"), &chosen), Vec::<String>::new());

    let args = ["define", "--format", "json", "--columns", "id,unit"];
    let defined = json_of(&run_with(root(), &args, b""));
    assert_eq!(defined["parameters"]["columns"], json!(["id", "unit"]));
    assert_eq!(faults(&schema("define"), &defined), Vec::<String>::new());

    let args = ["report", "--format", "json", "--section", "frustration", "fixtures/demo"];
    let report = json_of(&run(root(), &args));
    assert!(report.get("kpi_by_agent").is_none_or(|it| it.get("rows").is_none()));
    assert_eq!(faults(&schema("report"), &report), Vec::<String>::new());
}

#[test]
fn unknown_commands_lead_to_known_ones() {
    let output = run(root(), &["schema", "frustation"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(errors(&output).contains("did you mean `frustration`?"), "{}", errors(&output));
}
