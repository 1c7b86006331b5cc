//! Deliberate avoidance: which customers reject the calls of the business, how far behind with payments
//! they are, and what that calls for.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::{Output, Sentence};
use crate::analysis::Analysis;
use crate::definitions::column;
use crate::event::Direction;
use crate::section::{Body, Cell, Column, Part, Person, Piece, Shown, Table};
use crate::session::Outcome;
use crate::side::{self, Stage};
use crate::stats;
use crate::text::Sym;
use crate::time::DAY;

/// How far back rejections count together: 7 × 24 hours, both ends included.
const WINDOW_MS: i64 = 7 * DAY;
/// From so many rejections in one window on they are repeated.
const REPEATED: u64 = 2;
/// Customers with fewer calls before their default had no chance to reject repeatedly.
const COMPARED_LEAST: usize = 2;

/// What a rejection calls for; the graver is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    SwitchToMessage,
    DeliberateAvoidance,
    RaiseRisk,
    SeniorReview,
    EscalateSeniorOfficer,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::SwitchToMessage => "switch_to_message",
            Self::DeliberateAvoidance => "deliberate_avoidance",
            Self::RaiseRisk => "raise_risk",
            Self::SeniorReview => "senior_review",
            Self::EscalateSeniorOfficer => "escalate_senior_officer",
        }
    }
}

/// How likely money is lost; the worse is the greater. A convention, not a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Risk {
    Low,
    Medium,
    High,
    Critical,
}

impl Risk {
    fn of(stage: Stage) -> Self {
        match stage {
            Stage::Current | Stage::Early => Self::Low,
            Stage::Mid => Self::Medium,
            Stage::Late => Self::High,
        }
    }

    fn one_up(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// The customers who were called, those first of whom most is to be feared.
pub fn report(analysis: &Analysis) -> Output {
    let (called, mut notes) = called(analysis);
    let mut customers: Vec<Customer> = called.iter().filter_map(|it| customer(analysis, it)).collect();
    let text = |it: &Customer| analysis.texts.get(it.customer);
    customers.sort_unstable_by(|a, b| b.weightier().cmp(&a.weightier()).then_with(|| text(a).cmp(text(b))));
    if !customers.is_empty() && customers.iter().all(|it| !it.is_staged) {
        notes.push(crate::section::say(
            "No customers file (--customers) says how far behind with payments the called customers are: stages and risks \
             are unknown.",
        ));
    }
    let rows = Table {
        title: "Called customers by risk".into(),
        columns: columns(),
        rows: customers.iter().map(|it| it.row(analysis)).collect(),
        empty: "No outgoing call to a known customer at a known time.".into(),
        reading: vec![
            "In 7 days: the most rejections in 7 × 24 hours that end with one of them. Risk goes by the stage on the day \
             of each rejection, one level up from the second within 7 days on; stage is that of the day on which the \
             input ends. Both are conventions: a rejected call can have other reasons than not wanting to pay."
                .into(),
        ],
        ..Table::default()
    };
    let mut parts = vec![Part { path: vec!["rows"], body: Body::Rows(rows) }];
    if analysis.customers.knows_defaults() {
        let (table, unknown) = comparison(&customers);
        parts.push(Part { path: vec!["default_comparison", "rows"], body: Body::Rows(table) });
        notes.extend(note(
            "Customers with two or more outgoing calls whom the customers file does not list, so that nobody knows \
             whether they defaulted, and who are not compared",
            unknown,
        ));
    } else {
        parts.push(Part { path: vec!["default_comparison"], body: Body::Value(Cell::Missing) });
    }
    Output { preface: Vec::new(), parts, notes }
}

/// A sentence that ends in a number, unless it is none.
fn note(what: &str, count: u64) -> Option<Sentence> {
    let sentence =
        vec![Piece::Say(format!("{what}: ")), Piece::Value(Cell::Count(count)), Piece::Say(".".into())];
    (count > 0).then_some(sentence)
}

/// A customer with the places of the sessions in which it was called, in the fixed order.
struct Called {
    customer: Sym,
    places: Vec<usize>,
}

/// Every customer who was called, and how many subject calls stand in no row.
fn called(analysis: &Analysis) -> (Vec<Called>, Vec<Sentence>) {
    let mut called: Vec<Called> = Vec::new();
    let mut known: HashMap<Sym, usize> = HashMap::new();
    let (mut groups, mut nobody) = (0, 0);
    for (place, session) in analysis.sessions().iter().enumerate() {
        if session.direction != Direction::Outgoing || !session.is_timed() {
            continue;
        }
        let is_subject = u64::from(analysis.subject[place]);
        // Who of a group declined, nobody says.
        if session.group == Some(true) {
            groups += is_subject;
            continue;
        }
        let Some(customer) = session.customer else {
            nobody += is_subject;
            continue;
        };
        let at = *known.entry(customer).or_insert_with(|| {
            called.push(Called { customer, places: Vec::new() });
            called.len() - 1
        });
        called[at].places.push(place);
    }
    let notes = [
        note("Outgoing sessions that do not say who was called and so are in no row of the called", nobody),
        note("Outgoing sessions that are calls of groups and so are in no row of the called", groups),
    ];
    (called, notes.into_iter().flatten().collect())
}

/// One customer's figures.
struct Customer {
    customer: Sym,
    name: Option<Sym>,
    calls: u64,
    answered: u64,
    rejected: u64,
    missed: u64,
    ringing: u64,
    max_in_7d: u64,
    actions: BTreeSet<Action>,
    stage: Option<Stage>,
    /// Whether the file says a stage for all time, of any account.
    is_static: bool,
    /// Whether the file says of any account how far behind it is.
    is_staged: bool,
    risk: Option<Risk>,
    compared: Compared,
}

/// What a customer is in the comparison of defaults.
enum Compared {
    /// Called too seldom before the default, or before the input ends.
    No,
    /// Nobody knows whether it defaulted.
    Unknown,
    /// Whether it rejected repeatedly before, and whether it defaulted.
    Yes { avoided: bool, defaulted: bool },
}

/// A rejection by a customer.
struct Rejection {
    started_at: i64,
    /// Rejections in the window that ends here.
    in_7d: u64,
    /// The stage on its day.
    stage: Option<Stage>,
}

impl Rejection {
    fn is_repeated(&self) -> bool {
        self.in_7d >= REPEATED
    }

    fn actions(&self) -> impl Iterator<Item = Action> {
        let by_stage = match self.stage {
            Some(Stage::Late) => Some(Action::EscalateSeniorOfficer),
            _ if !self.is_repeated() => None,
            Some(Stage::Mid) => Some(Action::SeniorReview),
            Some(Stage::Early) => Some(Action::RaiseRisk),
            Some(Stage::Current) | None => Some(Action::DeliberateAvoidance),
        };
        [Some(Action::SwitchToMessage), by_stage].into_iter().flatten()
    }

    fn risk(&self) -> Option<Risk> {
        let risk = Risk::of(self.stage?);
        Some(if self.is_repeated() { risk.one_up() } else { risk })
    }
}

/// The figures of a customer, if any of its calls is a subject.
fn customer(analysis: &Analysis, called: &Called) -> Option<Customer> {
    let sessions = || called.places.iter().map(|it| (&analysis.sessions()[*it], analysis.subject[*it]));
    let subjects = || sessions().filter(|(_, is_subject)| *is_subject).map(|(it, _)| it);
    subjects().next()?;
    let of = |outcome: Outcome| subjects().filter(|it| it.outcome == Some(outcome)).count() as u64;
    let accounts = Accounts::of(analysis, called.customer);
    let date = |at: i64| analysis.options.zone.local(at).date;

    // Sessions come by start. Windows look at the whole input; rejections that are subjects end them.
    let is_rejected = |it: &crate::session::Session| it.outcome == Some(Outcome::Rejected);
    let rejected_at: Vec<i64> =
        sessions().filter(|(it, _)| is_rejected(it)).filter_map(|(it, _)| it.started_at).collect();
    let within = |end: i64| {
        let after = rejected_at.partition_point(|it| *it <= end);
        (after - rejected_at.partition_point(|it| *it < end - WINDOW_MS)) as u64
    };
    let starts = subjects().filter(|it| is_rejected(it)).filter_map(|it| it.started_at);
    let rejections: Vec<Rejection> = starts
        .map(|started_at| Rejection {
            started_at,
            in_7d: within(started_at),
            stage: accounts.stage_on(Some(date(started_at))),
        })
        .collect();

    let watermark = analysis.rebuilt.watermark;
    let stage = accounts.stage_on(watermark.map(date));
    let defaulted_on = accounts.list.iter().filter_map(|it| it.defaulted_on).min();
    let is_before = |at: i64| match defaulted_on {
        Some(day) => date(at) < day,
        None => watermark.is_none_or(|it| at <= it),
    };
    let compared =
        if subjects().filter_map(|it| it.started_at).filter(|it| is_before(*it)).count() < COMPARED_LEAST {
            Compared::No
        } else if accounts.list.is_empty() {
            Compared::Unknown
        } else {
            let avoided = rejections.iter().any(|it| it.is_repeated() && is_before(it.started_at));
            Compared::Yes { avoided, defaulted: defaulted_on.is_some() }
        };
    Some(Customer {
        customer: called.customer,
        name: analysis
            .customers
            .name(called.customer)
            .or_else(|| sessions().rev().find_map(|(it, _)| it.customer_name)),
        calls: subjects().count() as u64,
        answered: of(Outcome::Answered),
        rejected: of(Outcome::Rejected),
        missed: of(Outcome::Missed),
        ringing: of(Outcome::Ringing),
        max_in_7d: rejections.iter().map(|it| it.in_7d).max().unwrap_or(0),
        actions: rejections.iter().flat_map(Rejection::actions).collect(),
        stage,
        is_static: accounts.list.iter().any(is_static),
        is_staged: accounts.list.iter().any(is_staged),
        risk: if rejections.is_empty() {
            stage.map(Risk::of)
        } else {
            rejections.iter().filter_map(Rejection::risk).max()
        },
        compared,
    })
}

/// A customer's accounts, and the day on which their days overdue were counted.
struct Accounts<'a> {
    list: &'a [side::Customer],
    counted_on: Option<NaiveDate>,
}

impl<'a> Accounts<'a> {
    fn of(analysis: &'a Analysis, customer: Sym) -> Self {
        let options = &analysis.options;
        let last_day = || analysis.rebuilt.watermark.map(|it| options.zone.local(it).date);
        let counted_on = options.customers_as_of.or_else(last_day);
        Self { list: analysis.customers.rows(customer), counted_on }
    }

    /// The worst stage of any account on a day.
    fn stage_on(&self, day: Option<NaiveDate>) -> Option<Stage> {
        let days = |since: NaiveDate| Some((day? - since).num_days());
        let stage = |it: &side::Customer| match (it.due_date, it.days_overdue) {
            (Some(due), _) => days(due).map(Stage::of_days),
            (None, Some(overdue)) => {
                self.counted_on.and_then(days).map(|it| Stage::of_days(overdue.saturating_add(it)))
            }
            (None, None) => it.stage,
        };
        self.list.iter().filter_map(stage).max()
    }
}

fn is_static(account: &side::Customer) -> bool {
    account.due_date.is_none() && account.days_overdue.is_none() && account.stage.is_some()
}

fn is_staged(account: &side::Customer) -> bool {
    account.due_date.is_some() || account.days_overdue.is_some() || account.stage.is_some()
}

fn columns() -> Vec<Column> {
    use Shown::{Always, IfWide, OnRequest};
    vec![
        column("customer", Always),
        column("customer_name", IfWide(1)),
        column("outgoing_calls", Always),
        column("answered", IfWide(4)),
        column("rejected", Always),
        column("missed", IfWide(5)),
        column("ringing", IfWide(6)),
        column("max_rejected_7d", Always),
        column("action", Always),
        column("actions", OnRequest),
        column("stage", IfWide(2)),
        column("stage_static", IfWide(3)),
        column("risk", Always),
    ]
}

impl Customer {
    /// What the order goes by; the greater comes first, and the unknown last.
    fn weightier(&self) -> (Option<Risk>, Option<Action>, u64, u64) {
        (self.risk, self.actions.last().copied(), self.max_in_7d, self.rejected)
    }

    fn row(&self, analysis: &Analysis) -> Vec<Cell> {
        let texts = &analysis.texts;
        let action = |it: &Action| Cell::word(it.name());
        vec![
            Cell::Person(Person::Customer, texts.get(self.customer).clone()),
            Cell::opt(texts.get_opt(self.name), |it| Cell::Person(Person::CustomerName, it)),
            Cell::Count(self.calls),
            Cell::Count(self.answered),
            Cell::Count(self.rejected),
            Cell::Count(self.missed),
            Cell::Count(self.ringing),
            Cell::Count(self.max_in_7d),
            Cell::opt(self.actions.last(), action),
            Cell::List(self.actions.iter().rev().map(action).collect()),
            Cell::opt(self.stage, |it| Cell::word(it.name())),
            if self.is_staged { Cell::Bool(self.is_static) } else { Cell::Missing },
            Cell::opt(self.risk, |it| Cell::word(it.name())).or_word("unknown"),
        ]
    }
}

/// How many customers, and how many of them defaulted.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    customers: u64,
    defaulted: u64,
}

impl Group {
    fn cells(self) -> [Cell; 3] {
        let rate = Cell::share(self.defaulted, self.customers);
        [Cell::Count(self.customers), Cell::Count(self.defaulted), rate]
    }
}

/// Those who rejected repeatedly, and the others.
#[derive(Clone, Copy, Debug, Default)]
struct Groups {
    avoiding: Group,
    others: Group,
}

impl Groups {
    fn add(&mut self, avoided: bool, defaulted: bool) {
        let group = if avoided { &mut self.avoiding } else { &mut self.others };
        group.customers += 1;
        group.defaulted += u64::from(defaulted);
    }

    fn row(self, stage: Cell) -> Vec<Cell> {
        let of = |it: Group| (it.defaulted, it.customers);
        let ratio = match stats::risk_ratio(of(self.avoiding), of(self.others)) {
            Some((ratio, low, high)) => [ratio, low, high].map(Cell::ratio_f64),
            None => [Cell::Missing, Cell::Missing, Cell::Missing],
        };
        [vec![stage], self.avoiding.cells().into(), self.others.cells().into(), ratio.into()].concat()
    }
}

/// Who defaulted of those who rejected repeatedly before, and of the others; and of how many customers with
/// enough calls that is unknown.
fn comparison(customers: &[Customer]) -> (Table, u64) {
    let mut total = Groups::default();
    let mut unknown = 0;
    // A stage that nobody knows comes last.
    let mut by_stage: BTreeMap<(bool, Option<Stage>), Groups> = BTreeMap::new();
    for customer in customers {
        match customer.compared {
            Compared::No => {}
            Compared::Unknown => unknown += 1,
            Compared::Yes { avoided, defaulted } => {
                total.add(avoided, defaulted);
                let key = (customer.stage.is_none(), customer.stage);
                by_stage.entry(key).or_default().add(avoided, defaulted);
            }
        }
    }
    let row = |((_, stage), groups): ((bool, Option<Stage>), Groups)| {
        groups.row(Cell::opt(stage, |it| Cell::word(it.name())).or_word("unknown"))
    };
    let table = Table {
        title: "Defaults after repeated rejections: association, not cause".into(),
        columns: vec![
            column("stage", Shown::Always),
            column("avoiding_customers", Shown::Always),
            column("avoiding_defaulted", Shown::Always),
            column("avoiding_default_rate", Shown::Always),
            column("other_customers", Shown::Always),
            column("other_defaulted", Shown::Always),
            column("other_default_rate", Shown::Always),
            column("default_ratio", Shown::Always),
            column("default_ratio_low", Shown::IfWide(1)),
            column("default_ratio_high", Shown::IfWide(2)),
        ],
        rows: by_stage.into_iter().map(row).collect(),
        total: Some(total.row(Cell::Missing)),
        empty: "No customer of the customers file had two or more outgoing calls before it could default.".into(),
        reading: vec![
            "Association, not cause: who defaulted early had less time to reject. Avoiding: two or more rejections within \
             7 days before the default (without one: before the input ends); others: the rest of those with two or more \
             calls before. Ratio: how many times as often the avoiding defaulted, with its 95 % interval; missing \
             where in either group nobody or everybody defaulted."
                .into(),
        ],
        ..Table::default()
    };
    (table, unknown)
}
