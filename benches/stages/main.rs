//! One measurement a stage, from the blocks of a file to the bytes of a report. `cargo bench --bench stages`
//! measures, `cargo bench --bench stages -- rebuild` a part of it; `cargo test` runs each thrice on a small input,
//! so that none of them rots.

#![expect(clippy::print_stdout, reason = "what was measured is the output")]

mod harness;
mod made;

use std::fs;
use std::io::Write as _;
use std::sync::Arc;

use callsift::analysis::{Analysis, Countries};
use callsift::contact_rules::PROFILES;
use callsift::dialects::Provider;
use callsift::document::{self, common_parameters};
use callsift::input::blocks::{Buffer, Options, Piece, Reader, Total};
use callsift::input::decode::Progress;
use callsift::input::sources;
use callsift::json;
use callsift::render::{Format, Style, render};
use callsift::reports::check::Gates;
use callsift::reports::groups::Key;
use callsift::reports::{
    Output, anomalies, avoidance, callbacks, check, contacts, frustration, inspect, kpi, overview, reactions,
    sessions, timeline,
};
use callsift::section::Document;
use callsift::synth::Shape;
use callsift::text::Interner;

use harness::{Amount, Harness, checksum};

fn main() {
    let harness = Harness::from_args();
    // As many calls as make each stage busy for some milliseconds.
    let (calls, mixed) = if harness.measuring { (60_000, 12_000) } else { (200, 60) };
    let calls = made::generated(Shape::Calls, calls);
    let mixed = made::with_demo(made::generated(Shape::Mixed, mixed));

    read_blocks(&harness, &calls);
    recognise(&harness, &calls, &mixed);
    parse(&harness, &mixed);
    rebuild(&harness, &calls, &mixed);
    report(&harness, &mixed);
    render_each(&harness, &mixed);
}

/// Blocks of whole lines out of a file.
fn read_blocks(harness: &Harness, dump: &[u8]) {
    let mut file = tempfile::NamedTempFile::with_suffix(".ndjson").expect("a file");
    file.write_all(dump).expect("room for it");
    let found = sources::find(&[file.path().into()], None);
    let options = Options {
        block_bytes: callsift::pipeline::BLOCK_BYTES,
        line_limit: callsift::pipeline::LINE_LIMIT,
        over_keep: 0,
        is_json: json::is_complete,
        digest: false,
        by_member: false,
        one_by_one: false,
    };
    let all_blocks = |()| {
        let progress = Arc::new(Progress::of(&found.sources));
        let reader = Reader::new(&found.sources, options, progress);
        let (mut last, mut totals, mut spare) = (0, Total::default(), Buffer::default());
        while let Some((_, piece)) = reader.next(&mut spare) {
            match piece {
                Piece::Block { block, .. } => {
                    last = block.first_line;
                    spare = block.bytes;
                }
                Piece::End(finished) => totals = finished.total,
            }
        }
        (last, totals)
    };
    harness.run(
        "blocks",
        Amount::Bytes(dump.len()),
        || (),
        all_blocks,
        |(last, total)| checksum(format!("{last} {} {}", total.lines, total.bytes).as_bytes()),
    );
    fs::remove_file(file.path()).expect("it is there");
}

/// Whether lines are JSON, and whether they are calls.
fn recognise(harness: &Harness, calls: &[u8], mixed: &[u8]) {
    let messages = made::lines_of(None, mixed);
    for (name, bytes) in [("calls", calls), ("messages", &messages)] {
        let valid = |()| bytes.split(|it| *it == b'\n').filter(|it| json::check(it).is_ok()).count() as u64;
        harness.run(&format!("json/{name}"), Amount::Bytes(bytes.len()), || (), valid, |it| *it);
    }
    parse_one(harness, "recognise/messages", &messages);
}

/// Each provider's lines to events, on one thread.
fn parse(harness: &Harness, mixed: &[u8]) {
    for provider in Provider::all() {
        let name = format!("parse/{}", provider.name());
        parse_one(harness, &name, &made::lines_of(Some(provider), mixed));
    }
}

fn parse_one(harness: &Harness, name: &str, bytes: &[u8]) {
    let amount = Amount::Bytes(bytes.len());
    harness.run(name, amount, Interner::default, |it| made::read(bytes, &it), made::sum_of_read);
}

/// Events to sessions, and the countries of those who called.
fn rebuild(harness: &Harness, calls: &[u8], mixed: &[u8]) {
    for (name, bytes) in [("calls", calls), ("mixed", mixed)] {
        let (events, texts) = made::events(bytes);
        let amount = Amount::Sessions(made::rebuilt(&events, &texts).sessions.len());
        harness.run(
            &format!("rebuild/{name}"),
            amount,
            || (),
            |()| made::rebuilt(&events, &texts),
            made::sum_of_sessions,
        );
    }
    let analysis = made::analysis(calls);
    let customers = || analysis.sessions().iter().filter_map(|it| it.customer);
    harness.run(
        "countries",
        Amount::Sessions(analysis.sessions().len()),
        Countries::wanted,
        |known| {
            let countries = customers().map(|it| known.of(it, &analysis.texts));
            countries.collect::<Vec<_>>()
        },
        |it| checksum(format!("{it:?}").as_bytes()),
    );
}

/// A report with its name.
type Report = (&'static str, fn(&Analysis) -> Output);

/// Every report that takes nothing but sessions.
const REPORTS: [Report; 15] = [
    ("overview", overview::report),
    ("kpi by agent", |it| kpi::report(it, &[Key::Agent])),
    ("kpi by hour and country", |it| kpi::report(it, &[Key::Hour, Key::Country])),
    ("frustration", frustration::report),
    ("callbacks", callbacks::report),
    ("anomalies", |it| anomalies::report(it, false)),
    ("orphans", |it| anomalies::report(it, true)),
    ("sessions", sessions::report),
    ("rejections", sessions::rejections),
    ("timeline", |it| timeline::report(it, "+915551000000")),
    ("avoidance", avoidance::report),
    ("contacts", |it| contacts::report(it, &PROFILES.iter().collect::<Vec<_>>())),
    ("reactions", reactions::report),
    ("inspect", |it| inspect::report(it, &inspect::InspectExtra::default())),
    ("check", gates),
];

fn gates(analysis: &Analysis) -> Output {
    let gates = Gates { max_rejection_rate: Some(300_000), max_priority_1: Some(3), ..Gates::default() };
    check::report(analysis, &gates)
}

/// Sessions to sections.
fn report(harness: &Harness, mixed: &[u8]) {
    let analysis = made::analysis(mixed);
    for (name, report) in REPORTS {
        harness.run(
            &format!("report/{name}"),
            Amount::Sessions(analysis.sessions().len()),
            || &analysis,
            report,
            |it| checksum(format!("{it:?}").as_bytes()),
        );
    }
}

/// Sections to bytes, in every format.
fn render_each(harness: &Harness, mixed: &[u8]) {
    let analysis = made::analysis(mixed);
    let framed = |name, output| document::document(name, common_parameters(&analysis), &analysis, output);
    let overview = framed("report", overview::report(&analysis));
    let gates = framed("check", gates(&analysis));
    let style = Style {
        zone: &analysis.options.zone,
        width: None,
        color: false,
        csv_raw: false,
        section: None,
        columns: &[],
    };
    let bytes = |document: &Document, format| {
        let mut out = Vec::new();
        render(document, format, &style, &mut out).expect("memory takes everything");
        out
    };
    let of_all = Format::ALL.map(|it| (&overview, it));
    let of_gates = Format::OF_GATES.map(|it| (&gates, it));
    for (document, format) in of_all.into_iter().chain(of_gates) {
        harness.run(
            &format!("render/{}", format.name()),
            Amount::Bytes(bytes(document, format).len()),
            || (),
            |()| bytes(document, format),
            |it| checksum(it),
        );
    }
}
