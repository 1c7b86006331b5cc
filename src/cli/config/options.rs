//! What can be configured: every option of every command, as clap knows it. Nothing is listed here, so
//! that a new flag can be configured without a word about it.

use std::any::TypeId;
use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

use crate::render::escape;

/// The paths that are read, which are no option when typed.
pub const INPUTS: &str = "inputs";
/// A file of such paths; it goes with them.
pub const FILES_FROM: &str = "files_from";
/// What clap calls the paths.
const PATHS: &str = "paths";

/// How many values an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// None: it is on or off.
    Switch,
    /// One.
    One,
    /// Any number.
    Several,
}

/// An option of a command.
#[derive(Clone, Debug)]
pub struct Opt {
    /// The key in the file: the flag's name with `_`.
    pub key: String,
    /// How many values it takes.
    pub kind: Kind,
    /// Its values are paths, which in the file are relative to the file's folder.
    pub is_path: bool,
    /// What clap knows of it.
    pub arg: Arg,
}

impl Opt {
    /// The option behind an argument; nothing where it is the object of a command, such as a customer.
    fn of(arg: &Arg) -> Option<Self> {
        let kind = match arg.get_action() {
            ArgAction::SetTrue => Kind::Switch,
            ArgAction::Set => Kind::One,
            ArgAction::Append => Kind::Several,
            _ => return None,
        };
        let is_inputs = arg.get_id() == PATHS && arg.is_positional();
        let key = match arg.get_long() {
            Some(it) => it.replace('-', "_"),
            None if is_inputs => INPUTS.to_owned(),
            None => return None,
        };
        let is_path = is_inputs || arg.get_value_parser().type_id() == TypeId::of::<PathBuf>();
        Some(Self { key, kind, is_path, arg: arg.clone() })
    }

    /// The variable of the environment that sets it.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key.to_uppercase())
    }

    /// Whether clap would take a value, and in which spelling it is shown; the error says why not.
    pub fn check(&self, value: &OsStr) -> Result<OsString, String> {
        // The value alone: the message must not sound as if a flag had been typed.
        let arg = Arg::new(VALUE).long(VALUE).action(ArgAction::Append);
        let arg = match self.kind {
            Kind::Switch => arg.value_parser(BoolishValueParser::new()),
            Kind::One | Kind::Several => arg.value_parser(self.arg.get_value_parser().clone()),
        };
        let command = Command::new(VALUE).no_binary_name(true).disable_help_flag(true).arg(arg);
        let mut token = OsString::from(format!("--{VALUE}="));
        token.push(value);
        let matches = command.try_get_matches_from([token]).map_err(|it| why(&it, value))?;
        Ok(match self.kind {
            Kind::Switch => matches.get_one::<bool>(VALUE).copied().unwrap_or(true).to_string().into(),
            Kind::One | Kind::Several => value.to_owned(),
        })
    }
}

const VALUE: &str = "value";

/// How variables of the environment begin that callsift reads.
pub const PREFIX: &str = "CALLSIFT_";

/// What clap says against a value, in words that fit any place that it stands in.
fn why(fault: &clap::Error, value: &OsStr) -> String {
    let shown = value.to_string_lossy();
    let shown = escape::message(&shown);
    if fault.kind() == ErrorKind::InvalidUtf8 {
        return format!("`{shown}` is no UTF-8 text");
    }
    match (fault.get(ContextKind::ValidValue), fault.source()) {
        (Some(ContextValue::Strings(known)), _) if !known.is_empty() => {
            format!("`{shown}` is none of {}", known.join(", "))
        }
        (_, Some(source)) => {
            format!("`{shown}` cannot be used: {}", escape::message(&source.to_string()))
        }
        _ => format!("`{shown}` cannot be used"),
    }
}

/// The options of a command, in the order of its help.
pub fn of(command: &Command) -> Vec<Opt> {
    command.get_arguments().filter_map(Opt::of).collect()
}

/// The commands that have options, but for the one that shows them.
pub fn commands(program: &Command) -> impl Iterator<Item = &Command> {
    let has_options = |it: &Command| it.get_arguments().any(|arg| Opt::of(arg).is_some());
    program.get_subcommands().filter(move |it| it.get_name() != "config" && has_options(it))
}

/// The program with switches that can also be turned off: `--strict`, `--strict=true`, `--strict=false`.
pub fn soften(program: Command) -> Command {
    let soft = |arg: Arg| match arg.get_action() {
        ArgAction::SetTrue if arg.get_long().is_some() => arg
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .default_value("false")
            .value_parser(BoolishValueParser::new()),
        _ => arg,
    };
    program.mut_subcommands(|it| soften(it.mut_args(soft)))
}
