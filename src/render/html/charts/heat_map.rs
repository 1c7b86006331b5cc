//! Rejections by hour and weekday, a cell each, with its number in it.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::super::super::percent;
use super::{Cells, Drawing, columns, count, micro, rect, room, text, word};
use crate::section::{Cell, Rate, Table};

const LEFT: i64 = 480;
const TOP: i64 = 260;
const CELL: i64 = 290;
const GAP: i64 = 20;
const HOURS: i64 = 24;
/// Shades from the fewest to the most rejections; a cell without any has none.
const SHADES: u64 = 7;

pub(super) fn draw(table: &Table, _id: &str, _cells: &Cells<'_>) -> Option<Drawing> {
    let [weekday, hour, resolved, rejected, rate] =
        columns(table, ["weekday", "hour", "resolved", "rejected", "rejection_rate"])?;
    let days: BTreeSet<&str> =
        table.rows.iter().map(|row| word(&row[weekday])).filter(|it| !it.is_empty()).collect();
    let lines: BTreeMap<&str, i64> = days.iter().copied().zip(0..).collect();
    let most = table.rows.iter().filter_map(|row| count(&row[rejected])).max().unwrap_or(0);
    let cells: Vec<Markup> = table
        .rows
        .iter()
        .filter_map(|row| {
            let hour = word(&row[hour]).parse::<i64>().ok().filter(|it| (0..HOURS).contains(it))?;
            let (x, y) = (LEFT + hour * CELL, TOP + lines.get(word(&row[weekday]))? * CELL);
            Some(cell(x, y, word(&row[weekday]), word_of_hour(hour), row, [resolved, rejected, rate], most))
        })
        .collect();
    if cells.is_empty() {
        return None;
    }
    let bottom = TOP + CELL * i64::try_from(lines.len()).ok()?;
    Some(Drawing {
        kind: "Heat map",
        desc:
            "Rejected calls by weekday and hour of their start: the number in a cell, darker where there are \
               more. A dash is an hour in which calls were resolved and none rejected; an empty cell is one \
               without any."
                .to_owned(),
        width: LEFT + HOURS * CELL + 40,
        height: bottom + 420,
        body: html! {
            @for hour in 0..HOURS {
                (text("tick", "middle", LEFT + hour * CELL + CELL / 2 - GAP / 2, TOP - 80, &format!("{hour:02}")))
            }
            @for (day, line) in &lines {
                (text("tick", "end", LEFT - 100, TOP + line * CELL + CELL / 2 + 30, short_day(day)))
            }
            @for it in &cells { (it) }
            (legend(bottom + 160, most))
        },
    })
}

fn word_of_hour(hour: i64) -> String {
    format!("{hour:02}:00")
}

/// `1-Mon` as `Mon`.
fn short_day(day: &str) -> &str {
    day.split_once('-').map_or(day, |it| it.1)
}

fn cell(x: i64, y: i64, day: &str, hour: String, row: &[Cell], places: [usize; 3], most: u64) -> Markup {
    let [resolved, rejected, rate] = places.map(|it| &row[it]);
    let (calls, rejected) = (count(resolved), count(rejected));
    let shade = rejected.map_or(0, |it| shade(it, most));
    let shown = match (rejected, calls) {
        (Some(1..), _) => rejected.map(|it| it.to_string()).unwrap_or_default(),
        (Some(0), Some(1..)) => "–".to_owned(),
        _ => String::new(),
    };
    let size = CELL - GAP;
    html! {
        "\n" g {
            @if let (Some(calls), Some(rejected)) = (calls, rejected) {
                title {
                    (short_day(day)) " " (hour) ", " (rejected) " of " (calls) " rejected"
                    @if let Some(rate) = micro(rate) { ", " (percent(Rate::given(rate).permille)) }
                }
            }
            (rect(&format!("shade s{shade}"), x, y, size, size))
            @if !shown.is_empty() {
                (text(&format!("on s{shade}"), "middle", x + size / 2, y + size / 2 + 40, &shown))
            }
        }
    }
}

/// Shades divide the way to the most into equal parts.
fn shade(count: u64, most: u64) -> u64 {
    let scaled = u128::from(count) * u128::from(SHADES);
    u64::try_from(scaled.div_ceil(u128::from(most.max(1)))).unwrap_or(SHADES)
}

/// The numbers of each shade that some number has.
fn legend(y: i64, most: u64) -> Markup {
    // The least number that is darker than the shade before.
    let least = |shade: u64| u128::from(shade.saturating_sub(1)) * u128::from(most) / u128::from(SHADES) + 1;
    let mut x = LEFT;
    let mut entries = Vec::new();
    for shade in 1..=SHADES {
        let (from, to) = (least(shade), least(shade + 1) - 1);
        if from > to {
            continue;
        }
        let label = if from == to { from.to_string() } else { format!("{from}–{to}") };
        entries.push(html! {
            (rect(&format!("shade s{shade}"), x, y, 180, 180))
            (text("legend", "start", x + 240, y + 130, &label))
        });
        x += 240 + room(&label) + 180;
    }
    html! {
        (text("legend", "end", LEFT - 100, y + 130, "Calls"))
        @for it in &entries { (it) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_divide_evenly_and_reach_the_darkest() {
        let shades = |most: u64| (0..=most).map(|it| shade(it, most)).collect::<Vec<_>>();
        assert_eq!(shades(7), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(shades(3), [0, 3, 5, 7]);
        assert_eq!(shades(14), [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]);
        assert_eq!(shade(0, 0), 0);
        assert_eq!(shade(u64::MAX, u64::MAX), 7);
    }
}
