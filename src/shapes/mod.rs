//! The fast way to read lines: a provider posts the same shape over and over.
//!
//! The bytes between the values of recent lines are remembered and compared in bulk, the values are
//! taken from their places after each was checked, and what the plain reader decided for the same
//! constants and the same few deciding values is used again. A line that differs in anything is left
//! to the plain reader, and learnt from. So nothing here decides what a line means; tests hold both
//! ways equal on every line of every fixture and on broken and hostile variants of them.

mod calls;
mod layouts;
mod learn;
mod parties;
mod scan;
mod tree;

use crate::dialects::support::ReadOptions;
use crate::event::{Event, Origin};
use crate::json::Raw;
use crate::ledger::Ledger;
use crate::store::{Deal, Record};
use crate::text::{Interner, Number, Sym};

use calls::{CallShape, Context, Line, Word};
use layouts::Layouts;
use learn::Outcome;
use parties::Parties;
use tree::{Tree, Values};

/// Shapes known at once, at most.
const MOST_SHAPES: usize = 512;
/// Sets of remembered values known at once, at most.
const MOST_ENTRIES: usize = 1 << 14;
/// Lines that are learnt from before any was recognised.
const FIRST_LESSONS: u64 = 512;
/// From then on a lesson for so many lines that were recognised: lines of ever new shapes must not
/// cost more than the plain reader and a little.
const HITS_A_LESSON: u64 = 8;

/// Lines that were recognised before there is room for many parties.
const MANY_HITS: u64 = 2048;

enum Shape {
    Other {
        place: Option<String>,
        lines: u64,
    },
    Call {
        place: Option<String>,
        lines: u64,
        call: CallShape,
    },
    /// Lines of this shape are left to the plain reader.
    Closed,
}

/// The shapes of recent lines. Belongs to one run: symbols and options must stay the same.
#[derive(Default)]
pub struct Shapes {
    tree: Tree,
    layouts: Layouts,
    shapes: Vec<Shape>,
    values: Values,
    /// Emptied for the next line.
    words: Vec<Word>,
    parties: Parties,
    entries: usize,
    hits: u64,
    lessons: u64,
    file: Option<Sym>,
    /// Counts of shapes that were forgotten.
    counts: Ledger,
    /// The shape of the line before, where only its values were not known.
    missed: Option<usize>,
}

/// What the lines of one run share.
#[derive(Clone, Copy)]
pub struct Run<'r> {
    /// How lines are read.
    pub options: &'r ReadOptions,
    /// Where texts get their symbols.
    pub texts: &'r Interner,
    /// What packed events refer to.
    pub deal: &'r Deal,
}

/// What a recognised line is.
pub enum Hit {
    /// Neither a call nor a reaction.
    Other,
    /// A call event.
    Call(Event),
    /// A call event with nothing rare, packed.
    Packed(Record),
    /// The same of a customer who has no symbol yet.
    Of(Record, Number),
}

impl Shapes {
    /// Begins with lines of a file. Its name may decide about a provider's instance (`--source`).
    pub fn begin(&mut self, file: Sym, options: &ReadOptions) {
        if self.file.replace(file) != Some(file) && !options.sources.is_empty() {
            self.forget();
        }
        if self.hits > MANY_HITS {
            self.parties.make_room(true);
        }
    }

    fn forget(&mut self) {
        self.count();
        self.tree = Tree::default();
        self.layouts.forget();
        self.shapes.clear();
        self.entries = 0;
        self.missed = None;
    }

    /// The line at the beginning of `bytes`, if it can be read here: what it is, and its length with
    /// its line end.
    #[inline]
    pub fn read(&mut self, bytes: &[u8], origin: Origin, run: Run<'_>) -> Option<(Hit, usize)> {
        self.missed = None;
        let ((shape, length), values, picks) = match self.layouts.find(bytes) {
            Some(it) => it,
            None => {
                let found = self.tree.find(bytes, &mut self.values)?;
                let values = &self.values;
                self.layouts.note(bytes, found, values, || match &self.shapes[found.0] {
                    Shape::Call { call, .. } => call.picks(Line { bytes, values, picks: None }, found.1),
                    Shape::Other { .. } | Shape::Closed => None,
                });
                (found, values, None)
            }
        };
        let hit = match &mut self.shapes[shape] {
            Shape::Other { lines, .. } => {
                *lines += 1;
                Hit::Other
            }
            Shape::Call { lines, call, .. } => {
                let line = Line { bytes, values, picks };
                match call.read(line, Context { run, parties: &self.parties, origin }, &mut self.words) {
                    Some(Ok(hit)) => {
                        *lines += 1;
                        hit
                    }
                    Some(Err(_)) => return None,
                    None => {
                        self.missed = Some(shape);
                        return None;
                    }
                }
            }
            Shape::Closed => return None,
        };
        self.hits += 1;
        Some((hit, length))
    }

    /// Whether there is anything to learn from a line that was not read here.
    #[inline]
    pub fn is_curious(&self) -> bool {
        self.lessons < FIRST_LESSONS + self.hits / HITS_A_LESSON
    }

    /// Learns from a line that the plain reader has read. `event` is its only body's, if it was a call.
    pub fn learn(&mut self, line: &[u8], event: Option<&Event>, run: Run<'_>) {
        self.lessons += 1;
        if self.tree.is_full() || self.shapes.len() >= MOST_SHAPES || self.entries >= MOST_ENTRIES {
            self.forget();
        }
        let shape = match self.missed.take() {
            Some(it) => it,
            None => {
                let outcome = event.map_or(Outcome::Other, |it| Outcome::Call(it.provider, it.direction));
                let Some(learnt) = learn::learn(line, outcome, run.options) else { return };
                let place = learnt.place.clone();
                let shape = match event {
                    None => Shape::Other { place, lines: 0 },
                    Some(it) => match CallShape::new(&learnt, it.provider) {
                        Some(call) => Shape::Call { place, lines: 0, call },
                        None => Shape::Closed,
                    },
                };
                let (number, known) = self.tree.insert(&learnt.shape, self.shapes.len());
                if !known {
                    self.shapes.push(shape);
                }
                number
            }
        };
        let Some(event) = event else { return };
        self.parties.make_room(false);
        let Shape::Call { place, call, .. } = &mut self.shapes[shape] else { return };
        // The places of the values may be another line's by now, or none's.
        let Some((found, _)) = self.tree.find(line, &mut self.values) else { return };
        let body = match place {
            None => Some(Raw::checked(line)),
            Some(path) => path.split('.').try_fold(Raw::checked(line), |it, name| it.get(name)),
        };
        let line = Line { bytes: line, values: &self.values, picks: None };
        if let Some(body) = body
            && found == shape
            && call.remember(line, body, event, Context { run, parties: &self.parties, origin: event.origin })
        {
            self.entries += 1;
        }
    }

    /// Adds what was counted since the last time to the books.
    pub fn settle(&mut self, ledger: &mut Ledger) {
        self.count();
        ledger.add(std::mem::take(&mut self.counts));
    }

    fn count(&mut self) {
        let ledger = &mut self.counts;
        for shape in &mut self.shapes {
            let (place, lines, is_call) = match shape {
                Shape::Other { place, lines } => (place, lines, false),
                Shape::Call { place, lines, .. } => (place, lines, true),
                Shape::Closed => continue,
            };
            let count = std::mem::take(lines);
            if count == 0 {
                continue;
            }
            ledger.lines += count;
            if is_call {
                ledger.call += count;
                ledger.events += count;
            } else {
                ledger.other += count;
            }
            if let Some(place) = place {
                *ledger.envelopes.entry(place.clone()).or_default() += count;
            }
        }
    }

    /// Lines read here and lines learnt from, for measuring.
    pub fn statistics(&self) -> (u64, u64) {
        (self.hits, self.lessons)
    }
}
