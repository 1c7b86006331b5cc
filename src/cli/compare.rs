//! `compare`: two reports that were written before, or two periods of dumps.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use clap::parser::ValueSource;

use super::args::{Cli, CompareArgs};
use super::exit::Exit;
use super::resolve::{Env, OutputPlan, UsageError, period};
use super::run::{Extra, Failure, Task, over_dumps, refuse_gates, refuse_input, write_standalone};
use crate::analysis::Analysis;
use crate::document::Parameters;
use crate::privacy::Privacy;
use crate::render::Format;
use crate::reports::Output;
use crate::reports::compare::{Period, periods, report};
use crate::section::{Cell, Document, Piece, say};
use crate::side::Written;
use crate::text::Text;

/// What is typed that also means something for reports that were written before.
const FOR_REPORTS: [&str; 13] = [
    "paths",
    "format",
    "output",
    "section",
    "top",
    "sort",
    "columns",
    "csv_raw",
    "color",
    "quiet",
    "privacy",
    "agent_privacy",
    "key_file",
];

/// Two periods of dumps.
#[derive(Default)]
pub struct Compare {
    a: Period,
    b: Period,
}

impl Task for Compare {
    fn name(&self) -> &'static str {
        "compare"
    }

    fn wants_countries(&self) -> bool {
        false
    }

    fn parameters(&self) -> Parameters {
        let record = |it: Period| {
            Cell::Record(vec![
                ("since".to_owned(), Cell::Instant(it.since)),
                ("until".to_owned(), Cell::Instant(it.until)),
            ])
        };
        vec![("period_a".to_owned(), record(self.a)), ("period_b".to_owned(), record(self.b))]
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(periods(analysis, self.a, self.b))
    }
}

/// Runs the command; `argv` says what was typed.
pub fn compare(
    args: &CompareArgs,
    argv: &[OsString],
    env: &Env,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let plan = OutputPlan::resolve(&args.common.output, Format::Table, env)?;
    refuse_gates(&plan)?;
    if let (Some(a), Some(b)) = (&args.period_a, &args.period_b) {
        let a = period("--period-a", a, &plan.zone)?;
        let b = period("--period-b", b, &plan.zone)?;
        if a.since < b.until && b.since < a.until {
            let message = "--period-b: the periods overlap; a call would be compared with itself";
            return Err(Failure::Usage(message.to_owned()));
        }
        return over_dumps(&args.common, &Compare { a, b }, env, out, err);
    }
    let [a, b] = args.common.input.paths.as_slice() else {
        return Err(Failure::Usage(
            "name two reports to compare, or two periods of dumps\n\nexamples:\n  callsift compare april.json \
             may.json\n  callsift compare --period-a 2026-04 --period-b 2026-05 dumps/"
                .to_owned(),
        ));
    };
    refuse_options(argv)?;
    let paths = [Path::new(a), Path::new(b)];
    let files = paths.map(Written::file);
    if let Some(output) = &plan.file {
        refuse_input(output, &files.each_ref().map(|it| it.as_path()))?;
    }
    if !plan.privacy.is_full() && plan.privacy.key.is_none() {
        return Err(Failure::Usage(
            "--privacy: names in reports that are already written are masked with a key of yours; give \
             --key-file FILE"
                .to_owned(),
        ));
    }
    let [before, after] = paths.map(Written::read);
    let mut document = document(paths, &before?, &after?);
    Privacy::new(&plan.privacy, &Analysis::empty()).apply(&mut document);
    if plan.privacy.is_full() {
        // What a report hid stays hidden; the last note says that all is shown.
        document.notes.pop();
        document.notes.push(say("Privacy: people are shown as the two reports hold them."));
    }
    write_standalone(&mut document, &plan, out)
}

/// Options that say how dumps are read change nothing in a report that is already written.
fn refuse_options(argv: &[OsString]) -> Result<(), UsageError> {
    let typed = Cli::command().try_get_matches_from(argv).ok();
    let typed = typed.as_ref().and_then(|it| it.subcommand()).map(|(_, it)| it);
    let given = typed.into_iter().flat_map(|typed| {
        typed.ids().filter(|it| typed.value_source(it.as_str()) == Some(ValueSource::CommandLine))
    });
    // Groups have ids of their own, without an option.
    let command = Cli::command();
    let options = command.find_subcommand("compare");
    let names = given.filter_map(|id| {
        let option = options?.get_arguments().find(|it| it.get_id() == id)?;
        Some((id.as_str(), option.get_long()?))
    });
    match { names }.find(|(id, _)| !FOR_REPORTS.contains(id)) {
        Some((_, long)) => Err(UsageError(format!(
            "--{long}: has no effect on reports that are already written; give it when they are written, or \
             compare dumps with --period-a and --period-b"
        ))),
        None => Ok(()),
    }
}

/// Two reports side by side.
pub fn document(paths: [&Path; 2], a: &Written, b: &Written) -> Document {
    let Output { preface: _, parts, notes, .. } = report(a, b);
    let path = |it: &Path| Cell::Text(Text::new(&it.to_string_lossy()));
    let [first, second] = paths.map(path);
    let sentence = |name: &str, path: &Cell| {
        vec![Piece::Say(format!("{name}: ")), Piece::Value(path.clone()), Piece::Say(".".to_owned())]
    };
    Document {
        schema: "callsift.compare/1".to_owned(),
        preface: vec![sentence("A", &first), sentence("B", &second)],
        parameters: vec![
            ("callsift_version".to_owned(), Cell::word(env!("CARGO_PKG_VERSION"))),
            ("a".to_owned(), first),
            ("b".to_owned(), second),
        ],
        parts,
        notes,
        ..Document::default()
    }
}
