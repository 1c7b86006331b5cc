//! The stages in a row: blocks are read one after another and parsed side by side.
//!
//! While one batch of blocks is parsed the next is read. `collect` keeps the order of the blocks, so
//! neither the number of threads nor the size of a block changes what comes out. Memory holds two
//! batches, and the events.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use crate::dialects::support::ReadOptions;
use crate::event::{Event, Origin, Reaction};
use crate::input::Trouble;
use crate::input::blocks::{Block, Options, Reader, Total};
use crate::input::decode::Progress;
use crate::input::sources::Source;
use crate::json;
use crate::ledger::Ledger;
use crate::read::{Fault, Lines, Parsed, Readers, Reject, Wants};
use crate::text::{Interner, Sym, Text};

/// The longest line that is read.
pub const LINE_LIMIT: usize = 16 << 20;
/// What is kept of a longer one, for `--rejects`.
const OVER_KEEP: usize = 64 << 10;
/// Bytes of a block where nothing else is asked for: large enough that a thread is busy for a
/// millisecond, small enough that a batch stays in the caches' reach. A guess, not measured.
pub const BLOCK_BYTES: usize = 1 << 20;
/// Blocks of a batch for each thread.
const BLOCKS_A_THREAD: usize = 4;

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
    /// Where texts get their symbols.
    pub texts: &'a Interner,
    /// How far reading has come.
    pub progress: Arc<Progress>,
}

/// What the whole input holds.
#[derive(Default)]
pub struct Input {
    /// Call events, in the order of the input.
    pub events: Vec<Event>,
    /// Reactions.
    pub reactions: Vec<Reaction>,
    /// The books of reading.
    pub ledger: Ledger,
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
}

/// Faults kept for messages.
const FAULTS_KEPT: usize = 20;

/// Reads the whole input. `rejects` takes invalid lines in their order; `step` is called between
/// batches, for showing progress.
///
/// # Errors
///
/// What `rejects` returns.
pub fn read(
    job: &Job<'_>,
    rejects: &mut dyn FnMut(&Reject) -> io::Result<()>,
    step: &mut dyn FnMut(u64),
) -> io::Result<Input> {
    let names: Vec<(Text, Sym)> =
        job.sources.iter().map(|it| (it.name.clone(), job.texts.intern(it.name.raw()))).collect();
    let options = Options {
        block_bytes: job.block_bytes,
        line_limit: LINE_LIMIT,
        over_keep: OVER_KEEP,
        is_json: json::is_complete,
        digest: job.wants.digests,
    };
    let mut reader = Reader::new(job.sources, options, Arc::clone(&job.progress));
    let batch_bytes = job.block_bytes.saturating_mul(BLOCKS_A_THREAD * rayon::current_num_threads());
    let readers = Readers::new(job.options, job.texts, job.wants);
    let mut input = Input::default();
    let mut batch = next_batch(&mut reader, batch_bytes);
    while !batch.is_empty() {
        let (next, parsed) = rayon::join(
            || next_batch(&mut reader, batch_bytes),
            || batch.par_iter().map(|it| parse(it, &names, &readers)).collect::<Vec<Parsed>>(),
        );
        for it in parsed {
            for reject in &it.rejects {
                rejects(reject)?;
            }
            input.add(it);
        }
        for block in batch {
            reader.recycle(block.bytes);
        }
        batch = next;
        step(job.progress.read.load(Ordering::Relaxed));
    }
    let totals = reader.totals().to_vec();
    input.bytes = totals.iter().map(|it| it.bytes).sum();
    let lines: u64 = totals.iter().map(|it| it.lines).sum();
    debug_assert_eq!(lines, input.ledger.lines, "each line is read once");
    input.totals = totals;
    input.troubles = reader.troubles();
    Ok(input)
}

fn next_batch(reader: &mut Reader<'_>, bytes: usize) -> Vec<Block> {
    let mut batch = Vec::new();
    let mut held = 0;
    while held < bytes {
        let Some(block) = reader.next() else { break };
        // Also bounds the number of blocks where each holds a single short line.
        held += block.bytes.len().max(256);
        batch.push(block);
    }
    batch
}

fn parse(block: &Block, names: &[(Text, Sym)], readers: &Readers<'_>) -> Parsed {
    let (file, file_sym) = &names[block.source as usize];
    let lines = Lines {
        file,
        file_sym: *file_sym,
        first_line: block.first_line,
        bytes: &block.bytes,
        over: block.over.map(|it| it.length),
    };
    readers.read(&lines)
}

impl Input {
    fn add(&mut self, parsed: Parsed) {
        self.events.extend(parsed.events);
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
