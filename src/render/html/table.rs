//! A table, above it what a chart shows of it, under it how to read it.

use std::io::{self, Write};

use maud::{Markup, html};

use super::super::width::width;
use super::super::{Style, asked_columns, heading, is_numeric};
use super::cells::{Cells, with_code};
use super::charts::{self, intervals::Intervals};
use super::{HERE, around, definition_link, title};
use crate::definitions::figure;
use crate::section::{Cell, Shown, Table};

/// Where a table stands in the page.
pub(super) struct Place<'d> {
    /// What its ids begin with.
    pub(super) id: String,
    /// Its heading, where it is not the section's.
    pub(super) heading: Option<&'d str>,
}

/// More rows than this scroll under their headings.
const LONG: usize = 40;

/// Characters that fit the width of a page on paper, upright and across, in the size that tables have there.
/// Measured with the fonts of one system; others differ, and text then takes more lines.
const UPRIGHT: usize = 118;
const ACROSS: usize = 178;

/// Characters that a text takes at most before it goes on in the next line.
const TEXT: usize = 24;

/// Places of the columns in a page: those that were asked for, else all that stand in tables of any width.
pub(super) fn columns(table: &Table, style: &Style<'_>) -> Vec<usize> {
    asked_columns(table, style).unwrap_or_else(|| {
        let usual = |&it: &usize| table.columns[it].shown != Shown::OnRequest;
        (0..table.columns.len()).filter(usual).collect()
    })
}

/// A table with its heading and its chart.
pub(super) struct Block<'a> {
    place: Place<'a>,
    grid: Grid<'a>,
}

impl<'a> Block<'a> {
    pub(super) fn of(table: &'a Table, place: Place<'a>, cells: &'a Cells<'a>, style: &Style<'_>) -> Self {
        let grid = Grid::of(table, &place, cells, style);
        Self { place, grid }
    }

    /// Whether it goes across a page on paper.
    pub(super) fn is_across(&self) -> bool {
        self.grid.across
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { place, grid } = self;
        let table = grid.table;
        let chart = charts::draw(table, &place.id, grid.cells);
        let rows = table.rows.len();
        let frame = html! {
            "\n" div.block {
                @if let Some(heading) = place.heading.filter(|it| !it.is_empty()) { h3 { (title(heading)) } }
                @if rows == 0 {
                    @if !table.empty.is_empty() { p.empty { (with_code(&table.empty)) } }
                } @else {
                    @if let Some(chart) = chart {
                        (chart)
                        details open[rows <= LONG] {
                            summary {
                                "The same numbers as a table, " (rows) @if rows == 1 { " row" } @else { " rows" }
                            }
                            (self.data())
                        }
                    } @else {
                        (self.data())
                    }
                    @for sentence in &table.reading { "\n" p.reading { (with_code(sentence)) } }
                }
            }
        };
        around(frame, out, |out| {
            table.rows.iter().try_for_each(|row| out.write_all(grid.row(row, false).into_string().as_bytes()))
        })
    }

    fn data(&self) -> Markup {
        let Self { place, grid } = self;
        let table = grid.table;
        let rows = table.rows.len();
        html! {
            @if rows > 1 { (filter(place)) }
            "\n" div.scroll.long[rows > LONG] role="region" tabindex="0" aria-label=(label(table)) {
                table.data aria-label=(label(table)) {
                    thead { (grid.head()) }
                    tbody { (HERE) }
                    @if let Some(total) = &table.total { tfoot { (grid.row(total, true)) } }
                }
            }
            @if !grid.unprinted.is_empty() {
                p.only-printed {
                    "Not printed, for want of room: "
                    @for (at, it) in grid.unprinted.iter().enumerate() {
                        @if at > 0 { ", " }
                        (heading(&table.columns[*it]))
                    }
                    "."
                }
            }
        }
    }
}

fn label(table: &Table) -> String {
    super::escape::html(if table.title.is_empty() { "Table" } else { &table.title }).into_owned()
}

/// One input, which the script shows: without it nothing would happen.
fn filter(place: &Place<'_>) -> Markup {
    let id = format!("{}-filter", place.id);
    html! {
        p.filter hidden {
            label for=(id) { "Filter" }
            input id=(id) type="search" autocomplete="off" spellcheck="false";
            output for=(id) aria-live="polite" {}
        }
    }
}

/// What the cells of a column have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Instant,
    Other,
}

impl Kind {
    fn of(table: &Table, column: usize) -> Self {
        let is_instant = |row: &Vec<Cell>| matches!(row[column], Cell::Missing | Cell::Instant(_));
        if is_numeric(table, column) {
            Self::Number
        } else if table.rows.iter().all(is_instant) {
            Self::Instant
        } else {
            Self::Other
        }
    }
}

/// The columns of a table as they stand in a page.
struct Grid<'a> {
    table: &'a Table,
    cells: &'a Cells<'a>,
    columns: Vec<usize>,
    kinds: Vec<Kind>,
    /// Whether it goes across a page on paper.
    across: bool,
    /// Columns that paper has no room for.
    unprinted: Vec<usize>,
    bars: Option<Intervals>,
}

impl<'a> Grid<'a> {
    fn of(table: &'a Table, place: &Place<'_>, cells: &'a Cells<'a>, style: &Style<'_>) -> Self {
        let columns = columns(table, style);
        let bars = Intervals::of(table, &columns, &place.id);
        let kinds = (0..table.columns.len()).map(|it| Kind::of(table, it)).collect();
        let widths: Vec<usize> = columns.iter().map(|&it| printed_width(table, it, cells)).collect();
        let mut taken: usize = widths.iter().sum::<usize>() + bars.as_ref().map_or(0, |_| Intervals::PRINTED);
        let across = taken > UPRIGHT;
        // What matters least goes first; of equals the last.
        let mut dispensable: Vec<(Shown, usize)> = columns
            .iter()
            .enumerate()
            .map(|(place, &it)| (table.columns[it].shown, place))
            .filter(|(shown, place)| *shown != Shown::Always && *place > 0)
            .collect();
        dispensable.sort_unstable();
        let mut unprinted = Vec::new();
        while taken > ACROSS
            && let Some((_, place)) = dispensable.pop()
        {
            taken -= widths[place];
            unprinted.push(columns[place]);
        }
        unprinted.sort_unstable();
        Self { table, cells, columns, kinds, across, unprinted, bars }
    }

    /// Numbers and instants stay on one line; what paper has no room for is marked.
    fn class(&self, column: usize) -> Option<&'static str> {
        match (self.kinds[column], self.unprinted.contains(&column)) {
            (Kind::Number, false) => Some("n"),
            (Kind::Number, true) => Some("n u"),
            (Kind::Instant, false) => Some("i"),
            (Kind::Instant, true) => Some("i u"),
            (Kind::Other, false) => None,
            (Kind::Other, true) => Some("u"),
        }
    }

    fn head(&self) -> Markup {
        html! {
            "\n" tr {
                @for &column in &self.columns {
                    th scope="col" class=[self.class(column)] data-sort=(self.sort(column)) {
                        span.name { (heading(&self.table.columns[column])) }
                        @if let Some(known) = figure(self.table.columns[column].key) { (definition_link(known)) }
                    }
                    @if let Some(bars) = self.bars.as_ref().filter(|it| it.after == column) {
                        th scope="col" { (bars.head()) }
                    }
                }
            }
        }
    }

    /// How the script compares the cells of a column.
    fn sort(&self, column: usize) -> &'static str {
        match self.kinds[column] {
            Kind::Number | Kind::Instant => "number",
            Kind::Other => "text",
        }
    }

    fn row(&self, row: &[Cell], is_total: bool) -> Markup {
        html! {
            "\n" tr {
                @for (place, &column) in self.columns.iter().enumerate() {
                    @let cell = &row[column];
                    @if place == 0 {
                        th scope="row" class=[self.class(column)] data-v=[value(cell)] data-none[*cell == Cell::Missing] {
                            @if is_total && *cell == Cell::Missing { "Total" } @else { (self.cells.markup(cell)) }
                        }
                    } @else {
                        td class=[self.class(column)] data-v=[value(cell)] data-none[*cell == Cell::Missing] {
                            (self.cells.markup(cell))
                        }
                    }
                    @if let Some(bars) = self.bars.as_ref().filter(|it| it.after == column) {
                        td.bar { (bars.bar(row)) }
                    }
                }
            }
        }
    }
}

/// What a cell is sorted by where what it shows would sort wrongly.
fn value(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Rate(rate) | Cell::Ratio(rate) => Some(rate.micro.to_string()),
        Cell::Change(it) => Some(it.micro.to_string()),
        Cell::Millis(it) | Cell::Instant(it) => Some(it.to_string()),
        Cell::Missing | Cell::Text(_) | Cell::Person(..) | Cell::Word(_) | Cell::Count(_) => None,
        Cell::Signed(_) | Cell::Tenths(_) | Cell::Bool(_) | Cell::List(_) | Cell::Record(_) => None,
    }
}

/// The characters that a column takes on paper, its margin included.
fn printed_width(table: &Table, column: usize, cells: &Cells<'_>) -> usize {
    let of_cell = |row: &Vec<Cell>| match &row[column] {
        cell @ (Cell::Text(_) | Cell::Person(..) | Cell::Word(_) | Cell::List(_) | Cell::Record(_)) => {
            width(&cells.words.cell(cell)).min(TEXT)
        }
        cell => width(&cells.words.cell(cell)),
    };
    let heading = heading(&table.columns[column]).split(' ').map(width).max().unwrap_or(0);
    table.rows.iter().chain(&table.total).map(of_cell).max().unwrap_or(0).max(heading) + 2
}
