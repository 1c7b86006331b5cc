//! Who was called back after unanswered calls.

use super::identity::Side;
use super::sessions::{Outcome, Session, session_order};
use super::{Params, percentile, quotient};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// An unanswered call with the instant at which its clock starts.
struct Promise<'a> {
    session: &'a Session,
    clock: i64,
}

/// A customer's unanswered calls up to the next contact; the first call first.
struct Episode<'a> {
    promises: Vec<Promise<'a>>,
    attempt: Option<i64>,
    reach: Option<i64>,
    contact: Option<i64>,
}

impl Episode<'_> {
    fn first(&self) -> &Session {
        self.promises[0].session
    }

    fn opened(&self) -> i64 {
        self.promises[0].clock
    }

    fn count(&self, test: &dyn Fn(&Session) -> bool) -> u64 {
        self.promises.iter().filter(|promise| test(promise.session)).count() as u64
    }
}

fn promise<'a>(session: &'a Session, params: &Params) -> Option<Promise<'a>> {
    let ended = session.is(Outcome::Rejected) || session.is(Outcome::Missed);
    if session.outgoing || !ended || session.group == Some(true) {
        return None;
    }
    let start = session.started_at?;
    session.customer.as_ref()?;
    let clock = match (session.decided_at, session.offered_at) {
        (Some(decided), _) => decided,
        (None, Some(offered)) => offered + params.ring_timeout_ms,
        (None, None) => start,
    };
    Some(Promise { session, clock })
}

/// The episodes of one customer, whose sessions these are: an opening, then everything before the
/// contact that closes it, and again from what is left.
fn episodes<'a>(sessions: &[&'a Session], params: &Params) -> Vec<Episode<'a>> {
    let mut left: Vec<Promise> = sessions.iter().filter_map(|s| promise(s, params)).collect();
    left.sort_by(|a, b| a.clock.cmp(&b.clock).then_with(|| session_order(a.session, b.session)));
    let mut all = Vec::new();
    while let Some(opening) = left.first() {
        let opened = opening.clock;
        let earliest = |test: &dyn Fn(&Session) -> bool| {
            let persons = sessions.iter().filter(|s| s.group != Some(true) && test(s));
            persons.filter_map(|s| s.started_at).filter(|start| *start > opened).min()
        };
        let answered = |s: &Session| s.is(Outcome::Answered);
        let contact = earliest(&|s| s.outgoing || answered(s));
        let (inside, later) = left.into_iter().partition(|p| contact.is_none_or(|c| p.clock < c));
        left = later;
        all.push(Episode {
            promises: inside,
            attempt: earliest(&|s| s.outgoing),
            reach: earliest(&answered),
            contact,
        });
    }
    all
}

/// The `callbacks` section.
pub fn section(sessions: &[Session], watermark: Option<i64>, side: &Side, params: &Params) -> Value {
    let mut of_customer: BTreeMap<&str, Vec<&Session>> = BTreeMap::new();
    for session in sessions {
        if let Some(customer) = &session.customer {
            of_customer.entry(customer).or_default().push(session);
        }
    }
    let showing: BTreeSet<&str> =
        sessions.iter().filter(|s| s.outgoing && s.started_at.is_some()).map(|s| s.provider).collect();
    let in_figures = |s: &Session| params.callbacks_from_any || showing.contains(s.provider);

    let mut groups: BTreeMap<(String, &str, String), Vec<Episode>> = BTreeMap::new();
    for sessions in of_customer.values() {
        for episode in episodes(sessions, params) {
            let first = episode.first();
            if first.subject {
                let key = (first.agent.clone(), episode.promises[0].session.provider, first.instance.clone());
                groups.entry(key).or_default().push(episode);
            }
        }
    }
    let out_of_time = |e: &Episode| watermark.is_some_and(|mark| mark >= e.opened() + params.callback_sla_ms);

    let mut rows = Vec::new();
    let mut counted: Vec<&Episode> = Vec::new();
    for ((agent, provider, instance), episodes) in &groups {
        let episodes: Vec<&Episode> = episodes.iter().collect();
        let known = in_figures(episodes[0].first());
        let mut row = figures(known.then_some(&episodes[..]), &out_of_time, params);
        row.insert("agent".to_string(), json!(agent));
        row.insert("provider".to_string(), json!(provider));
        row.insert("instance".to_string(), json!(instance));
        rows.push(Value::Object(row));
        if known {
            counted.extend(episodes);
        }
    }
    let any_known = sessions.iter().any(|s| s.subject && s.started_at.is_some() && in_figures(s));
    let mut total = figures(any_known.then_some(&counted[..]), &out_of_time, params);
    for key in ["agent", "provider", "instance"] {
        total.insert(key.to_string(), Value::Null);
    }

    let mut open: Vec<&Episode> = counted.iter().copied().filter(|e| e.contact.is_none()).collect();
    open.sort_by(|a, b| (a.opened(), &a.first().customer).cmp(&(b.opened(), &b.first().customer)));
    let open: Vec<Value> = open
        .iter()
        .map(|e| {
            let first = e.first();
            let customer = first.customer.as_deref().expect("a customer");
            let in_file = side.customers.get(customer);
            let mut named: Vec<&Session> = of_customer[customer].clone();
            named.retain(|s| s.customer_name.is_some());
            let latest = named.last().and_then(|s| s.customer_name.clone());
            let waiting = watermark.map(|mark| mark - e.opened()).filter(|waiting| *waiting >= 0);
            json!({
                "customer": customer,
                "customer_name": in_file.and_then(|c| c.name.clone()).or(latest),
                "vip": side.knows_vips.then(|| in_file.is_some_and(|c| c.vip)),
                "agent": first.agent,
                "provider": first.provider,
                "instance": first.instance,
                "opened_at": params.show(Some(e.opened())),
                "waiting_ms": waiting,
                "overdue": out_of_time(e),
                "calls": e.promises.len(),
                "orphan_calls": e.count(&|s| s.orphan.is_some()),
                "policy_calls": e.count(&|s| s.declined_by == Some("policy")),
                "last_call_at": params.show(e.promises.iter().filter_map(|p| p.session.started_at).max()),
                "session_id": first.id,
            })
        })
        .collect();
    json!({"rows": rows, "total": total, "open_episodes": open})
}

/// The figures of some episodes, all null where nothing can be known.
fn figures(
    episodes: Option<&[&Episode]>,
    out_of_time: &dyn Fn(&Episode) -> bool,
    params: &Params,
) -> Map<String, Value> {
    let known = episodes.is_some();
    let episodes = episodes.unwrap_or_default();
    let count = |test: &dyn Fn(&Episode) -> bool| episodes.iter().filter(|e| test(e)).count() as u64;
    let in_time =
        |start: Option<i64>, e: &Episode| start.is_some_and(|s| s - e.opened() <= params.callback_sla_ms);
    let calls = |test: &dyn Fn(&Session) -> bool| episodes.iter().map(|e| e.count(test)).sum::<u64>();
    let pending = count(&|e| e.contact.is_none() && !out_of_time(e));
    let judged = episodes.len() as u64 - pending;
    let attempted_in_time = count(&|e| in_time(e.attempt, e));
    let reached_in_time = count(&|e| in_time(e.reach, e));
    let times: Vec<i64> = episodes.iter().filter_map(|e| Some(e.attempt? - e.opened())).collect();
    let all = json!({
        "episodes": episodes.len(),
        "calls_in_episodes": calls(&|_| true),
        "orphan_calls": calls(&|s| s.orphan.is_some()),
        "policy_calls": calls(&|s| s.declined_by == Some("policy")),
        "pending": pending,
        "open": count(&|e| e.contact.is_none()),
        "judged_episodes": judged,
        "attempted": times.len(),
        "attempted_within_sla": attempted_in_time,
        "attempted_within_sla_rate": quotient(attempted_in_time, judged),
        "reached": count(&|e| e.reach.is_some()),
        "reached_within_sla": reached_in_time,
        "reached_within_sla_rate": quotient(reached_in_time, judged),
        "time_to_attempt_p50_ms": percentile(&times, 50),
        "time_to_attempt_p90_ms": percentile(&times, 90),
    });
    let Value::Object(mut all) = all else { unreachable!("an object") };
    if !known {
        all.values_mut().for_each(|figure| *figure = Value::Null);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, wawp};
    use super::*;

    const T: i64 = 1_771_400_000_000;

    #[test]
    fn contacts_close_and_are_counted_from_the_opening() {
        let at = |name: &str, id: &str, minutes: i64| {
            wawp(name, id, T + minutes * 60_000, r#""from":"34600111222@c.us""#)
        };
        let lines = [
            at("call.rejected", "1", 0),
            at("call.rejected", "2", 10),
            at("call.accepted", "3", 20),
            at("call.rejected", "4", 20),
            at("call.rejected", "5", 90),
        ];
        let of = |from_any: bool| {
            let params = Params { callbacks_from_any: from_any, ..Params::default() };
            run(&lines, &params)["callbacks"].clone()
        };
        let any = of(true);
        // The call of the contact's own instant opens a second episode.
        assert_eq!(any["total"]["episodes"], 2);
        assert_eq!((&any["total"]["calls_in_episodes"], &any["total"]["open"]), (&json!(4), &json!(1)));
        assert_eq!((&any["total"]["attempted"], &any["total"]["reached"]), (&json!(0), &json!(1)));
        assert_eq!(any["total"]["reached_within_sla_rate"], 0.5);
        assert_eq!(any["open_episodes"][0]["waiting_ms"], 70 * 60_000);
        assert_eq!(any["open_episodes"][0]["overdue"], true);
        // Wawp showed no outgoing call.
        let shown = of(false);
        assert_eq!(shown["total"]["episodes"], Value::Null);
        assert_eq!(shown["rows"][0]["open"], Value::Null);
        assert_eq!(shown["open_episodes"], json!([]));
    }
}
