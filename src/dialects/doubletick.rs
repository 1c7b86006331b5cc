//! DoubleTick: a flat object, `{"event":"CALL_REJECTED","callId":"call_7Q2M","wabaNumber":"9198…",
//! "customerNumber":"9198…","callDirection":"INCOMING","callEndedAt":"2026-02-18T10:15:25.000Z",…}`.
//! "Not applicable" is the empty string. Initiations hold no time. Exports through automation tools
//! rename the keys, so they are compared without case, spaces, `_` and `-`.

use std::borrow::Cow;

use crate::event::{Cause, Direction, Event, Kind};
use crate::json::{Key, Raw};

use super::support::{
    Body, Capture, Flaw, Reason, blank_event, has_talk, optional, required, required_word, set_time, talk_ms,
    time, trimmed, word_place,
};
use super::{Dialect, Provider, Reading, Traits, Word, word};

/// See the module.
pub struct DoubleTick;

static WORDS: [Word; 7] = [
    word("CALL_INCOMING_INITIATED"),
    word("CALL_OUTGOING_INITIATED"),
    word("CALL_ACCEPTED"),
    word("CALL_ENDED"),
    word("CALL_REJECTED"),
    word("CALL_MISSED"),
    word("CALL_NOT_PICKED"),
];

static TRAITS: Traits = Traits {
    name: "doubletick",
    title: "DoubleTick",
    call_ids: true,
    announces_offers: false,
    one_subscription: false,
    time_is_known_moment: true,
    instance_from_capture: false,
    words: &WORDS,
    blind_spots: &[(
        "",
        "initiations hold no time; ring times need a capture that keeps when it received them",
    )],
};

impl Dialect for DoubleTick {
    fn traits(&self) -> &'static Traits {
        &TRAITS
    }

    fn read<'a>(&self, body: &Body<'a>, capture: &Capture<'_>, provider: Provider) -> Reading<'a> {
        if !body.event.as_deref().is_some_and(is_call_name) {
            return Reading::NotMine;
        }
        let fields = Fields::read(body.raw);
        let name = fields.event.and_then(Raw::string).and_then(|it| trimmed(it.text));
        let name = name.or_else(|| body.event.clone()).unwrap_or_default();
        let Some(word) = word_place(&WORDS, &name, None) else {
            return if is_call_name(&name) { Reading::Unknown(name) } else { Reading::Other };
        };
        if fields.channel.and_then(Raw::string).is_some_and(|it| it.text.trim().eq_ignore_ascii_case("PSTN"))
        {
            return Reading::Other;
        }
        match fields.event(body.raw, word, capture, provider) {
            Ok(event) => Reading::Call(Box::new(event)),
            Err(flaw) => Reading::Invalid(flaw),
        }
    }

    fn rule(&self, word: &Word, kind: Kind, cause: Option<Cause>) -> &'static str {
        match (word.event, kind, cause) {
            (_, _, Some(Cause::Failed)) => {
                "`callStatus` is `FAILED`: the call could not be set up, so it is missed"
            }
            ("CALL_INCOMING_INITIATED" | "CALL_OUTGOING_INITIATED", ..) => "an initiation is an offer",
            ("CALL_ACCEPTED", ..) => "`CALL_ACCEPTED` is an answer",
            ("CALL_ENDED", Kind::Accepted, _) => {
                "`CALL_ENDED` with a pick-up time or talk time: it was answered"
            }
            ("CALL_ENDED", ..) => {
                "`CALL_ENDED` without pick-up and talk time: given up unanswered, so it is missed"
            }
            ("CALL_REJECTED", ..) => {
                "`CALL_REJECTED`: declined, by the agent if incoming, by the customer if outgoing"
            }
            ("CALL_MISSED", ..) => "`CALL_MISSED`: missed as reported",
            _ => "`CALL_NOT_PICKED` passes over one agent; it ends nothing",
        }
    }
}

/// The members that are read, whatever the spelling of their keys.
#[derive(Default)]
struct Fields<'a> {
    event: Option<Raw<'a>>,
    channel: Option<Raw<'a>>,
    call_id: Option<Raw<'a>>,
    waba_number: Option<Raw<'a>>,
    direction: Option<Raw<'a>>,
    status: Option<Raw<'a>>,
    customer_number: Option<Raw<'a>>,
    customer_phone_number: Option<Raw<'a>>,
    customer_name: Option<Raw<'a>>,
    customer_id: Option<Raw<'a>>,
    chat_id: Option<Raw<'a>>,
    duration: Option<Raw<'a>>,
    started_at: Option<Raw<'a>>,
    ended_at: Option<Raw<'a>>,
    picked_by: Option<Raw<'a>>,
    rejected_by: Option<Raw<'a>>,
}

impl<'a> Fields<'a> {
    fn read(body: Raw<'a>) -> Self {
        let mut res = Self::default();
        for (key, value) in body.members() {
            let mut buffer = [0; 24];
            let Some(name) = normal(key, &mut buffer) else { continue };
            let place = match name {
                b"event" => &mut res.event,
                b"channel" => &mut res.channel,
                b"callid" => &mut res.call_id,
                b"wabanumber" => &mut res.waba_number,
                b"calldirection" => &mut res.direction,
                b"callstatus" => &mut res.status,
                b"customernumber" => &mut res.customer_number,
                b"customerphonenumber" => &mut res.customer_phone_number,
                b"customername" => &mut res.customer_name,
                b"customerid" => &mut res.customer_id,
                b"chatid" => &mut res.chat_id,
                b"durationinseconds" => &mut res.duration,
                b"callstartedat" => &mut res.started_at,
                b"callendedat" => &mut res.ended_at,
                b"pickedby" => &mut res.picked_by,
                b"rejectedby" => &mut res.rejected_by,
                _ => continue,
            };
            *place = Some(value);
        }
        res
    }

    fn event(
        &self,
        body: Raw<'_>,
        word: u8,
        capture: &Capture<'_>,
        provider: Provider,
    ) -> Result<Event, Flaw> {
        let name = WORDS[usize::from(word)].event;
        let zone = &capture.options.naive_zone;
        let call_id = required(self.call_id, "callId", body)?;
        let line = required(self.waba_number, "wabaNumber", body)?;
        let direction = match name {
            "CALL_INCOMING_INITIATED" => Direction::Incoming,
            "CALL_OUTGOING_INITIATED" => Direction::Outgoing,
            _ => self.direction(body)?,
        };
        let failed =
            self.status.and_then(Raw::string).is_some_and(|it| it.text.trim().eq_ignore_ascii_case("FAILED"));
        let started = || time(self.started_at, "callStartedAt", false, zone);
        let ended = || time(self.ended_at, "callEndedAt", false, zone);
        let talk = talk_ms(self.duration);

        let mut ended_at = None;
        let (kind, cause, at) = match name {
            "CALL_NOT_PICKED" => (Kind::Skipped, None, None),
            _ if failed => (Kind::Missed, Some(Cause::Failed), ended()?),
            "CALL_INCOMING_INITIATED" | "CALL_OUTGOING_INITIATED" => (Kind::Offered, None, None),
            "CALL_ACCEPTED" => (Kind::Accepted, None, started()?),
            "CALL_ENDED" => {
                let (started, ended) = (started()?, ended()?);
                if started.is_some() || has_talk(self.duration) {
                    ended_at = ended;
                    (Kind::Accepted, None, started.or(ended))
                } else {
                    (Kind::Missed, Some(Cause::EndedUnanswered), ended)
                }
            }
            "CALL_REJECTED" => (Kind::Rejected, Some(Cause::Declined), ended()?),
            _ => (Kind::Missed, Some(Cause::Reported), ended()?),
        };
        let mut event = blank_event(provider, word, kind, capture.sym(&line), capture);
        event.direction = direction;
        event.cause = cause;
        event.ended_at = ended_at;
        if kind != Kind::Skipped {
            // A passed-over agent has no moment: its repeats are alike to the byte.
            set_time(&mut event, at);
        }
        if kind == Kind::Accepted {
            event.talk_ms = talk;
        }
        event.call_id = Some(capture.call_id(&call_id));
        event.account = capture.person(&line).map(|it| capture.sym(&it));
        let number = match optional(self.customer_number, "customerNumber")? {
            Some(it) => Some(it),
            None => optional(self.customer_phone_number, "Customer Phone Number")?,
        };
        let compared = number.as_deref().and_then(|it| capture.compared(it));
        let customer = number.and_then(|it| capture.person(&it));
        let customer_name = capture.text(self.customer_name);
        event.agent_label = self
            .agent_label(direction, compared.as_deref(), customer_name.as_deref(), capture)
            .map(|it| capture.sym(&it));
        event.customer = customer.map(|it| capture.sym(&it));
        event.customer_name = customer_name.map(|it| capture.sym(&it));
        event.customer_ref = optional(self.customer_id, "customerId")?.map(|it| capture.sym(&it));
        event.chat_ref = optional(self.chat_id, "chatId")?.map(|it| capture.sym(&it));
        Ok(event)
    }

    fn direction(&self, body: Raw<'_>) -> Result<Direction, Flaw> {
        const EXPECTED: &str = "`INCOMING` or `OUTGOING`";
        let word = required_word(self.direction, "callDirection", body)?;
        Direction::ALL.into_iter().find(|it| it.name().eq_ignore_ascii_case(&word)).ok_or_else(|| {
            Flaw::wrong(Reason::BadValue, "callDirection", EXPECTED, self.direction.unwrap_or(body))
        })
    }

    /// Who of the business had to do with the call. The two descriptions of the provider disagree on
    /// whether a customer who declines an outgoing call stands in `rejectedBy`.
    fn agent_label(
        &self,
        direction: Direction,
        customer: Option<&str>,
        customer_name: Option<&str>,
        capture: &Capture<'_>,
    ) -> Option<String> {
        let label = |it: Option<Raw<'a>>| {
            // A number may stand there as an integer, a name as text.
            let text = match it?.number() {
                Some(it) if it.bytes().all(|it| it.is_ascii_digit()) => Cow::Borrowed(it),
                Some(_) => return None,
                None => capture.text(it)?,
            };
            Some(capture.label(&text))
        };
        match direction {
            Direction::Incoming => label(self.rejected_by).or_else(|| label(self.picked_by)),
            Direction::Outgoing => label(self.picked_by).or_else(|| {
                label(self.rejected_by).filter(|it| {
                    customer_name != Some(it.as_str())
                        && customer.is_none_or(|customer| capture.compared(it).as_deref() != Some(customer))
                })
            }),
        }
    }
}

/// Whether an event's name is one of this provider's form.
pub fn is_call_name(name: &str) -> bool {
    name.as_bytes().get(..5).is_some_and(|it| it.eq_ignore_ascii_case(b"call_"))
}

/// Writes a key without case, spaces, `_` and `-` into a small buffer; nothing if it does not fit.
/// Every key of every body passes here, so it must not allocate.
pub fn normal<'b>(key: Key<'_>, buffer: &'b mut [u8; 24]) -> Option<&'b [u8]> {
    let mut length = 0;
    for byte in key.text().bytes().filter(|it| !matches!(it, b' ' | b'_' | b'-')) {
        *buffer.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    Some(&buffer[..length])
}
