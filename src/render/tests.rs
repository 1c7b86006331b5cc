//! The same documents through every format.

use serde_json::{Value, json};

use super::samples::{AT, hostile, hostile_names, ordinary, text};
use super::*;
use crate::section::{Shown, say};

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

#[test]
fn ordinary_table() {
    let zone = berlin();
    let shown = written(&ordinary(), Format::Table, &Style { width: Some(90), ..style(&zone) });
    assert_eq!(shown, "");
}

#[test]
fn narrow_table() {
    let zone = berlin();
    let shown = written(&ordinary(), Format::Table, &Style { width: Some(44), ..style(&zone) });
    assert_eq!(shown, "");
}
#[test]
fn x_json() {
    let zone = berlin();
    println!("{}", written(&ordinary(), Format::Json, &style(&zone)));
    println!("{}", written(&ordinary(), Format::Ndjson, &style(&zone)));
    println!("{}", written(&ordinary(), Format::Csv, &style(&zone)));
    println!("{}", written(&ordinary(), Format::Markdown, &style(&zone)));
    for width in [40, 60, 100, 160] {
        println!(
            "{}",
            written(&hostile(), Format::Table, &Style { width: Some(width), color: true, ..style(&zone) })
        );
    }
    panic!()
}
