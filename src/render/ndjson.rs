//! Rows as JSON objects, one a line; with their section where a document has several.

use std::io::{self, Write};

use super::json::{Row, value};
use super::{Style, all_columns, sections};
use crate::section::Document;

pub(super) fn render(doc: &Document, style: &Style<'_>, out: &mut dyn Write) -> io::Result<()> {
    let sections = sections(doc);
    let several = sections.len() > 1;
    for section in &sections {
        if style.section.is_some_and(|it| it != section.name) {
            continue;
        }
        let columns = all_columns(section.table, style);
        let mut row = Row {
            section: several.then_some(section.name.as_str()),
            table: section.table,
            columns: &columns,
            cells: &[],
            zone: style.zone,
        };
        for cells in section.rows() {
            row.cells = cells;
            value(out, &row)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}
