//! TimelinesAI: one webhook after each call, `{"event_type":"call:incoming:ended","chat":{…},
//! "whatsapp_account":{…},"call_details":{"status":"Rejected","timestamp":"2026-02-18 10:15:25 +0100",
//! "message_uid":"3d0b…","caller":{…},"recipient":{…},…}}`. The event name is not the outcome: the
//! status is. Also reactions to messages, of which some are calls.

use crate::event::{Cause, Direction, Kind, Reaction};
use crate::json::{Raw, Type};

use super::support::{
    Body, Capture, Flaw, Reason, blank_event, optional, required, required_word, set_time, talk_ms, time,
    word_place,
};
use super::{Dialect, Provider, Reading, Traits, Word};

/// See the module.
pub struct TimelinesAi;

const fn call(event: &'static str, status: &'static str, shows: &'static [Kind]) -> Word {
    Word { event, status: Some(status), shows }
}

const MISSED: &str = "call:incoming:missed";
const INCOMING: &str = "call:incoming:ended";
const OUTGOING: &str = "call:outgoing:ended";
/// `call:incoming:ended` stands for answered and rejected calls alike, so a feed that holds it shows both.
const BOTH: &[Kind] = &[Kind::Accepted, Kind::Rejected];
const ALL_ENDS: &[Kind] = &[Kind::Accepted, Kind::Rejected, Kind::Missed];

static WORDS: [Word; 18] = [
    call(MISSED, "Answered", &[]),
    call(MISSED, "Ended", &[]),
    call(MISSED, "Rejected", &[]),
    call(MISSED, "Declined", &[]),
    call(MISSED, "Missed", &[]),
    call(MISSED, "No Answer", &[]),
    call(INCOMING, "Answered", BOTH),
    call(INCOMING, "Ended", BOTH),
    call(INCOMING, "Rejected", BOTH),
    call(INCOMING, "Declined", BOTH),
    call(INCOMING, "Missed", BOTH),
    call(INCOMING, "No Answer", BOTH),
    call(OUTGOING, "Answered", ALL_ENDS),
    call(OUTGOING, "Ended", ALL_ENDS),
    call(OUTGOING, "Rejected", ALL_ENDS),
    call(OUTGOING, "Declined", ALL_ENDS),
    call(OUTGOING, "Missed", ALL_ENDS),
    call(OUTGOING, "No Answer", ALL_ENDS),
];

static TRAITS: Traits = Traits {
    name: "timelinesai",
    title: "TimelinesAI",
    call_ids: true,
    announces_offers: false,
    one_subscription: true,
    // Its time is the start or the end of the call; the provider does not say which.
    time_is_known_moment: false,
    instance_from_capture: false,
    words: &WORDS,
    blind_spots: &[("", "sends one webhook after the call and none while it rings: there are no ring times")],
};

impl Dialect for TimelinesAi {
    fn traits(&self) -> &'static Traits {
        &TRAITS
    }

    fn read<'a>(&self, body: &Body<'a>, capture: &Capture<'_>, provider: Provider) -> Reading<'a> {
        let Some(name) = &body.event_type else { return Reading::NotMine };
        if name.eq_ignore_ascii_case("message:reaction") {
            return match read_reaction(body.raw, capture, provider) {
                Ok(it) => Reading::Reaction(Box::new(it)),
                Err(flaw) => Reading::Invalid(flaw),
            };
        }
        let Some(name) = [MISSED, INCOMING, OUTGOING].into_iter().find(|it| it.eq_ignore_ascii_case(name))
        else {
            return Reading::NotMine;
        };
        read_call(name, body.raw, capture, provider).unwrap_or_else(Reading::Invalid)
    }

    fn rule(&self, _word: &Word, kind: Kind, _cause: Option<Cause>) -> &'static str {
        match kind {
            Kind::Accepted => "status `Answered` or `Ended`: it was answered",
            Kind::Rejected => "status `Rejected` or `Declined`: declined by the callee",
            _ => "status `Missed` or `No Answer`: it rang out",
        }
    }
}

fn read_call<'a>(
    name: &'static str,
    body: Raw<'a>,
    capture: &Capture<'_>,
    provider: Provider,
) -> Result<Reading<'a>, Flaw> {
    let [account, details, chat] = body.pick(&["whatsapp_account", "call_details", "chat"]);
    let [wid, account_phone, account_name, email] =
        account.map_or([None; 4], |it| it.pick(&["whatsapp_account_wid", "phone", "full_name", "email"]));
    let [status, timestamp, uid, duration, direction, is_video, caller, recipient] =
        details.map_or([None; 8], |it| {
            it.pick(&[
                "status",
                "timestamp",
                "message_uid",
                "duration",
                "direction",
                "is_video",
                "caller",
                "recipient",
            ])
        });
    let wid = required(wid, "whatsapp_account.whatsapp_account_wid", body)?;
    let uid = required(uid, "call_details.message_uid", body)?;
    let status = required_word(status, "call_details.status", body)?;
    let field = "call_details.timestamp";
    let at = time(timestamp, field, true, &capture.options.naive_zone)?
        .ok_or_else(|| Flaw::missing(field, "a time", body))?;
    let Some(word) = word_place(&WORDS, name, Some(&status)) else {
        return Ok(Reading::Unknown(format!("{name}/{status}").into()));
    };
    let (kind, cause) = match WORDS[usize::from(word)].status {
        Some("Answered" | "Ended") => (Kind::Accepted, None),
        Some("Rejected" | "Declined") => (Kind::Rejected, Some(Cause::Declined)),
        _ => (Kind::Missed, Some(Cause::Reported)),
    };
    let mut event = blank_event(provider, word, kind, capture.sym(&wid), capture);
    event.cause = cause;
    let said = direction.and_then(Raw::string);
    let said = said.and_then(|said| {
        Direction::ALL.into_iter().find(|it| it.name().eq_ignore_ascii_case(said.text.trim()))
    });
    event.direction =
        said.unwrap_or(if name == OUTGOING { Direction::Outgoing } else { Direction::Incoming });
    event.call_id = Some(capture.call_id(&uid));
    set_time(&mut event, Some(at));
    if kind == Kind::Accepted {
        event.talk_ms = talk_ms(duration);
    }
    event.video = is_video.and_then(Raw::bool);

    let [chat_id, chat_type, chat_phone, responsible] =
        chat.map_or([None; 4], |it| it.pick(&["chat_id", "chat_type", "phone", "responsible_email"]));
    event.group =
        chat_type.and_then(Raw::string).and_then(|it| trimmed_word(&it.text)).map(|it| it == "group");
    event.chat_ref = optional(chat_id, "chat.chat_id")?.map(|it| capture.sym(&it));
    let (party, field) = match event.direction {
        Direction::Incoming => (caller, "call_details.caller.phone"),
        Direction::Outgoing => (recipient, "call_details.recipient.phone"),
    };
    let [phone, full_name] = party.map_or([None; 2], |it| it.pick(&["phone", "full_name"]));
    let phone = match optional(phone, field)? {
        Some(it) => Some(it),
        None => optional(chat_phone, "chat.phone")?,
    };
    event.customer = phone.and_then(|it| capture.person(&it)).map(|it| capture.sym(&it));
    event.customer_name = capture.text_sym(full_name);
    event.account_name = capture.text_sym(account_name);
    event.account = optional(account_phone, "whatsapp_account.phone")?
        .and_then(|it| capture.person(&it))
        .map(|it| capture.sym(&it));
    // The owner of the device that declines comes before whoever the chat is assigned to.
    let label =
        capture.text(email).or_else(|| capture.text(responsible)).or_else(|| capture.text(account_name));
    event.agent_label = label.map(|it| capture.sym(&capture.label(&it)));
    Ok(Reading::Call(Box::new(event)))
}

fn trimmed_word(text: &str) -> Option<String> {
    let word = text.trim().to_ascii_lowercase();
    (!word.is_empty()).then_some(word)
}

fn read_reaction(body: Raw<'_>, capture: &Capture<'_>, provider: Provider) -> Result<Reaction, Flaw> {
    let [chat, reaction] = body.pick(&["chat", "reaction"]);
    let [uid, action, emoji, timestamp, reactor, reactions] = reaction.map_or([None; 6], |it| {
        it.pick(&["message_uid", "action", "emoji", "timestamp", "reactor", "reactions"])
    });
    let chat = required(chat.and_then(|it| it.get("chat_id")), "chat.chat_id", body)?;
    let message = required(uid, "reaction.message_uid", body)?;
    let action_word = required_word(action, "reaction.action", body)?;
    let set = match action_word.to_ascii_lowercase().as_str() {
        "set" => true,
        "clear" => false,
        _ => {
            let value = action.unwrap_or(body);
            return Err(Flaw::wrong(Reason::BadValue, "reaction.action", "`set` or `clear`", value));
        }
    };
    if let Some(it) = emoji
        && !matches!(it.kind(), Type::String | Type::Null)
    {
        return Err(Flaw::wrong(Reason::WrongType, "reaction.emoji", "text", it));
    }
    let emoji = capture.text(emoji).ok_or_else(|| Flaw::missing("reaction.emoji", "text", body))?;
    let field = "reaction.timestamp";
    let at = time(timestamp, field, true, &capture.options.naive_zone)?
        .ok_or_else(|| Flaw::missing(field, "a time", body))?;
    let [phone, email, full_name] = reactor.map_or([None; 3], |it| it.pick(&["phone", "email", "full_name"]));
    let reactor = match optional(phone, "reaction.reactor.phone")?.and_then(|it| capture.person(&it)) {
        Some(it) => Some(capture.sym(&it)),
        None => capture.text_sym(email).or_else(|| capture.text_sym(full_name)),
    };
    let tally = reactions.filter(|it| it.kind() == Type::Object).map(|map| {
        let count = map.members().filter(|(key, _)| key.is(&emoji)).last().map(|(_, value)| value);
        let digits =
            count.and_then(|it| it.string().map(|it| it.text.into_owned()).or(it.number().map(Into::into)));
        digits.and_then(|it| it.trim().parse().ok()).unwrap_or(0)
    });
    Ok(Reaction {
        provider,
        chat: capture.sym(&chat),
        message: capture.sym(&message),
        emoji: capture.sym(&emoji),
        reactor,
        set,
        at,
        tally,
        origin: capture.origin,
    })
}
