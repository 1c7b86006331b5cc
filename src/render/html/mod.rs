//! One page that needs nothing else: no other file, no network, no script but its own.
//!
//! `cells` makes markup of values, `table` of tables, `charts` draws what a table says it wants drawn. The
//! page is written piece by piece, so that a long table is never held as a whole.

mod cells;
mod charts;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use self::cells::Cells;
use super::{Style, escape, parts, section_name};
use crate::definitions::{FIGURES, Figure, figure};
use crate::section::{Body, Cell, Document, Piece, Table};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Nothing but this style and this script, by their hashes: text that became markup in spite of everything
/// could neither run nor ask anybody for anything.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
});

/// Where a frame is to be filled in. No text from outside can hold it: `escape` shows control characters.
const HERE: &str = "\0";

pub(super) fn render(doc: &Document, style: &Style<'_>, out: &mut dyn Write) -> io::Result<()> {
    let page = Page { doc, style, cells: Cells::new(style.zone), sections: sections(doc, style) };
    around(page.frame(), out, |out| {
        page.sections.iter().try_for_each(|section| page.section(section).write(out))
    })?;
    out.write_all(b"\n")
}

/// Writes a frame, and at [`HERE`] what belongs into it.
fn around(
    frame: Markup,
    out: &mut dyn Write,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let frame = frame.into_string();
    let (before, after) = frame.split_once(HERE).unwrap_or((&frame, ""));
    out.write_all(before.as_bytes())?;
    fill(out)?;
    out.write_all(after.as_bytes())
}

/// Tables under one heading.
struct Section<'d> {
    /// The key in the JSON, by which links find it.
    key: &'d str,
    tables: Vec<(String, &'d Table)>,
}

/// The tables of a document, those with the same first key under one heading.
fn sections<'d>(doc: &'d Document, style: &Style<'_>) -> Vec<Section<'d>> {
    let mut sections: Vec<Section<'d>> = Vec::new();
    for part in parts(doc, style) {
        let (Body::Rows(table), Some(&key)) = (&part.body, part.path.first()) else { continue };
        let entry = (section_name(part), table);
        match sections.iter_mut().find(|it| it.key == key) {
            Some(section) => section.tables.push(entry),
            None => sections.push(Section { key, tables: vec![entry] }),
        }
    }
    sections
}

impl Section<'_> {
    /// The heading: of a lone table its own.
    fn title(&self) -> String {
        match self.tables.as_slice() {
            [(_, table)] if !table.title.is_empty() => table.title.clone(),
            _ => in_words(self.key),
        }
    }

    /// What links to it are called.
    fn short_title(&self) -> String {
        match self.tables.as_slice() {
            [(_, table)] if self.key == "rows" && !table.title.is_empty() => {
                table.title.split(':').next().unwrap_or_default().to_owned()
            }
            _ => in_words(self.key),
        }
    }
}

/// `kpi_by_agent` as `KPI by agent`.
fn in_words(key: &str) -> String {
    let mut words: Vec<String> = key.split('_').map(str::to_owned).collect();
    for (place, word) in words.iter_mut().enumerate() {
        if matches!(word.as_str(), "kpi" | "vip") {
            *word = word.to_uppercase();
        } else if place == 0 {
            *word = word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
        }
    }
    words.join(" ")
}

struct Page<'a> {
    doc: &'a Document,
    style: &'a Style<'a>,
    cells: Cells<'a>,
    sections: Vec<Section<'a>>,
}

impl<'a> Page<'a> {
    fn frame(&self) -> Markup {
        let title = match self.doc.schema.split(['.', '/']).nth(1) {
            Some("pack") => "Monthly pack".to_owned(),
            name => in_words(name.unwrap_or("report")),
        };
        let figures = self.figures();
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(*POLICY);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    title { (title) " – callsift" @if let Some(period) = self.period() { ", " (period) } }
                    // Else browsers ask a server for one.
                    link rel="icon" href="data:,";
                    "\n" style { (PreEscaped(STYLE)) }
                }
                "\n" body {
                    a.skip href="#content" { "Skip to the content" }
                    "\n" nav.sections aria-label="Sections" {
                        p.brand { "callsift" }
                        ol {
                            @for (id, title) in self.links(!figures.is_empty()) {
                                li { a href={ "#" (id) } { (title) } }
                            }
                        }
                    }
                    "\n" main #content tabindex="-1" {
                        header.title {
                            p.brand { "callsift" }
                            h1 { (title) }
                        }
                        (self.summary())
                        (HERE)
                        (self.notes())
                        (definitions(&figures))
                        (self.books(&figures))
                    }
                    "\n" p #status.sr role="status" {}
                    dialog #definition aria-label="Definition" {
                        div.figure {}
                        button type="button" autofocus { "Close" }
                    }
                    "\n" script { (PreEscaped(SCRIPT)) }
                }
            }
        }
    }

    /// The days between which the document's first sentence lies.
    fn period(&self) -> Option<String> {
        let instant = |piece: &Piece| match piece {
            Piece::Value(Cell::Instant(ms)) => Some(self.style.zone.short(*ms)),
            _ => None,
        };
        let instants: Vec<String> = self.doc.preface.first()?.iter().filter_map(instant).collect();
        match instants.as_slice() {
            [first, .., last] => Some(format!("{} to {}", first.get(..10)?, last.get(..10)?)),
            _ => None,
        }
    }

    /// Anchors and names of all sections that the page has.
    fn links(&self, has_figures: bool) -> Vec<(String, String)> {
        let doc = self.doc;
        let mut links = Vec::new();
        let mut add = |is_there: bool, id: &str, title: &str| {
            if is_there {
                links.push((id.to_owned(), title.to_owned()));
            }
        };
        add(self.has_summary(), "summary", "Summary");
        for section in &self.sections {
            add(true, &section_id(section.key), &section.short_title());
        }
        add(!doc.notes.is_empty(), "notes", "Notes");
        add(has_figures, "definitions", "Definitions");
        add(has_books(doc), "books", "Books and parameters");
        links
    }

    fn has_summary(&self) -> bool {
        !self.doc.preface.is_empty() || self.told().next().is_some()
    }

    /// Sentences among the parts.
    fn told(&self) -> impl Iterator<Item = &'a [Vec<Piece>]> {
        parts(self.doc, self.style).filter_map(|part| match &part.body {
            Body::Sentences(sentences) => Some(sentences.as_slice()),
            Body::Rows(_) | Body::Value(_) => None,
        })
    }

    fn summary(&self) -> Markup {
        let notes = self.doc.notes.len();
        html! {
            @if self.has_summary() {
                "\n" section #summary aria-label="Summary" {
                    (self.cells.paragraphs(&self.doc.preface))
                    @for sentences in self.told() { (self.cells.paragraphs(sentences)) }
                }
            }
            @if notes > 0 {
                p.notice {
                    a href="#notes" {
                        (notes) @if notes == 1 { " note" } @else { " notes" }
                        " on what could not be known, or needs care"
                    }
                }
            }
        }
    }

    fn notes(&self) -> Markup {
        html! {
            @if !self.doc.notes.is_empty() {
                "\n" section #notes aria-labelledby="notes-title" {
                    h2 #notes-title { "Notes" }
                    ul.notes {
                        @for note in &self.doc.notes { "\n" li { (self.cells.sentence(note)) } }
                    }
                }
            }
        }
    }

    fn section(&'a self, section: &'a Section<'a>) -> SectionPage<'a> {
        SectionPage { page: self, section }
    }

    /// The figures that the page shows, in the order of their definitions.
    fn figures(&self) -> Vec<&'static Figure> {
        let tables = self.sections.iter().flat_map(|it| &it.tables);
        let of_tables = tables.flat_map(|(_, table)| {
            table::columns(table, self.style).into_iter().map(|it| table.columns[it].key.to_owned())
        });
        let books = flat(&self.doc.accounting).into_iter().map(|it| it.0);
        let shown: BTreeSet<String> = of_tables.chain(books).collect();
        FIGURES.iter().filter(|it| shown.contains(it.id)).collect()
    }

    /// The ledger and the parameters.
    fn books(&self, figures: &[&Figure]) -> Markup {
        let entries = |title: &str, entries: &[(String, Cell)]| {
            html! {
                @if !entries.is_empty() {
                    div {
                        h3 { (title) }
                        dl.entries {
                            @for (key, cell) in flat(entries) {
                                "\n" div {
                                    dt {
                                        code { (escape::html(&key)) }
                                        @if let Some(known) = figures.iter().find(|it| it.id == key) {
                                            (definition_link(known))
                                        }
                                    }
                                    dd { (self.cells.markup(cell)) }
                                }
                            }
                        }
                    }
                }
            }
        };
        html! {
            @if has_books(self.doc) {
                "\n" section #books aria-labelledby="books-title" {
                    h2 #books-title { "Books and parameters" }
                    div.pair {
                        (entries("Books", &self.doc.accounting))
                        (entries("Parameters", &self.doc.parameters))
                    }
                }
            }
        }
    }
}

/// One section as it is written.
struct SectionPage<'a> {
    page: &'a Page<'a>,
    section: &'a Section<'a>,
}

impl<'a> SectionPage<'a> {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let id = section_id(self.section.key);
        let title_id = format!("{id}-title");
        let alone = self.section.tables.len() == 1;
        let block = |(name, table): &(String, &'a Table)| {
            let heading = if alone { None } else { Some(table.title.as_str()) };
            let place = table::Place { id: name.replace('.', "-"), heading };
            table::Block::of(table, place, &self.page.cells, self.page.style)
        };
        let blocks: Vec<table::Block<'_>> = self.section.tables.iter().map(block).collect();
        // As a whole, so that no heading stays behind on a page of its own.
        let across = blocks.iter().any(table::Block::is_across);
        let frame = html! {
            "\n" section.across[across] id=(id) aria-labelledby=(title_id) {
                h2 id=(title_id) { (title(&self.section.title())) }
                (HERE)
            }
        };
        around(frame, out, |out| blocks.iter().try_for_each(|it| it.write(out)))
    }
}

fn section_id(key: &str) -> String {
    format!("section-{key}")
}

fn has_books(doc: &Document) -> bool {
    !doc.accounting.is_empty() || !doc.parameters.is_empty()
}

/// A title, what stands behind its colon less weighty.
fn title(text: &str) -> Markup {
    let (name, rest) = match text.find(": ") {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    html! { (escape::html(name)) @if !rest.is_empty() { span.rest { (escape::html(rest)) } } }
}

/// Named values, those in records under dotted names.
fn flat(entries: &[(String, Cell)]) -> Vec<(String, &Cell)> {
    let mut all = Vec::new();
    for (key, cell) in entries {
        match cell {
            Cell::Record(fields) => {
                all.extend(flat(fields).into_iter().map(|(below, cell)| (format!("{key}.{below}"), cell)));
            }
            _ => all.push((key.clone(), cell)),
        }
    }
    all
}

fn definition_id(figure: &Figure) -> String {
    format!("def-{}", figure.id)
}

/// What opens a definition: in the page itself where its script runs, else by going there.
fn definition_link(figure: &Figure) -> Markup {
    html! {
        a.def href={ "#" (definition_id(figure)) } aria-label={ "Definition of " (figure.title) } { "?" }
    }
}

fn definitions(figures: &[&Figure]) -> Markup {
    html! {
        @if !figures.is_empty() {
            "\n" section #definitions aria-labelledby="definitions-title" {
                h2 #definitions-title { "Definitions" }
                div.figures {
                    @for it in figures { (definition(it, figures)) }
                }
            }
        }
    }
}

fn definition(it: &Figure, shown: &[&Figure]) -> Markup {
    let names = |ids: &[&str]| {
        html! {
            @for (place, id) in ids.iter().enumerate() {
                @if place > 0 { " + " }
                (figure_name(id, shown))
            }
        }
    };
    html! {
        "\n" div.figure id=(definition_id(it)) {
            h3 { (it.title) " " code { (it.id) } }
            p {
                @for (place, words) in it.formula.split('`').enumerate() {
                    @if place % 2 == 0 { (words) } @else { (figure_name(words, shown)) }
                }
            }
            dl {
                dt { "Unit" } dd { (it.unit) }
                @if !it.numerator.is_empty() {
                    dt { "Counted from" } dd { (names(it.numerator)) ", of " (names(it.denominator)) }
                }
                dt { "Source" } dd { (it.source) }
            }
        }
    }
}

/// The name of a figure, with its definition where the page has it.
fn figure_name(id: &str, shown: &[&Figure]) -> Markup {
    let known = figure(id).filter(|it| shown.contains(it));
    html! {
        @match known {
            Some(it) => a href={ "#" (definition_id(it)) } { code { (id) } },
            None => code { (id) },
        }
    }
}
