//! What else a webhook address gets: messages, receipts, permission replies, telephone calls, and call
//! events of a name that is not known yet.

use super::cast::{ASHA, CARE, Desk, FRONT, HOTLINE, KARAN, KIOSK, PAULO, RECOVERY, REJECTS_ONLY};
use super::clock::{DAY, INDIA, MINUTE, SECOND, may, spaced, utc_ms};
use super::json::Obj;
use super::plan::{Class, Hours, Plan};
use super::{doubletick, timelinesai, wawp};

/// The last but one is a trap: a text that looks like a call.
const TEXTS: &[&str] = &[
    "Namaste, I want to know my outstanding amount",
    "EMI kab tak bharna hai? 🙏",
    "मेरा लोन खाता बंद करना है",
    "Nobody picks up the phone!!! 😡",
    "Please call me after 5 pm",
    "आपका भुगतान मिल गया है ✅",
    "My agent said \"tomorrow\" three days ago",
    "নমস্কার, আমার কিস্তি কত?",
    "Okay, thank you 👍",
    "Receipt attached.\nKindly confirm",
    "வணக்கம், தவணை செலுத்தினேன்",
    "Boa tarde, não consigo falar com ninguém",
    "¿Me pueden llamar mañana? ¡Gracias!",
    "{\"event\":\"call.rejected\",\"session\":\"loans-front\",\"payload\":{\"id\":\"0\"}}",
    "ok",
];

pub(super) fn scatter(plan: &mut Plan) {
    for index in 0..105 {
        message(plan, index);
    }
    for _ in 0..40 {
        receipt(plan);
    }
    for day in [2, 9, 16, 23] {
        session_status(plan, day);
    }
    for index in 0..45 {
        chat(plan, index);
    }
    for index in 0..40 {
        hotline_message(plan, index);
    }
    for index in 0..7 {
        permission_reply(plan, index);
    }
    for index in 0..6 {
        telephone(plan, index);
    }
    unknown_calls(plan);
}

fn moment(plan: &mut Plan) -> i64 {
    may(plan.rng.between(1, 31), plan.rng.between(8, 20), 0, 0, INDIA) + plan.rng.between(0, 59 * MINUTE)
}

fn wawp_row(plan: &mut Plan, desk: &Desk, name: &str, at: i64, payload: Obj) {
    let line = wawp::envelope(plan, desk, name, at, payload);
    plan.row(wawp::file_at(at), at, Class::Other, line);
}

fn message(plan: &mut Plan, index: usize) {
    let at = moment(plan);
    let desk: &Desk = [&FRONT, &CARE, &RECOVERY, &KIOSK][plan.rng.below(4) as usize];
    let person = plan.caller(desk.region, at);
    let from = format!("{}@c.us", plan.people.get(person).digits);
    let id = format!("false_{from}_3EB0{}", plan.rng.hex(1));
    let payload =
        Obj::new().str("id", &id).num("timestamp", at / SECOND).str("from", &from).bool("fromMe", false);
    let payload = payload.str("body", TEXTS[index % TEXTS.len()]).bool("hasMedia", false).num("ack", 1);
    wawp_row(plan, desk, "message", at, payload);
}

fn receipt(plan: &mut Plan) {
    let at = moment(plan);
    let person = plan.caller(CARE.region, at);
    let to = format!("{}@c.us", plan.people.get(person).digits);
    let payload = Obj::new().str("id", &format!("true_{to}_3EB0{}", plan.rng.hex(1))).str("to", &to);
    wawp_row(plan, &CARE, "message.ack", at, payload.num("ack", 3).str("ackName", "READ"));
}

fn session_status(plan: &mut Plan, day: i64) {
    let at = may(day, 4, 30, 0, INDIA);
    for (after, status) in [(0, "STARTING"), (21, "WORKING")] {
        let payload = Obj::new().str("status", status);
        wawp_row(plan, &FRONT, "session.status", at + after * SECOND, payload);
    }
}

fn chat(plan: &mut Plan, index: usize) {
    let at = moment(plan) / SECOND * SECOND;
    let desk = [&ASHA, &KARAN, &PAULO][index % 3];
    let person = plan.caller(desk.region, at);
    let uid = plan.uuid();
    let message = Obj::new().str("text", TEXTS[(index * 4 + 1) % TEXTS.len()]).str("direction", "received");
    let message = message.str("timestamp", &spaced(at, desk.zone)).str("message_uid", &uid);
    let line =
        timelinesai::opening(plan, desk, person, "message:received:new", false).obj("message", message);
    plan.row(timelinesai::FILE, at, Class::Other, line.done());
}

fn hotline_row(plan: &mut Plan, at: i64, body: Obj) {
    let line = doubletick::envelope(&body.done(), at + 400);
    plan.row(doubletick::FILE, at + 400, Class::Other, line);
}

fn hotline_message(plan: &mut Plan, index: usize) {
    let at = moment(plan);
    let person = plan.caller(HOTLINE.region, at);
    let from = plan.people.get(person).digits.clone();
    let text = Obj::new().str("type", "TEXT").str("text", TEXTS[(index * 7 + 2) % TEXTS.len()]);
    let body = Obj::new().str("event", "MESSAGE_RECEIVED").str("to", HOTLINE.account).str("from", &from);
    let body = body.str("messageId", &format!("msg_{}", plan.rng.hex(1))).str("receivedAt", &utc_ms(at));
    hotline_row(plan, at, body.obj("message", text));
}

/// A customer allows calls or does not: this rejection rejects no call.
fn permission_reply(plan: &mut Plan, index: usize) {
    let at = moment(plan);
    let person = plan.caller(HOTLINE.region, at);
    let from = plan.people.get(person).canonical();
    let body = Obj::new().str("from", &from).str("to", &format!("+{}", HOTLINE.account));
    let body = body.str("receivedAt", &utc_ms(at)).str("messageId", &format!("msg_{}", plan.rng.hex(1)));
    let body = body.str("response", if index.is_multiple_of(2) { "reject" } else { "accept" });
    let body = body.str("responseSource", "user_action").num("expirationTimestamp", (at + 7 * DAY) / SECOND);
    hotline_row(plan, at, body.bool("isPermanent", false));
}

/// Calls over the telephone network come under the same names.
fn telephone(plan: &mut Plan, index: usize) {
    let at = moment(plan);
    let person = plan.caller(HOTLINE.region, at);
    let from = plan.people.get(person).digits.clone();
    let name = ["CALL_INCOMING_INITIATED", "CALL_ACCEPTED", "CALL_MISSED"][index % 3];
    let status = ["INITIATED", "IN_PROGRESS", "MISSED"][index % 3];
    let body = Obj::new().str("event", name).str("callId", &format!("pstn_{}", plan.rng.hex(1)));
    let body =
        body.str("wabaNumber", HOTLINE.account).str("customerNumber", &from).str("callDirection", "INCOMING");
    let body = body.str("callStatus", status).str("callStartedAt", "").str("callEndedAt", &utc_ms(at));
    hotline_row(
        plan,
        at,
        body.str("channel", "PSTN").str("channelNumber", "918000000000").str("from", &from),
    );
}

/// Names and statuses that a provider may add some day.
fn unknown_calls(plan: &mut Plan) {
    for _ in 0..3 {
        let at = moment(plan);
        let person = plan.caller(FRONT.region, at);
        let from = format!("{}@c.us", plan.people.get(person).digits);
        let payload = Obj::new().str("id", &plan.rng.hex(2)).str("from", &from);
        wawp_row(plan, &FRONT, "call.ringing", at, payload);
        *plan.unknown.entry("call.ringing").or_default() += 1;
    }
    for _ in 0..2 {
        let at = moment(plan);
        let person = plan.caller(REJECTS_ONLY.region, at);
        let from = plan.people.get(person).digits.clone();
        let body =
            Obj::new().str("event", "CALL_TRANSFERRED").str("callId", &format!("call_{}", plan.rng.hex(1)));
        let body = body.str("wabaNumber", HOTLINE.account).str("customerNumber", &from);
        hotline_row(plan, at, body.str("callDirection", "INCOMING").str("callStatus", "IN_PROGRESS"));
        *plan.unknown.entry("CALL_TRANSFERRED").or_default() += 1;
    }
    let kinds = [
        ("call:incoming:ringing", "Ringing", "call:incoming:ringing"),
        ("call:incoming:ended", "Voicemail", "call:incoming:ended/Voicemail"),
        ("call:incoming:ended", "Voicemail", "call:incoming:ended/Voicemail"),
    ];
    for (event_type, status, counted_as) in kinds {
        let at = plan.slot(&ASHA, (4, 29), Hours::Staffed) / SECOND * SECOND;
        let person = plan.caller(ASHA.region, at);
        let phone = plan.people.get(person).canonical();
        let uid = plan.uuid();
        let details = Obj::new().null("duration").str("direction", "incoming").bool("is_video", false);
        let details =
            details.str("status", status).str("timestamp", &spaced(at, ASHA.zone)).str("message_uid", &uid);
        let details = details.obj("caller", Obj::new().str("full_name", "").str("phone", &phone));
        let line = timelinesai::opening(plan, &ASHA, person, event_type, false).obj("call_details", details);
        plan.row(timelinesai::FILE, at, Class::Other, line.done());
        *plan.unknown.entry(counted_as).or_default() += 1;
    }
}
