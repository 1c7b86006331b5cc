//! Wazzap lines: `{"event":"call.reject","phone":"+521…","country":"MX","ts":"…Z"}`, without call id and
//! without the number that was called. Each event has its own URL, so the collector keeps a file an event
//! and the path: `{"received_at":…,"path":"/hooks/wazzap/centro/reject","rawBody":"{…}"}`.

use super::cast::CENTRO;
use super::clock::{SECOND, utc, utc_ms};
use super::json::Obj;
use super::plan::{Call, Class, End, Outcome, Plan};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twist {
    None,
    Orphan(&'static str),
    /// The phone rings on and the offer comes again after that many seconds.
    RingsOn(i64),
    /// A miss is reported, and a rejection right behind it.
    MissedThenRejected,
}

/// A call to be written; times are whole seconds.
pub(super) struct Ask {
    pub(super) person: usize,
    pub(super) start: i64,
    pub(super) ring_s: i64,
    pub(super) end: End,
    pub(super) twist: Twist,
}

/// Writes the lines of a call and puts its session on the record.
pub(super) fn call(plan: &mut Plan, ask: &Ask) {
    let start = ask.start / SECOND * SECOND;
    let mut session = Call::new(&CENTRO, start).of(plan, ask.person, false);
    let orphan = if let Twist::Orphan(class) = ask.twist { Some(class) } else { None };
    session.orphan = orphan;
    session.rings = u64::from(orphan.is_none());
    if orphan.is_none() {
        write(plan, ask.person, "incoming", start);
    }
    if let Twist::RingsOn(after) = ask.twist {
        write(plan, ask.person, "incoming", start + after * SECOND);
        session.rings = 2;
    }
    let decided_at = if orphan.is_some() { start } else { start + ask.ring_s * SECOND };
    let (event, outcome, cause) = match ask.end {
        End::Answered(_) => (Some("accept"), Outcome::Answered, None),
        End::Declined | End::Instant | End::Policy => (Some("reject"), Outcome::Rejected, Some("reported")),
        End::RangOut | End::HungUp => (Some("missed"), Outcome::Missed, Some("reported")),
        End::Silence | End::Ringing => (None, Outcome::Missed, Some("inferred")),
    };
    session.outcome = outcome;
    session.cause = cause;
    if let Some(event) = event {
        if ask.twist == Twist::MissedThenRejected {
            write(plan, ask.person, "missed", decided_at - 2 * SECOND);
            session.anomalies.push("conflicting_end");
        }
        write(plan, ask.person, event, decided_at);
        session.decided_at = Some(decided_at);
        session.ring_ms = orphan.is_none().then_some(decided_at - start);
    }
    session.anomalies.extend(orphan.map(|_| match outcome {
        Outcome::Answered => "orphaned_accept",
        Outcome::Rejected => "orphaned_rejection",
        Outcome::Missed | Outcome::Ringing => "orphaned_miss",
    }));
    plan.record(session);
}

fn write(plan: &mut Plan, person: usize, event: &str, at: i64) {
    let who = plan.people.get(person);
    // One person under both spellings: with the 1 of WhatsApp and without it.
    let (old, new) = (who.old_digits(), who.digits.clone());
    let digits = if plan.rng.percent(70) { old } else { new };
    let body = Obj::new().str("event", &format!("call.{event}")).str("phone", &format!("+{digits}"));
    let body = body.str("country", "MX").str("ts", &utc(at)).done();
    let file = match event {
        "incoming" => "wazzap/incoming.ndjson",
        "accept" => "wazzap/accept.ndjson",
        "reject" => "wazzap/reject.ndjson",
        _ => "wazzap/missed.ndjson",
    };
    let received_at = at + plan.rng.between(300, 1_800);
    if plan.rng.percent(2) {
        plan.duplicates += 1;
        plan.row(file, received_at + 40, Class::Call, envelope(event, &body, received_at + 40));
    }
    plan.row(file, received_at, Class::Call, envelope(event, &body, received_at));
}

fn envelope(event: &str, body: &str, received_at: i64) -> String {
    let line = Obj::new().str("received_at", &utc_ms(received_at));
    line.str("path", &format!("/hooks/wazzap/centro/{event}")).str("rawBody", body).done()
}
