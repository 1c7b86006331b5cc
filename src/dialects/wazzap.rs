//! Wazzap: `{"event":"call.reject","phone":"+5215500001111","country":"MX","ts":"2026-02-18T10:15:25Z"}`.
//! No call id, no receiving line: sessions are built from the number and windows of time, and the
//! line comes from the capture. Times have whole seconds.

use crate::event::{Cause, Kind};

use super::support::{
    Body, Capture, Flaw, Reason, blank_event, has_value, required, set_time, time, word_place,
};
use super::{Dialect, Provider, Reading, Traits, Word, word};

/// See the module.
pub struct Wazzap;

static WORDS: [Word; 4] =
    [word("call.incoming"), word("call.accept"), word("call.reject"), word("call.missed")];

static TRAITS: Traits = Traits {
    name: "wazzap",
    title: "Wazzap",
    call_ids: false,
    announces_offers: true,
    one_subscription: false,
    time_is_known_moment: true,
    instance_from_capture: true,
    words: &WORDS,
    blind_spots: &[(
        "",
        "each event has its own URL, and nothing is sent again after a failure; a lost webhook leaves no trace",
    )],
};

impl Dialect for Wazzap {
    fn traits(&self) -> &'static Traits {
        &TRAITS
    }

    fn read<'a>(&self, body: &Body<'a>, capture: &Capture<'_>, provider: Provider) -> Reading<'a> {
        let Some(word) = body.event.as_deref().and_then(|it| word_place(&WORDS, it, None)) else {
            return Reading::NotMine;
        };
        let [payload, data, phone, ts, country] =
            body.raw.pick(&["payload", "data", "phone", "ts", "country"]);
        if has_value(payload) || has_value(data) {
            return Reading::NotMine;
        }
        let read = || {
            let phone_text = required(phone, "phone", body.raw)?;
            let at = time(ts, "ts", true, &capture.options.naive_zone)?
                .ok_or_else(|| Flaw::missing("ts", "a time", body.raw))?;
            let (kind, cause) = match WORDS[usize::from(word)].event {
                "call.incoming" => (Kind::Offered, None),
                "call.accept" => (Kind::Accepted, None),
                "call.reject" => (Kind::Rejected, Some(Cause::Reported)),
                _ => (Kind::Missed, Some(Cause::Reported)),
            };
            let mut event = blank_event(provider, word, kind, capture.sym(capture.instance()), capture);
            event.cause = cause;
            let customer = capture.person(&phone_text).ok_or_else(|| {
                Flaw::wrong(Reason::BadValue, "phone", "the number of one caller", phone.unwrap_or(body.raw))
            })?;
            event.customer = Some(capture.sym(&customer));
            event.country = capture.text_sym(country);
            set_time(&mut event, Some(at));
            Ok(event)
        };
        match read() {
            Ok(event) => Reading::Call(Box::new(event)),
            Err(flaw) => Reading::Invalid(flaw),
        }
    }

    fn rule(&self, word: &Word, _kind: Kind, _cause: Option<Cause>) -> &'static str {
        match word.event {
            "call.incoming" => "`call.incoming` is an offer",
            "call.accept" => "`call.accept` is an answer",
            "call.reject" => "`call.reject`: rejected as reported, perhaps by a caller who hung up",
            _ => "`call.missed`: missed as reported",
        }
    }
}
