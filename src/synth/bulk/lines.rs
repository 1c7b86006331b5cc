//! The call events of a big dump, written piece by piece: a value tree a line would cost ten times as much
//! (believed, not measured).

use super::super::clock::{INDIA, SECOND, push_digits, push_spaced, push_utc, push_utc_ms};
use super::super::rng::{CROCKFORD, Rng};
use super::{Call, Shape};

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verb {
    Offer,
    Accept,
    Reject,
    Miss,
    End,
}

/// The provider of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Wawp,
    DoubleTick,
    Wazzap,
    TimelinesAi,
}

impl Line {
    pub(super) fn of(shape: Shape, instance: u64) -> Self {
        match (shape, instance % 10) {
            (Shape::Calls, _) | (Shape::Mixed, 0..4) => Self::Wawp,
            (Shape::Mixed, 4..7) => Self::DoubleTick,
            (Shape::Mixed, 7..9) => Self::Wazzap,
            (Shape::Mixed, _) => Self::TimelinesAi,
        }
    }

    pub(super) fn announces(self) -> bool {
        self != Self::TimelinesAi
    }

    pub(super) fn reports_misses(self) -> bool {
        self != Self::Wawp
    }

    /// A line of its own when a call that was answered is over.
    pub(super) fn reports_ends(self) -> bool {
        matches!(self, Self::DoubleTick | Self::TimelinesAi)
    }

    /// Nothing before the call is over.
    pub(super) fn tells_afterwards(self) -> bool {
        self == Self::TimelinesAi
    }
}

pub(super) fn push(out: &mut Vec<u8>, rng: &mut Rng, shape: Shape, at: i64, verb: Verb, call: &Call) {
    match Line::of(shape, call.instance) {
        Line::Wawp => wawp(out, rng, at, verb, call),
        Line::DoubleTick => doubletick(out, rng, at, verb, call),
        Line::Wazzap => wazzap(out, rng, at, verb, call),
        Line::TimelinesAi => timelinesai(out, verb, call),
    }
    out.push(b'\n');
}

pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Twelve digits: every customer has another one, since the factor and the modulus have no divisor in
/// common.
pub(super) fn phone(out: &mut Vec<u8>, customer: u64) {
    text(out, "91");
    push_digits(out, (5_551_000_000 + customer * 7_368_787 % 999_000_000) as i64, 10);
}

fn business(out: &mut Vec<u8>, instance: u64) {
    text(out, "9155500000");
    push_digits(out, instance as i64, 2);
}

/// Sixteen upper-case hexadecimal digits.
pub(super) fn hex(out: &mut Vec<u8>, value: u64) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut digits = [0; 16];
    for (index, digit) in digits.iter_mut().enumerate() {
        *digit = DIGITS[(value >> (60 - 4 * index) & 15) as usize];
    }
    out.extend_from_slice(&digits);
}

/// `evt_01` and 24 characters.
pub(super) fn event_id(out: &mut Vec<u8>, rng: &mut Rng) {
    text(out, "evt_01");
    for _ in 0..2 {
        let draw = rng.next();
        let mut characters = [0; 12];
        for (index, character) in characters.iter_mut().enumerate() {
            *character = CROCKFORD[(draw >> (5 * index) & 31) as usize];
        }
        out.extend_from_slice(&characters);
    }
}

/// The part that all Wawp webhooks of a session begin with.
pub(super) fn wawp_head(out: &mut Vec<u8>, rng: &mut Rng, at: i64, instance: u64, event: &str) {
    text(out, "{\"id\":\"");
    event_id(out, rng);
    text(out, "\",\"timestamp\":");
    push_digits(out, at, 13);
    text(out, ",\"session\":\"line-");
    push_digits(out, instance as i64, 2);
    text(out, "\",\"engine\":\"NOWEB\",\"event\":\"");
    text(out, event);
    text(out, "\",\"payload\":{\"id\":\"");
}

/// And the part that they end with.
pub(super) fn wawp_tail(out: &mut Vec<u8>, instance: u64) {
    text(out, "},\"me\":{\"id\":\"");
    business(out, instance);
    text(out, "@c.us\",\"pushName\":\"Help desk ");
    push_digits(out, instance as i64, 2);
    text(out, "\"}}");
}

fn wawp(out: &mut Vec<u8>, rng: &mut Rng, at: i64, verb: Verb, call: &Call) {
    let event = match verb {
        Verb::Offer => "call.received",
        Verb::Accept => "call.accepted",
        Verb::Reject | Verb::Miss | Verb::End => "call.rejected",
    };
    wawp_head(out, rng, at, call.instance, event);
    hex(out, call.id[0]);
    hex(out, call.id[1]);
    // A part of the lines sends no more than the id when a call ends.
    if verb == Verb::Offer || !call.instance.is_multiple_of(4) {
        text(out, "\",\"from\":\"");
        phone(out, call.customer);
        text(out, "@c.us\",\"timestamp\":");
        push_digits(out, at / SECOND, 10);
        let video = call.id[0].is_multiple_of(16);
        text(out, if video { ",\"isVideo\":true" } else { ",\"isVideo\":false" });
        text(out, ",\"isGroup\":false,\"_data\":{\"offline\":false,\"status\":\"");
        text(
            out,
            match verb {
                Verb::Offer => "offer",
                Verb::Accept => "accept",
                Verb::Reject => "reject",
                Verb::Miss | Verb::End => "terminate",
            },
        );
        text(out, "\"}");
    } else {
        text(out, "\"");
    }
    wawp_tail(out, call.instance);
}

fn doubletick(out: &mut Vec<u8>, rng: &mut Rng, at: i64, verb: Verb, call: &Call) {
    const AGENTS: [&str; 8] = [
        "Anita Bose",
        "Bharat Soni",
        "Charu Sinha",
        "Dinesh Das",
        "Ela Patil",
        "Firoz Khan",
        "Gita Reddy",
        "Hari Iyer",
    ];
    let agent = AGENTS[(call.id[1] % 8) as usize];
    let (event, status) = match verb {
        Verb::Offer => ("CALL_INCOMING_INITIATED", "INITIATED"),
        Verb::Accept => ("CALL_ACCEPTED", "IN_PROGRESS"),
        Verb::Reject => ("CALL_REJECTED", "REJECT"),
        Verb::Miss => ("CALL_MISSED", "MISSED"),
        Verb::End => ("CALL_ENDED", "END"),
    };
    text(out, "{\"received_at\":\"");
    push_utc_ms(out, at + 80 + (rng.next() & 1_023) as i64);
    text(out, "\",\"path\":\"/hooks/doubletick\",\"body\":{\"event\":\"");
    text(out, event);
    text(out, "\",\"callId\":\"call_");
    hex(out, call.id[0]);
    text(out, "\",\"chatMessageId\":\"msg_");
    hex(out, call.id[1]);
    text(out, "\",\"chatId\":\"\",\"wabaNumber\":\"");
    business(out, call.instance);
    text(out, "\",\"customerNumber\":\"");
    phone(out, call.customer);
    text(out, "\",\"customerName\":\"Customer ");
    push_digits(out, call.customer as i64 % 100_000_000, 8);
    text(out, "\",\"customerId\":\"customer_");
    push_digits(out, call.customer as i64, 10);
    text(out, "\",\"callDirection\":\"INCOMING\",\"callStatus\":\"");
    text(out, status);
    text(out, "\",\"durationInSeconds\":");
    let talk = if verb == Verb::End { (at - call.accepted_at) / SECOND } else { 0 };
    push_digits(
        out,
        talk,
        if talk < 10 {
            1
        } else if talk < 100 {
            2
        } else {
            3
        },
    );
    text(out, ",\"callStartedAt\":\"");
    if matches!(verb, Verb::Accept | Verb::End) {
        push_utc_ms(out, call.accepted_at);
    }
    text(out, "\",\"callEndedAt\":\"");
    if matches!(verb, Verb::Reject | Verb::Miss | Verb::End) {
        push_utc_ms(out, at);
    }
    text(out, "\",\"pickedBy\":\"");
    text(out, if matches!(verb, Verb::Accept | Verb::End) { agent } else { "" });
    text(out, "\",\"rejectedBy\":\"");
    text(out, if verb == Verb::Reject { agent } else { "" });
    text(out, "\",\"endedBy\":\"\",\"failedReason\":\"\",\"recordingUrl\":\"\",\"deviceId\":\"\"}}");
}

fn wazzap(out: &mut Vec<u8>, rng: &mut Rng, at: i64, verb: Verb, call: &Call) {
    let event = match verb {
        Verb::Offer => "incoming",
        Verb::Accept => "accept",
        Verb::Reject => "reject",
        Verb::Miss | Verb::End => "missed",
    };
    text(out, "{\"received_at\":\"");
    push_utc_ms(out, at + 80 + (rng.next() & 1_023) as i64);
    text(out, "\",\"path\":\"/hooks/wazzap/line-");
    push_digits(out, call.instance as i64, 2);
    text(out, "/");
    text(out, event);
    text(out, "\",\"body\":{\"event\":\"call.");
    text(out, event);
    text(out, "\",\"phone\":\"+52155");
    push_digits(out, (call.customer % 100_000_000) as i64, 8);
    text(out, "\",\"country\":\"MX\",\"ts\":\"");
    push_utc(out, at);
    text(out, "\"}}");
}

fn timelinesai(out: &mut Vec<u8>, verb: Verb, call: &Call) {
    let (event, status) = match verb {
        Verb::Miss => ("call:incoming:missed", "Missed"),
        Verb::Reject => ("call:incoming:ended", "Rejected"),
        Verb::Offer | Verb::Accept | Verb::End => ("call:incoming:ended", "Answered"),
    };
    timelinesai_head(out, event, call.instance, call.customer);
    text(out, ",\"call_details\":{\"duration\":");
    if verb == Verb::End {
        push_digits(out, 100 + (call.id[0] % 400) as i64, 3);
    } else {
        text(out, "null");
    }
    text(out, ",\"direction\":\"incoming\",\"is_video\":false,\"status\":\"");
    text(out, status);
    text(out, "\",\"timestamp\":\"");
    push_spaced(out, call.offered_at, INDIA);
    text(out, "\",\"message_uid\":\"");
    hex(out, call.id[0]);
    hex(out, call.id[1]);
    text(out, "\",\"caller\":{\"full_name\":\"Customer\",\"phone\":\"+");
    phone(out, call.customer);
    text(out, "\"},\"recipient\":{\"full_name\":\"Help desk\",\"phone\":\"+");
    business(out, call.instance);
    text(out, "\"}}}");
}

/// The part that all TimelinesAI webhooks of a line share, without the closing brace.
pub(super) fn timelinesai_head(out: &mut Vec<u8>, event: &str, instance: u64, customer: u64) {
    text(out, "{\"event_type\":\"");
    text(out, event);
    text(out, "\",\"chat\":{\"chat_id\":");
    push_digits(out, 1_000_000_000 + customer as i64 % 1_000_000_000, 10);
    text(out, ",\"chat_type\":\"direct\",\"platform\":\"whatsapp\",\"full_name\":\"Customer\",\"phone\":\"+");
    phone(out, customer);
    text(out, "\",\"responsible_name\":\"Agent ");
    push_digits(out, instance as i64, 2);
    text(out, "\",\"responsible_email\":\"agent");
    push_digits(out, instance as i64, 2);
    text(out, "@lender.example\"},\"whatsapp_account\":{\"whatsapp_account_wid\":\"");
    business(out, instance);
    text(out, "@s.whatsapp.net\",\"full_name\":\"Agent ");
    push_digits(out, instance as i64, 2);
    text(out, "\",\"email\":\"agent");
    push_digits(out, instance as i64, 2);
    text(out, "@lender.example\",\"phone\":\"+");
    business(out, instance);
    text(out, "\"}");
}
