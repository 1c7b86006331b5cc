//! What became of what: levels as bars from zero, and between them what was added or taken.

use maud::{Markup, html};

use super::super::super::escape;
use super::{Cells, Drawing, columns, count, line, name, rect, scaled, short, text, word};
use crate::section::{Cell, Table};

const LEFT: i64 = 1900;
const PLOT_WIDTH: i64 = 4200;
const RIGHT: i64 = 1100;
const ROW: i64 = 230;
const BAR: i64 = 150;
/// The heading of rows that count the same things.
const UNIT: i64 = 300;
/// A change that is smaller is still seen.
const LEAST: i64 = 15;

/// One row.
struct Step {
    name: String,
    unit: String,
    /// What is added or taken; nothing in a row that says where it stands.
    change: Option<i64>,
    level: u64,
}

pub(super) fn draw(table: &Table, _id: &str, cells: &Cells<'_>) -> Option<Drawing> {
    let [step, unit, change, level] = columns(table, ["step", "unit", "change", "remaining"])?;
    let steps: Vec<Step> = table
        .rows
        .iter()
        .filter_map(|row| {
            let change = match row[change] {
                Cell::Signed(it) => Some(it),
                _ => None,
            };
            let unit = escape::html(word(&row[unit])).into_owned();
            Some(Step { name: name(row, &[step], cells), unit, change, level: count(&row[level])? })
        })
        .collect();
    if steps.is_empty() {
        return None;
    }
    let mut y = 60;
    let mut blocks = Vec::new();
    for block in steps.chunk_by(|a, b| a.unit == b.unit) {
        blocks.push(self::block(block, y));
        y += UNIT + ROW * i64::try_from(block.len()).ok()?;
    }
    Some(Drawing {
        kind: "Waterfall",
        desc: "From all lines down to what is counted: full bars say how many there are, the pieces between them \
               what was taken away or added. Each unit has a scale of its own."
            .to_owned(),
        width: LEFT + PLOT_WIDTH + RIGHT,
        height: y + 40,
        body: html! { @for it in &blocks { (it) } },
    })
}

/// Rows of one unit, on one scale.
fn block(steps: &[Step], top: i64) -> Markup {
    let before =
        |it: &Step| it.change.map_or(0, |change| it.level.saturating_add_signed(change.saturating_neg()));
    let most = steps.iter().map(|it| it.level.max(before(it))).max().unwrap_or(1);
    let x = |value: u64| LEFT + scaled(value, most, PLOT_WIDTH);
    let bottom = top + UNIT + ROW * i64::try_from(steps.len()).unwrap_or(0) - (ROW - BAR) / 2;
    html! {
        (text("unit", "end", LEFT - 120, top + 190, steps.first().map_or("", |it| &it.unit)))
        (line("axis", LEFT, top + UNIT - 80, LEFT, bottom))
        @for (place, it) in (0..).zip(steps) {
            @let y = top + UNIT + ROW * place - 40;
            @let (from, to) = (before(it).min(it.level), before(it).max(it.level));
            "\n" g {
                (text("name", "end", LEFT - 120, y + BAR / 2 + 40, &short(&it.name)))
                @let class = match it.change { None => "level", Some(..=0) => "taken", Some(_) => "added" };
                @let width = (x(to) - x(from)).max(if from == to { 0 } else { LEAST });
                (rect(class, x(from), y, width, BAR))
                @let label = it.change.map_or_else(|| it.level.to_string(), signed);
                (text(if it.change.is_none() { "value" } else { "change" }, "start", x(from) + width + 70, y + BAR / 2 + 40, &label))
                @if place > 0 { (line("link", x(if it.change.is_none() { it.level } else { before(it) }), y - (ROW - BAR), x(if it.change.is_none() { it.level } else { before(it) }), y)) }
            }
        }
    }
}

/// With a sign that is as wide as a plus.
fn signed(change: i64) -> String {
    if change < 0 { format!("−{}", change.unsigned_abs()) } else { format!("+{change}") }
}
