//! A small strict JSON reader over bytes (RFC 8259, one value, at most 128 levels).
//!
//! Strings keep three things: the repaired text, the bytes as they were (a lone surrogate escape as the
//! three bytes of its code point, so that JSON inside the string is as broken as it was sent), and
//! whether anything had to be repaired. Numbers keep their text.

/// The deepest nesting of arrays and objects that is read.
pub const MAX_DEPTH: usize = 128;

/// The text of a JSON string.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Repaired: U+FFFD for what is not a character.
    pub text: String,
    /// The bytes meant, before the repair.
    pub raw: Vec<u8>,
    /// Whether `text` was repaired.
    pub broken: bool,
}

/// A JSON value; an object is the list of its members as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Num(String),
    Str(Text),
    Arr(Vec<Json>),
    Obj(Vec<(Text, Json)>),
}

/// Why bytes are not a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Syntax,
    TooDeep,
}

impl Json {
    /// The last member of that name.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Obj(members) => {
                members.iter().rev().find(|(key, _)| key.text == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The value at a path of members.
    pub fn at(&self, path: &[&str]) -> Option<&Json> {
        let mut here = self;
        for name in path {
            here = here.get(name)?;
        }
        Some(here)
    }

    /// Whether any string or key in it was repaired.
    pub fn any_broken(&self) -> bool {
        match self {
            Json::Str(text) => text.broken,
            Json::Arr(items) => items.iter().any(Json::any_broken),
            Json::Obj(members) => members.iter().any(|(key, value)| key.broken || value.any_broken()),
            _ => false,
        }
    }

    /// Neither null nor an empty string.
    pub fn has_value(&self) -> bool {
        match self {
            Json::Null => false,
            Json::Str(text) => !text.text.trim().is_empty(),
            _ => true,
        }
    }

    /// A text that tells two values apart (members in order of their names).
    pub fn canonical(&self) -> String {
        match self {
            Json::Null => "null".to_string(),
            Json::Bool(value) => value.to_string(),
            Json::Num(text) => text.clone(),
            Json::Str(text) => format!("{:?}", text.text),
            Json::Arr(items) => {
                let parts: Vec<String> = items.iter().map(Json::canonical).collect();
                format!("[{}]", parts.join(","))
            }
            Json::Obj(members) => {
                let mut last = std::collections::BTreeMap::new();
                for (key, value) in members {
                    last.insert(key.text.clone(), value.canonical());
                }
                let parts: Vec<String> = last.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
                format!("{{{}}}", parts.join(","))
            }
        }
    }
}

/// Reads bytes that must be one value with white space around it.
pub fn parse(bytes: &[u8]) -> Result<Json, Fault> {
    let mut reader = Reader::new(bytes);
    let value = reader.value(0)?;
    reader.space();
    if reader.at == bytes.len() { Ok(value) } else { Err(Fault::Syntax) }
}

/// A position in bytes.
pub struct Reader<'a> {
    bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    /// The next byte.
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes white space.
    pub fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, word: &[u8]) -> Result<(), Fault> {
        if self.bytes[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(Fault::Syntax)
        }
    }

    /// Reads one value; `depth` arrays and objects are open around it.
    pub fn value(&mut self, depth: usize) -> Result<Json, Fault> {
        self.space();
        match self.peek() {
            Some(b'n') => self.expect(b"null").map(|()| Json::Null),
            Some(b't') => self.expect(b"true").map(|()| Json::Bool(true)),
            Some(b'f') => self.expect(b"false").map(|()| Json::Bool(false)),
            Some(b'"') => self.string().map(Json::Str),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Num),
            Some(b'[') if depth == MAX_DEPTH => Err(Fault::TooDeep),
            Some(b'{') if depth == MAX_DEPTH => Err(Fault::TooDeep),
            Some(b'[') => self.array(depth + 1),
            Some(b'{') => self.object(depth + 1),
            _ => Err(Fault::Syntax),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json, Fault> {
        self.expect(b"[")?;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::Arr(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Json::Arr(items));
                }
                _ => return Err(Fault::Syntax),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, Fault> {
        self.expect(b"{")?;
        let mut members = Vec::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Obj(members));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            self.expect(b":")?;
            let value = self.value(depth)?;
            members.push((key, value));
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Json::Obj(members));
                }
                _ => return Err(Fault::Syntax),
            }
        }
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(Fault::Syntax) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<String, Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned())
    }

    fn hex4(&mut self) -> Result<u32, Fault> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = match self.peek() {
                Some(byte @ b'0'..=b'9') => byte - b'0',
                Some(byte @ b'a'..=b'f') => byte - b'a' + 10,
                Some(byte @ b'A'..=b'F') => byte - b'A' + 10,
                _ => return Err(Fault::Syntax),
            };
            value = value * 16 + u32::from(digit);
            self.at += 1;
        }
        Ok(value)
    }

    /// A `\uXXXX` whose backslash and `u` are read: a character, or a lone surrogate.
    fn escaped_unit(&mut self) -> Result<Result<char, u32>, Fault> {
        let unit = self.hex4()?;
        if (0xD800..0xDC00).contains(&unit) && self.bytes[self.at..].starts_with(b"\\u") {
            let back = self.at;
            self.at += 2;
            let low = self.hex4()?;
            if (0xDC00..0xE000).contains(&low) {
                let code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                return Ok(char::from_u32(code).ok_or(unit));
            }
            self.at = back;
        }
        Ok(char::from_u32(unit).ok_or(unit))
    }

    fn string(&mut self) -> Result<Text, Fault> {
        self.expect(b"\"")?;
        let mut text = String::new();
        let mut raw = Vec::new();
        let mut pending: Vec<u8> = Vec::new();
        let mut broken = false;
        loop {
            let Some(byte) = self.peek() else {
                return Err(Fault::Syntax);
            };
            self.at += 1;
            match byte {
                b'"' => break,
                0..0x20 => return Err(Fault::Syntax),
                b'\\' => {
                    let escape = self.peek().ok_or(Fault::Syntax)?;
                    self.at += 1;
                    let plain = match escape {
                        b'"' | b'\\' | b'/' => escape,
                        b'b' => 8,
                        b'f' => 12,
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'u' => {
                            match self.escaped_unit()? {
                                Ok(character) => {
                                    let mut four = [0; 4];
                                    let bytes = character.encode_utf8(&mut four).as_bytes();
                                    pending.extend_from_slice(bytes);
                                    raw.extend_from_slice(bytes);
                                }
                                Err(unit) => {
                                    flush(&mut pending, &mut text);
                                    broken = true;
                                    text.push('\u{FFFD}');
                                    raw.push(0xE0 | (unit >> 12) as u8);
                                    raw.push(0x80 | ((unit >> 6) & 0x3F) as u8);
                                    raw.push(0x80 | (unit & 0x3F) as u8);
                                }
                            }
                            continue;
                        }
                        _ => return Err(Fault::Syntax),
                    };
                    pending.push(plain);
                    raw.push(plain);
                }
                _ => {
                    pending.push(byte);
                    raw.push(byte);
                }
            }
        }
        broken |= flush(&mut pending, &mut text);
        Ok(Text { text, raw, broken })
    }
}

/// Moves bytes to the text; says whether they had to be repaired.
fn flush(pending: &mut Vec<u8>, text: &mut String) -> bool {
    let broken = std::str::from_utf8(pending).is_err();
    text.push_str(&String::from_utf8_lossy(pending));
    pending.clear();
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_what_is_json() {
        for bad in [
            &b"{\"a\":1}{\"b\":2}"[..],
            b"{\"a\":01}",
            b"{\"a\":NaN}",
            b"{'a':1}",
            b"{\"a\":1,}",
            b"\"a\tb\"",
            b"\xEF\xBB\xBF{}",
            b"[1 2]",
            b"\xC3\xA9",
            b"1.",
            b"-",
            b"\"\\x\"",
            b"",
        ] {
            assert_eq!(parse(bad), Err(Fault::Syntax), "{bad:?}");
        }
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(deep(128).as_bytes()).is_ok());
        assert_eq!(parse(deep(129).as_bytes()), Err(Fault::TooDeep));
        for good in ["42", "\"call.rejected\"", "[]", "{\"a\":1e999}", " -0.5E+7 "] {
            assert!(parse(good.as_bytes()).is_ok(), "{good}");
        }
    }

    #[test]
    fn the_last_of_two_keys_counts() {
        let value = parse(br#"{"a":1,"a":2}"#).unwrap();
        assert_eq!(value.get("a"), Some(&Json::Num("2".to_string())));
    }

    #[test]
    fn broken_text_is_repaired_and_told() {
        let Json::Str(lone) = parse(br#""a\ud83dz""#).unwrap() else { panic!("a string") };
        assert_eq!((lone.text.as_str(), lone.broken), ("a\u{FFFD}z", true));
        let Json::Str(pair) = parse(br#""\ud83d\ude00""#).unwrap() else { panic!("a string") };
        assert_eq!((pair.text.as_str(), pair.broken), ("\u{1F600}", false));
        let Json::Str(bytes) = parse(b"\"a\xFFz\"").unwrap() else { panic!("a string") };
        assert_eq!((bytes.text.as_str(), bytes.broken), ("a\u{FFFD}z", true));
        // A broken escape inside embedded JSON is still broken when that is read.
        let Json::Str(outer) = parse(br#""{\"id\":\"\ud83d\"}""#).unwrap() else { panic!("a string") };
        assert!(parse(&outer.raw).unwrap().any_broken());
    }
}
