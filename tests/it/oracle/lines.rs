//! Files to lines, and lines to classes, events and counts.

use super::Params;
use super::dialects::{self, Body, Event, Place};
use super::envelopes;
use super::json::{self, Fault, Json, Reader};
use super::reactions::Reaction;
use std::collections::{BTreeMap, BTreeSet};

/// The longest line that is read.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// What all lines came to.
#[derive(Default)]
pub struct Ledger {
    pub total: u64,
    pub call: u64,
    pub reaction: u64,
    pub other: u64,
    pub invalid: u64,
    pub blank: u64,
    pub invalid_bodies: u64,
    pub invalid_reasons: BTreeMap<String, u64>,
    pub envelopes: BTreeMap<String, u64>,
    pub unknown_call_events: BTreeMap<String, u64>,
    pub repaired_text: u64,
    pub events: Vec<Event>,
    pub reactions: Vec<Reaction>,
}

/// A line, or an element of a file that is one array.
enum Line {
    Blank,
    Bad(&'static str),
    Value(Json),
}

/// Reads all files in order of their paths.
pub fn read(files: &[(String, Vec<u8>)], params: &Params) -> Ledger {
    let mut order: Vec<&(String, Vec<u8>)> = files.iter().collect();
    order.sort_by(|a, b| a.0.cmp(&b.0));
    let mut ledger = Ledger::default();
    for (path, bytes) in order {
        for (number, line) in split(bytes) {
            ledger.take(path, number, line, params);
        }
    }
    ledger
}

/// The lines of a file with their numbers.
fn split(bytes: &[u8]) -> Vec<(u64, Line)> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or(bytes);
    if bytes[0] == b'[' && json::parse(first) == Err(Fault::Syntax) {
        return elements(bytes);
    }
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    body.split(|byte| *byte == b'\n').enumerate().map(|(index, line)| (index as u64 + 1, one(line))).collect()
}

fn one(line: &[u8]) -> Line {
    if line.len() > MAX_LINE {
        return Line::Bad("too_long");
    }
    if line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        return Line::Blank;
    }
    match json::parse(line) {
        Ok(value) => Line::Value(value),
        Err(Fault::Syntax) => Line::Bad("not_json"),
        Err(Fault::TooDeep) => Line::Bad("too_deep"),
    }
}

/// The elements of a file that is one array, with their numbers, since each counts as a line. What
/// follows an element that is not JSON is one invalid line together with it.
fn elements(bytes: &[u8]) -> Vec<(u64, Line)> {
    let mut lines: Vec<Line> = Vec::new();
    let number = |lines: Vec<Line>| (1..).zip(lines).collect();
    let mut reader = Reader::new(bytes);
    reader.at = 1;
    reader.space();
    if reader.peek() == Some(b']') {
        reader.at += 1;
    } else {
        loop {
            reader.space();
            let start = reader.at;
            match reader.value(0) {
                Ok(_) if reader.at - start > MAX_LINE => {
                    lines.push(Line::Bad("too_long"));
                }
                Ok(value) => lines.push(Line::Value(value)),
                Err(fault) => {
                    let reason = match fault {
                        Fault::Syntax => "not_json",
                        Fault::TooDeep => "too_deep",
                    };
                    lines.push(Line::Bad(reason));
                    return number(lines);
                }
            }
            reader.space();
            match reader.peek() {
                Some(b',') => reader.at += 1,
                Some(b']') => {
                    reader.at += 1;
                    break;
                }
                _ => {
                    lines.push(Line::Bad("not_json"));
                    return number(lines);
                }
            }
        }
    }
    reader.space();
    if reader.peek().is_some() {
        lines.push(Line::Bad("not_json"));
    }
    number(lines)
}

impl Ledger {
    fn reason(&mut self, reason: &str) {
        *self.invalid_reasons.entry(reason.to_string()).or_default() += 1;
    }

    fn take(&mut self, path: &str, number: u64, line: Line, params: &Params) {
        self.total += 1;
        let value = match line {
            Line::Blank => {
                self.blank += 1;
                return;
            }
            Line::Bad(reason) => {
                self.invalid += 1;
                self.reason(reason);
                return;
            }
            Line::Value(value) => value,
        };
        let mut broken = value.any_broken();
        let mut places = BTreeSet::new();
        let (mut events, mut reactions, mut bad) = (Vec::new(), Vec::new(), Vec::new());
        for found in envelopes::bodies(&value, params) {
            let Some(body) = &found.body else {
                bad.push("bad_embedded_json");
                continue;
            };
            broken |= body.any_broken();
            if let Some(place) = &found.place
                && envelopes::is_body(body)
            {
                places.insert(place.clone());
            }
            let place = Place {
                file: path,
                line: number,
                received_at: found.received_at,
                path: found.path.as_deref(),
            };
            match dialects::read(body, &place, params) {
                Body::Call(event) => events.push(*event),
                Body::Reaction(reaction) => reactions.push(reaction),
                Body::Invalid(reason) => bad.push(reason),
                Body::Unknown(name) => *self.unknown_call_events.entry(name).or_default() += 1,
                Body::Other => {}
            }
        }
        for place in places {
            *self.envelopes.entry(place).or_default() += 1;
        }
        if !events.is_empty() {
            self.call += 1;
            self.invalid_bodies += bad.len() as u64;
            for reason in bad {
                self.reason(reason);
            }
            self.events.extend(events);
            self.reactions.extend(reactions);
        } else if let Some(reason) = bad.first() {
            self.invalid += 1;
            self.reason(reason);
            return;
        } else if !reactions.is_empty() {
            self.reaction += 1;
            self.reactions.extend(reactions);
        } else {
            self.other += 1;
        }
        if broken {
            self.repaired_text += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(text: &[u8]) -> (u64, u64, u64, u64, u64, u64) {
        let l = read(&[("f".to_string(), text.to_vec())], &Params::default());
        (l.total, l.call, l.reaction, l.other, l.invalid, l.blank)
    }

    #[test]
    fn the_classes() {
        assert_eq!(counts(b""), (0, 0, 0, 0, 0, 0));
        assert_eq!(counts(b"\n \t\r\n42"), (3, 0, 0, 1, 0, 2));
        let lines = [
            r#"{"event":"call.rejected"}"#,
            r#"{"event":"call.rejected","session":"a","payload":{"id":"1"}}"#,
            r#"{"event":"message","body":"{\"event\":\"call.rejected\"}"}"#,
            r#"{"event":"call.foo","session":"a","payload":{}}"#,
            r#"{"name":"\ud83d"}"#,
            r#"{"a":1}{"b":2}"#,
            r#"{"body":"{oops"}"#,
        ]
        .join("\n");
        let ledger = read(&[("f".into(), lines.into_bytes())], &Params::default());
        assert_eq!((ledger.call, ledger.other, ledger.invalid), (1, 3, 3));
        assert_eq!(ledger.repaired_text, 1);
        assert_eq!(ledger.unknown_call_events["call.foo"], 1);
        assert_eq!(ledger.invalid_reasons["missing_field"], 1);
        assert_eq!(ledger.invalid_reasons["not_json"], 1);
        assert_eq!(ledger.invalid_reasons["bad_embedded_json"], 1);
    }

    #[test]
    fn files_that_are_arrays() {
        assert_eq!(counts(b"[\n1,\n2\n]\n"), (2, 0, 0, 2, 0, 0));
        assert_eq!(counts(b"[\n]"), (0, 0, 0, 0, 0, 0));
        assert_eq!(counts(b"[\n1,\n2 3]\n"), (3, 0, 0, 2, 1, 0));
        assert_eq!(counts(b"[\n1,\n2"), (3, 0, 0, 2, 1, 0));
        assert_eq!(counts(b"[1]\n[2]\n"), (2, 0, 0, 2, 0, 0));
        let deep = format!("{}{}\n", "[".repeat(129), "]".repeat(129));
        assert_eq!(counts(deep.as_bytes()), (1, 0, 0, 0, 1, 0));
    }

    #[test]
    fn a_line_of_several_bodies() {
        let good = r#"{"event":"call.rejected","session":"a","payload":{"id":"1"}}"#;
        let bad = r#"{"event":"call.rejected","session":"a","payload":{}}"#;
        let line = format!("[{bad},{good},{bad}]");
        let ledger = read(&[("f".into(), line.into_bytes())], &Params::default());
        assert_eq!((ledger.call, ledger.invalid), (1, 0));
        assert_eq!(ledger.invalid_bodies, 2);
        assert_eq!(ledger.invalid_reasons["missing_field"], 2);
        assert!(ledger.envelopes.is_empty());
    }
}
