//! The two documents that every format is tested with: an ordinary one, and one by strangers who
//! mean harm.

use crate::section::{Body, Cell, Column, Document, Part, Piece, Shown, Table, say};
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
    let names = hostile_names();
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
