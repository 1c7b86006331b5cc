//! The JSON Schema of what a command prints as JSON, derived from documents of that command: their
//! sections, the columns of their tables, and the units that the columns' figures have.
//!
//! Nothing is written by hand but what JSON a unit becomes, so that a new report or column is
//! described as soon as it is there.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::definitions;
use crate::section::{Body, Cell, Column, Document, Part, Table};

/// The dialect of the schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of all documents that are like one of the samples. What only some of the samples hold
/// may be missing.
pub fn schema(samples: &[Document]) -> Value {
    let mut samples = samples.iter();
    let Some(first) = samples.next() else { return Value::Bool(false) };
    let mut frame = Frame::of(first);
    for sample in samples {
        frame = frame.merged(Frame::of(sample));
    }
    let mut properties = frame.parts.properties();
    properties.insert("schema".to_owned(), json!({ "const": first.schema }));
    for (name, shape) in [("parameters", &frame.parameters), ("accounting", &frame.accounting)] {
        properties.insert(name.to_owned(), whole(shape));
    }
    let sentences = Shape::list(Shape::Plain(json!({ "type": "string" })));
    properties.insert("notes".to_owned(), sentences.described());
    let mut schema = json!({
        "$schema": DIALECT,
        "$id": first.schema,
        "title": first.schema,
        "type": "object",
        "properties": properties,
        "required": ["schema", "parameters", "accounting", "notes"],
        "additionalProperties": false,
    });
    if let (Some(required), Value::Object(schema)) = (frame.parts.required(), &mut schema) {
        // Who asks for some columns, or for one section, gets no others.
        let chosen = json!({ "anyOf": [{ "required": ["columns"] }, { "required": ["section"] }] });
        schema.insert("if".to_owned(), json!({ "properties": { "parameters": chosen } }));
        schema.insert("else".to_owned(), required);
    }
    schema
}

/// The JSON that values of a unit are written as; nothing for a unit that is not known here.
pub fn of_unit(unit: &str) -> Option<Value> {
    let text = || json!({ "type": "string" });
    Some(match unit {
        "text" | "word" | "period" | "IANA zone" => text(),
        "sessions"
        | "events"
        | "days"
        | "lines"
        | "bytes"
        | "bodies"
        | "customers"
        | "attempts"
        | "messages"
        | "values"
        | "episodes"
        | "feeds"
        | "findings"
        | "lines, events or sessions"
        | "number" => json!({ "type": "integer", "minimum": 0 }),
        // Clearings of what was set before the dump make fewer than none.
        "reactions" | "difference" | "milliseconds" => json!({ "type": "integer" }),
        "share, 0 to 1" => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        "share, -1 to 1" => json!({ "type": "number", "minimum": -1, "maximum": 1 }),
        "points, 0 to 100" => json!({ "type": "number", "minimum": 0, "maximum": 100 }),
        "weight" | "ratio" | "number or share" => json!({ "type": "number", "minimum": 0 }),
        "instant" => json!({ "type": "string", "format": "date-time" }),
        "yes or no" => json!({ "type": "boolean" }),
        "yes, no or a word" => json!({ "type": ["boolean", "string"] }),
        // Of words, or of named values.
        "list" => json!({ "type": "array" }),
        "list of words" => json!({ "type": "array", "items": text() }),
        "list of places" => json!({
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "file": text(),
                    "line": { "type": "integer", "minimum": 1 },
                    "body": { "type": "integer", "minimum": 0 },
                    "sha256": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
                    "hmac_sha256": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
                },
                "required": ["file", "line"],
                "additionalProperties": false,
            },
        }),
        "named counts" => {
            json!({ "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 } })
        }
        "parameter value" => json!({ "type": ["string", "array", "object"] }),
        "named values" => json!({ "type": "object", "additionalProperties": text() }),
        _ => return None,
    })
}

/// What documents look like: the frame that all have, and their own parts.
struct Frame {
    parameters: Shape,
    accounting: Shape,
    parts: Shape,
}

impl Frame {
    fn of(document: &Document) -> Self {
        let parameters =
            document.parameters.iter().map(|(name, cell)| (name.clone(), (Shape::of_cell(cell), true)));
        let mut accounting: BTreeMap<_, _> = document
            .accounting
            .iter()
            .map(|(name, cell)| (name.clone(), (Shape::of_books(name, cell), true)))
            .collect();
        // There only where such lines were left out.
        if let Some((Shape::Object { members, .. }, _)) = accounting.get_mut("lines") {
            let count = Shape::Plain(json!({ "type": "integer", "minimum": 0 }));
            members.entry("unverified".to_owned()).or_insert((count, false));
        }
        let command = document.schema.trim_start_matches("callsift.").split('/').next().unwrap_or_default();
        let mut parts = Shape::object(false);
        for part in &document.parts {
            let path: Vec<&str> = part.path.clone();
            match &part.body {
                Body::Value(cell) => parts.put(&path, Shape::of_cell(cell)),
                Body::Sentences(_) => {
                    parts.put(&path, Shape::list(Shape::Plain(json!({ "type": "string" }))));
                }
                Body::Rows(table) => {
                    let row = Shape::of_table(table, command, &group_keys(document, part));
                    if let (Some(_), [above @ .., _]) = (&table.total, path.as_slice()) {
                        parts.put(&[above, &["total"]].concat(), row.clone());
                    }
                    parts.put(&path, Shape::list(row));
                }
            }
        }
        Self {
            // What is given to a command is told by its parameters; a reader looks for those it knows.
            parameters: Shape::Object { members: parameters.collect(), open: true },
            accounting: Shape::Object { members: accounting, open: false },
            parts,
        }
    }

    fn merged(self, other: Self) -> Self {
        Self {
            parameters: self.parameters.merged(other.parameters),
            accounting: self.accounting.merged(other.accounting),
            parts: self.parts.merged(other.parts),
        }
    }
}

/// The keys that rows are grouped by: words that stand as `by` beside the rows or above them.
fn group_keys(document: &Document, rows: &Part) -> Vec<String> {
    let words = |cell: &Cell| match cell {
        Cell::List(cells) => cells
            .iter()
            .filter_map(|it| match it {
                Cell::Word(word) => Some(word.clone()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let is_over = |it: &&Part| match it.path.as_slice() {
        [above @ .., "by"] => rows.path.starts_with(above),
        _ => false,
    };
    document
        .parts
        .iter()
        .filter(is_over)
        .flat_map(|it| match &it.body {
            Body::Value(cell) => words(cell),
            Body::Rows(_) | Body::Sentences(_) => Vec::new(),
        })
        .collect()
}

/// What stands at one place.
#[derive(Clone, Debug, PartialEq)]
enum Shape {
    /// Members, and whether each is always there; an open object can have others.
    Object { members: BTreeMap<String, (Shape, bool)>, open: bool },
    /// Any number of one shape; of what shape no sample may say.
    List(Option<Box<Shape>>),
    /// A value, by the keywords of its schema.
    Plain(Value),
    /// One of these.
    Any(Vec<Shape>),
}

impl Shape {
    fn object(open: bool) -> Self {
        Self::Object { members: BTreeMap::new(), open }
    }

    fn list(of: Self) -> Self {
        Self::List(Some(Box::new(of)))
    }

    fn put(&mut self, path: &[&str], shape: Self) {
        let (Self::Object { members, .. }, [key, below @ ..]) = (self, path) else { return };
        if below.is_empty() {
            members.insert((*key).to_owned(), (shape, true));
        } else {
            members.entry((*key).to_owned()).or_insert((Self::object(false), true)).0.put(below, shape);
        }
    }

    fn of_table(table: &Table, command: &str, by: &[String]) -> Self {
        let shape = |(place, column): (usize, &Column)| {
            let is_key = by.iter().any(|it| it == column.key);
            // Columns that are no figures can be called like one of another command.
            let figure = definitions::figure(column.key).filter(|it| it.reports.contains(&command));
            // As the key of a group every figure is a word.
            let unit = if is_key { Some("text") } else { figure.map(|it| it.unit) };
            let mut shape = match unit.and_then(of_unit) {
                Some(it) => Self::Plain(nullable(it)),
                None => {
                    let cells = table.rows.iter().chain(&table.total).map(|row| Self::of_cell(&row[place]));
                    cells.reduce(Self::merged).unwrap_or(Self::Plain(json!({})))
                }
            };
            if let (Some(it), Self::Plain(Value::Object(keywords))) = (figure, &mut shape) {
                keywords.insert("description".to_owned(), format!("{} ({})", it.title, it.unit).into());
            }
            (column.key.to_owned(), (shape, true))
        };
        let members = table.columns.iter().enumerate().map(shape).collect();
        Self::Object { members, open: false }
    }

    /// An entry of the books, which are figures with dotted names.
    fn of_books(name: &str, cell: &Cell) -> Self {
        let unit = |name: &str| definitions::figure(name).and_then(|it| of_unit(it.unit));
        match (unit(name), cell) {
            // Named counts of nothing have no members; what has some is told member by member.
            (_, Cell::Record(fields)) if !fields.is_empty() => {
                let member = |(key, cell): &(String, Cell)| {
                    (key.clone(), (Self::of_books(&format!("{name}.{key}"), cell), true))
                };
                Self::Object { members: fields.iter().map(member).collect(), open: false }
            }
            (Some(it), Cell::Missing) => Self::Plain(nullable(it)),
            (Some(it), _) => Self::Plain(it),
            (None, cell) => Self::of_cell(cell),
        }
    }

    fn of_cell(cell: &Cell) -> Self {
        let of = |unit: &str| Self::Plain(of_unit(unit).unwrap_or_else(|| json!({})));
        match cell {
            Cell::Missing => Self::Plain(json!({ "type": "null" })),
            Cell::Text(_) | Cell::Person(..) | Cell::Word(_) => of("text"),
            Cell::Count(_) => of("number"),
            Cell::Signed(_) | Cell::Millis(_) => of("milliseconds"),
            Cell::Rate(_) | Cell::Ratio(_) => of("weight"),
            Cell::Change(_) => of("share, -1 to 1"),
            Cell::Tenths(_) => Self::Plain(json!({ "type": "number" })),
            Cell::Instant(_) => of("instant"),
            Cell::Bool(_) => of("yes or no"),
            Cell::List(cells) => {
                Self::List(cells.iter().map(Self::of_cell).reduce(Self::merged).map(Box::new))
            }
            Cell::Record(fields) => {
                let member = |(key, cell): &(String, Cell)| (key.clone(), (Self::of_cell(cell), true));
                Self::Object { members: fields.iter().map(member).collect(), open: true }
            }
        }
    }

    /// What both are.
    fn merged(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Object { members: a, open }, Self::Object { members: mut b, open: other }) => {
                let mut members = BTreeMap::new();
                for (key, (shape, always)) in a {
                    let merged = match b.remove(&key) {
                        Some((it, also)) => (shape.merged(it), always && also),
                        None => (shape, false),
                    };
                    members.insert(key, merged);
                }
                members.extend(b.into_iter().map(|(key, (shape, _))| (key, (shape, false))));
                Self::Object { members, open: open || other }
            }
            (Self::List(None), Self::List(of)) | (Self::List(of), Self::List(None)) => Self::List(of),
            (Self::List(Some(a)), Self::List(Some(b))) => Self::list(a.merged(*b)),
            (Self::Any(mut all), it) | (it, Self::Any(mut all)) => {
                if !all.contains(&it) {
                    all.push(it);
                }
                Self::Any(all)
            }
            (a, b) => Self::Any(vec![a, b]),
        }
    }

    /// What may stand there, without what must.
    fn described(&self) -> Value {
        match self {
            Self::Object { open, .. } => {
                let mut object = json!({ "type": "object", "properties": self.properties() });
                if !open {
                    object["additionalProperties"] = Value::Bool(false);
                }
                object
            }
            Self::List(None) => json!({ "type": "array" }),
            Self::List(Some(of)) => json!({ "type": "array", "items": of.described() }),
            Self::Plain(keywords) => keywords.clone(),
            Self::Any(all) => json!({ "anyOf": all.iter().map(Self::described).collect::<Vec<_>>() }),
        }
    }

    fn properties(&self) -> Map<String, Value> {
        match self {
            Self::Object { members, .. } => {
                members.iter().map(|(key, (shape, _))| (key.clone(), shape.described())).collect()
            }
            Self::List(_) | Self::Plain(_) | Self::Any(_) => Map::new(),
        }
    }

    /// What must stand there, on all levels; nothing where nothing must.
    fn required(&self) -> Option<Value> {
        match self {
            Self::Object { members, .. } => {
                let mut keywords = Map::new();
                let names: Vec<&String> =
                    members.iter().filter(|(_, (_, always))| *always).map(|(key, _)| key).collect();
                if !names.is_empty() {
                    keywords.insert("required".to_owned(), json!(names));
                }
                let below: Map<String, Value> = members
                    .iter()
                    .filter_map(|(key, (shape, _))| Some((key.clone(), shape.required()?)))
                    .collect();
                if !below.is_empty() {
                    keywords.insert("properties".to_owned(), Value::Object(below));
                }
                (!keywords.is_empty()).then_some(Value::Object(keywords))
            }
            Self::List(of) => Some(json!({ "items": of.as_ref()?.required()? })),
            Self::Plain(_) | Self::Any(_) => None,
        }
    }
}

/// A shape with what may and what must stand there.
fn whole(shape: &Shape) -> Value {
    let mut schema = shape.described();
    if let (Value::Object(schema), Some(Value::Object(required))) = (&mut schema, shape.required()) {
        // Of the members only names must be there; `properties` says already what they are.
        schema.extend(required.into_iter().filter(|(key, _)| key == "required"));
    }
    schema
}

/// The same, or null.
fn nullable(mut schema: Value) -> Value {
    match schema.get_mut("type") {
        Some(Value::Array(kinds)) => kinds.push("null".into()),
        Some(kind) => *kind = json!([kind, "null"]),
        None => {}
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::{FIGURES, column};
    use crate::section::{Shown, say};

    #[test]
    fn every_unit_is_known() {
        for figure in FIGURES {
            assert!(of_unit(figure.unit).is_some(), "{}: what JSON is `{}`?", figure.id, figure.unit);
        }
        assert_eq!(of_unit("furlongs"), None);
    }

    /// A document with one table by some keys.
    fn document(by: &[&'static str], total: bool) -> Document {
        let columns = by.iter().chain(&["rejected"]).map(|it| column(it, Shown::Always));
        let columns: Vec<Column> = columns.collect();
        let total = total.then(|| vec![Cell::Missing; columns.len()]);
        let table = Table { columns, total, ..Table::default() };
        Document {
            schema: "callsift.kpi/1".to_owned(),
            parameters: vec![("tz".to_owned(), Cell::word("UTC"))],
            parts: vec![
                Part {
                    path: vec!["kpi", "by"],
                    body: Body::Value(Cell::List(by.iter().map(|it| Cell::word(it)).collect())),
                },
                Part { path: vec!["kpi", "rows"], body: Body::Rows(table) },
                Part { path: vec!["found"], body: Body::Sentences(vec![say("Nothing.")]) },
            ],
            ..Document::default()
        }
    }

    #[test]
    fn sections_columns_and_units_are_described() {
        let schema = schema(&[document(&["video"], true)]);
        assert_eq!(schema["$id"], "callsift.kpi/1");
        let kpi = &schema["properties"]["kpi"]["properties"];
        let row = &kpi["rows"]["items"];
        assert_eq!(row["properties"]["rejected"]["type"], json!(["integer", "null"]));
        // As a column of sessions it is yes or no, as a key also unknown.
        assert_eq!(row["properties"]["video"]["type"], json!(["string", "null"]));
        assert_eq!(row["additionalProperties"], false);
        assert_eq!(&kpi["total"], row);
        assert_eq!(schema["properties"]["found"], json!({ "type": "array", "items": { "type": "string" } }));
        assert_eq!(schema["else"]["required"], json!(["found", "kpi"]));
        let must = &schema["else"]["properties"]["kpi"]["properties"]["rows"]["items"]["required"];
        assert_eq!(*must, json!(["rejected", "video"]));
        assert_eq!(schema["properties"]["parameters"]["required"], json!(["tz"]));
    }

    #[test]
    fn what_some_samples_lack_may_be_missing() {
        let schema = schema(&[document(&["agent", "hour"], true), document(&["hour"], false)]);
        let must = &schema["else"]["properties"]["kpi"];
        assert_eq!(must["required"], json!(["by", "rows"]));
        assert_eq!(must["properties"]["rows"]["items"]["required"], json!(["hour", "rejected"]));
        let row = &schema["properties"]["kpi"]["properties"]["rows"]["items"];
        assert_eq!(row["properties"]["agent"]["type"], json!(["string", "null"]));
    }

    #[test]
    fn shapes_that_differ_are_alternatives() {
        let null = Shape::of_cell(&Cell::Missing);
        let text = Shape::of_cell(&Cell::word("x"));
        let merged = null.clone().merged(text.clone()).merged(null);
        assert_eq!(merged.described(), json!({ "anyOf": [{ "type": "null" }, { "type": "string" }] }));
        let empty = Shape::of_cell(&Cell::List(vec![]));
        assert_eq!(empty.merged(Shape::list(text.clone())), Shape::list(text));
    }
}
