//! Lines in, events out: each line gets its class, each body its dialect, each fault its place.
//!
//! No state crosses a line, so blocks can be read in any order and by any number of threads.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::capture::{self, Place, Visitor};
use crate::dialects::support::{Body, Capture, Flaw, ReadOptions, Reason};
use crate::dialects::{self, Reading};
use crate::event::{Event, Origin, Reaction};
use crate::json::{self, Raw};
use crate::ledger::Ledger;
use crate::shapes::{Hit, Run, Shapes};
use crate::store::{Deal, Record};
use crate::text::{Interner, Number, Sym, Text};

/// What a command wants kept besides events and counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants {
    /// Invalid lines and bodies, unchanged.
    pub rejects: bool,
    /// The raw lines behind events.
    pub raw_lines: bool,
    /// Paths that bodies were posted to.
    pub paths: bool,
    /// What lines are that hold neither a call event nor a reaction.
    pub others: bool,
    /// The SHA-256 of each source, and of each line behind a call event.
    pub digests: bool,
}

/// Faults kept from each block for showing; all are counted.
const FAULTS_KEPT: usize = 20;

/// An invalid line or body, for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file's name.
    pub file: Sym,
    /// The line, from 1.
    pub line: u64,
    /// The byte in the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub flaw: Flaw,
}

/// An invalid line or body, for `--rejects`.
#[derive(Clone, Debug)]
pub struct Reject {
    /// Where and why.
    pub fault: Fault,
    /// The bytes as read.
    pub raw: Vec<u8>,
    /// How long the line was, if only its beginning was kept.
    pub cut_from: Option<u64>,
}

/// What a block of lines holds.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Call events, in the order of the input.
    pub events: Vec<Event>,
    /// Further call events, packed, in the order of the input.
    pub packed: Vec<Record>,
    /// Emptied lists for the next block.
    pub(crate) spare: Callers,
    /// Reactions.
    pub reactions: Vec<Reaction>,
    /// The books of this block.
    pub ledger: Ledger,
    /// The first faults.
    pub faults: Vec<Fault>,
    /// All of them with their lines, if wanted.
    pub rejects: Vec<Reject>,
    /// The raw lines behind the events, if wanted.
    pub raw_lines: Vec<(Origin, Box<[u8]>)>,
    /// The SHA-256 of the lines behind the call events, if wanted: of the bytes between line ends.
    pub digests: Vec<(Origin, [u8; 32])>,
    /// How often each path was posted to, if wanted.
    pub paths: BTreeMap<Text, u64>,
    /// What else there is, if wanted: names of events, else keys.
    pub others: BTreeMap<Text, u64>,
}

/// The first keys of an object, in their order of the alphabet.
fn keys(line: Raw<'_>) -> Text {
    let mut keys: Vec<String> = line.members().take(8).map(|(key, _)| key.text().into_owned()).collect();
    keys.sort();
    keys.dedup();
    Text::new(&if keys.is_empty() { "(no object)".to_owned() } else { format!("keys {}", keys.join(", ")) })
}

/// Whole lines of one file.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'a> {
    /// The file's name as given.
    pub file: &'a Text,
    /// Its symbol.
    pub file_sym: Sym,
    /// The number of the first line, from 1.
    pub first_line: u64,
    /// The lines, with LF between them.
    pub bytes: &'a [u8],
    /// The one line was longer than allowed, so long; `bytes` are its beginning.
    pub over: Option<u64>,
}

/// Emptied lists to put events into: blocks hold so many that getting the memory anew for each costs as
/// much as reading some lines.
#[derive(Debug, Default)]
pub struct Spare {
    /// For [`Parsed::events`].
    pub events: Vec<Event>,
    /// For [`Parsed::packed`].
    pub packed: Vec<Record>,
    callers: Callers,
}

/// The customers of a block who have no symbol yet.
#[derive(Debug, Default)]
pub struct Callers {
    numbers: Vec<Number>,
    /// The places of their events, each with that of its number.
    events: Vec<(u32, u32)>,
    /// Where numbers stand that were met last, by a few of their bits.
    recent: Vec<u32>,
    symbols: Vec<Option<Sym>>,
}

impl Callers {
    /// Numbers that are remembered: the events of one call stand near each other as a rule.
    const RECENT: usize = 1024;

    /// The customer of the event at a place.
    #[inline]
    fn push(&mut self, place: usize, number: Number) {
        if self.recent.is_empty() {
            self.recent = vec![0; Self::RECENT];
        }
        let at = &mut self.recent[number.mixed() as usize % Self::RECENT];
        if self.numbers.get(*at as usize) != Some(&number) {
            *at = self.numbers.len() as u32;
            self.numbers.push(number);
        }
        self.events.push((place as u32, *at));
    }

    /// Gives these events their customers.
    fn settle(&mut self, events: &mut [Record], texts: &Interner) {
        self.symbols.resize(self.numbers.len(), None);
        texts.intern_numbers(&self.numbers, |number, it| self.symbols[number] = Some(it));
        for (place, number) in self.events.drain(..) {
            let record = &mut events[place as usize];
            *record = record.of_customer(self.symbols[number as usize]);
        }
        self.numbers.clear();
        self.symbols.clear();
    }
}

impl Spare {
    /// What a block has no more use for that is kept until its source ends.
    pub fn of_held(parsed: &mut Parsed) -> Self {
        Self { callers: std::mem::take(&mut parsed.spare), ..Self::default() }
    }

    /// The lists of a block, from which the events were taken.
    pub fn of(parsed: &mut Parsed) -> Self {
        let callers = std::mem::take(&mut parsed.spare);
        let (events, packed) = (std::mem::take(&mut parsed.events), std::mem::take(&mut parsed.packed));
        Self { events, packed, callers }
    }
}

/// Reads blocks of one run, each on the thread that asks.
pub struct Readers<'r> {
    options: &'r ReadOptions,
    texts: &'r Interner,
    wants: Wants,
    deal: Deal,
    /// What was learnt of the lines, where nobody is using it.
    idle: Mutex<Vec<Shapes>>,
}

impl<'r> Readers<'r> {
    /// Readers that have learnt nothing yet.
    pub fn new(options: &'r ReadOptions, texts: &'r Interner, wants: Wants) -> Self {
        Self { options, texts, wants, deal: Deal::default(), idle: Mutex::default() }
    }

    /// What packed events refer to.
    pub fn deal(&self) -> &Deal {
        &self.deal
    }

    /// The same, once all is read.
    pub fn into_deal(self) -> Deal {
        self.deal
    }

    /// Reads the lines of a block, and packs no event.
    pub fn read(&self, lines: &Lines<'_>) -> Parsed {
        let mut parsed = self.read_into(lines, Spare::default());
        parsed.events.extend(self.deal.events(&std::mem::take(&mut parsed.packed)));
        parsed.events.sort_by_key(|it| (it.origin.line, it.origin.body));
        parsed
    }

    /// Reads the lines of a block.
    pub fn read_into(&self, lines: &Lines<'_>, spare: Spare) -> Parsed {
        let options = self.options;
        // What few commands ask for is kept by the plain way alone.
        let plain = options.reference
            || options.as_sent
            || options.body_path.is_some()
            || self.wants.raw_lines
            || self.wants.paths
            || self.wants.others;
        if plain || lines.over.is_some() {
            return read_lines(lines, options, self.texts, self.wants);
        }
        let run = Run { options, texts: self.texts, deal: &self.deal };
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shapes = idle().pop().unwrap_or_default();
        let parsed = read_by_shapes(&mut shapes, lines, spare, run, self.wants);
        idle().push(shapes);
        parsed
    }

    /// Lines recognised by their shape, and lines learnt from.
    pub fn statistics(&self) -> (u64, u64) {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.iter().map(|it| it.statistics()).fold((0, 0), |all, it| (all.0 + it.0, all.1 + it.1))
    }
}

/// Reads the lines of a block, those of a known shape the fast way.
fn read_by_shapes(
    shapes: &mut Shapes,
    lines: &Lines<'_>,
    Spare { events, packed, mut callers }: Spare,
    run: Run<'_>,
    wants: Wants,
) -> Parsed {
    let _at = AtFile::of(lines);
    let Run { options, texts, .. } = run;
    let mut parsed = Parsed { events, packed, ..Parsed::default() };
    shapes.begin(lines.file_sym, options);
    let mut rest = lines.bytes;
    let mut number = lines.first_line;
    while !rest.is_empty() {
        LINE.set(number);
        let origin = Origin { file: lines.file_sym, line: number, body: 0 };
        if let Some((hit, length)) = shapes.read(rest, origin, run) {
            if wants.digests && !matches!(hit, Hit::Other) {
                let line = rest[..length].strip_suffix(b"\n").unwrap_or(&rest[..length]);
                parsed.digests.push((origin, Sha256::digest(line).into()));
            }
            match hit {
                Hit::Other => {}
                Hit::Call(event) => parsed.events.push(event),
                Hit::Packed(record) => parsed.packed.push(record),
                Hit::Of(record, number) => {
                    callers.push(parsed.packed.len(), number);
                    parsed.packed.push(record);
                }
            }
            rest = &rest[length..];
        } else {
            let (line, next) = cut(rest);
            #[cfg(debug_assertions)]
            assert!(line != FAULTY_LINE, "a line that is made to fail");
            let before = parsed.marks();
            parsed.line(line, number, lines, options, texts, wants);
            if shapes.is_curious() {
                match parsed.marks().since(before) {
                    Some(Class::Other) => shapes.learn(line, None, run),
                    Some(Class::Call) => shapes.learn(line, parsed.events.last(), run),
                    None => {}
                }
            }
            rest = next;
        }
        number += 1;
    }
    callers.settle(&mut parsed.packed, texts);
    parsed.spare = callers;
    shapes.settle(&mut parsed.ledger);
    parsed.count_bytes(lines);
    parsed
}

/// Counts by which it is told what the line between them was.
#[derive(Clone, Copy)]
struct Marks {
    other: u64,
    call: u64,
    events: u64,
    repaired_text: u64,
}

/// What is learnt from: lines of a single body in good order.
enum Class {
    Other,
    Call,
}

impl Marks {
    fn since(self, before: Self) -> Option<Class> {
        let call = self.call - before.call;
        let events = self.events - before.events;
        match (self.other - before.other, call, events, self.repaired_text - before.repaired_text) {
            (1, 0, 0, 0) => Some(Class::Other),
            (0, 1, 1, 0) => Some(Class::Call),
            _ => None,
        }
    }
}

/// The first line without its line end, and what follows.
fn cut(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\n', bytes) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &bytes[bytes.len()..]),
    }
}

thread_local! {
    /// The file and the line that this thread reads.
    static FILE: RefCell<Option<Text>> = const { RefCell::new(None) };
    static LINE: Cell<u64> = const { Cell::new(0) };
}

/// Keeps the file that this thread reads, as long as it does.
struct AtFile;

impl AtFile {
    fn of(lines: &Lines<'_>) -> Self {
        FILE.with_borrow_mut(|it| *it = Some(lines.file.clone()));
        LINE.set(lines.first_line);
        Self
    }
}

impl Drop for AtFile {
    fn drop(&mut self) {
        FILE.with_borrow_mut(|it| *it = None);
    }
}

/// The file and the line that this thread is reading, for whoever tells of a panic.
pub fn place() -> Option<(Text, u64)> {
    let file = FILE.try_with(|it| it.try_borrow().ok()?.clone()).ok().flatten()?;
    Some((file, LINE.get()))
}

/// Builds for testing fail on this line, so that tests can see what a fault in a worker leads to.
#[cfg(debug_assertions)]
const FAULTY_LINE: &[u8] = br#"{"callsift":"fail on this line"}"#;

/// Reads the lines of a block in the plain way.
pub fn read_lines(lines: &Lines<'_>, options: &ReadOptions, texts: &Interner, wants: Wants) -> Parsed {
    let _at = AtFile::of(lines);
    let mut parsed = Parsed::default();
    if let Some(length) = lines.over {
        parsed.ledger.lines = 1;
        parsed.ledger.bytes = length;
        let flaw =
            Flaw { reason: Reason::TooLong, field: "", expected: "a line of at most 16 MiB", address: 0 };
        parsed.invalid_line(lines, lines.first_line, lines.bytes, flaw, Some(length), wants);
        return parsed;
    }
    let mut rest = lines.bytes;
    let mut number = lines.first_line;
    while !rest.is_empty() {
        let (line, next) = cut(rest);
        LINE.set(number);
        #[cfg(debug_assertions)]
        assert!(line != FAULTY_LINE, "a line that is made to fail");
        parsed.line(line, number, lines, options, texts, wants);
        rest = next;
        number += 1;
    }
    parsed.count_bytes(lines);
    parsed
}

impl Parsed {
    fn marks(&self) -> Marks {
        let it = &self.ledger;
        Marks { other: it.other, call: it.call, events: it.events, repaired_text: it.repaired_text }
    }

    /// The bytes of all lines at once: what is not a line end, one for each line but for a last one that
    /// lacks it.
    fn count_bytes(&mut self, lines: &Lines<'_>) {
        let unended = lines.bytes.last().is_some_and(|it| *it != b'\n');
        self.ledger.bytes = (lines.bytes.len() as u64 + u64::from(unended)).saturating_sub(self.ledger.lines);
    }

    fn line(
        &mut self,
        line: &[u8],
        number: u64,
        lines: &Lines<'_>,
        options: &ReadOptions,
        texts: &Interner,
        wants: Wants,
    ) {
        self.ledger.lines += 1;
        if line.trim_ascii().is_empty() {
            self.ledger.blank += 1;
            return;
        }
        if let Err(fault) = json::check(line) {
            let reason = if fault.too_deep { Reason::TooDeep } else { Reason::NotJson };
            let address = line.as_ptr() as usize + fault.at;
            let flaw = Flaw { reason, field: "", expected: fault.expected, address };
            return self.invalid_line(lines, number, line, flaw, None, wants);
        }
        let mut bodies = LineBodies {
            line,
            number,
            lines,
            options,
            texts,
            wants,
            parsed: self,
            body_number: 0,
            calls: 0,
            reactions: 0,
            flaws: Vec::new(),
            envelopes: BTreeSet::new(),
            repaired: false,
        };
        capture::bodies(Raw::checked(line), options.body_path.as_deref(), &options.naive_zone, &mut bodies);
        let LineBodies { calls, reactions, flaws, envelopes, repaired, body_number, .. } = bodies;
        if wants.others && body_number == 0 && flaws.is_empty() {
            *self.others.entry(keys(Raw::checked(line))).or_default() += 1;
        }
        for place in envelopes {
            *self.ledger.envelopes.entry(place).or_default() += 1;
        }
        self.ledger.repaired_text += u64::from(repaired);
        if calls > 0 {
            self.ledger.call += 1;
            for (flaw, column, raw) in flaws {
                self.ledger.invalid_bodies += 1;
                self.fault(lines, number, column, flaw, raw, None, wants);
            }
        } else if let Some((flaw, column, _)) = flaws.into_iter().next() {
            self.ledger.invalid += 1;
            // An invalid line is left out whole, to be repaired and read again.
            let kept = self.reactions.len() - reactions as usize;
            self.reactions.truncate(kept);
            self.ledger.reactions -= u64::from(reactions);
            if wants.raw_lines {
                self.raw_lines.truncate(self.raw_lines.len() - reactions as usize);
            }
            self.fault(lines, number, column, flaw, line.to_vec(), None, wants);
        } else if reactions > 0 {
            self.ledger.reaction += 1;
        } else {
            self.ledger.other += 1;
        }
    }

    #[cold]
    fn invalid_line(
        &mut self,
        lines: &Lines<'_>,
        number: u64,
        line: &[u8],
        flaw: Flaw,
        cut_from: Option<u64>,
        wants: Wants,
    ) {
        self.ledger.invalid += 1;
        let column = column(line, flaw.address).unwrap_or(1);
        let raw = if wants.rejects { line.to_vec() } else { Vec::new() };
        self.fault(lines, number, column, flaw, raw, cut_from, wants);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one fault")]
    fn fault(
        &mut self,
        lines: &Lines<'_>,
        line: u64,
        column: usize,
        flaw: Flaw,
        raw: Vec<u8>,
        cut_from: Option<u64>,
        wants: Wants,
    ) {
        *self.ledger.invalid_reasons.entry(flaw.reason).or_default() += 1;
        let fault = Fault { file: lines.file_sym, line, column, flaw };
        if self.faults.len() < FAULTS_KEPT {
            self.faults.push(fault.clone());
        }
        if wants.rejects {
            self.rejects.push(Reject { fault, raw, cut_from });
        }
    }
}

/// The byte from 1 in a line at which an address lies, if it lies there.
fn column(line: &[u8], address: usize) -> Option<usize> {
    let start = line.as_ptr() as usize;
    (start..=start + line.len()).contains(&address).then(|| address - start + 1)
}

/// Takes the bodies of one line.
struct LineBodies<'l> {
    line: &'l [u8],
    number: u64,
    lines: &'l Lines<'l>,
    options: &'l ReadOptions,
    texts: &'l Interner,
    wants: Wants,
    parsed: &'l mut Parsed,
    body_number: u32,
    calls: u32,
    reactions: u32,
    flaws: Vec<(Flaw, usize, Vec<u8>)>,
    envelopes: BTreeSet<String>,
    repaired: bool,
}

impl LineBodies<'_> {
    fn column(&self, flaw: &Flaw, anchor: usize) -> usize {
        column(self.line, flaw.address).or_else(|| column(self.line, anchor)).unwrap_or(1)
    }
}

impl Visitor for LineBodies<'_> {
    fn body(&mut self, body: &Body<'_>, place: &Place<'_>) {
        if !place.path.is_empty() {
            let path = place.path.join(".");
            self.envelopes.insert(path);
        }
        let origin = Origin { file: self.lines.file_sym, line: self.number, body: self.body_number };
        self.body_number += 1;
        if self.wants.paths
            && let Some(path) = &place.posted_to
        {
            *self.parsed.paths.entry(Text::new(path)).or_default() += 1;
        }
        let capture = Capture {
            options: self.options,
            texts: self.texts,
            file: self.lines.file,
            origin,
            received_at: place.received_at,
            path: place.posted_to.clone(),
            repaired: Cell::new(false),
        };
        let reading = dialects::read(body, &capture);
        self.repaired |= capture.repaired.get();
        match reading {
            Reading::Call(event) => {
                self.calls += 1;
                self.parsed.ledger.events += 1;
                if self.wants.raw_lines {
                    self.parsed.raw_lines.push((event.origin, self.line.into()));
                }
                if self.wants.digests {
                    self.parsed.digests.push((event.origin, Sha256::digest(self.line).into()));
                }
                self.parsed.events.push(*event);
            }
            Reading::Reaction(reaction) => {
                self.reactions += 1;
                self.parsed.ledger.reactions += 1;
                if self.wants.raw_lines {
                    self.parsed.raw_lines.push((reaction.origin, self.line.into()));
                }
                self.parsed.reactions.push(*reaction);
            }
            Reading::Unknown(name) => {
                *self.parsed.ledger.unknown_call_events.entry(Text::new(&name)).or_default() += 1;
            }
            Reading::Invalid(flaw) => {
                let column = self.column(&flaw, place.anchor);
                let raw = if self.wants.rejects { one_line(body.raw.bytes()) } else { Vec::new() };
                self.flaws.push((flaw, column, raw));
            }
            Reading::Other | Reading::NotMine => {
                if self.wants.others {
                    let name = body.event.as_deref().or(body.event_type.as_deref());
                    let name = name.map_or_else(|| keys(body.raw), Text::new);
                    *self.parsed.others.entry(name).or_default() += 1;
                }
            }
        }
    }

    fn flaw(&mut self, flaw: Flaw, anchor: usize) {
        let column = self.column(&flaw, anchor);
        let raw = if self.wants.rejects { self.line.to_vec() } else { Vec::new() };
        self.flaws.push((flaw, column, raw));
    }
}

/// JSON text on one line: a line break in valid JSON is white space.
fn one_line(json: &[u8]) -> Vec<u8> {
    json.iter().map(|&it| if it == b'\n' || it == b'\r' { b' ' } else { it }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_that_differ_within_and_many_callers_of_a_block_are_told_apart() {
        let lines = |count: u64| {
            let line = |it: u64| {
                format!(
                    r#"{{"event":"call.received","session":"the line of house {} in this town","timestamp":{},"payload":{{"id":"{it:032X}","from":"9198{:08}@c.us","_data":{{"status":"offer"}}}}}}"#,
                    ["A", "B"][it as usize % 2],
                    1_767_225_644_000 + it,
                    it * 7919 % 99_999_989
                )
            };
            (0..count).map(line).collect::<Vec<_>>().join("\n")
        };
        let (options, texts, file) = (ReadOptions::default(), Interner::default(), Text::new("a"));
        let readers = Readers::new(&options, &texts, Wants::default());
        let bytes = lines(4000);
        let lines = Lines {
            file: &file,
            file_sym: texts.intern("a"),
            first_line: 1,
            bytes: bytes.as_bytes(),
            over: None,
        };
        let plain = read_lines(&lines, &options, &texts, Wants::default());
        assert_eq!(readers.read(&lines).events, plain.events);
        assert!(readers.statistics().0 > 3900, "most are read the fast way");
    }
}
