//! Drawings of tables, as SVG in the page: no picture is loaded, and every number of them stands in the table
//! below. One file a chart.
//!
//! A chart finds its columns by their keys; a table that lacks one is not drawn. Places and sizes are whole
//! tenths of a unit, so that the same table is the same bytes everywhere. Colours are classes, whose values the
//! page's style decides for light, dark and paper; what a colour says, a shape or a word says as well.

mod funnel;
mod heat_map;
pub(super) mod intervals;
mod time_line;
mod trend;
mod waterfall;

use maud::{Markup, html};

use super::super::width::{cut, width};
use super::super::{decimal, escape};
use super::cells::Cells;
use crate::section::{Cell, Chart, Table};

/// Characters of a name beside a mark; the table has the whole name.
const NAME: usize = 26;

/// The drawing that a table asks for. `id` is the table's own, from which the drawing's ids are made.
pub(super) fn draw(table: &Table, id: &str, cells: &Cells<'_>) -> Option<Markup> {
    let draw = match table.chart? {
        Chart::Waterfall => waterfall::draw,
        Chart::Funnel => funnel::draw,
        Chart::HeatMap => heat_map::draw,
        Chart::Trend => trend::draw,
        Chart::TimeLine => time_line::draw,
        // Its bars stand in the rows of the table.
        Chart::Intervals => return None,
    };
    if table.rows.is_empty() {
        return None;
    }
    let drawing = draw(table, id, cells)?;
    let (title_id, desc_id) = (format!("{id}-chart-title"), format!("{id}-chart-desc"));
    let (width, height) = (drawing.width / 10, drawing.height / 10);
    let title = if table.title.is_empty() { drawing.kind } else { &table.title };
    let title = escape::html(title);
    Some(html! {
        "\n" figure.chart {
            div.scroll role="region" tabindex="0" aria-label={ (title) ", chart" } {
                svg viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height)
                    role="img" aria-labelledby={ (title_id) " " (desc_id) } {
                    title id=(title_id) { (title) }
                    desc id=(desc_id) { (drawing.desc) }
                    (drawing.body)
                }
            }
            figcaption aria-hidden="true" { (drawing.desc) }
        }
    })
}

/// A drawing, its sizes in tenths of a unit.
struct Drawing {
    /// What it is called where the table has no title.
    kind: &'static str,
    /// What is drawn, and how to read it.
    desc: String,
    width: i64,
    height: i64,
    body: Markup,
}

/// The places of columns, if the table has them all.
fn columns<const N: usize>(table: &Table, keys: [&str; N]) -> Option<[usize; N]> {
    let mut places = [0; N];
    for (place, key) in places.iter_mut().zip(keys) {
        *place = table.columns.iter().position(|it| it.key == key)?;
    }
    Some(places)
}

fn count(cell: &Cell) -> Option<u64> {
    match cell {
        Cell::Count(it) => Some(*it),
        _ => None,
    }
}

/// A share in millionths.
fn micro(cell: &Cell) -> Option<u64> {
    match cell {
        Cell::Rate(it) => Some(it.micro),
        _ => None,
    }
}

fn instant(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Instant(it) => Some(*it),
        _ => None,
    }
}

fn word(cell: &Cell) -> &str {
    match cell {
        Cell::Word(it) => it,
        _ => "",
    }
}

/// What stands in some cells of a row, as a name.
fn name(row: &[Cell], columns: &[usize], cells: &Cells<'_>) -> String {
    let names = columns.iter().map(|&it| cells.words.cell(&row[it]));
    names.collect::<Vec<_>>().join(" ")
}

/// A name that is not longer than a drawing has room for.
fn short(name: &str) -> String {
    cut(name, NAME)
}

/// The room that a text takes at most in the size of labels.
fn room(text: &str) -> i64 {
    66 * i64::try_from(width(text)).unwrap_or(i64::MAX / 100)
}

/// Tenths as they stand in an attribute.
fn at(tenths: i64) -> String {
    decimal(tenths)
}

/// The part of a length that a value is of a greatest value.
fn scaled(value: u64, most: u64, length: i64) -> i64 {
    let length = i128::from(length) * i128::from(value) / i128::from(most.max(1));
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// A round step that divides the way to `most` into at most `parts`.
fn step(most: u64, parts: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for digit in [1, 2, 5] {
            let step = power.saturating_mul(digit);
            if step.saturating_mul(parts) >= most || step == u64::MAX {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// The values of an axis from 0 to the first that is no less than `most`.
fn ticks(most: u64, parts: u64) -> Vec<u64> {
    let step = step(most.max(1), parts);
    (0..=most.max(1).div_ceil(step)).map(|it| it.saturating_mul(step)).collect()
}

fn last(ticks: &[u64]) -> u64 {
    ticks.last().copied().unwrap_or(1)
}

/// Values of an axis of shares in millionths: to whole tenths, or to all.
fn share_ticks(most: u64) -> Vec<u64> {
    let tenths = most.div_ceil(100_000).clamp(1, 10);
    let step = if tenths > 5 { 2 } else { 1 };
    (0..=tenths.div_ceil(step)).map(|it| it * step * 100_000).collect()
}

/// A share on an axis: `20 %`.
fn whole_percent(micro: u64) -> String {
    format!("{} %", micro / 10_000)
}

fn line(class: &str, x1: i64, y1: i64, x2: i64, y2: i64) -> Markup {
    html! { "\n" line class=(class) x1=(at(x1)) y1=(at(y1)) x2=(at(x2)) y2=(at(y2)) {} }
}

fn rect(class: &str, x: i64, y: i64, width: i64, height: i64) -> Markup {
    html! { "\n" rect class=(class) x=(at(x)) y=(at(y)) width=(at(width)) height=(at(height)) {} }
}

/// A text; `anchor` is the point of it that stands at `x`: start, middle or end.
fn text(class: &str, anchor: &str, x: i64, y: i64, text: &str) -> Markup {
    html! { "\n" text class=(class) text-anchor=(anchor) x=(at(x)) y=(at(y)) { (text) } }
}

/// `x,y x,y`, as lines and areas take it.
fn points(points: &[(i64, i64)]) -> String {
    points.iter().map(|(x, y)| format!("{},{}", at(*x), at(*y))).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_values() {
        assert_eq!(ticks(77, 5), [0, 20, 40, 60, 80]);
        assert_eq!(ticks(100, 5), [0, 20, 40, 60, 80, 100]);
        assert_eq!(ticks(101, 5), [0, 50, 100, 150]);
        assert_eq!(ticks(3, 5), [0, 1, 2, 3]);
        assert_eq!(ticks(0, 5), [0, 1]);
        assert!(last(&ticks(u64::MAX, 5)) >= u64::MAX / 2);
        assert_eq!(share_ticks(444_444).last(), Some(&500_000));
        assert_eq!(share_ticks(576_000), [0, 200_000, 400_000, 600_000]);
        assert_eq!(share_ticks(1_000_000).last(), Some(&1_000_000));
        assert_eq!(share_ticks(0), [0, 100_000]);
    }

    #[test]
    fn lengths_are_in_proportion() {
        assert_eq!(scaled(1, 3, 1000), 333);
        assert_eq!(scaled(u64::MAX, u64::MAX, 5000), 5000);
        assert_eq!(scaled(0, 0, 5000), 0);
        assert_eq!(points(&[(0, 15), (-3, 200)]), "0.0,1.5 -0.3,20.0");
    }
}
