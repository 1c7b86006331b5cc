//! Stored bytes to lines: however they come, whatever unpacks them, the same lines; and each byte is
//! accounted for.

use std::io::{self, Read, Write};
use std::sync::Arc;

use callsift::input::blocks::{Buffer, Options, Total};
use callsift::input::decode::{Decoded, Got};
use callsift::input::stream::{Finished, Stream};
use callsift::json;
use callsift::text::Text;

use super::Dice;

/// Unpacked bytes that are compared; a bomb is read no further.
const ENOUGH: usize = 4 << 20;

/// Reads stored bytes in pieces and blocks of many sizes, and packed again in many ways.
pub fn sources(data: &[u8]) {
    let mut dice = Dice::of(data);
    let line_limit = dice.pick(&[1 << 24, 1 << 24, 40, 5]);
    let way = Way { block_bytes: 1 << 20, line_limit, by_member: false };
    let Some(whole) = Cut::read(io::Cursor::new(data.to_vec()), way) else { return };
    whole.check_books(way);

    for block_bytes in [1, 1 + dice.below(200), 1 << 20] {
        for largest in [1, 1 + dice.below(64), 1 << 20] {
            let pieces =
                Pieces { bytes: data.to_vec(), at: 0, largest, dice: Dice(dice.below(1 << 20) as u64) };
            let way = Way { block_bytes, by_member: dice.below(2) == 0, ..way };
            let again = Cut::read(pieces, way).expect("as many bytes as before");
            again.check_books(way);
            again.must_equal(&whole, &format!("pieces of up to {largest}, blocks of {block_bytes}"));
            if !way.by_member {
                assert_eq!(again.told(), whole.told());
            }
        }
    }

    let packed = [&b"\x1f\x8b"[..], b"\x28\xb5\x2f\xfd"].iter().any(|it| data.starts_with(it))
        // Frames of zstd that are to be skipped.
        || data.get(1..4) == Some(&b"\x2a\x4d\x18"[..]);
    if !packed {
        check_packing(data, line_limit, &whole, &mut dice);
    }
}

fn check_packing(data: &[u8], line_limit: usize, whole: &Cut, dice: &mut Dice) {
    let at = dice.below(data.len() + 1);
    let (head, tail) = data.split_at(at);
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).expect("memory takes all");
    for (how, stored) in [
        ("gzip", gzip(data)),
        ("two members", [gzip(head), gzip(tail)].concat()),
        ("zstd", zstd(data)),
        ("two frames", [zstd(head), zstd(tail)].concat()),
    ] {
        let largest = 1 + dice.below(1000);
        let pieces = Pieces { bytes: stored, at: 0, largest, dice: Dice(at as u64) };
        let way = Way { block_bytes: 1 + dice.below(500), line_limit, by_member: dice.below(2) == 0 };
        let unpacked = Cut::read(pieces, way).expect("as many bytes as before");
        unpacked.check_books(way);
        unpacked.must_equal(whole, how);
    }

    // What is cut off takes nothing with it that came before.
    for stored in [gzip(data), zstd(data)] {
        let cut = stored.len() / 2 + dice.below(stored.len() / 2);
        if cut < 10 {
            // Too little to tell what it was.
            continue;
        }
        let mut decoded =
            Decoded::new(Box::new(io::Cursor::new(stored[..cut].to_vec())), None, Arc::default());
        let (mut unpacked, mut out) = (Vec::new(), vec![0; 1 + dice.below(1000)]);
        loop {
            match decoded.read(&mut out) {
                Got::Bytes(count) => unpacked.extend_from_slice(&out[..count]),
                Got::Member { .. } => {}
                Got::End => break,
            }
        }
        assert!(data.starts_with(&unpacked), "what was unpacked is the beginning");
        let told = decoded.troubles(&Text::new("x"));
        assert!(told.iter().any(|it| it.defect), "a cut at {cut} of {} is told", stored.len());
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).expect("memory takes all");
    writer.finish().expect("memory takes all")
}

/// A reader that gives bytes in pieces of up to a size, and is interrupted now and then.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    largest: usize,
    dice: Dice,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.dice.below(7) == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let rest = &self.bytes[self.at..];
        let count = (1 + self.dice.below(self.largest)).min(rest.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// How a source is cut.
#[derive(Clone, Copy)]
struct Way {
    block_bytes: usize,
    line_limit: usize,
    by_member: bool,
}

/// What a source was cut into.
struct Cut {
    /// Each line with its number, and its length where only its beginning was kept.
    lines: Vec<(u64, Vec<u8>, Option<u64>)>,
    /// The first and last lines of blocks.
    blocks: Vec<(u64, u64)>,
    total: Total,
    unverified: Vec<(u64, u64)>,
    troubles: Vec<callsift::input::Trouble>,
}

impl Cut {
    /// Nothing where there is more than can be compared.
    fn read(stored: impl Read + Send + 'static, way: Way) -> Option<Self> {
        let Way { block_bytes, line_limit, by_member } = way;
        let options = Options {
            block_bytes,
            line_limit,
            over_keep: line_limit.min(64),
            is_json: json::is_complete,
            digest: false,
            by_member,
            one_by_one: false,
        };
        let decoded = Decoded::new(Box::new(stored), None, Arc::default()).dropping(by_member);
        let mut stream = Stream::begin(Text::new("x"), decoded, options);
        let (mut lines, mut blocks, mut held) = (Vec::new(), Vec::new(), 0);
        let mut spare = Buffer::default();
        while let Some(block) = stream.next(&mut spare) {
            held += block.bytes.len();
            if held > ENOUGH {
                return None;
            }
            let over = block.over.map(|it| it.length);
            let before = lines.len();
            if over.is_some() {
                lines.push((block.first_line, block.bytes.to_vec(), over));
            } else {
                let parts = block.bytes.split_inclusive(|it| *it == b'\n');
                lines.extend((block.first_line..).zip(parts).map(|(number, it)| (number, it.to_vec(), None)));
            }
            assert!(lines.len() > before, "a block holds a line");
            blocks.push((block.first_line, block.first_line + (lines.len() - before) as u64 - 1));
            spare = block.bytes;
        }
        let Finished { total, unverified, troubles } = stream.finish();
        Some(Self { lines, blocks, total, unverified, troubles })
    }

    /// What went wrong, in words.
    fn told(&self) -> Vec<(&str, bool)> {
        self.troubles.iter().map(|it| (it.message.as_str(), it.defect)).collect()
    }

    fn check_books(&self, way: Way) {
        let total = &self.total;
        assert_eq!(total.lines, self.lines.len() as u64);
        assert!(self.lines.iter().map(|it| it.0).eq(1..=total.lines), "lines are numbered");
        let length = |(_, line, over): &(u64, Vec<u8>, Option<u64>)| {
            over.unwrap_or_else(|| line.strip_suffix(b"\n").unwrap_or(line).len() as u64)
        };
        let in_lines: u64 = self.lines.iter().map(length).sum();
        assert_eq!(total.bytes + total.made, in_lines + total.outside);
        let unverified: u64 = self.unverified.iter().map(|(first, last)| last - first + 1).sum();
        assert_eq!(total.unverified, if way.by_member { unverified } else { 0 });
        assert!(self.unverified.is_sorted_by(|a, b| a.1 < b.0), "{:?}", self.unverified);
        assert!(self.unverified.iter().all(|it| 1 <= it.0 && it.0 <= it.1 && it.1 <= total.lines));
        // What is left out is left out block by block.
        for (first, last) in self.blocks.iter().filter(|_| way.by_member) {
            let inside = |line: &u64| self.unverified.iter().any(|(a, b)| (a..=b).contains(&line));
            let count = (*first..=*last).filter(inside).count() as u64;
            assert!(count == 0 || count == last - first + 1, "{first} to {last}: {:?}", self.unverified);
        }
    }

    fn must_equal(&self, other: &Self, how: &str) {
        assert_eq!(self.lines, other.lines, "{how}");
        let total = Total { unverified: other.total.unverified, ..self.total };
        assert_eq!(total, other.total, "{how}");
        assert_eq!(self.unverified, other.unverified, "{how}");
    }
}
