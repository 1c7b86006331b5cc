//! The shapes of lines in one tree: what their lines have in common is compared once.
//!
//! A shape is written as the line's bytes with a mark in place of each variable value. No line that is
//! learnt holds a control byte, so the marks are two of these.

use super::scan;
use crate::lanes::{self, LANES};

/// Stands for the characters of a string, between its quotes.
pub const STRING: u8 = 0;
/// Stands for a number.
pub const NUMBER: u8 = 1;
/// Variable values in one shape, at most.
pub const MOST_VALUES: usize = 64;
/// Bytes of all shapes, at most.
const MOST_BYTES: usize = 1 << 20;

const NONE: u32 = u32::MAX;

/// Where the variable values of a line stand.
#[derive(Clone)]
pub struct Values {
    /// Their beginnings and ends.
    pub at: [(u32, u32); MOST_VALUES],
    /// How many there are.
    pub count: usize,
    /// One bit each: it holds a backslash.
    pub escaped: u64,
}

impl Default for Values {
    fn default() -> Self {
        Self { at: [(0, 0); MOST_VALUES], count: 0, escaped: 0 }
    }
}

/// A run of constant bytes, and what may follow it.
struct Node {
    start: u32,
    length: u32,
    /// A string's characters follow, then this node.
    string: u32,
    /// A number follows, then this node.
    number: u32,
    /// The line ends: the shape's number.
    end: u32,
    /// Other constant bytes follow, told apart by their first.
    branches: Vec<(u8, u32)>,
}

/// The shapes that were learnt.
#[derive(Default)]
pub struct Tree {
    nodes: Vec<Node>,
    bytes: Vec<u8>,
}

impl Tree {
    /// The shape of the line at the beginning of `bytes`, and its length with its line end. `values`
    /// gets the places of the variable values.
    #[inline]
    pub fn find(&self, bytes: &[u8], values: &mut Values) -> Option<(usize, usize)> {
        let mut node = self.nodes.first()?;
        let (mut at, mut count, mut escapes) = (0, 0, 0);
        loop {
            let length = node.length as usize;
            if !lanes::same(bytes, at, &self.bytes, node.start as usize, length) {
                return None;
            }
            at += length;
            if !node.branches.is_empty()
                && let Some(&byte) = bytes.get(at)
                && let Some(&(_, next)) = node.branches.iter().find(|it| it.0 == byte)
            {
                node = &self.nodes[next as usize];
                continue;
            }
            let (end, next) = if node.string != NONE {
                let (end, escaped) = scan::string(bytes, at)?;
                escapes |= u64::from(escaped) << (count % MOST_VALUES);
                (end, node.string)
            } else if node.number != NONE {
                (scan::number(bytes, at)?, node.number)
            } else {
                let line_end = match bytes.get(at..)? {
                    [] => 0,
                    [b'\n', ..] | [b'\r'] => 1,
                    [b'\r', b'\n', ..] => 2,
                    _ => return None,
                };
                (values.count, values.escaped) = (count, escapes);
                return (node.end != NONE).then_some((node.end as usize, at + line_end));
            };
            *values.at.get_mut(count)? = (at as u32, end as u32);
            count += 1;
            at = end;
            node = &self.nodes[next as usize];
        }
    }

    /// Whether there is no room for more.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= MOST_BYTES
    }

    /// Adds a shape under a number. A shape that is there already keeps its number; returns that, and
    /// whether it is so.
    pub fn insert(&mut self, shape: &[u8], number: usize) -> (usize, bool) {
        if self.nodes.is_empty() {
            self.node(b"");
        }
        let mut node = 0;
        let mut at = 0;
        loop {
            let (start, length) = (self.nodes[node].start as usize, self.nodes[node].length as usize);
            let constant = &self.bytes[start..start + length];
            let common = constant.iter().zip(&shape[at..]).take_while(|(a, b)| a == b).count();
            if common < length {
                self.split(node, common);
            }
            at += common;
            let Some(&byte) = shape.get(at) else {
                let known = self.nodes[node].end != NONE;
                if !known {
                    self.nodes[node].end = number as u32;
                }
                return (self.nodes[node].end as usize, known);
            };
            let begin = if byte == STRING || byte == NUMBER { at + 1 } else { at };
            let known = match byte {
                STRING => self.nodes[node].string,
                NUMBER => self.nodes[node].number,
                _ => self.nodes[node].branches.iter().find(|it| it.0 == byte).map_or(NONE, |it| it.1),
            };
            let next = if known == NONE {
                let rest = &shape[begin..];
                let constant = rest.iter().position(|&it| it == STRING || it == NUMBER).unwrap_or(rest.len());
                let next = self.node(&rest[..constant]);
                match byte {
                    STRING => self.nodes[node].string = next,
                    NUMBER => self.nodes[node].number = next,
                    _ => self.nodes[node].branches.push((byte, next)),
                }
                next
            } else {
                known
            };
            at = begin;
            node = next as usize;
        }
    }

    fn node(&mut self, constant: &[u8]) -> u32 {
        // So many bytes stand behind the last constant that it can be compared as the others are.
        self.bytes.truncate(self.bytes.len().saturating_sub(LANES));
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(constant);
        self.bytes.extend_from_slice(&[0; LANES]);
        let length = constant.len() as u32;
        self.nodes.push(Node { start, length, string: NONE, number: NONE, end: NONE, branches: Vec::new() });
        self.nodes.len() as u32 - 1
    }

    /// Cuts a node's constant in two; what followed the whole follows the second part.
    fn split(&mut self, node: usize, place: usize) {
        let below = self.nodes.len() as u32;
        let above = &mut self.nodes[node];
        let start = above.start + place as u32;
        let first = self.bytes[start as usize];
        let rest = Node {
            start,
            length: above.length - place as u32,
            string: std::mem::replace(&mut above.string, NONE),
            number: std::mem::replace(&mut above.number, NONE),
            end: std::mem::replace(&mut above.end, NONE),
            branches: std::mem::replace(&mut above.branches, vec![(first, below)]),
        };
        above.length = place as u32;
        self.nodes.push(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of the shape that a line has, and its values.
    fn look(tree: &Tree, line: &str) -> Option<(usize, Vec<String>)> {
        let mut values = Values::default();
        let (shape, length) = tree.find(line.as_bytes(), &mut values)?;
        assert_eq!(length, line.find('\n').map_or(line.len(), |it| it + 1));
        let text = |it: &(u32, u32)| line[it.0 as usize..it.1 as usize].to_owned();
        Some((shape, values.at[..values.count].iter().map(text).collect()))
    }

    #[test]
    fn a_line_has_the_shape_that_differs_in_nothing_but_its_values() {
        let mut tree = Tree::default();
        tree.insert(b"{\"a\":\"\0\",\"b\":\"one\"}", 0);
        tree.insert(b"{\"a\":\"\0\",\"b\":\"other\",\"c\":\x01}", 1);
        tree.insert(b"{\"a\":\x01}", 2);
        tree.insert(b"{}", 3);
        tree.insert(b"{}", 4);
        let found = |shape, values: &[&str]| Some((shape, values.iter().map(|&it| it.to_owned()).collect()));
        assert_eq!(look(&tree, r#"{"a":"x","b":"one"}"#), found(0, &["x"]));
        assert_eq!(look(&tree, "{\"a\":\"\",\"b\":\"one\"}\nmore"), found(0, &[""]));
        assert_eq!(look(&tree, "{\"a\":\"\",\"b\":\"one\"}\r\nmore"), found(0, &[""]));
        assert_eq!(look(&tree, r#"{"a":"x\"y","b":"other","c":-1.5e3}"#), found(1, &["x\\\"y", "-1.5e3"]));
        assert_eq!(look(&tree, r#"{"a":12}"#), found(2, &["12"]));
        assert_eq!(look(&tree, "{}"), found(3, &[]));
        for other in [
            r#"{"a":"x","b":"on"}"#,
            r#"{"a":"x","b":"one"} "#,
            "{\"a\":\"x\",\"b\":\"one\"}\r\r\n",
            r#"{"a":"x","b":"one""#,
            r#"{"a":"x","b":"other","c":01}"#,
            r#"{"a":"x","b":"other","c":}"#,
            r#"{"a":null}"#,
            r#"{"a":12"#,
            "{\"a\":\"\n\",\"b\":\"one\"}",
            "",
            "{",
        ] {
            assert_eq!(look(&tree, other), None, "{other}");
        }
    }
}
