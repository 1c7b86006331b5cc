//! What a report about the demo month must say, counted from the plan and from nothing else.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cast::{self, AGENTS, UNASSIGNED};
use super::people::{ARJUN, BRIJESH, DEBTORS, FATIMA, FIRST_DEBTOR, HARISH, KAVITA, RUKMINI};
use super::plan::{Call, Class, End, Outcome, Plan, date};
use super::sides::{DEBTS, Debt};

/// The agents whose verdict was planned; the others' is left to chance, but is none of these.
const VERDICTS: [(&str, &str); 3] =
    [("Neha Joshi", "outlier"), ("Gaurav Singh", "concentrated"), ("Farhan Qureshi", "unconfirmed")];

/// What the rejections of each debtor call for, and the risk, worked out by hand from due dates and days.
const DEBTORS_RISK: [(Option<&str>, &str); DEBTORS] = [
    (Some("escalate_senior_officer"), "critical"),
    (Some("escalate_senior_officer"), "critical"),
    (Some("senior_review"), "high"),
    (Some("senior_review"), "high"),
    (Some("raise_risk"), "medium"),
    (Some("raise_risk"), "medium"),
    (Some("deliberate_avoidance"), "medium"),
    (Some("senior_review"), "high"),
    (None, "high"),
    // 75 days on 31 May are 51 on the 7th and 64 on the 20th, and these are 13 days apart.
    (Some("escalate_senior_officer"), "high"),
    (None, "high"),
    (Some("switch_to_message"), "low"),
    (Some("switch_to_message"), "low"),
    (None, "medium"),
    (None, "medium"),
    (None, "low"),
    (None, "low"),
    (Some("switch_to_message"), "low"),
    (None, "low"),
    (Some("escalate_senior_officer"), "high"),
];

/// The columns of a table of calls.
#[derive(Default)]
struct Tally {
    calls: u64,
    answered: u64,
    rejected: u64,
    missed: u64,
    missed_inferred: u64,
    ringing: u64,
    policy: u64,
    instant: u64,
    confirmed: u64,
    reported: u64,
    group_calls: u64,
    orphaned: u64,
    orphaned_rejections: u64,
    unrated: u64,
    unrated_rejected: u64,
}

impl Tally {
    fn add(&mut self, call: &Call) {
        let rejected = u64::from(call.outcome == Outcome::Rejected);
        if call.group {
            self.group_calls += 1;
            return;
        }
        if call.orphan.is_some() {
            self.orphaned += 1;
            self.orphaned_rejections += rejected;
            return;
        }
        self.calls += 1;
        if call.unrated.is_some() {
            self.unrated += 1;
            self.unrated_rejected += rejected;
            return;
        }
        match call.outcome {
            Outcome::Answered => self.answered += 1,
            Outcome::Rejected => self.rejected += 1,
            Outcome::Missed => self.missed += 1,
            Outcome::Ringing => self.ringing += 1,
        }
        self.missed_inferred += u64::from(call.cause == Some("inferred"));
        match call.declined_by() {
            Some("policy") => self.policy += 1,
            Some("instant") => self.instant += 1,
            Some("agent") => self.confirmed += 1,
            Some("unknown") => self.reported += 1,
            Some(_) | None => {}
        }
    }

    fn resolved(&self) -> u64 {
        self.answered + self.rejected + self.missed
    }

    fn json(&self) -> Value {
        json!({
            "calls": self.calls,
            "resolved": self.resolved(),
            "answered": self.answered,
            "rejected": self.rejected,
            "missed": self.missed,
            "missed_inferred": self.missed_inferred,
            "ringing": self.ringing,
            "policy_rejected": self.policy,
            "instant_rejected": self.instant,
            "confirmed_rejected": self.confirmed,
            "reported_rejected": self.reported,
            "group_calls": self.group_calls,
            "orphaned": self.orphaned,
            "orphaned_rejections": self.orphaned_rejections,
            "unrated": self.unrated,
            "unrated_rejected": self.unrated_rejected,
        })
    }
}

/// The person and where the name comes from: with roster and agents file.
fn agent(call: &Call) -> (&'static str, &'static str) {
    match (call.label, cast::on_duty(call.desk, call.started_at)) {
        (Some(label), _) => (cast::person(label), "payload"),
        (None, Some(name)) => (cast::person(name), "roster"),
        (None, None) => (UNASSIGNED, "none"),
    }
}

/// Rows of one direction by a key, and their total.
fn table<K: Ord>(plan: &Plan, outgoing: bool, key: impl Fn(&Call) -> K) -> BTreeMap<K, Tally> {
    let mut rows: BTreeMap<K, Tally> = BTreeMap::new();
    for call in plan.calls.iter().filter(|call| call.outgoing == outgoing) {
        rows.entry(key(call)).or_default().add(call);
    }
    rows
}

fn with(mut row: Value, fields: &[(&str, Value)]) -> Value {
    for (name, value) in fields {
        row[*name] = value.clone();
    }
    row
}

fn direction(plan: &Plan, outgoing: bool) -> Value {
    let by_agent: Vec<Value> = table(plan, outgoing, agent)
        .iter()
        .map(|((name, source), row)| {
            let team = AGENTS.iter().find(|known| known.1 == *name).map(|known| known.2);
            let verdict =
                VERDICTS.iter().find(|planned| !outgoing && planned.0 == *name).map(|planned| planned.1);
            let fields = [
                ("agent", json!(name)),
                ("agent_source", json!(source)),
                ("team", json!(team)),
                ("planted_verdict", json!(verdict)),
            ];
            with(row.json(), &fields)
        })
        .collect();
    let by_instance: Vec<Value> = table(plan, outgoing, |call| (call.desk.provider, call.desk.instance))
        .iter()
        .map(|((provider, instance), row)| {
            with(row.json(), &[("provider", json!(provider.name())), ("instance", json!(instance))])
        })
        .collect();
    let total = table(plan, outgoing, |_| ()).remove(&()).unwrap_or_default().json();
    json!({ "agents": by_agent, "instances": by_instance, "total": total })
}

fn session(call: &Call) -> Value {
    let (agent, source) = agent(call);
    json!({
        "provider": call.desk.provider.name(),
        "instance": call.desk.instance,
        "call_id": call.call_id,
        "direction": if call.outgoing { "outgoing" } else { "incoming" },
        "customer": call.customer,
        "customer_without_file": call.customer_alone,
        "agent": agent,
        "agent_source": source,
        "agent_label": call.label,
        "outcome": call.outcome.name(),
        "cause": call.cause,
        "declined_by": call.declined_by(),
        "started_at": call.started_at,
        "decided_at": call.decided_at,
        "ring_ms": call.ring_ms,
        "talk_ms": call.talk_ms,
        "rings": call.rings,
        "skipped_agents": call.skipped,
        "video": call.video,
        "group": call.group,
        "orphan": call.orphan,
        "rated": call.unrated.is_none(),
        "unrated_reason": call.unrated,
        "anomalies": call.anomalies,
    })
}

/// Counts the plan.
pub(super) fn of(plan: &Plan, seed: u64) -> Value {
    let mut calls: Vec<&Call> = plan.calls.iter().collect();
    calls.sort_by(|a, b| order(a).cmp(&order(b)));
    let (mut orphans, mut anomalies) = (BTreeMap::new(), BTreeMap::new());
    for call in &calls {
        if let Some(class) = call.orphan {
            *orphans.entry(class).or_insert(0_u64) += 1;
        }
        for kind in &call.anomalies {
            *anomalies.entry(*kind).or_insert(0_u64) += 1;
        }
    }
    let count = |class| plan.rows.iter().filter(|row| row.class == class).count() as u64;
    let (call_lines, reaction_lines, other_lines) =
        (count(Class::Call), count(Class::Reaction), count(Class::Other));
    let mut files: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &plan.rows {
        *files.entry(row.file).or_default() += 1;
    }
    let outgoing = calls.iter().filter(|call| call.outgoing).count();
    json!({
        "seed": seed,
        "tz": "Asia/Kolkata",
        "month": "2026-05",
        "sources": [{ "rule": "/hooks/wazzap/centro/*=centro", "provider": "wazzap", "instance": "centro", "instance_without": "-" }],
        "lines": { "total": plan.rows.len(), "call": call_lines, "reaction": reaction_lines, "other": other_lines, "invalid": 0, "blank": 0 },
        "files": files,
        "events": { "total": call_lines, "duplicates": plan.duplicates, "unique": call_lines - plan.duplicates },
        "reactions": { "total": reaction_lines, "duplicates": plan.reaction_duplicates, "unique": reaction_lines - plan.reaction_duplicates },
        "sessions": {
            "total": calls.len(),
            "incoming": calls.len() - outgoing,
            "outgoing": outgoing,
            "orphans": calls.iter().filter(|call| call.orphan.is_some()).count(),
            "untimed": 0,
        },
        "unknown_call_events": plan.unknown,
        "watermark": plan.watermark,
        "incoming": direction(plan, false),
        "outgoing": direction(plan, true),
        "orphans": orphans,
        "anomalies": anomalies,
        "hang_ups": plan.hang_ups,
        "incidents": incidents(plan),
        "priority_1": priority_1(plan),
        "people": {
            "vip_unanswered": plan.people.get(RUKMINI).canonical(),
            "called_back": plan.people.get(KAVITA).canonical(),
            "video": plan.people.get(ARJUN).canonical(),
            "quarrel": plan.people.get(BRIJESH).canonical(),
            "lid_by_file": plan.people.get(FATIMA).canonical(),
        },
        "avoidance": {
            "debtors": debtors(plan),
            "compared": {
                "avoiding_customers": 8,
                "avoiding_defaulted": 5,
                "other_customers": 12,
                "other_defaulted": 2,
            },
        },
        "silent": [{ "provider": "wawp", "instance": "emi-desk", "day": date(20) }],
        "calls": calls.into_iter().map(session).collect::<Vec<_>>(),
    })
}

/// The customers whom collections call.
fn debtors(plan: &Plan) -> Vec<Value> {
    let debtors = DEBTS.iter().zip(DEBTORS_RISK).enumerate();
    let row = |(index, (debt, (action, risk))): (usize, (&Debt, (Option<&str>, &str)))| {
        let count = |is: fn(&End) -> bool| debt.calls.iter().filter(|(_, end)| is(end)).count();
        json!({
            "customer": plan.people.get(FIRST_DEBTOR + index).canonical(),
            "outgoing_calls": debt.calls.len(),
            "answered": count(|it| matches!(it, End::Answered(_))),
            "rejected": count(|it| *it == End::Declined),
            "missed": count(|it| *it == End::RangOut),
            "action": action,
            "risk": risk,
        })
    };
    debtors.map(row).collect()
}

fn order(call: &Call) -> (i64, &'static str, &'static str, Option<&String>, Option<&String>) {
    (
        call.started_at,
        call.desk.provider.name(),
        call.desk.instance,
        call.call_id.as_ref(),
        call.customer.as_ref(),
    )
}

/// Lost rejections of one line, less than five minutes apart: the plan has one such row of them.
fn incidents(plan: &Plan) -> Value {
    let lost = |call: &&Call| {
        call.orphan == Some("network_anomaly")
            && call.outcome == Outcome::Rejected
            && call.desk.instance == cast::CARE.instance
    };
    let times: Vec<i64> = plan.calls.iter().filter(lost).map(|call| call.started_at).collect();
    let (first, last) = (times.iter().min(), times.iter().max());
    json!([{
        "provider": "wawp",
        "instance": cast::CARE.instance,
        "first_at": first,
        "last_at": last,
        "orphans": times.len(),
        "rejections": times.len(),
    }])
}

fn priority_1(plan: &Plan) -> Value {
    let times: Vec<i64> =
        plan.calls.iter().filter(|call| call.person == Some(HARISH)).map(|call| call.started_at).collect();
    let who = plan.people.get(HARISH);
    json!({
        "customer": who.canonical(),
        "customer_name": who.name,
        "attempts": times.len(),
        "rejected": times.len(),
        "peak_attempts": times.len(),
        "peak_weight": times.len() as f64 * 1.5,
        "score": 100.0,
        "first_attempt_at": times.iter().min(),
        "last_attempt_at": times.iter().max(),
    })
}
