//! What is JSON, and how a value is taken out of it.
//!
//! One rule decides which lines are valid, whichever fields are read later: the grammar of RFC 8259
//! over bytes (those from 0x80 up only inside strings), at most [`MAX_DEPTH`] containers inside each
//! other. `serde_json` draws other lines: it rejects broken UTF-8 and lone surrogates, with which a
//! caller could hide a call behind a broken name, and skips some faults in fields that nobody reads.
//! After [`check`] a [`Raw`] value finds its way without further checks and without recursion.

use std::borrow::Cow;

use crate::lanes;

/// Arrays and objects inside each other, at most.
pub const MAX_DEPTH: u32 = 128;

/// Why bytes are not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset of the byte that does not fit.
    pub at: usize,
    /// What should have stood there.
    pub expected: &'static str,
    /// The fault is the depth, not the grammar.
    pub too_deep: bool,
}

/// Checks that `bytes` hold exactly one JSON value, white space around it allowed.
///
/// # Errors
///
/// The first byte that the grammar does not allow, or that opens container number 129.
pub fn check(bytes: &[u8]) -> Result<(), Fault> {
    Checker { bytes, at: 0 }.document()
}

/// Whether `bytes` are one line's value rather than the beginning of a longer one: exactly one JSON
/// value, or one that is nested too deep. A line of ten thousand brackets must not make all lines
/// after it a part of itself.
pub fn is_complete(bytes: &[u8]) -> bool {
    match check(bytes) {
        Ok(()) => true,
        Err(fault) => fault.too_deep,
    }
}

struct Checker<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Checker<'_> {
    fn document(&mut self) -> Result<(), Fault> {
        // One bit a level: 1 an object, 0 an array.
        let mut kinds: u128 = 0;
        let mut depth: u32 = 0;
        loop {
            // A value is due here.
            self.space();
            let opened = match self.peek() {
                Some(b'{') => {
                    self.open(&mut kinds, &mut depth, true)?;
                    self.space();
                    if self.peek() == Some(b'}') {
                        false
                    } else {
                        self.key("a key in double quotes or `}`")?;
                        true
                    }
                }
                Some(b'[') => {
                    self.open(&mut kinds, &mut depth, false)?;
                    self.space();
                    self.peek() != Some(b']')
                }
                Some(b'"') => {
                    self.string()?;
                    false
                }
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                Some(b'-' | b'0'..=b'9') => {
                    self.number()?;
                    false
                }
                _ => return Err(self.fault("a JSON value")),
            };
            if opened {
                continue;
            }
            // A value ended here: close what closes, until another value is due.
            loop {
                if depth == 0 {
                    self.space();
                    return match self.peek() {
                        None => Ok(()),
                        Some(_) => Err(self.fault("the end of the line after one JSON value")),
                    };
                }
                self.space();
                let in_object = kinds & 1 == 1;
                match self.peek() {
                    Some(b',') => {
                        self.at += 1;
                        if in_object {
                            self.space();
                            self.key("a key in double quotes")?;
                        }
                        break;
                    }
                    Some(b'}') if in_object => {}
                    Some(b']') if !in_object => {}
                    _ => return Err(self.fault(if in_object { "`,` or `}`" } else { "`,` or `]`" })),
                }
                self.at += 1;
                kinds >>= 1;
                depth -= 1;
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn fault(&self, expected: &'static str) -> Fault {
        Fault { at: self.at, expected, too_deep: false }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn open(&mut self, kinds: &mut u128, depth: &mut u32, object: bool) -> Result<(), Fault> {
        if *depth == MAX_DEPTH {
            let expected = "at most 128 arrays and objects inside each other";
            return Err(Fault { at: self.at, expected, too_deep: true });
        }
        *kinds = *kinds << 1 | u128::from(object);
        *depth += 1;
        self.at += 1;
        Ok(())
    }

    fn key(&mut self, expected: &'static str) -> Result<(), Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.fault(expected));
        }
        self.string()?;
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.fault("`:` after a key"));
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &'static [u8]) -> Result<bool, Fault> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.fault("`true`, `false` or `null`"));
        }
        self.at += word.len();
        Ok(false)
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits("a digit")?,
            _ => return Err(self.fault("a digit after `-`")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("a digit after `.`")?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits("a digit in the exponent")?;
        }
        Ok(())
    }

    fn digits(&mut self, expected: &'static str) -> Result<(), Fault> {
        let start = self.at;
        self.at = lanes::digits_end(self.bytes, start);
        if self.at == start { Err(self.fault(expected)) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            self.at = lanes::plain_end(self.bytes, self.at);
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.fault("control characters in a string as escapes")),
                None => return Err(self.fault("the closing `\"` of a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    match self.peek() {
                        Some(it) if it.is_ascii_hexdigit() => self.at += 1,
                        _ => return Err(self.fault("four hexadecimal digits after `\\u`")),
                    }
                }
            }
            _ => return Err(self.fault("one of `\"\\/bfnrtu` after a backslash")),
        }
        Ok(())
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// `12`, `-1.5e3`
    Number,
    /// `true`, `false`
    Bool,
    /// `null`
    Null,
}

/// A value inside bytes that [`check`] has accepted: its own bytes, without white space around.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a>(&'a [u8]);

/// A string held a lone surrogate or bytes that are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

impl<'a> Raw<'a> {
    /// The value in `bytes`, which [`check`] must have accepted.
    pub fn checked(bytes: &'a [u8]) -> Self {
        Self(bytes.trim_ascii())
    }

    /// The bytes of the value.
    pub fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// What the value is.
    pub fn kind(self) -> Type {
        match self.0.first() {
            Some(b'{') => Type::Object,
            Some(b'[') => Type::Array,
            Some(b'"') => Type::String,
            Some(b't' | b'f') => Type::Bool,
            Some(b'n') => Type::Null,
            _ => Type::Number,
        }
    }

    /// The members of an object as (key, value); nothing for other values.
    pub fn members(self) -> Members<'a> {
        let bytes = if self.kind() == Type::Object { &self.0[1..self.0.len() - 1] } else { &[] };
        Members { bytes, at: 0 }
    }

    /// The elements of an array; nothing for other values.
    pub fn elements(self) -> Elements<'a> {
        let bytes = if self.kind() == Type::Array { &self.0[1..self.0.len() - 1] } else { &[] };
        Elements { bytes, at: 0 }
    }

    /// The members with these names, in one pass; of a key that stands twice the last counts.
    pub fn pick<const N: usize>(self, names: &[&str; N]) -> [Option<Raw<'a>>; N] {
        let mut found = [None; N];
        for (key, value) in self.members() {
            let place = match key.plain() {
                Some(key) => names.iter().position(|it| it.as_bytes() == key),
                None => names.iter().position(|it| key.is(it)),
            };
            if let Some(place) = place {
                found[place] = Some(value);
            }
        }
        found
    }

    /// The member with this name.
    pub fn get(self, name: &str) -> Option<Raw<'a>> {
        self.pick(&[name])[0]
    }

    /// The value of `true` or `false`.
    pub fn bool(self) -> Option<bool> {
        (self.kind() == Type::Bool).then(|| self.0[0] == b't')
    }

    /// A number as it was written.
    pub fn number(self) -> Option<&'a str> {
        if self.kind() != Type::Number {
            return None;
        }
        std::str::from_utf8(self.0).ok()
    }

    /// A string's characters, with its damage.
    pub fn string(self) -> Option<Chars<'a>> {
        if self.kind() != Type::String {
            return None;
        }
        let inner = &self.0[1..self.0.len() - 1];
        Some(if memchr::memchr(b'\\', inner).is_none() {
            match std::str::from_utf8(inner) {
                Ok(it) => Chars { text: Cow::Borrowed(it), broken: false },
                Err(_) => Chars { text: String::from_utf8_lossy(inner), broken: true },
            }
        } else {
            unescape(inner)
        })
    }
}

impl Raw<'_> {
    /// A string's bytes without its escapes, damage left in: a lone surrogate becomes three bytes
    /// that are not UTF-8, so that JSON inside the string is judged as it would be outside.
    pub fn string_bytes(self) -> Option<Vec<u8>> {
        if self.kind() != Type::String {
            return None;
        }
        let inner = &self.0[1..self.0.len() - 1];
        Some(unescape_bytes(inner, |code, bytes| {
            bytes.extend([
                0xe0 | (code >> 12) as u8,
                0x80 | (code >> 6 & 0x3f) as u8,
                0x80 | (code & 0x3f) as u8,
            ]);
        }))
    }
}

/// The characters of a string.
#[derive(Clone, Debug)]
pub struct Chars<'a> {
    /// The text, with U+FFFD for what was broken.
    pub text: Cow<'a, str>,
    /// It held a lone surrogate or bytes that are not UTF-8.
    pub broken: bool,
}

fn unescape(inner: &[u8]) -> Chars<'static> {
    let mut broken = false;
    let bytes = unescape_bytes(inner, |_, bytes| {
        broken = true;
        bytes.extend_from_slice("\u{fffd}".as_bytes());
    });
    let text = String::from_utf8(bytes).unwrap_or_else(|it| {
        broken = true;
        String::from_utf8_lossy(it.as_bytes()).into_owned()
    });
    Chars { text: Cow::Owned(text), broken }
}

/// Undoes the escapes; `lone` writes what stands for a surrogate without its other half.
fn unescape_bytes(inner: &[u8], mut lone: impl FnMut(u32, &mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(inner.len());
    let mut at = 0;
    while at < inner.len() {
        let rest = &inner[at..];
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        bytes.extend_from_slice(&rest[..plain]);
        at += plain;
        let Some(&escaped) = inner.get(at + 1) else { break };
        at += 2;
        let plain = match escaped {
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let mut code = hex(inner, at);
                at += 4;
                // A high surrogate and the low one behind it are one character.
                if (0xd800..0xdc00).contains(&code) && inner[at..].starts_with(b"\\u") {
                    let low = hex(inner, at + 2);
                    if (0xdc00..0xe000).contains(&low) {
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                        at += 6;
                    }
                }
                match char::from_u32(code) {
                    Some(it) => bytes.extend_from_slice(it.encode_utf8(&mut [0; 4]).as_bytes()),
                    None => lone(code, &mut bytes),
                }
                continue;
            }
            other => other,
        };
        bytes.push(plain);
    }
    bytes
}

fn hex(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |sum, &it| sum * 16 + char::from(it).to_digit(16).unwrap_or(0))
}

/// An object's key, as written between its quotes.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a>(&'a [u8]);

impl<'a> Key<'a> {
    /// Whether the key spells this name.
    pub fn is(self, name: &str) -> bool {
        match self.plain() {
            Some(it) => it == name.as_bytes(),
            None => unescape(self.0).text == name,
        }
    }

    /// Its bytes, if they hold no escape.
    fn plain(self) -> Option<&'a [u8]> {
        memchr::memchr(b'\\', self.0).is_none().then_some(self.0)
    }

    /// The bytes between its quotes.
    pub fn written(self) -> &'a [u8] {
        self.0
    }

    /// The key's characters.
    pub fn text(self) -> Cow<'a, str> {
        match self.plain() {
            Some(it) => String::from_utf8_lossy(it),
            None => unescape(self.0).text,
        }
    }
}

/// Walks the members of an object.
pub struct Members<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = (Key<'a>, Raw<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let start = skip_separators(self.bytes, self.at);
        if start >= self.bytes.len() {
            return None;
        }
        let key_end = value_end(self.bytes, start);
        let value_start = skip_separators(self.bytes, key_end);
        let end = value_end(self.bytes, value_start);
        self.at = end;
        Some((Key(&self.bytes[start + 1..key_end - 1]), Raw(&self.bytes[value_start..end])))
    }
}

/// Walks the elements of an array.
pub struct Elements<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = skip_separators(self.bytes, self.at);
        if start >= self.bytes.len() {
            return None;
        }
        self.at = value_end(self.bytes, start);
        Some(Raw(&self.bytes[start..self.at]))
    }
}

fn skip_separators(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b':') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Where the value that starts at `start` ends; the bytes are known to be valid.
fn value_end(bytes: &[u8], start: usize) -> usize {
    match bytes.get(start) {
        Some(b'"') => string_end(bytes, start),
        Some(b'{' | b'[') => {
            let mut depth = 0_u32;
            let mut at = start;
            while let Some(&byte) = bytes.get(at) {
                match byte {
                    b'"' => {
                        at = string_end(bytes, at);
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return at + 1;
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            bytes.len()
        }
        _ => {
            let rest = &bytes[start..];
            let length =
                rest.iter().position(|it| matches!(it, b' ' | b'\t' | b'\n' | b'\r' | b',' | b'}' | b']'));
            length.map_or(bytes.len(), |it| start + it)
        }
    }
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        at = lanes::plain_end(bytes, at);
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(_) => return at + 1,
            None => return bytes.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn invalid(line: &str, column: usize) {
        let fault = check(line.as_bytes()).expect_err(line);
        assert_eq!(fault.at + 1, column, "{line}: {fault:?}");
    }

    #[test]
    fn the_table_of_the_rule() {
        invalid(r#"{"a":1}{"b":2}"#, 8);
        invalid(r#"{"a":01}"#, 7);
        invalid(r#"{"a":NaN}"#, 6);
        invalid("{'a':1}", 2);
        invalid(r#"{"a":1,}"#, 8);
        invalid("\"a\tb\"", 3);
        invalid("", 1);
        invalid("[1 2]", 4);
        invalid("{\"a\" 1}", 6);
        invalid("\u{e9}", 1);
        invalid("[\"a", 4);
        invalid("\"\\x\"", 3);
        invalid("\"\\u12g4\"", 6);
        invalid("-", 2);
        invalid("1.", 3);
        invalid("1e+", 4);
        invalid("tru", 1);
        invalid("[}", 2);
        for fine in [
            "42",
            "\"call.rejected\"",
            "[]",
            "{}",
            "{\"a\":1e999}",
            "{\"name\":\"\\ud83d\"}",
            " [ 1 , {\"a\":[]} ] ",
            "-0.5E-7",
        ] {
            assert_eq!(check(fine.as_bytes()), Ok(()), "{fine}");
        }
        assert_eq!(check(b"\"\xff\xfe\""), Ok(()));
    }

    #[test]
    fn depth_128_is_the_last_that_counts() {
        let nested = |levels: usize| [vec![b'['; levels], vec![b']'; levels]].concat();
        assert_eq!(check(&nested(128)), Ok(()));
        let fault = check(&nested(129)).expect_err("129 levels");
        assert!(fault.too_deep);
        assert_eq!(fault.at, 128);
        assert!(check(&vec![b'['; 10_000_000]).is_err());
        let objects = "{\"a\":".repeat(129) + "1" + &"}".repeat(129);
        assert!(check(objects.as_bytes()).expect_err("129 objects").too_deep);
    }

    #[test]
    fn agrees_with_serde_json_on_utf8() {
        let alphabet = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"\\n\"", "1", "-2.5", "0", "true", "null", " ", "\"",
            "\\", "é", "e5",
        ];
        // Every text of up to four of these pieces: 111,150 of them.
        for length in 1..=4_u32 {
            for number in 0..alphabet.len().pow(length) {
                let mut rest = number;
                let mut text = String::new();
                for _ in 0..length {
                    text.push_str(alphabet[rest % alphabet.len()]);
                    rest /= alphabet.len();
                }
                let reference = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
                assert_eq!(check(text.as_bytes()).is_ok(), reference, "{text}");
            }
        }
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        let line = br#"{"a":1,"b":{"a":5},"a":2,"\u0061":3}"#;
        check(line).expect("valid");
        assert_eq!(Raw::checked(line).get("a").and_then(Raw::number), Some("3"));
    }

    #[test]
    fn values_are_found_behind_any_neighbours() {
        let line = br#" {"s":"a\"]},{","o":{"x":[1,{"y":"}"}]},"n":-1.5 ,"t":true,"z":null} "#;
        check(line).expect("valid");
        let [s, o, n, t, z, none] = Raw::checked(line).pick(&["s", "o", "n", "t", "z", "none"]);
        assert_eq!(s.and_then(Raw::string).expect("s").text, "a\"]},{");
        assert_eq!(o.expect("o").bytes(), br#"{"x":[1,{"y":"}"}]}"#);
        assert_eq!(n.and_then(Raw::number), Some("-1.5"));
        assert_eq!(t.and_then(Raw::bool), Some(true));
        assert_eq!(z.map(Raw::kind), Some(Type::Null));
        assert!(none.is_none());
    }

    #[test]
    fn broken_text_is_repaired_and_said() {
        let read = |bytes: &[u8]| {
            check(bytes).expect("valid");
            let it = Raw::checked(bytes).string().expect("a string");
            (it.text.into_owned(), it.broken)
        };
        assert_eq!(read(br#""\ud83d\ude00""#), ("😀".to_owned(), false));
        assert_eq!(read(br#""a\ud83db""#), ("a\u{fffd}b".to_owned(), true));
        assert_eq!(read(br#""\ude00\ud83d""#), ("\u{fffd}\u{fffd}".to_owned(), true));
        assert_eq!(read(b"\"a\xffb\""), ("a\u{fffd}b".to_owned(), true));
        assert_eq!(read(br#""\/\b\f\n\r\t\u00e9""#), ("/\u{8}\u{c}\n\r\té".to_owned(), false));
    }
}
