//! Who a session belongs to: the person that a payload names, else the roster's, else the metadata's.

use std::collections::HashMap;

use crate::event::Event;
use crate::side::{Agents, Roster};
use crate::store::{Assigned, Sessions};
use crate::text::{Sym, Texts};

/// How an agent is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgentSource {
    /// The payload names the person.
    Payload,
    /// The roster says who had the line.
    Roster,
    /// A key of the payload's metadata.
    Metadata,
    /// Nobody says.
    None,
}

impl AgentSource {
    /// Every source, the first in doubt.
    pub const ALL: [Self; 4] = [Self::Payload, Self::Roster, Self::Metadata, Self::None];

    /// The word used in columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Payload => "payload",
            Self::Roster => "roster",
            Self::Metadata => "metadata",
            Self::None => "none",
        }
    }
}

/// Gives each session its agent and team.
///
/// `from_metadata` maps the metadata of events to the agent that the chosen key names.
pub fn assign(
    sessions: &mut Sessions,
    roster: &Roster,
    agents: &Agents,
    from_metadata: &HashMap<Sym, Sym>,
    texts: &Texts,
) {
    let assigned = |label, source| {
        let (agent, team) = agents.person(label);
        Assigned { agent: Some(agent), source, team }
    };
    sessions.assign_named(|label| assigned(label, AgentSource::Payload));
    if roster.is_empty() && from_metadata.is_empty() {
        return;
    }
    for place in 0..sessions.len() {
        let session = sessions.get(place);
        if session.agent_label.is_some() {
            continue;
        }
        let on_duty = roster.on_duty(session.provider, texts.raw(session.instance), session.started_at);
        let found = on_duty.map(|it| (it, AgentSource::Roster));
        let found = found.or_else(|| {
            if from_metadata.is_empty() {
                return None;
            }
            let named = |it: &Event| from_metadata.get(&it.metadata?).copied();
            let events = sessions.events_of(&session);
            let decided = session.deciding.map(|it| &events[it as usize]).and_then(named);
            decided.or_else(|| events.iter().find_map(named)).map(|it| (it, AgentSource::Metadata))
        });
        if let Some((label, source)) = found {
            sessions.assign(place, assigned(label, source));
        }
    }
}
