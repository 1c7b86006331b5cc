//! How often each customer tried in vain.

use super::Params;
use super::identity::Side;
use super::sessions::{Outcome, Session, last};
use serde_json::{Value, json};
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};

/// The longest silence between sessions of one attempt.
const RUN_GAP_MS: i64 = 24 * 3_600_000;

/// One attempt of a customer: a session, or one call as several instances saw it.
struct Attempt<'a> {
    members: Vec<&'a Session>,
}

impl Attempt<'_> {
    fn first(&self) -> &Session {
        self.members[0]
    }

    fn start(&self) -> i64 {
        self.first().started_at.expect("a start")
    }

    fn outcome(&self) -> Outcome {
        self.members.iter().filter_map(|s| s.outcome).min().expect("an outcome")
    }

    /// Missed, and no member has a recorded miss.
    fn inferred(&self) -> bool {
        self.outcome() == Outcome::Missed
            && !self.members.iter().any(|s| s.is(Outcome::Missed) && !s.inferred())
    }

    fn shows_answers(&self) -> bool {
        self.members.iter().any(|s| s.shows_answers)
    }

    fn subject(&self) -> bool {
        self.members.iter().any(|s| s.subject)
    }

    /// In halves.
    fn weight(&self) -> i64 {
        match self.outcome() {
            Outcome::Rejected => 3,
            Outcome::Missed | Outcome::Ringing => 2,
            Outcome::Answered => 1,
        }
    }

    fn line(&self) -> (&'static str, String) {
        (self.first().provider, self.first().instance.clone())
    }
}

fn start_order(a: &Session, b: &Session) -> Ordering {
    a.started_at
        .cmp(&b.started_at)
        .then_with(|| a.provider.cmp(b.provider))
        .then_with(|| a.instance.cmp(&b.instance))
        .then_with(|| last(&a.call_id, &b.call_id))
}

/// The attempts of one customer in order of their starts.
fn attempts<'a>(sessions: &[&'a Session]) -> Vec<Attempt<'a>> {
    let mut calls: BTreeMap<(&str, &str), Vec<&Session>> = BTreeMap::new();
    let mut all = Vec::new();
    for session in sessions {
        match &session.call_id {
            Some(id) => calls.entry((session.provider, id)).or_default().push(session),
            None => all.push(Attempt { members: vec![session] }),
        }
    }
    for mut members in calls.into_values() {
        members.sort_by(|a, b| start_order(a, b));
        // The attempts of the present run, which a session joins unless its instance is in already.
        let mut run: Vec<Attempt> = Vec::new();
        let mut before: Option<i64> = None;
        for session in members {
            let start = session.started_at.expect("a start");
            if before.is_some_and(|before| start - before > RUN_GAP_MS) {
                all.append(&mut run);
            }
            before = Some(start);
            let open =
                run.iter_mut().find(|attempt| attempt.members.iter().all(|m| m.instance != session.instance));
            match open {
                Some(attempt) => attempt.members.push(session),
                None => run.push(Attempt { members: vec![session] }),
            }
        }
        all.append(&mut run);
    }
    all.sort_by(|a, b| start_order(a.first(), b.first()));
    all
}

/// What the score of some halves of weight is.
fn score(halves: i64, threshold: f64) -> f64 {
    let score = (100.0 * (halves as f64 / 2.0) / threshold).min(100.0);
    (score * 10.0 + 0.5).floor() / 10.0
}

/// A row with what it is ranked by.
struct Row {
    customer: String,
    score: f64,
    peak_attempts: u64,
    attempts: u64,
    last_at: i64,
    unanswered: bool,
    vip: bool,
    value: Value,
}

/// The `frustration` section.
pub fn section(sessions: &[Session], watermark: Option<i64>, side: &Side, params: &Params) -> Value {
    let mut of_customer: BTreeMap<String, Vec<&Session>> = BTreeMap::new();
    let mut answered_back: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for session in sessions {
        let (Some(customer), Some(start)) = (&session.customer, session.started_at) else {
            continue;
        };
        if session.outgoing {
            if session.is(Outcome::Answered) {
                answered_back.entry(customer.clone()).or_default().push(start);
            }
        } else if session.group != Some(true) {
            of_customer.entry(customer.clone()).or_default().push(session);
        }
    }
    let mut rows = Vec::new();
    for (customer, sessions) in of_customer {
        let attempts = attempts(&sessions);
        if attempts.iter().any(Attempt::subject) {
            let back = answered_back.get(&customer).cloned().unwrap_or_default();
            rows.push(row(customer, &sessions, &attempts, &back, watermark, side, params));
        }
    }
    rows.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| b.peak_attempts.cmp(&a.peak_attempts))
            .then_with(|| b.attempts.cmp(&a.attempts))
            .then_with(|| b.last_at.cmp(&a.last_at))
            .then_with(|| a.customer.cmp(&b.customer))
    });
    let mut all = Vec::new();
    let mut vips = Vec::new();
    for (place, mut row) in rows.into_iter().enumerate() {
        row.value["rank"] = json!(place + 1);
        if row.vip && row.unanswered {
            vips.push(row.value.clone());
        }
        all.push(row.value);
    }
    json!({"rows": all, "vip_unanswered": vips})
}

fn row(
    customer: String,
    sessions: &[&Session],
    attempts: &[Attempt],
    answered_back: &[i64],
    watermark: Option<i64>,
    side: &Side,
    params: &Params,
) -> Row {
    let subjects: Vec<&Attempt> = attempts.iter().filter(|a| a.subject()).collect();
    let count = |outcome: Outcome| subjects.iter().filter(|a| a.outcome() == outcome).count();

    // Every window from one start to another that holds a subject.
    let mut peak_attempts = 0;
    let mut windows = Vec::new();
    for first in attempts {
        for final_one in attempts {
            let (from, to) = (first.start(), final_one.start());
            if from > to || to - from > params.window_ms {
                continue;
            }
            let inside: Vec<&Attempt> =
                attempts.iter().filter(|a| (from..=to).contains(&a.start())).collect();
            if !inside.iter().any(|a| a.subject()) {
                continue;
            }
            peak_attempts = peak_attempts.max(inside.len() as u64);
            let weight: i64 = inside.iter().map(|a| a.weight()).sum();
            windows.push((Reverse(weight), from, to));
        }
    }
    let (Reverse(halves), peak_from, peak_to) = *windows.iter().min().expect("a window");
    let peak_score = score(halves, params.threshold);
    let level = if peak_attempts >= 5 || peak_score >= 100.0 {
        "priority_1"
    } else if peak_score >= 60.0 {
        "high"
    } else if peak_score >= 30.0 {
        "elevated"
    } else {
        "calm"
    };
    let by = match level {
        "priority_1" if peak_attempts >= 5 => Some("attempts"),
        "priority_1" => Some("weight"),
        _ => None,
    };
    let current = watermark.map(|mark| {
        let halves = attempts
            .iter()
            .filter(|a| (mark - params.window_ms..=mark).contains(&a.start()))
            .map(|a| a.weight())
            .sum();
        score(halves, params.threshold)
    });

    let (mut streak, mut longest) = (0, 0);
    for attempt in &subjects {
        streak = if attempt.outcome() == Outcome::Answered { 0 } else { streak + 1 };
        longest = longest.max(streak);
    }

    let latest = attempts.last().expect("an attempt");
    let unresolved = if latest.outcome() == Outcome::Answered
        || answered_back.iter().any(|start| *start > latest.start())
    {
        "no"
    } else if latest.outcome() == Outcome::Ringing || (latest.inferred() && !latest.shows_answers()) {
        "unknown"
    } else {
        "yes"
    };

    let mut due: BTreeMap<(&str, String), i64> = BTreeMap::new();
    let mut redirects = 0;
    for attempt in attempts {
        let line = attempt.line();
        let wait = due.get(&line).is_some_and(|before| attempt.start() - before < params.debounce_ms);
        if !wait {
            due.insert(line, attempt.start());
            redirects += u64::from(attempt.subject());
        }
    }

    let in_file = side.customers.get(&customer);
    let name = in_file
        .and_then(|c| c.name.clone())
        .or_else(|| sessions.iter().rev().find_map(|s| s.customer_name.clone()));
    let country = sessions
        .iter()
        .rev()
        .find_map(|s| s.payload_country.clone())
        .or_else(|| super::identity::country(&customer));
    let vip = in_file.is_some_and(|c| c.vip);
    let lines: BTreeSet<_> = subjects.iter().map(|a| a.line()).collect();
    let video = subjects.iter().filter(|a| a.first().video == Some(true)).count();
    let first_at = subjects.first().map(|a| a.start());
    let last_at = subjects.last().map(|a| a.start());
    let unanswered = count(Outcome::Rejected) + count(Outcome::Missed) > 0;
    let value = json!({
        "customer": customer,
        "customer_name": name,
        "attempts": subjects.len(),
        "answered": count(Outcome::Answered),
        "rejected": count(Outcome::Rejected),
        "missed": count(Outcome::Missed),
        "ringing": count(Outcome::Ringing),
        "peak_attempts": peak_attempts,
        "peak_weight": halves as f64 / 2.0,
        "score": peak_score,
        "level": level,
        "priority_1_by": by,
        "peak_started_at": params.show(Some(peak_from)),
        "peak_ended_at": params.show(Some(peak_to)),
        "current_score": current,
        "longest_streak": longest,
        "unresolved": unresolved,
        "redirects_due": redirects,
        "instances": lines.len(),
        "video_calls": video,
        "first_attempt_at": params.show(first_at),
        "last_attempt_at": params.show(last_at),
        "country": country,
        "vip": if side.knows_vips { json!(vip) } else { Value::Null },
    });
    Row {
        customer,
        score: peak_score,
        peak_attempts,
        attempts: subjects.len() as u64,
        last_at: last_at.unwrap_or(i64::MIN),
        unanswered,
        vip,
        value,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, wazzap};
    use super::*;

    const T: i64 = 1_771_400_000_000;

    fn first_row(lines: &[String]) -> Value {
        run(lines, &Params::default())["frustration"]["rows"][0].clone()
    }

    #[test]
    fn weights_and_windows() {
        let at = |name: &str, seconds: i64| wazzap(name, "34600111222", T + seconds * 1000);
        // Rejected at 0 (1.5), answered at 300 (0.5), missed at 600 (1.0), missed at 601 (1.0).
        let lines =
            [at("call.reject", 0), at("call.accept", 300), at("call.missed", 600), at("call.missed", 601)];
        let row = first_row(&lines);
        assert_eq!(row["attempts"], 4);
        assert_eq!(row["peak_attempts"], 3);
        // 0 to 600 weighs 3.0; 300 to 601 weighs 2.5.
        assert_eq!(row["peak_weight"], 3.0);
        assert_eq!(row["score"], 60.0);
        assert_eq!(row["level"], "high");
        assert_eq!(row["peak_ended_at"], "2026-02-18T07:43:20.000+00:00");
        assert_eq!(row["longest_streak"], 2);
        assert_eq!(row["unresolved"], "yes");
        assert_eq!(row["redirects_due"], 3);
        assert_eq!(row["current_score"], 50.0);
        assert_eq!(row["country"], "ES");
    }

    #[test]
    fn ringing_is_not_known() {
        let row = first_row(&[wazzap("call.incoming", "34600111222", T)]);
        assert_eq!(row["ringing"], 1);
        assert_eq!(row["unresolved"], "unknown");
    }

    #[test]
    fn five_attempts_or_full_weight() {
        let of = |name: &str, n: i64| -> Vec<String> {
            (0..n).map(|i| wazzap(name, "34600111222", T + i * 10_000)).collect()
        };
        let row = first_row(&of("call.accept", 5));
        assert_eq!((&row["level"], &row["priority_1_by"]), (&json!("priority_1"), &json!("attempts")));
        let row = first_row(&of("call.reject", 4));
        assert_eq!((&row["score"], &row["priority_1_by"]), (&json!(100.0), &json!("weight")));
    }
}
