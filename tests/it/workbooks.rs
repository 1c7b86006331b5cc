//! Workbooks hold what the other formats hold, in the types of a spreadsheet, and nothing that acts.

use std::ffi::OsString;
use std::io::Cursor;

use calamine::{Data, Range, Reader, Xlsx};
use callsift::cli::{Env, Exit};

use super::support::{errors, folder, root, run, text};

const SIDES: [&str; 8] = [
    "--tz",
    "Asia/Kolkata",
    "--roster",
    "fixtures/demo/roster.csv",
    "--agents",
    "fixtures/demo/agents.csv",
    "--customers",
    "fixtures/demo/customers.csv",
];

type Book = Xlsx<Cursor<Vec<u8>>>;

#[track_caller]
fn workbook(args: &[&str]) -> (Vec<u8>, Book) {
    let output = run(root(), &[args, &["--format", "xlsx"]].concat());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", errors(&output));
    let book = Xlsx::new(Cursor::new(output.stdout.clone())).unwrap();
    (output.stdout, book)
}

#[track_caller]
fn sheet(book: &mut Book, name: &str) -> Range<Data> {
    let formulas = book.worksheet_formula(name).unwrap();
    assert!(formulas.used_cells().all(|(_, _, it)| it.is_empty()), "a formula in {name}");
    book.worksheet_range(name).unwrap()
}

/// Whether a cell holds what a field of CSV says, in the type that it should have.
fn is_same(cell: &Data, field: &str, key: &str) -> bool {
    let is_time = key.ends_with("_at") || key == "at";
    match cell {
        Data::Empty => field.is_empty(),
        Data::Float(it) => !is_time && field.parse::<f64>().is_ok_and(|field| field == *it),
        Data::Bool(it) => field == it.to_string(),
        Data::DateTime(it) => {
            let wall = ((it.as_f64() - 25_569.0) * 86_400_000.0).round() as i64;
            let wall = chrono::DateTime::from_timestamp_millis(wall).unwrap();
            is_time && field == format!("{}+05:30", wall.format("%Y-%m-%dT%H:%M:%S%.3f"))
        }
        // Telephone numbers and hours are texts.
        Data::String(it) => !is_time && it == field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_workbook_holds_what_the_other_formats_hold() {
    for (command, sections) in [
        (
            "report",
            "kpi_by_agent kpi_by_agent.outgoing kpi_by_instance frustration frustration.vip_unanswered anomalies \
             anomalies.instances anomalies.incidents reactions",
        ),
        ("kpi --by hour,video", "rows outgoing"),
        ("sessions", "sessions"),
        ("inspect", "feeds silences labels suggestions"),
    ] {
        let args: Vec<&str> = command.split(' ').chain(["fixtures/demo"]).chain(SIDES).collect();
        let (_, mut book) = workbook(&args);
        let mut compared = 0;
        for section in sections.split(' ') {
            let csv = [&args[..], &["--format", "csv", "--csv-raw", "--section", section]].concat();
            let printed = text(&run(root(), &csv));
            let mut csv = csv::Reader::from_reader(printed.as_bytes());
            let keys = csv.headers().unwrap().clone();
            let found = sheet(&mut book, section);
            for (place, record) in (1..).zip(csv.records()) {
                let record = record.unwrap();
                for (column, (field, key)) in record.iter().zip(&keys).enumerate() {
                    let cell = found.get((place, column)).unwrap_or(&Data::Empty);
                    assert!(
                        is_same(cell, field, key),
                        "{section}, row {place}, {key}: {cell:?}, not {field}"
                    );
                    compared += 1;
                }
            }
        }
        assert!(compared > 100, "{command}: {compared} cells");
    }
}

#[test]
fn a_workbook_is_the_same_bytes_whatever_the_threads() {
    let args = [&["report", "fixtures/demo"], &SIDES[..]].concat();
    let (first, _) = workbook(&[&args[..], &["--jobs", "1"]].concat());
    let (again, _) = workbook(&[&args[..], &["--jobs", "4", "--block-bytes", "4096"]].concat());
    assert!(first == again);
}

#[test]
fn hostile_names_come_out_as_text() {
    let (_, mut book) = workbook(&["frustration", "fixtures/broken/hostile-names.ndjson"]);
    for name in book.sheet_names() {
        for (_, _, cell) in sheet(&mut book, &name).used_cells() {
            let Data::String(text) = cell else { continue };
            assert!(!text.contains(|it: char| it.is_control() || ('\u{202a}'..='\u{202e}').contains(&it)));
        }
    }
}

#[test]
fn a_terminal_is_shown_no_workbook() {
    let env = Env { stdout_is_terminal: true, ..Env::default() };
    let of = |more: &[&str]| {
        let args = ["callsift", "kpi", "fixtures/stories/answered/timelinesai.ndjson", "--format", "xlsx"];
        let argv: Vec<OsString> = args.iter().chain(more).map(OsString::from).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = callsift::cli::run(&argv, &env, &mut out, &mut err);
        (exit, out.len(), String::from_utf8(err).unwrap())
    };
    let told = "error: --format xlsx: a terminal cannot show it; name a file, such as `-o report.xlsx`\n";
    assert_eq!(of(&[]), (Exit::Usage, 0, told.to_owned()));
    let home = folder();
    let file = home.path().join("kpi.xlsx");
    assert_eq!(of(&["-o", file.to_str().unwrap()]), (Exit::Complete, 0, String::new()));
    assert!(std::fs::read(file).unwrap().starts_with(b"PK"));
}

#[test]
fn a_name_that_promises_a_workbook_gets_a_hint() {
    let home = folder();
    let dump = root().join("fixtures/stories/answered/timelinesai.ndjson");
    let output = run(home.path(), &["kpi", dump.to_str().unwrap(), "-o", "kpi.xlsx"]);
    assert_eq!(output.status.code(), Some(0));
    let told = "note: kpi.xlsx gets the format table; --format xlsx writes what its name says\n";
    assert_eq!(errors(&output), told);
}
