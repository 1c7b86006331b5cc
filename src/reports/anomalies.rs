//! What arrived wrong: rejections without their call, ends out of place, and where webhooks were lost.

use std::cmp::Ordering;

use hashbrown::HashMap;
use rayon::prelude::*;

use super::Output;
use crate::analysis::Analysis;
use crate::definitions::column;
use crate::dialects::Provider;
use crate::event::{Direction, Event};
use crate::section::{Body, Cell, Chart, Part, Person, Shown, Table};
use crate::session::{Anomaly, OrphanClass, Outcome, Session, anomalies, call_ids, missing_last};
use crate::text::Sym;
use crate::time::MINUTE;

/// How far apart two lost offers of one incident may lie.
const INCIDENT_GAP_MS: i64 = 5 * MINUTE;
/// Lost offers that make an incident.
const INCIDENT_LEAST: usize = 3;

/// Anomalies of the subject sessions; `only_orphans` leaves all but orphaned rejections out.
pub fn report(analysis: &Analysis, only_orphans: bool) -> Output {
    let mut found: Vec<(Session, Event, Anomaly)> = Vec::new();
    let is_odd = |it: &usize| analysis.is_subject(*it) && analysis.sessions().is_odd(*it);
    let odd: Vec<usize> = (0..analysis.sessions().len()).into_par_iter().filter(is_odd).collect();
    for place in odd {
        let session = analysis.sessions().get(place);
        let events = analysis.events_of(&session);
        for (kind, shown_by) in anomalies(&session, &events, analysis.options.ring_timeout_ms) {
            if !only_orphans || kind == Anomaly::OrphanedRejection {
                found.push((session.clone(), events[shown_by], kind));
            }
        }
    }
    found.sort_by(|a, b| order(a, b, analysis));
    let rows_table = Table {
        title: if only_orphans { "Orphaned rejections" } else { "Anomalies" }.to_owned(),
        columns: vec![
            column("kind", Shown::Always),
            column("class", Shown::Always),
            column("provider", Shown::IfWide(3)),
            column("instance", Shown::Always),
            column("call_id", Shown::IfWide(6)),
            column("customer", Shown::IfWide(1)),
            column("agent", Shown::IfWide(2)),
            column("at", Shown::Always),
            column("file", Shown::IfWide(4)),
            column("line", Shown::IfWide(5)),
        ],
        rows: found.iter().map(|(session, event, kind)| row(session, event, *kind, analysis)).collect(),
        empty: if only_orphans { "No rejection without its call." } else { "No anomaly." }.to_owned(),
        reading: vec![
            "Class: network_anomaly, the offer was lost on the way; other_instance, it arrived under another line; \
             capture_edge, it may predate the dump; no_offers_captured, offers were not subscribed. `callsift define \
             kind` tells the kinds."
                .to_owned(),
        ],
        ..Table::default()
    };
    let lines = by_line(analysis);
    Output {
        parts: vec![
            Part { path: vec!["rows"], body: Body::Rows(rows_table) },
            Part { path: vec!["instances"], body: Body::Rows(instances(&lines, analysis)) },
            Part { path: vec!["incidents"], body: Body::Rows(incidents(&lines, analysis)) },
        ],
        ..Output::default()
    }
}

fn order(a: &(Session, Event, Anomaly), b: &(Session, Event, Anomaly), analysis: &Analysis) -> Ordering {
    let texts = &analysis.texts;
    // Times come first, a missing one last.
    let at = |it: &Event| it.at.unwrap_or(i64::MAX);
    at(&a.1)
        .cmp(&at(&b.1))
        .then_with(|| a.0.provider.cmp(&b.0.provider))
        .then_with(|| missing_last(Some(a.0.instance), Some(b.0.instance), texts))
        .then_with(|| call_ids(a.0.call_id, b.0.call_id, texts))
        .then_with(|| missing_last(a.0.customer, b.0.customer, texts))
        .then_with(|| a.2.cmp(&b.2))
        .then_with(|| crate::session::session_order(&a.0, &b.0, texts))
}

fn row(session: &Session, event: &Event, kind: Anomaly, analysis: &Analysis) -> Vec<Cell> {
    let texts = &analysis.texts;
    let person = |who: Person, it: Option<Sym>| Cell::opt(texts.get_opt(it), |it| Cell::Person(who, it));
    let is_orphaned =
        matches!(kind, Anomaly::OrphanedRejection | Anomaly::OrphanedAccept | Anomaly::OrphanedMiss);
    vec![
        Cell::word(kind.name()),
        Cell::opt(session.orphan.filter(|_| is_orphaned), |it| Cell::word(it.name())),
        Cell::word(session.provider.name()),
        Cell::Text(texts.get(session.instance).clone()),
        super::sessions::call_id(session.call_id, texts),
        person(Person::Customer, session.customer),
        person(Person::Agent, session.agent).or_word(crate::analysis::UNASSIGNED),
        Cell::opt(event.at, Cell::Instant),
        Cell::Text(texts.get(event.origin.file).clone()),
        Cell::Count(event.origin.line),
    ]
}

/// The rejected calls of one line.
#[derive(Default)]
struct Line {
    /// When each started and, of one without its offer, why, in order.
    rejected: Vec<(i64, Option<OrphanClass>)>,
}

/// Lines of incoming timed subject sessions, in the order of provider and instance.
fn by_line(analysis: &Analysis) -> Vec<((Provider, Sym), Line)> {
    type Lines = HashMap<(Provider, Sym), Line>;
    let sessions = analysis.sessions();
    let add = |mut lines: Lines, place: usize| {
        let session = sessions.glance(place);
        if analysis.subject[place]
            && session.direction == Direction::Incoming
            && let Some(started_at) = session.started_at
        {
            let line = lines.entry((session.provider, session.instance)).or_default();
            if session.outcome == Some(Outcome::Rejected) {
                line.rejected.push((started_at, session.orphan));
            }
        }
        lines
    };
    // What comes first is on the left, so that each list stays in order.
    let merge = |mut left: Lines, right: Lines| {
        for (key, line) in right {
            left.entry(key).or_default().rejected.extend(line.rejected);
        }
        left
    };
    let lines = (0..sessions.len()).into_par_iter().fold(Lines::default, add).reduce(Lines::default, merge);
    let mut lines: Vec<_> = lines.into_iter().collect();
    lines.sort_by(|((a, line_a), _), ((b, line_b), _)| {
        a.cmp(b).then_with(|| analysis.texts.raw(*line_a).cmp(analysis.texts.raw(*line_b)))
    });
    lines
}

fn instances(lines: &[((Provider, Sym), Line)], analysis: &Analysis) -> Table {
    let rows = lines.iter().map(|((provider, instance), line)| {
        let of_class = |classes: &[OrphanClass]| {
            let orphans = line.rejected.iter().filter_map(|it| it.1);
            orphans.filter(|it| classes.contains(it)).count() as u64
        };
        let rejections = line.rejected.len() as u64;
        let lost = of_class(&[OrphanClass::NetworkAnomaly, OrphanClass::OtherInstance]);
        vec![
            Cell::word(provider.name()),
            Cell::Text(analysis.texts.get(*instance).clone()),
            Cell::Count(rejections),
            Cell::Count(of_class(&OrphanClass::ALL)),
            Cell::Count(lost),
            Cell::share(lost, rejections),
        ]
    });
    Table {
        title: "Rejections that arrived without their call, by line".to_owned(),
        columns: vec![
            column("provider", Shown::Always),
            column("instance", Shown::Always),
            column("rejections", Shown::Always),
            column("orphaned", Shown::Always),
            column("lost", Shown::Always),
            column("orphan_rate", Shown::Always),
        ],
        rows: rows.collect(),
        empty: "No incoming call.".to_owned(),
        reading: vec![
            "Orphaned: rejections without their call. Lost: those of them whose offer was lost on the way or came under \
             another line; orphan rate: lost of all rejections."
                .to_owned(),
        ],
        ..Table::default()
    }
}

fn incidents(lines: &[((Provider, Sym), Line)], analysis: &Analysis) -> Table {
    let mut rows = Vec::new();
    for ((provider, instance), line) in lines {
        let lost = line.rejected.iter().filter(|it| it.1 == Some(OrphanClass::NetworkAnomaly));
        // Sessions come by start, and so do these.
        let lost: Vec<i64> = lost.map(|it| it.0).collect();
        for run in lost.chunk_by(|a, b| b - a <= INCIDENT_GAP_MS).filter(|it| it.len() >= INCIDENT_LEAST) {
            let (first, last) = (run[0], run[run.len() - 1]);
            let during = line.rejected.partition_point(|it| it.0 <= last)
                - line.rejected.partition_point(|it| it.0 < first);
            rows.push(vec![
                Cell::word(provider.name()),
                Cell::Text(analysis.texts.get(*instance).clone()),
                Cell::Instant(first),
                Cell::Instant(last),
                Cell::Count(run.len() as u64),
                Cell::Count(during as u64),
            ]);
        }
    }
    Table {
        title: "Incidents: three or more rejections whose offers were lost, at most five minutes apart"
            .to_owned(),
        columns: vec![
            column("provider", Shown::Always),
            column("instance", Shown::Always),
            column("first_at", Shown::Always),
            column("last_at", Shown::Always),
            column("orphans", Shown::Always),
            column("rejections", Shown::Always),
        ],
        rows,
        empty: "No incident.".to_owned(),
        chart: Some(Chart::TimeLine),
        ..Table::default()
    }
}
