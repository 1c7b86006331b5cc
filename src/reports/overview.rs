//! The overview that a newcomer wants first: every report under one roof, and on top what stands out.

use rayon::prelude::*;

use super::groups::Key;
use super::notes::plural;
use super::{Output, Sentence, anomalies, avoidance, callbacks, frustration, kpi, reactions};
use crate::analysis::Analysis;
use crate::section::{Body, Cell, Piece, Table, say};

/// Things of one sort that are named on top, at most.
const NAMED: usize = 3;

/// Rates by agent and by line, frustrated callers, anomalies, customers who avoid calls, callbacks and
/// reactions.
pub fn report(analysis: &Analysis) -> Output {
    // What several reports need is made by all threads before each of them works on its own.
    analysis.by_customer();
    let ((by_agent, by_line), (frustration, (anomalies, (callbacks, avoidance)))) = rayon::join(
        || {
            rayon::join(
                || kpi::report(analysis, &[Key::Agent]),
                || kpi::report(analysis, &[Key::Provider, Key::Instance]),
            )
        },
        || {
            let (frustration, callbacks) = of_customers(analysis);
            let anomalies = anomalies::report(analysis, false);
            (frustration, (anomalies, (callbacks, avoidance::report(analysis))))
        },
    );

    let mut output = Output::default();
    output.preface.extend([say(""), say("What stands out:")]);
    if analysis.census_of_subjects().any(|it| it.glance.is_timed()) {
        output.preface.extend(agents(&by_agent));
        output.preface.extend(callers(&frustration));
        output.preface.push(waiting(&callbacks, analysis));
        output.preface.extend(losses(&anomalies));
        output.preface.extend(avoiders(&avoidance));
    } else {
        output.preface.push(say(match (analysis.ledger.events, analysis.filtered) {
            (0, _) => "- Nothing can be said: no call event was read.".to_owned(),
            (_, true) => {
                format!(
                    "- Nothing can be said: the filters choose none of {} sessions.",
                    analysis.sessions().len()
                )
            }
            (_, false) => "- Nothing can be said: no event has a time.".to_owned(),
        }));
    }

    for (name, section) in [
        ("kpi_by_agent", by_agent),
        ("kpi_by_instance", by_line),
        ("frustration", frustration),
        ("anomalies", anomalies),
        ("avoidance", avoidance),
    ] {
        under(name, section, &mut output);
    }
    under("callbacks", callbacks, &mut output);
    under("reactions", reactions::report(analysis), &mut output);
    output
}

/// Frustration and callbacks: the sessions of a customer lie far apart in memory, and are fetched once for
/// both.
fn of_customers(analysis: &Analysis) -> (Output, Output) {
    let shown = callbacks::Shows::of(analysis);
    let none = || (Vec::new(), callbacks::Counted::default());
    let (ranked, counted) = (0..analysis.by_customer().len())
        .into_par_iter()
        .fold(none, |(mut ranked, mut counted), number| {
            ranked.extend(frustration::Ranked::of(number, analysis));
            counted.add_customer(number, &shown, analysis);
            (ranked, counted)
        })
        .reduce(none, |(mut ranked, counted), (mut more, others)| {
            ranked.append(&mut more);
            (ranked, counted.merge(others))
        });
    (frustration::report_of(ranked, analysis), callbacks::report_of(&counted, &shown, analysis))
}

fn under(name: &'static str, section: Output, output: &mut Output) {
    for mut part in section.parts {
        part.path.insert(0, name);
        output.parts.push(part);
    }
    output.notes.extend(section.notes);
}

/// The rows of one section of a report, each as a look-up by column.
pub(super) fn rows<'a>(report: &'a Output, path: &str) -> impl Iterator<Item = Row<'a>> {
    let tables = report.parts.iter().filter(move |it| it.path == [path]).filter_map(|it| match &it.body {
        Body::Rows(table) => Some(table),
        _ => None,
    });
    tables.flat_map(|table| table.rows.iter().map(move |cells| Row { table, cells }))
}

/// A cell of the line under a section of a report.
pub(super) fn total(report: &Output, path: &str, key: &str) -> Cell {
    let part = report.parts.iter().find(|it| it.path == [path]);
    match part.map(|it| &it.body) {
        Some(Body::Rows(table)) => {
            table.total.as_deref().map_or(Cell::Missing, |cells| Row { table, cells }.cell(key))
        }
        _ => Cell::Missing,
    }
}

pub(super) struct Row<'a> {
    table: &'a Table,
    cells: &'a [Cell],
}

impl Row<'_> {
    pub(super) fn cell(&self, key: &str) -> Cell {
        let place = self.table.columns.iter().position(|it| it.key == key);
        place.map_or(Cell::Missing, |it| self.cells[it].clone())
    }

    pub(super) fn is(&self, key: &str, word: &str) -> bool {
        self.cell(key) == Cell::word(word)
    }

    fn value(&self, key: &str) -> Piece {
        Piece::Value(self.cell(key))
    }
}

/// A sentence of words and values in turn.
fn sentence(pieces: impl IntoIterator<Item = Piece>) -> Sentence {
    pieces.into_iter().collect()
}

fn words(text: &str) -> Piece {
    Piece::Say(text.to_owned())
}

/// The first few, and how many more there are.
fn first_few(mut sentences: Vec<Sentence>, none: &str) -> Vec<Sentence> {
    if sentences.is_empty() {
        return vec![say(format!("- {none}"))];
    }
    let more = sentences.len().saturating_sub(NAMED);
    sentences.truncate(NAMED);
    if more > 0 {
        sentences.push(say(format!("  … and {more} more below")));
    }
    sentences
}

fn agents(report: &Output) -> Vec<Sentence> {
    let told = [
        ("outlier", "clearly more than the others"),
        ("concentrated", "more than the others, but mostly one caller's"),
        ("unconfirmed", "more than the others, but nobody is named as the one who declined"),
    ];
    let mut sentences = Vec::new();
    for (verdict, meaning) in told {
        for row in rows(report, "rows").filter(|it| it.is("verdict", verdict)) {
            sentences.push(sentence([
                words("- "),
                row.value("agent"),
                words(": "),
                row.value("rejected"),
                words(" of "),
                row.value("resolved"),
                words(" calls rejected ("),
                row.value("rejection_rate"),
                words("; 95 % interval "),
                row.value("rejection_rate_low"),
                words(" to "),
                row.value("rejection_rate_high"),
                words(&format!("), {meaning}: {verdict}.")),
            ]));
        }
    }
    let compared = |it: Row<'_>| !["not_enough_calls", "no_peers"].iter().any(|word| it.is("verdict", word));
    let any = rows(report, "rows").any(|it| it.cell("verdict") != Cell::Missing && compared(it));
    let none = if any {
        "No agent rejects clearly more calls than the others."
    } else {
        "No agents can be compared: that takes three with enough calls each (callsift define verdict)."
    };
    first_few(sentences, none)
}

fn callers(report: &Output) -> Vec<Sentence> {
    let urgent = rows(report, "rows").filter(|it| it.is("level", "priority_1"));
    let sentences = urgent.map(|row| {
        let mut pieces = vec![words("- "), row.value("customer")];
        pieces.extend(name(&row));
        let times = match row.cell("peak_attempts") {
            Cell::Count(it) => plural(it, "time", "times"),
            _ => "again and again".to_owned(),
        };
        pieces.extend([
            words(&format!(" called {times} between ")),
            row.value("peak_started_at"),
            words(" and "),
            row.value("peak_ended_at"),
            words(", score "),
            row.value("score"),
            words(": priority_1, "),
        ]);
        pieces.push(words(match row.cell("unresolved") {
            it if it == Cell::word("yes") => "nobody has talked to them since.",
            it if it == Cell::word("no") => "talked to since.",
            _ => "unknown whether anybody has talked to them since.",
        }));
        pieces
    });
    first_few(sentences.collect(), "No caller reached priority 1.")
}

/// How many customers should have been called back by now, and who has waited longest.
fn waiting(report: &Output, analysis: &Analysis) -> Sentence {
    let sla = frustration::span(analysis.options.callback_sla_ms);
    let overdue: Vec<Row<'_>> =
        rows(report, "open_episodes").filter(|it| it.cell("overdue") == Cell::Bool(true)).collect();
    let Some(longest) = overdue.first() else {
        return say(match total(report, "rows", "episodes") {
            Cell::Missing => {
                "- Who waits for a call back is unknown: no line shows outgoing calls.".to_owned()
            }
            _ => format!("- No customer has waited {sla} or longer for a call back."),
        });
    };
    let (waiting, first) = match overdue.len() {
        1 => ("1 customer has".to_owned(), ":"),
        many => (format!("{many} customers have"), "; the first of them is"),
    };
    let mut pieces = vec![
        words(&format!("- {waiting} waited {sla} or longer for a call back{first} ")),
        longest.value("customer"),
    ];
    pieces.extend(name(longest));
    pieces.extend([words(", since "), longest.value("opened_at"), words(".")]);
    pieces
}

/// A customer's name behind the number, if there is one.
fn name(row: &Row<'_>) -> Vec<Piece> {
    match row.cell("customer_name") {
        Cell::Missing => Vec::new(),
        it => vec![words(" ("), Piece::Value(it), words(")")],
    }
}

fn losses(report: &Output) -> Vec<Sentence> {
    let incidents = rows(report, "incidents").map(|row| {
        sentence([
            words("- "),
            row.value("provider"),
            words(" line "),
            row.value("instance"),
            words(" lost the webhooks of "),
            row.value("orphans"),
            words(" calls between "),
            row.value("first_at"),
            words(" and "),
            row.value("last_at"),
            words(": their rejections arrived without them."),
        ])
    });
    first_few(incidents.collect(), "No incident of lost webhooks.")
}

/// Customers whose rejections call for a senior; nothing where there are none.
fn avoiders(report: &Output) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for action in ["escalate_senior_officer", "senior_review"] {
        for row in rows(report, "rows").filter(|it| it.is("action", action)) {
            let mut pieces = vec![words("- "), row.value("customer")];
            pieces.extend(name(&row));
            let calls = match row.cell("rejected") {
                Cell::Count(it) => plural(it, "outgoing call", "outgoing calls"),
                _ => "outgoing calls".to_owned(),
            };
            pieces.extend([words(&format!(" rejected {calls}, risk ")), row.value("risk")]);
            pieces.push(words(&format!(": {action}.")));
            sentences.push(pieces);
        }
    }
    if sentences.is_empty() { sentences } else { first_few(sentences, "") }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Input, call, outgoing, words};
    use super::*;
    use crate::analysis::{CallbacksFrom, ReportOptions};
    use crate::time::MINUTE;

    /// Calls of DoubleTick that nobody answered, and at the end one to somebody else.
    fn missed(calls: &[(&str, &str)], end: &str) -> Vec<String> {
        let line = |(from, when): &(&str, &str)| {
            outgoing("CALL_MISSED", &format!("{from} {when}"), from, when).replace("OUTGOING", "INCOMING")
        };
        let mut lines: Vec<String> = calls.iter().map(line).collect();
        lines.push(outgoing("CALL_MISSED", "end", "919811119999", end));
        lines
    }

    #[track_caller]
    fn check(input: Input, expected: &str) {
        let analysis = input.analysis();
        let told = words(&[waiting(&callbacks::report(&analysis), &analysis)]);
        assert_eq!(told, [expected]);
    }

    #[test]
    fn what_is_told_does_not_depend_on_how_sessions_lie() {
        let demo = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo");
        let mut lines = Vec::new();
        for provider in ["wawp", "doubletick", "wazzap", "timelinesai"] {
            for file in std::fs::read_dir(demo.join(provider)).expect("the demo") {
                let text = std::fs::read_to_string(file.expect("a file").path()).expect("text");
                lines.extend(text.lines().map(str::to_owned));
            }
        }
        // Calls of one instant, one customer and several lines, and named customers who wait.
        for (outcome, minute) in [("rejected", 1), ("missed", 2), ("accepted", 3), ("rejected", 4)] {
            for instance in ["line-b", "line-a", "line-c"] {
                lines.extend(call(outcome, instance, "919811119999@c.us", &format!("05-30 10:0{minute}:00")));
            }
        }
        let told = |unsorted: bool, filter: crate::analysis::Filter| {
            let input = Input { lines: lines.clone(), unsorted, filter, ..Input::default() };
            let analysis = input.analysis();
            let reports = [
                report(&analysis),
                kpi::report(&analysis, &[Key::Country, Key::Month]),
                anomalies::report(&analysis, true),
            ];
            let period = crate::document::document("report", Vec::new(), &analysis, Output::default());
            format!("{reports:#?}{:#?}", period.preface)
        };
        let all = crate::analysis::Filter::default;
        assert_eq!(told(false, all()), told(true, all()));
        let some = || crate::analysis::Filter { since: Some(1_779_000_000_000), ..all() };
        assert_eq!(told(false, some()), told(true, some()));
    }

    #[test]
    fn customers_who_wait_beyond_the_sla_are_told_first_come_first() {
        let calls =
            [("919811110001", "10:00:00"), ("919811110002", "09:59:00"), ("919811110003", "10:01:00")];
        check(
            Input { lines: missed(&calls, "11:00:00"), ..Input::default() },
            "- 2 customers have waited 60 minutes or longer for a call back; the first of them is +919811110002, \
             since 2026-05-04 09:59:00.",
        );
        let customers = Some("phone,name\n919811110002,Asha Rao\n");
        check(
            Input { lines: missed(&calls, "10:59:00"), customers, ..Input::default() },
            "- 1 customer has waited 60 minutes or longer for a call back: +919811110002 (Asha Rao), since \
             2026-05-04 09:59:00.",
        );
        let options = ReportOptions { callback_sla_ms: 90 * MINUTE, ..ReportOptions::default() };
        check(
            Input { lines: missed(&calls, "11:00:00"), options, ..Input::default() },
            "- No customer has waited 90 minutes or longer for a call back.",
        );
    }

    #[test]
    fn where_no_line_shows_outgoing_calls_nobody_knows_who_waits() {
        let lines = || call("missed", "desk", "919811110001", "10:00:00");
        let unknown = "- Who waits for a call back is unknown: no line shows outgoing calls.";
        check(Input { lines: lines(), ..Input::default() }, unknown);
        let options = ReportOptions { callbacks_from: CallbacksFrom::Any, ..ReportOptions::default() };
        let none = "- No customer has waited 60 minutes or longer for a call back.";
        check(Input { lines: lines(), options, ..Input::default() }, none);
    }

    #[test]
    fn callbacks_stand_under_the_overview_with_all_their_sections() {
        let lines = missed(&[("919811110001", "10:00:00")], "10:00:00");
        let output = report(&Input { lines, ..Input::default() }.analysis());
        let paths: Vec<&[&str]> = output.parts.iter().map(|it| it.path.as_slice()).collect();
        assert!(paths.contains(&["callbacks", "rows"].as_slice()));
        assert!(paths.contains(&["callbacks", "open_episodes"].as_slice()));
    }
}
