//! Envelopes: which member holds the body, when it was received, where it was posted to.

use serde_json::{Value, json};

use crate::support::{folder, json, run_with};

fn sessions(line: &Value, more: &[&str]) -> Value {
    let home = folder();
    let args = [&["explain", "c", "--format", "json"], more].concat();
    json(&run_with(home.path(), &args, line.to_string().as_bytes()))
}

fn wawp(id: &str) -> Value {
    json!({"event": "call.received", "session": id, "timestamp": 1_771_400_123_456_u64, "payload": {"id": "c"}})
}

/// When the capture got the one event.
fn received(envelope: &Value) -> Value {
    let home = folder();
    let args = ["events", "--format", "json"];
    json(&run_with(home.path(), &args, envelope.to_string().as_bytes()))["events"][0]["received_at"].clone()
}

#[test]
fn of_two_members_that_hold_a_body_the_first_of_the_list_counts() {
    let members = [
        "body",
        "rawBody",
        "raw_body",
        "bodyRaw",
        "content",
        "payload",
        "data",
        "data_base64",
        "message",
        "Message",
        "event",
        "request",
        "detail",
        "value",
        "json",
        "log",
        "records",
        "Records",
        "kinesis",
    ];
    for pair in members.windows(2) {
        let mut envelope = json!({});
        // The later of the list stands first in the line.
        envelope[pair[1]] = wawp("second");
        envelope[pair[0]] = wawp("first");
        let found = sessions(&envelope, &[]);
        assert_eq!(found["sessions"][0]["instance"], "first", "{pair:?}");
        assert_eq!(found["accounting"]["envelopes"][pair[0]], 1, "{pair:?}");
    }
}

#[test]
fn of_two_receive_times_the_first_of_the_list_counts() {
    let names = [
        "received_at",
        "receivedAt",
        "ingested_at",
        "created_at",
        "timestamp",
        "time",
        "ts",
        "@timestamp",
        "date",
        "publishTime",
    ];
    let first = "2026-02-18T10:15:22.000+00:00";
    for pair in names.windows(2) {
        let mut envelope = json!({"body": wawp("a")});
        envelope[pair[0]] = json!(1_771_409_722);
        envelope[pair[1]] = json!(1_771_409_799);
        assert_eq!(received(&envelope), first, "{pair:?}");
        // One that cannot be read is no value.
        envelope[pair[0]] = json!("soon");
        assert_ne!(received(&envelope), first, "{pair:?}");
        assert_ne!(received(&envelope), Value::Null, "{pair:?}");
    }
    let context = json!({"timeEpoch": 1_771_409_722_000_u64, "requestTimeEpoch": 1_771_409_799_000_u64});
    assert_eq!(received(&json!({"body": wawp("a"), "requestContext": context})), first);
    let late = json!({"requestTimeEpoch": 1_771_409_722_000_u64});
    assert_eq!(received(&json!({"body": wawp("a"), "requestContext": late})), first);
    let both = json!({"body": wawp("a"), "requestContext": {"timeEpoch": 1_771_409_799_000_u64}, "publishTime": 1_771_409_722});
    assert_eq!(received(&both), first);
    // The innermost level comes first, whatever its name.
    let nested =
        json!({"received_at": 1_771_409_799, "body": {"publishTime": 1_771_409_722, "body": wawp("a")}});
    assert_eq!(received(&nested), first);
}

#[test]
fn paths_are_looked_for_in_their_order_and_without_their_query() {
    let wazzap = json!({"event": "call.missed", "phone": "+525512345678", "ts": "2026-02-18T10:15:22Z"});
    let instance = |envelope: &Value| {
        let home = folder();
        let args = ["sessions", "--format", "json", "--source", "/one=first", "--source", "*=second"];
        json(&run_with(home.path(), &args, envelope.to_string().as_bytes()))["sessions"][0]["instance"]
            .clone()
    };
    for (names, envelope) in [
        ("path", json!({"path": "/one?secret=1", "rawPath": "/two", "body": wazzap})),
        ("rawPath", json!({"rawPath": "/one", "url": "/two", "body": wazzap})),
        ("url", json!({"url": "/one", "request": {"uri": "/two"}, "body": wazzap})),
        ("request.uri", json!({"request": {"uri": "/one"}, "body": wazzap})),
    ] {
        assert_eq!(instance(&envelope), "first", "{names}");
    }
    assert_eq!(instance(&json!({"path": "/two", "body": wazzap})), "second");
}

#[test]
fn a_source_is_held_against_the_path_as_given_and_its_base_name() {
    let home = folder();
    std::fs::create_dir(home.path().join("in")).unwrap();
    let line = r#"{"event":"call.missed","phone":"+525512345678","ts":"2026-02-18T10:15:22Z"}"#;
    std::fs::write(home.path().join("in/centro.ndjson"), line).unwrap();
    for (pattern, expected) in
        [("centro*", "x"), ("in/centro*", "x"), ("in/*", "x"), ("entro*", "-"), ("CENTRO*", "-")]
    {
        let source = format!("{pattern}=x");
        let args = ["sessions", "--format", "json", "--source", &source, "in"];
        let found = json(&crate::support::run(home.path(), &args));
        assert_eq!(found["sessions"][0]["instance"], expected, "{pattern}");
    }
}
