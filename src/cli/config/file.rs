//! The configuration file: TOML whose keys are the names of flags.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Command;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::options;
use crate::business::{Holidays, Hours};
use crate::cli::resolve::{UsageError, unknown_word};
use crate::dialects::Provider;
use crate::instances::Instance;
use crate::render::escape;
use crate::suggest;
use crate::time;
use crate::zone::Zone;

/// The file that is read in the working directory.
pub const NAME: &str = "callsift.toml";

/// A longer file is no configuration but a slip of the hand.
const MOST_BYTES: u64 = 1 << 20;

/// The key of settings of single instances, and of the filter where its values are no tables.
const INSTANCE: &str = "instance";

/// A configuration file.
#[derive(Clone, Debug, Default)]
pub struct ConfigFile {
    /// The path as it was given.
    pub path: PathBuf,
    /// What holds for all commands.
    pub top: Vec<Entry>,
    /// What holds for one command.
    pub commands: BTreeMap<String, Vec<Entry>>,
    /// Settings of single instances.
    pub instances: Vec<InstanceEntry>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The line it stands on, from 1.
    pub line: usize,
    /// The value.
    pub value: Value,
}

/// A value: numbers and dates as they are written.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text, a number or a date.
    Text(String),
    /// True or false.
    Switch(bool),
    /// Several, with their lines.
    List(Vec<(usize, Value)>),
    /// A table.
    Table(Vec<Entry>),
}

impl Value {
    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text or a number",
            Self::Switch(_) => "true or false",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    fn is_list_of_tables(&self) -> bool {
        matches!(self, Self::List(it) if matches!(it.first(), Some((_, Self::Table(_)))))
    }
}

/// The settings of one instance as the file gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceEntry {
    /// The settings, but for holidays in a file.
    pub instance: Instance,
    /// The file of its holidays.
    pub holidays_file: Option<PathBuf>,
    /// The line of the file that it begins on.
    pub line: usize,
}

impl ConfigFile {
    /// Reads and checks a file, but for the values of options.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is no TOML, or holds a key that no command knows.
    pub fn read(path: &Path, program: &Command) -> Result<Self, UsageError> {
        let mut res = Self { path: path.to_owned(), ..Self::default() };
        let text = text(path).map_err(|it| res.fault(None, &it))?;
        let table = DeTable::parse(&text).map_err(|it| {
            let line = it.span().map(|it| line_of(&text, it.start));
            res.fault(line, &format!("no TOML: {}", escape::message(&it.message().replace('\n', " "))))
        })?;
        res.fill(entries(table.get_ref(), &text), program)?;
        Ok(res)
    }

    fn fill(&mut self, entries: Vec<Entry>, program: &Command) -> Result<(), UsageError> {
        let commands: Vec<&Command> = options::commands(program).collect();
        let mut keys: Vec<(String, bool)> = Vec::new();
        for option in commands.iter().flat_map(|it| options::of(it)) {
            keys.push((option.key, option.arg.is_hide_set()));
        }
        for entry in entries {
            let command = commands.iter().find(|it| it.get_name() == entry.key);
            match (command, entry.value) {
                (Some(command), Value::Table(inner)) => {
                    let own: Vec<String> = options::of(command).into_iter().map(|it| it.key).collect();
                    if let Some(it) = inner.iter().find(|it| !own.contains(&it.key)) {
                        let of = format!(" of `{}`", command.get_name());
                        return Err(self.unknown(it, &of, own.iter().map(String::as_str)));
                    }
                    self.commands.insert(entry.key, inner);
                }
                (_, value) if entry.key == INSTANCE && value.is_list_of_tables() => {
                    let Value::List(list) = value else { continue };
                    for (line, value) in list {
                        self.instance(line, value)?;
                    }
                }
                (_, value) if keys.iter().any(|(it, _)| *it == entry.key) => {
                    self.top.push(Entry { value, ..entry });
                }
                (Some(_), value) => {
                    let what =
                        format!("`{}` is a command: expected a table, not {}", entry.key, value.kind());
                    return Err(self.fault(Some(entry.line), &what));
                }
                (None, value) => {
                    let shown = keys.iter().filter(|(_, hidden)| !hidden).map(|(it, _)| it.as_str());
                    let known = shown.chain(commands.iter().map(|it| it.get_name()));
                    return Err(self.unknown(&Entry { value, ..entry }, "", known));
                }
            }
        }
        Ok(())
    }

    fn instance(&mut self, line: usize, value: Value) -> Result<(), UsageError> {
        const KNOWN: [&str; 6] = ["name", "provider", "team", "tz", "business_hours", "holidays"];
        let Value::Table(entries) = value else {
            return Err(self.fault(Some(line), "instance: expected tables alone, `[[instance]]`"));
        };
        let mut instance = Instance::default();
        let mut holidays_file = None;
        for entry in entries {
            let fault = |message: &str| self.fault(Some(entry.line), &format!("{}: {message}", entry.key));
            if !KNOWN.contains(&entry.key.as_str()) {
                return Err(self.unknown(&entry, " of `[[instance]]`", KNOWN));
            }
            if let ("holidays", Value::List(dates)) = (entry.key.as_str(), &entry.value) {
                instance.holidays = Some(self.dates(dates)?);
                continue;
            }
            let Value::Text(text) = &entry.value else {
                return Err(fault(&format!("expected text, not {}", entry.value.kind())));
            };
            let text = text.trim();
            if text.is_empty() {
                return Err(fault("is empty; leave the key out"));
            }
            match entry.key.as_str() {
                "name" => instance.name = text.to_owned(),
                "provider" => {
                    let known = Provider::all().map(Provider::name);
                    let unknown = || self.fault(Some(entry.line), &unknown_word("provider", text, known).0);
                    instance.provider = Some(Provider::named(text).ok_or_else(unknown)?);
                }
                "team" => instance.team = Some(text.to_owned()),
                "tz" => instance.zone = Some(Zone::named(text).map_err(|it| fault(&it.to_string()))?),
                "business_hours" => {
                    instance.hours = Some(Hours::parse(text).map_err(|it| fault(&it.to_string()))?);
                }
                _ if time::date(text).is_some() => instance.holidays = time::date(text).map(one_holiday),
                _ => holidays_file = Some(self.beside(Path::new(text))),
            }
        }
        if instance.name.is_empty() {
            return Err(self.fault(Some(line), "instance: has no name; write name = \"…\""));
        }
        let same = |it: &&InstanceEntry| {
            (&it.instance.name, it.instance.provider) == (&instance.name, instance.provider)
        };
        if let Some(first) = self.instances.iter().find(same) {
            let name = escape::message(&instance.name);
            let message = format!("instance: `{name}` stands on line {} already; keep one", first.line);
            return Err(self.fault(Some(line), &message));
        }
        self.instances.push(InstanceEntry { instance, holidays_file, line });
        Ok(())
    }

    fn dates(&self, list: &[(usize, Value)]) -> Result<Holidays, UsageError> {
        let date = |(line, value): &(usize, Value)| {
            let date = match value {
                Value::Text(it) => time::date(it.trim()),
                _ => None,
            };
            let fault = || self.fault(Some(*line), "holidays: not a date; write it as 2026-05-04");
            date.ok_or_else(fault)
        };
        list.iter().map(date).collect()
    }

    /// A path of the file, which is relative to its folder.
    pub fn beside(&self, path: &Path) -> PathBuf {
        match self.path.parent() {
            Some(folder) if path != Path::new("-") => folder.join(path),
            _ => path.to_owned(),
        }
    }

    /// What is wrong on a line; what the message repeats of the file is escaped already.
    pub fn fault(&self, line: Option<usize>, message: &str) -> UsageError {
        let path = self.path.to_string_lossy();
        let path = escape::message(&path);
        UsageError(match line {
            Some(line) => format!("{path}:{line}: {message}"),
            None => format!("{path}: {message}"),
        })
    }

    fn unknown<'k>(&self, entry: &Entry, of: &str, known: impl IntoIterator<Item = &'k str>) -> UsageError {
        let known: Vec<&str> = known.into_iter().collect();
        let key = entry.key.replace('-', "_");
        let hint = match suggest::nearest(&key, known.iter().copied()).first() {
            Some(it) => format!("did you mean `{it}`?"),
            None => "keys are the names of flags with `_`; `callsift config show` lists them".to_owned(),
        };
        self.fault(Some(entry.line), &format!("unknown key `{}`{of}; {hint}", escape::message(&entry.key)))
    }
}

fn one_holiday(date: chrono::NaiveDate) -> Holidays {
    std::iter::once(date).collect()
}

/// The text of a file that is one, and not too long.
fn text(path: &Path) -> Result<String, String> {
    let unread = |it: io::Error| format!("cannot be read: {it}; --no-config does without {NAME}");
    let metadata = fs::metadata(path).map_err(unread)?;
    // A pipe would wait for its writer.
    if !metadata.is_file() {
        return Err(format!("is no file; --no-config does without {NAME}"));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(unread)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err("is longer than 1 MiB, so it is no configuration".to_owned());
    }
    String::from_utf8(bytes).map_err(|_| "is no UTF-8 text".to_owned())
}

fn line_of(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|it| *it == b'\n').count()
}

/// The entries of a table in the order of the file.
fn entries(table: &DeTable<'_>, text: &str) -> Vec<Entry> {
    let mut entries: Vec<(usize, Entry)> = table
        .iter()
        .map(|(key, value)| {
            let start = key.span().start;
            let line = line_of(text, start);
            (start, Entry { key: key.get_ref().to_string(), line, value: read_value(value, text) })
        })
        .collect();
    entries.sort_by_key(|(start, _)| *start);
    entries.into_iter().map(|(_, it)| it).collect()
}

fn read_value(value: &Spanned<DeValue<'_>>, text: &str) -> Value {
    match value.get_ref() {
        DeValue::String(it) => Value::Text(it.to_string()),
        DeValue::Integer(it) => Value::Text(it.to_string()),
        DeValue::Float(it) => Value::Text(it.to_string()),
        DeValue::Datetime(it) => Value::Text(it.to_string()),
        DeValue::Boolean(it) => Value::Switch(*it),
        DeValue::Array(it) => {
            Value::List(it.iter().map(|it| (line_of(text, it.span().start), read_value(it, text))).collect())
        }
        DeValue::Table(it) => Value::Table(entries(it, text)),
    }
}
