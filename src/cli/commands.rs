//! What each command makes of the input: one small type a command, all of the same form.

use std::io::Write;

use clap::CommandFactory;

use super::args::{Cli, DefineArgs, Shape, SynthArgs};
use super::exit::Exit;
use super::resolve::{Env, OutputPlan, UsageError};
use super::run::{Extra, Failure, Task, finish, open, unwritten, write_plain, write_standalone};
use crate::analysis::Analysis;
use crate::contact_rules::Profile;
use crate::definitions::{self, FIGURES, Figure};
use crate::dialects::support::ReadOptions;
use crate::document::Parameters;
use crate::identity::{self, Party};
use crate::ledger::Ledger;
use crate::read::Wants;
use crate::render::{Format, RenderError, escape};
use crate::reports::check::Gates;
use crate::reports::groups::Key;
use crate::reports::inspect::InspectExtra;
use crate::reports::{
    Output, anomalies, avoidance, callbacks, check, contacts, events, explain, frustration, inspect, kpi,
    overview, reactions, sessions, timeline,
};
use crate::section::{Body, Cell, Column, Document, Part, Person, Shown, Table};
use crate::suggest;
use crate::synth;

/// `report`.
pub struct Report;

impl Task for Report {
    fn name(&self) -> &'static str {
        "report"
    }

    fn needs_order(&self) -> bool {
        false
    }

    fn top_for_people(&self) -> Option<usize> {
        Some(10)
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(overview::report(analysis))
    }
}

/// `kpi`, with its keys.
pub struct Kpi(pub Vec<Key>);

impl Task for Kpi {
    fn name(&self) -> &'static str {
        "kpi"
    }

    fn needs_order(&self) -> bool {
        false
    }

    fn wants_countries(&self) -> bool {
        self.0.contains(&Key::Country)
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(kpi::report(analysis, &self.0))
    }
}

/// `frustration`.
pub struct Frustration;

impl Task for Frustration {
    fn name(&self) -> &'static str {
        "frustration"
    }

    fn needs_order(&self) -> bool {
        false
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(frustration::report(analysis))
    }
}

/// `contacts`, with its profiles.
pub struct Contacts(pub Vec<&'static Profile>);

impl Task for Contacts {
    fn name(&self) -> &'static str {
        "contacts"
    }

    fn parameters(&self) -> Parameters {
        vec![("rules".to_owned(), Cell::List(self.0.iter().map(|it| Cell::word(it.name)).collect()))]
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(contacts::report(analysis, &self.0))
    }
}

/// `avoidance`.
pub struct Avoidance;

impl Task for Avoidance {
    fn name(&self) -> &'static str {
        "avoidance"
    }

    fn needs_order(&self) -> bool {
        false
    }

    fn wants_countries(&self) -> bool {
        false
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(avoidance::report(analysis))
    }
}

/// `check`, with its gates.
pub struct Check(pub Gates);

impl Task for Check {
    fn name(&self) -> &'static str {
        "check"
    }

    fn wants_countries(&self) -> bool {
        self.0.by.contains(&Key::Country) || !self.0.no_breach.is_empty()
    }

    fn has_gates(&self) -> bool {
        true
    }

    fn tolerates(&self, ledger: &Ledger) -> bool {
        self.0.max_invalid.is_some_and(|it| !it.is_exceeded(ledger.invalid, ledger.lines))
    }

    fn parameters(&self) -> Parameters {
        let words = |names: Vec<&str>| Cell::List(names.into_iter().map(Cell::word).collect());
        let mut parameters = vec![
            ("by".to_owned(), words(self.0.by.iter().map(|it| it.name()).collect())),
            ("point".to_owned(), Cell::Bool(self.0.point)),
            ("gates".to_owned(), Cell::Record(self.0.limits())),
        ];
        if !self.0.no_breach.is_empty() {
            let names = self.0.no_breach.iter().map(|it| it.name).collect();
            parameters.push(("rules".to_owned(), words(names)));
        }
        parameters
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(check::report(analysis, &self.0))
    }
}

/// `anomalies`.
pub struct Anomalies;

impl Task for Anomalies {
    fn name(&self) -> &'static str {
        "anomalies"
    }

    fn needs_order(&self) -> bool {
        false
    }

    fn wants_countries(&self) -> bool {
        false
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(anomalies::report(analysis, false))
    }
}

/// `orphans`: the anomalies, orphaned rejections only.
pub struct Orphans;

impl Task for Orphans {
    fn name(&self) -> &'static str {
        "anomalies"
    }

    fn needs_order(&self) -> bool {
        false
    }

    fn wants_countries(&self) -> bool {
        false
    }

    fn parameters(&self) -> Parameters {
        vec![("kinds".to_owned(), Cell::List(vec![Cell::word("orphaned_rejection")]))]
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(anomalies::report(analysis, true))
    }
}

/// `sessions`.
pub struct Sessions;

impl Task for Sessions {
    fn name(&self) -> &'static str {
        "sessions"
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(sessions::report(analysis))
    }
}

/// `rejections`.
pub struct Rejections;

impl Task for Rejections {
    fn name(&self) -> &'static str {
        "rejections"
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(sessions::rejections(analysis))
    }
}

/// `callbacks`.
pub struct Callbacks;

impl Task for Callbacks {
    fn name(&self) -> &'static str {
        "callbacks"
    }

    fn needs_order(&self) -> bool {
        false
    }

    fn wants_countries(&self) -> bool {
        false
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(callbacks::report(analysis))
    }
}

/// `reactions`.
pub struct Reactions;

impl Task for Reactions {
    fn name(&self) -> &'static str {
        "reactions"
    }

    fn wants_countries(&self) -> bool {
        false
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(reactions::report(analysis))
    }
}

/// `events`.
pub struct Events;

impl Task for Events {
    fn name(&self) -> &'static str {
        "events"
    }

    fn default_format(&self) -> Format {
        Format::Ndjson
    }

    fn prepare(&self, options: &mut ReadOptions) {
        options.as_sent = true;
        options.keep_metadata = true;
    }

    fn wants_countries(&self) -> bool {
        false
    }

    fn report(&self, analysis: &Analysis, extra: Extra) -> Result<Output, Failure> {
        Ok(events::report(&extra.as_sent, analysis))
    }
}

/// `timeline`, with the customer in canonical spelling.
pub struct Timeline(pub String);

impl Task for Timeline {
    fn name(&self) -> &'static str {
        "timeline"
    }

    fn wants_countries(&self) -> bool {
        false
    }

    fn parameters(&self) -> Parameters {
        vec![("customer".to_owned(), Cell::Person(Person::Customer, crate::text::Text::new(&self.0)))]
    }

    fn report(&self, analysis: &Analysis, _extra: Extra) -> Result<Output, Failure> {
        Ok(timeline::report(analysis, &self.0))
    }
}

/// The canonical spelling of a customer that was typed.
pub fn customer(typed: &str, fold: bool) -> String {
    match identity::canonical(typed.trim(), fold) {
        Party::Person(it) => it.into_owned(),
        Party::Group => typed.trim().to_owned(),
    }
}

/// `inspect`.
pub struct Inspect {
    /// Whether paths are shown.
    pub show_paths: bool,
}

impl Task for Inspect {
    fn name(&self) -> &'static str {
        "inspect"
    }

    fn wants(&self) -> Wants {
        Wants { paths: self.show_paths, others: true, ..Wants::default() }
    }

    fn prepare(&self, options: &mut ReadOptions) {
        options.keep_metadata = true;
    }

    fn wants_countries(&self) -> bool {
        false
    }

    fn report(&self, analysis: &Analysis, extra: Extra) -> Result<Output, Failure> {
        Ok(inspect::report(
            analysis,
            &InspectExtra { paths: extra.paths, show_paths: self.show_paths, others: extra.others },
        ))
    }
}

/// `explain`, with the id or figure.
pub struct Explain(pub String);

impl Task for Explain {
    fn name(&self) -> &'static str {
        "explain"
    }

    fn wants(&self) -> Wants {
        Wants { raw_lines: true, ..Wants::default() }
    }

    fn parameters(&self) -> Parameters {
        vec![("explained".to_owned(), Cell::Text(crate::text::Text::new(&self.0)))]
    }

    fn report(&self, analysis: &Analysis, extra: Extra) -> Result<Output, Failure> {
        explain::report(analysis, &self.0, &extra.raw_lines).map_err(Failure::Usage)
    }
}

/// The manual page: the program's, then each command's.
pub fn man(out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    let command = Cli::command();
    clap_mangen::Man::new(command.clone()).render(&mut text)?;
    for sub in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        let title = format!("callsift {}", sub.get_name());
        writeln!(text, ".SH {}", title.to_uppercase().replace('-', "\\-"))?;
        let page = clap_mangen::Man::new(sub.clone());
        page.render_description_section(&mut text)?;
        page.render_options_section(&mut text)?;
    }
    write_plain(&text, out)
}

/// `define`: one figure, or all of them.
pub fn define(args: &DefineArgs, env: &Env, out: &mut dyn Write) -> Result<Exit, Failure> {
    let plan = OutputPlan::resolve(&args.output, Format::Table, env)?;
    let figures: Vec<&Figure> = match &args.figure {
        None => FIGURES.iter().collect(),
        Some(name) => {
            let titled = || FIGURES.iter().find(|it| it.title.eq_ignore_ascii_case(name));
            let known = definitions::figure(name).or_else(titled).ok_or_else(|| {
                let value_of = FIGURES.iter().find(|it| definitions::explains_word(it, name));
                if let Some(it) = value_of {
                    let (word, figure) = (escape::message(name), it.id);
                    return UsageError(format!(
                        "`{word}` is a value of `{figure}`; `callsift define {figure}` explains it"
                    ));
                }
                let near = suggest::nearest(name, FIGURES.iter().map(|it| it.id));
                let hint = match near.first() {
                    Some(it) => format!("did you mean `{it}`?"),
                    None => "`callsift define` lists all".to_owned(),
                };
                UsageError(format!("no figure is called `{}`; {hint}", escape::message(name)))
            })?;
            vec![known]
        }
    };
    let mut document = defined(&figures);
    if let (Some(_), [it]) = (&args.figure, figures.as_slice()) {
        document.preface = definitions::sentences(it);
        if matches!(plan.format, Format::Table | Format::Markdown | Format::Html) {
            document.parts.clear();
        }
    }
    write_standalone(&mut document, &plan, out)
}

/// Figures with their definitions.
pub fn defined(figures: &[&Figure]) -> Document {
    Document {
        schema: "callsift.define/1".to_owned(),
        parts: vec![Part { path: vec!["figures"], body: Body::Rows(figures_table(figures)) }],
        ..Document::default()
    }
}

fn figures_table(figures: &[&Figure]) -> Table {
    let column = |key, title, shown| Column { key, title, shown };
    let list = |it: &[&str]| Cell::List(it.iter().map(|it| Cell::word(it)).collect());
    Table {
        title: "Figures".to_owned(),
        columns: vec![
            column("id", "Figure", Shown::Always),
            column("title", "Title", Shown::Always),
            column("unit", "Unit", Shown::Always),
            column("formula", "Formula", Shown::OnRequest),
            column("numerator", "Numerator", Shown::OnRequest),
            column("denominator", "Denominator", Shown::OnRequest),
            column("source", "Source", Shown::OnRequest),
            column("reports", "Commands", Shown::IfWide(1)),
        ],
        reading: vec![
            "`callsift define FIGURE` tells formula and source; --format csv or json holds all.".to_owned(),
        ],
        rows: figures
            .iter()
            .map(|it| {
                vec![
                    Cell::word(it.id),
                    Cell::word(it.title),
                    Cell::word(it.unit),
                    Cell::word(it.formula),
                    list(it.numerator),
                    list(it.denominator),
                    Cell::word(it.source),
                    list(it.reports),
                ]
            })
            .collect(),
        ..Table::default()
    }
}

/// `synth`.
pub fn synth(args: &SynthArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let shape = match args.shape {
        Shape::Demo => return demo(args),
        Shape::Calls => synth::Shape::Calls,
        Shape::Mixed => synth::Shape::Mixed,
    };
    match &args.output {
        None => {
            synth::dump(shape, args.calls, args.seed, out)?;
            out.flush()?;
        }
        Some(path) => {
            let mut file = open(path)?;
            synth::dump(shape, args.calls, args.seed, &mut file)
                .map_err(|it| unwritten(RenderError::Io(it), path))?;
            finish([file])?;
        }
    }
    Ok(Exit::Complete)
}

fn demo(args: &SynthArgs) -> Result<Exit, Failure> {
    let Some(folder) = &args.output else {
        return Err(Failure::Usage("--output: the demo is a folder; name one, such as `-o demo`".to_owned()));
    };
    if std::fs::read_dir(folder).is_ok_and(|mut it| it.next().is_some()) {
        let name = folder.to_string_lossy();
        let message = format!("--output: {} is not empty; name a new folder", escape::message(&name));
        return Err(Failure::Usage(message));
    }
    let mut files = Vec::new();
    for (path, bytes) in synth::demo(args.seed).files {
        let target = folder.join(path);
        let made = target.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.map_err(|it| unwritten(RenderError::Io(it), &target))?;
        let mut file = open(&target)?;
        file.write_all(&bytes).map_err(|it| unwritten(RenderError::Io(it), &target))?;
        files.push(file);
    }
    finish(files)?;
    Ok(Exit::Complete)
}
