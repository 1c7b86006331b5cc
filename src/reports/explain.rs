//! The raw lines behind a session or a figure, and the rule that decided each, so that a dispute can
//! be settled by looking.

use std::collections::HashMap;

use super::groups::Key;
use super::{Output, Sentence, avoidance, callbacks, frustration, kpi, sessions};
use crate::analysis::{Analysis, InHours};
use crate::definitions::{self, Figure, column};
use crate::event::{Cause, Direction, Event, Origin};
use crate::section::{Body, Cell, Part, Person, Piece, Shown, Table, say};
use crate::session::{DeclinedBy, OrphanClass, Outcome, Session};
use crate::suggest;
use crate::text::{Sym, Text};

/// Raw lines shown in words; all are in the rows.
const LINES_SHOWN: usize = 40;

/// Explains a session id, a call id, or a figure of the subject sessions.
///
/// # Errors
///
/// Where nothing is called so, with what may have been meant; where a figure is asked for without
/// saying whose.
pub fn report(
    analysis: &Analysis,
    what: &str,
    raw_lines: &HashMap<Origin, Box<[u8]>>,
) -> Result<Output, String> {
    if let Some(figure) = definitions::figure(what) {
        if !analysis.filtered {
            return Err(format!(
                "whose `{what}`? Say it with --agent, --customer, --instance or another filter, such as \
                 `callsift explain {what} --agent NAME PATH`"
            ));
        }
        return Ok(figure_report(analysis, figure, raw_lines));
    }
    let is_of_call = |it: &Session| it.call_id.is_some_and(|it| it.text(&analysis.texts) == what);
    let found: Vec<Session> =
        analysis.subjects().filter(|it| is_of_call(it) || it.id(&analysis.texts) == what).collect();
    if found.is_empty() {
        let figures = suggest::nearest(what, definitions::FIGURES.iter().map(|it| it.id));
        let call_ids: Vec<String> = analysis
            .subjects()
            .filter_map(|it| it.call_id)
            .map(|it| it.text(&analysis.texts).into_owned())
            .collect();
        let near = suggest::nearest(what, call_ids.iter().map(String::as_str));
        let ids: Vec<String> = analysis.subjects().map(|it| it.id(&analysis.texts)).collect();
        let ids = suggest::nearest(what, ids.iter().map(String::as_str));
        let hint = match (figures.first(), near.first(), ids.first()) {
            (Some(it), _, _) => format!("did you mean the figure `{it}`?"),
            (None, Some(it), _) => format!("did you mean the call `{}`?", crate::render::escape::message(it)),
            (None, None, Some(it)) => format!("did you mean the session `{it}`?"),
            _ => "session ids are in `callsift sessions --format csv`".to_owned(),
        };
        let what = crate::render::escape::message(what);
        return Err(format!("no session, call or figure is called `{what}`; {hint}"));
    }
    let mut preface = Vec::new();
    for session in &found {
        preface.push(say(""));
        preface.extend(in_words(session, analysis, raw_lines));
    }
    let counted: Vec<(Session, Counted)> = found.into_iter().map(|it| (it, Counted::Neither)).collect();
    Ok(Output { preface, parts: tables(&counted, analysis, raw_lines, false), notes: Vec::new() })
}

/// Which part of a figure a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counted {
    Numerator,
    Denominator,
    Neither,
}

impl Counted {
    fn name(self) -> &'static str {
        match self {
            Self::Numerator => "numerator",
            Self::Denominator => "denominator",
            Self::Neither => "neither",
        }
    }
}

fn figure_report(analysis: &Analysis, figure: &Figure, raw_lines: &HashMap<Origin, Box<[u8]>>) -> Output {
    let peaks = frustration::peaks(analysis);
    // Incoming and outgoing calls have figures of their own; the incoming ones unless there are none.
    let has_incoming = || analysis.subjects().any(|it| it.direction == Direction::Incoming);
    let direction = match OF_CALLED.contains(&figure.id) || !has_incoming() {
        true => Direction::Outgoing,
        false => Direction::Incoming,
    };
    let top_caller = top_caller(analysis, &peaks);
    let is_counted = |it: &Session| counts(figure.id, it, analysis, &peaks).is_some();
    let is_count =
        match figure.numerator {
            [] => analysis.sessions().iter().next().as_ref().is_some_and(is_counted),
            parts => analysis.sessions().iter().next().is_none_or(|session| {
                parts.iter().all(|it| counts(it, &session, analysis, &peaks).is_some())
            }),
        };
    let counted: Vec<(Session, Counted)> = analysis
        .subjects()
        .filter(|it| it.is_timed() && it.direction == direction)
        .map(|session| {
            let member = |id: &str| counts(id, &session, analysis, &peaks) == Some(true);
            let part = if !is_count {
                Counted::Denominator
            } else if figure.numerator.is_empty() {
                if member(figure.id) { Counted::Numerator } else { Counted::Neither }
            } else if figure.numerator.iter().any(|it| member(it))
                && (figure.id != "top_caller_share" || session.customer == top_caller)
            {
                Counted::Numerator
            } else if figure.denominator.iter().any(|it| member(it)) {
                Counted::Denominator
            } else {
                Counted::Neither
            };
            (session, part)
        })
        .collect();
    let number = |of: Counted| counted.iter().filter(|(_, it)| *it == of).count();
    let (top, below) = (number(Counted::Numerator), number(Counted::Denominator));
    let mut preface = definitions::sentences(figure);
    preface.extend(values(analysis, figure, direction));
    let chosen = format!("the {} chosen {} sessions", counted.len(), direction.name());
    // A session that might count is neither counted nor left out.
    let unplaced = is_in_hours(figure)
        .then(|| counted.iter().filter(|(it, _)| analysis.in_hours(it) == InHours::Unknown).count())
        .filter(|it| *it > 0);
    preface.push(if let Some(unplaced) = unplaced {
        say(format!(
            "The zone of {unplaced} of {chosen} is unknown, so nobody can say which were in business hours; --tz names it."
        ))
    } else if !is_count {
        say(format!("It is no count of sessions; {chosen} are those that it is about."))
    } else if figure.numerator.is_empty() {
        say(format!("{top} of {chosen} count in it."))
    } else {
        let words = format!(
            "Of {chosen} {top} count in the numerator, {} in the denominator, {} in neither.",
            top + below,
            number(Counted::Neither)
        );
        say(words)
    });
    let shown: Vec<(Session, Counted)> =
        counted.into_iter().filter(|(_, it)| *it != Counted::Neither).collect();
    let mut lines = 0;
    for (session, part) in &shown {
        if lines >= LINES_SHOWN {
            preface.push(say("More lines are in the rows: --format ndjson or csv shows all."));
            break;
        }
        lines += session.events.len();
        let mut head = in_words(session, analysis, raw_lines);
        preface.push(say(""));
        if is_count && let Some(first) = head.first_mut() {
            first.insert(0, Piece::Say(format!("[{}] ", part.name())));
        }
        preface.extend(head);
    }
    Output { preface, parts: tables(&shown, analysis, raw_lines, is_count), notes: Vec::new() }
}

/// Who of the known customers was rejected most often; of equals the first by spelling.
fn top_caller(analysis: &Analysis, peaks: &HashMap<Sym, (i64, i64)>) -> Option<Sym> {
    let mut rejected: HashMap<Sym, u64> = HashMap::new();
    for session in analysis.subjects().filter(|it| counts("rejected", it, analysis, peaks) == Some(true)) {
        if let Some(customer) = session.customer {
            *rejected.entry(customer).or_default() += 1;
        }
    }
    let first = |a: &Sym, b: &Sym| analysis.texts.raw(*b).cmp(analysis.texts.raw(*a));
    rejected.into_iter().max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| first(a, b))).map(|(it, _)| it)
}

/// What the figure comes to, for the chosen sessions together and for the first customers among them.
fn values(analysis: &Analysis, figure: &Figure, direction: Direction) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let total = ["rows"];
    let kpi = kpi::report(analysis, &[Key::Agent]);
    let callbacks = callbacks::report(analysis);
    let path: &[&str] = if direction == Direction::Incoming { &total } else { &["outgoing", "rows"] };
    let rates = kpi.parts.iter().filter(|it| it.path == path);
    let promises = callbacks.parts.iter().filter(|it| it.path == total);
    if let Some(cell) = rates.chain(promises).find_map(|it| match &it.body {
        Body::Rows(table) => total_cell(table, figure.id),
        _ => None,
    }) {
        sentences.push(vec![
            Piece::Say(format!("{} of the chosen sessions: ", figure.id)),
            Piece::Value(cell),
            Piece::Say(".".into()),
        ]);
    }
    let customers = match direction {
        Direction::Incoming => frustration::report(analysis),
        Direction::Outgoing => avoidance::report(analysis),
    };
    // What the rates of outgoing calls and the rows of called customers both have is not counted alike.
    let is_told = direction == Direction::Incoming || OF_CALLED.contains(&figure.id);
    for part in customers.parts.iter().filter(|it| is_told && it.path == ["rows"]) {
        let Body::Rows(table) = &part.body else { continue };
        let place = |key: &str| table.columns.iter().position(|it| it.key == key);
        let (Some(figure_at), Some(customer)) = (place(figure.id), place("customer")) else { continue };
        for row in table.rows.iter().take(CUSTOMERS_SHOWN) {
            let mut sentence =
                vec![Piece::Say(format!("{} of ", figure.id)), Piece::Value(row[customer].clone())];
            sentence.extend([Piece::Say(": ".into()), Piece::Value(row[figure_at].clone())]);
            for (key, words) in [
                ("peak_weight", "; peak weight "),
                ("peak_started_at", ", window from "),
                ("peak_ended_at", " to "),
            ] {
                if let Some(at) = place(key).filter(|_| WINDOW_FIGURES.contains(&figure.id)) {
                    sentence.extend([Piece::Say(words.into()), Piece::Value(row[at].clone())]);
                }
            }
            sentence.push(Piece::Say(".".into()));
            sentences.push(sentence);
        }
    }
    sentences
}

/// Customers whose figure is told in words.
const CUSTOMERS_SHOWN: usize = 3;

/// Whether a figure counts calls in business hours.
fn is_in_hours(figure: &Figure) -> bool {
    figure.id.starts_with("bh_")
}

/// Figures that come from the fullest window.
const WINDOW_FIGURES: [&str; 5] = ["peak_attempts", "peak_weight", "score", "level", "priority_1_by"];

/// Figures of outgoing calls alone.
const OF_CALLED: [&str; 7] =
    ["outgoing_calls", "max_rejected_7d", "action", "actions", "stage", "stage_static", "risk"];

fn total_cell(table: &Table, id: &str) -> Option<Cell> {
    // A verdict is of one row, never of a total.
    let rows = if table.rows.len() == 1 { table.rows.first() } else { table.total.as_ref() };
    let place = table.columns.iter().position(|it| it.key == id)?;
    rows.map(|it| it[place].clone()).filter(|_| id != "agent")
}

/// Whether a session is one of those that a count counts; nothing where the figure is no count.
fn counts(
    id: &str,
    session: &Session,
    analysis: &Analysis,
    peaks: &HashMap<Sym, (i64, i64)>,
) -> Option<bool> {
    let options = &analysis.options;
    let is_group = session.group == Some(true) && !options.include_group;
    let incoming = session.direction == Direction::Incoming;
    let rejected = session.outcome == Some(Outcome::Rejected);
    let rated = !is_group && session.counts_in_rates();
    let resolved = rated && !matches!(session.outcome, Some(Outcome::Ringing) | None);
    let in_hours = || matches!(analysis.in_hours(session), InHours::On(_));
    let declined_by = |it: DeclinedBy| rated && session.declined_by == Some(it);
    let call_out = !incoming && session.customer.is_some() && session.group != Some(true);
    let attempt = incoming && session.customer.is_some() && session.group != Some(true);
    Some(match id {
        "calls" => !is_group && !session.is_orphan_apart(),
        "answered" => rated && session.outcome == Some(Outcome::Answered),
        "rejected" => rated && rejected,
        "missed" => rated && session.outcome == Some(Outcome::Missed),
        "missed_inferred" => rated && session.cause == Some(Cause::Inferred),
        "ringing" => rated && session.outcome == Some(Outcome::Ringing),
        "resolved" => resolved,
        "policy_rejected" => declined_by(DeclinedBy::Policy),
        "instant_rejected" => declined_by(DeclinedBy::Instant),
        "confirmed_rejected" => declined_by(DeclinedBy::Agent),
        "reported_rejected" => declined_by(DeclinedBy::Unknown),
        "bh_resolved" => resolved && in_hours(),
        "bh_rejected" => rated && rejected && in_hours(),
        "bh_policy_rejected" => declined_by(DeclinedBy::Policy) && in_hours(),
        "video_calls" => !is_group && !session.is_orphan_apart() && session.video == Some(true),
        "group_calls" => is_group,
        "orphaned" => !is_group && session.is_orphan_apart(),
        "orphaned_rejections" => !is_group && session.is_orphan_apart() && rejected,
        "unrated" => session.unrated.is_some() && !session.is_orphan_apart() && !is_group,
        "unrated_rejected" => {
            session.unrated.is_some() && rejected && !session.is_orphan_apart() && !is_group
        }
        "rejections" => rejected && incoming,
        "orphans" => session.orphan.is_some(),
        "lost" => {
            rejected
                && matches!(session.orphan, Some(OrphanClass::NetworkAnomaly | OrphanClass::OtherInstance))
        }
        "peak_attempts" | "peak_weight" | "score" | "level" | "priority_1_by" => {
            attempt
                && session.customer.and_then(|it| peaks.get(&it)).is_some_and(|(from, to)| {
                    session.started_at.is_some_and(|it| (*from..=*to).contains(&it))
                })
        }
        "attempts" | "longest_streak" | "unresolved" | "redirects_due" | "current_score" => attempt,
        "outgoing_calls" => call_out,
        "max_rejected_7d" | "action" | "actions" | "risk" => call_out && rejected,
        "ring_p50_ms" | "ring_p90_ms" | "ring_p95_ms" => {
            rated
                && rejected
                && session.ring_ms.is_some()
                && !matches!(session.declined_by, Some(DeclinedBy::Policy | DeclinedBy::Instant))
        }
        "answer_p50_ms" => rated && session.outcome == Some(Outcome::Answered) && session.ring_ms.is_some(),
        "talk_p50_ms" => rated && session.outcome == Some(Outcome::Answered) && session.talk_ms.is_some(),
        _ => return None,
    })
}

/// A session as sentences: what it is, and each of its lines with the rule that read it.
fn in_words(session: &Session, analysis: &Analysis, raw_lines: &HashMap<Origin, Box<[u8]>>) -> Vec<Sentence> {
    let texts = &analysis.texts;
    let mut head = say("Session ");
    head.push(Piece::Value(sessions::id(session, texts)));
    head.push(Piece::Say(format!(": {} call of ", session.direction.name())));
    head.push(Piece::Value(
        Cell::opt(texts.get_opt(session.customer), |it| Cell::Person(Person::Customer, it))
            .or_word("an unknown customer"),
    ));
    head.push(Piece::Say(format!(" on {} ", session.provider.name())));
    head.push(Piece::Value(Cell::Text(texts.get(session.instance).clone())));
    if let Some(at) = session.started_at {
        head.push(Piece::Say(", started ".into()));
        head.push(Piece::Value(Cell::Instant(at)));
    }
    head.push(Piece::Say(format!("; {}.", why(session, analysis))));
    let mut sentences = vec![head];
    for (place, event) in analysis.events_of(session).iter().enumerate() {
        let mut line = say("  ");
        line.push(Piece::Value(Cell::Text(texts.get(event.origin.file).clone())));
        line.push(Piece::Say(format!(":{} ", event.origin.line)));
        if session.deciding == Some(place as u32) {
            line.push(Piece::Say("(decides) ".into()));
        }
        line.push(Piece::Say(event.provider.rule(event).to_owned()));
        line.push(Piece::Line(raw(event, raw_lines)));
        sentences.push(line);
    }
    sentences
}

/// Why a session has its outcome, and why it counts or does not.
fn why(session: &Session, analysis: &Analysis) -> String {
    let mut why = match (session.outcome, session.cause) {
        (None, _) => "no event has a time and none ends it, so its outcome is unknown".to_owned(),
        (Some(Outcome::Ringing), _) => {
            "only offers, and the input ends before the ring timeout: ringing".to_owned()
        }
        (Some(Outcome::Missed), Some(Cause::Inferred)) => {
            format!(
                "only offers, and {} ms have passed since: missed by inference",
                analysis.options.ring_timeout_ms
            )
        }
        (Some(it), cause) => {
            let cause = cause.map(|it| format!(", cause {}", it.name())).unwrap_or_default();
            format!("{}{cause}", it.name())
        }
    };
    if let Some(it) = session.declined_by {
        why.push_str(&format!(", declined by {}", it.name()));
    }
    if let Some(it) = session.ring_ms {
        why.push_str(&format!(", after {it} ms of ringing"));
    }
    if let Some(it) = session.orphan {
        why.push_str(&format!(", an orphan ({})", it.name()));
    }
    if let Some(it) = session.unrated {
        why.push_str(&format!(", not rated ({})", it.name()));
    }
    why
}

fn raw(event: &Event, raw_lines: &HashMap<Origin, Box<[u8]>>) -> Cell {
    let text = |it: &[u8]| Text::new(&String::from_utf8_lossy(it));
    Cell::opt(raw_lines.get(&event.origin), |it| Cell::Person(Person::Anybody, text(it)))
}

fn tables(
    counted: &[(Session, Counted)],
    analysis: &Analysis,
    raw_lines: &HashMap<Origin, Box<[u8]>>,
    of_figure: bool,
) -> Vec<Part> {
    let mut columns = sessions::columns();
    columns.push(column("counts_in", if of_figure { Shown::Always } else { Shown::OnRequest }));
    columns.push(column("why", Shown::OnRequest));
    let rows = counted.iter().map(|(session, part)| {
        let mut row = sessions::row(session, analysis);
        row.push(if of_figure { Cell::word(part.name()) } else { Cell::Missing });
        row.push(Cell::Word(why(session, analysis)));
        row
    });
    let session_table = Table {
        title: "Sessions".to_owned(),
        rows: rows.collect(),
        columns,
        empty: "No session counts in it.".to_owned(),
        ..Table::default()
    };
    let mut event_rows = Vec::new();
    for (session, _) in counted {
        for (place, event) in analysis.events_of(session).iter().enumerate() {
            event_rows.push(event_row(
                session,
                event,
                session.deciding == Some(place as u32),
                analysis,
                raw_lines,
            ));
        }
    }
    let event_table = Table {
        title: "Their events".to_owned(),
        columns: vec![
            column("session_id", Shown::IfWide(3)),
            column("at", Shown::Always),
            column("event", Shown::Always),
            column("kind", Shown::Always),
            column("cause", Shown::IfWide(1)),
            column("decides", Shown::Always),
            column("file", Shown::Always),
            column("line", Shown::Always),
            column("rule", Shown::IfWide(2)),
            column("raw", Shown::OnRequest),
        ],
        rows: event_rows,
        empty: "No event.".to_owned(),
        ..Table::default()
    };
    vec![
        Part { path: vec!["sessions"], body: Body::Rows(session_table) },
        Part { path: vec!["events"], body: Body::Rows(event_table) },
    ]
}

fn event_row(
    session: &Session,
    event: &Event,
    decides: bool,
    analysis: &Analysis,
    raw_lines: &HashMap<Origin, Box<[u8]>>,
) -> Vec<Cell> {
    vec![
        sessions::id(session, &analysis.texts),
        Cell::opt(event.at, Cell::Instant),
        Cell::word(event.provider.word(event.word).event),
        Cell::word(event.kind.name()),
        Cell::opt(event.cause, |it| Cell::word(it.name())),
        Cell::Bool(decides),
        Cell::Text(analysis.texts.get(event.origin.file).clone()),
        Cell::Count(event.origin.line),
        Cell::word(event.provider.rule(event)),
        raw(event, raw_lines),
    ]
}
