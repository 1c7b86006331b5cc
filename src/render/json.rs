//! The whole document as one JSON object: keys on lines of their own, a row a line.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::escape::PlainJson;
use super::{Style, Words, all_columns, parts};
use crate::section::{Body, Cell, Document, Piece, Table};
use crate::zone::Zone;

pub(super) fn render(doc: &Document, style: &Style<'_>, out: &mut dyn Write) -> io::Result<()> {
    let zone = style.zone;
    let mut top = Branch::default();
    top.add(&["schema"], Node::Text(&doc.schema));
    top.add(&["parameters"], Node::Fields(&doc.parameters));
    top.add(&["accounting"], Node::Fields(&doc.accounting));
    for part in parts(doc, style) {
        match &part.body {
            Body::Value(cell) => top.add(&part.path, Node::Cell(cell)),
            Body::Sentences(sentences) => top.add(&part.path, Node::Sentences(sentences)),
            Body::Rows(table) => {
                let columns = all_columns(table, style);
                top.add(&part.path, Node::Rows(table, columns.clone()));
                if let (Some(total), [above @ .., _]) = (&table.total, part.path.as_slice()) {
                    let path: Vec<&str> = above.iter().copied().chain(["total"]).collect();
                    top.add(&path, Node::Total(table, columns, total));
                }
            }
        }
    }
    top.add(&["notes"], Node::Sentences(&doc.notes));
    Page { out, zone }.branch(&top, 0)?;
    Ok(())
}

/// Keys and what stands under them, in the order in which they came.
#[derive(Default)]
struct Branch<'d>(Vec<(&'d str, Node<'d>)>);

enum Node<'d> {
    Branch(Branch<'d>),
    Text(&'d str),
    Fields(&'d [(String, Cell)]),
    Cell(&'d Cell),
    Rows(&'d Table, Vec<usize>),
    Total(&'d Table, Vec<usize>, &'d [Cell]),
    Sentences(&'d [Vec<Piece>]),
}

impl<'d> Branch<'d> {
    fn add(&mut self, path: &[&'d str], node: Node<'d>) {
        let [key, below @ ..] = path else { return };
        let known = self.0.iter().position(|(it, _)| it == key);
        debug_assert!(!below.is_empty() || known.is_none(), "two values at {key}");
        if below.is_empty() {
            self.0.push((key, node));
            return;
        }
        let place = known.unwrap_or_else(|| {
            self.0.push((key, Node::Branch(Branch::default())));
            self.0.len() - 1
        });
        match &mut self.0[place].1 {
            Node::Branch(branch) => branch.add(below, node),
            _ => debug_assert!(false, "a value above {path:?}"),
        }
    }
}

/// Where the document goes. Only the outer lines are laid out here; all values go through serde.
struct Page<'a> {
    out: &'a mut dyn Write,
    zone: &'a Zone,
}

impl Page<'_> {
    fn branch(&mut self, branch: &Branch<'_>, depth: usize) -> io::Result<()> {
        let entries = branch.0.iter().map(|(key, node)| (*key, node));
        self.object(entries, depth, |page, node| page.node(node, depth + 1))?;
        if depth == 0 { self.out.write_all(b"\n") } else { Ok(()) }
    }

    fn node(&mut self, node: &Node<'_>, depth: usize) -> io::Result<()> {
        let zone = self.zone;
        match node {
            Node::Branch(branch) => self.branch(branch, depth),
            Node::Text(text) => value(self.out, text),
            Node::Cell(cell) => value(self.out, &CellJson { cell, zone }),
            Node::Total(table, columns, cells) => {
                value(self.out, &Row { section: None, table, columns, cells, zone })
            }
            Node::Fields(fields) => {
                let entries = fields.iter().map(|(key, cell)| (key.as_str(), cell));
                self.object(entries, depth, |page, cell| value(page.out, &CellJson { cell, zone }))
            }
            Node::Rows(table, columns) => self.list(&table.rows, depth, |out, cells| {
                value(out, &Row { section: None, table, columns, cells, zone })
            }),
            Node::Sentences(sentences) => {
                let words = Words { zone, text: |it| it.into(), full_instants: true };
                self.list(sentences, depth, |out, it| value(out, &words.sentence(it)))
            }
        }
    }

    fn object<'k, T>(
        &mut self,
        entries: impl ExactSizeIterator<Item = (&'k str, T)>,
        depth: usize,
        mut write: impl FnMut(&mut Self, T) -> io::Result<()>,
    ) -> io::Result<()> {
        if entries.len() == 0 {
            return self.out.write_all(b"{}");
        }
        let mut separator = "{\n";
        for (key, entry) in entries {
            write!(self.out, "{separator}{:1$}", "", 2 * (depth + 1))?;
            value(self.out, key)?;
            self.out.write_all(b": ")?;
            write(self, entry)?;
            separator = ",\n";
        }
        write!(self.out, "\n{:1$}}}", "", 2 * depth)
    }

    fn list<T>(
        &mut self,
        items: &[T],
        depth: usize,
        mut write: impl FnMut(&mut dyn Write, &T) -> io::Result<()>,
    ) -> io::Result<()> {
        if items.is_empty() {
            return self.out.write_all(b"[]");
        }
        let mut separator = "[\n";
        for item in items {
            write!(self.out, "{separator}{:1$}", "", 2 * (depth + 1))?;
            write(self.out, item)?;
            separator = ",\n";
        }
        write!(self.out, "\n{:1$}]", "", 2 * depth)
    }
}

/// Writes a value on one line.
pub(super) fn value<T: Serialize + ?Sized>(out: &mut dyn Write, value: &T) -> io::Result<()> {
    let mut json = serde_json::Serializer::with_formatter(out, PlainJson);
    Ok(value.serialize(&mut json)?)
}

/// A row as an object, its columns as keys.
pub(super) struct Row<'d> {
    /// The section it is of, where the reader could not know.
    pub(super) section: Option<&'d str>,
    pub(super) table: &'d Table,
    pub(super) columns: &'d [usize],
    pub(super) cells: &'d [Cell],
    pub(super) zone: &'d Zone,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let len = self.columns.len() + usize::from(self.section.is_some());
        let mut map = serializer.serialize_map(Some(len))?;
        if let Some(section) = self.section {
            map.serialize_entry("section", section)?;
        }
        for &column in self.columns {
            let cell = CellJson { cell: &self.cells[column], zone: self.zone };
            map.serialize_entry(self.table.columns[column].key, &cell)?;
        }
        map.end()
    }
}

struct CellJson<'d> {
    cell: &'d Cell,
    zone: &'d Zone,
}

impl Serialize for CellJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let zone = self.zone;
        match self.cell {
            Cell::Missing => serializer.serialize_unit(),
            Cell::Text(text) | Cell::Person(_, text) => serializer.serialize_str(text.raw()),
            Cell::Word(word) => serializer.serialize_str(word),
            Cell::Count(count) => serializer.serialize_u64(*count),
            Cell::Signed(net) => serializer.serialize_i64(*net),
            // The double nearest to the decimal, which is written as that decimal again.
            Cell::Rate(rate) | Cell::Ratio(rate) => serializer.serialize_f64(rate.micro as f64 / 1e6),
            Cell::Change(change) => serializer.serialize_f64(change.micro as f64 / 1e6),
            Cell::Tenths(tenths) => serializer.serialize_f64(*tenths as f64 / 10.0),
            Cell::Millis(ms) => serializer.serialize_i64(*ms),
            Cell::Instant(ms) => serializer.serialize_str(&zone.rfc3339(*ms)),
            Cell::Bool(yes) => serializer.serialize_bool(*yes),
            Cell::List(cells) => {
                let mut list = serializer.serialize_seq(Some(cells.len()))?;
                for cell in cells {
                    list.serialize_element(&CellJson { cell, zone })?;
                }
                list.end()
            }
            Cell::Record(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (key, cell) in fields {
                    map.serialize_entry(key, &CellJson { cell, zone })?;
                }
                map.end()
            }
        }
    }
}
