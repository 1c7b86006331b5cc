//! What every figure means: one entry for each column of each report and each line of the books.
//!
//! Headings of tables, `callsift define`, `callsift explain` and the table at the end of
//! `docs/metrics.md` are made from this list, so a figure that a report adds is described here first.

use sha2::{Digest, Sha256};

use crate::section::{Column, Piece, Shown, hex, say};

/// The definition of one figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The key of its column; of the books the dotted path to it.
    pub id: &'static str,
    /// The heading over its column in tables.
    pub title: &'static str,
    /// What is counted or measured.
    pub unit: &'static str,
    /// The rule in words, with other figures in backticks.
    pub formula: &'static str,
    /// Of a quotient the columns whose sum stands above the line.
    pub numerator: &'static [&'static str],
    /// Of a quotient the columns whose sum stands below the line.
    pub denominator: &'static [&'static str],
    /// Where the rule comes from.
    pub source: &'static str,
    /// The commands that show it.
    pub reports: &'static [&'static str],
}

const PAYLOAD: &str = "the payload";
const DOCUMENTED: &str = "provider documentation";
const INPUT: &str = "the input";

/// What most figures have in common: they are no quotient, and the rule is ours.
const OURS: Figure = Figure {
    id: "",
    title: "",
    unit: "",
    formula: "",
    numerator: &[],
    denominator: &[],
    source: "callsift's own convention",
    reports: &[],
};

/// The commands that keep books.
const EVERY: &[&str] = &[
    "report",
    "kpi",
    "frustration",
    "avoidance",
    "anomalies",
    "orphans",
    "sessions",
    "rejections",
    "timeline",
    "callbacks",
    "reactions",
    "events",
    "inspect",
    "explain",
    "contacts",
    "compare",
    "check",
];

/// Every figure.
pub static FIGURES: &[Figure] = &[
    // What every row can name: who, where, which call.
    Figure {
        id: "provider",
        title: "Provider",
        unit: "word",
        formula: "Who sent the event: wawp (and servers with its envelope, such as WAHA), doubletick, \
            wazzap or timelinesai. Recognised by the event's name and the absence of another provider's \
            marks.",
        source: DOCUMENTED,
        reports: &[
            "sessions",
            "rejections",
            "kpi",
            "anomalies",
            "orphans",
            "timeline",
            "events",
            "explain",
            "inspect",
            "callbacks",
            "report",
            "contacts",
            "compare",
        ],
        ..OURS
    },
    Figure {
        id: "instance",
        title: "Instance",
        unit: "text",
        formula: "The business line: Wawp session, DoubleTick wabaNumber, TimelinesAI \
            whatsapp_account.whatsapp_account_wid. Wazzap names none: there it is the first --source \
            pattern that matches the file or the posted path, else --instance-name, else -.",
        source: PAYLOAD,
        reports: &[
            "sessions",
            "rejections",
            "kpi",
            "anomalies",
            "orphans",
            "timeline",
            "events",
            "explain",
            "inspect",
            "callbacks",
            "report",
            "contacts",
            "compare",
        ],
        ..OURS
    },
    Figure {
        id: "account",
        title: "Account",
        unit: "text",
        formula: "The number of the line where the payload gives it: Wawp me.id, DoubleTick wabaNumber, \
            TimelinesAI whatsapp_account.phone, spelt like `customer`. Of a session that of its deciding \
            event, else of its earliest event that has one. As a key of groups - where nobody says it.",
        source: PAYLOAD,
        reports: &["sessions", "rejections", "kpi", "events", "explain", "contacts"],
        ..OURS
    },
    Figure {
        id: "call_id",
        title: "Call id",
        unit: "text",
        formula: "The provider's id of the call: Wawp payload.id, DoubleTick callId, TimelinesAI \
            call_details.message_uid. Wazzap has none.",
        source: PAYLOAD,
        reports: &[
            "sessions",
            "rejections",
            "anomalies",
            "orphans",
            "timeline",
            "events",
            "explain",
            "report",
        ],
        ..OURS
    },
    Figure {
        id: "direction",
        title: "Direction",
        unit: "word",
        formula: "incoming: a customer called; outgoing: the business did. Of a session the first \
            offer's, else the deciding event's.",
        source: PAYLOAD,
        reports: &["sessions", "rejections", "timeline", "events", "explain", "inspect"],
        ..OURS
    },
    Figure {
        id: "customer",
        title: "Customer",
        unit: "text",
        formula: "The other party, in one spelling: + and the digits of the number, +521 and ten digits \
            folded to +52, +549 and ten digits to +54, and a 9 put into Brazilian mobile numbers that lack \
            it; lid: and digits for a hidden identity that nothing resolves; anything else as it was sent. \
            `events` shows it as it was sent. Missing where nobody is named and for groups.",
        source: PAYLOAD,
        reports: &[
            "sessions",
            "rejections",
            "frustration",
            "avoidance",
            "anomalies",
            "orphans",
            "events",
            "explain",
            "callbacks",
            "report",
            "contacts",
        ],
        ..OURS
    },
    Figure {
        id: "customer_name",
        title: "Name",
        unit: "text",
        formula: "The customer's name. Of a session and an event: DoubleTick customerName, TimelinesAI \
            full_name of the caller or recipient. In a row for a customer: the customers file's, else the \
            latest that a session has.",
        source: PAYLOAD,
        reports: &[
            "sessions",
            "rejections",
            "frustration",
            "events",
            "explain",
            "callbacks",
            "report",
            "contacts",
            "avoidance",
        ],
        ..OURS
    },
    Figure {
        id: "customer_ref",
        title: "Customer ref",
        unit: "text",
        formula: "The provider's own id of the customer: DoubleTick customerId.",
        source: PAYLOAD,
        reports: &["sessions", "rejections", "events", "explain"],
        ..OURS
    },
    Figure {
        id: "chat_ref",
        title: "Chat ref",
        unit: "text",
        formula: "The provider's id of the conversation: DoubleTick chatId, TimelinesAI chat.chat_id.",
        source: PAYLOAD,
        reports: &["sessions", "rejections", "events", "explain"],
        ..OURS
    },
    Figure {
        id: "account_id",
        title: "Account id",
        unit: "text",
        formula: "The customer's account in the business's own books: column account_id of the customers \
            file.",
        source: "the customers file",
        reports: &["sessions", "rejections", "explain", "contacts"],
        ..OURS
    },
    Figure {
        id: "agent",
        title: "Agent",
        unit: "text",
        formula: "Who had to do with the call: the label that a payload names, else who had the line at \
            `started_at` by the roster, else the key of Wawp's metadata given with --agent-from-metadata; \
            then renamed by the agents file. (unassigned) where none of them says.",
        reports: &[
            "sessions",
            "rejections",
            "kpi",
            "anomalies",
            "orphans",
            "timeline",
            "explain",
            "callbacks",
            "report",
            "compare",
        ],
        ..OURS
    },
    Figure {
        id: "agent_source",
        title: "Agent from",
        unit: "word",
        formula: "How the agent of a session is known. payload: an event of the call names one; roster: \
            the roster says who had the line at `started_at`; metadata: the key given with \
            --agent-from-metadata; none: nobody says. The first that fits, in this order.",
        reports: &["sessions", "rejections", "kpi", "explain"],
        ..OURS
    },
    Figure {
        id: "team",
        title: "Team",
        unit: "text",
        formula: "The agent's team: column team of the agents file; - without one.",
        source: "the agents file",
        reports: &["kpi"],
        ..OURS
    },
    Figure {
        id: "engine",
        title: "Engine",
        unit: "text",
        formula: "What runs behind the provider's interface, where the payload says: Wawp engine. As a \
            key of groups - where nobody says it.",
        source: PAYLOAD,
        reports: &["sessions", "rejections", "kpi", "events", "explain", "inspect"],
        ..OURS
    },
    Figure {
        id: "country",
        title: "Country",
        unit: "text",
        formula: "The customer's country in two letters (ISO 3166 alpha-2): the payload's, else that of \
            the number's calling code. As a key of groups unknown where neither says it; `events` shows \
            only the payload's.",
        source: "the payload, else the ITU calling code",
        reports: &["sessions", "rejections", "kpi", "frustration", "events", "explain", "report"],
        ..OURS
    },
    Figure {
        id: "video",
        title: "Video",
        unit: "yes or no",
        formula: "Whether it was a video call. Of a session: the first offer that says, else the earliest \
            event that does. Missing, or unknown as a key of groups, where none says.",
        source: PAYLOAD,
        reports: &["sessions", "rejections", "kpi", "timeline", "events", "explain"],
        ..OURS
    },
    Figure {
        id: "group",
        title: "Group call",
        unit: "yes or no",
        formula: "Whether it was a call of a group. Of a session: yes if any event says so, no if any \
            denies it and none says so, else missing.",
        source: PAYLOAD,
        reports: &["sessions", "rejections", "timeline", "events", "explain"],
        ..OURS
    },
    // A session and how it came out.
    Figure {
        id: "session_id",
        title: "Session",
        unit: "text",
        formula: "The first 16 hexadecimal digits of the SHA-256 of `provider`, `instance`, `direction`, \
            `call_id` (else `customer`) and `started_at` in Unix milliseconds (else nothing), joined by the \
            character U+001F. In `reactions` and timelines the session of the call that a reaction points \
            at, of an open episode that of its first call.",
        source: "SHA-256, FIPS 180-4",
        reports: &["sessions", "rejections", "timeline", "reactions", "explain", "callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "outcome",
        title: "Outcome",
        unit: "word",
        formula: "answered: the session holds an accepted event, whatever comes after; rejected: else it \
            holds a rejected one; missed: else it holds a missed one, or only offers and the watermark is \
            the ring timeout (60 s) or more past the first (cause inferred); ringing: only offers, and the \
            watermark is less than that past the first, so not yet known and in no rate. Missing for a \
            session without any time that holds no end.",
        reports: &["sessions", "rejections", "timeline", "explain"],
        ..OURS
    },
    Figure {
        id: "cause",
        title: "Cause",
        unit: "word",
        formula: "Why an end is what it is, from the event that decided. declined: the payload says that \
            somebody declined; policy: the server's own interface declined; reported: the provider says \
            rejected or missed, not by whom or why; timeout: it rang out; ended_unanswered: it ended before \
            anybody answered; failed: the provider marks it as failed; inferred: no end came within the \
            ring timeout. Missing for answered calls.",
        source: DOCUMENTED,
        reports: &["sessions", "rejections", "timeline", "events", "explain"],
        ..OURS
    },
    Figure {
        id: "declined_by",
        title: "Declined by",
        unit: "word",
        formula: "Who declined a rejected call, the first that fits. customer: an outgoing call; policy: \
            `cause` is policy; instant: `ring_ms` is below --instant-ms (1000), too fast for a hand, so \
            perhaps a rule or an app; agent: `cause` is declined; unknown: `cause` is reported, behind \
            which a caller who hung up can be.",
        reports: &["sessions", "rejections", "timeline", "explain"],
        ..OURS
    },
    Figure {
        id: "started_at",
        title: "Started",
        unit: "instant",
        formula: "The first offer with a time, else the earliest event with a time.",
        source: DOCUMENTED,
        reports: &["sessions", "rejections", "explain"],
        ..OURS
    },
    Figure {
        id: "offered_at",
        title: "Offered",
        unit: "instant",
        formula: "When the call was first offered.",
        source: DOCUMENTED,
        reports: &["sessions", "rejections", "explain"],
        ..OURS
    },
    Figure {
        id: "decided_at",
        title: "Decided",
        unit: "instant",
        formula: "When the deciding event happened: the earliest event of the kind that decides \
            `outcome`. Missing for calls that are ringing or missed by inference.",
        source: DOCUMENTED,
        reports: &["sessions", "rejections", "explain"],
        ..OURS
    },
    Figure {
        id: "ended_at",
        title: "Ended",
        unit: "instant",
        formula: "When the call was over. Of an event: where its payload says that apart from `at` \
            (DoubleTick callEndedAt). Of an answered session: the latest of those and of rejected or missed \
            events after the accept, else missing; of any other session: `decided_at`.",
        source: DOCUMENTED,
        reports: &["sessions", "rejections", "events", "explain"],
        ..OURS
    },
    Figure {
        id: "ring_ms",
        title: "Rang",
        unit: "milliseconds",
        formula: "`decided_at` - `offered_at`; missing unless both are there, by the same clock (provider \
            or receiver), not negative, and neither event is replayed.",
        reports: &["sessions", "rejections", "timeline", "explain"],
        ..OURS
    },
    Figure {
        id: "rings",
        title: "Rings",
        unit: "events",
        formula: "Offers of the session: one long ring can announce itself several times.",
        reports: &["sessions", "rejections", "explain"],
        ..OURS
    },
    Figure {
        id: "skipped_agents",
        title: "Skipped",
        unit: "events",
        formula: "Agents whom DoubleTick passed over (CALL_NOT_PICKED), counted one by one: their repeats \
            are alike and no duplicates.",
        source: DOCUMENTED,
        reports: &["sessions", "rejections", "explain"],
        ..OURS
    },
    Figure {
        id: "talk_ms",
        title: "Talked",
        unit: "milliseconds",
        formula: "Talk time as the payload of an accepted event says: DoubleTick durationInSeconds, \
            TimelinesAI call_details.duration, in milliseconds, cut; 0 is no value. Of a session the \
            deciding event's, else that of the earliest event that has it.",
        source: PAYLOAD,
        reports: &["sessions", "rejections", "timeline", "events", "explain"],
        ..OURS
    },
    Figure {
        id: "orphan",
        title: "Orphan",
        unit: "word",
        formula: "Why an end stands without its call; missing for all other sessions. An orphan is a \
            session with an end but no offer, of a feed that announces offers: every Wawp and Wazzap feed, \
            and any other in which the input holds one. The first that fits: other_instance: the same \
            provider and call id was offered on another instance; no_offers_captured: the feed holds no \
            offer at all; capture_edge: `started_at` is less than 60 s after the feed's earliest event that \
            is not replayed, so the offer may predate the dump; no_offers_captured again: it started before \
            every session of the feed that holds an offer; network_anomaly: the offer was lost on the way.",
        reports: &["sessions", "rejections", "timeline", "explain"],
        ..OURS
    },
    Figure {
        id: "rated",
        title: "Rated",
        unit: "yes, no or a word",
        formula: "Of a session whether rates count sessions of its kind: it has a start, its feed is \
            rated, and if it is an orphan, its class is no_offers_captured and the feed shows answers and \
            misses. Group calls and `ringing` ones are left out of rates apart from this. Of a feed yes if \
            it shows rejections, and either offers or both answers and misses, or if --feed-complete names \
            it; else the word of `unrated_reason`.",
        reports: &["sessions", "rejections", "explain", "inspect"],
        ..OURS
    },
    Figure {
        id: "anomalies",
        title: "Anomalies",
        unit: "list of words",
        formula: "What is odd about the session: every `kind` of anomaly that it shows.",
        reports: &["sessions", "rejections", "explain"],
        ..OURS
    },
    Figure {
        id: "evidence",
        title: "Evidence",
        unit: "list of places",
        formula: "The file and line of each event; of an event also which body of its line it was, \
            counted from 0.",
        source: INPUT,
        reports: &["sessions", "rejections", "events", "explain"],
        ..OURS
    },
    // Parts of time, as keys of groups: of `started_at` in --tz.
    Figure {
        id: "month",
        title: "Month",
        unit: "period",
        formula: "The month of `started_at` in --tz: 2026-05.",
        reports: &["kpi"],
        ..OURS
    },
    Figure {
        id: "week",
        title: "Week",
        unit: "period",
        formula: "The ISO 8601 week of `started_at` in --tz, which begins on Monday: 2026-W19.",
        source: "ISO 8601",
        reports: &["kpi"],
        ..OURS
    },
    Figure {
        id: "day",
        title: "Day",
        unit: "period",
        formula: "The date of `started_at` in --tz: 2026-05-04.",
        reports: &["kpi"],
        ..OURS
    },
    Figure {
        id: "weekday",
        title: "Weekday",
        unit: "period",
        formula: "The weekday of `started_at` in --tz, from 1-Mon to 7-Sun.",
        reports: &["kpi"],
        ..OURS
    },
    Figure {
        id: "hour",
        title: "Hour",
        unit: "period",
        formula: "The hour of `started_at` in --tz, from 00 to 23.",
        reports: &["kpi"],
        ..OURS
    },
    // Rates of a group: over sessions of one direction that have a start, are no group call (unless
    // --include-group) and no orphan of another class than no_offers_captured.
    Figure {
        id: "calls",
        title: "Calls",
        unit: "sessions",
        formula: "`resolved` + `ringing` + `unrated`. In a row for an open episode the unanswered calls of the \
            episode.",
        reports: &["kpi", "callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "resolved",
        title: "Resolved",
        unit: "sessions",
        formula: "`answered` + `rejected` + `missed`: the calls whose outcome is known, of rated feeds.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "answered",
        title: "Answered",
        unit: "sessions",
        formula: "Sessions whose `outcome` is answered: in rates those of rated feeds, in a row for a \
            customer the attempts, in one for a called customer the outgoing calls.",
        reports: &["kpi", "frustration", "avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "rejected",
        title: "Rejected",
        unit: "sessions",
        formula: "Sessions whose `outcome` is rejected: in rates those of rated feeds, of outgoing calls \
            by the customer, in a row for a customer the attempts, in one for a called customer the \
            outgoing calls. In a row for a feed its events of that kind.",
        reports: &["kpi", "frustration", "avoidance", "report", "inspect"],
        ..OURS
    },
    Figure {
        id: "missed",
        title: "Missed",
        unit: "sessions",
        formula: "Sessions whose `outcome` is missed, as reported or by inference: in rates those of \
            rated feeds, in a row for a customer the attempts, in one for a called customer the outgoing \
            calls. In a row for a feed its events of that kind.",
        reports: &["kpi", "frustration", "avoidance", "report", "inspect"],
        ..OURS
    },
    Figure {
        id: "missed_inferred",
        title: "Inferred",
        unit: "sessions",
        formula: "The part of `missed` whose `cause` is inferred: no end was seen, and the ring timeout \
            has passed.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "ringing",
        title: "Ringing",
        unit: "sessions",
        formula: "Sessions whose `outcome` is ringing, not yet known where the input ends: in rates those \
            of rated feeds, in a row for a customer the attempts, in one for a called customer the outgoing \
            calls. In no rate.",
        reports: &["kpi", "frustration", "avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "rejection_rate",
        title: "Rejection rate",
        unit: "share, 0 to 1",
        formula: "`rejected` / `resolved`; missing where `resolved` is 0.",
        numerator: &["rejected"],
        denominator: &["resolved"],
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "rejection_rate_low",
        title: "Low",
        unit: "share, 0 to 1",
        formula: "The lower bound of Wilson's score interval, 95 %, of `rejected` in `resolved`: with p = \
            `rejected` / n, n = `resolved` and z = 1.959963984540054, (p + z²/2n - z × √(p(1 - p)/n + \
            z²/4n²)) / (1 + z²/n). Missing where `resolved` is 0.",
        numerator: &["rejected"],
        denominator: &["resolved"],
        source: "Wilson 1927",
        reports: &["kpi", "report"],
    },
    Figure {
        id: "rejection_rate_high",
        title: "High",
        unit: "share, 0 to 1",
        formula: "The upper bound of Wilson's score interval, 95 %, of `rejected` in `resolved`: with p = \
            `rejected` / n, n = `resolved` and z = 1.959963984540054, (p + z²/2n + z × √(p(1 - p)/n + \
            z²/4n²)) / (1 + z²/n). Missing where `resolved` is 0.",
        numerator: &["rejected"],
        denominator: &["resolved"],
        source: "Wilson 1927",
        reports: &["kpi", "report"],
    },
    Figure {
        id: "policy_rejected",
        title: "By policy",
        unit: "sessions",
        formula: "The part of `rejected` whose `declined_by` is policy.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "instant_rejected",
        title: "Instantly",
        unit: "sessions",
        formula: "The part of `rejected` whose `declined_by` is instant.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "confirmed_rejected",
        title: "By agent",
        unit: "sessions",
        formula: "The part of `rejected` whose `declined_by` is agent: the payload says so.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "reported_rejected",
        title: "As reported",
        unit: "sessions",
        formula: "The part of `rejected` whose `declined_by` is unknown. The four parts add up to \
            `rejected`.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "personal_rate_low",
        title: "Personal low",
        unit: "share, 0 to 1",
        formula: "`confirmed_rejected` / (`resolved` - `policy_rejected` - `instant_rejected` - \
            `reported_rejected`): only what the payload lays at a person's door. What is left below is \
            `answered` + `missed` + `confirmed_rejected`. Missing where that is 0.",
        numerator: &["confirmed_rejected"],
        denominator: &["answered", "missed", "confirmed_rejected"],
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "personal_rate_high",
        title: "Personal high",
        unit: "share, 0 to 1",
        formula: "(`rejected` - `policy_rejected`) / (`resolved` - `policy_rejected`): everything but \
            policy. Missing where `resolved` - `policy_rejected` is 0.",
        numerator: &["instant_rejected", "confirmed_rejected", "reported_rejected"],
        denominator: &["answered", "missed", "instant_rejected", "confirmed_rejected", "reported_rejected"],
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "answer_rate",
        title: "Answer rate",
        unit: "share, 0 to 1",
        formula: "`answered` / `resolved`; missing where `resolved` is 0, and unless every rated feed of \
            the group shows answers.",
        numerator: &["answered"],
        denominator: &["resolved"],
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "bh_resolved",
        title: "In hours",
        unit: "sessions",
        formula: "The part of `resolved` that started in business hours (--business-hours in --tz, no \
            holiday; an instance's own, where the configuration gives it any). Missing without a zone.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "bh_rejected",
        title: "Rej. in hours",
        unit: "sessions",
        formula: "The part of `rejected` that started in business hours. Missing without a zone.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "bh_policy_rejected",
        title: "Pol. in hours",
        unit: "sessions",
        formula: "The part of `policy_rejected` that started in business hours. Missing without a zone.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "bh_rejection_rate",
        title: "Rate in hours",
        unit: "share, 0 to 1",
        formula: "`bh_rejected` / `bh_resolved`; missing where `bh_resolved` is 0. Missing without a zone.",
        numerator: &["bh_rejected"],
        denominator: &["bh_resolved"],
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "flag",
        title: "Flag",
        unit: "word",
        formula: "With n = `bh_resolved` - `bh_policy_rejected`. high_rejection: n is --min-calls (10) or \
            more and (`bh_rejected` - `bh_policy_rejected`) / n is --flag-rate (0.8) or more; policy: else \
            `bh_resolved` is --min-calls or more and `bh_rejection_rate` is --flag-rate or more, so the \
            server's own rule makes the rate. Else missing. Missing without a zone.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "days_rated",
        title: "Days rated",
        unit: "days",
        formula: "Days in --tz (an instance's own zone, where the configuration gives it one) with three or \
            more of `bh_resolved`. Missing without a zone.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "days_over",
        title: "Days over",
        unit: "days",
        formula: "Those of `days_rated` whose own `bh_rejection_rate` is at or over --flag-rate (0.8). \
            Missing without a zone.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "consistent",
        title: "Consistent",
        unit: "yes or no",
        formula: "Yes if `days_rated` is 3 or more and 2 × `days_over` is `days_rated` or more. Missing \
            without a zone.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "ring_p50_ms",
        title: "Ring p50",
        unit: "milliseconds",
        formula: "Percentile 50 of `ring_ms` of `rejected`, policy and instant left out: how long a \
            caller waits for a rejection. Of n sorted values number (50 × n + 99) div 100, counted from 1. \
            Missing without values.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "ring_p90_ms",
        title: "Ring p90",
        unit: "milliseconds",
        formula: "Percentile 90 of `ring_ms` of `rejected`, policy and instant left out: how long a \
            caller waits for a rejection. Of n sorted values number (90 × n + 99) div 100, counted from 1. \
            Missing without values.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "ring_p95_ms",
        title: "Ring p95",
        unit: "milliseconds",
        formula: "Percentile 95 of `ring_ms` of `rejected`, policy and instant left out: how long a \
            caller waits for a rejection. Of n sorted values number (95 × n + 99) div 100, counted from 1. \
            Missing without values.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "answer_p50_ms",
        title: "Answer p50",
        unit: "milliseconds",
        formula: "Percentile 50 of `ring_ms` of `answered`: of n sorted values number (50 × n + 99) div \
            100, counted from 1.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "talk_p50_ms",
        title: "Talk p50",
        unit: "milliseconds",
        formula: "Percentile 50 of `talk_ms` of `answered`: of n sorted values number (50 × n + 99) div \
            100, counted from 1.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "unique_callers",
        title: "Callers",
        unit: "customers",
        formula: "Distinct known customers among `calls`.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "video_calls",
        title: "Video",
        unit: "sessions",
        formula: "Sessions whose `video` is yes: in rates among `calls`, in a row for a customer among \
            `attempts`.",
        reports: &["kpi", "frustration", "report"],
        ..OURS
    },
    Figure {
        id: "group_calls",
        title: "Groups",
        unit: "sessions",
        formula: "Sessions of group calls that are left out of all other figures; 0 with --include-group.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "top_caller_share",
        title: "Top caller",
        unit: "share, 0 to 1",
        formula: "The most of `rejected` that are of one known customer, divided by `rejected`. Missing \
            where none of the rejected has a known customer.",
        numerator: &["rejected"],
        denominator: &["rejected"],
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "orphaned",
        title: "Orphaned",
        unit: "sessions",
        formula: "Orphans (see `orphan`). In rates: those of another class than no_offers_captured, which \
            are in no other figure of the group. By line: all orphans among `rejections`.",
        reports: &["kpi", "anomalies", "orphans", "report"],
        ..OURS
    },
    Figure {
        id: "orphaned_rejections",
        title: "Orph. rejected",
        unit: "sessions",
        formula: "The part of `orphaned` whose `outcome` is rejected.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "rejection_rate_with_orphans",
        title: "With orphans",
        unit: "share, 0 to 1",
        formula: "(`rejected` + `orphaned_rejections`) / (`resolved` + `orphaned_rejections`): what the \
            rate would be if they counted.",
        numerator: &["rejected", "orphaned_rejections"],
        denominator: &["resolved", "orphaned_rejections"],
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "unrated",
        title: "Unrated",
        unit: "sessions",
        formula: "Sessions of feeds that are not rated, so that no rate can be had from them.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "unrated_rejected",
        title: "Unrated rej.",
        unit: "sessions",
        formula: "The part of `unrated` whose `outcome` is rejected.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "unrated_reason",
        title: "Why unrated",
        unit: "word",
        formula: "Why sessions are `unrated`. calls_not_shown: rejections without the calls that they are \
            a share of; rejections_not_shown: no rejection is ever seen, which is not a rate of 0; mixed: \
            both occur in the group. Missing where `unrated` is 0.",
        reports: &["kpi", "report"],
        ..OURS
    },
    Figure {
        id: "verdict",
        title: "Verdict",
        unit: "word",
        formula: "Whether a row differs from its peers: rows by agent with the same main `agent_source`, \
            or all rows by instance; only those with n = `resolved` - `policy_rejected` of \
            --min-verdict-calls (20) or more take part. With x = `rejected` - `policy_rejected` and X, N \
            the sums over the k rows that take part, P is the exact hypergeometric chance of x or more \
            rejections in n calls drawn from N of which X were rejected, q is P corrected over the k rows. \
            Outlying: q is 0.05 or less and x/n is 1.25 × (X - x)/(N - n) or more. The first that fits: \
            missing: (unassigned), or `resolved` is 0; not_enough_calls: n is too small; no_peers: k is \
            below 3; concentrated: outlying, but `top_caller_share` is over 0.3; outlier: outlying, and \
            still so with x = `confirmed_rejected` and n = `resolved` - `policy_rejected` - \
            `instant_rejected` - `reported_rejected` in all rows; unconfirmed: outlying only while \
            rejections without a named decliner count; watch: P is 0.05 or less; not_distinguishable: no \
            evidence, which is not proof of innocence.",
        numerator: &["instant_rejected", "confirmed_rejected", "reported_rejected"],
        denominator: &["answered", "missed", "instant_rejected", "confirmed_rejected", "reported_rejected"],
        source: "Fisher's exact test; Benjamini and Hochberg 1995",
        reports: &["kpi", "report"],
    },
    // Anomalies and incidents.
    Figure {
        id: "kind",
        title: "Kind",
        unit: "word",
        formula: "Of an event: offered, accepted, rejected, missed, skipped (an agent passed over) or \
            reaction. Of an anomaly: orphaned_rejection: an orphan whose `outcome` is rejected; \
            orphaned_accept, orphaned_miss: the other orphans, except of class no_offers_captured; \
            late_rejection: rejected more than the ring timeout after the first offer, by the same clock, \
            neither replayed; out_of_order: the deciding event lies before the first offer, by the same \
            clock; conflicting_end: both rejected and missed, or a rejection before some accept; \
            id_collision: offers of one call id by two or more customers; id_reuse: the call id had been \
            silent for more than 24 h; late_delivery: received more than 60 s after it was sent, and not \
            replayed; clock_skew: received more than 5 s before it was sent; replayed: the provider sent an \
            event again more than 60 s after it happened.",
        reports: &["anomalies", "orphans", "events", "explain", "report"],
        ..OURS
    },
    Figure {
        id: "class",
        title: "Class",
        unit: "word",
        formula: "The class of an orphan, as in `orphan`: other_instance, no_offers_captured, \
            capture_edge or network_anomaly. Missing for sessions that are none.",
        reports: &["anomalies", "orphans", "report"],
        ..OURS
    },
    Figure {
        id: "at",
        title: "At",
        unit: "instant",
        formula: "When it happened, by the provider's clock, else when the capture received it. Of an \
            anomaly the time of the event that shows it; in a timeline the start of the call or the time of \
            the reaction.",
        source: DOCUMENTED,
        reports: &["anomalies", "orphans", "timeline", "events", "explain", "report"],
        ..OURS
    },
    Figure {
        id: "file",
        title: "File",
        unit: "text",
        formula: "The file in which the event was read, as it was named; - for standard input.",
        source: INPUT,
        reports: &["anomalies", "orphans", "explain", "report"],
        ..OURS
    },
    Figure {
        id: "line",
        title: "Line",
        unit: "number",
        formula: "The line of the file, counted from 1; of an array of bodies the element.",
        source: INPUT,
        reports: &["anomalies", "orphans", "explain", "report"],
        ..OURS
    },
    Figure {
        id: "rejections",
        title: "Rejections",
        unit: "sessions",
        formula: "Incoming sessions with a start whose `outcome` is rejected, on the line, orphans and \
            unrated ones included; in an incident only those that started from `first_at` to `last_at`.",
        reports: &["anomalies", "orphans", "report"],
        ..OURS
    },
    Figure {
        id: "lost",
        title: "Lost",
        unit: "sessions",
        formula: "Those of `rejections` that are orphans of class network_anomaly or other_instance: \
            their offer did not arrive where it should.",
        reports: &["anomalies", "orphans", "report"],
        ..OURS
    },
    Figure {
        id: "orphan_rate",
        title: "Orphan rate",
        unit: "share, 0 to 1",
        formula: "`lost` / `rejections`; missing where `rejections` is 0.",
        numerator: &["lost"],
        denominator: &["rejections"],
        reports: &["anomalies", "orphans", "report"],
        ..OURS
    },
    Figure {
        id: "first_at",
        title: "First",
        unit: "instant",
        formula: "Of an incident the first `started_at`, of a feed the first `at` of its events, of a finding \
            the start of the first of `session_ids`.",
        reports: &["anomalies", "orphans", "report", "inspect", "contacts"],
        ..OURS
    },
    Figure {
        id: "last_at",
        title: "Last",
        unit: "instant",
        formula: "Of an incident the last `started_at`; of a feed the last `at` of its events, those left \
            out that lie more than 5 s after their own time of receipt; of a finding the start of the last of \
            `session_ids`.",
        reports: &["anomalies", "orphans", "report", "inspect", "contacts"],
        ..OURS
    },
    Figure {
        id: "orphans",
        title: "Orphans",
        unit: "sessions",
        formula: "Orphans. In an incident: its incoming rejected orphans of class network_anomaly on one \
            line, each at most 5 minutes after the one before; three or more make an incident.",
        reports: &["anomalies", "orphans", "report"],
        ..OURS
    },
    // Frustration: over the attempts of a customer.
    Figure {
        id: "rank",
        title: "Rank",
        unit: "number",
        formula: "The place among all customers by `score`, `peak_attempts`, `attempts`, \
            `last_attempt_at`, the greatest first, then by `customer`.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "attempts",
        title: "Attempts",
        unit: "sessions",
        formula: "Incoming sessions of the customer with a start, no group call, orphans and unrated ones \
            included. Sessions of one customer, provider and call id on several instances are one attempt: \
            answered if one was, else rejected if one was, else missed if one was.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "peak_attempts",
        title: "In window",
        unit: "attempts",
        formula: "The most of `attempts` that started within one window of --window (10 minutes), both \
            ends included.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "peak_weight",
        title: "Weight",
        unit: "weight",
        formula: "The greatest sum of weights within one window of --window (10 minutes), both ends \
            included: rejected 1.5, missed 1.0, ringing 1.0, answered 0.5.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "score",
        title: "Score",
        unit: "points, 0 to 100",
        formula: "min(100, 100 × `peak_weight` / --threshold (5)), rounded half up to one decimal.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "level",
        title: "Level",
        unit: "word",
        formula: "priority_1: `peak_attempts` is 5 or more, or `score` is 100; high: `score` is 60 or \
            more; elevated: `score` is 30 or more; calm: less.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "priority_1_by",
        title: "By",
        unit: "word",
        formula: "Why the `level` is priority_1. attempts: `peak_attempts` is 5 or more; weight: else. \
            Missing below priority_1.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "peak_started_at",
        title: "Peak from",
        unit: "instant",
        formula: "Of the windows that reach `peak_weight` the one that starts first, and of those the \
            shortest: its first start.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "peak_ended_at",
        title: "Peak to",
        unit: "instant",
        formula: "The last start in the window of `peak_started_at`.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "current_score",
        title: "Score now",
        unit: "points, 0 to 100",
        formula: "The `score` of the one window that ends at the `watermark`.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "longest_streak",
        title: "Streak",
        unit: "attempts",
        formula: "The most of `attempts` in a row, by start, that were not answered.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "unresolved",
        title: "Unresolved",
        unit: "word",
        formula: "no: the last attempt was answered, or an answered outgoing session to the customer \
            started after it; unknown: it is ringing, or missed by inference on a feed that does not show \
            answers; yes: else.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "redirects_due",
        title: "Redirects",
        unit: "messages",
        formula: "Redirect messages that a bot should have sent: per provider and instance, in order of \
            start, one for an attempt unless one was due less than --debounce (2 minutes) before.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "instances",
        title: "Lines",
        unit: "lines",
        formula: "Distinct pairs of `provider` and `instance` among `attempts`, each attempt with that of \
            its earliest session.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "first_attempt_at",
        title: "First call",
        unit: "instant",
        formula: "The start of the first of `attempts`.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "last_attempt_at",
        title: "Last call",
        unit: "instant",
        formula: "The start of the last of `attempts`.",
        reports: &["frustration", "report"],
        ..OURS
    },
    Figure {
        id: "vip",
        title: "VIP",
        unit: "yes or no",
        formula: "Whether the customers file marks the customer as vip.",
        source: "the customers file",
        reports: &["frustration", "callbacks", "report"],
        ..OURS
    },
    // Callbacks. An episode is a customer's unanswered calls up to the next contact.
    Figure {
        id: "episodes",
        title: "Episodes",
        unit: "episodes",
        formula: "Episodes whose first call has this `agent`, `provider` and `instance`. An episode is a \
            customer's unanswered calls up to the next contact, over the calls of all lines. Unanswered: \
            incoming sessions whose `outcome` is rejected or missed, with a start and a known `customer`, \
            group calls left out, orphans and policy included. The clock of one starts at `decided_at`, \
            else at `offered_at` plus --ring-timeout, else at `started_at`. Contacts: outgoing sessions to \
            the customer and answered sessions of either direction, group calls left out. The first contact \
            that starts after the episode opened closes it; a call whose clock starts when that contact \
            does, or later, opens a new one. Missing where no outgoing session of the provider is in the \
            input, unless --callbacks-from any is given.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "calls_in_episodes",
        title: "Calls in them",
        unit: "sessions",
        formula: "The unanswered calls in `episodes`, those on other lines than the first call's included.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "orphan_calls",
        title: "Orphan calls",
        unit: "sessions",
        formula: "Those of the unanswered calls of an episode or of `episodes` that are orphans of any class \
            (see `orphan`): the call was real, whatever was lost of it.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "policy_calls",
        title: "Policy calls",
        unit: "sessions",
        formula: "Those of the unanswered calls of an episode or of `episodes` that the server's own interface \
            declined (`declined_by` policy).",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "pending",
        title: "Pending",
        unit: "episodes",
        formula: "Those of `open` for which there is still time: less than --callback-sla (60 minutes) from \
            the opening to the `watermark`.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "open",
        title: "Open",
        unit: "episodes",
        formula: "Those of `episodes` without a contact in the whole input, `pending` included.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "judged_episodes",
        title: "Judged",
        unit: "episodes",
        formula: "`episodes` - `pending`: those that rates are of.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "attempted",
        title: "Attempted",
        unit: "episodes",
        formula: "Those of `episodes` with an attempt: an outgoing session to the customer, whatever its \
            outcome, that starts after the episode opened; the first, also if another contact came before.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "attempted_within_sla",
        title: "Tried in SLA",
        unit: "episodes",
        formula: "Those of `attempted` whose attempt started at most --callback-sla (60 minutes) after the \
            opening.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "attempted_within_sla_rate",
        title: "Attempt rate",
        unit: "share, 0 to 1",
        formula: "`attempted_within_sla` / `judged_episodes`; missing where `judged_episodes` is 0.",
        numerator: &["attempted_within_sla"],
        denominator: &["judged_episodes"],
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "reached",
        title: "Reached",
        unit: "episodes",
        formula: "Those of `episodes` with a reach: an answered session with the customer, of either \
            direction, that starts after the episode opened; the first, also if another contact came before.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "reached_within_sla",
        title: "Reached in SLA",
        unit: "episodes",
        formula: "Those of `reached` whose answered session started at most --callback-sla (60 minutes) \
            after the opening.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "reached_within_sla_rate",
        title: "Reach rate",
        unit: "share, 0 to 1",
        formula: "`reached_within_sla` / `judged_episodes`; missing where `judged_episodes` is 0.",
        numerator: &["reached_within_sla"],
        denominator: &["judged_episodes"],
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "time_to_attempt_p50_ms",
        title: "Attempt p50",
        unit: "milliseconds",
        formula: "The 50th percentile over `attempted` of the time from the opening to the start of the \
            attempt: value number (50 n + 99) div 100 of n sorted ones.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "time_to_attempt_p90_ms",
        title: "Attempt p90",
        unit: "milliseconds",
        formula: "The 90th percentile of the same times: value number (90 n + 99) div 100.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "opened_at",
        title: "Opened",
        unit: "instant",
        formula: "When the episode opened: when the clock of its first call started (see `episodes`).",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "waiting_ms",
        title: "Waiting",
        unit: "milliseconds",
        formula: "From `opened_at` to the `watermark`; missing where that lies before.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "overdue",
        title: "Overdue",
        unit: "yes or no",
        formula: "Whether --callback-sla (60 minutes) or more have passed from `opened_at` to the \
            `watermark`: an open episode that is not `pending`.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    Figure {
        id: "last_call_at",
        title: "Last call",
        unit: "instant",
        formula: "The latest start of the unanswered calls of the episode.",
        reports: &["callbacks", "report"],
        ..OURS
    },
    // Contact rules: over outgoing calls.
    Figure {
        id: "profile",
        title: "Rules",
        unit: "word",
        formula: "The set of contact rules that was applied, as --rules names it.",
        source: "--rules",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "finding",
        title: "Finding",
        unit: "word",
        formula: "breach: calls outside the calling hours; over_presumption: `count` is over `limit`, which \
            consent, a misdial or a permission given anew can rebut, and no dump shows those; undecidable: \
            what `undecided_by` names is unknown and would matter; pass: neither.",
        source: "`source` of the rule",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "undecided_by",
        title: "Undecided by",
        unit: "word",
        formula: "Of an undecidable finding what is unknown: zone, the customer's (column tz of the customers \
            file); account, which of the customer's accounts the calls were about (column account_id). Zone \
            where both are.",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "zone",
        title: "Zone",
        unit: "IANA zone",
        formula: "The zone of the customer, in which dates and hours are counted: column tz of the customers \
            file, else the one zone of the country of the number. Missing where the rows of the file differ, \
            or the country is unknown or has several.",
        source: "the customers file, zone.tab of the IANA time zone database",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "zone_source",
        title: "Zone by",
        unit: "word",
        formula: "Where `zone` comes from: customers_file, country or none.",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "limit",
        title: "Limit",
        unit: "number",
        formula: "The largest `count` that passes the rule.",
        source: "`source` of the rule",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "session_ids",
        title: "Sessions",
        unit: "list",
        formula: "The calls that show the finding, each by its `session_id`, in order of start: those that \
            `count` counts, and of an attempt after a conversation that conversation too. Of an undecidable \
            finding the calls that may show it.",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "breach",
        title: "Breach",
        unit: "findings",
        formula: "Findings of the rule that are breach.",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "over_presumption",
        title: "Over presump.",
        unit: "findings",
        formula: "Findings of the rule that are over_presumption.",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "undecidable",
        title: "Undecidable",
        unit: "findings",
        formula: "Findings of the rule that are undecidable.",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "pass",
        title: "Pass",
        unit: "findings",
        formula: "Findings of the rule that are pass.",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "words",
        title: "In words",
        unit: "text",
        formula: "What goes against the rule.",
        source: "`source` of the rule",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "source",
        title: "Text",
        unit: "text",
        formula: "The text that the rule is taken from.",
        source: "the text itself",
        reports: &["contacts"],
        ..OURS
    },
    Figure {
        id: "dated",
        title: "Dated",
        unit: "text",
        formula: "The date of the text in `source`.",
        source: "the text itself",
        reports: &["contacts"],
        ..OURS
    },
    // Deliberate avoidance: over the calls to a customer.
    Figure {
        id: "outgoing_calls",
        title: "Calls",
        unit: "sessions",
        formula: "Outgoing sessions to the customer with a start, no group call, orphans and unrated ones \
            included: `answered` + `rejected` + `missed` + `ringing`.",
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "max_rejected_7d",
        title: "In 7 days",
        unit: "sessions",
        formula: "The most rejections by the customer that started within the 7 × 24 hours that end at the \
            start of one of them, both ends included; 0 without a rejection. The windows count rejections of \
            the whole input and end at those that the filters choose.",
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "actions",
        title: "Actions",
        unit: "list",
        formula: "All that the customer's rejections call for, the gravest first. Each calls for \
            switch_to_message; if the stage on its day is late for escalate_senior_officer; and if two or \
            more, itself included, started within the 7 × 24 hours that end at its start, for senior_review \
            (mid), raise_risk (early) or deliberate_avoidance (current or unknown). From the gravest: escalate_senior_officer, \
            senior_review, raise_risk, deliberate_avoidance, switch_to_message.",
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "stage",
        title: "Stage",
        unit: "word",
        formula: "How far behind with payments the customer is on the day, in --tz, of the watermark: \
            current (less than 1 day overdue), early (1 to 30), mid (31 to 60), late (61 and more). By the \
            customers file: since due_date, else days_overdue as counted on the watermark's day or \
            --customers-as-of, else its stage for all time; the worst of several accounts. Missing if \
            unknown, and unknown as a key of groups.",
        source: "the customers file",
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "stage_static",
        title: "Static",
        unit: "yes or no",
        formula: "Whether of any account of the customer nothing but a stage for all time is known, so \
            that it is the same on every day; missing where no stage is known.",
        source: "the customers file",
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "risk",
        title: "Risk",
        unit: "word",
        formula: "The highest of the customer's rejections: low if its stage on the day of the rejection is \
            current or early, medium if mid, high if late; one level up (low, medium, high, critical) where \
            two or more started within the 7 × 24 hours that end at its start. Without a rejection that of `stage`; unknown without a \
            stage.",
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "avoiding_customers",
        title: "Avoid",
        unit: "customers",
        formula: "Customers of the customers file with two or more outgoing calls before the day of their \
            first default (of those who did not default: up to the watermark), who rejected two or more of \
            them within 7 × 24 hours.",
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "avoiding_defaulted",
        title: "Default",
        unit: "customers",
        formula: "Those of `avoiding_customers` with a defaulted_on in the customers file.",
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "avoiding_default_rate",
        title: "Rate",
        unit: "share, 0 to 1",
        formula: "`avoiding_defaulted` / `avoiding_customers`; missing where there are none.",
        numerator: &["avoiding_defaulted"],
        denominator: &["avoiding_customers"],
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "other_customers",
        title: "Others",
        unit: "customers",
        formula: "Customers with as many calls as `avoiding_customers` who did not reject two of them within \
            7 × 24 hours.",
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "other_defaulted",
        title: "Default",
        unit: "customers",
        formula: "Those of `other_customers` with a defaulted_on in the customers file.",
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "other_default_rate",
        title: "Rate",
        unit: "share, 0 to 1",
        formula: "`other_defaulted` / `other_customers`; missing where there are none.",
        numerator: &["other_defaulted"],
        denominator: &["other_customers"],
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "default_ratio",
        title: "Ratio",
        unit: "ratio",
        formula: "`avoiding_default_rate` / `other_default_rate`; missing where in either group nobody or \
            everybody defaulted. An association, not a cause: who defaulted early had less time to reject.",
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "default_ratio_low",
        title: "Low",
        unit: "ratio",
        formula: "The lower end of the 95 % interval of `default_ratio` by the log method: divided by \
            exp(1.959964 × s), s the root of 1 / `avoiding_defaulted` - 1 / `avoiding_customers` + 1 / \
            `other_defaulted` - 1 / `other_customers`.",
        source: "Katz and others, 1978",
        reports: &["avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "default_ratio_high",
        title: "High",
        unit: "ratio",
        formula: "The upper end of that interval (see `default_ratio_low`): multiplied instead of divided.",
        source: "Katz and others, 1978",
        reports: &["avoidance", "report"],
        ..OURS
    },
    // Reactions and timelines.
    Figure {
        id: "chat_id",
        title: "Chat",
        unit: "text",
        formula: "The conversation: TimelinesAI chat.chat_id.",
        source: PAYLOAD,
        reports: &["reactions", "report"],
        ..OURS
    },
    Figure {
        id: "emoji",
        title: "Emoji",
        unit: "text",
        formula: "The emoji of the reaction.",
        source: PAYLOAD,
        reports: &["reactions", "timeline", "events", "report"],
        ..OURS
    },
    Figure {
        id: "set",
        title: "Set",
        unit: "reactions",
        formula: "Reactions with this emoji in this conversation whose action is set, repeats counted \
            once.",
        reports: &["reactions", "report"],
        ..OURS
    },
    Figure {
        id: "cleared",
        title: "Cleared",
        unit: "reactions",
        formula: "Reactions with this emoji in this conversation whose action is clear, repeats counted \
            once.",
        reports: &["reactions", "report"],
        ..OURS
    },
    Figure {
        id: "net",
        title: "Net",
        unit: "reactions",
        formula: "`set` - `cleared`; below zero where the input holds a clearing but not what was cleared.",
        reports: &["reactions", "report"],
        ..OURS
    },
    Figure {
        id: "latest",
        title: "Latest",
        unit: "reactions",
        formula: "The count of this emoji in the newest map of counts that the provider sent for the \
            conversation; missing where it sent none.",
        source: PAYLOAD,
        reports: &["reactions", "report"],
        ..OURS
    },
    Figure {
        id: "what",
        title: "What",
        unit: "word",
        formula: "call or reaction.",
        reports: &["timeline"],
        ..OURS
    },
    Figure {
        id: "action",
        title: "Action",
        unit: "word",
        formula: "Whether a reaction was set or taken back: set, or cleared (in `events` as the provider \
            spells it, clear). In a row for a called customer the gravest of its `actions`; missing if none.",
        source: PAYLOAD,
        reports: &["timeline", "events", "avoidance", "report"],
        ..OURS
    },
    Figure {
        id: "reactor",
        title: "By",
        unit: "text",
        formula: "Who reacted, spelt like `customer`; missing where the provider does not say.",
        source: PAYLOAD,
        reports: &["timeline", "events"],
        ..OURS
    },
    // Normalised events.
    Figure {
        id: "schema",
        title: "Schema",
        unit: "text",
        formula: "The form of the row: callsift.event/1. callsift reads such rows back.",
        reports: &["events"],
        ..OURS
    },
    Figure {
        id: "event",
        title: "Event",
        unit: "text",
        formula: "The event's name in the provider's spelling.",
        source: PAYLOAD,
        reports: &["events", "explain"],
        ..OURS
    },
    Figure {
        id: "status",
        title: "Status",
        unit: "text",
        formula: "The status beside the name, of TimelinesAI calls.",
        source: PAYLOAD,
        reports: &["events"],
        ..OURS
    },
    Figure {
        id: "customer_also",
        title: "Also",
        unit: "text",
        formula: "A second identity of the customer in the same payload: a number beside a hidden \
            identity, or the other way round.",
        source: PAYLOAD,
        reports: &["events"],
        ..OURS
    },
    Figure {
        id: "agent_label",
        title: "Label",
        unit: "text",
        formula: "The person that the payload names. DoubleTick incoming: rejectedBy, else pickedBy; \
            outgoing: pickedBy, else rejectedBy unless that is the customer. TimelinesAI: the account's \
            email, else the chat's responsible_email, else the account's full_name.",
        source: PAYLOAD,
        reports: &["events"],
        ..OURS
    },
    Figure {
        id: "clock",
        title: "Clock",
        unit: "word",
        formula: "Whose time `at` is. provider: the payload says it; receiver: only the capture envelope \
            does.",
        reports: &["events"],
        ..OURS
    },
    Figure {
        id: "received_at",
        title: "Received",
        unit: "instant",
        formula: "When the capture received the event, where the envelope says so.",
        source: "the capture envelope",
        reports: &["events"],
        ..OURS
    },
    Figure {
        id: "replayed",
        title: "Replayed",
        unit: "yes or no",
        formula: "Whether the provider sent it again later: Wawp's payload time is more than 60 s before \
            the time of its envelope. Then `at` is the payload's.",
        source: DOCUMENTED,
        reports: &["events"],
        ..OURS
    },
    Figure {
        id: "ahead",
        title: "Ahead",
        unit: "yes or no",
        formula: "Whether `at` is more than 5 s after `received_at`: such an event does not move the \
            `watermark`.",
        reports: &["events"],
        ..OURS
    },
    Figure {
        id: "account_name",
        title: "Account name",
        unit: "text",
        formula: "The name of the line: Wawp me.pushName, TimelinesAI whatsapp_account.full_name.",
        source: PAYLOAD,
        reports: &["events"],
        ..OURS
    },
    Figure {
        id: "metadata",
        title: "Metadata",
        unit: "named values",
        formula: "Wawp's free metadata, keys and all.",
        source: PAYLOAD,
        reports: &["events"],
        ..OURS
    },
    Figure {
        id: "message_uid",
        title: "Message",
        unit: "text",
        formula: "The message that a reaction points at.",
        source: PAYLOAD,
        reports: &["events"],
        ..OURS
    },
    Figure {
        id: "tally",
        title: "Tally",
        unit: "reactions",
        formula: "How many of the emoji the map of counts in this reaction holds; missing without a map.",
        source: PAYLOAD,
        reports: &["events"],
        ..OURS
    },
    // Explanations.
    Figure {
        id: "counts_in",
        title: "Counts in",
        unit: "word",
        formula: "Where a session stands in the figure that is explained. numerator: it is counted above \
            the line, or in the count itself; denominator: only below the line; neither: in none of them.",
        reports: &["explain"],
        ..OURS
    },
    Figure {
        id: "decides",
        title: "Decides",
        unit: "yes or no",
        formula: "Whether this event decided the outcome: the earliest of the kind that decides.",
        reports: &["explain"],
        ..OURS
    },
    Figure {
        id: "rule",
        title: "Rule",
        unit: "text",
        formula: "Of an event the rule by which it was read: which fields made it this kind and cause. Of a \
            finding the contact rule, whose `words` stand in the section rules.",
        source: DOCUMENTED,
        reports: &["explain", "contacts"],
        ..OURS
    },
    Figure {
        id: "raw",
        title: "Raw line",
        unit: "text",
        formula: "The line as it stands in the input.",
        source: INPUT,
        reports: &["explain"],
        ..OURS
    },
    Figure {
        id: "why",
        title: "Why",
        unit: "text",
        formula: "In words why a session has its outcome, and why it counts or does not; of a suggested \
            `option` what it would mend.",
        reports: &["explain", "inspect"],
        ..OURS
    },
    // What a dump holds, before anything is concluded from it.
    Figure {
        id: "events",
        title: "Events",
        unit: "events",
        formula: "Unique call events: of the feed, of the engine, or with this key in their metadata.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "offered",
        title: "Offered events",
        unit: "events",
        formula: "Events of the feed whose `kind` is offered.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "accepted",
        title: "Accepted",
        unit: "events",
        formula: "Events of the feed whose `kind` is accepted.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "skipped",
        title: "Skipped",
        unit: "events",
        formula: "Events of the feed whose `kind` is skipped: agents passed over.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "sessions",
        title: "Sessions",
        unit: "sessions",
        formula: "Sessions of the whole input: of the feed, or with this agent.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "shows",
        title: "Shows",
        unit: "list of words",
        formula: "What the feed shows: offers, answers, rejections, misses. It shows what it holds; with \
            a provider that has one subscription for all lines also what any feed of that provider and \
            direction holds; and of TimelinesAI what an event of that name tells by its status.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "consequence",
        title: "Consequence",
        unit: "text",
        formula: "What follows for reports from what the feed shows, in words.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "from_at",
        title: "Silent from",
        unit: "instant",
        formula: "The last `at` of the feed before it fell silent.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "to_at",
        title: "Silent to",
        unit: "instant",
        formula: "The first `at` of the feed after the silence; missing where the input ends first.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "silent_ms",
        title: "Silent",
        unit: "milliseconds",
        formula: "`to_at` - `from_at`, of the last silence `watermark` - `from_at`. Listed from 24 h on, \
            if that is ten times `median_gap_ms` or more.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "silent_days",
        title: "Whole days",
        unit: "days",
        formula: "Dates in --tz between that of `from_at` and that of the end of the silence, both left \
            out.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "median_gap_ms",
        title: "Median gap",
        unit: "milliseconds",
        formula: "The median (percentile 50) of the gaps between the starts of neighbouring sessions of \
            the feed.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "blind_spot",
        title: "Blind spot",
        unit: "text",
        formula: "What the provider or its engine never sends, so that no dump shows it.",
        source: DOCUMENTED,
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "label",
        title: "Label",
        unit: "text",
        formula: "An agent's name, after renaming by the agents file.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "looks_like",
        title: "Looks like",
        unit: "text",
        formula: "A name that looks like `label`, and has as many sessions or more.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "likeness",
        title: "How alike",
        unit: "word",
        formula: "How two names are alike, the first that fits. spelling: equal but for case, spaces, \
            punctuation and accents; one_letter: one letter more, less or other, or two swapped; \
            last_digits: numbers that end in the same 8 digits.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "looks_like_sessions",
        title: "Its sessions",
        unit: "sessions",
        formula: "Sessions with the agent named in `looks_like`.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "key",
        title: "Key",
        unit: "text",
        formula: "A key of Wawp's metadata.",
        source: PAYLOAD,
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "distinct_values",
        title: "Values",
        unit: "values",
        formula: "How many different values the key has: one a person, if it names agents.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "reason",
        title: "Reason",
        unit: "word",
        formula: "Why lines or bodies are invalid, as in `invalid_reasons`.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "count",
        title: "Count",
        unit: "number",
        formula: "How many lines or bodies have this `reason`, or this `name`. Of a finding the count that \
            decided, in calls: the attempts of the fullest window of dates, the attempts after a conversation, \
            the calls outside the hours, the connected calls of the fullest 24 hours, the longest row of \
            unanswered calls. Where `finding` is undecidable the most that it can be; missing where even \
            that is unknown.",
        reports: &["inspect", "contacts"],
        ..OURS
    },
    Figure {
        id: "name",
        title: "Name",
        unit: "text",
        formula: "The name or status of call events that no provider's table holds, as in \
            `unknown_call_events`.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "place",
        title: "Place",
        unit: "text",
        formula: "The place of the body in its line, as in `envelopes`.",
        source: "the capture envelope",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "lines",
        title: "Lines",
        unit: "lines",
        formula: "Lines of the input, or elements of an array of bodies; in the table of envelopes those with \
            their body in this `place`.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "path",
        title: "Path",
        unit: "text",
        formula: "A path that bodies were posted to, its query left out; only with --show-paths, since \
            paths can hold secrets.",
        source: "the capture envelope",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "bodies",
        title: "Bodies",
        unit: "bodies",
        formula: "Bodies that were posted to this `path`.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "option",
        title: "Option",
        unit: "text",
        formula: "An option that would help with this input.",
        reports: &["inspect"],
        ..OURS
    },
    Figure {
        id: "about",
        title: "About",
        unit: "list",
        formula: "What the suggestion is about: the first few.",
        reports: &["inspect"],
        ..OURS
    },
    // What only charts show.
    Figure {
        id: "step",
        title: "Step",
        unit: "word",
        formula: "What is counted, or taken off, from all lines to the rejected calls. Of lines: all; blank, \
            invalid, other and reaction are taken off; call: what is left. Of events: all; duplicates are taken \
            off; unique: what is left. Of sessions: all; not_selected: left out by filters; selected; untimed: \
            without any time; outgoing; group_calls: left-out calls of groups; orphaned: ends without their call \
            that are in no rate; `calls`; `unrated`; `ringing`; `resolved`; `answered`; `missed`; `rejected`.",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "unit",
        title: "Unit",
        unit: "word",
        formula: "What a `step` counts: lines, events or sessions.",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "change",
        title: "Change",
        unit: "difference",
        formula: "What a `step` takes off what the step before it left. Missing where the step is counted by \
            itself.",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "remaining",
        title: "Remaining",
        unit: "lines, events or sessions",
        formula: "What there is after a `step`: what the step before it left and its `change`, or a count of \
            its own, which is the same where there is a step before it.",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "compared_resolved",
        title: "Compared",
        unit: "sessions",
        formula: "n of the `verdict`: `resolved` - `policy_rejected`, from --min-verdict-calls (20) on.",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "compared_rejected",
        title: "Rejected",
        unit: "sessions",
        formula: "x of the `verdict`: `rejected` - `policy_rejected`.",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "compared_rate",
        title: "Rate",
        unit: "share, 0 to 1",
        formula: "`compared_rejected` / `compared_resolved`.",
        numerator: &["compared_rejected"],
        denominator: &["compared_resolved"],
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "others_resolved",
        title: "Others' calls",
        unit: "sessions",
        formula: "N - n of the `verdict`: `compared_resolved` of all other agents with the same `agent_source`. \
            Missing where fewer than three agents take part.",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "others_rejected",
        title: "Their rejected",
        unit: "sessions",
        formula: "X - x of the `verdict`: `compared_rejected` of all other agents with the same `agent_source`. \
            Missing where fewer than three agents take part.",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "others_rate",
        title: "Others' rate",
        unit: "share, 0 to 1",
        formula: "`others_rejected` / `others_resolved`: (X - x) / (N - n).",
        numerator: &["others_rejected"],
        denominator: &["others_resolved"],
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "low_95",
        title: "95 % from",
        unit: "share, 0 to 1",
        formula: "The lower limit of 95 %: k / `compared_resolved` with the smallest k for which the chance of k \
            or fewer rejections is 0.025 or more, where each of `compared_resolved` calls is rejected with the \
            chance `others_rate` (exact binomial quantile). Missing without an `others_rate`.",
        source: "Spiegelhalter 2005, funnel plots",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "high_95",
        title: "95 % to",
        unit: "share, 0 to 1",
        formula: "The upper limit of 95 %: like `low_95`, of the chance 0.975.",
        source: "Spiegelhalter 2005, funnel plots",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "low_998",
        title: "99.8 % from",
        unit: "share, 0 to 1",
        formula: "The lower limit of 99.8 %: like `low_95`, of the chance 0.001.",
        source: "Spiegelhalter 2005, funnel plots",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "high_998",
        title: "99.8 % to",
        unit: "share, 0 to 1",
        formula: "The upper limit of 99.8 %: like `low_95`, of the chance 0.999.",
        source: "Spiegelhalter 2005, funnel plots",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "silent_feeds",
        title: "Silent feeds",
        unit: "feeds",
        formula: "Lines in `silent`.",
        reports: &["pack"],
        ..OURS
    },
    Figure {
        id: "silent",
        title: "Silent",
        unit: "list",
        formula: "`provider` and `instance` of each line whose feed of incoming calls was silent for half the \
            `day` in --tz or longer, counting only silences of 24 h or more that are ten times `median_gap_ms` \
            or more. Of the whole input, whatever filters choose.",
        reports: &["pack"],
        ..OURS
    },
    // Two periods, or two reports, side by side.
    Figure {
        id: "rejected_a",
        title: "Rejected A",
        unit: "sessions",
        formula: "`rejected` in the first of the two that are compared. Missing where it does not have the group.",
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "resolved_a",
        title: "Resolved A",
        unit: "sessions",
        formula: "`resolved` in the first of the two that are compared. Missing where it does not have the group.",
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "rejection_rate_a",
        title: "Rate A",
        unit: "share, 0 to 1",
        formula: "`rejected_a` / `resolved_a`; missing where `resolved_a` is missing or 0.",
        numerator: &["rejected_a"],
        denominator: &["resolved_a"],
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "rejected_b",
        title: "Rejected B",
        unit: "sessions",
        formula: "`rejected` in the second of the two that are compared. Missing where it does not have the group.",
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "resolved_b",
        title: "Resolved B",
        unit: "sessions",
        formula: "`resolved` in the second of the two that are compared. Missing where it does not have the group.",
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "rejection_rate_b",
        title: "Rate B",
        unit: "share, 0 to 1",
        formula: "`rejected_b` / `resolved_b`; missing where `resolved_b` is missing or 0.",
        numerator: &["rejected_b"],
        denominator: &["resolved_b"],
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "difference",
        title: "Difference",
        unit: "share, -1 to 1",
        formula: "`rejection_rate_b` less `rejection_rate_a`, in tables in percentage points (pp); missing where one of them is.",
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "difference_low",
        title: "Diff. low",
        unit: "share, -1 to 1",
        formula: "Lower bound of the 95 % interval of `difference`: Newcombe's hybrid score interval (method 10), made of the Wilson intervals of both rates.",
        source: "R. G. Newcombe, 1998",
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "difference_high",
        title: "Diff. high",
        unit: "share, -1 to 1",
        formula: "Upper bound of the 95 % interval of `difference`, by the same method as `difference_low`.",
        source: "R. G. Newcombe, 1998",
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "trend",
        title: "Trend",
        unit: "word",
        formula: "What can be said of `difference`. up: `difference_low` is above 0; down: `difference_high` is below 0; not_distinguishable: the interval holds 0, which is no evidence of a change and no proof of none. Missing where `difference` is. Each row is judged by itself: of many that did not change, one in twenty is called up or down by chance.",
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "presence",
        title: "Presence",
        unit: "word",
        formula: "both: the group is in both; new: only in the second; vanished: only in the first.",
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "parameter",
        title: "Parameter",
        unit: "text",
        formula: "The name of a parameter that is not the same in both.",
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "value_a",
        title: "Value A",
        unit: "parameter value",
        formula: "Its value in the first; missing where it was not given.",
        reports: &["compare"],
        ..OURS
    },
    Figure {
        id: "value_b",
        title: "Value B",
        unit: "parameter value",
        formula: "Its value in the second; missing where it was not given.",
        reports: &["compare"],
        ..OURS
    },
    // Gates.
    Figure {
        id: "gate",
        title: "Gate",
        unit: "word",
        formula: "The limit that is held: the name of its option. no_breach holds each contact rule, max_rejection_rate each group of --by, max_orphan_rate each line, the others all that was chosen.",
        reports: &["check"],
        ..OURS
    },
    Figure {
        id: "subject",
        title: "Subject",
        unit: "named values",
        formula: "Whose figure is judged: the keys of the group, the line, or the contact rule. Missing where it is all that was chosen.",
        reports: &["check"],
        ..OURS
    },
    Figure {
        id: "measured",
        title: "Measured",
        unit: "word",
        formula: "The figure that is judged. max_rejection_rate: `rejection_rate_low`, with --point `rejection_rate`; max_orphans: `lost` of all lines together; max_orphan_rate: `orphan_rate`; max_invalid: `lines.invalid`, of `lines.total` where a share is given; max_priority_1: customers whose `level` is priority_1; min_callback_rate: `attempted_within_sla_rate` of all; no_breach: `breach`.",
        reports: &["check"],
        ..OURS
    },
    Figure {
        id: "value",
        title: "Value",
        unit: "number or share",
        formula: "The value of the figure that `measured` names. Missing where the input cannot show it.",
        reports: &["check"],
        ..OURS
    },
    Figure {
        id: "allowed",
        title: "Allowed",
        unit: "number or share",
        formula: "The limit that was given. max_ gates let a `value` pass that is no larger, min_callback_rate one that is no smaller. Shares are compared as they are printed, at six decimals, that of invalid lines exactly.",
        reports: &["check"],
        ..OURS
    },
    Figure {
        id: "passed",
        title: "Passed",
        unit: "yes or no",
        formula: "Whether `value` keeps what is `allowed`. Missing where there is no value: then the gate neither fails nor passes.",
        reports: &["check"],
        ..OURS
    },
    Figure {
        id: "part",
        title: "Part",
        unit: "number",
        formula: "What was counted for `value`.",
        reports: &["check"],
        ..OURS
    },
    Figure {
        id: "whole",
        title: "Whole",
        unit: "number",
        formula: "Of how many `part` was counted: resolved calls, rejections, lines, customers, judged episodes, or findings that are decided.",
        reports: &["check"],
        ..OURS
    },
    // The books. Every line is in one class, every event in one session or a duplicate.
    Figure {
        id: "input",
        title: "Input",
        unit: "text",
        formula: "A file that was read, as it was named, or - for standard input; the total is of all of them.",
        source: INPUT,
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "call_lines",
        title: "Call lines",
        unit: "lines",
        formula: "The `lines.call` of the input.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "reaction_lines",
        title: "Reactions",
        unit: "lines",
        formula: "The `lines.reaction` of the input.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "other_lines",
        title: "Other lines",
        unit: "lines",
        formula: "The `lines.other` of the input.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "invalid_lines",
        title: "Invalid lines",
        unit: "lines",
        formula: "The `lines.invalid` of the input.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "blank_lines",
        title: "Blank lines",
        unit: "lines",
        formula: "The `lines.blank` of the input.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "unverified_lines",
        title: "Unverified",
        unit: "lines",
        formula: "The `lines.unverified` of the input.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "bytes",
        title: "Bytes",
        unit: "bytes",
        formula: "Unpacked bytes of the input: `line_bytes` + `outside_bytes`.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "line_bytes",
        title: "In lines",
        unit: "bytes",
        formula: "The `bytes.lines` of the input.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "outside_bytes",
        title: "Outside",
        unit: "bytes",
        formula: "The `bytes.outside` of the input.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "lines.total",
        title: "Lines",
        unit: "lines",
        formula: "Every line read, or element of an array of bodies: `lines.call` + `lines.reaction` + \
            `lines.other` + `lines.invalid` + `lines.blank`.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "lines.call",
        title: "Call lines",
        unit: "lines",
        formula: "Lines that hold at least one call event of a known provider.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "lines.reaction",
        title: "Reactions",
        unit: "lines",
        formula: "Lines that hold no call event, nothing invalid, and at least one reaction.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "lines.other",
        title: "Other lines",
        unit: "lines",
        formula: "Lines of valid JSON that hold neither: messages, statuses, unknown providers, names or \
            statuses.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "lines.invalid",
        title: "Invalid lines",
        unit: "lines",
        formula: "Lines without a call event that are not JSON, over a limit, or in which a known call \
            webhook or reaction lacks a required field, has one of the wrong type or out of range.",
        source: "RFC 8259",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "lines.blank",
        title: "Blank lines",
        unit: "lines",
        formula: "Lines that are empty or hold nothing but white space.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "lines.unverified",
        title: "Unverified",
        unit: "lines",
        formula: "Lines that --drop-unverified left out, a class of their own, whatever they hold: of a \
            member of compressed data whose checksum or length is wrong, or that is damaged or breaks off. \
            Absent where there is none.",
        source: "RFC 1952, RFC 8878",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "bytes.total",
        title: "Bytes",
        unit: "bytes",
        formula: "Unpacked bytes that were read: `bytes.lines` + `bytes.outside`.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "bytes.lines",
        title: "In lines",
        unit: "bytes",
        formula: "Bytes of lines, or of elements of an array of bodies, without line ends.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "bytes.outside",
        title: "Outside",
        unit: "bytes",
        formula: "Line ends, byte-order marks, and what stands between the elements of an array of bodies.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "invalid_bodies",
        title: "Invalid bodies",
        unit: "bodies",
        formula: "Invalid bodies on lines that count as `lines.call`.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "invalid_reasons",
        title: "Reasons",
        unit: "named counts",
        formula: "`lines.invalid` + `invalid_bodies` by reason. not_json: breaks the grammar of JSON; \
            too_deep: more than 128 arrays and objects inside each other; too_long: over 16 MiB; \
            missing_field: a required field has no value; wrong_type: it is of the wrong type; bad_value: \
            its word is in no table; bad_time: a time that cannot be read, is before 2009 or after 2099; \
            broken_text: bytes that are no text in an id, a name of an event, a number or a time; \
            bad_embedded_json: a text in an envelope begins like JSON and is none.",
        source: "RFC 8259",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "envelopes",
        title: "Envelopes",
        unit: "named counts",
        formula: "Lines by the place of their body in the capture envelope.",
        source: "the capture envelope",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "unknown_call_events",
        title: "Unknown",
        unit: "named counts",
        formula: "Bodies whose name or status looks like a call's and is in no provider's table, by that \
            name: what a provider adds is noticed here.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "repaired_text",
        title: "Repaired text",
        unit: "lines",
        formula: "Lines with a name or label whose bytes are no text and were replaced by U+FFFD.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "events.total",
        title: "Events",
        unit: "events",
        formula: "Call events read, agents passed over included: `events.duplicates` + `events.unique`.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "events.duplicates",
        title: "Duplicates",
        unit: "events",
        formula: "Events beyond the first that agree in provider, instance, direction, name (TimelinesAI: \
            and status), call id, customer, cause and time: one delivery repeated. Agents passed over are \
            never duplicates.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "events.unique",
        title: "Unique events",
        unit: "events",
        formula: "Events that are in sessions: `events.total` - `events.duplicates`.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "reactions.total",
        title: "Reactions",
        unit: "reactions",
        formula: "Reactions read: `reactions.duplicates` + `reactions.unique`.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "reactions.duplicates",
        title: "Repeated",
        unit: "reactions",
        formula: "Reactions beyond the first that agree in chat, message, emoji, reactor, action and time.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "reactions.unique",
        title: "Unique",
        unit: "reactions",
        formula: "`reactions.total` - `reactions.duplicates`.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "sessions.total",
        title: "Sessions",
        unit: "sessions",
        formula: "Sessions rebuilt from the whole input: `sessions.incoming` + `sessions.outgoing`.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "sessions.incoming",
        title: "Incoming",
        unit: "sessions",
        formula: "Those of `sessions.total` whose `direction` is incoming.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "sessions.outgoing",
        title: "Outgoing",
        unit: "sessions",
        formula: "Those of `sessions.total` whose `direction` is outgoing.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "sessions.orphans",
        title: "Orphans",
        unit: "sessions",
        formula: "Those of `sessions.total` that are orphans of any class (see `orphan`).",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "sessions.untimed",
        title: "Untimed",
        unit: "sessions",
        formula: "Those of `sessions.total` of which no event has a time: exported, but in no report.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "sessions.selected",
        title: "Selected",
        unit: "sessions",
        formula: "Those of `sessions.total` that the filters chose; all of them without a filter.",
        reports: EVERY,
        ..OURS
    },
    Figure {
        id: "watermark",
        title: "Watermark",
        unit: "instant",
        formula: "Where the input ends: the largest `at` of any call event that is not more than 5 s \
            after its own `received_at`, or --as-of.",
        reports: EVERY,
        ..OURS
    },
];

/// The definition of a figure.
pub fn figure(id: &str) -> Option<&'static Figure> {
    FIGURES.iter().find(|it| it.id == id)
}

/// Names what the figures mean: it changes whenever a definition does.
pub fn version() -> String {
    let mut digest = Sha256::new();
    for it in FIGURES {
        let lists = [it.numerator, it.denominator].map(|it| it.join("+"));
        let parts = [it.id, it.title, it.unit, it.formula, &lists[0], &lists[1], it.source];
        digest.update(parts.join("\u{1f}").as_bytes());
        digest.update([0x1e]);
    }
    hex(&digest.finalize()[..8])
}

/// Whether a figure's formula explains a word that is one of its values.
pub fn explains_word(figure: &Figure, word: &str) -> bool {
    let explained = |(at, _): (usize, &str)| {
        let before = figure.formula[..at].chars().next_back();
        let is_whole = before.is_none_or(|it| !it.is_alphanumeric() && it != '_');
        is_whole && figure.formula[at + word.len()..].starts_with(':')
    };
    !word.is_empty() && figure.formula.match_indices(word).any(explained)
}

/// The column of a figure, under its heading; under its key where nothing is defined.
pub fn column(key: &'static str, shown: Shown) -> Column {
    Column { key, title: figure(key).map_or("", |it| it.title), shown }
}

/// A definition in words.
pub fn sentences(figure: &Figure) -> Vec<Vec<Piece>> {
    let names = |list: &[&str]| list.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" + ");
    let mut sentences = vec![
        say(format!("{}: {}. Unit: {}.", figure.id, figure.title, figure.unit)),
        say(format!("Formula: {}", figure.formula)),
    ];
    if !figure.numerator.is_empty() {
        let (above, below) = (names(figure.numerator), names(figure.denominator));
        sentences.push(say(format!("Counted from: {above}, of {below}.")));
    }
    sentences.push(say(format!("Source: {}.", figure.source)));
    sentences.push(say(format!("Shown by: {}.", figure.reports.join(", "))));
    sentences
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_unique() {
        let mut seen = HashSet::new();
        for figure in FIGURES {
            assert!(seen.insert(figure.id), "{} is defined twice", figure.id);
        }
    }

    #[test]
    fn nothing_is_left_empty() {
        for it in FIGURES {
            for text in [it.id, it.title, it.unit, it.formula, it.source] {
                assert!(!text.trim().is_empty() && text.trim() == text, "{it:?}");
            }
            assert!(it.formula.ends_with('.'), "{}: a formula is a sentence", it.id);
            assert!(!it.formula.contains("  "), "{}: two spaces", it.id);
            assert!(!it.reports.is_empty(), "{}: no command shows it", it.id);
        }
    }

    #[test]
    fn headings_are_short() {
        for it in FIGURES {
            assert!(it.title.chars().count() <= 14, "{}: {}", it.id, it.title);
        }
    }

    #[test]
    fn quotients_are_made_of_figures() {
        for it in FIGURES {
            assert_eq!(it.numerator.is_empty(), it.denominator.is_empty(), "{}", it.id);
            for part in it.numerator.iter().chain(it.denominator) {
                assert!(figure(part).is_some(), "{}: no figure {part}", it.id);
            }
        }
    }

    #[test]
    fn rates_and_shares_say_of_what() {
        let is_share = |it: &&Figure| it.id.split('_').any(|word| word == "rate" || word == "share");
        for it in FIGURES.iter().filter(is_share) {
            let is_bound = it.formula.contains("interval");
            assert!(is_bound || !it.numerator.is_empty(), "{}: a quotient of what?", it.id);
            assert_eq!(it.unit, "share, 0 to 1", "{}", it.id);
        }
    }

    #[test]
    fn suffixes_tell_units() {
        for it in FIGURES {
            assert_eq!(it.id.ends_with("_ms"), it.unit == "milliseconds", "{}", it.id);
            assert!(!it.id.ends_with("_at") || it.unit == "instant", "{}", it.id);
        }
    }

    #[test]
    fn what_a_formula_names_is_defined() {
        let commands = ["reactions"];
        for it in FIGURES {
            for (place, name) in it.formula.split('`').enumerate() {
                let is_known = figure(name).is_some() || commands.contains(&name);
                assert!(place % 2 == 0 || is_known, "{}: no figure `{name}`", it.id);
            }
            assert_eq!(it.formula.matches('`').count() % 2, 0, "{}: a backtick too many", it.id);
        }
    }

    #[test]
    fn columns_carry_headings() {
        assert_eq!(column("rejection_rate", Shown::Always).title, "Rejection rate");
        assert_eq!(column("nothing", Shown::OnRequest).title, "");
        assert_eq!(figure("nothing"), None);
    }

    #[test]
    fn a_definition_in_words() {
        let words = |id: &str| -> Vec<String> {
            let piece = |it: &Piece| match it {
                Piece::Say(words) => words.clone(),
                Piece::Value(cell) | Piece::Line(cell) => format!("{cell:?}"),
            };
            let sentences = figure(id).map(sentences).unwrap_or_default();
            sentences.iter().map(|it| it.iter().map(piece).collect()).collect()
        };
        assert_eq!(
            words("orphan_rate"),
            [
                "orphan_rate: Orphan rate. Unit: share, 0 to 1.",
                "Formula: `lost` / `rejections`; missing where `rejections` is 0.",
                "Counted from: `lost`, of `rejections`.",
                "Source: callsift's own convention.",
                "Shown by: anomalies, orphans, report.",
            ]
        );
        assert_eq!(words("net").len(), 4);
    }
}
