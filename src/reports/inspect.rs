//! What a dump holds, before anything is concluded from it: which feeds show what, where they fell
//! silent, whose names look alike, and which options would help.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use super::alike::{self, Pair};
use super::{Output, Sentence};
use crate::analysis::Analysis;
use crate::definitions::column;
use crate::dialects::Provider;
use crate::event::{Direction, Event};
use crate::identity::is_hidden;
use crate::section::{Body, Cell, Part, Person, Piece, Shown, Table, say};
use crate::session::{AgentSource, Feed, FeedKey, Unrated};
use crate::text::{Sym, Text};
use crate::time::DAY;

use Shown::{Always, IfWide};

/// What is known of a dump besides its events.
#[derive(Clone, Debug, Default)]
pub struct InspectExtra {
    /// How often each path was posted to.
    pub paths: BTreeMap<Text, u64>,
    /// Print the paths, which can hold secrets.
    pub show_paths: bool,
    /// What the bodies and lines are that hold no call event and no reaction: the name of their event,
    /// else their keys.
    pub others: BTreeMap<Text, u64>,
}

/// A feed is silent where it says nothing for so long, and for so many times its median gap.
const SILENT_MS: i64 = DAY;
const SILENT_TIMES: i64 = 10;

/// Things that a suggestion names at most.
const MOST_NAMED: usize = 3;

/// What is in the dump.
pub fn report(analysis: &Analysis, extra: &InspectExtra) -> Output {
    let feeds = feeds(analysis);
    let labels = Labels::new(analysis);
    let metadata = metadata_keys(analysis);
    let mut parts = vec![
        rows("feeds", feeds_table(analysis, &feeds)),
        rows("silences", silences_table(analysis, &feeds)),
        rows("engines", engines_table(analysis)),
        rows("labels", labels.table()),
        rows("metadata_keys", metadata_table(&metadata)),
        rows("invalid", invalid_table(analysis)),
        rows("unknown_call_events", unknown_table(analysis)),
        rows("envelopes", envelopes_table(analysis)),
        rows("others", others_table(extra)),
    ];
    if extra.show_paths {
        parts.push(rows("paths", paths_table(extra)));
    }
    parts.push(rows("suggestions", suggestions_table(analysis, &feeds, &labels, &metadata)));
    Output { preface: Vec::new(), parts, notes: notes(analysis, &labels) }
}

fn rows(name: &'static str, table: Table) -> Part {
    Part { path: vec![name], body: Body::Rows(table) }
}

fn notes(analysis: &Analysis, labels: &Labels) -> Vec<Sentence> {
    let mut notes = Vec::new();
    if analysis.rebuilt.duplicates > 0 {
        notes.push(vec![
            Piece::Say("Repeated deliveries, which are counted for the whole input only: ".into()),
            Piece::Value(Cell::Count(analysis.rebuilt.duplicates)),
            Piece::Say(".".into()),
        ]);
    }
    if labels.names.len() > alike::MOST_COMPARED {
        notes.push(vec![
            Piece::Say("Only the commonest names were compared letter by letter: ".into()),
            Piece::Value(Cell::Count(alike::MOST_COMPARED as u64)),
            Piece::Say(" of ".into()),
            Piece::Value(Cell::Count(labels.names.len() as u64)),
            Piece::Say(".".into()),
        ]);
    }
    if analysis.filtered {
        notes.push(say("Filters choose nothing here: this is the whole input."));
    }
    notes
}

/// What one feed holds.
struct Held<'a> {
    key: FeedKey,
    feed: &'a Feed,
    sessions: u64,
    /// In the order of the kinds.
    kinds: [u64; 5],
    /// Plausible times of its events, in order.
    times: Vec<i64>,
    /// The starts of its calls, in order.
    starts: Vec<i64>,
}

/// The feeds by provider, instance and direction.
fn feeds(analysis: &Analysis) -> Vec<Held<'_>> {
    let mut held: Vec<Held<'_>> = Vec::new();
    let mut known: HashMap<FeedKey, usize> = HashMap::new();
    for (key, feed) in analysis.rebuilt.feeds.iter() {
        known.insert(*key, held.len());
        let (times, starts) = (Vec::new(), Vec::new());
        held.push(Held { key: *key, feed, sessions: 0, kinds: [0; 5], times, starts });
    }
    for session in analysis.sessions().iter() {
        let Some(held) = known.get(&session.feed()).and_then(|it| held.get_mut(*it)) else { continue };
        held.sessions += 1;
        for event in analysis.events_of(&session) {
            held.kinds[event.kind as usize] += 1;
            // A time that lies ahead of its delivery is a wrong clock's.
            held.times.extend(event.at.filter(|_| !event.ahead));
        }
        // Sessions come by start.
        held.starts.extend(session.started_at);
    }
    for it in &mut held {
        it.times.sort_unstable();
    }
    let place = |it: &Held<'_>| (it.key.0, analysis.texts.raw(it.key.1), it.key.2);
    held.sort_unstable_by(|a, b| place(a).cmp(&place(b)));
    held
}

impl Held<'_> {
    fn cells(&self, analysis: &Analysis) -> Vec<Cell> {
        let (provider, instance, direction) = self.key;
        vec![
            Cell::word(provider.name()),
            Cell::Text(analysis.texts.get(instance).clone()),
            Cell::word(direction.name()),
        ]
    }

    fn events(&self) -> u64 {
        self.kinds.iter().sum()
    }

    fn shows(&self) -> Vec<&'static str> {
        let shows = self.feed.shows;
        let words = [
            (shows.offers, "offers"),
            (shows.answers, "answers"),
            (shows.rejections, "rejections"),
            (shows.misses, "misses"),
        ];
        words.into_iter().filter(|(shown, _)| *shown).map(|(_, word)| word).collect()
    }

    fn rated(&self) -> &'static str {
        self.feed.unrated.map_or("yes", Unrated::name)
    }

    /// What follows from what it shows.
    fn consequence(&self) -> &'static str {
        let shows = self.feed.shows;
        match self.feed.unrated {
            Some(Unrated::CallsNotShown) => "rejections are seen but not the calls: no rate can be given",
            Some(Unrated::RejectionsNotShown) => {
                "no rejection would be seen if there were one: no rate can be given"
            }
            None if self.feed.declared => "declared complete: what it does not show did not happen",
            None if !shows.offers => "calls are seen when they are over: there are no ring times",
            None if !shows.answers => {
                "answers are not seen: an answered call may count as missed, and there is no answer rate"
            }
            None if !shows.misses => "misses are not reported: a call that rang out is missed by inference",
            None => "calls are seen from the first ring to the end",
        }
    }
}

fn feeds_table(analysis: &Analysis, feeds: &[Held<'_>]) -> Table {
    let row = |it: &Held<'_>| {
        let mut cells = it.cells(analysis);
        cells.push(Cell::Count(it.events()));
        cells.extend(it.kinds.map(Cell::Count));
        cells.extend([
            Cell::opt(it.times.first().copied(), Cell::Instant),
            Cell::opt(it.times.last().copied(), Cell::Instant),
            Cell::Count(it.sessions),
            Cell::List(it.shows().into_iter().map(Cell::word).collect()),
            Cell::word(it.rated()),
            Cell::word(it.consequence()),
        ]);
        cells
    };
    Table {
        title: "Feeds".into(),
        columns: vec![
            column("provider", Always),
            column("instance", Always),
            column("direction", Always),
            column("events", IfWide(4)),
            column("offered", IfWide(6)),
            column("accepted", IfWide(7)),
            column("rejected", IfWide(8)),
            column("missed", IfWide(9)),
            column("skipped", IfWide(11)),
            column("first_at", IfWide(10)),
            column("last_at", IfWide(5)),
            column("sessions", IfWide(1)),
            column("shows", IfWide(3)),
            column("rated", IfWide(2)),
            column("consequence", Always),
        ],
        rows: feeds.iter().map(row).collect(),
        left_out: 0,
        total: None,
        empty: "No call events.".into(),
        reading: vec![
            "A feed is what one line tells of calls in one direction. It shows what it holds, or what \
             another line holds where one subscription covers all; rates are given only where rejections \
             are shown together with the calls that they are a part of."
                .into(),
        ],
        chart: None,
    }
}

/// A stretch of time in which a feed said nothing.
struct Silence {
    from: i64,
    /// Its next event; none where the input ends first.
    to: Option<i64>,
    silent_ms: i64,
}

/// The middle one of the gaps between calls. Gaps between events would be those within calls.
fn median_gap(starts: &[i64]) -> Option<i64> {
    let mut gaps: Vec<i64> = starts.windows(2).map(|it| it[1] - it[0]).collect();
    gaps.sort_unstable();
    let middle = (gaps.len() * 50).div_ceil(100).checked_sub(1)?;
    gaps.get(middle).copied()
}

fn silences(held: &Held<'_>, median_gap: i64, watermark: Option<i64>) -> Vec<Silence> {
    let between = held.times.windows(2).map(|it| (it[0], it[1], Some(it[1])));
    let end = held.times.last().zip(watermark).map(|(last, end)| (*last, end, None));
    let all = between.chain(end).map(|(from, end, to)| Silence { from, to, silent_ms: end - from });
    all.filter(|it| it.silent_ms >= SILENT_MS.max(median_gap.saturating_mul(SILENT_TIMES))).collect()
}

/// The silences of the lines' incoming calls: whose, from when and until when.
pub(super) fn incoming_silences(analysis: &Analysis) -> Vec<((Provider, Sym), i64, i64)> {
    let mut found = Vec::new();
    for held in feeds(analysis).iter().filter(|it| it.key.2 == Direction::Incoming) {
        let Some(median_gap) = median_gap(&held.starts) else { continue };
        let silences = silences(held, median_gap, analysis.rebuilt.watermark);
        found.extend(silences.iter().map(|it| ((held.key.0, held.key.1), it.from, it.from + it.silent_ms)));
    }
    found
}

fn silences_table(analysis: &Analysis, feeds: &[Held<'_>]) -> Table {
    let date = |at: i64| analysis.options.zone.local(at).date;
    let days = |from: NaiveDate, to: NaiveDate| (to - from).num_days().saturating_sub(1).max(0);
    let mut rows = Vec::new();
    for held in feeds {
        let Some(median_gap) = median_gap(&held.starts) else { continue };
        for it in silences(held, median_gap, analysis.rebuilt.watermark) {
            let mut cells = held.cells(analysis);
            let days = days(date(it.from), date(it.from + it.silent_ms));
            cells.extend([
                Cell::Instant(it.from),
                Cell::opt(it.to, Cell::Instant),
                Cell::Millis(it.silent_ms),
                Cell::Count(days.unsigned_abs()),
                Cell::Millis(median_gap),
            ]);
            rows.push(cells);
        }
    }
    Table {
        title: "Silences".into(),
        columns: vec![
            column("provider", IfWide(2)),
            column("instance", Always),
            column("direction", Always),
            column("from_at", Always),
            column("to_at", Always),
            column("silent_ms", Always),
            column("silent_days", IfWide(1)),
            column("median_gap_ms", IfWide(3)),
        ],
        rows,
        left_out: 0,
        total: None,
        empty: "No feed was silent for 24 hours and ten times its median gap between calls.".into(),
        reading: vec![
            "From the last event before a silence to the next; where there is no next, the feed was still \
             silent when the dump ended. A webhook that failed looks like this, and so does a holiday."
                .into(),
        ],
        chart: None,
    }
}

fn engines_table(analysis: &Analysis) -> Table {
    let mut events: HashMap<(Provider, Option<Sym>), u64> = HashMap::new();
    for event in analysis.sessions().events() {
        *events.entry((event.provider, event.engine)).or_default() += 1;
    }
    let mut engines: Vec<(Provider, Option<Text>, u64)> = events
        .into_iter()
        .map(|((provider, engine), count)| (provider, analysis.texts.get_opt(engine), count))
        .collect();
    // A missing engine last.
    engines.sort_unstable_by(|a, b| (a.0, a.1.is_none(), &a.1).cmp(&(b.0, b.1.is_none(), &b.1)));
    let mut rows = Vec::new();
    for (provider, engine, count) in engines {
        let name = engine.as_ref().map(Text::raw).unwrap_or_default();
        let of_it = |spot: &&(&str, &str)| spot.0.is_empty() || spot.0.eq_ignore_ascii_case(name);
        let spots: Vec<Cell> =
            provider.traits().blind_spots.iter().filter(of_it).map(|(_, spot)| Cell::word(spot)).collect();
        let spots = if spots.is_empty() { vec![Cell::Missing] } else { spots };
        for spot in spots {
            let engine = Cell::opt(engine.clone(), Cell::Text);
            rows.push(vec![Cell::word(provider.name()), engine, Cell::Count(count), spot]);
        }
    }
    Table {
        title: "Engines and what they never send".into(),
        columns: vec![
            column("provider", Always),
            column("engine", Always),
            column("events", Always),
            column("blind_spot", Always),
        ],
        rows,
        left_out: 0,
        total: None,
        empty: "No call events.".into(),
        reading: vec!["A blind spot is known of the provider or its engine; no dump can fill it.".into()],
        chart: None,
    }
}

/// Agents' names that look alike.
struct Labels {
    /// Distinct names with their sessions, the commonest first.
    names: Vec<(Text, u64)>,
    pairs: Vec<Pair>,
}

impl Labels {
    /// The names are those after renaming, so that what an agents file has settled is not told again.
    fn new(analysis: &Analysis) -> Self {
        let mut sessions: HashMap<Sym, u64> = HashMap::new();
        for agent in analysis.sessions().iter().filter_map(|it| it.agent) {
            *sessions.entry(agent).or_default() += 1;
        }
        let mut names: Vec<(Text, u64)> =
            sessions.into_iter().map(|(it, count)| (analysis.texts.get(it).clone(), count)).collect();
        names.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let texts: Vec<&str> = names.iter().map(|(it, _)| it.raw()).collect();
        let mut pairs = alike::pairs(&texts);
        pairs.sort_unstable_by_key(|it| (it.like, it.name));
        Self { names, pairs }
    }

    fn table(&self) -> Table {
        let row = |it: &Pair| {
            let ((name, sessions), (like, like_sessions)) = (&self.names[it.name], &self.names[it.like]);
            vec![
                Cell::Person(Person::Agent, name.clone()),
                Cell::Person(Person::Agent, like.clone()),
                Cell::word(it.likeness.name()),
                Cell::Count(*sessions),
                Cell::Count(*like_sessions),
            ]
        };
        Table {
            title: "Agents' names that look alike".into(),
            columns: vec![
                column("label", Always),
                column("looks_like", Always),
                column("likeness", Always),
                column("sessions", Always),
                column("looks_like_sessions", IfWide(1)),
            ],
            rows: self.pairs.iter().map(row).collect(),
            left_out: 0,
            total: None,
            empty: "No agents' names look alike.".into(),
            reading: vec![
                "Each name counts as an agent of its own. Where two are one person, an agents file says so."
                    .into(),
            ],
            chart: None,
        }
    }
}

/// A key of the events' metadata.
struct MetadataKey {
    key: Text,
    events: u64,
    distinct_values: u64,
}

impl MetadataKey {
    /// Whether its name looks like a person's; a guess from names that servers use.
    fn is_personal(&self) -> bool {
        const PERSONS: [&str; 8] =
            ["agent", "assignee", "email", "employee", "operator", "owner", "seller", "user"];
        let key = self.key.raw().to_lowercase();
        key.split(|it: char| !it.is_alphanumeric()).any(|it| PERSONS.contains(&it))
    }
}

/// The metadata are one JSON text an event; equal ones are read once.
fn metadata_keys(analysis: &Analysis) -> Vec<MetadataKey> {
    let mut texts: HashMap<Sym, u64> = HashMap::new();
    for metadata in analysis.sessions().events().filter_map(|it| it.metadata) {
        *texts.entry(metadata).or_default() += 1;
    }
    let mut keys: BTreeMap<String, (u64, HashSet<String>)> = BTreeMap::new();
    for (metadata, count) in texts {
        let read = serde_json::from_str::<BTreeMap<String, String>>(analysis.texts.raw(metadata));
        for (key, value) in read.unwrap_or_default() {
            let (events, values) = keys.entry(key).or_default();
            *events += count;
            values.insert(value);
        }
    }
    let key = |(key, (events, values)): (String, (u64, HashSet<String>))| MetadataKey {
        key: Text::new(&key),
        events,
        distinct_values: values.len() as u64,
    };
    keys.into_iter().map(key).collect()
}

fn metadata_table(keys: &[MetadataKey]) -> Table {
    let row = |it: &MetadataKey| {
        vec![Cell::Text(it.key.clone()), Cell::Count(it.events), Cell::Count(it.distinct_values)]
    };
    Table {
        title: "Keys of metadata".into(),
        columns: vec![column("key", Always), column("events", Always), column("distinct_values", Always)],
        rows: keys.iter().map(row).collect(),
        left_out: 0,
        total: None,
        empty: "No metadata.".into(),
        reading: vec![
            "A key that names agents has a few values, one a person; one value names the account that the \
             server belongs to."
                .into(),
        ],
        chart: None,
    }
}

/// A table of names and counts.
fn counts(title: &str, keys: [&'static str; 2], rows: Vec<(Cell, u64)>, empty: &str, reading: &str) -> Table {
    Table {
        title: title.into(),
        columns: keys.map(|it| column(it, Always)).into(),
        rows: rows.into_iter().map(|(name, count)| vec![name, Cell::Count(count)]).collect(),
        left_out: 0,
        total: None,
        empty: empty.into(),
        reading: vec![reading.into()],
        chart: None,
    }
}

fn invalid_table(analysis: &Analysis) -> Table {
    let reasons = analysis.ledger.invalid_reasons.iter();
    counts(
        "Lines and bodies that cannot be read",
        ["reason", "count"],
        reasons.map(|(it, count)| (Cell::word(it.name()), *count)).collect(),
        "Every line could be read.",
        "They are in no figure; the first of them are shown while reading, with file, line and column.",
    )
}

fn unknown_table(analysis: &Analysis) -> Table {
    let names = analysis.ledger.unknown_call_events.iter();
    counts(
        "Call events of an unknown name",
        ["name", "count"],
        names.map(|(it, count)| (Cell::Text(it.clone()), *count)).collect(),
        "No call event has an unknown name.",
        "They look like calls, but no provider's table holds the name; they count as other lines.",
    )
}

fn envelopes_table(analysis: &Analysis) -> Table {
    let places = analysis.ledger.envelopes.iter();
    counts(
        "Envelopes",
        ["place", "lines"],
        places.map(|(it, count)| (Cell::word(it), *count)).collect(),
        "No line wraps its body: each is what the provider posted.",
        "Where in a line the provider's body was found; a place that does not belong there can be ruled \
         out with `--body`.",
    )
}

/// Other things that are listed, at most.
const MOST_OTHERS: usize = 30;

fn others_table(extra: &InspectExtra) -> Table {
    let mut others: Vec<(&Text, &u64)> = extra.others.iter().collect();
    others.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    let all = others.len();
    others.truncate(MOST_OTHERS);
    let mut table = counts(
        "What else is in it",
        ["name", "count"],
        others.into_iter().map(|(it, count)| (Cell::Text(it.clone()), *count)).collect(),
        "Nothing but calls and reactions.",
        "Other webhooks by the name of their event, other objects by their keys. They are skipped; where a body \
         hides in one of them, `--body` names its place.",
    );
    if all > MOST_OTHERS {
        table.reading.push(format!("The {MOST_OTHERS} most frequent of {all}."));
    }
    table
}

fn paths_table(extra: &InspectExtra) -> Table {
    counts(
        "Paths that bodies were posted to",
        ["path", "bodies"],
        extra.paths.iter().map(|(it, count)| (Cell::Text(it.clone()), *count)).collect(),
        "No envelope names a path.",
        "Paths can hold secrets; look before you pass this on.",
    )
}

/// An option that would help.
struct Suggestion {
    option: &'static str,
    why: String,
    about: Vec<Cell>,
}

fn suggestions_table(
    analysis: &Analysis,
    feeds: &[Held<'_>],
    labels: &Labels,
    metadata: &[MetadataKey],
) -> Table {
    let found = [
        unnamed_lines(analysis),
        unrated(analysis, feeds, Unrated::CallsNotShown),
        unrated(analysis, feeds, Unrated::RejectionsNotShown),
        no_zone(analysis),
        unassigned(analysis),
        agents_in_metadata(analysis, metadata),
        names_alike(labels),
        hidden_customers(analysis),
        invalid_lines(analysis),
    ];
    let row = |it: Suggestion| vec![Cell::word(it.option), Cell::Word(it.why), Cell::List(it.about)];
    Table {
        title: "Options that would help".into(),
        columns: vec![column("option", Always), column("why", Always), column("about", IfWide(1))],
        rows: found.into_iter().flatten().map(row).collect(),
        left_out: 0,
        total: None,
        empty: "Nothing to suggest.".into(),
        reading: vec!["What each is about: the first few, in their order.".into()],
        chart: None,
    }
}

/// `1 session`, `3 sessions`
fn number(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// `it is`, `they are`: which of two wordings fits a number.
fn by_number<'w>(count: usize, one: &'w str, more: &'w str) -> &'w str {
    if count == 1 { one } else { more }
}

fn people(who: Person, texts: impl IntoIterator<Item = Text>) -> Vec<Cell> {
    texts.into_iter().take(MOST_NAMED).map(|it| Cell::Person(who, it)).collect()
}

fn named(texts: impl IntoIterator<Item = Text>) -> Vec<Cell> {
    texts.into_iter().take(MOST_NAMED).map(Cell::Text).collect()
}

fn unnamed_lines(analysis: &Analysis) -> Option<Suggestion> {
    let is_unnamed =
        |it: &Event| it.provider.traits().instance_from_capture && analysis.texts.raw(it.instance) == "-";
    let events = analysis.sessions().events().filter(is_unnamed);
    let (mut count, mut files) = (0, BTreeSet::new());
    for event in events {
        count += 1;
        files.insert(analysis.texts.get(event.origin.file).clone());
    }
    (count > 0).then(|| Suggestion {
        option: "--source 'PATTERN=INSTANCE'",
        why: format!(
            "{} {} not say which line was called; name it by file or path",
            number(count, "event"),
            by_number(count, "does", "do")
        ),
        about: named(files),
    })
}

fn unrated(analysis: &Analysis, feeds: &[Held<'_>], reason: Unrated) -> Option<Suggestion> {
    let unrated: Vec<&Held<'_>> = feeds.iter().filter(|it| it.feed.unrated == Some(reason)).collect();
    let count = unrated.len();
    let feeds = number(count, "feed");
    let why = match reason {
        Unrated::CallsNotShown => format!(
            "{feeds} {} rejections without the calls: subscribe to offers, or declare that there were no other \
             calls",
            by_number(count, "shows", "show")
        ),
        Unrated::RejectionsNotShown => format!(
            "{feeds} {} no rejections: subscribe to them, or declare that there were none",
            by_number(count, "shows", "show")
        ),
    };
    let instances = unrated.iter().map(|it| analysis.texts.get(it.key.1).clone());
    // One line can have a feed in each direction.
    let mut instances: Vec<Text> = instances.collect();
    instances.dedup();
    (count > 0).then(|| Suggestion {
        option: "--feed-complete PROVIDER[:INSTANCE]",
        why,
        about: named(instances),
    })
}

fn no_zone(analysis: &Analysis) -> Option<Suggestion> {
    let any = !analysis.options.zone_given && analysis.sessions().iter().any(|it| it.is_timed());
    any.then(|| Suggestion {
        option: "--tz ZONE",
        why: "hours and days are those of UTC, and there are no figures for business hours".to_owned(),
        about: Vec::new(),
    })
}

fn unassigned(analysis: &Analysis) -> Option<Suggestion> {
    let sessions = analysis.sessions().iter();
    let (mut count, mut instances) = (0, BTreeSet::new());
    let mut seen = HashSet::new();
    for session in sessions.filter(|it| it.direction == Direction::Incoming && it.agent.is_none()) {
        count += 1;
        if seen.insert(session.instance) {
            instances.insert(analysis.texts.get(session.instance).clone());
        }
    }
    (count > 0).then(|| Suggestion {
        option: "--roster FILE",
        why: format!(
            "{} {} no agent; a roster says who had the line",
            number(count, "incoming session"),
            by_number(count, "names", "name")
        ),
        about: named(instances),
    })
}

fn agents_in_metadata(analysis: &Analysis, keys: &[MetadataKey]) -> Option<Suggestion> {
    let used = analysis.sessions().iter().any(|it| it.agent_source == AgentSource::Metadata);
    let keys: Vec<Text> = keys.iter().filter(|it| it.is_personal()).map(|it| it.key.clone()).collect();
    (!used && !keys.is_empty()).then(|| Suggestion {
        option: "--agent-from-metadata KEY",
        why: format!(
            "{} of metadata {} like {}; check that it is not the account's",
            number(keys.len(), "key"),
            by_number(keys.len(), "looks", "look"),
            by_number(keys.len(), "a person's", "persons'")
        ),
        about: named(keys),
    })
}

fn names_alike(labels: &Labels) -> Option<Suggestion> {
    let count = labels.pairs.len();
    (count > 0).then(|| Suggestion {
        option: "--agents FILE",
        why: format!(
            "{} {} like another; the file says who is one person",
            number(count, "agent name"),
            by_number(count, "looks", "look")
        ),
        about: people(Person::Agent, labels.pairs.iter().map(|it| labels.names[it.name].0.clone())),
    })
}

fn hidden_customers(analysis: &Analysis) -> Option<Suggestion> {
    let customers: HashSet<Sym> = analysis.sessions().iter().filter_map(|it| it.customer).collect();
    let hidden: BTreeSet<Text> = customers
        .into_iter()
        .filter(|it| is_hidden(analysis.texts.raw(*it)))
        .map(|it| analysis.texts.get(it).clone())
        .collect();
    let count = hidden.len();
    (count > 0).then(|| Suggestion {
        option: "--customers FILE",
        why: format!(
            "{} {} no number; a column `lid` in the file gives it",
            number(count, "customer"),
            by_number(count, "has", "have")
        ),
        about: people(Person::Customer, hidden),
    })
}

fn invalid_lines(analysis: &Analysis) -> Option<Suggestion> {
    let count: u64 = analysis.ledger.invalid_reasons.values().sum();
    (count > 0).then(|| Suggestion {
        option: "--rejects FILE",
        why: format!(
            "{count} {} cannot be read; the file keeps them for repair",
            by_number(count as usize, "line or body", "lines or bodies")
        ),
        about: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        Input, analysis, at, call, cells, outgoing, table, timelines, wawp, wawp_with, words,
    };
    use super::*;
    use crate::analysis::ReportOptions;
    use crate::session::Rules;
    use crate::zone::Zone;

    const ASHA: &str = "919811110001";

    fn inspected(lines: Vec<String>) -> Output {
        report(&analysis(lines), &InspectExtra::default())
    }

    /// All rows of a part, one a line.
    #[track_caller]
    fn check(output: &Output, part: &str, keys: &str, expected: &[&str]) {
        let table = table(output, &[part]);
        let rows: Vec<String> = (0..table.rows.len()).map(|it| cells(table, it, keys)).collect();
        assert_eq!(rows, expected);
    }

    fn wazzap(event: &str, when: &str) -> String {
        format!(r#"{{"event":"{event}","phone":"+5215500001111","country":"MX","ts":{}}}"#, at(when) / 1000)
    }

    #[test]
    fn feeds_are_counted_by_line_and_direction() {
        let mut lines = call("rejected", "desk", ASHA, "10:00:00");
        lines.extend(call("accepted", "desk", ASHA, "11:00:00"));
        lines.push(lines[0].clone());
        lines.push(timelines("Rejected", "wid", "c", ASHA, "12:00:00"));
        lines.push(r#"{"event":"CALL_NOT_PICKED","callId":"o","wabaNumber":"919800000001","callDirection":"OUTGOING"}"#.into());
        lines.push(outgoing("CALL_REJECTED", "o", ASHA, "13:00:00"));
        let output = inspected(lines);
        check(
            &output,
            "feeds",
            "provider instance direction events offered accepted rejected missed skipped sessions shows rated",
            &[
                "doubletick 919800000001 outgoing 2 0 0 1 0 1 1 rejections calls_not_shown",
                "timelinesai wid incoming 1 0 0 1 0 0 1 answers+rejections calls_not_shown",
                "wawp desk incoming 4 2 1 1 0 0 2 offers+answers+rejections yes",
            ],
        );
        check(
            &output,
            "feeds",
            "first_at last_at",
            &[
                "05-04 13:00:00 05-04 13:00:00",
                "05-04 12:00:00 05-04 12:00:00",
                "05-04 10:00:00 05-04 11:00:03",
            ],
        );
        assert_eq!(
            words(&output.notes),
            ["Repeated deliveries, which are counted for the whole input only: 1."]
        );
    }

    #[test]
    fn the_consequence_follows_from_what_a_feed_shows() {
        let consequence = |lines: Vec<String>, expected: &str| {
            check(&inspected(lines), "feeds", "consequence", &[expected]);
        };
        let line = |events: &[&str]| -> Vec<String> {
            let events = events.iter().enumerate();
            events.map(|(it, event)| wazzap(event, &format!("10:00:{it:02}"))).collect()
        };
        consequence(line(&["call.reject"]), "rejections are seen but not the calls: no rate can be given");
        consequence(
            line(&["call.incoming", "call.missed"]),
            "no rejection would be seen if there were one: no rate can be given",
        );
        consequence(
            line(&["call.reject", "call.missed", "call.accept"]),
            "calls are seen when they are over: there are no ring times",
        );
        consequence(
            line(&["call.incoming", "call.reject"]),
            "answers are not seen: an answered call may count as missed, and there is no answer rate",
        );
        consequence(
            line(&["call.incoming", "call.reject", "call.accept"]),
            "misses are not reported: a call that rang out is missed by inference",
        );
        consequence(
            line(&["call.incoming", "call.reject", "call.accept", "call.missed"]),
            "calls are seen from the first ring to the end",
        );
        let feed_complete = vec![(Provider::named("wazzap").expect("a provider"), None)];
        let rules = Rules { feed_complete, ..Rules::default() };
        let input = Input { lines: line(&["call.reject"]), rules, ..Input::default() };
        let output = report(&input.analysis(), &InspectExtra::default());
        let declared = "yes declared complete: what it does not show did not happen";
        check(&output, "feeds", "rated consequence", &[declared]);
    }

    #[test]
    fn a_silence_lasts_a_day_and_ten_median_gaps() {
        let silences = |when: &[&str], expected: &[&str]| {
            let lines = when.iter().flat_map(|it| call("ringing", "desk", ASHA, it)).collect();
            let keys = "instance from_at to_at silent_ms silent_days median_gap_ms";
            check(&inspected(lines), "silences", keys, expected);
        };
        // A gap of exactly a day, with calls an hour apart.
        silences(
            &["05-04 10:00:00", "05-04 11:00:00", "05-05 11:00:00", "05-05 12:00:00"],
            &["desk 05-04 11:00:00 05-05 11:00:00 86400000 0 3600000"],
        );
        silences(&["05-04 10:00:00", "05-04 11:00:00", "05-05 10:59:59", "05-05 12:00:00"], &[]);
        // Calls a day apart: nine days are no silence, ten are.
        let daily = ["05-01 10:00:00", "05-02 10:00:00", "05-03 10:00:00", "05-12 10:00:00"];
        silences(&daily, &[]);
        let daily = ["05-01 10:00:00", "05-02 10:00:00", "05-03 10:00:00", "05-13 10:00:00"];
        silences(&daily, &["desk 05-03 10:00:00 05-13 10:00:00 864000000 9 86400000"]);
        silences(&["05-01 10:00:00"], &[]);
    }

    #[test]
    fn a_feed_that_never_came_back_is_silent_to_the_end() {
        let mut lines = call("rejected", "desk", ASHA, "05-04 10:00:00");
        lines.extend(call("rejected", "desk", ASHA, "05-04 11:00:00"));
        lines.extend(call("ringing", "other", ASHA, "05-06 11:00:03"));
        check(
            &inspected(lines),
            "silences",
            "instance from_at to_at silent_ms silent_days",
            &["desk 05-04 11:00:03 – 172800000 1"],
        );
    }

    #[test]
    fn a_clock_that_is_ahead_makes_no_silence() {
        let mut lines = call("ringing", "desk", ASHA, "05-04 10:00:00");
        lines.extend(call("ringing", "desk", ASHA, "05-04 11:00:00"));
        let ahead = wawp("received", "desk", "ahead", ASHA, "05-09 10:00:00");
        lines.push(format!(r#"{{"received_at":{},"body":{ahead}}}"#, at("05-04 11:30:00")));
        check(&inspected(lines), "silences", "from_at to_at", &[]);
    }

    #[test]
    fn the_median_gap_is_that_between_calls() {
        assert_eq!(median_gap(&[]), None);
        assert_eq!(median_gap(&[5]), None);
        assert_eq!(median_gap(&[0, 1, 3, 6]), Some(2));
        assert_eq!(median_gap(&[0, 1, 3, 6, 10]), Some(2));
    }

    #[test]
    fn engines_come_with_their_blind_spots() {
        let with_engine = |engine: &str| {
            wawp("received", "desk", engine, ASHA, "10:00:00").replacen(
                '{',
                &format!(r#"{{"engine":"{engine}","#),
                1,
            )
        };
        let lines = vec![
            with_engine("wpp"),
            with_engine("NEW"),
            wawp("received", "desk", "c", ASHA, "10:00:00"),
            timelines("Missed", "wid", "c", ASHA, "12:00:00"),
            format!(
                r#"{{"schema":"callsift.event/1","provider":"timelinesai","event":"call:incoming:missed","status":"Missed","kind":"missed","instance":"wid","direction":"incoming","call_id":"d","engine":"ANY","at":{},"evidence":[{{"file":"b","line":1}}]}}"#,
                at("10:00:00")
            ),
        ];
        check(
            &inspected(lines),
            "engines",
            "provider engine events blind_spot",
            &[
                "timelinesai ANY 1 sends one webhook after the call and none while it rings: there are no ring \
                 times",
                "timelinesai – 1 sends one webhook after the call and none while it rings: there are no ring times",
                "wawp NEW 1 –",
                "wawp wpp 1 sends offers only: neither answers nor rejections",
                "wawp – 1 –",
            ],
        );
    }

    fn by_agent(agent: &str, id: usize) -> String {
        timelines("Rejected", "wid", &id.to_string(), ASHA, "12:00:00").replace("asha@x.in", agent)
    }

    #[test]
    fn labels_that_look_alike_are_told_with_the_commoner_one() {
        let agents = ["Asha Rao", "Asha Rao", "ASHA-RAO", "Zia", "Zoe Miller", "Zoé Muller", "Zoé Muller"];
        let lines = || agents.iter().enumerate().map(|(id, it)| by_agent(it, id)).collect::<Vec<_>>();
        let output = inspected(lines());
        let keys = "label looks_like likeness sessions looks_like_sessions";
        let expected = ["ASHA-RAO Asha Rao spelling 1 2", "Zoe Miller Zoé Muller one_letter 1 2"];
        check(&output, "labels", keys, &expected);
        // An agents file settles it.
        let agents = Some("label,agent\nASHA-RAO,Asha Rao\nZoe Miller,Zoé Muller\n");
        let input = Input { lines: lines(), agents, ..Input::default() };
        check(&report(&input.analysis(), &InspectExtra::default()), "labels", keys, &[]);
    }

    #[test]
    fn of_labels_with_as_many_sessions_the_first_by_its_text_is_the_model() {
        let labels = ["asha rao", "ASHA RAO", "Asha Rao", "asha-rao", "ASHA-RAO", "Asha-Rao", "asha.rao"];
        let lines = labels.iter().enumerate().map(|(id, it)| by_agent(it, id)).collect();
        let expected = ["ASHA-RAO", "Asha Rao", "Asha-Rao", "asha rao", "asha-rao", "asha.rao"];
        let expected = expected.map(|it| format!("{it} ASHA RAO"));
        check(&inspected(lines), "labels", "label looks_like", &expected.each_ref().map(String::as_str));
    }

    #[test]
    fn keys_of_metadata_are_counted_but_not_their_values() {
        let with = |id: &str, metadata: &str| {
            let line = wawp("received", "desk", id, ASHA, "10:00:00");
            line.replacen('{', &format!(r#"{{"metadata":{metadata},"#), 1)
        };
        let lines = vec![
            with("a", r#"{"user.email":"a@x.in","plan":"1"}"#),
            with("b", r#"{"user.email":"b@x.in","plan":"1"}"#),
            with("c", r#"{"user.email":"b@x.in","superuser":"1"}"#),
        ];
        let mut lines = lines;
        lines.push(with("d", r#"{"user.email":"b@x.in","plan":"1"}"#));
        let output = inspected(lines.clone());
        let keys = "key events distinct_values";
        check(&output, "metadata_keys", keys, &["plan 3 1", "superuser 1 1", "user.email 4 2"]);
        let suggested = table(&output, &["suggestions"]);
        let row = (0..suggested.rows.len())
            .map(|it| cells(suggested, it, "option why about"))
            .find(|it| it.starts_with("--agent-from-metadata"));
        assert_eq!(
            row.as_deref(),
            Some(
                "--agent-from-metadata KEY 1 key of metadata looks like a person's; check that it is not the \
                 account's user.email"
            )
        );
        // Whoever uses a key already is not told to.
        let agents_of_metadata = &[(r#"{"plan":"1","user.email":"a@x.in"}"#, "a@x.in")];
        let input = Input { lines, agents_of_metadata, ..Input::default() };
        let output = report(&input.analysis(), &InspectExtra::default());
        check(
            &output,
            "suggestions",
            "option",
            &["--feed-complete PROVIDER[:INSTANCE]", "--tz ZONE", "--roster FILE"],
        );
    }

    #[test]
    fn what_cannot_be_read_or_is_wrapped_is_counted() {
        let mut lines = vec!["{".to_owned(), r#"{"event":"call.foo"}"#.to_owned()];
        lines.push(r#"{"event":"call.rejected"}"#.to_owned());
        let body = wawp("received", "desk", "c", ASHA, "10:00:00");
        lines.push(format!(r#"{{"path":"/hook/secret","body":{body}}}"#));
        let analysis = analysis(lines);
        let output = report(&analysis, &InspectExtra::default());
        check(&output, "invalid", "reason count", &["missing_field 1", "not_json 1"]);
        check(&output, "unknown_call_events", "name count", &["call.foo 1"]);
        check(&output, "envelopes", "place lines", &["body 1"]);
        assert!(output.parts.iter().all(|it| it.path != ["paths"]));
        let extra = InspectExtra {
            paths: [(Text::new("/hook/secret"), 1)].into(),
            show_paths: true,
            ..InspectExtra::default()
        };
        check(&report(&analysis, &extra), "paths", "path bodies", &["/hook/secret 1"]);
        let extra = InspectExtra { show_paths: false, ..extra };
        assert!(report(&analysis, &extra).parts.iter().all(|it| it.path != ["paths"]));
    }

    #[test]
    fn options_are_suggested_with_their_reasons() {
        let lines = vec![
            wazzap("call.reject", "10:00:00"),
            wawp("received", "desk", "c", "77@lid", "10:00:00"),
            by_agent("Asha Rao", 1),
            by_agent("asha rao", 2),
            wawp_with("accepted", "desk", "o", "919811119999", "10:00:00", r#"{"fromMe":true}"#),
            "{".to_owned(),
        ];
        check(
            &inspected(lines),
            "suggestions",
            "option why about",
            &[
                "--source 'PATTERN=INSTANCE' 1 event does not say which line was called; name it by file or \
                 path a.ndjson",
                "--feed-complete PROVIDER[:INSTANCE] 2 feeds show rejections without the calls: subscribe to \
                 offers, or declare that there were no other calls wid+-",
                "--feed-complete PROVIDER[:INSTANCE] 2 feeds show no rejections: subscribe to them, or declare \
                 that there were none desk",
                "--tz ZONE hours and days are those of UTC, and there are no figures for business hours ",
                "--roster FILE 2 incoming sessions name no agent; a roster says who had the line -+desk",
                "--agents FILE 1 agent name looks like another; the file says who is one person asha rao",
                "--customers FILE 1 customer has no number; a column `lid` in the file gives it lid:77",
                "--rejects FILE 1 line or body cannot be read; the file keeps them for repair ",
            ],
        );
    }

    #[test]
    fn a_dump_that_lacks_nothing_has_no_suggestions() {
        let lines = vec![
            timelines("Rejected", "wid", "a", ASHA, "10:00:00"),
            timelines("Missed", "wid", "b", ASHA, "10:05:00"),
        ];
        let options = ReportOptions { zone: Zone::utc(), zone_given: true, ..ReportOptions::default() };
        let input = Input { lines, options, ..Input::default() };
        check(&report(&input.analysis(), &InspectExtra::default()), "suggestions", "option", &[]);
    }
}
