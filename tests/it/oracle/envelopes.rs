//! Where the posted body is inside a line.

use super::Params;
use super::json::{self, Json};
use super::times;
use base64::Engine;
use chrono_tz::Tz;

const MEMBERS: [&str; 19] = [
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

const RECEIVED: [&[&str]; 12] = [
    &["received_at"],
    &["receivedAt"],
    &["ingested_at"],
    &["created_at"],
    &["timestamp"],
    &["time"],
    &["ts"],
    &["@timestamp"],
    &["date"],
    &["publishTime"],
    &["requestContext", "timeEpoch"],
    &["requestContext", "requestTimeEpoch"],
];

const PATHS: [&[&str]; 4] = [&["path"], &["rawPath"], &["url"], &["request", "uri"]];

/// One body of a line.
#[derive(Debug)]
pub struct Found {
    /// The body; none where a string began like JSON and was not.
    pub body: Option<Json>,
    /// The members that led to it, none for the line itself.
    pub place: Option<String>,
    /// When the capture got it.
    pub received_at: Option<i64>,
    /// The path it was posted to, without the query.
    pub path: Option<String>,
}

/// The key that DoubleTick's spellings of it share.
pub fn folded(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
}

/// The last member whose folded name is this.
pub fn folded_get<'a>(object: &'a Json, name: &str) -> Option<&'a Json> {
    match object {
        Json::Obj(members) => {
            members.iter().rev().find(|(key, _)| folded(&key.text) == name).map(|(_, value)| value)
        }
        _ => None,
    }
}

/// Whether an object is a provider's body, in which nothing is looked for.
pub fn is_body(object: &Json) -> bool {
    if let Some(Json::Str(event)) = object.get("event") {
        let name = event.text.trim();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-' | '\u{FFFD}');
        if !name.is_empty() && name.chars().all(allowed) {
            return true;
        }
    }
    for key in ["event_type", "typeWebhook"] {
        if let Some(Json::Str(name)) = object.get(key)
            && !name.text.trim().is_empty()
        {
            return true;
        }
    }
    // DoubleTick's renamed keys: `Event`, `EVENT`.
    match folded_get(object, "event") {
        Some(Json::Str(name)) => name.text.trim().to_lowercase().starts_with("call_"),
        _ => false,
    }
}

/// The bodies of a line, as the rules or `--body` find them.
pub fn bodies(line: &Json, params: &Params) -> Vec<Found> {
    let objects: Vec<&Json> = match line {
        Json::Arr(items) => items.iter().collect(),
        other => vec![other],
    };
    let finder = Finder { naive: params.naive_zone() };
    let mut found = Vec::new();
    for object in objects {
        if !matches!(object, Json::Obj(_)) {
            continue;
        }
        match params.body.as_deref() {
            None => found.extend(finder.in_object(object, &[], &[], "")),
            Some(".") => found.push(finder.found(object, &[], &[])),
            Some(path) => {
                let members: Vec<&str> = path.split('.').collect();
                found.extend(finder.at_place(object, &[], &members, 0, ""));
            }
        }
    }
    found
}

struct Finder {
    naive: Option<Tz>,
}

impl Finder {
    fn found(&self, body: &Json, levels: &[Json], place: &[String]) -> Found {
        Found {
            body: Some(body.clone()),
            place: if place.is_empty() { None } else { Some(place.join(".")) },
            received_at: self.received(levels),
            path: posted_to(levels),
        }
    }

    fn broken(&self, levels: &[Json], place: &[String]) -> Found {
        Found { body: None, ..self.found(&Json::Null, levels, place) }
    }

    /// The innermost readable receive time.
    fn received(&self, levels: &[Json]) -> Option<i64> {
        for level in levels.iter().rev() {
            for name in RECEIVED {
                if let Some(ms) = times::read(level.at(name), self.naive).instant() {
                    return Some(ms);
                }
            }
        }
        None
    }

    /// The bodies in an object that stands under `parent`.
    fn in_object(&self, object: &Json, levels: &[Json], place: &[String], parent: &str) -> Vec<Found> {
        if is_body(object) {
            return vec![self.found(object, levels, place)];
        }
        if place.len() == 4 {
            return Vec::new();
        }
        let mut inner_levels = levels.to_vec();
        inner_levels.push(object.clone());
        for member in MEMBERS {
            let Some(value) = object.get(member) else {
                continue;
            };
            let mut inner_place = place.to_vec();
            inner_place.push(member.to_string());
            let encoded = is_encoded(object, parent, member);
            let items: Vec<&Json> = match value {
                Json::Arr(items) => items.iter().collect(),
                other => vec![other],
            };
            let mut all = Vec::new();
            for item in items {
                match item {
                    Json::Obj(_) => {
                        all.extend(self.in_object(item, &inner_levels, &inner_place, member));
                    }
                    Json::Str(text) => match embedded(&text.raw, encoded) {
                        Embedded::None => {}
                        Embedded::Broken => all.push(self.broken(&inner_levels, &inner_place)),
                        Embedded::Values(values) => {
                            for value in values {
                                all.extend(self.in_object(&value, &inner_levels, &inner_place, member));
                            }
                        }
                    },
                    _ => {}
                }
            }
            if !all.is_empty() {
                return all;
            }
        }
        Vec::new()
    }

    /// The bodies at the one place that `--body` names.
    fn at_place(
        &self,
        object: &Json,
        levels: &[Json],
        members: &[&str],
        step: usize,
        parent: &str,
    ) -> Vec<Found> {
        let place: Vec<String> = members.iter().map(|m| m.to_string()).collect();
        if step == members.len() {
            return vec![self.found(object, levels, &place)];
        }
        let member = members[step];
        let Some(value) = object.get(member) else {
            return Vec::new();
        };
        let mut inner_levels = levels.to_vec();
        inner_levels.push(object.clone());
        let encoded = is_encoded(object, parent, member);
        let items: Vec<&Json> = match value {
            Json::Arr(items) => items.iter().collect(),
            other => vec![other],
        };
        let mut all = Vec::new();
        for item in items {
            match item {
                Json::Obj(_) => {
                    all.extend(self.at_place(item, &inner_levels, members, step + 1, member));
                }
                Json::Str(text) => match embedded(&text.raw, encoded) {
                    Embedded::None => {}
                    Embedded::Broken => all.push(self.broken(&inner_levels, &place)),
                    Embedded::Values(values) => {
                        for value in values {
                            all.extend(self.at_place(&value, &inner_levels, members, step + 1, member));
                        }
                    }
                },
                _ => {}
            }
        }
        all
    }
}

fn is_encoded(object: &Json, parent: &str, member: &str) -> bool {
    object.get("isBase64Encoded") == Some(&Json::Bool(true))
        || member == "data_base64"
        || (member == "data" && matches!(parent, "message" | "kinesis"))
}

enum Embedded {
    /// Not JSON and not meant to be.
    None,
    /// Begins like JSON and is not.
    Broken,
    /// The objects in it.
    Values(Vec<Json>),
}

/// The objects in a string that holds JSON, or base64 of JSON.
fn embedded(raw: &[u8], encoded: bool) -> Embedded {
    let bytes = raw.trim_ascii();
    if matches!(bytes.first(), Some(b'{' | b'[')) {
        return match json::parse(bytes) {
            Err(_) => Embedded::Broken,
            Ok(Json::Arr(items)) => {
                Embedded::Values(items.into_iter().filter(|item| matches!(item, Json::Obj(_))).collect())
            }
            Ok(value) => Embedded::Values(vec![value]),
        };
    }
    if encoded {
        let plain: Vec<u8> = bytes
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=')
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                other => other,
            })
            .collect();
        if let Ok(decoded) = base64::engine::general_purpose::STANDARD_NO_PAD.decode(plain) {
            return embedded(&decoded, false);
        }
    }
    Embedded::None
}

/// The innermost path that the levels name, its query left out.
fn posted_to(levels: &[Json]) -> Option<String> {
    for level in levels.iter().rev() {
        for name in PATHS {
            if let Some(Json::Str(text)) = level.at(name) {
                let path = text.text.trim();
                let path = path.split('?').next().unwrap_or(path);
                if !path.is_empty() {
                    return Some(path.to_string());
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = r#"{"event":"call.rejected","session":"a","payload":{"id":"1"}}"#;

    fn find(line: &str) -> Vec<(String, bool, Option<i64>)> {
        let line = json::parse(line.as_bytes()).unwrap();
        bodies(&line, &Params::default())
            .into_iter()
            .map(|f| (f.place.unwrap_or_default(), f.body.is_some(), f.received_at))
            .collect()
    }

    #[test]
    fn places() {
        let quoted = format!("{CALL:?}");
        let b64 = base64::engine::general_purpose::STANDARD.encode(CALL);
        let one = |place: &str, at: Option<i64>| vec![(place.to_string(), true, at)];
        assert_eq!(find(CALL), one("", None));
        assert_eq!(
            find(&format!(r#"{{"body":{CALL},"received_at":1771409725}}"#)),
            one("body", Some(1_771_409_725_000))
        );
        assert_eq!(
            find(&format!(r#"{{"body":{quoted},"requestContext":{{"timeEpoch":1771409725123}}}}"#)),
            one("body", Some(1_771_409_725_123))
        );
        assert_eq!(find(&format!(r#"{{"isBase64Encoded":true,"body":"{b64}"}}"#)), one("body", None));
        assert_eq!(find(&format!(r#"{{"body":"{b64}"}}"#)), vec![]);
        assert_eq!(
            find(&format!(
                r#"{{"message":{{"data":"{b64}","publishTime":"2026-02-18T10:15:25Z"}},"time":5}}"#
            )),
            one("message.data", Some(1_771_409_725_000))
        );
        assert_eq!(
            find(&format!(r#"{{"Records":[{{"kinesis":{{"data":"{b64}"}}}}]}}"#)),
            one("Records.kinesis.data", None)
        );
        assert_eq!(find(&format!(r#"[{{"json":{{"body":{CALL}}}}}]"#)), one("json.body", None));
        assert_eq!(find(r#"{"body":"{broken"}"#), vec![("body".to_string(), false, None)]);
        assert_eq!(find(r#"{"body":"hello","text":"{broken"}"#), vec![]);
        // A message is not looked into.
        let message = format!(r#"{{"event":"message","payload":{{"body":{quoted}}}}}"#);
        assert_eq!(find(&message), one("", None));
    }

    #[test]
    fn four_members_and_no_more() {
        let four = format!(r#"{{"data":{{"body":{{"content":{{"log":{CALL}}}}}}}}}"#);
        assert_eq!(find(&four)[0].0, "data.body.content.log");
        let five = format!(r#"{{"event":{four}}}"#);
        assert_eq!(find(&five), vec![]);
    }

    #[test]
    fn the_innermost_readable_time() {
        let line = format!(
            r#"{{"received_at":1771409725,"data":{{"body":{CALL},"received_at":"soon","ts":1771409726}}}}"#
        );
        assert_eq!(find(&line)[0].2, Some(1_771_409_726_000));
    }
}
