//! Sixteen bytes at a time: what ends a string, how far digits go, whether constants are equal.
//!
//! `wide` makes a few instructions of each step, without `unsafe` here. Finding the values of a dump of messages
//! fell from 34 to 26 % of all CPU time, of eight bytes at a time in a plain register.

use wide::u8x16;

/// Bytes that one step looks at.
pub const LANES: usize = 16;

#[inline]
fn lanes(bytes: &[u8], at: usize) -> Option<&[u8; LANES]> {
    bytes.get(at..)?.first_chunk()
}

/// The place of the first quote, backslash or control byte from `at` on, or the end.
#[inline]
pub fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = lanes(bytes, at) {
        let chunk = u8x16::from(*chunk);
        let quote = chunk.simd_eq(u8x16::splat(b'"'));
        let backslash = chunk.simd_eq(u8x16::splat(b'\\'));
        let control = chunk.min(u8x16::splat(0x1f)).simd_eq(chunk);
        let found = (quote | backslash | control).to_bitmask();
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        at += LANES;
    }
    while bytes.get(at).is_some_and(|it| !matches!(it, b'"' | b'\\' | ..0x20)) {
        at += 1;
    }
    at
}

/// The place of the first byte from `at` on that is no digit, or the end.
#[inline]
pub fn digits_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = lanes(bytes, at) {
        let value = u8x16::from(*chunk) - u8x16::splat(b'0');
        let digits = value.min(u8x16::splat(9)).simd_eq(value).to_bitmask();
        let count = digits.trailing_ones() as usize;
        at += count;
        if count < LANES {
            return at;
        }
    }
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

/// The eight bytes from `at` on as one number; 0 where there are fewer.
#[inline]
pub fn eight(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |it| u64::from_le_bytes(*it))
}

/// Up to eight bytes from `at` on as one number.
#[inline]
pub fn word(bytes: &[u8], at: usize, length: usize) -> u64 {
    debug_assert!(length <= 8, "{length} bytes in a word");
    match bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        Some(it) if length > 0 => u64::from_le_bytes(*it) << (8 * (8 - length)) >> (8 * (8 - length)),
        Some(_) => 0,
        None => {
            let mut word = [0; 8];
            word[..length].copy_from_slice(&bytes[at..at + length]);
            u64::from_le_bytes(word)
        }
    }
}

/// Whether `length` bytes of the two from these places on are equal; not so where one is shorter.
///
/// Constant parts of a line are 5 to 40 bytes, where a call of `memcmp` costs more than the comparison.
#[inline]
pub fn same(a: &[u8], a_at: usize, b: &[u8], b_at: usize, length: usize) -> bool {
    let mut done = 0;
    while let (Some(a), Some(b)) = (lanes(a, a_at + done), lanes(b, b_at + done)) {
        let equal = u8x16::from(*a).simd_eq(u8x16::from(*b)).to_bitmask();
        let rest = length - done;
        if rest <= LANES {
            // Bytes behind the last are of no matter.
            return equal | u32::MAX << rest == u32::MAX;
        }
        if equal != 0xffff {
            return false;
        }
        done += LANES;
    }
    let part = |bytes: &[u8], at: usize| bytes.get(at + done..at + length).map(<[u8]>::to_vec);
    matches!((part(a, a_at), part(b, b_at)), (Some(a), Some(b)) if a == b)
}

/// The value of eight digits at once: neighbours are put together to tens, these to hundreds, and so on.
#[inline]
pub fn eight_digits(digits: [u8; 8]) -> Option<u64> {
    let bytes = u64::from_le_bytes(digits);
    let values = bytes.wrapping_sub(0x3030_3030_3030_3030);
    let too_large = bytes.wrapping_add(0x4646_4646_4646_4646);
    if (values | too_large | bytes) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let tens = values * 10 + (values >> 8);
    let low = (tens & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let high = (tens >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    Some(low.wrapping_add(high) >> 32)
}

/// The bytes that hexadecimal digits spell, of which letters begin with `a`; nothing if one is no digit.
#[inline]
pub fn hexadecimal(digits: &[u8; 32], a: u8) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    for (half, digits) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(digits.as_chunks::<LANES>().0) {
        let digits = u8x16::from(*digits);
        let (decimal, letter) = (digits - u8x16::splat(b'0'), digits - u8x16::splat(a));
        let is_decimal = decimal.min(u8x16::splat(9)).simd_eq(decimal);
        let is_letter = letter.min(u8x16::splat(5)).simd_eq(letter);
        if (is_decimal | is_letter).to_bitmask() != 0xffff {
            return None;
        }
        let values = (decimal & is_decimal) | ((letter + u8x16::splat(10)) & is_letter);
        // Two neighbours make a byte, which then move together.
        let values = u128::from_le_bytes(values.to_array());
        let pairs = (values << 4 | values >> 8) & 0x00ff_00ff_00ff_00ff_00ff_00ff_00ff_00ff;
        let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff_0000_ffff_0000_ffff;
        let eights = (fours | fours >> 16) & 0x0000_0000_ffff_ffff_0000_0000_ffff_ffff;
        *half = ((eights | eights >> 32) as u64).to_le_bytes();
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_ends_is_found_at_every_place() {
        for length in 0..70 {
            for place in 0..=length {
                for (end, plain) in [(b'"', b'a'), (b'\\', b'!'), (0x1f, b' '), (0, 0xff), (b'\n', 0x80)] {
                    let mut bytes = vec![plain; length];
                    if let Some(it) = bytes.get_mut(place) {
                        *it = end;
                    }
                    for from in 0..=place {
                        assert_eq!(plain_end(&bytes, from), place, "{end} {length} {from}");
                    }
                }
            }
        }
    }

    #[test]
    fn digits_end_at_whatever_is_none() {
        for length in 0..50 {
            for place in 0..=length {
                for end in [b'0' - 1, b'9' + 1, 0, 0xff, b'.', b'e'] {
                    let mut bytes: Vec<u8> = (0..length).map(|it| b'0' + (it % 10) as u8).collect();
                    if let Some(it) = bytes.get_mut(place) {
                        *it = end;
                    }
                    for from in 0..=place {
                        assert_eq!(digits_end(&bytes, from), place, "{end} {length} {from}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_word_holds_so_many_bytes_and_nothing_behind_them() {
        let bytes: Vec<u8> = (1..=12).collect();
        for at in 0..12 {
            for length in 0..=8.min(12 - at) {
                let expected = (0..length).map(|it| (bytes[at + it] as u64) << (8 * it)).sum::<u64>();
                assert_eq!(word(&bytes, at, length), expected, "{at} {length}");
            }
        }
    }

    #[test]
    fn equal_parts_are_equal_at_every_length_and_nothing_else_matters() {
        for length in 0..50 {
            for room in [0, 1, 7, 40] {
                let inner: Vec<u8> = (0..length).map(|it| it as u8).collect();
                let a = [b"xyz", &inner[..], &vec![1; room]].concat();
                let b = [b"x", &inner[..], &vec![2; room]].concat();
                assert!(same(&a, 3, &b, 1, length));
                for place in 0..length {
                    for bit in [1, 0x80] {
                        let mut other = b.clone();
                        other[1 + place] ^= bit;
                        assert!(!same(&a, 3, &other, 1, length), "{length} {place}");
                    }
                }
                assert!(!same(&a, 3, &b[..length], 1, length), "{length}");
            }
        }
    }

    #[test]
    fn hexadecimal_digits_are_read_at_every_place_and_nothing_else_is_one() {
        let plain = b"0123456789abcdef9876543210fedcba";
        for a in [b'a', b'A'] {
            for place in 0..32 {
                for byte in 0..=255 {
                    let mut digits = plain.map(|it| if it >= b'a' { it - b'a' + a } else { it });
                    digits[place] = byte;
                    let is_digit = byte.is_ascii_digit() || (a..a + 6).contains(&byte);
                    let text = String::from_utf8_lossy(&digits);
                    let expected = is_digit.then(|| u128::from_str_radix(&text, 16).unwrap().to_be_bytes());
                    assert_eq!(hexadecimal(&digits, a), expected, "{place} {byte}");
                }
            }
        }
    }

    #[test]
    fn eight_digits_are_a_number_and_nothing_else_is() {
        for byte in 0..=255_u8 {
            for place in 0..8 {
                let mut digits = *b"90817263";
                digits[place] = byte;
                let value = digits.iter().fold(0, |all, it| all * 10 + u64::from(it.wrapping_sub(b'0')));
                let expected = byte.is_ascii_digit().then_some(value);
                assert_eq!(eight_digits(digits), expected, "{byte} {place}");
            }
        }
    }
}
