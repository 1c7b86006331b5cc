//! One line after another: each in one class, with its events and faults, whatever stands beside it.

use std::collections::BTreeMap;

use callsift::dialects::support::{ReadOptions, Reason};
use callsift::event::{Event, Origin, Reaction};
use callsift::json;
use callsift::ledger::Ledger;
use callsift::read::{Fault, Lines, Parsed, Readers, Wants, read_lines};
use callsift::text::{Interner, Text};
use callsift::time::{EARLIEST, TOO_LATE};
use callsift::zone::Zone;

use super::Dice;

/// Reads lines together, each alone, and by every parser.
pub fn lines(data: &[u8]) {
    let mut dice = Dice::of(data);
    let texts = Interner::default();
    let options = options(&mut dice);
    let whole = read(&options, &texts, 1, data);
    check_books(&whole, data);

    let mut apart = Found::default();
    let mut number = 1;
    let mut rest = data;
    while !rest.is_empty() {
        // A few lines at a time, often one.
        let mut length = 0;
        let mut count = 0;
        for line in rest.split_inclusive(|it| *it == b'\n').take(1 + dice.below(3)) {
            length += line.len();
            count += 1;
        }
        apart.add(read(&options, &texts, number, &rest[..length]));
        rest = &rest[length..];
        number += count;
    }
    Found::of(whole).must_equal(&apart, "in pieces");

    both_ways(data, &options, &texts, &mut dice);

    for line in data.split(|it| *it == b'\n') {
        check_validity(line);
    }
}

fn options(dice: &mut Dice) -> ReadOptions {
    let mut options = ReadOptions::default();
    match dice.below(5) {
        0 => options.as_sent = true,
        1 => options.naive_zone = Zone::named("Asia/Kolkata").expect("a zone"),
        2 => options.instance_name = Some("front-desk".to_owned()),
        3 => options.sources = vec![("other*".parse().expect("a pattern"), "back-office".to_owned())],
        _ => {}
    }
    options.keep_metadata = dice.below(2) == 0;
    options.fold = !options.as_sent && dice.below(4) > 0;
    options
}

fn read(options: &ReadOptions, texts: &Interner, first_line: u64, bytes: &[u8]) -> Parsed {
    let file = Text::new("dump.ndjson");
    let file_sym = texts.intern(file.raw());
    let lines = Lines { file: &file, file_sym, first_line, bytes, over: None };
    let wants = Wants { rejects: true, raw_lines: true, paths: true, others: true, digests: true };
    read_lines(&lines, options, texts, wants)
}

/// Lines that the fast way learns from, one of each provider; what it has learnt meets the lines of the input.
const TEACHERS: &[u8] = include_bytes!("teachers.ndjson");

/// Bytes of the lines that are read both ways.
const LONG: usize = 32 << 10;

/// Reads lines by shapes and in the plain way, which must find the same: the lines as they are, then each among
/// others that differ from it in one thing, so that every one of them meets what the others have taught.
fn both_ways(data: &[u8], options: &ReadOptions, texts: &Interner, dice: &mut Dice) {
    let mut options = options.clone();
    options.as_sent = false;
    let plain = ReadOptions { reference: true, ..options.clone() };
    let wants = Wants { rejects: true, digests: dice.below(2) == 0, ..Wants::default() };
    let fast = Readers::new(&options, texts, wants);
    let plain = Readers::new(&plain, texts, wants);
    let mut taught = if dice.below(2) == 0 { TEACHERS.to_vec() } else { Vec::new() };
    taught.extend(among_others(data, dice));
    for (bytes, block) in [(data, dice.pick(&[1 << 20, 300])), (&taught, 1 << 20), (&taught, 1000)] {
        let (mut rest, mut first_line) = (bytes, 1);
        while !rest.is_empty() {
            // As many lines as fit, and one at least.
            let least = rest.len().min(block);
            let end = memchr_from(rest, least - 1).map_or(rest.len(), |it| it + 1);
            let (head, tail) = rest.split_at(end);
            let name = dice.pick(&["dump.ndjson", "other.ndjson"]);
            let file = Text::new(name);
            let lines =
                Lines { file: &file, file_sym: texts.intern(name), first_line, bytes: head, over: None };
            let (by_shapes, plainly) = (fast.read(&lines), plain.read(&lines));
            assert_eq!(places(&by_shapes), places(&plainly), "faults by shapes");
            Found::of(by_shapes).must_equal(&Found::of(plainly), "by shapes");
            first_line += head.iter().filter(|it| **it == b'\n').count() as u64;
            rest = tail;
        }
    }
}

fn memchr_from(bytes: &[u8], at: usize) -> Option<usize> {
    bytes[at..].iter().position(|it| *it == b'\n').map(|it| it + at)
}

/// The lines, each followed by some that are nearly the same.
fn among_others(data: &[u8], dice: &mut Dice) -> Vec<u8> {
    let lines: Vec<&[u8]> = data.split(|it| *it == b'\n').filter(|it| !it.is_empty()).collect();
    let mut all = Vec::new();
    for line in &lines {
        let other = dice.pick(&lines);
        for changed in [line.to_vec(), line.to_vec(), changed(line, other, dice), changed(line, other, dice)]
        {
            all.extend(changed);
            all.push(b'\n');
        }
        if all.len() > LONG {
            break;
        }
    }
    all
}

/// The line with one thing changed.
fn changed(line: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let (at, from) = (dice.below(line.len()), dice.below(other.len()));
    let mut changed = line.to_vec();
    match dice.below(7) {
        0 => changed[at] ^= 1 << dice.below(8),
        1 => drop(changed.remove(at)),
        2 => changed.insert(at, dice.pick(b"\"\\{}[]:,09-.eE \t\r\xff\xc3a")),
        3 => changed.truncate(at),
        4 => {
            // All digits, and so all times, ids and numbers.
            let by = dice.below(9) as u8 + 1;
            let digits = changed.iter_mut().filter(|it| it.is_ascii_digit());
            digits.for_each(|it| *it = b'0' + (*it - b'0' + by) % 10);
        }
        5 => {
            let digits: Vec<usize> = (0..line.len()).filter(|it| line[*it].is_ascii_digit()).collect();
            if !digits.is_empty() {
                changed[dice.pick(&digits)] = b'0' + dice.below(10) as u8;
            }
        }
        // A piece of another line.
        _ => {
            let count = dice.below(40).min(other.len() - from);
            changed
                .splice(at..(at + dice.below(2) * count).min(line.len()), other[from..from + count].to_vec());
        }
    }
    changed.retain(|it| *it != b'\n');
    changed
}

/// Line, column, and what is wrong there.
type At = (u64, usize, Reason, &'static str, &'static str);

fn place(fault: &Fault) -> At {
    (fault.line, fault.column, fault.flaw.reason, fault.flaw.field, fault.flaw.expected)
}

/// Where the faults kept for messages are.
fn places(parsed: &Parsed) -> Vec<At> {
    parsed.faults.iter().map(place).collect()
}

fn check_books(parsed: &Parsed, data: &[u8]) {
    let books = &parsed.ledger;
    let ends = data.iter().filter(|it| **it == b'\n').count();
    let lines = ends + usize::from(data.last().is_some_and(|it| *it != b'\n'));
    assert_eq!(books.lines, lines as u64);
    assert_eq!(books.bytes, (data.len() - ends) as u64);
    books.balance(parsed.events.len() as u64, parsed.reactions.len() as u64).expect("the books balance");
    assert_eq!(parsed.rejects.len() as u64, books.invalid + books.invalid_bodies);
    assert_eq!(parsed.faults.len(), parsed.rejects.len().min(20));
    assert_eq!(parsed.digests.len(), parsed.events.len());
    assert_eq!(parsed.raw_lines.len(), parsed.events.len() + parsed.reactions.len());

    let all: Vec<&[u8]> = data.split(|it| *it == b'\n').collect();
    let line = |number: u64| all[usize::try_from(number).expect("a small number") - 1];
    for reject in &parsed.rejects {
        let fault = &reject.fault;
        assert!((1..=line(fault.line).len() + 1).contains(&fault.column), "{fault:?}");
        assert!(!reject.raw.contains(&b'\n'), "a reject is one line");
    }
    for (origin, raw) in &parsed.raw_lines {
        assert_eq!(&**raw, line(origin.line));
    }
    for event in &parsed.events {
        let times = [event.at, event.ended_at, event.received_at];
        let in_range = |it: &i64| (EARLIEST..TOO_LATE).contains(it);
        assert!(times.iter().flatten().all(in_range), "{event:?}");
        assert!(event.talk_ms.is_none_or(|it| it > 0), "{event:?}");
    }
}

/// What is JSON is one rule; it agrees with `serde_json` wherever both say the same by design.
fn check_validity(line: &[u8]) {
    let ours = json::check(line);
    let too_deep = ours.is_err_and(|it| it.too_deep);
    if serde_json::from_slice::<serde_json::Value>(line).is_ok() {
        assert!(ours.is_ok() || too_deep, "good JSON is refused: {ours:?}");
    }
    // It does not look into what is skipped, but what it refuses there is no JSON.
    if line.is_ascii() && ours.is_ok() {
        let skipped = serde_json::from_slice::<serde::de::IgnoredAny>(line);
        assert!(skipped.is_ok(), "bad JSON is taken: {skipped:?}");
    }
}

/// What was found, in a form that does not depend on where the bytes lie.
#[derive(Default)]
struct Found {
    events: Vec<Event>,
    reactions: Vec<Reaction>,
    ledger: Ledger,
    rejects: Vec<(At, Vec<u8>)>,
    raw_lines: Vec<(Origin, Box<[u8]>)>,
    digests: Vec<(Origin, [u8; 32])>,
    counts: [BTreeMap<Text, u64>; 2],
}

impl Found {
    fn of(parsed: Parsed) -> Self {
        let mut found = Self::default();
        found.add(parsed);
        found
    }

    fn add(&mut self, parsed: Parsed) {
        self.events.extend(parsed.events);
        self.reactions.extend(parsed.reactions);
        self.ledger.add(parsed.ledger);
        self.rejects.extend(parsed.rejects.into_iter().map(|it| (place(&it.fault), it.raw)));
        self.raw_lines.extend(parsed.raw_lines);
        self.digests.extend(parsed.digests);
        for (sum, part) in self.counts.iter_mut().zip([parsed.paths, parsed.others]) {
            for (name, count) in part {
                *sum.entry(name).or_default() += count;
            }
        }
    }

    fn must_equal(&self, other: &Self, how: &str) {
        assert_eq!(self.ledger, other.ledger, "{how}");
        assert_eq!(self.rejects, other.rejects, "{how}");
        assert_eq!(self.events, other.events, "{how}");
        assert_eq!(self.reactions, other.reactions, "{how}");
        assert_eq!(self.raw_lines, other.raw_lines, "{how}");
        assert_eq!(self.digests, other.digests, "{how}");
        assert_eq!(self.counts, other.counts, "{how}");
    }
}
