//! One source as blocks: whether it is lines or one array shows at its beginning.

use std::collections::VecDeque;

use memchr::memchr;

use super::array::Splitter;
use super::blocks::{Block, Buffer, Options, Total};
use super::decode::{Decoded, Got};
use super::elements::Elements;
use super::lines::Lines;
use super::looks::looks;
use super::{Trouble, TroubleKind};
use crate::text::Text;

/// White space at the beginning of a file that is passed over in search of a `[`. Behind more than
/// that a file is read by lines.
pub(super) const LEADING_WHITE_BYTES: usize = 64 * 1024;

/// How much is read at least before anything is decided: as far as signatures of files reach.
const SIGNATURE_BYTES: usize = 512;

/// How much of a first line is looked at to guess what a file is that holds no JSON lines.
const LOOK_BYTES: usize = 16 * 1024;

/// Bytes of a beginning that are read first.
const FIRST_BYTES: usize = 4096;

/// Bytes of an array that are taken apart before a finished block is handed out, at most, and bytes
/// of a beginning that are read at a time, at most.
const PIECE_BYTES: usize = 64 * 1024;

/// The mark that some programs write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A source that is being read.
pub struct Stream {
    name: Text,
    input: Input,
    members: Members,
    options: Options,
    cutter: Cutter,
    /// Bytes before the first line.
    mark: u64,
    guess: Option<Trouble>,
}

enum Cutter {
    Lines(Lines),
    Array { splitter: Box<Splitter>, elements: Box<Elements>, piece: Vec<u8>, ended: bool },
}

/// What a source came to.
#[derive(Debug)]
pub struct Finished {
    /// How much it held.
    pub total: Total,
    /// The first and last lines of members that did not pass their checksum, or never came to it.
    pub unverified: Vec<(u64, u64)>,
    /// What went wrong.
    pub troubles: Vec<Trouble>,
}

impl Stream {
    /// Reads as far as is needed to tell whether the source is one array, and whether it looks like
    /// something else altogether.
    pub fn begin(name: Text, decoded: Decoded, options: Options) -> Self {
        let mut input = Input { decoded, head: Vec::new(), head_at: 0, marks: VecDeque::new(), given: 0 };
        let mut head = Head::default();
        let mut ended = false;
        let array = loop {
            if let Some(array) = head.decide(ended, &options) {
                break array;
            }
            ended = !input.look_ahead(&mut head.bytes);
        };
        let guess = looks(head.to_look_at(), options.is_json).filter(|_| !array);
        let guess = guess.map(|it| Trouble::notice(&name, TroubleKind::Looks, it));
        if head.bytes.starts_with(BYTE_ORDER_MARK) {
            input.head_at = BYTE_ORDER_MARK.len();
        }
        let mark = input.head_at as u64;
        input.given = mark;
        input.head = head.bytes;
        let cutter = match array {
            false => Cutter::Lines(Lines::default()),
            true => Cutter::Array {
                splitter: Box::new(Splitter::new(options.is_json)),
                elements: Box::new(Elements::new(options)),
                piece: vec![0; PIECE_BYTES],
                ended: false,
            },
        };
        Self { name, input, members: Members::default(), options, cutter, mark, guess }
    }

    /// Whether the source is compressed.
    pub fn is_packed(&self) -> bool {
        self.input.decoded.is_packed()
    }

    /// The next block, in the buffer of one that is done with, if there is one.
    pub fn next(&mut self, spare: &mut Buffer) -> Option<Block> {
        let Self { input, members, options, cutter, .. } = self;
        let (splitter, elements, piece, ended) = match cutter {
            Cutter::Lines(it) => return it.next(input, members, options, spare),
            Cutter::Array { splitter, elements, piece, ended } => (splitter, elements, piece, ended),
        };
        loop {
            if let Some(block) = elements.ready() {
                return Some(block);
            }
            if *ended {
                return None;
            }
            match input.read(piece) {
                Got::Bytes(count) => splitter.push(&piece[..count], &mut **elements),
                Got::Member { verified } => {
                    members.end(elements.lines(), elements.within(), input.bytes(), verified);
                    if options.by_member {
                        elements.part();
                    }
                }
                Got::End => {
                    splitter.finish(&mut **elements);
                    elements.finish();
                    *ended = true;
                }
            }
        }
    }

    /// Ends reading, behind the last block.
    pub fn finish(self) -> Finished {
        let Self { name, mut input, members, options, cutter, mark, guess } = self;
        let (lines, outside, made) = match cutter {
            Cutter::Lines(it) => (it.lines(), it.ends(), 0),
            Cutter::Array { elements, .. } => (elements.lines(), elements.outside(), elements.made()),
        };
        let unverified = members.unverified;
        let count: u64 = unverified.iter().map(|(first, last)| last - first + 1).sum();
        let total = Total {
            lines,
            bytes: input.given,
            outside: mark + outside,
            made,
            unverified: if options.by_member { count } else { 0 },
            stamp: input.decoded.digest(),
        };
        let mut troubles: Vec<Trouble> = guess.into_iter().collect();
        troubles.extend(input.decoded.troubles(&name));
        // A read that failed can be why a member has no end.
        if let Some(why) = troubles.iter_mut().rfind(|it| it.defect).filter(|_| count > 0) {
            let lines = if count == 1 { "1 line" } else { &format!("{count} lines") };
            why.message.push_str(&match options.by_member {
                true => format!("; {lines} left out as unverified"),
                false => format!("; {lines} unverified, `--drop-unverified` leaves such lines out"),
            });
        }
        Finished { total, unverified, troubles }
    }
}

/// The members of compressed data by the lines that they hold. A line in which one ends and another
/// begins is of both.
#[derive(Default)]
pub struct Members {
    /// Lines that had ended where the current one began.
    before: u64,
    /// Unpacked bytes before it.
    bytes_before: u64,
    unverified: Vec<(u64, u64)>,
}

impl Members {
    /// A member ends behind so many ended lines, perhaps `within` a further one, and so many bytes.
    pub fn end(&mut self, lines: u64, within: bool, bytes: u64, verified: bool) {
        let (first, last) = (self.before + 1, lines + u64::from(within));
        if !verified && bytes > self.bytes_before && first <= last {
            match self.unverified.last_mut() {
                Some((_, end)) if first <= *end + 1 => *end = last,
                _ => self.unverified.push((first, last)),
            }
        }
        self.before = lines;
        self.bytes_before = bytes;
    }
}

/// The beginning of a source. What it tells must not depend on how the bytes came.
#[derive(Default)]
struct Head {
    bytes: Vec<u8>,
    /// Where the first byte that is not white space stands, once it is known.
    first: Option<usize>,
    /// How far was searched for it, and then for the end of its line.
    searched: usize,
}

impl Head {
    /// Whether the source is one array; `None` if more of it must be seen to tell, which cannot be
    /// where it has `ended`.
    fn decide(&mut self, ended: bool, options: &Options) -> Option<bool> {
        if self.bytes.len() < SIGNATURE_BYTES && !ended {
            return None;
        }
        if self.first.is_none() {
            if self.searched == 0 && self.bytes.starts_with(BYTE_ORDER_MARK) {
                self.searched = BYTE_ORDER_MARK.len();
            }
            let rest = &self.bytes[self.searched..];
            self.first = rest.iter().position(|it| !is_white(*it)).map(|it| it + self.searched);
            self.searched = self.first.unwrap_or(self.bytes.len());
        }
        if self.searched > LEADING_WHITE_BYTES && self.first.is_none_or(|it| it > LEADING_WHITE_BYTES) {
            return Some(false);
        }
        let Some(first) = self.first else {
            return ended.then_some(false);
        };
        let line_end = memchr(b'\n', &self.bytes[self.searched..]).map(|it| it + self.searched);
        self.searched = self.bytes.len();
        let line = &self.bytes[first..line_end.unwrap_or(self.bytes.len())];
        let whole = line_end.is_some() || ended;
        let begin = if self.bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        if line[0] != b'[' || first > begin {
            // Blank lines before an array would be in no class: only a file that begins with the
            // bracket is one array.
            (whole || line.len() > LOOK_BYTES).then_some(false)
        } else if line.len() > options.line_limit {
            Some(true)
        } else {
            whole.then(|| !(options.is_json)(line))
        }
    }

    /// What tells a file that holds no JSON lines.
    fn to_look_at(&self) -> &[u8] {
        let first = self.first.unwrap_or(0);
        &self.bytes[..self.bytes.len().min(first + LOOK_BYTES)]
    }
}

fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The unpacked bytes of a source, of which the head was read before.
pub struct Input {
    decoded: Decoded,
    head: Vec<u8>,
    head_at: usize,
    /// Ends of members in the head.
    marks: VecDeque<(usize, bool)>,
    /// Bytes given so far, and those that are passed over.
    given: u64,
}

impl Input {
    /// How many bytes were given.
    pub fn bytes(&self) -> u64 {
        self.given
    }

    /// Reads more of the head; whether there was more.
    fn look_ahead(&mut self, head: &mut Vec<u8>) -> bool {
        let at = head.len();
        // Most first lines are short; of others as much again is read each time.
        head.resize(at + at.clamp(FIRST_BYTES, PIECE_BYTES), 0);
        loop {
            match self.decoded.read(&mut head[at..]) {
                Got::Bytes(count) => {
                    head.truncate(at + count);
                    return true;
                }
                Got::Member { verified } => self.marks.push_back((at, verified)),
                Got::End => {
                    head.truncate(at);
                    return false;
                }
            }
        }
    }

    /// As [`Decoded::read`].
    pub fn read(&mut self, out: &mut [u8]) -> Got {
        if let Some((at, verified)) = self.marks.front().copied()
            && at <= self.head_at
        {
            self.marks.pop_front();
            return Got::Member { verified };
        }
        let got = if self.head_at < self.head.len() {
            let end = self.marks.front().map_or(self.head.len(), |(at, _)| *at);
            let piece = &self.head[self.head_at..end];
            let count = piece.len().min(out.len());
            out[..count].copy_from_slice(&piece[..count]);
            self.head_at += count;
            Got::Bytes(count)
        } else {
            // The head can be as long as the longest line.
            self.head = Vec::new();
            self.head_at = 0;
            self.decoded.read(out)
        };
        if let Got::Bytes(count) = got {
            self.given += count as u64;
        }
        got
    }
}
