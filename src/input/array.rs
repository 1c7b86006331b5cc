//! Splits a file that is one JSON array into its elements, each as one line. Only brackets, quotes
//! and commas are looked at; whether an element is valid is decided later, as for any line.
//!
//! A fault never takes good elements with it. It appears as a line that cannot be valid (`,` for
//! a comma or element that is missing, `[` for an array that is never closed), so that it is
//! counted, and splitting goes on at the next place where an element can begin.

use memchr::{memchr, memchr3};

/// Takes the lines that a [`Splitter`] finds.
pub trait Lines {
    /// More bytes of the current line.
    fn piece(&mut self, bytes: &[u8]);
    /// The current line is complete.
    fn end(&mut self);
    /// The bytes of the current line so far; anything that is not JSON if it is over the limit.
    fn line(&self) -> &[u8];
    /// So many bytes of the file were passed over that belong to no line.
    fn outside(&mut self, bytes: u64);
    /// A line that holds no bytes of the file.
    fn made(&mut self, bytes: &[u8]);
}

/// The state between two pieces of input.
pub struct Splitter {
    is_json: fn(&[u8]) -> bool,
    state: State,
    nesting: Nesting,
    /// Whether a value may begin here, inside a container.
    value_due: bool,
    margin: Margin,
    /// The margin of the line in which the element began.
    element_margin: u64,
    /// A line end was seen since the last element.
    line_ended: bool,
    /// A comma was missing at a line end before: from then on line ends separate elements, as the
    /// text is rather lines than an array, and one fault should not be counted on each of them.
    by_lines: bool,
}

#[derive(Clone, Copy)]
enum State {
    /// Before the bracket that opens the array.
    Before,
    /// Behind that bracket: an element or the end.
    Opened,
    /// Behind a comma: an element.
    Due,
    /// Behind an element: a comma or the end.
    Behind,
    /// In an element without brackets or quotes: a number, a word, or text that is no JSON
    /// (`sentence`, once that is sure).
    Bare { sentence: bool },
    /// In an element that is a string.
    Text { escaped: bool },
    /// In an element that is an object or an array, outside strings.
    Container,
    /// The same, inside a string.
    Inner { escaped: bool },
    /// Behind the bracket that closes the array, with only white space since.
    Closed,
    /// Behind the array, between lines.
    TailStart,
    /// Behind the array, within a line.
    Tail,
}

impl Splitter {
    /// A splitter for one file; `is_json` tells whether a number or word is complete.
    pub fn new(is_json: fn(&[u8]) -> bool) -> Self {
        Self {
            is_json,
            state: State::Before,
            nesting: Nesting::default(),
            value_due: false,
            margin: Margin { width: 0, open: true },
            element_margin: 0,
            line_ended: false,
            by_lines: false,
        }
    }

    /// Takes the next bytes of the file, however it was cut.
    pub fn push(&mut self, input: &[u8], lines: &mut impl Lines) {
        let mut at = 0;
        while at < input.len() {
            let rest = &input[at..];
            at += match self.state {
                State::Container => self.container(rest, lines),
                // In a string that holds a line end, the next line may turn out to be an element.
                State::Inner { .. } if self.margin.open => self.inner_margin(rest[0], lines),
                State::Inner { escaped } => self.inner(rest, escaped, lines),
                State::Bare { sentence } => self.bare(rest, sentence, lines),
                State::Text { escaped } => self.text(rest, escaped, lines),
                State::Tail => self.tail(rest, lines),
                State::Before => self.between(rest[0], Self::before, lines),
                State::Opened => self.between(rest[0], Self::opened, lines),
                State::Due => self.between(rest[0], Self::due, lines),
                State::Behind => self.between(rest[0], Self::behind, lines),
                State::Closed => self.between(rest[0], Self::closed, lines),
                State::TailStart => self.between(rest[0], Self::tail_start, lines),
            };
        }
    }

    /// The file ends here.
    pub fn finish(&mut self, lines: &mut impl Lines) {
        match self.state {
            State::Opened | State::Due | State::Behind => lines.made(b"["),
            // A number cut short may still be a number, so that the cut needs a line of its own.
            State::Bare { .. } => {
                lines.end();
                lines.made(b"[");
            }
            State::Text { .. } | State::Container | State::Inner { .. } | State::Tail => lines.end(),
            State::Before | State::Closed | State::TailStart => {}
        }
    }

    // Each of the following takes the beginning of `input` and returns how many bytes it took. It
    // takes none where it only changes the state.

    fn between<L: Lines>(
        &mut self,
        byte: u8,
        other: fn(&mut Self, u8, &mut L) -> usize,
        lines: &mut L,
    ) -> usize {
        if is_white(byte) {
            self.margin.pass(byte);
            self.line_ended |= byte == b'\n';
            lines.outside(1);
            return 1;
        }
        other(self, byte, lines)
    }

    fn before(&mut self, _: u8, lines: &mut impl Lines) -> usize {
        self.open_array(lines)
    }

    fn opened(&mut self, byte: u8, lines: &mut impl Lines) -> usize {
        if byte == b']' { self.go(State::Closed, lines) } else { self.due(byte, lines) }
    }

    fn due(&mut self, byte: u8, lines: &mut impl Lines) -> usize {
        match byte {
            b',' => {
                lines.made(b",");
                self.go(State::Due, lines)
            }
            b']' => {
                lines.made(b",");
                self.go(State::Closed, lines)
            }
            _ => self.begin(byte, lines),
        }
    }

    fn behind(&mut self, byte: u8, lines: &mut impl Lines) -> usize {
        match byte {
            b',' => self.go(State::Due, lines),
            b']' => self.go(State::Closed, lines),
            _ => {
                if !(self.by_lines && self.line_ended) {
                    lines.made(b",");
                    self.by_lines |= self.line_ended;
                }
                self.begin(byte, lines)
            }
        }
    }

    fn closed(&mut self, byte: u8, lines: &mut impl Lines) -> usize {
        match byte {
            // Arrays written one behind the other are all read.
            b'[' => self.open_array(lines),
            // The bracket was one too many.
            b',' => {
                lines.made(b",");
                self.go(State::Due, lines)
            }
            _ => self.tail_start(byte, lines),
        }
    }

    fn tail_start(&mut self, _: u8, _: &mut impl Lines) -> usize {
        self.state = State::Tail;
        0
    }

    fn tail(&mut self, input: &[u8], lines: &mut impl Lines) -> usize {
        let Some(at) = memchr(b'\n', input) else {
            lines.piece(input);
            return input.len();
        };
        lines.piece(&input[..at]);
        lines.end();
        self.go(State::TailStart, lines);
        at + 1
    }

    /// Passes the bracket, comma or line end that leads to `state`.
    fn go(&mut self, state: State, lines: &mut impl Lines) -> usize {
        self.margin.open = false;
        self.state = state;
        lines.outside(1);
        1
    }

    fn open_array(&mut self, lines: &mut impl Lines) -> usize {
        // An element on the line of the bracket is as far out as those on lines of their own.
        self.margin.width += u64::from(self.margin.open);
        self.state = State::Opened;
        self.line_ended = false;
        lines.outside(1);
        1
    }

    fn begin(&mut self, byte: u8, lines: &mut impl Lines) -> usize {
        self.element_margin = self.margin.width;
        self.margin.open = false;
        self.line_ended = false;
        match byte {
            b'{' | b'[' => {
                self.nesting = Nesting::default();
                self.open(byte);
                self.state = State::Container;
            }
            b'"' => self.state = State::Text { escaped: false },
            _ => self.state = State::Bare { sentence: false },
        }
        lines.piece(&[byte]);
        1
    }

    fn end(&mut self, lines: &mut impl Lines) {
        lines.end();
        self.state = State::Behind;
    }

    /// Ends at a comma, a bracket or a line end; at white space only if it is JSON by then, so
    /// that a sentence is one fault and not one a word.
    fn bare(&mut self, input: &[u8], sentence: bool, lines: &mut impl Lines) -> usize {
        let stops = |it: &u8| is_white(*it) || matches!(it, b',' | b']' | b'{' | b'[' | b'"');
        let length = input.iter().position(stops).unwrap_or(input.len());
        lines.piece(&input[..length]);
        match input.get(length) {
            None => length,
            Some(b' ' | b'\t' | b'\r') if sentence || !(self.is_json)(lines.line()) => {
                lines.piece(&input[length..=length]);
                self.state = State::Bare { sentence: true };
                length + 1
            }
            Some(_) => {
                self.end(lines);
                length
            }
        }
    }

    /// A string between elements holds no body, so a line end may as well end it: a quote too many
    /// must not turn all following elements inside out.
    fn text(&mut self, input: &[u8], escaped: bool, lines: &mut impl Lines) -> usize {
        match string(input, escaped) {
            Found::Nothing => {
                lines.piece(input);
                self.state = State::Text { escaped: false };
                input.len()
            }
            Found::Escape(at) => {
                lines.piece(&input[..=at]);
                self.state = State::Text { escaped: true };
                at + 1
            }
            Found::LineEnd(at) => {
                lines.piece(&input[..at]);
                self.end(lines);
                at
            }
            Found::Quote(at) => {
                lines.piece(&input[..=at]);
                self.end(lines);
                at + 1
            }
        }
    }

    /// A string inside an object or array. A line end in it is a fault, and stays one as a tab.
    fn inner(&mut self, input: &[u8], escaped: bool, lines: &mut impl Lines) -> usize {
        match string(input, escaped) {
            Found::Nothing => {
                lines.piece(input);
                self.state = State::Inner { escaped: false };
                input.len()
            }
            Found::Escape(at) => {
                lines.piece(&input[..=at]);
                self.state = State::Inner { escaped: true };
                at + 1
            }
            Found::LineEnd(at) => {
                lines.piece(&input[..at]);
                lines.piece(b"\t");
                self.margin.pass(b'\n');
                self.state = State::Inner { escaped: false };
                at + 1
            }
            Found::Quote(at) => {
                lines.piece(&input[..=at]);
                self.state = State::Container;
                at + 1
            }
        }
    }

    /// The first bytes of a line that is in a string only because the one before is broken, or
    /// because the string holds a raw line end.
    fn inner_margin(&mut self, byte: u8, lines: &mut impl Lines) -> usize {
        if matches!(byte, b'{' | b'[') && self.margin.width <= self.element_margin {
            lines.end();
            return self.begin(byte, lines);
        }
        self.margin.pass(byte);
        match byte {
            b'\n' => lines.piece(b"\t"),
            b' ' | b'\t' | b'\r' => lines.piece(&[byte]),
            // The margin ends, and the string goes on.
            _ => return 0,
        }
        1
    }

    fn container(&mut self, input: &[u8], lines: &mut impl Lines) -> usize {
        // Bytes from here on belong to the element and are not yet handed over.
        let mut from = 0;
        for (at, &byte) in input.iter().enumerate() {
            let begins_line = self.margin.open;
            self.margin.pass(byte);
            match byte {
                b'"' => {
                    lines.piece(&input[from..=at]);
                    self.value_due = false;
                    self.state = State::Inner { escaped: false };
                    return at + 1;
                }
                b'\n' => {
                    lines.piece(&input[from..at]);
                    lines.piece(b" ");
                    from = at + 1;
                }
                // Where no value is due the element is broken for sure, and a line that is
                // indented no deeper than its own begins the next.
                b'{' | b'[' if begins_line && !self.value_due && self.margin.width <= self.element_margin => {
                    lines.piece(&input[from..at]);
                    lines.end();
                    return at + self.begin(byte, lines);
                }
                b'{' | b'[' => self.open(byte),
                b'}' | b']' => {
                    self.value_due = false;
                    match self.nesting.close(byte == b'}') {
                        Left::Container => {}
                        Left::Element => {
                            lines.piece(&input[from..=at]);
                            self.end(lines);
                            return at + 1;
                        }
                        Left::Array => {
                            lines.piece(&input[from..at]);
                            self.end(lines);
                            return at;
                        }
                    }
                }
                b',' => self.value_due = !self.nesting.in_object(),
                b':' => self.value_due = true,
                b' ' | b'\t' | b'\r' => {}
                _ => self.value_due = false,
            }
        }
        lines.piece(&input[from..]);
        input.len()
    }

    fn open(&mut self, bracket: u8) {
        self.nesting.open(bracket == b'{');
        self.value_due = bracket == b'[';
    }
}

fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// What comes first in the rest of a string.
enum Found {
    Nothing,
    Escape(usize),
    LineEnd(usize),
    Quote(usize),
}

fn string(input: &[u8], escaped: bool) -> Found {
    // An escaped byte has no meaning of its own, unless it is a line end, which nothing escapes.
    let skip = usize::from(escaped && input[0] != b'\n');
    match memchr3(b'"', b'\\', b'\n', &input[skip..]).map(|it| it + skip) {
        None => Found::Nothing,
        Some(at) if input[at] == b'"' => Found::Quote(at),
        Some(at) if input[at] == b'\\' => Found::Escape(at),
        Some(at) => Found::LineEnd(at),
    }
}

/// The white space at the beginning of the current line.
struct Margin {
    width: u64,
    /// Nothing but white space came since the line began.
    open: bool,
}

impl Margin {
    fn pass(&mut self, byte: u8) {
        match byte {
            b'\n' => *self = Self { width: 0, open: true },
            b' ' | b'\t' | b'\r' => self.width += u64::from(self.open),
            _ => self.open = false,
        }
    }
}

/// Levels whose kind is remembered. Deeper elements are invalid anyway; their brackets are only
/// counted.
const KNOWN_LEVELS: u64 = u128::BITS as u64;

/// The containers that are open inside an element.
#[derive(Default)]
struct Nesting {
    depth: u64,
    /// Bit 0 tells whether the outermost container is an object, and so on.
    objects: u128,
}

/// Where a closing bracket leads.
enum Left {
    Container,
    Element,
    /// The bracket fits nothing in the element, so that it must be the end of the array itself.
    Array,
}

impl Nesting {
    fn open(&mut self, object: bool) {
        if self.depth < KNOWN_LEVELS {
            let bit = 1 << self.depth;
            self.objects = if object { self.objects | bit } else { self.objects & !bit };
        }
        self.depth += 1;
    }

    fn in_object(&self) -> bool {
        (1..=KNOWN_LEVELS).contains(&self.depth) && self.objects >> (self.depth - 1) & 1 == 1
    }

    /// Closes the innermost container of the kind, and what was left open inside it.
    fn close(&mut self, object: bool) -> Left {
        if self.depth > KNOWN_LEVELS {
            self.depth -= 1;
            return Left::Container;
        }
        let open = if self.depth == KNOWN_LEVELS { u128::MAX } else { (1 << self.depth) - 1 };
        let fitting = open & if object { self.objects } else { !self.objects };
        match fitting.checked_ilog2() {
            Some(level) => self.depth = u64::from(level),
            None if object => {}
            None => return Left::Array,
        }
        if self.depth == 0 { Left::Element } else { Left::Container }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn is_json(bytes: &[u8]) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
    }

    #[derive(Default)]
    struct Collected {
        lines: Vec<String>,
        current: Vec<u8>,
        held: u64,
        outside: u64,
        made: u64,
    }

    impl Lines for Collected {
        fn piece(&mut self, bytes: &[u8]) {
            self.held += bytes.len() as u64;
            self.current.extend_from_slice(bytes);
        }

        fn end(&mut self) {
            self.lines.push(String::from_utf8_lossy(&std::mem::take(&mut self.current)).into_owned());
        }

        fn line(&self) -> &[u8] {
            &self.current
        }

        fn outside(&mut self, bytes: u64) {
            self.outside += bytes;
        }

        fn made(&mut self, bytes: &[u8]) {
            self.made += bytes.len() as u64;
            self.piece(bytes);
            self.end();
        }
    }

    fn split_in<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut lines = Collected::default();
        let mut splitter = Splitter::new(is_json);
        let mut bytes = 0;
        for piece in pieces {
            splitter.push(piece, &mut lines);
            bytes += piece.len() as u64;
        }
        splitter.finish(&mut lines);
        assert!(lines.current.is_empty(), "an unfinished line is left");
        assert_eq!(bytes + lines.made, lines.held + lines.outside, "each byte is in a line or outside");
        lines.lines
    }

    #[track_caller]
    fn check(input: &str, expected: &[&str]) {
        let whole = split_in([input.as_bytes()]);
        assert_eq!(whole, expected, "{input}");
        for size in 1..=3 {
            assert_eq!(split_in(input.as_bytes().chunks(size)), whole, "{input} by {size}");
        }
    }

    #[test]
    fn elements_become_lines() {
        check("[]", &[]);
        check("\n [ \n ] \n\n", &[]);
        check("[1]", &["1"]);
        check(
            r#"[{"a":1}, "x,]" ,[1,[2]],null,-1e5,{"b":"]}\"{["}]"#,
            &[r#"{"a":1}"#, r#""x,]""#, "[1,[2]]", "null", "-1e5", r#"{"b":"]}\"{["}"#],
        );
        check(
            "[\n  {\n    \"a\": [\n      1\n    ]\n  },\n  {}\n]\n",
            &["{     \"a\": [       1     ]   }", "{}"],
        );
        check("[{\"a\":\r\n1}]", &["{\"a\":\r 1}"]);
        check(r#"["\\",{"a":"\\"},"\u0041"]"#, &[r#""\\""#, r#"{"a":"\\"}"#, r#""\u0041""#]);
    }

    #[test]
    fn faults_between_elements_are_lines() {
        check("[,1]", &[",", "1"]);
        check("[1,,2]", &["1", ",", "2"]);
        check("[1,2,]", &["1", "2", ","]);
        check("[1 2]", &["1", ",", "2"]);
        check(r#"[{"a":1}{"b":2}"c" 3]"#, &[r#"{"a":1}"#, ",", r#"{"b":2}"#, ",", r#""c""#, ",", "3"]);
        check(r#"[{"a":1}],{"b":2}]"#, &[r#"{"a":1}"#, ",", r#"{"b":2}"#]);
        check(r#"[{"a":1],{"b":2}]"#, &[r#"{"a":1"#, ",", r#"{"b":2}"#]);
        check(r#"[{"a":[1},{"b":2}]"#, &[r#"{"a":[1}"#, r#"{"b":2}"#]);
        check(r#"[{"a":1}},{"b":2}]"#, &[r#"{"a":1}"#, ",", "}", r#"{"b":2}"#]);
    }

    #[test]
    fn an_array_that_is_cut_leaves_an_invalid_line() {
        check("[", &["["]);
        check("[1,2", &["1", "2", "["]);
        check("[{},", &["{}", "["]);
        check("[{}\n", &["{}", "["]);
        check(r#"[{},{"a":"#, &["{}", r#"{"a":"#]);
        check(r#"[{},{"a":"x"#, &["{}", r#"{"a":"x"#]);
        check("[\"a\n", &["\"a", "["]);
    }

    #[test]
    fn text_behind_the_array_is_read_by_lines() {
        check("[1]\n\n{\"a\":1}\n x y\n{\"b\":2}", &["1", "{\"a\":1}", "x y", "{\"b\":2}"]);
        check("[1] rest\n[2]\n", &["1", "rest", "[2]"]);
        check("[1]\n[\n2,\n3]\n[4]", &["1", "2", "3", "4"]);
        check("[2026-11-20] a\n[2026-11-20] b\n", &["2026-11-20", "a", "[2026-11-20] b"]);
    }

    #[test]
    fn text_that_only_begins_like_an_array_loses_no_good_line() {
        check("[garbage\n{\"a\":1}\n{\"b\":2}\n", &["garbage", ",", "{\"a\":1}", "{\"b\":2}", "["]);
        check(
            "[some \"quoted garbage\n{\"a\":1}\n",
            &["some ", ",", "\"quoted garbage", ",", "{\"a\":1}", "["],
        );
        check(
            "[{\"a\":\"cut\n{\"b\":1}\n{\"c\":2}\n{\"d\":3}\n",
            &["{\"a\":\"cut\t", "{\"b\":1}", ",", "{\"c\":2}", "{\"d\":3}", "["],
        );
        check("[[1,2\n[3]\n[4]\n", &["[1,2 ", "[3]", ",", "[4]", "["]);
    }

    #[test]
    fn a_broken_element_does_not_swallow_those_on_the_lines_below() {
        check("[\n{\"a\":\"cut\n{\"b\":1},\n{\"c\":2}\n]\n", &["{\"a\":\"cut\t", "{\"b\":1}", "{\"c\":2}"]);
        check(
            "[{\"a\":1,\n{\"b\":1},\n {\"c\":[},\n{\"d\":2}]",
            &["{\"a\":1, ", "{\"b\":1}", "{\"c\":[}", "{\"d\":2}"],
        );
        // Pretty printed: what is indented deeper belongs to the broken element.
        check(
            "[\n  {\n    \"a\": 1\n    {\n      \"x\": 1\n  },\n  {\n    \"b\": 2\n  }\n]",
            &["{     \"a\": 1     {       \"x\": 1   },   ", "{     \"b\": 2   }"],
        );
    }

    #[test]
    fn a_line_end_in_a_string_stays_a_fault() {
        check("[{\"a\":\"x\ny\"},2]", &["{\"a\":\"x\ty\"}", "2"]);
        check("[{\"a\":\"x\\\n\"},2]", &["{\"a\":\"x\\\t\"}", "2"]);
        check("[\"x\ny\",2]", &["\"x", ",", "y", ",", "\",2]"]);
    }

    #[test]
    fn a_value_that_begins_a_line_inside_an_element_is_no_element() {
        check(
            "[\n{\"a\":\n{\"b\":1}\n,\"c\":[\n{}\n,\n[]\n]\n}\n]",
            &["{\"a\": {\"b\":1} ,\"c\":[ {} , [] ] }"],
        );
    }

    #[test]
    fn depth_has_no_limit_of_its_own() {
        for depth in [127, 128, 129, 100_000] {
            let element = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            check(&format!("[{element},1]"), &[&element, "1"]);
            let element = format!("{}1{}", "{\"a\":[".repeat(depth / 2), "]}".repeat(depth / 2));
            check(&format!("[{element},1]"), &[&element, "1"]);
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[\\PC\\n\"\\\\{}\\[\\],:]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"{\\[,]{0,3}", inner, 0..5)
                    .prop_map(|it| Value::Object(it.into_iter().collect())),
            ]
        })
    }

    /// The value with white space wherever the grammar allows it, taken from `white` in turn.
    fn render(value: &Value, white: &mut dyn Iterator<Item = String>, out: &mut String) {
        let mut space = |out: &mut String| out.push_str(&white.next().expect("it repeats"));
        match value {
            Value::Array(items) => {
                out.push('[');
                space(out);
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    out.push_str(&white.next().expect("it repeats"));
                    render(item, white, out);
                    out.push_str(&white.next().expect("it repeats"));
                }
                out.push(']');
            }
            Value::Object(members) => {
                out.push('{');
                space(out);
                for (n, (key, item)) in members.iter().enumerate() {
                    if n > 0 {
                        out.push(',');
                    }
                    out.push_str(&white.next().expect("it repeats"));
                    out.push_str(&Value::from(key.as_str()).to_string());
                    out.push_str(&white.next().expect("it repeats"));
                    out.push(':');
                    out.push_str(&white.next().expect("it repeats"));
                    render(item, white, out);
                    out.push_str(&white.next().expect("it repeats"));
                }
                out.push('}');
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                out.push_str(&value.to_string());
            }
        }
    }

    /// The input in pieces of these sizes, in turn.
    fn pieces<'a>(input: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
        let mut rest = input;
        let mut pieces = Vec::new();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at(rest.len().min(*size));
            pieces.push(piece);
            rest = behind;
        }
        pieces
    }

    proptest! {
        #[test]
        fn elements_of_a_valid_array_come_back(
            values in prop::collection::vec(json(), 0..8),
            white in prop::collection::vec("[ \t\r\n]{0,3}", 1..9),
            sizes in prop::collection::vec(1usize..9, 1..5),
        ) {
            let mut text = String::new();
            render(&Value::from(values.clone()), &mut white.into_iter().cycle(), &mut text);
            let lines = split_in(pieces(text.as_bytes(), &sizes));
            prop_assert_eq!(&lines, &split_in([text.as_bytes()]));
            let read: Vec<Value> = lines.iter().map(|it| serde_json::from_str(it).expect("valid")).collect();
            prop_assert_eq!(read, values);
        }

        #[test]
        fn any_cutting_of_any_bytes_gives_the_same_lines(
            text in "\\[[\\[\\]{},:\"\\\\ \n\ta1\u{e4}-]{0,60}",
            sizes in prop::collection::vec(1usize..9, 1..5),
        ) {
            let lines = split_in([text.as_bytes()]);
            prop_assert!(lines.iter().all(|it| !it.contains('\n')));
            let cut = split_in(pieces(text.as_bytes(), &sizes));
            prop_assert_eq!(cut.join("\n").replace('\u{fffd}', ""), lines.join("\n").replace('\u{fffd}', ""));
        }

        #[test]
        fn one_element_cut_anywhere_costs_at_most_the_next(
            before in 0usize..4,
            after in 1usize..5,
            cut in 1usize..46,
            margin in "[ \t]{0,2}",
        ) {
            let element = |n: usize| format!(r#"{{"event":"call","n":{n},"x":{{"name":"a \"b\" [","l":[1,{{}}]}}}}"#);
            let mut all: Vec<String> = (0..before + 1 + after).map(element).collect();
            all[before].truncate(cut);
            let text = format!("[\n{margin}{}\n]\n", all.join(&format!(",\n{margin}")));
            let lines = split_in([text.as_bytes()]);
            // A value that was due takes the next element for its own.
            let swallowed = usize::from(all[before].ends_with([':', '[']) || all[before].ends_with("[1"));
            for (n, it) in all.iter().enumerate() {
                if n < before || n > before + swallowed {
                    prop_assert!(lines.contains(it), "{} is missing in {:?}", it, lines);
                }
            }
        }
    }
}
