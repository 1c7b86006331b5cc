//! The frame around a report: parameters, the books, and the sentences on top.

use std::collections::BTreeMap;

use crate::analysis::{Analysis, Filter};
use crate::definitions::column;
use crate::ledger::{Bytes, Ledger};
use crate::reports::Output;
use crate::reports::notes::{notes, plural};
use crate::section::{Body, Cell, Document, Part, Person, Piece, Rate, Shown, Table, say};
use crate::store::{Glance, around};
use crate::text::Text;
use crate::zone::TZDB_VERSION;

/// Where the books of each input stand.
pub const INPUT: [&str; 2] = ["input", "rows"];

/// Parameters by name, in a fixed order.
pub type Parameters = Vec<(String, Cell)>;

/// Puts a report into its frame. `command` names the schema.
pub fn document(command: &str, parameters: Parameters, analysis: &Analysis, output: Output) -> Document {
    let mut preface = vec![period(analysis)];
    preface.extend(books(analysis));
    preface.extend(output.preface);
    let mut parts = output.parts;
    // Events are no report but a part of a dump, which is read again.
    if command != "events" {
        parts.push(input(analysis));
    }
    let mut all_notes = output.notes;
    all_notes.extend(notes(analysis));
    Document {
        schema: format!("callsift.{command}/1"),
        parameters,
        accounting: accounting(analysis),
        preface,
        parts,
        notes: all_notes,
    }
}

/// The parameters that every command has.
pub fn common_parameters(analysis: &Analysis) -> Parameters {
    let options = &analysis.options;
    let entry = |name: &str, cell| (name.to_owned(), cell);
    vec![
        entry("callsift_version", Cell::word(env!("CARGO_PKG_VERSION"))),
        entry("tz", Cell::word(options.zone.name())),
        entry("tz_origin", Cell::word(options.zone_origin.name())),
        entry("tzdb_version", Cell::word(TZDB_VERSION)),
        entry("privacy", Cell::word("full")),
        entry("business_hours", Cell::Word(options.hours.to_string())),
        entry("holidays", Cell::Count(options.holidays.len() as u64)),
        entry("include_group", Cell::Bool(options.include_group)),
        entry("ring_timeout_ms", Cell::Millis(options.ring_timeout_ms)),
        entry("min_calls", Cell::Count(options.min_calls)),
        entry("flag_rate", Cell::Rate(Rate::given(options.flag_rate))),
        entry("min_verdict_calls", Cell::Count(options.min_verdict_calls)),
        entry("window_ms", Cell::Millis(options.window_ms)),
        entry("threshold", Cell::Rate(Rate::given(options.threshold_milli as u64 * 1000))),
        entry("debounce_ms", Cell::Millis(options.debounce_ms)),
        entry("callback_sla_ms", Cell::Millis(options.callback_sla_ms)),
        entry("callbacks_from", Cell::word(options.callbacks_from.name())),
        entry(
            "weights",
            Cell::Record(
                [("rejected", 15), ("missed", 10), ("ringing", 10), ("answered", 5)]
                    .map(|(name, tenths)| (name.to_owned(), Cell::Tenths(tenths)))
                    .to_vec(),
            ),
        ),
    ]
}

/// The filter as parameters: only what was given.
pub fn filter_parameters(filter: &Filter) -> Parameters {
    let texts = |list: &[String]| Cell::List(list.iter().map(|it| Cell::Text(Text::new(it))).collect());
    let words = |list: Vec<&'static str>| Cell::List(list.into_iter().map(Cell::word).collect());
    let mut given = Vec::new();
    let mut add = |name: &str, is_given: bool, cell: Cell| {
        if is_given {
            given.push((name.to_owned(), cell));
        }
    };
    add("since", filter.since.is_some(), Cell::opt(filter.since, Cell::Instant));
    add("until", filter.until.is_some(), Cell::opt(filter.until, Cell::Instant));
    let providers: Vec<&str> = filter.providers.iter().map(|it| it.name()).collect();
    add("provider", !providers.is_empty(), words(providers));
    let people = |who: Person, list: &[String]| {
        Cell::List(list.iter().map(|it| Cell::Person(who, Text::new(it))).collect())
    };
    add("instance", !filter.instances.is_empty(), texts(&filter.instances));
    add("agent", !filter.agents.is_empty(), people(Person::Agent, &filter.agents));
    add("customer", !filter.customers.is_empty(), people(Person::Customer, &filter.customers));
    for (name, list) in [
        ("direction", filter.directions.iter().map(|it| it.name()).collect::<Vec<_>>()),
        ("outcome", filter.outcomes.iter().map(|it| it.name()).collect()),
        ("cause", filter.causes.iter().map(|it| it.name()).collect()),
        ("declined_by", filter.declined_by.iter().map(|it| it.name()).collect()),
    ] {
        add(name, !list.is_empty(), words(list));
    }
    given
}

/// The books, in the order and with the names that the figures' definitions give.
pub fn accounting(analysis: &Analysis) -> Vec<(String, Cell)> {
    let ledger = &analysis.ledger;
    let record = |pairs: &[(&str, u64)]| {
        Cell::Record(pairs.iter().map(|(name, count)| ((*name).to_owned(), Cell::Count(*count))).collect())
    };
    let sessions = analysis.sessions();
    let count = |of: &dyn Fn(&Glance) -> bool| -> u64 {
        analysis.census().iter().filter(|it| of(&it.glance)).map(|it| it.all).sum()
    };
    let incoming = count(&|it| it.direction == crate::event::Direction::Incoming);
    let total = sessions.len() as u64;
    let entry = |name: &str, cell: Cell| (name.to_owned(), cell);
    let mut lines = vec![
        ("total", ledger.lines),
        ("call", ledger.call),
        ("reaction", ledger.reaction),
        ("other", ledger.other),
        ("invalid", ledger.invalid),
        ("blank", ledger.blank),
    ];
    // Only where such lines were left out, which is rare.
    if ledger.unverified > 0 {
        lines.push(("unverified", ledger.unverified));
    }
    let bytes = analysis.bytes();
    vec![
        entry("lines", record(&lines)),
        entry(
            "bytes",
            record(&[("total", bytes.total), ("lines", bytes.in_lines), ("outside", bytes.outside)]),
        ),
        entry("invalid_bodies", Cell::Count(ledger.invalid_bodies)),
        entry(
            "events",
            record(&[
                ("total", ledger.events),
                ("duplicates", ledger.duplicates),
                ("unique", ledger.events - ledger.duplicates),
            ]),
        ),
        entry(
            "reactions",
            record(&[
                ("total", ledger.reactions),
                ("duplicates", ledger.duplicate_reactions),
                ("unique", ledger.reactions - ledger.duplicate_reactions),
            ]),
        ),
        entry(
            "sessions",
            record(&[
                ("total", total),
                ("incoming", incoming),
                ("outgoing", total - incoming),
                ("orphans", count(&|it| it.orphan.is_some())),
                ("untimed", count(&|it| !it.is_timed())),
                ("selected", analysis.subject.iter().filter(|it| **it).count() as u64),
            ]),
        ),
        entry(
            "invalid_reasons",
            named(ledger.invalid_reasons.iter().map(|(it, n)| (it.name().to_owned(), *n))),
        ),
        entry("envelopes", named(ledger.envelopes.iter().map(|(it, n)| (it.clone(), *n)))),
        entry(
            "unknown_call_events",
            named(ledger.unknown_call_events.iter().map(|(it, n)| (it.raw().to_owned(), *n))),
        ),
        entry("repaired_text", Cell::Count(ledger.repaired_text)),
        entry("watermark", Cell::opt(analysis.rebuilt.watermark, Cell::Instant)),
    ]
}

/// The books of each input, and of all of them as the total.
fn input(analysis: &Analysis) -> Part {
    let books = |ledger: &Ledger, bytes: Bytes| {
        [
            ledger.lines,
            ledger.call,
            ledger.reaction,
            ledger.other,
            ledger.invalid,
            ledger.blank,
            ledger.unverified,
            bytes.total,
            bytes.in_lines,
            bytes.outside,
        ]
        .map(Cell::Count)
    };
    let row = |name: Cell, books: [Cell; 10]| [name].into_iter().chain(books).collect::<Vec<_>>();
    let accounts = &analysis.accounts;
    let unverified = if analysis.ledger.unverified > 0 { Shown::Always } else { Shown::OnRequest };
    let table = Table {
        title: "What was read".into(),
        columns: vec![
            column("input", Shown::Always),
            column("lines", Shown::Always),
            column("call_lines", Shown::Always),
            column("reaction_lines", Shown::Always),
            column("other_lines", Shown::Always),
            column("invalid_lines", Shown::Always),
            column("blank_lines", Shown::Always),
            column("unverified_lines", unverified),
            column("bytes", Shown::Always),
            column("line_bytes", Shown::OnRequest),
            column("outside_bytes", Shown::OnRequest),
        ],
        rows: accounts
            .iter()
            .map(|it| row(Cell::Text(it.name.clone()), books(&it.ledger, it.bytes())))
            .collect(),
        total: Some(row(Cell::Missing, books(&analysis.ledger, analysis.bytes()))),
        empty: "Nothing was read.".into(),
        ..Table::default()
    };
    Part { path: INPUT.to_vec(), body: Body::Rows(table) }
}

fn named(counts: impl Iterator<Item = (String, u64)>) -> Cell {
    let sorted: BTreeMap<String, u64> = counts.collect();
    Cell::Record(sorted.into_iter().map(|(name, count)| (name, Cell::Count(count))).collect())
}

/// From when to when, in which zone.
fn period(analysis: &Analysis) -> Vec<Piece> {
    let zone = analysis.options.zone.name();
    match analysis.census_of_subjects().map(|it| it.starts).fold(None, around) {
        Some((first, last)) => vec![
            Piece::Say("Calls from ".into()),
            Piece::Value(Cell::Instant(first)),
            Piece::Say(" to ".into()),
            Piece::Value(Cell::Instant(last)),
            Piece::Say(format!(", times in {zone}.")),
        ],
        None => say(format!("No call with a time; times in {zone}.")),
    }
}

/// The ledger in words.
fn books(analysis: &Analysis) -> Vec<Vec<Piece>> {
    let ledger = &analysis.ledger;
    let selected = analysis.subject.iter().filter(|it| **it).count() as u64;
    let total = analysis.sessions().len() as u64;
    let bytes = analysis.bytes();
    let mut lines = format!(
        "{}, {}: {} with call events, {} with reactions, {} other, {} invalid, {} blank.",
        plural(ledger.lines, "line", "lines"),
        plural(bytes.total, "byte", "bytes"),
        ledger.call,
        ledger.reaction,
        ledger.other,
        ledger.invalid,
        ledger.blank
    );
    if ledger.unverified > 0 {
        lines.push_str(&format!(
            " {} left out as unverified.",
            plural(ledger.unverified, "line was", "lines were")
        ));
    }
    if ledger.invalid_bodies > 0 {
        lines.push_str(&format!(
            " {} invalid on good lines.",
            plural(ledger.invalid_bodies, "body is", "bodies are")
        ));
    }
    let orphans =
        analysis.census().iter().filter(|it| it.glance.orphan.is_some()).map(|it| it.all).sum::<u64>();
    let mut events = format!(
        "{}, {} of them repeated, make {}; {}.",
        plural(ledger.events, "event", "events"),
        ledger.duplicates,
        plural(total, "session", "sessions"),
        plural(orphans, "is an end without its call", "are ends without their call"),
    );
    if analysis.filtered {
        events.push_str(&format!(" {selected} of them selected by the filters."));
    }
    vec![say(lines), say(events)]
}
