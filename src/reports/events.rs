//! The normalised events, one row each, in the form that callsift reads back.
//!
//! Identities stand as they were sent: which hidden caller is which number, and how numbers are
//! folded, is decided over the whole input of whoever reads them.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Output;
use crate::analysis::Analysis;
use crate::call_id::CallId;
use crate::definitions::column;
use crate::dialects::Provider;
use crate::event::{Cause, Event, Kind, Origin, Reaction};
use crate::section::{Body, Cell, Column, Part, Person, Shown, Table};
use crate::text::{Sym, Texts};

/// The schema that each row names.
pub const SCHEMA: &str = "callsift.event/1";

/// Columns of an event; those of reactions follow.
const COLUMNS: [(&str, Shown); 34] = [
    ("schema", Shown::OnRequest),
    ("provider", Shown::Always),
    ("event", Shown::Always),
    ("status", Shown::OnRequest),
    ("kind", Shown::Always),
    ("cause", Shown::IfWide(4)),
    ("direction", Shown::IfWide(5)),
    ("instance", Shown::IfWide(2)),
    ("account", Shown::OnRequest),
    ("call_id", Shown::IfWide(6)),
    ("customer", Shown::IfWide(1)),
    ("customer_also", Shown::OnRequest),
    ("agent_label", Shown::IfWide(3)),
    ("at", Shown::Always),
    ("clock", Shown::OnRequest),
    ("ended_at", Shown::OnRequest),
    ("talk_ms", Shown::OnRequest),
    ("received_at", Shown::OnRequest),
    ("replayed", Shown::OnRequest),
    ("ahead", Shown::OnRequest),
    ("video", Shown::OnRequest),
    ("group", Shown::OnRequest),
    ("customer_name", Shown::OnRequest),
    ("account_name", Shown::OnRequest),
    ("customer_ref", Shown::OnRequest),
    ("chat_ref", Shown::OnRequest),
    ("engine", Shown::OnRequest),
    ("country", Shown::OnRequest),
    ("metadata", Shown::OnRequest),
    ("message_uid", Shown::OnRequest),
    ("emoji", Shown::OnRequest),
    ("reactor", Shown::OnRequest),
    ("action", Shown::OnRequest),
    ("tally", Shown::OnRequest),
];

/// Events and reactions, in their fixed order. `as_sent` are the events before identities were
/// resolved; of them those of the subject sessions are kept.
pub fn report(as_sent: &[Event], analysis: &Analysis) -> Output {
    let texts = &analysis.texts;
    let chosen = if analysis.filtered { Some(Chosen::of(analysis)) } else { None };
    let events = as_sent.iter().filter(|it| chosen.as_ref().is_none_or(|chosen| chosen.takes(it)));
    // A filter chooses sessions, and a reaction belongs to none.
    let reactions = analysis.reactions.iter().filter(|_| !analysis.filtered);
    let columns: Vec<Column> = COLUMNS
        .iter()
        .map(|(key, shown)| column(key, *shown))
        .chain([column("evidence", Shown::OnRequest)])
        .collect();
    let rows = events.map(|it| row(it, texts)).chain(reactions.map(|it| reaction_row(it, texts)));
    let table = Table {
        title: "Events".to_owned(),
        rows: rows.collect(),
        columns,
        empty: "No call event.".to_owned(),
        ..Table::default()
    };
    Output { parts: vec![Part { path: vec!["events"], body: Body::Rows(table) }], ..Output::default() }
}

/// The events of the subject sessions, as far as they can be told before identities are resolved.
struct Chosen {
    /// Where the kept events of all sessions stand, and whether the session is a subject.
    origins: HashMap<Origin, bool>,
    /// What the subjects' events keep when their customer is resolved: for deliveries of one event
    /// under two identities, of which sessions keep one.
    keys: HashSet<EventKey>,
}

type EventKey = (Provider, Sym, u8, Kind, Option<Cause>, Option<CallId>, Option<i64>);

fn key(event: &Event) -> EventKey {
    (event.provider, event.instance, event.word, event.kind, event.cause, event.call_id, event.at)
}

impl Chosen {
    fn of(analysis: &Analysis) -> Self {
        let mut origins = HashMap::new();
        let mut keys = HashSet::new();
        for (session, is_subject) in analysis.sessions().iter().zip(&analysis.subject) {
            for event in analysis.events_of(&session) {
                origins.insert(event.origin, *is_subject);
                if *is_subject && event.call_id.is_some() {
                    keys.insert(key(&event));
                }
            }
        }
        Self { origins, keys }
    }

    fn takes(&self, event: &Event) -> bool {
        self.origins.get(&event.origin).copied().unwrap_or_else(|| self.keys.contains(&key(event)))
    }
}

fn evidence(origin: Origin, texts: &Texts) -> Cell {
    Cell::List(vec![Cell::Record(vec![
        ("file".to_owned(), Cell::Text(texts.get(origin.file).clone())),
        ("line".to_owned(), Cell::Count(origin.line)),
        ("body".to_owned(), Cell::Count(u64::from(origin.body))),
    ])])
}

fn row(event: &Event, texts: &Texts) -> Vec<Cell> {
    let text = |it: Option<Sym>| Cell::opt(texts.get_opt(it), Cell::Text);
    let person = |who: Person, it: Option<Sym>| Cell::opt(texts.get_opt(it), |it| Cell::Person(who, it));
    let instant = |it: Option<i64>| Cell::opt(it, Cell::Instant);
    let word = event.provider.word(event.word);
    vec![
        Cell::word(SCHEMA),
        Cell::word(event.provider.name()),
        Cell::word(word.event),
        Cell::opt(word.status, Cell::word),
        Cell::word(event.kind.name()),
        Cell::opt(event.cause.map(Cause::name), Cell::word),
        Cell::word(event.direction.name()),
        text(Some(event.instance)),
        text(event.account),
        super::sessions::call_id(event.call_id, texts),
        person(Person::Customer, event.customer),
        person(Person::Customer, event.also),
        person(Person::Agent, event.agent_label),
        instant(event.at),
        if event.at.is_some() { Cell::word(event.clock.name()) } else { Cell::Missing },
        instant(event.ended_at),
        Cell::opt(event.talk_ms, Cell::Millis),
        instant(event.received_at),
        Cell::Bool(event.replayed),
        Cell::Bool(event.ahead),
        Cell::opt(event.video, Cell::Bool),
        Cell::opt(event.group, Cell::Bool),
        person(Person::CustomerName, event.customer_name),
        person(Person::Agent, event.account_name),
        person(Person::CustomerRef, event.customer_ref),
        person(Person::CustomerRef, event.chat_ref),
        text(event.engine),
        text(event.country),
        metadata(event.metadata, texts),
        Cell::Missing,
        Cell::Missing,
        Cell::Missing,
        Cell::Missing,
        Cell::Missing,
        evidence(event.origin, texts),
    ]
}

/// Names under which metadata carry what opens somebody's door.
const SECRET_KEYS: [&str; 17] = [
    "apikey",
    "auth",
    "bearer",
    "cookie",
    "credential",
    "icepwd",
    "jwt",
    "media",
    "otp",
    "passw",
    "privatekey",
    "pwd",
    "recording",
    "sdp",
    "secret",
    "signature",
    "token",
];

/// How values begin that are keys by themselves: of payment and cloud services, of headers, of signed tokens,
/// of session descriptions.
const SECRET_STARTS: [&str; 12] =
    ["akia", "basic ", "bearer ", "eyj", "ghp_", "gho_", "glpat-", "pk_", "rk_", "sk_", "v=0", "xox"];

/// So many characters without a blank, letters and digits mixed, are a key and no name.
const KEY_LEAST: usize = 20;

/// Whether metadata carry what opens somebody's door: a key, a password, an address that may hold one. In
/// doubt it does: who needs the value finds it in the dump.
fn holds_secret(key: &str, value: &str) -> bool {
    let key: String =
        key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let start = value.trim_start().to_ascii_lowercase();
    SECRET_KEYS.iter().any(|it| key.contains(it))
        || SECRET_STARTS.iter().any(|it| start.starts_with(it))
        || value.contains("//")
        || value.chars().any(char::is_control)
        || value.split_whitespace().any(is_key)
}

fn is_key(word: &str) -> bool {
    let mixed = word.bytes().any(|it| it.is_ascii_digit()) && word.bytes().any(|it| it.is_ascii_alphabetic());
    mixed && word.len() >= KEY_LEAST && !word.contains('@') && !is_uuid(word)
}

/// Many systems name their users so.
fn is_uuid(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let hexadecimal = |it: &&str| it.bytes().all(|it| it.is_ascii_hexdigit());
    parts.iter().map(|it| it.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(hexadecimal)
}

/// The flat metadata as named values.
fn metadata(metadata: Option<Sym>, texts: &Texts) -> Cell {
    let pairs: Option<BTreeMap<String, String>> =
        metadata.and_then(|it| serde_json::from_str(texts.raw(it)).ok());
    Cell::opt(pairs, |it| {
        let value = |key: &str, value: &str| {
            if holds_secret(key, value) {
                Cell::word("(withheld)")
            } else {
                Cell::Person(Person::Anybody, crate::text::Text::new(value))
            }
        };
        Cell::Record(
            it.into_iter()
                .map(|(key, text)| {
                    let cell = value(&key, &text);
                    (key, cell)
                })
                .collect(),
        )
    })
}

fn reaction_row(reaction: &Reaction, texts: &Texts) -> Vec<Cell> {
    let text = |it: Sym| Cell::Text(texts.get(it).clone());
    let values = [
        ("schema", Cell::word(SCHEMA)),
        ("provider", Cell::word(reaction.provider.name())),
        ("event", Cell::word("message:reaction")),
        ("kind", Cell::word("reaction")),
        ("at", Cell::Instant(reaction.at)),
        ("chat_ref", Cell::Person(Person::CustomerRef, texts.get(reaction.chat).clone())),
        ("message_uid", text(reaction.message)),
        ("emoji", text(reaction.emoji)),
        (
            "reactor",
            Cell::opt(reaction.reactor, |it| Cell::Person(Person::CustomerRef, texts.get(it).clone())),
        ),
        ("action", Cell::word(if reaction.set { "set" } else { "clear" })),
        ("tally", Cell::opt(reaction.tally, Cell::Count)),
    ];
    let mut row = vec![Cell::Missing; COLUMNS.len()];
    for (key, cell) in values {
        if let Some(place) = COLUMNS.iter().position(|(it, _)| *it == key) {
            row[place] = cell;
        }
    }
    row.push(evidence(reaction.origin, texts));
    row
}
