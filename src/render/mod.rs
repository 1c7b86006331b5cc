//! Documents in, bytes out. Nothing here computes, and nothing elsewhere formats.
//!
//! One file a format; `escape` makes text from outside harmless for each of them. A format that is
//! added here must be added to [`Format::ALL`], from which help and tests derive it, or to
//! [`Format::OF_GATES`] if it says nothing of anything but gates.

mod csv;
pub mod escape;
#[cfg(test)]
mod faults;
mod github;
mod html;
mod json;
mod junit;
mod markdown;
mod ndjson;
#[cfg(test)]
mod samples;
mod table;
#[cfg(test)]
mod tests;
mod width;
mod xlsx;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use crate::section::{Body, Cell, Column, Document, Part, Piece, Table};
use crate::suggest;
use crate::zone::Zone;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tables for a terminal.
    Table,
    /// One table for spreadsheets.
    Csv,
    /// The whole document for programs.
    Json,
    /// One row a line for programs.
    Ndjson,
    /// Tables for tickets and wikis.
    Markdown,
    /// One page for a browser, with charts.
    Html,
    /// A workbook with a sheet for each table.
    Xlsx,
    /// Annotations in a workflow of GitHub, of gates.
    Github,
    /// A file of test cases, of gates.
    Junit,
}

impl Format {
    /// All formats, in the order of the help.
    pub const ALL: [Self; 7] =
        [Self::Table, Self::Csv, Self::Json, Self::Ndjson, Self::Markdown, Self::Html, Self::Xlsx];

    /// Formats that only gates have.
    pub const OF_GATES: [Self; 2] = [Self::Github, Self::Junit];

    /// What `--format` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Xlsx => "xlsx",
            Self::Github => "github",
            Self::Junit => "junit",
        }
    }

    /// Whether a terminal can show it.
    pub fn is_text(self) -> bool {
        match self {
            Self::Table | Self::Csv | Self::Json | Self::Ndjson | Self::Markdown | Self::Html => true,
            Self::Github | Self::Junit => true,
            Self::Xlsx => false,
        }
    }

    /// Whether it says nothing of anything but gates.
    pub fn is_for_gates(self) -> bool {
        Self::OF_GATES.contains(&self)
    }

    /// The format that `--format` calls so.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().chain(Self::OF_GATES).find(|it| it.name() == name)
    }
}

/// What a reader wants of the output besides its format.
#[derive(Clone, Copy, Debug)]
pub struct Style<'a> {
    /// The zone of all instants.
    pub zone: &'a Zone,
    /// Terminal columns that tables may take; none where the output is no terminal.
    pub width: Option<usize>,
    /// Whether tables may hold colours.
    pub color: bool,
    /// CSV without the guard against formulas and without visible escapes.
    pub csv_raw: bool,
    /// Only the rows of this section.
    pub section: Option<&'a str>,
    /// Only these columns, in this order, in tables that have them; empty for the usual ones.
    pub columns: &'a [String],
}

/// Writes a document.
///
/// # Errors
///
/// Where the document has no such section, then nothing is written, or where writing fails.
pub fn render(
    doc: &Document,
    format: Format,
    style: &Style<'_>,
    out: &mut dyn Write,
) -> Result<(), RenderError> {
    check_section(doc, style)?;
    match format {
        Format::Table => table::render(doc, style, out),
        Format::Csv => csv::render(doc, style, out),
        Format::Json => json::render(doc, style, out),
        Format::Ndjson => ndjson::render(doc, style, out),
        Format::Markdown => markdown::render(doc, style, out),
        Format::Html => html::render(doc, style, out),
        Format::Xlsx => xlsx::render(doc, style, out),
        Format::Github => github::render(doc, style, out),
        Format::Junit => junit::render(doc, style, out),
    }?;
    Ok(out.flush()?)
}

/// A sentence for messages, its values as in tables.
pub fn plain(sentence: &[Piece], zone: &Zone) -> String {
    Words::for_people(zone).sentence(sentence)
}

/// The names that `--section` takes for a document, in its order.
pub fn section_names(doc: &Document) -> Vec<String> {
    sections(doc).into_iter().map(|it| it.name).collect()
}

/// Output that could not be written.
#[derive(Debug)]
pub enum RenderError {
    /// The writer failed.
    Io(io::Error),
    /// The document has no section of this name.
    UnknownSection {
        /// The name that was given.
        name: String,
        /// The names it has.
        known: Vec<String>,
    },
}

impl From<io::Error> for RenderError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "{error}"),
            Self::UnknownSection { name, known } => {
                write!(f, "no section '{}'", escape::message(name))?;
                match suggest::nearest(name, known.iter().map(String::as_str)).as_slice() {
                    _ if known.is_empty() => f.write_str("; this output has no sections"),
                    [] => write!(f, "; the sections are {}", known.join(", ")),
                    near => write!(
                        f,
                        "; did you mean {}? The sections are {}",
                        near.join(" or "),
                        known.join(", ")
                    ),
                }
            }
        }
    }
}

impl std::error::Error for RenderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::UnknownSection { .. } => None,
        }
    }
}

/// Rows as CSV and NDJSON see them: a table, or the total of one.
struct Section<'d> {
    name: String,
    table: &'d Table,
    is_total: bool,
}

impl<'d> Section<'d> {
    fn rows(&self) -> &'d [Vec<Cell>] {
        if self.is_total { self.table.total.as_slice() } else { &self.table.rows }
    }
}

/// All rows of a document by name: `["kpi_by_agent", "rows"]` is `kpi_by_agent`, its total is
/// `kpi_by_agent.total`, and `["rows"]` is `rows`.
fn sections(doc: &Document) -> Vec<Section<'_>> {
    let mut sections = Vec::new();
    for part in &doc.parts {
        let Body::Rows(table) = &part.body else { continue };
        sections.push(Section { name: section_name(part), table, is_total: false });
        if table.total.is_some() {
            sections.push(Section { name: total_name(part), table, is_total: true });
        }
    }
    sections
}

/// The sentences that stand at the top of a document under a name.
fn sentences<'d>(doc: &'d Document, name: &str) -> &'d [Vec<Piece>] {
    let part = doc.parts.iter().find(|it| it.path == [name]);
    match part.map(|it| &it.body) {
        Some(Body::Sentences(sentences)) => sentences,
        Some(Body::Value(_) | Body::Rows(_)) | None => &[],
    }
}

fn section_name(part: &Part) -> String {
    match part.path.as_slice() {
        [above @ .., "rows"] if !above.is_empty() => above.join("."),
        path => path.join("."),
    }
}

fn total_name(part: &Part) -> String {
    match part.path.as_slice() {
        ["rows"] => "total".to_owned(),
        _ => section_name(part) + ".total",
    }
}

fn check_section(doc: &Document, style: &Style<'_>) -> Result<(), RenderError> {
    let Some(name) = style.section else { return Ok(()) };
    let known = section_names(doc);
    if known.iter().any(|it| it == name) {
        return Ok(());
    }
    Err(RenderError::UnknownSection { name: name.to_owned(), known })
}

/// The parts that a whole document shows: all, or of the tables only that of `style.section`.
fn parts<'d>(doc: &'d Document, style: &Style<'_>) -> impl Iterator<Item = &'d Part> {
    let section = style.section.map(str::to_owned);
    doc.parts.iter().filter(move |part| match (&part.body, &section) {
        (Body::Rows(_), Some(name)) => section_name(part) == *name || total_name(part) == *name,
        (Body::Rows(_) | Body::Value(_) | Body::Sentences(_), _) => true,
    })
}

/// Places of the columns that were asked for, in that order; none where the table has none of them.
fn asked_columns(table: &Table, style: &Style<'_>) -> Option<Vec<usize>> {
    let place = |key: &String| table.columns.iter().position(|it| it.key == key);
    let mut places: Vec<usize> = Vec::new();
    for place in style.columns.iter().filter_map(place) {
        // A column that was asked for twice is one: JSON objects cannot hold a key twice.
        if !places.contains(&place) {
            places.push(place);
        }
    }
    (!places.is_empty()).then_some(places)
}

/// Places of the columns in formats for machines: what was asked for, else all.
fn all_columns(table: &Table, style: &Style<'_>) -> Vec<usize> {
    asked_columns(table, style).unwrap_or_else(|| (0..table.columns.len()).collect())
}

fn heading(column: &Column) -> &'static str {
    if column.title.is_empty() { column.key } else { column.title }
}

/// How urgent a word of ours is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Urgency {
    /// It asks for somebody to act.
    Alarm,
    /// It asks for somebody to look.
    Warning,
}

/// Words of ours that a reader must not miss.
fn urgency(word: &str) -> Option<Urgency> {
    match word {
        "high_rejection" | "outlier" | "priority_1" | "network_anomaly" | "critical" => Some(Urgency::Alarm),
        "elevated" | "high" | "watch" | "concentrated" | "unconfirmed" => Some(Urgency::Warning),
        _ => None,
    }
}

/// Whether a column holds numbers only, which stand at its right edge.
fn is_numeric(table: &Table, column: usize) -> bool {
    let mut cells = table.rows.iter().chain(&table.total).map(|row| &row[column]).peekable();
    cells.peek().is_some()
        && cells.all(|cell| match cell {
            Cell::Missing
            | Cell::Count(_)
            | Cell::Signed(_)
            | Cell::Rate(_)
            | Cell::Change(_)
            | Cell::Ratio(_)
            | Cell::Tenths(_)
            | Cell::Millis(_) => true,
            Cell::Text(_) | Cell::Person(..) | Cell::Word(_) | Cell::Instant(_) | Cell::Bool(_) => false,
            Cell::List(_) | Cell::Record(_) => false,
        })
}

/// Cells and sentences in words for people.
struct Words<'a> {
    zone: &'a Zone,
    /// The sink's text renderer.
    text: fn(&str) -> Cow<'_, str>,
    /// Instants in full, as in JSON.
    full_instants: bool,
}

impl<'a> Words<'a> {
    fn for_people(zone: &'a Zone) -> Self {
        Self { zone, text: escape::message, full_instants: false }
    }

    fn sentence(&self, sentence: &[Piece]) -> String {
        let pieces = sentence.iter().map(|piece| match piece {
            Piece::Say(words) => (self.text)(words).into_owned(),
            Piece::Value(cell) | Piece::Line(cell) => self.cell(cell),
        });
        pieces.collect()
    }

    fn cell(&self, cell: &Cell) -> String {
        match cell {
            Cell::Missing => "–".to_owned(),
            Cell::Text(text) | Cell::Person(_, text) => self.name(text.raw()),
            Cell::Word(word) => (self.text)(word).into_owned(),
            Cell::Count(count) => count.to_string(),
            Cell::Signed(net) => net.to_string(),
            Cell::Rate(rate) => percent(rate.permille),
            Cell::Change(change) => points(change.permille),
            Cell::Ratio(ratio) => thousandths(ratio.permille),
            Cell::Tenths(tenths) => decimal(*tenths),
            Cell::Millis(ms) => duration(*ms),
            Cell::Instant(ms) if self.full_instants => self.zone.rfc3339(*ms),
            Cell::Instant(ms) => self.zone.short(*ms),
            Cell::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Cell::List(cells) => cells.iter().map(|it| self.cell(it)).collect::<Vec<_>>().join(", "),
            Cell::Record(fields) => match place_in_file(fields) {
                Some((file, line)) => format!("{}:{}", self.cell(file), self.cell(line)),
                None => {
                    let field =
                        |(key, cell): &(String, Cell)| format!("{} {}", (self.text)(key), self.cell(cell));
                    fields.iter().map(field).collect::<Vec<_>>().join(", ")
                }
            },
        }
    }

    /// A text from outside; one that would be blank is put into quotes.
    fn name(&self, text: &str) -> String {
        let shown = (self.text)(text);
        if text.trim().is_empty() { format!("\"{shown}\"") } else { shown.into_owned() }
    }
}

/// The file and the line of a record that holds nothing else.
fn place_in_file(fields: &[(String, Cell)]) -> Option<(&Cell, &Cell)> {
    match fields {
        [(a, file), (b, line)] if a == "file" && b == "line" => Some((file, line)),
        _ => None,
    }
}

/// `33.3 %`, rounded half up.
fn percent(tenths: u64) -> String {
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// `+12.5 pp`, a difference in percentage points; none has no sign.
fn points(tenths: i64) -> String {
    format!("{}{} pp", if tenths > 0 { "+" } else { "" }, decimal(tenths))
}

/// `1.250`, always with its three digits.
fn thousandths(ratio: u64) -> String {
    format!("{}.{:03}", ratio / 1000, ratio % 1000)
}

/// `66.7`, always with its one digit.
fn decimal(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let tenths = tenths.unsigned_abs();
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// `850 ms`, `12.4 s`, `3 m 05 s`, `2 h 14 m`: rounded half up to what is shown.
fn duration(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let ms = u128::from(ms.unsigned_abs());
    let (tenths, seconds, minutes) = ((ms + 50) / 100, (ms + 500) / 1000, (ms + 30_000) / 60_000);
    if ms < 1000 {
        format!("{sign}{ms} ms")
    } else if tenths < 600 {
        format!("{sign}{}.{} s", tenths / 10, tenths % 10)
    } else if seconds < 3600 {
        format!("{sign}{} m {:02} s", seconds / 60, seconds % 60)
    } else {
        format!("{sign}{} h {:02} m", minutes / 60, minutes % 60)
    }
}
