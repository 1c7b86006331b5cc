//! Attempts: the calls of one customer as the customer made them. A call that rang on several
//! instances, because an account is linked twice, is several sessions but one attempt.

use std::collections::HashMap;

use crate::analysis::Analysis;
use crate::dialects::Provider;
use crate::event::Cause;
use crate::session::{Outcome, Session};
use crate::text::Sym;
use crate::time::DAY;

/// One attempt to call.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The place of its earliest session, whose instance and video are the attempt's.
    pub first: usize,
    /// When its earliest session started.
    pub started_at: i64,
    /// The strongest outcome of its sessions.
    pub outcome: Outcome,
    /// Why, by the earliest session of that outcome.
    pub cause: Option<Cause>,
    /// Whether any of its sessions is a subject.
    pub subject: bool,
    /// Whether any of its sessions holds a miss that somebody reported.
    pub recorded_miss: bool,
    /// Whether the feed of any of its sessions shows answers.
    pub shows_answers: bool,
}

impl Attempt {
    /// Whether nobody picked up, as far as is known yet.
    pub fn is_unanswered(&self) -> bool {
        self.outcome != Outcome::Answered
    }

    /// Whether it is missed only because nothing else was heard of it.
    pub fn is_inferred(&self) -> bool {
        self.outcome == Outcome::Missed && !self.recorded_miss
    }
}

/// Whether a session is an attempt, or a part of one: it can be placed in time, it has an outcome,
/// and it is no group call.
pub fn counts(session: &Session) -> bool {
    session.is_timed() && session.outcome.is_some() && session.group != Some(true)
}

/// Puts sessions of one customer and one direction together. `places` are those of sessions that
/// [`counts`] takes, in the fixed order, and so by start; the attempts come in that order too.
///
/// A session joins the attempt that its call id is at, unless that holds a session of its instance
/// already or the id was silent for more than a day.
pub fn attempts(analysis: &Analysis, places: &[usize]) -> Vec<Attempt> {
    let mut attempts: Vec<Attempt> = Vec::with_capacity(places.len());
    // The attempt that each call id is at, with the start of its latest session.
    let mut open: HashMap<(Provider, Sym), (usize, i64)> = HashMap::new();
    // The latest attempt of each call id that holds a session of an instance.
    let mut on_instance: HashMap<(Provider, Sym, Sym), usize> = HashMap::new();
    for &place in places {
        let session = &analysis.sessions()[place];
        let (Some(started_at), Some(outcome)) = (session.started_at, session.outcome) else { continue };
        let joined = session.call_id.and_then(|id| {
            let (at, latest) = open.get(&(session.provider, id)).copied()?;
            let again = on_instance.get(&(session.provider, id, session.instance)) == Some(&at);
            (started_at - latest <= DAY && !again).then_some(at)
        });
        let at = joined.unwrap_or(attempts.len());
        if let Some(id) = session.call_id {
            open.insert((session.provider, id), (at, started_at));
            on_instance.insert((session.provider, id, session.instance), at);
        }
        let recorded_miss = outcome == Outcome::Missed && session.cause != Some(Cause::Inferred);
        let shows_answers = analysis.rebuilt.feeds.of(session).shows.answers;
        match attempts.get_mut(at) {
            Some(attempt) => {
                // Outcomes are ordered, the strongest first.
                if outcome < attempt.outcome {
                    attempt.outcome = outcome;
                    attempt.cause = session.cause;
                }
                attempt.subject |= analysis.subject[place];
                attempt.recorded_miss |= recorded_miss;
                attempt.shows_answers |= shows_answers;
            }
            None => attempts.push(Attempt {
                first: place,
                started_at,
                outcome,
                cause: session.cause,
                subject: analysis.subject[place],
                recorded_miss,
                shows_answers,
            }),
        }
    }
    attempts
}
