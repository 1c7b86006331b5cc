//! The stages in a row: each thread takes a block, parses it, and takes the next.
//!
//! What comes of the blocks is put together in their order, so neither the number of threads nor the
//! size of a block changes what comes out. Memory holds one block a thread, and the events.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::dialects::support::ReadOptions;
use crate::event::{Origin, Reaction};
use crate::input::Trouble;
use crate::input::blocks::{Block, Buffer, Options, Piece, Position, Reader, Total};
use crate::input::decode::Progress;
use crate::input::sources::Source;
use crate::input::stream::Finished;
use crate::json;
use crate::ledger::Ledger;
use crate::read::{Fault, Lines, Parsed, Readers, Reject, Spare, Wants};
use crate::store::{self, Deal, Loose, Shards};
use crate::text::{Interner, Sym, Text};

/// The longest line that is read.
pub const LINE_LIMIT: usize = 16 << 20;
/// What is kept of a longer one, for `--rejects`.
const OVER_KEEP: usize = 64 << 10;
/// Bytes of a block where nothing else is asked for: large enough that a thread is busy for a
/// millisecond, small enough that a block stays in the cache of its thread.
pub const BLOCK_BYTES: usize = 1 << 20;
/// Blocks for each thread that may wait for one before them, where they are held whole.
const WAITING_BLOCKS: usize = 16;

/// How the input is read.
pub struct Job<'a> {
    /// What is read.
    pub sources: &'a [Source],
    /// How lines are read.
    pub options: &'a ReadOptions,
    /// What is kept besides events.
    pub wants: Wants,
    /// Bytes of a block.
    pub block_bytes: usize,
    /// Whether lines of compressed data that did not pass their checksum are left out.
    pub drop_unverified: bool,
    /// Where texts get their symbols.
    pub texts: &'a Interner,
    /// How far reading has come.
    pub progress: Arc<Progress>,
}

/// What the whole input holds.
#[derive(Default)]
pub struct Input {
    /// Call events, dealt by their calls.
    pub events: Shards,
    /// Reactions.
    pub reactions: Vec<Reaction>,
    /// The books of reading.
    pub ledger: Ledger,
    /// The same of each source, in their order.
    pub books: Vec<Ledger>,
    /// The first faults, in the order of the input.
    pub faults: Vec<Fault>,
    /// The raw lines behind the events, if wanted.
    pub raw_lines: Vec<(Origin, Box<[u8]>)>,
    /// How often each path was posted to, if wanted.
    pub paths: BTreeMap<Text, u64>,
    /// What else there is, if wanted.
    pub others: BTreeMap<Text, u64>,
    /// What went wrong with files.
    pub troubles: Vec<Trouble>,
    /// Unpacked bytes read.
    pub bytes: u64,
    /// The SHA-256 of the lines behind the events, if wanted.
    pub digests: Vec<(Origin, [u8; 32])>,
    /// What each source held, in their order.
    pub totals: Vec<Total>,
    /// The first and last lines of data that did not pass their checksum, with their file.
    pub unverified: Vec<(Sym, u64, u64)>,
}

/// Faults kept for messages.
const FAULTS_KEPT: usize = 20;

/// Takes the rejects.
pub type Rejects<'a> = &'a mut (dyn FnMut(&Reject) -> io::Result<()> + Send);

/// Is told how many stored bytes were read.
pub type Step<'a> = &'a mut (dyn FnMut(u64) + Send);

/// Reads the whole input with all threads of the pool that it is called in. `rejects` takes invalid lines
/// in their order; `step` is called between blocks, for showing progress.
///
/// # Errors
///
/// What `rejects` returns.
pub fn read(job: &Job<'_>, rejects: Rejects<'_>, step: Step<'_>) -> io::Result<Input> {
    let names: Vec<(Text, Sym)> =
        job.sources.iter().map(|it| (it.name.clone(), job.texts.intern(it.name.raw()))).collect();
    let options = Options {
        block_bytes: job.block_bytes,
        line_limit: LINE_LIMIT,
        over_keep: OVER_KEEP,
        is_json: json::is_complete,
        digest: job.wants.digests,
        by_member: job.drop_unverified,
        one_by_one: job.wants.rejects,
    };
    let reader = Reader::new(job.sources, options, Arc::clone(&job.progress));
    let files = names.iter().map(|(_, it)| *it).collect();
    let readers = Readers::new(job.options, job.texts, job.wants);
    let deal = readers.deal();
    let order = Order::new(Assembly {
        files,
        rejects,
        step,
        input: Input { books: vec![Ledger::default(); job.sources.len()], ..Input::default() },
        held: Vec::new(),
        deal,
        loose: Loose::default(),
    });
    // What waits holds the lines of rejects, else little but its events, which are kept in any case.
    let most = if job.wants.rejects { WAITING_BLOCKS * rayon::current_num_threads() } else { usize::MAX };
    let results = rayon::broadcast(|_| {
        let _guard = Guard { reader: &reader, order: &order };
        let mut mine = Loose::default();
        let (mut buffer, mut spare) = (Buffer::default(), Spare::default());
        while let Some((position, piece)) = reader.next(&mut buffer) {
            let part = match piece {
                Piece::Block { packed, block } => {
                    let mut parsed =
                        Box::new(parse(position.0, &block, &names, &readers, std::mem::take(&mut spare)));
                    let first_line = block.first_line;
                    buffer = block.bytes;
                    let hold = packed && job.drop_unverified;
                    spare =
                        if hold { Spare::of_held(&mut parsed) } else { keep(&mut parsed, &mut mine, deal) };
                    Part::Parsed { hold, first_line, parsed }
                }
                Piece::End(finished) => Part::End(finished),
            };
            let read = job.progress.read.load(Ordering::Relaxed);
            order.put(position, part, read, most).inspect_err(|_| {
                reader.stop();
                order.stop();
            })?;
        }
        Ok(mine)
    });
    let mut loose = results.into_iter().collect::<io::Result<Vec<Loose>>>()?;
    let (mut input, held) = order.finish();
    loose.push(held);
    input.events = store::gather(loose, readers.into_deal());
    input.bytes = input.totals.iter().map(|it| it.bytes).sum();
    Ok(input)
}

/// Lets the other threads end where one panics.
struct Guard<'g, 'a> {
    reader: &'g Reader<'a>,
    order: &'g Order<'a>,
}

impl Drop for Guard<'_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.reader.stop();
            self.order.stop();
        }
    }
}

/// What came of a piece of the input.
enum Part {
    Parsed {
        /// Whether it must be known how its source ends before it counts.
        hold: bool,
        first_line: u64,
        parsed: Box<Parsed>,
    },
    End(Finished),
}

/// Parts as they come, to be taken in the order of the input.
struct Order<'a> {
    waiting: Mutex<Waiting<'a>>,
    moved: Condvar,
}

struct Waiting<'a> {
    /// The place of the next part.
    next: Position,
    parts: BTreeMap<Position, Part>,
    assembly: Assembly<'a>,
    stopped: bool,
}

impl<'a> Order<'a> {
    fn new(assembly: Assembly<'a>) -> Self {
        let waiting = Waiting { next: (0, 0), parts: BTreeMap::new(), assembly, stopped: false };
        Self { waiting: Mutex::new(waiting), moved: Condvar::new() }
    }

    /// Adds a part, and waits while more than `most` wait for one before them.
    fn put(&self, position: Position, part: Part, read: u64, most: usize) -> io::Result<()> {
        let mut waiting = self.lock();
        waiting.parts.insert(position, part);
        let mut moved = false;
        let Waiting { next, parts, assembly, .. } = &mut *waiting;
        while let Some(part) = parts.remove(next) {
            moved = true;
            *next = if let Part::End(_) = part { (next.0 + 1, 0) } else { (next.0, next.1 + 1) };
            assembly.add(part)?;
        }
        if moved {
            (assembly.step)(read);
            self.moved.notify_all();
        }
        // The thread that has the part before them does not wait: its part is taken at once.
        while waiting.parts.len() > most && !waiting.stopped {
            waiting = self.moved.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        Ok(())
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.moved.notify_all();
    }

    fn finish(self) -> (Input, Loose) {
        let waiting = self.waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
        debug_assert!(waiting.parts.is_empty(), "every part has had its turn");
        (waiting.assembly.input, waiting.assembly.loose)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<'a>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Puts the parts together.
struct Assembly<'a> {
    files: Vec<Sym>,
    rejects: Rejects<'a>,
    step: Step<'a>,
    input: Input,
    /// Blocks of the current source that count only once it is known how it ends, each with the number
    /// of its first line.
    held: Vec<(u64, Box<Parsed>)>,
    deal: &'a Deal,
    /// The events of such blocks.
    loose: Loose,
}

impl Assembly<'_> {
    fn add(&mut self, part: Part) -> io::Result<()> {
        match part {
            Part::Parsed { hold: true, first_line, parsed } => self.held.push((first_line, parsed)),
            Part::Parsed { parsed, .. } => self.count(*parsed)?,
            Part::End(Finished { total, unverified, troubles }) => {
                for (first_line, parsed) in std::mem::take(&mut self.held) {
                    self.count(verified(first_line, *parsed, &unverified))?;
                }
                let file = self.files[self.input.totals.len()];
                self.input.totals.push(total);
                self.input.troubles.extend(troubles);
                self.input.unverified.extend(unverified.into_iter().map(|(first, last)| (file, first, last)));
            }
        }
        Ok(())
    }

    fn count(&mut self, mut parsed: Parsed) -> io::Result<()> {
        keep(&mut parsed, &mut self.loose, self.deal);
        for reject in &parsed.rejects {
            (self.rejects)(reject)?;
        }
        // The sources that have ended are those before this one.
        self.input.books[self.input.totals.len()].add(parsed.ledger.clone());
        self.input.add(parsed);
        Ok(())
    }
}

/// A block as it counts where lines that are not verified are left out. Such lines are in blocks of their
/// own.
fn verified(first_line: u64, parsed: Parsed, unverified: &[(u64, u64)]) -> Parsed {
    let range = unverified.partition_point(|(_, last)| *last < first_line);
    if unverified.get(range).is_none_or(|(first, _)| first_line < *first) {
        return parsed;
    }
    let Ledger { lines, bytes, .. } = parsed.ledger;
    Parsed { ledger: Ledger { lines, bytes, unverified: lines, ..Ledger::default() }, ..Parsed::default() }
}

/// Takes the events out of a block; the emptied lists come back.
fn keep(parsed: &mut Parsed, loose: &mut Loose, deal: &Deal) -> Spare {
    let mut spare = Spare::of(parsed);
    loose.extend(&spare.packed, deal);
    spare.packed.clear();
    spare.events.drain(..).for_each(|it| loose.push(&it, deal));
    spare
}

fn parse(source: usize, block: &Block, names: &[(Text, Sym)], readers: &Readers<'_>, spare: Spare) -> Parsed {
    let (file, file_sym) = &names[source];
    let lines = Lines {
        file,
        file_sym: *file_sym,
        first_line: block.first_line,
        bytes: &block.bytes,
        over: block.over.map(|it| it.length),
    };
    readers.read_into(&lines, spare)
}

impl Input {
    fn add(&mut self, parsed: Parsed) {
        self.reactions.extend(parsed.reactions);
        self.ledger.add(parsed.ledger);
        let room = FAULTS_KEPT.saturating_sub(self.faults.len());
        self.faults.extend(parsed.faults.into_iter().take(room));
        self.raw_lines.extend(parsed.raw_lines);
        self.digests.extend(parsed.digests);
        for (path, count) in parsed.paths {
            *self.paths.entry(path).or_default() += count;
        }
        for (name, count) in parsed.others {
            *self.others.entry(name).or_default() += count;
        }
    }
}
