//! Headings, pipe tables and lists, for tickets and wikis.

use std::io::{self, Write};

use super::{Style, Words, asked_columns, escape, heading, is_numeric, parts};
use crate::section::{Body, Cell, Document, Piece, Shown, Table};

pub(super) fn render(doc: &Document, style: &Style<'_>, out: &mut dyn Write) -> io::Result<()> {
    let words = Words { zone: style.zone, text: |it| escape::markdown(it).into(), full_instants: false };
    let title = doc.schema.split('/').next().unwrap_or_default().replace('.', " ");
    writeln!(out, "# {}", escape::markdown(&title))?;
    paragraphs(&doc.preface, &words, out)?;
    for part in parts(doc, style) {
        if let Body::Sentences(sentences) = &part.body {
            paragraphs(sentences, &words, out)?;
        }
    }
    for part in parts(doc, style) {
        if let Body::Rows(rows) = &part.body {
            table(rows, &words, style, out)?;
        }
    }
    if !doc.notes.is_empty() {
        writeln!(out, "\n## Notes\n")?;
    }
    for note in &doc.notes {
        writeln!(out, "- {}", escape::markdown_start(&words.sentence(note)))?;
    }
    Ok(())
}

/// Points of ours, which begin with a dash, are list items; everything else is a paragraph.
fn paragraphs(sentences: &[Vec<Piece>], words: &Words<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut in_list = false;
    for sentence in sentences {
        let text = words.sentence(sentence);
        let point = match sentence.first() {
            Some(Piece::Say(it)) if it.starts_with("- ") => {
                text.strip_prefix("- ").or(text.strip_prefix("\\- "))
            }
            _ => None,
        };
        match point {
            Some(point) => {
                writeln!(out, "{}- {}", if in_list { "" } else { "\n" }, escape::markdown_start(point))?;
            }
            None if text.is_empty() => {}
            None => writeln!(out, "\n{}", escape::markdown_start(&text))?,
        }
        in_list = point.is_some();
    }
    Ok(())
}

fn table(table: &Table, words: &Words<'_>, style: &Style<'_>, out: &mut dyn Write) -> io::Result<()> {
    if !table.title.is_empty() {
        writeln!(out, "\n## {}", escape::markdown(&table.title))?;
    }
    if table.rows.is_empty() {
        let empty = escape::markdown_start(&escape::markdown(&table.empty));
        return if empty.is_empty() { Ok(()) } else { writeln!(out, "\n{empty}") };
    }
    let columns = asked_columns(table, style).unwrap_or_else(|| {
        let usual = |&it: &usize| table.columns[it].shown != Shown::OnRequest;
        (0..table.columns.len()).filter(usual).collect()
    });
    let header = columns.iter().map(|&it| escape::markdown(heading(&table.columns[it])));
    let rule = columns.iter().map(|&it| if is_numeric(table, it) { "---:" } else { "---" });
    writeln!(out)?;
    line(header, out)?;
    line(rule.map(str::to_owned), out)?;
    for row in &table.rows {
        line(columns.iter().map(|&it| words.cell(&row[it])), out)?;
    }
    if let Some(total) = &table.total {
        let cells = columns.iter().enumerate().map(|(place, &it)| match &total[it] {
            Cell::Missing if place == 0 => "**Total**".to_owned(),
            cell => words.cell(cell),
        });
        line(cells, out)?;
    }
    for sentence in &table.reading {
        writeln!(out, "\n{}", escape::markdown_start(&escape::markdown(sentence)))?;
    }
    Ok(())
}

fn line(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(b"|")?;
    for cell in cells {
        write!(out, " {cell} |")?;
    }
    out.write_all(b"\n")
}
