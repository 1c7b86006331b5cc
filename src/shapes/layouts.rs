//! Lines whose values are as long as those of lines before, which most are: where everything stands is known,
//! so that a line is compared in one go instead of looking for the end of each value.
//!
//! Each byte has bounds: a constant is its own, a digit lies between `0` and `9`, and within a string anything goes
//! but what ends it or needs a closer look. A line within the bounds has the shape of the one that they
//! were made of. With
//! digits read without a loop it saved a twelfth of all CPU time of a dump of calls.

use wide::u8x16;

use super::tree::Values;
use crate::lanes::LANES;

/// Layouts known at once.
const MOST_LAYOUTS: usize = 8;
/// Longer lines are seldom as long as others.
const LONGEST: usize = 2048;
/// Lines of one shape and length that were met before their layout is worth making.
const OFTEN: u16 = 16;
/// Shapes and lengths that are counted at once; a power of two.
const COUNTED: usize = 64;

/// The bounds of sixteen bytes.
struct Step {
    least: [u8; LANES],
    most: [u8; LANES],
    /// All bits of those that are in a string.
    free: [u8; LANES],
}

struct Layout {
    /// The length with the line end.
    length: usize,
    steps: Box<[Step]>,
    values: Box<Values>,
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
        let padded = length.next_multiple_of(LANES);
        let (mut least, mut most, mut free) = (line.to_vec(), line.to_vec(), vec![0; padded]);
        least.resize(padded, 0);
        most.resize(padded, u8::MAX);
        for &(start, end) in &values.at[..values.count] {
            let (start, end) = (start as usize, end as usize);
            let is_string = line[..start].ends_with(b"\"");
            let (low, high, inside) = if is_string {
                (b' ', u8::MAX, u8::MAX)
            } else if line[start..end].iter().all(u8::is_ascii_digit) {
                (b'0', b'9', 0)
            } else {
                return None;
            };
            least[start..end].fill(low);
            most[start..end].fill(high);
            free[start..end].fill(inside);
            if !is_string && end - start > 1 {
                // A number does not begin with 0.
                least[start] = b'1';
            }
        }
        let parts = least.as_chunks().0.iter().zip(most.as_chunks().0).zip(free.as_chunks().0);
        let steps = parts.map(|((least, most), free)| Step { least: *least, most: *most, free: *free });
        Some(Self { length, steps: steps.collect(), values: Box::new(values.clone()), shape })
    }

    /// Whether the line at the beginning of `bytes` has this layout.
    #[inline]
    fn fits(&self, bytes: &[u8]) -> bool {
        // Most others end elsewhere.
        if bytes.get(self.length - 1) != Some(&b'\n') {
            return false;
        }
        let (chunks, _) = bytes.as_chunks::<LANES>();
        if chunks.len() < self.steps.len() {
            return false;
        }
        let mut within = u8x16::splat(u8::MAX);
        let mut ends = u8x16::splat(0);
        for (step, chunk) in self.steps.iter().zip(chunks) {
            let chunk = u8x16::from(*chunk);
            let above = chunk.max(u8x16::from(step.least)).simd_eq(chunk);
            let below = chunk.min(u8x16::from(step.most)).simd_eq(chunk);
            within = within & above & below;
            let end = chunk.simd_eq(u8x16::splat(b'"')) | chunk.simd_eq(u8x16::splat(b'\\'));
            ends |= end & u8x16::from(step.free);
        }
        within.to_bitmask() == 0xffff && ends.to_bitmask() == 0
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
    /// As [`Tree::find`](super::tree::Tree::find), of a line whose layout is known, with its values.
    #[inline]
    pub fn find(&mut self, bytes: &[u8]) -> Option<((usize, usize), &Values)> {
        let mut place = self.known.iter().position(|it| it.fits(bytes))?;
        if place > 0 {
            self.known.swap(place - 1, place);
            place -= 1;
        }
        let Layout { length, values, shape, .. } = &self.known[place];
        Some(((*shape, *length), values))
    }

    /// Takes note of a line that was found to have some shape and length.
    #[inline]
    pub fn note(&mut self, bytes: &[u8], found: (usize, usize), values: &Values) {
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
            layouts.note(line, found, &values);
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
                if let Some((it, values)) = layouts.find(&changed) {
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
        tree.insert(&[&b"{\"a\":\""[..], &[STRING], b"\"}"].concat(), 0);
        let (mut layouts, mut values) = (Layouts::default(), Values::default());
        let line =
            |length: usize| format!("{{\"a\":\"{}\"}}\n{}", "x".repeat(length), " ".repeat(32)).into_bytes();
        for _ in 0..OFTEN {
            for length in 0..=MOST_LAYOUTS {
                let line = line(length);
                if layouts.find(&line).is_none() {
                    let found = tree.find(&line, &mut values).unwrap();
                    layouts.note(&line, found, &values);
                }
            }
        }
        let known = |layouts: &mut Layouts, length| layouts.find(&line(length)).is_some();
        assert!(!known(&mut layouts, MOST_LAYOUTS - 1));
        assert!((0..MOST_LAYOUTS - 1).all(|it| known(&mut layouts, it)));
        assert!(known(&mut layouts, MOST_LAYOUTS));
        (0..MOST_LAYOUTS).for_each(|_| assert!(known(&mut layouts, 3)));
        assert_eq!(layouts.known[0].length, "{\"a\":\"xxx\"}\n".len());
        layouts.forget();
        assert!(!known(&mut layouts, 0));
    }
}
