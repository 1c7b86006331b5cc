//! What arrived wrong: rejections without their call, ends out of place, and where webhooks were lost.

use std::cmp::Ordering;

use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;

use super::Output;
use crate::analysis::Analysis;
use crate::definitions::column;
use crate::dialects::Provider;
use crate::event::{Direction, Event};
use crate::section::{Body, Cell, Chart, Part, Person, Shown, Table};
use crate::session::{Anomaly, OrphanClass, Outcome, Session, anomalies, call_ids, missing_last};
use crate::store::{Glance, Told};
use crate::text::Sym;
use crate::time::MINUTE;

/// How far apart two lost offers of one incident may lie.
const INCIDENT_GAP_MS: i64 = 5 * MINUTE;
/// Lost offers that make an incident.
const INCIDENT_LEAST: usize = 3;

/// Anomalies of the subject sessions; `only_orphans` leaves all but orphaned rejections out.
pub fn report(analysis: &Analysis, only_orphans: bool) -> Output {
    let mut found: Vec<(Session, Event, Anomaly)> = Vec::new();
    let mut odd = analysis.sessions().places_where(|it| it.is_odd || it.orphan.is_some());
    odd.retain(|it| analysis.is_subject(*it));
    let odd = analysis.sessions().sorted(odd, &analysis.texts);
    for &place in &odd {
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
    let lines = by_line(&odd, analysis);
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
    rejections: u64,
    /// Those of them without their offer.
    orphaned: u64,
    /// Those of them whose offer was lost on the way or came under another line.
    lost: u64,
    /// When each started whose offer was lost on the way, in order.
    lost_at: Vec<i64>,
}

/// Lines of incoming timed subject sessions, in the order of provider and instance. `odd` are the places of all
/// subject sessions that may have anomalies.
fn by_line(odd: &[usize], analysis: &Analysis) -> Vec<((Provider, Sym), Line)> {
    let is_of_line = |it: &Glance| it.direction == Direction::Incoming && it.is_timed();
    let mut lines: HashMap<(Provider, Sym), Line> = HashMap::new();
    for alike in analysis.census_of_subjects().filter(|it| is_of_line(&it.glance)) {
        let session = alike.glance;
        let line = lines.entry((session.provider, session.instance)).or_default();
        if session.outcome == Some(Outcome::Rejected) {
            let is_lost =
                matches!(session.orphan, Some(OrphanClass::NetworkAnomaly | OrphanClass::OtherInstance));
            line.rejections += alike.chosen;
            line.orphaned += if session.orphan.is_some() { alike.chosen } else { 0 };
            line.lost += if is_lost { alike.chosen } else { 0 };
        }
    }
    for session in odd.iter().map(|it| analysis.sessions().glance(*it)).filter(is_of_line) {
        if session.outcome == Some(Outcome::Rejected)
            && session.orphan == Some(OrphanClass::NetworkAnomaly)
            && let Some(line) = lines.get_mut(&(session.provider, session.instance))
        {
            line.lost_at.extend(session.started_at);
        }
    }
    let mut lines: Vec<_> = lines.into_iter().collect();
    lines.par_iter_mut().for_each(|(_, line)| line.lost_at.sort_unstable());
    lines.sort_by(|((a, line_a), _), ((b, line_b), _)| {
        a.cmp(b).then_with(|| analysis.texts.raw(*line_a).cmp(analysis.texts.raw(*line_b)))
    });
    lines
}

/// The runs of lost offers of a line that make an incident, each from its first to its last.
fn runs(line: &Line) -> impl Iterator<Item = &[i64]> {
    let runs = line.lost_at.chunk_by(|a, b| b - a <= INCIDENT_GAP_MS);
    runs.filter(|it| it.len() >= INCIDENT_LEAST)
}

/// When each rejected subject call of these lines started, in order, by line.
fn rejected_at(of: &HashSet<(Provider, Sym)>, analysis: &Analysis) -> HashMap<(Provider, Sym), Vec<i64>> {
    let sessions = analysis.sessions();
    let mut starts: HashMap<(Provider, Sym), Vec<i64>> = HashMap::new();
    let is_rejected = |it: &Told| {
        let (provider, instance, direction) = sessions.feed_of(it.kin);
        let is_rejected = direction == Direction::Incoming && it.outcome == Some(Outcome::Rejected);
        is_rejected && of.contains(&(provider, instance))
    };
    let places = if of.is_empty() { Vec::new() } else { sessions.places_where(is_rejected) };
    for place in places.into_iter().filter(|it| analysis.is_subject(*it)) {
        let (provider, instance, _) = sessions.feed_of(sessions.kin(place));
        starts.entry((provider, instance)).or_default().extend(sessions.start(place));
    }
    starts.values_mut().for_each(|it| it.sort_unstable());
    starts
}

fn instances(lines: &[((Provider, Sym), Line)], analysis: &Analysis) -> Table {
    let rows = lines.iter().map(|((provider, instance), line)| {
        vec![
            Cell::word(provider.name()),
            Cell::Text(analysis.texts.get(*instance).clone()),
            Cell::Count(line.rejections),
            Cell::Count(line.orphaned),
            Cell::Count(line.lost),
            Cell::share(line.lost, line.rejections),
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
    let with_runs = lines.iter().filter(|(_, line)| runs(line).next().is_some());
    let rejected = rejected_at(&with_runs.map(|(key, _)| *key).collect(), analysis);
    for (key @ (provider, instance), line) in lines {
        for run in runs(line) {
            let (first, last) = (run[0], run[run.len() - 1]);
            let rejected = &rejected[key];
            let during =
                rejected.partition_point(|it| *it <= last) - rejected.partition_point(|it| *it < first);
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

#[cfg(test)]
mod tests {
    use super::super::testing::{Input, call, cells, table, wawp_with};
    use super::*;
    use crate::analysis::Filter;

    #[test]
    fn an_incident_counts_the_chosen_rejections_of_its_line_from_its_first_to_its_last() {
        let lost = |id: &str, instance: &str, when: &str| {
            wawp_with("rejected", instance, id, "915550000001@c.us", when, r#"{"status":"reject"}"#)
        };
        let lines = [
            call("rejected", "a", "915550000001@c.us", "10:00:00"),
            vec![lost("1", "a", "10:14:00"), lost("2", "a", "10:10:00"), lost("3", "a", "10:12:00")],
            // One within, one by somebody who is not chosen, one on another line, one that was no rejection.
            call("rejected", "a", "915550000002@c.us", "10:11:00"),
            call("rejected", "a", "915550000003@c.us", "10:11:30"),
            call("rejected", "b", "915550000002@c.us", "10:12:30"),
            call("missed", "a", "915550000002@c.us", "10:13:00"),
            // The call of the line before is offered there and declined here.
            vec![lost("b 915550000002@c.us 10:12:30", "a", "10:40:00")],
        ]
        .concat();
        let customers = vec!["+915550000001".to_owned(), "+915550000002".to_owned()];
        for unsorted in [false, true] {
            let filter = Filter { customers: customers.clone(), ..Filter::default() };
            let analysis = Input { lines: lines.clone(), filter, unsorted, ..Input::default() }.analysis();
            let output = report(&analysis, false);
            let incidents = table(&output, &["incidents"]);
            assert_eq!(incidents.rows.len(), 1);
            let keys = "instance first_at last_at orphans rejections";
            assert_eq!(cells(incidents, 0, keys), "a 05-04 10:10:00 05-04 10:14:00 3 4");
            let lines = table(&output, &["instances"]);
            // The first call, three lost, one within, and the one that was offered elsewhere.
            assert_eq!(cells(lines, 0, "instance rejections orphaned lost"), "a 6 4 4");
            assert_eq!(cells(lines, 1, "instance rejections orphaned lost"), "b 1 0 0");
        }
    }
}
