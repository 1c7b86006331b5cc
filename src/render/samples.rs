//! The two documents that every format is tested with: an ordinary one, and one by strangers who
//! mean harm.

use crate::section::{Body, Cell, Chart, Column, Document, Part, Person, Piece, Shown, Table, say};
use crate::text::Text;

/// 2026-05-24T08:35:18Z.
pub(super) const AT: i64 = 1_779_611_718_000;

pub(super) fn text(text: &str) -> Cell {
    Cell::Text(Text::new(text))
}

pub(super) fn column(key: &'static str, title: &'static str, shown: Shown) -> Column {
    Column { key, title, shown }
}

pub(super) fn fields(fields: &[(&str, Cell)]) -> Vec<(String, Cell)> {
    fields.iter().map(|(key, cell)| ((*key).to_owned(), cell.clone())).collect()
}

pub(super) fn evidence(file: &str, line: u64) -> Cell {
    Cell::Record(fields(&[("file", text(file)), ("line", Cell::Count(line))]))
}

/// Rates of two agents, of calls both ways, as `kpi` gives them.
pub(super) fn ordinary() -> Document {
    let agents = Table {
        title: "Incoming calls by agent".into(),
        columns: vec![
            column("agent", "Agent", Shown::Always),
            column("calls", "Calls", Shown::Always),
            column("rejection_rate", "Rejection rate", Shown::Always),
            column("flag", "Flag", Shown::Always),
            column("talk_p50_ms", "Talk", Shown::IfWide(2)),
            column("weight", "Weight", Shown::IfWide(1)),
            column("last_at", "Last call", Shown::IfWide(3)),
            column("consistent", "Consistent", Shown::IfWide(4)),
            column("evidence", "", Shown::OnRequest),
        ],
        rows: vec![
            vec![
                text("Asha Rao"),
                Cell::Count(12),
                Cell::share(10, 12),
                Cell::word("high_rejection"),
                Cell::Millis(185_000),
                Cell::Tenths(667),
                Cell::Instant(AT),
                Cell::Bool(true),
                Cell::List(vec![evidence("may.ndjson", 3), evidence("may.ndjson", 17)]),
            ],
            vec![
                text("Zoë Müller"),
                Cell::Count(7),
                Cell::share(0, 7),
                Cell::Missing,
                Cell::Missing,
                Cell::Tenths(0),
                Cell::Missing,
                Cell::Bool(false),
                Cell::List(vec![]),
            ],
        ],
        left_out: 0,
        total: Some(vec![
            Cell::Missing,
            Cell::Count(19),
            Cell::share(10, 19),
            Cell::Missing,
            Cell::Millis(185_000),
            Cell::Missing,
            Cell::Missing,
            Cell::Missing,
            Cell::Missing,
        ]),
        empty: "No incoming calls.".into(),
        reading: vec!["Rate: rejected of all resolved calls.".into()],
        chart: None,
    };
    let outgoing = Table {
        title: "Outgoing calls".into(),
        columns: vec![column("agent", "Agent", Shown::Always)],
        empty: "No outgoing calls.".into(),
        ..Table::default()
    };
    Document {
        schema: "callsift.kpi/1".into(),
        parameters: fields(&[("tz", Cell::word("Europe/Berlin")), ("top", Cell::Missing)]),
        accounting: fields(&[(
            "lines",
            Cell::Record(fields(&[("total", Cell::Count(40)), ("blank", Cell::Count(1))])),
        )]),
        preface: vec![vec![
            Piece::Say("Read 40 lines, the first of ".into()),
            Piece::Value(Cell::Instant(AT)),
            Piece::Say(".".into()),
        ]],
        parts: vec![
            Part {
                path: vec!["by"],
                body: Body::Value(Cell::List(vec![Cell::word("agent"), Cell::word("team")])),
            },
            Part { path: vec!["rows"], body: Body::Rows(agents) },
            Part { path: vec!["outgoing", "rows"], body: Body::Rows(outgoing) },
            Part { path: vec!["findings"], body: Body::Sentences(vec![say("One agent stands out.")]) },
        ],
        notes: vec![vec![
            Piece::Say("Instance ".into()),
            Piece::Value(text("delhi-1")),
            Piece::Say(" showed no offers in ".into()),
            Piece::Value(Cell::share(1, 3)),
            Piece::Say(" of its hours, so that its calls are unrated.".into()),
        ]],
    }
}

/// Names that attack one sink or another, or that are merely hard to show.
pub(super) fn hostile_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "",
        "   ",
        "–",
        "-",
        "say \"hi\", ok",
        "it's",
        "<script>alert(1)</script>",
        "</td><img src=x onerror=alert(1)>",
        "=HYPERLINK(\"http://x\",\"y\")",
        "=1+1;=2+2",
        "@SUM(1+1)",
        "-2+3",
        "+1-1",
        "\t=1+1",
        "＝1+1",
        "'=1+1",
        "+4915112345678",
        "\u{1b}[31mred\u{1b}[0m\u{1b}[2K\r",
        "\u{1b}]52;c;aGFjaw==\u{7}",
        "\u{1b}]0;title\u{1b}\\",
        "\u{9b}2J\u{85}\u{7f}\0",
        "a\u{202e}gpj.exe",
        "\u{2066}isolate\u{2069}",
        "zero\u{200b}width\u{feff}\u{2060}",
        "zerowidth",
        "\u{2061}red\u{206f}",
        "tag\u{e0041}\u{e007f}",
        "a|b|c",
        "\\| \\",
        "line one\nline two\r\n| x | y |\n\n# heading",
        "separator\u{2028}\u{2029}",
        "[link](javascript:alert(1)) ![i](http://x/y.png) http://x.example www.x.example",
        "mail@example.com @user",
        "**bold** _it_ `code` ~~gone~~",
        "\\u{202e}",
        "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466} 👍🏽 🇮🇳 日本語",
        "नमस्ते العربية",
        "high_rejection",
    ]
    .map(str::to_owned)
    .into();
    let long = "Bartholomew ".repeat(25);
    names.push(format!("{long}A"));
    // Differs in its middle, where long names are cut.
    names.push(format!("{}X{}A", &long[..150], &long[151..]));
    names.push("x".repeat(300));
    names.push("😀".repeat(150));
    names.push(format!("Z{}", "\u{30d}".repeat(100)));
    names
}

/// Hostile names wherever a document can hold text.
pub(super) fn hostile() -> Document {
    by(&hostile_names())
}

/// Names wherever a document can hold text.
pub(super) fn by(names: &[String]) -> Document {
    let row = |(place, name): (usize, &String)| {
        vec![
            text(name),
            Cell::Count(place as u64),
            Cell::Word(name.clone()),
            Cell::List(vec![text(name), Cell::Missing, text(name)]),
            Cell::Record(fields(&[("name", text(name)), ("n", Cell::Count(1))])),
            evidence(name, 7),
        ]
    };
    let table = Table {
        title: "Customers".into(),
        columns: vec![
            column("customer", "Customer", Shown::Always),
            column("calls", "Calls", Shown::Always),
            column("word", "", Shown::IfWide(1)),
            column("list", "", Shown::IfWide(2)),
            column("record", "", Shown::IfWide(3)),
            column("evidence", "", Shown::OnRequest),
        ],
        rows: names.iter().enumerate().map(row).collect(),
        ..Table::default()
    };
    let sentence = |name: &String| vec![Piece::Value(text(name)), Piece::Say(" called.".into())];
    Document {
        schema: "callsift.frustration/1".into(),
        preface: names.iter().map(sentence).collect(),
        parts: vec![Part { path: vec!["frustration", "rows"], body: Body::Rows(table) }],
        notes: names.iter().map(sentence).collect(),
        ..Document::default()
    }
}

/// A month in which every chart is drawn, its agents and lines called by these names.
pub(super) fn charts(names: &[String]) -> Document {
    let part = |path: &[&'static str], table: Table| Part { path: path.to_vec(), body: Body::Rows(table) };
    Document {
        schema: "callsift.pack/1".into(),
        parameters: fields(&[("tz", Cell::word("UTC"))]),
        accounting: fields(&[(
            "lines",
            Cell::Record(fields(&[("total", Cell::Count(2184)), ("call", Cell::Count(1915))])),
        )]),
        preface: vec![
            vec![
                Piece::Say("Calls from ".into()),
                Piece::Value(Cell::Instant(AT)),
                Piece::Say(" to ".into()),
                Piece::Value(Cell::Instant(AT + 6 * 86_400_000)),
                Piece::Say(".".into()),
            ],
            say("What stands out:"),
            say("- One agent. `callsift explain` tells more."),
            vec![Piece::Say("- ".into()), Piece::Line(text(&names[0]))],
        ],
        parts: vec![
            part(&["books", "rows"], waterfall()),
            part(&["kpi_by_agent", "rows"], intervals(names)),
            part(&["kpi_by_agent", "funnel"], funnel(names)),
            part(&["by_hour", "rows"], heat_map()),
            part(&["by_day", "rows"], trend(names)),
            part(&["incidents", "rows"], time_line(names)),
        ],
        notes: vec![vec![Piece::Value(text(&names[0])), Piece::Say(" is a name.".into())]],
    }
}

fn drawn(title: &str, chart: Chart, keys: &[&'static str], rows: Vec<Vec<Cell>>) -> Table {
    let column = |key: &&'static str| crate::definitions::column(key, Shown::Always);
    Table {
        title: title.into(),
        columns: keys.iter().map(column).collect(),
        rows,
        chart: Some(chart),
        ..Table::default()
    }
}

fn waterfall() -> Table {
    let rows = [
        ("lines read", "lines", None, 2184),
        ("not about calls", "lines", Some(-259), 1925),
        ("reactions", "lines", Some(-10), 1915),
        ("call events", "events", None, 1915),
        ("repeated", "events", Some(-35), 1880),
        ("sessions", "sessions", None, 996),
        ("ends without their call", "sessions", Some(15), 1011),
        ("all sessions", "sessions", None, 1011),
    ];
    let row = |(step, unit, change, level): (&str, &str, Option<i64>, u64)| {
        vec![Cell::word(step), Cell::word(unit), Cell::opt(change, Cell::Signed), Cell::Count(level)]
    };
    let rows = rows.into_iter().map(row).collect();
    drawn("From lines to sessions", Chart::Waterfall, &["step", "unit", "change", "remaining"], rows)
}

/// Calls and rejections of an agent, with the verdict.
const AGENTS: [(u64, u64, &str); 8] = [
    (54, 24, "outlier"),
    (74, 24, "concentrated"),
    (72, 26, "unconfirmed"),
    (61, 6, "not_distinguishable"),
    (35, 8, "watch"),
    (30, 4, "not_distinguishable"),
    (12, 0, ""),
    (77, 12, "not_distinguishable"),
];

fn agents(names: &[String]) -> impl Iterator<Item = (Cell, (u64, u64, &'static str))> {
    let person = |name: &String| Cell::Person(Person::Agent, Text::new(name));
    names.iter().map(person).zip(AGENTS.into_iter().cycle())
}

fn verdict(word: &str) -> Cell {
    if word.is_empty() { Cell::Missing } else { Cell::word(word) }
}

fn intervals(names: &[String]) -> Table {
    let row = |(agent, (calls, rejected, word)): (Cell, (u64, u64, &str))| {
        let (low, high) = crate::stats::wilson(rejected, calls).unwrap();
        let [low, high] = [low, high].map(Cell::share_f64);
        let rate = Cell::share(rejected, calls);
        vec![agent, Cell::Count(calls), Cell::Count(rejected), rate, low, high, verdict(word)]
    };
    let keys = [
        "agent",
        "calls",
        "rejected",
        "rejection_rate",
        "rejection_rate_low",
        "rejection_rate_high",
        "verdict",
    ];
    let rows = agents(names).map(row).collect();
    Table {
        total: Some(vec![
            Cell::Missing,
            Cell::Count(415),
            Cell::Count(104),
            Cell::share(104, 415),
            Cell::share(21, 100),
            Cell::share(29, 100),
            Cell::Missing,
        ]),
        ..drawn("Incoming calls by agent", Chart::Intervals, &keys, rows)
    }
}

fn funnel(names: &[String]) -> Table {
    let row = |(agent, (calls, rejected, word)): (Cell, (u64, u64, &str))| {
        let others = (104 - rejected) as f64 / (415 - calls) as f64;
        let spread = (others * (1.0 - others) / calls as f64).sqrt();
        let limit = |times: f64| Cell::share_f64((others + times * spread).clamp(0.0, 1.0));
        let limits = [-1.96, 1.96, -3.09, 3.09].map(limit);
        let mut row = vec![agent, Cell::Count(calls), Cell::Count(rejected), Cell::share(rejected, calls)];
        row.push(Cell::share_f64(others));
        row.extend(limits);
        row.push(verdict(word));
        row
    };
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
    drawn("Agents compared with the others", Chart::Funnel, &keys, agents(names).map(row).collect())
}

fn heat_map() -> Table {
    let mut rows = Vec::new();
    for (place, weekday) in (0..).zip(["1-Mon", "2-Tue", "3-Wed", "4-Thu", "5-Fri", "6-Sat", "7-Sun"]) {
        for hour in 0..24_u64 {
            let resolved =
                if (9..18).contains(&hour) && place < 6 { 12 + (hour * 7 + place * 5) % 9 } else { 0 };
            let resolved = if (7..21).contains(&hour) { resolved.max(hour % 3) } else { resolved };
            let rejected = (resolved * ((hour + 2 * place) % 5)) / 6;
            let rate = Cell::share(rejected, resolved);
            let hour = Cell::Word(format!("{hour:02}"));
            rows.push(vec![Cell::word(weekday), hour, Cell::Count(resolved), Cell::Count(rejected), rate]);
        }
    }
    let keys = ["weekday", "hour", "resolved", "rejected", "rejection_rate"];
    drawn("Rejections by hour and weekday", Chart::HeatMap, &keys, rows)
}

fn trend(names: &[String]) -> Table {
    let row = |day: u64| {
        let calls = if day % 7 > 4 { 3 } else { 24 + (day * 11) % 17 };
        let rejected = if day == 19 { 0 } else { (calls * (2 + day % 4)) / 12 };
        let silent = day == 8 || (13..=14).contains(&day);
        vec![
            Cell::Word(format!("2026-05-{:02}", day + 1)),
            Cell::Count(calls),
            Cell::Count(if day == 19 { 0 } else { calls }),
            Cell::Count(rejected),
            Cell::share(rejected, if day == 19 { 0 } else { calls }),
            Cell::Count(u64::from(silent)),
            Cell::List(if silent { vec![text(&names[0])] } else { Vec::new() }),
        ]
    };
    let keys = ["day", "calls", "resolved", "rejected", "rejection_rate", "silent_feeds", "silent"];
    drawn("Calls by day", Chart::Trend, &keys, (0..31).map(row).collect())
}

fn time_line(names: &[String]) -> Table {
    let row = |(place, name): (i64, &String)| {
        let first = AT + place % 5 * 200_000_000;
        vec![
            Cell::word("wawp"),
            text(name),
            Cell::Instant(first),
            Cell::Instant(first + 700_000 + place * 9_000_000),
            Cell::Count(3 + place as u64),
            Cell::Count(5 + place as u64),
        ]
    };
    let keys = ["provider", "instance", "first_at", "last_at", "orphans", "rejections"];
    drawn("Incidents", Chart::TimeLine, &keys, (0..).zip(names).take(5).map(row).collect())
}

/// What `check` gives of agents with these names: each over the limit, one within, one unknown.
pub(super) fn gates(names: &[String]) -> Document {
    let subject = |name: &str| Cell::Record(fields(&[("agent", text(name))]));
    let row = |name: &str, passed: Cell| {
        vec![Cell::word("max_rejection_rate"), subject(name), Cell::word("rejection_rate_low"), passed]
    };
    let over = names.iter().map(|it| row(it, Cell::Bool(false)));
    let others = [
        row("within", Cell::Bool(true)),
        vec![Cell::word("max_orphans"), Cell::Missing, Cell::word("lost"), Cell::Missing],
    ];
    let table = Table {
        columns: ["gate", "subject", "measured", "passed"].map(|it| column(it, "", Shown::Always)).into(),
        rows: over.chain(others).collect(),
        ..Table::default()
    };
    let sentence = |name: &String| {
        vec![
            Piece::Say("max_rejection_rate: ".into()),
            Piece::Value(subject(name)),
            Piece::Say(" is ".into()),
            Piece::Value(Cell::share(2, 3)),
            Piece::Say(".".into()),
        ]
    };
    let sentences = |path, body| Part { path: vec![path], body: Body::Sentences(body) };
    Document {
        schema: "callsift.check/1".into(),
        parts: vec![
            sentences("summary", vec![say("100 % are over.")]),
            sentences("failures", names.iter().map(sentence).collect()),
            sentences("not_judged", vec![say("max_orphans: nothing could be judged.")]),
            Part { path: vec!["rows"], body: Body::Rows(table) },
        ],
        ..Document::default()
    }
}

/// The text that a cell of CSV came from.
pub(super) fn unguarded(cell: &str) -> String {
    let part = |it: &str| {
        let text = unescaped(it.strip_prefix('\'').unwrap_or(it));
        if it.starts_with('\'') && super::escape::is_formula(&text) { text } else { unescaped(it) }
    };
    cell.split(';').map(part).collect::<Vec<_>>().join(";")
}

/// The text that an escaped one came from.
pub(super) fn unescaped(shown: &str) -> String {
    let mut out = String::new();
    let mut rest = shown;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let run = rest.bytes().take_while(|&it| it == b'\\').count();
        rest = &rest[run..];
        if !rest.starts_with("u{") {
            out.push_str(&"\\".repeat(run));
            continue;
        }
        out.push_str(&"\\".repeat(run / 2));
        if run % 2 == 1 {
            let (code, after) = rest[2..].split_once('}').unwrap();
            out.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
            rest = after;
        }
    }
    out + rest
}
