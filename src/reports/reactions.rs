//! Reactions: which emojis each conversation holds, and on which call, where it is a call's message
//! that they stand at.

use std::collections::HashMap;

use rayon::prelude::*;

use super::Output;
use crate::analysis::Analysis;
use crate::call_id::CallId;
use crate::definitions::column;
use crate::dialects::Provider;
use crate::event::Reaction;
use crate::section::{Body, Cell, Part, Person, Piece, Shown, Table, say};
use crate::text::Sym;

/// The reactions by conversation and emoji.
pub fn report(analysis: &Analysis) -> Output {
    let calls = CallsByMessage::new(analysis);
    let mut rows: Vec<Row> = Vec::new();
    let mut known: HashMap<(Sym, Sym), usize> = HashMap::new();
    for reaction in &analysis.reactions {
        let at = *known.entry((reaction.chat, reaction.emoji)).or_insert_with(|| {
            rows.push(Row::new(reaction));
            rows.len() - 1
        });
        rows[at].add(reaction);
    }
    let place = |it: &Row| (analysis.texts.raw(it.chat), analysis.texts.raw(it.emoji));
    rows.sort_unstable_by(|a, b| place(a).cmp(&place(b)));
    let table = Table {
        title: "Reactions".into(),
        columns: vec![
            column("chat_id", Shown::Always),
            column("emoji", Shown::Always),
            column("set", Shown::Always),
            column("cleared", Shown::Always),
            column("net", Shown::Always),
            column("latest", Shown::Always),
            column("session_id", Shown::IfWide(1)),
        ],
        rows: rows.iter().map(|it| it.cells(analysis, &calls)).collect(),
        left_out: 0,
        total: None,
        empty: "No reactions.".into(),
        reading: vec![
            "Net: set less cleared; below zero where the dump holds a clearing but not what was cleared. \
             Latest: how many of the emoji the newest message of the provider counted."
                .into(),
        ],
        chart: None,
    };
    let mut notes = Vec::new();
    if analysis.filtered {
        notes.push(say("Filters choose calls; the reactions are those of the whole input."));
    }
    let uncounted = rows.iter().filter(|it| it.latest.is_none()).count() as u64;
    if uncounted > 0 {
        notes.push(vec![
            Piece::Say("Rows for which the provider sent no counts, so that `latest` is missing: ".into()),
            Piece::Value(Cell::Count(uncounted)),
            Piece::Say(".".into()),
        ]);
    }
    Output { parts: vec![Part { path: vec!["rows"], body: Body::Rows(table) }], notes, ..Output::default() }
}

/// The earliest session of each call that a reaction can stand at.
pub(super) struct CallsByMessage(HashMap<(Provider, Sym), usize>);

impl CallsByMessage {
    /// Looks for the calls of all reactions.
    pub(super) fn new(analysis: &Analysis) -> Self {
        let mut calls: HashMap<(Provider, CallId), Option<usize>> = analysis
            .reactions
            .iter()
            .map(|it| ((it.provider, CallId::of_sym(it.message, &analysis.texts)), None))
            .collect();
        if calls.is_empty() {
            return Self(HashMap::new());
        }
        let sessions = analysis.sessions();
        let is_wanted = |it: &usize| {
            let session = sessions.get(*it);
            session.call_id.is_some_and(|id| calls.contains_key(&(session.provider, id)))
        };
        let wanted = (0..sessions.len()).into_par_iter().filter(is_wanted).collect();
        for place in sessions.sorted(wanted, &analysis.texts) {
            let session = sessions.get(place);
            // An untimed session stands first, but one with a start is what a reader can look up.
            if let Some(id) = session.call_id
                && let Some(call) = calls.get_mut(&(session.provider, id))
                && call.is_none_or(|it| !sessions.get(it).is_timed())
            {
                *call = Some(place);
            }
        }
        let place =
            |it: &Reaction| *calls.get(&(it.provider, CallId::of_sym(it.message, &analysis.texts)))?;
        let found = analysis.reactions.iter().filter_map(|it| Some(((it.provider, it.message), place(it)?)));
        Self(found.collect())
    }

    /// The place of the session that a reaction stands at, if its message is a call.
    pub(super) fn of(&self, reaction: &Reaction) -> Option<usize> {
        self.0.get(&(reaction.provider, reaction.message)).copied()
    }
}

struct Row {
    chat: Sym,
    emoji: Sym,
    set: u64,
    cleared: u64,
    /// The newest tally: its time and count.
    latest: Option<(i64, u64)>,
    /// Any of the reactions.
    one: Reaction,
    one_message: bool,
}

impl Row {
    fn new(one: &Reaction) -> Self {
        let (chat, emoji) = (one.chat, one.emoji);
        Self { chat, emoji, set: 0, cleared: 0, latest: None, one: *one, one_message: true }
    }

    fn add(&mut self, reaction: &Reaction) {
        *if reaction.set { &mut self.set } else { &mut self.cleared } += 1;
        // Of two at one time the greater, so that the order of lines decides nothing.
        self.latest = self.latest.max(reaction.tally.map(|it| (reaction.at, it)));
        self.one_message &= (reaction.provider, reaction.message) == (self.one.provider, self.one.message);
    }

    fn cells(&self, analysis: &Analysis, calls: &CallsByMessage) -> Vec<Cell> {
        let text = |it: Sym| Cell::Text(analysis.texts.get(it).clone());
        let call = if self.one_message { calls.of(&self.one) } else { None };
        vec![
            Cell::Person(Person::CustomerRef, analysis.texts.get(self.chat).clone()),
            text(self.emoji),
            Cell::Count(self.set),
            Cell::Count(self.cleared),
            Cell::Signed(self.set as i64 - self.cleared as i64),
            Cell::opt(self.latest, |(_, count)| Cell::Count(count)),
            Cell::opt(call, |it| super::sessions::id(&analysis.sessions().get(it), &analysis.texts)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{analysis, cells, reaction, table, timelines, words};
    use super::*;

    const RAVI: &str = "919811110002";

    #[test]
    fn set_cleared_net_and_the_newest_count() {
        let output = report(&analysis(vec![
            reaction("set", "👍", "m1", RAVI, "10:00:00", r#"{"👍":1}"#),
            reaction("set", "👍", "m2", RAVI, "10:02:00", r#"{"👍":4}"#),
            reaction("clear", "👍", "m1", RAVI, "10:01:00", r#"{"👍":9}"#),
            reaction("clear", "❤", "m1", RAVI, "10:01:00", "null"),
            // The same again is a repeat.
            reaction("clear", "❤", "m1", RAVI, "10:01:00", "null"),
        ]));
        let rows = table(&output, &["rows"]);
        assert_eq!(rows.rows.len(), 2);
        // U+2764 sorts before U+1F44D.
        assert_eq!(cells(rows, 0, "chat_id emoji set cleared net latest session_id"), "chat ❤ 0 1 -1 – –");
        assert_eq!(cells(rows, 1, "chat_id emoji set cleared net latest session_id"), "chat 👍 2 1 1 4 –");
        assert_eq!(
            words(&output.notes),
            ["Rows for which the provider sent no counts, so that `latest` is missing: 1."]
        );
    }

    #[test]
    fn an_emoji_that_the_newest_map_no_longer_holds_counts_nothing() {
        let output = report(&analysis(vec![
            reaction("set", "👍", "m1", RAVI, "10:00:00", r#"{"👍":1}"#),
            reaction("clear", "👍", "m1", RAVI, "10:01:00", "{}"),
            reaction("clear", "👍", "m1", "919811110003", "10:02:00", "null"),
        ]));
        assert_eq!(cells(table(&output, &["rows"]), 0, "set cleared net latest"), "1 2 -1 0");
    }

    #[test]
    fn of_two_counts_at_one_time_the_greater_is_shown() {
        let output = report(&analysis(vec![
            reaction("set", "👍", "m1", RAVI, "10:00:00", r#"{"👍":3}"#),
            reaction("set", "👍", "m2", RAVI, "10:00:00", r#"{"👍":2}"#),
        ]));
        assert_eq!(cells(table(&output, &["rows"]), 0, "latest"), "3");
    }

    #[test]
    fn rows_are_sorted_by_emoji_and_not_by_message() {
        let output = report(&analysis(vec![
            reaction("set", "👍", "m1", RAVI, "10:00:00", "{}"),
            reaction("set", "❤", "m2", RAVI, "10:00:00", "{}"),
        ]));
        let rows = table(&output, &["rows"]);
        assert_eq!([cells(rows, 0, "emoji"), cells(rows, 1, "emoji")], ["❤", "👍"]);
    }

    #[test]
    fn of_a_call_on_two_lines_the_earlier_session_is_told() {
        let both = analysis(vec![
            timelines("Missed", "two", "m1", RAVI, "09:00:00"),
            timelines("Missed", "one", "m1", RAVI, "09:00:02"),
            reaction("set", "👍", "m1", RAVI, "10:00:00", "{}"),
        ]);
        let id = both.sessions().get(0).id(&both.texts);
        assert_eq!(cells(table(&report(&both), &["rows"]), 0, "session_id"), id);
    }

    #[test]
    fn a_row_carries_the_session_of_the_one_call_it_is_about() {
        let call = timelines("Missed", "one", "m1", RAVI, "09:00:00");
        let on_call = reaction("set", "👍", "m1", RAVI, "10:00:00", "{}");
        let alone = analysis(vec![call.clone(), on_call.clone()]);
        let id = alone.sessions().get(0).id(&alone.texts);
        assert_eq!(cells(table(&report(&alone), &["rows"]), 0, "session_id"), id);
        let mixed = analysis(vec![call, on_call, reaction("set", "👍", "m2", RAVI, "10:00:00", "{}")]);
        assert_eq!(cells(table(&report(&mixed), &["rows"]), 0, "session_id"), "–");
    }
}
