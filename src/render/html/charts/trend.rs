//! Calls and rejections day by day, with the rate, and with the days on which a feed was silent.

use maud::{Markup, html};

use super::super::super::percent;
use super::{
    Cells, Drawing, at, columns, count, last, line, micro, points, rect, room, scaled, share_ticks, text,
    ticks, whole_percent, word,
};
use crate::section::{Cell, Rate, Table};

const LEFT: i64 = 560;
const RIGHT: i64 = 560;
const TOP: i64 = 420;
const PLOT_HEIGHT: i64 = 2200;
const AXIS: i64 = 440;
const LEGEND: i64 = 260;
/// The width of all days together where they are few.
const PLOT_WIDTH: i64 = 6800;
/// The width of one day: of many the least, of few the most.
const DAY: std::ops::RangeInclusive<i64> = 60..=480;

/// One row.
struct Day<'t> {
    day: &'t str,
    calls: u64,
    resolved: Option<u64>,
    rejected: u64,
    rate: Option<u64>,
    silent_feeds: u64,
    silent: String,
}

pub(super) fn draw(table: &Table, id: &str, cells: &Cells<'_>) -> Option<Drawing> {
    let [day, calls, resolved, rejected, rate, silent_feeds, silent] =
        columns(table, ["day", "calls", "resolved", "rejected", "rejection_rate", "silent_feeds", "silent"])?;
    let of_row = |row: &'_ Vec<Cell>| Numbers {
        calls: count(&row[calls]).unwrap_or(0),
        resolved: count(&row[resolved]),
        rejected: count(&row[rejected]).unwrap_or(0),
        rate: micro(&row[rate]),
        silent_feeds: count(&row[silent_feeds]).unwrap_or(0),
        silent: cells.words.cell(&row[silent]),
    };
    let days: Vec<Day<'_>> = table.rows.iter().map(|row| of_row(row).on(word(&row[day]))).collect();
    let number = i64::try_from(days.len()).ok()?;
    let step = (PLOT_WIDTH / number).clamp(*DAY.start(), *DAY.end());
    let chart = Trend {
        step,
        width: step * number,
        calls: ticks(days.iter().map(|it| it.calls).max().unwrap_or(0), 5),
        rates: share_ticks(days.iter().filter_map(|it| it.rate).max().unwrap_or(0)),
        hatch: format!("{id}-hatch"),
    };
    let any_silent = days.iter().any(|it| it.silent_feeds > 0);
    let mut desc =
        "A bar a day: all incoming calls, and in it the rejected ones. The line is the rejection rate, \
                    on the scale at the right; it breaks where no rate is known."
            .to_owned();
    if any_silent {
        desc.push_str(
            " Hatched days had silent feeds, the number of which stands above: their calls may be too few.",
        );
    }
    Some(Drawing {
        kind: "Trend",
        desc,
        width: (LEFT + chart.width + RIGHT).max(LEFT + 4200),
        height: TOP + PLOT_HEIGHT + AXIS + LEGEND,
        body: html! {
            defs {
                pattern id=(chart.hatch) width="6" height="6" patternUnits="userSpaceOnUse" {
                    path.hatch d="M-1.5 1.5l3 -3M0 6l6 -6M4.5 7.5l3 -3" {}
                }
            }
            (chart.axes())
            @for (place, day) in (0..).zip(&days) { (chart.day(place, day)) }
            (chart.rate(&days))
            (chart.day_names(&days))
            (chart.legend(any_silent))
        },
    })
}

/// What a row says of its day.
struct Numbers {
    calls: u64,
    resolved: Option<u64>,
    rejected: u64,
    rate: Option<u64>,
    silent_feeds: u64,
    silent: String,
}

impl Numbers {
    fn on(self, day: &str) -> Day<'_> {
        let Self { calls, resolved, rejected, rate, silent_feeds, silent } = self;
        Day { day, calls, resolved, rejected, rate, silent_feeds, silent }
    }
}

struct Trend {
    /// The width of a day.
    step: i64,
    width: i64,
    calls: Vec<u64>,
    rates: Vec<u64>,
    /// The id of the pattern on days of silent feeds.
    hatch: String,
}

impl Trend {
    fn x(&self, place: i64) -> i64 {
        LEFT + place * self.step
    }

    fn y(&self, value: u64, most: u64) -> i64 {
        TOP + PLOT_HEIGHT - scaled(value, most, PLOT_HEIGHT)
    }

    fn axes(&self) -> Markup {
        let (calls, rates) = (last(&self.calls), last(&self.rates));
        let end = LEFT + self.width;
        html! {
            @for &it in &self.calls {
                @let y = self.y(it, calls);
                (line(if it == 0 { "axis" } else { "grid" }, LEFT, y, end, y))
                (text("tick", "end", LEFT - 80, y + 40, &it.to_string()))
            }
            @for &it in &self.rates {
                @let y = self.y(it, rates);
                (line("axis", end, y, end + 40, y))
                (text("tick", "start", end + 80, y + 40, &whole_percent(it)))
            }
            (text("axis-title", "start", 60, TOP - 220, "Calls"))
            (text("axis-title", "end", end + RIGHT - 20, TOP - 220, "Rejection rate"))
        }
    }

    fn day(&self, place: i64, day: &Day<'_>) -> Markup {
        let most = last(&self.calls);
        let (x, bottom) = (self.x(place), TOP + PLOT_HEIGHT);
        let gap = (self.step / 8).min(30);
        let (calls, rejected) = (self.y(day.calls, most), self.y(day.rejected, most));
        html! {
            "\n" g {
                title {
                    (day.day) ": " (day.calls) " calls, " (day.rejected) " rejected"
                    @if let Some(resolved) = day.resolved { " of " (resolved) " resolved" }
                    @if let Some(rate) = day.rate { ", " (percent(Rate::given(rate).permille)) }
                    @if day.silent_feeds > 0 { "; silent: " (day.silent) }
                }
                // The whole height answers to a pointer.
                (rect("nothing", x, TOP, self.step, PLOT_HEIGHT))
                (rect("calls", x + gap, calls, self.step - 2 * gap, bottom - calls))
                (rect("rejected", x + gap, rejected, self.step - 2 * gap, bottom - rejected))
                @if day.silent_feeds > 0 {
                    rect fill={ "url(#" (self.hatch) ")" } x=(at(x)) y=(at(TOP)) width=(at(self.step))
                        height=(at(PLOT_HEIGHT)) {}
                    (rect("silent-day", x, TOP, self.step, PLOT_HEIGHT))
                    (text("silent", "middle", x + self.step / 2, TOP - 50, &day.silent_feeds.to_string()))
                }
            }
        }
    }

    /// The line of rates, broken at days without one.
    fn rate(&self, days: &[Day<'_>]) -> Markup {
        let most = last(&self.rates);
        let placed: Vec<Option<(i64, i64)>> = (0..)
            .zip(days)
            .map(|(place, day)| Some((self.x(place) + self.step / 2, self.y(day.rate?, most))))
            .collect();
        let runs = placed.split(Option::is_none).map(|run| run.iter().flatten().copied().collect::<Vec<_>>());
        html! {
            @for run in runs.filter(|it| !it.is_empty()) {
                polyline.rate-line points=(points(&run)) {}
                @if self.step >= 140 || run.len() == 1 {
                    @for (x, y) in run { circle.rate-dot cx=(at(x)) cy=(at(y)) r="2.6" {} }
                }
            }
        }
    }

    /// Dates under the days, as many as there is room for.
    fn day_names(&self, days: &[Day<'_>]) -> Markup {
        let every = usize::try_from((440 / self.step).max(0)).unwrap_or(0) + 1;
        let bottom = TOP + PLOT_HEIGHT;
        html! {
            @for (place, day) in (0..).zip(days).step_by(every) {
                @let x = self.x(place) + self.step / 2;
                (line("axis", x, bottom, x, bottom + 50))
                (text("tick", "middle", x, bottom + 180, month_and_day(day.day)))
            }
        }
    }

    fn legend(&self, any_silent: bool) -> Markup {
        let y = TOP + PLOT_HEIGHT + AXIS;
        let mut x = LEFT;
        let mut entries = Vec::new();
        let mut add = |label: &str, sample: Markup| {
            entries.push(html! {
                g transform={ "translate(" (at(x)) " 0)" } { (sample) }
                (text("legend", "start", x + 300, y + 40, label))
            });
            x += 300 + room(label) + 200;
        };
        add("calls", rect("calls", 0, y - 60, 220, 120));
        add("rejected", rect("rejected", 0, y - 60, 220, 120));
        add("rejection rate", line("rate-line", 0, y, 220, y));
        if any_silent {
            let hatched = html! {
                rect fill={ "url(#" (self.hatch) ")" } x="0" y=(at(y - 60)) width="22" height="12" {}
                (rect("silent-day", 0, y - 60, 220, 120))
            };
            add("day with silent feeds", hatched);
        }
        html! { @for it in &entries { (it) } }
    }
}

/// `2026-05-24` as `05-24`.
fn month_and_day(day: &str) -> &str {
    day.split_once('-').map_or(day, |it| it.1)
}
