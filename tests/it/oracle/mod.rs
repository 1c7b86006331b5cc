//! A second implementation of the whole analysis: slow, single-threaded, and written from the contract
//! alone, so that the program can be held against something that shares no code with it.

pub mod anomalies;
pub mod callbacks;
pub mod avoidance;
pub mod dialects;
pub mod envelopes;
pub mod feeds;
pub mod frustration;
pub mod identity;
pub mod json;
pub mod kpi;
pub mod lines;
pub mod reactions;
pub mod sessions;
pub mod times;

use chrono_tz::Tz;
use serde_json::{Value, json};
use sessions::Session;

/// What a run is asked for; the defaults are the contract's.
#[derive(Clone, Debug)]
pub struct Params {
    pub tz: Option<String>,
    pub naive_tz: Option<String>,
    /// Milliseconds.
    pub as_of: Option<i64>,
    pub ring_timeout_ms: i64,
    pub instant_ms: i64,
    pub window_ms: i64,
    pub threshold: f64,
    pub debounce_ms: i64,
    pub callback_sla_ms: i64,
    /// Also of providers that show no outgoing call.
    pub callbacks_from_any: bool,
    pub min_calls: u64,
    pub flag_rate: f64,
    pub min_verdict_calls: u64,
    pub business_hours: String,
    /// `YYYY-MM-DD`.
    pub holidays: Vec<String>,
    pub by: Vec<String>,
    pub include_group: bool,
    pub raw_identities: bool,
    /// Pattern and instance.
    pub sources: Vec<(String, String)>,
    pub instance_name: Option<String>,
    pub feed_complete: Vec<String>,
    pub body: Option<String>,
    /// CSV texts.
    pub roster: Option<String>,
    pub agents: Option<String>,
    pub customers: Option<String>,
    /// `YYYY-MM-DD`.
    pub customers_as_of: Option<String>,
    pub agent_from_metadata: Option<String>,
    // The subject sessions.
    pub since: Option<i64>,
    pub until: Option<i64>,
    pub provider: Vec<String>,
    pub instance: Vec<String>,
    pub agent: Vec<String>,
    pub customer: Vec<String>,
    pub direction: Vec<String>,
    pub outcome: Vec<String>,
    pub cause: Vec<String>,
    pub declined_by: Vec<String>,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            tz: None,
            naive_tz: None,
            as_of: None,
            ring_timeout_ms: 60_000,
            instant_ms: 1_000,
            window_ms: 600_000,
            threshold: 5.0,
            debounce_ms: 120_000,
            callback_sla_ms: 3_600_000,
            callbacks_from_any: false,
            min_calls: 10,
            flag_rate: 0.8,
            min_verdict_calls: 20,
            business_hours: "Mon-Fri 09:00-18:00".to_string(),
            holidays: Vec::new(),
            by: vec!["agent".to_string()],
            include_group: false,
            raw_identities: false,
            sources: Vec::new(),
            instance_name: None,
            feed_complete: Vec::new(),
            body: None,
            roster: None,
            agents: None,
            customers: None,
            customers_as_of: None,
            agent_from_metadata: None,
            since: None,
            until: None,
            provider: Vec::new(),
            instance: Vec::new(),
            agent: Vec::new(),
            customer: Vec::new(),
            direction: Vec::new(),
            outcome: Vec::new(),
            cause: Vec::new(),
            declined_by: Vec::new(),
        }
    }
}

impl Params {
    /// The zone of times without an offset.
    pub fn naive_zone(&self) -> Option<Tz> {
        self.naive_tz.as_ref().map(|name| name.parse().expect("a zone"))
    }

    /// The zone of the reports.
    pub fn zone(&self) -> Tz {
        self.tz.as_ref().map_or(Tz::UTC, |name| name.parse().expect("a zone"))
    }

    /// An instant as printed.
    pub fn show(&self, at: Option<i64>) -> Value {
        match at {
            Some(ms) => json!(times::show(ms, self.zone())),
            None => Value::Null,
        }
    }

    /// Whether a session is asked for.
    fn selects(&self, session: &Session) -> bool {
        let listed = |list: &[String], value: Option<&str>| {
            list.is_empty() || list.iter().any(|item| Some(item.as_str()) == value)
        };
        let worded = |list: &[String], value: Option<&str>| {
            list.is_empty() || list.iter().any(|i| Some(i.to_lowercase().as_str()) == value)
        };
        let after = |since: i64| session.started_at.is_some_and(|start| start >= since);
        let before = |until: i64| session.started_at.is_some_and(|start| start < until);
        let customers: Vec<String> =
            self.customer.iter().filter_map(|text| identity::canonical(text, self.raw_identities)).collect();
        self.since.is_none_or(after)
            && self.until.is_none_or(before)
            && worded(&self.provider, Some(session.provider))
            && listed(&self.instance, Some(&session.instance))
            && listed(&self.agent, Some(&session.agent))
            && (self.customer.is_empty() || listed(&customers, session.customer.as_deref()))
            && worded(&self.direction, Some(session.direction()))
            && worded(&self.outcome, session.outcome.map(|outcome| outcome.text()))
            && worded(&self.cause, session.cause.as_deref())
            && worded(&self.declined_by, session.declined_by)
    }
}

/// Numerator / denominator, rounded half up to six decimals; null without a denominator.
pub fn quotient(numerator: u64, denominator: u64) -> Value {
    if denominator == 0 {
        return Value::Null;
    }
    let (n, d) = (u128::from(numerator), u128::from(denominator));
    let millionths = (n * 2_000_000 + d) / (2 * d);
    json!(millionths as f64 / 1e6)
}

/// Value number (p × n + 99) div 100 of n sorted values.
pub fn percentile(values: &[i64], p: usize) -> Value {
    if values.is_empty() {
        return Value::Null;
    }
    let mut sorted = values.to_vec();
    sorted.sort();
    json!(sorted[(p * sorted.len()).div_ceil(100) - 1])
}

/// Analyses files (path and bytes).
pub fn analyse(files: &[(String, Vec<u8>)], params: &Params) -> Value {
    let side = identity::Side::of(params);
    let mut ledger = lines::read(files, params);
    let mut events = std::mem::take(&mut ledger.events);
    let watermark = params.as_of.or_else(|| {
        events
            .iter()
            .filter(|event| {
                let at = event.at.unwrap_or(i64::MIN);
                event.received_at.is_none_or(|r| at.saturating_sub(r) <= 5_000)
            })
            .filter_map(|event| event.at)
            .max()
    });
    identity::resolve(&mut events, &side);
    let total = events.len();
    let unique = sessions::without_duplicates(events);
    let unique_count = unique.len();
    let mut sessions = sessions::form(unique, params);
    for session in &mut sessions {
        sessions::tell(session, watermark, &side, params);
    }
    feeds::judge(&mut sessions, params);
    sessions.sort_by(sessions::session_order);
    for session in &mut sessions {
        session.subject = params.selects(session);
    }
    let (all_reactions, unique_reactions) = reactions::unique(&ledger.reactions);

    let count = |test: &dyn Fn(&Session) -> bool| sessions.iter().filter(|s| test(s)).count();
    let accounting = json!({
        "lines": {
            "total": ledger.total,
            "call": ledger.call,
            "reaction": ledger.reaction,
            "other": ledger.other,
            "invalid": ledger.invalid,
            "blank": ledger.blank,
        },
        "bytes": { "total": files.iter().map(|it| it.1.len()).sum::<usize>() },
        "invalid_bodies": ledger.invalid_bodies,
        "invalid_reasons": ledger.invalid_reasons,
        "envelopes": ledger.envelopes,
        "unknown_call_events": ledger.unknown_call_events,
        "repaired_text": ledger.repaired_text,
        "events": {
            "total": total,
            "duplicates": total - unique_count,
            "unique": unique_count,
        },
        "reactions": {
            "total": all_reactions,
            "duplicates": all_reactions - unique_reactions.len(),
            "unique": unique_reactions.len(),
        },
        "sessions": {
            "total": sessions.len(),
            "incoming": count(&|s| !s.outgoing),
            "outgoing": count(&|s| s.outgoing),
            "orphans": count(&|s| s.orphan.is_some()),
            "untimed": count(&|s| s.started_at.is_none()),
            "selected": count(&|s| s.subject),
        },
        "watermark": params.show(watermark),
    });
    let rows = |test: &dyn Fn(&Session) -> bool| -> Vec<Value> {
        sessions.iter().filter(|s| s.subject && test(s)).map(|s| row(s, &side, params)).collect()
    };
    json!({
        "accounting": accounting,
        "sessions": rows(&|_| true),
        "kpi": kpi::section(&sessions, params),
        "frustration": frustration::section(&sessions, watermark, &side, params),
        "avoidance": avoidance::section(&sessions, watermark, &side, params),
        "anomalies": anomalies::section(&sessions, params),
        "callbacks": callbacks::section(&sessions, watermark, &side, params),
        "rejections": rows(&|s| s.is(sessions::Outcome::Rejected)),
        "reactions": reactions::section(&unique_reactions, &sessions),
    })
}

/// A session as printed.
fn row(session: &Session, side: &identity::Side, params: &Params) -> Value {
    let s = session;
    let in_file = s.customer.as_ref().and_then(|c| side.customers.get(c));
    let evidence: Vec<Value> =
        s.events.iter().map(|event| json!({"file": event.file, "line": event.line})).collect();
    let kinds: Vec<&str> = anomalies::of(s).iter().map(|a| a.kind).collect();
    json!({
        "session_id": s.id,
        "provider": s.provider,
        "instance": s.instance,
        "account": s.account,
        "call_id": s.call_id,
        "direction": s.direction(),
        "customer": s.customer,
        "customer_name": s.customer_name,
        "agent": s.agent,
        "agent_source": s.agent_source,
        "outcome": s.outcome.map(|outcome| outcome.text()),
        "cause": s.cause,
        "declined_by": s.declined_by,
        "started_at": params.show(s.started_at),
        "offered_at": params.show(s.offered_at),
        "decided_at": params.show(s.decided_at),
        "ended_at": params.show(s.ended_at),
        "ring_ms": s.ring_ms,
        "rings": s.rings,
        "skipped_agents": s.skipped_agents,
        "talk_ms": s.talk_ms,
        "video": s.video,
        "group": s.group,
        "engine": s.engine,
        "country": s.country,
        "chat_ref": s.chat_ref,
        "customer_ref": s.customer_ref,
        "account_id": in_file.and_then(|c| c.account_id.clone()),
        "orphan": s.orphan,
        "rated": s.rated,
        "anomalies": kinds,
        "evidence": evidence,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Wawp line of the instance `front`; `extra` are members of the payload.
    pub fn wawp(event: &str, id: &str, at: i64, extra: &str) -> String {
        let comma = if extra.is_empty() { "" } else { "," };
        format!(
            r#"{{"event":"{event}","session":"front","timestamp":{at},"payload":{{"id":"{id}"{comma}{extra}}}}}"#
        )
    }

    /// A Wazzap line.
    pub fn wazzap(event: &str, phone: &str, at: i64) -> String {
        format!(r#"{{"event":"{event}","phone":"{phone}","ts":{at}}}"#)
    }

    pub fn run(lines: &[String], params: &Params) -> Value {
        analyse(&[("f".to_string(), lines.join("\n").into_bytes())], params)
    }

    pub fn sessions_of(lines: &[String]) -> Vec<Value> {
        let out = run(lines, &Params::default());
        out["sessions"].as_array().unwrap().clone()
    }

    const T: i64 = 1_771_400_000_000;

    #[test]
    fn hidden_identities() {
        let customers = |lines: &[String], params: &Params| -> Vec<String> {
            let out = run(lines, params);
            let sessions = out["sessions"].as_array().unwrap();
            sessions.iter().map(|s| s["customer"].as_str().unwrap().to_string()).collect()
        };
        let plain = Params::default();
        let hidden = |id: &str, at: i64| wawp("call.received", id, T + at, r#""from":"77@lid""#);
        let number =
            |id: &str, at: i64, n: &str| wawp("call.received", id, T + at, &format!(r#""from":"{n}@c.us""#));
        // Learnt from a call that shows both, and used for another.
        let lines = [hidden("1", 0), number("1", 5, "34600111222"), hidden("2", 9)];
        assert_eq!(customers(&lines, &plain), ["+34600111222"; 2]);
        // Two numbers: nothing is learnt, but within a call the two stay one.
        let lines = [
            hidden("1", 0),
            number("1", 5, "34600111222"),
            hidden("2", 9),
            hidden("3", 10),
            number("3", 11, "34600111333"),
        ];
        assert_eq!(customers(&lines, &plain), ["+34600111222", "lid:77", "+34600111333"]);
        // The customers file comes first, within the call too.
        let with_file =
            Params { customers: Some("phone,lid\n34600999999,77@lid\n".to_string()), ..Params::default() };
        assert_eq!(customers(&lines, &with_file), ["+34600999999"; 3]);
        // A phone in the same payload.
        let lines = [wawp(
            "call.received",
            "1",
            T,
            r#""from":"77@lid","_data":{"callerPn":"34600111222@s.whatsapp.net"}"#,
        )];
        assert_eq!(customers(&lines, &plain), ["+34600111222"]);
    }

    #[test]
    fn the_watermark_mistrusts_fast_clocks() {
        let line = |at: i64, received: i64| {
            format!(r#"{{"body":{},"received_at":{received}}}"#, wawp("call.received", "1", at, ""))
        };
        let mark = |lines: &[String]| run(lines, &Params::default())["accounting"]["watermark"].clone();
        assert_eq!(mark(&[line(T + 5_000, T)]), "2026-02-18T07:33:25.000+00:00");
        assert_eq!(mark(&[line(T + 5_001, T)]), Value::Null);
    }

    #[test]
    fn filters_choose_after_reconstruction() {
        let lines = [
            wawp("call.received", "1", T, r#""from":"34600111222@c.us""#),
            wawp("call.rejected", "1", T + 5_000, ""),
        ];
        let params = Params {
            since: Some(T),
            until: Some(T + 1),
            outcome: vec!["Rejected".to_string()],
            customer: vec!["34600111222".to_string()],
            ..Params::default()
        };
        assert_eq!(run(&lines, &params)["accounting"]["sessions"]["selected"], 1);
        let late = Params { since: Some(T + 1), ..Params::default() };
        assert_eq!(run(&lines, &late)["rejections"].as_array().unwrap().len(), 0);
    }

    #[test]
    fn quotients_and_percentiles() {
        assert_eq!(quotient(2, 3), json!(0.666667));
        assert_eq!(quotient(1, 2_000_000), json!(0.000001));
        assert_eq!(quotient(0, 0), Value::Null);
        assert_eq!(percentile(&[30, 10, 20, 40], 50), json!(20));
        assert_eq!(percentile(&[30, 10, 20, 40], 90), json!(40));
        assert_eq!(percentile(&[7], 95), json!(7));
    }
}
