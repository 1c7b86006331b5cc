//! Cuts lines into blocks in the buffer that they are read into: a block is what whole lines it holds,
//! and only the beginning of the next line, behind them, is copied.

use memchr::{memchr, memchr_iter, memrchr};

use super::blocks::{Block, Buffer, Options, Over};
use super::decode::Got;
use super::stream::{Input, Members};

/// Bytes asked for at a time where blocks are smaller.
const READ_BYTES: usize = 16 * 1024;

/// The state between two blocks.
#[derive(Default)]
pub struct Lines {
    /// What was read behind the last block.
    carry: Vec<u8>,
    /// Lines of the blocks so far.
    lines: u64,
    /// How many of them have a line end.
    ends: u64,
    /// The line that begins in `carry` is a block of its own: it began in a member that has ended.
    alone: bool,
    ended: bool,
}

/// A buffer on its way to become a block, of which the first bytes are read.
struct Filling {
    buffer: Vec<u8>,
    read: usize,
    /// There is no end of a line in the bytes before.
    searched: usize,
    /// Ends of lines among the first bytes, counted so far, and how many bytes that are.
    counted: (u64, usize),
}

impl Filling {
    /// How many lines end in the first bytes, which are at least as many as before.
    fn count(&mut self, bytes: usize) -> u64 {
        let (ends, at) = self.counted;
        let new =
            if at <= bytes { ends + count(&self.buffer[at..bytes]) } else { count(&self.buffer[..bytes]) };
        self.counted = (new, bytes);
        new
    }

    /// Makes room for more than is read.
    fn grow(&mut self, limit: usize) {
        if self.read == self.buffer.len() {
            let larger = (2 * self.read).min(limit.max(self.read) + READ_BYTES);
            self.buffer.resize(larger, 0);
        }
    }
}

fn count(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

impl Lines {
    /// How many lines have been handed out.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// How many of them ended with a line end.
    pub fn ends(&self) -> u64 {
        self.ends
    }

    /// The next block, in the buffer of one that is done with, if there is one.
    pub fn next(
        &mut self,
        input: &mut Input,
        members: &mut Members,
        options: &Options,
        spare: &mut Buffer,
    ) -> Option<Block> {
        if self.ended && self.carry.is_empty() {
            return None;
        }
        // So that no line in a block of several can be over the limit.
        let most = options.block_bytes.clamp(1, options.line_limit + 1);
        let buffer = std::mem::take(spare).of_size(most.max(READ_BYTES).max(self.carry.len()));
        let mut filling = Filling { buffer, read: self.carry.len(), searched: 0, counted: (0, 0) };
        filling.buffer[..filling.read].copy_from_slice(&self.carry);
        self.carry.clear();
        loop {
            if let Some(end) = self.end_of_block(&mut filling, most) {
                self.alone = false;
                return Some(self.hand_out(filling, end, options));
            }
            if filling.read > options.line_limit {
                return Some(self.long(filling, input, members, options));
            }
            if self.ended {
                let all = filling.read;
                return (all > 0).then(|| self.hand_out(filling, all, options));
            }
            filling.grow(options.line_limit);
            match input.read(&mut filling.buffer[filling.read..]) {
                Got::Bytes(count) => filling.read += count,
                Got::Member { verified } => {
                    let read = filling.read;
                    let ended = self.lines + filling.count(read);
                    let within = read > 0 && filling.buffer[read - 1] != b'\n';
                    members.end(ended, within, input.bytes(), verified);
                    if options.by_member && read > 0 && !self.alone {
                        self.alone = within;
                        let searched = filling.searched;
                        if let Some(at) = memrchr(b'\n', &filling.buffer[searched..read]) {
                            return Some(self.hand_out(filling, searched + at + 1, options));
                        }
                        filling.searched = read;
                    }
                }
                Got::End => self.ended = true,
            }
        }
    }

    /// Behind the last line that fits, or behind the first if none does.
    fn end_of_block(&self, filling: &mut Filling, most: usize) -> Option<usize> {
        let bytes = &filling.buffer[..filling.read];
        let searched = filling.searched;
        if !self.alone && bytes.len() < most {
            return None;
        }
        let fitting = if self.alone { searched } else { most.max(searched) };
        let last = memrchr(b'\n', &bytes[searched..fitting]).map(|it| searched + it + 1);
        let end = last.or_else(|| memchr(b'\n', &bytes[fitting..]).map(|it| fitting + it + 1));
        filling.searched = filling.read;
        end
    }

    /// Hands out the first bytes, which are whole lines, and what is behind them later.
    fn hand_out(&mut self, mut filling: Filling, end: usize, options: &Options) -> Block {
        self.carry.extend_from_slice(&filling.buffer[end..filling.read]);
        let first_line = self.lines + 1;
        let unended = filling.buffer[end - 1] != b'\n';
        let ends = filling.count(end);
        self.ends += ends;
        self.lines += ends + u64::from(unended);
        let length = end - usize::from(!unended);
        if length > options.line_limit {
            filling.buffer.truncate(options.over_keep);
            let over = Some(Over { length: length as u64 });
            return Block { first_line, bytes: Buffer::from(filling.buffer), over };
        }
        Block { first_line, bytes: Buffer::of(filling.buffer, end), over: None }
    }

    /// A line over the limit, of which only the beginning is kept.
    fn long(
        &mut self,
        filling: Filling,
        input: &mut Input,
        members: &mut Members,
        options: &Options,
    ) -> Block {
        let Filling { mut buffer, read, .. } = filling;
        let kept = buffer[..read.min(options.over_keep)].to_vec();
        let mut length = read as u64;
        buffer.truncate(READ_BYTES.max(options.block_bytes));
        while !self.ended {
            match input.read(&mut buffer) {
                Got::Bytes(count) => {
                    let Some(at) = memchr(b'\n', &buffer[..count]) else {
                        length += count as u64;
                        continue;
                    };
                    length += at as u64;
                    self.ends += 1;
                    self.carry.extend_from_slice(&buffer[at + 1..count]);
                    break;
                }
                Got::Member { verified } => members.end(self.lines, true, input.bytes(), verified),
                Got::End => self.ended = true,
            }
        }
        self.lines += 1;
        self.alone = false;
        Block { first_line: self.lines, bytes: Buffer::from(kept), over: Some(Over { length }) }
    }
}
