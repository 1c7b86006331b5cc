//! The ledger as every report shows it: of each input and of all of them, bytes included.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use calamine::{Data, Reader, Xlsx};
use serde_json::Value;

use crate::cli::{over_dumps, with};
use crate::support::{callsift, errors, folder, gzip, run, text, write_files};

const CALL: &str =
    "{\"event\":\"call.rejected\",\"session\":\"a\",\"timestamp\":1777888800000,\"payload\":{\"id\":\"c1\"}}";

/// What an input holds.
struct Book {
    name: &'static str,
    call: u64,
    other: u64,
    invalid: u64,
    blank: u64,
    bytes: u64,
    /// Those of them that are in no line.
    outside: u64,
}

impl Book {
    /// Its row under [`COLUMNS`].
    fn row(&self) -> Vec<u64> {
        let Self { call, other, invalid, blank, bytes, outside, .. } = *self;
        vec![
            call + other + invalid + blank,
            call,
            0,
            other,
            invalid,
            blank,
            0,
            bytes,
            bytes - outside,
            outside,
        ]
    }
}

/// A dump of two calls, a message, a broken and a blank line; an array behind a byte-order mark; one that is
/// compressed; one with nothing in it. With their books, counted by hand.
fn dumps() -> (tempfile::TempDir, [Book; 4]) {
    let home = folder();
    write_files(
        home.path(),
        &[
            ("in/a.ndjson".into(), format!("{CALL}\r\n{CALL}\n{{}}\n{{broken\n \n").into_bytes()),
            ("in/b.json".into(), format!("\u{feff}[\n{CALL},\n{{}}\n]").into_bytes()),
            ("in/c.ndjson.gz".into(), gzip(format!("{CALL}\n{CALL}").as_bytes())),
            ("in/d.ndjson".into(), Vec::new()),
        ],
    );
    let long = CALL.len() as u64;
    let empty = Book { name: "in/d.ndjson", call: 0, other: 0, invalid: 0, blank: 0, bytes: 0, outside: 0 };
    let plain = long + 2 + long + 1 + 3 + 8 + 2;
    let books = [
        Book { name: "in/a.ndjson", call: 2, other: 1, invalid: 1, blank: 1, bytes: plain, outside: 5 },
        Book { name: "in/b.json", call: 1, other: 1, bytes: long + 2 + 9, outside: 9, ..empty },
        Book { name: "in/c.ndjson.gz", call: 2, bytes: 2 * long + 1, outside: 1, ..empty },
        empty,
    ];
    (home, books)
}

fn printed(home: &Path, command: &[String], format: &str, more: &[&str]) -> Vec<u8> {
    let mut args = with(command, &["in", "--quiet", "--tolerate-invalid", "9", "--format", format]);
    args.extend(more);
    if format == "xlsx" {
        args.extend(["-o", "out.xlsx"]);
    }
    let output = callsift(home).args(&args).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", errors(&output));
    if format == "xlsx" { fs::read(home.join("out.xlsx")).unwrap() } else { output.stdout }
}

const COLUMNS: [&str; 10] = [
    "lines",
    "call_lines",
    "reaction_lines",
    "other_lines",
    "invalid_lines",
    "blank_lines",
    "unverified_lines",
    "bytes",
    "line_bytes",
    "outside_bytes",
];

/// The rows of the table of inputs and its total, as programs get them.
fn rows(home: &Path, command: &[String], format: &str) -> Vec<Vec<u64>> {
    let of_json = |it: &Value| COLUMNS.map(|key| it[key].as_u64().unwrap()).to_vec();
    let number = |it: &dyn ToString| it.to_string().parse().unwrap();
    match format {
        "json" => {
            let got: Value = serde_json::from_slice(&printed(home, command, format, &[])).unwrap();
            let rows = got["input"]["rows"].as_array().unwrap().iter();
            rows.chain([&got["input"]["total"]]).map(of_json).collect()
        }
        "ndjson" => {
            let shown = String::from_utf8(printed(home, command, format, &[])).unwrap();
            let rows = shown.lines().map(|it| serde_json::from_str::<Value>(it).unwrap());
            rows.filter(|it| it["section"].as_str().unwrap().starts_with("input"))
                .map(|it| of_json(&it))
                .collect()
        }
        "csv" => {
            let parts = ["input", "input.total"].map(|it| printed(home, command, format, &["--section", it]));
            let records = parts.iter().flat_map(|it| csv::Reader::from_reader(&it[..]).into_records());
            records.map(|it| it.unwrap().iter().skip(1).map(|it| number(&it)).collect()).collect()
        }
        _ => {
            let mut book: Xlsx<_> = Xlsx::new(Cursor::new(printed(home, command, format, &[]))).unwrap();
            let sheet = book.worksheet_range("input").unwrap();
            let rows = sheet.rows().skip(1).filter(|it| it[0] != Data::Empty);
            rows.map(|it| it[1..].iter().map(|it| number(it)).collect()).collect()
        }
    }
}

#[test]
fn every_report_has_the_books_of_each_input_and_of_all_in_every_format() {
    let (home, books) = dumps();
    let mut expected: Vec<Vec<u64>> = books.iter().map(Book::row).collect();
    let total: Vec<u64> = (0..COLUMNS.len()).map(|at| expected.iter().map(|it| it[at]).sum()).collect();
    expected.push(total.clone());
    // Events are a part of a dump.
    for command in over_dumps().iter().filter(|it| it[0] != "events") {
        for format in ["json", "ndjson", "csv", "xlsx"] {
            assert_eq!(rows(home.path(), command, format), expected, "{command:?} as {format}");
        }
        for format in ["table", "markdown", "html"] {
            let shown = String::from_utf8(printed(home.path(), command, format, &[])).unwrap();
            let sentence = format!("{} lines, {} bytes: {} with call events", total[0], total[7], total[1]);
            assert!(shown.contains(&sentence), "{command:?} as {format}: {sentence}");
            let names = books.iter().map(|it| it.name).chain(["Total"]);
            for (name, numbers) in names.zip(&expected) {
                // Lines in their classes and bytes, in this order, whatever stands between them.
                let numbers = [0, 1, 2, 3, 4, 5, 7].map(|it| numbers[it].to_string());
                let is_shown = shown.lines().any(|it| {
                    let mut words = it.split([' ', '<', '>', '|', '*']);
                    words.any(|it| it == name) && numbers.iter().all(|it| words.any(|word| word == it))
                });
                assert!(is_shown, "{command:?}: {name} {numbers:?} is not in\n{shown}");
            }
        }
    }
    let json: Value = serde_json::from_slice(&printed(home.path(), &["kpi".into()], "json", &[])).unwrap();
    let books = &json["accounting"]["bytes"];
    assert_eq!(["total", "lines", "outside"].map(|it| books[it].as_u64().unwrap()), total[7..]);
}

#[test]
fn of_many_inputs_people_see_the_first_and_programs_all() {
    let home = folder();
    let files: Vec<(String, Vec<u8>)> =
        (0..25).map(|it| (format!("in/{it:02}.ndjson"), format!("{CALL}\n").into_bytes())).collect();
    write_files(home.path(), &files);
    let shown = |args: &[&str]| text(&run(home.path(), &[&["kpi", "in", "-q"], args].concat()));
    let named = |shown: &str| (0..25).filter(|it| shown.contains(&format!("in/{it:02}.ndjson"))).count();
    for format in ["table", "markdown"] {
        let short = shown(&["--format", format]);
        assert_eq!(named(&short), 20, "{short}");
        assert!(short.contains("The first 20 of 25 rows; --top N shows more or fewer."), "{short}");
        assert_eq!(named(&shown(&["--format", format, "--section", "input"])), 25);
        assert_eq!(named(&shown(&["--format", format, "--top", "25"])), 25);
    }
    for format in ["json", "ndjson", "html"] {
        assert_eq!(named(&shown(&["--format", format])), 25, "{format}");
    }
    assert_eq!(named(&shown(&["--format", "csv", "--section", "input"])), 25);
}
