//! Workflow commands of GitHub: an error for each figure over its limit, a warning for what could not
//! be judged, and how it went. Each on one line; a reader of the log sees the same as annotations.

use std::io::{self, Write};

use super::{Style, Words, escape, sentences};
use crate::section::Document;

/// What stands over each annotation.
const TITLE: &str = "callsift check";

pub(super) fn render(doc: &Document, style: &Style<'_>, out: &mut dyn Write) -> io::Result<()> {
    // The sentence is escaped as a whole; its values are not escaped twice.
    let words = Words { zone: style.zone, text: |it| it.into(), full_instants: false };
    let title = escape::github_property(TITLE);
    for (command, part) in [("error", "failures"), ("warning", "not_judged"), ("notice", "summary")] {
        for sentence in sentences(doc, part) {
            writeln!(out, "::{command} title={title}::{}", escape::github(&words.sentence(sentence)))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::samples::{gates, hostile_names, unescaped};
    use super::super::{Format, Style, render};
    use crate::zone::Zone;

    fn written(names: &[String]) -> String {
        let zone = Zone::utc();
        let style =
            Style { zone: &zone, width: None, color: false, csv_raw: false, section: None, columns: &[] };
        let mut out = Vec::new();
        render(&gates(names), Format::Github, &style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn annotations_of_what_is_over_what_is_unknown_and_how_it_went() {
        assert_eq!(
            written(&["Asha, Rao: 5 %".to_owned()]),
            "\
::error title=callsift check::max_rejection_rate: agent Asha, Rao: 5 %25 is 66.7 %25.
::warning title=callsift check::max_orphans: nothing could be judged.
::notice title=callsift check::100 %25 are over.
"
        );
    }

    #[test]
    fn names_make_no_commands_and_no_lines_of_their_own() {
        let names = hostile_names();
        let out = written(&names);
        assert_eq!(out.split('\n').count(), names.len() + 3);
        for (line, name) in out.lines().zip(&names) {
            let start = "::error title=callsift check::max_rejection_rate: agent ";
            let shown = line.strip_prefix(start).and_then(|it| it.strip_suffix(" is 66.7 %25.")).unwrap();
            let shown = shown.replace("%25", "%");
            let bare = if name.trim().is_empty() { &shown[1..shown.len() - 1] } else { &shown };
            assert_eq!(unescaped(bare), *name);
            assert!(!line.chars().any(char::is_control), "{line}");
        }
    }
}
