//! Cuts the bytes of all sources, one after another, into blocks of whole lines for others to
//! read in parallel. Memory is bounded by the size of a block and the longest line allowed,
//! whatever the files hold.

use std::collections::VecDeque;
use std::sync::Arc;

use memchr::memchr;

use super::array::{Lines, Splitter};
pub use super::decode::Progress;
use super::decode::{Decoded, Stamp};
use super::looks::looks;
use super::sources::Source;
use super::{Trouble, TroubleKind};
use crate::text::Text;

/// White space at the beginning of a file that is passed over in search of a `[`. Behind more than
/// that a file is read by lines.
const LEADING_WHITE_BYTES: usize = 64 * 1024;

/// How much is read at least before anything is decided: as far as signatures of files reach.
const SIGNATURE_BYTES: usize = 512;

/// How much of a first line is looked at to guess what a file is that holds no JSON lines.
const LOOK_BYTES: usize = 16 * 1024;

/// Unpacked bytes that are cut before a finished block is handed out, at most.
const CUT_BYTES: usize = 64 * 1024;

/// Emptied buffers that are kept for the next blocks, at most.
const SPARE_BUFFERS: usize = 64;

/// The mark that some programs write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whole lines of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Which of the sources.
    pub source: u32,
    /// The number of the first line, from 1.
    pub first_line: u64,
    /// The lines with their line ends, which only the last line of a source may lack.
    pub bytes: Vec<u8>,
    /// If present, the block is one line that is over the limit, and `bytes` are its first bytes
    /// without a line end.
    pub over: Option<Over>,
}

/// A line that is over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    /// Its length in bytes, without the line end.
    pub length: u64,
}

/// How to cut.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// A block is handed out once it holds this much; 1 makes every line a block.
    pub block_bytes: usize,
    /// The longest line that is kept, without its line end.
    pub line_limit: usize,
    /// How many bytes of a longer line are kept, to show them.
    pub over_keep: usize,
    /// Whether bytes are one complete JSON value.
    pub is_json: fn(&[u8]) -> bool,
    /// Whether the stored bytes of each source get their SHA-256.
    pub digest: bool,
}

/// How much a source held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Lines, or elements of a source that is one array.
    pub lines: u64,
    /// Unpacked bytes.
    pub bytes: u64,
    /// The stored bytes, if that was asked for.
    pub stamp: Option<Stamp>,
}

/// Hands out the blocks of all sources.
pub struct Reader<'a> {
    sources: &'a [Source],
    options: Options,
    progress: Arc<Progress>,
    /// The source to open next.
    next: usize,
    current: Option<Current>,
    totals: Vec<Total>,
    troubles: Vec<Trouble>,
    spare: Vec<Vec<u8>>,
}

impl<'a> Reader<'a> {
    /// A reader of these sources. Each is opened when its turn comes, and closed before the next.
    ///
    /// # Panics
    ///
    /// If there are more than four thousand million sources.
    pub fn new(sources: &'a [Source], options: Options, progress: Arc<Progress>) -> Self {
        assert!(u32::try_from(sources.len()).is_ok(), "the sources of a run are counted in 32 bits");
        Self {
            sources,
            options,
            progress,
            next: 0,
            current: None,
            totals: vec![Total::default(); sources.len()],
            troubles: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// The next block, or `None` behind the last line of the last source.
    #[expect(
        clippy::should_implement_trait,
        reason = "a reader is no iterator: it is asked for more afterwards"
    )]
    pub fn next(&mut self) -> Option<Block> {
        loop {
            if let Some(current) = &mut self.current {
                if let Some(block) = current.next() {
                    return Some(block);
                }
                self.close();
            }
            let source = self.sources.get(self.next)?;
            let index = self.next;
            self.next += 1;
            match Decoded::open(source, Arc::clone(&self.progress), self.options.digest) {
                Ok(input) => self.begin(index, source.name.clone(), input),
                Err(trouble) => self.troubles.push(trouble),
            }
        }
    }

    /// Takes back the buffer of a block that is done with.
    pub fn recycle(&mut self, buffer: Vec<u8>) {
        let spare = self.current.as_mut().map_or(&mut self.spare, |it| &mut it.packer.spare);
        keep_spare(spare, buffer, self.options.block_bytes);
    }

    /// What each source held, of those that have been read to their end.
    pub fn totals(&self) -> &[Total] {
        &self.totals
    }

    /// What went wrong, in the order of the sources.
    pub fn troubles(mut self) -> Vec<Trouble> {
        self.close();
        self.troubles
    }

    fn begin(&mut self, index: usize, name: Text, input: Decoded) {
        let source = u32::try_from(index).expect("`new` has looked at the number of sources");
        let mut current = Current {
            name,
            input: Input { decoded: input, head: Vec::new(), head_at: 0, bytes: 0 },
            packer: Packer::new(source, self.options, std::mem::take(&mut self.spare)),
            splitter: None,
            ended: false,
        };
        self.troubles.extend(current.look());
        self.current = Some(current);
    }

    fn close(&mut self) {
        if let Some(Current { name, mut input, mut packer, .. }) = self.current.take() {
            self.spare = std::mem::take(&mut packer.spare);
            let stamp = input.decoded.digest();
            self.totals[packer.source as usize] = Total { lines: packer.lines, bytes: input.bytes, stamp };
            self.troubles.extend(input.decoded.troubles(&name));
        }
    }
}

/// The source that is being read.
struct Current {
    name: Text,
    input: Input,
    packer: Packer,
    /// Of a source that is one array.
    splitter: Option<Splitter>,
    ended: bool,
}

impl Current {
    fn next(&mut self) -> Option<Block> {
        loop {
            if let Some(block) = self.packer.ready.pop_front() {
                return Some(block);
            }
            if self.ended {
                return None;
            }
            let bytes = self.input.fill();
            let bytes = &bytes[..bytes.len().min(CUT_BYTES)];
            let count = bytes.len();
            match &mut self.splitter {
                None => self.packer.cut(bytes),
                Some(splitter) => splitter.push(bytes, &mut self.packer),
            }
            self.input.consume(count);
            if count == 0 {
                if let Some(splitter) = &mut self.splitter {
                    splitter.finish(&mut self.packer);
                }
                self.packer.finish();
                self.ended = true;
            }
        }
    }

    /// Reads as far as is needed to tell whether the source is one array, and whether it looks
    /// like something else altogether.
    fn look(&mut self) -> Option<Trouble> {
        let options = self.packer.options;
        let mut head = Head::default();
        let mut ended = false;
        let array = loop {
            if let Some(array) = head.decide(ended, &options) {
                break array;
            }
            ended = !self.input.read_into(&mut head.bytes);
        };
        if array {
            self.splitter = Some(Splitter::new(options.is_json));
        }
        let guess = looks(head.to_look_at(), options.is_json).filter(|_| !array);
        self.input.head_at = if head.bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        self.input.head = head.bytes;
        guess.map(|it| Trouble::notice(&self.name, TroubleKind::Looks, it))
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
struct Input {
    decoded: Decoded,
    head: Vec<u8>,
    head_at: usize,
    /// Bytes read so far.
    bytes: u64,
}

impl Input {
    fn read_into(&mut self, out: &mut Vec<u8>) -> bool {
        let bytes = self.decoded.fill();
        out.extend_from_slice(bytes);
        let count = bytes.len();
        self.decoded.consume(count);
        self.bytes += count as u64;
        count > 0
    }

    fn fill(&mut self) -> &[u8] {
        if self.head_at < self.head.len() { &self.head[self.head_at..] } else { self.decoded.fill() }
    }

    fn consume(&mut self, count: usize) {
        if self.head_at < self.head.len() {
            self.head_at += count;
            if self.head_at == self.head.len() {
                // The head can be as long as the longest line.
                self.head = Vec::new();
                self.head_at = 0;
            }
        } else {
            self.decoded.consume(count);
            self.bytes += count as u64;
        }
    }
}

/// Packs lines into blocks.
struct Packer {
    source: u32,
    options: Options,
    /// Whole lines, and behind them the beginning of the next.
    block: Vec<u8>,
    /// Where that beginning is.
    line_at: usize,
    /// Lines that have ended so far, in all blocks.
    lines: u64,
    /// The number of the first line of the block.
    first_line: u64,
    /// The current line, if it is over the limit.
    long: Option<Long>,
    ready: VecDeque<Block>,
    /// Emptied buffers.
    spare: Vec<Vec<u8>>,
}

struct Long {
    kept: Vec<u8>,
    length: u64,
}

impl Packer {
    fn new(source: u32, options: Options, spare: Vec<Vec<u8>>) -> Self {
        Self {
            source,
            options,
            block: Vec::new(),
            line_at: 0,
            lines: 0,
            first_line: 1,
            long: None,
            ready: VecDeque::new(),
            spare,
        }
    }

    /// Takes bytes that hold lines as they are.
    fn cut(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(at) = memchr(b'\n', rest) {
            self.piece(&rest[..at]);
            self.end();
            rest = &rest[at + 1..];
        }
        self.piece(rest);
    }

    /// The source ends, perhaps within a line.
    fn finish(&mut self) {
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
            if bytes.len() < bytes.capacity() / 2 {
                // Many short sources, or short blocks before long lines, would add up to much
                // more memory than their bytes need.
                let large = bytes;
                bytes = large.as_slice().to_vec();
                keep_spare(&mut self.spare, large, self.options.block_bytes);
            }
            self.ready.push_back(Block {
                source: self.source,
                first_line: self.first_line,
                bytes,
                over: None,
            });
            self.line_at = 0;
        }
        self.first_line = self.lines + 1;
    }
}

impl Lines for Packer {
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
            if self.block.capacity() == 0 {
                let new = || Vec::with_capacity(self.options.block_bytes);
                self.block = self.spare.pop().unwrap_or_else(new);
            }
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
            let block = Block { source: self.source, first_line: self.lines, bytes: kept, over };
            self.ready.push_back(block);
            self.first_line = self.lines + 1;
            return;
        }
        self.block.push(b'\n');
        self.line_at = self.block.len();
        if self.block.len() >= self.options.block_bytes {
            self.hand_out();
        }
    }

    fn line(&self) -> &[u8] {
        if self.long.is_some() { &[] } else { &self.block[self.line_at..] }
    }
}

/// Keeps an emptied buffer for a block to come, unless it is too small for one, or one long line
/// has made it much larger than blocks are.
fn keep_spare(spare: &mut Vec<Vec<u8>>, mut buffer: Vec<u8>, block_bytes: usize) {
    let fits = (block_bytes..=2 * block_bytes + CUT_BYTES).contains(&buffer.capacity());
    if fits && spare.len() < SPARE_BUFFERS {
        buffer.clear();
        spare.push(buffer);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use std::ffi::OsString;
    use std::io::{self, Read, Write};
    use std::path::Path;
    use std::process::Command;
    use std::sync::atomic::Ordering;

    use proptest::prelude::*;

    use super::*;
    use crate::input::sources::find;

    fn is_json(bytes: &[u8]) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
    }

    const OPTIONS: Options =
        Options { block_bytes: 1 << 20, line_limit: 1 << 24, over_keep: 16, is_json, digest: false };

    fn small(block_bytes: usize, line_limit: usize) -> Options {
        Options { block_bytes, line_limit, over_keep: 4, is_json, digest: false }
    }

    /// A reader that gives bytes in pieces of these sizes, in turn.
    struct Cut {
        bytes: io::Cursor<Vec<u8>>,
        sizes: Vec<usize>,
        calls: usize,
    }

    impl Read for Cut {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.calls += 1;
            if self.calls.is_multiple_of(5) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let size = self.sizes[self.calls % self.sizes.len()].min(buffer.len());
            self.bytes.read(&mut buffer[..size])
        }
    }

    struct Outcome {
        blocks: Vec<Block>,
        total: Total,
        troubles: Vec<Trouble>,
    }

    fn read_cut(bytes: &[u8], sizes: &[usize], options: Options) -> Outcome {
        let cut = Cut { bytes: io::Cursor::new(bytes.to_vec()), sizes: sizes.to_vec(), calls: 0 };
        let mut reader = Reader::new(&[], options, Arc::default());
        reader.totals.push(Total::default());
        reader.begin(0, Text::new("x"), Decoded::new(Box::new(cut), None, Arc::default()));
        let mut blocks = Vec::new();
        while let Some(block) = reader.next() {
            // What is recycled must leave no trace.
            reader.recycle(vec![b'?'; 100]);
            blocks.push(block);
        }
        assert_eq!(reader.next(), None, "the end stays the end");
        Outcome { blocks, total: reader.totals()[0], troubles: reader.troubles() }
    }

    /// Each line with its number, `…` and the length behind what is kept of those over the limit.
    fn shown(blocks: &[Block]) -> Vec<String> {
        let mut lines = Vec::new();
        for block in blocks {
            let text = String::from_utf8_lossy(&block.bytes);
            if let Some(Over { length }) = block.over {
                lines.push(format!("{} {text}…{length}", block.first_line));
                continue;
            }
            for (number, line) in (block.first_line..).zip(text.split_inclusive('\n')) {
                lines.push(format!("{number} {}", line.strip_suffix('\n').unwrap_or(line)));
            }
        }
        lines
    }

    #[track_caller]
    fn check(input: &[u8], options: Options, expected: &[&str]) {
        for sizes in [&[1][..], &[2, 3], &[1000]] {
            for block_bytes in [1, 7, options.block_bytes] {
                let read = read_cut(input, sizes, Options { block_bytes, ..options });
                assert_eq!(shown(&read.blocks), expected, "{sizes:?} {block_bytes}");
                assert_eq!(
                    read.total,
                    Total { lines: expected.len() as u64, bytes: input.len() as u64, stamp: None }
                );
            }
        }
    }

    #[test]
    fn a_reader_can_work_on_any_thread() {
        fn check<T: Send>() {}
        check::<Reader<'_>>();
    }

    #[test]
    fn lines_are_numbered_and_kept_as_they_are() {
        check(b"", OPTIONS, &[]);
        check(b"\n", OPTIONS, &["1 "]);
        check(b"{\"a\":1}", OPTIONS, &["1 {\"a\":1}"]);
        check(b"{\"a\":1}\r\n\n \nx\ry\n", OPTIONS, &["1 {\"a\":1}\r", "2 ", "3  ", "4 x\ry"]);
    }

    #[test]
    fn a_byte_order_mark_is_left_out_at_the_beginning_only() {
        check(b"\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n", OPTIONS, &["1 {}", "2 \u{feff}{}"]);
        check(b"\xef\xbb\xbf", OPTIONS, &[]);
        check(b"\xef\xbb\xbf[\n1,\n2]", OPTIONS, &["1 1", "2 2"]);
        check(b"\xef\xbb\xbf\n [ 1 ]\n2", OPTIONS, &["1 ", "2  [ 1 ]", "3 2"]);
    }

    #[test]
    fn lines_over_the_limit_come_alone_and_cut() {
        let options = small(100, 5);
        check(b"12345\n123456\n1\n", options, &["1 12345", "2 1234…6", "3 1"]);
        check(b"1\n2\n1234567890", options, &["1 1", "2 2", "3 1234…10"]);
        check(b"1234567890\n1234567\n\n", options, &["1 1234…10", "2 1234…7", "3 "]);
        check(b"12345\r\n", options, &["1 1234…6"]);
    }

    #[test]
    fn a_file_that_is_one_array_is_read_by_elements() {
        check(b"[\n{\"a\":\n1},\n2\n]\n", OPTIONS, &["1 {\"a\": 1}", "2 2"]);
        check(b"[{\"a\":1},\n{\"b\":2}", OPTIONS, &["1 {\"a\":1}", "2 {\"b\":2}", "3 ["]);
        // Lines before the bracket have their classes, so such a file is lines.
        check(b"\n\n[{\"a\":1},\n{\"b\":2}", OPTIONS, &["1 ", "2 ", "3 [{\"a\":1},", "4 {\"b\":2}"]);
        // Ordinary lines that are arrays.
        check(b"[1,2]\n[3]\n", OPTIONS, &["1 [1,2]", "2 [3]"]);
        check(b"\n [1]\n[\n", OPTIONS, &["1 ", "2  [1]", "3 ["]);
        check(b"[1,2]", OPTIONS, &["1 [1,2]"]);
        // A first line that is over the limit is an array even if it is complete.
        check(b"[1,234,5678,90]\n", small(100, 5), &["1 1", "2 234", "3 5678", "4 90"]);
        check(b"[1,\"345678\",{\"a\":[]},4]", small(100, 5), &["1 1", "2 \"345…8", "3 {\"a\"…8", "4 4"]);
        check(
            b"[garbage\n{\"a\":1}\n{\"b\":2}\n",
            OPTIONS,
            &["1 garbage", "2 ,", "3 {\"a\":1}", "4 {\"b\":2}", "5 ["],
        );
    }

    #[test]
    fn much_white_space_at_the_beginning_is_lines() {
        let input = [&b"\n".repeat(LEADING_WHITE_BYTES + 1)[..], b"[\n1\n]"].concat();
        for sizes in [1 << 20, 1000] {
            let read = read_cut(&input, &[sizes], OPTIONS);
            assert_eq!(read.total.lines, LEADING_WHITE_BYTES as u64 + 4);
            let joined: Vec<u8> = read.blocks.into_iter().flat_map(|it| it.bytes).collect();
            assert!(joined == input);
            let shorter = read_cut(&input[1..], &[sizes], OPTIONS);
            assert_eq!(shorter.total.lines, LEADING_WHITE_BYTES as u64 + 3);
        }
    }

    #[test]
    fn a_guess_is_a_notice_and_changes_no_line() {
        for (input, words) in [
            (&b"{\n\"a\":1\n}\n"[..], "jq -c"),
            (b"\xff\xfe{\0}\0\n\0", "iconv"),
            (b"<html>\n</html>\n", "web page"),
            (b"PK\x03\x04\n", "unzip"),
        ] {
            let read = read_cut(input, &[1], OPTIONS);
            assert_eq!(read.troubles.len(), 1, "{words}");
            assert!(read.troubles[0].message.contains(words) && !read.troubles[0].defect);
            let joined: Vec<u8> = read.blocks.into_iter().flat_map(|it| it.bytes).collect();
            assert_eq!(joined, input);
        }
        assert_eq!(read_cut(b"[\n{\n}]", &[1], OPTIONS).troubles, []);
    }

    #[test]
    fn memory_stays_small_on_one_endless_line() {
        let options = Options { block_bytes: 1 << 16, line_limit: 1 << 20, ..OPTIONS };
        let reader = io::repeat(b'x').take(50_000_000);
        let mut reader_of_all = Reader::new(&[], options, Arc::default());
        reader_of_all.totals.push(Total::default());
        reader_of_all.begin(0, Text::new("x"), Decoded::new(Box::new(reader), None, Arc::default()));
        let block = reader_of_all.next().unwrap();
        assert_eq!(block.over, Some(Over { length: 50_000_000 }));
        assert_eq!(block.bytes, b"xxxxxxxxxxxxxxxx");
        assert!(block.bytes.capacity() < 1000);
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    proptest! {
        #[test]
        fn blocks_joined_equal_the_input(
            input in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                "[^\\[\u{feff}]{0,3}[ab{}\\[\n\r]{0,100}".prop_map(String::into_bytes),
            ],
            sizes in prop::collection::vec(1usize..20, 1..5),
            block_bytes in 1usize..50,
        ) {
            prop_assume!(input.trim_ascii_start().first() != Some(&b'['));
            prop_assume!(!input.starts_with(BYTE_ORDER_MARK) && !input.starts_with(&[0x1f]));
            let read = read_cut(&input, &sizes, small(block_bytes, 1000));
            let mut joined: Vec<u8> = Vec::new();
            for (n, block) in read.blocks.iter().enumerate() {
                let lines_before = joined.iter().filter(|it| **it == b'\n').count() as u64;
                prop_assert_eq!(block.first_line, lines_before + 1);
                prop_assert!(block.bytes.ends_with(b"\n") || n + 1 == read.blocks.len());
                prop_assert!(!block.bytes.is_empty());
                // No line more than needed to reach the size.
                let before_last = block.bytes[..block.bytes.len() - 1].iter().rposition(|it| *it == b'\n');
                prop_assert!(before_last.is_none_or(|it| it + 1 < block_bytes));
                joined.extend(&block.bytes);
            }
            prop_assert_eq!(read.total.lines as usize, joined.split_inclusive(|it| *it == b'\n').count());
            prop_assert_eq!(joined, input);
        }

        #[test]
        fn limits_and_cuts_change_no_line(
            input in "[\\[{]?[\\[\\]{},\"ab \n]{0,80}",
            sizes in prop::collection::vec(1usize..20, 1..5),
            block_bytes in 1usize..50,
            line_limit in 1usize..20,
        ) {
            let input = input.as_bytes();
            let whole = read_cut(input, &[1000], small(1000, line_limit));
            let cut = read_cut(input, &sizes, small(block_bytes, line_limit));
            prop_assert_eq!(shown(&cut.blocks), shown(&whole.blocks));
            prop_assert_eq!(cut.total, whole.total);
            for block in &cut.blocks {
                prop_assert!(block.over.is_none_or(|it| it.length > line_limit as u64));
                let over_limit = |it: &[u8]| it.trim_ascii_end().len() > line_limit;
                prop_assert!(block.over.is_some() || !block.bytes.split(|it| *it == b'\n').any(over_limit));
            }
        }

        #[test]
        fn packing_changes_nothing(
            lines in prop::collection::vec("[a-z{}\"]{0,12}", 0..20),
            at in any::<prop::sample::Index>(),
            sizes in prop::collection::vec(1usize..20, 1..5),
        ) {
            let input = lines.join("\n").into_bytes();
            let (a, b) = input.split_at(at.index(input.len() + 1));
            let plain = shown(&read_cut(&input, &[1000], OPTIONS).blocks);
            prop_assert_eq!(&shown(&read_cut(&gzip(&input), &sizes, OPTIONS).blocks), &plain);
            let members = [gzip(a), gzip(b)].concat();
            prop_assert_eq!(&shown(&read_cut(&members, &sizes, OPTIONS).blocks), &plain);
            let frames = [zstd::encode_all(a, 1).unwrap(), zstd::encode_all(b, 1).unwrap()].concat();
            prop_assert_eq!(&shown(&read_cut(&frames, &sizes, OPTIONS).blocks), &plain);
        }
    }

    fn read_paths(paths: &[&Path]) -> (Vec<Block>, Vec<Trouble>, Vec<Total>) {
        let paths: Vec<OsString> = paths.iter().map(|it| it.as_os_str().to_owned()).collect();
        let found = find(&paths, None);
        let progress = Arc::new(Progress::of(&found.sources));
        let mut reader = Reader::new(&found.sources, OPTIONS, Arc::clone(&progress));
        let mut blocks = Vec::new();
        while let Some(block) = reader.next() {
            blocks.push(block);
        }
        assert!(progress.read.load(Ordering::Relaxed) >= progress.total);
        let totals = reader.totals().to_vec();
        let troubles = found.troubles.into_iter().chain(reader.troubles()).collect();
        (blocks, troubles, totals)
    }

    #[test]
    fn sources_are_read_one_after_another() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.ndjson"), gzip(b"1\n2\n")).unwrap();
        std::fs::write(folder.path().join("b.json"), b"[\n3,\n4]").unwrap();
        std::fs::write(folder.path().join("c.log"), b"").unwrap();
        std::fs::write(folder.path().join("d.gz.jsonl"), zstd::encode_all(&b"5\n6"[..], 1).unwrap()).unwrap();
        let (blocks, troubles, totals) = read_paths(&[folder.path()]);
        assert_eq!(troubles, []);
        assert_eq!(shown(&blocks), ["1 1", "2 2", "1 3", "2 4", "1 5", "2 6"]);
        assert_eq!(blocks.iter().map(|it| it.source).collect::<Vec<_>>(), [0, 1, 3]);
        assert_eq!(
            totals.iter().map(|it| (it.lines, it.bytes)).collect::<Vec<_>>(),
            [(2, 4), (2, 7), (0, 0), (2, 3)]
        );
    }

    #[test]
    fn a_file_that_vanishes_before_its_turn_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ndjson");
        std::fs::write(&path, b"1\n").unwrap();
        let found = find(&[path.clone().into_os_string()], None);
        std::fs::remove_file(&path).unwrap();
        let mut reader = Reader::new(&found.sources, OPTIONS, Arc::default());
        assert_eq!(reader.next(), None);
        assert_eq!(reader.troubles()[0].kind, TroubleKind::Missing);
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_system_files_just_work() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let writer = {
            let pipe = pipe.clone();
            std::thread::spawn(move || std::fs::write(pipe, gzip(b"1\n2\n")).unwrap())
        };
        let (blocks, troubles, _) = read_paths(&[&pipe]);
        writer.join().unwrap();
        assert_eq!((shown(&blocks), troubles), (vec!["1 1".to_owned(), "2 2".to_owned()], Vec::new()));
        let system = Path::new("/proc/self/status");
        if system.exists() {
            let (blocks, troubles, _) = read_paths(&[system]);
            assert!(shown(&blocks).len() > 5);
            assert_eq!(troubles, []);
        }
    }

    /// Runs itself again in a shell that allows few open files.
    #[cfg(unix)]
    #[test]
    fn a_thousand_files_need_few_handles() {
        const INSIDE: &str = "CALLSIFT_TEST_FEW_HANDLES";
        if let Some(folder) = std::env::var_os(INSIDE) {
            let (blocks, troubles, _) = read_paths(&[Path::new(&folder)]);
            assert_eq!((blocks.len(), troubles), (1000, Vec::new()));
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        for n in 0..1000 {
            std::fs::write(folder.path().join(format!("{n}.ndjson")), format!("{n}\n")).unwrap();
        }
        let program = std::env::current_exe().unwrap();
        let output = Command::new("sh")
            .args(["-c", "ulimit -n 64 && exec \"$0\" --exact \"$1\""])
            .arg(program)
            .arg(format!("{}::a_thousand_files_need_few_handles", module_path!().split_once("::").unwrap().1))
            .env(INSIDE, folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }
}
