//! Rules of the dialects of which no fixture shows every side.

use serde_json::{Value, json};

use crate::support::{folder, json, run_with};

fn session(body: &Value) -> Value {
    let home = folder();
    let output = run_with(home.path(), &["sessions", "--format", "json"], body.to_string().as_bytes());
    json(&output)["sessions"][0].clone()
}

fn doubletick(direction: &str, picked_by: &str, rejected_by: &str) -> Value {
    json!({
        "event": "CALL_REJECTED", "callId": "c", "wabaNumber": "919811110000", "callDirection": direction,
        "customerNumber": "919822220000", "customerName": "Asha", "pickedBy": picked_by, "rejectedBy": rejected_by,
        "callEndedAt": "2026-02-18T10:15:22.000Z",
    })
}

#[test]
fn doubletick_names_who_declined_before_who_picked_up_but_not_of_outgoing_calls() {
    let agent = |direction, picked_by, rejected_by| {
        session(&doubletick(direction, picked_by, rejected_by))["agent"].clone()
    };
    assert_eq!(agent("INCOMING", "Picker", "Decliner"), "Decliner");
    assert_eq!(agent("INCOMING", "Picker", ""), "Picker");
    assert_eq!(agent("OUTGOING", "Picker", "Decliner"), "Picker");
    assert_eq!(agent("OUTGOING", "", "Decliner"), "Decliner");
    for customer in ["Asha", "919822220000", "+91 98222-20000"] {
        assert_eq!(agent("OUTGOING", "", customer), "(unassigned)", "{customer}");
        assert_ne!(agent("INCOMING", "", customer), "(unassigned)", "{customer}");
    }
}

#[test]
fn timelinesai_names_the_owner_of_the_device_first() {
    let body = |email: &str, responsible: &str, full_name: &str| {
        json!({
            "event_type": "call:incoming:ended",
            "chat": {"chat_id": 1, "responsible_email": responsible},
            "whatsapp_account": {"whatsapp_account_wid": "w", "email": email, "full_name": full_name},
            "call_details": {"status": "Rejected", "timestamp": "2026-02-18 10:15:22 +0000", "message_uid": "u"},
        })
    };
    assert_eq!(session(&body("a@x", "b@x", "C"))["agent"], "a@x");
    assert_eq!(session(&body("", "b@x", "C"))["agent"], "b@x");
    assert_eq!(session(&body("", "", "C"))["agent"], "C");
    assert_eq!(session(&body("", "", ""))["agent"], "(unassigned)");
}

#[test]
fn wawps_customer_is_the_sender_else_the_payloads_phone_else_the_receiver() {
    let customer = |payload: Value| {
        session(&json!({
            "event": "call.received", "session": "s", "timestamp": 1_771_400_123_456_u64, "payload": payload,
            "me": {"id": "5511955550000@c.us"},
        }))["customer"]
            .clone()
    };
    let (a, b, c) = ("5511900001111@c.us", "5511900002222@s.whatsapp.net", "5511900003333@c.us");
    assert_eq!(customer(json!({"id": "c", "from": a, "to": c, "_data": {"callerPn": b}})), "+5511900001111");
    assert_eq!(customer(json!({"id": "c", "to": c, "_data": {"callerPn": b}})), "+5511900002222");
    assert_eq!(customer(json!({"id": "c", "to": c})), "+5511900003333");
    assert_eq!(customer(json!({"id": "c", "from": "5511955550000:7@s.whatsapp.net"})), Value::Null);
    assert_eq!(customer(json!({"id": "c"})), Value::Null);
    assert_eq!(
        customer(json!({"id": "c", "from": "7@lid", "_data": {"CallCreatorAlt": b}})),
        "+5511900002222"
    );
    let attribute = json!({"Data": {"Attrs": {"caller_pn": b}}});
    assert_eq!(customer(json!({"id": "c", "from": "7@lid", "_data": attribute})), "+5511900002222");
    // Of several the first in the order of belief.
    let several = json!({"callerPn": c, "CallCreatorAlt": b});
    assert_eq!(customer(json!({"id": "c", "from": "7@lid", "_data": several})), "+5511900003333");
}

#[test]
fn wazzaps_names_with_a_payload_or_data_are_another_providers() {
    let unknown = |extra: Value| {
        let mut body =
            json!({"event": "call.missed", "phone": "+525512345678", "ts": "2026-02-18T10:15:22Z"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let home = folder();
        let output = run_with(home.path(), &["sessions", "--format", "json"], body.to_string().as_bytes());
        json(&output)["accounting"]["unknown_call_events"]["call.missed"].as_u64()
    };
    assert_eq!(unknown(json!({"payload": {}})), Some(1));
    assert_eq!(unknown(json!({"data": {"a": 1}})), Some(1));
    assert_eq!(unknown(json!({"data": null, "payload": ""})), None);
}
