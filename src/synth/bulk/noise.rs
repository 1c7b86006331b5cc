//! What is no call in a mixed dump: messages in several scripts, with emoji and escapes, some of them long;
//! receipts; states of sessions. A reader must get over these lines quickly.

use super::super::clock::{INDIA, SECOND, push_digits, push_spaced, push_utc_ms};
use super::super::rng::Rng;
use super::INSTANCES;
use super::lines::{hex, phone, text, timelinesai_head, wawp_head, wawp_tail};

/// Pieces of messages as they stand between quotes in JSON. One looks like a call and is none.
const PIECES: &[&str] = &[
    "Namaste, kya aaj baat ho sakti hai? ",
    "I have been calling since morning and nobody picks up. ",
    "मेरा भुगतान हो गया है, कृपया रसीद भेजें। ",
    "\\u0928\\u092e\\u0938\\u094d\\u0924\\u0947 ",
    "She said \\\"tomorrow\\\" and hung up 😡😡 ",
    "வணக்கம், தவணை செலுத்தினேன். ",
    "Receipt attached.\\nKindly confirm.\\n\\n",
    "¿Me pueden llamar mañana por la tarde? ¡Muchas gracias! ",
    "Não consigo falar com o atendimento há três dias... ",
    "https:\\/\\/pay.example\\/r\\/8f3a?x=1&y=2 ",
    "আমার কিস্তি কত বাকি আছে জানাবেন? ",
    "👍🙏 ",
    "{\\\"event\\\":\\\"call.rejected\\\",\\\"session\\\":\\\"line-01\\\"} ",
    "The amount of ₹ 12,450.00 was debited on 3\\/5, reference C:\\\\bank\\\\0042. ",
    "ok ",
    "Please stop calling me before nine in the morning, I work nights and have said so twice. ",
];

pub(super) fn push(out: &mut Vec<u8>, rng: &mut Rng, at: i64, customer: u64) {
    let instance = rng.below(INSTANCES);
    match rng.below(100) {
        0..42 => message(out, rng, at, instance, customer),
        42..54 => receipt(out, rng, at, instance, customer),
        54..56 => status(out, rng, at, instance),
        56..76 => chat(out, rng, at, instance, customer),
        _ => hotline(out, rng, at, customer),
    }
    out.push(b'\n');
}

/// Whether a line is one of these.
#[cfg(test)]
pub(super) fn is_noise(line: &str) -> bool {
    let heads = [
        "\"event\":\"message\"",
        "\"event\":\"message.ack\"",
        "\"event\":\"session.status\"",
        "{\"event_type\":\"message:",
        "\"event\":\"MESSAGE_RECEIVED\"",
    ];
    heads.iter().any(|head| line.contains(head))
}

/// A text of any length up to 1.2 KB.
fn pieces(out: &mut Vec<u8>, rng: &mut Rng) {
    for _ in 0..1 + rng.below(20) {
        let piece: &&str = rng.pick(PIECES);
        text(out, piece);
    }
}

fn message(out: &mut Vec<u8>, rng: &mut Rng, at: i64, instance: u64, customer: u64) {
    wawp_head(out, rng, at, instance, "message");
    text(out, "false_");
    phone(out, customer);
    text(out, "@c.us_3EB0");
    hex(out, rng.next());
    text(out, "\",\"timestamp\":");
    push_digits(out, at / SECOND, 10);
    text(out, ",\"from\":\"");
    phone(out, customer);
    text(out, "@c.us\",\"fromMe\":false,\"source\":\"app\",\"body\":\"");
    pieces(out, rng);
    text(out, "\",\"hasMedia\":false,\"ack\":1,\"ackName\":\"SERVER\",\"vCards\":[]");
    wawp_tail(out, instance);
}

fn receipt(out: &mut Vec<u8>, rng: &mut Rng, at: i64, instance: u64, customer: u64) {
    wawp_head(out, rng, at, instance, "message.ack");
    text(out, "true_");
    phone(out, customer);
    text(out, "@c.us_3EB0");
    hex(out, rng.next());
    text(out, "\",\"to\":\"");
    phone(out, customer);
    text(out, "@c.us\",\"fromMe\":true,\"ack\":3,\"ackName\":\"READ\"");
    wawp_tail(out, instance);
}

fn status(out: &mut Vec<u8>, rng: &mut Rng, at: i64, instance: u64) {
    wawp_head(out, rng, at, instance, "session.status");
    text(out, "0\",\"status\":\"WORKING\"");
    wawp_tail(out, instance);
}

fn chat(out: &mut Vec<u8>, rng: &mut Rng, at: i64, instance: u64, customer: u64) {
    timelinesai_head(out, "message:received:new", instance, customer);
    text(out, ",\"message\":{\"text\":\"");
    pieces(out, rng);
    text(out, "\",\"direction\":\"received\",\"timestamp\":\"");
    push_spaced(out, at, INDIA);
    text(out, "\",\"message_uid\":\"");
    hex(out, rng.next());
    hex(out, rng.next());
    text(out, "\",\"attachments\":[]}}");
}

fn hotline(out: &mut Vec<u8>, rng: &mut Rng, at: i64, customer: u64) {
    text(out, "{\"received_at\":\"");
    push_utc_ms(out, at + (rng.next() & 1_023) as i64);
    text(
        out,
        "\",\"path\":\"/hooks/doubletick\",\"body\":{\"event\":\"MESSAGE_RECEIVED\",\"to\":\"915550000004\",\"from\":\"",
    );
    phone(out, customer);
    text(out, "\",\"messageId\":\"");
    hex(out, rng.next());
    text(out, "\",\"receivedAt\":\"");
    push_utc_ms(out, at);
    text(
        out,
        "\",\"contact\":{\"name\":\"Customer\",\"tags\":[\"loan\",\"हिंदी\"]},\"message\":{\"type\":\"TEXT\",\"text\":\"",
    );
    pieces(out, rng);
    text(out, "\"}}}");
}
