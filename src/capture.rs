//! Finding the body that a provider posted inside whatever a capture wrapped around it.
//!
//! A line is the body itself, or an envelope: an object that is no provider's and holds the body
//! under one of the members that captures use, as an object, as text, as base64, or as an array of these.

use std::borrow::Cow;
use std::cell::OnceCell;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::dialects;
use crate::dialects::support::{Body, Flaw, Reason, trimmed};
use crate::json::{self, Raw, Type};
use crate::time;
use crate::zone::Zone;

/// Where an envelope may hold the body, in the order in which they are looked through.
pub(crate) const MEMBERS: [&str; 19] = [
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

/// Members inside each other down to the body, at most.
const MAX_LEVELS: usize = 4;

/// When the capture got the body: the first readable of these at the innermost level.
pub(crate) const RECEIVED: [&str; 10] = [
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

/// What is found of a body besides itself.
pub struct Place<'p> {
    /// The members that lead to it.
    pub path: &'p [&'p str],
    /// When the capture got it, Unix milliseconds.
    pub received_at: Option<i64>,
    /// The path that it was posted to, without its query.
    pub posted_to: Option<Cow<'p, str>>,
    /// The address in the line of what holds it; 0 for the line itself.
    pub anchor: usize,
}

/// Takes the bodies of a line, one after another.
pub trait Visitor {
    /// A body of a provider, known or not.
    fn body(&mut self, body: &Body<'_>, place: &Place<'_>);
    /// A string that begins like JSON and is none, where a body may stand.
    /// `anchor` is the address in the line of what holds it.
    fn flaw(&mut self, flaw: Flaw, anchor: usize);
}

/// Finds the bodies of a line that is valid JSON.
pub fn bodies(line: Raw<'_>, body_path: Option<&[String]>, naive_zone: &Zone, visitor: &mut dyn Visitor) {
    let search = Search { naive_zone };
    match body_path {
        None => match line.kind() {
            Type::Object => {
                search.object(line, &Trail::Top, visitor);
            }
            Type::Array => {
                for element in line.elements().filter(|it| it.kind() == Type::Object) {
                    search.object(element, &Trail::Top, visitor);
                }
            }
            _ => {}
        },
        Some(path) => search.named(line, path, &Trail::Top, visitor),
    }
}

/// The way from the line down to where the search stands: each object that it went through, and the
/// member that it took.
///
/// What an object says of all bodies below it is read once: one line can hold a great many of them.
enum Trail<'t> {
    Top,
    Member { above: &'t Trail<'t>, object: Raw<'t>, name: &'t str, value: Raw<'t>, told: Told },
}

/// What the object of a [`Trail`], or one above it, says of the bodies below it.
#[derive(Default)]
struct Told {
    received_at: OnceCell<Option<i64>>,
    posted_to: OnceCell<Option<String>>,
}

impl Trail<'_> {
    fn levels(&self) -> usize {
        match self {
            Self::Top => 0,
            Self::Member { above, .. } => 1 + above.levels(),
        }
    }

    fn names(&self) -> Vec<&str> {
        match self {
            Self::Top => Vec::new(),
            Self::Member { above, name, .. } => {
                let mut names = above.names();
                names.push(name);
                names
            }
        }
    }

    /// The address of the outermost member's value: where in the line a body stands whose own bytes
    /// are not the line's.
    fn anchor(&self) -> usize {
        match self {
            Self::Top => 0,
            Self::Member { above: Trail::Top, value, .. } => value.bytes().as_ptr() as usize,
            Self::Member { above, .. } => above.anchor(),
        }
    }

    fn received_at(&self, naive_zone: &Zone) -> Option<i64> {
        let Self::Member { above, object, told, .. } = self else { return None };
        *told
            .received_at
            .get_or_init(|| received_by(*object, naive_zone).or_else(|| above.received_at(naive_zone)))
    }

    fn posted_to(&self) -> Option<&str> {
        let Self::Member { above, object, told, .. } = self else { return None };
        let posted_to = || posted_to(*object).or_else(|| above.posted_to().map(str::to_owned));
        told.posted_to.get_or_init(posted_to).as_deref()
    }
}

/// When the capture got a delivery, as an object around it says.
fn received_by(object: Raw<'_>, naive_zone: &Zone) -> Option<i64> {
    let named = object.pick(&RECEIVED);
    let context = || object.get("requestContext").map(|it| it.pick(&["timeEpoch", "requestTimeEpoch"]));
    let readable = |it: Raw<'_>| match it.kind() {
        Type::Number => it.number().and_then(|it| time::read_number(it).ok().flatten()),
        Type::String => {
            let chars = it.string().filter(|it| !it.broken)?;
            time::read_text(&chars.text, naive_zone).ok().flatten()
        }
        _ => None,
    };
    named
        .into_iter()
        .flatten()
        .find_map(readable)
        .or_else(|| context()?.into_iter().flatten().find_map(readable))
}

/// The path that a delivery was posted to, as an object around it says.
fn posted_to(object: Raw<'_>) -> Option<String> {
    let [path, raw_path, url, request] = object.pick(&["path", "rawPath", "url", "request"]);
    let uri = request.and_then(|it| it.get("uri"));
    let text = |it: Raw<'_>| trimmed(it.string()?.text).map(|it| it.into_owned());
    let found = [path, raw_path, url, uri].into_iter().flatten().find_map(text)?;
    Some(found.split(['?', '#']).next().unwrap_or_default().to_owned())
}

struct Search<'s> {
    naive_zone: &'s Zone,
}

impl Search<'_> {
    /// Looks at one object; whether it is a body or holds one.
    fn object(&self, object: Raw<'_>, trail: &Trail<'_>, visitor: &mut dyn Visitor) -> bool {
        match look(object) {
            Looked::Body(body) => {
                self.found(&body, trail, visitor);
                return true;
            }
            Looked::Flaw(flaw) => {
                visitor.flaw(flaw, trail.anchor());
                return true;
            }
            Looked::Unmarked(_) => {}
        }
        if trail.levels() == MAX_LEVELS {
            return false;
        }
        let values = object.pick(&MEMBERS);
        let encoded = object.get("isBase64Encoded").and_then(Raw::bool) == Some(true);
        for (name, value) in MEMBERS.into_iter().zip(values) {
            let Some(value) = value else { continue };
            let base64 = encoded || name == "data_base64" || (name == "data" && in_base64_holder(trail));
            let below = Trail::Member { above: trail, object, name, value, told: Told::default() };
            if self.value(value, base64, &below, visitor) {
                return true;
            }
        }
        false
    }

    /// Looks at what stands under a member: an object, text that holds one, or an array of these.
    fn value(&self, value: Raw<'_>, base64: bool, trail: &Trail<'_>, visitor: &mut dyn Visitor) -> bool {
        match value.kind() {
            Type::Object => self.object(value, trail, visitor),
            Type::Array => {
                let mut any = false;
                for element in value.elements() {
                    if element.kind() != Type::Array {
                        any |= self.value(element, base64, trail, visitor);
                    }
                }
                any
            }
            Type::String => {
                let Some(chars) = value.string() else { return false };
                match embedded(value, &chars.text, base64) {
                    Embedded::Json(bytes) => {
                        let inner = Raw::checked(&bytes);
                        inner.kind() != Type::String && self.value(inner, base64, trail, visitor)
                    }
                    Embedded::Flaw(flaw) => {
                        visitor.flaw(flaw, trail.anchor());
                        true
                    }
                    Embedded::Nothing => false,
                }
            }
            _ => false,
        }
    }

    /// Looks at the one place that `--body` names.
    fn named(&self, value: Raw<'_>, path: &[String], trail: &Trail<'_>, visitor: &mut dyn Visitor) {
        let Some((name, rest)) = path.split_first() else {
            return self.here(value, false, trail, visitor);
        };
        if value.kind() == Type::Array {
            for element in value.elements().filter(|it| it.kind() != Type::Array) {
                self.named(element, path, trail, visitor);
            }
            return;
        }
        let Some(inner) = value.get(name) else { return };
        let encoded = value.get("isBase64Encoded").and_then(Raw::bool) == Some(true);
        let base64 = encoded || name == "data_base64" || (name == "data" && in_base64_holder(trail));
        let told = Told::default();
        let below = Trail::Member { above: trail, object: value, name, value: inner, told };
        if rest.is_empty() {
            return self.here(inner, base64, &below, visitor);
        }
        match inner.kind() {
            Type::Object | Type::Array => self.named(inner, rest, &below, visitor),
            Type::String => {
                let Some(chars) = inner.string() else { return };
                match embedded(inner, &chars.text, base64) {
                    Embedded::Json(bytes) => self.named(Raw::checked(&bytes), rest, &below, visitor),
                    Embedded::Flaw(flaw) => visitor.flaw(flaw, trail.anchor()),
                    Embedded::Nothing => {}
                }
            }
            _ => {}
        }
    }

    /// Takes what stands at the place that `--body` names, and looks no further into it.
    fn here(&self, value: Raw<'_>, base64: bool, trail: &Trail<'_>, visitor: &mut dyn Visitor) {
        match value.kind() {
            Type::Object => match look(value) {
                Looked::Body(body) | Looked::Unmarked(body) => self.found(&body, trail, visitor),
                Looked::Flaw(flaw) => visitor.flaw(flaw, trail.anchor()),
            },
            Type::Array => {
                for element in value.elements().filter(|it| it.kind() != Type::Array) {
                    self.here(element, base64, trail, visitor);
                }
            }
            Type::String => {
                let Some(chars) = value.string() else { return };
                match embedded(value, &chars.text, base64) {
                    Embedded::Json(bytes) => {
                        let inner = Raw::checked(&bytes);
                        if inner.kind() != Type::String {
                            self.here(inner, base64, trail, visitor);
                        }
                    }
                    Embedded::Flaw(flaw) => visitor.flaw(flaw, trail.anchor()),
                    Embedded::Nothing => {}
                }
            }
            _ => {}
        }
    }

    fn found(&self, body: &Body<'_>, trail: &Trail<'_>, visitor: &mut dyn Visitor) {
        let place = Place {
            path: &trail.names(),
            received_at: trail.received_at(self.naive_zone),
            posted_to: trail.posted_to().map(Cow::Borrowed),
            anchor: trail.anchor(),
        };
        visitor.body(body, &place);
    }
}

/// Whether `data` holds base64 here: under `message` (Pub/Sub) and `kinesis`.
fn in_base64_holder(trail: &Trail<'_>) -> bool {
    matches!(trail, Trail::Member { name, .. } if *name == "message" || *name == "kinesis")
}

/// An object, looked at for the marks of a provider's body.
enum Looked<'a> {
    /// A string `event` of letters, digits and `._:-`, a string `event_type` or `typeWebhook`.
    Body(Body<'a>),
    /// None of these: perhaps an envelope.
    Unmarked(Body<'a>),
    /// The name of a call event is broken.
    Flaw(Flaw),
}

fn look(object: Raw<'_>) -> Looked<'_> {
    let [mut event, mut event_type, mut schema, mut renamed] = [None; 4];
    let mut webhook_type = false;
    for (key, value) in object.members() {
        if key.is("event") {
            event = Some(value);
        } else if key.is("event_type") {
            event_type = Some(value);
        } else if key.is("schema") {
            schema = Some(value);
        } else if key.is("typeWebhook") {
            webhook_type = text_of(Some(value)).is_some();
        } else if value.kind() == Type::String && dialects::is_renamed_event(key) {
            // Of two spellings of a call event's key the last counts.
            renamed = Some(value);
            if text_of(renamed).is_some_and(|it| dialects::is_renamed_call(&it)) {
                event = renamed;
            }
        }
    }
    for (value, field) in [(event, "event"), (event_type, "event_type"), (renamed, "event")] {
        if let Some(value) = value
            && let Some(chars) = value.string()
            && chars.broken
            && dialects::is_name_of_interest(chars.text.trim())
        {
            let expected = "an event's name without lone surrogates, in UTF-8";
            return Looked::Flaw(Flaw::wrong(Reason::BrokenText, field, expected, value));
        }
    }
    let event = text_of(event).filter(|it| is_event_name(it));
    let event_type = text_of(event_type);
    let marked = event.is_some() || event_type.is_some() || webhook_type;
    let body = Body { raw: object, event, event_type, schema: text_of(schema) };
    if marked { Looked::Body(body) } else { Looked::Unmarked(body) }
}

fn text_of(value: Option<Raw<'_>>) -> Option<Cow<'_, str>> {
    value.and_then(Raw::string).and_then(|it| trimmed(it.text))
}

fn is_event_name(text: &str) -> bool {
    text.chars().all(|it| it.is_alphanumeric() || matches!(it, '.' | '_' | ':' | '-'))
}

enum Embedded {
    Json(Vec<u8>),
    Flaw(Flaw),
    Nothing,
}

/// The JSON that a string holds, as text or as base64.
fn embedded(value: Raw<'_>, text: &str, base64: bool) -> Embedded {
    let begins_like_json = |it: &[u8]| matches!(it.trim_ascii_start().first(), Some(b'{' | b'['));
    let bytes = if begins_like_json(text.as_bytes()) {
        // The text's own damage stays damage: bytes that are not UTF-8 are left in, not replaced.
        value.string_bytes().unwrap_or_default()
    } else if base64 {
        let digits: Vec<u8> = text.bytes().filter(|it| !it.is_ascii_whitespace()).collect();
        let decoded = BASE64.decode(&digits).or_else(|_| BASE64_URL.decode(&digits));
        match decoded {
            Ok(it) if begins_like_json(&it) => it,
            _ => return Embedded::Nothing,
        }
    } else {
        return Embedded::Nothing;
    };
    match json::check(&bytes) {
        Ok(()) => Embedded::Json(bytes),
        Err(_) => {
            let expected = "JSON, since the text begins with `{` or `[`";
            Embedded::Flaw(Flaw::wrong(Reason::BadEmbeddedJson, "", expected, value))
        }
    }
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
