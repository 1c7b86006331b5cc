//! Names that strangers typed, planted as caller, agent, line and file, in every form that leaves the
//! program: harmless, readable, and still told apart.

use std::fs;
use std::path::Path;

use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::{Value, json};

use crate::support::{errors, folder, run, text};

/// What is planted, and what a reader sees of it in a table.
const NAMES: [(&str, &str); 4] = [
    ("=HYPERLINK(\"http://x\",\"y\")", "=HYPERLINK(\"http://x\",\"y\")"),
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("Asha\u{202e}gpj.exe", "Asha\\u{202e}gpj.exe"),
    ("\u{1b}[2J\u{1b}]0;owned\u{7}", "\\u{1b}[2J\\u{1b}]0;owned\\u{7}"),
];

/// A name without what no file can have.
fn file_name(name: &str) -> String {
    name.replace('/', "")
}

/// One call for each name, whose caller, agent and line are called so, in a file that is called so.
fn plant(dir: &Path) {
    for (place, (name, _)) in NAMES.iter().enumerate() {
        let call = json!({
            "event": "CALL_REJECTED", "callId": format!("c{place}"), "wabaNumber": name,
            "callDirection": "INCOMING", "callEndedAt": 1_777_888_800_000_i64 + place as i64,
            "customerNumber": format!("91981111000{place}"), "customerName": name, "rejectedBy": name,
        });
        fs::write(dir.join(format!("{}.ndjson", file_name(name))), format!("{call}\n")).unwrap();
    }
}

fn sessions(dir: &Path, format: &str) -> String {
    let columns = "customer_name,agent,instance,evidence";
    let output = run(dir, &["sessions", ".", "--format", format, "--columns", columns]);
    assert!(output.status.success(), "{}", errors(&output));
    text(&output)
}

/// Nothing in it acts on whoever reads it.
#[track_caller]
fn check_plain(printed: &str) {
    let acting = |it: &char| it.is_control() && *it != '\n' || matches!(it, '\u{202a}'..='\u{202e}');
    assert_eq!(printed.chars().find(acting), None, "{printed:?}");
}

#[test]
fn tables_and_markdown_show_names_and_do_nothing() {
    let dir = folder();
    plant(dir.path());
    let table = sessions(dir.path(), "table");
    check_plain(&table);
    let words: String = table.split_whitespace().collect();
    for (_, shown) in NAMES {
        let shown: String = shown.split_whitespace().collect();
        // Wide names are cut in the middle of a narrow table; the beginning tells them apart.
        assert!(words.contains(&shown.chars().take(8).collect::<String>()), "{shown} in {table}");
    }
    let markdown = sessions(dir.path(), "markdown");
    check_plain(&markdown);
    assert!(!markdown.contains("<script>") && markdown.contains("&lt;script&gt;"), "{markdown}");
    assert!(!markdown.contains("http://x"), "no viewer may make a link of it: {markdown}");
}

#[test]
fn csv_computes_nothing() {
    let dir = folder();
    plant(dir.path());
    let csv = sessions(dir.path(), "csv");
    check_plain(&csv);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let cells: Vec<String> =
        reader.records().flat_map(|it| it.unwrap().iter().map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!(cells.iter().all(|it| !it.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{cells:?}");
    for (name, shown) in NAMES {
        let guarded = if name.starts_with('=') { format!("'{shown}") } else { shown.to_owned() };
        assert_eq!(cells.iter().filter(|it| **it == guarded).count(), 3, "{guarded}: {cells:?}");
    }
}

#[test]
fn json_reads_back_to_what_was_planted() {
    let dir = folder();
    plant(dir.path());
    for format in ["json", "ndjson"] {
        let printed = sessions(dir.path(), format);
        check_plain(&printed);
        let rows: Vec<Value> = match format {
            "json" => {
                serde_json::from_str::<Value>(&printed).unwrap()["sessions"].as_array().unwrap().clone()
            }
            _ => printed.lines().map(|it| serde_json::from_str(it).unwrap()).collect(),
        };
        for (row, (name, _)) in rows.iter().zip(NAMES) {
            assert_eq!(
                (&row["customer_name"], &row["agent"], &row["instance"]),
                (&name.into(), &name.into(), &name.into())
            );
            let file = row["evidence"][0]["file"].as_str().unwrap();
            assert!(file.ends_with(&format!("{}.ndjson", file_name(name))), "{file:?}");
        }
    }
}

#[test]
fn a_workbook_holds_them_as_text() {
    let dir = folder();
    plant(dir.path());
    let out = dir.path().join("out");
    fs::create_dir(&out).unwrap();
    let path = out.join("sessions.xlsx");
    let output = run(dir.path(), &["sessions", ".", "--format", "xlsx", "-o", path.to_str().unwrap()]);
    assert!(output.status.success(), "{}", errors(&output));
    let mut book: Xlsx<_> = open_workbook(&path).unwrap();
    let mut texts = Vec::new();
    for sheet in book.sheet_names() {
        assert_eq!(book.worksheet_formula(&sheet).unwrap().used_cells().count(), 0, "{sheet}");
        let range = book.worksheet_range(&sheet).unwrap();
        texts.extend(range.used_cells().filter_map(|(_, _, it)| match it {
            Data::String(it) => Some(it.clone()),
            _ => None,
        }));
    }
    for (_, shown) in NAMES {
        assert!(texts.iter().filter(|it| *it == shown).count() >= 3, "{shown}");
    }
    texts.iter().for_each(|it| check_plain(it));
}

#[test]
fn a_page_holds_them_as_text() {
    let dir = folder();
    plant(dir.path());
    let page = sessions(dir.path(), "html");
    check_plain(&page);
    assert!(!page.contains("<script>alert"), "markup of a name became markup of the page");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    for (_, shown) in NAMES {
        let escaped =
            shown.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        assert!(page.matches(&escaped).count() >= 3, "{escaped}");
    }
}

#[test]
fn messages_about_such_files_do_nothing() {
    let dir = folder();
    for (name, _) in NAMES {
        fs::write(dir.path().join(format!("{}.ndjson", file_name(name))), "{broken\n").unwrap();
    }
    let output = run(dir.path(), &["sessions", "."]);
    assert_eq!(output.status.code(), Some(3));
    check_plain(&errors(&output));
    assert!(errors(&output).contains("\\u{202e}"), "{}", errors(&output));
}

#[test]
fn a_pack_holds_them_harmlessly_in_every_file() {
    let dir = folder();
    let dumps = dir.path().join("dumps");
    fs::create_dir(&dumps).unwrap();
    plant(&dumps);
    let args = ["pack", "--month", "2026-05", "--tz", "UTC", "--privacy", "full", "--out", "pack", "dumps"];
    let output = run(dir.path(), &args);
    assert!(output.status.success(), "{}", errors(&output));
    for entry in fs::read_dir(dir.path().join("pack")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if !name.ends_with(".xlsx") {
            let printed = fs::read_to_string(entry.path()).unwrap();
            check_plain(&printed);
            assert!(
                name.ends_with("json") || !printed.contains("<script>alert") || name.ends_with(".csv"),
                "{name}"
            );
        }
    }
    let verified = run(dir.path(), &["verify", "pack", "--inputs", "dumps"]);
    assert!(verified.status.success(), "{}", text(&verified));
}
