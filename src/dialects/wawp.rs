//! Wawp, and every server with its envelope (WAHA is one):
//! `{"event":"call.rejected","session":"front-desk","timestamp":1771400123456,"payload":{"id":"7C1B…"},
//! "me":{"id":"…@c.us"}}`. The envelope's time is in milliseconds, the payload's in seconds. What
//! `call.rejected` means depends on the engine's raw event in `payload._data`; Wawp's own sends no
//! more than the id.

use std::collections::BTreeMap;

use crate::event::{Cause, Direction, Kind};
use crate::identity::{Party, is_hidden, is_number};
use crate::json::{Raw, Type};
use crate::time::MINUTE;

use super::support::{
    Body, Capture, Flaw, Reason, blank_event, has_value, optional, required, set_time, time, word_place,
};
use super::{Dialect, Provider, Reading, Traits, Word, word};

/// See the module.
pub struct Wawp;

static WORDS: [Word; 3] = [word("call.received"), word("call.accepted"), word("call.rejected")];

static TRAITS: Traits = Traits {
    name: "wawp",
    title: "Wawp",
    call_ids: true,
    announces_offers: true,
    one_subscription: true,
    time_is_known_moment: true,
    instance_from_capture: false,
    words: &WORDS,
    blind_spots: &[
        ("WEBJS", "never sends answers, and rejections only where the server's own interface declined"),
        ("WPP", "sends offers only: neither answers nor rejections"),
        ("NOWEB", "sends nothing when a call rings out; such calls are missed by inference"),
        ("GOWS", "reports a call declined on the phone late or not at all"),
    ],
};

impl Dialect for Wawp {
    fn traits(&self) -> &'static Traits {
        &TRAITS
    }

    fn read<'a>(&self, body: &Body<'a>, capture: &Capture<'_>, provider: Provider) -> Reading<'a> {
        let Some(name) = body.call_like_event() else { return Reading::NotMine };
        let fields =
            body.raw.pick(&["data", "sessionId", "call", "account", "session", "payload", "timestamp", "me"]);
        let [data, session_id, call, account, ..] = fields;
        let is_object = |it: Option<Raw<'_>>| it.is_some_and(|it| it.kind() == Type::Object);
        if is_object(data) && has_value(session_id) {
            return Reading::Unknown(format!("openwa:{name}").into());
        }
        if is_object(call) && has_value(account) {
            return Reading::Unknown(format!("zernio:{name}").into());
        }
        let Some(word) = word_place(&WORDS, &name, None) else { return Reading::NotMine };
        match read_event(body.raw, fields, word, capture, provider) {
            Ok(event) => Reading::Call(Box::new(event)),
            Err(flaw) => Reading::Invalid(flaw),
        }
    }

    fn rule(&self, word: &Word, kind: Kind, cause: Option<Cause>) -> &'static str {
        match (word.event, kind, cause) {
            ("call.received", ..) => "`call.received` is an offer",
            ("call.accepted", ..) => "`call.accepted` is an answer",
            (_, _, Some(Cause::Policy)) => {
                "`call.rejected` with `_data.api` true: declined by the server's interface"
            }
            (_, _, Some(Cause::Declined)) => {
                "`call.rejected` with `_data.status` or `_data.Data.Tag` `reject`: declined"
            }
            (_, _, Some(Cause::Timeout)) => {
                "`call.rejected` with `_data.Reason` or `_data.status` `timeout`: it rang out, so it is missed"
            }
            (_, _, Some(Cause::EndedUnanswered)) => {
                "`call.rejected` with `_data.status` or `_data.Data.Tag` `terminate`: it ended unanswered, so it is missed"
            }
            _ => "`call.rejected` without a decliner: rejected as reported, perhaps by a caller who hung up",
        }
    }
}

fn read_event(
    body: Raw<'_>,
    [_, _, _, _, session, payload, timestamp, me]: [Option<Raw<'_>>; 8],
    word: u8,
    capture: &Capture<'_>,
    provider: Provider,
) -> Result<crate::event::Event, Flaw> {
    let session = required(session, "session", body)?;
    let payload = match payload {
        Some(it) if it.kind() == Type::Object => it,
        Some(it) if it.kind() != Type::Null => {
            return Err(Flaw::wrong(Reason::WrongType, "payload", "an object", it));
        }
        _ => return Err(Flaw::missing("payload.id", "text or an integer", body)),
    };
    let [id, from, to, seconds, is_video, is_group, data] =
        payload.pick(&["id", "from", "to", "timestamp", "isVideo", "isGroup", "_data"]);
    let id = required(id, "payload.id", payload)?;
    let zone = &capture.options.naive_zone;
    let sent = time(timestamp, "timestamp", false, zone)?;
    let happened = time(seconds, "payload.timestamp", false, zone)?;
    let engine_event = EngineEvent::read(data)?;

    let (kind, cause) = match WORDS[usize::from(word)].event {
        "call.received" => (Kind::Offered, None),
        "call.accepted" => (Kind::Accepted, None),
        _ => engine_event.outcome(),
    };
    let mut event = blank_event(provider, word, kind, capture.sym(&session), capture);
    event.cause = cause;
    event.call_id = Some(capture.call_id(&id));
    event.replayed = matches!((sent, happened), (Some(sent), Some(happened)) if happened < sent - MINUTE);
    let at = if event.replayed { happened } else { sent.or(happened) };
    set_time(&mut event, at);

    let [me_id, me_lid, me_jid, push_name] =
        me.map_or([None; 4], |it| it.pick(&["id", "lid", "jid", "pushName"]));
    let mut own = Vec::new();
    for (value, field) in [(me_id, "me.id"), (me_lid, "me.lid"), (me_jid, "me.jid")] {
        own.push(optional(value, field)?);
    }
    event.account = own[0].as_deref().and_then(|it| capture.person(it)).map(|it| capture.sym(&it));
    event.account_name = capture.text_sym(push_name);
    let own: Vec<String> = own.iter().flatten().filter_map(|it| capture.compared(it)).collect();
    let is_own = |text: &str| capture.compared(text).is_some_and(|it| own.contains(&it));
    let other = |text: &str| capture.person(text).filter(|_| !is_own(text));

    let from = optional(from, "payload.from")?;
    let from_group = from.as_deref().is_some_and(|it| matches!(capture.party(it), Party::Group));
    if from.as_deref().is_some_and(is_own) || engine_event.from_me {
        event.direction = Direction::Outgoing;
    }
    let from_person = from.as_deref().and_then(other);
    let others: Vec<String> = engine_event.creators.iter().flatten().filter_map(|it| other(it)).collect();
    let phone = others.iter().find(|it| is_number(it));
    let hidden = others.iter().find(|it| is_hidden(it));
    let to = optional(to, "payload.to")?.and_then(|it| other(&it));
    let customer = from_person.as_ref().or(phone).or(to.as_ref());
    let also = customer.and_then(|it| {
        if is_hidden(it) {
            phone
        } else if is_number(it) {
            hidden
        } else {
            None
        }
    });
    event.customer = customer.map(|it| capture.sym(it));
    event.also = also.map(|it| capture.sym(it));

    event.video = is_video.and_then(Raw::bool);
    event.group = if from_group { Some(true) } else { is_group.and_then(Raw::bool) };
    let [engine, metadata] = body.pick(&["engine", "metadata"]);
    event.engine = capture.text_sym(engine);
    if capture.options.keep_metadata {
        event.metadata = metadata.and_then(|it| metadata_text(it, capture)).map(|it| capture.sym(&it));
    }
    Ok(event)
}

/// The flat values of `metadata` as JSON with sorted keys. Keys keep their dots: `user.id` is one key.
fn metadata_text(metadata: Raw<'_>, capture: &Capture<'_>) -> Option<String> {
    let mut flat = BTreeMap::new();
    for (key, value) in metadata.members() {
        let text = match value.kind() {
            Type::String => capture.text(Some(value)),
            Type::Number | Type::Bool => std::str::from_utf8(value.bytes()).ok().map(Into::into),
            Type::Object | Type::Array | Type::Null => None,
        };
        match text {
            Some(it) => flat.insert(key.text().into_owned(), it.into_owned()),
            None => flat.remove(&*key.text()),
        };
    }
    if flat.is_empty() { None } else { serde_json::to_string(&flat).ok() }
}

/// What the engine's raw event adds: `payload._data`, whose shape depends on the engine.
#[derive(Default)]
struct EngineEvent {
    api: bool,
    from_me: bool,
    status: Option<String>,
    tag: Option<String>,
    reason: Option<String>,
    /// The caller's other identities, in the order in which they are believed.
    creators: [Option<String>; 3],
}

impl EngineEvent {
    fn read(data: Option<Raw<'_>>) -> Result<Self, Flaw> {
        let Some(data) = data else { return Ok(Self::default()) };
        let [api, from_me, status, reason, caller_pn, creator_alt, stanza] =
            data.pick(&["api", "fromMe", "status", "Reason", "callerPn", "CallCreatorAlt", "Data"]);
        let [tag, attributes] = stanza.map_or([None; 2], |it| it.pick(&["Tag", "Attrs"]));
        let caller_attribute = attributes.and_then(|it| it.get("caller_pn"));
        let lower = |it: Option<Raw<'_>>| Some(it?.string()?.text.trim().to_ascii_lowercase());
        let id = |it, field| Ok::<_, Flaw>(optional(it, field)?.map(|it| it.into_owned()));
        Ok(Self {
            api: api.and_then(Raw::bool) == Some(true),
            from_me: from_me.and_then(Raw::bool) == Some(true),
            status: lower(status),
            tag: lower(tag),
            reason: lower(reason),
            creators: [
                id(caller_pn, "payload._data.callerPn")?,
                id(creator_alt, "payload._data.CallCreatorAlt")?,
                id(caller_attribute, "payload._data.Data.Attrs.caller_pn")?,
            ],
        })
    }

    /// What a `call.rejected` is; the first that fits.
    fn outcome(&self) -> (Kind, Option<Cause>) {
        let status = self.status.as_deref();
        let tag = self.tag.as_deref();
        let (kind, cause) = if self.api {
            (Kind::Rejected, Cause::Policy)
        } else if status == Some("reject") || tag == Some("reject") {
            (Kind::Rejected, Cause::Declined)
        } else if self.reason.as_deref() == Some("timeout") || status == Some("timeout") {
            (Kind::Missed, Cause::Timeout)
        } else if status == Some("terminate") || tag == Some("terminate") {
            (Kind::Missed, Cause::EndedUnanswered)
        } else {
            (Kind::Rejected, Cause::Reported)
        };
        (kind, Some(cause))
    }
}
