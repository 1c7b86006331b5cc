//! Pages, read back by a parser that reads them as a browser does.

use std::collections::{BTreeMap, BTreeSet};

use scraper::{ElementRef, Html, Selector};

use super::super::samples::{AT, by, charts, hostile_names, ordinary, text, unescaped};
use super::super::{Format, width::width};
use super::*;
use crate::definitions::column;
use crate::section::{Chart, Column, Part, Shown};
use crate::zone::Zone;

#[track_caller]
fn page_with(doc: &Document, columns: &[String]) -> Html {
    let zone = Zone::utc();
    let style = Style { zone: &zone, width: None, color: false, csv_raw: false, section: None, columns };
    let mut out = Vec::new();
    super::super::render(doc, Format::Html, &style, &mut out).unwrap();
    let page = Html::parse_document(std::str::from_utf8(&out).unwrap());
    assert_eq!(page.errors, Vec::<std::borrow::Cow<'_, str>>::new());
    page
}

#[track_caller]
fn page(doc: &Document) -> Html {
    page_with(doc, &[])
}

fn all<'p>(page: &'p Html, selector: &str) -> Vec<ElementRef<'p>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

fn texts(page: &Html, selector: &str) -> Vec<String> {
    all(page, selector).into_iter().map(|it| it.text().collect()).collect()
}

/// One attribute of each element.
fn attributes(page: &Html, selector: &str, name: &str) -> Vec<String> {
    all(page, selector).into_iter().filter_map(|it| it.attr(name)).map(str::to_owned).collect()
}

/// How often each element stands in a page, with all its attributes and their values.
fn markup(page: &Html) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for it in all(page, "*") {
        let attributes: BTreeMap<&str, &str> = it.value().attrs().collect();
        *counts.entry(format!("{} {attributes:?}", it.value().name())).or_default() += 1;
    }
    counts
}

/// As many names that mean no harm and take as much room.
fn harmless() -> Vec<String> {
    let shown = |name: &String| if name.trim().is_empty() { format!("\"{name}\"") } else { name.clone() };
    let letters = ('a'..='z').chain('A'..='Z').map(String::from);
    let names: Vec<String> = hostile_names()
        .iter()
        .zip(letters)
        .map(|(name, letter)| letter.repeat(width(&escape::html(&shown(name)))))
        .collect();
    assert_eq!(names.len(), hostile_names().len());
    names
}

#[test]
fn no_name_changes_the_markup() {
    for doc in [by, charts] {
        let (hostile, harmless) = (markup(&page(&doc(&hostile_names()))), markup(&page(&doc(&harmless()))));
        let differ: Vec<_> = hostile.iter().filter(|(it, n)| harmless.get(*it) != Some(n)).collect();
        // Words of the sample are names as well, and one of them is a word of ours that is marked.
        let marked = |it: &str| it.starts_with("span {\"class\": \"alarm\"}");
        assert!(differ.iter().all(|(it, _)| marked(it)), "{differ:#?}");
        assert!(harmless.keys().all(|it| hostile.contains_key(it)));
    }
}

#[test]
fn names_read_back() {
    let names = hostile_names();
    let shown = texts(&page(&by(&names)), "table.data tbody th[scope=row] > bdi");
    assert_eq!(shown.len(), names.len());
    for (shown, name) in shown.iter().zip(&names) {
        let shown = if name.trim().is_empty() { shown.trim_matches('"') } else { shown };
        assert_eq!(&unescaped(shown), name);
    }
}

#[test]
fn pages_ask_for_nothing() {
    for doc in [by(&hostile_names()), charts(&hostile_names()), ordinary()] {
        let page = page(&doc);
        for it in all(&page, "*") {
            for (name, value) in it.value().attrs() {
                let value = value.to_ascii_lowercase();
                assert!(!name.starts_with("on") && name != "style" && name != "src", "{name}");
                assert!(
                    !value.contains("http") && !value.contains("javascript") && !value.contains("//"),
                    "{value}"
                );
                assert!(name != "href" || value.starts_with('#') || value == "data:,", "{value}");
                assert!(!value.contains("url(") || value.starts_with("url(#"), "{value}");
            }
        }
        assert_eq!(texts(&page, "script"), [SCRIPT]);
        assert_eq!(texts(&page, "style"), [STYLE]);
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && !SCRIPT.contains("fetch"));
        let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
        let policy = &attributes(&page, "meta[http-equiv]", "content")[0];
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(policy.contains(&format!("script-src 'sha256-{}'", hash(SCRIPT))), "{policy}");
        assert!(policy.contains(&format!("style-src 'sha256-{}'", hash(STYLE))), "{policy}");
        assert!(!policy.contains("unsafe"));
    }
}

#[test]
fn every_link_has_its_place_and_every_id_is_one() {
    for doc in [by(&hostile_names()), charts(&harmless()), ordinary()] {
        let page = page(&doc);
        let ids = attributes(&page, "[id]", "id");
        let known: BTreeSet<&str> = ids.iter().map(String::as_str).collect();
        assert_eq!(known.len(), ids.len());
        for link in attributes(&page, "a", "href") {
            assert!(known.contains(&link[1..]), "{link}");
        }
        for name in ["for", "aria-labelledby"] {
            for ids in attributes(&page, &format!("[{name}]"), name) {
                assert!(ids.split(' ').all(|it| known.contains(it)), "{name} {ids}");
            }
        }
    }
}

#[test]
fn figures_are_defined_where_they_are_shown() {
    let page = page(&ordinary());
    let links = attributes(&page, "thead a.def", "href");
    assert_eq!(links[..3], ["#def-agent", "#def-calls", "#def-rejection_rate"]);
    // Of the books those that are on the page, and nothing of other reports.
    assert!(attributes(&page, "#books a.def", "href").contains(&"#def-lines.total".to_owned()));
    assert!(!attributes(&page, "#definitions .figure", "id").contains(&"def-score".to_owned()));
    let definition = texts(&page, "[id='def-rejection_rate']").concat();
    assert!(definition.contains("Rejection rate") && definition.contains("resolved"), "{definition}");
    assert!(definition.contains("share, 0 to 1"), "{definition}");
}

#[test]
fn a_table_in_a_page() {
    let page = page(&ordinary());
    assert_eq!(texts(&page, "h1"), ["KPI"]);
    assert_eq!(texts(&page, "title").len(), 1 + all(&page, "svg title").len());
    let titles =
        ["Summary", "Incoming calls by agent", "Outgoing", "Notes", "Definitions", "Books and parameters"];
    assert_eq!(texts(&page, "nav a"), titles);
    assert_eq!(
        texts(&page, "#summary p"),
        ["Read 40 lines, the first of 2026-05-24 08:35:18.", "One agent stands out."]
    );
    assert_eq!(attributes(&page, "#summary time", "datetime"), ["2026-05-24T08:35:18.000+00:00"]);
    let heads = ["Agent", "Calls", "Rejection rate", "Flag", "Talk", "Weight", "Last call", "Consistent"];
    assert_eq!(texts(&page, "#section-rows thead .name"), heads, "nothing that is only for requests");
    let sorts = ["text", "number", "number", "text", "number", "number", "number", "text"];
    assert_eq!(attributes(&page, "#section-rows thead th", "data-sort"), sorts);
    let cells = ["12", "83.3 %", "high_rejection", "3 m 05 s", "66.7", "2026-05-24 08:35:18", "yes"];
    assert_eq!(texts(&page, "#section-rows tbody tr:first-child td"), cells);
    let values = ["833333", "185000", "1779611718000"];
    assert_eq!(attributes(&page, "#section-rows tbody tr:first-child td", "data-v"), values);
    assert_eq!(all(&page, "#section-rows tbody td[data-none]").len(), 3);
    assert_eq!(texts(&page, "tfoot th"), ["Total"]);
    assert_eq!(texts(&page, "#section-outgoing .empty"), ["No outgoing calls."]);
    assert_eq!(texts(&page, ".notice"), ["1 note on what could not be known, or needs care"]);
    assert_eq!(all(&page, "#notes li").len(), 1);
    assert_eq!(texts(&page, "#books dt code"), ["lines.total", "lines.blank", "tz", "top"]);
}

#[test]
fn a_page_without_sentences_has_no_summary() {
    let one = Table { columns: vec![column("calls", Shown::Always)], ..Table::default() };
    let page = page(&single(Table { rows: vec![vec![Cell::Count(1)]], ..one }));
    assert!(!texts(&page, "nav a").contains(&"Summary".to_owned()));
    assert!(all(&page, "#summary").is_empty());
    assert_eq!(all(&page, "table.data").len(), 1);
}

#[test]
fn asked_columns_stand_in_their_order() {
    let columns = ["evidence", "agent"].map(str::to_owned);
    let page = page_with(&ordinary(), &columns);
    assert_eq!(texts(&page, "#section-rows thead .name"), ["evidence", "Agent"]);
    let first = texts(&page, "#section-rows tbody th").swap_remove(0);
    assert_eq!(first, "may.ndjson:3, may.ndjson:17");
}

#[test]
fn paper_leaves_out_what_it_has_no_room_for() {
    let wide = |columns: usize| {
        let keys = ["agent", "calls", "answered", "rejected"];
        let column = |it: usize| Column { key: keys[it.min(3)], title: "", shown: Shown::IfWide(it as u8) };
        let table = Table {
            columns: (0..columns).map(column).collect(),
            rows: vec![vec![Cell::word("as wide as columns may be"); columns]],
            ..Table::default()
        };
        page(&single(table))
    };
    // 24 characters and 2 of margin: four columns fit upright, six across.
    for (columns, across, unprinted) in [(4, 0, 0), (5, 1, 0), (6, 1, 0), (7, 1, 1), (9, 1, 3)] {
        let page = wide(columns);
        assert_eq!(all(&page, "section.across").len(), across, "{columns}");
        assert_eq!(all(&page, "thead th.u").len(), unprinted, "{columns}");
        assert_eq!(all(&page, ".only-printed").len(), usize::from(unprinted > 0), "{columns}");
        // The least important are left out.
        assert_eq!(all(&page, "thead th.u:last-child").len(), usize::from(unprinted > 0), "{columns}");
    }
}

#[test]
fn keys_in_words() {
    for (key, words) in [
        ("kpi_by_agent", "KPI by agent"),
        ("vip_unanswered", "VIP unanswered"),
        ("frustration", "Frustration"),
        ("", ""),
    ] {
        assert_eq!(in_words(key), words);
    }
}

// Charts.

fn single(table: Table) -> Document {
    let part = Part { path: vec!["rows"], body: Body::Rows(table) };
    Document { schema: "callsift.test/1".into(), parts: vec![part], ..Document::default() }
}

fn table(chart: Chart, keys: &[&'static str], rows: Vec<Vec<Cell>>) -> Table {
    let columns = keys.iter().map(|it| column(it, Shown::Always)).collect();
    Table { columns, rows, chart: Some(chart), ..Table::default() }
}

#[test]
fn every_chart_has_a_title_words_and_its_table() {
    let page = page(&charts(&harmless()));
    assert_eq!(all(&page, "figure.chart > .scroll > svg[role=img]").len(), 5);
    assert_eq!(all(&page, "figure.chart svg > title").len(), 5);
    assert!(texts(&page, "figure.chart svg > desc").iter().all(|it| it.len() > 40));
    assert_eq!(all(&page, "figure.chart + details table.data").len(), 5);
    // A bar in each row, the total's included, and the scale above them.
    assert_eq!(all(&page, "svg.bars").len(), harmless().len() + 2);
}

#[test]
fn a_chart_without_its_columns_is_not_drawn() {
    for part in charts(&harmless()).parts {
        let Body::Rows(whole) = part.body else { unreachable!() };
        for place in 0..whole.columns.len() {
            let key = whole.columns[place].key;
            // Bars stand beside numbers that need not be shown, and rows can be named by any column.
            let needed = match whole.chart {
                Some(Chart::Intervals) => key.starts_with("rejection_rate"),
                Some(Chart::Funnel) => key != "agent",
                _ => true,
            };
            let mut table = whole.clone();
            table.columns.remove(place);
            table.rows.iter_mut().chain(&mut table.total).for_each(|row| drop(row.remove(place)));
            let page = page(&single(table));
            assert_eq!(all(&page, ".chart, .bars").is_empty(), needed, "{:?} without {key}", whole.chart);
            assert_eq!(all(&page, "table.data").len(), 1);
        }
    }
}

#[test]
fn a_waterfall_to_scale() {
    let row = |step: &str, unit: &str, change: Option<i64>, level| {
        vec![Cell::word(step), Cell::word(unit), Cell::opt(change, Cell::Signed), Cell::Count(level)]
    };
    let rows = vec![
        row("read", "lines", None, 100),
        row("blank", "lines", Some(-25), 75),
        row("found", "lines", Some(5), 80),
        row("events", "events", None, 40),
    ];
    let page = page(&single(table(Chart::Waterfall, &["step", "unit", "change", "remaining"], rows)));
    // 420 units for the greatest level, from 190 on.
    let places = |class: &str| {
        let [x, width] = ["x", "width"].map(|it| attributes(&page, &format!("rect.{class}"), it));
        x.into_iter().zip(width).collect::<Vec<_>>()
    };
    let pair = |x: &str, width: &str| (x.to_owned(), width.to_owned());
    assert_eq!(places("level"), [pair("190.0", "420.0"), pair("190.0", "420.0")], "each unit has its scale");
    assert_eq!(places("taken"), [pair("505.0", "105.0")]);
    assert_eq!(places("added"), [pair("505.0", "21.0")]);
    assert_eq!(texts(&page, "text.change"), ["−25", "+5"]);
    assert_eq!(texts(&page, "text.value"), ["100", "40"]);
}

#[test]
fn intervals_on_one_scale() {
    let keys = ["agent", "rejection_rate", "rejection_rate_low", "rejection_rate_high"];
    let row = |rate, low, high| vec![text("a"), rate, low, high];
    let share = |of| Cell::share(of, 10);
    let rows = vec![
        row(share(5), share(2), share(10)),
        row(Cell::Missing, Cell::Missing, Cell::Missing),
        row(share(0), share(0), share(3)),
    ];
    let page = page(&single(table(Chart::Intervals, &keys, rows)));
    // 0 to 100 % is 5 to 125.
    assert_eq!(attributes(&page, "tbody .rate", "cx"), ["65.0", "5.0"]);
    assert_eq!(attributes(&page, "tbody .interval", "x1"), ["29.0", "5.0"]);
    assert_eq!(attributes(&page, "tbody .interval", "x2"), ["125.0", "41.0"]);
    assert_eq!(all(&page, "td.bar").len(), 3);
}

#[test]
fn a_funnel_with_its_limits() {
    let keys = [
        "agent",
        "compared_resolved",
        "compared_rejected",
        "compared_rate",
        "others_rate",
        "low_95",
        "high_95",
        "low_998",
        "high_998",
        "verdict",
    ];
    let row = |name: &str, calls: u64, rejected: u64, limits: [u64; 4], verdict: &str| {
        let mut row =
            vec![text(name), Cell::Count(calls), Cell::Count(rejected), Cell::share(rejected, calls)];
        row.push(Cell::share(20, 100));
        row.extend(limits.map(|it| Cell::share(it, 100)));
        row.push(Cell::word(verdict));
        row
    };
    let rows = vec![
        row("Many", 80, 40, [10, 30, 5, 40], "outlier"),
        row("Few", 20, 4, [0, 40, 0, 60], "not_distinguishable"),
    ];
    let page = page(&single(table(Chart::Funnel, &keys, rows)));
    // 660 units for 80 calls from 56 on; 300 for 60 % up from 334.
    assert_eq!(attributes(&page, "circle.calm", "cx")[0], "221.0");
    assert_eq!(attributes(&page, "circle.calm", "cy")[0], "234.0", "20 % is a third of the height");
    assert!(
        attributes(&page, "polygon.alarm", "points")[0].starts_with("716.0,77.5 "),
        "50 %, its upper corner"
    );
    let limits = attributes(&page, "polyline.limit", "points");
    assert_eq!(limits, ["221.0,334.0 716.0,284.0", "221.0,134.0 716.0,184.0"], "from few calls to many");
    let outer = attributes(&page, "polyline.outer-limit", "points");
    assert_eq!(outer, ["221.0,334.0 716.0,309.0", "221.0,34.0 716.0,134.0"]);
    assert_eq!(texts(&page, "svg text.name"), ["Many"], "only what stands out is named");
    // Where there is no room at its right, a name ends 11 units before its mark, and 4 below it.
    let label = ["x", "y", "text-anchor"].map(|it| attributes(&page, "svg text.name", it).concat());
    assert_eq!(label, ["705.0", "88.0", "end"]);
    // Before a label are 30 units, behind it 16, and 6.6 for each of its 7, 19, 11 and 13 letters.
    let legend = attributes(&page, "svg text.legend", "x");
    assert_eq!(legend, ["86.0", "178.2", "349.6", "468.2", "600.0"]);
    let size = ["width", "height"].map(|it| attributes(&page, "figure svg", it).concat());
    assert_eq!(size, ["746", "406"]);
    assert_eq!(texts(&page, "g > title")[1], "Many: 40 of 80 calls rejected, 50.0 %, outlier");
}

#[test]
fn a_heat_map_of_hours() {
    let keys = ["weekday", "hour", "resolved", "rejected", "rejection_rate"];
    let row = |day: &str, hour: &str, resolved, rejected| {
        let rate = Cell::share(rejected, resolved);
        vec![Cell::word(day), Cell::word(hour), Cell::Count(resolved), Cell::Count(rejected), rate]
    };
    let rows = vec![
        row("2-Tue", "09", 10, 7),
        row("1-Mon", "00", 4, 1),
        row("1-Mon", "23", 3, 0),
        row("1-Mon", "22", 0, 0),
    ];
    let page = page(&single(table(Chart::HeatMap, &keys, rows)));
    assert_eq!(texts(&page, "svg text.on"), ["7", "1", "–"], "nothing stands where nothing was");
    assert_eq!(attributes(&page, "g > rect", "class"), ["shade s7", "shade s1", "shade s0", "shade s0"]);
    // Hours are 29 units wide from 48 on, weekdays as high from 26 on.
    assert_eq!(attributes(&page, "g > rect", "x"), ["309.0", "48.0", "715.0", "686.0"]);
    assert_eq!(attributes(&page, "g > rect", "y"), ["55.0", "26.0", "26.0", "26.0"]);
    assert_eq!(texts(&page, "g > title")[0], "Tue 09:00, 7 of 10 rejected, 70.0 %");
}

#[test]
fn a_trend_with_silent_days() {
    let keys = ["day", "calls", "resolved", "rejected", "rejection_rate", "silent_feeds", "silent"];
    let row = |day: &str, calls, rejected, silent: u64| {
        let list = Cell::List(vec![text("loans"); silent as usize]);
        let rate = Cell::share(rejected, calls);
        let counts = [calls, calls, rejected].map(Cell::Count);
        let mut row = vec![Cell::word(day)];
        row.extend(counts);
        row.extend([rate, Cell::Count(silent), list]);
        row
    };
    let rows = vec![
        row("2026-05-01", 50, 10, 0),
        row("2026-05-02", 0, 0, 1),
        row("2026-05-03", 25, 10, 0),
        row("2026-05-04", 25, 0, 0),
    ];
    let page = page(&single(table(Chart::Trend, &keys, rows)));
    // 220 units for 50 calls and for 40 %; days of 48 units.
    assert_eq!(attributes(&page, "g > rect.calls", "height")[..4], ["220.0", "0.0", "110.0", "110.0"]);
    assert_eq!(attributes(&page, "g > rect.rejected", "height")[..4], ["44.0", "0.0", "44.0", "0.0"]);
    let lines = attributes(&page, "polyline.rate-line", "points");
    assert_eq!(lines, ["80.0,152.0", "176.0,42.0 224.0,262.0"], "the line breaks where no rate is known");
    assert_eq!(texts(&page, "text.silent"), ["1"]);
    assert_eq!(attributes(&page, "rect.silent-day", "x")[0], "104.0");
    assert!(texts(&page, "g > title")[1].ends_with("; silent: loans"));
    assert_eq!(texts(&page, "text.legend").last().unwrap(), "day with silent feeds");
    // Before a label are 30 units, behind it 20, and 6.6 for each of its 5, 8 and 14 letters.
    assert_eq!(attributes(&page, "text.legend", "x"), ["86.0", "169.0", "271.8", "414.2"]);
    let size = ["width", "height"].map(|it| attributes(&page, "figure svg", it).concat());
    assert_eq!(size, ["476", "332"], "the least width has room for the legend");
}

#[test]
fn a_time_line_in_the_report_s_zone() {
    let keys = ["provider", "instance", "first_at", "last_at", "orphans", "rejections"];
    let row = |instance: &str, first: i64, last: i64| {
        let at = [first, last].map(Cell::Instant);
        let mut row = vec![Cell::word("wawp"), text(instance)];
        row.extend(at);
        row.extend([Cell::Count(3), Cell::Count(4)]);
        row
    };
    const HOUR: i64 = 3_600_000;
    let midnight = AT / (24 * HOUR) * 24 * HOUR;
    let rows = vec![
        row("a", midnight + 6 * HOUR, midnight + 12 * HOUR),
        row("b", midnight + 18 * HOUR, midnight + 18 * HOUR),
        row("a", midnight, midnight + 1),
    ];
    let page = page(&single(table(Chart::TimeLine, &keys, rows)));
    // A day is 540 units, from 200 on; lanes are 34 units high.
    assert_eq!(attributes(&page, "rect.span", "x"), ["335.0", "605.0", "200.0"]);
    assert_eq!(attributes(&page, "rect.span", "width"), ["135.0", "5.0", "5.0"]);
    assert_eq!(attributes(&page, "rect.span", "y"), ["24.0", "58.0", "24.0"]);
    assert_eq!(texts(&page, "svg text.name"), ["wawp a", "wawp b"]);
    assert_eq!(texts(&page, "svg text.tick")[..3], ["00:00", "03:00", "06:00"]);
    assert_eq!(texts(&page, "svg text.axis-title"), ["2026-05-24"]);
}

#[test]
fn no_number_breaks_a_chart() {
    let extreme = |cell: &Cell| match cell {
        Cell::Count(_) => Cell::Count(u64::MAX),
        Cell::Signed(_) => Cell::Signed(i64::MIN),
        Cell::Instant(_) => Cell::Instant(i64::MAX),
        other => other.clone(),
    };
    let nothing = |_: &Cell| Cell::Missing;
    for change in [&extreme as &dyn Fn(&Cell) -> Cell, &nothing] {
        let mut doc = charts(&harmless());
        for part in &mut doc.parts {
            let Body::Rows(table) = &mut part.body else { continue };
            for cell in table.rows.iter_mut().flatten() {
                *cell = change(cell);
            }
        }
        page(&doc);
    }
}
