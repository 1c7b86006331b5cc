//! From events to sessions: one session is one attempt to call.
//!
//! [`rebuild`] takes the events of the whole input and gives every unique one to exactly one
//! session. Its steps are the files beside this one, in this order: identities are learnt and
//! resolved, repeated deliveries dropped, events put together (by call id, or by windows of time),
//! outcomes decided, and at last, over all sessions, feeds judged and orphans classed.

mod agents;
mod anomalies;
mod by_id;
mod by_window;
mod duplicates;
mod feeds;
mod identities;
mod order;
mod outcome;
mod patterns;
mod rebuild;
#[cfg(test)]
mod tests;

pub use agents::{AgentSource, assign};
pub use anomalies::{Anomaly, anomalies};
pub use duplicates::drop_repeated_reactions;
pub use feeds::{Feed, FeedKey, Feeds, Shows, Unrated};
pub use order::{call_ids, missing_last, origins as origin_order, sessions as session_order};
pub use outcome::same_clock;
pub use rebuild::{
    Rebuilt, Rules, events_in_sessions, fold_identities, rebuild, rebuild_shards, unique_as_sent,
};

use std::fmt::Write as _;
use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::call_id::{self, CallId};
use crate::dialects::Provider;
use crate::event::{Cause, Direction};
use crate::text::{Sym, Texts};

/// How a call came out. Ordered as in the semantics, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Somebody picked up.
    Answered,
    /// Nobody picked up, and somebody declined or the provider says so.
    Rejected,
    /// It ended unanswered, as reported or by inference.
    Missed,
    /// Still open when the input ends: not yet known.
    Ringing,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Answered, Self::Rejected, Self::Missed, Self::Ringing];

    /// The word used in flags and columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Rejected => "rejected",
            Self::Missed => "missed",
            Self::Ringing => "ringing",
        }
    }
}

/// Who declined a call, as far as the input shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclinedBy {
    /// The server's own interface.
    Policy,
    /// Too fast for a hand: perhaps a rule or an app, never called policy without proof.
    Instant,
    /// An agent; the payload says so.
    Agent,
    /// Reported without a decliner.
    Unknown,
    /// The customer, of an outgoing call.
    Customer,
}

impl DeclinedBy {
    /// Every class.
    pub const ALL: [Self; 5] = [Self::Policy, Self::Instant, Self::Agent, Self::Unknown, Self::Customer];

    /// The word used in flags and columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Instant => "instant",
            Self::Agent => "agent",
            Self::Unknown => "unknown",
            Self::Customer => "customer",
        }
    }
}

/// Why an end stands without its offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrphanClass {
    /// The same call was offered on another instance: a wrong scope of sessions.
    OtherInstance,
    /// The webhook for offers was not subscribed then, or the engine never sends it.
    NoOffersCaptured,
    /// It lies so near the beginning of the feed that its offer may predate the dump.
    CaptureEdge,
    /// The offer was lost on the way.
    NetworkAnomaly,
}

impl OrphanClass {
    /// Every class.
    pub const ALL: [Self; 4] =
        [Self::OtherInstance, Self::NoOffersCaptured, Self::CaptureEdge, Self::NetworkAnomaly];

    /// Whether such orphans count in no rate.
    pub fn is_apart(self) -> bool {
        self != Self::NoOffersCaptured
    }

    /// The word used in columns.
    pub fn name(self) -> &'static str {
        match self {
            Self::OtherInstance => "other_instance",
            Self::NoOffersCaptured => "no_offers_captured",
            Self::CaptureEdge => "capture_edge",
            Self::NetworkAnomaly => "network_anomaly",
        }
    }
}

/// One attempt to call. Instants are Unix milliseconds, durations milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who sent its events.
    pub provider: Provider,
    /// The business line.
    pub instance: Sym,
    /// Which way it went.
    pub direction: Direction,
    /// The provider's id of the call.
    pub call_id: Option<CallId>,
    /// The number of the line.
    pub account: Option<Sym>,
    /// The other party.
    pub customer: Option<Sym>,
    /// Its name.
    pub customer_name: Option<Sym>,
    /// The provider's id of it.
    pub customer_ref: Option<Sym>,
    /// The provider's id of the conversation.
    pub chat_ref: Option<Sym>,
    /// What runs behind the provider's interface.
    pub engine: Option<Sym>,
    /// ISO 3166 alpha-2, where a payload says it.
    pub country: Option<Sym>,
    /// The person that a payload names; see `agent` for who it is.
    pub agent_label: Option<Sym>,
    /// Who had to do with it, after roster and agents file.
    pub agent: Option<Sym>,
    /// How the agent is known.
    pub agent_source: AgentSource,
    /// The agent's team.
    pub team: Option<Sym>,
    /// How it came out; none for a session without a time that holds no end.
    pub outcome: Option<Outcome>,
    /// Why.
    pub cause: Option<Cause>,
    /// Who declined it.
    pub declined_by: Option<DeclinedBy>,
    /// The first offer, else the earliest event.
    pub started_at: Option<i64>,
    /// The first offer.
    pub offered_at: Option<i64>,
    /// The event that decided the outcome.
    pub decided_at: Option<i64>,
    /// When it was over.
    pub ended_at: Option<i64>,
    /// From offer to decision, by one clock.
    pub ring_ms: Option<i64>,
    /// Talk time.
    pub talk_ms: Option<i64>,
    /// Offers.
    pub rings: u32,
    /// Agents passed over.
    pub skipped_agents: u32,
    /// A video call.
    pub video: Option<bool>,
    /// A group call.
    pub group: Option<bool>,
    /// The session holds an offer.
    pub has_offer: bool,
    /// Why it stands without an offer, if it should have one.
    pub orphan: Option<OrphanClass>,
    /// Why it counts in no rate, if its feed is not rated.
    pub unrated: Option<Unrated>,
    /// A later event of a call id that had been silent for more than a day began it.
    pub reused_id: bool,
    /// Its call id was offered by several customers.
    pub collided_id: bool,
    /// The deciding event: its place among `events`.
    pub deciding: Option<u32>,
    /// Where its events are, in order, in [`Rebuilt::sessions`].
    pub events: Range<usize>,
}

impl Session {
    /// Whether it can be placed in time. Untimed sessions are counted and exported, but in no report.
    pub fn is_timed(&self) -> bool {
        self.started_at.is_some()
    }

    /// Whether it is an orphan that counts in no rate: one of another class than
    /// `no_offers_captured`.
    pub fn is_orphan_apart(&self) -> bool {
        self.orphan.is_some_and(OrphanClass::is_apart)
    }

    /// Whether it counts in the rates of its feed.
    pub fn counts_in_rates(&self) -> bool {
        self.is_timed() && self.unrated.is_none() && !self.is_orphan_apart()
    }

    /// Sixteen hexadecimal digits that name the session: the beginning of the SHA-256 of provider,
    /// instance, direction, call id (else customer) and start in milliseconds, joined by U+001F.
    pub fn id(&self, texts: &Texts) -> String {
        let mut room = call_id::EMPTY;
        let id = match self.call_id {
            Some(it) => it.spell(&mut room, texts),
            None => texts.raw_opt(self.customer).unwrap_or_default(),
        };
        let start = self.started_at.map(|it| it.to_string()).unwrap_or_default();
        let parts = [self.provider.name(), texts.raw(self.instance), self.direction.name(), id, &start];
        let digest = Sha256::digest(parts.join("\u{1f}").as_bytes());
        digest[..8].iter().fold(String::with_capacity(16), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        })
    }
}
