//! Finding where a value ends, and whether it is one.

use crate::lanes;

/// Where the string ends whose characters begin at `at`: the place of its closing quote, and whether
/// there is a backslash before that. Nothing if it holds a control byte or a bad escape, or never ends.
#[inline]
pub fn string(bytes: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    loop {
        at = lanes::plain_end(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Some((at, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = escape(bytes, at)?;
            }
            _ => return None,
        }
    }
}

/// Where an escape ends.
#[inline]
fn escape(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 2),
        b'u' => {
            let digits = bytes.get(at + 2..at + 6)?;
            digits.iter().all(u8::is_ascii_hexdigit).then_some(at + 6)
        }
        _ => None,
    }
}

/// Where the number ends that begins at `at`.
#[inline]
pub fn number(bytes: &[u8], mut at: usize) -> Option<usize> {
    let digits = |start: usize| {
        let end = lanes::digits_end(bytes, start);
        (end > start).then_some(end)
    };
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = if bytes.get(at) == Some(&b'0') { at + 1 } else { digits(at)? };
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = digits(at)?;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn strings_end_where_the_rule_says_wherever_they_begin() {
        let pieces: [&[u8]; 12] = [
            b"a",
            b"\\\"",
            b"\\\\",
            b"\\u00e9",
            b"\\u12g4",
            b"\\x",
            b"\n",
            b"\x1f",
            b" ",
            "\u{e9}".as_bytes(),
            b"\xff",
            b"0123456789abcdef",
        ];
        for first in pieces {
            for second in pieces {
                for pad in 0..40 {
                    let inner = [&vec![b'x'; pad], first, second].concat();
                    let text = [b"\"", &inner[..], b"\""].concat();
                    let found = string(&text, 1);
                    let shown = String::from_utf8_lossy(&text);
                    assert_eq!(found.is_some(), json::check(&text).is_ok(), "{shown}");
                    if let Some((end, escaped)) = found {
                        assert_eq!((end, escaped), (text.len() - 1, inner.contains(&b'\\')), "{shown}");
                    }
                    assert_eq!(string(&text[..text.len() - 1], 1), None, "{shown}");
                }
            }
        }
    }

    #[test]
    fn numbers_are_those_of_the_rule() {
        let alphabet = b"0123-+.eEx";
        for length in 1..=5_u32 {
            for code in 0..alphabet.len().pow(length) {
                let mut rest = code;
                let mut text = Vec::new();
                for _ in 0..length {
                    text.push(alphabet[rest % alphabet.len()]);
                    rest /= alphabet.len();
                }
                let whole = number(&text, 0) == Some(text.len());
                assert_eq!(whole, json::check(&text).is_ok(), "{}", String::from_utf8_lossy(&text));
            }
        }
    }
}
