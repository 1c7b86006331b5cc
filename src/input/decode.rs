//! Opens a source and unpacks it: gzip with all its members, zstd with all its frames, anything
//! else as it is. Which of them it is shows in the first bytes, never in the name.
//!
//! Damaged data never take back what came before: all bytes that could be unpacked are handed out,
//! and what happened is told as a [`Trouble`] in the end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flate2::{Crc, Decompress, FlushDecompress, Status};
use sha2::{Digest, Sha256};
use zstd::stream::raw::{DParameter, InBuffer, Operation, OutBuffer};

use super::sources::{Place, Source};
use super::{Trouble, TroubleKind};
use crate::text::Text;

/// Stored bytes read at a time, but for plain files, which are read into their blocks.
const CHUNK_BYTES: usize = 256 * 1024;
/// Those that are read first, to see what it is: the rest of a plain file goes by this buffer.
const HEAD_BYTES: usize = 4096;

/// The largest window that zstd data may ask for, as a power of two: what the `zstd` tool allows
/// by default.
const ZSTD_WINDOW_LOG: u32 = 27;

/// How long to wait for a pipe that was set not to block.
const PIPE_PAUSE: Duration = Duration::from_millis(5);

/// How far reading has come, for whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Stored bytes read so far, of all sources.
    pub read: AtomicU64,
    /// Stored bytes of all sources whose size is known.
    pub total: u64,
}

impl Progress {
    /// Nothing read so far of these sources.
    pub fn of(sources: &[Source]) -> Self {
        Self { read: AtomicU64::new(0), total: sources.iter().filter_map(|it| it.bytes).sum() }
    }
}

/// What names the stored bytes of a source for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// How many were read.
    pub bytes: u64,
    /// The SHA-256 of those.
    pub sha256: [u8; 32],
}

impl Stamp {
    /// Of a file as it is stored.
    ///
    /// # Errors
    ///
    /// Where it cannot be read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let (mut digest, mut bytes) = (Sha256::new(), 0);
        let mut file = BufReader::with_capacity(CHUNK_BYTES, File::open(path)?);
        loop {
            let chunk = file.fill_buf()?;
            if chunk.is_empty() {
                return Ok(Self { bytes, sha256: digest.finalize().into() });
            }
            digest.update(chunk);
            bytes += chunk.len() as u64;
            let taken = chunk.len();
            file.consume(taken);
        }
    }
}

/// What [`Decoded::read`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// So many bytes at the beginning of the buffer, all of one member if the data are compressed.
    Bytes(usize),
    /// Behind the bytes so far a member of compressed data ends.
    Member {
        /// Whether they are all of it, and nothing speaks against them.
        verified: bool,
    },
    /// That was all.
    End,
}

/// The unpacked bytes of one source.
pub struct Decoded {
    stored: Stored,
    format: Format,
    finished: bool,
    /// Whether the member that has just ended is verified; to be told.
    ended: Option<bool>,
    /// Lines of members that are not verified are left out by whoever reads them.
    drops: bool,
    troubles: Vec<(TroubleKind, String)>,
    /// Members that failed their checksum: how many, and which was the first, where.
    untrusted: Option<(u64, Position)>,
    /// Frames without a checksum, likewise.
    unchecked: Option<(u64, Position)>,
}

/// A member of a gzip file or a frame of a zstd file.
#[derive(Clone, Copy)]
struct Position {
    member: u64,
    offset: u64,
}

enum Format {
    Unknown,
    Plain,
    Gzip(Box<Gzip>),
    Zstd(Box<Zstd>),
}

impl Decoded {
    /// Opens a source.
    ///
    /// # Errors
    ///
    /// The trouble to report when the system refuses to open it.
    pub fn open(source: &Source, progress: Arc<Progress>, digest: bool) -> Result<Self, Trouble> {
        let (reader, size): (Box<dyn Read + Send>, Option<u64>) = match &source.place {
            Place::Stdin => (Box::new(io::stdin()), None),
            Place::File(path) => {
                let file = File::open(path).map_err(|it| cannot_open(&source.name, &it))?;
                // Only of plain files is the size a promise; those under /proc say 0 and hold more.
                let size = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|it| it.len());
                (Box::new(file), size)
            }
        };
        let mut opened = Self::new(reader, size, progress);
        opened.stored.tap.digest = digest.then(Sha256::new);
        Ok(opened)
    }

    /// The same over any reader, with the size that it promises.
    pub fn new(reader: Box<dyn Read + Send>, size: Option<u64>, progress: Arc<Progress>) -> Self {
        let tap = Tap { reader, read: 0, ended: false, error: None, digest: None, progress };
        Self {
            stored: Stored { tap, buffer: Vec::new(), at: 0, end: 0, taken: 0, size },
            format: Format::Unknown,
            finished: false,
            ended: None,
            drops: false,
            troubles: Vec::new(),
            untrusted: None,
            unchecked: None,
        }
    }

    /// The same where lines of members that are not verified are left out, for the messages.
    pub fn dropping(self, drops: bool) -> Self {
        Self { drops, ..self }
    }

    /// Whether the data are compressed, once something was read.
    pub fn is_packed(&self) -> bool {
        matches!(self.format, Format::Gzip(_) | Format::Zstd(_))
    }

    /// Unpacks into a buffer, which must not be empty. Behind the end comes the end again.
    pub fn read(&mut self, out: &mut [u8]) -> Got {
        debug_assert!(!out.is_empty(), "there is room");
        if let Format::Unknown = self.format {
            self.format = self.detect();
        }
        loop {
            if let Some(verified) = self.ended.take() {
                return Got::Member { verified };
            }
            if self.finished {
                return Got::End;
            }
            let bytes = self.unpack(out);
            if bytes > 0 {
                return Got::Bytes(bytes);
            }
        }
    }

    /// Reads what is left of the stored bytes, and gives their number and SHA-256, if it was asked for.
    pub fn digest(&mut self) -> Option<Stamp> {
        self.stored.tap.digest.as_ref()?;
        self.stored.consume(self.stored.unread().len());
        while self.stored.more() {
            self.stored.consume(self.stored.unread().len());
        }
        let sha256 = self.stored.tap.digest.take()?.finalize().into();
        Some(Stamp { bytes: self.stored.tap.read, sha256 })
    }

    /// Ends reading and tells what went wrong.
    pub fn troubles(mut self, name: &Text) -> Vec<Trouble> {
        if let Some((count, first)) = self.untrusted {
            let others =
                if count > 1 { format!(", nor does that of {} more", count - 1) } else { String::new() };
            self.troubles.push((
                TroubleKind::Damaged,
                format!(
                    "the checksum of {} {} at offset {} does not match{others}; {}; fetch the file again",
                    self.part(),
                    first.member,
                    first.offset,
                    if self.drops {
                        "such lines are left out"
                    } else {
                        "the lines are used, but may be wrong"
                    },
                ),
            ));
        }
        let (stored, tap) = (&self.stored, &self.stored.tap);
        if let Some(error) = &tap.error {
            self.troubles.push((
                TroubleKind::ReadError,
                format!("reading failed after {}: {error}; the lines before are used", whole(tap.read)),
            ));
        } else if let Some(size) = stored.size.filter(|it| tap.ended && tap.read < *it) {
            self.troubles.push((
                TroubleKind::Shrunk,
                format!(
                    "became shorter while it was read, {} of {size} bytes were there; the lines before are \
                     used; read a copy that nothing writes to",
                    tap.read
                ),
            ));
        }
        let unchecked = self.unchecked.map(|(count, first)| {
            let others = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
            let message = format!(
                "{} {} at offset {}{others} came without a checksum; damage to the content would go \
                 unnoticed; compress with `zstd --check`",
                self.part(),
                first.member,
                first.offset
            );
            Trouble::notice(name, TroubleKind::Unchecked, message)
        });
        let defects = self.troubles.into_iter().map(|(kind, message)| Trouble::defect(name, kind, message));
        defects.chain(unchecked).collect()
    }

    /// What is used where a member ends too early.
    fn used(&self) -> &'static str {
        if self.drops { "the lines before it are used" } else { "the lines before are used" }
    }

    fn part(&self) -> &'static str {
        if let Format::Zstd(_) = self.format { "zstd frame" } else { "gzip member" }
    }

    fn detect(&mut self) -> Format {
        self.stored.ensure(4);
        let head = &self.stored.unread()[..self.stored.unread().len().min(4)];
        // A file of fewer bytes than a signature has may still be the beginning of one.
        let cut_short = head.len() < 4;
        if head.starts_with(&GZIP) || head == &GZIP[..1] {
            Format::Gzip(Box::new(Gzip::new()))
        } else if is_zstd_frame(head) || cut_short && head.len() > 1 && ZSTD.starts_with(head) {
            match Zstd::new() {
                Ok(zstd) => Format::Zstd(Box::new(zstd)),
                Err(error) => {
                    self.damaged(format!("cannot be unpacked: {error}; nothing of it is used"));
                    self.finished = true;
                    Format::Plain
                }
            }
        } else {
            Format::Plain
        }
    }

    /// Does one step of unpacking and gives the number of bytes that came of it.
    fn unpack(&mut self, out: &mut [u8]) -> usize {
        let step = match &mut self.format {
            Format::Unknown => Step::End,
            Format::Plain => match self.stored.take_into(out) {
                0 => Step::End,
                bytes => Step::Bytes(bytes),
            },
            Format::Gzip(it) => it.step(&mut self.stored, out),
            Format::Zstd(it) => it.step(&mut self.stored, out),
        };
        match step {
            Step::Bytes(bytes) => return bytes,
            Step::Whole { bytes, unchecked } => {
                self.ended = Some(true);
                if let Some(position) = unchecked {
                    let (count, _) = self.unchecked.get_or_insert((0, position));
                    *count += 1;
                }
                return bytes;
            }
            Step::Untrusted(position) => {
                self.ended = Some(false);
                let (count, _) = self.untrusted.get_or_insert((0, position));
                *count += 1;
            }
            Step::Cut { position } => {
                self.ended = Some(false);
                self.finished = true;
                // A read error or a shrinking file explains the cut better.
                if !self.stored.fell_short() {
                    let message = format!(
                        "ends inside {} {}, which begins at offset {}; {}; fetch the file again",
                        self.part(),
                        position.member,
                        position.offset,
                        self.used()
                    );
                    self.damaged(message);
                }
            }
            Step::Corrupt { position, unpacked, why, bytes } => {
                self.ended = Some(false);
                self.finished = true;
                let why = why.map_or("fetch the file again", Obstacle::remedy);
                let beyond = match unpacked {
                    0 => String::new(),
                    it => format!(" beyond its first {}", whole(it)),
                };
                let message = format!(
                    "{} {} at offset {} cannot be unpacked{beyond}; {}, the rest of the file is not; {why}",
                    self.part(),
                    position.member,
                    position.offset,
                    self.used()
                );
                self.damaged(message);
                return bytes;
            }
            Step::Garbage { position } => {
                self.finished = true;
                let message = format!(
                    "something else follows {} {} at offset {}; the lines before are used, the rest of the \
                     file is not",
                    self.part(),
                    position.member,
                    position.offset
                );
                self.damaged(message);
            }
            Step::End => self.finished = true,
        }
        0
    }

    fn damaged(&mut self, message: String) {
        self.troubles.push((TroubleKind::Damaged, message));
    }
}

/// So many bytes, in words.
fn whole(bytes: u64) -> String {
    if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") }
}

/// The trouble of a file that cannot be opened or looked at.
pub(super) fn cannot_open(name: &Text, error: &io::Error) -> Trouble {
    match error.kind() {
        ErrorKind::NotFound => Trouble::defect(name, TroubleKind::Missing, "no such file; it is skipped"),
        ErrorKind::PermissionDenied => {
            let message = "no permission to read it; it is skipped; ask for the right to read";
            Trouble::defect(name, TroubleKind::NoPermission, message)
        }
        _ => {
            Trouble::defect(name, TroubleKind::ReadError, format!("cannot be opened: {error}; it is skipped"))
        }
    }
}

/// What a step of unpacking came to.
enum Step {
    /// So many bytes at the beginning of the buffer.
    Bytes(usize),
    /// A member ends behind these bytes, as it should; where it is, if it has no checksum.
    Whole { bytes: usize, unchecked: Option<Position> },
    /// A member whose bytes were handed out failed its checksum.
    Untrusted(Position),
    /// The stored bytes end inside a member.
    Cut { position: Position },
    /// The stored bytes make no sense, behind the last bytes given here. How many of the member could be
    /// unpacked does not depend on how its bytes came; the unpackers' own words, and how far they had read, do.
    Corrupt { position: Position, unpacked: u64, why: Option<Obstacle>, bytes: usize },
    /// Behind this member comes something that is no member; the offset is where.
    Garbage { position: Position },
    /// All is read.
    End,
}

/// What keeps data that may be good from being unpacked.
#[derive(Clone, Copy, Debug)]
enum Obstacle {
    Compression,
    Window,
    Dictionary,
}

impl Obstacle {
    /// What it is, and what helps.
    fn remedy(self) -> &'static str {
        match self {
            Self::Compression => "its way of compression is unknown",
            Self::Window => {
                "it needs a window of more than 128 MiB, unpack it with `zstd -dc --long=31 FILE`"
            }
            Self::Dictionary => "it needs a dictionary, unpack it with `zstd -dc -D DICTIONARY FILE`",
        }
    }
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A frame with data, or one to skip, of which there are sixteen kinds.
fn is_zstd_frame(head: &[u8]) -> bool {
    head.starts_with(&ZSTD) || matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// What comes next between two members.
enum Next {
    Member,
    End,
    Garbage,
}

/// Passes zero bytes, with which tapes and block devices are filled up, and looks at what follows.
fn next_member(stored: &mut Stored, first: bool, begins: fn(&[u8]) -> bool, signature: usize) -> Next {
    loop {
        let zeros = stored.unread().iter().take_while(|it| **it == 0).count();
        stored.consume(zeros);
        if !stored.unread().is_empty() {
            break;
        }
        if !stored.more() {
            return Next::End;
        }
    }
    // Less than a signature at the very beginning was taken for a member when the format was found.
    if stored.ensure(signature) && begins(stored.unread()) || first { Next::Member } else { Next::Garbage }
}

struct Gzip {
    inflate: Decompress,
    crc: Crc,
    member: Position,
    place: GzipPlace,
}

#[derive(Clone, Copy)]
enum GzipPlace {
    Between,
    Data,
    Trailer,
}

impl Gzip {
    fn new() -> Self {
        Self {
            inflate: Decompress::new(false),
            crc: Crc::new(),
            member: Position { member: 0, offset: 0 },
            place: GzipPlace::Between,
        }
    }

    fn step(&mut self, stored: &mut Stored, out: &mut [u8]) -> Step {
        match self.place {
            GzipPlace::Between => self.header(stored),
            GzipPlace::Data => self.data(stored, out),
            GzipPlace::Trailer => self.trailer(stored),
        }
    }

    fn header(&mut self, stored: &mut Stored) -> Step {
        match next_member(stored, self.member.member == 0, |it| it.starts_with(&GZIP), GZIP.len()) {
            Next::End => return Step::End,
            Next::Garbage => {
                let position = Position { offset: stored.taken, ..self.member };
                return Step::Garbage { position };
            }
            Next::Member => {}
        }
        self.member = Position { member: self.member.member + 1, offset: stored.taken };
        match gzip_header(stored) {
            Header::Whole => {}
            Header::Cut => return Step::Cut { position: self.member },
            Header::Unknown => {
                let why = Some(Obstacle::Compression);
                return Step::Corrupt { position: self.member, unpacked: 0, why, bytes: 0 };
            }
        }
        self.inflate.reset(false);
        self.crc.reset();
        self.place = GzipPlace::Data;
        Step::Bytes(0)
    }

    fn data(&mut self, stored: &mut Stored, out: &mut [u8]) -> Step {
        let ended = stored.unread().is_empty() && !stored.more();
        let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
        let result = self.inflate.decompress(stored.unread(), out, FlushDecompress::None);
        // Both are right after an error too: what was unpacked before it is not lost.
        let consumed = usize::try_from(self.inflate.total_in() - in_before).expect("at most a buffer");
        let bytes = usize::try_from(self.inflate.total_out() - out_before).expect("at most the room");
        stored.consume(consumed);
        self.crc.update(&out[..bytes]);
        match result {
            Err(_) => {
                let unpacked = self.inflate.total_out();
                Step::Corrupt { position: self.member, unpacked, why: None, bytes }
            }
            Ok(Status::StreamEnd) => {
                self.place = GzipPlace::Trailer;
                Step::Bytes(bytes)
            }
            Ok(Status::Ok | Status::BufError) if ended && bytes == 0 => Step::Cut { position: self.member },
            Ok(Status::Ok | Status::BufError) => Step::Bytes(bytes),
        }
    }

    fn trailer(&mut self, stored: &mut Stored) -> Step {
        let whole = stored.ensure(8);
        let &[a, b, c, d, e, f, g, h, ..] = stored.unread() else {
            debug_assert!(!whole, "eight bytes are there");
            return Step::Cut { position: self.member };
        };
        stored.consume(8);
        self.place = GzipPlace::Between;
        // The length counts modulo 2^32, as does `amount`.
        let right = u32::from_le_bytes([a, b, c, d]) == self.crc.sum()
            && u32::from_le_bytes([e, f, g, h]) == self.crc.amount();
        if right { Step::Whole { bytes: 0, unchecked: None } } else { Step::Untrusted(self.member) }
    }
}

enum Header {
    Whole,
    Cut,
    Unknown,
}

/// Passes the header of a gzip member (RFC 1952, 2.3).
fn gzip_header(stored: &mut Stored) -> Header {
    const DEFLATE: u8 = 8;
    const HEADER_CRC: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const RESERVED: u8 = 0xe0;
    stored.ensure(10);
    let &[_, _, method, flags, _, _, _, _, _, _, ..] = stored.unread() else {
        return Header::Cut;
    };
    if method != DEFLATE || flags & RESERVED != 0 {
        return Header::Unknown;
    }
    stored.consume(10);
    if flags & EXTRA != 0 {
        stored.ensure(2);
        let &[low, high, ..] = stored.unread() else {
            return Header::Cut;
        };
        stored.consume(2);
        if !stored.skip(usize::from(u16::from_le_bytes([low, high]))) {
            return Header::Cut;
        }
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 && !stored.skip_past_zero() {
            return Header::Cut;
        }
    }
    if flags & HEADER_CRC != 0 && !stored.skip(2) {
        return Header::Cut;
    }
    Header::Whole
}

struct Zstd {
    decoder: zstd::stream::raw::Decoder<'static>,
    frame: Position,
    inside: bool,
    /// Stored bytes that the decoder wants next: it then decodes at most one block a call. A block that
    /// is damaged must not share its call with a good one, or both are lost.
    wanted: usize,
    /// The last call filled its buffer, so that more of the same block may be due.
    filled: bool,
    /// Whether the frame has a checksum, or no data that could need one.
    checked: bool,
    /// Bytes that came of the frame so far.
    unpacked: u64,
}

/// What a zstd frame needs at least to tell the length of its header.
const ZSTD_FIRST_BYTES: usize = 5;

impl Zstd {
    fn new() -> io::Result<Self> {
        let mut decoder = zstd::stream::raw::Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
        let frame = Position { member: 0, offset: 0 };
        Ok(Self { decoder, frame, inside: false, wanted: 0, filled: false, checked: true, unpacked: 0 })
    }

    fn step(&mut self, stored: &mut Stored, out: &mut [u8]) -> Step {
        if !self.inside {
            match next_member(stored, self.frame.member == 0, is_zstd_frame, ZSTD.len()) {
                Next::End => return Step::End,
                Next::Garbage => {
                    let position = Position { offset: stored.taken, ..self.frame };
                    return Step::Garbage { position };
                }
                Next::Member => {}
            }
            self.frame = Position { member: self.frame.member + 1, offset: stored.taken };
            self.unpacked = 0;
            if let Err(error) = self.decoder.reinit() {
                return self.failed(&error);
            }
            self.wanted = ZSTD_FIRST_BYTES;
            self.inside = true;
            self.filled = false;
            // The fifth byte describes the frame; one to skip holds no data.
            self.checked = match (stored.ensure(ZSTD_FIRST_BYTES), stored.unread()) {
                (true, [0x28, _, _, _, descriptor, ..]) => descriptor & 4 != 0,
                _ => true,
            };
        }
        if !self.filled && stored.unread().is_empty() && !stored.more() {
            return Step::Cut { position: self.frame };
        }
        let room = out.len();
        let given = match self.filled {
            true => &[],
            false => &stored.unread()[..self.wanted.clamp(1, stored.unread().len())],
        };
        let given_bytes = given.len();
        let mut input = InBuffer::around(given);
        let mut output = OutBuffer::around(out);
        let result = self.decoder.run(&mut input, &mut output);
        let (consumed, bytes) = (input.pos(), output.pos());
        match result {
            Ok(wanted) => {
                stored.consume(consumed);
                self.unpacked += bytes as u64;
                self.wanted = wanted;
                self.inside = wanted != 0;
                self.filled = bytes == room;
                match self.inside {
                    true => Step::Bytes(bytes),
                    false => Step::Whole { bytes, unchecked: (!self.checked).then_some(self.frame) },
                }
            }
            // The checksum stands at the end of a frame and is asked for alone, so that all of the
            // frame was handed out, and the next one begins behind the bytes that were given.
            Err(error) if error.to_string().contains("checksum") => {
                stored.consume(given_bytes);
                self.inside = false;
                Step::Untrusted(self.frame)
            }
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&self, error: &io::Error) -> Step {
        let words = error.to_string();
        let why = if words.contains("memory") {
            Some(Obstacle::Window)
        } else if words.contains("ictionary") {
            Some(Obstacle::Dictionary)
        } else {
            None
        };
        Step::Corrupt { position: self.frame, unpacked: self.unpacked, why, bytes: 0 }
    }
}

/// Where stored bytes come from.
struct Tap {
    reader: Box<dyn Read + Send>,
    /// Bytes read so far.
    read: u64,
    ended: bool,
    error: Option<io::Error>,
    /// Of the bytes read so far, if it is wanted.
    digest: Option<Sha256>,
    progress: Arc<Progress>,
}

impl Tap {
    /// Reads what comes, and waits for it; 0 only at the end.
    fn read(&mut self, out: &mut [u8]) -> usize {
        while !self.ended {
            match self.reader.read(out) {
                Ok(0) => self.ended = true,
                Ok(count) => {
                    if let Some(digest) = &mut self.digest {
                        digest.update(&out[..count]);
                    }
                    self.read += count as u64;
                    self.progress.read.fetch_add(count as u64, Ordering::Relaxed);
                    return count;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(PIPE_PAUSE),
                Err(error) => {
                    self.error = Some(error);
                    self.ended = true;
                }
            }
        }
        0
    }
}

/// Stored bytes, read ahead as far as needed and never sought.
struct Stored {
    tap: Tap,
    /// Bytes of which those from `at` to `end` are still to be taken.
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    /// Bytes taken so far, which is the offset of the next.
    taken: u64,
    size: Option<u64>,
}

impl Stored {
    fn unread(&self) -> &[u8] {
        &self.buffer[self.at..self.end]
    }

    fn consume(&mut self, count: usize) {
        debug_assert!(count <= self.end - self.at, "only what is there can be taken");
        self.at += count;
        self.taken += count as u64;
    }

    /// Takes bytes as they are stored: what was read ahead first, the rest without a copy in between.
    fn take_into(&mut self, out: &mut [u8]) -> usize {
        let ahead = self.unread().len().min(out.len());
        if ahead > 0 {
            out[..ahead].copy_from_slice(&self.unread()[..ahead]);
            self.consume(ahead);
            return ahead;
        }
        let count = self.tap.read(out);
        self.taken += count as u64;
        count
    }

    /// Reads more behind what is unread; whether there was more.
    fn more(&mut self) -> bool {
        if self.at == self.end {
            self.at = 0;
            self.end = 0;
        } else if self.at > 0 {
            self.buffer.copy_within(self.at..self.end, 0);
            self.end -= self.at;
            self.at = 0;
        }
        let room = if self.buffer.is_empty() { HEAD_BYTES } else { CHUNK_BYTES };
        self.buffer.resize(room, 0);
        let count = self.tap.read(&mut self.buffer[self.end..]);
        self.end += count;
        count > 0
    }

    /// Looks ahead at least `count` bytes, which must be few; whether there are as many.
    fn ensure(&mut self, count: usize) -> bool {
        while self.unread().len() < count {
            if !self.more() {
                return false;
            }
        }
        true
    }

    fn skip(&mut self, count: usize) -> bool {
        let mut left = count;
        loop {
            let here = left.min(self.unread().len());
            self.consume(here);
            left -= here;
            if left == 0 {
                return true;
            }
            if !self.more() {
                return false;
            }
        }
    }

    fn skip_past_zero(&mut self) -> bool {
        loop {
            if let Some(at) = memchr::memchr(0, self.unread()) {
                self.consume(at + 1);
                return true;
            }
            self.consume(self.unread().len());
            if !self.more() {
                return false;
            }
        }
    }

    fn fell_short(&self) -> bool {
        self.tap.error.is_some() || self.size.is_some_and(|it| self.tap.ended && self.tap.read < it)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// A reader that gives few bytes at a time and is interrupted in between.
    struct Reluctant {
        bytes: io::Cursor<Vec<u8>>,
        size: usize,
        calls: usize,
        /// The call at which reading fails for good.
        fails_at: usize,
    }

    impl Read for Reluctant {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.calls += 1;
            if self.calls >= self.fails_at {
                return Err(io::Error::other("broken disk"));
            }
            match self.calls % 3 {
                0 => Err(ErrorKind::Interrupted.into()),
                1 if self.calls < 50 => Err(ErrorKind::WouldBlock.into()),
                _ => {
                    let size = self.size.min(buffer.len());
                    self.bytes.read(&mut buffer[..size])
                }
            }
        }
    }

    fn reluctant(bytes: &[u8], size: usize) -> Reluctant {
        Reluctant { bytes: io::Cursor::new(bytes.to_vec()), size, calls: 0, fails_at: usize::MAX }
    }

    fn unpack_from(reader: impl Read + Send + 'static, size: Option<u64>) -> (Vec<u8>, Vec<Trouble>) {
        unpack_by(reader, size, &[100_000, 1 << 20])
    }

    /// Unpacks into buffers of these sizes, in turn.
    fn unpack_by(
        reader: impl Read + Send + 'static,
        size: Option<u64>,
        rooms: &[usize],
    ) -> (Vec<u8>, Vec<Trouble>) {
        let mut decoded = Decoded::new(Box::new(reader), size, Arc::default());
        let mut out = Vec::new();
        let mut buffer = vec![0; rooms.iter().copied().max().unwrap()];
        for room in rooms.iter().cycle() {
            match decoded.read(&mut buffer[..*room]) {
                Got::Bytes(count) => out.extend_from_slice(&buffer[..count]),
                Got::Member { .. } => {}
                Got::End => break,
            }
        }
        assert_eq!(decoded.read(&mut buffer), Got::End, "the end stays the end");
        (out, decoded.troubles(&Text::new("x")))
    }

    fn unpack(bytes: &[u8]) -> (Vec<u8>, Vec<Trouble>) {
        unpack_from(io::Cursor::new(bytes.to_vec()), Some(bytes.len() as u64))
    }

    #[track_caller]
    fn check(stored: &[u8], expected: &[u8], trouble: Option<&str>) {
        let (out, troubles) = unpack(stored);
        assert!(out == expected, "{} bytes instead of {}", out.len(), expected.len());
        match trouble {
            None => assert_eq!(troubles, []),
            Some(words) => {
                assert_eq!(troubles.len(), 1, "{troubles:?}");
                assert_eq!(troubles[0].kind, TroubleKind::Damaged);
                assert!(troubles[0].defect && troubles[0].message.contains(words), "{troubles:?}");
            }
        }
        for size in [1, 7] {
            if stored.len() < 10_000 {
                let again = unpack_from(reluctant(stored, size), None);
                assert_eq!((again.0 == out, again.1), (true, troubles.clone()), "{size} bytes a read");
            }
        }
        for rooms in [&[1, 2][..], &[7], &[1000, 200_000]] {
            if rooms[0] > 7 || stored.len() < 10_000 && expected.len() < 10_000 {
                let again = unpack_by(io::Cursor::new(stored.to_vec()), None, rooms);
                assert_eq!((again.0 == out, again.1), (true, troubles.clone()), "{rooms:?} bytes of room");
            }
        }
    }

    /// Bytes that do not pack well, so that they make several blocks.
    fn noise(count: usize) -> Vec<u8> {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        (0..count).map(|_| next()).collect()
    }

    const LINES: &[u8] = b"{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n";

    #[test]
    fn plain_bytes_stay_as_they_are() {
        check(b"", b"", None);
        check(b"x", b"x", None);
        check(LINES, LINES, None);
        check(b"\0\0\0\0", b"\0\0\0\0", None);
    }

    #[test]
    fn members_and_frames_are_one_stream() {
        let (a, b) = LINES.split_at(10);
        for pack in [gzip, zstd] {
            check(&pack(LINES), LINES, None);
            check(&pack(b""), b"", None);
            check(&[pack(a), pack(b"")].concat(), a, None);
            check(&[pack(b""), pack(a), pack(b"")].concat(), a, None);
            check(&[pack(a), pack(b)].concat(), LINES, None);
            check(&[pack(a), vec![0; 1000]].concat(), a, None);
            check(&[pack(a), vec![0; 512], pack(b)].concat(), LINES, None);
            let much = noise(3_000_000);
            check(&pack(&much), &much, None);
            let zeros = vec![0; 20_000_000];
            check(&pack(&zeros), &zeros, None);
        }
        let skipped = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        check(&[&skipped[..], &zstd(a), &skipped, &zstd(b), &skipped].concat(), LINES, None);
    }

    #[test]
    fn all_fields_of_a_gzip_header_are_passed() {
        let builder = flate2::GzBuilder::new().filename("name").comment("comment").extra([1, 2, 3]);
        let mut encoder = builder.write(Vec::new(), flate2::Compression::best());
        encoder.write_all(LINES).unwrap();
        check(&encoder.finish().unwrap(), LINES, None);
    }

    #[test]
    fn data_cut_at_any_offset_keep_what_came_before() {
        for pack in [gzip, zstd] {
            let first = pack(&LINES[..8]);
            let stored = [first.clone(), pack(&LINES[8..])].concat();
            for cut in 0..stored.len() {
                let (out, troubles) = unpack(&stored[..cut]);
                // A cut between two members cannot be seen, nor one before anything tells the format.
                let unseen = cut == 0 || cut == first.len();
                if cut == 1 && !out.is_empty() {
                    assert_eq!(out, stored[..1]);
                    continue;
                }
                assert!(LINES.starts_with(&out), "cut at {cut}");
                assert!(out.len() >= if cut >= first.len() { 8 } else { 0 }, "cut at {cut}");
                assert_eq!(troubles.is_empty(), unseen, "cut at {cut}: {troubles:?}");
                assert!(troubles.iter().all(|it| it.kind == TroubleKind::Damaged && it.defect));
            }
        }
    }

    #[test]
    fn cut_data_name_the_member_and_its_offset() {
        let first = gzip(LINES);
        let stored = [&first[..], &gzip(LINES)[..11]].concat();
        check(
            &stored,
            LINES,
            Some(&format!("ends inside gzip member 2, which begins at offset {}", first.len())),
        );
        let first = zstd(LINES);
        let stored = [&first[..], &zstd(LINES)[..6]].concat();
        check(
            &stored,
            LINES,
            Some(&format!("ends inside zstd frame 2, which begins at offset {}", first.len())),
        );
    }

    #[test]
    fn a_wrong_checksum_is_told_and_what_follows_is_read() {
        let mut stored = gzip(LINES);
        let crc_at = stored.len() - 8;
        stored[crc_at] ^= 1;
        check(
            &stored,
            LINES,
            Some("checksum of gzip member 1 at offset 0 does not match; the lines are used"),
        );
        let all = [&stored[..], &gzip(LINES), &stored].concat();
        check(&all, &LINES.repeat(3), Some("does not match, nor does that of 1 more;"));
        let mut stored = gzip(LINES);
        let length_at = stored.len() - 1;
        stored[length_at] ^= 1;
        check(&stored, LINES, Some("checksum of gzip member 1"));

        let mut stored = zstd(LINES);
        let checksum_at = stored.len() - 1;
        stored[checksum_at] ^= 1;
        check(&stored, LINES, Some("checksum of zstd frame 1 at offset 0 does not match"));
        let all = [&zstd(LINES)[..], &stored, &zstd(LINES)].concat();
        check(&all, &LINES.repeat(3), Some("checksum of zstd frame 2"));
    }

    #[test]
    fn something_else_behind_the_last_member_is_told() {
        for pack in [gzip, zstd] {
            let packed = pack(LINES);
            let at = format!("1 at offset {}; the lines before are used", packed.len());
            for garbage in [&b"{\"a\":1}\n"[..], b"x", b"\x1f", b"\x28\xb5\x2f", b"\x1f\x00\x00\x00"] {
                check(&[&packed, garbage].concat(), LINES, Some(&at));
            }
            let at = format!("1 at offset {};", packed.len() + 3);
            check(&[&packed, &b"\0\0\0x"[..]].concat(), LINES, Some(&at));
        }
    }

    #[test]
    fn corrupt_data_keep_the_blocks_before() {
        let much = noise(1_000_000);
        for pack in [gzip, zstd] {
            let stored = pack(&much);
            for at in [400_000, 600_000, 900_000] {
                let mut stored = stored.clone();
                stored[at..at + 50].fill(0xff);
                let (out, troubles) = unpack(&stored);
                assert_eq!(troubles.len(), 1, "{troubles:?}");
                // Bytes that are stored as they are hide the damage from all but the checksum.
                let hidden = troubles[0].message.contains("checksum");
                let good = out.iter().zip(&much).take_while(|(a, b)| a == b).count();
                assert!(good + 140_000 > at, "{good} of {at} bytes, {troubles:?}");
                assert_eq!(out.len() == much.len(), hidden, "{troubles:?}");
            }
        }
        // Text, of which no block is stored as it is.
        let mut text = Vec::new();
        for n in 0..200_000u64 {
            writeln!(text, "{{\"n\":{}}}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).unwrap();
        }
        for pack in [gzip, zstd] {
            let mut stored = pack(&text);
            let at = stored.len() / 2;
            stored[at..at + 100].fill(0xff);
            let (out, troubles) = unpack(&stored);
            assert_eq!(troubles.len(), 1, "{troubles:?}");
            let good = out.iter().zip(&text).take_while(|(a, b)| a == b).count();
            assert!(good > text.len() / 2 - 300_000, "{good} of {}", text.len());
            // gzip may read on for long, until the checksum shows the damage.
            let hidden = troubles[0].message.contains("checksum");
            assert!(hidden || out.len() - good < 300_000, "{troubles:?}");
        }
    }

    #[test]
    fn damage_is_told_in_the_same_words_however_the_bytes_come() {
        let mut text = Vec::new();
        for n in 0..60_u64 {
            writeln!(text, "{{\"n\":{},\"a\":\"the same again and again\"}}", n.wrapping_mul(0x9e37_79b9))
                .unwrap();
        }
        let (head, tail) = text.split_at(1000);
        let mut beyond = 0;
        for pack in [gzip, zstd] {
            let stored = [pack(head), pack(tail)].concat();
            for (round, at) in (0..stored.len()).step_by(29).enumerate() {
                let mut damaged = stored.clone();
                damaged[at] ^= [1, 0x80, 0xff][round % 3];
                let (out, troubles) = unpack(&damaged);
                beyond += usize::from(troubles.iter().any(|it| it.message.contains("beyond its first")));
                for size in [1, 64] {
                    let again = unpack_from(reluctant(&damaged, size), None);
                    assert_eq!(again, (out.clone(), troubles.clone()), "byte {at}, {size} bytes a read");
                }
            }
        }
        assert!(beyond > 0, "some of it is found behind good lines");
        let mut damaged = gzip(LINES);
        damaged[2] = 7;
        check(
            &damaged,
            b"",
            Some(
                "gzip member 1 at offset 0 cannot be unpacked; the lines before are used, the rest of the file is not",
            ),
        );
    }

    #[test]
    fn too_large_a_window_comes_with_the_remedy() {
        // A frame header that asks for 2 GiB.
        let stored = [0x28, 0xb5, 0x2f, 0xfd, 0x04, 0xa8, 0, 0, 0, 0, 0, 0, 0];
        check(&stored, b"", Some("`zstd -dc --long=31 FILE`"));
    }

    #[test]
    fn a_long_window_is_read() {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(LINES).unwrap();
        check(&encoder.finish().unwrap(), LINES, None);
    }

    #[test]
    fn a_failing_disk_leaves_what_was_read() {
        for stored in [LINES.to_vec(), gzip(LINES), zstd(LINES)] {
            for fails_at in 1..40 {
                let reader = Reluctant { fails_at, ..reluctant(&stored, 5) };
                let (out, troubles) = unpack_from(reader, None);
                assert!(LINES.starts_with(&out) || fails_at < 8);
                if let [trouble] = &troubles[..] {
                    assert_eq!(trouble.kind, TroubleKind::ReadError);
                    assert!(trouble.message.contains("broken disk"), "{trouble:?}");
                } else {
                    assert_eq!((troubles.len(), &out[..]), (0, LINES));
                }
            }
        }
    }

    #[test]
    fn a_file_that_shrinks_is_told() {
        let (out, troubles) = unpack_from(io::Cursor::new(LINES.to_vec()), Some(1000));
        assert_eq!(out, LINES);
        assert_eq!(troubles.len(), 1);
        assert_eq!(troubles[0].kind, TroubleKind::Shrunk);
        assert!(troubles[0].message.contains("24 of 1000 bytes"), "{troubles:?}");
        // A cut that comes from shrinking is one trouble, and one that grows is none.
        let (_, troubles) = unpack_from(io::Cursor::new(gzip(LINES)[..20].to_vec()), Some(1000));
        assert_eq!(troubles.iter().map(|it| it.kind).collect::<Vec<_>>(), [TroubleKind::Shrunk]);
        let (out, troubles) = unpack_from(io::Cursor::new(LINES.to_vec()), Some(10));
        assert_eq!((&out[..], troubles), (LINES, Vec::new()));
    }

    #[test]
    fn progress_counts_stored_bytes() {
        let stored = gzip(&[b'x'; 100_000]);
        let progress = Arc::new(Progress::default());
        let reader = Box::new(io::Cursor::new(stored.clone()));
        let mut decoded = Decoded::new(reader, None, Arc::clone(&progress));
        while decoded.read(&mut [0; 1000]) != Got::End {}
        assert_eq!(progress.read.load(Ordering::Relaxed), stored.len() as u64);
    }
}
