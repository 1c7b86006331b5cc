//! One run over dumps: outputs are opened, the input is read, sessions are rebuilt, the report is
//! made, and everything appears at once.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::args::RowArgs;
use super::config::Settings;
use super::exit::Exit;
use super::messages;
use super::resolve::{Env, OutputPlan, Plan, UsageError};
use crate::analysis::{Analysis, Countries, ReportOptions, UNASSIGNED};
use crate::business::Holidays;
use crate::dialects::support::ReadOptions;
use crate::document;
use crate::event::Origin;
use crate::input::Trouble;
use crate::input::blocks::Total;
use crate::input::decode::Progress;
use crate::input::sources::{self, Found, Identity, Place, Source};
use crate::instances::{Instance, Instances};
use crate::ledger::{Account, Ledger};
use crate::ops;
use crate::output::{self, Output as OutputFile, Unwritten};
use crate::pipeline::{self, BLOCK_BYTES, Input, Job};
use crate::privacy::{Choice, Level, Privacy};
use crate::read::{Reject, Wants};
use crate::render::{self, Format, RenderError, Style, escape};
use crate::reports::{Output, check};
use crate::section::{Body, Cell, Document};
use crate::session::{self, events_in_sessions};
use crate::side::{self, Agents, Customers, Reading, Roster, SideError};
use crate::store::{self, Assigned, Sessions};
use crate::text::{Interner, Sym, Text, Texts};

/// Why a run ends without its answer.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage.
    Usage(String),
    /// An output could not be written.
    Output(String),
    /// An output broke off.
    Broken(String),
    /// An output is complete, but the system does not vouch for it.
    Unsure(String),
    /// The reader of the output has gone; nobody is left to tell.
    Gone,
    /// The books do not balance.
    Books(String),
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Self::Usage(error.0)
    }
}

impl From<SideError> for Failure {
    fn from(error: SideError) -> Self {
        Self::Usage(messages::side_error(&error))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Gone
        } else {
            Self::Broken(format!("standard output cannot be written to its end: {error}"))
        }
    }
}

impl Failure {
    /// The same as a failure of the place that a flag's value stands in, where that is no flag.
    pub fn relocated(self, settings: &Settings) -> Self {
        match self {
            Self::Usage(it) => Self::Usage(settings.relocate(it)),
            other => other,
        }
    }

    /// Tells the failure and gives the exit status.
    pub fn tell(&self, err: &mut dyn Write) -> Exit {
        let (message, exit) = match self {
            Self::Gone => return Exit::Complete,
            Self::Usage(it) => (it.clone(), Exit::Usage),
            Self::Output(it) => (format!("{it}; nothing was written"), Exit::Unwritten),
            Self::Broken(it) => (format!("{it}; what was written is incomplete"), Exit::Unwritten),
            Self::Unsure(it) => (it.clone(), Exit::Unwritten),
            Self::Books(it) => (
                format!(
                    "internal fault, the books do not balance: {it}; nothing is written, please report it"
                ),
                Exit::Internal,
            ),
        };
        // Nobody is left to tell where standard error is closed.
        let _ = writeln!(err, "error: {message}");
        exit
    }
}

/// What a command makes of the input.
pub trait Task: Sync {
    /// The name in the schema.
    fn name(&self) -> &'static str;
    /// The format unless another is asked for.
    fn default_format(&self) -> Format {
        Format::Table
    }
    /// What it wants kept besides events.
    fn wants(&self) -> Wants {
        Wants::default()
    }
    /// Adjusts how lines are read.
    fn prepare(&self, _options: &mut ReadOptions) {}
    /// Whether it looks at sessions in their order.
    fn needs_order(&self) -> bool {
        true
    }
    /// Whether it needs the countries of numbers.
    fn wants_countries(&self) -> bool {
        true
    }
    /// Rows that lists of an overview show people unless told otherwise.
    fn top_for_people(&self) -> Option<usize> {
        None
    }
    /// Whether its rows are gates, for which some formats are made.
    fn has_gates(&self) -> bool {
        false
    }
    /// Whether it accepts so many invalid lines.
    fn tolerates(&self, _ledger: &Ledger) -> bool {
        false
    }
    /// Its own parameters.
    fn parameters(&self) -> document::Parameters {
        Vec::new()
    }
    /// Makes the report.
    fn report(&self, analysis: &Analysis, extra: Extra) -> Result<Output, Failure>;
}

/// What was kept besides the analysis.
#[derive(Default)]
pub struct Extra {
    /// The raw lines behind events.
    pub raw_lines: HashMap<Origin, Box<[u8]>>,
    /// How often each path was posted to.
    pub paths: std::collections::BTreeMap<Text, u64>,
    /// What else the input holds.
    pub others: std::collections::BTreeMap<Text, u64>,
    /// Events as they were sent, for `events`.
    pub as_sent: Vec<crate::event::Event>,
}

/// Side files that sessions depend on.
struct Side {
    roster: Roster,
    agents: Agents,
    customers: Customers,
    /// The teams of instances.
    teams: HashMap<String, Sym>,
}

/// What one run knows before its report is made.
pub struct Read {
    /// What is done, side files included.
    pub plan: Plan,
    /// The sessions and everything that reports look at.
    pub analysis: Analysis,
    /// What was kept besides.
    pub extra: Extra,
    /// Some input was defective, beyond what is tolerated.
    pub defective: bool,
    /// The sources with their totals, in their order.
    pub inputs: Vec<(Source, Total)>,
    /// Where invalid lines went; to be finished when the answer is.
    pub rejects: Option<OutputFile>,
    /// The threads of the run.
    pub pool: rayon::ThreadPool,
}

/// Runs one command over dumps.
pub fn over_dumps(
    args: &RowArgs,
    command: &dyn Task,
    env: &Env,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let mut plan = Plan::resolve(args, command.default_format(), env)?;
    if !command.has_gates() {
        refuse_gates(&plan.output)?;
    }
    command.prepare(&mut plan.read);
    let found = find(args, command.name(), env)?;
    refuse_inputs(args, &plan.settings, plan.output.file.as_deref(), &found.sources)?;
    if let Some(hint) = format_hint(&plan.output).filter(|_| !plan.output.quiet) {
        let _ = writeln!(err, "note: {hint}");
    }
    let mut target = plan.output.file.as_deref().map(open).transpose()?;
    let rejects = args.input.rejects.as_deref().map(open).transpose()?;
    let read = read(args, plan, found, command, rejects, env, err)?;
    if args.input.strict && read.defective {
        return Ok(refuse_defective(err));
    }
    let Read { plan, analysis, extra, defective, rejects, pool, .. } = read;
    let report = pool.install(|| command.report(&analysis, extra))?;
    let failed = command.has_gates() && check::has_failed(&report);
    // Where the answer goes to a file nobody may look at it.
    if command.has_gates() && plan.output.file.is_some() && !plan.output.quiet {
        for it in check::not_judged(&report) {
            let _ = writeln!(err, "note: {}", render::plain(it, &plan.output.zone));
        }
    }
    let parameters = parameters(args, &plan, &analysis, command.parameters());
    let mut document = document::document(command.name(), parameters, &analysis, report);
    // The key of a mask may need the order of all sessions, which the threads of the run find.
    pool.install(|| Privacy::new(&plan.output.privacy, &analysis).apply(&mut document));
    arrange(&mut document, &plan.output, command.top_for_people())?;
    let written = match &mut target {
        Some(file) => {
            let path = plan.output.file.as_deref().unwrap_or(Path::new(""));
            write_document(&document, &plan.output, file).map_err(|it| unwritten(it, path))
        }
        None => write_document(&document, &plan.output, out).map_err(unprinted),
    };
    // Whoever has seen enough of the answer still gets the rejects.
    let gone = matches!(written, Err(Failure::Gone));
    if !gone {
        written?;
    }
    finish(rejects.into_iter().chain(target))?;
    if env.is_process {
        std::mem::forget((analysis, document));
    }
    Ok(match () {
        () if failed => Exit::Failed,
        () if gone => Exit::Complete,
        () if defective => Exit::Defective,
        () => Exit::Complete,
    })
}

/// Why the answer does not stand on standard output.
fn unprinted(error: RenderError) -> Failure {
    match error {
        RenderError::Io(it) => Failure::from(it),
        other => Failure::Usage(format!("--section: {other}")),
    }
}

/// Formats for gates say nothing of anything else.
pub(super) fn refuse_gates(output: &OutputPlan) -> Result<(), Failure> {
    let name = output.format.name();
    match output.format.is_for_gates() {
        true => Err(Failure::Usage(format!("--format: only `check` has the format {name}"))),
        false => Ok(()),
    }
}

/// Says that `--strict` forbids an answer.
pub fn refuse_defective(err: &mut dyn Write) -> Exit {
    // Nobody is left to tell where standard error is closed.
    let _ = writeln!(err, "error: the input is defective and --strict was given; nothing is written");
    Exit::Failed
}

/// The effective parameters of a command.
pub fn parameters(
    args: &RowArgs,
    plan: &Plan,
    analysis: &Analysis,
    own: document::Parameters,
) -> document::Parameters {
    let mut parameters = document::common_parameters(analysis);
    parameters.extend(given_parameters(args, plan));
    parameters.extend(own);
    parameters
}

/// Finds what to read.
pub fn find(args: &RowArgs, command: &str, env: &Env) -> Result<Found, Failure> {
    let nothing_named = args.input.paths.is_empty() && args.input.files_from.is_none();
    if nothing_named && env.stdin_is_terminal {
        return Err(Failure::Usage(format!(
            "nothing to read: name files or folders, or pipe a dump in\n\nexamples:\n  callsift {command} dumps/\n  \
             zcat calls.ndjson.gz | callsift {command}"
        )));
    }
    if let Some(place) = env.settings.configured_inputs().filter(|_| env.stdin_is_fed) {
        let place = place.to_string();
        return Err(Failure::Usage(format!(
            "{} says what to read, and standard input is a pipe or a file as well; type `-` to read that, or \
             the paths to read",
            escape::message(&place)
        )));
    }
    let stdin = [OsString::from("-")];
    let paths = if nothing_named { &stdin[..] } else { &args.input.paths[..] };
    Ok(sources::find(paths, args.input.files_from.as_deref()))
}

/// Reads, rebuilds and chooses, and tells what was wrong with the input.
pub fn read(
    args: &RowArgs,
    mut plan: Plan,
    found: Found,
    command: &dyn Task,
    mut rejects: Option<OutputFile>,
    env: &Env,
    err: &mut dyn Write,
) -> Result<Read, Failure> {
    let texts = Interner::default();
    let side = side_files(args, &mut plan, &texts)?;
    let pool = pool(args.input.jobs)?;
    let wants = Wants { rejects: rejects.is_some(), ..command.wants() };
    let mut input = pool
        .install(|| {
            let job = Job {
                sources: &found.sources,
                options: &plan.read,
                wants,
                block_bytes: args.input.block_bytes.unwrap_or(BLOCK_BYTES).max(1),
                drop_unverified: args.input.drop_unverified,
                texts: &texts,
                progress: Arc::new(Progress::of(&found.sources)),
            };
            let mut bar = Bar::new(&job, env, plan.output.quiet);
            let names = &texts;
            let input = pipeline::read(
                &job,
                &mut |it| rejects.as_mut().map_or(Ok(()), |file| write_reject(it, names, file)),
                &mut |read| bar.step(read),
            );
            bar.finish();
            input
        })
        .map_err(|it| {
            unwritten(RenderError::Io(it), args.input.rejects.as_deref().unwrap_or(Path::new("")))
        })?;
    let mut troubles = found.troubles;
    troubles.append(&mut input.troubles);

    let faults = std::mem::take(&mut input.faults);
    let totals = std::mem::take(&mut input.totals);
    #[cfg(test)]
    tests::fake(&mut input);
    input.ledger.balance_sources(&input.books, &totals).map_err(Failure::Books)?;
    let files = found.sources.len();
    let books = std::mem::take(&mut input.books);
    let accounts = found.sources.iter().zip(books).zip(&totals);
    let accounts = accounts.map(|((source, ledger), total)| Account {
        name: source.name.clone(),
        ledger,
        total: *total,
    });
    let accounts = accounts.collect();
    let (analysis, extra) = pool.install(|| analyse(input, accounts, texts, side, &plan, args, command))?;
    let ledger = &analysis.ledger;
    let accepted = !plan.tolerance.is_exceeded(ledger.invalid, ledger.lines) || command.tolerates(ledger);
    let defective = troubles.iter().any(|it| it.defect) || !accepted;
    let no_hint = rejects.is_some() || accepted || plan.output.quiet;
    // Nobody is left to tell where standard error is closed.
    let _ = tell(&troubles, &faults, &analysis, files, &plan, no_hint, args, err);
    let inputs = found.sources.into_iter().zip(totals).collect();
    Ok(Read { plan, analysis, extra, defective, inputs, rejects, pool })
}

fn analyse(
    input: Input,
    accounts: Vec<Account>,
    texts: Interner,
    side: Side,
    plan: &Plan,
    args: &RowArgs,
    command: &dyn Task,
) -> Result<(Analysis, Extra), Failure> {
    let mut ledger = input.ledger;
    let mut texts = texts.freeze();
    let mut extra = Extra {
        raw_lines: input.raw_lines.into_iter().collect(),
        paths: input.paths,
        others: input.others,
        as_sent: Vec::new(),
    };
    let mut shards = input.events;
    if plan.read.as_sent {
        let events = shards.into_events();
        let (as_sent, _) = session::unique_as_sent(events.clone(), &texts);
        extra.as_sent = as_sent;
        let (events, folded) = session::fold_identities(events, texts, !args.input.raw_identities);
        shards = store::deal(&events);
        texts = folded;
    }
    let mut rebuilt = session::rebuild_shards(shards, side.customers.hidden(), &plan.rules, &texts);
    ledger.duplicates = rebuilt.duplicates;
    let mut reactions = input.reactions;
    ledger.duplicate_reactions = session::drop_repeated_reactions(&mut reactions, &texts);
    ledger.balance(events_in_sessions(&rebuilt), reactions.len() as u64).map_err(Failure::Books)?;

    let (from_metadata, texts) = metadata_agents(&rebuilt.sessions, args, texts);
    session::assign(&mut rebuilt.sessions, &side.roster, &side.agents, &from_metadata, &texts);
    if !side.teams.is_empty() {
        for place in 0..rebuilt.sessions.len() {
            let session = rebuilt.sessions.get(place);
            let own = plan.report.instances.of(session.provider, texts.raw(session.instance));
            let team = own.and_then(|it| side.teams.get(it.team.as_deref()?)).copied();
            if session.team.is_none() && team.is_some() {
                let assigned = Assigned { agent: session.agent, source: session.agent_source, team };
                rebuilt.sessions.assign(place, assigned);
            }
        }
    }
    if command.needs_order() {
        rebuilt.sessions.sort(&texts);
    }
    let subject = if plan.filter.is_set() {
        rebuilt.sessions.in_any_order().map(|it| plan.filter.takes(&it, &texts)).collect()
    } else {
        vec![true; rebuilt.sessions.len()]
    };
    let countries = if command.wants_countries() { Countries::wanted() } else { Countries::default() };
    let analysis = Analysis {
        texts,
        rebuilt,
        subject,
        reactions,
        ledger,
        accounts,
        customers: side.customers,
        countries,
        digests: input.digests.into_iter().collect(),
        options: ReportOptions { list_rows: list_rows(&plan.output, command), ..plan.report.clone() },
        filtered: plan.filter.is_set(),
        since: plan.filter.since,
        until: plan.filter.until,
        census: std::sync::OnceLock::new(),
    };
    // Every command needs it; made later, it would be by other threads than those of the run.
    analysis.census();
    Ok((analysis, extra))
}

/// The agents that a key of the metadata names, by metadata.
fn metadata_agents(sessions: &Sessions, args: &RowArgs, texts: Texts) -> (HashMap<Sym, Sym>, Texts) {
    let Some(key) = &args.rules.agent_from_metadata else { return (HashMap::new(), texts) };
    let mut named: HashMap<Sym, String> = HashMap::new();
    for metadata in sessions.events().filter_map(|it| it.metadata) {
        let flat: Option<HashMap<String, String>> = serde_json::from_str(texts.raw(metadata)).ok();
        if let Some(agent) = flat.and_then(|mut it| it.remove(key))
            && !agent.trim().is_empty()
        {
            named.insert(
                metadata,
                crate::identity::label(agent.trim(), !args.input.raw_identities).into_owned(),
            );
        }
    }
    let texts = texts.thaw();
    let agents = named.into_iter().map(|(metadata, agent)| (metadata, texts.intern(&agent))).collect();
    (agents, texts.freeze())
}

fn side_files(args: &RowArgs, plan: &mut Plan, texts: &Interner) -> Result<Side, Failure> {
    let reading = Reading { texts, naive_zone: &plan.read.naive_zone, fold: plan.read.fold };
    let rules = &args.rules;
    let place = |path: &Option<PathBuf>| path.as_deref().map(|it| plan.place_of(it).to_owned());
    let side = Side {
        roster: place(&rules.roster).map(|it| Roster::read(&it, reading)).transpose()?.unwrap_or_default(),
        agents: place(&rules.agents).map(|it| Agents::read(&it, reading)).transpose()?.unwrap_or_default(),
        customers: place(&rules.customers)
            .map(|it| Customers::read(&it, reading))
            .transpose()?
            .unwrap_or_default(),
        teams: plan
            .settings
            .instances
            .iter()
            .filter_map(|it| it.instance.team.as_deref())
            .map(|it| (it.to_owned(), texts.intern(it)))
            .collect(),
    };
    let holidays = |path: &PathBuf| {
        side::read_holidays(plan.place_of(path)).map(|it| it.into_iter().collect::<Holidays>())
    };
    let general = rules.holidays.as_ref().map(holidays).transpose()?;
    let own = plan.settings.instances.iter().map(|it| {
        let from_file = it.holidays_file.as_ref().map(holidays).transpose()?;
        let mut instance = it.instance.clone();
        instance.holidays = from_file.or(instance.holidays);
        Ok(instance)
    });
    let own = own.collect::<Result<_, SideError>>()?;
    plan.report.holidays = general.unwrap_or_default();
    plan.report.instances = own;
    Ok(side)
}

fn pool(jobs: Option<usize>) -> Result<rayon::ThreadPool, Failure> {
    if jobs == Some(0) {
        return Err(Failure::Usage("--jobs: at least one thread is needed".to_owned()));
    }
    // Zero lets rayon take one thread a processor.
    let builder = rayon::ThreadPoolBuilder::new().num_threads(jobs.unwrap_or(0).min(1024));
    builder.build().map_err(|it| Failure::Usage(format!("--jobs: the threads cannot be started: {it}")))
}

/// How long a run may take before it shows how far it is.
const PROGRESS_AFTER: Duration = Duration::from_secs(1);

/// A bar on standard error for long runs, if it is a terminal.
struct Bar {
    bar: Option<ProgressBar>,
    total: u64,
    started: Instant,
    wanted: bool,
}

impl Bar {
    fn new(job: &Job<'_>, env: &Env, quiet: bool) -> Self {
        let wanted = env.stderr_is_terminal && !quiet;
        Self { bar: None, total: job.progress.total, started: Instant::now(), wanted }
    }

    fn step(&mut self, read: u64) {
        if !self.wanted || self.started.elapsed() < PROGRESS_AFTER {
            return;
        }
        let total = self.total;
        let bar = self.bar.get_or_insert_with(|| {
            let (bar, template) = if total > 0 {
                (ProgressBar::new(total), "{bytes} of {total_bytes} {wide_bar} {bytes_per_sec}, {eta} left")
            } else {
                (ProgressBar::new_spinner(), "{bytes} read, {bytes_per_sec}")
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        });
        bar.set_position(read);
    }

    fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one run")]
fn tell(
    troubles: &[Trouble],
    faults: &[crate::read::Fault],
    analysis: &Analysis,
    files: usize,
    plan: &Plan,
    no_hint: bool,
    args: &RowArgs,
    err: &mut dyn Write,
) -> io::Result<()> {
    for it in troubles.iter().filter(|it| it.defect || !plan.output.quiet) {
        messages::trouble(it, err)?;
    }
    messages::faults(faults, troubles, &analysis.ledger, &analysis.texts, no_hint, err)?;
    if !plan.output.quiet {
        for note in nothing_found(analysis, args, &plan.output.privacy, files, troubles) {
            writeln!(err, "note: {}", plan.settings.relocate(note))?;
        }
        for note in unknown_instances(analysis, &plan.settings) {
            writeln!(err, "note: {note}")?;
        }
    }
    Ok(())
}

/// What to say where nothing was found: in the input, or by a filter.
fn nothing_found(
    analysis: &Analysis,
    args: &RowArgs,
    privacy: &Choice,
    files: usize,
    troubles: &[Trouble],
) -> Vec<String> {
    let mut notes = Vec::new();
    let lines = analysis.ledger.lines - analysis.ledger.blank;
    if analysis.ledger.events > 0 {
        notes.extend(unknown_values(analysis, args, privacy));
    } else if lines == 0 && files > 0 && troubles.is_empty() {
        notes.push("the input is empty; name files or folders, as in `callsift report dumps/`".to_owned());
    } else if lines > 0 && analysis.ledger.reactions == 0 {
        let what = crate::reports::notes::plural(lines, "line", "lines");
        let remedy = match &args.input.body {
            Some(path) => format!(
                "`--body {}` names the one place to look; leave it out to search",
                escape::message(path)
            ),
            None => "`callsift inspect` lists what else there is, `--body PATH` names the place of the body"
                .to_owned(),
        };
        notes.push(format!(
            "no call event of a known provider (Wawp, DoubleTick, Wazzap, TimelinesAI) on {what}; {remedy}"
        ));
    }
    notes
}

/// Values of filters that no session has, with what may have been meant.
fn unknown_values(analysis: &Analysis, args: &RowArgs, privacy: &Choice) -> Vec<String> {
    let texts = &analysis.texts;
    let fold = !args.input.raw_identities;
    let mut notes = Vec::new();
    let mut check = |flag: &str, wanted: &[String], shown: bool, known: &mut dyn Iterator<Item = &str>| {
        if wanted.is_empty() {
            return;
        }
        let known: std::collections::BTreeSet<&str> = known.collect();
        for it in wanted.iter().filter(|it| !known.contains(it.as_str())) {
            // A hint would show somebody whom the answer hides.
            let known = known.iter().copied().filter(|_| shown).take(10_000);
            let near = crate::suggest::nearest(it, known);
            let hint = near
                .first()
                .map(|it| format!("; did you mean `{}`?", escape::message(it)))
                .unwrap_or_default();
            notes.push(format!("{flag}: no session has `{}`{hint}", escape::message(it)));
        }
    };
    let (sessions, lines) = (analysis.sessions(), analysis.census());
    let agents: Vec<String> =
        args.filters.agent.iter().map(|it| crate::identity::label(it.trim(), fold).into_owned()).collect();
    check(
        "--agent",
        &agents,
        privacy.agents == Level::Full,
        &mut lines.iter().map(|it| texts.raw_opt(it.glance.agent).unwrap_or(UNASSIGNED)),
    );
    check(
        "--instance",
        &args.filters.instance,
        true,
        &mut lines.iter().map(|it| texts.raw(it.glance.instance)),
    );
    let customers: Vec<String> =
        args.filters.customer.iter().map(|it| super::commands::customer(it, fold)).collect();
    check(
        "--customer",
        &customers,
        privacy.customers == Level::Full,
        &mut sessions.glances().filter_map(|it| texts.raw_opt(it.customer)),
    );
    if notes.is_empty() && analysis.filtered && !analysis.subject.contains(&true) {
        notes.push(format!("the filters choose none of {} sessions", sessions.len()));
    }
    notes
}

/// Settings of instances that no session is of, where another name of the input may be meant. That an
/// instance had no call is no mistake.
fn unknown_instances(analysis: &Analysis, settings: &Settings) -> Vec<String> {
    let known: std::collections::BTreeSet<&str> =
        analysis.census().iter().map(|it| analysis.texts.raw(it.glance.instance)).collect();
    let set = |name: &str| settings.instances.iter().any(|it| it.instance.name == name);
    let unset: Vec<&str> = known.iter().copied().filter(|it| !set(it)).take(10_000).collect();
    let unknown = settings.instances.iter().filter(|it| !known.contains(it.instance.name.as_str()));
    let note = |it: &super::config::InstanceEntry| {
        let near = *crate::suggest::nearest(&it.instance.name, unset.iter().copied()).first()?;
        let (name, near) = (escape::message(&it.instance.name), escape::message(near));
        let place = settings.place(it.line);
        Some(format!("{place}: no session is of the instance `{name}`; did you mean `{near}`?"))
    };
    unknown.filter_map(note).collect()
}

/// An output that is also an input would be overwritten, or read while it is written.
pub fn refuse_inputs(
    args: &RowArgs,
    settings: &Settings,
    output: Option<&Path>,
    sources: &[Source],
) -> Result<(), Failure> {
    let rules = &args.rules;
    let side = [
        &rules.roster,
        &rules.agents,
        &rules.customers,
        &rules.holidays,
        &args.input.files_from,
        &args.output.key_file,
    ];
    let dumps = sources.iter().map(|it| match &it.place {
        Place::File(path) => path.as_path(),
        // What stands behind standard input may be a file all the same.
        Place::Stdin => Path::new("/dev/stdin"),
    });
    let own = settings.instances.iter().filter_map(|it| it.holidays_file.as_ref());
    let side = side.into_iter().flatten().chain(own).chain(&settings.config);
    let inputs: Vec<&Path> = side.map(PathBuf::as_path).chain(dumps).collect();
    let outputs = [output, args.input.rejects.as_deref()];
    for output in outputs.iter().copied().flatten() {
        refuse_input(output, &inputs)?;
    }
    let printed = output.is_none().then(Identity::of_stdout).flatten();
    if let Some(printed) = printed
        && let Some(it) = inputs.iter().find(|it| Identity::of_path(it).as_ref() == Some(&printed))
    {
        let name = it.to_string_lossy();
        return Err(Failure::Usage(format!(
            "{} is an input, and standard output goes to it; write to a file that is not read",
            escape::message(&name)
        )));
    }
    if let [Some(a), Some(b)] = outputs
        && whole(a) == whole(b)
    {
        return Err(Failure::Usage("--output and --rejects name one file; give each its own".to_owned()));
    }
    Ok(())
}

/// Refuses an output that is one of the inputs.
pub(super) fn refuse_input(output: &Path, inputs: &[&Path]) -> Result<(), Failure> {
    let Some(real) = Identity::of_path(output) else { return Ok(()) };
    if inputs.iter().any(|it| Identity::of_path(it).is_some_and(|it| it == real)) {
        let name = output.to_string_lossy();
        let message = format!("{} is an input; write to another file", escape::message(&name));
        return Err(Failure::Usage(message));
    }
    Ok(())
}

/// A path of a file that may not exist yet, in one spelling.
fn whole(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let spelt = || Some(fs::canonicalize(folder).ok()?.join(path.file_name()?));
    fs::canonicalize(path).ok().or_else(spelt).unwrap_or_else(|| path.to_owned())
}

/// What to say where a file's name promises another format than it gets.
fn format_hint(output: &OutputPlan) -> Option<String> {
    let path = output.file.as_deref()?;
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    let promised = match ending.as_str() {
        "csv" => Format::Csv,
        "json" => Format::Json,
        "ndjson" | "jsonl" => Format::Ndjson,
        "md" => Format::Markdown,
        "html" | "htm" => Format::Html,
        "xlsx" => Format::Xlsx,
        _ => return None,
    };
    let (path, format) = (path.to_string_lossy(), output.format.name());
    let path = escape::message(&path);
    (promised != output.format).then(|| {
        format!("{path} gets the format {format}; --format {} writes what its name says", promised.name())
    })
}

/// Begins an output.
pub fn open(path: &Path) -> Result<OutputFile, Failure> {
    OutputFile::create(path).map_err(|it| unwritten(RenderError::Io(it), path))
}

/// Why a named output is not there.
pub(super) fn unwritten(error: RenderError, path: &Path) -> Failure {
    match error {
        RenderError::Io(it) => {
            let name = path.to_string_lossy();
            let why = match it.kind() {
                io::ErrorKind::NotFound => "its folder does not exist; make it first".to_owned(),
                io::ErrorKind::IsADirectory => "it is a folder; name a file in it".to_owned(),
                io::ErrorKind::PermissionDenied => "its folder does not let you write".to_owned(),
                _ => it.to_string(),
            };
            Failure::Output(format!("{} cannot be written: {why}", escape::message(&name)))
        }
        other => Failure::Usage(format!("--section: {other}")),
    }
}

/// Puts outputs in their places, all or none.
pub fn finish(files: impl IntoIterator<Item = OutputFile>) -> Result<(), Failure> {
    output::finish(files).map_err(|it| unfinished(it, Path::new("")))
}

/// Why outputs are not in their places; `path` is what has no name of its own.
pub(super) fn unfinished(error: Unwritten, path: &Path) -> Failure {
    let Unwritten { name, error, in_place } = error;
    let path = name.as_deref().unwrap_or(path);
    if in_place {
        let name = path.to_string_lossy();
        Failure::Unsure(format!(
            "{} is written, but the system does not say that it is stored: {error}",
            escape::message(&name)
        ))
    } else {
        unwritten(RenderError::Io(error), path)
    }
}

/// What was typed of the parameters that only stand there if they were given.
pub(super) fn given_parameters(args: &RowArgs, plan: &Plan) -> document::Parameters {
    let mut given: document::Parameters = vec![
        ("instant_ms".to_owned(), Cell::Millis(plan.rules.instant_ms)),
        ("naive_tz".to_owned(), Cell::word(plan.read.naive_zone.name())),
        ("raw_identities".to_owned(), Cell::Bool(args.input.raw_identities)),
    ];
    let text = |it: &str| Cell::Text(Text::new(it));
    let mut add = |name: &str, cell: Option<Cell>| {
        if let Some(cell) = cell {
            given.push((name.to_owned(), cell));
        }
    };
    let list = |it: &[String]| (!it.is_empty()).then(|| Cell::List(it.iter().map(|it| text(it)).collect()));
    let path = |it: &Option<PathBuf>| it.as_ref().map(|it| text(&it.to_string_lossy()));
    add("config", path(&plan.settings.config));
    add("instances", instances(&plan.report.instances));
    add("as_of", plan.rules.as_of.map(Cell::Instant));
    add("body", args.input.body.as_deref().map(text));
    add("source", list(&args.input.source));
    add("instance_name", args.input.instance_name.as_deref().map(text));
    add("feed_complete", list(&args.rules.feed_complete));
    add("agent_from_metadata", args.rules.agent_from_metadata.as_deref().map(text));
    add("roster", path(&args.rules.roster));
    add("agents", path(&args.rules.agents));
    add("customers", path(&args.rules.customers));
    add("customers_as_of", plan.report.customers_as_of.map(|it| Cell::Word(it.to_string())));
    add("holidays_file", path(&args.rules.holidays));
    add("drop_unverified", args.input.drop_unverified.then(|| Cell::word("yes")));
    add("tolerate_invalid", args.input.tolerate_invalid.as_deref().map(text));
    given.extend(output_parameters(&plan.output));
    let filter = document::filter_parameters(&plan.filter);
    if !filter.is_empty() {
        given.push(("filters".to_owned(), Cell::Record(filter)));
    }
    given
}

/// What was typed of the parameters that choose rows and columns.
pub(super) fn output_parameters(plan: &OutputPlan) -> document::Parameters {
    let text = |it: &str| Cell::Text(Text::new(it));
    let columns = plan.columns.iter().map(|it| text(it)).collect::<Vec<_>>();
    let given = [
        ("top", plan.top.map(|it| Cell::Count(it as u64))),
        ("sort", plan.sort.as_deref().map(text)),
        ("columns", (!columns.is_empty()).then_some(Cell::List(columns))),
        ("section", plan.section.as_deref().map(text)),
    ];
    given.into_iter().filter_map(|(name, cell)| Some((name.to_owned(), cell?))).collect()
}

/// What the configuration says of single instances: only what was given.
fn instances(instances: &Instances) -> Option<Cell> {
    let text = |it: &str| Cell::Text(Text::new(it));
    let record = |it: &Instance| {
        let fields = [
            ("name", Some(text(&it.name))),
            ("provider", it.provider.map(|it| Cell::word(it.name()))),
            ("team", it.team.as_deref().map(text)),
            ("tz", it.zone.as_ref().map(|it| Cell::word(it.name()))),
            ("business_hours", it.hours.as_ref().map(|it| Cell::Word(it.to_string()))),
            ("holidays", it.holidays.as_ref().map(|it| Cell::Count(it.len() as u64))),
        ];
        let given = fields.into_iter().filter_map(|(name, cell)| Some((name.to_owned(), cell?)));
        Cell::Record(given.collect())
    };
    (!instances.is_empty()).then(|| Cell::List(instances.iter().map(record).collect()))
}

/// `--sort`, `--top` and `--columns`.
///
/// `top_for_people` cuts tables of an overview where nobody asked for more; data is never cut unasked.
fn arrange(
    document: &mut Document,
    output: &OutputPlan,
    top_for_people: Option<usize>,
) -> Result<(), Failure> {
    // A failure that is cut off would be one that nobody sees.
    if output.format.is_for_gates() {
        return Ok(());
    }
    let mut sorted = output.sort.is_none();
    let mut columns_known = output.columns.is_empty();
    let mut first_fault = None;
    for part in &mut document.parts {
        let Body::Rows(table) = &mut part.body else { continue };
        if let Some(spec) = &output.sort {
            match ops::sort(table, spec) {
                Ok(()) => sorted = true,
                Err(it) => first_fault = first_fault.or(Some(format!("--sort: {it}"))),
            }
        }
        if !output.columns.is_empty() {
            match ops::check_columns(table, &output.columns) {
                Ok(()) => columns_known = true,
                Err(it) => first_fault = first_fault.or(Some(format!("--columns: {it}"))),
            }
        }
        let for_people = matches!(output.format, Format::Table | Format::Markdown);
        match (output.top, top_for_people) {
            (Some(top), _) => cut(table, top),
            (None, Some(top)) if for_people && is_list(&part.path) => cut(table, top),
            (None, _) if for_people && part.path == document::INPUT && output.section.is_none() => {
                cut(table, INPUT_ROWS);
            }
            _ => {}
        }
    }
    match first_fault {
        Some(it) if !(sorted && columns_known) => Err(Failure::Usage(it)),
        _ => Ok(()),
    }
}

/// How many rows of a list of customers are wanted, if it is not all of them.
fn list_rows(output: &OutputPlan, command: &dyn Task) -> Option<usize> {
    if output.sort.is_some() || output.format.is_for_gates() {
        return None;
    }
    let for_people = matches!(output.format, Format::Table | Format::Markdown);
    output.top.or_else(|| command.top_for_people().filter(|_| for_people))
}

/// Rows of the table of inputs that people see unless told otherwise.
const INPUT_ROWS: usize = 20;

/// Rates, lines and incidents are what an overview is for; only the lists beside them are cut.
fn is_list(path: &[&'static str]) -> bool {
    matches!(
        path,
        ["frustration" | "anomalies" | "avoidance" | "reactions", "rows"] | ["callbacks", "open_episodes"]
    )
}

fn cut(table: &mut crate::section::Table, top: usize) {
    let all = table.rows.len() + table.left_out;
    if all > top {
        ops::top(table, top);
        table.reading.insert(0, format!("The first {top} of {all} rows; --top N shows more or fewer."));
    }
}

fn write_document(document: &Document, plan: &OutputPlan, out: &mut dyn Write) -> Result<(), RenderError> {
    let style = Style {
        zone: &plan.zone,
        width: plan.width,
        color: plan.color,
        csv_raw: plan.csv_raw,
        section: plan.section.as_deref(),
        columns: &plan.columns,
    };
    let mut out = BufWriter::with_capacity(1 << 16, out);
    render::render(document, plan.format, &style, &mut out)?;
    out.flush().map_err(RenderError::Io)
}

/// Writes a document that came from no dump.
pub fn write_standalone(
    document: &mut Document,
    plan: &OutputPlan,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    refuse_gates(plan)?;
    let mut target = plan.file.as_deref().map(open).transpose()?;
    document.parameters.extend(output_parameters(plan));
    arrange(document, plan, None)?;
    match &mut target {
        Some(file) => {
            let path = plan.file.as_deref().unwrap_or(Path::new(""));
            write_document(document, plan, file).map_err(|it| unwritten(it, path))?;
        }
        None => write_document(document, plan, out).map_err(unprinted)?,
    }
    finish(target)?;
    Ok(Exit::Complete)
}

/// Writes text of our own.
pub fn write_plain(text: &[u8], out: &mut dyn Write) -> Result<Exit, Failure> {
    out.write_all(text)?;
    out.flush()?;
    Ok(Exit::Complete)
}

/// One rejected line: a line of JSON that says where it stood and why, then the line itself,
/// unchanged. callsift reads such a file back: the first counts as `other`, the second anew.
fn write_reject(reject: &Reject, texts: &Interner, out: &mut dyn Write) -> io::Result<()> {
    #[derive(serde::Serialize)]
    struct Why<'a> {
        file: &'a str,
        line: u64,
        column: usize,
        reason: &'a str,
        what: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        cut_from_bytes: Option<u64>,
    }
    #[derive(serde::Serialize)]
    struct Rejected<'a> {
        rejected: Why<'a>,
    }
    let fault = &reject.fault;
    let file = texts.text(fault.file);
    let why = Why {
        file: file.raw(),
        line: fault.line,
        column: fault.column,
        reason: fault.flaw.reason.name(),
        what: messages::flaw(&fault.flaw),
        cut_from_bytes: reject.cut_from,
    };
    serde_json::to_writer(&mut *out, &Rejected { rejected: why })?;
    out.write_all(b"\n")?;
    out.write_all(&reject.raw)?;
    out.write_all(b"\n")
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::event::Event;

    type Fake = fn(&mut Input);

    thread_local! {
        /// What the next run of this thread does to its books.
        static FAKE: Cell<Option<Fake>> = const { Cell::new(None) };
    }

    /// Breaks the books where a test asks for it.
    pub(super) fn fake(input: &mut Input) {
        if let Some(fake) = FAKE.take() {
            fake(input);
        }
    }

    const DUMP: &str = "\
{\"event\":\"call.received\",\"session\":\"a\",\"timestamp\":1771400120000,\"payload\":{\"id\":\"c1\",\"from\":\"911@c.us\"}}
{\"event\":\"call.rejected\",\"session\":\"a\",\"timestamp\":1771400123456,\"payload\":{\"id\":\"c1\",\"from\":\"911@c.us\"}}

{\"event\":\"message\"}
{broken
";

    fn deal_again(input: &mut Input, change: impl FnOnce(&mut Vec<Event>)) {
        let mut events = std::mem::take(&mut input.events).into_events();
        change(&mut events);
        input.events = store::deal(&events);
    }

    /// One run over the dump, its status and both streams.
    fn run(folder: &Path, args: &[&str], fake: Option<Fake>) -> (u8, String, String) {
        let dump = folder.join("dump.ndjson");
        fs::write(&dump, DUMP).unwrap();
        FAKE.set(fake);
        let args = args.iter().map(|it| it.replace("OUT", &folder.join("out").display().to_string()));
        let argv: Vec<OsString> = [OsString::from("callsift")]
            .into_iter()
            .chain(args.map(OsString::from))
            .chain([dump.into_os_string()])
            .collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = crate::cli::run(&argv, &Env::default(), &mut out, &mut err);
        let text = |it| String::from_utf8(it).unwrap();
        (exit.status(), text(out), text(err))
    }

    #[test]
    fn books_that_do_not_balance_are_no_report() {
        let fakes: [(&str, Fake); 10] = [
            ("a line too many", |it| it.ledger.lines += 1),
            ("a line in no class", |it| it.ledger.other -= 1),
            ("a line in another class", |it| {
                it.ledger.other -= 1;
                it.ledger.blank += 1;
                it.ledger.call -= 1;
                it.ledger.invalid += 1;
            }),
            ("a fault without a reason", |it| it.ledger.invalid_reasons.clear()),
            ("a byte lost", |it| it.books[0].bytes -= 1),
            ("a source without books", |it| it.books.clear()),
            ("an event lost", |it| deal_again(it, |events| events.truncate(1))),
            ("an event out of nowhere", |it| deal_again(it, |events| events.push(events[0]))),
            ("a line left out unasked", |it| it.ledger.unverified += 1),
            ("a reaction that is none", |it| it.ledger.reactions += 1),
        ];
        let commands: [&[&str]; 7] = [
            &["report"],
            &["kpi", "--format", "csv"],
            &["sessions", "--format", "html"],
            &["events", "-o", "OUT"],
            &["anomalies", "--format", "xlsx", "-o", "OUT"],
            &["inspect", "--rejects", "OUT"],
            &["pack", "--month", "2026-02", "--tz", "UTC", "--out", "OUT"],
        ];
        for command in commands {
            let folder = tempfile::tempdir().unwrap();
            let (status, _, err) = run(folder.path(), command, None);
            assert_eq!(status, 3, "{command:?} with its books in order: {err}");
            for (what, fake) in fakes {
                let folder = tempfile::tempdir().unwrap();
                let (status, out, err) = run(folder.path(), command, Some(fake));
                assert_eq!((status, out.as_str()), (5, ""), "{command:?}, {what}: {err}");
                assert!(err.contains("the books do not balance"), "{err}");
                let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
                assert_eq!(left.len(), 1, "{command:?}, {what}: only the dump is there");
            }
        }
    }
}
