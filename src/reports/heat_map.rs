//! When calls come and when they are rejected: every hour of the week.

use std::collections::HashMap;

use chrono::Weekday;

use super::groups::{self, Key, Value};
use super::kpi::{self, Tally};
use crate::analysis::Analysis;
use crate::definitions::column;
use crate::event::Direction;
use crate::section::{Cell, Chart, Shown, Table};

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// Incoming calls by weekday and hour, those without calls too.
pub fn table(analysis: &Analysis) -> Table {
    let groups = kpi::group(analysis, &[Key::Weekday, Key::Hour], Direction::Incoming).rows;
    let any = !groups.is_empty();
    let groups: HashMap<Vec<Value>, Tally> = groups.into_iter().collect();
    let none = Tally::default();
    let row = |weekday: Weekday, hour: u32| {
        let key = [groups::weekday(weekday), groups::hour(hour)].map(Value::Part);
        let tally = groups.get(&key[..]).unwrap_or(&none);
        let [weekday, hour] = key.map(|it| it.cell(analysis));
        vec![
            weekday,
            hour,
            Cell::Count(tally.resolved()),
            Cell::Count(tally.rejected),
            Cell::share(tally.rejected, tally.resolved()),
        ]
    };
    let hours = || WEEK.into_iter().flat_map(|day| (0..24).map(move |hour| (day, hour)));
    Table {
        title: "Rejected calls by weekday and hour".to_owned(),
        columns: vec![
            column("weekday", Shown::Always),
            column("hour", Shown::Always),
            column("resolved", Shown::Always),
            column("rejected", Shown::Always),
            column("rejection_rate", Shown::Always),
        ],
        rows: if any { hours().map(|(day, hour)| row(day, hour)).collect() } else { Vec::new() },
        empty: "No incoming call.".to_owned(),
        chart: Some(Chart::HeatMap),
        ..Table::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Input, analysis, call, cell, cells};
    use super::*;
    use crate::analysis::ReportOptions;
    use crate::zone::Zone;

    fn lines() -> Vec<String> {
        // 4 May 2026 is a Monday, 10 May a Sunday.
        let mut lines = call("rejected", "desk", "919811110001", "05-04 10:00:00");
        lines.extend(call("accepted", "desk", "919811110001", "05-04 10:59:59"));
        lines.extend(call("accepted", "desk", "919811110001", "05-11 10:30:00"));
        lines.extend(call("missed", "desk", "919811110001", "05-10 23:30:00"));
        lines.extend(call("ringing", "desk", "919811110001", "05-11 11:00:00"));
        lines
    }

    #[test]
    fn every_hour_of_the_week_has_a_row() {
        let table = table(&analysis(lines()));
        assert_eq!(table.rows.len(), 168);
        let keys = "weekday hour resolved rejected rejection_rate";
        assert_eq!(cells(&table, 0, keys), "1-Mon 00 0 0 –");
        assert_eq!(cells(&table, 10, keys), "1-Mon 10 3 1 333333");
        // It still rings: it is known, but resolved is not more for it.
        assert_eq!(cells(&table, 11, keys), "1-Mon 11 0 0 –");
        assert_eq!(cells(&table, 167, keys), "7-Sun 23 1 0 0");
        let sum: u64 = (0..168).map(|it| cell(&table, it, "resolved").parse::<u64>().unwrap()).sum();
        assert_eq!(sum, 4);
    }

    #[test]
    fn hours_are_those_of_the_zone() {
        let options =
            ReportOptions { zone: Zone::named("Asia/Kolkata").unwrap(), ..ReportOptions::default() };
        let table = table(&Input { lines: lines(), options, ..Input::default() }.analysis());
        // Sunday 23:30 is Monday 05:00 in Kolkata, Monday 10:00 is 15:30.
        assert_eq!(cells(&table, 5, "weekday hour resolved"), "1-Mon 05 1");
        assert_eq!(cells(&table, 15, "weekday hour resolved"), "1-Mon 15 1");
        assert_eq!(cells(&table, 16, "weekday hour resolved"), "1-Mon 16 2");
    }

    #[test]
    fn without_calls_there_is_no_week() {
        assert!(table(&analysis(Vec::new())).rows.is_empty());
    }
}
