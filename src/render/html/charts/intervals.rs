//! A rate and its interval as a bar in the row that has them, all rows on one scale from 0 to 100 %.

use maud::{Markup, html};

use super::{at, columns, line, micro, scaled};
use crate::section::{Cell, Chart, Table};

const WIDTH: i64 = 1300;
const HEIGHT: i64 = 160;
/// Keeps marks at both ends whole.
const MARGIN: i64 = 50;

pub(in super::super) struct Intervals {
    /// The column behind which the bars stand.
    pub(in super::super) after: usize,
    places: [usize; 3],
    title_id: String,
}

impl Intervals {
    /// Characters that the column takes on paper.
    pub(in super::super) const PRINTED: usize = 20;

    /// The bars of a table that asks for them and shows the rate.
    pub(in super::super) fn of(table: &Table, shown: &[usize], id: &str) -> Option<Self> {
        if table.chart != Some(Chart::Intervals) {
            return None;
        }
        let places = columns(table, ["rejection_rate", "rejection_rate_low", "rejection_rate_high"])?;
        let [rate, low, high] = places;
        let after = [high, low, rate].into_iter().find(|it| shown.contains(it))?;
        Some(Self { after, places, title_id: format!("{id}-bars") })
    }

    pub(in super::super) fn head(&self) -> Markup {
        let end = WIDTH - MARGIN;
        html! {
            svg.bars width=(WIDTH / 10) height="14" viewBox={ "0 0 " (WIDTH / 10) " 14" }
                role="img" aria-labelledby=(self.title_id) {
                title id=(self.title_id) { "The rate as a dot on its 95 % interval, from 0 to 100 %" }
                (super::text("tick", "start", 0, 110, "0"))
                (super::text("tick", "middle", WIDTH / 2, 110, "50"))
                (super::text("tick", "end", end + MARGIN, 110, "100 %"))
            }
        }
    }

    /// The bar of one row; the numbers stand beside it, so that it says nothing to who cannot see it.
    pub(in super::super) fn bar(&self, row: &[Cell]) -> Markup {
        let place = |micro: u64| MARGIN + scaled(micro.min(1_000_000), 1_000_000, WIDTH - 2 * MARGIN);
        let [rate, low, high] = self.places.map(|it| micro(&row[it]).map(place));
        let middle = HEIGHT / 2;
        html! {
            svg.bars width=(WIDTH / 10) height=(HEIGHT / 10)
                viewBox={ "0 0 " (WIDTH / 10) " " (HEIGHT / 10) } aria-hidden="true" {
                (line("rule", MARGIN, middle, WIDTH - MARGIN, middle))
                @for share in [0, 500_000, 1_000_000] {
                    (line("rule", place(share), middle - 30, place(share), middle + 30))
                }
                @if let (Some(low), Some(high)) = (low, high) { (line("interval", low, middle, high, middle)) }
                @if let Some(rate) = rate { circle.rate cx=(at(rate)) cy=(at(middle)) r="4" {} }
            }
        }
    }
}
