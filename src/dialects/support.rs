//! What the dialects share: reading ids, texts, times and numbers as providers write them, and
//! saying what is wrong with a field.

use std::borrow::Cow;
use std::cell::Cell;

use crate::call_id::CallId;
use crate::event::Origin;
use crate::identity::{self, Party};
use crate::json::{Raw, Type};
use crate::text::{Interner, Sym, Text};
use crate::time::{self, SECOND};
use crate::zone::Zone;

/// How lines are read; the same for a whole run.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The zone of times that say none.
    pub naive_zone: Zone,
    /// Fold WhatsApp's own spellings of numbers (`--raw-identities` turns it off).
    pub fold: bool,
    /// Leave identities and labels as they were sent, for `events`, so that whoever reads the events
    /// decides on folding.
    pub as_sent: bool,
    /// Where to look for the body: `None` searches, `Some([])` takes the line itself.
    pub body_path: Option<Vec<String>>,
    /// `--source PATTERN=INSTANCE`, in order.
    pub sources: Vec<(glob::Pattern, String)>,
    /// `--instance-name`.
    pub instance_name: Option<String>,
    /// Keep each event's `metadata`.
    pub keep_metadata: bool,
    /// Read every line the plain way (`--parser reference`).
    pub reference: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            naive_zone: Zone::utc(),
            fold: true,
            as_sent: false,
            body_path: None,
            sources: Vec::new(),
            instance_name: None,
            keep_metadata: false,
            reference: false,
        }
    }
}

/// What is known of a body besides itself: where it stood and what its envelope says.
pub struct Capture<'a> {
    /// The options of the run.
    pub options: &'a ReadOptions,
    /// Where texts get their symbols.
    pub texts: &'a Interner,
    /// The file's path as given.
    pub file: &'a Text,
    /// Where the body stands.
    pub origin: Origin,
    /// When the capture got it.
    pub received_at: Option<i64>,
    /// The path that it was posted to, without its query.
    pub path: Option<Cow<'a, str>>,
    /// A text had to be repaired.
    pub repaired: Cell<bool>,
}

impl Capture<'_> {
    /// The line of a provider whose bodies do not say it.
    pub fn instance(&self) -> &str {
        let file = self.file.raw();
        let base = file.rsplit('/').next().unwrap_or(file);
        let named = self.options.sources.iter().find(|(pattern, _)| {
            pattern.matches(file)
                || pattern.matches(base)
                || self.path.as_deref().is_some_and(|it| pattern.matches(it))
        });
        named.map_or_else(|| self.options.instance_name.as_deref().unwrap_or("-"), |(_, instance)| instance)
    }

    /// The symbol of a text.
    pub fn sym(&self, text: &str) -> Sym {
        self.texts.intern(text)
    }

    /// The id of a call.
    pub fn call_id(&self, text: &str) -> CallId {
        CallId::of(text, |it| self.texts.intern(it))
    }

    /// The canonical spelling of a party, if it is a person.
    pub fn person(&self, text: &str) -> Option<String> {
        self.party(text).person()
    }

    /// The canonical spelling of a party.
    pub fn party<'t>(&self, text: &'t str) -> Party<'t> {
        identity::canonical(text, self.options.fold && !self.options.as_sent)
    }

    /// The canonical spelling of a person for comparing, folded also where identities are kept as sent.
    pub fn compared(&self, text: &str) -> Option<String> {
        identity::canonical(text, self.options.fold).person()
    }

    /// An agent's label: a name as it is, a number in canonical spelling.
    pub fn label(&self, text: &str) -> String {
        if self.options.as_sent {
            text.to_owned()
        } else {
            identity::label(text, self.options.fold).into_owned()
        }
    }

    /// A name or label: repaired where broken, nothing where missing, empty or of another type.
    pub fn text<'a>(&self, value: Option<Raw<'a>>) -> Option<Cow<'a, str>> {
        let chars = value?.string()?;
        let text = trimmed(chars.text)?;
        if chars.broken {
            self.repaired.set(true);
        }
        Some(text)
    }

    /// The symbol of a name or label.
    pub fn text_sym(&self, value: Option<Raw<'_>>) -> Option<Sym> {
        self.text(value).map(|it| self.sym(&it))
    }
}

/// One body: an object of a provider, and how its line refers to it.
pub struct Body<'a> {
    /// The object.
    pub raw: Raw<'a>,
    /// The value of `event`, if it is a string.
    pub event: Option<Cow<'a, str>>,
    /// The value of `event_type`, if it is a string.
    pub event_type: Option<Cow<'a, str>>,
    /// The value of `schema`, if it is a string.
    pub schema: Option<Cow<'a, str>>,
}

impl<'a> Body<'a> {
    /// The value of `event`, if it has something to do with calls.
    pub fn call_like_event(&self) -> Option<Cow<'a, str>> {
        self.event.as_ref().filter(|it| is_call_like(it)).cloned()
    }

    /// The name of an event that has something to do with calls, whoever sends it.
    pub fn call_like_name(&self) -> Option<Cow<'a, str>> {
        [&self.event, &self.event_type].into_iter().flatten().find(|it| is_call_like(it)).cloned()
    }
}

/// Whether an event's name begins with `call` as a word.
fn is_call_like(name: &str) -> bool {
    let begins = name.as_bytes().get(..4).is_some_and(|it| it.eq_ignore_ascii_case(b"call"));
    begins && matches!(name.as_bytes().get(4), None | Some(b'.' | b'_' | b':'))
}

/// Whether a member has a value: neither null nor the empty string.
pub fn has_value(value: Option<Raw<'_>>) -> bool {
    value.is_some_and(|it| !matches!(it.bytes(), b"null" | b"\"\""))
}

/// Why a body is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A string in an envelope begins like JSON and is none.
    BadEmbeddedJson,
    /// A time that cannot be read, or before 2009, or after 2099.
    BadTime,
    /// A required word that no table holds.
    BadValue,
    /// A lone surrogate or bytes that are not UTF-8 where text must be exact.
    BrokenText,
    /// A required field without a value.
    MissingField,
    /// The line is not JSON.
    NotJson,
    /// More arrays and objects inside each other than allowed.
    TooDeep,
    /// The line is longer than allowed.
    TooLong,
    /// A required field of the wrong type.
    WrongType,
}

impl Reason {
    /// The name in `invalid_reasons`.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadEmbeddedJson => "bad_embedded_json",
            Self::BadTime => "bad_time",
            Self::BadValue => "bad_value",
            Self::BrokenText => "broken_text",
            Self::MissingField => "missing_field",
            Self::NotJson => "not_json",
            Self::TooDeep => "too_deep",
            Self::TooLong => "too_long",
            Self::WrongType => "wrong_type",
        }
    }
}

/// What is wrong with a body, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The kind of fault.
    pub reason: Reason,
    /// The field, as a dotted path; empty for the line itself.
    pub field: &'static str,
    /// What should have been there.
    pub expected: &'static str,
    /// The address of the first byte that is wrong, for finding its column; 0 if unknown.
    pub address: usize,
}

impl Flaw {
    /// A required field has no value.
    #[cold]
    pub fn missing(field: &'static str, expected: &'static str, object: Raw<'_>) -> Self {
        Self { reason: Reason::MissingField, field, expected, address: object.bytes().as_ptr() as usize }
    }

    /// A field's value is wrong.
    #[cold]
    pub fn wrong(reason: Reason, field: &'static str, expected: &'static str, value: Raw<'_>) -> Self {
        Self { reason, field, expected, address: value.bytes().as_ptr() as usize }
    }
}

/// Reads an id, a phone, an instance: text that must be exact, or an integer, which stands for its
/// digits. `required` says whether another type is a flaw or no value.
pub fn exact<'a>(
    value: Option<Raw<'a>>,
    field: &'static str,
    required: bool,
) -> Result<Option<Cow<'a, str>>, Flaw> {
    let Some(value) = value else { return Ok(None) };
    match value.kind() {
        Type::Null => Ok(None),
        Type::String => {
            let Some(chars) = value.string() else { return Ok(None) };
            if chars.broken {
                let expected = "text without lone surrogates, in UTF-8";
                return Err(Flaw::wrong(Reason::BrokenText, field, expected, value));
            }
            Ok(trimmed(chars.text))
        }
        Type::Number if value.bytes().iter().all(|it| it.is_ascii_digit() || *it == b'-') => {
            Ok(value.number().map(Cow::Borrowed))
        }
        _ if required => Err(Flaw::wrong(Reason::WrongType, field, "text or an integer", value)),
        _ => Ok(None),
    }
}

/// Reads a required id, phone or instance.
pub fn required<'a>(
    value: Option<Raw<'a>>,
    field: &'static str,
    object: Raw<'_>,
) -> Result<Cow<'a, str>, Flaw> {
    exact(value, field, true)?.ok_or_else(|| Flaw::missing(field, "text or an integer", object))
}

/// Reads a required word, such as a status: text, and nothing else stands for it.
pub fn required_word<'a>(
    value: Option<Raw<'a>>,
    field: &'static str,
    object: Raw<'_>,
) -> Result<Cow<'a, str>, Flaw> {
    if let Some(it) = value
        && !matches!(it.kind(), Type::String | Type::Null)
    {
        return Err(Flaw::wrong(Reason::WrongType, field, "text", it));
    }
    exact(value, field, true)?.ok_or_else(|| Flaw::missing(field, "text", object))
}

/// Reads an optional id.
pub fn optional<'a>(value: Option<Raw<'a>>, field: &'static str) -> Result<Option<Cow<'a, str>>, Flaw> {
    exact(value, field, false)
}

/// Reads the time in a field that the event's rule needs; Unix milliseconds.
pub fn time(
    value: Option<Raw<'_>>,
    field: &'static str,
    required: bool,
    zone: &Zone,
) -> Result<Option<i64>, Flaw> {
    let Some(value) = value else { return Ok(None) };
    let expected = "a time from 2009 to 2099, as seconds, milliseconds or ISO text";
    let read = match value.kind() {
        Type::Null => return Ok(None),
        Type::Number => time::read_number(value.number().unwrap_or_default()),
        Type::String => {
            let Some(chars) = value.string() else { return Ok(None) };
            if chars.broken {
                return Err(Flaw::wrong(Reason::BrokenText, field, expected, value));
            }
            time::read_text(&chars.text, zone)
        }
        _ if required => return Err(Flaw::wrong(Reason::WrongType, field, expected, value)),
        _ => return Ok(None),
    };
    read.map_err(|_| Flaw::wrong(Reason::BadTime, field, expected, value))
}

/// Seconds of talk as milliseconds, cut; 0, less, and other types are no value.
pub fn talk_ms(value: Option<Raw<'_>>) -> Option<i64> {
    time::millis_of_seconds(value?.number()?).filter(|it| *it > 0)
}

/// Whether there was talk at all, however short.
pub fn has_talk(value: Option<Raw<'_>>) -> bool {
    value.and_then(Raw::number).is_some_and(|it| {
        let mantissa = it.split(['e', 'E']).next().unwrap_or_default();
        !it.starts_with('-') && mantissa.bytes().any(|it| matches!(it, b'1'..=b'9'))
    })
}

/// Text without white space around; nothing if nothing is left.
pub fn trimmed(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let inner = text.trim();
    if inner.is_empty() {
        return None;
    }
    if inner.len() == text.len() {
        return Some(text);
    }
    Some(match text {
        Cow::Borrowed(it) => Cow::Borrowed(it.trim()),
        Cow::Owned(it) => Cow::Owned(it.trim().to_owned()),
    })
}

/// The place of a word in a table, whatever its case.
pub fn word_place(words: &[super::Word], event: &str, status: Option<&str>) -> Option<u8> {
    let same = |it: &super::Word| {
        it.event.eq_ignore_ascii_case(event)
            && match (it.status, status) {
                (None, None) => true,
                (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
                _ => false,
            }
    };
    words.iter().position(same).map(|it| it as u8)
}

/// An event with nothing but what every event has.
pub fn blank_event(
    provider: super::Provider,
    word: u8,
    kind: crate::event::Kind,
    instance: Sym,
    capture: &Capture<'_>,
) -> crate::event::Event {
    crate::event::Event {
        provider,
        word,
        direction: crate::event::Direction::Incoming,
        kind,
        cause: None,
        clock: crate::event::Clock::Provider,
        replayed: false,
        ahead: false,
        video: None,
        group: None,
        instance,
        account: None,
        call_id: None,
        customer: None,
        also: None,
        agent_label: None,
        customer_name: None,
        account_name: None,
        customer_ref: None,
        chat_ref: None,
        engine: None,
        country: None,
        metadata: None,
        at: None,
        ended_at: None,
        talk_ms: None,
        received_at: capture.received_at,
        origin: capture.origin,
    }
}

/// Gives an event its time: the provider's, else the capture's.
pub fn set_time(event: &mut crate::event::Event, at: Option<i64>) {
    event.at = at.or(event.received_at);
    event.clock = if at.is_none() && event.at.is_some() {
        crate::event::Clock::Receiver
    } else {
        crate::event::Clock::Provider
    };
    event.ahead = matches!((event.at, event.received_at), (Some(at), Some(got)) if at > got + 5 * SECOND);
}
