//! Lines whose values are as long as those of lines before, which most are: where everything stands is known,
//! so that a line is compared in one go instead of looking for the end of each value.
//!
//! Each byte has bounds: a constant is its own, a digit lies between `0` and `9`, and within a string anything goes
//! but what ends it or needs a closer look. A line within the bounds has the shape of the one that they
//! were made of. With
//! digits read without a loop it saved a twelfth of all CPU time of a dump of calls.

use wide::u8x32;

use super::calls::Picks;
use super::tree::Values;

/// Layouts known at once.
const MOST_LAYOUTS: usize = 8;
/// Longer lines are seldom as long as others.
const LONGEST: usize = 2048;
/// Lines of one shape and length that were met before their layout is worth making.
const OFTEN: u16 = 16;
/// Shapes and lengths that are counted at once; a power of two.
const COUNTED: usize = 64;

/// Bytes that are compared at once.
const AT_ONCE: usize = 32;
/// The bits in which the two bytes differ that a string cannot hold as they are.
const QUOTE_OR_BACKSLASH: u8 = b'"' ^ b'\\';

/// The bounds of so many bytes.
struct Step {
    least: [u8; AT_ONCE],
    /// How far above that they may be.
    span: [u8; AT_ONCE],
    /// Two bytes that they must not be, this and the one that differs in [`QUOTE_OR_BACKSLASH`]; where they are in no
    /// string, two that are out of their bounds.
    not: [u8; AT_ONCE],
}

struct Layout {
    /// The length with the line end.
    length: usize,
    /// The last one is of the last bytes, which others may hold too.
    steps: Box<[Step]>,
    values: Box<Values>,
    picks: Option<Picks>,
    shape: usize,
}

impl Layout {
    /// The layout of the line at the beginning of `bytes`, which was found to have that shape and length and
    /// those values; nothing if it is out of the ordinary.
    fn of(bytes: &[u8], (shape, length): (usize, usize), values: &Values) -> Option<Self> {
        let line = bytes.get(..length).filter(|it| it.len() <= LONGEST && it.ends_with(b"\n"))?;
        if values.escaped != 0 {
            return None;
        }
        let (mut least, mut span) = (line.to_vec(), vec![0; length]);
        let mut not: Vec<u8> = line.iter().map(|it| it ^ 0x80).collect();
        for &(start, end) in &values.at[..values.count] {
            let (start, end) = (start as usize, end as usize);
            let is_string = line[..start].ends_with(b"\"");
            if is_string {
                least[start..end].fill(b' ');
                span[start..end].fill(u8::MAX - b' ');
                not[start..end].fill(b'"');
            } else if line[start..end].iter().all(u8::is_ascii_digit) {
                least[start..end].fill(b'0');
                span[start..end].fill(9);
                if end - start > 1 {
                    // A number does not begin with 0.
                    (least[start], span[start]) = (b'1', 8);
                }
            } else {
                return None;
            }
        }
        let step = |start: usize| {
            let part = |of: &[u8]| of[start..].first_chunk().copied();
            Some(Step { least: part(&least)?, span: part(&span)?, not: part(&not)? })
        };
        let starts = (0..length / AT_ONCE).map(|it| it * AT_ONCE).chain(length.checked_sub(AT_ONCE));
        let steps = starts.map(step).collect::<Option<_>>()?;
        Some(Self { length, steps, values: Box::new(values.clone()), picks: None, shape })
    }

    /// Whether the line at the beginning of `bytes` has this layout.
    #[inline]
    fn fits(&self, bytes: &[u8]) -> bool {
        // Most others end elsewhere.
        if bytes.get(self.length - 1) != Some(&b'\n') {
            return false;
        }
        let line = &bytes[..self.length];
        let (Some((last_step, steps)), Some(last)) = (self.steps.split_last(), line.last_chunk()) else {
            return false;
        };
        let unfit = |step: &Step, chunk: &[u8; AT_ONCE]| {
            let (chunk, not) = (u8x32::from(*chunk), u8x32::from(step.not));
            let above = (chunk - u8x32::from(step.least)).saturating_sub(u8x32::from(step.span));
            let other = chunk ^ u8x32::splat(QUOTE_OR_BACKSLASH);
            above | chunk.simd_eq(not) | other.simd_eq(not)
        };
        let chunks = line.as_chunks::<AT_ONCE>().0;
        let all =
            steps.iter().zip(chunks).fold(unfit(last_step, last), |all, (step, it)| all | unfit(step, it));
        all == u8x32::splat(0)
    }
}

/// Lines of one shape and length.
#[derive(Clone, Copy, Default)]
struct Seen {
    shape: u32,
    length: u32,
    count: u16,
}

/// The layouts of recent lines, those of most lines first.
#[derive(Default)]
pub struct Layouts {
    known: Vec<Layout>,
    seen: Vec<Seen>,
}

impl Layouts {
    /// As [`Tree::find`](super::tree::Tree::find), of a line whose layout is known, with its values, and where what is
    /// looked up stands.
    #[inline]
    pub fn find(&mut self, bytes: &[u8]) -> Option<((usize, usize), &Values, Option<&Picks>)> {
        let mut place = self.known.iter().position(|it| it.fits(bytes))?;
        if place > 0 {
            self.known.swap(place - 1, place);
            place -= 1;
        }
        let Layout { length, values, picks, shape, .. } = &self.known[place];
        Some(((*shape, *length), values, picks.as_ref()))
    }

    /// Takes note of a line that was found to have some shape and length; `picks` is asked where to look in lines like it.
    #[inline]
    pub fn note(
        &mut self,
        bytes: &[u8],
        found: (usize, usize),
        values: &Values,
        picks: impl FnOnce() -> Option<Picks>,
    ) {
        if self.seen.is_empty() {
            self.seen = vec![Seen::default(); COUNTED];
        }
        let (shape, length) = (found.0 as u32, found.1 as u32);
        let seen = &mut self.seen[(shape.wrapping_mul(31) ^ length) as usize % COUNTED];
        if (seen.shape, seen.length) != (shape, length) {
            *seen = Seen { shape, length, count: 0 };
        }
        seen.count += 1;
        if seen.count == OFTEN {
            seen.count = 0;
            let Some(layout) = Layout::of(bytes, found, values) else { return };
            let layout = Layout { picks: picks(), ..layout };
            self.known.truncate(MOST_LAYOUTS - 1);
            self.known.push(layout);
        }
    }

    /// Forgets all of them: the numbers of shapes mean others now.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::{NUMBER, STRING, Tree};
    use super::*;

    /// A tree of one shape, and layouts that know lines like this one.
    fn learnt(shape: &[u8], line: &[u8]) -> (Tree, Layouts) {
        let mut tree = Tree::default();
        tree.insert(shape, 3);
        let (mut layouts, mut values) = (Layouts::default(), Values::default());
        for _ in 0..OFTEN {
            assert!(layouts.find(line).is_none());
            let found = tree.find(line, &mut values).expect("a line of the shape");
            layouts.note(line, found, &values, || None);
        }
        (tree, layouts)
    }

    #[test]
    fn a_line_within_the_bounds_is_one_that_the_tree_finds_and_has_the_same_values() {
        let shape = [
            &b"{\"id\":\""[..],
            &[STRING],
            b"\",\"time\":",
            &[NUMBER],
            b",\"n\":",
            &[NUMBER],
            b",\"x\":\"",
            &[STRING],
            b"\",\"z\":true}",
        ];
        let line = b"{\"id\":\"abc 0123456789\",\"time\":1767225644,\"n\":7,\"x\":\"\",\"z\":true}\n{\"next\":\"line\"}\n    ";
        let (tree, mut layouts) = learnt(&shape.concat(), line);
        let mut expected = Values::default();
        let mut found = 0;
        for place in 0..line.len() {
            for byte in 0..=255 {
                let mut changed = line.to_vec();
                changed[place] = byte;
                if let Some((it, values, _)) = layouts.find(&changed) {
                    found += 1;
                    assert_eq!(Some(it), tree.find(&changed, &mut expected), "{place} {byte}");
                    assert_eq!(values.at[..values.count], expected.at[..expected.count]);
                    assert_eq!((values.count, values.escaped), (expected.count, expected.escaped));
                } else if let Some((_, length)) = tree.find(&changed, &mut expected) {
                    // Escapes, and numbers that are more than digits, are left to the tree.
                    assert!(length == 64 && b"\\-.eE".contains(&byte), "{place} {byte}");
                }
            }
        }
        // 14 bytes of a string with 222 values each that neither end nor escape nor control, 10 digits of which the
        // first is not 0, one digit, 39 constants, and 20 bytes behind the line, which may be anything.
        assert_eq!(found, 14 * 222 + (9 + 9 * 10) + 10 + 39 + 20 * 256);
        for cut in 0..line.len() {
            let whole = layouts.find(&line[..cut]).is_some();
            assert!(!whole || tree.find(&line[..cut], &mut expected).is_some());
        }
    }

    #[test]
    fn those_of_most_lines_come_first_and_the_last_gives_way() {
        let mut tree = Tree::default();
        tree.insert(
            &[&b"{\"constant\":\"so long that it is compared\",\"a\":\""[..], &[STRING], b"\"}"].concat(),
            0,
        );
        let (mut layouts, mut values) = (Layouts::default(), Values::default());
        let line = |length: usize| {
            format!("{{\"constant\":\"so long that it is compared\",\"a\":\"{}\"}}\n", "x".repeat(length))
                .into_bytes()
        };
        for _ in 0..OFTEN {
            for length in 0..=MOST_LAYOUTS {
                let line = line(length);
                if layouts.find(&line).is_none() {
                    let found = tree.find(&line, &mut values).unwrap();
                    layouts.note(&line, found, &values, || None);
                }
            }
        }
        let known = |layouts: &mut Layouts, length| layouts.find(&line(length)).is_some();
        assert!(!known(&mut layouts, MOST_LAYOUTS - 1));
        assert!((0..MOST_LAYOUTS - 1).all(|it| known(&mut layouts, it)));
        assert!(known(&mut layouts, MOST_LAYOUTS));
        (0..MOST_LAYOUTS).for_each(|_| assert!(known(&mut layouts, 3)));
        assert_eq!(layouts.known[0].length, line(3).len());
        layouts.forget();
        assert!(!known(&mut layouts, 0));
    }
}
