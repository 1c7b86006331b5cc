//! `config show`: the values that count, and where each comes from.

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use clap::CommandFactory;

use super::{Effective, InstanceEntry, Layer, Layers, Place, Settings, options};
use crate::cli::args::{Cli, ConfigShowArgs};
use crate::cli::exit::Exit;
use crate::cli::resolve::{Env, OutputPlan, UsageError};
use crate::cli::run::{Failure, write_standalone};
use crate::render::{Format, escape};
use crate::section::{Body, Cell, Column, Document, Part, Piece, Shown, Table, say};
use crate::suggest;
use crate::text::Text;

/// Shows the values of one command, or those of all.
pub fn show(
    args: &ConfigShowArgs,
    config: Option<&Path>,
    no_config: bool,
    env: &Env,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let program = LazyCell::new(Cli::command as fn() -> clap::Command);
    let layers = Layers::read(config, no_config, env, &program)?;
    let (config, instances) = layers.file.as_ref().map(|it| (it.path.clone(), it.instances.clone())).unzip();
    let settings = Settings { config, instances: instances.unwrap_or_default(), ..Settings::default() };
    let plan =
        OutputPlan::resolve(&args.output, Format::Table, &Env { settings: settings.clone(), ..env.clone() })?;
    let rows = match &args.command {
        Some(name) => of_command(&layers, name, &program)?,
        None => of_all(&layers, &program)?,
    };
    let mut document = document(&rows, args.command.as_deref(), &settings);
    document.preface.extend(layers.notices(&program).into_iter().map(|it| say(format!("Note: {it}"))));
    write_standalone(&mut document, &plan, out)
}

fn document(rows: &[Row], command: Option<&str>, settings: &Settings) -> Document {
    let path = settings.config.as_ref().map(|it| Cell::Text(Text::new(&it.to_string_lossy())));
    let preface = match &path {
        Some(it) => vec![vec![Piece::Say("Configuration: ".into()), Piece::Value(it.clone())]],
        None => vec![say("No configuration file is read.")],
    };
    let mut parameters = vec![("config".to_owned(), path.unwrap_or(Cell::Missing))];
    parameters.extend(command.map(|it| ("command".to_owned(), Cell::word(it))));
    let mut parts = vec![Part { path: vec!["values"], body: Body::Rows(values(rows)) }];
    if !settings.instances.is_empty() {
        parts.push(Part { path: vec!["instances"], body: Body::Rows(instances_table(settings)) });
    }
    Document { schema: "callsift.config/1".to_owned(), parameters, preface, parts, ..Document::default() }
}

/// Documents that together hold everything that can be shown: nothing configured, and the options of
/// a command line with single instances.
pub fn samples(typed: &[&str], instances: Vec<InstanceEntry>) -> Result<Vec<Document>, Failure> {
    let program = LazyCell::new(Cli::command as fn() -> clap::Command);
    let variables = [("CALLSIFT_TZ".into(), "UTC".into())];
    let layers = Layers { variables: &variables, file: None };
    let settings = Settings { config: Some("callsift.toml".into()), instances, ..Settings::default() };
    let matches = program.clone().try_get_matches_from(typed).ok();
    let Some((name, matches)) = matches.as_ref().and_then(|it| it.subcommand()) else {
        return Ok(Vec::new());
    };
    let command = options::commands(&program).find(|it| it.get_name() == name);
    let all = command.map(|it| layers.effective(it, Some(matches))).transpose()?.unwrap_or_default();
    let all: Vec<Row> = all.into_iter().map(|it| (it.key.clone(), it)).collect();
    Ok(vec![
        document(&of_all(&layers, &program)?, None, &Settings::default()),
        document(&all, Some(name), &settings),
    ])
}

/// Key and value of an option.
type Row = (String, Effective);

fn is_shown(it: &Effective) -> bool {
    !it.option.arg.is_hide_set() || it.layer != Layer::Default
}

fn of_command(layers: &Layers<'_>, name: &str, program: &clap::Command) -> Result<Vec<Row>, Failure> {
    let Some(command) = options::commands(program).find(|it| it.get_name() == name) else {
        let near = suggest::nearest(name, options::commands(program).map(|it| it.get_name()));
        let hint = near
            .first()
            .map_or("`callsift --help` lists them".to_owned(), |it| format!("did you mean `{it}`?"));
        let message = format!("no command `{}` has options; {hint}", escape::message(name));
        return Err(UsageError(message).into());
    };
    let all = layers.effective(command, None)?;
    Ok(all.into_iter().filter(is_shown).map(|it| (it.key.clone(), it)).collect())
}

/// What holds for all commands, then what the tables of single ones hold.
fn of_all(layers: &Layers<'_>, program: &clap::Command) -> Result<Vec<Row>, Failure> {
    let (mut rows, mut own) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for command in options::commands(program) {
        for it in layers.effective(command, None)?.into_iter().filter(|it| it.layer == Layer::OwnTable) {
            own.push((format!("{}.{}", command.get_name(), it.key), it));
        }
        // An option that its command's table sets has another value for all others.
        for it in layers.without_tables().effective(command, None)?.into_iter().filter(is_shown) {
            if seen.insert(it.key.clone()) {
                rows.push((it.key.clone(), it));
            }
        }
    }
    rows.append(&mut own);
    Ok(rows)
}

impl Layers<'_> {
    fn without_tables(&self) -> Self {
        let mut file = self.file.clone();
        if let Some(it) = &mut file {
            it.commands.clear();
        }
        Self { variables: self.variables, file }
    }
}

fn values(rows: &[Row]) -> Table {
    let column = |key, title| Column { key, title, shown: Shown::Always };
    let row = |(key, it): &Row| {
        vec![Cell::word(key), it.cell(), Cell::word(it.place.origin().name()), it.place.cell()]
    };
    Table {
        title: "Values".to_owned(),
        columns: vec![
            column("key", "Key"),
            column("value", "Value"),
            column("origin", "Origin"),
            column("where", "Where"),
        ],
        rows: rows.iter().map(row).collect(),
        reading: vec!["What is typed counts before the environment, that before the file.".to_owned()],
        ..Table::default()
    }
}

fn instances_table(settings: &Settings) -> Table {
    let column = |key, title| Column { key, title, shown: Shown::Always };
    let row = |it: &super::InstanceEntry| {
        let instance = &it.instance;
        vec![
            Cell::Text(Text::new(&instance.name)),
            Cell::opt(instance.provider, |it| Cell::word(it.name())),
            Cell::opt(instance.team.as_deref(), |it| Cell::Text(Text::new(it))),
            Cell::opt(instance.zone.as_ref(), |it| Cell::word(it.name())),
            Cell::opt(instance.hours.as_ref(), |it| Cell::Word(it.to_string())),
            match &it.holidays_file {
                Some(it) => Cell::Text(Text::new(&it.to_string_lossy())),
                None => Cell::opt(instance.holidays.as_ref(), |it| {
                    Cell::List(it.iter().map(|it| Cell::Word(it.to_string())).collect())
                }),
            },
            Place::File(settings.config.clone().unwrap_or_default(), it.line).cell(),
        ]
    };
    Table {
        title: "Instances with settings of their own".to_owned(),
        columns: vec![
            column("instance", "Instance"),
            column("provider", "Provider"),
            column("team", "Team"),
            column("tz", "Zone"),
            column("business_hours", "Business hours"),
            column("holidays", "Holidays"),
            column("where", "Where"),
        ],
        rows: settings.instances.iter().map(row).collect(),
        ..Table::default()
    }
}
