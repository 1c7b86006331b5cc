//! What the tests of reports share: a small [`Analysis`] out of lines as providers write them, and a
//! look at the cells of what a report gives.

use std::collections::HashMap;
use std::io::Write as _;

use crate::analysis::{Analysis, Countries, Filter, ReportOptions};
use crate::dialects::support::ReadOptions;
use crate::event::Direction;
use crate::read::{Lines, Wants, read_lines};
use crate::section::{Body, Cell, Table};
use crate::session::{Rules, assign, drop_repeated_reactions, rebuild_shards};
use crate::side::{Agents, Customers, Reading, Roster};
use crate::text::{Interner, Sym, Text};
use crate::zone::Zone;

use super::Output;

/// What an analysis is made of; everything but the lines has a default.
#[derive(Default)]
pub struct Input {
    /// The dump.
    pub lines: Vec<String>,
    /// The customers file.
    pub customers: Option<&'static str>,
    /// The agents file.
    pub agents: Option<&'static str>,
    /// Metadata as one line of JSON, and the agent that they name.
    pub agents_of_metadata: &'static [(&'static str, &'static str)],
    /// Which sessions are the subject.
    pub filter: Filter,
    /// What sessions depend on.
    pub rules: Rules,
    /// Thresholds.
    pub options: ReportOptions,
    /// Sessions lie as they were built.
    pub unsorted: bool,
}

impl Input {
    /// Reads the lines and does with them what a run does.
    pub fn analysis(self) -> Analysis {
        let interner = Interner::default();
        let file = Text::new("a.ndjson");
        let bytes = self.lines.join("\n");
        let lines = Lines {
            file: &file,
            file_sym: interner.intern(file.raw()),
            first_line: 1,
            bytes: bytes.as_bytes(),
            over: None,
        };
        let read = ReadOptions { keep_metadata: true, ..ReadOptions::default() };
        let parsed = read_lines(&lines, &read, &interner, Wants { paths: true, ..Wants::default() });
        let zone = Zone::utc();
        let reading = Reading { texts: &interner, naive_zone: &zone, fold: true };
        let with_file = |text: &str| {
            let mut file = tempfile::NamedTempFile::new().expect("a file");
            file.write_all(text.as_bytes()).expect("room for it");
            file
        };
        let customers =
            self.customers.map(|it| Customers::read(with_file(it).path(), reading).expect("a side file"));
        let customers = customers.unwrap_or_default();
        let agents = self.agents.map(|it| Agents::read(with_file(it).path(), reading).expect("a side file"));
        let agents = agents.unwrap_or_default();

        let from_metadata: HashMap<Sym, Sym> = self
            .agents_of_metadata
            .iter()
            .map(|(metadata, agent)| (interner.intern(metadata), interner.intern(agent)))
            .collect();
        let texts = interner.freeze();
        let mut ledger = parsed.ledger;
        let shards = crate::store::deal(&parsed.events);
        let mut rebuilt = rebuild_shards(shards, customers.hidden(), &self.rules, &texts);
        if !self.unsorted {
            rebuilt.sessions.sort(&texts);
        }
        assign(&mut rebuilt.sessions, &Roster::default(), &agents, &from_metadata, &texts);
        ledger.duplicates = rebuilt.duplicates;
        let mut reactions = parsed.reactions;
        ledger.duplicate_reactions = drop_repeated_reactions(&mut reactions, &texts);
        let subject = rebuilt.sessions.in_any_order().map(|it| self.filter.takes(&it, &texts)).collect();
        let countries = Countries::wanted();
        Analysis {
            texts,
            rebuilt,
            subject,
            reactions,
            ledger,
            accounts: Vec::new(),
            customers,
            countries,
            digests: std::collections::HashMap::new(),
            options: self.options,
            filtered: self.filter.is_set(),
            since: self.filter.since,
            until: self.filter.until,
            census: std::sync::OnceLock::new(),
        }
    }
}

/// An analysis of lines with nothing else said.
pub fn analysis(lines: Vec<String>) -> Analysis {
    Input { lines, ..Input::default() }.analysis()
}

/// The instant of `MM-DD HH:MM:SS` in 2026, UTC; without a date on 4 May.
pub fn at(text: &str) -> i64 {
    let text = if text.len() == 8 { format!("05-04 {text}") } else { text.to_owned() };
    let (date, time) = text.split_once(' ').expect("a date and a time");
    chrono::DateTime::parse_from_rfc3339(&format!("2026-{date}T{time}Z")).expect("a time").timestamp_millis()
}

/// A line of Wawp: `call.received`, `call.accepted` or `call.rejected` on an instance, from a customer.
pub fn wawp(name: &str, instance: &str, id: &str, from: &str, when: &str) -> String {
    wawp_with(name, instance, id, from, when, "{}")
}

/// The same with the engine's raw event.
pub fn wawp_with(name: &str, instance: &str, id: &str, from: &str, when: &str, data: &str) -> String {
    format!(
        r#"{{"event":"call.{name}","session":"{instance}","timestamp":{},"payload":{{"id":"{id}","from":"{from}","_data":{data}}}}}"#,
        at(when)
    )
}

/// An offer and its end three seconds later, each call with its own id: `rejected` (declined),
/// `missed` (it rang out), `accepted`, or `ringing` (nothing more).
pub fn call(outcome: &str, instance: &str, from: &str, when: &str) -> Vec<String> {
    let id = format!("{instance} {from} {when}");
    let mut lines = vec![wawp("received", instance, &id, from, when)];
    let end = |name: &str, data: &str| {
        let line = wawp_with(name, instance, &id, from, when, data);
        line.replace(&at(when).to_string(), &(at(when) + 3000).to_string())
    };
    match outcome {
        "rejected" => lines.push(end("rejected", r#"{"status":"reject"}"#)),
        "missed" => lines.push(end("rejected", r#"{"status":"timeout"}"#)),
        "accepted" => lines.push(end("accepted", "{}")),
        "ringing" => {}
        other => panic!("no outcome {other}"),
    }
    lines
}

/// A line of DoubleTick about an outgoing call: `CALL_ENDED` with talk time where it was answered,
/// `CALL_MISSED` or `CALL_REJECTED` where not.
pub fn outgoing(name: &str, id: &str, to: &str, when: &str) -> String {
    let talked = if name == "CALL_ENDED" { 60 } else { 0 };
    let when = chrono::DateTime::from_timestamp_millis(at(when)).expect("a time").to_rfc3339();
    format!(
        r#"{{"event":"{name}","callId":"{id}","wabaNumber":"919800000001","customerNumber":"{to}","callDirection":"OUTGOING","callStartedAt":"{}","callEndedAt":"{when}","durationInSeconds":{talked},"pickedBy":"Asha"}}"#,
        if talked > 0 { &when } else { "" }
    )
}

/// A line of TimelinesAI about an incoming call.
pub fn timelines(status: &str, wid: &str, id: &str, from: &str, when: &str) -> String {
    let event = if status == "Missed" { "call:incoming:missed" } else { "call:incoming:ended" };
    let when = chrono::DateTime::from_timestamp_millis(at(when)).expect("a time").to_rfc3339();
    format!(
        r#"{{"event_type":"{event}","chat":{{"chat_id":7}},"whatsapp_account":{{"whatsapp_account_wid":"{wid}","email":"asha@x.in"}},"call_details":{{"status":"{status}","timestamp":"{when}","message_uid":"{id}","caller":{{"phone":"{from}","full_name":"Caller {when}"}}}}}}"#
    )
}

/// A line of TimelinesAI about a reaction.
pub fn reaction(action: &str, emoji: &str, message: &str, reactor: &str, when: &str, tally: &str) -> String {
    let when = chrono::DateTime::from_timestamp_millis(at(when)).expect("a time").to_rfc3339();
    format!(
        r#"{{"event_type":"message:reaction","chat":{{"chat_id":"chat"}},"reaction":{{"message_uid":"{message}","action":"{action}","emoji":"{emoji}","timestamp":"{when}","reactor":{{"phone":"{reactor}"}},"reactions":{tally}}}}}"#
    )
}

/// A filter for incoming calls of some outcomes.
pub fn only(outcomes: &[crate::session::Outcome]) -> Filter {
    Filter { outcomes: outcomes.to_vec(), directions: vec![Direction::Incoming], ..Filter::default() }
}

/// The table at a path.
#[track_caller]
pub fn table<'o>(output: &'o Output, path: &[&str]) -> &'o Table {
    let part = output.parts.iter().find(|it| it.path == path).expect("the part");
    let Body::Rows(table) = &part.body else { panic!("no rows at {path:?}") };
    for row in &table.rows {
        assert_eq!(row.len(), table.columns.len(), "{path:?}");
    }
    table
}

/// A row's cell by its key, as it would be read: rates and tenths as decimals, instants as Unix
/// milliseconds, nothing as `–`.
#[track_caller]
pub fn cell(table: &Table, row: usize, key: &str) -> String {
    let place = table.columns.iter().position(|it| it.key == key).expect("the column");
    shown(&table.rows[row][place])
}

/// Several of them, joined by spaces.
#[track_caller]
pub fn cells(table: &Table, row: usize, keys: &str) -> String {
    keys.split(' ').map(|it| cell(table, row, it)).collect::<Vec<_>>().join(" ")
}

fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Missing => "–".to_owned(),
        Cell::Text(text) | Cell::Person(_, text) => text.raw().to_owned(),
        Cell::Word(word) => word.clone(),
        Cell::Count(it) => it.to_string(),
        Cell::Rate(it) | Cell::Ratio(it) => it.micro.to_string(),
        Cell::Change(it) => it.micro.to_string(),
        Cell::Signed(it) | Cell::Millis(it) => it.to_string(),
        Cell::Instant(it) => {
            chrono::DateTime::from_timestamp_millis(*it).expect("a time").format("%m-%d %H:%M:%S").to_string()
        }
        Cell::Tenths(it) => format!("{}.{}", it / 10, it % 10),
        Cell::Bool(it) => it.to_string(),
        Cell::List(it) => it.iter().map(shown).collect::<Vec<_>>().join("+"),
        Cell::Record(it) => it.iter().map(|(key, it)| format!("{key}={}", shown(it))).collect(),
    }
}

/// Sentences in plain words.
pub fn words(sentences: &[super::Sentence]) -> Vec<String> {
    sentences.iter().map(|it| crate::render::plain(it, &Zone::utc())).collect()
}

/// The sentences at a path.
#[track_caller]
pub fn sentences(output: &Output, path: &[&str]) -> Vec<String> {
    let part = output.parts.iter().find(|it| it.path == path).expect("the part");
    let Body::Sentences(sentences) = &part.body else { panic!("no sentences at {path:?}") };
    words(sentences)
}

#[test]
fn the_order_of_lines_changes_no_report() {
    use super::{callbacks, frustration, funnel, heat_map, inspect, reactions, timeline, trend, waterfall};

    let customers = ["919811110001", "919811110002", "919811110003"];
    let mut lines = Vec::new();
    for (place, from) in customers.iter().enumerate() {
        for (outcome, minute) in [("rejected", 1), ("missed", 1), ("accepted", 5), ("ringing", 9)] {
            let instance = format!("{outcome}-{}", place % 2);
            lines.extend(call(outcome, &instance, from, &format!("10:0{minute}:00")));
        }
        let ids = [("one", "c"), ("two", "c"), ("one", "d")];
        let call_of = |(line, id): (&str, &str)| {
            let label = if place == 1 { "ASHA@x.in" } else { "asha@x.in" };
            timelines("Missed", line, &format!("{id}{place}"), from, "11:00:00").replace("asha@x.in", label)
        };
        lines.extend(ids.map(call_of));
        lines.push(outgoing("CALL_ENDED", &format!("o{place}"), from, "12:00:00"));
        lines.push(reaction("set", "👍", "c0", from, "11:30:00", &format!(r#"{{"👍":{place}}}"#)));
    }
    let all = |lines: &[String]| {
        let analysis = analysis(lines.to_vec());
        let outputs = [
            frustration::report(&analysis),
            callbacks::report(&analysis),
            timeline::report(&analysis, "+919811110001"),
            timeline::report(&analysis, "+919811110009"),
            reactions::report(&analysis),
            inspect::report(&analysis, &inspect::InspectExtra::default()),
        ];
        let tables = [waterfall::table, funnel::table, heat_map::table, trend::table].map(|it| it(&analysis));
        (outputs.map(|it| format!("{it:?}")), tables.map(|it| format!("{it:?}")))
    };
    let expected = all(&lines);
    for _ in 0..20 {
        lines.rotate_left(7);
        let middle = lines.len() / 2;
        lines[..middle].reverse();
        assert_eq!(all(&lines), expected);
    }
}

#[test]
fn tables_say_how_they_are_drawn() {
    use super::groups::Key;
    use super::{anomalies, funnel, heat_map, kpi, trend, waterfall};
    use crate::section::Chart;

    let analysis = analysis(call("rejected", "desk", "919811110001", "10:00:00"));
    let drawn = |output: &Output, path: &[&str]| table(output, path).chart;
    for by in [&[Key::Agent][..], &[Key::Provider, Key::Instance]] {
        let kpi = kpi::report(&analysis, by);
        assert_eq!(drawn(&kpi, &["rows"]), Some(Chart::Intervals));
        assert_eq!(drawn(&kpi, &["outgoing", "rows"]), Some(Chart::Intervals));
    }
    let anomalies = anomalies::report(&analysis, false);
    assert_eq!(drawn(&anomalies, &["incidents"]), Some(Chart::TimeLine));
    assert_eq!(drawn(&anomalies, &["rows"]), None);
    for (table, chart) in [
        (waterfall::table(&analysis), Chart::Waterfall),
        (funnel::table(&analysis), Chart::Funnel),
        (heat_map::table(&analysis), Chart::HeatMap),
        (trend::table(&analysis), Chart::Trend),
    ] {
        assert_eq!(table.chart, Some(chart));
        for column in &table.columns {
            assert!(crate::definitions::figure(column.key).is_some(), "{} is not defined", column.key);
        }
    }
}
