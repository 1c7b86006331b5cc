//! Grouping sessions: the keys of `--by`, and what each is called in rows.

use std::cmp::Ordering;

use chrono::{Datelike, Weekday};

use crate::analysis::{Analysis, UNASSIGNED};
use crate::section::{Cell, Person};
use crate::session::Session;
use crate::text::{Sym, Text};

/// A key to group sessions by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The provider.
    Provider,
    /// The business line.
    Instance,
    /// The number of the line.
    Account,
    /// The agent.
    Agent,
    /// How the agent is known.
    AgentSource,
    /// The agent's team.
    Team,
    /// What runs behind the provider's interface.
    Engine,
    /// The customer's country.
    Country,
    /// Video or not.
    Video,
    /// The month of the start.
    Month,
    /// The ISO week of the start.
    Week,
    /// The day of the start.
    Day,
    /// The weekday of the start.
    Weekday,
    /// The hour of the start.
    Hour,
}

impl Key {
    /// Every key.
    pub const ALL: [Self; 14] = [
        Self::Provider,
        Self::Instance,
        Self::Account,
        Self::Agent,
        Self::AgentSource,
        Self::Team,
        Self::Engine,
        Self::Country,
        Self::Video,
        Self::Month,
        Self::Week,
        Self::Day,
        Self::Weekday,
        Self::Hour,
    ];

    /// The word used in `--by` and as a column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Instance => "instance",
            Self::Account => "account",
            Self::Agent => "agent",
            Self::AgentSource => "agent_source",
            Self::Team => "team",
            Self::Engine => "engine",
            Self::Country => "country",
            Self::Video => "video",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::Weekday => "weekday",
            Self::Hour => "hour",
        }
    }

    /// Whether kindred sessions (see [`Kin`](crate::store::Kin)) have the same under this key.
    pub fn is_of_kin(self) -> bool {
        match self {
            Self::Provider
            | Self::Instance
            | Self::Account
            | Self::Agent
            | Self::AgentSource
            | Self::Team
            | Self::Engine => true,
            Self::Country
            | Self::Video
            | Self::Month
            | Self::Week
            | Self::Day
            | Self::Weekday
            | Self::Hour => false,
        }
    }

    /// What a session has under this key.
    pub fn value(self, session: &Session, analysis: &Analysis) -> Value {
        let local = || session.started_at.map(|it| analysis.options.zone.local(it));
        match self {
            Self::Provider => Value::Word(session.provider.name()),
            Self::Instance => Value::Sym(session.instance),
            Self::Account => Value::or(session.account, "-", analysis),
            Self::Agent => match Value::or(session.agent, UNASSIGNED, analysis) {
                Value::Sym(it) => Value::Agent(it),
                other => other,
            },
            Self::AgentSource => Value::Word(session.agent_source.name()),
            Self::Team => Value::or(session.team, "-", analysis),
            Self::Engine => Value::or(session.engine, "-", analysis),
            Self::Country => analysis.country(session).map_or(Value::Word("unknown"), Value::Text),
            Self::Video => Value::Word(match session.video {
                Some(true) => "yes",
                Some(false) => "no",
                None => "unknown",
            }),
            Self::Month => {
                local().map_or(Value::Word("-"), |it| Value::Part(it.date.format("%Y-%m").to_string()))
            }
            Self::Week => local().map_or(Value::Word("-"), |it| {
                let week = it.date.iso_week();
                Value::Part(format!("{}-W{:02}", week.year(), week.week()))
            }),
            Self::Day => local().map_or(Value::Word("-"), |it| Value::Part(it.date.to_string())),
            Self::Weekday => local().map_or(Value::Word("-"), |it| Value::Part(weekday(it.weekday))),
            Self::Hour => local().map_or(Value::Word("-"), |it| Value::Part(hour(it.hour))),
        }
    }
}

/// `1-Mon`, so that the order of texts is that of the week.
pub(super) fn weekday(day: Weekday) -> String {
    format!("{}-{day}", day.number_from_monday())
}

/// `07`.
pub(super) fn hour(hour: u32) -> String {
    format!("{hour:02}")
}

/// What a session has under a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// A text of the input.
    Sym(Sym),
    /// An agent of the input.
    Agent(Sym),
    /// A text of the input that has no symbol.
    Text(Text),
    /// A word of ours.
    Word(&'static str),
    /// A part of time.
    Part(String),
}

impl Value {
    /// A text of the input, or the word that stands for none: one group also where the input spells
    /// that word.
    fn or(text: Option<Sym>, word: &'static str, analysis: &Analysis) -> Self {
        match text {
            Some(it) if analysis.texts.raw(it) != word => Self::Sym(it),
            _ => Self::Word(word),
        }
    }

    fn raw<'a>(&'a self, analysis: &'a Analysis) -> &'a str {
        match self {
            Self::Sym(it) | Self::Agent(it) => analysis.texts.raw(*it),
            Self::Text(it) => it.raw(),
            Self::Word(it) => it,
            Self::Part(it) => it,
        }
    }

    /// By the bytes of their text.
    pub fn order(&self, other: &Self, analysis: &Analysis) -> Ordering {
        self.raw(analysis).cmp(other.raw(analysis))
    }

    /// As a text, also where it is a word of ours.
    pub fn text(&self, analysis: &Analysis) -> Text {
        Text::new(self.raw(analysis))
    }

    /// As a cell.
    pub fn cell(&self, analysis: &Analysis) -> Cell {
        match self {
            Self::Sym(it) => Cell::Text(analysis.texts.get(*it).clone()),
            Self::Agent(it) => Cell::Person(Person::Agent, analysis.texts.get(*it).clone()),
            Self::Text(it) => Cell::Text(it.clone()),
            Self::Word(it) => Cell::word(it),
            Self::Part(it) => Cell::word(it),
        }
    }
}
