//! What could not be known, and why: sentences that stand under every report.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Sentence;
use crate::analysis::Analysis;
use crate::dialects::Provider;
use crate::event::Direction;
use crate::section::{Cell, Piece, say};
use crate::session::{DeclinedBy, Feed, FeedKey, Outcome, Unrated};
use crate::store::Glance;
use crate::text::{Sym, Text};
use crate::zone::Zone;

/// Feeds that are named one by one; more are only counted.
const FEEDS_NAMED: usize = 6;

/// What every report over sessions must say of its input.
pub fn notes(analysis: &Analysis) -> Vec<Sentence> {
    let mut notes = Vec::new();
    if analysis.ledger.events == 0 {
        notes.push(say("No call event of a known provider was read; figures of 0 say nothing about calls."));
    }
    if !analysis.options.zone_given {
        let own = analysis.options.instances.iter().any(|it| it.zone.is_some());
        notes.push(say(format!(
            "Times are in UTC, since no zone was given; figures of business hours are missing{}. Give one with --tz.",
            if own { " where an instance has no zone of its own" } else { "" }
        )));
    }
    own_hours(analysis, &mut notes);
    feeds(analysis, &mut notes);
    engines(analysis, &mut notes);
    lines(analysis, &mut notes);
    counts(analysis, &mut notes);
    notes
}

/// Instances of the subject sessions that have a zone, hours or holidays of their own.
fn own_hours(analysis: &Analysis, notes: &mut Vec<Sentence>) {
    let options = &analysis.options;
    let mut seen = HashSet::new();
    let feeds = analysis.feeds_of_subjects().into_iter();
    let lines = feeds.map(|(provider, line, _)| (provider, line)).filter(|it| seen.insert(*it));
    let own = lines.filter_map(|(provider, line)| {
        let own = options.instances.of(provider, analysis.texts.raw(line))?;
        let has = own.zone.is_some() || own.hours.is_some() || own.holidays.is_some();
        has.then(|| (provider, analysis.texts.get(line), own))
    });
    let mut own: Vec<_> = own.collect();
    own.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    for (provider, line, it) in own.iter().take(FEEDS_NAMED) {
        let given = it.zone.as_ref().or(options.zone_given.then_some(&options.zone));
        let zone = given.map_or("no known zone", Zone::name);
        let hours = it.hours.as_ref().unwrap_or(&options.hours);
        let holidays = it.holidays.as_ref().unwrap_or(&options.holidays).len() as u64;
        notes.push(vec![
            Piece::Say(format!("Business hours and days of {} line ", provider.name())),
            Piece::Value(Cell::Text(line.clone())),
            Piece::Say(format!(
                " are its own: {hours} in {}, {}.",
                zone,
                plural(holidays, "holiday", "holidays")
            )),
        ]);
    }
    if own.len() > FEEDS_NAMED {
        let more = plural((own.len() - FEEDS_NAMED) as u64, "more line has", "more lines have");
        notes.push(say(format!("{more} business hours and days of their own.")));
    }
}

/// Feeds of the subject sessions.
fn feeds(analysis: &Analysis, notes: &mut Vec<Sentence>) {
    let chosen: HashSet<FeedKey> = analysis.feeds_of_subjects();
    let mut feeds: Vec<(&FeedKey, &Feed)> =
        analysis.rebuilt.feeds.iter().filter(|(key, _)| chosen.contains(*key)).collect();
    feeds.sort_by_key(|((provider, instance, direction), _)| {
        (*provider, analysis.texts.raw(*instance), *direction)
    });
    let unrated = |reason: Unrated| -> Vec<&FeedKey> {
        feeds.iter().filter(|(_, it)| it.unrated == Some(reason)).map(|(key, _)| *key).collect()
    };
    let no_answers: Vec<&FeedKey> = feeds
        .iter()
        .filter(|(_, it)| it.unrated.is_none() && !it.shows.answers)
        .map(|(key, _)| *key)
        .collect();
    for (keys, what) in [
        (
            unrated(Unrated::CallsNotShown),
            ": rejections are seen, but neither the calls nor both their answers and their misses. Their sessions have no \
             denominator and count as unrated.",
        ),
        (
            unrated(Unrated::RejectionsNotShown),
            ": no rejection is ever seen. That is not a rate of 0 %; their sessions count as unrated.",
        ),
        (no_answers, ": answers are never shown; a call without a rejection counts as missed by inference."),
    ] {
        if !keys.is_empty() {
            notes.push(named(&keys, what, analysis));
        }
    }
}

/// `wawp loans-front (incoming), … and 3 more`, followed by what holds of them.
pub(super) fn named(keys: &[&FeedKey], what: &str, analysis: &Analysis) -> Sentence {
    let mut sentence = say(if keys.len() == 1 { "Feed " } else { "Feeds " });
    for (place, (provider, instance, direction)) in keys.iter().take(FEEDS_NAMED).enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        sentence.push(Piece::Say(format!("{comma}{} ", provider.name())));
        sentence.push(Piece::Value(Cell::Text(analysis.texts.get(*instance).clone())));
        sentence.push(Piece::Say(format!(" ({})", direction.name())));
    }
    if keys.len() > FEEDS_NAMED {
        sentence.push(Piece::Say(format!(" and {} more", keys.len() - FEEDS_NAMED)));
    }
    sentence.push(Piece::Say(what.to_owned()));
    sentence
}

/// Lines whose rejections are the server's own, and lines that no capture names.
fn lines(analysis: &Analysis, notes: &mut Vec<Sentence>) {
    let mut of_feed: HashMap<FeedKey, (u64, u64)> = HashMap::new();
    for alike in analysis.census_of_subjects() {
        let it = alike.glance;
        let counts = it.direction == Direction::Incoming && it.counts_in_rates();
        if counts && it.outcome == Some(Outcome::Rejected) {
            let (policy, all) = of_feed.entry(it.feed()).or_default();
            *policy += if it.declined_by == Some(DeclinedBy::Policy) { alike.chosen } else { 0 };
            *all += alike.chosen;
        }
    }
    let line_of = |(provider, line, _): FeedKey| (provider, analysis.texts.get(line));
    let mut rejected: BTreeMap<(Provider, Text), (u64, u64)> =
        of_feed.into_iter().map(|(feed, counts)| (line_of(feed), counts)).collect();
    rejected.retain(|_, (policy, all)| 2 * *policy > *all);
    let incoming = analysis.feeds_of_subjects().into_iter().filter(|it| it.2 == Direction::Incoming);
    let unnamed: BTreeSet<&str> = incoming
        .filter(|(provider, line, _)| {
            provider.traits().instance_from_capture && analysis.texts.raw(*line) == "-"
        })
        .map(|(provider, ..)| provider.traits().title)
        .collect();
    for ((provider, line), (policy, all)) in rejected {
        notes.push(vec![
            Piece::Say(format!("{} line ", provider.name())),
            Piece::Value(Cell::Text(line.clone())),
            Piece::Say(format!(
                ": {policy} of {all} rejections are by the server's own interface (policy), not by a person."
            )),
        ]);
    }
    for provider in unnamed {
        notes.push(say(format!(
            "{provider} does not say which line was called; `-` stands for it. Name lines with --source \
             'PATTERN=INSTANCE' or --instance-name."
        )));
    }
}

/// Engines of the input that never send one half.
fn engines(analysis: &Analysis, notes: &mut Vec<Sentence>) {
    let mut engines: BTreeMap<(&'static str, &'static str), (Text, BTreeSet<Text>)> = BTreeMap::new();
    let engine_of = |it: &Glance| Some((it.provider, it.engine?, it.instance));
    let seen: HashSet<(Provider, Sym, Sym)> =
        analysis.census_of_subjects().filter_map(|it| engine_of(&it.glance)).collect();
    for (provider, engine, instance) in seen {
        let name = analysis.texts.raw(engine);
        for (blind, what) in provider.traits().blind_spots {
            if !blind.is_empty() && blind.eq_ignore_ascii_case(name) {
                let entry = engines.entry((provider.traits().title, what));
                let (_, lines) =
                    entry.or_insert_with(|| (analysis.texts.get(engine).clone(), BTreeSet::new()));
                lines.insert(analysis.texts.get(instance));
            }
        }
    }
    for ((provider, what), (engine, lines)) in engines {
        notes.push(vec![
            Piece::Say(format!("{provider} engine ")),
            Piece::Value(Cell::Text(engine)),
            Piece::Say(format!(" ({}) {what}.", plural(lines.len() as u64, "line", "lines"))),
        ]);
    }
}

fn counts(analysis: &Analysis, notes: &mut Vec<Sentence>) {
    let untimed: u64 = analysis.census().iter().filter(|it| !it.glance.is_timed()).map(|it| it.all).sum();
    if untimed > 0 {
        notes.push(say(format!(
            "{} of which no event has a time: counted and exported, but in no report.",
            plural(untimed, "session", "sessions")
        )));
    }
    let of = |of: fn(&Glance) -> bool| -> u64 {
        analysis.census().iter().filter(|it| of(&it.glance)).map(|it| it.chosen).sum()
    };
    let ringing = of(|it| it.outcome == Some(Outcome::Ringing));
    if ringing > 0 {
        notes.push(say(format!(
            "{} still ringing where the input ends: not yet known, in no rate.",
            plural(ringing, "call was", "calls were")
        )));
    }
    let unassigned = of(|it| it.direction == Direction::Incoming && it.agent.is_none());
    if unassigned > 0 {
        notes.push(say(format!(
            "{} no agent: no payload names one, and no row of a roster (--roster) says who had the line.",
            plural(
                unassigned,
                "incoming session, orphans included, has",
                "incoming sessions, orphans included, have"
            )
        )));
    }
    let unknown: u64 = analysis.ledger.unknown_call_events.values().sum();
    if unknown > 0 {
        notes.push(say(format!(
            "{} a name that callsift does not know; `callsift inspect` lists them.",
            plural(unknown, "call event has", "call events have")
        )));
    }
    if analysis.filtered {
        notes.push(say(
            "Filters chose the sessions; what feeds show, orphans, windows and call-backs come from the whole input.",
        ));
    }
}

/// A number with its noun.
pub fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
