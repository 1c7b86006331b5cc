//! Attempts: the calls of one customer as the customer made them. A call that rang on several
//! instances, because an account is linked twice, is several sessions but one attempt.

use std::collections::HashMap;

use crate::analysis::Analysis;
use crate::call_id::CallId;
use crate::dialects::Provider;
use crate::event::{Cause, Direction};
use crate::session::{Outcome, Session};
use crate::store::Brief;
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
    start_and_outcome(session.started_at, session.outcome, session.group == Some(true)).is_some()
}

/// Start and outcome of what counts as an attempt.
fn start_and_outcome(
    started_at: Option<i64>,
    outcome: Option<Outcome>,
    is_group: bool,
) -> Option<(i64, Outcome)> {
    started_at.zip(outcome).filter(|_| !is_group)
}

/// Puts sessions of one customer and one direction together: of `briefs`, which are in the fixed order
/// and so by start, those that [`counts`] takes. The attempts come in that order too.
///
/// A session joins the attempt that its call id is at, unless that holds a session of its instance
/// already or the id was silent for more than a day.
pub fn attempts(analysis: &Analysis, direction: Direction, briefs: &[Brief]) -> Vec<Attempt> {
    let sessions = analysis.sessions();
    let mut attempts: Vec<Attempt> = Vec::with_capacity(briefs.len());
    for &brief in briefs {
        let session = sessions.told(brief);
        let counted = start_and_outcome(session.started_at, session.outcome, session.is_group);
        let Some((started_at, outcome)) = counted.filter(|_| session.direction == direction) else {
            continue;
        };
        attempts.push(Attempt {
            first: brief.place(),
            started_at,
            outcome,
            cause: session.cause,
            subject: analysis.is_subject(brief.place()),
            recorded_miss: outcome == Outcome::Missed && session.cause != Some(Cause::Inferred),
            shows_answers: sessions.kin_show_answers(session.kin),
        });
    }
    if any_twice(briefs) { join(analysis, attempts) } else { attempts }
}

/// Whether any part of an id stands twice.
fn any_twice(briefs: &[Brief]) -> bool {
    const FEW: usize = 16;
    if briefs.len() <= FEW {
        let is_before = |(place, it): (usize, &Brief)| {
            it.id_part().is_some_and(|id| briefs[..place].iter().any(|it| it.id_part() == Some(id)))
        };
        briefs.iter().enumerate().any(is_before)
    } else {
        let mut seen = hashbrown::HashSet::with_capacity(briefs.len());
        briefs.iter().filter_map(|it| it.id_part()).any(|it| !seen.insert(it))
    }
}

/// Joins attempts of one session each by their call ids.
fn join(analysis: &Analysis, parts: Vec<Attempt>) -> Vec<Attempt> {
    let sessions = analysis.sessions();
    let mut attempts: Vec<Attempt> = Vec::with_capacity(parts.len());
    // The attempt that each call id is at, with the start of its latest session.
    let mut open: HashMap<(Provider, CallId), (usize, i64)> = HashMap::new();
    // The latest attempt of each call id that holds a session of an instance.
    let mut on_instance: HashMap<(Provider, CallId, Sym), usize> = HashMap::new();
    for part in parts {
        let Session { provider, instance, call_id, .. } = sessions.get(part.first);
        let id = call_id.map(|it| (provider, it));
        let joined = id.and_then(|(provider, id)| {
            let (at, latest) = open.get(&(provider, id)).copied()?;
            let again = on_instance.get(&(provider, id, instance)) == Some(&at);
            (part.started_at - latest <= DAY && !again).then_some(at)
        });
        let at = joined.unwrap_or(attempts.len());
        if let Some((provider, id)) = id {
            open.insert((provider, id), (at, part.started_at));
            on_instance.insert((provider, id, instance), at);
        }
        match attempts.get_mut(at) {
            Some(attempt) => {
                // Outcomes are ordered, the strongest first.
                if part.outcome < attempt.outcome {
                    attempt.outcome = part.outcome;
                    attempt.cause = part.cause;
                }
                attempt.subject |= part.subject;
                attempt.recorded_miss |= part.recorded_miss;
                attempt.shows_answers |= part.shows_answers;
            }
            None => attempts.push(part),
        }
    }
    attempts
}
