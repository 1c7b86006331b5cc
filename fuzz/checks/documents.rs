//! Documents whose every text was chosen by a stranger, in every format: nothing acts on whoever reads it,
//! structure stays ours, and what should read back does.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use callsift::render::{Format, Style, render};
use callsift::section::{Body, Cell, Column, Document, Part, Person, Piece, Shown, Table};
use callsift::text::Text;
use callsift::zone::Zone;
use serde_json::Value;

/// Three names that are made of the bytes, and three that mean no harm.
struct Names([String; 3]);

impl Names {
    fn of(data: &[u8]) -> Self {
        let whole = String::from_utf8_lossy(data);
        let middle = (whole.len() / 2..=whole.len()).find(|it| whole.is_char_boundary(*it)).unwrap_or(0);
        let (head, tail) = whole.split_at(middle);
        Self([whole.to_string(), head.to_owned(), tail.to_owned()])
    }

    fn harmless() -> Self {
        Self(["Asha".to_owned(), "Ravi".to_owned(), "Mina".to_owned()])
    }
}

fn text(text: &str) -> Cell {
    Cell::Text(Text::new(text))
}

fn fields(fields: &[(&str, Cell)]) -> Vec<(String, Cell)> {
    fields.iter().map(|(key, cell)| ((*key).to_owned(), cell.clone())).collect()
}

/// Names wherever a report has text from outside.
fn report(names: &Names) -> Document {
    let evidence = |name: &str| Cell::Record(fields(&[("file", text(name)), ("line", Cell::Count(7))]));
    let row = |name: &String| {
        vec![
            text(name),
            Cell::Person(Person::Agent, Text::new(name)),
            Cell::Count(12),
            Cell::List(vec![text(name), Cell::Missing, text(name)]),
            Cell::Record(fields(&[("name", text(name)), ("n", Cell::Count(1))])),
            Cell::List(vec![evidence(name), evidence(name)]),
        ]
    };
    let column = |key: &'static str| Column { key, title: "", shown: Shown::Always };
    let table = Table {
        title: "Customers".into(),
        columns: ["customer", "agent", "calls", "list", "record", "evidence"].map(column).into(),
        rows: names.0.iter().map(row).collect(),
        ..Table::default()
    };
    let sentence = |name: &String| vec![Piece::Value(text(name)), Piece::Say(" called.".into())];
    let line = |name: &String| vec![Piece::Say("Ask ".into()), Piece::Line(text(name))];
    // As the books name the envelopes that a dump holds.
    let named = Cell::Record(vec![(names.0[0].clone(), Cell::Count(1))]);
    Document {
        schema: "callsift.sessions/1".into(),
        parameters: fields(&[("instance_name", text(&names.0[0]))]),
        accounting: vec![("envelopes".to_owned(), named)],
        preface: names.0.iter().map(sentence).chain(names.0.iter().map(line)).collect(),
        parts: vec![Part { path: vec!["rows"], body: Body::Rows(table) }],
        notes: names.0.iter().map(sentence).collect(),
    }
}

/// What `check` says of agents with these names.
fn gates(names: &Names) -> Document {
    let subject = |name: &str| Cell::Record(fields(&[("agent", text(name))]));
    let row = |name: &String| {
        vec![Cell::word("max_rejection_rate"), subject(name), Cell::word("rejection_rate"), Cell::Bool(false)]
    };
    let sentence = |name: &String| {
        vec![Piece::Say("rate: ".into()), Piece::Value(subject(name)), Piece::Say(".".into())]
    };
    let sentences = |path, body| Part { path: vec![path], body: Body::Sentences(body) };
    let column = |key: &'static str| Column { key, title: "", shown: Shown::Always };
    let table = Table {
        columns: ["gate", "subject", "measured", "passed"].map(column).into(),
        rows: names.0.iter().map(row).collect(),
        ..Table::default()
    };
    Document {
        schema: "callsift.check/1".into(),
        parts: vec![
            sentences("summary", vec![]),
            sentences("failures", names.0.iter().map(sentence).collect()),
            sentences("not_judged", vec![]),
            Part { path: vec!["rows"], body: Body::Rows(table) },
        ],
        ..Document::default()
    }
}

fn style(zone: &Zone) -> Style<'_> {
    // So wide that no line is broken.
    Style { zone, width: Some(1 << 20), color: false, csv_raw: false, section: None, columns: &[] }
}

fn written(document: &Document, format: Format, style: &Style<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    render(document, format, style, &mut out).expect("memory takes all");
    out
}

/// Every format that is text.
pub fn renderers(data: &[u8]) {
    let names = Names::of(data);
    let zone = Zone::utc();
    let style = style(&zone);
    for format in Format::ALL.into_iter().chain(Format::OF_GATES).filter(|it| it.is_text()) {
        let document = if format.is_for_gates() { gates } else { report };
        let shown = String::from_utf8(written(&document(&names), format, &style)).expect("UTF-8");
        let usual = String::from_utf8(written(&document(&Names::harmless()), format, &style)).expect("UTF-8");
        check_inactive(&shown, format);
        match format {
            Format::Table => check_table(&names, &shown, &usual),
            Format::Csv => check_csv(&names, &shown, &style),
            Format::Json => check_json(&names, &shown),
            Format::Ndjson => check_ndjson(&names, &shown),
            Format::Markdown => check_markdown(&shown, &usual),
            Format::Html => check_html(&names, &shown, &usual),
            Format::Github => check_github(&shown, &usual),
            Format::Junit => assert_eq!(shown.matches('<').count(), usual.matches('<').count(), "{shown}"),
            Format::Xlsx => unreachable!("no text"),
        }
    }
}

/// Nothing controls a terminal, turns the direction of writing or hides.
fn check_inactive(shown: &str, format: Format) {
    let acts = |c: char| match c {
        '\n' => false,
        // Between the parts of an emoji.
        '\u{200d}' | '\u{fe0e}' | '\u{fe0f}' => false,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => true,
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => true,
        '\u{3164}' | '\u{115f}' | '\u{1160}' | '\u{ffa0}' | '\u{2800}' => true,
        c => c.is_control() || u32::from(c) & 0xfffe == 0xfffe,
    };
    assert_eq!(shown.chars().find(|it| acts(*it)), None, "{}", format.name());
}

/// The text that a visible one came from.
fn unescaped(shown: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = shown;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let run = rest[at..].bytes().take_while(|it| *it == b'\\').count();
        rest = &rest[at + run..];
        if !rest.starts_with("u{") {
            out.push_str(&"\\".repeat(run));
            continue;
        }
        out.push_str(&"\\".repeat(run / 2));
        if run % 2 == 1 {
            let (code, after) = rest[2..].split_once('}')?;
            out.push(char::from_u32(u32::from_str_radix(code, 16).ok()?)?);
            rest = after;
        }
    }
    Some(out + rest)
}

fn check_table(names: &Names, shown: &str, usual: &str) {
    assert_eq!(shown.lines().count(), usual.lines().count(), "{shown}");
    let zone = Zone::utc();
    let colored = written(&report(names), Format::Table, &Style { color: true, ..style(&zone) });
    let colored = String::from_utf8(colored).expect("UTF-8");
    let ours = ["0", "1", "2", "31", "33"];
    let bare = ours.iter().fold(colored, |it, code| it.replace(&format!("\u{1b}[{code}m"), ""));
    assert_eq!(bare, shown, "colours are ours alone");
    // However narrow, no line grows and nothing acts.
    let narrow = written(&report(names), Format::Table, &Style { width: Some(60), ..style(&zone) });
    check_inactive(&String::from_utf8(narrow).expect("UTF-8"), Format::Table);
}

fn check_csv(names: &Names, shown: &str, style: &Style<'_>) {
    let records = |shown: &str| -> Vec<csv::StringRecord> {
        let mut reader = csv::Reader::from_reader(shown.as_bytes());
        reader.records().map(|it| it.expect("a record")).collect()
    };
    let safe = records(shown);
    assert_eq!((safe.len(), shown.lines().count()), (3, 4));
    for (record, name) in safe.iter().zip(&names.0) {
        for cell in record {
            check_no_formula(cell);
        }
        for cell in [&record[0], &record[1]] {
            let is_part = |(cell, name): (&str, &str)| {
                let bare = cell.strip_prefix('\'').and_then(unescaped);
                [unescaped(cell), bare].iter().flatten().any(|it| it == name)
            };
            let parts = || cell.split(';').zip(name.split(';'));
            let as_many = parts().count() == name.split(';').count();
            assert!(as_many && parts().all(is_part), "{cell:?} was {name:?}");
        }
    }
    let zone = Zone::utc();
    let raw = written(&report(names), Format::Csv, &Style { csv_raw: true, zone: &zone, ..*style });
    let raw = records(&String::from_utf8(raw).expect("UTF-8"));
    assert_eq!(raw.len(), 3);
    for (record, name) in raw.iter().zip(&names.0) {
        assert_eq!((&record[0], &record[1]), (name.as_str(), name.as_str()), "as it was");
    }
}

/// No spreadsheet computes it, nor what stands behind a semicolon.
fn check_no_formula(cell: &str) {
    let begins =
        |it: char| matches!(it, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '\t' | '\r' | '\n');
    let is_phone = |it: &str| it.strip_prefix('+').is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()));
    for part in cell.split(';') {
        // What a spreadsheet sees first; of a place the file.
        let first = part.trim_start_matches([' ', '"']);
        let first = first.split(':').next().unwrap_or(first);
        assert!(!first.starts_with(begins) || is_phone(first) || first == "-", "{cell:?}");
    }
}

fn check_row(row: &Value, name: &str) {
    for it in [&row["customer"], &row["agent"], &row["list"][2], &row["record"]["name"]] {
        assert_eq!(it, name);
    }
    assert_eq!(row["evidence"][1]["file"], name);
    assert_eq!(row["calls"], 12);
}

fn check_json(names: &Names, shown: &str) {
    let value: Value = serde_json::from_str(shown).expect("JSON");
    let rows = value["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 3);
    for (row, name) in rows.iter().zip(&names.0) {
        check_row(row, name);
    }
    assert_eq!(value["parameters"]["instance_name"], *names.0[0]);
    assert_eq!(value["accounting"]["envelopes"][&names.0[0]], 1);
}

fn check_ndjson(names: &Names, shown: &str) {
    assert_eq!(shown.lines().count(), 3);
    for (line, name) in shown.lines().zip(&names.0) {
        check_row(&serde_json::from_str(line).expect("JSON"), name);
    }
}

/// What a line of Markdown is.
fn block(line: &str) -> &'static str {
    let bare = line.trim_start_matches(' ');
    let digits = bare.bytes().take_while(u8::is_ascii_digit).count();
    match line {
        "" => "blank",
        _ if line.starts_with("    ") || line.starts_with('\t') => "code",
        _ if bare.starts_with("```") || bare.starts_with("~~~") => "fence",
        _ if bare.starts_with('#') => "heading",
        _ if bare.starts_with('>') => "quote",
        _ if bare.starts_with('|') => "row",
        _ if bare.starts_with('<') => "html",
        _ if bare.starts_with("- ") || bare.starts_with("* ") || bare.starts_with("+ ") => "item",
        _ if digits > 0 && bare[digits..].starts_with(['.', ')']) => "item",
        _ if bare.chars().all(|it| matches!(it, '-' | '=' | '*' | '_' | ' ')) => "rule",
        _ => "paragraph",
    }
}

fn check_markdown(shown: &str, usual: &str) {
    let blocks = |it: &str| it.lines().map(block).collect::<Vec<_>>();
    assert_eq!(blocks(shown), blocks(usual), "{shown}");
    // What breaks addresses is ours.
    let bare = shown.replace("<!-- -->", "");
    assert!(!bare.contains(['<', '>']), "{shown}");
    assert!(!bare.contains("://") || shown.contains(":<!-- -->//"), "{shown}");
    let mut escaped = false;
    let mut bars = 0;
    for c in bare.chars() {
        if !escaped {
            assert!(!matches!(c, '`' | '*' | '[' | ']' | '~' | '$') || usual.contains(c), "{c} in {shown}");
            bars += usize::from(c == '|');
        }
        escaped = c == '\\' && !escaped;
    }
    assert_eq!(bars, usual.matches('|').count(), "{shown}");
}

fn check_html(names: &Names, shown: &str, usual: &str) {
    let page = scraper::Html::parse_document(shown);
    let plain = scraper::Html::parse_document(usual);
    assert_eq!(markup(&page), markup(&plain), "{shown}");
    let selector = scraper::Selector::parse("bdi").expect("a selector");
    let texts: Vec<String> = page.select(&selector).map(|it| it.text().collect()).collect();
    for name in names.0.iter().filter(|it| !it.trim().is_empty() && it.chars().count() < 64) {
        assert!(texts.iter().any(|it| unescaped(it).is_some_and(|it| it == *name)), "{name:?} in {texts:?}");
    }
}

/// How often each element and attribute is there.
fn markup(page: &scraper::Html) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let elements = page.tree.nodes().filter_map(|it| it.value().as_element().cloned());
    for element in elements {
        *counts.entry(element.name().to_owned()).or_default() += 1;
        for (attribute, _) in element.attrs() {
            *counts.entry(format!("{} {attribute}", element.name())).or_default() += 1;
        }
    }
    counts
}

fn check_github(shown: &str, usual: &str) {
    assert_eq!(shown.lines().count(), usual.lines().count());
    for (line, usual) in shown.lines().zip(usual.lines()) {
        let start = |it: &str| it.splitn(4, "::").take(2).collect::<Vec<_>>().join("::");
        assert_eq!(start(line), start(usual), "{line}");
        assert!(!line.contains('\r'));
    }
}

/// A workbook, read back with another library.
pub fn workbooks(data: &[u8]) {
    let names = Names::of(data);
    let zone = Zone::utc();
    let bytes = written(&report(&names), Format::Xlsx, &style(&zone));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).expect("a workbook");
    let mut texts = Vec::new();
    for sheet in book.sheet_names() {
        assert_eq!(book.worksheet_formula(&sheet).expect("a sheet").used_cells().count(), 0, "{sheet}");
        let cells = book.worksheet_range(&sheet).expect("a sheet");
        texts.extend(cells.used_cells().filter_map(|(_, _, it)| match it {
            Data::String(it) => Some(it.clone()),
            _ => None,
        }));
    }
    for shown in &texts {
        check_inactive(shown, Format::Xlsx);
    }
    // Longer ones are cut, since cells have a limit.
    for name in names.0.iter().filter(|it| !it.trim().is_empty() && it.len() < 2000) {
        let found = texts.iter().any(|it| unescaped(it).is_some_and(|it| it == *name));
        assert!(found, "{name:?} in {texts:?}");
    }
}
