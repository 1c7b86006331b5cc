//! The one model that every dialect translates into.
//!
//! Plain values and symbols: nothing here knows JSON, files or zones.

use crate::call_id::CallId;
use crate::dialects::Provider;
use crate::text::Sym;

/// Which way a call goes, seen from the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// A customer calls the business.
    Incoming,
    /// The business calls a customer.
    Outgoing,
}

impl Direction {
    /// Both directions.
    pub const ALL: [Self; 2] = [Self::Incoming, Self::Outgoing];

    /// The word used in flags, columns and events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }
}

/// What an event says of its call; in the order in which events of one instant are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It rings.
    Offered,
    /// Somebody picked up.
    Accepted,
    /// Somebody declined, or the provider says so.
    Rejected,
    /// It ended unanswered.
    Missed,
    /// One agent was passed over; no end, and it has no time.
    Skipped,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Offered, Self::Accepted, Self::Rejected, Self::Missed, Self::Skipped];

    /// The word used in columns and events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Missed => "missed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether the call ended, or its ringing did.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Accepted | Self::Rejected | Self::Missed)
    }
}

/// Why a call was rejected or missed. Ordered by name, so that ties fall the same way everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The payload says that it was declined.
    Declined,
    /// The caller hung up, or nobody knows who ended it.
    EndedUnanswered,
    /// The provider could not set the call up.
    Failed,
    /// Only offers were seen, and the time to answer has passed.
    Inferred,
    /// The server's own interface declined.
    Policy,
    /// The provider reports it without saying by whom or why.
    Reported,
    /// It rang out.
    Timeout,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 7] = [
        Self::Declined,
        Self::EndedUnanswered,
        Self::Failed,
        Self::Inferred,
        Self::Policy,
        Self::Reported,
        Self::Timeout,
    ];

    /// The word used in flags, columns and events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::EndedUnanswered => "ended_unanswered",
            Self::Failed => "failed",
            Self::Inferred => "inferred",
            Self::Policy => "policy",
            Self::Reported => "reported",
            Self::Timeout => "timeout",
        }
    }
}

/// Whose clock gave an event its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// The provider's own.
    Provider,
    /// The capture's, when it received the webhook.
    Receiver,
}

impl Clock {
    /// The word used in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Receiver => "receiver",
        }
    }
}

/// Where an event stands: its file, its line from 1, its place among the bodies of that line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The file's name as given, `-` for standard input.
    pub file: Sym,
    /// The line's number, or the element's in a file that is one array.
    pub line: u64,
    /// The body's number within the line, from 0.
    pub body: u32,
}

/// One call event. Instants are Unix milliseconds UTC, durations milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Who sent it.
    pub provider: Provider,
    /// Which of the provider's event names (and statuses) it had: an index into its words.
    pub word: u8,
    /// Which way the call goes.
    pub direction: Direction,
    /// What it says.
    pub kind: Kind,
    /// Why, for rejected and missed.
    pub cause: Option<Cause>,
    /// Whose clock `at` is.
    pub clock: Clock,
    /// The payload's own time lies more than 60 s before the delivery's: a replay.
    pub replayed: bool,
    /// Every delivery of it claims a time more than 5 s after it was received; such a time says
    /// nothing of how far the dump reaches.
    pub ahead: bool,
    /// A video call.
    pub video: Option<bool>,
    /// A group call.
    pub group: Option<bool>,
    /// The business line.
    pub instance: Sym,
    /// The number of that line.
    pub account: Option<Sym>,
    /// The provider's id of the call.
    pub call_id: Option<CallId>,
    /// The other party, in canonical spelling.
    pub customer: Option<Sym>,
    /// The same party's other identity, where one payload shows both a number and a hidden one.
    pub also: Option<Sym>,
    /// The person that the payload names.
    pub agent_label: Option<Sym>,
    /// The other party's name.
    pub customer_name: Option<Sym>,
    /// The line's name.
    pub account_name: Option<Sym>,
    /// The provider's id of the customer.
    pub customer_ref: Option<Sym>,
    /// The provider's id of the conversation.
    pub chat_ref: Option<Sym>,
    /// What runs behind the provider's interface.
    pub engine: Option<Sym>,
    /// ISO 3166 alpha-2, where the payload says it.
    pub country: Option<Sym>,
    /// The payload's `metadata` as one line of JSON with sorted keys.
    pub metadata: Option<Sym>,
    /// When it happened.
    pub at: Option<i64>,
    /// When the call ended, where the payload says that apart from `at`.
    pub ended_at: Option<i64>,
    /// Talk time of an accepted call.
    pub talk_ms: Option<i64>,
    /// When the capture got it.
    pub received_at: Option<i64>,
    /// Where it stands.
    pub origin: Origin,
}

/// One reaction to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reaction {
    /// Who sent it.
    pub provider: Provider,
    /// The conversation.
    pub chat: Sym,
    /// The message that it belongs to; a call's id if that message is a call.
    pub message: Sym,
    /// The emoji.
    pub emoji: Sym,
    /// Who reacted, where known.
    pub reactor: Option<Sym>,
    /// Set, or else cleared.
    pub set: bool,
    /// When.
    pub at: i64,
    /// The count of this emoji in the payload's newest tally, where it holds one.
    pub tally: Option<u64>,
    /// Where it stands.
    pub origin: Origin,
}
