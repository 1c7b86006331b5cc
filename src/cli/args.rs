//! What can be typed. Only form is checked here; `resolve` gives it meaning.

use std::cell::RefCell;
use std::ffi::OsString;
use std::ops::Deref;
use std::path::PathBuf;

use clap::error::Error;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Id, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::help;

/// Finds rejected, missed and lost WhatsApp calls in captured webhook dumps.
#[derive(Debug, Parser)]
#[command(
    name = "callsift",
    version,
    long_version = help::LONG_VERSION.as_str(),
    about,
    long_about = help::ABOUT,
    after_help = help::AFTER,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// The configuration file, instead of `callsift.toml` in the working directory
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        help_heading = "Configuration",
        conflicts_with = "no_config"
    )]
    pub config: Option<PathBuf>,
    /// Read no configuration file
    #[arg(long, global = true, help_heading = "Configuration")]
    pub no_config: bool,
}

impl Cli {
    /// The program; of the commands whose arguments are [`Typed`], those alone have options that are named in
    /// `argv`: those of all take a sixth of the time of a small dump.
    pub fn command_of(argv: &[OsString]) -> clap::Command {
        NAMED.set(Some(argv.to_vec()));
        let program = Self::command();
        NAMED.set(None);
        program
    }
}

thread_local! {
    /// What names the commands whose options are defined, if it is not those of all.
    static NAMED: RefCell<Option<Vec<OsString>>> = const { RefCell::new(None) };
}

/// The arguments of a command, which [`Cli::command_of`] leaves undefined unless it is named.
#[derive(Debug)]
pub struct Typed<T>(Box<T>);

impl<T> Deref for Typed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Args> Args for Typed<T> {
    fn group_id() -> Option<Id> {
        T::group_id()
    }

    fn augment_args(command: clap::Command) -> clap::Command {
        let is_named = |named: &[OsString]| named.iter().any(|it| it == command.get_name());
        if NAMED.with_borrow(|it| it.as_deref().is_none_or(is_named)) {
            T::augment_args(command)
        } else {
            command
        }
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        T::augment_args_for_update(command)
    }
}

impl<T: FromArgMatches> FromArgMatches for Typed<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self(Box::new(T::from_arg_matches(matches)?)))
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        Ok(Self(Box::new(T::from_arg_matches_mut(matches)?)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }

    fn update_from_arg_matches_mut(&mut self, matches: &mut ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches_mut(matches)
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The overview: ledger, rates by agent and line, frustrated callers, lost webhooks
    #[command(after_help = help::REPORT)]
    Report(Typed<ReportArgs>),
    /// Rejection rates per agent, line or any other group, with honest intervals
    #[command(after_help = help::KPI, after_long_help = help::KPI_LONG.as_str())]
    Kpi(Typed<KpiArgs>),
    /// Callers by frustration: who called again and again without being answered
    #[command(after_help = help::FRUSTRATION, after_long_help = help::FRUSTRATION_LONG.as_str())]
    Frustration(Typed<RowArgs>),
    /// Outgoing calls held against rules on how often and when a customer may be called
    #[command(after_help = help::CONTACTS, after_long_help = help::CONTACTS_LONG.as_str())]
    Contacts(Typed<ContactsArgs>),
    /// Customers who reject the calls of the business: how often, how far behind, what to do
    #[command(after_help = help::AVOIDANCE, after_long_help = help::AVOIDANCE_LONG.as_str())]
    Avoidance(Typed<RowArgs>),
    /// What arrived wrong: rejections without their call, ends out of place, incidents
    #[command(after_help = help::ANOMALIES, after_long_help = help::ANOMALIES_LONG.as_str())]
    Anomalies(Typed<RowArgs>),
    /// The anomalies that matter most: rejections that arrived without their call
    #[command(after_help = help::ORPHANS)]
    Orphans(Typed<RowArgs>),
    /// Every reconstructed session
    #[command(after_help = help::SESSIONS, after_long_help = help::SESSIONS_LONG.as_str())]
    Sessions(Typed<RowArgs>),
    /// Every rejected session: the monthly log
    #[command(after_help = help::REJECTIONS)]
    Rejections(Typed<RowArgs>),
    /// One customer's calls and reactions in order, with a summary in words
    #[command(after_help = help::TIMELINE)]
    Timeline(Typed<TimelineArgs>),
    /// Who was called back after unanswered calls, how soon, and who still waits
    #[command(after_help = help::CALLBACKS, after_long_help = help::CALLBACKS_LONG.as_str())]
    Callbacks(Typed<RowArgs>),
    /// Emoji reactions per conversation
    #[command(after_help = help::REACTIONS, after_long_help = help::REACTIONS_LONG.as_str())]
    Reactions(Typed<RowArgs>),
    /// The normalised, de-duplicated events, which callsift reads back
    #[command(after_help = help::EVENTS)]
    Events(Typed<RowArgs>),
    /// What is in a dump, what follows from it, and which options fit
    #[command(after_help = help::INSPECT)]
    Inspect(Typed<InspectArgs>),
    /// The raw lines behind a session or a figure, and the rules that decided
    #[command(after_help = help::EXPLAIN)]
    Explain(Typed<ExplainArgs>),
    /// The monthly folder: page, workbook, every report, evidence, and a manifest
    #[command(after_help = help::PACK, mut_args = without_form)]
    Pack(Typed<PackArgs>),
    /// Whether a pack is as it was made, and whether the dumps still give it
    #[command(after_help = help::VERIFY)]
    Verify(Typed<VerifyArgs>),
    /// The definition of a figure: unit, formula, source
    #[command(after_help = help::DEFINE)]
    Define(Typed<DefineArgs>),
    /// Limits for a pipeline: ends with 1 if a figure is over one
    #[command(after_help = help::CHECK)]
    Check(Typed<CheckArgs>),
    /// What changed between two reports, or two periods of a dump, with honest intervals
    #[command(after_help = help::COMPARE, after_long_help = help::COMPARE_LONG.as_str())]
    Compare(Typed<CompareArgs>),
    /// The JSON Schema of what a command prints as JSON
    #[command(after_help = help::SCHEMA)]
    Schema {
        /// The command
        #[arg(value_name = "COMMAND")]
        name: String,
    },
    /// What the configuration sets
    #[command(after_help = help::CONFIG)]
    Config {
        /// What to do with it.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Generated dumps whose truth is known: the demo month, or big ones for measuring
    #[command(after_help = help::SYNTH)]
    Synth(SynthArgs),
    /// Shell completions
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// The manual page, in roff
    #[command(after_help = help::MAN)]
    Man,
}

/// What is read.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// Files, folders, patterns, or `-` for standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<OsString>,
    /// A file of paths, one a line; `-` reads the list from standard input
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub files_from: Option<PathBuf>,
    /// The one place of the body in each line, such as `request.body`; `.` is the line itself
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub body: Option<String>,
    /// The line of Wazzap webhooks whose file or path matches the pattern; repeatable
    #[arg(long, value_name = "PATTERN=INSTANCE", help_heading = "Input")]
    pub source: Vec<String>,
    /// The line of Wazzap webhooks that no `--source` matches
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub instance_name: Option<String>,
    /// The zone of times that say none
    #[arg(long, value_name = "ZONE", help_heading = "Input")]
    pub naive_tz: Option<String>,
    /// Leave Mexican, Argentine and Brazilian numbers as WhatsApp spells them
    #[arg(long, help_heading = "Input")]
    pub raw_identities: bool,
    /// Write invalid lines, unchanged, with the reason, to a file
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub rejects: Option<PathBuf>,
    /// Write nothing and end with 1 if any input was defective
    #[arg(long, help_heading = "Input")]
    pub strict: bool,
    /// Invalid lines that are no defect: a number, or a share such as `0.5%`
    #[arg(long, value_name = "N|P%", help_heading = "Input")]
    pub tolerate_invalid: Option<String>,
    /// Leave out lines of compressed data that failed their checksum
    #[arg(long, help_heading = "Input")]
    pub drop_unverified: bool,
    /// Threads [default: one a processor]
    #[arg(long, short = 'j', value_name = "N", help_heading = "Input")]
    pub jobs: Option<usize>,
    /// Bytes of input handed to a thread at once
    #[arg(long, value_name = "N", hide = true)]
    pub block_bytes: Option<usize>,
    /// How lines are read; the result is the same
    #[arg(long, value_name = "WAY", value_enum, default_value_t = LineParser::Fast, hide = true)]
    pub parser: LineParser,
}

/// How lines are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LineParser {
    /// By the shapes of the lines before, where they fit
    Fast,
    /// Every line the plain way
    Reference,
}

/// What is known besides the dumps, and the thresholds.
#[derive(Debug, Args)]
pub struct RuleArgs {
    /// Who had which line when: CSV with `instance,agent[,from,to,provider]`
    #[arg(long, value_name = "FILE", help_heading = "Side files")]
    pub roster: Option<PathBuf>,
    /// One person for several labels: CSV with `label,agent[,team]`
    #[arg(long, value_name = "FILE", help_heading = "Side files")]
    pub agents: Option<PathBuf>,
    /// Customers: CSV with `phone` and any of `lid,name,account_id,vip,stage,days_overdue,due_date,defaulted_on,tz`
    #[arg(long, value_name = "FILE", help_heading = "Side files")]
    pub customers: Option<PathBuf>,
    /// The day on which the customers file counted `days_overdue` [default: the watermark's]
    #[arg(long, value_name = "DATE", help_heading = "Side files")]
    pub customers_as_of: Option<String>,
    /// Dates without business hours: CSV with `date`
    #[arg(long, value_name = "FILE", help_heading = "Side files")]
    pub holidays: Option<PathBuf>,
    /// A key of Wawp's `metadata` that names the agent, such as `user.email`
    #[arg(long, value_name = "KEY", help_heading = "Side files")]
    pub agent_from_metadata: Option<String>,
    /// How long a call may ring
    #[arg(long, value_name = "TIME", default_value = "60s", help_heading = "Thresholds")]
    pub ring_timeout: String,
    /// Rejections faster than this are called instant, not an agent's
    #[arg(long, value_name = "MS", default_value_t = 1000, help_heading = "Thresholds")]
    pub instant_ms: i64,
    /// Where the input ends, instead of its latest event
    #[arg(long, value_name = "TIME", help_heading = "Thresholds")]
    pub as_of: Option<String>,
    /// A feed that was quiet by nature and can be rated; repeatable
    #[arg(long, value_name = "PROVIDER[:INSTANCE]", help_heading = "Thresholds")]
    pub feed_complete: Vec<String>,
    /// Business hours in `--tz`
    #[arg(long, value_name = "HOURS", default_value = "Mon-Fri 09:00-18:00", help_heading = "Thresholds")]
    pub business_hours: String,
    /// Count group calls in rates
    #[arg(long, help_heading = "Thresholds")]
    pub include_group: bool,
    /// Business-hours calls below which no flag is raised
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "Thresholds")]
    pub min_calls: u64,
    /// The rejected share of business-hours calls that raises a flag
    #[arg(long, value_name = "SHARE", default_value = "0.8", help_heading = "Thresholds")]
    pub flag_rate: String,
    /// Calls below which a row is not compared with its peers
    #[arg(long, value_name = "N", default_value_t = 20, help_heading = "Thresholds")]
    pub min_verdict_calls: u64,
    /// The window of the frustration score
    #[arg(long, value_name = "TIME", default_value = "10m", help_heading = "Thresholds")]
    pub window: String,
    /// The weight in one window that makes a score of 100
    #[arg(long, value_name = "WEIGHT", default_value = "5", help_heading = "Thresholds")]
    pub threshold: String,
    /// How soon after one redirect message no other is due
    #[arg(long, value_name = "TIME", default_value = "2m", help_heading = "Thresholds")]
    pub debounce: String,
    /// How soon after an unanswered call the customer should be called back
    #[arg(long, value_name = "TIME", default_value = "60m", help_heading = "Thresholds")]
    pub callback_sla: String,
    /// Whose calls count in callbacks: `outgoing`, of providers with an outgoing call in the input, or `any`
    #[arg(long, value_name = "WORD", default_value = "outgoing", help_heading = "Thresholds")]
    pub callbacks_from: String,
}

/// Which sessions are the subject.
#[derive(Debug, Args)]
pub struct FilterArgs {
    /// Sessions that started at or after: a date or a time, in `--tz` if it says no other
    #[arg(long, value_name = "TIME", help_heading = "Filters")]
    pub since: Option<String>,
    /// Sessions that started before
    #[arg(long, value_name = "TIME", help_heading = "Filters")]
    pub until: Option<String>,
    /// Sessions of one month, such as `2026-05`
    #[arg(long, value_name = "YYYY-MM", help_heading = "Filters", conflicts_with_all = ["since", "until"])]
    pub month: Option<String>,
    /// Of this provider; repeatable, as are those below
    #[arg(long, value_name = "NAME", help_heading = "Filters")]
    pub provider: Vec<String>,
    /// Of this line
    #[arg(long, value_name = "NAME", help_heading = "Filters")]
    pub instance: Vec<String>,
    /// Of this agent; `(unassigned)` for none
    #[arg(long, value_name = "NAME", help_heading = "Filters")]
    pub agent: Vec<String>,
    /// With this customer
    #[arg(long, value_name = "NUMBER", help_heading = "Filters")]
    pub customer: Vec<String>,
    /// `incoming` or `outgoing`
    #[arg(long, value_name = "WORD", help_heading = "Filters")]
    pub direction: Vec<String>,
    /// `answered`, `rejected`, `missed` or `ringing`
    #[arg(long, value_name = "WORD", help_heading = "Filters")]
    pub outcome: Vec<String>,
    /// `declined`, `reported`, `policy`, `timeout`, `ended_unanswered`, `failed` or `inferred`
    #[arg(long, value_name = "WORD", help_heading = "Filters")]
    pub cause: Vec<String>,
    /// `agent`, `unknown`, `instant`, `policy` or `customer`
    #[arg(long, value_name = "WORD", help_heading = "Filters")]
    pub declined_by: Vec<String>,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How the answer is written.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// The zone of hours, days and months, such as `Asia/Kolkata` [default: UTC]
    #[arg(long, value_name = "ZONE", help_heading = "Output")]
    pub tz: Option<String>,
    /// table, csv, json, ndjson, markdown, html or xlsx
    #[arg(long, short = 'f', value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<String>,
    /// Write to a file, which appears when it is complete
    #[arg(long, short = 'o', value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,
    /// Only this section, where the answer has several
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub section: Option<String>,
    /// Only the first rows of each table
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub top: Option<usize>,
    /// Sort rows by a column; `:desc` turns the order round
    #[arg(long, value_name = "COLUMN[:desc]", help_heading = "Output")]
    pub sort: Option<String>,
    /// Only these columns, in this order
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', help_heading = "Output")]
    pub columns: Vec<String>,
    /// CSV for programs: no guard against formulas, and text as it came, nothing escaped
    #[arg(long, help_heading = "Output")]
    pub csv_raw: bool,
    /// Colours in tables
    #[arg(long, value_enum, default_value_t = Color::Auto, help_heading = "Output")]
    pub color: Color,
    /// How customers are shown: `full`, `mask` (country code, last two digits, four characters of the
    /// pseudonym) or `pseudonym` (a keyed hash) [default: full; pack: mask]
    #[arg(long, value_name = "LEVEL", help_heading = "Privacy")]
    pub privacy: Option<String>,
    /// How agents are shown, likewise [default: full]
    #[arg(long, value_name = "LEVEL", help_heading = "Privacy")]
    pub agent_privacy: Option<String>,
    /// The secret that pseudonyms are made with: a file of mode 0600
    #[arg(long, value_name = "FILE", help_heading = "Privacy")]
    pub key_file: Option<PathBuf>,
    /// No notices on standard error; errors are still told
    #[arg(long, short = 'q', help_heading = "Output")]
    pub quiet: bool,
}

/// What every command over dumps takes.
#[derive(Debug, Args)]
pub struct RowArgs {
    #[command(flatten)]
    pub input: InputArgs,
    #[command(flatten)]
    pub rules: RuleArgs,
    #[command(flatten)]
    pub filters: FilterArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    #[command(flatten)]
    pub common: RowArgs,
}

/// `kpi`.
#[derive(Debug, Args)]
pub struct KpiArgs {
    /// Keys to group by: provider, instance, account, agent, agent_source, team, engine, country,
    /// video, month, week, day, weekday, hour
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', default_value = "agent")]
    pub by: Vec<String>,
    #[command(flatten)]
    pub common: RowArgs,
}

/// `contacts`.
#[derive(Debug, Args)]
pub struct ContactsArgs {
    /// A set of rules, such as `in-rbi`; repeatable; without it the command lists all
    #[arg(long, value_name = "NAME")]
    pub rules: Vec<String>,
    #[command(flatten)]
    pub common: RowArgs,
}

/// `timeline`.
#[derive(Debug, Args)]
pub struct TimelineArgs {
    /// The customer's number, or `lid:` and digits
    pub customer_id: String,
    #[command(flatten)]
    pub common: RowArgs,
}

/// `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Show the paths that webhooks were posted to; they can hold secrets
    #[arg(long)]
    pub show_paths: bool,
    #[command(flatten)]
    pub common: RowArgs,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A session id, a call id, or a figure's name together with `--agent`, `--customer` or another filter
    #[arg(value_name = "ID|FIGURE")]
    pub what: String,
    #[command(flatten)]
    pub common: RowArgs,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The largest rejection rate of a group of `--by`, judged by the lower bound of its 95 % interval
    #[arg(long, value_name = "SHARE", help_heading = "Gates")]
    pub max_rejection_rate: Option<String>,
    /// Keys of the groups, as in `kpi`
    #[arg(
        long,
        value_name = "A,B,…",
        value_delimiter = ',',
        default_value = "agent",
        help_heading = "Gates"
    )]
    pub by: Vec<String>,
    /// Judge the rejection rate itself, however few the calls
    #[arg(long, help_heading = "Gates")]
    pub point: bool,
    /// The most rejections whose calls were lost on the way, or came under another line
    #[arg(long, value_name = "N", help_heading = "Gates")]
    pub max_orphans: Option<u64>,
    /// The largest share of such rejections on a line
    #[arg(long, value_name = "SHARE", help_heading = "Gates")]
    pub max_orphan_rate: Option<String>,
    /// The most invalid lines: a number, or a share such as `0.5%`
    #[arg(long, value_name = "N|P%", help_heading = "Gates")]
    pub max_invalid: Option<String>,
    /// The most customers of priority 1
    #[arg(long, value_name = "N", help_heading = "Gates")]
    pub max_priority_1: Option<u64>,
    /// The smallest share of episodes in which the customer was called within the SLA
    #[arg(long, value_name = "SHARE", help_heading = "Gates")]
    pub min_callback_rate: Option<String>,
    /// No outgoing call may breach a contact rule of `--rules`
    #[arg(long, help_heading = "Gates")]
    pub no_breach: bool,
    /// A set of contact rules: us-reg-f, in-rbi, whatsapp or whatsapp-2026; repeatable
    #[arg(long, value_name = "NAME", help_heading = "Gates", requires = "no_breach")]
    pub rules: Vec<String>,
    #[command(flatten)]
    pub common: RowArgs,
}

/// `compare`.
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// The first period of the dumps: a month such as `2026-04`, or `FROM..TO` (without TO); without
    /// periods two JSON reports, or folders with a report.json, are compared
    #[arg(long, value_name = "PERIOD", help_heading = "Periods", requires = "period_b", conflicts_with_all = ["since", "until", "month"])]
    pub period_a: Option<String>,
    /// The second period
    #[arg(long, value_name = "PERIOD", help_heading = "Periods", requires = "period_a")]
    pub period_b: Option<String>,
    #[command(flatten)]
    pub common: RowArgs,
}

/// `pack`.
#[derive(Debug, Args)]
pub struct PackArgs {
    /// The folder to make; it appears whole or not at all
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace the pack that is there
    #[arg(long)]
    pub force: bool,
    /// Contact rules to hold outgoing calls against, as in `callsift contacts`; repeatable
    #[arg(long, value_name = "NAME")]
    pub rules: Vec<String>,
    #[command(flatten)]
    pub common: RowArgs,
}

/// A pack has its forms; what shapes one output is no option of it.
fn without_form(arg: clap::Arg) -> clap::Arg {
    const FORM: [&str; 8] = ["output", "format", "section", "top", "sort", "columns", "csv_raw", "color"];
    if FORM.contains(&arg.get_id().as_str()) { arg.hide(true) } else { arg }
}

/// `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The folder of the pack
    #[arg(value_name = "DIR")]
    pub pack: PathBuf,
    /// Make the pack again from these dumps, wherever they are now, and compare every byte
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub inputs: Vec<OsString>,
    /// A roster, customers or other side file that is no longer where it was; repeatable
    #[arg(long, value_name = "FILE")]
    pub side_file: Vec<PathBuf>,
    /// Threads [default: one a processor]
    #[arg(long, short = 'j', value_name = "N")]
    pub jobs: Option<usize>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `define`.
#[derive(Debug, Args)]
pub struct DefineArgs {
    /// The figure, as its column is called; all of them without it
    pub figure: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// The values that count, and where each comes from
    #[command(after_help = help::CONFIG)]
    Show(Box<ConfigShowArgs>),
}

/// `config show`.
#[derive(Debug, Args)]
pub struct ConfigShowArgs {
    /// The command; without it, what holds for all, and what tables of single commands hold
    pub command: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `synth`.
#[derive(Debug, Args)]
pub struct SynthArgs {
    /// demo writes a folder; calls and mixed write one dump
    #[arg(long, value_enum, default_value_t = Shape::Demo)]
    pub shape: Shape,
    /// The seed; the same seed gives the same bytes
    #[arg(long, default_value_t = 2026)]
    pub seed: u64,
    /// Calls of a big dump
    #[arg(long, default_value_t = 10_000)]
    pub calls: u64,
    /// The folder of the demo, or the file of a dump [default: standard output]
    #[arg(long, short = 'o', value_name = "PATH")]
    pub output: Option<PathBuf>,
}

/// What is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// One month of a small support centre, with its side files
    Demo,
    /// Nothing but call events
    Calls,
    /// Mostly messages and other webhooks
    Mixed,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(program: &clap::Command, command: &str) -> Vec<String> {
        let command = program.find_subcommand(command).expect("a command");
        command.get_arguments().map(|it| format!("{it:?}")).collect()
    }

    #[test]
    fn the_named_commands_are_defined_as_ever_and_others_are_not() {
        let whole = Cli::command();
        let names: Vec<&str> = whole.get_subcommands().map(clap::Command::get_name).collect();
        assert!(names.len() > 20, "{names:?}");
        for name in &names {
            let some = Cli::command_of(&["callsift".into(), "--no-config".into(), name.into()]);
            assert!(some.get_subcommands().map(clap::Command::get_name).eq(names.iter().copied()));
            assert_eq!(options(&some, name), options(&whole, name));
            for other in ["report", "kpi", "pack"] {
                assert_eq!(options(&some, other).is_empty(), other != *name, "{other} of {name}");
            }
        }
        assert!(!options(&Cli::command(), "report").is_empty(), "once more all of them");
    }
}
