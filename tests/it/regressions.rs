//! What once went wrong, each with the input that showed it.

use serde_json::Value;

use crate::support::{folder, json, run_with, text};

fn sessions(input: &str, more: &[&str]) -> Value {
    let home = folder();
    let args = [&["sessions", "--format", "json"], more].concat();
    json(&run_with(home.path(), &args, input.as_bytes()))["sessions"].clone()
}

/// The sessions of the events that callsift writes of an input.
fn sessions_of_events(input: &str) -> Value {
    let home = folder();
    sessions(&text(&run_with(home.path(), &["events"], input.as_bytes())), &[])
}

#[test]
fn an_own_number_in_another_spelling_is_the_account_in_events_too() {
    let input = r#"{"event":"call.received","session":"s","timestamp":1771409722000,"payload":{"id":"X","from":"525512345678@c.us","to":"5511999998888@c.us"},"me":{"id":"5215512345678@c.us"}}"#;
    let direct = sessions(input, &[]);
    assert_eq!(direct[0]["direction"], "outgoing");
    assert_eq!(direct[0]["customer"], "+5511999998888");
    assert_eq!(sessions_of_events(input), direct);
}

#[test]
fn a_customer_in_another_spelling_is_no_agent_in_events_either() {
    let input = r#"{"event":"CALL_REJECTED","callId":"c","wabaNumber":"919811110000","callDirection":"OUTGOING","pickedBy":"","rejectedBy":"5215512345678","customerNumber":"525512345678","callEndedAt":"2026-02-18T10:15:22.000Z"}"#;
    let direct = sessions(input, &[]);
    assert_eq!(direct[0]["agent_source"], "none");
    assert_eq!(sessions_of_events(input), direct);
}

#[test]
fn a_text_that_spells_our_word_for_none_makes_no_second_group() {
    let home = folder();
    let line = |id: &str, engine: &str, at: u64| {
        format!(
            "{{\"event\":\"call.received\",\"session\":\"s\",{engine}\"timestamp\":{at},\"payload\":{{\"id\":\"{id}\"}}}}\n"
        )
    };
    let input = line("a", "\"engine\":\"-\",", 1_771_409_722_000) + &line("b", "", 1_771_409_723_000);
    let kpi = json(&run_with(home.path(), &["kpi", "--by", "engine", "--format", "json"], input.as_bytes()));
    assert_eq!(kpi["rows"].as_array().unwrap().len(), 1);
    assert_eq!(kpi["rows"][0]["engine"], "-");
}

#[test]
fn an_agent_that_is_a_number_is_one_person_from_every_source() {
    let home = folder();
    std::fs::write(home.path().join("roster.csv"), "instance,agent\ndesk,919833330000\n").unwrap();
    std::fs::write(home.path().join("agents.csv"), "label,agent\n919833330000,Ravi\n").unwrap();
    let input = concat!(
        r#"{"event":"call.received","session":"desk","timestamp":1771409722000,"payload":{"id":"x"}}"#,
        "\n",
        r#"{"event":"CALL_MISSED","callId":"c","wabaNumber":"919811110000","callDirection":"INCOMING","rejectedBy":"919833330000","callEndedAt":"2026-02-18T10:15:22.000Z"}"#
    );
    let read = |more: &[&str]| {
        let args = [&["sessions", "--format", "json", "--roster", "roster.csv"], more].concat();
        json(&run_with(home.path(), &args, input.as_bytes()))["sessions"].clone()
    };
    let agents = |it: &Value| -> Vec<String> {
        it.as_array().unwrap().iter().map(|it| it["agent"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(agents(&read(&["--agents", "agents.csv"])), ["Ravi", "Ravi"]);
    assert_eq!(agents(&read(&[])), ["+919833330000", "+919833330000"]);
    assert_eq!(agents(&read(&["--agent", "919833330000"])).len(), 2);
}

#[test]
fn a_call_name_under_event_type_is_unknown() {
    let home = folder();
    let input = concat!(
        r#"{"event_type":"call.rejected","session":"a","payload":{"id":"x"},"timestamp":1771400123456}"#,
        "\n",
        r#"{"event":"message","event_type":"call.received","session":"a","payload":{"id":"x"},"timestamp":1771400123456}"#
    );
    let got = json(&run_with(home.path(), &["sessions", "--format", "json"], input.as_bytes()));
    assert_eq!(got["accounting"]["lines"]["other"], 2);
    assert_eq!(got["accounting"]["unknown_call_events"]["call.rejected"], 1);
}

#[test]
fn percentages_are_rounded_once() {
    // 501 of 1001 is 50.04995 %.
    let home = folder();
    let mut input = String::new();
    for call in 0..1001 {
        let at = 1_771_400_000_000_u64 + call * 120_000;
        let end = if call < 501 { "rejected" } else { "accepted" };
        for (event, at) in [("received", at), (end, at + 5000)] {
            input += &format!(
                "{{\"event\":\"call.{event}\",\"session\":\"s\",\"timestamp\":{at},\"payload\":{{\"id\":\"c{call}\"}}}}\n"
            );
        }
    }
    let ask = |format: &str| {
        let args = ["kpi", "--by", "instance", "--columns", "rejection_rate", "--format", format];
        text(&run_with(home.path(), &args, input.as_bytes()))
    };
    assert!(ask("table").contains("50.0 %"), "{}", ask("table"));
    assert_eq!(ask("csv"), "rejection_rate\n0.5005\n");
}

#[test]
fn a_bad_body_on_a_good_line_is_told_but_no_invalid_line() {
    let home = folder();
    let input = r#"[{"event":"call.rejected","session":"s","timestamp":1771400123456,"payload":{"id":"a"}},{"event":"call.incoming"}]"#;
    let output = run_with(home.path(), &["sessions", "--format", "json"], input.as_bytes());
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(json(&output)["accounting"]["invalid_bodies"], 1);
    assert!(String::from_utf8_lossy(&output.stderr).contains("`phone` is missing"));
}

#[test]
fn events_of_one_customer_leave_out_the_other_of_a_collided_id() {
    let home = folder();
    let line = |from: &str| {
        format!(
            "{{\"event\":\"call.received\",\"session\":\"s\",\"timestamp\":1771400123456,\"payload\":{{\"id\":\"a\",\"from\":\"{from}@c.us\"}}}}\n"
        )
    };
    let input = line("525512345678") + &line("5511999998888");
    let args = ["events", "--customer", "+525512345678"];
    assert_eq!(text(&run_with(home.path(), &args, input.as_bytes())).lines().count(), 1);
}

#[test]
fn the_place_that_envelopes_name_can_be_given_to_body() {
    let home = folder();
    let body = r#"{"event":"call.rejected","session":"s","timestamp":1771400123456,"payload":{"id":"a"}}"#;
    let input = format!("{{\"Records\":[{{\"body\":{body}}}]}}\n[{{\"Records\":{{\"body\":{body}}}}}]\n");
    let args = ["sessions", "--format", "json", "--body", "Records.body"];
    let got = json(&run_with(home.path(), &args, input.as_bytes()));
    assert_eq!(got["accounting"]["lines"]["call"], 2);
    assert_eq!(got["accounting"]["envelopes"]["Records.body"], 2);
}

#[test]
fn talk_of_less_than_a_millisecond_is_an_answer() {
    let input = r#"{"event":"CALL_ENDED","callId":"c","wabaNumber":"919811110000","callDirection":"INCOMING","durationInSeconds":0.0004,"callEndedAt":"2026-02-18T10:15:22.000Z"}"#;
    let got = sessions(input, &[]);
    assert_eq!(got[0]["outcome"], "answered");
    assert_eq!(got[0]["talk_ms"], Value::Null);
}

#[test]
fn of_two_spellings_of_a_call_events_key_the_last_counts() {
    let rest = r#""callId":"c","wabaNumber":"919811110000","callDirection":"INCOMING","callEndedAt":"2026-02-18T10:15:22.000Z"}"#;
    let got = sessions(&format!(r#"{{"event":"hello","Event":"CALL_REJECTED",{rest}"#), &[]);
    assert_eq!(got[0]["outcome"], "rejected");
    let home = folder();
    let broken = format!(r#"{{"Event":"CALL_REJECTED\ud83d",{rest}"#);
    let got = json(&run_with(home.path(), &["sessions", "--format", "json"], broken.as_bytes()));
    assert_eq!(got["accounting"]["invalid_reasons"]["broken_text"], 1);
}

#[test]
fn a_null_mark_is_no_mark() {
    let input = r#"{"event":"call.rejected","session":"s","timestamp":1771400123456,"payload":{"id":"x"},"data":{},"sessionId":null}"#;
    assert_eq!(sessions(input, &[])[0]["outcome"], "rejected");
}

#[test]
fn an_empty_instance_name_is_none() {
    let input = r#"{"event":"call.missed","phone":"+525512345678","ts":"2026-02-18T10:15:22Z"}"#;
    assert_eq!(sessions(input, &["--instance-name", ""])[0]["instance"], "-");
}

#[test]
fn lines_before_a_bracket_have_their_classes() {
    let home = folder();
    let got = json(&run_with(home.path(), &["sessions", "--format", "json"], b"\n\n\n[\n5]\n"));
    assert_eq!(got["accounting"]["lines"]["total"], 5);
    assert_eq!(got["accounting"]["lines"]["blank"], 3);
}

#[test]
fn an_invalid_line_is_left_out_with_its_reactions() {
    let home = folder();
    let reaction = r#"{"event_type":"message:reaction","chat":{"chat_id":1},"reaction":{"message_uid":"m","action":"set","emoji":"👍","timestamp":"2026-05-04 10:00:00 +0000"}}"#;
    let input = format!("[{reaction},{{\"event\":\"call.rejected\"}}]\n{reaction}\n");
    let got = json(&run_with(home.path(), &["sessions", "--format", "json"], input.as_bytes()));
    assert_eq!(got["accounting"]["lines"]["invalid"], 1);
    assert_eq!(got["accounting"]["reactions"]["total"], 1);
}

#[test]
fn where_nobody_can_be_compared_nobody_is_said_to_be_like_the_others() {
    let home = folder();
    let input = r#"{"event":"call.rejected","session":"s","timestamp":1771400123456,"payload":{"id":"x"}}"#;
    let told = text(&run_with(home.path(), &["report"], input.as_bytes()));
    assert!(told.contains("No agents can be compared") && !told.contains("No agent rejects"), "{told}");
}
