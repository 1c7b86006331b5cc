//! Everything that reports look at: the sessions of the whole input, which of them are the subject,
//! and the parameters. Reports take it and give sections; they read nothing else.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, OnceLock, PoisonError};

use chrono::NaiveDate;

use crate::business::{Holidays, Hours};
use crate::calling_codes;
use crate::dialects::Provider;
use crate::event::{Cause, Direction, Event, Origin, Reaction};
use crate::instances::Instances;
use crate::ledger::{Account, Bytes, Ledger};
use crate::memory;
use crate::session::{DeclinedBy, FeedKey, Outcome, Rebuilt, Session};
use crate::side::Customers;
use crate::store::{Alike, ByCustomer, Sessions};
use crate::text::{Interner, Sym, Text, Texts};
use crate::zone::Zone;

/// Where the value of a parameter comes from; of several the first counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum GivenBy {
    /// It was typed.
    Flag,
    /// A variable of the environment holds it.
    Environment,
    /// The configuration file holds it.
    File,
    /// Nobody gave it.
    #[default]
    Default,
}

impl GivenBy {
    /// The word used in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

/// When a session started, by the business hours that hold for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InHours {
    /// No zone says what its clocks showed, or it has no start.
    Unknown,
    /// Outside of business hours.
    Outside,
    /// In the business hours of this day.
    On(NaiveDate),
}

/// The thresholds and choices of reports, with the defaults of the figures' definitions.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// The zone of hours, days and months.
    pub zone: Zone,
    /// `--tz` was given. Without it figures that depend on business hours are missing.
    pub zone_given: bool,
    /// Who gave it, if it was given.
    pub zone_origin: GivenBy,
    /// Business hours.
    pub hours: Hours,
    /// Dates without business hours.
    pub holidays: Holidays,
    /// Zones, hours and holidays of single instances, which hold for their sessions instead.
    pub instances: Instances,
    /// Count group calls in rates.
    pub include_group: bool,
    /// Business-hours calls below which no flag is raised.
    pub min_calls: u64,
    /// The share of rejected business-hours calls from which on a flag is raised, in millionths.
    pub flag_rate: u64,
    /// Calls below which an agent is not compared with others.
    pub min_verdict_calls: u64,
    /// The window of the frustration score.
    pub window_ms: i64,
    /// The weight in one window that makes a score of 100, in thousandths.
    pub threshold_milli: i64,
    /// How soon after one redirect message no other is due.
    pub debounce_ms: i64,
    /// How long a call may ring.
    pub ring_timeout_ms: i64,
    /// How soon after an unanswered call the customer should be called back.
    pub callback_sla_ms: i64,
    /// Whose unanswered calls count in the figures of callbacks.
    pub callbacks_from: CallbacksFrom,
    /// The rows of a list of customers that are shown, where no more of them are wanted.
    pub list_rows: Option<usize>,
    /// The day on which the customers file counted days overdue, if not that of the watermark.
    pub customers_as_of: Option<NaiveDate>,
}

/// Whose unanswered calls count in the figures of callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbacksFrom {
    /// Those of providers of which the input holds an outgoing call: elsewhere nobody can see who was
    /// called back.
    Outgoing,
    /// Those of every provider.
    Any,
}

impl CallbacksFrom {
    /// Every choice.
    pub const ALL: [Self; 2] = [Self::Outgoing, Self::Any];

    /// The word used in the flag and among the parameters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Outgoing => "outgoing",
            Self::Any => "any",
        }
    }
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self {
            zone: Zone::utc(),
            zone_given: false,
            zone_origin: GivenBy::Default,
            hours: Hours::parse("Mon-Fri 09:00-18:00").unwrap_or_else(|it| unreachable!("{it}")),
            holidays: Holidays::default(),
            instances: Instances::default(),
            include_group: false,
            min_calls: 10,
            flag_rate: 800_000,
            min_verdict_calls: 20,
            window_ms: 600_000,
            threshold_milli: 5000,
            debounce_ms: 120_000,
            ring_timeout_ms: 60_000,
            callback_sla_ms: 3_600_000,
            callbacks_from: CallbacksFrom::Outgoing,
            list_rows: None,
            customers_as_of: None,
        }
    }
}

/// Which sessions are the subject: those that meet every given condition. Empty lists allow all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The first instant.
    pub since: Option<i64>,
    /// The first instant after.
    pub until: Option<i64>,
    /// Providers.
    pub providers: Vec<Provider>,
    /// Instances, as they are spelt.
    pub instances: Vec<String>,
    /// Agents, after renaming; `(unassigned)` for none.
    pub agents: Vec<String>,
    /// Customers, in canonical spelling.
    pub customers: Vec<String>,
    /// Directions.
    pub directions: Vec<Direction>,
    /// Outcomes.
    pub outcomes: Vec<Outcome>,
    /// Causes.
    pub causes: Vec<Cause>,
    /// Who declined.
    pub declined_by: Vec<DeclinedBy>,
}

/// What stands for an agent that nobody names.
pub const UNASSIGNED: &str = "(unassigned)";

impl Filter {
    /// Whether any condition is given.
    pub fn is_set(&self) -> bool {
        let Self {
            since,
            until,
            providers,
            instances,
            agents,
            customers,
            directions,
            outcomes,
            causes,
            declined_by,
        } = self;
        since.is_some()
            || until.is_some()
            || !providers.is_empty()
            || !(instances.is_empty() && agents.is_empty() && customers.is_empty())
            || !(directions.is_empty() && outcomes.is_empty() && causes.is_empty() && declined_by.is_empty())
    }

    /// Whether a session meets every condition. One without a start meets no bound of time.
    pub fn takes(&self, session: &Session, texts: &Texts) -> bool {
        fn one_of<T: PartialEq>(list: &[T], value: Option<T>) -> bool {
            list.is_empty() || value.is_some_and(|it| list.contains(&it))
        }
        let text_of = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|it| list.iter().any(|wanted| wanted == it))
        };
        self.since.is_none_or(|since| session.started_at.is_some_and(|it| it >= since))
            && self.until.is_none_or(|until| session.started_at.is_some_and(|it| it < until))
            && one_of(&self.providers, Some(session.provider))
            && text_of(&self.instances, Some(texts.raw(session.instance)))
            && text_of(&self.agents, Some(texts.raw_opt(session.agent).unwrap_or(UNASSIGNED)))
            && text_of(&self.customers, texts.raw_opt(session.customer))
            && one_of(&self.directions, Some(session.direction))
            && one_of(&self.outcomes, session.outcome)
            && one_of(&self.causes, session.cause)
            && one_of(&self.declined_by, session.declined_by)
    }
}

/// What was read, rebuilt and chosen.
pub struct Analysis {
    /// The texts behind the symbols.
    pub texts: Texts,
    /// Sessions, events and feeds of the whole input.
    pub rebuilt: Rebuilt,
    /// For each session whether it is a subject.
    pub subject: Vec<bool>,
    /// Unique reactions, in order.
    pub reactions: Vec<Reaction>,
    /// The books.
    pub ledger: Ledger,
    /// The same of each input, in their order.
    pub accounts: Vec<Account>,
    /// What the business knows of its customers.
    pub customers: Customers,
    /// Countries of the customers' numbers, where a report asks for them.
    pub countries: Countries,
    /// The SHA-256 of the line behind each event, where evidence is wanted so exact.
    pub digests: HashMap<Origin, [u8; 32]>,
    /// Thresholds and choices.
    pub options: ReportOptions,
    /// Whether sessions were chosen by a filter.
    pub filtered: bool,
    /// The first instant of the period that was chosen, if one was.
    pub since: Option<i64>,
    /// The first instant after it.
    pub until: Option<i64>,
    /// Sessions that are alike, once they were counted.
    pub census: OnceLock<Vec<Alike>>,
}

impl Analysis {
    /// An analysis of nothing, of which a filter takes what it wants: for questions whose answer does
    /// not depend on the input, such as which columns a report has.
    pub fn empty() -> Self {
        Self {
            texts: Interner::default().freeze(),
            rebuilt: Rebuilt::default(),
            subject: Vec::new(),
            reactions: Vec::new(),
            ledger: Ledger::default(),
            accounts: Vec::new(),
            customers: Customers::default(),
            countries: Countries::default(),
            digests: HashMap::new(),
            options: ReportOptions::default(),
            filtered: true,
            since: None,
            until: None,
            census: OnceLock::new(),
        }
    }

    /// The bytes of all inputs.
    pub fn bytes(&self) -> Bytes {
        self.accounts.iter().map(Account::bytes).sum()
    }

    /// Every session.
    pub fn sessions(&self) -> &Sessions {
        &self.rebuilt.sessions
    }

    /// Every session by its customer, those of each in the fixed order.
    pub fn by_customer(&self) -> &ByCustomer {
        self.sessions().by_customer(&self.texts)
    }

    /// Whether a session is a subject.
    #[inline]
    pub fn is_subject(&self, place: usize) -> bool {
        // Where all are, memory far away is not looked at.
        !self.filtered || self.subject[place]
    }

    /// The subject sessions, in the fixed order.
    pub fn subjects(&self) -> impl Iterator<Item = Session> {
        self.rebuilt.sessions.iter().zip(&self.subject).filter(|(_, is)| **is).map(|(it, _)| it)
    }

    /// Sessions that are alike, counted, in no order. The subjects are those that are chosen.
    pub fn census(&self) -> &[Alike] {
        self.census.get_or_init(|| self.rebuilt.sessions.census(&self.subject))
    }

    /// Those of them that hold a subject.
    pub fn census_of_subjects(&self) -> impl Iterator<Item = &Alike> {
        self.census().iter().filter(|it| it.chosen > 0)
    }

    /// The feeds of the subject sessions.
    pub fn feeds_of_subjects(&self) -> HashSet<FeedKey> {
        self.census_of_subjects().map(|it| it.glance.feed()).collect()
    }

    /// The events of a session, in order.
    pub fn events_of(&self, session: &Session) -> Vec<Event> {
        memory::expect_room_for::<Event>(session.events.len());
        self.rebuilt.sessions.events_of(session)
    }

    /// Whether a session started in business hours: its instance's where that has its own zone, hours
    /// or holidays, else the general ones.
    pub fn in_hours(&self, session: &Session) -> InHours {
        self.are_in_hours((session.provider, session.instance), session.started_at)
    }

    /// Whether any session's business hours can be known.
    pub fn has_hours(&self) -> bool {
        self.options.zone_given || !self.options.instances.is_empty()
    }

    /// Whether calls of a line that started at an instant did so in business hours.
    pub fn are_in_hours(&self, (provider, instance): (Provider, Sym), started_at: Option<i64>) -> InHours {
        let options = &self.options;
        let own = options.instances.of(provider, self.texts.raw(instance));
        let general = options.zone_given.then_some(&options.zone);
        let zone = own.and_then(|it| it.zone.as_ref()).or(general);
        let (Some(zone), Some(at)) = (zone, started_at) else { return InHours::Unknown };
        let hours = own.and_then(|it| it.hours.as_ref()).unwrap_or(&options.hours);
        let holidays = own.and_then(|it| it.holidays.as_ref()).unwrap_or(&options.holidays);
        let local = zone.local(at);
        if hours.covers(&local, holidays) { InHours::On(local.date) } else { InHours::Outside }
    }

    /// The agent's name, or what stands for none.
    pub fn agent_name(&self, session: &Session) -> &str {
        self.texts.raw_opt(session.agent).unwrap_or(UNASSIGNED)
    }

    /// The customer's name: the customers file's, else the session's own.
    pub fn customer_name(&self, session: &Session) -> Option<Sym> {
        session.customer.and_then(|it| self.customers.name(it)).or(session.customer_name)
    }

    /// ISO 3166 alpha-2 of the customer: the payload's, else the number's.
    pub fn country(&self, session: &Session) -> Option<Text> {
        match session.country {
            Some(it) => Some(Text::new(&self.texts.raw(it).to_uppercase())),
            None => self.country_of_number(session.customer?),
        }
    }

    /// ISO 3166 alpha-2 of a customer's number.
    pub fn country_of_number(&self, customer: Sym) -> Option<Text> {
        self.countries.of(customer, &self.texts)
    }
}

/// The countries of customers' numbers, each looked at when somebody asks, and once.
#[derive(Default)]
pub struct Countries {
    known: Option<Mutex<HashMap<Sym, Option<Text>>>>,
}

impl Countries {
    /// For reports that ask for countries.
    pub fn wanted() -> Self {
        Self { known: Some(Mutex::default()) }
    }

    /// ISO 3166 alpha-2 of a customer's number; none where no report asks for countries.
    pub fn of(&self, customer: Sym, texts: &Texts) -> Option<Text> {
        let mut known = self.known.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        let look = || calling_codes::country(texts.raw(customer)).map(|it| Text::new(&it));
        known.entry(customer).or_insert_with(look).clone()
    }
}
