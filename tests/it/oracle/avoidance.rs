//! Which customers rejected the calls of the business, and how far behind with payments they are.

use super::identity::Side;
use super::sessions::{Outcome, Session};
use super::{Params, quotient, times};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const SEVEN_DAYS_MS: i64 = 7 * 24 * 3_600_000;

/// From the gravest on.
const ACTIONS: [&str; 5] =
    ["escalate_senior_officer", "senior_review", "raise_risk", "deliberate_avoidance", "switch_to_message"];
const STAGES: [&str; 4] = ["current", "early", "mid", "late"];
const RISKS: [&str; 4] = ["low", "medium", "high", "critical"];

/// What the customers file says of one account.
struct Account<'a>(&'a BTreeMap<String, String>);

impl Account<'_> {
    fn date(&self, column: &str) -> Option<NaiveDate> {
        self.0.get(column).map(|text| text.parse().expect("a date"))
    }

    /// The stage on a day as a place in `STAGES`.
    fn stage(&self, day: NaiveDate, as_of: Option<NaiveDate>) -> Option<usize> {
        let days = if let Some(due) = self.date("due_date") {
            (day - due).num_days()
        } else if let Some(days) = self.0.get("days_overdue") {
            days.parse::<i64>().expect("days") + (day - as_of?).num_days()
        } else {
            let word = self.0.get("stage")?.to_lowercase();
            return STAGES.iter().position(|stage| *stage == word);
        };
        Some([days >= 1, days >= 31, days >= 61].into_iter().filter(|reached| *reached).count())
    }

    fn says_a_stage(&self) -> bool {
        ["due_date", "days_overdue", "stage"].iter().any(|column| self.0.contains_key(*column))
    }

    fn is_static(&self) -> bool {
        self.0.contains_key("stage")
            && !self.0.contains_key("due_date")
            && !self.0.contains_key("days_overdue")
    }
}

/// Defaulted and all, of those who avoid and of the rest.
#[derive(Default, Clone, Copy)]
struct Cells {
    avoiding: (u64, u64),
    others: (u64, u64),
}

impl Cells {
    fn row(&self, stage: Value) -> Value {
        let ((a, n), (c, m)) = (self.avoiding, self.others);
        let (b, d) = (n - a, m - c);
        let mut ratio = [Value::Null, Value::Null, Value::Null];
        if a * b * c * d > 0 {
            let [af, nf, cf, mf] = [a, n, c, m].map(|count| count as f64);
            let middle = ((af / nf) / (cf / mf)).ln();
            let error = (1.0 / af - 1.0 / nf + 1.0 / cf - 1.0 / mf).sqrt();
            let z = 1.959963984540054;
            ratio = [middle, middle - z * error, middle + z * error]
                .map(|it| json!((it.exp() * 1e6).round() / 1e6));
        }
        json!({
            "stage": stage,
            "avoiding_customers": n,
            "avoiding_defaulted": a,
            "avoiding_default_rate": quotient(a, n),
            "other_customers": m,
            "other_defaulted": c,
            "other_default_rate": quotient(c, m),
            "default_ratio": ratio[0],
            "default_ratio_low": ratio[1],
            "default_ratio_high": ratio[2],
        })
    }
}

/// The `avoidance` section.
pub fn section(sessions: &[Session], watermark: Option<i64>, side: &Side, params: &Params) -> Value {
    let date = |ms: i64| times::wall(ms, params.zone()).date();
    let as_of: Option<NaiveDate> = match &params.customers_as_of {
        Some(text) => Some(text.parse().expect("a date")),
        None => watermark.map(date),
    };
    let mut of_customer: BTreeMap<String, Vec<&Session>> = BTreeMap::new();
    for session in sessions {
        if let (true, Some(customer), Some(_)) = (session.outgoing, &session.customer, session.started_at)
            && session.group != Some(true)
        {
            of_customer.entry(customer.clone()).or_default().push(session);
        }
    }
    let mut rows: Vec<(Vec<i64>, String, Value)> = Vec::new();
    let mut total = Cells::default();
    // By the place of the stage, an unknown one behind them.
    let mut by_stage: BTreeMap<usize, Cells> = BTreeMap::new();
    for (customer, sessions) in of_customer {
        let start = |session: &Session| session.started_at.expect("a start");
        let subjects: Vec<&&Session> = sessions.iter().filter(|session| session.subject).collect();
        if subjects.is_empty() {
            continue;
        }
        let in_file = side.customers.get(&customer);
        let accounts: Vec<Account> =
            in_file.map(|known| known.rows.iter().map(Account).collect()).unwrap_or_default();
        let stage_on = |day: NaiveDate| accounts.iter().filter_map(|it| it.stage(day, as_of)).max();
        let stage = watermark.and_then(|mark| stage_on(date(mark)));
        let count = |outcome: Outcome| subjects.iter().filter(|session| session.is(outcome)).count();

        // Start, how many within the seven days that end there, and the stage then.
        let rejections: Vec<(i64, usize, Option<usize>)> = subjects
            .iter()
            .filter(|session| session.is(Outcome::Rejected))
            .map(|session| {
                let end = start(session);
                let inside = |other: &&&Session| {
                    other.is(Outcome::Rejected) && start(other) <= end && start(other) + SEVEN_DAYS_MS >= end
                };
                (end, sessions.iter().filter(inside).count(), stage_on(date(end)))
            })
            .collect();
        let mut called_for: BTreeSet<usize> = BTreeSet::new();
        let mut risk: Option<usize> = None;
        for (_, c, stage) in &rejections {
            let mut call_for = |action: &str| {
                called_for.insert(ACTIONS.iter().position(|it| *it == action).expect("an action"));
            };
            call_for("switch_to_message");
            match (stage.map(|it| STAGES[it]), *c >= 2) {
                (Some("late"), _) => call_for("escalate_senior_officer"),
                (Some("mid"), true) => call_for("senior_review"),
                (Some("early"), true) => call_for("raise_risk"),
                (_, true) => call_for("deliberate_avoidance"),
                (_, false) => {}
            }
            if let Some(stage) = stage {
                let level = [0, 0, 1, 2][*stage] + usize::from(*c >= 2);
                risk = risk.max(Some(level));
            }
        }
        if rejections.is_empty() {
            risk = stage.map(|it| [0, 0, 1, 2][it]);
        }
        let most = rejections.iter().map(|it| it.1).max().unwrap_or(0);

        let defaulted_on = accounts.iter().filter_map(|it| it.date("defaulted_on")).min();
        let before = |at: i64| match defaulted_on {
            Some(day) => date(at) < day,
            None => watermark.is_none_or(|mark| at <= mark),
        };
        if in_file.is_some() && subjects.iter().filter(|session| before(start(session))).count() >= 2 {
            let avoids = rejections.iter().any(|(at, c, _)| *c >= 2 && before(*at));
            let of_stage = by_stage.entry(stage.unwrap_or(STAGES.len())).or_default();
            for cells in [&mut total, of_stage] {
                let group = if avoids { &mut cells.avoiding } else { &mut cells.others };
                group.0 += u64::from(defaulted_on.is_some());
                group.1 += 1;
            }
        }

        let name = in_file
            .and_then(|known| known.name.clone())
            .or_else(|| sessions.iter().rev().find_map(|session| session.customer_name.clone()));
        let is_static = accounts.iter().any(Account::is_static);
        let says = accounts.iter().any(Account::says_a_stage);
        let gravest = called_for.first().copied();
        let order = vec![
            -risk.map_or(-1, |it| it as i64),
            gravest.map_or(i64::MAX, |it| it as i64),
            -(most as i64),
            -(count(Outcome::Rejected) as i64),
        ];
        let row = json!({
            "customer": customer,
            "customer_name": name,
            "outgoing_calls": subjects.len(),
            "answered": count(Outcome::Answered),
            "rejected": count(Outcome::Rejected),
            "missed": count(Outcome::Missed),
            "ringing": count(Outcome::Ringing),
            "max_rejected_7d": most,
            "action": gravest.map(|it| ACTIONS[it]),
            "actions": called_for.iter().map(|it| ACTIONS[*it]).collect::<Vec<_>>(),
            "stage": stage.map(|it| STAGES[it]),
            "stage_static": if says { json!(is_static) } else { Value::Null },
            "risk": risk.map_or("unknown", |it| RISKS[it]),
        });
        rows.push((order, customer, row));
    }
    rows.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    let rows: Vec<Value> = rows.into_iter().map(|it| it.2).collect();

    let knows_defaults =
        side.customers.values().flat_map(|it| &it.rows).any(|row| row.contains_key("defaulted_on"));
    let comparison = if knows_defaults {
        let stage = |place: usize| json!(STAGES.get(place).unwrap_or(&"unknown"));
        let rows: Vec<Value> = by_stage.iter().map(|(place, cells)| cells.row(stage(*place))).collect();
        json!({ "rows": rows, "total": total.row(Value::Null) })
    } else {
        Value::Null
    };
    json!({ "rows": rows, "default_comparison": comparison })
}

#[cfg(test)]
mod tests {
    use super::super::tests::run;
    use super::*;

    fn call(status: &str, phone: &str, time: &str) -> String {
        format!(
            r#"{{"event_type":"call:outgoing:ended","whatsapp_account":{{"whatsapp_account_wid":"desk"}},"call_details":{{"message_uid":"{phone} {time}","status":"{status}","timestamp":"{time} +0000","recipient":{{"phone":"{phone}"}}}}}}"#
        )
    }

    fn section_of(lines: &[String], customers: &str) -> Value {
        let params = Params { customers: Some(customers.to_string()), ..Params::default() };
        run(lines, &params)["avoidance"].clone()
    }

    #[test]
    fn two_rejections_within_exactly_seven_days() {
        let lines = [
            call("Rejected", "34600111222", "2026-05-04 10:00:00"),
            call("Rejected", "34600111222", "2026-05-11 10:00:00"),
        ];
        // 28 days on the 4th, 35 on the 11th.
        let row = section_of(&lines, "phone,due_date\n34600111222,2026-04-06\n")["rows"][0].clone();
        assert_eq!(row["max_rejected_7d"], 2);
        assert_eq!(row["actions"], json!(["senior_review", "switch_to_message"]));
        assert_eq!((&row["stage"], &row["risk"]), (&json!("mid"), &json!("high")));
    }

    #[test]
    fn defaults_of_two_groups() {
        let mut lines = Vec::new();
        for (phone, second) in [("1", "Rejected"), ("2", "Rejected"), ("3", "Ended"), ("4", "Ended")] {
            lines.push(call("Rejected", phone, "2026-05-04 10:00:00"));
            lines.push(call(second, phone, "2026-05-05 10:00:00"));
        }
        let file = "phone,defaulted_on\n1,2026-06-01\n2,\n3,2026-06-01\n4,\n";
        let total = section_of(&lines, file)["default_comparison"]["total"].clone();
        // 1/2 of 1/2; the error is 1.
        let shown =
            ["default_ratio", "default_ratio_low", "default_ratio_high"].map(|key| total[key].clone());
        assert_eq!(shown, [json!(1.0), json!(0.140863), json!(7.099071)]);
    }
}
