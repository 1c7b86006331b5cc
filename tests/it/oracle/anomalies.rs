//! What is odd about sessions, and the incidents that odd sessions make together.

use super::Params;
use super::dialects::{Event, Kind};
use super::quotient;
use super::sessions::{Outcome, Session, last};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The kinds in the order in which they are listed.
const KINDS: [&str; 11] = [
    "orphaned_rejection",
    "orphaned_accept",
    "orphaned_miss",
    "late_rejection",
    "out_of_order",
    "conflicting_end",
    "id_collision",
    "id_reuse",
    "late_delivery",
    "clock_skew",
    "replayed",
];

/// Orphans of one incident are at most this far apart.
const INCIDENT_GAP_MS: i64 = 5 * 60_000;

/// One anomaly of a session.
pub struct Anomaly<'a> {
    pub kind: &'static str,
    pub class: Option<&'static str>,
    pub event: &'a Event,
}

/// The anomalies of a session, in the order in which kinds are listed.
pub fn of<'a>(session: &'a Session) -> Vec<Anomaly<'a>> {
    let mut found = Vec::new();
    if session.started_at.is_none() {
        return found;
    }
    let mut add = |kind, class, event: Option<&'a Event>| {
        found.extend(event.map(|event| Anomaly { kind, class, event }));
    };
    let events = &session.events;
    let deciding = session.deciding.map(|place| &events[place]);
    if let Some(class) = session.orphan {
        match session.outcome {
            Some(Outcome::Rejected) => add("orphaned_rejection", Some(class), deciding),
            _ if class == "no_offers_captured" => {}
            Some(Outcome::Answered) => add("orphaned_accept", Some(class), deciding),
            _ => add("orphaned_miss", Some(class), deciding),
        }
    }
    if session.is_late {
        add("late_rejection", None, deciding);
    }
    if let (Some(offer), Some(deciding)) = (session.first_offer(), deciding)
        && deciding.at.is_some_and(|at| Some(at) < offer.at)
        && deciding.by_receiver == offer.by_receiver
    {
        add("out_of_order", None, Some(deciding));
    }
    add("conflicting_end", None, conflicting(session));
    if session.collision {
        add("id_collision", None, events.first());
    }
    if session.reuse {
        add("id_reuse", None, events.first());
    }
    let late = |event: &&Event| {
        let delay = sent(event).zip(event.received_at).map(|(sent, got)| got - sent);
        !event.replayed && delay.is_some_and(|delay| delay > 60_000)
    };
    let skewed = |event: &&Event| {
        let delay = sent(event).zip(event.received_at).map(|(sent, got)| got - sent);
        delay.is_some_and(|delay| delay < -5_000)
    };
    add("late_delivery", None, events.iter().find(late));
    add("clock_skew", None, events.iter().find(skewed));
    add("replayed", None, events.iter().find(|event| event.replayed));
    found
}

/// When the provider sent an event.
fn sent(event: &Event) -> Option<i64> {
    if event.provider == "timelinesai" {
        return None;
    }
    event.ended_at.or(event.at.filter(|_| !event.by_receiver))
}

/// The end that lost, of a session whose ends contradict each other.
fn conflicting(session: &Session) -> Option<&Event> {
    let both = session.holds(Kind::Rejected) && session.holds(Kind::Missed);
    let latest_accept =
        session.events.iter().filter(|event| event.kind == Kind::Accepted).filter_map(|event| event.at).max();
    let answered = session.holds(Kind::Accepted);
    session.events.iter().find(|event| match event.kind {
        Kind::Missed => both,
        Kind::Rejected => {
            let early = event.at.is_some() && event.at < latest_accept;
            early || (both && answered)
        }
        _ => false,
    })
}

/// The `anomalies` section.
pub fn section(sessions: &[Session], params: &Params) -> Value {
    let subjects: Vec<&Session> = sessions.iter().filter(|s| s.subject).collect();
    let mut found: Vec<(&Session, Anomaly)> = Vec::new();
    for session in &subjects {
        found.extend(of(session).into_iter().map(|anomaly| (*session, anomaly)));
    }
    let listed = |kind: &str| KINDS.iter().position(|other| *other == kind);
    found.sort_by(|(a, x), (b, y)| {
        last(&x.event.at, &y.event.at)
            .then_with(|| a.provider.cmp(b.provider))
            .then_with(|| a.instance.cmp(&b.instance))
            .then_with(|| last(&a.call_id, &b.call_id))
            .then_with(|| last(&a.customer, &b.customer))
            .then_with(|| listed(x.kind).cmp(&listed(y.kind)))
            .then_with(|| a.id.cmp(&b.id))
    });
    let rows: Vec<Value> = found
        .iter()
        .map(|(session, anomaly)| {
            json!({
                "kind": anomaly.kind,
                "class": anomaly.class,
                "provider": session.provider,
                "instance": session.instance,
                "call_id": session.call_id,
                "customer": session.customer,
                "agent": session.agent,
                "at": params.show(anomaly.event.at),
                "file": anomaly.event.file,
                "line": anomaly.event.line,
            })
        })
        .collect();

    let mut lines: BTreeMap<(&str, &str), Vec<&Session>> = BTreeMap::new();
    for session in subjects {
        if !session.outgoing && session.started_at.is_some() {
            lines.entry((session.provider, &session.instance)).or_default().push(session);
        }
    }
    let mut instances = Vec::new();
    let mut incidents = Vec::new();
    for ((provider, instance), sessions) in lines {
        let rejected: Vec<&Session> = sessions.into_iter().filter(|s| s.is(Outcome::Rejected)).collect();
        let of_class = |classes: &[&str]| {
            let within = |s: &&&Session| s.orphan.is_some_and(|class| classes.contains(&class));
            rejected.iter().filter(within).count() as u64
        };
        let lost = of_class(&["network_anomaly", "other_instance"]);
        instances.push(json!({
            "provider": provider,
            "instance": instance,
            "rejections": rejected.len(),
            "orphaned": rejected.iter().filter(|s| s.orphan.is_some()).count(),
            "lost": lost,
            "orphan_rate": quotient(lost, rejected.len() as u64),
        }));

        let mut starts: Vec<i64> = rejected
            .iter()
            .filter(|s| s.orphan == Some("network_anomaly"))
            .filter_map(|s| s.started_at)
            .collect();
        starts.sort();
        let mut runs: Vec<Vec<i64>> = Vec::new();
        for start in starts {
            match runs.last_mut() {
                Some(run) if start - run[run.len() - 1] <= INCIDENT_GAP_MS => run.push(start),
                _ => runs.push(vec![start]),
            }
        }
        for run in runs.into_iter().filter(|run| run.len() >= 3) {
            let (first, last) = (run[0], run[run.len() - 1]);
            let during = |s: &&&Session| s.started_at.is_some_and(|start| (first..=last).contains(&start));
            incidents.push(json!({
                "provider": provider,
                "instance": instance,
                "first_at": params.show(Some(first)),
                "last_at": params.show(Some(last)),
                "orphans": run.len(),
                "rejections": rejected.iter().filter(during).count(),
            }));
        }
    }
    json!({"rows": rows, "instances": instances, "incidents": incidents})
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, wawp};
    use super::*;

    const T: i64 = 1_771_400_000_000;

    fn rows(lines: &[String]) -> Vec<String> {
        let out = run(lines, &Params::default());
        let rows = out["anomalies"]["rows"].as_array().unwrap();
        rows.iter().map(|row| format!("{} {}", row["kind"].as_str().unwrap(), row["line"])).collect()
    }

    #[test]
    fn ends_that_contradict() {
        let offer = wawp("call.received", "1", T, "");
        let reject = |at: i64| wawp("call.rejected", "1", T + at, r#""_data":{"status":"reject"}"#);
        let miss = |at: i64| wawp("call.rejected", "1", T + at, r#""_data":{"status":"timeout"}"#);
        let accept = |at: i64| wawp("call.accepted", "1", T + at, "");
        assert_eq!(rows(&[offer.clone(), miss(1), reject(2)]), ["conflicting_end 2"]);
        assert_eq!(rows(&[offer.clone(), accept(1), reject(2)]), [""; 0]);
        assert_eq!(rows(&[offer.clone(), accept(1), reject(1)]), [""; 0]);
        assert_eq!(rows(&[offer.clone(), accept(2), reject(1)]), ["conflicting_end 3"]);
        assert_eq!(rows(&[offer.clone(), reject(60_000)]), [""; 0]);
        assert_eq!(rows(&[offer.clone(), reject(60_001)]), ["late_rejection 2"]);
        assert_eq!(rows(&[offer, reject(-1)]), ["out_of_order 2"]);
    }

    #[test]
    fn deliveries() {
        let line = |received: i64| {
            format!(r#"{{"body":{},"received_at":{}}}"#, wawp("call.received", "1", T, ""), T + received)
        };
        assert_eq!(rows(&[line(60_000)]), [""; 0]);
        assert_eq!(rows(&[line(60_001)]), ["late_delivery 1"]);
        assert_eq!(rows(&[line(-5_000)]), [""; 0]);
        assert_eq!(rows(&[line(-5_001)]), ["clock_skew 1"]);
    }

    #[test]
    fn an_incident_needs_three() {
        let mut lines = vec![wawp("call.received", "0", T, "")];
        for (id, at) in [("1", 100), ("2", 400), ("3", 700), ("4", 1001)] {
            lines.push(wawp("call.rejected", id, T + at * 1000, ""));
        }
        let out = run(&lines, &Params::default());
        let incident = &out["anomalies"]["incidents"][0];
        assert_eq!(incident["orphans"], 3);
        assert_eq!(incident["rejections"], 3);
        let instance = &out["anomalies"]["instances"][0];
        assert_eq!(instance["lost"], 4);
        assert_eq!(instance["orphan_rate"], 1.0);
    }
}
