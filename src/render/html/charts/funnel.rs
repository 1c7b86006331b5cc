//! Rate against number of calls, each row a mark, with the limits within which a rate like the others' would
//! fall by chance.

use maud::{Markup, html};

use super::super::super::{Urgency, percent, urgency};
use super::{
    Cells, Drawing, at, columns, count, last, line, micro, name, points, room, scaled, share_ticks, short,
    text, ticks, whole_percent, word,
};
use crate::section::{Cell, Rate, Table};

const LEFT: i64 = 560;
const RIGHT: i64 = 300;
const TOP: i64 = 340;
const PLOT_WIDTH: i64 = 6600;
const PLOT_HEIGHT: i64 = 3000;
const AXIS: i64 = 520;
const LEGEND_ROW: i64 = 220;
/// Labels keep this much room to each other, in height.
const LABEL: i64 = 150;

/// One row.
struct Point {
    name: String,
    calls: u64,
    rejected: Option<u64>,
    rate: u64,
    /// The others' rate, then low and high of 95 % and of 99.8 %.
    others: Option<u64>,
    limits: [Option<u64>; 4],
    verdict: String,
}

/// The marks of verdicts; a shape tells them apart where colours do not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Diamond,
    Triangle,
    Square,
    Nabla,
    Dot,
    Ring,
}

fn shape(verdict: &str) -> Shape {
    match verdict {
        "outlier" => Shape::Diamond,
        "concentrated" => Shape::Triangle,
        "unconfirmed" => Shape::Square,
        "watch" => Shape::Nabla,
        "not_distinguishable" => Shape::Dot,
        _ => Shape::Ring,
    }
}

pub(super) fn draw(table: &Table, _id: &str, cells: &Cells<'_>) -> Option<Drawing> {
    let [resolved, rejected, rate, others] =
        columns(table, ["compared_resolved", "compared_rejected", "compared_rate", "others_rate"])?;
    let limits = columns(table, ["low_95", "high_95", "low_998", "high_998"])?;
    let [verdict] = columns(table, ["verdict"])?;
    let named = match columns(table, ["agent"]) {
        Some(it) => it.to_vec(),
        None => (0..resolved).collect(),
    };
    let point = |row: &Vec<Cell>| {
        Some(Point {
            name: name(row, &named, cells),
            calls: count(&row[resolved])?,
            rejected: count(&row[rejected]),
            rate: micro(&row[rate])?,
            others: micro(&row[others]),
            limits: limits.map(|it| micro(&row[it])),
            verdict: word(&row[verdict]).to_owned(),
        })
    };
    let mut all: Vec<Point> = table.rows.iter().filter_map(point).collect();
    if all.is_empty() {
        return None;
    }
    // Limits are joined from the fewest calls to the most; equal rows stay in the table's order.
    all.sort_by_key(|it| (it.calls, it.limits));
    let mut verdicts: Vec<&str> = all.iter().map(|it| it.verdict.as_str()).collect();
    verdicts.sort_by_key(|it| (shape(it) as u8, (*it).to_owned()));
    verdicts.dedup();

    let x_ticks = ticks(all.iter().map(|it| it.calls).max().unwrap_or(1), 8);
    let highest = all.iter().flat_map(|it| it.limits.into_iter().flatten().chain([it.rate]));
    let y_ticks = share_ticks(highest.max().unwrap_or(0));
    let plane = Plane { most_calls: last(&x_ticks), most_rate: last(&y_ticks) };
    let legend = legend(&verdicts);
    Some(Drawing {
        kind: "Funnel plot",
        desc: "Each mark is a row of the table: its rejection rate against its number of resolved calls. Rates \
               between the limits are what chance would give if the row rejected as often as the others: 95 % \
               of them lie between the inner limits, 99.8 % between the outer ones."
            .to_owned(),
        width: LEFT + PLOT_WIDTH + RIGHT,
        height: TOP + PLOT_HEIGHT + AXIS + legend.1,
        body: html! {
            (plane.axes(&x_ticks, &y_ticks))
            (plane.limits(&all))
            (plane.labels(&all))
            @for it in &all { (plane.mark(it)) }
            (legend.0)
        },
    })
}

/// The plane of calls and rates.
struct Plane {
    most_calls: u64,
    most_rate: u64,
}

impl Plane {
    fn x(&self, calls: u64) -> i64 {
        LEFT + scaled(calls, self.most_calls, PLOT_WIDTH)
    }

    fn y(&self, rate: u64) -> i64 {
        TOP + PLOT_HEIGHT - scaled(rate, self.most_rate, PLOT_HEIGHT)
    }

    fn axes(&self, x_ticks: &[u64], y_ticks: &[u64]) -> Markup {
        let bottom = TOP + PLOT_HEIGHT;
        html! {
            @for &it in y_ticks {
                (line(if it == 0 { "axis" } else { "grid" }, LEFT, self.y(it), LEFT + PLOT_WIDTH, self.y(it)))
                (text("tick", "end", LEFT - 80, self.y(it) + 40, &whole_percent(it)))
            }
            @for &it in x_ticks {
                (line("axis", self.x(it), bottom, self.x(it), bottom + 50))
                (text("tick", "middle", self.x(it), bottom + 180, &it.to_string()))
            }
            (text("axis-title", "end", LEFT + PLOT_WIDTH, bottom + 370, "Resolved calls"))
            (text("axis-title", "start", 60, TOP - 200, "Rejection rate"))
        }
    }

    fn limits(&self, all: &[Point]) -> Markup {
        let along = |of: &dyn Fn(&Point) -> Option<u64>| -> Vec<(i64, i64)> {
            all.iter().filter_map(|it| Some((self.x(it.calls), self.y(of(it)?)))).collect()
        };
        let [low, high, outer_low, outer_high] = [0, 1, 2, 3].map(|place| along(&move |it| it.limits[place]));
        let area: Vec<(i64, i64)> = low.iter().chain(high.iter().rev()).copied().collect();
        html! {
            polygon.band points=(points(&area)) {}
            @for it in [&outer_low, &outer_high] { polyline.outer-limit points=(points(it)) {} }
            @for it in [&low, &high] { polyline.limit points=(points(it)) {} }
            polyline.others points=(points(&along(&|it| it.others))) {}
        }
    }

    fn mark(&self, it: &Point) -> Markup {
        let of = match it.rejected {
            Some(rejected) => format!("{rejected} of {} calls rejected", it.calls),
            None => format!("{} calls", it.calls),
        };
        let verdict = if it.verdict.is_empty() { "no verdict" } else { &it.verdict };
        html! {
            "\n" g {
                title { (it.name) ": " (of) ", " (percent(Rate::given(it.rate).permille)) ", " (verdict) }
                (drawn(shape(&it.verdict), &it.verdict, self.x(it.calls), self.y(it.rate)))
            }
        }
    }

    /// Names of what stands out, as far as they do not cover each other.
    fn labels(&self, all: &[Point]) -> Markup {
        let stands_out =
            |it: &&Point| urgency(&it.verdict).is_some() || it.limits[3].is_some_and(|high| it.rate > high);
        let mut named: Vec<&Point> = all.iter().filter(stands_out).collect();
        named.sort_by_key(|it| std::cmp::Reverse(it.rate));
        // Marks take room as well.
        let mark = |it: &Point| (self.x(it.calls) - 70, self.x(it.calls) + 70, self.y(it.rate) + 40);
        let mut taken: Vec<(i64, i64, i64)> = all.iter().map(mark).collect();
        let mut placed = Vec::new();
        for it in named {
            let label = short(&it.name);
            let (x, y, length) = (self.x(it.calls), self.y(it.rate) + 40, room(&label));
            let goes_left = x + 110 + length > LEFT + PLOT_WIDTH + RIGHT;
            let (anchor, from) = if goes_left { ("end", x - 110 - length) } else { ("start", x + 110) };
            let is_free = |y: i64| {
                taken.iter().all(|(a, b, at)| from > *b || from + length < *a || (y - at).abs() >= LABEL)
            };
            if let Some(y) = [y, y - LABEL, y + LABEL].into_iter().find(|it| is_free(*it)) {
                taken.push((from, from + length, y));
                placed.push((anchor, if goes_left { x - 110 } else { from }, y, label));
            }
        }
        html! {
            @for (anchor, x, y, label) in &placed { (text("name", anchor, *x, *y, label)) }
        }
    }
}

/// A mark around a point.
fn drawn(shape: Shape, verdict: &str, x: i64, y: i64) -> Markup {
    let class = match urgency(verdict) {
        Some(Urgency::Alarm) => "mark alarm",
        Some(Urgency::Warning) => "mark warning",
        None if shape == Shape::Dot => "mark calm",
        None => "mark open",
    };
    let corners: &[(i64, i64)] = match shape {
        Shape::Diamond => &[(0, -65), (65, 0), (0, 65), (-65, 0)],
        Shape::Triangle => &[(0, -60), (58, 45), (-58, 45)],
        Shape::Nabla => &[(0, 60), (58, -45), (-58, -45)],
        Shape::Square => &[(-45, -45), (45, -45), (45, 45), (-45, 45)],
        Shape::Dot | Shape::Ring => &[],
    };
    let around: Vec<(i64, i64)> = corners.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
    html! {
        @if around.is_empty() {
            circle class=(class) cx=(at(x)) cy=(at(y)) r="4.5" {}
        } @else {
            polygon class=(class) points=(points(&around)) {}
        }
    }
}

/// What marks and lines mean, and its height.
fn legend(verdicts: &[&str]) -> (Markup, i64) {
    let (mut x, mut y) = (LEFT, TOP + PLOT_HEIGHT + AXIS + 60);
    let mut entries: Vec<Markup> = Vec::new();
    let mut add = |label: &str, sample: &dyn Fn(i64, i64) -> Markup| {
        let length = 300 + room(label) + 160;
        if x + length > LEFT + PLOT_WIDTH + RIGHT && x > LEFT {
            (x, y) = (LEFT, y + LEGEND_ROW);
        }
        entries.push(html! { (sample(x, y)) (text("legend", "start", x + 300, y + 40, label)) });
        x += length;
    };
    for verdict in verdicts {
        let label = if verdict.is_empty() { "no verdict" } else { verdict };
        add(label, &|x, y| drawn(shape(verdict), verdict, x + 130, y));
    }
    for (class, label) in
        [("limit", "95 % limits"), ("outer-limit", "99.8 % limits"), ("others", "the others' rate")]
    {
        add(label, &|x, y| line(class, x, y, x + 230, y));
    }
    (html! { @for it in &entries { (it) } }, y - (TOP + PLOT_HEIGHT + AXIS) + 140)
}
