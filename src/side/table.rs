//! A side file as rows with named columns, and what can be wrong with one.

use std::path::{Path, PathBuf};

use crate::suggest;

/// Why a side file cannot be used. Says place, fact and remedy; the file's own words are escaped
/// where the message is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SideError {
    /// The file.
    pub path: PathBuf,
    /// Its line from 1, if the fault has one.
    pub line: Option<u64>,
    /// What is wrong and what to do.
    pub message: String,
}

/// A side file's rows, and which of the columns it has.
#[derive(Debug)]
pub struct Rows {
    /// The rows, in the order of the file.
    pub rows: Vec<Row>,
    /// Whether the file has each column, required ones first.
    pub has: Vec<bool>,
}

/// A row: its line in the file, and its cells by column.
#[derive(Debug)]
pub struct Row {
    /// The line from 1.
    pub line: u64,
    cells: Vec<Option<String>>,
}

impl Row {
    /// The trimmed cell of a column by its place in the list of columns; nothing if empty.
    pub fn cell(&self, column: usize) -> Option<&str> {
        self.cells.get(column)?.as_deref()
    }
}

/// Reads a CSV file with a header whose columns may stand in any order.
///
/// # Errors
///
/// The file cannot be read, a column is unknown or stands twice, a required one is missing, or a row
/// has another number of cells than the header.
pub fn read(path: &Path, required: &[&str], optional: &[&str]) -> Result<Rows, SideError> {
    let fail = |line: Option<u64>, message: String| SideError { path: path.to_owned(), line, message };
    let bytes = std::fs::read(path).map_err(|it| fail(None, format!("cannot be read: {it}")))?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let known: Vec<&str> = required.iter().chain(optional).copied().collect();
    let headers =
        reader.headers().map_err(|it| fail(Some(1), format!("the header cannot be read: {it}")))?.clone();
    let mut places = vec![None; known.len()];
    for (at, name) in headers.iter().enumerate() {
        let Some(place) = known.iter().position(|it| it.eq_ignore_ascii_case(name)) else {
            let near = suggest::nearest(name, known.iter().copied());
            let hint = near.first().map_or_else(
                || format!("known are `{}`", known.join("`, `")),
                |it| format!("did you mean `{it}`?"),
            );
            return Err(fail(Some(1), format!("unknown column `{name}`; {hint}")));
        };
        if places[place].replace(at).is_some() {
            return Err(fail(Some(1), format!("the column `{name}` stands twice")));
        }
    }
    if let Some(missing) = (0..required.len()).find(|it| places[*it].is_none()) {
        return Err(fail(Some(1), format!("the column `{}` is missing", known[missing])));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|it| {
            let line = it.position().map(csv::Position::line);
            fail(line, format!("the row cannot be read: {it}"))
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.len() != headers.len() {
            let message = format!(
                "{} cells under {} columns; quote cells that hold commas",
                record.len(),
                headers.len()
            );
            return Err(fail(Some(line), message));
        }
        let cell = |place: &Option<usize>| {
            place.and_then(|it| record.get(it)).filter(|it| !it.is_empty()).map(str::to_owned)
        };
        rows.push(Row { line, cells: places.iter().map(cell).collect() });
    }
    Ok(Rows { rows, has: places.iter().map(Option::is_some).collect() })
}
