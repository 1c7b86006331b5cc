//! What may vary in a line without another reading: worked out once a shape, by the plain reader's
//! own search for the body and a table of what each dialect reads.
//!
//! Whatever is in doubt is not learnt. A value is *ignored* only where nobody reads it, *constant*
//! where it decides, and has a *role* where the event takes it over.

use crate::capture::{self, MEMBERS, Place, RECEIVED, Visitor};
use crate::dialects::support::{Body, Flaw, ReadOptions};
use crate::dialects::{self, Provider};
use crate::event::Direction;
use crate::json::{Key, Raw, Type};

use super::tree::{MOST_VALUES, NUMBER, STRING};

/// Longer lines are rare, and their shapes do not come again.
const LONGEST: usize = 64 << 10;
const MOST_CONSTANT: usize = 8 << 10;
const DEEPEST: usize = 12;
const MOST_KEYS: usize = 64;
/// Stands between the keys of a path; a key that holds it is not learnt.
const SEPARATOR: char = '>';

/// What a variable value means to the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nobody reads it.
    Ignored,
    /// The event depends on it in ways that are looked up by its bytes.
    Remembered,
    /// Looked up likewise: who answered, who declined.
    RejectedBy,
    /// The call's id.
    CallId,
    /// The other party.
    Customer,
    /// Who was called: read, but not used where the customer is known.
    CalledParty,
    /// The other party's other identities, in the order in which they are believed.
    Creator1,
    Creator2,
    Creator3,
    CustomerName,
    CustomerRef,
    ChatRef,
    /// The event's own time; of Wawp when it was sent.
    At,
    /// When it happened, where that is another time.
    Happened,
    Started,
    Ended,
    Talk,
    /// When the capture got it.
    Received,
}

/// How many roles there are.
pub const ROLES: usize = Role::Received as usize + 1;

/// A shape and what its values mean.
pub struct Learnt {
    /// The line's bytes with marks.
    pub shape: Vec<u8>,
    /// One for each variable value.
    pub roles: Vec<Role>,
    /// One bit each: a number.
    pub numbers: u64,
    /// The members that lead to the body.
    pub place: Option<String>,
}

/// What the plain reader made of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Neither a call nor a reaction.
    Other,
    /// One call event.
    Call(Provider, Direction),
}

enum Class {
    Constant,
    Varies(Role),
    Refused,
}

/// Works out the shape of a line, which is valid JSON.
pub fn learn(line: &[u8], outcome: Outcome, options: &ReadOptions) -> Option<Learnt> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > LONGEST || line.iter().any(|&it| it < 0x20) {
        return None;
    }
    let top = Raw::checked(line);
    if top.kind() != Type::Object {
        return None;
    }
    let mut finder = Finder::default();
    capture::bodies(top, None, &options.naive_zone, &mut finder);
    if finder.refused || finder.bodies > 1 || !finder.fits(outcome) {
        return None;
    }
    let mut walk = Walk {
        line,
        outcome,
        options,
        found: finder,
        values: Vec::new(),
        received: None,
        level: 0,
        path: String::new(),
    };
    if let Outcome::Call(..) = outcome {
        walk.find_received(top)?;
    }
    walk.envelope(top)?;
    walk.finish()
}

/// Whether this key of a body with this name is read by `look`, which tells bodies from envelopes.
fn is_marking(key: Key<'_>) -> bool {
    key.is("event_type") || key.is("typeWebhook") || key.is("schema") || dialects::is_renamed_event(key)
}

#[derive(Default)]
struct Finder {
    bodies: usize,
    refused: bool,
    path: Vec<String>,
    body: usize,
    length: usize,
    call_like: bool,
}

impl Finder {
    /// Whether such a line can be learnt at all.
    fn fits(&self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Other => !self.call_like,
            Outcome::Call(..) => self.bodies == 1,
        }
    }
}

impl Visitor for Finder {
    fn body(&mut self, body: &Body<'_>, place: &Place<'_>) {
        self.bodies += 1;
        self.path = place.path.iter().map(|&it| it.to_owned()).collect();
        self.body = body.raw.bytes().as_ptr() as usize;
        self.length = body.raw.bytes().len();
        let names = [&body.event, &body.event_type];
        self.call_like = names.into_iter().flatten().any(|it| dialects::is_name_of_interest(it));
        self.refused |= body.schema.as_deref().is_some_and(|it| it.starts_with("callsift."));
    }

    fn flaw(&mut self, _: Flaw, _: usize) {
        self.refused = true;
    }
}

struct Walk<'w> {
    line: &'w [u8],
    outcome: Outcome,
    options: &'w ReadOptions,
    found: Finder,
    /// Where variable values stand, whether they are numbers, and what they mean.
    values: Vec<(usize, usize, bool, Role)>,
    /// The address of the value that tells the receive time.
    received: Option<usize>,
    level: usize,
    path: String,
}

impl<'w> Walk<'w> {
    /// Finds the first member in the order of the search that can be a receive time. It must be the
    /// one that is read, since another line could make an earlier one readable; that it is shows when
    /// the event comes out the same.
    fn find_received(&mut self, top: Raw<'w>) -> Option<()> {
        let mut objects = vec![top];
        for name in self.found.path.iter().take(self.found.path.len().saturating_sub(1)) {
            objects.push(objects.last()?.get(name)?);
        }
        if self.found.path.is_empty() {
            objects.clear();
        }
        for object in objects.into_iter().rev() {
            if let Some(first) = object.pick(&RECEIVED).into_iter().flatten().next() {
                self.received = Some(first.bytes().as_ptr() as usize);
                return matches!(first.kind(), Type::String | Type::Number).then_some(());
            }
            if object.get("requestContext").is_some() {
                return None;
            }
        }
        Some(())
    }

    /// Walks an object on the way to the body, or the body.
    fn envelope(&mut self, object: Raw<'w>) -> Option<()> {
        let start = object.bytes().as_ptr() as usize;
        if self.found.bodies == 1 && (start, object.bytes().len()) == (self.found.body, self.found.length) {
            return if self.level == self.found.path.len() {
                self.object(object, 0, Part::Body)
            } else {
                None
            };
        }
        let taken = self.found.path.get(self.level).cloned();
        if taken.is_none() && self.found.bodies == 1 {
            return None;
        }
        self.level += 1;
        self.check_keys(object)?;
        let place = |key: Key<'_>| MEMBERS.iter().position(|it| key.is(it));
        let taken_place = taken.as_deref().and_then(|name| MEMBERS.iter().position(|it| *it == name));
        for (key, value) in object.members() {
            if taken.as_deref().is_some_and(|it| key.is(it)) {
                if value.kind() != Type::Object {
                    return None;
                }
                self.envelope(value)?;
                continue;
            }
            if is_marking(key) && !key.is("schema") {
                return None;
            }
            if let Some(place) = place(key)
                && taken_place.is_none_or(|it| place < it)
                && !matches!(value.kind(), Type::Number | Type::Bool | Type::Null)
            {
                return None;
            }
            let named_by_path = !self.options.sources.is_empty();
            if named_by_path && key.is("request") {
                return None;
            }
            let role = if self.received == Some(value.bytes().as_ptr() as usize) {
                Role::Received
            } else if named_by_path && (key.is("path") || key.is("rawPath") || key.is("url")) {
                Role::Remembered
            } else {
                Role::Ignored
            };
            self.value(value, 0, Part::Outside(role))?;
        }
        Some(())
    }

    /// Of a key that stands twice the last counts: such objects are not learnt.
    fn check_keys(&self, object: Raw<'w>) -> Option<()> {
        let mut seen: Vec<&[u8]> = Vec::new();
        // Some dialects know keys in any case and with any separators.
        fn normal(key: &[u8]) -> impl Iterator<Item = u8> {
            key.iter().filter(|it| !matches!(**it, b' ' | b'_' | b'-')).map(u8::to_ascii_lowercase)
        }
        for (key, _) in object.members() {
            let text = key.written();
            if seen.len() == MOST_KEYS || text.contains(&b'\\') || text.contains(&(SEPARATOR as u8)) {
                return None;
            }
            if seen.iter().any(|it| normal(it).eq(normal(text))) {
                return None;
            }
            seen.push(text);
        }
        Some(())
    }

    fn object(&mut self, object: Raw<'w>, depth: usize, part: Part) -> Option<()> {
        if depth == DEEPEST {
            return None;
        }
        self.check_keys(object)?;
        for (key, value) in object.members() {
            let length = self.path.len();
            if part == Part::Body {
                if length > 0 {
                    self.path.push(SEPARATOR);
                }
                self.path.push_str(&key.text());
            }
            self.value(value, depth + 1, part)?;
            self.path.truncate(length);
        }
        Some(())
    }

    fn value(&mut self, value: Raw<'w>, depth: usize, part: Part) -> Option<()> {
        let class = match part {
            Part::Outside(role) => Class::Varies(role),
            Part::Body => match self.outcome {
                Outcome::Other => class_of_other(&self.path),
                Outcome::Call(provider, direction) => {
                    class_of_call(provider.name(), direction, &self.path, self.options)
                }
            },
        };
        if matches!(class, Class::Refused) {
            return None;
        }
        match value.kind() {
            Type::Object => {
                let part = if let Part::Outside(_) = part { Part::Outside(Role::Ignored) } else { part };
                self.object(value, depth, part)
            }
            Type::Array => {
                if depth >= DEEPEST {
                    return None;
                }
                // No dialect reads what stands in an array.
                for element in value.elements() {
                    self.value(element, depth + 1, Part::Outside(Role::Ignored))?;
                }
                Some(())
            }
            Type::Bool | Type::Null => Some(()),
            Type::String | Type::Number => {
                if let Class::Varies(role) = class {
                    let number = value.kind() == Type::Number;
                    let start = value.bytes().as_ptr() as usize - self.line.as_ptr() as usize;
                    let quote = usize::from(!number);
                    self.values.push((start + quote, start + value.bytes().len() - quote, number, role));
                }
                Some(())
            }
        }
    }

    fn finish(self) -> Option<Learnt> {
        if self.values.len() > MOST_VALUES {
            return None;
        }
        let mut shape = Vec::new();
        let mut numbers = 0;
        let mut at = 0;
        for (place, &(start, end, number, _)) in self.values.iter().enumerate() {
            shape.extend_from_slice(self.line.get(at..start)?);
            shape.push(if number { NUMBER } else { STRING });
            numbers |= u64::from(number) << place;
            at = end;
        }
        shape.extend_from_slice(self.line.get(at..)?);
        if shape.len() > MOST_CONSTANT {
            return None;
        }
        let place = (!self.found.path.is_empty()).then(|| self.found.path.join("."));
        Some(Learnt { shape, roles: self.values.iter().map(|it| it.3).collect(), numbers, place })
    }
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// In the body, where the dialect's table tells what it means.
    Body,
    /// Elsewhere, or in an array.
    Outside(Role),
}

/// A body that is neither call nor reaction is told by these alone.
fn class_of_other(path: &str) -> Class {
    if path.contains(SEPARATOR) {
        return Class::Varies(Role::Ignored);
    }
    match path {
        "event" | "event_type" | "schema" | "typeWebhook" => Class::Constant,
        // Nobody reads it here, but it is constant in calls: a branch of the tree is either.
        "engine" => Class::Constant,
        _ if is_event_spelling(path) => Class::Refused,
        _ => Class::Varies(Role::Ignored),
    }
}

fn is_event_spelling(key: &str) -> bool {
    normal(key) == "event"
}

/// A key without case, spaces, `_` and `-`.
fn normal(key: &str) -> String {
    key.chars().filter(|it| !matches!(it, ' ' | '_' | '-')).map(|it| it.to_ascii_lowercase()).collect()
}

/// What each dialect reads, by the path in the body. What is not in here nobody reads.
fn class_of_call(provider: &str, direction: Direction, path: &str, options: &ReadOptions) -> Class {
    use Class::{Constant, Refused, Varies};
    // Marks of another provider, and spellings that few senders use.
    if path == "event" {
        return if provider == "timelinesai" { Refused } else { Constant };
    }
    if path == "event_type" {
        return if provider == "timelinesai" { Constant } else { Refused };
    }
    if matches!(path, "schema" | "typeWebhook") || !path.contains(SEPARATOR) && is_event_spelling(path) {
        return Refused;
    }
    let remembered = Varies(Role::Remembered);
    let ignored = Varies(Role::Ignored);
    match provider {
        "wawp" => match path {
            "data" | "sessionId" | "call" | "account" => Refused,
            "metadata" if options.keep_metadata => Refused,
            "engine" | "payload>_data>status" | "payload>_data>Reason" | "payload>_data>Data>Tag" => Constant,
            "payload>isVideo" | "payload>isGroup" | "payload>_data>api" | "payload>_data>fromMe" => Constant,
            "session" | "me>id" | "me>lid" | "me>jid" | "me>pushName" => remembered,
            "payload>id" => Varies(Role::CallId),
            "payload>from" => Varies(Role::Customer),
            "payload>to" => Varies(Role::CalledParty),
            "payload>_data>callerPn" => Varies(Role::Creator1),
            "payload>_data>CallCreatorAlt" => Varies(Role::Creator2),
            "payload>_data>Data>Attrs>caller_pn" => Varies(Role::Creator3),
            "timestamp" => Varies(Role::At),
            "payload>timestamp" => Varies(Role::Happened),
            _ => ignored,
        },
        "wazzap" => match path {
            "payload" | "data" | "sessionId" | "call" | "account" => Refused,
            "phone" => Varies(Role::Customer),
            "ts" => Varies(Role::At),
            "country" => remembered,
            _ => ignored,
        },
        "timelinesai" => match path {
            "call_details>status" | "call_details>direction" | "call_details>is_video" => Constant,
            "chat>chat_type" => Constant,
            "whatsapp_account>whatsapp_account_wid"
            | "whatsapp_account>phone"
            | "whatsapp_account>full_name"
            | "whatsapp_account>email"
            | "chat>responsible_email" => remembered,
            "call_details>message_uid" => Varies(Role::CallId),
            "call_details>timestamp" => Varies(Role::At),
            "call_details>duration" => Varies(Role::Talk),
            "chat>chat_id" => Varies(Role::ChatRef),
            // Only the other party is read; the direction is told by constants.
            "call_details>caller>phone" if direction == Direction::Incoming => Varies(Role::Customer),
            "call_details>recipient>phone" if direction == Direction::Outgoing => Varies(Role::Customer),
            "call_details>caller>full_name" if direction == Direction::Incoming => Varies(Role::CustomerName),
            "call_details>recipient>full_name" if direction == Direction::Outgoing => {
                Varies(Role::CustomerName)
            }
            _ => ignored,
        },
        "doubletick" if path.contains(SEPARATOR) => ignored,
        "doubletick" => match &*normal(path) {
            "channel" | "calldirection" | "callstatus" => Constant,
            "customerphonenumber" => Refused,
            "wabanumber" | "pickedby" => remembered,
            "rejectedby" => Varies(Role::RejectedBy),
            "callid" => Varies(Role::CallId),
            "customernumber" => Varies(Role::Customer),
            "customername" => Varies(Role::CustomerName),
            "customerid" => Varies(Role::CustomerRef),
            "chatid" => Varies(Role::ChatRef),
            "durationinseconds" => Varies(Role::Talk),
            "callstartedat" => Varies(Role::Started),
            "callendedat" => Varies(Role::Ended),
            _ => ignored,
        },
        _ => Refused,
    }
}
