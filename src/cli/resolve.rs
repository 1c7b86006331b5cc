//! From what was typed, and the surroundings, to what will be done.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use super::args::{CheckArgs, Color, FilterArgs, InputArgs, LineParser, OutputArgs, RowArgs, RuleArgs};
use super::config::Settings;
use crate::analysis::{CallbacksFrom, Filter, ReportOptions};
use crate::business::{Holidays, Hours};
use crate::contact_rules::{PROFILES, Profile};
use crate::dialects::Provider;
use crate::dialects::support::ReadOptions;
use crate::event::{Cause, Direction};
use crate::identity;
use crate::instances::Instances;
use crate::ledger::Tolerance;
use crate::privacy::{Choice, Level, Secret};
use crate::render::{Format, escape};
use crate::reports::check::Gates;
use crate::reports::compare::Period;
use crate::reports::groups::Key;
use crate::session::{DeclinedBy, Outcome, Rules};
use crate::suggest;
use crate::time;
use crate::zone::{Reading, Zone};

/// What the surroundings say, asked once.
#[derive(Clone, Debug, Default)]
pub struct Env {
    /// Standard input is a terminal, so nothing is piped in.
    pub stdin_is_terminal: bool,
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Standard error is a terminal, so progress may be shown.
    pub stderr_is_terminal: bool,
    /// Columns of the terminal.
    pub width: Option<usize>,
    /// `NO_COLOR` is set.
    pub no_color: bool,
    /// A pipe, a socket or a file stands behind standard input, so that it may hold a dump.
    pub stdin_is_fed: bool,
    /// The process ends with the command, so that giving millions of pieces of memory back is lost time.
    pub is_process: bool,
    /// The variables of the environment whose names begin with `CALLSIFT_`.
    pub variables: Vec<(OsString, OsString)>,
    /// What the configuration sets; `run` reads it.
    pub settings: Settings,
}

/// Wrong usage, as a message that says what to do instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError(pub String);

type Res<T> = Result<T, UsageError>;

fn wrong<T>(message: impl Display) -> Res<T> {
    Err(UsageError(message.to_string()))
}

/// How the answer is written.
#[derive(Clone, Debug)]
pub struct OutputPlan {
    /// The format.
    pub format: Format,
    /// The file, if not standard output.
    pub file: Option<PathBuf>,
    /// The section, if only one is wanted.
    pub section: Option<String>,
    /// Rows of each table, at most.
    pub top: Option<usize>,
    /// Column and order of rows.
    pub sort: Option<String>,
    /// Columns, if not the usual ones.
    pub columns: Vec<String>,
    /// CSV without guards.
    pub csv_raw: bool,
    /// Whether tables may hold colours.
    pub color: bool,
    /// Columns that tables may take.
    pub width: Option<usize>,
    /// No notices.
    pub quiet: bool,
    /// How people are shown.
    pub privacy: Choice,
    /// The zone of all times.
    pub zone: Zone,
}

/// Everything that a command over dumps needs to know, but for the side files' contents.
pub struct Plan {
    /// How lines are read.
    pub read: ReadOptions,
    /// What sessions depend on.
    pub rules: Rules,
    /// What reports depend on; holidays and settings of instances are read later.
    pub report: ReportOptions,
    /// Which sessions are the subject.
    pub filter: Filter,
    /// How the answer is written.
    pub output: OutputPlan,
    /// Invalid lines that are no defect.
    pub tolerance: Tolerance,
    /// What the configuration sets, and where each value comes from.
    pub settings: Settings,
    /// Where side files are now that stood elsewhere when a pack was made.
    pub elsewhere: HashMap<PathBuf, PathBuf>,
}

impl Plan {
    /// Gives what was typed its meaning.
    ///
    /// # Errors
    ///
    /// The first thing that makes no sense, with what to write instead.
    pub fn resolve(args: &RowArgs, default_format: Format, env: &Env) -> Res<Self> {
        let output = OutputPlan::resolve(&args.output, default_format, env)?;
        let read = read_options(&args.input, &args.rules)?;
        let ring_timeout_ms = duration("--ring-timeout", &args.rules.ring_timeout)?;
        let zone = &output.zone;
        let rules = Rules {
            ring_timeout_ms,
            instant_ms: args.rules.instant_ms,
            as_of: args.rules.as_of.as_deref().map(|it| instant("--as-of", it, zone)).transpose()?,
            feed_complete: args.rules.feed_complete.iter().map(|it| feed(it)).collect::<Res<_>>()?,
        };
        let report = ReportOptions {
            zone: zone.clone(),
            zone_given: args.output.tz.is_some(),
            zone_origin: env.settings.origins.of("tz"),
            hours: Hours::parse(&args.rules.business_hours)
                .or_else(|it| wrong(format!("--business-hours: {it}")))?,
            holidays: Holidays::default(),
            instances: Instances::default(),
            include_group: args.rules.include_group,
            min_calls: args.rules.min_calls,
            flag_rate: decimal("--flag-rate", &args.rules.flag_rate, 6)?,
            min_verdict_calls: args.rules.min_verdict_calls,
            window_ms: duration("--window", &args.rules.window)?,
            threshold_milli: decimal("--threshold", &args.rules.threshold, 3)? as i64,
            debounce_ms: duration("--debounce", &args.rules.debounce)?,
            ring_timeout_ms,
            callback_sla_ms: duration("--callback-sla", &args.rules.callback_sla)?,
            callbacks_from: word(
                "--callbacks-from",
                &args.rules.callbacks_from,
                &CallbacksFrom::ALL,
                CallbacksFrom::name,
            )?,
            list_rows: None,
            customers_as_of: args
                .rules
                .customers_as_of
                .as_deref()
                .map(|it| day("--customers-as-of", it))
                .transpose()?,
        };
        if report.threshold_milli == 0 {
            return wrong("--threshold: must be more than 0, such as `5`");
        }
        if report.flag_rate > 1_000_000 {
            return wrong("--flag-rate: must be a share from 0 to 1, such as `0.8`");
        }
        let filter = filter(&args.filters, zone, read.fold)?;
        let tolerance =
            tolerance("--tolerate-invalid", args.input.tolerate_invalid.as_deref().unwrap_or("0"))?;
        let settings = env.settings.clone();
        let elsewhere = HashMap::new();
        Ok(Self { read, rules, report, filter, output, tolerance, settings, elsewhere })
    }

    /// Where a side file is.
    pub fn place_of<'p>(&'p self, path: &'p Path) -> &'p Path {
        self.elsewhere.get(path).map_or(path, PathBuf::as_path)
    }
}

impl OutputPlan {
    /// Gives what was typed about the output its meaning.
    ///
    /// # Errors
    ///
    /// An unknown zone or format.
    pub fn resolve(args: &OutputArgs, default_format: Format, env: &Env) -> Res<Self> {
        let zone = args.tz.as_deref().map_or(Ok(Zone::utc()), |it| zone("--tz", it))?;
        let format = match args.format.as_deref() {
            None => default_format,
            Some(it) => {
                let name = it.to_ascii_lowercase();
                Format::from_name(&name)
                    .ok_or_else(|| unknown_word("--format", it, Format::ALL.map(Format::name)))?
            }
        };
        // `-` is standard output here as it is standard input there.
        let file = args.output.clone().filter(|it| it.as_os_str() != "-");
        if let (Some(file), Some(config)) = (&file, &env.settings.config)
            && fs::canonicalize(file)
                .is_ok_and(|it| fs::canonicalize(config).is_ok_and(|config| it == config))
        {
            let name = file.to_string_lossy();
            return wrong(format!(
                "--output: {} is the configuration; write to another file",
                escape::message(&name)
            ));
        }
        let to_terminal = env.stdout_is_terminal && file.is_none();
        if to_terminal && !format.is_text() {
            let name = format.name();
            return wrong(format!(
                "--format {name}: a terminal cannot show it; name a file, such as `-o report.{name}`"
            ));
        }
        let color = match args.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => to_terminal && !env.no_color,
        };
        Ok(Self {
            format,
            file,
            section: args.section.clone(),
            top: args.top,
            sort: args.sort.clone(),
            columns: args.columns.iter().map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect(),
            csv_raw: args.csv_raw,
            color,
            width: if to_terminal { env.width } else { None },
            quiet: args.quiet,
            privacy: privacy(args)?,
            zone,
        })
    }
}

fn privacy(args: &OutputArgs) -> Res<Choice> {
    let level = |flag: &str, typed: Option<&String>| match typed {
        Some(it) => words(flag, std::slice::from_ref(it), &Level::ALL, Level::name).map(|it| it[0]),
        None => Ok(Level::Full),
    };
    let choice = Choice {
        customers: level("--privacy", args.privacy.as_ref())?,
        agents: level("--agent-privacy", args.agent_privacy.as_ref())?,
        key: args.key_file.as_deref().map(Secret::read).transpose().map_err(UsageError)?,
    };
    choice.check().map_err(UsageError)?;
    Ok(choice)
}

fn read_options(args: &InputArgs, rules: &RuleArgs) -> Res<ReadOptions> {
    let mut sources = Vec::new();
    for it in &args.source {
        let Some((pattern, instance)) = it.rsplit_once('=') else {
            return wrong(format!(
                "--source: `{}` has no `=`; write it as '/hooks/*=+5215550001111'",
                escape::message(it)
            ));
        };
        let glob = glob::Pattern::new(pattern).or_else(|fault| {
            wrong(format!("--source: `{}` is no pattern: {fault}", escape::message(pattern)))
        })?;
        if instance.trim().is_empty() {
            return wrong("--source: the instance behind `=` is empty");
        }
        sources.push((glob, instance.trim().to_owned()));
    }
    let body_path = args.body.as_deref().map(|it| {
        let names = it.split('.').filter(|it| !it.is_empty());
        names.map(str::to_owned).collect::<Vec<_>>()
    });
    Ok(ReadOptions {
        naive_zone: args.naive_tz.as_deref().map_or(Ok(Zone::utc()), |it| zone("--naive-tz", it))?,
        fold: !args.raw_identities,
        as_sent: false,
        body_path,
        sources,
        instance_name: args
            .instance_name
            .as_deref()
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .map(str::to_owned),
        keep_metadata: rules.agent_from_metadata.is_some(),
        reference: args.parser == LineParser::Reference,
    })
}

fn filter(args: &FilterArgs, zone: &Zone, fold: bool) -> Res<Filter> {
    let mut since = args.since.as_deref().map(|it| instant("--since", it, zone)).transpose()?;
    let mut until = args.until.as_deref().map(|it| instant("--until", it, zone)).transpose()?;
    if let Some(month) = &args.month {
        let (first, next) = month_bounds("--month", month)?;
        since = Some(zone.day_start(first));
        until = Some(zone.day_start(next));
    }
    if matches!((since, until), (Some(since), Some(until)) if until <= since) {
        return wrong("--until: must lie after --since, or nothing is left");
    }
    let canonical = |it: &String| match identity::canonical(it.trim(), fold) {
        identity::Party::Person(it) => it.into_owned(),
        identity::Party::Group => it.to_string(),
    };
    Ok(Filter {
        since,
        until,
        providers: args
            .provider
            .iter()
            .map(|it| {
                Provider::named(it)
                    .ok_or_else(|| unknown_word("--provider", it, Provider::all().map(Provider::name)))
            })
            .collect::<Res<_>>()?,
        instances: args.instance.clone(),
        agents: args.agent.iter().map(|it| identity::label(it.trim(), fold).into_owned()).collect(),
        customers: args.customer.iter().map(canonical).collect(),
        directions: words("--direction", &args.direction, &Direction::ALL, Direction::name)?,
        outcomes: words("--outcome", &args.outcome, &Outcome::ALL, Outcome::name)?,
        causes: words("--cause", &args.cause, &Cause::ALL, Cause::name)?,
        declined_by: words("--declined-by", &args.declined_by, &DeclinedBy::ALL, DeclinedBy::name)?,
    })
}

fn month_bounds(flag: &str, month: &str) -> Res<(NaiveDate, NaiveDate)> {
    let first = time::date(&format!("{month}-01"));
    let bounds = first.and_then(|first| {
        let next = if first.month() == 12 {
            NaiveDate::from_ymd_opt(first.year() + 1, 1, 1)
        } else {
            NaiveDate::from_ymd_opt(first.year(), first.month() + 1, 1)
        };
        Some((first, next?))
    });
    bounds.ok_or_else(|| {
        UsageError(format!("{flag}: `{}` is no month; write it as `2026-05`", escape::message(month)))
    })
}

/// A month, or a span `FROM..TO` of dates or times, without TO.
///
/// # Errors
///
/// It is neither, or ends before it begins.
pub fn period(flag: &str, text: &str, zone: &Zone) -> Res<Period> {
    let Some((from, to)) = text.split_once("..") else {
        let (first, next) = month_bounds(flag, text.trim())?;
        return Ok(Period { since: zone.day_start(first), until: zone.day_start(next) });
    };
    let period = Period { since: instant(flag, from.trim(), zone)?, until: instant(flag, to.trim(), zone)? };
    if period.until <= period.since {
        return wrong(format!(
            "{flag}: `{}` ends before it begins; its second date is the first that is left out",
            escape::message(text)
        ));
    }
    Ok(period)
}

/// The keys of `--by`.
///
/// # Errors
///
/// An unknown key, or one that stands twice.
pub fn keys(by: &[String]) -> Res<Vec<Key>> {
    let keys: Vec<Key> = words("--by", by, &Key::ALL, Key::name)?;
    for (place, key) in keys.iter().enumerate() {
        if keys[..place].contains(key) {
            return wrong(format!("--by: `{}` stands twice", key.name()));
        }
    }
    if keys.is_empty() {
        return wrong("--by: name at least one key, such as `agent`");
    }
    Ok(keys)
}

/// The profiles of `--rules`.
///
/// # Errors
///
/// None at all, an unknown name, or one that stands twice.
pub fn profiles(names: &[String]) -> Res<Vec<&'static Profile>> {
    let all: Vec<&'static Profile> = PROFILES.iter().collect();
    let profiles = words("--rules", names, &all, |it| it.name)?;
    for (place, profile) in profiles.iter().enumerate() {
        if profiles[..place].contains(profile) {
            return wrong(format!("--rules: `{}` stands twice", profile.name));
        }
    }
    if profiles.is_empty() {
        let known: String = all.iter().map(|it| format!("\n  --rules {:14} {}", it.name, it.title)).collect();
        return wrong(format!("--rules: name at least one set of rules:{known}"));
    }
    Ok(profiles)
}

fn words<T: Copy>(flag: &str, typed: &[String], all: &[T], name: fn(T) -> &'static str) -> Res<Vec<T>> {
    typed.iter().map(|it| word(flag, it, all, name)).collect()
}

fn word<T: Copy>(flag: &str, typed: &str, all: &[T], name: fn(T) -> &'static str) -> Res<T> {
    let found = all.iter().copied().find(|known| name(*known).eq_ignore_ascii_case(typed.trim()));
    found.ok_or_else(|| unknown_word(flag, typed, all.iter().map(|it| name(*it))))
}

/// A word that is none of those that are known, with the one that was probably meant.
pub fn unknown_word(flag: &str, typed: &str, known: impl IntoIterator<Item = &'static str>) -> UsageError {
    let known: Vec<&str> = known.into_iter().collect();
    let near = suggest::nearest(typed, known.iter().copied());
    let hint = match near.first() {
        Some(it) => format!("did you mean `{it}`?"),
        None => format!("known are {}", known.join(", ")),
    };
    UsageError(format!("{flag}: unknown `{}`; {hint}", escape::message(typed)))
}

fn zone(flag: &str, name: &str) -> Res<Zone> {
    Zone::named(name).or_else(|it| wrong(format!("{flag}: {it}")))
}

/// A date.
fn day(flag: &str, text: &str) -> Res<NaiveDate> {
    time::date(text.trim()).ok_or_else(|| {
        UsageError(format!("{flag}: `{}` is no date; write it as `2026-05-04`", escape::message(text)))
    })
}

/// A date or a time; without an offset it is read in the report's zone.
fn instant(flag: &str, text: &str, zone: &Zone) -> Res<i64> {
    if let Some(date) = time::date(text) {
        return Ok(zone.day_start(date));
    }
    let local = NaiveDateTime::parse_from_str(&text.replacen(' ', "T", 1), "%Y-%m-%dT%H:%M:%S%.f");
    let local =
        local.or_else(|_| NaiveDateTime::parse_from_str(&text.replacen(' ', "T", 1), "%Y-%m-%dT%H:%M"));
    if let Ok(local) = local {
        return match zone.readings_of(local) {
            Reading::One(it) => Ok(it),
            Reading::Fold(a, b) => wrong(two_readings(flag, text, "happened twice", a, b, zone)),
            Reading::Gap(a, b) => wrong(two_readings(flag, text, "never happened", a, b, zone)),
        };
    }
    match time::read_text(text, zone) {
        Ok(Some(it)) => Ok(it),
        _ => wrong(format!(
            "{flag}: `{}` is no time; write it as `2026-05-04` or `2026-05-04T09:00:00`",
            escape::message(text)
        )),
    }
}

fn two_readings(flag: &str, text: &str, what: &str, a: i64, b: i64, zone: &Zone) -> String {
    let (a, b) = (zone.rfc3339(a), zone.rfc3339(b));
    format!("{flag}: {text} {what} in {}; write `{a}` or `{b}`", zone.name())
}

/// A duration such as `500ms`, `60s`, `10m`, `2h`; a bare number is seconds.
fn duration(flag: &str, text: &str) -> Res<i64> {
    let text = text.trim();
    let end = text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len());
    let unit = match text[end..].trim() {
        "ms" => 1,
        "s" | "" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    // Ten years: more is a slip of the pen, and sums of it could not be counted.
    let millis = text[..end]
        .parse::<i64>()
        .ok()
        .and_then(|it| it.checked_mul(unit))
        .filter(|it| *it <= 315_360_000_000);
    match millis {
        Some(it) if unit > 0 => Ok(it),
        _ => wrong(format!("{flag}: `{}` is no duration; write it as `60s` or `10m`", escape::message(text))),
    }
}

/// A decimal number, not negative, in units of ten to the power of minus `places`.
fn decimal(flag: &str, text: &str, places: usize) -> Res<u64> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    let valid = !whole.is_empty()
        && digits(whole)
        && digits(fraction)
        && fraction.len() <= places
        && whole.len() < 10;
    let value = format!("{whole}{fraction:0<places$}").parse().ok();
    match value {
        Some(it) if valid => Ok(it),
        _ => {
            wrong(format!("{flag}: `{}` is no number with at most {places} decimals", escape::message(text)))
        }
    }
}

fn feed(text: &str) -> Res<(Provider, Option<String>)> {
    let (name, instance) = match text.split_once(':') {
        Some((name, instance)) => (name, Some(instance.to_owned())),
        None => (text, None),
    };
    let provider = Provider::named(name)
        .ok_or_else(|| unknown_word("--feed-complete", name, Provider::all().map(Provider::name)))?;
    Ok((provider, instance))
}

fn tolerance(flag: &str, text: &str) -> Res<Tolerance> {
    if let Some(share) = text.trim().strip_suffix('%') {
        return match decimal(flag, share, 3)? {
            it if it <= 100_000 => Ok(Tolerance::Share(it)),
            _ => wrong(format!("{flag}: a share is at most `100%`")),
        };
    }
    text.trim().parse().map(Tolerance::Lines).or_else(|_| {
        wrong(format!(
            "{flag}: `{}` is neither a number of lines nor a share; write `10` or `0.5%`",
            escape::message(text)
        ))
    })
}

/// The gates of `check`.
///
/// # Errors
///
/// None at all, or a limit that cannot be.
pub fn gates(args: &CheckArgs) -> Res<Gates> {
    let share = |flag: &str, typed: &Option<String>| {
        let value = typed.as_deref().map(|it| decimal(flag, it, 6)).transpose()?;
        match value {
            Some(1_000_001..) => wrong(format!("{flag}: must be a share from 0 to 1, such as `0.3`")),
            it => Ok(it),
        }
    };
    let gates = Gates {
        by: keys(&args.by)?,
        point: args.point,
        max_rejection_rate: share("--max-rejection-rate", &args.max_rejection_rate)?,
        max_orphans: args.max_orphans,
        max_orphan_rate: share("--max-orphan-rate", &args.max_orphan_rate)?,
        max_invalid: args.max_invalid.as_deref().map(|it| tolerance("--max-invalid", it)).transpose()?,
        max_priority_1: args.max_priority_1,
        min_callback_rate: share("--min-callback-rate", &args.min_callback_rate)?,
        no_breach: if args.no_breach { profiles(&args.rules)? } else { Vec::new() },
    };
    if gates.limits().is_empty() {
        return wrong(
            "no gate is given, so that nothing could fail; give at least one of\n  --max-rejection-rate 0.3    of \
             each group of --by\n  --max-orphans 0             rejections whose calls were lost\n  \
             --max-orphan-rate 0.05      of each line\n  --max-invalid 0.5%          lines that cannot be read\n  \
             --max-priority-1 0          customers\n  --min-callback-rate 0.9     episodes with a call back in \
             time\n  --no-breach --rules us-reg-f",
        );
    }
    Ok(gates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("--x", "60"), Ok(60_000));
        assert_eq!(duration("--x", "500ms"), Ok(500));
        assert_eq!(duration("--x", "10m"), Ok(600_000));
        assert_eq!(duration("--x", "2 h"), Ok(7_200_000));
        for bad in ["", "m", "-5s", "1.5m", "3 weeks", "99999999999999999999s", "999999999h"] {
            assert!(duration("--x", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_share_of_invalid_lines_is_exceeded_only_above_it() {
        let share = tolerance("--x", "0.5%").unwrap();
        assert!(!share.is_exceeded(5, 1000));
        assert!(share.is_exceeded(6, 1000));
        assert!(!tolerance("--x", "2").unwrap().is_exceeded(2, 2));
        assert!(tolerance("--x", "0").unwrap().is_exceeded(1, 1_000_000));
        assert!(tolerance("--x", "many").is_err());
    }

    #[test]
    fn local_times_that_happened_twice_or_never_are_refused_with_both_readings() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let fold = instant("--since", "2026-10-25T02:30:00", &berlin).unwrap_err().0;
        assert!(fold.contains("2026-10-25T02:30:00.000+02:00") && fold.contains("+01:00"), "{fold}");
        let gap = instant("--since", "2026-03-29 02:30", &berlin).unwrap_err().0;
        assert!(gap.contains("never happened"), "{gap}");
        assert_eq!(instant("--since", "2026-03-29", &berlin), Ok(1_774_738_800_000));
        assert_eq!(instant("--since", "2026-03-28T23:00:00Z", &berlin), Ok(1_774_738_800_000));
    }

    #[test]
    fn months_end_where_the_next_begins() {
        let (first, next) = month_bounds("--month", "2026-12").unwrap();
        assert_eq!((first.to_string(), next.to_string()), ("2026-12-01".into(), "2027-01-01".into()));
        assert!(month_bounds("--month", "2026-13").is_err() && month_bounds("--month", "May").is_err());
    }

    #[test]
    fn periods_are_months_or_spans_without_their_end() {
        let kolkata = Zone::named("Asia/Kolkata").unwrap();
        let of = |text: &str| period("--period-a", text, &kolkata).map(|it| (it.since, it.until));
        // 2026-04-30T18:30:00Z and 2026-05-31T18:30:00Z.
        assert_eq!(of("2026-05"), Ok((1_777_573_800_000, 1_780_252_200_000)));
        assert_eq!(of("2026-05-01..2026-06-01"), of("2026-05"));
        assert_eq!(of("2026-05-01 .. 2026-05-02").unwrap().1 - of("2026-05").unwrap().0, 86_400_000);
        for bad in ["", "May", "2026-05-01", "2026-05-01..", "..2026-05-01", "2026-05-02..2026-05-02"] {
            let message = of(bad).unwrap_err().0;
            assert!(message.starts_with("--period-a: "), "{bad}: {message}");
        }
    }
}
