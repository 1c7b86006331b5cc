//! The configuration: what is not typed comes from the environment, else from the file, else it is the
//! default. Lower layers become the defaults of clap's own definitions, so that everything behind them
//! takes values as if they had been typed.

mod file;
mod options;
mod show;

pub use file::InstanceEntry;
pub use show::{samples, show};

use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches};

use super::args::Cli;
use super::resolve::{Env, UsageError};
use crate::analysis::GivenBy;
use crate::render::escape;
use crate::section::{Cell, Person};
use crate::suggest;
use crate::text::Text;
use file::{ConfigFile, Entry, Value};
use options::{FILES_FROM, INPUTS, Kind, Opt, PREFIX};

/// Where a value stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// It was typed.
    Flag,
    /// In a variable of the environment.
    Variable(String),
    /// In a file, on a line from 1.
    File(PathBuf, usize),
    /// Nobody gave it.
    #[default]
    Default,
}

impl Place {
    /// Which layer that is.
    pub fn origin(&self) -> GivenBy {
        match self {
            Self::Flag => GivenBy::Flag,
            Self::Variable(_) => GivenBy::Environment,
            Self::File(..) => GivenBy::File,
            Self::Default => GivenBy::Default,
        }
    }

    /// The variable, or the file and line.
    pub fn cell(&self) -> Cell {
        match self {
            Self::Flag | Self::Default => Cell::Missing,
            Self::Variable(_) | Self::File(..) => Cell::Text(Text::new(&self.to_string())),
        }
    }
}

/// As it is told in messages, unescaped; empty where a value is not on a layer below flags.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(it) => f.write_str(it),
            Self::File(path, line) => write!(f, "{}:{line}", path.to_string_lossy()),
            Self::Flag | Self::Default => Ok(()),
        }
    }
}

/// An option with the value that counts, and where that stands.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The flag's name with `_`; `inputs` for the paths that are read.
    pub key: String,
    /// The values as they are written; none where nothing is given and there is no default.
    pub values: Vec<OsString>,
    /// Where they stand.
    pub place: Place,
    /// Where each of several stands.
    places: Vec<Place>,
    option: Opt,
    layer: Layer,
}

impl Effective {
    /// The value, or the list of values; missing where there is none.
    pub fn cell(&self) -> Cell {
        let text = |it: &str| {
            let text = Text::new(it);
            match self.key.as_str() {
                "agent" => Cell::Person(Person::Agent, text),
                "customer" => Cell::Person(Person::Customer, text),
                _ => Cell::Text(text),
            }
        };
        let first = self.values.first().map(|it| it.to_string_lossy());
        match (self.option.kind, first) {
            (_, None) => Cell::Missing,
            (Kind::Switch, Some(it)) => Cell::Bool(it == "true"),
            (Kind::One, Some(it)) => text(&it),
            (Kind::Several, Some(_)) => {
                let values = self.values.iter().map(|it| it.to_string_lossy());
                match self.option.arg.get_value_delimiter() {
                    Some(comma) => {
                        let joined = values.collect::<Vec<_>>().join(&comma.to_string());
                        Cell::List(joined.split(comma).map(text).collect())
                    }
                    None => Cell::List(values.map(|it| text(&it)).collect()),
                }
            }
        }
    }

    /// Where the value stands that a message is about.
    fn place_in(&self, message: &str) -> &Place {
        let told = |it: &OsString| message.find(&format!("`{}`", escape::message(&it.to_string_lossy())));
        let values = self.values.iter().zip(&self.places);
        // The message begins with the value; what it proposes instead may be another one.
        let first = values.filter_map(|(it, place)| Some((told(it)?, place))).min_by_key(|(at, _)| *at);
        first.map_or(&self.place, |(_, place)| place)
    }
}

/// The options of the command that runs, with the values that count.
#[derive(Clone, Debug, Default)]
pub struct Origins(Vec<Effective>);

impl Origins {
    /// All of them, in the order of the command's help.
    pub fn iter(&self) -> impl Iterator<Item = &Effective> {
        self.0.iter()
    }

    /// Where the value of a key stands.
    pub fn place(&self, key: &str) -> &Place {
        const NOWHERE: &Place = &Place::Default;
        self.0.iter().find(|it| it.key == key).map_or(NOWHERE, |it| &it.place)
    }

    /// Which layer the value of a key comes from.
    pub fn of(&self, key: &str) -> GivenBy {
        self.place(key).origin()
    }
}

/// What was set besides flags.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The configuration file that was read, as it was given.
    pub config: Option<PathBuf>,
    /// Where each option's value comes from.
    pub origins: Origins,
    /// Settings of single instances.
    pub instances: Vec<InstanceEntry>,
}

impl Settings {
    /// What a place in the configuration file is called in messages.
    pub fn place(&self, line: usize) -> String {
        let path = self.config.as_deref().unwrap_or(Path::new(file::NAME)).to_string_lossy();
        format!("{}:{line}", escape::message(&path))
    }

    /// Where the paths to read stand, if they were not typed.
    pub fn configured_inputs(&self) -> Option<&Place> {
        let places = [INPUTS, FILES_FROM].map(|it| self.origins.place(it));
        places.into_iter().find(|it| matches!(it, Place::Variable(_) | Place::File(..)))
    }

    /// Whether the paths to read were typed.
    pub fn inputs_are_typed(&self) -> bool {
        [INPUTS, FILES_FROM].iter().any(|it| self.origins.of(it) == GivenBy::Flag)
    }

    /// A message about a flag, as one about the place that the flag's value really stands in.
    pub fn relocate(&self, message: String) -> String {
        let Some((flag, what)) = message.strip_prefix("--").and_then(|it| it.split_once(": ")) else {
            return message;
        };
        let key = flag.replace('-', "_");
        match self.origins.iter().find(|it| it.key == key) {
            Some(it) => told(it.place_in(what), &key, what).unwrap_or(message),
            None => message,
        }
    }
}

/// What is wrong with the value of a key in a place below the flags.
fn told(place: &Place, key: &str, what: &str) -> Option<String> {
    let shown = place.to_string();
    let shown = escape::message(&shown);
    match place {
        Place::Variable(_) => Some(format!("{shown}: {what}")),
        Place::File(..) => Some(format!("{shown}: {key}: {what}")),
        Place::Flag | Place::Default => None,
    }
}

/// The layers, the highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Flag,
    Environment,
    /// The command's own table in the file.
    OwnTable,
    /// The top of the file.
    Top,
    Default,
}

/// Everything below the flags.
struct Layers<'a> {
    variables: &'a [(OsString, OsString)],
    file: Option<ConfigFile>,
}

/// The definitions of all commands, for those who need them.
type Program = LazyCell<Command>;

/// Values on one layer, each with its place.
type Found = Vec<(OsString, Place)>;

impl<'a> Layers<'a> {
    /// Reads the file and checks all of it, whatever the command.
    fn read(
        config: Option<&Path>,
        no_config: bool,
        env: &'a Env,
        program: &Program,
    ) -> Result<Self, UsageError> {
        let here = Path::new(file::NAME);
        let path = match config {
            Some(it) => Some(it),
            // Also a link that leads nowhere: its owner meant something by it.
            None => (!no_config && here.symlink_metadata().is_ok()).then_some(here),
        };
        let file = path.map(|it| ConfigFile::read(it, program)).transpose()?;
        let alone = Layers { variables: &[], file };
        if alone.file.is_some() {
            for command in options::commands(program) {
                alone.effective(command, None)?;
            }
        }
        Ok(Self { variables: &env.variables, file: alone.file })
    }

    /// The options of a command with the values that count.
    fn effective(&self, command: &Command, typed: Option<&ArgMatches>) -> Result<Vec<Effective>, UsageError> {
        let options = options::of(command);
        let mut all = Vec::with_capacity(options.len());
        for option in options {
            let (layer, found) = self.find(&option, command.get_name(), typed)?;
            let first = found.first().map(|(_, place)| place.clone());
            let (values, places) = found.into_iter().unzip();
            let place = match layer {
                Layer::Flag => Place::Flag,
                Layer::Default => Place::Default,
                // An empty list stands somewhere too.
                Layer::Environment | Layer::OwnTable | Layer::Top => {
                    first.unwrap_or_else(|| self.place_of_key(layer, &option, command.get_name()))
                }
            };
            all.push(Effective { key: option.key.clone(), values, place, places, option, layer });
        }
        exclude(&mut all, command)?;
        Ok(all)
    }

    fn find(
        &self,
        option: &Opt,
        command: &str,
        typed: Option<&ArgMatches>,
    ) -> Result<(Layer, Found), UsageError> {
        let id = option.arg.get_id().as_str();
        if let Some(matches) = typed.filter(|it| it.value_source(id) == Some(ValueSource::CommandLine)) {
            let raw = || matches.get_raw(id).into_iter().flatten().map(OsStr::to_owned).collect();
            let values: Vec<OsString> = match option.kind {
                Kind::Switch => {
                    matches.get_one::<bool>(id).map(|it| it.to_string().into()).into_iter().collect()
                }
                Kind::One | Kind::Several => raw(),
            };
            return Ok((Layer::Flag, values.into_iter().map(|it| (it, Place::Flag)).collect()));
        }
        let variable = option.variable();
        if let Some((_, value)) =
            self.variables.iter().find(|(it, value)| **it == *variable && !value.is_empty())
        {
            let place = Place::Variable(variable);
            let values = if option.kind == Kind::Several { lines(value) } else { vec![value.clone()] };
            let checked = values.iter().map(|it| checked(option, it, &place)).collect::<Result<_, _>>()?;
            return Ok((Layer::Environment, checked));
        }
        for (layer, entry) in [Layer::OwnTable, Layer::Top].map(|it| (it, self.entry(it, option, command))) {
            if let (Some(entry), Some(file)) = (entry, &self.file) {
                return Ok((layer, in_file(option, entry, file)?));
            }
        }
        Ok((Layer::Default, defaults(option)))
    }

    /// The entry of an option on one of the layers of the file.
    fn entry(&self, layer: Layer, option: &Opt, command: &str) -> Option<&Entry> {
        let file = self.file.as_ref()?;
        let table = if layer == Layer::OwnTable { file.commands.get(command)? } else { &file.top };
        table.iter().find(|it| it.key == option.key)
    }

    fn place_of_key(&self, layer: Layer, option: &Opt, command: &str) -> Place {
        match (self.entry(layer, option, command), &self.file) {
            (Some(entry), Some(file)) => Place::File(file.path.clone(), entry.line),
            _ => Place::Variable(option.variable()),
        }
    }

    /// What to tell about variables that set nothing.
    fn notices(&self, program: &Program) -> Vec<String> {
        if self.variables.is_empty() {
            return Vec::new();
        }
        let known: BTreeMap<String, bool> = options::commands(program)
            .flat_map(options::of)
            .map(|it| (it.variable(), it.arg.is_hide_set()))
            .collect();
        let names = self.variables.iter().map(|(name, _)| name.to_string_lossy());
        let mut names: Vec<_> =
            names.filter(|it| it.starts_with(PREFIX) && !known.contains_key(&**it)).collect();
        names.sort_unstable();
        let bare = |it: &str| it.strip_prefix(PREFIX).unwrap_or(it).to_owned();
        let shown: Vec<String> =
            known.iter().filter(|(_, hidden)| !**hidden).map(|(it, _)| bare(it)).collect();
        let notice = |name: &str| {
            let near = suggest::nearest(&bare(name), shown.iter().map(String::as_str));
            let hint = match near.first() {
                _ if name == "CALLSIFT_CONFIG" => "--config names the file".to_owned(),
                Some(it) => format!("did you mean {PREFIX}{it}?"),
                None => "no flag is called so".to_owned(),
            };
            format!("the variable {} sets nothing; {hint}", escape::message(name))
        };
        names.iter().map(|it| notice(it)).collect()
    }
}

/// A list in a variable: one value a line, so that values can hold commas.
fn lines(value: &OsStr) -> Vec<OsString> {
    match value.to_str() {
        Some(it) => it.lines().map(str::trim).filter(|it| !it.is_empty()).map(OsString::from).collect(),
        None => vec![value.to_owned()],
    }
}

fn checked(option: &Opt, value: &OsStr, place: &Place) -> Result<(OsString, Place), UsageError> {
    let value = option.check(value).map_err(|it| UsageError(told(place, &option.key, &it).unwrap_or(it)))?;
    Ok((value, place.clone()))
}

fn defaults(option: &Opt) -> Found {
    let values: Vec<OsString> = match option.kind {
        Kind::Switch => vec!["false".into()],
        Kind::One | Kind::Several => {
            option.arg.get_default_values().iter().map(|it| it.to_os_string()).collect()
        }
    };
    values.into_iter().map(|it| (it, Place::Default)).collect()
}

/// The values of an entry of the file.
fn in_file(option: &Opt, entry: &Entry, file: &ConfigFile) -> Result<Found, UsageError> {
    let wrong = |line: usize, expected: &str, value: &Value| {
        file.fault(Some(line), &format!("{}: expected {expected}, not {}", option.key, value.kind()))
    };
    let one = |line: usize, text: &str| {
        let value = match (option.is_path, option.key == INPUTS) {
            (true, true) => input_beside(file, text),
            (true, false) => file.beside(Path::new(text)).into_os_string(),
            (false, _) => text.into(),
        };
        checked(option, &value, &Place::File(file.path.clone(), line))
    };
    match (option.kind, &entry.value) {
        (Kind::Switch, Value::Switch(it)) => Ok(vec![one(entry.line, if *it { "true" } else { "false" })?]),
        (Kind::Switch, it) => Err(wrong(entry.line, "true or false", it)),
        (_, Value::Text(it)) => Ok(vec![one(entry.line, it)?]),
        (Kind::One, it) => Err(wrong(entry.line, "text or a number", it)),
        (Kind::Several, Value::List(list)) => {
            let value = |(line, value): &(usize, Value)| match value {
                Value::Text(it) => one(*line, it),
                Value::Table(it) if option.key == SOURCE => one(*line, &source(it, *line, file)?),
                it => Err(wrong(*line, "text or a number", it)),
            };
            list.iter().map(value).collect()
        }
        (Kind::Several, it) => Err(wrong(entry.line, "a list", it)),
    }
}

/// An input beside the file. It may be a pattern, but the file's folder is none.
fn input_beside(file: &ConfigFile, text: &str) -> OsString {
    let literal = file.beside(Path::new(text));
    let folder = file.path.parent().map(Path::to_string_lossy).unwrap_or_default();
    if text == "-" || literal.exists() || Path::new(text).is_absolute() || folder.is_empty() {
        return literal.into_os_string();
    }
    Path::new(&glob::Pattern::escape(&folder)).join(text).into_os_string()
}

const SOURCE: &str = "source";

/// `[[source]]` as the flag spells it.
fn source(entries: &[Entry], line: usize, file: &ConfigFile) -> Result<String, UsageError> {
    let fault = |line, what: &str| file.fault(Some(line), &format!("source: {what}"));
    let (mut pattern, mut instance) = (None, None);
    for entry in entries {
        let place = match entry.key.as_str() {
            "pattern" => &mut pattern,
            "instance" => &mut instance,
            _ => {
                let near = suggest::nearest(&entry.key, ["pattern", "instance"]);
                let hint = near.first().map_or("known are `pattern` and `instance`".to_owned(), |it| {
                    format!("did you mean `{it}`?")
                });
                return Err(fault(
                    entry.line,
                    &format!("unknown key `{}`; {hint}", escape::message(&entry.key)),
                ));
            }
        };
        match &entry.value {
            Value::Text(it) if !it.trim().is_empty() => *place = Some((entry.line, it)),
            Value::Text(_) => return Err(fault(entry.line, &format!("the {} is empty", entry.key))),
            it => {
                let what = format!("{}: expected text, not {}", entry.key, it.kind());
                return Err(fault(entry.line, &what));
            }
        }
    }
    match (pattern, instance) {
        (Some(_), Some((line, it))) if it.contains('=') => {
            Err(fault(line, "the name of an instance cannot hold `=`"))
        }
        (Some((_, pattern)), Some((_, instance))) => Ok(format!("{pattern}={instance}")),
        _ => Err(fault(line, "write both pattern = \"…\" and instance = \"…\"")),
    }
}

/// Of options that exclude each other, those on the highest layer count: a month that is typed and a
/// `since` in the file do not meet. Where to read is one choice as well.
fn exclude(all: &mut [Effective], command: &Command) -> Result<(), UsageError> {
    let conflicts: Vec<Vec<&Arg>> =
        all.iter().map(|it| command.get_arg_conflicts_with(&it.option.arg)).collect();
    let excludes =
        |a: usize, b: &Effective| conflicts[a].iter().any(|it| it.get_id() == b.option.arg.get_id());
    let both_inputs = |a: &Effective, b: &Effective| a.key == INPUTS && b.key == FILES_FROM;
    // Groups by the smallest place of a member.
    let mut groups: Vec<usize> = (0..all.len()).collect();
    for a in 0..all.len() {
        for b in a + 1..all.len() {
            let (first, second) = (&all[a], &all[b]);
            let exclusive = excludes(a, second) || excludes(b, first);
            if exclusive
                && first.layer == second.layer
                && !matches!(first.layer, Layer::Flag | Layer::Default)
            {
                let what = format!("cannot be used with `{}`; keep one", first.key);
                let fault = told(&second.place, &second.key, &what).unwrap_or(what);
                return Err(UsageError(fault));
            }
            if exclusive || both_inputs(first, second) || both_inputs(second, first) {
                let (from, to) = (groups[b].max(groups[a]), groups[b].min(groups[a]));
                groups.iter_mut().filter(|it| **it == from).for_each(|it| *it = to);
            }
        }
    }
    for group in 0..all.len() {
        let members =
            || groups.iter().zip(0..).filter(move |(it, _)| **it == group).map(|(_, at): (_, usize)| at);
        let highest = members().map(|it| all[it].layer).min().unwrap_or(Layer::Default);
        for it in members() {
            if all[it].layer > highest {
                let option = all[it].option.clone();
                let (values, places) = defaults(&option).into_iter().unzip();
                let (key, place) = (option.key.clone(), Place::Default);
                all[it] = Effective { key, values, place, places, option, layer: Layer::Default };
            }
        }
    }
    Ok(())
}

/// Why nothing is run.
pub enum Stop {
    /// Clap has something to say.
    Clap(clap::Error),
    /// The configuration is wrong.
    Usage(UsageError),
}

/// What is to be done.
pub struct Parsed {
    /// The command with all its values.
    pub cli: Cli,
    /// Where they come from.
    pub settings: Settings,
    /// What to tell besides.
    pub notices: Vec<String>,
}

/// Reads what was typed, and fills in what was not.
pub fn parse(argv: &[OsString], env: &Env) -> Result<Parsed, Stop> {
    let program = Cli::command_of(argv);
    let soft = || options::soften(program.clone());
    let matches = soft().try_get_matches_from(argv).map_err(|it| Stop::Clap(with_plain_help(it, argv)))?;
    let cli = |matches: &ArgMatches| Cli::from_arg_matches(matches).map_err(Stop::Clap);
    let command = matches.subcommand().and_then(|(name, sub)| {
        options::commands(&program).find(|it| it.get_name() == name).map(|it| (it, sub))
    });
    let Some((command, sub)) = command else {
        return Ok(Parsed { cli: cli(&matches)?, settings: Settings::default(), notices: Vec::new() });
    };
    let config = matches.get_one::<PathBuf>("config").map(PathBuf::as_path);
    let all_commands = LazyCell::new(Cli::command as fn() -> Command);
    let layers =
        Layers::read(config, matches.get_flag("no_config"), env, &all_commands).map_err(Stop::Usage)?;
    let all = layers.effective(command, Some(sub)).map_err(Stop::Usage)?;
    let mut to_fill = all.iter().filter(|it| !matches!(it.layer, Layer::Flag | Layer::Default)).peekable();
    let matches = if to_fill.peek().is_some() {
        let filled = soft().mut_subcommand(command.get_name(), |it| to_fill.fold(it, fill));
        filled.try_get_matches_from(argv).map_err(Stop::Clap)?
    } else {
        matches
    };
    let quiet = all.iter().any(|it| it.key == "quiet" && it.values == ["true"]);
    let notices = if quiet { Vec::new() } else { layers.notices(&all_commands) };
    let (config, instances) = layers.file.map(|it| (it.path, it.instances)).unzip();
    let settings = Settings { config, origins: Origins(all), instances: instances.unwrap_or_default() };
    Ok(Parsed { cli: cli(&matches)?, settings, notices })
}

/// Makes the value that counts the default of its argument.
fn fill(command: Command, it: &Effective) -> Command {
    command.mut_arg(it.option.arg.get_id(), |arg| {
        // It was not typed, so that nothing typed is read otherwise by the number of values.
        let arg = if it.option.kind == Kind::Several { arg.num_args(0..) } else { arg };
        arg.default_values(it.values.clone())
    })
}

/// Help is that of the plain definitions: it need not say of every switch that it can be turned off.
fn with_plain_help(fault: clap::Error, argv: &[OsString]) -> clap::Error {
    let is_help = |it: &clap::Error| {
        matches!(it.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
    };
    if !is_help(&fault) {
        return fault;
    }
    match Cli::command().try_get_matches_from(argv) {
        Err(plain) if is_help(&plain) => plain,
        _ => fault,
    }
}
