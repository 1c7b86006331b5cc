//! Tables for a terminal, never wider than it.
//!
//! Colours cannot change the layout: while lines are laid out they are marks that take no room and
//! that no other text can hold, because `escape` shows such characters; `paint` turns them into
//! escape sequences, or into nothing.

use std::collections::HashMap;
use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, TableStyle};

use super::width::{broken, cut, width, wrap, wrap_after, wrap_some};
use super::{Style, Urgency, Words, asked_columns, escape, heading, is_numeric, parts, urgency};
use crate::section::{Body, Cell, Column, Document, Piece, Shown, Table};

/// Where the output is no terminal: what fits a wide window and a landscape page.
const DEFAULT_WIDTH: usize = 120;

/// Below this nothing can be laid out.
const LEAST_WIDTH: usize = 20;

/// Spaces between two columns.
const GAP: usize = 2;

/// Room that a column of text gets before all columns have theirs. One long name must not push
/// figures out of the table.
const TEXT_SHARE: usize = 28;

/// Columns of text are not made narrower than this.
const TEXT_LEAST: usize = 10;

/// Lines that a list or a word may take in its column. A guess at what stays readable.
const CELL_LINES: usize = 3;

pub(super) fn render(doc: &Document, style: &Style<'_>, out: &mut dyn Write) -> io::Result<()> {
    let room = style.width.unwrap_or(DEFAULT_WIDTH).max(LEAST_WIDTH);
    let words = Words::for_people(style.zone);
    let mut page = Page { out, room, color: style.color, words, empty: true };
    page.sentences(&doc.preface)?;
    for part in parts(doc, style) {
        if let Body::Sentences(sentences) = &part.body {
            page.gap()?;
            page.sentences(sentences)?;
        }
    }
    for part in parts(doc, style) {
        if let Body::Rows(table) = &part.body {
            page.gap()?;
            page.table(table, style)?;
        }
    }
    if !doc.notes.is_empty() {
        page.gap()?;
        page.heading("Notes")?;
    }
    for note in &doc.notes {
        let note = page.sentence(note);
        for (index, line) in wrap(&note, room - 2).into_iter().enumerate() {
            page.line(&format!("{}{line}", if index == 0 { "- " } else { "  " }))?;
        }
    }
    Ok(())
}

/// The lines of the output so far.
struct Page<'a> {
    out: &'a mut dyn Write,
    room: usize,
    color: bool,
    words: Words<'a>,
    empty: bool,
}

impl Page<'_> {
    fn line(&mut self, line: &str) -> io::Result<()> {
        self.empty = false;
        writeln!(self.out, "{}", paint(line.trim_end_matches(' '), self.color))
    }

    /// An empty line between two pieces.
    fn gap(&mut self) -> io::Result<()> {
        if self.empty { Ok(()) } else { self.line("") }
    }

    fn paragraph(&mut self, text: &str) -> io::Result<()> {
        wrap(text, self.room).iter().try_for_each(|it| self.line(it))
    }

    fn sentences(&mut self, sentences: &[Vec<Piece>]) -> io::Result<()> {
        for sentence in sentences {
            let whole_line = sentence.iter().position(|it| matches!(it, Piece::Line(_)));
            let (words, lines) = sentence.split_at(whole_line.unwrap_or(sentence.len()));
            // The lines of a point stand under its first word.
            let text = self.sentence(words);
            let indent = if text.starts_with("- ") { 2 } else { 0 };
            for (place, line) in wrap(&text, self.room - indent).iter().enumerate() {
                self.line(&format!("{}{line}", " ".repeat(if place == 0 { 0 } else { indent })))?;
            }
            for line in lines {
                let line = self.sentence(std::slice::from_ref(line));
                self.line(&line)?;
            }
        }
        Ok(())
    }

    /// A sentence in which no line ends between a number and its unit.
    fn sentence(&self, sentence: &[Piece]) -> String {
        let pieces = sentence.iter().map(|piece| match piece {
            Piece::Value(cell @ (Cell::Rate(_) | Cell::Change(_) | Cell::Millis(_) | Cell::Instant(_))) => {
                self.words.cell(cell).replace(' ', GLUE)
            }
            piece => self.words.sentence(std::slice::from_ref(piece)).replace(" %", &format!("{GLUE}%")),
        });
        pieces.collect()
    }

    fn heading(&mut self, text: &str) -> io::Result<()> {
        wrap(text, self.room).iter().try_for_each(|it| self.line(&Mark::Bold.around(it)))
    }

    fn table(&mut self, table: &Table, style: &Style<'_>) -> io::Result<()> {
        if !table.title.is_empty() {
            self.heading(&escape::message(&table.title))?;
        }
        if table.rows.is_empty() {
            let empty = escape::message(&table.empty);
            return if empty.is_empty() { Ok(()) } else { self.paragraph(&empty) };
        }
        for (index, lines) in lay_out(table, style, &self.words, self.room).iter().enumerate() {
            if index > 0 {
                self.gap()?;
            }
            lines.iter().try_for_each(|it| self.line(it))?;
        }
        if !table.reading.is_empty() {
            self.gap()?;
        }
        for sentence in &table.reading {
            self.paragraph(&escape::message(sentence))?;
        }
        Ok(())
    }
}

/// A column with what it shows.
struct Shape<'t> {
    column: &'t Column,
    numeric: bool,
    /// What each row shows, the total last, before anything is cut.
    cells: Vec<Entry>,
    /// Columns of the terminal that its cells would take.
    natural: usize,
    /// Whether its cells may be cut or wrapped.
    flexible: bool,
}

struct Entry {
    shown: String,
    /// Text from outside is cut, our own words are wrapped.
    outside: bool,
    mark: Option<Mark>,
}

impl<'t> Shape<'t> {
    fn new(table: &'t Table, index: usize, words: &Words<'_>, room: usize) -> Self {
        let rows = table.rows.iter().chain(&table.total);
        let entry = |row: &Vec<Cell>| Entry {
            shown: words.cell(&row[index]),
            outside: matches!(row[index], Cell::Text(_) | Cell::Person(..)),
            mark: mark_of(&row[index]),
        };
        let cells: Vec<Entry> = rows.map(entry).collect();
        let natural = cells.iter().map(|it| width(&it.shown)).max().unwrap_or(0);
        let bends = |row: &Vec<Cell>| match row[index] {
            Cell::Text(_) | Cell::Person(..) | Cell::Word(_) | Cell::List(_) | Cell::Record(_) => true,
            Cell::Count(_) | Cell::Signed(_) | Cell::Rate(_) | Cell::Change(_) => false,
            Cell::Tenths(_) | Cell::Millis(_) => false,
            Cell::Missing | Cell::Ratio(_) | Cell::Instant(_) | Cell::Bool(_) => false,
        };
        let flexible = natural > room || table.rows.iter().any(bends);
        let numeric = is_numeric(table, index);
        Self { column: &table.columns[index], numeric, cells, natural, flexible }
    }

    /// The widest piece of the heading that is not broken if it can be helped.
    fn heading_piece(&self) -> usize {
        let pieces = heading(self.column).split_inclusive(breaks_heading);
        pieces.map(|it| width(it.trim_end())).max().unwrap_or(0)
    }

    /// Room that the column wants before others get more than they need.
    fn wanted(&self) -> usize {
        let wanted = self.natural.max(self.heading_piece());
        if self.flexible { wanted.min(TEXT_SHARE.max(self.heading_piece())) } else { wanted }
    }

    /// Room without which it is not shown beside others.
    fn least(&self) -> usize {
        if self.flexible { self.wanted().min(TEXT_LEAST) } else { self.wanted() }
    }

    /// Room in which nothing has to be cut or wrapped.
    fn full(&self) -> usize {
        self.natural.max(width(heading(self.column)))
    }
}

fn breaks_heading(c: char) -> bool {
    matches!(c, ' ' | '_')
}

fn breaks_word(c: char) -> bool {
    matches!(c, ' ' | '_' | '/')
}

/// Lays a table out: its columns beside each other, or, where those that must be shown do not fit,
/// in several tables below each other that all begin with the first column.
fn lay_out(table: &Table, style: &Style<'_>, words: &Words<'_>, room: usize) -> Vec<Vec<String>> {
    let mut shapes: Vec<Shape<'_>> = choose(table, style, words, room);
    if let Some((first, total)) = shapes.first_mut().zip(table.total.as_ref()) {
        label_total(first, total);
    }
    let mut blocks: Vec<Vec<&Shape<'_>>> = Vec::new();
    for shape in &shapes {
        let fits = |block: &&mut Vec<&Shape<'_>>| {
            let least = block.iter().chain([&shape]).map(|it| it.least());
            spread(least) <= room
        };
        match blocks.last_mut().filter(fits) {
            Some(block) => block.push(shape),
            None => {
                let first = blocks.first().map(|it| it[0]);
                let beside = first.filter(|it| spread([it.least(), shape.least()]) <= room);
                blocks.push(beside.into_iter().chain([shape]).collect());
            }
        }
    }
    blocks.iter().map(|block| draw(block, table.total.is_some(), room)).collect()
}

/// Columns of a terminal that columns of a table take.
fn spread(widths: impl IntoIterator<Item = usize>) -> usize {
    widths.into_iter().map(|it| it + GAP).sum::<usize>().saturating_sub(GAP)
}

/// The columns that were asked for; else those that always show and as many others as fit.
fn choose<'t>(table: &'t Table, style: &Style<'_>, words: &Words<'_>, room: usize) -> Vec<Shape<'t>> {
    let shape = |index| Shape::new(table, index, words, room);
    if let Some(places) = asked_columns(table, style) {
        return places.into_iter().map(shape).collect();
    }
    let mut candidates: Vec<usize> =
        (0..table.columns.len()).filter(|&it| table.columns[it].shown != Shown::OnRequest).collect();
    candidates.sort_by_key(|&it| table.columns[it].shown);
    let mut chosen: Vec<(usize, Shape<'_>)> = Vec::new();
    for index in candidates {
        let next = shape(index);
        let widths = chosen.iter().map(|(_, it)| it.wanted()).chain([next.wanted()]);
        if table.columns[index].shown != Shown::Always && spread(widths) > room {
            break;
        }
        chosen.push((index, next));
    }
    chosen.sort_by_key(|(index, _)| *index);
    chosen.into_iter().map(|(_, shape)| shape).collect()
}

/// Says what the last row is, where its first cell has nothing to say.
fn label_total(first: &mut Shape<'_>, total: &[Cell]) {
    let Some(last) = first.cells.last_mut() else { return };
    if last.shown == "–" && !total.is_empty() {
        "Total".clone_into(&mut last.shown);
        last.outside = false;
        first.natural = first.natural.max(width(&last.shown));
    }
}

/// Divides the room among the columns of a block.
fn widths(block: &[&Shape<'_>], room: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = block.iter().map(|it| it.wanted().min(room)).collect();
    // The widest column that may shrink gives way until all fit.
    while spread(widths.iter().copied()) > room {
        let may_shrink = |&it: &usize| widths[it] > block[it].least();
        let widest = (0..block.len()).filter(may_shrink).max_by_key(|&it| widths[it]);
        let Some(widest) = widest else { break };
        widths[widest] -= 1;
    }
    // What is left goes to those that have to cut, the narrowest first, a column at a time.
    while spread(widths.iter().copied()) < room {
        let wants_more = |&it: &usize| widths[it] < block[it].full();
        let narrowest = (0..block.len()).filter(wants_more).min_by_key(|&it| widths[it]);
        let Some(narrowest) = narrowest else { break };
        widths[narrowest] += 1;
    }
    widths
}

/// The lines of one block.
fn draw(block: &[&Shape<'_>], has_total: bool, room: usize) -> Vec<String> {
    let widths = widths(block, room);
    let columns: Vec<Vec<Vec<String>>> =
        block.iter().zip(&widths).map(|(shape, &room)| fit(&shape.cells, room)).collect();
    let rows = columns.first().map_or(0, Vec::len);

    let mut table = comfy_table::Table::new();
    let rule = LineStyle::none().fill('─');
    table
        .set_content_arrangement(ContentArrangement::Disabled)
        .load_style(TableStyle::new().header_separator(rule))
        .set_header(block.iter().zip(&widths).map(|(shape, &room)| {
            let lines = wrap_after(heading(shape.column), room, breaks_heading);
            let lines: Vec<String> = lines.iter().map(|it| Mark::Bold.around(it)).collect();
            comfy_table::Cell::new(lines.join("\n"))
        }));
    for row in 0..rows {
        table.add_row(columns.iter().map(|cells| comfy_table::Cell::new(cells[row].join("\n"))));
    }
    let last = block.len().saturating_sub(1);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index == last { 0 } else { GAP as u16 }));
        let side = if block[index].numeric { CellAlignment::Right } else { CellAlignment::Left };
        column.set_cell_alignment(side);
    }

    let mut lines: Vec<String> = table.lines().collect();
    let header = block.iter().zip(&widths);
    let header = header.map(|(it, &room)| wrap_after(heading(it.column), room, breaks_heading).len());
    let rule = header.max().unwrap_or(0);
    if let Some(line) = lines.get_mut(rule) {
        *line = Mark::Dim.around(line);
    }
    if has_total {
        let height = columns.iter().filter_map(|it| it.last()).map(Vec::len).max().unwrap_or(0);
        lines.insert(lines.len().saturating_sub(height), lines[rule].clone());
    }
    lines
}

/// The lines of each cell in a column of this width.
///
/// Text from outside is cut, unless two different texts would then look alike: those stand in full.
fn fit(cells: &[Entry], room: usize) -> Vec<Vec<String>> {
    let cuts: Vec<String> = cells.iter().map(|it| cut(&it.shown, room)).collect();
    let mut alike: HashMap<&str, (&str, bool)> = HashMap::new();
    for (entry, cut) in cells.iter().zip(&cuts) {
        let known = alike.entry(cut).or_insert((&entry.shown, false));
        known.1 |= known.0 != entry.shown;
    }
    let lines = cells.iter().zip(&cuts).map(|(entry, cut)| {
        let is_alike = alike.get(cut.as_str()).is_some_and(|it| it.1);
        match (entry.outside, is_alike) {
            (true, false) => vec![cut.clone()],
            // Broken anywhere: a space at the end of a line would be one that nobody sees.
            (true, true) => broken(&entry.shown, room, |_| false),
            (false, _) => wrap_some(&entry.shown, room, CELL_LINES, breaks_word),
        }
    });
    let mark = |(entry, lines): (&Entry, Vec<String>)| match entry.mark {
        None => lines,
        Some(mark) => lines.iter().map(|it| mark.around(it)).collect(),
    };
    cells.iter().zip(lines).map(mark).collect()
}

/// How words of ours are marked that a reader must not miss.
fn mark_of(cell: &Cell) -> Option<Mark> {
    match cell {
        Cell::Word(word) => urgency(word).map(|it| match it {
            Urgency::Alarm => Mark::Red,
            Urgency::Warning => Mark::Yellow,
        }),
        Cell::List(cells) => cells.iter().filter_map(mark_of).min(),
        Cell::Missing
        | Cell::Text(_)
        | Cell::Person(..)
        | Cell::Count(_)
        | Cell::Signed(_)
        | Cell::Rate(_)
        | Cell::Change(_)
        | Cell::Ratio(_)
        | Cell::Tenths(_) => None,
        Cell::Millis(_) | Cell::Instant(_) | Cell::Bool(_) | Cell::Record(_) => None,
    }
}

/// How a stretch of text looks; the more urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Red,
    Yellow,
    Bold,
    Dim,
}

/// Stands for a space at which no line ends. A noncharacter as wide as a space, which no other text
/// can hold either.
const GLUE: &str = "\u{fdd0}";

/// Ends what a [`Mark`] began.
const END: char = '\u{206f}';

impl Mark {
    const ALL: [Self; 4] = [Self::Red, Self::Yellow, Self::Bold, Self::Dim];

    fn start(self) -> char {
        match self {
            Self::Red => '\u{2061}',
            Self::Yellow => '\u{2062}',
            Self::Bold => '\u{2063}',
            Self::Dim => '\u{2064}',
        }
    }

    fn escape_sequence(self) -> &'static str {
        match self {
            Self::Red => "\u{1b}[31m",
            Self::Yellow => "\u{1b}[33m",
            Self::Bold => "\u{1b}[1m",
            Self::Dim => "\u{1b}[2m",
        }
    }

    fn around(self, text: &str) -> String {
        if text.is_empty() { String::new() } else { format!("{}{text}{END}", self.start()) }
    }
}

/// Turns marks into escape sequences, or takes them away.
fn paint(line: &str, color: bool) -> String {
    let mut out = String::with_capacity(line.len() + 16);
    for c in line.replace(GLUE, " ").chars() {
        let mark = Mark::ALL.into_iter().find(|it| it.start() == c);
        let sequence = match mark {
            Some(mark) => mark.escape_sequence(),
            None if c == END => "\u{1b}[0m",
            None => {
                out.push(c);
                continue;
            }
        };
        if color {
            out.push_str(sequence);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_take_no_room_and_cannot_come_from_outside() {
        for c in Mark::ALL.map(Mark::start).into_iter().chain([END]) {
            assert_eq!(width(&c.to_string()), 0);
            assert!(escape::message(&c.to_string()).starts_with('\\'));
        }
        assert_eq!(width(GLUE), 1);
        assert!(escape::message(GLUE).starts_with('\\'));
    }

    proptest! {
        #[test]
        fn different_names_look_different(
            names in proptest::collection::btree_set("[ab …]{0,30}|(ab){4}[a ]{0,9}(ab){4}", 2..8)
        ) {
            let entry = |shown: &String| Entry { shown: shown.clone(), outside: true, mark: None };
            let lines = fit(&names.iter().map(entry).collect::<Vec<_>>(), 10);
            let shown: std::collections::BTreeSet<&Vec<String>> = lines.iter().collect();
            prop_assert_eq!(shown.len(), names.len(), "{:?}", lines);
        }
    }
}
