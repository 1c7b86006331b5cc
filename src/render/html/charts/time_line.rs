//! Spans on a line of time, a lane for each line of the business.

use chrono::{Days, NaiveDate};
use maud::{Markup, html};

use super::{Cells, Drawing, columns, count, instant, line, name, rect, short, text};
use crate::section::{Cell, Table};
use crate::zone::Zone;

const LEFT: i64 = 2000;
const RIGHT: i64 = 420;
const TOP: i64 = 160;
const PLOT_WIDTH: i64 = 5400;
const LANE: i64 = 340;
const AXIS: i64 = 420;
/// A span that is shorter is still seen.
const LEAST: i64 = 50;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// One row.
struct Span {
    lane: usize,
    first: i64,
    last: i64,
    orphans: u64,
    rejections: Option<u64>,
}

pub(super) fn draw(table: &Table, _id: &str, cells: &Cells<'_>) -> Option<Drawing> {
    let [provider, instance, first_at, last_at, orphans, rejections] =
        columns(table, ["provider", "instance", "first_at", "last_at", "orphans", "rejections"])?;
    let mut lanes: Vec<(&Cell, &Cell, String)> = Vec::new();
    let mut spans = Vec::new();
    for row in &table.rows {
        let (a, b) = (&row[provider], &row[instance]);
        let known = lanes.iter().position(|it| it.0 == a && it.1 == b);
        let lane = known.unwrap_or_else(|| {
            lanes.push((a, b, name(row, &[provider, instance], cells)));
            lanes.len() - 1
        });
        let (Some(first), Some(last)) = (instant(&row[first_at]), instant(&row[last_at])) else { continue };
        let (orphans, rejections) = (count(&row[orphans]).unwrap_or(0), count(&row[rejections]));
        spans.push(Span { lane, first, last, orphans, rejections });
    }
    let axis = Axis::over(&spans, cells.words.zone)?;
    let bottom = TOP + LANE * i64::try_from(lanes.len()).ok()?;
    Some(Drawing {
        kind: "Time line",
        desc: "A lane for each line of the business; a mark from the first to the last rejection of an incident, \
               with the number of rejections whose call never arrived."
            .to_owned(),
        width: LEFT + PLOT_WIDTH + RIGHT,
        height: bottom + AXIS,
        body: html! {
            @for (at, label) in axis.ticks() {
                (line("grid", axis.x(at), TOP, axis.x(at), bottom))
                (text("tick", "middle", axis.x(at), bottom + 180, &label))
            }
            @for (place, (_, _, name)) in (0..).zip(&lanes) {
                @let y = TOP + place * LANE + LANE / 2;
                (line("grid", LEFT, y, LEFT + PLOT_WIDTH, y))
                g { title { (name) } (text("name", "end", LEFT - 140, y + 40, &short(name))) }
            }
            (line("axis", LEFT, bottom, LEFT + PLOT_WIDTH, bottom))
            (text("axis-title", "end", LEFT + PLOT_WIDTH, bottom + 350, &axis.title()))
            @for it in &spans { (axis.span(it)) }
        },
    })
}

/// Whole days, or hours of few days.
struct Axis<'z> {
    zone: &'z Zone,
    from: i64,
    to: i64,
}

impl<'z> Axis<'z> {
    fn over(spans: &[Span], zone: &'z Zone) -> Option<Self> {
        let first = spans.iter().map(|it| it.first.min(it.last)).min()?;
        let last = spans.iter().map(|it| it.first.max(it.last)).max()?;
        let from = zone.day_start(zone.local(first).date);
        let to = zone.day_start(zone.local(last).date.checked_add_days(Days::new(1))?);
        (from <= first && last < to).then_some(Self { zone, from, to })
    }

    fn x(&self, ms: i64) -> i64 {
        let part = i128::from(ms - self.from) * i128::from(PLOT_WIDTH) / i128::from(self.to - self.from);
        LEFT + i64::try_from(part).unwrap_or(0)
    }

    /// Instants with what stands under them.
    fn ticks(&self) -> Vec<(i64, String)> {
        let label = |ms: i64, part: std::ops::Range<usize>| {
            (ms, self.zone.short(ms).get(part).unwrap_or_default().to_owned())
        };
        let days = (self.to - self.from + DAY / 2) / DAY;
        if days <= 2 {
            let hours = if days < 2 { 3 } else { 6 };
            return (0..=24 * days / hours)
                .map(|it| self.from + it * hours * HOUR)
                .filter(|it| *it <= self.to)
                .map(|it| label(it, 11..16))
                .collect();
        }
        let every = [1, 2, 5, 7, 14, 30, 91].into_iter().find(|it| days / it <= 11).unwrap_or(days / 10);
        let first: NaiveDate = self.zone.local(self.from).date;
        let day = |number: i64| first.checked_add_days(Days::new(u64::try_from(number).ok()?));
        let starts = (0..=days / every).filter_map(|it| Some(self.zone.day_start(day(it * every)?)));
        let part = if every > 30 { 0..10 } else { 5..10 };
        starts.filter(|it| *it <= self.to).map(|it| label(it, part.clone())).collect()
    }

    fn title(&self) -> String {
        let day = |ms: i64| self.zone.short(ms).get(..10).unwrap_or_default().to_owned();
        let (first, last) = (day(self.from), day(self.to - 1));
        if first == last { first } else { format!("{first} to {last}") }
    }

    fn span(&self, it: &Span) -> Markup {
        let (from, to) = (self.x(it.first), self.x(it.last));
        let y = TOP + LANE * i64::try_from(it.lane).unwrap_or(0) + LANE / 2;
        let width = (to - from).max(LEAST);
        let zone = self.zone;
        html! {
            "\n" g {
                title {
                    (zone.short(it.first)) " to " (zone.short(it.last)) ": " (it.orphans) " without their call"
                    @if let Some(rejections) = it.rejections { ", of " (rejections) " rejections" }
                }
                (rect("span", from, y - 90, width, 180))
                (text("legend", "start", from + width + 50, y + 40, &it.orphans.to_string()))
            }
        }
    }
}
