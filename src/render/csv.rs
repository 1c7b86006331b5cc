//! One table as CSV: the document's first, or the one of `--section`.
//!
//! Numbers are plain: shares as decimals without trailing zeros (`0.333333`, `0.5`, `0`, `1`),
//! scores with one digit, durations in milliseconds, instants in RFC 3339. A missing value is an
//! empty field.

use std::borrow::Cow;
use std::io::{self, Write};

use super::{Style, all_columns, decimal, escape, place_in_file, sections};
use crate::section::{Cell, Document};
use crate::zone::Zone;

pub(super) fn render(doc: &Document, style: &Style<'_>, out: &mut dyn Write) -> io::Result<()> {
    let sections = sections(doc);
    let wanted = match style.section {
        Some(name) => sections.iter().find(|it| it.name == name),
        None => sections.first(),
    };
    let Some(section) = wanted else { return Ok(()) };
    let columns = all_columns(section.table, style);
    let text: fn(&str) -> Cow<'_, str> = if style.csv_raw { |it| Cow::Borrowed(it) } else { escape::csv };
    let sink = Flat { zone: style.zone, text };
    let mut csv = csv::Writer::from_writer(out);
    let header = columns.iter().map(|&it| section.table.columns[it].key);
    csv.write_record(header).map_err(io_error)?;
    for row in section.rows() {
        let fields = columns.iter().map(|&it| sink.cell(&row[it]));
        csv.write_record(fields.map(String::into_bytes)).map_err(io_error)?;
    }
    csv.flush()
}

/// The writer's own error where there is one: its kind tells a closed pipe from a full disk.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Any cell as one text.
pub(super) struct Flat<'a> {
    pub(super) zone: &'a Zone,
    /// The sink's text renderer.
    pub(super) text: fn(&str) -> Cow<'_, str>,
}

impl Flat<'_> {
    pub(super) fn cell(&self, cell: &Cell) -> String {
        match cell {
            Cell::Missing => String::new(),
            Cell::Text(text) | Cell::Person(_, text) => (self.text)(text.raw()).into_owned(),
            Cell::Word(word) => (self.text)(word).into_owned(),
            Cell::Count(count) => count.to_string(),
            Cell::Signed(net) => net.to_string(),
            Cell::Rate(rate) | Cell::Ratio(rate) => share(rate.micro),
            Cell::Change(change) if change.micro < 0 => format!("-{}", share(change.micro.unsigned_abs())),
            Cell::Change(change) => share(change.micro.unsigned_abs()),
            Cell::Tenths(tenths) => decimal(*tenths),
            Cell::Millis(ms) => ms.to_string(),
            Cell::Instant(ms) => self.zone.rfc3339(*ms),
            Cell::Bool(yes) => yes.to_string(),
            // Each item is guarded: spreadsheets that split at semicolons see it as a cell.
            Cell::List(cells) => cells.iter().map(|it| self.cell(it)).collect::<Vec<_>>().join("; "),
            Cell::Record(fields) => match place_in_file(fields) {
                Some((file, line)) => format!("{}:{}", self.cell(file), self.cell(line)),
                None => {
                    let field =
                        |(key, cell): &(String, Cell)| format!("{}={}", (self.text)(key), self.cell(cell));
                    fields.iter().map(field).collect::<Vec<_>>().join(" ")
                }
            },
        }
    }
}

/// Up to six decimals, no trailing zeros.
fn share(micro: u64) -> String {
    let text = format!("{}.{:06}", micro / 1_000_000, micro % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_up_to_six_decimals() {
        for (micro, text) in [
            (0, "0"),
            (1, "0.000001"),
            (333_333, "0.333333"),
            (500_000, "0.5"),
            (1_000_000, "1"),
            (10_000_000, "10"),
            (1_250_000, "1.25"),
        ] {
            assert_eq!(share(micro), text);
        }
    }
}
