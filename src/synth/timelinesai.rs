//! TimelinesAI lines: one after the call, none when it rings.
//! `{"event_type":"call:incoming:ended","chat":{…},"whatsapp_account":{…},"call_details":{…}}` with a time
//! such as `2026-05-04 10:15:25 +0530`; and reactions to the messages in which calls are kept.

use super::cast::{Desk, email};
use super::clock::{MINUTE, SECOND, spaced};
use super::json::Obj;
use super::plan::{Call, Class, End, Outcome, Plan};

pub(super) const FILE: &str = "timelinesai/2026-05.ndjson";

/// A call to be written.
pub(super) struct Ask {
    pub(super) desk: &'static Desk,
    pub(super) person: usize,
    pub(super) start: i64,
    pub(super) outgoing: bool,
    pub(super) end: End,
    pub(super) video: bool,
    pub(super) group: bool,
}

/// Writes the line of a call and puts its session on the record. Returns the id of its message.
pub(super) fn call(plan: &mut Plan, ask: &Ask) -> String {
    let at = ask.start / SECOND * SECOND;
    let id = plan.uuid();
    let mut session = Call::new(ask.desk, at).of(plan, ask.person, false);
    session.call_id = Some(id.clone());
    session.outgoing = ask.outgoing;
    session.label = Some(email(ask.desk));
    session.decided_at = Some(at);
    session.video = Some(ask.video);
    session.group = ask.group;
    session.rings = 0;
    let (status, outcome, cause) = match (ask.end, ask.outgoing) {
        (End::Answered(_), false) => ("Answered", Outcome::Answered, None),
        (End::Answered(_), true) => ("Ended", Outcome::Answered, None),
        // The product's own screens say Declined for the same thing.
        (End::Declined, false) if plan.rng.percent(15) => ("Declined", Outcome::Rejected, Some("declined")),
        (End::Declined | End::Instant | End::Policy, _) => ("Rejected", Outcome::Rejected, Some("declined")),
        (End::RangOut | End::HungUp | End::Silence | End::Ringing, false) => {
            ("Missed", Outcome::Missed, Some("reported"))
        }
        (End::RangOut | End::HungUp | End::Silence | End::Ringing, true) => {
            ("No Answer", Outcome::Missed, Some("reported"))
        }
    };
    session.outcome = outcome;
    session.cause = cause;
    let talk = if let End::Answered(talk) = ask.end { Some(talk) } else { None };
    session.talk_ms = talk.map(|talk| talk * SECOND);

    let name = match (ask.outgoing, outcome) {
        (true, _) => "call:outgoing:ended",
        (false, Outcome::Missed) => "call:incoming:missed",
        (false, _) => "call:incoming:ended",
    };
    let details = details(plan, ask, &id, status, talk);
    let line = opening(plan, ask.desk, ask.person, name, ask.group).obj("call_details", details).done();
    let written_at = at + talk.unwrap_or(0) * SECOND + SECOND;
    // Several endpoints of one workspace may post to one collector.
    if plan.rng.percent(3) {
        plan.duplicates += 1;
        plan.row(FILE, written_at + 30, Class::Call, line.clone());
    }
    plan.row(FILE, written_at, Class::Call, line);
    plan.record(session);
    id
}

fn details(plan: &Plan, ask: &Ask, id: &str, status: &str, talk: Option<i64>) -> Obj {
    let who = plan.people.get(ask.person);
    let customer = Obj::new().str("full_name", &who.name).str("phone", &format!("+{}", who.old_digits()));
    let desk = Obj::new().str("full_name", ask.desk.title).str("phone", &format!("+{}", ask.desk.account));
    let (caller, recipient) = if ask.outgoing { (desk, customer) } else { (customer, desk) };
    let details = match talk {
        Some(talk) => Obj::new().num("duration", talk),
        None => Obj::new().null("duration"),
    };
    details
        .str("direction", if ask.outgoing { "outgoing" } else { "incoming" })
        .bool("is_video", ask.video)
        .str("status", status)
        .str("timestamp", &spaced(ask.start / SECOND * SECOND, ask.desk.zone))
        .str("message_uid", id)
        .obj("caller", caller)
        .obj("recipient", recipient)
}

/// The part that all webhooks of a line share.
pub(super) fn opening(plan: &mut Plan, desk: &Desk, person: usize, event_type: &str, group: bool) -> Obj {
    let owner = email(desk);
    // A shared device has no owner; the chat then tells who is responsible.
    let shared = plan.rng.percent(6);
    let who = plan.people.get(person);
    let chat = Obj::new()
        .num("chat_id", chat_id(plan, person))
        .str("chat_type", if group { "group" } else { "direct" });
    let chat =
        chat.str("platform", "whatsapp").str("full_name", if group { "Family loan" } else { &who.name });
    let chat = if group { chat.str("phone", "") } else { chat.str("phone", &who.canonical()) };
    let chat = chat.str("responsible_name", desk.title).str("responsible_email", owner);
    let account = Obj::new().str("whatsapp_account_wid", desk.instance).str("full_name", desk.title);
    let account =
        account.str("email", if shared { "" } else { owner }).str("phone", &format!("+{}", desk.account));
    Obj::new().str("event_type", event_type).obj("chat", chat).obj("whatsapp_account", account)
}

fn chat_id(plan: &Plan, person: usize) -> i64 {
    let digits = &plan.people.get(person).digits;
    digits[digits.len() - 6..].parse::<i64>().expect("six digits") + 1_000_000
}

/// A reaction to a message.
pub(super) struct Reaction<'a> {
    pub(super) desk: &'static Desk,
    pub(super) person: usize,
    pub(super) message: &'a str,
    pub(super) at: i64,
    pub(super) emoji: &'a str,
    pub(super) set: bool,
    pub(super) anonymous: bool,
    pub(super) twice: bool,
}

/// Writes a reaction, twice if it was delivered twice.
pub(super) fn reaction(plan: &mut Plan, of: &Reaction) {
    let who = plan.people.get(of.person);
    let reactor = Obj::new().str("full_name", &who.name).str("phone", &who.canonical());
    let counts = if of.set { Obj::new().str(of.emoji, "1") } else { Obj::new() };
    let reaction =
        Obj::new().str("message_uid", of.message).str("action", if of.set { "set" } else { "clear" });
    let reaction = reaction.str("emoji", of.emoji);
    let reaction = if of.anonymous { reaction.null("reactor") } else { reaction.obj("reactor", reactor) };
    let reaction = reaction.str("timestamp", &spaced(of.at, of.desk.zone)).obj("reactions", counts);
    let line = opening(plan, of.desk, of.person, "message:reaction", false).obj("reaction", reaction).done();
    if of.twice {
        plan.reaction_duplicates += 1;
        plan.row(FILE, of.at + MINUTE, Class::Reaction, line.clone());
    }
    plan.row(FILE, of.at, Class::Reaction, line);
}
