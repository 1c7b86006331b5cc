//! What of the input became what: from all lines down to the rejected calls, every step counted.

use super::kpi;
use crate::analysis::Analysis;
use crate::definitions::column;
use crate::event::Direction;
use crate::section::{Cell, Chart, Shown, Table};

/// Lines, events and sessions, each from the total to what is left of it.
pub fn table(analysis: &Analysis) -> Table {
    let ledger = &analysis.ledger;
    let mut ladder = Ladder::of("lines");
    ladder.level("lines", ledger.lines);
    ladder.less("blank", ledger.blank);
    ladder.less("invalid", ledger.invalid);
    ladder.less("other", ledger.other);
    ladder.less("reaction", ledger.reaction);
    ladder.level("call", ledger.call);

    ladder.unit = "events";
    ladder.level("events", ledger.events);
    ladder.less("duplicates", ledger.duplicates);
    ladder.level("unique", analysis.sessions().events_len() as u64);

    let all = analysis.sessions().len() as u64;
    let selected = analysis.subjects().count() as u64;
    let untimed = analysis.subjects().filter(|it| !it.is_timed()).count() as u64;
    let is_outgoing = |direction| direction == Direction::Outgoing;
    let outgoing = analysis.subjects().filter(|it| it.is_timed() && is_outgoing(it.direction)).count() as u64;
    let incoming = kpi::group(analysis, &[], Direction::Incoming).total;
    ladder.unit = "sessions";
    ladder.level("sessions", all);
    ladder.less("not_selected", all - selected);
    ladder.level("selected", selected);
    ladder.less("untimed", untimed);
    ladder.less("outgoing", outgoing);
    ladder.less("group_calls", incoming.group_calls);
    ladder.less("orphaned", incoming.orphaned);
    ladder.level("calls", incoming.calls());
    ladder.less("unrated", incoming.unrated);
    ladder.less("ringing", incoming.ringing);
    ladder.level("resolved", incoming.resolved());
    ladder.less("answered", incoming.answered);
    ladder.less("missed", incoming.missed);
    ladder.level("rejected", incoming.rejected);

    Table {
        title: "What of the input became what".to_owned(),
        columns: vec![
            column("step", Shown::Always),
            column("unit", Shown::Always),
            column("change", Shown::Always),
            column("remaining", Shown::Always),
        ],
        rows: ladder.rows,
        reading: vec![
            "A row without a change is counted by itself, and is what the rows above it leave. `callsift define step` \
             tells the steps."
                .to_owned(),
        ],
        chart: Some(Chart::Waterfall),
        ..Table::default()
    }
}

/// Rows in the making.
struct Ladder {
    unit: &'static str,
    /// What the last row left.
    left: u64,
    rows: Vec<Vec<Cell>>,
}

impl Ladder {
    fn of(unit: &'static str) -> Self {
        Self { unit, left: 0, rows: Vec::new() }
    }

    /// A count of its own.
    fn level(&mut self, step: &str, count: u64) {
        self.left = count;
        self.rows.push(vec![Cell::word(step), Cell::word(self.unit), Cell::Missing, Cell::Count(count)]);
    }

    /// What is taken off.
    fn less(&mut self, step: &str, count: u64) {
        self.left = self.left.saturating_sub(count);
        let change = Cell::Signed(-i64::try_from(count).unwrap_or(i64::MAX));
        self.rows.push(vec![Cell::word(step), Cell::word(self.unit), change, Cell::Count(self.left)]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Input, analysis, call, cells, outgoing, reaction, timelines, wawp};
    use super::*;
    use crate::document;
    use crate::session::Outcome;
    use crate::synth;

    /// Every row as `step change remaining`.
    fn rows(table: &Table, unit: &str) -> Vec<String> {
        let of_unit = |row: &usize| cells(table, *row, "unit") == unit;
        let all = (0..table.rows.len()).filter(of_unit);
        all.map(|it| cells(table, it, "step change remaining")).collect()
    }

    /// A bit of everything.
    fn lines() -> Vec<String> {
        let asha = "919811110001";
        let mut lines = call("rejected", "desk", asha, "10:00:00");
        lines.extend(call("missed", "desk", asha, "10:10:00"));
        lines.extend(call("accepted", "desk", asha, "10:20:00"));
        lines.extend(call("accepted", "desk", "919811110002", "10:30:00"));
        // Repeated.
        lines.push(lines[0].clone());
        // Its call was lost.
        lines.push(wawp("rejected", "desk", "lost", asha, "11:00:00"));
        // No rate: there is no miss and no offer.
        lines.push(timelines("Rejected", "wid", "t", asha, "11:10:00"));
        lines.push(outgoing("CALL_MISSED", "o", asha, "11:20:00"));
        // Without a time.
        lines.push(r#"{"event":"CALL_NOT_PICKED","callId":"n","wabaNumber":"919800000001","callDirection":"INCOMING"}"#.into());
        // A group's.
        lines.extend(call("missed", "desk", "120363041234567890@g.us", "11:30:00"));
        // Still ringing at the end.
        lines.extend(call("ringing", "desk", asha, "12:00:00"));
        lines.push(reaction("set", "👍", "t", "919811110001", "11:30:00", "{}"));
        lines.extend(["", "{", "42", "43"].map(str::to_owned));
        lines
    }

    #[test]
    fn every_step_counted_by_hand() {
        let table = table(&analysis(lines()));
        assert_eq!(
            rows(&table, "lines"),
            ["lines – 21", "blank -1 20", "invalid -1 19", "other -2 17", "reaction -1 16", "call – 16"]
        );
        assert_eq!(rows(&table, "events"), ["events – 16", "duplicates -1 15", "unique – 15"]);
        assert_eq!(
            rows(&table, "sessions"),
            [
                "sessions – 10",
                "not_selected 0 10",
                "selected – 10",
                "untimed -1 9",
                "outgoing -1 8",
                "group_calls -1 7",
                "orphaned -1 6",
                "calls – 6",
                "unrated -1 5",
                "ringing -1 4",
                "resolved – 4",
                "answered -2 2",
                "missed -1 1",
                "rejected – 1",
            ]
        );
    }

    #[test]
    fn filters_take_off_what_they_do_not_choose() {
        let filter = super::super::testing::only(&[Outcome::Answered]);
        let table = table(&Input { lines: lines(), filter, ..Input::default() }.analysis());
        let sessions = rows(&table, "sessions");
        assert_eq!(sessions[..3], ["sessions – 10", "not_selected -8 2", "selected – 2"]);
        assert_eq!(sessions[10], "resolved – 2");
    }

    /// A reader can add it up: each level is what the steps above it leave, and the books say the same.
    #[test]
    fn it_adds_up_over_generated_traffic() {
        for (shape, seed) in [(synth::Shape::Mixed, 1), (synth::Shape::Mixed, 2), (synth::Shape::Calls, 3)] {
            let mut bytes = Vec::new();
            synth::dump(shape, 400, seed, &mut bytes).unwrap();
            let lines = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
            let analysis = analysis(lines);
            let table = table(&analysis);
            let mut left = None;
            let mut levels = 0;
            for row in 0..table.rows.len() {
                let number = |key: &str| cells(&table, row, key).parse::<i64>();
                let remaining = number("remaining").unwrap();
                let is_first = row == 0 || cells(&table, row, "unit") != cells(&table, row - 1, "unit");
                match number("change") {
                    Ok(change) => left = left.map(|it: i64| it + change),
                    Err(_) if is_first => left = Some(remaining),
                    Err(_) => levels += 1,
                }
                assert_eq!(left, Some(remaining), "row {row} of seed {seed}");
            }
            assert_eq!(levels, 6, "call, unique, selected, calls, resolved, rejected");

            let accounting = document::accounting(&analysis);
            for (unit, step, book, key) in [
                ("lines", "lines", "lines", "total"),
                ("lines", "call", "lines", "call"),
                ("events", "unique", "events", "unique"),
                ("sessions", "sessions", "sessions", "total"),
                ("sessions", "selected", "sessions", "selected"),
            ] {
                let (_, Cell::Record(books)) = accounting.iter().find(|(it, _)| it == book).unwrap() else {
                    panic!("{book}")
                };
                let (_, Cell::Count(expected)) = books.iter().find(|(it, _)| it == key).unwrap() else {
                    panic!("{key}")
                };
                let found = rows(&table, unit).into_iter().find(|it| it.starts_with(&format!("{step} –")));
                assert_eq!(found.unwrap(), format!("{step} – {expected}"));
            }
        }
    }
}
