//! The inputs of the stages. All that the benches know of how a run is put together stands here.

use std::collections::HashMap;

use callsift::analysis::{Analysis, Countries, ReportOptions};
use callsift::dialects::Provider;
use callsift::dialects::support::ReadOptions;
use callsift::event::Event;
use callsift::read::{Lines, Parsed, Wants, read_lines};
use callsift::session::{Rebuilt, Rules, assign, drop_repeated_reactions, rebuild};
use callsift::side::{Agents, Customers, Roster};
use callsift::synth::{Shape, demo, dump};
use callsift::text::{Interner, Text, Texts};
use callsift::zone::Zone;

use super::harness::checksum;

/// A generated dump.
pub fn generated(shape: Shape, calls: u64) -> Vec<u8> {
    let mut out = Vec::new();
    dump(shape, calls, 1, &mut out).expect("memory takes everything");
    out
}

/// A month of the demo behind it: it holds what big dumps lack, outgoing calls and reactions.
pub fn with_demo(mut bytes: Vec<u8>) -> Vec<u8> {
    for (_, it) in demo(2026).files.iter().filter(|(name, _)| name.ends_with(".ndjson")) {
        bytes.extend_from_slice(it);
    }
    bytes
}

/// Reads lines on one thread.
pub fn read(bytes: &[u8], texts: &Interner) -> Parsed {
    let file = Text::new("dump.ndjson");
    let lines = Lines { file: &file, file_sym: texts.intern(file.raw()), first_line: 1, bytes, over: None };
    read_lines(&lines, &ReadOptions::default(), texts, Wants::default())
}

/// What was read, by its books.
pub fn sum_of_read(parsed: &Parsed) -> u64 {
    let times = parsed.events.iter().filter_map(|it| it.at).fold(0_i64, i64::wrapping_add);
    checksum(format!("{:?} {times}", parsed.ledger).as_bytes())
}

/// The lines of a provider's calls; without a provider those that are no calls.
pub fn lines_of(provider: Option<Provider>, bytes: &[u8]) -> Vec<u8> {
    let texts = Interner::default();
    let is_its = |line: &&[u8]| read(line, &texts).events.first().map(|it| it.provider) == provider;
    bytes.split_inclusive(|it| *it == b'\n').filter(is_its).flatten().copied().collect()
}

/// Events to rebuild calls from.
pub fn events(bytes: &[u8]) -> (Vec<Event>, Texts) {
    let texts = Interner::default();
    let parsed = read(bytes, &texts);
    (parsed.events, texts.freeze())
}

/// Sessions out of events.
pub fn rebuilt(events: &[Event], texts: &Texts) -> Rebuilt {
    rebuild(events, Customers::default().hidden(), &Rules::default(), texts)
}

/// How many sessions there are, and how they came out.
pub fn sum_of_sessions(rebuilt: &Rebuilt) -> u64 {
    let each = rebuilt.sessions.iter().map(|it| (it.started_at, it.outcome, it.ring_ms, it.orphan));
    each.fold(0, |sum, it| checksum(format!("{sum} {it:?}").as_bytes()))
}

/// Everything that reports look at.
pub fn analysis(bytes: &[u8]) -> Analysis {
    let texts = Interner::default();
    let Parsed { events, mut reactions, mut ledger, .. } = read(bytes, &texts);
    let texts = texts.freeze();
    let mut rebuilt = rebuilt(&events, &texts);
    assign(&mut rebuilt.sessions, &Roster::default(), &Agents::default(), &HashMap::new(), &texts);
    ledger.duplicates = rebuilt.duplicates;
    ledger.duplicate_reactions = drop_repeated_reactions(&mut reactions, &texts);
    let zone = Zone::named("Asia/Kolkata").expect("a zone");
    Analysis {
        subject: vec![true; rebuilt.sessions.len()],
        texts,
        rebuilt,
        reactions,
        ledger,
        countries: Countries::wanted(),
        options: ReportOptions { zone, zone_given: true, ..ReportOptions::default() },
        filtered: false,
        ..Analysis::empty()
    }
}
