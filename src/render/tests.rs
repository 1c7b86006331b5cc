//! The same documents through every format.

use std::collections::BTreeSet;

use serde_json::Value;

use super::samples::{AT, column, evidence, fields, hostile, hostile_names, ordinary, text, unguarded};
use super::*;
use crate::section::{Change, Person, Shown, say};
use crate::text::Text;

fn berlin() -> Zone {
    Zone::named("Europe/Berlin").unwrap()
}

fn style(zone: &Zone) -> Style<'_> {
    Style { zone, width: None, color: false, csv_raw: false, section: None, columns: &[] }
}

#[track_caller]
fn written(doc: &Document, format: Format, style: &Style<'_>) -> String {
    let mut out = Vec::new();
    render(doc, format, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn gives(format: Format, style: &Style<'_>, expected: &str) {
    let shown = written(&ordinary(), format, style);
    assert!(shown == expected, "{shown}");
}

// What each format makes of the ordinary document.

#[test]
fn table() {
    let zone = berlin();
    gives(
        Format::Table,
        &Style { width: Some(90), ..style(&zone) },
        "\
Read 40 lines, the first of 2026-05-24 10:35:18.

One agent stands out.

Incoming calls by agent
Agent       Calls  Rejection rate  Flag                Talk  Weight  Last call
────────────────────────────────────────────────────────────────────────────────────────
Asha Rao       12          83.3 %  high_rejection  3 m 05 s    66.7  2026-05-24 10:35:18
Zoë Müller      7           0.0 %  –                      –     0.0  –
────────────────────────────────────────────────────────────────────────────────────────
Total          19          52.6 %  –               3 m 05 s       –  –

Rate: rejected of all resolved calls.

Outgoing calls
No outgoing calls.

Notes
- Instance delhi-1 showed no offers in 33.3 % of its hours, so that its calls are unrated.
",
    );
}

#[test]
fn narrow_table() {
    let zone = berlin();
    gives(
        Format::Table,
        &Style { width: Some(44), section: Some("rows"), ..style(&zone) },
        "\
Read 40 lines, the first of
2026-05-24 10:35:18.

One agent stands out.

Incoming calls by agent
Agent       Calls  Rejection  Flag
                        rate
────────────────────────────────────────────
Asha Rao       12     83.3 %  high_rejection
Zoë Müller      7      0.0 %  –
────────────────────────────────────────────
Total          19     52.6 %  –

Rate: rejected of all resolved calls.

Notes
- Instance delhi-1 showed no offers in
  33.3 % of its hours, so that its calls are
  unrated.
",
    );
}

#[test]
fn markdown() {
    let zone = berlin();
    gives(
        Format::Markdown,
        &style(&zone),
        "\
# callsift kpi

Read 40 lines, the first of 2026-05-24 10:35:18.

One agent stands out.

## Incoming calls by agent

| Agent | Calls | Rejection rate | Flag | Talk | Weight | Last call | Consistent |
| --- | ---: | ---: | --- | ---: | ---: | --- | --- |
| Asha Rao | 12 | 83.3 % | high\\_rejection | 3 m 05 s | 66.7 | 2026-05-24 10:35:18 | yes |
| Zoë Müller | 7 | 0.0 % | – | – | 0.0 | – | no |
| **Total** | 19 | 52.6 % | – | 3 m 05 s | – | – | – |

Rate: rejected of all resolved calls.

## Outgoing calls

No outgoing calls.

## Notes

- Instance delhi-1 showed no offers in 33.3 % of its hours, so that its calls are unrated.
",
    );
}

#[test]
fn csv() {
    let zone = berlin();
    gives(
        Format::Csv,
        &style(&zone),
        "\
agent,calls,rejection_rate,flag,talk_p50_ms,weight,last_at,consistent,evidence
Asha Rao,12,0.833333,high_rejection,185000,66.7,2026-05-24T10:35:18.000+02:00,true,\
may.ndjson:3; may.ndjson:17
Zoë Müller,7,0,,,0.0,,false,
",
    );
}

#[test]
fn json() {
    let zone = berlin();
    gives(
        Format::Json,
        &style(&zone),
        r#"{
  "schema": "callsift.kpi/1",
  "parameters": {
    "tz": "Europe/Berlin",
    "top": null
  },
  "accounting": {
    "lines": {"total":40,"blank":1}
  },
  "by": ["agent","team"],
  "rows": [
    {"agent":"Asha Rao","calls":12,"rejection_rate":0.833333,"flag":"high_rejection","talk_p50_ms":185000,"weight":66.7,"last_at":"2026-05-24T10:35:18.000+02:00","consistent":true,"evidence":[{"file":"may.ndjson","line":3},{"file":"may.ndjson","line":17}]},
    {"agent":"Zoë Müller","calls":7,"rejection_rate":0.0,"flag":null,"talk_p50_ms":null,"weight":0.0,"last_at":null,"consistent":false,"evidence":[]}
  ],
  "total": {"agent":null,"calls":19,"rejection_rate":0.526316,"flag":null,"talk_p50_ms":185000,"weight":null,"last_at":null,"consistent":null,"evidence":null},
  "outgoing": {
    "rows": []
  },
  "findings": [
    "One agent stands out."
  ],
  "notes": [
    "Instance delhi-1 showed no offers in 33.3 % of its hours, so that its calls are unrated."
  ]
}
"#,
    );
}

#[test]
fn ndjson() {
    let zone = berlin();
    let columns = ["calls", "agent", "calls"].map(str::to_owned);
    gives(
        Format::Ndjson,
        &Style { columns: &columns, ..style(&zone) },
        r#"{"section":"rows","calls":12,"agent":"Asha Rao"}
{"section":"rows","calls":7,"agent":"Zoë Müller"}
{"section":"total","calls":19,"agent":null}
"#,
    );
    let columns = ["agent"].map(str::to_owned);
    gives(
        Format::Ndjson,
        &Style { columns: &columns, section: Some("rows"), ..style(&zone) },
        r#"{"section":"rows","agent":"Asha Rao"}
{"section":"rows","agent":"Zoë Müller"}
"#,
    );
}

#[test]
fn ndjson_of_a_single_table_names_no_section() {
    let zone = Zone::utc();
    let shown = written(&single(Cell::Count(1)), Format::Ndjson, &style(&zone));
    assert_eq!(shown, "{\"k\":1}\n");
}

// Every kind of cell, and every kind of attack, in every format.

/// A document with one cell.
fn single(cell: Cell) -> Document {
    let table =
        Table { columns: vec![column("k", "", Shown::Always)], rows: vec![vec![cell]], ..Table::default() };
    let part = Part { path: vec!["rows"], body: Body::Rows(table) };
    Document { schema: "callsift.test/1".into(), parts: vec![part], ..Document::default() }
}

/// The one cell as a format shows it.
fn shown(cell: &Cell, format: Format) -> String {
    let zone = berlin();
    let out = written(&single(cell.clone()), format, &style(&zone));
    let between = |line: &str, start: &str, end: &str| {
        line.strip_prefix(start).and_then(|it| it.strip_suffix(end)).unwrap().to_owned()
    };
    match format {
        Format::Table => out.lines().skip(2).collect::<Vec<_>>().join("\n"),
        Format::Csv => {
            let mut csv = ::csv::Reader::from_reader(out.as_bytes());
            let record = csv.records().next().unwrap().unwrap();
            record[0].to_owned()
        }
        Format::Json => between(out.lines().nth(5).unwrap(), "    {\"k\":", "}"),
        Format::Ndjson => between(out.trim_end(), "{\"k\":", "}"),
        Format::Markdown => between(out.lines().last().unwrap(), "| ", " |"),
        Format::Xlsx => unreachable!("it is no text"),
        Format::Html => cell_of_page(&out),
        Format::Github | Format::Junit => panic!("{} is of gates only", format.name()),
    }
}

/// The markup in the one cell of a page.
fn cell_of_page(page: &str) -> String {
    let body = page.split_once("<tbody>").unwrap().1.split_once("</th></tr></tbody>").unwrap().0;
    body.strip_prefix("\n<tr><th scope=\"row\"").unwrap().split_once('>').unwrap().1.to_owned()
}

/// The formats that are text. Workbooks go through the same samples in `xlsx.rs`.
fn text_formats() -> impl Iterator<Item = Format> {
    Format::ALL.into_iter().filter(|it| it.is_text())
}

/// How many those are.
const TEXTS: usize = Format::ALL.len() - 1;

/// A row of a matrix: what each text format must show, in the order of [`Format::ALL`]. A format
/// without its cell does not compile.
type Expected<'a> = [&'a str; TEXTS];

#[track_caller]
fn matrix(cell: &Cell, expected: Expected<'_>) {
    for (format, expected) in text_formats().zip(expected) {
        assert_eq!(shown(cell, format), expected, "{} of {cell:?}", format.name());
    }
}

#[test]
fn every_kind_of_cell_in_every_format() {
    let list = Cell::List(vec![text("a"), Cell::word("b")]);
    let record = Cell::Record(fields(&[("n", Cell::Count(1)), ("who", text("a"))]));
    let at = "\"2026-05-24T10:35:18.000+02:00\"";
    let change = |a, b| Cell::opt(Change::between((a, 1), (b, 1)), Cell::Change);
    let cells: [(Cell, Expected); 18] = [
        (Cell::Missing, ["–", "", "null", "null", "–", "–"]),
        (text("a_b"), ["a_b", "a_b", "\"a_b\"", "\"a_b\"", "a\\_b", "<bdi>a_b</bdi>"]),
        (Cell::word("a_b"), ["a_b", "a_b", "\"a_b\"", "\"a_b\"", "a\\_b", "a_b"]),
        (
            Cell::Person(Person::Customer, Text::new("=a|b")),
            ["=a|b", "'=a|b", "\"=a|b\"", "\"=a|b\"", "=a\\|b", "<bdi>=a|b</bdi>"],
        ),
        (Cell::Count(u64::MAX), ["18446744073709551615"; TEXTS]),
        (Cell::Signed(-3), ["-3"; TEXTS]),
        (Cell::share(1, 3), ["33.3 %", "0.333333", "0.333333", "0.333333", "33.3 %", "33.3 %"]),
        (Cell::share(1, 1), ["100.0 %", "1", "1.0", "1.0", "100.0 %", "100.0 %"]),
        (change(0, 1), ["+100.0 pp", "1", "1.0", "1.0", "+100.0 pp", "+100.0 pp"]),
        (change(1, 0), ["-100.0 pp", "-1", "-1.0", "-1.0", "-100.0 pp", "-100.0 pp"]),
        (
            Cell::ratio_f64(12.041_666_6),
            ["12.042", "12.041667", "12.041667", "12.041667", "12.042", "12.042"],
        ),
        (Cell::Tenths(-5), ["-0.5"; TEXTS]),
        (Cell::Millis(12_350), ["12.4 s", "12350", "12350", "12350", "12.4 s", "12.4 s"]),
        (
            Cell::Instant(AT),
            ["2026-05-24 10:35:18", &at[1..30], at, at, "2026-05-24 10:35:18", "2026-05-24 10:35:18"],
        ),
        (Cell::Bool(true), ["yes", "true", "true", "true", "yes", "yes"]),
        (list, ["a, b", "a; b", "[\"a\",\"b\"]", "[\"a\",\"b\"]", "a, b", "<bdi>a</bdi>, b"]),
        (
            record,
            [
                "n 1, who a",
                "n=1 who=a",
                "{\"n\":1,\"who\":\"a\"}",
                "{\"n\":1,\"who\":\"a\"}",
                "n 1, who a",
                "n 1, who <bdi>a</bdi>",
            ],
        ),
        (
            evidence("m.log", 3),
            [
                "m.log:3",
                "m.log:3",
                "{\"file\":\"m.log\",\"line\":3}",
                "{\"file\":\"m.log\",\"line\":3}",
                "m.log:3",
                "<bdi>m.log</bdi>:3",
            ],
        ),
    ];
    let mut kinds = BTreeSet::new();
    for (cell, expected) in cells {
        kinds.insert(kind(&cell));
        matrix(&cell, expected);
    }
    assert_eq!(kinds.len(), 15, "a kind of cell is missing");
}

/// The place of a cell's kind; a new kind does not compile until it has one.
fn kind(cell: &Cell) -> u8 {
    match cell {
        Cell::Missing => 0,
        Cell::Text(_) => 1,
        Cell::Word(_) => 2,
        Cell::Count(_) => 3,
        Cell::Rate(_) => 4,
        Cell::Tenths(_) => 5,
        Cell::Millis(_) => 6,
        Cell::Instant(_) => 7,
        Cell::Bool(_) => 8,
        Cell::List(_) => 9,
        Cell::Record(_) => 10,
        Cell::Signed(_) => 11,
        Cell::Person(..) => 12,
        Cell::Ratio(_) => 13,
        Cell::Change(_) => 14,
    }
}

#[test]
fn every_kind_of_attack_in_every_format() {
    let attacks: [(&str, Expected); 16] = [
        // Blank text is told apart from a missing value.
        ("", ["\"\"", "", "\"\"", "\"\"", "\"\"", "&quot;&quot;"]),
        // Quotes.
        ("a\"b,c", ["a\"b,c", "a\"b,c", "\"a\\\"b,c\"", "\"a\\\"b,c\"", "a\"b,c", "a&quot;b,c"]),
        // HTML.
        (
            "<script>x</script>",
            [
                "<script>x</script>",
                "<script>x</script>",
                "\"<script>x</script>\"",
                "\"<script>x</script>\"",
                "&lt;script&gt;x&lt;/script&gt;",
                "&lt;script&gt;x&lt;/script&gt;",
            ],
        ),
        // A formula.
        ("=1+1", ["=1+1", "'=1+1", "\"=1+1\"", "\"=1+1\"", "=1+1", "=1+1"]),
        // A formula behind what spreadsheets skip.
        (
            "\u{feff} ＝1",
            [
                "\\u{feff} ＝1",
                "'\\u{feff} ＝1",
                "\"\\ufeff ＝1\"",
                "\"\\ufeff ＝1\"",
                "\\\\u{feff} ＝1",
                "\\u{feff} ＝1",
            ],
        ),
        // A telephone number is none.
        (
            "+4915112345678",
            [
                "+4915112345678",
                "+4915112345678",
                "\"+4915112345678\"",
                "\"+4915112345678\"",
                "+4915112345678",
                "+4915112345678",
            ],
        ),
        // Colours.
        (
            "\u{1b}[31m",
            [
                "\\u{1b}[31m",
                "\\u{1b}[31m",
                "\"\\u001b[31m\"",
                "\"\\u001b[31m\"",
                "\\\\u{1b}\\[31m",
                "\\u{1b}[31m",
            ],
        ),
        // The clipboard.
        (
            "\u{1b}]52;c;aGk=\u{7}",
            [
                "\\u{1b}]52;c;aGk=\\u{7}",
                "\\u{1b}]52;c;aGk=\\u{7}",
                "\"\\u001b]52;c;aGk=\\u0007\"",
                "\"\\u001b]52;c;aGk=\\u0007\"",
                "\\\\u{1b}\\]52;c;aGk=\\\\u{7}",
                "\\u{1b}]52;c;aGk=\\u{7}",
            ],
        ),
        // Control characters of eight bits, and DEL.
        (
            "\u{9b}2J\u{7f}",
            [
                "\\u{9b}2J\\u{7f}",
                "\\u{9b}2J\\u{7f}",
                "\"\\u009b2J\\u007f\"",
                "\"\\u009b2J\\u007f\"",
                "\\\\u{9b}2J\\\\u{7f}",
                "\\u{9b}2J\\u{7f}",
            ],
        ),
        // Direction.
        (
            "a\u{202e}b",
            ["a\\u{202e}b", "a\\u{202e}b", "\"a\\u202eb\"", "\"a\\u202eb\"", "a\\\\u{202e}b", "a\\u{202e}b"],
        ),
        // Invisible characters.
        (
            "a\u{200b}\u{e0041}",
            [
                "a\\u{200b}\\u{e0041}",
                "a\\u{200b}\\u{e0041}",
                "\"a\\u200b\\udb40\\udc41\"",
                "\"a\\u200b\\udb40\\udc41\"",
                "a\\\\u{200b}\\\\u{e0041}",
                "a\\u{200b}\\u{e0041}",
            ],
        ),
        // New lines.
        (
            "a\r\nb\u{2028}",
            [
                "a\\u{d}\\u{a}b\\u{2028}",
                "a\\u{d}\\u{a}b\\u{2028}",
                "\"a\\r\\nb\\u2028\"",
                "\"a\\r\\nb\\u2028\"",
                "a\\\\u{d}\\\\u{a}b\\\\u{2028}",
                "a\\u{d}\\u{a}b\\u{2028}",
            ],
        ),
        // New cells.
        ("a|b", ["a|b", "a|b", "\"a|b\"", "\"a|b\"", "a\\|b", "a|b"]),
        // Links.
        (
            "[x](http://y)",
            [
                "[x](http://y)",
                "[x](http://y)",
                "\"[x](http://y)\"",
                "\"[x](http://y)\"",
                "\\[x\\](http:<!-- -->//y)",
                "[x](http://y)",
            ],
        ),
        // A forged escape.
        (
            "\\u{202e}",
            [
                "\\\\u{202e}",
                "\\\\u{202e}",
                "\"\\\\u{202e}\"",
                "\"\\\\u{202e}\"",
                "\\\\\\\\u{202e}",
                "\\\\u{202e}",
            ],
        ),
        // Marks over marks.
        (
            "e\u{301}\u{301}\u{301}\u{301}\u{301}",
            [
                "e\u{301}\u{301}\u{301}\u{301}\\u{301}",
                "e\u{301}\u{301}\u{301}\u{301}\\u{301}",
                "\"e\u{301}\u{301}\u{301}\u{301}\\u0301\"",
                "\"e\u{301}\u{301}\u{301}\u{301}\\u0301\"",
                "e\u{301}\u{301}\u{301}\u{301}\\\\u{301}",
                "e\u{301}\u{301}\u{301}\u{301}\\u{301}",
            ],
        ),
    ];
    for (attack, expected) in attacks {
        let isolated = format!("<bdi>{}</bdi>", expected[TEXTS - 1]);
        let [others @ .., _] = expected;
        matrix(&text(attack), std::array::from_fn(|it| others.get(it).copied().unwrap_or(&isolated)));
        if !attack.is_empty() {
            matrix(&Cell::word(attack), expected);
        }
    }
}

// What holds of whole outputs.

#[test]
fn nothing_hostile_gets_out() {
    let zone = berlin();
    let columns: Vec<String> = ["customer", "word", "list", "record", "evidence"].map(str::to_owned).into();
    for format in text_formats() {
        for columns in [&[][..], &columns] {
            let shown = written(&hostile(), format, &Style { columns, ..style(&zone) });
            let kept = ['\n', '\u{200d}', '\u{fe0f}'];
            let bad = shown.chars().find(|it| escape::is_hidden(*it) && !kept.contains(it));
            assert_eq!(bad, None, "{}", format.name());
        }
    }
}

#[test]
fn rows_stay_rows() {
    let zone = berlin();
    let names = hostile_names();
    let markdown = written(&hostile(), Format::Markdown, &style(&zone));
    let rows: Vec<&str> = markdown.lines().filter(|it| it.starts_with('|')).collect();
    assert_eq!(rows.len(), names.len() + 2);
    for row in rows {
        // Backslashes pair up before a bar that ends a cell.
        let bare = row.replace("\\\\", "").replace("\\|", "");
        assert_eq!(bare.matches('|').count(), 6, "{row}");
    }
    let csv = written(&hostile(), Format::Csv, &style(&zone));
    assert_eq!(csv.lines().count(), names.len() + 1);
}

#[test]
fn csv_reads_back() {
    let zone = berlin();
    for csv_raw in [false, true] {
        let shown = written(&hostile(), Format::Csv, &Style { csv_raw, ..style(&zone) });
        let mut csv = ::csv::Reader::from_reader(shown.as_bytes());
        for (record, name) in csv.records().zip(hostile_names()) {
            let record = record.unwrap();
            let got = if csv_raw { record[0].to_owned() } else { unguarded(&record[0]) };
            assert_eq!(got, name);
        }
    }
}

#[test]
fn json_reads_back() {
    let zone = berlin();
    let names = hostile_names();
    let json: Value = serde_json::from_str(&written(&hostile(), Format::Json, &style(&zone))).unwrap();
    let rows = json["frustration"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), names.len());
    for (row, name) in rows.iter().zip(&names) {
        assert_eq!(row["customer"], **name);
        assert_eq!(row["list"][2], **name);
        assert_eq!(row["record"]["name"], **name);
        assert_eq!(row["evidence"]["file"], **name);
    }
    assert_eq!(json["frustration"].get("total"), None);
    assert_eq!(json.get("preface"), None);
    assert_eq!(json["notes"][4], "say \"hi\", ok called.");

    let lines = written(&hostile(), Format::Ndjson, &style(&zone));
    for (line, name) in lines.lines().zip(&names) {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["customer"], **name);
    }
}

/// The text without our colours, which are all it may hold.
#[track_caller]
fn without_colors(text: &str) -> String {
    let text = ["0", "1", "2", "31", "33"]
        .iter()
        .fold(text.to_owned(), |text, code| text.replace(&format!("\u{1b}[{code}m"), ""));
    assert!(!text.contains('\u{1b}'));
    text
}

#[test]
fn tables_fit_their_width_and_colours_change_nothing() {
    let zone = berlin();
    let columns: Vec<String> =
        ["evidence", "calls", "record", "customer", "last_at", "list"].map(str::to_owned).into();
    for doc in [ordinary(), hostile()] {
        for room in 40..=200 {
            for columns in [&[][..], &columns] {
                let style = Style { width: Some(room), columns, ..style(&zone) };
                let plain = written(&doc, Format::Table, &style);
                for line in plain.lines() {
                    assert!(width::width(line) <= room, "{room}: {line}");
                    assert!(!line.ends_with(' '), "{room}: {line}");
                }
                let colored = written(&doc, Format::Table, &Style { color: true, ..style });
                assert_eq!(without_colors(&colored), plain);
            }
        }
    }
}

#[test]
fn colours_mark_our_own_words_only() {
    let zone = berlin();
    let style = Style { color: true, ..style(&zone) };
    let red = "\u{1b}[31mhigh_rejection\u{1b}[0m";
    assert!(written(&single(Cell::word("high_rejection")), Format::Table, &style).contains(red));
    assert!(!written(&single(text("high_rejection")), Format::Table, &style).contains(red));
    let list = Cell::List(vec![Cell::word("calm"), Cell::word("watch")]);
    let yellow = "\u{1b}[33mcalm, watch\u{1b}[0m";
    assert!(written(&single(list), Format::Table, &style).contains(yellow));
}

#[test]
fn wide_columns_come_in_their_order() {
    let zone = berlin();
    let mut before = String::new();
    for (room, added) in [(44, ""), (60, "Weight"), (70, "Talk"), (90, "Last call"), (120, "Consistent")] {
        let shown = written(&ordinary(), Format::Table, &Style { width: Some(room), ..style(&zone) });
        assert!(shown.contains(added) && (added.is_empty() || !before.contains(added)), "{shown}");
        assert!(!shown.contains("evidence"), "only when asked for");
        before = shown;
    }
}

#[test]
fn columns_that_do_not_fit_go_on_below() {
    let zone = berlin();
    let columns = ["agent", "talk_p50_ms", "last_at", "flag", "weight"].map(str::to_owned);
    let style = Style { width: Some(40), section: Some("rows"), columns: &columns, ..style(&zone) };
    let doc = Document { preface: vec![], notes: vec![], ..ordinary() };
    assert_eq!(
        written(&doc, Format::Table, &style),
        "\
One agent stands out.

Incoming calls by agent
Agent           Talk
────────────────────
Asha Rao    3 m 05 s
Zoë Müller         –
────────────────────
Total       3 m 05 s

Agent       Last call
───────────────────────────────
Asha Rao    2026-05-24 10:35:18
Zoë Müller  –
───────────────────────────────
Total       –

Agent       Flag            Weight
──────────────────────────────────
Asha Rao    high_rejection    66.7
Zoë Müller  –                  0.0
──────────────────────────────────
Total       –                    –

Rate: rejected of all resolved calls.
"
    );
}

#[test]
fn sections_are_chosen_by_name() {
    let zone = berlin();
    assert_eq!(section_names(&ordinary()), ["rows", "total", "outgoing"]);
    assert_eq!(section_names(&hostile()), ["frustration"]);
    let shown = |section, format| {
        let style = Style { section: Some(section), ..style(&zone) };
        written(&ordinary(), format, &style)
    };
    assert_eq!(shown("outgoing", Format::Csv), "agent\n");
    assert_eq!(shown("total", Format::Csv).lines().nth(1), Some(",19,0.526316,,185000,,,,"));
    assert_eq!(shown("total", Format::Ndjson).lines().count(), 1);
    assert!(!shown("outgoing", Format::Table).contains("Incoming"));
    assert!(!shown("outgoing", Format::Json).contains("Asha"));

    let message = |section| {
        let style = Style { section: Some(section), ..style(&zone) };
        let mut out = Vec::new();
        let error = render(&ordinary(), Format::Csv, &style, &mut out).unwrap_err();
        assert!(out.is_empty(), "nothing is written");
        error.to_string()
    };
    assert_eq!(
        message("outgiong"),
        "no section 'outgiong'; did you mean outgoing? The sections are rows, total, outgoing"
    );
    assert_eq!(message("x\n"), "no section 'x\\u{a}'; the sections are rows, total, outgoing");
}

#[test]
fn formats_have_names() {
    for format in Format::ALL.into_iter().chain(Format::OF_GATES) {
        assert_eq!(Format::from_name(format.name()), Some(format));
    }
    assert_eq!(Format::from_name("pdf"), None);
}

#[test]
fn sentences_for_messages_are_escaped() {
    let zone = Zone::utc();
    let mut sentence = say("Caller ");
    sentence.extend([
        Piece::Value(text("\u{1b}[2J")),
        Piece::Say(" rang for ".into()),
        Piece::Value(Cell::Millis(8_040_000)),
    ]);
    assert_eq!(plain(&sentence, &zone), "Caller \\u{1b}[2J rang for 2 h 14 m");
}

#[test]
fn durations_round_to_what_they_show() {
    for (ms, shown) in [
        (0, "0 ms"),
        (850, "850 ms"),
        (999, "999 ms"),
        (1000, "1.0 s"),
        (12_449, "12.4 s"),
        (12_450, "12.5 s"),
        (59_949, "59.9 s"),
        (59_950, "1 m 00 s"),
        (185_000, "3 m 05 s"),
        (3_599_499, "59 m 59 s"),
        (3_599_500, "1 h 00 m"),
        (8_040_000, "2 h 14 m"),
        (-12_400, "-12.4 s"),
    ] {
        assert_eq!(duration(ms), shown);
    }
    duration(i64::MIN);
}

#[test]
fn percentages_round_half_up() {
    for (permille, shown) in [(0, "0.0 %"), (1, "0.1 %"), (333, "33.3 %"), (1000, "100.0 %")] {
        assert_eq!(percent(permille), shown);
    }
}

/// Fails at the n-th call, as a closed pipe would.
struct Closing(usize);

impl Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush().map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(())
    }
}

#[test]
fn no_failed_write_goes_unnoticed() {
    let zone = Zone::utc();
    for format in Format::ALL {
        let mut failures = 0;
        for writes in 0.. {
            match render(&ordinary(), format, &style(&zone), &mut Closing(writes)) {
                Ok(()) => break,
                Err(RenderError::Io(error)) => assert_eq!(error.kind(), io::ErrorKind::BrokenPipe),
                Err(error) => panic!("{error}"),
            }
            failures += 1;
        }
        assert!(failures >= 2, "{}: a write and the flush", format.name());
    }
}
