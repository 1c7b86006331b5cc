//! callsift's own events, as `callsift events` writes them: `{"schema":"callsift.event/1",
//! "provider":"wawp","event":"call.rejected","kind":"rejected",…,"evidence":[{"file":"a.ndjson","line":3}]}`.
//! Read back they are the events that they were, so that daily parts make a month.

use std::collections::BTreeMap;

use crate::event::{Cause, Clock, Direction, Event, Kind, Origin, Reaction};
use crate::json::{Raw, Type};

use super::support::{Body, Capture, Flaw, Reason, blank_event, exact, optional, required, time, word_place};
use super::{Dialect, Provider, Reading, Traits, Word};

/// See the module.
pub struct CallsiftEvents;

/// The schema of an event.
pub const SCHEMA: &str = "callsift.event/1";

static TRAITS: Traits = Traits {
    name: "callsift",
    title: "callsift's own events",
    call_ids: true,
    announces_offers: false,
    one_subscription: false,
    time_is_known_moment: true,
    instance_from_capture: false,
    words: &[],
    blind_spots: &[],
};

impl Dialect for CallsiftEvents {
    fn traits(&self) -> &'static Traits {
        &TRAITS
    }

    fn read<'a>(&self, body: &Body<'a>, capture: &Capture<'_>, _provider: Provider) -> Reading<'a> {
        let Some(schema) = body.schema.as_ref().filter(|it| it.starts_with("callsift.event/")) else {
            return Reading::NotMine;
        };
        if schema != SCHEMA {
            return Reading::Unknown(schema.clone());
        }
        read_row(body.raw, capture).unwrap_or_else(Reading::Invalid)
    }

    fn rule(&self, _word: &Word, _kind: Kind, _cause: Option<Cause>) -> &'static str {
        "read back from callsift's own events"
    }
}

fn read_row<'a>(row: Raw<'a>, capture: &Capture<'_>) -> Result<Reading<'a>, Flaw> {
    let provider_name = required(row.get("provider"), "provider", row)?;
    let provider =
        Provider::named(&provider_name).ok_or_else(|| unknown(row, "provider", "a known provider"))?;
    let origin = read_origin(row, capture)?;
    if row.get("kind").and_then(Raw::string).is_some_and(|it| it.text == "reaction") {
        return read_reaction(row, capture, provider, origin).map(|it| Reading::Reaction(Box::new(it)));
    }
    let name = required(row.get("event"), "event", row)?;
    let status = optional(row.get("status"), "status")?;
    let word = word_place(provider.traits().words, &name, status.as_deref())
        .ok_or_else(|| unknown(row, "event", "one of the provider's event names"))?;
    let kind = one_of(row, "kind", &Kind::ALL, Kind::name)?
        .ok_or_else(|| Flaw::missing("kind", "a kind of event", row))?;
    let instance = required(row.get("instance"), "instance", row)?;
    let mut event = blank_event(provider, word, kind, capture.sym(&instance), capture);
    event.direction = one_of(row, "direction", &Direction::ALL, Direction::name)?
        .ok_or_else(|| Flaw::missing("direction", "`incoming` or `outgoing`", row))?;
    event.cause = one_of(row, "cause", &Cause::ALL, Cause::name)?;
    let clocks = [Clock::Provider, Clock::Receiver];
    event.clock = one_of(row, "clock", &clocks, Clock::name)?.unwrap_or(Clock::Provider);
    let flag = |name: &str| row.get(name).and_then(Raw::bool);
    event.replayed = flag("replayed") == Some(true);
    event.ahead = flag("ahead") == Some(true);
    event.video = flag("video");
    event.group = flag("group");
    let zone = &capture.options.naive_zone;
    event.at = time(row.get("at"), "at", false, zone)?;
    event.ended_at = time(row.get("ended_at"), "ended_at", false, zone)?;
    event.received_at = time(row.get("received_at"), "received_at", false, zone)?;
    event.talk_ms = row.get("talk_ms").and_then(Raw::number).and_then(|it| it.parse().ok());
    let person = |name| Ok::<_, Flaw>(optional(row.get(name), name)?.and_then(|it| capture.person(&it)));
    let sym = |it: Option<String>| it.map(|it| capture.sym(&it));
    event.account = sym(person("account")?);
    event.customer = sym(person("customer")?);
    event.also = sym(person("customer_also")?);
    event.call_id = optional(row.get("call_id"), "call_id")?.map(|it| capture.call_id(&it));
    event.agent_label = capture.text(row.get("agent_label")).map(|it| capture.sym(&capture.label(&it)));
    event.customer_name = capture.text_sym(row.get("customer_name"));
    event.account_name = capture.text_sym(row.get("account_name"));
    event.customer_ref = optional(row.get("customer_ref"), "customer_ref")?.map(|it| capture.sym(&it));
    event.chat_ref = optional(row.get("chat_ref"), "chat_ref")?.map(|it| capture.sym(&it));
    event.engine = capture.text_sym(row.get("engine"));
    event.country = capture.text_sym(row.get("country"));
    if capture.options.keep_metadata {
        let pairs = row.get("metadata").into_iter().flat_map(Raw::members);
        let flat: BTreeMap<String, String> = pairs
            .filter_map(|(key, value)| {
                Some((key.text().into_owned(), capture.text(Some(value))?.into_owned()))
            })
            .collect();
        if !flat.is_empty() {
            event.metadata = serde_json::to_string(&flat).ok().map(|it| capture.sym(&it));
        }
    }
    event.origin = origin;
    check_event(&event, row)?;
    Ok(Reading::Call(Box::new(event)))
}

/// What the rest of the program takes for granted of every event.
fn check_event(event: &Event, row: Raw<'_>) -> Result<(), Flaw> {
    let traits = event.provider.traits();
    if traits.call_ids && event.call_id.is_none() {
        return Err(Flaw::missing("call_id", "text or an integer", row));
    }
    if !traits.call_ids && (event.customer.is_none() || event.at.is_none()) {
        return Err(Flaw::missing("customer", "a customer and a time", row));
    }
    if event.kind == Kind::Skipped && event.at.is_some() {
        return Err(unknown(row, "at", "no time on a skipped event"));
    }
    Ok(())
}

fn read_reaction(
    row: Raw<'_>,
    capture: &Capture<'_>,
    provider: Provider,
    origin: Origin,
) -> Result<Reaction, Flaw> {
    let chat = required(row.get("chat_ref"), "chat_ref", row)?;
    let message = required(row.get("message_uid"), "message_uid", row)?;
    let emoji = required(row.get("emoji"), "emoji", row)?;
    let set = one_of(row, "action", &[true, false], |it| if it { "set" } else { "clear" })?
        .ok_or_else(|| Flaw::missing("action", "`set` or `clear`", row))?;
    let at = time(row.get("at"), "at", true, &capture.options.naive_zone)?
        .ok_or_else(|| Flaw::missing("at", "a time", row))?;
    let reactor = exact(row.get("reactor"), "reactor", false)?;
    Ok(Reaction {
        provider,
        chat: capture.sym(&chat),
        message: capture.sym(&message),
        emoji: capture.sym(&emoji),
        reactor: reactor.map(|it| match capture.party(&it) {
            crate::identity::Party::Person(it) => capture.sym(&it),
            crate::identity::Party::Group => capture.sym(&it),
        }),
        set,
        at,
        tally: row.get("tally").and_then(Raw::number).and_then(|it| it.parse().ok()),
        origin,
    })
}

/// Where the event stood in the dump that it was first read from.
fn read_origin(row: Raw<'_>, capture: &Capture<'_>) -> Result<Origin, Flaw> {
    const EXPECTED: &str = "the file and line that the event came from";
    let evidence = row.get("evidence").and_then(|it| it.elements().next());
    let Some(evidence) = evidence else { return Err(Flaw::missing("evidence", EXPECTED, row)) };
    let [file, line, body] = evidence.pick(&["file", "line", "body"]);
    let number = |it: Option<Raw<'_>>| it.and_then(Raw::number).and_then(|it| it.parse::<u64>().ok());
    let file = match file {
        Some(it) if it.kind() == Type::String => capture.text(Some(it)),
        _ => None,
    };
    let (Some(file), Some(line)) = (file, number(line)) else {
        return Err(Flaw::missing("evidence", EXPECTED, row));
    };
    let body = number(body).and_then(|it| u32::try_from(it).ok()).unwrap_or(0);
    Ok(Origin { file: capture.sym(&file), line, body })
}

fn unknown(row: Raw<'_>, field: &'static str, expected: &'static str) -> Flaw {
    Flaw::wrong(Reason::BadValue, field, expected, row.get(field).unwrap_or(row))
}

/// Reads a word of ours; nothing if there is none, a flaw if it is another.
fn one_of<T: Copy>(
    row: Raw<'_>,
    field: &'static str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<Option<T>, Flaw> {
    let Some(word) = optional(row.get(field), field)? else { return Ok(None) };
    let found = all.iter().copied().find(|it| name(*it) == word);
    found.map(Some).ok_or_else(|| unknown(row, field, "a word that callsift writes"))
}
