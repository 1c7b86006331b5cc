//! Packs the elements of an array into blocks, a line each.

use std::collections::VecDeque;

use super::array::Lines;
use super::blocks::{Block, Buffer, Options, Over};

/// Packs elements into blocks.
pub struct Elements {
    options: Options,
    /// Whole lines, and behind them the beginning of the next.
    block: Vec<u8>,
    /// Where that beginning is.
    line_at: usize,
    /// Lines that have ended so far, in all blocks.
    lines: u64,
    /// Bytes of the source that are in no line.
    outside: u64,
    /// Bytes of lines that the source does not hold.
    made: u64,
    /// The number of the first line of the block.
    first_line: u64,
    /// The current line, if it is over the limit.
    long: Option<Long>,
    ready: VecDeque<Block>,
    /// The element that is begun is a block of its own: it began in a member that has ended.
    alone: bool,
}

struct Long {
    kept: Vec<u8>,
    length: u64,
}

impl Elements {
    /// None so far.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            block: Vec::new(),
            line_at: 0,
            lines: 0,
            outside: 0,
            made: 0,
            first_line: 1,
            long: None,
            ready: VecDeque::new(),
            alone: false,
        }
    }

    /// A block that is complete.
    pub fn ready(&mut self) -> Option<Block> {
        self.ready.pop_front()
    }

    /// How many elements have ended.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// How many bytes of the source are in no element.
    pub fn outside(&self) -> u64 {
        self.outside
    }

    /// How many bytes of elements stand for what the source does not hold.
    pub fn made(&self) -> u64 {
        self.made
    }

    /// Whether an element has begun and not ended.
    pub fn within(&self) -> bool {
        self.long.is_some() || self.line_at < self.block.len()
    }

    /// Parts what has ended from what comes, and an element that has not ended from both.
    pub fn part(&mut self) {
        self.alone = self.within();
        let begun = self.block.split_off(self.line_at);
        self.hand_out();
        self.block = begun;
    }

    /// The source ends, perhaps within a line.
    pub fn finish(&mut self) {
        if self.long.is_some() {
            self.end();
        } else if self.line_at < self.block.len() {
            self.lines += 1;
            self.line_at = self.block.len();
        }
        self.hand_out();
    }

    fn hand_out(&mut self) {
        debug_assert_eq!(self.line_at, self.block.len(), "a block holds whole lines");
        if self.line_at > 0 {
            let mut bytes = std::mem::take(&mut self.block);
            // Short blocks before long elements would add up to much more memory than they need.
            bytes.shrink_to(2 * bytes.len());
            let bytes = Buffer::from(bytes);
            self.ready.push_back(Block { first_line: self.first_line, bytes, over: None });
            self.line_at = 0;
        }
        self.first_line = self.lines + 1;
    }
}

impl Lines for Elements {
    fn piece(&mut self, bytes: &[u8]) {
        let keep = self.options.over_keep;
        if let Some(long) = &mut self.long {
            long.length += bytes.len() as u64;
            let room = keep - long.kept.len();
            long.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
            return;
        }
        let before = self.block.len() - self.line_at;
        if before + bytes.len() <= self.options.line_limit {
            self.block.extend_from_slice(bytes);
            return;
        }
        let mut kept: Vec<u8> = self.block[self.line_at..].iter().take(keep).copied().collect();
        kept.extend(bytes.iter().take(keep - kept.len()));
        self.long = Some(Long { kept, length: (before + bytes.len()) as u64 });
        self.block.truncate(self.line_at);
        self.hand_out();
    }

    fn end(&mut self) {
        self.lines += 1;
        if let Some(Long { kept, length }) = self.long.take() {
            let over = Some(Over { length });
            let block = Block { first_line: self.lines, bytes: Buffer::from(kept), over };
            self.ready.push_back(block);
            self.first_line = self.lines + 1;
            self.alone = false;
            return;
        }
        self.block.push(b'\n');
        self.line_at = self.block.len();
        if self.block.len() >= self.options.block_bytes || self.alone {
            self.alone = false;
            self.hand_out();
        }
    }

    fn line(&self) -> &[u8] {
        if self.long.is_some() { &[] } else { &self.block[self.line_at..] }
    }
    fn outside(&mut self, bytes: u64) {
        self.outside += bytes;
    }

    fn made(&mut self, bytes: &[u8]) {
        self.made += bytes.len() as u64;
        self.piece(bytes);
        self.end();
    }
}
