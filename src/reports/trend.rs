//! Day by day: calls, their rate, and which lines said nothing.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::groups::{Key, Value};
use super::inspect;
use super::kpi::{self, Tally};
use crate::analysis::Analysis;
use crate::definitions::column;
use crate::dialects::Provider;
use crate::event::Direction;
use crate::section::{Cell, Chart, Shown, Table};
use crate::stats::wilson;
use crate::text::Sym;

/// Every day of the period, as far as the input reaches: a line that fell silent for good is silent
/// until the end, and not only until the last call of another.
pub fn table(analysis: &Analysis) -> Table {
    let days = days(analysis);
    let groups: HashMap<Vec<Value>, Tally> =
        kpi::group(analysis, &[Key::Day], Direction::Incoming).rows.into_iter().collect();
    let none = Tally::default();
    let silences = inspect::incoming_silences(analysis);
    let row = |day: NaiveDate| {
        let key = [Value::Part(day.to_string())];
        let tally = groups.get(&key[..]).unwrap_or(&none);
        let resolved = tally.resolved();
        let interval = wilson(tally.rejected, resolved);
        let silent = silent_on(day, &silences, analysis);
        vec![
            key[0].cell(analysis),
            Cell::Count(tally.calls()),
            Cell::Count(resolved),
            Cell::Count(tally.rejected),
            Cell::share(tally.rejected, resolved),
            Cell::opt(interval, |it| Cell::share_f64(it.0)),
            Cell::opt(interval, |it| Cell::share_f64(it.1)),
            Cell::Count(silent.len() as u64),
            Cell::List(silent),
        ]
    };
    Table {
        title: "Incoming calls day by day".to_owned(),
        columns: vec![
            column("day", Shown::Always),
            column("calls", Shown::Always),
            column("resolved", Shown::IfWide(4)),
            column("rejected", Shown::Always),
            column("rejection_rate", Shown::Always),
            column("rejection_rate_low", Shown::IfWide(1)),
            column("rejection_rate_high", Shown::IfWide(2)),
            column("silent_feeds", Shown::Always),
            column("silent", Shown::IfWide(3)),
        ],
        rows: days.into_iter().map(row).collect(),
        empty: "No incoming call.".to_owned(),
        reading: vec![
            "A silent feed is a line that told of no incoming call for half the day or more, within a silence of 24 \
             hours and ten times its usual gap. A webhook that failed looks like this, and so does a closed office."
                .to_owned(),
        ],
        chart: Some(Chart::Trend),
        ..Table::default()
    }
}

/// From the chosen beginning, else the first incoming call, to the chosen end, else the watermark; no
/// further than the input on either side. None where no incoming call is chosen.
fn days(analysis: &Analysis) -> Vec<NaiveDate> {
    let zone = &analysis.options.zone;
    let incoming = analysis.subjects().filter(|it| it.direction == Direction::Incoming);
    let starts: Vec<i64> = incoming.filter_map(|it| it.started_at).collect();
    let (Some(first), Some(last)) = (starts.iter().min(), starts.iter().max()) else { return Vec::new() };
    let earliest = analysis.sessions().iter().filter_map(|it| it.started_at).min();
    let begin = analysis.since.max(earliest.filter(|_| analysis.since.is_some())).unwrap_or(*first);
    let until = analysis.until.map(|it| it - 1);
    let end = [until, analysis.rebuilt.watermark].into_iter().flatten().min().unwrap_or(*last).max(*last);
    let [begin, end] = [begin, end].map(|it| zone.local(it).date);
    std::iter::successors(Some(begin), NaiveDate::succ_opt).take_while(|it| *it <= end).collect()
}

/// The lines that were silent for half a day or more, in their order.
fn silent_on(day: NaiveDate, silences: &[((Provider, Sym), i64, i64)], analysis: &Analysis) -> Vec<Cell> {
    let zone = &analysis.options.zone;
    let Some(next) = day.succ_opt() else { return Vec::new() };
    let (begins, ends) = (zone.day_start(day), zone.day_start(next));
    // Two silences of one line can share a day.
    let of_line = silences.chunk_by(|a, b| a.0 == b.0).map(|of_line| {
        let within =
            |(_, from, to): &((Provider, Sym), i64, i64)| ((*to).min(ends) - (*from).max(begins)).max(0);
        (of_line[0].0, of_line.iter().map(within).sum::<i64>())
    });
    let silent = of_line.filter(|(_, silent_ms)| *silent_ms > 0 && 2 * silent_ms >= ends - begins);
    let cell = |((provider, instance), _)| {
        Cell::Record(vec![
            ("provider".to_owned(), Cell::word(Provider::name(provider))),
            ("instance".to_owned(), Cell::Text(analysis.texts.get(instance).clone())),
        ])
    };
    silent.map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Input, analysis, call, cells, outgoing};
    use super::*;
    use crate::analysis::{Filter, ReportOptions};
    use crate::zone::Zone;

    const ASHA: &str = "919811110001";

    fn answered(instance: &str, when: &[&str]) -> Vec<String> {
        when.iter().flat_map(|it| call("accepted", instance, ASHA, it)).collect()
    }

    #[track_caller]
    fn check(table: &Table, keys: &str, expected: &[&str]) {
        let rows: Vec<String> = (0..table.rows.len()).map(|it| cells(table, it, keys)).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn days_without_calls_have_a_row_and_no_rate() {
        let mut lines = call("rejected", "desk", ASHA, "05-04 10:00:00");
        lines.extend(answered("desk", &["05-04 11:00:00", "05-06 10:00:00"]));
        lines.push(outgoing("CALL_MISSED", "o", ASHA, "05-09 11:00:00"));
        check(
            &table(&analysis(lines)),
            "day calls resolved rejected rejection_rate rejection_rate_low rejection_rate_high",
            &[
                // Wilson's interval of 1 in 2 is 9.45 % to 90.55 %, of 0 in 1 0 to 79.35 %.
                "2026-05-04 2 2 1 500000 94531 905469",
                "2026-05-05 0 0 0 – – –",
                "2026-05-06 1 1 0 0 0 793451",
                // The input goes on to an outgoing call.
                "2026-05-07 0 0 0 – – –",
                "2026-05-08 0 0 0 – – –",
                "2026-05-09 0 0 0 – – –",
            ],
        );
        assert!(table(&analysis(Vec::new())).rows.is_empty());
    }

    #[test]
    fn a_line_that_fell_silent_for_good_is_silent_to_the_end_of_the_period() {
        let mut lines = answered("desk", &["05-04 10:00:00", "05-04 11:00:00", "05-04 12:00:00"]);
        lines.push(outgoing("CALL_MISSED", "o", ASHA, "05-09 11:00:00"));
        let period = |since: &str, until: &str| {
            let at = |text: &str| {
                Some(crate::time::read_text(&format!("2026-{text}Z"), &Zone::utc()).unwrap().unwrap())
            };
            let filter = Filter { since: at(since), until: at(until), ..Filter::default() };
            let table = table(&Input { lines: lines.clone(), filter, ..Input::default() }.analysis());
            (0..table.rows.len()).map(|it| cells(&table, it, "day silent_feeds")).collect::<Vec<_>>()
        };
        let days = ["2026-05-04 0", "2026-05-05 1", "2026-05-06 1", "2026-05-07 1"];
        assert_eq!(period("05-01 00:00:00", "05-08 00:00:00"), days, "no further back than the input");
        // The watermark is 11:00 of the ninth: of that day not half is silent.
        let days = [&days[..], &["2026-05-08 1", "2026-05-09 0"]].concat();
        assert_eq!(period("05-01 00:00:00", "06-01 00:00:00"), days, "nor further on");
    }

    /// How many lines were silent on each day, in a zone.
    fn silent(lines: Vec<String>, zone: &str) -> Vec<String> {
        let options = ReportOptions { zone: Zone::named(zone).unwrap(), ..ReportOptions::default() };
        let table = table(&Input { lines, options, ..Input::default() }.analysis());
        (0..table.rows.len()).map(|it| cells(&table, it, "day silent_feeds")).collect()
    }

    #[test]
    fn a_line_is_silent_on_days_of_which_its_silence_takes_half() {
        // Calls end three seconds after their start, and the median gap is an hour. Twelve hours each of
        // the first and the last day.
        let lines =
            answered("desk", &["05-04 10:59:57", "05-04 11:59:57", "05-06 12:00:00", "05-06 13:00:00"]);
        assert_eq!(silent(lines, "UTC"), ["2026-05-04 1", "2026-05-05 1", "2026-05-06 1"]);
        // A second less of either.
        let lines =
            answered("desk", &["05-04 10:59:58", "05-04 11:59:58", "05-06 11:59:59", "05-06 13:00:00"]);
        assert_eq!(silent(lines, "UTC"), ["2026-05-04 0", "2026-05-05 1", "2026-05-06 0"]);
        // Only of the last.
        let lines =
            answered("desk", &["05-04 10:59:57", "05-04 11:59:57", "05-06 11:59:59", "05-06 13:00:00"]);
        assert_eq!(silent(lines, "UTC"), ["2026-05-04 1", "2026-05-05 1", "2026-05-06 0"]);
        // Less than 24 hours are no silence: 23:59:57.
        let lines =
            answered("desk", &["05-04 10:00:00", "05-04 11:00:00", "05-05 11:00:00", "05-05 12:00:00"]);
        assert_eq!(silent(lines, "UTC"), ["2026-05-04 0", "2026-05-05 0"]);
    }

    #[test]
    fn two_silences_of_a_line_share_a_day() {
        // Wednesday: 11 hours before its first call and 10 after its last.
        let when = [
            "05-04 10:00:00",
            "05-04 11:00:00",
            "05-06 11:00:00",
            "05-06 12:00:00",
            "05-06 13:00:00",
            "05-06 13:59:57",
            "05-08 14:00:00",
            "05-08 15:00:00",
        ];
        let days = silent(answered("desk", &when), "UTC");
        assert_eq!(days, ["2026-05-04 1", "2026-05-05 1", "2026-05-06 1", "2026-05-07 1", "2026-05-08 1"]);
    }

    #[test]
    fn half_of_a_short_day_is_less() {
        // On 29 March 2026 Berlin has 23 hours, from 23:00 to 22:00 UTC.
        let days = |back: &str| {
            let when = ["03-27 10:00:00", "03-27 11:00:00", back, "03-29 11:30:00"];
            silent(answered("desk", &when), "Europe/Berlin")
        };
        assert_eq!(days("03-29 10:30:00"), ["2026-03-27 0", "2026-03-28 1", "2026-03-29 1"]);
        assert_eq!(days("03-29 10:29:59"), ["2026-03-27 0", "2026-03-28 1", "2026-03-29 0"]);
    }

    /// Calls on another line every six hours from 4 to 6 May, the last at 18:30.
    fn steady() -> Vec<String> {
        let hours = (4..=6).flat_map(|day| [0, 6, 12, 18].map(|hour| format!("05-0{day} {hour:02}:30:00")));
        hours.flat_map(|it| call("accepted", "other", "919811110002", &it)).collect()
    }

    #[test]
    fn a_line_that_never_came_back_is_silent_to_the_end() {
        let lines = [answered("desk", &["05-04 10:00:00", "05-04 13:00:00"]), steady()].concat();
        let table = table(&analysis(lines));
        // 11 hours of Monday, then 24, then the 18.5 that the input has of Wednesday.
        check(
            &table,
            "day silent_feeds silent",
            &[
                "2026-05-04 0 ",
                "2026-05-05 1 provider=wawpinstance=desk",
                "2026-05-06 1 provider=wawpinstance=desk",
            ],
        );
    }

    #[test]
    fn filters_choose_calls_but_no_silences() {
        let lines = [answered("desk", &["05-04 10:00:00", "05-04 13:00:00"]), steady()].concat();
        let filter = Filter { instances: vec!["other".to_owned()], ..Filter::default() };
        let table = table(&Input { lines, filter, ..Input::default() }.analysis());
        check(&table, "calls silent_feeds", &["4 0", "4 1", "4 1"]);
    }

    #[test]
    fn a_line_that_stopped_calling_out_is_not_silent() {
        let mut lines = steady();
        for (id, when) in [("a", "05-04 10:00:00"), ("b", "05-04 11:00:00"), ("c", "05-06 18:00:00")] {
            lines.push(outgoing("CALL_MISSED", id, ASHA, when));
        }
        check(&table(&analysis(lines)), "silent_feeds", &["0", "0", "0"]);
    }
}
