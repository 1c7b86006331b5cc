//! What the program answers over a folder of dumps, in every format, and what of an answer depends on how the
//! same calls lie in files.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use calamine::{Data, Reader, Xlsx};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;

use crate::support::{callsift, errors, folder, write_files};
use crate::traffic::{self, TrafficOpts};

/// Commands with a report each.
pub const COMMANDS: [&[&str]; 12] = [
    &["report"],
    &["kpi", "--by", "agent,instance"],
    &["frustration"],
    &["contacts", "--rules", "us-reg-f", "--rules", "in-rbi", "--rules", "whatsapp"],
    &["avoidance"],
    &["anomalies"],
    &["sessions"],
    &["callbacks"],
    &["reactions"],
    &["timeline", "+525512345678"],
    &["rejections"],
    &["inspect"],
];

/// Every format that `report` has.
pub const FORMATS: [&str; 7] = ["table", "csv", "json", "ndjson", "markdown", "html", "xlsx"];

/// The overview in every format, and each other command in JSON and in one more: another one each.
pub fn pairs() -> impl Iterator<Item = (&'static [&'static str], &'static str)> {
    let overview = FORMATS.map(|it| (COMMANDS[0], it)).into_iter();
    let others = COMMANDS[1..].iter().zip(FORMATS.iter().filter(|it| **it != "json").cycle());
    overview.chain(others.flat_map(|(command, format)| [(*command, "json"), (*command, *format)]))
}

/// What the program prints of the dumps in a folder; a workbook goes through a file.
pub fn answer(folder: &Path, command: &[&str], format: &str, more: &[&str]) -> Vec<u8> {
    answer_with(folder, command, format, more, &[])
}

/// The same with variables of the environment.
pub fn answer_with(
    folder: &Path,
    command: &[&str],
    format: &str,
    more: &[&str],
    variables: &[(&str, &str)],
) -> Vec<u8> {
    let mut args = command.to_vec();
    args.extend(["dumps", "--quiet", "--tolerate-invalid", "100%", "--format", format]);
    if !more.contains(&"--tz") {
        args.extend(["--tz", "Asia/Kolkata"]);
    }
    if format == "xlsx" {
        args.extend(["-o", "answer.xlsx"]);
    }
    args.extend(more);
    let output = callsift(folder).args(&args).envs(variables.iter().copied()).output().unwrap();
    // Cut and broken members are defects.
    assert!(matches!(output.status.code(), Some(0 | 3)), "{args:?}: {}", errors(&output));
    if format == "xlsx" { fs::read(folder.join("answer.xlsx")).unwrap() } else { output.stdout }
}

/// The JSON of a command.
pub fn value(folder: &Path, command: &[&str], more: &[&str]) -> Value {
    serde_json::from_slice(&answer(folder, command, "json", more)).unwrap()
}

/// A folder with these dumps.
pub fn home(files: &[(&str, Vec<u8>)]) -> tempfile::TempDir {
    let home = folder();
    let files: Vec<(String, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (format!("dumps/{name}"), bytes.clone())).collect();
    write_files(home.path(), &files);
    home
}

/// Lines as a dump.
pub fn joined(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|it| [it.as_slice(), b"\n"].concat()).collect()
}

/// Lines of all providers, in envelopes and without, repeated, broken and replayed; nothing that depends on whole
/// files.
pub fn lines(seed: u64, events: usize, opts: &TrafficOpts) -> Vec<Vec<u8>> {
    let opts = TrafficOpts { files: 1, odd_files: false, ..opts.clone() };
    let files = traffic::dump(seed, events, &opts);
    let lines = files.iter().flat_map(|it| it.1.split(|it| *it == b'\n'));
    lines.filter(|it| !it.is_empty()).map(<[u8]>::to_vec).collect()
}

/// The keys, or the headings, under which files and lines are named; the subject of a suggestion may be files.
pub const PLACES: [&str; 8] = ["evidence", "file", "line", "about", "Evidence", "File", "Line", "About"];

/// Takes members out, wherever they are.
pub fn without(value: &mut Value, keys: &[&str]) {
    match value {
        Value::Object(it) => {
            it.retain(|key, _| !keys.contains(&key.as_str()));
            it.values_mut().for_each(|it| without(it, keys));
        }
        Value::Array(it) => it.iter_mut().for_each(|it| without(it, keys)),
        _ => {}
    }
}

/// What a reader of an answer sees.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// In JSON, or its rows one by one.
    Data(Value),
    /// In everything else.
    Lines(Vec<Line>),
}

/// A paragraph, or a row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The heading, section or sheet under which it stands.
    part: String,
    /// Whether its cells are the headings of columns.
    heads: bool,
    cells: Vec<String>,
}

/// The table of what was read: its heading in tables, its section in pages, its sheet.
const INPUT: [&str; 3] = ["What was read", "section-input", "input"];
/// The books and what follows from them.
const BOOKS: [&str; 8] =
    ["Notes", "notes", "books", "definitions", "accounting", "summary:Read", "summary:Note", "summary:Sheet"];

impl Shown {
    /// Reads an answer back.
    pub fn read(bytes: &[u8], format: &str) -> Self {
        let text = || std::str::from_utf8(bytes).unwrap();
        match format {
            "json" => Self::Data(serde_json::from_slice(bytes).unwrap()),
            "ndjson" => {
                Self::Data(text().lines().map(|it| serde_json::from_str::<Value>(it).unwrap()).collect())
            }
            "csv" => Self::Lines(of_csv(bytes)),
            "table" => Self::Lines(of_table(text())),
            "markdown" => Self::Lines(of_markdown(text())),
            "html" => Self::Lines(of_page(text())),
            "xlsx" => Self::Lines(of_workbook(bytes)),
            other => panic!("{other}"),
        }
    }

    /// What the program shows of the dumps in a folder.
    pub fn of(folder: &Path, command: &[&str], format: &str, more: &[&str]) -> Self {
        Self::read(&answer(folder, command, format, more), format)
    }

    /// Without the columns or members of these names.
    pub fn without(mut self, names: &[&str]) -> Self {
        match &mut self {
            Self::Data(value) => without(value, names),
            Self::Lines(lines) => {
                let mut left_out: BTreeSet<usize> = BTreeSet::new();
                let mut part = String::new();
                for line in lines {
                    if line.part != part {
                        left_out.clear();
                        part.clone_from(&line.part);
                    }
                    if line.heads {
                        let named = line.cells.iter().enumerate().filter(|it| names.contains(&it.1.as_str()));
                        left_out = named.map(|it| it.0).collect();
                    }
                    if line.cells.len() > 1 {
                        let mut place = 0..;
                        line.cells.retain(|_| !place.next().is_some_and(|it| left_out.contains(&it)));
                    }
                }
            }
        }
        self
    }

    /// Without what is said of single inputs, and without the bytes, which are others where the same is written in
    /// other words.
    pub fn without_input(mut self) -> Self {
        match &mut self {
            Self::Data(Value::Array(rows)) => rows
                .retain(|it| !it["section"].as_str().is_some_and(|it| it == "input" || it == "input.total")),
            Self::Data(value) => {
                value.as_object_mut().unwrap().remove("input").expect("the books of each input");
                value["accounting"].as_object_mut().unwrap().remove("bytes").expect("bytes");
            }
            Self::Lines(lines) => {
                let is_of_input = |it: &Line| {
                    INPUT.contains(&it.part.as_str())
                        || it.cells[0].starts_with("bytes.")
                        || it.cells[0] == "Sheet input"
                };
                lines.retain(|it| !is_of_input(it));
                for line in lines {
                    line.cells.iter_mut().for_each(|it| *it = without_bytes(it));
                }
            }
        }
        self
    }

    /// Without anything that counts lines, bytes or events, or follows from their numbers.
    pub fn without_books(self) -> Self {
        let books = ["accounting", "skipped_agents", "Skipped", "books", "notes", "narrative"];
        let mut shown = self.without_input().without(&books);
        if let Self::Lines(lines) = &mut shown {
            lines.retain(|it| {
                let text = &it.cells[0];
                let counts = text.starts_with(|it: char| it.is_ascii_digit())
                    && (text.contains(" with call events") || text.contains(" of them repeated, make"));
                !counts && !BOOKS.contains(&it.part.as_str()) && !text.contains(" on what could not be known")
            });
        }
        shown
    }

    /// The same as one text, for changes in all of it.
    pub fn text(&self) -> String {
        match self {
            Self::Data(value) => value.to_string(),
            Self::Lines(lines) => {
                lines.iter().map(|it| format!("{}\t{}\n", it.part, it.cells.join("\t"))).collect()
            }
        }
    }
}

/// `6 lines, 519 bytes: 2 with call events` without the bytes.
fn without_bytes(text: &str) -> String {
    let Some((head, tail)) = text.split_once(" bytes: ") else { return text.to_owned() };
    match head.rsplit_once(", ") {
        Some((lines, bytes)) if bytes.bytes().all(|it| it.is_ascii_digit()) => format!("{lines}: {tail}"),
        _ => text.to_owned(),
    }
}

fn of_csv(bytes: &[u8]) -> Vec<Line> {
    let mut csv = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let cells = csv.records().map(|it| it.unwrap().iter().map(str::to_owned).collect());
    cells.enumerate().map(|(place, cells)| Line { part: "rows".into(), heads: place == 0, cells }).collect()
}

/// Rows of a terminal cannot be cut into cells for sure.
fn of_table(text: &str) -> Vec<Line> {
    let mut part = String::new();
    let mut line = |it: &str| {
        if INPUT.contains(&it) || it == "Notes" {
            it.clone_into(&mut part);
        }
        Line { part: part.clone(), heads: false, cells: vec![it.to_owned()] }
    };
    text.lines().map(&mut line).collect()
}

fn of_markdown(text: &str) -> Vec<Line> {
    let mut part = String::new();
    let mut before_rule = text.lines().skip(1).map(|it| it.starts_with("| ---")).chain([false]);
    let mut line = |it: &str| {
        if let Some(title) = it.strip_prefix("## ") {
            title.clone_into(&mut part);
        }
        let heads = before_rule.next().unwrap_or_default();
        let cells = match it.strip_prefix("| ").and_then(|it| it.strip_suffix(" |")) {
            Some(row) => row.split(" | ").map(str::to_owned).collect(),
            None => vec![it.to_owned()],
        };
        Line { part: part.clone(), heads, cells }
    };
    text.lines().map(&mut line).collect()
}

fn of_page(text: &str) -> Vec<Line> {
    let page = Html::parse_document(text);
    let select = |it: &str| Selector::parse(it).unwrap();
    let (all, cells, name) =
        (select("main p, main li, main h2, main h3, main tr"), select("th, td"), select(".name"));
    let text = |it: ElementRef<'_>| it.text().collect::<String>();
    let line = |it: ElementRef<'_>| {
        let sections =
            it.ancestors().filter_map(ElementRef::wrap).filter(|it| it.value().name() == "section");
        let part = sections.last().and_then(|it| it.value().id()).unwrap_or_default().to_owned();
        let heads = it.select(&name).next().is_some();
        let cell = |it: ElementRef<'_>| it.select(&name).next().map_or_else(|| text(it), text);
        let cells = match it.value().name() {
            "tr" => it.select(&cells).map(cell).collect(),
            _ => vec![text(it)],
        };
        Line { part, heads, cells }
    };
    let lines: Vec<Line> = page.select(&all).map(line).collect();
    assert!(lines.len() > 5, "a page says more");
    lines
}

fn of_workbook(bytes: &[u8]) -> Vec<Line> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let mut lines = Vec::new();
    for name in book.sheet_names() {
        let sheet = book.worksheet_range(&name).unwrap();
        for (place, row) in sheet.rows().enumerate() {
            let cells: Vec<String> = row.iter().map(of_cell).collect();
            let first = cells[0].split(' ').next().unwrap_or_default();
            let part = if name == "summary" { format!("{name}:{first}") } else { name.clone() };
            // The unit stands in brackets behind the heading.
            let cells = match place {
                0 => cells.iter().map(|it| it.split(" (").next().unwrap_or_default().to_owned()).collect(),
                _ => cells,
            };
            lines.push(Line { part, heads: place == 0, cells });
        }
    }
    lines
}

/// Dates as ISO texts, as in other formats.
fn of_cell(cell: &Data) -> String {
    match cell {
        Data::DateTime(it) => {
            let wall = ((it.as_f64() - 25_569.0) * 86_400_000.0).round() as i64;
            chrono::DateTime::from_timestamp_millis(wall).unwrap().to_rfc3339()
        }
        other => other.to_string(),
    }
}
