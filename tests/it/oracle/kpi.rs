//! Rates by group, and the verdicts on them.

use super::Params;
use super::sessions::{Outcome, Session};
use super::times::{self, BusinessHours};
use super::{percentile, quotient};
use chrono::{Datelike, NaiveDate, Timelike};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const Z: f64 = 1.959963984540054;

/// The `kpi` section.
pub fn section(sessions: &[Session], params: &Params) -> Value {
    let subjects: Vec<&Session> = sessions.iter().filter(|s| s.subject && s.started_at.is_some()).collect();
    let incoming: Vec<&Session> = subjects.iter().copied().filter(|s| !s.outgoing).collect();
    let outgoing: Vec<&Session> = subjects.iter().copied().filter(|s| s.outgoing).collect();

    let groups = grouped(&incoming, params);
    let figures: Vec<Figures> = groups.values().map(|g| Figures::of(g, params)).collect();
    let verdicts = verdicts(&groups, &figures, params);
    let mut rows = Vec::new();
    for ((keys, figures), verdict) in groups.keys().zip(&figures).zip(&verdicts) {
        rows.push(with_keys(keys, figures.incoming(verdict.as_deref()), params));
    }

    let mut outgoing_rows = Vec::new();
    for (keys, group) in grouped(&outgoing, params) {
        let figures = Figures::of(&group, params);
        if figures.calls() + figures.orphaned > 0 {
            outgoing_rows.push(with_keys(&keys, figures.outgoing(), params));
        }
    }
    json!({
        "by": params.by,
        "rows": rows,
        "total": Figures::of(&incoming, params).incoming(None),
        "outgoing": {
            "rows": outgoing_rows,
            "total": Figures::of(&outgoing, params).outgoing(),
        },
    })
}

fn grouped<'a>(sessions: &[&'a Session], params: &Params) -> BTreeMap<Vec<String>, Vec<&'a Session>> {
    let mut groups: BTreeMap<Vec<String>, Vec<&Session>> = BTreeMap::new();
    for session in sessions {
        let keys = params.by.iter().map(|by| key(session, by, params)).collect();
        groups.entry(keys).or_default().push(session);
    }
    groups
}

fn key(session: &Session, by: &str, params: &Params) -> String {
    let wall = times::wall(session.started_at.expect("a start"), params.zone());
    let or_dash = |value: &Option<String>| value.clone().unwrap_or("-".to_string());
    match by {
        "provider" => session.provider.to_string(),
        "instance" => session.instance.clone(),
        "account" => or_dash(&session.account),
        "agent" => session.agent.clone(),
        "agent_source" => session.agent_source.to_string(),
        "team" => or_dash(&session.team),
        "engine" => or_dash(&session.engine),
        "country" => session.country.clone().unwrap_or("unknown".to_string()),
        "video" => match session.video {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        }
        .to_string(),
        "month" => wall.format("%Y-%m").to_string(),
        "week" => wall.format("%G-W%V").to_string(),
        "day" => wall.format("%Y-%m-%d").to_string(),
        "weekday" => format!("{}-{}", wall.weekday().number_from_monday(), wall.format("%a")),
        "hour" => format!("{:02}", wall.hour()),
        other => panic!("no such key: {other}"),
    }
}

fn with_keys(keys: &[String], figures: Value, params: &Params) -> Value {
    let mut row = Map::new();
    for (name, value) in params.by.iter().zip(keys) {
        row.insert(name.clone(), json!(value));
    }
    if let Value::Object(figures) = figures {
        row.extend(figures);
    }
    Value::Object(row)
}

/// The counts of a group.
#[derive(Default)]
struct Figures {
    answered: u64,
    rejected: u64,
    missed: u64,
    ringing: u64,
    missed_inferred: u64,
    policy: u64,
    instant: u64,
    confirmed: u64,
    reported: u64,
    every_feed_shows_answers: bool,
    bh_resolved: u64,
    bh_rejected: u64,
    bh_policy: u64,
    days: BTreeMap<NaiveDate, (u64, u64)>,
    gaps: Vec<i64>,
    answer_rings: Vec<i64>,
    talks: Vec<i64>,
    callers: BTreeSet<String>,
    rejected_callers: BTreeMap<String, u64>,
    video: u64,
    groups: u64,
    orphaned: u64,
    orphaned_rejections: u64,
    unrated: u64,
    unrated_rejected: u64,
    unrated_reasons: BTreeSet<&'static str>,
    /// The sources of the agents of the calls.
    sources: BTreeMap<&'static str, u64>,
    has_zone: bool,
    min_calls: u64,
    flag_rate: f64,
}

impl Figures {
    fn of(sessions: &[&Session], params: &Params) -> Figures {
        let hours = BusinessHours::of(&params.business_hours, &params.holidays);
        let mut f = Figures {
            every_feed_shows_answers: true,
            has_zone: params.tz.is_some(),
            min_calls: params.min_calls,
            flag_rate: params.flag_rate,
            ..Figures::default()
        };
        for s in sessions {
            if s.group == Some(true) && !params.include_group {
                f.groups += 1;
                continue;
            }
            if s.orphan.is_some_and(|class| class != "no_offers_captured") {
                f.orphaned += 1;
                f.orphaned_rejections += u64::from(s.is(Outcome::Rejected));
                continue;
            }
            // One of the calls.
            f.callers.extend(s.customer.clone());
            f.video += u64::from(s.video == Some(true));
            *f.sources.entry(s.agent_source).or_default() += 1;
            if !s.rated {
                f.unrated += 1;
                f.unrated_rejected += u64::from(s.is(Outcome::Rejected));
                f.unrated_reasons.extend(s.unrated_reason);
                continue;
            }
            f.every_feed_shows_answers &= s.shows_answers;
            match s.outcome.expect("a session with a start has an outcome") {
                Outcome::Answered => {
                    f.answered += 1;
                    f.answer_rings.extend(s.ring_ms);
                    f.talks.extend(s.talk_ms);
                }
                Outcome::Rejected => {
                    f.rejected += 1;
                    match s.declined_by {
                        Some("policy") => f.policy += 1,
                        Some("instant") => f.instant += 1,
                        Some("agent") => f.confirmed += 1,
                        _ => f.reported += 1,
                    }
                    if !matches!(s.declined_by, Some("policy" | "instant")) {
                        f.gaps.extend(s.ring_ms);
                    }
                    if let Some(customer) = &s.customer {
                        *f.rejected_callers.entry(customer.clone()).or_default() += 1;
                    }
                }
                Outcome::Missed => {
                    f.missed += 1;
                    f.missed_inferred += u64::from(s.inferred());
                }
                Outcome::Ringing => f.ringing += 1,
            }
            let wall = times::wall(s.started_at.expect("a start"), params.zone());
            if !s.is(Outcome::Ringing) && f.has_zone && hours.contain(wall) {
                f.bh_resolved += 1;
                let day = f.days.entry(wall.date()).or_default();
                day.0 += 1;
                if s.is(Outcome::Rejected) {
                    f.bh_rejected += 1;
                    day.1 += 1;
                    f.bh_policy += u64::from(s.declined_by == Some("policy"));
                }
            }
        }
        f
    }

    fn resolved(&self) -> u64 {
        self.answered + self.rejected + self.missed
    }

    fn calls(&self) -> u64 {
        self.resolved() + self.ringing + self.unrated
    }

    /// The largest share of one known customer in the rejected.
    fn top_caller(&self) -> Option<(u64, u64)> {
        let most = self.rejected_callers.values().max()?;
        Some((*most, self.rejected))
    }

    fn reason(&self) -> Option<&'static str> {
        match self.unrated_reasons.len() {
            0 => None,
            1 => self.unrated_reasons.first().copied(),
            _ => Some("mixed"),
        }
    }

    fn flag(&self) -> Option<&'static str> {
        let at_rate = |part: u64, whole: u64| {
            whole >= self.min_calls && whole > 0 && part as f64 / whole as f64 >= self.flag_rate
        };
        if at_rate(self.bh_rejected - self.bh_policy, self.bh_resolved - self.bh_policy) {
            Some("high_rejection")
        } else if at_rate(self.bh_rejected, self.bh_resolved) {
            Some("policy")
        } else {
            None
        }
    }

    fn incoming(&self, verdict: Option<&str>) -> Value {
        let resolved = self.resolved();
        let (low, high) = wilson(self.rejected, resolved);
        let zoned = |value: Value| if self.has_zone { value } else { Value::Null };
        let days_rated = self.days.values().filter(|day| day.0 >= 3).count();
        let days_over = self
            .days
            .values()
            .filter(|day| day.0 >= 3 && day.1 as f64 / day.0 as f64 >= self.flag_rate)
            .count();
        let answer_rate =
            if self.every_feed_shows_answers { quotient(self.answered, resolved) } else { Value::Null };
        json!({
            "calls": self.calls(),
            "answered": self.answered,
            "rejected": self.rejected,
            "missed": self.missed,
            "ringing": self.ringing,
            "missed_inferred": self.missed_inferred,
            "resolved": resolved,
            "rejection_rate": quotient(self.rejected, resolved),
            "rejection_rate_low": low,
            "rejection_rate_high": high,
            "policy_rejected": self.policy,
            "instant_rejected": self.instant,
            "confirmed_rejected": self.confirmed,
            "reported_rejected": self.reported,
            "personal_rate_low": quotient(
                self.confirmed,
                resolved - self.policy - self.instant - self.reported,
            ),
            "personal_rate_high": quotient(self.rejected - self.policy, resolved - self.policy),
            "answer_rate": answer_rate,
            "bh_resolved": zoned(json!(self.bh_resolved)),
            "bh_rejected": zoned(json!(self.bh_rejected)),
            "bh_policy_rejected": zoned(json!(self.bh_policy)),
            "bh_rejection_rate": zoned(quotient(self.bh_rejected, self.bh_resolved)),
            "flag": zoned(json!(self.flag())),
            "days_rated": zoned(json!(days_rated)),
            "days_over": zoned(json!(days_over)),
            "consistent": zoned(json!(days_rated >= 3 && 2 * days_over >= days_rated)),
            "ring_p50_ms": percentile(&self.gaps, 50),
            "ring_p90_ms": percentile(&self.gaps, 90),
            "ring_p95_ms": percentile(&self.gaps, 95),
            "answer_p50_ms": percentile(&self.answer_rings, 50),
            "talk_p50_ms": percentile(&self.talks, 50),
            "unique_callers": self.callers.len(),
            "video_calls": self.video,
            "group_calls": self.groups,
            "top_caller_share": self.top_caller().map(|(n, d)| quotient(n, d)),
            "orphaned": self.orphaned,
            "orphaned_rejections": self.orphaned_rejections,
            "rejection_rate_with_orphans": quotient(
                self.rejected + self.orphaned_rejections,
                resolved + self.orphaned_rejections,
            ),
            "unrated": self.unrated,
            "unrated_rejected": self.unrated_rejected,
            "unrated_reason": self.reason(),
            "verdict": verdict,
        })
    }

    fn outgoing(&self) -> Value {
        let (low, high) = wilson(self.rejected, self.resolved());
        json!({
            "calls": self.calls(),
            "answered": self.answered,
            "rejected": self.rejected,
            "missed": self.missed,
            "ringing": self.ringing,
            "resolved": self.resolved(),
            "rejection_rate": quotient(self.rejected, self.resolved()),
            "rejection_rate_low": low,
            "rejection_rate_high": high,
            "unrated": self.unrated,
            "unrated_rejected": self.unrated_rejected,
            "orphaned": self.orphaned,
        })
    }
}

/// Wilson's score interval, rounded half up to six decimals.
fn wilson(x: u64, n: u64) -> (Value, Value) {
    if n == 0 {
        return (Value::Null, Value::Null);
    }
    let (x, n) = (x as f64, n as f64);
    let p = x / n;
    let centre = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    let round = |value: f64| {
        let value = value.clamp(0.0, 1.0);
        json!((value * 1e6 + 0.5).floor() / 1e6)
    };
    (round((centre - half) / scale), round((centre + half) / scale))
}

/// One row in a comparison: rejections and calls.
#[derive(Clone, Copy)]
struct Entry {
    x: u64,
    n: u64,
}

/// What a comparison says of a row.
#[derive(Clone, Copy)]
struct Finding {
    p: f64,
    outlying: bool,
}

fn verdicts(
    groups: &BTreeMap<Vec<String>, Vec<&Session>>,
    figures: &[Figures],
    params: &Params,
) -> Vec<Option<String>> {
    let mut by = params.by.clone();
    by.sort();
    let by_agent = by == ["agent"];
    if !by_agent && by != ["instance"] && by != ["instance", "provider"] {
        return vec![None; figures.len()];
    }
    // The pool of each row; none for nobody's.
    let pools: Vec<Option<&str>> = groups
        .keys()
        .zip(figures)
        .map(|(keys, figures)| {
            if !by_agent {
                return Some("instances");
            }
            if keys[0] == "(unassigned)" {
                return None;
            }
            let most = figures.sources.values().max()?;
            ["payload", "roster", "metadata"]
                .into_iter()
                .find(|source| figures.sources.get(source) == Some(most))
        })
        .collect();
    let mut verdicts = Vec::new();
    for (place, row) in figures.iter().enumerate() {
        let Some(pool) = pools[place].filter(|_| row.resolved() > 0) else {
            verdicts.push(None);
            continue;
        };
        // The rows of the pool, this one first.
        let mut members = vec![row];
        for (other, other_pool) in pools.iter().enumerate() {
            if other != place && *other_pool == Some(pool) {
                members.push(&figures[other]);
            }
        }
        let any: Vec<Entry> =
            members.iter().map(|f| Entry { x: f.rejected - f.policy, n: f.resolved() - f.policy }).collect();
        let confirmed: Vec<Entry> = members
            .iter()
            .map(|f| Entry { x: f.confirmed, n: f.resolved() - f.policy - f.instant - f.reported })
            .collect();
        let share = row.top_caller().map_or(0.0, |(n, d)| n as f64 / d as f64);
        let verdict = if any[0].n < params.min_verdict_calls {
            "not_enough_calls"
        } else {
            match compare(&any, params.min_verdict_calls) {
                None => "no_peers",
                Some(finding) if finding.outlying && share > 0.3 => "concentrated",
                Some(finding) if finding.outlying => {
                    let enough = confirmed[0].n >= params.min_verdict_calls;
                    let again = compare(&confirmed, params.min_verdict_calls);
                    if enough && again.is_some_and(|finding| finding.outlying) {
                        "outlier"
                    } else {
                        "unconfirmed"
                    }
                }
                Some(finding) if finding.p <= 0.05 => "watch",
                Some(_) => "not_distinguishable",
            }
        };
        verdicts.push(Some(verdict.to_string()));
    }
    verdicts
}

/// Compares the first row with those of the rows that have enough calls; none if they are not three.
fn compare(rows: &[Entry], enough: u64) -> Option<Finding> {
    let part: Vec<Entry> = rows.iter().copied().filter(|row| row.n >= enough).collect();
    if part.len() < 3 {
        return None;
    }
    let all_x: u64 = part.iter().map(|row| row.x).sum();
    let all_n: u64 = part.iter().map(|row| row.n).sum();
    let chances: Vec<f64> = part.iter().map(|row| tail(row.x, row.n, all_x, all_n)).collect();
    // Benjamini and Hochberg: the least p' × k / rank of the p' at or above this one.
    let mut sorted = chances.clone();
    sorted.sort_by(f64::total_cmp);
    let k = sorted.len() as f64;
    let p = chances[0];
    let mut q = 1.0f64;
    for (rank, other) in sorted.iter().enumerate() {
        if *other >= p {
            q = q.min(other * k / (rank + 1) as f64);
        }
    }
    let Entry { x, n } = part[0];
    // x/n >= 1.25 (X-x)/(N-n), in whole numbers.
    let ahead = n > 0 && all_n > n && 4 * x * (all_n - n) >= 5 * (all_x - x) * n;
    Some(Finding { p, outlying: q <= 0.05 && ahead })
}

/// The chance of `x` or more of the `all_x` in `n` drawn from `all_n`.
fn tail(x: u64, n: u64, all_x: u64, all_n: u64) -> f64 {
    if x == 0 {
        return 1.0;
    }
    let log_factorials: Vec<f64> = std::iter::once(0.0)
        .chain((1..=all_n).scan(0.0, |sum, i| {
            *sum += (i as f64).ln();
            Some(*sum)
        }))
        .collect();
    let choose = |n: u64, k: u64| {
        log_factorials[n as usize] - log_factorials[k as usize] - log_factorials[(n - k) as usize]
    };
    let whole = choose(all_n, n);
    let mut sum = 0.0;
    for i in x..=n.min(all_x) {
        if n - i <= all_n - all_x {
            sum += (choose(all_x, i) + choose(all_n - all_x, n - i) - whole).exp();
        }
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{run, wawp};
    use super::*;

    const T: i64 = 1_771_400_000_000;

    #[test]
    fn the_tail_by_hand() {
        // 5 red of 10, draw 4: P(3 or more) = (C(5,3) C(5,1) + C(5,4)) / C(10,4) = 55 / 210.
        assert!((tail(3, 4, 5, 10) - 55.0 / 210.0).abs() < 1e-12);
        assert_eq!(tail(0, 4, 5, 10), 1.0);
    }

    #[test]
    fn wilson_by_hand() {
        // 8 of 10, a textbook value.
        let (low, high) = wilson(8, 10);
        assert_eq!(low, json!(0.490162));
        assert_eq!(high, json!(0.943318));
        assert_eq!(wilson(0, 10).0, json!(0.0));
    }

    #[test]
    fn a_comparison_of_three() {
        let row = |x, n| Entry { x, n };
        let finding = compare(&[row(18, 20), row(2, 20), row(3, 20)], 20).unwrap();
        assert!(finding.outlying);
        assert!(compare(&[row(18, 20), row(2, 20), row(3, 19)], 20).is_none());
        let finding = compare(&[row(10, 20), row(10, 20), row(10, 20)], 20).unwrap();
        assert!(!finding.outlying && finding.p > 0.5);
    }

    #[test]
    fn a_group_adds_up() {
        let mut lines = Vec::new();
        for id in 0..4 {
            lines.push(wawp(
                "call.received",
                &id.to_string(),
                T + id * 1000,
                r#""from":"34600111222@c.us","isVideo":true"#,
            ));
        }
        lines.push(wawp("call.rejected", "0", T + 900, r#""_data":{"status":"reject"}"#));
        lines.push(wawp("call.rejected", "1", T + 9_000, r#""_data":{"status":"reject"}"#));
        lines.push(wawp("call.accepted", "2", T + 9_000, ""));
        lines.push(wawp("call.rejected", "x", T + 70_000, ""));
        let params = Params { tz: Some("Europe/Madrid".to_string()), ..Params::default() };
        let out = run(&lines, &params);
        let row = &out["kpi"]["rows"][0];
        assert_eq!(row["agent"], "(unassigned)");
        assert_eq!(row["calls"], 4);
        assert_eq!(row["resolved"], 4);
        assert_eq!(row["missed_inferred"], 1);
        assert_eq!(row["rejection_rate"], 0.5);
        assert_eq!(row["instant_rejected"], 1);
        assert_eq!(row["confirmed_rejected"], 1);
        assert_eq!(row["personal_rate_low"], 0.333333);
        assert_eq!(row["ring_p50_ms"], 8000);
        assert_eq!(row["video_calls"], 4);
        assert_eq!(row["unique_callers"], 1);
        assert_eq!(row["top_caller_share"], 1.0);
        assert_eq!(row["orphaned_rejections"], 1);
        assert_eq!(row["rejection_rate_with_orphans"], 0.6);
        assert_eq!(row["bh_resolved"], 0);
        assert_eq!(row["answer_rate"], 0.25);
    }
}
