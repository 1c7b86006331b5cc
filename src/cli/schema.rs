//! `schema`: the JSON Schema of what each command prints as JSON.
//!
//! A new command needs its line in [`of_command`]; the rest follows from its report over nothing.

use std::io::Write;
use std::path::Path;

use chrono::NaiveDate;
use clap::Parser;

use super::args::{Cli, Command};
use super::commands;
use super::compare;
use super::config::{self, InstanceEntry};
use super::exit::Exit;
use super::pack;
use super::resolve::{Env, Plan, UsageError, unknown_word};
use super::run::{Extra, Failure, Task, given_parameters, output_parameters, write_plain};
use crate::analysis::{Analysis, ReportOptions};
use crate::contact_rules::PROFILES;
use crate::definitions::FIGURES;
use crate::dialects::Provider;
use crate::document::{self, Parameters};
use crate::instances::Instance;
use crate::ledger::Tolerance;
use crate::pack::verify;
use crate::privacy::{Choice, Level, Privacy};
use crate::render::Format;
use crate::reports::check::Gates;
use crate::reports::groups::Key;
use crate::schema::schema as schema_of;
use crate::section::{Cell, Document};
use crate::side::{Customer, Customers, Written};
use crate::text::Interner;
use crate::zone::Zone;

/// A command line on which every option is given that is told in the parameters.
const EVERY_OPTION: &str = "callsift report --as-of 2026-05-01 --body . --source a=b --instance-name a \
    --feed-complete wawp --agent-from-metadata a --roster a --agents a --customers a --customers-as-of \
    2026-05-31 --holidays a \
    --tolerate-invalid 0 --top 1 --sort calls --columns calls --section rows --since 2026-05-01 --until \
    2026-06-01 --provider wawp --instance a --agent a --customer a --direction incoming --outcome rejected \
    --cause declined --declined-by agent";

/// The commands that have a schema.
pub const COMMANDS: [&str; 21] = [
    "report",
    "kpi",
    "frustration",
    "contacts",
    "avoidance",
    "anomalies",
    "orphans",
    "sessions",
    "rejections",
    "callbacks",
    "timeline",
    "reactions",
    "events",
    "inspect",
    "explain",
    "check",
    "compare",
    "define",
    "config",
    "pack",
    "verify",
];

/// Prints the schema of a command.
pub fn schema(name: &str, out: &mut dyn Write) -> Result<Exit, Failure> {
    let name = name.to_ascii_lowercase();
    if !COMMANDS.contains(&name.as_str()) {
        return Err(unknown_word("schema", &name, COMMANDS).into());
    }
    let mut text =
        serde_json::to_vec_pretty(&schema_of(&of_command(&name)?)).map_err(std::io::Error::from)?;
    text.push(b'\n');
    write_plain(&text, out)
}

/// Documents of a command that together hold everything that it can show.
fn of_command(name: &str) -> Result<Vec<Document>, Failure> {
    let kpi = |by: &[Key]| commands::Kpi(by.to_vec());
    match name {
        "report" => over_nothing(&[&commands::Report]),
        // Which keys there are is asked for: with each of these others are left out.
        "kpi" => over_nothing(&[&kpi(&Key::ALL), &kpi(&[Key::Agent]), &kpi(&[Key::Hour])]),
        "frustration" => over_nothing(&[&commands::Frustration]),
        "contacts" => over_nothing(&[&commands::Contacts(PROFILES.iter().collect())]),
        "avoidance" => over_nothing(&[&commands::Avoidance]),
        "anomalies" => over_nothing(&[&commands::Anomalies, &commands::Orphans]),
        "orphans" => over_nothing(&[&commands::Orphans, &commands::Anomalies]),
        "sessions" => over_nothing(&[&commands::Sessions]),
        "rejections" => over_nothing(&[&commands::Rejections]),
        "callbacks" => over_nothing(&[&commands::Callbacks]),
        "timeline" => over_nothing(&[&commands::Timeline("-".to_owned())]),
        "reactions" => over_nothing(&[&commands::Reactions]),
        "events" => over_nothing(&[&commands::Events]),
        "inspect" => {
            let [plain, with_paths] = [false, true].map(|it| commands::Inspect { show_paths: it });
            over_nothing(&[&plain, &with_paths])
        }
        "explain" => over_nothing(&[&commands::Explain("rejected".to_owned())]),
        "check" => {
            let gates = Gates {
                by: vec![Key::Agent],
                max_rejection_rate: Some(0),
                max_orphans: Some(0),
                max_orphan_rate: Some(0),
                max_invalid: Some(Tolerance::Lines(0)),
                max_priority_1: Some(0),
                min_callback_rate: Some(0),
                no_breach: PROFILES.iter().collect(),
                ..Gates::default()
            };
            let of_share = Gates { max_invalid: Some(Tolerance::Share(0)), ..gates.clone() };
            over_nothing(
                &[gates, of_share, Gates::default()]
                    .map(commands::Check)
                    .each_ref()
                    .map(|it| it as &dyn Task),
            )
        }
        "compare" => {
            let none = Written::default();
            let mut documents = over_nothing(&[&compare::Compare::default()])?;
            let of_reports = compare::document([Path::new("a"), Path::new("b")], &none, &none);
            for document in shown(&of_reports, &Analysis::empty()) {
                documents.extend(standalone(document)?);
            }
            Ok(documents)
        }
        "config" => configured(),
        // The reports of a pack are those of their commands; its own is the manifest.
        "pack" => manifests(),
        "verify" => standalone(verify::sample()),
        "define" => standalone(commands::defined(&FIGURES.iter().collect::<Vec<_>>())),
        _ => Ok(Vec::new()),
    }
}

/// What tasks make of no input, with and without the parameters that only stand where they were given.
fn over_nothing(tasks: &[&dyn Task]) -> Result<Vec<Document>, Failure> {
    let given = everything()?.0;
    let mut documents = Vec::new();
    // Some sections are there only if the customers file says something of anybody.
    for analysis in [Analysis::empty(), of_customers()] {
        for task in tasks {
            let report = task.report(&analysis, Extra::default())?;
            for given in [given.clone(), always(&given)] {
                let mut parameters = document::common_parameters(&analysis);
                parameters.extend(given);
                parameters.extend(task.parameters());
                let document = document::document(task.name(), parameters, &analysis, report.clone());
                documents.extend(shown(&document, &analysis));
            }
        }
    }
    Ok(documents)
}

/// No calls, and customers of whom everything is known.
fn of_customers() -> Analysis {
    let texts = Interner::default();
    let known = Customer { defaulted_on: NaiveDate::from_ymd_opt(2026, 5, 1), ..Customer::default() };
    let customers = Customers::of([(texts.intern("-"), vec![known])]);
    Analysis { texts: texts.freeze(), customers, ..Analysis::empty() }
}

/// A document with people masked, and with them in full.
fn shown(document: &Document, analysis: &Analysis) -> [Document; 2] {
    [Level::Mask, Level::Full].map(|level| {
        let mut document = document.clone();
        let choice = Choice { customers: level, agents: level, key: None };
        Privacy::new(&choice, analysis).apply(&mut document);
        document
    })
}

/// A document that comes from no dump, with and without the parameters that can be given.
fn standalone(document: Document) -> Result<Vec<Document>, Failure> {
    let mut chosen = document.clone();
    chosen.parameters.extend(output_parameters(&everything()?.1.output));
    Ok(vec![chosen, document])
}

/// The parameters that stand there without being given.
fn always(given: &Parameters) -> Parameters {
    let names = ["instant_ms", "naive_tz", "raw_identities"];
    given.iter().filter(|(name, _)| names.contains(&name.as_str())).cloned().collect()
}

/// All parameters that can be given, and the plan that they make.
fn everything() -> Result<(Parameters, Plan), Failure> {
    let parsed = Cli::try_parse_from(EVERY_OPTION.split_whitespace());
    let Ok(Cli { command: Command::Report(args), .. }) = parsed else {
        return Err(UsageError("the example of all options is no command line".to_owned()).into());
    };
    let mut plan = Plan::resolve(&args.common, Format::Json, &Env::default())?;
    plan.settings.config = Some("callsift.toml".into());
    plan.report.instances = instances().into_iter().collect();
    Ok((given_parameters(&args.common, &plan), plan))
}

/// Settings of single instances: all of them, and none.
fn instances() -> [Instance; 2] {
    let full = Instance {
        name: "a".to_owned(),
        provider: Provider::all().next(),
        team: Some("a".to_owned()),
        zone: Some(Zone::utc()),
        hours: Some(ReportOptions::default().hours),
        holidays: Some(NaiveDate::from_ymd_opt(2026, 5, 1).into_iter().collect()),
    };
    [full, Instance::default()]
}

/// What the manifest of a pack can hold.
fn manifests() -> Result<Vec<Document>, Failure> {
    let given = everything()?.0;
    let analysis = Analysis::empty();
    let mut documents = Vec::new();
    for given in [given.clone(), always(&given)] {
        let mut parameters = document::common_parameters(&analysis);
        parameters.extend(given);
        parameters.extend(commands::Contacts(PROFILES.iter().collect()).parameters());
        for place in [Cell::Missing, Cell::word("a:1")] {
            documents.extend(shown(&pack::sample(&analysis, parameters.clone(), &place)?, &analysis));
        }
    }
    Ok(documents)
}

/// What `config show` can hold.
fn configured() -> Result<Vec<Document>, Failure> {
    let typed: Vec<&str> = EVERY_OPTION.split_whitespace().collect();
    let entry = |instance, holidays_file| InstanceEntry { instance, line: 1, holidays_file };
    let [full, none] = instances();
    let all = vec![entry(full, None), entry(none.clone(), None), entry(none, Some("a".into()))];
    let documents = config::samples(&typed, all)?;
    Ok(documents.into_iter().map(standalone).collect::<Result<Vec<_>, _>>()?.concat())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_that_prints_json_has_a_schema() {
        let others = ["schema", "synth", "completions", "man"];
        let command = Cli::command();
        let named: BTreeSet<&str> =
            command.get_subcommands().map(|it| it.get_name()).filter(|it| !others.contains(it)).collect();
        assert_eq!(named, BTreeSet::from(COMMANDS));
        for name in COMMANDS {
            let documents = of_command(name).expect("documents");
            assert!(documents.iter().any(|it| !it.parts.is_empty()), "{name}");
        }
    }
}
