//! The four providers' bodies to call events and reactions.

use super::Params;
use super::envelopes::folded_get;
use super::identity;
use super::json::Json;
use super::reactions::Reaction;
use super::times::{self, TimeRead};

/// What an event is, in the order in which events at one instant stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Offered,
    Accepted,
    Rejected,
    Missed,
    Skipped,
}

/// One call event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub provider: &'static str,
    pub instance: String,
    pub account: Option<String>,
    pub call_id: Option<String>,
    pub outgoing: bool,
    pub kind: Kind,
    pub customer: Option<String>,
    /// The customer's number that the same payload shows beside `from`.
    pub payload_phone: Option<String>,
    /// The identities, not the account's own, that the payload shows.
    pub shown: Vec<String>,
    /// The hidden identity and the number that the payload shows, one of them as `from`.
    pub shown_pair: Option<(String, String)>,
    pub agent_label: Option<String>,
    pub metadata_label: Option<String>,
    pub at: Option<i64>,
    /// Whether `at` is the capture's clock.
    pub by_receiver: bool,
    pub replayed: bool,
    pub ended_at: Option<i64>,
    pub cause: Option<&'static str>,
    pub video: Option<bool>,
    pub group: Option<bool>,
    pub talk_ms: Option<i64>,
    pub received_at: Option<i64>,
    pub customer_name: Option<String>,
    pub customer_ref: Option<String>,
    pub chat_ref: Option<String>,
    pub engine: Option<String>,
    pub country: Option<String>,
    /// Event name and status, in lower case.
    pub name: String,
    pub status: String,
    pub file: String,
    pub line: u64,
}

/// What a body is.
#[derive(Debug)]
pub enum Body {
    Call(Box<Event>),
    Reaction(Reaction),
    Invalid(&'static str),
    /// A call-like name that no table holds.
    Unknown(String),
    Other,
}

/// Where a body was found.
pub struct Place<'a> {
    pub file: &'a str,
    pub line: u64,
    pub received_at: Option<i64>,
    pub path: Option<&'a str>,
}

type Checked<T> = Result<T, &'static str>;

/// An id, phone or instance that may be missing: text or an integer.
fn optional_id(value: Option<&Json>) -> Checked<Option<String>> {
    match value {
        Some(Json::Str(text)) if text.broken => Err("broken_text"),
        _ => Ok(plain_id(value)),
    }
}

fn plain_id(value: Option<&Json>) -> Option<String> {
    match value {
        Some(Json::Num(text)) if !text.contains(['.', 'e', 'E']) => Some(text.clone()),
        other => name(other),
    }
}

/// A text such as a name: repaired, trimmed, and not empty.
fn name(value: Option<&Json>) -> Option<String> {
    match value {
        Some(Json::Str(text)) => {
            let text = text.text.trim();
            (!text.is_empty()).then(|| text.to_string())
        }
        _ => None,
    }
}

/// A word in lower case.
fn word(value: Option<&Json>) -> Option<String> {
    name(value).map(|text| text.to_lowercase())
}

fn truth(value: Option<&Json>) -> Option<bool> {
    match value {
        Some(Json::Bool(value)) => Some(*value),
        _ => None,
    }
}

/// The value at a path that must have one; a parent that is no object is of the wrong type.
fn required<'a>(body: &'a Json, path: &[&str]) -> Checked<&'a Json> {
    let mut here = body;
    for step in path {
        if !here.has_value() {
            return Err("missing_field");
        }
        if !matches!(here, Json::Obj(_)) {
            return Err("wrong_type");
        }
        here = here.get(step).ok_or("missing_field")?;
    }
    if here.has_value() { Ok(here) } else { Err("missing_field") }
}

fn required_id(value: Checked<&Json>) -> Checked<String> {
    optional_id(Some(value?))?.ok_or("wrong_type")
}

/// A required word; broken text is repaired and so is in no table.
fn required_word(value: Checked<&Json>) -> Checked<String> {
    name(Some(value?)).ok_or("wrong_type")
}

fn required_time(value: Checked<&Json>, params: &Params) -> Checked<i64> {
    match times::read(Some(value?), params.naive_zone()) {
        TimeRead::At(ms) => Ok(ms),
        TimeRead::Absent => Err("missing_field"),
        TimeRead::WrongType => Err("wrong_type"),
        TimeRead::Broken => Err("broken_text"),
        TimeRead::Unreadable => Err("bad_time"),
    }
}

fn optional_time(value: Option<&Json>, params: &Params) -> Checked<Option<i64>> {
    match times::read(value, params.naive_zone()) {
        TimeRead::At(ms) => Ok(Some(ms)),
        TimeRead::Absent => Ok(None),
        TimeRead::Broken => Err("broken_text"),
        TimeRead::WrongType | TimeRead::Unreadable => Err("bad_time"),
    }
}

/// An identity that may be missing.
fn optional_identity(value: Option<&Json>, params: &Params) -> Checked<Option<String>> {
    Ok(optional_id(value)?.and_then(|text| identity::canonical(&text, params.raw_identities)))
}

/// Whether a name is one of calls.
fn call_like(name: &str) -> bool {
    match name.to_lowercase().strip_prefix("call") {
        Some(rest) => !rest.starts_with(|c: char| c.is_alphanumeric()),
        None => false,
    }
}

const DOUBLETICK: [&str; 7] = [
    "call_incoming_initiated",
    "call_outgoing_initiated",
    "call_accepted",
    "call_ended",
    "call_rejected",
    "call_missed",
    "call_not_picked",
];
const WAWP: [&str; 3] = ["call.received", "call.accepted", "call.rejected"];
const WAZZAP: [&str; 4] = ["call.incoming", "call.accept", "call.reject", "call.missed"];
const TIMELINESAI: [&str; 3] = ["call:incoming:missed", "call:incoming:ended", "call:outgoing:ended"];

/// Reads a body.
pub fn read(body: &Json, place: &Place, params: &Params) -> Body {
    let result =
        if envelope_name_is_broken(body) { Err("broken_text") } else { recognise(body, place, params) };
    result.unwrap_or_else(Body::Invalid)
}

/// Whether a body's event name is not text.
fn envelope_name_is_broken(body: &Json) -> bool {
    ["event", "event_type"].iter().any(|key| {
        matches!(body.get(key), Some(Json::Str(text)) if text.broken) && super::envelopes::is_body(body)
    })
}

fn recognise(body: &Json, place: &Place, params: &Params) -> Checked<Body> {
    let event_type = name(body.get("event_type"));
    if let Some(written) = &event_type {
        let lower = written.to_lowercase();
        if TIMELINESAI.contains(&lower.as_str()) {
            return timelinesai(body, written, place, params);
        }
        if lower == "message:reaction" {
            return reaction(body, params);
        }
    }
    let event = name(body.get("event"));
    if let Some(written) = event.as_ref().filter(|written| call_like(written)) {
        let has = |key: &str| body.get(key).is_some_and(Json::has_value);
        let object = |key: &str| matches!(body.get(key), Some(Json::Obj(_)));
        if object("data") && has("sessionId") {
            return Ok(Body::Unknown(format!("openwa:{written}")));
        }
        if object("call") && has("account") {
            return Ok(Body::Unknown(format!("zernio:{written}")));
        }
    }
    let renamed = name(folded_get(body, "event"));
    if let Some(lower) = renamed.as_ref().map(|text| text.to_lowercase())
        && DOUBLETICK.contains(&lower.as_str())
    {
        return doubletick(body, &lower, place, params);
    }
    if let Some(written) = &event {
        let lower = written.to_lowercase();
        if WAWP.contains(&lower.as_str()) {
            return wawp(body, &lower, place, params);
        }
        let shape = |key: &str| body.get(key).is_some_and(Json::has_value);
        if WAZZAP.contains(&lower.as_str()) && !shape("payload") && !shape("data") {
            return wazzap(body, &lower, place, params);
        }
    }
    for written in [event_type, event, renamed].into_iter().flatten() {
        if call_like(&written) {
            return Ok(Body::Unknown(written));
        }
    }
    Ok(Body::Other)
}

/// An event with nothing but its place and name.
fn blank(provider: &'static str, name: &str, place: &Place) -> Event {
    Event {
        provider,
        instance: String::new(),
        account: None,
        call_id: None,
        outgoing: false,
        kind: Kind::Offered,
        customer: None,
        payload_phone: None,
        shown: Vec::new(),
        shown_pair: None,
        agent_label: None,
        metadata_label: None,
        at: None,
        by_receiver: false,
        replayed: false,
        ended_at: None,
        cause: None,
        video: None,
        group: None,
        talk_ms: None,
        received_at: place.received_at,
        customer_name: None,
        customer_ref: None,
        chat_ref: None,
        engine: None,
        country: None,
        name: name.to_string(),
        status: String::new(),
        file: place.file.to_string(),
        line: place.line,
    }
}

/// Sets `at` to the provider's time, else to the receive time.
fn stamp(event: &mut Event, by_provider: Option<i64>) {
    event.by_receiver = by_provider.is_none() && event.received_at.is_some();
    event.at = by_provider.or(event.received_at);
}

fn show_customer(event: &mut Event) {
    event.shown = event.customer.iter().cloned().collect();
}

fn wawp(body: &Json, lower: &str, place: &Place, params: &Params) -> Checked<Body> {
    let mut event = blank("wawp", lower, place);
    event.instance = required_id(required(body, &["session"]))?;
    event.call_id = Some(required_id(required(body, &["payload", "id"]))?);
    let nothing = Json::Null;
    let payload = body.get("payload").unwrap_or(&nothing);
    let data = payload.get("_data").unwrap_or(&nothing);

    // Who is who.
    let mut own = Vec::new();
    for key in ["id", "lid", "jid"] {
        own.extend(optional_identity(body.at(&["me", key]), params)?);
    }
    event.account = optional_identity(body.at(&["me", "id"]), params)?;
    let from_text = optional_id(payload.get("from"))?;
    let from = optional_identity(payload.get("from"), params)?;
    let from_is_own = from.as_ref().is_some_and(|from| own.contains(from));
    event.outgoing = from_is_own || data.get("fromMe") == Some(&Json::Bool(true));
    let mut beside = Vec::new();
    for path in [&["callerPn"][..], &["CallCreatorAlt"], &["Data", "Attrs", "caller_pn"]] {
        beside.extend(optional_identity(data.at(path), params)?);
    }
    beside.retain(|identity| !own.contains(identity));
    event.payload_phone = beside.iter().find(|i| identity::is_number(i)).cloned();
    let hidden_beside = beside.iter().find(|i| identity::is_hidden(i)).cloned();
    let from = from.filter(|_| !from_is_own);
    let to = optional_identity(payload.get("to"), params)?.filter(|to| !own.contains(to));
    event.customer = from.clone().or_else(|| event.payload_phone.clone()).or(to);
    show_customer(&mut event);
    event.shown.extend(beside);
    event.shown_pair = match from {
        Some(from) if identity::is_hidden(&from) => event.payload_phone.clone().map(|number| (from, number)),
        Some(from) if identity::is_number(&from) => hidden_beside.map(|hidden| (hidden, from)),
        _ => None,
    };

    // What happened.
    let status = word(data.get("status"));
    let tag = word(data.at(&["Data", "Tag"]));
    let reason = word(data.get("Reason"));
    let is = |field: &Option<String>, value: &str| field.as_deref() == Some(value);
    (event.kind, event.cause) = match lower {
        "call.received" => (Kind::Offered, None),
        "call.accepted" => (Kind::Accepted, None),
        _ if data.get("api") == Some(&Json::Bool(true)) => (Kind::Rejected, Some("policy")),
        _ if is(&status, "reject") || is(&tag, "reject") => (Kind::Rejected, Some("declined")),
        _ if is(&reason, "timeout") || is(&status, "timeout") => (Kind::Missed, Some("timeout")),
        _ if is(&status, "terminate") || is(&tag, "terminate") => (Kind::Missed, Some("ended_unanswered")),
        _ => (Kind::Rejected, Some("reported")),
    };

    // When.
    let sent = optional_time(body.get("timestamp"), params)?;
    let happened = optional_time(payload.get("timestamp"), params)?;
    event.replayed = match (sent, happened) {
        (Some(sent), Some(happened)) => sent - happened > 60_000,
        _ => false,
    };
    let at = if event.replayed { happened } else { sent.or(happened) };
    stamp(&mut event, at);

    let group_jid = from_text.is_some_and(|text| text.to_lowercase().ends_with("@g.us"));
    event.group = if group_jid { Some(true) } else { truth(payload.get("isGroup")) };
    event.video = truth(payload.get("isVideo"));
    event.engine = name(body.get("engine"));
    if let Some(key) = &params.agent_from_metadata {
        event.metadata_label = body
            .get("metadata")
            .and_then(|metadata| plain_id(metadata.get(key)))
            .map(|text| identity::label(&text, params.raw_identities));
    }
    Ok(Body::Call(Box::new(event)))
}

fn doubletick(body: &Json, lower: &str, place: &Place, params: &Params) -> Checked<Body> {
    let field = |key: &str| folded_get(body, key);
    let must = |key: &str| match field(key) {
        Some(value) if value.has_value() => Ok(value),
        _ => Err("missing_field"),
    };
    if word(field("channel")).as_deref() == Some("pstn") {
        return Ok(Body::Other);
    }
    let mut event = blank("doubletick", lower, place);
    event.call_id = Some(required_id(must("callid"))?);
    event.instance = required_id(must("wabanumber"))?;
    event.account = identity::canonical(&event.instance, params.raw_identities);
    event.outgoing = match lower {
        "call_incoming_initiated" => false,
        "call_outgoing_initiated" => true,
        _ => match required_word(must("calldirection"))?.to_lowercase().as_str() {
            "incoming" => false,
            "outgoing" => true,
            _ => return Err("bad_value"),
        },
    };
    event.customer = match optional_id(field("customernumber"))? {
        Some(text) => identity::canonical(&text, params.raw_identities),
        None => optional_identity(field("customerphonenumber"), params)?,
    };
    show_customer(&mut event);
    event.customer_name = name(field("customername"));
    event.customer_ref = optional_id(field("customerid"))?;
    event.chat_ref = optional_id(field("chatid"))?;

    let failed = word(field("callstatus")).as_deref() == Some("failed");
    let started = || optional_time(field("callstartedat"), params);
    let ended = || optional_time(field("callendedat"), params);
    match lower {
        "call_not_picked" => event.kind = Kind::Skipped,
        _ if failed => {
            event.kind = Kind::Missed;
            event.cause = Some("failed");
            stamp(&mut event, ended()?);
        }
        "call_incoming_initiated" | "call_outgoing_initiated" => {
            event.kind = Kind::Offered;
            stamp(&mut event, None);
        }
        "call_accepted" => {
            event.kind = Kind::Accepted;
            event.talk_ms = times::seconds(field("durationinseconds")).1;
            stamp(&mut event, started()?);
        }
        "call_ended" => {
            let (started, ended) = (started()?, ended()?);
            let (talked, talk_ms) = times::seconds(field("durationinseconds"));
            if started.is_some() || talked {
                event.kind = Kind::Accepted;
                event.talk_ms = talk_ms;
                event.ended_at = ended;
                stamp(&mut event, started.or(ended));
            } else {
                event.kind = Kind::Missed;
                event.cause = Some("ended_unanswered");
                stamp(&mut event, ended);
            }
        }
        "call_rejected" => {
            event.kind = Kind::Rejected;
            event.cause = Some("declined");
            stamp(&mut event, ended()?);
        }
        _ => {
            event.kind = Kind::Missed;
            event.cause = Some("reported");
            stamp(&mut event, ended()?);
        }
    }

    let raw = params.raw_identities;
    let label = |key: &str| plain_id(field(key)).map(|text| identity::label(&text, raw));
    let (picked, rejected) = (label("pickedby"), label("rejectedby"));
    event.agent_label = if event.outgoing {
        picked.or_else(|| {
            rejected.filter(|label| {
                identity::canonical(label, raw) != event.customer
                    && Some(label) != event.customer_name.as_ref()
            })
        })
    } else {
        rejected.or(picked)
    };
    Ok(Body::Call(Box::new(event)))
}

fn wazzap(body: &Json, lower: &str, place: &Place, params: &Params) -> Checked<Body> {
    let mut event = blank("wazzap", lower, place);
    let phone = required_id(required(body, &["phone"]))?;
    event.customer = identity::canonical(&phone, params.raw_identities);
    show_customer(&mut event);
    let ts = required_time(required(body, &["ts"]), params)?;
    stamp(&mut event, Some(ts));
    (event.kind, event.cause) = match lower {
        "call.incoming" => (Kind::Offered, None),
        "call.accept" => (Kind::Accepted, None),
        "call.reject" => (Kind::Rejected, Some("reported")),
        _ => (Kind::Missed, Some("reported")),
    };
    event.country = name(body.get("country")).map(|text| text.to_uppercase());
    let base = place.file.rsplit('/').next().unwrap_or(place.file);
    let named = params.sources.iter().find(|(pattern, _)| {
        let pattern = glob::Pattern::new(pattern).expect("a pattern");
        pattern.matches(place.file)
            || pattern.matches(base)
            || place.path.is_some_and(|path| pattern.matches(path))
    });
    event.instance = match named {
        Some((_, instance)) => instance.clone(),
        None => params.instance_name.clone().unwrap_or("-".to_string()),
    };
    Ok(Body::Call(Box::new(event)))
}

fn timelinesai(body: &Json, written: &str, place: &Place, params: &Params) -> Checked<Body> {
    let lower = written.to_lowercase();
    let mut event = blank("timelinesai", &lower, place);
    event.instance = required_id(required(body, &["whatsapp_account", "whatsapp_account_wid"]))?;
    event.call_id = Some(required_id(required(body, &["call_details", "message_uid"]))?);
    let status = required_word(required(body, &["call_details", "status"]))?;
    let at = required_time(required(body, &["call_details", "timestamp"]), params)?;
    let details = required(body, &["call_details"])?;
    event.outgoing = match word(details.get("direction")).as_deref() {
        Some("incoming") => false,
        Some("outgoing") => true,
        _ => lower == "call:outgoing:ended",
    };
    event.status = status.to_lowercase();
    (event.kind, event.cause) = match event.status.as_str() {
        "answered" | "ended" => (Kind::Accepted, None),
        "rejected" | "declined" => (Kind::Rejected, Some("declined")),
        "missed" | "no answer" => (Kind::Missed, Some("reported")),
        _ => return Ok(Body::Unknown(format!("{written}/{status}"))),
    };
    stamp(&mut event, Some(at));
    let account = |key: &str| body.at(&["whatsapp_account", key]);
    event.account = optional_identity(account("phone"), params)?;
    let party = if event.outgoing { "recipient" } else { "caller" };
    event.customer = match optional_id(details.at(&[party, "phone"]))? {
        Some(text) => identity::canonical(&text, params.raw_identities),
        None => optional_identity(body.at(&["chat", "phone"]), params)?,
    };
    show_customer(&mut event);
    event.customer_name = name(details.at(&[party, "full_name"]));
    event.chat_ref = optional_id(body.at(&["chat", "chat_id"]))?;
    event.video = truth(details.get("is_video"));
    event.group = match word(body.at(&["chat", "chat_type"])).as_deref() {
        Some("group") => Some(true),
        Some("direct") => Some(false),
        _ => None,
    };
    if event.kind == Kind::Accepted {
        event.talk_ms = times::seconds(details.get("duration")).1;
    }
    event.agent_label = name(account("email"))
        .or_else(|| name(body.at(&["chat", "responsible_email"])))
        .or_else(|| name(account("full_name")))
        .map(|text| identity::label(&text, params.raw_identities));
    Ok(Body::Call(Box::new(event)))
}

fn reaction(body: &Json, params: &Params) -> Checked<Body> {
    let message = required_id(required(body, &["reaction", "message_uid"]))?;
    let action = required_word(required(body, &["reaction", "action"]))?;
    let emoji = required_word(required(body, &["reaction", "emoji"]))?;
    let at = required_time(required(body, &["reaction", "timestamp"]), params)?;
    let chat = required_id(required(body, &["chat", "chat_id"]))?;
    let set = match action.to_lowercase().as_str() {
        "set" => true,
        "clear" => false,
        _ => return Err("bad_value"),
    };
    let reactor = body.at(&["reaction", "reactor"]).unwrap_or(&Json::Null);
    let counts = body.at(&["reaction", "reactions"]);
    let latest = match counts {
        Some(map @ Json::Obj(_)) => Some(match map.get(&emoji) {
            Some(Json::Num(text)) => text.parse().unwrap_or(0),
            Some(Json::Str(text)) => text.text.trim().parse().unwrap_or(0),
            _ => 0,
        }),
        _ => None,
    };
    Ok(Body::Reaction(Reaction { chat, message, emoji, reactor: reactor.canonical(), set, at, latest }))
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;

    fn body(text: &str, received_at: Option<i64>) -> Body {
        let place = Place { file: "dump/x.ndjson", line: 1, received_at, path: Some("/hooks/north") };
        let params =
            Params { sources: vec![("*/north".to_string(), "north".to_string())], ..Params::default() };
        read(&json::parse(text.as_bytes()).unwrap(), &place, &params)
    }

    fn event(text: &str, received_at: Option<i64>) -> Event {
        match body(text, received_at) {
            Body::Call(event) => *event,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn reason(text: &str) -> &'static str {
        match body(text, None) {
            Body::Invalid(reason) => reason,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn wawp_directions_and_replays() {
        let e = event(
            r#"{"event":"CALL.Received","session":"front","timestamp":1771409785001,"payload":{
                "id":7,"from":"5215512345678@c.us","timestamp":1771409725,"isVideo":true},
                "me":{"id":"5511955550000:3@s.whatsapp.net"}}"#,
            None,
        );
        assert_eq!((e.kind, e.outgoing, e.replayed), (Kind::Offered, false, true));
        assert_eq!(e.at, Some(1_771_409_725_000));
        assert_eq!(e.customer.as_deref(), Some("+525512345678"));
        assert_eq!(e.account.as_deref(), Some("+5511955550000"));
        assert_eq!(e.call_id.as_deref(), Some("7"));
        let e = event(
            r#"{"event":"call.received","session":"front","timestamp":1771409785000,"payload":{
                "id":"7","from":"5511955550000@c.us","to":"5215512345678@c.us",
                "timestamp":1771409725},"me":{"id":"5511955550000@c.us"}}"#,
            None,
        );
        assert!(e.outgoing && !e.replayed);
        assert_eq!(e.customer.as_deref(), Some("+525512345678"));
    }

    #[test]
    fn the_rows_of_wawps_rejection() {
        for (data, kind, cause) in [
            (r#"{"api":true,"status":"reject"}"#, Kind::Rejected, "policy"),
            (r#"{"Data":{"Tag":"reject"},"Reason":"timeout"}"#, Kind::Rejected, "declined"),
            (r#"{"Data":{"Tag":"terminate"},"Reason":"timeout"}"#, Kind::Missed, "timeout"),
            (r#"{"status":"terminate"}"#, Kind::Missed, "ended_unanswered"),
            (r#"[]"#, Kind::Rejected, "reported"),
        ] {
            let e = event(
                &format!(
                    r#"{{"event":"call.rejected","session":"a","payload":{{"id":"1","_data":{data}}}}}"#
                ),
                Some(5),
            );
            assert_eq!((e.kind, e.cause), (kind, Some(cause)), "{data}");
            assert!(e.by_receiver);
        }
    }

    #[test]
    fn doubletick_renamed_and_ended() {
        let e = event(
            r#"{"Event":"call_ended","Call ID":"c","waba_number":919811110000,"Call Direction":"Outgoing",
                "Customer Phone Number":"919822220000","callStartedAt":"2026-02-18T10:15:25Z",
                "callEndedAt":"2026-02-18T10:16:25Z","durationInSeconds":59.5,"pickedBy":"919833330000",
                "callStatus":"END"}"#,
            None,
        );
        assert_eq!((e.kind, e.outgoing), (Kind::Accepted, true));
        assert_eq!(e.at, Some(1_771_409_725_000));
        assert_eq!(e.ended_at, Some(1_771_409_785_000));
        assert_eq!(e.talk_ms, Some(59_500));
        assert_eq!(e.agent_label.as_deref(), Some("+919833330000"));
        assert_eq!(e.customer.as_deref(), Some("+919822220000"));
        let e = event(
            r#"{"event":"CALL_NOT_PICKED","callId":"c","wabaNumber":"1","callDirection":"INCOMING"}"#,
            Some(5),
        );
        assert_eq!((e.kind, e.at), (Kind::Skipped, None));
        let e = event(
            r#"{"event":"CALL_ACCEPTED","callId":"c","wabaNumber":"1","callDirection":"INCOMING",
                "callStatus":"FAILED","callStartedAt":"junk","callEndedAt":""}"#,
            Some(5),
        );
        assert_eq!((e.kind, e.cause, e.at), (Kind::Missed, Some("failed"), Some(5)));
    }

    #[test]
    fn wazzaps_instance_and_look_alikes() {
        let e = event(
            r#"{"event":"call.reject","phone":"+52 1 55 1234 5678","ts":"2026-02-18T10:15:25Z","country":"mx"}"#,
            None,
        );
        assert_eq!(e.instance, "north");
        assert_eq!(e.country.as_deref(), Some("MX"));
        for (text, unknown) in [
            (r#"{"event":"call.missed","payload":{},"phone":"1","ts":1}"#, "call.missed"),
            (r#"{"event":"call.received","data":{},"sessionId":"x"}"#, "openwa:call.received"),
            (r#"{"event":"call.ended","call":{},"account":"x"}"#, "zernio:call.ended"),
            (r#"{"event":"CALL_FOO"}"#, "CALL_FOO"),
            (r#"{"event_type":"call:foo:bar"}"#, "call:foo:bar"),
        ] {
            assert!(matches!(body(text, None), Body::Unknown(name) if name == unknown), "{text}");
        }
        assert!(matches!(body(r#"{"event":"callback"}"#, None), Body::Other));
    }

    #[test]
    fn reasons() {
        let wawp = |rest: &str| format!(r#"{{"event":"call.rejected",{rest}}}"#);
        assert_eq!(reason(&wawp(r#""session":"a""#)), "missing_field");
        assert_eq!(reason(&wawp(r#""session":"a","payload":{"id":" "}"#)), "missing_field");
        assert_eq!(reason(&wawp(r#""session":"a","payload":{"id":1.5}"#)), "wrong_type");
        assert_eq!(reason(&wawp(r#""session":"a","payload":[]"#)), "wrong_type");
        assert_eq!(reason(&wawp(r#""session":"a","payload":{"id":"\udc00"}"#)), "broken_text");
        assert_eq!(reason(&wawp(r#""session":"a","timestamp":1,"payload":{"id":"1"}"#)), "bad_time");
        assert_eq!(
            reason(r#"{"event":"CALL_MISSED","callId":"c","wabaNumber":"1","callDirection":"UP"}"#),
            "bad_value"
        );
        assert_eq!(reason(r#"{"event":"call.\ud800"}"#), "broken_text");
        assert_eq!(reason(r#"{"event":"call.missed","phone":"1","ts":0}"#), "missing_field");
    }

    #[test]
    fn timelinesai_status_and_party() {
        let text = |status: &str| {
            format!(
                r#"{{"event_type":"call:incoming:ended","chat":{{"chat_id":9,"chat_type":"group","phone":"34600111222"}},
                "whatsapp_account":{{"whatsapp_account_wid":"w","email":"ann@x.io"}},
                "call_details":{{"status":"{status}","message_uid":"u","timestamp":"2026-02-18 10:15:25 +0100","duration":12}}}}"#
            )
        };
        let e = event(&text("answered"), None);
        assert_eq!((e.kind, e.group, e.talk_ms), (Kind::Accepted, Some(true), Some(12_000)));
        assert_eq!(e.customer.as_deref(), Some("+34600111222"));
        assert_eq!(e.agent_label.as_deref(), Some("ann@x.io"));
        assert_eq!(e.chat_ref.as_deref(), Some("9"));
        assert!(
            matches!(body(&text("Ringing"), None), Body::Unknown(n) if n == "call:incoming:ended/Ringing")
        );
    }
}
