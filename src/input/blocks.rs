//! Hands out the bytes of all sources as blocks of whole lines, to as many threads as ask. Memory is
//! bounded by the size of a block and the longest line allowed, whatever the files hold.
//!
//! Each thread reads the block that it then parses: the bytes are in its own cache, and a thread reads
//! while others parse. One source is read by one thread at a time. Who finds it taken reads the next
//! source, so that several compressed ones are unpacked side by side.

use std::ops::Deref;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

pub use super::decode::Progress;
use super::decode::{Decoded, Stamp};
use super::sources::Source;
use super::stream::{Finished, Stream};

/// Sources that are open at the same time, at most: limits of open files can be low.
const OPEN_SOURCES: usize = 8;

/// Whole lines of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The number of the first line, from 1.
    pub first_line: u64,
    /// The lines with their line ends, which only the last line of a source may lack.
    pub bytes: Buffer,
    /// If present, the block is one line that is over the limit, and `bytes` are its first bytes
    /// without a line end.
    pub over: Option<Over>,
}

/// Bytes that are read, at the beginning of a buffer that may be larger.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    /// All of it has been written once, so that using it again costs nothing.
    bytes: Vec<u8>,
    length: usize,
}

impl Buffer {
    /// The first bytes of a buffer.
    pub fn of(bytes: Vec<u8>, length: usize) -> Self {
        debug_assert!(length <= bytes.len(), "they are there");
        Self { bytes, length }
    }

    /// The memory, of so many bytes at least and not many more. What they are is left open.
    pub fn of_size(self, size: usize) -> Vec<u8> {
        // One long line has made it larger than blocks are.
        let fits = (size..=2 * size).contains(&self.bytes.len());
        if fits { self.bytes } else { vec![0; size] }
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        let length = bytes.len();
        Self { bytes, length }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl PartialEq for Buffer {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Buffer {}

/// A line that is over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    /// Its length in bytes, without the line end.
    pub length: u64,
}

/// How to cut.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// A block holds as many lines as fit into so many bytes, and one at least; 1 makes every line a
    /// block.
    pub block_bytes: usize,
    /// The longest line that is kept, without its line end.
    pub line_limit: usize,
    /// How many bytes of a longer line are kept, to show them.
    pub over_keep: usize,
    /// Whether bytes are one complete JSON value.
    pub is_json: fn(&[u8]) -> bool,
    /// Whether the stored bytes of each source get their SHA-256.
    pub digest: bool,
    /// Whether lines of different members of compressed data are in different blocks, because those
    /// of some are to be left out.
    pub by_member: bool,
    /// Whether a source is begun only when the one before has ended.
    pub one_by_one: bool,
}

/// How much a source held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// Lines, or elements of a source that is one array.
    pub lines: u64,
    /// Unpacked bytes.
    pub bytes: u64,
    /// Those of them that are in no line: line ends, a byte-order mark, what stands between the elements
    /// of an array.
    pub outside: u64,
    /// Bytes of lines that stand for what is missing, and that the source does not hold.
    pub made: u64,
    /// Lines that are to be left out because their data did not pass its checksum.
    pub unverified: u64,
    /// The stored bytes, if that was asked for.
    pub stamp: Option<Stamp>,
}

/// The place of a block: which of the sources, and which of its blocks.
pub type Position = (usize, u64);

/// What a [`Reader`] hands out.
#[derive(Debug)]
pub enum Piece {
    /// Lines.
    Block {
        /// Whether the source is compressed.
        packed: bool,
        /// The lines.
        block: Block,
    },
    /// A source has ended, or could not be opened.
    End(Finished),
}

/// Hands out the blocks of all sources, to any number of threads.
pub struct Reader<'a> {
    sources: &'a [Source],
    options: Options,
    progress: Arc<Progress>,
    state: Mutex<State>,
    /// A source was given back, or all is over.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The source to open next.
    next: usize,
    /// Those that are open, in their order.
    open: Vec<Slot>,
    /// Nothing more is wanted.
    stopped: bool,
}

struct Slot {
    source: usize,
    /// The number of its next block.
    block: u64,
    /// Absent while a thread reads from it.
    stream: Option<Box<Stream>>,
}

/// What a thread is to read.
enum Turn {
    Read(Position, Box<Stream>),
    Open(Position),
}

impl<'a> Reader<'a> {
    /// A reader of these sources. Each is opened when its turn comes.
    pub fn new(sources: &'a [Source], options: Options, progress: Arc<Progress>) -> Self {
        Self { sources, options, progress, state: Mutex::default(), changed: Condvar::new() }
    }

    /// The next piece of the first source that nobody else reads from, with its place; `None` behind
    /// the last. `spare` is the buffer of a block that is done with; a new block takes it.
    pub fn next(&self, spare: &mut Buffer) -> Option<(Position, Piece)> {
        let (position, mut stream) = match self.turn()? {
            Turn::Read(position, stream) => (position, stream),
            Turn::Open(position) => match self.open(&self.sources[position.0]) {
                Ok(stream) => (position, Box::new(stream)),
                Err(finished) => {
                    self.give_back(position.0, None);
                    return Some((position, Piece::End(*finished)));
                }
            },
        };
        let packed = stream.is_packed();
        let Some(block) = stream.next(spare) else {
            let finished = stream.finish();
            self.give_back(position.0, None);
            return Some((position, Piece::End(finished)));
        };
        self.give_back(position.0, Some(stream));
        Some((position, Piece::Block { packed, block }))
    }

    /// Lets every thread find the end.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    fn open(&self, source: &Source) -> Result<Stream, Box<Finished>> {
        match Decoded::open(source, Arc::clone(&self.progress), self.options.digest) {
            Ok(it) => {
                let it = it.dropping(self.options.by_member);
                Ok(Stream::begin(source.name.clone(), it, self.options))
            }
            Err(it) => Err(Box::new(Finished {
                total: Total::default(),
                unverified: Vec::new(),
                troubles: vec![it],
            })),
        }
    }

    fn turn(&self) -> Option<Turn> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(slot) = state.open.iter_mut().find(|it| it.stream.is_some()) {
                let position = (slot.source, slot.block);
                slot.block += 1;
                return slot.stream.take().map(|it| Turn::Read(position, it));
            }
            let limit = if self.options.one_by_one { 1 } else { OPEN_SOURCES };
            if state.next < self.sources.len() && state.open.len() < limit {
                let source = state.next;
                state.next += 1;
                state.open.push(Slot { source, block: 1, stream: None });
                return Some(Turn::Open((source, 0)));
            }
            if state.open.is_empty() {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Gives back what was taken, or that it has ended.
    fn give_back(&self, source: usize, stream: Option<Box<Stream>>) {
        let mut state = self.lock();
        match stream {
            None => state.open.retain(|it| it.source != source),
            Some(stream) => {
                let slot = state.open.iter_mut().find(|it| it.source == source);
                if let Some(slot) = slot {
                    slot.stream = Some(stream);
                }
            }
        }
        let over = state.open.is_empty() && state.next == self.sources.len();
        drop(state);
        if over { self.changed.notify_all() } else { self.changed.notify_one() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
    use crate::input::stream::LEADING_WHITE_BYTES;
    use crate::input::{Trouble, TroubleKind};
    use crate::text::Text;

    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

    fn is_json(bytes: &[u8]) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
    }

    const OPTIONS: Options = Options {
        block_bytes: 1 << 20,
        line_limit: 1 << 24,
        over_keep: 16,
        is_json,
        digest: false,
        by_member: false,
        one_by_one: false,
    };

    fn small(block_bytes: usize, line_limit: usize) -> Options {
        Options { block_bytes, line_limit, over_keep: 4, ..OPTIONS }
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
        unverified: Vec<(u64, u64)>,
    }

    fn read_cut(bytes: &[u8], sizes: &[usize], options: Options) -> Outcome {
        let cut = Cut { bytes: io::Cursor::new(bytes.to_vec()), sizes: sizes.to_vec(), calls: 0 };
        read_from(cut, options)
    }

    fn read_from(reader: impl Read + Send + 'static, options: Options) -> Outcome {
        let decoded = Decoded::new(Box::new(reader), None, Arc::default()).dropping(options.by_member);
        let mut stream = Stream::begin(Text::new("x"), decoded, options);
        let mut blocks = Vec::new();
        // What is used again must leave no trace.
        let spare = |n: usize| Buffer::from(vec![b'?'; n % 3 * options.block_bytes.min(10_000)]);
        while let Some(block) = stream.next(&mut spare(blocks.len())) {
            blocks.push(block);
        }
        assert_eq!(stream.next(&mut Buffer::default()), None, "the end stays the end");
        let Finished { total, unverified, troubles } = stream.finish();
        Outcome { blocks, total, troubles, unverified }
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

    /// The bytes of all lines, without line ends.
    fn in_lines(blocks: &[Block]) -> u64 {
        let ends = |it: &Block| it.bytes.iter().filter(|it| **it == b'\n').count();
        let length = |it: &Block| it.over.map_or((it.bytes.len() - ends(it)) as u64, |it| it.length);
        blocks.iter().map(length).sum()
    }

    #[track_caller]
    fn check(input: &[u8], options: Options, expected: &[&str]) {
        for sizes in [&[1][..], &[2, 3], &[1000]] {
            for block_bytes in [1, 7, options.block_bytes] {
                let read = read_cut(input, sizes, Options { block_bytes, ..options });
                assert_eq!(shown(&read.blocks), expected, "{sizes:?} {block_bytes}");
                let total = read.total;
                assert_eq!((total.lines, total.bytes), (expected.len() as u64, input.len() as u64));
                assert_eq!(total.bytes + total.made, in_lines(&read.blocks) + total.outside, "{sizes:?}");
            }
        }
    }

    #[test]
    fn a_reader_can_work_on_all_threads() {
        fn check<T: Sync>() {}
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
            let joined: Vec<u8> = read.blocks.iter().flat_map(|it| it.bytes.to_vec()).collect();
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
            let joined: Vec<u8> = read.blocks.iter().flat_map(|it| it.bytes.to_vec()).collect();
            assert_eq!(joined, input);
        }
        assert_eq!(read_cut(b"[\n{\n}]", &[1], OPTIONS).troubles, []);
    }

    #[test]
    fn memory_stays_small_on_one_endless_line() {
        let options = Options { block_bytes: 1 << 16, line_limit: 1 << 20, ..OPTIONS };
        let reader = io::repeat(b'x').take(50_000_000);
        let decoded = Decoded::new(Box::new(reader), None, Arc::default());
        let mut stream = Stream::begin(Text::new("x"), decoded, options);
        let block = stream.next(&mut Buffer::default()).unwrap();
        assert_eq!(block.over, Some(Over { length: 50_000_000 }));
        assert_eq!(&*block.bytes, b"xxxxxxxxxxxxxxxx");
        assert!(block.bytes.bytes.capacity() < 1000);
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// A member of which one byte of the trailer, counted from its end, is flipped.
    fn broken(bytes: &[u8], from_end: usize) -> Vec<u8> {
        let mut packed = gzip(bytes);
        let at = packed.len() - from_end;
        packed[at] ^= 1;
        packed
    }

    #[track_caller]
    fn check_unverified(stored: &[u8], expected: &[(u64, u64)]) {
        for sizes in [&[1][..], &[2, 3], &[1000]] {
            for block_bytes in [1, 7, 1 << 20] {
                let whole = read_cut(stored, sizes, Options { block_bytes, ..OPTIONS });
                assert_eq!(whole.unverified, expected, "{sizes:?} {block_bytes}");
                let parted = read_cut(stored, sizes, Options { block_bytes, by_member: true, ..OPTIONS });
                assert_eq!(parted.unverified, expected);
                assert_eq!(shown(&parted.blocks), shown(&whole.blocks));
                for block in &parted.blocks {
                    let last = block.first_line + shown(std::slice::from_ref(block)).len() as u64 - 1;
                    let inside = |line: u64| expected.iter().any(|(a, b)| (*a..=*b).contains(&line));
                    assert!(
                        (block.first_line..=last).all(|it| inside(it) == inside(block.first_line)),
                        "{expected:?} {block:?}"
                    );
                }
                for (read, words) in
                    [(whole, "unverified, `--drop-unverified`"), (parted, "left out as unverified")]
                {
                    let told = read.troubles.iter().filter(|it| it.message.contains(words)).count();
                    assert_eq!(told, usize::from(!expected.is_empty()), "{:?}", read.troubles);
                }
            }
        }
    }

    #[test]
    fn lines_of_members_that_fail_are_known() {
        const A: &[u8] = b"1\n2\n3\n";
        for from_end in [8, 1] {
            // The checksum, and the length.
            let bad = broken(A, from_end);
            check_unverified(&bad, &[(1, 3)]);
            check_unverified(&[&bad[..], &gzip(A)].concat(), &[(1, 3)]);
            check_unverified(&[&gzip(A)[..], &bad, &gzip(A)].concat(), &[(4, 6)]);
            check_unverified(&[&gzip(A)[..], &gzip(A), &bad].concat(), &[(7, 9)]);
            check_unverified(&[&bad[..], &gzip(A), &bad, &bad].concat(), &[(1, 3), (7, 12)]);
        }
        check_unverified(&gzip(A), &[]);
        // A line that is half of a member that failed is not verified either.
        check_unverified(&[gzip(b"1\n2"), broken(b"2\n3\n4", 8), gzip(b"4\n5\n")].concat(), &[(2, 4)]);
        check_unverified(&[gzip(b"1\n2"), broken(b"", 8), gzip(b"2\n3")].concat(), &[]);
        check_unverified(&[gzip(b"1\n2"), broken(b"2", 8), gzip(b"2\n3")].concat(), &[(2, 2)]);
        // A member that is cut never came to its checksum.
        let cut = gzip(A);
        check_unverified(&cut[..cut.len() - 3], &[(1, 3)]);
        check_unverified(&[&gzip(A)[..], &cut[..cut.len() - 8]].concat(), &[(4, 6)]);
        // An array is counted by elements.
        let parts = [gzip(b"[\n1,\n2,"), broken(b"\n3,4", 8), gzip(b"4,5\n]")];
        check_unverified(&parts.concat(), &[(3, 4)]);
    }

    #[test]
    fn lines_of_zstd_frames_that_fail_are_known() {
        let checked = |bytes: &[u8]| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let good = checked(b"1\n2\n");
        let mut bad = good.clone();
        *bad.last_mut().unwrap() ^= 1;
        check_unverified(&[&good[..], &bad, &good].concat(), &[(3, 4)]);
        check_unverified(&good[..good.len() - 2], &[(1, 2)]);
        let plain = zstd::encode_all(&b"1\n"[..], 1).unwrap();
        let read = read_cut(&[&plain[..], &good, &plain].concat(), &[5], OPTIONS);
        assert_eq!(read.unverified, []);
        assert_eq!(read.troubles.len(), 1);
        assert!(
            read.troubles[0].message.contains("zstd frame 1 at offset 0 and 1 more came without a checksum")
        );
        assert!(!read.troubles[0].defect);
    }

    /// Fails at one call, for good.
    struct Failing {
        bytes: io::Cursor<Vec<u8>>,
        left: usize,
    }

    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("broken disk"))?;
            let size = buffer.len().min(3);
            match self.left % 4 {
                1 => Err(io::ErrorKind::Interrupted.into()),
                2 => Err(io::ErrorKind::WouldBlock.into()),
                _ => self.bytes.read(&mut buffer[..size]),
            }
        }
    }

    #[test]
    fn a_read_that_fails_at_any_call_keeps_the_lines_before() {
        let lines = b"{\"a\":1}\n{\"b\":2}\n[3]\n";
        for stored in [lines.to_vec(), gzip(lines), b"[\n1,\n2\n]".to_vec()] {
            let whole = shown(&read_cut(&stored, &[1000], OPTIONS).blocks);
            let mut failed = 0;
            for left in 0.. {
                let bytes = io::Cursor::new(stored.clone());
                let read = read_from(Failing { bytes, left }, small(8, 1000));
                let (read_lines, troubles) = (shown(&read.blocks), read.troubles);
                if troubles.is_empty() {
                    assert_eq!(read_lines, whole);
                    break;
                }
                failed += 1;
                assert_eq!(troubles[0].kind, TroubleKind::ReadError, "{troubles:?}");
                let sure = read_lines.len().saturating_sub(2);
                assert_eq!(read_lines[..sure], whole[..sure.min(whole.len())], "call {left}");
            }
            assert!(failed > 3);
        }
    }

    proptest! {
        #[test]
        fn members_that_fail_are_found_among_any_others(
            parts in prop::collection::vec(("[a\n]{0,6}", any::<bool>()), 1..6),
            block_bytes in 1usize..8,
        ) {
            let mut stored = Vec::new();
            let (mut text, mut expected) = (String::new(), std::collections::BTreeSet::new());
            for (part, good) in &parts {
                for byte in part.bytes() {
                    if !good {
                        expected.insert(text.matches('\n').count() as u64 + 1);
                    }
                    text.push(byte as char);
                }
                stored.extend(if *good { gzip(part.as_bytes()) } else { broken(part.as_bytes(), 8) });
            }
            for by_member in [false, true] {
                let options = Options { by_member, ..small(block_bytes, 100) };
                let read = read_cut(&stored, &[1000], options);
                let found: std::collections::BTreeSet<u64> =
                    read.unverified.iter().flat_map(|(a, b)| *a..=*b).collect();
                prop_assert_eq!(&found, &expected);
                for block in read.blocks.iter().filter(|_| by_member) {
                    let ends = block.bytes.split_inclusive(|it| *it == b'\n').count() as u64;
                    let flags: Vec<bool> =
                        (0..ends).map(|it| expected.contains(&(block.first_line + it))).collect();
                    prop_assert!(flags.iter().all(|it| *it == flags[0]));
                }
            }
        }

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
                // As many lines as fit, and one at least.
                let lines = block.bytes.split_inclusive(|it| *it == b'\n').count();
                prop_assert!(lines == 1 || block.bytes.len() <= block_bytes);
                let next = read.blocks.get(n + 1).and_then(|it| it.bytes.split_inclusive(|it| *it == b'\n').next());
                let fits = |it: &[u8]| it.ends_with(b"\n") && block.bytes.len() + it.len() <= block_bytes;
                prop_assert!(!next.is_some_and(fits));
                joined.extend(&*block.bytes);
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
        let reader = Reader::new(&found.sources, OPTIONS, Arc::clone(&progress));
        let pieces = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while let Some(it) = reader.next(&mut Buffer::default()) {
                        pieces.lock().unwrap().push(it);
                    }
                });
            }
        });
        assert!(progress.read.load(Ordering::Relaxed) >= progress.total);
        let mut pieces = pieces.into_inner().unwrap();
        pieces.sort_by_key(|(position, _)| *position);
        let (mut blocks, mut troubles, mut totals) = (Vec::new(), found.troubles, Vec::new());
        let mut next = (0, 0);
        for (position, piece) in pieces {
            assert_eq!(position, next, "no piece is left out");
            match piece {
                Piece::Block { block, .. } => {
                    blocks.push(block);
                    next.1 += 1;
                }
                Piece::End(it) => {
                    troubles.extend(it.troubles);
                    totals.push(it.total);
                    next = (next.0 + 1, 0);
                }
            }
        }
        (blocks, troubles, totals)
    }

    #[test]
    fn sources_keep_their_order() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.ndjson"), gzip(b"1\n2\n")).unwrap();
        std::fs::write(folder.path().join("b.json"), b"[\n3,\n4]").unwrap();
        std::fs::write(folder.path().join("c.log"), b"").unwrap();
        std::fs::write(folder.path().join("d.gz.jsonl"), zstd::encode_all(&b"5\n6"[..], 1).unwrap()).unwrap();
        let (blocks, troubles, totals) = read_paths(&[folder.path()]);
        assert_eq!(troubles.iter().map(|it| it.kind).collect::<Vec<_>>(), [TroubleKind::Unchecked]);
        assert_eq!(shown(&blocks), ["1 1", "2 2", "1 3", "2 4", "1 5", "2 6"]);
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
        let reader = Reader::new(&found.sources, OPTIONS, Arc::default());
        let Some((_, Piece::End(finished))) = reader.next(&mut Buffer::default()) else { panic!("no end") };
        assert_eq!(finished.troubles[0].kind, TroubleKind::Missing);
        assert!(reader.next(&mut Buffer::default()).is_none());
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
