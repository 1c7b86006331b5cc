//! A JUnit file: a suite for each gate, a test case for each figure that is judged. Nothing in it
//! changes from run to run: no time, no id.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Style, Words, escape, sentences};
use crate::section::{Body, Cell, Document, Table};

pub(super) fn render(doc: &Document, style: &Style<'_>, out: &mut dyn Write) -> io::Result<()> {
    let words = Words { zone: style.zone, text: escape::xml, full_instants: false };
    let mut report = Report::new("callsift check");
    // They stand in the order of the rows that failed.
    let mut failures = sentences(doc, "failures").iter();
    for row in rows(doc) {
        let [gate, subject, measured, passed] =
            ["gate", "subject", "measured", "passed"].map(|it| row.cell(it));
        let gate = words.cell(gate);
        let mut status = match passed {
            Cell::Bool(true) => TestCaseStatus::success(),
            Cell::Bool(false) => TestCaseStatus::non_success(NonSuccessKind::Failure),
            _ => TestCaseStatus::skipped(),
        };
        match passed {
            Cell::Bool(true) => {}
            Cell::Bool(false) => {
                let sentence = failures.next().map(|it| words.sentence(it)).unwrap_or_default();
                status.set_message(sentence).set_type(words.cell(measured));
            }
            _ => {
                status.set_message("The input cannot show it.");
            }
        }
        let subject = if *subject == Cell::Missing { "all".to_owned() } else { words.cell(subject) };
        let mut case = TestCase::new(subject, status);
        case.set_classname(format!("callsift.check.{gate}"));
        add(&mut report, &gate, case);
    }
    // What could not be judged and has no row of its own, such as findings that are neither.
    for sentence in sentences(doc, "not_judged") {
        let sentence = words.sentence(sentence);
        let gate = sentence.split(':').next().unwrap_or_default();
        let suite = report.test_suites.iter().find(|it| it.name.as_str() == gate);
        let told = suite.is_some_and(|it| {
            it.test_cases.iter().any(|it| matches!(it.status, TestCaseStatus::Skipped { .. }))
        });
        if !told {
            let mut status = TestCaseStatus::skipped();
            status.set_message(sentence.clone());
            let mut case = TestCase::new("not judged", status);
            case.set_classname(format!("callsift.check.{gate}"));
            add(&mut report, gate, case);
        }
    }
    count(&mut report);
    // What the library says of a failed write hides its kind.
    let text = report.to_string().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

/// Puts a case into the suite of its gate.
fn add(report: &mut Report, gate: &str, case: TestCase) {
    match report.test_suites.iter_mut().find(|it| it.name.as_str() == gate) {
        Some(suite) => drop(suite.add_test_case(case)),
        None => {
            let mut suite = TestSuite::new(gate.to_owned());
            suite.add_test_case(case);
            report.test_suites.push(suite);
        }
    }
}

/// Suites that were still growing when they came into the report are counted at the end.
fn count(report: &mut Report) {
    for suite in std::mem::take(&mut report.test_suites) {
        report.add_test_suite(suite);
    }
}

struct Row<'d> {
    table: &'d Table,
    cells: &'d [Cell],
}

impl<'d> Row<'d> {
    fn cell(&self, key: &str) -> &'d Cell {
        let place = self.table.columns.iter().position(|it| it.key == key);
        place.map_or(&Cell::Missing, |it| &self.cells[it])
    }
}

fn rows(doc: &Document) -> impl Iterator<Item = Row<'_>> {
    let tables = doc.parts.iter().filter(|it| it.path == ["rows"]).filter_map(|it| match &it.body {
        Body::Rows(table) => Some(table),
        Body::Value(_) | Body::Sentences(_) => None,
    });
    tables.flat_map(|table| table.rows.iter().map(move |cells| Row { table, cells }))
}

#[cfg(test)]
mod tests {
    use super::super::samples::{gates, hostile_names, unescaped};
    use super::super::{Format, Style, render};
    use super::*;
    use crate::zone::Zone;

    fn written(names: &[String]) -> String {
        let zone = Zone::utc();
        let style =
            Style { zone: &zone, width: None, color: false, csv_raw: false, section: None, columns: &[] };
        let mut out = Vec::new();
        render(&gates(names), Format::Junit, &style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_suite_for_each_gate_and_a_case_for_each_figure() {
        assert_eq!(
            written(&["<Asha>".to_owned()]),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="callsift check" tests="3" skipped="1" failures="1" errors="0">
    <testsuite name="max_rejection_rate" tests="2" skipped="0" errors="0" failures="1">
        <testcase name="agent &lt;Asha&gt;" classname="callsift.check.max_rejection_rate">
            <failure message="max_rejection_rate: agent &lt;Asha&gt; is 66.7 %." type="rejection_rate_low"/>
        </testcase>
        <testcase name="agent within" classname="callsift.check.max_rejection_rate"/>
    </testsuite>
    <testsuite name="max_orphans" tests="1" skipped="1" errors="0" failures="0">
        <testcase name="all" classname="callsift.check.max_orphans">
            <skipped message="The input cannot show it."/>
        </testcase>
    </testsuite>
</testsuites>
"#
        );
    }

    #[test]
    fn what_has_no_row_and_could_not_be_judged_is_a_skipped_case() {
        let mut doc = gates(&[]);
        for part in doc.parts.iter_mut().filter(|it| it.path == ["not_judged"]) {
            part.body = Body::Sentences(vec![crate::section::say("no_breach: 30 findings are neither.")]);
        }
        let zone = Zone::utc();
        let style =
            Style { zone: &zone, width: None, color: false, csv_raw: false, section: None, columns: &[] };
        let mut out = Vec::new();
        render(&doc, Format::Junit, &style, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains(r#"<testsuite name="no_breach" tests="1" skipped="1""#), "{out}");
        assert!(out.contains(r#"<skipped message="no_breach: 30 findings are neither."/>"#), "{out}");
    }

    #[test]
    fn names_read_back() {
        let names = hostile_names();
        let report = Report::deserialize_from_str(&written(&names)).unwrap();
        let cases = &report.test_suites[0].test_cases;
        assert_eq!(cases.len(), names.len() + 1);
        for (case, name) in cases.iter().zip(&names) {
            let shown = case.name.as_str().strip_prefix("agent ").unwrap();
            let bare = if name.trim().is_empty() { &shown[1..shown.len() - 1] } else { shown };
            assert_eq!(unescaped(bare), *name);
        }
    }
}
